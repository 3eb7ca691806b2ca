"""Choosing another hour for an order: when the courier or the fitter comes, or the store expects its customer."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.processes.slots import HourNotFree, SlotMove, move_slots
from loopline.web.edge import WebRequest
from loopline.web.hours import moment_said
from loopline.web.shop.order import done_with_order
from loopline.web.shop.shopper import Shopper


@post("/o/{number:str}/hour", sync_to_thread=True)
def choose_hour(
    request: WebRequest,
    number: FromPath[str],
    member: NamedDependency[Shopper],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Choose another hour, as long as it has not begun, or a fitter was there in vain, and the goods are there."""
    starts_at = moment_said(str(data.get("starts_at", "")))

    def work(conn: Conn, head: Order, now: datetime) -> Refusal | None:
        if starts_at is None:
            return HourNotFree()
        move = SlotMove(order_id=head.id, starts_at=starts_at, by_member=member.member_id, actor=member.actor)
        (outcome,) = move_slots(conn, [move], scope=Scope(), now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return done_with_order(request, number, member, work)
