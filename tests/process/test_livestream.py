"""A livestream over two hundred stores: sourced in whole waves, offered, refused here and there, handed over."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from loopline import orders, org, stock
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import RefusalReason, RefuseTask, SiteLimit, TaskState
from loopline.fulfilment.service import set_site_limits
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.waves import source_waves
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import NodeId, OrderId, SiteId, TaskId, uuid7s
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import business_day
from loopline.org import NewSite, UnitKind
from loopline.processes import dispatch
from loopline.processes.doctor import examine
from loopline.processes.full_days import take_again
from loopline.processes.place import Placed, place
from loopline.processes.promise import fill_parked
from loopline.sourcing.model import SiteCost
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.service import set_site_costs
from loopline.stock import Fact, MovementReason, NewNode, NodeKind
from tests.make.loop import pay_for, work_off
from tests.make.org import new_unit, succeeded
from tests.make.shop import NOON, OPENED, PRICES, Shop, ask, lines, open_shop

SITES, ORDERS, SEED = 200, 5_000, 1
LIMIT = 32  # 6,400 tasks a day for some 5,000 parcels and what is refused
UNITS = 40
REFUSED_OF_100 = 7
ROUNDS_MOST = 12
AT_ONCE = 200


def found_stores(database: Database, shop: Shop, rng: Random) -> dict[str, SiteId]:
    """Two hundred stores of the brand over China, with goods, costs and a limited day."""
    places = {
        f"X{number:03}": Coordinates(longitude=rng.uniform(103, 122), latitude=rng.uniform(22, 40))
        for number in range(SITES)
    }
    with database.transaction() as conn:
        units = [new_unit(f"U-{code}", UnitKind.STORE, "EAST", coordinates=at) for code, at in places.items()]
        succeeded(org.add_units(conn, units, by=None, now=OPENED))
        sites = [
            NewSite(code=code, name=code, unit_code=f"U-{code}", entity_code="BRAND-CO") for code in places
        ]
        added = succeeded(org.add_sites(conn, sites, by=None, now=OPENED))
        site_ids = {one.code: one.site_id for one in added}
        made = iter(NodeId(one) for one in uuid7s(OPENED, 2 * SITES))
        nodes: list[NewNode] = []
        leaves: dict[str, NodeId] = {}
        for code, site_id in site_ids.items():
            site_node, leaf = next(made), next(made)
            leaves[code] = leaf
            nodes += [
                NewNode(id=site_node, kind=NodeKind.SITE, name=code, parent_id=shop.network, site_id=site_id),
                NewNode(
                    id=leaf,
                    kind=NodeKind.LEAF,
                    name=code,
                    parent_id=site_node,
                    site_id=site_id,
                    owner_id=shop.brand_entity,
                ),
            ]
        succeeded(stock.add_nodes(conn, nodes))
        succeeded(set_site_costs(conn, _costs(site_ids.values(), rng), now=OPENED))
        limits = [SiteLimit(site_id=site_id, tasks_per_day=LIMIT) for site_id in site_ids.values()]
        succeeded(set_site_limits(conn, limits, now=OPENED))
        ids = iter(uuid7s(OPENED, SITES * len(PRICES)))
        facts = [
            Fact(
                id=next(ids),
                leaf_id=leaf,
                sku_id=sku_id,
                reason=MovementReason.RECEIPT,
                on_hand=rng.randrange(UNITS // 2, UNITS * 3 // 2),
            )
            for leaf in leaves.values()
            for sku_id in shop.skus.values()
        ]
        succeeded(stock.record_facts(conn, facts, now=OPENED))
    return site_ids


def _costs(site_ids: Iterable[SiteId], rng: Random) -> list[SiteCost]:
    return [
        SiteCost(
            site_id=site_id,
            currency="CNY",
            handling_minor=rng.randrange(250, 700),
            hundred_kilometres_minor=90,
            kilogram_minor=12,
        )
        for site_id in site_ids
    ]


def place_all(database: Database, shop: Shop, rng: Random) -> list[OrderId]:
    placed: list[OrderId] = []
    skus = list(PRICES)
    for first in range(0, ORDERS, AT_ONCE):
        drafts = [
            ask(
                shop,
                f"L-{number}",
                lines=lines(shop, *((sku, 1) for sku in rng.sample(skus, rng.choice((1, 1, 2))))),
                destination=Coordinates(longitude=rng.uniform(103, 122), latitude=rng.uniform(22, 40)),
            )
            for number in range(first, first + AT_ONCE)
        ]
        with database.transaction() as conn:
            for outcome in place(conn, drafts, scope=WHOLE_BRAND, now=NOON):
                assert isinstance(outcome, Placed), outcome
                pay_for(conn, shop, outcome)
                placed.append(outcome.order_id)
    return placed


def offered(database: Database, order_ids: Sequence[OrderId]) -> list[TaskId]:
    with database.reading() as conn:
        tasks = fulfilment.tasks_of_orders(conn, order_ids)
    return [task.task_id for task in tasks if task.state is TaskState.OFFERED]


def nowhere_above_its_day(database: Database, site_ids: Sequence[SiteId]) -> bool:
    with database.reading() as conn:
        day = business_day(NOON, "Asia/Shanghai")
        return all(one.left >= 0 for one in fulfilment.capacity_of_sites(conn, site_ids, day=day))


@pytest.mark.slow
def test_a_livestream_is_sourced_offered_refused_and_handed_over(database: Database):
    rng = Random(SEED)
    with database.transaction() as conn:
        shop = open_shop(conn)
    sites = found_stores(database, shop, rng)
    order_ids = place_all(database, shop, rng)
    assert len(order_ids) == ORDERS
    all_sites = [*sites.values(), *shop.sites.values()]
    refusals = 0
    for turn in range(ROUNDS_MOST):
        now = NOON + timedelta(minutes=turn)
        has_time_again = turn % 2 == 0
        if has_time_again:
            # Who gave work back for want of time has nothing more offered for a turn, and then has time again.
            with database.transaction() as conn:
                take_again(conn, [*sites, *shop.sites], scope=WHOLE_BRAND, by="crew", now=now)
        source_waves(database, now, solver=Optimiser())
        tasks = offered(database, order_ids)
        if not tasks and has_time_again:
            break
        assert nowhere_above_its_day(database, all_sites)
        refused = [one for one in tasks if rng.randrange(100) < REFUSED_OF_100]
        refusals += len(refused)
        reasons = (RefusalReason.NO_CAPACITY, RefusalReason.NOT_FOUND)
        for first in range(0, len(refused), AT_ONCE):
            commands = [
                RefuseTask(command_id=UUID(int=one.int ^ 1), task_id=one, reason=rng.choice(reasons))
                for one in refused[first : first + AT_ONCE]
            ]
            with database.transaction() as conn:
                succeeded(dispatch.refuse(conn, commands, scope=WHOLE_BRAND, now=now))
        taken = [one for one in tasks if one not in set(refused)]
        for first in range(0, len(taken), AT_ONCE):
            with database.transaction() as conn:
                work_off(conn, taken[first : first + AT_ONCE], now=now)
        with database.transaction() as conn:
            fill_parked(conn, sku_ids=None, now=now, limit=ORDERS)
    assert refusals > ORDERS * REFUSED_OF_100 // 200
    assert nowhere_above_its_day(database, all_sites)
    with database.reading() as conn:
        heads = orders.orders_by_ids(conn, order_ids)
    assert len(heads) == ORDERS
    left = [
        one for one in heads if (one.handed_over, one.parked, one.held, one.allocated) != (one.units, 0, 0, 0)
    ]
    assert not left, (len(left), left[:3])
    catch_up(database, FOLLOWERS, now=NOON + timedelta(hours=1))
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []
