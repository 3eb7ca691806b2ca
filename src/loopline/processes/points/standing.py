"""Where points stand with orders: earned by what was handed over, held, spent and given back with what they took off.

All of it follows from where an order stands: what each part of its lines should have earned by now, and how much of
what it uses it should hold or have spent. So it makes no difference in which order events come, how late, or how
often: the second time nothing is left to do. A follower of the log does it, a moment after each order changed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.kernel.events import Event, read
from loopline.kernel.ids import LineId, MemberId, OrderId
from loopline.kernel.money import portion
from loopline.orders import Line, LineKind, LinesCancelled, LinesReinstated, Order, OrderPlaced
from loopline.pricing.points import (
    Change,
    Holdings,
    Lot,
    Move,
    PointsKind,
    Programme,
    Use,
    change_points,
    in_force,
    lock_holdings,
    programmes,
    use_key,
    uses_of_orders,
)
from loopline.pricing.points.rules import keep_for_a_while, months_after, points_earned, to_take_back
from loopline.processes.pay import PaymentTaken
from loopline.processes.points.books import post_deferred
from loopline.processes.settle import OrderSettled
from loopline.returns.events import ReturnOpened
from loopline.sharing import queries as sharing
from loopline.sharing.queries import SplitPart

_PLACED = OrderPlaced.type_name()
_RETURNED = ReturnOpened.type_name()
_CHANGED = frozenset(one.type_name() for one in (OrderSettled, PaymentTaken, LinesCancelled, LinesReinstated))


class _Orders(msgspec.Struct, frozen=True, kw_only=True):
    """Orders of members, with all that points look at; `parts` by line, in the order in which they were due."""

    heads: Sequence[Order]
    lines: Mapping[OrderId, Sequence[Line]]
    parts: Mapping[LineId, Sequence[SplitPart]]
    uses: Mapping[OrderId, Use]


def follow_orders(conn: Conn, events: Sequence[Event]) -> None:
    """Bring the points of orders up to where these stand now."""
    placed = {OrderId(told.subject) for told in events if told.type == _PLACED}
    changed = {OrderId(told.subject) for told in events if told.type in _CHANGED}
    for told in events:
        if told.type == _RETURNED:
            opened = read(told, ReturnOpened)
            changed |= {match.order_id for line in opened.lines for match in line.matches}
    if placed:  # what was only placed has earned nothing yet, and most use nothing
        changed |= {one.order_id for one in uses_of_orders(conn, placed - changed)}
    catch_up(conn, sorted(changed), now=max(told.at for told in events))


def catch_up(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> int:
    """Bring the points of orders up to where these stand; returns how many members' points moved.

    Locks the accounts of their members, and reads the orders after that: a rival that changes an order later tells
    of it again. Waits for nobody who waits for an account.
    """
    versions = programmes(conn)
    if not order_ids or in_force(versions, now) is None:
        return 0
    heads = [one for one in orders.orders_by_ids(conn, order_ids) if one.member_id is not None]
    member_ids = {one.member_id for one in heads if one.member_id is not None}
    holdings = lock_holdings(conn, member_ids)
    of_orders = _read(conn, [one.id for one in heads])
    of_members: dict[MemberId, list[Order]] = {}
    for head in of_orders.heads:
        if head.member_id is not None:
            of_members.setdefault(head.member_id, []).append(head)
    changes: list[Change] = []
    for member_id in sorted(of_members):
        change = _change(of_members[member_id], of_orders, holdings[member_id], versions, now=now)
        if change.moves or change.lots or change.uses:
            changes.append(change)
    deferred = change_points(conn, holdings, changes, now=now)
    post_deferred(conn, deferred, currency=versions[0].currency, now=now)
    return len(changes)


def _read(conn: Conn, order_ids: Sequence[OrderId]) -> _Orders:
    lines: dict[OrderId, list[Line]] = {}
    for line in orders.lines_by_orders(conn, order_ids) if order_ids else []:
        lines.setdefault(line.order_id, []).append(line)
    goods = [one.line_id for of_order in lines.values() for one in of_order if one.kind is LineKind.GOODS]
    parts: dict[LineId, list[SplitPart]] = {}
    for part in sharing.parts_of_lines(conn, goods) if goods else []:
        parts.setdefault(part.line_id, []).append(part)
    return _Orders(
        heads=orders.orders_by_ids(conn, order_ids) if order_ids else [],
        lines=lines,
        parts={key: sorted(some, key=lambda one: (one.due_at, one.part_id)) for key, some in parts.items()},
        uses={one.order_id: one for one in uses_of_orders(conn, order_ids)},
    )


def _change(
    heads: Sequence[Order],
    of_orders: _Orders,
    holdings: Holdings,
    versions: Sequence[Programme],
    *,
    now: datetime,
) -> Change:
    """Return what is still to be done to a member's points because of orders."""
    moves: list[Move] = []
    lots: dict[UUID, Lot] = {}
    uses: list[Use] = []
    available = holdings.account.available
    for head in heads:
        known = {one.id: one for one in holdings.lots} | lots
        has = msgspec.structs.replace(holdings, lots=tuple(known.values()))
        earned, changed = _earned(head, of_orders, has, in_force(versions, head.placed_at))
        moves += earned
        lots |= {one.id: one for one in changed}
        available += sum(one.available for one in earned)
        use = of_orders.uses.get(head.id)
        if use is None:
            continue
        after, used = _used(use, head, of_orders.lines.get(head.id, ()))
        uses += [after] if used else []
        for move in used:
            known = {one.id: one for one in holdings.lots} | lots
            kept, late = keep_for_a_while(
                move, list(known.values()), available=available, programme_id=use.programme_id, now=now
            )
            moves += kept
            lots |= {one.id: one for one in late}
            available += move.available
    return Change(
        member_id=holdings.account.member_id,
        moves=tuple(moves),
        lots=tuple(lots.values()),
        uses=tuple(uses),
    )


