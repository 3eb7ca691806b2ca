"""Commands of sourcing: cost records, and the decisions kept with their explanation."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.sourcing import store
from loopline.sourcing.model import Decision, SiteCost, Wave, WavePlan

PRICES_KEPT = timedelta(days=30)


class CostIsNegative(Refusal, frozen=True, kw_only=True):
    """A parcel from a site cannot cost less than nothing."""

    site_id: str


def set_site_costs(conn: Conn, costs: Sequence[SiteCost], *, now: datetime) -> list[SiteCost | Refusal]:
    """Set what parcels from sites cost, per site and currency; of two for the same, the later in the list holds."""
    outcomes: list[SiteCost | Refusal] = [_judge_cost(cost) for cost in costs]
    latest = {(cost.site_id, cost.currency): cost for cost in outcomes if isinstance(cost, SiteCost)}
    if latest:
        store.put_site_costs(conn, list(latest.values()), now=now)
    return outcomes


def _judge_cost(cost: SiteCost) -> SiteCost | Refusal:
    if min(cost.handling_minor, cost.hundred_kilometres_minor, cost.kilogram_minor) < 0:
        return CostIsNegative(site_id=str(cost.site_id))
    return cost


def record_decisions(conn: Conn, wave: Wave, plan: WavePlan, *, now: datetime) -> bool:
    """Keep the decisions of a wave with their explanation. False, and nothing written, where the wave was kept before.

    Whatever happens to the parcels afterwards, this is what was decided, and why, at that moment; nothing changes it.
    """
    if not record_wave(conn, wave, plan, now=now):
        return False
    record_part(conn, wave, plan.decisions)
    return True


def record_wave(conn: Conn, wave: Wave, plan: WavePlan, *, now: datetime) -> bool:
    """Keep what a wave came to, and its prices; False where it was kept before.

    For waves that are applied in parts: `record_part` keeps the decisions of each.
    """
    assert plan.wave_id == wave.wave_id
    if not store.insert_wave(conn, wave, plan, now=now):
        return False
    if plan.figures is not None:
        store.copy_prices(conn, wave.wave_id, plan.prices)
    return True


def record_part(conn: Conn, wave: Wave, decisions: Sequence[Decision]) -> None:
    """Keep decisions of a wave that is kept, each once, in the transaction that applies them."""
    if decisions:
        store.copy_decisions(conn, wave, decisions)


def sweep_prices(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget what more goods and time were worth to waves longer ago than `PRICES_KEPT`; returns how many."""
    return store.sweep_prices(conn, before=now - PRICES_KEPT, limit=limit)
