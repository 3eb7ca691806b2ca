"""The commands of feeds. What a snapshot does to goods is the business of the process that also knows the stock."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from loopline.db import Conn
from loopline.feeds import queries, store
from loopline.feeds.model import (
    Feed,
    Judged,
    Known,
    NewFeed,
    NewSnapshot,
    Proof,
    Result,
    SnapshotTaken,
    StatedAt,
    Suspicion,
    Verdict,
)
from loopline.feeds.refusals import (
    FeedTaken,
    LeafAlreadyFed,
    SnapshotNumberTaken,
    SnapshotOfTheFuture,
    SnapshotTooOld,
)
from loopline.feeds.rules import FUTURE_TOLERANCE, PAST_TOLERANCE, Habit, learnt
from loopline.kernel.ids import FeedId, NodeId, SkuId, SnapshotId, SuspicionId, uuid7s
from loopline.kernel.refusals import Refusal

KEPT_FOR = timedelta(days=30)


def add_feeds(conn: Conn, new: Sequence[NewFeed], *, now: datetime) -> list[Feed | Refusal]:
    """Register feeds, each for the goods of one leaf."""
    made = store.insert_feeds(conn, new, now=now)
    found = {one.id: one for one in queries.feeds_by_ids(conn, list(made))}
    taken = store.codes_taken(conn, [one.code for one in new if one.id not in made])
    return [
        found.get(one.id)
        or (FeedTaken(feed_code=one.code) if one.code in taken else LeafAlreadyFed(leaf_id=one.leaf_id))
        for one in new
    ]


def lock_feeds(conn: Conn, *, codes: Sequence[str] = (), ids: Sequence[FeedId] = ()) -> list[Feed]:
    """Lock feeds in the order of their ids, so that of two snapshots of one the second sees what the first did."""
    return store.lock_feeds(conn, codes=codes, ids=ids)


def lock_feed_round(conn: Conn, ids: Sequence[FeedId]) -> list[Feed]:
    """Lock feeds in the order of their ids, but for those that are being worked on."""
    return store.lock_feed_round(conn, ids)


def recognise(
    conn: Conn, feed: Feed, snapshot: NewSnapshot, *, now: datetime
) -> SnapshotTaken | Refusal | None:
    """Tell whether a snapshot came before, or may not come; None: it is new. The caller holds the feed."""
    for kept in store.snapshots_by_number(conn, feed.id, [snapshot.number]):
        if kept.content_hash != content_hash(snapshot):
            return SnapshotNumberTaken(number=snapshot.number)
        return _taken(kept, is_repeat=True)
    if snapshot.as_at > now + FUTURE_TOLERANCE:
        return SnapshotOfTheFuture(number=snapshot.number, as_at=snapshot.as_at)
    if snapshot.as_at < now - PAST_TOLERANCE:
        return SnapshotTooOld(number=snapshot.number, as_at=snapshot.as_at)
    return None


def content_hash(snapshot: NewSnapshot) -> bytes:
    """Return the hash of what a snapshot says, whatever the order in which it says it."""
    said = (
        snapshot.as_at.timestamp(),
        snapshot.whole,
        sorted((one.sku_id.hex, one.units) for one in snapshot.units),
    )
    return hashlib.sha256(msgspec.json.encode(said)).digest()


def known_of(conn: Conn, feed: Feed, sku_ids: Sequence[SkuId] | None) -> dict[SkuId, Known]:
    """What our books follow of a feed, of some SKUs or of all it ever stated. The caller holds the feed."""
    return {one.sku_id: one for one in store.known(conn, feed.id, sku_ids)}


def write_snapshot(
    conn: Conn, feed: Feed, judged: Judged, *, now: datetime
) -> tuple[SnapshotTaken, list[tuple[SuspicionId, Verdict]]]:
    """Keep a snapshot with what was decided on it; returns it and the suspicions it raised.

    The caller holds the feed, and the stock rows of what the verdicts name.
    """
    verdicts = judged.verdicts
    (made,) = uuid7s(now, 1)
    counted = {result: sum(one.result is result for one in verdicts) for result in Result}
    kept = store.KeptSnapshot(
        id=SnapshotId(made),
        number=judged.snapshot.number,
        content_hash=content_hash(judged.snapshot),
        as_at=judged.as_at,
        named=len(verdicts),
        applied=counted[Result.APPLIED],
        unchanged=counted[Result.UNCHANGED],
        outdated=counted[Result.OUTDATED],
        doubted=counted[Result.DOUBTED],
    )
    store.insert_snapshot(conn, feed, kept, whole=judged.snapshot.whole, now=now)
    store.copy_statements(conn, kept.id, [one for one in verdicts if one.result is not Result.UNCHANGED])
    followed = [one for one in verdicts if one.result in (Result.APPLIED, Result.UNCHANGED)]
    store.write_stated(conn, feed, [(one.sku_id, one.units) for one in followed], as_at=kept.as_at)
    newer = [one.sku_id for one in verdicts if one.result is not Result.OUTDATED]
    store.end_suspicions(conn, feed.id, newer, as_at=kept.as_at, now=now)
    raised = _raise(conn, feed, judged, now=now)
    habit = learnt(
        Habit(usual_hundredths=feed.usual_hundredths, statements=feed.statements),
        verdicts,
        known=judged.known,
    )
    store.mark_heard(conn, feed.id, habit, as_at=kept.as_at, now=now)
    return _taken(kept), raised


def _taken(kept: store.KeptSnapshot, *, is_repeat: bool = False) -> SnapshotTaken:
    return SnapshotTaken(
        snapshot_id=kept.id,
        as_at=kept.as_at,
        named=kept.named,
        applied=kept.applied,
        unchanged=kept.unchanged,
        outdated=kept.outdated,
        doubted=kept.doubted,
        is_repeat=is_repeat,
    )


def _raise(conn: Conn, feed: Feed, judged: Judged, *, now: datetime) -> list[tuple[SuspicionId, Verdict]]:
    doubted = [one for one in judged.verdicts if one.result is Result.DOUBTED]
    if not doubted:
        return []
    asked = [(SuspicionId(made), one) for made, one in zip(uuid7s(now, len(doubted)), doubted, strict=True)]
    raised = store.insert_suspicions(conn, feed, asked, as_at=judged.as_at, now=now)
    return [(suspicion_id, one) for suspicion_id, one in asked if suspicion_id in raised]


def follow_statement(conn: Conn, feed: Feed, suspicion: Suspicion) -> None:
    """Let our books follow a statement that a person accepted. The caller holds the feed and the stock row."""
    store.write_stated(conn, feed, [(suspicion.sku_id, suspicion.units)], as_at=suspicion.as_at)


def suspicions_by_ids(conn: Conn, ids: Sequence[SuspicionId]) -> dict[SuspicionId, Suspicion]:
    """The suspicions of some ids; unknown ones are left out."""
    return store.suspicions(conn, ids)


def end_answered(conn: Conn, states: Sequence[tuple[SuspicionId, str]], *, actor: str, now: datetime) -> None:
    """End suspicions as a person says. The caller holds their feeds."""
    store.answer_suspicions(conn, states, actor=actor, now=now)


def suspected_units(conn: Conn, feed: Feed) -> dict[SkuId, int]:
    """By how many units open suspicions would take goods away. The caller holds the feed."""
    return store.suspected(conn, feed.id)


def stated_moments(conn: Conn, keys: Sequence[tuple[NodeId, SkuId]]) -> dict[tuple[NodeId, SkuId], StatedAt]:
    """When the statements speak that our books follow, where there are any. The caller holds the stock rows."""
    found = store.stated_at(conn, keys) if keys else []
    return {(one.leaf_id, one.sku_id): one for one in found}


def mark_doubt(conn: Conn, feed: Feed, percent: int) -> None:
    """Note which share of what a feed stated is kept back. The caller holds the feed."""
    store.mark_doubt(conn, feed.id, percent)


def add_proofs(conn: Conn, proofs: Sequence[Proof]) -> int:
    """Add to the records of the feeds of some sites; returns how many rows changed. Once per proof: it adds up."""
    by_site: dict[object, list[FeedId]] = {}
    for feed in queries.feeds_at(conn, [one.site_id for one in proofs]):
        by_site.setdefault(feed.site_id, []).append(feed.id)
    rows = [
        (feed_id, one.day, one.good, one.bad) for one in proofs for feed_id in by_site.get(one.site_id, ())
    ]
    return store.add_record(conn, rows) if rows else 0


def add_bad_mark(conn: Conn, feed_id: FeedId, *, day: date, units: int) -> None:
    """Count units that a feed stated and a person found wrong."""
    store.add_record(conn, [(feed_id, day, 0, units)])


def sweep_snapshots(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget snapshots after thirty days, at most `limit`, the oldest first."""
    return store.sweep_snapshots(conn, before=now - KEPT_FOR, limit=limit)
