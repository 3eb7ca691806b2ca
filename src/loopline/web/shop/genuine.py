"""What a customer is told who scans the code of a single unit: that it is genuine, or that nothing is known of it."""

from litestar.response import Template

from loopline import catalogue
from loopline.kernel.times import business_day
from loopline.processes.touch import UnitFound
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.shop.frame import shop_page
from loopline.web.shop.names import variant_of
from loopline.web.shop.shopper import Shopper

_ZONE = "Asia/Shanghai"


def genuine_page(request: WebRequest, shopper: Shopper | None, found: UnitFound) -> Template:
    """Say what is known of a unit: what it is, since when and how often it was scanned, and whether it is recalled."""
    edge, language = edge_of(request), language_of(request)
    with edge.database.reading() as conn:
        sku = catalogue.skus_by_id(conn, {found.sku_id})[found.sku_id]
        product = catalogue.products_by_id(conn, {sku.product_id})[sku.product_id]
    unit = found.unit
    return shop_page(
        request,
        "genuine.html",
        shopper=shopper,
        back="/shop",
        tab="shop",
        here=request.url.path,
        product=product,
        sku=sku,
        variant=variant_of(sku, product),
        unit=unit,
        batch=found.batch,
        scans=found.scans,
        first=language.day(business_day(found.scans.first_at, _ZONE)),
        made_on=language.day(unit.made_on) if unit.made_on else "",
        expires_on=language.day(unit.expires_on) if unit.expires_on else "",
        is_expired=unit.expires_on is not None and unit.expires_on < business_day(edge.clock(), _ZONE),
    )
