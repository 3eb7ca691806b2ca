"""Counts that take a while: people look at one thing after the other while the shop goes on selling.

Each look keeps what the books said at its moment; posting moves counted − expected, so that whatever was sold or came
since then stays counted. Locks: sessions by id, then levels as every command of the room.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, integers, statements, uuids
from loopline.kernel.ids import CountId, LotId, NodeId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
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
    """How many units of a SKU somebody sees, unsellable ones among them; a later look replaces an earlier one."""

    count_id: CountId
    sku_id: SkuId
    units: int


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What was entered, beside what the books said at that moment."""

    count_id: CountId
    sku_id: SkuId
    units: int
    expected: int


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


class CountSession(msgspec.Struct, frozen=True, kw_only=True):
    """A count as it stands."""

    count_id: CountId
    leaf_id: NodeId
    opened_at: datetime
    opened_by: str
    ended_at: datetime | None
    how_ended: str | None


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
    """Enter what was seen, where the count is open. Of two looks at one thing the last holds."""
    known = _lock(conn, {look.count_id for look in looks})
    refusals = [_why_not(look, known) for look in looks]
    last = {
        (look.count_id, look.sku_id): look
        for look, refusal in zip(looks, refusals, strict=True)
        if refusal is None
    }
    rows = fetch_rows(
        conn,
        SQL["enter_lines"],
        ids=uuids(uuid7s(now, len(last))),
        count_ids=uuids([count_id for count_id, _ in last]),
        leaf_ids=uuids([known[count_id].leaf_id for count_id, _ in last]),
        sku_ids=uuids([sku_id for _, sku_id in last]),
        units=integers([look.units for look in last.values()]),
        now=now,
        by=by,
    )
    expected = {(count_id, sku_id): said for count_id, sku_id, _, said in rows}
    return [
        refusal
        or Looked(
            count_id=look.count_id,
            sku_id=look.sku_id,
            units=look.units,
            expected=expected[look.count_id, look.sku_id],
        )
        for look, refusal in zip(looks, refusals, strict=True)
    ]


def _why_not(look: Look, known: Mapping[CountId, _Known]) -> Refusal | None:
    session = known.get(look.count_id)
    if session is None:
        return CountUnknown(count_id=look.count_id)
    if session.is_ended:
        return CountEnded(count_id=look.count_id)
    if look.units < 0:
        return CountBelowZero(sku_id=look.sku_id, units=look.units)
    return None


def end_counts(conn: Conn, ends: Sequence[CountEnd], *, now: datetime) -> list[CountFacts | Refusal]:
    """End counts and say what they come to; the caller records the facts in the same transaction."""
    known = _lock(conn, {end.count_id for end in ends})
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
    return outcomes


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


def counts_page(
    conn: Conn, leaf_ids: Collection[NodeId], *, only_open: bool, before: CountId | None, at_most: int
) -> list[CountSession]:
    """Count sessions of leaves, the latest first, those before the one given."""
    return fetch(
        conn,
        SQL["counts_page"],
        CountSession,
        leaf_ids=uuids(leaf_ids),
        only_open=only_open,
        before=before,
        at_most=at_most,
    )


def count_places(conn: Conn, count_ids: Collection[CountId]) -> dict[CountId, NodeId]:
    """The leaves that counts are of; unknown counts are left out."""
    return dict(fetch_rows(conn, SQL["count_leaves"], count_ids=uuids(count_ids)))


def _lock(conn: Conn, count_ids: Collection[CountId]) -> dict[CountId, _Known]:
    rows = fetch(conn, SQL["known_counts"], _Known, count_ids=uuids(count_ids))
    return {row.id: row for row in rows}
