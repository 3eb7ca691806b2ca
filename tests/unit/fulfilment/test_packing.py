"""The smallest box that takes the goods, and what goes in beside them."""

import pytest

from loopline.fulfilment.packing import (
    HOUSE_BOXES,
    BoxKind,
    GoodsToPack,
    Material,
    Proposal,
    WhyNoBox,
    propose,
)
from loopline.kernel.temperatures import TemperatureClass

AMBIENT, COOL, FROZEN = TemperatureClass


def goods(*sizes_mm: int, units: int = 1, grams: int | None = None, is_fragile: bool = False) -> GoodsToPack:
    known = (sizes_mm[0], sizes_mm[1], sizes_mm[2]) if sizes_mm else None
    return GoodsToPack(units=units, sizes_mm=known, grams=grams, is_fragile=is_fragile)


def box(code: str, *sides: int, grams: int | None = None) -> BoxKind:
    return BoxKind(
        code=code, name=code, length_mm=sides[0], width_mm=sides[1], height_mm=sides[2], grams_most=grams
    )


SMALL, LARGE, LONG = box("S", 100, 100, 100, grams=1_000), box("L", 200, 200, 200), box("X", 500, 110, 110)
BOXES = (LARGE, LONG, SMALL)


@pytest.mark.parametrize(
    ("packed", "code"),
    [
        ([goods(100, 100, 80)], "S"),  # four fifths of the room, exactly
        ([goods(80, 100, 100)], "S"),  # in whatever position
        ([goods(100, 100, 81)], "X"),
        ([goods(101, 10, 10)], "X"),  # too long for its volume
        ([goods(480, 10, 10)], "X"),
        ([goods(501, 10, 10)], None),
        ([goods(50, 50, 50, units=6)], "S"),
        ([goods(50, 50, 50, units=7)], "X"),
        ([goods(50, 50, 50, units=3), goods(50, 50, 50, units=4)], "X"),
        ([goods(10, 10, 10, grams=1_000)], "S"),
        ([goods(10, 10, 10, grams=501, units=2)], "X"),
        ([goods(60, 60, 60, is_fragile=True)], "X"),  # twenty millimetres of padding on each side
        ([goods(50, 50, 30, is_fragile=True)], "S"),
    ],
)
def test_the_smallest_box_that_takes_all_is_proposed(packed: list[GoodsToPack], code: str | None):
    proposal = propose(packed, BOXES, temperature_class=AMBIENT)
    assert proposal.box_code == code
    assert proposal.why_none is (None if code else WhyNoBox.TOO_LARGE)


def test_where_sizes_are_not_known_no_box_is_guessed():
    proposal = propose([goods(10, 10, 10), goods(is_fragile=True)], BOXES, temperature_class=AMBIENT)
    assert proposal == Proposal(box_code=None, materials=(Material.PADDING,), why_none=WhyNoBox.SIZES_UNKNOWN)


@pytest.mark.parametrize(
    ("kind", "code", "materials"),
    [
        (AMBIENT, "C8", ()),
        (COOL, "F-S", (Material.ICE_PACKS,)),
        (FROZEN, "F-S", (Material.DRY_ICE,)),
    ],
)
def test_what_is_cold_goes_into_insulated_boxes(
    kind: TemperatureClass, code: str, materials: tuple[Material, ...]
):
    proposal = propose([goods(150, 100, 100)], HOUSE_BOXES, temperature_class=kind)
    assert (proposal.box_code, proposal.materials) == (code, materials)
