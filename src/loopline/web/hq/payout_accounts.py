"""Where payouts come from and go to: accounts of legal entities and of parties, and the terms they are made by."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from loopline import org
from loopline.db import Conn
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.org.queries import entities_by_id
from loopline.payouts import AccountKind, NewAccount, NewPayer, PayerId, Receiver, Terms, Way
from loopline.payouts import queries as payouts_queries
from loopline.payouts import service as payouts_service
from loopline.processes.pay_out import entities_in, set_payout_accounts
from loopline.processes.set_terms import set_payout_terms
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.payouts import PAYOUTS, actor_of, uuid_in
from loopline.web.hq.payouts_view import WAY_WORDS
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page

ACCOUNTS = f"{PAYOUTS}/accounts"
_FormRequest = Request[Any, Any, State]
KIND_WORDS = {
    AccountKind.BANK: marked("Bank account"),
    AccountKind.WECHAT_PERSON: marked("WeChat, a person"),
    AccountKind.WECHAT_MERCHANT: marked("WeChat Pay, a merchant"),
}


class PayerRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account that a legal entity pays from."""

    id: str
    name: str
    entity: str
    way: str
    number: str
    currency: str


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a party is paid to; `masked` is empty where nobody said it."""

    code: str
    party: str
    kind: str
    masked: str


class TermsRow(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of a currency, as fields of a form hold them: in minor units and hundredths of a per cent."""

    currency: str
    version: str
    about: str
    least_minor: int
    second_person_above_minor: int
    withheld_basis_points: int


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    payers: list[PayerRow]
    accounts: list[AccountRow]
    entities: list[tuple[str, str]]
    terms: list[TermsRow]


