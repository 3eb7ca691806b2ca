"""The proportional part of a set of amounts, as it grows unit by unit: the one rule of every reversal.

What comes back of a line takes back the same part of each amount that the line posted or shared. The ledger and the
sharing room both ask here, so that what one takes back is what the other posts.
"""

from collections.abc import Sequence

from loopline.kernel.money import portion


def proportion_of(amounts: Sequence[int], *, part: int, whole: int) -> list[int]:
    """Return `part / whole` of the amounts, as whole minor units; 0 ≤ part ≤ whole, whole is positive.

    Positive and negative amounts are apportioned apart. Each side's total is rounded half away from zero, so amounts
    that sum to zero give results that sum to zero. Within a side the total is dealt by the divisor method of
    Webster (Balinski and Young, Fair Representation, 1982), ties to the earlier position. Unlike the method of
    largest remainders it is monotone: as `part` grows, no result ever moves back towards zero, so no step of a
    reversal pays where it should take. Nothing of nothing is nothing, all of it is the amounts themselves, and
    mirrored amounts give mirrored results. An amount of zero gets zero.
    """
    if not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    if part == whole:
        return list(amounts)
    if part == 0:
        return [0] * len(amounts)
    taken = _deal([max(amount, 0) for amount in amounts], part, whole)
    given = _deal([max(-amount, 0) for amount in amounts], part, whole)
    return [plus - minus for plus, minus in zip(taken, given, strict=True)]


def proportion_between(amounts: Sequence[int], *, before: int, after: int, whole: int) -> list[int]:
    """Return what the part grows by from `before` to `after`; every step has the sign of its amount or is zero."""
    start = proportion_of(amounts, part=before, whole=whole)
    end = proportion_of(amounts, part=after, whole=whole)
    return [high - low for high, low in zip(end, start, strict=True)]


def _deal(weights: Sequence[int], part: int, whole: int) -> list[int]:
    """Deal the rounded total among weights that are not negative, in the order of Webster's method.

    Rounding each weight's own part half up is a state of that order for some total. From there single units are
    added to the weight with the highest w / (2d + 1), or taken from the one with the lowest w / (2d - 1), where d is
    what it has: at most one step for every two weights.
    """
    dealt = [portion(weight, part, whole) for weight in weights]
    missing = portion(sum(weights), part, whole) - sum(dealt)
    for _ in range(missing):
        dealt[_next_up(weights, dealt)] += 1
    for _ in range(-missing):
        dealt[_last_up(weights, dealt)] -= 1
    return dealt


def _next_up(weights: Sequence[int], dealt: Sequence[int]) -> int:
    best = -1
    for position, weight in enumerate(weights):
        if weight and (
            best < 0 or weight * (2 * dealt[best] + 1) > weights[best] * (2 * dealt[position] + 1)
        ):
            best = position
    return best


def _last_up(weights: Sequence[int], dealt: Sequence[int]) -> int:
    last = -1
    for position, weight in enumerate(weights):
        if dealt[position] and (
            last < 0 or weight * (2 * dealt[last] - 1) <= weights[last] * (2 * dealt[position] - 1)
        ):
            last = position
    return last
