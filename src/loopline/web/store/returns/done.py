"""What became of a return: what to give the customer now, where the goods go, and its photos."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import catalogue, orders
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import ReturnId, SkuId
from loopline.kernel.refusals import Refused
from loopline.orders import Delivery, Order
from loopline.payments import StandingIntent
from loopline.payments import queries as payments
from loopline.payments.cash import CASH, EXCHANGE
from loopline.processes.receive import PLATFORM
from loopline.returns import queries as returns
from loopline.returns.exchanges import KeptExchange, exchanges_by_id
from loopline.returns.model import BlindState
from loopline.returns.photos import Photo, photos_of_returns
from loopline.returns.queries import Return, ReturnLine
from loopline.web.api.answers import read
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, language_of
from loopline.web.hq.order_words import method_word
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.photos_back import photos_shown
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import goods_row
from loopline.web.store.returns.place import PHOTOS, RETURNING, RETURNS, scope_of


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A return with what was given back by hand when it came, and what a gateway was asked to give.

    `methods`: how the order was paid, as far as no gateway gives it back by itself.
    """

    head: Return
    order: Order | None
    lines: list[ReturnLine]
    skus: Mapping[SkuId, Sku]
    hand_minor: int
    by_gateway: list[StandingIntent]
    methods: list[str]
    exchange: KeptExchange | None
    new_order: Order | None
    photos: list[Photo]

    def decided_minor(self, line: ReturnLine) -> int:
        """What is paid back for the units of a line that had no sale."""
        if line.blind_state is not BlindState.ACCEPTED:
            return 0
        return (line.blind_refund_unit_minor or 0) * (line.units - sum(one.units for one in line.matches))


@get("/store/returns/done/{return_id:uuid}", dependencies=RETURNING, sync_to_thread=True)
def show_taken(request: WebRequest, returning: NamedDependency[Desk], return_id: FromPath[UUID]) -> Template:
    """Show what became of a return to this site: what to give the customer now, and where the goods go.

    With a line in the address it is what was decided on that line, and nothing that was paid before.
    """
    language = language_of(request)
    done = read(request, lambda conn, _: _read_done(conn, ReturnId(return_id), returning))
    line_id = request.query_params.get("line", "")
    lines = [line for line in done.lines if not line_id or str(line.return_line_id) == line_id]
    currency = done.head.currency
    decided = sum(map(done.decided_minor, lines)) if line_id else 0
    hand = decided if line_id else done.hand_minor
    is_platform = not line_id and done.methods == [PLATFORM]
    return page(
        request,
        "store/return_done.html",
        visitor=returning.visitor,
        desk=returning,
        order_number=done.order.number if done.order else "",
        is_again="again" in request.query_params,
        photos=photos_shown(done.photos, returning.site.time_zone, language, path=PHOTOS),
        photo_path=f"{RETURNS}/done/{return_id}/photo",
        hand=language.money(hand, currency) if hand else "",
        hand_ways=" · ".join(method_word(one, language) for one in ([CASH] if line_id else done.methods)),
        is_platform=is_platform,
        gateways=[
            {"way": method_word(one.gateway, language), "amount": language.money(one.amount_minor, currency)}
            for one in (() if line_id else done.by_gateway)
        ],
        rows=[_done_row(line, done, language) for line in lines],
        exchange=_exchange(done, language),
        is_waiting=any(line.blind_state is BlindState.WAITING for line in lines),
        is_refused=any(line.blind_state is BlindState.REFUSED for line in lines),
    )


def _read_done(conn: Conn, return_id: ReturnId, desk: Desk) -> Done:
    found = returns.returns_by_id(conn, [return_id])
    if not found or not scope_of(desk.visitor).covers_site(found[0].site_id):
        raise Refused(NoSuchThing(noun="return", value=str(return_id)))
    head = found[0]
    lines = returns.lines_of_returns(conn, [return_id])
    order_ids = [head.order_id] if head.order_id is not None else []
    heads = orders.orders_by_ids(conn, order_ids) if order_ids else []
    intents = payments.intents_of_orders(conn, order_ids) if order_ids else []
    paid = payments.payments_of_orders(conn, order_ids) if order_ids else []
    asked = [one for one in intents if one.return_id == return_id]
    exchange = exchanges_by_id(conn, [return_id]).get(return_id)
    new = [exchange.new_order_id] if exchange is not None and exchange.new_order_id is not None else []
    new_heads = orders.orders_by_ids(conn, new) if new else []
    by_gateway = {one.id for one in asked}  # what a gateway has given by now is among the refunds, too
    return Done(
        head=head,
        order=heads[0] if heads else None,
        lines=lines,
        skus=catalogue.skus_by_id(conn, {line.sku_id for line in lines if line.sku_id is not None}),
        hand_minor=sum(
            one.amount_minor
            for one in payments.refunds_of_returns(conn, [return_id])
            if one.order_id is not None and one.id not in by_gateway and one.method != EXCHANGE
        ),
        by_gateway=asked,
        exchange=exchange,
        new_order=new_heads[0] if new_heads else None,
        photos=photos_of_returns(conn, [return_id]),
        methods=sorted({one.method for one in paid if one.intent_id is None}),
    )


def _exchange(done: Done, language: Language) -> dict[str, str] | None:
    """What takes the place of what came back, and what is to be taken for it."""
    if done.exchange is None or done.new_order is None:
        return None
    new = done.new_order
    difference = new.amount_minor - done.exchange.credit_minor
    return {
        "number": new.number,
        "is_sent": "" if new.delivery is Delivery.CARRIED_OUT else "yes",
        "difference": language.money(difference, new.currency) if difference > 0 else "",
        "credit": language.money(done.exchange.credit_minor, new.currency)
        if done.exchange.credit_minor
        else "",
    }


def _done_row(line: ReturnLine, done: Done, language: Language) -> dict[str, Any]:
    sku = done.skus.get(line.sku_id) if line.sku_id is not None else None
    return {
        **goods_row(sku, language),
        "code": line.code,
        "units": language.count(line.units),
        "is_waiting": line.blind_state is BlindState.WAITING,
        "is_refused": line.blind_state is BlindState.REFUSED,
        "is_graded": line.graded_units > 0,
    }
