"""Coupons: batches with what became of them, a draft's form, codes to print, coupons for members, a sheet of all."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream, Template

from loopline import catalogue, orders, org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import CouponId, MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.org import Permission
from loopline.pricing.coupons import (
    Batch,
    BatchFigures,
    BatchState,
    Coupon,
    CouponState,
    batches_by_code,
    batches_page,
    coupons_of_batch,
    figures_of_batches,
    is_guessable,
    shown_code,
)
from loopline.processes.coupons.batches import is_mine, publish, save, stop
from loopline.processes.coupons.giving import CODES_MOST, WantedGift, give
from loopline.web.api.answers import Work, read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.coupon_form import KIND_WORDS, fields_of, read_batch, read_count
from loopline.web.hq.promotion_form import BEARER_WORDS, TEXT_MOST
from loopline.web.hq.refusals import TypedWrong
from loopline.web.hq.typed import saved_at_of
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.qr import address_of
from loopline.web.sheets import (
    MOMENT,
    ROWS_A_PAGE,
    Cell,
    Column,
    Sheet,
    moment_of,
    moments_head,
    money_of,
    sheet_streamed,
    shown_money,
)
from loopline.web.shop.coupon_words import gives_words

COUPONS = "/hq/coupons"
_SHOWN_MOST = 50
_FormRequest = Request[Any, Any, State]
_GUESSABLE = marked(
    "The shared code is short, and one member may take any number: who guesses it takes the batch. Write a longer code,"
    " or a limit per member."
)
_STATE_WORDS: Mapping[BatchState, str] = {
    BatchState.DRAFT: marked("Draft"),
    BatchState.PUBLISHED: marked("Published"),
    BatchState.STOPPED: marked("Stopped"),
}
COUPON_WORDS: Mapping[CouponState, str] = {
    CouponState.FREE: marked("Not used"),
    CouponState.HELD: marked("Held by an order"),
    CouponState.SPENT: marked("Used"),
}


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment; `names` are codes by id, `more` where the next page begins."""

    batches: Sequence[Batch]
    figures: Mapping[Any, BatchFigures]
    names: Mapping[object, str]
    zone: str
    edited: Batch | None
    more: str


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, written down; `link` is where customers get one, empty where they do not."""

    code: str
    name: str
    state: str
    state_key: str
    gives: str
    where: str
    times: str
    rules: str
    borne: str
    comment: str
    link: str
    warning: str
    saved_at: str
    figures: Sequence[tuple[str, str]]
    is_mine: bool


@get(COUPONS, sync_to_thread=True)
def show_batches(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the batches of somebody's branch with what became of them, and the form."""
    return _page(request, visitor, edit=request.query_params.get("edit", ""))


def _page(
    request: Request[Any, Any, Any],
    visitor: Visitor,
    *,
    edit: str = "",
    said: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Template:
    scope, before = visitor.scope_of(Permission.PRICES_READ), _before(request.query_params.get("before", ""))
    found = read(request, lambda conn, _: _find(conn, scope, edit, before=before))
    language = language_of(request)
    mine = visitor.scope_of(Permission.COUPONS_WRITE) if visitor.may(Permission.COUPONS_WRITE) else Scope()
    filled = {} if found.edited is None else fields_of(found.edited, found.names, zone_name=found.zone)
    start = {"currency": "CNY", "kind": "amount", "per_person": "1", "part_seller": "100"}
    return page(
        request,
        "hq/coupons.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=visitor,
        path=COUPONS,
        rows=[_row(one, found, language, mine, request) for one in found.batches],
        kinds=[(kind, language.say(word)) for kind, word in KIND_WORDS.items()],
        bearers=[(bearer.value, language.say(word)) for bearer, word in BEARER_WORDS.items()],
        said=(filled or start) if said is None else said,
        may_write=visitor.may(Permission.COUPONS_WRITE),
        problem="" if refusal is None else language.refusal(refusal),
        done=told(request).done,
        more=f"{COUPONS}?{urlencode({'before': found.more})}" if found.more else "",
    )


def _before(text: str) -> tuple[datetime, UUID] | None:
    at, _, batch_id = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(batch_id)) if moment.tzinfo is not None else None
    except ValueError:
        return None


