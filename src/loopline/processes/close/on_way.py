"""Goods on their way at the end of a month: a sale is earned when its goods arrive, not when a carrier takes them.

The ledger posts a sale when its parcel leaves, and everything that follows from it (shares, returns, invoices) goes by
that. What is reported of a month is cut here: what parcels earned and cost that a carrier still has is put off at the
close, part by part, and taken in again by the next one, which puts off its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from loopline.closing.model import CloseId, OnWay, Sheet
from loopline.closing.rules.months import spelt
from loopline.db import Conn, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import EntryId, uuid7s
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.ledger.queries import MonthOfBooks
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.outcomes import all_granted

SQL = statements(__file__)
PUT_OFF_TO: Mapping[Purpose, Purpose] = {
    Purpose.REVENUE: Purpose.REVENUE_ON_WAY,
    Purpose.CHARGES: Purpose.REVENUE_ON_WAY,
    Purpose.PROMOTION_FUNDED: Purpose.REVENUE_ON_WAY,
    Purpose.SUPPLY_REVENUE: Purpose.REVENUE_ON_WAY,
    Purpose.CONSIGNED: Purpose.REVENUE_ON_WAY,
    Purpose.SHARING_COST: Purpose.COST_ON_WAY,
    Purpose.SUPPLY_COST: Purpose.COST_ON_WAY,
    Purpose.PROMOTION_COST: Purpose.COST_ON_WAY,
}
"""Where the results of parts wait until their goods arrive. Tax is owed when goods leave, and is not put off."""
_MOMENT = timedelta(microseconds=1)


def parts_on_way(conn: Conn, month: MonthOfBooks, *, days: int) -> list[UUID]:
    """Return the parts, of any seller, of parcels that a carrier has at a month's end; all left within `days` of it."""
    return fetch_values(
        conn,
        SQL["parts_on_way"],
        since=month.end - timedelta(days=days),
        end=month.end,
        before_cut=month.counts_before,
    )


def results_of(conn: Conn, month: MonthOfBooks, part_ids: Sequence[UUID]) -> tuple[OnWay, ...]:
    """Return what parts earned and cost in these books up to the end of a month, less what came back, by purpose."""
    if not part_ids:
        return ()
    return tuple(
        fetch(
            conn,
            SQL["results_of_parts"],
            OnWay,
            part_ids=uuids(part_ids),
            entity_id=month.entity_id,
            currency=month.currency,
            purposes=[one.value for one in PUT_OFF_TO],
            end=month.end,
            before_cut=month.counts_before,
        )
    )


def post_on_way(conn: Conn, close_id: CloseId, sheet: Sheet, *, was: Sheet | None, now: datetime) -> int:
    """Take in what the close before put off, and put off what is on its way now; returns how many entries that took.

    Both are dated the month's last instant. Each purpose is moved by itself: a leg that sums to zero.
    """
    steps = {
        "arrived": [(one, one.amount_minor) for one in (was.on_way if was is not None else ())],
        "on_way": [(one, -one.amount_minor) for one in sheet.on_way],
    }
    books, accounts = sheet.books, Accounts(conn, now=now)

    def ask(purpose: Purpose) -> Slot:
        return accounts.ask(books.entity_id, purpose, books.currency)

    planned = {
        step: [
            (slot, signed)
            for one, minor in moved
            for purpose in (Purpose(one.purpose),)
            for slot, signed in ((ask(purpose), minor), (ask(PUT_OFF_TO[purpose]), -minor))
        ]
        for step, moved in steps.items()
        if moved
    }
    if not planned:
        return 0
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.ON_WAY,
            subject=close_id,
            at=sheet.end_at - _MOMENT,
            key=f"close:{books.entity_id}:{books.currency}:{spelt(sheet.month)}:{step}",
            postings=tuple(
                Posting(part_id=close_id, account_id=accounts.id_of(slot), amount_minor=minor)
                for slot, minor in legs
            ),
        )
        for (step, legs), entry_id in zip(planned.items(), uuid7s(now, len(planned)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
    return len(entries)
