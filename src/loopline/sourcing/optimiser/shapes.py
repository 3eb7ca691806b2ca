"""In how many ways an order can be divided into parcels: listed once for all orders of the same shape.

A shape is how often each item comes, as the order has them. Its states are all multisets of its items, numbered in
mixed radix; its partitions are the ways to put some of the items in at most so many parcels and leave the rest. Items
of different classes are in no parcel together: what separates them is no split, and no limit on parcels counts it.
"""

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loopline.sourcing.optimiser.problem import Integers, Problem

# An order with more states or partitions than this is searched with whole lines, or with few lines at a time.
STATES_MAX = 256
PARTITIONS_MAX = 6_000


class Shapes(NamedTuple):
    """All shapes of a problem. States of shape h: state_first[h] up to state_first[h + 1], state 0 is nothing."""

    state_first: Integers
    previous: npt.NDArray[np.int32]  # the state with one item less, numbered within its shape
    item: npt.NDArray[np.int32]  # which item that is, by position in the order
    digit: npt.NDArray[np.int32]  # how many of that item the state holds
    stride: Integers  # shapes x most items: what one more of an item adds to a state's number
    partition_first: Integers
    parcels: npt.NDArray[np.int32]  # by partition: how many parcels
    groups: npt.NDArray[np.int32]  # partitions x most parcels: the state of each, then 0
    rest: npt.NDArray[np.int32]  # by partition: the state that is left
    splits: npt.NDArray[np.int32]  # by partition: parcels beyond the first of each class
    kind: npt.NDArray[np.int32]  # partitions x most parcels: the class of each, then -1
    is_shared: npt.NDArray[np.bool_]  # the same: whether another parcel is of its class


class Splits(NamedTuple):
    """The items of every order, and the shapes they make."""

    item_first: Integers
    item_count: Integers
    part_first: Integers
    part_line: npt.NDArray[np.int32]
    part_units: Integers
    shape: npt.NDArray[np.int32]
    exact: npt.NDArray[np.bool_]
    shapes: Shapes


class _Shape(NamedTuple):
    counts: tuple[int, ...]
    kinds: list[int]  # by state: the class of what it holds
    partitions: list[tuple[tuple[int, ...], int]]


class TooMany(Exception):  # noqa: N818 - a finding, caught where it is looked for
    """A shape has more states or partitions than are listed."""


