"""What stays true of promotions whatever they are: conservation, order-independence, and the best of a group."""

from collections.abc import Sequence
from itertools import product
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import SkuId
from loopline.kernel.money import BASIS_POINTS, portion, split_by_weight, tax_within
from loopline.pricing import Quote
from loopline.pricing.promotions import (
    AmountOff,
    Bearer,
    Bundle,
    Discount,
    Effect,
    FixedPrice,
    Funder,
    Gift,
    PercentageOff,
    Promotion,
    Step,
    Threshold,
)
from loopline.pricing.promotions.rules import LineToPromote, discounts_of
from loopline.pricing.rules import PriceBook, quote_cart
from tests.make.pricing import cart, line, new_id, price, price_list, tax_rate
from tests.make.promotions import of, promotion

SKUS = [SkuId(new_id()) for _ in range(3)]
IDS = [new_id() for _ in range(6)]
PIECES = st.one_of(
    st.builds(PercentageOff, basis_points=st.integers(1, BASIS_POINTS)),
    st.builds(AmountOff, amount_minor=st.integers(1, 900)),
    st.builds(FixedPrice, unit_minor=st.integers(0, 900)),
)


@st.composite
def thresholds(draw: st.DrawFn) -> Threshold:
    froms = draw(st.lists(st.integers(1, 3_000), min_size=1, max_size=3, unique=True))
    steps = tuple(Step(from_minor=one, off_minor=draw(st.integers(1, one))) for one in froms)
    return Threshold(steps=steps, is_repeated=len(steps) == 1 and draw(st.booleans()))


BUNDLES = st.builds(Bundle, units=st.integers(2, 4), price_minor=st.integers(0, 2_000))
EFFECTS: st.SearchStrategy[Effect] = st.one_of(PIECES, thresholds(), BUNDLES)


@st.composite
def funders(draw: st.DrawFn) -> tuple[Funder, ...]:
    brand = draw(st.integers(0, BASIS_POINTS))
    parts = [(Bearer.BRAND, brand), (Bearer.SELLER, BASIS_POINTS - brand)]
    return tuple(Funder(bearer=bearer, basis_points=part) for bearer, part in parts if part)


@st.composite
def plans(draw: st.DrawFn, *, groups: int = 3, most: int = 4) -> list[Promotion]:
    return [
        promotion(
            f"P{place}",
            draw(EFFECTS),
            id=IDS[place],
            conditions=of(sku_ids=draw(st.lists(st.sampled_from(SKUS), max_size=2))),
            group=draw(st.integers(1, groups)),
            is_exclusive=draw(st.booleans()) and groups > 1,
            most_minor=draw(st.none() | st.integers(1, 500)),
            funders=draw(funders()),
        )
        for place in range(draw(st.integers(1, most)))
    ]


LINES = st.lists(
    st.builds(
        LineToPromote,
        sku_id=st.sampled_from(SKUS),
        units=st.integers(1, 5),
        amount_minor=st.integers(1, 3_000),
    ),
    min_size=1,
    max_size=4,
)


def off(found: Sequence[Sequence[Discount]]) -> int:
    return sum(one.amount_minor for of_line in found for one in of_line)


@given(LINES, plans())
def test_no_line_comes_to_less_than_nothing_and_every_cent_is_borne(
    lines: list[LineToPromote], promotions: list[Promotion]
) -> None:
    found = discounts_of(lines, promotions)
    for one, discounts in zip(lines, found, strict=True):
        assert 0 <= sum(discount.amount_minor for discount in discounts) <= one.amount_minor
        for discount in discounts:
            assert discount.amount_minor > 0
            assert sum(borne.amount_minor for borne in discount.borne) == discount.amount_minor


@given(LINES, plans(), st.randoms())
def test_the_order_in_which_promotions_are_read_changes_nothing(
    lines: list[LineToPromote], promotions: list[Promotion], random: Random
) -> None:
    shuffled = list(promotions)
    random.shuffle(shuffled)
    assert discounts_of(lines, shuffled) == discounts_of(lines, promotions)


@given(LINES, plans())
def test_a_promotion_takes_from_an_order_what_it_may_at_most(
    lines: list[LineToPromote], promotions: list[Promotion]
) -> None:
    found = discounts_of(lines, promotions)
    for one in promotions:
        taken = [
            discount.amount_minor
            for of_line in found
            for discount in of_line
            if discount.promotion_id == one.id
        ]
        assert one.most_minor is None or sum(taken) <= one.most_minor


@given(LINES, plans())
def test_of_a_group_one_promotion_serves_a_line_and_an_exclusive_one_serves_it_alone(
    lines: list[LineToPromote], promotions: list[Promotion]
) -> None:
    by_id = {one.id: one for one in promotions}
    for discounts in discounts_of(lines, promotions):
        taking = [by_id[one.promotion_id] for one in discounts]
        groups = [(one.is_exclusive, one.group) for one in taking]
        assert groups == sorted(set(groups))
        assert len(taking) == 1 or not any(one.is_exclusive for one in taking)


