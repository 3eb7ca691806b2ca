"""Cancel: what was not handed over is called off: waiting and held units are given back, work is taken back.

Nothing was sold yet, so no share is touched; what was paid for the units goes back to who paid. Units that wait go
first, then those set aside, then those a site works on: the least work is undone.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.fulfilment import calls
from loopline.fulfilment import queries as fulfilment_queries
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.calls import Call
from loopline.fulfilment.events import TaskCancelled
from loopline.fulfilment.model import CancelledWork, CancelTask, TaskState, WithdrawnUnits
from loopline.kernel.events import Event, event
from loopline.kernel.ids import AllocationId, LineId, MemberId, OrderId, TaskId, uuid7s
from loopline.kernel.money import portion
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import BRINGING_FEES, CancelledLine, Line, LineChange, LineKind, Order, OrderStage
from loopline.payments import queries as payments
from loopline.processes.amounts import part_amounts
from loopline.processes.calling import end_calls, wake_called
from loopline.processes.cancel_refusals import (
    FitterOnTheWay,
    MoreThanCancellable,
    NothingToCancel,
    UnknownOrder,
    UnknownOrderLine,
    UnpaidOnlyWhole,
)
from loopline.processes.coupons.standing import come_back, is_let_off
from loopline.processes.gifts import GiftOfOrder, gifts_of_orders, with_lost
from loopline.processes.outcomes import all_as_read, all_granted
from loopline.processes.refund import Refund, refund
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.turn import take_turn
from loopline.slots import visits

_WORKED_ON = frozenset(
    {TaskState.OFFERED, TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED}
)


class UnitsToCancel(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of a line."""

    line_id: LineId
    units: int


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order is called off; without lines all that is left of it. `by_member`: by the customer.

    `of_tasks`: only what these tasks still have, so that what waits or is worked on elsewhere stays as it is.
    """

    order_id: OrderId
    lines: tuple[UnitsToCancel, ...] = ()
    of_tasks: tuple[TaskId, ...] = ()
    by_member: MemberId | None = None
    actor: str = "system"


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """What was called off, and what is paid back for it. No lines: the order was cancelled before."""

    order_id: OrderId
    lines: tuple[UnitsToCancel, ...]
    refund_minor: int
    currency: str
    stage: OrderStage


class CalledOff(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order is called off, as money; `before_minor` was earlier. `id` names the refund for good."""

    id: UUID
    order: Order
    before_minor: int
    amount_minor: int


class _Work(msgspec.Struct, kw_only=True):
    """Units of an allocation that a task still has."""

    task_id: TaskId
    allocation_id: AllocationId
    units: int


class _Standing(msgspec.Struct, kw_only=True):
    """Where the units of a line stand while a batch is planned."""

    line: Line
    parked: int
    held: int
    work: list[_Work]
    cancelled: int

    def cancellable(self, of_tasks: Collection[TaskId] = ()) -> int:
        in_tasks = sum(one.units for one in self.work if not of_tasks or one.task_id in of_tasks)
        return in_tasks if of_tasks else self.parked + self.held + in_tasks


class _Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a cancellation takes of one line, and what that amounts to, tax included. `charged`: units of a charge."""

    line: Line
    parked: int
    held: int
    work: tuple[_Work, ...]
    amount_minor: int
    charged: int = 0

    @property
    def units(self) -> int:
        return self.parked + self.held + self.allocated + self.charged

    @property
    def allocated(self) -> int:
        return sum(one.units for one in self.work)


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A cancellation that is carried out."""

    position: int
    id: UUID
    order: Order
    actor: str
    taken: tuple[_Taken, ...]
    amount_before_minor: int

    @property
    def amount_minor(self) -> int:
        return sum(one.amount_minor for one in self.taken)

    def called_off(self) -> CalledOff:
        return CalledOff(
            id=self.id,
            order=self.order,
            before_minor=self.amount_before_minor,
            amount_minor=self.amount_minor,
        )


