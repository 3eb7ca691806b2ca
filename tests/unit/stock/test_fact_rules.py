"""What facts and settings do: they always count, and what promises lose by them is told as steps of shortfalls."""

import msgspec
import pytest

from loopline.kernel.ids import LineId, NodeId, OrderId
from loopline.stock import (
    Fact,
    MovementReason,
    Recorded,
    SafetySet,
    SafetySetting,
    ShortfallKind,
)
from loopline.stock.book import OpenHold, settle_leaf
from loopline.stock.refusals import (
    FactIdTaken,
    FactMovesNothing,
    LeafUnknown,
    ReasonNotForFacts,
    SafetyBelowZero,
    SafetySetSince,
    UnsellableBelowZero,
)
from loopline.stock.rules import decide_facts, decide_safeties
from loopline.stock.rules.facts import PROMISE_REASONS
from tests.make.stock import fact, new_id
from tests.unit.stock.books import BRAND, LEAF, NETWORK, SITE, SKU, counts, hold, open_book, stock


@pytest.mark.parametrize(
    ("on_hand", "allocated", "unsellable", "safety", "sellable", "missing"),
    [
        (10, 0, 0, 0, 10, 0),
        (10, 4, 3, 2, 1, 0),
        (10, 4, 3, 3, 0, 0),
        (10, 4, 3, 9, 0, 0),  # safety above stock owes nothing
        (10, 7, 3, 0, 0, 0),
        (10, 7, 4, 0, 0, 1),
        (0, 5, 0, 0, 0, 5),
        (-2, 0, 0, 0, 0, 2),
        (-2, 3, 0, 1, 0, 5),
    ],
)
def test_sellable_and_missing(
    on_hand: int, allocated: int, unsellable: int, safety: int, sellable: int, missing: int
):
    leaf = open_book().leaf((LEAF, SKU))
    leaf.on_hand, leaf.allocated, leaf.unsellable, leaf.safety = on_hand, allocated, unsellable, safety
    assert (leaf.sellable, leaf.short_change) == (sellable, missing)


@pytest.mark.parametrize(
    ("on_hand", "unsellable", "free"),
    [(3, 0, 8), (-2, 0, 3), (-9, 0, 0), (0, 2, 3), (-1, -1, 5), (0, 9, 0)],
)
def test_a_fact_moves_what_is_free_at_every_node_above(on_hand: int, unsellable: int, free: int):
    book = open_book(may_open_shortfalls=True)
    leaf = stock(book, LEAF, SKU, 6)
    leaf.unsellable = 1
    settle_leaf(book.path(leaf.key))
    one = fact(LEAF, SKU, on_hand, unsellable=unsellable)
    assert decide_facts([one], book=book, recorded_before={}) == [Recorded(fact_id=one.id)]
    assert [counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF)] == [(free, 0)] * 4
    [move] = book.moves
    assert (move.id, move.on_hand, move.unsellable, move.allocated) == (one.id, on_hand, unsellable, 0)


def test_facts_that_break_promises_are_steps_of_shortfalls_over_the_whole_batch():
    book = open_book(may_open_shortfalls=True)
    stock(book, LEAF, SKU, 4)
    hold(book, OpenHold(LineId(new_id()), OrderId(new_id()), (NETWORK, SKU), 3, None, 3))
    facts = [fact(LEAF, SKU, -4), fact(LEAF, SKU, 2)]
    decide_facts(facts, book=book, recorded_before={})
    steps = {(step.kind, step.level): (step.units_before, step.change) for step in book.shortfall_steps()}
    assert steps == {
        (ShortfallKind.OVERHELD, (BRAND, SKU)): (0, 1),
        (ShortfallKind.OVERHELD, (NETWORK, SKU)): (0, 1),
    }
    decide_facts([fact(LEAF, SKU, 1)], book=book, recorded_before={})
    assert book.shortfall_steps() == []


def test_what_no_fact_can_be():
    book = open_book()
    stock(book, LEAF, SKU, 4)
    nowhere = NodeId(new_id())
    unknown, at_site, nothing = fact(nowhere, SKU, 1), fact(SITE, SKU, 1), fact(LEAF, SKU, 0)
    below = fact(LEAF, SKU, 0, unsellable=-1)
    outcomes = decide_facts([unknown, at_site, nothing, below], book=book, recorded_before={})
    assert outcomes == [
        LeafUnknown(leaf_id=nowhere),
        LeafUnknown(leaf_id=SITE),
        FactMovesNothing(fact_id=nothing.id),
        UnsellableBelowZero(fact_id=below.id, leaf_id=LEAF, taken=1, unsellable=0),
    ]
    assert book.moves == []
    assert counts(book, BRAND) == (4, 0)


