"""PostgreSQL: opened and migrated, named SQL, transactions opened at the edge, and the log with its followers.

Rooms use the functions below on a connection the edge opened; they never commit. The edge uses `Database`.
"""

from loopline.db.checks import Check, Finding, run_check
from loopline.db.database import Addresses, Database
from loopline.db.rows import (
    Conn,
    copy_rows,
    execute,
    fetch,
    fetch_one,
    fetch_rows,
    fetch_values,
    integers,
    stream_rows,
    uuids,
)
from loopline.db.statements import Statement, statements

__all__ = [
    "Addresses",
    "Check",
    "Conn",
    "Database",
    "Finding",
    "Statement",
    "copy_rows",
    "execute",
    "fetch",
    "fetch_one",
    "fetch_rows",
    "fetch_values",
    "integers",
    "run_check",
    "statements",
    "stream_rows",
    "uuids",
]
