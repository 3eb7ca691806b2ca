"""Acceptance: planted probabilities are found, days held back stay unseen, trees stay only where they are better."""

from datetime import date
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from loopline.insight.acceptance.columns import loads
from loopline.insight.acceptance.features import known_before, table
from loopline.insight.acceptance.learning import learn, split_by_day
from loopline.insight.acceptance.measures import measure
from loopline.insight.acceptance.model import Floats, Offers
from loopline.insight.acceptance.rates import NOTHING_KNOWN, prior_from, probabilities, record_of
from loopline.insight.acceptance.trees import Forest, Trees, read_trees, write_trees
from tests.make.acceptance import FIRST_DAY, Planted, planted

FEW_DAYS = 8  # enough to hold days back, too few for trees


def entropy(probability: Floats) -> Floats:
    return -(probability * np.log(probability) + (1 - probability) * np.log1p(-probability))


def test_the_rates_of_sites_are_found_within_their_statistical_error():
    world = planted(1, sites=200, days=10)
    record = record_of(world.offers, sites=200)
    found = probabilities(record.offers, record.accepted, prior_from(record))
    error = np.sqrt(world.of_site * (1 - world.of_site) / 80)
    assert np.mean(np.abs(found - world.of_site) < 2 * error) > 0.93
    # Drawing towards the common rate is worth it: the error is smaller than that of each site's own share.
    assert np.square(found - world.of_site).mean() < np.square(record.accepted / 80 - world.of_site).mean()


def test_the_strength_of_the_prior_is_how_much_sites_differ():
    alike = planted(2, sites=200, days=20, shape=lambda ordinary, _: np.full(len(ordinary), 0.8))
    assert prior_from(record_of(alike.offers, sites=200)).offers > 200
    differing = prior_from(record_of(planted(2, sites=200, days=20).offers, sites=200))
    assert 7 < differing.offers < 14  # planted: beta(8, 2), ten offers
    assert differing.probability == pytest.approx(0.8, abs=0.03)


def test_a_site_without_a_record_is_what_all_sites_are_and_moves_with_its_first_offer():
    prior = msgspec.structs.replace(NOTHING_KNOWN, probability=0.8, offers=8.0)
    none, one, ten = probabilities(np.array([0, 1, 10]), np.array([0, 0, 0]), prior)
    assert (none, one, ten) == (0.8, pytest.approx(6.4 / 9), pytest.approx(6.4 / 18))


def test_measures_are_what_they_are_called():
    found = measure(np.array([0.9, 0.6, 0.6, 0.2]), np.array([True, True, False, False]))
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.6, 0.4, 0.8]).mean())
    assert found.brier == pytest.approx((0.01 + 0.16 + 0.36 + 0.04) / 4)
    assert found.auc == pytest.approx(3.5 / 4)  # of four pairs one is a tie
    assert [(one.offers, one.foretold, one.accepted) for one in found.calibration] == [
        (1, 0.2, 0.0),
        (1, 0.6, 1.0),
        (1, 0.6, 0.0),
        (1, 0.9, 1.0),
    ]
    assert measure(np.array([0.9, 0.8]), np.array([True, True])).auc is None


def test_the_last_fifth_of_the_days_is_held_back_whole():
    offers = planted(3, sites=3, days=12, per_day=2).offers
    split = split_by_day(offers)
    assert split is not None
    assert set(offers.day[split.later]) == {FIRST_DAY + 10, FIRST_DAY + 11}
    assert offers.day[split.earlier].max() < offers.day[split.later].min()
    assert (split.earlier ^ split.later).all()
    assert split_by_day(offers.only(offers.day < FIRST_DAY + 4)) is None


def test_the_measure_is_of_days_that_nothing_was_learnt_from():
    """Sites that took nine of ten suddenly take three. Whoever learns from a day it is measured on knows of it."""

    def change(ordinary: Floats, offers: Offers) -> Floats:
        return np.where(offers.day < FIRST_DAY + FEW_DAYS - 1, 0.9, 0.3)

    world = planted(4, days=FEW_DAYS, per_day=20, shape=change)
    learnt = learn(world.offers, sites=40, seed=1)
    assert learnt.held_back_from == date.fromordinal(FIRST_DAY + FEW_DAYS - 1)
    assert learnt.measures.held_back_offers == 800
    rates = learnt.measures.rates
    assert rates is not None
    honest = -(0.3 * np.log(0.9) + 0.7 * np.log(0.1))  # 1.64; with the day in the record it is about 0.9
    assert rates.log_loss == pytest.approx(honest, abs=0.1)


def test_what_is_known_of_a_site_is_of_earlier_days_alone():
    offers = planted(5, sites=4, days=6, per_day=5).offers
    known = known_before(offers, sites=4)
    assert list(known.offers) == [5 * int(day - FIRST_DAY) for day in offers.day]
    turned = offers.accepted.copy()
    turned[offers.day == FIRST_DAY + 3] ^= True
    of_others = known_before(msgspec.structs.replace(offers, accepted=turned), sites=4)
    changed = offers.day[known.probability != of_others.probability]
    assert set(changed) == {FIRST_DAY + 4, FIRST_DAY + 5}


def test_a_sites_load_is_what_was_offered_that_day_and_kept_its_place():
    site, day = np.array([0, 1, 0, 0, 0]), np.array([7, 7, 7, 7, 8])
    offered = np.array([10.0, 11.0, 12.0, 20.0, 30.0])
    ended = np.array([15.0, np.nan, np.nan, np.nan, np.nan])
    assert list(loads(site, day, offered, ended)) == [0, 0, 1, 1, 0]


