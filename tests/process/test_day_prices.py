"""Prices of the day: a day that is over is solved and kept once, and later waves keep what it says is scarce."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.db import Database
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.jobs.day_prices import price_last_day
from loopline.jobs.trials import run_next_trial
from loopline.jobs.waves import source_waves
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import OrderId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.doctor import examine
from loopline.processes.place import Placed, place
from loopline.sourcing import day_prices, profiles, queries
from loopline.sourcing.day_prices import DayPrice, PricedDay, keep_prices
from loopline.sourcing.model import SiteCost, Verdict, Wave, WavePlan
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.service import set_site_costs
from loopline.sourcing.settings import DayPrices, Profile, Publication, Settings
from loopline.sourcing.solver import Solver
from loopline.sourcing.trials import TrialAsk
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, stock_up

SOLVER = Optimiser(work=30, gap=0.0)
TOMORROW = NOON + timedelta(days=1)
KEEPING = Settings(day_prices=DayPrices(are_used=True))
AT_THE_STORE = Coordinates(longitude=121.47, latitude=31.23)
BETWEEN = Coordinates(longitude=121.30, latitude=31.16)
"""A little nearer to the store than to the warehouse, which is 38 km away from it: 100 km cost 300."""


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        return open_shop(conn, units=0)


def stocked(database: Database, shop: Shop, units: dict[str, int]) -> None:
    with database.transaction() as conn:
        stock_up(conn, shop, {(site, "COAT"): count for site, count in units.items()})


def ordered(
    database: Database, shop: Shop, name: str, to: Sequence[Coordinates], *, at: datetime
) -> list[OrderId]:
    drafts = [
        ask(shop, f"{name}-{number}", lines=lines(shop, ("COAT", 1)), destination=place_, placed_at=at)
        for number, place_ in enumerate(to)
    ]
    with database.transaction() as conn:
        outcomes = place(conn, drafts, scope=WHOLE_BRAND, now=at)
    assert all(isinstance(one, Placed) for one in outcomes), outcomes
    return [one.order_id for one in outcomes if isinstance(one, Placed)]


def published(database: Database, settings: Settings) -> int:
    with database.transaction() as conn:
        draft = profiles.draft_profile(conn, settings, based_on=None, by="hq", now=NOON)
        assert isinstance(draft, Profile)
        publication = Publication(version=draft.version, comment="Tried.", by="hq")
        assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)
    return draft.version


def kept(database: Database, shop: Shop, *, day: date, unit_minor: int = 900) -> int:
    """A day by hand: a coat at the store was worth so much."""
    some = OrderId(UUID(int=1))
    priced = PricedDay(
        day=day,
        currency="CNY",
        solver="hand",
        profile_version=None,
        first_order_id=some,
        last_order_id=some,
        orders=9,
        sites=3,
        unfilled_units=0,
        cost_minor=1,
        bound_minor=1,
        well_known={shop.skus["COAT"]: 9},
        prices=[
            DayPrice(site_id=shop.sites["S"], sku_id=shop.skus["COAT"], category=None, price_minor=unit_minor)
        ],
    )
    with database.transaction() as conn:
        version = keep_prices(conn, priced, now=NOON)
    assert version is not None
    return version


def sent_from(database: Database, shop: Shop, order_ids: Sequence[OrderId]) -> list[str]:
    codes = {site_id: code for code, site_id in shop.sites.items()}
    with database.reading() as conn:
        told = {one.order_id: one for one in queries.explanations(conn, order_ids)}
    return [codes[told[order_id].chosen[0].site_id] for order_id in order_ids]


def decided_one_after_the_other(database: Database, shop: Shop) -> tuple[list[str], list[OrderId]]:
    """An order between store and warehouse, and an hour later one at the store's door; the store has one coat."""
    stocked(database, shop, {"S": 1, "W": 9})
    (first,) = ordered(database, shop, "A", [BETWEEN], at=TOMORROW)
    source_waves(database, TOMORROW, solver=SOLVER)
    later = TOMORROW + timedelta(hours=1)
    (second,) = ordered(database, shop, "B", [AT_THE_STORE], at=later)
    source_waves(database, later, solver=SOLVER)
    return sent_from(database, shop, [first, second]), [first, second]


