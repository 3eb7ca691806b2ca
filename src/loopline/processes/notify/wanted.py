"""Wanted: which events are told to whom. Follows the log; the same events twice are told once.

Told are members, of what they ordered here and of what they bought at our tills: other channels tell their own. Who
called an order off themselves saw that they did, and whoever never paid saw until when they might.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import msgspec

from loopline import notices, orders, promises
from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.db.remembered import read_marks
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.events import ParcelHandedOver, ParcelPacked
from loopline.fulfilment.model import Task, TaskKind, TaskState
from loopline.kernel.events import SYSTEM_ACTOR, Event, read
from loopline.kernel.ids import OrderId, ReturnId, ReturnLineId, SiteId, TaskId
from loopline.notices import About, Facts, NewNotice
from loopline.orders import ChannelTerms, DraftKind, LinesCancelled, Order
from loopline.orders.events import GoodsDated
from loopline.orders.tills import TILL
from loopline.org import Site
from loopline.payments import queries as payments
from loopline.payments.events import MoneyRefunded
from loopline.processes.remembered import CHANNELS, SITES_BY_ID
from loopline.promises import PromiseKind
from loopline.promises.events import PromiseRenewed
from loopline.promises.model import BROUGHT
from loopline.returns import queries as returns
from loopline.returns.events import ReturnReceived

WARNED_BEFORE = timedelta(days=1)
"""So long before a parcel goes back to the shelf its customer is told once more."""
_WARNED_AT_SOONEST = timedelta(hours=12)
"""After it was ready: what waits for less than this beside the warning is not told twice."""
_MIDDAY = time(12, tzinfo=UTC)
"""A day without an hour, as a moment that lies on it in all zones where we sell."""
_RENEWED = PromiseRenewed.type_name()
_DATED = GoodsDated.type_name()
_PACKED = ParcelPacked.type_name()
_LEFT = ParcelHandedOver.type_name()
_CALLED_OFF = LinesCancelled.type_name()
_CAME_BACK = ReturnReceived.type_name()
_PAID_BACK = MoneyRefunded.type_name()


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be told of an order, before it is known whose that is. `site_id`: whose name it says."""

    order_id: OrderId
    about: About
    version: UUID
    event: Event
    facts: Facts
    site_id: SiteId | None = None
    warns_before: bool = False


class _Around(msgspec.Struct, frozen=True, kw_only=True):
    """What the rooms know of a batch of events."""

    tasks: Mapping[TaskId, Task]
    of_orders: Mapping[OrderId, Sequence[Task]]
    promises: Mapping[OrderId, Sequence[promises.Promise]]
    paid: frozenset[OrderId]
    returned: Mapping[ReturnLineId, tuple[ReturnId, OrderId]]


class _Places(msgspec.Struct, frozen=True, kw_only=True):
    """Sites and channels that orders and what is told of them name."""

    sites: Mapping[SiteId, Site]
    channels: Mapping[str, ChannelTerms]


def put_down(conn: Conn, events: Sequence[Event]) -> None:
    """Put down what customers are to be told of events, while a gateway is at work. Writes each once."""
    heard = notices.takes_notices(conn, {one.at for one in events})
    current = [one for one in events if one.at in heard]
    if not current:
        return
    around = _read_around(conn, current)
    told = [found for one in current for found in _TELLS[one.type](one, around)]
    heads = {one.id: one for one in orders.orders_by_ids(conn, list({one.order_id for one in told}))}
    kept = [one for one in told if _is_ours(heads.get(one.order_id))]
    places = _places(conn, kept, heads)
    notices.write_notices(conn, [_notice(one, heads[one.order_id], places) for one in kept])


def _is_ours(head: Order | None) -> bool:
    """Whether an order's customer hears of it from us."""
    return (
        head is not None
        and head.member_id is not None
        and (head.kind is DraftKind.ASK or head.channel == TILL)
    )


def _read_around(conn: Conn, events: Sequence[Event]) -> _Around:
    parcels = [read(one, ParcelPacked).task_id for one in events if one.type == _PACKED]
    cancelled = list({read(one, LinesCancelled).order_id for one in events if one.type == _CALLED_OFF})
    left = list({read(one, ParcelHandedOver).order_id for one in events if one.type == _LEFT})
    renewed = list({read(one, PromiseRenewed).order_id for one in events if one.type == _RENEWED})
    came = [read(one, ReturnReceived).return_line_id for one in events if one.type == _CAME_BACK]
    of_orders: dict[OrderId, list[Task]] = {}
    for task in fulfilment.tasks_of_orders(conn, cancelled) if cancelled else ():
        of_orders.setdefault(task.order_id, []).append(task)
    money = payments.money_of_orders(conn, cancelled) if cancelled else []
    lines = returns.return_lines_by_id(conn, came) if came else []
    promised = [*left, *renewed]
    return _Around(
        tasks={one.task_id: one for one in fulfilment.tasks_by_id(conn, parcels)} if parcels else {},
        of_orders=of_orders,
        promises=promises.promises_of_orders(conn, promised) if promised else {},
        paid=frozenset(one.order_id for one in money if one.taken_minor),
        returned={
            line.return_line_id: (line.return_id, line.matches[0].order_id) for line in lines if line.matches
        },
    )


def _came_back(told: Event, around: _Around) -> list[_Told]:
    found = around.returned.get(read(told, ReturnReceived).return_line_id)
    return [_told(told, found[1], About.RETURN_HERE, found[0])] if found is not None else []


def _paid_back(told: Event, around: _Around) -> list[_Told]:
    del around
    refunded = read(told, MoneyRefunded)
    if refunded.order_id is None or not refunded.amount_minor:
        return []
    facts = Facts(number="", amount_minor=refunded.amount_minor, currency=refunded.currency)
    return [_told(told, refunded.order_id, About.REFUNDED, refunded.refund_id, facts=facts)]


