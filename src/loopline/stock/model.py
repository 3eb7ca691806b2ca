"""The words of stock: nodes and leaves, what may be asked of them, what happened to them, and the answers.

Records that come in tens of thousands are kept out of Python's cycle collector (`gc=False`): they cannot make cycles,
and walking them cost a fifth of a batch.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import (
    AllocationId,
    EntityId,
    LineId,
    LotId,
    NodeId,
    OrderId,
    QuotaId,
    ShortfallId,
    SiteId,
    SkuId,
)


class NodeKind(StrEnum):
    """What a node stands for, from the root down. Networks may lie in networks; a leaf lies in any of the others."""

    BRAND = "brand"
    NETWORK = "network"
    SITE = "site"
    LEAF = "leaf"


class NewNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node to add. A brand has no parent; a site and a leaf name their site, a leaf its owner too."""

    id: NodeId
    kind: NodeKind
    name: str
    parent_id: NodeId | None = None
    site_id: SiteId | None = None
    owner_id: EntityId | None = None


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A node as it stands. `path` leads from the root to the node itself, both included."""

    id: NodeId
    kind: NodeKind
    name: str
    parent_id: NodeId | None
    path: tuple[NodeId, ...]
    site_id: SiteId | None = None
    owner_id: EntityId | None = None


class LeafMove(msgspec.Struct, frozen=True, kw_only=True):
    """A leaf that is to hang under another node."""

    leaf_id: NodeId
    parent_id: NodeId


class ShortfallKind(StrEnum):
    """What is short: units of a leaf that are tied to orders, or units of a node that are held."""

    MISSING = "missing"
    OVERHELD = "overheld"


class ShortfallChange(msgspec.Struct, frozen=True, kw_only=True):
    """A shortfall that a command opened (before = 0), grew, shrank or closed (after = 0)."""

    shortfall_id: ShortfallId
    kind: ShortfallKind
    node_id: NodeId
    sku_id: SkuId
    units_before: int
    units_after: int


class QuotaKind(StrEnum):
    """What kind of event a quota is set aside for: a live room, a channel, or whatever else has a code."""

    LIVE_ROOM = "live_room"
    CHANNEL = "channel"
    EVENT = "event"


class QuotaName(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The event in whose name units are set aside."""

    kind: QuotaKind
    code: str


class OnShort(StrEnum):
    """What to do with an ask for more than there is: refuse all of it, or hold the part there is."""

    REFUSE = "refuse"
    PART = "part"


class HoldAskLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of one SKU asked for at a node; a promise bound to one place asks at its leaf.

    `ahead_most`: so many of them may be missing, and are sold ahead, where the SKU is (`Ahead`).
    """

    line_id: LineId
    node_id: NodeId
    sku_id: SkuId
    units: int
    ahead_most: int = 0


class Ahead(msgspec.Struct, kw_only=True, gc=False):
    """A SKU that is sold ahead, while a batch is decided: how many units may still be missing.

    `kept`: units of what is there, at each of the nodes `kept_at`, that those wait for who bought ahead before; nobody
    else gets them.
    """

    left: int
    kept: int
    kept_at: frozenset[NodeId]


class HoldAsk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one order asks to be held, all or nothing unless `short` says part. `expires_at` None: until released.

    `scarce_expires_at`, where it is given, takes the place of `expires_at` for an order that takes much of the little
    there is of a SKU (`rules.is_scarce`).
    `events` are those that the order belongs to: each line draws from the quota of the first that has one open for it.
    """

    order_id: OrderId
    lines: tuple[HoldAskLine, ...]
    expires_at: datetime | None = None
    scarce_expires_at: datetime | None = None
    short: OnShort = OnShort.REFUSE
    events: tuple[QuotaName, ...] = ()


class HeldLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units newly held for a line; 0 only where part was enough, or all was sold ahead. `ahead`: those sold ahead."""

    line_id: LineId
    units: int
    ahead: int = 0


class Held(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is held for an order, line by line as asked; `is_scarce`: until the ask's `scarce_expires_at`."""

    order_id: OrderId
    lines: tuple[HeldLine, ...]
    is_scarce: bool = False


