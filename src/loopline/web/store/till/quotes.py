"""What a whole cart comes to at the till: thresholds, bundles, groups and what is for members, by the code of orders.

What is told here is known again when the sale comes in, so that the order keeps why it cost what was paid.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta

from loopline import catalogue, pricing
from loopline.catalogue import Sku
from loopline.channels.till.message import Code
from loopline.customers.queries import known_members
from loopline.db import Conn
from loopline.db.remembered import read_marks
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.orders.tills import TILL
from loopline.org import Entity
from loopline.org.queries import entities_by_id
from loopline.pricing.coupons import DiscountName, names_of_discounts
from loopline.pricing.coupons.codes import shown_code
from loopline.processes.coupons.trying import own_that_fit, try_coupons
from loopline.web.api.answers import answered, read
from loopline.web.api.reading import decode
from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import Language
from loopline.web.store.desk import Desk
from loopline.web.store.till.counter import COUNTER


class LineAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of one SKU; `unit_minor`: the price that somebody typed, which stands and which no promotion touches."""

    sku_code: Code
    units: Annotated[int, Meta(ge=1, le=1_000_000)]
    unit_minor: Annotated[int, Meta(ge=0, le=10**10)] | None = None


class CartAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cart at the till, whose it is, and the code of a coupon as it was scanned or typed."""

    lines: Annotated[tuple[LineAsked, ...], Meta(min_length=1, max_length=200)]
    member_id: UUID | None = None
    coupon: Code | None = None


class CouponTold(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon by its code and its name, and how much it takes off the cart."""

    code: str
    name: str
    off_minor: int


class LineTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a line comes to. `list_minor`: without promotions, and `why`: their names; null and empty if none hold."""

    amount_minor: int
    list_minor: int | None
    why: str


class CartTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a cart comes to, line by line, in the order asked, and when it does, by the server's clock.

    `coupon`: what was taken off for the one that was named; where it was not, `coupon_refused` says why, and the cart
    comes to what it does without. `own`: the coupons of the member that would take something off, the most first.
    """

    now: datetime
    currency: str
    amount_minor: int
    lines: list[LineTold]
    coupon: CouponTold | None
    coupon_refused: str
    own: list[CouponTold]


@post("/store/till/quote", dependencies=COUNTER, status_code=200, sync_to_thread=True)
def tell_quote(request: WebRequest, counter: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Tell what a cart comes to now at the till of this site. Writes nothing."""
    asked: CartAsked = decode(body, CartAsked)
    language = language_of(request)

    def work(conn: Conn, now: datetime) -> CartTold | Refusal:
        seller = entities_by_id(conn, [counter.site.entity_id])[counter.site.entity_id]
        skus = catalogue.skus_by_code(conn, {line.sku_code for line in asked.lines})
        member_id = MemberId(asked.member_id) if asked.member_id is not None else None
        if member_id is not None and not known_members(conn, {member_id}):
            member_id = None
        cart = _cart(asked, counter, seller, skus, is_member=member_id is not None, now=now)
        (quote,) = pricing.quote(conn, [cart], marks=read_marks(conn))
        if isinstance(quote, Refusal):
            return quote
        after = _less_coupon(conn, asked, cart, quote, member_id=member_id)
        told = quote if isinstance(after, Refusal) else after
        taking = {one.promotion_id for line in told.lines for one in line.derivation.discounts}
        named = names_of_discounts(conn, taking)
        own = own_that_fit(conn, cart, quote, member_id=member_id) if member_id is not None else []
        return CartTold(
            now=now,
            currency=told.currency,
            amount_minor=told.amount_minor,
            lines=[_told(line, named, language) for line in told.lines],
            coupon=_coupon_told(asked, quote, told, named, language),
            coupon_refused=language.refusal(after) if isinstance(after, Refusal) else "",
            own=[
                CouponTold(
                    code=shown_code(offer.coupon.secret),
                    name=language.called(offer.batch.name),
                    off_minor=off,
                )
                for offer, off in own
            ],
        )

    outcome = read(request, work)
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return answered(outcome)


def _cart(  # noqa: PLR0913 - a cart is what is said of it
    asked: CartAsked,
    counter: Desk,
    seller: Entity,
    skus: Mapping[str, Sku],
    *,
    is_member: bool,
    now: datetime,
) -> pricing.Cart:
    """The cart as placing makes it of the sale. It may state prices: a till's typed price stands."""
    site = counter.site
    return pricing.Cart(
        currency=seller.currency,
        country=site.country,
        time_zone=site.time_zone,
        at=now,
        channel=TILL,
        site_id=site.id,
        org_units=site.unit_path,
        seller_id=site.entity_id,
        region=site.region_code or "",
        may_state_price=True,
        is_member=is_member,
        lines=tuple(_line(line, skus.get(line.sku_code)) for line in asked.lines),
    )


def _line(asked: LineAsked, sku: Sku | None) -> pricing.CartLine:
    return pricing.CartLine(
        sku_id=sku.id if sku is not None else None,
        code=asked.sku_code,
        units=asked.units,
        tax_class=sku.tax_class if sku is not None else None,
        stated_unit_minor=asked.unit_minor,
        product_id=sku.product_id if sku is not None else None,
        category=sku.category if sku is not None else None,
    )


def _less_coupon(
    conn: Conn, asked: CartAsked, cart: pricing.Cart, quote: pricing.Quote, *, member_id: MemberId | None
) -> pricing.Quote | Refusal:
    if asked.coupon is None:
        return quote
    return try_coupons(conn, cart, quote, [asked.coupon], member_id=member_id)


def _coupon_told(
    asked: CartAsked,
    before: pricing.Quote,
    after: pricing.Quote,
    named: Mapping[UUID, DiscountName],
    language: Language,
) -> CouponTold | None:
    used = [
        one.promotion_id
        for line in after.lines
        for one in line.derivation.discounts
        if one.coupon_id is not None
    ]
    if asked.coupon is None or not used:
        return None
    off_minor = before.amount_minor - after.amount_minor
    return CouponTold(code=asked.coupon, name=language.called(named[used[0]].name), off_minor=off_minor)


def _told(line: pricing.QuoteLine, named: Mapping[UUID, DiscountName], language: Language) -> LineTold:
    discounts = line.derivation.discounts
    return LineTold(
        amount_minor=line.amount_minor,
        list_minor=line.amount_minor + line.discount_minor if discounts else None,
        why=" · ".join(language.called(named[one.promotion_id].name) for one in discounts),
    )
