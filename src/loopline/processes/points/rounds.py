"""What the clock does to points: what is due can be used, what has ended cannot, and what the forgotten had ends."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.pricing.points import (
    Change,
    Holdings,
    Lot,
    Move,
    PointsKind,
    accounts_of_members,
    change_points,
    lock_holdings,
    members_with_due,
    members_with_ended,
    programmes,
)
from loopline.pricing.points.rules import left_to_use, over_at
from loopline.processes.points.books import post_deferred

_FORGOTTEN = "the member was forgotten"


def mature(conn: Conn, *, now: datetime, limit: int) -> int:
    """Let points be used of whose goods nothing may come back any more, of at most so many parts; returns of how many
    members there were some. Locks their accounts.
    """
    holdings = lock_holdings(conn, members_with_due(conn, now=now, limit=limit))
    return _carry_out(conn, holdings, [_matured(one, now) for one in holdings.values()], now=now)


def _matured(holdings: Holdings, now: datetime) -> Change:
    due = [lot for lot in holdings.lots if lot.is_pending and lot.due_at <= now]
    return Change(
        member_id=holdings.account.member_id,
        moves=tuple(
            Move(
                key=f"matured:{lot.id}",
                member_id=lot.member_id,
                kind=PointsKind.MATURED,
                pending=-lot.points,
                available=lot.points,
                lot_id=lot.id,
                order_id=lot.order_id,
            )
            for lot in due
            if lot.points
        ),
        lots=tuple(msgspec.structs.replace(lot, is_pending=False) for lot in due),
    )


def expire(conn: Conn, *, now: datetime, limit: int) -> int:
    """Let points end whose time is over, of at most so many members; returns of how many it was looked at. Locks their
    accounts.
    """
    holdings = lock_holdings(conn, members_with_ended(conn, now=now, limit=limit))
    return _carry_out(conn, holdings, [_expired(one, now) for one in holdings.values()], now=now)


def _expired(holdings: Holdings, now: datetime) -> Change:
    over = over_at(holdings.lots, holdings.account.available, now)
    return Change(
        member_id=holdings.account.member_id,
        moves=tuple(_ends(lot, points, now) for lot, points in over),
        lots=tuple(msgspec.structs.replace(lot, points=lot.points - points) for lot, points in over),
    )


def _ends(lot: Lot, points: int, now: datetime, *, reason: str = "") -> Move:
    return Move(
        key=f"expired:{lot.id}:{now.isoformat()}",
        member_id=lot.member_id,
        kind=PointsKind.EXPIRED,
        pending=-points if lot.is_pending else 0,
        available=0 if lot.is_pending else -points,
        lot_id=lot.id,
        order_id=lot.order_id,
        reason=reason,
    )


def write_off(conn: Conn, member_ids: Collection[MemberId], *, now: datetime) -> None:
    """End all points of members who are forgotten, pending ones too; what they owe stays in the books."""
    known = (
        {one.member_id for one in accounts_of_members(conn, member_ids)} if member_ids else set[MemberId]()
    )
    holdings = lock_holdings(conn, known)
    _carry_out(conn, holdings, [_written_off(one, now) for one in holdings.values()], now=now)


def _written_off(holdings: Holdings, now: datetime) -> Change:
    account = holdings.account
    pending = [(lot, lot.points) for lot in holdings.lots if lot.is_pending and lot.points]
    over = [*left_to_use(holdings.lots, account.available), *pending]
    return Change(
        member_id=account.member_id,
        moves=tuple(_ends(lot, points, now, reason=_FORGOTTEN) for lot, points in over),
        lots=tuple(msgspec.structs.replace(lot, points=lot.points - points) for lot, points in over),
    )


def _carry_out(
    conn: Conn, holdings: dict[MemberId, Holdings], changes: Sequence[Change], *, now: datetime
) -> int:
    """Also what moves nothing is carried out: it says before when nothing ends."""
    if changes:
        deferred = change_points(conn, holdings, changes, now=now)
        if deferred:
            post_deferred(conn, deferred, currency=programmes(conn)[0].currency, now=now)
    return len(changes)
