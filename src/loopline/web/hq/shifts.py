"""Shifts of tills: who answered for which drawer, what was counted, and where it was not what it should be; as a sheet.

Everyone sees the tills of the own branch. Sums are by who opened a shift, in one currency.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import PersonId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day, day_range
from loopline.org import Permission
from loopline.payments import shifts
from loopline.payments.shifts import ShiftAsk, ShiftRow
from loopline.web.api.answers import read
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.languages import Language, marked
from loopline.web.measuring import Reach, Span, day_in, reach_of, span_of
from loopline.web.pages import page
from loopline.web.payments import code_gateways
from loopline.web.sheets import Cell, Column, money_of, sheet_of, sheet_told, shown_money
from loopline.web.store.till.shift_view import difference_word, report_of

SHIFTS = "/hq/shifts"
SHEET = f"{SHIFTS}.xlsx"
SHOWN = 300
ROWS_MOST = 10_000
_HEADS = (
    marked("Site"),
    marked("Till"),
    marked("Z number"),
    marked("Opened"),
    marked("Opened by"),
    marked("Closed"),
    marked("Closed by"),
    marked("Sales"),
    marked("Currency"),
)
_MONEY_HEADS = (
    marked("Float"),
    marked("Difference when opened"),
    marked("Should be there"),
    marked("Counted"),
    marked("Difference"),
    marked("Came later"),
    marked("Difference in the end"),
)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    span: Span
    reach: Reach
    branch: str
    rows: list[ShiftRow]
    people: dict[PersonId, str]


def final_difference(one: ShiftRow) -> int:
    """Return what a drawer had more or less in the end: what came later had been in it."""
    return one.difference_minor - one.later_minor if one.closed_at is not None else 0


@get(SHIFTS, sync_to_thread=True)
def show_shifts(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the shifts of one's branch, the latest first, and who was how far from right."""
    scope, language = visitor.scope_of(Permission.TILLS_READ), language_of(request)
    found = _found(request, scope, at_most=SHOWN + 1)
    shown = found.rows[:SHOWN]
    return page(
        request,
        "hq/shifts.html",
        visitor=visitor,
        path=SHIFTS,
        sheet=f"{SHEET}?{request.url.query}" if request.url.query else SHEET,
        view={
            "first": str(found.span.first),
            "last": str(found.span.last),
            "today": str(found.span.today),
            "branches": _branches(found, language),
        },
        rows=[_row(one, found, language) for one in shown],
        people=_people(shown, found, language),
        most=language.count(SHOWN) if len(found.rows) > SHOWN else "",
    )


