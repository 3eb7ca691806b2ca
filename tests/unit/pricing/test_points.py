"""Points by their rules: what is earned, which are left, which end next, what is deferred for them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import MemberId
from loopline.pricing.model import Derivation, Level, LineDerivation, Quote, QuoteLine
from loopline.pricing.points import Account, Lot, Programme
from loopline.pricing.points.refusals import ProgrammeNotUsable
from loopline.pricing.points.rules import (
    cost_of,
    deferred_for,
    ends_next,
    left_to_use,
    months_after,
    most_to_use,
    over_at,
    points_earned,
    problem_of,
    use_points,
    worth_of,
)
from tests.make.points import terms
from tests.make.pricing import new_id

START = datetime(2026, 1, 31, 8, tzinfo=UTC)
DAY = timedelta(days=1)
WHO = MemberId(new_id())
VERSION = new_id()


def lot(points: int, *, ends: int, pending: bool = False, of: UUID = VERSION) -> Lot:
    return Lot(
        id=new_id(),
        member_id=WHO,
        programme_id=of,
        whole=points,
        points=points,
        is_pending=pending,
        due_at=START,
        expires_at=START + ends * DAY,
    )


def account(available: int, **fields: Any) -> Account:
    return Account(member_id=WHO, available=available, **fields)


def version(of: UUID = VERSION, **changes: Any) -> dict[UUID, Programme]:
    made = Programme(id=of, version=1, terms=terms(**changes), author="x", comment="x", saved_at=START)
    return {of: made}


@pytest.mark.parametrize(
    ("changes", "paid", "earned"),
    [
        ({}, [10_099, 101], [101, 1]),
        ({}, [99], [0]),
        ({}, [0, 100], [0, 1]),
        ({"earn_points": 3, "earn_minor": 200}, [333, 333], [5, 4]),
        ({"channels": {"web": 5_000}}, [10_000], [50]),
        ({"channels": {"web": 0, "till": 20_000}}, [10_000], [0]),
        ({"channels": {"till": 20_000}}, [10_000], [100]),
    ],
)
def test_lines_earn_what_their_order_does(changes: dict[str, Any], paid: list[int], earned: list[int]):
    assert points_earned(terms(**changes), "web", paid) == earned


@pytest.mark.parametrize(
    ("months", "day"), [(1, "2026-02-28"), (12, "2027-01-31"), (25, "2028-02-29"), (3, "2026-04-30")]
)
def test_a_month_later_is_the_same_day_or_the_last(months: int, day: str):
    assert months_after(START, months).isoformat() == f"{day}T08:00:00+00:00"


def test_an_amount_costs_no_less_than_it_is_worth():
    odd = terms(redeem_points=300, redeem_minor=100)
    assert (worth_of(odd, 299), worth_of(odd, 300), cost_of(odd, 1), cost_of(odd, 100)) == (99, 100, 3, 300)


def test_those_that_end_first_are_used_first():
    late, early, pending = lot(200, ends=40), lot(100, ends=10), lot(50, ends=5, pending=True)
    lots = [late, early, pending]
    assert left_to_use(lots, 300) == [(early, 100), (late, 200)]
    assert left_to_use(lots, 250) == [(early, 50), (late, 200)]
    assert left_to_use(lots, 150) == [(late, 150)]
    assert left_to_use(lots, -5) == []
    ends = ends_next(lots, 250)
    assert ends is not None
    assert (ends.at, ends.points) == (early.expires_at, 50)
    assert over_at(lots, 250, START + 10 * DAY) == [(early, 50)]
    assert over_at(lots, 250, START + 10 * DAY - timedelta(microseconds=1)) == []


def test_what_is_held_is_deferred_and_what_is_owed_comes_off_what_is_pending():
    lots = [lot(100, ends=10), lot(40, ends=20, pending=True)]
    programmes = version(expected_basis_points=9_000)
    assert deferred_for(lots, account(100), programmes) == 126
    assert deferred_for(lots, account(30, held=70), programmes) == 126
    assert deferred_for(lots, account(30), programmes) == 63
    assert deferred_for(lots, account(-10), programmes) == 27
    assert deferred_for(lots, account(-50), programmes) == 0


def test_each_version_values_what_it_gave_and_all_of_it_is_rounded_once():
    other = new_id()
    programmes = version(redeem_points=3, redeem_minor=1) | version(other, redeem_points=6, redeem_minor=1)
    lots = [lot(1, ends=10), lot(1, ends=20, of=other)]
    assert deferred_for(lots, account(2), programmes) == 1
    assert deferred_for(lots, account(1), programmes) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("currency", "cny"),
        ("earn_minor", 0),
        ("months", 121),
        ("redeem_points", 0),
        ("least_minor", 0),
        ("most_basis_points", 10_001),
        ("channels", {"web": -1}),
    ],
)
def test_what_makes_no_sense_is_refused(field: str, value: object):
    assert problem_of(terms(**{field: value}), comment="why") == ProgrammeNotUsable(field=field)
    assert problem_of(terms(), comment="why") is None
    assert problem_of(terms(), comment=" ") == ProgrammeNotUsable(field="comment")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=6), st.integers(-50, 300))
def test_what_is_left_is_what_is_there(given_: list[tuple[int, int]], used: int):
    lots = [lot(points, ends=ends) for points, ends in given_]
    whole = sum(one.points for one in lots)
    available = whole - max(0, used)
    left = left_to_use(lots, available)
    assert sum(points for _, points in left) == max(0, available)
    assert [one.expires_at for one, _ in left] == sorted(one.expires_at for one, _ in left)
    assert all(0 < points <= one.points for one, points in left)


def quoted(amounts: list[int]) -> Quote:
    because = LineDerivation(decided_by=Level.BASE)
    return Quote(
        currency="CNY",
        lines=tuple(
            QuoteLine(
                unit_minor=one,
                amount_minor=one,
                tax_minor=0,
                tax_rate_basis_points=0,
                list_unit_minor=one,
                derivation=because,
            )
            for one in amounts
        ),
        amount_minor=sum(amounts),
        tax_minor=0,
        derivation=Derivation(day=START.date(), country="CN", taxes=(), lines=(because,) * len(amounts)),
    )


@given(
    st.lists(st.integers(0, 3_000), min_size=1, max_size=3),
    st.integers(-20, 4_000),
    st.integers(1, 400),
    st.integers(1, 400),
    st.integers(1, 10_000),
    st.integers(1, 300),
)
def test_what_a_page_offers_is_taken_and_one_more_is_not_to_be_had(
    amounts: list[int], available: int, redeem_points: int, redeem_minor: int, most: int, least: int
):
    made: dict[str, Any] = {
        "redeem_points": redeem_points,
        "redeem_minor": redeem_minor,
        "most_basis_points": most,
        "least_minor": least,
    }
    quote = quoted(amounts)
    offered = most_to_use(terms(**made), quote, available)
    (programme,) = version(**made).values()
    off = 0
    if offered:
        used = use_points(programme, quote, offered, available=available)
        assert isinstance(used, Quote)
        off = quote.amount_minor - used.amount_minor
        assert least <= off <= quote.amount_minor * most // 10_000
    for points in {offered + 1, offered + redeem_points, available}:  # what else is there takes no more off
        more = use_points(programme, quote, points, available=available) if points > offered else None
        assert not isinstance(more, Quote) or more.amount_minor == quote.amount_minor - off
