"""Stock and orders together: whatever is done in whatever order, the books of design.md hold after every step.

Every command goes through the front door that people and jobs use, on a real PostgreSQL, each run in one transaction
that is rolled back. After each step an independent model (`books`) agrees with orders and stock to the unit, asks are
granted exactly where it says that there is room (never oversold, never undersold), and doctor finds nothing. At the
end the followers read the whole log, and doctor looks at what they wrote as well.
"""

import random
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from loopline import stock
from loopline.db import Conn, Database, run_check
from loopline.db.followers import ensure_followers
from loopline.fulfilment.codes import collect_code
from loopline.fulfilment.model import (
    AcceptTask,
    CheckTask,
    CollectParcel,
    HandOverTask,
    PackTask,
    PickTask,
    RefusalReason,
    RefusedWork,
    RefuseTask,
    Task,
    TaskKind,
    TaskState,
    WithdrawnUnits,
)
from loopline.fulfilment.queries import lines_of_tasks, tasks_of_orders
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import LineId, SkuId, uuid7, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, Draft, OnShortage, lines_by_orders
from loopline.processes import dispatch, fulfil, regrade
from loopline.processes.cancel import Cancellation, Cancelled, UnitsToCancel, cancel
from loopline.processes.doctor import ALL_CHECKS, FOLLOWS_THE_LOG
from loopline.processes.no_show import end_waiting
from loopline.processes.place import Placed, place
from loopline.processes.promise import expire_holds, fill_parked, mend_promises
from loopline.processes.replenish import Count, count_goods, record_goods
from loopline.processes.source import source_wave
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import Grade, Grading, NewReturn, NewReturnLine, Receipt, ReturnKind
from loopline.stock import Fact, MovementReason
from loopline.stock.refusals import NotEnoughFree
from tests.make.loop import follow, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, SITES, ask, lines, open_shop, till_sale
from tests.property.processes.books import OPEN_STATES, Books, LineBook, OrderBook, Standing

AT_ONCE = [check for check in ALL_CHECKS if check.invariant != FOLLOWS_THE_LOG]
LIMIT = 1_000
HOLD = timedelta(minutes=30)

chances = st.integers(0, 2**32)
skus = st.sampled_from(list(PRICES))
sites = st.sampled_from(SITES)
wanted = st.dictionaries(skus, st.integers(1, 4), min_size=1, max_size=2)


