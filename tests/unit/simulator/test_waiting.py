"""What waiting buys: every way to decide a day is priced by the same code, which refuses a plan that breaks a rule."""

import subprocess
import sys

import msgspec
import numpy as np
import pytest

from loopline.simulator.waiting.country import Asked, draw_day
from loopline.simulator.waiting.study import WAYS, Found, study
from loopline.sourcing.optimiser.instance import problem_of

SMALL = Asked(orders=80, sites=8, seed=3)


def test_no_way_is_cheaper_than_knowing_it_all_and_long_windows_beat_none():
    found = study(SMALL, seconds=1)
    least = found.clairvoyant_minor * (1 - found.gap)
    ways = {((way.window_minutes, way.again_minutes), way.priced): way for way in found.ways}
    assert set(ways) == {(way, priced) for way in WAYS for priced in (False, True)}
    assert all(way.cost_minor >= least - 1 for way in found.ways)
    assert ways[(240, 0), False].cost_minor < ways[(0, 0), False].cost_minor
    assert ways[(0, 0), True].cost_minor < ways[(0, 0), False].cost_minor
    assert ways[(15, 60), False].cost_minor != ways[(15, 0), False].cost_minor  # something was decided again
    assert [ways[way, False].mean_wait_minutes for way in WAYS] == sorted(
        ways[way, True].mean_wait_minutes for way in WAYS
    )


def test_two_days_meet_the_same_sites_and_stock_with_other_orders():
    one, two, again = draw_day(SMALL, day=1), draw_day(SMALL, day=2), draw_day(SMALL, day=1)
    assert (one.instance.sites, one.instance.stock) == (two.instance.sites, two.instance.stock)
    assert one.instance.orders != two.instance.orders
    assert one == again
    assert one.minutes == sorted(one.minutes)
    assert 0 <= one.minutes[0] <= one.minutes[-1] < 24 * 60


def test_cover_and_load_are_what_they_say():
    problem = problem_of(draw_day(msgspec.structs.replace(SMALL, orders=2_000, cover=2.0, load=0.5)).instance)
    assert (
        1.7 < problem.stock.units.sum() / problem.lines.units.sum() < 2.8
    )  # a few units more of what hardly sells
    assert np.isclose(problem.sites.capacity.sum(), 2_000 / 0.5, rtol=0.02)


@pytest.mark.slow
def test_the_command_prints_one_object():
    asked = ["simulate", "waiting", "--orders", "12", "--sites", "3", "--seconds", "1", "--json"]
    said = subprocess.run(
        [sys.executable, "-m", "loopline.cli.main", *asked], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    found = msgspec.json.decode(said.stdout, type=Found)
    assert (found.orders, found.sites, len(found.ways)) == (12, 3, 10)
