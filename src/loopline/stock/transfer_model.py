"""The words of transfers: goods that are to go from one leaf to another, what came of them, and what will not come."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import LotId, NodeId, SkuId, TransferId
from loopline.stock.model import ShortfallChange


class GoodsLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU to send."""

    sku_id: SkuId
    units: int
    lot_id: LotId | None = None


class TransferAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that are to go from one leaf to another of the same owner. `id` is a UUIDv7 that names it for good."""

    id: TransferId
    from_leaf_id: NodeId
    to_leaf_id: NodeId
    lines: tuple[GoodsLine, ...]

    def in_order(self) -> "TransferAsk":
        """Return the same ask with its lines in one order, to be compared."""
        lines = sorted(self.lines, key=lambda line: (line.sku_id, str(line.lot_id), line.units))
        return msgspec.structs.replace(self, lines=tuple(lines))


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer that is under way; `is_repeat` says that it was before."""

    transfer_id: TransferId
    is_repeat: bool = False


class LossReason(StrEnum):
    """Why something that was sent will not come."""

    MISSING = "missing"
    BROKEN = "broken"
    STOLEN = "stolen"


class TransferArrival(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a line of a transfer, `unsellable` units among it, and what will not come, and why.

    `id` is a UUIDv7 of whoever says so, and names the movement too: the same arrival again changes nothing.
    """

    id: UUID
    transfer_id: TransferId
    sku_id: SkuId
    received: int
    unsellable: int = 0
    lost: int = 0
    reason: LossReason | None = None
    lot_id: LotId | None = None


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """An arrival that stands; `in_transit` units of its line are still under way."""

    arrival_id: UUID
    transfer_id: TransferId
    sku_id: SkuId
    in_transit: int
    is_repeat: bool = False
    shortfalls: tuple[ShortfallChange, ...] = ()


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a transfer as it stands."""

    transfer_id: TransferId
    from_leaf_id: NodeId
    to_leaf_id: NodeId
    sent_at: datetime
    sku_id: SkuId
    lot_id: LotId | None
    sent: int
    received: int
    lost: int
    in_transit: int
