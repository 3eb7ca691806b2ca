"""Where graded goods go, how long goods may come back, who decides about blind returns: pure."""

from datetime import timedelta
from uuid import UUID

import pytest

from loopline.kernel.ids import ReturnLineId
from loopline.returns import rules
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    Disposition,
    Grade,
    NothingBlindToDecide,
    Reason,
    RefundMakesNoSense,
    ReturnKind,
    ReturnWindow,
)
from tests.make.returns import NOW, asked, line

LINE = ReturnLineId(UUID(int=5))


@pytest.mark.parametrize(
    ("grade", "reason", "perishable", "expected"),
    [
        (Grade.AS_NEW, Reason.UNWANTED, False, Disposition.RESTOCK),
        (Grade.OPEN, Reason.UNWANTED, False, Disposition.REFURBISH),
        (Grade.TAIL, Reason.UNWANTED, False, Disposition.OUTLET),
        (Grade.DAMAGED, Reason.DAMAGED_IN_TRANSIT, False, Disposition.SCRAP),
        (Grade.DAMAGED, Reason.DEFECT, False, Disposition.SUPPLIER),
        (Grade.DAMAGED, Reason.DEFECT, True, Disposition.SUPPLIER),
        (Grade.WRONG, Reason.WRONG_ITEM, False, Disposition.RESTOCK),
        (Grade.FAKE, Reason.DEFECT, False, Disposition.SCRAP),
        (Grade.AS_NEW, Reason.UNWANTED, True, Disposition.SCRAP),
        (Grade.WRONG, Reason.WRONG_ITEM, True, Disposition.SCRAP),
    ],
)
def test_the_grade_decides_where_goods_go(
    grade: Grade, reason: Reason, perishable: bool, expected: Disposition
) -> None:
    assert rules.disposition_of(grade, reason=reason, is_perishable=perishable) is expected


def test_every_grade_goes_somewhere_and_fakes_are_never_sold() -> None:
    for reason in Reason:
        for perishable in (True, False):
            goes = {
                grade: rules.disposition_of(grade, reason=reason, is_perishable=perishable) for grade in Grade
            }
            assert goes[Grade.FAKE] is Disposition.SCRAP
            assert not (perishable and any(disposition.is_sellable for disposition in goes.values()))


def test_what_dispositions_mean_for_stock() -> None:
    assert [disposition for disposition in Disposition if disposition.is_sellable] == [Disposition.RESTOCK]
    assert [disposition for disposition in Disposition if not disposition.stays_in_stock] == [
        Disposition.SCRAP
    ]


def window(
    number: int, *, days: int, channel: str | None = None, category: str | None = None, from_day: int = 0
) -> ReturnWindow:
    return ReturnWindow(
        id=UUID(int=number),
        days=days,
        channel=channel,
        category=category,
        effective_from=NOW + timedelta(days=from_day),
    )


WINDOWS = [
    window(1, days=30),
    window(2, days=45, from_day=10),
    window(3, days=7, category="food"),
    window(4, days=14, channel="livestream"),
    window(5, days=1, channel="livestream", category="food"),
]


@pytest.mark.parametrize(
    ("channel", "category", "day", "days"),
    [
        ("web", "gift", 0, 30),
        ("web", "gift", 9, 30),
        ("web", "gift", 10, 45),
        ("web", "food", 10, 7),
        ("livestream", "gift", 10, 14),
        ("livestream", "food", 10, 1),
        ("web", "gift", -1, None),
    ],
)
def test_the_most_particular_window_counts(channel: str, category: str, day: int, days: int | None) -> None:
    found = rules.window_of(WINDOWS, channel=channel, category=category, at=NOW + timedelta(days=day))
    assert (found.days if found else None) == days


def test_a_window_ends_after_its_days() -> None:
    assert rules.window_ends(window(1, days=30), NOW) == NOW + timedelta(days=30)


def decision(*, accepted: bool = True, refund: int = 90) -> BlindDecision:
    return BlindDecision(
        return_line_id=LINE,
        is_accepted=accepted,
        refund_unit_minor=refund,
        decided_by="person:1",
        reason="seen",
    )


@pytest.mark.parametrize(
    ("asked_decision", "state", "expected"),
    [
        (
            decision(),
            BlindState.WAITING,
            BlindDecided(return_line_id=LINE, state=BlindState.ACCEPTED, units=3, refund_minor=270),
        ),
        (
            decision(accepted=False),
            BlindState.WAITING,
            BlindDecided(return_line_id=LINE, state=BlindState.REFUSED, units=3, refund_minor=0),
        ),
        (decision(), BlindState.NONE, NothingBlindToDecide(return_line_id=LINE, state=BlindState.NONE)),
        (decision(), BlindState.REFUSED, NothingBlindToDecide(return_line_id=LINE, state=BlindState.REFUSED)),
        (decision(refund=-1), BlindState.WAITING, RefundMakesNoSense(refund_unit_minor=-1)),
    ],
)
def test_a_person_decides_once(asked_decision: BlindDecision, state: BlindState, expected: object) -> None:
    assert rules.decide_blind(asked_decision, state=state, units=3) == expected


@pytest.mark.parametrize(
    ("kind", "blind_units", "state"),
    [
        (ReturnKind.ASK, 0, BlindState.NONE),
        (ReturnKind.FACT, 0, BlindState.NONE),
        (ReturnKind.ASK, 1, BlindState.WAITING),
        (ReturnKind.FACT, 1, BlindState.ACCEPTED),
    ],
)
def test_a_fact_was_accepted_already(kind: ReturnKind, blind_units: int, state: BlindState) -> None:
    assert rules.blind_state_at_opening(asked(line(1), kind=kind), blind_units=blind_units) is state
