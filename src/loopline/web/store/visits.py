"""The fitter's day: who is visited at which hour, the way there, and how it went."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, customers, orders, slots
from loopline.catalogue import Sku
from loopline.customers import Delivery, Opening, Recipient
from loopline.db import Conn
from loopline.fulfilment import photos
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskLine, TaskState
from loopline.kernel.ids import LineId, OrderId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.times import business_day, day_range
from loopline.orders import Order, OrderStage
from loopline.org import Permission
from loopline.processes import visits as process
from loopline.processes.cancel import UnitsToCancel
from loopline.processes.photos import PhotosOfLine
from loopline.processes.visits import VisitDone, VisitMissed, VisitStep
from loopline.slots import Booking, Way
from loopline.slots.visits import (
    SIGNED_MOST,
    NoVisitToMake,
    Outcome,
    Proof,
    Visit,
    WhyNotDone,
    visits_of_orders,
)
from loopline.web.api.answers import run
from loopline.web.edge import Edge, WebRequest, edge_of, language_of
from loopline.web.hours import hour_words
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.photo_words import PhotoPlace, photo_rows
from loopline.web.problems import status_of
from loopline.web.shop.regions import region_words
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import DESK, STORE, Desk
from loopline.web.store.moving.place import Form, number
from loopline.web.store.photos import outbox_of
from loopline.web.store.refusals import SayWhyNotFitted
from loopline.web.store.words import goods_named, refusal_words, variety
from loopline.web.visits import is_visit_code, who_comes

VISITS = f"{STORE}/visits"
_DAYS_AHEAD = 7
_OVERDUE = timedelta(days=3)
_OPEN = frozenset(
    {TaskState.OFFERED, TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED}
)
_OVER = frozenset({OrderStage.HANDED_OVER, OrderStage.CANCELLED, OrderStage.RETURNED})
REASONS: Mapping[WhyNotDone, str] = {
    WhyNotDone.NOBODY_HOME: marked("Nobody was home: another hour"),
    WhyNotDone.NOT_READY: marked("The place was not ready: another hour"),
    WhyNotDone.DOES_NOT_FIT: marked("It does not fit: called off, money back"),
    WhyNotDone.NOT_WANTED: marked("The customer does not want it: called off, money back"),
    WhyNotDone.DAMAGED: marked("It is damaged: taken out of stock, sourced anew"),
}
_STATES = {
    "open": marked("Nobody goes there yet"),
    "taken": marked("Taken on"),
    "under_way": marked("On the way there"),
    "in_vain": marked("Was there in vain"),
    "done": marked("Fitted"),
}


class VisitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who is visited, as the pages show it. `recipient`: opened for whoever goes there alone."""

    booking: Booking
    order: Order
    tasks: Sequence[Task]
    lines: Sequence[TaskLine]
    last: Visit | None
    recipient: Recipient | None

    @property
    def state(self) -> str:
        """Where the visit stands."""
        if self.last is not None and self.last.outcome is Outcome.DONE and self.order.stage in _OVER:
            return "done"
        if self.last is None or self.last.outcome in {Outcome.DONE, Outcome.CALLED_OFF}:
            return "open"
        if self.last.outcome is Outcome.NOT_DONE:
            return "in_vain"
        return "under_way" if self.last.is_on_the_way else "taken"

    @property
    def is_packed(self) -> bool:
        """Whether all goods are packed, so that somebody can set out."""
        return bool(self.tasks) and all(task.state is TaskState.PACKED for task in self.tasks)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is read for a page, at one moment."""

    now: datetime
    visits: Sequence[VisitFacts]
    skus: Mapping[SkuId, Sku]
    photos: Sequence[PhotosOfLine] = ()


# ------------------------------------------------------------------------------------------------------- what is read


def _read(  # noqa: PLR0913 - whose visits, and who looks
    conn: Conn, desk: Desk, booked: Sequence[Booking], *, edge: Edge, now: datetime, pictured: bool = False
) -> Found:
    """Read the visits of bookings. Addresses of those that somebody is to go to now are opened, and that is noted."""
    order_ids = [one.order_id for one in booked]
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    tasks = [task for task in fulfilment.tasks_of_orders(conn, order_ids) if task.site_id == desk.site.id]
    lines = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks])
    last = {order_id: found[-1] for order_id, found in visits_of_orders(conn, order_ids).items()}
    mine = [
        order_id
        for order_id, one in last.items()
        if one.ended_at is None and one.by == actor_of(desk.visitor)
    ]
    opening = Opening(actor=actor_of(desk.visitor), purpose="fulfilment")
    opened = customers.open_deliveries(conn, mine, ring=edge.ring, opening=opening, now=now) if mine else []
    where = {
        order_id: one.recipient
        for order_id, one in zip(mine, opened, strict=True)
        if isinstance(one, Delivery)
    }
    found: list[VisitFacts] = []
    for one in booked:
        ours = [task for task in tasks if task.order_id == one.order_id]
        way = last.get(one.order_id)
        if way is not None and way.is_on_the_way:
            ours = [task for task in ours if process.goes_along(task, way)]
        found.append(
            VisitFacts(
                booking=one,
                order=heads[one.order_id],
                tasks=[task for task in ours if task.state in _OPEN],
                lines=[line for task in ours for line in lines.get(task.task_id, ()) if line.left],
                last=last.get(one.order_id),
                recipient=where.get(one.order_id),
            )
        )
    skus = catalogue.skus_by_id(conn, {line.sku_id for one in found for line in one.lines})
    shown = _pictures(conn, found[0]) if pictured else ()
    return Found(now=now, visits=found, skus=skus, photos=shown)


def _pictures(conn: Conn, one: VisitFacts) -> Sequence[PhotosOfLine]:
    """The goods of a visit with the photos of them."""
    tasks = {task.task_id: task for task in one.tasks}
    taken = photos.photos_of_tasks(conn, tasks)
    return [
        PhotosOfLine(
            task=tasks[line.task_id],
            line=line,
            point=None,
            photos=tuple(photo for photo in taken if photo.allocation_id == line.allocation_id),
        )
        for line in one.lines
        if line.task_id in tasks
    ]


def _booking(conn: Conn, desk: Desk, order_id: UUID) -> Booking:
    """The booking of a visit at one's own site. Raises Refused for any other, as for none."""
    one = slots.bookings_of_orders(conn, [OrderId(order_id)]).get(OrderId(order_id))
    if one is None or one.way is not Way.AT_HOME or not desk.scope.covers_site(one.site_id):
        raise Refused(NoVisitToMake(order_id=OrderId(order_id)))
    return one


