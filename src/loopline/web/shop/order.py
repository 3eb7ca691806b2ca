"""An order's page: where it stands, paying, saying where it goes, calling off.

Whoever is not its member sees nothing of it, not even that it exists.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec
import segno
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Template

from loopline import customers, orders
from loopline.catalogue import Product, Sku
from loopline.customers import NewDelivery, Recipient
from loopline.db import Conn
from loopline.kernel.cities import city_by_code
from loopline.kernel.ids import MemberId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.org import Site
from loopline.processes.addresses import mend
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.checkout import NothingToPay
from loopline.returns.model import Reason
from loopline.returns.photos import PHOTOS_MOST
from loopline.reviews import PICTURES_MAX
from loopline.slots import BookingState
from loopline.slots.visits import Outcome, Visit
from loopline.web.address_words import doubts_said
from loopline.web.api.answers import run
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.hours import booking_words, hour_words
from loopline.web.languages import Language, marked
from loopline.web.payments import start_payment
from loopline.web.problems import status_of
from loopline.web.shop.frame import go, nothing_here, shop_page
from loopline.web.shop.names import variant_of
from loopline.web.shop.order_view import OrderView, read_order
from loopline.web.shop.order_words import WORDS, Standing, Words
from loopline.web.shop.promised import promise_words
from loopline.web.shop.regions import provinces, region_words
from loopline.web.shop.said import SaidReview
from loopline.web.shop.shopper import Shopper
from loopline.web.way_words import WAY_WORDS

NO_SUCH_ORDER = marked("There is no such order of yours")
NO_SUCH_ORDER_ADVICE = marked("Look at your orders, or sign in with the phone you ordered with.")
HELD_TITLE = marked("Held for you")
RESERVED = Words(
    short=marked("Reserved"),
    title=marked("Reserved for you"),
    advice=marked("It lies at {site} until {until}. Pay there when you come, or here at once."),
    tone=WORDS[Standing.UNPAID].tone,
)
AHEAD_ADVICE = marked(
    "Thank you for ordering ahead. It is sent as soon as the goods come, first paid, first served."
)
HELD_ADVICE = marked("It is yours as soon as what it takes the place of is with us. Nothing is to be paid.")
_ZONE = "Asia/Shanghai"

REASONS: dict[Reason, str] = {
    Reason.SIZE: marked("It does not fit"),
    Reason.UNWANTED: marked("I changed my mind"),
    Reason.DEFECT: marked("Something is wrong with it"),
    Reason.DAMAGED_IN_TRANSIT: marked("It was damaged on the way"),
    Reason.WRONG_ITEM: marked("It is not what I ordered"),
    Reason.LATE: marked("It came too late"),
    Reason.OTHER: marked("Something else"),
}


class AddressForm(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order goes: one that came without an address, or with one that may not be found."""

    recipient: str = ""
    phone: str = ""
    region_code: str = ""
    street: str = ""


def own_order(conn: Conn, number: str, member_id: MemberId) -> Order | None:
    """Return a member's own order by its number; another's, or a mistyped number, is no order."""
    found = orders.order_by_number(conn, number)
    return found if isinstance(found, Order) and found.member_id == member_id else None


@get("/o/{number:str}", sync_to_thread=True)
def show_order(request: WebRequest, number: FromPath[str], member: NamedDependency[Shopper]) -> Template:
    """Show an order as it stands."""
    return order_page(request, number, member)


@get("/o/{number:str}/now", sync_to_thread=True)
def show_order_now(request: WebRequest, number: FromPath[str], member: NamedDependency[Shopper]) -> Template:
    """Show what moves of an order, for a page that asks now and then."""
    return order_page(request, number, member, template="order_now.html")


