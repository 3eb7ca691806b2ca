"""Reads of invoices, for pages and processes. Nothing here locks. `entities` are those somebody may see; None: all."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from loopline.db import Conn
from loopline.invoices import store
from loopline.invoices.model import Document, DocumentId, DocumentState, GoodsCode, Wish, WishId
from loopline.invoices.store import Entities, SellerSum
from loopline.kernel.ids import OrderId


def goods_codes(conn: Conn) -> list[GoodsCode]:
    """Return the tax authority's codes of goods, by kind and category."""
    return store.goods_codes(conn)


def wishes_by_ids(conn: Conn, wish_ids: Collection[WishId]) -> dict[WishId, Wish]:
    """Return wishes by their ids."""
    return {one.id: one for one in store.wishes_by_ids(conn, wish_ids)}


def wishes_of_orders(conn: Conn, order_ids: Collection[OrderId], *, entities: Entities = None) -> list[Wish]:
    """Return the wishes of orders, by order and seller."""
    return store.wishes_of_orders(conn, order_ids, entities=entities)


def wishes_stopped(conn: Conn, *, entities: Entities, limit: int) -> list[Wish]:
    """Return wishes that wait for somebody to mend what stands in their way, the oldest first."""
    return store.wishes_stopped(conn, entities=entities, limit=limit)


def documents_of_wishes(conn: Conn, wish_ids: Collection[WishId]) -> dict[WishId, list[Document]]:
    """Return the documents of wishes, the oldest first."""
    found: dict[WishId, list[Document]] = {}
    for one in store.documents_of_wishes(conn, wish_ids) if wish_ids else ():
        found.setdefault(one.wish_id, []).append(one)
    return found


def documents_by_ids(conn: Conn, document_ids: Collection[UUID]) -> dict[DocumentId, Document]:
    """Return documents by their ids."""
    return {one.id: one for one in store.documents_by_ids(conn, document_ids)}


def find_documents(
    conn: Conn,
    states: Collection[DocumentState],
    *,
    entities: Entities,
    before: tuple[datetime, DocumentId] | None = None,
    limit: int,
) -> list[Document]:
    """Return documents in some states, the newest first, before a place (written at, id) in that order."""
    return store.find_documents(conn, states, entities=entities, before=before, limit=limit)


def sums_by_seller(conn: Conn, *, entities: Entities = None) -> list[SellerSum]:
    """Return what sellers have invoiced in all, less what they took back."""
    return store.sums_by_seller(conn, entities=entities)
