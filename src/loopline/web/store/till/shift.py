"""The shift of a till: opened with a counted float, cash in and out, closed or taken over with a blind count."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import PersonId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.org.queries import entities_by_id
from loopline.payments import shifts
from loopline.payments.shifts import (
    CashMove,
    CloseShift,
    MoveKind,
    NewShift,
    NotCountable,
    OpenShift,
    OtherMove,
    Shift,
)
from loopline.processes.shift import begin_shift, end_shift, hand_over, move_cash
from loopline.web.api.answers import answered, read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.hq.typed import read_minor
from loopline.web.pages import page
from loopline.web.payments import code_gateways
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import Form, time_id
from loopline.web.store.till.counter import COUNTER, sending_scope
from loopline.web.store.till.drawer import piece_rows, read_pieces, till_cookie, till_of
from loopline.web.store.till.shift_view import HAND_WORDS, hand_rows, may_see, report_of
from loopline.web.store.words import refusal_words

SHIFT = "/store/till/shift"
REPORTS = "/store/till/shifts"
_TEXT_MOST = 500


class ShiftHere(msgspec.Struct, frozen=True, kw_only=True):
    """Which shift is open at a till, who opened it and when; none of it where none is."""

    shift_id: UUID | None = None
    opened_by: str = ""
    opened_at: datetime | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of a till's shift shows; `shift` is the open one."""

    shift: Shift | None
    before: Shift | None
    currency: str
    names: dict[PersonId, str]
    moves: list[shifts.KeptMove]


@get("/store/till/shift-now", dependencies=COUNTER, sync_to_thread=True)
def tell_shift(
    request: WebRequest, counter: NamedDependency[Desk], till: FromQuery[str] = ""
) -> Response[bytes]:
    """Tell the till which shift is open at it."""
    till_id, scope = till_of(request, till), sending_scope(counter.visitor)

    def work(conn: Conn, _now: datetime) -> ShiftHere:
        last = shifts.last_shift(conn, till_id, scope=scope) if till_id is not None else None
        if last is None or last.closed_at is not None:
            return ShiftHere()
        names = _names(conn, [last])
        return ShiftHere(
            shift_id=last.id,
            opened_by=language_of(request).called(names.get(last.opened_by, "")),
            opened_at=last.opened_at,
        )

    return answered(read(request, work))


@get(SHIFT, dependencies=COUNTER, sync_to_thread=True)
def show_shift(request: WebRequest, counter: NamedDependency[Desk], till: FromQuery[str] = "") -> Template:
    """Show the shift of this till: to be opened, or to be ended."""
    return _page(request, counter, till_of(request, till))


@post("/store/till/shift/open", dependencies=COUNTER, sync_to_thread=True)
def open_shift(request: WebRequest, counter: NamedDependency[Desk], data: Form) -> Response[Any]:
    """Open a shift with a counted float; sent twice, it is opened once."""
    till_id, made = till_of(request, str(data.get("till", ""))), _made(request, data)

    def work(conn: Conn, now: datetime) -> OpenShift | Refusal:
        wanted = _new_shift(conn, request, counter, data, till_id=till_id, made=made)
        return wanted if isinstance(wanted, Refusal) else begin_shift(conn, wanted, now=now)

    return _answer(request, counter, till_id, data, run(request, work), act="open", leads_to="/store/till")


@post("/store/till/shift/close", dependencies=COUNTER, sync_to_thread=True)
def close_shift(request: WebRequest, counter: NamedDependency[Desk], data: Form) -> Response[Any]:
    """End a shift with a blind count, or take it over: it ends, and one's own begins with the same count."""
    till_id, made = till_of(request, str(data.get("till", ""))), _made(request, data)
    scope, shift_id = sending_scope(counter.visitor), time_id(data, "shift")
    is_taken_over = data.get("act") == "over"

    def work(conn: Conn, now: datetime) -> Any:
        following = _new_shift(conn, request, counter, data, till_id=till_id, made=made)
        if isinstance(following, Refusal):
            return following
        if shift_id is None:
            return shifts.ShiftNotOpen()
        wanted = CloseShift(
            shift_id=shift_id,
            pieces=following.pieces,
            closed_by=counter.person_id,
            note=following.note,
        )
        if not is_taken_over:
            return end_shift(conn, wanted, scope=scope, now=now)
        return hand_over(conn, wanted, following, scope=scope, now=now)

    leads_to = "/store/till" if is_taken_over else f"{REPORTS}/{shift_id}"
    return _answer(request, counter, till_id, data, run(request, work), act="close", leads_to=leads_to)


@post("/store/till/shift/cash", dependencies=COUNTER, sync_to_thread=True)
def put_cash(request: WebRequest, counter: NamedDependency[Desk], data: Form) -> Response[Any]:
    """Put cash into the drawer or take it out, with a reason; sent twice, it is done once."""
    till_id, made = till_of(request, str(data.get("till", ""))), _made(request, data)
    scope, shift_id = sending_scope(counter.visitor), time_id(data, "shift")
    kind, _, way = str(data.get("why", "")).partition(" ")

    def work(conn: Conn, now: datetime) -> Any:
        amount = read_minor(_text(data, "amount"), _currency(conn, counter))
        if not amount or (kind, way) not in HAND_WORDS:
            return NotCountable(field=language_of(request).say("Amount"))
        if shift_id is None:
            return shifts.ShiftNotOpen()
        wanted = CashMove(
            id=made,
            shift_id=shift_id,
            kind=MoveKind(kind),
            amount_minor=amount if way == "in" else -amount,
            note=_text(data, "note"),
            moved_by=actor_of(counter.visitor),
        )
        return move_cash(conn, wanted, scope=scope, now=now)

    leads_to = f"{SHIFT}?till={till_id}#moves"
    return _answer(request, counter, till_id, data, run(request, work), act="cash", leads_to=leads_to)


