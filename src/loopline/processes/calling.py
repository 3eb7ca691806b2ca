"""Calling: parcels are put to several sites at once, and calls that nobody claimed end.

While a call is out its goods stay held where they are, and its order is put off until the deadline. Whatever changes
what the order holds meanwhile makes it due again, and the wave that looks at it takes its calls back first.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.fulfilment import calls
from loopline.fulfilment.calls import Call, CallLine, CallSite, CallState, OpenCall
from loopline.fulfilment.events import CalledWork, CallEnded, CallsOpened
from loopline.kernel.events import Event, event
from loopline.kernel.ids import CallId, LineId, OrderId, SkuId, uuid7s
from loopline.orders import PutOff, WaitsFor
from loopline.sourcing.offers import CalledParcel


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """What a wave finds of calls. `called`: orders whose calls stay out; `called_before`: that nobody claimed in time.

    `told`: what is to be told of the calls that ended.
    """

    called: frozenset[OrderId] = frozenset()
    called_before: frozenset[OrderId] = frozenset()
    told: tuple[Event, ...] = ()


NOTHING_CALLED = TakenBack()


def take_due_calls_back(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> TakenBack:
    """End the calls of orders that are due, and leave those of orders that a rival wave put to sites a moment ago.

    The caller has the turn: nobody else opens a call. Locks the open calls by id.
    """
    known = calls.calls_of_orders(conn, order_ids)
    if not known:
        return NOTHING_CALLED
    locked = calls.lock_calls_of_orders(conn, order_ids)
    heads = {head.id: head for head in orders.orders_by_ids(conn, list({call.order_id for call in locked}))}
    out = frozenset(
        head.id for head in heads.values() if head.source_after is not None and head.source_after > now
    )
    told = end_calls(conn, [call for call in locked if call.order_id not in out], now=now)
    return TakenBack(
        called=out,
        called_before=frozenset(
            call.order_id
            for call in known
            if call.state is CallState.LAPSED or (call.state is CallState.OPEN and call.deadline <= now)
        ),
        told=tuple(told),
    )


def take_calls_back(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> list[Event]:
    """End the open calls of orders; returns what is to be told. Locks them by id, before tasks, days and goods."""
    return end_calls(conn, calls.lock_calls_of_orders(conn, order_ids), now=now)


def end_calls(conn: Conn, locked: Sequence[Call], *, now: datetime) -> list[Event]:
    """End open calls that are locked; returns what is to be told."""
    return [
        event(CallEnded(call_id=call.call_id, order_id=call.order_id, end=end), subject=call.order_id, at=now)
        for call, end in calls.end_calls(conn, locked, now=now)
    ]


def wake_called(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> None:
    """Source at once what orders still hold whose calls were taken back. Locks their rows by id."""
    orders.put_off(
        conn,
        [
            PutOff(order_id=order_id, waits_for=WaitsFor.CLAIM, until=now)
            for order_id in sorted(set(order_ids))
        ],
    )


def call_sites(
    conn: Conn, parcels: Sequence[CalledParcel], *, currency: str, now: datetime
) -> tuple[list[CallId], list[Event]]:
    """Put parcels to several sites each, and let their orders wait; returns the calls and what is to be told.

    All calls of an order end at once, with the one that has the least time: the order waits for them as a whole, and no
    call ends sooner than it said. Locks the orders by id.
    """
    deadlines: dict[OrderId, datetime] = {}
    for one in parcels:
        order_id, ends = one.parcel.order_id, now + one.answer_within
        deadlines[order_id] = min(ends, deadlines.get(order_id, ends))
    opened = [
        OpenCall(
            call_id=CallId(call_id),
            order_id=one.parcel.order_id,
            currency=currency,
            deadline=deadlines[one.parcel.order_id],
            sites=tuple(
                CallSite(site_id=site.site_id, metres=site.metres, cost_minor=max(0, site.cost_minor))
                for site in one.candidates
            ),
            lines=_call_lines(one),
            temperature_class=one.parcel.temperature_class,
        )
        for one, call_id in zip(parcels, uuid7s(now, len(parcels)), strict=True)
    ]
    calls.open_calls(conn, opened, now=now)
    by_order: dict[OrderId, list[OpenCall]] = {}
    for call in opened:
        by_order.setdefault(call.order_id, []).append(call)
    orders.put_off(
        conn,
        [
            PutOff(order_id=order_id, waits_for=WaitsFor.CLAIM, until=deadlines[order_id])
            for order_id in by_order
        ],
    )
    told = [
        event(
            CallsOpened(order_id=order_id, calls=tuple(map(_called_work, of_order))), subject=order_id, at=now
        )
        for order_id, of_order in by_order.items()
    ]
    return [call.call_id for call in opened], told


def _call_lines(one: CalledParcel) -> tuple[CallLine, ...]:
    """What a parcel is for, whatever leaves it was to come from."""
    units: dict[tuple[LineId, SkuId], int] = {}
    for line in one.parcel.lines:
        units[line.line_id, line.sku_id] = units.get((line.line_id, line.sku_id), 0) + line.units
    return tuple(
        CallLine(line_id=line_id, sku_id=sku_id, units=count) for (line_id, sku_id), count in units.items()
    )


def _called_work(call: OpenCall) -> CalledWork:
    return CalledWork(
        call_id=call.call_id,
        site_ids=tuple(site.site_id for site in call.sites),
        deadline=call.deadline,
        units=sum(line.units for line in call.lines),
    )
