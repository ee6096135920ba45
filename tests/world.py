"""A small world that tests begin in: two companies, people of every role, and enough masters for an order.

Made once a database through the platform's own verbs; a transactional test, which empties the database, makes it anew.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from guantong.books.commitments.models import Commitment
from guantong.core import sql
from guantong.core.access import Actor, load_actor
from guantong.core.actions import run
from guantong.core.answers import Done, Pending
from guantong.core.checks import find_all
from guantong.core.fields import Translated
from guantong.core.models import ApprovalRequest, Company, Membership, Role, RoleGrant, User
from guantong.core.registry import registry
from guantong.core.resource import Resource
from guantong.core.tokens import create_token
from guantong.fusion.models import ApprovalPolicy
from guantong.fusion.reference import load_reference
from guantong.master.companies.models import CompanyDetails, Currency
from guantong.master.items.models import Item
from guantong.master.parties.models import Party
from guantong.master.places.models import Site
from guantong.trade.orders.models import Order

HERE, THERE = "Huandao Cycles", "Lantern Tools"
PEOPLE = [
    ("admin", "Lin Yue 林悦", "admin", HERE),
    ("sales", "Siyuan Chen 陈思远", "sales", HERE),
    ("colleague", "Wang Li 王丽", "sales", HERE),
    ("manager", "Tom Becker", "manager", HERE),
    ("second", "Ines Sommer", "manager", HERE),
    ("auditor", "Zhou Min 周敏", "auditor", HERE),
    ("both", "Hanna Wolf", "admin", ""),
    ("stranger", "Otto Kern", "admin", THERE),
    ("nobody", "Ned Nobody", "", ""),
]
"""Username, name, role, company; no company means both, no role means no membership at all."""
TOKENS: dict[str, str] = {}


def make_world() -> None:
    """Reference data, companies, people, masters."""
    load_reference()
    here = Company.objects.create(name=HERE, zone="Asia/Shanghai")
    there = Company.objects.create(name=THERE, zone="Europe/Berlin")
    for company, code, country in ((here, "CNY", "CN"), (there, "EUR", "DE")):
        CompanyDetails.objects.create(company=company, currency=Currency.objects.get(code=code), country=country)
    for username, name, role, company_name in PEOPLE:
        user = User.objects.create(username=username, name=name, language="en", password="!")
        for company in (here, there) if role else ():
            if company_name in ("", company.name):
                Membership.objects.create(user=user, company=company, role=Role.objects.get(code=role))
        TOKENS[username] = create_token(username, "tests")
    _make_masters()


def _make_masters() -> None:
    by = as_role("both")
    make("units", [{"code": c, "name": {"en": c}, "decimals": d} for c, d in (("pcs", 0), ("kg", 3), ("m", 2))], by)
    units = {row.code: str(row.uid) for row in registry.resources["units"].model.objects.all()}
    goods = [("A-1", "pcs", "86.50"), ("A-2", "pcs", "92"), ("A-3", "pcs", "12.5"), ("K-1", "kg", "3.333333")]
    make(
        "items",
        [
            {
                "code": c,
                "name": {"en": f"Part {c}", "zh-hans": f"零件 {c}"},
                "unit": units[u],
                "price": p,
                "tax_rate": "0.13",
            }
            for c, u, p in goods
        ],
        by,
    )
    make("parties", [{"name": "Alpine Sports", "is_customer": True}, {"name": "Urban Ride", "is_customer": True}], by)
    make("parties", [{"name": "Ningbo Forging", "is_supplier": True}], by)
    for company in (HERE, THERE):
        make("sites", [{"code": "MAIN", "name": f"{company} warehouse", "zone": "UTC"}], as_role("both", company))


# Actors -----------------------------------------------------------------------------------------------------------


def user_of(username: str) -> User:
    return User.objects.get(username=username)


def as_role(username: str, company: str = HERE) -> Actor:
    """The person as the platform sees them now, with the named company's pages open where they have a role in it."""
    actor = load_actor(user_of(username))
    wanted = next((each for each in actor.companies.values() if each.name == company), actor.company)
    return Actor(**{**actor.__dict__, "company": wanted})


def make_person(username: str, grants: Mapping[str, str], company: str = HERE) -> Actor:
    """A new person whose only role holds exactly these permissions with these scopes."""
    role = Role.objects.create(code=f"role-{username}", name=Translated({"en": username}))
    RoleGrant.objects.bulk_create(RoleGrant(role=role, permission=p, scope=s) for p, s in grants.items())
    user = User.objects.create(username=username, name=username.title(), language="en", password="!")
    Membership.objects.create(user=user, company=Company.objects.get(name=company), role=role)
    TOKENS[username] = create_token(username, "tests")
    return load_actor(user)


# Records ----------------------------------------------------------------------------------------------------------


class NotDone(AssertionError):
    """A verb that a test needs to have run was not done."""


def done(answer: Any) -> Done:
    """The answer, which must be Done."""
    if not isinstance(answer, Done):
        raise NotDone(f"{answer!r} {getattr(answer, 'fact', '')} {getattr(answer, 'fields', '')}")
    return answer


