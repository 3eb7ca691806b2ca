"""Commands of closes: take the turn of some books, keep a close."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.closing import store
from loopline.closing.model import Books, Close, Recovery
from loopline.closing.rules.digests import digest_of
from loopline.db import Conn


def lock_books(conn: Conn, books: Sequence[Books]) -> None:
    """Take the turn of closing months of these books: two never close the same month, nor two of the same books."""
    if books:
        store.lock_books(conn, sorted(set(books)))


def keep_close(conn: Conn, close: Close) -> Close:
    """Keep a close for good and return it with its digest. The caller has the turn and has decided that it may be."""
    signed = msgspec.structs.replace(close, digest=digest_of(close))
    store.add_close(conn, signed)
    return signed


def set_recovery(conn: Conn, recovery: Recovery, *, by: str, now: datetime) -> None:
    """Say what recovering goods costs from now on; closes keep what they were made by."""
    store.insert_recovery(conn, recovery, by=by, now=now)
