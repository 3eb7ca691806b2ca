"""Decide on what came back without a sale: pay a price for it and put it away, or hand it back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER, HTTP_404_NOT_FOUND

from loopline.db import Conn
from loopline.kernel.ids import ReturnId, ReturnLineId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes.take_back.blind import decide_blind
from loopline.processes.turn import take_turn
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    OpenedLine,
    ReturnLineUnknown,
    SecondPersonNeeded,
)
from loopline.returns.queries import ReturnLine, return_lines_by_id, returns_by_id
from loopline.web.api.answers import run
from loopline.web.api.blind_returns import REFUND_MOST
from loopline.web.edge import WebRequest, language_of
from loopline.web.hq.typed import read_minor
from loopline.web.languages import Language
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import Form
from loopline.web.store.refusals import PriceUnclear, SayWhyDecided, StateUnclear
from loopline.web.store.returns.finding import TypedWord, word_not_taken
from loopline.web.store.returns.place import RETURNING, RETURNS, grade_lines, grade_of, keep_given
from loopline.web.store.till.drawer import hold_shift_here
from loopline.web.store.words import refusal_words

_REASON_LENGTH_MAX = 200
_FIELDS: dict[type[Refusal], str] = {
    PriceUnclear: "price",
    SecondPersonNeeded: "price",
    StateUnclear: "grade",
    SayWhyDecided: "why",
}


@post("/store/returns/decide/{return_line_id:uuid}", dependencies=RETURNING, sync_to_thread=True)
def decide_line(
    request: WebRequest, returning: NamedDependency[Desk], return_line_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Accept a line at a price for each unit, or refuse it; the first word stands. What is not taken stays typed."""
    scope = returning.visitor.scope_of(Permission.RETURNS_DECIDE)
    line_id, by = ReturnLineId(return_line_id), actor_of(returning.visitor)

    def work(conn: Conn, now: datetime) -> ReturnId | Refusal:
        take_turn(conn)
        shift = hold_shift_here(conn, request, returning)
        lines = return_lines_by_id(conn, [line_id])
        heads = returns_by_id(conn, [line.return_id for line in lines])
        if not heads or not scope.covers_site(heads[0].site_id):
            return ReturnLineUnknown(return_line_id=line_id)
        head = heads[0]
        word = _word(line_id, data, head.currency, by=by)
        if isinstance(word, Refusal):
            return word
        (outcome,) = decide_blind(conn, [word], scope=scope, now=now)
        if isinstance(outcome, Refusal):
            return outcome
        put, grade = _put(outcome, lines[0]), grade_of(str(data.get("grade", "")))
        if put.units:
            if grade is None:
                raise Refused(StateUnclear())
            grade_lines(conn, [(line_id, put, grade)], head.site_id, scope=scope, by=by, now=now)
        keep_given(conn, head.id, shift, returning, now=now)
        return head.id

    found = _done_or_undone(request, work)
    if isinstance(found, Refusal):
        typed = _typed(line_id, data, found, language_of(request))
        is_none = isinstance(found, ReturnLineUnknown)
        status = HTTP_404_NOT_FOUND if is_none else status_of(found)
        return word_not_taken(request, returning, typed, status=status)
    return Redirect(f"{RETURNS}/done/{found}?line={line_id}", status_code=HTTP_303_SEE_OTHER)


def _done_or_undone(
    request: WebRequest, work: Callable[[Conn, datetime], ReturnId | Refusal]
) -> ReturnId | Refusal:
    """Do the work. Goods without a state are found out once the word is in the books: it is undone, and refused."""
    try:
        return run(request, work)
    except Refused as refused:
        if isinstance(refused.refusal, StateUnclear):
            return refused.refusal
        raise


def _word(line_id: ReturnLineId, data: dict[str, Any], currency: str, *, by: str) -> BlindDecision | Refusal:
    is_accepted = data.get("word") == "accept"
    price = read_minor(str(data.get("price", "")).strip(), currency) if is_accepted else 0
    if price is None or not 0 <= price <= REFUND_MOST:
        return PriceUnclear()
    if is_accepted and grade_of(str(data.get("grade", ""))) is None:
        return StateUnclear()
    why = _text(data, "why").strip()
    if not why:
        return SayWhyDecided()
    return BlindDecision(
        return_line_id=line_id, is_accepted=is_accepted, refund_unit_minor=price, decided_by=by, reason=why
    )


def _text(data: dict[str, Any], name: str) -> str:
    return str(data.get(name, "")).replace("\x00", "")[:_REASON_LENGTH_MAX]


def _typed(line_id: ReturnLineId, data: dict[str, Any], refusal: Refusal, language: Language) -> TypedWord:
    """What was typed, and the refusal in words beside the field that it is about."""
    said = refusal_words(refusal, language)
    if isinstance(refusal, SecondPersonNeeded):
        said = language.say(
            "You took this in yourself. With it you would have paid {amount} within a day; alone you may pay {most}. "
            "A colleague who may decide has to accept it.",
            amount=language.money(refusal.amount_minor, refusal.currency),
            most=language.money(refusal.alone_most_minor, refusal.currency),
        )
    return TypedWord(
        line_id=line_id,
        price=_text(data, "price"),
        grade=_text(data, "grade"),
        why=_text(data, "why"),
        field=_FIELDS.get(type(refusal), ""),
        said=said,
    )


def _put(outcome: BlindDecided, line: ReturnLine) -> OpenedLine:
    """What is kept of what is here: what was accepted, and those with a sale, which were waiting for this word, too."""
    kept = line.units if outcome.state is BlindState.ACCEPTED else line.units - outcome.units
    return OpenedLine(
        return_line_id=line.return_line_id,
        position=line.position,
        code=line.code,
        sku_id=line.sku_id,
        units=min(kept, line.received_units - line.graded_units),
        stated_unit_minor=None,
        reason=line.reason,
        matches=(),
        blind_state=outcome.state,
    )
