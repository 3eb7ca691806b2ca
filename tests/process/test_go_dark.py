"""A site goes dark: its work is elsewhere in minutes and its customers notice nothing, until it shows life again."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.dark import WhyDark, dark_sites, dark_work, note_seen
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
from loopline.kernel.ids import OrderId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Delivery, WaitsFor
from loopline.processes import dispatch, fulfil
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.full_days import take_again
from loopline.processes.go_dark import watch_sites
from loopline.processes.place import Placed, place
from loopline.processes.replenish import Count, count_goods
from loopline.processes.source import source_wave
from loopline.sourcing import profiles, queries
from loopline.sourcing.counterfactual import Change, what_would_change
from loopline.sourcing.dark import DarkSites
from loopline.sourcing.model import Verdict
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Profile, Publication, Settings
from loopline.sourcing.solver import FewestParcels, Solver
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop

SILENT = timedelta(minutes=30)
LIVE = frozenset(
    {TaskState.OFFERED, TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED}
)
SOLVERS = [FewestParcels(), Optimiser(work=30, gap=0.0)]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """Coats at all three sites. The store is nearest to everybody; the dealer takes no work.

    Somebody opened a page of the store in the morning; the warehouse works through the API alone.
    """
    shop = open_shop(conn)
    note_seen(conn, shop.sites["S"], now=NOON - timedelta(hours=1))
    set_site_limits(conn, [SiteLimit(site_id=shop.sites["D"], tasks_per_day=0)], now=NOON)
    return shop


def in_force(conn: Conn, rule: DarkSites, *, answer_minutes: int = 240, at: datetime = NOON) -> None:
    settings = Settings(dark_sites=rule, answer_minutes=answer_minutes)
    draft = profiles.draft_profile(conn, settings, based_on=None, by="hq", now=at)
    assert isinstance(draft, Profile)
    publication = Publication(version=draft.version, comment="Tried.", by="hq")
    assert isinstance(profiles.publish_profile(conn, publication, now=at, site_ids=[]), Profile)


def put(conn: Conn, shop: Shop, number: str, *, at: datetime = NOON, **fields: Any) -> OrderId:
    wanted = lines(shop, ("COAT", 1))
    (placed,) = place(conn, [ask(shop, number, lines=wanted, **fields)], scope=WHOLE_BRAND, now=at)
    assert isinstance(placed, Placed), placed
    source_wave(conn, now=at)
    return placed.order_id


def live(conn: Conn, order_id: OrderId) -> Task:
    (task,) = [one for one in fulfilment.tasks_of_orders(conn, [order_id]) if one.state in LIVE]
    return task


def site_of(conn: Conn, shop: Shop, order_id: OrderId) -> str:
    return next(code for code, site_id in shop.sites.items() if site_id == live(conn, order_id).site_id)


def accepted(conn: Conn, order_id: OrderId, *, at: datetime = NOON) -> Task:
    task = live(conn, order_id)
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=task.task_id)], scope=WHOLE_BRAND, now=at))
    return task


def is_dark(conn: Conn, shop: Shop, site: str = "S") -> bool:
    return shop.sites[site] in dark_sites(conn)


def places(conn: Conn, shop: Shop, site: str) -> tuple[int, int]:
    (found,) = fulfilment.capacity_of_sites(conn, [shop.sites[site]], day=date(2026, 3, 2))
    return found.held, found.confirmed


def assert_healthy(conn: Conn) -> None:
    goods = [check for check in ALL_CHECKS if check.invariant in {1, 2, 3, 9}]
    assert [one for one in examine(conn, checks=goods).checks if not one.ok] == []


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("is_taken", [False, True], ids=["offered", "accepted"])
def test_what_nobody_began_is_elsewhere_half_an_hour_later(
    conn: Conn, shop: Shop, is_taken: bool, solver: Solver
):
    order_id = put(conn, shop, "W-1")
    assert site_of(conn, shop, order_id) == "S"
    before = accepted(conn, order_id) if is_taken else live(conn, order_id)
    almost = NOON + SILENT - timedelta(seconds=1)
    assert watch_sites(conn, now=almost, limit=10) == 0
    assert (is_dark(conn, shop), live(conn, order_id).task_id) == (False, before.task_id)
    at = NOON + SILENT
    assert watch_sites(conn, now=at, limit=10) == 2  # a site, and a task
    assert watch_sites(conn, now=at, limit=10) == 0
    assert places(conn, shop, "S") == (0, 0)
    source_wave(conn, now=at, solver=solver)
    assert site_of(conn, shop, order_id) == "W"
    states = [one.state for one in fulfilment.tasks_of_orders(conn, [order_id])]
    assert states == [TaskState.CANCELLED, TaskState.OFFERED]
    (dark,) = dark_work(conn)
    assert (dark.site_id, dark.why, dark.silent_minutes) == (shop.sites["S"], WhyDark.SILENT, 30)
    assert (dark.moved_tasks, dark.open_tasks, dark.begun_tasks) == (1, 0, 0)
    explained, *_ = queries.explanations(conn, [order_id])  # the latest first
    (why,) = [one for one in explained.eliminated if one.site_id == shop.sites["S"]]
    assert why.verdict is Verdict.DARK
    assert what_would_change(explained, why, None).change is Change.SHOW_LIFE
    assert_healthy(conn)


@pytest.mark.parametrize("solver", SOLVERS)
def test_it_gets_no_new_work_until_somebody_does_something(conn: Conn, shop: Shop, solver: Solver):
    put(conn, shop, "W-1")
    at = NOON + SILENT
    watch_sites(conn, now=at, limit=10)
    source_wave(conn, now=at, solver=solver)
    assert site_of(conn, shop, put(conn, shop, "W-2", at=at)) == "W"
    assert watch_sites(conn, now=at + timedelta(seconds=20), limit=10) == 0
    assert is_dark(conn, shop)
    note_seen(conn, shop.sites["S"], now=at + timedelta(minutes=1))
    assert watch_sites(conn, now=at + timedelta(minutes=2), limit=10) == 1
    assert not is_dark(conn, shop)
    assert site_of(conn, shop, put(conn, shop, "W-3", at=at + timedelta(minutes=2))) == "S"
    assert_healthy(conn)


def test_what_is_begun_stays_and_hq_is_told(conn: Conn, shop: Shop):
    begun, waiting = put(conn, shop, "W-1"), put(conn, shop, "W-2")
    task = accepted(conn, begun)
    succeeded(fulfil.pick(conn, [PickTask(task_id=task.task_id)], scope=WHOLE_BRAND, now=NOON))
    at = NOON + SILENT
    assert watch_sites(conn, now=at, limit=10) == 2
    assert live(conn, begun).task_id == task.task_id
    (dark,) = dark_work(conn)
    assert (dark.moved_tasks, dark.open_tasks, dark.begun_tasks) == (1, 1, 1)
    source_wave(conn, now=at)
    assert (site_of(conn, shop, begun), site_of(conn, shop, waiting)) == ("S", "W")
    assert_healthy(conn)


def test_what_nobody_else_can_do_stays_and_is_still_put_there(conn: Conn, shop: Shop):
    there: dict[str, Any] = {"delivery": Delivery.COLLECT, "site_id": shop.sites["S"], "destination": None}
    order_id = put(conn, shop, "W-1", **there)
    at = NOON + SILENT
    assert watch_sites(conn, now=at, limit=10) == 1  # a site, and no task
    (dark,) = dark_work(conn)
    assert (dark.moved_tasks, dark.open_tasks, dark.begun_tasks) == (0, 1, 0)
    assert site_of(conn, shop, order_id) == "S"
    assert site_of(conn, shop, put(conn, shop, "W-2", at=at, **there)) == "S"


def test_what_was_accepted_and_has_an_hour_of_its_own_may_wait(conn: Conn, shop: Shop):
    there: dict[str, Any] = {"delivery": Delivery.COLLECT, "site_id": shop.sites["S"], "destination": None}
    accepted(conn, put(conn, shop, "W-1", **there))
    conn.execute("update fulfilment.task set kind = 'deliver'")  # as of a courier of the store
    assert watch_sites(conn, now=NOON + 3 * SILENT, limit=10) == 0
    assert not is_dark(conn, shop)


@pytest.mark.parametrize("act", ["accept", "refuse", "pick", "page"])
def test_whoever_does_something_is_not_dark(conn: Conn, shop: Shop, act: str):
    put(conn, shop, "W-1")
    other = put(conn, shop, "W-2")
    soon = NOON + timedelta(minutes=20)
    if act == "page":
        note_seen(conn, shop.sites["S"], now=soon)
    elif act == "refuse":
        refusal = RefuseTask(
            command_id=uuid7(NOON), task_id=live(conn, other).task_id, reason=RefusalReason.NO_CAPACITY
        )
        succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=soon))
    else:
        task = accepted(conn, other, at=soon if act == "accept" else NOON)
        if act == "pick":
            succeeded(fulfil.pick(conn, [PickTask(task_id=task.task_id)], scope=WHOLE_BRAND, now=soon))
    assert watch_sites(conn, now=soon + SILENT - timedelta(seconds=1), limit=10) == 0
    assert watch_sites(conn, now=soon + SILENT, limit=10) > 1
    assert is_dark(conn, shop)


def test_what_we_take_back_ourselves_is_no_sign_of_life(conn: Conn, shop: Shop):
    put(conn, shop, "W-1")
    at = NOON + SILENT
    watch_sites(conn, now=at, limit=10)
    assert watch_sites(conn, now=at + timedelta(hours=2), limit=10) == 0
    assert is_dark(conn, shop)


@pytest.mark.parametrize("is_taken", [False, True], ids=["offered", "accepted"])
def test_silence_says_nothing_of_who_works_through_the_api_alone(conn: Conn, shop: Shop, is_taken: bool):
    conn.execute("delete from fulfilment.site_seen")
    order_id = put(conn, shop, "W-1")
    task = accepted(conn, order_id) if is_taken else live(conn, order_id)
    assert watch_sites(conn, now=NOON + 7 * SILENT, limit=10) == 0
    assert (is_dark(conn, shop), live(conn, order_id).task_id) == (False, task.task_id)


def test_who_says_that_it_takes_work_again_is_not_dark(conn: Conn, shop: Shop):
    in_force(conn, DarkSites(lapsed_most=1, silent_minutes=0), answer_minutes=5)
    put(conn, shop, "W-1")
    at = NOON + timedelta(minutes=6)
    assert len(dispatch.lapse(conn, now=at, limit=9)) == 1
    assert watch_sites(conn, now=at, limit=10) == 1
    elsewhere = Scope(sites=frozenset({shop.sites["W"]}))
    take_again(conn, ["S", "W"], scope=elsewhere, by="api:2", now=at)
    assert is_dark(conn, shop)
    take_again(conn, ["S"], scope=WHOLE_BRAND, by="api:1", now=at + timedelta(minutes=1))
    assert not is_dark(conn, shop)
    # What lapsed before is forgotten with it.
    assert watch_sites(conn, now=at + timedelta(minutes=2), limit=10) == 0
    assert not is_dark(conn, shop)


def test_what_nobody_else_can_do_does_not_stand_before_what_others_can(conn: Conn, shop: Shop):
    there: dict[str, Any] = {"delivery": Delivery.COLLECT, "site_id": shop.sites["S"], "destination": None}
    stays = [put(conn, shop, f"C-{number}", **there) for number in range(3)]
    moves = put(conn, shop, "W-1")
    watch_sites(conn, now=NOON + SILENT, limit=2)
    (task,) = fulfilment.tasks_of_orders(conn, [moves])
    assert task.state is TaskState.CANCELLED
    assert [site_of(conn, shop, one) for one in stays] == ["S"] * 3


def test_nobody_is_dark_while_closed_nor_for_what_came_overnight(conn: Conn, shop: Shop):
    """It is open from ten to ten: work of the evening before counts from ten o'clock on."""
    late = NOON + timedelta(hours=9, minutes=50)  # ten to ten in the evening
    put(conn, shop, "W-1", at=late)
    in_force(conn, DarkSites(), answer_minutes=24 * 60, at=NOON)
    put(conn, shop, "W-2", at=late)
    for minutes in (9, 10, 30, 8 * 60, 12 * 60 + 9, 12 * 60 + 39):
        watch_sites(conn, now=late + timedelta(minutes=minutes), limit=10)
        assert not is_dark(conn, shop), minutes
    watch_sites(conn, now=late + timedelta(hours=12, minutes=40), limit=10)  # half past ten in the morning
    assert is_dark(conn, shop)