def cancel(
    conn: Conn, asked: Sequence[Cancellation], *, scope: Scope, now: datetime
) -> list[Cancelled | Refusal]:
    """Call off what is left of orders, or parts of it, in the order given; each is done whole or refused.

    Staff cancel what is sold by sites in scope, members their own, until a fitter is on the way. One that was
    cancelled whole before is answered so again. Gifts that what is left would not have earned go with it, unless they
    were handed over. What is no goods was charged at once and stays, but for what bringing the goods was to cost: that
    goes with the whole order. Takes the turn, then locks calls, tasks, days, goods, orders.
    """
    take_turn(conn)
    order_ids = list({one.order_id for one in asked})
    # Whoever claims at this moment is waited for: then it is a task, that is taken back as any other.
    called = calls.lock_calls_of_orders(conn, order_ids)
    standing, fees = _lock_standing(conn, order_ids)
    parts = list({one.order_id for one in asked if one.lines or one.of_tasks})
    gifts = gifts_of_orders(conn, orders.lines_by_orders(conn, parts)) if parts else {}
    # Read once the tasks are locked: with the turn taken, only payments and the end of the time to pay can change them.
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    expected = visits.orders_on_the_way(conn, [one.order_id for one in asked if one.by_member is not None])
    outcomes: list[Cancelled | Refusal] = []
    plans: list[_Plan] = []
    for position, (one, made) in enumerate(zip(asked, uuid7s(now, len(asked)), strict=True)):
        head = heads.get(one.order_id)
        refusal = _refusal_of(one, head, scope=scope, expected=expected)
        if refusal is not None or head is None:
            outcomes.append(refusal or UnknownOrder(order_id=one.order_id))
            continue
        lines = standing.get(head.id, {})
        before = sum(cancelled_minor(of.line, units=of.cancelled) for of in lines.values())
        taken = _plan(one, head, lines, gifts.get(head.id, ()))
        if isinstance(taken, Refusal):
            outcomes.append(taken)
            continue
        if taken and all(of.cancelled == of.line.units for of in lines.values()):
            taken = (*taken, *fees.get(head.id, ()))
        outcomes.append(_nothing_new(head))
        if taken:
            plans.append(
                _Plan(
                    position=position,
                    id=made,
                    order=head,
                    actor=one.actor,
                    taken=taken,
                    amount_before_minor=before,
                )
            )
    _carry_out(conn, plans, outcomes, called=called, now=now)
    return outcomes


def _lock_standing(
    conn: Conn, order_ids: Sequence[OrderId]
) -> tuple[dict[OrderId, dict[LineId, _Standing]], dict[OrderId, tuple[_Taken, ...]]]:
    """Lock the open tasks of orders, then read where the units of their goods stand, and what bringing them costs."""
    open_tasks = [
        task.task_id
        for task in fulfilment_queries.tasks_of_orders(conn, order_ids)
        if task.state in _WORKED_ON
    ]
    locked = [task for task in fulfilment.lock_tasks(conn, open_tasks) if task.state in _WORKED_ON]
    work: dict[LineId, list[_Work]] = {}
    lines_of = fulfilment_queries.lines_of_tasks(conn, [task.task_id for task in locked]) if locked else {}
    for task in locked:
        for line in lines_of[task.task_id]:
            if line.left:
                found = _Work(task_id=task.task_id, allocation_id=line.allocation_id, units=line.left)
                work.setdefault(line.line_id, []).append(found)
    standing: dict[OrderId, dict[LineId, _Standing]] = {}
    fees: dict[OrderId, tuple[_Taken, ...]] = {}
    for line in orders.lines_by_orders(conn, order_ids):
        if line.code in BRINGING_FEES and line.kind is LineKind.CHARGE and not line.cancelled:
            fee = _Taken(
                line=line, parked=0, held=0, work=(), charged=line.units, amount_minor=line.amount_minor
            )
            fees[line.order_id] = (*fees.get(line.order_id, ()), fee)
        if line.kind is LineKind.GOODS:
            standing.setdefault(line.order_id, {})[line.line_id] = _Standing(
                line=line,
                parked=line.parked,
                held=line.held,
                work=work.get(line.line_id, []),
                cancelled=line.cancelled,
            )
    return standing, fees


def _refusal_of(
    one: Cancellation, head: Order | None, *, scope: Scope, expected: Collection[OrderId]
) -> Refusal | None:
    if one.by_member is not None:
        if head is None or head.member_id != one.by_member:
            return UnknownOrder(order_id=one.order_id)
        return FitterOnTheWay(number=head.number) if head.id in expected else None
    if head is not None and not scope.covers_site(head.site_id):
        return NotInYourBranch(subject=str(one.order_id))
    return None


def _plan(
    one: Cancellation, head: Order, lines: Mapping[LineId, _Standing], gifts: Sequence[GiftOfOrder]
) -> tuple[_Taken, ...] | Refusal:
    """Say what a cancellation takes of which lines, and take it from where they stand."""
    whole = {line_id: units for line_id, of in lines.items() if (units := of.cancellable())}
    there = {line_id: units for line_id, of in lines.items() if (units := of.cancellable(one.of_tasks))}
    wanted = {unit.line_id: unit.units for unit in one.lines} or there
    refusal = _refusal_of_units(one, head, lines, wanted=wanted, there=there)
    if refusal is not None:
        return refusal
    if gifts and (one.lines or one.of_tasks):
        stands = {key: of.line.units - of.cancelled - of.line.returned for key, of in lines.items()}
        wanted = with_lost(wanted, gifts, standing=stands, whole=whole)
    if wanted and head.pay_until is not None and wanted != whole:
        return UnpaidOnlyWhole(order_id=head.id, number=head.number)
    return tuple(_take(lines[line_id], units, one.of_tasks) for line_id, units in wanted.items())