@get(SHEET, sync_to_thread=True)
def tell_shift_sheet(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell the shifts that the address asks for as a sheet."""
    scope, language = visitor.scope_of(Permission.TILLS_READ), language_of(request)
    found = _found(request, scope, at_most=ROWS_MOST)
    return sheet_told(_written(found, language), f"shifts-{found.span.first}-{found.span.last}.xlsx")


@get("/hq/shifts/{shift_id:uuid}", sync_to_thread=True)
def show_shift_report(
    request: WebRequest, visitor: NamedDependency[Visitor], shift_id: FromPath[UUID]
) -> Template:
    """Show the report of a shift of one's branch."""
    scope, language = visitor.scope_of(Permission.TILLS_READ), language_of(request)
    wallets = code_gateways(edge_of(request))

    def work(conn: Conn, now: datetime) -> dict[str, Any]:
        found = shifts.shift_by_id(conn, shift_id, scope=scope)
        if found is None:
            raise Refused(NoSuchThing(noun="shift", value=str(shift_id)))
        return report_of(conn, found, language, wallets=wallets, now=now)

    return page(request, "hq/shift_report.html", visitor=visitor, report=read(request, work), back=SHIFTS)


def _found(request: WebRequest, scope: Scope, *, at_most: int) -> Found:
    asked = {
        name: request.query_params.get(name, "")[:100].replace("\x00", "")
        for name in ("from", "to", "branch")
    }

    def work(conn: Conn, now: datetime) -> Found:
        setting = board_setting(conn)
        latest = business_day(setting.latest, setting.zone) if setting.latest is not None else None
        span = span_of(day_in(asked["from"]), day_in(asked["to"]), latest=latest, now=now, zone=setting.zone)
        reach = reach_of(conn, scope, branch=asked["branch"])
        ask = ShiftAsk(
            start=day_range(span.first, setting.zone).start,
            end=day_range(span.last + timedelta(days=1), setting.zone).start,
            at_most=at_most,
        )
        within = scope if reach.chosen is None else Scope(sites=reach.chosen)
        rows = shifts.shifts_of_sites(conn, ask, scope=within)
        ids = {one.opened_by for one in rows} | {one.closed_by for one in rows if one.closed_by is not None}
        people = {person.id: person.name for person in org.people_by_id(conn, ids).values()} if ids else {}
        return Found(span=span, reach=reach, branch=asked["branch"], rows=rows, people=people)

    return read(request, work)


def _branches(found: Found, language: Language) -> list[dict[str, Any]]:
    if len(found.reach.choosable) < 2:
        return []
    every = {"value": "", "word": language.say("All of mine"), "is_chosen": not found.branch}
    return [
        every,
        *(
            {"value": one.code, "word": language.called(one.name), "is_chosen": one.code == found.branch}
            for one in found.reach.choosable
        ),
    ]


def _row(one: ShiftRow, found: Found, language: Language) -> dict[str, str]:
    site = found.reach.sites[one.site_id]
    is_closed = one.closed_at is not None
    final = final_difference(one)
    return {
        "path": f"{SHIFTS}/{one.id}",
        "site": language.called(site.name),
        "till": shifts.till_name(one.till_id),
        "z": f"Z {one.z_number}" if is_closed else language.say("open"),
        "opened": language.clock_of_day(one.opened_at, site.time_zone),
        "closed": language.clock_of_day(one.closed_at, site.time_zone) if one.closed_at is not None else "",
        "by": language.called(found.people.get(one.opened_by, "")),
        "closed_by": language.called(found.people.get(one.closed_by, ""))
        if one.closed_by is not None and one.closed_by != one.opened_by
        else "",
        "sales": language.count(one.sales),
        "expected": language.money(one.expected_minor or 0, one.currency) if is_closed else "",
        "counted": language.money(one.counted_minor or 0, one.currency) if is_closed else "",
        "difference": difference_word(one.difference_minor, one.currency, language) if is_closed else "",
        "tone": "good" if final == 0 else "bad",
        "later": language.money(one.later_minor, one.currency) if one.later else "",
        "final": difference_word(final, one.currency, language) if one.later and is_closed else "",
        "note": one.note or "",
        "opening": difference_word(one.opening_difference_minor, one.currency, language)
        if one.opening_difference_minor
        else "",
        "float_note": one.float_note,
    }


def _people(rows: Sequence[ShiftRow], found: Found, language: Language) -> list[dict[str, str]]:
    """Sum up who was how far from right, the farthest first."""
    sums: dict[tuple[PersonId, str], list[int]] = {}
    for one in rows:
        if one.closed_at is not None:
            sums.setdefault((one.opened_by, one.currency), []).append(final_difference(one))
    ranked = sorted(sums.items(), key=lambda item: (-sum(map(abs, item[1])), str(item[0])))
    return [
        {
            "name": language.called(found.people.get(person_id, "")),
            "shifts": language.count(len(some)),
            "wrong": language.count(sum(1 for each in some if each)),
            "less": language.money(-sum(each for each in some if each < 0), currency),
            "more": language.money(sum(each for each in some if each > 0), currency),
        }
        for (person_id, currency), some in ranked
    ]


def _written(found: Found, language: Language) -> bytes:
    currencies = {one.currency for one in found.rows}
    form = shown_money(currencies.pop()) if len(currencies) == 1 else "#,##0.00"
    columns = [
        *(Column(head=language.say(head)) for head in _HEADS),
        *(Column(head=language.say(head), shown=form) for head in _MONEY_HEADS),
        Column(head=language.say("Remark"), width=40, wraps=True),
    ]
    return sheet_of(language.say("Shifts"), columns, [_cells(one, found, language) for one in found.rows])


def _cells(one: ShiftRow, found: Found, language: Language) -> list[Cell]:
    row, is_closed = _row(one, found, language), one.closed_at is not None

    def money(minor: int | None) -> Cell:
        return money_of(minor, one.currency) if minor is not None else None

    return [
        row["site"],
        row["till"],
        one.z_number,
        row["opened"],
        row["by"],
        row["closed"],
        language.called(found.people.get(one.closed_by, "")) if one.closed_by is not None else "",
        one.sales,
        one.currency,
        money(one.float_minor),
        money(one.opening_difference_minor),
        money(one.expected_minor),
        money(one.counted_minor),
        money(one.difference_minor) if is_closed else None,
        money(one.later_minor),
        money(final_difference(one)) if is_closed else None,
        " · ".join(text for text in (one.float_note, one.note or "") if text),
    ]


SHIFT_PAGES = [show_shifts, tell_shift_sheet, show_shift_report]