def order_page(  # noqa: PLR0913 - what a refusal is shown with
    request: WebRequest,
    number: str,
    member: Shopper,
    *,
    template: str = "order.html",
    refusal: Refusal | None = None,
    said: SaidReview | None = None,
) -> Template:
    """Show an order; `said`: a review that was refused, to be written on."""
    edge, language = edge_of(request), language_of(request)
    with edge.database.reading() as conn:
        head = own_order(conn, number, member.member_id)
        view = read_order(conn, head, edge, member_id=member.member_id) if head else None
    if view is None:
        return nothing_here(request, shopper=member, title=NO_SUCH_ORDER, advice=NO_SUCH_ORDER_ADVICE)
    answer = shop_page(
        request,
        template,
        shopper=member,
        status=status_of(refusal) if refusal else 200,
        back="/me/orders",
        tab="orders",
        promised=promise_words(language, view.promises, _ZONE, now=edge.clock()),
        **hours_context(view, language, now=edge.clock()),
        here=f"/o/{view.head.number}",
        refusal=language.refusal(refusal) if refusal else None,
        form=_form(view),
        doubts=doubts_said(view.mendable, language),
        said=said,
        number=secrets.token_hex(6),
        exchange_id=uuid7(edge.clock()),
        provinces=provinces(language),
        is_demo=edge.settings.demo is not None,
        **order_context(view, language),
    )
    answer.headers = {**answer.headers, "X-Mark": view.mark, "X-Over": "yes" if view.is_over else "no"}
    return answer


def _form(view: OrderView) -> AddressForm:
    """The fields of an address: empty, or as they may not be found."""
    known = view.recipient
    if known is None:
        return AddressForm()
    return AddressForm(
        recipient=known.name, phone=known.phone, region_code=known.region_code, street=known.street
    )


def order_context(view: OrderView, language: Language) -> dict[str, Any]:
    """Return what the templates of an order say of it."""
    words = WORDS[view.standing]
    site = view.collecting[0].site if view.collecting else view.site
    until = view.head.pay_until
    fields = {
        "site": _site_name(site, language) or language.say("A store"),
        "until": language.clock(until, _ZONE) if until else "",
    }
    is_held = view.standing is Standing.UNPAID and view.waits_for_goods
    if view.is_reserved and not is_held:
        words = RESERVED
    said = AHEAD_ADVICE if view.is_ahead and view.standing is Standing.WAITING else words.advice
    advice = "" if "{until}" in said and not until else language.say(said, **fields)
    return {
        "view": view,
        "headline": language.say(HELD_TITLE if is_held else words.title, **fields),
        "advice": language.say(HELD_ADVICE) if is_held else advice,
        "is_held": is_held,
        "expected": _expected(view, language),
        "pictures_max": PICTURES_MAX,
        "photos_most": PHOTOS_MOST,
        "variety": partial(_variety, language),
        "tone": words.tone,
        "reasons": [(reason.value, word) for reason, word in REASONS.items()],
        "ways": [(way.value, WAY_WORDS[way]) for way in view.ways_offered],
        "when": partial(_when, language),
        "until": language.until,
        "region": partial(_region, language),
        "qr": _qr,
    }


def _expected(view: OrderView, language: Language) -> str:
    """Say when the goods are expected that an order waits for; empty where it waits for none."""
    if (
        view.is_ahead
        and view.standing in {Standing.WAITING, Standing.UNPAID}
        and view.expected_on is not None
    ):
        return language.say("Pre-order, ships from {day}", day=language.plain_day(view.expected_on))
    if not view.parking or view.standing is not Standing.WAITING:
        return ""
    if view.expected_on is None:
        return language.say("We do not know yet when they come. We tell you here as soon as we do.")
    return language.say("Expected to ship from {day}", day=language.plain_day(view.expected_on))


def hours_context(view: OrderView, language: Language, *, now: datetime) -> dict[str, Any]:
    """Return what is said of an order's hour, and those it can be changed to."""
    one = view.booking
    site = view.sites.get(one.site_id) if one is not None else None
    if one is None or site is None or one.state is not BookingState.HELD:
        return {"hour": "", "hours": (), "way": "", "hour_site": "", "who": "", "visit_state": ""}
    return {
        "hour": booking_words(language, one, site.time_zone, now=now),
        "hours": [
            (
                slot.starts_at.isoformat(),
                hour_words(language, slot.starts_at, slot.ends_at, site.time_zone, now=now),
            )
            for slot in view.hours
        ],
        "way": one.way.value,
        "who": one.carrier or "",
        "visit_state": _visit_state(view.visit),
        "hour_site": language.called(site.name),
    }


def _visit_state(visit: Visit | None) -> str:
    """Where the last visit of a fitter stands, for the page."""
    if visit is None:
        return ""
    if visit.outcome is Outcome.NOT_DONE:
        return "in_vain"
    return "under_way" if visit.is_on_the_way else "taken" if visit.ended_at is None else ""


