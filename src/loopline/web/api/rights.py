"""The six rights: scores of a branch by site, by day and by cause, and the lines behind them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from loopline import catalogue, orders
from loopline.db import Conn
from loopline.insight.rights import (
    RIGHT_OF,
    Cause,
    CauseCount,
    JudgedLine,
    LineAsk,
    LineKey,
    Marks,
    Right,
    RightsAsk,
    Side,
    broken_causes,
    judged_lines,
    marks_by_day,
    marks_by_site,
    rights_setting,
    settled_until,
    total_of,
)
from loopline.kernel.ids import LineId, OrderId, SiteId
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Page, Paging, page_of, paging
from loopline.web.api.types import Code
from loopline.web.measuring import DAYS_MAX, Reach, Span, reach_of, span_of

_TAG = "boards"
FirstDay = Annotated[
    date | None,
    QueryParameter(
        name="from",
        description=f"The first day; 30 days up to the last where not said, and no more than {DAYS_MAX}.",
    ),
]
LastDay = Annotated[
    date | None, QueryParameter(name="to", description="The last day, included; today where not said.")
]
OfSide = Annotated[Side, QueryParameter(name="side", description="By the site that sent, or that sold.")]
OfBranch = Annotated[
    Code | None, QueryParameter(name="branch", description="The code of a unit of one's branch.")
]
OfSite = Annotated[Code | None, QueryParameter(name="site", description="The code of a site; `-` for none.")]


class MarkAsked(StrEnum):
    """What became of a right."""

    KEPT = "kept"
    BROKEN = "broken"
    UNKNOWN = "unknown"


OfRight = Annotated[Right | None, QueryParameter(name="right", description="Of which right.")]
WithMark = Annotated[
    MarkAsked | None, QueryParameter(name="mark", description="What became of the right, or of any.")
]
ByCause = Annotated[Cause | None, QueryParameter(name="cause", description="By which cause it was broken.")]


class RightsPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: a period, a side, a branch."""

    first: date | None
    last: date | None
    side: Side
    branch: str
    site: str


def rights_asked(
    first: FirstDay = None,
    last: LastDay = None,
    side: OfSide = Side.SENT,
    branch: OfBranch = None,
    site: OfSite = None,
) -> RightsPeriod:
    """Return what is asked for: a dependency."""
    return RightsPeriod(first=first, last=last, side=side, branch=branch or "", site=site or "")


class LinesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines of the period: all, or those with a mark of a right, or a cause."""

    right: Right | None
    mark: str | None


def lines_wanted(right: OfRight = None, mark: WithMark = None, cause: ByCause = None) -> LinesWanted:
    """Return which lines are asked for: a dependency. A cause says of which right."""
    if cause is not None:
        return LinesWanted(right=RIGHT_OF[cause], mark=cause.value)
    return LinesWanted(right=right, mark=mark.value if mark is not None else None)


PERIOD = {"period": Provide(rights_asked, sync_to_thread=False)}


class RightTold(msgspec.Struct, frozen=True, kw_only=True):
    """One right: of how many lines it is known, how many of those kept it; kept of known in basis points."""

    right: Right
    known: int
    kept: int
    score_basis_points: int | None


class MarksTold(msgspec.Struct, frozen=True, kw_only=True):
    """Sums: lines that ended, all six rights together, and each."""

    lines: int
    score_basis_points: int | None
    rights: list[RightTold]


class SiteRights(MarksTold, frozen=True, kw_only=True):
    """The sums of a site; no code: what no site sent or sold."""

    site_code: str | None


class DayRights(MarksTold, frozen=True, kw_only=True):
    """The sums of a day. `is_settled`: they seldom change any more."""

    day: date
    is_settled: bool


class CauseTold(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines broke a right by a cause."""

    right: Right
    cause: Cause
    lines: int


class RightsTold(msgspec.Struct, frozen=True, kw_only=True):
    """The six rights of one's branch. Days are those of the site that sent; up to `settled_until` they stand."""

    first_day: date
    last_day: date
    settled_until: date
    side: Side
    total: MarksTold
    sites: list[SiteRights]
    days: list[DayRights]
    causes: list[CauseTold]


class LineMark(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a right; no cause unless it was broken."""

    right: Right
    mark: MarkAsked
    cause: Cause | None


class LineTold(msgspec.Struct, frozen=True, kw_only=True):
    """A line that ended. Sites that are not of one's branch are not named; `place_site_code` is who kept the place."""

    order_id: UUID
    order_number: str
    line_id: UUID
    sku_code: str
    day: date
    sent_site_code: str | None
    place_site_code: str | None
    sold_site_code: str | None
    score_basis_points: int | None
    marks: list[LineMark]


@get(
    "/rights",
    tags=[_TAG],
    operation_id="show_rights",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
    dependencies=PERIOD,
)
def show_rights_told(
    request: AnyRequest, caller: NamedDependency[Caller], period: NamedDependency[RightsPeriod]
) -> RightsTold:
    """Show how the lines of one's branch kept the six rights. It follows the log, a moment behind."""
    scope = caller.scope(Permission.BOARDS_READ)

    def find(conn: Conn, now: datetime) -> RightsTold:
        ask, span, reach = _wanted(conn, period, scope=scope, now=now)
        by_site = marks_by_site(conn, ask)
        settled = settled_until(span.today)
        return RightsTold(
            first_day=span.first,
            last_day=span.last,
            settled_until=settled,
            side=ask.side,
            total=MarksTold(**_sums(total_of(by_site))),
            sites=[
                SiteRights(site_code=_code(reach, one.site_id), **_sums(one))
                for one in by_site
                if one.score() is not None or one.lines
            ],
            days=[
                DayRights(day=one.day, is_settled=one.day <= settled, **_sums(one))
                for one in marks_by_day(conn, ask)
            ],
            causes=[_cause_told(one) for one in broken_causes(conn, ask)],
        )

    return read(request, find)


@get(
    "/rights/lines",
    tags=[_TAG],
    operation_id="list_lines_of_rights",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
    dependencies={
        "asked": Provide(paging, sync_to_thread=False),
        "wanted": Provide(lines_wanted, sync_to_thread=False),
        **PERIOD,
    },
)
def list_lines_of_rights(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    period: NamedDependency[RightsPeriod],
    wanted: NamedDependency[LinesWanted],
) -> Page[LineTold]:
    """List the lines behind the sums, the latest day first, then by order and line."""
    scope = caller.scope(Permission.BOARDS_READ)
    values = asked.after(date, UUID, UUID)
    after = (
        LineKey(day=values[0], order_id=OrderId(values[1]), line_id=LineId(values[2]))
        if values is not None
        else None
    )

    def find(conn: Conn, now: datetime) -> Page[LineTold]:
        ask, _, reach = _wanted(conn, period, scope=scope, now=now)
        found = judged_lines(
            conn,
            LineAsk(
                first=ask.first,
                last=ask.last,
                side=ask.side,
                sites=ask.sites,
                right=wanted.right,
                mark=wanted.mark,
                after=after,
                at_most=asked.at_most,
            ),
        )
        heads = {one.id: one for one in orders.orders_by_ids(conn, list({one.order_id for one in found}))}
        skus = catalogue.skus_by_id(conn, {one.sku_id for one in found})

        def line_told(one: JudgedLine) -> LineTold:
            return LineTold(
                order_id=one.order_id,
                order_number=heads[one.order_id].number,
                line_id=one.line_id,
                sku_code=skus[one.sku_id].code,
                day=one.day,
                sent_site_code=_code(reach, one.sent_site_id),
                place_site_code=_code(reach, one.place_site_id),
                sold_site_code=_code(reach, one.sold_site_id),
                score_basis_points=one.score,
                marks=[_mark(one, each) for each in Right],
            )

        return page_of(
            found,
            asked,
            told=line_told,
            cursor=lambda one: encode_cursor(one.day, one.order_id, one.line_id),
        )

    return read(request, find)


def _wanted(
    conn: Conn, period: RightsPeriod, *, scope: Scope, now: datetime
) -> tuple[RightsAsk, Span, Reach]:
    setting = rights_setting(conn)
    span = span_of(period.first, period.last, latest=setting.latest, now=now, zone=setting.zone)
    reach = reach_of(conn, scope, branch=period.branch, site=period.site)
    ask = RightsAsk(first=span.first, last=span.last, side=period.side, sites=reach.chosen)
    return ask, span, reach


def _sums(marks: Marks) -> dict[str, Any]:
    return {
        "lines": marks.lines,
        "score_basis_points": marks.score(),
        "rights": [
            RightTold(
                right=right,
                known=marks.known(right),
                kept=marks.kept(right),
                score_basis_points=marks.score(right),
            )
            for right in Right
        ],
    }


def _code(reach: Reach, site_id: SiteId) -> str | None:
    site = reach.sites.get(site_id)
    return None if site is None else site.code


def _cause_told(one: CauseCount) -> CauseTold:
    return CauseTold(right=RIGHT_OF[one.cause], cause=one.cause, lines=one.lines)


def _mark(line: JudgedLine, right: Right) -> LineMark:
    mark = line.mark(right)
    if mark is None:
        return LineMark(right=right, mark=MarkAsked.UNKNOWN, cause=None)
    if mark == MarkAsked.KEPT:
        return LineMark(right=right, mark=MarkAsked.KEPT, cause=None)
    return LineMark(right=right, mark=MarkAsked.BROKEN, cause=Cause(mark))


RIGHTS_HANDLERS = [show_rights_told, list_lines_of_rights]
