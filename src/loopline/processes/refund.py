"""Refund: money goes back to who paid."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, OrderId, ReturnId, uuid7s
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.processes.accounts import Accounts
from loopline.processes.outcomes import all_granted


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """What one company pays back for a return, tax included."""

    return_id: ReturnId
    order_id: OrderId | None
    entity_id: EntityId
    currency: str
    amount_minor: int
    at: datetime


def refund(conn: Conn, refunds: Sequence[Refund], *, now: datetime) -> None:
    """Pay back, and post what was paid."""
    accounts = Accounts(conn, now=now)
    planned = [
        (
            accounts.ask(one.entity_id, Purpose.CUSTOMER_DEPOSIT, one.currency),
            accounts.ask(one.entity_id, Purpose.CASH, one.currency),
        )
        for one in refunds
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.REFUND,
            subject=one.return_id,
            at=one.at,
            key=f"refund:{one.return_id}:{one.entity_id}",
            postings=(
                Posting(part_id=one.return_id, account_id=accounts.id_of(deposit), amount_minor=one.amount_minor),
                Posting(part_id=one.return_id, account_id=accounts.id_of(cash), amount_minor=-one.amount_minor),
            ),
        )
        for one, (deposit, cash), entry_id in zip(refunds, planned, uuid7s(now, len(refunds)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
