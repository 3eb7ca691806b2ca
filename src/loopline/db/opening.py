"""Open the database the settings name: the embedded server or a given one, migrated, ready to serve."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from loopline.db.database import Addresses, Database
from loopline.db.embedded import ADMIN_ROLE, EmbeddedServer
from loopline.db.migrate import migrate
from loopline.db.settings import DATABASE_NAME, OWNER_ROLE, SERVING_ROLE, Settings

_BOOTSTRAP_LOCK = 7_310_001


@contextmanager
def open_database(settings: Settings, *, connections_max: int = 8) -> Generator[Database, None, None]:
    """Open the database, migrate it, and close it (and the embedded server, where we are its last user) at the end."""
    if settings.database_url:
        owner = settings.owner_database_url or settings.database_url
        # One address for both: it takes the serving role upon itself, so that it serves with no more power than that.
        addresses = Addresses(
            owner=owner, serving=settings.database_url, serving_sets_role=owner == settings.database_url
        )
        with _opened(addresses, connections_max) as database:
            yield database
        return
    server = EmbeddedServer(settings.data_directory)
    server.start()
    try:
        ensure_database(server, DATABASE_NAME)
        with _opened(embedded_addresses(server, DATABASE_NAME), connections_max) as database:
            yield database
    finally:
        server.stop()


def embedded_addresses(server: EmbeddedServer, database: str) -> Addresses:
    """Return the addresses of a database in an embedded server."""
    return Addresses(
        owner=server.conninfo(OWNER_ROLE, database), serving=server.conninfo(SERVING_ROLE, database)
    )


def ensure_database(server: EmbeddedServer, database: str) -> None:
    """Make the two roles and a database in an embedded server, where they are missing."""
    with psycopg.connect(server.conninfo(ADMIN_ROLE, "postgres"), autocommit=True) as conn:
        conn.execute("select pg_advisory_lock(%s)", (_BOOTSTRAP_LOCK,))
        roles = {row[0] for row in conn.execute("select rolname from pg_roles")}
        if OWNER_ROLE not in roles:
            conn.execute(sql.SQL("create role {} login createdb").format(sql.Identifier(OWNER_ROLE)))
        if SERVING_ROLE not in roles:
            conn.execute(sql.SQL("create role {} login").format(sql.Identifier(SERVING_ROLE)))
        databases = {row[0] for row in conn.execute("select datname from pg_database")}
        if database not in databases:
            conn.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(database), sql.Identifier(OWNER_ROLE)
                )
            )


@contextmanager
def _opened(addresses: Addresses, connections_max: int) -> Generator[Database, None, None]:
    migrate(addresses.owner)
    database = Database(addresses, connections_max=connections_max)
    try:
        yield database
    finally:
        database.close()
