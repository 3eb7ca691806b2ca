"""Deciding again: work that no site has begun moves to another site when a new order needs its goods, and once only."""

from datetime import timedelta

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import (
    AcceptTask,
    PickTask,
    RefusalReason,
    RefuseTask,
    SiteLimit,
    Task,
    TaskState,
)
from loopline.fulfilment.service import set_site_limits
from loopline.kernel.ids import OrderId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, WaitsFor
from loopline.processes import dispatch, fulfil
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.place import Placed, place
from loopline.processes.reopen import open_work
from loopline.processes.source import apply_part, gather, solve, source_wave
from loopline.sourcing import profiles, queries
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Profile, Publication, Reoptimising, Settings, Weights
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, stock_up

SOLVER = Optimiser(work=30, gap=0.0)
SOON = NOON + timedelta(minutes=5)
SPLIT = Weights(split_minor=5_000)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """One COAT at the store, where the HAT is too, and one at the warehouse: orders of both are whole at the store."""
    shop = open_shop(conn, units=0)
    stock_up(conn, shop, {("S", "COAT"): 1, ("W", "COAT"): 1, ("S", "HAT"): 5})
    return shop


def in_force(conn: Conn, again: Reoptimising) -> None:
    draft = profiles.draft_profile(
        conn, Settings(weights=SPLIT, reoptimising=again), based_on=None, by="hq", now=NOON
    )
    assert isinstance(draft, Profile)
    publication = Publication(version=draft.version, comment="Tried.", by="hq")
    assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)


def put(conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int]) -> OrderId:
    (outcome,) = place(conn, [ask(shop, number, lines=lines(shop, *wanted))], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def first_at_the_store(conn: Conn, shop: Shop) -> OrderId:
    """An order of the coat, put to the store because nobody else works today; from then on the warehouse does too."""
    set_site_limits(conn, [SiteLimit(site_id=shop.sites["W"], tasks_per_day=0)], now=NOON)
    order_id = put(conn, shop, "A-1", ("COAT", 1))
    source_wave(conn, now=NOON, solver=SOLVER)
    assert sites_of(conn, shop, order_id) == ["S"]
    set_site_limits(conn, [SiteLimit(site_id=shop.sites["W"], tasks_per_day=10)], now=NOON)
    return order_id


def sites_of(conn: Conn, shop: Shop, order_id: OrderId) -> list[str]:
    """The sites that have an order's work now."""
    codes = {site_id: code for code, site_id in shop.sites.items()}
    return [codes[one.site_id] for one in live(conn, order_id)]


def live(conn: Conn, order_id: OrderId) -> list[Task]:
    ended = {TaskState.CANCELLED, TaskState.REFUSED, TaskState.LAPSED}
    return [one for one in fulfilment.tasks_of_orders(conn, [order_id]) if one.state not in ended]


def task_of(conn: Conn, order_id: OrderId) -> TaskId:
    (task,) = live(conn, order_id)
    return task.task_id


def assert_healthy(conn: Conn) -> None:
    goods = [check for check in ALL_CHECKS if check.invariant in {1, 2, 3, 9}]
    assert [one for one in examine(conn, checks=goods).checks if not one.ok] == []


def test_work_moves_where_a_new_order_needs_its_goods_more(conn: Conn, shop: Shop):
    in_force(conn, Reoptimising(orders_most=10))
    first = first_at_the_store(conn, shop)
    second = put(conn, shop, "A-2", ("COAT", 1), ("HAT", 1))
    wave = source_wave(conn, now=SOON, solver=SOLVER)
    assert (sites_of(conn, shop, first), sites_of(conn, shop, second)) == (["W"], ["S"])
    assert len(wave.tasks) == 2
    states = [(one.state) for one in fulfilment.tasks_of_orders(conn, [first])]
    assert states == [TaskState.CANCELLED, TaskState.OFFERED]
    explained = queries.explanations(conn, [first])[0]
    assert [one.site_id for one in explained.chosen] == [shop.sites["W"]]
    assert_healthy(conn)


@pytest.mark.parametrize(
    "again", [Reoptimising(), Reoptimising(orders_most=10, move_minor=90_000)], ids=["off", "too dear"]
)
def test_it_stays_where_nobody_wants_it_moved_or_moving_costs_more(
    conn: Conn, shop: Shop, again: Reoptimising
):
    in_force(conn, again)
    first = first_at_the_store(conn, shop)
    before = task_of(conn, first)
    second = put(conn, shop, "A-2", ("COAT", 1), ("HAT", 1))
    source_wave(conn, now=SOON, solver=SOLVER)
    assert (task_of(conn, first), sorted(sites_of(conn, shop, second))) == (before, ["S", "W"])
    assert_healthy(conn)


@pytest.mark.parametrize("accepted_too", [False, True])
def test_what_a_site_accepted_moves_only_where_the_profile_says_so(
    conn: Conn, shop: Shop, accepted_too: bool
):
    in_force(conn, Reoptimising(orders_most=10, accepted_too=accepted_too))
    first = first_at_the_store(conn, shop)
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=task_of(conn, first))], scope=WHOLE_BRAND, now=NOON))
    put(conn, shop, "A-2", ("COAT", 1), ("HAT", 1))
    source_wave(conn, now=SOON, solver=SOLVER)
    assert sites_of(conn, shop, first) == (["W"] if accepted_too else ["S"])
    assert_healthy(conn)


