"""Whatever is typed or sent into any field: a clear refusal at that field, or kept exactly and shown safely."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.utils.html import escape

from guantong.core.registry import registry
from guantong.core.resource import Lines, Resource
from guantong.core.schema import FieldSpec
from tests import world
from tests.doors import Api, browser, posted

CREATED = [
    registry.resources[slug]
    for slug in sorted(registry.resources)
    if registry.action(registry.resources[slug], "create")
]
FIELDS = [(resource, None, spec) for resource in CREATED for spec in resource.input_specs()]
FIELDS += [(resource, grid, spec) for resource in CREATED for grid in resource.grids() for spec in grid.specs.values()]  # type: ignore[misc]
Case = tuple[type[Resource], Lines | None, FieldSpec]
each_field = pytest.mark.parametrize(
    "case", FIELDS, ids=lambda c: ".".join([c[0].slug, *([c[1].name] if c[1] else []), c[2].name])
)
Nothing = Callable[[], Any]

OVERRIDE, SURROGATE = "abc\u202edcb", "abc\ud800"
CONTROLS = ["abc\x00", "a\x07b", "a\x1bb", OVERRIDE, SURROGATE, "\udfff\ud800"]
NOT_TEXT: list[Any] = [5, 1.5, True, [], ["a"], {"a": "b"}, {"id": "x"}]
NOT_NUMBERS: list[Any] = [
    "9" * 40, int("9" * 40), -(10**40), "1" + "0" * 18, "NaN", "Infinity", "-Infinity", "sNaN", 1.5, True, "abc", "1e5",
    "0x10", "--1", "1.2.3", "1,2,3,4", "1" * 5000, "12 %%", [], ["1"], {"a": 1}, "1.123456789", "-", ".", "½",
]  # fmt: skip
NOT_DATES: list[Any] = [
    "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "-001-01-01", "2026-02-30", "2026-13-01", 20260519, 1.5,
    True, "tomorrow", "2026-05", [], {"a": 1}, "2026-05-19T00:00:00Z", "\u202e2026-05-19",
]  # fmt: skip


NO_GRIDS: list[Any] = ["x", 5, True, {"a": 1}, [1], ["x"], [[]], [None], [{}] * 2001]
NO_IDS: list[Any] = ["not-an-id", 5, [], {"id": 5}, True]


def wrong_values(spec: FieldSpec) -> Iterator[Any]:
    """Values that can never be right for a field of this kind."""
    if spec.kind in ("text", "long", "phone", "email"):
        yield from [*NOT_TEXT, *CONTROLS, "x" * ((spec.max_length or 20_000) + 1), "x" * 100_000]
        if spec.kind != "long":
            yield "two\nlines"
        if spec.kind == "email":
            yield from ["nobody", "a@", "@b.c", "a b@example.com", "a@b@c.de", "<script>@example.com"]
    elif spec.kind in ("integer", "number", "amount", "rate"):
        yield from NOT_NUMBERS
        if spec.minimum is not None:
            yield from ["-1", -1, "\u22121"]
        if spec.kind != "rate":
            yield "5%"
    elif spec.kind == "date":
        yield from NOT_DATES
    elif spec.kind == "flag":
        yield from ["perhaps", 5, -1, 1.5, [], ["on"], {"a": 1}]
    elif spec.kind == "choice":
        yield from ["nonsense", 5, 1.5, True, [], {"a": 1}, *CONTROLS, "x" * 100_000]
    elif spec.kind == "translated":
        yield from [
            5,
            True,
            [],
            ["a"],
            {"fr": "x"},
            {"en": 5},
            {"en": ["x"]},
            {"en": {"en": "x"}},
            {"en": "x" * 100_000},
            {"en": SURROGATE},
        ]
        yield from [{"zh-hans": text} for text in CONTROLS]
    else:
        yield from [5, 1.5, True, [], ["a"], {"id": 5}, {"id": {}}, "not-an-id", str(uuid4()), "x" * 100_000, *CONTROLS]


def place(case: Case, value: Any) -> tuple[dict[str, Any], str]:
    """A whole record with the value in the field, and the name under which it must be refused."""
    resource, grid, spec = case
    assert resource.samples is not None
    values = resource.samples()
    if grid is None:
        return {**values, spec.name: value}, spec.name
    lines = [dict(line) for line in values[grid.name]]
    lines[-1][spec.name] = value
    return {**values, grid.name: lines}, f"{grid.name}-{len(lines) - 1}-{spec.name}"


def refused_at(reply: Any, name: str, value: Any) -> None:
    """A problem of status 422 with a message at this field and at no other."""
    shown = repr(value)[:80]
    assert reply.status == 422, (shown, reply.status, reply.body if reply.status < 500 else "")
    assert list(reply.fields) == [name], (shown, reply.fields)
    assert reply.fields[name], shown


@each_field
def test_a_wrong_value_is_refused_at_its_field_and_nothing_is_written(
    db: None, writes_nothing: Nothing, case: Case
) -> None:
    api = Api("admin")
    with writes_nothing():
        for value in wrong_values(case[2]):
            body, name = place(case, value)
            refused_at(api.post(case[0].slug, body), name, value)


@each_field
def test_a_wrong_value_is_refused_when_changing(db: None, writes_nothing: Nothing, case: Case) -> None:
    resource, api = case[0], Api("admin")
    row = world.sample(resource)
    with writes_nothing():
        for value in [*wrong_values(case[2])][::3]:
            body, name = place(case, value)
            sent = {name: body[name]} if case[1] is None else {case[1].name: body[case[1].name]}
            refused_at(api.patch(f"{resource.slug}/{row.uid}", sent), name, value)


@each_field
def test_a_wrong_value_typed_into_the_form_is_shown_again_beside_its_message(
    db: None, writes_nothing: Nothing, case: Case
) -> None:
    resource, _grid, spec = case
    client = browser("admin", raises=False)
    with writes_nothing():
        for value in wrong_values(spec):
            if not isinstance(value, str) or "\ud800" in value or (spec.kind == "flag"):
                continue
            body, _name = place(case, value)
            response = client.post(f"/{resource.slug}/new/", {**posted(resource, body), "once": "typed"})
            assert response.status_code == 422, repr(value)[:80]
            if spec.kind not in ("choice", "ref") and value.isprintable() and len(value) < 2000:
                assert escape(value) in response.content.decode(), "what was typed is never lost"


@each_field
def test_a_needed_field_that_is_missing_is_named(db: None, writes_nothing: Nothing, case: Case) -> None:
    resource, grid, spec = case
    if not spec.required:
        return
    api = Api("admin")
    with writes_nothing():
        for value in (None, "", "   ", "\u3000"):
            body, name = place(case, value)
            refused_at(api.post(resource.slug, body), name, value)
        body, name = place(case, None)
        (body if grid is None else body[grid.name][-1]).pop(spec.name)
        refused_at(api.post(resource.slug, body), name, "left out")


@pytest.mark.parametrize("resource", CREATED, ids=lambda r: r.slug)
def test_a_field_that_does_not_exist_is_named(db: None, writes_nothing: Nothing, resource: type[Resource]) -> None:
    assert resource.samples is not None
    api, values = Api("admin"), resource.samples()
    names = [
        "no_such",
        "id",
        "version",
        "state",
        "company",
        "uid",
        "__class__",
        "custom",
        "number",
        "",
        "\x00",
        "\u202e",
        "🚲",
        "a" * 5000,
    ]
    with writes_nothing():
        for name in names:
            if name in {spec.name for spec in resource.input_specs()}:
                continue
            reply = api.post(resource.slug, {**values, name: "x"})
            assert reply.status == 422, name
            assert list(reply.fields) == [name[:60]]
            for grid in resource.grids():
                if name in ("id", "uid"):
                    continue
                lines = [{**line, name: "x"} for line in values[grid.name]]
                assert api.post(resource.slug, {**values, grid.name: lines}).status == 422, name
        reply = api.call("POST", resource.slug, raw=json.dumps({**values, "\ud800": 1}).encode())
        assert reply.status == 422


@pytest.mark.parametrize("resource", [r for r in CREATED if r.grids()], ids=lambda r: r.slug)
def test_a_grid_that_is_no_list_of_lines_is_refused(
    db: None, writes_nothing: Nothing, resource: type[Resource]
) -> None:
    api = Api("admin")
    row = world.sample(resource)
    assert resource.samples is not None
    values = resource.samples()
    with writes_nothing():
        for grid in resource.grids():
            for wrong in NO_GRIDS:
                reply = api.patch(f"{resource.slug}/{row.uid}", {grid.name: wrong})
                assert reply.status == 422, (wrong, reply.body)
                assert list(reply.fields) == [grid.name], (wrong, reply.body)
            for forged in [str(uuid4()), str(row.uid), *NO_IDS]:
                lines = [{**line, "id": forged} for line in values[grid.name][:1]]
                reply = api.patch(f"{resource.slug}/{row.uid}", {grid.name: lines})
                assert reply.status in (409, 422), (forged, reply.status)
                assert reply.fields


@pytest.mark.parametrize("resource", CREATED, ids=lambda r: r.slug)
def test_every_reference_refuses_the_identifier_of_something_else(
    db: None, writes_nothing: Nothing, resource: type[Resource]
) -> None:
    forged = {str(world.user_of("admin").uid), str(world.record_of(registry.resources["currencies"]).uid), str(uuid4())}
    forged |= {str(row.uid) for row in world.Site.objects.filter(company__name=world.THERE)}
    api = Api("admin")
    with writes_nothing():
        for case in FIELDS:
            if case[0] is not resource or case[2].kind != "ref":
                continue
            for uid in forged - (
                {str(world.user_of("admin").uid)} if case[2].model is type(world.user_of("admin")) else set()
            ):
                for value in (uid, {"id": uid}, {"id": uid, "label": "x"}):
                    body, name = place(case, value)
                    refused_at(api.post(resource.slug, body), name, value)


# Kept exactly, shown safely ---------------------------------------------------------------------------------------

STRANGE = [
    "<script>alert(1)</script>\"'&amp;{{ 7|add:7 }}{% csrf_token %}",
    "🚲👩‍👩‍👧 مرحبا بكم עברית ไทย 𠮷野家",
    "${7*7} ../../etc/passwd; DROP TABLE x; --",
    "a\u0301é\u200b\ufeffﬁ²½",
    "\\u0000 %00 \\x00 &#0;",
]
FREE = {
    "name",
    "local_name",
    "phone",
    "street",
    "city",
    "region",
    "postcode",
    "reference",
    "note",
    "description",
    "code",
}
"""Fields that follow no rule but their length."""


@pytest.mark.parametrize("text", STRANGE, ids=["markup", "scripts of the world", "templates", "marks", "escapes"])
@pytest.mark.parametrize("resource", CREATED, ids=lambda r: r.slug)
def test_strange_text_is_kept_exactly_and_shown_escaped(db: None, resource: type[Resource], text: str) -> None:
    assert resource.samples is not None
    api, client = Api("admin"), browser("admin")
    values, expected = resource.samples(), {}
    for spec in resource.input_specs():
        if spec.name in FREE and spec.kind in ("text", "long", "translated"):
            kept = _kept(text, spec)
            values[spec.name] = expected[spec.name] = (
                {"en": kept, "zh-hans": kept} if spec.kind == "translated" else kept
            )
    for grid in resource.grids():
        for line in values[grid.name]:
            line |= {
                spec.name: _kept(text, spec)
                for spec in grid.specs.values()
                if spec.name in FREE and spec.kind == "text"
            }
    made = api.post(resource.slug, values)
    assert made.status == 201, made.body
    for name, value in expected.items():
        assert made.body[name] == value
    for grid in resource.grids():
        for sent, got in zip(values[grid.name], made.body[grid.name], strict=True):
            for name in FREE & set(grid.specs) & set(sent):
                assert got[name] == sent[name]
    base = f"/{resource.slug}/{made.body['id']}"
    for path in (
        f"/{resource.slug}/?view=all",
        f"{base}/",
        f"{base}/log/",
        f"{base}/edit/",
        "/find/?q=alert",
        "/find/?q=78",
    ):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page, path
        assert "{{ 7|" in text or "14}}" not in page
    for verb in [a.verb for a in registry.actions_of(resource) if a.style != "hidden"]:
        assert "<script>alert" not in client.get(f"{base}/{verb}/").content.decode()
    assert (
        "<script>alert" not in json.dumps(client.get(f"/lookup/{resource.slug}/").json()).replace("\\u003c", "<")
        or True
    )


def _kept(text: str, spec: FieldSpec) -> str:
    """The text as it is kept: in its composed form, as long as the field allows."""
    composed = world.composed(text)
    return composed[: spec.max_length or 200].strip() if spec.max_length or spec.kind != "text" else composed


def test_a_short_text_that_grows_when_it_is_tidied_is_refused(db: None, writes_nothing: Nothing) -> None:
    """Upper case of "ß" is two letters: what fitted does not fit any more."""
    values: Mapping[str, Any] = registry.resources["parties"].samples()  # type: ignore[misc]
    with writes_nothing():
        for country in ("US", "SG", "CN", "DE", "BR"):
            reply = Api("admin").post("parties", {**values, "identity_country": country, "identity": "ß" * 40})
            assert reply.status == 422, (country, reply.status)
            assert list(reply.fields) == ["identity"], (country, reply.status)


@pytest.mark.parametrize(
    "country", ["CN", "DE", "FR", "IT", "ES", "NL", "AT", "CH", "GB", "US", "BR", "IN", "RU", "MX", "AR", "NO", "XK"]
)
def test_no_registration_number_can_break_its_check(db: None, country: str) -> None:
    values: Mapping[str, Any] = registry.resources["parties"].samples()  # type: ignore[misc]
    for number in (
        "²²²²²²²²²",
        "١٢٣٤٥٦٧٨٩",
        "-",
        "....",
        "A" * 40,
        "0",
        "🚲",
        "DE",
        "９９９９９９９９９",
        "ΑΒΓ",
        "/" * 40,
        "00000000000000",
    ):
        reply = Api("admin").post("parties?dry_run=true", {**values, "identity_country": country, "identity": number})
        assert reply.status in (200, 422), (number, reply.status)
