"""The working copy of the rows a batch has locked: rules move it forward item by item, the store writes its changes.

No I/O. Everything here is one batch's own; what comes out is only the difference to what was loaded.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.kernel.ids import AllocationId, LineId, NodeId, OrderId, SkuId
from loopline.stock.model import MovementReason, ShortfallKind

LevelKey = tuple[NodeId, SkuId]


class Level:
    """What one node has free and held of one SKU. `overheld` is the part of its open shortfall that was loaded."""

    __slots__ = ("free", "free_loaded", "held", "held_loaded", "key", "overheld")

    def __init__(self, key: LevelKey, *, free: int = 0, held: int = 0, overheld: int = 0) -> None:
        self.key = key
        self.free = self.free_loaded = free
        self.held = self.held_loaded = held
        self.overheld = overheld

    @property
    def overheld_change(self) -> int:
        return max(0, self.held - self.free) - self.overheld


class LeafLevel(Level):
    """One SKU of a leaf: a level whose free units are its sellable ones, with what they are made of."""

    __slots__ = ("allocated", "on_hand", "safety", "short", "unsellable")

    def __init__(self, key: LevelKey, counts: "LeafCounts") -> None:
        self.on_hand = counts.on_hand
        self.allocated = counts.allocated
        self.unsellable = counts.unsellable
        self.safety = counts.safety
        self.short = counts.short
        super().__init__(key, free=self.sellable, held=counts.held, overheld=counts.overheld)

    @property
    def sellable(self) -> int:
        return max(0, self.on_hand - self.allocated - self.unsellable - self.safety)

    @property
    def short_change(self) -> int:
        return max(0, self.allocated + self.unsellable - self.on_hand) - self.short


class LeafCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The stored columns of a leaf row."""

    on_hand: int = 0
    allocated: int = 0
    unsellable: int = 0
    safety: int = 0
    held: int = 0
    short: int = 0
    overheld: int = 0


class OpenHold:
    """A line's hold while a batch is decided; 0 units: not yet made, or used up."""

    __slots__ = (
        "expires_at",
        "expires_at_loaded",
        "line_id",
        "node_id",
        "order_id",
        "sku_id",
        "units",
        "units_loaded",
    )

    def __init__(
        self, line_id: LineId, order_id: OrderId, level: LevelKey, units: int, expires_at: datetime | None
    ) -> None:
        self.line_id = line_id
        self.order_id = order_id
        self.node_id, self.sku_id = level
        self.units = self.units_loaded = units
        self.expires_at = self.expires_at_loaded = expires_at


class OpenAllocation:
    """An allocation while a batch is decided; 0 units: not yet made, or used up."""

    __slots__ = ("hold_node_id", "id", "leaf_id", "line_id", "order_id", "sku_id", "units", "units_loaded")

    def __init__(
        self, allocation_id: AllocationId, hold: tuple[OrderId, LineId, NodeId], leaf: LevelKey, units: int
    ) -> None:
        self.id = allocation_id
        self.order_id, self.line_id, self.hold_node_id = hold
        self.leaf_id, self.sku_id = leaf
        self.units = self.units_loaded = units


