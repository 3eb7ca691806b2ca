"""Reads of search, for screens and the API. Every read of orders takes a scope; none locks anything."""

from collections.abc import Sequence

from loopline.db import Conn
from loopline.kernel.ids import OrderId, SiteId
from loopline.kernel.scope import Scope
from loopline.search import store
from loopline.search.model import OrderAsk, OrderFound, OrderPage, OrderPlace, ProductFound, ProductPlace
from loopline.search.rules import normal_text, words_asked
from loopline.search.words import cut_words


def find_orders(
    conn: Conn, ask: OrderAsk, *, scope: Scope, after: OrderPlace | None = None, limit: int = 50
) -> list[OrderFound]:
    """Return the orders asked for that the scope sells or sends, the latest first, those after a place.

    Text without any word in it finds nothing.
    """
    words = None
    if ask.text is not None and ask.text.strip():
        words = words_asked(ask.text, cut=cut_words)
        if words is None and not ask.members_meant:
            return []
    page = OrderPage(after=after, limit=limit)
    return store.find_orders(conn, ask, words=words, scope=scope, page=page)


def orders_among(conn: Conn, order_ids: Sequence[OrderId], *, scope: Scope, limit: int) -> list[OrderFound]:
    """Return those of some orders that the scope sells or sends, the latest first."""
    return store.orders_among(conn, order_ids, scope=scope, limit=limit) if order_ids else []


def find_products(
    conn: Conn, text: str | None = None, *, after: ProductPlace | None = None, limit: int = 50
) -> list[ProductFound]:
    """Return products by what they or their SKUs are called, the best fit first, then by code, those after a place.

    Codes and GTINs are found by their beginnings; no text finds all; text without any word in it finds nothing.
    """
    words, exact = None, None
    if text is not None and text.strip():
        words, exact = words_asked(text, cut=cut_words), normal_text(text).strip().upper()
        if words is None:
            return []
    return store.find_products(conn, words=words, exact=exact, after=after, limit=limit)


def orders_without_words(conn: Conn, order_ids: Sequence[OrderId]) -> list[OrderId]:
    """Return which of these orders nobody has described yet, by id."""
    return store.orders_without_words(conn, order_ids)


def sites_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, frozenset[SiteId]]:
    """Return the sites that may see orders; an unknown order has none."""
    return store.sites_of_orders(conn, order_ids)
