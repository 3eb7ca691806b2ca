"""Promotions: what is in force and what waits, a draft's form, what it would have done last month, and who bears it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import catalogue, org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.org import Permission
from loopline.pricing.promotions import (
    LAST_VERSION,
    AmountOff,
    Bundle,
    Effect,
    FixedPrice,
    FundingAgreement,
    Gift,
    PercentageOff,
    Promotion,
    PromotionEnd,
    PromotionState,
    Threshold,
    agreements,
    note_tried,
    promotions_page,
    published_promotions,
    unpublished_promotions,
)
from loopline.pricing.promotions.changes import NothingToPublish
from loopline.pricing.promotions.rules import timed
from loopline.processes.promote import agree, covers, end, publish, save
from loopline.processes.try_promotion import Tried, try_on_past_orders
from loopline.web.api.answers import Work, read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.promotion_form import (
    BEARER_WORDS,
    KIND_WORDS,
    TEXT_MOST,
    fields_of,
    read_agreement,
    read_promotion,
)
from loopline.web.hq.rule_refusals import RulesAreTheBrands
from loopline.web.hq.typed import saved_at_of
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.problems import status_of

PROMOTIONS = "/hq/promotions"
_SHOWN_MOST = 200
_FormRequest = Request[Any, Any, State]
_STATE_WORDS: Mapping[PromotionState, str] = {
    PromotionState.DRAFT: marked("Draft"),
    PromotionState.TRIED: marked("Tried"),
    PromotionState.PUBLISHED: marked("Published"),
}

_OVER, _TO_COME, _IN_FORCE = marked("Over"), marked("To come"), marked("In force")
_EVERY = marked("every {spent}: {amount} off")
_FROM = marked("from {spent}: {amount} off")
_GIFT_EVERY = marked("for every {earned}: {units} × {sku} as a gift")
_GIFT = marked("from {earned}: {units} × {sku} as a gift")


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment.

    `names` are codes by id; `last_code` is that of the last promotion shown, where there are more.
    """

    promotions: Sequence[Promotion]
    agreed: Sequence[FundingAgreement]
    names: Mapping[object, str]
    zone: str
    edited: Promotion | None
    last_code: str


class PromotionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version, written down."""

    code: str
    version: int
    name: str
    state: str
    state_key: str
    effect: str
    where: str
    times: str
    borne: str
    comment: str
    saved_at: str
    may_end: bool
    is_mine: bool


class TriedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of a try."""

    word: str
    value: str


