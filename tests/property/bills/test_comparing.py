"""Whatever the two sides say: every line stands in one place, and the classes add up to what the sides differ."""

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from loopline.bills import (
    BillId,
    BillLineId,
    DayFees,
    DifferenceClass,
    LineKind,
    OpenLine,
    OurKind,
    OurLine,
)
from loopline.processes.reconcile.classes import Age
from loopline.processes.reconcile.running import Look, compare
from tests.make.bills import DAY, source

BILL = BillId(UUID(int=1))
DAYS = [DAY + timedelta(days=shift) for shift in range(-2, 4)]
numbers = st.sampled_from(["A", "B", "C", "D", "E"])
amounts = st.sampled_from([-500, -100, 100, 300, 291, 9_999])


@st.composite
def open_lines(draw: st.DrawFn) -> list[OpenLine]:
    count = draw(st.integers(0, 8))
    made: list[OpenLine] = []
    said: set[tuple[str, LineKind, int]] = set()
    for place in range(count):
        amount = draw(amounts)
        kind = draw(st.sampled_from([LineKind.FEE, LineKind.PAYMENT if amount > 0 else LineKind.REFUND]))
        number = draw(numbers)
        what = (number, kind, amount)
        made.append(
            OpenLine(
                id=BillLineId(UUID(int=1000 + place)),
                bill_id=BILL,
                row=place + 2,
                day=draw(st.sampled_from(DAYS)),
                kind=kind,
                amount_minor=amount,
                fee_minor=draw(st.integers(-3, 9)),
                number=number,
                keys=tuple(dict.fromkeys([number, *draw(st.lists(numbers, max_size=2))])),
                wording="",
                is_repeat=what in said,
                is_settled=draw(st.integers(0, 9)) == 0,
            )
        )
        said.add(what)
    return made


@st.composite
def our_lines(draw: st.DrawFn) -> list[OurLine]:
    return [
        OurLine(
            kind=OurKind.PAYMENT if amount > 0 else OurKind.REFUND,
            id=UUID(int=2000 + place),
            day=draw(st.sampled_from(DAYS)),
            amount_minor=amount,
            number="",
            keys=tuple(draw(st.lists(numbers, max_size=2, unique=True))),
        )
        for place, amount in enumerate(draw(st.lists(amounts, max_size=8)))
    ]


@st.composite
def looks(draw: st.DrawFn) -> Look:
    theirs, ours = draw(open_lines()), draw(our_lines())
    names = [(one.kind, one.id) for one in ours]
    fees = {
        day: [one.fee_minor for one in theirs if one.day == day]
        for day in sorted({one.day for one in theirs})
        if DAY <= day <= DAY + timedelta(days=1)
    }
    return Look(
        source=source(),
        first_day=DAY,
        last_day=DAY + timedelta(days=1),
        age=Age(
            today=DAY + timedelta(days=draw(st.integers(0, 5))),
            covered_until=DAY + timedelta(days=draw(st.integers(0, 3))),
            grace_days=2,
        ),
        theirs=theirs,
        ours=ours,
        settled=frozenset(draw(st.sets(st.sampled_from(names), max_size=2))) if names else frozenset(),
        standing=frozenset(
            name for name, one in zip(names, ours, strict=True) if one.day < DAY and draw(st.booleans())
        ),
        pairs=[],
        unequal=[],
        fees=[
            DayFees(bill_id=BILL, day=day, fee_minor=sum(kept), lines=len(kept))
            for day, kept in fees.items()
            if sum(kept)
        ],
    )


@settings(max_examples=400, deadline=None)
@given(seen=looks())
def test_every_line_is_matched_or_a_difference_and_classes_add_up(seen: Look):
    found = compare(seen)
    theirs_at = Counter(pair.line_id for pair in found.pairs) + Counter(
        one.line_id for one in found.found if one.line_id is not None and one.ours is None
    )
    ours_at = Counter((pair.ours.kind, pair.ours.id) for pair in found.pairs) + Counter(
        (one.ours.kind, one.ours.id) for one in found.found if one.ours is not None and one.line_id is None
    )
    last = seen.last_day
    theirs = {one.id: one for one in seen.theirs if one.day <= last}
    ours = {
        (one.kind, one.id): one
        for one in seen.ours
        if DAY <= one.day <= last or (one.kind, one.id) in seen.standing
    }
    # In exactly one place each; a line from around the days only where it met its other half.
    assert set(theirs_at.values()) <= {1}
    assert set(ours_at.values()) <= {1}
    assert set(theirs) <= set(theirs_at)
    assert set(ours) <= set(ours_at)
    beyond = {one.id: one for one in seen.theirs if one.id in theirs_at}
    near = {(one.kind, one.id): one for one in seen.ours if (one.kind, one.id) in ours_at}
    assert set(theirs_at) - set(theirs) <= {pair.line_id for pair in found.pairs}
    total_theirs = sum(one.amount_minor for one in beyond.values()) - sum(one.fee_minor for one in seen.fees)
    total_ours = sum(one.amount_minor for one in near.values())
    assert (found.totals.theirs_minor, found.totals.ours_minor) == (total_theirs, total_ours)
    assert sum(one.amount_minor for one in found.found) == total_theirs - total_ours
    assert (found.totals.theirs_lines, found.totals.ours_lines) == (len(theirs_at), len(ours_at))
    unequal = [one for one in found.found if one.line_id is not None and one.ours is not None]
    assert found.totals.matched == len(found.pairs) - len(unequal)


@settings(max_examples=200, deadline=None)
@given(seen=looks())
def test_what_was_corrected_or_said_twice_is_never_matched(seen: Look):
    found = compare(seen)
    aside = {one.id for one in seen.theirs if one.is_settled or one.is_repeat or one.kind is LineKind.FEE}
    assert not aside & {pair.line_id for pair in found.pairs}
    assert not seen.settled & {(pair.ours.kind, pair.ours.id) for pair in found.pairs}
    of_line = {one.line_id: one.kind for one in found.found if one.ours is None}
    for one in seen.theirs:
        if one.id in of_line and (one.is_repeat or one.kind is LineKind.FEE):
            # A fee that is said twice is said twice.
            assert of_line[one.id] is (DifferenceClass.DUPLICATE if one.is_repeat else DifferenceClass.FEE)


@settings(max_examples=200, deadline=None)
@given(seen=looks(), days=st.integers(0, 40))
def test_a_lines_class_hangs_on_its_age_alone(seen: Look, days: int):
    age = Age(today=DAY + timedelta(days=days), covered_until=date.max, grace_days=2)
    for one in compare(msgspec.structs.replace(seen, age=age)).found:
        if one.kind is DifferenceClass.TIMING:
            assert (age.today - one.day).days < 2
