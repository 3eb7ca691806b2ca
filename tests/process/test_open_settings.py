"""What a region or a dealer sets for its own sites: each setting changes what is decided there, and nowhere else."""

from collections.abc import Mapping
from datetime import timedelta
from math import exp, factorial

import msgspec
import pytest

from loopline import orders, org, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.calls import calls_by_id
from loopline.kernel.ids import PartyId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Credits
from loopline.org import UnitKind
from loopline.processes.doctor import examine
from loopline.processes.look_up import order_story
from loopline.processes.open_settings import Wish, set_open, standing
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.sourcing import profiles, queries
from loopline.sourcing.checks import CHECKS as SOURCING_CHECKS
from loopline.sourcing.model import ParcelCost, SiteCost
from loopline.sourcing.offers import Answering, Offering, OfferTerms
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.service import set_site_costs
from loopline.sourcing.settings import Override, Profile, Publication, Settings, SiteSetting, Weights
from loopline.stock import Fact, MovementReason
from loopline.web.api.explained import choice_told
from loopline.web.hq.order_choice import choice_of
from loopline.web.languages import languages
from tests.make.org import new_unit, succeeded
from tests.make.shop import NOON, OPENED, Shop, ask, lines, open_shop, stock_up
from tests.make.two_dealers import add_rival

SOLVER = Optimiser(work=30, gap=0.0)
ALL_OPEN = Settings(weights=Weights(ageing_days=1), open_to_units=tuple(SiteSetting))
SOLD, LEFT = 5, 3


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Two dealers with a site each: D in the region EAST, R in the region WEST; the buyers are a third one's.

    Coats lie in both, scarves in D alone, hats in R alone, all of them for days; of each the shelf sold five and has
    three left, R forty coats.
    """

    shop: Shop
    buyers_dealer: PartyId


@pytest.fixture
def world(conn: Conn) -> World:
    shop = open_shop(conn, units=0)
    buyers_dealer = add_rival(conn, shop)
    shelves = {("D", "COAT"): LEFT, ("R", "COAT"): 40, ("D", "SCARF"): LEFT, ("R", "HAT"): LEFT}
    stock_up(conn, shop, {key: units + SOLD for key, units in shelves.items()}, at=NOON - timedelta(days=3))
    sold = [
        Fact(
            id=uuid7(OPENED),
            leaf_id=shop.leaves[site],
            sku_id=shop.skus[sku],
            reason=MovementReason.SALE,
            on_hand=-SOLD,
        )
        for site, sku in shelves
    ]
    succeeded(stock.record_facts(conn, sold, now=OPENED))
    return World(shop=shop, buyers_dealer=buyers_dealer)


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order: who sends it, at what cost, and how long that site has to answer.

    `named`: whom the decision names as having set something for the site, and what.
    """

    site: str
    cost: ParcelCost
    answer_within: timedelta
    named: tuple[Override, ...] = ()


def published(conn: Conn, settings: Settings) -> None:
    draft = profiles.draft_profile(conn, settings, based_on=None, by="hq", now=NOON)
    assert isinstance(draft, Profile)
    publication = Publication(version=draft.version, comment="Open to all.", by="hq")
    assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)


def at_cost(conn: Conn, world: World, **handling: int) -> None:
    costs = [
        SiteCost(
            site_id=world.shop.sites[code],
            currency="CNY",
            handling_minor=minor,
            hundred_kilometres_minor=300,
            kilogram_minor=100,
        )
        for code, minor in handling.items()
    ]
    succeeded(set_site_costs(conn, costs, now=NOON))


def overridden(conn: Conn, unit: str, setting: SiteSetting, value: int) -> None:
    wish = Wish(unit_code=unit, setting=setting, value=value)
    succeeded(set_open(conn, [wish], scope=WHOLE_BRAND, by="hq", now=NOON))


def decided(conn: Conn, world: World) -> Mapping[str, Decided]:
    """Sell and source one of each SKU, look at what was decided, and undo it."""
    codes = {site_id: code for code, site_id in world.shop.sites.items()}
    owed = Credits(dealer_id=world.buyers_dealer)
    wanted = ("COAT", "SCARF", "HAT")
    found: dict[str, Decided] = {}
    with conn.transaction(force_rollback=True):
        drafts = [
            ask(world.shop, f"O-{sku}", lines=lines(world.shop, (sku, 1)), credits=owed) for sku in wanted
        ]
        outcomes = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
        order_ids = {
            one.order_id: sku for one, sku in zip(outcomes, wanted, strict=True) if isinstance(one, Placed)
        }
        source_wave(conn, now=NOON, solver=SOLVER)
        deadlines = {
            task.order_id: task.deadline for task in fulfilment.tasks_of_orders(conn, list(order_ids))
        }
        for one in queries.explanations(conn, list(order_ids)):
            (parcel,) = one.chosen
            found[order_ids[one.order_id]] = Decided(
                site=codes[parcel.site_id],
                cost=parcel.cost,
                answer_within=deadlines[one.order_id] - NOON,
                named=parcel.overrides,
            )
    assert set(found) == set(wanted)
    return found


