"""Cold goods in a live house: parcels of their own, from sites that are equipped for them, and waiting until one is."""

from datetime import timedelta

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.calls import ClaimCall
from loopline.fulfilment.model import AcceptTask, TaskKind
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.kernel.temperatures import TemperatureClass
from loopline.kernel.times import business_day
from loopline.orders import Delivery, WaitsFor
from loopline.processes import dispatch
from loopline.processes.claim import Claimed, NotEquipped, claim
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.equip import EquipmentChanged, SiteNotYours, SiteWish, abilities, equip
from loopline.processes.place import Placed, place
from loopline.processes.source import apply_part, gather, solve, source_wave
from loopline.sourcing import queries
from loopline.sourcing.counterfactual import Change, what_would_change
from loopline.sourcing.equipment import equipment
from loopline.sourcing.model import UnfilledReason, Verdict
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.solver import FewestParcels, Solver
from tests.make.calls import call_of, wave_of_calls
from tests.make.cold import COOL, FROZEN, able, chill
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop

AMBIENT = TemperatureClass.AMBIENT
SOON = NOON + timedelta(minutes=5)
SOLVERS = [FewestParcels(), Optimiser(work=30, gap=0.0)]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """COAT is ambient, SCARF cool, HAT frozen."""
    shop = open_shop(conn)
    chill(conn, SCARF=COOL, HAT=FROZEN)
    return shop


def put(conn: Conn, shop: Shop, *wanted: tuple[str, int], **fields: object) -> OrderId:
    draft = ask(shop, "W-1", lines=lines(shop, *wanted), **fields)
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def tasks_of(conn: Conn, shop: Shop, order_id: OrderId) -> list[tuple[str, TemperatureClass, int]]:
    """Site, class and units of each task of an order, by class."""
    codes = {site_id: code for code, site_id in shop.sites.items()}
    tasks = fulfilment.tasks_of_orders(conn, [order_id])
    found = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks])
    return sorted(
        (codes[task.site_id], task.temperature_class, sum(line.units for line in found[task.task_id]))
        for task in tasks
    )


def assert_healthy(conn: Conn) -> None:
    goods = [check for check in ALL_CHECKS if check.invariant in {1, 2, 3, 9}]
    assert [one for one in examine(conn, checks=goods).checks if not one.ok] == []


@pytest.mark.parametrize("solver", SOLVERS)
def test_one_site_sends_what_is_of_three_classes_in_three_parcels(conn: Conn, shop: Shop, solver: Solver):
    able(conn, S=(COOL, FROZEN))
    order_id = put(conn, shop, ("COAT", 1), ("SCARF", 2), ("HAT", 3))
    assert len(source_wave(conn, now=NOON, solver=solver).tasks) == 3
    assert tasks_of(conn, shop, order_id) == [("S", AMBIENT, 1), ("S", COOL, 2), ("S", FROZEN, 3)]
    (day,) = fulfilment.capacity_of_sites(conn, [shop.sites["S"]], day=business_day(NOON, "Asia/Shanghai"))
    assert day.held == 3
    (explained,) = queries.explanations(conn, [order_id])
    assert [one.temperature_class for one in explained.chosen] == [AMBIENT, COOL, FROZEN]
    assert [one.cost.split_minor for one in explained.chosen] == [0, 0, 0]
    assert explained.cost_minor == sum(one.cost.total_minor for one in explained.chosen)
    assert_healthy(conn)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_site_without_equipment_is_passed_over_and_explained(conn: Conn, shop: Shop, solver: Solver):
    able(conn, D=(FROZEN,))
    order_id = put(conn, shop, ("HAT", 1))
    source_wave(conn, now=NOON, solver=solver)
    assert tasks_of(conn, shop, order_id) == [("D", FROZEN, 1)]
    (explained,) = queries.explanations(conn, [order_id])
    assert {one.site_id: one.verdict for one in explained.eliminated} == {
        shop.sites["S"]: Verdict.NOT_EQUIPPED,
        shop.sites["W"]: Verdict.NOT_EQUIPPED,
    }
    nearer = next(one for one in explained.eliminated if one.site_id == shop.sites["S"])
    change = what_would_change(explained, nearer, None)
    assert change.change is Change.BE_EQUIPPED
    assert change.minor == explained.cost_minor - nearer.price_minor > 0
    assert_healthy(conn)


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_no_site_can_send_waits_with_its_goods_until_one_can(conn: Conn, shop: Shop, solver: Solver):
    order_id = put(conn, shop, ("COAT", 1), ("HAT", 2))
    wave = source_wave(conn, now=NOON, solver=solver)
    assert (len(wave.tasks), wave.waiting_units, wave.parked_units) == (1, 2, 0)
    (explained,) = queries.explanations(conn, [order_id])
    assert [(one.units, one.reason) for one in explained.unfilled] == [(2, UnfilledReason.NOT_EQUIPPED)]
    (queue,) = orders.sourcing_queue(conn, now=NOON)
    assert (queue.waits_for, queue.orders, queue.units) == (WaitsFor.EQUIPMENT, 1, 2)
    assert source_wave(conn, now=SOON, solver=solver).orders == 0
    able(conn, SOON, W=(FROZEN,))
    assert len(source_wave(conn, now=SOON, solver=solver).tasks) == 1
    assert ("W", FROZEN, 2) in tasks_of(conn, shop, order_id)
    assert_healthy(conn)


