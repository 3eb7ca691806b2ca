"""Apply messages: an order is placed, its money taken, called off, by the stages that do so for everybody.

What a message needs and does not find yet, it waits for; what it says and cannot be done keeps it in quarantine with
the refusal. All orders of one transaction go before their money, and that before their calling off.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

import msgspec

from loopline import inbox, orders, org
from loopline.customers.keys import KeyRing
from loopline.db import Conn
from loopline.inbox import Change, Message, MessageId, MessageState
from loopline.kernel.ids import LineId, OrderId, PaymentId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import Line, Order
from loopline.payments import NewPayment
from loopline.processes import lend
from loopline.processes.cancel import Cancellation, UnitsToCancel, UnpaidOnlyWhole, cancel
from loopline.processes.pay import take_payments
from loopline.processes.receive.calling_off import give_back_called_off
from loopline.processes.receive.reading import Cancelled, Created, Paid, Said, read_message
from loopline.processes.receive.sealing import open_message
from loopline.processes.receive.tests_aside import set_tests_aside, tell_of_tests
from loopline.processes.take_in import Incoming, place_messages

PLATFORM = "platform"
"""The method of money that a channel took and gives back by itself."""
_OPEN = frozenset({MessageState.RECEIVED, MessageState.WAITING})
_SYSTEM = "system"
S = TypeVar("S", Created, Paid, Cancelled)


class OrderNotKnownYet(Refusal, frozen=True, kw_only=True):
    """Order {external_number} of {channel} is not known yet: the message is applied as soon as it is."""

    channel: str
    external_number: str


class PaidInAnotherCurrency(Refusal, frozen=True, kw_only=True):
    """The message says money in {currency}; the order is in {expected}."""

    currency: str
    expected: str


class NotInTheOrder(Refusal, frozen=True, kw_only=True):
    """The order has no {units} units of {sku_code} that could be called off."""

    sku_code: str
    units: int


class SenderMayNotMoveMoney(Refusal, frozen=True, kw_only=True):
    """Whoever sent this may not say that money moved: somebody who confirms payments can replay it."""


class BrokeWhileApplied(Refusal, frozen=True, kw_only=True):
    """Something in this message broke what it was given to, and nothing of it was done. It was written down."""


class _One(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was read, with what its sender's branch reaches."""

    message: Message
    said: Said
    scope: Scope


_Outcome: TypeAlias = OrderId | Refusal
_Group: TypeAlias = list[tuple[_One, S]]


def apply_messages(
    conn: Conn, message_ids: Sequence[MessageId], *, ring: KeyRing, now: datetime
) -> dict[MessageId, MessageState]:
    """Try messages that are to be tried, in the order in which they came; returns where each stands now.

    What a rival applied meanwhile is passed by. A message reaches what the branch of its sender reaches now. Locks the
    messages by id, then what placing, taking money and cancelling lock: give it messages of one kind, so that these
    keep to one order.
    """
    found = [one for one in inbox.lock_messages(conn, message_ids) if one.state in _OPEN]
    outcomes: dict[MessageId, _Outcome] = {}
    read: list[_One] = []
    scopes = {one: org.branch_scope(conn, one) for one in {message.branch_id for message in found}}
    for message in found:
        said = _said(message, ring)
        if isinstance(said, Refusal):
            outcomes[message.id] = said
        else:
            read.append(_One(message=message, said=said, scope=scopes[message.branch_id]))
    aside = set_tests_aside(conn, [(one.message, one.said, one.scope) for one in read], now=now)
    outcomes |= aside.outcomes
    read = [one for one in read if one.message.id not in aside.outcomes]
    outcomes |= _place(conn, [(one, one.said) for one in read if isinstance(one.said, Created)], now=now)
    outcomes |= _take(conn, [(one, one.said) for one in read if isinstance(one.said, Paid)], now=now)
    outcomes |= _call_off(conn, [(one, one.said) for one in read if isinstance(one.said, Cancelled)], now=now)
    changes = [_change(message, outcomes[message.id], now=now) for message in found]
    inbox.change_messages(conn, changes, now=now)
    tell_of_tests(conn, aside, now=now)
    return {change.message_id: change.state for change in changes}


def set_aside(conn: Conn, message_id: MessageId, *, now: datetime) -> None:
    """Put a message into quarantine that broke what it was given to. Locks it."""
    broken = [
        _change(one, BrokeWhileApplied(), now=now)
        for one in inbox.lock_messages(conn, [message_id])
        if one.state in _OPEN
    ]
    inbox.change_messages(conn, broken, now=now)


def _said(message: Message, ring: KeyRing) -> Said | Refusal:
    body = open_message(message, ring=ring)
    return body if isinstance(body, Refusal) else read_message(body)


def _change(message: Message, outcome: _Outcome, *, now: datetime) -> Change:
    if not isinstance(outcome, Refusal):
        return Change(
            message_id=message.id,
            state=MessageState.APPLIED,
            actor=_SYSTEM,
            order_id=outcome,
            is_try=True,
        )
    waits = isinstance(outcome, OrderNotKnownYet | UnpaidOnlyWhole)
    return Change(
        message_id=message.id,
        state=MessageState.WAITING if waits else MessageState.QUARANTINED,
        actor=_SYSTEM,
        reason=inbox.reason_of(outcome),
        next_try_at=inbox.next_look(message.received_at, now=now) if waits else None,
        is_try=True,
    )