def test_what_is_being_picked_stays(conn: Conn, shop: Shop):
    in_force(conn, Reoptimising(orders_most=10, accepted_too=True))
    first = first_at_the_store(conn, shop)
    one = task_of(conn, first)
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=one)], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, [PickTask(task_id=one)], scope=WHOLE_BRAND, now=NOON))
    put(conn, shop, "A-2", ("COAT", 1), ("HAT", 1))
    source_wave(conn, now=SOON, solver=SOLVER)
    assert task_of(conn, first) == one
    assert_healthy(conn)


def test_a_site_that_accepts_while_the_wave_is_solved_keeps_its_work(conn: Conn, shop: Shop):
    in_force(conn, Reoptimising(orders_most=10))
    first = first_at_the_store(conn, shop)
    second = put(conn, shop, "A-2", ("COAT", 1), ("HAT", 1))
    desk = gather(conn, now=SOON, limit=10)
    assert desk is not None
    (part,) = solve(desk, solver=SOLVER)
    assert [one.order_id for one in part.decisions] == [first, second]
    one = task_of(conn, first)
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=one)], scope=WHOLE_BRAND, now=SOON))
    assert apply_part(conn, desk, part, now=SOON).tasks == ()  # and the other's goods were not to be had
    assert task_of(conn, first) == one
    source_wave(conn, now=SOON, solver=SOLVER)
    assert sorted(sites_of(conn, shop, second)) == ["S", "W"]
    assert_healthy(conn)


def test_what_moved_or_was_refused_before_stays(conn: Conn, shop: Shop):
    in_force(conn, Reoptimising(orders_most=10))
    first = first_at_the_store(conn, shop)
    second = put(conn, shop, "A-2", ("COAT", 1), ("HAT", 1))
    source_wave(conn, now=SOON, solver=SOLVER)
    moved = task_of(conn, first)
    # Not for want of time: then the store would be full, and nothing would be offered to it.
    refused = RefuseTask(command_id=uuid7(SOON), task_id=task_of(conn, second), reason=RefusalReason.DAMAGED)
    succeeded(dispatch.refuse(conn, [refused], scope=WHOLE_BRAND, now=SOON))
    again = {
        one.order_id for one in fulfilment.movable_tasks(conn, accepted_too=True, but=(), now=SOON, limit=9)
    }
    assert again == set()
    third = put(conn, shop, "A-3", ("HAT", 1))
    source_wave(conn, now=SOON, solver=SOLVER)
    assert task_of(conn, first) == moved
    assert {
        one.order_id for one in fulfilment.movable_tasks(conn, accepted_too=False, but=(), now=SOON, limit=9)
    } == {third}
    (line,) = orders.lines_by_orders(conn, [first])
    assert (line.allocated, line.held) == (1, 0)
    assert_healthy(conn)


