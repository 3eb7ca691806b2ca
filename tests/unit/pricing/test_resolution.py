"""The one resolution order: which row decides, and what the line then costs."""

from datetime import UTC, date, datetime, timedelta

import pytest

from loopline.kernel.ids import EntityId, OrgUnitId, SiteId, SkuId
from loopline.pricing import (
    Cart,
    CartLine,
    Level,
    LineDerivation,
    NoPrice,
    NoTaxRate,
    PriceList,
    PriceRow,
    Quote,
    QuoteLine,
    Standing,
    StatedPriceDiffers,
    TaxDerivation,
)
from loopline.pricing.rules import PriceBook, explain_line, quote_cart
from tests.make.pricing import NOW, cart, line, new_id, price, price_list, tax_rate

SKU, OTHER_SKU = SkuId(new_id()), SkuId(new_id())
SITE, OTHER_SITE = SiteId(new_id()), SiteId(new_id())
BRAND, REGION, STORE = OrgUnitId(new_id()), OrgUnitId(new_id()), OrgUnitId(new_id())
RATE = tax_rate()

BASE = price_list("base")
CHANNEL = price_list("channel", channel="web")
# Made before the list of the region above it, and of lower priority: depth in the tree alone must decide.
STORE_UNIT = price_list("store unit", org_unit_id=STORE)
REGIONAL = price_list("regional", org_unit_id=REGION, priority=9)
AT_SITE = price_list("at site", site_id=SITE)
GOLD = price_list("gold", member_tier="gold")
LADDER = (BASE, CHANNEL, REGIONAL, STORE_UNIT, AT_SITE, GOLD)


def book(*priced: tuple[PriceList, int | None]) -> PriceBook:
    return PriceBook(
        [one for one, _ in priced],
        [price(one, SKU, unit_minor) for one, unit_minor in priced],
        [RATE],
    )


def quoted(asked: Cart, prices: PriceBook) -> Quote:
    quote = quote_cart(asked, book=prices)
    assert isinstance(quote, Quote), quote
    return quote


def unit_price(asked: Cart, prices: PriceBook) -> tuple[int, Level]:
    first = quoted(asked, prices).lines[0]
    return first.unit_minor, first.derivation.decided_by


IN_STORE = {"site_id": SITE, "org_units": (BRAND, REGION, STORE), "channel": "web", "member_tier": "gold"}


@pytest.mark.parametrize(
    ("steps", "decided"),
    [
        (1, (100, Level.BASE)),
        (2, (101, Level.CHANNEL)),
        (3, (102, Level.ORG_UNIT)),
        (4, (103, Level.ORG_UNIT)),
        (5, (104, Level.SITE)),
        (6, (105, Level.MEMBER_TIER)),
    ],
)
def test_the_ladder_from_base_to_member_tier(steps: int, decided: tuple[int, Level]):
    priced = [(one, 100 + step) for step, one in enumerate(LADDER[:steps])]
    assert unit_price(cart(line(SKU), **IN_STORE), book(*priced)) == decided
    assert unit_price(cart(line(SKU), **IN_STORE), book(*reversed(priced))) == decided


@pytest.mark.parametrize(
    ("changes", "decided"),
    [
        ({}, (100, Level.BASE)),
        ({"channel": "till"}, (100, Level.BASE)),
        ({"channel": "web"}, (101, Level.CHANNEL)),
        ({"org_units": (BRAND, REGION)}, (102, Level.ORG_UNIT)),
        ({"org_units": (BRAND,)}, (100, Level.BASE)),
        ({"site_id": OTHER_SITE}, (100, Level.BASE)),
        ({"site_id": SITE}, (104, Level.SITE)),
        ({"member_tier": "silver"}, (100, Level.BASE)),
        ({"member_tier": "gold"}, (105, Level.MEMBER_TIER)),
    ],
)
def test_a_list_applies_only_where_its_conditions_hold(
    changes: dict[str, object], decided: tuple[int, Level]
):
    priced = [(one, 100 + step) for step, one in enumerate(LADDER)]
    assert unit_price(cart(line(SKU), **changes), book(*priced)) == decided


