"""The board hub: one reading for everybody, slow watchers left behind, nothing sent that did not move."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
import pytest

from loopline.insight import Board, BoardSetting, Takings
from loopline.kernel.ids import SiteId
from loopline.web.languages import Language, languages
from loopline.web.live import LiveHub, Watch, Watcher
from loopline.web.metrics import Metrics

EN, ZH = languages()["en"], languages()["zh"]
AT = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
STORE = Watch(sites=frozenset({SiteId(UUID(int=1))}))


def board(amount: int) -> Board:
    return Board(
        setting=BoardSetting(zone="UTC", currency="CNY", currencies=(), latest=None),
        at=AT,
        day=date(2025, 3, 3),
        is_replay=False,
        today=Takings(sold_minor=amount),
        this_hour=Takings(),
        same_time_yesterday=Takings(),
        minutes=(),
        hours=(),
        days=(),
        skus=(),
        sites=(),
        stages=(),
        happenings=(),
    )


Hub: TypeAlias = LiveHub[Watch, Board]


class Shop:
    """What the hub reads: an amount per watch, and how often it was asked."""

    def __init__(self) -> None:
        self.amounts: dict[Watch, int] = {}
        self.readings: list[Watch] = []
        self.is_away = False

    def read(self, watch: Watch) -> Board:
        self.readings.append(watch)
        if self.is_away:
            raise psycopg.OperationalError("away")
        return board(self.amounts.get(watch, 0))

    def write(self, shown: Board, language: Language) -> bytes:
        return f"{language.code} {shown.today.sold_minor}".encode()


def run(scenario: Callable[[Shop, Hub], Coroutine[Any, Any, None]]) -> Shop:
    shop = Shop()

    async def main() -> None:
        hub = Hub(lambda: shop.read, shop.write, metrics=Metrics(), poll_seconds=0.01)
        task = asyncio.create_task(hub.run())
        try:
            await asyncio.wait_for(scenario(shop, hub), timeout=10)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    return shop


async def next_message(watcher: Watcher[Watch], *, within: float = 5) -> bytes | None:
    async for message in watcher.messages(heartbeat_seconds=within):
        return message
    return b"closed"


def test_nobody_watching_nothing_read():
    async def scenario(_shop: Shop, _hub: Hub) -> None:
        await asyncio.sleep(0.1)

    assert run(scenario).readings == []


def test_all_watchers_of_one_board_share_one_reading_in_their_languages():
    async def scenario(shop: Shop, hub: Hub) -> None:
        async with (
            hub.watching(Watch(), EN) as one,
            hub.watching(Watch(), ZH) as two,
            hub.watching(STORE, EN) as three,
        ):
            shop.amounts = {Watch(): 7, STORE: 3}
            got = [await next_message(one), await next_message(two), await next_message(three)]
            assert got == [b"en 7", b"zh 7", b"en 3"]
            first_round = shop.readings[:2]
            assert sorted(first_round, key=str) == sorted([Watch(), STORE], key=str)

    run(scenario)


def test_what_did_not_move_is_not_sent_again():
    async def scenario(shop: Shop, hub: Hub) -> None:
        async with hub.watching(Watch(), EN) as watcher:
            assert await next_message(watcher) == b"en 0"
            while len(shop.readings) <= 2:
                assert await next_message(watcher, within=0.05) is None  # a heartbeat
            shop.amounts[Watch()] = 5
            assert await next_message(watcher) == b"en 5"

    run(scenario)


def test_a_slow_watcher_gets_the_newest_message_and_delays_nobody():
    async def scenario(shop: Shop, hub: Hub) -> None:
        async with hub.watching(Watch(), EN) as slow, hub.watching(Watch(), EN) as quick:
            for amount in range(1, 6):
                shop.amounts[Watch()] = amount
                while await next_message(quick) != f"en {amount}".encode():
                    pass
            assert await next_message(slow) == b"en 5"

    run(scenario)


def test_who_comes_later_gets_the_last_message_at_once():
    async def scenario(_shop: Shop, hub: Hub) -> None:
        async with hub.watching(Watch(), EN) as first:
            assert await next_message(first) == b"en 0"
            async with hub.watching(Watch(), EN) as second:
                assert await next_message(second, within=0.001) == b"en 0"

    run(scenario)


def test_closing_ends_every_stream_and_those_that_come_after():
    async def scenario(_shop: Shop, hub: Hub) -> None:
        async with hub.watching(Watch(), EN) as watcher:
            await next_message(watcher)
            hub.close()
            assert await next_message(watcher) == b"closed"
        async with hub.watching(Watch(), EN) as late:
            assert await next_message(late) == b"closed"

    run(scenario)


def test_a_database_that_went_away_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("loopline.web.live._PAUSE_AFTER_FAILURE_SECONDS", 0.01)

    async def scenario(shop: Shop, hub: Hub) -> None:
        shop.is_away = True
        async with hub.watching(Watch(), EN) as watcher:
            assert await next_message(watcher, within=0.1) is None
            shop.is_away = False
            assert await next_message(watcher) == b"en 0"

    run(scenario)