def test_trees_are_read_as_they_were_written_and_unknown_values_go_their_way():
    trees = Trees(
        roots=[0, 3],
        feature=[1, -1, -1, -1],
        threshold=[2.5, 0.0, 0.0, 0.0],
        left=[1, 1, 2, 3],
        right=[2, 1, 2, 3],
        unknown_left=[True, False, False, False],
        value=[0.0, 10.0, 20.0, 0.5],
    )
    rows = np.array([[0.0, 2.5], [0.0, 2.6], [0.0, np.nan]])
    for forest in (Forest(trees), read_trees(write_trees(trees))):
        assert list(forest.scores(rows)) == [10.5, 20.5, 10.5]


@pytest.mark.slow
def test_trees_find_load_distance_and_evening_and_say_how_much_that_is_worth():
    def tired(ordinary: Floats, offers: Offers) -> Floats:
        scores = np.log(ordinary / (1 - ordinary)) - 0.25 * offers.load - 0.05 * (offers.kilometres - 10)
        return 1 / (1 + np.exp(-(scores - (offers.hour >= 18))))

    world = planted(6, shape=tired)
    learnt = learn(world.offers, sites=40, seed=1)
    measures = learnt.measures
    assert learnt.trees is not None
    assert learnt.minute_trees is None  # planted without any pattern
    assert measures.rates is not None
    assert measures.trees is not None
    later = world.offers.day >= FIRST_DAY + 32
    possible = float(entropy(world.probability[later]).mean())
    # Most of what can be known beyond the plain rates is found.
    assert measures.trees.log_loss - possible < 0.3 * (measures.rates.log_loss - possible)
    assert measures.trees.auc is not None
    assert measures.rates.auc is not None
    assert measures.trees.auc > measures.rates.auc + 0.05
    for one in measures.trees.calibration:
        assert one.accepted == pytest.approx(one.foretold, abs=4 * np.sqrt(0.25 / one.offers))
    assert learn(world.offers, sites=40, seed=1).trees == learnt.trees


def _asked(world: Planted, *, rounds: int, extra_minor: int) -> Floats:
    """The features of ordinary offers that came back so often and pay so much on top."""
    some = np.zeros(len(world.offers), np.bool_)
    some[:200] = True
    offers = world.offers.only(some)
    changed = msgspec.structs.replace(
        offers,
        rounds=np.full(len(offers), rounds),
        extra_minor=np.full(len(offers), extra_minor),
        hour=np.full(len(offers), 12),
        weekday=np.full(len(offers), 3),
        load=np.full(len(offers), 2),
    )
    return table(changed, known_before(offers, sites=40))


@pytest.mark.slow
def test_trees_find_what_pay_on_top_is_worth_and_say_so_of_the_offers_that_had_it():
    def paid(ordinary: Floats, offers: Offers) -> Floats:
        scores = np.log(ordinary / (1 - ordinary)) - 1.5 * offers.rounds + 0.004 * offers.extra_minor
        return 1 / (1 + np.exp(-scores))

    world = planted(
        8,
        shape=paid,
        back=0.4,
        extra=lambda rounds, chance: np.where(rounds > 0, 100 * chance.integers(0, 9, len(rounds)), 0),
    )
    learnt = learn(world.offers, sites=40, seed=1)
    measures = learnt.measures
    assert learnt.trees is not None
    assert measures.paid_more_rates is not None
    assert measures.paid_more_trees is not None
    later = (world.offers.day >= FIRST_DAY + 32) & (world.offers.extra_minor > 0)
    assert measures.paid_more_offers == later.sum()
    possible = float(entropy(world.probability[later]).mean())
    assert measures.paid_more_trees.log_loss - possible < 0.4 * (measures.paid_more_rates.log_loss - possible)
    forest = Forest(learnt.trees)
    means = [
        float(forest.scores(_asked(world, rounds=1, extra_minor=minor)).mean()) for minor in (0, 400, 800)
    ]
    # 400 more is worth 1.6 in log odds; trees so small find most of it.
    assert means[0] + 0.8 < means[1] < means[2]


@pytest.mark.slow
def test_pay_is_not_blamed_for_what_made_others_leave_the_work():
    """Pay rises with each time it came back and moves nobody: offers that pay more are taken less all the same."""

    def unmoved(ordinary: Floats, offers: Offers) -> Floats:
        return 1 / (1 + np.exp(-(np.log(ordinary / (1 - ordinary)) - 1.2 * offers.rounds)))

    world = planted(9, shape=unmoved, back=0.4, extra=lambda rounds, _: 300 * rounds)
    learnt = learn(world.offers, sites=40, seed=1)
    assert learnt.trees is not None
    forest = Forest(learnt.trees)
    scores = [forest.scores(_asked(world, rounds=2, extra_minor=minor)) for minor in (0, 300, 600, 900)]
    for less, more in pairwise(scores):
        assert (more >= less - 1e-9).all()
    once, twice = (forest.scores(_asked(world, rounds=one, extra_minor=600)).mean() for one in (0, 2))
    assert twice < once - 1


@pytest.mark.slow
def test_trees_that_only_seem_better_are_not_kept():
    """Each site has a mood that lasts a day: whoever looks at the day itself foretells it, whoever does not cannot."""

    def moody(ordinary: Floats, offers: Offers) -> Floats:
        mood = np.random.default_rng(9).random((40, 40)) < 0.5
        return np.where(mood[offers.site, offers.day - FIRST_DAY], 0.95, 0.05)

    learnt = learn(planted(7, shape=moody).offers, sites=40, seed=1)
    assert learnt.trees is None
    assert learnt.measures.trees is not None
    assert learnt.measures.trees.auc == pytest.approx(0.5, abs=0.05)
    assert learnt.measures.trees.log_loss > 0.68  # a coin has 0.693
