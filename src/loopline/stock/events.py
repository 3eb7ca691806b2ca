"""What stock tells: facts that moved goods, settings, and shortfalls that opened, changed or closed.

Holds, allocations and hand-overs are told by the events of the order they belong to. Processes append these.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.kernel.events import EventBody
from loopline.kernel.ids import (
    AllocationId,
    CountId,
    LineId,
    LotId,
    NodeId,
    OrderId,
    QuotaId,
    ShortfallId,
    SiteId,
    SkuId,
    TransferId,
)
from loopline.stock.model import MovementReason, QuotaKind, ShortfallChange, ShortfallKind
from loopline.stock.transfer_model import LossReason


class StockCorrected(EventBody, frozen=True, kw_only=True):
    """Goods of a leaf changed by a fact that no order tells: receipt, count, damage. Subject: the leaf."""

    fact_id: UUID
    leaf_id: NodeId
    sku_id: SkuId
    reason: MovementReason
    on_hand: int
    unsellable: int
    reference: UUID | None = None


class SafetyChanged(EventBody, frozen=True, kw_only=True):
    """A leaf keeps back another number of units. Subject: the leaf."""

    leaf_id: NodeId
    sku_id: SkuId
    units_before: int
    units: int


class LeafRehung(EventBody, frozen=True, kw_only=True):
    """A leaf hangs under another node. Subject: the leaf."""

    leaf_id: NodeId
    parent_id_before: NodeId
    parent_id: NodeId


class GoodsSent(EventBody, frozen=True, kw_only=True):
    """Goods left a leaf for another. Subject: the transfer."""

    class Line(msgspec.Struct, frozen=True, kw_only=True):
        """Units of a SKU under way."""

        sku_id: SkuId
        units: int

    transfer_id: TransferId
    from_leaf_id: NodeId
    to_leaf_id: NodeId
    lines: tuple[Line, ...]


class GoodsArrived(EventBody, frozen=True, kw_only=True):
    """Goods of a transfer came, or will not; `in_transit` of them are under way still. Subject: the transfer."""

    arrival_id: UUID
    transfer_id: TransferId
    sku_id: SkuId
    received: int
    unsellable: int
    lost: int
    reason: LossReason | None
    in_transit: int


class LotRecalled(EventBody, frozen=True, kw_only=True):
    """A lot is locked at every site; `units` became unsellable by it. Subject: the lot."""

    lot_id: LotId
    sku_id: SkuId
    units: int


class LotFreed(EventBody, frozen=True, kw_only=True):
    """The recall of a lot is lifted; `units` may be sold again. Subject: the lot."""

    lot_id: LotId
    sku_id: SkuId
    units: int


class GoodsExpired(EventBody, frozen=True, kw_only=True):
    """What lies in a lot at a leaf may no longer be sold. Subject: the leaf."""

    leaf_id: NodeId
    sku_id: SkuId
    lot_id: LotId
    units: int


class CountPosted(EventBody, frozen=True, kw_only=True):
    """A count ended and the books agree with it; what differed is told fact by fact. Subject: the count."""

    count_id: CountId
    lines: int
    differences: int


class CountAsked(EventBody, frozen=True, kw_only=True):
    """Somebody asked a site to count goods. Subject: what was asked."""

    asked_id: UUID
    leaf_id: NodeId
    sku_id: SkuId


class CountAskWithdrawn(EventBody, frozen=True, kw_only=True):
    """A count that was asked for is not wanted any more. Subject: what was asked."""

    asked_id: UUID
    leaf_id: NodeId
    sku_id: SkuId


class ShortfallOpened(EventBody, frozen=True, kw_only=True):
    """Units that were promised are not there. Subject: the shortfall."""

    shortfall_id: ShortfallId
    kind: ShortfallKind
    node_id: NodeId
    sku_id: SkuId
    units: int


class ShortfallChanged(EventBody, frozen=True, kw_only=True):
    """A shortfall grew or shrank and is still open. Subject: the shortfall."""

    shortfall_id: ShortfallId
    kind: ShortfallKind
    node_id: NodeId
    sku_id: SkuId
    units_before: int
    units: int


class ShortfallClosed(EventBody, frozen=True, kw_only=True):
    """All promises have goods behind them again. Subject: the shortfall."""

    shortfall_id: ShortfallId
    kind: ShortfallKind
    node_id: NodeId
    sku_id: SkuId


class QuotaOpened(EventBody, frozen=True, kw_only=True):
    """Units were set aside in an event's name. Subject: the quota."""

    quota_id: QuotaId
    kind: QuotaKind
    code: str
    node_id: NodeId
    sku_id: SkuId
    units: int
    starts_at: datetime
    ends_at: datetime


class QuotaChanged(EventBody, frozen=True, kw_only=True):
    """A quota became larger or smaller, or has other times; `lost` units were taken by a fact. Subject: the quota."""

    quota_id: QuotaId
    kind: QuotaKind
    code: str
    node_id: NodeId
    sku_id: SkuId
    units_before: int
    units: int
    lost: int
    starts_at: datetime
    ends_at: datetime


class RestockStated(EventBody, frozen=True, kw_only=True):
    """Somebody said that goods come on a day, to a site or (None) to the brand. Subject: the word."""

    restock_id: UUID
    sku_id: SkuId
    site_id: SiteId | None
    units: int | None
    expected_on: date


class RestockWithdrawn(EventBody, frozen=True, kw_only=True):
    """A word on goods that come was taken back. Subject: the word."""

    restock_id: UUID
    sku_id: SkuId
    site_id: SiteId | None


class QuotaEnded(EventBody, frozen=True, kw_only=True):
    """A quota is over: how many units went to its event's orders, how many back to everybody. Subject: the quota."""

    quota_id: QuotaId
    kind: QuotaKind
    code: str
    node_id: NodeId
    sku_id: SkuId
    to_orders: int
    returned: int


class HoldExpired(EventBody, frozen=True, kw_only=True):
    """An order was not paid in time and lost a line's hold. Subject: the order."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    units: int


class PromiseBroken(EventBody, frozen=True, kw_only=True):
    """Units of a line lost their goods to a fact and were taken back, to be promised anew. Subject: the order."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    units: int
    allocation_id: AllocationId | None = None


def told(change: ShortfallChange) -> ShortfallOpened | ShortfallChanged | ShortfallClosed:
    """Return the event that tells a change of a shortfall."""
    if not change.units_after:
        return ShortfallClosed(
            shortfall_id=change.shortfall_id, kind=change.kind, node_id=change.node_id, sku_id=change.sku_id
        )
    if not change.units_before:
        return ShortfallOpened(
            shortfall_id=change.shortfall_id,
            kind=change.kind,
            node_id=change.node_id,
            sku_id=change.sku_id,
            units=change.units_after,
        )
    return ShortfallChanged(
        shortfall_id=change.shortfall_id,
        kind=change.kind,
        node_id=change.node_id,
        sku_id=change.sku_id,
        units_before=change.units_before,
        units=change.units_after,
    )
