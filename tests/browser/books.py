"""What tests need to exist before they look: made through the product's own API, by people who may."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

from tests.browser.hands import another


class Books:
    """Records of the running product; each person's token is made once."""

    def __init__(self, url: str, make_token: Callable[[str], str]) -> None:
        self.url, self._make_token = url, make_token
        self._tokens: dict[str, str] = {}
        self._uids: dict[tuple[str, str], str] = {}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, username: str, method: str, path: str, body: Any = None) -> Any:
        """One call of the API as a person; a refusal raises."""
        if username not in self._tokens:
            self._tokens[username] = self._make_token(username)
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Bearer {self._tokens[username]}", "Content-Type": "application/json"},
            method=method,
        )
        with self._opener.open(request, timeout=30) as answer:
            return json.load(answer)

    def me(self, username: str) -> str:
        """The identifier of the person."""
        if ("me", username) not in self._uids:
            self._uids["me", username] = self.call(username, "GET", "me")["id"]
        return self._uids["me", username]

    def uid(self, slug: str, words: str) -> str:
        """The identifier of the first record that these words find."""
        key = (slug, words)
        if key not in self._uids:
            self._uids[key] = self.call("siyuan", "GET", f"{slug}?q={words}")["data"][0]["id"]
        return self._uids[key]

    def order(self, lines: Sequence[tuple[str, str]] = (("FC-115", "10"),), by: str = "siyuan", **more: Any) -> str:
        """The path of a new sales order of Alpine Sports."""
        values = {
            "customer": self.uid("parties", "Alpine"),
            "reference": f"REF{another()}",
            "wanted_on": "2031-05-19",
            "site": self.uid("sites", "WH1"),
            "salesperson": self.me(by),
            "lines": [{"item": self.uid("items", item), "quantity": quantity} for item, quantity in lines],
            **more,
        }
        return f"/sales-orders/{self.call(by, 'POST', 'sales-orders', values)['id']}/"

    def act(self, record: str, verb: str, by: str = "siyuan", **body: Any) -> None:
        self.call(by, "POST", f"{record.strip('/')}/{verb}", body)

    def orders(self, words: str) -> int:
        """How many orders these words find."""
        return len(self.call("siyuan", "GET", f"sales-orders?q={words}")["data"])
