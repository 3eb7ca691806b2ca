"""From what is known to what can be promised: one answer for each ask, with its reason. Nothing is read here."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import NodeId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import business_day
from loopline.org import Site
from loopline.processes.quotas import events_of
from loopline.promises import PromiseKind, WhyNot
from loopline.promises.calendar import end_of_day
from loopline.promises.rules import (
    NEVER_MINUTE,
    Integers,
    best_sites,
    choose_parcels,
    free_hours,
    moment_of,
    soonest,
)
from loopline.stock import QuotaName
from loopline.web.api.refusals import NoSuchThing
from loopline.web.promising.desk import Item, View
from loopline.web.promising.sites import quarter
from loopline.web.promising.tokens import spelt_goods

_HOURS_SHOWN = 24


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks: goods through a channel, to a place, in some of the ways there are.

    `site_codes`: only at these, where something is collected or an hour chosen. `starts_at`: the hour chosen.
    `goods` is channel and lines as tokens spell them.
    """

    channel: str
    lines: tuple[tuple[str, int], ...]
    kinds: tuple[PromiseKind, ...]
    destination: Coordinates | None = None
    site_codes: tuple[str, ...] | None = None
    starts_at: datetime | None = None
    goods: bytes = b""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "goods", spelt_goods(self.channel, self.lines))


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One way that can be promised. `sends` are the sites that would send, `site` the one that it hangs on.

    `weight_minor`: what the choice was made by, the worth of goods and room to others included. `hours`: of an
    appointment, all that can still be chosen soon, the first of them promised.
    """

    kind: PromiseKind
    site: Site
    sends: tuple[Site, ...]
    due_at: datetime
    ready_minutes: int
    lane_minutes: int
    band: int | None
    weight_minor: int
    starts_at: datetime | None = None
    hours: tuple[datetime, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What can be promised, why not in other ways, and how many units there are of what there is too little of."""

    options: list[Option]
    misses: dict[PromiseKind, WhyNot]
    lacking: dict[str, int]


class _Asking(msgspec.Struct, frozen=True, kw_only=True):
    """An ask with its codes looked up."""

    ask: Asked
    network: NodeId
    time_zone: str
    skus: tuple[SkuId, ...]
    codes: tuple[str, ...]
    wanted: Integers
    grams: int
    events: Sequence[QuotaName]
    now: datetime


def answer(view: View, ask: Asked, *, now: datetime) -> Answer | Refusal:
    """Answer one ask, or say which channel, SKU or site there is not."""
    asking = _looked_up(view, ask, now=now)
    if isinstance(asking, Refusal):
        return asking
    named: list[int] | None = None
    if ask.site_codes is not None:
        named = []
        for code in ask.site_codes:
            place = view.sites.by_code.get(code)
            if place is None:
                return NoSuchThing(noun="site", value=code)
            named.append(place)
    options: list[Option] = []
    misses: dict[PromiseKind, WhyNot] = {}
    lacking: dict[str, int] = {}
    for kind in ask.kinds:
        if kind is PromiseKind.DELIVER:
            found = _delivered(view, asking, lacking)
        elif kind is PromiseKind.COURIER:
            found = _couriered(view, asking, lacking)
        else:
            found = _at_stores(view, asking, kind, named)
        if isinstance(found, WhyNot):
            misses[kind] = found
        else:
            options += found
    return Answer(options=options, misses=misses, lacking=lacking)


def _looked_up(view: View, ask: Asked, *, now: datetime) -> _Asking | Refusal:
    terms = view.channels.get(ask.channel)
    if terms is None:
        return NoSuchThing(noun="channel", value=ask.channel)
    units: dict[str, int] = {}
    for code, count in ask.lines:
        units[code] = units.get(code, 0) + count
    items: list[Item] = []
    for code in units:
        item = view.items.get(code)
        if item is None:
            return NoSuchThing(noun="sku", value=code)
        items.append(item)
    return _Asking(
        ask=ask,
        network=terms.network_node_id,
        time_zone=terms.time_zone,
        skus=tuple([one.sku_id for one in items]),
        codes=tuple(units),
        wanted=np.array(list(units.values()), np.int64),
        grams=sum([one.grams * count for one, count in zip(items, units.values(), strict=True)]),
        events=events_of(ask.channel, None),
        now=now,
    )


def _has_room(view: View, asking: _Asking, lacking: dict[str, int]) -> bool:
    """Whether the channel's network may still promise what is wanted."""
    path = view.paths.get(asking.network, ())
    is_enough = True
    for sku_id, code, count in zip(asking.skus, asking.codes, asking.wanted.tolist(), strict=True):
        room = view.shelves.room(sku_id, path, events=asking.events, now=asking.now)
        if room < count:
            lacking[code] = room
            is_enough = False
    return is_enough


