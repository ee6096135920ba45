"""Gross to net of one item, period by period, and the planned orders that follow.

Conventions (Orlicky's grid): receipts and requirements happen at the start of their period;
projected available is counted at its end; a net requirement is what gross plus safety stock
exceeds the available by. At most one planned order per source and due period.
"""

from __future__ import annotations

from guantong.engines.netting.jit import compiled
from guantong.engines.netting.lots import least_unit_cost, silver_meal, wagner_whitin
from guantong.engines.netting.prepared import MAX_QUANTITY, Book, Prepared, Scratch

PERIOD, SILVER_MEAL, LEAST_UNIT_COST, WAGNER_WHITIN = 2, 3, 4, 5


@compiled
def lot(wanted: int, minimum: int, multiple: int) -> int:
    """`wanted` raised to the minimum and then to a multiple."""
    quantity = max(wanted, minimum)
    if multiple > 1:
        quantity = (quantity + multiple - 1) // multiple * multiple
    return quantity


@compiled
def write_order(source: int, due: int, release: int, quantity: int, prepared: Prepared, book: Book) -> bool:
    """Append a planned order; False when its quantity is beyond `MAX_QUANTITY`."""
    start = quantity
    good = prepared.yield_numerator[source]
    started = prepared.yield_denominator[source]
    if good != started:
        if quantity > MAX_QUANTITY // started * good:
            return False
        start = (quantity * started + good - 1) // good
    if quantity > MAX_QUANTITY or start > MAX_QUANTITY:
        return False
    order = book.used[0]
    book.order_source[order] = source
    book.order_due[order] = due
    book.order_release[order] = release
    book.order_quantity[order] = quantity
    book.order_start[order] = start
    book.used[0] = order + 1
    return True


@compiled
def pick_source(item: int, due: int, prepared: Prepared, scratch: Scratch) -> int:
    """Place in the item's list of the source of the next order, -1 if none is valid.

    Lowest priority number first; among equals the one with the least allocated per share, then
    the first. Sources with no share, or too little left of their limit, do not count.
    """
    first = prepared.item_source_first[item]
    best = -1
    best_source = -1
    for place in range(prepared.item_source_first[item + 1] - first):
        source = prepared.item_source[first + place]
        if due < prepared.source_from[source] or due >= prepared.source_to[source]:
            continue
        share = prepared.source_share[source]
        left = scratch.limit_left[place]
        if share == 0 or 0 <= left < prepared.source_multiple[source]:
            continue
        if best < 0:
            best = place
            best_source = source
            continue
        if prepared.source_priority[source] != prepared.source_priority[best_source]:
            break
        behind = scratch.allocated[place] * prepared.source_share[best_source]
        if behind < scratch.allocated[best] * share:
            best = place
            best_source = source
    return best


