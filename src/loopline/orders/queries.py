"""Reads of orders, for screens and processes. None locks anything."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from loopline.db import Conn, fetch, fetch_one, fetch_rows, fetch_values, integers, statements, uuids
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, LineId, MemberId, OrderId, PartyId, SiteId, SkuId, first_id_of
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.times import TimeRange
from loopline.orders.model import (
    BoughtLine,
    Conflict,
    Line,
    LineKind,
    LineToSource,
    Order,
    OrderStage,
    ParkedLine,
    StageCount,
    WaitsFor,
)
from loopline.orders.numbers import read_number, spell_number
from loopline.orders.refusals import NumberMistyped

SQL = statements(__file__, name="queries")


def order_by_id(conn: Conn, order_id: OrderId) -> Order | None:
    """Return one order's head."""
    found = orders_by_ids(conn, [order_id])
    return found[0] if found else None


def orders_by_ids(conn: Conn, order_ids: Sequence[OrderId]) -> list[Order]:
    """Return the heads of those orders that exist, by id; their order is the order of their ids."""
    return fetch(conn, SQL["orders_by_ids"], Order, order_ids=uuids(order_ids))


def order_by_number(conn: Conn, text: str) -> Order | Refusal | None:
    """Return the order whose short number a person typed; a mistyped number is refused, an unused one is None."""
    running = read_number(text)
    if running is None:
        return NumberMistyped(text=text)
    found = fetch_values(conn, SQL["order_ids_by_running_number"], number=running)
    return order_by_id(conn, found[0]) if found else None


def orders_by_numbers(conn: Conn, texts: Iterable[str]) -> dict[str, Order]:
    """Return the orders with these short numbers, however they are typed; mistyped and unused ones are left out."""
    running = {text: number for text in texts if (number := read_number(text)) is not None}
    if not running:
        return {}
    found = fetch_rows(conn, SQL["order_ids_by_running_numbers"], numbers=integers(set(running.values())))
    heads = {head.id: head for head in orders_by_ids(conn, [order_id for _, order_id in found])}
    by_number = {number: heads[order_id] for number, order_id in found}
    return {text: by_number[number] for text, number in running.items() if number in by_number}


def order_ids_by_external_numbers(
    conn: Conn, numbers: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], OrderId]:
    """Return the orders that (channel, external number) are, where they are known."""
    rows = fetch_rows(
        conn,
        SQL["order_ids_by_external_numbers"],
        channels=[channel for channel, _ in numbers],
        external_numbers=[external_number for _, external_number in numbers],
    )
    return {(channel, external_number): order_id for channel, external_number, order_id in rows}


def orders_of_member(
    conn: Conn, member_id: MemberId, *, limit: int, after: tuple[datetime, OrderId] | None = None
) -> list[Order]:
    """Return a member's orders, the latest first; `after` is where the last page ended: placed when, and its id."""
    after_at, after_id = after or (None, None)
    order_ids = fetch_values(
        conn,
        SQL["order_ids_of_member"],
        member_id=member_id,
        after_at=after_at,
        after_id=after_id,
        limit=limit,
    )
    heads = {order.id: order for order in orders_by_ids(conn, order_ids)}
    return [heads[order_id] for order_id in order_ids]


def buyers_among(
    conn: Conn, member_ids: Iterable[MemberId], *, sites: Iterable[SiteId] | None
) -> set[MemberId]:
    """Return those members who have an order that was sold at one of the sites; without sites, any order."""
    return set(
        fetch_values(
            conn,
            SQL["buyers_among"],
            member_ids=uuids(member_ids),
            sites=None if sites is None else uuids(sites),
        )
    )


def open_orders_of_members(conn: Conn, member_ids: Iterable[MemberId]) -> list[Order]:
    """Return the members' orders of which goods are yet to be handed over, by id."""
    order_ids = fetch_values(conn, SQL["open_order_ids_of_members"], member_ids=uuids(member_ids))
    return orders_by_ids(conn, order_ids) if order_ids else []


