"""The words of feeds: who sends, what a snapshot says, what became of it, and what a person says of a suspicion."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import FeedId, NodeId, SiteId, SkuId, SnapshotId, SuspicionId


class FeedKind(StrEnum):
    """What a sender counts: all that lies there, or only what it could still sell (less what is tied or spoilt)."""

    ON_HAND = "on_hand"
    AVAILABLE = "available"


class NewFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed to register for the goods of one leaf; the code names it for good.

    A snapshot is expected each `interval_minutes`; after `stale_after` intervals without one nothing is promised.
    """

    id: FeedId
    code: str
    leaf_id: NodeId
    site_id: SiteId
    kind: FeedKind
    interval_minutes: int
    stale_after: int


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as it stands. `heard_as_at` is the moment its newest snapshot speaks of, `heard_at` when any last came.

    `usual_hundredths`: by how many hundredths of a unit a statement usually differs from our books; `statements`:
    from how many that was learnt. `doubt_percent` is the share that is kept back of everything it stated.
    """

    id: FeedId
    code: str
    leaf_id: NodeId
    site_id: SiteId
    kind: FeedKind
    interval_minutes: int
    stale_after: int
    made_at: datetime
    heard_as_at: datetime | None
    heard_at: datetime | None
    usual_hundredths: int
    statements: int
    doubt_percent: int


class StatedUnits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a snapshot says of one SKU: absolute units, never fewer than none."""

    sku_id: SkuId
    units: int


class NewSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender says there is, as at a moment. `number` is the sender's own and names the snapshot for good.

    `whole`: there is nothing of any SKU that is not named. A SKU named twice has the units of its last mention.
    """

    feed_code: str
    number: str
    as_at: datetime
    whole: bool
    units: tuple[StatedUnits, ...]


class Result(StrEnum):
    """What became of one statement. Of these only `applied` moves goods."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    OUTDATED = "outdated"
    DOUBTED = "doubted"


class Why(StrEnum):
    """Why a statement is not believed at once."""

    LEAP = "leap"
    COLLAPSE = "collapse"
    ALL_GONE = "all_gone"
    ALL_MULTIPLIED = "all_multiplied"


class Known(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a SKU of a feed: the newest statement that our books follow, and the most it ever stated."""

    sku_id: SkuId
    as_at: datetime
    units: int
    most_units: int


class StatedAt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a statement speaks that our books follow. What has an id from `later_from` on happened after it."""

    leaf_id: NodeId
    sku_id: SkuId
    as_at: datetime
    later_from: UUID


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is decided on a statement: `ours` is what our books said as at its moment."""

    sku_id: SkuId
    units: int
    ours: int
    result: Result
    why: Why | None = None

    @property
    def change(self) -> int:
        """By how many units our books change; nothing unless it is applied."""
        return self.units - self.ours if self.result is Result.APPLIED else 0


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot with what was decided on its statements, as at `as_at`; `known` is what was followed before."""

    snapshot: NewSnapshot
    as_at: datetime
    verdicts: tuple[Verdict, ...]
    known: Mapping[SkuId, Known]


class SnapshotTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that was taken in, statement by statement; `is_repeat` says that it was before."""

    snapshot_id: SnapshotId
    as_at: datetime
    named: int
    applied: int
    unchanged: int
    outdated: int
    doubted: int
    is_repeat: bool = False


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that waits for a person, or did."""

    id: SuspicionId
    feed_id: FeedId
    leaf_id: NodeId
    sku_id: SkuId
    as_at: datetime
    units: int
    ours: int
    why: Why
    raised_at: datetime
    state: str
    ended_at: datetime | None
    ended_by: str | None


class Answer(StrEnum):
    """What a person says of a suspicion: it is right after all, or it is wrong."""

    ACCEPT = "accept"
    REJECT = "reject"


class SuspicionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to one suspicion."""

    suspicion_id: SuspicionId
    answer: Answer


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A suspicion that has its answer. `change` is by how many units our books changed by it."""

    suspicion_id: SuspicionId
    answer: Answer
    change: int


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Units that were there when somebody came for them (`good`), or were not (`bad`), at a site on a day."""

    site_id: SiteId
    day: date
    good: int
    bad: int


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What proved right and wrong of a feed lately, in units."""

    feed_id: FeedId
    good: int
    bad: int


class LastSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The newest snapshot of a feed, counted."""

    feed_id: FeedId
    number: str
    as_at: datetime
    named: int
    applied: int
    outdated: int
    doubted: int
    difference_units: int
