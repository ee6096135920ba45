"""Nouns are declared once: from a ``Resource`` follow its list, page, form, API, permissions, history and search.

A resource is a view of one model: sales orders are the orders whose side is sell. What it does not declare it does not
have. A frame option is added at its third user; until then a page is a ``pages.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django.db import models

from guantong.core.answers import Text
from guantong.core.pages.shapes import Side
from guantong.core.schema import FieldSpec, spec_of


@dataclass(frozen=True)
class Section:
    """Fields that stand together in a form; the first section may go without a title."""

    names: tuple[str, ...]
    title: Text = ""

    def __init__(self, *names: str, title: Text = "") -> None:
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "title", title)


@dataclass(frozen=True)
class Lines:
    """Rows that belong to a record and are saved with it: order lines, addresses.

    ``parent`` is the foreign key to the record; ``names`` are the grid's columns. ``computed`` columns are shown, never
    typed. ``query`` gives the rows of many parents at once.
    """

    name: str
    model: type[models.Model]
    parent: str
    names: tuple[str, ...]
    title: Text
    add_label: Text
    aliases: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Text] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    computed: tuple[FieldSpec, ...] = ()
    widths: Mapping[str, str] = field(default_factory=dict)
    order: str = "id"
    needed: bool = False
    """A record without any line is refused."""
    related: tuple[str, ...] = ()
    """``select_related`` paths of the rows."""
    columns: tuple[str, ...] = ()
    """Columns of the record page; the grid's when empty."""
    sums: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    """Computed columns that the editing grid shows as well."""
    editable: Mapping[str, Any] = field(default_factory=dict)
    """Filter for the rows the editing grid offers; others stay as they are."""

    @cached_property
    def specs(self) -> dict[str, FieldSpec]:
        """Typed columns by name."""
        found = {}
        for name in self.names:
            source = self.aliases.get(name, name)
            options = {"name": name, **self.changes.get(name, {})}
            if name in self.labels:
                options["label"] = self.labels[name]
            found[name] = spec_of(self.model, source, **options)
        return found


@dataclass(frozen=True)
class Sorting:
    name: str
    descending: bool = False


@dataclass(frozen=True)
class View:
    """A named selection of a resource's rows; ``where`` is written like the address bar writes filters."""

    code: str
    label: Text
    where: Mapping[str, str] = field(default_factory=dict)
    menu: str = ""
    """Menu group (customers, operations, suppliers, company); empty when it is only a tab."""
    order: int = 50
    icon: str = ""
    side: Side | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What a form started from this view is filled with."""
    mine: bool = False
    """Only the reader's own rows."""
    key: str = ""
    """Letter that opens it after G."""


