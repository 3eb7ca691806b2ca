"""The ledger as a journal that other books read: rows for CSV and XLSX, text for Beancount.

Pseudonymous: legal entities and parties are ids. A journal says what moved in its days, and brings nothing forward from
the days before. Beancount's signs are the ledger's: a debit is positive.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from babel.numbers import get_currency_precision

from loopline.kernel.times import business_day
from loopline.ledger.model import Purpose
from loopline.ledger.queries import JournalLine

JOURNAL_COLUMNS: tuple[str, ...] = (
    "day", "at", "entry_id", "key", "kind", "subject", "part_id",
    "account", "entity_id", "party_id", "purpose", "currency", "amount",
)  # fmt: skip

ROOTS: dict[Purpose, str] = {
    Purpose.CASH: "Assets",
    Purpose.GATEWAY: "Assets",
    Purpose.CUSTOMER_DEPOSIT: "Liabilities",
    Purpose.RECEIVABLE: "Assets",
    Purpose.REFUND_PAYABLE: "Liabilities",
    Purpose.REVENUE: "Income",
    Purpose.CHARGES: "Income",
    Purpose.TAX: "Liabilities",
    Purpose.SHARING_COST: "Expenses",
    Purpose.SHARE_PENDING: "Liabilities",
    Purpose.SHARE_DUE: "Liabilities",
    Purpose.VOUCHER_LIABILITY: "Liabilities",
    Purpose.ADJUSTMENT: "Equity",
    Purpose.BAD_DEBT: "Expenses",
    Purpose.STOCK_LOSS: "Expenses",
    Purpose.PAYOUT_IN_TRANSIT: "Liabilities",
    Purpose.RECLAIM_IN_TRANSIT: "Assets",
    Purpose.WITHHELD_TAX: "Liabilities",
    Purpose.PAYMENT_FEE: "Expenses",
    Purpose.SUPPLY_COST: "Expenses",
    Purpose.CONSIGNED: "Income",
    Purpose.SUPPLY_REVENUE: "Income",
    Purpose.INTERCOMPANY: "Liabilities",
    Purpose.REFUND_LIABILITY: "Liabilities",
    Purpose.RIGHT_TO_GOODS: "Assets",
    Purpose.COST_OF_SALES: "Expenses",
    Purpose.PROMOTION_FUNDED: "Income",
    Purpose.PROMOTION_COST: "Expenses",
    Purpose.CASH_DIFFERENCE: "Expenses",
    Purpose.PETTY_CASH: "Expenses",
    Purpose.REVENUE_ON_WAY: "Liabilities",
    Purpose.COST_ON_WAY: "Assets",
    Purpose.POINTS_DEFERRED: "Income",
    Purpose.POINTS_LIABILITY: "Liabilities",
    Purpose.STORED_VALUE: "Liabilities",
    Purpose.STORED_VALUE_BONUS: "Income",
}
"""Under which of Beancount's five roots the accounts of a purpose stand."""


def account_name(purpose: Purpose, number: int) -> str:
    """Name an account as Beancount does; `number` keeps the accounts of one purpose apart."""
    return f"{ROOTS[purpose]}:{purpose.value.title().replace('_', '')}:A{number}"


def journal_rows(
    lines: Iterable[JournalLine], *, zone_name: str, not_before: date | None = None
) -> Iterator[tuple[Any, ...]]:
    """Lay out postings as `JOURNAL_COLUMNS`; days are cut in the zone, amounts are decimals of their currency.

    What is dated before `not_before` is booked on that day: the first of the month it belongs to, where its own was
    closed.
    """
    for line in lines:
        day = business_day(line.at, zone_name)
        yield (
            day if not_before is None else max(day, not_before),
            line.at,
            str(line.entry_id),
            line.key,
            line.kind.value,
            str(line.subject),
            str(line.part_id),
            account_name(line.purpose, line.number),
            str(line.entity_id),
            None if line.party_id is None else str(line.party_id),
            line.purpose.value,
            line.currency,
            Decimal(line.amount_minor).scaleb(-get_currency_precision(line.currency)),
        )


def beancount_lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Write `journal_rows` as Beancount text, a transaction per entry; an account is opened where it first moves."""
    opened: set[str] = set()
    for _, postings in groupby(rows, key=lambda row: row[2]):
        entry = [dict(zip(JOURNAL_COLUMNS, row, strict=True)) for row in postings]
        day = entry[0]["day"]
        for posting in entry:
            if posting["account"] not in opened:
                opened.add(posting["account"])
                yield f"{day} open {posting['account']} {posting['currency']}"
                yield f'  entity: "{posting["entity_id"]}"'
                if posting["party_id"] is not None:
                    yield f'  party: "{posting["party_id"]}"'
        yield f'{day} * "{entry[0]["kind"]}"'
        yield f'  entry: "{entry[0]["entry_id"]}"'
        yield f'  key: "{_quoted(entry[0]["key"])}"'
        for posting in entry:
            yield f"  {posting['account']}  {posting['amount']:f} {posting['currency']}"
        yield ""


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
