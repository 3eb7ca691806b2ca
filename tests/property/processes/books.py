"""What a brand's day comes to, kept by hand: an independent model of stock and orders together.

Shelves are what was put on them and taken off. A line is what left it for good (handed over, cancelled, returned);
where its other units stand is the product's affair, and is read from the rooms `orders` (held, parked) and
`fulfilment` (the units of open tasks), never from `stock`. From these alone follows what `stock` must say: what is
free, what is short, and whether an ask is granted.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, SkuId
from loopline.orders import Line, lines_by_orders
from loopline.processes.place import Placed
from tests.make.shop import SITES, Shop

OPEN_STATES = ("offered", "accepted", "picking", "checked", "packed")
Key = tuple[str, SkuId]


class Shelf(msgspec.Struct):
    """Units of a SKU at a site; `bad` of them cannot be sold."""

    on_hand: int = 0
    bad: int = 0


class LineBook(msgspec.Struct):
    """A line: `units` were ordered; the others have left it for good."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    units: int
    handed_over: int = 0
    cancelled: int = 0
    returned: int = 0

    @property
    def waiting(self) -> int:
        return self.units - self.handed_over - self.cancelled


class OrderBook(msgspec.Struct):
    """An order: collected at `site`, or delivered; to be paid by `pay_until`, where it does not trust its buyer."""

    order_id: OrderId
    placed: Placed
    site: str | None
    pay_until: datetime | None
    lines: list[LineBook]
    is_paid: bool = False


class Standing(msgspec.Struct, frozen=True):
    """Where the product says that units stand: lines by id, and units of open tasks by (site, SKU)."""

    lines: Mapping[LineId, Line]
    at_work: Mapping[Key, int]
    work_of_lines: Mapping[LineId, int]


class Books:
    """The shelves and orders of one shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.shelves: dict[Key, Shelf] = {
            (site, sku): Shelf() for site in SITES for sku in shop.skus.values()
        }
        self.orders: dict[OrderId, OrderBook] = {}

    def lines(self) -> Iterable[LineBook]:
        """Every line of every order."""
        return (line for order in self.orders.values() for line in order.lines)

    def standing(self, conn: Conn) -> Standing:
        """Read where units stand from the rooms of orders and tasks."""
        site_of = {leaf: code for code, leaf in self.shop.leaves.items()}
        at_work: dict[Key, int] = {}
        of_lines: dict[LineId, int] = {}
        for leaf_id, sku_id, line_id, units in conn.execute(
            "select leaf_id, sku_id, line_id, units - refused_units - cancelled_units from fulfilment.task_line"
            " join fulfilment.task on task.id = task_line.task_id where state = any(%s)",
            (list(OPEN_STATES),),
        ):
            key = (site_of[leaf_id], sku_id)
            at_work[key] = at_work.get(key, 0) + units
            of_lines[line_id] = of_lines.get(line_id, 0) + units
        lines = lines_by_orders(conn, list(self.orders)) if self.orders else []
        return Standing({line.line_id: line for line in lines}, at_work, of_lines)

    def sellable(self, standing: Standing, site: str, sku_id: SkuId) -> int:
        """What a shelf can still promise, before holds."""
        shelf = self.shelves[site, sku_id]
        return max(0, shelf.on_hand - shelf.bad - standing.at_work.get((site, sku_id), 0))

    def missing(self, standing: Standing, site: str, sku_id: SkuId) -> int:
        """What tasks want of a shelf and it has not got."""
        shelf = self.shelves[site, sku_id]
        return max(0, standing.at_work.get((site, sku_id), 0) + shelf.bad - shelf.on_hand)

    def free(self, standing: Standing, sku_id: SkuId) -> int:
        """What the network can promise, before holds."""
        return sum(self.sellable(standing, site, sku_id) for site in SITES)

    def held(self, standing: Standing, sku_id: SkuId, *, site: str | None = None) -> int:
        """What lines hold: all of them, or those that are collected at one site."""
        return sum(
            standing.lines[line.line_id].held
            for order in self.orders.values()
            if site is None or order.site == site
            for line in order.lines
            if line.sku_id == sku_id
        )

    def room(self, standing: Standing, sku_id: SkuId, *, site: str | None) -> int:
        """What one more ask may have, delivered or collected at a site."""
        room = self.free(standing, sku_id) - self.held(standing, sku_id)
        if site is not None:
            room = min(room, self.sellable(standing, site, sku_id) - self.held(standing, sku_id, site=site))
        return max(0, room)