def _refusal_of_units(
    one: Cancellation,
    head: Order,
    lines: Mapping[LineId, _Standing],
    *,
    wanted: Mapping[LineId, int],
    there: Mapping[LineId, int],
) -> Refusal | None:
    if not wanted:
        # Whoever asks twice for the same is told that it is so.
        is_cancelled = head.units > 0 and all(of.cancelled == of.line.units for of in lines.values())
        return None if is_cancelled else NothingToCancel(order_id=head.id, number=head.number)
    if len(wanted) < len(one.lines):
        return UnknownOrderLine(line_id=one.lines[0].line_id)
    for line_id, units in wanted.items():
        if line_id not in lines:
            return UnknownOrderLine(line_id=line_id)
        if not 0 < units <= there.get(line_id, 0):
            return MoreThanCancellable(line_id=line_id, units=units, cancellable=there.get(line_id, 0))
    return None


def _take(standing: _Standing, units: int, of_tasks: Collection[TaskId]) -> _Taken:
    """Take units of a line: from the tasks that are named, else (and for what is lost with it) what waits first."""
    # From the far end of the line: what is handed over is counted from the near one.
    units_before = standing.line.units - standing.cancelled - units
    amount_minor, _ = part_amounts(standing.line, units_before=units_before, units=units)
    standing.cancelled += units
    named = _take_work([one for one in standing.work if one.task_id in of_tasks], units)
    left = units - sum(one.units for one in named)
    parked = min(left, standing.parked)
    held = min(left - parked, standing.held)
    standing.parked -= parked
    standing.held -= held
    work = (*named, *_take_work(standing.work, left - parked - held))
    return _Taken(line=standing.line, parked=parked, held=held, work=work, amount_minor=amount_minor)


def _take_work(work: Sequence[_Work], units: int) -> list[_Work]:
    found: list[_Work] = []
    for one in work:
        some = min(units, one.units)
        if some:
            one.units -= some
            units -= some
            found.append(_Work(task_id=one.task_id, allocation_id=one.allocation_id, units=some))
    return found


def cancelled_minor(line: Line, *, units: int) -> int:
    """Return what cancelled units of a line came to, counted from its far end."""
    return line.amount_minor - portion(line.amount_minor, line.units - units, line.units)


def _nothing_new(head: Order) -> Cancelled:
    return Cancelled(order_id=head.id, lines=(), refund_minor=0, currency=head.currency, stage=head.stage)


# -------------------------------------------------------------------------------------------------------- carrying out


def _carry_out(
    conn: Conn,
    plans: Sequence[_Plan],
    outcomes: list[Cancelled | Refusal],
    *,
    called: Sequence[Call],
    now: datetime,
) -> None:
    """Take the work back, give the goods back, pay back, and say so."""
    taken = [one for plan in plans for one in plan.taken]
    changed = {one.line.order_id for one in taken if one.held}
    over = [call for call in called if call.order_id in changed]
    withdrawn = [*end_calls(conn, over, now=now), *_take_work_back(conn, plans, now=now)]
    given_back = _give_goods_back(conn, taken, now=now)
    changes = [
        LineChange(
            order_id=one.line.order_id,
            line_id=one.line.line_id,
            parked=-one.parked,
            held=-one.held,
            allocated=-one.allocated,
            handed_over=-one.charged,
            cancelled=one.units,
        )
        for one in taken
    ]
    all_as_read(orders.change_lines(conn, changes, now=now))
    # What is still held of an order whose calls are over is put to sites anew.
    wake_called(conn, [call.order_id for call in over], now=now)
    # Called off is not run out of time: a payment that still comes goes back, and holds nothing again.
    unpaid = [plan.order.id for plan in plans if plan.order.pay_until is not None]
    orders.set_paid(conn, unpaid, now=now, was_paid=False)
    called_off = [plan.called_off() for plan in plans]
    refunds = refunds_of(conn, called_off, now=now)
    refund(conn, [one for one in refunds if one.amount_minor], now=now)
    coupons = come_back(conn, {one.line.order_id for one in taken if is_let_off(one.line)}, now=now)
    after = {head.id: head for head in orders.orders_by_ids(conn, list({plan.order.id for plan in plans}))}
    for plan, paid_back in zip(plans, refunds, strict=True):
        outcomes[plan.position] = Cancelled(
            order_id=plan.order.id,
            lines=tuple(UnitsToCancel(line_id=one.line.line_id, units=one.units) for one in plan.taken),
            refund_minor=paid_back.amount_minor,
            currency=plan.order.currency,
            stage=after[plan.order.id].stage,
        )
    log.append(
        conn,
        [
            *withdrawn,
            *(_lines_cancelled(plan, after[plan.order.id], now=now) for plan in plans),
            *given_back,
            *coupons,
        ],
    )


