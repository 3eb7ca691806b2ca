"""Catalogue changes: write products and SKUs, and tell the log of every product touched, once, as the last write."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from loopline import catalogue
from loopline.catalogue import ImportApplied, ImportPreview, NewProduct, NewSku, ProductAdded, SkuAdded
from loopline.catalogue.events import ProductWritten
from loopline.db import Conn, log
from loopline.kernel.events import SYSTEM_ACTOR, event
from loopline.kernel.ids import ProductId, SkuId
from loopline.kernel.refusals import Refusal

_PRODUCT, _SKU = "product", "sku"


def add_products(
    conn: Conn, products: Sequence[NewProduct], *, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[ProductAdded | Refusal]:
    """Add products, one outcome each; see `catalogue.add_products`. The same product again is told nobody."""
    outcomes = catalogue.add_products(conn, products, now=now)
    new = [outcome.product_id for outcome in outcomes if isinstance(outcome, ProductAdded) and outcome.is_new]
    _tell(conn, dict.fromkeys(new, ()), new=new, now=now, actor=actor)
    return outcomes


def add_skus(
    conn: Conn, skus: Sequence[NewSku], *, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[SkuAdded | Refusal]:
    """Add SKUs, one outcome each; see `catalogue.add_skus`. One event tells all new SKUs of a product."""
    outcomes = catalogue.add_skus(conn, skus, now=now)
    new = [outcome.sku_id for outcome in outcomes if isinstance(outcome, SkuAdded) and outcome.is_new]
    _tell(conn, _by_product(conn, new), new=(), now=now, actor=actor)
    return outcomes


def apply_import(
    conn: Conn, preview: ImportPreview, *, now: datetime, actor: str = SYSTEM_ACTOR
) -> ImportApplied | Refusal:
    """Write what a preview showed, all of it or nothing; see `catalogue.apply_import`."""
    applied = catalogue.apply_import(conn, preview, now=now)
    if isinstance(applied, Refusal):
        return applied
    added = [one.item for one in preview.added if one.noun == _PRODUCT]
    changed = [one.item for one in preview.changed if one.noun == _PRODUCT]
    left = [str(one.before) for one in preview.changed if one.noun == _SKU and one.field == "product_code"]
    products = catalogue.products_by_code(conn, [*added, *changed, *left])
    skus = catalogue.skus_by_code(
        conn, (one.item for one in (*preview.added, *preview.changed) if one.noun == _SKU)
    )
    touched = _by_product(conn, [sku.id for sku in skus.values()])
    for product in products.values():
        touched.setdefault(product.id, ())
    _tell(conn, touched, new=[products[code].id for code in added], now=now, actor=actor)
    return applied


def _by_product(conn: Conn, sku_ids: Sequence[SkuId]) -> dict[ProductId, tuple[SkuId, ...]]:
    """Return the SKUs asked for under their products, each in the order asked."""
    found = catalogue.skus_by_id(conn, sku_ids) if sku_ids else {}
    grouped: dict[ProductId, list[SkuId]] = {}
    for sku_id in sku_ids:
        grouped.setdefault(found[sku_id].product_id, []).append(sku_id)
    return {product_id: tuple(theirs) for product_id, theirs in grouped.items()}


def _tell(
    conn: Conn,
    touched: dict[ProductId, tuple[SkuId, ...]],
    *,
    new: Iterable[ProductId],
    now: datetime,
    actor: str,
) -> None:
    """Append one event per product, in the order of their ids: the log is the last thing written."""
    added = frozenset(new)
    told = [
        ProductWritten(product_id=product_id, is_new=product_id in added, sku_ids=touched[product_id])
        for product_id in sorted(touched)
    ]
    log.append(conn, [event(one, subject=one.product_id, at=now, actor=actor) for one in told])