@given(LINES, plans())
def test_what_is_exclusive_never_makes_a_cart_dearer(
    lines: list[LineToPromote], promotions: list[Promotion]
) -> None:
    without = [one for one in promotions if not one.is_exclusive]
    assert off(discounts_of(lines, promotions)) >= off(discounts_of(lines, without))


@given(LINES, plans(groups=1, most=3))
def test_a_group_gives_what_the_best_of_all_choices_would(
    lines: list[LineToPromote], promotions: list[Promotion]
) -> None:
    assert off(discounts_of(lines, promotions)) == slow_best(lines, promotions)


def slow_best(lines: Sequence[LineToPromote], promotions: Sequence[Promotion]) -> int:
    """Try every way to give each line one promotion, or none, with at most one that looks at lines together."""
    best = 0
    choices: list[Promotion | None] = [None, *promotions]
    for chosen in product(choices, repeat=len(lines)):
        together = {one.id: one for one in chosen if one is not None and not one.is_by_piece}
        if len(together) > 1:
            continue
        total = 0
        for one, asked in zip(chosen, lines, strict=True):
            if one is not None and one.is_by_piece:
                total += slow_pieces(one, asked)
        for one in together.values():
            offs = slow_together(one, lines)
            served = [place for place, minor in enumerate(offs) if minor]
            if any(chosen[place] is not one for place in served):
                total = -1
                break
            total += sum(offs)
        best = max(best, total)
    return best


def is_for(one: Promotion, asked: LineToPromote) -> bool:
    return not one.conditions.sku_ids or asked.sku_id in one.conditions.sku_ids


def pieces_of(asked: LineToPromote) -> list[int]:
    return split_by_weight(asked.amount_minor, [1] * asked.units)


def slow_pieces(one: Promotion, asked: LineToPromote) -> int:
    if not is_for(one, asked):
        return 0
    return sum(slow_piece(one.effect, piece) for piece in pieces_of(asked))


def slow_piece(effect: Effect, piece: int) -> int:
    if isinstance(effect, PercentageOff):
        return portion(piece, effect.basis_points, BASIS_POINTS)
    if isinstance(effect, AmountOff):
        return piece - max(piece - effect.amount_minor, 0)
    assert isinstance(effect, FixedPrice)
    return piece - min(piece, effect.unit_minor)


def slow_together(one: Promotion, lines: Sequence[LineToPromote]) -> list[int]:
    weights = [asked.amount_minor if is_for(one, asked) else 0 for asked in lines]
    if isinstance(one.effect, Threshold):
        spent = sum(weights)
        reached = [step for step in one.effect.steps if step.from_minor <= spent]
        whole = max(reached, key=lambda step: step.from_minor).off_minor if reached else 0
        if one.effect.is_repeated and reached:
            whole = sum(
                one.effect.steps[0].off_minor
                for start in range(one.effect.steps[0].from_minor, spent + 1, one.effect.steps[0].from_minor)
                if start
            )
        offs = split_by_weight(min(whole, spent), weights) if spent else weights
    elif isinstance(one.effect, Bundle):
        offs = slow_bundles(one.effect, lines, weights)
    else:
        offs = [slow_pieces(one, asked) for asked in lines]
    if one.most_minor is not None and sum(offs) > one.most_minor:
        offs = split_by_weight(one.most_minor, offs)
    return offs


def slow_bundles(effect: Bundle, lines: Sequence[LineToPromote], weights: Sequence[int]) -> list[int]:
    """Try every number of bundles of the dearest pieces, piece by piece."""
    pieces = [
        (piece, place)
        for place, asked in enumerate(lines)
        if weights[place]
        for piece in sorted(pieces_of(asked), reverse=True)
    ]
    pieces.sort(key=lambda one: (-one[0], one[1]))
    best, offs = 0, [0] * len(lines)
    for bundles in range(1, len(pieces) // effect.units + 1):
        taken = pieces[: bundles * effect.units]
        saved = sum(piece for piece, _ in taken) - bundles * effect.price_minor
        if saved > best:
            best = saved
            of_lines = [sum(piece for piece, at in taken if at == place) for place in range(len(lines))]
            offs = split_by_weight(saved, of_lines)
    return offs


@given(
    st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 5)), min_size=1, max_size=4),
    plans(),
    st.lists(st.integers(1, 2_000), min_size=3, max_size=3),
)
def test_a_quote_is_told_again_and_its_tax_is_that_of_what_is_paid(
    wanted: list[tuple[SkuId, int]], promotions: list[Promotion], prices: list[int]
) -> None:
    base = price_list("base")
    rows = [price(base, sku_id, minor) for sku_id, minor in zip(SKUS, prices, strict=True)]
    asked = cart(*(line(sku_id, units) for sku_id, units in wanted))
    quotes = [quote_cart(asked, book=PriceBook([base], rows, [tax_rate()], promotions)) for _ in range(2)]
    first, again = quotes
    assert isinstance(first, Quote)
    assert isinstance(again, Quote)
    assert msgspec.json.encode(first.lines) == msgspec.json.encode(again.lines)
    for quoted, (_, units) in zip(first.lines, wanted, strict=True):
        assert quoted.list_unit_minor is not None
        assert quoted.amount_minor == quoted.list_unit_minor * units - quoted.discount_minor
        assert quoted.tax_minor == tax_within(quoted.amount_minor, 1_300)
    assert first.amount_minor == sum(one.amount_minor for one in first.lines)


