"""All bindings of ports: where an upper room has a say in a lower room's verb."""

from __future__ import annotations

from guantong.fusion.approvals import APPROVE_ORDERS, approve_large_orders
from guantong.trade.orders.ports import before_confirm

BINDINGS = [(before_confirm, approve_large_orders, (APPROVE_ORDERS,))]


def bind_all() -> None:
    for port, check, permissions in BINDINGS:
        port.bind(check, permissions=permissions)
