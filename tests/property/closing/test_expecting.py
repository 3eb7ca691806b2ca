"""What is expected to come back: never more than may, nothing when windows are over, and near what does come back."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loopline.closing.model import Basis
from loopline.closing.rules.expecting import UNITS_LEAST, Back, Sold, expect_returns, history_of, run_off

DAY = date(2026, 3, 31)
WINDOW = 30


def sold(age: int, *, units: int = 1, net: int = 100, window: int = WINDOW, **fields: object) -> Sold:
    day = DAY - timedelta(days=age)
    stated: dict[str, object] = {"category": "coats", "is_own": True}
    return Sold(
        **(stated | fields),  # pyright: ignore[reportArgumentType]
        day=day,
        until=day + timedelta(days=window),
        units=units,
        net_minor=net,
    )


def back(of: Sold, lag: int, *, units: int = 1, net: int = 100) -> Back:
    return Back(
        category=of.category,
        day=of.day,
        until=of.until,
        is_own=of.is_own,
        back_on=of.day + timedelta(days=lag),
        units=units,
        net_minor=net,
    )


_Drawn = tuple[tuple[int, int, int, int, str, bool], list[tuple[int, int]]]
_KINDS = st.tuples(
    st.integers(0, 60),
    st.integers(1, 200),
    st.integers(0, 10_000),
    st.sampled_from([0, 7, 30]),
    st.sampled_from(["coats", "hats", ""]),
    st.booleans(),
)
# Of each cell some parts come back on a day of age, each a percentage of what is left.
_STEPS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 100)), max_size=3)


def _history(drawn: list[_Drawn]) -> tuple[list[Sold], list[Back]]:
    cells: dict[tuple[str, date, date, bool], Sold] = {}
    returns: list[Back] = []
    for (age, units, net, window, category, is_own), steps in drawn:
        cell = sold(age, units=units, net=net, window=window, category=category, is_own=is_own)
        place = (cell.category, cell.day, cell.until, cell.is_own)
        if place in cells:
            continue
        cells[place] = cell
        left_units, left = units, net
        for lag, percent in steps:
            gone_units, gone = left_units * percent // 100, left * percent // 100
            returns.append(back(cell, lag, units=gone_units, net=gone))
            left_units, left = left_units - gone_units, left - gone
    return list(cells.values()), returns


HISTORIES = st.lists(st.tuples(_KINDS, _STEPS), max_size=6).map(_history)


@given(HISTORIES)
def test_never_more_is_expected_than_may_still_come_back(made: tuple[list[Sold], list[Back]]) -> None:
    cells, returns = made
    found = expect_returns(history_of(cells, returns, last_day=DAY))
    assert [one.category for one in found] == sorted({one.category for one in found})
    for one in found:
        of_category = [
            cell for cell in cells if cell.category == one.category and cell.is_own and cell.until > DAY
        ]
        came = sum(
            each.net_minor
            for cell in of_category
            for each in returns
            if (each.day, each.until, each.category, each.is_own)
            == (cell.day, cell.until, cell.category, cell.is_own)
            and each.back_on <= DAY
        )
        assert one.returnable_minor == sum(cell.net_minor for cell in of_category) - came
        assert 0 <= one.expected_minor <= one.returnable_minor


@given(HISTORIES)
def test_nothing_is_expected_once_every_window_is_over(made: tuple[list[Sold], list[Back]]) -> None:
    cells, returns = made
    over = max((cell.until for cell in cells), default=DAY)
    history = history_of(cells, returns, last_day=over)
    assert expect_returns(history) == []
    assert run_off(history, estimate_minor=5, estimated_on=DAY).still_expected_minor == 0


@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_in_which_history_is_read_makes_no_difference(
    made: tuple[list[Sold], list[Back]], random: Random
) -> None:
    cells, returns = made
    shuffled = random.sample(cells, len(cells)), random.sample(returns, len(returns))
    assert expect_returns(history_of(*shuffled, last_day=DAY)) == expect_returns(
        history_of(cells, returns, last_day=DAY)
    )


def test_a_category_is_judged_by_its_own_history_once_there_is_enough_of_it() -> None:
    for units, basis, expected in ((UNITS_LEAST, Basis.CATEGORY, 500), (UNITS_LEAST - 1, Basis.WHOLE, 250)):
        old, other = sold(40, units=units, net=10_000), sold(40, units=units, net=10_000, category="hats")
        fresh = sold(4, units=10, net=1_000)
        # Half of the coats came back on the tenth day, no hat ever did.
        history = history_of([old, other, fresh], [back(old, 10, units=50, net=5_000)], last_day=DAY)
        (found,) = expect_returns(history)
        assert (found.category, found.basis, found.expected_minor) == ("coats", basis, expected)
        assert found.seen_units == units


def test_days_that_are_past_are_not_expected_again() -> None:
    old = sold(40, units=200, net=10_000)
    for age, expected in ((9, 500), (10, 0)):
        fresh = sold(age, units=10, net=1_000)
        history = history_of([old, fresh], [back(old, 10, units=100, net=5_000)], last_day=DAY)
        # At an age of ten days the tenth day is over; the fresh ones lived through it and kept all.
        (found,) = expect_returns(history)
        assert found.expected_minor == expected, age


def test_companies_of_the_brand_teach_each_other_and_only_ones_own_sales_are_expected() -> None:
    old = sold(40, units=200, net=10_000, is_own=False)
    theirs, ours = sold(2, net=1_000, is_own=False), sold(2, net=600)
    history = history_of([old, theirs, ours], [back(old, 10, units=50, net=2_500)], last_day=DAY)
    (found,) = expect_returns(history)
    assert (found.returnable_minor, found.expected_minor) == (600, 150)


CHANCES = [0.0, 0.02, 0.03, 0.02] + [0.01] * 10 + [0.002] * 17


def made_up_sales(random: Random, days: int, daily: int) -> tuple[list[Sold], list[Back]]:
    """Sell something every day for 100 each; each of it comes back on a day with the chance of that day's age."""
    cells: list[Sold] = []
    returns: list[Back] = []
    for age in range(days):
        cell = sold(age - WINDOW, units=daily, net=100 * daily)
        cells.append(cell)
        lags: dict[int, int] = {}
        for _ in range(daily):
            lag = next((day for day, chance in enumerate(CHANCES) if random.random() < chance), None)
            if lag is not None:
                lags[lag] = lags.get(lag, 0) + 1
        returns += [back(cell, lag, units=units, net=100 * units) for lag, units in lags.items()]
    return cells, returns


