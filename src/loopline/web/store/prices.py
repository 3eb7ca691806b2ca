"""Prices that tills ask for, on the phone of whoever may approve them: what waits, and one's word on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import catalogue, org
from loopline.db import Conn
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.orders.price_changes import (
    NOTE_MOST,
    AskState,
    DecideOnPrice,
    PriceAsk,
    PriceAskUnknown,
    open_price_asks,
    price_asks_by_id,
)
from loopline.org import Permission
from loopline.org.queries import sites_by_id
from loopline.processes.price_change import decide_price
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.price_words import REASON_WORDS
from loopline.web.problems import status_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import Form, goods_row
from loopline.web.store.words import refusal_words

PRICES = "/store/prices"
SHOWN = 50
_DONE = {
    "approve": marked("Approved. The till knows it already."),
    "decline": marked("Declined. The till knows it already."),
}
_STATE_WORDS = {
    AskState.APPROVED: marked("Approved"),
    AskState.USED: marked("Approved, and sold so"),
    AskState.DECLINED: marked("Declined"),
    AskState.WITHDRAWN: marked("Nobody waits for it any more"),
    AskState.LAPSED: marked("Nobody waits for it any more"),
}


class AskCard(msgspec.Struct, frozen=True, kw_only=True):
    """A price that a till asks for, written down; `state` is empty while it waits for a word."""

    key: str
    path: str
    goods: dict[str, str]
    units: str
    before: str
    after: str
    less: str
    sum: str
    reason: str
    by: str
    site: str
    at: str
    state: str
    note: str
    is_own: bool


def waiting_here(conn: Conn, desk: Desk, *, now: datetime) -> int:
    """Count the prices that wait for a word at a site, for whoever may give it; zero for everybody else."""
    scope = desk.visitor.branches.get(Permission.PRICES_APPROVE, Scope())
    if not scope.covers_site(desk.site.id):
        return 0
    here = Scope(sites=frozenset({desk.site.id}))
    return len(open_price_asks(conn, scope=here, now=now, at_most=SHOWN))


@get(PRICES, sync_to_thread=True)
def show_prices(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the prices that tills ask for and that one may approve; its middle is asked for again by itself."""
    return page(request, "store/prices.html", done=told(request).done, **_waiting(request, visitor))


@get(f"{PRICES}/now", sync_to_thread=True)
def tell_prices(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Tell the moving part of the page as it stands."""
    return page(request, "store/prices_waiting.html", **_waiting(request, visitor))


@get(f"{PRICES}/{{ask_id:uuid}}", sync_to_thread=True)
def show_price(request: WebRequest, visitor: NamedDependency[Visitor], ask_id: FromPath[UUID]) -> Template:
    """Show one price that was asked for, to say yes or no to it, and why not."""
    return _one(request, visitor, ask_id)


@post(f"{PRICES}/{{ask_id:uuid}}/decide", sync_to_thread=True)
def decide(
    request: WebRequest, visitor: NamedDependency[Visitor], ask_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Approve a price, or decline it with why; the first word stands."""
    scope = visitor.scope_of(Permission.PRICES_APPROVE)
    said = str(data.get("word", ""))
    note = str(data.get("note", "")).replace("\x00", "").strip()
    word = DecideOnPrice(ask_id=ask_id, is_approved=said == "approve", by=visitor.person.person_id, note=note)
    outcome = run(request, lambda conn, now: decide_price(conn, word, scope=scope, now=now))
    if isinstance(outcome, PriceAskUnknown):
        raise Refused(outcome)
    if isinstance(outcome, Refusal):
        return _one(request, visitor, ask_id, refusal=outcome, note=note)
    done = _DONE["approve" if word.is_approved else "decline"]
    return telling(request, PRICES, done=language_of(request).say(done))


def _waiting(request: WebRequest, visitor: Visitor) -> dict[str, Any]:
    scope, language = visitor.scope_of(Permission.PRICES_APPROVE), language_of(request)

    def work(conn: Conn, now: datetime) -> dict[str, Any]:
        asks = open_price_asks(conn, scope=scope, now=now, at_most=SHOWN)
        return {"now": now, "rows": _cards(conn, asks, visitor, language, now=now)}

    return {"visitor": visitor, "path": PRICES, **read(request, work)}


def _one(
    request: WebRequest,
    visitor: Visitor,
    ask_id: UUID,
    *,
    refusal: Refusal | None = None,
    note: str = "",
) -> Template:
    scope, language = visitor.scope_of(Permission.PRICES_APPROVE), language_of(request)

    def work(conn: Conn, now: datetime) -> AskCard:
        asks = price_asks_by_id(conn, [ask_id], scope=scope)
        if not asks:
            raise Refused(PriceAskUnknown())
        return _cards(conn, asks, visitor, language, now=now)[0]

    return page(
        request,
        "store/price.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=visitor,
        path=PRICES,
        one=read(request, work),
        note=note,
        note_most=NOTE_MOST,
        refusal=refusal_words(refusal, language) if refusal else "",
    )


def _cards(
    conn: Conn, asks: list[PriceAsk], visitor: Visitor, language: Language, *, now: datetime
) -> list[AskCard]:
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in asks})
    sites = sites_by_id(conn, {one.site_id for one in asks})
    people = org.people_by_id(conn, {one.asked_by for one in asks})
    return [
        AskCard(
            key=str(one.id),
            path=f"{PRICES}/{one.id}",
            goods=goods_row(skus.get(one.sku_id), language),
            units=language.count(one.units),
            before=language.money(one.before_minor, one.currency),
            after=language.money(one.unit_minor, one.currency),
            less=language.percent((one.before_minor - one.unit_minor) / one.before_minor),
            sum=language.money((one.before_minor - one.unit_minor) * one.units, one.currency),
            reason=language.say(REASON_WORDS[one.reason]),
            by=language.called(people[one.asked_by].name) if one.asked_by in people else "",
            site=language.called(sites[one.site_id].name),
            at=language.clock(one.asked_at, sites[one.site_id].time_zone),
            state="" if (state := one.state(now)) is AskState.OPEN else language.say(_STATE_WORDS[state]),
            note=one.note or "",
            is_own=one.asked_by == visitor.person.person_id,
        )
        for one in asks
    ]


PRICE_PAGES = [show_prices, tell_prices, show_price, decide]
