"""Openings: who looked at which buyer's data, when and what for, the refused too; for auditors and headquarters."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import buyers, orders, org
from loopline.buyers import Opening, OpeningId, OpeningOutcome, OpeningsAsk
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import OrderId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.org import Permission, Person
from loopline.web.api.answers import read
from loopline.web.buyer_view import PURPOSE_WORDS
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.board_view import channel_word
from loopline.web.languages import Language, marked
from loopline.web.pages import page

OPENINGS = "/hq/openings"
_SHOWN = 50
_TEXT_MAX = 200
_REFUSED_WORDS: Mapping[str, str] = {
    "not_yours_to_open": marked("Refused: not for their work"),
    "too_many_openings": marked("Refused: too many within an hour"),
    "buyer_not_sealed": marked("Refused: nothing is sealed"),
    "sealing_forgotten": marked("Refused: it was forgotten"),
    "platform_not_connected": marked("Refused: the platform is not connected"),
}
_OUTCOME_WORDS: Mapping[OpeningOutcome | None, str] = {
    OpeningOutcome.OPENED: marked("Opened"),
    OpeningOutcome.DENIED: marked("The platform refused"),
    OpeningOutcome.UNANSWERED: marked("The platform did not answer"),
    None: marked("Asked; no answer is known"),
}
_TONES: Mapping[OpeningOutcome | None, str] = {
    OpeningOutcome.OPENED: "good",
    OpeningOutcome.DENIED: "bad",
    OpeningOutcome.UNANSWERED: "warn",
    None: "warn",
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An opening, written down."""

    at: str
    who: str
    who_link: str
    order: str
    order_link: str
    purpose: str
    platform: str
    word: str
    tone: str
    detail: str


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment. `is_known`: what was typed is a person or an order."""

    openings: Sequence[Opening]
    people: Mapping[PersonId, Person]
    heads: Mapping[OrderId, Order]
    zone: str
    is_known: bool = True


@get(OPENINGS, sync_to_thread=True)
def show_openings(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the log of openings, the latest first; of one person or one order where the address says so."""
    scope = visitor.scope_of(Permission.OPENINGS_READ)
    text = request.query_params.get("of", "").replace("\x00", "").strip()[:_TEXT_MAX]
    before = _id_in(request.query_params.get("before", ""))
    found = read(request, lambda conn, _: _find(conn, text, before, scope))
    language = language_of(request)
    shown = found.openings[:_SHOWN]
    return page(
        request,
        "hq/openings.html",
        visitor=visitor,
        text=text,
        rows=[_row(one, found, language) for one in shown],
        is_known=found.is_known,
        is_later_page=before is not None,
        first=openings_link(text),
        older=openings_link(text, shown[-1].id) if len(found.openings) > _SHOWN else "",
    )


def _find(conn: Conn, text: str, before: OpeningId | None, scope: Scope) -> _Found:
    """Read a page of the log: of the person of a sign-in name, or the order of a number, or all of it."""
    zone = board_setting(conn).zone
    narrowed = _narrowed(conn, text)
    if narrowed is None:
        return _Found(openings=(), people={}, heads={}, zone=zone, is_known=False)
    ask = msgspec.structs.replace(narrowed, before=before, limit=_SHOWN + 1)
    openings = buyers.find_openings(conn, ask, scope=scope)
    heads = orders.orders_by_ids(conn, sorted({one.order_id for one in openings}))
    return _Found(
        openings=openings,
        people=org.people_by_id(conn, {one.person_id for one in openings}),
        heads={head.id: head for head in heads},
        zone=zone,
    )


def _narrowed(conn: Conn, text: str) -> OpeningsAsk | None:
    if not text:
        return OpeningsAsk()
    people = org.people_by_name(conn, [text.lower()])
    if people:
        return OpeningsAsk(person_id=next(iter(people.values())).id)
    order = orders.order_by_number(conn, text)
    return None if order is None or isinstance(order, Refusal) else OpeningsAsk(order_id=order.id)


def _row(one: Opening, found: _Found, language: Language) -> Row:
    person, head = found.people.get(one.person_id), found.heads.get(one.order_id)
    refused = one.refused is not None
    return Row(
        at=language.clock_of_day(one.at, found.zone),
        who=language.called(person.name) if person else str(one.person_id)[-4:],
        who_link=openings_link(person.sign_in_name) if person else OPENINGS,
        order=head.number if head else "",
        order_link=openings_link(head.number) if head else OPENINGS,
        purpose=language.say(PURPOSE_WORDS[one.purpose]),
        platform=channel_word(one.platform, language) if one.platform else "",
        word=language.say(
            _REFUSED_WORDS.get(one.refused or "", marked("Refused"))
            if refused
            else _OUTCOME_WORDS[one.outcome]
        ),
        tone="bad" if refused else _TONES[one.outcome],
        detail=one.reason or "",
    )


def openings_link(text: str, before: OpeningId | None = None) -> str:
    """Return the address of the log, of one person or one order where a text says which."""
    asked = {"of": text, "before": str(before) if before else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{OPENINGS}?{query}" if query else OPENINGS


def _id_in(text: str) -> OpeningId | None:
    try:
        return OpeningId(UUID(text))
    except ValueError:
        return None
