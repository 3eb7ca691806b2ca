"""Supply between companies: what they owe each other for goods, what nothing was agreed of, and the terms."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from loopline import catalogue
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import EntityId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.org import Entity, Permission
from loopline.org import lists as org_lists
from loopline.org.queries import entities_by_id
from loopline.processes.supply import Owed, WantedTerm, agree, owed_between
from loopline.supply import queries
from loopline.supply.model import PairNoted, Term, TermBase, TermKind
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.refusals import TypedWrong
from loopline.web.hq.rule_refusals import RulesAreTheBrands
from loopline.web.hq.typed import read_basis_points, read_minor, read_moment
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page

SUPPLY = "/hq/supply"
_TERMS_SHOWN = 100
_COMPANIES_SHOWN = 500
_TEXT_MOST = 500
_UNIT = "unit"
_FormRequest = Request[Any, Any, State]
_KIND_WORDS: Mapping[TermKind, str] = {
    TermKind.PURCHASE: marked("buys what it hands over"),
    TermKind.CONSIGNMENT: marked("passes on what is not its own"),
    TermKind.COST: marked("what its own goods cost it"),
}
_OF_WORDS: Mapping[str, str] = {
    TermBase.NET.value: marked("% of the net amount"),
    TermBase.LIST.value: marked("% of the list price"),
    _UNIT: marked("for each unit, net of tax"),
}


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    owed: list[Owed]
    noted: list[PairNoted]
    terms: list[Term]
    companies: Mapping[EntityId, Entity]
    offered: list[Entity]
    skus: Mapping[SkuId, Sku]
    zone: str


class TermRow(msgspec.Struct, frozen=True, kw_only=True):
    """Terms, written down."""

    owner: str
    buyer: str
    kind: str
    goods: str
    price: str
    since: str
    is_coming: bool
    comment: str


@get(SUPPLY, sync_to_thread=True)
def show_supply(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what the companies of somebody's branch owe and have agreed on with others."""
    scope = visitor.scope_of(Permission.EARNINGS_READ)
    found, now = read(request, lambda conn, now: (_find(conn, scope), now))
    language, notice = language_of(request), told(request)
    names = {key: language.called(one.name) for key, one in found.companies.items()}
    return page(
        request,
        "hq/supply.html",
        visitor=visitor,
        path=SUPPLY,
        owed=[
            (names[one.buyer_id], names[one.owner_id], language.money(one.owed_minor, one.currency))
            for one in found.owed
        ],
        noted=[
            (
                names[one.buyer_id],
                names[one.owner_id],
                one.units,
                language.money(one.net_minor, one.currency),
                _moment(one.first_at, found.zone, language),
            )
            for one in found.noted
        ],
        terms=[_row(one, found, names, language, now=now) for one in found.terms],
        companies=[(one.code, f"{language.called(one.name)} · {one.code}") for one in found.offered],
        kinds=[(kind.value, language.say(word)) for kind, word in _KIND_WORDS.items()],
        prices=[(of, language.say(word)) for of, word in _OF_WORDS.items()],
        may_write=_is_writer(visitor),
        done=notice.done,
        problem=notice.problem,
        said=notice.also,
    )


def _find(conn: Conn, scope: Scope) -> _Found:
    company_ids = org_lists.company_ids_in_scope(conn, scope)
    owed = owed_between(conn, company_ids=company_ids)
    noted = queries.noted_by_pair(conn, company_ids=company_ids)
    terms = queries.terms_page(conn, company_ids=company_ids, limit=_TERMS_SHOWN)
    named = {company for one in (*owed, *noted, *terms) for company in (one.owner_id, one.buyer_id)}
    return _Found(
        owed=owed,
        noted=noted,
        terms=terms,
        companies=entities_by_id(conn, named),
        offered=org_lists.entities_page(conn, org_lists.PageAsk(at_most=_COMPANIES_SHOWN), scope=scope),
        skus=catalogue.skus_by_id(conn, {one.sku_id for one in terms if one.sku_id is not None}),
        zone=board_setting(conn).zone,
    )


def _moment(at: datetime, zone_name: str, language: Language) -> str:
    return f"{language.plain_day(business_day(at, zone_name))} {language.clock(at, zone_name)}"


def _row(
    one: Term, found: _Found, names: Mapping[EntityId, str], language: Language, *, now: datetime
) -> TermRow:
    if one.unit_minor is not None:
        price = f"{language.money(one.unit_minor, one.currency)} {language.say(_OF_WORDS[_UNIT])}"
    else:
        assert one.base is not None
        assert one.basis_points is not None
        price = f"{one.basis_points / 100:g} {language.say(_OF_WORDS[one.base.value])}"
    return TermRow(
        owner=names[one.owner_id],
        buyer=names[one.buyer_id],
        kind=language.say(_KIND_WORDS[one.kind]),
        goods=language.say("all goods") if one.sku_id is None else found.skus[one.sku_id].code,
        price=price,
        since=_moment(one.from_at, found.zone, language),
        is_coming=one.from_at > now,
        comment=one.comment,
    )


@post(f"{SUPPLY}/agree")
async def agree_on_terms(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Write the terms that the form says; what cannot be read is said, and the form kept as it was."""
    if not _is_writer(visitor):
        raise Refused(RulesAreTheBrands())
    form = await request.form()
    said = {name: str(form.get(name, "")).strip()[:_TEXT_MOST] for name in form if name != "_csrf_token"}
    language = language_of(request)
    by = f"person:{visitor.person.person_id}"

    def work(conn: Conn, now: datetime) -> Term | Refusal:
        term = _wanted(said, language, zone_name=board_setting(conn).zone)
        return term if isinstance(term, Refusal) else agree(conn, [term], by=by, now=now)[0]

    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return telling(request, SUPPLY, **(said | {"problem": language.refusal(outcome)}))
    return telling(request, SUPPLY, done=language.say("Saved."))


def _wanted(said: Mapping[str, str], language: Language, *, zone_name: str) -> WantedTerm | TypedWrong:
    """Read the form, or say which field cannot be read and why."""

    def wrong(field: str, word: str, reason: str) -> TypedWrong:
        return TypedWrong(setting=language.say(word), reason=language.say(reason), field=field)

    of, value, currency = said.get("of", ""), said.get("value", ""), said.get("currency", "").upper()
    if not (currency.isascii() and currency.isalpha() and len(currency) == 3):
        return wrong("currency", marked("Currency"), marked("write three letters, like CNY"))
    if said.get("kind") not in set(TermKind) or of not in _OF_WORDS:
        return wrong("kind", marked("Kind"), marked("choose one"))
    points = None if of == _UNIT else read_basis_points(value)
    minor = read_minor(value, currency) if of == _UNIT else None
    if points is None and minor is None:
        return wrong(
            "value", marked("Price"), marked("write a percentage from 0 to 100, or an amount of money")
        )
    from_at = read_moment(said["from_at"], zone_name) if said.get("from_at") else None
    if said.get("from_at") and from_at is None:
        return wrong("from_at", marked("From"), marked("write a moment like 2026-11-11 20:00"))
    if not said.get("comment"):
        return wrong("comment", marked("Comment"), marked("say in a few words what was agreed"))
    return WantedTerm(
        owner_code=said.get("owner", ""),
        buyer_code=said.get("buyer", ""),
        currency=currency,
        kind=TermKind(said["kind"]),
        sku_code=said.get("sku") or None,
        base=None if of == _UNIT else TermBase(of),
        basis_points=points,
        unit_minor=minor,
        from_at=from_at,
        comment=said["comment"],
    )


def _is_writer(visitor: Visitor) -> bool:
    return visitor.may(Permission.SHARING_WRITE) and visitor.scope_of(Permission.SHARING_WRITE).everything


SUPPLY_PAGES = [show_supply, agree_on_terms]
