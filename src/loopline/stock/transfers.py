"""Transfers: goods on their way from one leaf to another, in transit until somebody there says what came.

Sending is an ask: only what nobody was promised may leave. What comes is a fact. Locks: lines of transfers by
(transfer, SKU, lot), then levels as every command of the room.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from loopline.db import Conn, execute, fetch, fetch_rows, integers, statements, uuids
from loopline.kernel.ids import EntityId, NodeId, SkuId, TransferId
from loopline.kernel.refusals import Refusal, Refused
from loopline.stock import lot_store, service, store
from loopline.stock.model import Fact, MovementReason, Recorded
from loopline.stock.rules.sending import (
    LineKey,
    UnderWay,
    decide_arrivals,
    decide_transfers,
    sent_lots,
    with_lot,
)
from loopline.stock.transfer_model import Arrived, GoodsLine, Sent, Transfer, TransferArrival, TransferAsk

SQL = statements(__file__)


def send_transfers(
    conn: Conn, asks: Sequence[TransferAsk], *, now: datetime, by: str
) -> list[Sent | Refusal]:
    """Let goods leave for other leaves, each transfer whole or refused; the same one again sends nothing.

    Refused is what was promised to somebody, here or at a node above, and what would change its owner.
    """
    if not asks:
        return []
    book = service.locked_for(conn, [(ask.from_leaf_id, line.sku_id) for ask in asks for line in ask.lines])
    lot_store.load_shelves(conn, book)
    known = _known(conn, [ask.id for ask in asks])
    leaf_ids = {leaf_id for ask in asks for leaf_id in (ask.from_leaf_id, ask.to_leaf_id)}
    owners: dict[NodeId, EntityId | None] = dict(fetch_rows(conn, SQL["owners"], leaf_ids=uuids(leaf_ids)))
    outcomes = decide_transfers(asks, book=book, owners=owners, known=known)
    store.write_book(conn, book, now=now)
    new = [
        ask
        for ask, outcome in zip(asks, outcomes, strict=True)
        if isinstance(outcome, Sent) and not outcome.is_repeat
    ]
    _write_sent(conn, [sent_lots(ask, book=book) for ask in new], now=now, by=by)
    return outcomes


def _known(conn: Conn, transfer_ids: Sequence[TransferId]) -> dict[TransferId, TransferAsk]:
    found: dict[TransferId, TransferAsk] = {}
    rows = fetch_rows(conn, SQL["known_transfers"], transfer_ids=uuids(transfer_ids))
    for transfer_id, from_leaf_id, to_leaf_id, sku_id, lot_id, units in rows:
        earlier = found.get(transfer_id)
        line = GoodsLine(sku_id=sku_id, units=units, lot_id=lot_id)
        found[transfer_id] = TransferAsk(
            id=transfer_id,
            from_leaf_id=from_leaf_id,
            to_leaf_id=to_leaf_id,
            lines=(*(earlier.lines if earlier else ()), line),
        )
    return {transfer_id: ask.in_order() for transfer_id, ask in found.items()}


def _write_sent(conn: Conn, new: Sequence[TransferAsk], *, now: datetime, by: str) -> None:
    if not new:
        return
    execute(
        conn,
        SQL["write_transfers"],
        ids=uuids([ask.id for ask in new]),
        from_leaf_ids=uuids([ask.from_leaf_id for ask in new]),
        to_leaf_ids=uuids([ask.to_leaf_id for ask in new]),
        now=now,
        by=by,
    )
    lines = [(ask.id, line) for ask in new for line in ask.lines]
    execute(
        conn,
        SQL["write_transfer_lines"],
        transfer_ids=uuids([transfer_id for transfer_id, _ in lines]),
        sku_ids=uuids([line.sku_id for _, line in lines]),
        lot_ids=_maybe([line.lot_id for _, line in lines]),
        units=integers([line.units for _, line in lines]),
    )


def receive_transfers(
    conn: Conn, arrivals: Sequence[TransferArrival], *, now: datetime, by: str
) -> list[Arrived | Refusal]:
    """Take in what came of transfers and write off what will not come; the same arrival again changes nothing."""
    if not arrivals:
        return []
    rows = fetch_rows(
        conn, SQL["lock_transfer_lines"], transfer_ids=uuids({one.transfer_id for one in arrivals})
    )
    lines: dict[LineKey, UnderWay] = {
        (transfer_id, sku_id, lot_id): UnderWay(to_leaf_id, sent, received, lost)
        for transfer_id, sku_id, lot_id, to_leaf_id, sent, received, lost in rows
    }
    arrivals = [with_lot(one, lines) for one in arrivals]
    named = {one.lot_id for one in arrivals if one.lot_id is not None}
    if named:
        lot_store.share_lots(conn, named)
    earlier = fetch(conn, SQL["known_arrivals"], TransferArrival, ids=uuids([one.id for one in arrivals]))
    outcomes = decide_arrivals(arrivals, lines=lines, known={one.id: one for one in earlier})
    new = [
        one
        for one, outcome in zip(arrivals, outcomes, strict=True)
        if isinstance(outcome, Arrived) and not outcome.is_repeat
    ]
    recorded = _take_in(conn, new, lines, now=now)
    _write_arrivals(conn, new, now=now, by=by)
    return [
        replace(outcome, shortfalls=recorded[outcome.arrival_id].shortfalls)
        if isinstance(outcome, Arrived) and not outcome.is_repeat and outcome.arrival_id in recorded
        else outcome
        for outcome in outcomes
    ]


def _take_in(
    conn: Conn, new: Sequence[TransferArrival], lines: dict[LineKey, UnderWay], *, now: datetime
) -> dict[UUID, Recorded]:
    facts = [
        Fact(
            id=one.id,
            leaf_id=lines[one.transfer_id, one.sku_id, one.lot_id].to_leaf_id,
            sku_id=one.sku_id,
            reason=MovementReason.TRANSFER_IN,
            on_hand=one.received,
            unsellable=one.unsellable,
            reference=one.transfer_id,
            lot_id=one.lot_id,
        )
        for one in new
        if one.received
    ]
    recorded: dict[UUID, Recorded] = {}
    for outcome in service.record_facts(conn, facts, now=now):
        if isinstance(outcome, Refusal):
            raise Refused(outcome)
        recorded[outcome.fact_id] = outcome
    return recorded


def _write_arrivals(conn: Conn, new: Sequence[TransferArrival], *, now: datetime, by: str) -> None:
    if not new:
        return
    execute(
        conn,
        SQL["write_arrivals"],
        ids=uuids([one.id for one in new]),
        transfer_ids=uuids([one.transfer_id for one in new]),
        sku_ids=uuids([one.sku_id for one in new]),
        lot_ids=_maybe([one.lot_id for one in new]),
        received=integers([one.received for one in new]),
        unsellable=integers([one.unsellable for one in new]),
        lost=integers([one.lost for one in new]),
        reasons=[one.reason for one in new],
        now=now,
        by=by,
    )


def transfers_page(
    conn: Conn,
    leaf_ids: Collection[NodeId],
    *,
    only_under_way: bool,
    before: tuple[TransferId, SkuId, UUID] | None,
    at_most: int,
) -> list[Transfer]:
    """Lines of transfers from or to leaves, the latest first, those before the one given.

    A line is named by its transfer, its SKU, and its lot or, without one, its SKU again.
    """
    before_transfer, before_sku, before_lot = before or (None, None, None)
    return fetch(
        conn,
        SQL["transfers_page"],
        Transfer,
        leaf_ids=uuids(leaf_ids),
        only_under_way=only_under_way,
        before_transfer=before_transfer,
        before_sku=before_sku,
        before_lot=before_lot,
        at_most=at_most,
    )


def transfer_lines(conn: Conn, transfer_id: TransferId) -> list[Transfer]:
    """Return a transfer line by line; nothing where there is none."""
    return fetch(conn, SQL["lines_of_transfer"], Transfer, transfer_id=transfer_id)


def in_transit(
    conn: Conn, leaf_ids: Collection[NodeId], *, sku_ids: Collection[SkuId] | None = None
) -> dict[tuple[NodeId, SkuId], int]:
    """Units under way to leaves, by (leaf, SKU); what has none is left out."""
    rows = fetch_rows(
        conn,
        SQL["in_transit"],
        leaf_ids=uuids(leaf_ids),
        sku_ids=None if sku_ids is None else uuids(sku_ids),
    )
    return {(leaf_id, sku_id): units for leaf_id, sku_id, units in rows}


def transfer_goals(conn: Conn, transfer_ids: Collection[TransferId]) -> dict[TransferId, NodeId]:
    """The leaves that transfers go to; unknown transfers are left out."""
    return dict(fetch_rows(conn, SQL["transfer_places"], transfer_ids=uuids(transfer_ids)))


def _maybe(ids: Sequence[UUID | None]) -> str:
    """Spell ids as an array literal, with nulls where there is none."""
    return "{" + ",".join(["null" if one is None else one.hex for one in ids]) + "}"
