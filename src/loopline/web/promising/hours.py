"""Couriers, fitters and appointments: which slots a place can keep and has free, from what is known. Reads nothing."""

from datetime import datetime, timedelta

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.kernel.times import business_day
from loopline.org import Site
from loopline.promises import WhyNot
from loopline.promises.rules import NEVER_MINUTE, free_hours, moment_of
from loopline.slots import BRINGING, Slot, Way, goes_to, slots_of
from loopline.web.promising.asking import Asking
from loopline.web.promising.desk import View

_HOURS_SHOWN = 24
_NEAR_SHOWN = 3


def brings_to(view: View, place: int, way: Way, *, metres: int, region_code: str) -> bool:
    """Whether a store's couriers or fitters go so far, and there; couriers no further than the terms of the house."""
    terms = view.hours.get((view.sites.sites[place].id, way))
    if terms is None or not terms.is_offered or not goes_to(terms, metres=metres, region_code=region_code):
        return False
    return way is not Way.COURIER or metres <= view.terms.terms.courier_kilometres * 1_000


class FitterNear(msgspec.Struct, frozen=True, kw_only=True):
    """A store that fits at home, how far it lies from an address, and how far its fitters go."""

    site: Site
    kilometres: int
    kilometres_most: int


def fitters_near(view: View, to: Coordinates) -> list[FitterNear]:
    """Return the stores nearest to an address that fit at home, though nobody comes there: what to try instead."""
    metres = view.sites.ways_to(to).metres
    offering = [
        (int(metres[place]), place, terms.kilometres_most)
        for place, site in enumerate(view.sites.sites)
        if (terms := view.hours.get((site.id, Way.AT_HOME))) is not None
        and terms.is_offered
        and view.sites.is_store[place]
    ]
    return [
        FitterNear(site=view.sites.sites[place], kilometres=-(-far // 1_000), kilometres_most=most)
        for far, place, most in sorted(offering)[:_NEAR_SHOWN]
    ]


def chosen(view: View, asking: Asking, place: int, way: Way) -> tuple[Slot | None, tuple[datetime, ...]]:
    """The slot asked for, or the first free one, and when those begin that are free: on days that have room."""
    site = view.sites.sites[place]
    free = [
        one
        for one in _slots(view, place, way)
        if view.taken.get((site.id, way, one.starts_at), 0) < _places(view, site, way)
        and view.days.left(site.id, business_day(one.starts_at, site.time_zone)) > 0
    ]
    wanted = asking.ask.starts_at
    slot = next((one for one in free if wanted is None or one.starts_at == wanted), None)
    return slot, tuple([one.starts_at for one in free[:_HOURS_SHOWN]])


def _places(view: View, site: Site, way: Way) -> int:
    terms = view.hours.get((site.id, way))
    return view.terms.terms.appointments_at_once if terms is None else terms.places


def _slots(view: View, place: int, way: Way) -> list[Slot]:
    """The slots of a place that can be kept: goods are ready by then and, by courier, there before the slot ends."""
    kept = view.calendar.made.slots
    found = kept.get((place, way))
    if found is None:
        found = kept[place, way] = _reckoned(view, place, way)
    return found


def _reckoned(view: View, place: int, way: Way) -> list[Slot]:
    site, minute = view.sites.sites[place], int(view.calendar.ready_at[place])
    if minute >= NEVER_MINUTE:
        return []
    ready_at = moment_of(minute)
    terms = view.hours.get((site.id, way))
    if terms is not None:
        arrives = ready_at + timedelta(minutes=view.sites.courier_minutes[place])
        # Reckoned for the end of the minutes that the calendar is good for.
        offered = slots_of(terms, site.id, way, time_zone=site.time_zone, now=view.calendar.until)
        if way is Way.COURIER:
            return [one for one in offered if one.ends_at >= arrives]
        return [one for one in offered if one.starts_at >= ready_at]
    if way in BRINGING:
        return []
    of_house = view.terms.terms
    length = timedelta(minutes=of_house.appointment_minutes)
    return [
        Slot(site_id=site.id, way=way, starts_at=one, ends_at=one + length)
        for one in free_hours(view.sites.openings[place], ready_at, taken={}, terms=of_house)
    ]


def why_not_then(view: View, asking: Asking, place: int, way: Way) -> WhyNot:
    site, wanted = view.sites.sites[place], asking.ask.starts_at
    if wanted is None:
        return WhyNot.NO_CAPACITY
    if view.taken.get((site.id, way, wanted), 0) >= _places(view, site, way):
        return WhyNot.SLOT_TAKEN
    if wanted < moment_of(int(view.calendar.ready_at[place])):
        return WhyNot.TOO_SOON
    return WhyNot.NOT_OPEN