def test_a_list_of_several_conditions_beats_a_list_of_the_strongest_alone():
    both = price_list("gold at site", member_tier="gold", site_id=SITE)
    prices = book((GOLD, 90), (both, 80), (AT_SITE, 70))
    assert unit_price(cart(line(SKU), **IN_STORE), prices)[0] == 80
    assert unit_price(cart(line(SKU), member_tier="gold"), prices)[0] == 90


def test_priority_decides_only_between_equal_conditions():
    sale = price_list("sale", priority=10)
    prices = book((BASE, 100), (sale, 60), (CHANNEL, 95))
    assert unit_price(cart(line(SKU)), prices)[0] == 60
    assert unit_price(cart(line(SKU), channel="web"), prices)[0] == 95


def test_a_list_without_a_price_for_the_sku_decides_nothing():
    prices = PriceBook([BASE, GOLD], [price(BASE, SKU, 100), price(GOLD, OTHER_SKU, 1)], [RATE])
    assert unit_price(cart(line(SKU), member_tier="gold"), prices) == (100, Level.BASE)


def test_an_ended_price_makes_room_for_the_next_list():
    prices = PriceBook(
        [BASE, GOLD],
        [price(BASE, SKU, 100), price(GOLD, SKU, 90), price(GOLD, SKU, None, valid_from=NOW)],
        [RATE],
    )
    before = NOW - timedelta(microseconds=1)
    assert unit_price(cart(line(SKU), member_tier="gold", at=before), prices)[0] == 90
    assert unit_price(cart(line(SKU), member_tier="gold"), prices)[0] == 100


@pytest.mark.parametrize(
    ("offset", "unit_minor"), [(-1, 100), (0, 60), (1, 60), (59, 60), (60, 100), (61, 100)]
)
def test_a_list_holds_from_its_start_to_before_its_end(offset: int, unit_minor: int):
    sale = price_list("sale", priority=1, valid_from=NOW, valid_until=NOW + timedelta(minutes=60))
    prices = PriceBook([BASE, sale], [price(BASE, SKU, 100), price(sale, SKU, 60)], [RATE])
    assert unit_price(cart(line(SKU), at=NOW + timedelta(minutes=offset)), prices)[0] == unit_minor


@pytest.mark.parametrize(("offset", "unit_minor"), [(-1, 100), (0, 110), (9, 110), (10, 120)])
def test_a_price_holds_until_the_next_one(offset: int, unit_minor: int):
    rows = [
        price(BASE, SKU, 100),
        price(BASE, SKU, 120, valid_from=NOW + timedelta(minutes=10)),
        price(BASE, SKU, 999, valid_from=NOW),
        price(BASE, SKU, 110, valid_from=NOW),
    ]
    asked = cart(line(SKU), at=NOW + timedelta(minutes=offset))
    assert unit_price(asked, PriceBook([BASE], rows, [RATE]))[0] == unit_minor
    assert unit_price(asked, PriceBook([BASE], rows[::-1], [RATE]))[0] == unit_minor


def test_the_deciding_row_is_named():
    row: PriceRow = price(GOLD, SKU, 90)
    prices = PriceBook([BASE, GOLD], [price(BASE, SKU, 100), row], [RATE])
    (priced,) = quoted(cart(line(SKU), member_tier="gold"), prices).lines
    assert priced.derivation == LineDerivation(
        decided_by=Level.MEMBER_TIER, price_id=row.id, tax_class="standard"
    )


# ---- stated prices


def test_a_fact_keeps_its_price_and_ours_is_kept_beside_it():
    prices = book((BASE, 100))
    (priced,) = quoted(cart(line(SKU, 3, stated_unit_minor=85), is_fact=True), prices).lines
    assert (priced.unit_minor, priced.amount_minor, priced.list_unit_minor) == (85, 255, 100)
    assert priced.derivation.decided_by is Level.STATED


@pytest.mark.parametrize("unit_minor", [85, 0, -20])
def test_a_channel_that_may_state_a_price_has_it(unit_minor: int):
    asked = cart(line(SKU, 2, stated_unit_minor=unit_minor), may_state_price=True)
    (priced,) = quoted(asked, book((BASE, 100))).lines
    assert (priced.unit_minor, priced.amount_minor) == (unit_minor, 2 * unit_minor)


