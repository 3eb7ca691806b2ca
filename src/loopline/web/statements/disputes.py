"""Pages of disputes: what one questions oneself, and what who keeps the books has to answer and decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

import msgspec
from babel.numbers import get_currency_precision
from litestar import get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import DisputeId, EntityId, EntryId, PersonId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.org import Party, Permission, Person
from loopline.processes.statement.dispute import Question, Said, find_line, question, speak
from loopline.processes.statement.reading import paid_through_of
from loopline.statements import disputes
from loopline.statements.model import (
    CorrectionMakesNoSense,
    Dispute,
    DisputeState,
    DisputeUnknown,
    DisputeWord,
    Line,
    NotOnesOwnLine,
    WordKind,
)
from loopline.statements.rules.disputing import OF_PARTY, STANDING
from loopline.web.api.answers import granted, read, run
from loopline.web.api.disputes import speaks_as_party
from loopline.web.api.shapes import covers_unit
from loopline.web.earned import PURSE, Purse, parties_seen, zone_of
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.paths import entry_path
from loopline.web.statements.view import (
    books_seen,
    found_for,
    kind_word,
    promotion_of,
    rounding_word,
    rule_of,
    why_borne,
    why_of,
)

OWN = "/earned/disputes"
ALL = "/hq/disputes"
_SHOWN = 50
_AMOUNT_MAX = Decimal(10) ** 11
STATE_WORDS: Mapping[DisputeState, str] = {
    DisputeState.OPEN: marked("waits for an answer"),
    DisputeState.ANSWERED: marked("answered"),
    DisputeState.REJECTED: marked("rejected"),
    DisputeState.CORRECTED: marked("corrected"),
    DisputeState.WITHDRAWN: marked("withdrawn"),
}
TONES: Mapping[DisputeState, str] = {
    DisputeState.OPEN: "warn",
    DisputeState.ANSWERED: "none",
    DisputeState.REJECTED: "bad",
    DisputeState.CORRECTED: "good",
    DisputeState.WITHDRAWN: "none",
}
_WORD_WORDS: Mapping[WordKind, str] = {
    WordKind.QUESTION: marked("Question"),
    WordKind.ANSWER: marked("Answer"),
    WordKind.REPLY: marked("Reply"),
    WordKind.REJECTION: marked("Rejected"),
    WordKind.CORRECTION: marked("Corrected"),
    WordKind.WITHDRAWAL: marked("Withdrawn"),
}


@dataclass
class QuestionForm:
    """The line that somebody questions, and what is asked."""

    entry: UUID
    part: UUID
    currency: str
    entity: UUID
    said: str
    party: str = ""


@dataclass
class SayForm:
    """What somebody says; `corrected` is the amount a line should have come to, in whole units of its currency."""

    kind: WordKind
    said: str
    corrected: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute in a list, written down."""

    id: str
    party: str
    order: str
    amount: str
    at: str
    state: str
    tone: str


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a dispute, from one of the two places, with what they may say there."""

    dispute: Dispute
    party: Party
    path: str
    speaks_as_party: bool
    speaks_for_books: bool


@get(OWN, dependencies=PURSE, sync_to_thread=True)
def show_own_disputes(
    request: WebRequest, purse: NamedDependency[Purse], before: FromQuery[UUID | None] = None
) -> Template:
    """Show what a party questions and questioned."""
    return _listed(request, purse.visitor, parties=[purse.party], states=None, before=before, path=OWN)


@get(ALL, sync_to_thread=True)
def show_disputes(
    request: WebRequest,
    visitor: NamedDependency[Visitor],
    decided: FromQuery[str] = "",
    before: FromQuery[UUID | None] = None,
) -> Template:
    """Show the disputes of one's branch that stand, or those that are decided."""
    scope = visitor.scope_of(Permission.LEDGER_READ)
    parties = None if scope.everything else read(request, lambda conn, _: _parties_in(conn, scope))
    states = [state for state in DisputeState if (state in STANDING) is not bool(decided)]
    return _listed(request, visitor, parties=parties, states=states, before=before, path=ALL)


def _parties_in(conn: Conn, scope: Scope) -> list[Party]:
    return org.branch_parties(conn, scope.org_units)


