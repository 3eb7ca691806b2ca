"""A made-up month goes through the loop: everything adds up, and a second run changes nothing."""

from pathlib import Path

import msgspec
import pytest
from psycopg import sql

from loopline.db import Database
from loopline.db.settings import Settings
from loopline.kernel.refusals import Refused
from loopline.simulator.replay.driver import AnotherReplay, NothingToReplay, ReplayAsk
from loopline.simulator.replay.report import Report
from loopline.simulator.replay.run import run_replay
from tests.make.online_retail import HEADER, write_invoices, write_weeks

INVOICES, WEEKS = 300, 5


def run(database: Database, path: Path, *, seed: int = 1, invoices_max: int | None = None) -> Report:
    ask = ReplayAsk(path=path, seed=seed, invoices_max=invoices_max)
    return run_replay(database, ask, settings=Settings(data_directory=path.parent), told=lambda _: None)


def figures(report: Report) -> dict[str, object]:
    """Everything the report says but what the run took."""
    told = msgspec.json.decode(msgspec.json.encode(report.as_json()))
    return {name: value for name, value in told.items() if name not in {"seconds", "peak_mib"}}


def counted(database: Database) -> dict[str, int]:
    """The rows of every table: whatever is written anywhere shows here."""
    with database.owner_transaction() as conn:
        tables = conn.execute(
            "select schemaname, relname from pg_stat_user_tables where schemaname not in ('jobs', 'migration')"
        ).fetchall()
        return {
            f"{schema}.{name}": conn.execute(
                sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))
            ).fetchall()[0][0]
            for schema, name in tables
        }


def test_a_month_adds_up_and_a_second_run_changes_nothing(database: Database, tmp_path: Path):
    path = write_weeks(tmp_path, seed=5, invoices=INVOICES, weeks=WEEKS)
    first = run(database, path)
    assert [check for check in first.checks if not check.ok] == []
    assert first.census.invoice_count == INVOICES
    assert first.books.counts["invoices"] == INVOICES
    assert first.books.matched_returns > 10
    assert first.books.blind_returns > 10
    assert first.books.parked_lines > 0
    assert first.books.parties_sharing >= 5

    rows = counted(database)
    second = run(database, path)
    assert figures(second) == figures(first)
    assert counted(database) == rows


def test_a_replay_that_stopped_early_goes_on_from_there(database: Database, tmp_path: Path):
    path = write_weeks(tmp_path, seed=5, invoices=120, weeks=3)
    early = run(database, path, invoices_max=50)
    assert early.ok
    assert early.books.counts["invoices"] == 50
    later = run(database, path)
    assert [check for check in later.checks if not check.ok] == []
    assert later.books.counts["invoices"] == 120


def test_another_seed_needs_another_database(database: Database, tmp_path: Path):
    path = write_weeks(tmp_path, seed=5, invoices=20, weeks=1)
    run(database, path)
    rows = counted(database)
    with pytest.raises(Refused) as refused:
        run(database, path, seed=2)
    assert refused.value.refusal == AnotherReplay(seed=1)
    assert counted(database) == rows


def test_a_file_without_invoices_is_refused(database: Database, tmp_path: Path):
    path = write_invoices(tmp_path, lines=(), header=HEADER)
    rows = counted(database)
    with pytest.raises(Refused) as refused:
        run(database, path)
    assert refused.value.refusal == NothingToReplay(path=str(path))
    assert counted(database) == rows
