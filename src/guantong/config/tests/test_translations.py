"""The catalogue of translations."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from guantong.config import translations
from guantong.config.translations import compile_catalogue, find_messages, key_of, messages_of, problems, read, update

TEMPLATE = """<div>
      <p class='x'>it's {% translate "Open" context "verb" %} {{ value|default:_("nothing") }}</p>
  {% blocktranslate trimmed count number=n %}
        One {{ number }} thing
  {% plural %}
        {{ number }} things
  {% endblocktranslate %}
</div>"""
PYTHON = 'LABEL = _("Sold "\n    "to %(name)s")\nnot_for_us("Hidden")\n'


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    (folder / "templates").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "templates" / "page.html").write_text(TEMPLATE)
    (folder / "labels.py").write_text(PYTHON)
    (folder / "tests" / "test_x.py").write_text('_("Only a test")')
    return folder


def catalogue(**texts: str) -> Catalog:
    made = Catalog(locale="zh_Hans")
    for text, translation in texts.items():
        made.add(text, translation)
    return made


def test_texts_of_templates_and_python_are_found_and_those_of_tests_are_not(sources: Path):
    found = {key_of(message): message.id for message in messages_of(find_messages(sources))}
    assert found == {
        ("verb", "Open"): "Open",
        (None, "nothing"): "nothing",
        (None, "One %(number)s thing"): ("One %(number)s thing", "%(number)s things"),
        (None, "Sold to %(name)s"): "Sold to %(name)s",
    }


def test_updating_keeps_translations_and_drops_what_is_unused(sources: Path, tmp_path: Path):
    path = tmp_path / "django.po"
    update(path, "zh_Hans", find_messages(sources))
    path.write_text(path.read_text().replace('msgid "nothing"\nmsgstr ""', 'msgid "nothing"\nmsgstr "无"'))
    (sources / "labels.py").write_text("")
    update(path, "zh_Hans", find_messages(sources))
    strings = {key_of(message)[1]: message.string for message in messages_of(read(path, "zh_Hans"))}
    assert strings["nothing"] == "无"
    assert "Sold to %(name)s" not in strings
    assert "Date" not in path.read_text()


def test_updating_twice_changes_nothing(sources: Path, tmp_path: Path):
    path = tmp_path / "django.po"
    update(path, "zh_Hans", find_messages(sources))
    first = path.read_bytes()
    update(path, "zh_Hans", find_messages(sources))
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("have", "complaint"),
    [
        ({}, "not in the catalogue"),
        ({"a %(n)s <b>x</b>": ""}, "not translated"),
        ({"a %(n)s <b>x</b>": "甲 <b>x</b>"}, "placeholders differ"),
        ({"a %(n)s <b>x</b>": "甲 %(m)s <b>x</b>"}, "placeholders differ"),
        ({"a %(n)s <b>x</b>": "甲 %(n)s x"}, "placeholders differ"),
        ({"a %(n)s <b>x</b>": "甲 %(n)s <b>x</b>", "old": "旧"}, "no longer used"),
    ],
)
def test_each_fault_of_a_catalogue_is_reported(have: dict[str, str], complaint: str):
    (line,) = problems(catalogue(**{"a %(n)s <b>x</b>": ""}), catalogue(**have))
    assert complaint in line


def test_a_doubtful_translation_is_reported():
    have = catalogue()
    have.add("a", "甲", flags=["fuzzy"])
    assert ["fuzzy" in line for line in problems(catalogue(a=""), have)] == [True]


def test_a_percent_sign_in_a_sentence_is_no_placeholder():
    assert list(problems(catalogue(**{"100 % sure": ""}), catalogue(**{"100 % sure": "百分之百"}))) == []


def test_the_compiled_catalogue_is_read_by_gettext(sources: Path, tmp_path: Path, monkeypatch):
    path = tmp_path / "django.po"
    update(path, "zh_Hans", find_messages(sources))
    text = path.read_text().replace('msgstr[0] ""', 'msgstr[0] "%(number)s 件"')
    path.write_text(text.replace('msgid "nothing"\nmsgstr ""', 'msgid "nothing"\nmsgstr "无"'))
    compile_catalogue(path, "zh_Hans")
    with path.with_suffix(".mo").open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)
    assert compiled.gettext("nothing") == "无"
    assert compiled.ngettext("One %(number)s thing", "%(number)s things", 1) == "%(number)s 件"


def test_a_broken_catalogue_is_one_sentence(tmp_path: Path):
    path = tmp_path / "django.po"
    path.write_text('msgid "a"\nmsgid "b"\nmsgstr "c\n')
    with pytest.raises(translations.CommandError, match="cannot be read"):
        read(path, "zh_Hans")
