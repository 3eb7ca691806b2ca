"""A replay killed anywhere and started again ends as one that was left alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from
from tests.make.online_retail import write_weeks

pytestmark = [pytest.mark.crash, pytest.mark.slow]

INVOICES, WEEKS = 260, 5
GIVE_UP_SECONDS = 120


def start(database: Database, path: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "LOOPLINE_DATABASE_URL": database.addresses.serving,
        "LOOPLINE_OWNER_DATABASE_URL": database.addresses.owner,
        "LOOPLINE_DATA_DIR": str(path.parent),
    }
    program = [sys.executable, "-m", "loopline.cli.main", "replay", "online-retail", str(path), "--json"]
    return subprocess.Popen(
        program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def end_of(database: Database, path: Path) -> dict[str, Any]:
    output, errors = start(database, path).communicate(timeout=GIVE_UP_SECONDS)
    assert output, errors.decode()
    told = msgspec.json.decode(output)
    return {name: value for name, value in told.items() if name not in {"seconds", "peak_mib"}}


def stands_at(database: Database) -> tuple[int, int]:
    """How many invoices are through, and how many steps of the next ones."""
    with database.owner_transaction() as conn:
        row = conn.execute("select invoices, steps from simulator.replay").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def kill_at(database: Database, path: Path, moment: tuple[int, int]) -> bool:
    """Start a replay, kill it as soon as it stands at a moment or past it, and tell whether it was still running."""
    running = start(database, path)
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while running.poll() is None and stands_at(database) < moment:
        assert time.monotonic() < give_up
        time.sleep(0.005)
    was_running = running.poll() is None
    if was_running:
        os.killpg(running.pid, signal.SIGKILL)
    _, errors = running.communicate()
    assert b"Traceback" not in errors, errors.decode()
    return was_running


def stock_of(database: Database) -> list[tuple[Any, ...]]:
    """What lies where, by the codes of sites and SKUs: ids differ from run to run."""
    with database.owner_transaction() as conn:
        return conn.execute(
            "select site.code, sku.code, level.on_hand, level.allocated, level.unsellable"
            " from stock.leaf_stock as level"
            " join stock.node as leaf on leaf.id = level.leaf_id"
            " join org.site as site on site.id = leaf.site_id"
            " join catalogue.sku as sku on sku.id = level.sku_id"
            " order by site.code, sku.code"
        ).fetchall()


def balances_of(database: Database) -> list[tuple[Any, ...]]:
    """Every balance by the codes of its company and party."""
    with database.owner_transaction() as conn:
        return conn.execute(
            "select entity.code, account.purpose, coalesce(party.code, ''), sum(balance.balance_minor)"
            " from ledger.account as account"
            " join ledger.balance as balance on balance.account_number = account.number"
            " join org.entity as entity on entity.id = account.entity_id"
            " left join org.party as party on party.id = account.party_id"
            " group by 1, 2, 3 order by 1, 2, 3"
        ).fetchall()


@pytest.fixture
def another_database(server: EmbeddedServer, template: str) -> Generator[Database, None, None]:
    yield from database_from(server, template)


def test_killed_again_and_again_it_ends_the_same(
    database: Database, another_database: Database, tmp_path: Path
):
    path = write_weeks(tmp_path, seed=11, invoices=INVOICES, weeks=WEEKS)
    undisturbed = end_of(database, path)
    assert undisturbed["ok"], [check for check in undisturbed["checks"] if not check["ok"]]

    moments = [(0, 2), (0, 7), (1, 0), (60, 4), (60, 10), (120, 1), (INVOICES, 1)]
    kills = [kill_at(another_database, path, moment) for moment in moments]
    assert sum(kills) >= 5
    assert end_of(another_database, path) == undisturbed
    assert stock_of(another_database) == stock_of(database)
    assert balances_of(another_database) == balances_of(database)
