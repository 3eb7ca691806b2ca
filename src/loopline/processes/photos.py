"""Photos of goods before they are packed: what is asked of a task by its goods, its order and the stock; kept, waived.

Rooms: catalogue (care, category), orders (what was paid for a unit), stock (whether these are the last), fulfilment.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, orders
from loopline.catalogue import Care
from loopline.db import Conn, log
from loopline.fulfilment import photos
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskLine, TaskState
from loopline.fulfilment.photos import (
    Demand,
    GoodsLookedAt,
    KeepPhoto,
    Photo,
    PhotoCause,
    PhotoContent,
    PhotoDone,
    PhotoKept,
    PhotoPoint,
    PhotoRule,
    PhotoWaived,
    WaivePhoto,
)
from loopline.kernel.events import event
from loopline.kernel.ids import AllocationId, LineId, NodeId, OrderId, PhotoId, SkuId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.stock.queries import stock_at_leaves

_UNCHECKED = frozenset({TaskState.OFFERED, TaskState.ACCEPTED, TaskState.PICKING})


class PhotosOfLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a task, what photo is asked of it (None: none is), and those that there are."""

    task: Task
    line: TaskLine
    point: PhotoPoint | None
    photos: tuple[Photo, ...]


def photos_wanted(conn: Conn, tasks: Sequence[Task]) -> dict[AllocationId, PhotoPoint]:
    """Return what photos are asked of lines of tasks: kept once they are checked, by the rules of now before that."""
    checked = [task.task_id for task in tasks if task.state not in _UNCHECKED]
    unchecked = [task for task in tasks if task.state in _UNCHECKED]
    found = photos.photos_asked(conn, checked) + _by_rules(conn, unchecked)
    return {point.allocation_id: point for point in found}


def ask_photos(conn: Conn, task_ids: Collection[TaskId]) -> None:
    """Fix what photos are asked of tasks that are checked now. The caller has locked them."""
    if task_ids:
        photos.ask_photos(conn, _by_rules(conn, fulfilment.tasks_by_id(conn, list(task_ids))))


def _by_rules(conn: Conn, tasks: Sequence[Task]) -> list[PhotoPoint]:
    rules = photos.photo_rules(conn) if tasks else []
    if all(one.demand is Demand.OFF for one in rules):
        return []
    found = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks])
    lines = [line for of_task in found.values() for line in of_task if line.left]
    return photos.points_of(_goods(conn, tasks, lines, rules), rules)


def _goods(
    conn: Conn, tasks: Sequence[Task], lines: Sequence[TaskLine], rules: Sequence[PhotoRule]
) -> list[GoodsLookedAt]:
    """Read what rules look at, as far as any of them does."""
    causes = {rule.cause for rule in rules if rule.demand is not Demand.OFF}
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines})
    order_ids = sorted({task.order_id for task in tasks})
    sold: dict[LineId, int] = {}
    if PhotoCause.HIGH_VALUE in causes:
        sold = {line.line_id: line.unit_minor for line in orders.lines_by_orders(conn, order_ids)}
    last = last_ones(conn, lines) if PhotoCause.LAST_UNITS in causes else frozenset[AllocationId]()
    return [
        GoodsLookedAt(
            task_id=line.task_id,
            allocation_id=line.allocation_id,
            category=skus[line.sku_id].category,
            unit_minor=sold.get(line.line_id),
            is_fragile=skus[line.sku_id].care.is_fragile,
            is_cold=_is_cold(skus[line.sku_id].care),
            are_last=line.allocation_id in last,
        )
        for line in lines
    ]


