"""Making ids and splitting money: pure Python on every line's way."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bench.workplace import Figure, Watch
from loopline.kernel.ids import uuid7s
from loopline.kernel.money import split_by_weight

COUNT = 500_000
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def measure() -> Iterator[Figure]:
    making = Watch()
    with making:
        uuid7s(AT, COUNT)
    yield Figure(what="make ids, all in one call", count=COUNT, unit="ids", seconds=making.seconds)

    splitting = Watch()
    weights = [6200, 1500, 1000, 800, 300, 200]
    with splitting:
        for total in range(COUNT):
            split_by_weight(total, weights)
    yield Figure(
        what="split an amount among six parties", count=COUNT, unit="splits", seconds=splitting.seconds
    )
