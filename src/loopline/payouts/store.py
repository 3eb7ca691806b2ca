"""One function per statement of `store.sql`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, statements, uuids
from loopline.kernel.ids import EntityId, PartyId, PaymentId
from loopline.payouts.model import (
    Account,
    Contract,
    Download,
    Line,
    LineState,
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
)

SQL = statements(__file__)
Entities = Collection[EntityId] | None
"""The legal entities somebody may see; None: all of them."""


class RequestChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a request."""

    request_id: RequestId
    state: RequestState
    next_try_at: datetime | None
    ended_at: datetime | None
    reference: str | None
    reason: str | None


class NewRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request before it is kept."""

    id: RequestId
    payer: Payer
    transaction_number: str | None


class StateCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many payouts stand in a state, of how much in one currency."""

    state: PayoutState
    currency: str
    payouts: int
    gross_minor: int


class LineSum(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what a legal entity sent in one currency stands in a state."""

    entity_id: EntityId
    currency: str
    state: LineState
    gross_minor: int
    net_minor: int


def _entities(entities: Entities) -> str | None:
    return None if entities is None else uuids(entities)


def latest_terms(conn: Conn, currencies: Collection[str]) -> list[TermsVersion]:
    return fetch(conn, SQL["latest_terms"], TermsVersion, currencies=sorted(currencies))


def insert_terms(conn: Conn, terms: Terms, *, by: str, comment: str, now: datetime) -> int:
    (version,) = fetch_values(
        conn,
        SQL["insert_terms"],
        currency=terms.currency,
        least_minor=terms.least_minor,
        second_person_above_minor=terms.second_person_above_minor,
        withheld_basis_points=terms.withheld_basis_points,
        set_by=by,
        comment=comment,
        now=now,
    )
    return version


def insert_payer(conn: Conn, new: NewPayer, *, payer_id: PayerId, by: str, now: datetime) -> bool:
    return bool(
        fetch_values(
            conn,
            SQL["insert_payer"],
            id=payer_id,
            entity_id=new.entity_id,
            currency=new.currency,
            way=new.way.value,
            number=new.number,
            name=new.name,
            added_by=by,
            now=now,
        )
    )


def close_payer(conn: Conn, payer_id: PayerId, *, entities: Entities, now: datetime) -> bool:
    return bool(
        fetch_values(conn, SQL["close_payer"], payer_id=payer_id, entity_ids=_entities(entities), now=now)
    )


def payers_in_use(conn: Conn, entities: Entities) -> list[Payer]:
    return fetch(conn, SQL["payers_in_use"], Payer, entity_ids=_entities(entities))


def payers_by_ids(conn: Conn, payer_ids: Collection[PayerId]) -> list[Payer]:
    return fetch(conn, SQL["payers_by_ids"], Payer, payer_ids=uuids(payer_ids))


def close_accounts(conn: Conn, party_ids: Collection[PartyId], *, now: datetime) -> None:
    execute(conn, SQL["close_accounts"], party_ids=uuids(party_ids), now=now)


def insert_accounts(conn: Conn, accounts: Sequence[Account], *, by: str, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_accounts"],
        ids=[one.id for one in accounts],
        party_ids=[one.party_id for one in accounts],
        kinds=[one.kind.value for one in accounts],
        masked=[one.masked for one in accounts],
        sealed=[one.sealed for one in accounts],
        wrapped_keys=[one.wrapped_key for one in accounts],
        sealed_with=[one.sealed_with for one in accounts],
        added_by=by,
        now=now,
    )


def accounts_in_use(conn: Conn, party_ids: Collection[PartyId]) -> list[Account]:
    return fetch(conn, SQL["accounts_in_use"], Account, party_ids=uuids(party_ids))


def accounts_by_ids(conn: Conn, account_ids: Collection[PayoutAccountId]) -> list[Account]:
    return fetch(conn, SQL["accounts_by_ids"], Account, account_ids=uuids(account_ids))


def lock_wrapped_otherwise(
    conn: Conn, *, current: int, after: PayoutAccountId | None, limit: int
) -> list[Account]:
    return fetch(conn, SQL["lock_wrapped_otherwise"], Account, current=current, after=after, limit=limit)


def rewrap_accounts(conn: Conn, keys: Mapping[PayoutAccountId, bytes], *, sealed_with: int) -> None:
    execute(
        conn,
        SQL["rewrap_accounts"],
        ids=list(keys),
        wrapped_keys=list(keys.values()),
        sealed_with=sealed_with,
    )


def keys_in_use(conn: Conn) -> dict[int, int]:
    return dict(fetch_rows(conn, SQL["keys_in_use"]))


def insert_payouts(conn: Conn, new: Mapping[PayoutId, NewPayout], *, by: str, now: datetime) -> set[UUID]:
    planned = list(new.values())
    return set(
        fetch_values(
            conn,
            SQL["insert_payouts"],
            ids=list(new),
            party_ids=[one.party_id for one in planned],
            entity_ids=[one.entity_id for one in planned],
            currencies=[one.currency for one in planned],
            payer_ids=[one.payer_id for one in planned],
            account_ids=[one.account_id for one in planned],
            gross_minor=[one.gross_minor for one in planned],
            withheld_minor=[one.withheld_minor for one in planned],
            withheld_basis_points=[one.withheld_basis_points for one in planned],
            terms_versions=[one.terms_version for one in planned],
            needs_second=[one.needs_second for one in planned],
            made_by=by,
            now=now,
        )
    )


def lock_payouts(conn: Conn, payout_ids: Collection[PayoutId], *, entities: Entities = None) -> list[Payout]:
    return fetch(
        conn,
        SQL["lock_payouts"],
        Payout,
        payout_ids=uuids(payout_ids),
        entity_ids=_entities(entities),
    )


def approve_payouts(conn: Conn, payout_ids: Collection[PayoutId], *, by: str, now: datetime) -> None:
    execute(conn, SQL["approve_payouts"], payout_ids=uuids(payout_ids), by=by, now=now)


def withdraw_payouts(conn: Conn, reasons: Mapping[PayoutId, str], *, by: str, now: datetime) -> None:
    execute(
        conn,
        SQL["withdraw_payouts"],
        payout_ids=list(reasons),
        reasons=list(reasons.values()),
        by=by,
        now=now,
    )


def payers_to_send_from(conn: Conn, ways: Collection[str], *, now: datetime, limit: int) -> list[Payer]:
    return fetch(conn, SQL["payers_to_send_from"], Payer, ways=sorted(ways), now=now, limit=limit)


def lock_to_send(conn: Conn, payer_id: PayerId, *, now: datetime, limit: int) -> list[Payout]:
    return fetch(conn, SQL["lock_to_send"], Payout, payer_id=payer_id, now=now, limit=limit)


def look_later(conn: Conn, payout_ids: Collection[PayoutId], *, look_at: datetime, reason: str) -> None:
    execute(conn, SQL["look_later"], payout_ids=uuids(payout_ids), look_at=look_at, reason=reason)


def send_payouts(conn: Conn, payout_ids: Collection[PayoutId], *, now: datetime) -> None:
    execute(conn, SQL["send_payouts"], payout_ids=uuids(payout_ids), now=now)


def end_payouts(
    conn: Conn, ended: Mapping[PayoutId, tuple[PayoutState, str | None]], *, now: datetime
) -> None:
    execute(
        conn,
        SQL["end_payouts"],
        payout_ids=list(ended),
        states=[state.value for state, _ in ended.values()],
        reasons=[reason for _, reason in ended.values()],
        now=now,
    )


def insert_requests(conn: Conn, requests: Sequence[NewRequest], *, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_requests"],
        ids=[one.id for one in requests],
        payer_ids=[one.payer.id for one in requests],
        ways=[one.payer.way.value for one in requests],
        transaction_numbers=[one.transaction_number for one in requests],
        now=now,
    )


def insert_lines(conn: Conn, lines: Sequence[Line]) -> None:
    execute(
        conn,
        SQL["insert_lines"],
        ids=[one.id for one in lines],
        payout_ids=[one.payout_id for one in lines],
        request_ids=[one.request_id for one in lines],
        account_ids=[one.account_id for one in lines],
        gross_minor=[one.gross_minor for one in lines],
        withheld_minor=[one.withheld_minor for one in lines],
        net_minor=[one.net_minor for one in lines],
    )


def claim_requests(
    conn: Conn, ways: Collection[str], *, limit: int, now: datetime, lease_until: datetime
) -> list[Request]:
    return fetch(
        conn,
        SQL["claim_requests"],
        Request,
        ways=sorted(ways),
        limit=limit,
        now=now,
        lease_until=lease_until,
    )


def lock_requests(
    conn: Conn, request_ids: Collection[RequestId], *, entities: Entities = None
) -> list[Request]:
    return fetch(
        conn,
        SQL["lock_requests"],
        Request,
        request_ids=uuids(request_ids),
        entity_ids=_entities(entities),
    )


def change_requests(conn: Conn, changes: Sequence[RequestChange]) -> None:
    execute(
        conn,
        SQL["change_requests"],
        ids=[one.request_id for one in changes],
        states=[one.state.value for one in changes],
        next_try_at=[one.next_try_at for one in changes],
        ended_at=[one.ended_at for one in changes],
        reference_texts=[one.reference for one in changes],
        reasons=[one.reason for one in changes],
    )


def give_up_request(conn: Conn, request_id: RequestId, *, by: str, ask_at: datetime, now: datetime) -> None:
    execute(conn, SQL["give_up_request"], request_id=request_id, by=by, ask_at=ask_at, now=now)


def hasten_requests(conn: Conn, request_ids: Collection[RequestId], *, now: datetime) -> int:
    return execute(conn, SQL["hasten_requests"], request_ids=uuids(request_ids), now=now)


def keep_content_hash(conn: Conn, request_id: RequestId, content_hash: bytes) -> None:
    execute(conn, SQL["keep_content_hash"], request_id=request_id, content_hash=content_hash)


def insert_download(conn: Conn, request_id: RequestId, *, by: str, now: datetime) -> None:
    execute(conn, SQL["insert_download"], request_id=request_id, by=by, now=now)


def downloads_of_requests(conn: Conn, request_ids: Collection[RequestId]) -> list[Download]:
    return fetch(conn, SQL["downloads_of_requests"], Download, request_ids=uuids(request_ids))


def lines_of_requests(conn: Conn, request_ids: Collection[RequestId]) -> list[Line]:
    return fetch(conn, SQL["lines_of_requests"], Line, request_ids=uuids(request_ids))


def lines_of_payouts(conn: Conn, payout_ids: Collection[PayoutId]) -> list[Line]:
    return fetch(conn, SQL["lines_of_payouts"], Line, payout_ids=uuids(payout_ids))


def end_lines(conn: Conn, lines: Sequence[Line]) -> set[UUID]:
    return set(
        fetch_values(
            conn,
            SQL["end_lines"],
            ids=[one.id for one in lines],
            states=[one.state.value for one in lines],
            ended_at=[one.ended_at for one in lines],
            reasons=[one.reason for one in lines],
        )
    )


def keep_contract(conn: Conn, payer_id: PayerId, contract: Contract, *, now: datetime) -> None:
    execute(
        conn,
        SQL["keep_contract"],
        payer_id=payer_id,
        receivers_per_request=contract.receivers_per_request,
        requests_per_transaction=contract.requests_per_transaction,
        ratio_basis_points=contract.ratio_basis_points,
        reclaim_within_days=contract.reclaim_within_days,
        reclaims_per_receiver=contract.reclaims_per_receiver,
        now=now,
    )


def insert_transactions(conn: Conn, transactions: Sequence[Transaction]) -> int:
    return execute(
        conn,
        SQL["insert_transactions"],
        payer_ids=[one.payer_id for one in transactions],
        numbers=[one.number for one in transactions],
        payment_ids=[one.payment_id for one in transactions],
        amounts_minor=[one.amount_minor for one in transactions],
        taken_at=[one.taken_at for one in transactions],
    )


def last_noted(conn: Conn, payer: Payer) -> list[PaymentId]:
    return fetch_values(conn, SQL["last_noted"], entity_id=payer.entity_id, currency=payer.currency)


def take_over_transactions(conn: Conn, payer_id: PayerId, *, since: datetime) -> None:
    execute(conn, SQL["take_over_transactions"], payer_id=payer_id, since=since)


def transactions_to_share(conn: Conn, payer_id: PayerId, *, since: datetime, limit: int) -> list[Transaction]:
    return fetch(
        conn,
        SQL["transactions_to_share"],
        Transaction,
        payer_id=payer_id,
        since=since,
        limit=limit,
    )


def lock_transactions(conn: Conn, payer_id: PayerId, numbers: Collection[str]) -> list[Transaction]:
    return fetch(conn, SQL["lock_transactions"], Transaction, payer_id=payer_id, numbers=sorted(numbers))


def keep_left(conn: Conn, payer_id: PayerId, left: Mapping[str, int], *, now: datetime) -> None:
    execute(
        conn,
        SQL["keep_left"],
        payer_id=payer_id,
        numbers=list(left),
        left_minor=list(left.values()),
        now=now,
    )


def keep_unanswered(conn: Conn, payer_id: PayerId, numbers: Collection[str], *, now: datetime) -> None:
    execute(conn, SQL["keep_unanswered"], payer_id=payer_id, numbers=sorted(numbers), now=now)


def share_transactions(conn: Conn, payer_id: PayerId, shared: Sequence[tuple[str, int]]) -> None:
    """Count shares, (number, amount) for each request."""
    execute(
        conn,
        SQL["share_transactions"],
        payer_id=payer_id,
        numbers=[number for number, _ in shared],
        amounts_minor=[amount for _, amount in shared],
    )


def unshare_transactions(conn: Conn, line_ids: Collection[PayoutLineId]) -> None:
    execute(conn, SQL["unshare_transactions"], line_ids=uuids(line_ids))


def insert_notices(conn: Conn, ids: Collection[str], *, now: datetime) -> set[str]:
    return set(fetch_values(conn, SQL["insert_notices"], ids=sorted(ids), now=now))


def find_payouts(
    conn: Conn,
    states: Collection[PayoutState],
    *,
    entities: Entities,
    before: tuple[datetime, PayoutId] | None,
    limit: int,
) -> list[Payout]:
    return fetch(
        conn,
        SQL["find_payouts"],
        Payout,
        states=[state.value for state in states],
        entity_ids=_entities(entities),
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        limit=limit,
    )


def payouts_by_ids(conn: Conn, payout_ids: Collection[PayoutId]) -> list[Payout]:
    return fetch(conn, SQL["payouts_by_ids"], Payout, payout_ids=uuids(payout_ids))


def count_by_state(conn: Conn, entities: Entities) -> list[StateCount]:
    return fetch(conn, SQL["count_by_state"], StateCount, entity_ids=_entities(entities))


def sum_lines(conn: Conn, entities: Entities, *, party_id: PartyId | None) -> list[LineSum]:
    return fetch(conn, SQL["sum_lines"], LineSum, entity_ids=_entities(entities), party_id=party_id)


def requests_open(conn: Conn, entities: Entities, *, limit: int) -> list[Request]:
    return fetch(conn, SQL["requests_open"], Request, entity_ids=_entities(entities), limit=limit)


def requests_by_ids(
    conn: Conn, request_ids: Collection[RequestId], *, entities: Entities = None
) -> list[Request]:
    return fetch(
        conn,
        SQL["requests_by_ids"],
        Request,
        request_ids=uuids(request_ids),
        entity_ids=_entities(entities),
    )
