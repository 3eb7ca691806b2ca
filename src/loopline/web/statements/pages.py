"""Pages of statements: one's own under /earned, those of any party of one's branch for who keeps the books."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream, Template

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import PartyId
from loopline.kernel.refusals import Refused
from loopline.ledger.model import Purpose
from loopline.ledger.queries import balances_of_parties
from loopline.org import Party, Permission
from loopline.org import lists as org_lists
from loopline.org.lists import PageAsk
from loopline.processes.statement.reading import Place, page_of_lines, paid_through_of
from loopline.statements import queries
from loopline.web.api.answers import read
from loopline.web.api.disputes import speaks_as_party
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Paging, covers_unit
from loopline.web.api.statements import checked_period, cursor_of, place_after, proof_name, write_proof
from loopline.web.earned import PURSE, Purse, zone_of
from loopline.web.earned_view import KIND_WORDS as PARTY_WORDS
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.statements.files import Order, write_pdf, write_xlsx
from loopline.web.statements.view import (
    books_seen,
    found_for,
    month_before,
    read_head,
    rows_of,
    usual_days,
    written,
)
from loopline.web.written import Written

OWN = "/earned/statement"
ALL = "/hq/statements"
_LINES_SHOWN = 50
_PARTIES_SHOWN = 50
_KINDS: dict[str, tuple[str, Callable[[Conn, Order, Written], None]]] = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "pdf": ("application/pdf", write_pdf),
}


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at whose statement, from which of the two places; `query` is what names the party there."""

    visitor: Visitor
    party: Party
    zone: str
    path: str
    query: str
    is_own: bool
    may_ask: bool


class PartyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A party to choose, with what stands for it."""

    code: str
    name: str
    kind: str
    pending: str
    due: str


@get(OWN, dependencies=PURSE, sync_to_thread=True)
def show_own_statement(request: WebRequest, purse: NamedDependency[Purse]) -> Template:
    """Show the statement of oneself, or of a party of one's branch."""
    return _show(request, _own(purse))


@get(f"{OWN}/file/{{kind:str}}", dependencies=PURSE, sync_to_thread=True)
def give_own_statement(request: WebRequest, purse: NamedDependency[Purse], kind: FromPath[str]) -> Stream:
    """Give it as a workbook, as pages to print, or as the document that proves itself."""
    return _give(request, _own(purse), kind)


