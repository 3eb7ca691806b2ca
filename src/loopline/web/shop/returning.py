"""What a member sends back of an order: announced with photos, exchanged, kept after all; each is shown on its page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath

from loopline import orders
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.kernel.ids import PhotoId, ReturnId, SiteId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Order
from loopline.processes.announce import (
    AnnouncedReceipt,
    LineBack,
    ReturnAsked,
    Withdrawal,
    announce,
    receive_announced,
    withdraw,
)
from loopline.processes.exchange import ExchangeAsked, announce_exchange, send_to_the_same
from loopline.processes.photos_back import keep_photos
from loopline.processes.ways_back import WayChosen, choose_ways, say_sent
from loopline.returns.announcements import announced_of_orders
from loopline.returns.model import Reason
from loopline.returns.photos import PhotoContent, photo_content
from loopline.returns.ways import Way, WaySent
from loopline.web.api.answers import read
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, edge_of
from loopline.web.photos_back import new_photos, pictures_of, returned_photo_answer
from loopline.web.shop.order import REASONS, done_with_order, own_order
from loopline.web.shop.refusals import NothingSentBack
from loopline.web.shop.shopper import Shopper
from loopline.web.store.moving.place import Form, time_id

_WAYS = {one.value: one for one in Way}
_TRACKING_LENGTH_MAX = 65


@post("/o/{number:str}/return", sync_to_thread=True)
def return_goods(
    request: WebRequest,
    number: FromPath[str],
    member: NamedDependency[Shopper],
    data: Form,
) -> Response[Any]:
    """Say what comes back, and why, with photos or without. The same form again is the same return."""
    is_theirs = read(request, lambda conn, _: own_order(conn, number, member.member_id) is not None)
    pictures = pictures_of(data.get("photo")) if is_theirs else []  # of others nothing is decoded

    def work(conn: Conn, head: Order, now: datetime) -> Refusal | None:
        lines = _lines_back(conn, head, data)
        if not lines:
            return NothingSentBack()
        if isinstance(pictures, Refusal):
            return pictures
        asked = ReturnAsked(
            channel=head.channel,
            external_number=f"{head.number}-{str(data.get('number', ''))[:40]}",
            order_id=head.id,
            lines=lines,
            by_member=member.member_id,
            actor=member.actor,
        )
        (outcome,) = announce(conn, [asked], scope=Scope(), now=now)
        if isinstance(outcome, Refusal):
            return outcome
        photos = new_photos(
            pictures,
            return_id=outcome.return_id,
            order_id=head.id,
            line_id=None,
            by=member.actor,
            by_customer=True,
        )
        kept = keep_photos(conn, photos, scope=Scope(), now=now)
        chosen = _choose_way(conn, outcome.return_id, head, data)
        return next((one for one in (*kept, *chosen) if isinstance(one, Refusal)), None)

    return done_with_order(request, number, member, work)


@post("/o/{number:str}/exchange", sync_to_thread=True)
def exchange_goods(
    request: WebRequest,
    number: FromPath[str],
    member: NamedDependency[Shopper],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Hold other sizes or colours at once, and say that the old ones come back. The same form again is the same."""
    edge = edge_of(request)
    made = time_id(data, "exchange_id") or uuid7(edge.clock())

    def work(conn: Conn, head: Order, now: datetime) -> Refusal | None:
        back, out = _swaps(conn, head, data)
        if not back:
            return NothingSentBack()
        asked = ExchangeAsked(
            id=made, order_id=head.id, back=back, out=out, actor=member.actor, by_member=member.member_id
        )
        done = announce_exchange(conn, asked, scope=Scope(), now=now)
        send_to_the_same(conn, done, head.id, ring=edge.ring, now=now)
        chosen = _choose_way(conn, ReturnId(made), head, data)
        return next((one for one in chosen if isinstance(one, Refusal)), None)

    return done_with_order(request, number, member, work)


def _choose_way(conn: Conn, return_id: ReturnId, head: Order, data: Mapping[str, Any]) -> list[str | Refusal]:
    """Keep the way that a form names; a form that names none leaves it open."""
    way = _WAYS.get(str(data.get("way", "")))
    return (
        [] if way is None else choose_ways(conn, [WayChosen(return_id=return_id, order_id=head.id, way=way)])
    )


