"""Visits: a fitter goes out with packed goods and fits them at the customer's; what was done is handed over with it.

Until then the goods are the store's: nothing is sold by setting out. What was not done leaves them packed for another
hour, calls them off, or takes them out of the order as damaged, as the reason says. What of the order waits, or is
worked on at the store meanwhile, is not with the fitter: nothing said at the door is of it.
Rooms: slots (hours and visits), fulfilment (tasks), orders, promises; the stages that cancel, refuse and hand over.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeGuard

import msgspec

from loopline import orders, slots
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import (
    HandOverTask,
    RefusalReason,
    RefuseTask,
    Task,
    TaskLine,
    TaskState,
    WithdrawnUnits,
)
from loopline.fulfilment.photos import photos_of_tasks, tasks_lacking_photos
from loopline.fulfilment.rules import PhotoIsMissing
from loopline.fulfilment.service import lock_tasks
from loopline.kernel.events import event
from loopline.kernel.failures import Failures
from loopline.kernel.ids import LineId, OrderId, TaskId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.processes.cancel import Cancellation, UnitsToCancel, cancel
from loopline.processes.dispatch import refuse
from loopline.processes.fulfil import hand_over
from loopline.processes.outcomes import all_granted
from loopline.processes.promised import tell_arrivals
from loopline.processes.turn import take_turn
from loopline.slots import visits
from loopline.slots.events import VisitCodeClosed, VisitEnded, VisitSetOut, VisitTaken
from loopline.slots.visits import (
    NoVisitToMake,
    Outcome,
    Proof,
    Visit,
    VisitCodeLocked,
    VisitCodeWrong,
    WhyNotDone,
)

CALLS_OFF = frozenset({WhyNotDone.DOES_NOT_FIT, WhyNotDone.NOT_WANTED})
"""Reasons for which the goods are called off: they go back on the shelf, and what was paid goes back with them."""
OF_A_PART = CALLS_OFF | {WhyNotDone.DAMAGED}
"""Reasons that some of the goods may have, and not others."""
_OPEN = frozenset(
    {TaskState.OFFERED, TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED}
)


class NotAllPacked(Refusal, frozen=True, kw_only=True):
    """The goods are not all packed yet: pack them before you set out."""

    order_id: OrderId


class PhotoAfterSigning(Refusal, frozen=True, kw_only=True):
    """Take a photo of what stands there now: a name alone is no proof."""

    order_id: OrderId


class VisitNamedTwice(Refusal, frozen=True, kw_only=True):
    """The order is named twice: say one thing of a visit at a time."""

    order_id: OrderId


class PartNotThere(Refusal, frozen=True, kw_only=True):
    """Of that line {left} units are with you, not {units}."""

    line_id: LineId
    units: int
    left: int


class VisitStep(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody (`by`, an actor) takes on the visit to an order's customer, or sets out. `shown`: who comes, as told."""

    order_id: OrderId
    by: str
    shown: str = ""


class VisitDone(msgspec.Struct, frozen=True, kw_only=True):
    """What was brought is fitted, and the customer said so. `is_code_right`: whoever knows the code looked at it."""

    order_id: OrderId
    by: str
    proof: Proof
    is_code_right: bool = False
    signed_by: str = ""


class VisitMissed(msgspec.Struct, frozen=True, kw_only=True):
    """What was brought is not fitted, or some of it is not: `lines` (none: all), which a part may be of all but two
    reasons, nobody home and not ready. `shown` (none: not looked at): the units of each line that were there when it
    was said; where others are by now it is refused, so that saying it twice takes nothing more.
    """

    order_id: OrderId
    by: str
    reason: WhyNotDone
    lines: tuple[UnitsToCancel, ...] = ()
    shown: tuple[UnitsToCancel, ...] = ()


class _Locked(msgspec.Struct, frozen=True, kw_only=True):
    """The bookings of orders that stand for home, locked, and the last visit of each."""

    booked: Mapping[OrderId, slots.Booking]
    last: Mapping[OrderId, Visit]


def take_visits(
    conn: Conn, commands: Sequence[VisitStep], *, scope: Scope, now: datetime
) -> list[Visit | Refusal]:
    """Take visits on, one outcome each: their customers are told who comes. Locks bookings by order.

    There is one to make as long as something of the order has not left.
    """
    found = _lock(conn, [one.order_id for one in commands])
    heads = orders.orders_by_ids(conn, list(found.booked)) if found.booked else []
    waiting = {head.id for head in heads if head.parked + head.held + head.allocated}
    outcomes: list[Visit | Refusal] = []
    for place, one in enumerate(commands):
        outcomes.append(
            _not_to_be_made(commands, place, found, scope)
            or (NoVisitToMake(order_id=one.order_id) if one.order_id not in waiting else None)
            or visits.taken_on(found.last.get(one.order_id), found.booked[one.order_id], by=one.by, now=now)
        )
    changed = _write(conn, outcomes, found)
    shown = {
        command.order_id: command.shown
        for command, one in zip(commands, outcomes, strict=True)
        if command.shown and isinstance(one, Visit)
    }
    slots.name_carriers(conn, shown)
    told = [VisitTaken(order_id=one.order_id, site_id=one.site_id) for one in changed]
    log.append(
        conn,
        [
            event(body, subject=body.order_id, at=now, actor=one.by)
            for body, one in zip(told, changed, strict=True)
        ],
    )
    return outcomes


