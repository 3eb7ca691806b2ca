from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.events import EventBody, event, read
from loopline.kernel.geography import Coordinates, great_circle_kilometres
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.times import TimeRange, business_day, day_range


class NotEnoughUnits(Refusal, frozen=True, kw_only=True):
    """Only {free} units are free,
    {asked} were asked.
    """

    free: int
    asked: int


class UnitsCounted(EventBody, frozen=True, kw_only=True):
    units: int


def test_a_refusal_has_a_code_data_and_a_sentence():
    refusal = NotEnoughUnits(free=2, asked=3)
    assert refusal.code == "not_enough_units"
    assert refusal.fields == {"free": 2, "asked": 3}
    assert refusal.message() == "Only 2 units are free, 3 were asked."


def test_an_event_is_read_as_what_was_said():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    stored = event(UnitsCounted(units=4), subject=UUID(int=7), at=at)
    assert (stored.type, stored.version, stored.subject, stored.actor) == (
        "units_counted",
        1,
        UUID(int=7),
        "system",
    )
    assert read(stored, UnitsCounted) == UnitsCounted(units=4)


def test_an_event_of_another_shape_is_not_read():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    stored = msgspec.structs.replace(
        event(UnitsCounted(units=4), subject=UUID(int=7), at=at), data=b'{"units":"x"}'
    )
    with pytest.raises(msgspec.ValidationError):
        read(stored, UnitsCounted)


def test_great_circle_from_shanghai_to_beijing():
    shanghai = Coordinates(longitude=121.4737, latitude=31.2304)
    beijing = Coordinates(longitude=116.4074, latitude=39.9042)
    assert round(great_circle_kilometres(shanghai, beijing)) == 1067


def test_coordinates_off_the_earth_are_no_coordinates():
    with pytest.raises(ValueError, match="longitude"):
        Coordinates(longitude=181, latitude=0)


def test_business_day_is_cut_in_the_zone_of_the_site():
    late = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
    assert business_day(late, "Asia/Shanghai") == date(2026, 3, 2)
    assert business_day(late, "Europe/London") == date(2026, 3, 1)


def test_a_day_of_changing_clocks_has_23_hours():
    day = day_range(date(2026, 3, 29), "Europe/London")
    assert day.end is not None
    assert (day.end - day.start).total_seconds() == 23 * 3600


def test_time_range_is_half_open():
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    assert TimeRange(start=start, end=end).contains(start)
    assert not TimeRange(start=start, end=end).contains(end)
    with pytest.raises(ValueError, match="ends after it starts"):
        TimeRange(start=start, end=start)


def test_what_belongs_to_no_site_belongs_to_the_whole_brand():
    site = SiteId(UUID(int=1))
    branch = Scope(sites=frozenset({site}))
    assert branch.covers_site(site)
    assert not branch.covers_site(SiteId(UUID(int=2)))
    assert not branch.covers_site(None)
    assert Scope(everything=True).covers_site(None)