@post("/o/{number:str}/return/{return_id:uuid}/sent", sync_to_thread=True)
def say_goods_sent(
    request: WebRequest,
    number: FromPath[str],
    return_id: FromPath[UUID],
    member: NamedDependency[Shopper],
    data: Form,
) -> Response[Any]:
    """Say under which number announced goods were sent, or say it anew."""
    typed = "".join(str(data.get("tracking", "")).split())[:_TRACKING_LENGTH_MAX]

    def work(conn: Conn, head: Order, now: datetime) -> Refusal | None:
        if return_id not in announced_of_orders(conn, [head.id]):
            return NothingSentBack()
        sent = WaySent(return_id=ReturnId(return_id), tracking_number=typed)
        (outcome,) = say_sent(conn, [sent], by=member.actor, now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return done_with_order(request, number, member, work)


def _swaps(conn: Conn, head: Order, data: dict[str, str]) -> tuple[tuple[LineBack, ...], tuple[str, ...]]:
    """What a form says is exchanged: of each line that names a variety so many units, and the variety's code."""
    reason = next((one for one in REASONS if one.value == data.get("reason")), Reason.OTHER)
    back: list[LineBack] = []
    out: list[str] = []
    for line in orders.lines_by_orders(conn, [head.id]):
        code = data.get(f"to_{line.line_id}", "").replace("\x00", "")
        stated = data.get(f"units_{line.line_id}", "1")
        units = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 7 else 0
        if code and units:
            back.append(LineBack(line_id=line.line_id, units=units, reason=reason))
            out.append(code)
    return tuple(back), tuple(out)


def _lines_back(conn: Conn, head: Order, data: Mapping[str, Any]) -> tuple[LineBack, ...]:
    """What a form says comes back: the units of each line, and one reason for all of them."""
    reason = next((one for one in REASONS if one.value == data.get("reason")), Reason.OTHER)
    found: list[LineBack] = []
    for line in orders.lines_by_orders(conn, [head.id]):
        stated = str(data.get(f"units_{line.line_id}", "0"))
        units = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 7 else 0
        if units > 0:
            found.append(LineBack(line_id=line.line_id, units=units, reason=reason))
    return tuple(found)


@post("/o/{number:str}/return/{return_id:uuid}/withdraw", sync_to_thread=True)
def keep_goods(
    request: WebRequest, number: FromPath[str], return_id: FromPath[UUID], member: NamedDependency[Shopper]
) -> Response[Any]:
    """Keep goods after all that were to come back."""

    def work(conn: Conn, _: Order, now: datetime) -> Refusal | None:
        asked = Withdrawal(return_id=ReturnId(return_id), by_member=member.member_id, actor=member.actor)
        (outcome,) = withdraw(conn, [asked], scope=Scope(), now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return done_with_order(request, number, member, work)


@post("/o/{number:str}/return/{return_id:uuid}/arrive", sync_to_thread=True)
def let_goods_arrive(
    request: WebRequest, number: FromPath[str], return_id: FromPath[UUID], member: NamedDependency[Shopper]
) -> Response[Any]:
    """Let returned goods arrive where they came from: in the demo alone, which has no carrier to wait for."""
    if edge_of(request).settings.demo is None:
        raise NotFoundException

    def work(conn: Conn, head: Order, now: datetime) -> Refusal | None:
        if return_id not in announced_of_orders(conn, [head.id]):
            return NothingSentBack()
        site_id = _sender_of(conn, head)
        if site_id is None:
            return NothingSentBack()
        receipt = AnnouncedReceipt(return_id=ReturnId(return_id), site_id=site_id, actor=member.actor)
        (outcome,) = receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return done_with_order(request, number, member, work)


def _sender_of(conn: Conn, head: Order) -> SiteId | None:
    tasks = fulfilment.tasks_of_orders(conn, [head.id])
    sent = [task.site_id for task in tasks if task.state is TaskState.HANDED_OVER]
    return sent[-1] if sent else head.site_id


@get("/o/{number:str}/returned/{photo_id:uuid}", sync_to_thread=True)
def show_own_returned_photo(
    request: WebRequest, number: FromPath[str], photo_id: FromPath[UUID], member: NamedDependency[Shopper]
) -> Response[bytes]:
    """Show members the photos that came with what they sent back themselves."""

    def find(conn: Conn, _: datetime) -> PhotoContent:
        head = own_order(conn, number, member.member_id)
        found = photo_content(conn, PhotoId(photo_id)) if head is not None else None
        if head is None or found is None or found.order_id != head.id or not found.by_customer:
            raise Refused(NoSuchThing(noun="photo", value=str(photo_id)))
        return found

    return returned_photo_answer(read(request, find))
