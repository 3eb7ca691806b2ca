"""What boards follow beside the events of rooms and processes: sales that were corrected without goods."""

import msgspec

from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrderId, SiteId, SkuId


class SalesLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of what was corrected, tax included; `kind` is a line's: goods, charge, voucher."""

    kind: str = "goods"
    sku_id: SkuId | None = None
    units: int
    amount_minor: int


class SalesAdjusted(EventBody, frozen=True, kw_only=True):
    """Sales were corrected without goods: a price difference, a bad debt. Amounts are signed; units do not count."""

    order_id: OrderId | None
    channel: str
    site_id: SiteId | None
    currency: str
    lines: tuple[SalesLine, ...]
    reason: str
