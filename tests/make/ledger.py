"""Ledger things for tests: accounts, a sale with its shares, reversals."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import AccountId, EntityId, EntryId, PartyId, uuid7
from loopline.ledger import service
from loopline.ledger.model import AccountAsk, EntryKind, NewEntry, PartReversal, Posting, Purpose

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def open_by_purpose(
    conn: Conn, purposes: Sequence[Purpose], *, currency: str = "CNY", entity_id: EntityId | None = None
) -> dict[Purpose, AccountId]:
    """Open one account of an entity for each purpose."""
    entity = entity_id or EntityId(uuid7(NOW))
    asks = [AccountAsk(entity_id=entity, purpose=purpose, currency=currency) for purpose in purposes]
    return {account.purpose: account.id for account in service.open_accounts(conn, asks, now=NOW)}


def open_for_parties(
    conn: Conn, count: int, *, purpose: Purpose = Purpose.SHARE_PENDING, entity_id: EntityId | None = None
) -> list[AccountId]:
    """Open one account of a purpose for each of `count` new parties."""
    entity = entity_id or EntityId(uuid7(NOW))
    asks = [
        AccountAsk(entity_id=entity, purpose=purpose, currency="CNY", party_id=PartyId(uuid7(NOW)))
        for _ in range(count)
    ]
    return [account.id for account in service.open_accounts(conn, asks, now=NOW)]


def entry(
    amounts: Mapping[AccountId, int] | Sequence[tuple[AccountId, int]],
    *,
    part_id: UUID | None = None,
    key: str | None = None,
    kind: EntryKind = EntryKind.SALE,
) -> NewEntry:
    """An entry of one part that posts these amounts, in their order."""
    part = part_id or uuid7(NOW)
    pairs = amounts.items() if isinstance(amounts, Mapping) else amounts
    return NewEntry(
        id=EntryId(uuid7(NOW)),
        kind=kind,
        subject=part,
        at=NOW,
        key=key or f"sale:{part}",
        postings=tuple(
            Posting(part_id=part, account_id=account_id, amount_minor=amount) for account_id, amount in pairs
        ),
    )


def reversal(of: NewEntry, *, units: int, units_of: int, key: str | None = None) -> PartReversal:
    """Take back some units of the first part of an entry."""
    made = EntryId(uuid7(NOW))
    return PartReversal(
        id=made,
        key=key or f"reversal:{made}",
        subject=of.subject,
        at=NOW,
        entry_id=of.id,
        part_id=of.postings[0].part_id,
        units=units,
        units_of=units_of,
    )
