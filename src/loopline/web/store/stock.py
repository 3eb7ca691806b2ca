"""Find stock: what of a SKU this site can sell, and which other sites of the brand have it."""

from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from loopline import catalogue, org, search, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.geography import great_circle_kilometres
from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.scope import Scope
from loopline.org import Permission, Site, UnitKind
from loopline.web.api.answers import read
from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.store.count.place import may_post
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.words import gtin_as_printed, variety

_TEXT_LENGTH_MAX = 80
_SKUS_MAX = 40
_PRODUCTS_MAX = 10
_SITES_MAX = 2_000
_SITES_NAMED_MAX = 12


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The SKUs that a text names, and the units that may be sold of them, by SKU and site."""

    skus: list[Sku]
    units: dict[tuple[SkuId, SiteId], int]
    sites: dict[SiteId, Site]


@get("/store/stock", dependencies=DESK, sync_to_thread=True)
def show_stock(request: WebRequest, desk: NamedDependency[Desk], q: FromQuery[str] = "") -> Template:
    """Show where goods are that may be sold: whoever works in a store may see what the brand's other sites have."""
    desk.visitor.scope_of(Permission.STOCK_READ)
    text = q.strip()[:_TEXT_LENGTH_MAX].replace("\x00", "")
    language = language_of(request)
    found = read(request, lambda conn, _now: find_stock(conn, text)) if text else None
    return page(
        request,
        "store/stock.html",
        visitor=desk.visitor,
        desk=desk,
        text=text,
        may_move=may_post(desk.visitor, desk.site),
        may_reserve=desk.visitor.branches.get(Permission.ORDERS_WRITE, Scope()).covers_site(desk.site.id),
        rows=[_row(sku, found, desk, language) for sku in found.skus] if found else [],
    )


def find_stock(conn: Conn, text: str) -> Found:
    """Find SKUs by code, GTIN or words, and what every site may sell of them."""
    skus = find_skus(conn, text)
    sellable = stock.sellable_at_sites(conn, [sku.id for sku in skus], at_most=_SITES_MAX) if skus else []
    return Found(
        skus=skus,
        units={(one.sku_id, one.site_id): one.units for one in sellable},
        sites=org.sites_by_id(conn, {one.site_id for one in sellable}),
    )


def find_skus(
    conn: Conn, text: str, *, products_most: int = _PRODUCTS_MAX, at_most: int = _SKUS_MAX
) -> list[Sku]:
    """Return the SKU of a code or GTIN; else those of the products that a text names, those called so first."""
    exact = catalogue.skus_by_code(conn, [text]).get(text)
    if exact is not None:
        return [exact]
    start, gtin = catalogue.normal_code(text), catalogue.normal_gtin(text)
    products = search.find_products(conn, text, limit=products_most)
    skus = catalogue.skus_of_products(conn, [product.product_id for product in products])
    named = [sku for sku in skus if sku.gtin == gtin] or [sku for sku in skus if sku.code.startswith(start)]
    if not skus:  # what was added a moment ago may not be searchable yet
        named = [
            sku
            for sku in catalogue.skus_after(conn, start, at_most=at_most)
            if start and sku.code.startswith(start)
        ]
    return (named or skus)[:at_most]


def _row(sku: Sku, found: Found, desk: Desk, language: Language) -> dict[str, Any]:
    elsewhere = [
        (found.sites[site_id], units)
        for (sku_id, site_id), units in found.units.items()
        if sku_id == sku.id and site_id != desk.site.id and units > 0
    ]
    here = desk.site.coordinates
    elsewhere.sort(key=lambda pair: great_circle_kilometres(here, pair[0].coordinates))
    return {
        "name": language.called(sku.name),
        "code": sku.code,
        "gtin": gtin_as_printed(sku.gtin),
        "variety": variety(sku),
        "here": language.count(max(0, found.units.get((sku.id, desk.site.id), 0))),
        "is_here": found.units.get((sku.id, desk.site.id), 0) > 0,
        "elsewhere": [_place(site, units, desk, language) for site, units in elsewhere[:_SITES_NAMED_MAX]],
        "more": max(0, len(elsewhere) - _SITES_NAMED_MAX),
    }


def _place(site: Site, units: int, desk: Desk, language: Language) -> dict[str, Any]:
    kilometres = great_circle_kilometres(desk.site.coordinates, site.coordinates)
    return {
        "name": language.called(site.name),
        "code": site.code,
        "is_warehouse": site.unit_kind is UnitKind.WAREHOUSE,
        "away": language.say("{count} km", count=language.count(round(kilometres))),
        "units": language.count(units),
    }
