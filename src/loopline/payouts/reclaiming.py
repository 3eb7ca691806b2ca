"""Shares that were paid to a merchant's account are asked back where their party owes them, within the contract.

A reclaim is of one line. It is planned, approved like a payout, and asked for under a number that was kept before; from
then on the debt is less by it, whatever else is set off. What became of it is asked for and never guessed: what came
stays, what failed is a debt again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import PartyId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.payouts.model import (
    NewReclaim,
    Paid,
    PayerId,
    Reclaim,
    ReclaimId,
    ReclaimState,
)
from loopline.payouts.port import Heard, ReclaimReport
from loopline.payouts.refusals import (
    NothingToReclaim,
    ReclaimNeedsSecond,
    ReclaimStandsElsewhere,
    ReclaimUnknown,
)
from loopline.payouts.rules import GIVEN_UP_AFTER, next_try
from loopline.payouts.store import Entities

SQL = statements(__file__)
LEASE = timedelta(minutes=2)
"""How long a claim holds: longer than a call, and the calls beside it, can last."""
DEBT_FELL = "debt_fell"
NOT_TAKEN = "not_taken"
_CONTRACT_IS_OLD = timedelta(days=1)
_AT_ONCE = 100


# ------------------------------------------------------------------------------------------------------------ pure


def plan_reclaims(
    party_id: PartyId, debt_minor: int, paid: Sequence[Paid], *, second_person_above_minor: int, now: datetime
) -> list[NewReclaim] | Refusal:
    """Say of which shares a debt is asked back, in the order given, until it is covered or nothing is left.

    Left out is what is asked for already, was asked for as often as the contract allows, or is older than it allows;
    what is planned of the debt and waits to be asked for covers it already. A second person approves each of them where
    all together are above the limit.
    """
    planned: list[tuple[Paid, int]] = []
    open_minor = debt_minor - sum(one.waiting_minor for one in paid)
    for one in paid:
        is_within = now < one.written_at + timedelta(days=one.reclaim_within_days)
        if one.is_open or one.asked >= one.reclaims_per_receiver or not is_within or open_minor <= 0:
            continue
        amount_minor = min(open_minor, one.left_minor)
        planned.append((one, amount_minor))
        open_minor -= amount_minor
    if not planned:
        return NothingToReclaim(party_id=party_id)
    needs_second = debt_minor - open_minor > second_person_above_minor
    return [
        NewReclaim(line_id=one.line_id, amount_minor=amount_minor, needs_second=needs_second)
        for one, amount_minor in planned
    ]


def refusal_of_approval(reclaim: Reclaim, *, by: str) -> Refusal | None:
    """Refuse to approve what is not planned, and above the limit what one made oneself."""
    if reclaim.state is not ReclaimState.PLANNED:
        return ReclaimStandsElsewhere(reclaim_id=reclaim.id, state=reclaim.state)
    if reclaim.needs_second and reclaim.made_by == by:
        return ReclaimNeedsSecond(reclaim_id=reclaim.id)
    return None


def within_debts(approved: Sequence[Reclaim], debts: Mapping[tuple[object, ...], int]) -> list[Reclaim]:
    """Return those that are still owed, one after the other; the rest of a debt is no reason to ask for more than it.

    `debts` are positive, by party, entity and currency.
    """
    left = dict(debts)
    found: list[Reclaim] = []
    for one in approved:
        owing = (one.party_id, one.entity_id, one.currency)
        if one.amount_minor <= min(left.get(owing, 0), one.left_minor):
            left[owing] -= one.amount_minor
            found.append(one)
    return found


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a report means: the state that a reclaim ends in, or when it is asked after again, and why."""

    state: ReclaimState | None
    next_try_at: datetime | None
    gives_up: bool
    reason: str | None


def outcome_of(reclaim: Reclaim, report: ReclaimReport, *, now: datetime) -> Outcome:
    """Decide what a report changes of a reclaim that was asked for.

    What the gateway refused is not put again; where it has nothing of it ten minutes later, when no call can be under
    way, it failed. Otherwise nothing but its own word ends it.
    """
    if report.heard is Heard.KNOWN and report.state is not None:
        return Outcome(state=report.state, next_try_at=None, gives_up=False, reason=report.reason)
    is_gone = report.heard in {Heard.ABSENT, Heard.REFUSED}
    given_up_at = reclaim.given_up_at
    if is_gone and given_up_at is not None and now >= given_up_at + GIVEN_UP_AFTER:
        why = reclaim.reason or report.reason or NOT_TAKEN
        return Outcome(state=ReclaimState.FAILED, next_try_at=None, gives_up=False, reason=why)
    if report.heard is Heard.REFUSED and given_up_at is None:
        after = now + GIVEN_UP_AFTER
        return Outcome(state=None, next_try_at=after, gives_up=True, reason=report.reason)
    again = next_try(tries=reclaim.tries, now=now)
    if given_up_at is not None:
        again = max(again, given_up_at + GIVEN_UP_AFTER)
    kept = reclaim.reason if given_up_at is not None else report.reason
    return Outcome(state=None, next_try_at=again, gives_up=False, reason=kept)


