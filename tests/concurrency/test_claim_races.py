"""Rivals for what is called openly, from one barrier: whoever wins, each unit has one fate and no day is overfull."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from loopline.db import Conn, Database
from loopline.db.followers import ensure_followers
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.calls import Call, CallIsOver, CallState, ClaimedByAnother, calls_by_id
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import CallId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import business_day
from loopline.processes.cancel import Cancellation, Cancelled, cancel
from loopline.processes.claim import Claimed, GoodsAreGone, claim
from loopline.processes.place import Placed
from loopline.processes.replenish import Count, count_goods
from loopline.processes.source import source_wave
from tests.make.calls import claiming, wave_of_calls
from tests.make.org import succeeded
from tests.make.shop import NOON, SITES, Shop, open_shop
from tests.make.trial import Trial, Work

TRIALS = 3
DEADLINE = NOON + timedelta(hours=4)
LAST_SECOND = DEADLINE - timedelta(seconds=1)


@pytest.fixture
def shop(database: Database) -> Shop:
    """A shop with empty shelves."""
    with database.transaction() as conn:
        ensure_followers(conn, FOLLOWERS)
        return open_shop(conn, units=0)


def called(
    database: Database, shop: Shop, *, orders: int = 1, hats: int = 1
) -> tuple[Trial, list[Placed], list[CallId]]:
    """Orders of one hat each, put to three sites that had plenty, and have so many hats each by now."""
    trial = Trial(database, shop, hats=0)

    def count(units: int) -> Work:
        counts = [Count(leaf_id=shop.leaves[site], sku_id=shop.skus["HAT"], units=units) for site in SITES]
        return lambda conn: succeeded(count_goods(conn, counts, now=NOON))

    trial.done(count(99))
    made = [trial.placed() for _ in range(orders)]
    call_ids = trial.done(lambda conn: wave_of_calls(conn, shop).calls)
    trial.done(count(hats))
    assert len(call_ids) == orders
    return trial, made, call_ids


def by(shop: Shop, call_id: CallId, site: str) -> Work:
    return lambda conn: claim(conn, [claiming(shop, call_id, site)], scope=WHOLE_BRAND, now=LAST_SECOND)[0]


def after(trial: Trial, order: Placed, call_id: CallId) -> tuple[tuple[int, int, int], Call, list[Any]]:
    """Where the order's unit stands (held, allocated, cancelled), the call, and the states of its tasks."""
    line = trial.line(order)
    with trial.database.reading() as conn:
        (call,) = calls_by_id(conn, [call_id])
        states = [task.state.value for task in fulfilment.tasks_of_orders(conn, [order.order_id])]
    return (line.held, line.allocated, line.cancelled), call, states


def confirmed(trial: Trial, site: str) -> int:
    """How many tasks a site confirmed for the day, none being held."""
    day = business_day(NOON, "Asia/Shanghai")
    with trial.database.reading() as conn:
        found = fulfilment.capacity_of_sites(conn, [trial.shop.sites[site]], day=day)
    assert [one.held for one in found] == [0]
    return found[0].confirmed


def test_two_sites_at_one_instant(database: Database, shop: Shop):
    for _ in range(TRIALS):
        trial, (order,), (call_id,) = called(database, shop)
        outcomes = trial.meet(by(shop, call_id, "S"), by(shop, call_id, "W"), by(shop, call_id, "D"))
        (won,) = [one for one in outcomes if isinstance(one, Claimed)]
        assert [one for one in outcomes if one is not won] == [ClaimedByAnother(call_id=call_id)] * 2
        units, call, states = after(trial, order, call_id)
        assert (units, call.site_id, call.task_id) == ((0, 1, 0), won.site_id, won.task_id)
        assert states == ["accepted"]
        trial.clear()


def test_one_site_claims_two_calls_for_its_last_hat(database: Database, shop: Shop):
    """Two phones of one store, one hat on its shelf: one call is claimed, and the other stays open for the others."""
    for _ in range(TRIALS):
        trial, made, (one, two) = called(database, shop, orders=2)
        outcomes = trial.meet(by(shop, one, "S"), by(shop, two, "S"))
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Claimed", "GoodsAreGone"]
        fates = sorted(after(trial, *pair)[0] for pair in zip(made, (one, two), strict=True))
        assert fates == [(0, 1, 0), (1, 0, 0)]
        trial.clear()


