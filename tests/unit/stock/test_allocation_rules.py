"""What may be tied to a leaf, untied and handed over."""

import pytest

from loopline.kernel.ids import AllocationId, LineId, NodeId, OrderId
from loopline.stock import (
    Allocated,
    AllocationAsk,
    AllocationLine,
    AllocationRelease,
    AllocationReleased,
    HandedOver,
    HandOver,
    MovementReason,
)
from loopline.stock.book import Book, OpenHold, settle_leaf
from loopline.stock.refusals import (
    AllocationTaken,
    AllocationTooSmall,
    AllocationUnknown,
    HoldOfAnother,
    HoldTooSmall,
    HoldUnknown,
    LeafOutsideHold,
    LeafTooShort,
    LeafUnknown,
    PromisedToOthers,
    UnitsNotPositive,
)
from loopline.stock.rules import decide_allocation_releases, decide_allocations, decide_hand_overs
from tests.make.stock import new_id
from tests.unit.stock.books import (
    BRAND,
    LEAF,
    NETWORK,
    OTHER_LEAF,
    OTHER_SITE,
    OTHER_SKU,
    SITE,
    SKU,
    counts,
    hold,
    open_book,
    stock,
)

ORDER, LINE = OrderId(new_id()), LineId(new_id())


def held_book(node_id: NodeId, units: int, *, on_hand: int = 5) -> tuple[Book, OpenHold]:
    """`on_hand` units at each leaf, and one hold."""
    book = open_book(may_open_shortfalls=True)
    stock(book, LEAF, SKU, on_hand)
    stock(book, OTHER_LEAF, SKU, on_hand)
    return book, hold(book, OpenHold(LINE, ORDER, (node_id, SKU), units, None, units))


def tie(leaf_id: NodeId, units: int, *, line_id: LineId = LINE, allocation_id: AllocationId | None = None):
    return AllocationLine(
        allocation_id=allocation_id or AllocationId(new_id()),
        line_id=line_id,
        leaf_id=leaf_id,
        sku_id=SKU,
        units=units,
    )


@pytest.mark.parametrize(
    ("held_at", "leaf_id", "after"),
    [
        # After 2 of 4 held units are tied: (free, held) at brand, network, site, leaf of the tie.
        (BRAND, LEAF, [(8, 2), (8, 0), (3, 0), (3, 0)]),
        (NETWORK, LEAF, [(8, 2), (8, 2), (3, 0), (3, 0)]),
        (SITE, LEAF, [(8, 2), (8, 2), (3, 2), (3, 0)]),
        (LEAF, LEAF, [(8, 2), (8, 2), (3, 2), (3, 2)]),
    ],
)
def test_hold_falls_and_allocation_rises(held_at: NodeId, leaf_id: NodeId, after: list[tuple[int, int]]):
    book, standing = held_book(held_at, 4)
    line = tie(leaf_id, 2)
    assert decide_allocations([AllocationAsk(order_id=ORDER, lines=(line,))], book=book) == [
        Allocated(order_id=ORDER)
    ]
    assert standing.units == 2
    assert [counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF)] == after
    leaf = book.leaf((LEAF, SKU))
    assert (leaf.on_hand, leaf.allocated, leaf.sellable) == (5, 2, 3)
    [move] = book.moves
    assert (move.reason, move.allocated, move.on_hand, move.reference) == (
        MovementReason.ALLOCATED,
        2,
        0,
        line.allocation_id,
    )
    assert book.shortfall_steps() == []


def test_one_line_over_two_leaves():
    book, standing = held_book(NETWORK, 7)
    ask = AllocationAsk(order_id=ORDER, lines=(tie(LEAF, 5), tie(OTHER_LEAF, 2)))
    assert decide_allocations([ask], book=book) == [Allocated(order_id=ORDER)]
    assert standing.units == 0
    assert (counts(book, NETWORK), counts(book, LEAF), counts(book, OTHER_LEAF)) == ((3, 0), (0, 0), (3, 0))


