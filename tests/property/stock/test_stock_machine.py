"""A stateful machine over real PostgreSQL: any sequence of commands, and after each step the ledger adds up.

The expected answers come from an oracle that knows nothing of levels or deltas: it keeps goods, holds and allocations
and asks, for every promise, whether all promises could still be met from the leaves below their nodes.
"""

import random
from contextlib import ExitStack, closing
from datetime import timedelta
from uuid import UUID

import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import AllocationId, CountId, LineId, NodeId, OrderId, SkuId, TransferId
from loopline.kernel.refusals import Refusal
from loopline.stock import (
    Allocated,
    AllocationAsk,
    AllocationLine,
    AllocationRelease,
    AllocationReleased,
    Arrived,
    CountEnd,
    CountFacts,
    Fact,
    GoodsLine,
    HandedOver,
    HandOver,
    Held,
    HoldAsk,
    HoldAskLine,
    HoldTransfer,
    LeafMove,
    LeafMoved,
    Look,
    Looked,
    LossReason,
    MovementReason,
    NewCount,
    NewNode,
    NodeKind,
    OnShort,
    Recorded,
    Release,
    Released,
    SafetySet,
    SafetySetting,
    Sent,
    TransferArrival,
    TransferAsk,
    TransferLine,
    Transferred,
    add_nodes,
    allocate_units,
    broken_allocations,
    broken_holds,
    end_counts,
    enter_counts,
    expire_holds,
    hand_over_units,
    hold_units,
    in_transit,
    leaves,
    move_leaves,
    open_counts,
    open_shortfalls,
    receive_transfers,
    record_facts,
    release_allocations,
    release_holds,
    sellable_at_leaves,
    send_transfers,
    set_safety,
    transfer_holds,
)
from loopline.stock.checks import CHECKS
from tests.make.stock import NOW, new_id, new_sku, world_nodes

MINUTE = timedelta(minutes=1)
SITES, SKUS, NODES = 3, 2, 9
OPENING_UNITS = 4


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


