"""One task as its page shows it: what to fetch, what to look at, where it goes, what it pays, what comes next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from loopline import buyers, catalogue, customers, orders, org, promises, slots
from loopline.buyers import OpeningPurpose, Sealing
from loopline.catalogue import Care, Sku
from loopline.customers import Delivery, Doubted, Opening, Recipient
from loopline.db import Conn
from loopline.fulfilment import labels, rounds
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.labels import Label
from loopline.fulfilment.model import RefusalReason, Task, TaskKind, TaskLine, TaskState
from loopline.fulfilment.packing import PackedIn, packed_in
from loopline.fulfilment.rounds import RoundTask
from loopline.fulfilment.rules import UnknownTask
from loopline.kernel.cities import city_by_code
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import AllocationId, PartyId, PersonId, SkuId, TaskId
from loopline.kernel.refusals import Refused
from loopline.kernel.temperatures import TemperatureClass
from loopline.orders import Order
from loopline.processes.addresses import is_open, is_unusable
from loopline.processes.open_buyers import IN_HAND, purposes_open_to
from loopline.processes.packing import Packing, packing_of
from loopline.processes.photos import PhotosOfLine, last_ones, photos_of_tasks
from loopline.processes.slots import free_slots, last_visits, may_move
from loopline.processes.worth import Worth, worth_of_tasks
from loopline.sharing.queries import ShareOfLine, shares_of_lines
from loopline.slots import Booking, Slot, Way
from loopline.sourcing import queries as sourcing
from loopline.sourcing.model import Explanation
from loopline.web.address_words import doubts_said
from loopline.web.buyer_view import BuyerCard, BuyerPlace, buyer_card, who_opens
from loopline.web.cold_words import check_word, cold_word, pack_word
from loopline.web.collection import rider_code
from loopline.web.edge import Edge
from loopline.web.hours import hour_words, way_words
from loopline.web.languages import Language, marked
from loopline.web.photo_words import PhotoPlace, photo_rows
from loopline.web.riders import CARRIER_MOST
from loopline.web.store.desk import Desk, own_parties, party_ids, party_of_site
from loopline.web.store.offer_why import why_here
from loopline.web.store.packing_view import packing_view, used_words
from loopline.web.store.photos import outbox_of, taking_of
from loopline.web.store.round.told import ROUND
from loopline.web.store.words import (
    KIND_WORDS,
    REASON_WORDS,
    STATE_WORDS,
    city_near,
    gtin_as_printed,
    variety,
)
from loopline.web.waiting_words import waits_word

COLLECT_WITHIN = timedelta(days=7)
_REFUSABLE = frozenset({TaskState.OFFERED, TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED})
_PHOTOGRAPHED = frozenset({TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED, TaskState.HANDED_OVER})
_STEPS: tuple[tuple[TaskState, str], ...] = (
    (TaskState.ACCEPTED, marked("Accept")),
    (TaskState.CHECKED, marked("Pick, check")),
    (TaskState.PACKED, marked("Pack")),
    (TaskState.HANDED_OVER, marked("Hand over")),
)
_RANK = {
    TaskState.OFFERED: 0,
    TaskState.ACCEPTED: 1,
    TaskState.PICKING: 1,
    TaskState.CHECKED: 2,
    TaskState.PACKED: 3,
    TaskState.HANDED_OVER: 4,
}


class TaskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a task's page is written from, read at one moment."""

    now: datetime
    task: Task
    lines: list[TaskLine]
    order: Order
    skus: dict[SkuId, Sku]
    worth: Worth
    names: dict[PersonId, str]
    store_party: PartyId | None
    own_parties: tuple[PartyId, ...]
    shares: list[ShareOfLine]
    recipient: Recipient | None
    sealing: Sealing | None
    doubted: Doubted | None
    next_task: TaskId | None
    in_round: RoundTask | None
    packing: Packing | None
    packed_in: PackedIn | None
    boxed: dict[AllocationId, int]
    label: Label | None
    here: Coordinates
    choice: Explanation | None
    booking: Booking | None
    hours: Sequence[Slot]
    arrived_at: datetime | None
    code: str
    photos: list[PhotosOfLine]
    last: frozenset[AllocationId] = frozenset()


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a task. `scans` are the codes a scanner may read from it; `is_boxed`: it lies in its box already."""

    key: str
    name: str
    code: str
    variety: str
    gtin: str
    units: int
    taken_out: int
    pays: str
    scans: str
    is_boxed: bool


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the work: done, to be done now, or later."""

    word: str
    state: str


