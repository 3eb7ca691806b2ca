"""Hear: what dealers' own systems say of their goods becomes movements, and is believed as far as it deserves.

The movement is what is stated − what our books said as at that time, so that what happened later stays. How a unit is
kept from being counted twice: a movement's id says when it happened, whenever we heard of it, and `late_facts` gives
back what a count knew before us.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import feeds, stock
from loopline.db import Conn, log
from loopline.feeds import (
    Answer,
    Answered,
    Feed,
    FeedKind,
    Judged,
    NewSnapshot,
    Result,
    SnapshotTaken,
    StatedUnits,
    Suspicion,
    SuspicionAnswer,
    Verdict,
)
from loopline.feeds.events import (
    FeedCameBack,
    FeedWentStale,
    SnapshotHeard,
    SuspicionAnswered,
    SuspicionRaised,
)
from loopline.feeds.refusals import FeedUnknown, SuspicionEnded, SuspicionUnknown
from loopline.feeds.rules import Habit, doubt_percent, doubted_units, effective_moment, judge
from loopline.kernel.events import SYSTEM_ACTOR, Event, event
from loopline.kernel.ids import SkuId, SuspicionId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.processes.outcomes import all_granted
from loopline.processes.promise import fill_parked
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.turn import take_turn
from loopline.stock import DoubtSetting, Fact, LevelLately, MovementReason
from loopline.stock.events import StockCorrected

PARKED_LINES_MAX = 5_000


class _Hearing(msgspec.Struct, kw_only=True):
    """A feed at work: what its doubt is to be, and what is to be told and filled when all is written."""

    feed: Feed
    percent: int
    now: datetime
    actor: str = SYSTEM_ACTOR
    told: list[Event] = []
    freed: set[SkuId] = set()


def take_snapshot(
    conn: Conn, snapshot: NewSnapshot, *, scope: Scope, now: datetime, actor: str = SYSTEM_ACTOR
) -> SnapshotTaken | Refusal:
    """Take one snapshot in: its statements are applied, set aside as outdated, or left to a person.

    The same number again does nothing. Locks the turn, the feed, then all the stock rows that it may change.
    """
    take_turn(conn)
    found = feeds.lock_feeds(conn, codes=[snapshot.feed_code])
    if not found or not scope.covers_site(found[0].site_id):
        return FeedUnknown(feed_code=snapshot.feed_code)
    (feed,) = found
    known_before = feeds.recognise(conn, feed, snapshot, now=now)
    if known_before is not None:
        return known_before
    as_at = effective_moment(snapshot.as_at, now=now)
    at_work = _hearing(conn, feed, heard_as_at=as_at, now=now)
    at_work.actor = actor
    units = _stated(conn, feed, snapshot)
    named = [one.sku_id for one in units]
    followed = feeds.known_of(conn, feed, None)
    is_weighed_anew = at_work.percent != feed.doubt_percent
    touched = list(dict.fromkeys([*named, *followed])) if is_weighed_anew else named
    stock.lock_stock(conn, [(feed.leaf_id, sku_id) for sku_id in touched])
    verdicts = judge(
        units,
        as_at=as_at,
        known=followed,
        ours=_ours(conn, feed, named, as_at=as_at),
        habit=Habit(usual_hundredths=feed.usual_hundredths, statements=feed.statements),
    )
    judged = Judged(snapshot=snapshot, as_at=as_at, verdicts=tuple(verdicts), known=followed)
    taken, raised = feeds.write_snapshot(conn, feed, judged, now=now)
    _move(conn, at_work, verdicts, reference=taken)
    at_work.told += [_heard(feed, taken, now), *(_raised(feed, one, now) for one in raised)]
    _doubt(conn, at_work, touched)
    _tell_and_fill(conn, at_work)
    return taken


def _hearing(conn: Conn, feed: Feed, *, heard_as_at: datetime | None, now: datetime) -> _Hearing:
    """Reckon which share of a feed's goods is in doubt, with what it has just said."""
    latest = max((one for one in (feed.heard_as_at, heard_as_at) if one is not None), default=None)
    trust = feeds.trust_of(conn, [feed.id], now=now)[feed.id]
    heard = msgspec.structs.replace(feed, heard_as_at=latest)
    return _Hearing(feed=feed, percent=doubt_percent(heard, trust=trust, now=now), now=now)


