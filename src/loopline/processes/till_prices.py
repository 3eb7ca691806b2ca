"""Till prices: what one piece costs at the till of a site at a moment, with the promotions that look at one piece."""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from loopline import pricing
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.ids import SiteId, SkuId
from loopline.orders.tills import TILL
from loopline.org import Site


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
