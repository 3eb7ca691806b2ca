"""Adjust: what corrects the books without goods or a customer, such as a bad debt, as another system tells it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, log
from loopline.insight import SalesAdjusted, SalesLine
from loopline.kernel.events import event
from loopline.kernel.ids import EntityId, EntryId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posted, Posting, Purpose, Repeat
from loopline.processes.accounts import Accounts


class BadDebt(msgspec.Struct, frozen=True, kw_only=True):
    """What a company writes off (negative) or takes back into its books (positive): a fact, under its own number."""

    channel: str
    external_number: str
    entity_id: EntityId
    currency: str
    amount_minor: int
    at: datetime


def adjust_bad_debts(
    conn: Conn, adjustments: Sequence[BadDebt], *, now: datetime
) -> list[Posted | Repeat | Refusal]:
    """Post adjustments of bad debt, against what customers owe. The same number again is that adjustment."""
    accounts = Accounts(conn, now=now)
    planned = [
        (
            accounts.ask(one.entity_id, Purpose.BAD_DEBT, one.currency),
            accounts.ask(one.entity_id, Purpose.RECEIVABLE, one.currency),
        )
        for one in adjustments
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.ADJUSTMENT,
            subject=one.entity_id,
            at=one.at,
            key=f"adjustment:{one.channel}:{one.external_number}",
            postings=(
                Posting(part_id=entry_id, account_id=accounts.id_of(loss), amount_minor=-one.amount_minor),
                Posting(part_id=entry_id, account_id=accounts.id_of(owed), amount_minor=one.amount_minor),
            ),
        )
        for one, (loss, owed), entry_id in zip(
            adjustments, planned, uuid7s(now, len(adjustments)), strict=True
        )
    ]
    outcomes = ledger.post_entries(conn, entries)
    log.append(
        conn,
        [
            event(_told(one), subject=entry.id, at=one.at)
            for one, entry, outcome in zip(adjustments, entries, outcomes, strict=True)
            if isinstance(outcome, Posted)
        ],
    )
    return outcomes


def _told(one: BadDebt) -> SalesAdjusted:
    return SalesAdjusted(
        order_id=None,
        channel=one.channel,
        site_id=None,
        currency=one.currency,
        lines=(SalesLine(kind="charge", units=1, amount_minor=one.amount_minor),),
        reason="bad_debt",
    )