def _listed(  # noqa: PLR0913 - what a list is asked by
    request: WebRequest,
    visitor: Visitor,
    *,
    parties: Sequence[Party] | None,
    states: Sequence[DisputeState] | None,
    before: UUID | None,
    path: str,
) -> Template:
    language = language_of(request)

    def work(conn: Conn, _: datetime) -> tuple[list[Row], str]:
        found = disputes.disputes_page(
            conn,
            party_ids=[party.id for party in parties] if parties is not None else None,
            states=states,
            before=DisputeId(before) if before is not None else None,
            at_most=_SHOWN + 1,
        )
        shown = found[:_SHOWN]
        parties_shown = org.parties_by_id(conn, {one.party_id for one in shown})
        zones = {one.id: zone_of(conn, one) for one in parties_shown.values()}  # at most `_SHOWN`
        more = str(shown[-1].id) if len(found) > _SHOWN else ""
        return [_row(one, parties_shown[one.party_id], zones[one.party_id], language) for one in shown], more

    rows, older = read(request, work)
    return page(
        request,
        "statements/disputes.html",
        visitor=visitor,
        rows=rows,
        older=older,
        is_later_page=before is not None,
        path=path,
        party=parties[0].code if path == OWN and parties else "",
        is_own=path == OWN,
        is_decided=states is not None and DisputeState.OPEN not in states,
    )


def _row(one: Dispute, party: Party, zone: str, language: Language) -> Row:
    return Row(
        id=str(one.id),
        party=language.called(party.name),
        order=one.order_number or "",
        amount=language.money(one.amount_minor, one.currency),
        at=language.clock_of_day(one.opened_at, zone),
        state=language.say(STATE_WORDS[one.state]),
        tone=TONES[one.state],
    )


@get(f"{OWN}/{{dispute_id:uuid}}", sync_to_thread=True)
def show_own_dispute(
    request: WebRequest, visitor: NamedDependency[Visitor], dispute_id: FromPath[UUID]
) -> Template:
    """Show a dispute to its party."""
    return _shown(request, visitor, DisputeId(dispute_id), path=OWN)


@get(f"{ALL}/{{dispute_id:uuid}}", sync_to_thread=True)
def show_dispute_of(
    request: WebRequest, visitor: NamedDependency[Visitor], dispute_id: FromPath[UUID]
) -> Template:
    """Show a dispute to who keeps the books."""
    return _shown(request, visitor, DisputeId(dispute_id), path=ALL)


def _seat(conn: Conn, visitor: Visitor, dispute_id: DisputeId, *, path: str) -> Seat:
    """Return somebody's seat at a dispute. Raises Refused: whether there is another one is not told."""
    found = disputes.disputes_by_id(conn, [dispute_id])
    if not found:
        raise Refused(DisputeUnknown(dispute_id=dispute_id))
    party = org.parties_by_id(conn, [found[0].party_id])[found[0].party_id]
    sees = visitor.branches.get(Permission.LEDGER_READ)
    decides = visitor.branches.get(Permission.SHARING_WRITE)
    if path == OWN:
        may_look = any(one.id == party.id for one in parties_seen(conn, visitor))
    else:
        may_look = sees is not None and covers_unit(sees, party.unit_id)
    if not may_look:
        raise Refused(DisputeUnknown(dispute_id=dispute_id))
    return Seat(
        dispute=found[0],
        party=party,
        path=path,
        speaks_as_party=path == OWN
        and speaks_as_party(party, person_id=visitor.person.person_id, branches=visitor.branches),
        speaks_for_books=path == ALL and decides is not None and covers_unit(decides, party.unit_id),
    )


def _shown(request: WebRequest, visitor: Visitor, dispute_id: DisputeId, *, path: str) -> Template:
    language = language_of(request)

    def work(conn: Conn, _: datetime) -> dict[str, Any]:
        seat = _seat(conn, visitor, dispute_id, path=path)
        one = seat.dispute
        words = disputes.words_of(conn, one.id)
        people = org.people_by_id(conn, {word.said_by for word in words})
        zone = zone_of(conn, seat.party)
        may_trace = path == ALL and bool(books_seen(conn, visitor, [one.entity_id]))
        return {
            "seat": seat,
            "line": _line_of(conn, seat, zone, language),
            "words": [_word(word, people, zone, language) for word in words],
            "state": language.say(STATE_WORDS[one.state]),
            "tone": TONES[one.state],
            "stands": one.state in STANDING,
            "amount": language.money(one.amount_minor, one.currency),
            "corrected": _corrected(conn, one, language),
            "party_name": language.called(seat.party.name),
            "day": one.entry_id,
            "entry_path": entry_path(one.entry_id) if may_trace else "",
            "correction_path": entry_path(one.correction_entry_id) if may_trace else "",
        }

    return page(
        request,
        "statements/dispute.html",
        visitor=visitor,
        may_open=visitor.may(Permission.ORDERS_READ),
        **read(request, work),
    )


def _line_of(conn: Conn, seat: Seat, zone: str, language: Language) -> dict[str, Any]:
    """Write the line down that is in question, with all that explains it."""
    one = seat.dispute
    line = _line_by(conn, one, one.entry_id)
    if line is None:
        return {"kind": "", "order": one.order_number or "", "goods": "", "why": (), "rounding": ()}
    found = found_for(conn, seat.party, [line], paid_through_of(conn, seat.party.id))
    return {
        "kind": kind_word(line.kind, language),
        "order": line.order_number or "",
        "goods": language.called(found.names.get(line.code, line.code)) if line.code else "",
        "why": [
            *(f"{why_of(share, line, language, zone)} · {rule_of(share, language)}" for share in line.shares),
            *(
                f"{why_borne(part, line, language)} · {promotion_of(part, language)}"
                for part in line.fundings
            ),
        ],
        "rounding": [
            said for share in line.shares if (said := rounding_word(share, line.currency, language))
        ],
    }


