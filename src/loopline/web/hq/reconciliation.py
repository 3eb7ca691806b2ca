"""Reconciliation for finance: bills taken in, runs by source and day, the queue of differences, each worked off."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Redirect, Template

from loopline import bills, orders, org
from loopline.bills import (
    Act,
    Action,
    Correction,
    Difference,
    DifferenceAsk,
    DifferenceId,
    DifferenceState,
    DifferenceUnknown,
    Source,
    SourceId,
)
from loopline.db import Conn
from loopline.kernel.ids import OrderId, PersonId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.org import Permission
from loopline.processes.reconcile.working import companies_in, work_differences
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.reconciliation_view import (
    CLASS_WORDS,
    CORRECTION_WORDS,
    RECONCILIATION,
    STATE_WORDS,
    Asked,
    Case,
    Found,
    chips,
    days_message,
    figures,
    ids_in,
    ours_side,
    row,
    run_row,
    since,
    state_chips,
    step_row,
    theirs_side,
)
from loopline.web.languages import Language
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.paths import entry_path
from loopline.web.reconciling import UPLOAD_BYTES_MAX, days_of, held_against_books, taken_in
from loopline.web.sheets import Cell, Column, sheet_of, sheet_told

_FormRequest = Request[Any, Any, State]
_SHOWN = 60
_RUNS_SHOWN = 8
_EXPORTED_MAX = 50_000
_AT_ONCE_MAX = 500


@get(RECONCILIATION, sync_to_thread=True)
def show_reconciliation(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the queue of somebody's companies, as far as the address narrows it, and what came of the last runs."""
    scope = visitor.scope_of(Permission.BILLS_READ)
    asked = Asked.from_query(request.url.query)
    found = read(request, lambda conn, now: _find(conn, asked, scope=scope, now=now, at_most=_SHOWN + 1))
    language, notice = language_of(request), told(request)
    return page(
        request,
        "hq/reconciliation.html",
        visitor=visitor,
        path=RECONCILIATION,
        asked=asked,
        figures=figures(found, language),
        chips=chips(found, language),
        states=state_chips(asked, language),
        sources=[(one.code, language.called(one.name)) for one in found.sources],
        rows=[row(one, found, language) for one in found.differences[:_SHOWN]],
        has_more=len(found.differences) > _SHOWN,
        shown=_SHOWN,
        runs=[run_row(one, found, language) for one in found.runs],
        corrections=[(one.value, language.say(word)) for one, word in CORRECTION_WORDS.items()],
        may_write=visitor.may(Permission.BILLS_WRITE),
        yesterday=_yesterday(found).isoformat(),
        done=notice.done,
        problem=notice.problem,
    )


