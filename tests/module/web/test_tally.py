"""A process's tally: what becomes of each order is counted once, and written down beside the orders."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest

from loopline.db import Database
from loopline.insight.surge import PlacedSecond, RefusedCount, read_pace
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import DraftKind
from loopline.processes.take_in import MessageLine, OrderMessage
from loopline.web.coalescer import Failed
from loopline.web.metrics import Metrics
from loopline.web.placing import OrderRequest, order_coalescer
from loopline.web.tally import Tally
from tests.make.shop import NOON, open_shop


class AwayFor(Tally):
    """A tally whose first writes find the database away."""

    fails = 1

    def _write(self, seconds: Sequence[PlacedSecond]) -> None:
        self.fails -= 1
        if self.fails >= 0:
            raise psycopg.OperationalError("away")
        super()._write(seconds)


def message(number: str, *wanted: tuple[str, int]) -> OrderMessage:
    return OrderMessage(
        channel="web",
        external_number=number,
        kind=DraftKind.ASK,
        region_code="310100",
        lines=tuple(MessageLine(sku_code=code, units=units) for code, units in wanted or (("COAT", 1),)),
    )


def place(database: Database, tally: Tally, *batches: list[OrderMessage]) -> None:
    async def run() -> None:
        coalescer = order_coalescer(database, lambda: NOON, registry=Metrics().registry, onlooker=tally)
        for messages in batches:
            requests = [OrderRequest(message=one, scope=WHOLE_BRAND) for one in messages]
            await asyncio.gather(*(coalescer.submit(one) for one in requests), return_exceptions=True)
        await coalescer.close()
        with pytest.raises(Refused, match="Too much waits"):
            await coalescer.submit(OrderRequest(message=message("W-7"), scope=WHOLE_BRAND))
        await tally.write()
        await tally.write()

    asyncio.run(run())


@pytest.mark.parametrize("kind", [Tally, AwayFor])
def test_every_order_counts_once_as_what_became_of_it(database: Database, kind: type[Tally]):
    with database.transaction() as conn:
        open_shop(conn, units=3)
    many = message("W-9", ("COAT", 50))
    ghost = message("W-8", ("GHOST", 1))
    place(database, kind(database, lambda: NOON), [message("W-1"), many, ghost, ghost], [message("W-1")])
    with database.reading() as conn:
        pace = read_pace(conn, now=NOON + timedelta(seconds=2))
    last = pace.points[-1]
    assert (last.second, last.accepted, last.repeated, last.refused) == (NOON, 1, 1, 4)
    assert pace.refusals == (
        RefusedCount(code="unknown_sku", orders=2),
        RefusedCount(code="not_enough_free", orders=1),
        RefusedCount(code="too_much_waits", orders=1),
    )
    assert sum(pace.latencies) == 5  # who was sent away waited for nothing


def test_latencies_are_counted_by_step_and_failures_by_their_reason(database: Database):
    now = [NOON]
    tally = Tally(database, lambda: now[0])
    arrived = time.perf_counter()
    tally.batch_done(
        [arrived - 0.040, arrived - 4.5],
        [Failed(psycopg.OperationalError()), Failed(ZeroDivisionError())],
        waiting=17,
    )
    now[0] = NOON + timedelta(seconds=1)
    asyncio.run(tally.write())
    asyncio.run(tally.write())
    with database.reading() as conn:
        pace = read_pace(conn, now=NOON + timedelta(seconds=2))
    assert (pace.latency_ms(50), pace.latency_ms(99)) == (50, 5_000)
    assert pace.refusals == (
        RefusedCount(code="broke_on_our_side", orders=1),
        RefusedCount(code="not_done_now", orders=1),
    )
    assert pace.waiting == 17


def test_while_the_database_is_away_the_last_minute_is_kept(database: Database):
    now = [NOON]
    tally = AwayFor(database, lambda: now[0])
    tally.fails = 100
    for second in range(100):
        now[0] = NOON + timedelta(seconds=second)
        tally.sent_away(waiting=second)
        asyncio.run(tally.write())
    asyncio.run(tally.write())
    with database.reading() as conn:
        pace = read_pace(conn, now=now[0] + timedelta(seconds=2))
    assert [one.waiting for one in pace.points if one.refused] == list(range(40, 100))
