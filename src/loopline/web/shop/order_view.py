"""One order as its customer sees it, read from the rooms that know a part of it each."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from loopline import catalogue, customers, orders, org, promises, reviews, slots
from loopline.catalogue import Product, Sku
from loopline.customers import Doubted, Recipient
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.codes import hash_of_code
from loopline.fulfilment.model import Task, TaskKind, TaskState
from loopline.kernel.ids import (
    LineId,
    MemberId,
    OrderId,
    ProductId,
    ReturnId,
    ReviewId,
    ReviewPictureId,
    SiteId,
    SkuId,
)
from loopline.orders import BRINGING_FEES, BROUGHT, Line, LineKind, Order
from loopline.orders.parking import parking_of
from loopline.orders.reservations import reservations_of_orders
from loopline.orders.waiting import Dated, ParkedFor
from loopline.org import Site
from loopline.payments import queries as payments
from loopline.pricing.points import entries_of_orders
from loopline.processes.addresses import mendable
from loopline.processes.checkout import to_pay
from loopline.processes.gifts import gift_lines_of
from loopline.processes.slots import free_slots, last_visits, may_move
from loopline.promises import Promise
from loopline.returns import queries as returns
from loopline.returns.announcements import Announcement, announced_by_id, announced_of_orders
from loopline.returns.exchanges import exchanges_of_orders
from loopline.returns.photos import Photo, photos_of_returns
from loopline.returns.ways import Way, WayBack, ways_of_returns, ways_offered
from loopline.reviews import About, Review
from loopline.slots import Booking, Slot
from loopline.slots.visits import Visit
from loopline.web.collection import collection_code, visit_code
from loopline.web.edge import Edge
from loopline.web.points_words import NO_POINTS, OrderPoints, points_of_order
from loopline.web.shop.names import Variant, variant_of
from loopline.web.shop.order_words import HAPPENED, Standing, Step, standing_of, steps_of

_ARRIVES_WITHIN = timedelta(days=7)
"""How long a page goes on asking after a parcel that nobody tells of."""


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of goods: what it is, what it cost, what of it may come back, what its buyer said of it."""

    line_id: LineId
    code: str
    sku_id: SkuId | None
    product: Product | None
    variant: Variant | None
    units: int
    amount_minor: int
    cancelled: int
    returned: int
    returnable: int
    review: Review | None
    is_gift: bool = False

    @property
    def may_review(self) -> bool:
        """Whether its buyer has it and has not said anything yet."""
        return self.returnable > 0 and self.review is None and self.product is not None


