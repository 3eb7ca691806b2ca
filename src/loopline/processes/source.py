"""Source: open orders are gathered in a wave, sites are chosen for them, and the work is put to those sites.

The chosen units go from held to allocated. What no site has goes back among the parked, where the next goods or the
next round over all that waits find it. What is there, but no site can or will send now, stays held: who paid for it
keeps it, and it is sourced again after a while. Neither holds up anybody behind it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.fulfilment import service as fulfilment_service
from loopline.fulfilment.dark import dark_sites
from loopline.fulfilment.model import OfferedLine, OfferTask, TaskKind
from loopline.insight.acceptance.model import Acceptance
from loopline.kernel.events import Event, event
from loopline.kernel.ids import AllocationId, CallId, LineId, OrderId, SiteId, TaskId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.temperatures import COLD
from loopline.orders import LineChange, WaitsFor
from loopline.processes.calling import call_sites, take_due_calls_back
from loopline.processes.outcomes import all_granted
from loopline.processes.reopen import Works, all_units, decisions_to_apply, open_work, still_open
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.sourced import WAITS_FOR, PlannedWork, told_of
from loopline.processes.turn import take_turn
from loopline.processes.waiting_pay import offered_for, pay_for_waiting
from loopline.processes.wave import NOBODY_KNOWS, WaveDesk
from loopline.processes.withdraw import hold_again
from loopline.sourcing import service as sourcing
from loopline.sourcing.equipment import can_send, lock_equipment
from loopline.sourcing.fairness import solve_fairly
from loopline.sourcing.model import (
    Decision,
    Parcel,
    Unfilled,
    Wave,
    WavePlan,
)
from loopline.sourcing.offers import AS_EVER, CalledParcel, Offering, parcels_to_call
from loopline.sourcing.profiles import ProfileInForce, profile_in_force
from loopline.sourcing.solver import FewestParcels, Solver

ORDERS_PER_WAVE_MAX = 200
LOOK_AGAIN_AFTER = {
    WaitsFor.CAPACITY: timedelta(minutes=15),
    WaitsFor.LIMITS: timedelta(minutes=30),
    WaitsFor.SITE: timedelta(hours=1),
    WaitsFor.EQUIPMENT: timedelta(minutes=15),
    WaitsFor.TOGETHER: timedelta(minutes=15),
}
"""How long what is held waits for a site, unless it is woken before: by a raised limit, by work that a site gives back,
by a profile that is put in force, by a site that can send colder goods, or by goods that come to another site."""


class WaveSourced(msgspec.Struct, frozen=True, kw_only=True):
    """What one wave came to; `orders` 0 means that nothing was due.

    `tasks` were put to one site each, `calls` to several. `parked_units` wait for goods, `waiting_units` have their
    goods and wait for a site.
    """

    orders: int
    tasks: tuple[TaskId, ...] = ()
    calls: tuple[CallId, ...] = ()
    split_orders: int = 0
    parked_units: int = 0
    waiting_units: int = 0


def source_wave(
    conn: Conn,
    *,
    now: datetime,
    solver: Solver | None = None,
    limit: int = ORDERS_PER_WAVE_MAX,
    offering: Offering = AS_EVER,
) -> WaveSourced:
    """Source the orders that are due, at most `limit` and at most 200, all of one currency and network, in one go.

    An order whose goods a rival took since they were read stays held for the next wave. `now` is the end of the wave:
    later orders wait for the next. For more orders, or a solver that takes its time: `gather`, `solve`, `apply_part`.
    """
    take_turn(conn)
    desk = gather(conn, now=now, limit=min(limit, ORDERS_PER_WAVE_MAX))
    if desk is None:
        return WaveSourced(orders=0)
    return together(
        [apply_part(conn, desk, part, now=now) for part in solve(desk, solver=solver, offering=offering)]
    )


def gather(
    conn: Conn,
    *,
    now: datetime,
    limit: int,
    profile: ProfileInForce | None = None,
    accepts: Mapping[SiteId, Acceptance] = NOBODY_KNOWS,
) -> WaveDesk | None:
    """Read the orders that are due, at most `limit`, with all that their choice needs. None: nothing is due.

    With them, as far as there is room and the profile says so, orders whose work no site has begun.

    Locks nothing: `apply_part` finds out what changed meanwhile. `accepts`: what to expect of sites offered work.
    """
    profile = profile or profile_in_force(conn)
    waiting = orders.lines_to_source(conn, due_until=now, limit=limit)
    if not waiting:
        return None
    due = {line.order_id for line in waiting}
    works = open_work(conn, profile.settings.reoptimising, but=due, now=now, limit=max(0, limit - len(due)))
    return WaveDesk(conn, waiting, now=now, profile=profile, accepts=accepts, works=works)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of a wave that are applied in one transaction.

    Of their parcels those `called` are put to several sites.
    """

    wave: Wave
    plan: WavePlan
    decisions: Sequence[Decision]
    called: Sequence[CalledParcel] = ()


