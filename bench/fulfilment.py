"""Fulfilment: 200 tasks of 25 lines per call, through every step."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from bench.workplace import Figure, Watch, new_database
from loopline.db import Conn, Database
from loopline.fulfilment import service
from loopline.fulfilment.model import (
    AcceptTask,
    CancelTask,
    CheckTask,
    HandOverTask,
    OfferTask,
    PackTask,
    PickTask,
    RefusalReason,
    RefuseTask,
    SiteLimit,
    WithdrawnUnits,
)
from loopline.kernel.ids import TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from tests.make.fulfilment import LATER, NOON, command_id, offer, site_id

ROUNDS = 10
TASKS = 200
LINES = 25
SITES = 21

Step = Callable[[Conn, Sequence[TaskId]], Sequence[object]]


def measure() -> Iterator[Figure]:
    with new_database() as database:
        with database.transaction() as conn:
            limits = [SiteLimit(site_id=site_id(site), tasks_per_day=1_000_000) for site in range(SITES)]
            service.set_site_limits(conn, limits, now=NOON)
        done = offers(0)
        yield _offer("offer", done, database=database)
        for what, step in STEPS.items():
            yield _step(what, step, done, database=database)
        yield _offer("offer others", cancelled := offers(1), database=database)
        yield _step("cancel them whole", _cancel, cancelled, database=database)
        yield _offer("offer others", lapsed := offers(2), database=database)
        yield _step(
            "let them lapse",
            lambda conn, _ids: service.lapse_tasks(conn, now=LATER + timedelta(hours=1), limit=TASKS),
            lapsed,
            database=database,
        )


def offers(part: int) -> list[list[OfferTask]]:
    """Batches of tasks spread over the sites; each part has tasks of its own."""
    first = 1 + part * ROUNDS * TASKS
    return [
        [offer(number, [3] * LINES, site=number % SITES) for number in range(start, start + TASKS)]
        for start in range(first, first + ROUNDS * TASKS, TASKS)
    ]


def _offer(what: str, batches: Sequence[Sequence[OfferTask]], *, database: Database) -> Figure:
    watch = Watch()
    for batch in batches:
        with watch, database.transaction() as conn:
            outcomes = service.offer_tasks(conn, batch, now=NOON)
        assert not [one for one in outcomes if isinstance(one, Refusal)]
    return _figure(what, watch)


def _step(what: str, step: Step, batches: Sequence[Sequence[OfferTask]], *, database: Database) -> Figure:
    watch = Watch()
    for batch in batches:
        ids = [one.task_id for one in batch]
        with watch, database.transaction() as conn:
            outcomes = step(conn, ids)
        assert len(outcomes) == len(ids)
        assert not [one for one in outcomes if isinstance(one, Refusal)]
    return _figure(what, watch)


def _figure(what: str, watch: Watch) -> Figure:
    return Figure(what=what, count=ROUNDS * TASKS * LINES, unit="lines", seconds=watch.seconds)


def _accept(conn: Conn, ids: Sequence[TaskId]) -> Sequence[object]:
    return service.accept_tasks(conn, [AcceptTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=NOON)


def _refuse(conn: Conn, ids: Sequence[TaskId]) -> Sequence[object]:
    commands = [
        RefuseTask(
            command_id=UUID(int=one.int + 1),
            task_id=one,
            reason=RefusalReason.DAMAGED,
            lines=tuple(
                WithdrawnUnits(allocation_id=line.allocation_id, units=1)
                for line in offer(one.int & 0xFFFFFFFF, [3] * LINES).lines
            ),
        )
        for one in ids
    ]
    return service.refuse_tasks(conn, commands, scope=WHOLE_BRAND, now=NOON)


def _pick(conn: Conn, ids: Sequence[TaskId]) -> Sequence[object]:
    return service.pick_tasks(conn, [PickTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=NOON)


def _check(conn: Conn, ids: Sequence[TaskId]) -> Sequence[object]:
    return service.check_tasks(conn, [CheckTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=NOON)


def _pack(conn: Conn, ids: Sequence[TaskId]) -> Sequence[object]:
    return service.pack_tasks(conn, [PackTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=NOON)


def _hand_over(conn: Conn, ids: Sequence[TaskId]) -> Sequence[object]:
    return service.hand_over_tasks(
        conn, [HandOverTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=NOON
    )


def _cancel(conn: Conn, ids: Sequence[TaskId]) -> Sequence[object]:
    commands = [CancelTask(command_id=command_id(one.int & 0xFFFFFFFF), task_id=one) for one in ids]
    return service.cancel_tasks(conn, commands, scope=WHOLE_BRAND, now=NOON)


STEPS: dict[str, Step] = {
    "accept": _accept,
    "refuse a unit of every line": _refuse,
    "pick": _pick,
    "check": _check,
    "pack": _pack,
    "hand over": _hand_over,
}
