"""Visits: who goes to which customer to fit goods at home, and what became of it.

A visit is taken on, set out on, and ends: done, proven by the customer's code or signature, or not done, for a reason.
An order has one under way at most, and another where something is left to be fitted. After five wrong codes in a row
none counts for the order for a quarter of an hour, whoever says it. All is decided under the lock of the order's
booking.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from loopline.db import Conn, execute, fetch, statements
from loopline.kernel.failures import Failures, after_failure
from loopline.kernel.ids import OrderId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.slots import store
from loopline.slots.model import Booking, BookingState, Way

SQL = statements(__file__)
SIGNED_MOST = 60


class Outcome(StrEnum):
    """What became of a visit; `called_off`: its order was, before the fitter was there."""

    DONE = "done"
    NOT_DONE = "not_done"
    CALLED_OFF = "called_off"


class WhyNotDone(StrEnum):
    """Why nothing was fitted, or not all of it."""

    NOBODY_HOME = "nobody_home"
    NOT_READY = "not_ready"
    DOES_NOT_FIT = "does_not_fit"
    NOT_WANTED = "not_wanted"
    DAMAGED = "damaged"


class Proof(StrEnum):
    """What the customer gave for it: the code of the order's page, or a name signed on the fitter's phone."""

    CODE = "code"
    SIGNATURE = "signature"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's way to a customer. `by`: who goes; `number` counts the ways to one order from 1."""

    order_id: OrderId
    number: int
    site_id: SiteId
    by: str
    taken_at: datetime
    set_out_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    reason: WhyNotDone | None = None
    proof: Proof | None = None
    signed_by: str | None = None

    @property
    def is_on_the_way(self) -> bool:
        """Whether somebody set out and has not said what became of it."""
        return self.set_out_at is not None and self.ended_at is None


class VisitOfAnother(Refusal, frozen=True, kw_only=True):
    """Somebody else goes to this customer."""

    order_id: OrderId


class NoVisitToMake(Refusal, frozen=True, kw_only=True):
    """Nobody is to go there: the order has no hour at home, was fitted, or was called off."""

    order_id: OrderId


class NotTakenOn(Refusal, frozen=True, kw_only=True):
    """Nobody took this visit on yet: take it on, then set out."""

    order_id: OrderId


class NotOnTheWay(Refusal, frozen=True, kw_only=True):
    """Take the visit on and say that you are on the way, before you say how it went."""

    order_id: OrderId


class VisitCodeWrong(Refusal, frozen=True, kw_only=True):
    """That is not the code of this order: the customer finds it on the order's page, six digits."""

    order_id: OrderId


class VisitCodeLocked(Refusal, frozen=True, kw_only=True):
    """Too many wrong codes: none counts for this order until {until}. A name and a photo of the goods still do."""

    order_id: OrderId
    until: datetime


class CodeFailures(Failures, frozen=True, kw_only=True):
    """The wrong codes that were said of an order, in a row."""

    order_id: OrderId


class NotSigned(Refusal, frozen=True, kw_only=True):
    """Whoever has no code signs with a name of at most {most} characters."""

    most: int = SIGNED_MOST


def visits_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, list[Visit]]:
    """Return the visits of orders, each in its order; an order without one is left out. Locks nothing."""
    found: dict[OrderId, list[Visit]] = {}
    for one in fetch(conn, SQL["visits_of_orders"], Visit, order_ids=sorted(set(order_ids))):
        found.setdefault(one.order_id, []).append(one)
    return found


def lock_visits(
    conn: Conn, order_ids: Collection[OrderId]
) -> tuple[dict[OrderId, Booking], dict[OrderId, Visit]]:
    """Lock the bookings of orders by order; returns those that stand for home, and the last visit of each order."""
    booked = {
        one.order_id: one
        for one in store.lock_bookings(conn, order_ids)
        if one.way is Way.AT_HOME and one.state is BookingState.HELD
    }
    return booked, {order_id: found[-1] for order_id, found in visits_of_orders(conn, booked).items()}


def taken_on(last: Visit | None, booking: Booking, *, by: str, now: datetime) -> Visit | Refusal:
    """Return the visit of somebody who takes it on: a new one, or that of a colleague who has not set out. Pure."""
    if last is None or last.ended_at is not None:
        number = 1 if last is None else last.number + 1
        return Visit(order_id=booking.order_id, number=number, site_id=booking.site_id, by=by, taken_at=now)
    if last.by == by:
        return last
    return (
        VisitOfAnother(order_id=booking.order_id) if last.set_out_at else replace(last, by=by, taken_at=now)
    )


