"""Lots: first expired first out, two sums that hold whatever happens, plans that give way to what was really taken."""

from datetime import date
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import given

from loopline.kernel.ids import AllocationId, LotId, SkuId
from loopline.stock.rules.lots import (
    damage_units,
    pass_on_damage,
    plan,
    put_units,
    shrink_plan,
    take_units,
    throw_away,
)
from loopline.stock.shelf import Shelf, ShelfLot

SKU = SkuId(UUID(int=1))
UNNAMED = LotId(SKU)
MAY, JUNE, NEVER = LotId(UUID(int=11)), LotId(UUID(int=12)), LotId(UUID(int=13))
FIRST, SECOND = AllocationId(UUID(int=21)), AllocationId(UUID(int=22))


def shelf_of(may: int = 0, june: int = 0, never: int = 0, *, unnamed: int = 0) -> Shelf:
    lots = [
        ShelfLot(lot_id=NEVER, code="N", units=never),
        ShelfLot(lot_id=JUNE, code="J", units=june, sell_until=date(2026, 6, 30)),
        ShelfLot(lot_id=MAY, code="M", units=may, sell_until=date(2026, 5, 31)),
        ShelfLot(lot_id=UNNAMED, code="", is_unnamed=True, units=unnamed),
    ]
    return Shelf(SKU, lots)


def units(shelf: Shelf) -> tuple[int, int, int, int]:
    may, june, never, unnamed = (shelf.lots[one].units for one in (MAY, JUNE, NEVER, UNNAMED))
    return may, june, never, unnamed


def test_what_expires_first_leaves_first_and_what_never_expires_last():
    shelf = shelf_of(2, 3, 4, unnamed=1)
    assert take_units(shelf, 6, lot_id=None) == {MAY: 2, JUNE: 3, NEVER: 1}
    assert units(shelf) == (0, 0, 3, 1)
    # More than there is is taken from what nobody has named: it falls below nothing.
    assert take_units(shelf, 6, lot_id=None) == {NEVER: 3, UNNAMED: 3}
    assert units(shelf) == (0, 0, 0, -2)


def test_the_lot_that_is_said_leaves_and_the_rest_from_what_nobody_named():
    shelf = shelf_of(2, 3)
    assert take_units(shelf, 4, lot_id=JUNE) == {JUNE: 3, UNNAMED: 1}
    assert units(shelf) == (2, 0, 0, -1)
    put_units(shelf, 5, lot_id=NEVER)
    put_units(shelf, 1, lot_id=None)
    assert units(shelf) == (2, 0, 5, 0)


def test_a_sale_takes_what_is_not_planned_before_what_is():
    shelf = shelf_of(2, 2)
    plan(shelf, {FIRST: 2})
    assert shelf.plans == {FIRST: {MAY: 2}}
    assert take_units(shelf, 1, lot_id=None) == {JUNE: 1}
    assert take_units(shelf, 2, lot_id=None) == {JUNE: 1, MAY: 1}
    plan(shelf, {})
    assert shelf.plans == {FIRST: {MAY: 1, UNNAMED: 1}}


def test_locked_lots_give_nothing_but_what_is_said_or_thrown_away():
    shelf = shelf_of(2, 2)
    shelf.lots[MAY].is_recalled = True
    assert take_units(shelf, 1, lot_id=None) == {JUNE: 1}
    assert shelf.unsellable == 2
    throw_away(shelf, 2, lot_id=None)
    assert (units(shelf), shelf.unsellable) == ((0, 1, 0, 0), 0)


def test_damage_lies_in_what_is_free_first_and_heals_from_there():
    shelf = shelf_of(2, 2)
    plan(shelf, {FIRST: 2})
    damage_units(shelf, 3, lot_id=None)
    assert (shelf.lots[MAY].damaged, shelf.lots[JUNE].damaged) == (1, 2)
    plan(shelf, {})
    assert shelf.plans == {FIRST: {MAY: 1, UNNAMED: 1}}
    damage_units(shelf, -2, lot_id=None)
    assert (shelf.lots[MAY].damaged, shelf.lots[JUNE].damaged) == (0, 1)
    plan(shelf, {})
    # What could not be named can be now.
    assert shelf.plans == {FIRST: {MAY: 2}}


