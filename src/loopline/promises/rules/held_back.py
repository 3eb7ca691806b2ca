"""Whether what was learnt holds for days it has not seen: learnt from the days before them, held against what they saw.

Of each stage: how many of a hundred were as fast as what would have been promised, and how long that is, by what was
learnt beside the terms it takes the place of. Promises that are longer are kept more often, so neither figure says
anything without the other. What had not left by now is in neither.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.kernel.ids import SiteId
from loopline.promises.model import HeldBack, Observation, Pace, Promise, Terms
from loopline.promises.rules.learning import COURIER, LANE, READY, OpeningOf, learn, observations_of


def held_back(
    promises: Sequence[Promise],
    opening_of: OpeningOf,
    terms: Terms,
    told_ready: Mapping[SiteId, int],
    *,
    held_since: datetime,
) -> list[HeldBack]:
    """Learn from what was known by a moment, hold it against what left from then on; stages nobody saw are left out.

    `told_ready` is what the terms say of sites. Nothing is measured where nothing left before the moment.
    """
    before = observations_of(_known_by(held_since, promises), opening_of)
    after = observations_of(
        [one for one in promises if one.handed_over_at is not None and one.handed_over_at >= held_since],
        opening_of,
    )
    if not before:
        return []
    learnt = _Said(learn(before, terms, told_ready), terms, told_ready)
    replaced = _Said((), terms, told_ready)
    found: list[HeldBack] = []
    for stage in (READY, LANE, COURIER):
        seen = [one for one in after if one.stage == stage]
        if seen:
            covered, minutes = learnt.held_against(seen)
            told_covered, told_minutes = replaced.held_against(seen)
            found.append(
                HeldBack(
                    stage=stage,
                    since=held_since,
                    aim_percent=terms.quantile_percent,
                    observed=len(seen),
                    covered=covered,
                    minutes_mean=minutes,
                    told_covered=told_covered,
                    told_minutes_mean=told_minutes,
                )
            )
    return found


def _known_by(moment: datetime, promises: Sequence[Promise]) -> list[Promise]:
    """What had left by a moment, with the arrivals that were known by then."""
    return [
        one
        if one.arrived_at is None or one.arrived_at < moment
        else msgspec.structs.replace(one, arrived_at=None)
        for one in promises
        if one.handed_over_at is not None and one.handed_over_at < moment
    ]


class _Said:
    """What would be promised of stages by paces, and where they say nothing by the terms."""

    def __init__(self, paces: Sequence[Pace], terms: Terms, told_ready: Mapping[SiteId, int]) -> None:
        self._minutes = {(one.stage, one.site_id, one.band): one.minutes for one in paces}
        self._terms = terms
        self._told_ready = told_ready

    def held_against(self, seen: Sequence[Observation]) -> tuple[int, int]:
        """Return how many were as fast as what is said of them, and the mean of what is said, in minutes rounded up."""
        said = [self._of(one) for one in seen]
        covered = sum(one.minutes <= minutes for one, minutes in zip(seen, said, strict=True))
        return covered, -(-sum(said) // len(said))

    def _of(self, one: Observation) -> int:
        minutes, terms = self._minutes, self._terms
        found = minutes.get((one.stage, one.site_id, one.band))
        if found is None and one.band is not None:
            found = minutes.get((LANE, None, one.band))
        if found is not None:
            return found
        if one.stage == COURIER:
            return terms.courier_minutes
        if one.band is not None:
            return terms.bands[min(one.band, len(terms.bands) - 1)].minutes
        return self._told_ready.get(one.site_id, terms.store_ready_minutes)