def set_out(last: Visit | None, *, order_id: OrderId, by: str, now: datetime) -> Visit | Refusal:
    """Return the visit of somebody who sets out, who took it on before; said twice, it is said once. Pure."""
    if last is None or last.ended_at is not None:
        return NotTakenOn(order_id=order_id)
    if last.by != by:
        return VisitOfAnother(order_id=order_id)
    return last if last.set_out_at is not None else replace(last, set_out_at=now)


def on_the_way(last: Visit | None, *, order_id: OrderId, by: str) -> Visit | Refusal:
    """Return the visit that somebody is on, or why there is none. Pure."""
    if last is None or not last.is_on_the_way:
        return NotOnTheWay(order_id=order_id)
    return last if last.by == by else VisitOfAnother(order_id=order_id)


def failures_of(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, Failures]:
    """Return the wrong codes that were said of orders; none is left out. The caller has locked the bookings."""
    found = fetch(conn, SQL["code_failures"], CodeFailures, order_ids=sorted(set(order_ids)))
    return {one.order_id: one for one in found}


def judge_code(failures: Failures, *, order_id: OrderId, is_right: bool, now: datetime) -> Refusal | None:
    """Return why a code ends nothing: it is wrong, or too many were. What is refused as wrong counts. Pure."""
    until = failures.closed_until(now)
    if until is None and is_right:
        return None
    if until is None:
        until = after_failure(failures, now=now).closed_until(now)
    if until is None:
        return VisitCodeWrong(order_id=order_id)
    return VisitCodeLocked(order_id=order_id, until=until)


def count_codes(
    conn: Conn, wrong: Mapping[OrderId, Failures], right: Collection[OrderId], *, now: datetime
) -> list[tuple[OrderId, datetime]]:
    """Count a wrong code for orders, of what was counted before, and forget those of others; returns what is locked now
    that was not, with until when. The caller has locked the bookings.
    """
    counted = {
        order_id: after_failure(before, now=now)
        for order_id, before in wrong.items()
        if before.closed_until(now) is None
    }
    if counted:
        execute(
            conn,
            SQL["write_code_failures"],
            order_ids=list(counted),
            failures=[one.failures for one in counted.values()],
            locked_until=[one.locked_until for one in counted.values()],
            now=now,
        )
    if right:
        execute(conn, SQL["forget_code_failures"], order_ids=sorted(set(right)))
    return [(order_id, one.locked_until) for order_id, one in counted.items() if one.locked_until is not None]


def done(visit: Visit, proof: Proof, signed_by: str, *, now: datetime) -> Visit | Refusal:
    """Return a visit that ends well; a signature is a name. Pure."""
    name = signed_by.strip()
    if proof is Proof.SIGNATURE and not 0 < len(name) <= SIGNED_MOST:
        return NotSigned()
    return replace(
        visit,
        ended_at=now,
        outcome=Outcome.DONE,
        proof=proof,
        signed_by=name if proof is Proof.SIGNATURE else None,
    )


def not_done(visit: Visit, reason: WhyNotDone, *, now: datetime) -> Visit:
    """Return a visit that ends without anything fitted. Pure."""
    return replace(visit, ended_at=now, outcome=Outcome.NOT_DONE, reason=reason)


def write_visits(conn: Conn, visits: Sequence[Visit]) -> None:
    """Write visits as they stand, new ones too. The caller has locked their bookings."""
    if visits:
        execute(conn, SQL["write_visits"], visits=msgspec.json.encode(visits).decode())


def end_called_off(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> None:
    """End the visits under way of orders that were called off. The caller has locked their bookings."""
    if order_ids:
        execute(conn, SQL["end_called_off"], order_ids=sorted(set(order_ids)), now=now)


def orders_on_the_way(conn: Conn, order_ids: Collection[OrderId]) -> set[OrderId]:
    """Return those of some orders to whose customers somebody is on the way. Locks nothing."""
    found = visits_of_orders(conn, order_ids) if order_ids else {}
    return {order_id for order_id, of_order in found.items() if of_order[-1].is_on_the_way}


def forget_signatures(conn: Conn, order_ids: Collection[OrderId]) -> int:
    """Forget who signed for orders, because their customers are forgotten; returns how many did."""
    return execute(conn, SQL["forget_signatures"], order_ids=sorted(set(order_ids))) if order_ids else 0
