"""The programme of points as headquarters runs it: versions that are saved and put in force, and corrections."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.customers.queries import known_members
from loopline.customers.refusals import MemberUnknown
from loopline.db import Conn, log
from loopline.kernel.changes import Part
from loopline.kernel.ids import MemberId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.pricing.points import (
    POINTS_CODE,
    Account,
    Change,
    Lot,
    Move,
    NewProgramme,
    PointsKind,
    Programme,
    Terms,
    accounts_of_members,
    change_points,
    entries_of_keys,
    in_force,
    lock_holdings,
    programmes,
    publish_draft,
    save_draft,
)
from loopline.pricing.points.refusals import AdjustedOtherwise, PointsNotAdjusted, PointsNotOffered
from loopline.pricing.points.rules import POINTS_MOST, months_after
from loopline.processes.points.books import post_deferred
from loopline.processes.promote import may_bear
from loopline.processes.settings_told import SettingKind, setting_told

_REASON_MOST = 200


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """Points to give a member, or to take (negative), by hand. `id`: the same again changes nothing."""

    id: UUID
    member_id: MemberId
    points: int
    reason: str


def save(  # noqa: PLR0913 - what, why, by whom
    conn: Conn, terms: Terms, *, comment: str, scope: Scope, by: str, now: datetime
) -> Programme | Refusal:
    """Save the draft of the next version; points are the whole brand's."""
    if not scope.everything:
        return NotInYourBranch(subject=POINTS_CODE)
    return save_draft(conn, NewProgramme(terms=terms, author=by, comment=comment), now=now)


def publish(
    conn: Conn, *, scope: Scope, by: str, now: datetime, seen: datetime | None = None
) -> Programme | Refusal:
    """Put the draft in force for orders placed from now on. The brand must have agreed to bear what points take off.

    `seen` says when the draft that was looked at was saved: one that was saved later is refused.
    """
    if not scope.everything:
        return NotInYourBranch(subject=POINTS_CODE)
    drafts = [one for one in programmes(conn) if one.published_at is None]
    named = may_bear(conn, drafts).get(POINTS_CODE, {})
    made = publish_draft(conn, named=named, by=by, now=now, seen=seen)
    if isinstance(made, Programme):
        part = Part(field="version", before=made.version - 1 or None, after=made.version)
        kind = SettingKind.POINTS_PROGRAMME
        log.append(conn, setting_told(kind, POINTS_CODE, [part], by=by, now=now))
    return made


def adjust(
    conn: Conn, asked: Sequence[Adjustment], *, scope: Scope, by: str, now: datetime
) -> list[Account | Refusal]:
    """Give points to members or take them, one outcome each, in the order asked; what they have after it.

    The same again is done already; another correction of the same id is refused. What is taken may leave a member with
    less than nothing. Locks the members' accounts.
    """
    if not scope.everything:
        return [NotInYourBranch(subject=str(one.member_id)) for one in asked]
    programme = in_force(programmes(conn), now)
    members = known_members(conn, {one.member_id for one in asked})
    refusals = [_refusal_of(one, programme, members) for one in asked]
    holdings = lock_holdings(conn, {one.member_id for one, no in zip(asked, refusals, strict=True) if not no})
    done: dict[str, Move] = {one.key: one for one in entries_of_keys(conn, [_key(one) for one in asked])}
    changes: dict[MemberId, Change] = {}
    for place, one in enumerate(asked):
        if refusals[place] is not None or programme is None:
            continue
        if _key(one) in done:
            refusals[place] = _otherwise(one, done[_key(one)])
            continue
        lot = _lot(one, programme, now) if one.points > 0 else None
        move = done[_key(one)] = _move(one, lot, by=by)
        before = changes.get(one.member_id, Change(member_id=one.member_id, moves=()))
        lots = before.lots if lot is None else (*before.lots, lot)
        changes[one.member_id] = Change(member_id=one.member_id, moves=(*before.moves, move), lots=lots)
    deferred = change_points(conn, holdings, [changes[key] for key in sorted(changes)], now=now)
    if programme is not None:
        post_deferred(conn, deferred, currency=programme.currency, now=now)
    after = {one.member_id: one for one in accounts_of_members(conn, list(holdings))}
    return [no or after[one.member_id] for one, no in zip(asked, refusals, strict=True)]


def _otherwise(one: Adjustment, done: Move) -> Refusal | None:
    """What was corrected under the same id stands: whoever says something else under it is told."""
    same = {
        "member_id": one.member_id == done.member_id,
        "points": one.points == done.available,
        "reason": one.reason.strip() == done.reason,
    }
    wrong = next((field for field, is_same in same.items() if not is_same), None)
    return None if wrong is None else AdjustedOtherwise(field=wrong)


def _key(one: Adjustment) -> str:
    return f"adjusted:{one.id}"


def _refusal_of(
    one: Adjustment, programme: Programme | None, members: Collection[MemberId]
) -> Refusal | None:
    if programme is None:
        return PointsNotOffered()
    if one.member_id not in members:
        return MemberUnknown(member_id=one.member_id)
    if not 0 < abs(one.points) <= POINTS_MOST:
        return PointsNotAdjusted(field="points")
    reason = one.reason.strip()
    is_said = 0 < len(reason) <= _REASON_MOST and reason.isprintable()
    return None if is_said else PointsNotAdjusted(field="reason")


def _move(one: Adjustment, lot: Lot | None, *, by: str) -> Move:
    return Move(
        key=_key(one),
        member_id=one.member_id,
        kind=PointsKind.ADJUSTED,
        available=one.points,
        lot_id=lot.id if lot is not None else None,
        by=by,
        reason=one.reason.strip(),
    )


def _lot(one: Adjustment, programme: Programme, now: datetime) -> Lot:
    """The id is ours: a sender's might be that of a part, whose lot it would overwrite."""
    return Lot(
        id=uuid7(now),
        member_id=one.member_id,
        programme_id=programme.id,
        whole=one.points,
        points=one.points,
        is_pending=False,
        due_at=now,
        expires_at=months_after(now, programme.terms.months),
    )
