"""Returns at headquarters: what waits for a decision, and what is here and put nowhere yet; done for many at once."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from babel.numbers import get_currency_precision
from litestar import Request, get, post
from litestar.datastructures import FormMultiDict, State
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK

from loopline import catalogue, org
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import ReturnId, ReturnLineId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission, Site
from loopline.processes.returns_waiting import Word, decide_waiting, put_away
from loopline.returns import queries
from loopline.returns.model import BlindDecided, BlindState, Disposition, Graded
from loopline.returns.queries import Return, ReturnLine, WaitingBlindLine
from loopline.web.api.answers import read, run
from loopline.web.api.blind_returns import REFUND_MOST
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.typed import read_minor
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.store.count.place import actor_of
from loopline.web.store.refusals import PriceUnclear, SayWhyDecided, StateUnclear
from loopline.web.store.returns.place import REASON_WORDS, grade_of, grades
from loopline.web.store.words import variety

RETURNS = "/hq/returns"
_SHOWN = 60
_REASON_MOST = 200
_TO_DECIDE, _TO_GRADE = "", "grade"
_LISTS = {_TO_DECIDE: marked("Wait for a decision"), _TO_GRADE: marked("To be put away")}
_WAY_WORDS: dict[Disposition, str] = {
    Disposition.RESTOCK: marked("Back on the shelf: {units}"),
    Disposition.REFURBISH: marked("To be packed again: {units}"),
    Disposition.OUTLET: marked("To the outlet: {units}"),
    Disposition.SUPPLIER: marked("Back to the supplier: {units}"),
    Disposition.SCRAP: marked("Thrown away: {units}"),
}
_FormRequest = Request[Any, Any, State]
_Outcome = BlindDecided | Graded | Refusal
_Act = Callable[[Conn, Sequence[ReturnLineId], datetime], Sequence[_Outcome]]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    lines: Sequence[WaitingBlindLine]
    heads: Mapping[ReturnId, Return]
    sites: Mapping[SiteId, Site]
    skus: Mapping[SkuId, Sku]


@get(RETURNS, sync_to_thread=True)
def show_returns(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what waits in one's branch for a decision, or to be put away, the oldest first."""
    scope, language = visitor.scope_of(Permission.RETURNS_READ), language_of(request)
    which = request.query_params.get("list", "")
    which = which if which in _LISTS else _TO_DECIDE
    code = request.query_params.get("site", "")[:64].replace("\x00", "")
    found = read(request, lambda conn, _: _find(conn, scope, which=which, code=code))
    decides = visitor.branches.get(
        Permission.RETURNS_DECIDE if which == _TO_DECIDE else Permission.RETURNS_WRITE
    )
    return page(
        request,
        "hq/returns.html",
        visitor=visitor,
        path=RETURNS,
        back=_link(which=which, site=code),
        is_to_decide=which == _TO_DECIDE,
        lists=[
            (_link(which=key, site=code), language.say(word), which == key) for key, word in _LISTS.items()
        ],
        which=which,
        sites=[
            (site.code, language.called(site.name), site.code == code)
            for site in sorted(found.sites.values(), key=lambda one: one.code)
        ],
        is_narrowed=bool(code),
        may_act=decides is not None,
        reason_most=_REASON_MOST,
        grades=grades(language),
        rows=[_row(one, found, language, acts=decides or Scope()) for one in found.lines[:_SHOWN]],
        is_more=len(found.lines) > _SHOWN,
    )


def _find(conn: Conn, scope: Scope, *, which: str, code: str) -> Found:
    sites = org.branch_sites(conn) if scope.everything else org.sites_by_id(conn, scope.sites).values()
    by_id = {site.id: site for site in sites}
    within = [site.id for site in by_id.values() if not code or site.code == code]
    listed = queries.waiting_blind_lines if which == _TO_DECIDE else queries.lines_to_grade
    lines = listed(conn, site_ids=within, limit=_SHOWN + 1)
    heads = queries.returns_by_id(conn, list({one.return_id for one in lines})) if lines else []
    return Found(
        lines=lines,
        heads={one.id: one for one in heads},
        sites=by_id,
        skus=catalogue.skus_by_id(conn, {one.sku_id for one in lines if one.sku_id is not None}),
    )


