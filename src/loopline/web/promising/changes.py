"""What an event of the log says has changed: of which SKUs, at which sites; read by the names of its fields.

An event that moves goods names SKUs, or an order; it may name leaves or sites. What it does not name is everywhere: an
event whose fields are new to us is read too widely, never too narrowly.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

import msgspec

from loopline.fulfilment import events as fulfilment
from loopline.kernel.events import Event, EventBody
from loopline.kernel.ids import NodeId, OrderId, SiteId, SkuId
from loopline.orders import events as orders
from loopline.returns import events as returns
from loopline.slots import events as slots
from loopline.sourcing import events as sourcing
from loopline.stock import events as stock

_ROOMS = (fulfilment, orders, sourcing, stock, returns)
_OF_WHOLE_SITES = frozenset({"snapshot_heard", "feed_went_stale", "feed_came_back", "suspicion_answered"})
"""Of dealers' own systems: what they state may touch whatever lies at their site."""
_AT_THE_NETWORK = frozenset(
    {
        orders.OrderPlaced.type_name(),
        orders.LinesCancelled.type_name(),
        orders.LinesReinstated.type_name(),
        orders.LinesParked.type_name(),
        orders.LinesUnparked.type_name(),
        stock.HoldExpired.type_name(),
    }
)
"""What moves holds alone: at the order's site, where it has one, and else above all sites."""

_OF_SLOTS = frozenset(one.type_name() for one in (slots.SlotBooked, slots.SlotMoved, slots.SlotReleased))


def _types() -> frozenset[str]:
    told = {
        one.type_name()
        for room in _ROOMS
        for one in vars(room).values()
        if isinstance(one, type) and issubclass(one, EventBody) and one is not EventBody
    }
    return frozenset(told | _OF_WHOLE_SITES | _OF_SLOTS)


FOLLOWED = _types()


class _Placed(msgspec.Struct, frozen=True, gc=False):
    """What of an order that was placed matters here; the rest of it is not decoded."""

    class Line(msgspec.Struct, frozen=True, gc=False):
        sku_id: SkuId | None = None

    lines: tuple[Line, ...]
    site_id: SiteId | None = None


_placed = msgspec.json.Decoder(_Placed).decode
_any = msgspec.json.Decoder().decode


class Changes(msgspec.Struct, kw_only=True):
    """What is to be read again: SKUs above all sites; SKUs at sites (None: at all); whole sites; days of sites."""

    above: set[SkuId]
    shelves: dict[SkuId, set[SiteId] | None]
    whole_sites: set[SiteId]
    days: set[SiteId]
    orders: dict[OrderId, set[SiteId]]
    slots: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be read again."""
        return not (self.above or self.shelves or self.whole_sites or self.days or self.orders or self.slots)

    def add_shelf(self, sku_id: SkuId, sites: set[SiteId] | None) -> None:
        """Note that a SKU changed at sites, or at any."""
        known = self.shelves.get(sku_id, set())
        self.shelves[sku_id] = None if sites is None or known is None else known | sites


def no_changes() -> Changes:
    """Return changes that say nothing yet."""
    return Changes(above=set(), shelves={}, whole_sites=set(), days=set(), orders={})


def changes_of(events: Iterable[Event], leaves: Mapping[NodeId, SiteId]) -> Changes:
    """Gather what events say has changed; `leaves` are the sites of leaves and of nodes of sites."""
    found = no_changes()
    for one in events:
        if one.type == orders.OrderPlaced.type_name():
            placed = _placed(one.data)
            skus = {line.sku_id for line in placed.lines if line.sku_id is not None}
            _note(found, skus, {placed.site_id} if placed.site_id is not None else set(), is_above=True)
            continue
        if one.type in _OF_SLOTS:
            found.slots = True
            continue
        named = _Named()
        named.read(_any(one.data))
        sites = named.sites | {leaves[node] for node in named.nodes if node in leaves}
        found.days |= sites
        if named.skus:
            _note(found, named.skus, sites, is_above=one.type in _AT_THE_NETWORK)
        elif one.type in _OF_WHOLE_SITES:
            found.whole_sites |= sites
        elif named.orders:
            for order_id in named.orders:
                found.orders.setdefault(order_id, set()).update(sites)
    return found


def _note(found: Changes, skus: set[SkuId], sites: set[SiteId], *, is_above: bool) -> None:
    found.above |= skus
    if sites or not is_above:
        for sku_id in skus:
            found.add_shelf(sku_id, sites or None)


class _Named:
    """The ids that an event names, wherever in it they stand."""

    def __init__(self) -> None:
        self.skus: set[SkuId] = set()
        self.sites: set[SiteId] = set()
        self.nodes: set[NodeId] = set()
        self.orders: set[OrderId] = set()

    def read(self, said: Any) -> None:
        if isinstance(said, list):
            for one in cast("list[Any]", said):
                self.read(one)
        if not isinstance(said, dict):
            return
        for name, value in cast("dict[str, Any]", said).items():
            if name in ("sku_id", "site_id", "order_id") or name.endswith(("leaf_id", "node_id")):
                self._note(name, value)
            elif name in ("sku_ids", "site_ids"):
                for one in cast("list[Any]", value):
                    self._note(name.removesuffix("s"), one)
            elif isinstance(value, list | dict):
                self.read(value)

    def _note(self, name: str, value: Any) -> None:
        if not isinstance(value, str):
            return
        made = UUID(value)
        if name == "sku_id":
            self.skus.add(SkuId(made))
        elif name == "site_id":
            self.sites.add(SiteId(made))
        elif name == "order_id":
            self.orders.add(OrderId(made))
        else:
            self.nodes.add(NodeId(made))
