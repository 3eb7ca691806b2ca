"""What sourcing tells the log."""

import msgspec

from loopline.kernel.events import EventBody
from loopline.kernel.ids import LineId, OrderId, SiteId, WaveId
from loopline.sourcing.model import UnfilledReason


class OrderSourced(EventBody, frozen=True, kw_only=True):
    """Sites were chosen for an order. Subject: the order. `unfilled` lists what found none."""

    class Unfilled(msgspec.Struct, frozen=True, kw_only=True):
        """Units of a line that found no site."""

        line_id: LineId
        units: int
        reason: UnfilledReason

    order_id: OrderId
    wave_id: WaveId
    site_ids: tuple[SiteId, ...]
    units: int
    cost_minor: int
    currency: str
    unfilled: tuple[Unfilled, ...] = ()
