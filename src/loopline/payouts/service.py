"""Commands of payouts. Each takes many items where many come, and returns one outcome per item; none commits.

`entities` are the legal entities somebody may act for; None: all. What lies outside is unknown to that caller.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import PartyId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.payouts import store
from loopline.payouts.model import (
    Account,
    Contract,
    Line,
    NewAccount,
    NewPayer,
    NewPayout,
    Payer,
    PayerId,
    Payout,
    PayoutAccountId,
    PayoutId,
    PayoutLineId,
    PayoutState,
    Request,
    RequestId,
    RequestState,
    Terms,
    TermsVersion,
    Transaction,
    Way,
)
from loopline.payouts.refusals import (
    OneAtATime,
    PayerNotUsable,
    PayerStands,
    PayerUnknown,
    PayoutNotWithdrawable,
    PayoutUnknown,
    RequestNotOpen,
    RequestUnknown,
    TermsNotUsable,
)
from loopline.payouts.rules import (
    GIVEN_UP_AFTER,
    Draft,
    cuts,
    masked,
    refusal_of_account,
    refusal_of_approval,
)
from loopline.payouts.seals import Ring, seal_receiver
from loopline.payouts.store import Entities, NewRequest

_AMOUNT_MOST = 10**13
_NAME_MOST = 100
_NUMBER_LEAST, _NUMBER_MOST = 4, 40
LEASE = timedelta(minutes=5)
"""How long a claim of a request holds: longer than the calls for one request take, which are all put at once."""


def set_terms(conn: Conn, terms: Terms, *, by: str, comment: str, now: datetime) -> TermsVersion | Refusal:
    """Set the terms that payouts in a currency are planned by from now on; planned ones stay as they are."""
    limits = {
        "least_minor": (1, _AMOUNT_MOST),
        "second_person_above_minor": (0, _AMOUNT_MOST),
        "withheld_basis_points": (0, 9_999),
    }
    for field, (least, most) in limits.items():
        if not least <= getattr(terms, field) <= most:
            return TermsNotUsable(field=field, least=least, most=most)
    if not comment.strip():
        return TermsNotUsable(field="comment", least=1, most=_NAME_MOST)
    version = store.insert_terms(conn, terms, by=by, comment=comment.strip(), now=now)
    return TermsVersion(
        currency=terms.currency,
        version=version,
        least_minor=terms.least_minor,
        second_person_above_minor=terms.second_person_above_minor,
        withheld_basis_points=terms.withheld_basis_points,
        set_at=now,
        set_by=by,
        comment=comment.strip(),
    )


def add_payer(conn: Conn, new: NewPayer, *, by: str, now: datetime) -> Payer | Refusal:
    """Add an account that a legal entity pays from: one for each way and currency."""
    is_number = new.number.isascii() and new.number.isalnum()
    if not is_number or not _NUMBER_LEAST <= len(new.number) <= _NUMBER_MOST:
        return PayerNotUsable()
    if not new.name.strip() or len(new.name) > _NAME_MOST or not new.name.isprintable():
        return PayerNotUsable()
    payer_id = PayerId(uuid7s(now, 1)[0])
    if not store.insert_payer(conn, new, payer_id=payer_id, by=by, now=now):
        return PayerStands(way=new.way, currency=new.currency)
    return Payer(
        id=payer_id,
        entity_id=new.entity_id,
        currency=new.currency,
        way=new.way,
        number=new.number,
        name=new.name,
    )


def close_payer(conn: Conn, payer_id: PayerId, *, entities: Entities, now: datetime) -> PayerId | Refusal:
    """Pay from an account no more. What is under way from it ends as it would have."""
    is_closed = store.close_payer(conn, payer_id, entities=entities, now=now)
    return payer_id if is_closed else PayerUnknown(payer_id=payer_id)


def set_accounts(
    conn: Conn, accounts: Sequence[NewAccount], *, ring: Ring, by: str, now: datetime
) -> list[Account | Refusal]:
    """Say where parties are paid to from now on; of several for one party in a batch the last one stands.

    What is under way goes where it was planned to. Receivers are sealed. Locks the parties' accounts by party.
    """
    outcomes: list[Account | Refusal] = []
    for new, made in zip(accounts, uuid7s(now, len(accounts)), strict=True):
        refused = refusal_of_account(new)
        if refused is not None:
            outcomes.append(refused)
            continue
        account_id = PayoutAccountId(made)
        sealed = seal_receiver(new.receiver, account_id=account_id, ring=ring)
        outcomes.append(
            Account(
                id=account_id,
                party_id=new.party_id,
                kind=new.kind,
                masked=masked(new.receiver),
                sealed=sealed.sealed,
                wrapped_key=sealed.wrapped_key,
                sealed_with=sealed.sealed_with,
                added_at=now,
            )
        )
    standing: dict[PartyId, Account] = {one.party_id: one for one in outcomes if isinstance(one, Account)}
    if standing:
        store.close_accounts(conn, standing, now=now)
        store.insert_accounts(conn, list(standing.values()), by=by, now=now)
    return outcomes


def write_planned(
    conn: Conn, planned: Sequence[NewPayout], *, by: str, now: datetime
) -> list[PayoutId | Refusal]:
    """Write payouts that were planned. While one of a party, entity and currency is under way there is no other.

    Locks the rows it makes; of two rivals for the same the second is refused once the first has committed.
    """
    ids = [PayoutId(made) for made in uuid7s(now, len(planned))]
    written = (
        store.insert_payouts(conn, dict(zip(ids, planned, strict=True)), by=by, now=now)
        if ids
        else set[UUID]()
    )
    return [
        payout_id if payout_id in written else OneAtATime(party_id=one.party_id)
        for payout_id, one in zip(ids, planned, strict=True)
    ]


def approve(
    conn: Conn, payout_ids: Sequence[PayoutId], *, by: str, entities: Entities, now: datetime
) -> list[PayoutId | Refusal]:
    """Approve payouts, which are sent then; above the limit not one's own. Locks them by id.

    Of two who approve the same at once one does, and the other is told that it is approved.
    """
    standing = {one.id: one for one in store.lock_payouts(conn, set(payout_ids), entities=entities)}
    outcomes: list[PayoutId | Refusal] = []
    granted: set[PayoutId] = set()
    for payout_id in payout_ids:
        payout = standing.get(payout_id)
        refused = PayoutUnknown(payout_id=payout_id) if payout is None else refusal_of_approval(payout, by=by)
        outcomes.append(refused or payout_id)
        if refused is None:
            granted.add(payout_id)
    if granted:
        store.approve_payouts(conn, granted, by=by, now=now)
    return outcomes


def withdraw(
    conn: Conn, reasons: Mapping[PayoutId, str], *, by: str, entities: Entities, now: datetime
) -> list[PayoutId | Refusal]:
    """Take back payouts of which nothing was sent, each with a reason. Locks them by id."""
    standing = {one.id: one for one in store.lock_payouts(conn, set(reasons), entities=entities)}
    outcomes: list[PayoutId | Refusal] = []
    for payout_id in reasons:
        payout = standing.get(payout_id)
        if payout is None:
            outcomes.append(PayoutUnknown(payout_id=payout_id))
        elif payout.state not in {PayoutState.PLANNED, PayoutState.APPROVED}:
            outcomes.append(PayoutNotWithdrawable(payout_id=payout_id, state=payout.state))
        else:
            outcomes.append(payout_id)
    gone = {one: reasons[one] for one in outcomes if not isinstance(one, Refusal)}
    if gone:
        store.withdraw_payouts(conn, gone, by=by, now=now)
    return outcomes


def lock_to_send(conn: Conn, payer_id: PayerId, *, now: datetime, limit: int) -> list[Payout]:
    """Lock approved payouts from one account, those that wait longest first; what a rival holds is passed by."""
    return store.lock_to_send(conn, payer_id, now=now, limit=limit)


def look_later(conn: Conn, payout_ids: Collection[PayoutId], *, look_at: datetime, reason: str) -> None:
    """Let approved payouts that the caller holds wait, and say why."""
    if payout_ids:
        store.look_later(conn, payout_ids, look_at=look_at, reason=reason)


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that were kept, to be put to their gateway, and their lines."""

    request_ids: tuple[RequestId, ...]
    lines: tuple[Line, ...]


