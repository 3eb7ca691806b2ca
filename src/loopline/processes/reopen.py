"""Reopen: work that is put to sites and that nobody has begun is decided again, together with a wave's new orders.

What it was put to counts as free in the wave's problem, and leaving it there is cheaper than moving it. Where it stays,
nothing is touched. What moves leaves its site in the transaction that puts it to the other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from loopline import orders
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment_queries
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.model import Task, TaskLine, WithdrawnUnits
from loopline.kernel.ids import LineId, NodeId, OrderId, SiteId, SkuId, TaskId
from loopline.kernel.temperatures import TemperatureClass
from loopline.orders import Delivery, LineToSource
from loopline.sourcing.model import Decision, Parcel, ParcelLine, Wave
from loopline.sourcing.settings import REOPTIMISED_MOST, Reoptimising

_Key = TypeVar("_Key")


class OpenWork(msgspec.Struct, frozen=True, kw_only=True):
    """An order's whole work at sites, none of it begun."""

    tasks: Sequence[Task]
    lines: Mapping[TaskId, Sequence[TaskLine]]

    @property
    def site_ids(self) -> frozenset[SiteId]:
        """The sites that have it."""
        return frozenset(task.site_id for task in self.tasks)

    def goods(self) -> Iterable[tuple[NodeId, SkuId, int]]:
        """What lies allocated for it: leaf, SKU, units."""
        return ((one.leaf_id, one.sku_id, one.left) for of_task in self.lines.values() for one in of_task)

    def is_as_decided(self, decision: Decision) -> bool:
        """Whether a decision leaves every unit at the site that has it, in the parcels that there are."""
        return self._parcels() == {
            (parcel.site_id, parcel.temperature_class): _sums(
                (line.line_id, line.units) for line in parcel.lines
            )
            for parcel in decision.parcels
        }

    def _parcels(self) -> dict[tuple[SiteId, TemperatureClass], dict[LineId, int]]:
        return {
            (task.site_id, task.temperature_class): _sums(
                (line.line_id, line.left) for line in self.lines[task.task_id]
            )
            for task in self.tasks
        }


Works = Mapping[OrderId, OpenWork]


def open_work(
    conn: Conn, settings: Reoptimising, *, but: Collection[OrderId], now: datetime, limit: int
) -> Works:
    """Return the work that may be decided again, by order: of `settings.orders_most` orders, of `limit` at most.

    Of orders that any site may send, and that hold nothing and wait for nothing beside it: with them it would be no
    whole order that moves.
    """
    tasks = fulfilment_queries.movable_tasks(
        conn,
        accepted_too=settings.accepted_too,
        but=but,
        now=now,
        limit=REOPTIMISED_MOST if min(limit, settings.orders_most) > 0 else 0,
    )
    lines = fulfilment_queries.lines_of_tasks(conn, [task.task_id for task in tasks])
    heads = orders.orders_by_ids(conn, list({task.order_id for task in tasks}))
    whole = {
        head.id for head in heads if head.delivery is Delivery.DELIVER and not head.held and not head.parked
    }
    newest = sorted(
        {task.order_id: task.offered_at for task in tasks if task.order_id in whole}.items(),
        key=lambda one: (one[1], one[0]),
        reverse=True,
    )
    whole = {order_id for order_id, _ in newest[: min(limit, settings.orders_most)]}
    by_order: dict[OrderId, list[Task]] = {}
    for task in tasks:
        if task.order_id in whole:
            by_order.setdefault(task.order_id, []).append(task)
    return {
        order_id: OpenWork(tasks=of_order, lines={one.task_id: lines[one.task_id] for one in of_order})
        for order_id, of_order in by_order.items()
    }


