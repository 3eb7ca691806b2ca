"""The cities we know by their codes."""

import csv

import pytest

from loopline.kernel.cities import CITIES, city_by_code
from loopline.kernel.geography import Coordinates, great_circle_kilometres
from tests.shared_data import shared_data


def test_cities_are_listed_once_in_the_order_of_their_codes() -> None:
    codes = [city.region_code for city in CITIES]
    assert codes == sorted(set(codes))
    assert len(codes) == 63
    assert len({city.chinese for city in CITIES}) == 63
    assert len({city.english for city in CITIES}) == 63
    assert all(code.endswith("00") and not code.endswith("0000") for code in codes)


def test_a_city_says_its_names_and_its_centre() -> None:
    city = city_by_code("330100")
    assert city is not None
    assert (city.chinese, city.english, city.province_chinese) == ("杭州市", "Hangzhou", "浙江省")
    assert city.coordinates == Coordinates(longitude=120.21, latitude=30.25)


@pytest.mark.parametrize(
    ("region_code", "english"),
    [
        ("310100", "Shanghai"),
        ("310000", "Shanghai"),  # a municipality's code as a province
        ("310106", "Shanghai"),  # a district
        ("500233", "Chongqing"),  # a county of a municipality
        ("440305", "Shenzhen"),
        ("441900", "Dongguan"),  # a city without districts
    ],
)
def test_a_code_leads_to_the_city_it_lies_in(region_code: str, english: str) -> None:
    city = city_by_code(region_code)
    assert city is not None
    assert city.english == english


@pytest.mark.parametrize(
    "region_code", ["", "3101", "330000", "999999", "31010a", "３１０１００", "3101000", " 310100"]
)
def test_other_codes_lead_nowhere(region_code: str) -> None:
    assert city_by_code(region_code) is None


def test_codes_names_and_centres_agree_with_a_published_list() -> None:
    with shared_data("china/adcodes.csv").open(encoding="utf-8") as file:
        listed = {row["adcode"][:6]: row for row in csv.DictReader(file)}
    for city in CITIES:
        row = listed[city.region_code]
        province = listed[city.region_code[:2] + "0000"]["name"]
        assert city.province_chinese == province
        assert city.chinese == (province if row["name"] == "市辖区" else row["name"])
        centre = Coordinates(longitude=float(row["longitude"]), latitude=float(row["latitude"]))
        away = great_circle_kilometres(city.coordinates, centre)
        assert away < 25, (
            city.english,
            away,
        )  # governments that moved to a new town lie up to 20 km from the old one
