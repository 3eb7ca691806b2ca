"""Commands: write documents, forget them. They never commit; a follower's step does."""

from collections.abc import Mapping, Sequence

from loopline.db import Conn
from loopline.kernel.ids import OrderId, ProductId
from loopline.search import store
from loopline.search.model import OrderDescription, OrderDocument, ProductDocument


def write_orders(conn: Conn, documents: Sequence[OrderDocument]) -> None:
    """Write what lists show of orders, over what stood there, and who sends them now.

    What is already so is not written again. Goods and words are written apart, once: `describe_orders`. Locks documents
    in the order of their ids, then their sites.
    """
    if documents:
        in_order = sorted(documents, key=lambda one: one.order_id)
        store.put_order_documents(conn, in_order)
        store.put_order_sites(conn, in_order)


def describe_orders(conn: Conn, descriptions: Mapping[OrderId, OrderDescription]) -> None:
    """Write what orders are found by and how their goods are told. Their documents are there. Locks them by id."""
    if descriptions:
        in_order = [(order_id, descriptions[order_id]) for order_id in sorted(descriptions)]
        store.name_goods(conn, in_order)
        store.put_order_words(conn, in_order)


def forget_orders(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """Forget orders that are no more."""
    if order_ids:
        store.delete_orders(conn, order_ids)


def write_products(
    conn: Conn, documents: Sequence[ProductDocument], *, gone: Sequence[ProductId] = ()
) -> None:
    """Write what lists show of products and what they are found by, over what stood there; forget what is gone."""
    if gone:
        store.delete_products(conn, gone)
    if documents:
        store.put_product_documents(conn, sorted(documents, key=lambda one: one.product_id))


def empty_documents(conn: Conn) -> None:
    """Forget everything, to be written again from what the rooms say, in the same transaction."""
    store.empty_documents(conn)
