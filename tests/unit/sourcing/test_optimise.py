"""Waves through the optimiser and back: whole plans in the platform's words, and why each site was not chosen."""

import msgspec
import numpy as np
import pytest

from loopline.kernel.geography import Coordinates
from loopline.sourcing.model import (
    Answering,
    Decision,
    Method,
    OpenOrder,
    UnfilledReason,
    Verdict,
    Wave,
    WavePlan,
    WaveSite,
)
from loopline.sourcing.offers import Offering, OfferTerms, parcels_to_call
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Limits, Settings, Weights
from tests.make.sourcing import order, random_wave, site, site_id, sku_id, wave

WORK = 40


def solved(one: Wave) -> WavePlan:
    return Optimiser(work=WORK, gap=0.0).solve(one, seed=1)


def decide(one: Wave) -> Decision:
    (decision,) = solved(one).decisions
    return decision


def chosen(decision: Decision) -> list[int]:
    return [parcel.site_id.int & 0xFFFF for parcel in decision.parcels]


def test_goods_that_save_another_order_more_are_said_to():
    """Both orders are nearest to store 0 and its one unit; the second would pay far more elsewhere."""
    near, far = Coordinates(longitude=0.0, latitude=0.0), Coordinates(longitude=1.0, latitude=0.0)
    one = wave(
        [order(1, [(7, 1)], destination=near), order(2, [(7, 1)], destination=far)],
        [site(0, at=0.5, cost=(100, 1_000, 0)), site(1, at=-1.0, cost=(100, 1_000, 0))],
        {(0, 7): 1, (1, 7): 9},
    )
    plan = solved(one)
    first, second = plan.decisions
    assert (chosen(first), chosen(second), first.method) == ([1], [0], Method.OPTIMISED)
    assert plan.figures is not None
    assert plan.figures.cost_minor == first.cost_minor + second.cost_minor
    assert first.verdicts == f"{Verdict.GOODS_NEEDED}{Verdict.CHOSEN}"
    assert first.prices_minor[0] < first.cost_minor == first.prices_minor[1]
    prices = {(one.site_id, one.sku_id): one.price_minor for one in plan.prices}
    assert prices[site_id(0), sku_id(7)] > 0


def test_time_that_saves_another_order_more_is_said_to():
    near, far = Coordinates(longitude=0.0, latitude=0.0), Coordinates(longitude=1.0, latitude=0.0)
    one = wave(
        [order(1, [(7, 1)], destination=near), order(2, [(8, 1)], destination=far)],
        [site(0, at=0.5, cost=(100, 1_000, 0), capacity=1), site(1, at=-1.0, cost=(100, 1_000, 0))],
        {(0, 7): 9, (0, 8): 9, (1, 7): 9, (1, 8): 9},
    )
    first, _ = solved(one).decisions
    assert first.verdicts == f"{Verdict.TIME_NEEDED}{Verdict.CHOSEN}"


def test_every_other_verdict():
    one = wave(
        [order(1, [(7, 2), (8, 1)], excluded=[4])],
        [
            site(0, cost=(100, 0, 0)),
            site(1, cost=(900, 0, 0)),
            site(2, cost=(10, 0, 0), capacity=0),
            site(3, cost=(10, 0, 0)),
            site(4, cost=(10, 0, 0)),
            site(5, cost=(10, 0, 0)),
            msgspec.structs.replace(site(6, cost=(10, 0, 0)), is_fallback=True),
        ],
        {(s, k): 9 for s in (0, 1, 2, 4, 6) for k in (7, 8)} | {(5, 7): 1},
    )
    decision = decide(one)
    assert chosen(decision) == [0]
    assert list(decision.verdicts) == [
        Verdict.CHOSEN,
        Verdict.DEARER,
        Verdict.NO_CAPACITY,
        Verdict.NO_GOODS,
        Verdict.EXCLUDED,
        Verdict.MORE_PARCELS,
        Verdict.FALLBACK,
    ]
    assert decision.cost_minor == 100


