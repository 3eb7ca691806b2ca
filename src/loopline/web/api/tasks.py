"""Tasks: what sites have to do for orders, and every step of it, from the offer to the hand-over."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from loopline import catalogue, orders, org
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import (
    Accepted,
    AcceptTask,
    CheckTask,
    CollectParcel,
    CountedLine,
    HandedOver,
    HandOverTask,
    OpenTasksAsk,
    PickTask,
    RefusalReason,
    RefusedWork,
    RefuseTask,
    Stepped,
    Task,
    TaskKind,
    TaskLine,
    TaskState,
    WithdrawnUnits,
)
from loopline.kernel.ids import AllocationId, LineId, OrderId, SiteId, SkuId, TaskId, uuid7s
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.kernel.temperatures import TemperatureClass
from loopline.org import Permission
from loopline.processes import addresses, collecting, dispatch, fulfil
from loopline.stock.lots import LotToTake, lots_to_take
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.lot_codes import LotTold, ScannedAsk, lots_told, scanned_lots
from loopline.web.api.packing import PackAsk, pack_command
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import (
    Batch,
    Outcomes,
    Page,
    Paging,
    SiteCodes,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.types import Code, Units
from loopline.web.edge import edge_of
from loopline.web.riders import CARRIER_MOST, name_carriers, refused_riders

_TAG = "tasks"
_LINES_MAX = 200

CollectCode = Annotated[
    str,
    Meta(
        min_length=8, max_length=16, description="As the customer says it; dashes, spaces and case are free."
    ),
]
Counted = Annotated[int, Meta(ge=0, le=1_000_000, description="All units of the SKU counted at the site.")]


class OpenState(StrEnum):
    """Where an open task stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    PICKING = "picking"
    CHECKED = "checked"
    PACKED = "packed"


InState = Annotated[
    OpenState | None,
    QueryParameter(name="state", description="Only tasks that stand so; else all open ones."),
]


# ------------------------------------------------------------------------------------------------------------- reading


class TaskLineTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that a task asks for, how many of them are still in it, and which lots to take them from."""

    allocation_id: AllocationId
    line_id: LineId
    sku_code: str
    name: str
    units: int
    units_left: int
    lots: tuple[LotTold, ...]


class TaskTold(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it stands, its parcel of one temperature class. The code that collects it is the customer's alone."""

    id: TaskId
    order_id: OrderId
    order_number: str
    site_code: str
    kind: TaskKind
    temperature_class: TemperatureClass
    day: date
    state: TaskState
    offered_at: datetime
    deadline: datetime
    accepted_at: datetime | None
    packed_at: datetime | None
    ended_at: datetime | None
    collect_by: datetime | None
    lines: tuple[TaskLineTold, ...]


@told("/tasks", tag=_TAG, name="list_tasks")
def list_tasks(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: SiteCodes = None,
    in_state: InState = None,
) -> Page[TaskTold]:
    """List open tasks of your sites, the earliest deadline first."""
    scope = caller.scope(Permission.TASKS_READ)
    after = asked.after(datetime, UUID)

    def find(conn: Conn, _: datetime) -> Page[TaskTold]:
        page = OpenTasksAsk(
            site_ids=sites_asked(conn, site_codes, scope),
            state=TaskState(in_state.value) if in_state else None,
            after=(after[0], TaskId(after[1])) if after else None,
            at_most=asked.at_most,
        )
        found = fulfilment.open_tasks_page(conn, page)
        shown = {one.id: one for one in told_tasks(conn, found)}
        return page_of(
            found,
            asked,
            told=lambda task: shown[task.task_id],
            cursor=lambda task: encode_cursor(task.deadline, task.task_id),
        )

    return read(request, find)


@told("/tasks/{task_id:uuid}", tag=_TAG, name="get_task")
def get_task(request: AnyRequest, caller: NamedDependency[Caller], task_id: FromPath[UUID]) -> TaskTold:
    """Read a task of one of your sites, an ended one too."""
    scope = caller.scope(Permission.TASKS_READ)

    def find(conn: Conn, _: datetime) -> TaskTold:
        found = fulfilment.tasks_by_id(conn, [TaskId(task_id)])
        if not found or not scope.covers_site(found[0].site_id):
            raise Refused(NoSuchThing(noun="task", value=str(task_id)))
        return told_tasks(conn, found)[0]

    return read(request, find)


