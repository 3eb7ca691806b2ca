"""What is sold before there is any: the pre-orders that stand, and the form to open and change them."""

import asyncio
from datetime import date, datetime
from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from loopline import catalogue
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch
from loopline.kernel.times import business_day, day_range
from loopline.orders.preorders import Preorder, Standing
from loopline.org import Permission
from loopline.processes.place.ahead import standings_of
from loopline.processes.preorder import PreorderWish, close, state
from loopline.web.api.answers import read, run
from loopline.web.api.preorders import ALLOWANCE_MOST
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.payouts import names_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.problems import status_of

PREORDERS = "/hq/sourcing/preorders"
_CODE_MOST = 64
_UNITS_MOST = 100_000
_FormRequest: TypeAlias = Request[Any, Any, State]


class PreorderUnclear(Refusal, frozen=True, kw_only=True):
    """Say a SKU, how many pieces may be sold ahead as a whole number, and the day on which they ship."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The form, as it was typed."""

    sku: str = ""
    allowance: str = ""
    ships_on: str = ""
    opens_on: str = ""
    closes_on: str = ""
    per_order: str = ""
    per_member: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A pre-order as the page shows it."""

    code: str
    goods: str
    state: str
    tone: str
    times: str
    ships_on: str
    ships_tone: str
    limits: str
    sold: str
    allowance: str
    waiting: str
    came: str
    left: str
    above: str
    by: str
    is_closed: bool


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    now: datetime
    zone: str
    standing: dict[SkuId, Standing]
    skus: dict[SkuId, Sku]
    names: dict[str, str]

    @property
    def today(self) -> date:
        """The day it is for the brand."""
        return business_day(self.now, self.zone)


_EMPTY = Form()


@get(PREORDERS)
async def show_preorders(
    request: WebRequest, visitor: NamedDependency[Visitor], sku: FromQuery[str] = ""
) -> Template:
    """Show what is sold before there is any; `sku`: the one that is to be changed."""
    _whole_brand(visitor)
    return await asyncio.to_thread(_shown, request, visitor, sku=sku[:_CODE_MOST])


@post(f"{PREORDERS}/state")
async def state_preorder(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Open a pre-order, or change the one there is."""
    _whole_brand(visitor, Permission.STOCK_WRITE)
    said = await request.form()
    form = Form(
        **{
            name: str(said.get(name, "")).replace("\x00", "").strip()[:_CODE_MOST]
            for name in Form.__struct_fields__
        }
    )

    def work(conn: Conn, now: datetime) -> Refusal | None:
        wish = _wish_of(form, board_setting(conn).zone)
        if isinstance(wish, Refusal):
            return wish
        (outcome,) = state(conn, [wish], scope=WHOLE_BRAND, actor=_actor(visitor), now=now)
        return outcome if isinstance(outcome, Refusal) else None

    refusal = await asyncio.to_thread(run, request, work)
    if refusal is None:
        return Redirect(PREORDERS, status_code=HTTP_303_SEE_OTHER)
    return await asyncio.to_thread(_shown, request, visitor, refusal=refusal, form=form)


