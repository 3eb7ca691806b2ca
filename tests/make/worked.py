"""Days that sites have worked: so many tasks finished, and so many taken in the morning and not got to."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from msgspec.structs import replace

from loopline.db import Conn
from loopline.fulfilment import service
from loopline.fulfilment.model import (
    AcceptTask,
    CancelTask,
    CheckTask,
    HandOverTask,
    OfferTask,
    PackTask,
    PickTask,
    SiteLimit,
)
from loopline.kernel.ids import SiteId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import business_day
from tests.make.fulfilment import command_id, offer
from tests.make.org import succeeded

ZONE = "Asia/Shanghai"
_numbers = count(50_000, 1)


def work_days(
    conn: Conn, site_id: SiteId, days: Sequence[tuple[int, int]], *, stated: int, until: datetime
) -> None:
    """Let a site work on consecutive days, the last two days before `until`: (done, left over) of each.

    What is left is taken away the next noon. The orders are none: these are the days of a site, not of a brand.
    """
    succeeded(service.set_site_limits(conn, [SiteLimit(site_id=site_id, tasks_per_day=stated)], now=until))
    for back, (done, left_over) in zip(range(len(days) + 1, 1, -1), days, strict=True):
        midnight = datetime.combine(business_day(until, ZONE), datetime.min.time(), UTC) - timedelta(
            days=back, hours=8
        )
        _work_day(conn, site_id, midnight, done=done, left_over=left_over)


def _work_day(conn: Conn, site_id: SiteId, midnight: datetime, *, done: int, left_over: int) -> None:
    morning, evening = midnight + timedelta(hours=10), midnight + timedelta(hours=18)
    made = [_offered(next(_numbers), site_id, midnight) for _ in range(done + left_over)]
    succeeded(service.offer_tasks(conn, made, now=morning))
    ids = [one.task_id for one in made]
    succeeded(
        service.accept_tasks(conn, [AcceptTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=morning)
    )
    first = ids[:done]
    succeeded(
        service.pick_tasks(conn, [PickTask(task_id=one) for one in first], scope=WHOLE_BRAND, now=evening)
    )
    succeeded(
        service.check_tasks(conn, [CheckTask(task_id=one) for one in first], scope=WHOLE_BRAND, now=evening)
    )
    succeeded(
        service.pack_tasks(conn, [PackTask(task_id=one) for one in first], scope=WHOLE_BRAND, now=evening)
    )
    handed = [HandOverTask(task_id=one) for one in first]
    succeeded(service.hand_over_tasks(conn, handed, scope=WHOLE_BRAND, now=evening))
    gone = [CancelTask(command_id=command_id(next(_numbers)), task_id=one) for one in ids[done:]]
    succeeded(service.cancel_tasks(conn, gone, scope=WHOLE_BRAND, now=midnight + timedelta(hours=36)))


def _offered(number: int, site_id: SiteId, midnight: datetime) -> OfferTask:
    made = offer(number, day=business_day(midnight, ZONE), deadline=midnight + timedelta(hours=20))
    return replace(made, site_id=site_id)
