"""Points over time: earned, used, given back, ended, taken back with their goods, in whatever order that happens.

What a member owes was used by orders that stand, and what a member has, or had and used, was earned by goods that were
kept: whatever ended unused, and whatever came back after its end, is taken once.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from loopline.kernel.ids import MemberId
from loopline.kernel.money import portion
from loopline.pricing.points import Lot, Move, PointsKind
from loopline.pricing.points.rules import keep_for_a_while, left_to_use, months_after, over_at, to_take_back
from tests.make.pricing import new_id

START = datetime(2026, 1, 31, 8, tzinfo=UTC)
WHO, VERSION = MemberId(new_id()), new_id()


class Purse:
    """What a member has, moved by the rules alone; `kept` counts the units of each line that did not come back."""

    def __init__(self) -> None:
        self.now = START
        self.lots: dict[object, Lot] = {}
        self.kept: dict[object, int] = {}
        self.available = 0
        self.spent = 0
        self.moved = 0

    def earn(self, points: int, units: int) -> None:
        """A line was handed over, and its points can be used at once, for a month."""
        lot = Lot(
            id=new_id(),
            member_id=WHO,
            programme_id=VERSION,
            units=units,
            whole=points,
            points=points,
            is_pending=False,
            due_at=self.now,
            expires_at=months_after(self.now, 1),
        )
        self.lots[lot.id] = lot
        self.kept[lot.id] = units
        self.available += points

    def use(self, points: int, _: int) -> None:
        used = min(points, max(0, self.available))
        self.available -= used
        self.spent += used

    def give_back(self, points: int, _: int) -> None:
        """An order that used some is called off."""
        self.moved += 1
        move = Move(
            key=str(self.moved), member_id=WHO, kind=PointsKind.BACK, available=min(points, self.spent)
        )
        moves, lots = keep_for_a_while(
            move, list(self.lots.values()), available=self.available, programme_id=VERSION, now=self.now
        )
        assert sum(one.available for one in moves) == move.available
        self.spent -= move.available
        self.available += move.available
        self.lots |= {one.id: one for one in lots}

    def wait(self, days: int, _: int) -> None:
        """Time passes, and the clock ends what is over."""
        self.now += timedelta(days=days % 40)
        for lot, points in over_at(list(self.lots.values()), self.available, self.now):
            self._take(lot, points)

    def wait_unseen(self, days: int, _: int) -> None:
        """Time passes, and nobody has looked yet."""
        self.now += timedelta(days=days % 40)

    def bring_back(self, chance: int, units: int) -> None:
        """Units of a line come back."""
        open_lines = [key for key, kept in self.kept.items() if kept]
        if not open_lines:
            return
        key = open_lines[chance % len(open_lines)]
        self.kept[key] -= min(units, self.kept[key])
        for lot, points in to_take_back(self.lots[key], list(self.lots.values()), kept=self.kept[key]):
            self._take(lot, points)

    def _take(self, lot: Lot, points: int) -> None:
        assert 0 < points <= lot.points
        self.lots[lot.id] = msgspec.structs.replace(lot, points=lot.points - points)
        self.available -= points

    def worth(self) -> int:
        """How many points the goods that were kept have earned."""
        return sum(
            portion(self.lots[key].whole, kept, self.lots[key].units) for key, kept in self.kept.items()
        )

    def check(self) -> None:
        lots = list(self.lots.values())
        assert sum(one.points for one in lots) == self.available + self.spent
        assert -self.spent <= self.available <= self.worth() - self.spent
        left = left_to_use(lots, self.available)
        assert sum(points for _, points in left) == max(0, self.available)

    def end(self) -> None:
        """All that was used is given back, and all that is left ends: nobody has or owes anything."""
        self.give_back(self.spent, 0)
        self.check()
        self.wait(39, 0)
        assert (self.available, self.spent) == (0, 0)
        for key in self.kept:
            self.kept[key] = 0
            for lot, points in to_take_back(self.lots[key], list(self.lots.values()), kept=0):
                self._take(lot, points)
        assert self.available == 0


ACTS: tuple[Callable[[Purse, int, int], None], ...] = (
    Purse.earn,
    Purse.use,
    Purse.use,
    Purse.give_back,
    Purse.wait,
    Purse.wait_unseen,
    Purse.bring_back,
)
steps = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(1, 120), st.integers(1, 4)), min_size=1, max_size=30
)


@settings(max_examples=400, deadline=None)
@given(steps)
def test_nobody_owes_what_was_not_used_and_nobody_keeps_what_was_not_earned(
    drawn: list[tuple[Callable[[Purse, int, int], None], int, int]],
):
    purse = Purse()
    purse.earn(100, 3)
    for act, first, second in drawn:
        act(purse, first, second)
        purse.check()
    purse.end()


@given(st.integers(0, 200), st.integers(1, 5), st.integers(0, 200), st.integers(0, 5))
def test_whether_goods_come_back_before_or_after_their_points_end_makes_no_difference(
    points: int, units: int, used: int, back: int
):
    ends: list[int] = []
    for is_first in (True, False):
        purse = Purse()
        purse.earn(points, units)
        purse.use(used, 0)
        if is_first:
            purse.bring_back(0, back)
        purse.wait(39, 0)
        if not is_first:
            purse.bring_back(0, back)
        purse.check()
        ends.append(purse.available)
    assert ends[0] == ends[1]
