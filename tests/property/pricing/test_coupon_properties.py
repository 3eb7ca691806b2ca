"""What stays true of coupons whatever they are: conservation, order-independence, and a till that deals as it likes."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import SkuId
from loopline.kernel.money import BASIS_POINTS, split_by_weight, tax_within
from loopline.pricing import Quote
from loopline.pricing.coupons import CouponEffect, OffAmount, Offer, OffPercentage
from loopline.pricing.coupons.rules import known_again, take_off, unstated
from loopline.pricing.promotions import Bearer, Funder
from loopline.pricing.rules import PriceBook, quote_cart
from tests.make.coupons import batch, offer
from tests.make.pricing import cart, line, new_id, price, price_list, tax_rate
from tests.make.promotions import of

SKUS = [SkuId(new_id()) for _ in range(3)]
EFFECTS: st.SearchStrategy[CouponEffect] = st.one_of(
    st.builds(OffAmount, amount_minor=st.integers(1, 5_000)),
    st.builds(
        OffPercentage,
        basis_points=st.integers(1, BASIS_POINTS),
        most_minor=st.one_of(st.none(), st.integers(1, 3_000)),
    ),
)


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    brand = draw(st.integers(0, BASIS_POINTS))
    parts = [(Bearer.BRAND, brand), (Bearer.SELLER, BASIS_POINTS - brand)]
    made = batch(
        draw(st.sampled_from("ABC")) + str(new_id()),
        draw(EFFECTS),
        funders=tuple(Funder(bearer=bearer, basis_points=part) for bearer, part in parts if part),
        conditions=of(sku_ids=sorted(draw(st.sets(st.sampled_from(SKUS))))),
        least_minor=draw(st.integers(0, 2_000)),
    )
    return offer(made)


CARTS = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 9)), min_size=1, max_size=4)
PRICES = st.lists(st.integers(1, 2_000), min_size=3, max_size=3)


def book_of(prices: list[int]) -> PriceBook:
    base = price_list("base")
    rows = [price(base, sku, minor) for sku, minor in zip(SKUS, prices, strict=True)]
    return PriceBook([base], rows, [tax_rate()], [])


@given(CARTS, PRICES, st.lists(offers(), min_size=1, max_size=3))
def test_what_is_paid_and_what_is_borne_come_to_the_list_price(
    wanted: list[tuple[SkuId, int]], prices: list[int], some: list[Offer]
):
    one = cart(*(line(sku, units) for sku, units in wanted))
    quote = quote_cart(one, book=book_of(prices))
    assert isinstance(quote, Quote)
    after = take_off(one, quote, some)
    assert take_off(one, quote, some[::-1]) == after or not isinstance(after, Quote)
    if not isinstance(after, Quote):
        return
    for before, told, (_, units) in zip(quote.lines, after.lines, wanted, strict=True):
        assert 0 <= told.amount_minor <= before.amount_minor
        assert told.amount_minor + told.discount_minor == before.amount_minor
        assert told.unit_minor == told.amount_minor // units
        assert told.tax_minor == tax_within(told.amount_minor, told.tax_rate_basis_points)
        for discount in told.derivation.discounts:
            assert sum(part.amount_minor for part in discount.borne) == discount.amount_minor > 0
    assert after.amount_minor == sum(told.amount_minor for told in after.lines)


@given(CARTS, PRICES, offers(), st.data())
def test_a_sale_that_comes_to_the_total_is_known_again(
    wanted: list[tuple[SkuId, int]], prices: list[int], mine: Offer, data: st.DataObject
):
    book = book_of(prices)
    one = cart(*(line(sku, 1) for sku, _ in wanted), by_piece=True, is_fact=True)
    ours = quote_cart(one, book=book)
    assert isinstance(ours, Quote)
    after = take_off(one, ours, [mine])
    if not isinstance(after, Quote):
        return
    off = ours.amount_minor - after.amount_minor
    room = [
        before.amount_minor if told.amount_minor < before.amount_minor else 0
        for before, told in zip(ours.lines, after.lines, strict=True)
    ]
    weights = [data.draw(st.integers(1, 9)) if most else 0 for most in room]
    dealt = split_by_weight(off, weights)
    lines = [
        line(sku, 1, stated_unit_minor=before.amount_minor - part)
        for (sku, _), before, part in zip(wanted, ours.lines, dealt, strict=True)
    ]
    sale = msgspec.structs.replace(one, lines=tuple(lines))
    stated = quote_cart(sale, book=book)
    again = quote_cart(unstated(sale), book=book)
    assert isinstance(stated, Quote)
    assert isinstance(again, Quote)
    found = known_again(sale, stated, again, mine)
    if all(part <= most for part, most in zip(dealt, room, strict=True)):
        assert found is not None
        assert [told.amount_minor for told in found.lines] == [told.amount_minor for told in stated.lines]
        assert sum(told.discount_minor for told in found.lines) == off
    lines[0] = msgspec.structs.replace(lines[0], stated_unit_minor=(lines[0].stated_unit_minor or 0) + 1)
    dearer = msgspec.structs.replace(sale, lines=tuple(lines))
    told = quote_cart(dearer, book=book)
    assert isinstance(told, Quote)
    assert known_again(dearer, told, again, mine) is None
