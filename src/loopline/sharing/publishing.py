"""Decisions of sharing before anything is split: is a row well shaped, may a rule set be published, what should be
known.

Lines that no row tells apart are one kind: every combination of the values that rows name, and of one that none
names. All kinds are held beside each other as an array with an axis for each condition, so that what a table takes
of its worst kind is proven, not sampled.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from math import prod
from typing import Any

import msgspec
import numpy as np

from loopline.kernel.money import BASIS_POINTS
from loopline.sharing.model import (
    LEVELS_MAX,
    Base,
    Per,
    RemainderHasConditions,
    RemainderMissing,
    RemainderTwice,
    Role,
    RowMisshapen,
    RowTakesNoOneThing,
    RowUnreachable,
    RuleProblem,
    RuleRow,
    SplitsAboveWhole,
    TooManyKinds,
    TooManyLevels,
)

ANY_OTHER = "any other"
"""Stands, in problems, for a value that no row names."""
KINDS_MOST = 2_000_000
"""More kinds of lines than these are not gone through: some 100 MB and a second for fifty rows."""
_REGION = re.compile(r"[0-9]{2,6}")
_BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one role that cross: lines meet the conditions of both, and lines those of either alone. The first
    decides.

    Not wrong, and often meant; whoever publishes should know. Rows are counted from 1.
    """

    first: int
    second: int


class _Axis(msgspec.Struct, frozen=True):
    """A condition: its name as a problem says it, the values gone through (None: any other), and which a row meets."""

    words: str
    values: tuple[str | None, ...]
    holds: tuple[np.ndarray, ...]


def misshapen_row(rows: Sequence[RuleRow]) -> RowTakesNoOneThing | RowMisshapen | None:
    """Return what is wrong with the first row that says no one thing, if any: such a row is not even kept as a
    draft.
    """
    for position, row in enumerate(rows, start=1):
        things = (row.basis_points is not None) + (row.amount_minor is not None) + row.remainder
        in_range = 0 <= (row.basis_points or 0) <= BASIS_POINTS and (row.amount_minor or 0) >= 0
        if things != 1 or not in_range or row.level < 1:
            return RowTakesNoOneThing(row=position)
        if (field := _field_out_of_place(row)) is not None:
            return RowMisshapen(row=position, field=field)
    return None


def _field_out_of_place(row: RuleRow) -> str | None:
    floor, cap = row.floor_minor, row.cap_minor
    is_percentage = row.basis_points is not None
    wrong = {
        "regions": any(not _REGION.fullmatch(code) for code in row.regions),
        "base": row.base is not Base.NET and not is_percentage,
        "per": row.per is not Per.UNIT and row.amount_minor is None,
        "floor_minor": floor is not None and (not is_percentage or floor < 0),
        "cap_minor": cap is not None and (not is_percentage or cap < (floor or 0)),
        "sold_until": row.sold_from is not None
        and row.sold_until is not None
        and row.sold_until <= row.sold_from,
    }
    return next((field for field, is_wrong in wrong.items() if is_wrong), None)


def problems_of(rows: Sequence[RuleRow]) -> tuple[RuleProblem, ...]:
    """Return everything that keeps rows from being published, in the order of rows within each kind of problem.

    Percentages count as if all bases were the net amount, and without their floors and caps; a role may be bound
    or not, and the most it can take is taken of both.
    """
    return (
        *_problems_of_remainder(rows),
        *(
            TooManyLevels(row=position, level=row.level)
            for position, row in enumerate(rows, start=1)
            if row.level > LEVELS_MAX
        ),
        *_problems_of_reach(rows),
    )


def overlaps_of(rows: Sequence[RuleRow]) -> tuple[Overlap, ...]:
    """Return which rows of one role cross, in their order; of a table too large to be proven, none."""
    axes = _axes(rows)
    if prod(len(axis.values) for axis in axes) > KINDS_MOST:
        return ()
    return tuple(
        Overlap(first=first + 1, second=second + 1)
        for first, second in itertools.combinations(range(len(rows)), 2)
        if rows[first].role is rows[second].role and _cross(rows, axes, first, second)
    )


def _cross(rows: Sequence[RuleRow], axes: Sequence[_Axis], first: int, second: int) -> bool:
    """Whether each of two rows holds where the other does not, and both somewhere. Conditions are independent."""
    one, other = (_mask((rows[n].bound is not False, rows[n].bound is not True)) for n in (first, second))
    pairs = [*((axis.holds[first], axis.holds[second]) for axis in axes), (one, other)]
    both = all((one & other).any() for one, other in pairs)
    first_alone = any((one & ~other).any() for one, other in pairs)
    second_alone = any((other & ~one).any() for one, other in pairs)
    return both and first_alone and second_alone


def _problems_of_remainder(rows: Sequence[RuleRow]) -> list[RuleProblem]:
    takers = [position for position, row in enumerate(rows, start=1) if row.remainder]
    if not takers:
        return [RemainderMissing()]
    problems: list[RuleProblem] = [RemainderTwice(first=takers[0], second=other) for other in takers[1:]]
    problems += [
        RemainderHasConditions(row=position) for position in takers if _has_conditions(rows[position - 1])
    ]
    return problems


