"""What a party owes is asked back of the account that it was paid to by profit sharing, where the contract allows it.

A debt stands in the same account as what is due. When it is asked back it leaves that account: debt → asked back. So
it is set off against later shares, or it is asked back, and never both. Asked back → gateway when the money is there;
asked back → debt when it is known not to come, to be set off as any other.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from loopline.db import Conn, log
from loopline.kernel.events import SYSTEM_ACTOR, Event, event
from loopline.kernel.ids import EntityId, EntryId, PartyId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.ledger import queries as ledger_queries
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.ledger.rules import ending_key
from loopline.payouts import (
    Due,
    NewReclaim,
    Paid,
    Payer,
    PayoutLineId,
    Reclaim,
    ReclaimId,
    ReclaimReport,
    ReclaimState,
    Ring,
    ToReclaim,
    open_receiver,
    reclaiming,
)
from loopline.payouts import queries as payouts_queries
from loopline.payouts.events import (
    ReclaimApproved,
    ReclaimAsked,
    ReclaimEnded,
    ReclaimPlanned,
    ReclaimWithdrawn,
)
from loopline.payouts.refusals import NoDebtToReclaim, NothingToReclaim
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.outcomes import all_granted
from loopline.processes.pay_out.plan import PlanAsk, dues_of, entities_in

Owing = tuple[PartyId, EntityId, str]
_KINDS = {ReclaimState.CAME: EntryKind.RECLAIM_CAME, ReclaimState.FAILED: EntryKind.RECLAIM_FAILED}


def reclaimable(conn: Conn, dues: Collection[Due], *, now: datetime) -> dict[Owing, int]:
    """Return how much of parties' debts could be asked back now, by party, entity and currency. Locks nothing."""
    debts = {_owing(one): -one.due_minor for one in dues if one.due_minor < 0}
    paid = _by_owing(reclaiming.paid_to_merchants(conn, {owing[0] for owing in debts}, now=now))
    found: dict[Owing, int] = {}
    for owing, debt_minor in debts.items():
        plan = reclaiming.plan_reclaims(
            owing[0], debt_minor, paid.get(owing, ()), second_person_above_minor=0, now=now
        )
        if not isinstance(plan, Refusal):
            found[owing] = sum(one.amount_minor for one in plan)
    return found


def plan_reclaims(
    conn: Conn, asks: Sequence[PlanAsk], *, by: str, scope: Scope, now: datetime
) -> list[tuple[ReclaimId, ...] | Refusal]:
    """Plan to ask debts back of the shares that were paid, the oldest first; one outcome for each debt.

    A debt that is planned already, here or before, is not planned twice: there is nothing left to ask back of it.
    Nothing moves in the books until it is asked for. Locks the rows it makes.
    """
    dues = {_owing(one): one for one in dues_of(conn, entities_in(conn, scope))}
    paid = _by_owing(reclaiming.paid_to_merchants(conn, {one.party_id for one in asks}, now=now))
    terms = payouts_queries.terms_in_force(conn, {one.currency for one in asks})
    plans: list[list[NewReclaim] | Refusal] = []
    party_of: dict[PayoutLineId, PartyId] = {}
    for ask in asks:
        owing = (ask.party_id, ask.entity_id, ask.currency)
        due = dues.get(owing)
        if due is None or due.due_minor >= 0:
            plans.append(NoDebtToReclaim(party_id=ask.party_id))
            continue
        plan = reclaiming.plan_reclaims(
            ask.party_id,
            -due.due_minor,
            paid.pop(owing, ()),
            second_person_above_minor=terms[ask.currency].second_person_above_minor,
            now=now,
        )
        plans.append(plan)
        party_of |= {} if isinstance(plan, Refusal) else {one.line_id: ask.party_id for one in plan}
    wanted = [one for plan in plans if not isinstance(plan, Refusal) for one in plan]
    made = {one.line_id: key for key, one in reclaiming.write_planned(conn, wanted, by=by, now=now).items()}
    told = [
        ReclaimPlanned(
            reclaim_id=made[one.line_id],
            line_id=one.line_id,
            party_id=party_of[one.line_id],
            amount_minor=one.amount_minor,
        )
        for one in wanted
        if one.line_id in made
    ]
    log.append(conn, [event(one, subject=one.reclaim_id, at=now, actor=by) for one in told])
    return [
        plan
        if isinstance(plan, Refusal)
        else tuple(made[one.line_id] for one in plan if one.line_id in made)
        or NothingToReclaim(party_id=ask.party_id)
        for ask, plan in zip(asks, plans, strict=True)
    ]


