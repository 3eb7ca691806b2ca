"""Reads of the six rights: sums by site and day, causes, lines, and an order's marks."""

from typing import Any

from loopline.db import Conn, fetch, fetch_one, statements, uuids
from loopline.insight.rights.model import (
    CauseCount,
    DayMarks,
    JudgedLine,
    LineAsk,
    RightsAsk,
    RightsSetting,
    SiteMarks,
)
from loopline.kernel.ids import OrderId

SQL = statements(__file__)


def rights_setting(conn: Conn) -> RightsSetting:
    """Return the brand's zone and the last day that has judged lines."""
    return fetch_one(conn, SQL["rights_setting"], RightsSetting) or RightsSetting(zone="UTC", latest=None)


def marks_by_site(conn: Conn, ask: RightsAsk) -> list[SiteMarks]:
    """Return the marks of a period by site, in the order of the sites' ids."""
    return fetch(conn, SQL["marks_by_site"], SiteMarks, **_asked(ask))


def marks_by_day(conn: Conn, ask: RightsAsk) -> list[DayMarks]:
    """Return the marks of a period by day; days on which no line ended are left out."""
    return fetch(conn, SQL["marks_by_day"], DayMarks, **_asked(ask))


def broken_causes(conn: Conn, ask: RightsAsk) -> list[CauseCount]:
    """Return by which causes rights were broken in a period, the most frequent first."""
    return fetch(conn, SQL["broken_causes"], CauseCount, **_asked(ask))


def judged_lines(conn: Conn, ask: LineAsk) -> list[JudgedLine]:
    """Return a page of the lines behind a number, the latest day first, then by order and line."""
    after = ask.after
    return fetch(
        conn,
        SQL["judged_lines"],
        JudgedLine,
        **_asked(ask),
        right=ask.right,
        mark=ask.mark,
        after_day=after.day if after else None,
        after_order=after.order_id if after else None,
        after_line=after.line_id if after else None,
        at_most=ask.at_most,
    )


def marks_of_order(conn: Conn, order_id: OrderId) -> list[JudgedLine]:
    """Return the lines of an order that were judged."""
    return fetch(conn, SQL["marks_of_order"], JudgedLine, order_id=order_id)


def _asked(ask: RightsAsk) -> dict[str, Any]:
    return {
        "first": ask.first,
        "last": ask.last,
        "side": ask.side,
        "sites": None if ask.sites is None else uuids(sorted(ask.sites)),
    }
