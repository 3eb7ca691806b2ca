"""Exchanges: goods of an order come back and others go out in their place, under the number of the return.

The row is written first, so that of two who send the same exchange one waits and finds the other's. What pays for the
new order is counted once, when the goods are here.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import OrderId, ReturnId
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)


class NewExchange(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange that is asked for; `content_hash` tells whether the same comes again."""

    id: ReturnId
    content_hash: bytes
    order_id: OrderId
    currency: str
    asked_by: str


class KeptExchange(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange as it stands. `done_at`: when the goods were here; `credit_minor`: what they pay of the new order."""

    id: ReturnId
    content_hash: bytes
    order_id: OrderId
    new_order_id: OrderId | None
    currency: str
    credit_minor: int
    asked_at: datetime
    asked_by: str
    done_at: datetime | None


class ExchangeNumberTaken(Refusal, frozen=True, kw_only=True):
    """Number {exchange_id} belongs to another exchange, or to a return."""

    exchange_id: UUID


def begin_exchange(conn: Conn, new: NewExchange, *, now: datetime) -> KeptExchange | None:
    """Write an exchange; returns None where it is new, else the one that stands. Waits for a rival with its number."""
    made = fetch_values(
        conn,
        SQL["insert_exchange"],
        id=new.id,
        content_hash=new.content_hash,
        order_id=new.order_id,
        currency=new.currency,
        asked_by=new.asked_by,
        now=now,
    )
    return None if made else exchanges_by_id(conn, [new.id])[new.id]


def name_new_order(conn: Conn, exchange_id: ReturnId, new_order_id: OrderId) -> None:
    """Say which order takes the place of what comes back."""
    execute(conn, SQL["name_new_order"], id=exchange_id, new_order_id=new_order_id)


def end_exchange(conn: Conn, exchange_id: ReturnId, *, credit_minor: int, now: datetime) -> None:
    """Say that the goods are here, and what of their money pays for the new order; once."""
    execute(conn, SQL["end_exchange"], id=exchange_id, credit_minor=credit_minor, now=now)


def exchanges_by_id(conn: Conn, exchange_ids: Sequence[ReturnId]) -> dict[ReturnId, KeptExchange]:
    """Return exchanges by their number; returns that are none are left out."""
    found = fetch(conn, SQL["exchanges_by_id"], KeptExchange, ids=uuids(exchange_ids))
    return {one.id: one for one in found}


def exchanges_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[KeptExchange]:
    """Return the exchanges that orders are part of, as the old order or the new, the earliest first."""
    return fetch(conn, SQL["exchanges_of_orders"], KeptExchange, order_ids=uuids(order_ids))
