"""Where goods lie in a site: a short word of its people for each SKU, in which numbers count as numbers."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)
PLACE_LENGTH_MAX = 24
_ALL = 2_000_000_000
_PIECES = re.compile(r"(\d+)")


class ShelfPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a SKU lies at a site; as a wish, None: nobody says any more."""

    site_id: SiteId
    sku_id: SkuId
    place: str | None


class PlaceNotUsable(Refusal, frozen=True, kw_only=True):
    """A place on a shelf is called by 1 to 24 characters, such as A-2-10."""

    place: str


def spelt(place: str) -> str:
    """Return a place as it is kept: without blanks around it, small letters as capitals."""
    return " ".join(place.split()).upper()


def walking_order(place: str | None) -> tuple[bool, list[tuple[bool, int, str]]]:
    """Return the key that sorts places as one walks along them: `A-2` before `A-10`; what has no place comes last."""
    if not place:
        return True, []
    pieces = [one for one in _PIECES.split(place) if one]
    return False, [(False, int(one), "") if one.isdecimal() else (True, 0, one) for one in pieces]


def set_shelf_places(
    conn: Conn, wanted: Sequence[ShelfPlace], *, now: datetime, by: str
) -> list[ShelfPlace | Refusal]:
    """Say where SKUs lie; of two words for one SKU at a site the later holds. Locks rows in order of (site, SKU)."""
    outcomes = [_judged(one) for one in wanted]
    latest = {(one.site_id, one.sku_id): one for one in outcomes if isinstance(one, ShelfPlace)}
    kept = [one for one in latest.values() if one.place is not None]
    gone = [one for one in latest.values() if one.place is None]
    if kept:
        execute(
            conn,
            SQL["set_shelf_places"],
            site_ids=[one.site_id for one in kept],
            sku_ids=[one.sku_id for one in kept],
            places=[one.place for one in kept],
            now=now,
            by=by,
        )
    if gone:
        execute(
            conn,
            SQL["forget_shelf_places"],
            site_ids=[one.site_id for one in gone],
            sku_ids=[one.sku_id for one in gone],
        )
    return outcomes


def _judged(wanted: ShelfPlace) -> ShelfPlace | Refusal:
    if wanted.place is None:
        return wanted
    place = spelt(wanted.place)
    if not place or len(place) > PLACE_LENGTH_MAX or not place.isprintable():
        return PlaceNotUsable(place=wanted.place[: 2 * PLACE_LENGTH_MAX])
    return msgspec.structs.replace(wanted, place=place)


def shelf_places(conn: Conn, site_id: SiteId, sku_ids: Collection[SkuId]) -> dict[SkuId, str]:
    """Return where SKUs lie at a site; what has no place is left out."""
    found = shelf_places_page(conn, [site_id], sku_ids=sku_ids, after=None, at_most=_ALL) if sku_ids else []
    return {one.sku_id: one.place for one in found if one.place is not None}


def shelf_places_page(
    conn: Conn,
    site_ids: Collection[SiteId],
    *,
    sku_ids: Collection[SkuId] | None,
    after: tuple[SiteId, SkuId] | None,
    at_most: int,
) -> list[ShelfPlace]:
    """Return a page of where goods lie, by site and SKU."""
    return fetch(
        conn,
        SQL["shelf_places"],
        ShelfPlace,
        site_ids=uuids(site_ids),
        sku_ids=None if sku_ids is None else uuids(sku_ids),
        after_site=after[0] if after else None,
        after_sku=after[1] if after else None,
        limit=at_most,
    )
