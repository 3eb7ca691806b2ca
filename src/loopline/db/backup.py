"""Backup and restore: one file in PostgreSQL's own format, written and read by PostgreSQL's own tools.

The tools are those that came with the embedded server; they dump any server of their version or older. A backup holds
the database and no keys: without the keys personal data stay sealed, so the two are kept apart.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from loopline.db.embedded import ADMIN_ROLE, BINARIES, EmbeddedServer
from loopline.db.migrate import migrate
from loopline.db.opening import ensure_database
from loopline.db.settings import DATABASE_NAME, OWNER_ROLE, Settings

_LEAVING_SECONDS_MAX = 2.0
_LOOK_AGAIN_SECONDS = 0.05
RESTORED_NAME = f"{DATABASE_NAME}_restored"
# What the tools take from the environment, so that no password shows among the arguments of a process.
_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "options": "PGOPTIONS",
}

Told = Callable[[str], None]


class BackupProblem(Exception):  # noqa: N818 - its text is shown to the person who started the program
    """The backup or restore cannot be done; the text says why and what to do."""


def back_up(settings: Settings, target: Path, *, told: Told) -> int:
    """Write one consistent backup of the database, whoever works in it meanwhile; returns its size in bytes.

    Whole or not at all: it is written beside its place and moved there. `told` hears of each table as it is begun.
    """
    if target.exists():
        raise BackupProblem(f"{target} is there already: name a new file")
    draft = target.with_name(f".{target.name}.draft")
    with _owner_address(settings) as address:
        try:
            draft.touch(mode=0o600)
            _run(
                "pg_dump",
                ["--format=custom", "--compress=6", "--verbose", "--no-password", f"--file={draft}"],
                address=address,
                told=told,
            )
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    return target.stat().st_size


def restore(settings: Settings, source: Path, *, replace: bool, told: Told) -> str | None:
    """Bring a backup back, migrated to this program; returns the name under which the former database is kept.

    The embedded server restores beside what is there and then changes names, so that a restore that fails changes
    nothing; with data in place it wants `replace`. A database of one's own must be empty. Nobody may be connected.
    """
    if not source.is_file():
        raise BackupProblem(f"there is no file {source}")
    _run("pg_restore", ["--list", str(source)], address=None, told=lambda _: None)
    if settings.database_url:
        _restore_into_given(settings, source, told=told)
        return None
    server = EmbeddedServer(settings.data_directory)
    server.start()
    try:
        return _restore_beside(server, source, replace=replace, told=told)
    finally:
        server.stop()


def _restore_into_given(settings: Settings, source: Path, *, told: Told) -> None:
    address = settings.owner_database_url or settings.database_url
    with psycopg.connect(address, autocommit=True) as conn:
        if _is_used(conn):
            raise BackupProblem(
                "the database that LOOPLINE_DATABASE_URL names is not empty: make a new one and name that"
            )
    _load(address, source, told=told)
    migrate(address)


def _restore_beside(server: EmbeddedServer, source: Path, *, replace: bool, told: Told) -> str | None:
    ensure_database(server, DATABASE_NAME)
    with psycopg.connect(server.conninfo(OWNER_ROLE, DATABASE_NAME), autocommit=True) as conn:
        is_used = _is_used(conn)
    if is_used and not replace:
        raise BackupProblem(
            "there is a database already: --replace puts the backup in its place and keeps it aside"
        )
    with psycopg.connect(server.conninfo(ADMIN_ROLE, "postgres"), autocommit=True) as admin:
        if _is_worked_in(admin):
            raise BackupProblem("somebody works in the database: stop `loopline serve` first")
        admin.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(RESTORED_NAME)))
    ensure_database(server, RESTORED_NAME)
    restored = server.conninfo(OWNER_ROLE, RESTORED_NAME)
    _load(restored, source, told=told)
    migrate(restored)
    with psycopg.connect(server.conninfo(ADMIN_ROLE, "postgres"), autocommit=True) as admin:
        aside = _free_name(admin)
        with admin.transaction():
            _rename(admin, DATABASE_NAME, aside)
            _rename(admin, RESTORED_NAME, DATABASE_NAME)
        if not is_used:
            admin.execute(sql.SQL("drop database {}").format(sql.Identifier(aside)))
            return None
    return aside


def _is_used(conn: psycopg.Connection) -> bool:
    """Whether a database was ever migrated."""
    return conn.execute("select from pg_namespace where nspname = 'log'").fetchone() is not None


def _is_worked_in(admin: psycopg.Connection) -> bool:
    """Whether somebody stays connected: the server takes a moment to see that we ourselves have left."""
    until = monotonic() + _LEAVING_SECONDS_MAX
    while True:
        at_work = "select pid from pg_stat_activity where datname = %s and backend_type = 'client backend'"
        if admin.execute(at_work, (DATABASE_NAME,)).fetchone() is None:
            return False
        if monotonic() > until:
            return True
        sleep(_LOOK_AGAIN_SECONDS)


def _free_name(admin: psycopg.Connection) -> str:
    """A name that no database has, for the one that is put aside."""
    names = {row[0] for row in admin.execute("select datname from pg_database")}
    number = 1
    while f"{DATABASE_NAME}_before_{number}" in names:
        number += 1
    return f"{DATABASE_NAME}_before_{number}"


def _rename(admin: psycopg.Connection, before: str, after: str) -> None:
    admin.execute(
        sql.SQL("alter database {} rename to {}").format(sql.Identifier(before), sql.Identifier(after))
    )


def _load(address: str, source: Path, *, told: Told) -> None:
    """Load a backup into an empty database, all of it or nothing."""
    _run(
        "pg_restore",
        [
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--verbose",
            "--no-password",
            f"--dbname={conninfo_to_dict(address)['dbname']}",
            str(source),
        ],
        address=address,
        told=told,
    )


@contextmanager
def _owner_address(settings: Settings) -> Generator[str, None, None]:
    if settings.database_url:
        yield settings.owner_database_url or settings.database_url
        return
    server = EmbeddedServer(settings.data_directory)
    server.start()
    try:
        yield server.conninfo(OWNER_ROLE, DATABASE_NAME)
    finally:
        server.stop()


def _run(program: str, arguments: list[str], *, address: str | None, told: Told) -> None:
    """Run one of PostgreSQL's tools; raises BackupProblem with its own words where it fails."""
    path = BINARIES / "bin" / program
    if not path.exists():
        found = shutil.which(program)
        if found is None:
            raise BackupProblem(f"{program} is not installed")
        path = Path(found)
    environment = dict(os.environ)
    if address is not None:
        parts = conninfo_to_dict(address)
        environment |= {
            _ENVIRONMENT[name]: str(value) for name, value in parts.items() if name in _ENVIRONMENT and value
        }
    last: list[str] = []
    with subprocess.Popen(  # noqa: S603 - PostgreSQL's own tools, by their full path
        [str(path), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            last = [*last[-4:], line.strip()]
            told(line.strip())
    if process.returncode != 0:
        raise BackupProblem(f"{program}: {' '.join(last)}")