def write_sent(
    conn: Conn, payer: Payer, payouts: Sequence[Payout], drafts: Sequence[Draft], *, now: datetime
) -> Sent:
    """Keep requests with their lines, under numbers that stay, and call the payouts in them sent.

    The caller holds the payouts and the transactions, and puts the requests to their gateway after it has committed.
    """
    by_id = {one.id: one for one in payouts}
    nets: dict[PayoutId, list[int]] = {}
    for draft in drafts:
        for share in draft.shares:
            nets.setdefault(share.payout_id, []).append(share.net_minor)
    parts = {payout_id: iter(cuts(by_id[payout_id], amounts)) for payout_id, amounts in nets.items()}
    request_ids = [RequestId(made) for made in uuid7s(now, len(drafts))]
    line_ids = iter(uuid7s(now, sum(len(draft.shares) for draft in drafts)))
    lines: list[Line] = []
    for request_id, draft in zip(request_ids, drafts, strict=True):
        for share in draft.shares:
            part = next(parts[share.payout_id])
            lines.append(
                Line(
                    id=PayoutLineId(next(line_ids)),
                    payout_id=share.payout_id,
                    request_id=request_id,
                    account_id=by_id[share.payout_id].account_id,
                    gross_minor=part.gross_minor,
                    withheld_minor=part.withheld_minor,
                    net_minor=part.net_minor,
                )
            )
    if not drafts:
        return Sent(request_ids=(), lines=())
    store.insert_requests(
        conn,
        [
            NewRequest(id=request_id, payer=payer, transaction_number=draft.transaction_number)
            for request_id, draft in zip(request_ids, drafts, strict=True)
        ],
        now=now,
    )
    store.insert_lines(conn, lines)
    store.send_payouts(conn, nets, now=now)
    shared = [
        (draft.transaction_number, sum(share.net_minor for share in draft.shares))
        for draft in drafts
        if draft.transaction_number is not None
    ]
    if shared:
        store.share_transactions(conn, payer.id, shared)
    return Sent(request_ids=tuple(request_ids), lines=tuple(lines))