def test_the_last_place_of_a_day(database: Database, shop: Shop):
    """Goods for both, time for one."""

    def limited(tasks: int) -> Work:
        limit = SiteLimit(site_id=shop.sites["S"], tasks_per_day=tasks)
        return lambda conn: succeeded(set_site_limits(conn, [limit], now=NOON))

    for _ in range(TRIALS):
        trial, _, (one, two) = called(database, shop, orders=2, hats=2)
        before = confirmed(trial, "S")
        trial.done(limited(before + 1))
        outcomes = trial.meet(by(shop, one, "S"), by(shop, two, "S"))
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Claimed", "SiteIsFull"]
        assert confirmed(trial, "S") == before + 1
        trial.done(limited(100))
        trial.clear()


def test_claim_and_cancel(database: Database, shop: Shop):
    """Called off is called off: as a call that ended, or as a task that was taken back."""
    for _ in range(TRIALS):
        trial, (order,), (call_id,) = called(database, shop)

        def call_off(conn: Conn, order: Placed = order) -> Any:
            return cancel(conn, [Cancellation(order_id=order.order_id)], scope=WHOLE_BRAND, now=LAST_SECOND)[
                0
            ]

        claimed, cancelled = trial.meet(by(shop, call_id, "S"), call_off)
        assert isinstance(cancelled, Cancelled)
        units, call, states = after(trial, order, call_id)
        assert units == (0, 0, 1)
        if isinstance(claimed, Claimed):
            assert (call.state, states) == (CallState.CLAIMED, ["cancelled"])
        else:
            assert claimed == CallIsOver(call_id=call_id, deadline=DEADLINE)
            assert (call.state, states) == (CallState.WITHDRAWN, [])


def test_claim_and_deadline(database: Database, shop: Shop):
    """The wave that finds the deadline past, and a claim a second before it: one task, of the one or the other."""
    for _ in range(TRIALS):
        trial, (order,), (call_id,) = called(database, shop)
        claimed, wave = trial.meet(by(shop, call_id, "W"), lambda conn: source_wave(conn, now=DEADLINE))
        units, call, states = after(trial, order, call_id)
        assert units == (0, 1, 0)
        if isinstance(claimed, Claimed):
            assert (wave.tasks, call.state, states) == ((), CallState.CLAIMED, ["accepted"])
        else:
            assert claimed == CallIsOver(call_id=call_id, deadline=DEADLINE)
            assert (len(wave.tasks), call.state, states) == (1, CallState.LAPSED, ["offered"])
        trial.clear()


def test_claim_and_till_sale_of_the_last_one(database: Database, shop: Shop):
    """The sale stands. A claim that was first misses its hat; one that comes later is told that it is gone."""
    for _ in range(TRIALS):
        trial, (order,), (call_id,) = called(database, shop)
        claimed, sold = trial.meet(by(shop, call_id, "S"), trial.placing(trial.sale()))
        assert isinstance(sold, Placed)
        units, call, states = after(trial, order, call_id)
        if isinstance(claimed, Claimed):
            assert (units, call.state, states) == ((0, 1, 0), CallState.CLAIMED, ["accepted"])
            assert trial.short() == {"missing": 1}
        else:
            assert claimed == GoodsAreGone(call_id=call_id, site_id=shop.sites["S"])
            assert (units, call.state, states) == ((1, 0, 0), CallState.OPEN, [])
            assert trial.short() == {}
        trial.clear()


@pytest.mark.slow
def test_a_crowd_of_claims(database: Database, shop: Shop):
    """Three sites with three hats each storm nine calls in nine orders: nine tasks, three a site, nothing twice."""
    trial, made, call_ids = called(database, shop, orders=9, hats=3)
    before = {site: confirmed(trial, site) for site in SITES}

    def storm(site: str, turn: int) -> Callable[[Conn], Any]:
        commands = [claiming(shop, one, site) for one in (*call_ids[turn:], *call_ids[:turn])]
        return lambda conn: claim(conn, commands, scope=WHOLE_BRAND, now=LAST_SECOND)

    trial.meet(*(storm(site, turn) for turn, site in enumerate(SITES * 3)))
    assert {site: confirmed(trial, site) - before[site] for site in SITES} == dict.fromkeys(SITES, 3)
    assert [after(trial, *pair)[2] for pair in zip(made, call_ids, strict=True)] == [["accepted"]] * 9
