"""When customers of the made-up brand come."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

from loopline.simulator.brand.chance import Weighted, stream
from loopline.simulator.brand.demand import ONLINE_HOURS, STORE_HOURS, arrivals, busy_at

MIDNIGHT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # in Shanghai
DAY = timedelta(days=1)


def _of_a_day(seed: int, *, floor: float = 0.0) -> list[datetime]:
    coming = arrivals(stream(seed, "test"), MIDNIGHT, per_hour=100.0, hours=STORE_HOURS, floor=floor)
    return list(takewhile(lambda at: at < MIDNIGHT + DAY, coming))


def test_a_seed_always_brings_the_same_customers() -> None:
    assert _of_a_day(7) == _of_a_day(7)
    assert _of_a_day(7) != _of_a_day(8)


def test_customers_come_while_stores_are_open_most_in_the_evening() -> None:
    hours = [(at - MIDNIGHT) // timedelta(hours=1) for at in _of_a_day(7)]
    counts = [hours.count(hour) for hour in range(24)]
    assert counts[:10] == [0] * 10
    assert counts[22:] == [0, 0]
    assert max(counts) == counts[19]
    assert abs(sum(counts) - 100 * sum(STORE_HOURS)) < 150  # three standard deviations


def test_a_floor_keeps_the_night_awake() -> None:
    night = [at for at in _of_a_day(7, floor=1.0) if at < MIDNIGHT + timedelta(hours=10)]
    assert abs(len(night) - 1_000) < 100
    assert busy_at(STORE_HOURS, MIDNIGHT, floor=0.5) == 0.5


def test_every_hour_has_its_figure() -> None:
    assert len(STORE_HOURS) == len(ONLINE_HOURS) == 24


def test_weights_say_how_often_a_thing_is_picked() -> None:
    pick = Weighted(["often", "never", "seldom"], [9.0, 0.0, 1.0])
    chance = stream(1, "weights")
    picked = [pick.pick(chance) for _ in range(2_000)]
    assert picked.count("never") == 0
    assert 150 < picked.count("seldom") < 250
