"""The pages of one task, from the offer to the hand-over. Every step is one touch; touched twice, it is done once."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, cast
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from msgspec.structs import replace

from loopline import catalogue
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import (
    AcceptTask,
    CheckTask,
    CountedLine,
    HandOverTask,
    PackTask,
    PickTask,
    RefusalReason,
    RefuseTask,
    TaskKind,
    WithdrawnUnits,
)
from loopline.fulfilment.packing import Material, PackedIn
from loopline.kernel.ids import AllocationId, TaskId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day, day_range
from loopline.org import Permission
from loopline.processes import dispatch, fulfil
from loopline.processes.addresses import held_back, say_right
from loopline.processes.packing import packing_of
from loopline.processes.photos import last_ones
from loopline.processes.promised import tell_arrivals
from loopline.processes.slots import HourNotFree, SlotMove, move_slots
from loopline.web.api.answers import run
from loopline.web.collection import collection_code
from loopline.web.edge import Edge, WebRequest, edge_of, language_of
from loopline.web.hours import moment_said
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.riders import CARRIER_MOST, name_carriers, refused_riders
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.refusals import NothingChosen, NotLookedAt, TrackingNumberNotUsable
from loopline.web.store.steps_box import steps_box_of
from loopline.web.store.task_view import COLLECT_WITHIN, checks_of, context_of, read_task
from loopline.web.store.words import refusal_words

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
Work = Callable[[Conn, Scope, datetime], Sequence[Any] | Refusal]
_TRACKING = re.compile(r"[A-Za-z0-9-]{1,64}")
_UNITS_DIGITS_MAX = 7
ADDRESS_RIGHT = "address_right"
"""The field by which whoever packs says that an address is right, whatever there is to doubt in it."""


class Step(StrEnum):
    """A step of a task that a store's phone does; each may come twice and is done once."""

    ACCEPT = "accept"
    PICK = "pick"
    CHECK = "check"
    PACK = "pack"
    HAND_OVER = "hand-over"
    REFUSE = "refuse"


# ------------------------------------------------------------------------------------------------------------- the page


@get("/store/tasks/{task_id:uuid}", dependencies=DESK, sync_to_thread=True)
def show_task(request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID]) -> Template:
    """Show a task as it stands, with what is to be done next."""
    return _task_page(request, desk, TaskId(task_id))


@get("/store/tasks/{task_id:uuid}/pay", dependencies=DESK, sync_to_thread=True)
def tell_pay(request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID]) -> Template:
    """Tell what a finished task earned, as soon as the books say so."""
    return page(request, "store/task_pay.html", **task_context(request, desk, TaskId(task_id)))


def _task_page(
    request: WebRequest, desk: Desk, task_id: TaskId, *, refusal: Refusal | None = None
) -> Template:
    language = language_of(request)
    return page(
        request,
        "store/task.html",
        status=200 if refusal is None else status_of(refusal),
        refusal=refusal_words(refusal, language) if refusal else "",
        **task_context(request, desk, task_id),
    )


def task_context(request: WebRequest, desk: Desk, task_id: TaskId) -> dict[str, Any]:
    """Write down everything that the page of a task shows."""
    edge = edge_of(request)
    facts = run(request, lambda conn, now: read_task(conn, task_id, desk, now=now, edge=edge))
    return {
        **context_of(facts, desk, language_of(request)),
        "may_work": desk.visitor.may(Permission.TASKS_WRITE),
        "is_fragment": False,
        "steps_box": steps_box_of(language_of(request)),
        # Made with the page: the same page sent twice refuses once.
        "command_id": str(uuid7(facts.now)),
    }


# ------------------------------------------------------------------------------------------------------------ the steps


def _done(request: WebRequest, desk: Desk, task_id: UUID, work: Work | Refusal) -> Response[Any]:
    """Do a step where the person may; lead back to the task, or show it with why not."""
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)
    refusal = work if isinstance(work, Refusal) else refusal_of(request, work, scope)
    if refusal is not None:
        return _task_page(request, desk, TaskId(task_id), refusal=refusal)
    return Redirect(f"/store/tasks/{task_id}", status_code=HTTP_303_SEE_OTHER)


def refusal_of(request: WebRequest, work: Work, scope: Scope) -> Refusal | None:
    """Do the work of one step, and return why not, if not."""
    outcome = run(request, lambda conn, now: work(conn, scope, now))
    refusal = outcome if isinstance(outcome, Refusal) else outcome[0]
    return refusal if isinstance(refusal, Refusal) else None


