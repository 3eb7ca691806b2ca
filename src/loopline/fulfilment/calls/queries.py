"""Reads of calls, for screens and processes."""

from collections.abc import Sequence

from loopline.db import Conn
from loopline.fulfilment.calls import store
from loopline.fulfilment.calls.model import Call, OpenCallsAsk
from loopline.kernel.ids import CallId, OrderId


def calls_by_id(conn: Conn, call_ids: Sequence[CallId]) -> list[Call]:
    """Return calls, in order of id."""
    return store.read_calls(conn, call_ids) if call_ids else []


def calls_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Call]:
    """Return all calls of orders, ended ones too, by order and then as they were opened."""
    return store.read_calls_of_orders(conn, order_ids) if order_ids else []


def open_calls_page(conn: Conn, ask: OpenCallsAsk) -> list[Call]:
    """Return a page of what may be claimed, the earliest deadline first."""
    return store.read_open_calls(conn, ask)