def test_units_promised_at_a_leaf_are_not_for_others():
    book, _ = held_book(NETWORK, 4)
    hold(book, OpenHold(LineId(new_id()), OrderId(new_id()), (LEAF, SKU), 3, None, 3))
    [refused] = decide_allocations([AllocationAsk(order_id=ORDER, lines=(tie(LEAF, 3),))], book=book)
    assert isinstance(refused, PromisedToOthers)
    assert (refused.node_id, refused.room) == (SITE, 2)
    [granted] = decide_allocations([AllocationAsk(order_id=ORDER, lines=(tie(LEAF, 2),))], book=book)
    assert granted == Allocated(order_id=ORDER)


def test_all_of_an_order_or_nothing():
    book, standing = held_book(NETWORK, 7)
    [refused] = decide_allocations(
        [AllocationAsk(order_id=ORDER, lines=(tie(OTHER_LEAF, 1), tie(LEAF, 5), tie(LEAF, 1)))], book=book
    )
    assert isinstance(refused, LeafTooShort)
    assert standing.units == 7
    assert book.moves == []
    assert not [one for one in book.allocations.values() if one.units]
    assert [counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF, OTHER_SITE, OTHER_LEAF)] == [
        (10, 7),
        (10, 7),
        (5, 0),
        (5, 0),
        (5, 0),
        (5, 0),
    ]


def test_what_an_allocation_refuses():
    book, _ = held_book(SITE, 4)
    stranger, nowhere, twice = LineId(new_id()), NodeId(new_id()), AllocationId(new_id())
    table = [
        ([tie(LEAF, 0)], UnitsNotPositive(line_id=LINE, units=0)),
        ([tie(LEAF, 5)], HoldTooSmall(line_id=LINE, asked=5, held=4)),
        ([tie(LEAF, 1, line_id=stranger)], HoldUnknown(line_id=stranger)),
        ([tie(nowhere, 1)], LeafUnknown(leaf_id=nowhere)),
        ([tie(SITE, 1)], LeafUnknown(leaf_id=SITE)),
        ([tie(OTHER_LEAF, 1)], LeafOutsideHold(line_id=LINE, leaf_id=OTHER_LEAF, node_id=SITE)),
        (
            [tie(LEAF, 1, allocation_id=twice), tie(LEAF, 1, allocation_id=twice)],
            AllocationTaken(allocation_id=twice),
        ),
    ]
    for lines, refusal in table:
        assert decide_allocations([AllocationAsk(order_id=ORDER, lines=tuple(lines))], book=book) == [refusal]
    other_order = AllocationAsk(order_id=OrderId(new_id()), lines=(tie(LEAF, 1),))
    assert decide_allocations([other_order], book=book) == [HoldOfAnother(line_id=LINE)]
    other_sku = AllocationLine(
        allocation_id=AllocationId(new_id()), line_id=LINE, leaf_id=LEAF, sku_id=OTHER_SKU, units=1
    )
    assert decide_allocations([AllocationAsk(order_id=ORDER, lines=(other_sku,))], book=book) == [
        HoldOfAnother(line_id=LINE)
    ]
    assert [counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF)] == [(10, 4), (10, 4), (5, 4), (5, 0)]
    assert book.moves == []


def tied_book(units: int, *, lost: int = 0) -> tuple[Book, AllocationId]:
    """All five units of LEAF's SKU tied through the network; then `lost` of them are gone."""
    book, _ = held_book(NETWORK, units)
    line = tie(LEAF, units)
    decide_allocations([AllocationAsk(order_id=ORDER, lines=(line,))], book=book)
    leaf = book.leaf((LEAF, SKU))
    leaf.on_hand -= lost
    settle_leaf(book.path(leaf.key))
    book.moves.clear()
    return book, line.allocation_id


