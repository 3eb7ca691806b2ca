"""Instances and solutions as JSON files, packed with gzip or not: the format that others can check.

An instance has `sites`, `skus`, `stock` rows `[site, sku, units, ageing credit per unit]`, `orders` with `lines`
`[sku, units]`, `cost` and `rules`; costs ending in `_minor` are minor units, and may have fractions. Ids are whole
numbers. A solution has `allocations` `[order, sku, site, units]`, its cost by term, its bound, and the prices that the
bound is made of, in minor units: `stock_prices` `[site, sku, price per unit]` and `capacity_prices`
`[site, price per parcel]`, only those above 0.
"""

import gzip
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from loopline.sourcing.optimiser.problem import (
    FINE,
    Costs,
    Floats,
    Integers,
    Limits,
    Lines,
    Orders,
    Problem,
    Sites,
    Stock,
    UnsoundProblem,
    refuse,
    refuse_unsound,
)
from loopline.sourcing.optimiser.result import Result

Many = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Minor = Annotated[float, msgspec.Meta(ge=0, le=10**9)]


class SiteRow(msgspec.Struct, frozen=True, gc=False):
    """A site as the file has it."""

    id: int
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lng: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    capacity_parcels: Many
    handling_minor: Minor
    ready_minutes: Many
    accept_probability: Annotated[float, msgspec.Meta(ge=0, le=1)]


class SkuRow(msgspec.Struct, frozen=True, gc=False):
    """A SKU as the file has it."""

    id: int
    weight_g: Many


class OrderRow(msgspec.Struct, frozen=True, gc=False):
    """An order as the file has it."""

    id: int
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lng: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    promised_hours: Annotated[float, msgspec.Meta(ge=0)]
    lines: list[tuple[int, Annotated[int, msgspec.Meta(ge=1, le=10**6)]]]


class CostRow(msgspec.Struct, frozen=True):
    """The rates as the file has them; `kilogram_minor` is per kilogram and 1,000 kilometres."""

    parcel_minor: Minor
    kilometre_minor: Minor
    kilogram_minor: Minor
    split_minor: Minor
    late_minor_per_hour: Minor
    kilometres_per_hour: Annotated[float, msgspec.Meta(gt=0)]
    redispatch_minor: Minor
    unfilled_minor_per_unit: Minor


class RuleRow(msgspec.Struct, frozen=True):
    """The rules as the file has them."""

    max_parcels: Annotated[int, msgspec.Meta(ge=1, le=100)]


class Instance(msgspec.Struct, frozen=True):
    """A file, read."""

    name: str
    sites: list[SiteRow]
    skus: list[SkuRow]
    stock: list[tuple[int, int, Many, int]]
    orders: list[OrderRow]
    cost: CostRow
    rules: RuleRow


def read_instance(path: Path) -> Instance:
    """Read an instance. Raises `Refused` with an `UnsoundProblem` where the file is none."""
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        return msgspec.json.decode(raw, type=Instance)
    except OSError as problem:
        raise refuse(path.name, problem.strerror or "cannot be read") from problem
    except (EOFError, zlib.error) as problem:
        raise refuse(path.name, "is not whole") from problem
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise refuse(path.name, str(problem)) from problem


def problem_of(instance: Instance) -> Problem:
    """Turn a file's rows into columns. Raises `Refused` where an id is unknown or stands twice."""
    site_at = _positions("sites", [site.id for site in instance.sites])
    sku_at = _positions("skus", [sku.id for sku in instance.skus])
    _positions("orders", [order.id for order in instance.orders])
    wanted = [line for order in instance.orders for line in order.lines]
    cost = instance.cost
    counts = [0, *(len(order.lines) for order in instance.orders)]
    problem = Problem(
        sites=_sites(instance),
        orders=Orders(
            latitude=_floats([order.lat for order in instance.orders]),
            longitude=_floats([order.lng for order in instance.orders]),
            promised_hours=_floats([order.promised_hours for order in instance.orders]),
        ),
        lines=Lines(
            start=np.cumsum(np.array(counts, np.int64)),
            sku=_looked_up("orders", "lines", [sku for sku, _ in wanted], sku_at),
            units=_integers([units for _, units in wanted]),
            unfilled=np.full(len(wanted), _fine(cost.unfilled_minor_per_unit), np.int64),
            value=np.zeros(len(wanted), np.int64),
            price=np.zeros(len(wanted), np.int64),
            together=np.full(len(wanted), -1, np.int64),
        ),
        stock=Stock(
            site=_looked_up("stock", "site", [row[0] for row in instance.stock], site_at),
            sku=_looked_up("stock", "sku", [row[1] for row in instance.stock], sku_at),
            units=_integers([row[2] for row in instance.stock]),
            credit=_integers([row[3] for row in instance.stock]) * FINE,
        ),
        sku_grams=_integers([sku.weight_g for sku in instance.skus]),
        costs=Costs(
            split=_fine(cost.split_minor),
            late_hour=_fine(cost.late_minor_per_hour),
            redispatch=_fine(cost.redispatch_minor),
            kilometres_per_hour=cost.kilometres_per_hour,
        ),
        limits=Limits(parcels=instance.rules.max_parcels),
    )
    refuse_unsound(problem)
    return problem


