"""Counts that take a while: what is sold and comes meanwhile stays counted; each look is against its own moment."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from loopline.db import Conn
from loopline.kernel.ids import CountId, NodeId, SkuId, uuid7
from loopline.stock import (
    CountEnd,
    CountFacts,
    CountOpened,
    Fact,
    Look,
    Looked,
    MovementReason,
    NewCount,
    Recorded,
    counts_page,
    end_counts,
    enter_counts,
    movement_count,
    open_counts,
    record_facts,
)
from loopline.stock.counts import LookBack, take_back_looks
from loopline.stock.notes import MovementNote, NoteCause, note_movements, notes_of_movements
from loopline.stock.refusals import CountBelowZero, CountEnded, CountTaken, CountUnknown, LeafUnknown
from tests.make.stock import NOW, broken, fact, leaf_row, make_world, new_id, new_sku, receive


def begin(conn: Conn, leaf_id: NodeId) -> CountId:
    count_id = CountId(new_id())
    opened = open_counts(conn, [NewCount(id=count_id, leaf_id=leaf_id)], now=NOW, by="test")
    assert opened == [CountOpened(count_id=count_id, leaf_id=leaf_id)]
    return count_id


def look(conn: Conn, count_id: CountId, sku: SkuId, units: int, *, expected: int) -> None:
    seen = Look(count_id=count_id, sku_id=sku, units=units)
    assert enter_counts(conn, [seen], now=NOW, by="test") == [
        Looked(count_id=count_id, sku_id=sku, units=units, expected=expected)
    ]


def post(conn: Conn, count_id: CountId) -> tuple[Fact, ...]:
    [ended] = end_counts(conn, [CountEnd(count_id=count_id)], now=NOW)
    assert isinstance(ended, CountFacts)
    outcomes = record_facts(conn, ended.facts, now=NOW)
    assert all(isinstance(outcome, Recorded) for outcome in outcomes)
    return ended.facts


def test_a_sale_during_the_count_is_neither_lost_nor_taken_twice(conn: Conn):
    world, sku, right, never_seen = make_world(conn), new_sku(), new_sku(), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 10)
    receive(conn, leaf, right, 4)
    count_id = begin(conn, leaf)
    record_facts(conn, [fact(leaf, sku, -1, reason=MovementReason.SALE)], now=NOW)
    look(conn, count_id, sku, 7, expected=9)
    look(conn, count_id, right, 4, expected=4)
    look(conn, count_id, never_seen, 2, expected=0)
    record_facts(conn, [fact(leaf, sku, -3, reason=MovementReason.SALE)], now=NOW)
    facts = post(conn, count_id)
    assert {(one.sku_id, one.on_hand, one.reference) for one in facts} == {
        (sku, -2, count_id),
        (never_seen, 2, count_id),
    }
    # Seven were seen, three of them are sold.
    assert [leaf_row(conn, leaf, one).on_hand for one in (sku, right, never_seen)] == [4, 4, 2]
    assert broken(conn) == []


def test_a_later_look_replaces_the_earlier_one(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 10)
    count_id = begin(conn, leaf)
    look(conn, count_id, sku, 3, expected=10)
    receive(conn, leaf, sku, 5)
    look(conn, count_id, sku, 14, expected=15)
    [one] = post(conn, count_id)
    assert (one.on_hand, leaf_row(conn, leaf, sku).on_hand) == (-1, 14)
    assert broken(conn) == []


def test_two_counts_of_one_thing_correct_it_once(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 10)
    first, second = begin(conn, leaf), begin(conn, leaf)
    look(conn, first, sku, 8, expected=10)
    look(conn, second, sku, 8, expected=10)
    [one] = post(conn, first)
    assert (one.on_hand, post(conn, second)) == (-2, ())
    assert leaf_row(conn, leaf, sku).on_hand == 8
    assert broken(conn) == []


@pytest.mark.parametrize("is_later_first", [True, False])
def test_of_two_counts_the_later_look_holds_whichever_is_posted_first(conn: Conn, is_later_first: bool):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 10)
    early, late = begin(conn, leaf), begin(conn, leaf)
    at = [NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)]
    looks = [
        Look(count_id=count_id, sku_id=sku, units=units, seen_at=seen_at)
        for count_id, units, seen_at in zip((early, late), (8, 7), at, strict=True)
    ]
    enter_counts(conn, looks, now=NOW + timedelta(minutes=3), by="test")
    for count_id in (late, early) if is_later_first else (early, late):
        [ended] = end_counts(conn, [CountEnd(count_id=count_id)], now=NOW + timedelta(minutes=3))
        assert isinstance(ended, CountFacts)
        record_facts(conn, ended.facts, now=NOW + timedelta(minutes=3))
    assert leaf_row(conn, leaf, sku).on_hand == 7
    assert broken(conn) == []


def test_a_dropped_count_moves_nothing_and_an_ended_one_takes_nothing(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 10)
    count_id, other = begin(conn, leaf), begin(conn, world.leaf_ids[1])
    look(conn, count_id, sku, 3, expected=10)
    before = movement_count(conn)
    [dropped, again] = end_counts(conn, [CountEnd(count_id=count_id, drops=True)] * 2, now=NOW)
    assert isinstance(dropped, CountFacts)
    assert (len(dropped.lines), dropped.facts) == (1, ())
    assert again == CountEnded(count_id=count_id)
    ghost = CountId(new_id())
    looks = [
        Look(count_id=count_id, sku_id=sku, units=1),
        Look(count_id=ghost, sku_id=sku, units=1),
        Look(count_id=other, sku_id=sku, units=-1),
    ]
    assert enter_counts(conn, looks, now=NOW, by="test") == [
        CountEnded(count_id=count_id),
        CountUnknown(count_id=ghost),
        CountBelowZero(sku_id=sku, units=-1),
    ]
    assert end_counts(conn, [CountEnd(count_id=count_id), CountEnd(count_id=ghost)], now=NOW) == [
        CountEnded(count_id=count_id),
        CountUnknown(count_id=ghost),
    ]
    assert movement_count(conn) == before
    open_ones = counts_page(conn, world.leaf_ids, only_open=True, before=None, at_most=10)
    assert [one.count_id for one in open_ones] == [other]
    all_of_them = counts_page(conn, world.leaf_ids, only_open=False, before=None, at_most=10)
    assert [(one.count_id, one.how_ended) for one in all_of_them] == [(other, None), (count_id, "dropped")]


def test_a_count_is_of_one_leaf(conn: Conn):
    world = make_world(conn)
    count_id = begin(conn, world.leaf_ids[0])
    ghost = NodeId(new_id())
    nowhere = NewCount(id=CountId(new_id()), leaf_id=ghost)
    asked = [
        NewCount(id=count_id, leaf_id=world.leaf_ids[0]),
        NewCount(id=count_id, leaf_id=world.leaf_ids[1]),
        nowhere,
    ]
    assert open_counts(conn, asked, now=NOW, by="test") == [
        CountOpened(count_id=count_id, leaf_id=world.leaf_ids[0]),
        CountTaken(count_id=count_id),
        LeafUnknown(leaf_id=ghost),
    ]


def test_a_look_that_is_told_late_is_held_against_the_books_of_its_moment(conn: Conn):
    world, sku, quiet = make_world(conn), new_sku(), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 10)
    receive(conn, leaf, quiet, 5)
    count_id = begin(conn, leaf)
    seen_at, later = NOW + timedelta(minutes=5), NOW + timedelta(minutes=20)
    before, since = (
        replace(
            fact(leaf, sku, units, reason=MovementReason.SALE), id=uuid7(NOW + timedelta(minutes=minutes))
        )
        for units, minutes in ((-1, 4), (-3, 6))
    )
    # What happened before the look was heard of after it: by the moment in its id it was no longer on the shelf.
    record_facts(conn, [since], now=NOW + timedelta(minutes=6))
    record_facts(conn, [before], now=NOW + timedelta(minutes=7))
    looks = [
        Look(count_id=count_id, sku_id=sku, units=8, seen_at=seen_at),
        Look(count_id=count_id, sku_id=quiet, units=5, seen_at=seen_at),
    ]
    for _ in range(2):  # an answer that was lost
        assert enter_counts(conn, looks, now=later, by="test") == [
            Looked(count_id=count_id, sku_id=sku, units=8, expected=9),
            Looked(count_id=count_id, sku_id=quiet, units=5, expected=5),
        ]
    older = Look(count_id=count_id, sku_id=sku, units=2, seen_at=NOW + timedelta(minutes=1))
    assert enter_counts(conn, [older], now=later, by="test") == [
        Looked(count_id=count_id, sku_id=sku, units=8, expected=9)
    ]
    [one] = post(conn, count_id)
    assert (one.sku_id, one.on_hand, leaf_row(conn, leaf, sku).on_hand) == (sku, -1, 5)
    assert broken(conn) == []


def test_no_look_is_of_the_future(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 10)
    count_id = begin(conn, leaf)
    ahead = Look(count_id=count_id, sku_id=sku, units=9, seen_at=NOW + timedelta(days=400))
    assert enter_counts(conn, [ahead], now=NOW, by="test") == [
        Looked(count_id=count_id, sku_id=sku, units=9, expected=10)
    ]
    look(conn, count_id, sku, 7, expected=10)


def test_a_look_that_is_taken_back_was_never_there(conn: Conn):
    world, sku, other = make_world(conn), new_sku(), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 10)
    receive(conn, leaf, other, 4)
    count_id = begin(conn, leaf)
    look(conn, count_id, sku, 1, expected=10)
    look(conn, count_id, other, 1, expected=4)
    stale = LookBack(count_id=count_id, sku_id=other, seen_at=NOW - timedelta(seconds=1))
    backs = [LookBack(count_id=count_id, sku_id=sku, seen_at=NOW), stale]
    ghost = LookBack(count_id=CountId(new_id()), sku_id=sku, seen_at=NOW)
    assert take_back_looks(conn, [*backs, ghost]) == [*backs, CountUnknown(count_id=ghost.count_id)]
    [one] = post(conn, count_id)
    assert (one.sku_id, one.on_hand) == (other, -3)
    assert leaf_row(conn, leaf, sku).on_hand == 10
    assert take_back_looks(conn, backs) == [CountEnded(count_id=count_id)] * 2


def test_what_is_said_of_a_movement_first_stays(conn: Conn):
    moves = [fact(make_world(conn).leaf_ids[0], new_sku(), 3) for _ in range(2)]
    record_facts(conn, moves, now=NOW)
    first = MovementNote(movement_id=moves[0].id, cause=NoteCause.MISPLACED, note="top shelf")
    silent = MovementNote(movement_id=moves[1].id)
    note_movements(conn, [first, silent], now=NOW, by="test")
    other = MovementNote(movement_id=first.movement_id, cause=NoteCause.STOLEN)
    note_movements(conn, [other], now=NOW, by="test")
    assert notes_of_movements(conn, [first.movement_id, silent.movement_id]) == {first.movement_id: first}