def last_ones(conn: Conn, lines: Sequence[TaskLine]) -> frozenset[AllocationId]:
    """Return the lines that take the last units of their owner's at their site: often those that were on display."""
    if not lines:
        return frozenset()
    leaf_ids, sku_ids = sorted({one.leaf_id for one in lines}), sorted({one.sku_id for one in lines})
    rows = stock_at_leaves(conn, leaf_ids, sku_ids=sku_ids)
    on_hand: Mapping[tuple[NodeId, SkuId], int] = {(row.leaf_id, row.sku_id): row.on_hand for row in rows}
    return frozenset(
        line.allocation_id for line in lines if on_hand.get((line.leaf_id, line.sku_id), 0) <= line.left
    )


def _is_cold(care: Care) -> bool:
    return care.temperature_low_celsius is not None or care.temperature_high_celsius is not None


def keep_photos(
    conn: Conn, commands: Sequence[KeepPhoto], *, scope: Scope, now: datetime
) -> list[PhotoDone | Refusal]:
    """Keep photos of goods; the same again is kept once. Locks their tasks."""
    outcomes = photos.keep_photos(conn, commands, scope=scope, now=now)
    log.append(
        conn,
        [
            event(
                PhotoKept(
                    task_id=one.task_id,
                    order_id=one.order_id,
                    site_id=one.site_id,
                    allocation_id=one.allocation_id,
                    photo_id=one.photo_id,
                ),
                subject=one.order_id,
                at=now,
                actor=command.by,
            )
            for command, one in zip(commands, outcomes, strict=True)
            if isinstance(one, PhotoDone) and not one.is_repeat and one.photo_id is not None
        ],
    )
    return outcomes


def waive_photos(
    conn: Conn, commands: Sequence[WaivePhoto], *, scope: Scope, now: datetime
) -> list[PhotoDone | Refusal]:
    """Say why goods leave without the photo that is asked of them. Locks their tasks."""
    outcomes = photos.waive_photos(conn, commands, scope=scope, now=now)
    log.append(
        conn,
        [
            event(
                PhotoWaived(
                    task_id=one.task_id,
                    order_id=one.order_id,
                    site_id=one.site_id,
                    allocation_id=one.allocation_id,
                    reason=command.reason,
                ),
                subject=one.order_id,
                at=now,
                actor=command.by,
            )
            for command, one in zip(commands, outcomes, strict=True)
            if isinstance(one, PhotoDone) and not one.is_repeat
        ],
    )
    return outcomes


def photos_of_order(conn: Conn, order_id: OrderId) -> list[PhotosOfLine]:
    """Return the photos of what was sent of an order, with what was asked and why there is none. Locks nothing."""
    tasks = {task.task_id: task for task in fulfilment.tasks_of_orders(conn, [order_id])}
    return photos_of_tasks(conn, tasks)


class PhotoOfOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a photo shows, and the task of the order that it is of."""

    task: Task
    content: PhotoContent


def photo_of_order(conn: Conn, order_id: OrderId, photo_id: PhotoId) -> PhotoOfOrder | None:
    """Return what a photo of an order shows; None where it is of another, or forgotten. Locks nothing."""
    content = photos.photo_content(conn, photo_id)
    tasks = fulfilment.tasks_by_id(conn, [content.task_id]) if content is not None else []
    if content is None or not tasks or tasks[0].order_id != order_id:
        return None
    return PhotoOfOrder(task=tasks[0], content=content)


def photos_of_tasks(conn: Conn, tasks: Mapping[TaskId, Task]) -> list[PhotosOfLine]:
    """Return the lines of tasks of which a photo is asked or kept. Locks nothing."""
    taken = photos.photos_of_tasks(conn, tasks)
    wanted = photos_wanted(conn, list(tasks.values()))
    shown = {one.allocation_id for one in taken} | wanted.keys()
    lines = fulfilment.lines_of_tasks(conn, list(tasks)) if shown else {}
    return [
        PhotosOfLine(
            task=tasks[line.task_id],
            line=line,
            point=wanted.get(line.allocation_id),
            photos=tuple(one for one in taken if one.allocation_id == line.allocation_id),
        )
        for of_task in lines.values()
        for line in of_task
        if line.allocation_id in shown
    ]
