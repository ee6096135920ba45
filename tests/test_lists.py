"""Lists of every resource: no address can break them, filters narrow, and paging visits each row exactly once."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from guantong.core.access import load_actor
from guantong.core.pages import filters
from guantong.core.pages.filters import ListQuery
from guantong.core.registry import registry
from guantong.core.resource import Resource
from tests import world
from tests.doors import Api, browser

RESOURCES = [registry.resources[slug] for slug in sorted(registry.resources)]
CREATED = [resource for resource in RESOURCES if registry.action(resource, "create")]
each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.slug)
each_created = pytest.mark.parametrize("resource", CREATED, ids=lambda r: r.slug)

NONSENSE = [
    "\x00",
    "²",
    "٣",
    "-1",
    "9" * 40,
    "0000-00-00",
    "9999-12-31",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "🚲\u202e",
    "%",
    "NaN",
    "W10",
    "WyJzdHIiLCAiYSIsIDFd",
    "a" * 3000,
]


@each_resource
def test_no_parameter_of_an_address_can_break_a_page(db: None, resource: type[Resource]) -> None:
    row = world.record_of(resource)
    client, api = browser("admin"), Api("admin")
    names = ["q", "sort", "after", "before", "view", "only"]
    names += [f"{name}{bound}" for name in resource.filters for bound in ("", ".from", ".until")]
    for number, value in enumerate(NONSENSE):
        for params in (dict.fromkeys(names, value), dict.fromkeys(names[number % 3 :: 3], value)):
            response = client.get(f"/{resource.slug}/", params)
            assert response.status_code == 200, params
            assert "<script>alert(1)" not in response.content.decode()
            assert api.get(f"{resource.slug}?" + _query(params)).status in (200, 422), params
        assert client.get(f"/lookup/{resource.slug}/", {"q": value, "only": value}).status_code == 200
        assert client.get(f"/{resource.slug}/{row.uid}/log/", {"before": value}).status_code == 200
        assert client.get("/find/", {"q": value}).status_code == 200
    for number, name in enumerate(names):
        assert client.get(f"/{resource.slug}/", {name: NONSENSE[number % len(NONSENSE)]}).status_code == 200, name


def _query(params: Mapping[str, str]) -> str:
    return "&".join(f"{name}={_quoted(value)}" for name, value in params.items())


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


@each_resource
def test_no_forged_cursor_can_break_a_list(db: None, resource: type[Resource]) -> None:
    world.record_of(resource)
    forged: list[Any] = [
        ["str", "abc", 1],
        ["str", "\x00", 1],
        ["str", "\ud800", 1],
        ["Decimal", "NaN", 1],
        ["Decimal", "1E+99", 1],
    ]
    forged += [
        ["int", 10**40, 1],
        ["date", "0001-01-01", 1],
        ["int", 1, 10**60],
        ["UUID", "x", 1],
        [[], {}, None],
        ["bool", True, 1],
    ]
    forged += [["str", {"a": 1}, 1], ["int", "x", "y"], ["datetime", "x", 1], {"a": 1}, "x", None, 5]
    api = Api("admin")
    sortable = [name for name in resource.columns if resource.specs()[name].sortable]
    for name in ["", *sortable]:
        for parts in forged:
            cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
            for place in ("after", "before"):
                reply = api.get(f"{resource.slug}?view=all&sort={name}&{place}={cursor}")
                assert reply.status in (200, 422), (name, parts)


@each_resource
def test_every_declared_filter_narrows_to_rows_that_have_the_value(db: None, resource: type[Resource]) -> None:
    row = world.record_of(resource)
    api = Api("admin")
    everything = {each["id"] for each in api.get(f"{resource.slug}?view=all").body["data"]}
    for name in resource.filters:
        spec = resource.specs()[name]
        value = getattr(row, spec.source)
        if value in (None, ""):
            continue
        text = {"flag": "yes" if value is True else "no", "ref": str(getattr(value, "uid", ""))}.get(
            spec.kind, str(value)
        )
        found = {each["id"]: each for each in api.get(f"{resource.slug}?view=all&{name}={_quoted(text)}").body["data"]}
        assert str(row.uid) in found, name
        assert set(found) <= everything
        for each in resource.model.objects.filter(uid__in=list(found)):
            assert getattr(each, spec.source) == value, name
        if spec.kind == "date":
            assert str(row.uid) in api.get(f"{resource.slug}?view=all&{name}.from={text}&{name}.until={text}").text


MIXED = [
    "Émile",
    "emile",
    "Emile",
    "Zebra",
    "zebra",
    "Ärger",
    "北方体育",
    "北方",
    "上海",
    "王",
    "Ωmega",
    "élan",
    "A",
    "a",
    "_x",
    "1st",
    "~",
    "🚲",
]


def _many(resource: type[Resource], count: int) -> list[Any]:
    """Records of which many share a value, named in every script."""
    assert resource.samples is not None
    rows = []
    for number in range(count):
        values = resource.samples()
        if "name" in values and isinstance(values["name"], str):
            values["name"] = MIXED[number % len(MIXED)]
        if "city" in values:
            values["city"] = MIXED[(number * 7) % len(MIXED)]
        if "is_supplier" in values:
            values["is_supplier"] = number % 2 == 0
        if "reference" in values:
            values["reference"] = MIXED[number % 5]
        rows.append(values)
    world.make(resource.slug, rows, world.as_role("admin"))
    return list(resource.model.objects.all())


def _key(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@each_created
def test_paging_visits_each_row_once_in_the_one_order_of_both_databases(
    db: None, monkeypatch: pytest.MonkeyPatch, resource: type[Resource]
) -> None:
    _many(resource, 23)
    monkeypatch.setattr(filters, "PAGE", 4)
    actor = world.as_role("admin")
    rows = list(ListQuery.read(resource, actor, {"view": "all"}).everything())
    for name in [column for column in resource.columns if resource.specs()[column].sortable]:
        source = resource.specs()[name].source
        for sign in ("", "-"):
            wanted = sorted(rows, key=lambda r: (_key(getattr(r, source)), r.pk), reverse=bool(sign))
            forth, last = _walk(resource, actor, sign + name, "after")
            assert forth == [r.pk for r in wanted], f"forwards by {sign}{name}"
            back = _walk_back(resource, actor, sign + name, last)
            assert back == [r.pk for r in wanted][: len(back)], f"backwards by {sign}{name}"
            assert len(back) >= len(wanted) - 4


def _walk(resource: type[Resource], actor: Any, sort: str, place: str) -> tuple[list[int], str]:
    seen: list[int] = []
    cursor, last = "", ""
    for _turn in range(40):
        found, earlier, later = ListQuery.read(resource, actor, {"view": "all", "sort": sort, place: cursor}).page()
        seen += [row.pk for row in found]
        last = earlier or last
        if not later:
            return seen, last
        cursor = later
    raise AssertionError(f"paging by {sort} does not end")


def _walk_back(resource: type[Resource], actor: Any, sort: str, cursor: str) -> list[int]:
    seen: list[int] = []
    for _turn in range(40):
        if not cursor:
            return seen
        found, earlier, _later = ListQuery.read(resource, actor, {"view": "all", "sort": sort, "before": cursor}).page()
        seen = [row.pk for row in found] + seen
        cursor = earlier
    raise AssertionError(f"paging back by {sort} does not end")


@each_created
def test_the_api_pages_on_to_the_last_row(db: None, monkeypatch: pytest.MonkeyPatch, resource: type[Resource]) -> None:
    _many(resource, 11)
    monkeypatch.setattr(filters, "PAGE", 4)
    api, seen, cursor = Api("admin"), [], ""
    for _turn in range(40):
        body = api.get(f"{resource.slug}?view=all&after={cursor}").body
        seen += [each["id"] for each in body["data"]]
        cursor = body["next"]
        if not cursor:
            break
    wanted = ListQuery.read(resource, load_actor(world.user_of("admin")), {"view": "all"}).everything()
    assert sorted(seen) == sorted(str(uid) for uid in wanted.values_list("uid", flat=True))


def test_a_program_is_told_what_a_list_does_not_understand(db: None) -> None:
    api = Api("admin")
    for query in ("custmer=x", "limit=2", "sort=nothing", "after=garbage", "state=foo", "wanted_on.from=abc"):
        reply = api.get(f"sales-orders?{query}")
        assert reply.status == 422, query
        assert [each["field"] for each in reply.body["errors"]] == [query.partition("=")[0]]
