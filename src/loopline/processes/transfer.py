"""Transfer: goods leave one site for another, and come there, all of them or not."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loopline import stock
from loopline.db import Conn, log
from loopline.kernel.events import SYSTEM_ACTOR, event
from loopline.kernel.ids import NodeId, SiteId, TransferId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.processes.promise import fill_parked
from loopline.processes.replenish import PARKED_LINES_MAX
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.turn import take_turn
from loopline.stock import Arrived, Sent, TransferArrival, TransferAsk
from loopline.stock.events import GoodsArrived, GoodsSent


def send(
    conn: Conn, asks: Sequence[TransferAsk], *, scope: Scope, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[Sent | Refusal]:
    """Send goods from sites in scope to other sites, each transfer whole or refused. What was promised stays."""
    take_turn(conn)
    sites = _sites_of(conn, [ask.from_leaf_id for ask in asks])
    covered = [ask for ask in asks if scope.covers_site(sites.get(ask.from_leaf_id))]
    sent = iter(stock.send_transfers(conn, covered, now=now, by=actor))
    outcomes = [
        next(sent)
        if scope.covers_site(sites.get(ask.from_leaf_id))
        else NotInYourBranch(subject=str(ask.from_leaf_id))
        for ask in asks
    ]
    log.append(
        conn,
        [
            event(_sent(ask), subject=ask.id, at=now, actor=actor)
            for ask, outcome in zip(asks, outcomes, strict=True)
            if isinstance(outcome, Sent) and not outcome.is_repeat
        ],
    )
    return outcomes


def receive(
    conn: Conn, arrivals: Sequence[TransferArrival], *, scope: Scope, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[Arrived | Refusal]:
    """Take in what came to sites in scope, and give it to those who wait; what will not come is written off."""
    take_turn(conn)
    goals = stock.transfer_goals(conn, {one.transfer_id for one in arrivals})
    sites = _sites_of(conn, list(goals.values()))
    covered = [one for one in arrivals if _is_covered(one, goals, sites, scope)]
    arrived = iter(stock.receive_transfers(conn, covered, now=now, by=actor))
    outcomes = [
        next(arrived)
        if _is_covered(one, goals, sites, scope)
        else NotInYourBranch(subject=str(one.transfer_id))
        for one in arrivals
    ]
    new = [
        (one, outcome)
        for one, outcome in zip(arrivals, outcomes, strict=True)
        if isinstance(outcome, Arrived) and not outcome.is_repeat
    ]
    log.append(
        conn,
        [
            *(event(_arrived(*pair), subject=pair[0].transfer_id, at=now, actor=actor) for pair in new),
            *shortfall_events([outcome for _, outcome in new], now=now),
        ],
    )
    came = list({one.sku_id for one, _ in new if one.received})
    if came:
        fill_parked(conn, sku_ids=came, now=now, limit=PARKED_LINES_MAX)
    return outcomes


def _is_covered(
    one: TransferArrival,
    goals: Mapping[TransferId, NodeId],
    sites: Mapping[NodeId, SiteId | None],
    scope: Scope,
) -> bool:
    """Whoever sees the whole brand is told of a transfer that is none; others, that it is not theirs."""
    goal = goals.get(one.transfer_id)
    return scope.covers_site(None if goal is None else sites.get(goal))


def _sites_of(conn: Conn, leaf_ids: Sequence[NodeId]) -> dict[NodeId, SiteId | None]:
    return {node.id: node.site_id for node in stock.nodes_by_ids(conn, leaf_ids)}


def _sent(ask: TransferAsk) -> GoodsSent:
    return GoodsSent(
        transfer_id=ask.id,
        from_leaf_id=ask.from_leaf_id,
        to_leaf_id=ask.to_leaf_id,
        lines=tuple(GoodsSent.Line(sku_id=line.sku_id, units=line.units) for line in ask.lines),
    )


def _arrived(one: TransferArrival, outcome: Arrived) -> GoodsArrived:
    return GoodsArrived(
        arrival_id=one.id,
        transfer_id=one.transfer_id,
        sku_id=one.sku_id,
        received=one.received,
        unsellable=one.unsellable,
        lost=one.lost,
        reason=one.reason,
        in_transit=outcome.in_transit,
    )
