"""Which holds go when more is held than is free: the latest, deepest nodes first, no unit more than needed."""

from loopline.kernel.ids import LineId, NodeId, OrderId
from loopline.stock.rules.breaking import HeldUnits, Overheld, choose_broken_promises
from tests.make.stock import new_id
from tests.unit.stock.books import BRAND, LEAF, NETWORK, OTHER_SKU, PATHS, SKU


def held(node_id: NodeId, units: int) -> HeldUnits:
    return HeldUnits(
        order_id=OrderId(new_id()), line_id=LineId(new_id()), sku_id=SKU, units=units, path=PATHS[node_id]
    )


def over(node_id: NodeId, units: int) -> Overheld:
    return Overheld(node_id=node_id, sku_id=SKU, depth=len(PATHS[node_id]) - 1, units=units)


def test_the_latest_goes_and_only_the_part_that_must():
    first, second, third = held(NETWORK, 2), held(NETWORK, 3), held(NETWORK, 1)
    broken = choose_broken_promises([over(NETWORK, 3)], [], [third, second, first]).holds
    assert [(one.line_id, one.units) for one in broken] == [(third.line_id, 1), (second.line_id, 2)]


def test_a_hold_broken_below_counts_above():
    wide, bound = held(NETWORK, 5), held(LEAF, 4)
    overheld = [over(BRAND, 3), over(NETWORK, 3), over(LEAF, 2)]
    broken = choose_broken_promises(overheld, [], [wide, bound]).holds
    assert [(one.line_id, one.units, one.node_id) for one in broken] == [
        (wide.line_id, 1, NETWORK),
        (bound.line_id, 2, LEAF),
    ]


def test_another_sku_is_nobodys_business():
    hold = HeldUnits(
        order_id=OrderId(new_id()), line_id=LineId(new_id()), sku_id=OTHER_SKU, units=1, path=PATHS[LEAF]
    )
    assert choose_broken_promises([over(LEAF, 1)], [], [hold]).holds == ()
