"""Putting sales on the boards: events of orders of 20 lines, 500 at a time, as the follower applies them."""

from collections.abc import Iterator
from random import Random
from uuid import UUID

from bench.workplace import Figure, Watch, new_database
from loopline.insight import apply_sales
from tests.make.insight import many_placed

BATCHES = 20
ORDERS = 500
LINES_EACH = 20


def measure() -> Iterator[Figure]:
    sites = [None, *(UUID(int=500 + number) for number in range(20))]
    chance = Random(11)
    watch = Watch()
    with new_database() as database:
        for _ in range(BATCHES):
            events = many_placed(ORDERS, lines_each=LINES_EACH, sites=sites, random=chance)
            with watch, database.transaction() as conn:
                apply_sales(conn, events)
    yield Figure(
        what="lines put on the boards, 500 orders of 20 lines at a time",
        count=BATCHES * ORDERS * LINES_EACH,
        unit="lines",
        seconds=watch.seconds,
    )
