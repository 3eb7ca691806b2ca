"""One function per SQL statement of `store.sql`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_one, statements
from loopline.kernel.ids import LineId, OrderId, SiteId, SkuId, WaveId
from loopline.sourcing.model import (
    DecisionCounts,
    Method,
    Parcel,
    SiteCost,
    Unfilled,
    UnfilledReason,
    Wave,
    WavePlan,
)

SQL = statements(__file__)

_encode = msgspec.json.Encoder().encode


class ParcelRow(msgspec.Struct, frozen=True, array_like=True):
    """A parcel as stored: `position` is that of its site in the wave."""

    position: int
    units: int
    handling_minor: int
    distance_minor: int
    weight_minor: int


class UnfilledRow(msgspec.Struct, frozen=True, array_like=True):
    """Unfilled units as stored."""

    line_id: LineId
    sku_id: SkuId
    units: int
    reason: UnfilledReason


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its wave, as stored."""

    order_id: OrderId
    wave_id: WaveId
    solver: str
    currency: str
    site_ids: list[SiteId]
    method: Method
    cost_minor: int
    verdicts: str
    prices_minor: list[int]
    parcels: list[ParcelRow]
    unfilled: list[UnfilledRow] | None


def put_site_costs(conn: Conn, costs: Sequence[SiteCost], *, now: datetime) -> None:
    """Set cost records; each (site, currency) at most once."""
    execute(
        conn,
        SQL["put_site_costs"],
        site_ids=[cost.site_id for cost in costs],
        currencies=[cost.currency for cost in costs],
        handling_minor=[cost.handling_minor for cost in costs],
        hundred_kilometres_minor=[cost.hundred_kilometres_minor for cost in costs],
        kilogram_minor=[cost.kilogram_minor for cost in costs],
        now=now,
    )


def read_site_costs(conn: Conn, site_ids: Sequence[SiteId], *, currency: str) -> list[SiteCost]:
    """Return the records there are."""
    return fetch(conn, SQL["read_site_costs"], SiteCost, site_ids=list(site_ids), currency=currency)


def insert_wave(conn: Conn, wave: Wave, *, solver: str, now: datetime) -> bool:
    """Write a wave; False where it was written before."""
    written = execute(
        conn,
        SQL["insert_wave"],
        wave_id=wave.wave_id,
        now=now,
        solver=solver,
        currency=wave.currency,
        site_ids=[site.site_id for site in wave.sites],
    )
    return written == 1


def copy_decisions(conn: Conn, wave: Wave, plan: WavePlan) -> None:
    """Write the decisions of a new wave."""
    position_of_site = {site.site_id: position for position, site in enumerate(wave.sites)}
    copy_rows(conn, SQL["copy_decisions"], _decision_rows(plan, position_of_site))


def _decision_rows(plan: WavePlan, position_of_site: dict[SiteId, int]) -> Iterable[tuple[object, ...]]:
    for decision in plan.decisions:
        yield (
            decision.order_id,
            plan.wave_id,
            decision.method.value,
            decision.cost_minor,
            decision.verdicts,
            list(decision.prices_minor),
            _encode([_parcel_row(parcel, position_of_site[parcel.site_id]) for parcel in decision.parcels]),
            _encode([_unfilled_row(unfilled) for unfilled in decision.unfilled])
            if decision.unfilled
            else None,
        )


def _parcel_row(parcel: Parcel, position: int) -> ParcelRow:
    cost = parcel.cost
    units = sum(line.units for line in parcel.lines)
    return ParcelRow(position, units, cost.handling_minor, cost.distance_minor, cost.weight_minor)


def _unfilled_row(unfilled: Unfilled) -> UnfilledRow:
    return UnfilledRow(unfilled.line_id, unfilled.sku_id, unfilled.units, unfilled.reason)


def read_decisions(conn: Conn, order_ids: Sequence[UUID]) -> list[DecisionRow]:
    """Return all decisions about orders, by order and the latest first."""
    return fetch(conn, SQL["read_decisions"], DecisionRow, order_ids=list(order_ids))


def count_decisions(conn: Conn) -> DecisionCounts:
    """Count the decisions."""
    counts = fetch_one(conn, SQL["count_decisions"], DecisionCounts)
    assert counts is not None
    return counts
