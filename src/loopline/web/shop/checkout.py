"""Buying: one page that says what, how and where to; then the order is placed, and its payment is asked for."""

import asyncio
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body

from loopline import catalogue, customers, orders, touchpoints
from loopline.customers import Address, NewAddress, NewDelivery, Recipient, valid_recipient
from loopline.customers.addresses import address_index
from loopline.db import Conn
from loopline.kernel.cities import city_by_code
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.orders import Delivery, DraftKind
from loopline.processes.take_in import MessageLine, OrderMessage, OrderTaken, Touch
from loopline.processes.take_in.refusals import NumberTaken
from loopline.promises import WhyNot
from loopline.stock.refusals import NotEnoughFree, QuotaSoldOut
from loopline.touchpoints import LiveRoom
from loopline.web.edge import Edge, WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.payments import start_payment
from loopline.web.placing import OrderRequest
from loopline.web.problems import status_of
from loopline.web.shop.entrance import Step
from loopline.web.shop.frame import go, nothing_here, shop_page
from loopline.web.shop.goods import (
    CHANNEL,
    LIVE_CHANNEL,
    UNITS_MAX,
    Bill,
    Goods,
    Shelf,
    Tag,
    Terms,
    bill_of,
    read_goods,
    shelves_of,
    shop_terms,
    tags_of,
)
from loopline.web.shop.product import (
    NO_SUCH_PRODUCT,
    NO_SUCH_PRODUCT_ADVICE,
    distance_words,
    site_here,
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
from loopline.web.shop.refusals import NoStoreChosen, NotSentCold, SoldOut
from loopline.web.shop.regions import provinces, region_words
from loopline.web.shop.shopper import Place, Shopper, place_of, visitor_of

CHECKOUT = "/checkout"
NEW_ADDRESS = "new"
_SHELVES_SHOWN = 12
_NUMBER_BYTES = 12


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is about to buy and how, as the address of the page or its form says it; nothing is trusted."""

    sku: str
    units: int = 1
    how: Delivery = Delivery.DELIVER
    site: str = ""
    live: str = ""

    def path(self, **changes: object) -> str:
        """The address of the page with some of it changed."""
        changed = msgspec.structs.replace(self, **changes)
        fields = {"sku": changed.sku, "units": str(changed.units), "how": changed.how.value}
        fields |= {"site": changed.site} if changed.site else {}
        fields |= {"live": changed.live} if changed.live else {}
        return f"{CHECKOUT}?{urlencode(fields)}"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What the checkout sends. `number` was made with the page: sent twice, it is one order."""

    number: str
    sku: str
    units: str = "1"
    how: str = Delivery.DELIVER.value
    site: str = ""
    live: str = ""
    address: str = NEW_ADDRESS
    recipient: str = ""
    phone: str = ""
    region_code: str = ""
    street: str = ""


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """All that the checkout shows."""

    basket: Basket
    goods: Goods
    tag: Tag | None
    bill: Bill | None
    shelves: list[Shelf]
    shelf: Shelf | None
    addresses: list[Address]
    room: LiveRoom | None

    @property
    def total_minor(self) -> int:
        """What all units cost, with all promotions."""
        return self.bill.total_minor if self.bill else 0

    @property
    def most(self) -> int:
        """How many units can be asked for."""
        there = self.goods.chosen.deliverable
        if self.basket.how is Delivery.COLLECT and self.shelf is not None:
            there = self.shelf.units
        return max(1, min(UNITS_MAX, there))

    @property
    def is_to_be_had(self) -> bool:
        """Whether this can be bought as it stands."""
        enough = self.basket.units <= self.goods.chosen.deliverable
        if self.basket.how is Delivery.COLLECT:
            enough = self.shelf is not None and self.basket.units <= self.shelf.units
        return self.tag is not None and enough


def basket_of(fields: Mapping[str, str]) -> Basket:
    """Read a basket from what a browser sent; what makes no sense is as if it were not there."""
    units = fields.get("units", "1")
    how = fields.get("how", "")
    return Basket(
        sku=fields.get("sku", "").upper()[:100],
        units=max(1, min(UNITS_MAX, int(units[:6]))) if units.isascii() and units.isdigit() else 1,
        how=Delivery.COLLECT if how == Delivery.COLLECT.value else Delivery.DELIVER,
        site=fields.get("site", "")[:100],
        live=fields.get("live", "")[:100],
    )


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
        found = read_checkout(conn, edge, basket, shopper=shopper, place=place_of(request))
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
        deliver_path=found.basket.path(how=Delivery.DELIVER),
        collect_path=found.basket.path(how=Delivery.COLLECT),
        number=secrets.token_hex(_NUMBER_BYTES),
        form=form or Form(number="", sku=basket.sku),
        chosen_address=chosen,
        provinces=provinces(language),
        region=partial(_region, language.code),
        **_promised(edge, found, language),
        not_brought=_not_brought(edge, found, language),
        distance=distance_words(language),
        refusal=language.refusal(refusal) if refusal else None,
        step=Step(next=found.basket.path()),
    )


