"""What touchpoints says happened. Ids only; processes append these to the log, last."""

from datetime import datetime

from loopline.kernel.events import EventBody
from loopline.kernel.ids import (
    LiveRoomId,
    MemberId,
    OrderId,
    PartyId,
    ProductId,
    ScanId,
    SiteId,
    TouchpointId,
)
from loopline.touchpoints.model import BindRole, ScanChannel, TieOutcome, TouchpointKind


class TouchpointScanned(EventBody, frozen=True, kw_only=True):
    """Somebody scanned a code. Who they are is known only where a member was signed in."""

    scan_id: ScanId
    touchpoint_id: TouchpointId
    kind: TouchpointKind
    channel: ScanChannel
    site_id: SiteId | None
    product_id: ProductId | None
    live_room_id: LiveRoomId | None
    member_id: MemberId | None
    scanned_at: datetime


class MemberBound(EventBody, frozen=True, kw_only=True):
    """A scan made a member a party's customer."""

    member_id: MemberId
    role: BindRole
    party_id: PartyId
    outcome: TieOutcome
    was_bound_to: PartyId | None
    scan_id: ScanId


class OrderAttributed(EventBody, frozen=True, kw_only=True):
    """An order was traced back to what touched its buyer."""

    order_id: OrderId
    touches: int
    scan_ids: tuple[ScanId, ...]
    live_room_id: LiveRoomId | None


class LiveRoomStarted(EventBody, frozen=True, kw_only=True):
    """A streamer went on air."""

    live_room_id: LiveRoomId
    code: str
    streamer_id: PartyId


class LiveRoomEnded(EventBody, frozen=True, kw_only=True):
    """A streamer went off the air."""

    live_room_id: LiveRoomId
    code: str
    streamer_id: PartyId
    scans: int
    orders: int