def _candidates(view: View, asking: _Asking) -> tuple[Integers, Integers]:
    """The sites of the network that have something of what is wanted, and what they have, as (sites x lines)."""
    rows = [view.shelves.row(sku_id) for sku_id in asking.skus]
    under = view.sites.under(asking.network)
    if len(rows) == 1:
        mask = under[rows[0].sites]
        return rows[0].sites[mask], rows[0].units[mask][:, None]
    have = np.zeros((len(under), len(rows)), np.int64)
    for place, row in enumerate(rows):
        have[row.sites, place] = row.units
    places = np.flatnonzero(have.any(axis=1) & under)
    return places, have[places]


def _unit_prices(view: View, asking: _Asking, places: Integers) -> Integers:
    """What a unit of each line is worth to others at each site."""
    worth = np.zeros((len(places), len(asking.skus)), np.int64)
    if view.prices.stock:
        for row, site in enumerate(_sites_at(view, places)):
            for column, sku_id in enumerate(asking.skus):
                worth[row, column] = view.prices.stock.get((site.id, sku_id), 0)
    return worth


def _sites_at(view: View, places: Integers) -> list[Site]:
    return [view.sites.sites[int(place)] for place in places]


def _delivered(view: View, asking: _Asking, lacking: dict[str, int]) -> list[Option] | WhyNot:
    to = asking.ask.destination
    if to is None:
        return WhyNot.NO_DESTINATION
    if not _has_room(view, asking, lacking):
        return WhyNot.NO_STOCK
    sites = view.sites
    places, have = _candidates(view, asking)
    ready = view.calendar.ready_at[places]
    can = (ready < NEVER_MINUTE) & sites.ships[places]
    is_there = bool((have.sum(axis=0) >= asking.wanted).all())
    places, have, ready = places[can], have[can], ready[can]
    metres = sites.metres(places, to)
    weights = sites.parcels(places, metres, asking.grams)
    if view.prices.capacity:
        worth = [view.prices.capacity.get(one.id, 0) for one in _sites_at(view, places)]
        weights = weights + np.array(worth, np.int64)
    choice = choose_parcels(have, asking.wanted, weights, _unit_prices(view, asking, places))
    if choice is None:
        return WhyNot.NO_CAPACITY if is_there else WhyNot.NO_STOCK
    chosen = list(choice.rows)
    bands = sites.bands(metres[chosen])
    lanes = sites.lanes[places[chosen], bands]
    arrives = ready[chosen] + lanes
    last = int(np.argmax(arrives))
    place = int(places[chosen[last]])
    return [
        Option(
            kind=PromiseKind.DELIVER,
            site=sites.sites[place],
            sends=tuple([sites.sites[int(places[row])] for row in chosen]),
            due_at=end_of_day(moment_of(int(arrives[last])), asking.time_zone),
            ready_minutes=sites.ready_minutes[place],
            lane_minutes=int(lanes[last]),
            band=int(bands[last]),
            weight_minor=choice.weight_minor,
        )
    ]


def _couriered(view: View, asking: _Asking, lacking: dict[str, int]) -> list[Option] | WhyNot:
    """From one store near by: the one whose goods are there first, of those the nearest."""
    to = asking.ask.destination
    if to is None:
        return WhyNot.NO_DESTINATION
    sites, terms = view.sites, view.terms.terms
    if not _has_room(view, asking, lacking):
        return WhyNot.NO_STOCK
    places, have = _candidates(view, asking)
    whole = (have >= asking.wanted).all(axis=1) & sites.is_store[places]
    places = places[whole]
    if not len(places):
        return WhyNot.NO_STOCK
    metres = sites.metres(places, to)
    near = metres <= terms.courier_kilometres * 1_000
    places, metres = places[near], metres[near]
    if not len(places):
        return WhyNot.TOO_FAR
    ready = view.calendar.ready_at[places]
    if ready.min() >= NEVER_MINUTE:
        return WhyNot.NO_CAPACITY
    row = int(np.lexsort((metres, ready))[0])
    place = int(places[row])
    site = sites.sites[place]
    return [
        Option(
            kind=PromiseKind.COURIER,
            site=site,
            sends=(site,),
            due_at=moment_of(quarter(int(ready[row]) + terms.courier_minutes)),
            ready_minutes=sites.ready_minutes[place],
            lane_minutes=terms.courier_minutes,
            band=None,
            weight_minor=int(sites.parcels(places[row : row + 1], metres[row : row + 1], asking.grams)[0]),
        )
    ]


