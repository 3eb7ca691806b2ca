"""Migrations: SQL files in `versions/`, in the order of their numbers, each with a few lines that run it."""

from pathlib import Path

from alembic import op


def run_sql(migration_file: str) -> None:
    """Run the SQL file beside a migration, as it stands, on the migration's connection and transaction."""
    text = Path(migration_file).with_suffix(".sql").read_text(encoding="utf-8")
    run_text(text)


def run_beside_writers(migration_file: str) -> None:
    """Run the statements of the SQL file beside a migration one by one, each outside a transaction.

    For indexes on tables that are written to all day: `create index concurrently` waits for those who write, and they
    not for it. A statement may have run before, where a migration was broken off.
    """
    text = Path(migration_file).with_suffix(".sql").read_text(encoding="utf-8")
    with op.get_context().autocommit_block():
        run_text("set lock_timeout = 0")
        try:
            for statement in text.split(";\n"):
                if statement.strip():
                    run_text(statement)
        finally:
            run_text("reset lock_timeout")


def run_text(text: str) -> None:
    """Run SQL of many statements as it stands."""
    driver_connection = op.get_bind().connection.driver_connection
    assert driver_connection is not None
    driver_connection.execute(text)
