"""Price lists, prices and tax rates to test with."""

from datetime import UTC, date, datetime
from itertools import count
from uuid import UUID

from loopline import pricing
from loopline.db import Conn
from loopline.kernel.ids import PriceListId, SkuId, uuid7
from loopline.pricing import (
    Cart,
    CartLine,
    NewPrice,
    NewPriceList,
    NewTaxRate,
    PriceList,
    PriceRow,
    TaxRate,
)
from tests.make.org import succeeded

NOW = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
START = datetime(2025, 1, 1, tzinfo=UTC)
_FIRST_ID = uuid7(START).int
_numbers = count(1)


def new_id() -> UUID:
    """A fresh id; later ones are greater."""
    return UUID(int=_FIRST_ID + next(_numbers))


def price_list(code: str, **changes: object) -> PriceList:
    """A list in yuan without conditions, in force since the start of 2025."""
    fields: dict[str, object] = {
        "id": PriceListId(new_id()),
        "code": code,
        "name": code,
        "currency": "CNY",
        "valid_from": START,
        "valid_until": None,
        "priority": 0,
        "member_tier": None,
        "site_id": None,
        "org_unit_id": None,
        "channel": None,
    }
    return PriceList(**(fields | changes))  # pyright: ignore[reportArgumentType]


def price(one: PriceList, sku_id: SkuId, unit_minor: int | None, *, valid_from: datetime = START) -> PriceRow:
    """A price in a list."""
    return PriceRow(
        id=new_id(), price_list_id=one.id, sku_id=sku_id, unit_minor=unit_minor, valid_from=valid_from
    )


def tax_rate(rate_basis_points: int = 1300, **changes: object) -> TaxRate:
    """A rate of the standard class in China."""
    fields: dict[str, object] = {
        "id": new_id(),
        "tax_class": "standard",
        "country": "CN",
        "valid_from": date(2019, 4, 1),
        "rate_basis_points": rate_basis_points,
    }
    return TaxRate(**(fields | changes))  # pyright: ignore[reportArgumentType]


def cart(*lines: CartLine, **changes: object) -> Cart:
    """A cart in yuan, in China, now."""
    fields: dict[str, object] = {
        "currency": "CNY",
        "country": "CN",
        "time_zone": "Asia/Shanghai",
        "at": NOW,
        "lines": lines,
    }
    return Cart(**(fields | changes))  # pyright: ignore[reportArgumentType]


def line(sku_id: SkuId | None, units: int = 1, **changes: object) -> CartLine:
    """Units of something taxed at the standard rate."""
    fields: dict[str, object] = {"sku_id": sku_id, "code": "A-1", "units": units, "tax_class": "standard"}
    return CartLine(**(fields | changes))  # pyright: ignore[reportArgumentType]


def add_list(conn: Conn, code: str, **changes: object) -> PriceListId:
    """Write a list that holds from now."""
    fields: dict[str, object] = {"code": code, "name": code, "currency": "CNY", "valid_from": NOW}
    new = NewPriceList(**(fields | changes))  # pyright: ignore[reportArgumentType]
    (added,) = succeeded(pricing.add_price_lists(conn, [new], now=NOW))
    return added.price_list_id


def set_price(
    conn: Conn, list_id: PriceListId, sku_id: SkuId, unit_minor: int | None, *, valid_from: datetime = NOW
) -> UUID:
    """Write a price that holds from now."""
    new = NewPrice(price_list_id=list_id, sku_id=sku_id, unit_minor=unit_minor, valid_from=valid_from)
    (added,) = succeeded(pricing.set_prices(conn, [new], now=NOW))
    return added.price_id


def set_rate(conn: Conn, rate_basis_points: int = 1300, **changes: object) -> UUID:
    """Write the first rate of a class in a country."""
    fields: dict[str, object] = {"tax_class": "standard", "country": "CN", "valid_from": date(2019, 4, 1)}
    new = NewTaxRate(rate_basis_points=rate_basis_points, **(fields | changes))  # pyright: ignore[reportArgumentType]
    (added,) = succeeded(pricing.set_tax_rates(conn, [new], now=NOW))
    return added.tax_rate_id
