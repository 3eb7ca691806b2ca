"""PostgreSQL: opened and migrated, named SQL, transactions opened at the edge, and the log with its followers.

Rooms use the functions below on a connection the edge opened; they never commit. The edge uses `Database`.
"""

from loopline.db.checks import Check, Finding, run_check
from loopline.db.database import Addresses, Database
from loopline.db.rows import (
    Conn,
    byte_strings,
    copy_rows,
    copy_rows_if_free,
    execute,
    fetch,
    fetch_one,
    fetch_rows,
    fetch_values,
    integers,
    moments,
    stream_rows,
    texts,
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
    "byte_strings",
    "copy_rows",
    "copy_rows_if_free",
    "execute",
    "fetch",
    "fetch_one",
    "fetch_rows",
    "fetch_values",
    "integers",
    "moments",
    "run_check",
    "statements",
    "stream_rows",
    "texts",
    "uuids",
]
