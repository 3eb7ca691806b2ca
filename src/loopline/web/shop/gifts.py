"""Gifts at the checkout: what comes along with what is bought, for the same money, and whether it is still there."""

from collections.abc import Sequence

import msgspec

from loopline import catalogue, pricing, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import SkuId
from loopline.org import Site
from loopline.pricing.promotions import promotions_by_id
from loopline.web.shop.goods import Terms, cart_of, rooms_of


class GiftShown(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that come as a gift, by which promotion; `is_there`: they can be had where the goods are."""

    sku_code: str
    name: str
    units: int
    promotion: str
    is_there: bool


def gifts_with(  # noqa: PLR0913 - what is bought, and where
    conn: Conn, sku: Sku, *, units: int, terms: Terms, site: Site | None, at_store: bool
) -> Sequence[GiftShown]:
    """Return what units of a SKU bring along where a site sells them (None: whichever); collected, it must be there."""
    (quoted,) = pricing.quote(conn, [cart_of(sku, terms=terms, site=site, units=units)])
    if not isinstance(quoted, pricing.Quote) or not quoted.gifts:
        return ()
    sku_ids = {one.sku_id for one in quoted.gifts}
    skus = catalogue.skus_by_id(conn, sku_ids)
    products = catalogue.products_by_id(conn, {one.product_id for one in skus.values()})
    named = promotions_by_id(conn, {one.promotion_id for one in quoted.gifts})
    there = rooms_of(conn, sorted(sku_ids), terms=terms)
    if at_store and site is not None:
        there = _at_site(conn, sorted(sku_ids), site, there)
    there[sku.id] = there.get(sku.id, 0) - units
    found: list[GiftShown] = []
    for one in quoted.gifts:
        there[one.sku_id] = there.get(one.sku_id, 0) - one.units
        given = skus[one.sku_id]
        found.append(
            GiftShown(
                sku_code=given.code,
                name=products[given.product_id].name if given.product_id in products else given.name,
                units=one.units,
                promotion=named[one.promotion_id].name,
                is_there=given.is_active and there[one.sku_id] >= 0,
            )
        )
    return found


def _at_site(conn: Conn, sku_ids: Sequence[SkuId], site: Site, rooms: dict[SkuId, int]) -> dict[SkuId, int]:
    """How many of each stand on the shelf of a site and are promised to nobody."""
    found: dict[SkuId, int] = {}
    for sku_id in sku_ids:  # one or two
        sellable = stock.sellable_at_sites(conn, [sku_id], at_most=2_000)
        here = sum(one.units for one in sellable if one.site_id == site.id)
        found[sku_id] = min(here, rooms.get(sku_id, 0))
    return found