def _row(one: WaitingBlindLine, found: Found, language: Language, *, acts: Scope) -> dict[str, Any]:
    head = found.heads[one.return_id]
    site, sku = found.sites.get(head.site_id), found.skus.get(one.sku_id) if one.sku_id else None
    name = language.called(sku.name) if sku else one.code
    return {
        "key": str(one.return_line_id),
        "may_choose": acts.covers_site(head.site_id),
        "name": name,
        "variety": variety(sku) if sku else "",
        "code": one.code,
        "units": language.count(one.units),
        "reason": language.say(REASON_WORDS[one.reason]),
        "site": language.called(site.name) if site else "",
        "number": head.external_number,
        "at": language.clock_of_day(head.at, site.time_zone if site else "UTC"),
        "price": _typed(one.stated_unit_minor, head.currency),
        "currency": language.currency_symbol(head.currency),
        "label": f"{name} · {head.external_number}",
    }


def _typed(minor: int | None, currency: str) -> str:
    """What a channel said was paid for a unit, as somebody would type it."""
    if minor is None:
        return ""
    return str(Decimal(minor).scaleb(-get_currency_precision(currency)))


@post(f"{RETURNS}/accept", status_code=HTTP_200_OK)
async def accept_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Accept the chosen lines, each at its own price, and put what is kept away in the state that is said."""
    return await _decided(request, visitor, is_accepted=True)


@post(f"{RETURNS}/decline", status_code=HTTP_200_OK)
async def decline_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Decline the chosen lines with a reason: what has no sale is handed back, nothing is paid."""
    return await _decided(request, visitor, is_accepted=False)


async def _decided(request: _FormRequest, visitor: Visitor, *, is_accepted: bool) -> Template:
    scope, form = visitor.scope_of(Permission.RETURNS_DECIDE), await request.form()
    reason = str(form.get("why", "")).replace("\x00", " ").strip()[:_REASON_MOST]
    grade = grade_of(str(form.get("grade", "")))

    def act(conn: Conn, line_ids: Sequence[ReturnLineId], now: datetime) -> Sequence[_Outcome]:
        if not reason:
            return [SayWhyDecided() for _ in line_ids]
        currencies = _currencies(conn, line_ids, scope) if is_accepted else {}
        words = [
            _word(one, form, currencies.get(one, ""), reason) if is_accepted else _no(one, reason)
            for one in line_ids
        ]
        going = [msgspec.structs.replace(one, grade=grade) for one in words if isinstance(one, Word)]
        done = iter(decide_waiting(conn, going, scope=scope, by=actor_of(visitor), now=now))
        return [next(done) if isinstance(one, Word) else one for one in words]

    return await _done(request, visitor, form, act)


def _no(line_id: ReturnLineId, reason: str) -> Word:
    return Word(return_line_id=line_id, refund_unit_minor=None, grade=None, reason=reason)


def _word(line_id: ReturnLineId, form: FormMultiDict, currency: str, reason: str) -> Word | Refusal:
    price = read_minor(str(form.get(f"price {line_id}", "")), currency) if currency else 0
    if price is None or price > REFUND_MOST:
        return PriceUnclear()
    return Word(return_line_id=line_id, refund_unit_minor=price, grade=None, reason=reason)


def _currencies(conn: Conn, line_ids: Sequence[ReturnLineId], scope: Scope) -> dict[ReturnLineId, str]:
    """What each line is paid back in; a line that is not theirs is left out, and refused by the command."""
    lines = queries.return_lines_by_id(conn, line_ids)
    heads = queries.returns_by_id(conn, list({one.return_id for one in lines}))
    theirs = {one.id: one.currency for one in heads if scope.covers_site(one.site_id)}
    return {one.return_line_id: theirs[one.return_id] for one in lines if one.return_id in theirs}


