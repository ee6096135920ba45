"""Fields of a resource as people and programs see them: names, labels, kinds, and how typed text becomes a value.

Pages, the API, import and the OpenAPI document all read this one description, so that a field has one name, one
label and one rule everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast
from uuid import UUID

from django.core.validators import EmailValidator
from django.db import models
from django.utils.translation import gettext as _

from guantong.core.answers import Text
from guantong.core.fields import ScaledField, Translated, TranslatedField

Kind = Literal[
    "text",
    "long",
    "email",
    "phone",
    "integer",
    "number",
    "amount",
    "rate",
    "date",
    "instant",
    "choice",
    "flag",
    "ref",
    "translated",
]
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
LANGUAGES = ("en", "zh-hans")


class WrongValue(ValueError):
    """Typed text that cannot become a value; the message is for the person who typed it."""


@dataclass(frozen=True)
class FieldSpec:
    """One field. ``source`` is the model's attribute; ``name`` what the outside calls it."""

    name: str
    source: str
    label: Text
    kind: Kind
    required: bool = False
    max_length: int = 0
    default: Any = None
    """Taken when nothing is typed."""
    places: int = 0
    """Decimals kept, for number, amount and rate."""
    minimum: Decimal | None = None
    choices: tuple[tuple[str, Text], ...] = ()
    model: type[models.Model] | None = None
    """Target of a ``ref``."""
    help: Text = ""
    editable: bool = True
    sortable: bool = False
    numeric: bool = False
    load: Callable[..., Mapping[int, Any]] | None = None
    """For a computed field: ids → values, one query a page."""
    suffix_from: str = ""
    """Attribute whose text is the unit or currency of this number."""
    check: Callable[[Any], Any] | None = None
    """Further check or normalisation of one value; raises ``WrongValue``."""


KINDS: list[tuple[type[models.Field[Any, Any]], Kind]] = [
    (TranslatedField, "translated"),
    (models.EmailField, "email"),
    (models.TextField, "long"),
    (models.CharField, "text"),
    (models.BooleanField, "flag"),
    (models.DateTimeField, "instant"),
    (models.DateField, "date"),
    (models.IntegerField, "integer"),
]


def spec_of(model: type[models.Model], source: str, **changes: Any) -> FieldSpec:
    """Describe a model's field; ``changes`` override what cannot be told from it."""
    field = model._meta.get_field(source)
    if not isinstance(field, models.Field):
        raise TypeError(f"{model.__name__}.{source} is not a plain field")
    kind: Kind
    places = 0
    target: type[models.Model] | None = None
    if isinstance(field, models.ForeignKey):
        kind, target = "ref", field.related_model
    elif isinstance(field, ScaledField):
        kind, places = cast(Kind, field.kind), field.scale
    elif field.choices:
        kind = "choice"
    else:
        kind = next((kind for cls, kind in KINDS if isinstance(field, cls)), "text")
    spec = FieldSpec(
        name=source,
        source=source,
        label=field.verbose_name,
        kind=kind,
        required=not field.blank
        and not field.null
        and kind != "flag"
        and (kind == "translated" or not field.has_default()),
        default=field.get_default() if field.has_default() else None,
        max_length=getattr(field, "max_length", 0) or 0,
        places=places,
        choices=tuple(field.choices or ()),  # type: ignore[arg-type]
        model=target,
        help=field.help_text,
        editable=field.editable,
        sortable=kind not in ("long", "translated", "ref") and not field.null,
        numeric=kind in ("integer", "number", "amount", "rate"),
    )
    return replace(spec, **changes)


