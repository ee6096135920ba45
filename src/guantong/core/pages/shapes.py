"""What a page is made of: frozen rows that views fill and templates draw.

A template never asks the database and never formats a value: every ``text`` below is already in the reader's
language, time zone and number style. One shape serves the desk, the phone and the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Side = Literal["cust", "own", "supp", "ink"]
"""Which side of the thread a thing is on; the only meaning of hue besides the state of a promise."""

StateTone = Literal["open", "half", "done", "ok", "risk", "late"]
"""``open`` ring, ``half`` running, ``done`` full grey; the coloured ones only for hold and failure."""

CellKind = Literal["text", "strong", "ref", "number", "date", "state", "progress", "person", "flag", "lines", "empty"]


@dataclass(frozen=True)
class Cell:
    """One value, ready to draw. ``text`` is always filled and is what a screen reader says."""

    kind: CellKind
    text: str
    url: str = ""
    icon: str = ""
    side: Side = "own"
    tone: StateTone = "open"
    percent: int = 0
    """0 to 100, for ``progress``."""
    initials: str = ""
    """For ``person``."""
    lang: str = ""
    """BCP 47 tag of the text where it differs from the page's."""
    title: str = ""
    """Longer form for hover, for example an instant with its zone."""


@dataclass(frozen=True)
class NavItem:
    label: str
    icon: str
    url: str
    current: bool = False
    count: int | None = None
    hot: bool = False
    """Red count: something is late."""
    key: str = ""
    """Letter that goes here after G; empty for none."""


@dataclass(frozen=True)
class NavGroup:
    label: str
    side: Side
    items: tuple[NavItem, ...]


@dataclass(frozen=True)
class CompanyChoice:
    uid: str
    name: str
    current: bool


@dataclass(frozen=True)
class Shell:
    """Everything around the page: menu, company, person, preferences."""

    company: str
    company_meta: str
    companies: tuple[CompanyChoice, ...]
    top: tuple[NavItem, ...]
    """My day and Inbox."""
    groups: tuple[NavGroup, ...]
    person: str
    person_meta: str
    initials: str
    language: Literal["en", "zh-hans"]
    theme: Literal["light", "dark", "auto"]
    density: Literal["comfortable", "compact"]
    unread: int
    here: str
    """Path with query of this page, to come back to after a switch."""


@dataclass(frozen=True)
class Head:
    """Who this page is about: the type's tile, its names and addresses."""

    slug: str
    one: str
    """``sales order``"""
    many: str
    """``Sales orders``"""
    icon: str
    side: Side
    url: str
    new_url: str = ""
    """Empty when the reader may not create."""
    new_label: str = ""
    """``New order``"""
    purpose: str = ""
    """What it is good for, in one line; shown when there is none yet."""


# List ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    name: str
    label: str
    numeric: bool = False
    sort_url: str = ""
    """Empty when the column cannot be sorted."""
    sorted: Literal["", "asc", "desc"] = ""
    pinned: bool = False


@dataclass(frozen=True)
class ListRow:
    uid: str
    url: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class FilterChip:
    """A filter that is on: field, operator, value, and the address without it."""

    name: str
    label: str
    operator: str
    value: str
    remove_url: str


@dataclass(frozen=True)
class FilterField:
    """A filter that can be added: drawn in the Filter pop-over as a small GET form."""

    name: str
    label: str
    kind: Literal["choice", "ref", "date", "text", "flag"]
    options: tuple[Option, ...] = ()
    lookup_url: str = ""
    """For ``ref``: JSON ``{"results": [{"uid", "label", "hint"}]}``, asked with ``?q=``."""


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool = False
    count: str = ""
    hot: bool = False
    icon: str = ""


@dataclass(frozen=True)
class ListPage:
    head: Head
    count: str
    """``125``; empty while unknown."""
    tabs: tuple[Tab, ...]
    """Quick views by state, from the lifecycle; the first is all that is open."""
    query: str
    """Text in the search field."""
    chips: tuple[FilterChip, ...]
    fields: tuple[FilterField, ...]
    keep: tuple[tuple[str, str], ...]
    """Query parameters a GET form of this page must carry along as hidden fields."""
    columns: tuple[Column, ...]
    rows: tuple[ListRow, ...]
    foot: tuple[tuple[str, str], ...]
    """Label and value pairs: ``("", "1–50 of 125")``, ``("Sum", "¥14,682,340.00")``."""
    previous_url: str = ""
    next_url: str = ""
    empty: Literal["", "first", "filtered"] = ""
    hidden: str = ""
    """``3 filters hide all 125 orders.``"""
    clear_url: str = ""


# Record ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    label: str
    kind: Literal["done", "on", "later"]
    title: str = ""
    """Who and when, for steps already made."""


@dataclass(frozen=True)
class ActionButton:
    """A verb that can be pressed. One that is refused now is shown disabled with the reason, never hidden."""

    verb: str
    label: str
    icon: str
    url: str
    """POST target; with ``asks`` a GET of the same address returns the dialog."""
    style: Literal["primary", "second", "menu", "danger"]
    enabled: bool = True
    why_not: str = ""
    asks: bool = False
    """True when the verb needs input or a typed confirmation first: open the dialog."""
    version: int = 0
    """Version of the record it acts on, where that is not the page's."""
    key: str = ""
    """Single-letter keyboard shortcut."""


@dataclass(frozen=True)
class Alert:
    """A bold fact, its reason, and what to do; in place, above what it is about."""

    kind: Literal["late", "risk", "ok", "info"]
    fact: str
    reason: str = ""
    actions: tuple[ActionButton, ...] = ()
    link_label: str = ""
    link_url: str = ""


@dataclass(frozen=True)
class Fact:
    label: str
    cell: Cell


