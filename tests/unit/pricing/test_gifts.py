"""Gifts in carts: earned or refused, dealt over what earned them, last of all promotions, told where they wait."""

import pytest

from loopline.kernel.ids import SkuId
from loopline.kernel.money import tax_within
from loopline.kernel.refusals import Refusal
from loopline.pricing import CartLine, GiftNotEarned, GiftWaiting, Quote
from loopline.pricing.promotions import Gift, PercentageOff, Promotion, Step, Threshold
from loopline.pricing.promotions.changes import PromotionNotUsable, problem_of
from loopline.pricing.rules import PriceBook, quote_cart
from tests.make.pricing import cart, line, new_id, price, price_list, tax_rate
from tests.make.promotions import new_promotion, of, promotion

COAT, SCARF, HAT = (SkuId(new_id()) for _ in range(3))
PRICES = {COAT: 10_000, SCARF: 2_000, HAT: 1_000}


def quoted(*lines: CartLine, by: list[Promotion], **changes: object) -> Quote | Refusal:
    base = price_list("BASE")
    book = PriceBook([base], [price(base, sku, minor) for sku, minor in PRICES.items()], [tax_rate()], by)
    return quote_cart(cart(*lines, **changes), book=book)


def gift(code: str = "HAT-FREE", *, of_goods: tuple[SkuId, ...] = (COAT,), **fields: object) -> Promotion:
    """One hat with a coat, unless said."""
    effect = Gift(**({"sku_id": HAT, "from_units": 1} | fields))  # pyright: ignore[reportArgumentType]
    return promotion(code, effect, conditions=of(sku_ids=of_goods))


def amounts(found: Quote | Refusal) -> list[int]:
    assert isinstance(found, Quote), found
    return [one.amount_minor for one in found.lines]


def waiting(found: Quote | Refusal) -> list[tuple[SkuId, int]]:
    assert isinstance(found, Quote), found
    return [(one.sku_id, one.units) for one in found.gifts]


def test_a_gift_has_its_fair_part_of_what_is_paid_and_costs_nothing_more():
    one = gift()
    found = quoted(line(COAT), line(HAT, is_gift=True), by=[one])
    assert isinstance(found, Quote)
    # 10,000 for what is worth 11,000: 909.09 off the coat, 90.91 off the hat.
    assert amounts(found) == [9_091, 909]
    assert [of_line.derivation.is_gift for of_line in found.lines] == [False, True]
    assert [of_line.tax_minor for of_line in found.lines] == [
        tax_within(9_091, 1_300),
        tax_within(909, 1_300),
    ]
    assert {part.promotion_id for of_line in found.lines for part in of_line.derivation.discounts} == {one.id}
    assert waiting(found) == []


def test_what_a_cart_earns_and_does_not_hold_is_told():
    one = gift()
    found = quoted(line(COAT, 2), by=[one])
    assert isinstance(found, Quote)
    assert found.amount_minor == 20_000
    assert found.gifts == (GiftWaiting(promotion_id=one.id, sku_id=HAT, units=1),)
    assert waiting(quoted(line(SCARF), by=[one])) == []


@pytest.mark.parametrize(
    ("effect", "units", "earned"),
    [
        ({"from_units": 2}, 1, 0),
        ({"from_units": 2}, 5, 1),
        ({"from_units": 2, "is_repeated": True}, 5, 2),
        ({"from_units": 1, "is_repeated": True, "units": 3}, 2, 6),
        ({"from_units": None, "from_minor": 10_001}, 1, 0),
        ({"from_units": None, "from_minor": 10_000}, 1, 1),
        ({"from_units": None, "from_minor": 9_999, "is_repeated": True}, 3, 3),
        ({"from_units": 1, "is_repeated": True}, 500, 100),
    ],
)
def test_how_many_are_earned(effect: dict[str, object], units: int, earned: int):
    one = gift(**effect)  # pyright: ignore[reportArgumentType]
    assert sum(count for _, count in waiting(quoted(line(COAT, units), by=[one]))) == earned


def test_more_than_was_earned_is_refused_and_a_gift_earns_nothing():
    one = gift()
    assert quoted(line(COAT), line(HAT, 2, is_gift=True, code="HAT"), by=[one]) == GiftNotEarned(
        position=1, line_code="HAT", units=2, earned=1
    )
    assert quoted(line(HAT, is_gift=True), by=[]) == GiftNotEarned(
        position=0, line_code="A-1", units=1, earned=0
    )
    scarf_with_hat = gift("SCARF-FREE", of_goods=(HAT,), sku_id=SCARF)
    found = quoted(line(COAT), line(HAT, is_gift=True), by=[one, scarf_with_hat])
    assert waiting(found) == []
    assert waiting(quoted(line(COAT), line(HAT), by=[one, scarf_with_hat])) == [(HAT, 1), (SCARF, 1)]


def test_the_same_goods_may_be_bought_and_given():
    """Buy two hats, get a third."""
    one = gift(of_goods=(HAT,), from_units=2)
    found = quoted(line(HAT, 2), line(HAT, is_gift=True), by=[one])
    assert amounts(found) == [1_333, 667]


def test_other_promotions_come_first_and_a_gift_is_the_goods_of_none():
    tenth = promotion("TENTH", PercentageOff(basis_points=1_000))
    spend = promotion("SPEND", Threshold(steps=(Step(from_minor=9_500, off_minor=500),)), group=2)
    alone = quoted(line(COAT), by=[tenth, spend])
    with_gift = quoted(line(COAT), line(HAT, is_gift=True), by=[gift(), tenth, spend])
    assert amounts(alone) == [9_000]
    assert sum(amounts(with_gift)) == 9_000  # the hat is not a tenth off, and does not reach the 95
    assert amounts(with_gift) == [8_100, 900]
    # What was spent is what others leave: 90.
    assert waiting(quoted(line(COAT), by=[gift(from_units=None, from_minor=9_001), tenth])) == []


def test_several_promotions_give_each_its_own():
    scarf = gift("Z-SCARF", sku_id=SCARF)
    found = quoted(line(COAT), line(HAT, is_gift=True), line(SCARF, is_gift=True), by=[gift(), scarf])
    assert sum(amounts(found)) == 10_000
    # The hat first, as above; then 20.00 over the 90.91 that are left of the coat, and the scarf.
    assert amounts(found) == [7_452, 909, 1_639]


def test_what_happened_is_no_gift_and_tills_know_of_none():
    one = gift()
    sold = quoted(
        line(COAT, stated_unit_minor=10_000),
        line(HAT, is_gift=True, stated_unit_minor=0),
        by=[one],
        is_fact=True,
    )
    assert amounts(sold) == [10_000, 0]
    assert waiting(quoted(line(COAT), by=[one], by_piece=True)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"effect": Gift(sku_id=HAT)}, "effect"),
        ({"effect": Gift(sku_id=HAT, from_units=1, from_minor=1)}, "effect"),
        ({"effect": Gift(sku_id=HAT, from_units=0)}, "effect"),
        ({"effect": Gift(sku_id=HAT, from_minor=1, units=0)}, "effect"),
        ({"effect": Gift(sku_id=HAT, from_units=1), "most_minor": 5}, "most_minor"),
        ({"effect": Gift(sku_id=HAT, from_units=1), "is_exclusive": True}, "is_exclusive"),
    ],
)
def test_a_gift_that_cannot_be_saved(changes: dict[str, object], field: str):
    assert problem_of(new_promotion("P", **changes)) == PromotionNotUsable(value="P", field=field)  # pyright: ignore[reportArgumentType]
    assert problem_of(new_promotion("P", Gift(sku_id=HAT, from_units=1))) is None
