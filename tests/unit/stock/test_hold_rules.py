"""What may be held: room at the node and at every node above it."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from loopline.kernel.ids import LineId, NodeId, OrderId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.stock import (
    Ahead,
    Extended,
    Held,
    HeldLine,
    HoldAsk,
    HoldAskLine,
    HoldExtension,
    OnShort,
    Release,
    Released,
)
from loopline.stock.book import OpenHold
from loopline.stock.refusals import (
    HeldElsewhere,
    HoldTooSmall,
    HoldUnknown,
    NodeUnknown,
    NotEnoughFree,
    UnitsNotPositive,
)
from loopline.stock.rules import decide_extensions, decide_holds, decide_releases
from tests.make.stock import NOW, hold_ask, new_id
from tests.unit.stock.books import (
    BRAND,
    LEAF,
    NETWORK,
    OTHER_LEAF,
    OTHER_SKU,
    SITE,
    SKU,
    counts,
    hold,
    open_book,
    stock,
)


@pytest.mark.parametrize(
    ("held_before", "asked_at", "units", "granted"),
    [
        # 3 units at LEAF, 2 at OTHER_LEAF; one hold stands before the ask.
        ((NETWORK, 0), NETWORK, 5, 5),
        ((NETWORK, 0), NETWORK, 6, None),
        ((NETWORK, 0), LEAF, 3, 3),
        ((NETWORK, 0), LEAF, 4, None),
        ((LEAF, 3), NETWORK, 2, 2),  # the leaf's promise counts at the network
        ((LEAF, 3), NETWORK, 3, None),
        ((LEAF, 3), OTHER_LEAF, 2, 2),
        ((LEAF, 3), SITE, 1, None),  # and at its site
        ((NETWORK, 4), LEAF, 1, 1),
        ((NETWORK, 4), LEAF, 2, None),  # the leaf has three, the network one to give
        ((BRAND, 5), LEAF, 1, None),  # everything is promised at the top
        ((BRAND, 4), OTHER_LEAF, 1, 1),
    ],
)
def test_room_at_the_node_and_above(
    held_before: tuple[NodeId, int], asked_at: NodeId, units: int, granted: int | None
):
    book = open_book()
    stock(book, LEAF, SKU, 3)
    stock(book, OTHER_LEAF, SKU, 2)
    node, held_units = held_before
    if held_units:
        line, order = LineId(new_id()), OrderId(new_id())
        hold(book, OpenHold(line, order, (node, SKU), held_units, None, held_units))
    before = {node: counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF, OTHER_LEAF)}
    ask = hold_ask((asked_at, SKU, units))
    [outcome] = decide_holds([ask], book=book)
    if granted is None:
        assert isinstance(outcome, NotEnoughFree)
        assert {node: counts(book, node) for node in before} == before
    else:
        assert outcome == Held(
            order_id=ask.order_id, lines=(HeldLine(line_id=ask.lines[0].line_id, units=granted),)
        )
        assert counts(book, asked_at) == (before[asked_at][0], before[asked_at][1] + granted)
        assert counts(book, BRAND) == (5, held_units + granted)


@pytest.mark.parametrize(("units", "granted"), [(4, 4), (5, 5), (6, 5), (99, 5)])
def test_part_holds_what_there_is(units: int, granted: int):
    book = open_book()
    stock(book, LEAF, SKU, 5)
    first, second = (
        hold_ask((NETWORK, SKU, units), short=OnShort.PART),
        hold_ask((NETWORK, SKU, 3), short=OnShort.PART),
    )
    got, rest = decide_holds([first, second], book=book)
    assert isinstance(got, Held)
    assert isinstance(rest, Held)
    assert got.lines[0].units == granted
    assert rest.lines[0].units == min(3, 5 - granted)
    assert counts(book, BRAND) == (5, min(5, granted + 3))


def test_two_lines_of_one_sku_in_one_order_do_not_share_units():
    book = open_book()
    stock(book, LEAF, SKU, 5)
    [refused] = decide_holds([hold_ask((NETWORK, SKU, 3), (NETWORK, SKU, 3))], book=book)
    assert isinstance(refused, NotEnoughFree)
    assert refused.free == 2
    assert counts(book, NETWORK) == (5, 0)
    assert not [one for one in book.holds.values() if one.differs]


def test_order_of_arrival_decides():
    book = open_book()
    stock(book, LEAF, SKU, 2)
    asks = [hold_ask((NETWORK, SKU, 2)), hold_ask((LEAF, SKU, 1))]
    outcomes = decide_holds(asks, book=book)
    assert [type(outcome) for outcome in outcomes] == [Held, NotEnoughFree]


def test_a_line_holds_more_at_its_node_and_takes_the_new_expiry():
    book = open_book()
    stock(book, LEAF, SKU, 5)
    line, order = LineId(new_id()), OrderId(new_id())
    standing = hold(book, OpenHold(line, order, (NETWORK, SKU), 2, NOW, 2, NOW))
    more = HoldAskLine(line_id=line, node_id=NETWORK, sku_id=SKU, units=3)
    [outcome] = decide_holds([HoldAsk(order_id=order, lines=(more,))], book=book)
    assert isinstance(outcome, Held)
    assert (standing.units, standing.units_loaded, standing.expires_at) == (5, 2, None)
    assert counts(book, NETWORK) == (5, 5)


@pytest.mark.parametrize(
    "line",
    [
        {"node_id": LEAF},
        {"sku_id": OTHER_SKU},
    ],
)
def test_a_line_has_one_hold(line: dict[str, object]):
    book = open_book()
    stock(book, LEAF, SKU, 5)
    stock(book, LEAF, OTHER_SKU, 5)
    line_id, order = LineId(new_id()), OrderId(new_id())
    hold(book, OpenHold(line_id, order, (NETWORK, SKU), 2, None, 2))
    asked = HoldAskLine(**({"line_id": line_id, "node_id": NETWORK, "sku_id": SKU, "units": 1} | line))  # pyright: ignore[reportArgumentType]
    assert decide_holds([HoldAsk(order_id=order, lines=(asked,))], book=book) == [
        HeldElsewhere(line_id=line_id, node_id=NETWORK)
    ]
    other_order = HoldAsk(
        order_id=OrderId(new_id()),
        lines=(HoldAskLine(line_id=line_id, node_id=NETWORK, sku_id=SKU, units=1),),
    )
    assert decide_holds([other_order], book=book) == [HeldElsewhere(line_id=line_id, node_id=NETWORK)]


@pytest.mark.parametrize("units", [0, -1])
def test_units_are_positive(units: int):
    book = open_book()
    ask = hold_ask((NETWORK, SKU, units), short=OnShort.PART)
    assert decide_holds([ask], book=book) == [UnitsNotPositive(line_id=ask.lines[0].line_id, units=units)]


def test_the_node_must_be_there():
    nowhere = NodeId(new_id())
    assert decide_holds([hold_ask((nowhere, SKU, 1))], book=open_book()) == [NodeUnknown(node_id=nowhere)]


@pytest.mark.parametrize(
    ("asked", "left"),
    [(None, 0), (5, 0), (4, 1), (1, 4)],
)
def test_a_release_gives_back(asked: int | None, left: int):
    book = open_book()
    stock(book, LEAF, SKU, 5)
    line = LineId(new_id())
    standing = hold(book, OpenHold(line, OrderId(new_id()), (LEAF, SKU), 5, None, 5))
    [outcome] = decide_releases([Release(line_id=line, units=asked)], book=book)
    assert outcome == Released(line_id=line, units=5 - left)
    assert standing.units == left
    assert [counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF)] == [(5, left)] * 4


def test_what_a_release_refuses():
    book = open_book()
    stock(book, LEAF, SKU, 5)
    line, unknown = LineId(new_id()), LineId(new_id())
    hold(book, OpenHold(line, OrderId(new_id()), (LEAF, SKU), 5, None, 5))
    releases = [
        Release(line_id=line, units=6),
        Release(line_id=line, units=0),
        Release(line_id=unknown),
        Release(line_id=line),
        Release(line_id=line),  # released a moment ago
    ]
    assert decide_releases(releases, book=book) == [
        HoldTooSmall(line_id=line, asked=6, held=5),
        UnitsNotPositive(line_id=line, units=0),
        HoldUnknown(line_id=unknown),
        Released(line_id=line, units=5),
        HoldUnknown(line_id=line),
    ]


def test_an_extension_changes_the_expiry_only():
    book = open_book()
    stock(book, LEAF, SKU, 5)
    line, unknown = LineId(new_id()), LineId(new_id())
    standing = hold(book, OpenHold(line, OrderId(new_id()), (LEAF, SKU), 5, NOW, 5, NOW))
    later = NOW + timedelta(minutes=15)
    outcomes = decide_extensions(
        [HoldExtension(line_id=line, expires_at=later), HoldExtension(line_id=unknown, expires_at=None)],
        book=book,
    )
    assert outcomes == [Extended(line_id=line, units=5), HoldUnknown(line_id=unknown)]
    assert standing.expires_at == later
    assert standing.differs
    assert counts(book, LEAF) == (5, 5)


@pytest.mark.parametrize(
    ("on_hand", "units", "scarce"),
    [(5, 1, True), (6, 1, False), (10, 2, True), (11, 2, False), (1, 1, True), (99, 99, True)],
)
def test_who_takes_much_of_the_little_there_is_holds_it_for_less_long(on_hand: int, units: int, scarce: bool):
    book = open_book()
    stock(book, LEAF, SKU, on_hand)
    stock(book, LEAF, OTHER_SKU, 99)
    long, short = NOW + timedelta(minutes=30), NOW + timedelta(minutes=5)
    ask = hold_ask((NETWORK, OTHER_SKU, 1), (NETWORK, SKU, units), expires_at=long)
    [held] = decide_holds([msgspec.structs.replace(ask, scarce_expires_at=short)], book=book)
    assert isinstance(held, Held)
    assert held.is_scarce is scarce
    assert {one.expires_at for one in book.holds.values()} == {short if scarce else long}


def test_where_one_time_is_asked_for_it_is_that_time():
    book = open_book()
    stock(book, LEAF, SKU, 1)
    [held] = decide_holds([hold_ask((NETWORK, SKU, 1), expires_at=NOW)], book=book)
    assert isinstance(held, Held)
    assert not held.is_scarce
    assert [one.expires_at for one in book.holds.values()] == [NOW]


def ahead(left: int, kept: int = 0) -> dict[SkuId, Ahead]:
    return {SKU: Ahead(left=left, kept=kept, kept_at=frozenset({NETWORK}))}


def asked_ahead(units: int, most: int, **fields: Any) -> HoldAsk:
    ask = hold_ask((NETWORK, SKU, units), **fields)
    return msgspec.structs.replace(ask, lines=(msgspec.structs.replace(ask.lines[0], ahead_most=most),))


def units_of(outcome: Held | Refusal) -> tuple[int, int] | None:
    return (outcome.lines[0].units, outcome.lines[0].ahead) if isinstance(outcome, Held) else None


def test_what_is_missing_is_sold_ahead_in_the_order_of_arrival_until_nothing_is_left():
    book, budget = open_book(), ahead(4)
    stock(book, LEAF, SKU, 2)
    outcomes = decide_holds(
        [asked_ahead(3, 3), asked_ahead(2, 2), asked_ahead(2, 2), asked_ahead(1, 1)], book=book, ahead=budget
    )
    assert [units_of(one) for one in outcomes] == [(2, 1), (0, 2), None, (0, 1)]
    assert budget[SKU].left == 0
    assert counts(book, NETWORK) == (2, 2)


def test_no_more_of_a_line_is_sold_ahead_than_it_may_and_part_takes_what_there_is():
    book, budget = open_book(), ahead(9)
    outcomes = decide_holds(
        [asked_ahead(3, 2), asked_ahead(3, 0), asked_ahead(5, 2, short=OnShort.PART)], book=book, ahead=budget
    )
    assert [units_of(one) for one in outcomes] == [None, None, (0, 2)]
    assert budget[SKU].left == 7


def test_an_order_refused_gives_back_what_it_would_have_bought_ahead():
    book, budget = open_book(), ahead(5)
    ask = asked_ahead(3, 3)
    other = hold_ask((NETWORK, OTHER_SKU, 1)).lines
    [refused] = decide_holds(
        [msgspec.structs.replace(ask, lines=(*ask.lines, *other))], book=book, ahead=budget
    )
    assert isinstance(refused, NotEnoughFree)
    assert budget[SKU].left == 5


@pytest.mark.parametrize(("units", "node", "granted"), [(1, NETWORK, 1), (2, NETWORK, None), (2, LEAF, None)])
def test_what_those_wait_for_who_bought_ahead_is_nobody_elses(units: int, node: NodeId, granted: int | None):
    book = open_book()
    stock(book, LEAF, SKU, 4)
    [outcome] = decide_holds([hold_ask((node, SKU, units))], book=book, ahead=ahead(0, kept=3))
    assert (units_of(outcome) or (None, 0))[0] == granted