def test_a_fallback_serves_what_no_other_can_and_its_cost_is_its_own():
    fallback = msgspec.structs.replace(site(0, cost=(10, 0, 0)), is_fallback=True)
    one = wave(
        [order(1, [(7, 1)]), order(2, [(8, 1)])],
        [fallback, site(1, cost=(5_000, 0, 0))],
        {(0, 7): 1, (1, 8): 1},
    )
    first, second = solved(one).decisions
    assert (chosen(first), first.cost_minor) == ([0], 10)
    assert (chosen(second), second.cost_minor) == ([1], 5_000)


def test_what_is_left_says_why():
    orders = [order(1, [(7, 1)], excluded=[0]), order(2, [(8, 1)]), order(3, [(9, 1)]), order(4, [(6, 1)])]
    sites = [site(0, cost=(10, 0, 0)), site(1, capacity=0)]
    one = wave(orders, sites, {(0, 7): 1, (1, 8): 1, (0, 6): 1})
    dear = msgspec.structs.replace(
        one, settings=Settings(weights=Weights(unfilled_unit_minor=5)), sites=tuple(sites)
    )
    reasons = [decision.unfilled[0].reason for decision in solved(dear).decisions]
    assert reasons == [
        UnfilledReason.EXCLUDED,
        UnfilledReason.NO_CAPACITY,
        UnfilledReason.NO_GOODS,
        UnfilledReason.LEFT_OVER,
    ]


@pytest.mark.parametrize("units", [1, 12])
def test_an_order_of_more_ways_than_64_bits_can_count_is_sent_as_well(units: int):
    """Seventy lines: 2 to the power of 70 ways to put them into one parcel, or 13 to that power."""
    skus = range(70)
    one = wave(
        [order(1, [(sku, units) for sku in skus])],
        [site(0, cost=(100, 0, 0))],
        {(0, sku): units for sku in skus},
    )
    decision = decide(one)
    assert (chosen(decision), decision.unfilled) == ([0], ())


def test_what_the_plan_left_over_is_not_blamed_on_full_sites():
    """A full site has the goods, and an open one has them as well: too dear, and not a matter of time."""
    one = wave(
        [order(1, [(7, 1)])],
        [site(0, cost=(10, 0, 0), capacity=0), site(1, cost=(9_000, 0, 0))],
        {(0, 7): 1, (1, 7): 1},
    )
    (missing,) = decide(one).unfilled
    assert missing.reason is UnfilledReason.LEFT_OVER


def test_limits_hold_and_terms_add_up():
    sites = [site(number, cost=(100, 0, 0)) for number in range(4)]
    one = wave([order(1, [(k, 1) for k in range(4)])], sites, {(number, number): 1 for number in range(4)})
    two = msgspec.structs.replace(one, settings=Settings(limits=Limits(parcels_most=2)))
    decision = decide(two)
    assert len(decision.parcels) == 2
    assert {one.reason for one in decision.unfilled} == {UnfilledReason.LIMITS}
    assert [parcel.cost.split_minor for parcel in decision.parcels] == [0, 300]
    assert decision.cost_minor == 500
    together = msgspec.structs.replace(one, settings=Settings(limits=Limits(ship_together=True)))
    assert len(decide(together).parcels) == 1


