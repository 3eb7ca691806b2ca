"""A made-up country: sites in real cities, thin stock, skewed demand, and days of orders as they arrive.

The country is drawn from its seed, a day from the seed and its number, so that two days meet the same sites and stock.
"""

from random import Random
from typing import Any

import msgspec

from loopline.kernel.cities import CITIES
from loopline.sourcing.optimiser.instance import Instance

SKUS = 400
DAY_MINUTES = 24 * 60
_WAREHOUSE_EVERY, _WAREHOUSE_WEIGHT = 60, 25.0
_LINES, _LINE_WEIGHTS = (1, 2, 3, 4), (52, 28, 14, 6)
_UNITS, _UNIT_WEIGHTS = (1, 2, 3), (86, 11, 3)
_UNITS_AN_ORDER = 1.74 * 1.17  # the means of the two
# Orders by hour of the day: few at night, most at lunch and in the evening.
_BY_HOUR = (2, 1, 1, 1, 1, 2, 4, 8, 14, 20, 24, 26, 28, 24, 22, 22, 22, 22, 24, 30, 38, 40, 28, 10)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How large, and how short: a day's orders, and the sites that serve them.

    `cover`: stock of a SKU over all sites, as a multiple of what a day is expected to ask of it. `load`: what part of
    all capacity a day's orders need at one parcel each.
    """

    orders: int = 2_000
    sites: int = 60
    seed: int = 1
    cover: float = 3.0
    load: float = 0.6


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day's orders in order of arrival, and the minute of the day at which each came."""

    instance: Instance
    minutes: list[float]


def draw_day(asked: Asked, *, day: int = 0) -> Day:
    """Draw the country, and one of its days."""
    country, orders = Random(asked.seed), Random(asked.seed * 1_000_003 + day)
    cities = [(city.coordinates, country.lognormvariate(0, 1)) for city in CITIES]
    sites = _sites(country, asked, cities)
    popularity = [1 / (sku + 1) ** 0.8 for sku in range(SKUS)]
    minutes = sorted(
        60 * hour + orders.uniform(0, 60) for hour in orders.choices(range(24), _BY_HOUR, k=asked.orders)
    )
    rows = [_order(orders, number, cities, popularity) for number in range(asked.orders)]
    raw = {
        "name": f"made-up-{asked.orders}x{asked.sites}-{asked.seed}-day{day}",
        "sites": sites,
        "skus": [
            {"id": sku, "weight_g": country.choice((200, 350, 500, 800, 1500, 3000))} for sku in range(SKUS)
        ],
        "stock": _stock(country, asked, popularity, sites),
        "orders": rows,
        "cost": {
            "parcel_minor": 450,
            "kilometre_minor": 0.9,
            "kilogram_minor": 120,
            "split_minor": 300,
            "late_minor_per_hour": 25,
            "kilometres_per_hour": 45,
            "redispatch_minor": 500,
            "unfilled_minor_per_unit": 6000,
        },
        "rules": {"max_parcels": 3},
    }
    return Day(instance=msgspec.convert(raw, Instance), minutes=minutes)


Cities = list[tuple[Any, float]]


def _near_a_city(rng: Random, cities: Cities, spread: float) -> tuple[float, float]:
    place = rng.choices([place for place, _ in cities], [weight for _, weight in cities])[0]
    return round(place.latitude + rng.gauss(0, spread), 4), round(place.longitude + rng.gauss(0, spread), 4)


def _sites(rng: Random, asked: Asked, cities: Cities) -> list[dict[str, Any]]:
    """A warehouse now and then, with a big share of the capacity; stores else, each with its own size and mind."""
    weights = [
        _WAREHOUSE_WEIGHT if one % _WAREHOUSE_EVERY == 0 else rng.lognormvariate(0, 0.7)
        for one in range(asked.sites)
    ]
    capacity = asked.orders / asked.load / sum(weights)
    rows: list[dict[str, Any]] = []
    for number, weight in enumerate(weights):
        latitude, longitude = _near_a_city(rng, cities, 0.1)
        is_warehouse = number % _WAREHOUSE_EVERY == 0
        rows.append(
            {
                "id": number,
                "lat": latitude,
                "lng": longitude,
                "capacity_parcels": max(5, round(capacity * weight)),
                "handling_minor": rng.randint(150, 300) if is_warehouse else rng.randint(250, 700),
                "ready_minutes": 120 if is_warehouse else rng.choice((120, 240, 480)),
                "accept_probability": 1.0 if is_warehouse else round(rng.uniform(0.55, 0.99), 2),
            }
        )
    return rows


def _order(rng: Random, number: int, cities: Cities, popularity: list[float]) -> dict[str, Any]:
    lines: dict[int, int] = {}
    for _ in range(rng.choices(_LINES, _LINE_WEIGHTS)[0]):
        sku = rng.choices(range(SKUS), popularity)[0]
        lines[sku] = lines.get(sku, 0) + rng.choices(_UNITS, _UNIT_WEIGHTS)[0]
    latitude, longitude = _near_a_city(rng, cities, 0.15)
    return {
        "id": number,
        "lat": latitude,
        "lng": longitude,
        "promised_hours": rng.choices((24, 48, 72), (15, 45, 40))[0],
        "lines": sorted(lines.items()),
    }


def _stock(
    rng: Random, asked: Asked, popularity: list[float], sites: list[dict[str, Any]]
) -> list[tuple[int, int, int, int]]:
    """A third of the sites has a SKU, the large more of it; some of it is ageing and gladly given."""
    expected = asked.orders * _UNITS_AN_ORDER / sum(popularity)
    size = [site["capacity_parcels"] for site in sites]
    rows: list[tuple[int, int, int, int]] = []
    for sku in range(SKUS):
        holders = rng.sample(range(asked.sites), max(3, round(asked.sites * rng.uniform(0.15, 0.5))))
        units_at: dict[int, int] = {}
        for site in rng.choices(
            holders, [size[one] for one in holders], k=round(expected * popularity[sku] * asked.cover) + 2
        ):
            units_at[site] = units_at.get(site, 0) + 1
        rows += [
            (site, sku, units, 0 if rng.random() < 0.7 else rng.randint(20, 400))
            for site, units in sorted(units_at.items())
        ]
    return rows