def _find(conn: Conn, scope: Scope, edit: str, *, before: tuple[datetime, UUID] | None) -> _Found:
    batches = batches_page(conn, scope=scope, before=before, at_most=_SHOWN_MOST + 1)
    shown, is_cut = batches[:_SHOWN_MOST], len(batches) > _SHOWN_MOST
    edited = next((one for one in shown if one.code == edit), None)
    named = [one.conditions for one in shown]
    funders = [one for batch in shown for one in batch.funders if one.party_id is not None]
    parties = org.parties_by_id(conn, {one.party_id for one in funders if one.party_id})
    names: dict[object, str] = {key: party.code for key, party in parties.items()}
    sites = org.sites_by_id(conn, {one.site_id for one in named if one.site_id})
    units = org.units_by_id(conn, {one.org_unit_id for one in named if one.org_unit_id})
    names |= {key: site.code for key, site in sites.items()}
    names |= {key: unit.code for key, unit in units.items()}
    if edited is not None:
        skus = catalogue.skus_by_id(conn, edited.conditions.sku_ids)
        products = catalogue.products_by_id(conn, edited.conditions.product_ids)
        names |= {key: sku.code for key, sku in skus.items()}
        names |= {key: product.code for key, product in products.items()}
    return _Found(
        batches=shown,
        figures=figures_of_batches(conn, [one.id for one in shown]),
        names=names,
        zone=board_setting(conn).zone,
        edited=edited,
        more=f"{shown[-1].saved_at.isoformat()}~{shown[-1].id}" if is_cut else "",
    )


def _row(
    one: Batch, found: _Found, language: Language, mine: Scope, request: Request[Any, Any, Any]
) -> BatchRow:
    link = address_of(request, f"/coupons/{one.shared_code}") if one.shared_code else ""
    return BatchRow(
        code=one.code,
        name=language.called(one.name),
        state=language.say(_STATE_WORDS[one.state]),
        state_key="over" if one.state is BatchState.STOPPED else one.state.value,
        gives=_gives(one, language),
        where=_where(one, found, language),
        times=_times(one, found.zone, language),
        rules=_rules(one, language),
        borne=" · ".join(
            f"{found.names.get(funder.party_id) or language.say(BEARER_WORDS[funder.bearer])} "
            f"{funder.basis_points / 100:g}%"
            for funder in one.funders
        ),
        comment=one.comment,
        link=link if one.state is BatchState.PUBLISHED else "",
        warning=language.say(_GUESSABLE) if is_guessable(one) and one.state is not BatchState.STOPPED else "",
        saved_at=one.saved_at.isoformat(),
        figures=_figures(one, found.figures.get(one.id), language),
        is_mine=is_mine(one, mine),
    )


def _gives(one: Batch, language: Language) -> str:
    gives = gives_words(language, one)
    if not one.least_minor:
        return gives
    least = language.say("from {amount} on", amount=language.money(one.least_minor, one.currency))
    return f"{gives} · {least}"


def _where(one: Batch, found: _Found, language: Language) -> str:
    asked = one.conditions
    goods = len(asked.sku_ids) + len(asked.product_ids)
    said = [
        found.names.get(asked.site_id) or found.names.get(asked.org_unit_id) or language.say("everywhere"),
        *asked.channels,
        *sorted(asked.categories),
        *([language.say("{count} SKUs or products", count=goods)] if goods else ()),
        *([language.say("all goods")] if not goods and not asked.categories else ()),
    ]
    return " · ".join(said)


def _times(one: Batch, zone_name: str, language: Language) -> str:
    said: list[str] = []
    if one.valid_from is not None or one.valid_until is not None:
        start = _moment(one.valid_from, zone_name, language) or language.say("from when it is given")
        said.append(f"{start} – {_moment(one.valid_until, zone_name, language)}")
    if one.days is not None:
        said.append(language.say("{days} days after it is given", days=one.days))
    return " · ".join(said)


def _moment(at: datetime | None, zone_name: str, language: Language) -> str:
    if at is None:
        return ""
    return f"{language.plain_day(business_day(at, zone_name))} {language.clock(at, zone_name)}"


