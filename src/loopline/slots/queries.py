"""Reads of slots. Nothing here locks."""

from collections.abc import Collection
from datetime import datetime

from loopline.db import Conn
from loopline.kernel.ids import OrderId, OrgUnitId, SiteId
from loopline.slots import store
from loopline.slots.model import Booking, KeptTerms, Way


def terms_of_units(
    conn: Conn, unit_ids: Collection[OrgUnitId] | None = None
) -> dict[tuple[OrgUnitId, Way], KeptTerms]:
    """Return the last word of each of these units (None: of every one) on each way."""
    return {(one.unit_id, one.way): one for one in store.terms_of_units(conn, unit_ids)}


def bookings_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, Booking]:
    """Return the bookings of orders; an order without one is left out."""
    return {one.order_id: one for one in store.bookings_of_orders(conn, order_ids)}


def places_taken(
    conn: Conn, since: datetime, site_ids: Collection[SiteId] | None = None
) -> dict[tuple[SiteId, Way, datetime], int]:
    """Return how many places are taken in each slot that begins from a moment on, at these sites (None: at all).

    Slots with none are left out.
    """
    return store.places_taken(conn, since, site_ids)


def bookings_at(
    conn: Conn, way: Way, site_ids: Collection[SiteId] | None, *, since: datetime, until: datetime
) -> list[Booking]:
    """Return the bookings of a way that stand at sites (None: at all), by their beginnings.

    From a moment on, before another.
    """
    return store.bookings_at(conn, way, site_ids, since=since, until=until)
