"""Who may take a visit on, set out, and end it: pure."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from loopline.kernel.ids import OrderId, SiteId
from loopline.slots import Booking, BookingState, SlotTerms, Way, goes_to
from loopline.slots.visits import (
    NotOnTheWay,
    NotSigned,
    NotTakenOn,
    Outcome,
    Proof,
    Visit,
    VisitOfAnother,
    WhyNotDone,
    done,
    not_done,
    on_the_way,
    set_out,
    taken_on,
)
from loopline.web.visits import who_comes

ORDER, SITE = OrderId(UUID(int=1)), SiteId(UUID(int=7))
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
ME, OTHER = "person:me", "person:other"
BOOKING = Booking(
    order_id=ORDER,
    way=Way.AT_HOME,
    site_id=SITE,
    starts_at=NOON,
    ends_at=LATER,
    state=BookingState.HELD,
    moves=0,
    carrier=None,
    made_at=NOON,
)
MINE = Visit(order_id=ORDER, number=1, site_id=SITE, by=ME, taken_at=NOON)


def under_way() -> Visit:
    visit = set_out(MINE, order_id=ORDER, by=ME, now=NOON)
    assert isinstance(visit, Visit)
    return visit


def test_a_colleague_takes_over_until_somebody_has_set_out():
    assert taken_on(None, BOOKING, by=ME, now=NOON) == MINE
    assert taken_on(MINE, BOOKING, by=ME, now=LATER) == MINE
    theirs = taken_on(MINE, BOOKING, by=OTHER, now=LATER)
    assert isinstance(theirs, Visit)
    assert (theirs.by, theirs.number, theirs.taken_at) == (OTHER, 1, LATER)
    assert taken_on(under_way(), BOOKING, by=OTHER, now=LATER) == VisitOfAnother(order_id=ORDER)


def test_after_a_visit_that_ended_there_may_be_another():
    in_vain = not_done(under_way(), WhyNotDone.NOBODY_HOME, now=LATER)
    again = taken_on(in_vain, BOOKING, by=OTHER, now=LATER)
    assert isinstance(again, Visit)
    assert (again.number, again.by, again.set_out_at, again.outcome) == (2, OTHER, None, None)


def test_only_who_took_it_on_sets_out_and_only_who_set_out_ends_it():
    assert set_out(None, order_id=ORDER, by=ME, now=NOON) == NotTakenOn(order_id=ORDER)
    assert set_out(MINE, order_id=ORDER, by=OTHER, now=NOON) == VisitOfAnother(order_id=ORDER)
    gone = under_way()
    assert gone.set_out_at == NOON
    assert set_out(gone, order_id=ORDER, by=ME, now=LATER) == gone
    assert on_the_way(MINE, order_id=ORDER, by=ME) == NotOnTheWay(order_id=ORDER)
    assert on_the_way(gone, order_id=ORDER, by=OTHER) == VisitOfAnother(order_id=ORDER)
    assert on_the_way(gone, order_id=ORDER, by=ME) == gone


def test_who_signs_has_a_name_and_who_says_a_code_leaves_none():
    assert done(under_way(), Proof.SIGNATURE, " ", now=LATER) == NotSigned()
    assert done(under_way(), Proof.SIGNATURE, "x" * 61, now=LATER) == NotSigned()
    signed = done(under_way(), Proof.SIGNATURE, " 王芳 ", now=LATER)
    assert isinstance(signed, Visit)
    assert (signed.signed_by, signed.outcome, signed.ended_at) == ("王芳", Outcome.DONE, LATER)
    by_code = done(under_way(), Proof.CODE, "王芳", now=LATER)
    assert isinstance(by_code, Visit)
    assert by_code.signed_by is None


@pytest.mark.parametrize(
    ("metres", "regions", "to", "goes"),
    [
        (8_000, (), "310100", True),
        (8_001, (), "310100", False),
        (1, ("310100",), "310100", True),
        (1, ("310100",), "310200", False),
        (1, ("31",), "310200", True),
        (1, ("32", "33"), "310100", False),
        (1, ("310100",), "", False),
        (9_000, ("31",), "310100", False),
    ],
)
def test_a_fitter_goes_so_far_and_only_where_it_is_said(
    metres: int, regions: tuple[str, ...], to: str, *, goes: bool
):
    terms = SlotTerms(kilometres_most=8, region_codes=regions)
    assert goes_to(terms, metres=metres, region_code=to) is goes


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("沈知夏 Shen Zhixia", "沈师傅 Zhixia"),
        ("欧阳娜娜", "欧阳师傅"),
        ("吴大力", "吴师傅"),
        ("Anna Lee", "Anna"),
    ],
)
def test_a_customer_is_told_no_more_of_a_name_than_is_needed(name: str, said: str):
    assert who_comes(name) == said
