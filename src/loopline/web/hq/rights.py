"""The six rights at headquarters and at dealers: scores by store or dealer, by day, causes, and the lines behind them.

Everyone sees the own branch alone. What is asked for stands in the address.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import Template

from loopline import catalogue, orders
from loopline.db import Conn
from loopline.insight.rights import (
    LineAsk,
    LineKey,
    Right,
    RightsAsk,
    broken_causes,
    judged_lines,
    marks_by_day,
    marks_by_site,
    rights_setting,
)
from loopline.kernel.ids import LineId, OrderId
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.web.api.answers import read
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.rights_asked import LINES, RIGHTS, Asked, asked_of
from loopline.web.hq.rights_view import Found, FoundLines, days_message, written, written_lines
from loopline.web.measuring import Reach, Span, day_in, reach_of, span_of
from loopline.web.pages import page

SHOWN = 50


@get(RIGHTS, sync_to_thread=True)
def show_rights(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show how the lines of one's branch kept the six rights, as far as the address narrows it."""
    scope, asked = visitor.scope_of(Permission.BOARDS_READ), asked_of(request)
    found = read(request, lambda conn, now: find(conn, asked, scope=scope, now=now))
    return page(
        request,
        "hq/rights.html",
        visitor=visitor,
        view=written(found, language_of(request)),
        asked=asked,
        path=RIGHTS,
        lines_path=LINES,
        may_see_surge=scope.everything,
    )


@get(f"{RIGHTS}/days", sync_to_thread=True)
def tell_days_of_rights(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell how many marks of each day were broken, for the chart."""
    scope, asked = visitor.scope_of(Permission.BOARDS_READ), asked_of(request)

    def find_days(conn: Conn, now: datetime) -> dict[str, Any]:
        ask, span, _ = wanted(conn, asked, scope=scope, now=now)
        return days_message(marks_by_day(conn, ask), span, language_of(request))

    return Response(
        msgspec.json.encode(read(request, find_days)),
        media_type=MediaType.JSON,
        headers={"Cache-Control": "no-store"},
    )


@get(LINES, sync_to_thread=True)
def show_lines_of_rights(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the lines behind a number, page by page; each leads to its order."""
    scope, asked = visitor.scope_of(Permission.BOARDS_READ), asked_of(request)
    after = decode_cursor(request.query_params.get("after"), (date, UUID, UUID))
    key = (
        LineKey(day=after[0], order_id=OrderId(after[1]), line_id=LineId(after[2]))
        if after is not None
        else None
    )
    found = read(request, lambda conn, now: find_lines(conn, asked, scope=scope, after=key, now=now))
    older = ""
    if found.more:
        last = found.lines[-1]
        cursor = encode_cursor(last.day, last.order_id, last.line_id)
        older = f"{asked.link(LINES)}{'&' if asked != Asked() else '?'}after={cursor}"
    return page(
        request,
        "hq/rights_lines.html",
        visitor=visitor,
        view=written_lines(found, language_of(request), leads=visitor.may(Permission.ORDERS_READ)),
        asked=asked,
        back=asked.link(RIGHTS, right="", mark="", site=""),
        first_page=asked.link(LINES) if key is not None else "",
        older=older,
    )


def wanted(conn: Conn, asked: Asked, *, scope: Scope, now: datetime) -> tuple[RightsAsk, Span, Reach]:
    """Return which sums are asked for, as far as a scope reaches. Raises Refused for a branch that is not in it."""
    setting = rights_setting(conn)
    span = span_of(day_in(asked.first), day_in(asked.last), latest=setting.latest, now=now, zone=setting.zone)
    reach = reach_of(conn, scope, branch=asked.branch, site=asked.site)
    return (
        RightsAsk(first=span.first, last=span.last, side=asked.chosen_side, sites=reach.chosen),
        span,
        reach,
    )


def find(conn: Conn, asked: Asked, *, scope: Scope, now: datetime) -> Found:
    """Read the page, as far as a scope reaches."""
    ask, span, reach = wanted(conn, asked, scope=scope, now=now)
    return Found(
        asked=asked,
        span=span,
        reach=reach,
        by_site=marks_by_site(conn, ask),
        causes=broken_causes(conn, ask),
    )


def find_lines(conn: Conn, asked: Asked, *, scope: Scope, after: LineKey | None, now: datetime) -> FoundLines:
    """Read a page of lines, as far as a scope reaches."""
    ask, span, reach = wanted(conn, asked, scope=scope, now=now)
    lines = judged_lines(
        conn,
        LineAsk(
            first=ask.first,
            last=ask.last,
            side=ask.side,
            sites=ask.sites,
            right=Right(asked.right) if asked.right else None,
            mark=asked.mark or None,
            after=after,
            at_most=SHOWN + 1,
        ),
    )
    shown = lines[:SHOWN]
    heads = orders.orders_by_ids(conn, list(dict.fromkeys(one.order_id for one in shown)))
    return FoundLines(
        asked=asked,
        span=span,
        reach=reach,
        lines=shown,
        more=len(lines) > SHOWN,
        numbers={head.id: head.number for head in heads},
        skus=catalogue.skus_by_id(conn, {one.sku_id for one in shown}),
    )


RIGHTS_PAGES = [show_rights, tell_days_of_rights, show_lines_of_rights]