def set_out(
    conn: Conn, commands: Sequence[VisitStep], *, scope: Scope, now: datetime
) -> list[Visit | Refusal]:
    """Say that fitters are on the way, with all goods packed; one outcome each. Locks bookings by order, then tasks."""
    found = _lock(conn, [one.order_id for one in commands])
    # Whoever calls the order off at this moment is waited for.
    lock_tasks(conn, [task.task_id for task in fulfilment.tasks_of_orders(conn, list(found.booked))])
    work = _open_tasks(conn, found.booked)
    outcomes: list[Visit | Refusal] = []
    for place, one in enumerate(commands):
        tasks = work.get(one.order_id, [])
        # What is packed goes along, also where whoever packed it has a clock that is ahead of ours.
        at = max([now, *(task.packed_at for task in tasks if task.packed_at is not None)])
        outcome = _not_to_be_made(commands, place, found, scope) or visits.set_out(
            found.last.get(one.order_id), order_id=one.order_id, by=one.by, now=at
        )
        if isinstance(outcome, Visit) and not _all_packed(tasks):
            outcome = NotAllPacked(order_id=one.order_id)
        outcomes.append(outcome)
    changed = _write(conn, outcomes, found)
    told = [VisitSetOut(order_id=one.order_id, site_id=one.site_id) for one in changed]
    log.append(
        conn,
        [
            event(body, subject=body.order_id, at=now, actor=one.by)
            for body, one in zip(told, changed, strict=True)
        ],
    )
    return outcomes


def finish_visits(
    conn: Conn, commands: Sequence[VisitDone], *, scope: Scope, now: datetime
) -> list[Visit | Refusal]:
    """Hand over what was fitted, one outcome each: it is the customer's from now on, and it has arrived.

    A signature needs a photo that is no older than the way there. A wrong code counts, so commit whatever comes back:
    after too many none is looked at for a while. Locks bookings by order, then what handing over does.
    """
    found = _lock(conn, [one.order_id for one in commands])
    work = _with_visits(conn, found.last)
    task_ids = [task.task_id for of_order in work.values() for task in of_order]
    failures = visits.failures_of(conn, found.booked) if found.booked else {}
    lacking = tasks_lacking_photos(conn, task_ids)
    taken: dict[TaskId, datetime] = {}
    for photo in photos_of_tasks(conn, task_ids):
        taken[photo.task_id] = max(photo.taken_at, taken.get(photo.task_id, photo.taken_at))
    outcomes: list[Visit | Refusal] = []
    for place, one in enumerate(commands):
        last, tasks = found.last.get(one.order_id), work.get(one.order_id, [])
        refused = _not_to_be_made(commands, place, found, scope)
        if refused is None and _is_said(last, one.by, Outcome.DONE) and not tasks:
            outcomes.append(last)
            continue
        visit = refused or visits.on_the_way(last, order_id=one.order_id, by=one.by)
        if isinstance(visit, Visit):
            visit = (
                _code_refused(one, failures, now=now)
                or _not_to_be_left(one, visit, tasks, lacking=lacking, taken=taken)
                or visits.done(visit, one.proof, one.signed_by, now=now)
            )
        outcomes.append(visit)
    _count_codes(conn, commands, outcomes, found, failures, now=now)
    going = [
        HandOverTask(task_id=task.task_id)
        for one in outcomes
        if isinstance(one, Visit)
        for task in work.get(one.order_id, ())
    ]
    gone = all_granted(hand_over(conn, going, scope=scope, now=now)) if going else []
    ended = _write(conn, outcomes, found)
    actor = commands[0].by if commands else "system"
    all_granted(tell_arrivals(conn, [(one.task_id, now) for one in gone], scope=scope, actor=actor, now=now))
    _tell_ends(conn, ended, now=now)
    return outcomes


def _code_refused(one: VisitDone, failures: Mapping[OrderId, Failures], *, now: datetime) -> Refusal | None:
    if one.proof is not Proof.CODE:
        return None
    before = failures.get(one.order_id, Failures())
    return visits.judge_code(before, order_id=one.order_id, is_right=one.is_code_right, now=now)