class TradeMachine(RuleBasedStateMachine):
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.conn: Conn = self.stack.enter_context(closing(self.database.connect()))
        self.stack.enter_context(self.conn.transaction(force_rollback=True))
        self.now = NOON
        self.numbers = 0

    @initialize()
    def open(self) -> None:
        self.shop = open_shop(self.conn, units=0)
        self.books = Books(self.shop)
        # At the beginning of the log: what lags is known to lag.
        ensure_followers(self.conn, FOLLOWERS)

    # ------------------------------------------------------------------------------------------------------- goods

    @rule(site=sites, sku=skus, units=st.integers(1, 6))
    def receive(self, site: str, sku: str, units: int) -> None:
        self._record(MovementReason.RECEIPT, {(site, sku): units})

    @rule(sku=skus, units=st.integers(1, 3), chance=chances)
    def transfer(self, sku: str, units: int, chance: int) -> None:
        there, here = random.Random(chance).sample(SITES, 2)
        self._record(MovementReason.TRANSFER_OUT, {(there, sku): -units})
        self._record(MovementReason.TRANSFER_IN, {(here, sku): units})

    @rule(site=sites, sku=skus, units=st.integers(0, 6))
    def count(self, site: str, sku: str, units: int) -> None:
        asked = Count(leaf_id=self.shop.leaves[site], sku_id=self.shop.skus[sku], units=units)
        shelf = self.books.shelves[site, self.shop.skus[sku]]
        [outcome] = succeeded(count_goods(self.conn, [asked], now=self.now))
        assert outcome.units_before == shelf.on_hand
        shelf.on_hand = units

    def _record(self, reason: MovementReason, moved: dict[tuple[str, str], int]) -> None:
        facts = [
            Fact(
                id=fact_id,
                leaf_id=self.shop.leaves[site],
                sku_id=self.shop.skus[sku],
                reason=reason,
                on_hand=units,
            )
            for ((site, sku), units), fact_id in zip(moved.items(), uuid7s(self.now, len(moved)), strict=True)
        ]
        succeeded(record_goods(self.conn, facts, now=self.now))
        for (site, sku), units in moved.items():
            self.books.shelves[site, self.shop.skus[sku]].on_hand += units

    # ------------------------------------------------------------------------------------------------------ orders

    @rule(
        goods=wanted,
        parks=st.booleans(),
        collected_at=st.one_of(st.none(), st.sampled_from(("S", "D"))),
        is_trusted=st.booleans(),
    )
    def place_an_ask(
        self, goods: dict[str, int], parks: bool, collected_at: str | None, is_trusted: bool
    ) -> None:
        standing = self.books.standing(self.conn)
        rooms = {sku: self.books.room(standing, self.shop.skus[sku], site=collected_at) for sku in goods}
        bound = (
            {"site_id": self.shop.sites[collected_at], "delivery": Delivery.COLLECT} if collected_at else {}
        )
        draft = ask(
            self.shop,
            self._number(),
            placed_at=self.now,
            lines=lines(self.shop, *goods.items()),
            on_shortage=OnShortage.PARK if parks else OnShortage.REFUSE,
            hold_minutes=None if is_trusted else 30,
            **bound,
        )
        [outcome] = place(self.conn, [draft], scope=WHOLE_BRAND, now=self.now)
        if not parks and any(units > rooms[sku] for sku, units in goods.items()):
            assert isinstance(outcome, NotEnoughFree)
            return
        order = self._write_down(draft, outcome, site=collected_at)
        order.pay_until = None if is_trusted else self.now + HOLD
        for line in lines_by_orders(self.conn, [order.order_id]):
            assert line.held == min(line.units, rooms[line.code])
        # The same message again is that order.
        [again] = place(self.conn, [draft], scope=WHOLE_BRAND, now=self.now)
        assert getattr(again, "order_id", None) == order.order_id
        assert not isinstance(again, Placed)

    @rule(goods=wanted, site=st.sampled_from(("S", "D")))
    def sell_at_a_till(self, goods: dict[str, int], site: str) -> None:
        draft = till_sale(
            self.shop,
            self._number(),
            site=site,
            placed_at=self.now,
            lines=lines(self.shop, *goods.items(), stated=True),
        )
        [outcome] = place(self.conn, [draft], scope=WHOLE_BRAND, now=self.now)
        order = self._write_down(draft, outcome, site=None)
        for line in order.lines:
            line.handed_over = line.units
            self.books.shelves[site, line.sku_id].on_hand -= line.units
        self._pay(order)

    def _write_down(self, draft: Draft, outcome: object, *, site: str | None) -> OrderBook:
        assert isinstance(outcome, Placed), outcome
        found = {line.code: line for line in lines_by_orders(self.conn, [outcome.order_id])}
        order = OrderBook(
            order_id=outcome.order_id,
            placed=outcome,
            site=site,
            pay_until=None,
            lines=[
                LineBook(outcome.order_id, found[line.code].line_id, line.sku_id, line.units)
                for line in draft.lines
                if line.sku_id is not None
            ],
        )
        self.books.orders[order.order_id] = order
        return order

    def _number(self) -> str:
        self.numbers += 1
        return f"N-{self.numbers}"

    @precondition(lambda self: bool(self.books.orders))
    @rule(chance=chances)
    def pay(self, chance: int) -> None:
        """In time, late, or for an order that is gone: money that was taken stands."""
        order = random.Random(chance).choice(list(self.books.orders.values()))
        if not order.is_paid:
            self._pay(order)

    def _pay(self, order: OrderBook) -> None:
        pay_for(self.conn, self.shop, order.placed, at=self.now)
        order.is_paid = True
        if any(line.waiting for line in order.lines):
            order.pay_until = None

    @rule(minutes=st.integers(1, 40))
    def expire(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        standing = self.books.standing(self.conn)
        ends = 0
        for order in self.books.orders.values():
            is_waiting = any(line.waiting for line in order.lines)
            if order.pay_until is None or order.pay_until > self.now or not is_waiting:
                continue
            # One that only waits for goods has no hold to end, and ends all the same.
            ends += sum(standing.lines[line.line_id].held > 0 for line in order.lines)
            for line in order.lines:
                line.cancelled = line.units - line.handed_over
        assert expire_holds(self.conn, now=self.now, limit=LIMIT) == ends

    @precondition(lambda self: bool(self.books.orders))
    @rule(chance=chances, is_whole=st.booleans())
    def cancel(self, chance: int, is_whole: bool) -> None:
        luck = random.Random(chance)
        order = luck.choice(list(self.books.orders.values()))
        open_lines = [line for line in order.lines if line.waiting]
        asked: dict[LineId, int] = {line.line_id: line.waiting for line in open_lines}
        if not is_whole and open_lines:
            one = luck.choice(open_lines)
            asked = {one.line_id: luck.randint(1, one.waiting)}
        units = tuple(UnitsToCancel(line_id=line_id, units=count) for line_id, count in asked.items())
        command = Cancellation(order_id=order.order_id, lines=() if is_whole else units)
        [outcome] = cancel(self.conn, [command], scope=WHOLE_BRAND, now=self.now)
        whole = {line.line_id: line.waiting for line in open_lines}
        if not open_lines:
            is_cancelled = all(line.cancelled == line.units for line in order.lines)
            assert isinstance(outcome, Cancelled if is_cancelled else Refusal)
        elif order.pay_until is not None and asked != whole:
            assert isinstance(outcome, Refusal)
        else:
            assert isinstance(outcome, Cancelled), outcome
            assert {one.line_id: one.units for one in outcome.lines} == asked
            for line in order.lines:
                line.cancelled += asked.get(line.line_id, 0)
            order.pay_until = None

    @precondition(lambda self: any(line.handed_over > line.returned for line in self.books.lines()))
    @rule(chance=chances, grade=st.sampled_from((Grade.AS_NEW, Grade.DAMAGED, Grade.FAKE)))
    def take_back(self, chance: int, grade: Grade) -> None:
        """Units come back to the store, are looked at, and go where that sends them."""
        luck = random.Random(chance)
        line = luck.choice([line for line in self.books.lines() if line.handed_over > line.returned])
        units = luck.randint(1, line.handed_over - line.returned)
        code = next(code for code, sku_id in self.shop.skus.items() if sku_id == line.sku_id)
        asked = NewReturn(
            channel="till",
            external_number=self._number(),
            kind=ReturnKind.FACT,
            at=self.now,
            site_id=self.shop.sites["S"],
            currency="CNY",
            order_id=line.order_id,
            lines=(
                NewReturnLine(
                    code=code,
                    sku_id=line.sku_id,
                    units=units,
                    stated_unit_minor=PRICES[code],
                    line_id=line.line_id,
                ),
            ),
        )
        [outcome] = take_back(self.conn, [asked], scope=WHOLE_BRAND, now=self.now)
        assert isinstance(outcome, TakenBack), outcome
        line.returned += units
        [came] = outcome.lines
        receipt = Receipt(
            id=uuid7(self.now),
            return_line_id=came.return_line_id,
            units=units,
            site_id=self.shop.sites["S"],
            at=self.now,
        )
        succeeded(regrade.receive(self.conn, [receipt], scope=WHOLE_BRAND, now=self.now))
        grading = Grading(
            id=uuid7(self.now),
            return_line_id=came.return_line_id,
            units=units,
            grade=grade,
            is_perishable=False,
            graded_by="lin",
            at=self.now,
        )
        [graded] = succeeded(
            regrade.grade(self.conn, [grading], site_id=self.shop.sites["S"], scope=WHOLE_BRAND, now=self.now)
        )
        shelf = self.books.shelves["S", line.sku_id]
        if graded.disposition.stays_in_stock:
            shelf.on_hand += units
            shelf.bad += 0 if graded.disposition.is_sellable else units

    # -------------------------------------------------------------------------------------------------------- work

    @rule()
    def source(self) -> None:
        source_wave(self.conn, now=self.now)

    @rule()
    def fill(self) -> None:
        fill_parked(self.conn, sku_ids=None, now=self.now, limit=LIMIT)

    @rule()
    def mend(self) -> None:
        mend_promises(self.conn, now=self.now, limit=LIMIT)

    @rule(chance=chances, steps=st.integers(1, 5))
    def work(self, chance: int, steps: int) -> None:
        """A site takes a task so many steps further, up to handing it over."""
        task = self._some_task(chance)
        if task is None:
            return
        state = task.state
        for _ in range(steps):
            self._step(task, state)
            if state is TaskState.PACKED:
                return
            state = TaskState(OPEN_STATES[OPEN_STATES.index(state) + 1])

    def _step(self, task: Task, state: TaskState) -> None:
        one, conn, now = task.task_id, self.conn, self.now
        is_collected = task.kind is TaskKind.COLLECT
        code = collect_code((one.int & (1 << 40) - 1).to_bytes(5, "big"))
        match state:
            case TaskState.OFFERED:
                succeeded(dispatch.accept(conn, [AcceptTask(task_id=one)], scope=WHOLE_BRAND, now=now))
            case TaskState.ACCEPTED:
                succeeded(fulfil.pick(conn, [PickTask(task_id=one)], scope=WHOLE_BRAND, now=now))
            case TaskState.PICKING:
                succeeded(fulfil.check(conn, [CheckTask(task_id=one)], scope=WHOLE_BRAND, now=now))
            case TaskState.CHECKED if is_collected:
                packed = PackTask(task_id=one, code=code, collect_by=now + timedelta(hours=1))
                succeeded(fulfil.pack(conn, [packed], scope=WHOLE_BRAND, now=now))
            case TaskState.CHECKED:
                succeeded(fulfil.pack(conn, [PackTask(task_id=one)], scope=WHOLE_BRAND, now=now))
            case _:
                self._hand_over(task, code)

    def _hand_over(self, task: Task, code: str) -> None:
        order = self.books.orders[task.order_id]
        if not order.is_paid:
            self._pay(order)  # at the door: whoever has the goods and has not paid for them is a finding
        if task.kind is TaskKind.COLLECT:
            shown = CollectParcel(site_id=task.site_id, code=code)
            succeeded(fulfil.collect(self.conn, [shown], scope=WHOLE_BRAND, now=self.now))
        else:
            leaving = HandOverTask(task_id=task.task_id)
            succeeded(fulfil.hand_over(self.conn, [leaving], scope=WHOLE_BRAND, now=self.now))
        by_id = {line.line_id: line for line in self.books.lines()}
        for units in lines_of_tasks(self.conn, [task.task_id])[task.task_id]:
            by_id[units.line_id].handed_over += units.left
            self.books.shelves[self._site_of(task), units.sku_id].on_hand -= units.left

    @rule(chance=chances, reason=st.sampled_from(RefusalReason), counted=st.integers(0, 3))
    def refuse(self, chance: int, reason: RefusalReason, counted: int) -> None:
        task = self._some_task(chance)
        if task is None:
            return
        one = random.Random(chance).choice(
            [line for line in lines_of_tasks(self.conn, [task.task_id])[task.task_id] if line.left]
        )
        differs = reason is RefusalReason.COUNT_DIFFERS
        part = WithdrawnUnits(
            allocation_id=one.allocation_id, units=one.left, counted_units=counted if differs else None
        )
        command = RefuseTask(command_id=uuid7(self.now), task_id=task.task_id, reason=reason, lines=(part,))
        [outcome] = dispatch.refuse(self.conn, [command], scope=WHOLE_BRAND, now=self.now)
        if not isinstance(outcome, RefusedWork):
            return
        shelf = self.books.shelves[self._site_of(task), one.sku_id]
        match reason:
            case RefusalReason.NOT_FOUND:
                shelf.on_hand -= one.left
            case RefusalReason.DAMAGED | RefusalReason.DISPLAY_WORN:
                shelf.bad += one.left
            case RefusalReason.COUNT_DIFFERS:
                shelf.on_hand = counted
            case RefusalReason.NO_CAPACITY:
                pass

    @rule(hours=st.integers(1, 5))
    def let_offers_lapse(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        dispatch.lapse(self.conn, now=self.now, limit=LIMIT)

    @rule()
    def nobody_comes(self) -> None:
        """Parcels that were to be collected by now go back to the shelf."""
        waiting = [
            task
            for task in tasks_of_orders(self.conn, list(self.books.orders))
            if task.state is TaskState.PACKED and task.collect_by is not None and task.collect_by <= self.now
        ]
        by_id = {line.line_id: line for line in self.books.lines()}
        for of_task in lines_of_tasks(self.conn, [task.task_id for task in waiting]).values():
            for units in of_task:
                by_id[units.line_id].cancelled += units.left
        assert end_waiting(self.conn, now=self.now, limit=LIMIT) == len(waiting)

    def _some_task(self, chance: int) -> Task | None:
        open_ones = [
            task for task in tasks_of_orders(self.conn, list(self.books.orders)) if task.state in OPEN_STATES
        ]
        ordered = sorted(open_ones, key=lambda task: task.task_id)
        return random.Random(chance).choice(ordered) if ordered else None

    def _site_of(self, task: Task) -> str:
        return next(code for code, site_id in self.shop.sites.items() if site_id == task.site_id)

    # -------------------------------------------------------------------------------------------------- invariants

    @invariant()
    def doctor_finds_nothing(self) -> None:
        found = {check.name: run_check(self.conn, check) for check in AT_ONCE}
        assert {name: findings for name, findings in found.items() if findings} == {}

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "books"):
            return
        standing = self.books.standing(self.conn)
        for line in self.books.lines():
            found = standing.lines[line.line_id]
            assert (found.handed_over, found.cancelled, found.returned) == (
                line.handed_over,
                line.cancelled,
                line.returned,
            )
            assert found.parked + found.held + found.allocated == line.waiting
            assert found.allocated == standing.work_of_lines.get(line.line_id, 0)
        self._shelves_agree(standing, list(self.shop.skus.values()))

    def _shelves_agree(self, standing: Standing, sku_ids: Sequence[SkuId]) -> None:
        site_of = {leaf: code for code, leaf in self.shop.leaves.items()}
        stood = {
            (site_of[row.leaf_id], row.sku_id): (row.on_hand, row.unsellable, row.allocated)
            for row in stock.stock_at_leaves(self.conn, list(site_of), sku_ids=sku_ids)
        }
        for (site, sku_id), shelf in self.books.shelves.items():
            expected = (shelf.on_hand, shelf.bad, standing.at_work.get((site, sku_id), 0))
            assert stood.get((site, sku_id), (0, 0, 0)) == expected
        network = [self.shop.network] * len(sku_ids)
        rooms = {one.sku_id: one for one in stock.free_at_nodes(self.conn, network, sku_ids)}
        short = {
            (one.kind.value, one.node_id, one.sku_id): one.units
            for one in stock.open_shortfalls(self.conn, limit=LIMIT)
        }
        for sku_id in sku_ids:
            free, held = self.books.free(standing, sku_id), self.books.held(standing, sku_id)
            room = rooms.get(sku_id)
            assert (room.free, room.held) == (free, held) if room else (free, held) == (0, 0)
            assert short.get(("overheld", self.shop.network, sku_id), 0) == max(0, held - free)
            for site, leaf_id in self.shop.leaves.items():
                missing = self.books.missing(standing, site, sku_id)
                assert short.get(("missing", leaf_id, sku_id), 0) == missing

    def teardown(self) -> None:
        """Followers read the whole log, and everything doctor knows holds."""
        try:
            if hasattr(self, "books"):
                for follower in FOLLOWERS:
                    follow(self.conn, follower)
                self.conn.execute(
                    "update log.follower set position = coalesce((select max(position) from log.event), 0)"
                )
                found = {check.name: run_check(self.conn, check) for check in ALL_CHECKS}
                assert {name: findings for name, findings in found.items() if findings} == {}
        finally:
            self.stack.close()


def _run(database: Database, *, examples: int, steps: int, seeded: bool) -> None:
    TradeMachine.database = database
    run_state_machine_as_test(
        TradeMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=seeded,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_a_short_day_adds_up(shared_database: Database):
    _run(shared_database, examples=3, steps=15, seeded=True)


@pytest.mark.slow
def test_many_long_days_add_up(shared_database: Database):
    _run(shared_database, examples=60, steps=50, seeded=False)
