"""Holds that move: all of an order or nothing, and nobody else's room is taken."""

from datetime import timedelta
from typing import Any

import pytest

from loopline.kernel.ids import LineId, NodeId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.stock import HoldTransfer, TransferLine, Transferred
from loopline.stock.book import Book, OpenHold
from loopline.stock.refusals import (
    HeldElsewhere,
    HoldOfAnother,
    HoldTooSmall,
    HoldUnknown,
    NodeUnknown,
    NotEnoughFree,
    UnitsNotPositive,
)
from loopline.stock.rules import decide_transfers
from tests.make.stock import NOW, new_id
from tests.unit.stock.books import (
    BRAND,
    LEAF,
    NETWORK,
    OTHER_LEAF,
    OTHER_SITE,
    OTHER_SKU,
    PATHS,
    SITE,
    SKU,
    counts,
    hold,
    open_book,
    stock,
)

ORDER = OrderId(new_id())


def open_hold(book: Book, node_id: NodeId, units: int, **fields: Any) -> OpenHold:
    """A hold of ORDER for half an hour, as loaded."""
    stated: dict[str, Any] = {"order_id": ORDER, "sku_id": SKU, "expires_at": NOW + timedelta(minutes=30)}
    stated |= fields
    until = stated["expires_at"]
    key = (node_id, stated["sku_id"])
    return hold(book, OpenHold(LineId(new_id()), stated["order_id"], key, units, until, units, until))


def transfer(book: Book, *lines: TransferLine, to_order_id: OrderId | None = None) -> Transferred | Refusal:
    asked = HoldTransfer(order_id=ORDER, lines=lines, to_order_id=to_order_id)
    [outcome] = decide_transfers([asked], book=book)
    return outcome


def standing(book: Book) -> list[object]:
    """Everything there is to be seen of a book."""
    holds = [(one.line_id, one.order_id, one.key, one.units, one.expires_at) for one in book.holds.values()]
    return [holds, {(node, sku): counts(book, node, sku) for node in PATHS for sku in (SKU, OTHER_SKU)}]


def test_a_hold_goes_from_the_network_to_the_leaf_where_it_is_collected():
    book = open_book()
    stock(book, LEAF, SKU, 2)
    mine = open_hold(book, NETWORK, 2)
    outcome = transfer(book, TransferLine(line_id=mine.line_id, node_id=LEAF))
    assert outcome == Transferred(order_id=ORDER, units=(2,))
    assert (mine.key, mine.units, mine.expires_at) == ((LEAF, SKU), 2, NOW + timedelta(minutes=30))
    assert mine.differs
    assert {node: counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF)} == dict.fromkeys(
        (BRAND, NETWORK, SITE, LEAF), (2, 2)
    )
    back = transfer(book, TransferLine(line_id=mine.line_id, node_id=NETWORK))
    assert back == Transferred(order_id=ORDER, units=(2,))
    assert counts(book, LEAF) == (2, 0)


@pytest.mark.parametrize(("held_by_others", "fits"), [(1, True), (2, False)])
def test_what_others_hold_there_stays_theirs(held_by_others: int, fits: bool):
    book = open_book()
    stock(book, LEAF, SKU, 3)
    stock(book, OTHER_LEAF, SKU, 3)
    open_hold(book, OTHER_LEAF, held_by_others, order_id=OrderId(new_id()))
    mine = open_hold(book, LEAF, 2)
    before = standing(book)
    outcome = transfer(book, TransferLine(line_id=mine.line_id, node_id=OTHER_LEAF))
    if fits:
        assert outcome == Transferred(order_id=ORDER, units=(2,))
        assert (counts(book, LEAF), counts(book, OTHER_LEAF)) == ((3, 0), (3, 3))
        assert counts(book, BRAND) == (6, 3)
    else:
        assert outcome == NotEnoughFree(
            order_id=ORDER, line_id=mine.line_id, node_id=OTHER_LEAF, sku_id=SKU, asked=2, free=1
        )
        assert standing(book) == before


def test_one_line_that_cannot_go_keeps_all_where_they_are():
    book = open_book()
    stock(book, LEAF, SKU, 2)
    stock(book, LEAF, OTHER_SKU, 1)
    stock(book, OTHER_LEAF, SKU, 2)
    first, second = open_hold(book, LEAF, 2), open_hold(book, LEAF, 1, sku_id=OTHER_SKU)
    before = standing(book)
    outcome = transfer(
        book,
        TransferLine(line_id=first.line_id, node_id=OTHER_LEAF),
        TransferLine(line_id=second.line_id, node_id=OTHER_LEAF),
    )
    assert isinstance(outcome, NotEnoughFree)
    assert (outcome.line_id, outcome.sku_id, outcome.free) == (second.line_id, OTHER_SKU, 0)
    assert standing(book) == before
    assert not [one for one in book.holds.values() if one.differs]


