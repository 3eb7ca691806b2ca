"""Master problems end by what they have done where no clock ends them."""

import math

import numpy as np
import pytest

from loopline.sourcing.optimiser.master import Effort, Master, choose_patterns
from loopline.sourcing.optimiser.patterns import Found
from loopline.sourcing.optimiser.problem import FINE

ORDERS, WAYS, RESOURCES = 80, 15, 30


def contested(seed: int) -> Master:
    """Orders that may be left at 100 each, or take one of many ways that want two of few resources."""
    chance = np.random.default_rng(seed)
    order = np.repeat(np.arange(ORDERS), WAYS + 1)
    is_left = np.tile(np.arange(WAYS + 1) == 0, ORDERS)
    cost = np.where(is_left, 100, chance.integers(1, 60, len(order))) * FINE
    first = np.concatenate([[0], np.cumsum(np.where(is_left, 0, 2))])
    wanted = [chance.choice(RESOURCES, 2, replace=False) for _ in range(ORDERS * WAYS)]
    resource = np.concatenate(wanted)
    pool = Found(
        order=order.astype(np.int32),
        cost=cost,
        priced=cost,
        first=first,
        resource=resource.astype(np.int32),
        amount=np.ones(len(resource), np.int32),
    )
    return Master(pool, np.full(RESOURCES, 3), np.flatnonzero(is_left))


def spent(master: Master, effort: Effort) -> int:
    return int(master.pool.cost[choose_patterns(master, effort)].sum()) // FINE


@pytest.mark.parametrize("seed", range(3))
def test_without_a_clock_it_may_look_only_so_often(seed: int):
    master = contested(seed)
    effort = Effort(seconds=math.inf, nodes=2_000, gap=1e-5)
    at_once, at_last = spent(master, effort._replace(looks=1)), spent(master, effort)
    assert at_last < at_once
    assert spent(master, effort) == at_last
    # With a clock nobody counts.
    assert spent(master, effort._replace(looks=1, seconds=60.0)) == at_last
