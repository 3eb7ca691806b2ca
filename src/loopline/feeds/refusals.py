"""What feeds refuse, each with the data that says why."""

from datetime import datetime

from loopline.kernel.ids import NodeId, SuspicionId
from loopline.kernel.refusals import Refusal


class FeedTaken(Refusal, frozen=True, kw_only=True):
    """The code {feed_code} names another feed already."""

    feed_code: str


class LeafAlreadyFed(Refusal, frozen=True, kw_only=True):
    """Leaf {leaf_id} has a feed already: two cannot both be right."""

    leaf_id: NodeId


class FeedUnknown(Refusal, frozen=True, kw_only=True):
    """There is no feed {feed_code}, or it is not for you."""

    feed_code: str


class SnapshotOfTheFuture(Refusal, frozen=True, kw_only=True):
    """The snapshot {number} speaks of {as_at}, which is still to come: set the sender's clock right."""

    number: str
    as_at: datetime


class SnapshotTooOld(Refusal, frozen=True, kw_only=True):
    """The snapshot {number} speaks of {as_at}, which is too long ago."""

    number: str
    as_at: datetime


class SnapshotNumberTaken(Refusal, frozen=True, kw_only=True):
    """The number {number} names another snapshot of this feed, with other content."""

    number: str


class SuspicionUnknown(Refusal, frozen=True, kw_only=True):
    """There is no suspicion {suspicion_id}, or it is not for you."""

    suspicion_id: SuspicionId


class SuspicionEnded(Refusal, frozen=True, kw_only=True):
    """The suspicion {suspicion_id} does not wait any more: it is {state}."""

    suspicion_id: SuspicionId
    state: str
