"""Dump the migrated schema by pg_dump, without what differs from run to run."""

import re
import subprocess
import tempfile
from pathlib import Path

from loopline.db.embedded import BINARIES, EmbeddedServer
from loopline.db.migrate import migrate
from loopline.db.opening import ensure_database
from loopline.db.settings import OWNER_ROLE
from tests.architecture.sources import SOURCE

SCHEMA_FILE = SOURCE / "db" / "schema.sql"
UNSTEADY = re.compile(r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*)\n", re.MULTILINE)


def dumped_schema(server: EmbeddedServer, database: str) -> str:
    dumped = subprocess.run(
        [
            str(BINARIES / "bin" / "pg_dump"), "--schema-only", "--no-owner", "--exclude-schema=jobs",
            f"--dbname={server.conninfo(OWNER_ROLE, database)}",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    text = UNSTEADY.sub("", dumped.stdout)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="loopline-schema-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedServer(Path(folder) / "data", options=("fsync=off",))
        server.start()
        try:
            ensure_database(server, "written_down")
            migrate(server.conninfo(OWNER_ROLE, "written_down"))
            SCHEMA_FILE.write_text(dumped_schema(server, "written_down"), encoding="utf-8")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
