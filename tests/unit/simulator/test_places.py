"""Where the made-up brand sells, and who works there."""

import csv

from loopline.kernel.cities import city_by_code
from loopline.kernel.geography import great_circle_kilometres
from loopline.org import Role
from loopline.simulator.brand.people import ACCOUNTS, HUMAN_STORE, guides, workers
from loopline.simulator.brand.places import DEALERS, PLACES, STORES, WAREHOUSES
from loopline.simulator.brand.scene import some_stores
from tests.shared_data import shared_data


def test_the_brand_has_its_stores_dealers_and_warehouses() -> None:
    assert len(STORES) == 36
    assert len(WAREHOUSES) == 2
    assert [sum(store.dealer == dealer.code for store in STORES) for dealer in DEALERS] == [4, 4, 4]
    assert [place.code for place in PLACES] == ["W01", "W02", *(f"S{number:02d}" for number in range(1, 37))]
    assert len({place.name for place in PLACES}) == 38


def test_every_place_lies_in_the_city_of_its_district() -> None:
    for place in PLACES:
        city = city_by_code(place.region_code)
        assert city is not None, place.name
        assert great_circle_kilometres(place.coordinates, city.coordinates) < 40, place.name
        assert place.chinese.startswith(city.chinese.removesuffix("市")), place.name


def test_districts_are_in_a_published_list() -> None:
    with shared_data("china/adcodes.csv").open(encoding="utf-8") as file:
        listed = {row["adcode"][:6] for row in csv.DictReader(file)}
    assert {place.region_code for place in PLACES} - listed == set()


def test_everybody_has_a_name_to_sign_in_with_and_a_role() -> None:
    everybody = workers()
    assert len({one.sign_in_name for one in everybody}) == len(everybody)
    assert all(len(one.roles) == 1 for one in everybody)
    assert len(guides()) == sum(store.guides for store in STORES) == 108


def test_whoever_is_listed_works_there_under_the_listed_name() -> None:
    names = {one.sign_in_name: (one.name, one.unit_code, one.roles) for one in workers()}
    assert len(ACCOUNTS) == 14
    for one in ACCOUNTS:
        assert names[one.sign_in_name] == (one.name, one.unit_code, (one.role,))
    assert {one.role for one in ACCOUNTS} == set(Role)
    managers = [one for one in ACCOUNTS if one.role is Role.STORE_MANAGER]
    assert managers[0].unit_code == HUMAN_STORE


def test_a_smaller_brand_has_stores_of_its_own_and_of_dealers() -> None:
    assert [store.code for store in some_stores(4)] == ["S01", "S10", "S19", "S28"]
    assert some_stores(36) == STORES
    assert [store.code for store in some_stores(0)] == ["S01"]