@pytest.mark.parametrize(
    ("lost", "to_hold", "network"),
    [
        (0, False, (10, 0)),
        (0, True, (10, 5)),
        (2, False, (8, 0)),
        (2, True, (8, 5)),
    ],
)
def test_untied_units_are_free_or_held_again(lost: int, to_hold: bool, network: tuple[int, int]):
    book, allocation_id = tied_book(5, lost=lost)
    release = AllocationRelease(allocation_id=allocation_id, to_hold=to_hold)
    assert decide_allocation_releases([release], book=book) == [
        AllocationReleased(allocation_id=allocation_id, units=5)
    ]
    assert counts(book, NETWORK) == network
    assert book.holds[LINE].units == (5 if to_hold else 0)
    leaf = book.leaf((LEAF, SKU))
    assert (leaf.allocated, leaf.sellable, leaf.short_change) == (0, 5 - lost, 0)


def test_a_hold_that_is_gone_comes_back_where_it_lay():
    book, allocation_id = tied_book(5)
    del book.holds[LINE]
    decide_allocation_releases(
        [AllocationRelease(allocation_id=allocation_id, units=2, to_hold=True)], book=book
    )
    back = book.holds[LINE]
    assert (back.key, back.units, back.units_loaded, back.expires_at) == ((NETWORK, SKU), 2, 0, None)
    assert back.order_id == ORDER
    assert book.allocations[allocation_id].units == 3


@pytest.mark.parametrize(("on_hand_lost", "missing"), [(0, 0), (2, 2), (5, 5)])
def test_a_hand_over_changes_neither_sellable_nor_missing(on_hand_lost: int, missing: int):
    book, allocation_id = tied_book(5, lost=on_hand_lost)
    leaf = book.leaf((LEAF, SKU))
    before = [counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF)]
    assert decide_hand_overs([HandOver(allocation_id=allocation_id, units=4)], book=book) == [
        HandedOver(allocation_id=allocation_id, units=4, units_left=1)
    ]
    assert (leaf.on_hand, leaf.allocated, leaf.sellable, leaf.short_change) == (
        1 - on_hand_lost,
        1,
        0,
        missing,
    )
    assert [counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF)] == before
    [move] = book.moves
    assert (move.reason, move.on_hand, move.allocated) == (MovementReason.HANDED_OVER, -4, -4)


def test_no_more_leaves_than_was_allocated():
    book, allocation_id = tied_book(5)
    unknown = AllocationId(new_id())
    hand_overs = [
        HandOver(allocation_id=allocation_id, units=6),
        HandOver(allocation_id=allocation_id, units=0),
        HandOver(allocation_id=unknown, units=1),
        HandOver(allocation_id=allocation_id, units=5),
        HandOver(allocation_id=allocation_id, units=1),
    ]
    assert decide_hand_overs(hand_overs, book=book) == [
        AllocationTooSmall(allocation_id=allocation_id, asked=6, allocated=5),
        UnitsNotPositive(line_id=LINE, units=0),
        AllocationUnknown(allocation_id=unknown),
        HandedOver(allocation_id=allocation_id, units=5, units_left=0),
        AllocationUnknown(allocation_id=allocation_id),
    ]
    assert len(book.moves) == 1


def test_what_a_release_refuses():
    book, allocation_id = tied_book(5)
    unknown = AllocationId(new_id())
    releases = [
        AllocationRelease(allocation_id=unknown, to_hold=True),
        AllocationRelease(allocation_id=allocation_id, units=6, to_hold=True),
        AllocationRelease(allocation_id=allocation_id, units=-1, to_hold=False),
    ]
    assert decide_allocation_releases(releases, book=book) == [
        AllocationUnknown(allocation_id=unknown),
        AllocationTooSmall(allocation_id=allocation_id, asked=6, allocated=5),
        UnitsNotPositive(line_id=LINE, units=-1),
    ]
    assert book.moves == []
