"""Members live somewhere, are somebody's customers, and tills are chosen: all from the seed."""

from collections import Counter

import pytest

from loopline.kernel.geography import Coordinates, great_circle_kilometres
from loopline.simulator.replay.chance import Chance
from loopline.simulator.replay.people import home_of, till_of
from loopline.simulator.replay.places import ABROAD, DEALERS, PLACES, STORES, WAREHOUSE

CHANCE = Chance(1)


def test_a_member_at_home_lives_near_the_store_that_brought_them():
    for number in range(300):
        home = home_of(str(number), country="GB", chance=CHANCE)
        assert great_circle_kilometres(home.coordinates, home.store.coordinates) < 70
        assert home.guide_party in {f"GUIDE-{home.store.code}-1", f"GUIDE-{home.store.code}-2"}


def test_a_member_abroad_lives_there():
    home = home_of("13047", country="FR", chance=CHANCE)
    longitude, latitude = ABROAD["FR"]
    paris = Coordinates(longitude=longitude, latitude=latitude)
    assert great_circle_kilometres(home.coordinates, paris) < 70


def test_homes_are_the_same_each_time_and_spread_over_the_stores():
    homes = [home_of(str(number), country="GB", chance=CHANCE) for number in range(2_000)]
    assert homes == [home_of(str(number), country="GB", chance=Chance(1)) for number in range(2_000)]
    assert len({home.store.code for home in homes}) == 20
    assert sum(home.streamer_party is not None for home in homes) / 2_000 == pytest.approx(0.15, abs=0.02)


def test_sales_of_many_lines_are_rung_up_in_large_stores_only():
    large = Counter(till_of(str(number), lines=30, chance=CHANCE).code for number in range(1_000))
    assert set(large) == {"S01", "S02", "S03"}
    small = Counter(till_of(str(number), lines=29, chance=CHANCE).code for number in range(5_000))
    assert set(small) == {store.code for store in STORES}
    assert small["S01"] / 5_000 == pytest.approx(0.3, abs=0.02)


def test_the_table_of_places_is_sound():
    assert len(STORES) == 20
    assert len({place.code for place in PLACES}) == 21
    assert sum(store.weight for store in STORES) == 1_000
    dealers = {dealer.code: dealer.region for dealer in DEALERS}
    for place in PLACES:
        assert place.dealer is None or dealers[place.dealer] == place.region
        assert 49 < place.latitude < 59
        assert -6 < place.longitude < 2
    assert WAREHOUSE.entity_code == "LANTERN-LTD"
