"""Lots: batches and serial numbers are named, planned first expired first out, locked when recalled or expired.

Locks: lots by id, then levels as every command of the room. Naming a lot shares it; recalling holds it alone, so that
no unit of it comes to another leaf unseen.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, integers, statements, uuids
from loopline.kernel.ids import AllocationId, LineId, LotId, NodeId, OrderId, SiteId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.stock import lot_store, service, store
from loopline.stock.book import Book, LevelKey, settle_leaf
from loopline.stock.model import MovementReason, ShortfallChange
from loopline.stock.refusals import LotAlreadyRecalled, LotDiffers, LotNotRecalled
from loopline.stock.rules.lot_moves import lock_lot

SQL = statements(__file__)


class NewLot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot as it is written on goods. A serial-numbered unit is a lot of one, of a batch where that is known."""

    sku_id: SkuId
    code: str
    batch: str | None = None
    is_serial: bool = False
    made_on: date | None = None
    expires_on: date | None = None


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot as it stands. The unnamed one of a SKU has the SKU's id and no code."""

    id: LotId
    sku_id: SkuId
    code: str
    batch: str
    is_serial: bool
    made_on: date | None
    expires_on: date | None
    recalled_at: datetime | None
    recall_reason: str | None


class NamedLot(msgspec.Struct, frozen=True, kw_only=True):
    """A batch or a unit, the sites where there are units of it, and the order that a unit went to last."""

    id: LotId
    sku_id: SkuId
    code: str
    is_serial: bool
    site_ids: list[SiteId]
    order_id: OrderId | None


class LotChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which lots of a SKU: of a batch, or made between two days, both included; at least one of them is said."""

    sku_id: SkuId
    batch: str | None = None
    made_from: date | None = None
    made_until: date | None = None


class LotLock(msgspec.Struct, frozen=True, kw_only=True):
    """A lot to be recalled for a reason, or, without one, whose recall is lifted."""

    lot_id: LotId
    reason: str | None


class LockedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a lot at a leaf that became unsellable or, negative, sellable again."""

    leaf_id: NodeId
    sku_id: SkuId
    lot_id: LotId
    units: int


class LotsLocked(msgspec.Struct, frozen=True, kw_only=True):
    """A lot that is locked, or free again, at every leaf at once."""

    lot_id: LotId
    units: tuple[LockedUnits, ...]
    shortfalls: tuple[ShortfallChange, ...] = ()


class DueLot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot at a leaf whose last day of sale was `sell_until`."""

    leaf_id: NodeId
    sku_id: SkuId
    lot_id: LotId
    sell_until: date


class LotsExpired(msgspec.Struct, frozen=True, kw_only=True):
    """What expired, and the promises that broke by it."""

    units: tuple[LockedUnits, ...]
    shortfalls: tuple[ShortfallChange, ...] = ()


class PlannedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an allocation that are to be taken from a lot."""

    lot_id: LotId
    allocation_id: AllocationId
    order_id: OrderId
    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    units: int


class LotToTake(msgspec.Struct, frozen=True, kw_only=True):
    """The lot to take units of an allocation from; without a code: any."""

    allocation_id: AllocationId
    lot_id: LotId
    code: str
    expires_on: date | None
    units: int


