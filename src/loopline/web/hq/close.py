"""The monthly close for finance: months of each company's books, their sheets, and closing one for good."""

import asyncio
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from loopline import org
from loopline.closing.model import ARRIVES_WITHIN_DAYS, Closed, CloseWaits, Recovery, WaitsFor
from loopline.closing.rules.months import read_month
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import PersonId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.close.command import CloseAsk, RecoveryIsTheBrands, close_months, set_recovery
from loopline.processes.close.telling import MonthTold, SheetAsk, months_in, sheet_of
from loopline.web.api.answers import granted, read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.close_view import CLOSE, FoundMonths, FoundSheet, months_written, sheet_written
from loopline.web.hq.typed import read_basis_points
from loopline.web.notices import telling, told
from loopline.web.pages import page

_FormRequest = Request[Any, Any, State]
_PERSON = "person:"
_OF_MONTH = CLOSE + "/{company:str}/{currency:str}/{month:str}"
_PROBLEM_MAX = 500
_PERCENT_MAX = 12
_DAYS_MAX = 6


@get(CLOSE, sync_to_thread=True)
def show_months(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the months of somebody's companies, and which is to be closed next."""
    scope = visitor.scope_of(Permission.CLOSES_READ)
    found = read(request, lambda conn, now: _months(conn, scope, now=now))
    return page(
        request,
        "hq/close.html",
        visitor=visitor,
        path=CLOSE,
        view=months_written(found, language_of(request)),
    )


def _months(conn: Conn, scope: Scope, *, now: datetime) -> FoundMonths:
    months = months_in(conn, scope=scope, now=now)
    return FoundMonths(
        zone=board_setting(conn).zone,
        months=months,
        companies=_companies(conn, months),
        people=_people(conn, [one.closed_by for one in months if one.closed_by]),
    )


def _companies(conn: Conn, months: list[MonthTold]) -> dict[str, str]:
    found = org.entities_by_code(conn, {one.entity_code for one in months})
    return {code: one.name for code, one in found.items()}


def _people(conn: Conn, actors: list[str]) -> dict[str, str]:
    ids = {one: PersonId(UUID(one.removeprefix(_PERSON))) for one in actors if one.startswith(_PERSON)}
    people = org.people_by_id(conn, set(ids.values()))
    return {actor: people[person_id].name for actor, person_id in ids.items() if person_id in people}


@get(_OF_MONTH, sync_to_thread=True)
def show_sheet(
    request: WebRequest,
    visitor: NamedDependency[Visitor],
    company: FromPath[str],
    currency: FromPath[str],
    month: FromPath[str],
) -> Template:
    """Show the sheet of a closed month, or what the first open one would be closed with now.

    With `prove` in the address doctor proves the books first.
    """
    scope = visitor.scope_of(Permission.CLOSES_READ)
    ask = SheetAsk(
        entity_code=company,
        currency=currency,
        month=_month(month),
        is_proven="prove" in request.query_params,
    )
    found = read(request, lambda conn, now: _sheet(conn, ask, scope=scope, now=now))
    notice = told(request)
    return page(
        request,
        "hq/close_sheet.html",
        visitor=visitor,
        path=CLOSE,
        view=sheet_written(found, language_of(request)),
        may_write=visitor.may(Permission.CLOSES_WRITE),
        may_say_recovery=visitor.may(Permission.CLOSES_WRITE)
        and visitor.scope_of(Permission.CLOSES_WRITE).everything,
        problem=notice.problem,
        comment=notice.also.get("comment", ""),
        recovery_percent=notice.also.get("recovery_percent", ""),
        recovery_days=notice.also.get("recovery_days", ""),
        recovery_comment=notice.also.get("recovery_comment", ""),
        is_done=bool(notice.done),
    )


def _sheet(conn: Conn, ask: SheetAsk, *, scope: Scope, now: datetime) -> FoundSheet:
    sheet = granted(sheet_of(conn, ask, scope=scope, now=now))
    by = sheet.month.closed_by
    return FoundSheet(
        sheet=sheet,
        now=now,
        company=_companies(conn, [sheet.month])[sheet.month.entity_code],
        closed_by=_people(conn, [by]).get(by, by) if by is not None else "",
        is_proven=ask.is_proven,
    )


def _month(text: str) -> date:
    month = read_month(text)
    if month is None:
        raise Refused(NoSuchThing(noun="month", value=text))
    return month


@post(_OF_MONTH + "/recovery")
async def say_recovery(
    request: _FormRequest,
    visitor: NamedDependency[Visitor],
    company: FromPath[str],
    currency: FromPath[str],
    month: FromPath[str],
) -> Redirect:
    """Say what recovering goods costs and when they count as arrived, for the whole brand; and show the sheet again."""
    scope = visitor.scope_of(Permission.CLOSES_WRITE)
    if not scope.everything:
        raise Refused(RecoveryIsTheBrands())
    form = await request.form()
    percent = str(form.get("percent", "")).strip()
    points = read_basis_points(percent)
    days = str(form.get("days", ARRIVES_WITHIN_DAYS)).strip()
    wanted = Recovery(
        currency=currency,
        basis_points=-1 if points is None else points,
        arrives_within_days=int(days) if days.isascii() and days.isdigit() and len(days) < _DAYS_MAX else 0,
        comment=str(form.get("comment", "")).strip()[:_PROBLEM_MAX],
    )
    by = f"{_PERSON}{visitor.person.person_id}"

    def work(conn: Conn, now: datetime) -> Recovery | Refusal:
        granted(
            sheet_of(
                conn,
                SheetAsk(entity_code=company, currency=currency, month=_month(month)),
                scope=scope,
                now=now,
            )
        )
        return set_recovery(conn, wanted, scope=scope, by=by, now=now)

    outcome = await asyncio.to_thread(run, request, work)
    said: dict[str, str] = {}
    if isinstance(outcome, Refusal):
        said = {
            "problem": language_of(request).refusal(outcome),
            "recovery_percent": percent[:_PERCENT_MAX],
            "recovery_days": days[:_DAYS_MAX],
            "recovery_comment": wanted.comment,
        }
    return telling(request, f"{CLOSE}/{company}/{currency}/{month}", **said)


@post(_OF_MONTH + "/close")
async def close_one(
    request: _FormRequest,
    visitor: NamedDependency[Visitor],
    company: FromPath[str],
    currency: FromPath[str],
    month: FromPath[str],
) -> Redirect:
    """Close a month for good, with a comment, and show its sheet; or say why not, and keep what was written."""
    scope = visitor.scope_of(Permission.CLOSES_WRITE)
    form = await request.form()
    comment = str(form.get("comment", "")).strip()
    ask = CloseAsk(entity_code=company, currency=currency, month=_month(month), comment=comment)
    by = f"{_PERSON}{visitor.person.person_id}"

    def work(conn: Conn, now: datetime) -> Closed | Refusal:
        return close_months(conn, [ask], by=by, scope=scope, now=now)[0]

    outcome = await asyncio.to_thread(run, request, work)
    said = {"done": "1"}
    if isinstance(outcome, Refusal):
        said = {
            "problem": language_of(request).refusal(outcome),
            "comment": comment[:_PROBLEM_MAX],
        }
        if isinstance(outcome, CloseWaits) and outcome.reason is WaitsFor.MONEY_FAULT:
            said["prove"] = "1"  # what was found is shown
    sheet = request.url.path.removesuffix("/close")
    return telling(request, sheet, **said)


CLOSE_PAGES = [show_months, show_sheet, close_one, say_recovery]
