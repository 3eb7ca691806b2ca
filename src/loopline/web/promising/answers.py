"""From what is known to what can be promised: one answer for each ask, with its reason. Nothing is read here."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.catalogue import Fitting
from loopline.kernel.ids import NodeId
from loopline.kernel.refusals import Refusal
from loopline.kernel.temperatures import TemperatureClass
from loopline.processes.places import region_of
from loopline.processes.quotas import events_of
from loopline.promises import PromiseKind, WhyNot
from loopline.promises.calendar import end_of_day
from loopline.promises.rules import (
    Integers,
    best_sites,
    choose_parcels,
    moment_of,
    soonest,
)
from loopline.slots import Way, fee_for
from loopline.web.api.refusals import NoSuchThing
from loopline.web.promising.ahead import has_quota, ships_ahead
from loopline.web.promising.asking import Asked, Asking
from loopline.web.promising.desk import Item, View
from loopline.web.promising.freight import charged, freight_to
from loopline.web.promising.hours import brings_to, chosen, why_not_then
from loopline.web.promising.options import Option
from loopline.web.promising.sites import Ways

_MINUTE = timedelta(minutes=1)
_BROUGHT_BY: Mapping[PromiseKind, Way] = {
    PromiseKind.COURIER: Way.COURIER,
    PromiseKind.FITTING: Way.AT_HOME,
}
"""Who brings goods from a store at an hour."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What can be promised, why not in other ways, and how many units there are of what there is too little of.

    `ships_on`: of what lacks, and can be ordered before there is any, from which day on it ships.
    """

    options: list[Option]
    misses: dict[PromiseKind, WhyNot]
    lacking: dict[str, int]
    ships_on: dict[str, date] = {}


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
        why = _of_fitting(kind, asking)
        if why is not None:
            found: list[Option] | WhyNot = why
        elif kind is PromiseKind.DELIVER:
            found = _delivered(view, asking, lacking)
        elif kind in _BROUGHT_BY:
            found = _brought_at_an_hour(view, asking, kind, named)
        else:
            found = _at_stores(view, asking, kind, named)
        if isinstance(found, WhyNot):
            misses[kind] = found
        else:
            options += found
    ships_on = ships_ahead(view, asking, misses, lacking)
    return Answer(options=options, misses=misses, lacking=lacking, ships_on=ships_on)


def _looked_up(view: View, ask: Asked, *, now: datetime) -> Asking | Refusal:
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
    named = view.named.of(ask, [(one.sku_id, one.product) for one in items])
    if isinstance(named, Refusal):
        return named
    return Asking(
        ask=ask,
        network=terms.network_node_id,
        time_zone=terms.time_zone,
        skus=tuple([one.sku_id for one in items]),
        stocked=tuple([view.shelves.of(one.sku_id) for one in items]),
        codes=tuple(units),
        units=tuple(units.values()),
        grams=tuple([one.grams for one in items]),
        classes=tuple([one.temperature_class for one in items]),
        words=tuple([one.sent_with for one in items]),
        named=named,
        events=events_of(ask.channel, None),
        fitting=_strongest([one.fitting for one in items]),
        now=now,
    )


def _strongest(asked: Sequence[Fitting]) -> Fitting:
    """What an order of some goods needs: what one of them needs all of them get."""
    if Fitting.NEEDED in asked:
        return Fitting.NEEDED
    return Fitting.OFFERED if Fitting.OFFERED in asked else Fitting.NONE


def _of_fitting(kind: PromiseKind, asking: Asking) -> WhyNot | None:
    """Why goods cannot be had in a way, by whether they are fitted."""
    if kind is PromiseKind.FITTING:
        return WhyNot.NOT_FITTED if asking.fitting is Fitting.NONE else None
    return WhyNot.NEEDS_FITTING if asking.fitting is Fitting.NEEDED else None


def _has_room(view: View, asking: Asking, lacking: dict[str, int]) -> bool:
    """Whether the channel's network may still promise what is wanted."""
    path = view.paths.get(asking.network, ())
    ahead = view.ahead
    is_enough = True
    for sku_id, stocked, code, count in zip(
        asking.skus, asking.stocked, asking.codes, asking.units, strict=True
    ):
        room = stocked.room(path, events=asking.events, now=asking.now)
        # Who ordered before there was any gets what there is first.
        if ahead and sku_id in ahead and not has_quota(stocked, asking):
            room = max(0, room - ahead[sku_id].waiting)
        if room < count:
            lacking[code] = room
            is_enough = False
    return is_enough


