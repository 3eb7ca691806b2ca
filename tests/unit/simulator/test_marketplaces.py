"""Marketplaces that hear late: told everything they sell units twice, lent shares they never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopline.marketplaces.rules import Loan, Step, Terms, plan_steps
from loopline.simulator.marketplaces import Outcome, Rush, Telling, let_rush

A, B, C = (Terms(marketplace=name, weight=weight) for name, weight in (("a", 2), ("b", 1), ("c", 1)))


def loans(*units: int, terms: tuple[Terms, ...] = (A, B, C), asked_back: tuple[str, ...] = ()) -> list[Loan]:
    return [
        Loan(terms=one, units=lent, is_asked_back=one.marketplace in asked_back)
        for one, lent in zip(terms, units, strict=True)
    ]


def steps(lent: list[Loan], room: int, *, buffer: int = 0, turn: int = 0) -> dict[str, int]:
    planned: list[Step] = plan_steps(lent, room=room, buffer=buffer, turn=turn)
    return {step.marketplace: step.units for step in planned}


def test_units_are_lent_by_weight_less_the_buffer():
    assert steps(loans(0, 0, 0), 100) == {"a": 50, "b": 25, "c": 25}
    assert steps(loans(0, 0, 0), 100, buffer=20) == {"a": 40, "b": 20, "c": 20}
    assert steps(loans(0, 0, 0), 20, buffer=20) == {}
    assert steps(loans(50, 25, 25), 100) == {}


def test_the_last_units_go_to_one_after_the_other():
    equal = tuple(Terms(marketplace=name, weight=1) for name in ("a", "b", "c"))
    turns = [steps(loans(0, 0, 0, terms=equal), 1, turn=turn) for turn in range(4)]
    assert turns == [{"a": 1}, {"b": 1}, {"c": 1}, {"a": 1}]


def test_what_one_may_not_have_goes_to_the_others():
    capped = (Terms(marketplace="a", weight=2, most_units=4), B, C)
    assert steps(loans(0, 0, 0, terms=capped), 10) == {"a": 4, "b": 3, "c": 3}
    nobody = tuple(Terms(marketplace=name, weight=0) for name in "abc")
    assert steps(loans(0, 0, 0, terms=nobody), 10) == {}


def test_one_gives_up_first_and_the_other_gets_it_when_it_is_back():
    assert steps(loans(0, 10, 10), 20) == {"b": -5, "c": -5}
    assert steps(loans(0, 10, 10, asked_back=("b", "c")), 20) == {}
    # One answered; what it gave up is lent at once.
    assert steps(loans(0, 5, 10, asked_back=("c",)), 20) == {"a": 5}


def test_when_others_took_units_they_are_asked_back():
    assert steps(loans(10, 5, 5), 12) == {"a": -4, "b": -2, "c": -2}


@pytest.mark.parametrize(
    ("units", "told_everything", "lent_shares"),
    [
        (3, (483, 11, 8, 0, 472, 36), (483, 3, 0, 0, 480, 2)),
        (20, (483, 62, 42, 0, 421, 189), (483, 20, 0, 0, 463, 5)),
        (60, (483, 109, 49, 0, 374, 330), (483, 60, 0, 0, 423, 11)),
        (200, (483, 260, 60, 0, 223, 783), (483, 200, 0, 0, 283, 31)),
    ],
)
def test_a_rush_for_scarce_units(units: int, told_everything: tuple[int, ...], lent_shares: tuple[int, ...]):
    def counts(one: Outcome) -> tuple[int, ...]:
        return one.asked, one.sold, one.oversold, one.unsold, one.sent_away, one.pushes

    assert counts(let_rush(Rush(units=units), Telling.EVERYTHING)) == told_everything
    assert counts(let_rush(Rush(units=units), Telling.SHARES)) == lent_shares


delays = st.integers(min_value=0, max_value=20_000)


@given(
    units=st.integers(0, 80),
    told_ms=delays,
    heard_ms=delays,
    late_ms=delays,
    buffer=st.integers(0, 5),
    per_minute=st.tuples(st.integers(1, 300), st.integers(1, 120), st.integers(1, 60)),
    seed=st.integers(0, 1_000),
)
def test_lent_shares_never_sell_a_unit_twice_whatever_is_late(
    units: int,
    told_ms: int,
    heard_ms: int,
    late_ms: int,
    buffer: int,
    per_minute: tuple[int, int, int],
    seed: int,
):
    asked = Rush(
        units=units,
        told_ms=told_ms,
        heard_ms=heard_ms,
        late_ms=late_ms,
        buffer=buffer,
        buyers_per_minute=per_minute,
        seconds=20,
        seed=seed,
    )
    outcome = let_rush(asked, Telling.SHARES)
    assert outcome.sold <= max(0, units - buffer)
    assert outcome.asked == outcome.sold + outcome.sent_away