def test_lateness_refusal_preference_and_credit_decide():
    base = wave([order(1, [(7, 1)])], [site(0), site(1)], {(0, 7): 1, (1, 7): 1})

    def with_site(**fields: object) -> Wave:
        return msgspec.structs.replace(base, sites=(msgspec.structs.replace(site(0), **fields), site(1)))

    assert chosen(decide(with_site(priority_minor=1))) == [1]
    assert chosen(decide(with_site(accept_probability=0.5))) == [1]
    late = msgspec.structs.replace(
        with_site(ready_minutes=600), orders=(msgspec.structs.replace(base.orders[0], promised_hours=2.0),)
    )
    assert chosen(decide(late)) == [1]
    aged = msgspec.structs.replace(base, credits_minor={(site_id(1), sku_id(7)): 30})
    decision = decide(aged)
    assert (chosen(decision), decision.cost_minor) == ([1], -30)
    charged = msgspec.structs.replace(
        base, orders=(msgspec.structs.replace(base.orders[0], surcharges_minor={site_id(0): 4}),)
    )
    assert chosen(decide(charged)) == [1]
    forbidden = msgspec.structs.replace(
        base, orders=(msgspec.structs.replace(base.orders[0], forbidden_sites=frozenset({site_id(0)})),)
    )
    assert decide(forbidden).verdicts == f"{Verdict.FORBIDDEN}{Verdict.CHOSEN}"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_wave_accounts_for_every_unit_and_breaks_nothing(seed: int):
    one = random_wave(seed, orders=40, sites=8, skus=30, lines=3, fill=0.4, capacity=4)
    plan = solved(one)
    left = {(row.leaf_id, row.sku_id): row.sellable for row in one.stock}
    capacity = {site.site_id: site.capacity_left for site in one.sites}
    for ask, decision in zip(one.orders, plan.decisions, strict=True):
        assert ask.order_id == decision.order_id
        given = {need.line_id: 0 for need in ask.needs}
        for parcel in decision.parcels:
            capacity[parcel.site_id] -= 1
            for line in parcel.lines:
                left[line.leaf_id, line.sku_id] -= line.units
                given[line.line_id] += line.units
        for unfilled in decision.unfilled:
            given[unfilled.line_id] += unfilled.units
        assert given == {need.line_id: max(0, need.units) for need in ask.needs}
        assert len(decision.verdicts) == len(decision.prices_minor) == len(one.sites)
    assert min(left.values()) >= 0
    assert min(capacity.values()) >= 0
    again = solved(one)
    assert (again.decisions, again.prices) == (plan.decisions, plan.prices)


def of_a_dealer(number: int, *, margin: int, cost: tuple[int, int, int] = (100, 0, 0)) -> WaveSite:
    return msgspec.structs.replace(site(number, cost=cost), margin_basis_points=margin)


def bringing(one: OpenOrder, price_minor: int) -> OpenOrder:
    needs = tuple(msgspec.structs.replace(need, price_minor=price_minor) for need in one.needs)
    return msgspec.structs.replace(one, needs=needs)