def make(slug: str, rows: Sequence[Mapping[str, Any]], by: Actor) -> tuple[UUID, ...]:
    return done(run(registry.resources[slug], "create", by=by, rows=rows)).objects


def sample(resource: type[Resource], by: Actor | None = None, **changes: Any) -> Any:
    """One new record of the resource, made of its own sample."""
    assert resource.samples is not None, f"{resource.slug} has no samples"
    uid = make(resource.slug, [resource.samples(**changes)], by or as_role("admin"))[0]
    return resource.model._default_manager.get(uid=uid)


def item_uid(code: str) -> str:
    return str(Item.objects.get(code=code).uid)


def line(code: str = "A-1", quantity: str = "10", **more: Any) -> dict[str, Any]:
    return {"item": item_uid(code), "quantity": quantity, **more}


def order_values(*lines: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Typed values of an order of the first company."""
    return {
        "customer": str(Party.objects.get(name="Alpine Sports").uid),
        "wanted_on": "2030-05-19",
        "site": str(Site.objects.get(company__name=HERE, code="MAIN").uid),
        "lines": list(lines) or [line()],
        **changes,
    }


def make_order(*lines: Mapping[str, Any], by: Actor | None = None, **changes: Any) -> Order:
    actor = by or as_role("manager")
    changes.setdefault("salesperson", str(actor.uid))
    return Order.objects.get(uid=make("sales-orders", [order_values(*lines, **changes)], actor)[0])


def act(verb: str, *rows: Any, by: Actor, **more: Any) -> Any:
    """Run a verb on records, with the versions they were read at."""
    resource = registry.resource_of(type(rows[0]), rows[0])
    assert resource is not None
    versions = more.pop("versions", {row.uid: row.version for row in rows})
    return run(resource, verb, by=by, objects=[row.uid for row in rows], versions=versions, **more)


def stored_lines(order: Order) -> list[dict[str, Any]]:
    """The open lines of an order as its form would send them back."""
    rows = order.lines.filter(schedule__commitment__state__in=["draft", "firm"]).order_by("position")
    return [
        {
            "uid": str(row.uid),
            "item": str(row.item.uid),
            "description": row.description,
            "quantity": plain(row.quantity),
            "price": plain(row.price),
            "tax_rate": plain(row.tax_rate),
            "wanted_on": str(row.wanted_on or ""),
        }
        for row in rows.select_related("item")
    ]


def waiting_order(by: str = "sales") -> tuple[Order, ApprovalRequest]:
    """An order that is too large for the person who confirmed it, and the request that waits."""
    if not ApprovalPolicy.objects.exists():
        make(
            "approval-policies",
            [{"side": "sell", "from_amount": "50000", "valid_from": "2020-01-01"}],
            as_role("admin"),
        )
    actor = as_role(by)
    order = make_order(line(quantity="1000"), by=actor)
    answer = act("confirm", order, by=actor)
    assert isinstance(answer, Pending), answer
    return Order.objects.get(pk=order.pk), ApprovalRequest.objects.get(uid=answer.requests[0])


MADE_OTHERWISE = {
    "currencies": lambda: Currency.objects.get(code="CNY"),
    "approvals": lambda: waiting_order()[1],
}
"""Resources that nobody creates by a form, and where a record of them comes from."""


def record_of(resource: type[Resource]) -> Any:
    """A record of any resource."""
    made = MADE_OTHERWISE.get(resource.slug)
    return made() if made else sample(resource)


# The database as a whole ------------------------------------------------------------------------------------------

UNTOLD = {"django_session", "core_apitoken", "django_migrations"}
"""Tables a refused request may touch: the session, and the day a token was last used."""


def contents() -> dict[str, list[str]]:
    """Every row of every table: what must be equal before and after whatever writes nothing."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - UNTOLD):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def changed_tables(before: Mapping[str, list[str]]) -> list[str]:
    """Names of the tables that differ from ``before``."""
    after = contents()
    return [table for table in after if after[table] != before[table]]


def plain(value: Decimal | None) -> str:
    """A decimal as it would be typed."""
    return "" if value is None else f"{value.normalize():f}"


def composed(text: str) -> str:
    """Text as the platform keeps it: Unicode NFC, without white space around it."""
    return unicodedata.normalize("NFC", text).strip()


# Orders as tests need them ----------------------------------------------------------------------------------------


def commitments(order: Order) -> list[Any]:
    """The commitments of an order in the order of its lines."""
    return list(Commitment.objects.filter(schedule_line__line__order=order).order_by("schedule_line__line__position"))


def confirmed(*lines: Mapping[str, Any], **changes: Any) -> Order:
    """A new order that was confirmed."""
    order = make_order(*lines, **changes)
    done(act("confirm", order, by=as_role("manager")))
    order.refresh_from_db()
    return order


def deliver(commitment: Commitment, quantity: str) -> None:
    """What a stock move will do one day: the counter of the commitment moves."""
    sql.bump(Commitment, {commitment.pk: {"moved": Decimal(quantity)}})


def findings(company_id: int | None = None) -> dict[str, list[Any]]:
    """What check-books says, by the name of the check."""
    found: dict[str, list[Any]] = {}
    for name, finding in find_all(company_id):
        if finding is not None:
            found.setdefault(name, []).append(finding)
    return found
