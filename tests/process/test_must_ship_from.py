"""Must ship from in a live house: only sites that orders and rules name send; what they lack waits for them alone."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.ids import OrderId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Delivery, DraftKind, OnShortage
from loopline.processes.cancel import Cancellation, Cancelled, UnknownOrder, cancel
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.must_ship_from import (
    NothingLeftToShip,
    OnlyDeliveriesShip,
    ShipFromSet,
    ShipFromWish,
    UnknownShipFrom,
    ship_from,
)
from loopline.processes.place import Placed, place
from loopline.processes.promise import fill_parked
from loopline.processes.replenish import Count, count_goods
from loopline.processes.source import source_wave
from loopline.processes.take_in import Incoming, MessageLine, OrderMessage, OrderTaken, place_messages
from loopline.processes.try_profile import waves_to_try
from loopline.sourcing import profiles, queries
from loopline.sourcing.counterfactual import Change, what_would_change
from loopline.sourcing.model import UnfilledReason, Verdict
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Profile, Publication, Settings, SiteGroup
from loopline.sourcing.ship_from import ShipFrom
from loopline.sourcing.solver import FewestParcels, Solver
from tests.make.org import succeeded
from tests.make.shop import NOON, SITES, Shop, ask, lines, open_shop, stock_up

SOON = NOON + timedelta(minutes=5)
SOLVERS = [FewestParcels(), Optimiser(work=30, gap=0.0)]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """Ten of each SKU at the warehouse W, the store S (the nearest) and the dealer's store D."""
    return open_shop(conn)


def put(conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int], **fields: Any) -> OrderId:
    draft = ask(shop, number, lines=lines(shop, *wanted), **fields)
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def only(shop: Shop, *sites: str) -> tuple[Any, ...]:
    return tuple(sorted(shop.sites[code] for code in sites))


def published(conn: Conn, *rules: ShipFrom, groups: tuple[SiteGroup, ...] = ()) -> int:
    settings = Settings(groups=groups, ship_from=rules)
    draft = profiles.draft_profile(conn, settings, based_on=None, by="lin", now=NOON)
    assert isinstance(draft, Profile)
    publication = Publication(version=draft.version, comment="Where from.", by="lin")
    assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)
    return draft.version


def senders(conn: Conn, shop: Shop, order_id: OrderId) -> list[str]:
    codes = {site_id: code for code, site_id in shop.sites.items()}
    return sorted(codes[task.site_id] for task in fulfilment.tasks_of_orders(conn, [order_id]))


def stands(conn: Conn, order_id: OrderId) -> tuple[int, int, int]:
    """Parked, held, allocated."""
    head = orders.order_by_id(conn, order_id)
    assert head is not None
    return head.parked, head.held, head.allocated


def free(conn: Conn, shop: Shop, sku: str) -> int:
    (one,) = stock.free_at_nodes(conn, [shop.network], [shop.skus[sku]])
    return one.free - one.held


def empty(conn: Conn, shop: Shop, site: str, sku: str) -> None:
    count = Count(leaf_id=shop.leaves[site], sku_id=shop.skus[sku], units=0)
    succeeded(count_goods(conn, [count], now=NOON))


def assert_healthy(conn: Conn) -> None:
    goods = [check for check in ALL_CHECKS if check.invariant in {1, 2, 3, 9}]
    assert [one for one in examine(conn, checks=goods).checks if not one.ok] == []


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_order_ships_from_the_sites_it_names_and_says_why_not_from_the_nearer(
    conn: Conn, shop: Shop, solver: Solver
):
    free_one = put(conn, shop, "W-1", ("COAT", 1))
    named = put(conn, shop, "W-2", ("COAT", 1), ship_from=only(shop, "D"))
    assert len(source_wave(conn, now=NOON, solver=solver).tasks) == 2
    assert (senders(conn, shop, free_one), senders(conn, shop, named)) == (["S"], ["D"])
    (explained,) = queries.explanations(conn, [named])
    assert {one.site_id: one.verdict for one in explained.eliminated} == {
        shop.sites["S"]: Verdict.NOT_NAMED,
        shop.sites["W"]: Verdict.NOT_NAMED,
    }
    nearer = next(one for one in explained.eliminated if one.site_id == shop.sites["S"])
    change = what_would_change(explained, nearer, None)
    assert (change.change, change.minor) == (Change.BE_NAMED, explained.cost_minor - nearer.price_minor)
    assert change.minor > 0
    assert_healthy(conn)


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_named_sites_lack_is_parked_holds_nothing_and_waits_for_them_alone(
    conn: Conn, shop: Shop, solver: Solver
):
    empty(conn, shop, "D", "COAT")
    order_id = put(conn, shop, "W-1", ("COAT", 2), ("HAT", 1), ship_from=only(shop, "D"))
    came = source_wave(conn, now=NOON, solver=solver)
    assert (came.parked_units, came.waiting_units, len(came.tasks)) == (2, 0, 1)
    (explained,) = queries.explanations(conn, [order_id])
    assert [(one.units, one.reason) for one in explained.unfilled] == [(2, UnfilledReason.MUST_SHIP_FROM)]
    assert stands(conn, order_id) == (2, 0, 1)
    assert free(conn, shop, "COAT") == 20  # nothing at the other sites is kept from others
    # A round over all that waits, and goods at another site, change nothing: no hold, no wave, no event.
    before = len(log.read_subject(conn, order_id))
    assert fill_parked(conn, sku_ids=None, now=SOON, limit=10) == 0
    stock_up(conn, shop, {("W", "COAT"): 5}, at=SOON)
    assert fill_parked(conn, sku_ids=[shop.skus["COAT"]], now=SOON, limit=10) == 0
    assert len(log.read_subject(conn, order_id)) == before
    # One comes to the named site: it is set aside, and sent from there.
    stock_up(conn, shop, {("D", "COAT"): 1}, at=SOON)
    assert fill_parked(conn, sku_ids=[shop.skus["COAT"]], now=SOON, limit=10) == 1
    assert stands(conn, order_id) == (1, 1, 1)
    source_wave(conn, now=SOON, solver=solver)
    assert stands(conn, order_id) == (1, 0, 2)
    assert set(senders(conn, shop, order_id)) == {"D"}
    assert_healthy(conn)