@get(PROMOTIONS, sync_to_thread=True)
def show_promotions(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the promotions of somebody's branch, and the form, filled in with the one that is edited."""
    return _page(request, visitor, edit=request.query_params.get("edit", ""))


def _page(  # noqa: PLR0913 - what a command leaves to be said
    request: Request[Any, Any, Any],
    visitor: Visitor,
    *,
    edit: str = "",
    said: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    tried: tuple[Promotion, Tried] | None = None,
) -> Template:
    scope, after = visitor.scope_of(Permission.PRICES_READ), request.query_params.get("after", "")
    found, now = read(request, lambda conn, now: (_find(conn, scope, edit, after=after, now=now), now))
    language = language_of(request)
    mine = visitor.scope_of(Permission.PRICES_WRITE) if visitor.may(Permission.PRICES_WRITE) else Scope()
    filled = {} if found.edited is None else _filled(found.edited, found, now=now)
    return page(
        request,
        "hq/promotions.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=visitor,
        path=PROMOTIONS,
        rows=[_row(one, found, language, mine, now=now) for one in found.promotions],
        agreed=[_agreed(one, found, language) for one in found.agreed],
        kinds=[(kind, language.say(word)) for kind, word in KIND_WORDS.items()],
        bearers=[(bearer.value, language.say(word)) for bearer, word in BEARER_WORDS.items()],
        said={"currency": "CNY", "group": "1", "part_seller": "100"} | filled if said is None else said,
        may_write=visitor.may(Permission.PRICES_WRITE),
        may_agree=_may_agree(visitor),
        tried=None if tried is None else _tried_rows(tried[1], tried[0].currency, language),
        tried_code=tried[0].code if tried else "",
        tried_saved_at=tried[0].saved_at.isoformat() if tried else "",
        problem="" if refusal is None else language.refusal(refusal),
        done=told(request).done,
        more=f"{PROMOTIONS}?{urlencode({'after': found.last_code})}" if found.last_code else "",
    )


def _filled(edited: Promotion, found: _Found, *, now: datetime) -> dict[str, str]:
    """The form as it was; a next version begins later than one that holds already."""
    fields = fields_of(edited, found.names, zone_name=found.zone)
    has_begun = edited.state is PromotionState.PUBLISHED and (edited.valid_from or now) <= now
    return fields | {"from_at": ""} if has_begun else fields


def _find(conn: Conn, scope: Scope, edit: str, *, after: str, now: datetime) -> _Found:
    versions, last_code = _versions(conn, scope, after)
    shown = _shown_of_each(versions, now=now)
    edited = next(iter(promotions_page(conn, scope=scope, codes=[edit], at_most=1)), None) if edit else None
    agreed = agreements(conn) if scope.everything else []
    named = [*shown, edited] if edited is not None else shown
    asked = [one.conditions for one in named]
    funders = [one for promotion in named for one in promotion.funders]
    parties = {one.party_id for one in funders if one.party_id} | {one.party_id for one in agreed}
    names: dict[object, str] = {key: party.code for key, party in org.parties_by_id(conn, parties).items()}
    sites = org.sites_by_id(conn, {one.site_id for one in asked if one.site_id})
    units = org.units_by_id(conn, {one.org_unit_id for one in asked if one.org_unit_id})
    names |= {key: site.code for key, site in sites.items()}
    names |= {key: unit.code for key, unit in units.items()}
    given = {one.effect.sku_id for one in named if isinstance(one.effect, Gift)}
    if given:
        names |= {key: sku.code for key, sku in catalogue.skus_by_id(conn, given).items()}
    if edited is not None:
        skus = catalogue.skus_by_id(conn, edited.conditions.sku_ids)
        products = catalogue.products_by_id(conn, edited.conditions.product_ids)
        names |= {key: sku.code for key, sku in skus.items()}
        names |= {key: product.code for key, product in products.items()}
    return _Found(
        promotions=shown,
        agreed=agreed,
        names=names,
        zone=board_setting(conn).zone,
        edited=edited,
        last_code=last_code,
    )


def _versions(conn: Conn, scope: Scope, after: str) -> tuple[list[Promotion], str]:
    """The versions of codes after one, all of each, and the last code where there are more."""
    place = (after.replace("\x00", ""), 0 if after else LAST_VERSION)
    versions = promotions_page(conn, scope=scope, after=place, at_most=_SHOWN_MOST)
    if len(versions) < _SHOWN_MOST:
        return versions, ""
    whole = [one for one in versions if one.code != versions[-1].code] or versions
    return whole, whole[-1].code


def _shown_of_each(versions: Sequence[Promotion], *, now: datetime) -> list[Promotion]:
    """Of each code what waits, what is to come and what holds now; else the last that was published."""
    shown: list[Promotion] = []
    for _, of_code in groupby(versions, key=lambda one: one.code):
        drafts: list[Promotion] = []
        published: list[Promotion] = []
        for one in of_code:
            (published if one.state is PromotionState.PUBLISHED else drafts).append(one)
        running = [one.promotion for one in timed(published) if one.until is None or now < one.until]
        shown += [*drafts, *(reversed(running) if running else published[:1])]
    return shown


def _row(one: Promotion, found: _Found, language: Language, mine: Scope, *, now: datetime) -> PromotionRow:
    is_over = one.valid_until is not None and one.valid_until <= max(now, one.valid_from or now)
    is_mine = covers(mine, site_id=one.conditions.site_id, org_unit_id=one.conditions.org_unit_id)
    is_published = one.state is PromotionState.PUBLISHED
    state = language.say(_STATE_WORDS[one.state])
    if is_published:
        is_to_come = one.valid_from is not None and one.valid_from > now
        state = language.say(_OVER if is_over else _TO_COME if is_to_come else _IN_FORCE)
    return PromotionRow(
        code=one.code,
        version=one.version,
        name=language.called(one.name),
        state=state,
        state_key="over" if is_over else one.state.value,
        effect=_effect(one.effect, one.currency, found, language),
        where=_where(one, found, language),
        times=_times(one.valid_from, one.valid_until, found.zone, language),
        borne=" · ".join(
            f"{_bearer(funder.bearer.value, found.names.get(funder.party_id), language)} "
            f"{funder.basis_points / 100:g}%"
            for funder in one.funders
        ),
        comment=one.comment,
        saved_at=one.saved_at.isoformat(),
        may_end=is_published and not is_over and is_mine,
        is_mine=is_mine,
    )


def _bearer(bearer: str, party_code: str | None, language: Language) -> str:
    words = {key.value: word for key, word in BEARER_WORDS.items()}
    return party_code or language.say(words[bearer])


def _effect(effect: Effect, currency: str, found: _Found, language: Language) -> str:
    match effect:
        case PercentageOff():
            return language.say("{percent}% off each piece", percent=f"{effect.basis_points / 100:g}")
        case AmountOff():
            return language.say(
                "{amount} off each piece", amount=language.money(effect.amount_minor, currency)
            )
        case FixedPrice():
            return language.say("{amount} for each piece", amount=language.money(effect.unit_minor, currency))
        case Threshold():
            word = _EVERY if effect.is_repeated else _FROM
            return " · ".join(
                language.say(
                    word,
                    spent=language.money(step.from_minor, currency),
                    amount=language.money(step.off_minor, currency),
                )
                for step in sorted(effect.steps, key=lambda one: one.from_minor)
            )
        case Bundle():
            return language.say(
                "{units} pieces for {amount}",
                units=effect.units,
                amount=language.money(effect.price_minor, currency),
            )
        case Gift():
            return _gift(effect, currency, found, language)


def _gift(effect: Gift, currency: str, found: _Found, language: Language) -> str:
    earned = (
        language.say("{units} pieces bought", units=effect.from_units)
        if effect.from_units is not None
        else language.say("{amount} spent", amount=language.money(effect.from_minor or 0, currency))
    )
    word = _GIFT_EVERY if effect.is_repeated else _GIFT
    return language.say(word, earned=earned, units=effect.units, sku=found.names.get(effect.sku_id, ""))


def _where(one: Promotion, found: _Found, language: Language) -> str:
    asked = one.conditions
    goods = len(asked.sku_ids) + len(asked.product_ids)
    said = [
        found.names.get(asked.site_id) or found.names.get(asked.org_unit_id) or language.say("everywhere"),
        *asked.channels,
        *([language.say("Live room {code}", code=asked.live_room)] if asked.live_room else ()),
        *([language.say("members")] if asked.members_only else ()),
        *([asked.member_tier] if asked.member_tier else ()),
        *sorted(asked.categories),
        *([language.say("{count} SKUs or products", count=goods)] if goods else ()),
        *([language.say("all goods")] if not goods and not asked.categories else ()),
        language.say("exclusive") if one.is_exclusive else language.say("group {number}", number=one.group),
    ]
    if one.most_minor is not None:
        amount = language.money(one.most_minor, one.currency)
        said.append(language.say("at most {amount} an order", amount=amount))
    return " · ".join(said)


def _times(since: datetime | None, until: datetime | None, zone_name: str, language: Language) -> str:
    start = language.say("from its publication") if since is None else _moment(since, zone_name, language)
    finish = language.say("for good") if until is None else _moment(until, zone_name, language)
    return f"{start} – {finish}"


def _moment(at: datetime, zone_name: str, language: Language) -> str:
    return f"{language.plain_day(business_day(at, zone_name))} {language.clock(at, zone_name)}"


def _agreed(one: FundingAgreement, found: _Found, language: Language) -> dict[str, str]:
    return {
        "party": found.names.get(one.party_id, ""),
        "most": f"{one.most_basis_points / 100:g}%",
        "currency": one.currency,
        "times": _times(one.valid_from, one.valid_until, found.zone, language),
        "comment": one.comment,
    }


def _tried_rows(what: Tried, currency: str, language: Language) -> list[TriedRow]:
    def money(minor: int) -> str:
        return language.money(minor, currency)

    touched = language.say(
        "{touched} of {orders}", touched=language.count(what.touched), orders=language.count(what.orders)
    )
    margin = f"{money(what.margin_before_minor)} → {money(what.margin_after_minor)}"
    rows = [
        (language.say("Orders touched"), touched),
        (language.say("Pieces"), language.count(what.units)),
        (language.say("Taken off"), money(what.discount_minor)),
        *(
            (language.say("Borne by: {who}", who=language.say(BEARER_WORDS[bearer])), money(minor))
            for bearer, minor in sorted(what.borne.items(), key=lambda one: -one[1])
        ),
        (
            language.say("Paid for these orders"),
            f"{money(what.paid_before_minor)} → {money(what.paid_after_minor)}",
        ),
        (
            language.say("Margin, where the cost is known ({count} pieces)", count=what.costed_units),
            margin if what.costed_units else "–",
        ),
    ]
    return [TriedRow(word=word, value=value) for word, value in rows]


@post(f"{PROMOTIONS}/save")
async def save_draft(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Save what the form says as a draft; what cannot be read is said, and the form kept as it was."""
    scope = visitor.scope_of(Permission.PRICES_WRITE)
    said, language = await _said(request), language_of(request)
    by = f"person:{visitor.person.person_id}"

    def work(conn: Conn, now: datetime) -> Promotion | Refusal:
        wanted = read_promotion(said, language, zone_name=board_setting(conn).zone)
        if isinstance(wanted, Refusal):
            return wanted
        return save(conn, [wanted], scope=scope, by=by, now=now)[0]

    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return await asyncio.to_thread(_page, request, visitor, said=said, refusal=outcome)
    return telling(
        request, PROMOTIONS, done=language.say("Saved. Try it on last month's orders before you publish it.")
    )


@post(f"{PROMOTIONS}/try")
async def try_draft(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Price last month's orders with a draft, and show what it would have done; then it may be published."""
    scope = visitor.scope_of(Permission.PRICES_WRITE)
    code = (await _said(request)).get("code", "")

    def work(conn: Conn, now: datetime) -> tuple[Promotion, Tried] | Refusal:
        draft = unpublished_promotions(conn, [code]).get(code)
        if draft is None or not covers(
            scope, site_id=draft.conditions.site_id, org_unit_id=draft.conditions.org_unit_id
        ):
            return NothingToPublish(value=code)
        tried = try_on_past_orders(conn, draft, scope=scope, now=now)
        note_tried(conn, draft, now=now)
        return draft, tried

    outcome = await asyncio.to_thread(run, request, work)
    refusal = outcome if isinstance(outcome, Refusal) else None
    tried = None if isinstance(outcome, Refusal) else outcome
    return await asyncio.to_thread(_page, request, visitor, refusal=refusal, tried=tried)


@post(f"{PROMOTIONS}/publish")
async def publish_draft(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Put a draft in force as the page showed it: not what a colleague made of it meanwhile."""
    scope = visitor.scope_of(Permission.PRICES_WRITE)
    said, by = await _said(request), f"person:{visitor.person.person_id}"
    code = said.get("code", "")
    seen = {code: saved_at_of(said.get("saved_at", ""))}

    def work(conn: Conn, now: datetime) -> Promotion | Refusal:
        return publish(conn, [code], scope=scope, by=by, now=now, seen=seen)[0]

    return await _acted(request, visitor, work, marked("Published."))


@post(f"{PROMOTIONS}/end")
async def end_now(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """End a promotion now; where a version to come is named, that one never begins, and what holds goes on."""
    scope, said = visitor.scope_of(Permission.PRICES_WRITE), await _said(request)
    code, version = said.get("code", ""), said.get("version", "")
    by = f"person:{visitor.person.person_id}"

    def work(conn: Conn, now: datetime) -> PromotionEnd | Refusal:
        begins = (
            one.valid_from
            for one in published_promotions(conn)
            if one.code == code and str(one.version) == version
        )
        at = max(now, next(begins, None) or now)
        return end(conn, [(code, at)], scope=scope, now=now, by=by)[0]

    return await _acted(request, visitor, work, marked("Ended."))


@post(f"{PROMOTIONS}/agree")
async def write_agreement(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Write what a party agreed to bear."""
    if not _may_agree(visitor):
        raise Refused(RulesAreTheBrands())
    said, language = await _said(request), language_of(request)
    by = f"person:{visitor.person.person_id}"

    def work(conn: Conn, now: datetime) -> object:
        wanted = read_agreement(said, language, zone_name=board_setting(conn).zone)
        return wanted if isinstance(wanted, Refusal) else agree(conn, [wanted], by=by, now=now)[0]

    return await _acted(request, visitor, work, marked("Saved."))


async def _acted(request: _FormRequest, visitor: Visitor, work: Work[Any], word: str) -> Response[Any]:
    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return await asyncio.to_thread(_page, request, visitor, refusal=outcome)
    return telling(request, PROMOTIONS, done=language_of(request).say(word))


async def _said(request: _FormRequest) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")).strip()[:TEXT_MOST] for name in form if name != "_csrf_token"}


def _may_agree(visitor: Visitor) -> bool:
    return visitor.may(Permission.SHARING_WRITE) and visitor.scope_of(Permission.SHARING_WRITE).everything


PROMOTION_PAGES = [show_promotions, save_draft, try_draft, publish_draft, end_now, write_agreement]