# --------------------------------------------------------------------------------------------------------- commands


def write_planned(
    conn: Conn, planned: Sequence[NewReclaim], *, by: str, now: datetime
) -> dict[ReclaimId, NewReclaim]:
    """Write reclaims that were planned, and return them by id. One of a line of which another is open is left out."""
    new = dict(zip(map(ReclaimId, uuid7s(now, len(planned))), planned, strict=True))
    if not new:
        return {}
    written = fetch_values(
        conn,
        SQL["insert_reclaims"],
        ids=uuids(new),
        line_ids=uuids(one.line_id for one in planned),
        amounts_minor=[one.amount_minor for one in planned],
        needs_second=[one.needs_second for one in planned],
        made_by=by,
        now=now,
    )
    return {ReclaimId(made): new[ReclaimId(made)] for made in written}


def approve(
    conn: Conn, reclaim_ids: Sequence[ReclaimId], *, by: str, entities: Entities, now: datetime
) -> list[ReclaimId | Refusal]:
    """Approve reclaims, which are asked for then; above the limit not one's own. Locks them by id."""
    standing = {one.id: one for one in lock_reclaims(conn, reclaim_ids, entities=entities)}
    outcomes: list[ReclaimId | Refusal] = []
    for reclaim_id in reclaim_ids:
        found = standing.get(reclaim_id)
        refused = (
            ReclaimUnknown(reclaim_id=reclaim_id) if found is None else refusal_of_approval(found, by=by)
        )
        outcomes.append(refused or reclaim_id)
    granted = {one for one in outcomes if not isinstance(one, Refusal)}
    if granted:
        execute(conn, SQL["approve_reclaims"], reclaim_ids=uuids(granted), by=by, now=now)
    return outcomes


def withdraw(
    conn: Conn, reasons: Mapping[ReclaimId, str], *, by: str, entities: Entities, now: datetime
) -> list[ReclaimId | Refusal]:
    """Take back reclaims that nobody was asked for, each with a reason. Locks them by id."""
    standing = {one.id: one for one in lock_reclaims(conn, reasons, entities=entities)}
    outcomes: list[ReclaimId | Refusal] = []
    for reclaim_id in reasons:
        found = standing.get(reclaim_id)
        if found is None:
            outcomes.append(ReclaimUnknown(reclaim_id=reclaim_id))
        elif found.state not in {ReclaimState.PLANNED, ReclaimState.APPROVED}:
            outcomes.append(ReclaimStandsElsewhere(reclaim_id=reclaim_id, state=found.state))
        else:
            outcomes.append(reclaim_id)
    gone = [one for one in outcomes if not isinstance(one, Refusal)]
    if gone:
        execute(
            conn,
            SQL["withdraw_reclaims"],
            reclaim_ids=uuids(gone),
            reasons=[reasons[one] for one in gone],
            by=by,
            now=now,
        )
    return outcomes


def lock_reclaims(
    conn: Conn, reclaim_ids: Collection[ReclaimId], *, entities: Entities = None
) -> list[Reclaim]:
    """Lock reclaims by id; those of other entities than these are unknown."""
    return fetch(
        conn,
        SQL["lock_reclaims"],
        Reclaim,
        reclaim_ids=uuids(reclaim_ids),
        entity_ids=None if entities is None else uuids(entities),
    )


def lock_to_ask(conn: Conn, ways: Collection[str]) -> list[Reclaim]:
    """Lock approved reclaims, those that wait longest first, a hundred at most; nobody else does meanwhile."""
    execute(conn, SQL["take_turn"])
    ids = [
        ReclaimId(one)
        for one in fetch_values(conn, SQL["approved_reclaims"], ways=sorted(ways), limit=_AT_ONCE)
    ]
    standing = {one.id: one for one in lock_reclaims(conn, ids)} if ids else {}
    return [standing[one] for one in ids if standing[one].state is ReclaimState.APPROVED]


