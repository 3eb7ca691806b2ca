"""Rivals for one drawer, from one barrier: it is counted once, and every sale is before its count or after it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest

from loopline.channels.till import Sale
from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments import CHECKS, shifts
from loopline.payments.shifts import CloseShift, NewShift, OldCount, OpenShift, ShiftClosed, ShiftIsOpen
from loopline.processes.doctor import ALL_CHECKS
from loopline.processes.shift import begin_shift, end_shift
from tests.make.rivals import together
from tests.make.shop import NOON
from tests.make.store import Stage, open_store
from tests.make.till import TILL, line, sale, sent

TRIALS = 3
LATER = NOON + timedelta(minutes=5)
COAT = 11_300
SOUND = [*CHECKS, *(one for one in ALL_CHECKS if one.name == "drawers_are_booked")]


@pytest.fixture
def stage(database: Database) -> Stage:
    with database.transaction() as conn:
        return open_store(conn)


def beginning(stage: Stage, by: str = "zhou.guide") -> Callable[[Conn], OpenShift | Refusal]:
    wanted = NewShift(
        id=uuid7(NOON),
        till_id=TILL,
        site_id=stage.shop.sites["S"],
        entity_id=stage.shop.brand_entity,
        currency="CNY",
        opened_by=stage.people[by],
        pieces=(),
        note="begun anew",
    )
    return lambda conn: begin_shift(conn, wanted, now=NOON)


def ending(stage: Stage, shift: shifts.Shift, yuan: int) -> Callable[[Conn], ShiftClosed | Refusal]:
    wanted = CloseShift(
        shift_id=shift.id, pieces=((100, yuan),), closed_by=stage.people["zhou.guide"], note="in a hurry"
    )
    return lambda conn: end_shift(conn, wanted, scope=WHOLE_BRAND, now=LATER)


def sending(stage: Stage, one: Sale) -> Callable[[Conn], object]:
    return lambda conn: sent(conn, [one], by=stage.people["zhou.guide"], now=LATER)


def holds(database: Database) -> bool:
    with database.reading() as conn:
        return not [found for check in SOUND for found in run_check(conn, check)]


def test_two_tabs_that_open_a_till_open_one_shift(database: Database, stage: Stage):
    outcomes = together(database, [beginning(stage), beginning(stage, "lin.manager")])
    assert sorted(type(one).__name__ for one in outcomes) == [OpenShift.__name__, ShiftIsOpen.__name__]


@pytest.mark.parametrize("trial", range(TRIALS))
def test_two_tabs_that_close_a_shift_close_it_once(database: Database, stage: Stage, trial: int):
    with database.transaction() as conn:
        opened = beginning(stage)(conn)
    assert isinstance(opened, OpenShift)
    same, other = ending(stage, opened.shift, 10), ending(stage, opened.shift, 20 + trial)
    outcomes = together(database, [same, same, other])
    done = [one for one in outcomes if isinstance(one, ShiftClosed)]
    assert [one.is_repeat for one in done].count(False) == 1
    assert len(done) + sum(isinstance(one, OldCount) for one in outcomes) == 3
    assert {one.shift.z_number for one in done} == {1}
    assert holds(database)


@pytest.mark.parametrize("trial", range(TRIALS))
def test_a_sale_during_the_close_is_counted_before_it_or_comes_later(
    database: Database, stage: Stage, trial: int
):
    with database.transaction() as conn:
        opened = beginning(stage)(conn)
    assert isinstance(opened, OpenShift)
    who = stage.people["zhou.guide"]
    sales = [
        sale(who, number, lines=(line("COAT"),), rung_up_at=NOON + timedelta(seconds=number + trial))
        for number in (1, 2, 3)
    ]
    together(database, [*(sending(stage, one) for one in sales), ending(stage, opened.shift, 339)])
    with database.reading() as conn:
        kept = shifts.shift_by_id(conn, opened.shift.id, scope=WHOLE_BRAND)
        (row,) = shifts.shifts_of_sites(
            conn, shifts.ShiftAsk(start=NOON, end=LATER, at_most=9), scope=WHOLE_BRAND
        )
    assert kept is not None
    assert kept.expected_minor == row.cash_minor == 3 * COAT - row.later_minor
    assert kept.difference_minor - row.later_minor == 0  # in the end all three were in the drawer
    assert holds(database)


def test_a_count_waits_for_a_sale_that_is_not_committed_yet(database: Database, stage: Stage):
    with database.transaction() as conn:
        opened = beginning(stage)(conn)
    assert isinstance(opened, OpenShift)
    one = sale(stage.people["zhou.guide"], 1, lines=(line("COAT"),), rung_up_at=NOON + timedelta(seconds=1))

    def close() -> ShiftClosed | Refusal:
        with database.transaction() as conn:
            return ending(stage, opened.shift, 113)(conn)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as selling:
            sending(stage, one)(selling)
            closing = pool.submit(close)
            with suppress(TimeoutError):  # as long as the sale is under way, nobody counts
                closing.result(timeout=1)
            assert not closing.done()
        outcome = closing.result(timeout=60)
    assert isinstance(outcome, ShiftClosed)
    assert (outcome.shift.expected_minor, outcome.shift.difference_minor) == (COAT, 0)
    assert holds(database)
