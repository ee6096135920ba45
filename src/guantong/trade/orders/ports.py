"""Where upper rooms have a say in trade: approval of large orders, credit, budget, supplier qualification."""

from guantong.core.ports import CheckPort

before_confirm = CheckPort("trade.orders.before_confirm")
"""Asked with the locked orders when they are confirmed, and again when a confirmed order is amended."""