def read_task(  # noqa: PLR0913 - whose page of what, when, and whether it is kept
    conn: Conn, task_id: TaskId, desk: Desk, *, now: datetime, edge: Edge, is_kept: bool = False
) -> TaskFacts:
    """Read a task with all its page shows. Raises Refused for no task, and as for none outside the scope.

    Where a parcel goes is opened for whoever packs it, unless a fitter brings it, and that is written down: give a
    transaction that may write. `is_kept`: for a phone that keeps it, which is told no address and what comes next.
    """
    found = fulfilment.tasks_by_id(conn, [task_id])
    if not found or not desk.scope.covers_site(found[0].site_id):
        raise Refused(UnknownTask(task_id=task_id))
    task = found[0]
    lines = fulfilment.lines_of_tasks(conn, [task_id]).get(task_id, [])
    order = orders.order_by_id(conn, task.order_id)
    assert order is not None
    site = org.sites_by_id(conn, [task.site_id])[task.site_id]
    store = party_of_site(conn, site)
    parties = tuple(party_ids(own_parties(conn, desk.visitor)))
    # What can only be there in some states is looked for in these alone: an offer has no round, no colleague, no label.
    is_taken = task.accepted_at is not None
    in_round = rounds.rounds_of_tasks(conn, [task_id]).get(task_id) if is_taken else None
    booking = slots.bookings_of_orders(conn, [task.order_id]).get(task.order_id)
    is_addressed = not is_kept and _is_addressed(task, booking)
    boxed = rounds.boxed_in_round(conn, in_round.round_id) if in_round else {}
    return TaskFacts(
        now=now,
        task=task,
        lines=lines,
        order=order,
        skus=catalogue.skus_by_id(conn, {line.sku_id for line in lines}),
        worth=worth_of_tasks(conn, [task_id])[task_id],
        names={one.id: one.name for one in org.branch_people(conn, [site.unit_id])} if is_taken else {},
        store_party=store.id if store else None,
        own_parties=parties,
        shares=_shares(conn, lines) if task.state is TaskState.HANDED_OVER else [],
        recipient=_recipient(conn, task, desk, now=now, edge=edge) if is_addressed else None,
        sealing=buyers.sealings_of_orders(conn, [order.id]).get(order.id) if is_addressed else None,
        doubted=customers.doubts_of_orders(conn, [order.id]).get(order.id)
        if is_kept or (task.kind is TaskKind.DELIVER and task.state in IN_HAND)
        else None,
        next_task=_next_task(conn, task, desk, now=now) if task.ended_at else None,
        in_round=in_round,
        packing=packing_of(conn, task) if task.state is TaskState.CHECKED or is_kept else None,
        packed_in=packed_in(conn, [task_id]).get(task_id) if task.packed_at else None,
        boxed={allocation_id: one.units for allocation_id, one in boxed.items()},
        label=labels.labels_of_tasks(conn, [task_id]).get(task_id) if is_taken else None,
        here=site.coordinates,
        choice=_choice(conn, task),
        booking=booking,
        hours=() if is_kept else _hours(conn, order, booking, now=now),
        arrived_at=promises.arrivals_of_orders(conn, [order.id]).get(task_id)
        if booking is not None and task.state is TaskState.HANDED_OVER
        else None,
        code=rider_code(task_id, secret=edge.settings.secret)
        if not is_kept and _waits_for_rider(task, booking)
        else "",
        photos=photos_of_tasks(conn, {task_id: task}) if task.state in _PHOTOGRAPHED or is_kept else [],
        last=_last(conn, task, lines, is_kept=is_kept),
    )


def _shares(conn: Conn, lines: Sequence[TaskLine]) -> list[ShareOfLine]:
    """What was split of these lines, and of no other part of the order's."""
    ours = {line.allocation_id for line in lines}
    found = shares_of_lines(conn, sorted({line.line_id for line in lines}))
    return [share for share in found if share.part_id in ours]


