"""Everything at once over the same shelf and the same day: accepting, claiming, letting lapse, selling, deciding again.

Whoever wins, every unit and every place of a day has one fate.
"""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from loopline import orders, stock
from loopline.db import Conn, Database
from loopline.db.followers import catch_up, ensure_followers
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.dark import note_seen
from loopline.fulfilment.model import AcceptTask, Capacity, SiteLimit, TaskState
from loopline.fulfilment.service import set_site_limits
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import CallId, OrderId, TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import business_day
from loopline.processes import dispatch
from loopline.processes.claim import claim
from loopline.processes.doctor import examine
from loopline.processes.go_dark import watch_sites
from loopline.processes.place import Placed
from loopline.processes.replenish import Count, count_goods
from loopline.processes.source import source_wave
from tests.make.calls import claiming, wave_of_calls
from tests.make.org import succeeded
from tests.make.shop import NOON, SITES, Shop, open_shop
from tests.make.trial import Trial, Work

DEADLINE = NOON + timedelta(hours=4)
LAST_SECOND = DEADLINE - timedelta(seconds=1)
OFFERED, CALLED, SALES = 8, 6, 5
HATS = {"S": 12, "W": 4, "D": 4}
"""Fourteen orders and five sales want nineteen of twenty hats, and most of them want the store's."""
PLACES = {"S": OFFERED + 2, "W": 3, "D": 3}


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        ensure_followers(conn, FOLLOWERS)
        shop = open_shop(conn, units=0)
        note_seen(conn, shop.sites["S"], now=NOON - timedelta(hours=1))  # pages are opened there
        return shop


class Scene:
    """Eight offers to the store and six calls to all three sites, on a day with few places, with few hats there."""

    def __init__(self, database: Database, shop: Shop) -> None:
        self.trial = Trial(database, shop, hats=0)
        self.trial.done(self._count({"S": 99, "W": 0, "D": 0}))
        made = [self.trial.offered() for _ in range(OFFERED)]
        self.offered: list[TaskId] = [task_id for _, task_id in made]
        self.trial.done(self._count({"S": 99, "W": 99, "D": 99}))
        called = [self.trial.placed() for _ in range(CALLED)]
        calls = self.trial.done(lambda conn: wave_of_calls(conn, shop).calls)
        self.calls: list[CallId] = list(calls)
        assert len(self.calls) == CALLED
        self.order_ids: list[OrderId] = [one.order_id for one, _ in made] + [one.order_id for one in called]
        self.trial.done(self._count(HATS))
        limits = [SiteLimit(site_id=shop.sites[site], tasks_per_day=count) for site, count in PLACES.items()]
        self.trial.done(lambda conn: set_site_limits(conn, limits, now=NOON))

    def _count(self, hats: dict[str, int]) -> Work:
        shop = self.trial.shop
        counts = [
            Count(leaf_id=shop.leaves[site], sku_id=shop.skus["HAT"], units=units)
            for site, units in hats.items()
        ]
        return lambda conn: succeeded(count_goods(conn, counts, now=NOON))

    def accepting(self, task_ids: Sequence[TaskId]) -> Work:
        commands = [AcceptTask(task_id=one) for one in task_ids]
        return lambda conn: dispatch.accept(conn, commands, scope=WHOLE_BRAND, now=LAST_SECOND)

    def claiming(self, site: str, turn: int) -> Work:
        turned = [*self.calls[turn:], *self.calls[:turn]]
        commands = [claiming(self.trial.shop, one, site) for one in turned]
        return lambda conn: claim(conn, commands, scope=WHOLE_BRAND, now=LAST_SECOND)

    def rivals(self) -> list[Work]:
        return [
            *(self.accepting(self.offered[at : at + 2]) for at in range(0, OFFERED, 2)),
            *(self.claiming(site, turn) for turn, site in enumerate(SITES)),
            *(self.trial.placing(self.trial.sale()) for _ in range(SALES)),
            *(lambda conn: dispatch.lapse(conn, now=DEADLINE, limit=5) for _ in range(2)),
            lambda conn: source_wave(conn, now=DEADLINE),
            lambda conn: watch_sites(conn, now=DEADLINE, limit=9),
        ]

    def days(self, conn: Conn) -> dict[str, Capacity]:
        day = business_day(NOON, "Asia/Shanghai")
        sites = {site_id: code for code, site_id in self.trial.shop.sites.items()}
        return {sites[one.site_id]: one for one in fulfilment.capacity_of_sites(conn, list(sites), day=day)}


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(4))
def test_a_storm_over_one_shelf_and_one_day(database: Database, shop: Shop, turn: int):
    scene = Scene(database, shop)
    rivals = scene.rivals()
    outcomes = scene.trial.meet(*rivals[turn:], *rivals[:turn])  # doctor is clean but for what followers know
    sold = [one for one in outcomes if isinstance(one, Placed)]
    assert len(sold) == SALES  # what the till sold is sold
    with database.reading() as conn:
        lines = orders.lines_by_orders(conn, scene.order_ids)
        tasks = fulfilment.tasks_of_orders(conn, scene.order_ids)
        days = scene.days(conn)
        on_hand = sum(
            one.on_hand
            for one in stock.stock_at_leaves(conn, list(shop.leaves.values()), sku_ids=[shop.skus["HAT"]])
        )
    # Every hat that was there is there, or was carried out; every ordered one has one fate.
    assert on_hand == sum(HATS.values()) - SALES
    assert {line.held + line.allocated + line.parked for line in lines} == {1}
    live = {TaskState.OFFERED, TaskState.ACCEPTED}
    assert sorted(one.order_id for one in tasks if one.state in live) == sorted(
        line.order_id for line in lines if line.allocated
    )
    for site, day in days.items():
        here = [one.state for one in tasks if one.site_id == shop.sites[site]]
        assert (day.held, day.confirmed) == (here.count(TaskState.OFFERED), here.count(TaskState.ACCEPTED))
        assert day.held + day.confirmed <= PLACES[site]
    catch_up(database, FOLLOWERS, now=DEADLINE)
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []
