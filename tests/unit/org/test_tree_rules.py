"""The shape of the tree: what may hang where, moves that would make a cycle, region codes."""

import csv
from datetime import UTC, datetime

import msgspec
import pytest

from loopline.kernel.ids import OrgUnitId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.org import NewUnit, OpenHours, UnitKind, UnitMove, UnitMoved, is_open
from loopline.org.model import Unit
from loopline.org.rules import (
    Branch,
    CodeNotUsable,
    CodeTaken,
    CountryCodeNotUsable,
    NeedsParent,
    Registered,
    RootDoesNotMove,
    UnknownCode,
    UnknownRegionCode,
    UnknownTimeZone,
    UnknownUnit,
    WouldMakeCycle,
    WrongPlaceInTree,
    plan_moves,
    plan_units,
    region_code_is_wellformed,
)
from tests.make.org import BRAND_UNITS, NOW, new_unit
from tests.shared_data import shared_data

IDS = [OrgUnitId(made) for made in uuid7s(NOW, 12)]


def standing() -> dict[str, Unit]:
    decided = plan_units(BRAND_UNITS, ids=IDS[: len(BRAND_UNITS)], standing={})
    records = [one.record for one in decided if isinstance(one, Registered)]
    assert len(records) == len(BRAND_UNITS)
    return {unit.code: unit for unit in records}


def test_a_path_leads_from_the_top_to_the_unit():
    units = standing()
    assert [
        code for code in ("HX", "WEST", "D-01", "M-01", "S-04") if units[code].id in units["S-04"].path
    ] == [
        "HX",
        "WEST",
        "D-01",
        "M-01",
        "S-04",
    ]
    assert units["S-04"].path[-1] == units["S-04"].id
    assert units["HX"].path == (units["HX"].id,)


@pytest.mark.parametrize(
    ("unit", "refusal"),
    [
        (new_unit(" S-09", UnitKind.STORE, "EAST"), CodeNotUsable(value=" S-09")),
        (new_unit("", UnitKind.STORE, "EAST"), CodeNotUsable(value="")),
        (new_unit("S\u0000", UnitKind.STORE, "EAST"), CodeNotUsable(value="S\u0000")),
        (new_unit("S-09", UnitKind.STORE), NeedsParent(value="S-09")),
        (new_unit("S-09", UnitKind.STORE, "NORTH"), UnknownCode(noun="unit", value="NORTH")),
        (
            new_unit("S-09", UnitKind.STORE, "S-01"),
            WrongPlaceInTree(kind=UnitKind.STORE, parent_kind=UnitKind.STORE),
        ),
        (
            new_unit("R-09", UnitKind.REGION, "M-01"),
            WrongPlaceInTree(kind=UnitKind.REGION, parent_kind=UnitKind.MALL),
        ),
        (
            new_unit("S-09", UnitKind.STORE, "EAST", time_zone="Asia/Pudong"),
            UnknownTimeZone(time_zone="Asia/Pudong"),
        ),
        (
            new_unit("S-09", UnitKind.STORE, "EAST", region_code="310006"),
            UnknownRegionCode(region_code="310006"),
        ),
        (new_unit("S-09", UnitKind.STORE, "EAST", country="cn"), CountryCodeNotUsable(country="cn")),
        (new_unit("S-01", UnitKind.STORE, "WEST"), CodeTaken(value="S-01")),
    ],
)
def test_a_unit_that_cannot_stand_there_is_refused(unit: NewUnit, refusal: Refusal):
    assert plan_units([unit], ids=IDS[-1:], standing=standing()) == [refusal]


def test_the_same_unit_again_is_that_unit_and_another_with_its_code_is_not():
    units = standing()
    decided = plan_units([BRAND_UNITS[4]], ids=IDS[-1:], standing=units)
    assert decided == [Registered(record=units["S-01"], is_new=False)]
    renamed = msgspec.structs.replace(BRAND_UNITS[4], name="Another name")
    assert plan_units([renamed], ids=IDS[-1:], standing=units) == [CodeTaken(value="S-01")]


def test_a_code_asked_for_twice_goes_to_the_first():
    twice = [new_unit("S-09", UnitKind.STORE, "EAST")] * 2
    first, second = plan_units(twice, ids=IDS[-2:], standing=standing())
    assert isinstance(first, Registered)
    assert second == CodeTaken(value="S-09")


def branches() -> dict[str, Branch]:
    return {
        code: Branch(id=unit.id, parent_id=unit.parent_id, kind=unit.kind)
        for code, unit in standing().items()
    }


