"""One function per statement that writes boards."""

from collections.abc import Sequence
from uuid import UUID

from loopline.db import Conn, execute, integers, statements, uuids
from loopline.insight.rules import KEPT_PER_TYPE, HappeningColumns, SaleColumns

SQL = statements(__file__)


def add_sales(conn: Conn, columns: SaleColumns) -> None:
    """Write a batch of sales to all boards of sales and takings."""
    site_ids = uuids(columns.site_ids)
    outlets = {"site_ids": site_ids, "channels": columns.channels, "currencies": columns.currencies}
    records = {**outlets, "at": columns.at, "measures": columns.measures}
    lines = {
        "line_records": integers(columns.line_records),
        "line_sku_ids": uuids(columns.line_sku_ids),
        "line_kinds": columns.line_kinds,
    }
    execute(conn, SQL["name_outlets"], **outlets)
    execute(conn, SQL["name_series"], **outlets, **lines)
    execute(
        conn,
        SQL["add_sales"],
        **records,
        **lines,
        line_amounts=integers(columns.line_amounts),
        line_units=integers(columns.line_units),
    )
    execute(
        conn,
        SQL["add_takings"],
        **records,
        orders=integers(columns.orders),
        amounts=integers(columns.amounts),
        units=integers(columns.units),
    )


def move_stages(conn: Conn, order_ids: Sequence[UUID]) -> None:
    """Bring the stages of these orders, and the counts, to where the orders stand."""
    execute(conn, SQL["move_stages"], order_ids=uuids(order_ids))


def add_happenings(conn: Conn, columns: HappeningColumns) -> None:
    """Add to the list of happenings and drop what grew old."""
    events = columns.events
    execute(
        conn,
        SQL["add_happenings"],
        positions=integers(event.position for event in events),
        types=[event.type for event in events],
        at=[event.at for event in events],
        subjects=uuids(event.subject for event in events),
        site_ids=uuids(columns.site_ids),
        channels=columns.channels,
        currencies=columns.currencies,
        amounts=columns.amounts,
        units=columns.units,
    )
    execute(conn, SQL["forget_old_happenings"], kept=KEPT_PER_TYPE)


def empty_boards(conn: Conn) -> None:
    """Empty every board."""
    execute(conn, SQL["empty_boards"])
