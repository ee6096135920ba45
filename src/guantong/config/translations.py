"""The catalogue of translations: found in the sources, kept in `locale`, checked and compiled, without gettext's tools.

`--update` rewrites the catalogue from the sources and keeps what is translated; `--check` fails when a text is missing,
doubtful, unused, or loses a placeholder; `--compile` makes the binary file that Django reads.
"""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from guantong.config.cli import parse
from guantong.config.env import ROOT
from guantong.config.sentences import CommandError

SOURCES = ROOT / "src" / "guantong"
LOCALES = ("zh_Hans",)
NOT_SHOWN = frozenset({"tests", "migrations", "__pycache__"})
TEMPLATE_ENDINGS = frozenset({".html", ".txt", ".xml"})
DATE_LINES = re.compile(
    rb'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By):.*\n', re.M
)
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[#0\-+]*\d*(?:\.\d+)?[sdifr]|\{[^{}\s]*\}|</?[a-z][^<>]*>")

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}

Key = tuple[str | None, str]


def main(words: list[str]) -> int:
    """Update, check or compile; several may be asked for at once, in this order."""
    choices = ("--update", "--check", "--compile", "--missing")
    options = parse("translations", words, *((name, {"action": "store_true"}) for name in choices))
    if not any(vars(options).values()):
        raise CommandError("Say what to do: translations --update, --check, --missing or --compile.")
    if not settings.configured:
        settings.configure(USE_I18N=False)
    failures = 0
    found = find_messages(SOURCES) if options.update or options.check or options.missing else Catalog()
    for locale in LOCALES:
        path = catalogue_path(locale)
        if options.update:
            update(path, locale, found)
        if options.missing:
            print(
                "".join(f"{message.id!r}\n" for message in read(path, locale) if message.id and not is_whole(message))
            )
        if options.check:
            failures += report(path, problems(found, read(path, locale)))
        if options.compile and path.exists():
            compile_catalogue(path, locale)
    return 1 if failures else 0


def catalogue_path(locale: str) -> Path:
    """The file of one language."""
    return ROOT / "locale" / locale / "LC_MESSAGES" / "django.po"


def find_messages(folder: Path) -> Catalog:
    """Every text for translation below `folder`, in templates and in Python, with the files that show it."""
    catalogue = Catalog()
    for path in sorted(folder.rglob("*")):
        if NOT_SHOWN & set(path.relative_to(folder).parts) or not path.is_file():
            continue
        if path.suffix == ".py":
            stream: IO[bytes] = io.BytesIO(path.read_bytes())
        elif path.suffix in TEMPLATE_ENDINGS and "templates" in path.parts:
            stream = io.BytesIO(_as_python(path))
        else:
            continue
        place = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
        options = {"encoding": "utf-8"}
        for line, text, comments, context in extract("python", stream, KEYWORDS, ["Translators:"], options):
            catalogue.add(text, locations=[(place, line)], auto_comments=comments, context=context)
    return catalogue


def _as_python(path: Path) -> bytes:
    """A template as the Python calls that Django makes of it; indentation is dropped, for it means nothing there."""
    text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    return "\n".join(line.strip() for line in text.split("\n")).encode()


def read(path: Path, locale: str) -> Catalog:
    """Read a catalogue; a missing one is empty, a broken one an error with its line."""
    if not path.exists():
        return Catalog(locale=locale)
    try:
        with path.open("rb") as stream:
            return read_po(stream, locale=locale, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise CommandError(f"The catalogue {path} cannot be read: {error}.") from error


def update(path: Path, locale: str, found: Catalog) -> None:
    """Write the catalogue anew from what was found, keeping every translation that is still used."""
    old = {key_of(message): message for message in read(path, locale) if message.id}
    header = "# Translations of Guantong."
    fresh = Catalog(
        locale=locale, project="Guantong", version="1", header_comment=header, fuzzy=False, msgid_bugs_address=""
    )
    for message in messages_of(found):
        known = old.get(key_of(message))
        same_shape = known is not None and isinstance(known.id, tuple | list) == isinstance(message.id, tuple | list)
        places = sorted({(place, 0) for place, _ in message.locations})
        added = fresh.add(
            message.id,
            known.string if known and same_shape else None,
            locations=places,
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known else (),
            context=message.context,
        )
        if known and known.fuzzy:
            added.flags.add("fuzzy")
    buffer = io.BytesIO()
    write_po(buffer, fresh, width=0, sort_by_file=True, include_lineno=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(DATE_LINES.sub(b"", buffer.getvalue()))


def compile_catalogue(path: Path, locale: str) -> None:
    """Write the binary file beside the catalogue, whole or not at all."""
    draft = path.with_suffix(".mo.new")
    with draft.open("wb") as stream:
        write_mo(stream, read(path, locale))
    draft.replace(path.with_suffix(".mo"))


def problems(found: Catalog, known: Catalog) -> Iterator[str]:
    """One line for each text that is missing, doubtful, unused or whose placeholders differ."""
    have = {key_of(message): message for message in messages_of(known)}
    wanted = {key_of(message): message for message in messages_of(found)}
    for key, message in wanted.items():
        place = message.locations[0][0] if message.locations else "?"
        translated = have.get(key)
        if translated is None:
            yield f"{place}: not in the catalogue: {key[1]!r}"
        elif translated.fuzzy:
            yield f"{place}: marked fuzzy: {key[1]!r}"
        elif not is_whole(translated):
            yield f"{place}: not translated: {key[1]!r}"
        elif differing := differing_placeholders(translated):
            yield f"{place}: placeholders differ ({differing}): {key[1]!r}"
    for key in have.keys() - wanted.keys():
        yield f"{catalogue_path(LOCALES[0]).relative_to(ROOT)}: no longer used: {key[1]!r}"


def differing_placeholders(message: Message) -> str:
    """The placeholders and tags that only one of text and translation has; empty when they agree."""
    original = message.id[-1] if isinstance(message.id, tuple | list) else message.id
    wanted = Counter(PLACEHOLDER.findall(str(original)))
    for text in _strings(message):
        got = Counter(PLACEHOLDER.findall(text))
        if got != wanted:
            return ", ".join(sorted(((got - wanted) + (wanted - got)).keys()))
    return ""


def is_whole(message: Message) -> bool:
    """Whether every plural form is translated."""
    strings = _strings(message)
    return bool(strings) and all(text.strip() for text in strings)


def messages_of(catalogue: Catalog) -> Iterator[Message]:
    """The messages without the header."""
    return (message for message in catalogue if message.id)


def key_of(message: Message) -> Key:
    """What makes a message the same in sources and catalogue: its context and its singular."""
    text = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return message.context, str(text)


def report(path: Path, lines: Iterator[str]) -> int:
    """Print the problems and how many there are."""
    found = sorted(lines)
    for line in found:
        print(line)
    print(f"{path.relative_to(ROOT)}: {len(found)} problems" if found else f"{path.relative_to(ROOT)}: complete")
    return len(found)


def _strings(message: Message) -> list[str]:
    """The translations, one for each plural form."""
    if isinstance(message.string, tuple | list):
        return [str(text or "") for text in message.string]
    return [str(message.string or "")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
