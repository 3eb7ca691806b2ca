"""A stateful machine over real PostgreSQL: any sequence of commands, and after each step the ledger adds up.

The expected answers come from an oracle that knows nothing of levels or deltas.
"""

import random
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from uuid import UUID

import hypothesis.strategies as st
import msgspec
import pytest
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
from loopline.kernel.ids import AllocationId, CountId, LineId, NodeId, OrderId, QuotaId, SkuId, TransferId
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
    QuotaAsk,
    QuotaChange,
    QuotaKind,
    QuotaMoved,
    QuotaName,
    QuotaOpened,
    QuotaOver,
    Recorded,
    Release,
    Released,
    SafetySet,
    SafetySetting,
    Sent,
    ShortfallKind,
    TransferArrival,
    TransferAsk,
    TransferLine,
    Transferred,
    add_nodes,
    allocate_units,
    broken_allocations,
    broken_promises,
    change_quotas,
    end_counts,
    end_due_quotas,
    end_quotas,
    enter_counts,
    expire_holds,
    hand_over_units,
    hold_units,
    in_transit,
    leaves,
    lose_quota_units,
    move_leaves,
    open_counts,
    open_quotas,
    open_shortfalls,
    quotas_by_ids,
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
from tests.property.stock.oracle import Oracle, Promise, Seen, SetAside, Tied, Truck

MINUTE = timedelta(minutes=1)
SITES, SKUS, NODES = 3, 2, 9
OPENING_UNITS = 4
EVENTS = [
    QuotaName(kind=QuotaKind.LIVE_ROOM, code="SHOW"),
    QuotaName(kind=QuotaKind.CHANNEL, code="web"),
]