@compiled
def order_from_sources(item: int, due: int, wanted: int, prepared: Prepared, book: Book, scratch: Scratch) -> int:
    """Order at least `wanted` from the valid sources; returns the quantity ordered, -1 on overflow."""
    first = prepared.item_source_first[item]
    ordered = 0
    while ordered < wanted:
        place = pick_source(item, due, prepared, scratch)
        if place < 0:
            break
        source = prepared.item_source[first + place]
        multiple = prepared.source_multiple[source]
        quantity = lot(wanted - ordered, prepared.source_minimum[source], multiple)
        left = scratch.limit_left[place]
        if left >= 0:
            quantity = min(quantity, left // multiple * multiple)
            scratch.limit_left[place] = left - quantity
        release = prepared.back[prepared.source_route[source], due]
        if not write_order(source, due, release, quantity, prepared, book):
            return -1
        scratch.allocated[place] += quantity
        ordered += quantity
    return ordered


@compiled
def start_sources(item: int, prepared: Prepared, scratch: Scratch) -> None:
    """Reset what is left of each source's limit and what is allocated to it."""
    first = prepared.item_source_first[item]
    for place in range(prepared.item_source_first[item + 1] - first):
        scratch.limit_left[place] = prepared.source_limit[prepared.item_source[first + place]]
        scratch.allocated[place] = 0


@compiled
def fill_net(period: int, net: int, horizon: int, scratch: Scratch) -> None:
    """Net requirements from `period` on, given the first: each is what deepens the deficit."""
    deficit = net
    deepest = net
    scratch.net[period] = net
    for later in range(period + 1, horizon):
        deficit += scratch.gross[later] - scratch.receipts[later]
        scratch.net[later] = max(deficit - deepest, 0)
        deepest = max(deepest, deficit)


@compiled
def covered(item: int, period: int, prepared: Prepared, scratch: Scratch) -> int:
    """Net requirements that the item's lot rule puts into one lot at `period`.

    Reads `scratch.net` from `period` on, and `scratch.reach` for Wagner-Whitin.
    """
    horizon = prepared.horizon
    rule = prepared.rule[item]
    setup = prepared.setup_cost[item]
    holding = prepared.holding_cost[item]
    if rule == PERIOD:
        after = min(period + prepared.cover[item], horizon)
    elif rule == SILVER_MEAL:
        after = silver_meal(scratch.net, period, horizon, setup, holding)
    elif rule == LEAST_UNIT_COST:
        after = least_unit_cost(scratch.net, period, horizon, setup, holding)
    else:
        after = scratch.reach[period]
    total = 0
    for later in range(period, after):
        total += scratch.net[later]
    return total


@compiled
def renew_net(item: int, period: int, net: int, prepared: Prepared, scratch: Scratch) -> None:
    """Net requirements from `period` on, and the best plan for them under Wagner-Whitin."""
    horizon = prepared.horizon
    fill_net(period, net, horizon, scratch)
    if prepared.rule[item] == WAGNER_WHITIN:
        scratch.setup[:] = prepared.setup_cost[item]
        holding = prepared.holding_cost[item]
        wagner_whitin(scratch.net, period, horizon, scratch.setup, holding, scratch.reach, scratch.cost)


@compiled
def straight_sweep(item: int, prepared: Prepared, book: Book, scratch: Scratch) -> int:
    """Plan an item of one unlimited source, lot for lot or by periods; 0 fine, -1 on overflow.

    The common case of `sweep`, with the same result.
    """
    gross, receipts = scratch.gross, scratch.receipts
    source = prepared.item_source[prepared.item_source_first[item]]
    back = prepared.back[prepared.source_route[source]]
    minimum, multiple = prepared.source_minimum[source], prepared.source_multiple[source]
    good, started = prepared.yield_numerator[source], prepared.yield_denominator[source]
    largest = MAX_QUANTITY // started * good
    order_source, order_due, order_release = book.order_source, book.order_due, book.order_release
    order_quantity, order_start = book.order_quantity, book.order_start
    cover = prepared.cover[item] if prepared.rule[item] == PERIOD else 1
    fence = prepared.fence[item]
    order = book.used[0]
    wanted_stock = prepared.safety_stock[item]
    available = prepared.on_hand[item]
    for period in range(prepared.horizon):
        available += receipts[period]
        quantity = gross[period] + wanted_stock - available
        if quantity > 0 and period >= fence:
            deficit = quantity
            for later in range(period + 1, min(period + cover, prepared.horizon)):
                deficit += gross[later] - receipts[later]
                quantity = max(quantity, deficit)
            quantity = max(quantity, minimum)
            if multiple > 1:
                quantity = (quantity + multiple - 1) // multiple * multiple
            if quantity > largest:
                return -1
            order_source[order] = source
            order_due[order] = period
            order_release[order] = back[period]
            order_quantity[order] = quantity
            order_start[order] = (quantity * started + good - 1) // good
            order += 1
            available += quantity
        available -= gross[period]
    book.used[0] = order
    return 0


@compiled
def sweep(item: int, prepared: Prepared, book: Book, scratch: Scratch) -> int:
    """Plan one item from `scratch.gross` and `scratch.receipts`; 0 fine, -1 on overflow.

    Appends its orders to the book in order of due period.
    """
    rule = prepared.rule[item]
    if prepared.single[item] == 1 and rule <= PERIOD:
        return straight_sweep(item, prepared, book, scratch)
    start_sources(item, prepared, scratch)
    available = prepared.on_hand[item]
    known = False
    for period in range(prepared.horizon):
        available += scratch.receipts[period]
        net = scratch.gross[period] + prepared.safety_stock[item] - available
        if net > 0 and period >= prepared.fence[item]:
            wanted = net
            if rule >= PERIOD:
                if not known:
                    renew_net(item, period, net, prepared, scratch)
                wanted = covered(item, period, prepared, scratch)
            ordered = order_from_sources(item, period, wanted, prepared, book, scratch)
            if ordered < 0:
                return -1
            known = ordered == wanted
            available += ordered
        available -= scratch.gross[period]
    return 0


@compiled
def net_flow(item: int, period: int, available: int, open_supply: int, prepared: Prepared, scratch: Scratch) -> int:
    """Net flow position: on hand plus open supply less demand of today and spikes ahead."""
    qualified = scratch.gross[period]
    last = min(period + prepared.spike_horizon[item], prepared.horizon - 1)
    for later in range(period + 1, last + 1):
        if scratch.gross[later] > prepared.spike_threshold[item]:
            qualified += scratch.gross[later]
    return available + open_supply - qualified


@compiled
def buffer_sweep(item: int, prepared: Prepared, book: Book, scratch: Scratch) -> int:
    """Plan one item by its DDMRP buffer: each period review the net flow, order up to green.

    An order is released in the period of the review and due a lead time later; reviews whose
    order would not be later than the last one, or beyond the horizon, are left out. 0 fine, -1 on
    overflow.
    """
    start_sources(item, prepared, scratch)
    first_order = book.used[0]
    available = prepared.on_hand[item]
    open_supply = 0
    for period in range(prepared.horizon):
        open_supply += scratch.receipts[period]
    arriving = first_order
    last_due = -1
    for period in range(prepared.horizon):
        available += scratch.receipts[period]
        open_supply -= scratch.receipts[period]
        while arriving < book.used[0] and book.order_due[arriving] <= period:
            available += book.order_quantity[arriving]
            open_supply -= book.order_quantity[arriving]
            arriving += 1
        position = net_flow(item, period, available, open_supply, prepared, scratch)
        if position <= prepared.top_of_yellow[item] and position < prepared.top_of_green[item]:
            place = pick_source(item, period, prepared, scratch)
            if place >= 0:
                source = prepared.item_source[prepared.item_source_first[item] + place]
                due = prepared.forward[prepared.source_route[source], period]
                if last_due < due < prepared.horizon and due >= prepared.fence[item]:
                    wanted = prepared.top_of_green[item] - position
                    multiple = prepared.source_multiple[source]
                    quantity = lot(wanted, prepared.source_minimum[source], multiple)
                    left = scratch.limit_left[place]
                    if left >= 0:
                        quantity = min(quantity, left // multiple * multiple)
                        scratch.limit_left[place] = left - quantity
                    if not write_order(source, due, period, quantity, prepared, book):
                        return -1
                    scratch.allocated[place] += quantity
                    open_supply += quantity
                    last_due = due
                    if due == period:
                        available += quantity
                        open_supply -= quantity
                        arriving += 1
        available -= scratch.gross[period]
    return 0
