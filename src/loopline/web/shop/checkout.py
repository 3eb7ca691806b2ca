"""Buying: one page that says what, how and where to; then the order is placed, and its payment is asked for."""

import asyncio
import secrets
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body

from loopline import customers, orders
from loopline.catalogue import Fitting
from loopline.customers import NewAddress, NewDelivery, Recipient, valid_recipient
from loopline.customers.addresses import address_index
from loopline.kernel.cities import city_by_code
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.orders import Delivery, DraftKind
from loopline.pricing import GiftNotEarned
from loopline.pricing.freight import NotDeliveredThere
from loopline.pricing.points.refusals import PointsBusy, PointsPayTooLittle, PointsPayTooMuch
from loopline.processes.place.freight import FreightMoved
from loopline.processes.place.shown import PriceMoved
from loopline.processes.take_in import MessageLine, OrderMessage, OrderTaken, Touch
from loopline.processes.take_in.refusals import NeedsFitting, NumberTaken, SlotTaken
from loopline.promises import FROM_A_STORE, GivenPromise, PromiseKind, WhyNot
from loopline.stock.refusals import NotEnoughFree, QuotaSoldOut
from loopline.web.edge import Edge, WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.payments import start_payment
from loopline.web.placing import OrderRequest
from loopline.web.problems import status_of
from loopline.web.shop.basket import (
    CHECKOUT,
    NEW_ADDRESS,
    Basket,
    Checkout,
    Form,
    basket_of,
    form_of,
    gifts_of,
    read_checkout,
    room_of,
)
from loopline.web.shop.coupon_choice import NO_COUPON, codes_of
from loopline.web.shop.coupon_words import coupon_words, why_not
from loopline.web.shop.entrance import Step
from loopline.web.shop.frame import go, nothing_here, price, shop_page
from loopline.web.shop.freight import missing_words, not_there_words
from loopline.web.shop.goods import (
    CHANNEL,
    LIVE_CHANNEL,
)
from loopline.web.shop.product import (
    NO_SUCH_PRODUCT,
    NO_SUCH_PRODUCT_ADVICE,
    distance_words,
    ships_on_words,
)
from loopline.web.shop.promised import (
    ZONE,
    delivered_by,
    delivered_words,
    promise_for,
    ready_by,
    ready_words,
    why_not_delivered,
)
from loopline.web.shop.refusals import NoHourChosen, NoStoreChosen, NotSentCold, SoldOut
from loopline.web.shop.regions import provinces, region_words
from loopline.web.shop.shopper import Shopper, place_of, visitor_of
from loopline.web.shop.ways import (
    AT_HOURS,
    DELIVERIES,
    WAY_NAMES,
    WayShown,
    chosen_hour,
    fitters_by_place,
    hours_of,
    promise_of_hour,
    ways_shown,
)

_NUMBER_BYTES = 12
_POINTS_DIGITS = 10
_AMOUNT_DIGITS = 15


@get(CHECKOUT, sync_to_thread=True)
def show_checkout(request: WebRequest, shopper: NamedDependency[Shopper | None]) -> Response[Any]:
    """Show what is about to be bought, and ask how and where to."""
    basket = basket_of({name: str(value) for name, value in request.query_params.items()})
    return _page(request, basket, shopper=shopper)


