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
from loopline.kernel.times import business_day, day_range
from loopline.org import Site, UnitKind
from loopline.promises import Opening, Paces, Terms
from loopline.promises.calendar import NEVER, after_open_minutes
from loopline.promises.rules import NEVER_MINUTE, Integers, bands_of, minute_of, moment_of
from loopline.sourcing.costs import FINE
from loopline.sourcing.model import SiteCost

STORES = frozenset({UnitKind.STORE, UnitKind.MALL})
"""Where a customer can go and take goods away."""
_GRAMS = FINE // 1_000
_QUARTER = 15


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """What sites take: on ordinary days, and what is said of single ones. `waiting` orders have no site yet."""

    limits: Mapping[SiteId, int]
    days: Mapping[tuple[SiteId, date], DayAhead]
    waiting: int = 0

    def left(self, site_id: SiteId, day: date) -> int:
        """Return how many more tasks a site takes on a day."""
        known = self.days.get((site_id, day))
        limit = known.tasks_limit if known is not None and known.tasks_limit is not None else None
        if limit is None:
            limit = self.limits.get(site_id, 0)
        return max(0, limit - (known.tasks if known is not None else 0))


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
        self.band_limits: Integers = np.array(
            [band.kilometres_most * 1_000 for band in terms.bands], np.int64
        )
        self.lanes: Integers = np.array(
            [
                [
                    paces.lanes.get((one.id, band), paces.bands.get(band, said.minutes))
                    for band, said in enumerate(terms.bands)
                ]
                for one in self.sites
            ],
            np.int64,
        ).reshape(len(self.sites), len(terms.bands))
        self._points = _points([one.coordinates for one in self.sites])
        self._under: dict[NodeId, npt.NDArray[np.bool_]] = {}

    def under(self, node_id: NodeId) -> npt.NDArray[np.bool_]:
        """Return which sites lie under a node."""
        found = self._under.get(node_id)
        if found is None:
            found = np.array([node_id in path for path in self.paths], np.bool_)
            self._under[node_id] = found
        return found

    def metres(self, rows: Integers, to: Coordinates) -> Integers:
        """Return the ways from sites as the crow flies, in whole metres."""
        longitude, latitude = radians(to.longitude), radians(to.latitude)
        across = cos(latitude)
        there = np.array((across * cos(longitude), across * sin(longitude), sin(latitude)))
        chord = ((self._points[rows] - there) ** 2).sum(axis=1)
        kilometres = 2 * EARTH_RADIUS_KILOMETRES * np.arcsin(np.minimum(1.0, np.sqrt(chord) / 2))
        return np.rint(kilometres * 1_000).astype(np.int64)

    def bands(self, metres: Integers) -> Integers:
        """Return the band of each way."""
        return bands_of(metres, self.band_limits)

    def parcels(self, rows: Integers, metres: Integers, grams: int) -> Integers:
        """Return what a parcel of so many grams costs from each site, in minor units."""
        fine = self.handling[rows] + self.per_metre[rows] * metres + self.per_gram[rows] * grams
        return (fine + FINE // 2) // FINE


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


def calendar_of(sites: Sites, days: Days, terms: Terms, *, until: datetime) -> Calendar:
    """Reckon when goods would be ready, for asks until a moment: none of them is promised too early."""
    rooms = [_rooms(one, days, terms, until) for one in sites.sites]
    later = _days_taken(rooms, days.waiting)
    ready: list[int] = []
    collect: list[int] = []
    for place, (site, room) in enumerate(zip(sites.sites, rooms, strict=True)):
        after = next((day for day, left in enumerate(room) if left > 0 and day >= later), None)
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
    return Calendar(until=until, ready_at=np.array(ready, np.int64), collect_at=np.array(collect, np.int64))


def _collected_at(opening: Opening, ready_at: int) -> int:
    return minute_of(after_open_minutes(opening, moment_of(quarter(ready_at)), 0))


def quarter(minute: int) -> int:
    """Round a minute up to a quarter of an hour."""
    return -(-minute // _QUARTER) * _QUARTER


def _rooms(site: Site, days: Days, terms: Terms, now: datetime) -> list[int]:
    today = business_day(now, site.time_zone)
    return [days.left(site.id, today + timedelta(days=ahead)) for ahead in range(terms.horizon_days)]


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
    """What a unit of stock and a place in a site's day are worth to others, in minor units."""

    stock: Mapping[tuple[SiteId, SkuId], int] = {}
    capacity: Mapping[SiteId, int] = {}


NO_PRICES = Prices()
