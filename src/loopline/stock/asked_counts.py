"""Goods that somebody asked a site to count: they stand on its phone until a count that looked at them is posted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.db.rows import moments, texts
from loopline.kernel.ids import CountId, NodeId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)
NOTE_MOST = 200


class CountNotPossible(Refusal, frozen=True, kw_only=True):
    """There is nothing to count: these goods have never been at that place."""

    leaf_id: NodeId
    sku_id: SkuId


class CountedElsewhere(Refusal, frozen=True, kw_only=True):
    """The site does not count these goods: they are not those it sells, but lie there for another company."""

    leaf_id: NodeId
    sku_id: SkuId


class NothingAsked(Refusal, frozen=True, kw_only=True):
    """Nobody asked for a count of these goods, or they were counted meanwhile."""

    leaf_id: NodeId
    sku_id: SkuId


class NewAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Goods at a leaf that are to be counted; `note` says why, as whoever counts will read it."""

    leaf_id: NodeId
    sku_id: SkuId
    note: str = ""


class AskedCount(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that are to be counted, and who asked for it when."""

    id: UUID
    leaf_id: NodeId
    sku_id: SkuId
    note: str
    asked_at: datetime
    asked_by: str


class CountAskKept(msgspec.Struct, frozen=True, kw_only=True):
    """A count that is asked for; `is_repeat` where it had been before."""

    asked: AskedCount
    is_repeat: bool


class LookedAt(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that were counted at a moment; `count_id`: in that count, else by a number told by itself."""

    leaf_id: NodeId
    sku_id: SkuId
    at: datetime
    count_id: CountId | None = None


def ask_counts(conn: Conn, asks: Sequence[NewAsk], *, now: datetime, by: str) -> list[CountAskKept | Refusal]:
    """Ask for counts, one outcome each; what is asked already is that, with the note it had."""
    first = {(one.leaf_id, one.sku_id): one for one in reversed(asks)}
    ids = uuid7s(now, len(first))
    execute(
        conn,
        SQL["ask_counts"],
        ids=uuids(ids),
        leaf_ids=uuids([one.leaf_id for one in first.values()]),
        sku_ids=uuids([one.sku_id for one in first.values()]),
        notes=texts([one.note.strip()[:NOTE_MOST] for one in first.values()]),
        now=now,
        by=by,
    )
    kept = {(one.leaf_id, one.sku_id): one for one in asked_of_goods(conn, list(first))}
    made = set(ids)
    return [
        CountAskKept(asked=kept[key], is_repeat=kept[key].id not in made)
        if (key := (one.leaf_id, one.sku_id)) in kept
        else CountNotPossible(leaf_id=one.leaf_id, sku_id=one.sku_id)
        for one in asks
    ]


def withdraw_asked(
    conn: Conn, goods: Sequence[tuple[NodeId, SkuId]], *, now: datetime, by: str
) -> list[AskedCount | Refusal]:
    """Take back what was asked for of goods at leaves and not yet counted, one outcome each."""
    found = fetch(
        conn,
        SQL["withdraw_asked"],
        AskedCount,
        leaf_ids=uuids([leaf_id for leaf_id, _ in goods]),
        sku_ids=uuids([sku_id for _, sku_id in goods]),
        now=now,
        by=by,
    )
    gone = {(one.leaf_id, one.sku_id): one for one in found}
    return [gone.get(key) or NothingAsked(leaf_id=key[0], sku_id=key[1]) for key in goods]


def meet_asked(conn: Conn, looked: Sequence[LookedAt], *, now: datetime) -> None:
    """End what was asked for of goods that were looked at after it was asked."""
    last = {(one.leaf_id, one.sku_id): one for one in sorted(looked, key=lambda one: one.at)}
    if last:
        execute(
            conn,
            SQL["meet_asked"],
            leaf_ids=uuids([leaf_id for leaf_id, _ in last]),
            sku_ids=uuids([sku_id for _, sku_id in last]),
            looked_at=moments([one.at for one in last.values()]),
            count_ids=uuids([one.count_id for one in last.values()]),
            now=now,
        )


def asked_of_goods(conn: Conn, goods: Collection[tuple[NodeId, SkuId]]) -> list[AskedCount]:
    """Return what is asked for and not yet counted of goods at leaves."""
    return fetch(
        conn,
        SQL["open_asked_of_goods"],
        AskedCount,
        leaf_ids=uuids([leaf_id for leaf_id, _ in goods]),
        sku_ids=uuids([sku_id for _, sku_id in goods]),
    )


def asked_at_leaves(conn: Conn, leaf_ids: Collection[NodeId], *, at_most: int) -> list[AskedCount]:
    """Return what is asked for and not yet counted at leaves, what was asked first before the others."""
    return fetch(conn, SQL["open_asked_at_leaves"], AskedCount, leaf_ids=uuids(leaf_ids), at_most=at_most)
