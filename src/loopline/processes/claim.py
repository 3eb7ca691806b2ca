"""Claim: of the sites that work was put to at once, the first to claim it has it: goods, place in the day and task."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from loopline import orders, org, stock
from loopline.db import Conn, log
from loopline.fulfilment import calls
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.calls import Call, CallIsOver, CallState, ClaimCall, UnknownCall, judge_claim
from loopline.fulfilment.events import CallClaimed, OfferedWork, TaskAccepted, TasksOffered
from loopline.fulfilment.model import AcceptTask, Capacity, OfferedLine, OfferTask, TaskKind
from loopline.fulfilment.rules import SiteIsFull, SiteTakesNoTasks
from loopline.fulfilment.waiting import Handed, carry_waiting_pay
from loopline.kernel.events import Event, event
from loopline.kernel.ids import AllocationId, CallId, NodeId, OrderId, PersonId, SiteId, SkuId, TaskId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.kernel.temperatures import COLD
from loopline.kernel.times import business_day
from loopline.orders import LineChange
from loopline.processes.outcomes import all_granted
from loopline.sourcing.equipment import can_send, lock_equipment
from loopline.stock.refusals import LeafOutsideHold, LeafTooShort, PromisedToOthers


class GoodsAreGone(Refusal, frozen=True, kw_only=True):
    """Site {site_id} no longer has what call {call_id} asks for."""

    call_id: UUID
    site_id: UUID


class NotEquipped(Refusal, frozen=True, kw_only=True):
    """Site {site_id} is not equipped to send goods as cold as call {call_id} asks."""

    call_id: UUID
    site_id: UUID


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """The call is the site's, as a task that is accepted. `is_repeat`: the same site and person claimed it before."""

    call_id: CallId
    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    by: PersonId | None
    at: datetime
    is_repeat: bool = False


