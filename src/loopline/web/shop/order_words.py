"""Where an order stands, as its customer is told: pure, from what the rooms say."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.fulfilment.model import Task, TaskKind, TaskState
from loopline.kernel.ids import TaskId
from loopline.orders import BROUGHT, Delivery, Order, OrderStage
from loopline.web.languages import marked


class Standing(StrEnum):
    """Where an order stands for its customer."""

    UNPAID = "unpaid"
    TIME_OVER = "time_over"
    WAITING = "waiting"
    PAID = "paid"
    OFFERED = "offered"
    PREPARING = "preparing"
    READY = "ready"
    PARTLY = "partly"
    SENT = "sent"
    ARRIVED = "arrived"
    COLLECTED = "collected"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """How it is said: in a list, as a headline, and what comes next. `tone` colours it."""

    short: str
    title: str
    advice: str
    tone: str = ""


WORDS: dict[Standing, Words] = {
    Standing.UNPAID: Words(
        short=marked("To pay"),
        title=marked("Waiting for your payment"),
        advice=marked("Your goods are kept until {until}."),
        tone="wait",
    ),
    Standing.TIME_OVER: Words(
        short=marked("Not paid"),
        title=marked("The time to pay is over"),
        advice=marked("Nothing was taken. The goods go back on sale; you can order them again."),
        tone="over",
    ),
    Standing.WAITING: Words(
        short=marked("Waiting for goods"),
        title=marked("Waiting for goods"),
        advice=marked("Something is not in stock just now. We go on as soon as it comes in."),
        tone="wait",
    ),
    Standing.PAID: Words(
        short=marked("Paid"),
        title=marked("Thank you, it is ours to do"),
        advice=marked("We are choosing the store or warehouse that has it to you soonest."),
    ),
    Standing.OFFERED: Words(
        short=marked("Paid"),
        title=marked("{site} has your order"),
        advice=marked("They are about to confirm it."),
    ),
    Standing.PREPARING: Words(
        short=marked("Being prepared"),
        title=marked("{site} is preparing it"),
        advice=marked("Picked, looked at and packed by hand."),
    ),
    Standing.READY: Words(
        short=marked("Ready to collect"),
        title=marked("Ready to collect"),
        advice=marked("Show this code at {site}."),
        tone="good",
    ),
    Standing.PARTLY: Words(
        short=marked("Partly sent"),
        title=marked("A part is on its way"),
        advice=marked("The rest follows in a parcel of its own."),
    ),
    Standing.SENT: Words(
        short=marked("On its way"),
        title=marked("On its way to you"),
        advice=marked("{site} has handed your parcel to the carrier."),
        tone="good",
    ),
    Standing.ARRIVED: Words(
        short=marked("Has arrived"),
        title=marked("It has arrived"),
        advice=marked("How is it? Others would like to know."),
        tone="good",
    ),
    Standing.COLLECTED: Words(
        short=marked("Yours"),
        title=marked("It is yours"),
        advice=marked("How is it? Others would like to know."),
        tone="good",
    ),
    Standing.CANCELLED: Words(
        short=marked("Cancelled"),
        title=marked("Cancelled"),
        advice=marked("What was paid goes back the way it was paid."),
        tone="over",
    ),
    Standing.RETURNED: Words(
        short=marked("Returned"),
        title=marked("Returned"),
        advice=marked("What was paid goes back the way it was paid."),
        tone="over",
    ),
}

_STAGES = {
    OrderStage.PARKED: Standing.WAITING,
    OrderStage.PLACED: Standing.PAID,
    OrderStage.SOURCED: Standing.OFFERED,
    OrderStage.ACCEPTED: Standing.PREPARING,
    OrderStage.CANCELLED: Standing.CANCELLED,
    OrderStage.RETURNED: Standing.RETURNED,
}
_WORKED_ON = frozenset({TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED})


def standing_of(
    head: Order, tasks: Sequence[Task], *, to_pay_minor: int, now: datetime, arrived: Collection[TaskId] = ()
) -> Standing:
    """Return where an order stands for its customer: what they can do about it counts more than what we do.

    `arrived`: the tasks whose parcels are known to be with their customer.
    """
    if head.stage in {OrderStage.CANCELLED, OrderStage.RETURNED}:
        return _STAGES[head.stage]
    if head.stage is OrderStage.HANDED_OVER:
        if head.delivery not in BROUGHT:
            return Standing.COLLECTED
        sent = [task.task_id for task in tasks if task.state is TaskState.HANDED_OVER]
        return Standing.ARRIVED if sent and all(one in arrived for one in sent) else Standing.SENT
    if to_pay_minor > 0:
        is_over = head.pay_until is not None and head.pay_until <= now
        return Standing.TIME_OVER if is_over else Standing.UNPAID
    return _under_way(head, tasks)


def _under_way(head: Order, tasks: Sequence[Task]) -> Standing:
    """Where a paid order stands while something of it is left to do."""
    if any(task.kind is TaskKind.COLLECT and task.state is TaskState.PACKED for task in tasks):
        return Standing.READY
    if head.handed_over:
        return Standing.PARTLY
    if any(task.state in _WORKED_ON for task in tasks):
        return Standing.PREPARING
    return _STAGES[head.stage]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One of the steps on the way, done, under way, or to come."""

    word: str
    state: str


