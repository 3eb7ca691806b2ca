"""What whoever keeps sites' days in memory reads: all once, then of what has changed. Nothing here locks."""

from collections.abc import Collection
from datetime import date

import msgspec

from loopline.db import Conn, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import SiteId

SQL = statements(__file__)


class DayAhead(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A site's day: the limit set for it alone, where one is, and the tasks that are offered or taken.

    `filled_limit`: the most it takes since it said that it has no time, whatever its limit.
    """

    site_id: SiteId
    day: date
    tasks_limit: int | None
    tasks: int
    filled_limit: int | None = None


def ordinary_limits(conn: Conn) -> dict[SiteId, int]:
    """Return how many tasks each site takes on an ordinary day; a site that is left out takes none."""
    return dict(fetch_rows(conn, SQL["ordinary_limits"]))


def days_ahead(conn: Conn, *, since: date, site_ids: Collection[SiteId] | None = None) -> list[DayAhead]:
    """Return the days of sites from one on that have a limit of their own or tasks; any other is as ordinary."""
    return fetch(
        conn,
        SQL["days_ahead"],
        DayAhead,
        since=since,
        site_ids=None if site_ids is None else uuids(site_ids),
    )
