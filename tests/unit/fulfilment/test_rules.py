from datetime import timedelta

import pytest
from msgspec.structs import replace

from loopline.fulfilment.model import (
    CapacityMove,
    RefusalReason,
    Task,
    TaskLine,
    TaskState,
    Withdrawal,
    WithdrawalCause,
)
from loopline.fulfilment.rules import capacity_moves, is_past
from loopline.fulfilment.withdrawals import correction
from tests.make.fulfilment import (
    DAY,
    NOON,
    allocation_id,
    command_id,
    leaf_id,
    line_id,
    offer,
    site_id,
    sku_id,
    task_id,
)


def task(number: int, state: TaskState, *, site: int = 0, days: int = 0) -> Task:
    one = offer(number, site=site, day=DAY + timedelta(days=days))
    return Task(
        task_id=one.task_id,
        order_id=one.order_id,
        site_id=one.site_id,
        kind=one.kind,
        day=one.day,
        state=state,
        offered_at=NOON,
        deadline=one.deadline,
    )


CLAIMS = {
    TaskState.OFFERED: (1, 0),
    TaskState.ACCEPTED: (0, 1),
    TaskState.PICKING: (0, 1),
    TaskState.CHECKED: (0, 1),
    TaskState.PACKED: (0, 1),
    TaskState.HANDED_OVER: (0, 1),
    TaskState.NOT_COLLECTED: (0, 1),
    TaskState.REFUSED: (0, 0),
    TaskState.LAPSED: (0, 0),
    TaskState.CANCELLED: (0, 0),
}


def test_every_state_has_its_claim():
    assert set(CLAIMS) == set(TaskState)


@pytest.mark.parametrize("before", [None, *TaskState])
@pytest.mark.parametrize("after", list(TaskState))
def test_a_move_is_the_difference_of_two_claims(before: TaskState | None, after: TaskState):
    held = CLAIMS[after][0] - (CLAIMS[before][0] if before else 0)
    confirmed = CLAIMS[after][1] - (CLAIMS[before][1] if before else 0)
    found = capacity_moves([(task(1, before) if before else None, task(1, after))])
    expected = [CapacityMove(site_id=site_id(0), day=DAY, held=held, confirmed=confirmed)]
    assert found == (expected if held or confirmed else [])


def test_moves_are_summed_per_day_and_sorted():
    offered, taken = TaskState.OFFERED, TaskState.ACCEPTED
    pairs = [
        (None, task(1, offered, site=2)),
        (None, task(2, offered, site=1, days=1)),
        (task(3, offered, site=1), task(3, taken, site=1)),
        (None, task(4, offered, site=1)),
        (task(5, offered, site=3), task(5, TaskState.LAPSED, site=3)),
        (None, task(6, offered, site=3)),
    ]
    assert [(one.site_id, one.day, one.held, one.confirmed) for one in capacity_moves(pairs)] == [
        (site_id(1), DAY, 0, 1),
        (site_id(1), DAY + timedelta(days=1), 1, 0),
        (site_id(2), DAY, 1, 0),
    ]


def test_only_work_on_its_way_is_past_a_step():
    assert is_past(task(1, TaskState.PACKED), TaskState.CHECKED)
    assert is_past(task(1, TaskState.CHECKED), TaskState.CHECKED)
    assert not is_past(task(1, TaskState.PICKING), TaskState.CHECKED)
    for ended in (TaskState.REFUSED, TaskState.LAPSED, TaskState.CANCELLED, TaskState.NOT_COLLECTED):
        assert not is_past(task(1, ended), TaskState.ACCEPTED)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (RefusalReason.NOT_FOUND, (-3, 0, None)),
        (RefusalReason.DAMAGED, (0, 3, None)),
        (RefusalReason.DISPLAY_WORN, (0, 3, None)),
        (RefusalReason.COUNT_DIFFERS, (0, 0, 7)),
        (RefusalReason.NO_CAPACITY, None),
        (None, None),
    ],
)
def test_what_a_refusal_says_about_the_stock(
    reason: RefusalReason | None, expected: tuple[int, int, int | None] | None
):
    line = TaskLine(
        task_id=task_id(1),
        allocation_id=allocation_id(1),
        line_id=line_id(1),
        leaf_id=leaf_id(0),
        sku_id=sku_id(0),
        units=5,
    )
    withdrawal = Withdrawal(
        command_id=command_id(1),
        allocation_id=allocation_id(1),
        task_id=task_id(1),
        cause=WithdrawalCause.REFUSED if reason else WithdrawalCause.CANCELLED,
        reason=reason,
        units=3,
        counted_units=7 if reason is RefusalReason.COUNT_DIFFERS else None,
        withdrawn_by=None,
        at=NOON,
        ends_task=False,
    )
    found = correction(replace(line, refused_units=3), withdrawal)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.on_hand, found.unsellable, found.counted_units) == expected
        assert (found.allocation_id, found.leaf_id, found.sku_id) == (allocation_id(1), leaf_id(0), sku_id(0))
        assert found.reason is reason
