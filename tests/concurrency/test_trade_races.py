"""Rivals for the same goods and the same orders, from one barrier, through the front doors that people and jobs use.

Whoever wins, each unit has one fate, and doctor finds nothing. All pairs, and where each is proven:

| rivals | where |
|---|---|
| place × place | test_stock_races (sixteen buyers), test_placing (HTTP), orders/test_same_message (one number) |
| place × till sale | here |
| place × expiry | here |
| place × count | here |
| place × fill what is parked | here |
| pay × expiry | here (cash), payments/test_gateway_races (a gateway) |
| pay × cancel | payments/test_gateway_races |
| pay × pay | payments/test_gateway_races, payments/test_refunds |
| cancel × cancel | here |
| cancel × source | here |
| cancel × hand over | here |
| cancel × accept | here |
| source × source | here |
| source × till sale | here; test_stock_races (allocate × sale of one leaf) |
| source × expiry | test_stock_races (expire × allocate × release of one hold) |
| accept × accept, accept × lapse | test_tasks |
| refuse × lapse | here |
| claim × claim, claim × cancel, claim × the deadline, claim × till sale, claim × full day | test_claim_races |
| refuse × cancel, refuse × refuse | test_tasks |
| hand over × hand over | here |
| hand over × mend what a sale broke | here |
| hand over × release | test_stock_races |
| return × return | here |
| return × settle | here |
| return × release of shares | sharing/test_rivals |
| move of a leaf × holds | test_stock_races |
| receipt × receipt of new goods | test_stock_races |
"""

from datetime import timedelta

import psycopg
import pytest

from loopline import stock
from loopline.db import Conn, Database
from loopline.db.followers import advance, catch_up, ensure_followers
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import (
    Accepted,
    AcceptTask,
    HandedOver,
    HandOverTask,
    RefusalReason,
    RefusedWork,
    RefuseTask,
)
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OnShortage
from loopline.processes import dispatch, fulfil
from loopline.processes.cancel import Cancellation, Cancelled, cancel
from loopline.processes.place import Placed
from loopline.processes.promise import expire_holds, fill_parked, mend_promises
from loopline.processes.replenish import Count, count_goods
from loopline.processes.source import source_wave
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.stock.refusals import NotEnoughFree
from tests.make.loop import hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, open_shop
from tests.make.trial import LATER, Trial, Work, next_number

TRIALS = 4
SETTLE = next(follower for follower in FOLLOWERS if follower.name == "settle")
LATE = NOON + timedelta(days=1)


@pytest.fixture
def shop(database: Database) -> Shop:
    """A shop with empty shelves."""
    with database.transaction() as conn:
        ensure_followers(conn, FOLLOWERS)
        return open_shop(conn, units=0)


def cancelling(order: Placed) -> Work:
    return lambda conn: cancel(conn, [Cancellation(order_id=order.order_id)], scope=WHOLE_BRAND, now=NOON)[0]


def handing_over(task: TaskId) -> Work:
    return lambda conn: fulfil.hand_over(conn, [HandOverTask(task_id=task)], scope=WHOLE_BRAND, now=NOON)[0]


def expiring(conn: Conn) -> int:
    return expire_holds(conn, now=LATER, limit=99)


def returned(shop: Shop, order: Placed) -> NewReturn:
    """One hat of an order, brought back to the store."""
    hat = NewReturnLine(code="HAT", sku_id=shop.skus["HAT"], units=1, stated_unit_minor=PRICES["HAT"])
    return NewReturn(
        channel="till",
        external_number=f"R-{next_number()}",
        kind=ReturnKind.FACT,
        at=LATER,
        site_id=shop.sites["S"],
        currency="CNY",
        order_id=order.order_id,
        lines=(hat,),
    )


def returning(back: NewReturn) -> Work:
    return lambda conn: take_back(conn, [back], scope=WHOLE_BRAND, now=LATER)[0]


def sourcing(conn: Conn) -> int:
    return len(source_wave(conn, now=NOON).tasks)


def test_place_and_till_sale(database: Database, shop: Shop):
    """The sale always stands; an ask that was first is promised what is gone, and that is said."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        asked, sold = trial.meet(trial.placing(trial.ask()), trial.placing(trial.sale()))
        assert isinstance(sold, Placed)
        assert isinstance(asked, Placed | NotEnoughFree)
        assert trial.short() == ({"overheld": 1} if isinstance(asked, Placed) else {})
        trial.clear()


def test_place_and_expiry(database: Database, shop: Shop):
    """The last unit, whose hold ran out: the next buyer has it as soon as it is back, and not before."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        first = trial.placed(paid=False, hold_minutes=30)
        asked, expired = trial.meet(trial.placing(trial.ask()), expiring)
        assert expired == 1
        assert isinstance(asked, Placed | NotEnoughFree)
        assert (trial.line(first).held, trial.line(first).cancelled) == (0, 1)
        assert trial.short() == {}
        trial.clear()


