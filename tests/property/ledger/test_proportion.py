"""The rule of every reversal: exact, mirrored, monotone, and the same end by whatever road."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.money import split_by_weight
from loopline.kernel.proportion import proportion_between, proportion_of

amounts_minor = st.lists(st.integers(-(10**7), 10**7) | st.integers(-5, 5), max_size=9)
wholes = st.integers(1, 60)


@st.composite
def parts(draw: st.DrawFn) -> tuple[int, int]:
    whole = draw(wholes)
    return draw(st.integers(0, whole)), whole


def balanced(amounts: list[int]) -> list[int]:
    return [*amounts, -sum(amounts)]


@given(amounts_minor, parts())
def test_what_balances_stays_balanced(amounts: list[int], part_of: tuple[int, int]) -> None:
    part, whole = part_of
    assert sum(proportion_of(balanced(amounts), part=part, whole=whole)) == 0


@given(amounts_minor, wholes)
def test_nothing_is_nothing_and_all_is_all(amounts: list[int], whole: int) -> None:
    assert proportion_of(amounts, part=0, whole=whole) == [0] * len(amounts)
    assert proportion_of(amounts, part=whole, whole=whole) == amounts


@given(amounts_minor, parts())
def test_mirrored_amounts_give_mirrored_results(amounts: list[int], part_of: tuple[int, int]) -> None:
    part, whole = part_of
    mirrored = proportion_of([-amount for amount in amounts], part=part, whole=whole)
    assert [-amount for amount in mirrored] == proportion_of(amounts, part=part, whole=whole)


@given(amounts_minor, wholes)
def test_no_step_moves_an_amount_back(amounts: list[int], whole: int) -> None:
    for after in range(1, whole + 1):
        step = proportion_between(amounts, before=after - 1, after=after, whole=whole)
        assert all(moved * amount >= 0 for moved, amount in zip(step, amounts, strict=True))


@given(amounts_minor, wholes, st.data())
def test_any_sequence_of_parts_ends_where_the_whole_does(
    amounts: list[int], whole: int, data: st.DataObject
) -> None:
    stops = sorted(data.draw(st.sets(st.integers(1, whole))) | {whole})
    reached = [0] * len(amounts)
    before = 0
    for after in stops:
        step = proportion_between(amounts, before=before, after=after, whole=whole)
        reached = [so_far + moved for so_far, moved in zip(reached, step, strict=True)]
        before = after
    assert reached == amounts


@given(amounts_minor, parts())
def test_a_side_is_its_total_rounded_half_away_and_each_amount_is_close(
    amounts: list[int], part_of: tuple[int, int]
) -> None:
    part, whole = part_of
    results = proportion_of(amounts, part=part, whole=whole)
    for sign in (1, -1):
        total = sum(max(sign * amount, 0) for amount in amounts)
        taken = sum(max(sign * result, 0) for result in results)
        assert taken == (2 * total * part + whole) // (2 * whole)
    for amount, result in zip(amounts, results, strict=True):
        assert amount != 0 or result == 0
        assert abs(result - Fraction(amount * part, whole)) <= Fraction(len(amounts) + 1, 2)


@given(amounts_minor, parts())
def test_dealing_is_webster(amounts: list[int], part_of: tuple[int, int]) -> None:
    """No unit would have a better claim elsewhere: the last unit given beats every unit not given."""
    part, whole = part_of
    results = proportion_of(amounts, part=part, whole=whole)
    for sign in (1, -1):
        side = [(sign * a, sign * r) for a, r in zip(amounts, results, strict=True) if sign * a > 0]
        if not side:
            continue
        next_claim = max(Fraction(weight, 2 * dealt + 1) for weight, dealt in side)
        given_claims = [Fraction(weight, 2 * dealt - 1) for weight, dealt in side if dealt]
        assert not given_claims or min(given_claims) >= next_claim


@pytest.mark.parametrize(
    ("amounts", "part", "whole", "expected"),
    [
        ([100], 1, 3, [33]),
        ([100], 2, 3, [67]),
        ([1, 1], 1, 2, [1, 0]),
        ([-1, -1, 2], 1, 2, [-1, 0, 1]),
        ([-600, -250, -150, 1000], 1, 3, [-200, -83, -50, 333]),
        ([0, 5, 0], 3, 5, [0, 3, 0]),
        ([], 1, 2, []),
    ],
)
def test_proportions_by_hand(amounts: list[int], part: int, whole: int, expected: list[int]) -> None:
    assert proportion_of(amounts, part=part, whole=whole) == expected


def test_largest_remainders_would_pay_where_they_should_take() -> None:
    """The Alabama paradox: of 6, 6 and 2 the third has 2 when 10 of 14 came back, and 1 when 11 did."""
    amounts = [6, 6, 2]
    assert [split_by_weight(10, amounts), split_by_weight(11, amounts)] == [[4, 4, 2], [5, 5, 1]]
    assert proportion_of(amounts, part=10, whole=14) == [5, 4, 1]
    assert proportion_of(amounts, part=11, whole=14) == [5, 5, 1]


@pytest.mark.parametrize(("part", "whole"), [(-1, 3), (4, 3)])
def test_a_part_lies_within_the_whole(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="is no part of"):
        proportion_of([1], part=part, whole=whole)
