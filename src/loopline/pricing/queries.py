"""Reads of price lists."""

from collections.abc import Iterable

from loopline.db import Conn
from loopline.pricing import store
from loopline.pricing.model import PriceList, TaxRate


def price_lists_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, PriceList]:
    """Return the price lists with these codes, by code; unknown codes are left out."""
    return store.lists_by_code(conn, codes)


def price_lists_of_currency(conn: Conn, currency: str) -> list[PriceList]:
    """Return every price list in a currency, in the order of codes, past and future ones included."""
    return store.lists_of_currency(conn, currency)


def tax_rates_of(conn: Conn, countries: Iterable[str]) -> list[TaxRate]:
    """Return the tax rates of countries by class, in the order in which they take effect."""
    return store.tax_rates_of(conn, countries)
