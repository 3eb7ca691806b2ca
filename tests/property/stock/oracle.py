"""Goods, holds, allocations and quotas, and the sums anyone could make of them by hand.

It knows nothing of levels or deltas: it asks, for every promise, whether all could still be met from the leaves below.
"""

import msgspec

from loopline.kernel.ids import AllocationId, CountId, LineId, NodeId, OrderId, QuotaId, SkuId, TransferId
from loopline.stock import QuotaName


class Goods(msgspec.Struct):
    on_hand: int = 0
    unsellable: int = 0
    safety: int = 0


class Promise(msgspec.Struct):
    line_id: LineId
    order_id: OrderId
    node_id: NodeId
    sku_id: SkuId
    units: int
    expires_at_minute: int | None = None
    draws: list["Drawn"] = []

    @property
    def own(self) -> int:
        """Units that were drawn from no quota."""
        return self.units - sum(one.units for one in self.draws)


class Drawn(msgspec.Struct):
    quota_id: QuotaId
    units: int
    is_reserve: bool


class SetAside(msgspec.Struct):
    """A quota by hand. Times are minutes."""

    quota_id: QuotaId
    event: QuotaName
    node_id: NodeId
    sku_id: SkuId
    remaining: int
    starts: int
    ends: int
    reserve_id: QuotaId | None
    then_free: bool
    drawn: int = 0
    used: int = 0
    returned: int = 0
    is_open: bool = True


class Tied(msgspec.Struct):
    allocation_id: AllocationId
    promise: Promise
    leaf_id: NodeId
    units: int


class Truck(msgspec.Struct):
    """Goods under way."""

    transfer_id: TransferId
    to_leaf_id: NodeId
    sku_id: SkuId
    units: int


class Seen(msgspec.Struct):
    """A look at a shelf that is not posted yet: what was seen beyond what there should have been."""

    count_id: CountId
    leaf_id: NodeId
    sku_id: SkuId
    difference: int


