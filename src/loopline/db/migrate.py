"""Forward migrations, run by Alembic under an advisory lock, with time-outs that protect who is being served."""

import time
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_SCHEMA = "migration"
_ADVISORY_LOCK = 7_310_002
_LOCK_TIMEOUT = "5s"
_STATEMENT_TIMEOUT = "15min"
_PAUSE_SECONDS = 0.2


class NewerDatabase(Exception):  # noqa: N818 - its text is shown to the person who started the program
    """The database was migrated by a newer program."""


def migrate(owner_conninfo: str) -> None:
    """Bring a database to this program's state; does nothing, quickly, where it is there already.

    One migration is one transaction. Only one process migrates at a time; the others wait for it and find nothing left
    to do. A migration that waits longer than five seconds for a lock gives up rather than hold up those who serve.
    """
    with psycopg.connect(owner_conninfo, autocommit=True) as conn:
        script = ScriptDirectory(str(MIGRATIONS))
        head = script.get_current_head()
        if _version(conn) == head:
            return
        while conn.execute("select pg_try_advisory_lock(%s)", (_ADVISORY_LOCK,)).fetchone() == (False,):
            # Whoever stood in the lock's queue would hold a snapshot: `create index concurrently` waits until there is
            # no older one, and the queue until it is done.
            time.sleep(_PAUSE_SECONDS)
        found = _version(conn)
        if found == head:
            return
        if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
            raise NewerDatabase(
                f"the database stands at migration {found}, which this program does not know:"
                " install the newer program."
            )
        conn.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(VERSION_SCHEMA)))
        _upgrade(owner_conninfo)


def _version(conn: psycopg.Connection[tuple[object, ...]]) -> str | None:
    if conn.execute("select to_regclass(%s)", (f"{VERSION_SCHEMA}.version",)).fetchone() == (None,):
        return None
    row = conn.execute(
        sql.SQL("select version_num from {}.version").format(sql.Identifier(VERSION_SCHEMA))
    ).fetchone()
    return str(row[0]) if row else None


def _upgrade(owner_conninfo: str) -> None:
    def connect() -> psycopg.Connection[tuple[object, ...]]:
        options = f"-c lock_timeout={_LOCK_TIMEOUT} -c statement_timeout={_STATEMENT_TIMEOUT}"
        return psycopg.connect(owner_conninfo, options=options)

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
