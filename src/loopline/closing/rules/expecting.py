"""What is expected to come back, from how goods of the same category came back before.

The method is the chain ladder on what is kept: for each day of age, the share of what customers still held that came
back on that day, over all sales whose window was open on it and that have reached it. The product of what is kept
over the days that are left of a window is the Kaplan-Meier estimate of a sale that is observed only so far (E. L.
Kaplan and P. Meier, 1958; the chain ladder: T. Mack, 1993). What is expected of a sale is what is left of it times the
rest. So it is never more than what may still come back, and nothing once the window is over.

Ages are whole days of the zone: a return on the day of the sale has age 0. All is whole numbers: shares are kept in
millionths of a millionth, rounded down, and each category's sum is rounded once, half away from zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from loopline.closing.model import Basis, Expectation, RunOff
from loopline.kernel.money import BASIS_POINTS, portion

UNITS_LEAST = 100
"""So many units of a category must have been sold and their windows be over, before its own history is used."""
_ONE = 10**12
_Cell = tuple[str, date, date, bool]


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of a category that were handed over on a day and may come back until a day, included; net of tax.

    `is_own`: sold by the company whose month is closed; other companies of the brand only teach. `cost_minor`: what
    those of the goods cost that were its own and whose cost is known.
    """

    category: str
    day: date
    until: date
    is_own: bool
    units: int
    net_minor: int
    cost_minor: int = 0


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of such a cell that came back on a day."""

    category: str
    day: date
    until: date
    is_own: bool
    back_on: date
    units: int
    net_minor: int


class _Curve(msgspec.Struct, kw_only=True):
    """A history: by day of age what was still held of it at the day's beginning, and what of that came back."""

    held: list[int] = []
    back: list[int] = []
    units_over: int = 0
    sold_minor: int = 0
    back_minor: int = 0

    def add(self, sold: Sold, backs: Iterable[Back], *, last_day: date) -> None:
        window = (sold.until - sold.day).days
        seen = min((last_day - sold.day).days, window)
        if seen < 0:
            return
        more = seen + 1 - len(self.held)
        self.held.extend([0] * more)
        self.back.extend([0] * more)
        left = [0] * (seen + 2)
        for one in backs:
            age = (one.back_on - sold.day).days
            if 0 <= age <= seen:
                self.back[age] += one.net_minor
                left[age + 1] += one.net_minor
                self.back_minor += one.net_minor
        held = sold.net_minor
        for age in range(seen + 1):
            held -= left[age]
            self.held[age] += held
        self.sold_minor += sold.net_minor
        self.units_over += sold.units if sold.until <= last_day else 0

    def kept_on(self, age: int) -> int | None:
        """Return the share that is kept on a day of age; None where nothing was seen of it."""
        if age >= len(self.held) or self.held[age] <= 0:
            return None
        return _ONE - self.back[age] * _ONE // self.held[age]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was sold and came back up to the last day of a month, cell by cell."""

    sold: Sequence[Sold]
    back: Mapping[_Cell, Sequence[Back]]
    last_day: date


def history_of(sold: Sequence[Sold], back: Iterable[Back], *, last_day: date) -> History:
    """Put sales and their returns together; returns after the last day are left out."""
    cells: dict[_Cell, list[Back]] = {}
    for one in back:
        if one.back_on <= last_day:
            cells.setdefault(_cell(one), []).append(one)
    return History(sold=sold, back=cells, last_day=last_day)


def expect_returns(history: History, *, recovery_basis_points: int = 0) -> list[Expectation]:
    """Return what is expected of each category of which something may still come back, by category.

    Of what the goods cost as much is expected back as of what they were sold for, cell by cell; recovering them takes
    `recovery_basis_points` of it. Each category is rounded once, half away from zero.
    """
    curves = _Curves(history)
    found: list[Expectation] = []
    for category, cells in _open_cells(history).items():
        basis, curve = curves.of(category)
        own = curves.by_category[category]
        left = {index: _left(history, cell) for index, cell in enumerate(cells)}
        expected = sum(curves.expected(cell, left[index][1]) for index, cell in enumerate(cells))
        cost = sum(curves.expected(cell, _cost_of(cell, left[index][1])) for index, cell in enumerate(cells))
        found.append(
            Expectation(
                category=category,
                units=sum(units for units, _ in left.values()),
                returnable_minor=sum(net for _, net in left.values()),
                expected_minor=portion(expected, 1, _ONE),
                basis=basis,
                seen_units=own.units_over,
                seen_minor=curve.sold_minor,
                seen_back_minor=curve.back_minor,
                right_minor=portion(cost, BASIS_POINTS - recovery_basis_points, _ONE * BASIS_POINTS),
            )
        )
    return found


