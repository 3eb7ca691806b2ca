"""Which promises to break when more is held than is free: the latest, and no more than need be."""

from collections.abc import Sequence

import msgspec

from loopline.kernel.ids import LineId, NodeId, OrderId, SkuId
from loopline.stock.model import BrokenHold


class Overheld(msgspec.Struct, frozen=True, kw_only=True):
    """A node that holds `units` more of a SKU than are free there."""

    node_id: NodeId
    sku_id: SkuId
    depth: int
    units: int


class HeldUnits(msgspec.Struct, frozen=True, kw_only=True):
    """An open hold with the way from the root to its node."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    units: int
    path: tuple[NodeId, ...]


def choose_broken_holds(overheld: Sequence[Overheld], holds: Sequence[HeldUnits]) -> list[BrokenHold]:
    """Choose units of holds that must go so that no node holds more than is free there.

    `holds` come latest first. The deepest nodes choose first: a hold broken there counts for every node above it too.
    """
    left = {(one.node_id, one.sku_id): one.units for one in overheld}
    remaining = {hold.line_id: hold.units for hold in holds}
    broken: dict[LineId, int] = {}
    for one in sorted(overheld, key=lambda one: -one.depth):
        key = (one.node_id, one.sku_id)
        for hold in holds:
            if left[key] <= 0:
                break
            units = min(left[key], remaining[hold.line_id])
            if units and hold.sku_id == one.sku_id and one.node_id in hold.path:
                remaining[hold.line_id] -= units
                broken[hold.line_id] = broken.get(hold.line_id, 0) + units
                _count_off(left, hold, units)
    return [
        BrokenHold(
            order_id=hold.order_id,
            line_id=hold.line_id,
            node_id=hold.path[-1],
            sku_id=hold.sku_id,
            units=units,
        )
        for hold in holds
        if (units := broken.get(hold.line_id, 0))
    ]


def _count_off(left: dict[tuple[NodeId, SkuId], int], hold: HeldUnits, units: int) -> None:
    for node_id in hold.path:
        if (node_id, hold.sku_id) in left:
            left[node_id, hold.sku_id] -= units