def write_asked(conn: Conn, reclaim_ids: Collection[ReclaimId], *, now: datetime) -> None:
    """Let reclaims that the caller holds be asked for. Locks their lines by id."""
    if reclaim_ids:
        execute(conn, SQL["ask_reclaims"], reclaim_ids=uuids(reclaim_ids), now=now)


def claim_reclaims(conn: Conn, ways: Collection[str], *, limit: int, now: datetime) -> list[Reclaim]:
    """Take what is due to be put to its gateway; commit, then put it, then apply what is said. Holds for `LEASE`."""
    ids = fetch_values(
        conn, SQL["claim_reclaims"], ways=sorted(ways), limit=limit, now=now, lease_until=now + LEASE
    )
    return lock_reclaims(conn, [ReclaimId(one) for one in ids]) if ids else []


def apply_reclaims(conn: Conn, reports: Sequence[ReclaimReport], *, now: datetime) -> list[Reclaim]:
    """Take in what gateways say; returns the reclaims that ended now, as they stand.

    The first final word stands. What is not known to have ended is asked after again, later each time. Locks the
    reclaims by id, then their lines.
    """
    standing = {one.id: one for one in lock_reclaims(conn, {one.reclaim_id for one in reports})}
    ended: dict[ReclaimId, Reclaim] = {}
    put_off: dict[ReclaimId, Outcome] = {}
    for report in reports:
        found = standing.get(report.reclaim_id)
        if found is None or found.state is not ReclaimState.ASKED or found.id in ended:
            continue
        outcome = outcome_of(found, report, now=now)
        if outcome.state is None:
            put_off[found.id] = outcome
        else:
            put_off.pop(found.id, None)
            ended[found.id] = msgspec.structs.replace(
                found, state=outcome.state, ended_at=now, reason=outcome.reason
            )
    if put_off:
        execute(
            conn,
            SQL["put_off_reclaims"],
            ids=uuids(put_off),
            next_try_at=[one.next_try_at for one in put_off.values()],
            given_up_at=[now if one.gives_up else None for one in put_off.values()],
            reasons=[one.reason for one in put_off.values()],
        )
    if ended:
        execute(
            conn,
            SQL["end_reclaims"],
            ids=uuids(ended),
            states=[one.state.value for one in ended.values()],
            reasons=[one.reason for one in ended.values()],
            now=now,
        )
    return list(ended.values())


def hasten_reclaims(conn: Conn, reclaim_ids: Collection[UUID], *, now: datetime) -> None:
    """Ask after reclaims as soon as somebody claims them, where there are any of these ids."""
    if reclaim_ids:
        execute(conn, SQL["hasten_reclaims"], reclaim_ids=uuids(reclaim_ids), now=now)


def claim_contracts(conn: Conn, ways: Collection[str], *, now: datetime) -> list[PayerId]:
    """Return payers whose contract nobody asked for in a day; what it says of reclaims may have changed."""
    found = fetch_values(
        conn,
        SQL["claim_contracts"],
        ways=sorted(ways),
        before=now - _CONTRACT_IS_OLD,
        now=now,
        limit=_AT_ONCE,
    )
    return [PayerId(one) for one in found]


# ------------------------------------------------------------------------------------------------------------ reads


def paid_to_merchants(conn: Conn, party_ids: Collection[PartyId], *, now: datetime) -> list[Paid]:
    """Return what of parties' shares might be asked back, by party, entity and currency, the oldest first."""
    if not party_ids:
        return []
    return fetch(conn, SQL["paid_to_merchants"], Paid, party_ids=uuids(party_ids), now=now)


def find_reclaims(conn: Conn, *, entities: Entities, limit: int) -> list[Reclaim]:
    """Return reclaims of what legal entities paid: what waits for a decision, what was asked for, what ended."""
    return fetch(
        conn,
        SQL["find_reclaims"],
        Reclaim,
        entity_ids=None if entities is None else uuids(entities),
        limit=limit,
    )


def reclaims_page(
    conn: Conn,
    states: Collection[ReclaimState],
    *,
    entities: Entities,
    before: tuple[datetime, ReclaimId] | None,
    limit: int,
) -> list[Reclaim]:
    """Return reclaims in some states of what legal entities paid, the newest first, before a place in that order."""
    return fetch(
        conn,
        SQL["reclaims_page"],
        Reclaim,
        states=[one.value for one in states],
        entity_ids=None if entities is None else uuids(entities),
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        limit=limit,
    )
