"""Replenish: goods come in, are counted, or turn out to be other than the books say."""

from collections.abc import Sequence
from datetime import datetime

from loopline import stock
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.refusals import Refusal
from loopline.processes.promise import fill_parked
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.turn import take_turn
from loopline.stock import Fact, Recorded
from loopline.stock.events import StockCorrected

PARKED_LINES_MAX = 5_000


def record_goods(conn: Conn, facts: Sequence[Fact], *, now: datetime) -> list[Recorded | Refusal]:
    """Record receipts, counts, adjustments and damage, and give what came to those who wait for it.

    Facts: they stand whatever was promised. The same fact again changes nothing.
    """
    take_turn(conn)
    outcomes = stock.record_facts(conn, facts, now=now)
    new = [
        fact
        for fact, outcome in zip(facts, outcomes, strict=True)
        if isinstance(outcome, Recorded) and not outcome.repeated
    ]
    log.append(
        conn,
        [
            *(event(_corrected(fact), subject=fact.leaf_id, at=now) for fact in new),
            *shortfall_events([one for one in outcomes if isinstance(one, Recorded)], now=now),
        ],
    )
    came = list({fact.sku_id for fact in new if fact.on_hand > 0})
    if came:
        fill_parked(conn, sku_ids=came, now=now, limit=PARKED_LINES_MAX)
    return outcomes


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
