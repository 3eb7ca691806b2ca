"""Between companies: what one paid a customer in the name of another is owed by that other, in the books of both.

Goods of another company are settled by `supply`; this is money alone. Each stands in the other's books as a party of
the brand's or a dealer's; where one of the two is none nobody could owe it anything, and nothing is posted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, PartyId, uuid7s
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.outcomes import all_granted
from loopline.processes.supply import parties_of_companies


class PaidForAnother(msgspec.Struct, frozen=True, kw_only=True):
    """Money that `payer_id` gave in the name of `debtor_id`; `key` names it for good.

    `money`: the account of each company that the payment is booked in: it left the payer's and not the debtor's.
    """

    key: str
    subject: UUID
    payer_id: EntityId
    debtor_id: EntityId
    currency: str
    amount_minor: int
    at: datetime
    money: Purpose = Purpose.CASH


def can_owe(conn: Conn, pairs: Sequence[tuple[EntityId, EntityId]]) -> list[bool]:
    """Tell of each pair whether it is two companies that can owe each other something: parties, both of them."""
    if all(one == other for one, other in pairs):
        return [False] * len(pairs)
    parties = _parties(conn)
    return [one != other and parties.keys() >= {one, other} for one, other in pairs]


def _parties(conn: Conn) -> Mapping[EntityId, PartyId]:
    return parties_of_companies(org.branch_parties(conn))


def owe_each_other(conn: Conn, paid: Sequence[PaidForAnother], *, now: datetime) -> None:
    """Post what companies owe each other for money; the same key again posts nothing.

    The debtor's money, which a refund took although it never moved, is put back against what it owes; the payer's goes
    out against what it has to get.
    """
    if not paid:
        return
    parties = _parties(conn)
    going = [one for one in paid if parties.keys() >= {one.payer_id, one.debtor_id}]
    accounts = Accounts(conn, now=now)
    planned = [
        _legs(accounts, one, payer=parties[one.payer_id], debtor=parties[one.debtor_id]) for one in going
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.PAID_FOR_ANOTHER,
            subject=one.subject,
            at=one.at,
            key=one.key,
            postings=tuple(
                Posting(part_id=one.subject, account_id=accounts.id_of(slot), amount_minor=amount_minor)
                for slot, amount_minor in legs
            ),
        )
        for one, legs, entry_id in zip(going, planned, uuid7s(now, len(going)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))


def _legs(
    accounts: Accounts, one: PaidForAnother, *, payer: PartyId, debtor: PartyId
) -> list[tuple[Slot, int]]:
    """First the debtor's books, then the payer's: two legs, each of which sums to zero."""

    def ask(entity_id: EntityId, purpose: Purpose, party_id: PartyId | None = None) -> Slot:
        return accounts.ask(entity_id, purpose, one.currency, party_id)

    return [
        (ask(one.debtor_id, one.money), one.amount_minor),
        (ask(one.debtor_id, Purpose.INTERCOMPANY, payer), -one.amount_minor),
        (ask(one.payer_id, Purpose.INTERCOMPANY, debtor), one.amount_minor),
        (ask(one.payer_id, one.money), -one.amount_minor),
    ]