def last_orders(conn: Conn, placed: TimeRange, *, currency: str, scope: Scope, at_most: int) -> list[Order]:
    """Return the last orders in a currency that were placed in a span of time with an end, at sites of a scope."""
    assert placed.end is not None, "orders are looked for up to a moment"
    order_ids = fetch_values(
        conn,
        SQL["last_order_ids"],
        first_id=first_id_of(placed.start),
        end_id=first_id_of(placed.end),
        currency=currency,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        at_most=at_most,
    )
    return orders_by_ids(conn, order_ids) if order_ids else []


class BuyingOfMember(msgspec.Struct, frozen=True, kw_only=True):
    """How often a member bought, when first and last, and which of their orders still hold goods back."""

    member_id: MemberId
    orders: int
    first_at: datetime
    last_at: datetime
    open_ids: tuple[OrderId, ...]


def buying_of_members(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, BuyingOfMember]:
    """Return what members bought so far; those who bought nothing, or called all of it off, are left out."""
    found = fetch(conn, SQL["buying_of_members"], BuyingOfMember, member_ids=uuids(member_ids))
    return {one.member_id: one for one in found}


def order_ids_of_members(conn: Conn, member_ids: Iterable[MemberId]) -> list[OrderId]:
    """Return the ids of all orders of members, in their order."""
    return fetch_values(conn, SQL["order_ids_of_members"], member_ids=uuids(member_ids))


def lines_by_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Line]:
    """Return all lines of orders, by order and then as they were written."""
    if not order_ids:
        return []
    return fetch(
        conn,
        SQL["lines_by_orders"],
        Line,
        order_ids=uuids(order_ids),
        first_id=min(order_ids),
        last_id=max(order_ids),
    )


class SoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with what its order is called, for whoever comes from its goods or its money."""

    order_id: OrderId
    running_number: int
    channel: str
    placed_at: datetime
    order_seller_id: EntityId
    seller_entity_id: EntityId
    line_id: LineId
    kind: LineKind
    code: str
    units: int

    @property
    def order_number(self) -> str:
        """The short number people see."""
        return spell_number(self.running_number)


def sold_lines(conn: Conn, order_ids: Sequence[OrderId]) -> list[SoldLine]:
    """Return all lines of orders with what their orders are called, by order and then as they were written."""
    if not order_ids:
        return []
    return fetch(
        conn,
        SQL["sold_lines"],
        SoldLine,
        order_ids=uuids(order_ids),
        first_id=min(order_ids),
        last_id=max(order_ids),
    )


class GoodsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that orders want and did not cancel, and what they bring, to the cent rounded down per line."""

    sku_id: SkuId
    units: int
    amount_minor: int
    net_minor: int


def goods_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[GoodsWanted]:
    """Return what orders of one currency want, by SKU, the most wanted first: for live counters, not for books."""
    if not order_ids:
        return []
    return fetch(
        conn,
        SQL["goods_of_orders"],
        GoodsWanted,
        order_ids=uuids(order_ids),
        first_id=min(order_ids),
        last_id=max(order_ids),
    )


def lines_to_source(conn: Conn, *, due_until: datetime, limit: int) -> list[LineToSource]:
    """Return the held lines of the `limit` orders that wait longest, whole orders, due until a moment (included).

    An order is due when it is placed, and when the moment comes that it was put off to.
    """
    return fetch(conn, SQL["lines_to_source"], LineToSource, due_until=due_until, limit=limit)


def parked_sku_ids(conn: Conn) -> list[SkuId]:
    """Return the SKUs that lines wait for."""
    return fetch_values(conn, SQL["parked_sku_ids"])


def parked_lines(
    conn: Conn, sku_ids: Sequence[SkuId] | None, *, limit: int, after: ParkedLine | None = None
) -> list[ParkedLine]:
    """Return lines that wait for goods of these SKUs (None: of any), those that wait longest first.

    What was sold ahead waits since it was paid.

    `after`: only those that come after this one.
    """
    return fetch(
        conn,
        SQL["parked_lines"],
        ParkedLine,
        sku_ids=None if sku_ids is None else uuids(sku_ids),
        after_queued_at=after.queued_at if after else None,
        after_order_id=after.order_id if after else None,
        after_line_id=after.line_id if after else None,
        limit=limit,
    )


