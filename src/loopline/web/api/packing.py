"""What parcels are packed in: the boxes of the brand and its sites, and what is proposed for a task."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import PackTask, Task, TaskKind
from loopline.fulfilment.packing import (
    Material,
    PackedIn,
    WhyNoBox,
    stated_box_kinds,
)
from loopline.kernel.ids import SiteId, TaskId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.times import business_day, day_range
from loopline.org import Permission
from loopline.processes.packing import WantedBox, name_boxes, packing_of
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, decided, posted, told
from loopline.web.api.types import Code, Moment
from loopline.web.collection import collection_code
from loopline.web.store.task_view import COLLECT_WITHIN

_TAG = "tasks"
Millimetres = Annotated[int, Meta(ge=1, le=5_000, description="Inside, in millimetres.")]


class BoxKindAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A box by its inner sizes; `site_code` null: for the whole brand. `is_dropped`: nobody packs in it any more.

    Without a name it is called by its code.
    """

    site_code: Code | None
    code: Code
    name: Annotated[str, Meta(max_length=100)] = ""
    length_mm: Millimetres = 1
    width_mm: Millimetres = 1
    height_mm: Millimetres = 1
    grams_most: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    is_insulated: bool = False
    is_dropped: bool = False


class BoxKindTold(msgspec.Struct, frozen=True, kw_only=True):
    """A box that is kept for a site, or (null) for the whole brand."""

    site_code: str | None
    code: str
    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    grams_most: int | None
    is_insulated: bool


class BoxKindsTold(msgspec.Struct, frozen=True, kw_only=True):
    """The boxes that somebody named; where nobody named any, sites pack in the house's own."""

    items: list[BoxKindTold]


class PackingTold(msgspec.Struct, frozen=True, kw_only=True):
    """What is proposed for a task's parcel: a box, or why none; and what goes in beside the goods."""

    box_code: str | None
    why_none: WhyNoBox | None
    materials: tuple[Material, ...]
    box_codes: list[str]


class PackAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task that is packed. `collect_by` is for parcels that wait for their customer; a week where it is left out.

    `box_code` and `materials` say what it was packed in, where either is given; no box code: in another box.
    """

    task_id: UUID
    collect_by: Moment | None = None
    box_code: Code | None = None
    materials: Annotated[tuple[Material, ...], Meta(max_length=len(Material))] = ()


def _packed_in(one: PackAsk) -> PackedIn | None:
    if one.box_code is None and not one.materials:
        return None
    return PackedIn(box_code=one.box_code, proposed_code=None, materials=one.materials)


def pack_command(
    one: PackAsk, task: Task | None, zones: Mapping[SiteId, str], *, secret: str, now: datetime
) -> PackTask:
    """Return the command that an item asks for: a parcel to be collected gets its code, and waits for a week."""
    task_id = TaskId(one.task_id)
    if task is None or task.kind is not TaskKind.COLLECT:
        return PackTask(task_id=task_id, packed_in=_packed_in(one))
    zone = zones[task.site_id]
    return PackTask(
        task_id=task_id,
        packed_in=_packed_in(one),
        code=collection_code(task_id, secret=secret),
        collect_by=one.collect_by or day_range(business_day(now + COLLECT_WITHIN, zone), zone).end,
    )


@posted("/packing/boxes", tag=_TAG, name="set_box_kinds", gives=Outcomes[BoxKindAsk])
def set_boxes(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[BoxKindAsk]]
) -> Response[bytes]:
    """Name the boxes that sites of your branch pack in; those of the whole brand are for whoever has all of it."""
    scope = caller.scope(Permission.STOCK_WRITE)

    wanted = [msgspec.convert(one, WantedBox, from_attributes=True) for one in data.items]

    def decide(conn: Conn, now: datetime) -> Sequence[BoxKindAsk | Refusal]:
        outcomes = name_boxes(conn, wanted, scope=scope, by=caller.actor, now=now)
        return [
            done if isinstance(done, Refusal) else asked
            for asked, done in zip(data.items, outcomes, strict=True)
        ]

    return decided(request, caller, data, decide)


@told("/packing/boxes", tag=_TAG, name="list_box_kinds")
def list_boxes(request: AnyRequest, caller: NamedDependency[Caller]) -> BoxKindsTold:
    """List the boxes of the brand and of your sites."""
    scope = caller.scope(Permission.STOCK_READ)

    def find(conn: Conn, _: datetime) -> BoxKindsTold:
        sites = {site.id: site.code for site in org.branch_sites(conn) if scope.covers_site(site.id)}
        return BoxKindsTold(
            items=[
                BoxKindTold(
                    site_code=sites[kind.site_id] if kind.site_id is not None else None,
                    code=kind.code,
                    name=kind.name,
                    length_mm=kind.length_mm,
                    width_mm=kind.width_mm,
                    height_mm=kind.height_mm,
                    grams_most=kind.grams_most,
                    is_insulated=kind.is_insulated,
                )
                for kind in stated_box_kinds(conn, sites)
            ]
        )

    return read(request, find)


@told("/tasks/{task_id:uuid}/packing", tag=_TAG, name="get_packing")
def get_packing(request: AnyRequest, caller: NamedDependency[Caller], task_id: FromPath[UUID]) -> PackingTold:
    """Say what a task's parcel should be packed in."""
    scope = caller.scope(Permission.TASKS_READ)

    def find(conn: Conn, _: datetime) -> PackingTold:
        found = fulfilment.tasks_by_id(conn, [TaskId(task_id)])
        if not found or not scope.covers_site(found[0].site_id):
            raise Refused(NoSuchThing(noun="task", value=str(task_id)))
        packing = packing_of(conn, found[0])
        return PackingTold(
            box_code=packing.proposal.box_code,
            why_none=packing.proposal.why_none,
            materials=packing.proposal.materials,
            box_codes=[kind.code for kind in packing.boxes],
        )

    return read(request, find)


PACKING_HANDLERS = [set_boxes, list_boxes, get_packing]
