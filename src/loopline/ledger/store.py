"""The statements of the ledger, one function each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from loopline.db import (
    Conn,
    byte_strings,
    copy_rows,
    copy_rows_if_free,
    execute,
    fetch,
    fetch_values,
    integers,
    moments,
    statements,
    texts,
    uuids,
)
from loopline.ledger.model import Account, AccountAsk, ReversedPart, StoredPart
from loopline.ledger.rules import PlannedEntry, PlannedReversal, StandingEntry

SQL = statements(__file__)

FOLD_ABOVE_BYTES = 1 << 20
"""About 23,000 changes; adding them up takes a few milliseconds."""

_COPIED_FROM = 200
"""So many entries are copied at once; of fewer the round trips of a savepoint cost more than it saves."""

PartOfEntry = tuple[UUID, UUID]
"""A part and its entry, in this order, which is also the order of locks."""


def accounts_by_ask(conn: Conn, asks: Sequence[AccountAsk]) -> list[Account]:
    return fetch(conn, SQL["accounts_by_ask"], Account, **_columns_of_asks(asks))


def add_accounts(conn: Conn, asks: Sequence[AccountAsk], *, ids: Sequence[UUID], opened_at: datetime) -> None:
    execute(conn, SQL["add_accounts"], ids=list(ids), opened_at=opened_at, **_columns_of_asks(asks))


def accounts_by_id(conn: Conn, account_ids: Iterable[UUID]) -> list[Account]:
    return fetch(conn, SQL["accounts_by_id"], Account, account_ids=uuids(account_ids))


def accounts_by_number(conn: Conn, numbers: Iterable[int]) -> list[Account]:
    return fetch(conn, SQL["accounts_by_number"], Account, numbers=integers(numbers))


def add_entries(conn: Conn, planned: Sequence[PlannedEntry]) -> set[str]:
    """Write the entries whose keys are free and return those keys.

    Many are copied, as long as all their keys are free: half the work of asking for each; else they are inserted.
    """
    if len(planned) >= _COPIED_FROM:
        rows = [
            (entry.id, entry.kind.value, entry.subject, entry.at, entry.key, plan.content_hash)
            for plan in sorted(planned, key=_key_of)
            for entry in (plan.entry,)
        ]
        if copy_rows_if_free(conn, SQL["copy_entries"], rows):
            return {plan.entry.key for plan in planned}
    written = fetch_values(
        conn,
        SQL["add_entries"],
        ids=uuids(plan.entry.id for plan in planned),
        kinds=texts(plan.entry.kind.value for plan in planned),
        subjects=uuids(plan.entry.subject for plan in planned),
        ats=moments(plan.entry.at for plan in planned),
        keys=texts(plan.entry.key for plan in planned),
        content_hashes=byte_strings(plan.content_hash for plan in planned),
    )
    return set(written)


def _key_of(plan: PlannedEntry) -> str:
    return plan.entry.key


def copy_reversal_entries(conn: Conn, planned: Sequence[PlannedReversal]) -> None:
    """Write the entries and steps of reversals. Raises UniqueViolation when a rival took a key just now."""
    copy_rows(
        conn,
        SQL["copy_entries"],
        (
            (ask.id, "reversal", ask.subject, ask.at, ask.key, plan.content_hash)
            for plan in planned
            for ask in (plan.reversal,)
        ),
    )
    copy_rows(
        conn,
        SQL["copy_reversals"],
        (
            (ask.id, ask.entry_id, ask.part_id, plan.units_before, ask.units)
            for plan in planned
            for ask in (plan.reversal,)
        ),
    )


def entries_by_key(conn: Conn, keys: Sequence[str]) -> list[StandingEntry]:
    return fetch(conn, SQL["entries_by_key"], StandingEntry, keys=list(keys))


def entries_by_id(conn: Conn, entry_ids: Iterable[UUID]) -> list[StandingEntry]:
    return fetch(conn, SQL["entries_by_id"], StandingEntry, entry_ids=uuids(entry_ids))


def copy_parts(conn: Conn, parts: Iterable[StoredPart]) -> None:
    copy_rows(
        conn,
        SQL["copy_parts"],
        (
            (part.entry_id, part.part_id, part.currency, part.account_numbers, part.amounts_minor)
            for part in parts
        ),
    )


def parts_of_entries(conn: Conn, wanted: Sequence[PartOfEntry]) -> list[StoredPart]:
    return fetch(conn, SQL["parts_of_entries"], StoredPart, **_columns_of_parts(wanted))


def change_balances(conn: Conn, deltas: Mapping[int, tuple[int, int]]) -> None:
    """Add to balances. `deltas`: amount and number of postings by account number."""
    copy_rows(
        conn,
        SQL["copy_balance_changes"],
        ((number, amount_minor, count) for number, (amount_minor, count) in deltas.items()),
    )
    if fetch_values(conn, SQL["fold_is_due"], bytes=FOLD_ABOVE_BYTES)[0]:
        execute(conn, SQL["fold_balances"])


def lock_reversed_parts(conn: Conn, units_of: Mapping[PartOfEntry, int]) -> list[ReversedPart]:
    """Make the counting rows that are missing, then lock them all, by part and entry."""
    columns = _columns_of_parts(list(units_of))
    execute(conn, SQL["add_reversed_parts"], units_of=integers(units_of.values()), **columns)
    return fetch(conn, SQL["lock_reversed_parts"], ReversedPart, **columns)


def take_cut(conn: Conn) -> int | None:
    number: int | None = fetch_values(conn, SQL["take_cut"])[0]
    return number


def change_reversed_parts(conn: Conn, units: Mapping[PartOfEntry, int]) -> None:
    execute(
        conn, SQL["change_reversed_parts"], units=integers(units.values()), **_columns_of_parts(list(units))
    )


def _columns_of_asks(asks: Sequence[AccountAsk]) -> dict[str, object]:
    return {
        "entity_ids": [ask.entity_id for ask in asks],
        "purposes": [ask.purpose.value for ask in asks],
        "currencies": [ask.currency for ask in asks],
        "party_ids": [ask.party_id for ask in asks],
    }


def _columns_of_parts(wanted: Sequence[PartOfEntry]) -> dict[str, str]:
    return {
        "part_ids": uuids(part_id for part_id, _ in wanted),
        "entry_ids": uuids(entry_id for _, entry_id in wanted),
    }
