"""Money that a member pays ahead at the till: who, how much and how, into the open shift, and what they have then."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from loopline import stored_value
from loopline.customers import Said
from loopline.db import Conn
from loopline.kernel.ids import MemberId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org.queries import entities_by_id
from loopline.payments import shifts
from loopline.payments.cash import CARD_TERMINAL, CASH
from loopline.payments.shifts import ShiftNotOpen
from loopline.processes.stored_value.paying_in import take_ahead_at_till
from loopline.stored_value import Moved, NewTopUp, Terms
from loopline.stored_value.refusals import TopUpNotUsable
from loopline.web.api.answers import read, run
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.hq.typed import read_minor
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import Form, time_id
from loopline.web.store.till.counter import COUNTER
from loopline.web.store.till.drawer import till_of
from loopline.web.store.till.members import recognised
from loopline.web.store.words import refusal_words
from loopline.web.stored_value_words import in_words, left_words

TOP_UP = "/store/till/top-up"
_METHODS = {CASH: marked("Cash"), CARD_TERMINAL: marked("Card terminal")}
_TYPED_MOST = 64


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    currency: str
    terms: Terms | None
    is_open: bool


@get(TOP_UP, dependencies=COUNTER, sync_to_thread=True)
def show_top_up(request: WebRequest, counter: NamedDependency[Desk], till: FromQuery[str] = "") -> Template:
    """Show the form by which a till takes money ahead."""
    return _page(request, counter, till_of(request, till))


@post("/store/till/top-up/take", dependencies=COUNTER, sync_to_thread=True)
def take_top_up(request: WebRequest, counter: NamedDependency[Desk], data: Form) -> Response[Any]:
    """Take money ahead; sent twice, it is taken once. Who tries phone numbers out is counted, and stopped."""
    till_id, language = till_of(request, _text(data, "till")), language_of(request)
    made = time_id(data, "made") or uuid7(edge_of(request).clock())
    ring, person = edge_of(request).ring, str(counter.person_id)

    def find(conn: Conn, now: datetime) -> MemberId | Refusal:
        said = Said(text=_text(data, "who"), at=now, country=counter.site.country)
        return recognised(conn, said, person=person, ring=ring)

    member_id = run(request, find)  # what was counted stays, whatever comes of it
    if isinstance(member_id, Refusal):
        return _page(request, counter, till_id, refusal=member_id, typed=data)

    def take(conn: Conn, now: datetime) -> Moved | Refusal:
        currency = _currency(conn, counter)
        amount_minor = read_minor(_text(data, "amount"), currency)
        if not amount_minor:
            return TopUpNotUsable(field=language.say("Amount"))
        if till_id is None:
            return ShiftNotOpen()
        asked = NewTopUp(
            id=made,
            member_id=member_id,
            entity_id=counter.site.entity_id,
            currency=currency,
            amount_minor=amount_minor,
            method=_text(data, "method"),
            at=now,
            by=actor_of(counter.visitor),
        )
        return take_ahead_at_till(conn, asked, till_id=till_id, site_id=counter.site.id, now=now)

    outcome = run(request, take)
    if isinstance(outcome, Refusal):
        return _page(request, counter, till_id, refusal=in_words(outcome, language), typed=data)
    return telling(request, f"{TOP_UP}?till={till_id}", done=_done(outcome, language))


def _done(moved: Moved, language: Language) -> str:
    account, movement = moved.account, moved.movement
    amount = language.money(movement.principal_minor, account.currency)
    said = language.say("Topped up: {amount}.", amount=amount)
    if movement.bonus_minor:
        bonus = language.money(movement.bonus_minor, account.currency)
        said = language.say("Topped up: {amount}, and {bonus} given beside it.", amount=amount, bonus=bonus)
    return f"{said} {left_words(account, language)}"


def _page(
    request: WebRequest,
    counter: Desk,
    till_id: UUID | None,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, Any] | None = None,
) -> Template:
    language, fields = language_of(request), typed or {}

    def work(conn: Conn, _now: datetime) -> _Found:
        currency, entity_id = _currency(conn, counter), counter.site.entity_id
        last = (
            shifts.last_shift(conn, till_id, scope=Scope(sites=frozenset({counter.site.id})))
            if till_id is not None
            else None
        )
        return _Found(
            currency=currency,
            terms=stored_value.terms_in_force(conn, [entity_id]).get((entity_id, currency)),
            is_open=last is not None and last.closed_at is None,
        )

    found = read(request, work)
    steps = found.terms.bonuses if found.terms is not None else ()
    return page(
        request,
        "store/top_up.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=counter.visitor,
        desk=counter,
        till=str(till_id) if till_id is not None else "",
        is_open=found.is_open,
        is_offered=found.terms is not None and found.terms.is_offered,
        done=told(request).done,
        refusal=refusal_words(refusal, language) if refusal else "",
        symbol=language.currency_symbol(found.currency),
        steps=[
            language.say(
                "From {amount} on, {bonus} beside it",
                amount=language.money(one.from_minor, found.currency),
                bonus=language.money(one.bonus_minor, found.currency),
            )
            for one in steps
        ],
        methods=[(value, language.say(word)) for value, word in _METHODS.items()],
        made=str(time_id(fields, "made") or uuid7(edge_of(request).clock())),
        typed={name: _text(fields, name) for name in ("who", "amount", "method")},
    )


def _currency(conn: Conn, counter: Desk) -> str:
    return entities_by_id(conn, [counter.site.entity_id])[counter.site.entity_id].currency


def _text(data: dict[str, Any], name: str) -> str:
    return str(data.get(name, "")).replace("\x00", "").strip()[:_TYPED_MOST]


TOP_UP_PAGES = [show_top_up, take_top_up]