@get(f"{RECONCILIATION}/days", sync_to_thread=True)
def tell_matched_days(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell how many lines were matched on each day, for the chart."""
    scope = visitor.scope_of(Permission.BILLS_READ)
    asked = Asked.from_query(request.url.query)

    def find(conn: Conn, now: datetime) -> tuple[list[Any], str]:
        sources = _sources(conn, asked, scope)
        shares = bills.day_shares(conn, [one.id for one in sources], since=since(now))
        return shares, sources[0].zone if sources else "UTC"

    days, zone = read(request, find)
    return Response(
        msgspec.json.encode(days_message(days, zone, language_of(request))),
        media_type=MediaType.JSON,
        headers={"Cache-Control": "no-store"},
    )


def _yesterday(found: Found) -> date:
    """Return the last day that is over where the source that is offered first cuts its days."""
    offered = next((one for one in found.sources if one.code == found.asked.source), None)
    offered = offered or next(iter(found.sources), None)
    return business_day(found.now, offered.zone if offered else "UTC") - timedelta(days=1)


def _sources(conn: Conn, asked: Asked, scope: Scope) -> list[Source]:
    return bills.sources_of(conn, companies_in(conn, scope), codes=[asked.source] if asked.source else None)


def _find(conn: Conn, asked: Asked, *, scope: Scope, now: datetime, at_most: int) -> Found:
    """Read the page, as far as a scope reaches. The sources offered are all, whichever the queue is narrowed to."""
    every = bills.sources_of(conn, companies_in(conn, scope))
    ids = [one.id for one in every if asked.source in {"", one.code}]
    listed = _listed(conn, asked, ids, at_most=at_most)
    return Found(
        now=now,
        asked=asked,
        sources=every,
        tallies=bills.class_tallies(conn, ids),
        days=bills.day_shares(conn, ids, since=since(now)),
        runs=bills.last_runs(conn, ids, at_most=_RUNS_SHOWN),
        differences=listed,
        lines=dict(bills.lines_by_ids(conn, [one.line_id for one in listed if one.line_id is not None])),
        names=_names(conn, [one.owner for one in listed]),
    )


def _listed(conn: Conn, asked: Asked, ids: Sequence[SourceId], *, at_most: int) -> list[Difference]:
    ask = DifferenceAsk(source_ids=ids, kind=asked.wanted_class, states=asked.states, at_most=at_most)
    return bills.find_differences(conn, ask)


def _names(conn: Conn, actors: Sequence[str]) -> dict[str, str]:
    """Return the names of people by how they are written as actors."""
    ids = {one.removeprefix("person:"): one for one in actors if one.startswith("person:")}
    found = org.people_by_id(conn, [PersonId(UUID(one)) for one in ids]) if ids else {}
    return {f"person:{person_id}": person.name for person_id, person in found.items()}


@post(f"{RECONCILIATION}/bills", request_max_body_size=UPLOAD_BYTES_MAX)
async def take_in_from_page(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Take a file in, hold its days against the books, and show what came of it."""
    scope = visitor.scope_of(Permission.BILLS_WRITE)
    form = await request.form()
    code, file = str(form.get("source", "")), form.get("file")
    if not isinstance(file, UploadFile):
        return telling(request, Asked(source=code).link())
    content = await file.read()
    language = language_of(request)

    def work() -> str:
        taken = taken_in(request, content, of=(code, file.filename or ""), scope=scope, by=_by(visitor))
        made = held_against_books(request, code, days_of(taken), scope=scope, by=_by(visitor))
        if taken.is_repeat:
            return language.say("This file was taken in before; nothing was taken in twice.")
        return language.say(
            "{lines} lines taken in: {matched} matched, {opened} differences opened, {closed} closed.",
            lines=language.count(taken.bill.lines),
            matched=language.count(made.totals.matched),
            opened=language.count(made.opened),
            closed=language.count(made.closed),
        )

    try:
        return telling(request, Asked(source=code).link(), done=await asyncio.to_thread(work))
    except Refused as refused:
        return telling(request, Asked(source=code).link(), problem=language.refusal(refused.refusal))


@post(f"{RECONCILIATION}/runs")
async def run_from_page(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Hold the bills of some days against the books again."""
    scope = visitor.scope_of(Permission.BILLS_WRITE)
    form = await request.form()
    code = str(form.get("source", ""))
    language = language_of(request)

    def work() -> str:
        days = (_day(form.get("first_day")), _day(form.get("last_day")))
        made = held_against_books(request, code, days, scope=scope, by=_by(visitor))
        return language.say(
            "{matched} matched, {opened} differences opened, {closed} closed.",
            matched=language.count(made.totals.matched),
            opened=language.count(made.opened),
            closed=language.count(made.closed),
        )

    try:
        return telling(request, Asked(source=code).link(), done=await asyncio.to_thread(work))
    except Refused as refused:
        return telling(request, Asked(source=code).link(), problem=language.refusal(refused.refusal))


def _day(stated: Any) -> date:
    try:
        return date.fromisoformat(str(stated))
    except ValueError as error:
        raise Refused(bills.PeriodMisfit(days_max=62)) from error


@post(f"{RECONCILIATION}/work")
async def work_from_page(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Do one thing with the chosen differences, and go back to where they were chosen."""
    scope = visitor.scope_of(Permission.BILLS_WRITE)
    form = await request.form()
    chosen = ids_in([str(one) for one in form.getall("difference", [])])[:_AT_ONCE_MAX]
    action, said = str(form.get("action", "")), str(form.get("correction", ""))
    language = language_of(request)
    acts = [
        Act(
            difference_id=one,
            action=Action(action),
            note=str(form.get("note", "")),
            owner=_by(visitor),
            correction=Correction(said) if said in set(Correction) else None,
        )
        for one in chosen
        if action in set(Action)
    ]

    def work(conn: Conn, now: datetime) -> list[Difference | Refusal]:
        return work_differences(conn, acts, scope=scope, by=_by(visitor), now=now)

    outcomes = await asyncio.to_thread(run, request, work) if acts else []
    refused = [one for one in outcomes if isinstance(one, Refusal)]
    said_of_it = {
        "done": language.say(
            "{done} done, {left} left as they were.",
            done=language.count(len(outcomes) - len(refused)),
            left=language.count(len(refused)),
        )
    }
    if refused:
        said_of_it["problem"] = language.refusal(refused[0])
    if form.get("back") == "case" and chosen:
        return telling(request, f"{RECONCILIATION}/{chosen[0]}", **said_of_it)
    return telling(request, Asked.from_query(str(form.get("asked", ""))).link(), **said_of_it)


def _by(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


@get(RECONCILIATION + "/{difference:uuid}", sync_to_thread=True)
def show_difference(
    request: WebRequest, visitor: NamedDependency[Visitor], difference: FromPath[UUID]
) -> Template:
    """Show a difference with both sides, back to the file's line and to the order, and what became of it."""
    scope = visitor.scope_of(Permission.BILLS_READ)
    case = read(request, lambda conn, _: _case(conn, DifferenceId(difference), scope=scope))
    language, notice = language_of(request), told(request)
    one = case.difference
    return page(
        request,
        "hq/difference.html",
        visitor=visitor,
        path=RECONCILIATION,
        id=str(one.id),
        kind=language.say(CLASS_WORDS[one.kind]),
        state=language.say(STATE_WORDS[one.state]),
        is_standing=one.is_standing,
        may_reopen=one.state in {DifferenceState.TOLD, DifferenceState.EXPLAINED},
        amount=language.money(one.amount_minor, case.source.currency),
        theirs=theirs_side(case, language),
        ours=ours_side(case, language),
        order=case.order_number if visitor.may(Permission.ORDERS_READ) else "",
        entry=str(one.entry_id) if one.entry_id is not None else "",
        entry_path=entry_path(one.entry_id) if visitor.may(Permission.LEDGER_READ) else "",
        owner=case.names.get(one.owner, one.owner),
        steps=[step_row(step, case, language) for step in reversed(case.steps)],
        corrections=[(kind.value, language.say(word)) for kind, word in CORRECTION_WORDS.items()],
        may_write=visitor.may(Permission.BILLS_WRITE),
        done=notice.done,
        problem=notice.problem,
    )


def _case(conn: Conn, difference_id: DifferenceId, *, scope: Scope) -> Case:
    mine = companies_in(conn, scope)
    found = bills.differences_by_ids(conn, [difference_id], entity_ids=mine)
    if difference_id not in found:
        raise Refused(DifferenceUnknown(difference_id=difference_id))
    one = found[difference_id]
    (source,) = [known for known in bills.sources_of(conn, mine) if known.id == one.source_id]
    line = bills.lines_by_ids(conn, [one.line_id]).get(one.line_id) if one.line_id is not None else None
    bill_id = line.bill_id if line is not None else None
    if bill_id is None and one.subject.startswith("fees:"):
        bill_id = bills.BillId(UUID(one.subject.split(":")[1]))
    heads = orders.orders_by_ids(conn, [OrderId(one.our_subject)]) if one.our_subject is not None else []
    steps = bills.steps_of(conn, one.id)
    return Case(
        difference=one,
        source=source,
        line=line,
        bill=bills.bills_by_ids(conn, [bill_id]).get(bill_id) if bill_id is not None else None,
        steps=steps,
        order_number=heads[0].number if heads else "",
        names=_names(conn, [one.owner, *(step.by for step in steps)]),
    )


@get(f"{RECONCILIATION}/export.xlsx", sync_to_thread=True)
def export_differences(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Write what the queue shows, all its pages, as a workbook."""
    scope = visitor.scope_of(Permission.BILLS_READ)
    asked = Asked.from_query(request.url.query)
    found = read(request, lambda conn, now: _find(conn, asked, scope=scope, now=now, at_most=_EXPORTED_MAX))
    return sheet_told(_workbook(found, language_of(request)), "reconciliation.xlsx")


def _workbook(found: Found, language: Language) -> bytes:
    say = language.say
    heads = (
        say("Class"), say("State"), say("Source"), say("Number"), say("Day"), say("Age"), say("Theirs"), say("Ours"),
        say("Difference"), say("Owner"), say("Note"),
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for one in found.differences:
        told = row(one, found, language)
        state = language.say(STATE_WORDS[one.state])
        rows.append([told.kind, state, told.source, told.number, one.day.isoformat(), told.age, told.theirs, told.ours,
                     told.amount, told.owner, told.note])  # fmt: skip
    return sheet_of(say("Reconciliation"), [Column(head=one, width=16) for one in heads], rows)


RECONCILIATION_PAGES = [
    show_reconciliation,
    tell_matched_days,
    export_differences,
    take_in_from_page,
    run_from_page,
    work_from_page,
    show_difference,
]