class Collecting(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel that waits in a store; no code where only the store could tell it."""

    task_id: UUID
    site: Site
    code: str | None
    collect_by: datetime | None


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the order."""

    at: datetime
    word: str
    site: str = ""


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that came back, or are on their way."""

    at: datetime
    units: int
    site: str


class ExchangeView(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange that the order is part of: as the new one, or as that which comes back; `number` is the other's."""

    id: ReturnId
    number: str
    is_new: bool
    is_done: bool


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """All that its customer sees of an order."""

    head: Order
    standing: Standing
    steps: list[Step]
    lines: list[LineView]
    site: Site | None
    collecting: list[Collecting]
    to_pay_minor: int
    paid_minor: int
    refunded_minor: int
    recipient: Recipient | None
    wants_recipient: bool
    history: list[Happened]
    back: list[Back]
    announced: list[Announcement]
    photos_back: list[Photo]
    ways_back: Mapping[ReturnId, WayBack]
    ways_offered: list[Way]
    sites: Mapping[SiteId, Site]
    store_review: Review | None
    pictures: Mapping[ReviewId, Sequence[ReviewPictureId]]
    is_reserved: bool
    read_at: datetime
    promises: Sequence[Promise] = ()
    booking: Booking | None = None
    hours: Sequence[Slot] = ()
    fee_minor: int = 0
    points: OrderPoints = NO_POINTS
    visit: Visit | None = None
    visit_code: str = ""
    exchanges: Sequence[ExchangeView] = ()
    others: Sequence[Sku] = ()
    parking: Mapping[LineId, Dated] = {}
    mendable: Doubted | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will move by itself any more; money on its way back does, and what was sent."""
        is_undone = self.standing in {Standing.CANCELLED, Standing.RETURNED}
        if is_undone and self.paid_minor > self.refunded_minor:
            return False
        if self.standing is Standing.SENT:
            return self.read_at > self.head.changed_at + _ARRIVES_WITHIN
        return self.standing in {
            Standing.ARRIVED,
            Standing.COLLECTED,
            Standing.CANCELLED,
            Standing.RETURNED,
            Standing.TIME_OVER,
        }

    @property
    def may_cancel(self) -> bool:
        """Whether something is left that was not handed over, and no fitter is on the way with it."""
        open_units = self.head.parked + self.head.held + self.head.allocated
        is_expected = self.visit is not None and self.visit.is_on_the_way
        return open_units > 0 and self.standing is not Standing.TIME_OVER and not is_expected

    @property
    def waits_for_goods(self) -> bool:
        """Whether the order is held until what it takes the place of is here, and nothing is to be paid before."""
        return any(one.is_new and not one.is_done for one in self.exchanges)

    def others_of(self, line: LineView) -> Sequence[Sku]:
        """Other varieties of what a line is, for which it may be exchanged."""
        if line.product is None or not self.left_to_return(line):
            return ()
        same = [sku for sku in self.others if sku.product_id == line.product.id]
        return [sku for sku in same if sku.is_active and sku.id != line.sku_id]

    @property
    def may_exchange(self) -> bool:
        """Whether something of it comes in other varieties."""
        return any(self.others_of(line) for line in self.lines)

    def way_site(self, way: WayBack) -> str:
        """Return the name of the site that waits for an announced return; empty for none."""
        site = self.sites.get(way.site_id) if way.site_id is not None else None
        return site.name if site is not None else ""

    @property
    def may_return(self) -> bool:
        """Whether the customer has something that may come back and is not on its way already."""
        return any(self.left_to_return(line) for line in self.lines)

    def left_to_return(self, line: LineView) -> int:
        """How many units of a line may still be sent back."""
        coming = sum(
            one.units for back in self.announced for one in back.lines if one.line_id == line.line_id
        )
        return max(0, line.returnable - coming)

    @property
    def expected_on(self) -> date | None:
        """The day by which all goods are expected that it waits for; None: it waits for none, or nobody knows."""
        days = [one.expected_on for one in self.parking.values()]
        known = [day for day in days if day is not None]
        return max(known) if known and len(known) == len(days) else None

    @property
    def is_ahead(self) -> bool:
        """Whether all that it waits for was ordered before there was any."""
        return bool(self.parking) and all(one.reason is ParkedFor.PRE_ORDER for one in self.parking.values())

    @property
    def has_something(self) -> bool:
        """Whether the customer has anything of it."""
        return any(line.returnable for line in self.lines)

    @property
    def has_gift(self) -> bool:
        """Whether something of it was given."""
        return any(line.is_gift for line in self.lines)

    @property
    def may_review_store(self) -> bool:
        """Whether the customer got something and has not said how the store was."""
        return self.has_something and self.store_review is None and self.site is not None

    @property
    def mark(self) -> str:
        """What changes whenever the page would look different."""
        parts = [
            self.standing.value,
            self.head.changed_at,
            self.refunded_minor,
            self.paid_minor,
            len(self.history),
        ]
        reviews = sum(line.review.version for line in self.lines if line.review)
        codes = [one.code for one in self.collecting]
        coming = [
            (one.id, way.tracking_number, way.sent_at)
            if (way := self.ways_back.get(one.id)) is not None
            else (one.id, None, None)
            for one in self.announced
        ]
        promised = [one.id for one in self.promises if one.ended_at is None]
        hours = [self.booking.starts_at if self.booking else None, *(one.starts_at for one in self.hours)]
        exchanged = [(one.id, one.is_done) for one in self.exchanges]
        comes = [self.booking.carrier if self.booking else None, self.visit, self.mendable]
        spelt = msgspec.json.encode(
            [
                *parts,
                reviews,
                codes,
                coming,
                len(self.back),
                promised,
                hours,
                exchanged,
                self.expected_on,
                comes,
            ]
        )
        return hashlib.sha256(spelt).hexdigest()[:32]


def _recipient(conn: Conn, head: Order, edge: Edge, member_id: MemberId | None) -> Recipient | None:
    if member_id is None or head.delivery not in BROUGHT:
        return None
    return customers.own_delivery(conn, member_id, head.id, ring=edge.ring)


def read_order(conn: Conn, head: Order, edge: Edge, *, member_id: MemberId | None) -> OrderView:
    """Return an order as its customer sees it; `member_id` None is whoever holds its receipt."""
    now = edge.clock()
    tasks = fulfilment.tasks_of_orders(conn, [head.id])
    every = orders.lines_by_orders(conn, [head.id])
    lines = [line for line in every if line.kind is LineKind.GOODS]
    coming = _announced(conn, head.id)
    booking = slots.bookings_of_orders(conn, [head.id]).get(head.id) if head.site_id is not None else None
    visit = last_visits(conn, {head.id: booking}).get(head.id) if booking is not None else None
    back = _back(conn, [line.line_id for line in lines])
    sites = org.sites_by_id(conn, _site_ids(head, tasks) | {site_id for _, _, site_id in back})
    rest = to_pay(conn, [head])[head.id]
    money = payments.money_of_orders(conn, [head.id])
    said = reviews.reviews_of_orders(conn, [head.id]).get(head.id, [])
    arrived = promises.arrivals_of_orders(conn, [head.id])
    standing = standing_of(head, tasks, to_pay_minor=rest, now=now, arrived=arrived)
    is_theirs = head.delivery in BROUGHT and member_id is not None
    recipient = _recipient(conn, head, edge, member_id)
    shown = _lines(conn, lines, said, gifts=gift_lines_of(conn, every))
    return OrderView(
        head=head,
        standing=standing,
        steps=steps_of(standing, head.delivery),
        lines=shown,
        exchanges=_exchanges(conn, head.id),
        others=catalogue.skus_of_products(
            conn, {one.product.id for one in shown if one.product is not None and one.returnable}
        ),
        site=_working_site(head, tasks, sites),
        collecting=_collecting(tasks, sites, secret=edge.settings.secret),
        to_pay_minor=max(0, rest),
        paid_minor=sum(one.taken_minor for one in money),
        refunded_minor=sum(one.refunded_minor for one in money),
        recipient=recipient,
        wants_recipient=is_theirs and recipient is None,
        mendable=mendable(conn, head.id, tasks) if recipient and standing is not Standing.CANCELLED else None,
        history=_history(conn, head.id, sites),
        back=[
            Back(at=at, units=units, site=sites[site_id].name if site_id in sites else "")
            for at, units, site_id in back
        ],
        announced=coming,
        **_sent_back(conn, coming),
        sites=sites,
        read_at=now,
        pictures=reviews.pictures_of_reviews(conn, [one.id for one in said if one.hidden_at is None]),
        is_reserved=standing is Standing.UNPAID and head.id in reservations_of_orders(conn, [head.id]),
        store_review=next((one for one in said if one.about is About.STORE), None),
        promises=promises.promises_of_orders(conn, [head.id]).get(head.id, ()),
        parking=parking_of(conn, [head.id]) if head.parked else {},
        booking=booking,
        hours=free_slots(conn, [booking], now=now).get(head.id, ())
        if booking is not None and may_move(head, booking, visit, by_member=True, now=now)
        else (),
        points=points_of_order(entries_of_orders(conn, [head.id])) if member_id else NO_POINTS,
        fee_minor=_fee(every),
        visit=visit,
        visit_code=visit_code(head.id, secret=edge.settings.secret) if visit and member_id else "",
    )


def _fee(lines: Sequence[Line]) -> int:
    """What it costs to bring it."""
    return sum(one.amount_minor for one in lines if one.code in BRINGING_FEES and one.kind is LineKind.CHARGE)


def _exchanges(conn: Conn, order_id: OrderId) -> list[ExchangeView]:
    found = [one for one in exchanges_of_orders(conn, [order_id]) if one.new_order_id is not None]
    other = {one.id: one.order_id if one.new_order_id == order_id else one.new_order_id for one in found}
    numbers = {
        head.id: head.number
        for head in orders.orders_by_ids(conn, [one for one in other.values() if one is not None])
    }
    return [
        ExchangeView(
            id=one.id,
            number=numbers.get(other[one.id] or one.order_id, ""),
            is_new=one.new_order_id == order_id,
            is_done=one.done_at is not None,
        )
        for one in found
    ]


def _lines(
    conn: Conn, lines: Sequence[Line], said: Sequence[Review], *, gifts: Collection[LineId]
) -> list[LineView]:
    skus = catalogue.skus_by_id(conn, [line.sku_id for line in lines if line.sku_id is not None])
    products = catalogue.products_by_id(conn, {sku.product_id for sku in skus.values()})
    by_line = {one.line_id: one for one in said if one.line_id is not None}
    shown = [_line(line, skus, products, by_line.get(line.line_id)) for line in lines]
    return [msgspec.structs.replace(one, is_gift=one.line_id in gifts) for one in shown]


def _line(
    line: Line,
    skus: Mapping[SkuId, Sku],
    products: Mapping[ProductId, Product],
    review: Review | None,
) -> LineView:
    sku = skus.get(line.sku_id) if line.sku_id else None
    product = products.get(sku.product_id) if sku else None
    return LineView(
        line_id=line.line_id,
        code=line.code,
        sku_id=line.sku_id,
        product=product,
        variant=variant_of(sku, product) if sku and product else None,
        units=line.units,
        amount_minor=line.amount_minor,
        cancelled=line.cancelled,
        returned=line.returned,
        returnable=max(0, line.handed_over - line.returned - line.lost),
        review=review,
    )


def _working_site(head: Order, tasks: Sequence[Task], sites: Mapping[SiteId, Site]) -> Site | None:
    """The site the customer is told about: the one that works on it or did, else the one it was bought at."""
    done = frozenset({TaskState.REFUSED, TaskState.LAPSED, TaskState.CANCELLED})
    current = next((task for task in reversed(tasks) if task.state not in done), None)
    site_id = current.site_id if current else head.site_id
    return sites.get(site_id) if site_id else None


def _collecting(tasks: Sequence[Task], sites: Mapping[SiteId, Site], *, secret: str) -> list[Collecting]:
    """The parcels that wait, with the codes that collect them; a code of somebody else's making is not ours to tell."""
    found: list[Collecting] = []
    for task in tasks:
        if task.kind is TaskKind.COLLECT and task.state is TaskState.PACKED:
            code = collection_code(task.task_id, secret=secret)
            is_ours = hash_of_code(task.site_id, code) == task.code_hash
            found.append(
                Collecting(
                    task_id=task.task_id,
                    site=sites[task.site_id],
                    code=code if is_ours else None,
                    collect_by=task.collect_by,
                )
            )
    return found


class _At(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event happened; the rest of it is not decoded."""

    site_id: SiteId | None = None


_decode_at = msgspec.json.Decoder(_At).decode


def _history(conn: Conn, order_id: OrderId, sites: Mapping[SiteId, Site]) -> list[Happened]:
    """What happened, the latest first, in the customer's words."""
    found: list[Happened] = []
    for told in log.read_subjects(conn, [order_id], types=HAPPENED.keys()):
        site_id = _decode_at(told.data).site_id
        site = sites[site_id].name if site_id is not None and site_id in sites else ""
        word = HAPPENED[told.type]
        if "{site}" in word and not site:
            continue
        found.append(Happened(at=told.at, word=word, site=site))
    return list(reversed(found))


def _site_ids(head: Order, tasks: Sequence[Task]) -> set[SiteId]:
    """The sites that an order has to do with: those that work on it, and the one that sold it or hands it out."""
    own = {head.site_id} if head.site_id is not None else set[SiteId]()
    return {task.site_id for task in tasks} | own


def _announced(conn: Conn, order_id: OrderId) -> list[Announcement]:
    return_ids = announced_of_orders(conn, [order_id])
    found = announced_by_id(conn, return_ids) if return_ids else []
    return [one for one in found if one.ended_at is None]


def _sent_back(conn: Conn, coming: Sequence[Announcement]) -> dict[str, Any]:
    """What is known of what will come back: its customer's photos, its way, and the ways there are."""
    return_ids = [one.id for one in coming]
    return {
        "photos_back": [one for one in photos_of_returns(conn, return_ids) if one.by_customer],
        "ways_back": ways_of_returns(conn, return_ids),
        "ways_offered": [one.way for one in ways_offered(conn) if one.is_offered],
    }


def _back(conn: Conn, line_ids: Sequence[LineId]) -> list[tuple[datetime, int, SiteId]]:
    found = returns.returns_of_lines(conn, line_ids) if line_ids else []
    heads = (
        {one.id: one for one in returns.returns_by_id(conn, [one.return_id for one in found])}
        if found
        else {}
    )
    return [
        (heads[one.return_id].at, one.units, heads[one.return_id].site_id)
        for one in found
        if one.return_id in heads
    ]
