"""Where a customer wants it near to: typed, told by a browser, or nowhere that is known."""

import pytest

from loopline.kernel.cities import city_in
from loopline.web.shop.near import near_in


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("上海市徐汇区武康路 99 号", "310100"),
        ("上海", "310100"),
        ("  Wukang Road 99, SHANGHAI", "310100"),
        ("杭州西湖区", "330100"),
        ("330106", "330100"),
        ("xi'an bell tower", "610100"),
        ("ＳＨＡＮＧＨＡＩ", "310100"),
        ("台州", "331000"),
        ("从上海到杭州", "310100"),
    ],
)
def test_a_typed_address_is_near_the_city_in_it(typed: str, code: str):
    near = near_in(typed)
    assert near is not None
    assert (near.region_code, near.kept) == (code, code)


def test_a_browsers_place_is_known_to_about_a_kilometre():
    near = near_in("31.234567,121.456789")
    assert near is not None
    assert (near.coordinates.latitude, near.coordinates.longitude) == (31.23, 121.46)
    assert (near.region_code, near.kept) == ("", "31.23,121.46")
    again = near_in(near.kept)
    assert again == near


@pytest.mark.parametrize(
    "typed", ["", "Narnia", "徐汇区", "91.00,10.00", "10.00,181.00", "1,2,3", "\x00", "9" * 400]
)
def test_a_place_that_nobody_knows_is_none(typed: str):
    assert near_in(typed) is None


def test_of_two_cities_the_first_counts_and_of_names_the_longest():
    found = city_in("Hangzhou, then Shanghai")
    assert found is not None
    assert found.english == "Hangzhou"
