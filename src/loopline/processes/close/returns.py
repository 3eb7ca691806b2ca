"""What was sold and what came back of it, as the history that expected returns are judged by."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from loopline.closing.rules.expecting import Back, History, Sold, history_of
from loopline.db import Conn, fetch, statements, uuids
from loopline.kernel.times import business_day
from loopline.ledger.queries import MonthOfBooks

SQL = statements(__file__)
HISTORY = timedelta(days=366)
"""How far back sales are looked at; a return window that is longer than this is not known to its end."""
_MOMENT = timedelta(microseconds=1)


def history_at(conn: Conn, month: MonthOfBooks, *, zone: str, on_way: Collection[UUID] = ()) -> History:
    """Read what the brand sold in a currency in the year before the end of a month, up to the month's cut.

    Parts that are `on_way` to their customers are left out: what may come back of them was not earned yet.
    """
    asked = {
        "entity_id": month.entity_id,
        "currency": month.currency,
        "zone": zone,
        "since": month.end - HISTORY,
        "end": month.end,
        "before_cut": month.counts_before,
        "on_way": uuids(on_way),
    }
    return history_of(
        fetch(conn, SQL["sold_by_day"], Sold, **asked),
        fetch(conn, SQL["came_back_by_day"], Back, **asked),
        last_day=last_day_before(month.end, zone),
    )


def last_day_before(end: datetime, zone: str) -> date:
    """Return the last day of a zone before a moment at which a day ends."""
    return business_day(end - _MOMENT, zone)
