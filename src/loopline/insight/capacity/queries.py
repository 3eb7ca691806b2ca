"""Reads of what was learnt of sites' days."""

from collections.abc import Sequence

from loopline.db import Conn
from loopline.insight.capacity import store
from loopline.insight.capacity.model import SiteCapacity
from loopline.kernel.ids import SiteId


def standing(conn: Conn, site_ids: Sequence[SiteId] | None = None) -> list[SiteCapacity]:
    """Return what sites (None: all) say they do in a day, what their days tell, and what holds, by id.

    A site that does not say how much it does takes no tasks, and is left out.
    """
    return store.standing(conn, site_ids)
