"""What waits for goods, by the day these are expected; and what people say comes when, with the form to say it."""

import asyncio
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from loopline import catalogue, org
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.orders.parking import ParkedDays, ParkedOn, count_parked_days, parked_by_day
from loopline.org import Permission, Site
from loopline.processes.expect import RestockWish, state, today_of, withdraw
from loopline.stock.restocks import NOTE_LENGTH_MAX, Restock, restocks
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.board_view import channel_word
from loopline.web.hq.payouts import names_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.parked_words import BASIS_WORDS, NO_DAY, PARKED_SHORT
from loopline.web.problems import status_of

PARKED = "/hq/sourcing/parked"
_SHOWN_MOST = 100
_CODE_MOST = 64
_UNITS_MOST = 1_000_000
_NOBODYS = Scope()
_FormRequest: TypeAlias = Request[Any, Any, State]


class RestockUnclear(Refusal, frozen=True, kw_only=True):
    """Say a SKU, a day, and how many pieces as a whole number, or none for enough."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment; of a branch only what is said for it, and for the brand."""

    today: date
    days: ParkedDays | None
    lines: list[ParkedOn]
    restocks: list[Restock]
    skus: dict[SkuId, Sku]
    sites: dict[SiteId, Site]
    names: dict[str, str]


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line that waits."""

    day: str
    tone: str
    about: str
    number: str
    goods: str
    code: str
    units: str
    channel: str
    reason: str


class RestockRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody said of goods that come."""

    id: str
    goods: str
    code: str
    place: str
    day: str
    tone: str
    units: str
    note: str
    by: str
    may_withdraw: bool


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The form, as it was typed."""

    sku: str = ""
    site: str = ""
    units: str = ""
    day: str = ""
    note: str = ""


_EMPTY = Form()


@get(PARKED)
async def show_parked(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what waits for goods, what is expected first, first; and what people say of goods that come."""
    return await asyncio.to_thread(_shown, request, visitor)