def _day_of(request: WebRequest, desk: Desk, now: datetime) -> date:
    """The day that is looked at: today, or one of the days ahead."""
    today = business_day(now, desk.site.time_zone)
    try:
        wanted = date.fromisoformat(request.query_params.get("day", ""))
    except ValueError:
        return today
    return wanted if today <= wanted <= today + timedelta(days=_DAYS_AHEAD) else today


# --------------------------------------------------------------------------------------------------------- the pages


@get(VISITS, dependencies=DESK, sync_to_thread=True)
def show_visits(request: WebRequest, desk: NamedDependency[Desk]) -> Template:
    """Show whom fitters visit on a day, by the hour; on today's page those of the last days that nobody ended, too."""
    desk.visitor.scope_of(Permission.TASKS_WRITE)
    edge, language, zone_name = edge_of(request), language_of(request), desk.site.time_zone

    def work(conn: Conn, now: datetime) -> tuple[date, Found]:
        day = _day_of(request, desk, now)
        span = day_range(day, zone_name)
        assert span.end is not None  # a day ends
        is_today = span.start <= now < span.end
        since = span.start - _OVERDUE if is_today else span.start
        booked = slots.bookings_at(conn, Way.AT_HOME, [desk.site.id], since=since, until=span.end)
        found = _read(conn, desk, booked, edge=edge, now=now)
        kept = [
            one for one in found.visits if one.booking.starts_at >= span.start or one.order.stage not in _OVER
        ]
        return day, msgspec.structs.replace(found, visits=kept)

    day, found = run(request, work)
    today = business_day(found.now, zone_name)
    return page(
        request,
        "store/visits.html",
        visitor=desk.visitor,
        desk=desk,
        now=found.now,
        days=[
            (f"{VISITS}?day={one}", _day_word(one, today, language), one == day)
            for one in (today + timedelta(days=ahead) for ahead in range(_DAYS_AHEAD + 1))
        ],
        rows=[_row(one, found, desk, language) for one in found.visits],
    )