def test_a_scarce_unit_is_kept_for_the_order_that_needs_it_more(database: Database, shop: Shop):
    published(database, KEEPING)
    version = kept(database, shop, day=NOON.date(), unit_minor=60)
    sites, (first, second) = decided_one_after_the_other(database, shop)
    assert sites == ["W", "S"]
    with database.reading() as conn:
        told = {one.order_id: one for one in queries.explanations(conn, [first, second])}
        assert [one for one in examine(conn).checks if not one.ok and one.invariant in {3, 9}] == []
    assert told[first].day_prices_version == version
    (spared,) = [one for one in told[first].eliminated if one.site_id == shop.sites["S"]]
    assert spared.verdict is Verdict.KEPT
    assert told[second].chosen[0].cost.opportunity_minor == 60


@pytest.mark.parametrize("prices", ["none", "old", "switched off"])
def test_without_prices_that_count_the_first_gets_the_nearest(database: Database, shop: Shop, prices: str):
    published(database, Settings() if prices == "switched off" else KEEPING)
    if prices != "none":
        days = KEEPING.day_prices.days_most + 1 if prices == "old" else 1
        kept(database, shop, day=TOMORROW.date() - timedelta(days=days), unit_minor=60)
    sites, (first, _) = decided_one_after_the_other(database, shop)
    assert sites == ["S", "W"]
    with database.reading() as conn:
        (told,) = queries.explanations(conn, [first])
    assert (told.day_prices_version, told.chosen[0].cost.opportunity_minor) == (None, 0)


def busy_day(database: Database, shop: Shop) -> list[OrderId]:
    """Six orders at the store's door, which has three coats; the others come from the warehouse."""
    stocked(database, shop, {"S": 3, "W": 20})
    order_ids = ordered(database, shop, "D", [AT_THE_STORE] * 6, at=NOON)
    source_waves(database, NOON, solver=SOLVER)
    return order_ids


def test_a_day_that_is_over_is_priced_once(database: Database, shop: Shop):
    order_ids = busy_day(database, shop)
    assert price_last_day(database, NOON, solver=SOLVER) == 0  # it is not over
    assert price_last_day(database, TOMORROW, solver=SOLVER) == 1
    assert price_last_day(database, TOMORROW, solver=SOLVER) == 0
    with database.reading() as conn:
        (day,) = day_prices.last_days(conn, limit=9)
        rows = conn.execute("select site_id, sku_id, price_minor from sourcing.day_price").fetchall()
    assert (day.day, day.orders, day.sites, day.unfilled_units) == (NOON.date(), 6, 3, 0)
    assert (day.first_order_id, day.last_order_id) == (min(order_ids), max(order_ids))
    assert day.bound_minor <= day.cost_minor
    # One more coat at the store would have spared the 38 km from the warehouse: 113, and no other thing was short.
    ((site_id, sku_id, minor),) = rows
    assert (site_id, sku_id) == (shop.sites["S"], shop.skus["COAT"])
    assert 100 <= minor <= 120


class Breaking(msgspec.Struct, frozen=True):
    """A solver whose process dies while it thinks."""

    def solve(self, wave: Wave, *, seed: int) -> WavePlan:
        raise ConnectionError(wave.wave_id, seed)


class WithoutPrices(msgspec.Struct):
    """A solver whose plans of yuan have no prices; `asked` are the currencies it solved."""

    asked: list[str]

    def solve(self, wave: Wave, *, seed: int) -> WavePlan:
        self.asked.append(wave.currency)
        plan = SOLVER.solve(wave, seed=seed)
        return msgspec.structs.replace(plan, figures=None) if wave.currency == "CNY" else plan


def test_a_currency_without_prices_is_solved_once_and_keeps_no_other_from_its_turn(
    database: Database, shop: Shop
):
    stocked(database, shop, {"S": 3, "W": 20})
    *_, last = ordered(database, shop, "D", [AT_THE_STORE] * 3, at=NOON)
    with database.transaction() as conn:
        succeeded(
            set_site_costs(
                conn,
                [
                    SiteCost(
                        site_id=site_id,
                        currency="EUR",
                        handling_minor=200,
                        hundred_kilometres_minor=300,
                        kilogram_minor=100,
                    )
                    for site_id in shop.sites.values()
                ],
                now=NOON,
            )
        )
        # Our own shops sell in one currency: what a second brings is made by hand.
        conn.execute("update orders.order set currency = 'EUR' where id = %s", [last])
    solver = WithoutPrices([])
    assert price_last_day(database, TOMORROW, solver=solver) == 1
    assert price_last_day(database, TOMORROW, solver=solver) == 0
    assert price_last_day(database, TOMORROW + timedelta(hours=1), solver=solver) == 0
    assert solver.asked == ["CNY", "EUR"]
    with database.reading() as conn:
        assert [(one.currency, one.orders) for one in day_prices.last_days(conn, limit=9)] == [("EUR", 1)]


