"""Commands that change the catalogue: products and SKUs one list at a time, or a whole file after its preview."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.catalogue import store
from loopline.catalogue.imports.columns import ReadRow
from loopline.catalogue.imports.plan import ImportPlan, ImportPreview, plan_import
from loopline.catalogue.imports.reading import read_file
from loopline.catalogue.model import (
    NewProduct,
    NewSku,
    Product,
    ProductAdded,
    SkuAdded,
    TaxClass,
)
from loopline.catalogue.rules import Standing, made_sku, normal_code, normal_gtin, plan_products, plan_skus
from loopline.db import Conn
from loopline.kernel.ids import ProductId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal


class ImportHasRefusedRows(Refusal, frozen=True, kw_only=True):
    """{rows} rows of the file were refused, so nothing of it was taken over. Correct them and read the file again."""

    rows: int


class CatalogueChangedMeanwhile(Refusal, frozen=True, kw_only=True):
    """The catalogue has changed since the preview was made, so nothing was taken over. Look at the preview again."""


class ImportApplied(msgspec.Struct, frozen=True, kw_only=True):
    """What was written. `unchanged` counts rows that said what stood there already."""

    products_added: int
    products_changed: int
    skus_added: int
    skus_changed: int
    unchanged: int


def add_products(
    conn: Conn, products: Sequence[NewProduct], *, now: datetime
) -> list[ProductAdded | Refusal]:
    """Add products; codes are trimmed and upper-cased. The same product again is that product."""
    store.lock_catalogue(conn)
    standing = store.products_by_code(conn, (normal_code(new.code) for new in products))
    ids = [ProductId(product_id) for product_id in uuid7s(now, len(products))]
    decided = plan_products(products, ids=ids, standing=standing)
    new = [outcome[0] for outcome in decided if not isinstance(outcome, Refusal) and outcome[1]]
    store.copy_products(conn, new, added_at=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else ProductAdded(product_id=outcome[0].id, code=outcome[0].code, is_new=outcome[1])
        for outcome in decided
    ]


def add_skus(conn: Conn, skus: Sequence[NewSku], *, now: datetime) -> list[SkuAdded | Refusal]:
    """Add SKUs of products that are there; codes are trimmed and upper-cased. The same SKU again is that SKU."""
    store.lock_catalogue(conn)
    standing = _standing(
        conn,
        sku_codes=[normal_code(new.code) for new in skus],
        product_codes=[normal_code(new.product_code) for new in skus],
        gtins=[new.gtin for new in skus if new.gtin is not None],
    )
    ids = [SkuId(sku_id) for sku_id in uuid7s(now, len(skus))]
    decided = plan_skus(skus, ids=ids, standing=standing)
    new = [outcome[0] for outcome in decided if not isinstance(outcome, Refusal) and outcome[1]]
    store.copy_skus(conn, new, added_at=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else SkuAdded(sku_id=outcome[0].id, code=outcome[0].code, is_new=outcome[1])
        for outcome in decided
    ]


def add_tax_classes(conn: Conn, classes: Sequence[TaxClass]) -> int:
    """Add tax classes and return how many are new; pricing says what they cost."""
    return store.insert_tax_classes(conn, classes)


def read_import(conn: Conn, content: bytes, *, file_name: str) -> ImportPreview | Refusal:
    """Read a CSV or XLSX file and say what it would change. Writes nothing.

    A file that cannot be read as a whole is refused; rows that cannot be taken are listed in the preview.
    """
    read = read_file(content, file_name=file_name)
    if isinstance(read, Refusal):
        return read
    standing = _standing_for(conn, read.rows)
    return plan_import(read.rows, unreadable=read.unreadable, standing=standing).preview


def apply_import(conn: Conn, preview: ImportPreview, *, now: datetime) -> ImportApplied | Refusal:
    """Write what a preview showed, all of it or nothing.

    Refused with a refused row, and where the catalogue would no longer change exactly as shown. Takes the lock of the
    catalogue, so that what is compared is what is written.
    """
    if preview.refused:
        return ImportHasRefusedRows(rows=len(preview.refused))
    store.lock_catalogue(conn)
    standing = _standing_for(conn, preview.rows)
    plan = plan_import(preview.rows, unreadable=(), standing=standing)
    if plan.preview != preview:
        return CatalogueChangedMeanwhile()
    _write(conn, plan, standing=standing, now=now)
    return ImportApplied(
        products_added=len(plan.new_products),
        products_changed=len(plan.changed_products),
        skus_added=len(plan.new_skus),
        skus_changed=len(plan.changed_skus),
        unchanged=preview.unchanged,
    )


def _standing_for(conn: Conn, rows: Sequence[ReadRow]) -> Standing:
    return _standing(
        conn,
        sku_codes=_texts(rows, "sku_code"),
        product_codes=_texts(rows, "product_code"),
        gtins=_texts(rows, "gtin"),
    )


def _texts(rows: Sequence[ReadRow], column: str) -> list[str]:
    return [value for row in rows if isinstance(value := row.values.get(column), str)]


def _standing(
    conn: Conn, *, sku_codes: Sequence[str], product_codes: Sequence[str], gtins: Sequence[str]
) -> Standing:
    skus = store.skus_by_code(conn, sku_codes)
    theirs = [sku.product_code for sku in skus.values()]
    normal_gtins = [gtin for gtin in map(normal_gtin, gtins) if isinstance(gtin, str)]
    return Standing(
        products=store.products_by_code(conn, [*product_codes, *theirs]),
        skus=skus,
        tax_classes=frozenset(one.code for one in store.tax_classes(conn)),
        gtin_holders=store.skus_by_gtin(conn, normal_gtins),
    )


def _write(conn: Conn, plan: ImportPlan, *, standing: Standing, now: datetime) -> None:
    """Write a plan: products before their SKUs, changes before additions, so that a GTIN is free before it moves."""
    products = dict(standing.products)
    for new, product_id in zip(plan.new_products, uuid7s(now, len(plan.new_products)), strict=True):
        products[new.code] = _product(new, ProductId(product_id))
    changed = [_product(new, products[new.code].id) for new in plan.changed_products]
    products.update({product.code: product for product in changed})
    store.update_products(conn, changed, changed_at=now)
    store.copy_products(conn, [products[new.code] for new in plan.new_products], added_at=now)
    rewritten = [
        made_sku(new, standing.skus[new.code].id, products[new.product_code]) for new in plan.changed_skus
    ]
    store.update_skus(conn, rewritten, changed_at=now)
    added = [
        made_sku(new, SkuId(sku_id), products[new.product_code])
        for new, sku_id in zip(plan.new_skus, uuid7s(now, len(plan.new_skus)), strict=True)
    ]
    store.copy_skus(conn, added, added_at=now)


def _product(new: NewProduct, product_id: ProductId) -> Product:
    return Product(id=product_id, code=new.code, name=new.name, category=new.category, season=new.season)