def test_what_is_collected_is_one_parcel_from_a_site_that_sends_nothing_cold(conn: Conn, shop: Shop):
    order_id = put(
        conn,
        shop,
        ("COAT", 1),
        ("HAT", 1),
        delivery=Delivery.COLLECT,
        site_id=shop.sites["S"],
        destination=None,
    )
    source_wave(conn, now=NOON)
    (task,) = fulfilment.tasks_of_orders(conn, [order_id])
    assert (task.kind, task.site_id) == (TaskKind.COLLECT, shop.sites["S"])
    assert_healthy(conn)


def test_a_site_that_lost_its_equipment_while_the_wave_was_solved_gets_nothing(conn: Conn, shop: Shop):
    able(conn, S=(FROZEN,))
    order_id = put(conn, shop, ("COAT", 1), ("HAT", 1))
    desk = gather(conn, now=NOON, limit=10)
    assert desk is not None
    (part,) = solve(desk, solver=SOLVERS[1])
    able(conn, SOON, S=(), W=(FROZEN,))
    applied = apply_part(conn, desk, part, now=SOON)
    assert tasks_of(conn, shop, order_id) == [("S", AMBIENT, 1)]
    assert (len(applied.tasks), applied.waiting_units) == (1, 0)
    source_wave(conn, now=SOON)
    assert tasks_of(conn, shop, order_id) == [("S", AMBIENT, 1), ("W", FROZEN, 1)]
    assert_healthy(conn)


def test_equipment_declared_while_the_wave_was_solved_leaves_its_order_due(conn: Conn, shop: Shop):
    order_id = put(conn, shop, ("HAT", 1))
    desk = gather(conn, now=NOON, limit=10)
    assert desk is not None
    (part,) = solve(desk, solver=SOLVERS[1])
    able(conn, NOON, W=(FROZEN,))  # wakes nobody: the order is not put off yet
    assert apply_part(conn, desk, part, now=SOON).tasks == ()
    source_wave(conn, now=SOON)
    assert tasks_of(conn, shop, order_id) == [("W", FROZEN, 1)]
    assert_healthy(conn)


