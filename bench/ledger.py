"""The ledger: sales of seven postings, and their reversal."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bench.workplace import Figure, Watch, batches, new_database
from loopline.db import Database
from loopline.kernel.ids import AccountId, EntityId, EntryId, PartyId, uuid7, uuid7s
from loopline.ledger import service
from loopline.ledger.model import AccountAsk, EntryKind, NewEntry, PartReversal, Posting, Purpose

SALES = 20_000
BATCH = 2_000
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AMOUNTS = (10_000, -1_667, -3_333, -2_000, -1_500, -1_000, -500)


def measure() -> Iterator[Figure]:
    with new_database() as database:
        sales = sales_of(ledger_accounts(database), SALES)

        posting = Watch()
        with posting:
            for batch in batches(SALES, BATCH):
                with database.transaction() as conn:
                    service.post_entries(conn, sales[batch.start : batch.stop])
        count = SALES * len(AMOUNTS)
        yield Figure(
            what=f"post sales, {BATCH} per transaction", count=count, unit="postings", seconds=posting.seconds
        )

        reversals = [_reversal(sale) for sale in sales]
        reversing = Watch()
        with reversing:
            for batch in batches(SALES, BATCH):
                with database.transaction() as conn:
                    service.reverse_parts(conn, reversals[batch.start : batch.stop])
        yield Figure(
            what="take one unit of two of each back", count=count, unit="postings", seconds=reversing.seconds
        )


def ledger_accounts(database: Database) -> list[AccountId]:
    """Open an account for each posting of a sale."""
    asks = [
        AccountAsk(
            entity_id=EntityId(uuid7(AT)),
            purpose=Purpose.SHARE_PENDING,
            currency="CNY",
            party_id=PartyId(uuid7(AT)),
        )
        for _ in AMOUNTS
    ]
    with database.transaction() as conn:
        return [account.id for account in service.open_accounts(conn, asks, now=AT)]


def sales_of(accounts: list[AccountId], count: int) -> list[NewEntry]:
    """Make sales of `AMOUNTS` on these accounts."""
    parts = uuid7s(AT, count)
    return [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.SALE,
            subject=part,
            at=AT,
            key=f"sale:{part}",
            postings=tuple(
                Posting(part_id=part, account_id=account_id, amount_minor=amount)
                for account_id, amount in zip(accounts, AMOUNTS, strict=True)
            ),
        )
        for entry_id, part in zip(uuid7s(AT, count), parts, strict=True)
    ]


def _reversal(sale: NewEntry) -> PartReversal:
    made = EntryId(uuid7(AT))
    return PartReversal(
        id=made,
        key=f"reversal:{made}",
        subject=sale.subject,
        at=AT,
        entry_id=sale.id,
        part_id=sale.postings[0].part_id,
        units=1,
        units_of=2,
    )
