"""What feeds tell. What they did to goods is told by stock."""

from datetime import datetime

from loopline.feeds.model import Answer, Why
from loopline.kernel.events import EventBody
from loopline.kernel.ids import FeedId, NodeId, SiteId, SkuId, SnapshotId, SuspicionId


class SnapshotHeard(EventBody, frozen=True, kw_only=True):
    """A dealer's own system said how many units there are. Subject: the feed."""

    snapshot_id: SnapshotId
    feed_id: FeedId
    site_id: SiteId
    as_at: datetime
    applied: int
    outdated: int
    doubted: int


class SuspicionRaised(EventBody, frozen=True, kw_only=True):
    """A statement does not look right and waits for a person. Subject: the feed."""

    suspicion_id: SuspicionId
    feed_id: FeedId
    site_id: SiteId
    leaf_id: NodeId
    sku_id: SkuId
    units: int
    ours: int
    why: Why


class SuspicionAnswered(EventBody, frozen=True, kw_only=True):
    """A person said whether a statement is right. Subject: the feed."""

    suspicion_id: SuspicionId
    feed_id: FeedId
    site_id: SiteId
    answer: Answer
    change: int


class FeedWentStale(EventBody, frozen=True, kw_only=True):
    """A feed has been silent for too long: nothing it stated is promised. Subject: the feed."""

    feed_id: FeedId
    site_id: SiteId
    heard_as_at: datetime | None


class FeedCameBack(EventBody, frozen=True, kw_only=True):
    """A silent feed speaks again: what it states is promised. Subject: the feed."""

    feed_id: FeedId
    site_id: SiteId
