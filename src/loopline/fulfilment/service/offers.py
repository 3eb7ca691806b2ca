"""Work put to sites."""

from collections.abc import Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.fulfilment import rules, store
from loopline.fulfilment.model import (
    Offered,
    OfferTask,
)
from loopline.fulfilment.rules import Moved
from loopline.fulfilment.service.capacity import lock_days
from loopline.kernel.refusals import Refusal


def offer_tasks(conn: Conn, offers: Sequence[OfferTask], *, now: datetime) -> list[Offered | Refusal]:
    """Put work to sites, in the order given, each holding one of the site's tasks for its day.

    A full site refuses that task and no other. The same task offered again is offered once.
    """
    if not offers:
        return []
    capacity = lock_days(conn, [(offer.site_id, offer.day) for offer in offers])
    known = {task.task_id: task for task in store.read_tasks(conn, [offer.task_id for offer in offers])}
    lines = store.read_lines(conn, list(known)) if known else {}
    plan = rules.plan_offers(
        offers,
        known={task_id: (task, lines[task_id]) for task_id, task in known.items()},
        capacity=capacity,
        now=now,
    )
    if plan.tasks:
        store.copy_tasks(conn, plan.tasks)
        store.copy_lines(conn, plan.lines)
        store.move_capacity(conn, rules.capacity_moves((None, task) for task in plan.tasks))
    return [outcome if isinstance(outcome, Refusal) else _offered(outcome) for outcome in plan.outcomes]


def _offered(moved: Moved) -> Offered:
    task = moved.task
    return Offered(
        task_id=task.task_id,
        order_id=task.order_id,
        site_id=task.site_id,
        at=task.offered_at,
        deadline=task.deadline,
        is_repeat=moved.is_repeat,
    )
