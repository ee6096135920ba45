"""Runs inside a process of its own on an empty database: makes the sample company, then measures orders and pages."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from guantong.fusion import samples

    call_command("migrate", verbosity=0)
    samples.load(lambda done, total, what: None)


def five_lines() -> dict[str, Any]:
    from guantong.master.items.models import Item
    from guantong.trade.orders.samples import sales_order_values

    items = Item.objects.order_by("id")[:5]
    return sales_order_values(lines=[{"item": str(item.uid), "quantity": "5"} for item in items])


def orders(times: int) -> dict[str, list[float]]:
    """Create and confirm orders of five lines through the same door as pages: milliseconds, CPU and statements."""
    from guantong.core import sql
    from guantong.core.access import load_actor
    from guantong.core.actions import run
    from guantong.core.models import User
    from guantong.core.registry import registry

    by = load_actor(User.objects.get(username="admin"))
    resource = registry.resources["sales-orders"]
    found: dict[str, list[float]] = {name: [] for name in ("create_ms", "confirm_ms", "confirm_cpu_ms", "statements")}
    for turn in range(times + 5):
        wall = time.perf_counter()
        made: Any = run(resource, "create", by=by, rows=[five_lines()])
        create = time.perf_counter() - wall
        wall, cpu = time.perf_counter(), time.process_time()
        with sql.count_statements() as statements:
            run(resource, "confirm", by=by, objects=made.objects)
        if turn >= 5:
            found["create_ms"].append(create * 1000)
            found["confirm_ms"].append((time.perf_counter() - wall) * 1000)
            found["confirm_cpu_ms"].append((time.process_time() - cpu) * 1000)
            found["statements"].append(float(len(statements)))
    return found


def pages(times: int) -> dict[str, list[float]]:
    """Server time of the record page and of the first fifty rows of the list."""
    from django.test import Client

    from guantong.core.models import User
    from guantong.trade.orders.models import Order

    client = Client(HTTP_HOST="localhost")
    client.force_login(
        User.objects.get(username="siyuan"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    uids = list(Order.objects.values_list("uid", flat=True)[:40])
    wanted: dict[str, Callable[[int], str]] = {
        "record_ms": lambda turn: f"/sales-orders/{uids[turn % len(uids)]}/",
        "list_ms": lambda turn: "/sales-orders/?view=all",
        "form_ms": lambda turn: "/sales-orders/new/",
    }
    found = {}
    for name, url in wanted.items():
        samples = []
        for turn in range(times + 5):
            wall = time.perf_counter()
            response = client.get(url(turn))
            if response.status_code != 200:
                raise RuntimeError(f"{url(turn)} answers {response.status_code}")
            samples.append((time.perf_counter() - wall) * 1000)
        found[name] = samples[5:]
    return found


if __name__ == "__main__":
    prepare()
    json.dump({"orders": orders, "pages": pages}[sys.argv[1]](int(sys.argv[2])), sys.stdout)
