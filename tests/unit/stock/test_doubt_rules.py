"""What doubt keeps back: never what a promise needs, at the leaf or above it, and never what people set."""

import pytest

from loopline.kernel.ids import LineId, OrderId
from loopline.stock import Doubted, DoubtSetting, SafetySetting
from loopline.stock.book import OpenHold
from loopline.stock.refusals import LeafUnknown, SafetyBelowZero
from loopline.stock.rules import decide_doubts, decide_safeties
from tests.make.stock import new_id
from tests.unit.stock.books import LEAF, NETWORK, OTHER_LEAF, SITE, SKU, counts, hold, open_book, stock


def doubt(units: int) -> DoubtSetting:
    return DoubtSetting(leaf_id=LEAF, sku_id=SKU, units=units)


@pytest.mark.parametrize(
    ("held", "wanted", "units", "sellable"),
    [
        (0, 4, 4, 6),
        (0, 10, 10, 0),
        (0, 25, 25, 0),
        (7, 4, 4, 6),
        (10, 4, 4, 6),
        (11, 4, 4, 6),
        (12, 4, 3, 7),
        (15, 4, 0, 10),
    ],
)
def test_doubt_leaves_what_is_held_above(held: int, wanted: int, units: int, sellable: int):
    book = open_book()
    leaf = stock(book, LEAF, SKU, 10)
    stock(book, OTHER_LEAF, SKU, 5)
    if held:
        hold(book, OpenHold(LineId(new_id()), OrderId(new_id()), (NETWORK, SKU), held, None, held))
    assert decide_doubts([doubt(wanted)], book=book, doubts={}) == [
        Doubted(leaf_id=LEAF, sku_id=SKU, units_before=0, units=units, wanted=wanted)
    ]
    assert (leaf.safety, leaf.sellable) == (units, sellable)
    assert counts(book, NETWORK) == (5 + sellable, held)
    assert book.shortfall_steps() == []


def test_doubt_and_safety_lie_beside_each_other():
    book = open_book()
    leaf = stock(book, LEAF, SKU, 10)
    decide_safeties([SafetySetting(leaf_id=LEAF, sku_id=SKU, units=3)], book=book, doubts={})
    decide_doubts([doubt(4)], book=book, doubts={})
    assert (leaf.safety, leaf.sellable) == (7, 3)
    (again,) = decide_safeties(
        [SafetySetting(leaf_id=LEAF, sku_id=SKU, units=1)], book=book, doubts={(LEAF, SKU): 4}
    )
    assert getattr(again, "units_before", None) == 3
    assert (leaf.safety, leaf.sellable) == (5, 5)
    decide_doubts([doubt(0)], book=book, doubts={(LEAF, SKU): 4})
    assert (leaf.safety, leaf.sellable) == (1, 9)


def test_what_cannot_be_in_doubt_is_refused_and_changes_nothing():
    book = open_book()
    stock(book, LEAF, SKU, 10)
    nowhere = DoubtSetting(leaf_id=SITE, sku_id=SKU, units=1)
    assert decide_doubts([nowhere, doubt(-1)], book=book, doubts={}) == [
        LeafUnknown(leaf_id=SITE),
        SafetyBelowZero(leaf_id=LEAF, units=-1),
    ]
    assert (book.moves, counts(book, NETWORK)) == ([], (10, 0))
