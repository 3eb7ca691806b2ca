from datetime import timedelta

import pytest

from loopline.db import Conn
from loopline.fulfilment import queries, service
from loopline.fulfilment.model import (
    CollectParcel,
    HandedOver,
    HandOverTask,
    OfferTask,
    PackTask,
    RenewCode,
    Stepped,
    TaskKind,
    TaskState,
)
from loopline.fulfilment.rules import (
    CodeIsTaken,
    HasOtherCode,
    NeedsCode,
    NeedsNoCode,
    UnknownCode,
    WrongState,
)
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from tests.make.fulfilment import (
    LATER,
    NOON,
    allocation_id,
    day_of,
    offer,
    repeat_of,
    site_id,
    take_tasks,
    task_id,
)

SOON = NOON + timedelta(minutes=5)
CODE = "AB10-2345"


def collected(number: int, *, site: int = 0) -> OfferTask:
    return offer(number, [2], site=site, kind=TaskKind.COLLECT)


def collect(conn: Conn, code: str, *, site: int = 0) -> object:
    (outcome,) = service.collect_parcels(
        conn, [CollectParcel(site_id=site_id(site), code=code)], scope=WHOLE_BRAND, now=SOON
    )
    return outcome


@pytest.mark.parametrize("typed", ["AB10-2345", "ab1o 2345", "ABIO2345", "abl02345 "])
def test_who_shows_the_code_gets_the_parcel_however_it_is_typed(conn: Conn, typed: str):
    take_tasks(conn, collected(1), until="packed", code=CODE)
    gone = collect(conn, typed)
    assert isinstance(gone, HandedOver)
    assert (gone.task_id, gone.kind, gone.at) == (task_id(1), TaskKind.COLLECT, SOON)
    assert [(line.allocation_id, line.units) for line in gone.lines] == [(allocation_id(1, 0), 2)]
    assert day_of(conn) == (0, 1)
    assert collect(conn, typed) == repeat_of(gone)


def test_a_wrong_code_another_site_and_another_branch_get_nothing(conn: Conn):
    take_tasks(conn, collected(1), until="packed", code=CODE)
    assert collect(conn, "AB10-2346") == UnknownCode(site_id=site_id(0))
    assert collect(conn, "") == UnknownCode(site_id=site_id(0))
    assert collect(conn, CODE, site=1) == UnknownCode(site_id=site_id(1))
    elsewhere = service.collect_parcels(
        conn,
        [CollectParcel(site_id=site_id(0), code=CODE)],
        scope=Scope(sites=frozenset({site_id(1)})),
        now=SOON,
    )
    assert elsewhere == [NotInYourBranch(subject=str(site_id(0)))]
    assert [task.state for task in queries.tasks_by_id(conn, [task_id(1)])] == [TaskState.PACKED]


def test_only_the_hash_of_a_code_is_stored(conn: Conn):
    take_tasks(conn, collected(1), until="packed", code=CODE)
    row = str(conn.execute("select task::text from fulfilment.task").fetchone()).upper()
    assert "AB10" not in row
    (task,) = queries.tasks_by_id(conn, [task_id(1)])
    assert task.code_hash is not None
    assert len(task.code_hash) == 32


def test_a_collected_parcel_needs_its_code_and_deadline_and_a_delivered_one_none(conn: Conn):
    take_tasks(conn, collected(1), collected(2), collected(3), offer(4), until="checked")
    outcomes = service.pack_tasks(
        conn,
        [
            PackTask(task_id=task_id(1)),
            PackTask(task_id=task_id(1), code="AB10-234", collect_by=LATER),
            PackTask(task_id=task_id(1), code="AB10-234U", collect_by=LATER),
            PackTask(task_id=task_id(1), code=CODE),
            PackTask(task_id=task_id(1), code=CODE, collect_by=SOON),
            PackTask(task_id=task_id(4), code=CODE, collect_by=LATER),
        ],
        scope=WHOLE_BRAND,
        now=SOON,
    )
    assert outcomes == [NeedsCode(task_id=task_id(1))] * 5 + [NeedsNoCode(task_id=task_id(4))]
    assert {task.state for task in queries.tasks_by_id(conn, [task_id(1), task_id(4)])} == {TaskState.CHECKED}