def solve(desk: WaveDesk, *, solver: Solver | None = None, offering: Offering = AS_EVER) -> list[Part]:
    """Decide the desk's orders, without a database: parts of at most 200 orders, those that wait longest first.

    `offering` says which parcels are put to several sites at once.
    What is collected, or goes by courier, has its site already and waits for nobody else's goods: the plain rule
    decides it.
    """
    plain = FewestParcels()
    parts: list[Part] = []
    for read in desk.waves:
        chosen = plain if solver is None or desk.is_bound(read.orders[0].order_id) else solver
        wave, plan = _solved(desk, read, chosen)
        ordered = decisions_to_apply(plan.decisions, wave, desk.works)
        applied = {one.order_id for one in ordered}
        left = [one for one in plan.decisions if one.order_id not in applied]
        called = parcels_to_call(wave, [*ordered, *left], offering=offering)
        for first in range(0, len(ordered), ORDERS_PER_WAVE_MAX):
            decisions = ordered[first : first + ORDERS_PER_WAVE_MAX]
            of_part = {one.order_id for one in decisions}
            parts.append(
                Part(
                    wave=wave,
                    plan=plan,
                    decisions=decisions,
                    called=[one for one in called if one.parcel.order_id in of_part],
                )
            )
    return parts


def _solved(desk: WaveDesk, wave: Wave, solver: Solver) -> tuple[Wave, WavePlan]:
    """Solve a wave; where others would be given what a site already has, once more without that.

    And, should that not do, without anything that could be decided again.
    """
    seed = wave.wave_id.int & 0xFFFFFFFF
    room, plan = solve_fairly(wave, solver, seed=seed)
    for is_last in (False, True):
        short = {one.order_id for one in plan.decisions if one.unfilled and one.order_id in desk.works}
        if not short:
            break
        left_out = {one.order_id for one in wave.orders if one.is_put} if is_last else short
        wave = desk.without_works(wave, left_out)
        room, plan = solve_fairly(wave, solver, seed=seed)
    return room, plan


