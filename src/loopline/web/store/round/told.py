"""What the phone of a picker is told: the stops of its round in the order of the shelves, and how the boxes stand."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import catalogue, orders, promises
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment import rounds
from loopline.fulfilment.model import Task, TaskKind, TaskLine, TaskState
from loopline.fulfilment.photos import tasks_lacking_photos
from loopline.fulfilment.rounds import Boxed, Round
from loopline.kernel.ids import AllocationId, OrderId, PersonId, RoundId, SkuId, TaskId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Order
from loopline.org.queries import people_by_id
from loopline.processes.addresses import held_back
from loopline.processes.rounds import tasks_for_a_round
from loopline.promises import PromiseState
from loopline.stock.lots import lots_to_take
from loopline.stock.places import shelf_places, walking_order
from loopline.web.cold_words import cold_word
from loopline.web.languages import Language, marked
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import goods_row
from loopline.web.store.words import STATE_WORDS

ROUND = "/store/round"
TASKS_MAX = 20
PHOTO_IS_MISSING = marked("Photo missing")
ADDRESS_IS_DOUBTED = marked("Look at the address")
_OPEN = frozenset({TaskState.ACCEPTED, TaskState.PICKING})


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What a box wants of a stop, and what lies in it; more than it wants is to be taken out."""

    key: AllocationId
    box: int
    units: int
    boxed: int


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU to fetch, and for which boxes; `place` is the shelf, empty where nobody said."""

    sku: str
    scans: str
    name: str
    variety: str
    gtin: str
    place: str
    lots: str
    is_fragile: bool
    shares: list[Share]


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """An order's box. `is_open`: still being picked; `may_hand_over`: packed and waiting, with the photos it needs and
    an address in no doubt.
    """

    box: int
    path: str
    number: str
    state: str
    is_open: bool
    is_labelled: bool
    may_hand_over: bool
    leaves_by: str


class RoundTold(msgspec.Struct, frozen=True, kw_only=True):
    """A round as the server has it."""

    id: RoundId
    picker: str
    is_mine: bool
    begun_at: datetime
    cold: str
    cold_class: str
    stops: list[Stop]
    boxes: list[Box]


class OtherRound(msgspec.Struct, frozen=True, kw_only=True):
    """A round that is under way beside the one at hand: somebody else's, or one's own that waits for the carrier."""

    id: RoundId
    picker: str
    begun: str
    is_mine: bool


class RoundBook(msgspec.Struct, frozen=True, kw_only=True):
    """Who picks where, the round at hand, those of others, and what another round would take."""

    person_id: PersonId
    site_code: str
    site_name: str
    now: datetime
    round: RoundTold | None
    others: list[OtherRound]
    waiting: int
    short: list[str]


def read_book(
    conn: Conn, desk: Desk, language: Language, *, now: datetime, wanted: UUID | None = None
) -> RoundBook:
    """Read what a picker's phone shows: the round that is asked for, else the own one. Raises Refused for no round."""
    under_way = rounds.rounds_under_way(conn, desk.site.id)
    still = {one.round_id for one in rounds.rounds_under_way(conn, desk.site.id, packed_too=False)}
    chosen = _chosen(conn, desk, under_way, wanted, still=still)
    others = [one for one in under_way if one != chosen]
    is_free = chosen is None or (chosen.picker_id == desk.person_id and chosen.round_id not in still)
    people = people_by_id(conn, {one.picker_id for one in (*others, *([chosen] if chosen else []))})
    names = {person_id: language.called(person.name) for person_id, person in people.items()}
    return RoundBook(
        person_id=desk.person_id,
        site_code=desk.site.code,
        site_name=language.called(desk.site.name),
        now=now,
        round=_told(conn, chosen, desk, language, names) if chosen else None,
        others=[
            OtherRound(
                id=one.round_id,
                picker=names.get(one.picker_id, ""),
                begun=language.clock_of_day(one.begun_at, desk.site.time_zone),
                is_mine=one.picker_id == desk.person_id,
            )
            for one in others
        ],
        waiting=len(tasks_for_a_round(conn, desk.site.id, at_most=TASKS_MAX)) if is_free else 0,
        short=[],
    )


def _chosen(
    conn: Conn, desk: Desk, under_way: Sequence[Round], wanted: UUID | None, *, still: Collection[RoundId]
) -> Round | None:
    if wanted is None:  # what is still to be picked or packed comes before what waits for the carrier
        own = [one for one in under_way if one.picker_id == desk.person_id]
        return next((one for one in own if one.round_id in still), own[0] if own else None)
    found = rounds.round_by_id(conn, RoundId(wanted))
    if found is None or found.site_id != desk.site.id:
        raise Refused(rounds.RoundUnknown(round_id=RoundId(wanted)))
    return found


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    tasks: dict[TaskId, Task]
    boxes: dict[TaskId, int]
    lines: list[TaskLine]
    boxed: Mapping[AllocationId, Boxed]
    skus: Mapping[SkuId, Sku]
    places: Mapping[SkuId, str]
    heads: Mapping[OrderId, Order]
    lacking: Collection[TaskId]
    held: Collection[TaskId]


