"""One function per SQL statement of `store.sql`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_one, fetch_values, statements
from loopline.kernel.ids import LineId, OrderId, OrgUnitId, SiteId, SkuId, WaveId
from loopline.kernel.temperatures import COLD, TemperatureClass
from loopline.sourcing.model import (
    Decision,
    DecisionCounts,
    Method,
    OpportunityPrice,
    Parcel,
    ParcelCost,
    SiteCost,
    SitePrice,
    Unfilled,
    UnfilledReason,
    Wave,
    WavePlan,
    WaveTold,
)
from loopline.sourcing.settings import Override, SiteSetting

SQL = statements(__file__)

_encode = msgspec.json.Encoder().encode


class ParcelRow(msgspec.Struct, frozen=True, array_like=True):
    """A parcel as stored: `position` is that of its site in the wave."""

    position: int
    units: int
    handling_minor: int
    distance_minor: int
    weight_minor: int
    lateness_minor: int = 0
    refusal_minor: int = 0
    preference_minor: int = 0
    split_minor: int = 0
    credited_minor: int = 0  # the credit, below zero: a row's terms add up
    opportunity_minor: int = 0
    waiting_minor: int = 0
    region_minor: int = 0
    margin_minor: int = 0

    @property
    def cost(self) -> ParcelCost:
        """The terms as sourcing speaks of them."""
        return ParcelCost(
            handling_minor=self.handling_minor,
            distance_minor=self.distance_minor,
            weight_minor=self.weight_minor,
            lateness_minor=self.lateness_minor,
            refusal_minor=self.refusal_minor,
            preference_minor=self.preference_minor,
            split_minor=self.split_minor,
            opportunity_minor=self.opportunity_minor,
            waiting_minor=self.waiting_minor,
            region_minor=self.region_minor,
            margin_minor=self.margin_minor,
            credit_minor=-self.credited_minor,
        )


class UnfilledRow(msgspec.Struct, frozen=True, array_like=True):
    """Unfilled units as stored."""

    line_id: LineId
    sku_id: SkuId
    units: int
    reason: UnfilledReason


class OverrideRow(msgspec.Struct, frozen=True, array_like=True):
    """What a unit had set for a chosen site, as stored: `position` is that of the site in the wave."""

    position: int
    setting: SiteSetting
    value: int
    unit_id: OrgUnitId

    @property
    def override(self) -> Override:
        """The same as sourcing speaks of it."""
        return Override(unit_id=self.unit_id, setting=self.setting, value=self.value)


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its wave, as stored."""

    order_id: OrderId
    wave_id: WaveId
    decided_at: datetime
    profile_version: int | None
    day_prices_version: int | None
    wave_cost_minor: int | None
    wave_bound_minor: int | None
    solver: str
    currency: str
    site_ids: list[SiteId]
    method: Method
    cost_minor: int
    verdicts: str
    prices_minor: list[int]
    parcels: list[ParcelRow]
    unfilled: list[UnfilledRow] | None
    overrides: list[OverrideRow] | None
    parcel_classes: list[TemperatureClass] | None
    late_minor: list[int] | None


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


def insert_wave(conn: Conn, wave: Wave, plan: WavePlan, *, now: datetime) -> bool:
    """Write a wave; False where it was written before."""
    figures = plan.figures
    written = execute(
        conn,
        SQL["insert_wave"],
        wave_id=wave.wave_id,
        now=now,
        solver=plan.solver,
        currency=wave.currency,
        site_ids=[site.site_id for site in wave.sites],
        profile_version=wave.profile_version,
        day_prices_version=wave.later.version,
        orders=len(wave.orders),
        parcels=len(plan.parcels),
        unfilled_units=sum(one.units for decision in plan.decisions for one in decision.unfilled),
        cost_minor=figures.cost_minor if figures else None,
        bound_minor=figures.bound_minor if figures else None,
        seconds=figures.seconds if figures else None,
        terms=_encode(figures.terms).decode() if figures else None,
    )
    return written == 1