def moved(*moves: tuple[str, str]) -> list[UnitMoved | Refusal]:
    units = branches()
    asked = [UnitMove(unit_id=units[unit].id, parent_id=units[parent].id) for unit, parent in moves]
    return plan_moves(asked, units=list(units.values()))


def test_a_unit_moves_with_its_branch():
    units = branches()
    assert moved(("D-01", "EAST")) == [
        UnitMoved(unit_id=units["D-01"].id, parent_id=units["EAST"].id, former_parent_id=units["WEST"].id)
    ]


@pytest.mark.parametrize("below", ["WEST", "D-01"])
def test_a_unit_does_not_hang_below_itself_or_its_own_branch(below: str):
    units = branches()
    assert moved(("WEST", below)) == [WouldMakeCycle(unit_id=units["WEST"].id, parent_id=units[below].id)]


def test_two_moves_that_would_close_a_circle_together_do_not():
    """Each alone is fine; the second is decided on the tree that the first one left."""
    units = branches()
    first, second = moved(("EAST", "D-01"), ("WEST", "EAST"))
    assert isinstance(first, UnitMoved)
    assert second == WouldMakeCycle(unit_id=units["WEST"].id, parent_id=units["EAST"].id)


def test_the_top_does_not_move():
    assert moved(("HX", "EAST")) == [RootDoesNotMove(unit_id=branches()["HX"].id)]


def test_a_store_takes_no_region():
    assert moved(("EAST", "S-03")) == [WrongPlaceInTree(kind=UnitKind.REGION, parent_kind=UnitKind.STORE)]


def test_a_unit_that_is_not_there_does_not_move():
    units = branches()
    move = UnitMove(unit_id=IDS[-1], parent_id=units["EAST"].id)
    assert plan_moves([move], units=list(units.values())) == [UnknownUnit(unit_id=IDS[-1])]


@pytest.mark.parametrize(
    ("region_code", "is_code"),
    [
        ("310000", True),
        ("310106", True),
        ("469001", True),
        ("810000", True),
        ("310006", False),
        ("160000", False),
        ("31010", False),
        ("3101060", False),
        ("３１０１０６", False),
        ("", False),
    ],
)
def test_a_region_code_has_a_province_and_no_district_without_a_prefecture(region_code: str, is_code: bool):
    assert region_code_is_wellformed(region_code) is is_code


def test_every_real_region_code_is_taken():
    with shared_data("china/adcodes.csv").open(encoding="utf-8", newline="") as file:
        codes = [row["adcode"][:6] for row in csv.DictReader(file)]
    assert [code for code in codes if not region_code_is_wellformed(code)] == []
    assert len(codes) == 3511


EVENING = (OpenHours(weekday=5, opens_minute=18 * 60, closes_minute=26 * 60),)


@pytest.mark.parametrize(
    ("at", "is_it"),
    [
        (datetime(2025, 3, 7, 9, 59, tzinfo=UTC), False),  # Friday 17:59 in Shanghai
        (datetime(2025, 3, 7, 10, 0, tzinfo=UTC), True),
        (datetime(2025, 3, 7, 17, 59, tzinfo=UTC), True),  # Saturday 01:59
        (datetime(2025, 3, 7, 18, 0, tzinfo=UTC), False),
        (datetime(2025, 3, 6, 17, 0, tzinfo=UTC), False),  # Friday 01:00: the night of Thursday
    ],
)
def test_a_place_is_open_by_its_own_clock_beyond_midnight(at: datetime, is_it: bool):
    assert is_open(EVENING, at=at, time_zone="Asia/Shanghai") is is_it


def test_a_week_begins_anew_on_monday():
    sunday_night = (OpenHours(weekday=7, opens_minute=1200, closes_minute=1500),)
    monday_half_past_midnight = datetime(2025, 3, 9, 16, 30, tzinfo=UTC)
    assert is_open(sunday_night, at=monday_half_past_midnight, time_zone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("weekday", "opens", "closes"),
    [(0, 0, 60), (8, 0, 60), (1, -1, 60), (1, 1440, 1500), (1, 60, 60), (1, 60, 1501)],
)
def test_hours_that_cannot_be_are_not_made(weekday: int, opens: int, closes: int):
    with pytest.raises(ValueError, match=r"weekday|opening|closing"):
        OpenHours(weekday=weekday, opens_minute=opens, closes_minute=closes)
