from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.money import portion, split_by_weight

amounts = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)


@given(amounts, weights)
def test_a_split_loses_nothing(total: int, by: list[int]):
    assert sum(split_by_weight(total, by)) == total


@given(amounts, weights)
def test_a_zero_weight_gets_zero(total: int, by: list[int]):
    assert all(part == 0 for part, weight in zip(split_by_weight(total, by), by, strict=True) if weight == 0)


@given(amounts, weights)
def test_a_refund_mirrors_its_charge(total: int, by: list[int]):
    assert split_by_weight(-total, by) == [-part for part in split_by_weight(total, by)]


@given(amounts, weights)
def test_each_part_is_within_one_unit_of_its_exact_share(total: int, by: list[int]):
    whole = sum(by)
    for part, weight in zip(split_by_weight(total, by), by, strict=True):
        assert abs(part * whole - total * weight) < whole


@given(amounts, st.integers(1, 10**6))
def test_portions_end_at_the_whole(total: int, whole: int):
    assert portion(total, whole, whole) == total
    assert portion(total, 0, whole) == 0
