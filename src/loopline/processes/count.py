"""Count: people count shelves while the shop goes on selling; what they saw makes the books agree in the end."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from loopline import stock
from loopline.db import Conn, log
from loopline.kernel.events import SYSTEM_ACTOR, event
from loopline.kernel.ids import CountId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.processes.outcomes import all_granted
from loopline.processes.replenish import record_goods
from loopline.processes.turn import take_turn
from loopline.stock import CountEnd, CountFacts, CountOpened, Look, Looked, NewCount
from loopline.stock.counts import LookBack, take_back_looks
from loopline.stock.events import CountPosted

Item = TypeVar("Item", Look, LookBack, CountEnd)
Decided = TypeVar("Decided")


def open_counts(
    conn: Conn, new: Sequence[NewCount], *, scope: Scope, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[CountOpened | Refusal]:
    """Begin counts at sites in scope; the same id again is the same count."""
    sites = {node.id: node.site_id for node in stock.nodes_by_ids(conn, [one.leaf_id for one in new])}
    covered = [scope.covers_site(sites.get(one.leaf_id)) for one in new]
    opened = iter(
        stock.open_counts(
            conn, [one for one, is_ours in zip(new, covered, strict=True) if is_ours], now=now, by=actor
        )
    )
    return [
        next(opened) if is_ours else NotInYourBranch(subject=str(one.id))
        for one, is_ours in zip(new, covered, strict=True)
    ]


def enter(
    conn: Conn, looks: Sequence[Look], *, scope: Scope, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[Looked | Refusal]:
    """Enter what was seen of goods, beside what the books say at this moment. Nothing moves yet."""
    return _within(
        conn, looks, scope=scope, decide=lambda ours: stock.enter_counts(conn, ours, now=now, by=actor)
    )


def take_back(conn: Conn, backs: Sequence[LookBack], *, scope: Scope) -> list[LookBack | Refusal]:
    """Take looks back that were a mistake: as if nobody had looked. Nothing has moved yet."""
    return _within(conn, backs, scope=scope, decide=lambda ours: take_back_looks(conn, ours))


def end(
    conn: Conn, ends: Sequence[CountEnd], *, scope: Scope, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[CountFacts | Refusal]:
    """End counts: post what differed, or drop it. What was sold and came since each look stays as it is."""
    take_turn(conn)
    outcomes = _within(conn, ends, scope=scope, decide=lambda ours: stock.end_counts(conn, ours, now=now))
    posted = [one for one in outcomes if isinstance(one, CountFacts) and not one.drops]
    facts = [fact for one in posted for fact in one.facts]
    all_granted(record_goods(conn, facts, now=now, actor=actor))
    log.append(
        conn,
        [
            event(
                CountPosted(count_id=one.count_id, lines=len(one.lines), differences=len(one.facts)),
                subject=one.count_id,
                at=now,
                actor=actor,
            )
            for one in posted
        ],
    )
    return outcomes


def _within(
    conn: Conn,
    items: Sequence[Item],
    *,
    scope: Scope,
    decide: Callable[[list[Item]], Sequence[Decided | Refusal]],
) -> list[Decided | Refusal]:
    """Decide on what is of counts in scope; whoever sees the whole brand is told of a count that is none."""
    places = stock.count_places(conn, {one.count_id for one in items})
    sites = {node.id: node.site_id for node in stock.nodes_by_ids(conn, list(places.values()))}

    def is_ours(count_id: CountId) -> bool:
        place = places.get(count_id)
        return scope.covers_site(None if place is None else sites.get(place))

    decided = iter(decide([one for one in items if is_ours(one.count_id)]))
    return [
        next(decided) if is_ours(one.count_id) else NotInYourBranch(subject=str(one.count_id))
        for one in items
    ]
