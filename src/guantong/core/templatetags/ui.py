"""The parts every page is made of. A tag takes a shape and draws it; none of them asks the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from django import template

from guantong.core.pages.draw import draw_avatar, draw_cell, draw_icon, draw_row
from guantong.core.pages.shapes import ActionButton, Alert, Cell, Entry, Field, Lines, RecordPage, Tab

register = template.Library()

TONES = {"late": "late", "risk": "risk", "ok": "ok", "info": "info"}


register.simple_tag(draw_icon, name="icon")
register.simple_tag(draw_cell, name="cell")
register.simple_tag(draw_avatar, name="avatar")
register.simple_tag(draw_row, name="row_cells")


@register.inclusion_tag("parts/glyph.html")
def glyph(kind: str, label: str = "") -> dict[str, str]:
    """The shape of a promise's state: never colour alone. ``label`` is said by screen readers."""
    return {"kind": TONES.get(kind, "info"), "label": label}


@register.inclusion_tag("parts/pill.html")
def pill(kind: str, text: str, label: str = "") -> dict[str, str]:
    return {"kind": TONES.get(kind, "info"), "text": text, "label": label}


@register.inclusion_tag("parts/field.html")
def field(value: Field) -> dict[str, Any]:
    return {"f": value, "id": f"id_{value.name}"}


@register.inclusion_tag("parts/input.html")
def line_input(value: Field) -> dict[str, Any]:
    """The bare input of a grid cell; its column's label is its name."""
    return {"f": value, "id": f"id_{value.name}", "bare": True}


@register.inclusion_tag("parts/action_button.html")
def action_button(action: ActionButton, page: RecordPage | None = None, style: str = "") -> dict[str, Any]:
    version = action.version or (page.version if page else "")
    return {"a": action, "version": version, "style": style or action.style}


@register.inclusion_tag("parts/alert.html")
def alert(value: Alert, page: RecordPage | None = None) -> dict[str, Any]:
    return {"alert": value, "page": page}


@register.inclusion_tag("parts/tabs.html")
def tabs(values: Sequence[Tab], label: str) -> dict[str, Any]:
    return {"tabs": values, "label": label}


@register.inclusion_tag("parts/lines.html")
def lines(value: Lines) -> dict[str, Any]:
    return {"lines": value, "rows": [tuple(zip(value.columns, row, strict=False)) for row in value.rows]}


@register.inclusion_tag("parts/entries.html")
def entries(values: Iterable[Entry], links: Sequence[Cell] = (), full: bool = False) -> dict[str, Any]:
    """The activity stream; ``full`` lists every change and the leaf of the log."""
    return {"pairs": tuple(zip_longest(values, links)), "full": full}


@register.simple_tag
def once() -> str:
    """Makes a double click one press: the server keeps the first POST that carries it."""
    return uuid.uuid4().hex


@register.filter
def pairs(first: Sequence[Any], second: Sequence[Any]) -> tuple[tuple[Any, Any], ...]:
    return tuple(zip(first, second, strict=False))


@register.filter
def without(keep: Iterable[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    """The query parameters to carry along, less those of one filter."""
    return [(key, value) for key, value in keep if key != name and not key.startswith(f"{name}.")]


@register.filter
def styled(actions: Iterable[ActionButton], styles: str) -> list[ActionButton]:
    return [action for action in actions if action.style in styles.split()]


@register.filter
def short_hash(leaf: str) -> str:
    return f"{leaf[:4]}…{leaf[-4:]}" if len(leaf) > 8 else leaf