def _renewed(told: Event, around: _Around) -> list[_Told]:
    renewed = read(told, PromiseRenewed)
    facts = Facts(number="", by=renewed.due_at)
    if renewed.kind in BROUGHT:
        return [_told(told, renewed.order_id, About.NEW_DATE, renewed.promise_id, facts=facts)]
    promise = next(
        (one for one in around.promises.get(renewed.order_id, ()) if one.id == renewed.promise_id), None
    )
    site_id = promise.site_id if promise is not None else None
    return [_told(told, renewed.order_id, About.NEW_READY, renewed.promise_id, facts=facts, site_id=site_id)]


def _dated(told: Event, around: _Around) -> list[_Told]:
    """Goods that come later than was said; the day that was known first, one that is sooner or none is no message."""
    del around
    dated = read(told, GoodsDated)
    later = [
        one.expected_on
        for one in dated.lines
        if one.expected_on is not None and one.before is not None and one.expected_on > one.before
    ]
    if not later:
        return []
    facts = Facts(number="", by=datetime.combine(max(later), _MIDDAY))
    return [_told(told, dated.order_id, About.GOODS_DAY, told.id, facts=facts)]


def _ready(told: Event, around: _Around) -> list[_Told]:
    packed = read(told, ParcelPacked)
    task = around.tasks.get(packed.task_id)
    if packed.kind is not TaskKind.COLLECT or task is None or task.collect_by is None:
        return []
    facts = Facts(number="", by=task.collect_by)
    ready = _told(told, task.order_id, About.READY, task.task_id, facts=facts, site_id=task.site_id)
    if task.collect_by - WARNED_BEFORE < told.at + _WARNED_AT_SOONEST:
        return [ready]
    return [ready, msgspec.structs.replace(ready, about=About.COLLECT_SOON, warns_before=True)]


def _left(told: Event, around: _Around) -> list[_Told]:
    parcel = read(told, ParcelHandedOver)
    if parcel.kind is not TaskKind.DELIVER:
        return []
    brought = [one for one in around.promises.get(parcel.order_id, ()) if one.kind is not PromiseKind.COLLECT]
    facts = Facts(
        number="",
        by=brought[-1].due_at if brought else None,
        tracking=parcel.tracking_number or "",
    )
    about = About.SENT if parcel.tracking_number else About.ON_ITS_WAY
    return [_told(told, parcel.order_id, about, parcel.task_id, facts=facts, site_id=parcel.site_id)]


def _called_off(told: Event, around: _Around) -> list[_Told]:
    cancelled = read(told, LinesCancelled)
    if told.actor.startswith("member:"):
        return []
    # There is nothing to give back: nobody paid in time, and the page said until when it waits; or somebody of ours
    # ended what waited to be paid, such as goods that were reserved for a member who stands at the till.
    if cancelled.was_unpaid or (told.actor == SYSTEM_ACTOR and cancelled.order_id not in around.paid):
        return []
    about = About.CALLED_OFF if cancelled.whole else About.PARTLY_CALLED_OFF
    tasks = around.of_orders.get(cancelled.order_id, ())
    if any(one.state is TaskState.NOT_COLLECTED and one.ended_at == told.at for one in tasks):
        about = About.NOT_COLLECTED
    return [_told(told, cancelled.order_id, about, told.id)]


_TELLS: Mapping[str, Callable[[Event, _Around], list[_Told]]] = {
    _RENEWED: _renewed,
    _DATED: _dated,
    _PACKED: _ready,
    _LEFT: _left,
    _CALLED_OFF: _called_off,
    _CAME_BACK: _came_back,
    _PAID_BACK: _paid_back,
}


def _told(  # noqa: PLR0913 - the parts of one record
    event: Event,
    order_id: OrderId,
    about: About,
    version: UUID,
    *,
    facts: Facts | None = None,
    site_id: SiteId | None = None,
) -> _Told:
    return _Told(
        order_id=order_id,
        about=about,
        version=version,
        event=event,
        facts=facts or Facts(number=""),
        site_id=site_id,
    )


def _places(conn: Conn, told: Sequence[_Told], heads: Mapping[OrderId, Order]) -> _Places:
    if not told:
        return _Places(sites={}, channels={})
    marks = read_marks(conn)
    named = {one.site_id for one in told} | {heads[one.order_id].site_id for one in told}
    channels = {heads[one.order_id].channel for one in told}
    return _Places(
        sites=SITES_BY_ID.find(conn, [one for one in named if one is not None], marks=marks),
        channels=CHANNELS.find(conn, channels, marks=marks),
    )


def _notice(told: _Told, head: Order, places: _Places) -> NewNotice:
    assert head.member_id is not None
    named = places.sites.get(told.site_id) if told.site_id is not None else None
    selling = places.sites.get(head.site_id) if head.site_id is not None else None
    place = named or selling or places.channels.get(head.channel)
    facts = msgspec.structs.replace(told.facts, number=head.number, store=named.name if named else "")
    return NewNotice(
        order_id=head.id,
        about=told.about,
        version=told.version,
        member_id=head.member_id,
        site_id=head.site_id,
        zone=place.time_zone if place is not None else "UTC",
        facts=facts,
        happened_at=told.event.at,
        not_before=facts.by - WARNED_BEFORE if told.warns_before and facts.by is not None else None,
    )


FOLLOWERS: tuple[Follower, ...] = (
    Follower(
        name="notices",
        types=frozenset({_RENEWED, _DATED, _PACKED, _LEFT, _CALLED_OFF, _CAME_BACK, _PAID_BACK}),
        apply=put_down,
    ),
)