@post(f"{PREORDERS}/close")
async def close_preorder(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Sell nothing more of it before there is any."""
    _whole_brand(visitor, Permission.STOCK_WRITE)
    said = await request.form()
    code = str(said.get("sku", "")).replace("\x00", "")[:_CODE_MOST]

    def work(conn: Conn, now: datetime) -> None:
        (outcome,) = close(conn, [code], scope=WHOLE_BRAND, actor=_actor(visitor), now=now)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    await asyncio.to_thread(run, request, work)
    return Redirect(PREORDERS, status_code=HTTP_303_SEE_OTHER)


def _whole_brand(visitor: Visitor, *also: Permission) -> None:
    """Let pass who sees the sourcing of the whole brand, and may do something else to all of it."""
    for permission in (Permission.SOURCING_READ, *also):
        if not visitor.scope_of(permission).everything:
            raise Refused(NotInYourBranch(subject="preorders"))


def _actor(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


def _wish_of(form: Form, zone: str) -> PreorderWish | Refusal:
    """What was typed: days are the brand's, the last one is sold to its end."""
    try:
        ships_on = date.fromisoformat(form.ships_on)
        opens_on = date.fromisoformat(form.opens_on) if form.opens_on else None
        closes_on = date.fromisoformat(form.closes_on) if form.closes_on else None
        opens_at = day_range(opens_on, zone).start if opens_on is not None else None
        closes_at = day_range(closes_on, zone).end if closes_on is not None else None
        allowance = int(form.allowance)
        per_order = int(form.per_order) if form.per_order else None
        per_member = int(form.per_member) if form.per_member else None
    except (ValueError, OverflowError):  # the first and the last day there are have no moments
        return PreorderUnclear()
    limits = [one for one in (per_order, per_member) if one is not None]
    if (
        not form.sku
        or not 0 <= allowance <= ALLOWANCE_MOST
        or not all(0 < one <= _UNITS_MOST for one in limits)
    ):
        return PreorderUnclear()
    return PreorderWish(
        sku_code=form.sku,
        allowance=allowance,
        ships_on=ships_on,
        opens_at=opens_at,
        closes_at=closes_at,
        per_order=per_order,
        per_member=per_member,
    )


def _shown(
    request: WebRequest,
    visitor: Visitor,
    *,
    refusal: Refusal | None = None,
    form: Form = _EMPTY,
    sku: str = "",
) -> Template:
    language = language_of(request)
    found = read(request, _find)
    may_state = visitor.may(Permission.STOCK_WRITE) and visitor.scope_of(Permission.STOCK_WRITE).everything
    changed = next((one for key, one in found.standing.items() if _code(key, found) == sku), None)
    return page(
        request,
        "hq/preorders.html",
        status=status_of(refusal) if refusal else HTTP_200_OK,
        visitor=visitor,
        rows=[_row(one, found, language) for one in found.standing.values()],
        may_state=may_state,
        problem=language.refusal(refusal) if refusal else "",
        form=_form_of(changed.preorder, sku, found) if changed is not None and sku else form,
        is_change=changed is not None,
        today=found.today.isoformat(),
        path=PREORDERS,
    )


def _find(conn: Conn, now: datetime) -> Found:
    standing = standings_of(conn)
    return Found(
        now=now,
        zone=board_setting(conn).zone,
        standing=standing,
        skus=catalogue.skus_by_id(conn, set(standing)),
        names=names_of(conn, {one.preorder.changed_by for one in standing.values()}),
    )


def _code(sku_id: SkuId, found: Found) -> str:
    return found.skus[sku_id].code if sku_id in found.skus else str(sku_id)


def _form_of(one: Preorder, sku: str, found: Found) -> Form:
    """The form as a pre-order stands; a last day is the one that its end closes."""
    closes_on = business_day(_just_before(one.closes_at), found.zone) if one.closes_at is not None else None
    return Form(
        sku=sku,
        allowance=str(one.allowance),
        ships_on=one.ships_on.isoformat(),
        closes_on=closes_on.isoformat() if closes_on is not None else "",
        per_order=str(one.per_order or ""),
        per_member=str(one.per_member or ""),
    )


def _just_before(at: datetime) -> datetime:
    return at - datetime.resolution


def _row(one: Standing, found: Found, language: Language) -> Row:
    said = one.preorder
    sku = found.skus.get(said.sku_id)
    word, tone = _state(said, found, language)
    return Row(
        code=_code(said.sku_id, found),
        goods=language.called(sku.name) if sku else "",
        state=word,
        tone=tone,
        times=_times(said, found, language),
        ships_on=language.plain_day(said.ships_on),
        ships_tone="bad" if said.ships_on < found.today and one.waiting else "",
        limits=_limits(said, language),
        sold=language.count(one.sold),
        allowance=language.count(said.allowance),
        waiting=language.count(one.waiting),
        came=language.count(one.came),
        left=language.count(one.left if said.is_open(found.now) else 0),
        above=language.count(one.above) if one.above else "",
        by=found.names.get(said.changed_by, ""),
        is_closed=said.is_over(found.now),
    )


def _state(one: Preorder, found: Found, language: Language) -> tuple[str, str]:
    if one.is_over(found.now):
        return language.say("No longer sold"), "quiet"
    if one.is_open(found.now):
        return language.say("On sale"), "good"
    return language.say("Not open yet"), "quiet"


def _times(one: Preorder, found: Found, language: Language) -> str:
    opens = language.plain_day(business_day(one.opens_at, found.zone))
    if one.closes_at is None:
        return language.say("from {day}", day=opens)
    closes = language.plain_day(business_day(_just_before(one.closes_at), found.zone))
    return language.say("{first} to {last}", first=opens, last=closes)


def _limits(one: Preorder, language: Language) -> str:
    said: list[str] = []
    if one.per_order is not None:
        said.append(language.say("{units} per order", units=language.count(one.per_order)))
    if one.per_member is not None:
        said.append(language.say("{units} per member", units=language.count(one.per_member)))
    return " · ".join(said)


PREORDER_PAGES = [show_preorders, state_preorder, close_preorder]
