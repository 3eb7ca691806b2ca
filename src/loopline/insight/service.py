"""Commands: apply batches of the log to boards, and begin again. They never commit; a follower's step does."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.insight import store
from loopline.insight.rights.service import RIGHTS_TYPES, apply_rights
from loopline.insight.rules import SALE_MEASURES, happening_columns, sale_columns
from loopline.kernel.events import Event


class _AboutOrder(msgspec.Struct, frozen=True):
    """The order an event is about."""

    order_id: UUID


class _AboutReturnLine(msgspec.Struct, frozen=True):
    matches: tuple[_AboutOrder, ...]


class _AboutReturn(msgspec.Struct, frozen=True):
    """The orders a return belongs to: one for each sale its lines were matched to."""

    lines: tuple[_AboutReturnLine, ...]


_decode_order = msgspec.json.Decoder(_AboutOrder).decode
_decode_return = msgspec.json.Decoder(_AboutReturn).decode


def apply_sales(conn: Conn, events: Sequence[Event]) -> None:
    """Add what these events sold, took back or adjusted to the boards by minute, hour and day.

    Each event moves the boards by its own amounts: apply it once. The order of events does not matter.
    """
    columns = sale_columns(events, SALE_MEASURES)
    if columns.at:
        store.add_sales(conn, columns)


def apply_stages(conn: Conn, events: Sequence[Event]) -> None:
    """Bring the count of orders by stage to where the orders these events are about stand now."""
    order_ids: set[UUID] = set()
    for event in events:
        if event.type == "return_opened":
            returned = _decode_return(event.data)
            order_ids.update(match.order_id for line in returned.lines for match in line.matches)
        else:
            order_ids.add(_decode_order(event.data).order_id)
    if order_ids:
        store.move_stages(conn, sorted(order_ids))


def apply_happenings(conn: Conn, events: Sequence[Event]) -> None:
    """Put the newest of these events on the list of happenings."""
    if events:
        store.add_happenings(conn, happening_columns(events, SALE_MEASURES))


def empty_boards(conn: Conn) -> None:
    """Empty every board. Their followers go back to the beginning in the same transaction: `followers.begin_again`."""
    store.empty_boards(conn)


def rebuild(conn: Conn, batches: Iterable[Sequence[Event]]) -> None:
    """Empty every board and write them again from the whole log, in batches in its order, in one transaction."""
    store.empty_boards(conn)
    for events in batches:
        apply_sales(conn, events)
        apply_stages(conn, events)
        apply_happenings(conn, events)
        apply_rights(conn, [one for one in events if one.type in RIGHTS_TYPES])