def _candidates(view: View, asking: Asking) -> tuple[Integers, Integers]:
    """The sites of the network that have something of what is wanted, and what they have, as (sites x lines)."""
    rows = [one.row for one in asking.stocked]
    under = view.sites.under(asking.network)
    if len(rows) == 1:
        mask = under[rows[0].sites]
        return rows[0].sites[mask], rows[0].units[mask][:, None]
    have = np.zeros((len(under), len(rows)), np.int64)
    for place, row in enumerate(rows):
        have[row.sites, place] = row.units
    places = np.flatnonzero(have.any(axis=1) & under)
    return places, have[places]


def _in_both(places: Integers, others: Integers, sites: int) -> Integers:
    """The places that are among others too, of so many sites."""
    is_other = np.zeros(sites, np.bool_)
    is_other[others] = True
    return places[is_other[places]]


def _unit_prices(view: View, asking: Asking, places: Integers) -> Integers:
    """What a unit of each line is worth to others at each site."""
    return np.stack([view.prices.units(sku_id, places) for sku_id in asking.skus], axis=1)


def _parcels(view: View, asking: Asking, places: Integers, ways: Ways) -> Integers:
    """What a parcel from each site weighs: its cost, and the place it takes in the site's day."""
    weights = view.sites.parcels(places, ways, asking.weight_grams)
    return weights if view.prices.capacity is None else weights + view.prices.capacity[places]


def _delivered(view: View, asking: Asking, lacking: dict[str, int]) -> list[Option] | WhyNot:
    to = asking.ask.destination
    if to is None:
        return WhyNot.NO_DESTINATION
    if not _has_room(view, asking, lacking):
        return WhyNot.NO_STOCK
    costs = freight_to(view, asking, to)
    if costs is None:
        return WhyNot.NOT_DELIVERED_THERE
    ways = view.sites.ways_to(to)
    chosen: list[int] = []
    weight = 0
    for kind, part in asking.parts():
        found = _from_one(view, part, kind, ways) or _in_pieces(view, part, kind, ways)
        if isinstance(found, WhyNot):
            return found
        chosen += found[0]
        weight += found[1]
    return [charged(_brought(view, asking, ways, chosen, weight), costs)]


def _in_pieces(
    view: View, asking: Asking, kind: TemperatureClass, ways: Ways
) -> tuple[list[int], int] | WhyNot:
    """The places that send what no single one has: what leaves together from one, the rest from as few as may be."""
    chosen: list[int] = []
    weight = 0
    bound, rest = asking.bound()
    for part in bound:
        one = _from_one(view, part, kind, ways)
        if one is None:
            why = _from_some(view, part, kind, ways)
            return why if isinstance(why, WhyNot) else _not_in_one(view, part, kind)
        chosen += [place for place in one[0] if place not in chosen]
        weight += one[1]
    if rest is None:
        return chosen, weight
    found = _from_some(view, rest, kind, ways)
    if isinstance(found, WhyNot):
        return found
    return chosen + [place for place in found[0] if place not in chosen], weight + found[1]


def _not_in_one(view: View, asking: Asking, kind: TemperatureClass) -> WhyNot:
    """Why no single site sends what leaves in one parcel: none has it all, or who has it has no room in its days."""
    sends = asking.all_named(view.sites.sending(asking.network) & view.able[kind])
    has_all = len(_with_all(asking, sends, selling=False))
    return WhyNot.NO_CAPACITY if has_all else WhyNot.NOT_TOGETHER


def _from_one(view: View, asking: Asking, kind: TemperatureClass, ways: Ways) -> tuple[list[int], int] | None:
    """The place that sends everything in one parcel at the least weight, and that weight; None where none has it all.

    What most asks come to: sites that have too little never become candidates.
    """
    senders = asking.all_named(_senders(view, asking.network, kind))
    places = _with_all(asking, senders, selling=False)
    if not len(places):
        return None
    weights = _parcels(view, asking, places, ways)
    if view.prices.stock:
        for sku_id, units in zip(asking.skus, asking.units, strict=True):
            weights = weights + view.prices.units(sku_id, places) * units
    best = int(weights.argmin())
    return [int(places[best])], int(weights[best])


def _senders(view: View, network: NodeId, kind: TemperatureClass) -> npt.NDArray[np.bool_]:
    """Which sites of a network send parcels of a class and have room in their days."""
    kept = view.calendar.made.senders
    found = kept.get((network, kind))
    if found is None:
        is_sending = view.calendar.is_ready & view.sites.sending(network)
        found = kept[network, kind] = is_sending & view.able[kind]
    return found


