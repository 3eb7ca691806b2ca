"""On which terms companies take money ahead, what their members have, and what waits to be paid out of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import org, stored_value
from loopline.db import Conn
from loopline.kernel.ids import EntityId
from loopline.kernel.refusals import Refusal
from loopline.org import Entity, Permission
from loopline.org.queries import entities_by_code, entities_by_id
from loopline.processes.stored_value.paying_in import CashOutDecision, decide_pay_out
from loopline.processes.stored_value.terms import set_value_terms
from loopline.stored_value import Account, Bonus, CashOut, NewTerms, Owed, Terms
from loopline.stored_value.refusals import CashOutNotOpen, StoredValueTermsNotUsable
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.member_value import told_of_pay_out, whole_brand
from loopline.web.hq.order_words import method_word
from loopline.web.hq.payouts import names_of
from loopline.web.hq.refusals import AmountUnclear
from loopline.web.hq.typed import read_minor, typed_minor
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.store.count.place import actor_of
from loopline.web.store.moving.place import Form, time_id

VALUE = "/hq/stored-value"
_STEPS = 4
_STEPS_MOST = 21
_TYPED_MOST = 20
_LIMITS: Mapping[str, str] = {
    "least_minor": marked("A top-up is at least"),
    "most_minor": marked("A member has at most, bonus included"),
    "unproven_minor": marked("With the phone number alone one pays at most"),
    "alone_minor": marked("One person pays out at most"),
}
_FIELDS: Mapping[str, str] = {**_LIMITS, "bonuses": marked("given beside it")}


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    companies: list[Entity]
    terms: dict[tuple[EntityId, str], Terms]
    owed: dict[tuple[EntityId, str], Owed]
    waiting: list[CashOut]
    accounts: dict[UUID, Account]
    people: dict[str, str]


@get(VALUE, sync_to_thread=True)
def show_stored_value(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what holds for each company, and what its members have; for who has the whole brand."""
    whole_brand(visitor, Permission.PAYMENTS_READ)
    may = visitor.may(Permission.PAYMENTS_WRITE) and visitor.scope_of(Permission.PAYMENTS_WRITE).everything
    found, language, notice = read(request, _read), language_of(request), told(request)
    return page(
        request,
        "hq/stored_value.html",
        visitor=visitor,
        path=VALUE,
        may_set=may,
        done=notice.done,
        problem=notice.problem,
        rows=[_row(one, found, language, notice.also) for one in found.companies],
        waiting=_waiting(found, language),
    )


def _read(conn: Conn, _now: datetime) -> _Found:
    companies = entities_by_id(conn, {site.entity_id for site in org.branch_sites(conn)})
    waiting = stored_value.open_cash_outs(conn)
    return _Found(
        waiting=waiting,
        accounts=stored_value.accounts_by_ids(conn, {one.account_id for one in waiting}) if waiting else {},
        people=names_of(conn, {one.asked_by for one in waiting}),
        companies=sorted(companies.values(), key=lambda one: one.code),
        terms=stored_value.terms_in_force(conn),
        owed=stored_value.owed_by_companies(conn),
    )


def _row(one: Entity, found: _Found, language: Language, typed: Mapping[str, str]) -> dict[str, Any]:
    key, currency = (one.id, one.currency), one.currency
    standing = found.terms.get(key)
    terms, owed = standing or Terms(), found.owed.get(key)
    said: Mapping[str, str] = typed if typed.get("company") == one.code else {}
    steps = [
        (typed_minor(step.from_minor, currency), typed_minor(step.bonus_minor, currency))
        for step in terms.bonuses
    ]
    return {
        "code": one.code,
        "name": language.called(one.name),
        "symbol": language.currency_symbol(currency),
        "is_offered": standing is not None and standing.is_offered,
        "state": language.say("Taken")
        if standing is not None and standing.is_offered
        else language.say("Not taken"),
        "owed": ""
        if owed is None
        else language.say(
            "Members with some: {members}. They paid {amount}; bonuses: {bonus}",
            members=language.count(owed.members),
            amount=language.money(owed.principal_minor, currency),
            bonus=language.money(owed.bonus_minor, currency),
        ),
        "is_open": bool(said),
        "limits": [
            (name, language.say(word), said.get(name, typed_minor(getattr(terms, name), currency)))
            for name, word in _LIMITS.items()
        ],
        "steps": [
            (said.get(f"from{place}", first), said.get(f"bonus{place}", bonus))
            for place, (first, bonus) in enumerate([*steps, *[("", "")] * max(1, _STEPS - len(steps))])
        ],
    }


