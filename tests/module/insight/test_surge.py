"""What processes tally of placing: each second as it stands, summed over processes, forgotten after an hour."""

from datetime import datetime, timedelta
from uuid import UUID

from loopline.db import Conn
from loopline.insight.surge import (
    KEPT,
    LATENCY_STEPS_MS,
    PacePoint,
    PlacedSecond,
    RefusedCount,
    note_placed,
    read_pace,
    sweep_placed,
)
from tests.make.web import NOW

ONE, OTHER = UUID(int=1), UUID(int=2)
LATER = NOW + timedelta(seconds=3, milliseconds=400)


def placed(
    second: datetime = NOW, accepted: int = 0, *, waiting: int = 0, ms: int = 5, **refused: int
) -> PlacedSecond:
    latencies = [0] * (len(LATENCY_STEPS_MS) + 1)
    latencies[LATENCY_STEPS_MS.index(ms)] = accepted
    return PlacedSecond(
        second=second,
        accepted=accepted,
        repeated=0,
        refused=refused,
        latencies=tuple(latencies),
        waiting=waiting,
    )


def point(second: datetime, accepted: int, refused: int = 0, waiting: int = 0) -> PacePoint:
    return PacePoint(second=second, accepted=accepted, repeated=0, refused=refused, waiting=waiting)


def test_processes_add_up_and_the_same_second_again_replaces(conn: Conn):
    note_placed(conn, ONE, [placed(NOW, 3, not_enough_free=1)])
    note_placed(conn, ONE, [placed(NOW, 40, waiting=7, not_enough_free=2, no_price=1)])
    note_placed(conn, ONE, [placed(NOW, 40, waiting=7, not_enough_free=2, no_price=1)])  # tried again
    note_placed(conn, OTHER, [placed(NOW, 60, waiting=5, ms=300, not_enough_free=4)])
    note_placed(conn, OTHER, [placed(NOW + timedelta(seconds=1), 1)])
    pace = read_pace(conn, now=LATER)
    assert len(pace.points) == 300
    assert pace.points[-2:] == (
        point(NOW, 100, refused=7, waiting=12),
        point(NOW + timedelta(seconds=1), 1),
    )
    assert all(one.accepted == one.refused == 0 for one in pace.points[:-2])
    assert pace.refusals == (
        RefusedCount(code="not_enough_free", orders=6),
        RefusedCount(code="no_price", orders=1),
    )
    assert (pace.latency_ms(50), pace.latency_ms(99)) == (300, 300)
    assert (pace.accepted_last, pace.refused_last, pace.accepted_most, pace.waiting) == (101, 7, 100, 0)
    assert not pace.is_still


def test_a_second_that_is_not_over_is_not_told_yet(conn: Conn):
    note_placed(conn, ONE, [placed(NOW, 5)])
    assert read_pace(conn, now=NOW + timedelta(milliseconds=1_999)).is_still
    assert read_pace(conn, now=NOW + timedelta(seconds=2)).points[-1] == point(NOW, 5)


def test_old_seconds_leave_the_board_and_then_the_table(conn: Conn):
    note_placed(conn, ONE, [placed(NOW, 5, no_price=2), placed(NOW + timedelta(minutes=10), 1)])
    later = NOW + timedelta(minutes=10, seconds=2)
    assert [one.accepted for one in read_pace(conn, now=later).points if one.accepted] == [1]
    assert sweep_placed(conn, now=NOW + KEPT, limit=10) == 0
    assert sweep_placed(conn, now=NOW + KEPT + timedelta(seconds=1), limit=10) == 1
    left = conn.execute("select second, accepted from insight.placing").fetchall()
    assert left == [(NOW + timedelta(minutes=10), 1)]
    assert conn.execute("select count(*) from insight.placing_refused").fetchall() == [(0,)]
