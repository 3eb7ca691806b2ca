"""A plain model beside the room on PostgreSQL: whatever is sent, in whatever order and twice, both agree."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from loopline.db import Database, run_check
from loopline.fulfilment import queries, service
from loopline.fulfilment.checks import CHECKS
from loopline.fulfilment.model import (
    AcceptTask,
    CancelTask,
    CheckTask,
    CollectParcel,
    DayLimit,
    HandOverTask,
    PackTask,
    PickTask,
    RefusalReason,
    RefuseTask,
    SiteLimit,
    TaskKind,
    TaskState,
    WithdrawnUnits,
)
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from tests.make.fulfilment import (
    DAY,
    NOON,
    allocation_id,
    command_id,
    offer,
    person_id,
    repeat_of,
    site_id,
    task_id,
)

LIMIT = 3
SITES = (0, 1)
OPEN = {"offered", "accepted", "picking", "checked", "packed"}
STEP_OF = {"pick": ("accepted", "picking"), "check": ("picking", "checked"), "pack": ("checked", "packed")}
ROAD = ["accepted", "picking", "checked", "packed", "handed_over"]


class ModelTask:
    def __init__(self, number: int, site: int, kind: TaskKind, units: list[int], deadline: datetime) -> None:
        self.number = number
        self.site = site
        self.kind = kind
        self.left = units
        self.state = "offered"
        self.deadline = deadline
        self.by: int | None = None

    @property
    def code(self) -> str:
        return f"C0DE{self.number:04d}"


class TasksAndCapacity(RuleBasedStateMachine):
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.opened = self.database.transaction(quiet=True)
        self.conn = self.opened.__enter__()
        self.tasks: dict[int, ModelTask] = {}
        self.limit: dict[int, int] = dict.fromkeys(SITES, LIMIT)
        self.now = NOON
        self.commands = 0

    def teardown(self) -> None:
        self.opened.__exit__(psycopg.Rollback, psycopg.Rollback(), None)

    @initialize()
    def open_sites(self) -> None:
        limits = [SiteLimit(site_id=site_id(site), tasks_per_day=LIMIT) for site in SITES]
        service.set_site_limits(self.conn, limits, now=self.now)

    def used(self, site: int) -> Counter[str]:
        return Counter(
            "held" if task.state == "offered" else "confirmed"
            for task in self.tasks.values()
            if task.site == site and task.state in {*ROAD, "offered", "not_collected"}
        )

    def twice(self, command: Any, *arguments: Any, **keywords: Any) -> Any:
        """Send a command of one item doubled and then again: three answers, all the same."""
        keywords.setdefault("now", self.now)
        first, second = command(self.conn, [*arguments, *arguments], **keywords)
        (third,) = command(self.conn, list(arguments), **keywords)
        if isinstance(first, Refusal):
            assert first == second == third
            return first
        assert second == third == repeat_of(first)
        return first

    @rule(
        site=st.sampled_from(SITES),
        kind=st.sampled_from(TaskKind),
        units=st.lists(st.integers(1, 3), min_size=1, max_size=3),
        minutes=st.integers(1, 30),
    )
    def offer(self, site: int, kind: TaskKind, units: list[int], minutes: int) -> None:
        number = len(self.tasks) + 1
        deadline = self.now + timedelta(minutes=minutes)
        outcome = self.twice(
            service.offer_tasks, offer(number, units, site=site, kind=kind, deadline=deadline)
        )
        has_room = self.limit[site] > self.used(site).total()
        assert isinstance(outcome, Refusal) != has_room
        if has_room:
            self.tasks[number] = ModelTask(number, site, kind, list(units), deadline)

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), person=st.integers(1, 2))
    def accept(self, data: st.DataObject, person: int) -> None:
        task = self.any_task(data)
        outcome = self.twice(
            service.accept_tasks,
            AcceptTask(task_id=task_id(task.number), by=person_id(person)),
            scope=WHOLE_BRAND,
        )
        if task.state == "offered" and self.now < task.deadline:
            task.state, task.by = "accepted", person
        assert isinstance(outcome, Refusal) != (task.state in ROAD and task.by == person)

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), step=st.sampled_from(["pick", "check", "pack"]))
    def work(self, data: st.DataObject, step: str) -> None:
        task = self.any_task(data)
        one = task_id(task.number)
        is_collected = task.kind is TaskKind.COLLECT
        outcome = {
            "pick": lambda: self.twice(service.pick_tasks, PickTask(task_id=one), scope=WHOLE_BRAND),
            "check": lambda: self.twice(service.check_tasks, CheckTask(task_id=one), scope=WHOLE_BRAND),
            "pack": lambda: self.twice(
                service.pack_tasks,
                PackTask(
                    task_id=one,
                    code=task.code if is_collected else None,
                    collect_by=self.now + timedelta(hours=1) if is_collected else None,
                ),
                scope=WHOLE_BRAND,
            ),
        }[step]()
        before, after = STEP_OF[step]
        if task.state == before:
            task.state = after
            if step == "pack":
                task.deadline = self.now + timedelta(hours=1)
        is_past = task.state in ROAD and ROAD.index(task.state) >= ROAD.index(after)
        assert isinstance(outcome, Refusal) != is_past

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def give(self, data: st.DataObject) -> None:
        task = self.any_task(data)
        if task.kind is TaskKind.COLLECT:
            outcome = self.twice(
                service.collect_parcels,
                CollectParcel(site_id=site_id(task.site), code=task.code),
                scope=WHOLE_BRAND,
            )
        else:
            outcome = self.twice(
                service.hand_over_tasks, HandOverTask(task_id=task_id(task.number)), scope=WHOLE_BRAND
            )
        if task.state == "packed":
            task.state = "handed_over"
        assert isinstance(outcome, Refusal) != (task.state == "handed_over")

    @precondition(lambda self: self.tasks)
    @rule(
        data=st.data(),
        is_refusal=st.booleans(),
        takes=st.lists(st.integers(0, 3), max_size=3),
        reason=st.sampled_from([one for one in RefusalReason if one is not RefusalReason.COUNT_DIFFERS]),
    )
    def withdraw(
        self, data: st.DataObject, is_refusal: bool, takes: list[int], reason: RefusalReason
    ) -> None:
        task = self.any_task(data)
        self.commands += 1
        lines = tuple(
            WithdrawnUnits(allocation_id=allocation_id(task.number, position), units=units)
            for position, units in enumerate(takes)
            if units
        )
        one, key = task_id(task.number), command_id(self.commands)
        outcome = (
            self.twice(
                service.refuse_tasks,
                RefuseTask(command_id=key, task_id=one, reason=reason, lines=lines),
                scope=WHOLE_BRAND,
            )
            if is_refusal
            else self.twice(
                service.cancel_tasks, CancelTask(command_id=key, task_id=one, lines=lines), scope=WHOLE_BRAND
            )
        )
        wanted = {position: units for position, units in enumerate(takes) if units} or dict(
            enumerate(task.left)
        )
        fits = all(
            position < len(task.left) and units <= task.left[position] for position, units in wanted.items()
        )
        may = task.state in (OPEN - {"packed"} if is_refusal else OPEN)
        assert isinstance(outcome, Refusal) != (may and fits)
        if isinstance(outcome, Refusal):
            return
        for position, units in wanted.items():
            task.left[position] -= units
        assert sum(line.units for line in outcome.lines) == sum(wanted.values())
        assert outcome.ends_task == (not any(task.left))
        if not any(task.left):
            task.state = "refused" if is_refusal else "cancelled"

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(limit=st.integers(1, 3))
    def run_timers(self, limit: int) -> None:
        for command, before, kinds, after in (
            (service.lapse_tasks, "offered", set(TaskKind), "lapsed"),
            (service.end_waiting, "packed", {TaskKind.COLLECT}, "not_collected"),
        ):
            due = [
                task
                for task in self.tasks.values()
                if task.state == before and task.kind in kinds and task.deadline <= self.now
            ]
            due.sort(key=lambda task: (task.deadline, task.number))
            ended = command(self.conn, now=self.now, limit=limit)
            assert [one.task_id for one in ended] == [task_id(task.number) for task in due[:limit]]
            for task in due[:limit]:
                task.state = after

    @rule(site=st.sampled_from(SITES), limit=st.none() | st.integers(0, 5))
    def set_limit(self, site: int, limit: int | None) -> None:
        service.set_day_limits(self.conn, [DayLimit(site_id=site_id(site), day=DAY, tasks_limit=limit)])
        self.limit[site] = LIMIT if limit is None else limit

    @invariant()
    def agrees(self) -> None:
        found = queries.capacity_of_sites(self.conn, [site_id(site) for site in SITES], day=DAY)
        for site, capacity in zip(SITES, found, strict=False):
            used = self.used(site)
            assert (capacity.held, capacity.confirmed) == (used["held"], used["confirmed"])
            assert capacity.left == self.limit[site] - used.total()
        ids = [task_id(number) for number in self.tasks]
        stored = queries.tasks_by_id(self.conn, ids)
        assert [one.state for one in stored] == [TaskState(task.state) for task in self.tasks.values()]
        lines = queries.lines_of_tasks(self.conn, ids)
        for number, task in self.tasks.items():
            assert [line.left for line in lines[task_id(number)]] == task.left
        assert [run_check(self.conn, check) for check in CHECKS] == [[] for _ in CHECKS]

    def any_task(self, data: st.DataObject) -> ModelTask:
        return self.tasks[data.draw(st.sampled_from(sorted(self.tasks)))]


def test_room_and_model_agree(shared_database: Database):
    TasksAndCapacity.database = shared_database
    run_state_machine_as_test(
        TasksAndCapacity,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
