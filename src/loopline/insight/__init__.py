"""Boards: what was sold, by SKU, site and channel, per minute, hour and day; orders by stage; the last happenings.

Follows the log (`FOLLOWERS`), reads what rooms publish (`<room>.published_*`), writes only its own schema.
Nothing in the house decides anything by a board: all of it can be emptied and written again from the log.

A sale counts in the minute it was placed; what was cancelled or returned, in the minute that happened, signed, so that
sums are net. Days and hours are those of the site's zone; what has no site has the brand's. Amounts are in minor units
and never summed over currencies.

`surge` is another thing: what serving processes tally of placing, written by themselves, kept for an hour.

Lock order: outlets, series, boards of sales, boards of takings, each in the order of its key; only the one process that
holds a follower's row writes. Of placing a process locks its own rows alone, by second.
"""

from loopline.insight.checks import CHECKS
from loopline.insight.events import SalesAdjusted, SalesLine
from loopline.insight.followers import FOLLOWERS, begin_again
from loopline.insight.model import (
    NOWHERE,
    Board,
    BoardAsk,
    BoardSetting,
    Happening,
    Point,
    SiteRank,
    SkuRank,
    StageCount,
    Takings,
)
from loopline.insight.queries import (
    board_setting,
    latest_moment,
    orders_by_stage,
    read_board,
    sales_total,
    sites_of_day,
)
from loopline.insight.service import apply_happenings, apply_sales, apply_stages, empty_boards, rebuild

__all__ = [
    "CHECKS",
    "FOLLOWERS",
    "NOWHERE",
    "Board",
    "BoardAsk",
    "BoardSetting",
    "Happening",
    "Point",
    "SalesAdjusted",
    "SalesLine",
    "SiteRank",
    "SkuRank",
    "StageCount",
    "Takings",
    "apply_happenings",
    "apply_sales",
    "apply_stages",
    "begin_again",
    "board_setting",
    "empty_boards",
    "latest_moment",
    "orders_by_stage",
    "read_board",
    "rebuild",
    "sales_total",
    "sites_of_day",
]
