"""Recall: a lot is locked at every site at once, work with it is taken back, and who got some of it can be read.

Expiry is the same for one site at a time, at the end of its lot's last day there.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from psycopg.errors import SerializationFailure

from loopline import orders, org, stock
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment_queries
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.events import TaskCancelled
from loopline.fulfilment.model import CancelledWork, CancelTask, WithdrawnUnits
from loopline.kernel.events import SYSTEM_ACTOR, Event, event
from loopline.kernel.ids import AllocationId, LineId, LotId, NodeId, OrderId, SkuId, TaskId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import LineChange
from loopline.processes.outcomes import all_granted
from loopline.processes.promise import fill_parked
from loopline.processes.replenish import PARKED_LINES_MAX
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.turn import take_turn
from loopline.stock import lots
from loopline.stock.events import GoodsExpired, LotFreed, LotRecalled
from loopline.stock.lots import DueLot, LockedUnits, Lot, LotChoice, LotLock, LotsLocked, PlannedUnits

# The first place on earth in which a day ends.
_EARLIEST_DAY_AHEAD = timedelta(hours=14)


class NoSuchLots(Refusal, frozen=True, kw_only=True):
    """There are no lots like that."""

    field: str


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """Lots that are recalled: what is locked where, and how many units were taken out of work under way."""

    lots: tuple[Lot, ...]
    locked: tuple[LockedUnits, ...]
    taken_back_units: int


def recall(
    conn: Conn, choices: Sequence[LotChoice], *, reason: str, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[Recalled | Refusal]:
    """Lock the lots that each choice means at every site at once; those that are recalled already stay as they are.

    Units that were to be taken from them are taken out of their tasks and wait to be sourced elsewhere. Locks tasks and
    days, lots, then goods, in one transaction; a rival that plans such a lot meanwhile makes it begin again.
    """
    take_turn(conn)
    chosen = [lots.chosen_lots(conn, choice) for choice in choices]
    new = {lot.id for of_choice in chosen for lot in of_choice if lot.recalled_at is None}
    taken_back = _take_back(conn, new, now=now)
    locks = [LotLock(lot_id=lot_id, reason=reason) for lot_id in sorted(new)]
    locked = {one.lot_id: one for one in all_granted(lots.recall_lots(conn, locks, now=now))}
    log.append(
        conn,
        [
            *(
                event(
                    LotRecalled(
                        lot_id=one.lot_id,
                        sku_id=_sku_of(one.lot_id, chosen),
                        units=sum(of_leaf.units for of_leaf in one.units),
                    ),
                    subject=one.lot_id,
                    at=now,
                    actor=actor,
                )
                for one in locked.values()
            ),
            *shortfall_events(locked.values(), now=now),
        ],
    )
    return [
        _recalled(choice, of_choice, locked, taken_back)
        for choice, of_choice in zip(choices, chosen, strict=True)
    ]


def _sku_of(lot_id: LotId, chosen: Sequence[Sequence[Lot]]) -> SkuId:
    return next(lot.sku_id for of_choice in chosen for lot in of_choice if lot.id == lot_id)


def _recalled(
    choice: LotChoice,
    found: Sequence[Lot],
    locked: dict[LotId, LotsLocked],
    taken_back: Sequence[PlannedUnits],
) -> Recalled | Refusal:
    if not found:
        return NoSuchLots(field="made_from" if choice.batch is None else "lot_code")
    ids = {lot.id for lot in found}
    return Recalled(
        lots=tuple(found),
        locked=tuple(units for lot_id in sorted(ids & locked.keys()) for units in locked[lot_id].units),
        taken_back_units=sum(one.units for one in taken_back if one.lot_id in ids),
    )


def lift(
    conn: Conn, choices: Sequence[LotChoice], *, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[Recalled | Refusal]:
    """Free recalled lots again, and give them to those who wait; what has expired meanwhile stays locked."""
    take_turn(conn)
    chosen = [lots.chosen_lots(conn, choice) for choice in choices]
    held = {lot.id: lot for of_choice in chosen for lot in of_choice if lot.recalled_at is not None}
    locks = [LotLock(lot_id=lot_id, reason=None) for lot_id in sorted(held)]
    freed = {one.lot_id: one for one in all_granted(lots.recall_lots(conn, locks, now=now))}
    log.append(
        conn,
        [
            *(
                event(
                    LotFreed(
                        lot_id=one.lot_id,
                        sku_id=held[one.lot_id].sku_id,
                        units=-sum(of_leaf.units for of_leaf in one.units),
                    ),
                    subject=one.lot_id,
                    at=now,
                    actor=actor,
                )
                for one in freed.values()
            ),
            *shortfall_events(freed.values(), now=now),
        ],
    )
    if held:
        fill_parked(
            conn, sku_ids=list({lot.sku_id for lot in held.values()}), now=now, limit=PARKED_LINES_MAX
        )
    return [
        _recalled(choice, of_choice, freed, ()) for choice, of_choice in zip(choices, chosen, strict=True)
    ]


# ------------------------------------------------------------------------------------------------------- taking back


def _take_back(conn: Conn, lot_ids: Collection[LotId], *, now: datetime) -> list[PlannedUnits]:
    """Take units that were to come from lots out of their tasks, and put them back to be sourced elsewhere."""
    planned = lots.plans_of_lots(conn, lot_ids)
    work = _cancel_tasks(conn, planned, now=now)
    withdrawn = {line.allocation_id for one in work for line in one.lines}
    keys = lots.hold_lots_alone(conn, lot_ids)
    stock.lock_stock(conn, keys, allocation_ids=[one.allocation_id for one in planned])
    again = lots.plans_of_lots(conn, lot_ids)
    # What was handed over meanwhile is gone; what was planned meanwhile, nobody has taken out of its task.
    if any(one.allocation_id not in withdrawn for one in again):
        raise SerializationFailure("a lot was planned while its work was being taken back")
    releases = [
        stock.AllocationRelease(
            allocation_id=one.allocation_id, units=one.units, to_hold=True, lot_id=one.lot_id
        )
        for one in again
    ]
    released = all_granted(stock.release_allocations(conn, releases, now=now))
    moved: dict[tuple[OrderId, LineId], int] = {}
    for one in again:
        moved[one.order_id, one.line_id] = moved.get((one.order_id, one.line_id), 0) + one.units
    changes = [
        LineChange(order_id=order_id, line_id=line_id, allocated=-units, held=units)
        for (order_id, line_id), units in moved.items()
    ]
    all_granted(orders.change_lines(conn, changes, now=now))
    log.append(conn, [*(_task_cancelled(one, now) for one in work), *shortfall_events(released, now=now)])
    return again


def _cancel_tasks(conn: Conn, planned: Sequence[PlannedUnits], *, now: datetime) -> list[CancelledWork]:
    units: dict[AllocationId, int] = {}
    for one in planned:
        units[one.allocation_id] = units.get(one.allocation_id, 0) + one.units
    tasks = fulfilment_queries.tasks_of_orders(conn, list({one.order_id for one in planned}))
    lines = fulfilment_queries.lines_of_tasks(conn, [task.task_id for task in tasks]) if tasks else {}
    of_tasks: dict[TaskId, list[WithdrawnUnits]] = {}
    for task_id, of_task in lines.items():
        for line in of_task:
            if line.allocation_id in units:
                withdrawn = WithdrawnUnits(allocation_id=line.allocation_id, units=units[line.allocation_id])
                of_tasks.setdefault(task_id, []).append(withdrawn)
    commands = [
        CancelTask(command_id=command_id, task_id=task_id, lines=tuple(of_task))
        for (task_id, of_task), command_id in zip(of_tasks.items(), uuid7s(now, len(of_tasks)), strict=True)
    ]
    outcomes = fulfilment.cancel_tasks(conn, commands, scope=WHOLE_BRAND, now=now)
    return [one for one in outcomes if isinstance(one, CancelledWork)]


def _task_cancelled(work: CancelledWork, now: datetime) -> Event:
    body = TaskCancelled(
        task_id=work.task_id,
        order_id=work.order_id,
        site_id=work.site_id,
        ends_task=work.ends_task,
        lines=work.lines,
    )
    return event(body, subject=work.order_id, at=now)


# ------------------------------------------------------------------------------------------------------------- expiry


def expire_goods(conn: Conn, *, now: datetime, limit: int) -> int:
    """Make what lies in lots unsellable at sites where their last day of sale has ended; returns how many lots did.

    Looks at no more than `limit`, the longest past first. Promises that break by it are mended as any other.
    """
    ahead = (now + _EARLIEST_DAY_AHEAD).date()
    found = lots.lots_to_expire(conn, before=ahead, limit=limit)
    due = _past_at_their_sites(conn, found, now=now)
    if not due:
        return 0
    take_turn(conn)
    expired = lots.expire_lots(conn, due, now=now)
    log.append(
        conn,
        [
            *(
                event(
                    GoodsExpired(leaf_id=one.leaf_id, sku_id=one.sku_id, lot_id=one.lot_id, units=one.units),
                    subject=one.leaf_id,
                    at=now,
                )
                for one in expired.units
            ),
            *shortfall_events([expired], now=now),
        ],
    )
    return len(expired.units)


def _past_at_their_sites(conn: Conn, found: Sequence[DueLot], *, now: datetime) -> list[DueLot]:
    leaves = {
        node.id: node.site_id for node in stock.nodes_by_ids(conn, list({one.leaf_id for one in found}))
    }
    sites = org.sites_by_id(conn, {site_id for site_id in leaves.values() if site_id is not None})

    def is_past(one: DueLot) -> bool:
        site_id = leaves.get(NodeId(one.leaf_id))
        site = sites.get(site_id) if site_id is not None else None
        zone = ZoneInfo(site.time_zone) if site is not None else ZoneInfo("UTC")
        return now.astimezone(zone).date() > one.sell_until

    return [one for one in found if is_past(one)]