@post(f"{RETURNS}/put-away", status_code=HTTP_200_OK)
async def put_chosen_away(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Say in what state the chosen lines came back: that puts all that waits of them on its way."""
    scope, form = visitor.scope_of(Permission.RETURNS_WRITE), await request.form()
    grade = grade_of(str(form.get("grade", "")))

    def act(conn: Conn, line_ids: Sequence[ReturnLineId], now: datetime) -> Sequence[_Outcome]:
        if grade is None:
            return [StateUnclear() for _ in line_ids]
        wanted = [(one, grade) for one in line_ids]
        return put_away(conn, wanted, scope=scope, by=actor_of(visitor), now=now)

    return await _done(request, visitor, form, act)


async def _done(request: _FormRequest, visitor: Visitor, form: FormMultiDict, act: _Act) -> Template:
    """Do one thing with all chosen lines in one transaction, and show what became of each."""
    sees, language = visitor.scope_of(Permission.RETURNS_READ), language_of(request)
    line_ids = _chosen([str(one) for one in form.getall("line", [])])
    back = str(form.get("back", RETURNS))

    def work(conn: Conn, now: datetime) -> list[dict[str, Any]]:
        outcomes: Sequence[_Outcome] = act(conn, line_ids, now)
        lines = {one.return_line_id: one for one in queries.return_lines_by_id(conn, line_ids)}
        heads = {
            one.id: one
            for one in queries.returns_by_id(conn, list({one.return_id for one in lines.values()}))
            if sees.covers_site(one.site_id)
        }
        skus = catalogue.skus_by_id(conn, {one.sku_id for one in lines.values() if one.sku_id is not None})
        return [
            _outcome_row(lines.get(line_id), heads, skus, outcome, language)
            for line_id, outcome in zip(line_ids, outcomes, strict=True)
        ]

    rows = await asyncio.to_thread(run, request, work) if line_ids else []
    return page(
        request,
        "hq/returns_done.html",
        visitor=visitor,
        here=RETURNS,
        back=back if back.partition("?")[0] == RETURNS else RETURNS,
        rows=rows,
    )


def _outcome_row(
    line: ReturnLine | None,
    heads: Mapping[ReturnId, Return],
    skus: Mapping[SkuId, Sku],
    outcome: _Outcome,
    language: Language,
) -> dict[str, Any]:
    head = heads.get(line.return_id) if line is not None else None
    sku = skus.get(line.sku_id) if line is not None and line.sku_id is not None else None
    name = (language.called(sku.name) if sku else line.code) if line is not None and head else ""
    return {
        "name": name or language.say("Not in your branch"),
        "number": head.external_number if head else "",
        "is_done": not isinstance(outcome, Refusal),
        "said": _said(outcome, head.currency if head else "", language),
    }


def _said(outcome: _Outcome, currency: str, language: Language) -> str:
    match outcome:
        case Refusal():
            return language.refusal(outcome)
        case Graded():
            return language.say(_WAY_WORDS[outcome.disposition], units=language.count(outcome.units))
        case BlindDecided(state=BlindState.ACCEPTED):
            amount = language.money(outcome.refund_minor, currency)
            return language.say("Accepted: {amount} is paid back at the counter.", amount=amount)
        case BlindDecided():
            return language.say("Declined: the goods are handed back.")


def _chosen(said: Sequence[str]) -> list[ReturnLineId]:
    """Read the lines that a form names, each once; what is none is left out."""
    found: dict[ReturnLineId, None] = {}
    for one in said[:_SHOWN]:
        try:
            found[ReturnLineId(UUID(one))] = None
        except ValueError:
            continue
    return list(found)


def _link(*, which: str, site: str) -> str:
    query = urlencode({name: value for name, value in (("list", which), ("site", site)) if value})
    return f"{RETURNS}?{query}" if query else RETURNS


RETURN_LIST_PAGES = [show_returns, accept_chosen, decline_chosen, put_chosen_away]