def test_two_that_wait_for_one_piece_of_a_named_site_get_no_more_than_that(conn: Conn, shop: Shop):
    empty(conn, shop, "D", "COAT")
    first, second = (
        put(conn, shop, number, ("COAT", 1), ship_from=only(shop, "D")) for number in ("W-1", "W-2")
    )
    source_wave(conn, now=NOON)
    stock_up(conn, shop, {("D", "COAT"): 1}, at=SOON)
    assert fill_parked(conn, sku_ids=None, now=SOON, limit=10) == 1
    assert (stands(conn, first), stands(conn, second)) == ((0, 1, 0), (1, 0, 0))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("spoken", [{"products": ("COAT",)}, {"categories": ("Coats",)}])
def test_a_rule_of_the_profile_limits_its_goods_in_every_order(
    conn: Conn, shop: Shop, solver: Solver, spoken: dict[str, Any]
):
    conn.execute("update catalogue.product set category = 'Coats' where code = 'COAT'")
    depots = SiteGroup(name="Depots", site_ids=(shop.sites["W"],))
    published(conn, ShipFrom(name="Coats", groups=("Depots",), **spoken), groups=(depots,))
    order_id = put(conn, shop, "W-1", ("COAT", 1))
    other = put(conn, shop, "W-2", ("HAT", 1))
    source_wave(conn, now=NOON, solver=solver)
    assert (senders(conn, shop, order_id), senders(conn, shop, other)) == (["W"], ["S"])


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_an_order_names_and_what_its_channel_does_hold_together(conn: Conn, shop: Shop, solver: Solver):
    published(conn, ShipFrom(name="Web", channels=("web",), site_ids=(shop.sites["W"], shop.sites["D"])))
    of_channel = put(conn, shop, "W-1", ("COAT", 1))
    of_both = put(conn, shop, "W-2", ("COAT", 1), ship_from=only(shop, "S", "D"))
    of_none = put(conn, shop, "W-3", ("COAT", 1), ship_from=only(shop, "S"))
    source_wave(conn, now=NOON, solver=solver)
    assert senders(conn, shop, of_channel) == ["W"]
    assert senders(conn, shop, of_both) == ["D"]
    assert stands(conn, of_none) == (1, 0, 0)


def test_a_rule_says_nothing_of_what_is_collected(conn: Conn, shop: Shop):
    published(conn, ShipFrom(name="Web", channels=("web",), site_ids=(shop.sites["W"],)))
    order_id = put(
        conn, shop, "W-1", ("COAT", 1), delivery=Delivery.COLLECT, site_id=shop.sites["S"], destination=None
    )
    source_wave(conn, now=NOON)
    assert senders(conn, shop, order_id) == ["S"]


def test_a_trial_decides_past_orders_under_the_rules_of_its_version(conn: Conn, shop: Shop):
    order_id = put(conn, shop, "W-1", ("COAT", 1), ship_from=only(shop, "D"))
    put(conn, shop, "W-2", ("COAT", 1))
    version = published(conn, ShipFrom(name="Web", channels=("web",), site_ids=(shop.sites["W"],)))
    found = waves_to_try(
        conn, date(2026, 3, 2), versions=[None, version], zone="Asia/Shanghai", now=NOON + timedelta(days=1)
    )
    assert found is not None
    before, after = found.waves
    assert [one.only_from for one in before.orders] == [frozenset({shop.sites["D"]}), None]
    assert [one.only_from for one in after.orders] == [frozenset(), frozenset({shop.sites["W"]})]
    assert before.orders[0].order_id == order_id


# ------------------------------------------------------------------------------------------------------ naming sites


def message(number: str, **fields: Any) -> OrderMessage:
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": DraftKind.ASK,
        "lines": (MessageLine(sku_code="COAT", units=1),),
        "region_code": "310000",
    }
    return OrderMessage(**(stated | fields))


