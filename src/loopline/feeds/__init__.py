"""Feeds: dealers' own systems say how many units there are, and are believed as far as they deserve it.

Purpose: a feed is a sender bound to the goods of one leaf. Its snapshots state absolute units as at a moment; what is
stated − what our books said as at that moment is a movement, so that what happened later stays. A statement that is no
newer than the one our books follow changes nothing; one that looks wild waits for a person, and until then may keep
units back but never add any. Age and record of a feed make a share of what it stated doubtful.

Invariants:
- per SKU our books follow the newest statement, whatever the order in which statements come and however often;
- a snapshot is known by its sender's number: the same again does nothing, with other content it is
  refused;
- of each SKU at most one suspicion is open, and it is newer than the statement our books follow;
- nothing in this room moves goods: the process does both, in one transaction.

Locks: feeds by id, before any row of stock. `feeds.stated` is written under the stock row of its leaf and SKU too, so
that whoever records a sale told late reads it there.
"""

from loopline.feeds.checks import CHECKS
from loopline.feeds.model import (
    Answer,
    Answered,
    Feed,
    FeedKind,
    Judged,
    Known,
    LastSnapshot,
    NewFeed,
    NewSnapshot,
    Proof,
    Result,
    SnapshotTaken,
    StatedAt,
    StatedUnits,
    Suspicion,
    SuspicionAnswer,
    Verdict,
    Why,
)
from loopline.feeds.queries import feeds_at, feeds_by_ids, last_snapshots, open_suspicions, trust_of
from loopline.feeds.refusals import (
    FeedTaken,
    FeedUnknown,
    LeafAlreadyFed,
    SnapshotNumberTaken,
    SnapshotOfTheFuture,
    SnapshotTooOld,
    SuspicionEnded,
    SuspicionUnknown,
)
from loopline.feeds.service import (
    add_bad_mark,
    add_feeds,
    add_proofs,
    end_answered,
    follow_statement,
    known_of,
    lock_feed_round,
    lock_feeds,
    mark_doubt,
    recognise,
    stated_moments,
    suspected_units,
    suspicions_by_ids,
    sweep_snapshots,
    write_snapshot,
)

__all__ = [
    "CHECKS",
    "Answer",
    "Answered",
    "Feed",
    "FeedKind",
    "FeedTaken",
    "FeedUnknown",
    "Judged",
    "Known",
    "LastSnapshot",
    "LeafAlreadyFed",
    "NewFeed",
    "NewSnapshot",
    "Proof",
    "Result",
    "SnapshotNumberTaken",
    "SnapshotOfTheFuture",
    "SnapshotTaken",
    "SnapshotTooOld",
    "StatedAt",
    "StatedUnits",
    "Suspicion",
    "SuspicionAnswer",
    "SuspicionEnded",
    "SuspicionUnknown",
    "Verdict",
    "Why",
    "add_bad_mark",
    "add_feeds",
    "add_proofs",
    "end_answered",
    "feeds_at",
    "feeds_by_ids",
    "follow_statement",
    "known_of",
    "last_snapshots",
    "lock_feed_round",
    "lock_feeds",
    "mark_doubt",
    "open_suspicions",
    "recognise",
    "stated_moments",
    "suspected_units",
    "suspicions_by_ids",
    "sweep_snapshots",
    "trust_of",
    "write_snapshot",
]