def sites_asked(conn: Conn, codes: Sequence[str] | None, scope: Scope) -> frozenset[SiteId] | None:
    """The sites of a list: those in scope, or those named of them. Raises Refused for a site that is not for you."""
    if codes is None:
        return None if scope.everything else scope.sites
    sites = org.sites_by_code(conn, codes)
    for code in codes:
        if code not in sites or not scope.covers_site(sites[code].id):
            raise Refused(NoSuchThing(noun="site", value=code))
    return frozenset(site.id for site in sites.values())


def told_tasks(conn: Conn, tasks: Sequence[Task]) -> list[TaskTold]:
    """Tell tasks as they stand, in their order."""
    lines = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks]) if tasks else {}
    skus = catalogue.skus_by_id(conn, {line.sku_id for of_task in lines.values() for line in of_task})
    sites = org.sites_by_id(conn, {task.site_id for task in tasks})
    heads = {head.id: head for head in orders.orders_by_ids(conn, list({task.order_id for task in tasks}))}
    to_take = lots_to_take(conn, [line.allocation_id for of_task in lines.values() for line in of_task])
    return [
        TaskTold(
            id=task.task_id,
            order_id=task.order_id,
            order_number=heads[task.order_id].number,
            site_code=sites[task.site_id].code,
            kind=task.kind,
            temperature_class=task.temperature_class,
            day=task.day,
            state=task.state,
            offered_at=task.offered_at,
            deadline=task.deadline,
            accepted_at=task.accepted_at,
            packed_at=task.packed_at,
            ended_at=task.ended_at,
            collect_by=task.collect_by,
            lines=tuple(
                _line_told(line, skus, to_take.get(line.allocation_id, ())) for line in lines[task.task_id]
            ),
        )
        for task in tasks
    ]


def _line_told(
    line: TaskLine, skus: Mapping[SkuId, catalogue.Sku], to_take: Sequence[LotToTake]
) -> TaskLineTold:
    return TaskLineTold(
        allocation_id=line.allocation_id,
        line_id=line.line_id,
        sku_code=skus[line.sku_id].code,
        name=skus[line.sku_id].name,
        units=line.units,
        units_left=line.left,
        lots=lots_told(to_take),
    )


# ----------------------------------------------------------------------------------------------------------- the steps


class TaskAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task."""

    task_id: UUID


class CountAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of an allocation that were picked and looked at."""

    allocation_id: UUID
    units: Units


class CheckAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task whose goods are picked and looked at. `counted`, where given, must be exactly what is left in it."""

    task_id: UUID
    counted: Annotated[tuple[CountAsk, ...], Meta(max_length=_LINES_MAX)] | None = None


class HandOverAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A parcel that the carrier took, with the carrier's number for it, and the lots that were scanned for it.

    What a courier takes at an hour goes by the `rider_code` that the rider says; `carrier` is who carries it.
    """

    task_id: UUID
    rider_code: Annotated[str, Meta(pattern=r"^[0-9]{4}$(?!\n)")] | None = None
    carrier: Annotated[str, Meta(min_length=1, max_length=CARRIER_MOST)] | None = None
    tracking_number: Annotated[str, Meta(pattern=r"^[A-Za-z0-9\-]{1,64}$(?!\n)")] | None = None
    lots: Annotated[tuple[ScannedAsk, ...], Meta(max_length=_LINES_MAX)] = ()


class CollectAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code that somebody shows at a site. Where goods are dear, `proof`: the last four digits of the phone they were
    ordered with, or the member code; `is_paper_seen`: no phone is known, and a paper with the name was looked at.
    """

    site_code: Code
    code: CollectCode
    proof: Annotated[str, Meta(max_length=32)] = ""
    is_paper_seen: bool = False


class RefusedLineAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of an allocation that are refused; a count goes with the reason `count_differs`, and with no other."""

    allocation_id: UUID
    units: Units
    counted_units: Counted | None = None


class RefuseAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task that a site cannot do, or part of it. `id` is yours: the same refusal again refuses once."""

    task_id: UUID
    reason: RefusalReason
    id: UUID | None = None
    lines: Annotated[tuple[RefusedLineAsk, ...], Meta(max_length=_LINES_MAX)] = ()


class TaskDone(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was done, or had been done before (`is_repeat`); where the task stands after the batch."""

    task_id: TaskId
    order_id: OrderId
    state: TaskState
    at: datetime
    is_repeat: bool


_Done = Accepted | Stepped | HandedOver | RefusedWork
Step = Callable[[Conn, Scope, datetime], Sequence[_Done | Refusal]]


@posted("/tasks/accept", tag=_TAG, name="accept_tasks", gives=Outcomes[TaskDone])
def accept_tasks(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TaskAsk]]
) -> Response[bytes]:
    """Take offered tasks. Of two who try, one gets a task; a person takes it in the own name."""
    commands = [AcceptTask(task_id=TaskId(one.task_id), by=caller.person_id) for one in data.items]
    return _stepped(
        request, caller, data, lambda conn, scope, now: dispatch.accept(conn, commands, scope=scope, now=now)
    )


@posted("/tasks/refuse", tag=_TAG, name="refuse_tasks", gives=Outcomes[TaskDone])
def refuse_tasks(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[RefuseAsk]]
) -> Response[bytes]:
    """Give tasks back, whole or in part. The reason corrects the stock; the goods are sourced from another site."""

    def step(conn: Conn, scope: Scope, now: datetime) -> Sequence[_Done | Refusal]:
        made = uuid7s(now, len(data.items))
        commands = [
            _refusal(one, command_id=one.id or command_id, caller=caller)
            for one, command_id in zip(data.items, made, strict=True)
        ]
        return dispatch.refuse(conn, commands, scope=scope, now=now)

    return _stepped(request, caller, data, step)


def _refusal(one: RefuseAsk, *, command_id: UUID, caller: Caller) -> RefuseTask:
    return RefuseTask(
        command_id=command_id,
        task_id=TaskId(one.task_id),
        reason=one.reason,
        by=caller.person_id,
        lines=tuple(
            WithdrawnUnits(
                allocation_id=AllocationId(line.allocation_id),
                units=line.units,
                counted_units=line.counted_units,
            )
            for line in one.lines
        ),
    )


@posted("/tasks/pick", tag=_TAG, name="pick_tasks", gives=Outcomes[TaskDone])
def pick_tasks(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TaskAsk]]
) -> Response[bytes]:
    """Begin to pick accepted tasks."""
    commands = [PickTask(task_id=TaskId(one.task_id)) for one in data.items]
    return _stepped(
        request, caller, data, lambda conn, scope, now: fulfil.pick(conn, commands, scope=scope, now=now)
    )


@posted("/tasks/check", tag=_TAG, name="check_tasks", gives=Outcomes[TaskDone])
def check_tasks(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[CheckAsk]]
) -> Response[bytes]:
    """Say that everything of tasks is picked and was looked at. What is missing is refused first."""
    commands = [
        CheckTask(
            task_id=TaskId(one.task_id),
            counted=None
            if one.counted is None
            else tuple(
                CountedLine(allocation_id=AllocationId(line.allocation_id), units=line.units)
                for line in one.counted
            ),
            by=caller.person_id,
        )
        for one in data.items
    ]
    return _stepped(
        request, caller, data, lambda conn, scope, now: fulfil.check(conn, commands, scope=scope, now=now)
    )


