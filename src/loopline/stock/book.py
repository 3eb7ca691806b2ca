"""The working copy of the rows a batch has locked: rules move it forward item by item, the store writes its changes.

No I/O. Everything here is one batch's own; what comes out is only the difference to what was loaded. Its records are
mutable, as a batch of ten thousand lines needs, and never leave the room.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

import msgspec

from loopline.kernel.ids import AllocationId, LineId, NodeId, OrderId, QuotaId, SkuId
from loopline.stock.model import MovementReason, QuotaName, ShortfallKind
from loopline.stock.shelf import LotStep, Shelf

LevelKey = tuple[NodeId, SkuId]

_SKU_BITS = 32
_number_of = attrgetter("int")


class Level(msgspec.Struct, gc=False, eq=False):
    """What one node has free and held of one SKU, now and as loaded; `overheld` is its open shortfall as loaded.

    `node` and `sku` are the batch's own numbers of the two (`Book.want`), which is how statements name them; `quotas`
    counts the open quotas that lie at this very level.
    """

    node_id: NodeId
    sku_id: SkuId
    node: int
    sku: int
    free: int = 0
    held: int = 0
    overheld: int = 0
    quotas: int = 0
    free_loaded: int = 0
    held_loaded: int = 0

    @property
    def key(self) -> LevelKey:
        return self.node_id, self.sku_id

    @property
    def overheld_change(self) -> int:
        return max(0, self.held - self.free) - self.overheld


class LeafLevel(Level, gc=False, eq=False):
    """One SKU of a leaf: a level whose free units are its sellable ones, with what they are made of."""

    on_hand: int = 0
    allocated: int = 0
    unsellable: int = 0
    safety: int = 0
    short: int = 0
    in_lots: bool = False
    shelf: Shelf | None = None

    @property
    def sellable(self) -> int:
        return max(0, self.on_hand - self.allocated - self.unsellable - self.safety)

    @property
    def short_change(self) -> int:
        return max(0, self.allocated + self.unsellable - self.on_hand) - self.short


class OpenHold(msgspec.Struct, gc=False, eq=False):
    """A line's hold while a batch is decided; 0 units: not yet made, or used up. `path`: its levels, root first."""

    line_id: LineId
    order_id: OrderId
    key: LevelKey
    units: int
    expires_at: datetime | None
    units_loaded: int
    expires_at_loaded: datetime | None = None
    path: Sequence[Level] = ()
    is_moved: bool = False

    @property
    def differs(self) -> bool:
        return self.units != self.units_loaded or (
            self.units > 0 and (self.is_moved or self.expires_at != self.expires_at_loaded)
        )


class OpenAllocation(msgspec.Struct, gc=False, eq=False):
    """An allocation while a batch is decided; 0 units: not yet made, or used up. `path`: its leaf's, root first."""

    id: AllocationId
    order_id: OrderId
    line_id: LineId
    hold_node_id: NodeId
    key: LevelKey
    units: int
    units_loaded: int
    path: Sequence[Level] = ()

    @property
    def leaf(self) -> LeafLevel:
        leaf = self.path[-1]
        assert isinstance(leaf, LeafLevel)
        return leaf


class QuotaUnits(msgspec.Struct, frozen=True):
    """Where the units of a quota are; together they are all that was ever set aside."""

    remaining: int = 0
    drawn: int = 0
    used: int = 0
    returned: int = 0


class OpenQuota(msgspec.Struct, gc=False, eq=False):
    """A quota while a batch is decided. `loaded`: its units as loaded, none for one that is made.

    `is_on`: the orders of its event may draw from it now; as a reserve it is drawn on whether it is on or not.
    """

    id: QuotaId
    event: QuotaName
    key: LevelKey
    starts_at: datetime
    ends_at: datetime
    reserve_id: QuotaId | None
    then_free: bool
    loaded: QuotaUnits
    remaining: int = 0
    drawn: int = 0
    used: int = 0
    returned: int = 0
    is_on: bool = True
    is_set: bool = False
    ended_at: datetime | None = None
    path: Sequence[Level] = ()

    @property
    def units(self) -> QuotaUnits:
        return QuotaUnits(self.remaining, self.drawn, self.used, self.returned)

    @property
    def size(self) -> int:
        return self.remaining + self.drawn + self.used

    @property
    def differs(self) -> bool:
        return self.is_set or self.units != self.loaded


