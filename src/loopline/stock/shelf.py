"""The working copy of one leaf's lots of one SKU: what lies in which lot, and which ones allocations are taken from.

No I/O. A shelf belongs to a `LeafLevel` whose row the batch has locked, and with it all rows of its lots.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import msgspec

from loopline.kernel.ids import AllocationId, LineId, LotId, OrderId, SkuId

NO_DATE = date.max


class ShelfLot(msgspec.Struct, eq=False):
    """A lot at a leaf, now and as loaded. The unnamed lot, whose id is its SKU's, takes whatever no other can."""

    lot_id: LotId
    code: str
    is_unnamed: bool = False
    is_serial: bool = False
    sell_until: date | None = None
    units: int = 0
    damaged: int = 0
    planned: int = 0
    is_recalled: bool = False
    is_expired: bool = False
    is_stored: bool = False
    is_elsewhere: bool = False
    units_loaded: int = 0
    damaged_loaded: int = 0
    planned_loaded: int = 0
    recalled_loaded: bool = False
    expired_loaded: bool = False

    @property
    def is_locked(self) -> bool:
        return self.is_recalled or self.is_expired

    @property
    def unsellable(self) -> int:
        return self.units if self.is_locked else self.damaged

    @property
    def sellable(self) -> int:
        """Units that may be sold or are planned for an order."""
        return self.units - self.unsellable

    @property
    def room(self) -> int:
        """Units that may be sold and are not planned for an order; below zero where too many are planned."""
        return self.sellable - self.planned

    @property
    def order(self) -> tuple[bool, date, str]:
        """First expired first out; the unnamed lot, of which nothing is known, last."""
        return self.is_unnamed, self.sell_until or NO_DATE, self.code

    @property
    def differs(self) -> bool:
        return not self.is_stored or (
            (self.units, self.damaged, self.planned, self.is_recalled, self.is_expired)
            != (
                self.units_loaded,
                self.damaged_loaded,
                self.planned_loaded,
                self.recalled_loaded,
                self.expired_loaded,
            )
        )


class LotStep(msgspec.Struct, frozen=True, kw_only=True):
    """What a movement did to a lot; `gone` units went to an order."""

    lot_id: LotId
    units: int
    unsellable: int
    gone: int = 0
    order_id: OrderId | None = None
    line_id: LineId | None = None


class Shelf:
    """The lots of one SKU at one leaf, and the plan of every open allocation there."""

    def __init__(self, sku_id: SkuId, lots: Iterable[ShelfLot]) -> None:
        self.lots: dict[LotId, ShelfLot] = {lot.lot_id: lot for lot in lots}
        unnamed_id = LotId(sku_id)
        self.unnamed = self.lots.setdefault(unnamed_id, ShelfLot(lot_id=unnamed_id, code="", is_unnamed=True))
        self.plans: dict[AllocationId, dict[LotId, int]] = {}
        self.plans_loaded: dict[AllocationId, dict[LotId, int]] = {}
        self._marked: dict[LotId, tuple[int, int]] = {}
        self.is_new = False
        self.was_marked = False

    def in_order(self) -> list[ShelfLot]:
        """Return the lots first expired first, the unnamed one last."""
        return sorted(self.lots.values(), key=lambda lot: lot.order)

    @property
    def unsellable(self) -> int:
        return sum(lot.unsellable for lot in self.lots.values())

    def mark(self) -> None:
        """Remember how the lots are, to tell later what a movement did to them."""
        # What a leaf had before it was kept in lots came to the unnamed one by the first movement that names another.
        begins = self.is_new and not self.was_marked
        self.was_marked = True
        self._marked = (
            {} if begins else {lot.lot_id: (lot.units, lot.unsellable) for lot in self.lots.values()}
        )

    def steps(self, *, gone: dict[LotId, int] | None = None, to: "Buyer | None" = None) -> list[LotStep]:
        """Return what was done to the lots since `mark`."""
        taken = gone or {}
        found: list[LotStep] = []
        for lot in self.lots.values():
            units, unsellable = self._marked.get(lot.lot_id, (0, 0))
            change = (lot.units - units, lot.unsellable - unsellable)
            to_order = taken.get(lot.lot_id, 0) if to is not None else 0
            if any(change) or to_order:
                found.append(
                    LotStep(
                        lot_id=lot.lot_id,
                        units=change[0],
                        unsellable=change[1],
                        gone=to_order,
                        order_id=to.order_id if to and to_order else None,
                        line_id=to.line_id if to and to_order else None,
                    )
                )
        return found


class Buyer(msgspec.Struct, frozen=True):
    """The order and line that units went to."""

    order_id: OrderId
    line_id: LineId | None


def fact_buyer(reference: UUID | None, fact_id: UUID) -> Buyer | None:
    """Return whom a sale's units went to: its fact is named for the line, and refers to the order."""
    return None if reference is None else Buyer(OrderId(reference), LineId(fact_id))
