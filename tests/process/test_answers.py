"""Acceptance is weighed order by order: by how far a site is from the customer, and by what the goods are worth."""

import numpy as np
import pytest

from loopline.db import Conn, Database
from loopline.insight.acceptance import store
from loopline.insight.acceptance.features import NAMES
from loopline.insight.acceptance.model import Measures, OfferAhead
from loopline.insight.acceptance.queries import predict, site_acceptance, tells_offers_apart
from loopline.insight.acceptance.trees import Trees, write_trees
from loopline.jobs.waves import source_waves
from loopline.kernel.geography import Coordinates, great_circle_kilometres
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import source
from loopline.processes.place import Placed, place
from loopline.sourcing import queries
from loopline.sourcing.model import ParcelCost, SiteCost
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.service import set_site_costs
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, stock_up

SOLVER = Optimiser(work=30, gap=0.0)
AT_THE_STORE = Coordinates(longitude=121.47, latitude=31.23)
"""38 km from the warehouse."""
DEAR = 20_000


def boosted(*splits: tuple[str, float, float]) -> str:
    """A tree for each (feature, threshold, what it adds above that)."""
    roots = [3 * number for number in range(len(splits))]
    trees = Trees(
        roots=roots,
        feature=[one for name, _, _ in splits for one in (NAMES.index(name), -1, -1)],
        threshold=[one for _, most, _ in splits for one in (most, 0.0, 0.0)],
        left=[one for at in roots for one in (at + 1, at + 1, at + 2)],
        right=[one for at in roots for one in (at + 2, at + 1, at + 2)],
        unknown_left=[one for _ in roots for one in (True, False, False)],
        value=[one for _, _, adds in splits for one in (0.0, 0.0, adds)],
    )
    return write_trees(trees)


def learnt(conn: Conn, trees: str | None) -> None:
    """What is not far is taken nine times of ten; `trees` say what else there is to it."""
    version = store.NewVersion(
        learnt_at=NOON,
        first_day=NOON.date(),
        last_day=NOON.date(),
        held_back_from=None if trees is None else NOON.date(),
        offers=1,
        prior_probability=0.9,
        prior_offers=10.0,
        prior_minutes=10.0,
        trees=trees,
        minute_trees=None,
        measures=Measures(),
    )
    store.add_version(conn, version)


@pytest.fixture
def shop(database: Database) -> Shop:
    """Store and warehouse have coats; to the store's door the warehouse is cheaper by 36."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=0)
        stock_up(conn, shop, {("S", "COAT"): 30, ("W", "COAT"): 30})
        costs = [
            SiteCost(
                site_id=shop.sites[code],
                currency="CNY",
                handling_minor=handling,
                hundred_kilometres_minor=300,
                kilogram_minor=0,
            )
            for code, handling in (("S", 350), ("W", 200))
        ]
        set_site_costs(conn, costs, now=NOON)
    return shop


def ordered(database: Database, shop: Shop, *coats: int, name: str = "A") -> list[OrderId]:
    drafts = [
        ask(shop, f"{name}-{at}", lines=lines(shop, ("COAT", units)), destination=AT_THE_STORE)
        for at, units in enumerate(coats)
    ]
    with database.transaction() as conn:
        outcomes = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
    return [one.order_id for one in outcomes if isinstance(one, Placed)]


def decided(database: Database, shop: Shop, *coats: int) -> list[tuple[str, ParcelCost]]:
    order_ids = ordered(database, shop, *coats)
    assert source_waves(database, NOON, solver=SOLVER) == len(coats)
    codes = {site_id: code for code, site_id in shop.sites.items()}
    with database.reading() as conn:
        told = {one.order_id: one for one in queries.explanations(conn, order_ids)}
    return [(codes[told[one].chosen[0].site_id], told[one].chosen[0].cost) for one in order_ids]


def test_who_refuses_what_goes_far_is_spared_where_it_goes_far(database: Database, shop: Shop):
    """Far from the site three in ten are taken; of what is dear, nearly all: that goes the cheaper way all the same."""
    with database.transaction() as conn:
        learnt(conn, boosted(("kilometres", 20.0, -3.0), ("value", float(DEAR), 4.0)))
        assert tells_offers_apart(conn)
    assert PRICES["COAT"] < DEAR < 3 * PRICES["COAT"]
    (near, cheap), (far, dear) = decided(database, shop, 1, 3)
    assert (near, far) == ("S", "W")
    assert (cheap.refusal_minor, dear.refusal_minor) == (50, 20)


def test_what_is_known_of_sites_alone_asks_for_nothing_more(database: Database, shop: Shop):
    with database.transaction() as conn:
        learnt(conn, None)
        assert not tells_offers_apart(conn)
    assert [site for site, _ in decided(database, shop, 1, 3)] == ["W", "W"]
    ordered(database, shop, 1, name="B")
    with database.reading() as conn:
        expected = site_acceptance(conn, list(shop.sites.values()), now=NOON)
        desk = source.gather(conn, now=NOON, limit=9, accepts=expected)
        assert desk is not None
        assert [wave.chances for wave in desk.waves] == [None]


def test_every_chance_is_that_of_an_offer_as_far_and_as_dear(database: Database, shop: Shop):
    """Of one order in each band a site is asked for exactly that."""
    with database.transaction() as conn:
        learnt(conn, boosted(("kilometres", 20.0, -3.0), ("value", float(DEAR), 4.0)))
    ordered(database, shop, 1, 3)
    with database.reading() as conn:
        expected = site_acceptance(conn, list(shop.sites.values()), now=NOON)
        desk = source.gather(conn, now=NOON, limit=9, accepts=expected)
        assert desk is not None
        (wave,) = desk.waves
        assert wave.chances is not None
        asked = [
            [
                OfferAhead(site_id=site.site_id, at=NOON, kilometres=kilometres, value_minor=value)
                for site in wave.sites
                for kilometres in [great_circle_kilometres(site.coordinates, AT_THE_STORE)]
            ]
            for value in (PRICES["COAT"], 3 * PRICES["COAT"])
        ]
        exact = [[one.probability for one in predict(conn, row, now=NOON)] for row in asked]
    assert np.allclose(wave.chances, np.array(exact), atol=1e-9)
    without = desk.without_works(wave, {wave.orders[0].order_id})
    assert without.chances is not None
    assert without.chances.tolist() == [wave.chances[1].tolist()]