@st.composite
def givings(draw: st.DrawFn) -> list[Promotion]:
    """A few promotions that give: for pieces or for an amount, once or again and again."""
    found: list[Promotion] = []
    for place in range(draw(st.integers(1, 3))):
        is_by_pieces = draw(st.booleans())
        effect = Gift(
            sku_id=draw(st.sampled_from(SKUS)),
            units=draw(st.integers(1, 2)),
            is_repeated=draw(st.booleans()),
            from_units=draw(st.integers(1, 3)) if is_by_pieces else None,
            from_minor=None if is_by_pieces else draw(st.integers(1, 2_000)),
        )
        conditions = of(sku_ids=draw(st.lists(st.sampled_from(SKUS), max_size=2)))
        found.append(promotion(f"G{place}", effect, id=IDS[-1 - place], conditions=conditions))
    return found


@given(
    bought=st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), min_size=1, max_size=3),
    others=plans(most=3),
    giving=givings(),
    prices=st.lists(st.integers(1, 1_000), min_size=3, max_size=3),
)
def test_whatever_is_earned_can_be_taken_along_for_the_same_money(
    bought: list[tuple[SkuId, int]],
    others: list[Promotion],
    giving: list[Promotion],
    prices: list[int],
):
    base = price_list("BASE")
    rows = [price(base, sku, minor) for sku, minor in zip(SKUS, prices, strict=True)]
    book = PriceBook([base], rows, [tax_rate()], [*others, *giving])
    lines = [line(sku, units) for sku, units in bought]
    alone = quote_cart(cart(*lines), book=book)
    assert isinstance(alone, Quote)
    gifts = [line(one.sku_id, one.units, is_gift=True) for one in alone.gifts]
    whole = quote_cart(cart(*lines, *gifts), book=book)
    assert isinstance(whole, Quote)
    assert whole.amount_minor == alone.amount_minor
    assert whole.gifts == ()
    assert all(one.amount_minor >= 0 for one in whole.lines)
    listed = dict(zip(SKUS, prices, strict=True))
    given_ids = {one.id for one in giving}
    value = sum(listed[one.sku_id] * one.units for one in alone.gifts)
    dealt = [
        part for one in whole.lines for part in one.derivation.discounts if part.promotion_id in given_ids
    ]
    assert sum(part.amount_minor for part in dealt) == value
    assert all(sum(one.amount_minor for one in part.borne) == part.amount_minor for part in dealt)
    for asked, one in zip([*lines, *gifts], whole.lines, strict=True):
        assert asked.sku_id is not None
        assert one.amount_minor + one.discount_minor == listed[asked.sku_id] * asked.units


@given(plans(), LINES, st.data())
def test_a_tills_fact_of_a_quoted_cart_has_the_discounts_of_the_quote(
    promotions: list[Promotion], wanted: list[LineToPromote], data: st.DataObject
):
    """Whatever else was typed between its lines."""
    base = price_list("base")
    prices = [price(base, sku_id, 300 + place) for place, sku_id in enumerate(SKUS)]
    book = PriceBook([base], prices, [tax_rate()], promotions)
    asked = [line(one.sku_id, one.units) for one in wanted]
    quote = quote_cart(cart(*asked), book=book)
    assert isinstance(quote, Quote)
    told = [
        msgspec.structs.replace(
            one, stated_unit_minor=found.amount_minor // one.units, stated_amount_minor=found.amount_minor
        )
        for one, found in zip(asked, quote.lines, strict=True)
    ]
    at = data.draw(st.integers(0, len(told)))
    typed = line(data.draw(st.sampled_from(SKUS)), 2, stated_unit_minor=1)
    sale = quote_cart(cart(*told[:at], typed, *told[at:], by_piece=True, is_fact=True), book=book)
    assert isinstance(sale, Quote)
    kept = [*sale.lines[:at], *sale.lines[at + 1 :]]
    assert [one.amount_minor for one in kept] == [one.amount_minor for one in quote.lines]
    assert [one.derivation.discounts for one in kept] == [one.derivation.discounts for one in quote.lines]
