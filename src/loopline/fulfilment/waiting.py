"""Work that came back, and what it pays on top for that: fixed with each offer, and never changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, integers, statements, uuids
from loopline.kernel.ids import CallId, LineId, OrderId, SiteId, TaskId

SQL = statements(__file__)


class CameBack(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line that were put to sites at a moment, to one or to several at once, and that nobody took.

    `work_id` names the task or the call; `was_called`: it was a call.
    """

    order_id: OrderId
    line_id: LineId
    work_id: UUID
    asked_at: datetime
    site_ids: tuple[SiteId, ...]
    was_called: bool


class WaitingPay(msgspec.Struct, frozen=True, kw_only=True):
    """What a task, or a call, pays a site on top, in minor units of the order's currency, and why.

    `since`: when the work was first put to anybody; `rounds`: how often it came back. At most `most_percent` of what
    the site earns of it by the rules of sharing; 0: no such limit.
    """

    work_id: UUID
    site_id: SiteId
    order_id: OrderId
    profile_version: int
    since: datetime
    rounds: int
    extra_minor: int
    most_percent: int


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """A call that a site claimed, and the task that came of it: the task pays what the call did."""

    call_id: CallId
    task_id: TaskId
    site_id: SiteId


def what_came_back(conn: Conn, order_ids: Sequence[OrderId]) -> list[CameBack]:
    """Return what of orders was put to sites for delivery and came back, in the order of asking; locks nothing.

    Refused (in whole or in part) and lapsed tasks, and calls that nobody claimed in time. What we took back ourselves
    is not among them.
    """
    return fetch(conn, SQL["what_came_back"], CameBack, order_ids=uuids(order_ids)) if order_ids else []


def fix_waiting_pay(conn: Conn, pays: Sequence[WaitingPay], *, now: datetime) -> None:
    """Keep what new tasks and calls pay on top. Locks nothing but the new rows."""
    if pays:
        execute(
            conn,
            SQL["add_waiting_pay"],
            work_ids=uuids(one.work_id for one in pays),
            site_ids=uuids(one.site_id for one in pays),
            order_ids=uuids(one.order_id for one in pays),
            profile_versions=integers(one.profile_version for one in pays),
            sinces=[one.since for one in pays],
            rounds=integers(one.rounds for one in pays),
            extras_minor=integers(one.extra_minor for one in pays),
            most_percents=integers(one.most_percent for one in pays),
            now=now,
        )


def carry_waiting_pay(conn: Conn, claimed: Sequence[Handed]) -> None:
    """Let tasks pay what the calls did that they come of. Locks nothing but the new rows."""
    if claimed:
        execute(
            conn,
            SQL["carry_waiting_pay"],
            call_ids=uuids(one.call_id for one in claimed),
            task_ids=uuids(one.task_id for one in claimed),
            site_ids=uuids(one.site_id for one in claimed),
        )


def waiting_pay_of(conn: Conn, work_ids: Sequence[UUID]) -> list[WaitingPay]:
    """Return what tasks and calls pay on top, by work and site; those that pay nothing are left out."""
    return fetch(conn, SQL["waiting_pay_of"], WaitingPay, work_ids=uuids(work_ids)) if work_ids else []