@posted("/tasks/pack", tag=_TAG, name="pack_tasks", gives=Outcomes[TaskDone])
def pack_tasks(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PackAsk]]
) -> Response[bytes]:
    """Close parcels. One that its customer collects gets its code, which the customer alone is shown."""
    secret = edge_of(request).settings.secret

    def step(conn: Conn, scope: Scope, now: datetime) -> Sequence[_Done | Refusal]:
        tasks = {
            task.task_id: task
            for task in fulfilment.tasks_by_id(conn, [TaskId(one.task_id) for one in data.items])
        }
        zones = {
            site_id: site.time_zone
            for site_id, site in org.sites_by_id(conn, {task.site_id for task in tasks.values()}).items()
        }
        commands = [
            pack_command(one, tasks.get(TaskId(one.task_id)), zones, secret=secret, now=now)
            for one in data.items
        ]
        return fulfil.pack(conn, commands, scope=scope, now=now)

    return _stepped(request, caller, data, step)


@posted("/tasks/hand-over", tag=_TAG, name="hand_over_tasks", gives=Outcomes[TaskDone])
def hand_over_tasks(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[HandOverAsk]]
) -> Response[bytes]:
    """Give packed parcels to the carrier: the goods are the customer's from then on."""

    def step(conn: Conn, scope: Scope, now: datetime) -> Sequence[_Done | Refusal]:
        scanned, unknown = scanned_lots(conn, [(TaskId(one.task_id), one.lots) for one in data.items])
        said = {TaskId(one.task_id): one.rider_code or "" for one in data.items}
        others = refused_riders(conn, said, scope=scope, secret=edge_of(request).settings.secret)
        others |= addresses.held_back(conn, said, scope=scope)
        judged = [
            unknown.get(TaskId(one.task_id))
            or others.get(TaskId(one.task_id))
            or HandOverTask(task_id=TaskId(one.task_id), tracking_number=one.tracking_number)
            for one in data.items
        ]
        outcomes = merged(
            judged, lambda free: fulfil.hand_over(conn, free, scope=scope, now=now, scanned=scanned)
        )
        name_carriers(conn, outcomes, {TaskId(one.task_id): one.carrier for one in data.items})
        return outcomes

    return _stepped(request, caller, data, step)


@posted("/tasks/collect", tag=_TAG, name="collect_parcels", gives=Outcomes[TaskDone])
def collect_parcels(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[CollectAsk]]
) -> Response[bytes]:
    """Give waiting parcels to whoever shows their codes at the site."""

    def step(conn: Conn, scope: Scope, now: datetime) -> Sequence[_Done | Refusal]:
        sites = org.sites_by_code(conn, {one.site_code for one in data.items})
        judged: list[collecting.Shown | Refusal] = [
            collecting.Shown(
                parcel=CollectParcel(site_id=sites[one.site_code].id, code=one.code),
                proof=one.proof,
                is_paper_seen=one.is_paper_seen,
            )
            if one.site_code in sites
            else NoSuchThing(noun="site", value=one.site_code)
            for one in data.items
        ]
        ring, by = edge_of(request).ring, caller.actor
        return merged(
            judged, lambda shown: collecting.collect(conn, shown, ring=ring, by=by, scope=scope, now=now)
        )

    return _stepped(request, caller, data, step)


def _stepped(request: AnyRequest, caller: Caller, data: Batch[Any], step: Step) -> Response[bytes]:
    """Do a step of a batch of tasks in the caller's sites, and tell where each task stands after it."""
    scope = caller.scope(Permission.TASKS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[TaskDone | Refusal]:
        outcomes = step(conn, scope, now)
        done = [one.task_id for one in outcomes if not isinstance(one, Refusal)]
        states = {task.task_id: task.state for task in fulfilment.tasks_by_id(conn, done)} if done else {}
        return [
            one
            if isinstance(one, Refusal)
            else TaskDone(
                task_id=one.task_id,
                order_id=one.order_id,
                state=states[one.task_id],
                at=one.at,
                is_repeat=one.is_repeat,
            )
            for one in outcomes
        ]

    return decided(request, caller, data, decide)


TASK_HANDLERS = [
    list_tasks,
    get_task,
    accept_tasks,
    refuse_tasks,
    pick_tasks,
    check_tasks,
    pack_tasks,
    hand_over_tasks,
    collect_parcels,
]
