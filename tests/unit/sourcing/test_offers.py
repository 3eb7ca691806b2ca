"""To one site or to several: what is expected in the end decides, and who is unknown makes no case."""

from fractions import Fraction
from uuid import UUID

import pytest
from msgspec.structs import replace

from loopline.kernel.ids import SiteId
from loopline.sourcing.offers import Answering, Candidate, Offering, OfferTerms, expected_minor, sites_to_call

A, B, C = (SiteId(UUID(int=at)) for at in (1, 2, 3))
OPEN = OfferTerms(open_offers=True, extra_minor_max=100, redispatch_minor=300, waiting_hour_minor=120)


def at(site_id: SiteId, cost_minor: int) -> Candidate:
    return Candidate(site_id=site_id, metres=1_000, cost_minor=cost_minor)


def known(**sites: tuple[int, int]) -> Offering:
    """Sites by letter: how probably they accept (basis points), after how many minutes."""
    ids = {"a": A, "b": B, "c": C}
    answering = {
        ids[letter]: Answering(accepts_basis_points=accepts, minutes=minutes)
        for letter, (accepts, minutes) in sites.items()
    }
    return Offering(terms=OPEN, answering=answering)


def test_what_one_site_is_expected_to_cost():
    """Half the time 1,000 and ten minutes at 2 each; else 1,000, another site at 300, and four hours at 120."""
    assert expected_minor([at(A, 1_000)], offering=known(a=(5_000, 10))) == Fraction(1_020 + 1_780, 2)


def test_of_several_who_answers_first_has_it():
    """B answers after 5 minutes in half of all cases; of the others A does in half, after 10; a quarter is lost."""
    expected = expected_minor([at(A, 1_000), at(B, 1_050)], offering=known(a=(5_000, 10), b=(5_000, 5)))
    assert expected == Fraction(1_060, 2) + Fraction(1_020, 4) + Fraction(1_780, 4)


def test_nobody_waits_longer_than_the_deadline():
    assert expected_minor([at(A, 0)], offering=known(a=(10_000, 999))) == 480


def test_several_wait_as_long_as_the_one_with_the_least_time():
    """B has half an hour: where nobody answers, that costs half an hour at 120."""
    quick = replace(at(B, 1_050), answer_minutes=30)
    expected = expected_minor([at(A, 1_000), quick], offering=known(a=(5_000, 20), b=(5_000, 5)))
    assert expected == Fraction(1_060, 2) + Fraction(1_040, 4) + Fraction(1_360, 4)
    assert expected_minor([quick], offering=known(b=(0, 5))) == 1_050 + 300 + 60


def test_who_would_answer_after_anothers_time_is_over_does_not_count():
    """A takes an hour and B leaves but half of one: with B it is B alone, at the cost of asking A again."""
    hasty = replace(at(B, 1_050), answer_minutes=30)
    offering = known(a=(9_000, 60), b=(5_000, 5))
    assert expected_minor([at(A, 1_000), hasty], offering=offering) == Fraction(1_060 + 1_360, 2)
    assert expected_minor([at(A, 1_000)], offering=offering) == Fraction(9 * 1_120 + 1_780, 10)
    # So nobody cuts off whoever is likely to say yes by setting a time too short for them.
    assert sites_to_call([at(A, 1_000), hasty], offering=offering) == ()
    patient = replace(hasty, answer_minutes=240)
    called = sites_to_call([at(A, 1_000), patient], offering=offering)
    assert [one.site_id for one in called] == [A, B]


@pytest.mark.parametrize(
    ("offering", "called"),
    [
        (known(a=(5_000, 10), b=(5_000, 5)), (A, B)),
        (known(a=(10_000, 10), b=(10_000, 10)), ()),  # A is sure, and cheaper
        (known(a=(5_000, 10)), ()),  # of B nobody knows
        (known(b=(5_000, 10)), ()),  # of A nobody knows
        (known(), ()),
        (known(a=(1_000, 10), b=(5_000, 5), c=(5_000, 5)), (A, B)),  # C costs too much more
    ],
)
def test_who_is_called(offering: Offering, called: tuple[SiteId, ...]):
    candidates = [at(A, 1_000), at(C, 1_101), at(B, 1_050)]
    assert tuple(one.site_id for one in sites_to_call(candidates, offering=offering)) == called


def test_without_open_offers_and_beyond_the_most_sites_nobody_is_called():
    offering = known(a=(1_000, 10), b=(1_000, 10), c=(1_000, 10))
    candidates = [at(A, 1_000), at(B, 1_001), at(C, 1_100)]
    assert len(sites_to_call(candidates, offering=offering)) == 3
    two = replace(offering, terms=replace(OPEN, sites_per_call_max=2))
    assert [one.site_id for one in sites_to_call(candidates, offering=two)] == [A, B]
    closed = replace(offering, terms=replace(OPEN, open_offers=False))
    assert sites_to_call(candidates, offering=closed) == ()


def test_the_cheapest_stands_first_whoever_was_chosen():
    """A plan for a whole wave may choose a dearer site, so that another order has the cheaper one's goods."""
    called = sites_to_call([at(B, 1_050), at(A, 1_000)], offering=known(a=(5_000, 5), b=(5_000, 10)))
    assert [one.site_id for one in called] == [A, B]