def _rules(one: Batch, language: Language) -> str:
    per_person = (
        language.say("any number per member")
        if one.per_person is None
        else language.say("at most {count} per member", count=one.per_person)
    )
    return " · ".join(
        [
            per_person,
            language.say("also on goods already let off")
            if one.with_promotions
            else language.say("not on goods already let off"),
            language.say("together with other coupons")
            if one.with_coupons
            else language.say("alone on an order"),
            *([language.say("given by staff")] if one.by_staff else ()),
        ]
    )


def _figures(one: Batch, found: BatchFigures | None, language: Language) -> list[tuple[str, str]]:
    if one.state is BatchState.DRAFT:
        return [(language.say("To be given"), language.count(one.total))]
    what = found or BatchFigures(batch_id=one.id)
    return [
        (
            language.say("Given"),
            language.say(
                "{given} of {total}", given=language.count(one.given), total=language.count(one.total)
            ),
        ),
        (language.say("Held"), language.count(what.held)),
        (language.say("Used"), language.count(what.spent)),
        (language.say("Brought in orders"), language.money(what.brought_minor, one.currency)),
        (language.say("It cost"), language.money(what.off_minor, one.currency)),
    ]


@post(f"{COUPONS}/save")
async def save_draft(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Save what the form says as a draft; what cannot be read is said, and the form kept as it was."""
    scope = visitor.scope_of(Permission.COUPONS_WRITE)
    said, language = await _said(request), language_of(request)

    def work(conn: Conn, now: datetime) -> object:
        wanted = read_batch(said, language, zone_name=board_setting(conn).zone)
        if isinstance(wanted, TypedWrong):
            return wanted
        return save(conn, [wanted], scope=scope, by=_by(visitor), now=now)[0]

    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return await asyncio.to_thread(_page, request, visitor, said=said, refusal=outcome)
    return telling(
        request,
        COUPONS,
        done=language.say("Saved. Look it over, then publish it: it cannot be changed after that."),
    )


@post(f"{COUPONS}/publish")
async def publish_draft(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Put a draft in force as the page showed it: not what a colleague made of it meanwhile."""
    scope, said = visitor.scope_of(Permission.COUPONS_WRITE), await _said(request)
    code = said.get("code", "")
    seen = {code: saved_at_of(said.get("saved_at", ""))}

    def work(conn: Conn, now: datetime) -> object:
        return publish(conn, [code], scope=scope, by=_by(visitor), now=now, seen=seen)[0]

    return await _acted(request, visitor, work, marked("Published."))


@post(f"{COUPONS}/stop")
async def stop_batch(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Give no more of a batch; what was given stays good."""
    scope, code = visitor.scope_of(Permission.COUPONS_WRITE), (await _said(request)).get("code", "")

    def work(conn: Conn, now: datetime) -> object:
        return stop(conn, [code], scope=scope, by=_by(visitor), now=now)[0]

    return await _acted(request, visitor, work, marked("Stopped. Coupons that were given stay good."))


@post(f"{COUPONS}/codes")
async def make_codes(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Make codes that nobody has yet, to print or to send; the sheet of the batch has them."""
    scope, said, language = (
        visitor.scope_of(Permission.COUPONS_WRITE),
        await _said(request),
        language_of(request),
    )
    code, count = said.get("code", ""), read_count(said.get("count", ""), CODES_MOST)

    def work(conn: Conn, now: datetime) -> object:
        if count is None:
            return TypedWrong(
                setting=language.say("How many"),
                reason=language.say("write a whole number, at most {most}", most=language.count(CODES_MOST)),
                field="count",
            )
        wanted = [WantedGift(batch_code=code)] * count
        given = give(conn, wanted, scope=scope, by=_by(visitor), now=now)
        refusal = next((one for one in given if isinstance(one, Refusal)), None)
        if refusal is not None:
            raise Refused(refusal)  # all of them, or none
        return given

    return await _acted(request, visitor, work, marked("Made. Take the sheet along for the codes."))


@post(f"{COUPONS}/give")
async def give_to_member(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Give a coupon to a member, by the id that the member's page has."""
    scope, said = visitor.scope_of(Permission.COUPONS_WRITE), await _said(request)
    code, member, language = said.get("code", ""), _member(said.get("member", "")), language_of(request)

    def work(conn: Conn, now: datetime) -> object:
        if member is None:
            reason = language.say("paste the address of the member's page, or the id at its end")
            return TypedWrong(setting=language.say("Member"), reason=reason, field="member")
        wanted = [WantedGift(batch_code=code, member_id=member)]
        return give(conn, wanted, scope=scope, by=_by(visitor), now=now)[0]

    return await _acted(request, visitor, work, marked("Given."))


def _member(text: str) -> MemberId | None:
    """Read a member's id, or the address of their page, which ends with it."""
    try:
        return MemberId(UUID(text.rstrip("/").rpartition("/")[2]))
    except ValueError:
        return None


@get(COUPONS + "/{code:str}/coupons.xlsx", sync_to_thread=True)
def take_coupons_along(request: WebRequest, visitor: NamedDependency[Visitor], code: FromPath[str]) -> Stream:
    """Tell the coupons of a batch as a sheet, with their codes: whoever has one may use it."""
    scope = visitor.scope_of(Permission.COUPONS_WRITE)
    language = language_of(request)

    def find(conn: Conn, _: datetime) -> Batch:
        batch = batches_by_code(conn, [code]).get(code)
        if batch is None or not is_mine(batch, scope):
            raise Refused(NoSuchThing(noun="batch of coupons", value=code))
        return batch

    batch = read(request, find)

    def make(conn: Conn, _: datetime) -> Sheet:
        zone_name = board_setting(conn).zone
        columns = _columns(batch, language, zone_name)
        return Sheet(
            title=language.say("Coupons"),
            columns=columns,
            rows=_rows_of(conn, batch, language, zone_name),
            most=batch.total,
        )

    return sheet_streamed(request, "coupons.xlsx", make)


def _columns(batch: Batch, language: Language, zone_name: str) -> list[Column]:
    say = language.say
    return [
        Column(head=say("Coupon code"), width=24),
        Column(head=say("State")),
        Column(head=say("Member"), width=38),
        Column(head=moments_head(say("Given"), zone_name), shown=MOMENT),
        Column(head=moments_head(say("Until"), zone_name), shown=MOMENT),
        Column(head=say("Order")),
        Column(head=say("Taken off"), shown=shown_money(batch.currency)),
        Column(head=say("Order came to"), shown=shown_money(batch.currency)),
    ]


def _rows_of(conn: Conn, batch: Batch, language: Language, zone_name: str) -> Iterator[Sequence[Cell]]:
    after: CouponId | None = None
    while True:  # a page of rows at a time, each with the numbers of its orders
        coupons = coupons_of_batch(conn, batch.id, after=after, at_most=ROWS_A_PAGE)
        taken = [one.order_id for one in coupons if one.order_id is not None]
        heads = orders.orders_by_ids(conn, taken) if taken else []
        numbers: dict[object, str] = {head.id: head.number for head in heads}
        yield from (_cells(one, batch, numbers, language, zone_name) for one in coupons)
        if len(coupons) < ROWS_A_PAGE:
            return
        after = coupons[-1].id


def _cells(
    one: Coupon, batch: Batch, numbers: Mapping[object, str], language: Language, zone_name: str
) -> list[Cell]:
    is_taken = one.order_id is not None
    return [
        shown_code(one.secret),
        language.say(COUPON_WORDS[one.state]),
        str(one.member_id) if one.member_id is not None else "",
        moment_of(one.given_at, zone_name),
        moment_of(one.valid_until, zone_name),
        numbers.get(one.order_id, ""),
        money_of(one.off_minor, batch.currency) if is_taken else None,
        money_of(one.order_minor, batch.currency) if is_taken else None,
    ]


def _by(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


async def _acted(request: _FormRequest, visitor: Visitor, work: Work[Any], word: str) -> Response[Any]:
    try:
        outcome = await asyncio.to_thread(run, request, work)
    except Refused as refused:
        outcome = refused.refusal
    if isinstance(outcome, Refusal):
        return await asyncio.to_thread(_page, request, visitor, refusal=outcome)
    return telling(request, COUPONS, done=language_of(request).say(word))


async def _said(request: _FormRequest) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")).strip()[:TEXT_MOST] for name in form if name != "_csrf_token"}


COUPON_PAGES = [
    show_batches,
    save_draft,
    publish_draft,
    stop_batch,
    make_codes,
    give_to_member,
    take_coupons_along,
]
