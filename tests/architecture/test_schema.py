"""The migrations, run in order, give exactly the schema that is written down in src/loopline/db/schema.sql.

After a migration that is meant: `python -m tests.architecture.write_schema`, and read the difference.
"""

from loopline.db.embedded import EmbeddedServer
from tests.architecture.write_schema import SCHEMA_FILE, dumped_schema


def test_migrations_equal_the_written_schema(server: EmbeddedServer, template: str):
    assert dumped_schema(server, template) == SCHEMA_FILE.read_text(encoding="utf-8")
