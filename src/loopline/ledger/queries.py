"""Reads of the ledger for screens and processes."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, fetch_values, statements, stream_rows, uuids
from loopline.kernel.ids import AccountId, EntityId, EntryId, PartyId, first_id_of
from loopline.kernel.times import TimeRange
from loopline.ledger.model import Account, CutNumber, EntryKind, Purpose, ReversedPart

SQL = statements(__file__)
_NO_CUT_YET = (1 << 31) - 1


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


class PartSum(msgspec.Struct, frozen=True, kw_only=True):
    """What all entries of a part post to the accounts of one purpose of a legal entity."""

    part_id: UUID
    entity_id: EntityId
    purpose: Purpose
    currency: str
    amount_minor: int


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


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """One posting with its entry and its account; debit positive."""

    at: datetime
    entry_id: EntryId
    key: str
    kind: EntryKind
    subject: UUID
    part_id: UUID
    number: int
    entity_id: EntityId
    party_id: PartyId | None
    purpose: Purpose
    currency: str
    amount_minor: int


class PartyMoved(msgspec.Struct, frozen=True, kw_only=True):
    """What entries of a kind moved in favour of a party (against it where negative) in one of the spans asked for."""

    span: int
    party_id: PartyId
    currency: str
    kind: EntryKind
    amount_minor: int


class PartyMovement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one entry says of one part to one party: how much its pending and due shares grew by, or shrank.

    `borne_minor`: how much more (less) it owes the seller of record for what customers were let off.
    """

    party_id: PartyId
    entry_id: EntryId
    part_id: UUID
    currency: str
    entity_id: EntityId
    kind: EntryKind
    subject: UUID
    at: datetime
    pending_minor: int
    due_minor: int
    borne_minor: int = 0


class BooksKept(msgspec.Struct, frozen=True, kw_only=True):
    """A legal entity keeps books in a currency, since its first account in it was opened."""

    entity_id: EntityId
    currency: str
    since: datetime


class MonthOfBooks(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a legal entity's books: from `start`, included, to `end`, not.

    What is dated before `start` and was committed after the cut `after_cut` is part of it; what was committed after
    the cut `before_cut` is not. Without a cut after it, everything that is there now counts.
    """

    entity_id: EntityId
    currency: str
    start: datetime
    end: datetime
    after_cut: CutNumber = CutNumber(0)
    before_cut: CutNumber | None = None

    @property
    def counts_before(self) -> int:
        """The cut before which an entry was committed that counts; above all there are, where there is none yet."""
        return _NO_CUT_YET if self.before_cut is None else self.before_cut


class Turnover(msgspec.Struct, frozen=True, kw_only=True):
    """What moved the accounts of a purpose, debits and credits each as positive amounts."""

    purpose: Purpose
    debit_minor: int
    credit_minor: int


class MonthEntries(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries are dated in a month (its first day), and the sum of their debits."""

    month: date
    entries: int
    moved_minor: int


class EntryOfBefore(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that is dated before the month it belongs to; `moved_minor` is the sum of its debits."""

    entry_id: EntryId
    kind: EntryKind
    subject: UUID
    at: datetime
    key: str
    moved_minor: int


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


def sums_of_parts(conn: Conn, part_ids: Sequence[UUID], purposes: Sequence[Purpose]) -> list[PartSum]:
    """Return what is posted of these parts to accounts of some purposes, reversals taken off."""
    return fetch(
        conn,
        SQL["sums_of_parts"],
        PartSum,
        part_ids=uuids(part_ids),
        purposes=[purpose.value for purpose in purposes],
    )


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


def journal(conn: Conn, *, start: datetime, end: datetime) -> Iterator[JournalLine]:
    """Stream every posting of the entries from `start` (included) to `end` (not), an entry's together, oldest first.

    Read them inside the transaction of `conn`, and to their end.
    """
    columns, rows = stream_rows(conn, SQL["journal"], start=start, end=end)
    for row in rows:
        yield msgspec.convert(dict(zip(columns, row, strict=True)), JournalLine)


def books_kept(conn: Conn) -> list[BooksKept]:
    """Return who keeps books in which currencies, by entity and currency."""
    return fetch(conn, SQL["books_kept"], BooksKept)


def turnover(conn: Conn, month: MonthOfBooks) -> list[Turnover]:
    """Return what moved in a month, by purpose; purposes that nothing moved are absent."""
    return fetch(conn, SQL["turnover"], Turnover, **_of_month(month))


def entries_by_month(conn: Conn, month: MonthOfBooks, *, zone: str) -> list[MonthEntries]:
    """Return the entries of a month by the month of the zone they are dated in, the oldest first."""
    return fetch(conn, SQL["entries_by_month"], MonthEntries, zone=zone, **_of_month(month))


def entries_of_before(conn: Conn, month: MonthOfBooks, *, limit: int) -> list[EntryOfBefore]:
    """Return entries of a month that are dated before it, the oldest first, at most `limit`."""
    return fetch(conn, SQL["entries_of_before"], EntryOfBefore, limit=limit, **_of_month(month))


def journal_of_month(conn: Conn, month: MonthOfBooks) -> Iterator[JournalLine]:
    """Stream every posting of a month's entries in these books, an entry's together, oldest first; as `journal`."""
    columns, rows = stream_rows(conn, SQL["journal_of_month"], **_of_month(month))
    for row in rows:
        yield msgspec.convert(dict(zip(columns, row, strict=True)), JournalLine)


def _of_month(month: MonthOfBooks) -> dict[str, Any]:
    return {
        "entity_id": month.entity_id,
        "currency": month.currency,
        "start": month.start,
        "end": month.end,
        "after_cut": month.after_cut,
        "before_cut": month.counts_before,
    }


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


def party_movements(
    conn: Conn, party_ids: Sequence[PartyId], *, posted: TimeRange
) -> Iterator[PartyMovement]:
    """Stream what moved parties' shares, by any kind of entry, and what they bear, in the order of entries.

    An entry is posted when its id was made, in `posted`: start included, end not. Read it inside the
    transaction, to the end.
    """
    found = stream_rows(conn, SQL["party_movements"], party_ids=uuids(party_ids), **_ids_within(posted))
    return _movements(found)


def movements_of_all(
    conn: Conn, *, posted: TimeRange, late: Sequence[EntryId] = ()
) -> Iterator[PartyMovement]:
    """Stream the same of every party, a party's movements together, each in the order of entries.

    `late` are entries that are wanted besides, whenever they were posted.
    """
    return _movements(stream_rows(conn, SQL["movements_of_all"], late_ids=uuids(late), **_ids_within(posted)))


def first_entry(conn: Conn) -> EntryId | None:
    """Return the entry that was posted first, if any was."""
    found = fetch_values(conn, SQL["first_entry"])
    return EntryId(found[0]) if found else None


def _ids_within(posted: TimeRange) -> dict[str, UUID]:
    return {
        "first_id": first_id_of(posted.start),
        "end_id": first_id_of(posted.end) if posted.end is not None else UUID(int=(1 << 128) - 1),
    }


def _movements(found: tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]) -> Iterator[PartyMovement]:
    columns, rows = found
    for row in rows:
        yield msgspec.convert(dict(zip(columns, row, strict=True)), PartyMovement)
