"""What freight tells the log."""

from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrgUnitId


class FreightSet(EventBody, frozen=True, kw_only=True):
    """A unit set what delivery costs. `fee_minor` is the simple fee; none: what holds above it holds again."""

    unit_id: OrgUnitId
    fee_minor: int | None
    currency: str | None
    is_open: bool
