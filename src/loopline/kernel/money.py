"""Money arithmetic in integer minor units. No float comes near it."""

from collections.abc import Sequence

BASIS_POINTS = 10_000


def split_by_weight(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` minor units in proportion to `weights`, exactly.

    Largest remainder (Hamilton); ties go to the earlier position; a zero weight gets zero; a negative total is the
    mirror image of the positive one, so that a refund mirrors its charge. Weights are not negative and at least one
    is positive, unless `total` is zero.
    """
    whole = sum(weights)
    if whole == 0:
        if total != 0:
            raise ValueError("nothing to split by: all weights are zero")
        return [0] * len(weights)
    if min(weights) < 0:
        raise ValueError("a weight is negative")
    if total < 0:
        return [-part for part in split_by_weight(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    if left:
        by_remainder = sorted(
            (position for position, weight in enumerate(weights) if weight),
            key=lambda position: -(total * weights[position] % whole),
        )
        for position in by_remainder[:left]:
            parts[position] += 1
    return parts


def portion(total: int, part: int, whole: int) -> int:
    """Return `total * part / whole`, rounded half away from zero. `whole` is positive."""
    numerator = total * part
    magnitude = (2 * abs(numerator) + whole) // (2 * whole)
    return magnitude if numerator >= 0 else -magnitude


def tax_within(gross_minor: int, rate_basis_points: int) -> int:
    """Return the tax contained in a gross amount at a rate, rounded half away from zero."""
    return portion(gross_minor, rate_basis_points, BASIS_POINTS + rate_basis_points)