def _last(conn: Conn, task: Task, lines: Sequence[TaskLine], *, is_kept: bool) -> frozenset[AllocationId]:
    """The lines that take the last units here, while they are picked: then they are looked at.

    `is_kept`: before that, too, as a phone keeps the page of picking ahead, and is held to all points of its list.
    """
    if task.state is not TaskState.PICKING and not is_kept:
        return frozenset()
    return last_ones(conn, [line for line in lines if line.left])


def _choice(conn: Conn, task: Task) -> Explanation | None:
    """The decision by which a task is offered: the last that was made before it."""
    if task.state is not TaskState.OFFERED:
        return None
    made = sourcing.explanations(conn, [task.order_id])
    return next((one for one in made if one.decided_at <= task.offered_at), None)


def _waits_for_rider(task: Task, booking: Booking | None) -> bool:
    return booking is not None and booking.way is Way.COURIER and task.state is TaskState.PACKED


def _recipient(conn: Conn, task: Task, desk: Desk, *, now: datetime, edge: Edge) -> Recipient | None:
    """Open where a parcel goes, once its goods are checked and before it has left."""
    opening = Opening(actor=f"person:{desk.person_id}", purpose="fulfilment")
    (opened,) = customers.open_deliveries(conn, [task.order_id], ring=edge.ring, opening=opening, now=now)
    return opened.recipient if isinstance(opened, Delivery) else None


def _is_addressed(task: Task, booking: Booking | None) -> bool:
    """Whether this page tells where a parcel goes: of what a fitter brings, the visit's does."""
    is_for_a_fitter = booking is not None and booking.way is Way.AT_HOME
    return task.kind is TaskKind.DELIVER and task.state in IN_HAND and not is_for_a_fitter


def _hours(conn: Conn, order: Order, booking: Booking | None, *, now: datetime) -> Sequence[Slot]:
    """The hours that an order may be moved to."""
    if booking is None:
        return ()
    last = last_visits(conn, {order.id: booking}).get(order.id)
    is_open = may_move(order, booking, last, by_member=False, now=now)
    return free_slots(conn, [booking], now=now).get(order.id, ()) if is_open else ()


def _card(facts: TaskFacts, desk: Desk, language: Language) -> BuyerCard | None:
    if facts.sealing is None:
        return None
    place = BuyerPlace(page_path=f"/store/tasks/{facts.task.task_id}", number=facts.order.number)
    purposes = purposes_open_to(facts.order, [facts.task], who_opens(desk.visitor))
    shipping = [one for one in purposes if one in {OpeningPurpose.SHIP_PARCEL, OpeningPurpose.PRINT_LABEL}]
    return buyer_card(facts.sealing, place, shipping, language)


def _next_task(conn: Conn, task: Task, desk: Desk, *, now: datetime) -> TaskId | None:
    """What to do after this: own work begun first, then the offer that is due first."""
    waiting = fulfilment.open_tasks_of_sites(conn, [task.site_id])
    mine = [
        one
        for one in waiting
        if one.accepted_by == desk.person_id
        and not (one.state is TaskState.PACKED and one.kind is TaskKind.COLLECT)
    ]
    offered = [one for one in waiting if one.state is TaskState.OFFERED and one.deadline > now]
    return next((one.task_id for one in (*mine, *offered)), None)


