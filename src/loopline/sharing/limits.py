"""What rows that decide for one line together take of it: everything a line brings is one net amount, whatever the rows
reckon by.

Reckoned exactly, for one unit, as what a set of rows would take of a net amount. That is a chain of straight pieces, so
it is known everywhere by its corners. Percentages of what is paid are at most of the net amount and the highest tax;
those of the list price, and of what others bear, are bounded by how far the list price may lie above the net amount;
those of the margin by the net amount, as goods may cost nothing. An amount for each parcel or order counts as if the
unit were alone in it. Rounding, half a minor unit for each row, is left out.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from loopline.kernel.money import BASIS_POINTS
from loopline.sharing.model import Base, RuleRow

TAX_MOST = Fraction(127, 100)
"""What is paid is at most so many times the net amount: no country's general rate of value added tax is higher."""
_PERCENT = 100
_OFF_LIST = (Base.LIST, Base.FUNDED)
Choice = tuple[int, ...]
"""The rows of one role of which one decides, as the member is bound or not: positions less one."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Where rows can take more than a line brings, so that the last of them get less than they say and nothing is left.

    `rows` are counted from 1. Where a unit brings net less than `below_minor`, or net is less than `net_percent` of the
    list price (0: wherever that is), they may; elsewhere they never do.
    """

    rows: tuple[int, ...]
    below_minor: int
    net_percent: int


class _Line(msgspec.Struct, frozen=True):
    """A straight piece: what is taken of a net amount `n` is `flat + slope * n`."""

    flat: Fraction
    slope: Fraction

    def at(self, net: Fraction) -> Fraction:
        return self.flat + self.slope * net


class _Taking(msgspec.Struct, frozen=True):
    """What a row takes: of a percentage never less than its floor, nor more than its cap."""

    line: _Line
    floor: Fraction | None = None
    cap: Fraction | None = None

    def at(self, net: Fraction) -> Fraction:
        taken = self.line.at(net)
        if self.floor is not None:
            taken = max(taken, self.floor)
        return taken if self.cap is None else min(taken, self.cap)

    @property
    def last(self) -> _Line:
        """The piece that holds for whatever is dear enough."""
        if self.cap is not None:
            return _Line(self.cap, Fraction(0))
        if self.floor is not None and not self.line.slope:
            return _Line(self.floor, Fraction(0))
        return self.line

    @property
    def pieces(self) -> list[_Line]:
        levels = [_Line(level, Fraction(0)) for level in (self.floor, self.cap) if level is not None]
        return [self.line, *levels]