def run_off(history: History, *, estimate_minor: int, estimated_on: date | None) -> RunOff:
    """Hold an estimate, made at the end of a day, against what came back since and what is expected still."""
    if estimated_on is None:
        return RunOff()
    curves = _Curves(history)
    came = expected = 0
    for sold in history.sold:
        if not (sold.is_own and sold.day <= estimated_on < sold.until):
            continue
        came += sum(
            one.net_minor
            for one in history.back.get(_cell(sold), ())
            if estimated_on < one.back_on <= sold.until
        )
        if sold.until > history.last_day:
            expected += curves.expected(sold, _left(history, sold)[1])
    return RunOff(
        estimate_minor=estimate_minor, came_back_minor=came, still_expected_minor=portion(expected, 1, _ONE)
    )


class _Curves:
    """The curves of all categories and of the whole, and what they make of a sale; remembers what it worked out."""

    def __init__(self, history: History) -> None:
        self._last_day = history.last_day
        self._whole = _Curve()
        self.by_category: dict[str, _Curve] = {}
        self._kept: dict[tuple[str, int, int], int] = {}
        for sold in history.sold:
            backs = history.back.get(_cell(sold), ())
            self.by_category.setdefault(sold.category, _Curve()).add(sold, backs, last_day=self._last_day)
            self._whole.add(sold, backs, last_day=self._last_day)

    def of(self, category: str) -> tuple[Basis, _Curve]:
        """Return the history that a category is judged by: its own where enough of it is over."""
        own = self.by_category[category]
        if own.units_over >= UNITS_LEAST:
            return Basis.CATEGORY, own
        # On the day of the sale nobody has had time to come back yet.
        return (Basis.WHOLE if len(self._whole.held) > 1 else Basis.NONE), self._whole

    def expected(self, sold: Sold, left_minor: int) -> int:
        """Return what is expected of what is left of a sale, in millionths of millionths of minor units."""
        age, window = (self._last_day - sold.day).days, (sold.until - sold.day).days
        place = (sold.category, age, window)
        kept = self._kept.get(place)
        if kept is None:
            kept = self._kept[place] = self._kept_between(sold.category, age, window)
        return left_minor * (_ONE - kept)

    def _kept_between(self, category: str, age: int, window: int) -> int:
        basis, curve = self.of(category)
        kept = _ONE
        if basis is Basis.NONE:
            return kept
        for day in range(age + 1, window + 1):
            on_day = curve.kept_on(day)
            if on_day is None:
                on_day = self._whole.kept_on(day)
            kept = kept * (_ONE if on_day is None else on_day) // _ONE
        return kept


def _open_cells(history: History) -> dict[str, list[Sold]]:
    cells: dict[str, list[Sold]] = {}
    for sold in sorted(history.sold, key=lambda one: (one.category, one.day, one.until)):
        if sold.is_own and sold.until > history.last_day:
            cells.setdefault(sold.category, []).append(sold)
    return cells


def _left(history: History, sold: Sold) -> tuple[int, int]:
    """Return the units and the money of a cell that have not come back."""
    backs = history.back.get(_cell(sold), ())
    return (
        max(0, sold.units - sum(one.units for one in backs)),
        max(0, sold.net_minor - sum(one.net_minor for one in backs)),
    )


def _cost_of(sold: Sold, left_minor: int) -> int:
    """Return what the part of a cell that is left cost, in proportion to what it was sold for."""
    return portion(sold.cost_minor, left_minor, sold.net_minor) if sold.net_minor else 0


def _cell(one: Sold | Back) -> _Cell:
    return one.category, one.day, one.until, one.is_own