def _told(
    conn: Conn, found: Round, desk: Desk, language: Language, names: Mapping[PersonId, str]
) -> RoundTold:
    boxes = {one.task_id: one.box for one in rounds.tasks_of_round(conn, found.round_id)}
    tasks = {task.task_id: task for task in fulfilment.tasks_by_id(conn, list(boxes))}
    lines = [line for of_task in fulfilment.lines_of_tasks(conn, list(boxes)).values() for line in of_task]
    sku_ids = {line.sku_id for line in lines}
    order_ids = {task.order_id for task in tasks.values()}
    lacking = tasks_lacking_photos(conn, list(boxes))
    facts = _Facts(
        tasks=tasks,
        boxes=boxes,
        lines=lines,
        boxed=rounds.boxed_in_round(conn, found.round_id),
        skus=catalogue.skus_by_id(conn, sku_ids),
        places=shelf_places(conn, desk.site.id, sku_ids),
        heads={head.id: head for head in orders.orders_by_ids(conn, sorted(order_ids))},
        lacking=lacking,
        held=held_back(conn, list(boxes), scope=WHOLE_BRAND, asks=True).keys(),
    )
    coldest = next(iter(tasks.values())).temperature_class if tasks else None
    return RoundTold(
        id=found.round_id,
        picker=names.get(found.picker_id, ""),
        is_mine=found.picker_id == desk.person_id,
        begun_at=found.begun_at,
        cold=cold_word(coldest, language) if coldest else "",
        cold_class=coldest.value if coldest else "",
        stops=_stops(conn, facts, language),
        boxes=_boxes(conn, facts, desk, language),
    )


def _stops(conn: Conn, facts: _Facts, language: Language) -> list[Stop]:
    """Write the stops in the order of the shelves: what is to be fetched, and what is to be taken out of a box."""
    of_skus: dict[SkuId, list[TaskLine]] = {}
    for line in facts.lines:
        is_open = facts.tasks[line.task_id].state in _OPEN
        boxed = facts.boxed[line.allocation_id].units if line.allocation_id in facts.boxed else 0
        if (is_open and line.left) or (boxed > line.left and (is_open or not line.left)):
            of_skus.setdefault(line.sku_id, []).append(line)
    lots = lots_to_take(conn, [line.allocation_id for lines in of_skus.values() for line in lines])
    ranked = sorted(
        of_skus, key=lambda sku_id: (walking_order(facts.places.get(sku_id)), facts.skus[sku_id].code)
    )
    return [
        Stop(
            sku=facts.skus[sku_id].code,
            **{
                name: text for name, text in goods_row(facts.skus[sku_id], language).items() if name != "code"
            },
            place=facts.places.get(sku_id, ""),
            lots=" · ".join(
                sorted(
                    {
                        lot.code
                        for line in of_skus[sku_id]
                        for lot in lots.get(line.allocation_id, ())
                        if lot.code
                    }
                )
            ),
            is_fragile=facts.skus[sku_id].care.is_fragile,
            shares=sorted((_share(line, facts) for line in of_skus[sku_id]), key=lambda one: one.box),
        )
        for sku_id in ranked
    ]


def _share(line: TaskLine, facts: _Facts) -> Share:
    boxed = facts.boxed.get(line.allocation_id)
    return Share(
        key=line.allocation_id,
        box=facts.boxes[line.task_id],
        units=line.left,
        boxed=boxed.units if boxed else 0,
    )


def _boxes(conn: Conn, facts: _Facts, desk: Desk, language: Language) -> list[Box]:
    due = {
        order_id: one.hand_over_by
        for order_id, of_order in promises.promises_of_orders(conn, set(facts.heads)).items()
        for one in of_order
        if one.state is PromiseState.OPEN
    }
    return [
        Box(
            box=facts.boxes[task.task_id],
            path=f"/store/tasks/{task.task_id}",
            number=facts.heads[task.order_id].number,
            state=language.say(_state_word(task, facts)),
            is_open=task.state in _OPEN,
            is_labelled=task.state in {TaskState.CHECKED, TaskState.PACKED},
            may_hand_over=task.state is TaskState.PACKED
            and task.kind is TaskKind.DELIVER
            and not _lacks_photo(task, facts)
            and task.task_id not in facts.held,
            leaves_by=language.clock_of_day(due[task.order_id], desk.site.time_zone)
            if task.order_id in due
            else "",
        )
        for task in sorted(facts.tasks.values(), key=lambda task: facts.boxes[task.task_id])
    ]


def _state_word(task: Task, facts: _Facts) -> str:
    if _lacks_photo(task, facts):
        return PHOTO_IS_MISSING
    return ADDRESS_IS_DOUBTED if task.task_id in facts.held else STATE_WORDS[task.state]


def _lacks_photo(task: Task, facts: _Facts) -> bool:
    """Tell whether a packed parcel stays here because a photo of its goods is missing."""
    return task.state is TaskState.PACKED and task.task_id in facts.lacking
