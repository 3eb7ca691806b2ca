"""A full disk and a cut connection: what cannot be done is refused with 503 and Retry-After, nothing of it is half
there, and the same process goes on as soon as it can."""

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from loopline.db.embedded import ADMIN_ROLE, EmbeddedServer
from tests.make.plant import Buyers, Plant, assert_nothing_lost, durable_plant, message
from tests.make.served import Nursery

pytestmark = [pytest.mark.crash, pytest.mark.slow]

DISK = "700m"
CUTS = 20


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own that can be filled: a tmpfs."""
    directory = Path(tempfile.mkdtemp(prefix="loopline-disk-"))
    mounted = (
        shutil.which("mount") is not None
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "none", str(directory)],
            capture_output=True,
            check=False,
        ).returncode
    )
    try:
        if not mounted:
            pytest.skip("no disk can be mounted here: only root may, and not in every container")
        yield directory
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(directory)], check=False)
        directory.rmdir()


def test_a_full_disk_refuses_and_room_on_it_serves_again(small_disk: Path, nursery: Nursery):
    with durable_plant(directory=small_disk, options=("max_wal_size=64MB", "min_wal_size=32MB")) as plant:
        server = nursery.bear(plant.database.addresses)
        server.wait()
        ballast = small_disk / "ballast"
        with Buyers(lambda: server.base, plant.token) as buyers:
            buyers.after(30)
            fill(ballast)
            until = time.monotonic() + 120
            while 503 not in buyers.statuses:
                assert time.monotonic() < until, "the disk is full, and nobody says so"
                fill(ballast)  # what a checkpoint gave back
                time.sleep(0.05)
            told = len(buyers.acknowledged)
            ballast.unlink()
            buyers.after(30)
        server.kill()
        stand = assert_nothing_lost(plant, buyers)
    print(f"disk full after {told} orders: {len(buyers.acknowledged)} acknowledged, {stand} stand")


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_cut_connections_refuse_or_answer_and_lose_nothing(nursery: Nursery):
    """Every connection of the server is cut twenty times while it works."""
    with durable_plant() as plant:
        server = nursery.bear(plant.database.addresses)
        server.wait()
        with Buyers(lambda: server.base, plant.token) as buyers:
            for _ in range(CUTS):
                buyers.after(5)
                cut(plant)
            buyers.after(20)
        server.kill()
        stand = assert_nothing_lost(plant, buyers)
    assert buyers.statuses <= {200, 201, 503}
    print(f"{CUTS} cuts: {len(buyers.acknowledged)} acknowledged, {stand} stand")


def cut(plant: Plant) -> None:
    with psycopg.connect(plant.server.conninfo(ADMIN_ROLE, "postgres"), autocommit=True) as conn:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename in ('loopline_app', 'loopline')"
        )


def test_a_database_that_is_away_is_told_within_its_time_and_found_again(nursery: Nursery):
    """Away for longer than anybody waits for a connection: 503, and served again soon after it is back."""
    with durable_plant() as plant:
        server = nursery.bear(plant.database.addresses)
        server.wait()
        plant.server.stop()
        headers = {"authorization": f"Bearer {plant.token}"}
        answers: list[httpx.Response] = []

        def send(number: int) -> None:
            url = f"{server.base}/api/v1/orders"
            answers.append(httpx.post(url, json=message(f"A-{number}"), headers=headers, timeout=90))

        asking = [threading.Thread(target=send, args=(number,)) for number in range(4)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        assert [(one.status_code, "Retry-After" in one.headers) for one in answers] == [(503, True)] * 4
        again = EmbeddedServer(plant.server.directory, options=("max_connections=100",))
        again.start()
        try:
            back_at = time.monotonic()
            with Buyers(lambda: server.base, plant.token) as buyers:
                buyers.after(1)
                served_after = time.monotonic() - back_at
                buyers.after(10)
            server.kill()
            assert_nothing_lost(plant, buyers)
        finally:
            again.stop()
    print(f"served again {served_after:.2f} s after the database was back")
    assert served_after < 30