def _earned(
    head: Order, of_orders: _Orders, holdings: Holdings, programme: Programme | None
) -> tuple[list[Move], list[Lot]]:
    """What the parts of an order have earned and did not yet, and what came back of them takes back."""
    lines = [one for one in of_orders.lines.get(head.id, ()) if one.kind is LineKind.GOODS]
    if not any(one.line_id in of_orders.parts for one in lines):
        return [], []
    if programme is None or programme.currency != head.currency:
        return [], []
    terms = programme.terms
    paid = [max(0, one.amount_minor - (0 if terms.with_tax else one.tax_minor)) for one in lines]
    known = {lot.id: lot for lot in holdings.lots}
    moves: list[Move] = []
    lots: list[Lot] = []
    for line, points in zip(lines, points_earned(terms, head.channel, paid), strict=True):
        parts = of_orders.parts.get(line.line_id, ())
        before = sum(part.units for part in parts if part.part_id in known)
        for part in parts:
            lot = known.get(part.part_id)
            kept = part.units - part.units_returned
            if lot is None:
                whole = portion(points, before + part.units, line.units) - portion(points, before, line.units)
                before += part.units
                new = Lot(
                    id=part.part_id,
                    member_id=holdings.account.member_id,
                    programme_id=programme.id,
                    order_id=head.id,
                    line_id=line.line_id,
                    units=part.units,
                    whole=whole,
                    points=portion(whole, kept, part.units),
                    is_pending=True,
                    due_at=part.due_at,
                    expires_at=months_after(part.due_at, terms.months),
                )
                lots.append(new)
                moves += [_earns(new)] if new.points else []
                continue
            for one, taken in to_take_back(lot, holdings.lots, kept=kept):
                lots.append(msgspec.structs.replace(one, points=one.points - taken))
                moves.append(_takes_back(one, taken, head.id, part.units_returned))
    return moves, lots


def _earns(lot: Lot) -> Move:
    return Move(
        key=f"earned:{lot.id}",
        member_id=lot.member_id,
        kind=PointsKind.EARNED,
        pending=lot.points,
        lot_id=lot.id,
        order_id=lot.order_id,
    )


def _takes_back(lot: Lot, points: int, order_id: OrderId, units_returned: int) -> Move:
    return Move(
        key=f"taken_back:{lot.id}:{units_returned}",
        member_id=lot.member_id,
        kind=PointsKind.TAKEN_BACK,
        pending=-points if lot.is_pending else 0,
        available=0 if lot.is_pending else -points,
        lot_id=lot.id,
        order_id=order_id,
    )


def _used(use: Use, head: Order, lines: Sequence[Line]) -> tuple[Use, list[Move]]:
    """Return what an order uses from now on, and what moves for it: held first, and only then out of what is to use.

    That is where an order that lapsed is paid for all the same, or goods took the place of others at their price.
    """
    of_lines = dict(zip(use.line_ids, use.line_points, strict=True))
    wanted = sum(
        of_lines[line.line_id] - portion(of_lines[line.line_id], line.cancelled + line.returned, line.units)
        for line in lines
        if line.line_id in of_lines
    )
    is_paid = head.pay_until is None
    held = wanted if not is_paid and not use.is_kept else 0
    spent = wanted if is_paid else 0
    of_held = min(use.held, max(0, spent - use.spent))
    again, back = max(0, spent - use.spent - of_held), max(0, use.spent - spent)
    released = use.held - of_held - held
    moves = [
        _moves(use, PointsKind.SPENT, held=-of_held),
        _moves(use, PointsKind.SPENT, "again", available=-again),
        _moves(use, PointsKind.BACK, available=back),
        _moves(use, PointsKind.RELEASED, available=max(0, released), held=-max(0, released)),
        _moves(use, PointsKind.HELD, available=min(0, released), held=-min(0, released)),
    ]
    done = [one for one in moves if one.available or one.held]
    after = msgspec.structs.replace(use, held=held, spent=spent, changes=use.changes + bool(done))
    return after, done


def _moves(use: Use, kind: PointsKind, why: str = "", *, available: int = 0, held: int = 0) -> Move:
    return Move(
        key=use_key(use, kind) + (f":{why}" if why else ""),
        member_id=use.member_id,
        kind=kind,
        available=available,
        held=held,
        order_id=use.order_id,
    )


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="points", types=_CHANGED | {_PLACED, _RETURNED}, apply=follow_orders),
)
