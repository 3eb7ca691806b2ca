"""Equip: somebody says what a site can send, and what of it no more; orders that waited for such a site go on.

Work that was put to a site stays its work. Takes the turn of giving goods, so that no wave puts orders off for what was
declared a moment ago; then locks what sites are equipped for, then orders.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import orders, org
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.changes import Part
from loopline.kernel.events import Event
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.temperatures import COLD, TemperatureClass
from loopline.org import Site
from loopline.processes.settings_told import SettingKind, setting_told
from loopline.processes.turn import take_turn
from loopline.sourcing.equipment import (
    Declared,
    Equipment,
    Withdrawn,
    change_equipment,
    equipment,
    lock_to_change,
)


class SiteWish(msgspec.Struct, frozen=True, kw_only=True):
    """A site is to send goods of these classes beside what is ambient, and of no other.

    `known`: the classes it sent when somebody looked and wished so; None: whatever it sends now.
    """

    site_code: str
    classes: frozenset[TemperatureClass]
    known: frozenset[TemperatureClass] | None = None


class EquipmentChanged(Refusal, frozen=True, kw_only=True):
    """What site {site_code} can send was changed meanwhile by somebody else: look again, then decide."""

    site_code: str


class SiteNotYours(Refusal, frozen=True, kw_only=True):
    """There is no site {site_code}, or it is not for you."""

    site_code: str


class SiteAbility(msgspec.Struct, frozen=True, kw_only=True):
    """What a site can send beside what is ambient, coldest last, each with when and by whom it was declared."""

    site: Site
    equipment: tuple[Equipment, ...]


def abilities(conn: Conn, *, scope: Scope) -> list[SiteAbility]:
    """Return what the sites in scope can send, in order of code; those that send nothing cold too."""
    sites = sorted(
        (site for site in org.branch_sites(conn) if scope.covers_site(site.id)), key=lambda one: one.code
    )
    known = _by_site(equipment(conn, [site.id for site in sites]))
    return [SiteAbility(site=site, equipment=tuple(known.get(site.id, ()))) for site in sites]


def equip(
    conn: Conn, wishes: Sequence[SiteWish], *, scope: Scope, by: str, now: datetime
) -> list[SiteWish | Refusal]:
    """Write what sites in scope can send; of two wishes for one the last holds.

    Refused: sites outside scope, without a word of whether there is such a site, and wishes of who knew another state
    than there is now. What is declared anew is looked for by the orders that wait for it at once; what is taken away
    ends no earlier than the last work that was put to the site by it.
    """
    take_turn(conn)
    sites = org.sites_by_code(conn, [one.site_code for one in wishes])
    outcomes = [_judged(one, sites, scope) for one in wishes]
    asked = {sites[one.site_code].id for one in outcomes if isinstance(one, SiteWish)}
    has = {(one.site_id, one.temperature_class) for one in (lock_to_change(conn, asked) if asked else ())}
    outcomes = [_as_known(one, sites, has) if isinstance(one, SiteWish) else one for one in outcomes]
    wanted = {sites[one.site_code].id: one.classes for one in outcomes if isinstance(one, SiteWish)}
    declared = [
        Declared(site_id=site_id, temperature_class=kind)
        for site_id, kinds in wanted.items()
        for kind in COLD
        if kind in kinds and (site_id, kind) not in has
    ]
    gone = [
        (site_id, kind) for site_id, kind in sorted(has) if site_id in wanted and kind not in wanted[site_id]
    ]
    change_equipment(conn, declared=declared, withdrawn=_withdrawn(conn, gone, now=now), now=now, by=by)
    if declared:
        orders.wake_up(conn, orders.WaitsFor.EQUIPMENT, now=now)
    log.append(conn, _told({site.id: site for site in sites.values()}, has, wanted, by=by, now=now))
    return outcomes


def _told(
    sites: Mapping[SiteId, Site],
    has: Collection[tuple[SiteId, TemperatureClass]],
    wanted: Mapping[SiteId, Collection[TemperatureClass]],
    *,
    by: str,
    now: datetime,
) -> list[Event]:
    """Tell of each site what it could send beside what is ambient, and what it can now."""
    told: list[Event] = []
    for site_id, kinds in wanted.items():
        parts = [
            Part(field=kind.value, before=(site_id, kind) in has, after=kind in kinds)
            for kind in COLD
            if ((site_id, kind) in has) is not (kind in kinds)
        ]
        site = sites[site_id]
        told += setting_told(SettingKind.EQUIPMENT, site.code, parts, subject=site.unit_id, by=by, now=now)
    return told


def _judged(one: SiteWish, sites: Mapping[str, Site], scope: Scope) -> SiteWish | Refusal:
    site = sites.get(one.site_code)
    return one if site is not None and scope.covers_site(site.id) else SiteNotYours(site_code=one.site_code)


def _as_known(
    one: SiteWish, sites: Mapping[str, Site], has: Collection[tuple[SiteId, TemperatureClass]]
) -> SiteWish | Refusal:
    sends = frozenset(kind for site_id, kind in has if site_id == sites[one.site_code].id)
    is_known = one.known is None or one.known == sends
    return one if is_known else EquipmentChanged(site_code=one.site_code)


def _withdrawn(
    conn: Conn, gone: Collection[tuple[SiteId, TemperatureClass]], *, now: datetime
) -> list[Withdrawn]:
    """Say until when each could be sent: whoever read the clock before us may have put work to the site after it."""
    last = fulfilment.last_cold_offers(conn, {site_id for site_id, _ in gone}) if gone else {}
    return [
        Withdrawn(site_id=site_id, temperature_class=kind, until=max(now, last.get((site_id, kind), now)))
        for site_id, kind in gone
    ]


def _by_site(known: Sequence[Equipment]) -> dict[SiteId, list[Equipment]]:
    found: dict[SiteId, list[Equipment]] = {}
    for one in known:
        found.setdefault(one.site_id, []).append(one)
    return found
