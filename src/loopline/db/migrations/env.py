"""Alembic's entry: runs migrations on the connection that `loopline.db.migrate` hands over."""

from alembic import context

from loopline.db.migrate import VERSION_SCHEMA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table="version",
    version_table_schema=VERSION_SCHEMA,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
