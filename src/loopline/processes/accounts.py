"""The accounts of a batch: asked for one by one, opened all at once."""

from datetime import datetime

from loopline.db import Conn
from loopline.kernel.ids import AccountId, EntityId, PartyId
from loopline.ledger import service as ledger
from loopline.ledger.model import AccountAsk, Purpose

Key = tuple[EntityId, Purpose, str, PartyId | None]


class Accounts:
    """Collects which accounts a batch needs; after `open` it knows their ids."""

    def __init__(self, conn: Conn, *, now: datetime) -> None:
        self._conn = conn
        self._now = now
        self._asks: dict[Key, AccountAsk] = {}
        self._ids: dict[AccountAsk, AccountId] = {}

    def ask(
        self, entity_id: EntityId, purpose: Purpose, currency: str, party_id: PartyId | None = None
    ) -> AccountAsk:
        """Say that the batch needs an account; without a party it is the entity's own."""
        key = (entity_id, purpose, currency, party_id)
        known = self._asks.get(key)
        if known is None:
            known = self._asks[key] = AccountAsk(
                entity_id=entity_id, purpose=purpose, currency=currency, party_id=party_id
            )
        return known

    def open(self) -> None:
        """Open every account asked for that is not open yet."""
        asks = list(self._asks.values())
        opened = ledger.open_accounts(self._conn, asks, now=self._now)
        self._ids = {ask: account.id for ask, account in zip(asks, opened, strict=True)}

    def id_of(self, ask: AccountAsk) -> AccountId:
        """Return the id of an account that was asked for before `open`."""
        return self._ids[ask]