def test_place_and_count(database: Database, shop: Shop):
    """A shelf that turns out to be empty: an ask that was first is short, one that came later is refused."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        empty = Count(leaf_id=shop.leaves["S"], sku_id=shop.skus["HAT"], units=0)
        asked, (counted,) = trial.meet(
            trial.placing(trial.ask()), lambda conn, empty=empty: count_goods(conn, [empty], now=NOON)
        )
        assert (counted.units_before, counted.units) == (1, 0)
        assert trial.short() == ({"overheld": 1} if isinstance(asked, Placed) else {})
        trial.clear()


def test_place_and_fill(database: Database, shop: Shop):
    """One unit comes back while one waits for it and another asks: one of them has it."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        holder = trial.placed()
        waiting = trial.placed(on_shortage=OnShortage.PARK)
        trial.done(cancelling(holder))
        asked, filled = trial.meet(
            trial.placing(trial.ask()), lambda conn: fill_parked(conn, sku_ids=None, now=NOON, limit=99)
        )
        assert filled == (0 if isinstance(asked, Placed) else 1)
        assert trial.line(waiting).held == filled
        trial.clear()


def test_pay_and_expiry(database: Database, shop: Shop):
    """Money that was taken stands: the goods with it, or an exception that says they are gone."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order = trial.placed(paid=False, hold_minutes=30)
        _, expired = trial.meet(
            lambda conn, order=order: pay_for(conn, shop, order, at=LATER) or True, expiring
        )
        line = trial.line(order)
        assert (line.held, line.cancelled) == ((0, 1) if expired else (1, 0))
        trial.clear()


def test_cancel_and_cancel(database: Database, shop: Shop):
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=2)
        order = trial.placed(2)
        outcomes = trial.meet(cancelling(order), cancelling(order))
        assert [type(one) for one in outcomes] == [Cancelled, Cancelled]
        assert sorted(one.refund_minor for one in outcomes) == [0, 2 * PRICES["HAT"]]
        assert trial.line(order).cancelled == 2


def test_cancel_and_source(database: Database, shop: Shop):
    """Called off is called off, and no site is left working on it."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order = trial.placed()
        cancelled, _ = trial.meet(cancelling(order), sourcing)
        assert isinstance(cancelled, Cancelled)
        assert trial.line(order).cancelled == 1
        with database.reading() as conn:
            states = {task.state for task in fulfilment.tasks_of_orders(conn, [order.order_id])}
        assert states <= {"cancelled"}


def test_cancel_and_accept(database: Database, shop: Shop):
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order, task = trial.offered()
        cancelled, accepted = trial.meet(
            cancelling(order),
            lambda conn, task=task: dispatch.accept(
                conn, [AcceptTask(task_id=task)], scope=WHOLE_BRAND, now=NOON
            )[0],
        )
        assert isinstance(cancelled, Cancelled)
        assert trial.line(order).cancelled == 1
        with database.reading() as conn:
            (after,) = fulfilment.tasks_by_id(conn, [task])
        assert (after.state, after.accepted_at is not None) == ("cancelled", isinstance(accepted, Accepted))


def test_cancel_and_hand_over(database: Database, shop: Shop):
    """The parcel is with the carrier, or called off: never both, never neither."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order, task = trial.packed()
        cancelled, handed = trial.meet(cancelling(order), handing_over(task))
        assert isinstance(cancelled, Cancelled) != isinstance(handed, HandedOver)
        line = trial.line(order)
        assert (line.cancelled, line.handed_over) == ((1, 0) if isinstance(cancelled, Cancelled) else (0, 1))


def test_source_and_source(database: Database, shop: Shop):
    """Two waves at once choose for every order once."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=4)
        made = [trial.placed() for _ in range(4)]
        assert sum(trial.meet(sourcing, sourcing)) == 4
        assert [trial.line(one).allocated for one in made] == [1] * 4
        trial.clear()


