"""Rivals for one price, from one barrier: one word stands, and what was approved is spent once."""

from collections.abc import Callable

import pytest

from loopline.db import Conn, Database, run_check
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import CHECKS
from loopline.orders.price_changes import PriceAsk, PriceAskDecided, price_asks_by_id
from loopline.processes.price_change import PriceNotAllowed
from loopline.processes.take_in import OrderTaken
from tests.make.prices import approved, asked, cheaper, decided
from tests.make.rivals import together
from tests.make.store import Stage, open_store
from tests.make.till import sale, sent

TRIALS = 3


@pytest.fixture
def stage(database: Database) -> Stage:
    with database.transaction() as conn:
        return open_store(conn)


def holds(database: Database) -> bool:
    with database.reading() as conn:
        return not [found for check in CHECKS for found in run_check(conn, check)]


@pytest.mark.parametrize("trial", range(TRIALS))
def test_two_who_decide_at_once_are_one_word(database: Database, stage: Stage, trial: int):
    with database.transaction() as conn:
        ask = asked(conn, stage)
    words = [("lin.manager", True), ("shen.ops", False), ("lin.manager", trial == 0)]
    outcomes = together(
        database,
        [lambda conn, by=by, says=says: decided(conn, stage, ask.id, by=by, says=says) for by, says in words],
    )
    with database.reading() as conn:
        (kept,) = price_asks_by_id(conn, [ask.id], scope=WHOLE_BRAND)
    assert {one.decided_by for one in outcomes if isinstance(one, PriceAsk)} == {kept.decided_by}
    assert {one.is_approved for one in outcomes if isinstance(one, PriceAsk)} == {kept.is_approved}
    assert all(isinstance(one, PriceAsk | PriceAskDecided) for one in outcomes)


@pytest.mark.parametrize("trial", range(TRIALS))
def test_two_sales_that_use_one_approval_spend_it_once(database: Database, stage: Stage, trial: int):
    with database.transaction() as conn:
        ask = approved(conn, stage)
    who = stage.people["zhou.guide"]

    def selling(number: int) -> Callable[[Conn], object]:
        one = sale(who, number, lines=(cheaper(8_000, ask_id=ask.id),))

        return lambda conn: sent(conn, [one], by=who)[0]

    outcomes = together(database, [selling(number + trial) for number in (1, 2, 3)])
    taken = [one for one in outcomes if isinstance(one, OrderTaken)]
    assert len(taken) == 1
    assert [one for one in outcomes if not isinstance(one, OrderTaken)] == [
        PriceNotAllowed(sku_code="COAT", percent=10)
    ] * 2
    with database.reading() as conn:
        (kept,) = price_asks_by_id(conn, [ask.id], scope=WHOLE_BRAND)
    assert kept.order_id == taken[0].order_id
    assert holds(database)
