"""What stock tells whoever asks: records that are read, and lead to no command."""

from datetime import datetime

import msgspec

from loopline.kernel.ids import EntityId, LineId, NodeId, OrderId, SiteId, SkuId, time_of


class LeafSellable(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a SKU that may be allocated at a leaf: sellable, and not promised to others there."""

    leaf_id: NodeId
    site_id: SiteId
    owner_id: EntityId
    sku_id: SkuId
    sellable: int


class SiteSellable(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that may be promised at a site, whoever owns them."""

    site_id: SiteId
    sku_id: SkuId
    units: int


class NodeFree(msgspec.Struct, frozen=True, kw_only=True):
    """What may still be promised of a SKU at a node: `room` is the least of free less held there and above.

    `quotas`: how many open ones lie there and above; what they set aside is held.
    """

    node_id: NodeId
    sku_id: SkuId
    free: int
    held: int
    room: int
    quotas: int = 0


class LeafStock(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a SKU at a leaf. `safety` is what people set, `doubted` what is kept back besides."""

    leaf_id: NodeId
    sku_id: SkuId
    on_hand: int
    allocated: int
    unsellable: int
    safety: int
    doubted: int
    held: int
    sellable: int
    missing: int


class LevelLately(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a SKU of a leaf is now, and by how much it moved since a moment: units on hand, and those not to be had.

    `bound` are allocated or unsellable.
    """

    leaf_id: NodeId
    sku_id: SkuId
    on_hand: int
    bound: int
    on_hand_since: int
    bound_since: int
    doubted: int
    doubt_wanted: int


class LineHold(msgspec.Struct, frozen=True, kw_only=True):
    """A line's open hold."""

    order_id: OrderId
    line_id: LineId
    node_id: NodeId
    sku_id: SkuId
    units: int
    expires_at: datetime | None


class PromiseAges(msgspec.Struct, frozen=True, kw_only=True):
    """How old promises are: unpaid holds, those of them that ran out and were not given back, open shortfalls."""

    unpaid_holds: int
    first_line_id: LineId | None
    due_holds: int
    due_since: datetime | None
    open_shortfalls: int
    short_since: datetime | None

    @property
    def unpaid_since(self) -> datetime | None:
        """When the oldest unpaid hold was taken: its line's id, a UUIDv7, carries the moment."""
        return None if self.first_line_id is None else time_of(self.first_line_id)


class StockCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows there are of each thing."""

    movements: int
    open_holds: int
    open_allocations: int
    shortfalls: int
    open_shortfalls: int