def claim_requests(conn: Conn, ways: Collection[str], *, limit: int, now: datetime) -> list[Request]:
    """Take requests that are due; commit, then put each to its gateway, then apply what it says.

    A claim holds for `LEASE`: what nobody reported by then is claimed again, and asked for before it is sent again.
    Locks the requests it takes; passes by those that another worker holds.
    """
    return store.claim_requests(conn, ways, limit=limit, now=now, lease_until=now + LEASE)


def lock_request(conn: Conn, request_id: RequestId, *, entities: Entities) -> Request | None:
    """Lock a request or a file; None where there is none, or not for those entities."""
    found = store.lock_requests(conn, [request_id], entities=entities)
    return found[0] if found else None


def give_up(
    conn: Conn, request_id: RequestId, *, by: str, entities: Entities, now: datetime
) -> RequestId | Refusal:
    """Put a request to its gateway no more. Ten minutes later, when no call can be under way, it is asked for.

    Where the gateway then has nothing under its number, what it was to pay is due again. Locks the request.
    """
    request = lock_request(conn, request_id, entities=entities)
    if request is None:
        return RequestUnknown(request_id=request_id)
    is_asked = request.way is not Way.BANK_FILE
    if not is_asked or request.state is RequestState.DONE or request.given_up_at is not None:
        return RequestNotOpen(request_id=request_id)
    store.give_up_request(conn, request_id, by=by, ask_at=now + GIVEN_UP_AFTER, now=now)
    return request_id


def hear_notices(conn: Conn, notices: Mapping[str, RequestId], *, now: datetime) -> set[str]:
    """Take in notifications by id: what they are about is asked for next. Returns those not heard before.

    What a notification says of money is not believed: the gateway is asked. Locks the requests by id.
    """
    fresh = store.insert_notices(conn, notices, now=now) if notices else set[str]()
    if fresh:
        store.hasten_requests(conn, {notices[one] for one in fresh}, now=now)
    return fresh


def keep_contract(conn: Conn, payer_id: PayerId, contract: Contract, *, now: datetime) -> None:
    """Keep what a gateway said of a payer's contract last. Locks its row."""
    store.keep_contract(conn, payer_id, contract, now=now)


def note_transactions(conn: Conn, transactions: Sequence[Transaction]) -> int:
    """Note payments that a gateway holds for payers; returns how many are new."""
    return store.insert_transactions(conn, transactions) if transactions else 0


def take_over_transactions(conn: Conn, payer_id: PayerId, *, since: datetime) -> None:
    """Give a payer the payments noted for one of the same merchant that it replaced and of which nothing was asked.

    While payouts wait to be sent from the one that is closed, they stay its own. Locks the payments by number.
    """
    store.take_over_transactions(conn, payer_id, since=since)


def hold_transactions(
    conn: Conn, payer_id: PayerId, left: Mapping[str, int | None], *, now: datetime
) -> list[Transaction]:
    """Lock payments by number and write what their gateway said is left of each; the oldest first as they stand then.

    What is on its way out of them is taken off: the gateway may not know of it yet. Of what it did not say (None) it is
    asked after all others, and nothing is shared of it meanwhile.
    """
    if not left:
        return []
    store.lock_transactions(conn, payer_id, left)
    said = {number: minor for number, minor in left.items() if minor is not None}
    if said:
        store.keep_left(conn, payer_id, said, now=now)
    if len(said) < len(left):
        store.keep_unanswered(conn, payer_id, left.keys() - said.keys(), now=now)
    return sorted(store.lock_transactions(conn, payer_id, left), key=lambda one: (one.taken_at, one.number))


def reseal_accounts(
    conn: Conn, *, ring: Ring, after: PayoutAccountId | None = None, limit: int = 500
) -> PayoutAccountId | None:
    """Bring the next accounts' keys under the current key of the file, after a rotation; returns where to go on.

    What does not open stays as it is. Locks the accounts by id, and passes by what somebody holds.
    """
    found = store.lock_wrapped_otherwise(conn, current=ring.sealing_id, after=after, limit=limit)
    anew: dict[PayoutAccountId, bytes] = {}
    for one in found:
        try:
            key = ring.unwrap(one.wrapped_key, sealed_with=one.sealed_with, member_id=one.id)
        except Exception:  # noqa: BLE001, S112 - what a ring raises is its own; doctor names what is lost
            continue
        anew[one.id] = ring.wrap(key, member_id=one.id)
    if anew:
        store.rewrap_accounts(conn, anew, sealed_with=ring.sealing_id)
    return found[-1].id if found else None


def keep_download(conn: Conn, request_id: RequestId, content_hash: bytes, *, by: str, now: datetime) -> None:
    """Keep who was given a file, and what it was when it was made first. The caller holds the request."""
    store.keep_content_hash(conn, request_id, content_hash)
    store.insert_download(conn, request_id, by=by, now=now)
