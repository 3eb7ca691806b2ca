"""Prices and quotes through the front door."""

import time
from datetime import date, timedelta

import msgspec
import pytest

from loopline import pricing
from loopline.db import Conn
from loopline.kernel.ids import PriceListId, SiteId, SkuId, uuid7s
from loopline.pricing import (
    Cart,
    Level,
    NewPrice,
    NewPriceList,
    NewTaxRate,
    PriceListAdded,
    PriceListEnd,
    PriceListEnded,
    PriceSet,
    Quote,
    QuoteLine,
    Standing,
    TaxRateSet,
)
from loopline.pricing.changes import PricedElsewhere, PriceListCodeTaken, TakesEffectInThePast
from tests.make.pricing import NOW, add_list, cart, line, new_id, set_price, set_rate

SKU, OTHER_SKU = SkuId(new_id()), SkuId(new_id())
SITE, OTHER_SITE = SiteId(new_id()), SiteId(new_id())
HOUR = timedelta(hours=1)


def unit_prices(conn: Conn, *carts: Cart) -> list[int | None]:
    return [
        quote.lines[0].unit_minor if isinstance(quote, Quote) else None
        for quote in pricing.quote(conn, carts)
    ]


def test_carts_of_many_places_and_moments_are_priced_in_one_call(conn: Conn):
    set_rate(conn)
    base, web, at_site = (
        add_list(conn, "base"),
        add_list(conn, "web", channel="web"),
        add_list(conn, "s", site_id=SITE),
    )
    set_price(conn, base, SKU, 100)
    set_price(conn, base, SKU, 110, valid_from=NOW + HOUR)
    set_price(conn, web, SKU, 95)
    set_price(conn, at_site, SKU, 90)
    assert unit_prices(
        conn,
        cart(line(SKU)),
        cart(line(SKU), at=NOW + HOUR),
        cart(line(SKU), at=NOW + HOUR - timedelta(microseconds=1)),
        cart(line(SKU), channel="web"),
        cart(line(SKU), channel="web", site_id=SITE),
        cart(line(SKU), site_id=OTHER_SITE),
        cart(line(SKU), at=NOW - timedelta(microseconds=1)),
        cart(line(SKU), currency="GBP"),
    ) == [100, 110, 100, 95, 90, 100, None, None]


def test_a_batch_says_what_each_cart_alone_says(conn: Conn):
    set_rate(conn)
    base, gold = (
        add_list(conn, "base"),
        add_list(conn, "gold", member_tier="gold", valid_until=NOW + 3 * HOUR),
    )
    for hours in range(5):
        set_price(conn, base, SKU, 100 + hours, valid_from=NOW + hours * HOUR)
        set_price(conn, gold, SKU, 50 + hours, valid_from=NOW + hours * HOUR / 2)
    carts = [
        cart(line(SKU, 2), at=NOW + half * HOUR / 2, member_tier=tier)
        for half in range(10)
        for tier in (None, "gold", "silver")
    ]
    assert pricing.quote(conn, carts) == [pricing.quote(conn, [one])[0] for one in carts]
    assert pricing.quote(conn, []) == []


def test_the_same_cart_has_the_same_quote_after_everything_changed(conn: Conn):
    """Prices, lists, ends and rates change; what was quoted for a moment stays what it was, its derivation too."""
    set_rate(conn)
    base, sale = add_list(conn, "base"), add_list(conn, "sale", priority=1)
    set_price(conn, base, SKU, 100)
    set_price(conn, sale, SKU, 80)
    asked = cart(line(SKU, 3), at=NOW + HOUR)
    (before,) = pricing.quote(conn, [asked])
    assert isinstance(before, Quote)
    assert before.amount_minor == 240

    later = NOW + HOUR + timedelta(microseconds=1)
    pricing.set_prices(
        conn,
        [NewPrice(price_list_id=one, sku_id=SKU, unit_minor=1, valid_from=later) for one in (base, sale)],
        now=later,
    )
    pricing.end_price_lists(conn, [PriceListEnd(price_list_id=sale, valid_until=later)], now=later)
    gift = NewPriceList(code="gift", name="gift", currency="CNY", valid_from=later, priority=9)
    (added,) = pricing.add_price_lists(conn, [gift], now=later)
    assert isinstance(added, PriceListAdded)
    pricing.set_prices(
        conn,
        [NewPrice(price_list_id=added.price_list_id, sku_id=SKU, unit_minor=0, valid_from=later)],
        now=later,
    )
    rate = NewTaxRate(tax_class="standard", country="CN", valid_from=date(2025, 3, 10), rate_basis_points=900)
    pricing.set_tax_rates(conn, [rate], now=later)

    assert pricing.quote(conn, [asked]) == [before]
    assert unit_prices(conn, msgspec.structs.replace(asked, at=later)) == [0]
    (next_month,) = pricing.quote(conn, [msgspec.structs.replace(asked, at=NOW + timedelta(days=30))])
    assert isinstance(next_month, Quote)
    assert next_month.lines[0].tax_rate_basis_points == 900


def test_a_derivation_is_kept_as_json_and_read_again(conn: Conn):
    set_rate(conn)
    price_id = set_price(conn, add_list(conn, "gold", member_tier="gold"), SKU, 90)
    (quote,) = pricing.quote(conn, [cart(line(SKU), member_tier="gold")])
    assert isinstance(quote, Quote)
    stored = msgspec.json.encode(quote.derivation)
    assert msgspec.json.decode(stored, type=pricing.Derivation) == quote.derivation
    (told,) = quote.derivation.lines
    assert (told.decided_by, told.price_id) == (Level.MEMBER_TIER, price_id)