def test_a_process_that_dies_leaves_nothing_half_done(database: Database, shop: Shop):
    busy_day(database, shop)
    solver: Solver = Breaking()
    with pytest.raises(ConnectionError):
        price_last_day(database, TOMORROW, solver=solver)
    with database.reading() as conn:
        assert day_prices.last_days(conn, limit=9) == []
    assert price_last_day(database, TOMORROW, solver=SOLVER) == 1


def test_of_two_that_price_a_day_at_once_one_is_kept(database: Database, shop: Shop):
    kept(database, shop, day=NOON.date())
    with pytest.raises(AssertionError):
        kept(database, shop, day=NOON.date(), unit_minor=5)
    with database.reading() as conn:
        rows = conn.execute("select price_minor from sourcing.day_price").fetchall()
    assert rows == [(900,)]


def test_prices_of_long_ago_are_forgotten_and_what_the_day_came_to_is_not(database: Database, shop: Shop):
    kept(database, shop, day=NOON.date())
    with database.transaction() as conn:
        assert day_prices.sweep_day_prices(conn, now=NOON + timedelta(days=99), limit=9) == 0
        assert day_prices.sweep_day_prices(conn, now=NOON + timedelta(days=101), limit=9) == 1
        assert day_prices.sweep_day_prices(conn, now=NOON + timedelta(days=101), limit=9) == 1
        assert day_prices.sweep_day_prices(conn, now=NOON + timedelta(days=101), limit=9) == 0
        assert len(day_prices.last_days(conn, limit=9)) == 1


def test_a_trial_shows_what_keeping_would_have_bought(database: Database, shop: Shop):
    """Today is like yesterday; with its prices the far orders of the morning leave the store's coats to the evening."""
    stocked(database, shop, {"S": 3, "W": 40})
    for at in (NOON, TOMORROW):
        morning = at - timedelta(hours=3)
        ordered(database, shop, f"M{at:%d}", [BETWEEN] * 3, at=morning)
        ordered(database, shop, f"E{at:%d}", [AT_THE_STORE] * 3, at=at)
    with database.transaction() as conn:
        # So that the days did not use each other's goods up, nothing of them was sent.
        draft = profiles.draft_profile(conn, KEEPING, based_on=None, by="hq", now=TOMORROW)
        assert isinstance(draft, Profile)
        wanted = TrialAsk(
            trial_id=uuid7(TOMORROW),
            version=draft.version,
            against=None,
            from_day=TOMORROW.date(),
            until_day=TOMORROW.date(),
        )
        assert (
            profiles.ask_trial(conn, wanted, zone="Asia/Shanghai", by="hq", now=TOMORROW + timedelta(days=1))
            is None
        )
    assert run_next_trial(database, TOMORROW + timedelta(days=1), solver=SOLVER) == 1
    with database.reading() as conn:
        (trial,) = profiles.trials_of(conn, draft.version)
    assert trial.report is not None
    before, after = trial.report.before, trial.report.after
    assert (before.parcels, after.parcels) == (6, 6)
    assert before.parcels_by_site == after.parcels_by_site == {"S": 3, "W": 3}
    assert after.cost_minor < before.cost_minor
    assert after.kilometres < before.kilometres


def test_limits_count_too(database: Database, shop: Shop):
    """The store has coats for all and time for three: a parcel of it is worth what the way from the warehouse costs."""
    with database.transaction() as conn:
        set_site_limits(conn, [SiteLimit(site_id=shop.sites["S"], tasks_per_day=3)], now=NOON)
    stocked(database, shop, {"S": 30, "W": 20})
    ordered(database, shop, "D", [AT_THE_STORE] * 6, at=NOON)
    assert price_last_day(database, TOMORROW, solver=SOLVER) == 1
    with database.reading() as conn:
        rows = conn.execute(
            "select site_id, sku_id, category, price_minor from sourcing.day_price"
        ).fetchall()
    ((site_id, sku_id, category, minor),) = rows
    assert (site_id, sku_id, category) == (shop.sites["S"], None, None)
    assert 100 <= minor <= 120
