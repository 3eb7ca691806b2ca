"""The start page of a store: work offers with their deadlines and what they pay, the work under way, the day so far.

The page comes complete; its middle is asked for again every few seconds, and is the same for whoever asks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, orders, org, slots
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment import rounds
from loopline.fulfilment.model import Capacity, Task, TaskKind, TaskLine, TaskState
from loopline.insight.capacity.model import SiteCapacity
from loopline.insight.capacity.queries import standing
from loopline.kernel.ids import OrderId, PartyId, PersonId, SkuId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import business_day, day_range
from loopline.orders import Order
from loopline.org import Permission
from loopline.processes.full_days import take_again
from loopline.processes.reserve import standing as reserved_at
from loopline.processes.worth import Worth, worth_of_tasks
from loopline.slots import Booking, Way
from loopline.web.api.answers import run
from loopline.web.capacity_words import given_word
from loopline.web.cold_words import cold_word
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.hours import way_words
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.calls_view import CalledHere, call_cards, read_called
from loopline.web.store.count.book import Begun, counts_at
from loopline.web.store.count.place import may_post
from loopline.web.store.desk import DESK, STORE, Desk, own_parties, party_ids, party_of_site
from loopline.web.store.earnings import Earned, earned_since
from loopline.web.store.heard import Heard, read_heard
from loopline.web.store.photos import outbox_of
from loopline.web.store.prices import waiting_here
from loopline.web.store.steps_box import steps_box_of
from loopline.web.store.words import KIND_WORDS, NEXT_WORDS, STATE_WORDS, goods_named, refusal_words
from loopline.web.waiting_words import waits_word

_TASKS_READ_MAX = 1_000
_OFFERS_SHOWN_MAX = 30
_IN_WORK_SHOWN_MAX = 40
_WAITING_SHOWN_MAX = 20
_NEAR = timedelta(hours=2)


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A site's open tasks as its page lists them: the first of each list, and how many more there are."""

    offers: list[Task]
    in_work: list[Task]
    waiting: list[Task]
    more_offers: int
    more_in_work: int
    more_waiting: int

    @property
    def shown(self) -> list[Task]:
        """All tasks that the page shows."""
        return [*self.offers, *self.in_work, *self.waiting]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a site's page is written from, read at one moment."""

    now: datetime
    tasks: list[Task]
    board: Board
    booked: Mapping[OrderId, Booking]
    lines: dict[TaskId, list[TaskLine]]
    worths: dict[TaskId, Worth]
    heads: dict[OrderId, Order]
    skus: dict[SkuId, Sku]
    names: dict[PersonId, str]
    capacity: Capacity | None
    learnt: SiteCapacity | None
    store_party: PartyId | None
    own_parties: tuple[PartyId, ...]
    earned: dict[PartyId, list[Earned]]
    called: CalledHere
    heard: Heard
    visits: int
    reserved: int


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A task in the list. `until` is what the countdown counts down to, `stands` the state for scripts."""

    key: str
    path: str
    number: str
    kind: str
    cold: str
    cold_class: str
    stands: str
    state: str
    goods: str
    units: int
    next_word: str
    who: str
    pays: str
    pays_why: str
    pays_me: str
    is_mine: bool
    until: datetime | None = None
    until_text: str = ""


def read_day(conn: Conn, desk: Desk, language: Language, *, now: datetime) -> Day:
    """Read what is to be done at a site, what it pays, and what came of the day so far."""
    site = desk.site
    day = business_day(now, site.time_zone)
    tasks = [
        task
        for task in fulfilment.open_tasks_of_sites(conn, [site.id], limit=_TASKS_READ_MAX)
        # Past its deadline nobody can take it; the clock's next round says so.
        if task.state is not TaskState.OFFERED or task.deadline > now
    ]
    booked = slots.bookings_of_orders(conn, {task.order_id for task in tasks}) if tasks else {}
    board = board_of(tasks, me=desk.person_id, booked=booked, now=now)
    ids = [task.task_id for task in board.shown]
    lines = fulfilment.lines_of_tasks(conn, ids)
    store = party_of_site(conn, site)
    mine = own_parties(conn, desk.visitor)
    earners = party_ids([store, *mine])
    capacities = fulfilment.capacity_of_sites(conn, [site.id], day=day)
    return Day(
        now=now,
        tasks=tasks,
        board=board,
        booked=booked,
        lines=lines,
        worths=worth_of_tasks(conn, ids),
        heads={
            head.id: head
            for head in orders.orders_by_ids(conn, sorted({task.order_id for task in board.shown}))
        },
        skus=catalogue.skus_by_id(
            conn, {line.sku_id for of_task in lines.values() for line in of_task if line.left}
        ),
        names={one.id: one.name for one in org.branch_people(conn, [site.unit_id])},
        capacity=capacities[0] if capacities else None,
        learnt=next(iter(standing(conn, [site.id])), None),
        store_party=store.id if store else None,
        own_parties=tuple(party.id for party in mine),
        earned=earned_since(conn, earners, since=day_range(day, site.time_zone).start) if earners else {},
        called=read_called(conn, desk, now=now),
        heard=read_heard(conn, desk, language),
        visits=_visits_today(conn, desk, now=now),
        reserved=sum(one.site_id == site.id for one, _ in reserved_at(conn, site.id, now=now)),
    )


def _visits_today(conn: Conn, desk: Desk, *, now: datetime) -> int:
    """How many customers are to be visited today by whoever fits goods at home."""
    span = day_range(business_day(now, desk.site.time_zone), desk.site.time_zone)
    assert span.end is not None  # a day ends
    return len(slots.bookings_at(conn, Way.AT_HOME, [desk.site.id], since=span.start, until=span.end))


def board_of(
    tasks: Sequence[Task], *, me: PersonId, booked: Mapping[OrderId, Booking], now: datetime
) -> Board:
    """Sort open tasks into lists: offers by deadline, own work first, then what waits for its customer.

    What has an hour (`booked`) stands by it: before all else once it is near, after it while it is far. `tasks` come by
    deadline. A phone gets no more of each than somebody can look over.
    """

    def by_hour(task: Task, moment: datetime) -> tuple[int, datetime]:
        one = booked.get(task.order_id)
        if one is None:
            return 1, moment
        return (0 if one.starts_at <= now + _NEAR else 2), one.starts_at

    offers = sorted(
        (task for task in tasks if task.state is TaskState.OFFERED),
        key=lambda task: (by_hour(task, task.deadline), task.task_id),
    )
    waiting = [task for task in tasks if task.state is TaskState.PACKED and task.kind is TaskKind.COLLECT]
    others = {task.task_id for task in (*offers, *waiting)}
    in_work = sorted(
        (task for task in tasks if task.task_id not in others),
        key=lambda task: (
            task.accepted_by != me,
            by_hour(task, task.accepted_at or task.offered_at),
            task.task_id,
        ),
    )
    waiting.sort(key=lambda task: (by_hour(task, task.collect_by or task.deadline), task.task_id))
    return Board(
        offers=offers[:_OFFERS_SHOWN_MAX],
        in_work=in_work[:_IN_WORK_SHOWN_MAX],
        waiting=waiting[:_WAITING_SHOWN_MAX],
        more_offers=max(0, len(offers) - _OFFERS_SHOWN_MAX),
        more_in_work=max(0, len(in_work) - _IN_WORK_SHOWN_MAX),
        more_waiting=max(0, len(waiting) - _WAITING_SHOWN_MAX),
    )


@get(STORE, dependencies=DESK, sync_to_thread=True)
def show_today(request: WebRequest, desk: NamedDependency[Desk]) -> Template:
    """Show what there is to do at a site, and what it pays."""
    return today_page(request, desk)


def today_page(request: WebRequest, desk: Desk, *, refusal: Refusal | None = None) -> Template:
    """Write the start page, with why something was not done where it was not."""
    return page(
        request,
        "store/today.html",
        status=200 if refusal is None else status_of(refusal),
        outbox=outbox_of(desk, language_of(request)),
        steps_box=steps_box_of(language_of(request)),
        refusal=refusal_words(refusal, language_of(request)) if refusal else "",
        **_context(request, desk),
    )


@get("/store/now", dependencies=DESK, sync_to_thread=True)
def tell_today(request: WebRequest, desk: NamedDependency[Desk]) -> Template:
    """Tell the moving part of the page as it stands."""
    return page(request, "store/today_panel.html", **_context(request, desk))


def _context(request: WebRequest, desk: Desk) -> dict[str, Any]:
    edge = edge_of(request)
    language = language_of(request)
    with edge.database.reading() as conn:
        day = read_day(conn, desk, language, now=edge.clock())
        counts, asked = counts_at(conn, desk, language)
        prices_waiting = waiting_here(conn, desk, now=day.now)
        in_rounds = rounds.rounds_under_way(conn, desk.site.id)
    return {
        "visitor": desk.visitor,
        "desk": desk,
        "now": day.now,
        "may_work": desk.visitor.may(Permission.TASKS_WRITE),
        "calls": call_cards(day.called, desk, language, now=day.now),
        "offers": [card_of(task, day, desk, language) for task in day.board.offers],
        "in_work": [card_of(task, day, desk, language) for task in day.board.in_work],
        "waiting": [card_of(task, day, desk, language) for task in day.board.waiting],
        "board": day.board,
        "to_pick": sum(task.state is TaskState.ACCEPTED for task in day.tasks),
        "my_round": any(one.picker_id == desk.person_id for one in in_rounds),
        "rounds": len(in_rounds),
        "capacity": day.capacity,
        "full_since": language.clock(day.capacity.filled_at, desk.site.time_zone)
        if day.capacity is not None and day.capacity.filled_at is not None
        else "",
        "given_less": given_word(day.learnt, language) if day.learnt is not None else "",
        "heard": day.heard,
        "prices_waiting": prices_waiting,
        "visits": day.visits,
        "reserved": day.reserved,
        "done": _done(day),
        "earned_store": _amounts(
            day.earned.get(day.store_party, []) if day.store_party is not None else [], language
        ),
        "earned_me": _amounts([one for party in day.own_parties for one in day.earned[party]], language),
        "is_earner": bool(day.own_parties),
        "counts": [_count_card(one, desk, language) for one in counts],
        "to_count": len(asked),
        "to_count_by": asked[0].by if asked else "",
    }


def _count_card(one: Begun, desk: Desk, language: Language) -> dict[str, str]:
    """A count that is open: go on with it here; who may post it looks through it."""
    begun = language.clock_of_day(one.begun_at, desk.site.time_zone)
    return {
        "said": f"{begun} · {one.begun_by}" if one.begun_by else begun,
        "skus": language.say("{count} SKUs", count=language.count(one.skus)),
        "go_on": f"{STORE}/count?count={one.id}",
        "review": f"{STORE}/count/{one.id}" if may_post(desk.visitor, desk.site) else "",
    }


def _done(day: Day) -> int:
    """How many tasks of today left the site: those that were confirmed, without those still under way."""
    if day.capacity is None:
        return 0
    under_way = sum(
        task.state is not TaskState.OFFERED and task.day == day.capacity.day for task in day.tasks
    )
    return max(0, day.capacity.confirmed - under_way)


def _amounts(earned: Sequence[Earned], language: Language) -> list[dict[str, str]]:
    return [
        {
            "net": language.money(one.net_minor, one.currency),
            "taken": language.money(one.taken_minor, one.currency) if one.taken_minor else "",
        }
        for one in earned
    ]


def card_of(task: Task, day: Day, desk: Desk, language: Language) -> Card:
    """Write a task down for the list."""
    left = [line for line in day.lines.get(task.task_id, []) if line.left]
    worth = day.worths.get(task.task_id)
    is_mine = task.accepted_by == desk.person_id
    until, until_text = _until(task, day.now, desk.site.time_zone, language)
    return Card(
        key=str(task.task_id),
        path=f"{STORE}/tasks/{task.task_id}",
        number=day.heads[task.order_id].number,
        kind=_kind(task, day, desk, language),
        cold=cold_word(task.temperature_class, language),
        cold_class=task.temperature_class.value,
        stands=task.state.value,
        state=language.say(STATE_WORDS[task.state]),
        goods=_goods(left, day.skus, language),
        units=sum(line.left for line in left),
        next_word=language.say(NEXT_WORDS[task.state]) if task.state in NEXT_WORDS else "",
        who=""
        if task.accepted_by is None or is_mine
        else language.called(day.names.get(task.accepted_by, "")),
        pays=language.money(worth.store_minor, worth.currency) if worth and worth.store_minor else "",
        pays_why=waits_word(worth, language, desk.site.time_zone),
        pays_me=_pays_me(worth, day.own_parties, language),
        is_mine=is_mine,
        until=until,
        until_text=until_text,
    )


def _kind(task: Task, day: Day, desk: Desk, language: Language) -> str:
    one = day.booked.get(task.order_id)
    if one is None:
        return language.say(KIND_WORDS[task.kind])
    return way_words(language, one, desk.site.time_zone, now=day.now)


def _pays_me(worth: Worth | None, parties: Sequence[PartyId], language: Language) -> str:
    mine = sum(worth.of(party) for party in parties) if worth else 0
    return language.money(mine, worth.currency) if worth and mine else ""


def _goods(left: Sequence[TaskLine], skus: Mapping[SkuId, Sku], language: Language) -> str:
    units: dict[SkuId, int] = {}
    for line in left:
        units[line.sku_id] = units.get(line.sku_id, 0) + line.left
    return goods_named(units, skus, language)


def _until(task: Task, now: datetime, zone_name: str, language: Language) -> tuple[datetime | None, str]:
    """What a task's clock runs down to, and how that reads before any script has run."""
    if task.state is TaskState.OFFERED:
        minutes = max(0, int((task.deadline - now).total_seconds()) // 60)
        return task.deadline, language.say("{count} min", count=minutes)
    if task.state is TaskState.PACKED and task.collect_by is not None:
        return None, language.say("waits until {moment}", moment=language.until(task.collect_by, zone_name))
    if task.accepted_at is not None:
        return None, language.say("taken at {time}", time=language.clock(task.accepted_at, zone_name))
    return None, ""


@post("/store/day/again", dependencies=DESK, sync_to_thread=True)
def take_more(request: WebRequest, desk: NamedDependency[Desk]) -> Response[Any]:
    """Take work again today, after somebody gave some back for want of time."""
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)
    by = f"person:{desk.person_id}"
    (outcome,) = run(
        request, lambda conn, now: take_again(conn, [desk.site.code], scope=scope, by=by, now=now)
    )
    if isinstance(outcome, Refusal):
        return today_page(request, desk, refusal=outcome)
    return Redirect(STORE, status_code=HTTP_303_SEE_OTHER)
