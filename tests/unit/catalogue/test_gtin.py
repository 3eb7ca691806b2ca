"""Check digits, against the cases that GS1 publishes for its own software."""

import json

import pytest

from loopline.catalogue.rules import (
    GtinCheckDigitWrong,
    GtinNotUsable,
    check_digit,
    normal_code,
    normal_gtin,
)
from tests.shared_data import shared_data


@pytest.mark.parametrize(
    ("gtin", "kept"),
    [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("6901028075763", "06901028075763"),
        ("10012345678902", "10012345678902"),
        (" 4006381333931 ", "04006381333931"),
    ],
)
def test_a_gtin_is_kept_with_fourteen_digits(gtin: str, kept: str):
    assert normal_gtin(gtin) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "400638133393",
        "40063813339311234",
        "400638133393X",
        "４００６３８１３３３９３１",
        "-4006381333931",
    ],
)
def test_what_is_no_gtin_is_refused(text: str):
    refusal = normal_gtin(text)
    if text == "400638133393":  # twelve digits: a length that GTINs have, with a wrong last digit
        assert isinstance(refusal, GtinCheckDigitWrong)
    else:
        assert refusal == GtinNotUsable(value=text)


def test_the_refusal_names_the_digit_that_should_be_there():
    refusal = normal_gtin("4006381333932")
    assert refusal == GtinCheckDigitWrong(value="4006381333932", expected="1")
    assert isinstance(refusal, GtinCheckDigitWrong)
    assert refusal.code == "gtin_check_digit_wrong"
    assert refusal.message() == (
        "The last digit of 4006381333932 should be 1: a digit was mistyped or two were swapped."
    )


def test_gs1_cases():
    lines = shared_data("gs1/linters.jsonl").read_text(encoding="utf-8").strip().split("\n")
    cases = [case for case in map(json.loads, lines) if case["linter"] == "gs1_lint_csum"]
    judged = 0
    for case in cases:
        value = case["value"]
        if len(value) >= 2 and value.isdigit():
            assert (check_digit(value[:-1]) == value[-1]) is case["ok"], case
            judged += 1
    assert judged == 8


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("85123a", "85123A"),
        ("  PADS\t", "PADS"),
        ("ｇｉｆｔ＿１", "GIFT_1"),
        ("bank charges", "BANK CHARGES"),
    ],
)
def test_a_stock_code_has_one_spelling(typed: str, kept: str):
    assert normal_code(typed) == kept
    assert normal_code(kept) == kept