def _count_codes(  # noqa: PLR0913 - what was said, what came of it, and what was counted before
    conn: Conn,
    commands: Sequence[VisitDone],
    outcomes: Sequence[Visit | Refusal],
    found: _Locked,
    failures: Mapping[OrderId, Failures],
    *,
    now: datetime,
) -> None:
    """Count the codes that were wrong, and tell of orders for which none counts from now on for a while."""
    wrong = {
        one.order_id: failures.get(one.order_id, Failures())
        for one in outcomes
        if isinstance(one, VisitCodeWrong | VisitCodeLocked)
    }
    right = [one.order_id for one in outcomes if isinstance(one, Visit) and one.order_id in failures]
    closed = dict(visits.count_codes(conn, wrong, right, now=now))
    log.append(
        conn,
        [
            event(
                VisitCodeClosed(
                    order_id=one.order_id,
                    site_id=found.last[one.order_id].site_id,
                    until=closed[one.order_id],
                ),
                subject=one.order_id,
                at=now,
                actor=one.by,
            )
            for one, outcome in zip(commands, outcomes, strict=True)
            if isinstance(outcome, VisitCodeLocked) and one.order_id in closed
        ],
    )


def _not_to_be_left(
    one: VisitDone,
    visit: Visit,
    tasks: Sequence[Task],
    *,
    lacking: Collection[TaskId],
    taken: Mapping[TaskId, datetime],
) -> Refusal | None:
    """Why goods that were fitted are not handed over."""
    if not _all_packed(tasks):
        return NotAllPacked(order_id=one.order_id)
    needing = next((task.task_id for task in tasks if task.task_id in lacking), None)
    if needing is not None:
        return PhotoIsMissing(task_id=needing)
    latest = max((taken[task.task_id] for task in tasks if task.task_id in taken), default=None)
    is_shown = latest is not None and visit.set_out_at is not None and latest >= visit.set_out_at
    return PhotoAfterSigning(order_id=one.order_id) if one.proof is Proof.SIGNATURE and not is_shown else None


def miss_visits(
    conn: Conn, commands: Sequence[VisitMissed], *, scope: Scope, now: datetime
) -> list[Visit | Refusal]:
    """Say of visits that nothing was fitted, or not all, one outcome each; the reason decides on the goods.

    Nobody home, or not ready: they stay packed, for another hour. Does not fit, or not wanted: called off, back on the
    shelf. Damaged: taken out as damaged, and sourced anew. Where something is left that can still be fitted, the visit
    goes on. Takes the turn, then locks bookings by order, then what cancelling and refusing lock.
    """
    take_turn(conn)
    found = _lock(conn, [one.order_id for one in commands])
    outcomes: list[Visit | Refusal] = []
    for place, one in enumerate(commands):
        last = found.last.get(one.order_id)
        refused = _not_to_be_made(commands, place, found, scope)
        if refused is None and _is_said(last, one.by, Outcome.NOT_DONE) and last.reason is one.reason:
            outcomes.append(last)
            continue
        visit = refused or visits.on_the_way(last, order_id=one.order_id, by=one.by)
        # A step per visit: there are as many at a time as fitters come home from.
        if isinstance(visit, Visit):
            visit = _missed(conn, one, visit, scope=scope, now=now)
        outcomes.append(visit)
    changed = _write(conn, outcomes, found)
    _tell_ends(conn, [one for one in changed if one.ended_at is not None], now=now)
    return outcomes


def _missed(conn: Conn, one: VisitMissed, visit: Visit, *, scope: Scope, now: datetime) -> Visit | Refusal:
    """Decide on the goods of one visit, and return it: still under way where some of them can be fitted."""
    ended = visits.not_done(visit, one.reason, now=now)
    if one.reason not in OF_A_PART:
        return ended
    tasks = _with_visits(conn, {one.order_id: visit}).get(one.order_id, [])
    lines = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks]) if tasks else {}
    refused = _not_there(one, [line for of_task in lines.values() for line in of_task])
    if refused is not None:
        return refused
    if not tasks:
        return ended
    if one.reason is WhyNotDone.DAMAGED:
        all_granted(refuse(conn, _damaged(one, lines, now=now), scope=scope, now=now))
    else:
        along = tuple(task.task_id for task in tasks)
        asked = Cancellation(order_id=one.order_id, lines=one.lines, of_tasks=along, actor=one.by)
        (outcome,) = cancel(conn, [asked], scope=scope, now=now)
        if isinstance(outcome, Refusal):
            return outcome
    is_left = bool(_with_visits(conn, {one.order_id: visit}))
    return visit if is_left else ended


