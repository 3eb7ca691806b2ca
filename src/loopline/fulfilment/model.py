"""What fulfilment speaks of: a site's capacity, tasks and their lines, the commands and what comes of them.

Records that come by the hundred thousand and hold nothing but ids and numbers are hidden from the garbage collector
(`gc=False`): they cannot be part of a cycle, and looking at them cost more than making them.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.fulfilment.packing import PackedIn
from loopline.kernel.ids import AllocationId, LineId, NodeId, OrderId, PersonId, SiteId, SkuId, TaskId
from loopline.kernel.temperatures import TemperatureClass


class TaskKind(StrEnum):
    """Where the goods go: to the customer, or into the customer's hands at the site."""

    DELIVER = "deliver"
    COLLECT = "collect"


class TaskState(StrEnum):
    """Where a task stands. The first five are open, the others are ends."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    PICKING = "picking"
    CHECKED = "checked"
    PACKED = "packed"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    NOT_COLLECTED = "not_collected"


class RefusalReason(StrEnum):
    """Why a site refuses work. `rules.correction` says what each means for the stock."""

    NOT_FOUND = "not_found"
    DAMAGED = "damaged"
    DISPLAY_WORN = "display_worn"
    COUNT_DIFFERS = "count_differs"
    NO_CAPACITY = "no_capacity"


class WithdrawalCause(StrEnum):
    """Who takes units out of a task: the site, or we."""

    REFUSED = "refused"
    CANCELLED = "cancelled"


# ------------------------------------------------------------------------------------------------------------ capacity


class SiteLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks a site takes on an ordinary day."""

    site_id: SiteId
    tasks_per_day: int


class LearntLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A lower limit than a site says, because it hands over less in truth; `version`: of what was learnt."""

    site_id: SiteId
    tasks_per_day: int
    version: int


class LimitFix(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody answers for what a site says, and why; without a reason: nobody does any more."""

    site_id: SiteId
    because: str | None


class DayLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks a site takes on one day; None returns the day to the ordinary limit."""

    site_id: SiteId
    day: date
    tasks_limit: int | None


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """A site's day: held by offered tasks, confirmed by accepted ones. A lowered limit leaves `left` below zero.

    The limit is the day's own, where it has one; else what the site says, or less where that was learnt. Since
    `filled_at`, where the site gave work back for want of time, it is no more than what the site had then.
    """

    site_id: SiteId
    day: date
    tasks_limit: int
    held: int
    confirmed: int
    filled_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many more tasks may be offered."""
        return self.tasks_limit - self.held - self.confirmed


class CapacityMove(msgspec.Struct, frozen=True, kw_only=True):
    """Signed changes of a site's day."""

    site_id: SiteId
    day: date
    held: int
    confirmed: int


class SiteFlow(msgspec.Struct, frozen=True, kw_only=True):
    """How the tasks that a site was offered in a period stand.

    `ending`: not answered, and their time to answer ends within half an hour or has ended. `answer_seconds`: the median
    from offer to acceptance; None where none was accepted.
    """

    site_id: SiteId
    offered: int
    unanswered: int
    ending: int
    accepted: int
    refused: int
    lapsed: int
    handed_over: int
    answer_seconds: float | None


# --------------------------------------------------------------------------------------------------------------- tasks


class OfferedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Allocated units that a task asks for."""

    allocation_id: AllocationId
    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    units: int


class TaskLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a task, and how many of them were taken out of it."""

    task_id: TaskId
    allocation_id: AllocationId
    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    units: int
    refused_units: int = 0
    cancelled_units: int = 0

    @property
    def left(self) -> int:
        """The units still in the task."""
        return self.units - self.refused_units - self.cancelled_units


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel's work at one site. It counts against the site's capacity of `day`, the business day of its zone.

    `temperature_class`: how cold the parcel is kept.
    """

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    kind: TaskKind
    day: date
    state: TaskState
    offered_at: datetime
    deadline: datetime
    accepted_by: PersonId | None = None
    accepted_at: datetime | None = None
    picked_at: datetime | None = None
    checked_at: datetime | None = None
    packed_at: datetime | None = None
    ended_at: datetime | None = None
    collect_by: datetime | None = None
    code_hash: bytes | None = None
    temperature_class: TemperatureClass = TemperatureClass.AMBIENT


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units that a command took out of a task, per allocation. `ends_task`: with this command the last ones went."""

    command_id: UUID
    allocation_id: AllocationId
    task_id: TaskId
    cause: WithdrawalCause
    reason: RefusalReason | None
    units: int
    counted_units: int | None
    withdrawn_by: PersonId | None
    at: datetime
    ends_task: bool


# ------------------------------------------------------------------------------------------------------------ commands


class OfferTask(msgspec.Struct, frozen=True, kw_only=True):
    """Put a parcel's work to a site, to be accepted before `deadline`."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    kind: TaskKind
    day: date
    deadline: datetime
    lines: tuple[OfferedLine, ...]
    temperature_class: TemperatureClass = TemperatureClass.AMBIENT


class AcceptTask(msgspec.Struct, frozen=True, kw_only=True):
    """Take an offered task. `by` None: the site takes everything by itself."""

    task_id: TaskId
    by: PersonId | None = None


class PickTask(msgspec.Struct, frozen=True, kw_only=True):
    """Start to pick."""

    task_id: TaskId


class CountedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units that were picked and looked at."""

    allocation_id: AllocationId
    units: int