def chance_of_at_least(units: int, *, mean: int) -> float:
    return 1 - sum(exp(-mean) * mean**count / factorial(count) for count in range(units))


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A setting with what its override changes at D: terms of the cost, the time to answer, who sends the coat.

    `dearer`: whom the coat costs a little more from, before.
    """

    value: int
    changes: Mapping[str, int]
    dearer: str
    coat_goes_to: str
    answer_within: timedelta = timedelta(hours=4)


CASES: Mapping[SiteSetting, Case] = {
    SiteSetting.AGEING_CREDIT: Case(value=700, changes={"credit_minor": 700}, dearer="D", coat_goes_to="D"),
    SiteSetting.STOCKOUT_COST: Case(
        value=1_000,
        changes={"credit_minor": -round(1_000 * chance_of_at_least(LEFT, mean=SOLD))},
        dearer="R",
        coat_goes_to="R",
    ),
    SiteSetting.OTHER_TERRITORY: Case(
        value=400, changes={"preference_minor": 400}, dearer="R", coat_goes_to="R"
    ),
    SiteSetting.ANSWER_MINUTES: Case(
        value=45, changes={}, dearer="R", coat_goes_to="D", answer_within=timedelta(minutes=45)
    ),
}


@pytest.mark.parametrize("unit", ["DEALER", "EAST"])
@pytest.mark.parametrize("setting", list(SiteSetting))
def test_an_override_decides_at_the_sites_of_its_unit_and_nowhere_else(
    conn: Conn, world: World, setting: SiteSetting, unit: str
):
    case = CASES[setting]
    published(conn, ALL_OPEN)
    at_cost(conn, world, **{"D": 300, "R": 300, case.dearer: 310})
    before = decided(conn, world)
    overridden(conn, unit, setting, case.value)
    after = decided(conn, world)

    assert (before["SCARF"].site, before["HAT"].site) == ("D", "R")
    assert before["SCARF"].answer_within == timedelta(hours=4)
    assert after["HAT"] == before["HAT"]
    cost = msgspec.structs.replace(before["SCARF"].cost, **case.changes)
    named = Override(unit_id=org.units_by_code(conn, [unit])[unit].id, setting=setting, value=case.value)
    assert after["SCARF"] == Decided(site="D", cost=cost, answer_within=case.answer_within, named=(named,))
    assert before["COAT"].site == ("R" if case.dearer == "D" else "D")
    assert after["COAT"].site == case.coat_goes_to


def test_the_dealer_decides_before_its_region(conn: Conn, world: World):
    published(conn, ALL_OPEN)
    at_cost(conn, world, D=300, R=310)
    overridden(conn, "EAST", SiteSetting.ANSWER_MINUTES, 20)
    overridden(conn, "DEALER", SiteSetting.ANSWER_MINUTES, 90)
    assert decided(conn, world)["SCARF"].answer_within == timedelta(minutes=90)


def test_a_decision_names_what_was_set_when_it_was_made(conn: Conn, world: World):
    """What the dealer sets later is named by later decisions alone."""
    published(conn, ALL_OPEN)
    at_cost(conn, world, D=300, R=310)
    overridden(conn, "EAST", SiteSetting.AGEING_CREDIT, 5)
    overridden(conn, "DEALER", SiteSetting.ANSWER_MINUTES, 90)
    (placed,) = place(
        conn, [ask(world.shop, "O-1", lines=lines(world.shop, ("SCARF", 1)))], scope=WHOLE_BRAND, now=NOON
    )
    assert isinstance(placed, Placed)
    source_wave(conn, now=NOON, solver=SOLVER)
    overridden(conn, "DEALER", SiteSetting.ANSWER_MINUTES, 10)
    story = order_story(conn, placed.order_id)
    assert story is not None
    ((parcel,),) = [one.chosen for one in story.explanations]
    named = {story.deciding_units[one.unit_id].code: (one.setting, one.value) for one in parcel.overrides}
    assert named == {"EAST": (SiteSetting.AGEING_CREDIT, 5), "DEALER": (SiteSetting.ANSWER_MINUTES, 90)}
    (choice,) = [choice_of(one, story, languages()["en"]) for one in story.explanations]
    assert sorted(choice.rows[0].overrides) == [
        "Credit for an old piece (cents): 5, set by region EAST",
        "Time to answer an offer (minutes): 90, set by dealer DEALER",
    ]
    told = choice_told(story.explanations[0], story, languages()["en"])
    assert {(one.setting.value, one.value, one.unit_code) for one in told.chosen[0].overrides} == {
        ("ageing_credit_minor", 5, "EAST"),
        ("answer_minutes", 90, "DEALER"),
    }
    assert [one for one in examine(conn, checks=SOURCING_CHECKS).checks if not one.ok] == []


def test_whoever_decides_for_a_unit_that_is_shown_is_shown_and_nobody_else(conn: Conn, world: World):
    """DEALER hangs in EAST, EAST in HX: the dealer sets one thing itself, the region another, HX's region the third."""
    published(conn, ALL_OPEN)
    units = {unit.code: unit for unit in org.branch_units(conn)}
    (above,) = succeeded(
        org.add_units(
            conn,
            [new_unit("NORTH", UnitKind.REGION, "EAST", coordinates=None, hours=())],
            by=None,
            now=OPENED,
        )
    )
    nested = new_unit("BELOW", UnitKind.DEALER, "NORTH")
    (below,) = succeeded(org.add_units(conn, [nested], by=None, now=OPENED))
    own = Scope(org_units=frozenset({below.unit_id}), sites=frozenset())
    overridden(conn, "EAST", SiteSetting.AGEING_CREDIT, 5)
    overridden(conn, "WEST", SiteSetting.AGEING_CREDIT, 6)
    assert set(standing(conn, scope=own).units) == {below.unit_id, units["EAST"].id}
    # The region right above decides one thing; what decides the other for that region is named, too.
    overridden(conn, "NORTH", SiteSetting.ANSWER_MINUTES, 30)
    overridden(conn, "BELOW", SiteSetting.AGEING_CREDIT, 7)
    assert set(standing(conn, scope=own).units) == {below.unit_id, above.unit_id, units["EAST"].id}
    overridden(conn, "BELOW", SiteSetting.ANSWER_MINUTES, 40)
    seen = standing(conn, scope=own)
    assert set(seen.units) == {below.unit_id}
    assert set(seen.overrides) == {
        (below.unit_id, SiteSetting.AGEING_CREDIT),
        (below.unit_id, SiteSetting.ANSWER_MINUTES),
    }


