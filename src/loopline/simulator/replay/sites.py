"""What the people at the sites do with the work put to them: refuse a little, do the rest. Decided from the seed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from loopline.db import Conn
from loopline.fulfilment.codes import CODE_ENTROPY_BYTES, collect_code
from loopline.fulfilment.model import (
    AcceptTask,
    CheckTask,
    CollectParcel,
    HandOverTask,
    PackTask,
    PickTask,
    RefusalReason,
    RefusedWork,
    RefuseTask,
    Task,
    TaskKind,
    TaskLine,
    TaskState,
    WithdrawnUnits,
)
from loopline.fulfilment.queries import lines_of_tasks, open_tasks_of_sites
from loopline.kernel.ids import SiteId, uuid7s
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch, fulfil
from loopline.processes.full_days import take_again
from loopline.processes.outcomes import all_granted
from loopline.simulator.replay.chance import Chance

REFUSED_SHARE = 0.03
# Of what is refused: mostly one line that is not there or broken, else the whole task for want of hands.
LINE_REFUSED_SHARE = 0.85
LINE_REASONS = (RefusalReason.NOT_FOUND, RefusalReason.NOT_FOUND, RefusalReason.DAMAGED)
TASKS_AT_A_TIME_MAX = 2_000
WAITS_FOR_CUSTOMER = timedelta(days=7)


def do_work(conn: Conn, crew: "Crew", *, now: datetime) -> dict[str, int]:
    """Answer every offered task and do what was not refused, up to the hand-over; returns what was counted.

    Who had no time in the shift before has time again in this one.
    """
    take_again(conn, sorted(crew.site_codes.values()), scope=WHOLE_BRAND, by="crew", now=now)
    offered = [
        task
        for task in open_tasks_of_sites(conn, list(crew.site_codes), limit=TASKS_AT_A_TIME_MAX)
        if task.state is TaskState.OFFERED
    ]
    if not offered:
        return {}
    refused = _refuse(conn, offered, crew=crew, now=now)
    ended = {work.task_id for work in refused if work.ends_task}
    willing = [task for task in offered if task.task_id not in ended]
    _do(conn, willing, now=now)
    return {
        "offered_tasks": len(offered),
        "refused_tasks": len(refused),
        "refused_lines": sum(len(work.lines) for work in refused),
        "handed_over_tasks": len(willing),
        "collected_tasks": sum(task.kind is TaskKind.COLLECT for task in willing),
    }


class Crew:
    """The people at all sites: what each of them will do with a task, by its name and not by its random id."""

    def __init__(self, site_codes: Mapping[SiteId, str], *, chance: Chance, shift: int) -> None:
        """Take up work. Of one shift a site is asked for an order once; in another it may think otherwise."""
        self.site_codes = site_codes
        self._chance = chance
        self._shift = shift

    def is_unwilling(self, task: Task) -> bool:
        return self._chance.happens(REFUSED_SHARE, "refused", *self._name(task))

    def refusal(self, task: Task, lines: Sequence[TaskLine], *, command_id: UUID) -> RefuseTask:
        """Refuse one line of several as missing or broken, or the task as a whole for want of hands."""
        name = self._name(task)
        if len(lines) == 1 or not self._chance.happens(LINE_REFUSED_SHARE, "line", *name):
            return RefuseTask(command_id=command_id, task_id=task.task_id, reason=RefusalReason.NO_CAPACITY)
        in_order = sorted(lines, key=lambda line: line.line_id)
        line = self._chance.pick(in_order, "which line", *name)
        return RefuseTask(
            command_id=command_id,
            task_id=task.task_id,
            reason=self._chance.pick(LINE_REASONS, "reason", *name),
            lines=(WithdrawnUnits(allocation_id=line.allocation_id, units=line.left),),
        )

    def _name(self, task: Task) -> tuple[object, ...]:
        return (task.order_id, self.site_codes[task.site_id], task.offered_at, self._shift)


def _refuse(conn: Conn, offered: Sequence[Task], *, crew: Crew, now: datetime) -> list[RefusedWork]:
    unwilling = [task for task in offered if crew.is_unwilling(task)]
    lines = lines_of_tasks(conn, [task.task_id for task in unwilling])
    commands = [
        crew.refusal(task, lines[task.task_id], command_id=command_id)
        for task, command_id in zip(unwilling, uuid7s(now, len(unwilling)), strict=True)
    ]
    return all_granted(dispatch.refuse(conn, commands, scope=WHOLE_BRAND, now=now))


def _do(conn: Conn, tasks: Sequence[Task], *, now: datetime) -> None:
    """Accept, pick, check and pack; give to the carrier what is delivered, and to the customer what is collected."""
    ids = [task.task_id for task in tasks]
    all_granted(dispatch.accept(conn, [AcceptTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=now))
    all_granted(fulfil.pick(conn, [PickTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=now))
    all_granted(fulfil.check(conn, [CheckTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=now))
    all_granted(fulfil.pack(conn, [_packing(task, now) for task in tasks], scope=WHOLE_BRAND, now=now))
    delivered = [HandOverTask(task_id=task.task_id) for task in tasks if task.kind is TaskKind.DELIVER]
    all_granted(fulfil.hand_over(conn, delivered, scope=WHOLE_BRAND, now=now))
    collected = [
        CollectParcel(site_id=task.site_id, code=_code(task))
        for task in tasks
        if task.kind is TaskKind.COLLECT
    ]
    all_granted(fulfil.collect(conn, collected, scope=WHOLE_BRAND, now=now))


def _packing(task: Task, now: datetime) -> PackTask:
    if task.kind is TaskKind.DELIVER:
        return PackTask(task_id=task.task_id)
    return PackTask(task_id=task.task_id, code=_code(task), collect_by=now + WAITS_FOR_CUSTOMER)


def _code(task: Task) -> str:
    """The code of a parcel that waits for its customer. Whoever knows the task knows it: nobody here would steal."""
    return collect_code(blake2b(task.task_id.bytes, digest_size=CODE_ENTROPY_BYTES).digest())