def _with_all(asking: Asking, among: npt.NDArray[np.bool_], *, selling: bool) -> Integers:
    """The places among some sites that have enough of every line by themselves, to send or to sell."""
    places = asking.stocked[0].row.with_enough(asking.units[0], among, selling=selling)
    for stocked, units in zip(asking.stocked[1:], asking.units[1:], strict=True):
        places = _in_both(places, stocked.row.with_enough(units, among, selling=selling), len(among))
    return places


def _from_some(
    view: View, asking: Asking, kind: TemperatureClass, ways: Ways
) -> tuple[list[int], int] | WhyNot:
    """The places that send, each a parcel, and what they weigh."""
    places, have = _candidates(view, asking)
    is_anywhere = bool((have.sum(axis=0) >= asking.wanted).all())
    if asking.is_limited:
        have = have * asking.may_send(places)
    is_able = view.able[kind][places]
    can = view.calendar.is_ready[places] & view.sites.ships[places] & is_able
    is_there = bool((have.sum(axis=0) >= asking.wanted).all())
    is_sendable = bool((have[is_able].sum(axis=0) >= asking.wanted).all())
    places, have = places[can], have[can]
    weights = _parcels(view, asking, places, ways)
    choice = choose_parcels(have, asking.wanted, weights, _unit_prices(view, asking, places))
    if choice is None:
        if not is_there:
            return WhyNot.MUST_SHIP_FROM if is_anywhere else WhyNot.NO_STOCK
        return WhyNot.NO_CAPACITY if is_sendable else WhyNot.NOT_EQUIPPED
    return [int(places[row]) for row in choice.rows], choice.weight_minor


def _brought(view: View, asking: Asking, ways: Ways, chosen: list[int], weight: int) -> Option:
    """The delivery that some places send: it is there when the last parcel is."""
    sites, ready_at = view.sites, view.calendar.ready_at
    last, latest, lane = chosen[0], -1, (0, 0)
    for place in chosen:
        band, minutes = sites.lane(place, int(ways.metres[place]))
        arrives = int(ready_at[place]) + minutes
        if arrives > latest:
            last, latest, lane = place, arrives, (band, minutes)
    band, minutes = lane
    return Option(
        kind=PromiseKind.DELIVER,
        site=sites.sites[last],
        place=last,
        sends=tuple([sites.sites[place] for place in chosen]),
        due_at=_day_ends(latest, asking.time_zone),
        ready_minutes=sites.ready_minutes[last],
        lane_minutes=minutes,
        band=band,
        weight_minor=weight,
    )


@lru_cache(maxsize=4_096)
def _day_ends(minute: int, time_zone: str) -> datetime:
    """The end of the day that a minute lies in. There are no more of them at a time than sites and lanes."""
    return end_of_day(moment_of(minute), time_zone)


def _brought_at_an_hour(
    view: View, asking: Asking, kind: PromiseKind, named: list[int] | None
) -> list[Option] | WhyNot:
    """From one store near by that offers it: the one whose next free slot begins first, of those the nearest."""
    to = asking.ask.destination
    if to is None:
        return WhyNot.NO_DESTINATION
    stores = _stores_with(view, asking, named)
    if isinstance(stores, WhyNot):
        return stores
    sites = view.sites
    for cold in set(asking.classes):
        stores = stores[view.able[cold][stores]]
    stores = stores[sites.ships[stores]]
    if not len(stores):
        return WhyNot.NOT_EQUIPPED
    ways = sites.ways_to(to)
    why, way = WhyNot.TOO_FAR, _BROUGHT_BY[kind]
    region_code = region_of(to)
    rooms: dict[int, bool] = {}
    found: list[Option] = []
    for row in best_sites(ways.metres[stores]):
        place = int(stores[row])
        if not brings_to(view, place, way, metres=int(ways.metres[place]), region_code=region_code):
            continue
        if not _may_sell(view, asking, place, rooms):
            why = WhyNot.NO_STOCK
            continue
        one = _by_hour(view, asking, place, ways, kind=kind)
        if isinstance(one, WhyNot):
            why = one
        else:
            found.append(one)
    return [min(found, key=lambda one: one.starts_at or one.due_at)] if found else why


