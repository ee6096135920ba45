"""The OpenAPI 3.1 document, made from the registry: what is declared once is described once."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.utils import translation

from guantong.core.inputs import MAX_ROWS
from guantong.core.registry import Action, registry
from guantong.core.resource import Lines, Resource
from guantong.core.schema import LANGUAGES, FieldSpec

Json = dict[str, Any]
JSON_TYPE = "application/json"


@lru_cache(maxsize=1)
def document() -> Json:
    """The whole document, in English; computed once, because the registry does not change."""
    with translation.override("en"):
        paths: Json = {"/me": {"get": _operation("Who the token stands for", "me", {"200": _plain("The user")})}}
        schemas: Json = {"Problem": PROBLEM, "Pending": PENDING, "Done": DONE, "Reference": REFERENCE}
        for resource in registry.resources.values():
            paths |= _paths(resource)
            schemas |= _schemas(resource)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Guantong", "version": _version(), "description": DESCRIPTION},
        "servers": [{"url": "/api/v1"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
            "parameters": PARAMETERS,
        },
    }


DESCRIPTION = (
    "Decimals are strings, days ISO 8601, instants UTC. Errors are problem details (RFC 9457). "
    "Send Idempotency-Key with every write, If-Match with the version you saw, dry_run=true to see the difference."
)
PROBLEM: Json = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "todo": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
PENDING: Json = {
    "type": "object",
    "properties": {
        "status": {"const": "pending"},
        "detail": {"type": "string"},
        "approvals": {"type": "array", "items": {"type": "string", "format": "uuid"}},
    },
}
DONE: Json = {
    "type": "object",
    "required": ["status", "difference"],
    "properties": {
        "status": {"enum": ["done", "would-do"]},
        "ids": {"type": "array", "items": {"type": "string", "format": "uuid"}},
        "difference": {"type": "array", "items": {"type": "object"}},
    },
}
REFERENCE: Json = {
    "type": "object",
    "required": ["id", "label"],
    "properties": {"id": {"type": "string", "format": "uuid"}, "label": {"type": "string"}},
}
PARAMETERS: Json = {
    "Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
    "After": {"name": "after", "in": "query", "schema": {"type": "string"}, "description": "Cursor of the next page."},
    "Search": {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 200}},
    "Sort": {"name": "sort", "in": "query", "schema": {"type": "string"}, "description": "A column; - turns it round."},
    "DryRun": {"name": "dry_run", "in": "query", "schema": {"type": "boolean"}},
    "Key": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200}},
    "Version": {"name": "If-Match", "in": "header", "schema": {"type": "string"}},
}


def _version() -> str:
    try:
        return version("guantong")
    except PackageNotFoundError:
        return "0"


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: Json, description: str) -> Json:
    return {"description": description, "content": {JSON_TYPE: {"schema": schema}}}


def _plain(description: str) -> Json:
    return _content({"type": "object"}, description)


def _problems(*codes: int) -> Json:
    body = {"content": {"application/problem+json": {"schema": _ref("Problem")}}}
    names = {400: "Not JSON", 401: "No valid token", 403: "Not allowed", 404: "Not found, or not visible"}
    names |= {409: "Refused in this state, or changed meanwhile", 413: "Too large", 422: "Wrong values"}
    return {str(code): {"description": names[code], **body} for code in codes}


def _operation(summary: str, name: str, responses: Json, **more: Any) -> Json:
    return {"summary": summary, "operationId": name, "responses": {**responses, **_problems(401, 403, 404)}, **more}


def _parameters(*names: str) -> list[Json]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _paths(resource: type[Resource]) -> Json:
    base, name = f"/{resource.slug}", _schema_name(resource)
    tags = [str(resource.many)]
    one = _content(_ref(name), str(resource.one))
    page = {
        "type": "object",
        "required": ["data", "next"],
        "properties": {"data": {"type": "array", "items": _ref(name)}, "next": {"type": ["string", "null"]}},
    }
    verbs = {action.verb: action for action in registry.actions_of(resource)}
    collection: Json = {
        "get": _operation(
            f"List {resource.many}",
            f"list-{resource.slug}",
            {"200": _content(page, "A page"), **_problems(422)},
            parameters=[*_parameters("Search", "Sort", "After"), *_filters(resource)],
            tags=tags,
        )
    }
    item: Json = {
        "parameters": _parameters("Id"),
        "get": _operation(f"Read one {resource.one}", f"get-{resource.slug}", {"200": one}, tags=tags),
    }
    if "create" in verbs:
        collection["post"] = _write(
            f"Create {resource.one}", f"create-{resource.slug}", name + "Create", one, tags, "201"
        )
    if any(action.form == "edit" for action in verbs.values()):
        item["patch"] = _write(f"Change {resource.one}", f"change-{resource.slug}", name + "Change", one, tags, "200")
    events = _operation(f"Log of one {resource.one}", f"log-{resource.slug}", {"200": _plain("Events")}, tags=tags)
    found = {
        base: collection,
        base + "/{id}": item,
        base + "/{id}/events": {"parameters": _parameters("Id"), "get": events},
    }
    for action in verbs.values():
        if action.form == "none":
            found |= _verb_paths(resource, action, one, tags)
    return found


def _write(summary: str, operation: str, schema: str, one: Json, tags: list[str], code: str) -> Json:
    done = _content({"anyOf": [_only_schema(one), _ref("Done")]}, "The record; with dry_run or a list what is done")
    responses = {
        "200": done,
        **({code: one} if code != "200" else {}),
        "202": _content(_ref("Pending"), "Waits for approval"),
        **_problems(400, 409, 413, 422),
    }
    return _operation(
        summary,
        operation,
        responses,
        parameters=_parameters("DryRun", "Key", *(["Version"] if code == "200" else [])),
        requestBody={"required": True, "content": {JSON_TYPE: {"schema": _one_or_many(schema, code)}}},
        tags=tags,
    )


def _only_schema(response: Json) -> Json:
    return dict(response["content"][JSON_TYPE]["schema"])


def _one_or_many(schema: str, code: str) -> Json:
    """Creating takes one record or a list of them, all or none."""
    if code != "201":
        return _ref(schema)
    return {"anyOf": [_ref(schema), {"type": "array", "items": _ref(schema), "minItems": 1, "maxItems": MAX_ROWS}]}


def _verb_paths(resource: type[Resource], action: Action, one: Json, tags: list[str]) -> Json:
    base = f"/{resource.slug}"
    properties: Json = {spec.name: _input(spec) for spec in action.inputs}
    properties |= {
        "reason": {"type": "string", "maxLength": 500},
        "overrides": {"type": "array", "items": {"type": "string"}},
    }
    body: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    if action.reason:
        body["required"] = ["reason"]
    ids = {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1, "maxItems": 1000}
    many: Json = {**body, "properties": {**properties, "ids": ids}, "required": ["ids", *body.get("required", [])]}
    common: Json = {"202": _content(_ref("Pending"), "Waits for approval"), **_problems(400, 409, 413, 422)}
    label = f"{action.label}: {resource.one}"

    def post(name: str, schema: Json, success: Json, parameters: list[Json]) -> Json:
        content = {"content": {JSON_TYPE: {"schema": schema}}, "required": True}
        return _operation(
            label, name, {"200": success, **common}, requestBody=content, parameters=parameters, tags=tags
        )

    done = _content(_ref("Done"), "Done, or what would be done")
    either = _content({"anyOf": [_only_schema(one), _ref("Done")]}, "The record; with dry_run what would be done")
    single = post(f"{action.verb}-{resource.slug}", body, either, _parameters("DryRun", "Key", "Version"))
    bulk = post(f"{action.verb}-many-{resource.slug}", many, done, _parameters("DryRun", "Key"))
    return {
        f"{base}/{{id}}/{action.verb}": {"parameters": _parameters("Id"), "post": single},
        f"{base}/{action.verb}": {"post": bulk},
    }


def _filters(resource: type[Resource]) -> list[Json]:
    specs = resource.specs()
    found = []
    for name in resource.filters:
        names = [f"{name}.from", f"{name}.until"] if specs[name].kind == "date" else [name]
        found += [{"name": each, "in": "query", "schema": {"type": "string"}} for each in names]
    return found


# Schemas ----------------------------------------------------------------------------------------------------------


def _schema_name(resource: type[Resource]) -> str:
    return resource.__name__


def _schemas(resource: type[Resource]) -> Json:
    name = _schema_name(resource)
    properties: Json = {
        "id": {"type": "string", "format": "uuid"},
        "version": {"type": "integer"},
        "updated_at": {"type": "string", "format": "date-time"},
    }
    properties |= {spec.name: _output(spec) for spec in resource.specs().values()}
    inputs = {spec.name: _input(spec) for spec in resource.input_specs()}
    for grid in resource.grids():
        properties[grid.name] = {"type": "array", "items": _line(grid, output=True)}
        inputs[grid.name] = {"type": "array", "items": _line(grid, output=False), "maxItems": 2000}
    needed = [spec.name for spec in resource.input_specs() if spec.required]
    needed += [grid.name for grid in resource.grids() if grid.needed]
    found: Json = {name: {"type": "object", "required": ["id", "version"], "properties": properties}}
    if inputs:
        create: Json = {"type": "object", "properties": inputs, "additionalProperties": False}
        found[name + "Create"] = {**create, "required": needed} if needed else create
        consent = {"reason": {"type": "string"}, "overrides": {"type": "array", "items": {"type": "string"}}}
        found[name + "Change"] = {**create, "properties": {**inputs, **consent}}
    return found


def _line(grid: Lines, *, output: bool) -> Json:
    describe = _output if output else _input
    specs = [*grid.specs.values(), *(grid.computed if output else ())]
    properties = {"id": {"type": "string", "format": "uuid"}, **{spec.name: describe(spec) for spec in specs}}
    needed = [spec.name for spec in grid.specs.values() if spec.required]
    body: Json = {"type": "object", "properties": properties}
    return body if output else {**body, "required": needed, "additionalProperties": False}


DECIMAL: Json = {"type": "string", "pattern": r"^-?\d{1,15}(\.\d{1,6})?$"}


def _base(spec: FieldSpec) -> Json:
    if spec.kind in ("number", "amount", "rate"):
        return dict(DECIMAL)
    if spec.kind == "integer":
        return {"type": "integer"}
    if spec.kind == "flag":
        return {"type": "boolean"}
    if spec.kind == "choice":
        return {"type": "string", "enum": [code for code, _label in spec.choices]}
    if spec.kind in ("date", "instant"):
        return {"type": "string", "format": "date" if spec.kind == "date" else "date-time"}
    if spec.kind == "translated":
        return {"type": "object", "properties": {code: {"type": "string"} for code in LANGUAGES}}
    return {"type": "string", **({"maxLength": spec.max_length} if spec.max_length else {})}


def _nullable(schema: Json) -> Json:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], ""]}
    return {**schema, "type": [schema["type"], "null"]}


def _described(spec: FieldSpec, schema: Json) -> Json:
    return {"description": str(spec.label), **schema}


def _output(spec: FieldSpec) -> Json:
    if spec.kind == "ref":
        return {"anyOf": [_ref("Reference"), {"type": "null"}]}
    return _described(spec, _nullable(_base(spec)))


def _input(spec: FieldSpec) -> Json:
    base = {"type": "string", "format": "uuid"} if spec.kind == "ref" else _base(spec)
    if spec.kind == "integer":
        base = {"type": ["integer", "string"]}
    return _described(
        spec, base if spec.required or "enum" in base or isinstance(base["type"], list) else _nullable(base)
    )