class Together:
    """A set of rows that decide for one line: of each role one, or one of two as the member is bound or not."""

    def __init__(self, rows: Sequence[RuleRow], choices: Sequence[Choice]) -> None:
        self._rows = rows
        self._choices = choices

    def share_of_net(self) -> Fraction:
        """What the set takes of what is dear, where the list price is the net amount: above 1, more than there is."""
        return self._slope(Fraction(1))

    def takes_more(self) -> bool:
        """Whether the set takes more than there is at whatever price: no bound of prices helps."""
        if self.share_of_net() != 1:
            return self.share_of_net() > 1
        return self._below(Fraction(1)) is None

    def limit(self) -> Limit | None:
        """Where a set that leaves something of what is dear takes more than there is; None where nowhere."""
        percent = self._net_percent()
        # Where the list price matters not, only the tax on what is paid is left to be bounded.
        most = Fraction(_PERCENT, percent) if percent else TAX_MOST
        below = self._below(most)
        assert below is not None, "what is left of the net amount at this list price"
        if not percent and not below:
            return None
        return Limit(
            rows=self.rows_taking(), below_minor=-(-below.numerator // below.denominator), net_percent=percent
        )

    def rows_taking(self) -> tuple[int, ...]:
        """The rows that take something, counted from 1; of two, both."""
        return tuple(
            sorted(
                place + 1
                for choice in self._choices
                for place in choice
                if self._rows[place].basis_points
                or self._rows[place].amount_minor
                or self._rows[place].floor_minor
            )
        )

    def _net_percent(self) -> int:
        """The least whole percentage of the list price that the net amount has to be; 0 where that matters not.

        Where rows take amounts too, half of what percentages leave at the list price is left for them.
        """
        if not any(self._rows[place].base in _OFF_LIST and self._is_open(place) for place in self._places):
            return self._percent_of_paid()
        return self._least_percent()

    def _percent_of_paid(self) -> int:
        return 0 if self._slope(TAX_MOST) <= self._room() else self._least_percent()

    def _least_percent(self) -> int:
        low, high = 1, _PERCENT
        while low < high:
            middle = (low + high) // 2
            if self._slope(Fraction(_PERCENT, middle)) <= self._room():
                high = middle
            else:
                low = middle + 1
        return low

    def _room(self) -> Fraction:
        """How much of the net amount percentages may take at most, so that the price bounds what amounts take."""
        taken = self._slope(Fraction(1))
        return (taken + 1) / 2 if any(self._has_level(place) for place in self._places) else Fraction(1)

    def _has_level(self, place: int) -> bool:
        row = self._rows[place]
        return bool(row.amount_minor or row.floor_minor or row.cap_minor)

    def _is_open(self, place: int) -> bool:
        return bool(self._rows[place].basis_points) and self._rows[place].cap_minor is None

    @property
    def _places(self) -> list[int]:
        return [place for choice in self._choices for place in choice]

    def _slope(self, most: Fraction) -> Fraction:
        return sum(
            (max(self._taking(place, most).last.slope for place in choice) for choice in self._choices),
            Fraction(0),
        )

    def _taking(self, place: int, most: Fraction) -> _Taking:
        """What a row takes where the list price is at most so many times the net amount."""
        row = self._rows[place]
        if row.amount_minor is not None:
            return _Taking(_Line(Fraction(row.amount_minor), Fraction(0)))
        floor = None if row.floor_minor is None else Fraction(row.floor_minor)
        cap = None if row.cap_minor is None else Fraction(row.cap_minor)
        if row.base in _OFF_LIST and cap is not None:
            # However far it is taken down from the list price.
            return _Taking(_Line(cap if row.basis_points else floor or Fraction(0), Fraction(0)))
        of_net = {Base.LIST: most, Base.FUNDED: most, Base.PAID: min(most, TAX_MOST)}.get(
            row.base, Fraction(1)
        )
        return _Taking(_Line(Fraction(0), of_net * (row.basis_points or 0) / BASIS_POINTS), floor, cap)

    def _below(self, most: Fraction) -> Fraction | None:
        """The net amount from which on the set never takes more than there is; None where there is none."""
        takings = [[self._taking(place, most) for place in choice] for choice in self._choices]

        def over(net: Fraction) -> Fraction:
            return sum((max(one.at(net) for one in choice) for choice in takings), Fraction(0)) - net

        corners = sorted({Fraction(0), *_corners(takings)})
        slope = self._slope(most) - 1
        last = over(corners[-1])
        if last > 0:
            return corners[-1] + last / -slope if slope < 0 else None
        for left, right in zip(corners[-2::-1], corners[:0:-1], strict=True):
            if (before := over(left)) > 0:
                return left + (right - left) * before / (before - over(right))
        return Fraction(0)


def _corners(takings: Sequence[Sequence[_Taking]]) -> list[Fraction]:
    """Where pieces of one role cross: nothing bends elsewhere."""
    found: list[Fraction] = []
    for choice in takings:
        pieces = [piece for one in choice for piece in one.pieces]
        found += [
            (other.flat - one.flat) / (one.slope - other.slope)
            for place, one in enumerate(pieces)
            for other in pieces[place + 1 :]
            if one.slope != other.slope
        ]
    return [net for net in found if net > 0]
