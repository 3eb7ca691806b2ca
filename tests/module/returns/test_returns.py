"""Returns through the front door: taken in once, matched, decided, received, graded."""

from datetime import timedelta

import msgspec
import psycopg
import pytest

from loopline.db import Conn
from loopline.kernel.ids import ReturnId, ReturnLineId, uuid7
from loopline.returns import queries, service
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    Disposition,
    Grade,
    Graded,
    GradesTooMuch,
    IdTakenByOtherContent,
    MatchedHow,
    MatchState,
    NothingBlindToDecide,
    Opened,
    OpenedLine,
    Reason,
    Received,
    ReceivesTooMuch,
    ReturnIsEmpty,
    ReturnKind,
    ReturnLineUnknown,
    ReturnNumberTakenByOtherContent,
    ReturnRepeat,
    ReturnWindow,
    ReturnWindowEnded,
)
from tests.make.returns import MEMBER, NOW, SITE, asked, grading, line, purchase, receipt


def opened(conn: Conn, *, units: int = 5, left: int = 3, kind: ReturnKind = ReturnKind.ASK) -> OpenedLine:
    """One line of a return of which `left` units have an original sale."""
    purchases = [purchase(1, units_left=left)] if left else []
    outcome = service.open_returns(
        conn, [asked(line(units, reason=Reason.DEFECT), kind=kind)], purchases=purchases, now=NOW
    )[0]
    assert isinstance(outcome, Opened)
    return outcome.lines[0]


def count(conn: Conn, table: str) -> int:
    found = conn.execute(f"select count(*) from returns.{table}".encode()).fetchone()
    assert found
    return int(found[0])


def test_a_return_is_taken_in_and_matched(conn: Conn) -> None:
    one = asked(line(2), line(4, stated=90), line(1, code="B"), kind=ReturnKind.FACT)
    (outcome,) = service.open_returns(
        conn, [one], purchases=[purchase(1, units_left=2), purchase(2, days_ago=9, units_left=3)], now=NOW
    )
    assert isinstance(outcome, Opened)
    assert [known.match_state for known in outcome.lines] == [
        MatchState.MATCHED,
        MatchState.PARTLY,
        MatchState.BLIND,
    ]
    assert [known.blind_state for known in outcome.lines] == [
        BlindState.NONE,
        BlindState.ACCEPTED,
        BlindState.ACCEPTED,
    ]
    assert [known.blind_units for known in outcome.lines] == [0, 1, 1]
    second = outcome.lines[1]
    assert [(match.how, match.units) for match in second.matches] == [(MatchedHow.CODE, 3)]
    assert second.price_difference_minor(second.matches[0]) == -30
    stored = queries.lines_of_returns(conn, [outcome.return_id])
    assert [(known.return_line_id, known.matches) for known in stored] == [
        (known.return_line_id, known.matches) for known in outcome.lines
    ]
    assert [known.blind_refund_unit_minor for known in stored] == [None, 90, 100]
    (head,) = queries.returns_by_id(conn, [outcome.return_id])
    assert (head.external_number, head.member_id, head.site_id, head.at) == (
        one.external_number,
        MEMBER,
        SITE,
        NOW,
    )
    counts = queries.match_counts(conn)
    assert (counts.matched, counts.partly, counts.blind) == (1, 1, 1)
    back = queries.returns_of_lines(conn, [purchase(2).line_id])
    assert [(known.return_line_id, known.units) for known in back] == [(second.return_line_id, 3)]


def test_the_same_return_again_takes_nothing(conn: Conn) -> None:
    one = asked(line(2), number="R1")
    other = asked(line(3), number="R1")
    purchases = [purchase(1, units_left=3)]
    first, again, taken, next_one = service.open_returns(
        conn, [one, one, other, asked(line(2))], purchases=purchases, now=NOW
    )
    assert isinstance(first, Opened)
    assert again == ReturnRepeat(return_id=first.return_id)
    assert taken == ReturnNumberTakenByOtherContent(
        channel="till", external_number="R1", return_id=first.return_id
    )
    assert isinstance(next_one, Opened)
    assert next_one.lines[0].matched_units == 1
    assert service.open_returns(conn, [one, other], purchases=purchases, now=NOW) == [again, taken]
    assert (count(conn, "return"), count(conn, "return_line"), count(conn, "match")) == (2, 2, 2)


def test_refused_returns_leave_nothing_and_take_nothing(conn: Conn) -> None:
    ended = NOW - timedelta(days=1)
    late = msgspec.structs.replace(purchase(1, code="L", days_ago=50), returnable_until=ended)
    empty = asked(number="R1")
    too_late = asked(line(1), line(1, code="L"), number="R2")
    good = asked(line(1), number="R3")
    outcomes = service.open_returns(
        conn, [empty, too_late, good], purchases=[late, purchase(2, units_left=1)], now=NOW
    )
    assert outcomes[:2] == [
        ReturnIsEmpty(external_number="R1"),
        ReturnWindowEnded(external_number="R2", goods_code="L", ended_at=ended),
    ]
    assert isinstance(outcomes[2], Opened)
    assert outcomes[2].lines[0].matched_units == 1
    assert (count(conn, "return"), count(conn, "return_line"), count(conn, "match")) == (1, 1, 1)
    assert service.open_returns(conn, [], purchases=[], now=NOW) == []