def _has_conditions(row: RuleRow) -> bool:
    named = (row.channels, row.categories, row.deliveries, row.regions, row.campaigns, row.owners)
    return any(named) or row.bound is not None or row.sold_from is not None or row.sold_until is not None


def _problems_of_reach(rows: Sequence[RuleRow]) -> list[RuleProblem]:
    axes = _axes(rows)
    kinds = prod(len(axis.values) for axis in axes)
    if kinds > KINDS_MOST:
        return [TooManyKinds(kinds=kinds, most=KINDS_MOST)]
    shape = tuple(len(axis.values) for axis in axes)
    reached: set[int] = set()
    taken = np.zeros(shape, dtype=np.int32)
    for role in Role:
        most = np.zeros(shape, dtype=np.int32)
        for bound in (True, False):
            deciding = [
                place
                for place, row in enumerate(rows)
                if row.role is role and not row.remainder and row.bound in (None, bound)
            ]
            np.maximum(most, _taken(rows, axes, deciding, reached), out=most)
        taken += most
    problems: list[RuleProblem] = []
    worst = int(taken.argmax())
    if int(taken.flat[worst]) > BASIS_POINTS:
        problems.append(_above_whole(axes, np.unravel_index(worst, shape), int(taken.flat[worst])))
    return problems + [
        RowUnreachable(row=position)
        for position, row in enumerate(rows, start=1)
        if not row.remainder and position not in reached
    ]


def _taken(
    rows: Sequence[RuleRow], axes: Sequence[_Axis], deciding: Sequence[int], reached: set[int]
) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return what rows of one role take of each kind, in basis points; adds those that decide to `reached`."""
    shape = tuple(len(axis.values) for axis in axes)
    taken = np.zeros(shape, dtype=np.int32)
    open_kinds = np.ones(shape, dtype=bool)
    for place in deciding:
        decides = open_kinds
        for number, axis in enumerate(axes):
            if not axis.holds[place].all():
                decides = decides & axis.holds[place].reshape(
                    [-1 if other == number else 1 for other in range(len(axes))]
                )
        if decides.any():
            reached.add(place + 1)
            taken[decides] = rows[place].basis_points or 0
            open_kinds = open_kinds & ~decides
    return taken


def _above_whole(axes: Sequence[_Axis], place: Sequence[Any], basis_points: int) -> SplitsAboveWhole:
    said = [
        ANY_OTHER if (value := axis.values[int(at)]) is None else value
        for axis, at in zip(axes, place, strict=True)
    ]
    channel, category, delivery = said[:3]
    further = [f"{axes[n].words} {said[n]}" for n in range(3, len(axes)) if len(axes[n].values) > 1]
    return SplitsAboveWhole(
        basis_points=basis_points,
        channel=channel,
        category=category,
        delivery=delivery,
        further="".join(f", {words}" for words in further),
    )


def _axes(rows: Sequence[RuleRow]) -> tuple[_Axis, ...]:
    return (
        _named(rows, "channel", lambda row: row.channels),
        _named(rows, "category", lambda row: row.categories),
        _named(rows, "delivery", lambda row: row.deliveries),
        _beginnings(rows),
        _named(rows, "campaign", lambda row: row.campaigns),
        _named(rows, "owner", lambda row: row.owners),
        _times(rows),
    )


def _named(rows: Sequence[RuleRow], words: str, condition: Callable[[RuleRow], tuple[str, ...]]) -> _Axis:
    values = (*dict.fromkeys(value for row in rows for value in condition(row)), None)
    holds = tuple(
        _mask(not condition(row) or (value is not None and value in condition(row)) for value in values)
        for row in rows
    )
    return _Axis(words, values, holds)


def _beginnings(rows: Sequence[RuleRow]) -> _Axis:
    """Regions: a beginning that is named stands for what lies in it and in no longer one that is named."""
    values = (*dict.fromkeys(code for row in rows for code in row.regions), None)
    holds = tuple(
        _mask(not row.regions or (value is not None and value.startswith(row.regions)) for value in values)
        for row in rows
    )
    return _Axis("region", values, holds)


def _times(rows: Sequence[RuleRow]) -> _Axis:
    """Between the moments at which rows begin or end, nothing changes."""
    moments = {moment for row in rows for moment in (row.sold_from, row.sold_until) if moment is not None}
    starts = [_BEFORE_ALL, *sorted(moments)]
    holds = tuple(
        _mask(
            (row.sold_from is None or start >= row.sold_from)
            and (row.sold_until is None or start < row.sold_until)
            for start in starts
        )
        for row in rows
    )
    return _Axis("from", tuple(start.isoformat() for start in starts), holds)


def _mask(values: Iterable[bool]) -> np.ndarray:
    return np.array(list(values), dtype=bool)
