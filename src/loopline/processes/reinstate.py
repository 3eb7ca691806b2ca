"""Reinstate: an order that was cancelled for want of payment, and whose payment came after all, is wanted again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loopline import orders, stock
from loopline.db import Conn
from loopline.kernel.events import Event, event
from loopline.kernel.ids import LineId, NodeId, OrderId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.orders import (
    CancelledLine,
    Delivery,
    Line,
    LineChange,
    LineKind,
    LineUnitsMoved,
    OnShortage,
    Order,
)
from loopline.processes.amounts import part_amounts
from loopline.processes.coupons.standing import lost_to_others, retake
from loopline.processes.outcomes import all_granted
from loopline.processes.place.ahead import kept_for_waiting

LevelKey = tuple[NodeId, SkuId]


def nodes_of_lines(conn: Conn, heads: Sequence[Order], lines: Sequence[Line]) -> dict[LineId, LevelKey]:
    """Return where the goods lines of orders hold their units: the leaf of their site, or their channel's network."""
    if not heads:
        return {}
    channels = orders.channels_by_code(conn)
    leaves: dict[SiteId | None, NodeId] = {}
    for leaf in stock.leaves(conn):
        leaves.setdefault(leaf.site_id, leaf.id)
    by_id = {head.id: head for head in heads}
    found: dict[LineId, LevelKey] = {}
    for line in lines:
        head = by_id.get(line.order_id)
        if head is None or line.sku_id is None or line.kind is not LineKind.GOODS:
            continue
        bound_to_site = head.delivery is not Delivery.DELIVER
        node_id = leaves.get(head.site_id) if bound_to_site else channels[head.channel].network_node_id
        if node_id is not None:
            found[line.line_id] = (node_id, line.sku_id)
    return found


def reinstate(conn: Conn, cancelled: Sequence[Order], *, now: datetime) -> list[Event]:
    """Hold again what paid orders were cancelled of, whole or, where the order said so, in part with the rest parked.

    An order for which too little is left, or whose coupon another order has, stays cancelled and holds nothing; what
    those wait for who bought ahead is not left. Returns what is to be told. The caller holds the stock and the orders.
    """
    if not cancelled:
        return []
    lines = orders.lines_by_orders(conn, [head.id for head in cancelled])
    nodes = nodes_of_lines(conn, cancelled, lines)
    wanted: dict[OrderId, list[Line]] = {}
    for line in lines:
        if line.cancelled and line.line_id in nodes:
            wanted.setdefault(line.order_id, []).append(line)
    lost, offs = lost_to_others(conn, [head.id for head in cancelled if head.id in wanted])
    asked = [head for head in cancelled if head.id in wanted and head.id not in lost]
    asks = [_hold_ask(head, wanted[head.id], nodes) for head in asked]
    kept = kept_for_waiting(conn, {line.sku_id for ask in asks for line in ask.lines})
    held = stock.hold_units(conn, asks, now=now, ahead=kept)
    back = [(head, one) for head, one in zip(asked, held, strict=True) if not isinstance(one, Refusal)]
    units = {line.line_id: line.units for _, one in back for line in one.lines}
    changes = [_change(line, units.get(line.line_id, 0)) for head, _ in back for line in wanted[head.id]]
    all_granted(orders.change_lines(conn, changes, now=now))
    orders.set_paid(conn, [head.id for head, _ in back], now=now)
    retake(conn, {head.id: head for head, _ in back}, offs, now=now)
    return [told for head, _ in back for told in _told(head, wanted[head.id], units, now)]


def _hold_ask(head: Order, lines: Sequence[Line], nodes: Mapping[LineId, LevelKey]) -> stock.HoldAsk:
    return stock.HoldAsk(
        order_id=head.id,
        lines=tuple(
            stock.HoldAskLine(
                line_id=line.line_id,
                node_id=nodes[line.line_id][0],
                sku_id=nodes[line.line_id][1],
                units=line.cancelled,
            )
            for line in lines
        ),
        expires_at=None,
        short=stock.OnShort.PART if head.on_shortage is OnShortage.PARK else stock.OnShort.REFUSE,
    )


def _change(line: Line, held: int) -> LineChange:
    return LineChange(
        order_id=line.order_id,
        line_id=line.line_id,
        cancelled=-line.cancelled,
        held=held,
        parked=line.cancelled - held,
    )


def _told(head: Order, lines: Sequence[Line], held: Mapping[LineId, int], now: datetime) -> list[Event]:
    body = orders.LinesReinstated(
        order_id=head.id,
        channel=head.channel,
        site_id=head.site_id,
        currency=head.currency,
        lines=tuple(
            CancelledLine(
                line_id=line.line_id,
                kind=line.kind,
                sku_id=line.sku_id,
                units=line.cancelled,
                amount_minor=part_amounts(
                    line, units_before=line.units - line.cancelled, units=line.cancelled
                )[0],
            )
            for line in lines
        ),
    )
    told = [event(body, subject=head.id, at=now)]
    parked = tuple(
        LineUnitsMoved(line_id=line.line_id, units=line.cancelled - held.get(line.line_id, 0))
        for line in lines
        if line.cancelled > held.get(line.line_id, 0)
    )
    if parked:
        told.append(event(orders.LinesParked(order_id=head.id, lines=parked), subject=head.id, at=now))
    return told
