"""Promise: who waits gets the goods that came, holds that ran out are given back, broken promises are mended."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from loopline import catalogue, orders, stock
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment_queries
from loopline.fulfilment.model import Task, TaskState, WithdrawnUnits
from loopline.kernel.events import Event, event
from loopline.kernel.ids import AllocationId, NodeId, OrderId, SiteId, SkuId, TaskId
from loopline.orders import CancelledLine, Delivery, Line, LineChange, LineUnitsMoved, Order, ParkedLine
from loopline.payments import queries as payments_queries
from loopline.payments.rules import URGENT
from loopline.processes.amounts import part_amounts
from loopline.processes.calling import take_calls_back, wake_called
from loopline.processes.coupons.standing import come_back, is_let_off
from loopline.processes.must_ship_from import fillable
from loopline.processes.outcomes import all_as_read, all_granted
from loopline.processes.quotas import lost_units
from loopline.processes.refund import give_back, told_of
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.turn import take_turn, takes_turn_to_give_back
from loopline.processes.withdraw import hold_again
from loopline.stock import BrokenAllocation, BrokenPromises


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """Units whose promise a fact had broken: to be sourced elsewhere, or waiting for goods."""

    to_source_units: int
    parked_units: int


class RanOut(msgspec.Struct, frozen=True, kw_only=True):
    """Holds that were given back unpaid, of how many orders, and how long after its moment each was, the oldest first.

    Among the orders are those that held nothing and waited for goods.
    """

    holds: int
    orders: int
    late: tuple[timedelta, ...] = ()


PAGES_LOOKED_THROUGH = 20
"""How many pages of lines that wait are read to find one page that goods can be held for."""
NOTHING_RAN_OUT = RanOut(holds=0, orders=0)


def fill_parked(conn: Conn, *, sku_ids: Sequence[SkuId] | None, now: datetime, limit: int) -> int:
    """Hold goods for lines that wait for some SKUs (None: for any), those that wait longest first; returns the units.

    Fills no more than `limit` lines, all of SKUs of which something is free somewhere that they may be sent from. A
    line gets what there is, which may be a part of what it waits for. At most as many orders that hold some of
    `sku_ids`, and wait for a site that has or can send them, are due from now on.
    """
    take_turn(conn)
    filled = _fill(conn, orders.parked_sku_ids(conn) if sku_ids is None else sku_ids, now=now, limit=limit)
    orders.wake_for_goods(conn, sku_ids or (), now=now, limit=limit)
    return filled


def _fill(conn: Conn, sku_ids: Sequence[SkuId], *, now: datetime, limit: int) -> int:
    wanted = _free_somewhere(conn, sku_ids)
    waiting, heads = _waiting(conn, wanted, now=now, limit=limit) if wanted else ([], {})
    if not waiting:
        return 0
    held = stock.hold_units(conn, _hold_asks(conn, waiting, heads), now=now)
    order_of = {line.line_id: line.order_id for line in waiting}
    filled = [line for outcome in all_granted(held) for line in outcome.lines if line.units]
    changes = [
        LineChange(order_id=order_of[line.line_id], line_id=line.line_id, parked=-line.units, held=line.units)
        for line in filled
    ]
    all_as_read(orders.change_lines(conn, changes, now=now))
    by_order: dict[OrderId, list[LineUnitsMoved]] = {}
    for line in filled:
        moved = LineUnitsMoved(line_id=line.line_id, units=line.units)
        by_order.setdefault(order_of[line.line_id], []).append(moved)
    log.append(
        conn,
        [
            event(orders.LinesUnparked(order_id=order_id, lines=tuple(lines)), subject=order_id, at=now)
            for order_id, lines in by_order.items()
        ],
    )
    return sum(line.units for line in filled)


def _waiting(
    conn: Conn, sku_ids: Sequence[SkuId], *, now: datetime, limit: int
) -> tuple[list[ParkedLine], dict[OrderId, Order]]:
    """The lines that goods can be held for, those that wait longest first, with their orders.

    Nobody waits behind those whose goods must ship from sites that have none: they are passed over, page by page.
    """
    networks = {code: terms.network_node_id for code, terms in orders.channels_by_code(conn).items()}
    found: list[ParkedLine] = []
    heads: dict[OrderId, Order] = {}
    taken: Counter[tuple[SiteId, SkuId]] = Counter()
    after: ParkedLine | None = None
    for _ in range(PAGES_LOOKED_THROUGH):
        page = orders.parked_lines(conn, sku_ids, limit=limit, after=after)
        heads |= {
            head.id: head for head in orders.orders_by_ids(conn, list({line.order_id for line in page}))
        }
        # What ran out unpaid is about to be cancelled: a hold for it would be over as it is made.
        going = [line for line in page if _is_due(line, heads[line.order_id], now)]
        found += fillable(conn, going, heads, networks=networks, taken=taken)
        if len(page) < limit or len(found) >= limit:
            break
        after = page[-1]
    return found[:limit], heads


def _is_due(line: ParkedLine, head: Order, now: datetime) -> bool:
    """Whether a line gets goods that come now: what was sold ahead once it is paid, other lines until they run out."""
    if head.pay_until is None:
        return True
    return line.ships_on is None and head.pay_until > now


def expire_holds(conn: Conn, *, now: datetime, limit: int) -> int:
    """Give back holds that ran out unpaid, at most `limit`, the oldest first, and cancel what they stood for.

    What the same orders still wait for is cancelled with them, and what was paid of it by a gateway goes back. Orders
    whose gateway was asked whether they are paid, and has not answered, are passed over for `URGENT` at most. Returns
    how many holds ran out.
    """
    return run_out(conn, now=now, limit=limit).holds


def run_out(conn: Conn, *, now: datetime, limit: int) -> RanOut:
    """Do what `expire_holds` does, and tell how late it was.

    Waits for no turn. Locks stock, then orders, and only then reads what their lines still wait for: whoever pays,
    calls off, parks or fills the same orders came before, or comes after. Of several at once one does the work; the
    others find nothing to do.
    """
    if not takes_turn_to_give_back(conn):
        return NOTHING_RAN_OUT
    asked = payments_queries.orders_awaiting_gateway(conn, now=now, grace=URGENT)
    expired = stock.expire_holds(conn, now=now, limit=limit, kept=asked)
    # What holds nothing has no hold that could run out: an order that only waits for goods, unpaid, ends all the same.
    unheld = orders.overdue_without_goods(conn, now=now, limit=limit, kept=asked)
    order_ids = list(dict.fromkeys([*(one.order_id for one in expired), *unheld]))
    if not order_ids:
        return NOTHING_RAN_OUT
    orders.lock_orders(conn, order_ids)
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    held = {one.line_id: one.units for one in expired}
    cancelled = [
        (line, line.parked, held.get(line.line_id, 0))
        for line in orders.lines_by_orders(conn, order_ids)
        if line.parked or line.line_id in held
    ]
    changes = [
        LineChange(
            order_id=line.order_id,
            line_id=line.line_id,
            parked=-parked,
            held=-units,
            cancelled=parked + units,
        )
        for line, parked, units in cancelled
    ]
    all_granted(orders.change_lines(conn, changes, now=now, ran_out=True))
    by_order: dict[OrderId, list[tuple[Line, int]]] = {}
    for line, parked, units in cancelled:
        by_order.setdefault(line.order_id, []).append((line, parked + units))
    told = [
        _cancelled(heads[order_id], by_order[order_id], now) for order_id in order_ids if order_id in by_order
    ]
    given = give_back(conn, orders.orders_by_ids(conn, order_ids), now=now)
    told += [one for back in given for one in told_of(back, now)]
    told += come_back(conn, {line.order_id for line, _, _ in cancelled if is_let_off(line)}, now=now)
    log.append(conn, [*told, *shortfall_events(expired, now=now)])
    return RanOut(
        holds=len(expired), orders=len(order_ids), late=tuple(now - one.expires_at for one in expired)
    )


def mend_promises(conn: Conn, *, now: datetime, limit: int) -> Mended:
    """Mend promises that facts broke, looking at no more than `limit` shortfalls of each kind.

    Allocated units that a shelf has not got any more go back to their hold, to be sourced elsewhere; what is already
    packed is there, whatever the books say, and stays. Held units that no shelf has are parked until goods come; what
    quotas have left goes before them.
    """
    to_source = mend_allocations(conn, now=now, limit=limit)
    return Mended(to_source_units=to_source, parked_units=mend_holds(conn, now=now, limit=limit))


def mend_allocations(conn: Conn, *, now: datetime, limit: int) -> int:
    """The first half of mending: take work back whose goods are gone; returns the units to be sourced again.

    Locks tasks, days, then goods. A shortage that was covered a moment ago may be mended once more: no harm but work.
    """
    take_turn(conn)
    return _take_back_work(conn, _broken_unpacked(conn, limit=limit), now=now)


def mend_holds(conn: Conn, *, now: datetime, limit: int) -> int:
    """The second half of mending: what nothing is behind any more goes from quotas, then from orders, who wait for it.

    Returns how many held units were parked.
    """
    take_turn(conn)
    broken, called_back = _locked_broken_promises(conn, limit=limit, now=now)
    lost = stock.lose_quota_units(conn, broken.quotas, now=now)
    holds = broken.holds
    releases = [stock.Release(line_id=one.line_id, units=one.units, is_lost=True) for one in holds]
    released = all_granted(stock.release_holds(conn, releases, now=now))
    changes = [
        LineChange(order_id=one.order_id, line_id=one.line_id, held=-one.units, parked=one.units)
        for one in holds
    ]
    all_granted(orders.change_lines(conn, changes, now=now))
    wake_called(conn, [OrderId(one.subject) for one in called_back], now=now)
    by_order: dict[OrderId, list[LineUnitsMoved]] = {}
    for one in holds:
        by_order.setdefault(one.order_id, []).append(LineUnitsMoved(line_id=one.line_id, units=one.units))
    parked = [
        event(orders.LinesParked(order_id=order_id, lines=tuple(lines)), subject=order_id, at=now)
        for order_id, lines in by_order.items()
    ]
    told = [*called_back, *parked, *(lost_units(one, now=now) for one in lost)]
    log.append(conn, [*told, *shortfall_events([*lost, *released], now=now)])
    return sum(one.units for one in holds)


def _locked_broken_promises(
    conn: Conn, *, limit: int, now: datetime
) -> tuple[BrokenPromises, Sequence[Event]]:
    """Look, lock what was seen, and look again: a rival may have mended it in between.

    Calls for what orders may hold no more are taken back before goods are locked; returns what is to be told of them.
    """
    seen = stock.broken_promises(conn, limit=limit)
    if not seen.quotas and not seen.holds:
        return seen, ()
    called_back = take_calls_back(conn, list({one.order_id for one in seen.holds}), now=now)
    stock.lock_stock(
        conn,
        [(one.node_id, one.sku_id) for one in seen.quotas],
        line_ids=[one.line_id for one in seen.holds],
    )
    lines, quotas = {one.line_id for one in seen.holds}, {one.quota_id for one in seen.quotas}
    again = stock.broken_promises(conn, limit=limit)
    found = BrokenPromises(
        quotas=tuple(one for one in again.quotas if one.quota_id in quotas),
        holds=tuple(one for one in again.holds if one.line_id in lines),
    )
    return found, called_back


def _free_somewhere(conn: Conn, sku_ids: Sequence[SkuId]) -> list[SkuId]:
    """SKUs of which a network can still promise something: nobody is to wait behind those who wait in vain."""
    networks = {terms.network_node_id for terms in orders.channels_by_code(conn).values()}
    pairs = [(node_id, sku_id) for node_id in networks for sku_id in sku_ids]
    found = stock.free_at_nodes(conn, [node_id for node_id, _ in pairs], [sku_id for _, sku_id in pairs])
    return list({one.sku_id for one in found if one.free > one.held})


def _hold_asks(conn: Conn, waiting: Sequence[ParkedLine], heads: dict[OrderId, Order]) -> list[stock.HoldAsk]:
    channels = orders.channels_by_code(conn)
    leaves: dict[SiteId | None, NodeId] = {}
    for leaf in stock.leaves(conn):
        leaves.setdefault(leaf.site_id, leaf.id)
    asks: list[stock.HoldAsk] = []
    for line in waiting:
        head = heads[line.order_id]
        bound_to_site = head.delivery is not Delivery.DELIVER
        node_id = leaves[head.site_id] if bound_to_site else channels[head.channel].network_node_id
        wanted = stock.HoldAskLine(
            line_id=line.line_id, node_id=node_id, sku_id=line.sku_id, units=line.parked
        )
        asks.append(
            stock.HoldAsk(
                order_id=line.order_id, lines=(wanted,), expires_at=head.pay_until, short=stock.OnShort.PART
            )
        )
    return asks


def _cancelled(head: Order, lines: Sequence[tuple[Line, int]], now: datetime) -> Event:
    body = orders.LinesCancelled(
        order_id=head.id,
        channel=head.channel,
        site_id=head.site_id,
        currency=head.currency,
        whole=head.allocated == 0 and head.handed_over == 0,
        lines=tuple(
            CancelledLine(
                line_id=line.line_id,
                kind=line.kind,
                sku_id=line.sku_id,
                units=units,
                # From the far end of the line: what is handed over is counted from the near one.
                amount_minor=part_amounts(
                    line, units_before=line.units - line.cancelled - units, units=units
                )[0],
            )
            for line, units in lines
        ),
    )
    return event(body, subject=head.id, at=now)


def _take_back_work(conn: Conn, broken: Sequence[BrokenAllocation], *, now: datetime) -> int:
    """Take units whose goods are gone out of their tasks and put them back to be sourced; returns the units.

    What leaves with them in one parcel goes back with them, whole: it is sourced together again.
    """
    held = hold_again(conn, _withdrawn(conn, broken), now=now)
    log.append(conn, held.told)
    return held.units


def _withdrawn(conn: Conn, broken: Sequence[BrokenAllocation]) -> dict[TaskId, tuple[WithdrawnUnits, ...]]:
    """By task: the units whose goods are gone, and all units of what leaves in one parcel with them."""
    if not broken:
        return {}
    tasks = fulfilment_queries.tasks_of_orders(conn, list({one.order_id for one in broken}))
    lines = fulfilment_queries.lines_of_tasks(conn, [task.task_id for task in tasks])
    words = catalogue.companions_of(conn, list({one.sku_id for of_task in lines.values() for one in of_task}))
    gone = {one.allocation_id: one.units for one in broken}
    found: dict[TaskId, tuple[WithdrawnUnits, ...]] = {}
    for task_id, of_task in lines.items():
        torn = {words.get(one.sku_id) for one in of_task if one.allocation_id in gone} - {None}
        units = {
            one.allocation_id: one.left if words.get(one.sku_id) in torn else gone.get(one.allocation_id, 0)
            for one in of_task
        }
        wanted = tuple(
            WithdrawnUnits(allocation_id=one, units=count) for one, count in units.items() if count
        )
        if wanted:
            found[task_id] = wanted
    return found


def _broken_unpacked(conn: Conn, *, limit: int) -> list[BrokenAllocation]:
    """Allocated units whose goods are gone, of work that is not packed yet: what is packed has its goods in hand."""
    kept: set[AllocationId] = set()
    while True:
        broken = stock.broken_allocations(conn, kept=kept, limit=limit)
        work = _work_of(conn, broken)
        packed = {
            one.allocation_id: work[one.allocation_id].site_id
            for one in broken
            if one.allocation_id in work and work[one.allocation_id].state is TaskState.PACKED
        }
        if packed.keys() <= kept:
            return broken
        sku_ids = {one.sku_id for one in broken}
        kept.update(
            packed, fulfilment_queries.packed_allocations(conn, set(packed.values()), sku_ids=sku_ids)
        )


def _work_of(conn: Conn, broken: Sequence[BrokenAllocation]) -> dict[AllocationId, Task]:
    """The task that each allocation is part of."""
    if not broken:
        return {}
    tasks = fulfilment_queries.tasks_of_orders(conn, list({one.order_id for one in broken}))
    lines = fulfilment_queries.lines_of_tasks(conn, [task.task_id for task in tasks])
    return {line.allocation_id: task for task in tasks for line in lines[task.task_id]}
