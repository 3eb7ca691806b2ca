"""Killed under load: a server fifty times, PostgreSQL twenty times and eight of its processes, and nothing is lost.

Whoever was told that an order stands finds it, once.

Buyers order through real HTTP and send again what was not answered. After each series the followers catch up and doctor
proves everything. Seeds are printed; a kill comes after so many acknowledged orders, not after so many seconds.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator

import psycopg
import pytest

from loopline.db.embedded import ADMIN_ROLE
from tests.make.plant import PATIENCE_SECONDS, Buyers, Plant, assert_nothing_lost, durable_plant
from tests.make.served import Nursery

pytestmark = [pytest.mark.crash, pytest.mark.slow]

SERVER_KILLS = 50
POSTMASTER_KILLS = 20
BACKEND_KILLS = 8


@pytest.fixture
def plant() -> Iterator[Plant]:
    with durable_plant() as made:
        yield made


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


def seeded(name: str) -> random.Random:
    seed = int(os.environ.get("LOOPLINE_TEST_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"{name}: LOOPLINE_TEST_SEED={seed}")
    return random.Random(seed)


def test_fifty_killed_servers_lose_nothing(plant: Plant, nursery: Nursery):
    chance = seeded("servers")
    serving = [nursery.bear(plant.database.addresses)]
    serving[0].wait()
    with Buyers(lambda: serving[-1].base, plant.token) as buyers:
        for _ in range(SERVER_KILLS):
            buyers.after(chance.randrange(1, 40))
            serving[-1].kill()
            serving.append(nursery.bear(plant.database.addresses))
        buyers.after(20)
    serving[-1].kill()
    stand = assert_nothing_lost(plant, buyers)
    print(f"{SERVER_KILLS} servers killed: {len(buyers.acknowledged)} acknowledged, {stand} stand")


def test_twenty_killed_databases_lose_nothing(plant: Plant, nursery: Nursery):
    """The postmaster, or one backend at work, which makes PostgreSQL drop all connections and recover by itself."""
    chance = seeded("databases")
    kills = ["postmaster"] * POSTMASTER_KILLS + ["backend"] * BACKEND_KILLS
    chance.shuffle(kills)
    server = nursery.bear(plant.database.addresses)
    server.wait()
    with Buyers(lambda: server.base, plant.token) as buyers:
        for kind in kills:
            buyers.after(chance.randrange(1, 40))
            if kind == "postmaster":
                kill_postmaster(plant)
            else:
                kill_backend(plant)
        buyers.after(20)
    server.kill()
    stand = assert_nothing_lost(plant, buyers)
    print(f"{len(kills)} databases killed: {len(buyers.acknowledged)} acknowledged, {stand} stand")


def kill_postmaster(plant: Plant) -> None:
    await_ready(plant)
    pid = plant.server.postmaster_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def kill_backend(plant: Plant) -> None:
    """Kill one that serves; the one that is asked for it is another."""
    await_ready(plant)
    with psycopg.connect(plant.server.conninfo(ADMIN_ROLE, "postgres"), autocommit=True) as conn:
        found = conn.execute(
            "select pid from pg_stat_activity where usename = 'loopline_app' order by state = 'active' desc limit 1"
        ).fetchone()
    assert found is not None
    os.kill(found[0], signal.SIGKILL)


def await_ready(plant: Plant) -> None:
    """Wait until it takes connections: answers on their way as it was killed reach buyers before it is up again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        if plant.server.is_ready():
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(plant.server.conninfo(ADMIN_ROLE, "postgres")).close()
                return
        assert time.monotonic() < until, "PostgreSQL did not come back"
        time.sleep(0.01)
