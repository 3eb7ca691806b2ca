"""What orders says happened. Ids only; processes append these to the log, last."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.kernel.events import EventBody
from loopline.kernel.ids import EntityId, LineId, MemberId, OrderId, SiteId, SkuId
from loopline.orders.model import DraftKind, LineKind, WaitsFor


class PlacedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of an order that was placed; the amount is for all its units, tax included.

    `is_for_bringing`: a charge that is earned as the goods leave.
    """

    line_id: LineId
    kind: LineKind
    sku_id: SkuId | None
    units: int
    amount_minor: int
    is_for_bringing: bool = False


class OrderPlaced(EventBody, frozen=True, kw_only=True):
    """An order was written: an ask that was granted, or a fact.

    An ask with `pay_until` ends unless it is paid by then; `waits_because` says what made that time shorter.
    """

    order_id: OrderId
    channel: str
    kind: DraftKind
    site_id: SiteId | None
    member_id: MemberId | None
    seller_entity_id: EntityId
    currency: str
    placed_at: datetime
    lines: tuple[PlacedLine, ...]
    pay_until: datetime | None = None
    waits_because: tuple[str, ...] = ()


class LineUnitsMoved(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many units of a line an event is about."""

    line_id: LineId
    units: int


class LinesParked(EventBody, frozen=True, kw_only=True):
    """Units of an order wait for goods."""

    order_id: OrderId
    lines: tuple[LineUnitsMoved, ...]


class LinesUnparked(EventBody, frozen=True, kw_only=True):
    """Goods came for units that waited; they are held now."""

    order_id: OrderId
    lines: tuple[LineUnitsMoved, ...]


class ShipFromChanged(EventBody, frozen=True, kw_only=True):
    """Customer service named other sites that an order must ship from; none: it ships from any."""

    order_id: OrderId
    site_ids: tuple[SiteId, ...]


class GoodsDated(EventBody, frozen=True, kw_only=True):
    """Goods that an order waits for are expected on another day than before; None: nobody knows of one (any more)."""

    class Line(msgspec.Struct, frozen=True, kw_only=True):
        """A line that waits, its day, and the one it had before."""

        line_id: LineId
        expected_on: date | None
        before: date | None

    order_id: OrderId
    lines: tuple[Line, ...]


class GoodsOverdue(EventBody, frozen=True, kw_only=True):
    """The day is over on which goods were expected, and the order still waits for them."""

    class Line(msgspec.Struct, frozen=True, kw_only=True):
        """A line that waits, and the day that is over."""

        line_id: LineId
        expected_on: date

    order_id: OrderId
    lines: tuple[Line, ...]


class PreorderStated(EventBody, frozen=True, kw_only=True):
    """A SKU may be sold ahead, so many units in all, and ships on a day; or not as before. Subject: the pre-order."""

    preorder_id: UUID
    sku_id: SkuId
    allowance: int
    per_order: int | None
    per_member: int | None
    opens_at: datetime
    closes_at: datetime | None
    ships_on: date


class PreorderClosed(EventBody, frozen=True, kw_only=True):
    """Nothing more of a SKU is sold ahead; who bought it still gets it. Subject: the pre-order."""

    preorder_id: UUID
    sku_id: SkuId


class SourcingPutOff(EventBody, frozen=True, kw_only=True):
    """An order has its goods, but no site that can or will send them now: it is sourced again after a moment."""

    order_id: OrderId
    waits_for: WaitsFor
    until: datetime
    lines: tuple[LineUnitsMoved, ...]


class CancelledLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a line that will not be handed over, and their part of the line's amount."""

    line_id: LineId
    kind: LineKind
    sku_id: SkuId | None
    units: int
    amount_minor: int


class LinesCancelled(EventBody, frozen=True, kw_only=True):
    """Units of an order were cancelled; `whole` when nothing of the order is left.

    `was_unpaid`: the order still waited to be paid, so that nothing is to be given back.
    """

    order_id: OrderId
    channel: str
    site_id: SiteId | None
    currency: str
    whole: bool
    lines: tuple[CancelledLine, ...]
    was_unpaid: bool = False


class LinesReinstated(EventBody, frozen=True, kw_only=True):
    """Cancelled units of an order are wanted again after all, because their payment came: a cancellation undone."""

    order_id: OrderId
    channel: str
    site_id: SiteId | None
    currency: str
    lines: tuple[CancelledLine, ...]


class NumberConflicted(EventBody, frozen=True, kw_only=True):
    """Another content came under the number of an order, and was kept."""

    order_id: OrderId
    channel: str
    external_number: str