class CheckTask(msgspec.Struct, frozen=True, kw_only=True):
    """Everything is picked and looked at. `counted`, where given, must be exactly what is left in the task.

    `by` is who checks: what is picked in a round, its picker checks.
    """

    task_id: TaskId
    counted: tuple[CountedLine, ...] | None = None
    by: PersonId | None = None


class PackTask(msgspec.Struct, frozen=True, kw_only=True):
    """Packed. A parcel that waits to be collected needs its code (see `rules.collect_code`) and until when it waits.

    `packed_in` says what was used, where anybody says it.
    """

    task_id: TaskId
    code: str | None = None
    collect_by: datetime | None = None
    packed_in: PackedIn | None = None


class RenewCode(msgspec.Struct, frozen=True, kw_only=True):
    """Give a waiting parcel another code, because the first was lost; the first is void then."""

    task_id: TaskId
    code: str


class HandOverTask(msgspec.Struct, frozen=True, kw_only=True):
    """Give a packed parcel to the carrier; `tracking_number` is what the carrier calls it, where it is known."""

    task_id: TaskId
    tracking_number: str | None = None


class Waybill(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel that a carrier took over, by the number the carrier calls it."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    tracking_number: str
    handed_over_at: datetime


class CollectParcel(msgspec.Struct, frozen=True, kw_only=True):
    """Give a waiting parcel to whoever shows its code at the site."""

    site_id: SiteId
    code: str


class WithdrawnUnits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Part of a task's units. `counted_units`: all units of the SKU counted at the site, for COUNT_DIFFERS only."""

    allocation_id: AllocationId
    units: int
    counted_units: int | None = None


class RefuseTask(msgspec.Struct, frozen=True, kw_only=True):
    """The site cannot do a task, or part of it (`lines`). `command_id` is made by the caller: twice is once.

    `at_the_door`: found by who brought the goods, so that they are packed already.
    """

    command_id: UUID
    task_id: TaskId
    reason: RefusalReason
    by: PersonId | None = None
    lines: tuple[WithdrawnUnits, ...] = ()
    at_the_door: bool = False


class CancelTask(msgspec.Struct, frozen=True, kw_only=True):
    """We no longer want a task done, or part of it (`lines`). `command_id` is made by the caller: twice is once.

    With `keeps_packed` a task that is packed by then is left as it is: its goods are there.
    """

    command_id: UUID
    task_id: TaskId
    by: PersonId | None = None
    lines: tuple[WithdrawnUnits, ...] = ()
    keeps_packed: bool = False


# ------------------------------------------------------------------------------------------------------------ outcomes
# The same command again gets the same answer, with `is_repeat` set: whoever acts on an outcome acts on the first alone.


class TaskUnits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of an allocation, in an outcome or event."""

    allocation_id: AllocationId
    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    units: int


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """The task is with the site."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    at: datetime
    deadline: datetime
    is_repeat: bool = False


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The task is taken."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    by: PersonId | None
    at: datetime
    is_repeat: bool = False


class Stepped(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the work is done: `state` is what the step led to (picking, checked or packed), and when."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    state: TaskState
    at: datetime
    is_repeat: bool = False


class HandedOver(msgspec.Struct, frozen=True, kw_only=True):
    """The parcel left the site, with these units."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    kind: TaskKind
    at: datetime
    lines: tuple[TaskUnits, ...]
    is_repeat: bool = False


class Correction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a refusal says about the stock of a leaf: signed deltas, or a count.

    With `counted_units` the deltas are zero: on hand at the leaf is to become that many, as at the refusal.
    """

    allocation_id: AllocationId
    leaf_id: NodeId
    sku_id: SkuId
    reason: RefusalReason
    on_hand: int
    unsellable: int
    counted_units: int | None = None


class RefusedWork(msgspec.Struct, frozen=True, kw_only=True):
    """Units came back from the site: to be sourced elsewhere, with what they say about the stock."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    reason: RefusalReason
    ends_task: bool
    at: datetime
    lines: tuple[TaskUnits, ...]
    corrections: tuple[Correction, ...]
    is_repeat: bool = False


class CancelledWork(msgspec.Struct, frozen=True, kw_only=True):
    """Units were taken back from the site, not to be done."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    ends_task: bool
    at: datetime
    lines: tuple[TaskUnits, ...]
    is_repeat: bool = False


class EndedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task that time ended: lapsed, or not collected. `lines` are the units that were left in it."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    state: TaskState
    at: datetime
    lines: tuple[TaskUnits, ...]


class OpenTasksAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which open tasks are asked for: of sites (None: of all), in a state (None: in any), those after a task."""

    site_ids: frozenset[SiteId] | None = None
    state: TaskState | None = None
    after: tuple[datetime, TaskId] | None = None
    at_most: int = 50


class SiteRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A site that refused units of an order, or let its task lapse: not to be asked for that order again.

    `for_want_of_goods`: every time because what it was asked for was not there, or not fit to be sold.
    """

    order_id: OrderId
    site_id: SiteId
    for_want_of_goods: bool


class TaskCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks by state, and how many of them were refused in whole or in part."""

    by_state: dict[TaskState, int]
    refused_in_part_or_whole: int


def left_in(lines: Sequence[TaskLine]) -> tuple[TaskUnits, ...]:
    """Return what is left of a task's lines; lines with nothing left fall away."""
    return tuple(
        TaskUnits(
            allocation_id=line.allocation_id,
            line_id=line.line_id,
            leaf_id=line.leaf_id,
            sku_id=line.sku_id,
            units=line.left,
        )
        for line in lines
        if line.left
    )