@post(f"{PARKED}/state")
async def state_restock(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Say that goods come on a day."""
    scope = _speaks_for(visitor)
    said = await request.form()
    form = Form(
        **{
            name: str(said.get(name, "")).replace("\x00", "").strip()[:NOTE_LENGTH_MAX]
            for name in Form.__struct_fields__
        }
    )
    wish = _wish_of(form)
    if isinstance(wish, Refusal):
        return await asyncio.to_thread(_shown, request, visitor, refusal=wish, form=form)

    def work(conn: Conn, now: datetime) -> Refusal | None:
        (outcome,) = state(conn, [wish], scope=scope, actor=_actor(visitor), now=now)
        return outcome if isinstance(outcome, Refusal) else None

    refusal = await asyncio.to_thread(run, request, work)
    if refusal is None:
        return Redirect(f"{PARKED}#restocks", status_code=HTTP_303_SEE_OTHER)
    return await asyncio.to_thread(_shown, request, visitor, refusal=refusal, form=form)


@post(f"{PARKED}/withdraw")
async def withdraw_restock(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Take back that goods come."""
    scope = _speaks_for(visitor)
    said = await request.form()
    try:
        restock_id = UUID(str(said.get("id", "")))
    except ValueError:
        raise Refused(RestockUnclear()) from None

    def work(conn: Conn, now: datetime) -> None:
        (outcome,) = withdraw(conn, [restock_id], scope=scope, actor=_actor(visitor), now=now)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    await asyncio.to_thread(run, request, work)
    return Redirect(f"{PARKED}#restocks", status_code=HTTP_303_SEE_OTHER)


def _speaks_for(visitor: Visitor) -> Scope:
    """The sites whose goods somebody speaks of who sees this page."""
    visitor.scope_of(Permission.SOURCING_READ)
    return visitor.scope_of(Permission.STOCK_WRITE)


def _actor(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


def _wish_of(form: Form) -> RestockWish | Refusal:
    units: int | None = None
    try:
        day = date.fromisoformat(form.day)
        if form.units:
            units = int(form.units)
    except ValueError:
        return RestockUnclear()
    if not form.sku or (units is not None and not 0 < units <= _UNITS_MOST):
        return RestockUnclear()
    return RestockWish(
        sku_code=form.sku[:_CODE_MOST],
        expected_on=day,
        site_code=form.site[:_CODE_MOST] or None,
        units=units,
        note=form.note,
    )


def _shown(
    request: WebRequest, visitor: Visitor, *, refusal: Refusal | None = None, form: Form = _EMPTY
) -> Template:
    scope = visitor.scope_of(Permission.SOURCING_READ)
    sets = visitor.scope_of(Permission.STOCK_WRITE) if visitor.may(Permission.STOCK_WRITE) else _NOBODYS
    language = language_of(request)
    found = read(request, lambda conn, now: _find(conn, scope, now=now))
    return page(
        request,
        "hq/parked.html",
        status=status_of(refusal) if refusal else HTTP_200_OK,
        visitor=visitor,
        days=_days(found.days, language) if found.days is not None else None,
        lines=[_line_row(one, found, language) for one in found.lines[:_SHOWN_MOST]],
        has_more=len(found.lines) > _SHOWN_MOST,
        restocks=[_restock_row(one, found, language, sets=sets) for one in found.restocks],
        may_state=visitor.may(Permission.STOCK_WRITE),
        for_brand=sets.everything,
        sites=sorted(site.code for site in found.sites.values() if sets.covers_site(site.id)),
        problem=language.refusal(refusal) if refusal else "",
        form=form,
        today=found.today.isoformat(),
        path=PARKED,
    )


def _find(conn: Conn, scope: Scope, *, now: datetime) -> Found:
    today = today_of(conn, now)
    whole = scope.everything
    lines = parked_by_day(conn, limit=_SHOWN_MOST + 1) if whole else []
    standing = [
        one
        for one in restocks(conn)
        if (one.site_id is None or scope.covers_site(one.site_id)) and one.left != 0
    ]
    return Found(
        today=today,
        days=count_parked_days(conn, today=today) if whole else None,
        lines=lines,
        restocks=standing,
        skus=catalogue.skus_by_id(conn, {one.sku_id for one in [*lines, *standing]}),
        sites={site.id: site for site in org.branch_sites(conn) if scope.covers_site(site.id)},
        names=names_of(conn, {one.stated_by for one in standing}),
    )


def _days(days: ParkedDays, language: Language) -> list[tuple[str, str, str]]:
    """How many lines wait until when: what it is, how many, in which tone."""
    return [
        (language.say("Day over, goods not here"), language.count(days.passed), "bad" if days.passed else ""),
        (language.say("Day still to come"), language.count(days.coming), ""),
        (language.say("No day known yet"), language.count(days.unknown), "warn" if days.unknown else ""),
    ]


def _goods(sku_id: SkuId, found: Found, language: Language) -> tuple[str, str]:
    sku = found.skus.get(sku_id)
    return (language.called(sku.name), sku.code) if sku else ("", str(sku_id))


def _tone(day: date | None, found: Found) -> str:
    if day is None:
        return "quiet"
    return "bad" if day < found.today else ""


def _line_row(one: ParkedOn, found: Found, language: Language) -> LineRow:
    goods, code = _goods(one.sku_id, found, language)
    return LineRow(
        day=language.plain_day(one.expected_on) if one.expected_on else language.say(NO_DAY),
        tone=_tone(one.expected_on, found),
        about=language.say(BASIS_WORDS[one.basis]) if one.basis else "",
        number=one.number,
        goods=goods,
        code=code,
        units=language.count(one.units),
        channel=channel_word(one.channel, language),
        reason=language.say(PARKED_SHORT[one.reason]),
    )


def _restock_row(one: Restock, found: Found, language: Language, *, sets: Scope) -> RestockRow:
    goods, code = _goods(one.sku_id, found, language)
    site = found.sites.get(one.site_id) if one.site_id is not None else None
    return RestockRow(
        id=str(one.id),
        goods=goods,
        code=code,
        place=language.called(site.name) if site else language.say("the brand, wherever it comes to"),
        day=language.plain_day(one.expected_on),
        tone=_tone(one.expected_on, found),
        units=language.count(one.left) if one.left is not None else language.say("enough for all who wait"),
        note=one.note,
        by=found.names.get(one.stated_by, ""),
        may_withdraw=sets.covers_site(one.site_id),
    )


PARKED_PAGES = [show_parked, state_restock, withdraw_restock]
