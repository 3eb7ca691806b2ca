"""What promotions take off, piece by piece and together, and when which version is in force."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from loopline.kernel.ids import PartyId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.pricing import CartLine, Quote
from loopline.pricing.changes import TakesEffectInThePast
from loopline.pricing.promotions import (
    AmountOff,
    Bearer,
    Bundle,
    Conditions,
    Effect,
    FixedPrice,
    Funder,
    FundingAgreement,
    PercentageOff,
    Promotion,
    Step,
    Threshold,
)
from loopline.pricing.promotions.changes import (
    CodeIsOfPoints,
    FundersDoNotAddUp,
    NeverAgreedToFund,
    NobodyToFund,
    NothingToPublish,
    PromotionNotTried,
    PromotionNotUsable,
    problem_of,
    refusal_to_publish,
)
from loopline.pricing.promotions.rules import LineToPromote, discounts_of, timed
from loopline.pricing.rules import PriceBook, quote_cart
from tests.make.pricing import NOW, START, cart, line, new_id, price, price_list, tax_rate
from tests.make.promotions import new_promotion, of, promotion

COAT, SCARF, HAT = (SkuId(new_id()) for _ in range(3))
DEALER = PartyId(new_id())
HOUR = timedelta(hours=1)


def lines(*wanted: tuple[SkuId, int, int]) -> list[LineToPromote]:
    """Lines of (SKU, units, price of one)."""
    return [
        LineToPromote(sku_id=sku_id, units=units, amount_minor=units * each) for sku_id, units, each in wanted
    ]


def taken(wanted: list[LineToPromote], *promotions: Promotion) -> list[int]:
    return [sum(one.amount_minor for one in found) for found in discounts_of(wanted, promotions)]


@pytest.mark.parametrize(
    ("effect", "wanted", "off"),
    [
        (PercentageOff(basis_points=1_000), [(HAT, 1, 999)], [100]),  # 99.9, half away from zero
        (PercentageOff(basis_points=1_000), [(HAT, 3, 995)], [300]),  # 99.5 a piece, not 298.5 in all
        (AmountOff(amount_minor=300), [(HAT, 2, 999), (SCARF, 2, 200)], [600, 400]),  # never below nothing
        (FixedPrice(unit_minor=800), [(HAT, 2, 999), (SCARF, 1, 700)], [398, 0]),  # never dearer
        (
            Threshold(steps=(Step(from_minor=1_000, off_minor=100), Step(from_minor=2_000, off_minor=300))),
            [(COAT, 1, 1_333), (HAT, 1, 666)],  # a cent short of the second step
            [67, 33],
        ),
        (
            Threshold(steps=(Step(from_minor=1_000, off_minor=100), Step(from_minor=2_000, off_minor=300))),
            [(COAT, 1, 1_333), (HAT, 1, 667)],
            [200, 100],
        ),
        (
            Threshold(steps=(Step(from_minor=1_000, off_minor=100),), is_repeated=True),
            [(COAT, 2, 1_750)],
            [300],
        ),
        # The three dearest make the bundle: 900 + 800 + 800 for 2,000.
        (Bundle(units=3, price_minor=2_000), [(COAT, 1, 900), (HAT, 3, 800)], [180, 320]),
        # A second bundle would cost more than its pieces do.
        (Bundle(units=2, price_minor=1_500), [(COAT, 2, 900), (HAT, 2, 700)], [300, 0]),
        (Bundle(units=5, price_minor=1), [(COAT, 4, 900)], [0]),
    ],
)
def test_what_is_taken_off(effect: Effect, wanted: list[tuple[SkuId, int, int]], off: list[int]):
    assert taken(lines(*wanted), promotion("P", effect)) == off


def test_a_most_is_dealt_over_the_lines_in_proportion():
    one = promotion("P", PercentageOff(basis_points=5_000), most_minor=100)
    assert taken(lines((COAT, 1, 900), (HAT, 2, 300)), one) == [60, 40]


def test_of_a_group_the_best_takes_each_line_and_groups_follow_on_what_is_left():
    ten = promotion("TEN", PercentageOff(basis_points=1_000))
    hundred = promotion("HUNDRED", AmountOff(amount_minor=100))
    half = promotion("HALF", PercentageOff(basis_points=5_000), group=2, conditions=of(sku_ids=[HAT]))
    wanted = lines((COAT, 1, 2_000), (HAT, 1, 500))
    assert taken(wanted, half, ten, hundred) == [200, 100 + 200]
    told = discounts_of(wanted, [half, ten, hundred])
    assert [one.promotion_id for one in told[1]] == [hundred.id, half.id]


def test_a_threshold_is_taken_where_it_and_the_best_on_other_lines_are_more():
    spend = promotion(
        "SPEND", Threshold(steps=(Step(from_minor=1_000, off_minor=250),)), conditions=of(sku_ids=[COAT, HAT])
    )
    ten = promotion("TEN", PercentageOff(basis_points=1_000))
    # On the first two 200 + 20 by the piece, 250 together; the scarf is its own.
    assert taken(lines((COAT, 1, 2_000), (HAT, 1, 200), (SCARF, 1, 500)), spend, ten) == [227, 23, 50]
    assert taken(lines((COAT, 1, 2_600), (HAT, 1, 200), (SCARF, 1, 500)), spend, ten) == [260, 20, 50]


def test_an_exclusive_promotion_leaves_its_lines_to_no_other_and_is_left_out_where_that_is_dearer():
    alone = promotion("ALONE", AmountOff(amount_minor=150), is_exclusive=True, conditions=of(sku_ids=[COAT]))
    ten = promotion("TEN", PercentageOff(basis_points=1_000))
    assert taken(lines((COAT, 1, 1_000), (HAT, 1, 500)), alone, ten) == [150, 50]
    assert taken(lines((COAT, 1, 2_000), (HAT, 1, 500)), alone, ten) == [200, 50]


def test_who_bears_it_adds_up_line_by_line():
    parts = (
        Funder(bearer=Bearer.BRAND, basis_points=5_000),
        Funder(bearer=Bearer.SELLER, basis_points=5_000),
    )
    ((discount,),) = discounts_of(
        lines((HAT, 1, 101)), [promotion("P", AmountOff(amount_minor=1), funders=parts)]
    )
    # One cent is the brand's, the first named; nothing is written of who bears nothing.
    assert [(one.bearer, one.amount_minor) for one in discount.borne] == [(Bearer.BRAND, 1)]


def test_a_later_version_takes_over_from_its_beginning_and_what_ended_before_it_began_from_nothing():
    first = promotion("P", valid_until=START + 9 * HOUR)
    second = promotion("P", version=2, valid_from=START + 4 * HOUR, valid_until=START + 6 * HOUR)
    never = promotion("P", version=3, valid_from=START + 2 * HOUR, valid_until=START + HOUR)
    spans = [(one.promotion.version, one.since, one.until) for one in timed([never, second, first])]
    assert spans == [
        (1, START, START + 4 * HOUR),
        (2, START + 4 * HOUR, START + 6 * HOUR),
    ]


def quoted(asked: object, *promotions: Promotion) -> Quote:
    base = price_list("base")
    book = PriceBook([base], [price(base, COAT, 1_000)], [tax_rate()], promotions)
    found = quote_cart(asked, book=book)  # pyright: ignore[reportArgumentType]
    assert isinstance(found, Quote)
    return found


@pytest.mark.parametrize(
    ("conditions", "fields", "holds"),
    [
        (Conditions(), {}, True),
        (Conditions(channels=("web", "app")), {"channel": "web"}, True),
        (Conditions(channels=("web", "app")), {"channel": "till"}, False),
        (Conditions(members_only=True), {}, False),
        (Conditions(members_only=True), {"is_member": True}, True),
        (Conditions(member_tier="gold"), {"member_tier": "silver"}, False),
        (Conditions(live_room="A"), {"live_room": "A"}, True),
        (Conditions(live_room="A"), {"live_room": "B"}, False),
        (Conditions(categories=frozenset({"coats"})), {}, True),
        (Conditions(categories=frozenset({"hats"})), {}, False),
        (Conditions(sku_ids=frozenset({HAT}), categories=frozenset({"coats"})), {}, True),
    ],
)
def test_where_a_promotion_holds(conditions: Conditions, fields: dict[str, object], holds: bool):
    found = quoted(
        cart(line(COAT, category="coats"), **fields),
        promotion("P", AmountOff(amount_minor=100), conditions=conditions),
    )
    assert found.amount_minor == (900 if holds else 1_000)


def test_a_tills_price_is_known_again_only_where_it_is_what_the_promotion_comes_to():
    one = promotion("P", AmountOff(amount_minor=100))
    told = {"by_piece": True, "is_fact": True}
    known = quoted(cart(line(COAT, 2, stated_unit_minor=900), **told), one).lines[0]
    assert (known.amount_minor, known.discount_minor) == (1_800, 200)
    for stated in (899, 901, 1_000):
        other = quoted(cart(line(COAT, 2, stated_unit_minor=stated), **told), one).lines[0]
        assert (other.amount_minor, other.discount_minor) == (stated * 2, 0)
    elsewhere = quoted(cart(line(COAT, stated_unit_minor=900), is_fact=True), one).lines[0]
    assert elsewhere.discount_minor == 0


def test_a_tills_price_is_known_again_whatever_else_is_in_the_cart():
    """The till was told each price alone; together, the exclusive one would be left out."""
    alone = promotion("A", AmountOff(amount_minor=100), is_exclusive=True)
    beside = promotion("B", AmountOff(amount_minor=60))
    best = promotion("C", AmountOff(amount_minor=300), conditions=of(sku_ids=[HAT]))
    base = price_list("base")
    prices = [price(base, COAT, 1_000), price(base, HAT, 1_000)]
    book = PriceBook([base], prices, [tax_rate()], [alone, beside, best])
    told: dict[SkuId, int] = {}
    for sku_id in (COAT, HAT):
        one = quote_cart(cart(line(sku_id), by_piece=True), book=book)
        assert isinstance(one, Quote)
        told[sku_id] = one.amount_minor
    assert told == {COAT: 900, HAT: 700}
    both = cart(
        *(line(sku_id, 2, stated_unit_minor=minor) for sku_id, minor in told.items()),
        by_piece=True,
        is_fact=True,
    )
    sold = quote_cart(both, book=book)
    assert isinstance(sold, Quote)
    assert [one.discount_minor for one in sold.lines] == [200, 600]


SPEND = Threshold(steps=(Step(from_minor=2_000, off_minor=250),))
AT_A_TILL = {"by_piece": True, "is_fact": True}


def sold(*wanted: CartLine, promotions: Sequence[Promotion], **fields: object) -> list[int]:
    """What each line of a till's fact is let off, as it is known again."""
    base = price_list("base")
    prices = [price(base, sku_id, minor) for sku_id, minor in ((COAT, 1_000), (HAT, 333))]
    book = PriceBook([base], prices, [tax_rate()], promotions)
    found = quote_cart(cart(*wanted, **(AT_A_TILL | fields)), book=book)
    assert isinstance(found, Quote)
    stated = [one.stated_amount_minor or one.units * (one.stated_unit_minor or 0) for one in wanted]
    assert [one.amount_minor for one in found.lines] == stated  # what happened stands, known again or not
    return [one.discount_minor for one in found.lines]