def test_a_new_order_gets_no_goods_of_work_that_stays(conn: Conn, shop: Shop):
    """Three units that only the store has outweigh one that is put to it: that one keeps its goods and place."""
    in_force(conn, Reoptimising(orders_most=10, move_minor=0))
    first = first_at_the_store(conn, shop)
    stock_up(conn, shop, {("S", "SCARF"): 3, ("W", "COAT"): -1})
    set_site_limits(conn, [SiteLimit(site_id=shop.sites["S"], tasks_per_day=1)], now=NOON)
    second = put(conn, shop, "A-2", ("SCARF", 3))
    before = task_of(conn, first)
    source_wave(conn, now=SOON, solver=SOLVER)
    assert (task_of(conn, first), sites_of(conn, shop, second)) == (before, [])
    (queue,) = orders.sourcing_queue(conn, now=SOON)
    assert queue.waits_for is WaitsFor.CAPACITY  # and no wave is tried for it every other second
    assert_healthy(conn)


def test_what_is_collected_waits_where_the_store_is_full_of_work_that_could_move(conn: Conn, shop: Shop):
    in_force(conn, Reoptimising(orders_most=10))
    first = first_at_the_store(conn, shop)
    set_site_limits(conn, [SiteLimit(site_id=shop.sites["S"], tasks_per_day=1)], now=NOON)
    set_site_limits(conn, [SiteLimit(site_id=shop.sites["W"], tasks_per_day=0)], now=NOON)
    to_collect = ask(
        shop,
        "A-2",
        lines=lines(shop, ("HAT", 1)),
        delivery=Delivery.COLLECT,
        site_id=shop.sites["S"],
        destination=None,
    )
    (outcome,) = place(conn, [to_collect], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    put(conn, shop, "A-3", ("HAT", 1))
    source_wave(conn, now=SOON, solver=SOLVER)
    assert sites_of(conn, shop, first) == ["S"]
    (queue,) = orders.sourcing_queue(conn, now=SOON)
    assert (queue.waits_for, queue.orders) == (WaitsFor.CAPACITY, 2)


def test_work_whose_site_is_over_its_limit_or_lost_its_equipment_stays(conn: Conn, shop: Shop):
    in_force(conn, Reoptimising(orders_most=10, move_minor=0))
    first = first_at_the_store(conn, shop)
    set_site_limits(conn, [SiteLimit(site_id=shop.sites["S"], tasks_per_day=0)], now=NOON)
    put(conn, shop, "A-2", ("COAT", 1))
    source_wave(conn, now=SOON, solver=SOLVER)
    assert sites_of(conn, shop, first) == ["S"]
    assert_healthy(conn)


def test_an_order_that_holds_something_else_by_now_keeps_its_work(conn: Conn, shop: Shop):
    in_force(conn, Reoptimising(orders_most=10))
    first = first_at_the_store(conn, shop)
    put(conn, shop, "A-2", ("COAT", 1), ("HAT", 1))
    desk = gather(conn, now=SOON, limit=10)
    assert desk is not None
    (part,) = solve(desk, solver=SOLVER)
    before = task_of(conn, first)
    (line,) = orders.lines_by_orders(conn, [first])
    conn.execute("update orders.line set units = 2, held = 1 where line_id = %s", (line.line_id,))
    apply_part(conn, desk, part, now=SOON)
    assert task_of(conn, first) == before


def test_the_newest_orders_that_cannot_move_keep_no_older_one_from_moving(conn: Conn, shop: Shop):
    in_force(conn, Reoptimising(orders_most=1))
    first = first_at_the_store(conn, shop)
    newer = put(conn, shop, "A-9", ("HAT", 1))
    source_wave(conn, now=SOON - timedelta(minutes=1), solver=SOLVER)
    assert sites_of(conn, shop, newer) == ["S"]
    conn.execute("update orders.order set parked = parked + 1, units = units + 1 where id = %s", (newer,))
    again = open_work(conn, Reoptimising(orders_most=1), but=(), now=SOON, limit=10)
    assert list(again) == [first]
