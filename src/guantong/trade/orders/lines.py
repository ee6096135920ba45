"""Writing the lines of orders with their schedule lines and commitments, set-based, for all orders of an action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from guantong.books.commitments import actions as commitments
from guantong.books.commitments.models import Commitment
from guantong.core import sql
from guantong.core.answers import Refused, Text
from guantong.core.change import Change
from guantong.core.inputs import Draft, LineDraft
from guantong.core.records import told
from guantong.core.uid import uuid7
from guantong.master.companies.models import Currency
from guantong.master.items.models import Item, Unit
from guantong.trade.orders.models import Order, OrderLine, ScheduleLine
from guantong.trade.orders.rules import MAX_LINE, MAX_TOTAL, ZERO, Money, fits_unit, price_line, total_of

Direction = Commitment.Direction
LOGGED = ("item", "description", "quantity", "price", "tax_rate", "wanted_on")


@dataclass
class StoredLine:
    """A line with its commitments, locked."""

    line: OrderLine
    commitments: list[Commitment] = field(default_factory=list)

    @property
    def moved(self) -> Decimal:
        return sum((c.moved for c in self.commitments), ZERO)

    @property
    def is_open(self) -> bool:
        return any(c.state != Commitment.State.CLOSED for c in self.commitments)


def lock_lines(orders: Sequence[Order]) -> dict[int, list[StoredLine]]:
    """The lines of the orders with their commitments, commitments locked in id order; three statements."""
    lines = sql.fetch(OrderLine, "order_id", [order.pk for order in orders])
    schedule = sql.fetch(ScheduleLine, "line_id", [line.pk for line in lines]) if lines else []
    promised = sql.lock(Commitment, [s.commitment_id for s in schedule]) if schedule else []
    by_id = {c.pk: c for c in promised}
    stored = {line.pk: StoredLine(line) for line in lines}
    for each in sorted(schedule, key=lambda s: (s.line_id, s.sequence)):
        stored[each.line_id].commitments.append(by_id[each.commitment_id])
    found: dict[int, list[StoredLine]] = {order.pk: [] for order in orders}
    for line in sorted(stored.values(), key=lambda s: s.line.position):
        found[line.line.order_id].append(line)
    return found


@dataclass
class _Plan:
    """What one write does to the tables, gathered over all orders before anything is written."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    promises: list[dict[str, Any]] = field(default_factory=list)
    line_changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    promise_changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    removed: list[StoredLine] = field(default_factory=list)
    problems: dict[str, Text] = field(default_factory=dict)


def write_lines(
    change: Change, orders: Sequence[Order], drafts: Sequence[Draft], stored: dict[int, list[StoredLine]], *, firm: bool
) -> None:
    """Make the lines of each order equal to its draft and refresh its totals; ``firm`` orders promise what is new.

    Refused when a change goes below what was delivered already, with the reason at the line.
    """
    plan = _Plan()
    digits = currency_digits(orders)
    _attach_items([each for lines in stored.values() for each in lines])
    for order, draft in zip(orders, drafts, strict=True):
        money = _plan_order(change, plan, order, draft, stored.get(order.pk, []), digits[order.currency_id])
        if money.total > MAX_TOTAL:
            plan.problems["lines"] = _("The total is too large. Make several orders of it.")
            continue
        change.set(order, net=money.net, tax=money.tax, total=money.total)
    if plan.problems:
        raise Refused(
            "invalid",
            _("Some fields need another look."),
            _("Correct the marked fields and save again."),
            status=422,
            fields=plan.problems,
        )
    _apply(plan, firm=firm)


def _attach_items(stored: Sequence[StoredLine]) -> None:
    """Give stored lines their items in one query, for the log tells them by name."""
    if stored:
        items = {item.pk: item for item in sql.fetch(Item, "id", sorted({s.line.item_id for s in stored}))}
        for each in stored:
            each.line.item = items[each.line.item_id]


def currency_digits(orders: Sequence[Order]) -> dict[int, int]:
    """Decimals of each currency; those that came with the orders are not asked again."""
    known = {order.currency_id: order.currency.digits for order in orders if "currency" in order._state.fields_cache}
    ids = {order.currency_id for order in orders} - set(known)
    asked = sql.fetch(Currency, "id", sorted(ids)) if ids else []
    return known | {currency.pk: currency.digits for currency in asked}


