"""My customers: who came lately, who waits for an answer, whom to call today; and a card sent to one of them.

Names and phones are masked. Whoever opens a phone says what for, and that is written down, as at headquarters.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, customers, org, search
from loopline.customers import IdentityKind, Opening, Personal
from loopline.customers.own import Rest, RestHow, willing_to_be_called
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.kernel.times import business_day, day_range
from loopline.org import Party, PartyKind, Permission
from loopline.pricing.coupons import Coupon
from loopline.pricing.points import accounts_of_members
from loopline.processes.coupons.giving import for_staff, give_at
from loopline.processes.own_customers import (
    card_for,
    customer_of,
    read_customers,
    rest_customers,
    rest_until,
    whose,
)
from loopline.web.api.answers import granted, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.hq.order import masked_member
from loopline.web.languages import marked
from loopline.web.pages import page
from loopline.web.points_words import balance_words
from loopline.web.problems import status_of
from loopline.web.qr import address_of, qr_svg, scan_path
from loopline.web.shop.coupon_words import gives_words
from loopline.web.store.count.place import actor_of
from loopline.web.store.customers_view import (
    Customers,
    CustomersSeen,
    customers_shown,
    product_choices,
)
from loopline.web.store.desk import DESK, Desk, own_parties, party_of_site
from loopline.web.store.moving.place import Form

CUSTOMERS = "/store/customers"
_LIST_PURPOSE = marked("My customers")
_CALL = "call"
_PURPOSES = {
    _CALL: marked("Called by their guide"),
    "order": marked("A question about an order"),
    "return": marked("A return or a complaint"),
}
"""What a phone is opened for, as the log of access keeps it."""
_PRODUCTS_SHOWN = 12
_TEXT_MAX = 80


def _place(conn: Conn, desk: Desk) -> CustomersSeen:
    """Return whose customers somebody sees: a guide the own; who runs the store, or is no guide, all of it.

    Raises Refused for whoever may see no members of the site.
    """
    if not desk.visitor.scope_of(Permission.MEMBERS_READ).covers_site(desk.site.id):
        raise Refused(NotInYourBranch(subject=desk.site.code))
    own = [one for one in own_parties(conn, desk.visitor) if one.kind is PartyKind.GUIDE]
    runs = desk.visitor.branches.get(Permission.STOCK_WRITE, Scope()).covers_site(desk.site.id)
    store = party_of_site(conn, desk.site)
    of_unit = org.branch_parties(conn, [desk.site.unit_id])
    guides = {one.id: one for one in of_unit if one.kind is PartyKind.GUIDE}
    whole = {*guides, *([store.id] if store is not None else [])}
    party_ids = {own[0].id} if own and not runs else whole
    return CustomersSeen(
        ask=whose(conn, party_ids, desk.site.unit_path),
        hands_out=own[0] if own else store,
        guides=guides,
        is_store=not own or runs,
    )


@get(CUSTOMERS, dependencies=DESK, sync_to_thread=True)
def show_customers(request: WebRequest, desk: NamedDependency[Desk]) -> Template:
    """Show whom to call, who waits and who came, each with why; that they were looked at is written down."""
    desk.visitor.scope_of(Permission.MEMBERS_READ)
    language = language_of(request)
    ring = edge_of(request).ring
    opening = Opening(actor=actor_of(desk.visitor), purpose=_LIST_PURPOSE)

    def work(conn: Conn, now: datetime) -> Customers:
        seen = _place(conn, desk)
        found = read_customers(conn, seen.ask, now=now)
        shown = customers_shown(found, seen, language, zone=desk.site.time_zone)
        opened = customers.open_personal(conn, shown.member_ids, ring=ring, opening=opening, now=now)
        names = {
            member_id: masked_member(one, member_id)
            for member_id, one in zip(shown.member_ids, opened, strict=True)
        }
        return shown.named(names)

    return page(
        request,
        "store/customers.html",
        visitor=desk.visitor,
        desk=desk,
        view=run(request, work),
        path=CUSTOMERS,
    )


def _of_customer(
    request: WebRequest,
    desk: Desk,
    member: UUID,
    work: Callable[[Conn, CustomersSeen, MemberId, datetime], Any],
) -> Any:
    """Do something about one's own customer. Raises Refused (404) for another's, as for none."""
    desk.visitor.scope_of(Permission.MEMBERS_READ)

    def whole(conn: Conn, now: datetime) -> Any:
        seen = _place(conn, desk)
        member_id = granted(customer_of(conn, seen.ask, MemberId(member)))
        return work(conn, seen, member_id, now)

    return run(request, whole)


@get(CUSTOMERS + "/{member:uuid}", dependencies=DESK, sync_to_thread=True)
def show_customer(
    request: WebRequest, desk: NamedDependency[Desk], member: FromPath[UUID], q: FromQuery[str] = ""
) -> Template:
    """Show a customer with the goods whose card may be sent to them."""
    return _customer_page(request, desk, member, text=q.strip().replace("\x00", "")[:_TEXT_MAX])


def _customer_page(  # noqa: PLR0913 - whose page, and what was asked of it
    request: WebRequest,
    desk: Desk,
    member: UUID,
    *,
    text: str = "",
    product: str = "",
    purpose: str = "",
    given: str = "",
    refusal: Refusal | None = None,
) -> Template:
    language, ring = language_of(request), edge_of(request).ring

    def work(conn: Conn, seen: CustomersSeen, member_id: MemberId, now: datetime) -> dict[str, Any]:
        offered = dict(_PURPOSES)
        if not willing_to_be_called(conn, [member_id], seen.ask.receiver_ids):
            del offered[_CALL]  # who did not agree to be called is not, whatever a form says
        opening = Opening(actor=actor_of(desk.visitor), purpose=offered.get(purpose, _LIST_PURPOSE))
        (opened,) = customers.open_personal(conn, [member_id], ring=ring, opening=opening, now=now)
        card = _card(conn, seen.hands_out, product, now=now) if product else None
        found = search.find_products(conn, text or None, limit=_PRODUCTS_SHOWN) if card is None else []
        skus = catalogue.skus_of_products(conn, [one.product_id for one in found])
        phones = [
            one.value
            for one in (opened.identities if isinstance(opened, Personal) else ())
            if one.kind is IdentityKind.PHONE
        ]
        return {
            "name": masked_member(opened, member_id),
            "phone": phones[0] if purpose in offered and phones else "",
            "has_phone": bool(phones),
            "is_opened": purpose in offered,
            "purposes": [(key, language.say(word)) for key, word in offered.items()],
            "products": product_choices(found, skus, language),
            "card": card,
            "coupons": [
                (one.code, language.called(one.name), gives_words(language, one))
                for one in (for_staff(conn, desk.site, now=now) if card is None else ())
            ],
            "given": given,
            "points": [balance_words(language, one) for one in accounts_of_members(conn, [member_id])],
        }

    found = _of_customer(request, desk, member, work)
    card = found.pop("card")
    address = address_of(request, scan_path(card[0])) if card else ""
    return page(
        request,
        "store/customer.html",
        status=status_of(refusal) if refusal else 200,
        problem=language.refusal(refusal) if refusal else "",
        visitor=desk.visitor,
        desk=desk,
        path=f"{CUSTOMERS}/{member}",
        text=text,
        address=address,
        product=language.called(card[1]) if card else "",
        drawing=qr_svg(address).decode() if card else "",
        **found,
    )


def _card(conn: Conn, party: Party | None, product_code: str, *, now: datetime) -> tuple[str, str]:
    """Return the code of a product's card, and what the product is called."""
    product = catalogue.products_by_code(conn, [product_code]).get(product_code)
    if product is None or party is None:
        raise Refused(NoSuchThing(noun="product", value=product_code))
    return granted(card_for(conn, party, product_code, now=now)).code, product.name


