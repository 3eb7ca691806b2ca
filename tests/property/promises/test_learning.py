"""What is learnt lies between what was told and what was seen, and comes ever closer to what is so."""

import random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import SiteId
from loopline.promises import Terms
from loopline.promises.model import Observation
from loopline.promises.rules import learn, quantile

SITE, OTHER = SiteId(UUID(int=1)), SiteId(UUID(int=2))
TERMS = Terms()


def ready(site_id: SiteId, *minutes: int) -> list[Observation]:
    return [Observation(stage="ready", site_id=site_id, band=None, minutes=one) for one in minutes]


def way(site_id: SiteId, band: int, *minutes: int) -> list[Observation]:
    return [Observation(stage="lane", site_id=site_id, band=band, minutes=one) for one in minutes]


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=200), st.integers(1, 2_000))
def test_an_estimate_lies_between_what_was_told_and_what_was_seen(minutes: list[int], told: int):
    (pace,) = learn(ready(SITE, *minutes), TERMS, {SITE: told})
    seen = quantile(minutes, TERMS.quantile_percent)
    assert min(seen, told) <= pace.minutes <= max(seen, told)
    assert (pace.observed, pace.told) == (len(minutes), told)


def test_little_that_was_seen_moves_little():
    # Twenty promises weigh as much as what was told; one that took ten times as long is one of twenty-one.
    (pace,) = learn(ready(SITE, 1_200), TERMS, {SITE: 120})
    assert pace.minutes == -(-(1_200 + 20 * 120) // 21) == 172


def test_what_is_so_is_found_from_enough_of_it():
    chance = random.Random(3)
    # Three sites of a truth that we planted: nine of ten are ready within these.
    seen = [one for _ in range(2_000) for one in ready(SITE, round(chance.uniform(0, 200)) + 1)]
    (pace,) = learn(seen, TERMS, {SITE: 600})
    assert abs(pace.minutes - 181) <= 8


def test_lanes_of_a_site_are_drawn_to_those_of_all_and_these_to_the_terms():
    seen = way(SITE, 1, *[2_000] * 20) + way(OTHER, 1, 4_000)
    of_band, of_site, of_other = learn(seen, TERMS, {})
    told = TERMS.bands[1].minutes
    assert (of_band.site_id, of_band.band, of_band.told) == (None, 1, told)
    assert of_band.minutes == -(-(21 * 2_000 + 20 * told) // 41)
    assert (of_site.site_id, of_site.told, of_site.observed) == (SITE, of_band.minutes, 20)
    assert of_site.minutes == -(-(2_000 + of_band.minutes) // 2)
    assert of_other.minutes == -(-(4_000 + 20 * of_band.minutes) // 21)


def test_the_quantile_is_a_value_that_was_seen():
    assert [quantile(list(range(1, 11)), percent) for percent in (1, 10, 50, 90, 91, 100)] == [
        1,
        1,
        5,
        9,
        10,
        10,
    ]