def _corrected(conn: Conn, one: Dispute, language: Language) -> str:
    """Write down what was booked instead of a line that was corrected; empty where it was not."""
    line = _line_by(conn, one, one.correction_entry_id) if one.correction_entry_id is not None else None
    return language.money(line.amount_minor, line.currency) if line is not None else ""


def _line_by(conn: Conn, one: Dispute, entry_id: EntryId) -> Line | None:
    """Find what an entry says of the part in question to its party."""
    asked = Question(
        party_id=one.party_id,
        entry_id=entry_id,
        part_id=one.part_id,
        currency=one.currency,
        entity_id=one.entity_id,
        said="",
    )
    return find_line(conn, asked)


def _word(
    word: DisputeWord, people: Mapping[PersonId, Person], zone: str, language: Language
) -> dict[str, Any]:
    person = people.get(word.said_by)
    return {
        "kind": language.say(_WORD_WORDS[word.kind]),
        "at": language.clock_of_day(word.said_at, zone),
        "who": language.called(person.name) if person is not None else "",
        "said": word.said,
        "is_party": word.kind in {*OF_PARTY, WordKind.QUESTION},
    }


@post(f"{OWN}/ask", dependencies=PURSE, sync_to_thread=True)
def ask_of_line(
    request: WebRequest,
    purse: NamedDependency[Purse],
    data: Annotated[QuestionForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Question a line of the party that the address names, and go to the dispute."""
    asked = Question(
        party_id=purse.party.id,
        entry_id=EntryId(data.entry),
        part_id=data.part,
        currency=data.currency,
        entity_id=EntityId(data.entity),
        said=data.said,
    )
    by = purse.visitor.person.person_id
    if not speaks_as_party(purse.party, person_id=by, branches=purse.visitor.branches):
        raise Refused(NotOnesOwnLine(party_code=purse.party.code))
    opened = run(request, lambda conn, now: granted(question(conn, [asked], by=by, now=now)[0]))
    return Redirect(f"{OWN}/{opened.dispute_id}", status_code=HTTP_303_SEE_OTHER)


@post(f"{OWN}/{{dispute_id:uuid}}/say", sync_to_thread=True)
def say_as_party(
    request: WebRequest,
    visitor: NamedDependency[Visitor],
    dispute_id: FromPath[UUID],
    data: Annotated[SayForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Reply, or withdraw the question."""
    return _say(request, visitor, DisputeId(dispute_id), data, path=OWN)


@post(f"{ALL}/{{dispute_id:uuid}}/say", sync_to_thread=True)
def say_for_books(
    request: WebRequest,
    visitor: NamedDependency[Visitor],
    dispute_id: FromPath[UUID],
    data: Annotated[SayForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Answer, reject with a reason, or correct the line."""
    return _say(request, visitor, DisputeId(dispute_id), data, path=ALL)


def _say(
    request: WebRequest, visitor: Visitor, dispute_id: DisputeId, data: SayForm, *, path: str
) -> Redirect:
    def work(conn: Conn, now: datetime) -> Dispute:
        seat = _seat(conn, visitor, dispute_id, path=path)
        may = seat.speaks_as_party if data.kind in OF_PARTY else seat.speaks_for_books
        if not may or data.kind is WordKind.QUESTION:
            raise Refused(DisputeUnknown(dispute_id=dispute_id))
        corrected = None
        if data.kind is WordKind.CORRECTION:
            corrected = minor_of(data.corrected, seat.dispute.currency)
        said = Said(dispute_id=dispute_id, kind=data.kind, said=data.said, corrected_minor=corrected)
        return granted(speak(conn, said, by=visitor.person.person_id, now=now))

    run(request, work)
    return Redirect(f"{path}/{dispute_id}", status_code=HTTP_303_SEE_OTHER)


def minor_of(text: str, currency: str) -> int:
    """Read an amount somebody typed. Raises Refused for what is none, or is finer than the currency."""
    try:
        value = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > _AMOUNT_MAX:
        raise Refused(CorrectionMakesNoSense(corrected_minor=-1, most_minor=0))
    minor = value.scaleb(get_currency_precision(currency))
    if minor != minor.to_integral_value():
        raise Refused(CorrectionMakesNoSense(corrected_minor=-1, most_minor=0))
    return int(minor)


DISPUTE_PAGES = [
    show_own_disputes,
    show_disputes,
    show_own_dispute,
    show_dispute_of,
    ask_of_line,
    say_as_party,
    say_for_books,
]
