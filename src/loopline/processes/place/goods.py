"""Setting goods aside: what asks want is held, what facts took is gone from its shelf.

Mostly there is plenty of everything: then what asks hold is planned on what is there, written with their orders, and
taken under its locks at the very end, by `settle`. Facts, goods at a place, and quotas are decided under their locks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import orders, stock
from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.events import Event
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal
from loopline.orders import DraftKind
from loopline.processes.late_facts import counted_already
from loopline.processes.outcomes import all_granted
from loopline.processes.place.ahead import Selling, begin_selling, sells_ahead, why_refused
from loopline.processes.place.candidate import Candidate, hold_ask, minutes_of, unpaid_ask
from loopline.processes.shortfalls import shortfall_events

_NOTHING_AHEAD: Mapping[SkuId, stock.Ahead] = {}


class Aside(msgspec.Struct, frozen=True, kw_only=True):
    """What was set aside. `outlook`: what asks were planned on, for `settle`; None: nothing is left to settle.

    `shortfalls`: what is to be told of promises that facts broke. `selling`: what was sold ahead by; None: nothing was.
    """

    outlook: stock.Outlook | None
    shortfalls: Sequence[Event] = ()
    selling: Selling | None = None


def set_aside(conn: Conn, candidates: Sequence[Candidate], *, now: datetime, marks: Marks) -> Aside:
    """Let asks wait to be paid and hold their goods, take those of facts from their shelves.

    In the order of arrival within each kind; facts go first: they have happened. What is sold ahead is decided under
    its locks, as facts are.
    """
    going = [one for one in candidates if one.refusal is None]
    sku_ids = sells_ahead(conn, going, marks=marks)
    outlook = None if sku_ids else _outlook(conn, going)
    _let_wait(conn, going, now=now, is_settled_later=outlook is not None)
    going = [one for one in going if one.refusal is None and one.goods]
    if outlook is None:
        return _under_locks(conn, going, sku_ids, now=now)
    _take_outcomes(going, stock.plan_holds(conn, outlook, [hold_ask(one) for one in going]))
    return Aside(outlook=outlook)


def settle(conn: Conn, outlook: stock.Outlook | None, granted: Sequence[Candidate]) -> None:
    """Take what was planned, as late as can be; raises SerializationFailure where a rival was faster."""
    if outlook is None:
        return
    orders.settle_unpaid(conn, [one.asked for one in granted if one.asked is not None])
    stock.settle_holds(conn, outlook)


def _outlook(conn: Conn, going: Sequence[Candidate]) -> stock.Outlook | None:
    if any(one.draft.kind is DraftKind.FACT for one in going):
        return None
    keys = [
        (one.node_id, line.sku_id) for one in going for _, line in one.goods if one.node_id and line.sku_id
    ]
    return stock.look_ahead(conn, keys) if keys else None


def _let_wait(conn: Conn, going: Sequence[Candidate], *, now: datetime, is_settled_later: bool) -> None:
    """Say how long asks wait to be paid, and refuse those that would be one too many of the same hand.

    Before any goods are set aside: who asks too often takes them from nobody, not even within a batch.
    """
    waiting = [one for one in going if minutes_of(one) and one.goods]
    if not waiting:
        return
    asks = [unpaid_ask(one) for one in waiting]
    patience = orders.admit_unpaid(conn, asks, now=now, is_settled_later=is_settled_later)
    for one, ask, outcome in zip(waiting, asks, patience, strict=True):
        one.asked = ask
        if isinstance(outcome, Refusal):
            one.refusal = outcome
        else:
            one.patience = outcome


def _under_locks(
    conn: Conn, going: Sequence[Candidate], sku_ids: frozenset[SkuId], *, now: datetime
) -> Aside:
    """Decide with the rows of all that is asked for locked, from here to the end of the transaction."""
    facts = [one for one in going if one.draft.kind is DraftKind.FACT]
    asks = [one for one in going if one.draft.kind is DraftKind.ASK]
    selling = begin_selling(conn, going, sku_ids, now=now) if sku_ids else None
    if facts and asks and selling is None:
        # Two commands, which lock in one order only together.
        keys = [
            (one.node_id, line.sku_id)
            for one in going
            for _, line in one.goods
            if one.node_id and line.sku_id
        ]
        stock.lock_stock(conn, keys)
    sales = [sale for one in facts for sale in _sales(one)]
    recorded = all_granted(stock.record_facts(conn, sales, now=now))
    recorded += all_granted(stock.record_facts(conn, counted_already(conn, sales), now=now))
    ahead = selling.budgets if selling is not None else _NOTHING_AHEAD
    held = stock.hold_units(conn, [hold_ask(one) for one in asks], now=now, ahead=ahead)
    _take_outcomes(asks, held, selling)
    return Aside(outlook=None, shortfalls=shortfall_events(recorded, now=now), selling=selling)


def _take_outcomes(
    asks: Sequence[Candidate], outcomes: Sequence[stock.Held | Refusal], selling: Selling | None = None
) -> None:
    for one, held in zip(asks, outcomes, strict=True):
        if isinstance(held, Refusal):
            one.refusal = held if selling is None else why_refused(one, held, selling)
        else:
            one.held = {line.line_id: line.units for line in held.lines}
            if selling is not None:
                one.ahead = {line.line_id: line.ahead for line in held.lines if line.ahead}
            one.is_scarce = held.is_scarce


def _sales(one: Candidate) -> list[stock.Fact]:
    assert one.node_id is not None
    return [
        stock.Fact(
            id=line_id,
            leaf_id=one.node_id,
            sku_id=line.sku_id,
            reason=stock.MovementReason.SALE,
            on_hand=-line.units,
            reference=one.new.order_id,
        )
        for line_id, line in one.goods
        if line.sku_id is not None
    ]