@get(VISITS + "/{order_id:uuid}", dependencies=DESK, sync_to_thread=True)
def show_visit(request: WebRequest, desk: NamedDependency[Desk], order_id: FromPath[UUID]) -> Template:
    """Show one visit: where to, what is brought, and what there is to say of it."""
    return _visit_page(request, desk, order_id)


def _visit_page(
    request: WebRequest, desk: Desk, order_id: UUID, *, refusal: Refusal | None = None
) -> Template:
    desk.visitor.scope_of(Permission.TASKS_WRITE)
    edge, language = edge_of(request), language_of(request)

    def work(conn: Conn, now: datetime) -> Found:
        booked = _booking(conn, desk, order_id)
        return _read(conn, desk, [booked], edge=edge, now=now, pictured=True)

    found = run(request, work)
    (one,) = found.visits
    place = PhotoPlace(path="", zone=desk.site.time_zone)
    if one.tasks:
        place = PhotoPlace(path=f"{STORE}/tasks/{one.tasks[0].task_id}", zone=desk.site.time_zone)
    return page(
        request,
        "store/visit.html",
        status=200 if refusal is None else status_of(refusal),
        refusal=refusal_words(refusal, language) if refusal else "",
        visitor=desk.visitor,
        desk=desk,
        now=found.now,
        may_work=True,
        row=_row(one, found, desk, language),
        path=place.path,
        goods=_goods(one, found, language),
        reasons=[(reason.value, language.say(word)) for reason, word in REASONS.items()],
        signed_most=SIGNED_MOST,
        task=one.tasks[0] if one.tasks else None,
        photos=photo_rows(found.photos, found.skus, place, language),
        taking={"may_take": one.state == "under_way", "may_waive": False, "reasons": []},
        outbox=outbox_of(desk, language),
    )


def _day_word(day: date, today: date, language: Language) -> str:
    return language.say("Today") if day == today else f"{language.weekday(day.isoweekday())} {day.day}"


def _row(one: VisitFacts, found: Found, desk: Desk, language: Language) -> dict[str, Any]:
    """Write a visit down."""
    zone_name = desk.site.time_zone
    units: dict[SkuId, int] = {}
    for line in one.lines:
        units[line.sku_id] = units.get(line.sku_id, 0) + line.left
    where = one.recipient
    region = region_words(where.region_code, language.code) if where is not None else ""
    is_mine = one.last is not None and one.last.by == actor_of(desk.visitor)
    return {
        "path": f"{VISITS}/{one.order.id}",
        "task_path": f"{STORE}/tasks/{one.tasks[0].task_id}" if one.tasks else "",
        "hour": hour_words(language, one.booking.starts_at, one.booking.ends_at, zone_name, now=found.now),
        "is_late": one.booking.ends_at <= found.now and one.state in {"open", "taken", "under_way"},
        "number": one.order.number,
        "goods": goods_named(units, found.skus, language),
        "state": one.state,
        "state_word": language.say(_STATES[one.state]),
        "is_mine": is_mine,
        "is_packed": one.is_packed,
        "is_over": one.order.stage in _OVER,
        "who": one.booking.carrier or "",
        "name": where.name if where is not None else "",
        "phone": where.phone if where is not None else "",
        "address": f"{region} {where.street}".strip() if where is not None else "",
        "map": f"https://uri.amap.com/search?keyword={quote(f'{region}{where.street}', safe='')}"
        if where is not None
        else "",
    }


def _goods(one: VisitFacts, found: Found, language: Language) -> list[dict[str, Any]]:
    """The goods of a visit by the line of the order, as some of them may be left out."""
    rows: dict[LineId, dict[str, Any]] = {}
    for line in one.lines:
        sku = found.skus[line.sku_id]
        row = rows.setdefault(
            line.line_id,
            {
                "key": str(line.line_id),
                "name": language.called(sku.name),
                "code": sku.code,
                "variety": variety(sku),
                "units": 0,
            },
        )
        row["units"] += line.left
    return list(rows.values())


# ------------------------------------------------------------------------------------------------------------ the steps


