"""Which terms hold for a site, which slots they make, and what a courier costs. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from loopline.kernel.ids import OrgUnitId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import business_day, zone
from loopline.slots.model import COMMENT_MOST, KeptTerms, NewTerms, Slot, SlotTerms, TermsInForce, Way

_DAY_MINUTES = 24 * 60
_MINUTE = timedelta(minutes=1)
_DAYS_MOST = 60
_FEES_MOST = 20
_REGIONS_MOST = 50
_REGION = re.compile(r"[0-9]{2}|[0-9]{6}")
_FEE_MINOR_MOST = 10**8


class WayNotUsable(Refusal, frozen=True, kw_only=True):
    """These hours are not usable: {field} must be between {least} and {most}, and distances rise."""

    field: str
    least: int
    most: int


class RegionsNotUsable(Refusal, frozen=True, kw_only=True):
    """{region_code} is no code of a region: give two digits for a province, six for a city, {most} of them at most."""

    region_code: str
    most: int


class TermsUnitUnknown(Refusal, frozen=True, kw_only=True):
    """There is no unit {unit_code}, or it is not for you."""

    unit_code: str


class TermsNeedAComment(Refusal, frozen=True, kw_only=True):
    """Hours are set with a comment, of at most {most} characters: why it is so."""

    most: int


_RANGES: Mapping[str, tuple[int, int]] = {
    "opens_minute": (0, _DAY_MINUTES - 1),
    "closes_minute": (1, _DAY_MINUTES),
    "slot_minutes": (15, _DAY_MINUTES),
    "places": (1, 1_000),
    "lead_minutes": (0, _DAYS_MOST * _DAY_MINUTES),
    "horizon_days": (0, _DAYS_MOST),
    "kilometres_most": (1, 100),
}


def refusal_of(wanted: NewTerms) -> Refusal | None:
    """Return why terms cannot be set, whoever asks."""
    if not 0 < len(wanted.comment.strip()) <= COMMENT_MOST:
        return TermsNeedAComment(most=COMMENT_MOST)
    return None if wanted.terms is None else _not_usable(wanted.terms)


def _not_usable(terms: SlotTerms) -> Refusal | None:
    for field, (least, most) in _RANGES.items():
        if not least <= getattr(terms, field) <= most:
            return WayNotUsable(field=field, least=least, most=most)
    until = terms.same_day_until_minute
    if until is not None and not 0 <= until <= _DAY_MINUTES:
        return WayNotUsable(field="same_day_until_minute", least=0, most=_DAY_MINUTES)
    if terms.opens_minute + terms.slot_minutes > terms.closes_minute:
        least = terms.opens_minute + terms.slot_minutes
        return WayNotUsable(field="closes_minute", least=least, most=_DAY_MINUTES)
    if not terms.weekdays or not set(terms.weekdays) <= set(range(1, 8)):
        return WayNotUsable(field="weekdays", least=1, most=7)
    return _fees_not_usable(terms) or _regions_not_usable(terms)


def _fees_not_usable(terms: SlotTerms) -> WayNotUsable | None:
    limits = [fee.kilometres_most for fee in terms.fees]
    is_rising = limits == sorted(set(limits)) and all(limit > 0 for limit in limits)
    is_payable = all(0 <= fee.minor <= _FEE_MINOR_MOST for fee in terms.fees)
    if not is_rising or not is_payable or len(limits) > _FEES_MOST:
        return WayNotUsable(field="fees", least=0, most=_FEE_MINOR_MOST)
    return None


def _regions_not_usable(terms: SlotTerms) -> RegionsNotUsable | None:
    odd = next((one for one in terms.region_codes if not _REGION.fullmatch(one)), None)
    if odd is not None or len(terms.region_codes) > _REGIONS_MOST:
        return RegionsNotUsable(region_code=odd or terms.region_codes[-1], most=_REGIONS_MOST)
    return None


def terms_at(
    path: Sequence[OrgUnitId], way: Way, *, kept: Mapping[tuple[OrgUnitId, Way], KeptTerms]
) -> TermsInForce | None:
    """Return what holds at the end of a path from the brand down: the nearest unit that set it decides.

    None: nobody set anything, and the way is not offered.
    """
    for unit_id in reversed(path):
        one = kept.get((unit_id, way))
        if one is not None and one.terms is not None:
            return TermsInForce(terms=one.terms, decided_by=unit_id)
    return None


def fee_for(terms: SlotTerms, metres: int) -> int:
    """Return what a way of so many metres costs the customer, in minor units; nothing where no fee is set."""
    for fee in terms.fees:
        if metres <= fee.kilometres_most * 1_000:
            return fee.minor
    return terms.fees[-1].minor if terms.fees else 0


def goes_to(terms: SlotTerms, *, metres: int, region_code: str) -> bool:
    """Whether somebody comes so far, and into that region: where none is named, into each."""
    is_in = not terms.region_codes or any(
        region_code == one or (len(one) < len(region_code) and region_code.startswith(one))
        for one in terms.region_codes
    )
    return is_in and metres <= terms.kilometres_most * 1_000


def slots_of(terms: SlotTerms, site_id: SiteId, way: Way, *, time_zone: str, now: datetime) -> list[Slot]:
    """Return the slots of a site that can still be asked for at a moment, in their order, full ones too."""
    if not terms.is_offered:
        return []
    today = business_day(now, time_zone)
    found: list[Slot] = []
    for ahead in range(terms.horizon_days + 1):
        day = today + timedelta(days=ahead)
        if day.isoweekday() not in terms.weekdays or (ahead == 0 and _is_cut_off(terms, time_zone, now)):
            continue
        found += [
            one
            for one in _slots_on(terms, site_id, way, day=day, time_zone=time_zone)
            if one.starts_at >= now + terms.lead_minutes * _MINUTE
        ]
    return found


def places_in(terms: SlotTerms, slot: Slot, *, time_zone: str) -> int:
    """Return how many places a slot has by the terms of its site: none, where they do not make this one."""
    day = business_day(slot.starts_at, time_zone)
    is_one = (
        terms.is_offered
        and day.isoweekday() in terms.weekdays
        and slot in _slots_on(terms, slot.site_id, slot.way, day=day, time_zone=time_zone)
    )
    return terms.places if is_one else 0


def _is_cut_off(terms: SlotTerms, time_zone: str, now: datetime) -> bool:
    until = terms.same_day_until_minute
    local = now.astimezone(zone(time_zone))
    return until is not None and local.hour * 60 + local.minute > until


def _slots_on(terms: SlotTerms, site_id: SiteId, way: Way, *, day: date, time_zone: str) -> list[Slot]:
    # By the wall clock: on a day that is shifted a slot begins when the clock says so.
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone(time_zone))
    begins = range(terms.opens_minute, terms.closes_minute - terms.slot_minutes + 1, terms.slot_minutes)
    return [
        Slot(
            site_id=site_id,
            way=way,
            starts_at=(midnight + minute * _MINUTE).astimezone(UTC),
            ends_at=(midnight + (minute + terms.slot_minutes) * _MINUTE).astimezone(UTC),
        )
        for minute in begins
    ]