class OpenDraw(msgspec.Struct, gc=False, eq=False):
    """Units of a line's hold that were drawn from a quota; what is newly drawn is added to what stands."""

    line_id: LineId
    quota: OpenQuota
    is_reserve: bool
    units: int
    units_loaded: int = 0

    def use(self, units: int) -> None:
        """Say that units went to the order for good."""
        self.units -= units
        self.quota.drawn -= units
        self.quota.used += units


class Move(msgspec.Struct, gc=False, eq=False):
    """A movement to write. `id` None: the store makes one."""

    leaf: LeafLevel
    reason: MovementReason
    on_hand: int = 0
    allocated: int = 0
    unsellable: int = 0
    safety: int = 0
    reference: UUID | None = None
    id: UUID | None = None
    lots: Sequence[LotStep] = ()


class ShortfallStep(msgspec.Struct, frozen=True, kw_only=True):
    """By how much the shortfall of one level rises or, negative, falls; it stood at `units_before`."""

    kind: ShortfallKind
    level: LevelKey
    units_before: int
    change: int


class Book:
    """Levels, holds and allocations of one batch, as loaded and as decided so far.

    `paths` leads from the root to each node the batch may name; `leaf_ids` are those among them that are leaves.
    Only facts, settings and allocations given back may open shortfalls; asks can at most lower them.
    """

    def __init__(
        self,
        paths: Mapping[NodeId, tuple[NodeId, ...]],
        leaf_ids: Collection[NodeId],
        *,
        may_open_shortfalls: bool = False,
    ) -> None:
        self.paths = dict(paths)
        self.leaf_ids = leaf_ids
        self.may_open_shortfalls = may_open_shortfalls
        self.node_ids = _in_lock_order(paths.values(), leaf_ids)
        self.sku_ids: list[SkuId] = []
        self.node_levels: list[Level] = []
        self.leaf_levels: list[LeafLevel] = []
        self.holds: dict[LineId, OpenHold] = {}
        self.allocations: dict[AllocationId, OpenAllocation] = {}
        self.quotas: dict[QuotaId, OpenQuota] = {}
        self.draws: dict[LineId, list[OpenDraw]] = {}
        self.quota_keys: list[LevelKey] = []
        self._quotas_by_event: dict[tuple[LevelKey, QuotaName], OpenQuota] = {}
        self.moves: list[Move] = []
        self.has_lots = False
        self._level_paths: dict[LevelKey, Sequence[Level]] = {}
        self._levels: dict[int, Level] = {}
        self._ways: dict[NodeId, list[int]] = {}
        self._sku_numbers: dict[SkuId, int] = {}

    def want(self, keys: Iterable[LevelKey]) -> None:
        """Name all levels of the batch, empty as yet, and number them in the order in which their rows are locked.

        Once per batch, before anything is loaded; keys of unknown nodes are passed over.
        """
        wanted = [key for key in dict.fromkeys(keys) if key[0] in self.paths]
        self.sku_ids = sorted({key[1] for key in wanted}, key=_number_of)
        numbers = {node_id: number for number, node_id in enumerate(self.node_ids)}
        skus = {sku_id: number for number, sku_id in enumerate(self.sku_ids)}
        for path in self.paths.values():
            way = [numbers[step] for step in path]
            self._ways.update((node_id, way[: depth + 1]) for depth, node_id in enumerate(path))
        self._sku_numbers = skus
        levels = self._levels
        for key in wanted:
            sku = skus[key[1]]
            found: list[Level] = []
            for node in self._ways[key[0]]:
                place = node << _SKU_BITS | sku
                level = levels.get(place)
                if level is None:
                    level = levels[place] = self._blank(node, sku)
                found.append(level)
            self._level_paths[key] = found
        in_order = [levels[place] for place in sorted(levels)]
        self.node_levels = [level for level in in_order if not isinstance(level, LeafLevel)]
        self.leaf_levels = [level for level in in_order if isinstance(level, LeafLevel)]

    def _blank(self, node: int, sku: int) -> Level:
        node_id = self.node_ids[node]
        kind = LeafLevel if node_id in self.leaf_ids else Level
        return kind(node_id, self.sku_ids[sku], node, sku)

    def add_holds(self, holds: Iterable[OpenHold]) -> None:
        """Take in holds and show them their levels; one at levels that the batch has not locked has no path."""
        for hold in holds:
            hold.path = self._locked_path(hold.key)
            self.holds[hold.line_id] = hold

    def _locked_path(self, key: LevelKey) -> Sequence[Level]:
        found = self._level_paths.get(key)
        if found is None:
            way, sku = self._ways.get(key[0]), self._sku_numbers.get(key[1])
            levels = (
                []
                if way is None or sku is None
                else [self._levels.get(node << _SKU_BITS | sku) for node in way]
            )
            found = self._level_paths[key] = (
                () if None in levels else [one for one in levels if one is not None]
            )
        return found

    def add_allocations(self, allocations: Iterable[OpenAllocation]) -> None:
        """Take in allocations and show them their levels, where the batch has locked those."""
        for one in allocations:
            one.path = self._level_paths.get(one.key, ())
            self.allocations[one.id] = one

    def add_quotas(self, quotas: Iterable[OpenQuota]) -> None:
        """Take in open quotas of levels that the batch has locked."""
        for one in quotas:
            one.path = self._locked_path(one.key)
            self.quotas[one.id] = one
            self._quotas_by_event[one.key, one.event] = one

    def quota_at(self, key: LevelKey, event: QuotaName) -> OpenQuota | None:
        """Return the quota of an event at one level that is open, even after what was decided so far."""
        found = self._quotas_by_event.get((key, event))
        return found if found is not None and found.ended_at is None else None

    def is_root(self, node_id: NodeId) -> bool:
        """Tell whether there is no node above a node of the batch."""
        return len(self._ways[node_id]) == 1

    def path(self, key: LevelKey) -> Sequence[Level]:
        """Return the levels of one SKU from the root to the node, both included."""
        return self._level_paths[key]

    def leaf(self, key: LevelKey) -> LeafLevel:
        """Return one SKU of a leaf; where nothing is stored there is nothing."""
        leaf = self._level_paths[key][-1]
        assert isinstance(leaf, LeafLevel)
        return leaf

    def above(self, leaf: LeafLevel) -> Sequence[Level]:
        """Return the levels above one SKU of a leaf, root first."""
        return self._level_paths[leaf.key][:-1]

    def rehang(self, leaf_id: NodeId, path: tuple[NodeId, ...]) -> None:
        """Hang a leaf elsewhere; its levels follow, in this batch too."""
        self.paths[leaf_id] = path
        for leaf in self.leaf_levels:
            if leaf.node_id == leaf_id:
                self._level_paths[leaf.key] = [*self._level_paths[path[-2], leaf.sku_id], leaf]

    def shortfall_steps(self) -> list[ShortfallStep]:
        """What opens, grows, shrinks or closes, over the whole batch."""
        missing = [
            ShortfallStep(
                kind=ShortfallKind.MISSING, level=leaf.key, units_before=leaf.short, change=leaf.short_change
            )
            for leaf in self.leaf_levels
            if leaf.short_change
        ]
        overheld = [
            ShortfallStep(
                kind=ShortfallKind.OVERHELD,
                level=level.key,
                units_before=level.overheld,
                change=level.overheld_change,
            )
            for levels in (self.node_levels, self.leaf_levels)
            for level in levels
            if (level.overheld or level.held > level.free) and level.overheld_change
        ]
        return [*missing, *overheld]