class Resource:
    """One noun. Subclass, fill in, and register; every attribute below with a default may be left out."""

    slug: ClassVar[str]
    """Plural kebab-case: address of page and API, and first part of each permission."""
    model: ClassVar[type[Any]]
    one: ClassVar[Text]
    many: ClassVar[Text]
    new: ClassVar[Text] = ""
    purpose: ClassVar[Text] = ""
    icon: ClassVar[str] = "file"
    side: ClassVar[Side] = "own"
    views: ClassVar[tuple[View, ...]] = ()
    """Named selections: tabs of the list, and those with a ``menu`` also entries of the menu."""

    only: ClassVar[Mapping[str, Any]] = {}
    """Fixed values that make the subset; written on create, filtered everywhere."""
    fields: ClassVar[tuple[str, ...]] = ()
    """Further model fields the outside may read, beside columns and form."""
    aliases: ClassVar[Mapping[str, str]] = {}
    labels: ClassVar[Mapping[str, Text]] = {}
    changes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """``FieldSpec`` overrides by name."""
    computed: ClassVar[tuple[FieldSpec, ...]] = ()
    columns: ClassVar[tuple[str, ...]] = ()
    filters: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ()
    sort: ClassVar[Sorting] = Sorting("id", descending=True)
    search: ClassVar[tuple[str, ...]] = ()
    """Names whose words find the record; a ref contributes its target's label."""
    form: ClassVar[tuple[Section | Lines, ...]] = ()
    facts: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Up to three columns of facts on the record page; the form's fields when empty."""
    panel: ClassVar[tuple[Text, tuple[str, ...], tuple[str, ...]] | None] = None
    """A second box of facts: title, names, names drawn bold."""
    meta: ClassVar[tuple[str, ...]] = ()
    owner: ClassVar[str] = ""
    """Foreign key to the user whose own rows these are, for roles that see only theirs."""
    private: ClassVar[Mapping[str, str]] = {}
    """Field → permission without which it can be neither shown, filtered, sorted, searched nor read in history."""
    archive: ClassVar[str] = ""
    verbs: ClassVar[tuple[str, ...] | None] = None
    """Verbs of the model that this resource offers; None for all."""
    related: ClassVar[tuple[str, ...]] = ()
    samples: ClassVar[Callable[[], Any] | None] = None
    """Builder used by the inherited tests: returns values for ``create``."""

    @classmethod
    def label(cls, row: Any) -> str:
        """What the record is called in one line, everywhere it is pointed at."""
        return str(row)

    @classmethod
    def title(cls, row: Any) -> tuple[str, str]:
        """Number and name as the record's head shows them."""
        return "", cls.label(row)

    @classmethod
    def hint(cls, row: Any) -> str:
        """A second, grey text in look-ups and search."""
        return ""

    @classmethod
    def fill(cls, row: Any) -> Mapping[str, Any]:
        """Values that choosing this record suggests for sibling fields (price, unit)."""
        return {}

    @classmethod
    def preview(cls, values: Mapping[str, Any], lines: Mapping[str, Sequence[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """Computed texts while typing: ``{"lines": {index: {name: value}}, "totals": {name: value}}``; pure."""
        return {}

    @classmethod
    def defaults(cls, actor: Any) -> Mapping[str, Any]:
        """What a new form starts with."""
        return {}

    @classmethod
    def total_labels(cls) -> Sequence[tuple[str, Text]]:
        """Totals shown under the grid, refreshed by ``preview``."""
        return ()

    # Derived ---------------------------------------------------------------------------------------------------

    @classmethod
    def view(cls, code: str) -> View:
        """The named view; the first one for an unknown or empty name."""
        views = cls.all_views()
        return next((view for view in views if view.code == code), views[0])

    @classmethod
    def all_views(cls) -> tuple[View, ...]:
        return cls.views or (View("all", cls.many),)

    @classmethod
    def kind(cls) -> str:
        return kind_of(cls.model)

    @classmethod
    def permission(cls, verb: str) -> str:
        return f"{cls.slug}.{verb}"

    @classmethod
    def sections(cls) -> list[Section]:
        return [part for part in cls.form if isinstance(part, Section)]

    @classmethod
    def grids(cls) -> list[Lines]:
        return [part for part in cls.form if isinstance(part, Lines)]

    @classmethod
    def input_names(cls) -> list[str]:
        return [name for section in cls.sections() for name in section.names]

    @classmethod
    def all_names(cls) -> list[str]:
        facts = [name for column in cls.facts for name in column]
        panel = list(cls.panel[1]) if cls.panel else []
        names = [*cls.columns, *cls.input_names(), *facts, *panel, *cls.filters, *cls.fields, *cls.meta]
        return list(dict.fromkeys(names))

    @classmethod
    def specs(cls) -> dict[str, FieldSpec]:
        """Every field of this resource by its outside name; computed once."""
        cached = cls.__dict__.get("_specs")
        if cached is None:
            computed = {spec.name: spec for spec in cls.computed}
            cached = {name: computed.get(name) or cls._spec(name) for name in cls.all_names()}
            cls._specs = cached  # type: ignore[attr-defined]
        return cached

    @classmethod
    def _spec(cls, name: str) -> FieldSpec:
        options: dict[str, Any] = {"name": name, **cls.changes.get(name, {})}
        if name in cls.labels:
            options["label"] = cls.labels[name]
        if name in ("state",) and getattr(cls.model, "lifecycle", None):
            options |= {"kind": "choice", "choices": tuple(cls.model.lifecycle.choices())}
        return spec_of(cls.model, cls.aliases.get(name, name), **options)

    @classmethod
    def input_specs(cls) -> list[FieldSpec]:
        specs = cls.specs()
        return [specs[name] for name in cls.input_names()]

    @classmethod
    def has(cls, column: str) -> bool:
        return any(f.name == column for f in cls.model._meta.get_fields())


def kind_of(model: type[models.Model]) -> str:
    """Name of the object in events, jobs, search and approvals: the model's, such as ``order``."""
    name = model._meta.model_name
    if name is None:
        raise TypeError(f"{model} has no name")
    return name
