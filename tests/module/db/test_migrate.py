import tempfile
import threading
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.db.followers import catch_up
from loopline.db.migrate import NewerDatabase, migrate
from loopline.db.opening import embedded_addresses, ensure_database, open_database
from loopline.db.settings import OWNER_ROLE, Settings, settings_from
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.doctor import examine
from loopline.processes.place import Placed, place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from tests.make.loop import hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, ask, open_shop, till_sale

OLDEST = Path("/usr/lib/postgresql/15")


def test_migrating_again_changes_nothing(database: Database):
    with database.reading() as conn:
        before = conn.execute("select count(*) from pg_class").fetchone()
    migrate(database.addresses.owner)
    with database.reading() as conn:
        assert conn.execute("select count(*) from pg_class").fetchone() == before


def test_several_processes_that_start_at_once_migrate_once(server: EmbeddedServer):
    ensure_database(server, "raced")
    conninfo, failures = server.conninfo(OWNER_ROLE, "raced"), list[BaseException]()
    barrier = threading.Barrier(3)

    def start() -> None:
        barrier.wait()
        try:
            migrate(conninfo)
        except BaseException as failure:  # noqa: BLE001 - judged below
            failures.append(failure)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with psycopg.connect(conninfo) as conn:
        assert conn.execute("select count(*) from migration.version").fetchone() == (1,)


def test_a_database_of_a_newer_program_is_left_alone(database: Database):
    with database.owner_transaction() as conn:
        conn.execute("update migration.version set version_num = '9999'")
    with pytest.raises(NewerDatabase, match="migration 9999, which this program does not know"):
        migrate(database.addresses.owner)


@pytest.fixture
def oldest_server() -> Generator[EmbeddedServer, None, None]:
    """The oldest PostgreSQL we promise to run on, where it is installed."""
    if not (OLDEST / "bin" / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed here")
    with tempfile.TemporaryDirectory(prefix="loopline-15-") as folder:
        Path(folder).chmod(0o755)
        running = EmbeddedServer(Path(folder) / "data", binaries=OLDEST, options=("fsync=off",))
        running.start()
        yield running
        running.stop()


def test_postgresql_15_given_by_its_address_is_migrated_and_served(oldest_server: EmbeddedServer):
    ensure_database(oldest_server, "given")
    owner = oldest_server.conninfo(OWNER_ROLE, "given")
    with psycopg.connect(oldest_server.conninfo("loopline_admin", "postgres"), autocommit=True) as conn:
        conn.execute(f"grant loopline_app to {OWNER_ROLE}")
    settings = Settings(data_directory=Path("/nowhere"), database_url=owner)
    with open_database(settings) as database, database.transaction() as conn:
        found = conn.execute(
            "select current_user, current_setting('server_version_num')::int / 10000"
        ).fetchone()
    assert found == ("loopline_app", 15)


def test_the_whole_loop_runs_on_postgresql_15(oldest_server: EmbeddedServer):
    ensure_database(oldest_server, "loop")
    migrate(oldest_server.conninfo(OWNER_ROLE, "loop"))
    database = Database(embedded_addresses(oldest_server, "loop"))
    try:
        with database.transaction() as conn:
            shop = open_shop(conn)
            drafts = [ask(shop, "W-1"), till_sale(shop, "T-1")]
            placed = succeeded(place(conn, drafts, scope=WHOLE_BRAND, now=NOON))
            hand_over_everything(conn, now=NOON)
            for one in placed:
                assert isinstance(one, Placed)
                pay_for(conn, shop, one)
        catch_up(database, FOLLOWERS, now=NOON)
        with database.transaction() as conn:
            assert release_due(conn, now=NOON + RETURN_WINDOW_DEFAULT, limit=100) == 4
        with database.reading() as conn:
            assert [check.name for check in examine(conn).checks if not check.ok] == []
    finally:
        database.close()


def test_the_environment_says_where_the_data_live(tmp_path: Path):
    settings = settings_from(
        {"LOOPLINE_DATA_DIR": str(tmp_path / "here"), "LOOPLINE_DATABASE_URL": "postgresql://there/x"}
    )
    assert settings == Settings(data_directory=tmp_path / "here", database_url="postgresql://there/x")
    assert settings.keys_directory == tmp_path / "here" / "keys"
