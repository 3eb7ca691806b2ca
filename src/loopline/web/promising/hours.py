"""Couriers and appointments: which slots a place can keep and has free, from what is known. Nothing is read here."""

from datetime import datetime, timedelta

from loopline.kernel.times import business_day
from loopline.org import Site
from loopline.promises import WhyNot
from loopline.promises.rules import NEVER_MINUTE, free_hours, moment_of
from loopline.slots import Slot, SlotTerms, Way, slots_of
from loopline.web.promising.asking import Asking
from loopline.web.promising.desk import View

_HOURS_SHOWN = 24


def courier_terms(view: View, place: int, metres: int) -> SlotTerms | None:
    """What a store says of its couriers, where it has any that go so far: no further than the terms of the house."""
    terms = view.hours.get((view.sites.sites[place].id, Way.COURIER))
    if terms is None or not terms.is_offered:
        return None
    reach = min(terms.kilometres_most, view.terms.terms.courier_kilometres) * 1_000
    return terms if metres <= reach else None


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
    if way is Way.COURIER:
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
