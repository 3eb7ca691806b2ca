"""Changes of points: versions of the programme, and what members have.

Whoever changes what a member has locks the account first, several in the order of their ids; an order that is placed
takes the account if it is free, and waits for nobody.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import MemberId, PartyId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.pricing.discounts import Bearer
from loopline.pricing.points import store
from loopline.pricing.points.model import (
    Account,
    Change,
    Lot,
    Move,
    NewProgramme,
    PointsKind,
    Programme,
    Use,
)
from loopline.pricing.points.refusals import (
    NoProgrammeDrafted,
    ProgrammeChangedMeanwhile,
    ProgrammeOtherCurrency,
)
from loopline.pricing.points.rules import deferred_for, left_to_use, problem_of
from loopline.pricing.promotions import agreements
from loopline.pricing.promotions.changes import refusal_to_fund


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has and what it came of, locked until the end of the transaction."""

    account: Account
    lots: tuple[Lot, ...]


def save_draft(conn: Conn, new: NewProgramme, *, now: datetime) -> Programme | Refusal:
    """Save the draft of the next version, over the one that is there. Points stay in their currency."""
    problem = problem_of(new.terms, comment=new.comment)
    if problem is not None:
        return problem
    store.take_turn(conn)
    standing = [one for one in store.programmes(conn) if one.published_at is not None]
    if standing and standing[-1].currency != new.terms.currency:
        return ProgrammeOtherCurrency(currency=standing[-1].currency)
    store.put_draft(conn, new, id=uuid7(now), now=now)
    return store.programmes(conn)[-1]


def publish_draft(
    conn: Conn,
    *,
    named: Mapping[Bearer, Mapping[PartyId, str]],
    by: str,
    now: datetime,
    seen: datetime | None = None,
) -> Programme | Refusal:
    """Put the draft in force from now on; the brand has to have agreed to bear what points take off.

    `seen`: when the draft that was looked at was saved.
    """
    store.take_turn(conn)
    draft = next((one for one in store.programmes(conn) if one.published_at is None), None)
    if draft is None:
        return NoProgrammeDrafted()
    if seen is not None and seen != draft.saved_at:
        return ProgrammeChangedMeanwhile()
    refusal = refusal_to_fund(draft, since=now, named=named, agreed=agreements(conn))
    if refusal is not None:
        return refusal
    store.publish_draft(conn, by=by, now=now)
    return store.programmes(conn)[-1]


def lock_holdings(conn: Conn, member_ids: Collection[MemberId]) -> dict[MemberId, Holdings]:
    """Return what members have, by member; who has no account gets one. Waits for whoever changes one of them."""
    if not member_ids:
        return {}
    store.open_accounts(conn, member_ids)
    accounts = store.lock_accounts(conn, member_ids)
    lots: dict[MemberId, list[Lot]] = {}
    for lot in store.lots_of_members(conn, member_ids):
        lots.setdefault(lot.member_id, []).append(lot)
    return {one.member_id: Holdings(account=one, lots=tuple(lots.get(one.member_id, ()))) for one in accounts}


def lock_free_accounts(conn: Conn, member_ids: Collection[MemberId]) -> dict[MemberId, Account]:
    """Return what members have whose accounts nobody is changing, locked; the others are left out."""
    return {one.member_id: one for one in store.lock_free_accounts(conn, member_ids)}


def change_points(
    conn: Conn, holdings: Mapping[MemberId, Holdings], changes: Sequence[Change], *, now: datetime
) -> int:
    """Carry changes out, at most one per member; returns what is deferred more for all of them, in minor units.

    The caller has locked the holdings and made the changes of them.
    """
    if not changes:
        return 0
    programmes = store.by_id(store.programmes(conn))
    moves: list[tuple[Move, int]] = []
    accounts: list[Account] = []
    for one in changes:
        held = holdings[one.member_id]
        after = _after(held.account, one.moves)
        lots = {lot.id: lot for lot in (*held.lots, *one.lots)}
        more = deferred_for(list(lots.values()), after, programmes) - held.account.liability_minor
        left = left_to_use(list(lots.values()), after.available)
        moves += [(move, more if place == 0 else 0) for place, move in enumerate(one.moves)]
        assert one.moves or not more, "what is deferred changes with points that move"
        accounts.append(
            Account(
                member_id=one.member_id,
                pending=after.pending - held.account.pending,
                available=after.available - held.account.available,
                held=after.held - held.account.held,
                liability_minor=more,
                next_expiry_at=left[0][0].expires_at if left else None,
            )
        )
    store.put_lots(conn, [lot for one in changes for lot in one.lots])
    store.put_uses(conn, [use for one in changes for use in one.uses])
    store.add_entries(conn, moves, now=now)
    store.change_accounts(conn, accounts)
    return sum(one.liability_minor for one in accounts)


def _after(account: Account, moves: Sequence[Move]) -> Account:
    return msgspec.structs.replace(
        account,
        pending=account.pending + sum(move.pending for move in moves),
        available=account.available + sum(move.available for move in moves),
        held=account.held + sum(move.held for move in moves),
    )


def hold_points(conn: Conn, uses: Sequence[Use], *, now: datetime) -> None:
    """Let orders that were just written hold what they use; what is kept of an exchange holds nothing.

    The caller has locked the accounts of those that hold something, and found enough in them. What is deferred stays,
    and nothing ends sooner than before.
    """
    if not uses:
        return
    store.open_accounts(conn, {one.member_id for one in uses})
    store.put_uses(conn, uses)
    holding = [one for one in uses if one.held]
    if not holding:
        return
    moves = [
        Move(
            key=use_key(one, PointsKind.HELD),
            member_id=one.member_id,
            kind=PointsKind.HELD,
            available=-one.held,
            held=one.held,
            order_id=one.order_id,
        )
        for one in holding
    ]
    store.add_entries(conn, [(move, 0) for move in moves], now=now)
    store.hold(conn, [(one.member_id, one.held) for one in holding])


def use_key(use: Use, kind: PointsKind) -> str:
    """Name what happens to what an order uses, once and for all; `changes` says how often it changed before."""
    return f"use:{use.order_id}:{use.changes}:{kind.value}"


def programmes_by_id(conn: Conn, ids: Collection[UUID]) -> dict[UUID, Programme]:
    """Return versions of the programme by their ids; unknown ones are left out."""
    return {one.id: one for one in store.programmes(conn) if one.id in ids} if ids else {}


def programme_at(conn: Conn, at: datetime) -> Programme | None:
    """Return the version that was in force at a moment."""
    return in_force(store.programmes(conn), at)


def in_force(programmes: Sequence[Programme], at: datetime) -> Programme | None:
    """Return which of the versions, the first one first, was in force at a moment."""
    standing = [one for one in programmes if one.published_at is not None and one.published_at <= at]
    return standing[-1] if standing else None