def test_a_channel_that_may_not_is_refused_another_price_and_granted_the_same():
    prices = book((BASE, 100))
    refusal = quote_cart(cart(line(SKU), line(SKU, code="B", stated_unit_minor=1)), book=prices)
    assert refusal == StatedPriceDiffers(position=1, line_code="B", stated_unit_minor=1, unit_minor=100)
    assert unit_price(cart(line(SKU, stated_unit_minor=100)), prices) == (100, Level.BASE)


def test_a_fee_needs_somebody_who_may_state_it():
    fee = line(None, code="POST", stated_unit_minor=500)
    assert quote_cart(cart(fee), book=book((BASE, 100))) == NoPrice(position=0, line_code="POST")
    (priced,) = quoted(cart(fee, may_state_price=True), book((BASE, 100))).lines
    assert (priced.amount_minor, priced.list_unit_minor) == (500, None)


def test_what_has_no_price_refuses_the_cart():
    refusal = quote_cart(cart(line(SKU), line(OTHER_SKU, code="NEW")), book=book((BASE, 100)))
    assert isinstance(refusal, NoPrice)
    assert refusal == NoPrice(position=1, line_code="NEW")
    assert refusal.message() == "NEW has no price here and now."
    other_currency = quote_cart(cart(line(SKU), currency="GBP"), book=book((BASE, 100)))
    assert other_currency == NoPrice(position=0, line_code="A-1")


# ---- tax and totals


def test_tax_lies_within_the_price_and_is_rounded_line_by_line():
    quote = quoted(cart(line(SKU, 1), line(SKU, 3), line(SKU, 7)), book((BASE, 999)))
    # 999 × 13 / 113 = 114.93, 2997 → 344.79, 6993 → 804.50: half away from zero on each line.
    assert [(one.amount_minor, one.tax_minor) for one in quote.lines] == [
        (999, 115),
        (2997, 345),
        (6993, 805),
    ]
    assert (quote.amount_minor, quote.tax_minor) == (10989, 1265)
    assert {one.tax_rate_basis_points for one in quote.lines} == {1300}
    assert quote.derivation.taxes == (
        TaxDerivation(tax_class="standard", rate_basis_points=1300, tax_rate_id=RATE.id),
    )


@pytest.mark.parametrize(
    ("at", "rate"),
    [
        (datetime(2025, 6, 30, 15, 59, tzinfo=UTC), 1300),  # 23:59 in Shanghai
        (datetime(2025, 6, 30, 16, 0, tzinfo=UTC), 900),  # 1 July there, still June in London
    ],
)
def test_the_rate_is_the_one_of_the_day_where_the_sale_happens(at: datetime, rate: int):
    rates = [tax_rate(), tax_rate(900, valid_from=date(2025, 7, 1)), tax_rate(2000, country="GB")]
    prices = PriceBook([BASE], [price(BASE, SKU, 100)], rates[::-1])
    assert quoted(cart(line(SKU), at=at), prices).lines[0].tax_rate_basis_points == rate
    in_london = cart(line(SKU), at=at, time_zone="Europe/London")
    assert quoted(in_london, prices).lines[0].tax_rate_basis_points == 1300


def test_without_a_rate_an_ask_is_refused_and_a_fact_taken_with_the_gap_named():
    prices = PriceBook([BASE], [price(BASE, SKU, 100)], [])
    refusal = quote_cart(cart(line(SKU)), book=prices)
    assert refusal == NoTaxRate(
        position=0, line_code="A-1", tax_class="standard", country="CN", day=date(2025, 3, 3)
    )
    quote = quoted(cart(line(SKU, stated_unit_minor=100), is_fact=True), prices)
    assert quote.lines[0].tax_minor == 0
    assert quote.derivation.taxes == (
        TaxDerivation(tax_class="standard", rate_basis_points=0, is_missing=True),
    )


