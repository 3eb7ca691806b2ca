"""What buyers ask: orders of two lines by a member, as messages and as requests."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from bench.surge.brand import Brand
from bench.surge.load import post
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, DraftKind
from loopline.processes.take_in import Incoming, MessageLine, OrderMessage

CHANNEL = "mini_program"
SHANGHAI = "310100"
WAREHOUSE = "W"
UNITS = (1, 2)


def messages(brand: Brand, tag: str, count: int, *, seed: int, is_sold: bool = False) -> list[Incoming]:
    """Make asks of two lines each, for `place_messages`; or sales that happened: goods carried out of the warehouse."""
    chance = random.Random(seed)
    return [
        Incoming(
            message=OrderMessage(
                channel=CHANNEL,
                external_number=f"{tag}-{number}",
                kind=DraftKind.FACT if is_sold else DraftKind.ASK,
                site_code=WAREHOUSE if is_sold else None,
                delivery=Delivery.CARRIED_OUT if is_sold else Delivery.DELIVER,
                region_code=SHANGHAI,
                member_id=chance.choice(brand.members),
                lines=tuple(
                    MessageLine(sku_code=code, units=units)
                    for code, units in zip(chance.sample(brand.sku_codes, len(UNITS)), UNITS, strict=True)
                ),
            ),
            scope=WHOLE_BRAND,
        )
        for number in range(count)
    ]


def bodies(brand: Brand, tag: str, count: int, *, seed: int) -> Iterator[bytes]:
    """Make the same as JSON, one at a time."""
    chance = random.Random(seed)
    for number in range(count):
        lines = [
            {"sku_code": code, "units": units}
            for code, units in zip(chance.sample(brand.sku_codes, len(UNITS)), UNITS, strict=True)
        ]
        asked: dict[str, Any] = {
            "channel": CHANNEL,
            "external_number": f"{tag}-{number}",
            "kind": "ask",
            "region_code": SHANGHAI,
            "member_id": str(chance.choice(brand.members)),
            "lines": lines,
        }
        yield msgspec.json.encode(asked)


def requests(brand: Brand, tag: str, count: int, *, token: str, seed: int) -> list[bytes]:
    """Make requests of `POST /api/v1/orders`."""
    return [post("/api/v1/orders", body, token=token) for body in bodies(brand, tag, count, seed=seed)]
