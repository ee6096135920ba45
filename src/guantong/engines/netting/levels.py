"""Low-level codes: an item is planned after everything that may ask for it. Cycles are named."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput
from guantong.engines.netting.jit import COMPILED, compiled

Numbers = NDArray[np.int32]
Starts = NDArray[np.int64]


@compiled
def _count_sort(keys: NDArray[np.int64], first: Starts, place: Numbers) -> None:
    for row in range(len(keys)):
        first[keys[row] + 1] += 1
    for key in range(len(first) - 1):
        first[key + 1] += first[key]
    for row in range(len(keys)):
        place[first[keys[row]]] = row
        first[keys[row]] += 1
    for key in range(len(first) - 1, 0, -1):
        first[key] = first[key - 1]
    first[0] = 0


def group(keys: NDArray[np.int64], groups: int) -> tuple[Starts, Numbers]:
    """Rows grouped by key, in row order inside a group.

    Returns `first` (groups + 1) and `rows`: the rows of group g are rows[first[g]:first[g + 1]].
    """
    if not COMPILED:
        first = np.concatenate(([0], np.cumsum(np.bincount(keys, minlength=groups))))
        return first.astype(np.int64), np.argsort(keys, kind="stable").astype(np.int32)
    first = np.zeros(groups + 1, dtype=np.int64)
    rows = np.empty(len(keys), dtype=np.int32)
    _count_sort(keys, first, rows)
    return first, rows


@compiled
def _levels(first: Starts, child: Numbers, waiting: Numbers, level: Numbers, queue: Numbers) -> int:
    end = 0
    for item in range(len(level)):
        if waiting[item] == 0:
            queue[end] = item
            end += 1
    done = 0
    while done < end:
        item = queue[done]
        done += 1
        for row in range(first[item], first[item + 1]):
            component = child[row]
            if level[component] <= level[item]:
                level[component] = level[item] + 1
            waiting[component] -= 1
            if waiting[component] == 0:
                queue[end] = component
                end += 1
    return done


def low_level_codes(first: Starts, child: Numbers, items: int) -> Numbers | list[int]:
    """Longest way down from an item nobody asks for: code 0 at the top, by item.

    `child[first[i]:first[i + 1]]` are the items that item i asks for (or yields as by-product).
    Returns the items of one cycle, in the order of asking, when the graph has one.
    """
    waiting = np.bincount(child, minlength=items).astype(np.int32)
    level = np.zeros(items, dtype=np.int32)
    if _levels(first, child, waiting, level, np.empty(items, dtype=np.int32)) == items:
        return level
    return _one_cycle(first, child, waiting > 0)


def _one_cycle(first: Starts, child: Numbers, open_: NDArray[np.bool_]) -> list[int]:
    """Items of one cycle among those which never ran out of askers, smallest item first."""
    parent: dict[int, int] = {}
    for item in np.flatnonzero(open_):
        for component in child[first[item] : first[item + 1]]:
            if open_[component]:
                parent.setdefault(int(component), int(item))
    trail = [min(parent)]
    while trail[-1] not in trail[:-1]:
        trail.append(parent[trail[-1]])
    cycle = trail[trail.index(trail[-1]) + 1 :][::-1]
    turn = cycle.index(min(cycle))
    return cycle[turn:] + cycle[:turn]


def refuse_cycle(cycle: list[int], names: list[str], row: int | None) -> None:
    """Raise `BadInput` for a cycle, in words."""
    way = " -> ".join([*names, names[0]])
    raise BadInput("bill", row, "component", f"cycle: {way} ({len(cycle)} items need each other)")
