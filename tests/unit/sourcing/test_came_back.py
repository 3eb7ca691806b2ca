"""Orders that came back: pay on top is a cost, and who is paid more is likelier to take the work."""

import msgspec
import pytest

from loopline.sourcing.model import Answering, Decision, OpenOrder, Verdict, Wave, WavePlan
from loopline.sourcing.offers import Offering, OfferTerms, parcels_to_call
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Settings, Weights
from loopline.sourcing.solver import FewestParcels
from tests.make.sourcing import order, site, site_id, sku_id, wave

REFUSAL = Settings(weights=Weights(refusal_minor=500))


def solved(one: Wave) -> WavePlan:
    return Optimiser(work=40, gap=0.0).solve(one, seed=1)


def chosen(decision: Decision) -> list[int]:
    return [parcel.site_id.int & 0xFFFF for parcel in decision.parcels]


def surely(basis_points: int) -> Answering:
    return Answering(accepts_basis_points=basis_points, minutes=10)


def two_sites(back: OpenOrder, *, chance: float = 1.0) -> Wave:
    """An order; store 0 sends it for 100, store 1 for 350. Both accept ordinary work as likely."""
    sites = [
        msgspec.structs.replace(one, accept_probability=chance)
        for one in (site(0, cost=(100, 0, 0)), site(1, cost=(350, 0, 0)))
    ]
    return msgspec.structs.replace(wave([back], sites, {(0, 7): 9, (1, 7): 9}), settings=REFUSAL)


def came_back(**terms: object) -> OpenOrder:
    return msgspec.structs.replace(order(1, [(7, 1)]), **terms)


@pytest.mark.parametrize(("extra", "sites"), [(0, [0]), (249, [0]), (251, [1])])
def test_pay_on_top_is_a_cost_of_the_site_that_gets_it(extra: int, sites: list[int]):
    (decision,) = solved(two_sites(came_back(extra_minor={site_id(0): extra}))).decisions
    assert chosen(decision) == sites


def test_what_is_paid_on_top_is_told_as_what_it_is():
    one = two_sites(came_back(extra_minor={site_id(0): 80, site_id(1): 90}))
    plan = solved(one)
    (decision,) = plan.decisions
    (parcel,) = decision.parcels
    assert (parcel.cost.waiting_minor, parcel.cost.preference_minor, decision.cost_minor) == (80, 0, 180)
    assert decision.prices_minor == (180, 440)
    assert plan.figures is not None
    terms = plan.figures.terms
    assert (terms["waiting"], terms["surcharge"], plan.figures.cost_minor) == (80, 0, 180)


@pytest.mark.parametrize(
    ("answering", "sites", "refusal"),
    [
        ({}, [0], 250),  # both accept every second offer
        ({0: surely(2_000), 1: surely(8_000)}, [1], 100),  # 100 + 400 against 350 + 100
        ({0: surely(10_000)}, [0], 0),  # as surely as anything: its refusals cost nothing
    ],
)
def test_how_sites_answer_to_that_pay_is_weighed(
    answering: dict[int, Answering], sites: list[int], refusal: int
):
    back = came_back(answering={site_id(number): one for number, one in answering.items()})
    plan = solved(two_sites(back, chance=0.5))
    (decision,) = plan.decisions
    assert chosen(decision) == sites
    assert decision.parcels[0].cost.refusal_minor == refusal
    assert plan.figures is not None
    assert (plan.figures.terms["refusal"], plan.figures.terms["surcharge"]) == (refusal, 0)


def test_ordinary_orders_beside_it_cost_what_they_cost():
    back = came_back(extra_minor={site_id(0): 300}, answering={site_id(0): surely(1_000)})
    one = two_sites(back, chance=0.5)
    both = msgspec.structs.replace(one, orders=(back, order(2, [(7, 1)])))
    first, second = solved(both).decisions
    assert (chosen(first), chosen(second)) == ([1], [0])
    assert second.verdicts == f"{Verdict.CHOSEN}{Verdict.DEARER}"
    assert (second.cost_minor, second.parcels[0].cost.refusal_minor) == (350, 250)


def test_no_order_is_left_for_what_it_would_pay_on_top():
    """More than leaving it costs, to whoever sends it: that is what the brand promised to pay, and it is sent."""
    back = came_back(extra_minor={site_id(0): 50_000, site_id(1): 50_000})
    (decision,) = solved(two_sites(back)).decisions
    assert (chosen(decision), decision.unfilled) == ([0], ())


def called(one: Wave, *, chance: int = 3_000) -> list[tuple[int, int]]:
    """Whom a wave's one parcel is called to, and at what cost."""
    decision = FewestParcels().solve(one, seed=1).decisions[0]
    answering = {spot.site_id: surely(chance) for spot in one.sites}
    offering = Offering(terms=OfferTerms(open_offers=True), answering=answering)
    return [
        (candidate.site_id.int & 0xFFFF, candidate.cost_minor)
        for found in parcels_to_call(one, [decision], offering=offering)
        for candidate in found.candidates
    ]


def test_a_call_counts_what_it_pays_on_top_and_whom_that_moves():
    assert called(two_sites(came_back())) == [(0, 100), (1, 350)]
    assert called(two_sites(came_back(extra_minor={site_id(0): 80, site_id(1): 90}))) == [(0, 180), (1, 440)]
    # 600 on top is more than a call may cost beyond the best.
    assert called(two_sites(came_back(extra_minor={site_id(1): 600}))) == []
    # Whoever is sure to take it for that pay is asked alone, however seldom it takes ordinary work.
    assert called(two_sites(came_back(answering={site_id(0): surely(10_000)}))) == []


def test_a_call_keeps_to_what_the_profile_spares_and_to_what_goods_are_worth():
    """A dealer who had too much work is spared (priority), and whose goods are ageing is preferred (credit)."""
    one = two_sites(came_back())
    flooded = msgspec.structs.replace(one.sites[1], priority_minor=400)
    spared = msgspec.structs.replace(one, sites=(one.sites[0], flooded))
    assert called(spared) == []
    starved = msgspec.structs.replace(one.sites[0], priority_minor=200)
    preferred = msgspec.structs.replace(one, sites=(starved, one.sites[1]))
    assert called(preferred) == [(0, 300), (1, 350)]
    ageing = msgspec.structs.replace(one, credits_minor={(site_id(1), sku_id(7)): 300})
    assert called(ageing) == [(1, 50), (0, 100)]
