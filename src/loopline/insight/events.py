"""What boards follow beside the rooms' own events: money that came back or was corrected, as processes tell it.

Rooms say what happened to goods; what a return or a correction takes off sales is known only where they meet. The
process that decides it appends one of these.
"""

from uuid import UUID

import msgspec

from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrderId, SiteId, SkuId


class SalesLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of what came back or was corrected, tax included; `kind` is a line's: goods, charge, voucher."""

    kind: str = "goods"
    sku_id: SkuId | None = None
    units: int
    amount_minor: int


class SalesReturned(EventBody, frozen=True, kw_only=True):
    """Goods or charges came back and their money with them. Boards take the amounts and units off, whatever their sign.

    `site_id` and `channel` are those whose sales shrink: the original sale's where there is one. `order_id` is None for
    a return without an original sale.
    """

    order_id: OrderId | None
    return_id: UUID
    channel: str
    site_id: SiteId | None
    currency: str
    lines: tuple[SalesLine, ...]


class SalesAdjusted(EventBody, frozen=True, kw_only=True):
    """Sales were corrected without goods: a price difference, a bad debt. Amounts are signed; units do not count."""

    order_id: OrderId | None
    channel: str
    site_id: SiteId | None
    currency: str
    lines: tuple[SalesLine, ...]
    reason: str
