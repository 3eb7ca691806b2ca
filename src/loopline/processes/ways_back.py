"""Ways back: the site that waits for announced goods, and what the log says of their way.

Rooms: orders and fulfilment (who sent the goods), returns (the way).
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import orders
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.kernel.events import event
from loopline.kernel.ids import OrderId, ReturnId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.returns import ways
from loopline.returns.events import ReturnSent
from loopline.returns.ways import NewWay, SentBack, Way, WaySent


class WayChosen(msgspec.Struct, frozen=True, kw_only=True):
    """By which way a return that was announced of an order comes back."""

    return_id: ReturnId
    order_id: OrderId
    way: Way


def choose_ways(conn: Conn, chosen: Sequence[WayChosen]) -> list[str | Refusal]:
    """Keep by which ways announced returns come, to the site that sent the goods, else that sold them; their codes."""
    order_ids = {one.order_id for one in chosen}
    sold_at = {head.id: head.site_id for head in orders.orders_by_ids(conn, list(order_ids))}
    sent_from: dict[OrderId, SiteId] = {
        task.order_id: task.site_id
        for task in fulfilment.tasks_of_orders(conn, list(order_ids))
        if task.state is TaskState.HANDED_OVER
    }
    wanted = [
        NewWay(
            return_id=one.return_id,
            way=one.way,
            site_id=sent_from.get(one.order_id) or sold_at.get(one.order_id),
        )
        for one in chosen
    ]
    return ways.choose_ways(conn, wanted)


def say_fetched(
    conn: Conn, return_ids: Sequence[ReturnId], *, scope: Scope, by: str, now: datetime
) -> list[SentBack | Refusal]:
    """Say that a courier fetched announced goods, for the sites in scope that wait for them."""
    waiting = ways.ways_of_returns(conn, return_ids)
    others = {
        one.return_id
        for one in waiting.values()
        if one.way is not Way.COURIER or not scope.covers_site(one.site_id)
    }
    told = iter(
        _say_sent(conn, [WaySent(return_id=one) for one in return_ids if one not in others], by=by, now=now)
    )
    return [NotInYourBranch(subject=str(one)) if one in others else next(told) for one in return_ids]


def say_sent(conn: Conn, sent: Sequence[WaySent], *, by: str, now: datetime) -> list[SentBack | Refusal]:
    """Say under which numbers members sent their own returns. The caller knows that they are theirs."""
    return _say_sent(conn, sent, by=by, now=now)


def _say_sent(conn: Conn, sent: Sequence[WaySent], *, by: str, now: datetime) -> list[SentBack | Refusal]:
    outcomes = ways.say_sent(conn, sent, by=by, now=now)
    log.append(
        conn,
        [
            event(
                ReturnSent(return_id=one.return_id, way=one.way.value, tracking_number=one.tracking_number),
                subject=one.return_id,
                at=now,
                actor=by,
            )
            for one in outcomes
            if isinstance(one, SentBack) and not one.is_repeat
        ],
    )
    return outcomes
