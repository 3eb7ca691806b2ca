"""One function per statement of `store.sql`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from loopline.catalogue.model import Care, PriceFacts, Product, Sku, TaxClass
from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import ProductId, SkuId

SQL = statements(__file__)

_NO_CARE = Care()
_Value = TypeVar("_Value")


def _distinct(values: Iterable[_Value]) -> list[_Value]:
    return list(dict.fromkeys(values))


def _names(values: Iterable[str]) -> list[str]:
    """What can stand in the database at all: a text with U+0000 names nothing, and PostgreSQL takes none."""
    return [value for value in dict.fromkeys(values) if "\x00" not in value]


def lock_catalogue(conn: Conn) -> None:
    execute(conn, SQL["lock_catalogue"])


def products_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Product]:
    found = fetch(conn, SQL["products_by_code"], Product, codes=_names(codes))
    return {product.code: product for product in found}


def products_by_id(conn: Conn, product_ids: Iterable[ProductId]) -> dict[ProductId, Product]:
    found = fetch(conn, SQL["products_by_id"], Product, product_ids=uuids(_distinct(product_ids)))
    return {product.id: product for product in found}


def products_page(conn: Conn, *, after_code: str, at_most: int) -> list[Product]:
    return fetch(conn, SQL["products_page"], Product, after_code=after_code, at_most=at_most)


def copy_products(conn: Conn, products: Sequence[Product], *, added_at: datetime) -> None:
    rows = ((one.id, one.code, one.name, one.category, one.season, added_at, added_at) for one in products)
    copy_rows(conn, SQL["copy_products"], rows)


def update_products(conn: Conn, products: Sequence[Product], *, changed_at: datetime) -> None:
    execute(
        conn,
        SQL["update_products"],
        ids=[product.id for product in products],
        names=[product.name for product in products],
        categories=[product.category for product in products],
        seasons=[product.season for product in products],
        changed_at=changed_at,
    )


def skus_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Sku]:
    rows = fetch_rows(conn, SQL["skus_by_code"], codes=_names(codes))
    return {sku.code: sku for sku in map(_sku, rows)}


def skus_by_id(conn: Conn, sku_ids: Iterable[SkuId]) -> dict[SkuId, Sku]:
    rows = fetch_rows(conn, SQL["skus_by_id"], sku_ids=uuids(_distinct(sku_ids)))
    return {sku.id: sku for sku in map(_sku, rows)}


def _sku(row: Sequence[Any]) -> Sku:
    """Build a SKU by hand, a third of the time of converting: thousands are read for every batch of orders."""
    return Sku(
        id=row[0],
        code=row[1],
        product_id=row[2],
        product_code=row[3],
        category=row[4],
        name=row[5],
        tax_class=row[6],
        gtin=row[7],
        is_active=row[8],
        attributes=row[9] or {},
        care=msgspec.convert(row[10], Care) if row[10] else _NO_CARE,
    )


def skus_of_categories(conn: Conn, categories: Iterable[str]) -> dict[str, tuple[SkuId, ...]]:
    found: dict[str, list[SkuId]] = {}
    for category, sku_id in fetch_rows(conn, SQL["skus_of_categories"], categories=sorted(set(categories))):
        found.setdefault(category, []).append(sku_id)
    return {category: tuple(ids) for category, ids in found.items()}


def skus_of_products(conn: Conn, product_ids: Iterable[ProductId]) -> list[Sku]:
    rows = fetch_rows(conn, SQL["skus_of_products"], product_ids=uuids(_distinct(product_ids)))
    return [_sku(row) for row in rows]


def price_facts_of(conn: Conn, sku_ids: Iterable[SkuId]) -> dict[SkuId, PriceFacts]:
    return {
        sku_id: PriceFacts(tax_class=tax_class, product_id=product_id, category=category, grams=grams)
        for sku_id, tax_class, product_id, category, grams in fetch_rows(
            conn, SQL["price_facts_of"], sku_ids=uuids(sku_ids)
        )
    }


def weights_of(conn: Conn, sku_ids: Iterable[SkuId]) -> dict[SkuId, int]:
    return {row[0]: row[1] for row in fetch_rows(conn, SQL["weights_of"], sku_ids=uuids(sku_ids))}


def ranges_of(conn: Conn, sku_ids: Iterable[SkuId]) -> dict[SkuId, tuple[int | None, int]]:
    rows = fetch_rows(conn, SQL["ranges_of"], sku_ids=uuids(sku_ids))
    return {sku_id: (low, high) for sku_id, low, high in rows}


def companions_of(conn: Conn, sku_ids: Iterable[SkuId]) -> dict[SkuId, str]:
    return {row[0]: row[1] for row in fetch_rows(conn, SQL["companions_of"], sku_ids=uuids(sku_ids))}


def categories_of(conn: Conn, sku_ids: Iterable[SkuId]) -> dict[SkuId, str]:
    return {row[0]: row[1] for row in fetch_rows(conn, SQL["categories_of"], sku_ids=uuids(sku_ids))}


def skus_page(conn: Conn, *, after_code: str, at_most: int) -> list[Sku]:
    return [_sku(row) for row in fetch_rows(conn, SQL["skus_page"], after_code=after_code, at_most=at_most)]


def skus_by_gtin(conn: Conn, gtins: Iterable[str]) -> dict[str, str]:
    """Return the code of the SKU that holds each GTIN."""
    return {row[0]: row[1] for row in fetch_rows(conn, SQL["skus_by_gtin"], gtins=_names(gtins))}


def copy_skus(conn: Conn, skus: Sequence[Sku], *, added_at: datetime) -> None:
    copy_rows(conn, SQL["copy_skus"], (_sku_row(sku, added_at=added_at) for sku in skus))


def _sku_row(sku: Sku, *, added_at: datetime) -> tuple[Any, ...]:
    care = sku.care
    return (
        sku.id,
        sku.code,
        sku.product_id,
        sku.name,
        sku.tax_class,
        sku.gtin,
        sku.is_active,
        sku.attributes,
        care.weight_grams,
        care.length_mm,
        care.width_mm,
        care.height_mm,
        care.is_fragile,
        care.temperature_low_celsius,
        care.temperature_high_celsius,
        care.tracks_batch,
        care.tracks_serial,
        care.shelf_life_days,
        care.sent_with,
        care.fitting.value,
        added_at,
        added_at,
    )


def update_skus(conn: Conn, skus: Sequence[Sku], *, changed_at: datetime) -> None:
    rows = [msgspec.structs.asdict(sku) | msgspec.structs.asdict(sku.care) for sku in skus]
    execute(conn, SQL["update_skus"], skus=msgspec.json.encode(rows).decode(), changed_at=changed_at)


def tax_classes(conn: Conn) -> list[TaxClass]:
    return fetch(conn, SQL["tax_classes"], TaxClass)


def insert_tax_classes(conn: Conn, classes: Sequence[TaxClass]) -> int:
    return execute(
        conn,
        SQL["insert_tax_classes"],
        codes=[one.code for one in classes],
        names=[one.name for one in classes],
    )