def lines_of_member(conn: Conn, member_ids: Sequence[MemberId], *, codes: Sequence[str]) -> list[BoughtLine]:
    """Return what members had under these codes and have not returned: per member, the latest first."""
    return fetch(
        conn,
        SQL["lines_of_member"],
        BoughtLine,
        member_ids=uuids(member_ids),
        codes=list(codes),
    )


def quotes_by_orders(
    conn: Conn, order_ids: Sequence[OrderId], *, having: str | None = None
) -> dict[OrderId, Any]:
    """Return how the prices of orders came about, as plain values of JSON.

    With a path (of jsonpath) only those that have something there.
    """
    return dict(fetch_rows(conn, SQL["quotes_by_orders"], order_ids=uuids(order_ids), having=having))


def last_conflicts(conn: Conn, *, limit: int) -> list[Conflict]:
    """Return contents that came under a taken number, the last seen first."""
    return fetch(conn, SQL["last_conflicts"], Conflict, limit=limit)


def stage_counts(conn: Conn) -> dict[OrderStage, int]:
    """Return how many orders stand at each stage; reads every order, so it is for reports, not for screens."""
    return {count.stage: count.orders for count in fetch(conn, SQL["stage_counts"], StageCount)}


class QueueOfOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Paid orders that wait for the same thing; `waits_for` None: they are due now. `oldest`: when one was placed."""

    waits_for: WaitsFor | None = None
    orders: int
    units: int
    oldest: datetime | None
    next_look: datetime | None = None


class WaitingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A paid order of which units are held for a site to come, or parked for goods."""

    id: OrderId
    running_number: int
    channel: str
    placed_at: datetime
    held: int
    parked: int
    waits_for: WaitsFor | None
    source_after: datetime | None

    @property
    def number(self) -> str:
        """The short number people see."""
        return spell_number(self.running_number)


def sourcing_queue(conn: Conn, *, now: datetime) -> list[QueueOfOrders]:
    """Return what waits for a site, by what it waits for; those that are due first. Reads all that waits."""
    return fetch(conn, SQL["sourcing_queue"], QueueOfOrders, now=now)


def parked_queue(conn: Conn) -> QueueOfOrders:
    """Return what waits for goods. Reads all that waits."""
    found = fetch_one(conn, SQL["parked_queue"], QueueOfOrders)
    assert found is not None
    return found


def orders_waiting_for(
    conn: Conn, waits_for: WaitsFor | None, *, now: datetime, limit: int
) -> list[WaitingOrder]:
    """Return the orders that wait for a site, by what they wait for; None: those that wait for goods; longest first."""
    return fetch(
        conn, SQL["orders_waiting_for"], WaitingOrder, waits_for=waits_for or "goods", now=now, limit=limit
    )


class LineToTry(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of a past order for delivery: what was wanted of it and what all of the line brought, net of tax."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    units: int
    net_minor: int
    units_of_net: int
    placed_at: datetime
    channel: str
    currency: str
    dealer_id: PartyId | None
    longitude: float | None
    latitude: float | None

    @property
    def destination(self) -> Coordinates | None:
        """Where the goods went, unless it was forgotten."""
        if self.longitude is None or self.latitude is None:
            return None
        return Coordinates(longitude=self.longitude, latitude=self.latitude)


def lines_to_try(
    conn: Conn, *, since: datetime, until: datetime, limit: int, but: Collection[str] = ()
) -> list[LineToTry]:
    """Return the goods of orders for delivery placed since a moment and before another, at most `limit` lines.

    `but`: currencies that are left out.
    """
    return fetch(
        conn,
        SQL["lines_to_try"],
        LineToTry,
        first_id=first_id_of(since),
        end_id=first_id_of(until),
        limit=limit,
        but=list(but),
    )


def count_asked(conn: Conn, *, since: datetime) -> int:
    """Return how many orders were asked for since a moment."""
    return fetch_values(conn, SQL["count_asked"], since_id=first_id_of(since))[0]


def count_to_source(conn: Conn) -> int:
    """Return how many orders wait for a site to be chosen."""
    return fetch_values(conn, SQL["count_to_source"])[0]
