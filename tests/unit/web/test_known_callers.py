"""Keys seen a moment ago: one look for all who call at once, and nobody stays known whose rights have changed."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from loopline import org
from loopline.web.api.caller import Caller, CallerKind, KnownCallers

KEY = f"{org.KEY_MARK}abc"
CALLER = Caller(kind=CallerKind.KEY, actor="key:1")
MEMBER = Caller(kind=CallerKind.MEMBER, actor="member:1")


class Book:
    """Who has a token, read when `may_read` says so."""

    def __init__(self, found: Caller | None = CALLER) -> None:
        self.found = found
        self.reads = 0
        self.begun = threading.Event()
        self.may_read = threading.Event()
        self.may_read.set()

    def look(self, token: str) -> Caller | None:
        assert token
        self.reads += 1
        self.begun.set()
        assert self.may_read.wait(10)
        return self.found


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, timeout=20))


def test_of_many_who_call_with_one_key_one_looks_it_up():
    async def scenario() -> None:
        known, book = KnownCallers(), Book()
        book.may_read.clear()
        looks = [asyncio.create_task(known.look_up(KEY, book.look)) for _ in range(50)]
        assert await asyncio.to_thread(book.begun.wait, 10)
        book.may_read.set()
        assert await asyncio.gather(*looks) == [CALLER] * 50
        assert book.reads == 1
        assert known.find(KEY) == CALLER
        assert known.find_fresh(KEY, book.look) == CALLER
        assert book.reads == 1  # it is young

    run(scenario())


def test_people_and_members_are_looked_up_each_time():
    async def scenario() -> None:
        known, book = KnownCallers(), Book(MEMBER)
        assert [await known.look_up("session", book.look) for _ in range(3)] == [MEMBER] * 3
        assert book.reads == 3
        assert known.find("session") is None

    run(scenario())


def test_what_was_looked_up_before_rights_changed_is_not_kept():
    async def scenario() -> None:
        known, book = KnownCallers(), Book()
        book.may_read.clear()
        under_way = asyncio.create_task(known.look_up(KEY, book.look))
        assert await asyncio.to_thread(book.begun.wait, 10)
        known.forget()
        later = Book(None)
        assert await known.look_up(KEY, later.look) is None  # it does not wait for the look of before
        book.may_read.set()
        assert await under_way == CALLER
        assert known.find(KEY) is None

    run(scenario())


def test_a_look_that_breaks_breaks_for_those_who_wait_and_is_begun_anew():
    async def scenario() -> None:
        known, book = KnownCallers(), Book()

        def broken(_: str) -> Caller | None:
            raise ConnectionError("the database is away")

        found = await asyncio.gather(*(known.look_up(KEY, broken) for _ in range(2)), return_exceptions=True)
        assert [type(one) for one in found] == [ConnectionError] * 2
        assert await known.look_up(KEY, book.look) == CALLER

    run(scenario())


def test_who_is_soon_forgotten_is_looked_up_meanwhile(monkeypatch: Any):
    async def scenario() -> None:
        known, book = KnownCallers(), Book()
        monkeypatch.setattr("loopline.web.api.caller.time.monotonic", lambda: moment[0])
        await known.look_up(KEY, book.look)
        moment[0] += 1.5
        book.begun.clear()
        book.may_read.clear()
        assert [known.find_fresh(KEY, book.look) for _ in range(3)] == [CALLER] * 3
        assert await asyncio.to_thread(book.begun.wait, 10)
        assert book.reads == 2
        moment[0] += 1
        assert known.find_fresh(KEY, book.look) is None  # two seconds are over, and nobody answered

    moment = [100.0]
    run(scenario())
