from datetime import timedelta

import pytest

from loopline.db import Conn
from loopline.fulfilment import queries, service
from loopline.fulfilment.model import (
    Accepted,
    AcceptTask,
    CheckTask,
    CountedLine,
    DayLimit,
    HandedOver,
    HandOverTask,
    Offered,
    OfferTask,
    PackTask,
    PickTask,
    SiteLimit,
    Stepped,
    TaskState,
)
from loopline.fulfilment.rules import (
    CountIsNotTheTask,
    DeadlineIsPast,
    NothingOffered,
    SiteIsFull,
    SiteTakesNoTasks,
    TakenByOther,
    TaskDiffers,
    UnknownTask,
    WrongState,
)
from loopline.fulfilment.service import LimitIsNegative
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from tests.make.fulfilment import (
    DAY,
    LATER,
    NOON,
    allocation_id,
    day_of,
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


def state_of(conn: Conn, number: int) -> TaskState:
    (task,) = queries.tasks_by_id(conn, [task_id(number)])
    return task.state


def limit(conn: Conn, tasks: int, *, site: int = 0) -> None:
    service.set_site_limits(conn, [SiteLimit(site_id=site_id(site), tasks_per_day=tasks)], now=NOON)


class TestOffer:
    def test_holds_capacity_and_keeps_lines(self, conn: Conn):
        limit(conn, 2)
        assert service.offer_tasks(conn, [offer(1, [3, 4])], now=NOON) == [
            Offered(task_id=task_id(1), order_id=order_id(1), site_id=site_id(0), at=NOON, deadline=LATER)
        ]
        assert day_of(conn) == (1, 0)
        lines = queries.lines_of_tasks(conn, [task_id(1)])[task_id(1)]
        assert [(line.allocation_id, line.line_id, line.sku_id, line.units, line.left) for line in lines] == [
            (allocation_id(1, 0), line_id(1, 0), sku_id(0), 3, 3),
            (allocation_id(1, 1), line_id(1, 1), sku_id(1), 4, 4),
        ]

    def test_a_full_site_refuses_in_order_of_arrival(self, conn: Conn):
        limit(conn, 2)
        limit(conn, 1, site=1)
        offers = [offer(1), offer(2), offer(3), offer(4, site=1)]
        outcomes = service.offer_tasks(conn, offers, now=NOON)
        assert [type(one) for one in outcomes] == [Offered, Offered, SiteIsFull, Offered]
        assert outcomes[2] == SiteIsFull(site_id=site_id(0), day=DAY, tasks_limit=2)
        assert (day_of(conn), day_of(conn, 1)) == ((2, 0), (1, 0))
        assert queries.tasks_by_id(conn, [task_id(3)]) == []
        assert queries.lines_of_tasks(conn, [task_id(3)]) == {task_id(3): []}

    def test_twice_is_once_in_one_call_and_in_two(self, conn: Conn):
        limit(conn, 5)
        first = service.offer_tasks(conn, [offer(1, [2]), offer(1, [2])], now=NOON)
        assert first[1] == repeat_of(first[0])
        again = service.offer_tasks(conn, [offer(1, [2])], now=SOON)
        assert again == first[1:]
        assert day_of(conn) == (1, 0)

    @pytest.mark.parametrize("other", [offer(1, [3]), offer(1, [2], site=1), offer(1, [2, 1])])
    def test_the_same_id_with_other_content_is_refused(self, conn: Conn, other: OfferTask):
        limit(conn, 5)
        limit(conn, 5, site=1)
        service.offer_tasks(conn, [offer(1, [2])], now=NOON)
        assert service.offer_tasks(conn, [other], now=NOON) == [TaskDiffers(task_id=task_id(1))]
        assert (day_of(conn), day_of(conn, 1)) == ((1, 0), (0, 0))

    def test_what_cannot_be_offered(self, conn: Conn):
        limit(conn, 5)
        doubled = offer(4, [1, 1])
        outcomes = service.offer_tasks(
            conn,
            [
                offer(1, []),
                offer(2, [0]),
                offer(3, deadline=NOON),
                OfferTask(
                    **{
                        field: getattr(doubled, field)
                        for field in doubled.__struct_fields__
                        if field != "lines"
                    },
                    lines=doubled.lines[:1] * 2,
                ),
                offer(5, site=9),
            ],
            now=NOON,
        )
        assert outcomes == [
            NothingOffered(task_id=task_id(1)),
            NothingOffered(task_id=task_id(2)),
            DeadlineIsPast(task_id=task_id(3), deadline=NOON),
            NothingOffered(task_id=task_id(4)),
            SiteTakesNoTasks(site_id=site_id(9), day=DAY),
        ]
        assert day_of(conn) == (0, 0)
        assert service.offer_tasks(conn, [], now=NOON) == []

    def test_a_days_own_limit_comes_before_the_ordinary_one(self, conn: Conn):
        limit(conn, 5)
        service.set_day_limits(conn, [DayLimit(site_id=site_id(0), day=DAY, tasks_limit=1)])
        tomorrow = DAY + timedelta(days=1)
        outcomes = service.offer_tasks(conn, [offer(1), offer(2), offer(3, day=tomorrow)], now=NOON)
        assert [type(one) for one in outcomes] == [Offered, SiteIsFull, Offered]
        service.set_day_limits(conn, [DayLimit(site_id=site_id(0), day=DAY, tasks_limit=None)])
        assert [type(one) for one in service.offer_tasks(conn, [offer(2)], now=NOON)] == [Offered]
        assert (day_of(conn), day_of(conn, day=tomorrow)) == ((2, 0), (1, 0))

    def test_a_lowered_limit_keeps_what_was_offered(self, conn: Conn):
        limit(conn, 2)
        service.offer_tasks(conn, [offer(1), offer(2)], now=NOON)
        limit(conn, 1)
        (found,) = queries.capacity_of_sites(conn, [site_id(0)], day=DAY)
        assert (found.held, found.left) == (2, -1)
        assert [type(one) for one in service.offer_tasks(conn, [offer(3)], now=NOON)] == [SiteIsFull]

    def test_days_are_locked_with_what_they_have_left(self, conn: Conn):
        limit(conn, 5)
        limit(conn, 0, site=1)
        service.offer_tasks(conn, [offer(1)], now=NOON)
        tomorrow = DAY + timedelta(days=1)
        asked = [
            (site_id(2), DAY),
            (site_id(1), DAY),
            (site_id(0), tomorrow),
            (site_id(0), DAY),
            (site_id(0), DAY),
        ]
        assert [(one.site_id, one.day, one.left) for one in service.lock_days(conn, asked)] == [
            (site_id(0), DAY, 4),
            (site_id(0), tomorrow, 5),
            (site_id(1), DAY, 0),
        ]
        assert service.lock_days(conn, []) == []

    def test_limits_below_zero_are_refused(self, conn: Conn):
        wrong = SiteLimit(site_id=site_id(0), tasks_per_day=-1)
        assert service.set_site_limits(conn, [wrong], now=NOON) == [LimitIsNegative(site_id=str(site_id(0)))]
        assert service.set_day_limits(conn, [DayLimit(site_id=site_id(0), day=DAY, tasks_limit=-1)]) == [
            LimitIsNegative(site_id=str(site_id(0)))
        ]
        assert queries.capacity_of_sites(conn, [site_id(0)], day=DAY) == []


class TestAccept:
    def test_confirms_what_was_held(self, conn: Conn):
        take_tasks(conn, offer(1), offer(2))
        (outcome,) = service.accept_tasks(
            conn, [AcceptTask(task_id=task_id(1), by=person_id(1))], scope=WHOLE_BRAND, now=SOON
        )
        assert outcome == Accepted(
            task_id=task_id(1), order_id=order_id(1), site_id=site_id(0), by=person_id(1), at=SOON
        )
        assert day_of(conn) == (1, 1)
        assert [state_of(conn, 1), state_of(conn, 2)] == [TaskState.ACCEPTED, TaskState.OFFERED]

    def test_again_gives_the_same_answer_and_another_person_comes_too_late(self, conn: Conn):
        take_tasks(conn, offer(1))
        mine, theirs = (AcceptTask(task_id=task_id(1), by=person_id(number)) for number in (1, 2))
        first = service.accept_tasks(conn, [mine, theirs, mine], scope=WHOLE_BRAND, now=SOON)
        assert first[1] == TakenByOther(task_id=task_id(1))
        assert first[2] == repeat_of(first[0])
        later = service.accept_tasks(conn, [mine, theirs], scope=WHOLE_BRAND, now=LATER + timedelta(days=1))
        assert later == [repeat_of(first[0]), first[1]]
        assert day_of(conn) == (0, 1)

    def test_the_deadline_itself_is_too_late_whether_or_not_the_task_was_made_to_lapse(self, conn: Conn):
        take_tasks(conn, offer(1))
        accept = [AcceptTask(task_id=task_id(1), by=person_id(1))]
        assert service.accept_tasks(conn, accept, scope=WHOLE_BRAND, now=LATER) == [
            DeadlineIsPast(task_id=task_id(1), deadline=LATER)
        ]
        assert (state_of(conn, 1), day_of(conn)) == (TaskState.OFFERED, (1, 0))
        just_before = LATER - timedelta(microseconds=1)
        assert isinstance(service.accept_tasks(conn, accept, scope=WHOLE_BRAND, now=just_before)[0], Accepted)

    def test_unknown_tasks_and_other_branches(self, conn: Conn):
        take_tasks(conn, offer(1), offer(2, site=1))
        mine = Scope(sites=frozenset({site_id(0)}))
        commands = [AcceptTask(task_id=task_id(number), by=person_id(1)) for number in (1, 2, 3)]
        outcomes = service.accept_tasks(conn, commands, scope=mine, now=SOON)
        assert isinstance(outcomes[0], Accepted)
        assert outcomes[1:] == [NotInYourBranch(subject=str(task_id(2))), UnknownTask(task_id=task_id(3))]
        assert (day_of(conn), day_of(conn, 1)) == ((0, 1), (1, 0))
        assert service.accept_tasks(conn, [], scope=mine, now=SOON) == []


def stepped(state: TaskState) -> Stepped:
    return Stepped(task_id=task_id(1), order_id=order_id(1), site_id=site_id(0), state=state, at=SOON)


class TestWork:
    def test_the_whole_way(self, conn: Conn):
        take_tasks(conn, offer(1, [2, 3]), until="accepted")
        one = task_id(1)
        assert service.pick_tasks(conn, [PickTask(task_id=one)], scope=WHOLE_BRAND, now=SOON) == [
            stepped(TaskState.PICKING)
        ]
        counted = (
            CountedLine(allocation_id=allocation_id(1, 1), units=3),
            CountedLine(allocation_id=allocation_id(1, 0), units=2),
        )
        assert service.check_tasks(
            conn, [CheckTask(task_id=one, counted=counted)], scope=WHOLE_BRAND, now=SOON
        ) == [stepped(TaskState.CHECKED)]
        assert service.pack_tasks(conn, [PackTask(task_id=one)], scope=WHOLE_BRAND, now=SOON) == [
            stepped(TaskState.PACKED)
        ]
        (gone,) = service.hand_over_tasks(conn, [HandOverTask(task_id=one)], scope=WHOLE_BRAND, now=SOON)
        assert isinstance(gone, HandedOver)
        assert (gone.at, [(line.allocation_id, line.units) for line in gone.lines]) == (
            SOON,
            [(allocation_id(1, 0), 2), (allocation_id(1, 1), 3)],
        )
        assert (state_of(conn, 1), day_of(conn)) == (TaskState.HANDED_OVER, (0, 1))

    def test_each_step_again_gives_the_first_answer_even_at_the_end(self, conn: Conn):
        take_tasks(conn, offer(1), until="packed")
        hand_over = [HandOverTask(task_id=task_id(1))]
        first = service.hand_over_tasks(conn, hand_over * 2, scope=WHOLE_BRAND, now=SOON)
        assert first[1] == repeat_of(first[0])
        assert service.hand_over_tasks(conn, hand_over, scope=WHOLE_BRAND, now=LATER) == first[1:]
        for step, command in (
            (service.pick_tasks, PickTask(task_id=task_id(1))),
            (service.check_tasks, CheckTask(task_id=task_id(1))),
            (service.pack_tasks, PackTask(task_id=task_id(1))),
        ):
            (again,) = step(conn, [command], scope=WHOLE_BRAND, now=LATER)  # pyright: ignore[reportArgumentType]
            assert isinstance(again, Stepped)
            assert (again.at, again.is_repeat) == (NOON, True)
        assert state_of(conn, 1) is TaskState.HANDED_OVER

    @pytest.mark.parametrize(
        ("until", "too_early"),
        [("offered", "picked"), ("accepted", "checked"), ("picking", "packed"), ("checked", "handed over")],
    )
    def test_a_step_too_early_is_refused_and_changes_nothing(self, conn: Conn, until: str, too_early: str):
        take_tasks(conn, offer(1), until=until)
        before = queries.tasks_by_id(conn, [task_id(1)])
        one = task_id(1)
        outcomes = {
            "picked": lambda: service.pick_tasks(conn, [PickTask(task_id=one)], scope=WHOLE_BRAND, now=SOON),
            "checked": lambda: service.check_tasks(
                conn, [CheckTask(task_id=one)], scope=WHOLE_BRAND, now=SOON
            ),
            "packed": lambda: service.pack_tasks(conn, [PackTask(task_id=one)], scope=WHOLE_BRAND, now=SOON),
            "handed over": lambda: service.hand_over_tasks(
                conn, [HandOverTask(task_id=one)], scope=WHOLE_BRAND, now=SOON
            ),
        }[too_early]()
        assert outcomes == [WrongState(task_id=one, state=TaskState(until))]
        assert queries.tasks_by_id(conn, [one]) == before

    @pytest.mark.parametrize(
        "counted",
        [
            (),
            (CountedLine(allocation_id=allocation_id(1, 0), units=1),),
            (
                CountedLine(allocation_id=allocation_id(1, 0), units=2),
                CountedLine(allocation_id=allocation_id(2), units=1),
            ),
        ],
    )
    def test_a_count_that_is_not_the_task_is_refused(self, conn: Conn, counted: tuple[CountedLine, ...]):
        take_tasks(conn, offer(1, [2]), until="picking")
        outcomes = service.check_tasks(
            conn, [CheckTask(task_id=task_id(1), counted=counted)], scope=WHOLE_BRAND, now=SOON
        )
        assert outcomes == [CountIsNotTheTask(task_id=task_id(1))]
        assert state_of(conn, 1) is TaskState.PICKING


def test_reads(conn: Conn):
    take_tasks(conn, offer(1, deadline=LATER), offer(2, deadline=SOON), offer(3, site=1))
    take_tasks(conn, offer(4), until="packed")
    service.hand_over_tasks(conn, [HandOverTask(task_id=task_id(4))], scope=WHOLE_BRAND, now=SOON)
    assert [one.task_id for one in queries.open_tasks_of_sites(conn, [site_id(0)])] == [
        task_id(2),
        task_id(1),
    ]
    assert [one.task_id for one in queries.open_tasks_of_sites(conn, [site_id(0)], limit=1)] == [task_id(2)]
    assert [one.task_id for one in queries.tasks_of_orders(conn, [order_id(4), order_id(1)])] == [
        task_id(1),
        task_id(4),
    ]
    counts = queries.task_counts(conn)
    assert (counts.by_state, counts.refused_in_part_or_whole) == (
        {TaskState.OFFERED: 3, TaskState.HANDED_OVER: 1},
        0,
    )
    unused = queries.capacity_of_sites(conn, [site_id(0), site_id(7)], day=DAY + timedelta(days=3))
    assert [(one.site_id, one.left) for one in unused] == [(site_id(0), 100)]