_ORDERED, _PAID = marked("Ordered"), marked("Paid")
_PREPARED, _READY = marked("Prepared"), marked("Ready")
_SENT, _COLLECTED, _FITTED = marked("Sent"), marked("Collected"), marked("Fitted")
_REACHED = {
    Standing.UNPAID: 1,
    Standing.TIME_OVER: 1,
    Standing.WAITING: 2,
    Standing.PAID: 2,
    Standing.OFFERED: 2,
    Standing.PREPARING: 2,
    Standing.PARTLY: 3,
    Standing.READY: 3,
    Standing.SENT: 4,
    Standing.ARRIVED: 4,
    Standing.COLLECTED: 4,
}


def steps_of(standing: Standing, delivery: Delivery) -> list[Step]:
    """Return the steps of an order on its way; none for one that is cancelled, returned or was carried out."""
    reached = _REACHED.get(standing)
    if reached is None or delivery is Delivery.CARRIED_OUT:
        return []
    words = (
        (_ORDERED, _PAID, _READY, _COLLECTED)
        if delivery is Delivery.COLLECT
        else (_ORDERED, _PAID, _PREPARED, _FITTED if delivery is Delivery.FITTING else _SENT)
    )
    return [
        Step(word=word, state="done" if place < reached else "now" if place == reached else "")
        for place, word in enumerate(words)
    ]


HAPPENED: dict[str, str] = {
    "order_placed": marked("You ordered"),
    "payment_taken": marked("Paid"),
    "payment_given_back": marked("A payment too much goes back"),
    "lines_parked": marked("Waiting for goods"),
    "lines_unparked": marked("The goods came in"),
    "goods_dated": marked("A new day for your goods"),
    "lines_reinstated": marked("Set aside for you again"),
    "tasks_offered": marked("Given to a store"),
    "task_accepted": marked("{site} took it"),
    "picking_started": marked("{site} is picking it"),
    "parcel_packed": marked("Packed at {site}"),
    "parcel_handed_over": marked("Handed over by {site}"),
    "parcel_arrived": marked("It arrived"),
    "slot_moved": marked("Another hour was agreed on"),
    "visit_set_out": marked("The fitter of {site} is on the way"),
    "visit_ended": marked("The fitter of {site} was there"),
    "parcel_not_collected": marked("Nobody came for it"),
    "coupons_taken": marked("Coupon used"),
    "coupons_came_back": marked("Your coupon is back"),
    "money_refunded": marked("Money given back"),
    "lines_cancelled": marked("Cancelled"),
}
