"""What must ship from named sites: the rules, and both solvers under them."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from loopline.kernel.refusals import Refusal
from loopline.kernel.temperatures import AMBIENT_ALONE, TemperatureClass
from loopline.sourcing.model import Decision, Method, UnfilledReason, Verdict, Wave
from loopline.sourcing.offers import Answering, Offering, OfferTerms, parcels_to_call
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Settings, SiteGroup, problems_of
from loopline.sourcing.ship_from import (
    ShipFrom,
    ShipFromGroupUnknown,
    ShipFromNamesNoSite,
    ShipFromNameTaken,
    ShipFromSpeaksOfBoth,
    ShipFromSpeaksOfNothing,
    in_all,
    sites_of_channel,
    sites_of_goods,
)
from loopline.sourcing.solver import FewestParcels, Solver
from tests.make.sourcing import order, site, site_id, sku_id, wave

SOLVERS = [FewestParcels(), Optimiser(work=40, gap=0.0)]
GROUPS = (SiteGroup(name="Depots", site_ids=(site_id(1), site_id(2))),)
DEAR = ShipFrom(name="Dear", products=("COAT",), site_ids=(site_id(0),), groups=("Depots",))


def named(*sites: int) -> frozenset[object]:
    return frozenset(site_id(one) for one in sites)


def goods(one: Wave, limits: Mapping[int, Sequence[int]]) -> Wave:
    return replace(
        one,
        only_from={sku_id(sku): frozenset(site_id(one) for one in sites) for sku, sites in limits.items()},
    )


def decide(one: Wave, solver: Solver) -> Decision:
    (decision,) = solver.solve(one, seed=1).decisions
    return decision


def sent(decision: Decision) -> list[tuple[int, int]]:
    """Site and units of each parcel."""
    return [(one.site_id.int & 0xFF, sum(line.units for line in one.lines)) for one in decision.parcels]


# ------------------------------------------------------------------------------------------------------------ the rules


def test_a_rule_holds_for_its_products_its_categories_or_its_channels_alone():
    rules = (
        DEAR,
        ShipFrom(name="Cool", categories=("Food",), site_ids=(site_id(2), site_id(3))),
        ShipFrom(name="Shop", channels=("web",), site_ids=(site_id(4),)),
    )
    known = {
        sku_id(1): ("COAT", None),
        sku_id(2): ("TEA", "Food"),
        sku_id(3): ("COAT", "Food"),
        sku_id(4): ("HAT", "web"),
    }
    assert sites_of_goods(rules, GROUPS, known) == {
        sku_id(1): named(0, 1, 2),
        sku_id(2): named(2, 3),
        sku_id(3): named(2),  # of both rules what each names
    }
    assert sites_of_channel(rules, GROUPS, "web") == named(4)
    assert sites_of_channel(rules, GROUPS, "till") is None


def test_limits_that_share_no_site_leave_none_and_no_limit_leaves_all():
    assert in_all([None, None]) is None
    assert in_all([None, {site_id(1)}]) == named(1)
    assert in_all([{site_id(1)}, {site_id(2)}]) == named()


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        (ShipFrom(name="A", site_ids=(site_id(0),)), ShipFromSpeaksOfNothing(name="A")),
        (
            ShipFrom(name="A", products=("COAT",), channels=("web",), site_ids=(site_id(0),)),
            ShipFromSpeaksOfBoth(name="A"),
        ),
        (ShipFrom(name="A", products=("COAT",)), ShipFromNamesNoSite(name="A")),
        (
            ShipFrom(name="A", products=("COAT",), groups=("Gone",)),
            ShipFromGroupUnknown(name="A", group="Gone"),
        ),
        (replace(DEAR, name="B"), None),
    ],
)
def test_what_keeps_a_rule_from_being_published(rule: ShipFrom, refusal: Refusal | None):
    assert problems_of(Settings(groups=GROUPS, ship_from=(rule,))) == ([refusal] if refusal else [])
    twice = problems_of(Settings(groups=GROUPS, ship_from=(rule, rule)))
    assert twice.count(ShipFromNameTaken(name=rule.name)) == 1


# ---------------------------------------------------------------------------------------------------------- the solvers


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_nearer_site_that_is_not_named_is_passed_over_with_its_price(solver: Solver):
    sites = [site(0, cost=(100, 0, 0)), site(1, cost=(400, 0, 0)), site(2, cost=(100, 0, 0))]
    stock = {(place, 7): 5 for place in (0, 1)}
    decision = decide(wave([order(1, [(7, 2)], only_from=[1])], sites, stock), solver)
    assert sent(decision) == [(1, 2)]
    assert decision.verdicts == f"{Verdict.NOT_NAMED}{Verdict.CHOSEN}{Verdict.NOT_NAMED}"
    assert decision.prices_minor == (100, 400, 100)
    assert decision.unfilled == ()


@pytest.mark.parametrize("solver", SOLVERS)
def test_goods_of_a_rule_go_apart_from_those_that_any_site_sends(solver: Solver):
    sites = [site(0, cost=(100, 0, 0)), site(1, cost=(400, 0, 0))]
    both = {(place, sku): 5 for place in (0, 1) for sku in (7, 8)}
    # Both from the named site costs 400; the limited one from there and the other from the nearer, 500 and a split.
    decision = decide(goods(wave([order(1, [(7, 1), (8, 1)])], sites, both), {7: [1]}), solver)
    assert (sent(decision), decision.cost_minor) == ([(1, 2)], 400)
    assert decision.verdicts == f"{Verdict.NOT_NAMED}{Verdict.CHOSEN}"
    apart = {(0, 7): 5, (0, 8): 5, (1, 7): 5}
    decision = decide(goods(wave([order(1, [(7, 1), (8, 1)])], sites, apart), {7: [1]}), solver)
    assert sorted(sent(decision)) == [(0, 1), (1, 1)]
    # A site that sends a part of it is chosen, though it may not send the rest.
    assert decision.verdicts == f"{Verdict.CHOSEN}{Verdict.CHOSEN}"


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_only_others_have_is_left_for_that_reason_and_nothing_else(solver: Solver):
    sites = [site(0), site(1, capacity=0)]
    one = wave([order(1, [(7, 3), (8, 2)], only_from=[1])], sites, {(0, 7): 5, (0, 8): 5, (1, 8): 5})
    decision = decide(one, solver)
    assert decision.parcels == ()
    assert [(left.units, left.reason) for left in decision.unfilled] == [
        (3, UnfilledReason.MUST_SHIP_FROM),  # the other site has it
        (2, UnfilledReason.NO_CAPACITY),  # the named one has it, and no time
    ]
    # No site that is named is there at all: as if none of them had it.
    nowhere = decide(wave([order(1, [(7, 3)], only_from=[])], sites, {(0, 7): 5}), solver)
    assert [left.reason for left in nowhere.unfilled] == [UnfilledReason.MUST_SHIP_FROM]
    gone = decide(wave([order(1, [(7, 3)], only_from=[1])], sites, {}), solver)
    assert [left.reason for left in gone.unfilled] == [UnfilledReason.NO_GOODS]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_named_site_that_refused_or_is_not_equipped_says_so(solver: Solver):
    sites = [site(0), replace(site(1), sends=AMBIENT_ALONE)]
    stock = {(0, 7): 5, (1, 7): 5}
    refused = decide(wave([order(1, [(7, 1)], only_from=[1], excluded=[1])], sites, stock), solver)
    assert [left.reason for left in refused.unfilled] == [UnfilledReason.EXCLUDED]
    cold = replace(
        wave([order(1, [(7, 1)], only_from=[1])], sites, stock), classes={sku_id(7): TemperatureClass.FROZEN}
    )
    assert [left.reason for left in decide(cold, solver).unfilled] == [UnfilledReason.NOT_EQUIPPED]


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_leaves_together_leaves_from_a_site_that_is_named_for_all_of_it(solver: Solver):
    sites = [site(0, cost=(100, 0, 0)), site(1, cost=(400, 0, 0))]
    stock = {(place, sku): 5 for place in (0, 1) for sku in (7, 8)}
    pair = replace(
        wave([order(1, [(7, 1), (8, 1)])], sites, stock), companions={sku_id(7): "SET", sku_id(8): "SET"}
    )
    assert sent(decide(goods(pair, {7: [1]}), solver)) == [(1, 2)]
    torn = decide(goods(pair, {7: [1], 8: [0]}), solver)
    assert torn.parcels == ()
    assert {left.reason for left in torn.unfilled} == {UnfilledReason.TOGETHER}


def test_a_call_goes_to_named_sites_alone():
    sites = [site(number, cost=(100 + number, 0, 0)) for number in range(3)]
    stock = {(place, 7): 5 for place in range(3)}
    answering = {site_id(number): Answering(accepts_basis_points=5_000, minutes=5) for number in range(3)}
    offering = Offering(
        terms=OfferTerms(open_offers=True, extra_minor_max=500, redispatch_minor=5_000), answering=answering
    )

    def called(one: Wave) -> set[int]:
        plan = FewestParcels().solve(one, seed=1)
        return {
            candidate.site_id.int & 0xFF
            for parcel in parcels_to_call(one, plan.decisions, offering=offering)
            for candidate in parcel.candidates
        }

    assert called(wave([order(1, [(7, 1)])], sites, stock)) == {0, 1, 2}
    assert called(wave([order(1, [(7, 1)], only_from=[0, 2])], sites, stock)) == {0, 2}
    assert called(goods(wave([order(1, [(7, 1)])], sites, stock), {7: [1, 2]})) == {1, 2}


def test_an_exact_plan_under_a_limit_is_still_told_as_proved():
    decision = decide(wave([order(1, [(7, 1)], only_from=[0])], [site(0)], {(0, 7): 1}), FewestParcels())
    assert decision.method is Method.EXACT
