"""The coalescer: who waits together goes together, a bad item fails alone, the end loses nothing."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import psycopg
import pytest

from loopline.kernel.refusals import Refused
from loopline.web.coalescer import Coalescer, TooMuchWaits


class Counter:
    """Work that doubles numbers; remembers its batches, and fails as it is told to."""

    def __init__(
        self, fail: Callable[[Sequence[int], int], Exception | None] = lambda _items, _call: None
    ) -> None:
        self.batches: list[list[int]] = []
        self._fail = fail
        self.may_go = threading.Event()
        self.may_go.set()
        self.has_begun = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.has_begun.set()
        assert self.may_go.wait(timeout=10)
        error = self._fail(items, len(self.batches))
        if error is not None:
            raise error
        return [2 * item for item in items]


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, timeout=20))


async def begun(work: Counter) -> None:
    assert await asyncio.to_thread(work.has_begun.wait, 10)


def test_what_waits_while_a_batch_runs_goes_together():
    async def scenario() -> None:
        work = Counter()
        work.may_go.clear()
        coalescer = Coalescer(work, most=40)
        first = asyncio.create_task(coalescer.submit(1))
        await begun(work)
        rest = [asyncio.create_task(coalescer.submit(item)) for item in range(2, 52)]
        await asyncio.sleep(0)
        work.may_go.set()
        assert await asyncio.gather(first, *rest) == [2 * item for item in range(1, 52)]
        assert [len(batch) for batch in work.batches] == [1, 40, 10]
        assert [item for batch in work.batches for item in batch] == list(range(1, 52))
        await coalescer.close()

    run(scenario())


def test_those_who_come_at_once_share_the_first_batch():
    async def scenario() -> None:
        work = Counter()
        coalescer = Coalescer(work, gather_seconds=1.0, most=5)
        assert await asyncio.gather(*(coalescer.submit(item) for item in range(5))) == [0, 2, 4, 6, 8]
        assert work.batches == [[0, 1, 2, 3, 4]]
        await coalescer.close()

    run(scenario())


@pytest.mark.parametrize(
    "error", [ValueError("bad"), psycopg.DataError("bad"), psycopg.errors.UniqueViolation("bad")]
)
def test_a_bad_item_fails_alone(error: Exception):
    async def scenario() -> None:
        work = Counter(lambda items, _: error if 13 in items or 17 in items else None)
        coalescer = Coalescer(work, most=32)
        outcomes = await asyncio.gather(
            *(coalescer.submit(item) for item in range(32)), return_exceptions=True
        )
        assert outcomes == [error if item in {13, 17} else 2 * item for item in range(32)]
        await coalescer.close()

    run(scenario())


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.DeadlockDetected("met"),
        psycopg.errors.SerializationFailure("met"),
        psycopg.errors.UniqueViolation("met"),
        psycopg.OperationalError("the connection is lost"),
    ],
)
def test_rivals_and_a_lost_connection_are_tried_again_as_they_were(error: Exception):
    async def scenario() -> None:
        work = Counter(lambda _, call: error if call < 3 else None)
        coalescer = Coalescer(work, most=4)
        assert await asyncio.gather(*(coalescer.submit(item) for item in range(4))) == [0, 2, 4, 6]
        assert work.batches == [[0, 1, 2, 3]] * 3
        await coalescer.close()

    run(scenario())


def test_a_database_that_is_away_fails_all_and_is_not_asked_item_by_item():
    async def scenario() -> None:
        away = psycopg.OperationalError("away")
        work = Counter(lambda _items, _call: away)
        coalescer = Coalescer(work, most=8)
        outcomes = await asyncio.gather(
            *(coalescer.submit(item) for item in range(8)), return_exceptions=True
        )
        assert outcomes == [away] * 8
        assert {len(batch) for batch in work.batches} == {8}
        await coalescer.close()

    run(scenario())


def test_a_full_queue_takes_nothing_in():
    async def scenario() -> None:
        work = Counter()
        work.may_go.clear()
        coalescer = Coalescer(work, most=1, waiting_most=2)
        first = asyncio.create_task(coalescer.submit(1))
        await begun(work)
        waiting = [asyncio.create_task(coalescer.submit(item)) for item in (2, 3)]
        await asyncio.sleep(0)
        with pytest.raises(Refused) as refused:
            await coalescer.submit(4)
        assert refused.value.refusal == TooMuchWaits(retry_after_seconds=1)
        work.may_go.set()
        assert await asyncio.gather(first, *waiting) == [2, 4, 6]
        assert work.batches == [[1], [2], [3]]
        assert await coalescer.submit(4) == 8
        await coalescer.close()

    run(scenario())


def test_the_end_finishes_what_was_taken_in_and_takes_no_more():
    async def scenario() -> None:
        work = Counter()
        work.may_go.clear()
        coalescer = Coalescer(work, most=2)
        taken = [asyncio.create_task(coalescer.submit(item)) for item in range(5)]
        await begun(work)
        closing = asyncio.create_task(coalescer.close())
        await asyncio.sleep(0)
        with pytest.raises(Refused):
            await coalescer.submit(9)
        work.may_go.set()
        await closing
        assert [task.done() for task in taken] == [True] * 5
        assert [task.result() for task in taken] == [0, 2, 4, 6, 8]
        await coalescer.close()

    run(scenario())


def test_a_client_that_went_away_takes_nothing_back():
    async def scenario() -> None:
        work = Counter()
        work.may_go.clear()
        coalescer = Coalescer(work)
        first = asyncio.create_task(coalescer.submit(1))
        await begun(work)
        second = asyncio.create_task(coalescer.submit(2))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        work.may_go.set()
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 2
        await coalescer.close()
        assert work.batches == [[1], [2]]

    run(scenario())


def test_work_that_answers_fewer_than_it_was_given_is_found_out():
    async def scenario() -> None:
        coalescer: Coalescer[int, int] = Coalescer(lambda _items: [])
        with pytest.raises(ValueError, match="1 items had 0 outcomes"):
            await coalescer.submit(1)
        await coalescer.close()

    run(scenario())


def test_after_a_silence_it_works_again():
    async def scenario() -> None:
        work = Counter()
        coalescer = Coalescer(work)
        for item in range(3):
            assert await coalescer.submit(item) == 2 * item
        assert work.batches == [[0], [1], [2]]
        await coalescer.close()

    run(scenario())
