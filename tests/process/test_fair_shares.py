"""A dealer's share of a day: kept wave after wave, and told to whoever asks why not the nearer store."""

import pytest

from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from loopline.processes.replenish import Count, count_goods
from loopline.processes.source import source_wave
from loopline.sourcing import profiles, queries
from loopline.sourcing.counterfactual import Change, what_would_change
from loopline.sourcing.model import Explanation, Verdict
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Fairness, Profile, Publication, Settings
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop

SOLVER = Optimiser(work=30, gap=0.0)
HANGZHOU = Coordinates(longitude=120.15, latitude=30.28)
"""Where the dealer's store is; the brand's own are in Shanghai."""
SHANGHAI = Coordinates(longitude=121.47, latitude=31.23)
ORDERS = 10


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=40)


def in_force(conn: Conn, rule: Fairness) -> None:
    draft = profiles.draft_profile(conn, Settings(fairness=rule), based_on=None, by="hq", now=NOON)
    assert isinstance(draft, Profile)
    wish = Publication(version=draft.version, comment="Fair shares.", by="hq")
    assert isinstance(profiles.publish_profile(conn, wish, now=NOON, site_ids=[]), Profile)


def wave_to(conn: Conn, shop: Shop, place_: Coordinates, name: str) -> list[OrderId]:
    drafts = [
        ask(shop, f"{name}-{number}", lines=lines(shop, ("COAT", 1)), destination=place_)
        for number in range(ORDERS)
    ]
    placed = [one for one in place(conn, drafts, scope=WHOLE_BRAND, now=NOON) if isinstance(one, Placed)]
    source_wave(conn, now=NOON, solver=SOLVER)
    return [one.order_id for one in placed]


def at_dealer(conn: Conn, shop: Shop, order_ids: list[OrderId]) -> int:
    tasks = fulfilment.tasks_of_orders(conn, order_ids)
    assert len(tasks) == len(order_ids)
    return sum(task.site_id == shop.sites["D"] for task in tasks)


def said_of(conn: Conn, shop: Shop, order_ids: list[OrderId], site: str) -> list[tuple[Verdict, Change]]:
    """What orders say of a site that was not chosen, each thing once."""
    explained: list[Explanation] = queries.explanations(conn, order_ids)
    return sorted(
        {
            (one.verdict, what_would_change(each, one, None).change)
            for each in explained
            for one in each.eliminated
            if one.site_id == shop.sites[site]
        }
    )


def test_nobody_is_flooded_wave_after_wave(conn: Conn, shop: Shop):
    in_force(conn, Fairness(day_most_percent=30))
    first = wave_to(conn, shop, HANGZHOU, "A")
    assert at_dealer(conn, shop, first) == 3
    second = wave_to(conn, shop, SHANGHAI, "B")
    assert at_dealer(conn, shop, second) == 0
    third = wave_to(conn, shop, HANGZHOU, "C")
    assert at_dealer(conn, shop, third) == 6  # nine of thirty
    assert said_of(conn, shop, third, "D") == [(Verdict.SHARE_FULL, Change.LESS_OF_THE_DAY)]


def test_nobody_is_starved(conn: Conn, shop: Shop):
    in_force(conn, Fairness(day_least_percent=20))
    order_ids = wave_to(conn, shop, SHANGHAI, "A")
    assert at_dealer(conn, shop, order_ids) == 2
    assert (Verdict.OWED, Change.OTHER_PROFILE) in said_of(conn, shop, order_ids, "S")


def test_what_nobody_else_has_waits_for_no_share(conn: Conn, shop: Shop):
    counts = [Count(leaf_id=shop.leaves[site], sku_id=shop.skus["COAT"], units=0) for site in ("W", "S")]
    succeeded(count_goods(conn, counts, now=NOON))
    in_force(conn, Fairness(day_most_percent=0))
    order_ids = wave_to(conn, shop, SHANGHAI, "A")
    assert at_dealer(conn, shop, order_ids) == ORDERS


def test_as_delivered_the_nearest_has_it_all(conn: Conn, shop: Shop):
    assert at_dealer(conn, shop, wave_to(conn, shop, HANGZHOU, "A")) == ORDERS