def test_what_hq_closes_again_decides_nothing(conn: Conn, world: World):
    published(conn, ALL_OPEN)
    at_cost(conn, world, D=300, R=310)
    overridden(conn, "DEALER", SiteSetting.ANSWER_MINUTES, 90)
    published(conn, Settings(answer_minutes=50))
    answers = {sku: one.answer_within for sku, one in decided(conn, world).items()}
    assert set(answers.values()) == {timedelta(minutes=50)}


@pytest.mark.parametrize(("by_dealer", "ends_after"), [(None, 240), (30, 30), (600, 240)])
def test_what_several_may_claim_ends_with_the_time_of_the_site_with_the_least(
    conn: Conn, world: World, by_dealer: int | None, ends_after: int
):
    """D and R have the coat; R has the profile's four hours. The order waits no longer than the call."""
    published(conn, ALL_OPEN)
    at_cost(conn, world, D=300, R=310)
    if by_dealer is not None:
        overridden(conn, "DEALER", SiteSetting.ANSWER_MINUTES, by_dealer)
    (placed,) = place(
        conn, [ask(world.shop, "O-1", lines=lines(world.shop, ("COAT", 1)))], scope=WHOLE_BRAND, now=NOON
    )
    assert isinstance(placed, Placed)
    seldom = Answering(accepts_basis_points=3_000, minutes=20)
    offering = Offering(
        terms=OfferTerms(open_offers=True, extra_minor_max=1_000),
        answering=dict.fromkeys(world.shop.sites.values(), seldom),
    )
    (call_id,) = source_wave(conn, now=NOON, solver=SOLVER, offering=offering).calls
    (call,) = calls_by_id(conn, [call_id])
    assert {one.site_id for one in call.sites} == {world.shop.sites["D"], world.shop.sites["R"]}
    ends_at = NOON + timedelta(minutes=ends_after)
    assert call.deadline == ends_at
    (order,) = orders.orders_by_ids(conn, [placed.order_id])
    assert order.source_after == ends_at
    # Nobody claimed it: one site is asked, with the time that is its own.
    (task_id,) = source_wave(conn, now=ends_at, solver=SOLVER, offering=offering).tasks
    (task,) = fulfilment.tasks_of_orders(conn, [placed.order_id])
    assert (task.task_id, task.site_id) == (task_id, world.shop.sites["D"])
    assert task.deadline == ends_at + timedelta(minutes=by_dealer or 240)
