"""What riders get: a parcel whose code they say; who carries it, where somebody says so; what goes with a fitter."""

from collections.abc import Collection, Mapping, Sequence

from loopline import slots
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import HandedOver, TaskState
from loopline.kernel.ids import OrderId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.slots import BRINGING, Way
from loopline.web.collection import rider_code

CARRIER_MOST = 60


class RiderCodeWrong(Refusal, frozen=True, kw_only=True):
    """A courier gets this parcel by its code of four digits, and it is not this one: look at which parcel it is."""

    task_id: TaskId


class GoesWithFitter(Refusal, frozen=True, kw_only=True):
    """A fitter brings these goods: set out with them, and say at the customer's how it went."""

    task_id: TaskId


def taken_by_riders(conn: Conn, task_ids: Collection[TaskId], *, scope: Scope) -> set[TaskId]:
    """Return those of some tasks of a branch whose packed parcels a courier or a fitter takes: they go one by one."""
    return {task_id for task_id, _ in _taken(conn, task_ids, scope)}


def _taken(conn: Conn, task_ids: Collection[TaskId], scope: Scope) -> list[tuple[TaskId, Way]]:
    tasks = fulfilment.tasks_by_id(conn, list(task_ids))
    packed = [one for one in tasks if one.state is TaskState.PACKED and scope.covers_site(one.site_id)]
    booked = slots.bookings_of_orders(conn, {one.order_id for one in packed}) if packed else {}
    return [
        (one.task_id, booked[one.order_id].way)
        for one in packed
        if one.order_id in booked and booked[one.order_id].way in BRINGING
    ]


def refused_riders(
    conn: Conn, said: Mapping[TaskId, str], *, scope: Scope, secret: str
) -> dict[TaskId, Refusal]:
    """Return why parcels that a courier takes are not given to whoever says these codes; others need none.

    What a fitter brings is given to nobody here. Of another branch's tasks nothing is told.
    """
    found: dict[TaskId, Refusal] = {}
    for task_id, way in _taken(conn, said, scope):
        if way is Way.AT_HOME:
            found[task_id] = GoesWithFitter(task_id=task_id)
        elif said[task_id].strip() != rider_code(task_id, secret=secret):
            found[task_id] = RiderCodeWrong(task_id=task_id)
    return found


def name_carriers(
    conn: Conn, outcomes: Sequence[HandedOver | Refusal], carriers: Mapping[TaskId, str | None]
) -> None:
    """Note who carries what was handed over just now, where it is said and a courier takes it."""
    named: dict[OrderId, str] = {}
    for one in outcomes:
        carrier = None if isinstance(one, Refusal) or one.is_repeat else carriers.get(one.task_id)
        if carrier and isinstance(one, HandedOver):
            named[one.order_id] = carrier
    if named:
        slots.name_carriers(conn, named)
