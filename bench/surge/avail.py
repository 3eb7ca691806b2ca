"""`avail`: what a shop window asks all day: can this be had, as fast as it is answered."""

import random
from typing import Any

from bench.surge.asks import CHANNEL
from bench.surge.brand import found_brand
from bench.surge.load import closed_loop, get
from bench.surge.servers import serving
from bench.workplace import new_database
from tests.make.api import make_key
from tests.make.customers import ring

READS = 20_000
CONNECTIONS = 64


def report() -> dict[str, Any]:
    """Ask after one SKU each time, at sites and by delivery, with a key."""
    with new_database() as database:
        brand = found_brand(database, ring=ring(), members=10)
        token = make_key(database, branch="HX")
        chance = random.Random(1)
        with serving(database) as addresses:

            def asked(count: int) -> list[bytes]:
                return [
                    get(
                        f"/api/v1/availability?sku_code={chance.choice(brand.sku_codes)}&channel={CHANNEL}",
                        token=token,
                    )
                    for _ in range(count)
                ]

            closed_loop(addresses, iter(asked(1_000)), connections=16)
            answers = closed_loop(addresses, iter(asked(READS)), connections=CONNECTIONS)
    assert set(answers.statuses) == {200}, answers.statuses
    return {
        "reads_per_s": round(READS / answers.elapsed),
        "p50_ms": answers.milliseconds(0.5),
        "p99_ms": answers.milliseconds(0.99),
        "connections": CONNECTIONS,
        "reopened": answers.reopened,
    }