class Move(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A movement to write. `id` None: the store makes one."""

    leaf: LevelKey
    reason: MovementReason
    on_hand: int = 0
    allocated: int = 0
    unsellable: int = 0
    safety: int = 0
    reference: UUID | None = None
    id: UUID | None = None


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

    def __init__(self, paths: Mapping[NodeId, tuple[NodeId, ...]], leaf_ids: Collection[NodeId]) -> None:
        self.paths = dict(paths)
        self.leaf_ids = leaf_ids
        self.may_open_shortfalls = False
        self.levels: dict[LevelKey, Level] = {}
        self.leaves: dict[LevelKey, LeafLevel] = {}
        self.holds: dict[LineId, OpenHold] = {}
        self.allocations: dict[AllocationId, OpenAllocation] = {}
        self.moves: list[Move] = []
        self._level_paths: dict[LevelKey, list[Level]] = {}

    def add_level(self, level: Level) -> None:
        self.levels[level.key] = level

    def add_leaf(self, leaf: LeafLevel) -> None:
        self.levels[leaf.key] = self.leaves[leaf.key] = leaf

    def add_holds(self, holds: Iterable[OpenHold]) -> None:
        self.holds.update((hold.line_id, hold) for hold in holds)

    def add_allocations(self, allocations: Iterable[OpenAllocation]) -> None:
        self.allocations.update((one.id, one) for one in allocations)

    def leaf(self, key: LevelKey) -> LeafLevel:
        """Return one SKU of a leaf; where nothing is stored there is nothing."""
        leaf = self.leaves.get(key)
        if leaf is None:
            leaf = LeafLevel(key, LeafCounts())
            self.add_leaf(leaf)
        return leaf

    def path(self, key: LevelKey) -> list[Level]:
        """Return the levels of one SKU from the root to the node, both included. The node must be known."""
        found = self._level_paths.get(key)
        if found is None:
            sku_id = key[1]
            found = self._level_paths[key] = [self.level((node, sku_id)) for node in self.paths[key[0]]]
        return found

    def level(self, key: LevelKey) -> Level:
        """Return what a node above leaves has of one SKU; where nothing is stored there is nothing."""
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = Level(key)
        return level

    def reroute(self, leaf_id: NodeId, path: tuple[NodeId, ...]) -> None:
        """Hang a leaf elsewhere."""
        self.paths[leaf_id] = path
        self._level_paths = {key: levels for key, levels in self._level_paths.items() if key[0] != leaf_id}

    def settle_leaf(self, leaf: LeafLevel) -> None:
        """Pass a change of what a leaf can sell on to every node above it."""
        change = leaf.sellable - leaf.free
        if change:
            for level in self.path(leaf.key):
                level.free += change

    def changed_levels(self) -> list[Level]:
        """Nodes above leaves whose counts differ from what was loaded."""
        return [
            level
            for level in self.levels.values()
            if (level.free != level.free_loaded or level.held != level.held_loaded) and type(level) is Level
        ]

    def changed_promises(self) -> list[LeafLevel]:
        """Leaves whose holds or shortfalls differ from what was loaded; the rest of a leaf changes by its moves."""
        return [
            leaf
            for leaf in self.leaves.values()
            if leaf.held != leaf.held_loaded or leaf.short_change or leaf.overheld_change
        ]

    def shortfall_steps(self) -> list[ShortfallStep]:
        """What opens, grows, shrinks or closes, over the whole batch."""
        overheld = (
            ShortfallStep(
                kind=ShortfallKind.OVERHELD,
                level=level.key,
                units_before=level.overheld,
                change=level.overheld_change,
            )
            for level in self.levels.values()
            if (level.overheld or level.held > level.free) and level.overheld_change
        )
        missing = (
            ShortfallStep(
                kind=ShortfallKind.MISSING, level=leaf.key, units_before=leaf.short, change=leaf.short_change
            )
            for leaf in self.leaves.values()
            if leaf.short_change
        )
        return [*missing, *overheld]


def distinct(keys: Iterable[LevelKey]) -> tuple[Sequence[NodeId], Sequence[SkuId]]:
    """Split keys, each once, into the two columns that statements take."""
    found = list(dict.fromkeys(keys))
    return [key[0] for key in found], [key[1] for key in found]


def last_to_touch(
    touched: Sequence[LevelKey | None], *, book: Book, wanted: Collection[LevelKey]
) -> dict[LevelKey, int]:
    """For each wanted level, the place of the last item that touched it: item i moved the path of `touched[i]`."""
    found: dict[LevelKey, int] = {}
    for place, key in enumerate(touched):
        if key is not None:
            for level in book.path(key):
                if level.key in wanted:
                    found[level.key] = place
    return found
