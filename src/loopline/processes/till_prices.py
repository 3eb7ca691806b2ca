"""Till prices: what one piece costs at the till of a site at a moment, with the promotions that look at one piece."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import pricing
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.orders.tills import TILL
from loopline.org import Site
from loopline.pricing.coupons.refusals import CouponNotRecognised
from loopline.processes.coupons.trying import SoldWith, refusals_of_sold
from loopline.processes.take_in import OrderMessage


class PieceAt(msgspec.Struct, frozen=True, kw_only=True):
    """One piece, where, in which currency and when."""

    site_id: SiteId
    sku_id: SkuId
    currency: str
    at: datetime


def piece_cart(sku: Sku, site: Site, *, currency: str, at: datetime) -> pricing.Cart:
    """Return the cart of one piece as tills are told of it: they add up by themselves."""
    return pricing.Cart(
        currency=currency,
        country=site.country,
        time_zone=site.time_zone,
        at=at,
        channel=TILL,
        site_id=site.id,
        org_units=site.unit_path,
        seller_id=site.entity_id,
        region=site.region_code or "",
        by_piece=True,
        lines=(
            pricing.CartLine(
                sku_id=sku.id,
                code=sku.code,
                units=1,
                tax_class=sku.tax_class,
                product_id=sku.product_id,
                category=sku.category,
            ),
        ),
    )


def told_whole(  # noqa: PLR0913 - sales, and what was looked up of them
    conn: Conn,
    sales: Sequence[OrderMessage],
    *,
    sites: Mapping[str, Site],
    skus: Mapping[str, Sku],
    marks: Marks,
    now: datetime,
) -> list[frozenset[int]]:
    """Return for each sale the places of its lines that cost what the whole cart comes to, for the member it has.

    These state what they came to together, as the till was told. All that say so are right, or none is.
    """
    places = [
        [place for place, line in enumerate(one.lines) if line.stated_amount_minor is not None]
        for one in sales
    ]
    carts = {
        at: cart
        for at, one in enumerate(sales)
        if places[at] and (cart := _whole_cart(one, sites=sites, skus=skus, now=now)) is not None
    }
    quotes = dict(zip(carts, pricing.quote(conn, list(carts.values()), marks=marks), strict=True))
    return [
        frozenset(places[at]) if _is_right(sales[at], quotes.get(at), places[at]) else frozenset()
        for at in range(len(sales))
    ]


def refusals_of_coupons(  # noqa: PLR0913 - sales, and what was looked up of them
    conn: Conn,
    sales: Sequence[OrderMessage],
    *,
    sites: Mapping[str, Site],
    skus: Mapping[str, Sku],
    marks: Marks,
    now: datetime,
) -> dict[int, Refusal | None]:
    """Return for sales with a coupon, by place, why it does not explain what they cost; None where it does.

    Only what the till was told as a whole can be explained by one.
    """
    asking = [at for at, one in enumerate(sales) if one.coupons]
    found: dict[int, Refusal | None] = {at: CouponNotRecognised(coupon=sales[at].coupons[0]) for at in asking}
    carts = {
        at: cart
        for at in asking
        if len(sales[at].coupons) == 1
        and any(line.stated_amount_minor is not None for line in sales[at].lines)
        and (cart := _whole_cart(sales[at], sites=sites, skus=skus, now=now)) is not None
    }
    quotes = pricing.quote(conn, list(carts.values()), marks=marks) if carts else []
    sold = {
        at: SoldWith(cart=cart, stated=quote, code=sales[at].coupons[0], member_id=sales[at].member_id)
        for (at, cart), quote in zip(carts.items(), quotes, strict=True)
        if isinstance(quote, pricing.Quote)
    }
    found |= zip(sold, refusals_of_sold(conn, list(sold.values()), marks=marks), strict=True)
    return found


def _whole_cart(
    one: OrderMessage, *, sites: Mapping[str, Site], skus: Mapping[str, Sku], now: datetime
) -> pricing.Cart | None:
    """The cart as placing makes it of a sale; None where nothing of it is known.

    What alone is not known has no part in what the others come to, and is refused for itself.
    """
    site = sites.get(one.site_code or "")
    known = [skus.get(line.sku_code) for line in one.lines]
    first = next((sku for sku in known if sku is not None), None)
    if site is None or first is None:
        return None
    cart = piece_cart(
        first,
        site,
        currency=one.currency or "",
        at=one.placed_at or now,
    )
    return msgspec.structs.replace(
        cart,
        is_fact=True,
        is_member=one.member_id is not None,
        lines=tuple(
            pricing.CartLine(
                sku_id=sku.id if sku is not None else None,
                code=line.sku_code,
                units=line.units,
                tax_class=sku.tax_class if sku is not None else None,
                stated_unit_minor=line.stated_unit_minor,
                stated_amount_minor=line.stated_amount_minor,
                product_id=sku.product_id if sku is not None else None,
                category=sku.category if sku is not None else None,
            )
            for line, sku in zip(one.lines, known, strict=True)
        ),
    )


def _is_right(one: OrderMessage, quote: pricing.Quote | Refusal | None, places: Sequence[int]) -> bool:
    """Whether a quote knows the lines again: each by what promotions took off, or by its list price."""
    return isinstance(quote, pricing.Quote) and all(
        quote.lines[place].derivation.discounts
        or quote.lines[place].amount_minor
        == (quote.lines[place].list_unit_minor or 0) * one.lines[place].units
        for place in places
    )


def piece_prices(
    conn: Conn,
    wanted: Collection[PieceAt],
    *,
    sites: Mapping[SiteId, Site],
    skus: Mapping[SkuId, Sku],
    marks: Marks,
) -> dict[PieceAt, int]:
    """Return what pieces cost, in minor units; what has no price of ours is left out.

    A missing tax rate does not hide a price.
    """
    asked = sorted(set(wanted), key=lambda one: (one.at, one.site_id, one.sku_id))
    carts = [
        msgspec.structs.replace(
            piece_cart(skus[one.sku_id], sites[one.site_id], currency=one.currency, at=one.at),
            is_fact=True,
        )
        for one in asked
    ]
    quotes = pricing.quote(conn, carts, marks=marks)
    return {
        one: found.amount_minor
        for one, found in zip(asked, quotes, strict=True)
        if isinstance(found, pricing.Quote)
    }