def _waiting(found: _Found, language: Language) -> list[dict[str, str]]:
    """Write what waits to be approved: how much is left by now, which is what would be paid."""
    names = {one.id: one.name for one in found.companies}
    return [
        {
            "id": str(one.id),
            "amount": language.money(
                found.accounts[one.account_id].principal_minor, found.accounts[one.account_id].currency
            ),
            "company": language.called(names.get(found.accounts[one.account_id].entity_id, "")),
            "method": method_word(one.method, language),
            "by": language.called(found.people.get(one.asked_by, "")),
        }
        for one in found.waiting
    ]


@post(VALUE + "/decide", sync_to_thread=True)
def decide_cash_out(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Approve what somebody else asked to pay out, or drop it."""
    scope, asked_id = whole_brand(visitor, Permission.PAYMENTS_WRITE), time_id(data, "asked")

    def work(conn: Conn, now: datetime) -> CashOut | Refusal:
        if asked_id is None:
            return CashOutNotOpen()
        decision = CashOutDecision(id=asked_id, is_approved=data.get("act") == "approve")
        return decide_pay_out(conn, [decision], scope=scope, by=actor_of(visitor), now=now)[0]

    return told_of_pay_out(request, VALUE, run(request, work))


@post(VALUE + "/set", sync_to_thread=True)
def set_terms(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Set the terms of a company; what is refused is shown with what was typed."""
    whole_brand(visitor, Permission.PAYMENTS_WRITE)
    code, language = str(data.get("company", "")), language_of(request)

    def work(conn: Conn, now: datetime) -> Terms | Refusal:
        company = entities_by_code(conn, [code]).get(code)
        if company is None:
            return NoSuchThing(noun="company", value=code)
        terms = _terms(data, company.currency)
        if isinstance(terms, Refusal):
            return terms
        new = NewTerms(entity_id=company.id, currency=company.currency, terms=terms)
        return set_value_terms(conn, [new], by=actor_of(visitor), now=now)[0]

    outcome = run(request, work)
    if isinstance(outcome, Refusal):
        typed = {name: str(value)[:_TYPED_MOST] for name, value in data.items() if not name.startswith("_")}
        return telling(request, VALUE, problem=language.refusal(_named(outcome, language)), **typed)
    return telling(request, VALUE, done=language.say("Set: it holds from the next top-up on."))


def _named(refusal: Refusal, language: Language) -> Refusal:
    """Return a refusal with its field as the form calls it."""
    if isinstance(refusal, StoredValueTermsNotUsable) and refusal.field in _FIELDS:
        return StoredValueTermsNotUsable(field=language.say(_FIELDS[refusal.field]))
    return refusal


def _terms(data: dict[str, Any], currency: str) -> Terms | Refusal:
    amounts = {name: read_minor(str(data.get(name, "")), currency) for name in _LIMITS}
    steps: list[Bonus] = []
    for place in range(_STEPS_MOST):
        first, given = (str(data.get(f"{name}{place}", "")).strip() for name in ("from", "bonus"))
        if first or given:
            from_minor, bonus_minor = read_minor(first, currency), read_minor(given, currency)
            if from_minor is None or bonus_minor is None:
                return AmountUnclear()
            steps.append(Bonus(from_minor=from_minor, bonus_minor=bonus_minor))
    said = {name: minor for name, minor in amounts.items() if minor is not None}
    if len(said) < len(_LIMITS):
        return AmountUnclear()
    return Terms(
        is_offered="is_offered" in data,
        least_minor=said["least_minor"],
        most_minor=said["most_minor"],
        unproven_minor=said["unproven_minor"],
        alone_minor=said["alone_minor"],
        bonuses=tuple(steps),
    )


STORED_VALUE_PAGES = [show_stored_value, set_terms, decide_cash_out]
