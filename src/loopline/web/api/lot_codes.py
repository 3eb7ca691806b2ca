"""Lots as requests name them, and the lots they are."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from loopline import catalogue, stock
from loopline.catalogue import Care
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.ids import AllocationId, LotId, SkuId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.processes.fulfil import Scanned
from loopline.processes.replenish import name_lots
from loopline.stock import lots
from loopline.stock.lots import LotToTake, NewLot
from loopline.stock.refusals import LotUnknown
from loopline.web.api.types import Code, Units

LotCode = Annotated[
    Code, Meta(description="The batch, or the serial number of a unit, as written on the goods.")
]
Said = tuple[SkuId, "LotSaid", bool]


class LotSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lot of goods: a batch or, of goods with serial numbers, one unit, of a batch where that is known.

    What comes in names its days the first time; `expires_on`, the last day on which it is good, follows from
    `made_on` where the catalogue knows how long the goods keep.
    """

    lot_code: LotCode
    batch_code: LotCode | None = None
    made_on: date | None = None
    expires_on: date | None = None


class LotTold(msgspec.Struct, frozen=True, kw_only=True):
    """A lot to take units from; without a code: any that nobody has named."""

    lot_code: str
    expires_on: date | None
    units: int


class ScannedAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of an allocation that were taken from a lot."""

    allocation_id: UUID
    lot_code: LotCode
    units: Units


def lots_said(conn: Conn, said: Sequence[Said | None], *, now: datetime) -> list[LotId | Refusal | None]:
    """Return the lots that items name: what comes in makes new ones, of anything else they must be known."""
    named = [one for one in said if one is not None]
    if not named:
        return [None] * len(said)
    cares = {
        sku_id: sku.care for sku_id, sku in catalogue.skus_by_id(conn, {one[0] for one in named}).items()
    }
    new = [_new_lot(sku_id, lot, cares[sku_id]) for sku_id, lot, comes_in in named if comes_in]
    made = iter(name_lots(conn, new, now=now))
    known = lots.lots_by_code(conn, {(sku_id, lot.lot_code) for sku_id, lot, _ in named})
    found: list[LotId | Refusal | None] = []
    for one in said:
        if one is None:
            found.append(None)
            continue
        sku_id, lot, comes_in = one
        standing = next(made) if comes_in else known.get((sku_id, lot.lot_code))
        if standing is None:
            found.append(LotUnknown(sku_id=sku_id, lot=lot.lot_code))
        else:
            found.append(standing if isinstance(standing, Refusal) else standing.id)
    return found


def _new_lot(sku_id: SkuId, lot: LotSaid, care: Care) -> NewLot:
    expires_on = lot.expires_on
    if expires_on is None and lot.made_on is not None and care.shelf_life_days is not None:
        expires_on = lot.made_on + timedelta(days=care.shelf_life_days)
    return NewLot(
        sku_id=sku_id,
        code=lot.lot_code,
        batch=lot.batch_code,
        is_serial=care.tracks_serial,
        made_on=lot.made_on,
        expires_on=expires_on,
    )


def scanned_lots(
    conn: Conn, items: Sequence[tuple[TaskId, Sequence[ScannedAsk]]]
) -> tuple[Scanned, Mapping[TaskId, Refusal]]:
    """Return what was scanned, by allocation, and why that of some tasks cannot be: the lot is not known."""
    asked = [(task_id, one) for task_id, of_task in items for one in of_task]
    if not asked:
        return {}, {}
    of_tasks = fulfilment.lines_of_tasks(conn, list({task_id for task_id, _ in asked}))
    skus = {line.allocation_id: line.sku_id for lines in of_tasks.values() for line in lines}
    wanted = {
        (skus[AllocationId(one.allocation_id)], one.lot_code) for _, one in asked if one.allocation_id in skus
    }
    known = lots.lots_by_code(conn, wanted)
    scanned: dict[AllocationId, list[stock.ScannedLot]] = {}
    refused: dict[TaskId, Refusal] = {}
    for task_id, one in asked:
        allocation_id = AllocationId(one.allocation_id)
        sku_id = skus.get(allocation_id)
        lot = known.get((sku_id, one.lot_code)) if sku_id is not None else None
        if lot is None:
            refused[task_id] = LotUnknown(sku_id=sku_id or SkuId(one.allocation_id), lot=one.lot_code)
        else:
            scanned.setdefault(allocation_id, []).append(stock.ScannedLot(lot_id=lot.id, units=one.units))
    return scanned, refused


def lots_told(found: Sequence[LotToTake]) -> tuple[LotTold, ...]:
    """Tell from which lots units are to be taken."""
    return tuple(LotTold(lot_code=one.code, expires_on=one.expires_on, units=one.units) for one in found)
