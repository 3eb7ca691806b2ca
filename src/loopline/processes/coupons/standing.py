"""Where coupons stand with their orders: paying spends them, and they come back with what they took something off.

What is called off or brought back frees a coupon in its own transaction, after its orders are locked.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from loopline import orders
from loopline.db import Conn
from loopline.kernel.events import Event, event
from loopline.kernel.ids import CouponId, LineId, OrderId, ReturnId
from loopline.orders import Line, Order
from loopline.pricing.coupons import (
    Coupon,
    CouponsCameBack,
    LineOff,
    Use,
    give_back,
    line_offs,
    lock_coupons_of_orders,
    lock_to_retake,
    retake_coupons,
    spend_coupons,
)
from loopline.processes.fund import discounts_of_lines
from loopline.returns.exchanges import KeptExchange, exchanges_of_orders


def is_let_off(line: Line) -> bool:
    """Tell whether a line costs less than its list price: where none does, no coupon took anything off."""
    return (line.list_unit_minor or 0) * line.units > line.amount_minor


def spend_held(conn: Conn, lines: Sequence[Line], *, now: datetime) -> None:
    """Spend the coupons that orders hold which are paid now; `lines` are all of theirs."""
    spend_coupons(conn, {line.order_id for line in lines if is_let_off(line)}, now=now)


def come_back(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> list[Event]:
    """Free the coupons of orders that have nothing left of what these took something off; returns what is to be told.

    All or nothing: as long as one unit stays with the customer, the coupon is spent, and the parts that come back are
    paid back at what was paid for them. So any order of partial returns ends as the whole return does. Goods that were
    exchanged at the old price stand for the old ones, however often: the new order has what the coupon took off, and
    its return is looked at as the old one's. The caller holds the orders, and has moved their lines. Locks the coupons,
    and reads lines after that: of two who bring back the last parts, of the old order and of the new, the second frees.
    """
    exchanged = _exchanges_around(conn, order_ids)
    taken = lock_coupons_of_orders(conn, {*order_ids, *(one.order_id for one in exchanged)})
    if not taken:
        return []
    of_orders = {one.order_id for one in taken if one.order_id is not None}
    offs = line_offs(conn, of_orders)
    later = sorted({one.new_order_id for one in exchanged if one.new_order_id is not None} - of_orders)
    lines = orders.lines_by_orders(conn, [*sorted(of_orders), *later])
    gone = {line.line_id: line.cancelled + line.returned >= line.units for line in lines}
    kept = _kept(conn, taken, exchanged, lines) if later else {}
    over = [one for one in taken if _is_over(one, offs, kept.get(one.id, ()), gone)]
    back = give_back(conn, over, now=now)
    by_order: dict[OrderId, list[CouponId]] = {}
    for one in back:
        if one.order_id is not None:
            by_order.setdefault(one.order_id, []).append(one.id)
    return [
        event(CouponsCameBack(order_id=order_id, coupon_ids=tuple(coupon_ids)), subject=order_id, at=now)
        for order_id, coupon_ids in by_order.items()
    ]


def _is_over(
    coupon: Coupon, offs: Sequence[LineOff], kept: Collection[LineId], gone: Mapping[LineId, bool]
) -> bool:
    lines = [off.line_id for off in offs if (off.order_id, off.coupon_id) == (coupon.order_id, coupon.id)]
    return bool(lines) and all(gone[line_id] for line_id in (*lines, *kept))


def _exchanges_around(conn: Conn, order_ids: Collection[OrderId]) -> list[KeptExchange]:
    """Return the exchanges that orders are part of, and those of the orders before and after them."""
    found: dict[ReturnId, KeptExchange] = {}
    asked: set[OrderId] = set()
    asking = set(order_ids)
    while asking:
        asked |= asking
        found |= {one.id: one for one in exchanges_of_orders(conn, sorted(asking))}
        around = {one.order_id for one in found.values()} | {one.new_order_id for one in found.values()}
        asking = {order_id for order_id in around if order_id is not None} - asked
    return list(found.values())


def _kept(
    conn: Conn, coupons: Sequence[Coupon], exchanged: Sequence[KeptExchange], lines: Sequence[Line]
) -> dict[CouponId, list[LineId]]:
    """Return, of each coupon, the lines of later orders whose price keeps what it took off.

    Their discounts name its batch, of which an order takes one coupon.
    """
    let_off = {line.order_id for line in lines if is_let_off(line)}
    of_lines = discounts_of_lines(conn, [line for line in lines if line.order_id in let_off])
    found: dict[CouponId, list[LineId]] = {}
    for coupon in coupons:
        later = _after(coupon.order_id, exchanged)
        found[coupon.id] = [
            line.line_id
            for line in lines
            if line.order_id in later
            and any(
                one.promotion_id == coupon.batch_id and one.coupon_id is None
                for one in of_lines.get(line.line_id, ())
            )
        ]
    return found


def _after(order_id: OrderId | None, exchanged: Sequence[KeptExchange]) -> set[OrderId]:
    """Return the orders that took the place of what came back of one, and of these."""
    found: set[OrderId] = set()
    asking: set[OrderId] = set() if order_id is None else {order_id}
    while asking:
        new = {
            one.new_order_id for one in exchanged if one.order_id in asking and one.new_order_id is not None
        }
        asking = new - found
        found |= asking
    return found


def lost_to_others(conn: Conn, order_ids: Collection[OrderId]) -> tuple[set[OrderId], list[LineOff]]:
    """Return which orders that were called off cannot have their coupons again, and what those took off the others.

    Waits for nobody. The coupons that are free again are kept from others to the end of the transaction.
    """
    offs = line_offs(conn, order_ids)
    free = lock_to_retake(conn, offs)
    has: dict[CouponId, OrderId] = {}
    for off in offs:
        if off.coupon_id in free:
            has.setdefault(off.coupon_id, off.order_id)
    lost = {off.order_id for off in offs if has.get(off.coupon_id) != off.order_id}
    return lost, [off for off in offs if off.order_id not in lost]


def retake(conn: Conn, heads: Mapping[OrderId, Order], offs: Sequence[LineOff], *, now: datetime) -> None:
    """Spend coupons again on orders that are wanted again, paid as they are."""
    lines: dict[tuple[OrderId, CouponId], list[tuple[LineId, int]]] = {}
    for off in offs:
        if off.order_id in heads:
            lines.setdefault((off.order_id, off.coupon_id), []).append((off.line_id, off.amount_minor))
    uses = [
        Use(
            coupon_id=coupon_id,
            order_id=order_id,
            is_spent=True,
            order_minor=heads[order_id].amount_minor,
            lines=tuple(of_coupon),
        )
        for (order_id, coupon_id), of_coupon in lines.items()
    ]
    retake_coupons(conn, uses, now=now)
