"""The statements of learnt capacity, one function each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, statements, uuids
from loopline.insight.capacity.model import Learnt, SiteCapacity, Version, WorkedDay
from loopline.kernel.ids import SiteId

SQL = statements(__file__)


class SiteDays(msgspec.Struct, frozen=True, kw_only=True):
    """A site's days, in their order, and how much it says it does."""

    site_id: SiteId
    stated_per_day: int
    days: tuple[WorkedDay, ...]


class KnownSite(Learnt, frozen=True, kw_only=True):
    """What a version knows of a site that said so much then."""

    site_id: SiteId
    stated_per_day: int


class _Row(WorkedDay, frozen=True, kw_only=True, gc=False):
    site_id: SiteId
    stated_per_day: int


def days_worked(conn: Conn, *, first_day: date, last_day: date) -> list[SiteDays]:
    """Return what sites did on days from one to another, both included, by site; sites without any are left out."""
    by_site: dict[SiteId, list[_Row]] = {}
    for row in fetch(conn, SQL["days_worked"], _Row, first_day=first_day, last_day=last_day):
        by_site.setdefault(row.site_id, []).append(row)
    return [
        SiteDays(site_id=site_id, stated_per_day=rows[0].stated_per_day, days=tuple(rows))
        for site_id, rows in by_site.items()
    ]


def add_version(
    conn: Conn, *, learnt_at: datetime, first_day: date, held_back_from: date, last_day: date
) -> int:
    """Write a version and return its number."""
    (number,) = fetch_values(
        conn,
        SQL["add_version"],
        learnt_at=learnt_at,
        first_day=first_day,
        last_day=last_day,
        held_back_from=held_back_from,
    )
    return int(number)


def add_sites(conn: Conn, version: int, known: Mapping[SiteId, tuple[int, Learnt]]) -> None:
    """Write what a version knows of sites, each with what it says."""
    learnt = [one for _, one in known.values()]
    execute(
        conn,
        SQL["add_sites"],
        version=version,
        site_ids=uuids(known),
        stated=[stated for stated, _ in known.values()],
        learnt=[one.per_day for one in learnt],
        days=[one.days for one in learnt],
        full_days=[one.full_days for one in learnt],
        held_back_days=[one.held_back_days for one in learnt],
        stated_errors=[one.stated_error for one in learnt],
        learnt_errors=[one.learnt_error for one in learnt],
        better_by_errors=[one.better_by_error for one in learnt],
        verdicts=[one.verdict.value for one in learnt],
    )


def forget_sites(conn: Conn, *, before: int) -> None:
    """Forget what versions before one knew of their sites."""
    execute(conn, SQL["forget_sites"], before=before)


def newest_version(conn: Conn) -> Version | None:
    """Return what was learnt last."""
    return fetch_one(conn, SQL["newest_version"], Version)


def sites_of_version(conn: Conn, version: int) -> list[KnownSite]:
    """Return what a version knows of its sites."""
    return fetch(conn, SQL["sites_of_version"], KnownSite, version=version)


def standing(conn: Conn, site_ids: Sequence[SiteId] | None) -> list[SiteCapacity]:
    """Return how sites stand, by id; those that say nothing are left out."""
    return fetch(conn, SQL["standing"], SiteCapacity, site_ids=None if site_ids is None else uuids(site_ids))
