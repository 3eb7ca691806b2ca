"""Which tasks are picked together, and which of them goes short."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from loopline.fulfilment.labels import number_of
from loopline.fulfilment.model import Task, TaskKind, TaskLine, TaskState
from loopline.fulfilment.rounds import Missing, MissingReason
from loopline.fulfilment.rounds.rules import by_urgency, goes_short
from loopline.kernel.temperatures import TemperatureClass
from tests.make.fulfilment import (
    DAY,
    LATER,
    NOON,
    allocation_id,
    leaf_id,
    line_id,
    order_id,
    site_id,
    sku_id,
    task_id,
)

HOUR = timedelta(hours=1)


def accepted(
    number: int, *, deadline: datetime = LATER, kind: TemperatureClass = TemperatureClass.AMBIENT
) -> Task:
    return Task(
        task_id=task_id(number),
        order_id=order_id(number),
        site_id=site_id(0),
        kind=TaskKind.DELIVER,
        day=DAY,
        state=TaskState.ACCEPTED,
        offered_at=NOON,
        deadline=deadline,
        temperature_class=kind,
    )


def test_what_has_to_leave_first_comes_first():
    tasks = [accepted(1), accepted(2), accepted(3, deadline=LATER - HOUR), accepted(4)]
    due = {order_id(2): NOON - HOUR, order_id(1): LATER + HOUR}
    assert [task.task_id for task in by_urgency(tasks, due=due, at_most=3)] == [
        task_id(2),
        task_id(3),
        task_id(4),
    ]


@pytest.mark.parametrize(("frozen", "chosen"), [(1, [1]), (3, [1, 2])])
def test_a_round_is_as_cold_as_its_most_urgent_task(frozen: int, chosen: list[int]):
    tasks = [
        accepted(
            number,
            deadline=LATER + number * HOUR,
            kind=TemperatureClass.FROZEN if number == frozen else TemperatureClass.AMBIENT,
        )
        for number in (1, 2, 3)
    ]
    assert by_urgency(tasks, due={}, at_most=10) == [tasks[number - 1] for number in chosen]


def wants(task: int, units: int, *, sku: int = 0, refused: int = 0) -> TaskLine:
    return TaskLine(
        task_id=task_id(task),
        allocation_id=allocation_id(task, sku),
        line_id=line_id(task, sku),
        leaf_id=leaf_id(0),
        sku_id=sku_id(sku),
        units=units,
        refused_units=refused,
    )


# What boxes 1, 2 and 3 want of the SKU, how many are missing, and how many each goes short.
@pytest.mark.parametrize(
    ("units", "missing", "short"),
    [
        ((1, 1, 1), 1, {3: 1}),
        ((1, 1, 1), 2, {2: 1, 3: 1}),
        ((2, 1, 3), 2, {3: 2}),
        ((2, 0, 1), 2, {1: 1, 3: 1}),
        ((1, 1, 1), 9, {1: 1, 2: 1, 3: 1}),
        ((0, 0, 0), 1, {}),
    ],
)
def test_the_least_urgent_goes_short_first(units: tuple[int, ...], missing: int, short: dict[int, int]):
    boxes = {task_id(number): number for number in (1, 2, 3)}
    lines = [wants(number, count + 1, refused=1) for number, count in zip((1, 2, 3), units, strict=True)]
    lines += [wants(number, 5, sku=1) for number in (1, 2, 3)]
    said = Missing(id=UUID(int=1), sku_id=sku_id(0), units=missing, reason=MissingReason.NOT_FOUND)
    assert {boxes[one.task_id]: one.units for one in goes_short(said, lines, boxes)} == short


def test_a_box_that_is_checked_goes_short_no_more():
    said = Missing(id=UUID(int=1), sku_id=sku_id(0), units=1, reason=MissingReason.DAMAGED)
    (short,) = goes_short(said, [wants(1, 1), wants(2, 1)], {task_id(1): 1})
    assert short.task_id == task_id(1)


@pytest.mark.parametrize(("count", "number"), [(100_001, "P00001000017"), (7_992_739_871, "P79927398713")])
def test_numbers_of_labels_end_in_a_digit_that_shows_slips(count: int, number: str):
    assert number_of(count) == number
