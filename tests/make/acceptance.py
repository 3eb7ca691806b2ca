"""Made-up offers whose chance of being accepted is known."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from loopline.insight.acceptance.model import Floats, Offers

FIRST_DAY = 739_000


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """Offers, with the probability by which each was accepted, and that of each site for an ordinary one."""

    offers: Offers
    probability: Floats
    of_site: Floats


def planted(
    seed: int,
    *,
    sites: int = 40,
    days: int = 40,
    per_day: int = 8,
    shape: Callable[[Floats, Any], Floats] = lambda ordinary, _: ordinary,
    back: float = 0.0,
    extra: Callable[[Any, Any], Any] = lambda rounds, _: 0 * rounds,
) -> Planted:
    """So many offers to each site on each day; `shape` makes of the sites' probabilities those of the offers.

    A part `back` of them came back before, once or twice; `extra` says what they pay on top.
    """
    chance = np.random.default_rng(seed)
    count = sites * days * per_day
    day = np.repeat(np.arange(days), sites * per_day) + FIRST_DAY
    of_site = chance.beta(8, 2, sites)
    apart = np.random.default_rng(seed + 1_000)
    rounds = np.where(apart.random(count) < back, apart.integers(1, 3, count), 0)
    offers = Offers(
        site=np.tile(np.repeat(np.arange(sites), per_day), days),
        day=day,
        hour=chance.integers(9, 21, count),
        weekday=day % 7 + 1,
        load=np.tile(np.arange(per_day), sites * days),
        kilometres=chance.exponential(10, count),
        value_minor=chance.integers(1_000, 50_000, count),
        units=chance.integers(1, 5, count),
        is_collected=np.zeros(count, np.bool_),
        rounds=rounds,
        extra_minor=np.asarray(extra(rounds, apart), np.int64),
        accepted=np.zeros(count, np.bool_),
        minutes=chance.exponential(8, count),
    )
    probability = shape(of_site[offers.site], offers)
    return Planted(
        offers=msgspec.structs.replace(offers, accepted=chance.random(count) < probability),
        probability=probability,
        of_site=of_site,
    )
