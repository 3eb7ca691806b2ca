"""Chance by name: the same answer in any order, spread as it should be."""

import pytest

from loopline.simulator.replay.chance import Chance


def test_the_same_name_gets_the_same_answer_in_any_order():
    names = [("refusal", number) for number in range(50)]
    forth = [Chance(7).draw(*name) for name in names]
    chance = Chance(7)
    back = [chance.draw(*name) for name in reversed(names)]
    assert forth == back[::-1]


def test_another_seed_is_another_world():
    assert Chance(7).draw("a") != Chance(8).draw("a")
    assert Chance(-1).draw("a") != Chance(1).draw("a")


def test_names_do_not_run_together():
    assert Chance(7).draw("ab", "c") != Chance(7).draw("a", "bc")


def test_draws_are_even():
    chance = Chance(7)
    draws = [chance.draw(number) for number in range(20_000)]
    assert min(draws) >= 0
    assert max(draws) < 1
    assert sum(draws) / len(draws) == pytest.approx(0.5, abs=0.01)
    assert sum(chance.happens(0.03, "refused", number) for number in range(20_000)) == pytest.approx(
        600, abs=75
    )


def test_picks_follow_their_weights():
    chance = Chance(7)
    picked = [chance.pick_weighted("abc", (6, 3, 1), number) for number in range(10_000)]
    assert [picked.count(letter) / 10_000 for letter in "abc"] == pytest.approx([0.6, 0.3, 0.1], abs=0.02)
    assert {chance.pick("abc", number) for number in range(100)} == {"a", "b", "c"}


def test_a_weight_of_nothing_is_never_picked():
    chance = Chance(7)
    assert {chance.pick_weighted("ab", (0, 1), number) for number in range(1_000)} == {"b"}
