"""Replenish: goods come in, are counted, or turn out to be other than the books say."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import catalogue, stock
from loopline.catalogue import Care
from loopline.db import Conn, log
from loopline.kernel.events import SYSTEM_ACTOR, event
from loopline.kernel.ids import NodeId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.processes.late_facts import counted_already
from loopline.processes.outcomes import all_granted
from loopline.processes.promise import fill_parked
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.turn import take_turn
from loopline.stock import Fact, MovementReason, Recorded, SafetySet, SafetySetting, lots
from loopline.stock.asked_counts import LookedAt, meet_asked
from loopline.stock.events import SafetyChanged, StockCorrected
from loopline.stock.lots import Lot, NewLot
from loopline.stock.refusals import LotNotSaid
from loopline.stock.rules.lot_moves import NEEDS_LOT

PARKED_LINES_MAX = 5_000


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody counted of a SKU at a leaf: units on hand, the unsellable ones among them."""

    leaf_id: NodeId
    sku_id: SkuId
    units: int


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A count that stands: how many the books said before; the movement that made them agree, where they did not."""

    leaf_id: NodeId
    sku_id: SkuId
    units_before: int
    units: int
    fact_id: UUID | None


def record_goods(
    conn: Conn, facts: Sequence[Fact], *, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[Recorded | Refusal]:
    """Record receipts, counts, adjustments and damage, and give what came to those who wait for it.

    Facts: they stand whatever was promised. The same fact again changes nothing. What a dealer's system counted before
    we heard of it is given back. Refused is what comes in without its lot, of goods that the catalogue says are kept in
    lots.
    """
    take_turn(conn)
    unsaid = _without_lot(conn, facts)
    recorded = iter(stock.record_facts(conn, [one for one in facts if one.id not in unsaid], now=now))
    outcomes = [unsaid.get(one.id) or next(recorded) for one in facts]
    new = [
        fact
        for fact, outcome in zip(facts, outcomes, strict=True)
        if isinstance(outcome, Recorded) and not outcome.repeated
    ]
    given_back = counted_already(conn, new)
    told_back = all_granted(stock.record_facts(conn, given_back, now=now))
    log.append(
        conn,
        [
            *(
                event(_corrected(fact), subject=fact.leaf_id, at=now, actor=actor)
                for fact in [*new, *given_back]
            ),
            *shortfall_events([*(one for one in outcomes if isinstance(one, Recorded)), *told_back], now=now),
        ],
    )
    came = list({fact.sku_id for fact in new if fact.on_hand > 0})
    if came:
        fill_parked(conn, sku_ids=came, now=now, limit=PARKED_LINES_MAX)
    return outcomes


def _without_lot(conn: Conn, facts: Sequence[Fact]) -> dict[UUID, LotNotSaid]:
    """Goods that come in from outside without a lot, although they are kept in lots."""
    silent = [one for one in facts if one.reason in NEEDS_LOT and one.on_hand > 0 and one.lot_id is None]
    if not silent:
        return {}
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in silent})
    return {
        one.id: LotNotSaid(sku_id=one.sku_id, field="lot_code")
        for one in silent
        if one.sku_id in skus and is_kept_in_lots(skus[one.sku_id].care)
    }


def is_kept_in_lots(care: Care) -> bool:
    """Tell whether goods are kept in lots: by batch, by serial number, or because they expire."""
    return care.tracks_batch or care.tracks_serial or care.shelf_life_days is not None


def name_lots(conn: Conn, new: Sequence[NewLot], *, now: datetime) -> list[Lot | Refusal]:
    """Find the lots that goods come in, making those that are new; before the goods are recorded."""
    take_turn(conn)
    return lots.name_lots(conn, new, now=now)


def count_goods(
    conn: Conn, counts: Sequence[Count], *, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[Counted | Refusal]:
    """Make the books agree with what was counted; of two counts of one thing the later holds.

    Locks what is counted before it reads what the books say, so that no sale comes in between. What was asked to be
    counted is done by it.
    """
    take_turn(conn)
    keys = list(dict.fromkeys((one.leaf_id, one.sku_id) for one in counts))
    stock.lock_stock(conn, keys)
    before = dict.fromkeys(keys, 0)
    rows = stock.stock_at_leaves(conn, list({key[0] for key in keys}), sku_ids=list({key[1] for key in keys}))
    before.update(
        {(row.leaf_id, row.sku_id): row.on_hand for row in rows if (row.leaf_id, row.sku_id) in before}
    )
    counted: list[Counted] = []
    for one, fact_id in zip(counts, uuid7s(now, len(counts)), strict=True):
        key = (one.leaf_id, one.sku_id)
        counted.append(
            Counted(
                leaf_id=one.leaf_id,
                sku_id=one.sku_id,
                units_before=before[key],
                units=one.units,
                fact_id=fact_id if one.units != before[key] else None,
            )
        )
        before[key] = one.units
    facts = [
        Fact(
            id=one.fact_id,
            leaf_id=one.leaf_id,
            sku_id=one.sku_id,
            reason=MovementReason.COUNT,
            on_hand=one.units - one.units_before,
        )
        for one in counted
        if one.fact_id is not None
    ]
    recorded = iter(record_goods(conn, facts, now=now, actor=actor))
    refused = [next(recorded) if one.fact_id is not None else None for one in counted]
    outcomes = [
        refusal if isinstance(refusal, Refusal) else one
        for one, refusal in zip(counted, refused, strict=True)
    ]
    meet_asked(
        conn,
        [
            LookedAt(leaf_id=one.leaf_id, sku_id=one.sku_id, at=now)
            for one in outcomes
            if isinstance(one, Counted)
        ],
        now=now,
    )
    return outcomes


def keep_back(
    conn: Conn, settings: Sequence[SafetySetting], *, now: datetime, actor: str = SYSTEM_ACTOR
) -> list[SafetySet | Refusal]:
    """Set how many units leaves keep back from promises, tell it, and give what came free to those who wait for it."""
    take_turn(conn)
    outcomes = stock.set_safety(conn, settings, now=now)
    changed = [one for one in outcomes if isinstance(one, SafetySet) and one.units != one.units_before]
    log.append(
        conn,
        [
            *(event(_kept_back(one), subject=one.leaf_id, at=now, actor=actor) for one in changed),
            *shortfall_events(changed, now=now),
        ],
    )
    freed = list({one.sku_id for one in changed if one.units < one.units_before})
    if freed:
        fill_parked(conn, sku_ids=freed, now=now, limit=PARKED_LINES_MAX)
    return outcomes


def _kept_back(one: SafetySet) -> SafetyChanged:
    return SafetyChanged(
        leaf_id=one.leaf_id, sku_id=one.sku_id, units_before=one.units_before, units=one.units
    )


def _corrected(fact: Fact) -> StockCorrected:
    return StockCorrected(
        fact_id=fact.id,
        leaf_id=fact.leaf_id,
        sku_id=fact.sku_id,
        reason=fact.reason,
        on_hand=fact.on_hand,
        unsellable=fact.unsellable,
        reference=fact.reference,
    )
