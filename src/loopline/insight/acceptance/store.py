"""One function per statement of acceptance."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, integers, statements, uuids
from loopline.insight.acceptance.model import Measures, Version
from loopline.kernel.ids import SiteId

SQL = statements(__file__)


class OfferMade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An offer as `offers_made` tells it. Moments are seconds since 1970; `weekday` counts from Monday, one."""

    site_id: UUID
    day: date
    hour: int
    weekday: int
    offered: float
    ended: float | None
    answered: float | None
    accepted: bool
    is_collected: bool
    rounds: int
    extra_minor: int
    units: int
    value_minor: int
    longitude: float | None
    latitude: float | None
    to_longitude: float | None
    to_latitude: float | None


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version to be written."""

    learnt_at: datetime
    first_day: date
    last_day: date
    held_back_from: date | None
    offers: int
    prior_probability: float
    prior_offers: float
    prior_minutes: float
    trees: str | None
    minute_trees: str | None
    measures: Measures


class KnownSite(msgspec.Struct, frozen=True, kw_only=True):
    """What a version knows of a site: its record, and the median offer to it."""

    site_id: SiteId
    offers: int
    accepted: int
    answered_minutes: float
    kilometres: float | None
    value_minor: int
    units: float


class NewestVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Which version is in force."""

    version: int
    learnt_at: datetime
    offers: int


class SiteNow(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a site, and how much it has to do today."""

    site_id: SiteId
    time_zone: str
    offers: int
    accepted: int
    answered_minutes: float
    kilometres: float | None
    value_minor: int | None
    units: float | None
    load: int


def offers_made(
    conn: Conn, *, first_day: date, last_day: date, now: datetime, most: int
) -> Sequence[OfferMade]:
    """Return the offers of a period, in order of being made."""
    return fetch(
        conn, SQL["offers_made"], OfferMade, first_day=first_day, last_day=last_day, now=now, most=most
    )


def add_version(conn: Conn, version: NewVersion) -> int:
    """Write a version and return its number."""
    fields = msgspec.structs.asdict(version)
    fields["measures"] = msgspec.json.encode(version.measures).decode()
    return fetch_values(conn, SQL["add_version"], **fields)[0]


def add_sites(conn: Conn, version: int, sites: Sequence[KnownSite]) -> None:
    """Write what a version knows of its sites."""
    execute(
        conn,
        SQL["add_sites"],
        version=version,
        site_ids=uuids(site.site_id for site in sites),
        offers=integers(site.offers for site in sites),
        accepted=integers(site.accepted for site in sites),
        answered_minutes=[site.answered_minutes for site in sites],
        kilometres=[site.kilometres for site in sites],
        values_minor=integers(site.value_minor for site in sites),
        units=[site.units for site in sites],
    )


def forget_sites(conn: Conn, *, before: int) -> None:
    """Forget what versions before one knew of their sites."""
    execute(conn, SQL["forget_sites"], before=before)


def newest_version(conn: Conn) -> NewestVersion | None:
    """Return which version is in force, if any."""
    return fetch_one(conn, SQL["newest_version"], NewestVersion)


def version(conn: Conn, number: int) -> Version:
    """Return a version that exists."""
    found = fetch_one(conn, SQL["version"], Version, version=number)
    assert found is not None
    return found


def sites_now(conn: Conn, site_ids: Sequence[SiteId], *, version: int | None, now: datetime) -> list[SiteNow]:
    """Return what is known of sites, of which those that do not exist are left out."""
    return fetch(conn, SQL["sites_now"], SiteNow, site_ids=uuids(site_ids), version=version, now=now)
