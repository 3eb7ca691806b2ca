"""What stages do because of an event: the followers of the corridor, applied in the order of the log, exactly once."""

from collections.abc import Sequence

from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.fulfilment.events import ParcelHandedOver
from loopline.kernel.events import Event, read
from loopline.orders import DraftKind, LineKind, OrderPlaced
from loopline.processes.settle import SoldPart, settle_parts

_PLACED = OrderPlaced.type_name()
_HANDED_OVER = ParcelHandedOver.type_name()


def settle_what_left(conn: Conn, events: Sequence[Event]) -> None:
    """Settle what was sold at a till, what needs no shelf, and what parcels took."""
    parts = [part for told in events for part in _parts(told)]
    if parts:
        settle_parts(conn, parts, now=max(told.at for told in events))


def _parts(told: Event) -> list[SoldPart]:
    if told.type == _PLACED:
        return _parts_of_placed(read(told, OrderPlaced))
    parcel = read(told, ParcelHandedOver)
    return [
        SoldPart(
            source_id=parcel.task_id,
            part_id=line.allocation_id,
            order_id=parcel.order_id,
            line_id=line.line_id,
            units=line.units,
            units_before=line.units_before,
            shipping_site_id=parcel.site_id,
            at=told.at,
        )
        for line in parcel.lines
    ]


def _parts_of_placed(placed: OrderPlaced) -> list[SoldPart]:
    """Everything of a fact has gone; of an ask, what is no goods."""
    return [
        SoldPart(
            source_id=placed.order_id,
            part_id=line.line_id,
            order_id=placed.order_id,
            line_id=line.line_id,
            units=line.units,
            units_before=0,
            shipping_site_id=None,
            at=placed.placed_at,
        )
        for line in placed.lines
        if placed.kind is DraftKind.FACT or line.kind is not LineKind.GOODS
    ]


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="settle", types=frozenset({_PLACED, _HANDED_OVER}), apply=settle_what_left),
)
