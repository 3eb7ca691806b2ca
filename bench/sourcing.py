"""Sourcing: waves of 200 orders of about 25 lines over 21 sites, decided and kept with their explanation."""

from collections.abc import Iterator
from uuid import UUID

from msgspec.structs import replace

from bench.workplace import Figure, Watch, new_database
from loopline.kernel.ids import WaveId
from loopline.sourcing import service
from loopline.sourcing.rules import choose_sites
from tests.make.sourcing import NOON, random_wave

WAVES = 10


def measure() -> Iterator[Figure]:
    """A rich warehouse first: two parcels an order; then one that soon takes no more: five parcels an order."""
    with new_database() as database:
        for what, capacity in (("a warehouse that takes all", 999), ("one that takes 60 parcels", 60)):
            waves = [
                replace(
                    random_wave(seed, capacity=capacity), wave_id=WaveId(UUID(int=seed + 1000 * capacity))
                )
                for seed in range(WAVES)
            ]
            deciding, keeping, parcels = Watch(), Watch(), 0
            for wave in waves:
                with deciding:
                    plan = choose_sites(wave)
                with keeping, database.transaction() as conn:
                    service.record_decisions(conn, wave, plan, now=NOON)
                parcels += len(plan.parcels)
            orders = sum(len(wave.orders) for wave in waves)
            each = parcels / orders
            yield Figure(
                what=f"decide, {what}: {each:.1f} parcels each",
                count=orders,
                unit="orders",
                seconds=deciding.seconds,
            )
            yield Figure(what="keep the decisions", count=orders, unit="orders", seconds=keeping.seconds)