def test_later_allocations_get_later_lots_and_give_way_first():
    shelf = shelf_of(3, 3)
    plan(shelf, {FIRST: 2})
    plan(shelf, {SECOND: 2})
    assert shelf.plans == {FIRST: {MAY: 2}, SECOND: {MAY: 1, JUNE: 1}}
    shelf.lots[MAY].is_recalled = True
    plan(shelf, {})
    assert shelf.plans == {FIRST: {JUNE: 2}, SECOND: {JUNE: 1, UNNAMED: 1}}


@pytest.mark.parametrize(("leave", "left"), [(None, {MAY: 2}), (MAY, {JUNE: 2}), (JUNE, {MAY: 2})])
def test_who_shrinks_leaves_the_lot_that_is_said_or_what_expires_last(
    leave: LotId | None, left: dict[LotId, int]
):
    shelf = shelf_of(2, 2)
    plan(shelf, {FIRST: 4})
    plan(shelf, {FIRST: 2}, leave=leave)
    assert shelf.plans[FIRST] == left
    plan(shelf, {FIRST: 0})
    assert (shelf.plans[FIRST], [lot.planned for lot in shelf.lots.values()]) == ({}, [0, 0, 0, 0])


def test_another_lot_than_planned_corrects_the_plan_of_others():
    shelf = shelf_of(1, 1)
    plan(shelf, {FIRST: 1})
    plan(shelf, {SECOND: 1})
    # The first order really got the lot that the second was to have.
    shrink_plan(shelf, FIRST, {JUNE: 1})
    shelf.lots[JUNE].units -= 1
    plan(shelf, {FIRST: 0})
    assert shelf.plans == {FIRST: {}, SECOND: {MAY: 1}}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "take", "damage", "heal", "scrap", "plan", "recall", "lift"]),
        st.integers(1, 5),
        st.sampled_from([None, MAY, JUNE, NEVER, UNNAMED]),
        st.sampled_from([FIRST, SECOND]),
    ),
    max_size=25,
)


def do(shelf: Shelf, what: str, count: int, lot_id: LotId | None) -> int:
    """Do one step, and return by how much units on hand changed."""
    if what == "put":
        put_units(shelf, count, lot_id=lot_id)
        return count
    if what == "take":
        assert sum(take_units(shelf, count, lot_id=lot_id).values()) == count
        return -count
    if what == "scrap":
        throw_away(shelf, count, lot_id=lot_id)
        return -count
    if what in ("damage", "heal"):
        damage_units(shelf, count if what == "damage" else -count, lot_id=lot_id)
    elif what in ("recall", "lift") and lot_id is not None and lot_id != UNNAMED:
        shelf.lots[lot_id].is_recalled = what == "recall"
    return 0


def assert_kept(lot: ShelfLot, planned: int) -> None:
    assert (lot.planned, lot.damaged >= 0) == (planned, True)
    if not lot.is_unnamed:
        assert 0 <= lot.damaged <= lot.units
        assert planned <= lot.sellable


@given(steps=STEPS)
def test_whatever_happens_the_sums_hold_and_plans_can_be_met(
    steps: list[tuple[str, int, LotId | None, AllocationId]],
):
    shelf, on_hand, allocated = shelf_of(), 0, {FIRST: 0, SECOND: 0}
    for what, count, lot_id, allocation_id in steps:
        on_hand += do(shelf, what, count, lot_id)
        if what == "plan":
            allocated[allocation_id] = count
        pass_on_damage(shelf)
        plan(shelf, allocated)
        assert sum(lot.units for lot in shelf.lots.values()) == on_hand
        assert {one: sum(mine.values()) for one, mine in shelf.plans.items()} == allocated
        for lot in shelf.lots.values():
            assert_kept(lot, sum(mine.get(lot.lot_id, 0) for mine in shelf.plans.values()))
        # Nobody is left without a lot while a lot that is named has room.
        spare = sum(max(0, lot.room) for lot in shelf.lots.values() if not lot.is_unnamed)
        over = max(0, min(-shelf.unnamed.room, shelf.unnamed.planned))
        assert not (spare and over)