def _stated(conn: Conn, feed: Feed, snapshot: NewSnapshot) -> list[StatedUnits]:
    """What a snapshot states: of a SKU its last mention, and of a whole one nought of what it does not name."""
    named = {one.sku_id: one for one in snapshot.units}
    if snapshot.whole:
        lying = [row.sku_id for row in stock.stock_at_leaves(conn, [feed.leaf_id]) if row.on_hand]
        for sku_id in [*lying, *feeds.known_of(conn, feed, None)]:
            named.setdefault(sku_id, StatedUnits(sku_id=sku_id, units=0))
    return list(named.values())


def _ours(conn: Conn, feed: Feed, sku_ids: Sequence[SkuId], *, as_at: datetime) -> dict[SkuId, int]:
    """What our books said as at a moment, counted as the feed counts. The caller holds the stock rows."""
    keys = [(feed.leaf_id, sku_id) for sku_id in sku_ids]
    return {one.sku_id: _counted(feed, one) for one in stock.levels_lately(conn, keys, since=as_at)}


def _counted(feed: Feed, level: LevelLately) -> int:
    on_hand = level.on_hand - level.on_hand_since
    return on_hand if feed.kind is FeedKind.ON_HAND else on_hand - (level.bound - level.bound_since)


def _move(
    conn: Conn, at_work: _Hearing, verdicts: Sequence[Verdict], *, reference: SnapshotTaken | Suspicion
) -> None:
    """Record what statements change, as at their moment."""
    now = at_work.now
    moving = [one for one in verdicts if one.change]
    named = reference.snapshot_id if isinstance(reference, SnapshotTaken) else reference.id
    facts = [
        Fact(
            id=fact_id,
            leaf_id=at_work.feed.leaf_id,
            sku_id=one.sku_id,
            reason=MovementReason.STATED,
            on_hand=one.change,
            reference=named,
        )
        for one, fact_id in zip(moving, uuid7s(reference.as_at, len(moving)), strict=True)
    ]
    recorded = all_granted(stock.record_facts(conn, facts, now=now))
    at_work.told += [
        event(_corrected(fact), subject=fact.leaf_id, at=now, actor=at_work.actor) for fact in facts
    ]
    at_work.told += shortfall_events(recorded, now=now)
    at_work.freed |= {fact.sku_id for fact in facts if fact.on_hand > 0}


def _corrected(fact: Fact) -> StockCorrected:
    return StockCorrected(
        fact_id=fact.id,
        leaf_id=fact.leaf_id,
        sku_id=fact.sku_id,
        reason=fact.reason,
        on_hand=fact.on_hand,
        unsellable=fact.unsellable,
        reference=fact.reference,
    )


def _doubt(conn: Conn, at_work: _Hearing, sku_ids: Sequence[SkuId]) -> None:
    """Keep back what is in doubt of some SKUs; notes the share, and tells when a feed goes stale or comes back."""
    feed, percent, now = at_work.feed, at_work.percent, at_work.now
    suspected = feeds.suspected_units(conn, feed)
    keys = [(feed.leaf_id, sku_id) for sku_id in sku_ids]
    settings = [
        DoubtSetting(
            leaf_id=one.leaf_id,
            sku_id=one.sku_id,
            units=doubted_units(
                percent, sellable=one.on_hand - one.bound, suspected=suspected.get(one.sku_id, 0)
            ),
        )
        for one in stock.levels_lately(conn, keys, since=now)
    ]
    doubted = all_granted(stock.set_doubts(conn, settings, now=now))
    at_work.freed |= {one.sku_id for one in doubted if one.units < one.units_before}
    if percent != feed.doubt_percent:
        feeds.mark_doubt(conn, feed, percent)
    if percent == 100 > feed.doubt_percent:
        stale = FeedWentStale(feed_id=feed.id, site_id=feed.site_id, heard_as_at=feed.heard_as_at)
        at_work.told.append(event(stale, subject=feed.id, at=now))
    if feed.doubt_percent == 100 > percent:
        back = FeedCameBack(feed_id=feed.id, site_id=feed.site_id)
        at_work.told.append(event(back, subject=feed.id, at=now))


def _tell_and_fill(conn: Conn, at_work: _Hearing) -> None:
    log.append(conn, at_work.told)
    if at_work.freed:
        fill_parked(conn, sku_ids=sorted(at_work.freed), now=at_work.now, limit=PARKED_LINES_MAX)


def _heard(feed: Feed, taken: SnapshotTaken, now: datetime) -> Event:
    body = SnapshotHeard(
        snapshot_id=taken.snapshot_id,
        feed_id=feed.id,
        site_id=feed.site_id,
        as_at=taken.as_at,
        applied=taken.applied,
        outdated=taken.outdated,
        doubted=taken.doubted,
    )
    return event(body, subject=feed.id, at=now)