# ------------------------------------------------------------------------------------------------------------- placing


def _place(conn: Conn, group: _Group[Created], *, now: datetime) -> dict[MessageId, _Outcome]:
    if not group:
        return {}
    incoming = [
        Incoming(message=said.message(told_at=one.message.received_at), scope=one.scope)
        for one, said in group
    ]
    placed = place_messages(conn, incoming, now=now)
    lend.note_stated(
        conn,
        {
            outcome.order_id: (said.channel, said.order.placed_at or now, said.order.ship_by)
            for (_, said), outcome in zip(group, placed, strict=True)
            if said.order.ship_by is not None and not isinstance(outcome, Refusal)
        },
    )
    return {
        one.message.id: outcome if isinstance(outcome, Refusal) else outcome.order_id
        for (one, _), outcome in zip(group, placed, strict=True)
    }


# --------------------------------------------------------------------------------------------------------------- money


def _take(conn: Conn, group: _Group[Paid], *, now: datetime) -> dict[MessageId, _Outcome]:
    """Record what channels took; what was called off of an order the channel has given back with it."""
    outcomes, going = _with_orders(conn, group, _refusal_of_money)
    payments = [
        NewPayment(
            id=PaymentId(made),
            key=f"{PLATFORM}:{head.id}:{said.payment.reference}",
            order_id=head.id,
            method=PLATFORM,
            entity_id=head.seller_entity_id,
            currency=head.currency,
            amount_minor=said.payment.amount_minor,
            taken_at=said.payment.taken_at or one.message.received_at,
            is_moment_said=said.payment.taken_at is not None,
        )
        for (one, said, head), made in zip(going, uuid7s(now, len(going)), strict=True)
    ]
    taken = take_payments(conn, payments, now=now) if payments else []
    for (one, _, head), outcome in zip(going, taken, strict=True):
        outcomes[one.message.id] = outcome if isinstance(outcome, Refusal) else head.id
    give_back_called_off(conn, [head.id for _, _, head in going], now=now)
    return outcomes


def _refusal_of_money(one: _One, said: Paid, head: Order) -> Refusal | None:
    if not one.message.may_move_money:
        return SenderMayNotMoveMoney()
    stated = said.payment.currency
    if stated is not None and stated != head.currency:
        return PaidInAnotherCurrency(currency=stated, expected=head.currency)
    return None


# --------------------------------------------------------------------------------------------------------- calling off


def _call_off(conn: Conn, group: _Group[Cancelled], *, now: datetime) -> dict[MessageId, _Outcome]:
    """Cancel orders, or units of them, in the order in which the messages came.

    One at a time, because each takes of what the one before it left: as many as there are messages, of which a
    transaction has few hundred.
    """
    outcomes, going = _with_orders(conn, group, lambda _one, _said, _head: None)
    for one, said, head in going:
        lines = _units_of(said, orders.lines_by_orders(conn, [head.id])) if said.lines else ()
        if isinstance(lines, Refusal):
            outcomes[one.message.id] = lines
            continue
        asked = Cancellation(order_id=head.id, lines=lines, actor=one.message.sender)
        (outcome,) = cancel(conn, [asked], scope=one.scope, now=now)
        outcomes[one.message.id] = outcome if isinstance(outcome, Refusal) else head.id
    return outcomes


def _units_of(said: Cancelled, lines: Sequence[Line]) -> tuple[UnitsToCancel, ...] | Refusal:
    """Find the units a message names in an order's lines, the first lines first."""
    left = {line.line_id: line.parked + line.held + line.allocated for line in lines}
    taken: dict[LineId, int] = {}
    for wanted in said.lines:
        units = wanted.units
        for line in lines:
            if line.code == wanted.sku_code and units:
                here = min(units, left[line.line_id])
                left[line.line_id] -= here
                units -= here
                if here:
                    taken[line.line_id] = taken.get(line.line_id, 0) + here
        if units:
            return NotInTheOrder(sku_code=wanted.sku_code, units=wanted.units)
    return tuple(UnitsToCancel(line_id=line_id, units=units) for line_id, units in taken.items())


def _with_orders(
    conn: Conn, group: _Group[S], refuse: Callable[[_One, S, Order], Refusal | None]
) -> tuple[dict[MessageId, _Outcome], list[tuple[_One, S, Order]]]:
    """Find the orders messages speak of. One of another branch is to a sender as if it did not exist yet."""
    heads = _heads(conn, group)
    outcomes: dict[MessageId, _Outcome] = {}
    going: list[tuple[_One, S, Order]] = []
    for one, said in group:
        head = heads.get((said.channel, said.external_number))
        if head is None or not one.scope.covers_site(head.site_id):
            outcomes[one.message.id] = OrderNotKnownYet(
                channel=said.channel, external_number=said.external_number
            )
            continue
        refusal = refuse(one, said, head)
        if refusal is not None:
            outcomes[one.message.id] = refusal
        else:
            going.append((one, said, head))
    return outcomes, going


def _heads(conn: Conn, group: _Group[S]) -> Mapping[tuple[str, str], Order]:
    if not group:
        return {}
    numbers = sorted({(said.channel, said.external_number) for _, said in group})
    ids = orders.order_ids_by_external_numbers(conn, numbers)
    heads = {head.id: head for head in orders.orders_by_ids(conn, list(ids.values()))}
    return {number: heads[order_id] for number, order_id in ids.items() if order_id in heads}