@pytest.mark.parametrize(
    ("margin", "site_number", "cost"),
    [(600, 1, 150), (400, 0, 100 + 40), (-600, 0, 100 - 60)],
)
def test_what_a_dealer_earns_is_a_cost_or_counts_in_its_favour(margin: int, site_number: int, cost: int):
    """The dealer's site sends for 100, the brand's for 150; the goods bring 1,000."""
    one = wave(
        [bringing(order(1, [(7, 2)]), 500)],
        [of_a_dealer(0, margin=margin), site(1, cost=(150, 0, 0))],
        {(0, 7): 9, (1, 7): 9},
    )
    plan = solved(one)
    (decision,) = plan.decisions
    assert (chosen(decision), decision.cost_minor) == ([site_number], cost)
    assert decision.prices_minor == (100 + margin // 10, 150)
    assert plan.figures is not None
    earned = margin // 10 if site_number == 0 else 0
    assert (plan.figures.terms["margin"], decision.parcels[0].cost.margin_minor) == (earned, earned)
    assert plan.figures.cost_minor == cost


def test_goods_are_sent_however_much_a_dealer_earns_by_them():
    one = wave([bringing(order(1, [(7, 1)]), 9_000_000)], [of_a_dealer(0, margin=1_000)], {(0, 7): 1})
    decision = decide(one)
    assert (chosen(decision), decision.parcels[0].cost.margin_minor) == ([0], 900_000)


def test_two_lines_of_one_sku_earn_what_both_bring():
    """One brings 100, the other 300: a dealer's site earns a tenth of both together."""
    asked = order(1, [(7, 1), (7, 1)])
    cheap, dear = asked.needs
    asked = msgspec.structs.replace(
        asked,
        needs=(
            msgspec.structs.replace(cheap, price_minor=100),
            msgspec.structs.replace(dear, price_minor=300),
        ),
    )
    decision = decide(wave([asked], [of_a_dealer(0, margin=1_000)], {(0, 7): 2}))
    assert decision.parcels[0].cost.margin_minor == 40


def test_handling_that_is_dearer_in_a_part_of_the_country_is_a_cost_by_itself():
    dear = msgspec.structs.replace(site(0, cost=(100, 0, 0)), region_minor=70)
    one = wave([order(1, [(7, 1)])], [dear, site(1, cost=(160, 0, 0))], {(0, 7): 9, (1, 7): 9})
    decision = decide(one)
    assert (chosen(decision), decision.prices_minor) == ([1], (170, 160))
    only = solved(msgspec.structs.replace(one, sites=(dear,)))
    (parcel,) = only.decisions[0].parcels
    assert (parcel.cost.handling_minor, parcel.cost.region_minor, parcel.cost.preference_minor) == (
        100,
        70,
        0,
    )
    assert only.figures is not None
    assert (only.figures.terms["handling"], only.figures.terms["region"]) == (100, 70)


def test_a_call_counts_what_dealers_earn_and_what_handling_costs_more():
    """The brand's site is chosen at 150; the dealer's, at 100 and 60 for its margin, is asked beside it."""
    one = wave(
        [bringing(order(1, [(7, 1)]), 1_000)],
        [
            of_a_dealer(0, margin=600),
            site(1, cost=(150, 0, 0)),
            msgspec.structs.replace(site(2, cost=(100, 0, 0)), region_minor=85),
        ],
        {(0, 7): 9, (1, 7): 9, (2, 7): 9},
    )
    plan = solved(one)
    answering = {site_id(number): Answering(accepts_basis_points=5_000, minutes=5) for number in range(3)}
    offering = Offering(terms=OfferTerms(open_offers=True), answering=answering)
    (called,) = parcels_to_call(one, plan.decisions, offering=offering)
    assert [(c.site_id.int & 0xFFFF, c.cost_minor) for c in called.candidates] == [
        (1, 150),
        (0, 160),
        (2, 185),
    ]


def test_a_call_counts_on_each_site_as_it_answers_this_order():
    """Of the two orders store 1 is likely to take the first alone: only that is put to it beside the chosen one."""
    one = wave(
        [order(1, [(7, 1)]), order(2, [(7, 1)])],
        [site(0, cost=(100, 0, 0)), site(1, cost=(110, 0, 0))],
        {(0, 7): 9, (1, 7): 9},
    )
    chances = np.array([[0.9, 0.9], [0.9, 0.0]])
    plan = solved(msgspec.structs.replace(one, settings=Settings(weights=Weights(refusal_minor=1))))
    answering = {site_id(number): Answering(accepts_basis_points=5_000, minutes=5) for number in range(2)}
    offering = Offering(terms=OfferTerms(open_offers=True), answering=answering)

    def called(of: Wave) -> list[int]:
        return [
            one.parcel.order_id.int & 0xFFFF for one in parcels_to_call(of, plan.decisions, offering=offering)
        ]

    assert called(one) == [1, 2]
    assert called(msgspec.structs.replace(one, chances=chances)) == [1]


def test_what_a_refusal_is_expected_to_cost_hangs_on_the_order_where_the_wave_says_so():
    one = wave(
        [order(1, [(7, 1)]), order(2, [(7, 1)])],
        [site(0, cost=(100, 0, 0)), site(1, cost=(110, 0, 0))],
        {(0, 7): 9, (1, 7): 9},
    )
    chances = np.array([[0.5, 1.0], [1.0, 0.5]])
    plan = solved(
        msgspec.structs.replace(one, chances=chances, settings=Settings(weights=Weights(refusal_minor=500)))
    )
    first, second = plan.decisions
    assert (chosen(first), chosen(second)) == ([1], [0])
    assert (first.prices_minor, second.prices_minor) == ((350, 110), (100, 360))
    assert plan.figures is not None
    assert (plan.figures.terms["refusal"], plan.figures.cost_minor) == (0, 210)
