"""What promises taught of how long goods take to leave a site decides where soon-promised orders are sent from."""

from datetime import timedelta

import pytest

from loopline import promises
from loopline.db import Conn
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.insight.acceptance.model import Acceptance
from loopline.kernel.ids import OrderId, SiteId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from loopline.processes.promised import keep_given
from loopline.processes.source import apply_part, gather, solve
from loopline.promises import GivenPromise, Pace, PromiseKind
from loopline.sourcing import queries
from loopline.sourcing.optimise import Optimiser
from tests.make.shop import NOON, Shop, ask, lines, open_shop

SOLVER = Optimiser(work=30, gap=0.0)
QUICK = Acceptance(probability=1.0, answer_minutes=7)
SOURCE_MINUTES = 15  # of the terms of the house


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """Two sites take work: the store, which is near, and the warehouse. All is open from ten to ten; it is noon."""
    shop = open_shop(conn)
    set_site_limits(conn, [SiteLimit(site_id=shop.sites["D"], tasks_per_day=0)], now=NOON)
    return shop


def taught(conn: Conn, shop: Shop, **minutes: int) -> None:
    paces = [
        Pace(stage="ready", site_id=shop.sites[site], band=None, minutes=count, observed=400, told=120)
        for site, count in minutes.items()
    ]
    since = NOON - timedelta(days=60)
    promises.write_learnt(conn, paces, promises.record_since(conn, since), since=since, now=NOON)


def due_in(conn: Conn, shop: Shop, hours: float) -> OrderId:
    (placed,) = place(conn, [ask(shop, "W-1", lines=lines(shop, ("COAT", 1)))], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    given = GivenPromise(
        kind=PromiseKind.DELIVER,
        site_id=shop.sites["S"],
        due_at=NOON + timedelta(hours=hours),
        starts_at=None,
        ready_minutes=120,
        lane_minutes=60,
        band=0,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )
    keep_given(conn, [(placed.order_id, given)], now=NOON)
    return placed.order_id


def ready(conn: Conn, shop: Shop, *, accepts: dict[SiteId, Acceptance]) -> dict[str, int]:
    desk = gather(conn, now=NOON, limit=10, accepts=accepts)
    assert desk is not None
    by_site = {one.site_id: one.ready_minutes for one in desk.waves[0].sites}
    return {code: by_site[site_id] for code, site_id in shop.sites.items()}


def sent_from(conn: Conn, shop: Shop, order_id: OrderId) -> str:
    desk = gather(conn, now=NOON, limit=10)
    assert desk is not None
    for part in solve(desk, solver=SOLVER):
        apply_part(conn, desk, part, now=NOON)
    (explained,) = queries.explanations(conn, [order_id])
    return next(code for code, one in shop.sites.items() if one == explained.chosen[0].site_id)


def test_what_was_learnt_counts_and_else_how_long_a_site_takes_to_answer(conn: Conn, shop: Shop):
    due_in(conn, shop, 4)
    known = dict.fromkeys(shop.sites.values(), QUICK)
    assert ready(conn, shop, accepts={}) == {"W": 0, "S": 0, "D": 0}
    assert ready(conn, shop, accepts=known) == {"W": 7, "S": 7, "D": 7}
    taught(conn, shop, S=96)
    assert ready(conn, shop, accepts=known) == {"W": 7, "S": 96 - SOURCE_MINUTES, "D": 7}
    assert ready(conn, shop, accepts={}) == {"W": 0, "S": 96 - SOURCE_MINUTES, "D": 0}


def test_it_passes_while_a_site_is_open(conn: Conn, shop: Shop):
    """Eleven hours of work from noon on: ten until ten in the evening, and one from ten the next morning on."""
    due_in(conn, shop, 4)
    taught(conn, shop, S=11 * 60 + SOURCE_MINUTES)
    assert ready(conn, shop, accepts={})["S"] == (10 + 12 + 1) * 60


def test_a_slow_store_near_by_is_passed_over_for_what_is_promised_soon(conn: Conn, shop: Shop):
    assert sent_from(conn, shop, due_in(conn, shop, 1)) == "S"


def test_and_is_not_where_its_slowness_was_learnt(conn: Conn, shop: Shop):
    taught(conn, shop, S=10 * 60, W=60)
    assert sent_from(conn, shop, due_in(conn, shop, 1)) == "W"
