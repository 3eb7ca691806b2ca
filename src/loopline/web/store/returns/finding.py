"""Find what comes back: by its order, receipt, phone, or the number on the piece itself; and what waits here."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, orders, search
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, ReturnId, ReturnLineId, SkuId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org import Entity, Permission
from loopline.org.queries import entities_by_id
from loopline.processes.outcomes import all_granted
from loopline.processes.take_back.blind import Waiting, waiting_at
from loopline.processes.ways_back import say_fetched
from loopline.returns.ways import Way, WayBack, ways_by_code, ways_to_sites
from loopline.search import OrderAsk, OrderFound
from loopline.touchpoints import TouchpointKind
from loopline.touchpoints.queries import touchpoints_by_codes
from loopline.web.api.answers import read, run
from loopline.web.edge import Edge, WebRequest, edge_of, language_of
from loopline.web.hq.order_text import members_meant, text_asked
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import goods_row
from loopline.web.store.returns.place import (
    REASON_WORDS,
    RETURNING,
    RETURNS,
    deciding_scope,
    grades,
    scope_of,
)
from loopline.web.store.returns.units import find_unit
from loopline.web.store.till.counter import prices_at_till
from loopline.web.way_words import way_said

_TEXT_LENGTH_MAX = 200
_ORDERS_SHOWN = 20
_WAITING_SHOWN = 50
_UNDER_WAY_SHOWN = 100
_OF_ONE_ORDER = frozenset({TouchpointKind.RECEIPT, TouchpointKind.PARCEL})


class TypedWord(msgspec.Struct, frozen=True, kw_only=True):
    """A word on a line as it was typed, and why it was not taken.

    `field` is the one to look at; empty: none of them.
    """

    line_id: ReturnLineId
    price: str
    grade: str
    why: str
    field: str
    said: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a text leads to, and what waits here for a decision, with what it costs now.

    `number`: the one order that is meant; `line_id`: the line of it that the piece was sold in, where that is known.
    """

    number: str | None
    line_id: LineId | None
    rows: list[OrderFound]
    waiting: list[Waiting]
    under_way: list[WayBack]
    numbers: dict[OrderId, str]
    skus: dict[SkuId, Sku]
    prices: dict[SkuId, int]
    seller: Entity


@get(RETURNS, dependencies=RETURNING, sync_to_thread=True)
def show_returns(
    request: WebRequest, returning: NamedDependency[Desk], q: FromQuery[str] = ""
) -> Response[Any]:
    """Lead to the order that is meant, or show those that may be; and what waits here for a decision."""
    text = q.strip()[:_TEXT_LENGTH_MAX].replace("\x00", "")
    edge = edge_of(request)
    found = read(request, lambda conn, now: _find(conn, text, returning, edge, now=now))
    if found.number is not None:
        line = f"?line={found.line_id}" if found.line_id is not None else ""
        return Redirect(f"{RETURNS}/of/{found.number}{line}", status_code=HTTP_303_SEE_OTHER)
    return _page(request, returning, text, found)


def word_not_taken(request: WebRequest, desk: Desk, typed: TypedWord, *, status: int) -> Template:
    """Show what waits here with what somebody typed on a line of it, and why that was not taken, beside its field."""
    edge = edge_of(request)
    found = read(request, lambda conn, now: _find(conn, "", desk, edge, now=now))
    return _page(request, desk, "", found, typed=typed, status=status)


def _find(conn: Conn, text: str, desk: Desk, edge: Edge, *, now: datetime) -> Found:
    number: str | None = None
    line_id: LineId | None = None
    rows: list[OrderFound] = []
    if text:
        number, rows = _order_named(conn, text)
    under_way = ways_to_sites(conn, [desk.site.id], limit=_UNDER_WAY_SHOWN)
    if text and number is None and not rows:
        sees = desk.visitor.branches.get(Permission.ORDERS_READ, Scope())
        unit = find_unit(conn, text, scope=sees, limit=_ORDERS_SHOWN)
        number, line_id, rows = unit.number, unit.line_id, unit.rows
    if text and number is None and not rows:
        ask = OrderAsk(
            text=text_asked(text),
            members_meant=members_meant(conn, text, ring=edge.ring, branches=desk.visitor.branches),
        )
        scope = desk.visitor.scope_of(Permission.ORDERS_READ)
        rows = search.find_orders(conn, ask, scope=scope, limit=_ORDERS_SHOWN)
    may_decide = deciding_scope(desk.visitor).covers_site(desk.site.id)
    waiting = waiting_at(conn, [desk.site.id], limit=_WAITING_SHOWN)
    skus = catalogue.skus_by_id(conn, {one.line.sku_id for one in waiting if one.line.sku_id is not None})
    seller = entities_by_id(conn, [desk.site.entity_id])[desk.site.entity_id]
    known = list(skus.values()) if may_decide else []
    return Found(
        number=number,
        line_id=line_id,
        rows=rows,
        waiting=waiting,
        under_way=under_way,
        numbers=_numbers(conn, under_way),
        skus=skus,
        prices=prices_at_till(conn, known, desk.site, seller, now=now) if known else {},
        seller=seller,
    )


