"""What parties are due is planned to be paid, and approved: commands of people, each within the branch they act for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import org
from loopline.customers.keys import KeyRing
from loopline.db import Conn, Finding, log
from loopline.kernel.events import event
from loopline.kernel.ids import EntityId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.ledger import queries as ledger_queries
from loopline.ledger.model import Purpose
from loopline.org import Party, PartyKind
from loopline.org import lists as org_lists
from loopline.payouts import (
    OPEN_STATES,
    Account,
    Due,
    NewAccount,
    NewPayout,
    Payer,
    PayerId,
    Payout,
    PayoutId,
    RequestId,
    Ring,
    Way,
)
from loopline.payouts import queries as payouts_queries
from loopline.payouts import rules as payouts_rules
from loopline.payouts import service as payouts_service
from loopline.payouts.events import (
    PayoutAccountSet,
    PayoutApproved,
    PayoutPlanned,
    PayoutRequestGivenUp,
    PayoutWithdrawn,
)
from loopline.payouts.refusals import PayerUnknown

_OPEN_MOST = 100_000
_PEOPLE = frozenset({PartyKind.GUIDE, PartyKind.STREAMER})
_Key = tuple[PartyId, EntityId, str]


class PlanAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Pay a party what an entity owes it; from a certain account, where one is named."""

    party_id: PartyId
    entity_id: EntityId
    currency: str
    payer_id: PayerId | None = None


class Prospect(msgspec.Struct, frozen=True, kw_only=True):
    """What an entity owes a party, and what would become of it if it were planned now.

    `plan` is the payout as it would be, or why there is none; `open` is the one that is under way.
    """

    due: Due
    party: Party
    account: Account | None
    plan: NewPayout | Refusal
    open: Payout | None


class NoSuchDue(Refusal, frozen=True, kw_only=True):
    """Nothing was ever due from this legal entity to this party, or it is not for your branch."""

    party_id: PartyId


def entities_in(conn: Conn, scope: Scope) -> frozenset[EntityId] | None:
    """Return the legal entities of a branch that owe parties or are paid from; None for the whole brand."""
    if scope.everything:
        return None
    owing = {one.entity_id for one in ledger_queries.accounts_of_purpose(conn, Purpose.SHARE_DUE)}
    paying = {one.entity_id for one in payouts_queries.payers_in_use(conn)}
    return frozenset(org_lists.entity_codes_in_scope(conn, owing | paying, scope=scope))


def prospects(conn: Conn, *, scope: Scope) -> list[Prospect]:
    """Return what every entity of a branch owes every party, debts included; what is even and idle is left out.

    By what is due, the most first, then by party. Locks nothing.
    """
    entities = entities_in(conn, scope)
    dues = dues_of(conn, entities)
    open_payouts = {
        (one.party_id, one.entity_id, one.currency): one
        for one in payouts_queries.find_payouts(conn, OPEN_STATES, entities=entities, limit=_OPEN_MOST)
    }
    parties = org.parties_by_id(conn, {one.party_id for one in dues})
    planned = _Planner(conn, dues)
    found = [
        Prospect(
            due=due,
            party=parties[due.party_id],
            account=planned.accounts.get(due.party_id),
            plan=planned.plan(due),
            open=open_payouts.get(_key(due)),
        )
        for due in dues
        if due.due_minor or _key(due) in open_payouts
    ]
    return sorted(found, key=lambda one: (-one.due.due_minor, one.party.code, str(one.due.entity_id)))


def plan_payouts(
    conn: Conn, asks: Sequence[PlanAsk], *, by: str, scope: Scope, now: datetime
) -> list[PayoutId | Refusal]:
    """Plan to pay parties all that they are due: debts are set off in it, a debt alone is carried and never paid.

    Refused is what would be paid with another legal entity's money than that of the one that owes. Nothing moves in the
    books until it is sent. Locks the rows it makes.
    """
    entities = entities_in(conn, scope)
    dues = {_key(due): due for due in dues_of(conn, entities)}
    asked = {ask: dues.get((ask.party_id, ask.entity_id, ask.currency)) for ask in asks}
    planner = _Planner(conn, [due for due in asked.values() if due is not None])
    chosen = payouts_queries.payers_by_ids(conn, {ask.payer_id for ask in asks if ask.payer_id is not None})
    outcomes: list[PayoutId | Refusal] = []
    plans: list[NewPayout] = []
    places: list[int] = []
    for ask in asks:
        due = asked[ask]
        if due is None:
            outcomes.append(NoSuchDue(party_id=ask.party_id))
            continue
        if ask.payer_id is not None and ask.payer_id not in chosen:
            outcomes.append(PayerUnknown(payer_id=ask.payer_id))
            continue
        plan = planner.plan(due, chosen=chosen[ask.payer_id] if ask.payer_id is not None else None)
        if isinstance(plan, Refusal):
            outcomes.append(plan)
            continue
        places.append(len(outcomes))
        plans.append(plan)
        outcomes.append(PayoutId(ask.party_id))  # its place is taken below
    written = payouts_service.write_planned(conn, plans, by=by, now=now)
    for place, outcome in zip(places, written, strict=True):
        outcomes[place] = outcome
    log.append(
        conn,
        [
            event(_planned(outcome, plan), subject=outcome, at=now, actor=by)
            for plan, outcome in zip(plans, written, strict=True)
            if not isinstance(outcome, Refusal)
        ],
    )
    return outcomes