def of_days_up_to(cells: Sequence[Sold], day: date) -> list[Sold]:
    return [cell for cell in cells if cell.day <= day]


def test_held_back_months_come_to_what_was_expected_of_them() -> None:
    """Twelve ends of months, 400 sales a day of which a sixth comes back: each within chance, all within 2 %."""
    cells, returns = made_up_sales(Random(20_260_331), days=500, daily=400)
    errors: list[float] = []
    expected_in_all = came_in_all = 0
    for months in range(12):
        last_day = DAY - timedelta(days=30 * months)
        history = history_of(of_days_up_to(cells, last_day), returns, last_day=last_day)
        (found,) = expect_returns(history)
        open_cells = {
            (cell.day, cell.until) for cell in of_days_up_to(cells, last_day) if cell.until > last_day
        }
        came = sum(
            one.net_minor for one in returns if one.back_on > last_day and (one.day, one.until) in open_cells
        )
        # Some 600 come back of a month: that many vary by the root of their number, and three times that is chance.
        errors.append(abs(found.expected_minor - came) / came * (came // 100) ** 0.5)
        expected_in_all += found.expected_minor
        came_in_all += came
        assert found.basis is Basis.CATEGORY
    assert max(errors) < 3, errors
    assert abs(expected_in_all - came_in_all) / came_in_all < 0.02


def test_an_estimate_is_held_against_what_came_back_since() -> None:
    old, fresh = sold(70, units=200, net=10_000), sold(40, units=10, net=1_000)
    younger = sold(35, units=10, net=1_000, window=60)
    estimated_on = DAY - timedelta(days=31)
    returns = [
        back(old, 10, units=50, net=2_500),
        back(fresh, 5, net=100),
        back(fresh, 12, net=200),
        back(younger, 8, net=40),
    ]
    history = history_of([old, fresh, younger], returns, last_day=DAY)
    found = run_off(history, estimate_minor=450, estimated_on=estimated_on)
    # What came back by the day of the estimate is not counted, nor what was never of it.
    assert (found.estimate_minor, found.came_back_minor, found.still_expected_minor) == (450, 240, 0)
    assert run_off(history, estimate_minor=0, estimated_on=None).came_back_minor == 0


@given(HISTORIES, st.integers(0, 10_000))
def test_the_right_to_goods_is_their_cost_in_proportion_less_what_recovering_takes(
    made: tuple[list[Sold], list[Back]], recovery: int
) -> None:
    """Goods that cost what they were sold for are worth what is expected to be given back, less the part that goes."""
    cells, returns = made
    dear = [msgspec.structs.replace(one, cost_minor=one.net_minor) for one in cells]
    history = history_of(dear, returns, last_day=DAY)
    for one in expect_returns(history, recovery_basis_points=recovery):
        left = one.expected_minor * (10_000 - recovery)
        assert abs(one.right_minor * 10_000 - left) <= 10_000
    assert [one.right_minor for one in expect_returns(history, recovery_basis_points=10_000)] == [
        0 for _ in expect_returns(history)
    ]
    whole = expect_returns(history)
    assert [one.right_minor for one in whole] == [one.expected_minor for one in whole]
    free = history_of(cells, returns, last_day=DAY)
    assert {one.right_minor for one in expect_returns(free)} <= {0}
