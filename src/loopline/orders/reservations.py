"""Goods reserved at one site by somebody at another, for a member who comes and pays there: unpaid orders.

The order holds the goods, and its end gives them back; what is kept here is who reserved it where, and how it ended.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import MemberId, OrderId, PersonId, SiteId

SQL = statements(__file__)
_LISTED = 200


class ReservationEnd(StrEnum):
    """How a reservation ended before its time: sold at the till there, or not wanted any more."""

    SOLD = "sold"
    NOT_WANTED = "not_wanted"


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that lie at a site for a member until a moment, reserved by somebody at another site."""

    order_id: OrderId
    site_id: SiteId
    member_id: MemberId
    made_at_site: SiteId
    made_by: PersonId
    made_at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_as: ReservationEnd | None = None


def keep_reservation(conn: Conn, one: Reservation) -> None:
    """Keep who reserved what an order holds; kept already, it stays."""
    execute(
        conn,
        SQL["keep_reservation"],
        order_id=one.order_id,
        site_id=one.site_id,
        member_id=one.member_id,
        made_at_site=one.made_at_site,
        made_by=one.made_by,
        made_at=one.made_at,
        until=one.until,
    )


def end_reservation(
    conn: Conn, order_id: OrderId, *, ended_as: ReservationEnd, by: PersonId, now: datetime
) -> bool:
    """Say how a reservation ended; returns whether it had not ended before. Locks its row."""
    ended = fetch_values(
        conn, SQL["end_reservation"], order_id=order_id, ended_as=ended_as.value, by=by, now=now
    )
    return bool(ended)


def reservations_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, Reservation]:
    """Return the reservations that orders are; others are left out."""
    found = fetch(conn, SQL["reservations_of_orders"], Reservation, order_ids=uuids(order_ids))
    return {one.order_id: one for one in found}


def standing_reservations(conn: Conn, site_id: SiteId, *, now: datetime) -> list[Reservation]:
    """Return what is reserved at a site, or from there at another, and not over yet; what is over first, first."""
    return fetch(conn, SQL["standing_reservations"], Reservation, site_id=site_id, now=now, limit=_LISTED)
