"""Reads of buyers: what is sealed of them, and the log of openings."""

from collections.abc import Collection

from loopline.buyers import store
from loopline.buyers.model import Opening, OpeningsAsk, Sealing
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import Scope


def sealings_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, Sealing]:
    """Return what is sealed of orders' buyers, by order. The caller has checked that they may know of the orders."""
    return {one.order_id: one for one in store.sealings(conn, order_ids)} if order_ids else {}


def find_openings(conn: Conn, ask: OpeningsAsk, *, scope: Scope) -> list[Opening]:
    """Return openings at sites in scope, the latest first; what belongs to no site is for the whole brand."""
    return store.openings(conn, ask, site_ids=None if scope.everything else scope.sites)
