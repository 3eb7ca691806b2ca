"""Reads of payments, for screens and processes. None locks anything."""

from collections.abc import Sequence

from loopline.db import Conn, fetch, statements, uuids
from loopline.kernel.ids import OrderId
from loopline.payments.model import OrderMoney, Payment, PaymentException
from loopline.payments.store import StandingIntent

SQL = statements(__file__, name="queries")


def money_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[OrderMoney]:
    """Return what was taken for orders and given back, per company and currency; orders without money are not in it."""
    return fetch(conn, SQL["money_of_orders"], OrderMoney, order_ids=uuids(order_ids))


def payments_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Payment]:
    """Return the payments of orders, the earliest first."""
    return fetch(conn, SQL["payments_of_orders"], Payment, order_ids=uuids(order_ids))


def intents_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[StandingIntent]:
    """Return what gateways were asked for orders, with where it stands, the earliest first."""
    return fetch(conn, SQL["intents_of_orders"], StandingIntent, order_ids=uuids(order_ids))


def last_open_exceptions(conn: Conn, *, limit: int) -> list[PaymentException]:
    """Return where money and orders disagree and nobody settled it yet, the last seen first."""
    return fetch(conn, SQL["last_open_exceptions"], PaymentException, limit=limit)
