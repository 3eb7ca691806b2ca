"""What fulfilment tells the log. Subject of each: the order; of a site's day, the site."""

from datetime import date, datetime

import msgspec

from loopline.fulfilment.calls.model import CallEnd
from loopline.fulfilment.model import RefusalReason, TaskKind, TaskUnits
from loopline.kernel.events import EventBody
from loopline.kernel.ids import AllocationId, CallId, LineId, OrderId, SiteId, SkuId, TaskId


class OfferedWork(msgspec.Struct, frozen=True, kw_only=True):
    """One of the tasks of `TasksOffered`."""

    task_id: TaskId
    site_id: SiteId
    kind: TaskKind
    deadline: datetime
    units: int


class TasksOffered(EventBody, frozen=True, kw_only=True):
    """An order's parcels were put to sites."""

    order_id: OrderId
    tasks: tuple[OfferedWork, ...]


class CalledWork(msgspec.Struct, frozen=True, kw_only=True):
    """One of the calls of `CallsOpened`."""

    call_id: CallId
    site_ids: tuple[SiteId, ...]
    deadline: datetime
    units: int


class CallsOpened(EventBody, frozen=True, kw_only=True):
    """An order's parcels were put to several sites each: the first to claim one has it."""

    order_id: OrderId
    calls: tuple[CalledWork, ...]


class CallClaimed(EventBody, frozen=True, kw_only=True):
    """A site was the first to claim a call: its task is offered and accepted in the same breath."""

    call_id: CallId
    order_id: OrderId
    site_id: SiteId
    task_id: TaskId


class CallEnded(EventBody, frozen=True, kw_only=True):
    """A call ended that nobody claimed: its time was over, or it was taken back."""

    call_id: CallId
    order_id: OrderId
    end: CallEnd


class TaskAccepted(EventBody, frozen=True, kw_only=True):
    """A site took a task."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId


class TaskRefused(EventBody, frozen=True, kw_only=True):
    """A site refused a task, or lines of it."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    reason: RefusalReason
    ends_task: bool
    lines: tuple[TaskUnits, ...]


class DayReopened(EventBody, frozen=True, kw_only=True):
    """A site that had no time that day takes work up to its limit again. Subject: the site."""

    site_id: SiteId
    day: date


class TaskLapsed(EventBody, frozen=True, kw_only=True):
    """No one took a task in time."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    lines: tuple[TaskUnits, ...]


class TaskCancelled(EventBody, frozen=True, kw_only=True):
    """A task, or lines of it, was taken back from the site."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    ends_task: bool
    lines: tuple[TaskUnits, ...]


class AddressSaidRight(EventBody, frozen=True, kw_only=True):
    """Whoever has a parcel in hand said that its address is right, though there were doubts: of these kinds."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    doubts: tuple[str, ...]


class PickingStarted(EventBody, frozen=True, kw_only=True):
    """Somebody began to pick a task."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId


class GoodsChecked(EventBody, frozen=True, kw_only=True):
    """The goods of a task were picked and looked at."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId


class ParcelPacked(EventBody, frozen=True, kw_only=True):
    """A parcel is ready for the carrier, or waits for its customer."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    kind: TaskKind


class ParcelLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a line that left in a parcel, after `units_before` of that line that left in others."""

    allocation_id: AllocationId
    line_id: LineId
    sku_id: SkuId
    units: int
    units_before: int


class ParcelHandedOver(EventBody, frozen=True, kw_only=True):
    """A parcel left the site, with these units."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    kind: TaskKind
    lines: tuple[ParcelLine, ...]
    tracking_number: str | None = None


class CollectorIdentified(EventBody, frozen=True, kw_only=True):
    """Whoever collected a dear parcel showed that it is theirs: by which proof, and nothing of what they showed."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    proof: str


class CollectorNotIdentified(EventBody, frozen=True, kw_only=True):
    """What was shown for a dear parcel is not of whoever ordered it: of which kind, and nothing of what it was."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    proof: str


class ParcelNotCollected(EventBody, frozen=True, kw_only=True):
    """A customer did not come for a parcel in time."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    lines: tuple[TaskUnits, ...]