def taken(conn: Conn, one: OrderMessage) -> OrderTaken | Refusal:
    (outcome,) = place_messages(conn, [Incoming(message=one, scope=WHOLE_BRAND)], now=NOON)
    return outcome


def test_a_message_names_sites_and_groups_and_the_same_again_is_the_same_order(conn: Conn, shop: Shop):
    depots = SiteGroup(name="The depots", site_ids=(shop.sites["W"],))
    published(conn, groups=(depots,))
    first = taken(conn, message("M-1", ship_from=("D", "The depots")))
    assert isinstance(first, OrderTaken), first
    assert orders.named_sites(conn, [first.order_id]) == {first.order_id: frozenset(only(shop, "D", "W"))}
    again = taken(conn, message("M-1", ship_from=("D", "The depots")))
    assert isinstance(again, OrderTaken)
    assert (again.order_id, again.is_repeat) == (first.order_id, True)
    assert isinstance(taken(conn, message("M-1", ship_from=("D",))), Refusal)
    assert taken(conn, message("M-2", ship_from=("D", "NOPE"))) == UnknownShipFrom(named="NOPE")
    collected = message("M-3", ship_from=("S",), delivery=Delivery.COLLECT, site_code="S", region_code=None)
    assert taken(conn, collected) == OnlyDeliveriesShip()
    assert conn.execute("select count(*) from orders.order").fetchone() == (1,)


def wish(order_id: OrderId, *named: str) -> ShipFromWish:
    return ShipFromWish(order_id=order_id, named=named, actor="person:lin")


def test_customer_service_lifts_a_limit_and_the_order_goes_on_from_anywhere(conn: Conn, shop: Shop):
    empty(conn, shop, "D", "COAT")
    order_id = put(conn, shop, "W-1", ("COAT", 1), ship_from=only(shop, "D"))
    source_wave(conn, now=NOON)
    assert ship_from(conn, [wish(order_id)], scope=WHOLE_BRAND, now=SOON) == [
        ShipFromSet(order_id=order_id, site_ids=(), changed=True)
    ]
    (told,) = [one for one in log.read_subject(conn, order_id) if one.type == "ship_from_changed"]
    assert (told.actor, json.loads(told.data)["site_ids"]) == ("person:lin", [])
    assert fill_parked(conn, sku_ids=None, now=SOON, limit=10) == 1
    source_wave(conn, now=SOON)
    assert senders(conn, shop, order_id) == ["S"]
    # The same again is no change, and nothing is told.
    again = ship_from(conn, [wish(order_id)], scope=WHOLE_BRAND, now=SOON)
    assert again == [ShipFromSet(order_id=order_id, site_ids=(), changed=False)]
    assert [one.type for one in log.read_subject(conn, order_id)].count("ship_from_changed") == 1


def test_who_may_not_and_what_cannot_be_limited_is_refused_each_by_itself(conn: Conn, shop: Shop):
    mine = put(conn, shop, "W-1", ("COAT", 1))
    collected = put(
        conn, shop, "W-2", ("COAT", 1), delivery=Delivery.COLLECT, site_id=shop.sites["S"], destination=None
    )
    over = put(conn, shop, "W-3", ("COAT", 1), on_shortage=OnShortage.PARK)
    (done,) = cancel(conn, [Cancellation(order_id=over)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(done, Cancelled)
    nobody = OrderId(uuid7(NOON))
    wishes = [
        wish(nobody, "D"),
        wish(collected, "S"),
        wish(over, "D"),
        wish(mine, "D", "NOPE"),
        wish(mine, "D"),
    ]
    unknown, bound, gone, unnamed, granted = ship_from(conn, wishes, scope=WHOLE_BRAND, now=SOON)
    assert unknown == UnknownOrder(order_id=nobody)
    assert bound == OnlyDeliveriesShip()
    assert isinstance(gone, NothingLeftToShip)
    assert unnamed == UnknownShipFrom(named="NOPE")
    assert granted == ShipFromSet(order_id=mine, site_ids=only(shop, "D"), changed=True)
    branch = Scope(sites=frozenset({shop.sites["S"]}))
    assert ship_from(conn, [wish(mine)], scope=branch, now=SOON) == [UnknownOrder(order_id=mine)]
    assert orders.named_sites(conn, [mine]) == {mine: frozenset(only(shop, "D"))}
    assert_healthy(conn)


def test_lines_that_wait_in_vain_let_others_of_the_same_goods_by(conn: Conn, shop: Shop):
    for site in SITES:
        empty(conn, shop, site, "COAT")
    limited = [
        put(conn, shop, f"W-{number}", ("COAT", 1), ship_from=only(shop, "D"), on_shortage=OnShortage.PARK)
        for number in range(3)
    ]
    behind = put(conn, shop, "W-9", ("COAT", 1), on_shortage=OnShortage.PARK)
    stock_up(conn, shop, {("S", "COAT"): 1}, at=SOON)
    assert fill_parked(conn, sku_ids=None, now=SOON, limit=2) == 1
    assert stands(conn, behind) == (0, 1, 0)
    assert {stands(conn, one) for one in limited} == {(1, 0, 0)}
