"""Find what comes back: by the order's number, the receipt's code or the customer's phone; and what waits here."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, orders, search
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import ReturnLineId, SkuId
from loopline.org import Entity, Permission
from loopline.org.queries import entities_by_id
from loopline.processes.take_back.blind import Waiting, waiting_at
from loopline.search import OrderAsk, OrderFound
from loopline.touchpoints import TouchpointKind
from loopline.touchpoints.queries import touchpoints_by_codes
from loopline.web.api.answers import read
from loopline.web.edge import Edge, WebRequest, edge_of, language_of
from loopline.web.hq.order_text import members_meant, text_asked
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import goods_row
from loopline.web.store.returns.place import (
    REASON_WORDS,
    RETURNING,
    RETURNS,
    deciding_scope,
    grades,
)
from loopline.web.store.till.counter import prices_at_till

_TEXT_LENGTH_MAX = 200
_ORDERS_SHOWN = 20
_WAITING_SHOWN = 50


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

    `number`: the one order that is meant.
    """

    number: str | None
    rows: list[OrderFound]
    waiting: list[Waiting]
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
        return Redirect(f"{RETURNS}/of/{found.number}", status_code=HTTP_303_SEE_OTHER)
    return _page(request, returning, text, found)


def word_not_taken(request: WebRequest, desk: Desk, typed: TypedWord, *, status: int) -> Template:
    """Show what waits here with what somebody typed on a line of it, and why that was not taken, beside its field."""
    edge = edge_of(request)
    found = read(request, lambda conn, now: _find(conn, "", desk, edge, now=now))
    return _page(request, desk, "", found, typed=typed, status=status)


def _find(conn: Conn, text: str, desk: Desk, edge: Edge, *, now: datetime) -> Found:
    number = _number_meant(conn, text) if text else None
    rows: list[OrderFound] = []
    if text and number is None:
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
        rows=rows,
        waiting=waiting,
        skus=skus,
        prices=prices_at_till(conn, known, desk.site, seller, now=now) if known else {},
        seller=seller,
    )


def _number_meant(conn: Conn, text: str) -> str | None:
    """Return the number of the order that a number or a receipt names, as typed or as scanned (an address)."""
    named = orders.orders_by_numbers(conn, [text])
    if text in named:
        return named[text].number
    code = text.rstrip("/").rpartition("/")[2].partition("?")[0]
    receipt = touchpoints_by_codes(conn, [code]).get(code)
    if receipt is None or receipt.kind is not TouchpointKind.RECEIPT or receipt.order_id is None:
        return None
    heads = orders.orders_by_ids(conn, [receipt.order_id])
    return heads[0].number if heads else None


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
        may_decide=deciding_scope(desk.visitor).covers_site(desk.site.id),
        grades=grades(language),
        refusal=typed.said if typed is not None and not (is_shown and typed.field) else "",
    )


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
