"""A till's drawer from count to count: what was moved is counted once, and the books say what the counts found."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline.channels.till import Method, SalePayment
from loopline.db import Conn, run_check
from loopline.kernel.ids import EntityId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.ledger.model import Purpose
from loopline.ledger.queries import balances_by_purpose
from loopline.payments import CHECKS, shifts
from loopline.payments.shifts import (
    CashMove,
    CloseShift,
    CountDiffers,
    FloatDiffers,
    KeptMove,
    MoveKind,
    NewShift,
    NotCountable,
    OldCount,
    OpenShift,
    OtherMove,
    PettyCashNeedsAReason,
    Pieces,
    Shift,
    ShiftAsk,
    ShiftClosed,
    ShiftIsOpen,
    ShiftNotOpen,
)
from loopline.processes.doctor import ALL_CHECKS
from loopline.processes.shift import begin_shift, end_shift, hand_over, move_cash
from loopline.processes.take_in import OrderTaken
from tests.make.loop import subject_types
from tests.make.shop import NOON
from tests.make.store import Stage, open_store
from tests.make.till import TILL, line, sale, sent

COAT = 11_300
FLOAT: Pieces = ((10_000, 2), (5_000, 4))  # 400 yuan
ONE_MINUTE = timedelta(minutes=1)
DRAWERS = next(one for one in ALL_CHECKS if one.name == "drawers_are_booked")


@pytest.fixture
def stage(conn: Conn) -> Stage:
    return open_store(conn)


def at(minutes: int) -> datetime:
    return NOON + minutes * ONE_MINUTE


def opened(conn: Conn, stage: Stage, *, now: datetime = NOON, **fields: Any) -> Shift:
    outcome = begin_shift(conn, new_shift(stage, **fields), now=now)
    assert isinstance(outcome, OpenShift), outcome
    return outcome.shift


def new_shift(stage: Stage, **fields: Any) -> NewShift:
    stated: dict[str, Any] = {
        "id": uuid7(NOON),
        "till_id": TILL,
        "site_id": stage.shop.sites["S"],
        "entity_id": entity_of(stage),
        "currency": "CNY",
        "opened_by": stage.people["zhou.guide"],
        "pieces": FLOAT,
    }
    return NewShift(**(stated | fields))


def entity_of(stage: Stage) -> EntityId:
    return stage.shop.brand_entity


def closing(
    one: Shift, stage: Stage, pieces: Pieces, *, note: str = "", by: str = "zhou.guide"
) -> CloseShift:
    return CloseShift(shift_id=one.id, pieces=pieces, closed_by=stage.people[by], note=note)


def closed(conn: Conn, one: Shift, stage: Stage, pieces: Pieces, *, now: datetime, note: str = "") -> Shift:
    outcome = end_shift(conn, closing(one, stage, pieces, note=note), scope=WHOLE_BRAND, now=now)
    assert isinstance(outcome, ShiftClosed), outcome
    return outcome.shift


def rung_up(
    conn: Conn, stage: Stage, number: int, *, rung: datetime, arrives: datetime, **fields: Any
) -> None:
    """A coat for 113 yuan in cash, rung up and arrived when it is said."""
    one = sale(stage.people["zhou.guide"], number, lines=(line("COAT"),), rung_up_at=rung, **fields)
    (outcome,) = sent(conn, [one], by=stage.people["zhou.guide"], now=arrives)
    assert isinstance(outcome, OrderTaken), outcome


def minor(yuan: int) -> Pieces:
    return ((100, yuan),)


def booked(conn: Conn) -> dict[str, int]:
    """What the company's books say of its drawers; cash differences are debits where something is missing."""
    found = {one.purpose: one.balance_minor for one in balances_by_purpose(conn)}
    return {
        name.value: found[name]
        for name in (Purpose.CASH, Purpose.CASH_DIFFERENCE, Purpose.PETTY_CASH)
        if found.get(name)
    }


def sound(conn: Conn) -> bool:
    return not [found for check in (*CHECKS, DRAWERS) for found in run_check(conn, check)]


def the_shift(conn: Conn, one: Shift) -> shifts.ShiftRow:
    ask = ShiftAsk(start=NOON - timedelta(days=1), end=NOON + timedelta(days=1), at_most=9)
    return next(row for row in shifts.shifts_of_sites(conn, ask, scope=WHOLE_BRAND) if row.id == one.id)


def test_a_shift_that_is_right_books_nothing(conn: Conn, stage: Stage):
    one = opened(conn, stage)
    rung_up(conn, stage, 1, rung=at(1), arrives=at(1))
    by_card = (SalePayment(method=Method.CARD_TERMINAL, amount_minor=COAT),)
    rung_up(conn, stage, 2, rung=at(2), arrives=at(2), payments=by_card)
    ended = closed(conn, one, stage, minor(400 + 113), now=at(3))
    assert (ended.z_number, ended.expected_minor, ended.difference_minor) == (1, 51_300, 0)
    assert booked(conn) == {"cash": 2 * COAT}
    row = the_shift(conn, one)
    assert (row.sales, row.cash_minor, row.later) == (2, COAT, 0)
    assert sound(conn)