def test_who_knew_another_state_changes_nothing(conn: Conn, shop: Shop):
    able(conn, S=(COOL,))
    wishes = [
        SiteWish(site_code="S", classes=frozenset({FROZEN}), known=frozenset()),
        SiteWish(site_code="W", classes=frozenset({FROZEN}), known=frozenset()),
    ]
    outcomes = equip(conn, wishes, scope=WHOLE_BRAND, by="hq", now=NOON)
    assert outcomes == [EquipmentChanged(site_code="S"), wishes[1]]
    sites = {shop.sites["S"]: "S", shop.sites["W"]: "W"}
    assert [(sites[one.site_id], one.temperature_class) for one in equipment(conn)] in (
        [("S", COOL), ("W", FROZEN)],
        [("W", FROZEN), ("S", COOL)],
    )


def test_equipment_that_begins_after_the_wave_does_not_count_for_it(conn: Conn, shop: Shop):
    put(conn, shop, ("HAT", 1))
    able(conn, SOON, S=(FROZEN,))
    assert source_wave(conn, now=NOON).tasks == ()
    assert len(source_wave(conn, now=SOON).tasks) == 1
    assert_healthy(conn)


def test_a_call_is_claimed_only_by_who_can_still_send_it(conn: Conn, shop: Shop):
    able(conn, S=(FROZEN,), W=(FROZEN,))
    order_id = put(conn, shop, ("HAT", 1))
    (call_id,) = wave_of_calls(conn, shop).calls
    call = call_of(conn, call_id)
    assert call.temperature_class is FROZEN
    assert {one.site_id for one in call.sites} == {shop.sites["S"], shop.sites["W"]}
    able(conn, SOON, S=())
    commands = [ClaimCall(call_id=call_id, site_id=shop.sites[site]) for site in ("S", "W")]
    refused, claimed = claim(conn, commands, scope=WHOLE_BRAND, now=SOON)
    assert refused == NotEquipped(call_id=call_id, site_id=shop.sites["S"])
    assert isinstance(claimed, Claimed)
    assert tasks_of(conn, shop, order_id) == [("W", FROZEN, 1)]
    assert_healthy(conn)


def test_what_was_put_to_a_site_before_it_lost_its_equipment_stays_its_work(conn: Conn, shop: Shop):
    able(conn, S=(FROZEN,))
    order_id = put(conn, shop, ("HAT", 1))
    (task_id,) = source_wave(conn, now=SOON).tasks
    able(conn, NOON, S=())  # by a clock that was read before the wave's
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=task_id)], scope=WHOLE_BRAND, now=SOON))
    assert tasks_of(conn, shop, order_id) == [("S", FROZEN, 1)]
    assert_healthy(conn)


def test_a_branch_declares_for_its_own_sites_alone(conn: Conn, shop: Shop):
    own = Scope(sites=frozenset({shop.sites["D"]}))
    wishes = [SiteWish(site_code=code, classes=frozenset({COOL})) for code in ("D", "S", "NOWHERE")]
    assert equip(conn, wishes, scope=own, by="dealer", now=NOON) == [
        wishes[0],
        SiteNotYours(site_code="S"),
        SiteNotYours(site_code="NOWHERE"),
    ]
    assert [(one.site_id, one.temperature_class, one.declared_by) for one in equipment(conn)] == [
        (shop.sites["D"], COOL, "dealer")
    ]
    assert [one.site.code for one in abilities(conn, scope=own)] == ["D"]


def test_what_stands_stays_as_it_was_declared_and_the_last_wish_for_a_site_holds(conn: Conn, shop: Shop):
    able(conn, NOON, D=(COOL,))
    wishes = [
        SiteWish(site_code="D", classes=frozenset()),
        SiteWish(site_code="D", classes=frozenset({COOL, FROZEN})),
    ]
    assert equip(conn, wishes, scope=WHOLE_BRAND, by="hq", now=SOON) == wishes
    assert [(one.temperature_class, one.since) for one in equipment(conn, [shop.sites["D"]])] == [
        (COOL, NOON),
        (FROZEN, SOON),
    ]
