"""What people say comes when: a SKU, on a day, to a site or to the brand; and what is on its way from site to site.

Of one SKU at one place one word stands. It is fulfilled as goods come in: what was received since it was said is taken
off it, and when all of it has come it is over. Nothing here promises anything. Locks words that stand by (SKU, site).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, moments, statements, uuids
from loopline.kernel.ids import SiteId, SkuId

SQL = statements(__file__)
NOTE_LENGTH_MAX = 200


class NewRestock(msgspec.Struct, frozen=True, kw_only=True):
    """A word on what comes: to a site, or (None) to the brand; so many units, or (None) enough for all who wait."""

    id: UUID
    sku_id: SkuId
    site_id: SiteId | None
    units: int | None
    expected_on: date
    note: str = ""


class Restock(msgspec.Struct, frozen=True, kw_only=True):
    """A word that stands, and how many units came in there since it was said."""

    id: UUID
    sku_id: SkuId
    site_id: SiteId | None
    units: int | None
    expected_on: date
    note: str
    stated_at: datetime
    stated_by: str
    came: int

    @property
    def left(self) -> int | None:
        """The units that are still to come; None: enough for all who wait; 0: all has come."""
        if self.units is None:
            return 0 if self.came > 0 else None
        return max(0, self.units - self.came)


class OnTheWay(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU under way to a site. `days`: how long such ways took at most of late; None: unknown."""

    sku_id: SkuId
    site_id: SiteId
    units: int
    sent_at: datetime
    days: int | None


def restocks(conn: Conn, sku_ids: Collection[SkuId] | None = None) -> list[Restock]:
    """Return the words that stand of some SKUs (None: of all), what is expected first, first."""
    return fetch(conn, SQL["restocks"], Restock, sku_ids=None if sku_ids is None else uuids(sku_ids))


def restocks_by_id(conn: Conn, restock_ids: Collection[UUID]) -> dict[UUID, Restock]:
    """Return words that stand, by id; those that are over are left out."""
    found = fetch(conn, SQL["restocks_by_id"], Restock, ids=uuids(restock_ids))
    return {one.id: one for one in found}


def state_restocks(conn: Conn, new: Sequence[NewRestock], *, by: str, now: datetime) -> None:
    """Write words, each in the place of the one that stood of its SKU there; no two of one SKU at one place."""
    if not new:
        return
    sku_ids, site_ids = uuids([one.sku_id for one in new]), uuids([one.site_id for one in new])
    execute(conn, SQL["replace_restocks"], sku_ids=sku_ids, site_ids=site_ids, by=by, now=now)
    execute(
        conn,
        SQL["insert_restocks"],
        ids=uuids([one.id for one in new]),
        sku_ids=sku_ids,
        site_ids=site_ids,
        units=[one.units for one in new],
        days=[one.expected_on for one in new],
        notes=[one.note for one in new],
        by=by,
        now=now,
    )


def end_restocks(conn: Conn, restock_ids: Collection[UUID], *, how: str, by: str, now: datetime) -> int:
    """End words: `withdrawn`, or as all of it `came`; returns how many stood."""
    if not restock_ids:
        return 0
    return execute(conn, SQL["end_restocks"], ids=uuids(restock_ids), how=how, by=by, now=now)


def came_since(conn: Conn, since: Mapping[SkuId, datetime]) -> dict[SkuId, int]:
    """Return the units of SKUs that the brand received since a moment each; those of which none came are left out."""
    if not since:
        return {}
    rows = fetch_rows(conn, SQL["came_since"], sku_ids=uuids(since), since=moments(since.values()))
    return dict(rows)


def on_the_way(conn: Conn, sku_ids: Collection[SkuId], *, trips_least: int) -> list[OnTheWay]:
    """Return what is under way to sites, with how long such ways took, where at least so many trips tell."""
    return fetch(conn, SQL["on_the_way"], OnTheWay, sku_ids=uuids(sku_ids), trips_least=trips_least)