class LotAtLeaf(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a lot at a leaf; `planned` units of it are to be taken for orders."""

    leaf_id: NodeId
    sku_id: SkuId
    lot_id: LotId
    code: str
    batch: str
    expires_on: date | None
    sell_until: date | None
    units: int
    planned: int
    unsellable: int
    is_recalled: bool
    is_expired: bool


class BatchListed(msgspec.Struct, frozen=True, kw_only=True):
    """What lies of a batch at the sites somebody sees; `recalled_at` where it, or part of it, is locked for sale."""

    sku_id: SkuId
    batch: str
    expires_on: date | None
    recalled_at: datetime | None
    recall_reason: str | None
    units: int
    planned: int
    sites: int


class LotGone(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a lot that an order got."""

    movement_id: UUID
    leaf_id: NodeId
    order_id: OrderId
    line_id: LineId | None
    units: int
    at: datetime


class UnitGone(msgspec.Struct, frozen=True, kw_only=True):
    """Where something with a code went; `is_unit`: the code names this very piece, not a batch of them."""

    sku_id: SkuId
    is_unit: bool
    order_id: OrderId
    line_id: LineId | None
    at: datetime


# -------------------------------------------------------------------------------------------------------------- naming


def name_lots(conn: Conn, new: Sequence[NewLot], *, now: datetime) -> list[Lot | Refusal]:
    """Return lots as they are written on goods, making those that are not there; each is shared until the end.

    Refused is a code that is known with other dates. What is not said is taken as it is known.
    """
    if not new:
        return []
    first = {(one.sku_id, one.code): one for one in reversed(new)}
    made = list(first.values())
    execute(
        conn,
        SQL["make_lots"],
        ids=uuids(uuid7s(now, len(made))),
        sku_ids=uuids([one.sku_id for one in made]),
        codes=[one.code for one in made],
        batches=[one.batch or one.code for one in made],
        is_serial=[one.is_serial for one in made],
        made_on=[one.made_on for one in made],
        expires_on=[one.expires_on for one in made],
    )
    known = lots_by_code(conn, list(first))
    lot_store.share_lots(conn, [lot.id for lot in known.values()])
    return [_named(one, known[one.sku_id, one.code]) for one in new]


def _named(one: NewLot, lot: Lot) -> Lot | Refusal:
    said = ((one.made_on, lot.made_on), (one.expires_on, lot.expires_on), (one.batch, lot.batch))
    differs = any(new is not None and new != known for new, known in said) or one.is_serial != lot.is_serial
    return LotDiffers(sku_id=one.sku_id, lot=one.code) if differs else lot


def lots_by_code(conn: Conn, wanted: Collection[tuple[SkuId, str]]) -> dict[tuple[SkuId, str], Lot]:
    """Lots by SKU and code; unknown ones are left out."""
    found = fetch(
        conn,
        SQL["lots_by_code"],
        Lot,
        sku_ids=uuids([sku_id for sku_id, _ in wanted]),
        codes=[code for _, code in wanted],
    )
    return {(lot.sku_id, lot.code): lot for lot in found}


def lots_named(conn: Conn, text: str, *, at_most: int) -> list[NamedLot]:
    """Return the batches and units that a code names, of whatever SKU, typed in small letters or large."""
    typed = text.strip()
    if not typed:
        return []
    spellings = sorted({typed, typed.upper()})
    return fetch(conn, SQL["lots_named"], NamedLot, spellings=spellings, at_most=at_most)


def skus_kept_by_unit(conn: Conn, sku_ids: Collection[SkuId]) -> set[SkuId]:
    """Which of some SKUs have units that carry a serial number of their own."""
    return set(fetch_values(conn, SQL["skus_kept_by_unit"], sku_ids=uuids(sku_ids)))


def lots_by_id(conn: Conn, lot_ids: Collection[LotId]) -> dict[LotId, Lot]:
    """Lots by id; unknown ones are left out."""
    return {lot.id: lot for lot in fetch(conn, SQL["lots_by_id"], Lot, lot_ids=uuids(lot_ids))}


def chosen_lots(conn: Conn, choice: LotChoice) -> list[Lot]:
    """The lots that a choice means, by id."""
    return fetch(
        conn,
        SQL["lots_made"],
        Lot,
        sku_id=choice.sku_id,
        batch=choice.batch,
        made_from=choice.made_from,
        made_until=choice.made_until,
    )


def set_shelf_lives(conn: Conn, days: Mapping[SkuId, int]) -> None:
    """Say how many days before it expires goods of SKUs are no longer sold; what lies there already follows."""
    sku_ids, before = uuids(days), integers(days.values())
    execute(conn, SQL["set_shelf_lives"], sku_ids=sku_ids, days=before)
    execute(conn, SQL["set_last_days"], sku_ids=sku_ids, days=before)


# ------------------------------------------------------------------------------------------------------------- locking


def hold_lots_alone(conn: Conn, lot_ids: Collection[LotId]) -> list[LevelKey]:
    """Hold lots until the transaction ends, before any level, and return where they have rows: to be locked next."""
    execute(conn, SQL["lock_lots"], lot_ids=uuids(lot_ids))
    return fetch_rows(conn, SQL["leaves_of_lots"], lot_ids=uuids(lot_ids))


def recall_lots(conn: Conn, locks: Sequence[LotLock], *, now: datetime) -> list[LotsLocked | Refusal]:
    """Lock lots at every leaf at once, or free them again; promises that break by it become shortfalls.

    Whoever has plans for them plans other lots of the same leaf, where there are any. The caller found the lots.
    """
    if not locks:
        return []
    lot_ids = [one.lot_id for one in locks]
    rows = fetch_rows(conn, SQL["lock_lots"], lot_ids=uuids(set(lot_ids)))
    is_recalled: dict[LotId, bool] = dict(rows)
    outcomes: list[LotsLocked | Refusal] = []
    book = _book_of_lots(conn, lot_ids)
    wanted: dict[LotId, str | None] = {}
    for one in locks:
        refusal = _why_not(one, is_recalled)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        is_recalled[one.lot_id] = one.reason is not None
        wanted[one.lot_id] = one.reason
        outcomes.append(LotsLocked(lot_id=one.lot_id, units=_lock(book, one)))
    execute(conn, SQL["set_recalls"], lot_ids=uuids(wanted), reasons=list(wanted.values()), now=now)
    changes = store.write_book(conn, book, now=now)
    told = tuple(change for of_level in changes.values() for change in of_level)
    for place in range(len(outcomes) - 1, -1, -1):
        outcome = outcomes[place]
        if isinstance(outcome, LotsLocked):
            outcomes[place] = msgspec.structs.replace(outcome, shortfalls=told)
            break
    return outcomes


def _why_not(one: LotLock, is_recalled: Mapping[LotId, bool]) -> Refusal | None:
    if is_recalled[one.lot_id] and one.reason is not None:
        return LotAlreadyRecalled(lot_id=one.lot_id)
    if not is_recalled[one.lot_id] and one.reason is None:
        return LotNotRecalled(lot_id=one.lot_id)
    return None


def _lock(book: Book, one: LotLock) -> tuple[LockedUnits, ...]:
    locked: list[LockedUnits] = []
    for leaf in book.leaf_levels:
        if leaf.shelf is None or one.lot_id not in leaf.shelf.lots:
            continue
        if not leaf.shelf.lots[one.lot_id].is_stored:
            continue
        change = lock_lot(
            leaf, one.lot_id, reason=MovementReason.RECALL, locks=one.reason is not None, book=book
        )
        settle_leaf(book.path(leaf.key))
        if change:
            locked.append(
                LockedUnits(leaf_id=leaf.node_id, sku_id=leaf.sku_id, lot_id=one.lot_id, units=change)
            )
    return tuple(locked)


def _book_of_lots(conn: Conn, lot_ids: Sequence[LotId]) -> Book:
    keys: list[LevelKey] = fetch_rows(conn, SQL["leaves_of_lots"], lot_ids=uuids(set(lot_ids)))
    book = service.locked_for(conn, keys, may_open_shortfalls=True)
    lot_store.load_shelves(conn, book, named=lot_ids)
    return book


def lots_to_expire(conn: Conn, *, before: date, limit: int) -> list[DueLot]:
    """What lies in lots whose last day of sale is before a day somewhere; the longest past first."""
    return fetch(conn, SQL["lots_to_expire"], DueLot, day=before, at_most=limit)


def expire_lots(conn: Conn, due: Sequence[DueLot], *, now: datetime) -> LotsExpired:
    """Make what lies in lots unsellable at leaves where their last day of sale has passed.

    What a rival sold or expired meanwhile is left out.
    """
    if not due:
        return LotsExpired(units=())
    book = service.locked_for(conn, [(one.leaf_id, one.sku_id) for one in due], may_open_shortfalls=True)
    lot_store.load_shelves(conn, book)
    expired: list[LockedUnits] = []
    for one in due:
        leaf = book.leaf((one.leaf_id, one.sku_id))
        lot = leaf.shelf.lots.get(one.lot_id) if leaf.shelf is not None else None
        if lot is None or lot.is_expired or lot.sell_until != one.sell_until:
            continue
        lock_lot(leaf, one.lot_id, reason=MovementReason.EXPIRY, locks=True, book=book)
        settle_leaf(book.path(leaf.key))
        expired.append(
            LockedUnits(leaf_id=one.leaf_id, sku_id=one.sku_id, lot_id=one.lot_id, units=lot.units)
        )
    changes = store.write_book(conn, book, now=now)
    return LotsExpired(
        units=tuple(expired),
        shortfalls=tuple(change for of_level in changes.values() for change in of_level),
    )


# --------------------------------------------------------------------------------------------------------------- reads


def plans_of_lots(conn: Conn, lot_ids: Collection[LotId]) -> list[PlannedUnits]:
    """Which allocations are to be taken from lots."""
    return fetch(conn, SQL["plans_of_lots"], PlannedUnits, lot_ids=uuids(lot_ids))


def lots_to_take(conn: Conn, allocation_ids: Collection[AllocationId]) -> dict[AllocationId, list[LotToTake]]:
    """From which lots to take allocated units, first expired first; allocations without lots are left out."""
    found: dict[AllocationId, list[LotToTake]] = {}
    for one in fetch(conn, SQL["plans_of_allocations"], LotToTake, allocation_ids=uuids(allocation_ids)):
        found.setdefault(one.allocation_id, []).append(one)
    return found


def lots_at_leaves(
    conn: Conn,
    leaf_ids: Collection[NodeId],
    *,
    sku_ids: Collection[SkuId] | None = None,
    after: tuple[NodeId, SkuId, LotId] | None = None,
    at_most: int = 1_000,
) -> list[LotAtLeaf]:
    """What lies in which lot at leaves, by leaf, SKU and lot, those after the one given."""
    after_leaf, after_sku, after_lot = after or (None, None, None)
    return fetch(
        conn,
        SQL["lots_at"],
        LotAtLeaf,
        leaf_ids=uuids(leaf_ids),
        sku_ids=None if sku_ids is None else uuids(sku_ids),
        after_leaf=after_leaf,
        after_sku=after_sku,
        after_lot=after_lot,
        at_most=at_most,
    )


def batches_listed(
    conn: Conn,
    *,
    sku_ids: Collection[SkuId] | None,
    site_ids: Collection[SiteId] | None,
    only_recalled: bool,
    at_most: int,
) -> list[BatchListed]:
    """List batches of SKUs as they lie at sites (None: all): what is left before what is not, by expiry."""
    return fetch(
        conn,
        SQL["batches_listed"],
        BatchListed,
        sku_ids=None if sku_ids is None else uuids(sku_ids),
        site_ids=None if site_ids is None else uuids(site_ids),
        only_recalled=only_recalled,
        at_most=at_most,
    )


def who_got(
    conn: Conn, lot_ids: Collection[LotId], *, after: tuple[datetime, UUID] | None, at_most: int
) -> list[LotGone]:
    """Which orders got units of lots, in the order in which they left, those after the one given."""
    after_at, after_id = after or (None, None)
    return fetch(
        conn,
        SQL["who_got"],
        LotGone,
        lot_ids=uuids(lot_ids),
        after_at=after_at,
        after_id=after_id,
        at_most=at_most,
    )


def orders_that_got(conn: Conn, text: str, *, sku_id: SkuId | None = None, at_most: int) -> list[UnitGone]:
    """Where what a code names went, the latest first: a piece by its number, or a batch by its own.

    Typed in small letters or large. The pieces of a batch that have numbers of their own are found with the SKU alone.
    """
    typed = text.strip()
    if not typed:
        return []
    spellings = sorted({typed, typed.upper()})
    asked = {"spellings": spellings, "sku_id": sku_id, "at_most": at_most}
    return fetch(conn, SQL["orders_that_got"], UnitGone, **asked)


def lots_of_lines(conn: Conn, line_ids: Collection[LineId]) -> dict[LineId, LotId]:
    """The lot that what comes back of a line is taken for: a recalled one it got, else that which expires first."""
    found: dict[LineId, LotId] = {}
    for line_id, lot_id in fetch_rows(conn, SQL["lots_of_lines"], line_ids=uuids(line_ids)):
        found.setdefault(line_id, lot_id)
    return found


def locked_at(
    conn: Conn, lot_ids: Collection[LotId], leaf_ids: Collection[NodeId]
) -> set[tuple[NodeId, LotId]]:
    """Which of some lots are recalled or expired at which of some leaves."""
    rows = fetch_rows(conn, SQL["lots_at_leaves_of"], lot_ids=uuids(lot_ids), leaf_ids=uuids(leaf_ids))
    return {(leaf_id, lot_id) for leaf_id, lot_id, is_locked in rows if is_locked}