@dataclass(frozen=True)
class Lines:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[Cell, ...]
    """Same length as ``columns``; ``empty`` cells where nothing is summed."""


@dataclass(frozen=True)
class Panel:
    """A box of label and value pairs, for example Money; the last marked row is drawn bold."""

    title: str
    rows: tuple[Fact, ...]
    strong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    label: str
    old: str
    new: str
    hidden: bool = False
    """The value was erased, or the reader may not see it."""


@dataclass(frozen=True)
class Entry:
    """One event as the log tells it."""

    uid: str
    icon: str
    tone: Side | StateTone
    who: str
    what: str
    """``confirmed the order``, a sentence without its subject."""
    when: str
    when_title: str
    reason: str = ""
    changes: tuple[Change, ...] = ()
    more: int = 0
    """Changes not listed here."""
    leaf: str = ""
    """Hex of the event's leaf hash."""


@dataclass(frozen=True)
class RecordPage:
    head: Head
    uid: str
    number: str
    """Shown first in the head; for a party or item its code or nothing."""
    name: str
    version: int
    meta: tuple[str, ...]
    edit_url: str
    """Empty when the reader may not edit, or the state forbids it."""
    edit_why_not: str
    actions: tuple[ActionButton, ...]
    """At most one ``primary``; ``menu`` and ``danger`` go under the dots."""
    steps: tuple[Step, ...]
    tabs: tuple[Tab, ...]
    alerts: tuple[Alert, ...]
    facts: tuple[tuple[Fact, ...], ...]
    """Up to three columns."""
    lines: tuple[Lines, ...]
    panels: tuple[Panel, ...]
    activity: tuple[Entry, ...]
    more_activity_url: str = ""
    tab: Literal["overview", "log"] = "overview"


# Form ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """One input. ``value`` is what was typed, kept word for word when it was refused."""

    name: str
    """Name in the POST, for a line ``lines-0-quantity``."""
    label: str
    kind: Literal[
        "text", "long", "number", "date", "choice", "flag", "ref", "translated", "email", "phone", "hidden", "computed"
    ]
    value: str = ""
    shown: str = ""
    """For ``ref``: the label of the chosen record; for ``computed``: the text."""
    options: tuple[Option, ...] = ()
    lookup_url: str = ""
    error: str = ""
    help: str = ""
    suffix: str = ""
    """Unit or currency drawn inside the field."""
    required: bool = False
    readonly: bool = False
    max_length: int = 0
    translations: tuple[tuple[str, str, str], ...] = ()
    """For ``translated``: (language code, language label, value); POST names are ``name.en``."""
    wide: bool = False


@dataclass(frozen=True)
class Section:
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class LineRow:
    """One row of the grid; ``index`` is its number in the POST names, ``uid`` empty for a new one."""

    index: int
    uid: str
    fields: tuple[Field, ...]
    error: str = ""


@dataclass(frozen=True)
class LineGrid:
    """Rows POST as ``{name}-{index}-{field}``; ``{name}-{index}-uid`` names a stored row; a row missing from the
    POST is deleted; rows whose fields are all empty are left out by the server."""

    name: str
    title: str
    add_label: str
    columns: tuple[Column, ...]
    widths: tuple[str, ...]
    """One of ``xs s m l xl`` a column; ``l`` and ``xl`` share what is left."""
    rows: tuple[LineRow, ...]
    blank: LineRow
    """A row with ``index`` -1 whose names carry ``__index__``; the browser clones it."""
    totals: tuple[tuple[str, str, str], ...] = ()
    """(name, label, text) under the grid, refreshed by the preview."""
    error: str = ""


@dataclass(frozen=True)
class TheirChange:
    """After a lost race: what the other person saved meanwhile, beside what was typed here."""

    label: str
    theirs: str
    yours: str


@dataclass(frozen=True)
class FormPage:
    head: Head
    title: str
    action_url: str
    cancel_url: str
    submit_label: str
    version: str
    """Posted as ``version``; empty on create."""
    once: str
    """Posted as ``once``: makes a double click one record."""
    sections: tuple[Section, ...]
    grids: tuple[LineGrid, ...]
    preview_url: str = ""
    """POST the form here 300 ms after the last key; answers JSON, see ``frontend/src/form.ts``."""
    errors: tuple[str, ...] = ()
    """What is wrong with the whole, not with one field."""
    overrides: tuple[str, ...] = ()
    """Codes of warnings that saving may override with a reason; their texts stand in ``errors``."""
    reason: str = ""
    conflict: tuple[TheirChange, ...] = ()
    conflict_who: str = ""


@dataclass(frozen=True)
class Dialog:
    """Asked before a verb runs: its inputs, or a warning that somebody may override with a reason."""

    title: str
    text: str
    action_url: str
    submit_label: str
    danger: bool
    version: str
    once: str
    fields: tuple[Field, ...] = ()
    warnings: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    """Codes of the warnings, posted back as ``override`` together with ``reason``."""
    difference: tuple[Change, ...] = ()
    """What the verb will change, from its dry run."""


# My day, inbox ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Todo:
    """One thing that needs this person, with one first action."""

    fact: str
    reason: str
    amount: str
    amount_meta: str
    chain: tuple[Cell, ...]
    actions: tuple[ActionButton, ...]
    tone: Literal["late", "risk", "info"] = "info"
    when: str = ""


@dataclass(frozen=True)
class DayPage:
    greeting: str
    today: str
    todos: tuple[Todo, ...]
    news: tuple[Entry, ...]
    news_links: tuple[Cell, ...] = field(default=())
    """One reference chip an entry of ``news``, same order."""
    starts: tuple[NavItem, ...] = ()
    """Things one can begin with, shown when there is nothing to do."""