class Release(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Held units to give back: all of the line's hold when `units` is None.

    What was drawn from a quota goes back to it while it is open, unless nothing is behind the units (`is_lost`).
    """

    line_id: LineId
    units: int | None = None
    is_lost: bool = False


class Released(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a line's hold given back."""

    line_id: LineId
    units: int
    shortfalls: tuple[ShortfallChange, ...] = ()


class HoldExtension(msgspec.Struct, frozen=True, kw_only=True):
    """A new expiry for a line's hold; None keeps it until it is released: the order is paid."""

    line_id: LineId
    expires_at: datetime | None


class Extended(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that has a new expiry."""

    line_id: LineId
    units: int


class ExpiredHold(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A hold that ran out at `expires_at` and was given back."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    units: int
    expires_at: datetime
    shortfalls: tuple[ShortfallChange, ...] = ()


class TransferLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Held units of a line to be held at `node_id` from now on: by the same line, or by the line `to_line_id`.

    `units` None: all of them. What one line holds lies at one node, so a line that keeps its units moves them all.
    """

    line_id: LineId
    node_id: NodeId
    to_line_id: LineId | None = None
    units: int | None = None


class HoldTransfer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What moves of the holds of one order, all lines or none; to itself, or to the order `to_order_id`.

    The units keep the time until which they are held.
    """

    order_id: OrderId
    lines: tuple[TransferLine, ...]
    to_order_id: OrderId | None = None


class Transferred(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order's holds that lie elsewhere now; `units` as asked, line by line."""

    order_id: OrderId
    units: tuple[int, ...]
    shortfalls: tuple[ShortfallChange, ...] = ()


class AllocationLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Held units of a line to be tied to a leaf."""

    allocation_id: AllocationId
    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    units: int


class AllocationAsk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Allocations of one order: all of them or none."""

    order_id: OrderId
    lines: tuple[AllocationLine, ...]


class Allocated(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order whose asked units are tied to their leaves now."""

    order_id: OrderId


class AllocationRelease(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Allocated units to untie: back to the line's hold, or free for anyone. All of them when `units` is None.

    `lot_id` is the lot that is no longer to be taken, where that is why.
    """

    allocation_id: AllocationId
    units: int | None = None
    to_hold: bool
    lot_id: LotId | None = None


class AllocationReleased(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units untied from a leaf."""

    allocation_id: AllocationId
    units: int
    shortfalls: tuple[ShortfallChange, ...] = ()


class ScannedLot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units that were taken from a lot, as somebody scanned them."""

    lot_id: LotId
    units: int


class HandOver(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Allocated units that left the site, to the carrier or to the member; without `lots`, as was planned."""

    allocation_id: AllocationId
    units: int
    lots: tuple[ScannedLot, ...] = ()


class HandedOver(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units that are no longer ours; `units_left` are still allocated."""

    allocation_id: AllocationId
    units: int
    units_left: int


class MovementReason(StrEnum):
    """Why a leaf changed: facts of the world first, then what the promises of this room do themselves."""

    OPENING = "opening"
    RECEIPT = "receipt"
    SALE = "sale"
    RETURNED = "returned"
    COUNT = "count"
    DAMAGE = "damage"
    EXPIRY = "expiry"
    RECALL = "recall"
    SCRAP = "scrap"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    ADJUSTMENT = "adjustment"
    NOT_FOUND = "not_found"
    REGRADED = "regraded"
    STATED = "stated"
    ALLOCATED = "allocated"
    ALLOCATION_RELEASED = "allocation_released"
    HANDED_OVER = "handed_over"
    SAFETY_SET = "safety_set"
    DOUBT_SET = "doubt_set"


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened to the goods of a leaf, as signed changes; it cannot be refused for lack of stock.

    Damage that stays on the shelf: unsellable +n. Goods thrown away: on_hand −n, and unsellable −n if they were
    counted there. `id` is a UUIDv7 and names the fact for good: the same fact again changes nothing. `lot_id` says
    which lot; without it what leaves expires first, and what comes has no lot.
    """

    id: UUID
    leaf_id: NodeId
    sku_id: SkuId
    reason: MovementReason
    on_hand: int
    unsellable: int = 0
    reference: UUID | None = None
    lot_id: LotId | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fact that stands; `repeated` says it stood before.

    `shortfalls` are the shortfalls that the batch changed in the end, each told by the last fact that moved it.
    """

    fact_id: UUID
    repeated: bool = False
    shortfalls: tuple[ShortfallChange, ...] = ()


class SafetySetting(msgspec.Struct, frozen=True, kw_only=True):
    """How many units of a SKU a leaf keeps back from promises; with `expected` only where it keeps back so many now."""

    leaf_id: NodeId
    sku_id: SkuId
    units: int
    expected: int | None = None


class SafetySet(msgspec.Struct, frozen=True, kw_only=True):
    """A safety that applies now; it was `units_before`."""

    leaf_id: NodeId
    sku_id: SkuId
    units_before: int
    units: int
    shortfalls: tuple[ShortfallChange, ...] = ()


class DoubtSetting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many units of a SKU a leaf is to keep back because what we know of it is old or not to be trusted."""

    leaf_id: NodeId
    sku_id: SkuId
    units: int


class Doubted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units kept back in doubt now, on top of the safety that people set; they were `units_before`.

    Fewer than `wanted` where more would have taken the goods from under a promise.
    """

    leaf_id: NodeId
    sku_id: SkuId
    units_before: int
    units: int
    wanted: int


class LeafMoved(msgspec.Struct, frozen=True, kw_only=True):
    """A leaf that hangs under another node now."""

    leaf_id: NodeId
    parent_id_before: NodeId
    parent_id: NodeId


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """An open shortfall: `units` now, `units_most` at its worst."""

    shortfall_id: ShortfallId
    kind: ShortfallKind
    node_id: NodeId
    sku_id: SkuId
    units: int
    units_most: int
    opened_at: datetime


class BrokenHold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a hold that nothing is behind any more: to be released, and promised anew or told."""

    order_id: OrderId
    line_id: LineId
    node_id: NodeId
    sku_id: SkuId
    units: int


class BrokenQuota(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a quota that nobody has drawn, and that nothing is behind any more."""

    quota_id: QuotaId
    node_id: NodeId
    sku_id: SkuId
    units: int


class BrokenAllocation(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an allocation that its leaf does not have any more: to be released and sourced again."""

    allocation_id: AllocationId
    order_id: OrderId
    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    units: int
