"""What slots tell the log."""

from datetime import datetime

from loopline.kernel.changes import Part
from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrderId, OrgUnitId, SiteId
from loopline.slots.model import Way
from loopline.slots.visits import Outcome, Proof, WhyNotDone


class SlotTermsSet(EventBody, frozen=True, kw_only=True):
    """A unit set, or took back, what it offers at which hours. Subject: the unit.

    `parts`: what of it differs from what the unit had set before.
    """

    unit_id: OrgUnitId
    way: Way
    is_offered: bool | None
    parts: tuple[Part, ...] = ()


class SlotBooked(EventBody, frozen=True, kw_only=True):
    """An order has a place in a slot. Subject: the order."""

    order_id: OrderId
    way: Way
    site_id: SiteId
    starts_at: datetime
    ends_at: datetime


class SlotMoved(EventBody, frozen=True, kw_only=True):
    """An order's place is in another slot: the customer is to be told of it. Subject: the order."""

    order_id: OrderId
    way: Way
    site_id: SiteId
    starts_at_before: datetime
    starts_at: datetime
    ends_at: datetime


class SlotReleased(EventBody, frozen=True, kw_only=True):
    """The place of an order is free again. Subject: the order."""

    order_id: OrderId
    way: Way
    site_id: SiteId
    starts_at: datetime


class VisitTaken(EventBody, frozen=True, kw_only=True):
    """Somebody is to go to a customer, who is told who comes. Subject: the order."""

    order_id: OrderId
    site_id: SiteId


class VisitSetOut(EventBody, frozen=True, kw_only=True):
    """A fitter is on the way to a customer: the customer is to be told. Subject: the order."""

    order_id: OrderId
    site_id: SiteId


class VisitCodeClosed(EventBody, frozen=True, kw_only=True):
    """So many wrong codes were said at a customer's door that none counts for a while. Subject: the order."""

    order_id: OrderId
    site_id: SiteId
    until: datetime


class VisitEnded(EventBody, frozen=True, kw_only=True):
    """A fitter said what became of a visit: what proves it, or why nothing was fitted. Subject: the order."""

    order_id: OrderId
    site_id: SiteId
    outcome: Outcome
    reason: WhyNotDone | None
    proof: Proof | None