def copy_prices(conn: Conn, wave_id: WaveId, prices: Sequence[OpportunityPrice]) -> None:
    """Keep the prices of a wave."""
    copy_rows(
        conn, SQL["copy_prices"], [(wave_id, one.site_id, one.sku_id, one.price_minor) for one in prices]
    )


def sweep_prices(conn: Conn, *, before: datetime, limit: int) -> int:
    """Forget prices of waves decided before a moment."""
    return execute(conn, SQL["sweep_prices"], before=before, limit=limit)


def read_last_prices(conn: Conn, *, currency: str) -> list[OpportunityPrice]:
    """Return the prices of what was solved last in a currency."""
    return fetch(conn, SQL["last_prices"], OpportunityPrice, currency=currency)


def read_last_priced(conn: Conn, *, currency: str) -> list[WaveId]:
    """Return the waves of a currency that left prices last."""
    return [WaveId(one) for one in fetch_values(conn, SQL["last_priced"], currency=currency)]


def read_site_prices(conn: Conn, wave_ids: Sequence[WaveId], sku_ids: Sequence[SkuId]) -> list[SitePrice]:
    """Return what more goods and more time would have saved, by wave and site."""
    return fetch(conn, SQL["site_prices"], SitePrice, wave_ids=list(wave_ids), sku_ids=list(sku_ids))


def copy_decisions(conn: Conn, wave: Wave, decisions: Sequence[Decision]) -> None:
    """Write decisions of a wave."""
    copy_rows(conn, SQL["copy_decisions"], _decision_rows(wave, decisions))


def _decision_rows(wave: Wave, decisions: Sequence[Decision]) -> Iterable[tuple[object, ...]]:
    position_of_site = {site.site_id: position for position, site in enumerate(wave.sites)}
    for decision in decisions:
        overrides = [
            OverrideRow(position, one.setting, one.value, one.unit_id)
            for position in sorted({position_of_site[parcel.site_id] for parcel in decision.parcels})
            for one in wave.sites[position].overrides
        ]
        classes = [parcel.temperature_class for parcel in decision.parcels]
        yield (
            decision.order_id,
            wave.wave_id,
            decision.method.value,
            decision.cost_minor,
            decision.verdicts,
            list(decision.prices_minor),
            _encode([_parcel_row(parcel, position_of_site[parcel.site_id]) for parcel in decision.parcels]),
            _encode([_unfilled_row(unfilled) for unfilled in decision.unfilled])
            if decision.unfilled
            else None,
            _encode(overrides) if overrides else None,
            [one.value for one in classes] if any(one in COLD for one in classes) else None,
            list(decision.late_minor) or None,
        )


def _parcel_row(parcel: Parcel, position: int) -> ParcelRow:
    cost = parcel.cost
    units = sum(line.units for line in parcel.lines)
    return ParcelRow(
        position,
        units,
        cost.handling_minor,
        cost.distance_minor,
        cost.weight_minor,
        cost.lateness_minor,
        cost.refusal_minor,
        cost.preference_minor,
        cost.split_minor,
        -cost.credit_minor,
        cost.opportunity_minor,
        cost.waiting_minor,
        cost.region_minor,
        cost.margin_minor,
    )


def _unfilled_row(unfilled: Unfilled) -> UnfilledRow:
    return UnfilledRow(unfilled.line_id, unfilled.sku_id, unfilled.units, unfilled.reason)


def read_decisions(conn: Conn, order_ids: Sequence[UUID]) -> list[DecisionRow]:
    """Return all decisions about orders, by order and the latest first."""
    return fetch(conn, SQL["read_decisions"], DecisionRow, order_ids=list(order_ids))


def read_last_waves(conn: Conn, *, limit: int) -> list[WaveTold]:
    """Return the waves decided last."""
    return fetch(conn, SQL["last_waves"], WaveTold, limit=limit)


def count_decisions(conn: Conn) -> DecisionCounts:
    """Count the decisions."""
    counts = fetch_one(conn, SQL["count_decisions"], DecisionCounts)
    assert counts is not None
    return counts