def apply_part(conn: Conn, desk: WaveDesk, part: Part, *, now: datetime) -> WaveSourced:
    """Apply decisions, whole orders or nothing of them, and keep each with its reasons.

    An order of which something else is held than was decided on (called off, paid back, decided by a rival) is left to
    the next wave, and so is one whose goods are gone. A call that is still out for an order that is due is taken back
    first. Locks calls, what sites are equipped for, days, goods, then orders.
    """
    take_turn(conn)
    sourcing.record_wave(conn, part.wave, part.plan, now=now)
    taken_back = take_due_calls_back(conn, [one.order_id for one in part.decisions], now=now)
    called = [one for one in part.called if one.parcel.order_id not in taken_back.called_before]
    openly = {id(one.parcel) for one in called}
    direct = [parcel for one in part.decisions for parcel in one.parcels if id(parcel) not in openly]
    moving = still_open(
        conn, {one.order_id: desk.works[one.order_id] for one in part.decisions if one.order_id in desk.works}
    )
    works = _works(_still_able(conn, direct, now=now), part.wave, now=now)
    # Days before goods, as everywhere: a site that refuses locks its day, then the goods it gives back.
    days = [(work.parcel.site_id, desk.day_of(work.parcel.site_id, now=now)) for work in works]
    days += [(task.site_id, task.day) for work in moving.values() for task in work.tasks]
    fulfilment_service.lock_days(conn, days)
    _lock_goods(conn, works, part.decisions, moving)
    moving = _still_whole(conn, part, moving, called=taken_back.called)
    held_again = hold_again(conn, all_units(moving), now=now)
    unchanged = _unchanged(conn, part) - taken_back.called
    decisions = [one for one in part.decisions if one.order_id in unchanged]
    works = [work for work in works if work.parcel.order_id in unchanged]
    sourcing.record_part(conn, part.wave, decisions)
    refused = _allocate(conn, works, now=now)
    works = [work for work in works if work.parcel.order_id not in refused]
    works = _offer(conn, works, desk=desk, now=now)
    unfilled = {
        decision.order_id: decision.unfilled for decision in decisions if decision.order_id not in refused
    }
    parked = _those(unfilled, lambda one: one.reason not in WAITS_FOR)
    released = _park(conn, parked, now=now)
    all_granted(orders.change_lines(conn, _changes(works, parked), now=now))
    waits = _put_off(conn, _those(unfilled, lambda one: one.reason in WAITS_FOR), desk=desk, now=now)
    called = [one for one in called if one.parcel.order_id in unchanged - refused]
    calls, opened = call_sites(conn, called, currency=desk.currency, now=now)
    offered = [
        *(offered_for(work.task_id, work.parcel, [work.parcel.site_id]) for work in works),
        *(
            offered_for(call_id, one.parcel, [site.site_id for site in one.candidates])
            for call_id, one in zip(calls, called, strict=True)
        ),
    ]
    pay_for_waiting(conn, offered, profile=desk.profile, now=now)
    told = [
        *taken_back.told,
        *held_again.told,
        *told_of(decisions, works, refused=refused, desk=desk, now=now),
        *waits,
    ]
    log.append(conn, [*told, *opened, *shortfall_events(released, now=now)])
    return _came_to(part, works, calls, unfilled)


def _came_to(
    part: Part,
    works: Sequence[PlannedWork],
    calls: Sequence[CallId],
    unfilled: Mapping[OrderId, Sequence[Unfilled]],
) -> WaveSourced:
    parcels = Counter(work.parcel.order_id for work in works)
    left = [one for lines in unfilled.values() for one in lines]
    return WaveSourced(
        orders=len(part.decisions),
        tasks=tuple(work.task_id for work in works),
        calls=tuple(calls),
        split_orders=sum(count > 1 for count in parcels.values()),
        parked_units=sum(one.units for one in left if one.reason not in WAITS_FOR),
        waiting_units=sum(one.units for one in left if one.reason in WAITS_FOR),
    )


def together(parts: Sequence[WaveSourced]) -> WaveSourced:
    """What parts of a wave came to in all."""
    return WaveSourced(
        orders=sum(one.orders for one in parts),
        tasks=tuple(task_id for one in parts for task_id in one.tasks),
        calls=tuple(call_id for one in parts for call_id in one.calls),
        split_orders=sum(one.split_orders for one in parts),
        parked_units=sum(one.parked_units for one in parts),
        waiting_units=sum(one.waiting_units for one in parts),
    )


def _unchanged(conn: Conn, part: Part) -> set[OrderId]:
    """The orders that hold what was decided on, no more and no less. Locks their rows."""
    chosen = {one.order_id for one in part.decisions}
    orders.lock_orders(conn, list(chosen))
    held: dict[OrderId, dict[LineId, int]] = {order_id: {} for order_id in chosen}
    for line in orders.lines_by_orders(conn, list(chosen)):
        if line.held:
            held[line.order_id][line.line_id] = line.held
    return {
        order.order_id
        for order in part.wave.orders
        if order.order_id in chosen
        and held[order.order_id] == {need.line_id: need.units for need in order.needs}
    }