def _sites(instance: Instance) -> Sites:
    cost, rows, count = instance.cost, instance.sites, len(instance.sites)
    return Sites(
        latitude=_floats([site.lat for site in rows]),
        longitude=_floats([site.lng for site in rows]),
        capacity=_integers([site.capacity_parcels for site in rows]),
        handling=_integers([_fine(site.handling_minor) for site in rows]),
        region=np.zeros(count, np.int64),
        parcel=np.full(count, _fine(cost.parcel_minor), np.int64),
        metre=np.full(count, _fine(cost.kilometre_minor / 1_000), np.int64),
        gram=np.zeros(count, np.int64),
        # Per kilogram and 1,000 kilometres is per tonne and kilometre; a thousandth of that is per metre.
        tonne_metre=np.full(count, _fine(cost.kilogram_minor / 1_000), np.int64),
        margin=np.zeros(count, np.int64),
        priority=np.zeros(count, np.int64),
        ready_minutes=_integers([site.ready_minutes for site in rows]),
        accept_probability=_floats([site.accept_probability for site in rows]),
    )


def _fine(minor: float) -> int:
    return round(minor * FINE)


def _integers(values: Sequence[int]) -> Integers:
    return np.array(values, np.int64)


def _floats(values: Sequence[float]) -> Floats:
    return np.array(values, np.float64)


def _positions(field: str, ids: Sequence[int]) -> dict[int, int]:
    found = {one: at for at, one in enumerate(ids)}
    if len(found) != len(ids):
        raise refuse(f"{field}.id", "stands twice")
    return found


def _looked_up(table: str, field: str, ids: Sequence[int], positions: Mapping[int, int]) -> Integers:
    try:
        return _integers([positions[one] for one in ids])
    except KeyError as unknown:
        raise refuse(f"{table}.{field}", f"there is no {unknown}") from unknown


def solution_of(instance: Instance, problem: Problem, result: Result) -> dict[str, Any]:
    """Return the solution as the file has it, with the ids of the instance."""
    order_ids = np.array([order.id for order in instance.orders], np.int64)
    sku_ids = np.array([sku.id for sku in instance.skus], np.int64)
    site_ids = np.array([site.id for site in instance.sites], np.int64)
    sent, stock, line_sku = result.allocations, problem.stock, problem.lines.sku
    priced = np.flatnonzero(result.stock_prices)
    capped = np.flatnonzero(result.capacity_prices)
    allocations = [order_ids[sent.order], sku_ids[line_sku[sent.line]], site_ids[sent.site], sent.units]
    named_site, named_sku = site_ids[stock.site[priced]].tolist(), sku_ids[stock.sku[priced]].tolist()
    return {
        "instance": instance.name,
        "status": result.status,
        "cost_minor": result.cost_minor,
        "bound_minor": result.bound_minor,
        "gap": result.gap,
        "seed": result.seed,
        "seconds": round(result.seconds, 3),
        "work": result.work,
        "terms_minor": {name: getattr(result.terms, name) / FINE for name in result.terms.__struct_fields__},
        "allocations": np.stack(allocations, axis=1).tolist() if len(sent.order) else [],
        "unfilled": [
            [
                int(order_ids[order_of_line(problem, short.line)]),
                int(sku_ids[line_sku[short.line]]),
                short.units,
                short.reason,
            ]
            for short in result.short
        ],
        "stock_prices": [
            [site, sku, price / FINE]
            for site, sku, price in zip(
                named_site, named_sku, result.stock_prices[priced].tolist(), strict=True
            )
        ],
        "capacity_prices": [
            [site, price / FINE]
            for site, price in zip(
                site_ids[capped].tolist(), result.capacity_prices[capped].tolist(), strict=True
            )
        ],
    }


def order_of_line(problem: Problem, line: int) -> int:
    """Return the order that a line belongs to."""
    return int(np.searchsorted(problem.lines.start, line, side="right")) - 1


def write_solution(path: Path, solution: Mapping[str, Any]) -> None:
    """Write a solution, packed where the name ends in .gz. Raises `Refused` where it cannot."""
    text = msgspec.json.encode(solution)
    try:
        path.write_bytes(gzip.compress(text, 6, mtime=0) if path.suffix == ".gz" else text)
    except OSError as problem:
        raise refuse(path.name, problem.strerror or "cannot be written") from problem


__all__ = ["Instance", "UnsoundProblem", "problem_of", "read_instance", "solution_of", "write_solution"]
