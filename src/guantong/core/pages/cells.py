"""From values to cells: every value formatted once, here, for lists, facts, lines and logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from guantong.core.access import Actor
from guantong.core.fields import Translated
from guantong.core.formats import (
    initials_of,
    is_chinese,
    show_ago,
    show_day,
    show_instant,
    show_number,
    show_person,
    show_rate,
    zone_of,
)
from guantong.core.models import User
from guantong.core.pages.shapes import Cell, Side
from guantong.core.registry import registry
from guantong.core.resource import Resource
from guantong.core.schema import FieldSpec

EMPTY = Cell("empty", "–")


@dataclass(frozen=True)
class Reader:
    """For whom values are shown."""

    actor: Actor
    today: date

    @classmethod
    def of(cls, actor: Actor) -> Reader:
        return cls(actor, datetime.now(UTC).astimezone(zone_of(actor.zone)).date())


def url_of(resource: type[Resource], row: Any) -> str:
    return reverse("record", args=[resource.slug, row.uid])


def side_of(resource: type[Resource], row: Any) -> Side:
    """The thread side of a record; a party is on the side it trades on."""
    if getattr(row, "is_supplier", False) and not getattr(row, "is_customer", False):
        return "supp"
    if getattr(row, "is_customer", False):
        return "cust"
    return resource.side


def icon_of(resource: type[Resource], row: Any) -> str:
    side = side_of(resource, row)
    view = next((view for view in resource.views if view.side == side and view.icon), None)
    return view.icon if view else resource.icon


def ref_cell(resource: type[Resource], row: Any, actor: Actor) -> Cell:
    """A reference chip; without a link where the reader may not open the record."""
    url = url_of(resource, row) if actor.can(resource.permission("view")) else ""
    return Cell("ref", resource.label(row), url=url, icon=icon_of(resource, row), side=side_of(resource, row))


def person_cell(user: User) -> Cell:
    name = user.get_full_name()
    return Cell("person", show_person(name), initials=initials_of(name))


def row_cell(row: models.Model, actor: Actor) -> Cell:
    if isinstance(row, User):
        return person_cell(row)
    resource = registry.resource_of(type(row), row)
    if resource is None:
        return Cell("text", str(row))
    chip = ref_cell(resource, row, actor)
    return chip if resource.form else Cell("text", chip.text)


def cell_of(
    spec: FieldSpec, row: Any, reader: Reader, loaded: Mapping[str, Mapping[int, Any]], digits: int = 2
) -> Cell:
    """One field of one row. ``loaded`` holds the computed fields of the whole page."""
    if spec.load is not None:
        value = loaded.get(spec.name, {}).get(row.pk)
    else:
        value = getattr(row, spec.source)
    if spec.name == "progress":
        percent = int(value or 0)
        return Cell("progress", f"{percent}%", percent=percent)
    if spec.kind == "choice" and spec.source == "state":
        return state_cell(row)
    return value_cell(spec, value, reader, digits)


def state_cell(row: Any) -> Cell:
    state = row.lifecycle.states.get(row.state)
    return Cell("state", str(state.label), tone=state.tone) if state else Cell("state", row.state)


def value_cell(spec: FieldSpec, value: Any, reader: Reader, digits: int = 2) -> Cell:
    """A value of a kind; empty values are a dash."""
    if spec.kind == "flag":
        return Cell("flag", _("yes")) if value else EMPTY
    if value in (None, "", {}):
        return EMPTY
    if isinstance(value, models.Model):
        return row_cell(value, reader.actor)
    if spec.kind == "choice":
        return Cell("text", str(dict(spec.choices).get(value, value)))
    if isinstance(value, dict):
        return Cell("text", Translated(value).text(get_language() or "en"))
    if isinstance(value, datetime):
        return Cell("date", show_ago(value, reader.actor.zone), title=show_instant(value, reader.actor.zone))
    if isinstance(value, date):
        return Cell("date", show_day(value, reader.today), title=value.isoformat())
    if isinstance(value, Decimal | int):
        return Cell("number", number_text(spec, Decimal(value), digits))
    return Cell("lines" if spec.kind == "long" else "text", str(value))


def number_text(spec: FieldSpec, value: Decimal, digits: int) -> str:
    """A number with the decimals of its kind; a unit price keeps further decimals where it has them."""
    if spec.kind == "rate":
        return show_rate(value)
    if spec.kind == "amount":
        exact = -int(value.normalize().as_tuple().exponent)
        return show_number(value, max(digits, exact))
    return show_number(value)


def loaded_for(specs: Sequence[FieldSpec], rows: Sequence[Any], actor: Actor) -> dict[str, Mapping[int, Any]]:
    """Computed fields of all rows of a page, one query each."""
    ids = [row.pk for row in rows]
    return {spec.name: spec.load(ids, actor) for spec in specs if spec.load is not None} if ids else {}


def suffix_text(value: Any) -> str:
    """A unit after a quantity: its code, in Chinese its name."""
    names = getattr(value, "name", None)
    return names.text("zh-hans") if is_chinese() and isinstance(names, Translated) else str(value)


def plain_text(value: Any, reader: Reader, spec: FieldSpec | None = None) -> str:
    """A value from the log as text: references by the name they had then."""
    if value is None or value == "" or value == {}:
        return ""
    if isinstance(value, Mapping):
        if "label" in value:
            return str(value["label"])
        return Translated({k: str(v) for k, v in value.items()}).text(get_language() or "en")
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _typed_text(str(value), reader, spec) if spec else str(value)


def _typed_text(text: str, reader: Reader, spec: FieldSpec) -> str:
    try:
        if spec.kind == "date":
            return show_day(date.fromisoformat(text), reader.today)
        if spec.kind == "instant":
            return show_instant(datetime.fromisoformat(text), reader.actor.zone)
        if spec.numeric:
            return number_text(spec, Decimal(text), 2)
        if spec.kind == "choice":
            return str(dict(spec.choices).get(text, text))
    except (ValueError, ArithmeticError):
        return text
    return text
