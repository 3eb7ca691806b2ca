"""The surge board: how many orders are placed in each second, how long that takes, why some are refused.

Every serving process tallies for itself and writes its seconds here, each as it stands: the same second again replaces
what that process said of it, so that a write that is tried again counts nothing twice. Readers sum over processes.
No follower writes these tables, and no rebuild brings them back: they are of use for minutes and kept for an hour.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, integers, statements

SQL = statements(__file__)
# Up to so many milliseconds, each step closed at its end; the last bucket is what took longer.
LATENCY_STEPS_MS: tuple[int, ...] = (
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000,
)  # fmt: skip
SHOWN_SECONDS = 300
RATE_SECONDS = 10
LATENCY_SECONDS = 60
KEPT = timedelta(hours=1)
# A second is told when it is over and every process has written it down.
_BEHIND = timedelta(seconds=1)


class PlacedSecond(msgspec.Struct, frozen=True, kw_only=True):
    """What one process placed in the second that began at `second`: counts, refusals by code, latencies by step."""

    second: datetime
    accepted: int
    repeated: int
    refused: dict[str, int]
    latencies: tuple[int, ...]
    waiting: int


class PacePoint(msgspec.Struct, frozen=True, kw_only=True):
    """What all processes placed in one second, and how many orders waited in it at most."""

    second: datetime
    accepted: int
    repeated: int
    refused: int
    waiting: int


class RefusedCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders were refused for one reason."""

    code: str
    orders: int


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How placing goes: each second of the span shown, latencies of the last minute, refusals of the span."""

    points: tuple[PacePoint, ...]
    latencies: tuple[int, ...]
    refusals: tuple[RefusedCount, ...]

    @property
    def is_still(self) -> bool:
        """Whether nothing at all was asked for in the span shown."""
        return not any(one.accepted or one.repeated or one.refused for one in self.points)

    @property
    def accepted_last(self) -> int:
        """Orders accepted in the last RATE_SECONDS whole seconds."""
        return sum(one.accepted for one in self.points[-RATE_SECONDS:])

    @property
    def refused_last(self) -> int:
        """Orders refused in the same seconds."""
        return sum(one.refused for one in self.points[-RATE_SECONDS:])

    @property
    def accepted_most(self) -> int:
        """The most orders accepted in one second of the span."""
        return max((one.accepted for one in self.points), default=0)

    @property
    def waiting(self) -> int:
        """Orders that waited for their batch in the last second."""
        return self.points[-1].waiting if self.points else 0

    def latency_ms(self, percentile: int) -> int | None:
        """Within how many milliseconds that part of the orders was answered; None where none was."""
        return latency_ms(self.latencies, percentile)


def latency_ms(latencies: Sequence[int], percentile: int) -> int | None:
    """Return the step within which `percentile` per cent of the orders were answered: never too low, one step coarse.

    What took longer than the last step counts as that step. None where there are no orders.
    """
    orders = sum(latencies)
    if not orders:
        return None
    wanted = -(-orders * percentile // 100)  # rounded up: at least one
    reached = 0
    for count, step in zip(latencies, (*LATENCY_STEPS_MS, LATENCY_STEPS_MS[-1]), strict=True):
        reached += count
        if reached >= max(1, wanted):
            return step
    raise AssertionError("the last bucket reaches all orders")


def note_placed(conn: Conn, process_id: UUID, seconds: Sequence[PlacedSecond]) -> None:
    """Write down what a process placed; what it said before of the same seconds is replaced."""
    ordered = sorted(seconds, key=lambda one: one.second)
    refused = [(one.second, code, orders) for one in ordered for code, orders in sorted(one.refused.items())]
    execute(
        conn,
        SQL["write_placing"],
        process_id=process_id,
        seconds=[one.second for one in ordered],
        accepted=integers(one.accepted for one in ordered),
        repeated=integers(one.repeated for one in ordered),
        latencies=[" ".join(map(str, one.latencies)) for one in ordered],
        waiting=integers(one.waiting for one in ordered),
    )
    execute(
        conn,
        SQL["write_placing_refused"],
        process_id=process_id,
        seconds=[second for second, _, _ in refused],
        codes=[code for _, code, _ in refused],
        orders=integers(orders for _, _, orders in refused),
    )


def sweep_placed(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget seconds that nobody looks at any more, at most so many; returns how many."""
    return execute(conn, SQL["sweep_placing"], before=now - KEPT, limit=limit)


def read_pace(conn: Conn, *, now: datetime) -> Pace:
    """Read how placing goes, of all processes, up to the last second that is complete."""
    end = now.replace(microsecond=0) - _BEHIND
    start = end - timedelta(seconds=SHOWN_SECONDS)
    told = {one.second: one for one in fetch(conn, SQL["placing_by_second"], PacePoint, start=start, end=end)}
    moments = [start + timedelta(seconds=second) for second in range(SHOWN_SECONDS)]
    return Pace(
        points=tuple(
            told.get(moment) or PacePoint(second=moment, accepted=0, repeated=0, refused=0, waiting=0)
            for moment in moments
        ),
        latencies=tuple(
            count
            for (count,) in fetch_rows(
                conn, SQL["placing_latencies"], start=end - timedelta(seconds=LATENCY_SECONDS), end=end
            )
        ),
        refusals=tuple(fetch(conn, SQL["placing_refusals"], RefusedCount, start=start, end=end)),
    )