class Oracle:
    """Goods, holds and allocations, and the sums anyone could make of them by hand."""

    def __init__(
        self, parents: dict[NodeId, NodeId | None], leaf_ids: tuple[NodeId, ...], sku_ids: list[SkuId]
    ) -> None:
        self.parents = parents
        self.leaf_ids = leaf_ids
        self.goods = {(leaf, sku): Goods() for leaf in leaf_ids for sku in sku_ids}
        self.holds: dict[LineId, Promise] = {}
        self.tied: dict[AllocationId, Tied] = {}
        self.quotas: dict[QuotaId, SetAside] = {}
        self.trucks: list[Truck] = []
        self.seen: list[Seen] = []

    def way(self, node_id: NodeId) -> list[NodeId]:
        found = [node_id]
        while (parent := self.parents[found[-1]]) is not None:
            found.append(parent)
        return found

    def allocated(self, leaf_id: NodeId, sku_id: SkuId) -> int:
        return sum(
            one.units for one in self.tied.values() if (one.leaf_id, one.promise.sku_id) == (leaf_id, sku_id)
        )

    def balance(self, leaf_id: NodeId, sku_id: SkuId) -> int:
        goods = self.goods[leaf_id, sku_id]
        return goods.on_hand - goods.unsellable - self.allocated(leaf_id, sku_id)

    def sellable(self, leaf_id: NodeId, sku_id: SkuId) -> int:
        return max(0, self.balance(leaf_id, sku_id) - self.goods[leaf_id, sku_id].safety)

    def free(self, node_id: NodeId, sku_id: SkuId) -> int:
        return sum(self.sellable(leaf, sku_id) for leaf in self.leaf_ids if node_id in self.way(leaf))

    def held(self, node_id: NodeId, sku_id: SkuId) -> int:
        return sum(
            one.units
            for one in self.holds.values()
            if one.sku_id == sku_id and node_id in self.way(one.node_id)
        ) + sum(
            one.remaining
            for one in self.quotas.values()
            if one.sku_id == sku_id and node_id in self.way(one.node_id)
        )

    def room(self, node_id: NodeId, sku_id: SkuId) -> int:
        return min(self.free(one, sku_id) - self.held(one, sku_id) for one in self.way(node_id))

    def shortfalls(self) -> dict[tuple[str, NodeId, SkuId], int]:
        found: dict[tuple[str, NodeId, SkuId], int] = {}
        skus = {sku for _, sku in self.goods}
        for node in self.parents:
            for sku in skus:
                if (over := self.held(node, sku) - self.free(node, sku)) > 0:
                    found["overheld", node, sku] = over
        for leaf, sku in self.goods:
            if (balance := self.balance(leaf, sku)) < 0:
                found["missing", leaf, sku] = -balance
        return found

    def can_tie(self, promise: Promise, leaf_id: NodeId, units: int) -> bool:
        if promise.node_id not in self.way(leaf_id) or units > promise.units:
            return False
        below = self.way(leaf_id)[: self.way(leaf_id).index(promise.node_id)]
        sku = promise.sku_id
        return self.sellable(leaf_id, sku) >= units and all(
            self.free(node, sku) - self.held(node, sku) >= units for node in below
        )

    # ------------------------------------------------------------------------------------------------ quotas

    def quota_of(self, event: QuotaName, node_id: NodeId, sku_id: SkuId) -> SetAside | None:
        """The open quota of an event at one node."""
        return next(
            (
                one
                for one in self.quotas.values()
                if one.is_open and (one.event, one.node_id, one.sku_id) == (event, node_id, sku_id)
            ),
            None,
        )

    def nearest_quota(
        self, event: QuotaName | None, node_id: NodeId, sku_id: SkuId, minute: int
    ) -> SetAside | None:
        """The quota that a hold at a node would draw from: at the node, or else at the next one above it."""
        if event is None:
            return None
        found = [self.quota_of(event, step, sku_id) for step in self.way(node_id)]
        return next((one for one in found if one is not None and one.starts <= minute < one.ends), None)

    def can_draw(self, quota: SetAside, node_id: NodeId) -> int:
        """What is left and really there, and what nobody between the two nodes needs."""
        sku = quota.sku_id
        way = self.way(node_id)
        lost = max(0, *(self.held(one, sku) - self.free(one, sku) for one in self.way(quota.node_id)))
        below = [self.free(one, sku) - self.held(one, sku) for one in way[: way.index(quota.node_id)]]
        return max(0, min([quota.remaining - lost, *below]))

    def hold_line(
        self, wanted: Promise, *, event: QuotaName | None, minute: int
    ) -> tuple[int, list[tuple[SetAside, int]]]:
        """Hold what can be held of a new promise's units; returns how many, and what came from which quota."""
        asked, wanted.units = wanted.units, 0
        self.holds[wanted.line_id] = wanted
        quota = self.nearest_quota(event, wanted.node_id, wanted.sku_id, minute)
        if quota is None:
            wanted.units = max(0, min(asked, self._room_beside(wanted)))
            return wanted.units, []
        drawn: list[tuple[SetAside, int]] = []
        reserve = self.quotas.get(quota.reserve_id) if quota.reserve_id else None
        for source in [quota, *([reserve] if reserve is not None and reserve.is_open else [])]:
            units = min(asked - wanted.units, self.can_draw(source, wanted.node_id))
            if units:
                source.remaining -= units
                source.drawn += units
                wanted.units += units
                wanted.draws.append(Drawn(source.quota_id, units, source is not quota))
                drawn.append((source, units))
        if quota.then_free:
            wanted.units += max(0, min(asked - wanted.units, self._room_beside(wanted)))
        return wanted.units, drawn

    def _room_beside(self, wanted: Promise) -> int:
        return self.room(wanted.node_id, wanted.sku_id)

    def undo(self, line_id: LineId, drawn: list[tuple[SetAside, int]]) -> None:
        """Take a promise back as if it had never been asked for."""
        del self.holds[line_id]
        for quota, units in drawn:
            quota.remaining += units
            quota.drawn -= units

    def give_back(self, promise: Promise, units: int, *, is_lost: bool = False) -> None:
        """Lower a hold: what was drawn last goes back first."""
        drawn_back = max(0, units - promise.own)
        promise.units -= units
        for one in sorted(promise.draws, key=lambda one: not one.is_reserve):
            part = min(one.units, drawn_back)
            drawn_back -= part
            one.units -= part
            quota = self.quotas[one.quota_id]
            quota.drawn -= part
            if is_lost:
                quota.returned += part
            else:
                quota.remaining += part
        self._tidy(promise)

    def use(self, promise: Promise, units: int) -> None:
        """Lower a hold by units that are tied to a leaf: the event's own go first."""
        promise.units -= units
        for one in sorted(promise.draws, key=lambda one: one.is_reserve):
            part = min(one.units, units)
            units -= part
            one.units -= part
            self.quotas[one.quota_id].drawn -= part
            self.quotas[one.quota_id].used += part
        self._tidy(promise)

    def carry(self, promise: Promise, node_id: NodeId) -> None:
        """Let a hold lie elsewhere: what its new node's quotas do not serve went to the order for good."""
        promise.node_id = node_id
        for one in promise.draws:
            if self.quotas[one.quota_id].node_id not in self.way(node_id):
                self.quotas[one.quota_id].drawn -= one.units
                self.quotas[one.quota_id].used += one.units
                one.units = 0
        self._tidy(promise)

    def _tidy(self, promise: Promise) -> None:
        promise.draws = [one for one in promise.draws if one.units]
        if not promise.units:
            self.holds.pop(promise.line_id, None)

    def end(self, quota: SetAside) -> None:
        """End a quota: what is left is anybody's, what was drawn is the orders' own."""
        quota.returned += quota.remaining
        quota.used += quota.drawn
        quota.remaining = quota.drawn = 0
        quota.is_open = False
        for promise in self.holds.values():
            promise.draws = [one for one in promise.draws if one.quota_id != quota.quota_id]