@get(ACCOUNTS, sync_to_thread=True)
def show_accounts(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the accounts and terms of somebody's branch."""
    scope = visitor.scope_of(Permission.PAYOUTS_READ)
    language, notice = language_of(request), told(request)
    found = read(request, lambda conn, _: _find(conn, scope, language))
    return page(
        request,
        "hq/payout_accounts.html",
        visitor=visitor,
        found=found,
        path=ACCOUNTS,
        payer_ways=[(one.value, language.say(word)) for one, word in WAY_WORDS.items()],
        kinds=[(one.value, language.say(word)) for one, word in KIND_WORDS.items()],
        may_write=visitor.may(Permission.PAYOUTS_WRITE),
        is_whole=scope.everything,
        problem=notice.problem,
        done=notice.done,
    )


def _find(conn: Conn, scope: Scope, language: Language) -> _Found:
    parties = [one for one in org.branch_parties(conn) if scope.everything or one.unit_id in scope.org_units]
    accounts = payouts_queries.accounts_in_use(conn, [one.id for one in parties])
    payers = payouts_queries.payers_in_use(conn, entities_in(conn, scope))
    companies = {one.entity_id for one in parties if one.entity_id} | {one.entity_id for one in payers}
    entities = entities_by_id(conn, companies)
    currencies = {one.currency for one in entities.values()} | {one.currency for one in payers}
    terms = payouts_queries.terms_in_force(conn, currencies)
    return _Found(
        payers=[
            PayerRow(
                id=str(one.id),
                name=language.called(one.name),
                entity=language.called(entities[one.entity_id].name),
                way=language.say(WAY_WORDS[one.way]),
                number=one.number,
                currency=one.currency,
            )
            for one in payers
        ],
        accounts=[
            AccountRow(
                code=one.code,
                party=language.called(one.name),
                kind=language.say(KIND_WORDS[accounts[one.id].kind]) if one.id in accounts else "",
                masked=accounts[one.id].masked if one.id in accounts else "",
            )
            for one in sorted(parties, key=lambda party: (party.id not in accounts, party.code))
        ],
        entities=[
            (one.code, language.called(one.name))
            for one in sorted(entities.values(), key=lambda one: one.code)
        ],
        terms=[
            TermsRow(
                currency=one.currency,
                version=str(one.version),
                about=_about(one.least_minor, one.second_person_above_minor, one.currency, language),
                least_minor=one.least_minor,
                second_person_above_minor=one.second_person_above_minor,
                withheld_basis_points=one.withheld_basis_points,
            )
            for one in sorted(terms.values(), key=lambda one: one.currency)
        ],
    )


def _about(least: int, above: int, currency: str, language: Language) -> str:
    return language.say(
        "At least {least}; above {above} somebody else approves.",
        least=language.money(least, currency),
        above=language.money(above, currency),
    )


@post(f"{ACCOUNTS}/party")
async def set_account(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Say where a party of somebody's branch is paid to."""
    form = await request.form()
    said = {name: str(form.get(name, "")).strip() for name in ("party", "kind", "holder", "number", "bank")}
    scope, by = visitor.scope_of(Permission.PAYOUTS_WRITE), actor_of(visitor)
    ring = edge_of(request).ring

    def work(conn: Conn, now: datetime) -> object:
        party = org.parties_by_code(conn, [said["party"]]).get(said["party"])
        if party is None or said["kind"] not in set(AccountKind):
            return NoSuchThing(noun="party", value=said["party"])
        if not (scope.everything or party.unit_id in scope.org_units):
            return NotInYourBranch(subject=said["party"])
        receiver = Receiver(holder=said["holder"], number=said["number"].replace(" ", ""), bank=said["bank"])
        new = NewAccount(party_id=party.id, kind=AccountKind(said["kind"]), receiver=receiver)
        return set_payout_accounts(conn, [new], ring=ring, by=by, now=now)[0]

    return await _done(request, work)


@post(f"{ACCOUNTS}/payer")
async def add_payer(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Add an account that a legal entity of somebody's branch pays from."""
    form = await request.form()
    said = {name: str(form.get(name, "")).strip() for name in ("entity", "way", "number", "name")}
    scope, by = visitor.scope_of(Permission.PAYOUTS_WRITE), actor_of(visitor)

    def work(conn: Conn, now: datetime) -> object:
        entity = org.entities_by_code(conn, [said["entity"]]).get(said["entity"])
        if entity is None or said["way"] not in set(Way):
            return NoSuchThing(noun="legal entity", value=said["entity"])
        if not (scope.everything or entity.unit_id in scope.org_units):
            return NotInYourBranch(subject=said["entity"])
        new = NewPayer(
            entity_id=entity.id,
            currency=entity.currency,
            way=Way(said["way"]),
            number=said["number"].replace(" ", ""),
            name=said["name"],
        )
        return payouts_service.add_payer(conn, new, by=by, now=now)

    return await _done(request, work)


@post(f"{ACCOUNTS}/payer/close")
async def close_payer(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Pay from an account no more."""
    form = await request.form()
    payer_id = uuid_in(str(form.get("payer", "")))
    scope = visitor.scope_of(Permission.PAYOUTS_WRITE)

    def work(conn: Conn, now: datetime) -> object:
        if payer_id is None:
            return NoSuchThing(noun="account", value="")
        entities = entities_in(conn, scope)
        return payouts_service.close_payer(conn, PayerId(payer_id), entities=entities, now=now)

    return await _done(request, work)


@post(f"{ACCOUNTS}/terms")
async def set_terms(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Set the terms of a currency: for the whole brand, by whoever acts for all of it."""
    form = await request.form()
    scope, by = visitor.scope_of(Permission.PAYOUTS_WRITE), actor_of(visitor)
    if not scope.everything:
        raise Refused(NotInYourBranch(subject="terms"))
    numbers = {
        name: _whole(str(form.get(name, "")))
        for name in ("least_minor", "second_person_above_minor", "withheld_basis_points")
    }
    terms = Terms(currency=str(form.get("currency", ""))[:3], **numbers)
    comment = str(form.get("comment", ""))[:200]
    return await _done(
        request,
        lambda conn, now: set_payout_terms(conn, terms, by=by, comment=comment, now=now),
    )


def _whole(text: str) -> int:
    """A whole number from a form; what is none is refused with the terms, as below all limits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


async def _done(request: _FormRequest, work: Callable[[Conn, datetime], object]) -> Redirect:
    outcome = await asyncio.to_thread(run, request, work)
    language = language_of(request)
    if isinstance(outcome, Refusal):
        return telling(request, ACCOUNTS, problem=language.refusal(outcome))
    return telling(request, ACCOUNTS, done=language.say("Done."))


PAYOUT_ACCOUNT_PAGES = [show_accounts, set_account, add_payer, close_payer, set_terms]