def test_a_code_belongs_to_one_parcel_of_a_site(conn: Conn):
    take_tasks(conn, collected(1), collected(2), collected(3), collected(4, site=1), until="checked")
    packs = [PackTask(task_id=task_id(number), code=CODE, collect_by=LATER) for number in (1, 2, 4)]
    outcomes = service.pack_tasks(conn, packs, scope=WHOLE_BRAND, now=SOON)
    assert [type(one) for one in outcomes] == [Stepped, CodeIsTaken, Stepped]
    again = service.pack_tasks(conn, packs[1:2] + packs[:1], scope=WHOLE_BRAND, now=SOON)
    assert again == [CodeIsTaken(task_id=task_id(2)), repeat_of(outcomes[0])]
    assert isinstance(collect(conn, CODE), HandedOver)
    # The code of a parcel that left is not given again: shown twice, it must not open another's parcel.
    late = [PackTask(task_id=task_id(3), code=CODE, collect_by=LATER)]
    assert service.pack_tasks(conn, late, scope=WHOLE_BRAND, now=SOON) == [CodeIsTaken(task_id=task_id(3))]


def test_packed_again_with_another_code_is_refused(conn: Conn):
    take_tasks(conn, collected(1), until="packed", code=CODE)
    other = [PackTask(task_id=task_id(1), code="ZZZZ0000", collect_by=LATER)]
    assert service.pack_tasks(conn, other, scope=WHOLE_BRAND, now=SOON) == [HasOtherCode(task_id=task_id(1))]
    assert isinstance(collect(conn, CODE), HandedOver)


def test_a_lost_code_is_renewed_and_void(conn: Conn):
    take_tasks(conn, collected(1), collected(2), until="checked")
    service.pack_tasks(
        conn, [PackTask(task_id=task_id(1), code=CODE, collect_by=LATER)], scope=WHOLE_BRAND, now=SOON
    )
    renew = RenewCode(task_id=task_id(1), code="ZZZZ-0000")
    outcomes = service.renew_codes(
        conn,
        [
            renew,
            renew,
            RenewCode(task_id=task_id(2), code="YYYY0000"),
            RenewCode(task_id=task_id(1), code="?"),
        ],
        scope=WHOLE_BRAND,
    )
    assert outcomes[1] == repeat_of(outcomes[0])
    assert isinstance(outcomes[0], Stepped)
    assert outcomes[2:] == [
        WrongState(task_id=task_id(2), state=TaskState.CHECKED),
        NeedsCode(task_id=task_id(1)),
    ]
    assert collect(conn, CODE) == UnknownCode(site_id=site_id(0))
    assert isinstance(collect(conn, "zzzz0000"), HandedOver)


def test_a_collected_parcel_is_not_given_to_a_carrier(conn: Conn):
    take_tasks(conn, collected(1), until="packed", code=CODE)
    outcome = service.hand_over_tasks(conn, [HandOverTask(task_id=task_id(1))], scope=WHOLE_BRAND, now=SOON)
    assert outcome == [NeedsCode(task_id=task_id(1))]


def test_a_no_show_ends_at_the_deadline_and_the_work_stays_confirmed(conn: Conn):
    take_tasks(conn, collected(1), until="packed", code=CODE)
    take_tasks(conn, offer(2), until="packed")
    assert service.end_waiting(conn, now=LATER - timedelta(microseconds=1)) == []
    (ended,) = service.end_waiting(conn, now=LATER)
    assert (ended.task_id, ended.state, ended.at) == (task_id(1), TaskState.NOT_COLLECTED, LATER)
    assert [(line.allocation_id, line.units) for line in ended.lines] == [(allocation_id(1, 0), 2)]
    assert service.end_waiting(conn, now=LATER) == []
    assert day_of(conn) == (0, 2)
    assert collect(conn, CODE) == WrongState(task_id=task_id(1), state=TaskState.NOT_COLLECTED)


def test_past_the_deadline_but_still_there_the_parcel_is_given(conn: Conn):
    take_tasks(conn, collected(1), until="packed", code=CODE)
    (gone,) = service.collect_parcels(
        conn,
        [CollectParcel(site_id=site_id(0), code=CODE)],
        scope=WHOLE_BRAND,
        now=LATER + timedelta(days=1),
    )
    assert isinstance(gone, HandedOver)
    assert service.end_waiting(conn, now=LATER + timedelta(days=1)) == []
