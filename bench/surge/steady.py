"""`steady`: half an hour of single orders on a clock of their own, and what it does to memory, queues and answers."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from bench.surge.asks import bodies
from bench.surge.brand import found_brand
from bench.surge.load import Answers, open_loop, post
from bench.surge.memory import POSTGRESQL, private_mib
from bench.surge.servers import surging
from bench.workplace import new_database
from loopline.db import Database
from tests.make.api import make_key
from tests.make.customers import ring

CONNECTIONS = 512
WARM_MINUTES = 5
"""Pools, caches and the heap find their size: growth is counted from here."""
_ENDS = 3  # minutes at either end whose median is compared


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How long, and how many a second: half of what single orders over HTTP reach."""

    minutes: int = 30
    per_second: int = 2_000


class _Minute(msgspec.Struct, frozen=True, kw_only=True):
    """One minute: its answers, what the processes hold at its end, and how many events no follower has read yet."""

    answers: Answers
    mib: dict[str, float]
    behind: int


def report(asked: Asked) -> dict[str, Any]:
    """Serve with followers and rounds beside, as a shop would; holds run out after a quarter of an hour."""
    with new_database() as database:
        brand = found_brand(database, ring=ring())
        token = make_key(database, branch="HX")
        minutes: list[_Minute] = []
        with surging(database, factor=1) as addresses:
            for number in range(WARM_MINUTES + asked.minutes):
                count = 60 * asked.per_second
                coming: Iterator[bytes] = (
                    post("/api/v1/orders", body, token=token)
                    for body in bodies(brand, f"minute-{number}", count, seed=number)
                )
                answers = open_loop(addresses, coming, per_second=asked.per_second, connections=CONNECTIONS)
                minutes.append(_Minute(answers=answers, mib=private_mib(database), behind=_behind(database)))
    counted = minutes[WARM_MINUTES:]
    statuses = sum((one.answers.statuses for one in counted), Counter[int]())
    assert set(statuses) <= {201, 503}, statuses
    return {
        "minutes": asked.minutes,
        "per_second": asked.per_second,
        "accepted": statuses[201],
        "told_to_come_later": statuses[503],
        "open_connections": CONNECTIONS,
        "p50_ms": statistics.median(one.answers.milliseconds(0.5) for one in counted),
        "p99_ms": statistics.median(one.answers.milliseconds(0.99) for one in counted),
        "p99_ms_worst_minute": max(one.answers.milliseconds(0.99) for one in counted),
        "events_behind_at_start": counted[0].behind,
        "events_behind_at_end": counted[-1].behind,
        "processes": _growth(counted),
    }


def _growth(minutes: Sequence[_Minute]) -> list[dict[str, Any]]:
    """What each held in the first and in the last minutes, in MiB, and what it grew by, in parts of a hundred.

    Of PostgreSQL's processes those count that lived from the first minute to the last, as one row: all they hold, and
    what the one that grew most grew by. Connections come and go with what is asked at once.
    """
    lived = [name for name in minutes[0].mib if all(name in one.mib for one in minutes)]
    at_first = {name: _held(minutes[:_ENDS], [name]) for name in lived}
    rows = [
        {"process": name} | _grown(before, _held(minutes[-_ENDS:], [name]))
        for name, before in at_first.items()
        if not name.startswith(POSTGRESQL)
    ]
    of_postgresql = [name for name in lived if name.startswith(POSTGRESQL)]
    worst = max((_held(minutes[-_ENDS:], [name]) / at_first[name] - 1 for name in of_postgresql), default=0.0)
    all_of_it = _grown(_held(minutes[:_ENDS], of_postgresql), _held(minutes[-_ENDS:], of_postgresql))
    rows.append(
        {
            "process": POSTGRESQL,
            "processes": len(of_postgresql),
            "worst_growth_percent": round(100 * worst, 1),
        }
        | all_of_it
    )
    return rows


def _held(minutes: Sequence[_Minute], names: Sequence[str]) -> float:
    return statistics.median(sum(one.mib[name] for name in names) for one in minutes)


def _grown(first: float, last: float) -> dict[str, Any]:
    return {
        "first_mib": round(first, 1),
        "last_mib": round(last, 1),
        "growth_percent": round(100 * (last - first) / first, 1) if first else 0.0,
    }


def _behind(database: Database) -> int:
    """Return how many events the follower that is furthest behind has yet to read."""
    with database.owner_transaction() as conn:
        row = conn.execute(
            "select coalesce(max((select max(position) from log.event) - position), 0) from log.follower"
        ).fetchone()
    assert row is not None
    return int(row[0])
