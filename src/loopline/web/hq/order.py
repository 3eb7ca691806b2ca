"""An order's page: everything that is known of it, for whoever may know it."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import customers, orders
from loopline.customers import IdentityKind, Opening, Personal, masked_name, masked_phone
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes.look_up import PERSON_ACTOR, OrderStory, order_story
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.order_page import context_of
from loopline.web.hq.order_view import Eyes, Part, eyes_on, sending_sites
from loopline.web.pages import page

ORDERS = "/hq/orders"
_NOUN = "order"


@get(ORDERS + "/{number:str}", sync_to_thread=True)
def show_order(
    request: WebRequest, visitor: NamedDependency[Visitor], number: FromPath[str]
) -> Template | Response[None]:
    """Show an order under its short number, however that was typed."""
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
    if story.order.number != number:
        return Redirect(f"{ORDERS}/{story.order.number}", status_code=HTTP_303_SEE_OTHER)
    language = language_of(request)
    context = context_of(
        story, eyes, language, member=_member(request, story, eyes, visitor), now=edge_of(request).clock()
    )
    return page(request, "hq/order.html", visitor=visitor, **context)


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
