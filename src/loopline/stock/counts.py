"""Counts that take a while: people look at one thing after the other while the shop goes on selling.

Each look keeps what the books said at its moment; posting moves counted − expected, so that whatever was sold or came
since then stays counted. A look that is told late, by a phone that had no network, is held against what the books say
now less all that happened since. Locks: sessions by id, what was asked to be counted, then levels as every command.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, integers, statements, uuids
from loopline.db.rows import moments
from loopline.kernel.ids import CountId, LotId, NodeId, SkuId, first_id_after, uuid7s_at
from loopline.kernel.refusals import Refusal
from loopline.stock.asked_counts import LookedAt, meet_asked
from loopline.stock.model import Fact, MovementReason
from loopline.stock.refusals import CountBelowZero, CountEnded, CountTaken, CountUnknown, LeafUnknown

SQL = statements(__file__)


class NewCount(msgspec.Struct, frozen=True, kw_only=True):
    """A count to begin at a leaf; `id` is a UUIDv7, and the same one again is that count."""

    id: CountId
    leaf_id: NodeId


class CountOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A count that is open."""

    count_id: CountId
    leaf_id: NodeId


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How many units of a SKU somebody sees, unsellable ones among them; a later look replaces an earlier one.

    `seen_at` is when that was, where it is told late; never later than now.
    """

    count_id: CountId
    sku_id: SkuId
    units: int
    seen_at: datetime | None = None


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What is entered, beside what the books said at that moment: the look, or a later one that was told before it."""

    count_id: CountId
    sku_id: SkuId
    units: int
    expected: int


class LookBack(msgspec.Struct, frozen=True, kw_only=True):
    """A look that is taken back: nobody counted this SKU after all, as of `seen_at`."""

    count_id: CountId
    sku_id: SkuId
    seen_at: datetime


class CountEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a count: its differences are posted, or it is dropped and moves nothing."""

    count_id: CountId
    drops: bool = False


class CountLine(msgspec.Struct, frozen=True, kw_only=True):
    """The last look at a thing in a count. `id` is that of the movement it makes, where it makes one."""

    id: UUID
    count_id: CountId
    leaf_id: NodeId
    sku_id: SkuId
    lot_id: LotId | None
    units: int
    expected: int
    counted_at: datetime
    counted_by: str


class CountSession(msgspec.Struct, frozen=True, kw_only=True):
    """A count as it stands."""

    count_id: CountId
    leaf_id: NodeId
    opened_at: datetime
    opened_by: str
    ended_at: datetime | None
    how_ended: str | None


class CountSums(msgspec.Struct, frozen=True, kw_only=True):
    """What a count comes to: things looked at, those that differ, units missing and too many, against the books."""

    count_id: CountId
    lines: int
    differing: int
    short: int
    over: int


class CountFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a count that ends comes to: all its lines, and the facts that make the books agree."""

    count_id: CountId
    drops: bool
    lines: tuple[CountLine, ...]
    facts: tuple[Fact, ...]


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    id: CountId
    leaf_id: NodeId
    is_ended: bool


def open_counts(
    conn: Conn, new: Sequence[NewCount], *, now: datetime, by: str
) -> list[CountOpened | Refusal]:
    """Begin counts; several of one leaf may be open, by people who share the shelves among them."""
    first = {one.id: one for one in reversed(new)}
    execute(
        conn,
        SQL["open_counts"],
        ids=uuids(first),
        leaf_ids=uuids([one.leaf_id for one in first.values()]),
        now=now,
        by=by,
    )
    known = _lock(conn, first)
    return [_opened(one, known.get(one.id)) for one in new]


def _opened(one: NewCount, known: _Known | None) -> CountOpened | Refusal:
    if known is None:
        return LeafUnknown(leaf_id=one.leaf_id)
    if known.leaf_id != one.leaf_id:
        return CountTaken(count_id=one.id)
    return CountOpened(count_id=one.id, leaf_id=one.leaf_id)