@post(VISITS + "/{order_id:uuid}/take", dependencies=DESK, sync_to_thread=True)
def take(request: WebRequest, desk: NamedDependency[Desk], order_id: FromPath[UUID]) -> Response[Any]:
    """Take a visit on: its customer sees who comes, and its address is opened to whoever goes there."""
    return _stepped(request, desk, order_id, process.take_visits)


@post(VISITS + "/{order_id:uuid}/set-out", dependencies=DESK, sync_to_thread=True)
def set_out(request: WebRequest, desk: NamedDependency[Desk], order_id: FromPath[UUID]) -> Response[Any]:
    """Say that one is on the way: its customer sees it at once."""
    return _stepped(request, desk, order_id, process.set_out)


def _stepped(request: WebRequest, desk: Desk, order_id: UUID, step: Any) -> Response[Any]:
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)

    def work(conn: Conn, now: datetime) -> Refusal | None:
        _booking(conn, desk, order_id)
        command = VisitStep(
            order_id=OrderId(order_id), by=actor_of(desk.visitor), shown=who_comes(desk.visitor.person.name)
        )
        (outcome,) = step(conn, [command], scope=scope, now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return _led_back(request, desk, order_id, run(request, work))


@post(VISITS + "/{order_id:uuid}/done", dependencies=DESK, sync_to_thread=True)
def finish(
    request: WebRequest, desk: NamedDependency[Desk], order_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Say that it is fitted: by the code that the customer says, or a name that was signed and a photo."""
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)
    secret = edge_of(request).settings.secret
    code = str(data.get("code", "")).strip()
    signed_by = str(data.get("signed_by", "")).replace("\x00", "")
    command = VisitDone(
        order_id=OrderId(order_id),
        by=actor_of(desk.visitor),
        proof=Proof.SIGNATURE if data.get("proof") == Proof.SIGNATURE.value else Proof.CODE,
        is_code_right=is_visit_code(OrderId(order_id), code, secret=secret),
        signed_by=signed_by,
    )

    def work(conn: Conn, now: datetime) -> Refusal | None:
        _booking(conn, desk, order_id)
        (outcome,) = process.finish_visits(conn, [command], scope=scope, now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return _led_back(request, desk, order_id, run(request, work))


@post(VISITS + "/{order_id:uuid}/not-done", dependencies=DESK, sync_to_thread=True)
def miss(
    request: WebRequest, desk: NamedDependency[Desk], order_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Say that it is not fitted, or not all of it, and why: the reason decides on the goods."""
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)

    def work(conn: Conn, now: datetime) -> Refusal | None:
        _booking(conn, desk, order_id)
        command = _missed(data, OrderId(order_id), by=actor_of(desk.visitor))
        if isinstance(command, Refusal):
            return command
        (outcome,) = process.miss_visits(conn, [command], scope=scope, now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return _led_back(request, desk, order_id, run(request, work))


def _missed(data: dict[str, Any], order_id: OrderId, *, by: str) -> VisitMissed | Refusal:
    """Read why it is not fitted, and of which units; of all where none are named."""
    try:
        reason = WhyNotDone(str(data.get("reason", "")))
        lines, shown = _units_of(data, "units_"), _units_of(data, "shown_")
    except ValueError:
        return SayWhyNotFitted()
    if not lines and any(name.startswith("units_") for name in data) and reason in process.OF_A_PART:
        return SayWhyNotFitted()
    return VisitMissed(
        order_id=order_id,
        by=by,
        reason=reason,
        lines=lines if reason in process.OF_A_PART else (),
        shown=shown if reason in process.OF_A_PART else (),
    )


def _units_of(data: dict[str, Any], prefix: str) -> tuple[UnitsToCancel, ...]:
    """Read the units of lines that a form names. Raises ValueError for what is no line."""
    return tuple(
        UnitsToCancel(line_id=LineId(UUID(name.removeprefix(prefix))), units=number(data, name))
        for name in data
        if name.startswith(prefix) and number(data, name)
    )


def _led_back(request: WebRequest, desk: Desk, order_id: UUID, refusal: Refusal | None) -> Response[Any]:
    if refusal is not None:
        return _visit_page(request, desk, order_id, refusal=refusal)
    return Redirect(f"{VISITS}/{order_id}", status_code=HTTP_303_SEE_OTHER)


VISIT_PAGES = [show_visits, show_visit, take, set_out, finish, miss]
