"""Transfers: held units come to lie at another node, or with another line, without ever being free in between.

A transfer is judged by how everything stands after it, so that the order of its lines does not matter: wherever more
is held than before, all that is held must be free. Where no more is held than before nothing was promised anew, even
if a fact has broken a promise there.
"""

from collections.abc import Iterable

import msgspec

from loopline.kernel.ids import LineId
from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, Level, LevelKey, OpenHold
from loopline.stock.model import HoldTransfer, TransferLine, Transferred
from loopline.stock.refusals import (
    HeldElsewhere,
    HoldOfAnother,
    HoldTooSmall,
    HoldUnknown,
    NodeUnknown,
    NotEnoughFree,
    UnitsNotPositive,
)
from loopline.stock.rules.drawing import change_hold, use_draws


class _Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Units on their way: out of a line's hold, with the level and the time they will be held until."""

    line: TransferLine
    source: OpenHold
    units: int
    key: LevelKey


class _Before:
    """What a transfer found: what it is judged by, and put back where it is refused."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._holds: dict[LineId, OpenHold | None] = {}
        self._held: dict[LevelKey, tuple[Level, int]] = {}

    def note(self, line_id: LineId, key: LevelKey) -> None:
        """Remember a line's hold and the levels of a key, as they are before the first change."""
        if line_id not in self._holds:
            hold = self._book.holds.get(line_id)
            self._holds[line_id] = None if hold is None else msgspec.structs.replace(hold)
        for level in self._book.path(key):
            self._held.setdefault(level.key, (level, level.held))

    def room(self, level: Level) -> int:
        """Return how much a level may hold after the transfer."""
        return max(level.free, self._held[level.key][1])

    def put_back(self) -> None:
        """Leave everything as it was."""
        for level, held in self._held.values():
            level.held = held
        for line_id, hold in self._holds.items():
            if hold is None:
                self._book.holds.pop(line_id, None)
            else:
                self._book.holds[line_id] = hold


def decide_transfers(transfers: Iterable[HoldTransfer], *, book: Book) -> list[Transferred | Refusal]:
    """Move for each order in turn what is asked; an order refused leaves everything as it was."""
    return [_transfer_order(one, book=book) for one in transfers]


def _transfer_order(transfer: HoldTransfer, *, book: Book) -> Transferred | Refusal:
    before = _Before(book)
    taken: list[_Taken] = []
    for line in transfer.lines:
        one = _take(transfer, line, before, book=book)
        if isinstance(one, Refusal):
            before.put_back()
            return one
        taken.append(one)
    refusal = next((found for one in taken if (found := _put(transfer, one, before, book=book))), None)
    refusal = refusal or next(
        (found for one in taken if (found := _lacks(transfer, one, before, book))), None
    )
    if refusal is not None:
        before.put_back()
        return refusal
    if book.draws:
        for one in taken:
            _carry_draws(one, book=book)
    return Transferred(order_id=transfer.order_id, units=tuple([one.units for one in taken]))


def _carry_draws(one: _Taken, *, book: Book) -> None:
    """What a line drew goes along to a node that its quota serves too; everything else went to orders for good."""
    if _target(one.line) != one.line.line_id:
        use_draws(one.source, one.units, book=book)
        return
    for draw in book.draws.get(one.line.line_id, ()):
        if draw.quota.key[0] not in book.paths[one.key[0]]:
            draw.use(draw.units)


def _take(transfer: HoldTransfer, line: TransferLine, before: _Before, *, book: Book) -> _Taken | Refusal:
    """Take units out of their hold."""
    hold = book.holds.get(line.line_id)
    if hold is None or not hold.units or not hold.path:
        return HoldUnknown(line_id=line.line_id)
    units = hold.units if line.units is None else line.units
    refusal = _refusal_of(transfer, line, hold, units=units) or _unknown_node(line, book)
    if refusal is not None:
        return refusal
    before.note(line.line_id, hold.key)
    change_hold(hold, -units)
    return _Taken(line=line, source=hold, units=units, key=(line.node_id, hold.key[1]))


def _unknown_node(line: TransferLine, book: Book) -> NodeUnknown | None:
    return None if line.node_id in book.paths else NodeUnknown(node_id=line.node_id)


def _refusal_of(transfer: HoldTransfer, line: TransferLine, hold: OpenHold, *, units: int) -> Refusal | None:
    """Say why units of a hold cannot be taken, wherever they are to go."""
    if hold.order_id != transfer.order_id:
        return HoldOfAnother(line_id=line.line_id)
    if units <= 0:
        return UnitsNotPositive(line_id=line.line_id, units=units)
    if units > hold.units:
        return HoldTooSmall(line_id=line.line_id, asked=units, held=hold.units)
    if _target(line) == line.line_id and units < hold.units:
        return HeldElsewhere(line_id=line.line_id, node_id=hold.key[0])
    return None


def _target(line: TransferLine) -> LineId:
    return line.to_line_id or line.line_id


def _put(transfer: HoldTransfer, one: _Taken, before: _Before, *, book: Book) -> Refusal | None:
    """Add units to the hold they go to: a new one, an empty one, or one at the same place until the same time."""
    line_id, order_id = _target(one.line), transfer.to_order_id or transfer.order_id
    before.note(line_id, one.key)
    expires_at = one.source.expires_at
    hold = book.holds.get(line_id)
    if hold is None:
        hold = OpenHold(line_id, order_id, one.key, 0, expires_at, 0, path=book.path(one.key))
        book.holds[line_id] = hold
    elif hold.units:
        if (hold.key, hold.order_id, hold.expires_at) != (one.key, order_id, expires_at):
            return HeldElsewhere(line_id=line_id, node_id=hold.key[0])
    elif (hold.order_id, hold.key[1]) != (order_id, one.key[1]):
        return HeldElsewhere(line_id=line_id, node_id=hold.key[0])
    else:
        hold.is_moved = hold.is_moved or hold.key != one.key
        hold.key, hold.path, hold.expires_at = one.key, book.path(one.key), expires_at
    change_hold(hold, one.units)
    return None


def _lacks(transfer: HoldTransfer, one: _Taken, before: _Before, book: Book) -> Refusal | None:
    """Say where, after the whole transfer, more is held than may be."""
    room = min([before.room(level) - level.held for level in book.path(one.key)])
    if room >= 0:
        return None
    return NotEnoughFree(
        order_id=transfer.to_order_id or transfer.order_id,
        line_id=_target(one.line),
        node_id=one.key[0],
        sku_id=one.key[1],
        asked=one.units,
        free=max(0, one.units + room),
    )
