"""The accounts of a batch: asked for one by one, opened all at once."""

from datetime import datetime
from typing import NewType

from loopline.db import Conn
from loopline.kernel.ids import AccountId, EntityId, PartyId
from loopline.ledger import service as ledger
from loopline.ledger.model import AccountAsk, Purpose

Slot = NewType("Slot", int)
"""The place of an account in its batch: postings are many, and a place is cheaper to look up than an account."""

_Key = tuple[EntityId, Purpose, str, PartyId | None]


class Accounts:
    """Collects which accounts a batch needs; after `open` it knows their ids."""

    def __init__(self, conn: Conn, *, now: datetime) -> None:
        self._conn = conn
        self._now = now
        self._slots: dict[_Key, Slot] = {}
        self._ids: list[AccountId] = []

    def ask(
        self, entity_id: EntityId, purpose: Purpose, currency: str, party_id: PartyId | None = None
    ) -> Slot:
        """Say that the batch needs an account; without a party it is the entity's own."""
        return self._slots.setdefault((entity_id, purpose, currency, party_id), Slot(len(self._slots)))

    def open(self) -> None:
        """Open every account asked for that is not open yet."""
        asks = [
            AccountAsk(entity_id=entity_id, purpose=purpose, currency=currency, party_id=party_id)
            for entity_id, purpose, currency, party_id in self._slots
        ]
        self._ids = [account.id for account in ledger.open_accounts(self._conn, asks, now=self._now)]

    def id_of(self, slot: Slot) -> AccountId:
        """Return the id of an account that was asked for before `open`."""
        return self._ids[slot]
