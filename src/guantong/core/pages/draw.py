"""Cells drawn by plain functions: a list has hundreds of them, and a template for each costs ten times as much.

Each function takes a shape and answers safe HTML; every text goes through ``escape``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django_vite.core.asset_loader import DjangoViteAssetLoader

from guantong.core.pages.shapes import Cell, Column, ListRow


@lru_cache(maxsize=512)
def draw_icon(name: str) -> SafeString:
    """One icon of the sprite; decorative, so the text beside it must say what it means."""
    sprite = DjangoViteAssetLoader.instance().generate_vite_asset_url("src/icons.svg")
    return mark_safe(f'<svg class="ui-i" aria-hidden="true"><use href="{escape(sprite)}#{escape(name)}"/></svg>')


def draw_avatar(initials: str, small: bool = False) -> SafeString:
    """Initials on one of four greys, the same for the same person."""
    shade = hashlib.blake2s(initials.encode(), digest_size=1).digest()[0] % 4 + 1
    size = " is-small" if small else ""
    return mark_safe(f'<span class="ui-avatar b{shade}{size}" aria-hidden="true">{escape(initials)}</span>')


def draw_cell(cell: Cell) -> SafeString:
    """One value as it stands in a table, a list of facts or a stream."""
    return mark_safe(_DRAWN.get(cell.kind, _plain)(cell))


def _more(cell: Cell) -> str:
    title = f' title="{escape(cell.title)}"' if cell.title else ""
    return title + (f' lang="{escape(cell.lang)}"' if cell.lang else "")


def _plain(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.url:
        return f'<a href="{escape(cell.url)}" class="ui-open is-{cell.side}"{_more(cell)}>{text}</a>'
    return f"<span{_more(cell)}>{text}</span>" if cell.title or cell.lang else text


def _ref(cell: Cell) -> str:
    tag, link = ("a", f' href="{escape(cell.url)}"') if cell.url else ("span", "")
    icon = draw_icon(cell.icon) if cell.icon else ""
    inside = f'{icon}<span class="ui-trunc">{escape(cell.text)}</span>'
    return f'<{tag}{link} class="ui-ref is-{cell.side}"{_more(cell)}>{inside}</{tag}>'


def _state(cell: Cell) -> str:
    return f'<span class="ui-state is-{cell.tone}"{_more(cell)}>{escape(cell.text)}</span>'


def _progress(cell: Cell) -> str:
    bar = f'<rect width="{int(cell.percent)}" height="4"/>'
    svg = f'<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">{bar}</svg>'
    return f'<span class="ui-progress"{_more(cell)}>{svg}<span>{escape(cell.text)}</span></span>'


def _person(cell: Cell) -> str:
    avatar = draw_avatar(cell.initials, small=True) if cell.initials else ""
    return f'<span class="ui-person"{_more(cell)}>{avatar}{escape(cell.text)}</span>'


def _empty(cell: Cell) -> str:
    text = escape(cell.text)
    return f'<span class="ui-muted"><span aria-hidden="true">–</span><span class="ui-vh">{text}</span></span>'


_DRAWN = {"ref": _ref, "state": _state, "progress": _progress, "person": _person, "empty": _empty}


def draw_row(columns: Sequence[Column], row: ListRow) -> SafeString:
    """The cells of one row of a list; the first one always opens the record."""
    cells = []
    for number, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
        drawn = draw_cell(cell)
        if number == 0 and not cell.url:
            drawn = mark_safe(f'<a href="{escape(row.url)}" class="ui-open">{drawn}</a>')
        numeric, pinned = " is-number" if column.numeric else "", " is-pinned" if column.pinned else ""
        cells.append(f'<td class="is-{cell.kind}{numeric}{pinned}">{drawn}</td>')
    return mark_safe("".join(cells))