def _still_whole(conn: Conn, part: Part, moving: Works, *, called: Collection[OrderId]) -> Works:
    """The work of orders that hold nothing else by now, and were called by nobody. Locks the part's orders by id."""
    if not moving:
        return moving
    orders.lock_orders(conn, [one.order_id for one in part.decisions])
    held = {line.order_id for line in orders.lines_by_orders(conn, list(moving)) if line.held}
    return {
        order_id: work for order_id, work in moving.items() if order_id not in held and order_id not in called
    }


def _still_able(conn: Conn, parcels: Sequence[Parcel], *, now: datetime) -> list[Parcel]:
    """The parcels whose sites can send them as cold as they are kept, now that nobody takes that away any more.

    What the others were to send stays held for the next wave. Locks what sites are equipped for.
    """
    cold = {one.site_id for one in parcels if one.temperature_class in COLD}
    able = lock_equipment(conn, cold, now=now)
    return [one for one in parcels if can_send(able, one.site_id, one.temperature_class)]


def _works(parcels: Sequence[Parcel], wave: Wave, *, now: datetime) -> list[PlannedWork]:
    answer_minutes = {site.site_id: site.answer_minutes for site in wave.sites}
    ids = iter(uuid7s(now, sum(len(parcel.lines) + 1 for parcel in parcels)))
    return [
        PlannedWork(
            parcel=parcel,
            task_id=TaskId(next(ids)),
            allocation_ids=tuple(AllocationId(next(ids)) for _ in parcel.lines),
            deadline=now + timedelta(minutes=answer_minutes[parcel.site_id]),
        )
        for parcel in parcels
    ]


def _lock_goods(
    conn: Conn, works: Sequence[PlannedWork], decisions: Sequence[Decision], moving: Works
) -> None:
    """Lock at once what is allocated and what is given back: one after the other they would lock in another order."""
    lines = [line for work in works for line in work.parcel.lines]
    unfilled = [one.line_id for decision in decisions for one in decision.unfilled]
    stock.lock_stock(
        conn,
        [
            *((line.leaf_id, line.sku_id) for line in lines),
            *((leaf_id, sku_id) for work in moving.values() for leaf_id, sku_id, _ in work.goods()),
        ],
        line_ids=[*(line.line_id for line in lines), *unfilled],
    )


def _allocate(conn: Conn, works: Sequence[PlannedWork], *, now: datetime) -> set[OrderId]:
    """Tie what was chosen to its leaves, order by order, all or nothing; returns the orders whose goods were gone."""
    lines: dict[OrderId, list[stock.AllocationLine]] = {}
    for work in works:
        lines.setdefault(work.parcel.order_id, []).extend(
            stock.AllocationLine(
                allocation_id=allocation_id,
                line_id=line.line_id,
                leaf_id=line.leaf_id,
                sku_id=line.sku_id,
                units=line.units,
            )
            for allocation_id, line in zip(work.allocation_ids, work.parcel.lines, strict=True)
        )
    asks = [
        stock.AllocationAsk(order_id=order_id, lines=tuple(of_order)) for order_id, of_order in lines.items()
    ]
    outcomes = stock.allocate_units(conn, asks, now=now)
    return {ask.order_id for ask, outcome in zip(asks, outcomes, strict=True) if isinstance(outcome, Refusal)}