def whole(sku_id: SkuId, units: int, amount_minor: int) -> CartLine:
    """A line of a till's sale whose price was told with the whole cart."""
    return line(sku_id, units, stated_unit_minor=amount_minor // units, stated_amount_minor=amount_minor)


def test_what_a_till_was_told_of_a_whole_cart_is_known_again_whole_or_not_at_all():
    spend = promotion("P", SPEND)
    # 2,000 + 999 reach the step: 250 are dealt as 167 and 83, and a hat comes to no whole cent.
    assert sold(whole(COAT, 2, 1_833), whole(HAT, 3, 916), promotions=[spend]) == [167, 83]
    assert sold(whole(COAT, 2, 1_834), whole(HAT, 3, 915), promotions=[spend]) == [0, 0]
    assert sold(whole(COAT, 2, 1_833), whole(HAT, 3, 999), promotions=[spend]) == [0, 0]
    assert sold(whole(COAT, 2, 1_833), promotions=[spend]) == [0]  # without the hats it is 250 on the coats
    assert sold(whole(COAT, 2, 1_750), promotions=[spend]) == [250]


def test_beside_a_whole_cart_what_was_told_by_the_piece_or_typed_counts_for_nothing_in_it():
    spend, tenth = promotion("P", SPEND), promotion("T", conditions=of(sku_ids=[HAT]))
    typed = line(COAT, 5, stated_unit_minor=700)
    by_piece = line(HAT, 2, stated_unit_minor=300)
    assert sold(typed, whole(COAT, 2, 1_750), by_piece, promotions=[spend, tenth]) == [0, 250, 66]
    # With the typed coats in it the step would be reached.
    assert sold(typed, whole(COAT, 1, 875), promotions=[spend]) == [0, 0]
    assert sold(typed, whole(COAT, 1, 1_000), promotions=[spend]) == [0, 0]


def test_a_members_price_is_known_again_where_a_member_was_told_the_whole_cart():
    theirs = promotion("M", AmountOff(amount_minor=100), conditions=Conditions(members_only=True))
    assert sold(whole(COAT, 1, 900), promotions=[theirs], is_member=True) == [100]
    assert sold(whole(COAT, 1, 900), promotions=[theirs]) == [0]
    assert sold(line(COAT, stated_unit_minor=900), promotions=[theirs], is_member=True) == [0]


def test_what_anybody_was_told_by_the_piece_is_known_again_of_a_member_too():
    theirs = promotion("M", AmountOff(amount_minor=300), conditions=Conditions(members_only=True))
    everybodys = promotion("E", AmountOff(amount_minor=100))
    told = line(COAT, 2, stated_unit_minor=900)
    assert sold(told, promotions=[theirs, everybodys], is_member=True) == [200]


def test_what_is_over_keeps_nothing_that_holds_from_being_found():
    over = [promotion(f"O{n}", valid_until=START + n * HOUR) for n in (1, 2, 3)]
    on = promotion("ON", AmountOff(amount_minor=100), valid_until=NOW + HOUR)
    to_come = promotion("NEXT", AmountOff(amount_minor=900), valid_from=NOW + HOUR)
    assert quoted(cart(line(COAT)), *over, to_come, on).amount_minor == 900
    assert quoted(cart(line(COAT), at=START + 2 * HOUR), over[2], on).lines[0].discount_minor == 100
    assert quoted(cart(line(COAT), at=START), over[2]).amount_minor == 900


def test_told_by_the_piece_nothing_that_looks_at_a_whole_cart_holds():
    spend = promotion("P", Threshold(steps=(Step(from_minor=1, off_minor=1),)))
    capped = promotion("Q", PercentageOff(basis_points=100), most_minor=500)
    assert quoted(cart(line(COAT), by_piece=True), spend, capped).amount_minor == 1_000
    assert quoted(cart(line(COAT)), spend, capped).amount_minor == 990


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, None),
        ({"code": " P"}, PromotionNotUsable(value=" P", field="code")),
        ({"code": "POINTS"}, CodeIsOfPoints(value="POINTS")),
        ({"code": "Points"}, CodeIsOfPoints(value="Points")),
        ({"code": "POINTS-2"}, None),
        ({"currency": "cny"}, PromotionNotUsable(value="P", field="currency")),
        ({"group": 0}, PromotionNotUsable(value="P", field="group")),
        ({"most_minor": 0}, PromotionNotUsable(value="P", field="most_minor")),
        ({"valid_from": NOW, "valid_until": NOW}, PromotionNotUsable(value="P", field="valid_until")),
        ({"effect": PercentageOff(basis_points=0)}, PromotionNotUsable(value="P", field="effect")),
        ({"effect": Threshold(steps=())}, PromotionNotUsable(value="P", field="effect")),
        (
            {"effect": Threshold(steps=(Step(from_minor=1, off_minor=2),))},
            PromotionNotUsable(value="P", field="effect"),
        ),
        ({"effect": Bundle(units=1, price_minor=5)}, PromotionNotUsable(value="P", field="effect")),
        ({"funders": ()}, PromotionNotUsable(value="P", field="funders")),
        (
            {"funders": (Funder(bearer=Bearer.PARTY, basis_points=10_000),)},
            PromotionNotUsable(value="P", field="funders"),
        ),
        (
            {"funders": (Funder(bearer=Bearer.BRAND, basis_points=9_999),)},
            FundersDoNotAddUp(value="P", basis_points=9_999),
        ),
    ],
)
def test_what_cannot_be_saved(changes: dict[str, object], refusal: Refusal | None):
    assert problem_of(new_promotion(str(changes.pop("code", "P")), **changes)) == refusal  # pyright: ignore[reportArgumentType]