def _by_hour(view: View, asking: Asking, place: int, ways: Ways, *, kind: PromiseKind) -> Option | WhyNot:
    sites, way = view.sites, _BROUGHT_BY[kind]
    site = sites.sites[place]
    slot, hours = chosen(view, asking, place, way)
    if slot is None:
        return why_not_then(view, asking, place, way)
    # A fitter takes as long as the hour is: by its beginning the goods are ready.
    minutes = (slot.ends_at - slot.starts_at) // _MINUTE
    if way is Way.COURIER:
        minutes = sites.courier_minutes[place]
    return Option(
        kind=kind,
        site=site,
        place=place,
        sends=(site,),
        due_at=slot.ends_at,
        ready_minutes=sites.ready_minutes[place],
        lane_minutes=minutes,
        band=None,
        weight_minor=int(sites.parcels(np.array([place]), ways, asking.weight_grams)[0]),
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        fee_minor=fee_for(view.hours[site.id, way], int(ways.metres[place])),
        hours=hours,
    )


def _at_stores(
    view: View, asking: Asking, kind: PromiseKind, named: list[int] | None
) -> list[Option] | WhyNot:
    """At stores: those named, else those near by, else those where it is ready first."""
    sites = view.sites
    stores = _stores_with(view, asking, named)
    if isinstance(stores, WhyNot):
        return stores
    is_open = view.calendar.is_ready[stores]
    stores = stores[is_open]
    if not len(stores):
        return WhyNot.NO_CAPACITY
    to = asking.ask.destination
    order = (
        best_sites(sites.ways_to(to).metres.take(stores))
        if to is not None
        else soonest(view.calendar.ready_at[stores])
    )
    most = view.terms.terms.stores_shown if named is None else len(named)
    rooms: dict[int, bool] = {}
    found: list[Option] = []
    why = WhyNot.NO_STOCK
    for row in order:
        place = int(stores[row])
        if not _may_sell(view, asking, place, rooms):
            continue
        one = _collected(view, place) if kind is PromiseKind.COLLECT else _appointed(view, asking, place)
        if isinstance(one, WhyNot):
            why = one
            if named is None and asking.ask.starts_at is None:
                continue
        else:
            found.append(one)
            if len(found) >= most:
                break
    return found or why


def _stores_with(view: View, asking: Asking, named: list[int] | None) -> Integers | WhyNot:
    """The stores whose own leaf has all that is wanted."""
    sites = view.sites
    if named is not None and not sites.is_store[named].any():
        return WhyNot.NO_SITE
    stores = _with_all(asking, sites.is_store, selling=True)
    if named is not None:
        stores = np.intersect1d(stores, np.array(named, np.int64))
    return stores if len(stores) else WhyNot.NO_STOCK


def _may_sell(view: View, asking: Asking, place: int, rooms: dict[int, bool]) -> bool:
    """Whether what a store has may be promised there.

    `rooms` remembers whether enough is left above, by the way up, which most stores share. What is set aside for events
    may lie at the store itself: of such goods each store is looked at.
    """
    way = view.sites.way_of[place]
    found = rooms.get(way)
    if found is not None:
        return found
    sites = view.sites
    is_shared = True
    is_enough = True
    for stocked, units in zip(asking.stocked, asking.units, strict=True):
        if stocked.quotas:
            is_shared = False
            most = stocked.selling(place)
            room = stocked.room(sites.paths[place], events=asking.events, now=asking.now, most=most)
        else:
            room = stocked.left.least(sites.ways[way])
        is_enough = is_enough and room >= units
    if is_shared:
        rooms[way] = is_enough
    return is_enough


def _collected(view: View, place: int) -> Option:
    kept = view.calendar.made.collected
    found = kept.get(place)
    if found is None:
        site = view.sites.sites[place]
        found = kept[place] = Option(
            kind=PromiseKind.COLLECT,
            site=site,
            place=place,
            sends=(site,),
            due_at=moment_of(int(view.calendar.collect_at[place])),
            ready_minutes=view.sites.ready_minutes[place],
            lane_minutes=0,
            band=None,
            weight_minor=0,
        )
    return found


def _appointed(view: View, asking: Asking, place: int) -> Option | WhyNot:
    site = view.sites.sites[place]
    slot, hours = chosen(view, asking, place, Way.IN_STORE)
    if slot is None:
        return why_not_then(view, asking, place, Way.IN_STORE)
    return Option(
        kind=PromiseKind.APPOINTMENT,
        site=site,
        place=place,
        sends=(site,),
        due_at=slot.starts_at,
        ready_minutes=view.sites.ready_minutes[place],
        lane_minutes=0,
        band=None,
        weight_minor=0,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        hours=hours,
    )