def test_two_lines_change_places_though_neither_place_has_room():
    book = open_book()
    stock(book, LEAF, SKU, 2)
    stock(book, OTHER_LEAF, SKU, 2)
    here, there = open_hold(book, LEAF, 2), open_hold(book, OTHER_LEAF, 2)
    outcome = transfer(
        book,
        TransferLine(line_id=here.line_id, node_id=OTHER_LEAF),
        TransferLine(line_id=there.line_id, node_id=LEAF),
    )
    assert outcome == Transferred(order_id=ORDER, units=(2, 2))
    assert (here.key[0], there.key[0]) == (OTHER_LEAF, LEAF)
    assert (counts(book, LEAF), counts(book, OTHER_LEAF)) == ((2, 2), (2, 2))


def test_part_of_a_hold_goes_to_a_line_of_another_order():
    book = open_book()
    stock(book, LEAF, SKU, 3)
    mine, line_id, other = open_hold(book, LEAF, 3), LineId(new_id()), OrderId(new_id())
    part = TransferLine(line_id=mine.line_id, node_id=SITE, to_line_id=line_id, units=1)
    assert transfer(book, part, to_order_id=other) == Transferred(order_id=ORDER, units=(1,))
    made = book.holds[line_id]
    assert (made.order_id, made.key, made.units, made.expires_at) == (other, (SITE, SKU), 1, mine.expires_at)
    assert (mine.units, counts(book, LEAF), counts(book, SITE)) == (2, (3, 2), (3, 3))
    assert transfer(book, part, to_order_id=other) == Transferred(order_id=ORDER, units=(1,))
    assert (mine.units, made.units) == (1, 2)


def test_a_broken_promise_above_keeps_nobody_from_a_place_that_has_the_goods():
    """A fact took what LEAF had; the hold goes where the goods are, and nothing more is promised than before."""
    book = open_book()
    stock(book, OTHER_LEAF, SKU, 2)
    mine = open_hold(book, LEAF, 2)
    open_hold(book, NETWORK, 1, order_id=OrderId(new_id()))
    assert counts(book, NETWORK) == (2, 3)
    outcome = transfer(book, TransferLine(line_id=mine.line_id, node_id=OTHER_LEAF))
    assert outcome == Transferred(order_id=ORDER, units=(2,))
    assert (counts(book, LEAF), counts(book, OTHER_SITE), counts(book, NETWORK)) == ((0, 0), (2, 2), (2, 3))


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"units": 0}, UnitsNotPositive),
        ({"units": 3, "to_line_id": LineId(new_id())}, HoldTooSmall),
        ({"units": 1}, HeldElsewhere),  # the rest would lie elsewhere
        ({"line_id": LineId(new_id())}, HoldUnknown),
        ({"node_id": NodeId(new_id())}, NodeUnknown),
    ],
    ids=str,
)
def test_what_cannot_move_moves_nothing(fields: dict[str, Any], refusal: type[Refusal]):
    book = open_book()
    stock(book, LEAF, SKU, 2)
    mine = open_hold(book, NETWORK, 2)
    before = standing(book)
    stated: dict[str, Any] = {"line_id": mine.line_id, "node_id": LEAF}
    assert type(transfer(book, TransferLine(**(stated | fields)))) is refusal
    assert standing(book) == before


@pytest.mark.parametrize(
    "fields",
    [{"expires_at": None}, {"node_id": NETWORK}, {"order_id": OrderId(new_id())}],
    ids=["another time", "another place", "another order"],
)
def test_units_join_only_what_is_held_alike(fields: dict[str, Any]):
    book = open_book()
    stock(book, LEAF, SKU, 4)
    stated: dict[str, Any] = {"node_id": LEAF, "units": 1}
    mine, target = open_hold(book, NETWORK, 2), open_hold(book, **(stated | fields))
    before = standing(book)
    line = TransferLine(line_id=mine.line_id, node_id=LEAF, to_line_id=target.line_id, units=1)
    assert isinstance(transfer(book, line), HeldElsewhere)
    assert standing(book) == before


def test_nobody_moves_the_hold_of_another_order():
    book = open_book()
    stock(book, LEAF, SKU, 4)
    theirs = open_hold(book, NETWORK, 2, order_id=OrderId(new_id()))
    before = standing(book)
    line = TransferLine(line_id=theirs.line_id, node_id=LEAF)
    assert transfer(book, line) == HoldOfAnother(line_id=theirs.line_id)
    assert standing(book) == before
