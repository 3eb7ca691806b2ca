"""Why lines wait for goods, and until which day, as it stands; and which of these days are over.

Written by whoever has the turn of giving goods, and with new lines that were sold ahead. A row ends with the wait.
Locks the rows it writes.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.kernel.ids import LineId, OrderId, SkuId
from loopline.orders.numbers import spell_number
from loopline.orders.waiting import Dated, DayBasis, ParkedFor

SQL = statements(__file__)


class ParkedOn(msgspec.Struct, frozen=True, kw_only=True):
    """A line that waits for goods: how many of what, since when, why and until which day."""

    order_id: OrderId
    running_number: int
    line_id: LineId
    sku_id: SkuId
    channel: str
    placed_at: datetime
    units: int
    reason: ParkedFor
    expected_on: date | None
    basis: DayBasis | None

    @property
    def number(self) -> str:
        """The short number people see."""
        return spell_number(self.running_number)


class ParkedDays(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines wait for goods: with a day to come, with one that is over, with none."""

    coming: int
    passed: int
    unknown: int


def parking_of(conn: Conn, order_ids: Collection[OrderId]) -> dict[LineId, Dated]:
    """Return why lines of orders wait for goods and until when, by line."""
    if not order_ids:
        return {}
    found = fetch(conn, SQL["parking_of"], Dated, order_ids=uuids(order_ids))
    return {one.line_id: one for one in found}


def write_parking(conn: Conn, dated: Sequence[Dated], *, now: datetime) -> None:
    """Write why lines wait and until when; a day that changes is to pass anew."""
    if dated:
        execute(
            conn,
            SQL["write_parking"],
            order_ids=uuids([one.order_id for one in dated]),
            line_ids=uuids([one.line_id for one in dated]),
            sku_ids=uuids([one.sku_id for one in dated]),
            reasons=[one.reason.value for one in dated],
            days=[one.expected_on for one in dated],
            bases=[one.basis.value if one.basis else None for one in dated],
            now=now,
        )


def end_parking(conn: Conn) -> int:
    """Forget the days of lines that do not wait any more; returns of how many."""
    return execute(conn, SQL["end_parking"])


def note_passed(conn: Conn, *, today: date, now: datetime, limit: int) -> list[Dated]:
    """Note days that are over though the goods have not come, each once; returns them, those first over first."""
    return fetch(conn, SQL["note_passed"], Dated, today=today, now=now, limit=limit)


def parked_by_day(
    conn: Conn, *, after: tuple[date | None, OrderId | UUID, LineId | UUID] | None = None, limit: int
) -> list[ParkedOn]:
    """Return the paid lines that wait for goods, by the day these are expected, those without one last.

    `after`: day, order and line of the last that was seen.
    """
    day, order_id, line_id = after or (None, None, None)
    return fetch(
        conn,
        SQL["parked_by_day"],
        ParkedOn,
        is_first=after is None,
        after_day=day,
        after_order_id=order_id,
        after_line_id=line_id,
        limit=limit,
    )


def count_parked_days(conn: Conn, *, today: date) -> ParkedDays:
    """Return how many paid lines wait for goods until a day to come, one that is over, or nobody knows which."""
    (found,) = fetch(conn, SQL["count_parked_days"], ParkedDays, today=today)
    return found
