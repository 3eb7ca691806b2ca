"""Transfers: what may leave a leaf for another, and what of it came."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, LotId, NodeId, SkuId, TransferId
from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, LeafLevel, Level, Move, settle_leaf
from loopline.stock.model import MovementReason
from loopline.stock.refusals import (
    ArrivalTaken,
    ArrivalUnclear,
    LeafUnknown,
    NotSoManyInTransit,
    NotSoManyToSend,
    TransferNotWithinOwner,
    TransferTaken,
    TransferUnclear,
    TransferUnknown,
)
from loopline.stock.rules.lot_moves import send_lots
from loopline.stock.transfer_model import Arrived, GoodsLine, Sent, TransferArrival, TransferAsk

LineKey = tuple[TransferId, SkuId, LotId | None]


class UnderWay(msgspec.Struct, gc=False):
    """A line of a transfer while a batch is decided, with the leaf it goes to."""

    to_leaf_id: NodeId
    sent: int
    received: int
    lost: int

    @property
    def in_transit(self) -> int:
        return self.sent - self.received - self.lost


def decide_transfers(
    asks: Iterable[TransferAsk],
    *,
    book: Book,
    owners: Mapping[NodeId, EntityId | None],
    known: Mapping[TransferId, TransferAsk],
) -> list[Sent | Refusal]:
    """Send what nobody was promised, each transfer whole or not at all; the same one again sends nothing."""
    outcomes: list[Sent | Refusal] = []
    before = dict(known)
    for ask in asks:
        earlier = before.get(ask.id)
        if earlier is not None:
            same = _is_same(ask, earlier)
            outcomes.append(
                Sent(transfer_id=ask.id, is_repeat=True) if same else TransferTaken(transfer_id=ask.id)
            )
            continue
        refusal = _why_not(ask, owners) or _send(ask, book=book)
        if refusal is None:
            before[ask.id] = ask.in_order()
        outcomes.append(refusal or Sent(transfer_id=ask.id))
    return outcomes


def _is_same(ask: TransferAsk, earlier: TransferAsk) -> bool:
    """Tell whether an ask is one sent before; where it names no lots, those that were chosen for it say nothing."""
    if any(line.lot_id is not None for line in ask.lines):
        return earlier == ask.in_order()
    return _by_sku(earlier).in_order() == ask.in_order()


def _by_sku(ask: TransferAsk) -> TransferAsk:
    units: dict[SkuId, int] = {}
    for line in ask.lines:
        units[line.sku_id] = units.get(line.sku_id, 0) + line.units
    lines = tuple(GoodsLine(sku_id=sku_id, units=count) for sku_id, count in units.items())
    return msgspec.structs.replace(ask, lines=lines)


def sent_lots(ask: TransferAsk, *, book: Book) -> TransferAsk:
    """Return what was sent, lot by lot where the goods are kept in lots."""
    lines: list[GoodsLine] = []
    for move in book.moves:
        if move.reference == ask.id:
            steps = [(step.lot_id, -step.units) for step in move.lots if step.units]
            lines += [
                GoodsLine(sku_id=move.leaf.sku_id, units=units, lot_id=lot_id)
                for lot_id, units in steps or [(None, -move.on_hand)]
            ]
    units_of: dict[tuple[SkuId, LotId | None], int] = {}
    for line in lines:
        key = (line.sku_id, line.lot_id)
        units_of[key] = units_of.get(key, 0) + line.units
    return msgspec.structs.replace(
        ask,
        lines=tuple(
            GoodsLine(sku_id=sku_id, units=units, lot_id=lot_id)
            for (sku_id, lot_id), units in units_of.items()
        ),
    )


def with_lot(one: TransferArrival, lines: Mapping[LineKey, UnderWay]) -> TransferArrival:
    """Name the lot of an arrival that names none, where only one of the SKU was sent."""
    if one.lot_id is not None:
        return one
    lots = {
        lot_id
        for transfer_id, sku_id, lot_id in lines
        if (transfer_id, sku_id) == (one.transfer_id, one.sku_id)
    }
    return msgspec.structs.replace(one, lot_id=lots.pop()) if len(lots) == 1 else one


def _why_not(ask: TransferAsk, owners: Mapping[NodeId, EntityId | None]) -> Refusal | None:
    for leaf_id in (ask.from_leaf_id, ask.to_leaf_id):
        if owners.get(leaf_id) is None:
            return LeafUnknown(leaf_id=leaf_id)
    if ask.from_leaf_id == ask.to_leaf_id or owners[ask.from_leaf_id] != owners[ask.to_leaf_id]:
        return TransferNotWithinOwner(transfer_id=ask.id)
    named = {(line.sku_id, line.lot_id) for line in ask.lines}
    if not ask.lines or len(named) < len(ask.lines) or any(line.units <= 0 for line in ask.lines):
        return TransferUnclear(transfer_id=ask.id)
    return None


def _send(ask: TransferAsk, *, book: Book) -> Refusal | None:
    gone: list[tuple[Sequence[Level], GoodsLine]] = []
    for line in ask.lines:
        path = book.path((ask.from_leaf_id, line.sku_id))
        room = min(_room_in_lot(path[-1], line), max(0, min(level.free - level.held for level in path)))
        if room < line.units:
            for taken, of_line in gone:
                _take(taken, -of_line.units)
            return NotSoManyToSend(
                transfer_id=ask.id, sku_id=line.sku_id, leaf_id=ask.from_leaf_id, asked=line.units, free=room
            )
        _take(path, line.units)
        gone.append((path, line))
    for path, line in gone:
        leaf = path[-1]
        assert isinstance(leaf, LeafLevel)
        move = Move(leaf, MovementReason.TRANSFER_OUT, on_hand=-line.units, reference=ask.id)
        book.moves.append(move)
        if leaf.shelf is not None:
            send_lots(leaf.shelf, line.units, lot_id=line.lot_id, move=move)
    return None


def _room_in_lot(leaf: Level, line: GoodsLine) -> int:
    """How many units of the lot that is asked for, if any, are not planned for orders."""
    if line.lot_id is None:
        return line.units
    shelf = leaf.shelf if isinstance(leaf, LeafLevel) else None
    lot = shelf.lots.get(line.lot_id) if shelf is not None else None
    return max(0, lot.room) if lot is not None else 0


def _take(path: Sequence[Level], units: int) -> None:
    leaf = path[-1]
    assert isinstance(leaf, LeafLevel)
    leaf.on_hand -= units
    settle_leaf(path)


def decide_arrivals(
    arrivals: Iterable[TransferArrival],
    *,
    lines: Mapping[LineKey, UnderWay],
    known: Mapping[UUID, TransferArrival],
) -> list[Arrived | Refusal]:
    """Take in what came and write off what will not, never more than is in transit; the same arrival twice is one."""
    outcomes: list[Arrived | Refusal] = []
    before = dict(known)
    for one in arrivals:
        key = (one.transfer_id, one.sku_id, one.lot_id)
        line = lines.get(key)
        earlier = before.get(one.id)
        if earlier is not None and line is not None:
            outcomes.append(
                _arrived(one, line, is_repeat=True) if earlier == one else ArrivalTaken(arrival_id=one.id)
            )
            continue
        refusal = ArrivalTaken(arrival_id=one.id) if earlier is not None else _why_not_arrived(one, line)
        if refusal is not None or line is None:
            outcomes.append(refusal or TransferUnknown(transfer_id=one.transfer_id))
            continue
        before[one.id] = one
        line.received += one.received
        line.lost += one.lost
        outcomes.append(_arrived(one, line))
    return outcomes


def _why_not_arrived(one: TransferArrival, line: UnderWay | None) -> Refusal | None:
    if line is None:
        return TransferUnknown(transfer_id=one.transfer_id)
    if (
        min(one.received, one.lost) < 0
        or not one.received + one.lost
        or not 0 <= one.unsellable <= one.received
        or (one.lost > 0) != (one.reason is not None)
    ):
        return ArrivalUnclear(arrival_id=one.id)
    if one.received + one.lost > line.in_transit:
        return NotSoManyInTransit(
            transfer_id=one.transfer_id,
            sku_id=one.sku_id,
            said=one.received + one.lost,
            in_transit=line.in_transit,
        )
    return None


def _arrived(one: TransferArrival, line: UnderWay, *, is_repeat: bool = False) -> Arrived:
    return Arrived(
        arrival_id=one.id,
        transfer_id=one.transfer_id,
        sku_id=one.sku_id,
        in_transit=line.in_transit,
        is_repeat=is_repeat,
    )
