"""Which promises to break when more is held than is free: what nobody has ordered yet, then the latest orders, and no
more than need be.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.kernel.ids import LineId, NodeId, OrderId, QuotaId, SkuId
from loopline.stock.model import BrokenHold, BrokenQuota


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


class RemainingUnits(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of an open quota, with the way from the root to its node."""

    id: QuotaId
    sku_id: SkuId
    units: int
    path: tuple[NodeId, ...]
    starts_at: datetime


class BrokenPromises(msgspec.Struct, frozen=True, kw_only=True):
    """Units that nothing is behind: of quotas, to be taken from what is left of them; of holds, to be released."""

    quotas: tuple[BrokenQuota, ...]
    holds: tuple[BrokenHold, ...]


def choose_broken_promises(
    overheld: Sequence[Overheld], quotas: Sequence[RemainingUnits], holds: Sequence[HeldUnits]
) -> BrokenPromises:
    """Choose units of quotas and holds that must go so that no node holds more than is free there.

    What is left of quotas goes before what orders hold; `quotas` and `holds` come in the order in which they go. The
    deepest nodes choose first: a promise broken there counts for every node above it too.
    """
    left = {(one.node_id, one.sku_id): one.units for one in overheld}
    remaining: dict[UUID, int] = {quota.id: quota.units for quota in quotas}
    remaining |= {hold.line_id: hold.units for hold in holds}
    promises: list[tuple[UUID, RemainingUnits | HeldUnits]] = [
        *((quota.id, quota) for quota in quotas),
        *((hold.line_id, hold) for hold in holds),
    ]
    broken: dict[UUID, int] = {}
    for one in sorted(overheld, key=lambda one: -one.depth):
        key = (one.node_id, one.sku_id)
        for promise_id, promise in promises:
            if left[key] <= 0:
                break
            units = min(left[key], remaining[promise_id])
            if units and promise.sku_id == one.sku_id and one.node_id in promise.path:
                remaining[promise_id] -= units
                broken[promise_id] = broken.get(promise_id, 0) + units
                _count_off(left, promise, units)
    return BrokenPromises(
        quotas=tuple(
            BrokenQuota(quota_id=quota.id, node_id=quota.path[-1], sku_id=quota.sku_id, units=units)
            for quota in quotas
            if (units := broken.get(quota.id, 0))
        ),
        holds=tuple(
            BrokenHold(
                order_id=hold.order_id,
                line_id=hold.line_id,
                node_id=hold.path[-1],
                sku_id=hold.sku_id,
                units=units,
            )
            for hold in holds
            if (units := broken.get(hold.line_id, 0))
        ),
    )


def _count_off(
    left: dict[tuple[NodeId, SkuId], int], promise: RemainingUnits | HeldUnits, units: int
) -> None:
    for node_id in promise.path:
        if (node_id, promise.sku_id) in left:
            left[node_id, promise.sku_id] -= units