def settle_leaf(path: Sequence[Level]) -> None:
    """Pass a change of what a leaf, the last of `path`, can sell on to itself as a node and to every node above it."""
    leaf = path[-1]
    assert isinstance(leaf, LeafLevel)
    change = leaf.sellable - leaf.free
    if change:
        for level in path:
            level.free += change


def _in_lock_order(paths: Iterable[tuple[NodeId, ...]], leaf_ids: Collection[NodeId]) -> list[NodeId]:
    """Nodes root first by (depth, id), then leaves by id, whatever their depth."""
    depths = {node_id: depth for path in paths for depth, node_id in enumerate(path)}
    return sorted(
        depths,
        key=lambda node_id: (node_id in leaf_ids, 0 if node_id in leaf_ids else depths[node_id], node_id.int),
    )


def last_to_touch(
    touched: Sequence[LevelKey | None], *, book: Book, wanted: Collection[LevelKey]
) -> dict[LevelKey, int]:
    """For each wanted level, the place of the last item that touched it: item i moved the path of `touched[i]`."""
    skus = {sku_id for _, sku_id in wanted}
    found: dict[LevelKey, int] = {}
    for place, key in enumerate(touched):
        if key is not None and key[1] in skus:
            for level in book.path(key):
                if level.key in wanted:
                    found[level.key] = place
    return found