def test_blind_units_of_an_ask_wait_for_a_person(conn: Conn) -> None:
    one = opened(conn)
    waiting = queries.waiting_blind_lines(conn, limit=5)
    assert [(known.return_line_id, known.units) for known in waiting] == [(one.return_line_id, 2)]
    decision = BlindDecision(
        return_line_id=one.return_line_id,
        is_accepted=True,
        refund_unit_minor=80,
        decided_by="person:1",
        reason="receipt lost, goods known",
    )
    unknown = msgspec.structs.replace(decision, return_line_id=ReturnLineId(uuid7(NOW)))
    assert service.decide_blind_returns(conn, [decision, decision, unknown], now=NOW) == [
        BlindDecided(return_line_id=one.return_line_id, state=BlindState.ACCEPTED, units=2, refund_minor=160),
        NothingBlindToDecide(return_line_id=one.return_line_id, state=BlindState.ACCEPTED),
        ReturnLineUnknown(return_line_id=unknown.return_line_id),
    ]
    assert queries.waiting_blind_lines(conn, limit=5) == []
    found = conn.execute(
        "select blind_refund_unit_minor, blind_decided_by, blind_decision_reason from returns.return_line"
    ).fetchone()
    assert found == (80, "person:1", "receipt lost, goods known")


def test_blind_units_may_be_refused(conn: Conn) -> None:
    one = opened(conn, left=0)
    decision = BlindDecision(
        return_line_id=one.return_line_id,
        is_accepted=False,
        refund_unit_minor=0,
        decided_by="p",
        reason="not ours",
    )
    assert service.decide_blind_returns(conn, [decision], now=NOW) == [
        BlindDecided(return_line_id=one.return_line_id, state=BlindState.REFUSED, units=5, refund_minor=0)
    ]


def test_units_are_received_once_and_never_more_than_come_back(conn: Conn) -> None:
    one = opened(conn)
    first, second, third = (receipt(one.return_line_id, units=units) for units in (2, 4, 3))
    assert service.receive_units(conn, [first, second, third, first]) == [
        Received(receipt_id=first.id, return_line_id=one.return_line_id, received_units=2, is_repeat=False),
        ReceivesTooMuch(return_line_id=one.return_line_id, units=4, units_left=3),
        Received(receipt_id=third.id, return_line_id=one.return_line_id, received_units=5, is_repeat=False),
        Received(receipt_id=first.id, return_line_id=one.return_line_id, received_units=5, is_repeat=True),
    ]
    other = msgspec.structs.replace(first, units=1)
    nowhere = receipt(ReturnLineId(uuid7(NOW)), units=1)
    assert service.receive_units(conn, [other, nowhere]) == [
        IdTakenByOtherContent(id=first.id),
        ReturnLineUnknown(return_line_id=nowhere.return_line_id),
    ]
    assert count(conn, "receipt") == 2
    (stored,) = queries.lines_of_returns(conn, [_return_of(conn, one)])
    assert stored.received_units == 5


def _return_of(conn: Conn, one: OpenedLine) -> ReturnId:
    found = conn.execute(
        "select return_id from returns.return_line where id = %s", [one.return_line_id]
    ).fetchone()
    assert found
    return ReturnId(found[0])


def test_what_arrived_is_graded_once(conn: Conn) -> None:
    one = opened(conn)
    service.receive_units(conn, [receipt(one.return_line_id, units=4)])
    new, damaged, more = (
        grading(one.return_line_id, units=units, grade=grade)
        for units, grade in ((1, Grade.AS_NEW), (2, Grade.DAMAGED), (2, Grade.OPEN))
    )
    outcomes = service.grade_units(conn, [new, damaged, more, damaged])
    assert outcomes == [
        Graded(
            grading_id=new.id,
            return_line_id=one.return_line_id,
            sku_id=None,
            units=1,
            grade=Grade.AS_NEW,
            disposition=Disposition.RESTOCK,
            is_repeat=False,
        ),
        Graded(
            grading_id=damaged.id,
            return_line_id=one.return_line_id,
            sku_id=None,
            units=2,
            grade=Grade.DAMAGED,
            disposition=Disposition.SUPPLIER,
            is_repeat=False,
        ),
        GradesTooMuch(return_line_id=one.return_line_id, units=2, units_left=1),
        msgspec.structs.replace(outcomes[1], is_repeat=True) if isinstance(outcomes[1], Graded) else None,
    ]
    other = msgspec.structs.replace(new, grade=Grade.FAKE)
    nowhere = grading(ReturnLineId(uuid7(NOW)), units=1)
    assert service.grade_units(conn, [other, nowhere]) == [
        IdTakenByOtherContent(id=new.id),
        ReturnLineUnknown(return_line_id=nowhere.return_line_id),
    ]
    assert count(conn, "grading") == 2
    (stored,) = queries.lines_of_returns(conn, [_return_of(conn, one)])
    assert (stored.received_units, stored.graded_units) == (4, 3)


def test_return_windows_are_kept_and_the_first_of_a_moment_stands(conn: Conn) -> None:
    window = ReturnWindow(id=uuid7(NOW), days=30, effective_from=NOW)
    rival = ReturnWindow(id=uuid7(NOW), days=90, effective_from=NOW)
    food = ReturnWindow(id=uuid7(NOW), days=7, effective_from=NOW, category="food")
    assert service.add_return_windows(conn, [window, food]) == 2
    assert service.add_return_windows(conn, [rival]) == 0
    assert queries.return_windows(conn) == [window, food]


@pytest.mark.parametrize("table", ["return", "return_line", "match", "receipt", "grading", "return_window"])
def test_the_serving_role_deletes_nothing(conn: Conn, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(f"delete from returns.{table}".encode())