def _give_goods_back(conn: Conn, taken: Sequence[_Taken], *, now: datetime) -> Sequence[Event]:
    """Release what was held and untie what was allocated; returns what is to be told of shortfalls."""
    stock.lock_stock(
        conn,
        [],
        line_ids=[one.line.line_id for one in taken if one.held],
        allocation_ids=[work.allocation_id for one in taken for work in one.work],
    )
    releases = [stock.Release(line_id=one.line.line_id, units=one.held) for one in taken if one.held]
    # The turn does not keep what is unpaid from running out at this very moment.
    released = all_as_read(stock.release_holds(conn, releases, now=now))
    untied = all_granted(
        stock.release_allocations(
            conn,
            [
                stock.AllocationRelease(allocation_id=work.allocation_id, units=work.units, to_hold=False)
                for one in taken
                for work in one.work
            ],
            now=now,
        )
    )
    return shortfall_events([*released, *untied], now=now)


def _take_work_back(conn: Conn, plans: Sequence[_Plan], *, now: datetime) -> list[Event]:
    commands: list[tuple[_Plan, TaskId, tuple[WithdrawnUnits, ...]]] = []
    for plan in plans:
        of_tasks: dict[TaskId, list[WithdrawnUnits]] = {}
        for taken in plan.taken:
            for work in taken.work:
                units = WithdrawnUnits(allocation_id=work.allocation_id, units=work.units)
                of_tasks.setdefault(work.task_id, []).append(units)
        commands += [(plan, task_id, tuple(units)) for task_id, units in of_tasks.items()]
    outcomes = fulfilment.cancel_tasks(
        conn,
        [
            CancelTask(command_id=command_id, task_id=task_id, lines=units)
            for (_, task_id, units), command_id in zip(commands, uuid7s(now, len(commands)), strict=True)
        ],
        scope=WHOLE_BRAND,
        now=now,
    )
    return [
        _task_cancelled(work, actor=plan.actor, now=now)
        for (plan, _, _), work in zip(commands, all_granted(outcomes), strict=True)
    ]


def refunds_of(conn: Conn, called_off: Sequence[CalledOff], *, now: datetime) -> list[Refund]:
    """What goes back: of what is called off the part that was paid, unpaid amounts being called off first.

    Read once the orders are locked, so that money taken a moment ago counts. Refunds of nothing are among them.
    """
    taken: dict[OrderId, int] = {}
    for money in payments.money_of_orders(conn, list({one.order.id for one in called_off})):
        taken[money.order_id] = taken.get(money.order_id, 0) + money.taken_minor
    refunds: list[Refund] = []
    for one in called_off:
        unpaid = max(0, one.order.amount_minor - taken.get(one.order.id, 0))
        after = one.before_minor + one.amount_minor
        refunds.append(
            Refund(
                cause_id=one.id,
                order_id=one.order.id,
                entity_id=one.order.seller_entity_id,
                currency=one.order.currency,
                amount_minor=max(0, after - unpaid) - max(0, one.before_minor - unpaid),
                at=now,
            )
        )
    return refunds


def _lines_cancelled(plan: _Plan, after: Order, *, now: datetime) -> Event:
    body = orders.LinesCancelled(
        order_id=plan.order.id,
        channel=plan.order.channel,
        site_id=plan.order.site_id,
        currency=plan.order.currency,
        whole=after.stage is OrderStage.CANCELLED,
        was_unpaid=plan.order.pay_until is not None,
        lines=tuple(
            CancelledLine(
                line_id=one.line.line_id,
                kind=one.line.kind,
                sku_id=one.line.sku_id,
                units=one.units,
                amount_minor=one.amount_minor,
            )
            for one in plan.taken
        ),
    )
    return event(body, subject=plan.order.id, at=now, actor=plan.actor)


def _task_cancelled(work: CancelledWork, *, actor: str, now: datetime) -> Event:
    body = TaskCancelled(
        task_id=work.task_id,
        order_id=work.order_id,
        site_id=work.site_id,
        ends_task=work.ends_task,
        lines=work.lines,
    )
    return event(body, subject=work.order_id, at=now, actor=actor)
