"""A meeting of rivals over the goods of one shelf, through the front doors that people and jobs use."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from loopline import orders, stock
from loopline.db import Conn, Database
from loopline.fulfilment.model import AcceptTask, CheckTask, PackTask, PickTask
from loopline.kernel.ids import TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Draft, Line
from loopline.processes import dispatch, fulfil
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.place import Placed, place
from loopline.processes.replenish import Count, count_goods
from loopline.processes.source import source_wave
from tests.make.loop import pay_for
from tests.make.org import succeeded
from tests.make.rivals import together
from tests.make.shop import NOON, Shop, ask, lines, till_sale

LATER = NOON + timedelta(hours=1)
Work = Callable[[Conn], Any]
_numbers = itertools.count(1)


def next_number() -> int:
    """A number that no order had before."""
    return next(_numbers)


class Trial:
    """One meeting: so many hats on the store's shelf, nothing promised; orders are of hats."""

    def __init__(self, database: Database, shop: Shop, *, hats: int) -> None:
        self.database, self.shop = database, shop
        with database.transaction() as conn:
            count = Count(leaf_id=shop.leaves["S"], sku_id=shop.skus["HAT"], units=hats)
            succeeded(count_goods(conn, [count], now=NOON))

    def ask(self, units: int = 1, **fields: Any) -> Draft:
        return ask(self.shop, f"W-{next_number()}", lines=lines(self.shop, ("HAT", units)), **fields)

    def sale(self, units: int = 1) -> Draft:
        return till_sale(self.shop, f"T-{next_number()}", lines=lines(self.shop, ("HAT", units), stated=True))

    def placing(self, draft: Draft) -> Work:
        """To place an order; what was sold at the till is paid in the same breath."""

        def work(conn: Conn) -> Any:
            (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
            if draft.channel == "till" and isinstance(outcome, Placed):
                pay_for(conn, self.shop, outcome)
            return outcome

        return work

    def done(self, work: Work) -> Any:
        with self.database.transaction() as conn:
            return work(conn)

    def placed(self, units: int = 1, *, paid: bool = True, **fields: Any) -> Placed:
        """An order that stands."""
        outcome = self.done(self.placing(self.ask(units, **fields)))
        assert isinstance(outcome, Placed)
        if paid:
            self.done(lambda conn: pay_for(conn, self.shop, outcome))
        return outcome

    def offered(self, units: int = 1) -> tuple[Placed, TaskId]:
        """An order that a site was offered."""
        outcome = self.placed(units)
        (task,) = self.done(lambda conn: source_wave(conn, now=NOON).tasks)
        return outcome, task

    def packed(self, units: int = 1) -> tuple[Placed, TaskId]:
        """An order that lies ready for the carrier."""
        outcome, task = self.offered(units)

        def steps(conn: Conn) -> None:
            scope = WHOLE_BRAND
            succeeded(dispatch.accept(conn, [AcceptTask(task_id=task)], scope=scope, now=NOON))
            succeeded(fulfil.pick(conn, [PickTask(task_id=task)], scope=scope, now=NOON))
            succeeded(fulfil.check(conn, [CheckTask(task_id=task)], scope=scope, now=NOON))
            succeeded(fulfil.pack(conn, [PackTask(task_id=task)], scope=scope, now=NOON))

        self.done(steps)
        return outcome, task

    def meet(self, *work: Work) -> list[Any]:
        """Let rivals go from one barrier; afterwards doctor finds nothing."""
        outcomes = together(self.database, work)
        with self.database.reading() as conn:
            report = examine(conn)
        assert [one for one in report.checks if not one.ok and one.invariant != FOLLOWS_THE_LOG] == []
        return outcomes

    def line(self, order: Placed) -> Line:
        with self.database.reading() as conn:
            (line,) = orders.lines_by_orders(conn, [order.order_id])
        return line

    def short(self) -> dict[str, int]:
        """Open shortfalls of the network's holds and the store's shelf."""
        with self.database.reading() as conn:
            return {
                one.kind.value: one.units
                for one in stock.open_shortfalls(conn, limit=99)
                if one.node_id in {self.shop.network, self.shop.leaves["S"]}
            }

    def clear(self) -> None:
        """Call off what is left, so that the next trial begins with nothing promised."""
        with self.database.transaction() as conn:
            rows = conn.execute("select id from orders.order where parked + held + allocated > 0").fetchall()
            cancel(conn, [Cancellation(order_id=row[0]) for row in rows], scope=WHOLE_BRAND, now=LATER)
