"""Procrastinate's tables in their own schema, by its own migrations up to the version named here.

An upgrade of Procrastinate that brings new files needs a new migration that runs those files.
"""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

from loopline.db.migrations import run_text

revision = "0140"
down_revision = "0130"

LAST_FILE = "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def upgrade() -> None:
    """Make the schema and run the library's files in the order of their names.

    Each file commits by itself: some add values to enums that later ones use, which PostgreSQL 15 allows only after a
    commit. A start that was cut off half way begins with an empty schema: nothing was in it before this migration.
    """
    with op.get_context().autocommit_block():
        run_text("drop schema if exists jobs cascade")
        run_text("create schema jobs")
        run_text("set search_path to jobs")
        for path in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql")):
            if path.name <= LAST_FILE:
                run_text(path.read_text(encoding="utf-8"))
        run_text("grant execute on all functions in schema jobs to loopline_app")
        run_text("reset search_path")