def agreement(
    *, most: int = 5_000, since: datetime = START, until: datetime | None = None
) -> FundingAgreement:
    return FundingAgreement(
        id=new_id(),
        party_id=DEALER,
        currency="CNY",
        most_basis_points=most,
        valid_from=since,
        valid_until=until,
        comment="on paper",
        agreed_by="person:tester",
        agreed_at=START,
    )


@pytest.mark.parametrize(
    ("changes", "agreed", "refusal"),
    [
        ({}, [agreement()], None),
        ({"tried_at": None}, [agreement()], PromotionNotTried(value="P")),
        ({"valid_from": NOW - HOUR}, [agreement()], TakesEffectInThePast(valid_from=NOW - HOUR)),
        ({}, [], NeverAgreedToFund(value="P", party="DEALER", basis_points=5_000)),
        ({}, [agreement(most=4_999)], NeverAgreedToFund(value="P", party="DEALER", basis_points=5_000)),
        ({}, [agreement(until=NOW + HOUR)], NeverAgreedToFund(value="P", party="DEALER", basis_points=5_000)),
        ({"valid_until": NOW + HOUR}, [agreement(until=NOW + HOUR)], None),
        ({}, [agreement(since=NOW + HOUR)], NeverAgreedToFund(value="P", party="DEALER", basis_points=5_000)),
    ],
)
def test_what_cannot_be_published(
    changes: dict[str, object], agreed: list[FundingAgreement], refusal: Refusal | None
):
    parts = (
        Funder(bearer=Bearer.DEALER, basis_points=5_000),
        Funder(bearer=Bearer.SELLER, basis_points=5_000),
    )
    draft = promotion("P", **({"valid_from": None, "published_at": None, "funders": parts} | changes))  # pyright: ignore[reportArgumentType]
    named = {Bearer.DEALER: {DEALER: "DEALER"}}
    assert refusal_to_publish(draft, code="P", named=named, agreed=agreed, now=NOW) == refusal


def test_a_role_that_nobody_has_bears_nothing():
    parts = (Funder(bearer=Bearer.PLATFORM, basis_points=10_000),)
    draft = promotion("P", valid_from=None, published_at=None, funders=parts)
    refused = refusal_to_publish(draft, code="P", named={}, agreed=[], now=NOW)
    assert refused == NobodyToFund(value="P", bearer=Bearer.PLATFORM)
    assert refusal_to_publish(None, code="P", named={}, agreed=[], now=NOW) == NothingToPublish(value="P")