@pytest.mark.parametrize("reason", sorted(PROMISE_REASONS))
def test_reasons_of_promises_are_not_for_facts(reason: MovementReason):
    one = fact(LEAF, SKU, 1, reason=reason)
    assert decide_facts([one], book=open_book(), recorded_before={}) == [
        ReasonNotForFacts(fact_id=one.id, reason=reason)
    ]


@pytest.mark.parametrize("reason", sorted(set(MovementReason) - PROMISE_REASONS))
def test_every_other_reason_is(reason: MovementReason):
    one = fact(LEAF, SKU, 1, reason=reason)
    assert decide_facts([one], book=open_book(), recorded_before={}) == [Recorded(fact_id=one.id)]


def test_the_same_fact_again_changes_nothing_and_another_of_its_id_is_refused():
    book = open_book()
    before, new = fact(LEAF, SKU, 3), fact(LEAF, SKU, 2)
    other: Fact = msgspec.structs.replace(new, on_hand=4)
    outcomes = decide_facts([before, new, new, other], book=book, recorded_before={before.id: before})
    assert outcomes == [
        Recorded(fact_id=before.id, repeated=True),
        Recorded(fact_id=new.id),
        Recorded(fact_id=new.id, repeated=True),
        FactIdTaken(fact_id=new.id),
    ]
    assert counts(book, LEAF) == (2, 0)
    assert len(book.moves) == 1


@pytest.mark.parametrize(("safety", "sellable"), [(0, 6), (4, 2), (6, 0), (7, 0)])
def test_safety_keeps_units_back(safety: int, sellable: int):
    book = open_book(may_open_shortfalls=True)
    leaf = stock(book, LEAF, SKU, 6)
    settings = [
        SafetySetting(leaf_id=LEAF, sku_id=SKU, units=9),
        SafetySetting(leaf_id=LEAF, sku_id=SKU, units=safety),
    ]
    assert decide_safeties(settings, book=book, doubts={}) == [
        SafetySet(leaf_id=LEAF, sku_id=SKU, units_before=0, units=9),
        SafetySet(leaf_id=LEAF, sku_id=SKU, units_before=9, units=safety),
    ]
    assert (leaf.safety, counts(book, BRAND)) == (safety, (sellable, 0))
    assert [move.safety for move in book.moves] == [9, safety - 9]


def test_a_safety_that_was_set_since_stays_as_it_is():
    book = open_book()
    stock(book, LEAF, SKU, 6)
    settings = [
        SafetySetting(leaf_id=LEAF, sku_id=SKU, units=2, expected=0),
        SafetySetting(leaf_id=LEAF, sku_id=SKU, units=5, expected=3),
        SafetySetting(leaf_id=LEAF, sku_id=SKU, units=0, expected=2),
    ]
    assert decide_safeties(settings, book=book, doubts={}) == [
        SafetySet(leaf_id=LEAF, sku_id=SKU, units_before=0, units=2),
        SafetySetSince(leaf_id=LEAF, sku_id=SKU, units=2),
        SafetySet(leaf_id=LEAF, sku_id=SKU, units_before=2, units=0),
    ]
    assert [move.safety for move in book.moves] == [2, -2]


def test_a_safety_set_again_moves_nothing():
    book = open_book()
    setting = SafetySetting(leaf_id=LEAF, sku_id=SKU, units=0)
    assert decide_safeties([setting], book=book, doubts={}) == [
        SafetySet(leaf_id=LEAF, sku_id=SKU, units_before=0, units=0)
    ]
    assert book.moves == []
    assert decide_safeties([SafetySetting(leaf_id=LEAF, sku_id=SKU, units=-1)], book=book, doubts={}) == [
        SafetyBelowZero(leaf_id=LEAF, units=-1)
    ]
    assert decide_safeties([SafetySetting(leaf_id=NETWORK, sku_id=SKU, units=1)], book=book, doubts={}) == [
        LeafUnknown(leaf_id=NETWORK)
    ]
