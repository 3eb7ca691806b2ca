"""Stock in memory: what each SKU has at each site, what is left above, what is set aside. One thread writes it.

Whoever reads takes a SKU's row as it is: rows are never changed, only replaced, so no reader sees half of a change.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.promises.rules import Integers
from loopline.stock import QuotaName
from loopline.stock.windows import LevelAbove, OpenQuota, Shelf

_KEPT_MOST = 8


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Where a SKU lies: places in the columns of sites, rising; units to be sent from there, and to be sold there."""

    sites: Integers
    units: Integers
    selling: Integers
    kept: dict[tuple[bool, int, int], "Chosen"] = {}

    def lies_at(self, places: Collection[int]) -> bool:
        """Whether it lies at any of some places."""
        at = np.searchsorted(self.sites, list(places))
        return any(row < len(self.sites) and self.sites[row] in places for row in at.tolist())

    def with_enough(self, units: int, among: npt.NDArray[np.bool_], *, selling: bool) -> Integers:
        """Return the places, of those among some sites, that have so many units to send, or to sell.

        What was found of late is remembered: most asks are for one unit, of the sites of a few networks. What is
        remembered keeps its sites alive, so that no others have their number; what is old goes when there is too much.
        """
        key = (selling, units, id(among))
        found = self.kept.get(key)
        if found is None:
            places = self.sites[(self.selling if selling else self.units) >= units]
            found = Chosen(among=among, places=places[among[places]])
            if len(self.kept) >= _KEPT_MOST:
                self.kept.clear()
            self.kept[key] = found
        return found.places


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The places that were found among some sites."""

    among: npt.NDArray[np.bool_]
    places: Integers


def _row(found: Mapping[int, tuple[int, int]]) -> Row:
    places = sorted(found)
    return Row(
        sites=np.array(places, np.int64),
        units=np.array([found[place][0] for place in places], np.int64),
        selling=np.array([found[place][1] for place in places], np.int64),
    )


NOWHERE = _row({})


class Left:
    """What is left of a SKU at the nodes above sites. Never changed, only replaced; the least of each way is kept."""

    __slots__ = ("_least", "nodes")

    def __init__(self, nodes: Mapping[NodeId, int]) -> None:
        self.nodes = nodes
        self._least: dict[int, int] = {}

    def least(self, path: Sequence[NodeId]) -> int:
        """Return the least that is left on a path of nodes from the root on; 0 where nothing is known of any."""
        if not path:
            return 0
        end = path[-1].int
        found = self._least.get(end)
        if found is None:
            known = [self.nodes[node] for node in path if node in self.nodes]
            found = self._least[end] = max(0, min(known)) if known else 0
        return found


_NOTHING_LEFT = Left({})


class Stocked:
    """What is known of one SKU. Each part is never changed, only replaced."""

    __slots__ = ("left", "quotas", "row")

    def __init__(self) -> None:
        self.row: Row = NOWHERE
        self.left: Left = _NOTHING_LEFT
        self.quotas: tuple[OpenQuota, ...] = ()

    def selling(self, place: int) -> int:
        """Return the units that a site sells from its own leaf."""
        row = self.row
        found = int(np.searchsorted(row.sites, place))
        return int(row.selling[found]) if found < len(row.sites) and row.sites[found] == place else 0

    def room(
        self, path: Sequence[NodeId], *, events: Sequence[QuotaName], now: datetime, most: int | None = None
    ) -> int:
        """Return what an order of events could get at the end of a path of nodes, as `stock.room_of_events` says it.

        `most` is what is left at nodes of the path that are not above sites.
        """
        room = self.left.least(path)
        if most is not None:
            room = max(0, min(room, most))
        if not self.quotas:
            return room
        for event in events:
            for node in reversed(path):
                for one in self.quotas:
                    is_it = one.node_id == node and one.kind is event.kind and one.code == event.code
                    if is_it and one.starts_at <= now < one.ends_at:
                        return one.remaining + one.reserve + (room if one.then_free else 0)
        return room

    @property
    def is_unknown(self) -> bool:
        """Whether there is nothing of it anywhere."""
        return self.row is NOWHERE and self.left is _NOTHING_LEFT and not self.quotas


_UNKNOWN = Stocked()


class Shelves:
    """Everything that can be promised of every SKU."""

    def __init__(self, index: Mapping[SiteId, int]) -> None:
        self._index = index
        self._stocked: dict[SkuId, Stocked] = {}

    def of(self, sku_id: SkuId) -> Stocked:
        """Return what is known of a SKU."""
        return self._stocked.get(sku_id, _UNKNOWN)

    def sku_ids(self) -> list[SkuId]:
        """Return the SKUs that something is known of, in the order in which they became known."""
        return list(self._stocked)

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
        for sku_id in list(self._stocked.keys() | read.keys()) if sku_ids is None else sku_ids:
            stocked = self._kept(sku_id, is_there=sku_id in read)
            before = stocked.row
            if places is not None and sku_id not in read and not before.lies_at(places):
                continue
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
            stocked.row = after if len(after.sites) else NOWHERE
            self._tidy(sku_id, stocked)
        return differed

    def put_rooms(self, levels: Iterable[LevelAbove], *, sku_ids: Collection[SkuId] | None) -> int:
        """Take in what is left above of SKUs, of some or of all (None); returns of how many it was not as it stood."""
        read: dict[SkuId, dict[NodeId, int]] = {}
        for one in levels:
            read.setdefault(one.sku_id, {})[one.node_id] = one.room
        differed = 0
        for sku_id in list(self._stocked.keys() | read.keys()) if sku_ids is None else sku_ids:
            after = read.get(sku_id)
            stocked = self._kept(sku_id, is_there=after is not None)
            if (after or {}) == stocked.left.nodes:
                continue
            differed += 1
            stocked.left = Left(after) if after else _NOTHING_LEFT
            self._tidy(sku_id, stocked)
        return differed

    def put_quotas(self, quotas: Iterable[OpenQuota], *, sku_ids: Collection[SkuId] | None) -> None:
        """Take in the open quotas of SKUs, of some or of all (None)."""
        read: dict[SkuId, list[OpenQuota]] = {}
        for one in quotas:
            read.setdefault(one.sku_id, []).append(one)
        for sku_id in list(self._stocked.keys() | read.keys()) if sku_ids is None else sku_ids:
            after = tuple(read.get(sku_id, ()))
            stocked = self._kept(sku_id, is_there=bool(after))
            if after != stocked.quotas:
                stocked.quotas = after
                self._tidy(sku_id, stocked)

    def _kept(self, sku_id: SkuId, *, is_there: bool) -> Stocked:
        """What is known of a SKU, to be written to; a new one that is kept where there is something to be known."""
        found = self._stocked.get(sku_id)
        if found is None:
            found = Stocked()
            if is_there:
                self._stocked[sku_id] = found
        return found

    def _tidy(self, sku_id: SkuId, stocked: Stocked) -> None:
        """Forget a SKU of which there is nothing left."""
        if stocked.is_unknown:
            self._stocked.pop(sku_id, None)


def _same(one: Row, other: Row) -> bool:
    return (
        np.array_equal(one.sites, other.sites)
        and np.array_equal(one.units, other.units)
        and np.array_equal(one.selling, other.selling)
    )