@get("/store/till/shifts/{shift_id:uuid}", dependencies=COUNTER, sync_to_thread=True)
def show_report(request: WebRequest, counter: NamedDependency[Desk], shift_id: FromPath[UUID]) -> Template:
    """Show what a shift came to: Z once it is closed; X before, to who may see what is expected."""
    scope, language = sending_scope(counter.visitor), language_of(request)
    wallets = code_gateways(edge_of(request))

    def work(conn: Conn, now: datetime) -> dict[str, Any]:
        found = shifts.shift_by_id(conn, shift_id, scope=scope)
        if found is None or (found.closed_at is None and not may_see(counter.visitor, found.site_id)):
            raise Refused(NoSuchThing(noun="shift", value=str(shift_id)))
        return report_of(conn, found, language, wallets=wallets, now=now)

    return page(
        request,
        "store/shift_report.html",
        visitor=counter.visitor,
        desk=counter,
        report=read(request, work),
        back=f"{SHIFT}",
    )


def _answer(  # noqa: PLR0913 - what was asked, and what became of it
    request: WebRequest,
    counter: Desk,
    till_id: UUID | None,
    data: dict[str, Any],
    outcome: Any,
    *,
    act: str,
    leads_to: str,
) -> Response[Any]:
    if isinstance(outcome, Refusal):
        return _page(request, counter, till_id, refusal=outcome, typed=data, act=act)
    cookies = [till_cookie(request, till_id)] if till_id is not None else []
    return Redirect(leads_to, status_code=HTTP_303_SEE_OTHER, cookies=cookies)


def _new_shift(  # noqa: PLR0913 - who counted what, where
    conn: Conn,
    request: WebRequest,
    counter: Desk,
    data: dict[str, Any],
    *,
    till_id: UUID | None,
    made: UUID,
) -> NewShift | Refusal:
    currency = _currency(conn, counter)
    pieces = read_pieces(data, currency, language_of(request))
    if isinstance(pieces, NotCountable):
        return pieces
    if till_id is None:
        return NoSuchThing(noun="till", value="")
    return NewShift(
        id=made,
        till_id=till_id,
        site_id=counter.site.id,
        entity_id=counter.site.entity_id,
        currency=currency,
        opened_by=counter.person_id,
        pieces=pieces,
        note=_text(data, "note"),
    )


def _page(  # noqa: PLR0913 - what was typed, and why it was not taken
    request: WebRequest,
    counter: Desk,
    till_id: UUID | None,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, Any] | None = None,
    act: str = "",
) -> Template:
    language, scope = language_of(request), sending_scope(counter.visitor)

    def work(conn: Conn, _now: datetime) -> Found:
        last = shifts.last_shift(conn, till_id, scope=scope) if till_id is not None else None
        is_open = last is not None and last.closed_at is None
        moves = shifts.moves_by_hand(conn, last.id) if last is not None and is_open else []
        return Found(
            shift=last if is_open else None,
            before=None if is_open else last,
            currency=last.currency if last is not None and is_open else _currency(conn, counter),
            names=_names(conn, [last] if last is not None else []),
            moves=moves,
        )

    found = read(request, work)
    one, zone = found.shift, counter.site.time_zone
    fields = typed or {}
    is_anew = act == "" or isinstance(refusal, OtherMove)
    return page(
        request,
        "store/shift.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=counter.visitor,
        desk=counter,
        till=str(till_id) if till_id is not None else "",
        till_name=shifts.till_name(till_id) if till_id is not None else "",
        shift=None
        if one is None
        else {
            "id": one.id,
            "opened_by": language.called(found.names.get(one.opened_by, "")),
            "opened_at": language.clock_of_day(one.opened_at, zone),
            "float": language.money(one.float_minor, one.currency),
            "is_own": one.opened_by == counter.person_id,
            "report": f"{REPORTS}/{one.id}" if may_see(counter.visitor, one.site_id) else "",
        },
        before=f"{REPORTS}/{found.before.id}" if found.before is not None else "",
        pieces=piece_rows(found.currency, language, fields if act in {"open", "close"} else None),
        symbol=language.currency_symbol(found.currency),
        currency=found.currency,
        moves=hand_rows(found.moves, language, zone),
        reasons=[{"value": " ".join(key), "word": language.say(word)} for key, word in HAND_WORDS.items()],
        made=str(uuid7(edge_of(request).clock()) if is_anew else _made(request, fields)),
        typed={name: _text(fields, name) for name in ("note", "amount", "why")},
        act=act,
        unsent=request.query_params.get("unsent", "0") not in {"", "0"},
        refusal=refusal_words(refusal, language) if refusal else "",
    )


def _names(conn: Conn, some: list[Shift]) -> dict[PersonId, str]:
    ids = {one.opened_by for one in some} | {one.closed_by for one in some if one.closed_by is not None}
    return {person.id: person.name for person in org.people_by_id(conn, ids).values()} if ids else {}


def _currency(conn: Conn, counter: Desk) -> str:
    return entities_by_id(conn, [counter.site.entity_id])[counter.site.entity_id].currency


def _made(request: WebRequest, data: dict[str, Any]) -> UUID:
    return time_id(data, "made") or uuid7(edge_of(request).clock())


def _text(data: dict[str, Any], name: str) -> str:
    return str(data.get(name, "")).replace("\x00", "").strip()[:_TEXT_MOST]


SHIFT_PAGES: list[Callable[..., Any]] = [
    tell_shift,
    show_shift,
    open_shift,
    close_shift,
    put_cash,
    show_report,
]