# Reading ----------------------------------------------------------------------------------------------------------

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters and the overrides that make text read in another order than it is stored."""


def clean_text(spec: FieldSpec, raw: Any) -> str:
    """One line or a paragraph of plain text in Unicode NFC, without characters that cannot be stored or shown."""
    if not isinstance(raw, str):
        raise WrongValue(_("Write this as text."))
    limit = spec.max_length or 20_000
    if len(raw) > limit * 4:
        raise WrongValue(_("At most %(limit)s characters; this has %(length)s.") % {"limit": limit, "length": len(raw)})
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if CONTROL.search(text) or any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise WrongValue(_("This contains a character that cannot be kept. Type it again without special characters."))
    if spec.kind != "long" and "\n" in text:
        raise WrongValue(_("Write this on one line."))
    if len(text) > limit:
        raise WrongValue(
            _("At most %(limit)s characters; this has %(length)s.") % {"limit": limit, "length": len(text)}
        )
    return text


NUMBER = re.compile(r"[+-]?(\d{1,3}([,\u00a0\u202f' ]\d{3})+|\d+)?(\.\d+)?")


def clean_number(spec: FieldSpec, raw: Any) -> Decimal:
    """A number as typed (``1,234.50``) or as JSON text; floats are refused because they are not exact."""
    if isinstance(raw, bool | float):
        raise WrongValue(_('Write this number as text, for example "1.50".'))
    if isinstance(raw, int):
        raw = str(raw) if abs(raw) < 10**18 else "1" * 40
    if not isinstance(raw, str):
        raise WrongValue(_("Write a number."))
    text = unicodedata.normalize("NFKC", raw).strip().replace("\u2212", "-")
    percent = spec.kind == "rate" and text.endswith("%")
    text = text[:-1].rstrip() if percent else text
    if len(text) > 60 or not NUMBER.fullmatch(text) or not any(char.isdigit() for char in text):
        raise WrongValue(_("Write a number, for example 1234.50."))
    if len(text) > 40:
        raise WrongValue(_("This number is too large."))
    try:
        value = Decimal(re.sub(r"[,\u00a0\u202f' ]", "", text))
    except InvalidOperation as error:
        raise WrongValue(_("Write a number, for example 1234.50.")) from error
    return checked_number(spec, value / 100 if percent else value)


def checked_number(spec: FieldSpec, value: Decimal) -> Decimal:
    """Refuse what the column cannot hold exactly: too large, too many decimals, below the least value."""
    places = -int(value.normalize().as_tuple().exponent)
    if places > spec.places:
        raise WrongValue(_("At most %(places)s decimals.") % {"places": spec.places})
    if abs(value) >= Decimal(10) ** (15 - spec.places + 3):
        raise WrongValue(_("This number is too large."))
    if spec.minimum is not None and value < spec.minimum:
        raise WrongValue(_("At least %(minimum)s.") % {"minimum": spec.minimum})
    return value


DATES = [
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日"),
]


def clean_date(raw: Any) -> date:
    """``2026-05-19``, ``19.5.2026`` or ``2026年5月19日``."""
    if not isinstance(raw, str):
        raise WrongValue(_("Write a date like 2026-05-19."))
    text = unicodedata.normalize("NFKC", raw).strip()[:40]
    match = next((m for m in (pattern.fullmatch(text) for pattern in DATES) if m), None)
    if not match:
        raise WrongValue(_("Write a date like 2026-05-19."))
    try:
        day = date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError as error:
        raise WrongValue(_("There is no such day. Pick another date.")) from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise WrongValue(_("Pick a date from 1900 to 2199."))
    return day


def clean_flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in ("on", "true", "1", "yes"):
        return True
    if raw is None or (isinstance(raw, str) and raw.lower() in ("", "off", "false", "0", "no")):
        return False
    raise WrongValue(_("Answer yes or no."))


def clean_choice(spec: FieldSpec, raw: Any) -> str:
    if not isinstance(raw, str) or raw not in dict(spec.choices):
        raise WrongValue(_("Pick one of the choices."))
    return raw


def clean_uid(raw: Any) -> UUID:
    try:
        return UUID(raw if isinstance(raw, str) else "")
    except ValueError as error:
        raise WrongValue(_("Pick an entry from the list.")) from error


def clean_translated(spec: FieldSpec, raw: Any) -> Translated:
    """Texts by language; a plain string is taken for every language that has none of its own."""
    if isinstance(raw, str):
        raw = {"en": raw}
    if not isinstance(raw, Mapping) or not set(raw) <= set(LANGUAGES):
        raise WrongValue(_("Write one text a language: en, zh-hans."))
    texts = {code: clean_text(spec, text) for code, text in raw.items()}
    return Translated({code: text for code, text in texts.items() if text})


def is_blank(spec: FieldSpec, raw: Any) -> bool:
    """Whether nothing was typed."""
    if spec.kind == "translated" and isinstance(raw, Mapping):
        return all(text is None or (isinstance(text, str) and not text.strip()) for text in raw.values())
    return raw is None or (isinstance(raw, str) and not raw.strip())


def read_value(spec: FieldSpec, raw: Any) -> Any:
    """Turn what was typed or sent into a value; a ref stays its uid until all are looked up together."""
    if spec.kind == "flag":
        return clean_flag(raw)
    if is_blank(spec, raw):
        if spec.required:
            raise WrongValue(_("This is needed."))
        return spec.default if spec.default is not None else empty_value(spec)
    readers: dict[str, Callable[[], Any]] = {
        "choice": lambda: clean_choice(spec, raw),
        "date": lambda: clean_date(raw),
        "ref": lambda: clean_uid(raw),
        "translated": lambda: clean_translated(spec, raw),
        "email": lambda: _email(clean_text(spec, raw)),
    }
    if spec.kind in ("integer", "number", "amount", "rate"):
        value: Any = clean_number(spec, raw)
        value = int(value) if spec.kind == "integer" else value
    else:
        value = readers.get(spec.kind, lambda: clean_text(spec, raw))()
    return spec.check(value) if spec.check else value


def empty_value(spec: FieldSpec) -> Any:
    if spec.kind in ("text", "long", "email", "phone", "choice"):
        return ""
    return {} if spec.kind == "translated" else None


def _email(text: str) -> str:
    try:
        EmailValidator()(text)
    except Exception as error:
        raise WrongValue(_("Write an e-mail address like name@example.com.")) from error
    return text