def approve_reclaims(
    conn: Conn, reclaim_ids: Sequence[ReclaimId], *, by: str, scope: Scope, now: datetime
) -> list[ReclaimId | Refusal]:
    """Approve reclaims to be asked for; above the limit of the terms not what one made oneself. Locks them by id."""
    outcomes = reclaiming.approve(conn, reclaim_ids, by=by, entities=entities_in(conn, scope), now=now)
    approved = dict.fromkeys(one for one in outcomes if not isinstance(one, Refusal))
    log.append(
        conn, [event(ReclaimApproved(reclaim_id=one), subject=one, at=now, actor=by) for one in approved]
    )
    return outcomes


def withdraw_reclaims(
    conn: Conn, reasons: Mapping[ReclaimId, str], *, by: str, scope: Scope, now: datetime
) -> list[ReclaimId | Refusal]:
    """Take back reclaims that nobody was asked for, each with a reason. Locks them by id."""
    outcomes = reclaiming.withdraw(conn, reasons, by=by, entities=entities_in(conn, scope), now=now)
    log.append(
        conn, [_withdrawn(one, reasons[one], by, now) for one in outcomes if not isinstance(one, Refusal)]
    )
    return outcomes


def ask_approved(conn: Conn, ways: Collection[str], *, now: datetime) -> int:
    """Let approved reclaims be asked for, and their amounts leave the debts; returns how many.

    One of which less is owed now, because it was set off meanwhile, is withdrawn. One asks at a time (an advisory
    lock); locks reclaims by id, their lines, then keys of entries.
    """
    approved = reclaiming.lock_to_ask(conn, ways)
    if not approved:
        return 0
    debts: dict[tuple[object, ...], int] = {
        (one.party_id, one.entity_id, one.currency): one.balance_minor
        for one in ledger_queries.balances_of_parties(conn, list({one.party_id for one in approved}))
        if one.purpose is Purpose.SHARE_DUE and one.party_id is not None
    }
    asked = reclaiming.within_debts(approved, debts)
    going = {one.id for one in asked}
    fallen = {one.id: reclaiming.DEBT_FELL for one in approved if one.id not in going}
    if fallen:
        reclaiming.withdraw(conn, fallen, by=SYSTEM_ACTOR, entities=None, now=now)
    reclaiming.write_asked(conn, going, now=now)
    _post(conn, asked, kind=lambda _: EntryKind.RECLAIM, now=now)
    told = [
        event(ReclaimAsked(reclaim_id=one.id, amount_minor=one.amount_minor), subject=one.id, at=now)
        for one in asked
    ]
    log.append(conn, [*(_withdrawn(one, why, SYSTEM_ACTOR, now) for one, why in fallen.items()), *told])
    return len(asked)


def claim_to_reclaim(
    conn: Conn, ways: Collection[str], *, ring: Ring, limit: int, now: datetime
) -> list[ToReclaim]:
    """Claim reclaims that are due, with their receivers opened for the moment. Commit before any is put."""
    claimed = reclaiming.claim_reclaims(conn, ways, limit=limit, now=now)
    payers = payouts_queries.payers_by_ids(conn, {one.payer_id for one in claimed})
    accounts = payouts_queries.accounts_by_ids(conn, {one.account_id for one in claimed})
    opened = {one.id: open_receiver(one, ring=ring) for one in accounts.values()}
    return [
        ToReclaim(
            reclaim=one,
            payer=payers[one.payer_id],
            receiver=None if isinstance(found := opened[one.account_id], Refusal) else found,
        )
        for one in claimed
    ]