def step_work(  # noqa: PLR0911 - one for each step
    step: Step, request: WebRequest, desk: Desk, task_id: TaskId, data: dict[str, Any]
) -> Work | Refusal:
    """Return what a step of a task does, by what its form says; or why that cannot be."""
    match step:
        case Step.ACCEPT:
            accept = AcceptTask(task_id=task_id, by=desk.person_id)
            return lambda conn, scope, now: dispatch.accept(conn, [accept], scope=scope, now=now)
        case Step.PICK:
            pick = PickTask(task_id=task_id)
            return lambda conn, scope, now: fulfil.pick(conn, [pick], scope=scope, now=now)
        case Step.CHECK:
            return _check_work(task_id, desk, data, language_of(request))
        case Step.PACK:
            return _pack_work(task_id, desk, data, edge_of(request))
        case Step.HAND_OVER:
            return _hand_over_work(task_id, desk, data, edge_of(request).settings.secret)
        case Step.REFUSE:
            command = _refuse_command(data, task_id, desk)
            if isinstance(command, Refusal):
                return command
            return lambda conn, scope, now: dispatch.refuse(conn, [command], scope=scope, now=now)


@post("/store/tasks/{task_id:uuid}/accept", dependencies=DESK, sync_to_thread=True)
def accept(request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID]) -> Response[Any]:
    """Take an offered task in one's own name."""
    return _done(request, desk, task_id, step_work(Step.ACCEPT, request, desk, TaskId(task_id), {}))


@post("/store/tasks/{task_id:uuid}/pick", dependencies=DESK, sync_to_thread=True)
def pick(request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID]) -> Response[Any]:
    """Begin to fetch the goods."""
    return _done(request, desk, task_id, step_work(Step.PICK, request, desk, TaskId(task_id), {}))


