"""The timeline: one list of what happened to a member, projected from the log."""

from collections.abc import Sequence

from loopline.customers import store
from loopline.customers.model import Moment
from loopline.db import Conn


def record_moments(conn: Conn, moments: Sequence[Moment]) -> int:
    """Add moments; those that are there already stay, those of erased or unknown members are left out.

    Returns how many were added. Locks the members by id (shared).
    """
    return store.insert_moments(conn, moments) if moments else 0
