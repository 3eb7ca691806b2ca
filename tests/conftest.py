"""What all tests share: one embedded server per test process, a migrated template, databases made from it."""

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from loopline.db import Conn, Database
from loopline.db.embedded import EmbeddedServer
from loopline.db.migrate import migrate
from loopline.db.opening import ensure_database
from loopline.db.settings import OWNER_ROLE
from tests.make.databases import database_from

TEMPLATE = "loopline_template"


@pytest.fixture(scope="session")
def server() -> Generator[EmbeddedServer, None, None]:
    """An embedded server of this test process; durability off, because no test here pulls the plug."""
    directory = Path(tempfile.mkdtemp(prefix="loopline-test-"))
    directory.chmod(0o755)
    running = EmbeddedServer(
        directory,
        options=("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200"),
    )
    running.start()
    yield running
    running.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of a migrated database from which others are made."""
    ensure_database(server, TEMPLATE)
    migrate(server.conninfo(OWNER_ROLE, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def shared_database(server: EmbeddedServer, template: str) -> Generator[Database, None, None]:
    """A database for tests that roll back; nothing is ever committed in it."""
    yield from database_from(server, template)


@pytest.fixture
def conn(shared_database: Database) -> Generator[Conn, None, None]:
    """A transaction as the serving role on a migrated, empty database; rolled back afterwards."""
    with shared_database.transaction(quiet=True) as connection:
        yield connection
        raise_rollback = psycopg.Rollback()
        raise raise_rollback


@pytest.fixture
def database(server: EmbeddedServer, template: str) -> Generator[Database, None, None]:
    """A migrated, empty database of the test's own, for what must commit."""
    yield from database_from(server, template)