@post("/store/tasks/{task_id:uuid}/check", dependencies=DESK, sync_to_thread=True)
def check(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Say that the lines ticked are there, and that all points of the list were looked at."""
    return _done(request, desk, task_id, step_work(Step.CHECK, request, desk, TaskId(task_id), data))


def _check_work(task_id: TaskId, desk: Desk, data: dict[str, Any], language: Language) -> Work:
    have, looked = frozenset(_values(data, "have")), len(set(_values(data, "looked")))

    def work(conn: Conn, scope: Scope, now: datetime) -> Sequence[Any] | Refusal:
        found = fulfilment.lines_of_tasks(conn, [task_id]).get(task_id, [])
        kinds = [one.temperature_class for one in fulfilment.tasks_by_id(conn, [task_id])]
        left = [line for line in found if line.left]
        skus = catalogue.skus_by_id(conn, {line.sku_id for line in left})
        last = last_ones(conn, left)
        tail = [skus[line.sku_id] for line in left if line.allocation_id in last]
        if kinds and looked < len(checks_of(list(skus.values()), language, kind=kinds[0], last=tail)):
            return NotLookedAt()
        counted = tuple(
            CountedLine(allocation_id=line.allocation_id, units=line.left)
            for line in left
            if str(line.allocation_id) in have
        )
        command = CheckTask(task_id=task_id, counted=counted, by=desk.person_id)
        return fulfil.check(conn, [command], scope=scope, now=now)

    return work


@post("/store/tasks/{task_id:uuid}/pack", dependencies=DESK, sync_to_thread=True)
def pack(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Close the parcel. One that its customer collects gets its code, and waits for a week."""
    return _done(request, desk, task_id, step_work(Step.PACK, request, desk, TaskId(task_id), data))


def _pack_work(task_id: TaskId, desk: Desk, data: dict[str, Any], edge: Edge) -> Work:
    def work(conn: Conn, scope: Scope, now: datetime) -> Sequence[Any]:
        command = _pack_command(conn, task_id, desk, edge, now=now)
        command = replace(command, packed_in=_packed_in(conn, task_id, data))
        return fulfil.pack(conn, [command], scope=scope, now=now)

    return work


def _packed_in(conn: Conn, task_id: TaskId, data: dict[str, Any]) -> PackedIn | None:
    """Read what a parcel was packed in, beside what was proposed; None where the page did not ask."""
    found = fulfilment.tasks_by_id(conn, [task_id]) if "box" in data else []
    if not found:
        return None
    packing = packing_of(conn, found[0])
    stated, used = str(data["box"]), set(_values(data, "material"))
    return PackedIn(
        box_code=stated if stated in {kind.code for kind in packing.boxes} else None,
        proposed_code=packing.proposal.box_code,
        materials=tuple(one for one in Material if one.value in used),
    )


def _pack_command(conn: Conn, task_id: TaskId, desk: Desk, edge: Edge, *, now: datetime) -> PackTask:
    found = fulfilment.tasks_by_id(conn, [task_id])
    if not found or found[0].kind is TaskKind.DELIVER:
        return PackTask(task_id=task_id)
    zone_name = desk.site.time_zone
    last_day = day_range(business_day(now + COLLECT_WITHIN, zone_name), zone_name)
    code = collection_code(task_id, secret=edge.settings.secret)
    return PackTask(task_id=task_id, code=code, collect_by=last_day.end)


@post("/store/tasks/{task_id:uuid}/hand-over", dependencies=DESK, sync_to_thread=True)
def hand_over(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Give the parcel to the carrier, with the number it goes by where there is one."""
    return _done(request, desk, task_id, step_work(Step.HAND_OVER, request, desk, TaskId(task_id), data))


def _hand_over_work(task_id: TaskId, desk: Desk, data: dict[str, Any], secret: str) -> Work | Refusal:
    stated = str(data.get("tracking_number", "")).strip()
    if stated and not _TRACKING.fullmatch(stated):
        return TrackingNumberNotUsable()
    command = HandOverTask(task_id=task_id, tracking_number=stated or None)
    carrier = str(data.get("carrier", "")).replace("\x00", "").strip()[:CARRIER_MOST]

    def work(conn: Conn, scope: Scope, now: datetime) -> Sequence[Any] | Refusal:
        others = refused_riders(conn, {task_id: str(data.get("code", ""))}, scope=scope, secret=secret)
        if others:
            return others[task_id]
        if data.get(ADDRESS_RIGHT):
            say_right(conn, [task_id], scope=scope, by=f"person:{desk.person_id}", now=now)
        held = held_back(conn, [task_id], scope=scope, asks=True)
        if held:
            return held[task_id]
        outcomes = fulfil.hand_over(conn, [command], scope=scope, now=now)
        name_carriers(conn, outcomes, {task_id: carrier})
        return outcomes

    return work


@post("/store/tasks/{task_id:uuid}/arrived", dependencies=DESK, sync_to_thread=True)
def mark_arrived(request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID]) -> Response[Any]:
    """Say that the parcel is with its customer, as the rider says."""
    actor = f"person:{desk.person_id}"
    return _done(
        request,
        desk,
        task_id,
        lambda conn, scope, now: tell_arrivals(
            conn, [(TaskId(task_id), now)], scope=scope, actor=actor, now=now
        ),
    )


@post("/store/tasks/{task_id:uuid}/hour", dependencies=DESK, sync_to_thread=True)
def move_hour(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Agree on another hour with the customer, who sees it at once."""
    starts_at = moment_said(str(data.get("starts_at", "")))
    actor = f"person:{desk.person_id}"

    def work(conn: Conn, scope: Scope, now: datetime) -> Sequence[Any] | Refusal:
        found = fulfilment.tasks_by_id(conn, [TaskId(task_id)])
        if not found or starts_at is None:
            return HourNotFree()
        move = SlotMove(order_id=found[0].order_id, starts_at=starts_at, actor=actor)
        return move_slots(conn, [move], scope=scope, now=now)

    return _done(request, desk, task_id, work)


@post("/store/tasks/{task_id:uuid}/refuse", dependencies=DESK, sync_to_thread=True)
def refuse(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Give work back, the units chosen, for a reason: it corrects the stock, and they go to another site."""
    return _done(request, desk, task_id, step_work(Step.REFUSE, request, desk, TaskId(task_id), data))


def _refuse_command(data: dict[str, Any], task_id: TaskId, desk: Desk) -> RefuseTask | Refusal:
    try:
        reason = RefusalReason(str(data.get("reason", "")))
        command_id = UUID(str(data.get("command_id", "")))
        lines = _withdrawn(data, is_counted=reason is RefusalReason.COUNT_DIFFERS)
    except ValueError:
        return NothingChosen()
    if not lines:
        return NothingChosen()
    return RefuseTask(command_id=command_id, task_id=task_id, reason=reason, by=desk.person_id, lines=lines)


def _withdrawn(data: dict[str, Any], *, is_counted: bool) -> tuple[WithdrawnUnits, ...]:
    """Read the units chosen per line. Raises ValueError where a field is no allocation."""
    return tuple(
        WithdrawnUnits(
            allocation_id=AllocationId(UUID(name.removeprefix("units_"))),
            units=_number(data, name),
            counted_units=_counted(data, name) if is_counted else None,
        )
        for name in data
        if name.startswith("units_") and _number(data, name)
    )


def _counted(data: dict[str, Any], name: str) -> int | None:
    """Return what was counted beside a field of units; None where nobody said."""
    beside = name.replace("units_", "counted_", 1)
    return _number(data, beside) if str(data.get(beside, "")).strip() else None


def _values(data: dict[str, Any], name: str) -> list[str]:
    """Return the values of a field that may be there several times, once or not at all."""
    found: Any = data.get(name, [])
    return [str(one) for one in cast(list[Any], found)] if isinstance(found, list) else [str(found)]


def _number(data: dict[str, Any], name: str) -> int:
    """Return a field's number; zero for none, for what is no number and for one beyond all goods."""
    text = str(data.get(name, "")).strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= _UNITS_DIGITS_MAX
    return int(text) if is_number else 0


TASK_PAGES = [show_task, tell_pay, accept, pick, check, pack, hand_over, mark_arrived, move_hour, refuse]
