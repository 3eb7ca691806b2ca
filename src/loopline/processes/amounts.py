"""What some units of a line amount to, and where they lie among what was bought, or sent, together."""

from collections.abc import Sequence

from loopline.kernel.ids import LineId
from loopline.kernel.money import portion
from loopline.orders import Line, LineKind
from loopline.sharing.model import Stretch


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


def stretches_in_parcel(nets: Sequence[int]) -> list[Stretch]:
    """Return where the units of a parcel lie in it, one after the other, by their net amounts."""
    whole, before = sum(nets), 0
    found: list[Stretch] = []
    for net in nets:
        found.append(Stretch(before, before + net, whole))
        before += net
    return found


class OrderStretch:
    """Where units of an order's goods lie among all of them, however they are parcelled, by their net amounts."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._starts: dict[LineId, int] = {}
        self._whole = 0
        for line in lines:
            if line.kind is LineKind.GOODS:
                self._starts[line.line_id] = self._whole
                self._whole += line.amount_minor - line.tax_minor

    def of(self, line: Line, *, units_before: int, units: int) -> Stretch:
        """Return where so many units of a line lie, after so many before them."""
        before, upto = (
            gross - tax
            for gross, tax in (
                part_amounts(line, units_before=0, units=count)
                for count in (units_before, units_before + units)
            )
        )
        start = self._starts[line.line_id]
        return Stretch(start + before, start + upto, self._whole)
