"""Approved payouts become requests, kept before anybody is asked; what is due is looked at again when it leaves.

A worker goes through it in steps, each transaction by itself and the gateway between them: `to_prepare`, what the
gateway says of contract and transactions, `prepare_requests`, `claim_to_send`, what the gateway says of each, and
`apply_payout_reports`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, log, statements
from loopline.kernel.events import SYSTEM_ACTOR, Event, event
from loopline.kernel.ids import EntityId, PartyId, PaymentId, first_id_of, time_of
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger import queries as ledger_queries
from loopline.ledger.model import Purpose
from loopline.payouts import (
    Contract,
    Notice,
    Payer,
    Payout,
    Receiver,
    RequestId,
    Ring,
    ToPay,
    ToSend,
    ToUnfreeze,
    Transaction,
    Way,
    open_receiver,
    reclaiming,
    unfreezing,
)
from loopline.payouts import queries as payouts_queries
from loopline.payouts import rules as payouts_rules
from loopline.payouts import service as payouts_service
from loopline.payouts.events import PayoutWithdrawn
from loopline.payouts.refusals import AccountKeyMissing, AccountSealBroken
from loopline.payouts.reports import RECEIVER_NOT_OPENED
from loopline.payouts.rules import Draft
from loopline.processes.pay_out.books import post_sent
from loopline.processes.pay_out.plan import give_up_request

SQL = statements(__file__, name="takings")
WECHAT = "wechat"
"""The name of the gateway by which customers pay what is shared out of their payments."""
DUE_FELL = "due_fell"
NOTHING_TO_SHARE = "nothing_to_share"
CONTRACT_NOT_SAID = "contract_not_said"
KEY_NOT_HERE = "key_not_here"
SHARED_WITHIN = timedelta(days=180)
"""How long after a payment its money may be shared: what is older is not looked at."""
_COMMITTED_WITHIN = timedelta(hours=1)
"""No payment is committed so long after it was recorded."""
_NOBODY = Receiver(holder="", number="")
_LOOKS_AGAIN = timedelta(minutes=5)
_PAYERS_AT_ONCE = 10
_TRANSACTIONS_AT_ONCE = 40
_TAKINGS_AT_ONCE = 2_000
PAYOUTS_AT_ONCE = 200
_Owed = tuple[PartyId, EntityId, str]


class ToPrepare(msgspec.Struct, frozen=True, kw_only=True):
    """A payer from which payouts wait, and the transactions of which its gateway has to be asked what is left."""

    payer: Payer
    transactions: tuple[Transaction, ...]


def to_prepare(conn: Conn, ways: Collection[str], *, now: datetime) -> list[ToPrepare]:
    """Return the payers by some ways from which payouts wait to be sent; notes what gateways took for them first."""
    found: list[ToPrepare] = []
    for payer in payouts_queries.payers_to_send_from(conn, ways, now=now, limit=_PAYERS_AT_ONCE):
        transactions: Sequence[Transaction] = ()
        if payer.way is Way.WECHAT_SHARING:  # at most `_PAYERS_AT_ONCE` times
            _note_takings(conn, payer, now=now)
            transactions = payouts_queries.transactions_to_share(
                conn, payer.id, since=now - SHARED_WITHIN, limit=_TRANSACTIONS_AT_ONCE
            )
        found.append(ToPrepare(payer=payer, transactions=tuple(transactions)))
    return found


class _Taking(msgspec.Struct, frozen=True, kw_only=True):
    """Money that a gateway took, by the gateway's number of it."""

    payment_id: PaymentId
    number: str
    amount_minor: int
    taken_at: datetime


