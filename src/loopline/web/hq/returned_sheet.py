"""The returns behind a number of the page on why goods come back, as a sheet: all that the list shows, in its order."""

from collections.abc import Iterator
from datetime import datetime

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.insight.returned import ReturnedKey, ReturnedLine
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.returns_why import Part, find_lines
from loopline.web.hq.returns_why_asked import LINES_SHEET, Asked, asked_of
from loopline.web.hq.returns_why_view import FoundLines, line_row
from loopline.web.languages import Language
from loopline.web.sheets import (
    MOMENT,
    ROWS_A_PAGE,
    Cell,
    Column,
    Sheet,
    moment_of,
    moments_head,
    money_of,
    sheet_streamed,
)

_MONEY = "#,##0.00"


@get(LINES_SHEET, sync_to_thread=True)
def tell_returned_lines_sheet(request: WebRequest, visitor: NamedDependency[Visitor]) -> Stream:
    """Tell the returns that the address asks for as a sheet, the latest ROWS_MOST of them."""
    scope, asked, language = visitor.scope_of(Permission.BOARDS_READ), asked_of(request), language_of(request)

    def make(conn: Conn, now: datetime) -> Sheet:
        return Sheet(
            title=language.say("Came back"),
            columns=_columns(board_setting(conn).zone, language),
            rows=(
                _cells(one, found, language)
                for found in _pages(conn, asked, scope, now=now)
                for one in found.lines
            ),
        )

    return sheet_streamed(request, "returns.xlsx", make)


def _pages(conn: Conn, asked: Asked, scope: Scope, *, now: datetime) -> Iterator[FoundLines]:
    """Read the list part after part, to its end."""
    part = Part(lines=ROWS_A_PAGE)
    is_more = True
    while is_more:
        found = find_lines(conn, asked, scope=scope, part=part, now=now)
        yield found
        is_more = found.more
        if is_more:
            last = found.lines[-1]
            part = Part(after=ReturnedKey(at=last.at, return_line_id=last.return_line_id), lines=ROWS_A_PAGE)


def _columns(zone: str, language: Language) -> list[Column]:
    say = language.say
    return [
        Column(head=moments_head(say("Came back"), zone), width=28, shown=MOMENT),
        Column(head=say("Return"), width=24),
        Column(head=say("Channel")),
        Column(head=say("Order"), width=14),
        Column(head=say("Goods"), width=40),
        Column(head=say("Code"), width=20),
        Column(head=say("Batch")),
        Column(head=say("Pieces"), width=10),
        Column(head=say("Without a sale"), width=14),
        Column(head=say("Reason")),
        Column(head=say("Grade")),
        Column(head=say("Site that sent"), width=24),
        Column(head=say("Brought to"), width=24),
        Column(head=say("Currency"), width=10),
        Column(head=say("Paid back for goods"), shown=_MONEY),
    ]


def _cells(one: ReturnedLine, found: FoundLines, language: Language) -> list[Cell]:
    row = line_row(one, found, language, leads=False)
    return [
        moment_of(one.at, found.span.zone),
        row.number,
        row.channel,
        row.order,
        row.goods,
        row.code,
        one.batch or "",
        one.units,
        one.blind_units,
        row.reason,
        row.grades,
        row.sent,
        row.taken,
        one.currency,
        money_of(one.refund_minor, one.currency),
    ]


RETURNED_SHEET_PAGES = [tell_returned_lines_sheet]