def enter_counts(conn: Conn, looks: Sequence[Look], *, now: datetime, by: str) -> list[Looked | Refusal]:
    """Enter what was seen, where the count is open. Of two looks at one thing the later holds, in whatever order."""
    known = _lock(conn, {look.count_id for look in looks})
    refusals = [_why_not(look, known) for look in looks]
    fitting = [look for look, refusal in zip(looks, refusals, strict=True) if refusal is None]
    last = {
        (look.count_id, look.sku_id): look for look in sorted(fitting, key=lambda one: _seen_at(one, now))
    }
    seen_at = [_seen_at(look, now) for look in last.values()]
    rows = fetch_rows(
        conn,
        SQL["enter_lines"],
        ids=uuids(uuid7s_at(seen_at)),
        count_ids=uuids([count_id for count_id, _ in last]),
        leaf_ids=uuids([known[count_id].leaf_id for count_id, _ in last]),
        sku_ids=uuids([sku_id for _, sku_id in last]),
        units=integers([look.units for look in last.values()]),
        seen_at=moments(seen_at),
        after=uuids(
            [
                None if look.seen_at is None else first_id_after(at)
                for look, at in zip(last.values(), seen_at, strict=True)
            ]
        ),
        by=by,
    )
    entered = {(count_id, sku_id): (units, expected) for count_id, sku_id, units, expected in rows}
    return [
        refusal
        or Looked(
            count_id=look.count_id,
            sku_id=look.sku_id,
            units=entered[look.count_id, look.sku_id][0],
            expected=entered[look.count_id, look.sku_id][1],
        )
        for look, refusal in zip(looks, refusals, strict=True)
    ]


def take_back_looks(conn: Conn, backs: Sequence[LookBack]) -> list[LookBack | Refusal]:
    """Take looks back where the count is open, as if they had never been; a look of a later moment stays."""
    known = _lock(conn, {one.count_id for one in backs})
    outcomes = [_why_closed(one.count_id, known) or one for one in backs]
    taken = [one for one in outcomes if isinstance(one, LookBack)]
    if taken:
        execute(
            conn,
            SQL["delete_lines"],
            count_ids=uuids([one.count_id for one in taken]),
            sku_ids=uuids([one.sku_id for one in taken]),
            seen_at=moments([one.seen_at for one in taken]),
        )
    return outcomes


def _seen_at(look: Look, now: datetime) -> datetime:
    return now if look.seen_at is None else min(look.seen_at, now)


def _why_not(look: Look, known: Mapping[CountId, _Known]) -> Refusal | None:
    closed = _why_closed(look.count_id, known)
    if closed is None and look.units < 0:
        return CountBelowZero(sku_id=look.sku_id, units=look.units)
    return closed


def _why_closed(count_id: CountId, known: Mapping[CountId, _Known]) -> Refusal | None:
    session = known.get(count_id)
    if session is None:
        return CountUnknown(count_id=count_id)
    return CountEnded(count_id=count_id) if session.is_ended else None


def end_counts(conn: Conn, ends: Sequence[CountEnd], *, now: datetime) -> list[CountFacts | Refusal]:
    """End counts and say what they come to; the caller records the facts in the same transaction.

    Where another count of the same things was posted since a look, it is held anew against the books of its moment, and
    of two looks at one thing the later holds: nothing is corrected twice. What was asked to be counted before a look of
    a count that is posted is done by it.
    """
    known = _lock(conn, {end.count_id for end in ends})
    posting = {end.count_id for end in ends if not end.drops and end.count_id in known}
    _renew(conn, [count_id for count_id in posting if not known[count_id].is_ended])
    outcomes: list[CountFacts | Refusal] = []
    lines = _by_count(count_lines(conn, list(known)))
    ended: dict[CountId, str] = {}
    for end in ends:
        session = known.get(end.count_id)
        if session is None:
            outcomes.append(CountUnknown(count_id=end.count_id))
        elif session.is_ended or end.count_id in ended:
            outcomes.append(CountEnded(count_id=end.count_id))
        else:
            ended[end.count_id] = "dropped" if end.drops else "posted"
            of_count = tuple(lines.get(end.count_id, ()))
            outcomes.append(
                CountFacts(
                    count_id=end.count_id,
                    drops=end.drops,
                    lines=of_count,
                    facts=() if end.drops else tuple(_facts(of_count)),
                )
            )
    execute(conn, SQL["end_counts"], count_ids=uuids(ended), how=list(ended.values()), now=now)
    meet_asked(
        conn,
        [
            LookedAt(leaf_id=line.leaf_id, sku_id=line.sku_id, at=line.counted_at, count_id=line.count_id)
            for one in outcomes
            if isinstance(one, CountFacts) and not one.drops
            for line in one.lines
        ],
        now=now,
    )
    return outcomes


