"""Announce: a customer says what will come back, and brings or sends it; the money goes back when it is here.

At a counter goods and announcement come together: that is `take_back` alone. By parcel there are days between: the
announcement keeps the return window and the units, and `receive_announced` takes back what really came, wherever.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import orders
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import LineId, MemberId, OrderId, ReturnId, SiteId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import Line, LineKind, Order
from loopline.processes import regrade
from loopline.processes.cancel import Cancellation, UnknownOrder, UnknownOrderLine, cancel
from loopline.processes.outcomes import all_granted
from loopline.processes.take_back import TakenBack, take_back, windows_of_lines
from loopline.processes.turn import take_turn
from loopline.returns.announcements import (
    Announced,
    AnnouncedLine,
    Announcement,
    AnnouncementEnded,
    AnnouncesTooMuch,
    HowEnded,
    NewAnnouncement,
    Returnable,
    ReturnNotAnnounced,
    announce_returns,
    end_announced,
    lock_announced,
    take_orders,
)
from loopline.returns.events import ReturnAnnounced, ReturnedUnits, ReturnWithdrawn
from loopline.returns.exchanges import exchanges_by_id
from loopline.returns.model import (
    NewReturn,
    NewReturnLine,
    Reason,
    Receipt,
    ReturnKind,
    ReturnRepeat,
)

# An announced return is written under a number of ours: none that a till or a channel gives can stand in its way.
NUMBERS_OF_ANNOUNCED = "announced:"


class LineBack(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line of an order that are to come back, and why."""

    line_id: LineId
    units: int
    reason: Reason = Reason.OTHER


class ReturnAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's wish to return lines of an order. (channel, external_number) names it for good.

    `by_member`: the customer asks, of an order of the own. Else staff ask for the customer, within their scope. `id` is
    that of the exchange it is part of.
    """

    channel: str
    external_number: str
    order_id: OrderId
    lines: tuple[LineBack, ...]
    by_member: MemberId | None = None
    actor: str = "system"
    id: ReturnId | None = None


class AnnouncedReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """An announced return is here, at a site: all of it, or what came of its lines."""

    return_id: ReturnId
    site_id: SiteId
    lines: tuple[LineBack, ...] = ()
    actor: str = "system"


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """Announced goods that do not come back after all. `by_member`: their customer says so."""

    return_id: ReturnId
    by_member: MemberId | None = None
    actor: str = "system"


def announce(
    conn: Conn, asked: Sequence[ReturnAsked], *, scope: Scope, now: datetime
) -> list[Announced | Refusal]:
    """Announce returns, in the order given; the same number again is that announcement.

    Only goods that were handed over, have not come back, and are in their return window, which is measured now.
    """
    order_ids = list({one.order_id for one in asked})
    take_orders(conn, order_ids)
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    lines = {
        line.line_id: line
        for line in orders.lines_by_orders(conn, list(heads))
        if line.kind is LineKind.GOODS
    }
    judged = [
        _judge(one, heads.get(one.order_id), lines, one.id or ReturnId(made), scope=scope)
        for one, made in zip(asked, uuid7s(now, len(asked)), strict=True)
    ]
    wanted = [one for one in judged if isinstance(one, NewAnnouncement)]
    decided = iter(announce_returns(conn, wanted, lines=_returnable(conn, lines), now=now))
    outcomes = [one if isinstance(one, Refusal) else next(decided) for one in judged]
    log.append(
        conn,
        [
            event(_announced(one), subject=one.id, at=now, actor=ask.actor)
            for ask, one, outcome in zip(asked, judged, outcomes, strict=True)
            if isinstance(one, NewAnnouncement) and isinstance(outcome, Announced) and not outcome.is_repeat
        ],
    )
    return outcomes


def _returnable(conn: Conn, lines: Mapping[LineId, Line]) -> dict[LineId, Returnable]:
    until = windows_of_lines(conn, list(lines))
    return {
        line.line_id: Returnable(
            units=line.handed_over - line.returned - line.lost, until=until.get(line.line_id)
        )
        for line in lines.values()
    }


def _judge(
    one: ReturnAsked, head: Order | None, lines: Mapping[LineId, Line], made: ReturnId, *, scope: Scope
) -> NewAnnouncement | Refusal:
    if head is None or (one.by_member is not None and head.member_id != one.by_member):
        return UnknownOrder(order_id=one.order_id)
    if one.by_member is None and not scope.covers_site(head.site_id):
        return NotInYourBranch(subject=one.external_number)
    announced: list[AnnouncedLine] = []
    for back in one.lines:
        line = lines.get(back.line_id)
        if line is None or line.order_id != head.id:
            return UnknownOrderLine(line_id=back.line_id)
        announced.append(
            AnnouncedLine(
                line_id=line.line_id,
                code=line.code,
                sku_id=line.sku_id,
                units=back.units,
                reason=back.reason,
            )
        )
    return NewAnnouncement(
        id=made,
        channel=one.channel,
        external_number=one.external_number,
        order_id=head.id,
        member_id=head.member_id,
        lines=tuple(announced),
    )


def _announced(one: NewAnnouncement) -> ReturnAnnounced:
    return ReturnAnnounced(
        return_id=one.id,
        order_id=one.order_id,
        member_id=one.member_id,
        lines=tuple(
            ReturnedUnits(order_id=one.order_id, line_id=line.line_id, units=line.units) for line in one.lines
        ),
    )


def receive_announced(
    conn: Conn, receipts: Sequence[AnnouncedReceipt], *, scope: Scope, now: datetime
) -> list[TakenBack | ReturnRepeat | Refusal]:
    """Take announced returns back where they arrived: the sale is undone, and the money goes back now.

    What was announced and did not come may be announced anew. An announcement received before is answered as a repeat.
    Where less came of an exchange than its new order costs, the money goes back and that order is called off: nothing
    stays on sale at the old price. That takes the turn, before any lock.
    """
    exchanged = exchanges_by_id(conn, [one.return_id for one in receipts])
    if exchanged:
        take_turn(conn)
    standing = lock_announced(conn, [one.return_id for one in receipts])
    heads = _heads_of(conn, standing)
    first: dict[ReturnId, int] = {}
    for position, one in enumerate(receipts):
        first.setdefault(one.return_id, position)
    judged = {
        position: _judge_receipt(receipts[position], standing.get(return_id), heads, scope=scope, now=now)
        for return_id, position in first.items()
    }
    coming = {position: one for position, one in judged.items() if isinstance(one, NewReturn)}
    taken = dict(zip(coming, take_back(conn, list(coming.values()), scope=scope, now=now), strict=True))
    done = {one.return_id: one for one in taken.values() if isinstance(one, TakenBack)}
    end_announced(conn, list(done), how=HowEnded.RECEIVED, now=now)
    site_of = {receipts[position].return_id: receipts[position].site_id for position in coming}
    receive_taken_back(conn, [(one, site_of[return_id]) for return_id, one in done.items()], now=now)
    actors = {one.return_id: one.actor for one in receipts if one.return_id in done.keys() & exchanged.keys()}
    _call_off_unpaid(conn, actors, now=now)
    outcomes: list[TakenBack | ReturnRepeat | Refusal] = []
    for position, one in enumerate(receipts):
        judgement = judged[first[one.return_id]]
        outcome = taken[first[one.return_id]] if isinstance(judgement, NewReturn) else judgement
        is_again = first[one.return_id] != position and isinstance(outcome, TakenBack)
        outcomes.append(ReturnRepeat(return_id=one.return_id) if is_again else outcome)
    return outcomes


def receive_taken_back(conn: Conn, taken: Sequence[tuple[TakenBack, SiteId]], *, now: datetime) -> None:
    """Say of returns just taken back that all of their goods are here, to be graded."""
    lines = [(line, site_id) for one, site_id in taken for line in one.lines]
    arrived = [
        Receipt(
            id=receipt_id,
            return_line_id=line.return_line_id,
            units=line.units,
            site_id=site_id,
            at=now,
        )
        for (line, site_id), receipt_id in zip(lines, uuid7s(now, len(lines)), strict=True)
    ]
    all_granted(regrade.receive(conn, arrived, scope=WHOLE_BRAND, now=now))


def _judge_receipt(
    one: AnnouncedReceipt,
    announced: Announcement | None,
    heads: Mapping[OrderId, Order],
    *,
    scope: Scope,
    now: datetime,
) -> NewReturn | ReturnRepeat | Refusal:
    if not scope.covers_site(one.site_id):
        return NotInYourBranch(subject=str(one.return_id))
    if announced is None:
        return ReturnNotAnnounced(return_id=one.return_id)
    if announced.how_ended is HowEnded.RECEIVED:
        return ReturnRepeat(return_id=one.return_id)
    if announced.how_ended is HowEnded.WITHDRAWN:
        return AnnouncementEnded(return_id=one.return_id, how=announced.how_ended.value)
    came = _came(one, announced)
    if isinstance(came, Refusal):
        return came
    return NewReturn(
        id=announced.id,
        channel=announced.channel,
        external_number=f"{NUMBERS_OF_ANNOUNCED}{announced.id}",
        kind=ReturnKind.ASK,
        at=now,
        announced_at=announced.announced_at,
        site_id=one.site_id,
        currency=heads[announced.order_id].currency,
        order_id=announced.order_id,
        member_id=announced.member_id,
        lines=came,
        taken_in_by=one.actor,
    )


def _came(one: AnnouncedReceipt, announced: Announcement) -> tuple[NewReturnLine, ...] | Refusal:
    """What came of an announcement: each of its lines, or at most what it said of those that are named."""
    said = {line.line_id: line for line in announced.lines}
    came = {line.line_id: line for line in one.lines}
    if len(came) < len(one.lines):
        return UnknownOrderLine(line_id=one.lines[0].line_id)
    for line_id, line in came.items():
        if line_id not in said:
            return UnknownOrderLine(line_id=line_id)
        if not 0 < line.units <= said[line_id].units:
            return AnnouncesTooMuch(line_id=line_id, units=line.units, units_left=said[line_id].units)
    return tuple(
        NewReturnLine(
            code=line.code,
            units=came[line.line_id].units if came else line.units,
            sku_id=line.sku_id,
            reason=line.reason,
            line_id=line.line_id,
        )
        for line in announced.lines
        if not came or line.line_id in came
    )


def withdraw(
    conn: Conn, asked: Sequence[Withdrawal], *, scope: Scope, now: datetime
) -> list[Announced | Refusal]:
    """Let announced goods stay where they are: by their customer, or by whoever sells for the site of their order.

    Where they were to be exchanged, what was held for them is called off: that takes the turn, before any lock.
    """
    if exchanges_by_id(conn, [one.return_id for one in asked]):
        take_turn(conn)
    standing = lock_announced(conn, [one.return_id for one in asked])
    heads = _heads_of(conn, standing)
    outcomes: list[Announced | Refusal] = []
    ending: list[tuple[Withdrawal, Announcement]] = []
    for one in asked:
        announced = standing.get(one.return_id)
        refusal = _refusal_of_withdrawal(one, announced, heads, scope=scope)
        if refusal is not None or announced is None:
            outcomes.append(refusal or ReturnNotAnnounced(return_id=one.return_id))
            continue
        is_repeat = announced.how_ended is HowEnded.WITHDRAWN or any(
            other.return_id == one.return_id for other, _ in ending
        )
        outcomes.append(Announced(return_id=one.return_id, is_repeat=is_repeat))
        if not is_repeat:
            ending.append((one, announced))
    end_announced(conn, [one.return_id for one, _ in ending], how=HowEnded.WITHDRAWN, now=now)
    _call_off_unpaid(conn, {one.return_id: one.actor for one, _ in ending}, now=now)
    log.append(
        conn,
        [
            event(
                ReturnWithdrawn(
                    return_id=announced.id, order_id=announced.order_id, member_id=announced.member_id
                ),
                subject=announced.id,
                at=now,
                actor=one.actor,
            )
            for one, announced in ending
        ],
    )
    return outcomes


def _call_off_unpaid(conn: Conn, actors: Mapping[ReturnId, str], *, now: datetime) -> None:
    """Call off the new orders of exchanges that their goods did not pay for, by whom; what is gone already stays."""
    known = exchanges_by_id(conn, list(actors)) if actors else {}
    by_order = {one.new_order_id: actors[one.id] for one in known.values() if one.new_order_id is not None}
    unpaid = [one for one in orders.orders_by_ids(conn, list(by_order)) if one.pay_until is not None]
    if unpaid:
        wanted = [Cancellation(order_id=one.id, actor=by_order[one.id]) for one in unpaid]
        cancel(conn, wanted, scope=WHOLE_BRAND, now=now)


def _heads_of(conn: Conn, standing: Mapping[ReturnId, Announcement]) -> dict[OrderId, Order]:
    order_ids = list({one.order_id for one in standing.values()})
    return {head.id: head for head in orders.orders_by_ids(conn, order_ids)} if order_ids else {}


def _refusal_of_withdrawal(
    one: Withdrawal, announced: Announcement | None, heads: Mapping[OrderId, Order], *, scope: Scope
) -> Refusal | None:
    if announced is None or (one.by_member is not None and announced.member_id != one.by_member):
        return ReturnNotAnnounced(return_id=one.return_id)
    head = heads.get(announced.order_id)
    if one.by_member is None and not scope.covers_site(head.site_id if head else None):
        # While it is announced any site may see it, because it may come to any; afterwards it is its own branch's.
        is_seen = announced.how_ended is None
        return (
            NotInYourBranch(subject=str(one.return_id))
            if is_seen
            else ReturnNotAnnounced(return_id=one.return_id)
        )
    if announced.how_ended is HowEnded.RECEIVED:
        return AnnouncementEnded(return_id=one.return_id, how=announced.how_ended.value)
    return None
