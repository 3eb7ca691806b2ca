"""Stored value in the books: owed by the company that took it, until it pays an order or is paid out.

What a member pays ahead is a contract liability of the company that took it (IFRS 15, B44-B47; CAS 14, article 39), as
much as was paid: what is given beside it is no money. A use takes both in the proportion in which they are there, so
the part that was paid is what the company earns of it, and the bonus is taken off its revenue.

Payments know a use as money that a gateway holds: that claim goes out here again, in the same transaction, against
what the issuer owes. Where the seller is another company, the issuer owes it the whole, bonus included.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, uuid7s
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.between import PaidForAnother, owe_each_other
from loopline.processes.outcomes import all_granted
from loopline.stored_value import Account, Kind, Moved

_AGAINST = {
    Kind.TOPPED_UP: Purpose.CASH,
    Kind.USED: Purpose.GATEWAY,
    Kind.GIVEN_BACK: Purpose.GATEWAY,
    Kind.PAID_OUT: Purpose.CASH,
}


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """A movement to be booked; `seller_id` is the company whose order it paid, where it paid one."""

    moved: Moved
    seller_id: EntityId | None = None

    @property
    def name(self) -> str:
        """What names it for good."""
        return f"stored_value:{self.moved.movement.kind.value}:{self.moved.movement.ref}"


def book(conn: Conn, booked: Sequence[Booked], *, now: datetime) -> None:
    """Post movements in the books of their companies; the same again posts nothing.

    A bonus alone moves nothing: it was never in the books.
    """
    going = [one for one in booked if _moves(one)]
    if not going:
        return
    accounts = Accounts(conn, now=now)
    planned = [_legs(accounts, one.moved) for one in going]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.STORED_VALUE,
            subject=one.moved.movement.order_id or one.moved.movement.ref,
            at=one.moved.movement.at,
            key=one.name,
            postings=tuple(
                Posting(
                    part_id=one.moved.movement.ref, account_id=accounts.id_of(slot), amount_minor=amount_minor
                )
                for slot, amount_minor in legs
            ),
        )
        for one, legs, entry_id in zip(going, planned, uuid7s(now, len(going)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
    owe_each_other(conn, [_between(one, one.seller_id) for one in going if _is_between(one)], now=now)


def _moves(one: Booked) -> bool:
    movement = one.moved.movement
    return movement.kind in _AGAINST and bool(movement.principal_minor or _against(one.moved))


def _against(moved: Moved) -> int:
    """What the money that it is booked against moves: a bonus is used, and never paid out."""
    movement = moved.movement
    is_paid = movement.kind in {Kind.TOPPED_UP, Kind.PAID_OUT}
    return movement.principal_minor if is_paid else movement.amount_minor


def _legs(accounts: Accounts, moved: Moved) -> list[tuple[Slot, int]]:
    """What came in is owed (credit), what went out no longer is."""
    account, movement = moved.account, moved.movement
    against = _against(moved)
    legs = [
        (_ask(accounts, account, Purpose.STORED_VALUE), -movement.principal_minor),
        (_ask(accounts, account, Purpose.STORED_VALUE_BONUS), movement.principal_minor - against),
        (_ask(accounts, account, _AGAINST[movement.kind]), against),
    ]
    return [leg for leg in legs if leg[1]]


def _ask(accounts: Accounts, account: Account, purpose: Purpose) -> Slot:
    return accounts.ask(account.entity_id, purpose, account.currency)


def _is_between(one: Booked) -> bool:
    return one.seller_id not in {None, one.moved.account.entity_id}


def _between(one: Booked, seller_id: EntityId | None) -> PaidForAnother:
    assert seller_id is not None, "asked for those that have one"
    issuer_id, amount_minor = one.moved.account.entity_id, one.moved.movement.amount_minor
    is_used = amount_minor < 0
    return PaidForAnother(
        key=f"{one.name}:between",
        subject=one.moved.movement.ref,
        payer_id=seller_id if is_used else issuer_id,
        debtor_id=issuer_id if is_used else seller_id,
        currency=one.moved.account.currency,
        amount_minor=abs(amount_minor),
        at=one.moved.movement.at,
        money=Purpose.GATEWAY,
    )
