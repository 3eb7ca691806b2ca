from datetime import timedelta

import psycopg
import pytest

from loopline.db import Conn
from loopline.fulfilment import queries, service
from loopline.fulfilment.model import (
    AcceptTask,
    CancelledWork,
    CancelTask,
    Correction,
    HandOverTask,
    RefusalReason,
    RefusedWork,
    RefuseTask,
    SiteRefused,
    TaskState,
    TaskUnits,
    WithdrawnUnits,
)
from loopline.fulfilment.rules import UnknownTask, WrongState
from loopline.fulfilment.withdrawals import CommandDiffers, CountMisplaced, NotSoManyLeft, UnknownLine
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from tests.make.fulfilment import (
    LATER,
    NOON,
    allocation_id,
    command_id,
    day_of,
    leaf_id,
    line_id,
    offer,
    order_id,
    person_id,
    repeat_of,
    site_id,
    sku_id,
    take_tasks,
    task_id,
)

SOON = NOON + timedelta(minutes=5)


def part(task: int, number: int, units: int, *, counted: int | None = None) -> WithdrawnUnits:
    return WithdrawnUnits(allocation_id=allocation_id(task, number), units=units, counted_units=counted)


def refuse(
    command: int, task: int, *parts: WithdrawnUnits, reason: RefusalReason = RefusalReason.NOT_FOUND
) -> RefuseTask:
    return RefuseTask(
        command_id=command_id(command), task_id=task_id(task), reason=reason, by=person_id(1), lines=parts
    )


def cancel(command: int, task: int, *parts: WithdrawnUnits) -> CancelTask:
    return CancelTask(command_id=command_id(command), task_id=task_id(task), lines=parts)


def refuse_all(conn: Conn, *commands: RefuseTask) -> list[RefusedWork | Refusal]:
    return service.refuse_tasks(conn, commands, scope=WHOLE_BRAND, now=SOON)


def cancel_all(conn: Conn, *commands: CancelTask) -> list[CancelledWork | Refusal]:
    return service.cancel_tasks(conn, commands, scope=WHOLE_BRAND, now=SOON)


def state_of(conn: Conn, number: int) -> tuple[TaskState, list[int]]:
    (task,) = queries.tasks_by_id(conn, [task_id(number)])
    return task.state, [
        line.left for line in queries.lines_of_tasks(conn, [task_id(number)])[task_id(number)]
    ]


def units(task: int, number: int, count: int) -> TaskUnits:
    return TaskUnits(
        allocation_id=allocation_id(task, number),
        line_id=line_id(task, number),
        leaf_id=leaf_id(0),
        sku_id=sku_id(number),
        units=count,
    )


@pytest.mark.parametrize("until", ["offered", "accepted", "picking", "checked"])
def test_a_whole_task_refused_gives_capacity_and_units_back(conn: Conn, until: str):
    take_tasks(conn, offer(1, [2, 3]), until=until)
    (outcome,) = refuse_all(conn, refuse(1, 1))
    assert outcome == RefusedWork(
        task_id=task_id(1),
        order_id=order_id(1),
        site_id=site_id(0),
        reason=RefusalReason.NOT_FOUND,
        ends_task=True,
        at=SOON,
        lines=(units(1, 0, 2), units(1, 1, 3)),
        corrections=tuple(
            Correction(
                allocation_id=allocation_id(1, number),
                leaf_id=leaf_id(0),
                sku_id=sku_id(number),
                reason=RefusalReason.NOT_FOUND,
                on_hand=-count,
                unsellable=0,
            )
            for number, count in ((0, 2), (1, 3))
        ),
    )
    assert state_of(conn, 1) == (TaskState.REFUSED, [0, 0])
    assert day_of(conn) == (0, 0)


def test_part_of_a_task_refused_leaves_the_rest_to_be_done(conn: Conn):
    take_tasks(conn, offer(1, [4, 3]), until="picking")
    (first,) = refuse_all(conn, refuse(1, 1, part(1, 0, 1), part(1, 1, 3), reason=RefusalReason.DAMAGED))
    assert isinstance(first, RefusedWork)
    assert (first.ends_task, first.lines) == (False, (units(1, 0, 1), units(1, 1, 3)))
    assert [(one.on_hand, one.unsellable) for one in first.corrections] == [(0, 1), (0, 3)]
    assert (state_of(conn, 1), day_of(conn)) == ((TaskState.PICKING, [3, 0]), (0, 1))
    (last,) = refuse_all(conn, refuse(2, 1, part(1, 0, 3)))
    assert isinstance(last, RefusedWork)
    assert (last.ends_task, last.lines) == (True, (units(1, 0, 3),))
    assert (state_of(conn, 1), day_of(conn)) == ((TaskState.REFUSED, [0, 0]), (0, 0))


