"""Reads of payouts, for screens and processes. Nothing here locks. `entities` are those somebody may see; None: all."""

from collections.abc import Collection
from datetime import datetime

from loopline.db import Conn
from loopline.kernel.ids import PartyId, PaymentId
from loopline.payouts import store
from loopline.payouts.model import (
    Account,
    Download,
    Line,
    Payer,
    PayerId,
    Payout,
    PayoutAccountId,
    PayoutId,
    PayoutState,
    Request,
    RequestId,
    Terms,
    TermsVersion,
    Transaction,
)
from loopline.payouts.store import Entities, LineSum, StateCount


def terms_in_force(conn: Conn, currencies: Collection[str]) -> dict[str, TermsVersion]:
    """Return the terms that payouts in these currencies are made by now; those of the house where nobody set any."""
    found = {one.currency: one for one in store.latest_terms(conn, currencies)}
    return {
        currency: found.get(currency) or _of_the_house(Terms(currency=currency)) for currency in currencies
    }


def _of_the_house(terms: Terms) -> TermsVersion:
    return TermsVersion(
        currency=terms.currency,
        version=0,
        least_minor=terms.least_minor,
        second_person_above_minor=terms.second_person_above_minor,
        withheld_basis_points=terms.withheld_basis_points,
    )


def payers_in_use(conn: Conn, entities: Entities = None) -> list[Payer]:
    """Return the accounts that legal entities pay from."""
    return store.payers_in_use(conn, entities)


def payers_by_ids(conn: Conn, payer_ids: Collection[PayerId]) -> dict[PayerId, Payer]:
    """Return accounts to pay from, closed ones too."""
    return {one.id: one for one in store.payers_by_ids(conn, payer_ids)}


def payers_to_send_from(conn: Conn, ways: Collection[str], *, now: datetime, limit: int) -> list[Payer]:
    """Return the accounts by these ways from which approved payouts wait to be sent."""
    return store.payers_to_send_from(conn, ways, now=now, limit=limit)


def accounts_in_use(conn: Conn, party_ids: Collection[PartyId]) -> dict[PartyId, Account]:
    """Return where parties are paid to; one that said nothing is left out."""
    return {one.party_id: one for one in store.accounts_in_use(conn, party_ids)}


def accounts_by_ids(conn: Conn, account_ids: Collection[PayoutAccountId]) -> dict[PayoutAccountId, Account]:
    """Return accounts to pay to, closed ones too."""
    return {one.id: one for one in store.accounts_by_ids(conn, account_ids)}


def keys_in_use(conn: Conn) -> dict[int, int]:
    """Return how many accounts need each sealing key."""
    return store.keys_in_use(conn)


def find_payouts(
    conn: Conn,
    states: Collection[PayoutState],
    *,
    entities: Entities,
    before: tuple[datetime, PayoutId] | None = None,
    limit: int,
) -> list[Payout]:
    """Return payouts in some states, the newest first, before a place (made at, id) in that order."""
    return store.find_payouts(conn, states, entities=entities, before=before, limit=limit)


def payouts_by_ids(conn: Conn, payout_ids: Collection[PayoutId]) -> dict[PayoutId, Payout]:
    """Return payouts as they stand."""
    return {one.id: one for one in store.payouts_by_ids(conn, payout_ids)}


def count_by_state(conn: Conn, *, entities: Entities) -> list[StateCount]:
    """Return how many payouts stand in each state, and of how much."""
    return store.count_by_state(conn, entities)


def sum_lines(conn: Conn, *, entities: Entities = None, party_id: PartyId | None = None) -> list[LineSum]:
    """Return how much of all that was sent, or sent to one party, is on its way, arrived, and came back."""
    return store.sum_lines(conn, entities, party_id=party_id)


def open_requests(conn: Conn, *, entities: Entities, limit: int) -> list[Request]:
    """Return requests and files of which not everything is known yet, the oldest first."""
    return store.requests_open(conn, entities, limit=limit)


def requests_by_ids(
    conn: Conn, request_ids: Collection[RequestId], *, entities: Entities = None
) -> dict[RequestId, Request]:
    """Return requests and files."""
    return {one.id: one for one in store.requests_by_ids(conn, request_ids, entities=entities)}


def lines_of_requests(conn: Conn, request_ids: Collection[RequestId]) -> dict[RequestId, list[Line]]:
    """Return the lines of requests, in the order they were made."""
    found: dict[RequestId, list[Line]] = {}
    for line in store.lines_of_requests(conn, request_ids):
        found.setdefault(line.request_id, []).append(line)
    return found


def lines_of_payouts(conn: Conn, payout_ids: Collection[PayoutId]) -> dict[PayoutId, list[Line]]:
    """Return the lines of payouts, in the order they were made."""
    found: dict[PayoutId, list[Line]] = {}
    for line in store.lines_of_payouts(conn, payout_ids):
        found.setdefault(line.payout_id, []).append(line)
    return found


def downloads_of_requests(conn: Conn, request_ids: Collection[RequestId]) -> dict[RequestId, list[Download]]:
    """Return who was given files, the first first."""
    found: dict[RequestId, list[Download]] = {}
    for one in store.downloads_of_requests(conn, request_ids):
        found.setdefault(one.request_id, []).append(one)
    return found


def last_noted(conn: Conn, payer: Payer) -> PaymentId | None:
    """Return the payment recorded last of those noted for a payer, or for others of its legal entity and currency."""
    return next(iter(store.last_noted(conn, payer)), None)


def transactions_to_share(conn: Conn, payer_id: PayerId, *, since: datetime, limit: int) -> list[Transaction]:
    """Return payments of a payer taken since a moment that may hold something to share, the oldest first."""
    return store.transactions_to_share(conn, payer_id, since=since, limit=limit)
