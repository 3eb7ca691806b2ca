"""Tasks for tests, from small numbers."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from loopline.db import Conn
from loopline.fulfilment import service
from loopline.fulfilment.model import (
    AcceptTask,
    Capacity,
    CheckTask,
    OfferedLine,
    OfferTask,
    PackTask,
    PickTask,
    SiteLimit,
    TaskKind,
)
from loopline.fulfilment.queries import capacity_of_sites
from loopline.kernel.ids import AllocationId, LineId, NodeId, OrderId, PersonId, SiteId, SkuId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = date(2026, 3, 2)
LATER = NOON + timedelta(minutes=30)


def task_id(number: int) -> TaskId:
    return TaskId(UUID(int=(11 << 64) + number))


def order_id(number: int) -> OrderId:
    return OrderId(UUID(int=(12 << 64) + number))


def site_id(number: int) -> SiteId:
    return SiteId(UUID(int=(13 << 64) + number))


def allocation_id(task: int, number: int = 0) -> AllocationId:
    return AllocationId(UUID(int=(14 << 64) + 1_000 * task + number))


def line_id(task: int, number: int = 0) -> LineId:
    return LineId(UUID(int=(15 << 64) + 1_000 * task + number))


def leaf_id(site: int) -> NodeId:
    return NodeId(UUID(int=(16 << 64) + site))


def sku_id(number: int) -> SkuId:
    return SkuId(UUID(int=(17 << 64) + number))


def person_id(number: int) -> PersonId:
    return PersonId(UUID(int=(18 << 64) + number))


def command_id(number: int) -> UUID:
    return UUID(int=(19 << 64) + number)


def offer(
    number: int,
    units: Sequence[int] = (1,),
    *,
    site: int = 0,
    kind: TaskKind = TaskKind.DELIVER,
    day: date = DAY,
    deadline: datetime = LATER,
) -> OfferTask:
    """A task of one line per entry of `units`; line n is of SKU n."""
    return OfferTask(
        task_id=task_id(number),
        order_id=order_id(number),
        site_id=site_id(site),
        kind=kind,
        day=day,
        deadline=deadline,
        lines=tuple(
            OfferedLine(
                allocation_id=allocation_id(number, position),
                line_id=line_id(number, position),
                leaf_id=leaf_id(site),
                sku_id=sku_id(position),
                units=count,
            )
            for position, count in enumerate(units)
        ),
    )


def take_tasks(
    conn: Conn, *offers: OfferTask, limit: int = 100, until: str = "offered", code: str = ""
) -> None:
    """Offer tasks at sites that take `limit` a day, and bring them `until` a state on the way to packed."""
    limits = [SiteLimit(site_id=one, tasks_per_day=limit) for one in {offer.site_id for offer in offers}]
    service.set_site_limits(conn, limits, now=NOON)
    _done(service.offer_tasks(conn, offers, now=NOON))
    ids = [one.task_id for one in offers]
    collect = {one.task_id for one in offers if one.kind is TaskKind.COLLECT}
    by = person_id(1)
    steps = ["offered", "accepted", "picking", "checked", "packed"]
    for step in steps[1 : steps.index(until) + 1]:
        match step:
            case "accepted":
                _done(
                    service.accept_tasks(
                        conn, [AcceptTask(task_id=one, by=by) for one in ids], scope=WHOLE_BRAND, now=NOON
                    )
                )
            case "picking":
                _done(
                    service.pick_tasks(
                        conn, [PickTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=NOON
                    )
                )
            case "checked":
                _done(
                    service.check_tasks(
                        conn, [CheckTask(task_id=one) for one in ids], scope=WHOLE_BRAND, now=NOON
                    )
                )
            case _:
                packs = [
                    PackTask(task_id=one, code=code, collect_by=LATER)
                    if one in collect
                    else PackTask(task_id=one)
                    for one in ids
                ]
                _done(service.pack_tasks(conn, packs, scope=WHOLE_BRAND, now=NOON))


def _done(outcomes: Sequence[object]) -> None:
    assert not [one for one in outcomes if isinstance(one, Refusal)]


def repeat_of(outcome: object) -> object:
    """The answer to the same command again."""
    assert isinstance(outcome, Struct)
    return outcome if isinstance(outcome, Refusal) else replace(outcome, is_repeat=True)


def day_of(conn: Conn, site: int = 0, *, day: date = DAY) -> tuple[int, int]:
    """Return (held, confirmed) of a site's day."""
    (found,) = capacity_of_sites(conn, [site_id(site)], day=day)
    assert isinstance(found, Capacity)
    return found.held, found.confirmed