def _offer(conn: Conn, works: Sequence[PlannedWork], *, desk: WaveDesk, now: datetime) -> list[PlannedWork]:
    """Put the work to its sites; what a site has no room for after all goes back to its hold, for the next wave."""
    offers = [
        OfferTask(
            task_id=work.task_id,
            order_id=work.parcel.order_id,
            site_id=work.parcel.site_id,
            kind=TaskKind.COLLECT if desk.is_collected(work.parcel.order_id) else TaskKind.DELIVER,
            day=desk.day_of(work.parcel.site_id, now=now),
            deadline=work.deadline,
            temperature_class=work.parcel.temperature_class,
            lines=tuple(
                OfferedLine(
                    allocation_id=allocation_id,
                    line_id=line.line_id,
                    leaf_id=line.leaf_id,
                    sku_id=line.sku_id,
                    units=line.units,
                )
                for allocation_id, line in zip(work.allocation_ids, work.parcel.lines, strict=True)
            ),
        )
        for work in works
    ]
    outcomes = fulfilment_service.offer_tasks(conn, offers, now=now)
    full = [work for work, outcome in zip(works, outcomes, strict=True) if isinstance(outcome, Refusal)]
    all_granted(
        stock.release_allocations(
            conn,
            [
                stock.AllocationRelease(allocation_id=allocation_id, to_hold=True)
                for work in full
                for allocation_id in work.allocation_ids
            ],
            now=now,
        )
    )
    return [work for work, outcome in zip(works, outcomes, strict=True) if not isinstance(outcome, Refusal)]


def _those(
    unfilled: Mapping[OrderId, Sequence[Unfilled]], is_meant: Callable[[Unfilled], bool]
) -> dict[OrderId, list[Unfilled]]:
    """The unfilled needs of one kind, by order; orders without any are left out."""
    found = {order_id: [one for one in lines if is_meant(one)] for order_id, lines in unfilled.items()}
    return {order_id: lines for order_id, lines in found.items() if lines}


def _put_off(
    conn: Conn, waiting: Mapping[OrderId, Sequence[Unfilled]], *, desk: WaveDesk, now: datetime
) -> list[Event]:
    """Let orders wait, with their goods, for what may come soonest; returns what is to be told of new waits."""
    puts: list[orders.PutOff] = []
    told: list[Event] = []
    changed = desk.came_since(
        conn,
        {
            one.sku_id
            for lines in waiting.values()
            for one in lines
            if WAITS_FOR[one.reason] in orders.WAIT_FOR_OTHER_GOODS
        },
    )
    is_lit = bool(waiting) and not desk.dark.issubset(dark_sites(conn))
    for order_id, lines in waiting.items():
        if is_lit or any(one.sku_id in changed for one in lines):
            continue  # whoever brought it, or came back, did not find the order waiting: it stays due
        waits_for = min((WAITS_FOR[one.reason] for one in lines), key=lambda one: LOOK_AGAIN_AFTER[one])
        until = now + LOOK_AGAIN_AFTER[waits_for]
        puts.append(orders.PutOff(order_id=order_id, waits_for=waits_for, until=until))
        if desk.orders[order_id].source_waits_for is waits_for:
            continue
        body = orders.SourcingPutOff(
            order_id=order_id,
            waits_for=waits_for,
            until=until,
            lines=tuple(orders.LineUnitsMoved(line_id=one.line_id, units=one.units) for one in lines),
        )
        told.append(event(body, subject=order_id, at=now))
    orders.put_off(conn, puts)
    return told


def _park(
    conn: Conn, unfilled: Mapping[OrderId, Sequence[Unfilled]], *, now: datetime
) -> list[stock.Released]:
    """Give back the holds of what no site can send."""
    releases = [
        stock.Release(line_id=one.line_id, units=one.units) for lines in unfilled.values() for one in lines
    ]
    return all_granted(stock.release_holds(conn, releases, now=now))


def _changes(
    works: Sequence[PlannedWork], unfilled: Mapping[OrderId, Sequence[Unfilled]]
) -> list[LineChange]:
    moved: dict[tuple[OrderId, LineId], int] = {}
    for work in works:
        for line in work.parcel.lines:
            key = (work.parcel.order_id, line.line_id)
            moved[key] = moved.get(key, 0) + line.units
    changes = [
        LineChange(order_id=order_id, line_id=line_id, held=-units, allocated=units)
        for (order_id, line_id), units in moved.items()
    ]
    return changes + [
        LineChange(order_id=order_id, line_id=one.line_id, held=-one.units, parked=one.units)
        for order_id, lines in unfilled.items()
        for one in lines
    ]
