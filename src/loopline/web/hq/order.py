"""An order's page: everything that is known of it, for whoever may know it."""

from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import buyers, customers, orders
from loopline.customers import IdentityKind, Opening, Personal, masked_name, masked_phone
from loopline.db import Conn
from loopline.fulfilment.photos import KEPT_DAYS
from loopline.kernel.ids import MemberId, PhotoId
from loopline.kernel.refusals import Refusal, Refused
from loopline.orders import Order
from loopline.org import Permission
from loopline.processes.look_up import PERSON_ACTOR, OrderStory, order_story
from loopline.processes.open_buyers import purposes_open_to
from loopline.processes.photos import photo_of_order, photos_of_tasks
from loopline.returns.photos import photos_of_returns
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.buyer_view import (
    BuyerCard,
    BuyerPlace,
    PurposeData,
    buyer_card,
    fragment,
    is_fragment,
    open_for,
    opened_card,
    purpose_in,
    who_opens,
)
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.openings import openings_link
from loopline.web.hq.order_page import context_of
from loopline.web.hq.order_view import Eyes, Part, eyes_on, sending_sites
from loopline.web.hq.orders_asked import ORDERS
from loopline.web.hq.returns_why_asked import RETURNED_PHOTOS
from loopline.web.pages import page
from loopline.web.photo_words import PhotoPlace, PhotoRow, photo_rows
from loopline.web.photos_back import PhotoBack, photos_shown
from loopline.web.problems import status_of
from loopline.web.store.photos import photo_answer

_NOUN = "order"


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An order, and who looks at it."""

    story: OrderStory
    eyes: Eyes


@get(ORDERS + "/{number:str}", sync_to_thread=True)
def show_order(
    request: WebRequest, visitor: NamedDependency[Visitor], number: FromPath[str]
) -> Template | Response[None]:
    """Show an order under its short number, however that was typed."""
    seen = _seen(request, visitor, number)
    if seen.story.order.number != number:
        return Redirect(f"{ORDERS}/{seen.story.order.number}", status_code=HTTP_303_SEE_OTHER)
    return _page(request, visitor, seen, card=_card(request, visitor, seen))


@get(ORDERS + "/{number:str}/buyer", sync_to_thread=True)
def show_buyer(
    request: WebRequest, visitor: NamedDependency[Visitor], number: FromPath[str]
) -> Template | Response[None]:
    """Show the buyer masked again; a browser that asks for a page is led to the order."""
    seen = _seen(request, visitor, number)
    card = _card(request, visitor, seen)
    if card is None or not is_fragment(request):
        return Redirect(f"{ORDERS}/{seen.story.order.number}", status_code=HTTP_303_SEE_OTHER)
    return fragment(request, card)


@post(ORDERS + "/{number:str}/buyer", status_code=200, sync_to_thread=True)
def open_buyer(
    request: WebRequest, visitor: NamedDependency[Visitor], number: FromPath[str], data: PurposeData
) -> Template | Response[None]:
    """Show the buyer for a purpose: written down first, and on this one answer alone."""
    seen = _seen(request, visitor, number)
    card, purpose = _card(request, visitor, seen), purpose_in(data.purpose)
    if card is None or purpose is None:
        return Redirect(f"{ORDERS}/{seen.story.order.number}", status_code=HTTP_303_SEE_OTHER)
    outcome = open_for(request, visitor, seen.story.order.id, purpose)
    shown = opened_card(card, outcome, purpose, language_of(request))
    if is_fragment(request):
        return fragment(request, shown)
    status = status_of(outcome) if isinstance(outcome, Refusal) else 200
    return _page(request, visitor, seen, card=shown, status=status)


def _seen(request: WebRequest, visitor: Visitor, number: str) -> _Seen:
    """Read an order, and who looks at it. Raises Refused where it is not for them."""
    visitor.scope_of(Permission.ORDERS_READ)
    story = read(request, lambda conn, _: _story(conn, number))
    eyes = eyes_on(
        visitor.branches,
        selling=story.order.site_id,
        sending=sending_sites(story),
        person_id=visitor.person.person_id,
    )
    if eyes is None:
        raise Refused(NoSuchThing(noun=_NOUN, value=number))
    return _Seen(story=story, eyes=eyes)


def _page(
    request: WebRequest, visitor: Visitor, seen: _Seen, *, card: BuyerCard | None, status: int = 200
) -> Template:
    story, eyes = seen.story, seen.eyes
    context = context_of(
        story,
        eyes,
        language_of(request),
        member=_member(request, story, eyes, visitor),
        now=edge_of(request).clock(),
    )
    return page(
        request,
        "hq/order.html",
        status=status,
        visitor=visitor,
        card=card,
        is_fragment=False,
        photos=_photos(request, seen),
        photos_back=_photos_back(request, seen),
        photo_days=KEPT_DAYS,
        sees_messages=eyes.sees(Part.WHOLE_TIMELINE) and story.order.member_id is not None,
        may_see_stock=visitor.may(Permission.STOCK_READ) and visitor.may(Permission.BOARDS_READ),
        **_acts(story.order, visitor, is_limited=bool(story.ship_from)),
        **context,
    )


@get(ORDERS + "/{number:str}/photos/{photo_id:uuid}", sync_to_thread=True)
def show_order_photo(
    request: WebRequest, visitor: NamedDependency[Visitor], number: FromPath[str], photo_id: FromPath[UUID]
) -> Response[bytes]:
    """Show a photo of what a site sent of an order, to whoever sees that site's work."""
    seen = _seen(request, visitor, number)
    found = read(request, lambda conn, _: photo_of_order(conn, seen.story.order.id, PhotoId(photo_id)))
    if found is None or not seen.eyes.sees_site(found.task.site_id):
        raise Refused(NoSuchThing(noun="photo", value=str(photo_id)))
    return photo_answer(found.content)


