"""What some units of a line amount to."""

from loopline.kernel.money import portion
from loopline.orders import Line


def part_amounts(line: Line, *, units_before: int, units: int) -> tuple[int, int]:
    """Return (gross, tax) of some units of a line, in minor units.

    By the growth of the rounded proportion, so that the parts of a line add up to the line, however it was parcelled.
    """
    after = units_before + units
    gross = portion(line.amount_minor, after, line.units) - portion(
        line.amount_minor, units_before, line.units
    )
    tax = portion(line.tax_minor, after, line.units) - portion(line.tax_minor, units_before, line.units)
    return gross, tax