@get(ALL, sync_to_thread=True)
def show_statements(
    request: WebRequest,
    visitor: NamedDependency[Visitor],
    find: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """Show the parties of one's branch, to choose whose statement to look at, and the latest roots."""
    scope = visitor.scope_of(Permission.LEDGER_READ)
    language = language_of(request)
    wanted = find.replace("\x00", "").strip()

    def work(conn: Conn, _: datetime) -> tuple[list[Party], list[PartyRow], list[Any]]:
        ask = PageAsk(after=after, codes=[wanted] if wanted else None, at_most=_PARTIES_SHOWN + 1)
        found = org_lists.parties_page(conn, ask, scope=scope)
        return (
            found,
            _party_rows(conn, found[:_PARTIES_SHOWN], language),
            queries.roots_page(conn, before=None, at_most=7),
        )

    found, rows, seals = read(request, work)
    return page(
        request,
        "statements/parties.html",
        visitor=visitor,
        path=ALL,
        rows=rows,
        find=wanted,
        next_after=found[_PARTIES_SHOWN - 1].code if len(found) > _PARTIES_SHOWN else "",
        is_first=not after,
        seals=[(seal.day.isoformat(), seal.root.hex(), language.count(seal.lines)) for seal in seals],
    )


@get(f"{ALL}/{{party_code:str}}", sync_to_thread=True)
def show_statement_of(
    request: WebRequest, visitor: NamedDependency[Visitor], party_code: FromPath[str]
) -> Template:
    """Show the statement of a party of one's branch."""
    return _show(request, _of_branch(request, visitor, party_code))


@get(f"{ALL}/{{party_code:str}}/file/{{kind:str}}", sync_to_thread=True)
def give_statement_of(
    request: WebRequest, visitor: NamedDependency[Visitor], party_code: FromPath[str], kind: FromPath[str]
) -> Stream:
    """Give it as a workbook, as pages to print, or as the document that proves itself."""
    return _give(request, _of_branch(request, visitor, party_code), kind)


def _own(purse: Purse) -> Desk:
    return Desk(
        visitor=purse.visitor,
        party=purse.party,
        zone=purse.zone_name,
        path=OWN,
        query=f"party={purse.party.code}&",
        is_own=True,
        may_ask=speaks_as_party(
            purse.party, person_id=purse.visitor.person.person_id, branches=purse.visitor.branches
        ),
    )


def _of_branch(request: WebRequest, visitor: Visitor, party_code: str) -> Desk:
    """Return the desk of a party of the branch. Raises Refused: whether there is another one is not told."""
    scope = visitor.scope_of(Permission.LEDGER_READ)
    with edge_of(request).database.reading() as conn:
        party = org.parties_by_code(conn, [party_code.replace("\x00", "")]).get(party_code)
        if party is None or not covers_unit(scope, party.unit_id):
            raise Refused(NoSuchThing(noun="party", value=party_code))
        return Desk(
            visitor=visitor,
            party=party,
            zone=zone_of(conn, party),
            path=f"{ALL}/{party_code}",
            query="",
            is_own=False,
            may_ask=False,
        )


def _show(request: WebRequest, desk: Desk) -> Template:
    language = language_of(request)
    days = days_of(request)
    after: Place | None = place_after(Paging(cursor=request.query_params.get("after"), limit=_LINES_SHOWN))

    def work(conn: Conn, now: datetime) -> dict[str, Any]:
        chosen = days or usual_days(now)
        head, seal = read_head(conn, desk.party, chosen)
        placed = page_of_lines(conn, desk.party.id, days=chosen, after=after, at_most=_LINES_SHOWN + 1)
        shown = placed[:_LINES_SHOWN]
        paid_through = paid_through_of(conn, desk.party.id)
        found = found_for(conn, desk.party, [one.line for one in shown], paid_through)
        if not desk.is_own:
            found = msgspec.structs.replace(found, books=books_seen(conn, desk.visitor, found.entities))
        this, last = usual_days(now), month_before(now.date())
        return {
            "view": written(head, seal, desk.party, language),
            "rows": rows_of(shown, found, desk.zone, language),
            "next_after": cursor_of(shown[-1]) if len(placed) > _LINES_SHOWN else "",
            "periods": [
                (language.say("This month"), *_spelt(this), chosen == this),
                (language.say("Last month"), *_spelt(last), chosen == last),
            ],
        }

    return page(
        request,
        "statements/statement.html",
        visitor=desk.visitor,
        desk=desk,
        disputes_path="/earned/disputes" if desk.is_own else "/hq/disputes",
        is_first=after is None,
        may_open=desk.visitor.may(Permission.ORDERS_READ),
        **read(request, work),
    )


def _spelt(days: tuple[date, date]) -> tuple[str, str]:
    return days[0].isoformat(), days[1].isoformat()


def days_of(request: WebRequest) -> tuple[date, date] | None:
    """Return the days that the address names; None where it names none. Raises Refused for days that make no period."""
    try:
        first = date.fromisoformat(request.query_params["from"])
        last = date.fromisoformat(request.query_params["to"])
    except (KeyError, ValueError):
        return None
    return checked_period(first, last)


def _give(request: WebRequest, desk: Desk, kind: str) -> Stream:
    language = language_of(request)
    days = days_of(request)
    if days is None or (kind != "json" and kind not in _KINDS):
        raise Refused(NoSuchThing(noun="file", value=kind))
    if kind == "json":
        proof = Written.of(request, lambda conn, made: write_proof(conn, desk.party, days=days, written=made))
        return proof.streamed(media_type="application/json", name=proof_name(desk.party.code, days))
    media_type, write = _KINDS[kind]
    order = Order(party=desk.party, days=days, zone=desk.zone, language=language)
    made = Written.of(request, lambda conn, made: write(conn, order, made))
    return made.streamed(
        media_type=media_type, name=f"statement-{desk.party.code}-{days[0]}-{days[1]}.{kind}"
    )


def _party_rows(conn: Conn, parties: list[Party], language: Language) -> list[PartyRow]:
    pending: dict[PartyId, dict[str, int]] = {}
    due: dict[PartyId, dict[str, int]] = {}
    for one in balances_of_parties(conn, [party.id for party in parties]) if parties else ():
        sums = {Purpose.SHARE_PENDING: pending, Purpose.SHARE_DUE: due}.get(one.purpose)
        if sums is not None and one.party_id is not None:
            of_party = sums.setdefault(one.party_id, {})
            of_party[one.currency] = of_party.get(one.currency, 0) - one.balance_minor

    def said(sums: dict[str, int]) -> str:
        return (
            " · ".join(language.money(minor, currency) for currency, minor in sorted(sums.items()) if minor)
            or "–"
        )

    return [
        PartyRow(
            code=party.code,
            name=language.called(party.name),
            kind=language.say(PARTY_WORDS[party.kind]),
            pending=said(pending.get(party.id, {})),
            due=said(due.get(party.id, {})),
        )
        for party in parties
    ]


STATEMENT_PAGES = [
    show_own_statement,
    give_own_statement,
    show_statements,
    show_statement_of,
    give_statement_of,
]
