"""Addresses: a parcel that may not find its customer waits until somebody says that it will, or its customer mends it.

What there is to doubt is known since the address was kept, by kinds that tell nothing of the customer; nothing is
opened here. What no carrier could read stops label and parcel, whoever says what; anything else is asked of people
alone: programs that print and hand over by themselves have no customer to call.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from loopline import customers
from loopline.customers import UNUSABLE, Doubt, Doubted, KeyRing, NewDelivery, Recipient
from loopline.customers.events import AddressMended
from loopline.db import Conn, log
from loopline.fulfilment import labels
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment import service as tasks
from loopline.fulfilment.events import AddressSaidRight
from loopline.fulfilment.labels import LABELLED
from loopline.fulfilment.model import Task, TaskKind, TaskState
from loopline.kernel.events import event
from loopline.kernel.ids import OrderId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope

_LACKING: Mapping[Doubt, str] = {Doubt.NO_NAME: "name", Doubt.NO_PHONE: "phone", Doubt.NO_STREET: "street"}


class AddressUnusable(Refusal, frozen=True, kw_only=True):
    """Nobody can bring this: a name, phone or street is missing that can be read. Its customer can mend the address."""

    task_id: TaskId
    lacking: str


class AddressDoubted(Refusal, frozen=True, kw_only=True):
    """Something about this address may not be right: look at it, call the customer, or tick that it is right."""

    task_id: TaskId


class AddressStays(Refusal, frozen=True, kw_only=True):
    """The address stays: there is nothing to doubt in it, its label is printed, or the parcel has left."""

    order_id: OrderId


def is_unusable(doubted: Doubted | None) -> bool:
    """Tell whether an address lacks something without which nobody can bring anything."""
    return doubted is not None and not UNUSABLE.isdisjoint(doubted.doubts)


def is_open(doubted: Doubted | None) -> bool:
    """Tell whether there is something to doubt in an address, and nobody has said that it is right all the same."""
    return doubted is not None and (doubted.right_at is None or is_unusable(doubted))


def held_back(
    conn: Conn, task_ids: Collection[TaskId], *, scope: Scope, asks: bool = False
) -> dict[TaskId, Refusal]:
    """Return why parcels in hand get no label and are not handed over; of another branch's nothing is told.

    `asks`: somebody stands there who can look and call, and doubts that nobody answered hold a parcel, too.
    """
    in_hand = _in_hand(conn, task_ids, scope)
    doubted = customers.doubts_of_orders(conn, {one.order_id for one in in_hand})
    found: dict[TaskId, Refusal] = {}
    for task in in_hand:
        one = doubted.get(task.order_id)
        if one is None:
            continue
        lacking = _lacking(one.doubts)
        if lacking is not None:
            found[task.task_id] = AddressUnusable(task_id=task.task_id, lacking=lacking)
        elif asks and one.right_at is None:
            found[task.task_id] = AddressDoubted(task_id=task.task_id)
    return found


def unreadable(task_id: TaskId, recipient: Recipient) -> AddressUnusable | None:
    """Return why an address that was opened just now leads nowhere; None: a carrier can read it."""
    lacking = _lacking(customers.doubts_of(recipient))
    return AddressUnusable(task_id=task_id, lacking=lacking) if lacking is not None else None


def say_right(conn: Conn, task_ids: Collection[TaskId], *, scope: Scope, by: str, now: datetime) -> None:
    """Keep that whoever has parcels in hand says that their addresses are right; said again, it is said once.

    What is unusable stays so. Locks the tasks by id, then the rows of doubts by order.
    """
    in_hand = _in_hand(conn, task_ids, scope)
    tasks.lock_tasks(conn, sorted(one.task_id for one in in_hand))
    doubted = customers.doubts_of_orders(conn, {one.order_id for one in in_hand})
    usable = {order_id for order_id, one in doubted.items() if not is_unusable(one)}
    new = customers.say_right(conn, usable, by=by, now=now)
    log.append(
        conn,
        [
            event(
                AddressSaidRight(
                    task_id=task.task_id,
                    order_id=task.order_id,
                    site_id=task.site_id,
                    doubts=tuple(one.value for one in doubted[task.order_id].doubts),
                ),
                subject=task.order_id,
                at=now,
                actor=by,
            )
            for task in in_hand
            if task.order_id in new
        ],
    )


def mendable(conn: Conn, order_id: OrderId, of_order: Collection[Task]) -> Doubted | None:
    """Return what there is to doubt in an address that its member may still mend; None: nothing, or it is too late."""
    doubted = customers.doubts_of_orders(conn, [order_id]).get(order_id)
    if not is_open(doubted) or any(one.state is TaskState.HANDED_OVER for one in of_order):
        return None
    return None if labels.labels_of_tasks(conn, [one.task_id for one in of_order]) else doubted


def mend(conn: Conn, mended: NewDelivery, *, ring: KeyRing, actor: str, now: datetime) -> Doubted | Refusal:
    """Let a member say anew where their order goes, while it is in doubt, no label is printed and nothing has left.

    Locks the order's tasks by id, then the member (shared), then the delivery.
    """
    of_order = fulfilment.tasks_of_orders(conn, [mended.order_id])
    locked = tasks.lock_tasks(conn, sorted(one.task_id for one in of_order))
    if mendable(conn, mended.order_id, locked) is None:
        return AddressStays(order_id=mended.order_id)
    outcome = customers.mend_delivery(conn, mended, ring=ring)
    if not isinstance(outcome, Refusal):
        body = AddressMended(order_id=mended.order_id, member_id=mended.member_id)
        log.append(conn, [event(body, subject=mended.order_id, at=now, actor=actor)])
    return outcome


def _lacking(doubts: Iterable[Doubt]) -> str | None:
    return next((_LACKING[one] for one in doubts if one in UNUSABLE), None)


def _in_hand(conn: Conn, task_ids: Collection[TaskId], scope: Scope) -> list[Task]:
    """The tasks of parcels that are brought, checked and here."""
    return [
        one
        for one in (fulfilment.tasks_by_id(conn, list(task_ids)) if task_ids else ())
        if one.kind is TaskKind.DELIVER and one.state in LABELLED and scope.covers_site(one.site_id)
    ]
