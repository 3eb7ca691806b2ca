"""Orders: placed one at a time or a thousand at once, read by whom they concern, called off while that is possible."""

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from loopline import org
from loopline.customers.addresses import place_index
from loopline.db import Conn
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import LineId, MemberId, OrderId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.orders import Delivery, DraftKind, LineKind, OnShortage, OrderStage
from loopline.org import Permission
from loopline.pricing.coupons.rules import COUPONS_MOST
from loopline.pricing.points.rules import POINTS_MOST
from loopline.processes.cancel import Cancellation, UnitsToCancel, UnknownOrder, cancel
from loopline.processes.must_ship_from import ShipFromWish, ship_from
from loopline.processes.receive import SealedBuyerSaid
from loopline.processes.take_in import MessageLine, OrderMessage, OrderTaken, Touch
from loopline.web.api.answers import (
    PROBLEMS,
    AnyRequest,
    answered,
    commanded,
    content_hash,
    granted,
    idempotency_key,
    read,
)
from loopline.web.api.answers import outcomes as outcomes_of
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.idempotency import Claim
from loopline.web.api.order_view import OrderTold, find_order, told_order, visible_order
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcome, Outcomes, posted, told
from loopline.web.api.types import Code, Currency, Latitude, Longitude, Moment, Name, Units
from loopline.web.edge import Edge, edge_of
from loopline.web.placing import OrderAnswer, OrderReplayed, OrderRequest, refusal_of_failure, status_of_order
from loopline.web.promising.given import given_promise
from loopline.web.promising.tokens import TOKEN_LENGTH_MAX

_TAG = "orders"
_LINES_MAX = 200
SHIP_FROM_MAX = 200
_HOLD_MINUTES_MAX = 7 * 24 * 60

Number = Annotated[
    str, Meta(min_length=1, max_length=200, description="Your own number: names the order for good.")
]
OrderName = Annotated[
    str, PathParameter(description="The order's id, or the number people read aloud, such as 7K3Q-9XA.")
]
StatedPrice = Annotated[
    int, Meta(ge=0, le=10**10, description="The price of one unit, tax included, in minor units.")
]


class OrderLineAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of one SKU; of another kind than goods, a charge or a voucher under a code of yours.

    `is_gift`: taken along for nothing, as `gifts` of a quote say.
    """

    sku_code: Code
    units: Units
    kind: LineKind = LineKind.GOODS
    stated_unit_minor: StatedPrice | None = None
    is_gift: bool = False


class Destination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place, in degrees (WGS 84)."""

    longitude: Longitude
    latitude: Latitude


class TouchAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What led the buyer here: the code that was scanned, the visitor who scanned."""

    touchpoint_code: Code | None = None
    visitor: UUID | None = None


class OrderAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order: an `ask`, which may be refused and which we price, or a `fact`, such as a till's sale.

    What is left out is filled in: `placed_at` with now, `seller_code` with the company of the site or else the brand's,
    `currency` with the seller's. A delivery needs a `destination` or a `region_code` (GB/T 2260), anything else a
    `site_code`. A member orders in the own name and leaves prices and credits to the shop. What a marketplace sealed of
    the buyer comes along as it is; the same order with another sealing is the same order, and the newest one is kept.
    `promise` is one that was told for just these goods and this place within the hour: it is kept, and watched.
    `ship_from`: codes of sites, or names of groups of sites of the profile in force, that a delivery must ship from.
    `coupons` are codes of coupons: an ask whose coupon does not fit is refused, a fact keeps its stated prices.
    `dealer_code` is owed the sale, unless the member is another dealer's protected customer.
    `points`: how many of the member's points an ask uses; it is refused where they are not there or do not fit.
    `is_in_stock_only`: an ask takes nothing of what is sold ahead of its goods. A delivery that a member asks for, or
    that comes by a `promise`, is charged what delivery costs as a line of it; any other states it by lines of its own.
    """

    channel: Code
    external_number: Number
    kind: DraftKind
    lines: Annotated[tuple[OrderLineAsk, ...], Meta(min_length=1, max_length=_LINES_MAX)]
    placed_at: Moment | None = None
    order_id: UUID | None = None
    site_code: Code | None = None
    seller_code: Code | None = None
    currency: Currency | None = None
    delivery: Delivery = Delivery.DELIVER
    destination: Destination | None = None
    region_code: Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)")] | None = None
    member_id: UUID | None = None
    hold_minutes: Annotated[int, Meta(ge=0, le=_HOLD_MINUTES_MAX)] | None = None
    on_shortage: OnShortage = OnShortage.REFUSE
    guide_code: Code | None = None
    dealer_code: Code | None = None
    streamer_code: Code | None = None
    touch: TouchAsk | None = None
    sealed_buyer: SealedBuyerSaid | None = None
    promise: Annotated[str, Meta(min_length=1, max_length=TOKEN_LENGTH_MAX)] | None = None
    ship_from: Annotated[tuple[Name, ...], Meta(max_length=SHIP_FROM_MAX)] = ()
    coupons: Annotated[tuple[Code, ...], Meta(max_length=COUPONS_MOST)] = ()
    points: Annotated[int, Meta(ge=0, le=POINTS_MOST)] = 0
    is_in_stock_only: bool = False


