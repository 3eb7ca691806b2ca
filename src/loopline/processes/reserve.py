"""Reserve goods elsewhere: somebody at one site holds them at another for a member, who comes, looks and pays there.

A reservation is an order of the member that is collected there and waits to be paid: its goods are held at that very
site, it runs out by itself, and its member sees it among their own. Who comes to the site and pays at its till ends it
there; who pays it by phone has an order as any other. Rooms: orders, org, and those that placing an order takes.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline import orders, org
from loopline.db import Conn
from loopline.kernel.ids import MemberId, OrderId, PersonId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Delivery, DraftKind, Order, OrderStage
from loopline.orders.reservations import (
    Reservation,
    ReservationEnd,
    end_reservation,
    keep_reservation,
    reservations_of_orders,
    standing_reservations,
)
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.take_in import Incoming, MessageLine, OrderMessage, OrderTaken, place_messages

UNITS_MAX = 5
HOURS = (2, 4, 24, 48)
"""For how long goods may be reserved."""


class Reserve(msgspec.Struct, frozen=True, kw_only=True):
    """Reserve units of a SKU at a site for a member. `id` is made by whoever asks: asked twice, it is done once."""

    id: UUID
    channel: str
    member_id: MemberId
    sku_code: str
    units: int
    site_code: str
    hours: int
    at_site: SiteId
    by: PersonId
    guide_code: str | None = None


class Reserved(msgspec.Struct, frozen=True, kw_only=True):
    """What is reserved: an order of the member's, which waits to be paid until a moment."""

    order_id: OrderId
    number: str
    until: datetime


class ReservationUnusable(Refusal, frozen=True, kw_only=True):
    """Reserve 1 to {units_max} units, at a site that customers come to, for one of the times offered."""

    units_max: int
    field: str


class ReservationOver(Refusal, frozen=True, kw_only=True):
    """What this form reserved is reserved no more: it was paid, was freed, or its time is over. Reserve anew."""


class ReservationUnknown(Refusal, frozen=True, kw_only=True):
    """Nothing stands reserved like that, here or from here."""


def reserve(conn: Conn, asked: Reserve, *, now: datetime) -> Reserved | Refusal:
    """Hold goods at another site for a member; locks what placing an order locks. The same again is the same."""
    site = org.sites_by_code(conn, [asked.site_code]).get(asked.site_code)
    if site is None or not 1 <= asked.units <= UNITS_MAX or asked.hours not in HOURS:
        field = "site" if site is None else "hours" if asked.hours not in HOURS else "units"
        return ReservationUnusable(units_max=UNITS_MAX, field=field)
    message = OrderMessage(
        channel=asked.channel,
        external_number=f"reserve-{asked.id}",
        kind=DraftKind.ASK,
        lines=(MessageLine(sku_code=asked.sku_code, units=asked.units),),
        site_code=site.code,
        delivery=Delivery.COLLECT,
        member_id=asked.member_id,
        hold_minutes=asked.hours * 60,
        guide_code=asked.guide_code,
        is_in_stock_only=True,
    )
    (taken,) = place_messages(conn, [Incoming(message=message, scope=WHOLE_BRAND)], now=now)
    if not isinstance(taken, OrderTaken):
        return taken
    kept = Reservation(
        order_id=taken.order_id,
        site_id=site.id,
        member_id=asked.member_id,
        made_at_site=asked.at_site,
        made_by=asked.by,
        made_at=now,
        until=now + timedelta(hours=asked.hours),
    )
    keep_reservation(conn, kept)
    stands = reservations_of_orders(conn, [taken.order_id])[taken.order_id]
    if taken.is_repeat and not _stands(stands, orders.order_by_id(conn, taken.order_id), now=now):
        return ReservationOver()  # the form of one that has ended, sent again
    return Reserved(order_id=taken.order_id, number=taken.number, until=stands.until)


def end(  # noqa: PLR0913 - what ends how, by whom, and who may
    conn: Conn, order_id: OrderId, *, ended_as: ReservationEnd, scope: Scope, by: PersonId, now: datetime
) -> Order | Refusal:
    """End what is reserved at a site in scope, or was from one: its goods are free again. Once ended, it stays so.

    What its member has paid is no reservation any more, but an order, and stays. Locks what calling off locks, then the
    reservation.
    """
    found = reservations_of_orders(conn, [order_id]).get(order_id)
    if found is None or not (scope.covers_site(found.site_id) or scope.covers_site(found.made_at_site)):
        return ReservationUnknown()
    head = orders.order_by_id(conn, order_id)
    if head is None or (found.ended_at is None and head.pay_until is None):
        return ReservationUnknown()
    if found.ended_at is None:
        asked = Cancellation(order_id=order_id, actor=f"person:{by}")
        (outcome,) = cancel(conn, [asked], scope=WHOLE_BRAND, now=now)
        if isinstance(outcome, Refusal):
            return outcome
        end_reservation(conn, order_id, ended_as=ended_as, by=by, now=now)
    return head


def standing(conn: Conn, site_id: SiteId, *, now: datetime) -> list[tuple[Reservation, Order]]:
    """Return what is reserved at a site, or was from there at another: what nobody paid or called off meanwhile."""
    found = standing_reservations(conn, site_id, now=now)
    if not found:
        return []  # Today asks every few seconds
    heads = {one.id: one for one in orders.orders_by_ids(conn, [one.order_id for one in found])}
    return [(one, heads[one.order_id]) for one in found if _stands(one, heads.get(one.order_id), now=now)]


def _stands(one: Reservation, head: Order | None, *, now: datetime) -> bool:
    """Whether goods are reserved still: nobody ended it, its time runs, and its order is unpaid and not called off."""
    return (
        one.ended_at is None
        and one.until > now
        and head is not None
        and head.pay_until is not None
        and head.stage is not OrderStage.CANCELLED
    )
