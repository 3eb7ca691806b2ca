"""Waves for tests: small ones by hand, larger ones from a seed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import LineId, NodeId, OrderId, SiteId, SkuId, WaveId
from loopline.sourcing.model import LeafUnits, Need, OpenOrder, SiteCost, Wave, WaveSite

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORIGIN = Coordinates(longitude=0, latitude=0)
WAVE = WaveId(UUID(int=9 << 64))


def order_id(number: int) -> OrderId:
    return OrderId(UUID(int=(1 << 64) + number))


def line_id(order: int, number: int) -> LineId:
    return LineId(UUID(int=(2 << 64) + 1000 * order + number))


def site_id(number: int) -> SiteId:
    return SiteId(UUID(int=(3 << 64) + number))


def leaf_id(site: int, number: int = 0) -> NodeId:
    return NodeId(UUID(int=(4 << 64) + 10 * site + number))


def sku_id(number: int) -> SkuId:
    return SkuId(UUID(int=(5 << 64) + number))


def site(
    number: int,
    *,
    capacity: int = 99,
    at: float = 0.0,
    cost: tuple[int, int, int] = (0, 0, 0),
    leaves: int = 1,
) -> WaveSite:
    """`at` degrees east on the equator; `cost` = handling, per 100 km, per kg."""
    handling, hundred_kilometres, kilogram = cost
    return WaveSite(
        site_id=site_id(number),
        leaf_ids=tuple(leaf_id(number, leaf) for leaf in range(leaves)),
        coordinates=Coordinates(longitude=at, latitude=0),
        capacity_left=capacity,
        cost=SiteCost(
            site_id=site_id(number),
            currency="CNY",
            handling_minor=handling,
            hundred_kilometres_minor=hundred_kilometres,
            kilogram_minor=kilogram,
        ),
    )


def order(
    number: int,
    asks: Sequence[tuple[int, int]],
    *,
    excluded: Sequence[int] = (),
    allowed: Sequence[int] | None = None,
    only_from: Sequence[int] | None = None,
    destination: Coordinates | None = ORIGIN,
) -> OpenOrder:
    """`asks` are (SKU number, units), one per line."""
    return OpenOrder(
        order_id=order_id(number),
        destination=destination,
        needs=tuple(
            Need(line_id=line_id(number, position), sku_id=sku_id(sku), units=units)
            for position, (sku, units) in enumerate(asks)
        ),
        excluded_sites=frozenset(site_id(one) for one in excluded),
        allowed_sites=None if allowed is None else frozenset(site_id(one) for one in allowed),
        only_from=None if only_from is None else frozenset(site_id(one) for one in only_from),
    )


def wave(
    orders: Sequence[OpenOrder],
    sites: Sequence[WaveSite],
    stock: Mapping[tuple[int, int], int],
    *,
    grams: Mapping[int, int] | None = None,
    second_leaf: Mapping[tuple[int, int], int] | None = None,
) -> Wave:
    """`stock` is (site number, SKU number) → units at the site's first leaf; `second_leaf` at its second."""
    rows = [(leaf_id(one), sku, units) for (one, sku), units in stock.items()]
    rows += [(leaf_id(one, 1), sku, units) for (one, sku), units in (second_leaf or {}).items()]
    return Wave(
        wave_id=WAVE,
        currency="CNY",
        orders=tuple(orders),
        sites=tuple(sites),
        stock=[LeafUnits(leaf_id=leaf, sku_id=sku_id(sku), sellable=units) for leaf, sku, units in rows],
        unit_grams={sku_id(sku): weight for sku, weight in (grams or {}).items()},
    )


def random_wave(
    seed: int,
    *,
    orders: int = 200,
    sites: int = 21,
    skus: int = 3_000,
    lines: int = 25,
    fill: float = 0.95,
    capacity: int = 60,
) -> Wave:
    """A wave like those of the replay: one rich warehouse (site 0), stores that each have a third of the SKUs."""
    random = Random(seed)
    places = [
        site(
            number,
            capacity=capacity,
            at=random.uniform(-5, 5),
            cost=(random.randint(100, 900), random.randint(1, 400), random.choice([100, 200])),
        )
        for number in range(sites)
    ]
    stock = {
        (place, sku): random.randint(1, 40)
        for place in range(sites)
        for sku in range(skus)
        if random.random() < (fill if place == 0 else 0.33)
    }
    asks = [
        order(
            number,
            [
                (sku, random.randint(1, 12))
                for sku in random.sample(range(skus), random.randint(1, 2 * lines - 1))
            ],
            destination=Coordinates(longitude=random.uniform(-5, 5), latitude=random.uniform(-5, 5)),
        )
        for number in range(orders)
    ]
    return wave(asks, places, stock, grams={sku: random.randint(5, 3_000) for sku in range(skus)})
