"""Any sequence of changes, granted or refused, on a real database: units are never made, lost or stand twice."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from psycopg.pq import TransactionStatus

from loopline.db import Conn, run_check
from loopline.kernel.refusals import Refusal
from loopline.orders import (
    CHECKS,
    Changed,
    DraftLine,
    LineChange,
    LineKind,
    LineUnits,
    NewOrder,
    change_lines,
    line_state,
    lines_by_orders,
    order_stage,
    orders_by_ids,
)
from loopline.orders.rules import COUNTERS
from tests.make.orders import NOON, draft, placed, sku_id

WHERE = ("parked", "held", "allocated", "handed_over", "cancelled")
LINES = 3
delta = st.integers(-4, 4)


class OrderMachine(RuleBasedStateMachine):
    """Two orders of three lines. The model is a dictionary per line; the truth is the database."""

    conn: Conn

    @initialize()
    def place(self) -> None:
        self.savepoint = self.conn.transaction(force_rollback=True)
        self.savepoint.__enter__()
        lines = (
            DraftLine(code="A", sku_id=sku_id(1), units=5),
            DraftLine(code="B", sku_id=sku_id(2), units=1),
            DraftLine(code="POST", kind=LineKind.CHARGE, units=2),
        )
        self.orders: list[NewOrder] = placed(self.conn, [draft(number, lines=lines) for number in "AB"])
        self.model: dict[tuple[int, int], dict[str, int]] = {
            (order, line): dict.fromkeys(COUNTERS, 0) | start
            for order in (0, 1)
            for line, start in enumerate(({"held": 5}, {"held": 1}, {"handed_over": 2}))
        }

    @rule(
        order=st.integers(0, 1),
        line=st.integers(0, LINES - 1),
        taken_from=st.sampled_from(WHERE),
        put_to=st.sampled_from(WHERE),
        units=st.integers(0, 6),
    )
    def move(self, order: int, line: int, taken_from: str, put_to: str, units: int) -> None:
        if taken_from != put_to:
            self.change([(order, line, {taken_from: -units, put_to: units})])

    @rule(order=st.integers(0, 1), line=st.integers(0, LINES - 1), returned=delta, lost=delta)
    def come_back(self, order: int, line: int, returned: int, lost: int) -> None:
        self.change([(order, line, {"returned": returned, "lost": lost})])

    @rule(
        changes=st.lists(
            st.tuples(
                st.integers(0, 1),
                st.integers(0, LINES - 1),
                st.dictionaries(st.sampled_from(COUNTERS), delta, max_size=4),
            ),
            max_size=6,
        )
    )
    def batch_of_anything(self, changes: list[tuple[int, int, dict[str, int]]]) -> None:
        self.change(changes)

    def change(self, changes: list[tuple[int, int, dict[str, int]]]) -> None:
        outcomes = change_lines(
            self.conn,
            [
                LineChange(
                    order_id=self.orders[order].order_id,
                    line_id=self.orders[order].lines[line].line_id,
                    **deltas,
                )
                for order, line, deltas in changes
            ],
            now=NOON + timedelta(hours=1),
        )
        for (order, line, deltas), outcome in zip(changes, outcomes, strict=True):
            before = self.model[order, line]
            after = {counter: before[counter] + deltas.get(counter, 0) for counter in COUNTERS}
            granted = self.is_possible(order, line, after)
            assert isinstance(outcome, Changed if granted else Refusal), (before, deltas, outcome)
            if granted:
                self.model[order, line] = after

    def is_possible(self, order: int, line: int, after: dict[str, int]) -> bool:
        """The rule once more, in other words than the code's."""
        units = self.orders[order].lines[line].units
        if any(count < 0 for count in after.values()):
            return False
        if after["returned"] > after["handed_over"] or after["lost"] > after["handed_over"]:
            return False
        if line == LINES - 1:
            moved = after["parked"] or after["held"] or after["allocated"]
            return not moved and after["handed_over"] + after["cancelled"] <= units
        return sum(after[counter] for counter in WHERE) == units

    @invariant()
    def the_database_says_the_same(self) -> None:
        kept = lines_by_orders(self.conn, [order.order_id for order in self.orders])
        assert [[getattr(line, counter) for counter in COUNTERS] for line in kept] == [
            list(self.model[order, line].values()) for order in (0, 1) for line in range(LINES)
        ]

    @invariant()
    def heads_are_sums_and_stages_follow(self) -> None:
        for order, head in enumerate(orders_by_ids(self.conn, [order.order_id for order in self.orders])):
            goods = [self.model[order, line] for line in range(LINES - 1)]
            sums = {counter: sum(line[counter] for line in goods) for counter in COUNTERS}
            assert {counter: getattr(head, counter) for counter in COUNTERS} == sums
            whole = LineUnits(kind=LineKind.GOODS, units=6, **sums)
            assert head.stage == order_stage(whole, in_work=False)
            if line_state(whole) == "cancelled":
                assert head.stage == "cancelled"

    def teardown(self) -> None:
        try:
            if self.conn.info.transaction_status is TransactionStatus.INTRANS:
                assert [finding for check in CHECKS for finding in run_check(self.conn, check)] == []
        finally:
            self.savepoint.__exit__(None, None, None)


def test_units_only_move(conn: Conn):
    OrderMachine.conn = conn
    run_state_machine_as_test(
        OrderMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
