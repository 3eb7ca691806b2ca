"""Shift: a till's drawer from count to count, in the books of the company whose drawer it is.

What a count finds more or less than should be there is booked at once. What comes later was in the drawer when it was
counted: it stood in the books as a surplus, and is taken out of that again when it comes. A drop to the bank and money
brought for change stay the company's cash; only what is paid for something small leaves it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, log
from loopline.kernel.events import EventBody, event
from loopline.kernel.ids import EntityId, EntryId, OrderId, ReturnId, SiteId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.payments import queries as payments_queries
from loopline.payments import shifts
from loopline.payments.cash import CASH, EXCHANGE
from loopline.payments.shifts import (
    CashMove,
    CloseShift,
    Counted,
    KeptMove,
    MoveKind,
    NewShift,
    OpenShift,
    Shift,
    ShiftClosed,
    TillMoney,
)
from loopline.processes.accounts import Accounts
from loopline.processes.look_up import PERSON_ACTOR
from loopline.processes.money import OVER_THE_COUNTER
from loopline.processes.outcomes import all_granted


class ShiftOpened(EventBody, frozen=True, kw_only=True):
    """A shift of a till began with a counted float."""

    shift_id: UUID
    till_id: UUID
    site_id: SiteId
    currency: str
    float_minor: int
    difference_minor: int


class ShiftEnded(EventBody, frozen=True, kw_only=True):
    """A shift of a till was closed with a count."""

    shift_id: UUID
    till_id: UUID
    site_id: SiteId
    z_number: int
    currency: str
    counted_minor: int
    difference_minor: int


class CashMoved(EventBody, frozen=True, kw_only=True):
    """Somebody put cash into a drawer (positive) or took it out."""

    move_id: UUID
    shift_id: UUID
    kind: MoveKind
    currency: str
    amount_minor: int


class CameLater(EventBody, frozen=True, kw_only=True):
    """Money of a shift came after its count."""

    move_id: UUID
    shift_id: UUID
    kind: MoveKind
    method: str
    currency: str
    amount_minor: int


class _Booked(msgspec.Struct, frozen=True, kw_only=True):
    """What a drawer has more than the books said (negative: less), against the account that says why."""

    key: str
    subject: UUID
    entity_id: EntityId
    against: Purpose
    currency: str
    amount_minor: int


def begin_shift(conn: Conn, wanted: NewShift, *, now: datetime) -> OpenShift | Refusal:
    """Open a shift of a till with a counted float, and book where it is not what the shift before left."""
    outcome = shifts.open_shift(conn, wanted, now=now)
    if isinstance(outcome, Refusal) or outcome.is_repeat:
        return outcome
    one = outcome.shift
    _book(conn, [_difference(one, "opening", one.opening_difference_minor)], now=now)
    body = ShiftOpened(
        shift_id=one.id,
        till_id=one.till_id,
        site_id=one.site_id,
        currency=one.currency,
        float_minor=one.float_minor,
        difference_minor=one.opening_difference_minor,
    )
    log.append(conn, [event(body, subject=one.id, at=now, actor=f"{PERSON_ACTOR}{one.opened_by}")])
    return outcome


def end_shift(conn: Conn, wanted: CloseShift, *, scope: Scope, now: datetime) -> ShiftClosed | Refusal:
    """Close a shift with a count, and book what the drawer had more or less than it should."""
    outcome = shifts.close_shift(conn, wanted, scope=scope, now=now)
    if isinstance(outcome, Refusal) or outcome.is_repeat:
        return outcome
    one = outcome.shift
    _book(conn, [_difference(one, "count", one.difference_minor)], now=now)
    body = ShiftEnded(
        shift_id=one.id,
        till_id=one.till_id,
        site_id=one.site_id,
        z_number=one.z_number or 0,
        currency=one.currency,
        counted_minor=one.counted_minor or 0,
        difference_minor=one.difference_minor,
    )
    log.append(conn, [event(body, subject=one.id, at=now, actor=f"{PERSON_ACTOR}{wanted.closed_by}")])
    return outcome


def hand_over(
    conn: Conn, wanted: CloseShift, following: NewShift, *, scope: Scope, now: datetime
) -> OpenShift | Refusal:
    """Close a shift and open the next of its till with the same count: what one leaves, the other answers for.

    Of `following` only its id and who opens it say something new: drawer, place and count are those of the shift.
    """
    closed = end_shift(conn, wanted, scope=scope, now=now)
    if isinstance(closed, Refusal):
        return closed
    one = closed.shift
    taken_over = NewShift(
        id=following.id,
        till_id=one.till_id,
        site_id=one.site_id,
        entity_id=one.entity_id,
        currency=one.currency,
        opened_by=following.opened_by,
        pieces=one.counted_pieces or (),
        taken_over_from=one.id,
    )
    return begin_shift(conn, taken_over, now=now)


def move_cash(conn: Conn, wanted: CashMove, *, scope: Scope, now: datetime) -> KeptMove | Refusal:
    """Put cash into a drawer or take it out, once; what is paid for something small is booked."""
    outcome = shifts.move_cash(conn, wanted, scope=scope, now=now)
    if isinstance(outcome, Refusal) or outcome.is_repeat:
        return outcome
    of = shifts.shift_by_id(conn, wanted.shift_id, scope=scope)
    assert of is not None, "money was just moved in it"
    if outcome.kind is MoveKind.PETTY_CASH:
        _book(
            conn,
            [
                _Booked(
                    key=f"drawer:{outcome.id}:petty",
                    subject=outcome.id,
                    entity_id=of.entity_id,
                    against=Purpose.PETTY_CASH,
                    currency=of.currency,
                    amount_minor=outcome.amount_minor,
                )
            ],
            now=now,
        )
    body = CashMoved(
        move_id=outcome.id,
        shift_id=of.id,
        kind=outcome.kind,
        currency=of.currency,
        amount_minor=outcome.amount_minor,
    )
    log.append(conn, [event(body, subject=of.id, at=now, actor=wanted.moved_by)])
    return outcome


def keep_in_shifts(conn: Conn, moved: Sequence[TillMoney], *, now: datetime) -> None:
    """Let what sales and refunds moved belong to shifts, and book what comes after a count. The till is held before."""
    new = shifts.keep_money(conn, moved, now=now)
    late = [(one, one.shift_id) for one in new if one.counted is Counted.LATER and one.shift_id is not None]
    if not late:
        return
    of = {one.id: one for one in shifts.shifts_by_ids(conn, {shift_id for _, shift_id in late})}
    booked = [
        _Booked(
            key=f"drawer:{one.id}:later",
            subject=shift_id,
            entity_id=of[shift_id].entity_id,
            against=Purpose.CASH_DIFFERENCE,
            currency=one.currency,
            amount_minor=-one.amount_minor,
        )
        for one, shift_id in late
        if one.method == CASH
    ]
    _book(conn, booked, now=now)
    log.append(
        conn,
        [
            event(
                CameLater(
                    move_id=one.id,
                    shift_id=shift_id,
                    kind=one.kind,
                    method=one.method,
                    currency=one.currency,
                    amount_minor=one.amount_minor,
                ),
                subject=shift_id,
                at=now,
            )
            for one, shift_id in late
        ],
    )


def keep_given_back(  # noqa: PLR0913 - what, where, who, when
    conn: Conn,
    return_id: ReturnId,
    of: Shift,
    *,
    by: str,
    now: datetime,
    new_order_id: OrderId | None = None,
) -> None:
    """Let what was given back over the counter for a return be of a shift's drawer, and what an exchange took more.

    Where that shift is closed it waits for the next one, as sales do. What belongs to a shift already stays there. The
    caller holds the till since before the return.
    """
    given = [one for one in payments_queries.refunds_of_returns(conn, [return_id]) if one.method != EXCHANGE]
    moved = [
        (MoveKind.REFUND, method, -amount_minor, refund_id)
        for refund_id, method, amount_minor in shifts.given_by_method(
            conn, [one.id for one in given], methods=sorted(OVER_THE_COUNTER)
        )
    ]
    if new_order_id is not None:
        difference = payments_queries.payment_ids_by_keys(conn, [f"difference:{return_id}"])
        moved += [
            (MoveKind.SALE, one.method, one.amount_minor, one.id)
            for one in payments_queries.payments_of_orders(conn, [new_order_id])
            if one.id in difference and one.method in OVER_THE_COUNTER
        ]
    through = [
        TillMoney(
            till_id=of.till_id,
            kind=kind,
            method=method,
            currency=of.currency,
            amount_minor=amount_minor,
            source_id=source_id,
            moved_by=by,
            moved_at=now,
        )
        for kind, method, amount_minor, source_id in moved
    ]
    keep_in_shifts(conn, through, now=now)


def _difference(of: Shift, what: str, amount_minor: int) -> _Booked:
    return _Booked(
        key=f"drawer:{of.id}:{what}",
        subject=of.id,
        entity_id=of.entity_id,
        against=Purpose.CASH_DIFFERENCE,
        currency=of.currency,
        amount_minor=amount_minor,
    )


def _book(conn: Conn, booked: Sequence[_Booked], *, now: datetime) -> None:
    going = [one for one in booked if one.amount_minor]
    if not going:
        return
    accounts = Accounts(conn, now=now)
    planned = [
        (
            accounts.ask(one.entity_id, Purpose.CASH, one.currency),
            accounts.ask(one.entity_id, one.against, one.currency),
        )
        for one in going
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.DRAWER,
            subject=one.subject,
            at=now,
            key=one.key,
            postings=(
                Posting(
                    part_id=one.subject, account_id=accounts.id_of(drawer), amount_minor=one.amount_minor
                ),
                Posting(
                    part_id=one.subject, account_id=accounts.id_of(against), amount_minor=-one.amount_minor
                ),
            ),
        )
        for one, (drawer, against), entry_id in zip(going, planned, uuid7s(now, len(going)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
