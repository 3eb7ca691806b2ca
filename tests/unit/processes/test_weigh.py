"""What a profile makes of sites and goods beside what parcels cost."""

from math import exp, factorial
from uuid import UUID

import pytest

from loopline.kernel.ids import PartyId
from loopline.processes.weigh import chance_of_at_least, fair_shares, unit_credit
from loopline.sourcing.settings import Fairness, SiteTerms
from tests.make.sourcing import site_id

TERMS = SiteTerms(
    ageing_credit_minor=50, stockout_cost_minor=1_000, other_territory_minor=0, answer_minutes=240
)
NORTH, SOUTH = PartyId(UUID(int=1)), PartyId(UUID(int=2))


@pytest.mark.parametrize(("units", "mean"), [(1, 1), (3, 2), (7, 7), (12, 5)])
def test_a_poisson_tail_is_the_sum_of_its_terms(units: int, mean: int):
    below = sum(exp(-mean) * mean**count / factorial(count) for count in range(units))
    assert chance_of_at_least(units, mean=mean) == pytest.approx(1 - below)


def test_a_unit_that_lay_long_earns_and_one_that_came_lately_does_not():
    assert unit_credit(5, came=4, sold=0, terms=TERMS) == 50
    assert unit_credit(5, came=5, sold=0, terms=TERMS) == 0


def test_the_last_unit_of_what_sells_risks_more_than_one_of_many():
    last = unit_credit(1, came=9, sold=2, terms=TERMS)
    assert last == -round(1_000 * (1 - exp(-2)))
    assert unit_credit(30, came=99, sold=2, terms=TERMS) == 0
    assert unit_credit(900, came=999, sold=1_000, terms=TERMS) == -1_000


def test_a_dealer_with_too_much_of_the_work_is_spared_and_one_with_too_little_preferred():
    fairness = Fairness(days=7, least_percent=20, most_percent=60, parcel_minor=80)
    dealer_of = {site_id(1): NORTH, site_id(2): NORTH, site_id(3): SOUTH}
    work = {site_id(1): 50, site_id(2): 20, site_id(3): 10, site_id(4): 20}
    assert fair_shares(fairness, dealer_of, work=work) == {site_id(1): 80, site_id(2): 80, site_id(3): -80}
    fair = {site_id(1): 60, site_id(3): 20, site_id(4): 20}
    assert set(fair_shares(fairness, dealer_of, work=fair).values()) == {0}
    assert fair_shares(fairness, dealer_of, work={}) == {}