def test_what_is_missing_is_booked_with_who_and_why(conn: Conn, stage: Stage):
    one = opened(conn, stage)
    rung_up(conn, stage, 1, rung=at(1), arrives=at(1))
    wanted = closing(one, stage, minor(500))
    assert isinstance(end_shift(conn, wanted, scope=WHOLE_BRAND, now=at(2)), CountDiffers)
    assert the_shift(conn, one).closed_at is None
    ended = closed(conn, one, stage, minor(500), now=at(3), note="gave change of a hundred twice")
    assert (ended.difference_minor, ended.closed_by) == (-1_300, stage.people["zhou.guide"])
    assert ended.note == "gave change of a hundred twice"
    assert booked(conn) == {"cash": COAT - 1_300, "cash_difference": 1_300}
    assert sound(conn)


def test_a_sale_that_comes_after_the_count_belongs_to_its_shift_and_is_booked_forward(
    conn: Conn, stage: Stage
):
    one = opened(conn, stage)
    # Rung up without a network: its cash is in the drawer when that is counted.
    ended = closed(conn, one, stage, minor(400 + 113), now=at(5), note="one sale is not sent yet")
    assert booked(conn) == {"cash": COAT, "cash_difference": -COAT}
    made = uuid7(at(3))
    for _ in range(2):  # and once more, as an outbox does
        rung_up(conn, stage, 1, rung=at(3), arrives=at(60), id=made)
    assert booked(conn) == {"cash": COAT}
    row = the_shift(conn, one)
    assert (row.later, row.later_minor, row.sales) == (1, COAT, 1)
    kept = shifts.shift_by_id(conn, one.id, scope=WHOLE_BRAND)
    assert kept == ended  # nothing of the closed one has changed
    assert sound(conn)


def test_what_is_taken_while_nobody_is_on_shift_is_in_the_next_float(conn: Conn, stage: Stage):
    first = closed(conn, opened(conn, stage), stage, minor(400), now=at(1))
    rung_up(conn, stage, 1, rung=at(2), arrives=at(2))
    rung_up(conn, stage, 2, rung=at(3), arrives=at(9))
    assert isinstance(begin_shift(conn, new_shift(stage), now=at(4)), FloatDiffers)
    second = opened(conn, stage, now=at(10), pieces=minor(400 + 226))
    assert (second.left_minor, second.opening_difference_minor) == (62_600, 0)
    ended = closed(conn, second, stage, minor(400 + 226), now=at(11))
    assert (ended.z_number, first.z_number, ended.difference_minor) == (2, 1, 0)
    assert booked(conn) == {"cash": 2 * COAT}
    assert sound(conn)


def test_a_float_that_is_not_what_was_left_wants_a_word_and_is_booked(conn: Conn, stage: Stage):
    closed(conn, opened(conn, stage), stage, minor(400), now=at(1))
    assert isinstance(begin_shift(conn, new_shift(stage, pieces=minor(390)), now=at(2)), FloatDiffers)
    second = opened(conn, stage, now=at(2), pieces=minor(390), note="ten yuan were gone this morning")
    assert (second.opening_difference_minor, second.float_note) == (-1_000, "ten yuan were gone this morning")
    assert booked(conn) == {"cash": -1_000, "cash_difference": 1_000}
    # Taken before it was opened, arrived after: the count that opened it had seen it.
    rung_up(conn, stage, 1, rung=at(1) + ONE_MINUTE / 2, arrives=at(3))
    assert booked(conn) == {"cash": -1_000, "cash_difference": 1_000 + COAT}
    assert closed(conn, second, stage, minor(390), now=at(4)).difference_minor == 0
    assert sound(conn)


def test_before_the_first_shift_nobody_can_say_what_is_in_a_drawer(conn: Conn, stage: Stage):
    rung_up(conn, stage, 1, rung=at(-3), arrives=at(-3))
    one = opened(conn, stage, pieces=minor(400 + 226))
    rung_up(conn, stage, 2, rung=at(-2), arrives=at(1))
    assert (one.left_minor, one.opening_difference_minor) == (None, 0)
    assert closed(conn, one, stage, minor(400 + 226), now=at(2)).difference_minor == 0
    assert booked(conn) == {"cash": 2 * COAT}
    assert sound(conn)


def test_a_colleague_takes_over_with_one_count(conn: Conn, stage: Stage):
    one = opened(conn, stage)
    rung_up(conn, stage, 1, rung=at(1), arrives=at(1))
    lin = stage.people["lin.manager"]
    count = minor(400 + 113)
    following = new_shift(stage, opened_by=lin, pieces=count, taken_over_from=one.id)
    wanted = closing(one, stage, count, by="lin.manager")
    outcome = hand_over(conn, wanted, following, scope=WHOLE_BRAND, now=at(2))
    assert isinstance(outcome, OpenShift)
    assert (outcome.shift.opened_by, outcome.shift.float_minor, outcome.shift.left_minor) == (
        lin,
        51_300,
        51_300,
    )
    again = hand_over(conn, wanted, following, scope=WHOLE_BRAND, now=at(2))
    assert isinstance(again, OpenShift)
    assert again.is_repeat
    rung_up(conn, stage, 2, rung=at(3), arrives=at(3))
    assert (the_shift(conn, one).sales, the_shift(conn, outcome.shift).sales) == (1, 1)
    assert closed(conn, outcome.shift, stage, minor(400 + 226), now=at(4)).z_number == 2
    assert sound(conn)