class CollectAt(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order is collected; its code comes when the parcel is packed."""

    site_code: str


class OrderKept(msgspec.Struct, frozen=True, kw_only=True):
    """The order that was placed, or that the same message placed before (`is_repeat`)."""

    id: OrderId
    number: str
    channel: str
    external_number: str
    stage: OrderStage
    amount_minor: int
    currency: str
    parked_units: int
    pay_until: datetime | None
    receipt_code: str | None
    collect: CollectAt | None
    is_repeat: bool


class UnitsAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many units of a line."""

    line_id: UUID
    units: Units


class CancelAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is called off; without lines, all that was not handed over."""

    lines: Annotated[tuple[UnitsAsk, ...], Meta(max_length=_LINES_MAX)] = ()


class CancelTold(msgspec.Struct, frozen=True, kw_only=True):
    """What was called off now, and what goes back to who paid. No lines: it was cancelled before."""

    id: OrderId
    stage: OrderStage
    lines: tuple[UnitsToCancel, ...]
    refund_minor: int
    currency: str


class ShipFromAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Codes of the sites, or names of groups of sites of the profile in force, that an order must ship from."""

    ship_from: Annotated[tuple[Name, ...], Meta(max_length=SHIP_FROM_MAX)] = ()


class ShipFromTold(msgspec.Struct, frozen=True, kw_only=True):
    """The sites that an order must ship from now, by their codes; `changed`: others were named before."""

    id: OrderId
    ship_from: tuple[str, ...]
    changed: bool


@post(
    "/orders",
    tags=[_TAG],
    operation_id="place_order",
    status_code=201,
    responses={
        **PROBLEMS,
        200: ResponseSpec(
            data_container=OrderKept, description="It was placed before.", generate_examples=False
        ),
        201: ResponseSpec(data_container=OrderKept, description="Placed.", generate_examples=False),
    },
)
async def place_order(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[OrderAsk]
) -> Response[bytes]:
    """Place one order. Single orders that arrive together share a transaction; each has its own answer.

    The same message again is answered with the same order (200); other content under its number is refused (409).
    """
    asked = order_request(edge_of(request), data, caller, _claim_of(request, caller, data))
    taken = granted(await edge_of(request).orders.submit(asked))
    response = answered(order_kept(taken, data), status=status_of_order(taken))
    if isinstance(taken, OrderReplayed):
        response.headers["Idempotency-Replayed"] = "true"
    return response


@post(
    "/orders/batch",
    tags=[_TAG],
    operation_id="place_orders",
    status_code=200,
    responses={
        **PROBLEMS,
        200: ResponseSpec(
            data_container=Outcomes[OrderKept], description="One outcome per order.", generate_examples=False
        ),
    },
)
async def place_orders(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[OrderAsk]]
) -> Response[bytes]:
    """Place up to a thousand orders, in the order given. An Idempotency-Key counts for each of them by its place."""
    edge = edge_of(request)
    claim = _claim_of(request, caller, data)
    requests = [
        order_request(edge, one, caller, _claim_at(claim, position, one))
        for position, one in enumerate(data.items)
    ]
    submit = edge.orders.submit
    answers = await asyncio.gather(*(submit(one) for one in requests), return_exceptions=True)
    results = [
        refusal_of_failure(answer) if isinstance(answer, BaseException) else _told(answer, asked)
        for answer, asked in zip(answers, data.items, strict=True)
    ]
    return answered(Outcomes[OrderKept](outcomes=outcomes_of(Outcome[OrderKept], results, request)))