def _numbers(conn: Conn, under_way: list[WayBack]) -> dict[OrderId, str]:
    order_ids = sorted({one.order_id for one in under_way})
    return {head.id: head.number for head in orders.orders_by_ids(conn, order_ids)} if order_ids else {}


def _order_named(conn: Conn, text: str) -> tuple[str | None, list[OrderFound]]:
    """Return the number of the order that a number, receipt or parcel names, as typed or as scanned (an address).

    Of a parcel's number that several members gave: their orders, of which the one is chosen that lies on the counter.
    """
    named = orders.orders_by_numbers(conn, [text])
    if text in named:
        return named[text].number, []
    announced = sorted({one.order_id for one in ways_by_code(conn, text, limit=_ORDERS_SHOWN)})
    if len(announced) > 1:
        return None, search.orders_among(conn, announced, scope=WHOLE_BRAND, limit=_ORDERS_SHOWN)
    if announced:
        return orders.orders_by_ids(conn, announced)[0].number, []
    code = text.rstrip("/").rpartition("/")[2].partition("?")[0]
    carried = touchpoints_by_codes(conn, [code]).get(code)
    if carried is None or carried.kind not in _OF_ONE_ORDER or carried.order_id is None:
        return None, []
    heads = orders.orders_by_ids(conn, [carried.order_id])
    return (heads[0].number if heads else None), []


def _page(  # noqa: PLR0913 - what was found, and what was typed
    request: WebRequest,
    desk: Desk,
    text: str,
    found: Found,
    *,
    typed: TypedWord | None = None,
    status: int = 200,
) -> Template:
    language = language_of(request)
    is_shown = typed is not None and any(one.line.return_line_id == typed.line_id for one in found.waiting)
    return page(
        request,
        "store/returns.html",
        status=status,
        visitor=desk.visitor,
        desk=desk,
        text=text,
        orders=[_row(one, desk, language) for one in found.rows],
        waiting=[_waiting(one, found, desk, language, typed) for one in found.waiting],
        under_way=[_under_way(one, found, desk, language) for one in found.under_way],
        may_decide=deciding_scope(desk.visitor).covers_site(desk.site.id),
        grades=grades(language),
        refusal=typed.said if typed is not None and not (is_shown and typed.field) else "",
    )


def _under_way(one: WayBack, found: Found, desk: Desk, language: Language) -> dict[str, Any]:
    number = found.numbers.get(one.order_id, "")
    return {
        "number": number,
        "path": f"{RETURNS}/of/{number}",
        "way": way_said(one, desk.site.time_zone, language),
        "since": language.clock_of_day(one.announced_at, desk.site.time_zone),
        "fetch": f"{RETURNS}/ways/{one.return_id}/fetched"
        if one.way is Way.COURIER and one.sent_at is None
        else "",
    }


@post("/store/returns/ways/{return_id:uuid}/fetched", dependencies=RETURNING, sync_to_thread=True)
def say_returned_fetched(
    request: WebRequest, returning: NamedDependency[Desk], return_id: FromPath[UUID]
) -> Redirect:
    """Say that a courier fetched what a customer announced, and brings it here."""
    scope, by = scope_of(returning.visitor), actor_of(returning.visitor)

    def work(conn: Conn, now: datetime) -> None:
        all_granted(say_fetched(conn, [ReturnId(return_id)], scope=scope, by=by, now=now))

    run(request, work)
    return Redirect(RETURNS, status_code=HTTP_303_SEE_OTHER)


def _row(one: OrderFound, desk: Desk, language: Language) -> dict[str, Any]:
    return {
        "number": one.number,
        "path": f"{RETURNS}/of/{one.number}",
        "placed": language.clock_of_day(one.placed_at, desk.site.time_zone),
        "amount": language.money(one.amount_minor, one.currency),
        "goods": " · ".join(map(language.called, one.names)),
    }


def _waiting(
    one: Waiting, found: Found, desk: Desk, language: Language, typed: TypedWord | None
) -> dict[str, Any]:
    mine = typed if typed is not None and typed.line_id == one.line.return_line_id else None
    sku = found.skus.get(one.line.sku_id) if one.line.sku_id is not None else None
    price = found.prices.get(sku.id) if sku is not None else None
    return {
        **goods_row(sku, language),
        "code": one.line.code,
        "path": f"{RETURNS}/decide/{one.line.return_line_id}",
        "units": language.count(one.units),
        "since": language.clock_of_day(one.head.at, desk.site.time_zone),
        "reason": language.say(REASON_WORDS[one.line.reason]),
        "price": language.money(price, found.seller.currency) if price is not None else "",
        "currency": one.head.currency,
        "typed": mine,
        "line_id": one.line.return_line_id,
    }