def claim(
    conn: Conn, commands: Sequence[ClaimCall], *, scope: Scope, now: datetime
) -> list[Claimed | Refusal]:
    """Let sites claim calls, in the order given: each goes to the first that can still do it.

    Of rivals one wins and the others are told; a site that has no time or no goods left is refused, and the call stays
    open for the others. Claiming twice is claiming once. Locks calls by id, what sites are equipped for, days, goods,
    then orders.
    """
    if not commands:
        return []
    outcomes: list[Claimed | Refusal | None] = [
        None if scope.covers_site(one.site_id) else NotInYourBranch(subject=str(one.call_id))
        for one in commands
    ]
    asked: list[int] = [place for place, outcome in enumerate(outcomes) if outcome is None]
    desk = _Desk(conn, [commands[place] for place in asked], now=now)
    while asked:  # once for each command on the call that has most of them in this batch
        first = {commands[place].call_id: place for place in reversed(asked)}
        for place, outcome in desk.decide({place: commands[place] for place in first.values()}).items():
            outcomes[place] = outcome
        asked = [place for place in asked if outcomes[place] is None]
    desk.carry_out()
    return [outcome for outcome in outcomes if outcome is not None]


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that is granted as far as the day and the shelf go."""

    command: ClaimCall
    call: Call
    task_id: TaskId
    day: date
    lines: tuple[stock.AllocationLine, ...]


class _Desk:
    """A batch of claims: everything it may need is locked, in order, before the first is decided."""

    def __init__(self, conn: Conn, commands: Sequence[ClaimCall], *, now: datetime) -> None:
        self._conn, self._now = conn, now
        self._calls = {
            call.call_id: call for call in calls.lock_calls(conn, list({one.call_id for one in commands}))
        }
        self._granted: list[_Plan] = []
        meant = [one for one in commands if not isinstance(self._judged(one), Refusal)]
        site_ids = {one.site_id for one in meant}
        cold = {one.site_id for one in meant if self._calls[one.call_id].temperature_class in COLD}
        self._able = lock_equipment(conn, cold, now=now)
        sites = org.sites_by_id(conn, site_ids)
        self._days = {site_id: business_day(now, sites[site_id].time_zone) for site_id in site_ids}
        days: list[Capacity] = fulfilment.lock_days(conn, list(self._days.items()))
        self._limits = {one.site_id: one.tasks_limit for one in days}
        self._left = {one.site_id: one.left for one in days}
        self._leaf_ids: dict[SiteId, list[NodeId]] = {}
        for leaf in stock.leaves_of_sites(conn, list(site_ids)) if site_ids else []:
            assert leaf.site_id is not None
            self._leaf_ids.setdefault(leaf.site_id, []).append(leaf.id)
        lines = [(one.site_id, line) for one in meant for line in self._calls[one.call_id].lines]
        keys = {(leaf, line.sku_id) for site_id, line in lines for leaf in self._leaf_ids.get(site_id, ())}
        if keys:
            stock.lock_stock(conn, keys, line_ids={line.line_id for _, line in lines})
        self._networks = _networks(conn, {self._calls[one.call_id].order_id for one in meant})
        sku_ids = list({sku_id for _, sku_id in keys})
        self._reach = {
            network: stock.sellable_units(conn, sku_ids, under=network)
            for network in set(self._networks.values())  # a brand has a handful
        }
        self._sellable: dict[tuple[NodeId, SkuId], int] = {}
        for found in self._reach.values():
            for key in keys & found.keys():
                self._sellable[key] = min(found[key], self._sellable.get(key, found[key]))

    def decide(self, commands: Mapping[int, ClaimCall]) -> dict[int, Claimed | Refusal]:
        """Decide commands on different calls, and tie the goods of those that are granted."""
        outcomes: dict[int, Claimed | Refusal] = {}
        plans: dict[int, _Plan] = {}
        for place, command in sorted(commands.items()):
            plan = self._plan(command)
            if isinstance(plan, _Plan):
                plans[place] = plan
            else:
                outcomes[place] = plan
        asks = [stock.AllocationAsk(order_id=plan.call.order_id, lines=plan.lines) for plan in plans.values()]
        tied = stock.allocate_units(self._conn, asks, now=self._now)
        for (place, plan), outcome in zip(plans.items(), tied, strict=True):
            outcomes[place] = (
                self._refused(plan, outcome) if isinstance(outcome, Refusal) else self._grant(plan)
            )
        return outcomes

    def _judged(self, command: ClaimCall) -> Call | Refusal:
        call = self._calls.get(command.call_id)
        if call is None:
            return UnknownCall(call_id=command.call_id, site_id=command.site_id)
        return judge_claim(command, call, now=self._now)

    def _plan(self, command: ClaimCall) -> _Plan | Claimed | Refusal:
        call = self._judged(command)
        if isinstance(call, Refusal):
            return call
        if call.state is CallState.CLAIMED:
            return _claimed(call, is_repeat=True)
        site_id, day = command.site_id, self._days[command.site_id]
        unable = self._unable(call, site_id, day)
        if unable is not None:
            return unable
        drawn = self._draw(call, site_id)
        if drawn is None:
            return GoodsAreGone(call_id=call.call_id, site_id=site_id)
        task_id, *made = uuid7s(self._now, len(drawn) + 1)
        lines = tuple(
            replace(line, allocation_id=AllocationId(one)) for line, one in zip(drawn, made, strict=True)
        )
        self._left[site_id] -= 1
        for line in lines:
            self._sellable[line.leaf_id, line.sku_id] -= line.units
        return _Plan(command=command, call=call, task_id=TaskId(task_id), day=day, lines=lines)

    def _unable(self, call: Call, site_id: SiteId, day: date) -> Refusal | None:
        """Say why a site cannot send the parcel, whatever goods it has."""
        if not can_send(self._able, site_id, call.temperature_class):
            return NotEquipped(call_id=call.call_id, site_id=site_id)
        if site_id not in self._left:
            return SiteTakesNoTasks(site_id=site_id, day=day)
        if self._left[site_id] <= 0:
            return SiteIsFull(site_id=site_id, day=day, tasks_limit=self._limits[site_id])
        return None

    def _draw(self, call: Call, site_id: SiteId) -> list[stock.AllocationLine] | None:
        """Draw what is called from the site's leaves in their order; None where they have not got all of it."""
        reach = self._reach[self._networks[call.order_id]]
        taken: dict[tuple[NodeId, SkuId], int] = {}
        drawn: list[stock.AllocationLine] = []
        for line in call.lines:
            missing = line.units
            for leaf_id in self._leaf_ids.get(site_id, ()):
                key = (leaf_id, line.sku_id)
                units = min(missing, self._sellable[key] - taken.get(key, 0)) if key in reach else 0
                if units > 0:
                    taken[key] = taken.get(key, 0) + units
                    missing -= units
                    drawn.append(
                        stock.AllocationLine(
                            allocation_id=AllocationId(call.call_id),  # each gets its own
                            line_id=line.line_id,
                            leaf_id=leaf_id,
                            sku_id=line.sku_id,
                            units=units,
                        )
                    )
            if missing:
                return None
        return drawn

    def _refused(self, plan: _Plan, refusal: Refusal) -> Refusal:
        """Give back what was counted for a claim whose goods cannot be tied after all."""
        self._left[plan.command.site_id] += 1
        for line in plan.lines:
            self._sellable[line.leaf_id, line.sku_id] += line.units
        if isinstance(refusal, LeafTooShort | PromisedToOthers | LeafOutsideHold):
            return GoodsAreGone(call_id=plan.call.call_id, site_id=plan.command.site_id)
        return CallIsOver(call_id=plan.call.call_id, deadline=plan.call.deadline)

    def _grant(self, plan: _Plan) -> Claimed:
        call = replace(
            plan.call,
            state=CallState.CLAIMED,
            site_id=plan.command.site_id,
            claimed_by=plan.command.by,
            task_id=plan.task_id,
            ended_at=self._now,
        )
        self._calls[call.call_id] = call
        self._granted.append(plan)
        return _claimed(call, is_repeat=False)

    def carry_out(self) -> None:
        """Write the tasks, accepted, move the orders' units, keep who claimed, and say so."""
        if not self._granted:
            return
        conn, now = self._conn, self._now
        all_granted(fulfilment.offer_tasks(conn, [_offer(plan) for plan in self._granted], now=now))
        taken = [AcceptTask(task_id=plan.task_id, by=plan.command.by) for plan in self._granted]
        sites = frozenset(plan.command.site_id for plan in self._granted)
        all_granted(fulfilment.accept_tasks(conn, taken, scope=Scope(sites=sites), now=now))
        calls.write_claims(conn, [self._calls[plan.call.call_id] for plan in self._granted])
        carry_waiting_pay(
            conn,
            [
                Handed(call_id=plan.call.call_id, task_id=plan.task_id, site_id=plan.command.site_id)
                for plan in self._granted
            ],
        )
        changes = [
            LineChange(
                order_id=plan.call.order_id, line_id=line.line_id, held=-line.units, allocated=line.units
            )
            for plan in self._granted
            for line in plan.lines
        ]
        all_granted(orders.change_lines(conn, changes, now=now))
        orders.begin_work(conn, list({plan.call.order_id for plan in self._granted}), now=now)
        log.append(conn, [told for plan in self._granted for told in _told(plan, now=now)])