def lines_of(conn: Conn, works: Works) -> list[LineToSource]:
    """Return the work's lines as if they waited for a site."""
    heads = orders.orders_by_ids(conn, list(works))
    return [
        LineToSource(
            order_id=head.id,
            line_id=line_id,
            sku_id=sku_id,
            held=units,
            placed_at=head.placed_at,
            channel=head.channel,
            delivery=head.delivery,
            site_id=head.site_id,
            longitude=head.longitude,
            latitude=head.latitude,
        )
        for head in heads
        for (line_id, sku_id), units in _sums(
            ((line.line_id, line.sku_id), line.left)
            for of_task in works[head.id].lines.values()
            for line in of_task
        ).items()
    ]


def decisions_to_apply(decisions: Sequence[Decision], wave: Wave, works: Works) -> list[Decision]:
    """Return the decisions that change something, those first that take work from a site: others may get its goods.

    Work that stays, or would not all be sent, keeps the very goods it has.
    """
    moving: list[Decision] = []
    new: list[Decision] = []
    staying: list[OpenWork] = []
    for one in decisions:
        work = works.get(one.order_id)
        if work is None:
            new.append(one)
        elif one.unfilled or work.is_as_decided(one):
            staying.append(work)
        else:
            moving.append(one)
    if not moving and not staying:
        return new
    left = {(row.leaf_id, row.sku_id): row.sellable for row in wave.stock}
    for work in staying:
        for leaf_id, sku_id, units in work.goods():
            left[leaf_id, sku_id] = left.get((leaf_id, sku_id), 0) - units
    return redrawn(moving + new, left, {site.site_id: site.leaf_ids for site in wave.sites})


def redrawn(
    decisions: Sequence[Decision],
    stock: Mapping[tuple[NodeId, SkuId], int],
    leaves: Mapping[SiteId, Sequence[NodeId]],
) -> list[Decision]:
    """Return decisions with the units of each parcel taken from the leaves of its site that have them, in their order.

    `stock` is what is there once the work that stays has its own: a plan takes leaves as they come, and may have given
    to others the one that work lies at which does not move. Sites and units stay as they were decided.
    """
    left = dict(stock)
    return [
        replace(
            one,
            parcels=tuple(
                replace(parcel, lines=_drawn(parcel, left, leaves[parcel.site_id])) for parcel in one.parcels
            ),
        )
        for one in decisions
    ]


def _drawn(
    parcel: Parcel, left: dict[tuple[NodeId, SkuId], int], leaves: Sequence[NodeId]
) -> tuple[ParcelLine, ...]:
    lines: list[ParcelLine] = []
    for (line_id, sku_id), units in _sums(
        ((one.line_id, one.sku_id), one.units) for one in parcel.lines
    ).items():
        wanted = units
        for leaf_id in leaves:
            taken = min(wanted, max(0, left.get((leaf_id, sku_id), 0)))
            if taken:
                left[leaf_id, sku_id] -= taken
                wanted -= taken
                lines.append(ParcelLine(line_id=line_id, leaf_id=leaf_id, sku_id=sku_id, units=taken))
        if wanted:  # somebody else was faster: let the leaf refuse it
            lines.append(ParcelLine(line_id=line_id, leaf_id=leaves[0], sku_id=sku_id, units=wanted))
    return tuple(lines)


def still_open(conn: Conn, works: Works) -> Works:
    """Return the work that stands as it was read, and lock its tasks so that it stays so; by id."""
    read = {task.task_id: task for work in works.values() for task in work.tasks}
    changed = {
        task.order_id for task in fulfilment.lock_tasks(conn, list(read)) if task != read[task.task_id]
    }
    return {order_id: work for order_id, work in works.items() if order_id not in changed}


def all_units(works: Works) -> dict[TaskId, tuple[WithdrawnUnits, ...]]:
    """Return every unit of every task, to be taken out of them."""
    return {
        task_id: tuple(WithdrawnUnits(allocation_id=one.allocation_id, units=one.left) for one in of_task)
        for work in works.values()
        for task_id, of_task in work.lines.items()
    }


def _sums(pairs: Iterable[tuple[_Key, int]]) -> dict[_Key, int]:
    found: dict[_Key, int] = {}
    for key, units in pairs:
        found[key] = found.get(key, 0) + units
    return found