def test_twice_is_once_in_one_call_and_in_two(conn: Conn):
    take_tasks(conn, offer(1, [4, 3]), until="accepted")
    command = refuse(1, 1, part(1, 0, 1), reason=RefusalReason.DISPLAY_WORN)
    whole = refuse(2, 1, reason=RefusalReason.NO_CAPACITY)
    first = refuse_all(conn, command, command, whole, command, whole)
    assert first[1] == first[3] == repeat_of(first[0])
    assert first[4] == repeat_of(first[2])
    assert [one.ends_task for one in first if isinstance(one, RefusedWork)] == [
        False,
        False,
        True,
        False,
        True,
    ]
    assert service.refuse_tasks(conn, [command, whole], scope=WHOLE_BRAND, now=LATER) == [first[1], first[4]]
    assert (state_of(conn, 1), day_of(conn)) == ((TaskState.REFUSED, [0, 0]), (0, 0))


def test_the_same_command_with_other_content_is_refused(conn: Conn):
    take_tasks(conn, offer(1, [4]), offer(2, [4]))
    refuse_all(conn, refuse(1, 1, part(1, 0, 1)))
    differs = CommandDiffers(command_id=command_id(1))
    assert (
        refuse_all(
            conn,
            refuse(1, 1, part(1, 0, 2)),
            refuse(1, 1, part(1, 0, 1), reason=RefusalReason.DAMAGED),
            refuse(1, 2, part(2, 0, 1)),
        )
        == [differs] * 3
    )
    assert cancel_all(conn, cancel(1, 1, part(1, 0, 1))) == [differs]
    assert [state_of(conn, 1), state_of(conn, 2)] == [(TaskState.OFFERED, [3]), (TaskState.OFFERED, [4])]


def test_what_cannot_be_refused(conn: Conn):
    take_tasks(conn, offer(1, [4, 2]))
    count_differs = RefusalReason.COUNT_DIFFERS
    outcomes = refuse_all(
        conn,
        refuse(1, 1, part(1, 0, 5)),
        refuse(2, 1, part(1, 0, 0)),
        refuse(3, 1, part(2, 0, 1)),
        refuse(4, 1, part(1, 0, 1), part(1, 0, 1)),
        refuse(5, 1, part(1, 0, 1), reason=count_differs),
        refuse(6, 1, part(1, 0, 1, counted=-1), reason=count_differs),
        refuse(7, 1, part(1, 0, 1, counted=3)),
        refuse(8, 1, reason=count_differs),
        refuse(9, 3),
    )
    assert outcomes == [
        NotSoManyLeft(allocation_id=allocation_id(1, 0), units=5, left=4),
        NotSoManyLeft(allocation_id=allocation_id(1, 0), units=0, left=4),
        UnknownLine(task_id=task_id(1), allocation_id=allocation_id(2, 0)),
        UnknownLine(task_id=task_id(1), allocation_id=allocation_id(1, 0)),
        CountMisplaced(task_id=task_id(1)),
        CountMisplaced(task_id=task_id(1)),
        CountMisplaced(task_id=task_id(1)),
        CountMisplaced(task_id=task_id(1)),
        UnknownTask(task_id=task_id(3)),
    ]
    assert service.refuse_tasks(conn, [refuse(1, 1)], scope=Scope(), now=SOON) == [
        NotInYourBranch(subject=str(task_id(1)))
    ]
    assert (state_of(conn, 1), day_of(conn)) == ((TaskState.OFFERED, [4, 2]), (1, 0))
    assert queries.sites_that_refused(conn, [order_id(1)]) == []


def test_a_count_is_handed_on_as_it_is(conn: Conn):
    take_tasks(conn, offer(1, [4]), until="picking")
    (outcome,) = refuse_all(conn, refuse(1, 1, part(1, 0, 3, counted=1), reason=RefusalReason.COUNT_DIFFERS))
    assert isinstance(outcome, RefusedWork)
    (correction,) = outcome.corrections
    assert (correction.on_hand, correction.unsellable, correction.counted_units) == (0, 0, 1)
    assert state_of(conn, 1) == (TaskState.PICKING, [1])


def test_a_packed_task_is_cancelled_not_refused_and_a_gone_one_neither(conn: Conn):
    take_tasks(conn, offer(1), offer(2), until="packed")
    service.hand_over_tasks(conn, [HandOverTask(task_id=task_id(2))], scope=WHOLE_BRAND, now=NOON)
    assert refuse_all(conn, refuse(1, 1), refuse(2, 2)) == [
        WrongState(task_id=task_id(1), state=TaskState.PACKED),
        WrongState(task_id=task_id(2), state=TaskState.HANDED_OVER),
    ]
    outcomes = cancel_all(conn, cancel(3, 1), cancel(4, 2))
    assert outcomes == [
        CancelledWork(
            task_id=task_id(1),
            order_id=order_id(1),
            site_id=site_id(0),
            ends_task=True,
            at=SOON,
            lines=(units(1, 0, 1),),
        ),
        WrongState(task_id=task_id(2), state=TaskState.HANDED_OVER),
    ]
    assert (state_of(conn, 1), state_of(conn, 2), day_of(conn)) == (
        (TaskState.CANCELLED, [0]),
        (TaskState.HANDED_OVER, [1]),
        (0, 1),
    )