@told("/orders/{order:str}", tag=_TAG, name="get_order")
def get_order(request: AnyRequest, caller: NamedDependency[Caller], order: OrderName) -> OrderTold:
    """Read an order, with where each of its units stands."""
    secret = edge_of(request).settings.secret
    return read(request, lambda conn, _: told_order(conn, caller, order, secret=secret))


@posted("/orders/{order:str}/cancel", tag=_TAG, name="cancel_order", gives=CancelTold)
def cancel_order(
    request: AnyRequest, caller: NamedDependency[Caller], order: OrderName, data: JSONBody[CancelAsk]
) -> Response[bytes]:
    """Call off what of an order was not handed over, or part of it. What was paid for it goes back."""
    is_member = caller.kind is CallerKind.MEMBER
    scope = Scope() if is_member else caller.scope(Permission.ORDERS_WRITE)

    def work(conn: Conn, now: datetime) -> CancelTold:
        head, _ = visible_order(conn, caller, order)
        asked = Cancellation(
            order_id=head.id,
            lines=tuple(UnitsToCancel(line_id=LineId(one.line_id), units=one.units) for one in data.lines),
            by_member=caller.member_id if is_member else None,
            actor=caller.actor,
        )
        (outcome,) = cancel(conn, [asked], scope=scope, now=now)
        done = granted(outcome)
        return CancelTold(
            id=done.order_id,
            stage=done.stage,
            lines=done.lines,
            refund_minor=done.refund_minor,
            currency=done.currency,
        )

    return commanded(request, caller, data, work)


@posted("/orders/{order:str}/ship-from", tag=_TAG, name="limit_order_to_sites", gives=ShipFromTold)
def limit_order_to_sites(
    request: AnyRequest, caller: NamedDependency[Caller], order: OrderName, data: JSONBody[ShipFromAsk]
) -> Response[bytes]:
    """Name the sites that a delivery must ship from, or none: any may send it again. Work at sites stays theirs."""
    scope = caller.scope(Permission.ORDERS_WRITE)

    def work(conn: Conn, now: datetime) -> ShipFromTold:
        head = find_order(conn, order)
        if head is None:
            raise Refused(NoSuchThing(noun="order", value=order))
        wish = ShipFromWish(order_id=head.id, named=data.ship_from, actor=str(caller.actor))
        (outcome,) = ship_from(conn, [wish], scope=scope, now=now)
        if isinstance(outcome, UnknownOrder):
            raise Refused(NoSuchThing(noun="order", value=order))
        done = granted(outcome)
        sites = org.sites_by_id(conn, done.site_ids) if done.site_ids else {}
        return ShipFromTold(
            id=done.order_id,
            ship_from=tuple(sorted(site.code for site in sites.values())),
            changed=done.changed,
        )

    return commanded(request, caller, data, work)


def _claim_of(request: AnyRequest, caller: Caller, body: msgspec.Struct) -> Claim | None:
    key = idempotency_key(request)
    if key is None:
        return None
    return Claim(caller=caller.claimant, key=key, content_hash=content_hash(request, body))


