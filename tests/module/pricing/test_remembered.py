"""Quotes from remembered prices are the quotes of a fresh reading, whatever the moment, and follow every change."""

from datetime import timedelta

from loopline.db import Conn
from loopline.db.remembered import read_marks
from loopline.kernel.ids import SkuId
from loopline.pricing import (
    Cart,
    CartLine,
    NewPrice,
    NewPriceList,
    Quote,
    add_price_lists,
    quote,
    set_prices,
)
from tests.make.org import succeeded
from tests.make.shop import NOON, OPENED, PRICES, Shop, open_shop

DAY = timedelta(days=1)


def cart(shop: Shop, *codes: str, **fields: object) -> Cart:
    stated: dict[str, object] = {
        "currency": "CNY",
        "country": "CN",
        "time_zone": "Asia/Shanghai",
        "at": NOON,
        "lines": tuple(
            CartLine(sku_id=shop.skus[code], code=code, units=2, tax_class="standard") for code in codes
        ),
        "channel": "web",
    }
    return Cart(**(stated | fields))  # pyright: ignore[reportArgumentType]


def price(conn: Conn, sku_id: SkuId, minor: int | None, **of_list: object) -> None:
    fields: dict[str, object] = {"code": f"L{minor}", "name": "list", "currency": "CNY", "valid_from": NOON}
    wanted = NewPriceList(**(fields | of_list))  # pyright: ignore[reportArgumentType]
    (added,) = succeeded(add_price_lists(conn, [wanted], now=OPENED))
    new = NewPrice(
        price_list_id=added.price_list_id, sku_id=sku_id, unit_minor=minor, valid_from=wanted.valid_from
    )
    succeeded(set_prices(conn, [new], now=OPENED))


def test_remembered_quotes_are_fresh_quotes_at_every_moment_and_place(conn: Conn):
    shop = open_shop(conn, units=0)
    price(conn, shop.skus["COAT"], 9_000, channel="web", valid_from=NOON + DAY, valid_until=NOON + 2 * DAY)
    price(conn, shop.skus["COAT"], 8_000, site_id=shop.sites["S"], channel="web")
    price(conn, shop.skus["HAT"], 700, member_tier="gold")
    carts = [
        cart(shop, *codes, at=OPENED + days * DAY, channel=channel, site_id=site, member_tier=tier)
        for codes in (("COAT",), ("COAT", "HAT"), ("SCARF",))
        for days in (-1, 0, 1, 2, 5)
        for channel in ("web", "till")
        for site in (None, shop.sites["S"])
        for tier in (None, "gold")
    ]
    fresh = quote(conn, carts)
    marks = read_marks(conn)
    # One by one, so that what is remembered grows; then all at once, from what is remembered alone.
    assert [quote(conn, [one], marks=marks)[0] for one in carts] == fresh
    assert quote(conn, carts, marks=marks) == fresh
    assert {one.amount_minor for one in fresh if isinstance(one, Quote)} >= {
        2 * PRICES["COAT"],
        18_000,
        16_000,
        2 * (PRICES["COAT"] + 700),
    }


def test_a_new_price_counts_at_once(conn: Conn):
    shop = open_shop(conn, units=0)
    wanted = cart(shop, "COAT")
    (before,) = quote(conn, [wanted], marks=read_marks(conn))
    assert isinstance(before, Quote)
    assert before.amount_minor == 2 * PRICES["COAT"]
    price(conn, shop.skus["COAT"], 100, channel="web")
    (after,) = quote(conn, [wanted], marks=read_marks(conn))
    assert isinstance(after, Quote)
    assert after.amount_minor == 200
