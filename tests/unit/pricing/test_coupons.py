"""What coupons take off a quote, which are refused and why, who gets one, and how long one that comes back lasts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from loopline.kernel.ids import MemberId, OrgUnitId, PartyId, SiteId, SkuId
from loopline.kernel.money import tax_within
from loopline.kernel.refusals import Refusal
from loopline.pricing import Cart, CartLine, Quote
from loopline.pricing.changes import TakesEffectInThePast
from loopline.pricing.coupons import (
    Batch,
    CouponEffect,
    CouponState,
    Gift,
    GivenHow,
    OffAmount,
    Offer,
    OffPercentage,
)
from loopline.pricing.coupons.changes import problem_of, refusal_to_change, refusal_to_publish
from loopline.pricing.coupons.codes import new_secret, read_secret, shown_code
from loopline.pricing.coupons.refusals import (
    BatchNotPublished,
    BatchNotUsable,
    BatchOver,
    BatchStands,
    BatchStopped,
    BatchUsedUp,
    CouponExpired,
    CouponHeld,
    CouponNotClaimed,
    CouponNotWithOthers,
    CouponNotWithPromotions,
    CouponNotYetValid,
    CouponNotYours,
    CouponOtherChannel,
    CouponOtherCurrency,
    CouponOtherGoods,
    CouponOtherPlace,
    CouponsOfOneBatch,
    CouponSpendMore,
    CouponSpent,
    CouponTakesNothing,
    PersonHasEnough,
    TooManyCoupons,
)
from loopline.pricing.coupons.rules import (
    decide_gifts,
    known_again,
    lasts_until,
    refusal_of_coupon,
    refusal_of_together,
    take_off,
    time_of_coupon,
    unstated,
)
from loopline.pricing.promotions import AmountOff, Bearer, Conditions, Funder, Promotion
from loopline.pricing.promotions import Gift as GivenAlong
from loopline.pricing.promotions.changes import (
    CodeIsOfPoints,
    FundersDoNotAddUp,
    NeverAgreedToFund,
    NothingToPublish,
)
from loopline.pricing.rules import PriceBook, quote_cart
from tests.make.coupons import THIRTY, batch, new_batch, offer
from tests.make.pricing import NOW, START, cart, line, new_id, price, price_list, tax_rate
from tests.make.promotions import of, promotion

COAT, SCARF, HAT = (SkuId(new_id()) for _ in range(3))
PRICES = {COAT: 11_300, SCARF: 2_260, HAT: 999}
ANNA, BEN = MemberId(new_id()), MemberId(new_id())
DAY = timedelta(days=1)


def quoted(one: Cart, *promotions: Promotion) -> Quote:
    base = price_list("base")
    book = PriceBook(
        [base], [price(base, sku, minor) for sku, minor in PRICES.items()], [tax_rate()], promotions
    )
    found = quote_cart(one, book=book)
    assert isinstance(found, Quote)
    return found


def buying(*wanted: tuple[SkuId, int], **fields: object) -> Cart:
    return cart(*(line(sku, units) for sku, units in wanted), **fields)


def amounts(one: Cart, *offers: Offer, promotions: tuple[Promotion, ...] = ()) -> list[int]:
    after = take_off(one, quoted(one, *promotions), offers)
    assert isinstance(after, Quote), after
    return [line.amount_minor for line in after.lines]


@pytest.mark.parametrize(
    ("effect", "paid"),
    [
        (THIRTY, [11_300 - 1_801, 4_520 - 721, 2_997 - 478]),  # dealt by largest remainder over 188.17
        (OffAmount(amount_minor=10**6), [0, 0, 0]),
        (OffPercentage(basis_points=1_000), [11_300 - 1_130, 4_520 - 452, 2_997 - 300]),  # 1881.7 in all
        (OffPercentage(basis_points=1_000, most_minor=100), [11_300 - 60, 4_520 - 24, 2_997 - 16]),
    ],
)
def test_what_a_coupon_takes_off(effect: CouponEffect, paid: list[int]):
    one = buying((COAT, 1), (SCARF, 2), (HAT, 3))
    assert amounts(one, offer(batch("A", effect))) == paid


def test_totals_tax_and_bearers_follow():
    one = buying((COAT, 1), (HAT, 3))
    funders = (
        Funder(bearer=Bearer.BRAND, basis_points=7_000),
        Funder(bearer=Bearer.SELLER, basis_points=3_000),
    )
    mine = offer(batch("A", OffAmount(amount_minor=1_001), funders=funders))
    after = take_off(one, quoted(one), [mine])
    assert isinstance(after, Quote)
    assert after.amount_minor == 11_300 + 2_997 - 1_001
    assert after.tax_minor == sum(tax_within(line.amount_minor, 1_300) for line in after.lines)
    assert after.derivation.lines == tuple(line.derivation for line in after.lines)
    assert [line.unit_minor for line in after.lines] == [
        after.lines[0].amount_minor,
        after.lines[1].amount_minor // 3,
    ]
    for told in after.lines:
        (discount,) = told.derivation.discounts
        assert (discount.promotion_id, discount.coupon_id) == (mine.batch.id, mine.coupon.id)
        assert sum(part.amount_minor for part in discount.borne) == discount.amount_minor


def test_it_comes_after_promotions_and_needs_what_they_left():
    one = buying((COAT, 1))
    less = promotion("LESS", AmountOff(amount_minor=1_300))
    assert amounts(one, offer(batch("A", THIRTY, least_minor=10_000)), promotions=(less,)) == [7_000]
    refused = take_off(one, quoted(one, less), [offer(batch("A", THIRTY, least_minor=10_001))])
    assert isinstance(refused, CouponSpendMore)
    assert (refused.least_minor, refused.missing_minor, refused.currency) == (10_001, 1, "CNY")


def test_one_not_with_promotions_takes_from_the_other_lines():
    one = buying((COAT, 1), (SCARF, 1))
    less = promotion("LESS", AmountOff(amount_minor=300), conditions=of(sku_ids=[COAT]))
    mine = offer(batch("A", OffAmount(amount_minor=5_000), with_promotions=False))
    assert amounts(one, mine, promotions=(less,)) == [11_000, 0]
    only = buying((COAT, 1))
    assert isinstance(take_off(only, quoted(only, less), [mine]), CouponNotWithPromotions)


@pytest.mark.parametrize(
    ("effect", "least", "only"),
    [
        (OffPercentage(basis_points=1_000), 0, {COAT}),
        (OffAmount(amount_minor=10**6), 0, {COAT}),
        (THIRTY, 11_300, {COAT}),  # reached by the coat, though less than that stands on its line
        (THIRTY, 0, {SCARF, COAT}),
        (THIRTY, 0, set[SkuId]()),
    ],
)
def test_with_a_gift_it_takes_what_it_takes_without(effect: CouponEffect, least: int, only: set[SkuId]):
    gift = promotion(
        "GIFT", GivenAlong(sku_id=HAT, from_units=1), conditions=Conditions(sku_ids=frozenset({COAT}))
    )
    mine = offer(batch("C", effect, least_minor=least, conditions=Conditions(sku_ids=frozenset(only))))
    alone = buying((COAT, 1), (SCARF, 1))
    along = cart(line(COAT, 1), line(HAT, 1, is_gift=True), line(SCARF, 1))
    assert quoted(along, gift).lines[0].amount_minor < 11_300
    without = take_off(alone, quoted(alone, gift), [mine])
    found = take_off(along, quoted(along, gift), [mine])
    assert isinstance(without, Quote)
    assert isinstance(found, Quote)
    assert found.amount_minor == without.amount_minor < quoted(alone, gift).amount_minor
    assert all(
        0 <= one.amount_minor == (one.list_unit_minor or 0) - one.discount_minor for one in found.lines
    )


def test_a_gift_is_no_coupon_s_goods_and_keeps_away_one_that_goes_with_no_promotion():
    gift = promotion(
        "GIFT", GivenAlong(sku_id=HAT, from_units=1), conditions=Conditions(sku_ids=frozenset({COAT}))
    )
    along = cart(line(COAT, 1), line(HAT, 1, is_gift=True))
    of_hats = offer(batch("C", conditions=Conditions(sku_ids=frozenset({HAT}))))
    assert isinstance(take_off(along, quoted(along, gift), [of_hats]), CouponOtherGoods)
    alone = offer(batch("D", with_promotions=False))
    assert isinstance(take_off(along, quoted(along, gift), [alone]), CouponNotWithPromotions)


def test_percentages_come_first_whatever_the_order_asked():
    one = buying((COAT, 1))
    tenth, thirty = offer(batch("Z", OffPercentage(basis_points=1_000))), offer(batch("A", THIRTY))
    assert amounts(one, tenth, thirty) == amounts(one, thirty, tenth) == [11_300 - 1_130 - 3_000]


def test_what_is_left_bounds_what_the_next_takes():
    one = buying((HAT, 1))
    most, rest = (
        offer(batch("A", OffAmount(amount_minor=900))),
        offer(batch("B", OffAmount(amount_minor=900))),
    )
    assert amounts(one, most, rest) == [0]
    after = take_off(one, quoted(one), [most, rest])
    assert isinstance(after, Quote)
    assert [discount.amount_minor for discount in after.lines[0].derivation.discounts] == [900, 99]
    third = offer(batch("C", OffAmount(amount_minor=1)))
    assert isinstance(take_off(one, quoted(one), [most, rest, third]), CouponTakesNothing)


ELSEWHERE: list[tuple[dict[str, Any], dict[str, Any], type[Refusal]]] = [
    ({"currency": "EUR"}, {}, CouponOtherCurrency),
    ({"conditions": Conditions(channels=("web",))}, {"channel": "till"}, CouponOtherChannel),
    ({"conditions": Conditions(channels=("web",))}, {}, CouponOtherChannel),
    ({"conditions": Conditions(site_id=SiteId(new_id()))}, {"site_id": SiteId(new_id())}, CouponOtherPlace),
    ({"conditions": Conditions(org_unit_id=OrgUnitId(new_id()))}, {"org_units": ()}, CouponOtherPlace),
    ({"conditions": of(sku_ids=[SCARF])}, {}, CouponOtherGoods),
    ({"conditions": Conditions(categories=frozenset({"hats"}))}, {}, CouponOtherGoods),
]


@pytest.mark.parametrize(("fields", "where", "refusal"), ELSEWHERE)
def test_what_it_is_not_for(fields: dict[str, Any], where: dict[str, Any], refusal: type[Refusal]):
    one = buying((COAT, 1), **where)
    assert isinstance(take_off(one, quoted(one), [offer(batch("A", **fields))]), refusal)


def test_a_stated_price_is_let_alone():
    stated = cart(line(COAT, 1, stated_unit_minor=11_300), line(HAT, 1), may_state_price=True)
    assert amounts(stated, offer(batch("A", OffAmount(amount_minor=5_000)))) == [11_300, 0]
    alone = cart(line(COAT, 1, stated_unit_minor=11_300), may_state_price=True)
    assert isinstance(take_off(alone, quoted(alone), [offer(batch("A"))]), CouponTakesNothing)


CANNOT: list[tuple[dict[str, object], MemberId | None, type[Refusal] | None]] = [
    ({}, None, None),
    ({}, ANNA, CouponNotClaimed),
    ({"member_id": ANNA}, ANNA, None),
    ({"member_id": ANNA}, BEN, CouponNotYours),
    ({"member_id": ANNA}, None, CouponNotYours),
    ({"state": CouponState.HELD}, None, CouponHeld),
    ({"state": CouponState.SPENT}, None, CouponSpent),
    ({"valid_from": NOW + DAY}, None, CouponNotYetValid),
    ({"valid_from": NOW}, None, None),
    ({"valid_until": NOW}, None, CouponExpired),
    ({"valid_until": NOW + timedelta(microseconds=1)}, None, None),
]


@pytest.mark.parametrize(("fields", "who", "refusal"), CANNOT)
def test_who_may_use_it_when(fields: dict[str, object], who: MemberId | None, refusal: type[Refusal] | None):
    found = refusal_of_coupon(offer(batch("A"), **fields), member_id=who, at=NOW)
    assert (type(found) if found is not None else None) is refusal


def test_which_go_together():
    one, two, alone = batch("A"), batch("B"), batch("C", with_coupons=False)
    assert refusal_of_together([]) is None
    assert refusal_of_together([offer(alone)]) is None
    assert refusal_of_together([offer(one), offer(two)]) is None
    assert isinstance(refusal_of_together([offer(one), offer(alone)]), CouponNotWithOthers)
    assert isinstance(refusal_of_together([offer(one), offer(one)]), CouponsOfOneBatch)
    assert isinstance(refusal_of_together([offer(batch(code)) for code in "ABCD"]), TooManyCoupons)


def _sale(*wanted: tuple[SkuId, int, int]) -> Cart:
    lines: list[CartLine] = [line(sku, units, stated_unit_minor=each) for sku, units, each in wanted]
    lines.append(line(None, 1, code="BAG", stated_unit_minor=50))
    return cart(*lines, is_fact=True, by_piece=True)


def _known(sale: Cart, mine: Offer) -> Quote | None:
    return known_again(sale, quoted(sale), quoted(unstated(sale)), mine)


def test_a_sale_is_known_again_however_its_till_dealt_the_coupon():
    mine = offer(batch("A", OffAmount(amount_minor=2_000), conditions=of(sku_ids=[COAT, SCARF])))
    for coat, scarf in ((9_300, 2_260), (11_300, 1_260), (10_000, 1_910)):
        sale = _sale((COAT, 1, coat), (SCARF, 2, scarf), (HAT, 1, 999))
        found = _known(sale, mine)
        assert found is not None
        assert [told.amount_minor for told in found.lines] == [coat, 2 * scarf, 999, 50]
        assert sum(told.discount_minor for told in found.lines) == 2_000
    for coat, scarf, hat in (
        (9_301, 2_260, 999),
        (9_299, 2_260, 999),
        (9_400, 2_260, 899),
        (7_000, 3_410, 999),
    ):
        assert _known(_sale((COAT, 1, coat), (SCARF, 2, scarf), (HAT, 1, hat)), mine) is None


def test_a_cart_that_was_told_whole_is_one_cart_at_our_prices_and_what_was_typed_stays():
    told = cart(
        line(COAT, 1, stated_unit_minor=8_000, stated_amount_minor=8_000),
        line(SCARF, 2, stated_unit_minor=100),
        is_fact=True,
        by_piece=True,
    )
    ours = unstated(told)
    assert [(one.stated_unit_minor, one.stated_amount_minor) for one in ours.lines] == [
        (None, None),
        (100, None),
    ]
    assert not ours.by_piece
    by_piece = unstated(_sale((COAT, 1, 8_000), (SCARF, 2, 100)))
    assert [one.stated_unit_minor for one in by_piece.lines] == [None, None, 50]
    assert by_piece.by_piece


def test_gifts_stop_at_the_total_and_at_what_one_may_have():
    short, two = batch("A", total=3, given=1, per_person=None), batch("B", per_person=2)
    batches = {one.id: one for one in (short, two)}

    def gift(of: Batch, who: MemberId | None) -> Gift:
        return Gift(batch_id=of.id, how=GivenHow.GIVEN, by="x", member_id=who)

    asked = [
        gift(short, ANNA),
        gift(short, None),
        gift(short, BEN),
        *(gift(two, ANNA) for _ in range(2)),
        gift(two, BEN),
    ]
    found = decide_gifts(asked, batches=batches, held={(two.id, ANNA): 1}, now=NOW)
    assert [type(one) if one is not None else None for one in found] == [
        None,
        None,
        BatchUsedUp,
        None,
        PersonHasEnough,
        None,
    ]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"published_at": None}, BatchNotPublished),
        ({"stopped_at": START}, BatchStopped),
        ({"valid_until": NOW}, BatchOver),
        ({"valid_until": NOW + DAY}, None),
    ],
)
def test_when_no_more_are_given(fields: dict[str, Any], refusal: type[Refusal] | None):
    one = batch("A", **fields)
    gift = Gift(batch_id=one.id, how=GivenHow.CODE, by="x")
    (found,) = decide_gifts([gift], batches={one.id: one}, held={}, now=NOW)
    assert (type(found) if found is not None else None) is refusal


def test_its_time_begins_when_it_is_given_or_later():
    assert time_of_coupon(batch("A"), now=NOW) == (NOW, NOW + 7 * DAY)
    later = batch("A", valid_from=NOW + DAY)
    assert time_of_coupon(later, now=NOW) == (NOW + DAY, NOW + 8 * DAY)
    ends = batch("A", valid_until=NOW + 2 * DAY)
    assert time_of_coupon(ends, now=NOW) == (NOW, NOW + 2 * DAY)
    assert time_of_coupon(batch("A", days=None, valid_until=NOW + DAY), now=NOW) == (NOW, NOW + DAY)


@pytest.mark.parametrize(
    ("left", "away", "lasts"),
    [
        (5, 1, 6),  # it had five days, was away for one: five again
        (5, 30, 35),
        (30, 1, 30),  # never less than if nobody had taken it
        (30, 40, 47),  # a week at most of what it had left
    ],
)
def test_what_comes_back_lasts_as_it_did(left: int, away: int, lasts: int):
    mine = offer(batch("A"), valid_until=NOW + left * DAY, taken_at=NOW).coupon
    assert lasts_until(mine, back_at=NOW + away * DAY) == NOW + lasts * DAY


UNUSABLE: list[tuple[str, dict[str, object]]] = [
    ("code", {"code": " A"}),
    ("name", {"name": ""}),
    ("comment", {"comment": " "}),
    ("currency", {"currency": "yuan"}),
    ("effect", {"effect": OffAmount(amount_minor=0)}),
    ("effect", {"effect": OffPercentage(basis_points=10_001)}),
    ("effect", {"effect": OffPercentage(basis_points=100, most_minor=0)}),
    ("least_minor", {"least_minor": -1}),
    ("total", {"total": 0}),
    ("per_person", {"per_person": 101}),
    ("days", {"days": 0}),
    ("valid_until", {"days": None}),
    ("valid_until", {"valid_from": NOW, "valid_until": NOW}),
    ("shared_code", {"shared_code": "ABC"}),
    ("conditions", {"conditions": Conditions(members_only=True)}),
    ("funders", {"funders": ()}),
]


@pytest.mark.parametrize(("field", "changes"), UNUSABLE)
def test_what_cannot_be_saved(field: str, changes: dict[str, object]):
    assert problem_of(new_batch("A")) is None
    found = problem_of(msgspec.structs.replace(new_batch("A"), **changes))
    assert isinstance(found, BatchNotUsable)
    assert found.field == field


def test_no_coupons_are_called_as_points_are():
    assert problem_of(new_batch("points")) == CodeIsOfPoints(value="points")


def test_parts_add_up_and_what_is_published_stands():
    half = (Funder(bearer=Bearer.SELLER, basis_points=5_000),)
    assert isinstance(problem_of(new_batch("A", funders=half)), FundersDoNotAddUp)
    assert isinstance(refusal_to_change(new_batch("A"), batch("A")), BatchStands)
    assert refusal_to_change(new_batch("A"), batch("A", published_at=None)) is None


def test_who_bears_a_part_has_agreed_for_as_long_as_a_coupon_lasts():
    dealer = PartyId(new_id())
    draft = batch("A", published_at=None, funders=(Funder(bearer=Bearer.DEALER, basis_points=10_000),))
    publish: Callable[..., Refusal | None] = refusal_to_publish
    named = {Bearer.DEALER: {dealer: "DEALER"}}
    assert isinstance(publish(None, code="A", named={}, agreed=[], now=NOW), NothingToPublish)
    assert isinstance(publish(batch("A"), code="A", named={}, agreed=[], now=NOW), NothingToPublish)
    assert isinstance(publish(draft, code="A", named=named, agreed=[], now=NOW), NeverAgreedToFund)
    over = batch("A", published_at=None, valid_until=NOW)
    assert isinstance(publish(over, code="A", named={}, agreed=[], now=NOW), TakesEffectInThePast)
    assert publish(batch("A", published_at=None), code="A", named={}, agreed=[], now=NOW) is None


def test_codes_read_as_they_are_spoken():
    made = new_secret()
    assert len(made) == 16
    assert read_secret(shown_code(made).lower().replace("0", "o").replace("1", "l")) == made
    assert shown_code("7K3Q9XA0BCDEFGHJ") == "7K3Q-9XA0-BCDE-FGHJ"
