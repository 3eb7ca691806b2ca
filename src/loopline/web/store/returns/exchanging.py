"""Exchange at the counter: what comes back, and what goes out for it, in one step."""

from datetime import datetime
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from loopline.db import Conn
from loopline.kernel.ids import ReturnId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.payments.cash import CARD_TERMINAL, CASH
from loopline.processes.announce import LineBack
from loopline.processes.exchange import (
    CounterExchange,
    GoodsOut,
    exchange_at_counter,
    guide_of,
    send_to_the_same,
)
from loopline.processes.turn import take_turn
from loopline.web.api.answers import run
from loopline.web.edge import WebRequest, edge_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import Form, number, time_id
from loopline.web.store.refusals import NothingOut
from loopline.web.store.returns.photographing import keep_sent
from loopline.web.store.returns.place import RETURNING, keep_given, put_away, reason_of
from loopline.web.store.returns.taking import (
    OUT_FIELDS,
    Taken,
    answer_for,
    is_taken_in,
    lacking_photos,
    pictured,
    read_sold,
    said_in,
)
from loopline.web.store.till.counter import sending_scope
from loopline.web.store.till.drawer import hold_shift_here

_SENT = "sent"
_CODE_LENGTH_MAX = 64


@post("/store/returns/of/{order_number:str}/exchange", dependencies=RETURNING, sync_to_thread=True)
def exchange_order(
    request: WebRequest, returning: NamedDependency[Desk], order_number: FromPath[str], data: Form
) -> Response[Any]:
    """Take units of an order back and hand others out for them; sent twice, it is done once."""
    scope = sending_scope(returning.visitor)
    if not scope.covers_site(returning.site.id):  # whoever only takes back sells nothing
        raise Refused(NotInYourBranch(subject=returning.site.code))
    made = ReturnId(time_id(data, "return_id") or uuid7(edge_of(request).clock()))
    data["return_id"] = str(made)  # photos that were kept stay with it, whatever is refused
    unkept = keep_sent(request, returning, data, made, lambda conn, now: pictured(conn, order_number, now))
    if unkept is not None:
        return answer_for(request, returning, order_number, unkept, data)

    def work(conn: Conn, now: datetime) -> Taken | Refusal:
        take_turn(conn)
        shift = hold_shift_here(conn, request, returning)
        sold = read_sold(conn, order_number, now)
        said = said_in(sold, data)
        if isinstance(said, Refusal):
            return Taken(return_id=made, is_again=True) if is_taken_in(conn, made, scope) else said
        lacking = lacking_photos(conn, data, made, said, by=actor_of(returning.visitor), now=now)
        if lacking is not None:
            return lacking
        code = str(data.get("out_code", "")).strip() or str(data.get("out_sku", ""))
        units = number(data, "out_units")
        if not code or not units:
            return NothingOut()
        asked = CounterExchange(
            id=made,
            order_id=sold.order.id,
            site_id=returning.site.id,
            back=tuple(
                LineBack(line_id=one.line.line_id, units=one.units, reason=reason_of(one.reason))
                for one in said
            ),
            out=(GoodsOut(sku_code=code.replace("\x00", "")[:_CODE_LENGTH_MAX], units=units),),
            actor=actor_of(returning.visitor),
            method=CARD_TERMINAL if data.get("method") == CARD_TERMINAL else CASH,
            is_sent=data.get("out_is", OUT_FIELDS["out_is"]) == _SENT,
            guide_id=guide_of(conn, returning.person_id),
        )
        outcome = exchange_at_counter(conn, asked, scope=scope, now=now)
        send_to_the_same(conn, outcome, sold.order.id, ring=edge_of(request).ring, now=now)
        if outcome.taken is not None:
            put_away(conn, outcome.taken, [one.grade for one in said], returning, now=now)
        keep_given(conn, made, shift, returning, now=now, new_order_id=outcome.new_order_id)
        return Taken(return_id=outcome.exchange_id, is_again=outcome.is_repeat)

    try:
        outcome = run(request, work)
    except Refused as refused:
        outcome = refused.refusal
    return answer_for(request, returning, order_number, outcome, data)
