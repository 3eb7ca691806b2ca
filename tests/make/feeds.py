"""A feed of the dealer's store, and its snapshots, for tests."""

from datetime import datetime, timedelta
from itertools import count

from loopline import feeds
from loopline.db import Conn
from loopline.feeds import Feed, FeedKind, NewFeed, NewSnapshot, SnapshotTaken, StatedUnits
from loopline.kernel.ids import FeedId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes.hear import take_snapshot
from tests.make.org import succeeded
from tests.make.shop import NOON, OPENED, Shop

_numbers = count(1)


def open_feed(
    conn: Conn, shop: Shop, *, code: str = "ERP-D", site: str = "D", kind: FeedKind = FeedKind.ON_HAND
) -> Feed:
    """A feed of a store, expected every quarter of an hour and stale after four."""
    new = NewFeed(
        id=FeedId(uuid7(OPENED)),
        code=code,
        leaf_id=shop.leaves[site],
        site_id=shop.sites[site],
        kind=kind,
        interval_minutes=15,
        stale_after=4,
    )
    (made,) = succeeded(feeds.add_feeds(conn, [new], now=NOON - timedelta(minutes=1)))
    return made


def snapshot(
    shop: Shop,
    *,
    as_at: datetime = NOON,
    number: str = "",
    whole: bool = False,
    code: str = "ERP-D",
    **units: int,
) -> NewSnapshot:
    """What the dealer's system states of SKUs by their codes."""
    return NewSnapshot(
        feed_code=code,
        number=number or f"N-{next(_numbers)}",
        as_at=as_at,
        whole=whole,
        units=tuple(StatedUnits(sku_id=shop.skus[sku], units=stated) for sku, stated in units.items()),
    )


def hear(
    conn: Conn, one: NewSnapshot, *, now: datetime | None = None, scope: Scope = WHOLE_BRAND
) -> SnapshotTaken | Refusal:
    """Take a snapshot in, at the moment it speaks of where nothing else is said."""
    return take_snapshot(conn, one, scope=scope, now=now or one.as_at)


def heard(conn: Conn, one: NewSnapshot, *, now: datetime | None = None) -> SnapshotTaken:
    """Take in a snapshot that is not refused."""
    outcome = hear(conn, one, now=now)
    assert isinstance(outcome, SnapshotTaken), outcome
    return outcome
