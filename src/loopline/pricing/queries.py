"""Reads of price lists."""

from collections.abc import Collection, Iterable
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import PriceListId, SkuId
from loopline.kernel.scope import Scope
from loopline.pricing import store
from loopline.pricing.model import PriceList, PricePlace, PriceRow, TaxRate


def price_lists_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, PriceList]:
    """Return the price lists with these codes, by code; unknown codes are left out."""
    return store.lists_by_code(conn, codes)


def price_lists_of_currency(conn: Conn, currency: str) -> list[PriceList]:
    """Return every price list in a currency, in the order of codes, past and future ones included."""
    return store.lists_of_currency(conn, currency)


def tax_rates_of(conn: Conn, countries: Iterable[str]) -> list[TaxRate]:
    """Return the tax rates of countries by class, in the order in which they take effect."""
    return store.tax_rates_of(conn, countries)


def price_lists_by_id(conn: Conn, price_list_ids: Iterable[PriceListId]) -> dict[PriceListId, PriceList]:
    """Return price lists by id; unknown ids are left out."""
    return {one.id: one for one in store.lists_by_id(conn, price_list_ids)}


def lists_of_prices(
    conn: Conn, price_ids: Iterable[UUID], *, sku_ids: Iterable[SkuId]
) -> dict[UUID, PriceList]:
    """Return the lists that prices of these SKUs stand in, by the prices' ids; unknown ids are left out."""
    list_ids = store.lists_of_prices(conn, price_ids, sku_ids=sku_ids)
    lists = price_lists_by_id(conn, list_ids.values())
    return {price_id: lists[list_id] for price_id, list_id in list_ids.items()}


def price_lists_page(
    conn: Conn, *, scope: Scope, after: str = "", codes: Collection[str] | None = None, at_most: int
) -> list[PriceList]:
    """Return a page of the price lists that somebody may see, by code: those of the scope and those of no place."""
    return store.lists_page(conn, scope=scope, after=after, codes=codes, at_most=at_most)


def prices_page(
    conn: Conn,
    price_list_id: PriceListId,
    *,
    sku_ids: Collection[SkuId] | None = None,
    after: PricePlace | None = None,
    at_most: int,
) -> list[PriceRow]:
    """Return a page of a list's prices, past and future ones included, after the one given."""
    return store.prices_page(conn, price_list_id, sku_ids=sku_ids, after=after, at_most=at_most)