class StockMachine(RuleBasedStateMachine):
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.conn: Conn = self.stack.enter_context(closing(self.database.connect()))
        self.stack.enter_context(self.conn.transaction(force_rollback=True))
        self.minute = 0

    @property
    def now(self) -> datetime:
        return NOW + self.minute * MINUTE

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
                st.sampled_from([None, *EVENTS]),
            ),
            min_size=1,
            max_size=3,
        )
    )
    def hold(
        self, orders: list[tuple[list[tuple[int, int, int]], OnShort, int | None, QuotaName | None]]
    ) -> None:
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
                events=() if event is None else (event,),
            )
            for lines, short, minutes, event in orders
        ]
        outcomes = hold_units(self.conn, asks, now=self.now)
        for ask, outcome, (_, _, minutes, _) in zip(asks, outcomes, orders, strict=True):
            expected = self._hold_by_hand(ask, None if minutes is None else self.minute + minutes)
            if expected is None:
                assert isinstance(outcome, Refusal)
            else:
                assert isinstance(outcome, Held)
                assert [line.units for line in outcome.lines] == expected

    def _hold_by_hand(self, ask: HoldAsk, expires_at_minute: int | None) -> list[int] | None:
        granted: list[tuple[LineId, int, list[tuple[SetAside, int]]]] = []
        for line in ask.lines:
            wanted = Promise(
                line.line_id, ask.order_id, line.node_id, line.sku_id, line.units, expires_at_minute
            )
            event = next(iter(ask.events), None)
            units, drawn = self.oracle.hold_line(wanted, event=event, minute=self.minute)
            granted.append((line.line_id, units, drawn))
            if units < line.units and ask.short is OnShort.REFUSE:
                for line_id, _, back in granted:
                    self.oracle.undo(line_id, back)
                return None
        for line_id, units, _ in granted:
            if not units:
                del self.oracle.holds[line_id]
        return [units for _, units, _ in granted]

    @precondition(lambda self: self.oracle.holds)
    @rule(chance=st.integers(0, 2**32), part=st.booleans(), is_lost=st.booleans())
    def release_hold(self, chance: int, part: bool, is_lost: bool) -> None:
        promise = random.Random(chance).choice(list(self.oracle.holds.values()))
        units = 1 if part else promise.units
        release = Release(line_id=promise.line_id, units=units, is_lost=is_lost)
        [outcome] = release_holds(self.conn, [release], now=self.now)
        assert isinstance(outcome, Released)
        self.oracle.give_back(promise, units, is_lost=is_lost)

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
        kept = msgspec.msgpack.encode((list(self.oracle.holds.values()), list(self.oracle.quotas.values())))
        kept_tied = dict(self.oracle.tied)
        for line, (promise, leaf_id, units) in zip(ask.lines, asked, strict=True):
            if not self.oracle.can_tie(promise, leaf_id, units):
                assert isinstance(outcome, Refusal)
                holds, quotas = msgspec.msgpack.decode(kept, type=tuple[list[Promise], list[SetAside]])
                self.oracle.holds = {one.line_id: one for one in holds}
                self.oracle.quotas = {one.quota_id: one for one in quotas}
                self.oracle.tied = kept_tied
                return
            self.oracle.tied[line.allocation_id] = Tied(
                line.allocation_id, msgspec.structs.replace(promise, draws=[]), leaf_id, units
            )
            self.oracle.use(promise, units)
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
            promise = self.oracle.holds[one.line_id]
            assert promise.units == one.units
            self.oracle.give_back(promise, one.units)

    # ------------------------------------------------------------------------------------------------ quotas

    @rule(
        node=st.sampled_from([0, 1, 1, 1, 2, 5, 6, 8]),  # the network most of all
        sku=st.integers(0, SKUS - 1),
        units=st.integers(1, 6),
        event=st.sampled_from(EVENTS),
        reserve=st.sampled_from([None, *EVENTS]),
        then_free=st.booleans(),
        times=st.tuples(st.integers(0, 1), st.integers(1, 4)),
    )
    def open_quota(
        self,
        node: int,
        sku: int,
        units: int,
        event: QuotaName,
        reserve: QuotaName | None,
        then_free: bool,
        times: tuple[int, int],
    ) -> None:
        node_id, sku_id = self.node_ids[node], self.skus[sku]
        starts, ends = self.minute + times[0], self.minute + times[0] + times[1]
        ask = QuotaAsk(
            quota_id=QuotaId(new_id()),
            event=event,
            node_id=node_id,
            sku_id=sku_id,
            units=units,
            starts_at=NOW + starts * MINUTE,
            ends_at=NOW + ends * MINUTE,
            reserve=reserve,
            then_free=then_free,
        )
        [outcome] = open_quotas(self.conn, [ask], now=self.now)
        behind = self.oracle.quota_of(reserve, node_id, sku_id) if reserve and reserve != event else None
        standing = self.oracle.quota_of(event, node_id, sku_id)
        if isinstance(outcome, QuotaOpened) and outcome.is_repeat:
            assert standing is not None
            return
        possible = (
            standing is None
            and (reserve is None or behind is not None)
            and self.oracle.room(node_id, sku_id) >= units
        )
        assert isinstance(outcome, QuotaOpened if possible else Refusal), outcome
        if possible:
            self.oracle.quotas[ask.quota_id] = SetAside(
                ask.quota_id,
                event,
                node_id,
                sku_id,
                units,
                starts,
                ends,
                behind.quota_id if behind else None,
                then_free,
            )

    @rule(chance=st.integers(0, 2**32), units=st.integers(0, 9))
    def change_quota(self, chance: int, units: int) -> None:
        quota = self._some_quota(chance)
        if quota is None:
            return
        [outcome] = change_quotas(
            self.conn, [QuotaChange(quota_id=quota.quota_id, units=units)], now=self.now
        )
        size = quota.remaining + quota.drawn + quota.used
        possible = (
            quota.ends > self.minute
            and units > 0
            and units >= quota.drawn + quota.used
            and units - size <= max(0, self.oracle.room(quota.node_id, quota.sku_id))
        )
        assert isinstance(outcome, QuotaMoved if possible else Refusal), outcome
        if possible:
            quota.remaining += units - size
            quota.returned += max(0, size - units)

    @rule(chance=st.integers(0, 2**32))
    def end_quota(self, chance: int) -> None:
        quota = self._some_quota(chance)
        if quota is None:
            return
        [outcome] = end_quotas(self.conn, [quota.quota_id], now=self.now)
        assert isinstance(outcome, QuotaOver)
        assert (outcome.returned, outcome.quota.to_orders) == (quota.remaining, quota.drawn + quota.used)
        self.oracle.end(quota)

    @rule(limit=st.integers(1, 3))
    def end_what_is_due(self, limit: int) -> None:
        due = sorted(
            (one.ends, one.quota_id)
            for one in self.oracle.quotas.values()
            if one.is_open and one.ends <= self.minute
        )
        ended = end_due_quotas(self.conn, now=self.now, limit=limit)
        assert [one.quota.id for one in ended] == [quota_id for _, quota_id in due[:limit]]
        for one in ended:
            self.oracle.end(self.oracle.quotas[one.quota.id])

    @rule()
    def mend(self) -> None:
        broken = broken_promises(self.conn, limit=99)
        for moved in lose_quota_units(self.conn, broken.quotas, now=self.now):
            quota = self.oracle.quotas[moved.quota.id]
            lost = moved.units_before - moved.quota.units
            quota.remaining -= lost
            quota.returned += lost
        releases = [Release(line_id=one.line_id, units=one.units, is_lost=True) for one in broken.holds]
        release_holds(self.conn, releases, now=self.now)
        for one in broken.holds:
            self.oracle.give_back(self.oracle.holds[one.line_id], one.units, is_lost=True)
        assert all(one.kind is not ShortfallKind.OVERHELD for one in open_shortfalls(self.conn, limit=99))

    def _some_quota(self, chance: int) -> SetAside | None:
        quotas = [one for one in self.oracle.quotas.values() if one.is_open]
        return random.Random(chance).choice(quotas) if quotas else None

    # ------------------------------------------------------------------------------------------------ the tree

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
        kept = msgspec.msgpack.encode((list(self.oracle.holds.values()), list(self.oracle.quotas.values())))
        [outcome] = transfer_holds(self.conn, [HoldTransfer(order_id=order_id, lines=tuple(asked))], now=NOW)
        for line, promise in zip(asked, moved, strict=True):
            if line.to_line_id is None:
                self.oracle.carry(promise, line.node_id)
                continue
            units = line.units or promise.units
            self.oracle.use(promise, units)
            self.oracle.holds[line.to_line_id] = msgspec.structs.replace(
                promise, line_id=line.to_line_id, node_id=line.node_id, units=units, draws=[]
            )
        if any(self.oracle.held(*level) > max(before[level], self.oracle.free(*level)) for level in levels):
            assert isinstance(outcome, Refusal)
            holds, quotas = msgspec.msgpack.decode(kept, type=tuple[list[Promise], list[SetAside]])
            self.oracle.holds = {one.line_id: one for one in holds}
            self.oracle.quotas = {one.quota_id: one for one in quotas}
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
        set_aside = any(one.is_open and one.node_id == leaf_id for one in self.oracle.quotas.values())
        assert isinstance(outcome, Refusal if promised or needed or set_aside else LeafMoved)
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
        found = broken_promises(self.conn, limit=99)
        broken: dict[UUID, int] = {one.line_id: one.units for one in found.holds}
        broken |= {one.quota_id: one.units for one in found.quotas}
        for node in self.oracle.parents:
            for sku in self.skus:
                left = sum(
                    one.units - broken.get(one.line_id, 0)
                    for one in self.oracle.holds.values()
                    if one.sku_id == sku and node in self.oracle.way(one.node_id)
                ) + sum(
                    one.remaining - broken.get(one.quota_id, 0)
                    for one in self.oracle.quotas.values()
                    if one.sku_id == sku and node in self.oracle.way(one.node_id)
                )
                assert left <= self.oracle.free(node, sku)

    @invariant()
    def quotas_stand_as_they_do_by_hand(self) -> None:
        if hasattr(self, "oracle"):
            found = {
                one.id: (one.remaining, one.drawn, one.used, one.returned, one.ended_at is None)
                for one in quotas_by_ids(self.conn, list(self.oracle.quotas))
            }
            assert found == {
                one.quota_id: (one.remaining, one.drawn, one.used, one.returned, one.is_open)
                for one in self.oracle.quotas.values()
            }

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
    let_it_run(shared_database, examples=25, steps=20)


@pytest.mark.slow
def test_stock_adds_up_whatever_happens_for_longer(shared_database: Database):
    let_it_run(shared_database, examples=100, steps=40)


def let_it_run(database: Database, *, examples: int, steps: int) -> None:
    StockMachine.database = database
    run_state_machine_as_test(
        StockMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