def _variety(language: Language, sku: Sku, product: Product) -> str:
    """What tells a variety from the others of its product."""
    return variant_of(sku, product).words(language) or sku.code


def _when(language: Language, at: datetime) -> str:
    return language.clock_of_day(at, _ZONE)


def _region(language: Language, region_code: str) -> str:
    return region_words(region_code, language.code)


def _qr(text: str) -> str:
    return segno.make(text, error="m", micro=False).svg_inline(border=1, omitsize=True)


def _site_name(site: Site | None, language: Language) -> str:
    return language.called(site.name) if site else ""


def done_with_order(
    request: WebRequest, number: str, member: Shopper, work: Callable[[Conn, Order, datetime], Refusal | None]
) -> Response[Any]:
    """Do something with a member's own order and show it again; a refusal is said on its page."""

    def whole(conn: Conn, now: datetime) -> None:
        head = own_order(conn, number, member.member_id)
        assert head is not None  # found below, and orders do not go away
        refusal = work(conn, head, now)
        if refusal is not None:
            raise Refused(refusal)

    edge = edge_of(request)
    with edge.database.reading() as conn:
        known = own_order(conn, number, member.member_id)
    if known is None:
        return nothing_here(request, shopper=member, title=NO_SUCH_ORDER, advice=NO_SUCH_ORDER_ADVICE)
    try:
        run(request, whole)
    except Refused as refused:
        return order_page(request, number, member, refusal=refused.refusal)
    return go(f"/o/{known.number}")


@post("/o/{number:str}/pay", sync_to_thread=True)
def pay_order(request: WebRequest, number: FromPath[str], member: NamedDependency[Shopper]) -> Response[Any]:
    """Go to the cashier for what is still to pay."""
    edge = edge_of(request)
    with edge.database.reading() as conn:
        head = own_order(conn, number, member.member_id)
    if head is None:
        return nothing_here(request, shopper=member, title=NO_SUCH_ORDER, advice=NO_SUCH_ORDER_ADVICE)
    try:
        return go(start_payment(edge, head.id, return_to=f"/o/{head.number}").pay_path)
    except Refused as refused:
        if isinstance(refused.refusal, NothingToPay):
            return go(f"/o/{head.number}")
        return order_page(request, number, member, refusal=refused.refusal)


@post("/o/{number:str}/address", sync_to_thread=True)
def say_where(
    request: WebRequest,
    number: FromPath[str],
    member: NamedDependency[Shopper],
    data: Annotated[AddressForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Say where an order goes that came without an address, or mend one that may not be found."""
    edge = edge_of(request)
    recipient = Recipient(
        name=data.recipient, phone=data.phone, region_code=data.region_code, street=data.street
    )

    def work(conn: Conn, head: Order, now: datetime) -> Refusal | None:
        is_listed = city_by_code(recipient.region_code) is not None
        # Of an address that is known the city stays, be it one of ours or not.
        if not is_listed and not customers.orders_with_delivery(conn, [head.id]):
            return customers.AddressNotValid(field="region_code")
        delivery = NewDelivery(order_id=head.id, member_id=member.member_id, recipient=recipient)
        (kept,) = customers.keep_deliveries(conn, [delivery], ring=edge.ring, now=now)
        if isinstance(kept, Refusal) or kept.is_new:
            return kept if isinstance(kept, Refusal) else None
        known = customers.own_delivery(conn, member.member_id, head.id, ring=edge.ring)
        if known == customers.valid_recipient(recipient):  # sent twice
            return None
        mended = mend(conn, delivery, ring=edge.ring, actor=member.actor, now=now)
        return mended if isinstance(mended, Refusal) else None

    return done_with_order(request, number, member, work)


@post("/o/{number:str}/cancel", sync_to_thread=True)
def cancel_order_page(
    request: WebRequest, number: FromPath[str], member: NamedDependency[Shopper]
) -> Response[Any]:
    """Call off what was not handed over."""

    def work(conn: Conn, head: Order, now: datetime) -> Refusal | None:
        asked = Cancellation(order_id=head.id, by_member=member.member_id, actor=member.actor)
        (outcome,) = cancel(conn, [asked], scope=Scope(), now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return done_with_order(request, number, member, work)