def context_of(facts: TaskFacts, desk: Desk, language: Language) -> dict[str, Any]:
    """Write a task's page."""
    task = facts.task
    rows = [row_of(line, facts, language) for line in facts.lines]
    return {
        "visitor": desk.visitor,
        "now": facts.now,
        "task": task,
        "path": f"/store/tasks/{task.task_id}",
        "state": task.state.value,
        "state_word": language.say(STATE_WORDS[task.state]),
        "kind_word": way_words(language, facts.booking, desk.site.time_zone, now=facts.now)
        if facts.booking is not None
        else language.say(KIND_WORDS[task.kind]),
        **_at_an_hour(facts, desk, language),
        "is_collect": task.kind is TaskKind.COLLECT,
        "number": facts.order.number,
        "rows": [row for row in rows if row.units],
        "gone": [row for row in rows if row.taken_out],
        "steps": _steps(task, language),
        "checks": checks_of(
            [facts.skus[line.sku_id] for line in facts.lines if line.left],
            language,
            kind=task.temperature_class,
            last=[facts.skus[line.sku_id] for line in facts.lines if line.allocation_id in facts.last],
        ),
        "cold": cold_word(task.temperature_class, language),
        "cold_class": task.temperature_class.value,
        "packed_in": pack_word(task.temperature_class, language),
        "until_text": language.say(
            "{count} min", count=max(0, int((task.deadline - facts.now).total_seconds()) // 60)
        ),
        "why_here": why_here(
            task, facts.choice, here=facts.here, there=facts.order.destination, language=language
        )
        if task.state is TaskState.OFFERED
        else "",
        "is_late": task.state is TaskState.OFFERED and task.deadline <= facts.now,
        "collect_by": language.until(task.collect_by, desk.site.time_zone) if task.collect_by else "",
        "is_others": task.accepted_by is not None and task.accepted_by != desk.person_id,
        "who": language.called(facts.names.get(task.accepted_by, "")) if task.accepted_by else "",
        "may_refuse": task.state in _REFUSABLE,
        "reasons": [(reason.value, language.say(REASON_WORDS[reason])) for reason in RefusalReason],
        "city": city_near(facts.order.destination, language),
        "recipient": facts.recipient,
        "region": _region(facts.recipient, language),
        **_doubted(facts.doubted, language),
        "card": _card(facts, desk, language),
        "next_path": _next_path(facts),
        "packing": packing_view(facts.packing, language) if facts.packing else None,
        "used": used_words(facts.packed_in, language) if facts.packed_in else "",
        "box": facts.in_round.box if facts.in_round else 0,
        "label_number": facts.label.number if facts.label else "",
        "tracking_number": (facts.label.tracking_number or "") if facts.label else "",
        **_photographed(facts, desk, language),
        **_pays(facts, desk, language),
    }


def _doubted(doubted: Doubted | None, language: Language) -> dict[str, Any]:
    """What the page of a task says of what there is to doubt in its address, and whether that holds it up."""
    return {
        "doubts": doubts_said(doubted, language) if is_open(doubted) else [],
        "is_unusable": is_unusable(doubted),
    }


def _photographed(facts: TaskFacts, desk: Desk, language: Language) -> dict[str, Any]:
    """What the page of a task says of photos, and what the phone needs to take them."""
    place = PhotoPlace(path=f"/store/tasks/{facts.task.task_id}", zone=desk.site.time_zone)
    return {
        "photos": photo_rows(facts.photos, facts.skus, place, language),
        "taking": taking_of(facts.task.state, language),
        "outbox": outbox_of(desk, language),
    }


def _at_an_hour(facts: TaskFacts, desk: Desk, language: Language) -> dict[str, Any]:
    """What the page of a task says of a courier, a fitter or an appointment, and the hours it could be moved to."""
    zone_name = desk.site.time_zone
    is_courier = facts.booking is not None and facts.booking.way is Way.COURIER
    return {
        "is_courier": is_courier,
        "is_fitting": facts.booking is not None and facts.booking.way is Way.AT_HOME,
        "visit_path": f"/store/visits/{facts.order.id}",
        "rider_code": facts.code,
        "carrier": (facts.booking.carrier or "") if facts.booking is not None else "",
        "carrier_most": CARRIER_MOST,
        "arrived": language.clock_of_day(facts.arrived_at, zone_name) if facts.arrived_at is not None else "",
        "hours": [
            (
                one.starts_at.isoformat(),
                hour_words(language, one.starts_at, one.ends_at, zone_name, now=facts.now),
            )
            for one in facts.hours
        ],
    }


def _next_path(facts: TaskFacts) -> str:
    """Where to go on: a box leads back to its round."""
    if facts.in_round:
        return ROUND
    return f"/store/tasks/{facts.next_task}" if facts.next_task else ""


def row_of(line: TaskLine, facts: TaskFacts, language: Language) -> Row:
    """Write a line of a task."""
    sku = facts.skus.get(line.sku_id)
    worth = next((one for one in facts.worth.lines if one.allocation_id == line.allocation_id), None)
    store_minor = (
        sum(share.amount_minor for share in worth.shares if share.party_id == facts.store_party)
        if worth
        else 0
    )
    return Row(
        key=str(line.allocation_id),
        name=language.called(sku.name) if sku else "?",
        code=sku.code if sku else "?",
        variety=variety(sku) if sku else "",
        gtin=gtin_as_printed(sku.gtin) if sku else "",
        units=line.left,
        taken_out=line.units - line.left,
        pays=language.money(store_minor, facts.order.currency) if store_minor else "",
        scans=" ".join(dict.fromkeys(one for one in (sku.code, sku.gtin, gtin_as_printed(sku.gtin)) if one))
        if sku
        else "",
        is_boxed=0 < line.left <= facts.boxed.get(line.allocation_id, 0),
    )


def _steps(task: Task, language: Language) -> list[Step]:
    rank = _RANK.get(task.state)
    if rank is None:
        return []
    return [
        Step(
            word=language.say(word),
            state="done" if place < rank else "now" if place == rank else "later",
        )
        for place, (_, word) in enumerate(_STEPS)
    ]


def checks_of(
    skus: Sequence[Sku],
    language: Language,
    *,
    kind: TemperatureClass = TemperatureClass.AMBIENT,
    last: Sequence[Sku] = (),
) -> list[str]:
    """Return what to look at before packing: what the goods' care and the parcel's class ask for, and what all do.

    `last`: the last ones of the site, which may have been on display.
    """
    cares = [sku.care for sku in skus]
    found = [language.say("The right goods in the right number: name, colour and size as listed")]
    if any(care.is_fragile for care in cares):
        found.append(language.say("Fragile goods: no chip, no crack, nothing rattles"))
    if kind is not TemperatureClass.AMBIENT:
        found.append(check_word(kind, language))
    found += _temperatures(cares, language)
    if any(care.tracks_batch or care.shelf_life_days for care in cares):
        found.append(language.say("Batch and best-before date can be read and are not over"))
    if any(care.tracks_serial for care in cares):
        found.append(language.say("Serial numbers are on the goods and on their boxes alike"))
    if last:
        goods = ", ".join(dict.fromkeys(language.called(sku.name) for sku in last))
        found.append(
            language.say(
                "The last here, perhaps from display: {goods}. No wear, nothing missing", goods=goods
            )
        )
    found.append(language.say("In good condition: clean, whole, labels on"))
    return found


def _temperatures(cares: Sequence[Care], language: Language) -> list[str]:
    ranges = dict.fromkeys(
        (care.temperature_low_celsius, care.temperature_high_celsius)
        for care in cares
        if care.temperature_low_celsius is not None or care.temperature_high_celsius is not None
    )
    return [
        language.say(
            "Kept cool until now: {low} to {high} °C",
            low="…" if low is None else low,
            high="…" if high is None else high,
        )
        for low, high in ranges
    ]


def _region(recipient: Recipient | None, language: Language) -> str:
    city = city_by_code(recipient.region_code) if recipient else None
    if city is None:
        return ""
    if language.code != "zh":
        return city.english
    return city.chinese if city.province_chinese == city.chinese else city.province_chinese + city.chinese


def _pays(facts: TaskFacts, desk: Desk, language: Language) -> dict[str, Any]:
    """What the task pays; once it is in the books, what it earned and when that is due."""
    currency = facts.order.currency
    booked = [share for share in facts.shares if share.party_id == facts.store_party]
    mine = [share for share in facts.shares if share.party_id in facts.own_parties]
    store_minor = sum(share.amount_minor for share in booked) if facts.shares else facts.worth.store_minor
    own_minor = (
        sum(share.amount_minor for share in mine)
        if facts.shares
        else sum(facts.worth.of(party) for party in facts.own_parties)
    )
    due = max((share.due_at for share in (*booked, *mine)), default=None)
    return {
        "pays": language.money(store_minor, currency) if store_minor else "",
        "pays_why": waits_word(facts.worth, language, desk.site.time_zone),
        "pays_me": language.money(own_minor, currency) if own_minor else "",
        "is_booked": bool(facts.shares),
        "due": language.short_day(due, desk.site.time_zone) if due else "",
    }
