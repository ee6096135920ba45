"""The ratchet: what the sources must never become again. A list of exemptions may only shrink.

A test here fails in two ways: when something breaks a rule and is not on its list, and when something on a list keeps
the rule by now. Take it off then; nothing is ever added.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils.functional import Promise

from guantong.core.registry import registry
from guantong.core.resource import kind_of

ROOT = Path(__file__).resolve().parents[1]
LARGEST_FUNCTION, LARGEST_FILE = 70, 500
NOT_OURS = {"node_modules", "dist", "var", "locale", "requirements", "results", "data", "test-results"}
SOURCES = {".py", ".html", ".ts", ".css", ".sh"}
TEXTS = SOURCES | {".md", ".toml", ".yml", ".yaml", ".json", ".txt", ".po", ".svg", ".in", ".lock", ".csv", ""}

LONG_FUNCTIONS: set[str] = set()
LONG_FILES: set[str] = set()
SIGNALS: set[str] = set()
GENERIC_KEYS: set[str] = set()
INNER_IMPORTS: set[str] = set()
UNTRANSLATED: set[str] = set()
MISSING_ICONS: set[str] = set()


def keeps_to(found: Iterable[str], exempt: set[str]) -> None:
    """Everything found is exempt, and every exemption is still needed."""
    broken = set(found)
    assert sorted(broken - exempt) == [], "this breaks a rule of the house"
    assert sorted(exempt - broken) == [], "this keeps the rule now: take it off the list"


@cache
def files(*endings: str) -> tuple[Path, ...]:
    """Files of the project with these endings, without what is installed, built or generated."""
    found = []
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.name.startswith(".") and path.name not in {".ci"}:
                continue
            if path.is_dir() and path.name not in NOT_OURS and path.name != "__pycache__" and not path.is_symlink():
                folders.append(path)
            elif path.is_file() and path.suffix in endings:
                found.append(path)
    return tuple(found)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def product() -> list[Path]:
    """Python of the product itself: no tests, no migrations."""
    return [
        path
        for path in files(".py")
        if name_of(path).startswith("src/") and not {"tests", "migrations"} & set(path.parts)
    ]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


# Size -------------------------------------------------------------------------------------------------------------


def test_no_function_is_longer_than_a_page() -> None:
    keeps_to(
        (
            f"{name_of(path)}:{function.name}"
            for path in files(".py")
            if "migrations" not in path.parts
            for function in functions(path)
            if (function.end_lineno or 0) - function.lineno + 1 > LARGEST_FUNCTION
        ),
        LONG_FUNCTIONS,
    )


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    keeps_to(
        (
            name_of(path)
            for path in files(*SOURCES)
            if "migrations" not in path.parts and len(path.read_text(encoding="utf-8").splitlines()) > LARGEST_FILE
        ),
        LONG_FILES,
    )


# Imports ----------------------------------------------------------------------------------------------------------


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_business_and_audit_use_no_signals() -> None:
    """What must be true at once is a plain call, what may follow is a reaction; a signal is neither and hides both."""
    keeps_to(
        {
            name_of(path)
            for path in product()
            for node in ast.walk(tree_of(path))
            for module in imported(node)
            if module.startswith("django.dispatch") or "signals" in module.split(".")
        },
        SIGNALS,
    )


def test_our_own_modules_are_imported_at_the_top() -> None:
    """An import inside a function hides who knows whom."""
    keeps_to(
        {
            f"{name_of(path)}:{function.name}"
            for path in product()
            for function in functions(path)
            for node in ast.walk(function)
            for module in imported(node)
            if module.split(".")[0] == "guantong"
        },
        INNER_IMPORTS,
    )


# Keys -------------------------------------------------------------------------------------------------------------


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("guantong.")]


def test_only_core_points_to_any_object() -> None:
    """Business rooms use real foreign keys: a pair of kind and id is checked by nobody."""
    found = set()
    for model in our_models():
        if model._meta.app_label == "core":
            continue
        names = {field.name for field in model._meta.fields}
        loose = {
            field.name
            for field in model._meta.fields
            if isinstance(field, models.IntegerField | models.UUIDField | models.CharField)
            if field.name.endswith(("_id", "_uid", "_kind", "_type")) or field.name == "content_type"
        }
        if loose or {"object_id", "content_type"} & names or model._meta.private_fields:
            found.add(f"{model._meta.label}: {', '.join(sorted(loose))}")
    keeps_to(found, GENERIC_KEYS)


def test_every_row_has_a_wide_key_and_money_no_floats() -> None:
    for model in our_models():
        kinds = {type(field).__name__ for field in model._meta.fields}
        assert not kinds & {"FloatField", "DecimalField"}, model
        assert isinstance(model._meta.pk, models.BigAutoField | models.OneToOneField), model


def test_every_resource_of_documents_has_its_company() -> None:
    for resource in registry.resources.values():
        row = {field.name for field in resource.model._meta.fields}
        assert {"uid", "version", "custom", "created_at", "updated_at"} <= row, resource.slug


def test_two_models_of_one_name_would_share_a_log() -> None:
    """Events name the kind of an object by its model's name, so the name must be one object's alone."""
    kinds = [kind_of(model) for model in our_models()]
    resources = {resource.kind() for resource in registry.resources.values()}
    assert [kind for kind in resources if kinds.count(kind) > 1] == []


# Words ------------------------------------------------------------------------------------------------------------

LETTERS = re.compile(r"[A-Za-z\u4e00-\u9fff]{2,}")
TRANSLATED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.S)
COMMENT = re.compile(r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}|<!--.*?-->", re.S)
MACHINE = re.compile(r"<(script|style|svg|kbd)\b.*?</\1>", re.S | re.I)
TAGS = re.compile(r"{%.*?%}|{{.*?}}", re.S)
SPOKEN = re.compile(r"\s(?:title|aria-label|placeholder|alt|label|data-label)=\"([^\"]*)\"")
SAME_EVERYWHERE = re.compile(r"Guantong|贯通|\bEN\b|中文")


def spoken(template: str) -> Iterator[str]:
    """Texts of a template that people read or hear and that no tag translates."""
    for pattern in (COMMENT, TRANSLATED):
        template = pattern.sub("", template)
    plain = TAGS.sub("", template)
    yield from SPOKEN.findall(plain)
    yield from re.findall(r">([^<>]*)<", MACHINE.sub("", plain))


def test_templates_say_nothing_that_is_not_translated() -> None:
    keeps_to(
        {
            f"{name_of(path)}: {' '.join(text.split())}"
            for path in files(".html")
            if "templates" in path.parts
            for text in spoken(path.read_text(encoding="utf-8"))
            if LETTERS.search(SAME_EVERYWHERE.sub("", text))
            if not ((path.name == "language.html" and "English" in text) or "切换" in text)
        },
        UNTRANSLATED,
    )


def declared_texts() -> Iterator[tuple[str, Any]]:
    for slug, resource in registry.resources.items():
        yield from ((slug, text) for text in (resource.one, resource.many, resource.new, resource.purpose))
        yield from ((f"{slug}.{view.code}", view.label) for view in resource.all_views())
        yield from ((f"{slug}.{spec.name}", spec.label) for spec in resource.specs().values())
        yield from ((f"{slug}.{grid.name}", text) for grid in resource.grids() for text in (grid.title, grid.add_label))
        yield from ((f"{slug}.{spec.name}", spec.label) for grid in resource.grids() for spec in grid.specs.values())
        yield from ((f"{slug}.{spec.name}", text) for spec in resource.specs().values() for _code, text in spec.choices)
    for (kind, verb), action in registry.actions.items():
        yield from ((f"{kind}.{verb}", text) for text in (action.label, action.past, action.question))
    yield from ((reaction.name, reaction.label) for reaction in registry.reactions.values())


def test_declarations_say_nothing_that_is_not_translated() -> None:
    """A lazy translation is spoken in the reader's language; a plain text is fixed in the writer's."""
    keeps_to(
        {
            f"{where}: {text}"
            for where, text in declared_texts()
            if LETTERS.search(str(text)) and not isinstance(text, Promise)
        },
        set(),
    )


ANSWERS = {"Refused": 1, "WrongValue": 0, "Caution": 1, "NeedsApproval": 2}
"""What is shown to people, and from which argument on its texts stand."""


def test_answers_say_nothing_that_is_not_translated() -> None:
    found = set()
    for path in product():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ANSWERS:
                for argument in node.args[ANSWERS[node.func.id] :][:2]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " in argument.value:
                        found.add(f"{name_of(path)}:{node.lineno} {argument.value}")
    keeps_to(found, UNTRANSLATED)


# Icons ------------------------------------------------------------------------------------------------------------


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    sprite = set((ROOT / "frontend/src/icons.txt").read_text(encoding="utf-8").split())
    named = {f"{slug}: {resource.icon}" for slug, resource in registry.resources.items()}
    named |= {
        f"{slug}: {view.icon}" for slug, resource in registry.resources.items() for view in resource.views if view.icon
    }
    named |= {f"{kind}.{verb}: {action.icon}" for (kind, verb), action in registry.actions.items() if action.icon}
    for path in files(".html"):
        named |= {
            f"{name_of(path)}: {icon}" for icon in re.findall(r'{%\s*icon "([^"]+)"', path.read_text(encoding="utf-8"))
        }
    keeps_to({each for each in named if each.rpartition(": ")[2] not in sprite}, MISSING_ICONS)


# What must not be said --------------------------------------------------------------------------------------------

UNSAID = {
    "the number of a plan's item": re.compile(r"\b[Ii]ssue" + r"s? #?\d"),
    "a folder of somebody's machine": re.compile(
        r"(?<![\w.])/(?:work|root|home/\w+|tmp/bash)" + r"[_/]\w|/opt/(?:gt|pypi)"
    ),
    "the host of a package index": re.compile(
        r"(?:files\.|test\.)?pypi\.org|pythonhosted\.org|registry\." + r"(?:npmjs|yarnpkg|npmmirror)"
    ),
    "a mark of unfinished work": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b"),
}


@pytest.mark.parametrize("what", UNSAID)
def test_no_file_says(what: str) -> None:
    """Sources are read by people who know none of this, on machines that have none of it."""
    found = set()
    lockfiles = [path for path in (ROOT / "requirements").rglob("*") if path.is_file()] + [
        ROOT / "frontend/package-lock.json"
    ]
    for path in [*files(*TEXTS), *lockfiles]:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found |= {f"{name_of(path)}: {match.group()}" for match in UNSAID[what].finditer(text)}
    keeps_to(found, set())


def test_no_license_stands_here_before_it_is_decided() -> None:
    assert [
        path.name for path in ROOT.iterdir() if path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))
    ] == []
