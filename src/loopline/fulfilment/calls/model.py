"""What is spoken of around calls: the call with its sites and lines, and the commands on it."""

from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.kernel.ids import CallId, LineId, OrderId, PersonId, SiteId, SkuId, TaskId
from loopline.kernel.temperatures import TemperatureClass


class CallState(StrEnum):
    """Where a call stands. All but the first are ends."""

    OPEN = "open"
    CLAIMED = "claimed"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class CallEnd(StrEnum):
    """How a call ends that nobody claimed: its time is over, or it is taken back."""

    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class CallSite(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A site that may claim: how far from the customer (None: nobody knows), and about what a parcel from it costs."""

    site_id: SiteId
    metres: int | None
    cost_minor: int


class CallLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Held units of an order line that are called."""

    line_id: LineId
    sku_id: SkuId
    units: int


class OpenCall(msgspec.Struct, frozen=True, kw_only=True):
    """Put units of an order, one parcel, to several sites, to be claimed before `deadline`. The cheapest site first."""

    call_id: CallId
    order_id: OrderId
    currency: str
    deadline: datetime
    sites: tuple[CallSite, ...]
    lines: tuple[CallLine, ...]
    temperature_class: TemperatureClass = TemperatureClass.AMBIENT


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it stands. `sites` the cheapest first; who claimed it, and the task that came of it, where one did."""

    call_id: CallId
    order_id: OrderId
    state: CallState
    currency: str
    opened_at: datetime
    deadline: datetime
    ended_at: datetime | None = None
    site_id: SiteId | None = None
    claimed_by: PersonId | None = None
    task_id: TaskId | None = None
    sites: tuple[CallSite, ...] = ()
    lines: tuple[CallLine, ...] = ()
    temperature_class: TemperatureClass = TemperatureClass.AMBIENT

    def of_site(self, site_id: SiteId) -> CallSite | None:
        """Return what was said of a site, if the call was put to it."""
        return next((one for one in self.sites if one.site_id == site_id), None)


class ClaimCall(msgspec.Struct, frozen=True, kw_only=True):
    """Take what is called, for a site. `by` None: the site claims by itself."""

    call_id: CallId
    site_id: SiteId
    by: PersonId | None = None


class OpenCallsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls are asked for: those that sites (None: any) may claim after `now`, those after a call."""

    now: datetime
    site_ids: frozenset[SiteId] | None = None
    after: tuple[datetime, CallId] | None = None
    at_most: int = 50