def test_a_rate_before_its_first_day_is_none():
    prices = PriceBook([BASE], [price(BASE, SKU, 100)], [tax_rate(valid_from=date(2025, 3, 4))])
    assert isinstance(quote_cart(cart(line(SKU)), book=prices), NoTaxRate)


def test_a_voucher_carries_no_tax():
    voucher = CartLine(sku_id=None, code="GIFT", units=2, tax_class=None, stated_unit_minor=5000)
    quote = quoted(cart(voucher, may_state_price=True), PriceBook([], [], []))
    assert (quote.lines[0].amount_minor, quote.lines[0].tax_minor) == (10000, 0)
    assert quote.derivation.taxes == ()


def test_an_empty_cart_costs_nothing():
    quote = quoted(cart(), book((BASE, 100)))
    assert (quote.lines, quote.amount_minor, quote.tax_minor) == ((), 0, 0)


# ---- why this price


def test_every_list_is_told_with_what_became_of_it():
    ended = price_list("ended", valid_until=NOW)
    silent = price_list("silent", channel="web", priority=5)
    silver = price_list("silver", member_tier="silver")
    prices = book((BASE, 100), (CHANNEL, 95), (ended, 50), (silver, 80), (silent, None))
    asked = cart(line(SKU, 2), channel="web")
    told = explain_line(asked, position=0, book=prices)
    assert isinstance(told.line, QuoteLine)
    assert told.line.amount_minor == 190
    assert [(one.code, one.level, one.standing, one.unit_minor) for one in told.candidates] == [
        ("silent", Level.CHANNEL, Standing.NO_PRICE, None),
        ("channel", Level.CHANNEL, Standing.DECIDES, 95),
        ("ended", Level.BASE, Standing.NOT_IN_FORCE, 50),
        ("base", Level.BASE, Standing.OUTRANKED, 100),
        ("silver", Level.MEMBER_TIER, Standing.CONDITIONS_NOT_MET, 80),
    ]


def test_where_a_price_was_stated_no_list_decides():
    asked = cart(line(SKU, stated_unit_minor=1), is_fact=True)
    told = explain_line(asked, position=0, book=book((BASE, 100)))
    assert [one.standing for one in told.candidates] == [Standing.OUTRANKED]


def test_why_there_is_no_price_is_told_too():
    later = price_list("later", valid_from=NOW + timedelta(hours=1))
    asked = cart(line(SKU, code="B"), line(OTHER_SKU), at=NOW)
    told = explain_line(asked, position=1, book=book((BASE, 100), (later, 50), (GOLD, 80)))
    assert told.line == NoPrice(position=1, line_code="A-1")
    assert [(one.code, one.standing) for one in told.candidates] == [
        ("later", Standing.NOT_IN_FORCE),
        ("base", Standing.NO_PRICE),
        ("gold", Standing.CONDITIONS_NOT_MET),
    ]


def test_a_seller_s_rate_goes_before_a_region_s_and_that_before_the_country_s():
    seller, other = EntityId(new_id()), EntityId(new_id())
    rates = [
        tax_rate(1300),
        tax_rate(900, region="31"),
        tax_rate(600, region="3101"),
        tax_rate(500, region="3101", valid_from=date(2099, 1, 1)),
        tax_rate(300, seller_id=seller),
        tax_rate(100, seller_id=seller, region="33"),
    ]
    prices = PriceBook([BASE], [price(BASE, SKU, 100)], rates[::-1])

    def rate(**where: object) -> int:
        return quoted(cart(line(SKU), **where), prices).lines[0].tax_rate_basis_points

    assert rate() == rate(region="330106") == rate(seller_id=other, region="44") == 1300
    assert rate(region="31") == rate(region="310201", seller_id=other) == 900
    assert rate(region="310106", seller_id=other) == 600  # the last one holds from a later day
    assert rate(seller_id=seller) == rate(seller_id=seller, region="310106") == 300
    assert rate(seller_id=seller, region="330106") == 100
    abroad = PriceBook([BASE], [price(BASE, SKU, 100)], [*rates, tax_rate(2000, country="GB")])
    in_london = cart(line(SKU), country="GB", seller_id=seller, region="31")
    assert quoted(in_london, abroad).lines[0].tax_rate_basis_points == 2000