def approve_payouts(
    conn: Conn, payout_ids: Sequence[PayoutId], *, by: str, scope: Scope, now: datetime
) -> list[PayoutId | Refusal]:
    """Approve payouts to be sent; above the limit of the terms not what one made oneself. Locks them by id."""
    entities = entities_in(conn, scope)
    outcomes = payouts_service.approve(conn, payout_ids, by=by, entities=entities, now=now)
    approved = dict.fromkeys(one for one in outcomes if not isinstance(one, Refusal))
    log.append(
        conn, [event(PayoutApproved(payout_id=one), subject=one, at=now, actor=by) for one in approved]
    )
    return outcomes


def withdraw_payouts(
    conn: Conn, reasons: Mapping[PayoutId, str], *, by: str, scope: Scope, now: datetime
) -> list[PayoutId | Refusal]:
    """Take back payouts of which nothing was sent, each with a reason. Locks them by id."""
    entities = entities_in(conn, scope)
    outcomes = payouts_service.withdraw(conn, reasons, by=by, entities=entities, now=now)
    log.append(
        conn,
        [
            event(PayoutWithdrawn(payout_id=one, reason=reasons[one]), subject=one, at=now, actor=by)
            for one in outcomes
            if not isinstance(one, Refusal)
        ],
    )
    return outcomes


def give_up_request(
    conn: Conn, request_id: RequestId, *, by: str, scope: Scope, now: datetime
) -> RequestId | Refusal:
    """Put a request to its gateway no more; what it was to pay is due again once the gateway has nothing of it."""
    outcome = payouts_service.give_up(conn, request_id, by=by, entities=entities_in(conn, scope), now=now)
    if not isinstance(outcome, Refusal):
        told = PayoutRequestGivenUp(request_id=outcome)
        log.append(conn, [event(told, subject=outcome, at=now, actor=by)])
    return outcome


def set_payout_accounts(
    conn: Conn, accounts: Sequence[NewAccount], *, ring: Ring, by: str, now: datetime
) -> list[Account | Refusal]:
    """Say where parties are paid to from now on. The caller has seen to it that they are of its branch."""
    outcomes = payouts_service.set_accounts(conn, accounts, ring=ring, by=by, now=now)
    log.append(
        conn,
        [
            event(
                PayoutAccountSet(party_id=one.party_id, account_id=one.id),
                subject=one.party_id,
                at=now,
                actor=by,
            )
            for one in outcomes
            if not isinstance(one, Refusal)
        ],
    )
    return outcomes


def lost_account_keys(conn: Conn, *, ring: KeyRing) -> list[Finding]:
    """Return which keys accounts to pay to need and the file does not have, for doctor."""
    return [
        Finding(
            subject=f"sealing key {key_id}",
            found=f"{accounts} accounts of parties need it, the key file does not have it",
            expected="every key that is in use is in the key file",
            repair="restore the key file that was kept with the backup",
        )
        for key_id, accounts in payouts_queries.keys_in_use(conn).items()
        if key_id not in ring.sealing_ids
    ]


class _Planner:
    """Plans from what is read once for many: accounts, payers and terms."""

    def __init__(self, conn: Conn, dues: Sequence[Due]) -> None:
        self.accounts = payouts_queries.accounts_in_use(conn, {due.party_id for due in dues})
        self._terms = payouts_queries.terms_in_force(conn, {due.currency for due in dues})
        self._payers: dict[tuple[EntityId, str], dict[Way, Payer]] = {}
        for payer in payouts_queries.payers_in_use(conn, {due.entity_id for due in dues}):
            self._payers.setdefault((payer.entity_id, payer.currency), {})[payer.way] = payer

    def plan(self, due: Due, *, chosen: Payer | None = None) -> NewPayout | Refusal:
        return payouts_rules.plan_payout(
            due,
            terms=self._terms[due.currency],
            account=self.accounts.get(due.party_id),
            payers=self._payers.get((due.entity_id, due.currency), {}),
            chosen=chosen,
        )


def dues_of(conn: Conn, entities: Collection[EntityId] | None) -> list[Due]:
    """Return what legal entities (None: all) owe every party; a debt of the party is negative. Locks nothing."""
    accounts = [
        one
        for one in ledger_queries.accounts_of_purpose(conn, Purpose.SHARE_DUE)
        if entities is None or one.entity_id in entities
    ]
    parties = org.parties_by_id(conn, {one.party_id for one in accounts if one.party_id is not None})
    dues: list[Due] = []
    for balance in ledger_queries.balances(conn, [one.id for one in accounts]):
        if balance.party_id is None:
            continue
        party = parties[balance.party_id]
        dues.append(
            Due(
                party_id=party.id,
                entity_id=balance.entity_id,
                currency=balance.currency,
                due_minor=-balance.balance_minor,  # what we owe stands on the credit side
                is_person=party.entity_id is None and party.kind in _PEOPLE,
                is_of_the_entity=party.entity_id == balance.entity_id,
            )
        )
    return dues


def _key(due: Due) -> _Key:
    return due.party_id, due.entity_id, due.currency


def _planned(payout_id: PayoutId, plan: NewPayout) -> PayoutPlanned:
    return PayoutPlanned(
        payout_id=payout_id,
        party_id=plan.party_id,
        entity_id=plan.entity_id,
        currency=plan.currency,
        gross_minor=plan.gross_minor,
        withheld_minor=plan.withheld_minor,
    )