def _plan_order(
    change: Change, plan: _Plan, order: Order, draft: Draft, stored: list[StoredLine], digits: int
) -> Money:
    known = {s.line.uid: s for s in stored}
    open_lines = [s for s in stored if s.is_open]
    if "lines" not in draft.lines:
        for each in open_lines:
            _follow_header(plan, order, each, change.touched(order, "wanted_on"))
        return total_of([Money(s.line.net, s.line.tax) for s in stored])
    moneys = [Money(s.line.net, s.line.tax) for s in stored if not s.is_open]
    kept: set[int] = set()
    position = max((s.line.position for s in stored), default=0)
    for line in draft.lines["lines"]:
        values = _complete(plan, order, line, digits)
        if values is None:
            continue
        moneys.append(Money(values["net"], values["tax"]))
        old = known.get(line.uid) if line.uid else None
        if line.uid and (old is None or not old.is_open):
            plan.problems[f"lines-{line.index}"] = _("This line is gone. Load the page again.")
        elif old is None:
            position += 10
            _add(change, plan, order, position, values)
        else:
            kept.add(old.line.pk)
            _alter(change, plan, order, old, line, values)
    for gone in (s for s in open_lines if s.line.pk not in kept):
        moneys.append(_remove(change, plan, order, gone, digits))
    return total_of(moneys)


def _complete(plan: _Plan, order: Order, line: LineDraft, digits: int) -> dict[str, Any] | None:
    """Fill what the item or the order's head says when the line does not; refuse what cannot be agreed."""
    path = f"lines-{line.index}"
    values = dict(line.values)
    item, quantity = values.get("item"), values.get("quantity")
    if item is None or quantity is None or any(name.startswith(f"{path}-") for name in plan.problems):
        return None
    unit: Unit = item.unit
    if quantity <= 0:
        plan.problems[f"{path}-quantity"] = _("More than nothing.")
    elif not fits_unit(quantity, unit.decimals):
        plan.problems[f"{path}-quantity"] = _("%(unit)s is counted with %(decimals)s decimals.") % {
            "unit": unit.code,
            "decimals": unit.decimals,
        }
    price = values.get("price")
    values["price"] = price = price if price is not None else (item.price or ZERO)
    rate = values.get("tax_rate")
    values["tax_rate"] = rate = rate if rate is not None else (item.tax_rate or ZERO)
    if price < 0 or not 0 <= rate < 1:
        wrong = "price" if price < 0 else "tax_rate"
        plan.problems[f"{path}-{wrong}"] = _("Not below zero.") if price < 0 else _("Write it like 13% or 0.13.")
    elif quantity * price > MAX_LINE:
        plan.problems[f"{path}-quantity"] = _("This number is too large.")
    if any(name.startswith(path) for name in plan.problems):
        return None
    money = price_line(quantity, price, rate, digits)
    return {**values, "unit_id": unit.pk, "net": money.net, "tax": money.tax}


def _add(change: Change, plan: _Plan, order: Order, position: int, values: dict[str, Any]) -> None:
    row = {"uid": uuid7(), "order_id": order.pk, "position": position, **_columns(values)}
    plan.lines.append(row)
    plan.promises.append(
        {
            "company_id": order.company_id,
            "direction": Direction.OUT if order.side == Order.Side.SELL else Direction.IN,
            "item_id": values["item"].pk,
            "site_id": order.site_id,
            "quantity": values["quantity"],
            "due_on": values.get("wanted_on") or order.wanted_on,
        }
    )
    for name in LOGGED:
        if values.get(name) not in (None, ""):
            change.note(order, f"lines/{position}/{name}", None, told(values[name]))


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    names = ("description", "quantity", "price", "tax_rate", "wanted_on", "unit_id", "net", "tax")
    return {"item_id": values["item"].pk, **{name: values.get(name, "") for name in names}}