def _renew(conn: Conn, count_ids: Sequence[CountId]) -> None:
    """Hold looks anew against the books where another count has moved the same things since."""
    found = fetch_rows(conn, SQL["lines_counted_elsewhere"], count_ids=uuids(count_ids)) if count_ids else []
    if found:
        execute(
            conn,
            SQL["renew_lines"],
            ids=uuids([line_id for line_id, _, _ in found]),
            after=uuids([first_id_after(counted_at) for _, counted_at, _ in found]),
            is_older=[is_older for _, _, is_older in found],
        )


def _facts(lines: Iterable[CountLine]) -> Iterable[Fact]:
    for line in lines:
        if line.units != line.expected:
            yield Fact(
                id=line.id,
                leaf_id=line.leaf_id,
                sku_id=line.sku_id,
                reason=MovementReason.COUNT,
                on_hand=line.units - line.expected,
                reference=line.count_id,
            )


def _by_count(lines: Iterable[CountLine]) -> dict[CountId, list[CountLine]]:
    found: dict[CountId, list[CountLine]] = {}
    for line in lines:
        found.setdefault(line.count_id, []).append(line)
    return found


def count_lines(conn: Conn, count_ids: Sequence[CountId]) -> list[CountLine]:
    """What was counted in sessions, by session and SKU."""
    return fetch(conn, SQL["lines_of_counts"], CountLine, count_ids=uuids(count_ids))


def sums_of_counts(conn: Conn, count_ids: Collection[CountId]) -> dict[CountId, CountSums]:
    """What counts come to; those in which nothing was looked at are left out."""
    found = fetch(conn, SQL["sums_of_counts"], CountSums, count_ids=uuids(count_ids))
    return {one.count_id: one for one in found}


def counts_page(  # noqa: PLR0913 - what a list is asked by
    conn: Conn,
    leaf_ids: Collection[NodeId],
    *,
    only_open: bool,
    before: CountId | None,
    at_most: int,
    how_ended: str | None = None,
) -> list[CountSession]:
    """Count sessions of leaves, the latest first, those before the one given; `how_ended`: posted or dropped ones."""
    return fetch(
        conn,
        SQL["counts_page"],
        CountSession,
        leaf_ids=uuids(leaf_ids),
        only_open=only_open,
        how_ended=how_ended,
        before=before,
        at_most=at_most,
    )


def count_session(conn: Conn, count_id: CountId) -> CountSession | None:
    """Return a count as it stands; None where there is none."""
    found = fetch(conn, SQL["count_by_id"], CountSession, count_id=count_id)
    return found[0] if found else None


def count_places(conn: Conn, count_ids: Collection[CountId]) -> dict[CountId, NodeId]:
    """The leaves that counts are of; unknown counts are left out."""
    return dict(fetch_rows(conn, SQL["count_leaves"], count_ids=uuids(count_ids)))


def _lock(conn: Conn, count_ids: Collection[CountId]) -> dict[CountId, _Known]:
    rows = fetch(conn, SQL["known_counts"], _Known, count_ids=uuids(count_ids))
    return {row.id: row for row in rows}
