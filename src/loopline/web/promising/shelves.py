"""Stock in memory: what each SKU has at each site, what is left above, what is set aside. One thread writes it.

Whoever reads takes a SKU's row as it is: rows are never changed, only replaced, so no reader sees half of a change.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np

from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.promises.rules import Integers
from loopline.stock import QuotaName
from loopline.stock.windows import LevelAbove, OpenQuota, Shelf


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Where a SKU lies: places in the columns of sites, rising; units to be sent from there, and to be sold there."""

    sites: Integers
    units: Integers
    selling: Integers


def _row(found: Mapping[int, tuple[int, int]]) -> Row:
    places = sorted(found)
    return Row(
        sites=np.array(places, np.int64),
        units=np.array([found[place][0] for place in places], np.int64),
        selling=np.array([found[place][1] for place in places], np.int64),
    )


NOWHERE = _row({})


class Shelves:
    """Everything that can be promised of every SKU."""

    def __init__(self, index: Mapping[SiteId, int]) -> None:
        self._index = index
        self._rows: dict[SkuId, Row] = {}
        self._rooms: dict[SkuId, dict[NodeId, int]] = {}
        self._quotas: dict[SkuId, tuple[OpenQuota, ...]] = {}

    def row(self, sku_id: SkuId) -> Row:
        """Return where a SKU lies."""
        return self._rows.get(sku_id, NOWHERE)

    def selling(self, sku_id: SkuId, place: int) -> int:
        """Return the units of a SKU that a site sells from its own leaf."""
        row = self.row(sku_id)
        found = int(np.searchsorted(row.sites, place))
        return int(row.selling[found]) if found < len(row.sites) and row.sites[found] == place else 0

    def has_quotas(self, sku_id: SkuId) -> bool:
        """Whether units of a SKU are set aside anywhere."""
        return sku_id in self._quotas

    def room(
        self,
        sku_id: SkuId,
        path: Sequence[NodeId],
        *,
        events: Sequence[QuotaName],
        now: datetime,
        most: int | None = None,
    ) -> int:
        """Return what an order of events could get at the end of a path of nodes, as `stock.room_of_events` says it.

        `most` is what is left at nodes of the path that are not above sites.
        """
        left = self._rooms.get(sku_id)
        rooms = [left[node] for node in path if node in left] if left is not None else []
        if rooms and most is not None:
            rooms.append(most)
        room = max(0, min(rooms)) if rooms else 0
        quotas = self._quotas.get(sku_id)
        if not quotas:
            return room
        for event in events:
            for node in reversed(path):
                for one in quotas:
                    is_it = one.node_id == node and one.kind is event.kind and one.code == event.code
                    if is_it and one.starts_at <= now < one.ends_at:
                        return one.remaining + one.reserve + (room if one.then_free else 0)
        return room

    def put_rows(
        self,
        shelves: Iterable[Shelf],
        *,
        sku_ids: Collection[SkuId] | None,
        site_ids: Collection[SiteId] | None,
    ) -> int:
        """Take in what was read of SKUs at sites, of some or of all (None); what was not found there is nothing.

        Returns of how many SKUs something was not as it stood here.
        """
        read: dict[SkuId, dict[int, tuple[int, int]]] = {}
        for one in shelves:
            place = self._index.get(one.site_id)
            if place is not None:
                read.setdefault(one.sku_id, {})[place] = (one.units, one.selling)
        places = None if site_ids is None else {self._index[one] for one in site_ids if one in self._index}
        differed = 0
        for sku_id in list(self._rows.keys() | read.keys()) if sku_ids is None else sku_ids:
            before = self.row(sku_id)
            kept: dict[int, tuple[int, int]] = {}
            if places is not None:
                kept = {
                    place: (units, selling)
                    for place, units, selling in zip(
                        before.sites.tolist(), before.units.tolist(), before.selling.tolist(), strict=True
                    )
                    if place not in places
                }
            after = _row(kept | read.get(sku_id, {}))
            if _same(before, after):
                continue
            differed += 1
            if len(after.sites):
                self._rows[sku_id] = after
            else:
                self._rows.pop(sku_id, None)
        return differed

    def put_rooms(self, levels: Iterable[LevelAbove], *, sku_ids: Collection[SkuId] | None) -> int:
        """Take in what is left above of SKUs, of some or of all (None); returns of how many it was not as it stood."""
        read: dict[SkuId, dict[NodeId, int]] = {}
        for one in levels:
            read.setdefault(one.sku_id, {})[one.node_id] = one.room
        differed = 0
        for sku_id in list(self._rooms.keys() | read.keys()) if sku_ids is None else sku_ids:
            after = read.get(sku_id)
            if after == self._rooms.get(sku_id):
                continue
            differed += 1
            if after is None:
                self._rooms.pop(sku_id, None)
            else:
                self._rooms[sku_id] = after
        return differed

    def put_quotas(self, quotas: Iterable[OpenQuota], *, sku_ids: Collection[SkuId] | None) -> None:
        """Take in the open quotas of SKUs, of some or of all (None)."""
        read: dict[SkuId, list[OpenQuota]] = {}
        for one in quotas:
            read.setdefault(one.sku_id, []).append(one)
        for sku_id in list(self._quotas.keys() | read.keys()) if sku_ids is None else sku_ids:
            if sku_id in read:
                self._quotas[sku_id] = tuple(read[sku_id])
            else:
                self._quotas.pop(sku_id, None)

    def sku_ids(self) -> list[SkuId]:
        """Return the SKUs that something is known of, in order."""
        return sorted(self._rooms.keys() | self._rows.keys())


def _same(one: Row, other: Row) -> bool:
    return (
        np.array_equal(one.sites, other.sites)
        and np.array_equal(one.units, other.units)
        and np.array_equal(one.selling, other.selling)
    )