def _claim_at(claim: Claim | None, position: int, body: OrderAsk) -> Claim | None:
    """A batch's key counts for each order by its place, so that what was refused may be asked again under it."""
    if claim is None:
        return None
    spelt = msgspec.json.encode(body, order="deterministic")
    return Claim(
        caller=claim.caller, key=f"{claim.key} {position}", content_hash=hashlib.sha256(spelt).digest()
    )


def order_request(edge: Edge, ask: OrderAsk, caller: Caller, claim: Claim | None) -> OrderRequest:
    """Make the request of a caller: a member asks in the own name, anybody else for the sites in scope."""
    is_member = caller.kind is CallerKind.MEMBER
    scope = Scope() if is_member else caller.scope(Permission.ORDERS_WRITE)
    member_id = caller.member_id if is_member and ask.member_id is None else ask.member_id
    message = _message(ask, MemberId(member_id) if member_id else None)
    if ask.promise is not None:
        given = granted(given_promise(ask.promise, message, edge.settings.secret, now=edge.clock()))
        message = msgspec.structs.replace(message, promise=given)
    return OrderRequest(
        message=message,
        scope=scope,
        by_member=caller.member_id if is_member else None,
        idempotency=claim,
        address=place_index(_place(ask.destination), ring=edge.ring) if ask.destination else None,
    )


def _place(told: Destination) -> Coordinates:
    return Coordinates(longitude=told.longitude, latitude=told.latitude)


def _message(ask: OrderAsk, member_id: MemberId | None) -> OrderMessage:
    return OrderMessage(
        channel=ask.channel,
        external_number=ask.external_number,
        kind=ask.kind,
        lines=tuple(
            MessageLine(
                sku_code=line.sku_code,
                units=line.units,
                kind=line.kind,
                stated_unit_minor=line.stated_unit_minor,
                is_gift=line.is_gift,
            )
            for line in ask.lines
        ),
        placed_at=ask.placed_at,
        order_id=OrderId(ask.order_id) if ask.order_id else None,
        site_code=ask.site_code,
        seller_code=ask.seller_code,
        currency=ask.currency,
        delivery=ask.delivery,
        destination=_place(ask.destination) if ask.destination else None,
        region_code=ask.region_code,
        member_id=member_id,
        hold_minutes=ask.hold_minutes,
        on_shortage=ask.on_shortage,
        guide_code=ask.guide_code,
        dealer_code=ask.dealer_code,
        streamer_code=ask.streamer_code,
        touch=Touch(touchpoint_code=ask.touch.touchpoint_code, visitor=ask.touch.visitor)
        if ask.touch
        else None,
        sealed_buyer=ask.sealed_buyer.sealed() if ask.sealed_buyer else None,
        ship_from=ask.ship_from,
        coupons=ask.coupons,
        points=ask.points,
        is_in_stock_only=ask.is_in_stock_only,
    )


def _told(answer: OrderAnswer, ask: OrderAsk) -> OrderKept | OrderAnswer:
    return order_kept(answer, ask) if isinstance(answer, OrderTaken) else answer


def order_kept(taken: OrderTaken, ask: OrderAsk) -> OrderKept:
    """Say what became of an order to whoever asked for it."""
    collected = taken.delivery is Delivery.COLLECT and ask.site_code is not None
    return OrderKept(
        id=taken.order_id,
        number=taken.number,
        channel=taken.channel,
        external_number=taken.external_number,
        stage=taken.stage,
        amount_minor=taken.amount_minor,
        currency=taken.currency,
        parked_units=taken.parked_units,
        pay_until=taken.pay_until,
        receipt_code=taken.receipt_code,
        collect=CollectAt(site_code=ask.site_code) if collected and ask.site_code is not None else None,
        is_repeat=taken.is_repeat,
    )


ORDER_HANDLERS = [place_order, place_orders, get_order, cancel_order, limit_order_to_sites]
