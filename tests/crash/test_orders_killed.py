"""A server killed in the middle of placing orders: whatever is sent again is one order, and nothing is half there."""

import functools
import threading
import time

import pytest

from loopline import stock
from loopline.db import Database
from tests.concurrency.test_placing import assert_sound, http_message, orders_written
from tests.make.api import make_key
from tests.make.served import ServerProcess, ask_order, at_once
from tests.make.shop import open_shop

ORDERS = 240
KILLS = 3

pytestmark = [pytest.mark.crash, pytest.mark.slow]


def test_a_killed_server_loses_nothing_that_is_sent_again(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn, units=1_000)
    token = make_key(database, branch="HX")
    waiting = [f"W-{number}" for number in range(ORDERS)]
    answered: dict[str, str] = {}
    for kill in range(KILLS + 1):
        server = ServerProcess(database)
        server.wait()
        if kill < KILLS:
            threading.Thread(target=kill_midway, args=(server, database, (kill + 1) * ORDERS // 5)).start()
        work = [functools.partial(ask_order, server.base, token, http_message(number)) for number in waiting]
        answers = at_once(work, threads=16)
        for number, answer in zip(waiting, answers, strict=True):
            if answer is not None and answer.status_code in {200, 201}:
                # An order that was answered once is the same order for good.
                assert answered.setdefault(number, answer.json()["id"]) == answer.json()["id"]
        server.kill()
    assert set(answered) == set(waiting)
    assert orders_written(database) == dict.fromkeys(waiting, 1)
    with database.reading() as conn:
        (coats,) = stock.free_at_nodes(conn, [shop.network], [shop.skus["COAT"]])
    assert coats.held == ORDERS
    assert_sound(database)


def kill_midway(server: ServerProcess, database: Database, orders: int) -> None:
    """Kill a server as soon as so many orders stand, or it has had its time."""
    until = time.monotonic() + 30
    while time.monotonic() < until and len(orders_written(database)) < orders:
        time.sleep(0.002)
    server.kill()


def test_a_server_that_is_asked_to_end_answers_what_it_took_in(database: Database):
    with database.transaction() as conn:
        open_shop(conn, units=1_000)
    token = make_key(database, branch="HX")
    server = ServerProcess(database)
    server.wait()
    numbers = [f"W-{number}" for number in range(ORDERS)]
    ender = threading.Thread(target=stop_midway, args=(server, database, ORDERS // 4))
    ender.start()
    work = [functools.partial(ask_order, server.base, token, http_message(number)) for number in numbers]
    answers = at_once(work, threads=16)
    ender.join()
    placed = [
        number
        for number, answer in zip(numbers, answers, strict=True)
        if answer is not None and answer.status_code == 201
    ]
    # Nothing was placed without its sender knowing, and nobody was told of what was not placed.
    assert orders_written(database) == dict.fromkeys(placed, 1)
    assert_sound(database)


def stop_midway(server: ServerProcess, database: Database, orders: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and len(orders_written(database)) < orders:
        time.sleep(0.002)
    assert server.stop() == 0
