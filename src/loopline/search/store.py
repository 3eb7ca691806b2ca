"""One function per statement of `store.sql`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, statements, uuids
from loopline.kernel.ids import OrderId, ProductId, SiteId
from loopline.kernel.scope import Scope
from loopline.search.model import (
    OrderAsk,
    OrderDescription,
    OrderDocument,
    OrderFound,
    OrderPage,
    ProductDocument,
    ProductFound,
    ProductPlace,
)
from loopline.search.walking import latest_with_words

SQL = statements(__file__)


def put_order_documents(conn: Conn, documents: Sequence[OrderDocument]) -> None:
    execute(conn, SQL["put_order_documents"], documents=_json(documents))


def put_order_sites(conn: Conn, documents: Sequence[OrderDocument]) -> None:
    wanted = [
        (document, site_id)
        for document in documents
        for site_id in sorted(
            document.sending_sites
            if document.site_id is None
            else document.sending_sites | {document.site_id}
        )
    ]
    execute(
        conn,
        SQL["drop_order_sites"],
        order_ids=uuids(document.order_id for document in documents),
        kept_order_ids=uuids(document.order_id for document, _ in wanted),
        kept_site_ids=uuids(site_id for _, site_id in wanted),
    )
    execute(
        conn,
        SQL["put_order_sites"],
        order_ids=uuids(document.order_id for document, _ in wanted),
        site_ids=uuids(site_id for _, site_id in wanted),
        placed_at=[document.placed_at for document, _ in wanted],
        sells=[site_id == document.site_id for document, site_id in wanted],
        sends=[site_id in document.sending_sites for document, site_id in wanted],
    )


def name_goods(conn: Conn, described: Sequence[tuple[OrderId, OrderDescription]]) -> None:
    rows = [{"order_id": one, "lines": what.lines, "names": what.names} for one, what in described]
    execute(conn, SQL["name_goods"], described=_json(rows))


def put_order_words(conn: Conn, described: Sequence[tuple[OrderId, OrderDescription]]) -> None:
    rows = [{"order_id": one, "words": what.words} for one, what in described]
    execute(conn, SQL["put_order_words"], described=_json(rows))


def orders_without_words(conn: Conn, order_ids: Sequence[OrderId]) -> list[OrderId]:
    return fetch_values(conn, SQL["orders_without_words"], order_ids=uuids(order_ids))


def delete_orders(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    for name in ("delete_order_sites", "delete_order_words", "delete_order_documents"):  # three tables
        execute(conn, SQL[name], order_ids=uuids(order_ids))


def find_orders(
    conn: Conn, ask: OrderAsk, *, words: str | None, scope: Scope, page: OrderPage
) -> list[OrderFound]:
    after = page.after
    narrowed: dict[str, Any] = {
        "stages": list(ask.stages) or None,
        "channels": list(ask.channels) or None,
        "site_id": ask.site_id,
        "placed_from": ask.placed_from,
        "placed_until": ask.placed_until,
        "member_ids": None if ask.member_ids is None else uuids(ask.member_ids),
        "after_at": after.placed_at if after else None,
        "after_id": after.order_id if after else None,
        "limit": page.limit,
    }
    sites = None if scope.everything else uuids(sorted(scope.sites))
    if words is not None and not ask.members_meant:
        found = latest_with_words(
            conn, words=words, sites=sites, sites_count=len(scope.sites), narrowed=narrowed
        )
        if found is not None:
            return orders_among(conn, found, scope=scope, limit=page.limit) if found else []
    if words is not None or ask.members_meant:
        meant = uuids(ask.members_meant)
        by_words: dict[str, Any] = {"words": words, "members_meant": meant, "sites": sites}
        return fetch(conn, SQL["find_orders_by_words"], OrderFound, **by_words, **narrowed)
    if sites is not None:
        return fetch(conn, SQL["find_orders_at_sites"], OrderFound, sites=sites, **narrowed)
    return fetch(conn, SQL["find_orders"], OrderFound, **narrowed)


def orders_among(conn: Conn, order_ids: Sequence[OrderId], *, scope: Scope, limit: int) -> list[OrderFound]:
    sites = None if scope.everything else uuids(sorted(scope.sites))
    ids = uuids(order_ids)
    return fetch(conn, SQL["orders_among"], OrderFound, order_ids=ids, sites=sites, limit=limit)


def sites_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, frozenset[SiteId]]:
    rows = fetch_rows(conn, SQL["sites_of_orders"], order_ids=uuids(order_ids))
    return {order_id: frozenset(site_ids) for order_id, site_ids in rows}


def put_product_documents(conn: Conn, documents: Sequence[ProductDocument]) -> None:
    execute(conn, SQL["put_product_documents"], documents=_json(documents))


def delete_products(conn: Conn, product_ids: Sequence[ProductId]) -> None:
    execute(conn, SQL["delete_product_documents"], product_ids=uuids(product_ids))


def find_products(
    conn: Conn, *, words: str | None, exact: str | None, after: ProductPlace | None, limit: int
) -> list[ProductFound]:
    return fetch(
        conn,
        SQL["find_products"],
        ProductFound,
        words=words,
        exact=exact,
        after_rank=after.rank if after else None,
        after_code=after.code if after else None,
        limit=limit,
    )


def empty_documents(conn: Conn) -> None:
    execute(conn, SQL["empty_documents"])


def _json(rows: Any) -> str:
    return msgspec.json.encode(rows).decode()
