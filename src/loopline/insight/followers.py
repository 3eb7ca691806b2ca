"""The followers that keep boards up to the log; `jobs` runs them."""

from loopline.db.followers import Follower
from loopline.insight.rules import HAPPENING_TYPES, SALE_MEASURES, STAGE_TYPES
from loopline.insight.service import apply_happenings, apply_sales, apply_stages

FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="insight_sales", types=frozenset(SALE_MEASURES), apply=apply_sales),
    Follower(name="insight_stages", types=STAGE_TYPES, apply=apply_stages),
    Follower(name="insight_happenings", types=HAPPENING_TYPES, apply=apply_happenings),
)
