"""Which terms hold, which slots they make, what a courier costs: pure."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline.kernel.ids import OrgUnitId, SiteId
from loopline.slots import Fee, KeptTerms, NewTerms, Slot, SlotTerms, TermsNeedAComment, Way, WayNotUsable
from loopline.slots.rules import fee_for, places_in, refusal_of, slots_of, terms_at

SITE = SiteId(UUID(int=7))
ZONE = "Asia/Shanghai"
MONDAY_NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
BRAND, REGION, STORE = (OrgUnitId(UUID(int=number)) for number in (1, 2, 3))


def hours(terms: SlotTerms, now: datetime = MONDAY_NOON) -> list[str]:
    """The slots as day and hours by the wall clock."""
    found = slots_of(terms, SITE, Way.COURIER, time_zone=ZONE, now=now)
    shift = timedelta(hours=8)
    return [f"{one.starts_at + shift:%a %H:%M}-{one.ends_at + shift:%H:%M}" for one in found]


def terms(**fields: Any) -> SlotTerms:
    stated: dict[str, Any] = {"opens_minute": 600, "closes_minute": 1_080, "horizon_days": 0}
    return SlotTerms(**(stated | fields))


def test_slots_follow_one_another_and_end_with_the_day():
    # At noon, with an hour ahead: the slot at noon has begun, that at two can still be had; none ends after six.
    assert hours(terms()) == ["Mon 14:00-16:00", "Mon 16:00-18:00"]
    assert hours(terms(closes_minute=1_079)) == ["Mon 14:00-16:00"]


def test_a_slot_can_be_asked_for_until_its_lead_and_not_after():
    assert hours(terms(lead_minutes=120)) == ["Mon 14:00-16:00", "Mon 16:00-18:00"]
    assert hours(terms(lead_minutes=121)) == ["Mon 16:00-18:00"]


def test_the_own_day_is_cut_off_after_its_minute_and_the_next_is_not():
    both = terms(same_day_until_minute=720, horizon_days=1)
    assert hours(both)[0] == "Mon 14:00-16:00"
    assert hours(both, MONDAY_NOON + timedelta(minutes=1))[0] == "Tue 10:00-12:00"


def test_only_the_days_that_are_named_and_as_far_as_they_are_looked_at():
    assert hours(terms(weekdays=(2, 4), horizon_days=3, closes_minute=720)) == [
        "Tue 10:00-12:00",
        "Thu 10:00-12:00",
    ]
    assert hours(terms(weekdays=(2, 4), horizon_days=2, closes_minute=720)) == ["Tue 10:00-12:00"]
    assert hours(terms(is_offered=False)) == []


def test_places_are_those_of_a_slot_that_the_terms_make_and_of_no_other():
    (first, _) = slots_of(terms(), SITE, Way.COURIER, time_zone=ZONE, now=MONDAY_NOON)
    assert places_in(terms(places=3), first, time_zone=ZONE) == 3
    shifted = Slot(
        site_id=SITE,
        way=Way.COURIER,
        starts_at=first.starts_at + timedelta(minutes=1),
        ends_at=first.ends_at + timedelta(minutes=1),
    )
    assert places_in(terms(places=3), shifted, time_zone=ZONE) == 0
    assert places_in(terms(places=3, slot_minutes=60), first, time_zone=ZONE) == 0
    assert places_in(terms(places=3, weekdays=(2,)), first, time_zone=ZONE) == 0
    assert places_in(terms(places=3, is_offered=False), first, time_zone=ZONE) == 0


@pytest.mark.parametrize(
    ("metres", "minor"), [(0, 500), (3_000, 500), (3_001, 900), (8_000, 900), (20_000, 900)]
)
def test_a_courier_costs_by_distance_and_the_last_fee_has_no_end(metres: int, minor: int):
    fees = (Fee(kilometres_most=3, minor=500), Fee(kilometres_most=8, minor=900))
    assert fee_for(SlotTerms(fees=fees), metres) == minor
    assert fee_for(SlotTerms(), metres) == 0


def kept(unit_id: OrgUnitId, said: SlotTerms | None) -> dict[tuple[OrgUnitId, Way], KeptTerms]:
    one = KeptTerms(
        unit_id=unit_id, way=Way.COURIER, terms=said, comment="x", set_at=MONDAY_NOON, set_by="person:1"
    )
    return {(unit_id, Way.COURIER): one}


def test_the_nearest_unit_that_set_it_decides():
    path = (BRAND, REGION, STORE)
    of_brand, of_region = SlotTerms(places=1), SlotTerms(places=2)
    found = terms_at(path, Way.COURIER, kept=kept(BRAND, of_brand) | kept(REGION, of_region))
    assert found is not None
    assert (found.terms, found.decided_by) == (of_region, REGION)
    # What was taken back decides nothing.
    found = terms_at(path, Way.COURIER, kept=kept(BRAND, of_brand) | kept(REGION, None))
    assert found is not None
    assert (found.terms, found.decided_by) == (of_brand, BRAND)
    assert terms_at(path, Way.IN_STORE, kept=kept(BRAND, of_brand)) is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"places": 0}, "places"),
        ({"slot_minutes": 14}, "slot_minutes"),
        ({"opens_minute": 1_000, "closes_minute": 1_119}, "closes_minute"),
        ({"weekdays": ()}, "weekdays"),
        ({"weekdays": (0,)}, "weekdays"),
        ({"kilometres_most": 0}, "kilometres_most"),
        ({"same_day_until_minute": 1_441}, "same_day_until_minute"),
        ({"fees": (Fee(kilometres_most=8, minor=1), Fee(kilometres_most=3, minor=2))}, "fees"),
        ({"fees": (Fee(kilometres_most=8, minor=-1),)}, "fees"),
    ],
)
def test_terms_that_make_no_slots_are_refused(fields: dict[str, Any], field: str):
    wanted = NewTerms(unit_code="S", way=Way.COURIER, terms=SlotTerms(**fields), comment="why")
    refusal = refusal_of(wanted)
    assert isinstance(refusal, WayNotUsable)
    assert refusal.field == field


def test_terms_need_a_comment():
    wanted = NewTerms(unit_code="S", way=Way.COURIER, terms=SlotTerms(), comment=" ")
    assert isinstance(refusal_of(wanted), TermsNeedAComment)
    assert refusal_of(NewTerms(unit_code="S", way=Way.COURIER, terms=SlotTerms(), comment="why")) is None
