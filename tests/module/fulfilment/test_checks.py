"""Each kind of damage, planted as the owner, is found; its repair mends it."""

import pytest

from loopline.db import Database, run_check
from loopline.fulfilment import service
from loopline.fulfilment.checks import CHECKS
from loopline.fulfilment.model import CancelTask, RefusalReason, RefuseTask, WithdrawnUnits
from loopline.kernel.scope import WHOLE_BRAND
from tests.make.fulfilment import DAY, NOON, allocation_id, command_id, offer, site_id, take_tasks, task_id

BY_NAME = {check.name: check for check in CHECKS}
SITE = f"site {site_id(0)} on {DAY}"
LINE = f"where task_id = '{task_id(1)}' and allocation_id = '{allocation_id(1, 0)}'"

THREE_MORE = (
    f"select '{task_id(2)}', allocation_id, line_id, leaf_id, sku_id, 3 from fulfilment.task_line {LINE}"
)

CALL = "insert into fulfilment.call (id, order_id, currency, state, opened_at, deadline"
CALLED = f"'{command_id(8)}'::uuid, '{command_id(7)}'::uuid, 'CNY'"

WAITS = (
    "insert into fulfilment.waiting_pay"
    " select id, site_id, order_id, 1, offered_at, 2, 300, 0, offered_at from fulfilment.task"
)

WISH = "insert into fulfilment.photo_point (task_id, allocation_id, causes, demand)"
AN_HOUR = "now(), now() + interval '1 hour'"
CLAIMED = f"'{site_id(0)}', '{command_id(9)}'"


def work(database: Database) -> None:
    """Task 1: accepted, 1 of 4 units of line 0 refused; task 2: offered; task 3: cancelled; task 4: refused."""
    with database.transaction() as conn:
        take_tasks(conn, offer(1, [4, 2]), offer(4, [3]), until="accepted")
        take_tasks(conn, offer(2), offer(3, [2]))
        one = WithdrawnUnits(allocation_id=allocation_id(1, 0), units=1)
        refusals = [
            RefuseTask(
                command_id=command_id(1), task_id=task_id(1), reason=RefusalReason.DAMAGED, lines=(one,)
            ),
            RefuseTask(command_id=command_id(2), task_id=task_id(4), reason=RefusalReason.NOT_FOUND),
        ]
        service.refuse_tasks(conn, refusals, scope=WHOLE_BRAND, now=NOON)
        cancel = CancelTask(command_id=command_id(3), task_id=task_id(3))
        service.cancel_tasks(conn, [cancel], scope=WHOLE_BRAND, now=NOON)
        assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]


