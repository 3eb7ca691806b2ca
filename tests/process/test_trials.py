"""Trials of profiles: what a version would have made of a past day, in figures that can be told apart."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from loopline import promises
from loopline.db import Database
from loopline.jobs.trials import run_next_trial
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import OrderId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from loopline.processes.promised import keep_given, watch_promises
from loopline.promises import GivenPromise, Pace, PromiseKind
from loopline.sourcing import profiles
from loopline.sourcing.model import SiteCost
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.service import set_site_costs
from loopline.sourcing.settings import Profile, Settings, SiteGroup, Waiting, Weights
from loopline.sourcing.trials import SideOfTrial, TrialAsk, TrialReport
from tests.make.shop import NOON, Shop, ask, lines, open_shop, stock_up

SOLVER = Optimiser(work=30, gap=0.0)
TOMORROW = NOON + timedelta(days=1)
AT_THE_STORE = Coordinates(longitude=121.47, latitude=31.23)
"""38 km from the warehouse: nearly an hour, and ten minutes until a site has answered, while nothing is learnt."""


@pytest.fixture
def shop(database: Database) -> Shop:
    """The store and the warehouse have coats; a parcel of the store costs 2 more than the way from the warehouse."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=0)
        stock_up(conn, shop, {("S", "COAT"): 9, ("W", "COAT"): 9})
        costs = [
            SiteCost(
                site_id=shop.sites[code],
                currency="CNY",
                handling_minor=handling,
                hundred_kilometres_minor=300,
                kilogram_minor=100,
            )
            for code, handling in (("S", 318), ("W", 200))
        ]
        set_site_costs(conn, costs, now=NOON)
    return shop


def ordered(database: Database, shop: Shop, promised: Mapping[str, timedelta | None]) -> list[OrderId]:
    """One coat each to the store's door at noon, promised after so long."""
    drafts = [
        ask(shop, name, lines=lines(shop, ("COAT", 1)), destination=AT_THE_STORE, placed_at=NOON)
        for name in promised
    ]
    with database.transaction() as conn:
        outcomes = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
        order_ids = [one.order_id for one in outcomes if isinstance(one, Placed)]
        given = [
            (order_id, delivered(NOON + after))
            for order_id, after in zip(order_ids, promised.values(), strict=True)
            if after is not None
        ]
        keep_given(conn, given, now=NOON)
    return order_ids


def delivered(due_at: datetime) -> GivenPromise:
    return GivenPromise(
        kind=PromiseKind.DELIVER,
        site_id=None,
        due_at=due_at,
        starts_at=None,
        ready_minutes=120,
        lane_minutes=60,
        band=0,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )


def tried(database: Database, settings: Settings, *, against: Settings | None = None) -> TrialReport:
    """Try settings on the day of noon, beside others or those delivered."""
    with database.transaction() as conn:
        drafts = [
            profiles.draft_profile(conn, one, based_on=None, by="hq", now=NOON)
            for one in (settings, against)
            if one is not None
        ]
        versions = [one.version for one in drafts if isinstance(one, Profile)]
        wanted = TrialAsk(
            trial_id=uuid7(TOMORROW),
            version=versions[0],
            against=versions[1] if against is not None else None,
            from_day=NOON.date(),
            until_day=NOON.date(),
        )
        assert profiles.ask_trial(conn, wanted, zone="Asia/Shanghai", by="hq", now=TOMORROW) is None
    assert run_next_trial(database, TOMORROW, solver=SOLVER) == 1
    with database.reading() as conn:
        (trial,) = profiles.trials_of(conn, versions[0])
    assert trial.report is not None
    return trial.report


def figures(side: SideOfTrial) -> tuple[int, dict[str, int]]:
    return side.late_orders, side.parcels_by_site


def test_what_comes_later_than_promised_is_told_before_and_after(database: Database, shop: Shop):
    """At an hour for 100 the near store is dearer than coming late; at 9,000 it sends what else would be late."""
    promised = {"soon": timedelta(minutes=30), "at ease": timedelta(hours=4), "never said": None}
    ordered(database, shop, promised)
    dear = Settings(weights=Weights(late_hour_minor=9_000))
    free = Settings(weights=Weights(late_hour_minor=0))
    report = tried(database, dear, against=free)
    assert figures(report.before) == (1, {"W": 3})
    assert figures(report.after) == (0, {"S": 1, "W": 2})


def test_who_waits_for_a_wave_has_so_much_less_time(database: Database, shop: Shop):
    """Two hours are enough from the warehouse, and are no more after an hour of waiting; the speed is the draft's."""
    ordered(database, shop, {"one": timedelta(hours=2)})
    free = Weights(late_hour_minor=0)
    waiting = Settings(weights=free, waiting=Waiting(window_minutes=60))
    report = tried(database, waiting, against=Settings(weights=free))
    assert (figures(report.before), figures(report.after)) == ((0, {"W": 1}), (1, {"W": 1}))
    slow = Settings(weights=Weights(late_hour_minor=0, kilometres_per_hour=10))
    report = tried(database, slow, against=Settings(weights=free))
    assert (figures(report.before), figures(report.after)) == ((1, {"W": 1}), (1, {"W": 1}))


def test_what_was_promised_anew_does_not_make_the_first_promise_good(database: Database, shop: Shop):
    (order_id,) = ordered(database, shop, {"one": timedelta(minutes=30)})
    with database.transaction() as conn:
        assert watch_promises(conn, now=NOON + timedelta(minutes=10), limit=5) == 1
        first, second = promises.promises_of_orders(conn, [order_id])[order_id]
        assert second.due_at > first.due_at + timedelta(hours=2)
    report = tried(database, Settings(weights=Weights(late_hour_minor=0)))
    assert report.after.late_orders == 1


def test_dearer_handling_and_a_dealers_margin_move_work_and_are_told(database: Database, shop: Shop):
    ordered(database, shop, {"one": None, "two": None})
    north = SiteGroup(name="North", site_ids=(shop.sites["W"],), handling_minor=150)
    report = tried(database, Settings(groups=(north,)))
    assert (report.before.parcels_by_site, report.after.parcels_by_site) == ({"W": 2}, {"S": 2})
    assert (report.before.regional_minor, report.after.regional_minor) == (300, 0)
    with database.transaction() as conn:
        stock_up(conn, shop, {("D", "COAT"): 9})
    near = SiteGroup(name="Dear", site_ids=(shop.sites["S"], shop.sites["W"]), handling_minor=50_000)
    weights = Weights(dealer_margin_basis_points=600)
    report = tried(database, Settings(groups=(near,), weights=weights))
    assert report.after.parcels_by_site == {"D": 2}
    # 113.00 at 13 % tax within: 100.00 net, of which 6 % for each of two coats.
    assert (report.before.margin_minor, report.after.margin_minor) == (0, 1_200)


def test_how_long_goods_were_learnt_to_take_until_they_leave_counts(database: Database, shop: Shop):
    """Four hours are enough from the warehouse, and are not where its goods take eight until they leave."""
    ordered(database, shop, {"one": timedelta(hours=4)})
    free = Settings(weights=Weights(late_hour_minor=0))
    assert figures(tried(database, free).after) == (0, {"W": 1})
    pace = Pace(stage="ready", site_id=shop.sites["W"], band=None, minutes=8 * 60, observed=400, told=120)
    since = NOON - timedelta(days=60)
    with database.transaction() as conn:
        promises.write_learnt(conn, [pace], promises.record_since(conn, since), since=since, now=NOON)
    assert figures(tried(database, free).after) == (1, {"W": 1})
