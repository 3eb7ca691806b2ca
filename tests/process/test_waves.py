"""Waves of a live house: solved as one problem, applied in parts, and nothing half done whatever happens in between."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import pytest

from loopline import orders
from loopline.db import Conn, Database
from loopline.db.followers import catch_up
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.waves import begins, source_waves
from loopline.kernel.ids import OrderId, SiteId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import QueueOfOrders, WaitsFor
from loopline.processes import source
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.doctor import examine
from loopline.processes.place import Placed, place
from loopline.processes.promised import keep_given
from loopline.processes.put_in_force import put_in_force
from loopline.promises import GivenPromise, PromiseKind
from loopline.sourcing import profiles, queries
from loopline.sourcing.model import Method, SiteCost
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.service import set_site_costs
from loopline.sourcing.settings import (
    CommentMissing,
    Profile,
    Publication,
    Settings,
    SiteGroup,
    Waiting,
    Weights,
)
from tests.make.shop import NOON, Shop, ask, lines, open_shop

_Read = TypeVar("_Read")
SOLVER = Optimiser(work=30, gap=0.0)


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        return open_shop(conn, units=40)


def placed(database: Database, shop: Shop, count: int, *, sku: str = "COAT") -> list[OrderId]:
    drafts = [ask(shop, f"W-{number}", lines=lines(shop, (sku, 1))) for number in range(count)]
    with database.transaction() as conn:
        outcomes = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
    assert all(isinstance(one, Placed) for one in outcomes)
    return [one.order_id for one in outcomes if isinstance(one, Placed)]


def read(database: Database, what: Callable[[Conn], _Read]) -> _Read:
    with database.reading() as conn:
        return what(conn)


def published(database: Database, settings: Settings) -> int:
    with database.transaction() as conn:
        draft = profiles.draft_profile(conn, settings, based_on=None, by="hq", now=NOON)
        assert isinstance(draft, Profile)
        publication = Publication(version=draft.version, comment="Tried.", by="hq")
        assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)
    return draft.version


def test_a_wave_is_solved_as_a_whole_and_says_what_it_came_to(database: Database, shop: Shop):
    order_ids = placed(database, shop, 12)
    assert source_waves(database, NOON, solver=SOLVER) == 12
    assert source_waves(database, NOON, solver=SOLVER) == 0
    explained = read(database, lambda conn: queries.explanations(conn, order_ids))
    assert {one.method for one in explained} == {Method.OPTIMISED}
    (told,) = read(database, lambda conn: queries.last_waves(conn, limit=9))
    assert (told.orders, told.parcels, told.unfilled_units, told.profile_version) == (12, 12, 0, None)
    # The wave is rounded once, each parcel's terms for themselves.
    assert told.cost_minor == pytest.approx(sum(one.cost_minor for one in explained), abs=12)
    assert told.gap is not None
    assert 0 <= told.gap < 0.01
    tasks = read(database, lambda conn: fulfilment.tasks_of_orders(conn, order_ids))
    assert len(tasks) == 12


def test_the_profile_in_force_decides_and_is_named(database: Database, shop: Shop):
    before = placed(database, shop, 1)
    source_waves(database, NOON, solver=SOLVER)
    (first,) = read(database, lambda conn: queries.explanations(conn, before))
    spared = SiteGroup(name="Spared", site_ids=(first.chosen[0].site_id,), parcel_minor=90_000)
    version = published(database, Settings(groups=(spared,)))
    with database.transaction() as conn:
        (outcome,) = place(
            conn, [ask(shop, "W-X", lines=lines(shop, ("COAT", 1)))], scope=WHOLE_BRAND, now=NOON
        )
    assert isinstance(outcome, Placed)
    source_waves(database, NOON, solver=SOLVER)
    (second,) = read(database, lambda conn: queries.explanations(conn, [outcome.order_id]))
    assert second.profile_version == version
    assert second.chosen[0].site_id != first.chosen[0].site_id


def test_a_dealers_margin_and_dearer_handling_are_weighed_and_told(database: Database, shop: Shop):
    """Without them the nearest site sends; each of them sends the next from another, and says what it cost."""
    brands = (shop.sites["S"], shop.sites["W"])
    dear = SiteGroup(name="Dear", site_ids=brands, handling_minor=120)
    published(database, Settings(groups=(dear,), weights=Weights(dealer_margin_basis_points=-9_000)))
    (first,) = placed(database, shop, 1)
    source_waves(database, NOON, solver=SOLVER)
    (told,) = read(database, lambda conn: queries.explanations(conn, [first]))
    # 113.00 at 13 % tax within: 100.00 net, of which nine tenths count in the dealer's favour.
    assert [(one.site_id, one.cost.margin_minor, one.cost.region_minor) for one in told.chosen] == [
        (shop.sites["D"], -9_000, 0)
    ]
    published(database, Settings(groups=(dear,), weights=Weights(dealer_margin_basis_points=9_000)))
    with database.transaction() as conn:
        (second,) = place(
            conn, [ask(shop, "W-Y", lines=lines(shop, ("COAT", 1)))], scope=WHOLE_BRAND, now=NOON
        )
    assert isinstance(second, Placed)
    source_waves(database, NOON, solver=SOLVER)
    (told,) = read(database, lambda conn: queries.explanations(conn, [second.order_id]))
    (parcel,) = told.chosen
    assert parcel.site_id in brands
    assert (parcel.cost.margin_minor, parcel.cost.region_minor) == (0, 120)
    (spared,) = [one for one in told.eliminated if one.site_id == shop.sites["D"]]
    assert spared.price_minor > 9_000
    (wave, _) = read(database, lambda conn: queries.last_waves(conn, limit=2))
    assert wave.terms is not None
    assert (wave.terms["region"], wave.terms["margin"]) == (120, 0)


def test_an_order_called_off_while_the_wave_was_solved_is_left_alone(database: Database, shop: Shop):
    kept, gone = placed(database, shop, 2)
    with database.reading() as conn:
        desk = source.gather(conn, now=NOON, limit=10)
    assert desk is not None
    parts = source.solve(desk, solver=SOLVER)
    with database.transaction() as conn:
        cancel(conn, [Cancellation(order_id=gone)], scope=WHOLE_BRAND, now=NOON)
    with database.transaction() as conn:
        applied = source.apply_part(conn, desk, parts[0], now=NOON)
    assert len(applied.tasks) == 1
    assert read(database, lambda conn: fulfilment.tasks_of_orders(conn, [gone])) == []
    assert read(database, lambda conn: queries.explanations(conn, [gone])) == []
    assert len(read(database, lambda conn: fulfilment.tasks_of_orders(conn, [kept]))) == 1
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []


def test_a_wave_cut_off_between_its_parts_goes_on_with_the_next(database: Database, shop: Shop):
    """The first part stands, the other is due again; the wave applied late by a rival gives nobody a second task."""
    order_ids = placed(database, shop, 3)
    with database.reading() as conn:
        desk = source.gather(conn, now=NOON, limit=10)
    assert desk is not None
    (whole,) = source.solve(desk, solver=SOLVER)
    parts = [msgspec.structs.replace(whole, decisions=whole.decisions[at : at + 1]) for at in range(3)]
    with database.transaction() as conn:
        source.apply_part(conn, desk, parts[0], now=NOON)
    assert source_waves(database, NOON, solver=SOLVER) == 2
    for part in parts:
        with database.transaction() as conn:
            assert source.apply_part(conn, desk, part, now=NOON).tasks == ()
    assert len(read(database, lambda conn: fulfilment.tasks_of_orders(conn, order_ids))) == 3


@pytest.mark.parametrize(
    ("orders_due", "waited", "is_begun"), [(1, 0, False), (1, 30, True), (5, 0, True), (4, 29, False)]
)
def test_a_wave_begins_when_one_has_waited_or_enough_wait(orders_due: int, waited: int, is_begun: bool):
    due = QueueOfOrders(orders=orders_due, units=9, oldest=NOON - timedelta(minutes=waited))
    assert begins(due, Waiting(window_minutes=30, wave_orders=5), now=NOON) is is_begun


def test_orders_wait_for_their_window(database: Database, shop: Shop):
    published(database, Settings(waiting=Waiting(window_minutes=60)))
    placed(database, shop, 2)
    assert source_waves(database, NOON + timedelta(minutes=59), solver=SOLVER) == 0
    queue = read(database, lambda conn: orders.sourcing_queue(conn, now=NOON + timedelta(minutes=59)))
    assert [(one.waits_for, one.orders) for one in queue] == [(None, 2)]
    assert source_waves(database, NOON + timedelta(minutes=60), solver=SOLVER) == 2


def test_what_waits_is_listed_by_what_it_waits_for(database: Database, shop: Shop):
    order_ids = placed(database, shop, 2)
    with database.transaction() as conn:
        conn.execute("update fulfilment.site_limit set tasks_per_day = 0")
    source_waves(database, NOON, solver=SOLVER)
    queue = read(database, lambda conn: orders.sourcing_queue(conn, now=NOON))
    assert [(one.waits_for, one.orders, one.units) for one in queue] == [(WaitsFor.CAPACITY, 2, 2)]
    listed = read(
        database, lambda conn: orders.orders_waiting_for(conn, WaitsFor.CAPACITY, now=NOON, limit=9)
    )
    assert [one.id for one in listed] == order_ids
    assert read(database, orders.parked_queue).orders == 0


def test_what_is_beyond_the_limits_waits_for_others_and_a_new_profile_wakes_it(
    database: Database, shop: Shop
):
    published(database, Settings(weights=Weights(unfilled_unit_minor=1)))  # no parcel is worth its cost
    placed(database, shop, 1)
    assert source_waves(database, NOON, solver=SOLVER) == 1
    queue = read(database, lambda conn: orders.sourcing_queue(conn, now=NOON))
    assert [(one.waits_for, one.orders) for one in queue] == [(WaitsFor.LIMITS, 1)]
    assert source_waves(database, NOON + timedelta(minutes=29), solver=SOLVER) == 0
    with database.transaction() as conn:
        draft = profiles.draft_profile(conn, Settings(), based_on=None, by="hq", now=NOON)
        assert isinstance(draft, Profile)
        silent = Publication(version=draft.version, comment=" ", by="hq")
        assert put_in_force(conn, silent, now=NOON, site_ids=[]) == [CommentMissing()]
        told = Publication(version=draft.version, comment="Send them.", by="hq")
        assert put_in_force(conn, told, now=NOON, site_ids=[]) == 1
    assert source_waves(database, NOON, solver=SOLVER) == 1
    assert read(database, lambda conn: orders.sourcing_queue(conn, now=NOON)) == []
    waves = read(database, lambda conn: queries.last_waves(conn, limit=9))
    assert [(one.parcels, one.unfilled_units) for one in waves] == [(1, 0), (0, 1)]


def test_what_is_promised_soon_goes_from_near_by_although_that_costs_more(database: Database, shop: Shop):
    near, far = shop.sites["S"], shop.sites["W"]
    with database.transaction() as conn:
        costs = [
            SiteCost(
                site_id=site_id,
                currency="CNY",
                handling_minor=handling,
                hundred_kilometres_minor=300,
                kilogram_minor=100,
            )
            for site_id, handling in ((near, 318), (far, 200))
        ]
        set_site_costs(conn, costs, now=NOON)
        set_site_limits(conn, [SiteLimit(site_id=shop.sites["D"], tasks_per_day=0)], now=NOON)
    plain, at_ease, soon = placed(database, shop, 3)
    with database.transaction() as conn:
        given = [
            (order_id, courier(near, due_at=NOON + timedelta(hours=hours)))
            for order_id, hours in ((at_ease, 4), (soon, 0.5))
        ]
        keep_given(conn, given, now=NOON)
    source_waves(database, NOON, solver=SOLVER)
    explained = {
        one.order_id: one
        for one in read(database, lambda conn: queries.explanations(conn, [plain, at_ease, soon]))
    }
    assert {order_id: one.chosen[0].site_id for order_id, one in explained.items()} == {
        plain: far,
        at_ease: far,
        soon: near,
    }


def courier(site_id: SiteId, *, due_at: datetime) -> GivenPromise:
    return GivenPromise(
        kind=PromiseKind.COURIER,
        site_id=site_id,
        due_at=due_at,
        starts_at=None,
        ready_minutes=120,
        lane_minutes=60,
        band=None,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )
