"""Sources of bills: whose files are taken in, for which company, and which column of theirs holds what."""

import asyncio
from collections.abc import Mapping as Words
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from loopline import bills
from loopline.bills import DayFormat, Layout, Mapping, NewSource, Source, SourceKind
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Entity, Permission
from loopline.org import lists as org_lists
from loopline.processes.reconcile.working import companies_in, keep_sources
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.reconciliation_view import RECONCILIATION
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page

SOURCES = f"{RECONCILIATION}/sources"
_COMPANIES_SHOWN = 500
_FormRequest = Request[Any, Any, State]
_KIND_WORDS: Words[SourceKind, str] = {
    SourceKind.GATEWAY: marked("Payment gateway"),
    SourceKind.MARKETPLACE: marked("Marketplace"),
    SourceKind.BANK: marked("Bank"),
    SourceKind.CARRIER: marked("Carrier"),
}
_LAYOUT_WORDS: Words[Layout, str] = {
    Layout.WECHAT_PAY: marked("WeChat Pay trade bill"),
    Layout.ALIPAY: marked("Alipay bill"),
    Layout.ALIPAY_FUNDS: marked("Alipay account (Taobao, Tmall)"),
    Layout.DOUYIN: marked("Douyin shop account"),
    Layout.JINGDONG: marked("JD wallet bill"),
    Layout.MAPPED: marked("CSV or XLSX with the columns below"),
}
_ACCOUNT_WORDS: Words[str, str] = {
    "gateway": marked("With the gateway"),
    "cash": marked("Cash and bank"),
    "receivable": marked("Receivable"),
}
_DAY_FORMAT_WORDS: Words[DayFormat, str] = {
    DayFormat.YEAR_FIRST: marked("Year, month, day"),
    DayFormat.DAY_FIRST: marked("Day, month, year"),
    DayFormat.MONTH_FIRST: marked("Month, day, year"),
}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the form says, as it is written; of a new source the usual."""

    code: str = ""
    name: str = ""
    entity: str = ""
    currency: str = "CNY"
    kind: str = "gateway"
    layout: str = "wechat_pay"
    account: str = "gateway"
    zone: str = "Asia/Shanghai"
    methods: str = ""
    channel: str = ""
    payer: str = ""
    grace_days: str = "2"
    map_day: str = ""
    map_day_format: str = "year_first"
    map_amount: str = ""
    map_money_in: str = ""
    map_money_out: str = ""
    map_fee: str = ""
    map_number: str = ""
    map_keys: str = ""
    map_wording: str = ""
    map_ends_with: str = ""


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A source, written down."""

    code: str
    name: str
    kind: str
    layout: str
    company: str
    currency: str


@get(SOURCES, sync_to_thread=True)
def show_sources(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the sources of somebody's companies, and the form of one."""
    scope = visitor.scope_of(Permission.BILLS_READ)
    found, companies = read(request, lambda conn, _: _find(conn, scope))
    language, notice = language_of(request), told(request)
    names = {one.id: one for one in companies}
    code = request.query_params.get("code", "")
    chosen = next((one for one in found if one.code == code), None)
    return page(
        request,
        "hq/bill_sources.html",
        visitor=visitor,
        path=RECONCILIATION,
        sources=[_row(one, names[one.entity_id], language) for one in found if one.entity_id in names],
        said=_said(chosen, names[chosen.entity_id].code) if chosen is not None else Said(),
        companies=[(one.code, f"{language.called(one.name)} · {one.code}") for one in companies],
        kinds=_options(_KIND_WORDS, language),
        layouts=_options(_LAYOUT_WORDS, language),
        accounts=_options(_ACCOUNT_WORDS, language),
        day_formats=_options(_DAY_FORMAT_WORDS, language),
        may_write=visitor.may(Permission.BILLS_WRITE),
        done=notice.done,
        problem=notice.problem,
    )


def _find(conn: Conn, scope: Scope) -> tuple[list[Source], list[Entity]]:
    companies = org_lists.entities_page(conn, org_lists.PageAsk(at_most=_COMPANIES_SHOWN), scope=scope)
    return bills.sources_of(conn, companies_in(conn, scope)), companies


def _options(words: Words[Any, str], language: Language) -> list[tuple[str, str]]:
    return [(str(key), language.say(word)) for key, word in words.items()]


def _row(one: Source, company: Entity, language: Language) -> SourceRow:
    return SourceRow(
        code=one.code,
        name=language.called(one.name),
        kind=language.say(_KIND_WORDS[one.kind]),
        layout=language.say(_LAYOUT_WORDS[one.layout]),
        company=language.called(company.name),
        currency=one.currency,
    )


def _said(one: Source, entity: str) -> Said:
    mapped = one.mapping or Mapping(day="")
    return Said(
        code=one.code,
        name=one.name,
        entity=entity,
        currency=one.currency,
        kind=one.kind.value,
        layout=one.layout.value,
        account=one.account,
        zone=one.zone,
        methods=", ".join(one.methods),
        channel=one.channel or "",
        payer=one.payer,
        grace_days=str(one.grace_days),
        map_day=mapped.day,
        map_day_format=mapped.day_format.value,
        map_amount=mapped.amount or "",
        map_money_in=mapped.money_in or "",
        map_money_out=mapped.money_out or "",
        map_fee=mapped.fee or "",
        map_number=mapped.number or "",
        map_keys=", ".join(mapped.keys),
        map_wording=", ".join(mapped.wording),
        map_ends_with=mapped.ends_with or "",
    )


@post(f"{SOURCES}/save")
async def save_source(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Keep a source as the form says it; what does not fit is said, and nothing is kept."""
    scope = visitor.scope_of(Permission.BILLS_WRITE)
    form = await request.form()
    said = Said(**{name: str(form.get(name, "")).strip()[:200] for name in Said.__struct_fields__})
    by = f"person:{visitor.person.person_id}"

    def work(conn: Conn, now: datetime) -> Source | Refusal:
        asked = org_lists.PageAsk(codes=[said.entity])
        found = org_lists.entities_page(conn, asked, scope=scope)
        if not found:
            return NoSuchThing(noun="entity", value=said.entity)
        (outcome,) = keep_sources(conn, [_new(said, found[0], conn)], scope=scope, by=by, now=now)
        return outcome

    language = language_of(request)
    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return telling(request, SOURCES, problem=language.refusal(outcome), code=said.code)
    return telling(request, SOURCES, done=language.say("Saved."), code=outcome.code)


def _new(said: Said, company: Entity, conn: Conn) -> NewSource:
    """Read the form. Words of a column of kinds, which the form does not show, stay as they were."""
    before = bills.sources_of(conn, [company.id], codes=[said.code])
    kept = before[0].mapping if before else None
    return NewSource(
        code=said.code,
        name=said.name,
        kind=SourceKind(said.kind) if said.kind in set(SourceKind) else SourceKind.GATEWAY,
        layout=Layout(said.layout) if said.layout in set(Layout) else Layout.MAPPED,
        entity_id=company.id,
        currency=said.currency.upper() or company.currency,
        zone=said.zone,
        account=said.account if said.account in _ACCOUNT_WORDS else "gateway",
        methods=_parts(said.methods),
        channel=said.channel or None,
        payer=said.payer,
        grace_days=int(said.grace_days) if said.grace_days.isdigit() else -1,
        mapping=_mapping(said, kept) if said.map_day else None,
    )


def _mapping(said: Said, kept: Mapping | None) -> Mapping:
    is_known = said.map_day_format in set(DayFormat)
    return Mapping(
        day=said.map_day,
        amount=said.map_amount or None,
        money_in=said.map_money_in or None,
        money_out=said.map_money_out or None,
        fee=said.map_fee or None,
        number=said.map_number or None,
        keys=_parts(said.map_keys),
        wording=_parts(said.map_wording),
        kind=kept.kind if kept is not None else None,
        kind_words=kept.kind_words if kept is not None else (),
        day_format=DayFormat(said.map_day_format) if is_known else DayFormat.YEAR_FIRST,
        is_negated=kept.is_negated if kept is not None else False,
        ends_with=said.map_ends_with or None,
    )


def _parts(text: str) -> tuple[str, ...]:
    found: Sequence[str] = [part.strip() for part in text.replace("，", ",").replace("、", ",").split(",")]
    return tuple(part for part in found if part)


BILL_SOURCE_PAGES = [show_sources, save_source]
