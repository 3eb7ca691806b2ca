"""What screens and processes ask of feeds. Nothing here locks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from loopline.db import Conn, fetch, statements
from loopline.feeds.model import Feed, LastSnapshot, Record, Suspicion
from loopline.feeds.rules import RECORD_DAYS, trust_percent
from loopline.kernel.ids import FeedId, SiteId

SQL = statements(__file__)


def feeds_by_ids(conn: Conn, ids: Sequence[FeedId]) -> list[Feed]:
    """The feeds of some ids; unknown ones are left out."""
    return fetch(conn, SQL["feeds_by_ids"], Feed, ids=list(ids))


def feeds_at(conn: Conn, site_ids: Sequence[SiteId] | None = None) -> list[Feed]:
    """The feeds of some sites, or of all, by their codes."""
    return fetch(conn, SQL["feeds_at"], Feed, site_ids=None if site_ids is None else list(site_ids))


def trust_of(conn: Conn, feed_ids: Sequence[FeedId], *, now: datetime) -> dict[FeedId, int]:
    """How far each feed is to be trusted, in per cent, by what was proved in the last thirty days."""
    since = (now - timedelta(days=RECORD_DAYS)).date()
    records = {
        one.feed_id: one for one in fetch(conn, SQL["records"], Record, feed_ids=list(feed_ids), since=since)
    }
    return {
        feed_id: trust_percent(
            records[feed_id].good if feed_id in records else 0,
            records[feed_id].bad if feed_id in records else 0,
        )
        for feed_id in feed_ids
    }


def last_snapshots(conn: Conn, feed_ids: Sequence[FeedId]) -> dict[FeedId, LastSnapshot]:
    """The newest snapshot of each feed that sent one and was heard in the last thirty days."""
    found = fetch(conn, SQL["last_snapshots"], LastSnapshot, feed_ids=list(feed_ids))
    return {one.feed_id: one for one in found}


def open_suspicions(conn: Conn, feed_ids: Sequence[FeedId], *, at_most: int) -> list[Suspicion]:
    """What waits for a person, the oldest first."""
    return fetch(conn, SQL["open_suspicions"], Suspicion, feed_ids=list(feed_ids), at_most=at_most)