def _note_takings(conn: Conn, payer: Payer, *, now: datetime) -> None:
    """Note the payments that the gateway took for the very entity that pays: of no other's may anything be shared.

    They are noted in the order in which they were recorded: one of which we hear late was taken long before others.
    """
    earliest = now - SHARED_WITHIN
    payouts_service.take_over_transactions(conn, payer.id, since=earliest)
    last = payouts_queries.last_noted(conn, payer)
    since = max(earliest, time_of(last) - _COMMITTED_WITHIN) if last is not None else earliest
    takings = fetch(
        conn,
        SQL["takings_not_noted"],
        _Taking,
        gateway=WECHAT,
        entity_id=payer.entity_id,
        currency=payer.currency,
        first_id=first_id_of(since),
        limit=_TAKINGS_AT_ONCE,
    )
    payouts_service.note_transactions(
        conn,
        [
            Transaction(
                payer_id=payer.id,
                number=one.number,
                payment_id=one.payment_id,
                amount_minor=one.amount_minor,
                left_minor=None,
                taken_at=one.taken_at,
                requests=0,
                shared_minor=0,
            )
            for one in takings
        ],
    )


def prepare_requests(  # noqa: PLR0913 - who pays, and what the gateway said of it
    conn: Conn,
    payer: Payer,
    contract: Contract | None,
    left: Mapping[str, int | None],
    *,
    ring: Ring,
    now: datetime,
) -> tuple[RequestId, ...]:
    """Put approved payouts of a payer into requests, and let their money leave what is due.

    `contract` and `left` (of transactions, by number) are what the gateway said a moment ago; None is no answer. A
    payout of which less is due now than was approved, or whose receiver is damaged, is withdrawn; one whose receiver's
    key is not here, or for which no transaction holds money, waits.
    Locks payouts that no rival holds, transactions by number, then keys of entries.
    """
    approved = payouts_service.lock_to_send(conn, payer.id, now=now, limit=PAYOUTS_AT_ONCE)
    standing, told = to_be_sent(conn, approved, ring=ring, now=now)
    if contract is None:
        _wait(conn, standing, why=CONTRACT_NOT_SAID, now=now)
        log.append(conn, told)
        return ()
    payouts_service.keep_contract(conn, payer.id, contract, now=now)
    if payer.way is Way.WECHAT_SHARING:
        transactions = payouts_service.hold_transactions(conn, payer.id, left, now=now)
        drafts = payouts_rules.out_of_transactions(standing, transactions, contract)
    else:
        drafts = payouts_rules.in_batches(standing, receivers_most=contract.receivers_per_request)
    request_ids, sent = write_and_post(conn, payer, standing, drafts, now=now)
    log.append(conn, [*told, *sent])
    return request_ids


def to_be_sent(
    conn: Conn, approved: Sequence[Payout], *, ring: Ring, now: datetime
) -> tuple[list[Payout], list[Event]]:
    """Return approved payouts of which all is still due and whose receiver opens; the others are withdrawn, as is told.

    Those whose receiver's key is not in the ring wait for it. The caller holds them all.
    """
    accounts = payouts_queries.accounts_by_ids(conn, {one.account_id for one in approved})
    opened = {one.id: open_receiver(one, ring=ring) for one in accounts.values()}
    shut = {account_id for account_id, one in opened.items() if isinstance(one, AccountSealBroken)}
    keyless = {account_id for account_id, one in opened.items() if isinstance(one, AccountKeyMissing)}
    owed: dict[_Owed, int] = {
        (one.party_id, one.entity_id, one.currency): -one.balance_minor
        for one in ledger_queries.balances_of_parties(conn, list({one.party_id for one in approved}))
        if one.purpose is Purpose.SHARE_DUE and one.party_id is not None
    }
    fallen = {one.id: RECEIVER_NOT_OPENED for one in approved if one.account_id in shut}
    fallen |= {
        one.id: DUE_FELL
        for one in approved
        if owed.get((one.party_id, one.entity_id, one.currency), 0) < one.gross_minor
    }
    if fallen:
        payouts_service.withdraw(conn, fallen, by=SYSTEM_ACTOR, entities=None, now=now)
    told = [
        event(PayoutWithdrawn(payout_id=one, reason=why), subject=one, at=now) for one, why in fallen.items()
    ]
    standing = [one for one in approved if one.id not in fallen]
    _wait(conn, [one for one in standing if one.account_id in keyless], why=KEY_NOT_HERE, now=now)
    return [one for one in standing if one.account_id not in keyless], told