def test_source_and_till_sale(database: Database, shop: Shop):
    """What is sold over the counter while it is promised: the task misses it, or the hold does."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order = trial.placed()
        tasks, sold = trial.meet(sourcing, trial.placing(trial.sale()))
        assert isinstance(sold, Placed)
        line = trial.line(order)
        # Sold before the wave looked: parked. In between: still held, and short. Afterwards: the shelf misses it.
        assert (line.parked, line.held, line.allocated) in {(1, 0, 0), (0, 1, 0), (0, 0, 1)}
        assert tasks == line.allocated
        expected = {"missing": 1} if line.allocated else {"overheld": 1} if line.held else {}
        assert trial.short() == expected
        trial.clear()


def test_refuse_and_lapse(database: Database, shop: Shop):
    """The work goes back once, and the shelf is corrected only where somebody refused."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=2)
        order, task = trial.offered(2)
        refusal = RefuseTask(command_id=uuid7(NOON), task_id=task, reason=RefusalReason.DAMAGED)
        refused, lapsed = trial.meet(
            lambda conn, refusal=refusal: dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON)[0],
            lambda conn: dispatch.lapse(conn, now=LATE, limit=99),
        )
        assert isinstance(refused, RefusedWork) != bool(lapsed)
        line = trial.line(order)
        assert (line.allocated, line.held) == (0, 2)
        with database.reading() as conn:
            (row,) = stock.stock_at_leaves(conn, [shop.leaves["S"]], sku_ids=[shop.skus["HAT"]])
        assert (row.allocated, row.unsellable) == (0, 0 if lapsed else 2)
        _sell_off(trial)


def _sell_off(trial: Trial) -> None:
    """Take damaged goods off the shelf again."""
    trial.clear()
    with trial.database.transaction() as conn:
        (row,) = stock.stock_at_leaves(conn, [trial.shop.leaves["S"]], sku_ids=[trial.shop.skus["HAT"]])
        if row.unsellable:
            scrap = stock.Fact(
                id=uuid7(NOON),
                leaf_id=row.leaf_id,
                sku_id=row.sku_id,
                reason=stock.MovementReason.SCRAP,
                on_hand=-row.unsellable,
                unsellable=-row.unsellable,
            )
            succeeded(stock.record_facts(conn, [scrap], now=NOON))


def test_hand_over_and_hand_over(database: Database, shop: Shop):
    """Two scans of one parcel are one hand-over."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order, task = trial.packed()
        outcomes = trial.meet(handing_over(task), handing_over(task))
        assert all(isinstance(one, HandedOver) for one in outcomes)
        assert sorted(one.is_repeat for one in outcomes) == [False, True]
        assert trial.line(order).handed_over == 1


def test_hand_over_and_mend(database: Database, shop: Shop):
    """A parcel whose goods the books have not got is handed over all the same: it lies there."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order, task = trial.packed()
        trial.done(trial.placing(trial.sale()))
        handed, mended = trial.meet(handing_over(task), lambda conn: mend_promises(conn, now=NOON, limit=99))
        assert isinstance(handed, HandedOver)
        assert mended.to_source_units == 0
        assert trial.line(order).handed_over == 1
        assert trial.short() == {"missing": 1}, "one more left the shelf than it had: somebody has to count"


def test_return_and_return(database: Database, shop: Shop):
    """One unit was sold. It comes back at two counters: one return is of the sale, the other is of no sale."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order = trial.placed()
        trial.done(lambda conn: hand_over_everything(conn, now=NOON))
        catch_up(database, [SETTLE], now=NOON)
        back = [returned(shop, order) for _ in range(2)]
        outcomes = trial.meet(*(returning(one) for one in back))
        assert [type(one) for one in outcomes] == [TakenBack, TakenBack]
        assert sorted((one.reversed_minor, one.blind_minor) for one in outcomes) == [
            (0, PRICES["HAT"]),
            (PRICES["HAT"], 0),
        ]
        assert trial.line(order).returned == 1


def test_return_and_settle(database: Database, shop: Shop):
    """A return settles what the follower has not come to. Both at once: the return may have to be begun again, as the
    edges do, and the follower finds it done; it parks nothing."""
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order = trial.placed()
        catch_up(database, [SETTLE], now=NOON)
        trial.done(lambda conn: hand_over_everything(conn, now=NOON))
        back = returned(shop, order)

        def return_it(conn: Conn, back: NewReturn = back) -> object:
            try:
                with conn.transaction():
                    return take_back(conn, [back], scope=WHOLE_BRAND, now=LATER)[0]
            except psycopg.errors.UniqueViolation:
                return take_back(conn, [back], scope=WHOLE_BRAND, now=LATER)[0]

        outcome, step = trial.meet(return_it, lambda conn: advance(conn, SETTLE, upto=10**9, now=LATER))
        assert isinstance(outcome, TakenBack)
        assert (outcome.reversed_minor, outcome.blind_minor) == (PRICES["HAT"], 0)
        assert step.parked == 0
        with database.transaction() as conn:
            conn.execute("update log.follower set position = (select max(position) from log.event)")