def test_offers_that_lapse_make_it_dark_without_waiting(conn: Conn, shop: Shop):
    in_force(conn, DarkSites(lapsed_most=2, silent_minutes=0), answer_minutes=5)
    first, second, third = (put(conn, shop, f"W-{number}") for number in range(3))
    accepted(conn, third, at=NOON + timedelta(minutes=1))
    at = NOON + timedelta(minutes=6)
    assert len(dispatch.lapse(conn, now=at, limit=1)) == 1
    assert watch_sites(conn, now=at, limit=10) == 0
    assert len(dispatch.lapse(conn, now=at, limit=9)) == 1
    assert watch_sites(conn, now=at, limit=10) == 2  # the site, and what it had accepted
    (dark,) = dark_work(conn)
    assert (dark.why, dark.lapsed, dark.moved_tasks) == (WhyDark.LAPSED, 2, 1)
    source_wave(conn, now=at)
    assert [site_of(conn, shop, one) for one in (first, second, third)] == ["W", "W", "W"]
    # What lapsed before somebody came back is forgotten with it.
    note_seen(conn, shop.sites["S"], now=at + timedelta(minutes=1))
    watch_sites(conn, now=at + timedelta(minutes=2), limit=10)
    assert watch_sites(conn, now=at + timedelta(minutes=3), limit=10) == 0
    assert not is_dark(conn, shop)


