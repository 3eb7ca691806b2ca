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
from functools import lru_cache
from math import floor, prod
from typing import Any

import msgspec
import numpy as np

from loopline.kernel.money import BASIS_POINTS
from loopline.sharing.limits import Choice, Limit, Together
from loopline.sharing.model import (
    LEVELS_MAX,
    Base,
    NothingLeftForAmounts,
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
SETS_MOST = 10_000
"""More sets of rows that decide together are not gone through: some seconds."""
ABOVE_SHOWN = 20
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

    Sets of rows that take more than a line brings at whatever price are among them, those that take most first;
    `limits_of` says which others may where little is paid. A member may be bound to a role's party or not: the most
    that it can take is taken of both.
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


def limits_of(rows: Sequence[RuleRow]) -> tuple[Limit, ...]:
    """Return which sets of rows take more than a line brings where it brings too little, the highest price first; of a
    table that has problems, as far as it is known.
    """
    reach = _reach(tuple(rows))
    return () if isinstance(reach, TooManyKinds) else reach.limits


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
    reach = _reach(tuple(rows))
    if isinstance(reach, TooManyKinds):
        return [reach]
    problems: list[RuleProblem] = [_above_whole(kind) for kind in reach.above]
    return problems + [
        RowUnreachable(row=position)
        for position, row in enumerate(rows, start=1)
        if not row.remainder and position not in reach.reached
    ]


def _above_whole(kind: "_Kind") -> RuleProblem:
    taken, rows = kind.together.share_of_net(), _spelt(kind.together.rows_taking())
    if taken <= 1:
        return NothingLeftForAmounts(rows=rows)
    channel, category, delivery, *further = kind.said
    return SplitsAboveWhole(
        basis_points=floor(taken * BASIS_POINTS),
        rows=rows,
        channel=channel,
        category=category,
        delivery=delivery,
        further="".join(f", {words}" for words in further),
    )


class _Kind(msgspec.Struct, frozen=True):
    """Rows that decide together, and the first kind of line that they decide for, in words."""

    together: Together
    said: tuple[str, ...]


class _Reach(msgspec.Struct, frozen=True):
    """Which rows ever decide, which sets of rows take more than there is, and where others may."""

    reached: frozenset[int]
    above: tuple[_Kind, ...]
    limits: tuple[Limit, ...]


@lru_cache(maxsize=64)
def _reach(rows: tuple[RuleRow, ...]) -> _Reach | TooManyKinds:
    """Go through every kind of line. Remembered, because what is looked at is saved, tried and published next."""
    axes = _axes(rows)
    kinds = prod(len(axis.values) for axis in axes)
    if kinds > KINDS_MOST:
        return TooManyKinds(kinds=kinds, most=KINDS_MOST)
    reached: set[int] = set()
    sets = _sets_of(rows, axes, reached)
    if len(sets) > SETS_MOST:
        return TooManyKinds(kinds=len(sets), most=SETS_MOST)
    above: dict[tuple[int, ...], _Kind] = {}
    limits: dict[tuple[int, ...], Limit] = {}
    shape = tuple(len(axis.values) for axis in axes)
    for choices, where in sets:
        together = Together(rows, choices)
        if together.takes_more():
            kind = _Kind(together, _said(axes, np.unravel_index(where, shape)))
            above.setdefault(together.rows_taking(), kind)
        elif (limit := together.limit()) is not None:
            limits.setdefault(limit.rows, limit)
    worst = sorted(above.values(), key=lambda kind: -kind.together.share_of_net())
    return _Reach(
        frozenset(reached),
        tuple(worst[:ABOVE_SHOWN]),
        tuple(sorted(limits.values(), key=lambda one: (-one.below_minor, -one.net_percent, one.rows))),
    )


def _sets_of(
    rows: Sequence[RuleRow], axes: Sequence[_Axis], reached: set[int]
) -> list[tuple[tuple[Choice, ...], int]]:
    """Return every set of rows that decides for some kind of line, and the first such kind; fills `reached`.

    A number for each kind says what decides for it, role by role; equal numbers are one set.
    """
    shape = tuple(len(axis.values) for axis in axes)
    code = np.zeros(prod(shape), dtype=np.int64)
    known: list[tuple[Choice, ...]] = [()]
    for role in Role:
        of_role = [n for n, row in enumerate(rows) if row.role is role and not row.remainder]
        if not of_role:
            continue
        masks = [
            _deciding(axes, [n for n in of_role if rows[n].bound in (None, bound)], reached)
            for bound in (True, False)
        ]
        one, other = (mask.ravel().astype(np.int64) for mask in masks)
        code = (code * (len(rows) + 1) + one) * (len(rows) + 1) + other
        values, code = np.unique(code, return_inverse=True)
        known = [_extended(known, int(value), len(rows) + 1) for value in values]
    _, firsts = np.unique(code, return_index=True)
    return [(choices, int(first)) for choices, first in zip(known, firsts, strict=True)]


def _extended(known: Sequence[tuple[Choice, ...]], value: int, radix: int) -> tuple[Choice, ...]:
    value, other = divmod(value, radix)
    before, one = divmod(value, radix)
    choice = tuple(place - 1 for place in dict.fromkeys((one, other)) if place)
    return (*known[before], choice) if choice else known[before]


def _deciding(
    axes: Sequence[_Axis], places: Sequence[int], reached: set[int]
) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return which of some rows of one role decides for each kind, counted from 1 (0: none); adds them to `reached`."""
    shape = tuple(len(axis.values) for axis in axes)
    deciding = np.zeros(shape, dtype=np.int32)
    for place in places:
        decides = deciding == 0
        for number, axis in enumerate(axes):
            if not axis.holds[place].all():
                decides = decides & axis.holds[place].reshape(
                    [-1 if other == number else 1 for other in range(len(axes))]
                )
        if decides.any():
            reached.add(place + 1)
            deciding[decides] = place + 1
    return deciding


def _said(axes: Sequence[_Axis], place: Sequence[Any]) -> tuple[str, ...]:
    """Say a kind: its channel, category and way of delivery, and whatever else rows tell lines apart by."""
    said = [
        ANY_OTHER if (value := axis.values[int(at)]) is None else value
        for axis, at in zip(axes, place, strict=True)
    ]
    further = [f"{axes[n].words} {said[n]}" for n in range(3, len(axes)) if len(axes[n].values) > 1]
    return (*said[:3], *further)


def _spelt(rows: Iterable[int]) -> str:
    return ", ".join(str(row) for row in rows)


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