def _not_there(one: VisitMissed, lines: Sequence[TaskLine]) -> Refusal | None:
    """Why what is said is not of goods that are with the fitter, or of others than were shown."""
    left: Counter[LineId] = Counter()
    for line in lines:
        left[line.line_id] += line.left
    wanted: Counter[LineId] = Counter()
    for part in one.lines:
        wanted[part.line_id] += part.units
    moved = [part for part in one.shown if left[part.line_id] != part.units]
    more = [part for part in one.lines if wanted[part.line_id] > left[part.line_id]]
    return next(
        (
            PartNotThere(line_id=part.line_id, units=part.units, left=left[part.line_id])
            for part in (*moved, *more)
        ),
        None,
    )


def _damaged(
    one: VisitMissed, lines: Mapping[TaskId, Sequence[TaskLine]], *, now: datetime
) -> list[RefuseTask]:
    """The commands that take damaged units out of the tasks of a visit; a line may lie in several."""
    wanted: Counter[LineId] = Counter()
    for part in one.lines:
        wanted[part.line_id] += part.units
    commands: list[RefuseTask] = []
    for (task_id, of_task), command_id in zip(lines.items(), uuid7s(now, len(lines)), strict=True):
        units: list[WithdrawnUnits] = []
        for line in of_task:
            some = min(line.left, wanted[line.line_id]) if one.lines else line.left
            wanted[line.line_id] -= some
            if some:
                units.append(WithdrawnUnits(allocation_id=line.allocation_id, units=some))
        if units:
            commands.append(
                RefuseTask(
                    command_id=command_id,
                    task_id=task_id,
                    reason=RefusalReason.DAMAGED,
                    lines=tuple(units),
                    at_the_door=True,
                )
            )
    return commands


# ------------------------------------------------------------------------------------------------------------- shared


def _lock(conn: Conn, order_ids: Collection[OrderId]) -> _Locked:
    booked, last = visits.lock_visits(conn, order_ids) if order_ids else ({}, {})
    return _Locked(booked=booked, last=last)


def _not_to_be_made(
    commands: Sequence[VisitStep] | Sequence[VisitDone] | Sequence[VisitMissed],
    place: int,
    found: _Locked,
    scope: Scope,
) -> Refusal | None:
    """Why a command is not looked at any further: no such visit, one of another branch, or named twice."""
    order_id = commands[place].order_id
    booking = found.booked.get(order_id)
    if booking is None or not scope.covers_site(booking.site_id):
        return NoVisitToMake(order_id=order_id)
    is_twice = any(one.order_id == order_id for one in commands[:place])
    return VisitNamedTwice(order_id=order_id) if is_twice else None


def _is_said(last: Visit | None, by: str, outcome: Outcome) -> TypeGuard[Visit]:
    """Whether somebody said so before: twice is once."""
    return last is not None and last.by == by and last.outcome is outcome


def _open_tasks(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, list[Task]]:
    """The tasks of orders that have not left and were not called off."""
    found: dict[OrderId, list[Task]] = {}
    for task in fulfilment.tasks_of_orders(conn, list(order_ids)) if order_ids else ():
        if task.state in _OPEN:
            found.setdefault(task.order_id, []).append(task)
    return found


def goes_along(task: Task, visit: Visit) -> bool:
    """Whether a task's goods went with whoever set out: what was packed since then waits at the store."""
    if visit.set_out_at is None or task.packed_at is None:
        return False
    return task.state is TaskState.PACKED and task.packed_at <= visit.set_out_at


def _with_visits(conn: Conn, last: Mapping[OrderId, Visit]) -> dict[OrderId, list[Task]]:
    """The tasks whose goods are with whoever goes to the customers of orders, of the last visits given."""
    found: dict[OrderId, list[Task]] = {}
    for task in fulfilment.tasks_of_orders(conn, list(last)) if last else ():
        if goes_along(task, last[task.order_id]):
            found.setdefault(task.order_id, []).append(task)
    return found


def _all_packed(tasks: Sequence[Task]) -> bool:
    return bool(tasks) and all(task.state is TaskState.PACKED for task in tasks)


def _write(conn: Conn, outcomes: Sequence[Visit | Refusal], found: _Locked) -> list[Visit]:
    """Write the visits that are not as they were; returns them."""
    changed = [one for one in outcomes if isinstance(one, Visit) and one != found.last.get(one.order_id)]
    visits.write_visits(conn, changed)
    return changed


def _tell_ends(conn: Conn, ended: Sequence[Visit], *, now: datetime) -> None:
    log.append(
        conn,
        [
            event(
                VisitEnded(
                    order_id=one.order_id,
                    site_id=one.site_id,
                    outcome=one.outcome,
                    reason=one.reason,
                    proof=one.proof,
                ),
                subject=one.order_id,
                at=now,
                actor=one.by,
            )
            for one in ended
            if one.outcome is not None
        ],
    )
