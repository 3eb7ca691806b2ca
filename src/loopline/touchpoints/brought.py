"""What codes brought: scans, people, and the orders that each of them was the last to touch."""

from collections.abc import Collection
from datetime import date, datetime

import msgspec

from loopline.db import Conn, fetch, statements, uuids
from loopline.kernel.ids import OrderId, TouchpointId
from loopline.touchpoints.model import ScanDay

SQL = statements(__file__)


class ScansBrought(msgspec.Struct, frozen=True, kw_only=True):
    """How often a code was scanned, and by how many people, as far as they can be told apart."""

    touchpoint_id: TouchpointId
    scans: int
    people: int


class OrderBrought(msgspec.Struct, frozen=True, kw_only=True):
    """An order, and the code that touched its buyer last before it."""

    touchpoint_id: TouchpointId
    order_id: OrderId


def scans_brought(
    conn: Conn, touchpoint_ids: Collection[TouchpointId], *, start: datetime, end: datetime
) -> dict[TouchpointId, ScansBrought]:
    """Return the scans of codes from `start` until before `end`; codes that nobody scanned are left out."""
    found = fetch(
        conn, SQL["scans_brought"], ScansBrought, touchpoint_ids=uuids(touchpoint_ids), start=start, end=end
    )
    return {one.touchpoint_id: one for one in found}


def scan_days_of_all(
    conn: Conn, touchpoint_ids: Collection[TouchpointId], *, first: date, last: date
) -> list[ScanDay]:
    """Return how often codes were scanned, all together, on each day (UTC) with scans, both ends included."""
    ids = uuids(touchpoint_ids)
    return fetch(conn, SQL["scan_days_of_all"], ScanDay, touchpoint_ids=ids, first=first, last=last)


def orders_brought(
    conn: Conn, touchpoint_ids: Collection[TouchpointId], *, start: datetime, end: datetime, at_most: int
) -> list[OrderBrought]:
    """Return orders placed from `start` until before `end` that codes were the last to touch, the latest first."""
    ids = uuids(touchpoint_ids)
    return fetch(
        conn, SQL["orders_brought"], OrderBrought, touchpoint_ids=ids, start=start, end=end, at_most=at_most
    )
