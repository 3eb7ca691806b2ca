"""Snapshots and sales heard in any order, and snapshots again and again, end in the same books."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loopline.feeds import Known, Result, StatedAt, StatedUnits
from loopline.feeds.rules import Habit, judge
from loopline.kernel.ids import NodeId, SkuId, first_id_after, uuid7
from loopline.processes.late_facts import given_back
from loopline.stock import Fact, MovementReason
from tests.make.stock import new_id

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
LEAF, SKU = NodeId(new_id()), SkuId(new_id())


class Sale(msgspec.Struct, frozen=True):
    """Units that were sold at a minute."""

    minute: int
    units: int


class Count(msgspec.Struct, frozen=True):
    """Units that a dealer's system stated as at a minute."""

    minute: int
    units: int


def moment(minute: int) -> datetime:
    return BEGAN + timedelta(minutes=minute)


class Books:
    """The movements of one SKU and the statement they follow; small enough to see that they are right."""

    def __init__(self) -> None:
        self.moves: list[Fact] = []
        self.known: dict[SkuId, Known] = {}

    @property
    def on_hand(self) -> int:
        return sum(move.on_hand for move in self.moves)

    def hear(self, one: Sale | Count) -> None:
        if isinstance(one, Sale):
            self._sell(one)
        else:
            self._count(one)

    def _sell(self, sale: Sale) -> None:
        fact = _fact(moment(sale.minute), -sale.units)
        followed = [
            StatedAt(leaf_id=LEAF, sku_id=SKU, as_at=one.as_at, later_from=first_id_after(one.as_at))
            for one in self.known.values()
        ]
        self.moves += [fact, *given_back([fact], {(one.leaf_id, one.sku_id): one for one in followed})]

    def _count(self, count: Count) -> None:
        at = moment(count.minute)
        later = sum(move.on_hand for move in self.moves if move.id >= first_id_after(at))
        (verdict,) = judge(
            [StatedUnits(sku_id=SKU, units=count.units)],
            as_at=at,
            known=self.known,
            ours={SKU: self.on_hand - later},
            habit=Habit(),
        )
        assert verdict.result is not Result.DOUBTED
        if verdict.change:
            self.moves.append(_fact(at, verdict.change))
        if verdict.result is not Result.OUTDATED:
            self.known[SKU] = Known(sku_id=SKU, as_at=at, units=count.units, most_units=20)


def _fact(at: datetime, units: int) -> Fact:
    return Fact(id=uuid7(at), leaf_id=LEAF, sku_id=SKU, reason=MovementReason.SALE, on_hand=units)


minutes = st.integers(min_value=0, max_value=30)
sales = st.lists(st.builds(Sale, minutes, st.integers(1, 2)), max_size=4)
counts = st.lists(st.builds(Count, minutes, st.integers(0, 8)), max_size=4, unique_by=lambda one: one.minute)


@given(st.data(), sales, counts)
def test_any_order_and_any_repetition_end_in_the_same_books(
    data: st.DataObject, sold: list[Sale], counted: list[Count]
):
    again = data.draw(st.lists(st.sampled_from(counted), max_size=3)) if counted else []
    heard = data.draw(st.permutations([*sold, *counted, *again]))
    books = Books()
    for one in heard:
        books.hear(one)
    newest = max(counted, key=lambda one: one.minute, default=None)
    since = -1 if newest is None else newest.minute
    sold_since = sum(one.units for one in sold if one.minute > since)
    assert books.on_hand == (newest.units if newest else 0) - sold_since
