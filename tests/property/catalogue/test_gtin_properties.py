"""A check digit catches what it is made for."""

from hypothesis import assume, given
from hypothesis import strategies as st

from loopline.catalogue.rules import GtinCheckDigitWrong, check_digit, normal_gtin

DIGITS = st.text(alphabet="0123456789", min_size=13, max_size=13)


@given(DIGITS)
def test_a_made_gtin_is_taken(digits: str):
    gtin = digits + check_digit(digits)
    assert normal_gtin(gtin) == gtin


@given(DIGITS, st.integers(0, 13), st.integers(1, 9))
def test_one_mistyped_digit_is_always_found(digits: str, position: int, shift: int):
    gtin = digits + check_digit(digits)
    wrong = str((int(gtin[position]) + shift) % 10)
    mistyped = gtin[:position] + wrong + gtin[position + 1 :]
    assert isinstance(normal_gtin(mistyped), GtinCheckDigitWrong)


@given(DIGITS, st.integers(0, 12))
def test_swapped_neighbours_are_found_unless_they_differ_by_five(digits: str, position: int):
    gtin = digits + check_digit(digits)
    one, other = gtin[position], gtin[position + 1]
    assume(one != other and abs(int(one) - int(other)) != 5)
    swapped = gtin[:position] + other + one + gtin[position + 2 :]
    assert isinstance(normal_gtin(swapped), GtinCheckDigitWrong)
