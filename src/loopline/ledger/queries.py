"""Reads of the ledger for screens and processes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import AccountId, EntityId, EntryId, PartyId, first_id_of
from loopline.kernel.times import TimeRange
from loopline.ledger.model import Account, EntryKind, Purpose, ReversedPart

SQL = statements(__file__)


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account holds; a credit balance is negative."""

    account_id: AccountId
    entity_id: EntityId
    party_id: PartyId | None
    purpose: Purpose
    currency: str
    balance_minor: int
    posting_count: int


class PurposeBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What all accounts of one purpose hold together, for one legal entity and currency."""

    entity_id: EntityId
    purpose: Purpose
    currency: str
    balance_minor: int
    posting_count: int


class PartEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry says of one part."""

    part_id: UUID
    entry_id: EntryId
    kind: EntryKind
    subject: UUID
    at: datetime
    key: str
    currency: str
    account_numbers: list[int]
    amounts_minor: list[int]


class EntryKey(msgspec.Struct, frozen=True, kw_only=True):
    """An entry by its key."""

    key: str
    entry_id: EntryId


class AccountPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an account's statement."""

    entry_id: EntryId
    kind: EntryKind
    subject: UUID
    at: datetime
    key: str
    part_id: UUID
    amount_minor: int


class PartyMoved(msgspec.Struct, frozen=True, kw_only=True):
    """What entries of a kind moved in favour of a party (against it where negative) in one of the spans asked for."""

    span: int
    party_id: PartyId
    currency: str
    kind: EntryKind
    amount_minor: int


def balances(conn: Conn, account_ids: Sequence[AccountId]) -> list[Balance]:
    """Return the balances of accounts, in the order in which they were opened."""
    return fetch(conn, SQL["balances"], Balance, account_ids=uuids(account_ids))


def balances_by_purpose(conn: Conn) -> list[PurposeBalance]:
    """Return the sums of all accounts by legal entity, purpose and currency; each currency's sum is zero."""
    return fetch(conn, SQL["balances_by_purpose"], PurposeBalance)


def balances_of_parties(conn: Conn, party_ids: Sequence[PartyId]) -> list[Balance]:
    """Return every balance of these parties."""
    return fetch(conn, SQL["balances_of_parties"], Balance, party_ids=uuids(party_ids))


def accounts_of_purpose(conn: Conn, purpose: Purpose) -> list[Account]:
    """Return every account of a purpose, in the order in which they were opened."""
    return fetch(conn, SQL["accounts_of_purpose"], Account, purpose=purpose.value)


def posting_count(conn: Conn) -> int:
    """Return how many postings were ever made."""
    return int(fetch_values(conn, SQL["posting_count"])[0])


def entries_of_parts(conn: Conn, part_ids: Sequence[UUID]) -> list[PartEntry]:
    """Return everything the ledger says of these parts, oldest entry first within a part."""
    return fetch(conn, SQL["entries_of_parts"], PartEntry, part_ids=uuids(part_ids))


def entry_ids_by_key(conn: Conn, keys: Sequence[str]) -> dict[str, EntryId]:
    """Return the entries that stand under these keys; a key without an entry is absent."""
    found = fetch(conn, SQL["entry_ids_by_key"], EntryKey, keys=list(keys))
    return {known.key: known.entry_id for known in found}


def postings_of_account(
    conn: Conn, account_id: AccountId, *, during: TimeRange, limit: int
) -> list[AccountPosting]:
    """Return what moved an account in a time range (start included, end not), oldest first, at most `limit` lines."""
    return fetch(
        conn,
        SQL["postings_of_account"],
        AccountPosting,
        account_id=account_id,
        start=during.start,
        end=during.end,
        limit=limit,
    )


def moved_of_parties(
    conn: Conn, party_ids: Sequence[PartyId], *, purposes: Sequence[Purpose], starts: Sequence[datetime]
) -> list[PartyMoved]:
    """Return what moved parties' accounts of some purposes, all of them together, by the span it was posted in.

    Spans begin at `starts`, in rising order, each ends where the next begins, the last one never; they are counted
    from 1. An entry lies where its id was made. Reads what was posted since the first start, and nothing older.
    """
    return fetch(
        conn,
        SQL["moved_of_parties"],
        PartyMoved,
        party_ids=uuids(party_ids),
        purposes=[purpose.value for purpose in purposes],
        first_ids=uuids(first_id_of(start) for start in starts),
    )


def reversed_units(conn: Conn, part_ids: Sequence[UUID]) -> list[ReversedPart]:
    """Return how much of these parts was taken back; parts of which nothing came back are absent."""
    return fetch(conn, SQL["reversed_units"], ReversedPart, part_ids=uuids(part_ids))
