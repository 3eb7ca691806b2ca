"""The timer of holds: in order, in batches, nothing that is due stays, and it sleeps until the next moment."""

from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from loopline import orders, stock
from loopline.db import Conn, Database, log
from loopline.jobs.hold_timer import LOOKS_EVERY, HoldMeasures, HoldTimer
from loopline.jobs.running import never
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OrderStage
from loopline.processes.place import Placed, place
from loopline.processes.promise import NOTHING_RAN_OUT, run_out
from loopline.processes.quotas import WantedQuota, open_quotas
from loopline.processes.turn import take_turn, takes_turn_to_give_back
from loopline.stock import QuotaKind, QuotaName, QuotaOpened
from tests.make.shop import NOON, Shop, ask, lines, open_shop

MINUTE = timedelta(minutes=1)
LATE = "loopline_hold_expiry_late_seconds"


class Clock:
    """Says what it is told to; each look moves it on by `ticks`."""

    def __init__(self, now: datetime, ticks: timedelta = timedelta()) -> None:
        self.now = now
        self.ticks = ticks

    def __call__(self) -> datetime:
        self.now += self.ticks
        return self.now


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        return open_shop(conn)


def put(database: Database, shop: Shop, *minutes: int) -> list[OrderId]:
    """An order of one hat for each, to be paid within so many minutes, in the order given."""
    drafts = [
        ask(shop, f"W-{place}", hold_minutes=one, lines=lines(shop, ("HAT", 1)))
        for place, one in enumerate(minutes)
    ]
    with database.transaction() as conn:
        placed = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
    return [one.order_id for one in placed if isinstance(one, Placed)]


def timer(database: Database, clock: Clock, *, batch: int = 500, registry: CollectorRegistry | None = None):
    measures = HoldMeasures(registry) if registry else None
    return HoldTimer(database, clock=clock, rests=never, measures=measures, batch=batch)


def stages(database: Database, order_ids: list[OrderId]) -> list[OrderStage]:
    with database.reading() as conn:
        heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    return [heads[one].stage for one in order_ids]


def cancelled_in_order(conn: Conn) -> list[OrderId]:
    found = conn.execute("select subject from log.event where type = 'lines_cancelled' order by position")
    return [OrderId(subject) for (subject,) in found.fetchall()]


def test_all_that_is_due_goes_back_the_oldest_first_in_batches(database: Database, shop: Shop):
    order_ids = put(database, shop, 7, 3, 9, 1, 5, 3, 8)
    registry = CollectorRegistry()
    pause = timer(database, Clock(NOON + 7 * MINUTE), batch=2, registry=registry).strike()
    with database.reading() as conn:
        assert cancelled_in_order(conn) == [order_ids[place] for place in (3, 1, 5, 4, 0)]
        assert conn.execute("select min(expires_at) from stock.hold").fetchone() == (NOON + 8 * MINUTE,)
    assert stages(database, [order_ids[2], order_ids[6]]) == ["placed", "placed"]
    assert pause == LOOKS_EVERY
    assert registry.get_sample_value(f"{LATE}_count") == 5
    assert registry.get_sample_value(f"{LATE}_sum") == (6 + 4 + 4 + 2 + 0) * 60
    assert registry.get_sample_value(f"{LATE}_bucket", {"le": "0.05"}) == 1


def test_a_hold_goes_back_at_its_moment_and_not_before(database: Database, shop: Shop):
    (order_id,) = put(database, shop, 3)
    clock = Clock(NOON + 3 * MINUTE - timedelta(microseconds=1))
    assert timer(database, clock).strike() == timedelta(microseconds=1)
    assert stages(database, [order_id]) == ["placed"]
    clock.now = NOON + 3 * MINUTE
    assert timer(database, clock).strike() == LOOKS_EVERY
    assert stages(database, [order_id]) == ["cancelled"]


@pytest.mark.parametrize(
    ("before", "pause"),
    [(timedelta(seconds=5), LOOKS_EVERY), (timedelta(seconds=0.25), timedelta(seconds=0.25))],
)
def test_it_sleeps_until_the_next_hold_runs_out_and_never_longer_than_a_second(
    database: Database, shop: Shop, before: timedelta, pause: timedelta
):
    put(database, shop, 3, 4)
    assert timer(database, Clock(NOON + 3 * MINUTE - before)).strike() == pause


def test_what_falls_due_while_it_works_is_not_slept_over(database: Database, shop: Shop):
    """The clock has gone past the next moment by the time the batch is done."""
    put(database, shop, 1, 2)
    assert timer(database, Clock(NOON, ticks=MINUTE)).strike() == timedelta()


def test_it_waits_for_no_wave(database: Database, shop: Shop):
    (order_id,) = put(database, shop, 3)
    with database.transaction() as wave, database.transaction() as conn:
        take_turn(wave)
        conn.execute("set local lock_timeout = '2s'")
        assert run_out(conn, now=NOON + 3 * MINUTE, limit=10).late == (timedelta(),)
    assert stages(database, [order_id]) == ["cancelled"]


def test_of_several_processes_one_does_the_work(database: Database, shop: Shop):
    (order_id,) = put(database, shop, 3)
    with database.transaction() as first, database.transaction() as second:
        assert takes_turn_to_give_back(first)
        assert not takes_turn_to_give_back(second)
        assert run_out(second, now=NOON + 3 * MINUTE, limit=10) == NOTHING_RAN_OUT
        assert run_out(first, now=NOON + 3 * MINUTE, limit=10).holds == 1
    assert stages(database, [order_id]) == ["cancelled"]
    with database.reading() as conn:
        assert len(log.read_subject(conn, order_id)) == 2


def test_what_rests_gives_nothing_back(database: Database, shop: Shop):
    (order_id,) = put(database, shop, 3)
    resting = HoldTimer(database, clock=Clock(NOON + 3 * MINUTE), rests=lambda _conn: True)
    assert resting.strike() == LOOKS_EVERY
    assert stages(database, [order_id]) == ["placed"]


def test_what_is_left_of_a_quota_goes_back_when_its_time_is_over(database: Database, shop: Shop):
    """Holds that ran out while the quota was on are its own again first, and then everybody's."""
    web = QuotaName(kind=QuotaKind.CHANNEL, code="web")
    with database.transaction() as conn:
        quota = WantedQuota(
            kind=web.kind, code="web", sku_code="HAT", units=5, starts_at=NOON, ends_at=NOON + 3 * MINUTE
        )
        (opened,) = open_quotas(conn, [quota], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(opened, QuotaOpened)
    put(database, shop, 2, 9)
    clock = Clock(NOON + 2 * MINUTE)
    striking = timer(database, clock)
    for moment, units in (
        (2 * MINUTE, (4, 1, 0, 0)),
        (3 * MINUTE - timedelta.resolution, (4, 1, 0, 0)),
        (3 * MINUTE, (0, 0, 1, 4)),
    ):
        clock.now = NOON + moment
        striking.strike()
        with database.reading() as conn:
            (stands,) = stock.quotas_of_events(conn, [web])
            assert (stands.remaining, stands.drawn, stands.used, stands.returned) == units
