"""Stock: holds in batches, alone and by rivals for the same goods; allocations; goods handed over."""

import random
import threading
from collections.abc import Iterator
from datetime import timedelta

from bench.workplace import Figure, Watch, batches, new_database
from loopline import stock
from loopline.db import Database
from loopline.kernel.ids import SkuId
from loopline.stock import Allocated, AllocationAsk, Held, HoldAsk
from tests.make.stock import NOW, World, allocation_ask, fact, hold_ask, make_world, new_sku

SITES = 20
SKUS = 2_000
ORDERS = 2_000
LINES_PER_ORDER = 10
BATCH = 200
RIVALS = 4
EXPIRY = NOW + timedelta(hours=1)


def measure() -> Iterator[Figure]:
    with new_database() as database:
        world, skus = _open(database)
        chance = random.Random(1)
        asks = [_ask(world, chance.sample(skus, LINES_PER_ORDER)) for _ in range(ORDERS)]

        holding = Watch()
        with holding:
            for batch in batches(ORDERS, BATCH):
                with database.transaction() as conn:
                    outcomes = stock.hold_units(conn, asks[batch.start : batch.stop], now=NOW)
                assert all(isinstance(outcome, Held) for outcome in outcomes)
        lines = ORDERS * LINES_PER_ORDER
        yield Figure(
            what=f"hold, {BATCH} orders of {LINES_PER_ORDER} lines",
            count=lines,
            unit="lines",
            seconds=holding.seconds,
        )

        allocations = [_allocation(world, ask, chance) for ask in asks]
        allocating = Watch()
        with allocating:
            for batch in batches(ORDERS, BATCH):
                with database.transaction() as conn:
                    tied = stock.allocate_units(conn, allocations[batch.start : batch.stop], now=NOW)
                assert all(isinstance(outcome, Allocated) for outcome in tied)
        yield Figure(
            what="allocate them at random sites", count=lines, unit="lines", seconds=allocating.seconds
        )

        leaving = Watch()
        with leaving:
            for batch in batches(ORDERS, BATCH):
                gone = [
                    stock.HandOver(allocation_id=line.allocation_id, units=line.units)
                    for ask in allocations[batch.start : batch.stop]
                    for line in ask.lines
                ]
                with database.transaction() as conn:
                    stock.hand_over_units(conn, gone, now=NOW)
        yield Figure(what="hand them over", count=lines, unit="lines", seconds=leaving.seconds)

        yield from _one_by_one(database, world, skus)


def _one_by_one(database: Database, world: World, skus: list[SkuId]) -> Iterator[Figure]:
    """What a livestream would be without batches: one order per transaction, rivals for one SKU."""
    orders_each = 250
    barrier = threading.Barrier(RIVALS + 1)

    def buy() -> None:
        barrier.wait()
        for _ in range(orders_each):
            with database.transaction() as conn:
                stock.hold_units(conn, [_ask(world, skus[:1])], now=NOW)

    rivals = [threading.Thread(target=buy) for _ in range(RIVALS)]
    for rival in rivals:
        rival.start()
    watch = Watch()
    barrier.wait()
    with watch:
        for rival in rivals:
            rival.join()
    count = RIVALS * orders_each
    yield Figure(
        what=f"hold one by one, {RIVALS} rivals for one SKU",
        count=count,
        unit="orders",
        seconds=watch.seconds,
    )


def _open(database: Database) -> tuple[World, list[SkuId]]:
    skus = [new_sku() for _ in range(SKUS)]
    with database.transaction() as conn:
        world = make_world(conn, sites=SITES)
        facts = [fact(leaf_id, sku_id, 1_000) for leaf_id in world.leaf_ids for sku_id in skus]
        stock.record_facts(conn, facts, now=NOW)
    return world, skus


def _ask(world: World, skus: list[SkuId]) -> HoldAsk:
    return hold_ask(*((world.network_id, sku_id, 1) for sku_id in skus), expires_at=EXPIRY)


def _allocation(world: World, ask: HoldAsk, chance: random.Random) -> AllocationAsk:
    return allocation_ask(ask, [chance.choice(world.leaf_ids) for _ in ask.lines])
