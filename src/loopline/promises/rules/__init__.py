"""Pure decisions about promises: what can be promised, what has to happen by when, what was learnt."""

from loopline.promises.rules.held_back import held_back
from loopline.promises.rules.learning import learn, observations_of, quantile
from loopline.promises.rules.milestones import (
    ahead_of,
    counted_back,
    expected,
    looked_at,
    milestone_missed,
    replaced,
    settled,
    successor,
    waited_for,
)
from loopline.promises.rules.options import (
    NEVER_MINUTE,
    Choice,
    Integers,
    band_of,
    best_sites,
    choose_parcels,
    free_hours,
    minute_of,
    moment_of,
    soonest,
)

__all__ = [
    "NEVER_MINUTE",
    "Choice",
    "Integers",
    "ahead_of",
    "band_of",
    "best_sites",
    "choose_parcels",
    "counted_back",
    "expected",
    "free_hours",
    "held_back",
    "learn",
    "looked_at",
    "milestone_missed",
    "minute_of",
    "moment_of",
    "observations_of",
    "quantile",
    "replaced",
    "settled",
    "soonest",
    "successor",
    "waited_for",
]
