"""Reads of the catalogue."""

from collections.abc import Collection, Iterable

from loopline.catalogue import store
from loopline.catalogue.model import PriceFacts, Product, Sku, TaxClass
from loopline.catalogue.rules import class_of_range, normal_code
from loopline.db import Conn
from loopline.kernel.ids import ProductId, SkuId
from loopline.kernel.temperatures import TemperatureClass


def skus_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Sku]:
    """Return SKUs under the codes as they were asked for, in whatever spelling; unknown codes are left out."""
    spellings = {code: normal_code(code) for code in codes}
    found = store.skus_by_code(conn, spellings.values())
    return {code: found[normal] for code, normal in spellings.items() if normal in found}


def skus_by_id(conn: Conn, sku_ids: Iterable[SkuId]) -> dict[SkuId, Sku]:
    """Return SKUs by id; unknown ids are left out."""
    return store.skus_by_id(conn, sku_ids)


def sku_codes_by_gtin(conn: Conn, gtins: Iterable[str]) -> dict[str, str]:
    """Return the codes of the SKUs that GTINs (fourteen digits) belong to; unknown ones are left out."""
    return store.skus_by_gtin(conn, gtins)


def price_facts_of(conn: Conn, sku_ids: Collection[SkuId]) -> dict[SkuId, PriceFacts]:
    """Return what the price of each SKU depends on, for carts of thousands of lines; unknown ids are left out."""
    return store.price_facts_of(conn, sku_ids)


def weights_of(conn: Conn, sku_ids: Collection[SkuId]) -> dict[SkuId, int]:
    """Return the grams of one unit of each SKU; what nobody has weighed is left out."""
    return store.weights_of(conn, sku_ids)


def temperature_classes_of(conn: Conn, sku_ids: Collection[SkuId]) -> dict[SkuId, TemperatureClass]:
    """Return how cold each SKU is kept on its way, by the range in which it keeps; what is ambient is left out."""
    classes = {
        sku_id: class_of_range(low, high) for sku_id, (low, high) in store.ranges_of(conn, sku_ids).items()
    }
    return {sku_id: one for sku_id, one in classes.items() if one is not TemperatureClass.AMBIENT}


def companions_of(conn: Conn, sku_ids: Collection[SkuId]) -> dict[SkuId, str]:
    """Return the word of each SKU that is sent with others: what an order has of one word leaves in one parcel."""
    return store.companions_of(conn, sku_ids)


def categories_of(conn: Conn, sku_ids: Collection[SkuId]) -> dict[SkuId, str]:
    """Return the category of the product of each SKU; what has none is left out."""
    return store.categories_of(conn, sku_ids)


def skus_after(conn: Conn, code: str = "", *, at_most: int = 1000) -> list[Sku]:
    """Return a page of SKUs in the order of their codes, those after `code`."""
    return store.skus_page(conn, after_code=code, at_most=at_most)


def products_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Product]:
    """Return products under the codes as they were asked for, in whatever spelling; unknown codes are left out."""
    spellings = {code: normal_code(code) for code in codes}
    found = store.products_by_code(conn, spellings.values())
    return {code: found[normal] for code, normal in spellings.items() if normal in found}


def products_by_id(conn: Conn, product_ids: Iterable[ProductId]) -> dict[ProductId, Product]:
    """Return products by id; unknown ids are left out."""
    return store.products_by_id(conn, product_ids)


def products_after(conn: Conn, code: str = "", *, at_most: int = 1000) -> list[Product]:
    """Return a page of products in the order of their codes, those after `code`."""
    return store.products_page(conn, after_code=code, at_most=at_most)


def skus_of_categories(conn: Conn, categories: Iterable[str]) -> dict[str, tuple[SkuId, ...]]:
    """Return the SKUs of products of some categories, by category; one that no product is of is left out."""
    return store.skus_of_categories(conn, categories)


def skus_of_products(conn: Conn, product_ids: Iterable[ProductId]) -> list[Sku]:
    """Return all SKUs of products, by product and code."""
    return store.skus_of_products(conn, product_ids)


def tax_classes(conn: Conn) -> list[TaxClass]:
    """Return the tax classes there are, in the order of their codes."""
    return store.tax_classes(conn)