def write_and_post(
    conn: Conn, payer: Payer, found: Sequence[Payout], drafts: Sequence[Draft], *, now: datetime
) -> tuple[tuple[RequestId, ...], list[Event]]:
    """Keep requests, post what they send, and let those wait for which there is no money; what is to be told, too.

    The caller holds the payouts and the transactions.
    """
    sent = payouts_service.write_sent(conn, payer, found, drafts, now=now)
    going = {line.payout_id for line in sent.lines}
    _wait(conn, [one for one in found if one.id not in going], why=NOTHING_TO_SHARE, now=now)
    return sent.request_ids, post_sent(conn, found, sent.lines, now=now)


def _wait(conn: Conn, waiting: Sequence[Payout], *, why: str, now: datetime) -> None:
    payouts_service.look_later(conn, [one.id for one in waiting], look_at=now + _LOOKS_AGAIN, reason=why)


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was claimed, as its gateway is asked it.

    Where a receiver does not open the request is given up: it is asked for by its numbers alone, without a receiver.
    """

    request_id: RequestId
    tries: int
    is_given_up: bool
    is_opened: bool
    to_send: ToSend


def claim_to_send(
    conn: Conn, ways: Collection[str], *, ring: Ring, limit: int, now: datetime
) -> list[Claimed]:
    """Claim requests that are due, with their receivers opened for the moment. Commit before any is put.

    One of which a receiver does not open is given up instead: it cannot be sent, and is asked for later.
    """
    requests = payouts_service.claim_requests(conn, ways, limit=limit, now=now)
    lines = payouts_queries.lines_of_requests(conn, [one.id for one in requests])
    accounts = payouts_queries.accounts_by_ids(
        conn, {line.account_id for of_request in lines.values() for line in of_request}
    )
    payers = payouts_queries.payers_by_ids(conn, {one.payer_id for one in requests})
    claimed: list[Claimed] = []
    for request in requests:
        to_pay: list[ToPay] = []
        is_opened = True
        for line in lines[request.id]:
            account = accounts[line.account_id]
            receiver = open_receiver(account, ring=ring)
            if isinstance(receiver, Refusal):
                is_opened, receiver = False, _NOBODY
            to_pay.append(
                ToPay(
                    line_id=line.id,
                    kind=account.kind,
                    receiver=receiver,
                    net_minor=line.net_minor,
                    state=line.state,
                )
            )
        if not is_opened and request.given_up_at is None:  # at most `limit` times
            given_up = give_up_request(conn, request.id, by=SYSTEM_ACTOR, scope=WHOLE_BRAND, now=now)
            assert given_up == request.id, "it was claimed, and so is open"
            continue
        claimed.append(
            Claimed(
                request_id=request.id,
                tries=request.tries,
                is_given_up=request.given_up_at is not None,
                is_opened=is_opened,
                to_send=ToSend(request=request, payer=payers[request.payer_id], lines=to_pay),
            )
        )
    return claimed


def hear_payout_notices(conn: Conn, notices: Sequence[Notice], *, now: datetime) -> int:
    """Take in notifications: what they are about is asked for next. Returns how many were not heard before."""
    about: dict[str, RequestId] = {}
    for one in notices:
        request_id = _request_id(one.request_number)
        if request_id is not None:
            about[one.id] = request_id
    fresh = payouts_service.hear_notices(conn, about, now=now)
    reclaiming.hasten_reclaims(conn, {about[one] for one in fresh}, now=now)
    return len(fresh)


def _request_id(number: str) -> RequestId | None:
    try:
        return RequestId(UUID(hex=number))
    except ValueError:
        return None


def claim_to_unfreeze(conn: Conn, ways: Collection[str], *, limit: int, now: datetime) -> list[ToUnfreeze]:
    """Claim what gateways shall let go, newly used up payments too. Commit before any is put."""
    unfreezing.write_unfreezings(conn, ways, now=now)
    claimed = unfreezing.claim_unfreezings(conn, ways, limit=limit, now=now)
    payers = payouts_queries.payers_by_ids(conn, {one.payer_id for one in claimed})
    return [ToUnfreeze(unfreezing=one, payer=payers[one.payer_id]) for one in claimed]
