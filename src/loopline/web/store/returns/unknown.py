"""Take back what nobody knows the sale of: it waits for somebody who may decide on it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import ReturnId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.org.queries import entities_by_id
from loopline.processes.announce import receive_taken_back
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import Form, goods_row, number, time_id
from loopline.web.store.refusals import UnitsUnclear
from loopline.web.store.returns.place import COUNTER, RETURNING, RETURNS, reason_of, reasons, scope_of
from loopline.web.store.stock import find_skus
from loopline.web.store.words import refusal_words

UNKNOWN = RETURNS + "/without"
_TEXT_LENGTH_MAX = 80
_UNITS_LENGTH_MAX = 6


@get(UNKNOWN, dependencies=RETURNING, sync_to_thread=True)
def show_unknown(request: WebRequest, returning: NamedDependency[Desk], q: FromQuery[str] = "") -> Template:
    """Find the goods by what stands on them."""
    return _page(request, returning, q.strip()[:_TEXT_LENGTH_MAX].replace("\x00", ""))


@post(UNKNOWN + "/take", dependencies=RETURNING, sync_to_thread=True)
def take_unknown(request: WebRequest, returning: NamedDependency[Desk], data: Form) -> Response[Any]:
    """Take goods back without a sale; sent twice, they come once. Nothing is paid before somebody decides."""
    scope, code = scope_of(returning.visitor), str(data.get("sku", "")).replace("\x00", "")
    made = time_id(data, "return_id") or uuid7(edge_of(request).clock())
    units = number(data, "units")

    def work(conn: Conn, now: datetime) -> ReturnId | Refusal:
        sku = catalogue.skus_by_code(conn, [code]).get(code)
        if sku is None:
            return NoSuchThing(noun="SKU", value=code)
        if not units:
            return UnitsUnclear(sku=sku.code)
        seller = entities_by_id(conn, [returning.site.entity_id])[returning.site.entity_id]
        line = NewReturnLine(
            code=sku.code, units=units, sku_id=sku.id, reason=reason_of(str(data.get("reason", "")))
        )
        asked = NewReturn(
            id=ReturnId(made),
            channel=COUNTER,
            external_number=str(made),
            kind=ReturnKind.ASK,
            at=now,
            site_id=returning.site.id,
            currency=seller.currency,
            lines=(line,),
            taken_in_by=actor_of(returning.visitor),
        )
        (outcome,) = take_back(conn, [asked], scope=scope, now=now)
        if isinstance(outcome, Refusal):
            return outcome
        if isinstance(outcome, TakenBack):
            receive_taken_back(conn, [(outcome, returning.site.id)], now=now)
        return outcome.return_id

    outcome = run(request, work)
    if isinstance(outcome, Refusal):
        return _page(request, returning, code, refusal=outcome, typed=data)
    return Redirect(f"{RETURNS}/done/{outcome}", status_code=HTTP_303_SEE_OTHER)


def _page(
    request: WebRequest,
    desk: Desk,
    text: str,
    *,
    refusal: Refusal | None = None,
    typed: Mapping[str, Any] | None = None,
) -> Template:
    """Show what a text finds; what was typed for one of them stays, with the refusal beside the field it is about."""
    language = language_of(request)
    skus = read(request, lambda conn, _: find_skus(conn, text)) if text else []
    rows = [_row(sku, typed or {}, request, language) for sku in skus]
    said = refusal_words(refusal, language) if refusal else ""
    is_beside = isinstance(refusal, UnitsUnclear) and any(row["is_typed"] for row in rows)
    return page(
        request,
        "store/return_unknown.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=desk.visitor,
        desk=desk,
        text=text,
        rows=rows,
        reasons=reasons(language),
        path=UNKNOWN,
        refusal="" if is_beside else said,
        units_wrong=said if is_beside else "",
    )


def _row(sku: Sku, typed: Mapping[str, Any], request: WebRequest, language: Language) -> dict[str, Any]:
    is_typed = typed.get("sku") == sku.code
    said: Mapping[str, Any] = typed if is_typed else {}
    return {
        **goods_row(sku, language),
        "return_id": str(time_id(said, "return_id") or uuid7(edge_of(request).clock())),
        "units": str(said.get("units", "1"))[:_UNITS_LENGTH_MAX],
        "reason": str(said.get("reason", "")),
        "is_typed": is_typed,
    }