def test_why_this_price(conn: Conn):
    set_rate(conn)
    base, web = add_list(conn, "base"), add_list(conn, "web", channel="web")
    elsewhere = add_list(conn, "elsewhere", site_id=OTHER_SITE)
    for list_id, unit_minor in ((base, 100), (web, 95), (elsewhere, 10)):
        set_price(conn, list_id, SKU, unit_minor)
    told = pricing.explain_price(conn, cart(line(OTHER_SKU), line(SKU), channel="web"), position=1)
    assert isinstance(told.line, QuoteLine)
    assert told.line.unit_minor == 95
    assert [(one.code, one.standing, one.unit_minor) for one in told.candidates] == [
        ("web", Standing.DECIDES, 95),
        ("base", Standing.OUTRANKED, 100),
        ("elsewhere", Standing.CONDITIONS_NOT_MET, 10),
    ]


def test_a_cart_with_a_text_that_names_nothing_stops_no_other(conn: Conn):
    set_rate(conn)
    set_price(conn, add_list(conn, "base"), SKU, 100)
    nul = "a\u0000"
    odd = [cart(line(SKU), **{field: nul}) for field in ("channel", "member_tier", "currency", "country")]
    assert unit_prices(conn, cart(line(SKU)), *odd) == [100, 100, 100, None, None]


def test_the_same_set_up_again_changes_nothing(conn: Conn):
    base = add_list(conn, "base")
    price_id = set_price(conn, base, SKU, 100)
    rate_id = set_rate(conn)
    later = NOW + timedelta(days=400)
    again = NewPriceList(code="base", name="base", currency="CNY", valid_from=NOW)
    assert pricing.add_price_lists(conn, [again], now=later) == [
        PriceListAdded(price_list_id=base, is_new=False)
    ]
    same = NewPrice(price_list_id=base, sku_id=SKU, unit_minor=100, valid_from=NOW)
    assert pricing.set_prices(conn, [same], now=later) == [PriceSet(price_id=price_id, is_new=False)]
    rate = NewTaxRate(tax_class="standard", country="CN", valid_from=date(2019, 4, 1), rate_basis_points=1300)
    assert pricing.set_tax_rates(conn, [rate], now=later) == [TaxRateSet(tax_rate_id=rate_id, is_new=False)]
    assert counts(conn) == (1, 1, 1)


def counts(conn: Conn) -> tuple[int, int, int]:
    row = conn.execute(
        """select (select count(*) from pricing.price_list), (select count(*) from pricing.price),
                  (select count(*) from pricing.tax_rate)"""
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def test_refused_changes_write_nothing(conn: Conn):
    base, rival = add_list(conn, "base"), add_list(conn, "rival")
    set_price(conn, base, SKU, 100)
    before = counts(conn)
    assert pricing.set_prices(
        conn,
        [
            NewPrice(price_list_id=rival, sku_id=SKU, unit_minor=90, valid_from=NOW + HOUR),
            NewPrice(price_list_id=base, sku_id=SKU, unit_minor=90, valid_from=NOW - HOUR),
        ],
        now=NOW,
    ) == [
        PricedElsewhere(other_list="base", sku_id=SKU),
        TakesEffectInThePast(valid_from=NOW - HOUR),
    ]
    changed = NewPriceList(code="base", name="base", currency="GBP", valid_from=NOW)
    assert pricing.add_price_lists(conn, [changed], now=NOW) == [PriceListCodeTaken(value="base")]
    assert counts(conn) == before


def test_an_ended_list_prices_nothing_from_its_end(conn: Conn):
    set_rate(conn)
    base = add_list(conn, "base")
    set_price(conn, base, SKU, 100)
    end = PriceListEnd(price_list_id=base, valid_until=NOW + HOUR)
    assert pricing.end_price_lists(conn, [end], now=NOW) == [PriceListEnded(price_list_id=base)]
    assert unit_prices(
        conn, cart(line(SKU), at=NOW + HOUR - timedelta(microseconds=1)), cart(line(SKU), at=NOW + HOUR)
    ) == [100, None]
    assert pricing.price_lists_by_code(conn, ["base"])["base"].valid_until == NOW + HOUR
    assert [one.code for one in pricing.price_lists_of_currency(conn, "CNY")] == ["base"]


@pytest.mark.slow
def test_ten_thousand_lines_take_well_under_half_a_second(conn: Conn):
    set_rate(conn)
    skus = [SkuId(made) for made in uuid7s(NOW, 4000)]
    lists: list[PriceListId] = [add_list(conn, "base"), add_list(conn, "site", site_id=SITE)]
    for list_id in lists:
        pricing.set_prices(
            conn,
            [NewPrice(price_list_id=list_id, sku_id=sku, unit_minor=255, valid_from=NOW) for sku in skus],
            now=NOW,
        )
    carts = [
        cart(
            *[line(skus[(number * 21 + at) % 4000], 3) for at in range(20)],
            site_id=SITE if number % 3 else None,
        )
        for number in range(500)
    ]
    seconds = min(_seconds(conn, carts) for _ in range(3))
    print(f"10,000 lines quoted in {seconds:.3f} s")
    assert seconds < 0.5


def _seconds(conn: Conn, carts: list[Cart]) -> float:
    started = time.perf_counter()
    assert all(isinstance(quote, Quote) for quote in pricing.quote(conn, carts))
    return time.perf_counter() - started