@pytest.mark.parametrize("until", ["offered", "accepted", "picking", "checked", "packed"])
def test_cancelling_releases_what_was_held_or_confirmed(conn: Conn, until: str):
    take_tasks(conn, offer(1, [2]), offer(2), until=until)
    assert sum(day_of(conn)) == 2
    first = cancel_all(
        conn, cancel(1, 1, part(1, 0, 1)), cancel(2, 1, part(1, 0, 1)), cancel(2, 1, part(1, 0, 1))
    )
    assert [one.ends_task for one in first if isinstance(one, CancelledWork)] == [False, True, True]
    assert sum(day_of(conn)) == 1
    assert cancel_all(conn, cancel(2, 1)) == first[2:] == [repeat_of(first[1])]


def test_the_rest_cancelled_after_a_refusal_ends_as_cancelled(conn: Conn):
    take_tasks(conn, offer(1, [4]), until="accepted")
    refuse_all(conn, refuse(1, 1, part(1, 0, 1)))
    (outcome,) = cancel_all(conn, cancel(2, 1))
    assert isinstance(outcome, CancelledWork)
    assert outcome.lines == (units(1, 0, 3),)
    assert state_of(conn, 1) == (TaskState.CANCELLED, [0])


def test_what_is_left_is_what_is_handed_over(conn: Conn):
    take_tasks(conn, offer(1, [4, 2]), until="packed")
    cancel_all(conn, cancel(1, 1, part(1, 0, 4), part(1, 1, 1)))
    (gone,) = service.hand_over_tasks(conn, [HandOverTask(task_id=task_id(1))], scope=WHOLE_BRAND, now=SOON)
    assert not isinstance(gone, Refusal)
    assert gone.lines == (units(1, 1, 1),)


def test_offered_work_lapses_at_its_deadline_the_longest_due_first(conn: Conn):
    take_tasks(
        conn, offer(1, [2]), offer(2, deadline=SOON), offer(3, deadline=LATER + timedelta(hours=1)), offer(4)
    )
    service.accept_tasks(conn, [AcceptTask(task_id=task_id(4), by=person_id(1))], scope=WHOLE_BRAND, now=NOON)
    assert service.lapse_tasks(conn, now=SOON - timedelta(microseconds=1)) == []
    first = service.lapse_tasks(conn, now=LATER, limit=1)
    assert [(one.task_id, one.state, one.at, one.lines) for one in first] == [
        (task_id(2), TaskState.LAPSED, LATER, (units(2, 0, 1),))
    ]
    assert [one.task_id for one in service.lapse_tasks(conn, now=LATER)] == [task_id(1)]
    assert service.lapse_tasks(conn, now=LATER) == []
    assert day_of(conn) == (1, 1)
    assert service.accept_tasks(conn, [AcceptTask(task_id=task_id(1))], scope=WHOLE_BRAND, now=SOON) == [
        WrongState(task_id=task_id(1), state=TaskState.LAPSED)
    ]


def test_who_refused_or_let_lapse_is_remembered(conn: Conn):
    take_tasks(conn, offer(1, [2]), offer(2, deadline=SOON), offer(3), offer(4, site=1), until="offered")
    refuse_all(conn, refuse(1, 1, part(1, 0, 1)), refuse(2, 4))
    service.lapse_tasks(conn, now=SOON)
    cancel_all(conn, cancel(3, 3))
    found = queries.sites_that_refused(conn, [order_id(number) for number in (1, 2, 3, 4)])
    assert found == [
        SiteRefused(order_id=order_id(1), site_id=site_id(0), for_want_of_goods=True),
        SiteRefused(order_id=order_id(2), site_id=site_id(0), for_want_of_goods=False),
        SiteRefused(order_id=order_id(4), site_id=site_id(1), for_want_of_goods=True),
    ]
    all_orders = [order_id(number) for number in (1, 2, 3, 4)]
    assert queries.sites_that_refused(conn, all_orders, since=SOON - timedelta(microseconds=1)) == found
    assert queries.sites_that_refused(conn, all_orders, since=SOON) == []
    assert queries.task_counts(conn).refused_in_part_or_whole == 2


def test_what_was_withdrawn_is_never_changed(conn: Conn):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("delete from fulfilment.withdrawal")