def _promised(edge: Edge, found: Checkout, language: Language) -> dict[str, dict[str, str]]:
    """By when it can be had, in words: by store where it is collected, by region where it is delivered."""
    channel = LIVE_CHANNEL if found.room else CHANNEL
    goods = [(found.basket.sku, found.basket.units)]
    if found.basket.how is Delivery.COLLECT:
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
    if found.basket.how is Delivery.COLLECT:
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


def read_checkout(
    conn: Conn, edge: Edge, basket: Basket, *, shopper: Shopper | None, place: Place
) -> Checkout | None:
    """Return what the checkout shows; None for a SKU that is not on sale."""
    room = _room(conn, basket.live)
    terms = _terms(conn, edge, room, is_to_member=shopper is not None)
    sku = catalogue.skus_by_code(conn, [basket.sku]).get(basket.sku) if basket.sku else None
    goods = read_goods(conn, sku.product_code, terms=terms, sku_code=sku.code) if sku and terms else None
    if terms is None or goods is None or sku is None or goods.chosen.sku.id != sku.id:
        return None
    here = site_here(conn, place)
    shelves = shelves_of(conn, goods.chosen, terms=terms, here=here)[:_SHELVES_SHOWN]
    shelf = next((one for one in shelves if one.site.code == basket.site), None)
    if shelf is None and basket.how is Delivery.COLLECT and shelves:
        shelf = shelves[0]
    collected = basket.how is Delivery.COLLECT and shelf is not None
    site = shelf.site if collected and shelf else None
    return Checkout(
        basket=msgspec.structs.replace(basket, site=site.code if site else basket.site),
        goods=goods,
        tag=tags_of(conn, [sku], terms=terms, site=site).get(sku.id),
        bill=bill_of(conn, sku, units=basket.units, terms=terms, site=site),
        shelves=shelves,
        shelf=shelf,
        addresses=(customers.addresses_of_member(conn, shopper.member_id, ring=edge.ring) if shopper else []),
        room=room,
    )


def _room(conn: Conn, code: str) -> LiveRoom | None:
    """The show somebody buys out of: one that is on air."""
    found = touchpoints.live_rooms_by_code(conn, [code]).get(code) if code else None
    return found if found is not None and found.is_live else None


def _terms(conn: Conn, edge: Edge, room: LiveRoom | None, *, is_to_member: bool) -> Terms | None:
    show = room.code if room else None
    return shop_terms(conn, now=edge.clock(), show=show, is_to_member=is_to_member)


@post(CHECKOUT + "/place")
async def place_order(
    request: WebRequest,
    member: NamedDependency[Shopper],
    data: Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Place the order and go on to pay it; the same form again is the same order."""
    edge = edge_of(request)
    basket = basket_of(msgspec.to_builtins(data))
    recipient = await asyncio.to_thread(_recipient, edge, basket, data, member.member_id)
    if isinstance(recipient, Refusal):
        return await _again(request, basket, member, recipient, data)
    stated = await asyncio.to_thread(_message, request, basket, data, recipient)
    if isinstance(stated, Refusal):
        return await _again(request, basket, member, stated, data)
    if _is_too_warm(edge, stated):
        return await _again(request, basket, member, NotSentCold(), data)
    message = msgspec.structs.replace(stated, member_id=member.member_id, promise=promise_for(edge, stated))
    address = address_index(recipient.recipient, ring=edge.ring) if recipient else None
    taken = await edge.orders.submit(
        OrderRequest(message=message, by_member=member.member_id, address=address)
    )
    if isinstance(taken, NumberTaken):
        known = await asyncio.to_thread(_own_order, edge, message, member.member_id)
        if known is not None:
            return go(f"/o/{known}")
    if isinstance(taken, Refusal):
        said = SoldOut() if isinstance(taken, NotEnoughFree | QuotaSoldOut) else taken
        return await _again(request, basket, member, said, data)
    await asyncio.to_thread(_keep_delivery, edge, taken, recipient, data)
    return go(await asyncio.to_thread(_pay_path, edge, taken))


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
    """The recipient chosen or written; None where the goods are collected."""
    if basket.how is Delivery.COLLECT:
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
    with edge.database.reading() as conn:
        room = _room(conn, basket.live)
    code = room.touchpoint_code if room else None
    visitor = visitor_of(request)
    return OrderMessage(
        channel=LIVE_CHANNEL if room else CHANNEL,
        external_number=f"shop-{form.number[:64]}",
        kind=DraftKind.ASK,
        lines=(MessageLine(sku_code=basket.sku, units=basket.units),),
        site_code=basket.site if where is None else None,
        delivery=Delivery.COLLECT if where is None else Delivery.DELIVER,
        region_code=where.recipient.region_code if where else None,
        touch=Touch(touchpoint_code=code, visitor=visitor) if code or visitor else None,
    )


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
