"""Reads of sourcing: cost records, and why a site was chosen."""

from collections.abc import Sequence

from loopline.db import Conn
from loopline.kernel.ids import OrderId, SiteId, SkuId, WaveId
from loopline.kernel.temperatures import TemperatureClass
from loopline.sourcing import store
from loopline.sourcing.model import (
    DecisionCounts,
    EliminatedSite,
    Explanation,
    OpportunityPrice,
    SiteCost,
    SitePrice,
    StoredParcel,
    Unfilled,
    Verdict,
    WaveTold,
)
from loopline.sourcing.store import DecisionRow


def site_costs(conn: Conn, site_ids: Sequence[SiteId], *, currency: str) -> list[SiteCost]:
    """Return what parcels from sites cost. A site without a record in that currency is left out: it ships nothing."""
    return store.read_site_costs(conn, site_ids, currency=currency)


def explanations(conn: Conn, order_ids: Sequence[OrderId]) -> list[Explanation]:
    """Return every decision about orders, spelt out: by order, the latest first."""
    return [_spell_out(row) for row in store.read_decisions(conn, order_ids)]


def opportunity_prices(conn: Conn, *, currency: str) -> list[OpportunityPrice]:
    """Return what more goods and more time would have saved the wave of a currency that was solved last."""
    return store.read_last_prices(conn, currency=currency)


def last_priced(conn: Conn, *, currency: str) -> list[WaveId]:
    """Return the waves whose prices `opportunity_prices` gives; none where none was solved."""
    return store.read_last_priced(conn, currency=currency)


def site_prices(
    conn: Conn, explained: Sequence[Explanation], sku_ids: Sequence[SkuId]
) -> dict[tuple[WaveId, SiteId], SitePrice]:
    """Return what one more unit of these SKUs, and one more parcel, would have saved the waves of decisions, by site.

    Of long ago nothing is kept any more.
    """
    wave_ids = list({one.wave_id for one in explained})
    found = store.read_site_prices(conn, wave_ids, sku_ids) if wave_ids else []
    return {(one.wave_id, one.site_id): one for one in found}


def last_waves(conn: Conn, *, limit: int) -> list[WaveTold]:
    """Return the waves decided last that had orders, the latest first."""
    return store.read_last_waves(conn, limit=limit)


def decision_counts(conn: Conn) -> DecisionCounts:
    """Count decisions and parcels, for reports; reads them all."""
    return store.count_decisions(conn)


def _spell_out(row: DecisionRow) -> Explanation:
    return Explanation(
        order_id=row.order_id,
        wave_id=row.wave_id,
        decided_at=row.decided_at,
        profile_version=row.profile_version,
        gap=None
        if row.wave_cost_minor is None or row.wave_bound_minor is None
        else (row.wave_cost_minor - row.wave_bound_minor) / max(abs(row.wave_bound_minor), 1),
        day_prices_version=row.day_prices_version,
        solver=row.solver,
        method=row.method,
        currency=row.currency,
        cost_minor=row.cost_minor,
        chosen=tuple(
            StoredParcel(
                site_id=row.site_ids[parcel.position],
                units=parcel.units,
                cost=parcel.cost,
                temperature_class=temperature_class,
                overrides=tuple(
                    one.override for one in row.overrides or () if one.position == parcel.position
                ),
            )
            for parcel, temperature_class in zip(
                row.parcels,
                row.parcel_classes or [TemperatureClass.AMBIENT] * len(row.parcels),
                strict=True,
            )
        ),
        eliminated=tuple(
            EliminatedSite(site_id=site_id, verdict=Verdict(letter), price_minor=price, late_minor=late)
            for site_id, letter, price, late in zip(
                row.site_ids,
                row.verdicts,
                row.prices_minor,
                row.late_minor or [0] * len(row.site_ids),
                strict=True,
            )
            if letter != Verdict.CHOSEN
        ),
        unfilled=tuple(
            Unfilled(
                line_id=unfilled.line_id, sku_id=unfilled.sku_id, units=unfilled.units, reason=unfilled.reason
            )
            for unfilled in row.unfilled or ()
        ),
    )