def _photos(request: WebRequest, seen: _Seen) -> list[PhotoRow]:
    """Return what goods looked like before they were sent, as far as their sites' work is for somebody."""
    story = seen.story
    tasks = {task.task_id: task for task in story.tasks if seen.eyes.sees_site(task.site_id)}
    found = read(request, lambda conn, _: photos_of_tasks(conn, tasks))
    place = PhotoPlace(path=f"{ORDERS}/{story.order.number}", zone=story.zone)
    rows = photo_rows(found, story.skus, place, language_of(request))
    return [one for one in rows if one.photos or one.waived or one.is_lacking]


def _photos_back(request: WebRequest, seen: _Seen) -> list[PhotoBack]:
    """Return the photos of what came back of an order, and of what its customer announced, for whoever sees those."""
    story = seen.story
    if not seen.eyes.sees(Part.RETURNS):
        return []
    return_ids = [*(one.id for one in story.announced), *(one.id for one in story.returns)]
    found = read(request, lambda conn, _: photos_of_returns(conn, set(return_ids)))
    return photos_shown(found, story.zone, language_of(request), path=RETURNED_PHOTOS)


def _acts(order: Order, visitor: Visitor, *, is_limited: bool) -> dict[str, bool]:
    """What somebody may do to an order from its page: as long as something of it was not handed over."""
    may_act = visitor.may(Permission.ORDERS_WRITE) and visitor.scope_of(Permission.ORDERS_WRITE).covers_site(
        order.site_id
    )
    waits = order.source_waits_for is not None and order.held > 0
    return {
        "may_act": may_act and order.parked + order.held + order.allocated > 0,
        "waits_for_site": waits and order.pay_until is None,
        "names_sites": is_limited,
    }


def _card(request: WebRequest, visitor: Visitor, seen: _Seen) -> BuyerCard | None:
    """Return the buyer whom a marketplace sealed, masked, for whoever may know who bought."""
    if not seen.eyes.sees(Part.MEMBER):
        return None
    order = seen.story.order
    sealing = read(request, lambda conn, _: buyers.sealings_of_orders(conn, [order.id])).get(order.id)
    if sealing is None:
        return None
    purposes = purposes_open_to(order, seen.story.tasks, who_opens(visitor))
    place = BuyerPlace(page_path=f"{ORDERS}/{order.number}", number=order.number)
    card = buyer_card(sealing, place, purposes, language_of(request))
    may_audit = visitor.may(Permission.OPENINGS_READ)
    return msgspec.structs.replace(card, log=openings_link(order.number)) if may_audit else card


def _story(conn: Conn, number: str) -> OrderStory:
    """Read an order by what somebody typed. Raises Refused where no order is called so."""
    found = orders.order_by_number(conn, number)
    story = order_story(conn, found.id) if found is not None and not isinstance(found, Refusal) else None
    if story is None:
        raise Refused(NoSuchThing(noun=_NOUN, value=number))
    return story


def _member(request: WebRequest, story: OrderStory, eyes: Eyes, visitor: Visitor) -> str:
    """Return who bought, masked; opening it is written down."""
    member_id = story.order.member_id
    if member_id is None or not eyes.sees(Part.MEMBER):
        return ""
    opening = Opening(actor=f"{PERSON_ACTOR}{visitor.person.person_id}", purpose="order page")
    ring = edge_of(request).ring
    (opened,) = run(
        request,
        lambda conn, now: customers.open_personal(conn, [member_id], ring=ring, opening=opening, now=now),
    )
    return masked_member(opened, member_id)


def masked_member(opened: Personal | Refusal, member_id: MemberId) -> str:
    """Write a member as most roles see one: the first letter of the name, the last digits of the phone."""
    if isinstance(opened, Refusal):
        return f"•••{str(member_id)[-4:]}"
    phones = [one.value for one in opened.identities if one.kind is IdentityKind.PHONE]
    told = [masked_name(opened.name) if opened.name else "", masked_phone(phones[0]) if phones else ""]
    return " ".join(one for one in told if one) or f"•••{str(member_id)[-4:]}"


ORDER_PAGES = [show_order, show_buyer, open_buyer, show_order_photo]