def _raised(feed: Feed, raised: tuple[SuspicionId, Verdict], now: datetime) -> Event:
    suspicion_id, verdict = raised
    assert verdict.why is not None
    body = SuspicionRaised(
        suspicion_id=suspicion_id,
        feed_id=feed.id,
        site_id=feed.site_id,
        leaf_id=feed.leaf_id,
        sku_id=verdict.sku_id,
        units=verdict.units,
        ours=verdict.ours,
        why=verdict.why,
    )
    return event(body, subject=feed.id, at=now)


def answer_suspicion(
    conn: Conn, asked: SuspicionAnswer, *, scope: Scope, now: datetime, actor: str = SYSTEM_ACTOR
) -> Answered | Refusal:
    """Answer a suspicion: accepted, it moves our books as at its moment; rejected, it counts against its feed.

    Either way nothing is kept back on its account any more. Refused where it does not wait, or is not in scope.
    """
    take_turn(conn)
    suspicion = feeds.suspicions_by_ids(conn, [asked.suspicion_id]).get(asked.suspicion_id)
    if suspicion is None:
        return SuspicionUnknown(suspicion_id=asked.suspicion_id)
    (feed,) = feeds.lock_feeds(conn, ids=[suspicion.feed_id])
    if not scope.covers_site(feed.site_id):
        return NotInYourBranch(subject=str(asked.suspicion_id))
    suspicion = feeds.suspicions_by_ids(conn, [asked.suspicion_id])[asked.suspicion_id]
    if suspicion.state != "open":
        return SuspicionEnded(suspicion_id=suspicion.id, state=suspicion.state)
    at_work = _hearing(conn, feed, heard_as_at=None, now=now)
    at_work.percent, at_work.actor = feed.doubt_percent, actor
    stock.lock_stock(conn, [(feed.leaf_id, suspicion.sku_id)])
    change = 0
    if asked.answer is Answer.ACCEPT:
        ours = _ours(conn, feed, [suspicion.sku_id], as_at=suspicion.as_at)[suspicion.sku_id]
        applied = Verdict(sku_id=suspicion.sku_id, units=suspicion.units, ours=ours, result=Result.APPLIED)
        feeds.follow_statement(conn, feed, suspicion)
        _move(conn, at_work, [applied], reference=suspicion)
        change = applied.change
    else:
        wrong = abs(suspicion.units - suspicion.ours)
        feeds.add_bad_mark(conn, feed.id, day=now.date(), units=min(wrong, _BAD_UNITS_MAX))
    feeds.end_answered(conn, [(suspicion.id, _STATE_AFTER[asked.answer])], actor=actor, now=now)
    _doubt(conn, at_work, [suspicion.sku_id])
    body = SuspicionAnswered(
        suspicion_id=suspicion.id, feed_id=feed.id, site_id=feed.site_id, answer=asked.answer, change=change
    )
    at_work.told.append(event(body, subject=feed.id, at=now, actor=actor))
    _tell_and_fill(conn, at_work)
    return Answered(suspicion_id=suspicion.id, answer=asked.answer, change=change)


_STATE_AFTER: Mapping[Answer, str] = {Answer.ACCEPT: "accepted", Answer.REJECT: "rejected"}
# One statement that is wrong by thousands is one mistake.
_BAD_UNITS_MAX = 3


def weigh_feeds(conn: Conn, *, now: datetime) -> int:
    """Keep more back of one feed that has grown old, or less of one that proved right; returns 1, or 0 for none.

    Of the feeds whose share in doubt is another now, the first by its code that nobody works on.
    """
    registered = feeds.feeds_at(conn)
    trust = feeds.trust_of(conn, [one.id for one in registered], now=now)
    due = [
        one.id for one in registered if doubt_percent(one, trust=trust[one.id], now=now) != one.doubt_percent
    ]
    if not due:
        return 0
    take_turn(conn)
    for feed in feeds.lock_feed_round(conn, due[:1]):
        at_work = _hearing(conn, feed, heard_as_at=None, now=now)
        sku_ids = list(feeds.known_of(conn, feed, None))
        stock.lock_stock(conn, [(feed.leaf_id, sku_id) for sku_id in sku_ids])
        _doubt(conn, at_work, sku_ids)
        _tell_and_fill(conn, at_work)
        return 1
    return 0


def renew_doubts(conn: Conn, *, now: datetime, limit: int) -> int:
    """Keep back what could not be kept back when it came into doubt, as far as promises let go of it meanwhile."""
    settings = stock.doubts_short(conn, limit=limit)
    doubted = all_granted(stock.set_doubts(conn, settings, now=now))
    return sum(one.units != one.units_before for one in doubted)
