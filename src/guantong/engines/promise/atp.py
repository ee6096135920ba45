"""Available-to-promise over time buckets: discrete, cumulative with look-ahead, allocated by class with nesting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def _buckets(name: str, values: ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1:
        raise ValueError(f"{name}: one value per bucket expected")
    wrong = np.flatnonzero(~np.isfinite(array) | (array < 0))
    if wrong.size:
        raise ValueError(f"{name} bucket {wrong[0]}: {array[wrong[0]]} is negative or not a number")
    return array


def discrete_atp(on_hand: float, supply: ArrayLike, orders: ArrayLike) -> FloatArray:
    """Available-to-promise of each bucket with supply (APICS): its supply less the orders up to the next supply.

    The first bucket adds what is on hand. Orders beyond a bucket's supply use what earlier buckets left,
    the latest first, so that no bucket is negative unless the whole plan is short; then the shortage stays,
    negative, in the bucket where it arises.

    Args:
        on_hand: units on hand before the first bucket.
        supply: scheduled receipts or master schedule by bucket, shape (buckets,).
        orders: promised units by bucket, same shape.

    Returns:
        Units by bucket, 0 in buckets without supply (other than the first).
    """
    supply, orders = _buckets("supply", supply), _buckets("orders", orders)
    if supply.size != orders.size:
        raise ValueError(f"supply has {supply.size} buckets, orders {orders.size}")
    result = np.zeros(supply.size)
    starts = [bucket for bucket in range(supply.size) if bucket == 0 or supply[bucket] > 0]
    for place, bucket in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else supply.size
        result[bucket] = supply[bucket] + (on_hand if bucket == 0 else 0.0) - orders[bucket:end].sum()
        back = place - 1
        while result[bucket] < 0 and back >= 0:
            taken = min(max(result[starts[back]], 0.0), -result[bucket])
            result[starts[back]] -= taken
            result[bucket] += taken
            back -= 1
    return result


def cumulative_atp(on_hand: float, supply: ArrayLike, orders: ArrayLike) -> FloatArray:
    """Units a new order can get by each bucket without taking any from a promise already given.

    Look-ahead: the least projected balance of this and all later buckets.

    Returns:
        Units by bucket, never falling; negative where promises already exceed supply.
    """
    supply, orders = _buckets("supply", supply), _buckets("orders", orders)
    if supply.size != orders.size:
        raise ValueError(f"supply has {supply.size} buckets, orders {orders.size}")
    balance = on_hand + np.cumsum(supply - orders)
    return np.minimum.accumulate(balance[::-1])[::-1]


def nested_limits(available: float, protected: ArrayLike) -> FloatArray:
    """Most each class may take in total, class 0 the most important (nested booking limits).

    Args:
        available: units to share.
        protected: ``protected[k]`` units are kept for classes 0 … k against the classes after it; the last
            entry is not used, nothing comes after it.

    Returns:
        ``limits[k]`` = available less what is kept for the classes before k, never below 0.
    """
    kept = _buckets("protected", protected)
    before = np.maximum.accumulate(np.concatenate([[0.0], kept[:-1]]))
    return np.maximum(available - before, 0.0)


@dataclass(frozen=True)
class ClassAtp:
    """Allocations of one item by class and bucket, and what is left of them.

    ``left[k, t]``: units still free of what was allocated to class k in bucket t, class 0 the most important.
    ``nested``: a class may also take what is allocated to less important classes, the least important first.
    """

    left: FloatArray
    nested: bool = True

    def available(self, class_rank: int, bucket: int) -> float:
        """Units a class can get by a bucket."""
        last = self.left.shape[0] if self.nested else class_rank + 1
        return float(self.left[class_rank:last, : bucket + 1].sum())

    def take(self, class_rank: int, bucket: int, quantity: float) -> tuple[ClassAtp, FloatArray]:
        """Take up to ``quantity`` by a bucket: own allocation first, then the least important class upward; in
        each the latest bucket first, so that early units stay for those who need them early.

        Returns:
            What is left, and the units taken, shape (classes, buckets).
        """
        if not np.isfinite(quantity) or quantity < 0:
            raise ValueError(f"quantity {quantity} is negative or not a number")
        taken = np.zeros_like(self.left)
        others = range(self.left.shape[0] - 1, class_rank, -1) if self.nested else ()
        missing = float(quantity)
        for rank in (class_rank, *others):
            for place in range(bucket, -1, -1):
                part = min(missing, float(self.left[rank, place]))
                taken[rank, place] += part
                missing -= part
        return ClassAtp(self.left - taken, self.nested), taken


def allocate(atp: ArrayLike, shares: ArrayLike) -> FloatArray:
    """Whole units of each bucket's available-to-promise shared out to classes by largest remainder.

    Args:
        atp: whole units by bucket, at least 0.
        shares: part of each class, summing to 1.

    Returns:
        Units, shape (classes, buckets); each bucket sums to its units exactly.
    """
    units, parts = _buckets("atp", atp), _buckets("shares", shares)
    if abs(parts.sum() - 1.0) > 1e-9:
        raise ValueError(f"shares sum to {parts.sum()}, not to 1")
    exact = parts[:, None] * units
    whole = np.floor(exact + 1e-9)
    for bucket in range(units.size):
        rest = round(float(units[bucket] - whole[:, bucket].sum()))
        order = np.argsort(-(exact - whole)[:, bucket], kind="stable")
        whole[order[:rest], bucket] += 1.0
    return whole