def _alter(change: Change, plan: _Plan, order: Order, old: StoredLine, line: LineDraft, values: dict[str, Any]) -> None:
    """Change a stored line and, with it, its last commitment; what was delivered stays as it is."""
    columns = _columns(values)
    changed = {name: value for name, value in columns.items() if getattr(old.line, name) != value}
    if old.moved and "item_id" in changed:
        plan.problems[f"lines-{line.index}-item"] = _("Some of it was delivered. Add a new line instead.")
    if values["quantity"] < old.moved:
        plan.problems[f"lines-{line.index}-quantity"] = _("%(moved)s were delivered already.") % {"moved": old.moved}
    if changed:
        plan.line_changes[old.line.pk] = changed
    last = next(c for c in reversed(old.commitments) if c.state != Commitment.State.CLOSED)
    quantity = last.quantity + values["quantity"] - old.line.quantity
    if quantity < last.moved:
        plan.problems.setdefault(f"lines-{line.index}-quantity", _("Change the later deliveries of this line first."))
    wanted = {"item_id": columns["item_id"], "quantity": quantity, "site_id": order.site_id}
    follows = values.get("wanted_on") is None and change.touched(order, "wanted_on")
    if "wanted_on" in changed or follows:
        wanted["due_on"] = values.get("wanted_on") or order.wanted_on
    revised = {name: value for name, value in wanted.items() if getattr(last, name) != value}
    if revised:
        plan.promise_changes[last.pk] = revised
    for name in LOGGED:
        before = getattr(old.line, "item_id" if name == "item" else name)
        after = values["item"].pk if name == "item" else values.get(name)
        if before != after:
            label = f"lines/{old.line.position}/{name}"
            change.note(order, label, told(old.line.item) if name == "item" else before, told(values.get(name)))


def _follow_header(plan: _Plan, order: Order, stored: StoredLine, moved: bool) -> None:
    """The order's site is the site of all that is still promised; lines without a day of their own follow its day."""
    for each in stored.commitments:
        if each.state == Commitment.State.CLOSED:
            continue
        wanted: dict[str, Any] = {"site_id": order.site_id}
        if moved and stored.line.wanted_on is None:
            wanted["due_on"] = order.wanted_on
        revised = {name: value for name, value in wanted.items() if getattr(each, name) != value}
        if revised:
            plan.promise_changes[each.pk] = revised


def _remove(change: Change, plan: _Plan, order: Order, gone: StoredLine, digits: int) -> Money:
    """Take a line off; what was delivered of it is still owed, and its money is answered."""
    plan.removed.append(gone)
    money = price_line(gone.moved, gone.line.price or ZERO, gone.line.tax_rate or ZERO, digits)
    gone.line.net, gone.line.tax = money.net, money.tax
    change.note(
        order, f"lines/{gone.line.position}", {"label": str(gone.line.item), "quantity": gone.line.quantity}, None
    )
    return money


def _apply(plan: _Plan, *, firm: bool) -> None:
    """Write the plan: commitments before the schedule lines that own them, each table in one statement."""
    ids = commitments.draft_commitments(plan.promises)
    lines = sql.insert(OrderLine, plan.lines) if plan.lines else []
    schedule = [{"line_id": line, "sequence": 1, "commitment_id": pk} for line, pk in zip(lines, ids, strict=True)]
    if schedule:
        sql.insert(ScheduleLine, schedule, returning=False)
    if firm:
        due: dict[int, date] = {pk: row["due_on"] for pk, row in zip(ids, plan.promises, strict=True)}
        commitments.promise_new(due)
    if plan.line_changes:
        sql.set_values(OrderLine, plan.line_changes)
    commitments.revise(plan.promise_changes)
    _drop(plan.removed, firm=firm)


def _drop(removed: Sequence[StoredLine], *, firm: bool) -> None:
    """A draft line goes without a trace but the log's; a promised one stays with what was delivered and is closed."""
    if not removed:
        return
    promised = [c for stored in removed for c in stored.commitments]
    if firm:
        left = {s.line.pk: {"quantity": s.moved, "net": s.line.net, "tax": s.line.tax} for s in removed}
        sql.set_values(OrderLine, left)
        commitments.revise({c.pk: {"quantity": c.moved} for c in promised})
        commitments.close_commitments(promised)
        return
    sql.delete(ScheduleLine, "line_id", [s.line.pk for s in removed])
    sql.delete(OrderLine, "pk", [s.line.pk for s in removed])
    commitments.remove_drafts([c.pk for c in promised])
