"""Signs of life of sites, and those that went dark: their work goes elsewhere until somebody there does something."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.db import Conn, execute, fetch, integers, statements, uuids
from loopline.fulfilment.model import Task
from loopline.kernel.ids import SiteId

SQL = statements(__file__)


class WhyDark(StrEnum):
    """What made a site count as dark."""

    LAPSED = "lapsed"  # it let offers lapse
    SILENT = "silent"  # nobody there did anything while work waited


class SiteSigns(msgspec.Struct, frozen=True, kw_only=True):
    """What a site shows.

    `waits_since`: since when the oldest work that nobody began has waited there, offered, or accepted to be delivered.
    `lapsed_at`: when offers lapsed of late, in order. `last_life_at`: when somebody there last took, refused or worked
    on something, or opened a page, or it was said to be dark no more; of tasks those count that are open, or ended of
    late. `seen_at`: when a page of it was opened last, if ever. `dark_since`: it is dark; `dark_life_at` is what was
    known of its last life then.
    """

    site_id: SiteId
    waits_since: datetime | None
    lapsed_at: tuple[datetime, ...]
    last_life_at: datetime | None
    seen_at: datetime | None
    dark_since: datetime | None
    dark_life_at: datetime | None


class DarkSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site that is dark: since when, why, and how much work went elsewhere.

    `lapsed`: offers that it had let lapse; `silent_minutes`: for how long nobody had done anything there.
    """

    site_id: SiteId
    since: datetime
    why: WhyDark
    lapsed: int
    silent_minutes: int
    last_life_at: datetime | None
    moved_tasks: int = 0


class DarkWork(DarkSite, frozen=True, kw_only=True):
    """A dark site with the open tasks that it has: of them `begun_tasks` are begun, the others nobody else can do."""

    open_tasks: int
    begun_tasks: int


def signs_of_sites(conn: Conn, *, since: datetime) -> list[SiteSigns]:
    """Return the signs of sites where work waits, that let offers lapse since a moment, or are dark; by id."""
    return fetch(conn, SQL["signs_of_sites"], SiteSigns, since=since)


def waiting_tasks(conn: Conn, site_ids: Sequence[SiteId], *, limit: int) -> list[Task]:
    """Return the tasks that nobody at these sites has begun, at most `limit`, by id. Locks nothing."""
    return fetch(conn, SQL["waiting_tasks"], Task, site_ids=uuids(site_ids), limit=limit) if site_ids else []


def begin_dark(conn: Conn, found: Sequence[DarkSite]) -> int:
    """Keep that sites are dark from now on; returns how many were not yet. Locks nothing but the new rows."""
    if not found:
        return 0
    return execute(
        conn,
        SQL["begin_dark"],
        site_ids=uuids(one.site_id for one in found),
        sinces=[one.since for one in found],
        whys=[one.why.value for one in found],
        lapsed=integers(one.lapsed for one in found),
        silent_minutes=integers(one.silent_minutes for one in found),
        last_life_at=[one.last_life_at for one in found],
    )


def end_dark(conn: Conn, site_ids: Sequence[SiteId], *, now: datetime) -> int:
    """Keep that sites are dark no more; returns how many were. Locks their rows by site."""
    return execute(conn, SQL["end_dark"], site_ids=uuids(site_ids), now=now) if site_ids else 0


def note_moved(conn: Conn, moved: Mapping[SiteId, int]) -> None:
    """Count tasks that went elsewhere from dark sites. Locks their rows by site."""
    if moved:
        execute(conn, SQL["note_moved"], site_ids=uuids(moved), counts=integers(moved.values()))


def dark_sites(conn: Conn) -> dict[SiteId, DarkSite]:
    """Return the sites that are dark, by id. Locks nothing."""
    return {one.site_id: one for one in fetch(conn, SQL["dark_sites"], DarkSite)}


def dark_work(conn: Conn) -> list[DarkWork]:
    """Return the sites that are dark with the work that stays with them, dark for longest first. Locks nothing."""
    return fetch(conn, SQL["dark_work"], DarkWork)


def note_seen(conn: Conn, site_id: SiteId, *, now: datetime) -> None:
    """Keep that somebody is at work at a site; what was seen later stands. Locks that row."""
    execute(conn, SQL["note_seen"], site_id=site_id, now=now)
