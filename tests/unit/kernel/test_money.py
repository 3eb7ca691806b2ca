import pytest

from loopline.kernel.money import portion, split_by_weight, tax_within


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (1, [0, 1, 1], [0, 1, 0]),
        (7, [5, 0, 2], [5, 0, 2]),
        (10, [6, 3, 1], [6, 3, 1]),
        (5, [1, 2, 3], [1, 2, 2]),
        (0, [0, 0], [0, 0]),
    ],
)
def test_split_by_largest_remainder(total: int, weights: list[int], expected: list[int]):
    assert split_by_weight(total, weights) == expected


def test_split_refuses_weights_that_say_nothing():
    with pytest.raises(ValueError, match="all weights are zero"):
        split_by_weight(1, [0, 0])
    with pytest.raises(ValueError, match="negative"):
        split_by_weight(1, [2, -1])


@pytest.mark.parametrize(
    ("total", "part", "whole", "expected"),
    [(10, 1, 4, 3), (10, 1, 3, 3), (-10, 1, 4, -3), (5, 1, 2, 3), (-5, 1, 2, -3), (0, 1, 2, 0), (9, 3, 3, 9)],
)
def test_portion_rounds_half_away_from_zero(total: int, part: int, whole: int, expected: int):
    assert portion(total, part, whole) == expected


@pytest.mark.parametrize(
    ("gross", "rate", "expected"), [(1200, 2000, 200), (1175, 1750, 175), (1, 2000, 0), (999, 0, 0)]
)
def test_tax_within_a_gross_amount(gross: int, rate: int, expected: int):
    assert tax_within(gross, rate) == expected
