"""Shares of a day: nobody flooded, nobody starved who could serve, no order left for it, and the reason said."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loopline.kernel.ids import PartyId
from loopline.sourcing.fairness import least_of, most_of, solve_fairly
from loopline.sourcing.model import Shares, Verdict, Wave, WavePlan
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Fairness, Settings, SharesContradict, Weights, problems_of
from tests.make.sourcing import order, site, site_id, wave

SOLVER = Optimiser(work=30, gap=0.0, threads=1)
A, B = PartyId(UUID(int=1)), PartyId(UUID(int=2))
OF = {site_id(0): A, site_id(1): A, site_id(2): B}
"""Sites 0 and 1 are A's, 2 is B's, 3 is the brand's own."""


def day(
    rule: Fairness,
    *,
    orders: int = 10,
    stock: Mapping[int, int] | None = None,
    had: Mapping[PartyId, int] | None = None,
    total: int = 0,
) -> Wave:
    """Orders of one piece at one place. The further down the list a site is, the dearer; `stock` by site."""
    sites = [site(number, at=float(number), cost=(100, 1_000, 0), capacity=50) for number in range(4)]
    units = dict.fromkeys(range(4), 50) if stock is None else stock
    made = wave(
        [order(number, [(7, 1)]) for number in range(1, orders + 1)],
        sites,
        {(number, 7): count for number, count in units.items()},
    )
    return replace(
        made,
        settings=Settings(fairness=rule, weights=Weights(unfilled_unit_minor=100_000)),
        shares=Shares(dealer_of=OF, had=had or {}, total=total),
    )


def sent(plan: WavePlan) -> Counter[int]:
    return Counter(parcel.site_id.int & 0xFFFF for parcel in plan.parcels)


def fair(one: Wave) -> tuple[WavePlan, Counter[int]]:
    _, plan = solve_fairly(one, SOLVER, seed=1)
    assert [decision.order_id for decision in plan.decisions] == [each.order_id for each in one.orders]
    return plan, sent(plan)


def letters(plan: WavePlan) -> set[str]:
    return {one.verdicts for one in plan.decisions}


def test_without_a_limit_the_nearest_has_it_all():
    plan, by_site = fair(day(Fairness()))
    assert by_site == {0: 10}
    assert letters(plan) == {Verdict.CHOSEN.value + Verdict.DEARER.value * 3}


def test_nobody_is_flooded_and_the_nearer_store_says_why_not():
    plan, by_site = fair(day(Fairness(day_most_percent=30)))
    assert by_site[0] + by_site[1] == 3
    assert by_site[2] == 3
    assert by_site[3] == 4  # the brand's own sites have no share
    spared = [one.verdicts for one in plan.decisions if one.verdicts[3] == Verdict.CHOSEN.value]
    assert [verdicts[0] for verdicts in spared] == [Verdict.SHARE_FULL.value] * 4
    assert [verdicts[2] for verdicts in spared] == [Verdict.SHARE_FULL.value] * 4


def test_what_a_dealer_had_of_the_day_counts():
    _, by_site = fair(day(Fairness(day_most_percent=30), had={A: 9}, total=10))
    assert by_site[0] + by_site[1] == 0  # six of twenty: it had nine
    _, by_site = fair(day(Fairness(day_most_percent=30), had={A: 4}, total=10))
    assert by_site[0] + by_site[1] == 2


def test_what_nobody_else_can_send_its_dealer_sends():
    """B and the brand have two pieces each: six of ten orders can come from A alone, who may have three."""
    plan, by_site = fair(day(Fairness(day_most_percent=30), stock={0: 50, 1: 50, 2: 2, 3: 2}))
    assert (by_site[0] + by_site[1], by_site[2], by_site[3]) == (6, 2, 2)
    assert not any(one.unfilled for one in plan.decisions)


def test_nobody_is_starved_who_could_serve_and_the_nearer_store_says_why_not():
    plan, by_site = fair(day(Fairness(day_least_percent=20)))
    assert (by_site[0], by_site[2]) == (8, 2)
    given = [one.verdicts for one in plan.decisions if one.verdicts[2] == Verdict.CHOSEN.value]
    assert given == [Verdict.OWED.value * 2 + Verdict.CHOSEN.value + Verdict.OWED.value] * 2


@pytest.mark.parametrize(
    ("stock", "served"), [({0: 50}, 0), ({0: 50, 2: 1}, 1)], ids=["without goods", "with one piece"]
)
def test_who_could_not_serve_is_owed_nothing(stock: Mapping[int, int], served: int):
    _, by_site = fair(day(Fairness(day_least_percent=20), stock=stock))
    assert (by_site[0], by_site[2]) == (10 - served, served)


def test_nobody_is_served_late_for_it():
    """B's site is three degrees away: too far for what is promised at once, though not for anything else."""
    one = day(Fairness(day_least_percent=20), orders=10)
    soon = replace(one, orders=tuple(replace(each, promised_hours=1.0) for each in one.orders))
    assert fair(soon)[1] == {0: 10}


def test_both_limits_at_once():
    plan, by_site = fair(day(Fairness(day_most_percent=40, day_least_percent=30)))
    assert by_site[0] + by_site[1] == 4
    assert by_site[2] >= 3
    assert not any(one.unfilled for one in plan.decisions)


def test_it_is_the_same_each_time():
    one = day(Fairness(day_most_percent=40, day_least_percent=30))
    assert fair(one)[0].decisions == fair(one)[0].decisions


@given(
    most=st.integers(0, 100),
    least=st.integers(0, 100),
    had=st.integers(0, 50),
    others=st.integers(0, 50),
    parcels=st.integers(0, 50),
)
def test_shares_are_of_the_whole_day(most: int, least: int, had: int, others: int, parcels: int):
    shares = Shares(dealer_of={site_id(0): A}, had={A: had}, total=had + others)
    total = had + others + parcels
    may = most_of(Fairness(day_most_percent=most), shares, parcels)[A]
    assert may == 0 or (had + may - 1) * 100 < most * total  # one fewer is below its share
    assert (had + may) * 100 >= most * total
    owed = least_of(Fairness(day_least_percent=least), shares, parcels)[A]
    assert owed == 0 or (had + owed) * 100 <= least * total < (had + owed + 1) * 100


def test_limits_that_contradict_each_other_are_not_published():
    wrong = Settings(fairness=Fairness(day_least_percent=50, day_most_percent=40))
    assert problems_of(wrong) == [SharesContradict(least=50, most=40)]


def test_what_is_not_decided_again_after_all_counts_as_had():
    shares = Shares(dealer_of=OF, had={A: 2}, total=5)
    more = shares.with_tasks([site_id(0), site_id(1), site_id(2), site_id(3)])
    assert (more.had, more.total) == ({A: 4, B: 1}, 9)
    assert Shares().with_tasks([site_id(0)]) == Shares()
