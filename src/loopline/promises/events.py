"""What promises tell the log. Subject of each: the order."""

from datetime import datetime

from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrderId, PromiseId, SiteId, TaskId
from loopline.promises.model import Milestone, PromiseKind


class PromiseGiven(EventBody, frozen=True, kw_only=True):
    """An order was placed with a promise, as it was shown to the customer."""

    order_id: OrderId
    promise_id: PromiseId
    kind: PromiseKind
    site_id: SiteId | None
    due_at: datetime


class PromiseAtRisk(EventBody, frozen=True, kw_only=True):
    """A milestone passed that was not reached; `due_at` is still ahead."""

    order_id: OrderId
    promise_id: PromiseId
    milestone: Milestone
    due_at: datetime


class PromiseKept(EventBody, frozen=True, kw_only=True):
    """What was promised happened in time."""

    order_id: OrderId
    promise_id: PromiseId
    kind: PromiseKind
    due_at: datetime
    fact_at: datetime


class PromiseMissed(EventBody, frozen=True, kw_only=True):
    """What was promised did not happen in time; `fact_at` says when it did, where it did."""

    order_id: OrderId
    promise_id: PromiseId
    kind: PromiseKind
    due_at: datetime
    fact_at: datetime | None


class PromiseRenewed(EventBody, frozen=True, kw_only=True):
    """The customer has a new promise, because the one before could not hold or did not: to be told of it."""

    order_id: OrderId
    promise_id: PromiseId
    replaces_id: PromiseId
    kind: PromiseKind
    due_at_before: datetime
    due_at: datetime


class ParcelArrived(EventBody, frozen=True, kw_only=True):
    """A parcel reached its customer, as whoever carried it says."""

    task_id: TaskId
    order_id: OrderId
    arrived_at: datetime