def _at_stores(
    view: View, asking: _Asking, kind: PromiseKind, named: list[int] | None
) -> list[Option] | WhyNot:
    """At stores: those named, else those near by, else those where it is ready first."""
    sites = view.sites
    stores = _stores_with(view, asking, named)
    if isinstance(stores, WhyNot):
        return stores
    ready = view.calendar.ready_at[stores]
    is_open = ready < NEVER_MINUTE
    stores, ready = stores[is_open], ready[is_open]
    if not len(stores):
        return WhyNot.NO_CAPACITY
    to = asking.ask.destination
    order = best_sites(sites.metres(stores, to)) if to is not None else soonest(ready)
    most = view.terms.terms.stores_shown if named is None else len(named)
    rooms: dict[tuple[SkuId, int], int] = {}
    found: list[Option] = []
    why = WhyNot.NO_STOCK
    for row in order:
        place = int(stores[row])
        if not _may_sell(view, asking, place, rooms):
            continue
        one = (
            _collected(view, place)
            if kind is PromiseKind.COLLECT
            else _appointed(view, asking, place, moment_of(int(ready[row])))
        )
        if isinstance(one, WhyNot):
            why = one
            if named is None and asking.ask.starts_at is None:
                continue
        else:
            found.append(one)
            if len(found) >= most:
                break
    return found or why


def _stores_with(view: View, asking: _Asking, named: list[int] | None) -> Integers | WhyNot:
    """The stores whose own leaf has all that is wanted."""
    sites = view.sites
    if named is not None and not sites.is_store[named].any():
        return WhyNot.NO_SITE
    wanted = asking.wanted.tolist()
    rows = [view.shelves.row(sku_id) for sku_id in asking.skus]
    stores = rows[0].sites[rows[0].selling >= wanted[0]]
    for row, units in zip(rows[1:], wanted[1:], strict=True):
        stores = np.intersect1d(stores, row.sites[row.selling >= units], assume_unique=True)
    stores = stores[sites.is_store[stores]]
    if named is not None:
        stores = np.intersect1d(stores, np.array(named, np.int64))
    return stores if len(stores) else WhyNot.NO_STOCK


def _may_sell(view: View, asking: _Asking, place: int, rooms: dict[tuple[SkuId, int], int]) -> bool:
    """Whether what a store has may be promised there; `rooms` remembers what is left above, which most stores share."""
    shelves, sites = view.shelves, view.sites
    way = sites.way_of[place]
    for sku_id, units in zip(asking.skus, asking.wanted.tolist(), strict=True):
        if shelves.has_quotas(sku_id):
            most = shelves.selling(sku_id, place)
            path = sites.paths[place]
            room = shelves.room(sku_id, path, events=asking.events, now=asking.now, most=most)
        else:
            room = rooms.get((sku_id, way))
            if room is None:
                room = shelves.room(sku_id, sites.ways[way], events=(), now=asking.now)
                rooms[sku_id, way] = room
        if room < units:
            return False
    return True


def _collected(view: View, place: int) -> Option:
    site = view.sites.sites[place]
    return Option(
        kind=PromiseKind.COLLECT,
        site=site,
        sends=(site,),
        due_at=moment_of(int(view.calendar.collect_at[place])),
        ready_minutes=view.sites.ready_minutes[place],
        lane_minutes=0,
        band=None,
        weight_minor=0,
    )


def _appointed(view: View, asking: _Asking, place: int, ready_at: datetime) -> Option | WhyNot:
    site, terms = view.sites.sites[place], view.terms.terms
    wanted = asking.ask.starts_at
    taken: Mapping[datetime, int] = {
        moment: count for (site_id, moment), count in view.appointments.items() if site_id == site.id
    }
    hours = free_hours(view.sites.openings[place], ready_at, taken=taken, terms=terms)
    hours = [one for one in hours if view.days.left(site.id, business_day(one, site.time_zone)) > 0]
    if wanted is not None and wanted not in hours:
        return _why_not_then(view, asking, taken, ready_at=ready_at)
    if not hours:
        return WhyNot.NO_CAPACITY
    starts_at = wanted or hours[0]
    return Option(
        kind=PromiseKind.APPOINTMENT,
        site=site,
        sends=(site,),
        due_at=starts_at,
        ready_minutes=view.sites.ready_minutes[place],
        lane_minutes=0,
        band=None,
        weight_minor=0,
        starts_at=starts_at,
        hours=tuple(hours[:_HOURS_SHOWN]),
    )


def _why_not_then(
    view: View, asking: _Asking, taken: Mapping[datetime, int], *, ready_at: datetime
) -> WhyNot:
    wanted = asking.ask.starts_at
    assert wanted is not None
    if wanted < ready_at:
        return WhyNot.TOO_SOON
    if taken.get(wanted, 0) >= view.terms.terms.appointments_at_once:
        return WhyNot.SLOT_TAKEN
    return WhyNot.NOT_OPEN