def apply_reclaim_reports(conn: Conn, reports: Sequence[ReclaimReport], *, now: datetime) -> list[Reclaim]:
    """Take in what gateways say of reclaims, and post it: each once, in any order, however often it comes.

    Locks reclaims by id, their lines, then keys of entries. Returns those that ended now.
    """
    ended = reclaiming.apply_reclaims(conn, reports, now=now)
    _post(conn, ended, kind=lambda one: _KINDS[one.state], now=now)
    told = [
        ReclaimEnded(reclaim_id=one.id, party_id=one.party_id, state=one.state, amount_minor=one.amount_minor)
        for one in ended
    ]
    log.append(conn, [event(one, subject=one.reclaim_id, at=now) for one in told])
    return ended


def contracts_to_ask(conn: Conn, ways: Collection[str], *, now: datetime) -> list[Payer]:
    """Return payers whose contract nobody asked for in a day. Commit before any gateway is asked."""
    payer_ids = reclaiming.claim_contracts(conn, ways, now=now)
    return list(payouts_queries.payers_by_ids(conn, payer_ids).values()) if payer_ids else []


def _post(
    conn: Conn, moved: Sequence[Reclaim], *, kind: Callable[[Reclaim], EntryKind], now: datetime
) -> None:
    """Post an entry for each; it came, or failed, under one key."""
    if not moved:
        return
    accounts = Accounts(conn, now=now)
    legs = {one.id: _from_to(accounts, one, kind(one)) for one in moved}
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=kind(one),
            subject=one.id,
            at=now,
            key=_key_of(kind(one), one),
            postings=(
                Posting(
                    part_id=one.id,
                    account_id=accounts.id_of(legs[one.id][0]),
                    amount_minor=one.amount_minor,
                ),
                Posting(
                    part_id=one.id,
                    account_id=accounts.id_of(legs[one.id][1]),
                    amount_minor=-one.amount_minor,
                ),
            ),
        )
        for entry_id, one in zip(uuid7s(now, len(moved)), moved, strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))


def _key_of(kind: EntryKind, one: Reclaim) -> str:
    return f"{kind.value}:{one.id}" if kind is EntryKind.RECLAIM else ending_key(EntryKind.RECLAIM, one.id)


def _from_to(accounts: Accounts, one: Reclaim, kind: EntryKind) -> tuple[Slot, Slot]:
    """The account that is debited, and the one that is credited."""
    debt = accounts.ask(one.entity_id, Purpose.SHARE_DUE, one.currency, one.party_id)
    asked_back = accounts.ask(one.entity_id, Purpose.RECLAIM_IN_TRANSIT, one.currency, one.party_id)
    match kind:
        case EntryKind.RECLAIM:
            return asked_back, debt
        case EntryKind.RECLAIM_CAME:
            return accounts.ask(one.entity_id, Purpose.GATEWAY, one.currency), asked_back
        case _:
            return debt, asked_back


def _withdrawn(reclaim_id: ReclaimId, why: str, by: str, now: datetime) -> Event:
    return event(ReclaimWithdrawn(reclaim_id=reclaim_id, reason=why), subject=reclaim_id, at=now, actor=by)


def _by_owing(paid: Sequence[Paid]) -> dict[Owing, list[Paid]]:
    found: dict[Owing, list[Paid]] = {}
    for one in paid:
        found.setdefault((one.party_id, one.entity_id, one.currency), []).append(one)
    return found


def _owing(due: Due) -> Owing:
    return due.party_id, due.entity_id, due.currency
