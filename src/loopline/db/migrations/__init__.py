"""Migrations: SQL files in `versions/`, in the order of their numbers, each with a few lines that run it."""

from pathlib import Path

from alembic import op


def run_sql(migration_file: str) -> None:
    """Run the SQL file beside a migration, as it stands, on the migration's connection and transaction."""
    text = Path(migration_file).with_suffix(".sql").read_text(encoding="utf-8")
    run_text(text)


def run_text(text: str) -> None:
    """Run SQL of many statements as it stands."""
    driver_connection = op.get_bind().connection.driver_connection
    assert driver_connection is not None
    driver_connection.execute(text)
