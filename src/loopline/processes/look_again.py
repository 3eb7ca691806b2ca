"""Look again: somebody wants orders that wait for a site to be decided with the next wave."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.processes.cancel import UnknownOrder
from loopline.processes.turn import take_turn


class LookedAgain(msgspec.Struct, frozen=True, kw_only=True):
    """The order is due: the next wave decides it."""

    order_id: OrderId


class WaitsForNoSite(Refusal, frozen=True, kw_only=True):
    """Order {number} does not wait for a site."""

    order_id: OrderId
    number: str


def look_again(
    conn: Conn, order_ids: Sequence[OrderId], *, scope: Scope, now: datetime
) -> list[LookedAgain | Refusal]:
    """Let orders of sites in scope be sourced now that were put off. Takes the turn, then locks the orders.

    What is due already is no refusal. Refused: what waits for its payment or for goods, or holds nothing.
    """
    take_turn(conn)
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    wanted = [one for one in order_ids if one in heads and scope.covers_site(heads[one].site_id)]
    orders.wake_orders(conn, wanted, now=now)
    outcomes: list[LookedAgain | Refusal] = []
    for order_id in order_ids:
        head = heads.get(order_id)
        if head is None or not scope.covers_site(head.site_id):
            outcomes.append(UnknownOrder(order_id=order_id))
        elif not head.held or head.pay_until is not None:
            outcomes.append(WaitsForNoSite(order_id=order_id, number=head.number))
        else:
            outcomes.append(LookedAgain(order_id=order_id))
    return outcomes
