"""Ask counts: somebody who looks after the stock of a branch asks its sites to count goods, and takes that back."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from loopline import stock
from loopline.db import Conn, log
from loopline.kernel.events import Event, event
from loopline.kernel.ids import NodeId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.stock import asked_counts
from loopline.stock.asked_counts import AskedCount, CountAskKept, CountedElsewhere, NewAsk
from loopline.stock.events import CountAsked, CountAskWithdrawn

Goods = tuple[NodeId, SkuId]
Asked = AskedCount | CountAskKept
Item = TypeVar("Item")
Decided = TypeVar("Decided")


def ask(
    conn: Conn, asks: Sequence[NewAsk], *, scope: Scope, now: datetime, actor: str
) -> list[Asked | Refusal]:
    """Ask sites in scope to count goods, one outcome each; what is asked already stays as it was asked.

    A site counts what it sells: what lies there for others is refused.
    """

    def decide(ours: list[NewAsk]) -> Sequence[Asked | Refusal]:
        nodes = stock.nodes_by_ids(conn, list({one.leaf_id for one in ours}))
        shelves = set(stock.selling_leaves(conn, [one.site_id for one in nodes if one.site_id]).values())
        asked = iter(
            asked_counts.ask_counts(conn, [one for one in ours if one.leaf_id in shelves], now=now, by=actor)
        )
        return [
            next(asked)
            if one.leaf_id in shelves
            else CountedElsewhere(leaf_id=one.leaf_id, sku_id=one.sku_id)
            for one in ours
        ]

    outcomes = within(conn, asks, [one.leaf_id for one in asks], scope=scope, decide=decide)
    new = {one.asked.id: one.asked for one in outcomes if isinstance(one, CountAskKept) and not one.is_repeat}
    log.append(
        conn,
        [
            event(
                CountAsked(asked_id=one.id, leaf_id=one.leaf_id, sku_id=one.sku_id),
                subject=one.id,
                at=now,
                actor=actor,
            )
            for one in new.values()
        ],
    )
    return outcomes


def withdraw(
    conn: Conn, goods: Sequence[Goods], *, scope: Scope, now: datetime, actor: str
) -> list[Asked | Refusal]:
    """Take back counts that were asked for and not yet done, one outcome each."""

    def decide(ours: list[Goods]) -> Sequence[Asked | Refusal]:
        return asked_counts.withdraw_asked(conn, ours, now=now, by=actor)

    outcomes = within(conn, goods, [leaf_id for leaf_id, _ in goods], scope=scope, decide=decide)
    gone = {one.id: one for one in outcomes if isinstance(one, AskedCount)}
    log.append(conn, [_withdrawn(one, now=now, actor=actor) for one in gone.values()])
    return outcomes


def _withdrawn(one: AskedCount, *, now: datetime, actor: str) -> Event:
    return event(
        CountAskWithdrawn(asked_id=one.id, leaf_id=one.leaf_id, sku_id=one.sku_id),
        subject=one.id,
        at=now,
        actor=actor,
    )


def within(
    conn: Conn,
    items: Sequence[Item],
    leaf_ids: Sequence[NodeId],
    *,
    scope: Scope,
    decide: Callable[[list[Item]], Sequence[Decided | Refusal]],
) -> list[Decided | Refusal]:
    """Decide on items at leaves of sites in scope; `leaf_ids` are theirs, in the same order."""
    sites = {node.id: node.site_id for node in stock.nodes_by_ids(conn, list(set(leaf_ids)))}
    covered = [scope.covers_site(sites.get(leaf_id)) for leaf_id in leaf_ids]
    decided = iter(decide([one for one, is_ours in zip(items, covered, strict=True) if is_ours]))
    return [
        next(decided) if is_ours else NotInYourBranch(subject=str(leaf_id))
        for leaf_id, is_ours in zip(leaf_ids, covered, strict=True)
    ]
