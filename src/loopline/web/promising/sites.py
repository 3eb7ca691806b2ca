"""Sites in memory, as columns: where they lie, what their parcels cost, when what is begun now would be ready."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import cos, radians, sin

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.fulfilment.ahead import DayAhead
from loopline.kernel.geography import EARTH_RADIUS_KILOMETRES, Coordinates
from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.kernel.temperatures import TemperatureClass
from loopline.kernel.times import business_day, day_range
from loopline.org import Site, UnitKind
from loopline.promises import Opening, Paces, Terms
from loopline.promises.calendar import NEVER, after_open_minutes
from loopline.promises.rules import NEVER_MINUTE, Integers, band_of, minute_of, moment_of
from loopline.sourcing.costs import FINE
from loopline.sourcing.equipment import Ability, can_send
from loopline.sourcing.model import SiteCost
from loopline.web.promising.options import Made

STORES = frozenset({UnitKind.STORE, UnitKind.MALL})
"""Where a customer can go and take goods away."""
_GRAMS = FINE // 1_000
_QUARTER = 15
_NUMBERS_KEPT = 2_000_000


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """What sites take: on ordinary days, and what is said of single ones. `waiting` orders have no site yet.

    Sites that are `dark` take nothing on any day, until somebody there shows life.
    """

    limits: Mapping[SiteId, int]
    days: Mapping[tuple[SiteId, date], DayAhead]
    waiting: int = 0
    dark: frozenset[SiteId] = frozenset()
    by_site: Mapping[SiteId, Mapping[date, DayAhead]] = {}

    def __post_init__(self) -> None:
        by_site: dict[SiteId, dict[date, DayAhead]] = {}
        for one in self.days.values():
            by_site.setdefault(one.site_id, {})[one.day] = one
        msgspec.structs.force_setattr(self, "by_site", by_site)

    def left(self, site_id: SiteId, day: date) -> int:
        """Return how many more tasks a site takes on a day."""
        return self.left_from(site_id, (day,))[0]

    def left_from(self, site_id: SiteId, days: Sequence[date]) -> list[int]:
        """Return how many more tasks a site takes on each of some days."""
        if site_id in self.dark:
            return [0] * len(days)
        ordinary = self.limits.get(site_id, 0)
        known = self.by_site.get(site_id)
        if known is None:
            return [max(0, ordinary)] * len(days)
        return [_left(known.get(day), ordinary) for day in days]


def _left(day: DayAhead | None, ordinary: int) -> int:
    if day is None:
        return max(0, ordinary)
    limit = ordinary if day.tasks_limit is None else day.tasks_limit
    return max(0, (limit if day.filled_limit is None else min(limit, day.filled_limit)) - day.tasks)


class Sites:
    """The columns of all sites that have a leaf, in order of their ids."""

    def __init__(
        self,
        sites: Sequence[Site],
        *,
        paths: Mapping[SiteId, tuple[NodeId, ...]],
        costs: Mapping[SiteId, SiteCost],
        terms: Terms,
        paces: Paces,
    ) -> None:
        self.sites: tuple[Site, ...] = tuple(
            sorted((one for one in sites if one.id in paths), key=lambda one: one.id)
        )
        self.index = {one.id: place for place, one in enumerate(self.sites)}
        self.by_code = {one.code: place for place, one in enumerate(self.sites)}
        self.openings = [Opening(hours=one.hours, time_zone=one.time_zone) for one in self.sites]
        self.paths = [paths[one.id] for one in self.sites]
        # The nodes above sites, all but the site's own two, each way once: most sites hang in one network.
        self.ways: list[tuple[NodeId, ...]] = list(dict.fromkeys(path[:-2] for path in self.paths))
        self.way_of = [self.ways.index(path[:-2]) for path in self.paths]
        self.is_store: npt.NDArray[np.bool_] = np.array(
            [one.unit_kind in STORES for one in self.sites], np.bool_
        )
        self.ships: npt.NDArray[np.bool_] = np.array([one.id in costs for one in self.sites], np.bool_)
        known = [costs.get(one.id) for one in self.sites]
        self.handling: Integers = (
            np.array([one.handling_minor if one else 0 for one in known], np.int64) * FINE
        )
        self.per_metre: Integers = np.array(
            [one.hundred_kilometres_minor if one else 0 for one in known], np.int64
        )
        self.per_gram: Integers = (
            np.array([one.kilogram_minor if one else 0 for one in known], np.int64) * _GRAMS
        )
        self.ready_minutes = [
            paces.ready.get(
                one.id,
                terms.store_ready_minutes if one.unit_kind in STORES else terms.warehouse_ready_minutes,
            )
            for one in self.sites
        ]
        self.courier_minutes = [paces.couriers.get(one.id, terms.courier_minutes) for one in self.sites]
        self._band_metres = [band.kilometres_most * 1_000 for band in terms.bands]
        self._lane_minutes = [
            [
                paces.lanes.get((one.id, band), paces.bands.get(band, said.minutes))
                for band, said in enumerate(terms.bands)
            ]
            for one in self.sites
        ]
        self._points = _points([one.coordinates for one in self.sites])
        self._under: dict[NodeId, npt.NDArray[np.bool_]] = {}
        self._sending: dict[NodeId, npt.NDArray[np.bool_]] = {}
        self._ways_to: dict[Coordinates, Ways] = {}
        self._ways_kept = max(16, _NUMBERS_KEPT // max(1, len(self.sites)))

    def under(self, node_id: NodeId) -> npt.NDArray[np.bool_]:
        """Return which sites lie under a node."""
        found = self._under.get(node_id)
        if found is None:
            found = np.array([node_id in path for path in self.paths], np.bool_)
            self._under[node_id] = found
        return found

    def sending(self, node_id: NodeId) -> npt.NDArray[np.bool_]:
        """Return which sites under a node send parcels."""
        found = self._sending.get(node_id)
        if found is None:
            found = self.under(node_id) & self.ships
            self._sending[node_id] = found
        return found

    def ways_to(self, to: Coordinates) -> "Ways":
        """Return the ways from all sites to a place; those asked for before are remembered, as many as fit."""
        found = self._ways_to.get(to)
        if found is None:
            metres = self._metres(to)
            found = Ways(metres=metres, fine=self.handling + self.per_metre * metres)
            if len(self._ways_to) >= self._ways_kept:
                self._ways_to.clear()
            self._ways_to[to] = found
        return found

    def _metres(self, to: Coordinates) -> Integers:
        """The ways from all sites as the crow flies, in whole metres."""
        longitude, latitude = radians(to.longitude), radians(to.latitude)
        across = cos(latitude)
        there = np.array((across * cos(longitude), across * sin(longitude), sin(latitude)))
        chord = ((self._points - there) ** 2).sum(axis=1)
        kilometres = 2 * EARTH_RADIUS_KILOMETRES * np.arcsin(np.minimum(1.0, np.sqrt(chord) / 2))
        return np.rint(kilometres * 1_000).astype(np.int64)

    def lane(self, place: int, metres: int) -> tuple[int, int]:
        """Return the band of a way from a site, and the minutes that a parcel is under way in it."""
        band = band_of(metres, self._band_metres)
        return band, self._lane_minutes[place][band]

    def parcels(self, rows: Integers, ways: "Ways", grams: int) -> Integers:
        """Return what a parcel of so many grams costs from each site, in minor units."""
        return (ways.fine.take(rows) + self.per_gram.take(rows) * grams + FINE // 2) // FINE


def able_places(sites: Sites, known: Ability) -> dict[TemperatureClass, npt.NDArray[np.bool_]]:
    """Return by class which sites are equipped to send goods of it."""
    return {
        kind: np.array([can_send(known, one.id, kind) for one in sites.sites], np.bool_)
        for kind in TemperatureClass
    }


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """From every site to one place: whole metres, and what a parcel costs but for its weight, in fine parts."""

    metres: Integers
    fine: Integers


def _points(places: Sequence[Coordinates]) -> npt.NDArray[np.float64]:
    """Places as points on a ball of radius one, so that a way is a chord."""
    degrees = np.radians(np.array([(one.longitude, one.latitude) for one in places]).reshape(-1, 2))
    across = np.cos(degrees[:, 1])
    return np.stack(
        [across * np.cos(degrees[:, 0]), across * np.sin(degrees[:, 0]), np.sin(degrees[:, 1])], axis=1
    )


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """When goods would be ready at each site if they were ordered by `until`: in minutes since 1970.

    It begins on the first day that has room, after what waits for a site already; NEVER_MINUTE where there is none in
    sight. `collect_at` is what is told of it: a full quarter of an hour at which the site is open.
    """

    until: datetime
    ready_at: Integers
    collect_at: Integers
    is_ready: npt.NDArray[np.bool_]
    begins: tuple[int | None, ...]
    made: Made


def calendar_of(
    sites: Sites, days: Days, terms: Terms, *, until: datetime, before: Calendar | None = None
) -> Calendar:
    """Reckon when goods would be ready, for asks until a moment: none of them is promised too early.

    `before`: what was reckoned of the same sites until the same moment; where it begins on the same day it stands.
    """
    rooms = _rooms(sites.sites, days, terms, until)
    later = _days_taken(rooms, days.waiting)
    ready: list[int] = []
    collect: list[int] = []
    begins = [next((day for day in range(later, len(room)) if room[day] > 0), None) for room in rooms]
    if before is not None and before.until == until and before.begins == tuple(begins):
        return before
    for place, (site, after) in enumerate(zip(sites.sites, begins, strict=True)):
        if before is not None and before.until == until and before.begins[place] == after:
            ready.append(int(before.ready_at[place]))
            collect.append(int(before.collect_at[place]))
            continue
        if after is None:
            ready.append(NEVER_MINUTE)
            collect.append(NEVER_MINUTE)
            continue
        start = until
        if after:
            day = business_day(until, site.time_zone) + timedelta(days=after)
            start = max(until, day_range(day, site.time_zone).start)
        done = after_open_minutes(sites.openings[place], start, sites.ready_minutes[place])
        ready.append(NEVER_MINUTE if done == NEVER else minute_of(done))
        collect.append(NEVER_MINUTE if done == NEVER else _collected_at(sites.openings[place], ready[-1]))
    ready_at = np.array(ready, np.int64)
    return Calendar(
        until=until,
        ready_at=ready_at,
        collect_at=np.array(collect, np.int64),
        is_ready=ready_at < NEVER_MINUTE,
        begins=tuple(begins),
        made=Made(),
    )


def _collected_at(opening: Opening, ready_at: int) -> int:
    return minute_of(after_open_minutes(opening, moment_of(quarter(ready_at)), 0))


def quarter(minute: int) -> int:
    """Round a minute up to a quarter of an hour."""
    return -(-minute // _QUARTER) * _QUARTER


def _rooms(sites: Sequence[Site], days: Days, terms: Terms, now: datetime) -> list[list[int]]:
    """How many more tasks each site takes on each day from its own today on."""
    ahead: dict[str, list[date]] = {}
    found: list[list[int]] = []
    for one in sites:
        if one.time_zone not in ahead:
            today = business_day(now, one.time_zone)
            ahead[one.time_zone] = [today + timedelta(days=day) for day in range(terms.horizon_days)]
        found.append(days.left_from(one.id, ahead[one.time_zone]))
    return found


def _days_taken(rooms: Sequence[Sequence[int]], waiting: int) -> int:
    """How many days from now on are used up whole by orders that have no site yet: they come first."""
    if not waiting or not rooms:
        return 0
    taken = 0
    for day in range(len(rooms[0])):
        taken += sum(room[day] for room in rooms)
        if taken > waiting:
            return day
    return len(rooms[0])


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit of stock and a place in a site's day are worth to others, in minor units, by places in the columns.

    `stock`: of each SKU that has a price anywhere, the places that have one and what it is. `capacity`: of all sites;
    None where no site's day is worth anything.
    """

    stock: Mapping[SkuId, tuple[Integers, Integers]] = {}
    capacity: Integers | None = None

    def units(self, sku_id: SkuId, places: Integers) -> Integers:
        """Return what a unit of a SKU is worth to others at some sites, whose places rise."""
        found = np.zeros(len(places), np.int64)
        if sku_id in self.stock and len(places):
            priced, minor = self.stock[sku_id]
            at = np.searchsorted(priced, places)
            at[at == len(priced)] = 0
            is_there = priced[at] == places
            found[is_there] = minor[at[is_there]]
        return found


NO_PRICES = Prices()