def test_cash_that_goes_in_and_out_is_expected_and_only_what_is_spent_is_booked(conn: Conn, stage: Stage):
    one = opened(conn, stage)
    assert isinstance(moved(conn, one, MoveKind.CHANGE, 5_000), KeptMove)
    assert isinstance(moved(conn, one, MoveKind.BANK_DROP, -30_000), KeptMove)
    assert isinstance(moved(conn, one, MoveKind.PETTY_CASH, -2_000), PettyCashNeedsAReason)
    made = uuid7(NOON)
    for _ in range(2):  # sent twice, done once
        assert isinstance(moved(conn, one, MoveKind.PETTY_CASH, -2_000, note="tape", id=made), KeptMove)
    # Another amount from the same form, as after going back in a browser, is neither lost nor taken for the first.
    other = moved(conn, one, MoveKind.PETTY_CASH, -3_000, note="tape", id=made)
    assert isinstance(other, OtherMove)
    assert subject_types(conn, one.id).count("cash_moved") == 3
    assert isinstance(moved(conn, one, MoveKind.PETTY_CASH, 500, note="tape, what was left"), KeptMove)
    for kind, amount in ((MoveKind.BANK_DROP, 100), (MoveKind.SALE, 100), (MoveKind.CHANGE, 0)):
        assert isinstance(moved(conn, one, kind, amount), NotCountable)
    ended = closed(conn, one, stage, minor(400 + 50 - 300 - 20 + 5), now=at(2))
    assert ended.difference_minor == 0
    assert booked(conn) == {"cash": -1_500, "petty_cash": 1_500}
    assert isinstance(moved(conn, one, MoveKind.CHANGE, 100), ShiftNotOpen)
    again = moved(conn, one, MoveKind.PETTY_CASH, -2_000, note="tape", id=made)
    assert isinstance(again, KeptMove)
    assert again.is_repeat
    assert sound(conn)


def moved(
    conn: Conn,
    one: Shift,
    kind: MoveKind,
    amount: int,
    *,
    note: str = "",
    id: UUID | None = None,  # noqa: A002
) -> KeptMove | Refusal:
    wanted = CashMove(
        id=id or uuid7(NOON), shift_id=one.id, kind=kind, amount_minor=amount, note=note, moved_by="person:1"
    )
    return move_cash(conn, wanted, scope=WHOLE_BRAND, now=at(1))


def test_a_till_has_one_shift_and_each_is_closed_once(conn: Conn, stage: Stage):
    one = opened(conn, stage)
    assert isinstance(begin_shift(conn, new_shift(stage), now=at(1)), ShiftIsOpen)
    other = opened(conn, stage, till_id=uuid7(NOON))
    ended = closed(conn, one, stage, FLOAT, now=at(2))
    again = end_shift(conn, closing(one, stage, FLOAT), scope=WHOLE_BRAND, now=at(3))
    assert again == ShiftClosed(shift=ended, is_repeat=True)
    different = closing(one, stage, minor(400), note="counted anew")
    assert isinstance(end_shift(conn, different, scope=WHOLE_BRAND, now=at(3)), OldCount)
    assert closed(conn, other, stage, FLOAT, now=at(3)).z_number == 1  # each till has numbers of its own


@pytest.mark.parametrize(
    "pieces", [((10_000, -1),), ((700, 1),), ((100, 1), (100, 1)), ((100, 100_001),)], ids=str
)
def test_what_is_no_count_of_the_currency_is_refused(conn: Conn, stage: Stage, pieces: Pieces):
    assert isinstance(begin_shift(conn, new_shift(stage, pieces=pieces), now=NOON), NotCountable)
    one = opened(conn, stage)
    assert isinstance(
        end_shift(conn, closing(one, stage, pieces), scope=WHOLE_BRAND, now=at(1)), NotCountable
    )


def test_whoever_has_no_business_there_finds_no_shift(conn: Conn, stage: Stage):
    one = opened(conn, stage)
    elsewhere = Scope(sites=frozenset({stage.shop.sites["D"]}))
    assert isinstance(end_shift(conn, closing(one, stage, FLOAT), scope=elsewhere, now=at(1)), ShiftNotOpen)
    wanted = CashMove(
        id=uuid7(NOON), shift_id=one.id, kind=MoveKind.CHANGE, amount_minor=1, note="", moved_by="person:1"
    )
    assert isinstance(move_cash(conn, wanted, scope=elsewhere, now=at(1)), ShiftNotOpen)
    ask = ShiftAsk(start=NOON, end=at(60), at_most=9)
    assert shifts.shifts_of_sites(conn, ask, scope=elsewhere) == []
    assert shifts.shift_by_id(conn, one.id, scope=elsewhere) is None
    assert shifts.last_shift(conn, TILL, scope=elsewhere) is None
