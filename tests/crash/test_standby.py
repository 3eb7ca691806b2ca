"""A primary whose machine is gone: the standby has every acknowledged order, and is served from within seconds.

Both are PostgreSQL's own: streaming replication with `synchronous_standby_names`. The server is pointed at both and
goes on by itself; who decides that the primary is gone, and promotes, is here the test, and elsewhere whoever watches
over the machines (docs/operations.md).
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from loopline.db import Database
from loopline.db.embedded import BINARIES
from tests.make.pair import Pair, synchronous_pair
from tests.make.plant import Buyers, assert_nothing_lost, durable_plant
from tests.make.served import Nursery

pytestmark = [
    pytest.mark.crash,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BINARIES / "bin" / "pg_basebackup").exists(), reason="these binaries bring no pg_basebackup"
    ),
]


@pytest.fixture
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="loopline-pair-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_a_lost_primary_loses_no_acknowledged_order(directory: Path):
    (directory / "primary").mkdir()
    with durable_plant(directory=directory / "primary") as founded:
        pass
    nursery = Nursery()
    try:
        with synchronous_pair(directory, founded.server) as pair:
            database = Database(pair.addresses)
            plant = msgspec.structs.replace(founded, database=database)
            server = nursery.bear(pair.addresses)
            server.wait()
            with Buyers(lambda: server.base, plant.token) as buyers:
                buyers.after(300)
                lost_at = time.monotonic()
                pair.primary.kill()
                known = len(buyers.acknowledged)
                pair.standby.asked("select pg_promote()")
                promoted_after = time.monotonic() - lost_at
                buyers.after(1)
                served_after = time.monotonic() - lost_at
                buyers.after(100)
            server.kill()
            assert_is_the_standby(pair, database)
            stand = assert_nothing_lost(plant, buyers)
            database.close()
    finally:
        nursery.close()
    print(
        f"primary lost after {known} orders: promoted after {promoted_after:.2f} s, an order acknowledged after"
        f" {served_after:.2f} s; {len(buyers.acknowledged)} acknowledged, {stand} stand"
    )


def assert_is_the_standby(pair: Pair, database: Database) -> None:
    with database.reading() as conn:
        assert conn.info.host == os.fspath(pair.standby.socket)
