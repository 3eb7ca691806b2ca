"""Fulfil: accepted work is picked, checked, packed and handed over; the goods are the customer's from then on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.fulfilment import labels, rounds
from loopline.fulfilment import queries as fulfilment_queries
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.events import (
    GoodsChecked,
    ParcelHandedOver,
    ParcelLine,
    ParcelPacked,
    PickingStarted,
)
from loopline.fulfilment.model import (
    CheckTask,
    CollectParcel,
    HandedOver,
    HandOverTask,
    PackTask,
    PickTask,
    Stepped,
    TaskKind,
)
from loopline.kernel.events import event
from loopline.kernel.ids import AllocationId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import LineChange
from loopline.processes.outcomes import all_granted
from loopline.processes.photos import ask_photos
from loopline.stock import lots
from loopline.stock import refusals as stock_refusals

_NO_TRACKING: Mapping[TaskId, str | None] = {}
Scanned: TypeAlias = Mapping[AllocationId, Sequence[stock.ScannedLot]]
"""The lots that were scanned for allocations; one that is not named goes as planned."""
_AS_PLANNED: Scanned = {}


def pick(conn: Conn, commands: Sequence[PickTask], *, scope: Scope, now: datetime) -> list[Stepped | Refusal]:
    """Begin to pick accepted tasks."""
    outcomes = fulfilment.pick_tasks(conn, commands, scope=scope, now=now)
    _tell(
        conn,
        [
            PickingStarted(task_id=one.task_id, order_id=one.order_id, site_id=one.site_id)
            for one in _new(outcomes)
        ],
        now=now,
    )
    return outcomes


def check(
    conn: Conn, commands: Sequence[CheckTask], *, scope: Scope, now: datetime
) -> list[Stepped | Refusal]:
    """Say that everything of a task is picked and was looked at. What is picked in a round, its picker says it of.

    Which photos its goods need is fixed with it.
    """
    fulfilment.lock_tasks(conn, [one.task_id for one in commands])
    others = rounds.not_theirs(conn, {one.task_id: one.by for one in commands})
    free = [one for one in commands if one.task_id not in others]
    checked = iter(fulfilment.check_tasks(conn, free, scope=scope, now=now))
    outcomes = [others.get(one.task_id) or next(checked) for one in commands]
    ask_photos(conn, {one.task_id for one in _new(outcomes)})
    _tell(
        conn,
        [
            GoodsChecked(task_id=one.task_id, order_id=one.order_id, site_id=one.site_id)
            for one in _new(outcomes)
        ],
        now=now,
    )
    return outcomes


def pack(conn: Conn, commands: Sequence[PackTask], *, scope: Scope, now: datetime) -> list[Stepped | Refusal]:
    """Say that a parcel is ready: for the carrier, or for the customer who has its code."""
    outcomes = fulfilment.pack_tasks(conn, commands, scope=scope, now=now)
    waits_for_customer = {command.task_id for command in commands if command.code is not None}
    _tell(
        conn,
        [
            ParcelPacked(
                task_id=one.task_id,
                order_id=one.order_id,
                site_id=one.site_id,
                kind=TaskKind.COLLECT if one.task_id in waits_for_customer else TaskKind.DELIVER,
            )
            for one in _new(outcomes)
        ],
        now=now,
    )
    return outcomes


def hand_over(
    conn: Conn,
    commands: Sequence[HandOverTask],
    *,
    scope: Scope,
    now: datetime,
    scanned: Scanned = _AS_PLANNED,
) -> list[HandedOver | Refusal]:
    """Give packed parcels to the carrier. `scanned` says which lots really leave, where that was not as planned.

    Another lot than planned corrects the plan; one that is recalled or expired is refused with its task. A parcel
    without a number goes by the one on its label.
    """
    numbers = labels.with_known_numbers(conn, {one.task_id: one.tracking_number for one in commands})
    commands = [msgspec.structs.replace(one, tracking_number=numbers[one.task_id]) for one in commands]
    locked = _locked_tasks(conn, commands, scanned)
    free = [one for one in commands if one.task_id not in locked]
    handed_over = iter(fulfilment.hand_over_tasks(conn, free, scope=scope, now=now))
    outcomes = [locked.get(one.task_id) or next(handed_over) for one in commands]
    tracking = {one.task_id: one.tracking_number for one in commands}
    _goods_leave(conn, outcomes, now=now, tracking=tracking, scanned=scanned)
    return outcomes


def _locked_tasks(
    conn: Conn, commands: Sequence[HandOverTask], scanned: Scanned
) -> dict[TaskId, stock_refusals.LotLocked]:
    """The tasks for which something was scanned that must not leave. A recall that comes later fails the whole."""
    if not scanned:
        return {}
    of_tasks = fulfilment_queries.lines_of_tasks(conn, [one.task_id for one in commands])
    lines = {line.allocation_id: line for of_task in of_tasks.values() for line in of_task}
    lot_ids = {lot.lot_id for of_allocation in scanned.values() for lot in of_allocation}
    locked = lots.locked_at(conn, lot_ids, {line.leaf_id for line in lines.values()})
    known = lots.lots_by_id(conn, lot_ids)
    return {
        line.task_id: stock_refusals.LotLocked(sku_id=line.sku_id, lot=known[lot.lot_id].code)
        for allocation_id, line in lines.items()
        for lot in scanned.get(allocation_id, ())
        if (line.leaf_id, lot.lot_id) in locked or known[lot.lot_id].recalled_at is not None
    }


def collect(
    conn: Conn, commands: Sequence[CollectParcel], *, scope: Scope, now: datetime
) -> list[HandedOver | Refusal]:
    """Give waiting parcels to whoever shows their codes at the site."""
    outcomes = fulfilment.collect_parcels(conn, commands, scope=scope, now=now)
    _goods_leave(conn, outcomes, now=now)
    return outcomes


def _goods_leave(
    conn: Conn,
    outcomes: Sequence[HandedOver | Refusal],
    *,
    now: datetime,
    tracking: Mapping[TaskId, str | None] = _NO_TRACKING,
    scanned: Scanned = _AS_PLANNED,
) -> None:
    """Take what was handed over off the shelf and out of what the order waits for; a repeat moves nothing."""
    parcels = [one for one in outcomes if isinstance(one, HandedOver) and not one.is_repeat]
    gone = [
        stock.HandOver(
            allocation_id=line.allocation_id,
            units=line.units,
            lots=tuple(scanned.get(line.allocation_id, ())),
        )
        for parcel in parcels
        for line in parcel.lines
    ]
    all_granted(stock.hand_over_units(conn, gone, now=now))
    changes = [
        LineChange(
            order_id=parcel.order_id, line_id=line.line_id, allocated=-line.units, handed_over=line.units
        )
        for parcel in parcels
        for line in parcel.lines
    ]
    changed = iter(all_granted(orders.change_lines(conn, changes, now=now)))
    _tell(
        conn,
        [
            ParcelHandedOver(
                task_id=parcel.task_id,
                order_id=parcel.order_id,
                site_id=parcel.site_id,
                kind=parcel.kind,
                tracking_number=tracking.get(parcel.task_id),
                lines=tuple(
                    ParcelLine(
                        allocation_id=line.allocation_id,
                        line_id=line.line_id,
                        sku_id=line.sku_id,
                        units=line.units,
                        units_before=next(changed).after.handed_over - line.units,
                    )
                    for line in parcel.lines
                ),
            )
            for parcel in parcels
        ],
        now=now,
    )


def _new(outcomes: Sequence[Stepped | Refusal]) -> list[Stepped]:
    return [one for one in outcomes if isinstance(one, Stepped) and not one.is_repeat]


def _tell(
    conn: Conn,
    bodies: Sequence[PickingStarted | GoodsChecked | ParcelPacked | ParcelHandedOver],
    *,
    now: datetime,
) -> None:
    log.append(conn, [event(body, subject=body.order_id, at=now) for body in bodies])