def test_offers_that_lapse_at_night_do_not_count(conn: Conn, shop: Shop):
    in_force(conn, DarkSites(lapsed_most=1, silent_minutes=0), answer_minutes=60)
    put(conn, shop, "W-1", at=NOON + timedelta(hours=9, minutes=30))
    dispatch.lapse(conn, now=NOON + timedelta(hours=11), limit=9)
    assert watch_sites(conn, now=NOON + timedelta(hours=11), limit=10) == 0
    assert watch_sites(conn, now=NOON + timedelta(hours=23), limit=10) == 0


def test_hq_may_look_at_nothing_which_ends_what_is_dark(conn: Conn, shop: Shop):
    put(conn, shop, "W-1")
    watch_sites(conn, now=NOON + SILENT, limit=10)
    assert is_dark(conn, shop)
    in_force(conn, DarkSites(lapsed_most=0, silent_minutes=0))
    assert watch_sites(conn, now=NOON + SILENT, limit=10) == 1
    assert not is_dark(conn, shop)
    put(conn, shop, "W-2")
    assert watch_sites(conn, now=NOON + timedelta(hours=5), limit=10) == 0


@pytest.mark.parametrize("waits_for", [WaitsFor.SITE, WaitsFor.CAPACITY])
def test_what_nobody_else_can_send_waits_for_it_and_is_put_there_as_soon_as_it_is_back(
    conn: Conn, shop: Shop, waits_for: WaitsFor
):
    if waits_for is WaitsFor.CAPACITY:
        set_site_limits(conn, [SiteLimit(site_id=shop.sites["W"], tasks_per_day=0)], now=NOON)
    else:
        counts = [Count(leaf_id=shop.leaves[site], sku_id=shop.skus["COAT"], units=0) for site in ("W", "D")]
        succeeded(count_goods(conn, counts, now=NOON))
    order_id = put(conn, shop, "W-1")
    at = NOON + SILENT
    watch_sites(conn, now=at, limit=10)
    source_wave(conn, now=at, solver=SOLVERS[1])
    (head,) = orders.orders_by_ids(conn, [order_id])
    assert head.source_waits_for is waits_for
    note_seen(conn, shop.sites["S"], now=at + timedelta(minutes=1))
    watch_sites(conn, now=at + timedelta(minutes=1), limit=10)
    source_wave(conn, now=at + timedelta(minutes=1), solver=SOLVERS[1])
    assert site_of(conn, shop, order_id) == "S"


def test_more_than_a_batch_is_taken_back_in_batches_each_task_once(conn: Conn, shop: Shop):
    order_ids = [put(conn, shop, f"W-{number}") for number in range(5)]
    at = NOON + SILENT
    assert [watch_sites(conn, now=at, limit=2) for _ in range(4)] == [3, 2, 1, 0]
    assert [len(fulfilment.tasks_of_orders(conn, [one])) for one in order_ids] == [1] * 5
    (dark,) = dark_work(conn)
    assert dark.moved_tasks == 5
