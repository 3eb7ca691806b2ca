"""One function per statement of `store.sql`."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, fetch_values, integers, statements, uuids
from loopline.feeds.model import (
    Feed,
    Known,
    NewFeed,
    Result,
    StatedAt,
    Suspicion,
    Verdict,
)
from loopline.feeds.rules import Habit
from loopline.kernel.ids import FeedId, NodeId, SkuId, SnapshotId, SuspicionId, first_id_after

SQL = statements(__file__)


class KeptSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that came, and how many of its statements became what."""

    id: SnapshotId
    number: str
    content_hash: bytes
    as_at: datetime
    named: int
    applied: int
    unchanged: int
    outdated: int
    doubted: int


def insert_feeds(conn: Conn, new: Sequence[NewFeed], *, now: datetime) -> set[FeedId]:
    made = fetch_values(
        conn,
        SQL["insert_feeds"],
        ids=[one.id for one in new],
        codes=[one.code for one in new],
        leaf_ids=[one.leaf_id for one in new],
        site_ids=[one.site_id for one in new],
        kinds=[one.kind.value for one in new],
        intervals=[one.interval_minutes for one in new],
        stale_afters=[one.stale_after for one in new],
        now=now,
    )
    return {FeedId(one) for one in made}


def codes_taken(conn: Conn, codes: Sequence[str]) -> set[str]:
    return set(fetch_values(conn, SQL["codes_taken"], codes=list(codes)))


def lock_feeds(conn: Conn, *, codes: Sequence[str] = (), ids: Sequence[FeedId] = ()) -> list[Feed]:
    return fetch(conn, SQL["lock_feeds"], Feed, codes=list(codes), ids=list(ids))


def lock_feed_round(conn: Conn, ids: Sequence[FeedId]) -> list[Feed]:
    return fetch(conn, SQL["lock_feed_round"], Feed, ids=list(ids))


def snapshots_by_number(conn: Conn, feed_id: FeedId, numbers: Sequence[str]) -> list[KeptSnapshot]:
    return fetch(conn, SQL["snapshots_by_number"], KeptSnapshot, feed_id=feed_id, numbers=list(numbers))


def known(conn: Conn, feed_id: FeedId, sku_ids: Sequence[SkuId] | None) -> list[Known]:
    wanted = None if sku_ids is None else uuids(sku_ids)
    return fetch(conn, SQL["known"], Known, feed_id=feed_id, sku_ids=wanted)


def insert_snapshot(conn: Conn, feed: Feed, kept: KeptSnapshot, *, whole: bool, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_snapshot"],
        id=kept.id,
        feed_id=feed.id,
        number=kept.number,
        content_hash=kept.content_hash,
        as_at=kept.as_at,
        now=now,
        whole=whole,
        named=kept.named,
        applied=kept.applied,
        unchanged=kept.unchanged,
        outdated=kept.outdated,
        doubted=kept.doubted,
    )


def copy_statements(conn: Conn, snapshot_id: SnapshotId, verdicts: Sequence[Verdict]) -> None:
    copy_rows(
        conn,
        SQL["copy_statements"],
        (
            (
                snapshot_id,
                one.sku_id,
                one.units,
                None if one.result is Result.OUTDATED else one.ours,
                one.result.value,
            )
            for one in verdicts
        ),
    )


def write_stated(conn: Conn, feed: Feed, units: Sequence[tuple[SkuId, int]], *, as_at: datetime) -> None:
    execute(
        conn,
        SQL["write_stated"],
        feed_id=feed.id,
        leaf_id=feed.leaf_id,
        as_at=as_at,
        later_from=first_id_after(as_at),
        sku_ids=uuids([sku_id for sku_id, _ in units]),
        units=integers([stated for _, stated in units]),
    )


def mark_heard(conn: Conn, feed_id: FeedId, habit: Habit, *, as_at: datetime, now: datetime) -> None:
    execute(
        conn,
        SQL["mark_heard"],
        feed_id=feed_id,
        as_at=as_at,
        now=now,
        usual_hundredths=habit.usual_hundredths,
        statements=habit.statements,
    )


def mark_doubt(conn: Conn, feed_id: FeedId, percent: int) -> None:
    execute(conn, SQL["mark_doubt"], feed_id=feed_id, percent=percent)


def stated_at(conn: Conn, keys: Sequence[tuple[NodeId, SkuId]]) -> list[StatedAt]:
    return fetch(
        conn,
        SQL["stated_at"],
        StatedAt,
        leaf_ids=uuids([leaf_id for leaf_id, _ in keys]),
        sku_ids=uuids([sku_id for _, sku_id in keys]),
    )


def end_suspicions(
    conn: Conn, feed_id: FeedId, sku_ids: Sequence[SkuId], *, as_at: datetime, now: datetime
) -> int:
    return execute(conn, SQL["end_suspicions"], feed_id=feed_id, sku_ids=uuids(sku_ids), as_at=as_at, now=now)


def insert_suspicions(
    conn: Conn,
    feed: Feed,
    raised: Sequence[tuple[SuspicionId, Verdict]],
    *,
    as_at: datetime,
    now: datetime,
) -> set[SuspicionId]:
    made = fetch_values(
        conn,
        SQL["insert_suspicions"],
        feed_id=feed.id,
        leaf_id=feed.leaf_id,
        as_at=as_at,
        now=now,
        ids=[suspicion_id for suspicion_id, _ in raised],
        sku_ids=[one.sku_id for _, one in raised],
        units=[one.units for _, one in raised],
        ours=[one.ours for _, one in raised],
        whys=[one.why.value if one.why else "" for _, one in raised],
    )
    return {SuspicionId(one) for one in made}


def suspicions(conn: Conn, ids: Sequence[SuspicionId]) -> dict[SuspicionId, Suspicion]:
    return {one.id: one for one in fetch(conn, SQL["suspicions"], Suspicion, ids=list(ids))}


def answer_suspicions(
    conn: Conn, states: Sequence[tuple[SuspicionId, str]], *, actor: str, now: datetime
) -> int:
    return execute(
        conn,
        SQL["answer_suspicions"],
        ids=[suspicion_id for suspicion_id, _ in states],
        states=[state for _, state in states],
        actor=actor,
        now=now,
    )


def suspected(conn: Conn, feed_id: FeedId) -> dict[SkuId, int]:
    return dict(fetch_rows(conn, SQL["suspected"], feed_id=feed_id))


def add_record(conn: Conn, proofs: Sequence[tuple[FeedId, date, int, int]]) -> int:
    return execute(
        conn,
        SQL["add_record"],
        feed_ids=[feed_id for feed_id, _, _, _ in proofs],
        days=[day for _, day, _, _ in proofs],
        goods=[good for _, _, good, _ in proofs],
        bads=[bad for _, _, _, bad in proofs],
    )


def sweep_snapshots(conn: Conn, *, before: datetime, limit: int) -> int:
    return execute(conn, SQL["sweep_snapshots"], before=before, at_most=limit)
