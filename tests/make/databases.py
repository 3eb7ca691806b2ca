"""Databases of their own, made from the migrated template in a moment."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

from loopline.db import Database
from loopline.db.embedded import ADMIN_ROLE, EmbeddedServer
from loopline.db.opening import embedded_addresses
from loopline.db.settings import OWNER_ROLE


def database_from(server: EmbeddedServer, template: str) -> Generator[Database, None, None]:
    """Make a database, open it, and drop it when the caller is done."""
    name = f"loopline_{os.getpid()}_{uuid4().hex[:12]}"
    owner_conninfo = server.conninfo(OWNER_ROLE, "postgres")
    with psycopg.connect(owner_conninfo, autocommit=True) as owner:
        owner.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    made = Database(embedded_addresses(server, name), connections_max=40)
    yield made
    made.close()
    # As the administrator: whoever drops a database ends what is still connected to it, of whatever role.
    with psycopg.connect(server.conninfo(ADMIN_ROLE, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def empty_database(server: EmbeddedServer) -> Generator[Database, None, None]:
    """A database that nobody migrated."""
    yield from database_from(server, "template0")
