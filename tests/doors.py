"""The two doors of the platform as tests use them: the API by a bearer token, pages by a signed-in browser."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from guantong.core.resource import Resource
from tests import world


@dataclass
class Reply:
    """An answer of the API."""

    status: int
    body: Any
    headers: Any
    text: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Messages by the field they stand at."""
        return {error["field"]: error["detail"] for error in self.body.get("errors", [])}


@dataclass
class Api:
    """Calls of one person. Never raises: an exception inside the server is a 500, as it is outside of tests."""

    username: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: Any) -> Reply:
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else b""
        sent = {"Authorization": f"Bearer {world.TOKENS.get(self.username, '')}"} if self.username else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.generic(method, f"/api/v1/{path}", data, content_type="application/json", headers=sent)
        text = response.content.decode()
        return Reply(response.status_code, json.loads(text) if text else None, response.headers, text)

    def get(self, path: str, **headers: Any) -> Reply:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: Any) -> Reply:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: Any) -> Reply:
        return self.call("PATCH", path, body, **headers)


def browser(username: str, *, raises: bool = True) -> Client:
    """A browser in which the person is signed in."""
    client = Client(raise_request_exception=raises)
    client.force_login(world.user_of(username), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def posted(resource: type[Resource], values: dict[str, Any]) -> dict[str, str]:
    """Typed values as the resource's form posts them."""
    found: dict[str, str] = {}
    for spec in resource.input_specs():
        value = values.get(spec.name)
        if spec.kind == "translated":
            texts = value if isinstance(value, dict) else {"en": value or ""}
            found |= {f"{spec.name}.{code}": text for code, text in texts.items()}
        elif spec.kind == "flag":
            found |= {spec.name: "on"} if value else {}
        elif value is not None:
            found[spec.name] = str(value)
    for grid in resource.grids():
        for index, row in enumerate(values.get(grid.name, [])):
            found |= {f"{grid.name}-{index}-{name}": str(value) for name, value in row.items()}
    return found
