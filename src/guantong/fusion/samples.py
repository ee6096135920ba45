"""The sample company: a bicycle maker with customers, suppliers, items and orders, made by the platform's own verbs.

Every name is invented; identities have valid check digits and belong to nobody.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from guantong.core import sql
from guantong.core.access import Actor, load_actor
from guantong.core.actions import run
from guantong.core.answers import Consent, Done
from guantong.core.models import Company, User
from guantong.core.people import create_user
from guantong.core.registry import registry
from guantong.fusion.reference import load_reference
from guantong.fusion.story import CUSTOMERS, ITEMS, PEOPLE, SUPPLIERS, UNITS
from guantong.master.companies.setup import create_company
from guantong.master.items.models import Item, Unit
from guantong.master.parties.models import Party
from guantong.master.parties.samples import chinese_identity
from guantong.master.places.models import Site
from guantong.trade.orders.models import Order

Progress = Callable[[int, int, str], None]
ORDERS = 125
PASSWORD = "guantong-demo"
SEED = 20260512


def is_empty() -> bool:
    """Whether nobody has begun to work here."""
    return not Company.objects.exists()


def load(progress: Progress) -> list[tuple[str, str, str]]:
    """Make the sample company; returns (username, password, role) of its people."""
    load_reference()
    people = _found_company()
    by = load_actor(User.objects.get(username="admin"))
    progress(1, ORDERS, "company")
    _load_masters(by)
    progress(5, ORDERS, "parties and items")
    _load_orders(progress)
    return people


def _found_company() -> list[tuple[str, str, str]]:
    """Companies, their currencies and people; the only rows not made by verbs, because no actor exists before them."""
    with sql.write_transaction():
        create_company("Huandao Cycles", currency="CNY", country="CN", zone="Asia/Shanghai", city="Shanghai")
        create_company("Huandao Europe", currency="EUR", country="DE", zone="Europe/Berlin", city="Hamburg")
        for username, name, role, company_name, language in PEOPLE:
            user = create_user(username, PASSWORD, name=name, role=role, company=company_name)
            User.objects.filter(pk=user.pk).update(language=language)
    return [(username, PASSWORD, role) for username, _name, role, _company, _language in PEOPLE]


def _make(slug: str, rows: Sequence[Mapping[str, Any]], by: Actor) -> tuple[UUID, ...]:
    answer = run(registry.resources[slug], "create", by=by, rows=rows)
    if not isinstance(answer, Done):
        raise RuntimeError(f"{slug}: {answer} {getattr(answer, 'fields', '')}")
    return answer.objects


def _load_masters(by: Actor) -> None:
    _make("units", [{"code": c, "name": {"en": en, "zh-hans": zh}, "decimals": str(d)} for c, en, zh, d in UNITS], by)
    units = {unit.code: str(unit.uid) for unit in Unit.objects.all()}
    _make(
        "items",
        [
            {
                "code": code,
                "name": {"en": en, "zh-hans": zh},
                "kind": "service" if unit == "h" else "good",
                "unit": units[unit],
                "price": price,
                "tax_rate": "6%" if unit == "h" else "13%",
            }
            for code, en, zh, unit, price in ITEMS
        ],
        by,
    )
    _make("parties", [_party(number, *row) for number, row in enumerate([*CUSTOMERS, *SUPPLIERS])], by)
    for company in by.companies.values():
        actor = load_actor(User.objects.get(username="admin"))
        own = Actor(**{**actor.__dict__, "company": company})
        place = "Shanghai" if company.zone == "Asia/Shanghai" else "Hamburg"
        _make("sites", [{"code": "WH1", "name": f"{place} warehouse", "city": place, "zone": company.zone}], own)
    sell_from = date.today().replace(month=1, day=1).isoformat()
    _make("approval-policies", [{"side": "sell", "from_amount": "400000", "valid_from": sell_from}], by)


def _party(number: int, name: str, local: str, city: str, country: str) -> dict[str, Any]:
    supplier = number >= len(CUSTOMERS)
    both = number % 11 == 10
    chinese = country == "CN"
    return {
        "name": name,
        "local_name": local,
        "kind": "organization",
        "is_customer": not supplier or both,
        "is_supplier": supplier or both,
        "identity_country": country if chinese else "",
        "identity": chinese_identity(300_000_000 + number * 7919) if chinese else "",
        "email": f"office{number + 1}@example.com",
        "phone": f"+86 21 5550 {1000 + number}" if chinese else f"+49 40 5550 {1000 + number}",
        "addresses": [{"use": "office", "street": f"No. {number + 1}", "city": city, "country": country}],
    }


def _load_orders(progress: Progress) -> None:
    """A year's end of orders in every state, each by somebody who may make it."""
    draw = random.Random(SEED)
    sellers = [load_actor(user) for user in User.objects.filter(username__in=["siyuan", "wangli"]).order_by("id")]
    manager = load_actor(User.objects.get(username="tom"))
    site = Site.objects.get(code="WH1", company__name="Huandao Cycles")
    customers = list(Party.objects.filter(is_customer=True).order_by("id"))
    items = list(Item.objects.filter(kind="good").order_by("id"))
    today = datetime.now(UTC).date()
    for number in range(ORDERS):
        by = sellers[number % len(sellers)]
        values = _order(draw, by, draw.choice(customers), site, items, today)
        uid = _make("sales-orders", [values], by)[0]
        _advance(draw, number, uid, by, manager)
        progress(number + 1, ORDERS, "orders")


def _order(
    draw: random.Random, by: Actor, customer: Party, site: Site, items: Sequence[Item], today: date
) -> dict[str, Any]:
    wanted = today + timedelta(days=draw.randint(-6, 60))
    lines = [
        {
            "item": str(item.uid),
            "quantity": str(draw.choice([5, 10, 12, 20, 24, 40, 60, 120])),
            "wanted_on": (wanted + timedelta(days=draw.choice([0, 0, 0, 7]))).isoformat(),
        }
        for item in draw.sample(list(items), draw.randint(1, 6))
    ]
    return {
        "customer": str(customer.uid),
        "reference": f"45{draw.randint(10**7, 10**8 - 1)}" if draw.random() < 0.7 else "",
        "wanted_on": wanted.isoformat(),
        "site": str(site.uid),
        "salesperson": str(by.uid),
        "note": "",
        "lines": lines,
    }


def _advance(draw: random.Random, number: int, uid: UUID, by: Actor, manager: Actor) -> None:
    """Take the order as far as its number says: some stay drafts, most are confirmed, a few end."""
    orders = registry.resources["sales-orders"]
    stage = draw.random()
    if stage < 0.12:
        return
    run(orders, "quote", by=by, objects=[uid])
    if stage < 0.27:
        return
    total = Order.objects.values_list("total", flat=True).get(uid=uid)
    confirmer = manager if total >= 400_000 and draw.random() < 0.6 else by
    answer = run(orders, "confirm", by=confirmer, objects=[uid])
    if isinstance(answer, Done) and stage > 0.95:
        verb, reason = ("cancel", "Customer closed the shop") if number % 2 else ("close", "")
        run(orders, verb, by=by, objects=[uid], consent=Consent(reason=reason))