@pytest.mark.parametrize(
    ("name", "damage", "subject", "found", "expected"),
    [
        (
            "capacity_equals_its_tasks",
            "update fulfilment.capacity set held = 2",
            SITE,
            "2 held, 1 confirmed",
            "1 held, 1 confirmed",
        ),
        (
            "capacity_equals_its_tasks",
            "delete from fulfilment.capacity",
            SITE,
            "0 held, 0 confirmed",
            "1 held, 1 confirmed",
        ),
        (
            "capacity_equals_its_tasks",
            f"update fulfilment.task set state = 'lapsed', ended_at = now() where id = '{task_id(2)}'",
            SITE,
            "1 held, 1 confirmed",
            "0 held, 1 confirmed",
        ),
        (
            "withdrawn_units_equal_records",
            f"update fulfilment.task_line set refused_units = 2 {LINE}",
            str(allocation_id(1, 0)),
            "2 refused, 0 cancelled",
            "1 refused, 0 cancelled",
        ),
        (
            "withdrawn_units_equal_records",
            f"delete from fulfilment.withdrawal {LINE}",
            str(allocation_id(1, 0)),
            "1 refused, 0 cancelled",
            "0 refused, 0 cancelled",
        ),
        (
            "open_task_has_units_left",
            f"update fulfilment.task_line set cancelled_units = units where task_id = '{task_id(2)}'",
            str(task_id(2)),
            "offered with no units left",
            "cancelled, or units left",
        ),
        (
            "open_task_has_units_left",
            f"delete from fulfilment.task_line where task_id = '{task_id(2)}'",
            str(task_id(2)),
            "offered with no units left",
            "cancelled, or units left",
        ),
        (
            "withdrawn_task_has_none_left",
            f"update fulfilment.task_line set units = 5 where task_id = '{task_id(4)}'",
            str(task_id(4)),
            "refused with 2 units left",
            "no units left",
        ),
        (
            "allocation_is_in_one_task",
            f"insert into fulfilment.task_line (task_id, allocation_id, line_id, leaf_id, sku_id, units) {THREE_MORE}",
            str(allocation_id(1, 0)),
            "2 tasks",
            "one task",
        ),
        (
            "task_line_has_its_task",
            f"delete from fulfilment.task where id = '{task_id(3)}'",
            str(task_id(3)),
            "1 lines",
            "the row of their task",
        ),
        (
            "claimed_call_has_its_task",
            f"{CALL}, ended_at, site_id, task_id) select {CALLED}, 'claimed', {AN_HOUR}, now(), {CLAIMED}",
            f"call {command_id(8)}",
            "no task",
            f"a task of order {command_id(7)} at site {site_id(0)}",
        ),
        (
            "round_picks_at_its_site",
            (
                f"insert into fulfilment.round (id, site_id, picker_id, begun_at) values ('{command_id(6)}',"
                f" '{site_id(1)}', '{command_id(5)}', now()); insert into fulfilment.round_task (round_id, task_id,"
                f" box) values ('{command_id(6)}', '{task_id(1)}', 1)"
            ),
            f"task {task_id(1)}",
            f"in round {command_id(6)} of site {site_id(1)}",
            f"in a round of site {site_id(0)}, or in none",
        ),
        (
            "call_is_put_to_sites",
            f"{CALL}) select {CALLED}, 'open', {AN_HOUR}",
            f"call {command_id(8)}",
            "0 sites, 0 lines",
            "sites and lines",
        ),
        (
            "waiting_pay_follows_what_came_back",
            f"{WAITS} where id = '{task_id(2)}'",
            f"waiting pay of {task_id(2)} at site {site_id(0)}",
            "2 rounds since 2026-03-02 12:00:00+00",
            "0 rounds",
        ),
        (
            "sent_goods_have_their_photo",
            (
                f"{WISH} values ('{task_id(1)}', '{allocation_id(1, 0)}', '{{any}}', 'required');"
                " alter table fulfilment.task drop constraint steps_have_their_times;"
                f" update fulfilment.task set state = 'handed_over', ended_at = now() where id = '{task_id(1)}'"
            ),
            f"task {task_id(1)} line {allocation_id(1, 0)}",
            "handed over without a photo",
            "a photo, or the reason why there is none",
        ),
        (
            "photo_is_of_a_line",
            f"{WISH} values ('{command_id(8)}', '{command_id(7)}', '{{any}}', 'asked')",
            f"task {command_id(8)} line {command_id(7)}",
            "photo_point of no line",
            "of a line of the task",
        ),
    ],
)
def test_damage_is_found_and_repaired(
    database: Database, name: str, damage: str, subject: str, found: str, expected: str
):
    work(database)
    with database.owner_transaction() as owner:
        owner.execute(damage.encode())
        (finding,) = run_check(owner, BY_NAME[name])
        assert (finding.subject, finding.found, finding.expected) == (subject, found, expected)
        owner.execute(finding.repair.encode())
        assert run_check(owner, BY_NAME[name]) == []


def test_each_check_has_its_damage():
    marks = getattr(test_damage_is_found_and_repaired, "pytestmark")  # noqa: B009 - pytest adds it
    assert {row[0] for row in marks[0].args[1]} == set(BY_NAME)
