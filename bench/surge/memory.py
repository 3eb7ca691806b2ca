"""What each process of a run holds for itself: private memory, read from the kernel."""

from collections.abc import Mapping
from pathlib import Path

from loopline.db import Database

POSTGRESQL = "postgresql"
_PROC = Path("/proc")


def private_mib(database: Database) -> dict[str, float]:
    """Return MiB of private anonymous memory of each child of this process that serves and of each of PostgreSQL's.

    What PostgreSQL shares among its processes is bounded by its settings and counted nowhere here.
    """
    with database.transaction() as conn:
        row = conn.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    postmaster = _parent(int(row[0]))
    found: dict[str, float] = {}
    own = _own_number()
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = _status(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        mib = int(status.get("RssAnon", "0").split()[0]) / 1024
        parent = int(status["PPid"])
        if parent == postmaster:
            found[f"{POSTGRESQL} {entry.name}"] = mib
        elif parent == own and "postgres" not in status["Name"]:
            found[f"server {entry.name}"] = mib
    return found


def _own_number() -> int:
    return int(_status_of("self")["Pid"])


def _parent(number: int) -> int:
    return int(_status(number)["PPid"])


def _status(number: int) -> Mapping[str, str]:
    return _status_of(str(number))


def _status_of(name: str) -> Mapping[str, str]:
    lines = (_PROC / name / "status").read_text().splitlines()
    return {what: value.strip() for what, _, value in (line.partition(":") for line in lines)}
