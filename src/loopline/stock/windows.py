"""What whoever keeps stock in memory reads: all of it once, then of what has changed. Nothing here locks."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from loopline.db import Conn, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.stock.model import QuotaKind

SQL = statements(__file__)


class Shelf(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a SKU that may be promised at a site, and those of the leaf that the site sells from."""

    sku_id: SkuId
    site_id: SiteId
    units: int
    selling: int


class LevelAbove(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is free of a SKU at a node above sites and not held there."""

    sku_id: SkuId
    node_id: NodeId
    room: int


class OpenQuota(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of an open quota, and of the reserve it names."""

    sku_id: SkuId
    node_id: NodeId
    kind: QuotaKind
    code: str
    remaining: int
    reserve: int
    then_free: bool
    starts_at: datetime
    ends_at: datetime


def shelves(
    conn: Conn, *, sku_ids: Collection[SkuId] | None = None, site_ids: Collection[SiteId] | None = None
) -> list[Shelf]:
    """Return what may be promised of SKUs at sites, of some or of all; pairs with nothing are left out."""
    rows = fetch_rows(conn, SQL["shelves"], sku_ids=_some(sku_ids), site_ids=_some(site_ids))
    return [
        Shelf(sku_id=sku_id, site_id=site_id, units=units, selling=selling)
        for sku_id, site_id, units, selling in rows
    ]


def levels_above(conn: Conn, *, sku_ids: Collection[SkuId] | None = None) -> list[LevelAbove]:
    """Return what is left of SKUs, of some or of all, at each node above sites, from the root down."""
    rows = fetch_rows(conn, SQL["levels_above"], sku_ids=_some(sku_ids))
    return [LevelAbove(sku_id=sku_id, node_id=node_id, room=room) for sku_id, node_id, room in rows]


def open_quotas_of(conn: Conn, *, sku_ids: Collection[SkuId] | None = None) -> list[OpenQuota]:
    """Return the open quotas of SKUs, of some or of all."""
    return fetch(conn, SQL["open_quotas_of"], OpenQuota, sku_ids=_some(sku_ids))


def _some(ids: Collection[SkuId] | Collection[SiteId] | None) -> str | None:
    return None if ids is None else uuids(ids)
