"""What changed of a setting: the fields that differ, before and after."""

from enum import StrEnum

import msgspec

from loopline.kernel.changes import Part, parts_of


class Colour(StrEnum):
    RED = "red"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    units: int = 1
    is_on: bool = True
    colour: Colour | None = None
    days: tuple[int, ...] = ()


def test_only_what_differs_is_told_in_the_order_of_the_record():
    after = Terms(days=(1, 2), units=3, colour=Colour.RED)
    assert parts_of(Terms(), after) == (
        Part(field="units", before=1, after=3),
        Part(field="colour", before=None, after="red"),
        Part(field="days", before="[]", after="[1,2]"),
    )
    assert parts_of(after, after) == ()


def test_what_was_not_set_or_is_not_any_more_is_none():
    assert parts_of(None, Terms(units=0, is_on=False)) == (
        Part(field="units", before=None, after=0),
        Part(field="is_on", before=None, after=False),
        Part(field="days", before=None, after="[]"),
    )
    assert parts_of(Terms(), None)[1] == Part(field="is_on", before=True, after=None)
    assert parts_of(None, None) == ()