def _page(
    request: WebRequest,
    basket: Basket,
    *,
    shopper: Shopper | None,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[Any]:
    edge, language = edge_of(request), language_of(request)
    with edge.database.reading() as conn:
        found = read_checkout(conn, edge, basket, shopper=shopper, place=place_of(request), form=form)
    if found is None:
        return nothing_here(request, shopper=shopper, title=NO_SUCH_PRODUCT, advice=NO_SUCH_PRODUCT_ADVICE)
    chosen = form.address if form else str(found.addresses[0].id) if found.addresses else NEW_ADDRESS
    return shop_page(
        request,
        "checkout.html",
        shopper=shopper,
        status=status_of(refusal) if refusal else 200,
        back=_product_path(found),
        here=found.basket.path(),
        view=found,
        ways=_ways(edge, found, language),
        hours={key: hours_of(one, language, now=edge.clock()) for key, one in found.hours.items()},
        new_hours=NEW_ADDRESS,
        fitters_near=_fitters_near(found, language),
        number=secrets.token_hex(_NUMBER_BYTES),
        form=form or Form(number="", sku=basket.sku),
        chosen_address=chosen,
        provinces=provinces(language),
        region=partial(_region, language.code),
        **_promised(edge, found, language),
        not_brought=_not_brought(edge, found, language),
        ships_on=ships_on_words(language, found.goods),
        distance=distance_words(language),
        refusal=_why(language, refusal) if refusal else None,
        no_coupon=found.basket.path(coupons=NO_COUPON),
        free_delivery=partial(_free_delivery, found, language),
        coupon=partial(coupon_words, language),
        why_not=partial(why_not, language),
        step=Step(next=found.basket.path()),
    )


def _why(language: Language, refusal: Refusal) -> str:
    """Say a refusal; amounts that points may take off as prices are written."""
    if isinstance(refusal, PointsPayTooMuch):
        amount = price(language, refusal.most_minor, refusal.currency)
        return language.say("Points pay {amount} of this order at most.", amount=amount)
    if isinstance(refusal, PointsPayTooLittle):
        amount = price(language, refusal.least_minor, refusal.currency)
        return language.say("Points are used from {amount} on.", amount=amount)
    if isinstance(refusal, PriceMoved):
        return language.say(
            "The goods were shown for {shown}, and cost {now} by now. Look again, then order.",
            shown=price(language, refusal.shown_minor, refusal.currency),
            now=price(language, refusal.now_minor, refusal.currency),
        )
    if isinstance(refusal, FreightMoved):
        return language.say(
            "Delivery was shown for {shown}, and costs {now} to there. Look again, then order.",
            shown=price(language, refusal.shown_minor, refusal.currency),
            now=price(language, refusal.now_minor, refusal.currency),
        )
    if isinstance(refusal, NotDeliveredThere):
        return not_there_words(refusal, language)
    return language.refusal(refusal)


def _ways(edge: Edge, found: Checkout, language: Language) -> list[tuple[WayShown, str, bool]]:
    """The ways that are possible, with their addresses, and whether each is the one looked at.

    Delivery and collection are always offered, couriers where any store has them, and fitting for goods that may have
    it: what keeps them from being possible just now is said when they are chosen. What needs a fitter comes in no other
    way.
    """
    shown = ways_shown(found.options, language, now=edge.clock())
    if PromiseKind.DELIVER in shown:  # with all that is bought: the promise knows no amount
        fee_minor = found.freight_minor(next(iter(found.regions)))
        by_parcel = msgspec.structs.replace(shown[PromiseKind.DELIVER], fee_minor=fee_minor)
        shown = {**shown, PromiseKind.DELIVER: by_parcel}
    always = {PromiseKind.DELIVER, PromiseKind.COLLECT, found.basket.how}
    always |= {PromiseKind.COURIER} if found.has_couriers else set()
    always |= {PromiseKind.FITTING} if found.fitting is not Fitting.NONE else set()
    possible = {PromiseKind.FITTING} if found.fitting is Fitting.NEEDED else shown.keys() | always
    return [
        (
            shown.get(kind, WayShown(kind=kind, word=language.say(WAY_NAMES[kind]), about="", fee_minor=0)),
            found.basket.path(how=kind),
            kind is found.basket.how,
        )
        for kind in WAY_NAMES
        if kind in possible
    ]


def _free_delivery(found: Checkout, language: Language, place: str) -> str:
    """How much more makes delivery to an address free, in words; empty where nothing does, or it is."""
    if found.template is None or found.basket.how is not PromiseKind.DELIVER:
        return ""
    return missing_words(found.template, found.freight(place), language)


def _fitters_near(found: Checkout, language: Language) -> dict[str, str]:
    """Where no fitter comes: which stores that fit at home are nearest, in words, by address."""
    if found.basket.how is not PromiseKind.FITTING:
        return {}
    return fitters_by_place(found.view, found.regions, found.hours, language)


def _promised(edge: Edge, found: Checkout, language: Language) -> dict[str, dict[str, str]]:
    """By when it can be had, in words: by store where it is collected, by region where it is delivered."""
    channel = LIVE_CHANNEL if found.room else CHANNEL
    goods = [(found.basket.sku, found.basket.units)]
    if found.basket.how in AT_HOURS:
        return {"ready": {}, "arrives": {}}
    if found.basket.how is PromiseKind.COLLECT:
        zones = {shelf.site.code: shelf.site.time_zone for shelf in found.shelves}
        ready = ready_by(edge, channel, goods, list(zones))
        now = edge.clock()
        return {
            "ready": {code: ready_words(language, at, zones[code], now=now) for code, at in ready.items()},
            "arrives": {},
        }
    regions = [one.recipient.region_code for one in found.addresses]
    arrives = delivered_by(edge, channel, goods, regions)
    return {
        "ready": {},
        "arrives": {code: delivered_words(language, at, ZONE) for code, at in arrives.items()},
    }


def _not_brought(edge: Edge, found: Checkout, language: Language) -> str:
    """What keeps it from being delivered just now, in words; empty where nothing does."""
    if found.basket.how is not PromiseKind.DELIVER:
        return ""
    channel = LIVE_CHANNEL if found.room else CHANNEL
    why = why_not_delivered(edge, channel, [(found.basket.sku, found.basket.units)])
    if why is WhyNot.NOT_EQUIPPED:
        return language.refusal(NotSentCold())
    if why is WhyNot.NOT_TOGETHER:
        return language.say("No single place of ours has all of it just now. It is sent as soon as one has.")
    return ""


def _region(code: str, region_code: str) -> str:
    return region_words(region_code, code)


def _product_path(found: Checkout) -> str:
    live = f"&live={quote(found.basket.live, safe='')}" if found.room else ""
    code, sku = quote(found.goods.product.code, safe=""), quote(found.basket.sku, safe="")
    return f"/p/{code}?sku={sku}{live}"


def _promise_of(
    edge: Edge, basket: Basket, form: Form, stated: OrderMessage
) -> GivenPromise | Refusal | None:
    """What the order is promised; at an hour it has to be the one that was chosen."""
    if basket.how not in AT_HOURS:
        return promise_for(edge, stated)
    chosen = chosen_hour(form.hour)
    if chosen is None or chosen.site_code != stated.site_code:
        return NoHourChosen()
    try:
        return promise_of_hour(edge, stated, basket.how, chosen) or SlotTaken()
    except Refused as refused:
        return refused.refusal


@post(CHECKOUT + "/place")
async def place_order(
    request: WebRequest,
    member: NamedDependency[Shopper],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Place the order and go on to pay it; the same form again is the same order."""
    edge = edge_of(request)
    form, basket = form_of(data), basket_of(data)
    recipient = await asyncio.to_thread(_recipient, edge, basket, form, member.member_id)
    if isinstance(recipient, Refusal):
        return await _again(request, basket, member, recipient, form)
    message = await asyncio.to_thread(_promised_message, request, form, recipient, member.member_id)
    if isinstance(message, Refusal):
        return await _again(request, basket, member, message, form)
    address = address_index(recipient.recipient, ring=edge.ring) if recipient else None
    asked = OrderRequest(message=message, by_member=member.member_id, address=address)
    taken = await edge.orders.submit(asked)
    if isinstance(taken, PointsBusy):  # what moves points is done in a moment
        taken = await edge.orders.submit(asked)
    if isinstance(taken, NotEnoughFree | QuotaSoldOut | GiftNotEarned | NeedsFitting):
        taken = await _without_gifts(edge, asked) or taken
    if isinstance(taken, NumberTaken):
        known = await asyncio.to_thread(_own_order, edge, message, member.member_id)
        if known is not None:
            return go(f"/o/{known}")
    if isinstance(taken, Refusal):
        said = SoldOut() if isinstance(taken, NotEnoughFree | QuotaSoldOut) else taken
        return await _again(request, basket, member, said, form)
    await asyncio.to_thread(_keep_delivery, edge, taken, recipient, form)
    return go(await asyncio.to_thread(_pay_path, edge, taken))


async def _without_gifts(edge: Edge, asked: OrderRequest) -> OrderTaken | Refusal | None:
    """Ask once more for what is bought alone: nobody goes without it because a gift has just run out."""
    bought = _bought(asked.message)
    if bought is None:
        return None
    return await edge.orders.submit(msgspec.structs.replace(asked, message=bought))


def _promised_message(
    request: WebRequest, form: Form, where: "_Where | None", member_id: MemberId
) -> OrderMessage | Refusal:
    """What is asked for, with what is promised of it: of an order that was placed before, nothing has to be."""
    edge, basket = edge_of(request), basket_of(msgspec.to_builtins(form))
    stated = _message(request, basket, form, where)
    if isinstance(stated, Refusal):
        return stated
    stated = msgspec.structs.replace(stated, member_id=member_id)
    found = _with_promise(edge, basket, form, stated)
    bought = _bought(stated)
    if isinstance(found, Refusal) and bought is not None:  # it may be the gift that cannot be brought there
        found = _with_promise(edge, basket, form, bought)
    if isinstance(found, Refusal) and not isinstance(found, NotSentCold):
        return found if _own_order(edge, stated, member_id) is None else stated
    return found


def _with_promise(edge: Edge, basket: Basket, form: Form, stated: OrderMessage) -> OrderMessage | Refusal:
    if _is_too_warm(edge, stated):
        return NotSentCold()
    promise = _promise_of(edge, basket, form, stated)
    return promise if isinstance(promise, Refusal) else msgspec.structs.replace(stated, promise=promise)


def _bought(message: OrderMessage) -> OrderMessage | None:
    """The same without its gifts; None where it has none."""
    lines = tuple(line for line in message.lines if not line.is_gift)
    return None if len(lines) == len(message.lines) else msgspec.structs.replace(message, lines=lines)


def _is_too_warm(edge: Edge, message: OrderMessage) -> bool:
    """Whether goods are to be delivered that no site can send as cold as they are kept."""
    if message.delivery is not Delivery.DELIVER:
        return False
    lines = [(line.sku_code, line.units) for line in message.lines]
    return why_not_delivered(edge, message.channel, lines) is WhyNot.NOT_EQUIPPED


async def _again(
    request: WebRequest, basket: Basket, member: Shopper, refusal: Refusal, form: Form
) -> Response[Any]:
    return await asyncio.to_thread(_page, request, basket, shopper=member, refusal=refusal, form=form)


class _Where(msgspec.Struct, frozen=True, kw_only=True):
    """Where a delivery goes, whose it is, and whether the address is one to keep."""

    member_id: MemberId
    recipient: Recipient
    is_new: bool


def _recipient(edge: Edge, basket: Basket, form: Form, member_id: MemberId) -> _Where | Refusal | None:
    """The recipient chosen or written; None where the customer comes for the goods."""
    if basket.at_store:
        return None
    with edge.database.reading() as conn:
        kept = customers.addresses_of_member(conn, member_id, ring=edge.ring)
    chosen = next((one for one in kept if str(one.id) == form.address), None)
    if chosen is not None:
        return _Where(member_id=member_id, recipient=chosen.recipient, is_new=False)
    written = valid_recipient(
        Recipient(name=form.recipient, phone=form.phone, region_code=form.region_code, street=form.street)
    )
    if isinstance(written, Refusal):
        return written
    if city_by_code(written.region_code) is None:
        return customers.AddressNotValid(field="region_code")
    is_new = all(one.recipient != written for one in kept)
    return _Where(member_id=member_id, recipient=written, is_new=is_new)


def _message(request: WebRequest, basket: Basket, form: Form, where: _Where | None) -> OrderMessage | Refusal:
    edge = edge_of(request)
    if where is None and not basket.site:
        return NoStoreChosen()
    site_code = basket.site if where is None else None
    if basket.how in FROM_A_STORE:
        chosen = chosen_hour(form.hour)
        if chosen is None:
            return NoHourChosen()
        site_code = chosen.site_code
    with edge.database.reading() as conn:
        room = room_of(conn, basket.live)
        gifts = gifts_of(conn, edge, basket, site_code=site_code)
    code = room.touchpoint_code if room else None
    visitor = visitor_of(request)
    return OrderMessage(
        channel=LIVE_CHANNEL if room else CHANNEL,
        external_number=f"shop-{form.number[:64]}",
        kind=DraftKind.ASK,
        lines=(
            MessageLine(sku_code=basket.sku, units=basket.units),
            *(MessageLine(sku_code=one.sku_code, units=one.units, is_gift=True) for one in gifts),
        ),
        site_code=site_code,
        delivery=DELIVERIES[basket.how],
        region_code=where.recipient.region_code if where else None,
        touch=Touch(touchpoint_code=code, visitor=visitor) if code or visitor else None,
        coupons=codes_of(form.coupons),
        points=_points_of(form),
        is_in_stock_only=not form.ahead,
        goods_shown_minor=_number_in(form.shown),
        freight_shown_minor=(_number_in(form.freight) or 0) if basket.how is PromiseKind.DELIVER else None,
    )


def _points_of(form: Form) -> int:
    """How many points the form says are used: as many as the page offered."""
    return _number_in(form.points_used[:_POINTS_DIGITS]) or 0 if form.points == "yes" else 0


def _number_in(said: str) -> int | None:
    """The number that a form's field says; None where it says none that a page of ours could have shown."""
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _AMOUNT_DIGITS else None


def _own_order(edge: Edge, message: OrderMessage, member_id: MemberId) -> str | None:
    """The number of the order that has the message's number already, where it is the member's own."""
    name = (message.channel, message.external_number)
    with edge.database.reading() as conn:
        order_id = orders.order_ids_by_external_numbers(conn, [name]).get(name)
        head = orders.order_by_id(conn, order_id) if order_id else None
    return head.number if head is not None and head.member_id == member_id else None


def _keep_delivery(edge: Edge, taken: OrderTaken, where: _Where | None, form: Form) -> None:
    """Keep where the goods go before they are paid: nothing is sourced before that."""
    if where is None:
        return
    delivery = NewDelivery(order_id=taken.order_id, member_id=where.member_id, recipient=where.recipient)
    with edge.database.transaction() as conn:
        now = edge.clock()
        (kept,) = customers.keep_deliveries(conn, [delivery], ring=edge.ring, now=now)
        if isinstance(kept, Refusal):
            raise Refused(kept)
        if where.is_new and kept.is_new and form.address == NEW_ADDRESS:
            address = NewAddress(member_id=where.member_id, recipient=where.recipient)
            customers.add_addresses(conn, [address], ring=edge.ring, now=now)


def _pay_path(edge: Edge, taken: OrderTaken) -> str:
    """Where to go on: to the cashier, or, where that is closed just now, to the order, which can be paid later."""
    order_path = f"/o/{taken.number}"
    try:
        return start_payment(edge, taken.order_id, return_to=order_path).pay_path
    except Refused:
        return order_path
