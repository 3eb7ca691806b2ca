"""Shelf places: where in a site each SKU lies, so that whoever picks is led along the shelves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import catalogue, org
from loopline.db import Conn
from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.stock.places import PLACE_LENGTH_MAX, ShelfPlace, set_shelf_places, shelf_places_page
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import (
    Batch,
    Outcomes,
    Page,
    Paging,
    SiteCodes,
    SkuCodes,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.tasks import sites_asked
from loopline.web.api.types import Code

_TAG = "stock"


class ShelfPlaceAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a SKU lies at a site, such as `A-2-10`; null: nobody says any more."""

    site_code: Code
    sku_code: Code
    place: Annotated[str, Meta(min_length=1, max_length=4 * PLACE_LENGTH_MAX)] | None


class ShelfPlaceTold(msgspec.Struct, frozen=True, kw_only=True):
    """Where a SKU lies at a site."""

    site_code: str
    sku_code: str
    place: str | None


@posted("/stock/places", tag=_TAG, name="set_shelf_places", gives=Outcomes[ShelfPlaceTold])
def set_places(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ShelfPlaceAsk]]
) -> Response[bytes]:
    """Say where goods lie in your sites: their shelves are walked in the order of these words, numbers as numbers."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[ShelfPlaceTold | Refusal]:
        sites = org.sites_by_code(conn, {one.site_code for one in data.items})
        skus = catalogue.skus_by_code(conn, {one.sku_code for one in data.items})

        def judged(one: ShelfPlaceAsk) -> ShelfPlace | Refusal:
            site, sku = sites.get(one.site_code), skus.get(one.sku_code)
            if site is None or not scope.covers_site(site.id):
                if not scope.everything:
                    return NotInYourBranch(subject=one.site_code)
                return NoSuchThing(noun="site", value=one.site_code)
            if sku is None:
                return NoSuchThing(noun="SKU", value=one.sku_code)
            return ShelfPlace(site_id=site.id, sku_id=sku.id, place=one.place)

        kept = merged(
            [judged(one) for one in data.items],
            lambda wanted: set_shelf_places(conn, wanted, now=now, by=caller.actor),
        )
        return [
            one
            if isinstance(one, Refusal)
            else ShelfPlaceTold(site_code=asked.site_code, sku_code=asked.sku_code, place=one.place)
            for asked, one in zip(data.items, kept, strict=True)
        ]

    return decided(request, caller, data, decide)


@told("/stock/places", tag=_TAG, name="list_shelf_places")
def list_places(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: SiteCodes = None,
    sku_codes: SkuCodes = None,
) -> Page[ShelfPlaceTold]:
    """List where goods lie in your sites."""
    scope = caller.scope(Permission.STOCK_READ)
    after = asked.after(UUID, UUID)

    def find(conn: Conn, _: datetime) -> Page[ShelfPlaceTold]:
        wanted = sites_asked(conn, site_codes, scope)
        sites = (
            {site.id: site for site in org.branch_sites(conn)}
            if wanted is None
            else org.sites_by_id(conn, wanted)
        )
        chosen = None if sku_codes is None else catalogue.skus_by_code(conn, sku_codes)
        found = shelf_places_page(
            conn,
            sites,
            sku_ids=None if chosen is None else {sku.id for sku in chosen.values()},
            after=(SiteId(after[0]), SkuId(after[1])) if after else None,
            at_most=asked.at_most,
        )
        skus = catalogue.skus_by_id(conn, {one.sku_id for one in found})
        return page_of(
            found,
            asked,
            told=lambda one: ShelfPlaceTold(
                site_code=sites[one.site_id].code, sku_code=skus[one.sku_id].code, place=one.place
            ),
            cursor=lambda one: encode_cursor(one.site_id, one.sku_id),
        )

    return read(request, find)


SHELF_PLACE_HANDLERS = [set_places, list_places]
