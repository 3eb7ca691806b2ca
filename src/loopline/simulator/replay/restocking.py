"""How much stock the world starts with, and what comes in each week: pure.

Levels follow an (s, S) policy: a place is refilled up to so many weeks of what was lately asked of it, once it has
fallen below fewer weeks. The gap between the two keeps the number of receipts small. A store sells less of each SKU,
in lumps, and so keeps more weeks of it than the warehouse.
"""

from collections.abc import Mapping, Sequence

import msgspec

from loopline.kernel.money import split_by_weight
from loopline.simulator.replay.chance import Chance
from loopline.simulator.replay.demand import Place

OPENING_WEEKS = 4.0
WAREHOUSE_SHARE = 0.7
# A planner's guess of an ordinary week is off by this much either way.
GUESS_SPREAD = 0.35
_PER_THOUSAND = 1_000


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """When a place is refilled, and how far, in weeks of trailing demand."""

    reorder_at_weeks: float
    fill_to_weeks: float


WAREHOUSE_POLICY = Policy(reorder_at_weeks=1.5, fill_to_weeks=4.0)
STORE_POLICY = Policy(reorder_at_weeks=4.0, fill_to_weeks=8.0)


class StoreWeight(msgspec.Struct, frozen=True, kw_only=True):
    """A store and how much of the trade it does, against the others."""

    site_code: str
    weight: int


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """What an ordinary week asks of one SKU, in thousandths of a unit."""

    code: str
    weekly_thousandths: int


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """Where a place stands: units that can be promised, less what is owed there (parked, missing, overheld)."""

    place: Place
    available: int
    owed: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Units to come in at a place."""

    place: Place
    units: int


def plan_opening(
    paces: Sequence[Pace], *, warehouse: str, stores: Sequence[StoreWeight], chance: Chance
) -> list[Receipt]:
    """Return the opening stock: four weeks of each SKU's guessed pace, about 70 % of it in the warehouse.

    What stores get is split by their weight, so that a slow SKU lies in the large stores only.
    """
    weights = [store.weight for store in stores]
    planned: list[Receipt] = []
    for pace in paces:
        guess = chance.between(1 - GUESS_SPREAD, 1 + GUESS_SPREAD, "opening", pace.code)
        units = round(OPENING_WEEKS * guess * pace.weekly_thousandths / _PER_THOUSAND)
        in_stores = round(units * (1 - WAREHOUSE_SHARE))
        planned.append(Receipt(place=(warehouse, pace.code), units=units - in_stores))
        for store, part in zip(stores, split_by_weight(in_stores, weights), strict=True):
            planned.append(Receipt(place=(store.site_code, pace.code), units=part))
    return [receipt for receipt in planned if receipt.units > 0]


def plan_receipts(
    levels: Sequence[Level], asked: Mapping[Place, int], *, weeks: int, warehouse: str
) -> list[Receipt]:
    """Return what comes in: for places below their reorder level, and for whatever is owed.

    `asked` are the units asked of each place in the last `weeks` whole weeks. With no whole week passed only what is
    owed comes in. A place that is not among the levels stands at zero.
    """
    known = {level.place: level for level in levels}
    planned: list[Receipt] = []
    for place in sorted(known.keys() | asked.keys()):
        level = known.get(place)
        standing = level.available - level.owed if level else 0
        policy = WAREHOUSE_POLICY if place[0] == warehouse else STORE_POLICY
        per_week = asked.get(place, 0) / weeks if weeks else 0.0
        target = (
            round(policy.fill_to_weeks * per_week) if standing < policy.reorder_at_weeks * per_week else 0
        )
        if target > standing:
            planned.append(Receipt(place=place, units=target - standing))
    return planned
