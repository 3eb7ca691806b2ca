"""Made-up events as boards see them: in the shapes that rooms really append."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from loopline.kernel.events import Event, event
from loopline.kernel.ids import EntityId, LineId, OrderId, SiteId, SkuId, uuid7, uuid7s
from loopline.orders import NewOrder
from loopline.orders.events import CancelledLine, LinesCancelled, OrderPlaced, PlacedLine
from loopline.orders.model import DraftKind, LineKind

MORNING = datetime(2011, 3, 1, 9, 30, 20, tzinfo=UTC)
SELLER = EntityId(UUID(int=77))


def line(
    *, sku: int | None = 1, units: int = 2, amount_minor: int = 500, kind: LineKind = LineKind.GOODS
) -> PlacedLine:
    return PlacedLine(
        line_id=LineId(uuid7(MORNING)),
        kind=kind,
        sku_id=None if sku is None else SkuId(UUID(int=sku)),
        units=units,
        amount_minor=amount_minor,
    )


def placed(
    *lines: PlacedLine,
    at: datetime = MORNING,
    site: UUID | None = None,
    channel: str = "web",
    currency: str = "GBP",
) -> Event:
    order_id = OrderId(uuid7(at))
    body = OrderPlaced(
        order_id=order_id,
        channel=channel,
        kind=DraftKind.ASK,
        site_id=None if site is None else SiteId(site),
        member_id=None,
        seller_entity_id=SELLER,
        currency=currency,
        placed_at=at,
        lines=lines or (line(),),
    )
    return event(body, subject=order_id, at=at)


def cancelled(
    order: Event,
    *lines: PlacedLine,
    at: datetime = MORNING + timedelta(minutes=5),
    site: UUID | None = None,
    channel: str = "web",
) -> Event:
    body = LinesCancelled(
        order_id=OrderId(order.subject),
        channel=channel,
        site_id=None if site is None else SiteId(site),
        currency="GBP",
        whole=True,
        lines=tuple(
            CancelledLine(
                line_id=one.line_id,
                kind=one.kind,
                sku_id=one.sku_id,
                units=one.units,
                amount_minor=one.amount_minor,
            )
            for one in lines
        ),
    )
    return event(body, subject=order.subject, at=at)


def many_placed(count: int, *, lines_each: int, sites: Sequence[UUID | None], random: Random) -> list[Event]:
    """A batch as a replay brings it: orders minutes apart, of a few thousand SKUs, at a score of sites."""
    events: list[Event] = []
    for number in range(count):
        at = MORNING + timedelta(minutes=number)
        line_ids = uuid7s(at, lines_each)
        lines = tuple(
            PlacedLine(
                line_id=LineId(line_id),
                kind=LineKind.GOODS,
                sku_id=SkuId(UUID(int=random.randrange(1, 4000))),
                units=random.randrange(1, 12),
                amount_minor=random.randrange(50, 5000),
            )
            for line_id in line_ids
        )
        events.append(placed(*lines, at=at, site=random.choice(sites), channel="web"))
    return events


def numbered(events: Sequence[Event], *, after: int = 0) -> list[Event]:
    """Give events the positions the log would give them."""
    return [
        Event(
            id=one.id,
            type=one.type,
            version=one.version,
            subject=one.subject,
            at=one.at,
            actor=one.actor,
            data=one.data,
            position=position,
        )
        for position, one in enumerate(events, start=after + 1)
    ]


def event_of(order: NewOrder) -> Event:
    """The event that `place` appends for an order."""
    draft = order.draft
    body = OrderPlaced(
        order_id=order.order_id,
        channel=draft.channel,
        kind=draft.kind,
        site_id=draft.site_id,
        member_id=draft.member_id,
        seller_entity_id=draft.seller_entity_id,
        currency=draft.currency,
        placed_at=draft.placed_at,
        lines=tuple(
            PlacedLine(
                line_id=one.line_id,
                kind=one.kind,
                sku_id=one.sku_id,
                units=one.units,
                amount_minor=one.amount_minor,
            )
            for one in order.lines
        ),
    )
    return event(body, subject=order.order_id, at=draft.placed_at)
