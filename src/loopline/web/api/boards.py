"""The boards: what was sold today, by SKU and site, and at which stage orders stand."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from loopline.insight import (
    Board,
    BoardAsk,
    Happening,
    Point,
    SiteRank,
    SkuRank,
    StageCount,
    Takings,
    read_board,
)
from loopline.org import Permission
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.types import Currency

_TAG = "boards"
InCurrency = Annotated[
    Currency | None, QueryParameter(name="currency", description="ISO 4217; the brand's own where not said.")
]


class TakingsTold(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts, units and orders of a span, signed; net is the sum of the amounts."""

    net_minor: int
    sold_minor: int
    cancelled_minor: int
    returned_minor: int
    adjusted_minor: int
    sold_units: int
    cancelled_units: int
    returned_units: int
    orders: int


class BoardTold(msgspec.Struct, frozen=True, kw_only=True):
    """The board of one's branch, at one moment of the data. Days and hours are those of `zone`."""

    at: datetime
    day: date
    zone: str
    currency: str
    currencies: list[str]
    is_replay: bool
    today: TakingsTold
    this_hour: TakingsTold
    same_time_yesterday: TakingsTold
    minutes: list[Point]
    hours: list[Point]
    days: list[Point]
    skus: list[SkuRank]
    sites: list[SiteRank]
    stages: list[StageCount]
    happenings: list[Happening]


@get("/boards/sales", tags=[_TAG], operation_id="show_sales", sync_to_thread=True, responses=dict(PROBLEMS))
def show_sales(
    request: AnyRequest, caller: NamedDependency[Caller], currency: InCurrency = None
) -> BoardTold:
    """Show the board of sales as it stands. It follows the log, a moment behind."""
    scope = caller.scope(Permission.BOARDS_READ)
    sites = None if scope.everything else scope.sites
    board = read(
        request, lambda conn, now: read_board(conn, BoardAsk(now=now, sites=sites, currency=currency))
    )
    return _board_told(board)


def _board_told(board: Board) -> BoardTold:
    return BoardTold(
        at=board.at,
        day=board.day,
        zone=board.setting.zone,
        currency=board.setting.currency,
        currencies=list(board.setting.currencies),
        is_replay=board.is_replay,
        today=_takings_told(board.today),
        this_hour=_takings_told(board.this_hour),
        same_time_yesterday=_takings_told(board.same_time_yesterday),
        minutes=list(board.minutes),
        hours=list(board.hours),
        days=list(board.days),
        skus=list(board.skus),
        sites=list(board.sites),
        stages=list(board.stages),
        happenings=list(board.happenings),
    )


def _takings_told(one: Takings) -> TakingsTold:
    return TakingsTold(net_minor=one.net_minor, **msgspec.structs.asdict(one))


BOARD_HANDLERS = [show_sales]