@post(CUSTOMERS + "/{member:uuid}/card", dependencies=DESK, status_code=200, sync_to_thread=True)
def make_card(
    request: WebRequest, desk: NamedDependency[Desk], member: FromPath[UUID], data: Form
) -> Template:
    """Make the card of a product for a customer: an address, a code to scan, and the phone's own ways to send it."""
    return _customer_page(request, desk, member, product=str(data.get("product", ""))[:_TEXT_MAX])


@post(CUSTOMERS + "/{member:uuid}/phone", dependencies=DESK, status_code=200, sync_to_thread=True)
def open_phone(
    request: WebRequest, desk: NamedDependency[Desk], member: FromPath[UUID], data: Form
) -> Template:
    """Show a customer's phone for a purpose: written down first, and on this one answer alone."""
    return _customer_page(request, desk, member, purpose=str(data.get("purpose", "")))


@post(CUSTOMERS + "/{member:uuid}/coupon", dependencies=DESK, status_code=200, sync_to_thread=True)
def give_coupon(
    request: WebRequest, desk: NamedDependency[Desk], member: FromPath[UUID], data: Form
) -> Template:
    """Give a customer a coupon that staff of this store may give; why not is said on the page."""
    batch_code = str(data.get("batch", ""))[:_TEXT_MAX]

    def work(conn: Conn, _: CustomersSeen, member_id: MemberId, now: datetime) -> Coupon | Refusal:
        return give_at(conn, desk.site, batch_code, member_id, by=actor_of(desk.visitor), now=now)

    outcome = _of_customer(request, desk, member, work)
    if isinstance(outcome, Refusal):
        return _customer_page(request, desk, member, refusal=outcome)
    return _customer_page(request, desk, member, given=batch_code)


@post(CUSTOMERS + "/{member:uuid}/rest", dependencies=DESK, sync_to_thread=True)
def let_customer_rest(
    request: WebRequest, desk: NamedDependency[Desk], member: FromPath[UUID], data: Form
) -> Response[Any]:
    """Take a customer off the list of whom to call: done, or later."""
    how = RestHow.CALLED if data.get("how") == RestHow.CALLED.value else RestHow.LATER

    def work(conn: Conn, seen: CustomersSeen, member_id: MemberId, now: datetime) -> None:
        zone = desk.site.time_zone
        tomorrow = day_range(business_day(now, zone) + timedelta(days=1), zone).start
        rest = Rest(member_id=member_id, how=how, until=rest_until(how, now=now, tomorrow=tomorrow))
        granted(rest_customers(conn, seen.ask, [rest], by=actor_of(desk.visitor), now=now)[0])

    _of_customer(request, desk, member, work)
    return Redirect(CUSTOMERS, status_code=HTTP_303_SEE_OTHER)


CUSTOMER_PAGES = [show_customers, show_customer, make_card, open_phone, give_coupon, let_customer_rest]
