"""Sales of tills to put right: what stores handed over, tried again or settled with a note."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Template

from loopline import org
from loopline.channels.till import Sale
from loopline.channels.till.cases import sale_of, try_again
from loopline.db import Conn
from loopline.kernel.ids import PersonId
from loopline.kernel.refusals import Refusal
from loopline.orders.tills import TillCase, TillCaseSettled, TillNumber, open_till_cases, settle_till_case
from loopline.org import Permission, Person, Site
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.problems import status_of

TILL_CASES = "/hq/tills"
_SHOWN_MAX = 100
_NOTE_LENGTH_MAX = 2_000
_SOMEBODY = marked("somebody who is unknown here")


class NoteEmpty(Refusal, frozen=True, kw_only=True):
    """The note is empty: say how it was settled."""


class CaseForm(msgspec.Struct, frozen=True, kw_only=True):
    """Which case, and how it was settled."""

    till_id: UUID
    number: int
    note: str = ""


CaseData = Annotated[CaseForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(TILL_CASES, sync_to_thread=True)
def show_cases(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the sales of tills that wait to be put right, of the sites of one's branch."""
    return _page(request, visitor)


@post(TILL_CASES + "/again", status_code=200, sync_to_thread=True)
def try_case(request: WebRequest, visitor: NamedDependency[Visitor], data: CaseData) -> Response[Any]:
    """Try to place a sale again."""
    scope, by = visitor.scope_of(Permission.ORDERS_WRITE), visitor.person.person_id
    which = TillNumber(till_id=data.till_id, number=data.number)
    outcome = run(
        request,
        lambda conn, now: try_again(conn, which, ring=edge_of(request).ring, scope=scope, by=by, now=now),
    )
    language = language_of(request)
    if isinstance(outcome, Refusal):
        said = language.say("It was refused again: {reason}", reason=language.refusal(outcome))
        return _page(request, visitor, refusal=said, status=status_of(outcome))
    return _page(request, visitor, done=language.say("It is an order now: {number}", number=outcome.number))


@post(TILL_CASES + "/settle", status_code=200, sync_to_thread=True)
def settle_case(request: WebRequest, visitor: NamedDependency[Visitor], data: CaseData) -> Response[Any]:
    """Settle a case by hand, with a note that says how."""
    scope, by = visitor.scope_of(Permission.ORDERS_WRITE), visitor.person.person_id
    note = data.note.strip()[:_NOTE_LENGTH_MAX].replace("\x00", "")
    done = TillCaseSettled(till_id=data.till_id, number=data.number, note=note, settled_by=by)
    refusal = (
        run(request, lambda conn, now: settle_till_case(conn, done, scope=scope, now=now))
        if note
        else NoteEmpty()
    )
    language = language_of(request)
    if refusal is not None:
        return _page(request, visitor, refusal=language.refusal(refusal), status=status_of(refusal))
    return _page(request, visitor, done=language.say("It is settled."))


def _page(
    request: WebRequest, visitor: Visitor, *, refusal: str = "", done: str = "", status: int = 200
) -> Template:
    scope = visitor.scope_of(Permission.ORDERS_WRITE)
    language = language_of(request)

    def work(conn: Conn, _now: object) -> list[dict[str, Any]]:
        cases = open_till_cases(conn, scope=scope, at_most=_SHOWN_MAX)
        sales = [sale_of(case.sale) for case in cases]
        sites = org.sites_by_id(conn, {case.site_id for case in cases})
        people = org.people_by_id(
            conn, {case.handed_by for case in cases} | {PersonId(one.rung_up_by) for one in sales}
        )
        return [
            _row(case, sale, sites[case.site_id], people, language)
            for case, sale in zip(cases, sales, strict=True)
        ]

    rows = read(request, work)
    return page(
        request,
        "hq/till_cases.html",
        status=status,
        visitor=visitor,
        rows=rows,
        most=language.count(_SHOWN_MAX) if len(rows) == _SHOWN_MAX else "",
        refusal=refusal,
        done=done,
    )


def _row(
    case: TillCase, sale: Sale, site: Site, people: dict[PersonId, Person], language: Language
) -> dict[str, Any]:
    def name_of(person_id: PersonId) -> str:
        person = people.get(person_id)
        return language.called(person.name) if person else language.say(_SOMEBODY)

    total = sum(line.paid_minor for line in sale.lines)
    return {
        "till_id": case.till_id,
        "number": case.number,
        "site": language.called(site.name),
        "amount": language.money(total, sale.currency),
        "rung_up_at": language.clock_of_day(sale.rung_up_at, site.time_zone),
        "rung_up_by": name_of(PersonId(sale.rung_up_by)),
        "handed_at": language.clock_of_day(case.handed_at, site.time_zone),
        "handed_by": name_of(case.handed_by),
        "reason": language.say(case.reason.template, **case.reason.fields),
        "lines": [
            {
                "code": line.sku_code,
                "units": language.count(line.units),
                "amount": language.money(line.paid_minor, sale.currency),
            }
            for line in sale.lines
        ],
    }


TILL_CASE_PAGES = [show_cases, try_case, settle_case]