def _networks(conn: Conn, order_ids: Iterable[OrderId]) -> dict[OrderId, NodeId]:
    """The node that each order's goods are held at."""
    heads = orders.orders_by_ids(conn, list(order_ids))
    channels = orders.channels_by_code(conn) if heads else {}
    return {head.id: channels[head.channel].network_node_id for head in heads}


def _claimed(call: Call, *, is_repeat: bool) -> Claimed:
    assert call.task_id is not None
    assert call.site_id is not None
    assert call.ended_at is not None
    return Claimed(
        call_id=call.call_id,
        task_id=call.task_id,
        order_id=call.order_id,
        site_id=call.site_id,
        by=call.claimed_by,
        at=call.ended_at,
        is_repeat=is_repeat,
    )


def _offer(plan: _Plan) -> OfferTask:
    return OfferTask(
        task_id=plan.task_id,
        order_id=plan.call.order_id,
        site_id=plan.command.site_id,
        kind=TaskKind.DELIVER,
        day=plan.day,
        deadline=plan.call.deadline,
        temperature_class=plan.call.temperature_class,
        lines=tuple(
            OfferedLine(
                allocation_id=line.allocation_id,
                line_id=line.line_id,
                leaf_id=line.leaf_id,
                sku_id=line.sku_id,
                units=line.units,
            )
            for line in plan.lines
        ),
    )


def _told(plan: _Plan, *, now: datetime) -> list[Event]:
    order_id, site_id = plan.call.order_id, plan.command.site_id
    actor = str(plan.command.by or "site")
    offered = OfferedWork(
        task_id=plan.task_id,
        site_id=site_id,
        kind=TaskKind.DELIVER,
        deadline=plan.call.deadline,
        units=sum(line.units for line in plan.lines),
    )
    claimed = CallClaimed(call_id=plan.call.call_id, order_id=order_id, site_id=site_id, task_id=plan.task_id)
    accepted = TaskAccepted(task_id=plan.task_id, order_id=order_id, site_id=site_id)
    return [
        event(claimed, subject=order_id, at=now, actor=actor),
        event(TasksOffered(order_id=order_id, tasks=(offered,)), subject=order_id, at=now),
        event(accepted, subject=order_id, at=now, actor=actor),
    ]