class StockMachine(RuleBasedStateMachine):
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.conn: Conn = self.stack.enter_context(closing(self.database.connect()))
        self.stack.enter_context(self.conn.transaction(force_rollback=True))
        self.minute = 0

    @initialize()
    def build(self) -> None:
        world, nodes = world_nodes(sites=SITES)
        inner = NewNode(id=NodeId(new_id()), kind=NodeKind.NETWORK, name="Inner", parent_id=world.network_id)
        # The last site hangs in a network inside the network.
        last_site = world.site_ids[-1]
        placed = [
            msgspec.structs.replace(node, parent_id=inner.id) if node.id == last_site else node
            for node in nodes
        ]
        add_nodes(self.conn, [*placed[:2], inner, *placed[2:]])
        self.skus = [new_sku() for _ in range(SKUS)]
        self.leaf_ids = world.leaf_ids
        self.node_ids = [world.brand_id, world.network_id, inner.id, *world.site_ids, *world.leaf_ids]
        parents: dict[NodeId, NodeId | None] = {node.id: node.parent_id for node in [*placed, inner]}
        self.oracle = Oracle(parents, world.leaf_ids, self.skus)
        # From nothing, hardly any sequence of commands would ever come to hold something.
        opening = [
            Fact(id=new_id(), leaf_id=leaf, sku_id=sku, reason=MovementReason.OPENING, on_hand=OPENING_UNITS)
            for leaf in self.leaf_ids
            for sku in self.skus
        ]
        record_facts(self.conn, opening, now=NOW)
        for goods in self.oracle.goods.values():
            goods.on_hand = OPENING_UNITS

    # ------------------------------------------------------------------------------------------------ commands

    @rule(
        facts=st.lists(
            st.tuples(
                st.integers(0, SITES - 1), st.integers(0, SKUS - 1), st.integers(-4, 9), st.integers(-2, 3)
            ),
            min_size=1,
            max_size=4,
        )
    )
    def record(self, facts: list[tuple[int, int, int, int]]) -> None:
        items = [
            Fact(
                id=new_id(),
                leaf_id=self.leaf_ids[leaf],
                sku_id=self.skus[sku],
                reason=MovementReason.COUNT,
                on_hand=on_hand,
                unsellable=unsellable,
            )
            for leaf, sku, on_hand, unsellable in facts
        ]
        outcomes = record_facts(self.conn, items, now=NOW)
        for item, outcome in zip(items, outcomes, strict=True):
            goods = self.oracle.goods[item.leaf_id, item.sku_id]
            refused = (not item.on_hand and not item.unsellable) or goods.unsellable + item.unsellable < 0
            assert isinstance(outcome, Refusal if refused else Recorded), outcome
            if not refused:
                goods.on_hand += item.on_hand
                goods.unsellable += item.unsellable
        stood = [item for item, outcome in zip(items, outcomes, strict=True) if isinstance(outcome, Recorded)]
        again = record_facts(self.conn, stood, now=NOW)
        assert again == [Recorded(fact_id=item.id, repeated=True) for item in stood]

    @rule(leaf=st.integers(0, SITES - 1), sku=st.integers(0, SKUS - 1), units=st.integers(0, 6))
    def set_safety(self, leaf: int, sku: int, units: int) -> None:
        key = self.leaf_ids[leaf], self.skus[sku]
        setting = SafetySetting(leaf_id=key[0], sku_id=key[1], units=units)
        [outcome] = set_safety(self.conn, [setting], now=NOW)
        assert isinstance(outcome, SafetySet)
        assert outcome.units_before == self.oracle.goods[key].safety
        self.oracle.goods[key].safety = units

    @rule(
        orders=st.lists(
            st.tuples(
                st.lists(
                    st.tuples(st.integers(0, NODES - 1), st.integers(0, SKUS - 1), st.integers(1, 5)),
                    min_size=1,
                    max_size=3,
                ),
                st.sampled_from(OnShort),
                st.one_of(st.none(), st.integers(1, 3)),
            ),
            min_size=1,
            max_size=3,
        )
    )
    def hold(self, orders: list[tuple[list[tuple[int, int, int]], OnShort, int | None]]) -> None:
        asks = [
            HoldAsk(
                order_id=OrderId(new_id()),
                lines=tuple(
                    HoldAskLine(
                        line_id=LineId(new_id()),
                        node_id=self.node_ids[node],
                        sku_id=self.skus[sku],
                        units=units,
                    )
                    for node, sku, units in lines
                ),
                expires_at=None if minutes is None else NOW + (self.minute + minutes) * MINUTE,
                short=short,
            )
            for lines, short, minutes in orders
        ]
        outcomes = hold_units(self.conn, asks, now=NOW)
        for ask, outcome, (_, _, minutes) in zip(asks, outcomes, orders, strict=True):
            expected = self._hold_by_hand(ask, None if minutes is None else self.minute + minutes)
            if expected is None:
                assert isinstance(outcome, Refusal)
            else:
                assert isinstance(outcome, Held)
                assert [line.units for line in outcome.lines] == expected

    def _hold_by_hand(self, ask: HoldAsk, expires_at_minute: int | None) -> list[int] | None:
        granted: list[int] = []
        for line in ask.lines:
            room = max(0, self.oracle.room(line.node_id, line.sku_id))
            if room < line.units and ask.short is OnShort.REFUSE:
                for undone in ask.lines[: len(granted)]:
                    self.oracle.holds.pop(undone.line_id, None)
                return None
            units = min(room, line.units)
            granted.append(units)
            if units:
                self.oracle.holds[line.line_id] = Promise(
                    line.line_id, ask.order_id, line.node_id, line.sku_id, units, expires_at_minute
                )
        return granted

    @precondition(lambda self: self.oracle.holds)
    @rule(chance=st.integers(0, 2**32), part=st.booleans())
    def release_hold(self, chance: int, part: bool) -> None:
        promise = random.Random(chance).choice(list(self.oracle.holds.values()))
        units = 1 if part else promise.units
        [outcome] = release_holds(self.conn, [Release(line_id=promise.line_id, units=units)], now=NOW)
        assert isinstance(outcome, Released)
        self._lower(promise, units)

    @precondition(lambda self: self.oracle.holds)
    @rule(chance=st.integers(0, 2**32), lines=st.integers(1, 3))
    def allocate(self, chance: int, lines: int) -> None:
        """Ties of any lines of one order to any leaves; the oracle says which of them fit."""
        luck = random.Random(chance)
        order_id = luck.choice(list(self.oracle.holds.values())).order_id
        promises = [one for one in self.oracle.holds.values() if one.order_id == order_id]
        asked = [
            (luck.choice(promises), luck.choice(self.leaf_ids), luck.randint(1, 3)) for _ in range(lines)
        ]
        ask = AllocationAsk(
            order_id=order_id,
            lines=tuple(
                AllocationLine(
                    allocation_id=AllocationId(new_id()),
                    line_id=promise.line_id,
                    leaf_id=leaf_id,
                    sku_id=promise.sku_id,
                    units=units,
                )
                for promise, leaf_id, units in asked
            ),
        )
        [outcome] = allocate_units(self.conn, [ask], now=NOW)
        kept_holds, kept_tied = (
            msgspec.msgpack.encode(list(self.oracle.holds.values())),
            dict(self.oracle.tied),
        )
        for line, (promise, leaf_id, units) in zip(ask.lines, asked, strict=True):
            if not self.oracle.can_tie(promise, leaf_id, units):
                assert isinstance(outcome, Refusal)
                kept = msgspec.msgpack.decode(kept_holds, type=list[Promise])
                self.oracle.holds = {one.line_id: one for one in kept}
                self.oracle.tied = kept_tied
                return
            self.oracle.tied[line.allocation_id] = Tied(
                line.allocation_id, msgspec.structs.replace(promise), leaf_id, units
            )
            self._lower(promise, units)
        assert isinstance(outcome, Allocated)

    @precondition(lambda self: self.oracle.tied)
    @rule(chance=st.integers(0, 2**32), to_hold=st.booleans(), part=st.booleans())
    def release_allocation(self, chance: int, to_hold: bool, part: bool) -> None:
        tied = random.Random(chance).choice(list(self.oracle.tied.values()))
        units = 1 if part else tied.units
        release = AllocationRelease(allocation_id=tied.allocation_id, units=units, to_hold=to_hold)
        [outcome] = release_allocations(self.conn, [release], now=NOW)
        assert isinstance(outcome, AllocationReleased)
        self._untie(tied, units)
        if to_hold:
            hold = self.oracle.holds.get(tied.promise.line_id)
            if hold is None:
                back = msgspec.structs.replace(tied.promise, units=units, expires_at_minute=None)
                self.oracle.holds[back.line_id] = back
            else:
                hold.units += units

    @precondition(lambda self: self.oracle.tied)
    @rule(chance=st.integers(0, 2**32), part=st.booleans(), too_many=st.booleans())
    def hand_over(self, chance: int, part: bool, too_many: bool) -> None:
        tied = random.Random(chance).choice(list(self.oracle.tied.values()))
        units = tied.units + 1 if too_many else 1 if part else tied.units
        [outcome] = hand_over_units(
            self.conn, [HandOver(allocation_id=tied.allocation_id, units=units)], now=NOW
        )
        assert isinstance(outcome, Refusal if too_many else HandedOver)
        if not too_many:
            self.oracle.goods[tied.leaf_id, tied.promise.sku_id].on_hand -= units
            self._untie(tied, units)

    @rule(minutes=st.integers(1, 2), limit=st.integers(1, 3))
    def expire(self, minutes: int, limit: int) -> None:
        self.minute += minutes
        expired = expire_holds(self.conn, now=NOW + self.minute * MINUTE, limit=limit)
        due = sorted(
            (one.expires_at_minute, one.line_id)
            for one in self.oracle.holds.values()
            if one.expires_at_minute is not None and one.expires_at_minute <= self.minute
        )
        assert [one.line_id for one in expired] == [line_id for _, line_id in due[:limit]]
        for one in expired:
            assert self.oracle.holds.pop(one.line_id).units == one.units

    @precondition(lambda self: self.oracle.holds)
    @rule(chance=st.integers(0, 2**32), lines=st.integers(1, 3))
    def transfer(self, chance: int, lines: int) -> None:
        """Lines of one order go to any nodes, whole or in part to new lines: all of it fits, or nothing moves."""
        luck = random.Random(chance)
        order_id = luck.choice(list(self.oracle.holds.values())).order_id
        promises = [one for one in self.oracle.holds.values() if one.order_id == order_id]
        moved = luck.sample(promises, min(lines, len(promises)))
        asked = [
            TransferLine(line_id=one.line_id, node_id=luck.choice(self.node_ids))
            if luck.random() < 0.5
            else TransferLine(
                line_id=one.line_id,
                node_id=luck.choice(self.node_ids),
                to_line_id=LineId(new_id()),
                units=luck.randint(1, one.units),
            )
            for one in moved
        ]
        levels = [(node, sku) for node in self.oracle.parents for sku in self.skus]
        before = {level: self.oracle.held(*level) for level in levels}
        kept = msgspec.msgpack.encode(list(self.oracle.holds.values()))
        [outcome] = transfer_holds(self.conn, [HoldTransfer(order_id=order_id, lines=tuple(asked))], now=NOW)
        for line, promise in zip(asked, moved, strict=True):
            units = line.units or promise.units
            self._lower(promise, units)
            there = msgspec.structs.replace(
                promise, line_id=line.to_line_id or line.line_id, node_id=line.node_id, units=units
            )
            self.oracle.holds[there.line_id] = there
        if any(self.oracle.held(*level) > max(before[level], self.oracle.free(*level)) for level in levels):
            assert isinstance(outcome, Refusal)
            self.oracle.holds = {one.line_id: one for one in msgspec.msgpack.decode(kept, type=list[Promise])}
        else:
            assert isinstance(outcome, Transferred)

    @rule(leaf=st.integers(0, SITES - 1), goal=st.integers(0, 2))
    def move(self, leaf: int, goal: int) -> None:
        leaf_id, parent_id = self.leaf_ids[leaf], self.node_ids[goal]
        [outcome] = move_leaves(self.conn, [LeafMove(leaf_id=leaf_id, parent_id=parent_id)], now=NOW)
        promised = any(
            self.oracle.allocated(leaf_id, sku) or self.oracle.held(leaf_id, sku) for sku in self.skus
        )
        left = [
            one
            for one in self.oracle.way(leaf_id)
            if one != leaf_id and one not in self.oracle.way(parent_id)
        ]
        needed = any(
            (brings := self.oracle.sellable(leaf_id, sku))
            and self.oracle.held(node, sku) > self.oracle.free(node, sku) - brings
            for node in left
            for sku in self.skus
        )
        assert isinstance(outcome, Refusal if promised or needed else LeafMoved)
        if isinstance(outcome, LeafMoved):
            self.oracle.parents[leaf_id] = parent_id

    @rule(chance=st.integers(0, 2**32), units=st.integers(1, 5))
    def send(self, chance: int, units: int) -> None:
        luck = random.Random(chance)
        here, there = luck.sample(self.leaf_ids, 2)
        sku = luck.choice(self.skus)
        ask = TransferAsk(
            id=TransferId(new_id()),
            from_leaf_id=here,
            to_leaf_id=there,
            lines=(GoodsLine(sku_id=sku, units=units),),
        )
        fits = self.oracle.room(here, sku) >= units
        [outcome] = send_transfers(self.conn, [ask], now=NOW, by="test")
        assert isinstance(outcome, Sent if fits else Refusal)
        if fits:
            self.oracle.goods[here, sku].on_hand -= units
            self.oracle.trucks.append(Truck(ask.id, there, sku, units))

    @rule(chance=st.integers(0, 2**32), received=st.integers(0, 3), lost=st.integers(0, 2))
    def arrive(self, chance: int, received: int, lost: int) -> None:
        if not self.oracle.trucks:
            return
        truck = random.Random(chance).choice(self.oracle.trucks)
        came = TransferArrival(
            id=new_id(),
            transfer_id=truck.transfer_id,
            sku_id=truck.sku_id,
            received=received,
            lost=lost,
            reason=LossReason.MISSING if lost else None,
        )
        fits = 0 < received + lost <= truck.units
        [outcome] = receive_transfers(self.conn, [came], now=NOW, by="test")
        assert isinstance(outcome, Arrived if fits else Refusal)
        if fits:
            truck.units -= received + lost
            self.oracle.goods[truck.to_leaf_id, truck.sku_id].on_hand += received

    @rule(leaf=st.integers(0, SITES - 1), sku=st.integers(0, SKUS - 1), units=st.integers(0, 9))
    def look(self, leaf: int, sku: int, units: int) -> None:
        leaf_id, sku_id = self.leaf_ids[leaf], self.skus[sku]
        count_id = CountId(new_id())
        open_counts(self.conn, [NewCount(id=count_id, leaf_id=leaf_id)], now=NOW, by="test")
        seen = Look(count_id=count_id, sku_id=sku_id, units=units)
        [outcome] = enter_counts(self.conn, [seen], now=NOW, by="test")
        on_hand = self.oracle.goods[leaf_id, sku_id].on_hand
        assert outcome == Looked(count_id=count_id, sku_id=sku_id, units=units, expected=on_hand)
        self.oracle.seen.append(Seen(count_id, leaf_id, sku_id, units - on_hand))

    @rule(chance=st.integers(0, 2**32), drops=st.booleans())
    def post_count(self, chance: int, drops: bool) -> None:
        if not self.oracle.seen:
            return
        seen = self.oracle.seen.pop(random.Random(chance).randrange(len(self.oracle.seen)))
        [ended] = end_counts(self.conn, [CountEnd(count_id=seen.count_id, drops=drops)], now=NOW)
        assert isinstance(ended, CountFacts)
        if not drops:
            assert all(isinstance(one, Recorded) for one in record_facts(self.conn, ended.facts, now=NOW))
            self.oracle.goods[seen.leaf_id, seen.sku_id].on_hand += seen.difference

    def _lower(self, promise: Promise, units: int) -> None:
        promise.units -= units
        if not promise.units:
            del self.oracle.holds[promise.line_id]

    def _untie(self, tied: Tied, units: int) -> None:
        tied.units -= units
        if not tied.units:
            del self.oracle.tied[tied.allocation_id]

    # ---------------------------------------------------------------------------------------------- invariants

    @invariant()
    def the_doctor_finds_nothing(self) -> None:
        assert [finding for check in CHECKS for finding in run_check(self.conn, check)] == []

    @invariant()
    def shortfalls_are_what_is_short(self) -> None:
        if hasattr(self, "oracle"):
            found = {
                (one.kind.value, one.node_id, one.sku_id): one.units
                for one in open_shortfalls(self.conn, limit=99)
            }
            assert found == self.oracle.shortfalls()

    @invariant()
    def breaking_what_is_broken_would_mend_everything(self) -> None:
        if not hasattr(self, "oracle"):
            return
        lost: dict[tuple[NodeId, SkuId], int] = {}
        for one in broken_allocations(self.conn, limit=99):
            lost[one.leaf_id, one.sku_id] = lost.get((one.leaf_id, one.sku_id), 0) + one.units
        for leaf, sku in self.oracle.goods:
            missing = max(0, -self.oracle.balance(leaf, sku))
            assert lost.get((leaf, sku), 0) == min(missing, self.oracle.allocated(leaf, sku))
        broken: dict[UUID, int] = {one.line_id: one.units for one in broken_holds(self.conn, limit=99)}
        for node in self.oracle.parents:
            for sku in self.skus:
                left = sum(
                    one.units - broken.get(one.line_id, 0)
                    for one in self.oracle.holds.values()
                    if one.sku_id == sku and node in self.oracle.way(one.node_id)
                )
                assert left <= self.oracle.free(node, sku)

    @invariant()
    def what_is_said_to_be_sellable_is(self) -> None:
        if not hasattr(self, "oracle"):
            return
        brand = self.node_ids[0]
        found = {
            (one.leaf_id, one.sku_id): one.sellable
            for one in sellable_at_leaves(self.conn, self.skus, under=brand)
        }
        for leaf, sku in self.oracle.goods:
            ways = [one for one in self.oracle.way(leaf) if one != brand]
            units = min(self.oracle.free(one, sku) - self.oracle.held(one, sku) for one in ways)
            assert found.get((leaf, sku), 0) == max(0, min(units, self.oracle.sellable(leaf, sku)))

    @invariant()
    def what_is_under_way_is_told(self) -> None:
        if hasattr(self, "oracle"):
            expected: dict[tuple[NodeId, SkuId], int] = {}
            for truck in self.oracle.trucks:
                key = (truck.to_leaf_id, truck.sku_id)
                expected[key] = expected.get(key, 0) + truck.units
            found = in_transit(self.conn, self.leaf_ids)
            assert found == {key: units for key, units in expected.items() if units}

    def teardown(self) -> None:
        assert len(leaves(self.conn)) == SITES
        self.stack.close()


def test_stock_adds_up_whatever_happens(shared_database: Database):
    StockMachine.database = shared_database
    run_state_machine_as_test(
        StockMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
