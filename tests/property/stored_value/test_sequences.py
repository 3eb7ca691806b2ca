"""Any sequence of top-ups, uses, refunds and cash-outs: nothing goes below nothing, and what is left is owed."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import EntityId, MemberId, OrderId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.stored_value import Account, Bonus, Split, Terms, Use
from loopline.stored_value.rules import back_of, top_up_of, use_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TERMS = Terms(
    most_minor=1_000_000,
    bonuses=(Bonus(from_minor=7, bonus_minor=3), Bonus(from_minor=1_000, bonus_minor=999)),
)
amounts = st.integers(min_value=1, max_value=3_000)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("top_up"), amounts),
        st.tuples(st.just("use"), amounts),
        st.tuples(st.just("back"), amounts),
        st.tuples(st.just("cash_out"), amounts),
    ),
    max_size=40,
)


class Life:
    """An account with its uses, and the money that the books would hold for it."""

    def __init__(self) -> None:
        self.account = Account(
            id=uuid7(NOW), member_id=MemberId(uuid7(NOW)), entity_id=EntityId(uuid7(NOW)), currency="CNY"
        )
        self.uses: list[Use] = []
        self.owed = 0

    def add(self, one: Split, sign: int) -> None:
        self.account = msgspec.structs.replace(
            self.account,
            principal_minor=self.account.principal_minor + sign * one.principal_minor,
            bonus_minor=self.account.bonus_minor + sign * one.bonus_minor,
        )
        self.owed += sign * one.principal_minor

    def do(self, step: str, amount: int) -> None:
        if step == "top_up":
            added = top_up_of(TERMS, self.account, amount)
            if not isinstance(added, Refusal):
                self.add(added, 1)
        elif step == "use":
            self.use(amount)
        elif step == "back" and self.uses:
            self.back(amount % len(self.uses), amount)
        elif step == "cash_out":
            self.add(Split(principal_minor=self.account.principal_minor, bonus_minor=0), -1)
            self.account = msgspec.structs.replace(self.account, bonus_minor=0)

    def use(self, amount: int) -> None:
        taken = use_of(self.account, amount)
        if isinstance(taken, Refusal):
            assert amount > self.account.usable_minor
            return
        assert taken.principal_minor + taken.bonus_minor == amount
        self.add(taken, -1)
        self.uses.append(
            Use(
                id=uuid7(NOW),
                account_id=self.account.id,
                order_id=OrderId(uuid7(NOW)),
                amount_minor=amount,
                bonus_minor=taken.bonus_minor,
            )
        )

    def back(self, place: int, amount: int) -> None:
        one = self.uses[place]
        part = min(amount, one.amount_minor - one.back_minor)
        if not part:
            return
        split = back_of(one, part)
        assert 0 <= split.bonus_minor <= part
        assert split.principal_minor + split.bonus_minor == part
        self.uses[place] = msgspec.structs.replace(
            one, back_minor=one.back_minor + part, back_bonus_minor=one.back_bonus_minor + split.bonus_minor
        )
        self.add(split, 1)


@given(steps)
def test_nothing_goes_below_nothing_and_what_is_owed_is_what_is_left(history: Sequence[tuple[str, int]]):
    life = Life()
    for step, amount in history:
        life.do(step, amount)
        assert life.account.principal_minor >= 0
        assert life.account.bonus_minor >= 0
        assert life.owed == life.account.principal_minor
        for one in life.uses:
            assert 0 <= one.back_bonus_minor <= one.bonus_minor
            assert 0 <= one.back_minor - one.back_bonus_minor <= one.amount_minor - one.bonus_minor


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.data())
def test_any_parts_of_a_use_end_where_the_whole_does(principal: int, bonus: int, data: st.DataObject):
    life = Life()
    life.add(Split(principal_minor=principal, bonus_minor=bonus), 1)
    before = life.account
    if not before.usable_minor:
        return
    life.use(data.draw(st.integers(1, before.usable_minor)))
    while life.uses[0].back_minor < life.uses[0].amount_minor:
        left = life.uses[0].amount_minor - life.uses[0].back_minor
        life.back(0, data.draw(st.integers(1, left)))
    assert life.account == before


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.data())
def test_a_use_takes_no_more_of_either_than_is_there(principal: int, bonus: int, data: st.DataObject):
    life = Life()
    life.add(Split(principal_minor=principal, bonus_minor=bonus), 1)
    if not life.account.usable_minor:
        return
    taken = use_of(life.account, data.draw(st.integers(1, life.account.usable_minor)))
    assert not isinstance(taken, Refusal)
    assert 0 <= taken.principal_minor <= principal
    assert 0 <= taken.bonus_minor <= bonus