def divide(problem: Problem) -> Splits:
    """Divide every order into items and find its shape."""
    lines, parcels = problem.lines, problem.limits.parcels
    kind: list[int] = problem.line_class.tolist()
    start: list[int] = lines.start.tolist()
    units: list[int] = lines.units.tolist()
    together: list[int] = lines.together.tolist()
    number_of: dict[tuple[Counts, Counts], int] = {}
    shapes: list[_Shape] = []
    item_first, item_count, part_first = [0], list[int](), [0]
    part_line, part_units = list[int](), list[int]()
    shape, exact = list[int](), list[bool]()
    for order in range(problem.order_count):
        items = _items(range(start[order], start[order + 1]), units, together, kind)
        found, is_exact = _listed(items, parcels)
        for count, members, _ in found:
            item_count.append(count)
            part_line += members
            part_units += [units[line] // count for line in members]
            part_first.append(len(part_line))
        item_first.append(len(item_count))
        named = _named(found)
        if named not in number_of:
            number_of[named] = len(shapes)
            shapes.append(_shape(*named, parcels))
        shape.append(number_of[named])
        exact.append(is_exact)
    return Splits(
        item_first=np.array(item_first, np.int64),
        item_count=np.array(item_count, np.int64),
        part_first=np.array(part_first, np.int64),
        part_line=np.array(part_line, np.int32),
        part_units=np.array(part_units, np.int64),
        shape=np.array(shape, np.int32),
        exact=np.array(exact, np.bool_),
        shapes=_table(shapes),
    )


Items = list[tuple[int, list[int], int]]  # (how often, lines, their class)
Counts = tuple[int, ...]


def _named(items: Items) -> tuple[Counts, Counts]:
    """Return how often each item comes, and which are of one class: 0 for the class of the first, and so on."""
    number_of: dict[int, int] = {}
    return (
        tuple(count for count, _, _ in items),
        tuple(number_of.setdefault(kind, len(number_of)) for _, _, kind in items),
    )


def _items(order: range, units: list[int], together: list[int], kind: list[int]) -> Items:
    groups: dict[int, list[int]] = {}
    items: Items = []
    for line in order:
        if together[line] < 0:
            items.append((units[line], [line], kind[line]))
        elif together[line] in groups:
            groups[together[line]].append(line)
        else:
            groups[together[line]] = [line]
            items.append((1, groups[together[line]], kind[line]))
    return items


def _listed(items: Items, parcels: int) -> tuple[Items, bool]:
    """Return the items as they are where their shape can be listed; else with whole lines; else in few bundles."""
    if _can_list(*_named(items), parcels):
        return items, True
    whole: Items = [(1, members, kind) for _, members, kind in items]
    while not _can_list(*_named(whole), parcels):
        # Two bundles of fewest lines become one: such an order gets plans, but no proof.
        whole.sort(key=lambda item: -len(item[1]))
        last, partner = next(
            (last, partner)
            for last in reversed(range(len(whole)))
            for partner in reversed(range(last))
            if whole[last][2] == whole[partner][2]
        )
        whole[partner] = (1, whole[partner][1] + whole[last][1], whole[partner][2])
        del whole[last]
    return whole, False


@cache
def _can_list(counts: Counts, kinds: Counts, parcels: int) -> bool:
    try:
        _shape(counts, kinds, parcels)
    except TooMany:
        return False
    return True


_MIXED = -1  # the class of what may not be in one parcel


def _kind(digits: Sequence[int], kinds: Counts) -> int:
    held = {kind for kind, often in zip(kinds, digits, strict=True) if often}
    return held.pop() if len(held) == 1 else _MIXED


def _splits(chosen: Sequence[int], kinds: Sequence[int]) -> int:
    """Return how many parcels are beyond the first of each class."""
    return len(chosen) - len({kinds[state] for state in chosen})


@cache
def _shape(counts: Counts, kind_of: Counts, parcels: int) -> _Shape:
    states = prod(count + 1 for count in counts)  # may be far more than 64 bits hold
    if states > STATES_MAX:
        raise TooMany
    digits = [_digits(state, counts) for state in range(states)]
    kinds = [_kind(held, kind_of) for held in digits]
    partitions: list[tuple[tuple[int, ...], int]] = []

    def extend(chosen: tuple[int, ...], left: tuple[int, ...], most: int) -> None:
        rest = sum(have * stride for have, stride in zip(left, _strides(counts), strict=True))
        partitions.append((chosen, rest))
        if len(partitions) > PARTITIONS_MAX:
            raise TooMany
        for state in range(1, min(most, rest) + 1):
            if kinds[state] == _MIXED or _splits((*chosen, state), kinds) >= parcels:
                continue
            if all(want <= have for want, have in zip(digits[state], left, strict=True)):
                after = tuple(have - want for want, have in zip(digits[state], left, strict=True))
                extend((*chosen, state), after, state)

    extend((), counts, states)
    partitions.sort(key=lambda partition: (len(partition[0]), partition[1]))
    return _Shape(counts, kinds, partitions)


def _strides(counts: tuple[int, ...]) -> list[int]:
    strides, stride = list[int](), 1
    for count in counts:
        strides.append(stride)
        stride *= count + 1
    return strides


def _digits(state: int, counts: tuple[int, ...]) -> list[int]:
    return [state // stride % (count + 1) for stride, count in zip(_strides(counts), counts, strict=True)]


def _table(shapes: list[_Shape]) -> Shapes:
    most_items = max([1, *(len(shape.counts) for shape in shapes)])
    most_parcels = max([1, *(len(chosen) for shape in shapes for chosen, _ in shape.partitions)])
    stride = np.zeros((len(shapes), most_items), np.int64)
    previous, item, digit = list[int](), list[int](), list[int]()
    for number, shape in enumerate(shapes):
        strides = _strides(shape.counts)
        stride[number, : len(strides)] = strides
        for state in range(len(shape.kinds)):
            digits = _digits(state, shape.counts)
            last = max((at for at, count in enumerate(digits) if count), default=0)
            previous.append(state - strides[last] if state else 0)
            item.append(last)
            digit.append(digits[last] if state else 0)
    flat = [(shape, *partition) for shape in shapes for partition in shape.partitions]
    groups = np.zeros((len(flat), most_parcels), np.int32)
    kind = np.full((len(flat), most_parcels), -1, np.int32)
    is_shared = np.zeros((len(flat), most_parcels), np.bool_)
    for number, (shape, chosen, _) in enumerate(flat):
        kinds = [shape.kinds[state] for state in chosen]
        groups[number, : len(chosen)] = chosen
        kind[number, : len(chosen)] = kinds
        is_shared[number, : len(chosen)] = [kinds.count(one) > 1 for one in kinds]
    return Shapes(
        state_first=np.cumsum([0, *(len(shape.kinds) for shape in shapes)]),
        previous=np.array(previous, np.int32),
        item=np.array(item, np.int32),
        digit=np.array(digit, np.int32),
        stride=stride,
        partition_first=np.cumsum([0, *(len(shape.partitions) for shape in shapes)]),
        parcels=np.array([len(chosen) for _, chosen, _ in flat], np.int32),
        groups=groups,
        rest=np.array([rest for _, _, rest in flat], np.int32),
        splits=np.array([_splits(chosen, shape.kinds) for shape, chosen, _ in flat], np.int32),
        kind=kind,
        is_shared=is_shared,
    )
