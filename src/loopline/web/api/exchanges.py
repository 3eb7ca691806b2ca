"""Exchanges: goods come back and others go out for them, at a counter or announced by their customer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import orders, org
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, ReturnId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.payments.cash import CARD_TERMINAL, CASH
from loopline.processes.announce import LineBack, receive_taken_back
from loopline.processes.exchange import (
    CounterExchange,
    ExchangeAsked,
    Exchanged,
    GoodsOut,
    announce_exchange,
    exchange_at_counter,
    send_to_the_same,
)
from loopline.returns.model import Reason
from loopline.web.api.answers import AnyRequest, commanded
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.order_view import find_order
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import posted
from loopline.web.api.types import Code, Units
from loopline.web.edge import edge_of

_TAG = "returns"
_LINES_MAX = 200


class ExchangeBack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a line of the order that come back. `sku_code`: the variety that the customer wants for it."""

    line_id: UUID
    units: Units
    reason: Reason = Reason.OTHER
    sku_code: Code | None = None


class ExchangeOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods that go out at a counter."""

    sku_code: Code
    units: Units


class ExchangeAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exchange; `id` is a UUIDv7 of yours, which names it for good: sent again, it is that exchange.

    With `site_code` the goods are at that counter: `out` goes out for them from its shelf (or is sent, `is_sent`). A
    difference is paid by `method`, which wants `payments.write`, or given back the way the order was paid. Without a
    site other varieties are held, named by each line's `sku_code`, and are paid for by the old goods once these are
    here; so members ask.
    """

    id: UUID
    order: Annotated[str, Meta(min_length=1, max_length=64)]
    back: Annotated[tuple[ExchangeBack, ...], Meta(min_length=1, max_length=_LINES_MAX)]
    site_code: Code | None = None
    out: Annotated[tuple[ExchangeOut, ...], Meta(max_length=_LINES_MAX)] = ()
    method: Annotated[str, Meta(pattern=f"^({CASH}|{CARD_TERMINAL})$")] = CASH
    is_sent: bool = False


class ExchangeDone(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange: its number is that of its return; what was paid for it now, and what goes back, in minor units."""

    id: ReturnId
    order_number: str
    new_order_id: OrderId
    new_order_number: str
    is_repeat: bool
    paid_minor: int
    given_back_minor: int


@posted("/exchanges", tag=_TAG, name="exchange_goods", gives=ExchangeDone)
def exchange_goods(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[ExchangeAsk]
) -> Response[bytes]:
    """Exchange goods of an order, or announce (members) that they come back for other varieties. One at a time."""
    is_member = caller.kind is CallerKind.MEMBER
    scope = Scope() if is_member else caller.scope(Permission.RETURNS_WRITE)

    def work(conn: Conn, now: datetime) -> ExchangeDone:
        head = find_order(conn, data.order)
        if head is None:
            raise Refused(NoSuchThing(noun="order", value=data.order))
        back = tuple(
            LineBack(line_id=LineId(one.line_id), units=one.units, reason=one.reason) for one in data.back
        )
        if data.site_code is None or is_member:
            if not is_member and not caller.scope(Permission.ORDERS_WRITE).covers_site(head.site_id):
                raise Refused(NoSuchThing(noun="order", value=data.order))
            wish = ExchangeAsked(
                id=data.id,
                order_id=head.id,
                back=back,
                out=tuple(one.sku_code or "" for one in data.back),
                actor=caller.actor,
                by_member=caller.member_id if is_member else None,
            )
            announced = announce_exchange(conn, wish, scope=scope, now=now)
            send_to_the_same(conn, announced, head.id, ring=edge_of(request).ring, now=now)
            return _done(conn, announced, head.number)
        site = org.sites_by_code(conn, [data.site_code]).get(data.site_code)
        may_sell = caller.scope(Permission.ORDERS_WRITE)
        if site is None or not (scope.covers_site(site.id) and may_sell.covers_site(site.id)):
            raise Refused(NoSuchThing(noun="site", value=data.site_code))
        asked = CounterExchange(
            id=data.id,
            order_id=head.id,
            site_id=site.id,
            back=back,
            out=tuple(GoodsOut(sku_code=one.sku_code, units=one.units) for one in data.out),
            actor=caller.actor,
            method=data.method,
            is_sent=data.is_sent,
        )
        done = exchange_at_counter(conn, asked, scope=scope, now=now)
        if done.paid_minor and not caller.scope(Permission.PAYMENTS_WRITE).covers_site(site.id):
            raise Refused(NotInYourBranch(subject=site.code))
        send_to_the_same(conn, done, head.id, ring=edge_of(request).ring, now=now)
        if done.taken is not None:
            receive_taken_back(conn, [(done.taken, site.id)], now=now)
        return _done(conn, done, head.number)

    return commanded(request, caller, data, work)


def _done(conn: Conn, done: Exchanged, order_number: str) -> ExchangeDone:
    (new,) = orders.orders_by_ids(conn, [done.new_order_id])
    return ExchangeDone(
        id=done.exchange_id,
        order_number=order_number,
        new_order_id=new.id,
        new_order_number=new.number,
        is_repeat=done.is_repeat,
        paid_minor=done.paid_minor,
        given_back_minor=done.given_back_minor,
    )


EXCHANGE_HANDLERS = [exchange_goods]
