"""What a member sees of themselves: their orders, addresses, what they agreed to, their data, being forgotten."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Template

from loopline import catalogue, customers, orders, org, promises
from loopline.customers import (
    Address,
    ConsentChange,
    ConsentChannel,
    ConsentKey,
    NewAddress,
    Purpose,
    Recipient,
    masked_phone,
)
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.ids import MemberId, PartyId
from loopline.kernel.refusals import Refusal, Refused
from loopline.orders import Line, LineKind, Order
from loopline.processes import membership
from loopline.processes.checkout import orders_paid_by_goods, to_pay
from loopline.web.api.answers import run
from loopline.web.edge import Edge, WebRequest, edge_of, language_of
from loopline.web.languages import Language, marked
from loopline.web.problems import status_of
from loopline.web.shop.frame import SHOP, go, shop_page
from loopline.web.shop.names import variant_of
from loopline.web.shop.order import HELD_TITLE, AddressForm
from loopline.web.shop.order_words import WORDS, Standing, Words, standing_of
from loopline.web.shop.refusals import SayItTwice
from loopline.web.shop.regions import provinces, region_words
from loopline.web.shop.shopper import Shopper, member_cookie

_ORDERS_SHOWN = 50
_ZONE = "Asia/Shanghai"
_HELD = msgspec.structs.replace(WORDS[Standing.UNPAID], short=HELD_TITLE)

# What a member is asked on the page, and in which words; anything else is asked where it is needed.
ASKED: tuple[tuple[Purpose, ConsentChannel, str, str], ...] = (
    (
        Purpose.SERVICE,
        ConsentChannel.SMS,
        marked("Messages about my orders"),
        marked("By text message: when it is ready, on its way, late, called off or paid back."),
    ),
    (
        Purpose.MARKETING,
        ConsentChannel.SMS,
        marked("Offers by text message"),
        marked("New goods and offers, now and then."),
    ),
    (
        Purpose.MARKETING,
        ConsentChannel.GUIDE,
        marked("A word from my guide"),
        marked("The guide who served you may write to you."),
    ),
    (
        Purpose.PROFILING,
        ConsentChannel.ANY,
        marked("Suggestions for me"),
        marked("What you bought decides what we show you first."),
    ),
)


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order in the list: where it stands, and pictures of what is in it."""

    head: Order
    words: Words
    pictures: list[tuple[str | None, str]]
    units: int
    day: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Something a member may agree to."""

    key: str
    word: str
    advice: str
    is_granted: bool


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """What the page about a member shows."""

    phones: list[str]
    addresses: list[Address]
    agreements: list[Agreement]


class AgreementForm(msgspec.Struct, frozen=True, kw_only=True):
    """A yes or a no."""

    key: str
    granted: str


class ErasureForm(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever wants to be forgotten says so twice."""

    sure: str = ""


@get("/me/orders", sync_to_thread=True)
def show_orders(request: WebRequest, member: NamedDependency[Shopper]) -> Template:
    """Show a member's orders, the latest first."""
    edge, language = edge_of(request), language_of(request)
    with edge.database.reading() as conn:
        rows = _order_rows(conn, member.member_id, now=edge.clock(), language=language)
    return shop_page(request, "orders.html", shopper=member, tab="orders", rows=rows)


def _order_rows(conn: Conn, member_id: MemberId, *, now: datetime, language: Language) -> list[OrderRow]:
    heads = orders.orders_of_member(conn, member_id, limit=_ORDERS_SHOWN)
    if not heads:
        return []
    rest = to_pay(conn, heads)
    tasks = fulfilment.tasks_of_orders(conn, [head.id for head in heads])
    arrived = promises.arrivals_of_orders(conn, [head.id for head in heads])
    lines = orders.lines_by_orders(conn, [head.id for head in heads])
    pictures = _pictures(conn, lines)
    unpaid = [head.id for head in heads if rest[head.id] > 0]
    held = orders_paid_by_goods(conn, unpaid) if unpaid else ()
    rows: list[OrderRow] = []
    for head in heads:
        of_order = [task for task in tasks if task.order_id == head.id]
        standing = standing_of(head, of_order, to_pay_minor=rest[head.id], now=now, arrived=arrived)
        rows.append(
            OrderRow(
                head=head,
                words=_HELD if standing is Standing.UNPAID and head.id in held else WORDS[standing],
                pictures=[pictures[line.line_id] for line in lines if line.order_id == head.id][:4],
                units=head.units,
                day=language.clock_of_day(head.placed_at, _ZONE),
            )
        )
    return rows


def _pictures(conn: Conn, lines: Sequence[Line]) -> dict[UUID, tuple[str | None, str]]:
    """What each line's picture shows: the kind of goods, and their colour."""
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines if line.sku_id is not None})
    products = catalogue.products_by_id(conn, {sku.product_id for sku in skus.values()})
    found: dict[UUID, tuple[str | None, str]] = {}
    for line in lines:
        sku = skus.get(line.sku_id) if line.sku_id and line.kind is LineKind.GOODS else None
        product = products.get(sku.product_id) if sku else None
        found[line.line_id] = (
            (product.category, variant_of(sku, product).colour) if sku and product else (None, "")
        )
    return found


@get("/me", sync_to_thread=True)
def show_me(request: WebRequest, member: NamedDependency[Shopper]) -> Template:
    """Show a member what is kept of them."""
    return _me(request, member)


def _me(
    request: WebRequest,
    member: Shopper,
    *,
    refusal: Refusal | None = None,
    form: AddressForm | None = None,
) -> Template:
    edge, language = edge_of(request), language_of(request)
    with edge.database.reading() as conn:
        mine = _read_mine(conn, edge, member.member_id)
    return shop_page(
        request,
        "me.html",
        shopper=member,
        status=status_of(refusal) if refusal else 200,
        tab="me",
        here="/me",
        mine=mine,
        refusal=language.refusal(refusal) if refusal else None,
        form=form or AddressForm(),
        provinces=provinces(language),
        region=partial(_region, language),
    )


def _region(language: Language, region_code: str) -> str:
    return region_words(region_code, language.code)


def _read_mine(conn: Conn, edge: Edge, member_id: MemberId) -> Mine:
    """The phones are masked: whoever picks the phone up sees no more of its owner than they must."""
    phones = customers.phones_of_member(conn, member_id, ring=edge.ring)
    keys = _consent_keys(conn, member_id)
    granted = _standing_of(conn, keys) if keys else []
    return Mine(
        phones=[masked_phone(phone) for phone in phones],
        addresses=customers.addresses_of_member(conn, member_id, ring=edge.ring),
        agreements=[
            Agreement(
                key=f"{key.purpose}.{key.channel}",
                word=word,
                advice=advice,
                is_granted=is_granted,
            )
            for key, is_granted, (_, _, word, advice) in zip(keys, granted, ASKED, strict=False)
        ],
    )


def _standing_of(conn: Conn, keys: Sequence[ConsentKey]) -> list[bool]:
    """Whether each stands: what needs a yes was said, what needs none was not declined."""
    declined = customers.declined(conn, keys)
    return [
        not is_declined if key.purpose is Purpose.SERVICE else is_granted
        for key, is_granted, is_declined in zip(keys, customers.consented(conn, keys), declined, strict=True)
    ]


def brand_party(conn: Conn) -> PartyId | None:
    """Return the party that a member agrees with: the brand."""
    brand = org.brand_party(conn)
    return brand.id if brand is not None else None


def _consent_keys(conn: Conn, member_id: MemberId) -> list[ConsentKey]:
    brand = brand_party(conn)
    if brand is None:
        return []
    return [
        ConsentKey(member_id=member_id, purpose=purpose, channel=channel, receiver_id=brand)
        for purpose, channel, _, _ in ASKED
    ]


def _done(
    request: WebRequest,
    member: Shopper,
    work: Callable[[Conn, datetime], Refusal | None],
    *,
    form: AddressForm | None = None,
) -> Response[Any]:
    """Change something of a member's own and show the page again; a refusal is said on it."""

    def whole(conn: Conn, now: datetime) -> None:
        refusal = work(conn, now)
        if refusal is not None:
            raise Refused(refusal)

    try:
        run(request, whole)
    except Refused as refused:
        return _me(request, member, refusal=refused.refusal, form=form)
    return go("/me")


@post("/me/addresses", sync_to_thread=True)
def add_address(
    request: WebRequest,
    member: NamedDependency[Shopper],
    data: Annotated[AddressForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Keep one more address."""
    ring = edge_of(request).ring
    recipient = Recipient(
        name=data.recipient, phone=data.phone, region_code=data.region_code, street=data.street
    )

    def work(conn: Conn, now: datetime) -> Refusal | None:
        new = NewAddress(member_id=member.member_id, recipient=recipient)
        (outcome,) = customers.add_addresses(conn, [new], ring=ring, now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return _done(request, member, work, form=data)


@post("/me/addresses/{address_id:uuid}/default", sync_to_thread=True)
def choose_address(
    request: WebRequest, member: NamedDependency[Shopper], address_id: FromPath[UUID]
) -> Response[Any]:
    """Let an address be the one goods go to."""
    return _done(request, member, lambda conn, _: customers.make_default(conn, member.member_id, address_id))


@post("/me/addresses/{address_id:uuid}/delete", sync_to_thread=True)
def drop_address(
    request: WebRequest, member: NamedDependency[Shopper], address_id: FromPath[UUID]
) -> Response[Any]:
    """Forget an address. Where orders went is not touched."""
    return _done(
        request, member, lambda conn, _: customers.delete_address(conn, member.member_id, address_id)
    )


@post("/me/consents", sync_to_thread=True)
def say_consent(
    request: WebRequest,
    member: NamedDependency[Shopper],
    data: Annotated[AgreementForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Say yes or no to something; the latest word counts."""

    def work(conn: Conn, now: datetime) -> Refusal | None:
        keys = [
            key for key in _consent_keys(conn, member.member_id) if f"{key.purpose}.{key.channel}" == data.key
        ]
        changes = [
            ConsentChange(key=key, granted=data.granted == "yes", at=now, source="shop:me") for key in keys
        ]
        outcomes = membership.state_consents(conn, changes, now=now, actor=member.actor)
        return next((one for one in outcomes if isinstance(one, Refusal)), None)

    return _done(request, member, work)


@get("/me/data.json", sync_to_thread=True)
def take_data(request: WebRequest, member: NamedDependency[Shopper]) -> Response[bytes]:
    """Hand a member everything that is kept of them, as a file."""
    edge = edge_of(request)
    with edge.database.transaction() as conn:
        found = membership.export_member(conn, member.member_id, ring=edge.ring, now=edge.clock())
    if isinstance(found, Refusal):
        raise Refused(found)
    return Response(
        msgspec.json.format(msgspec.json.encode(found), indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"},
    )


@post("/me/forget", sync_to_thread=True)
def forget_me(
    request: WebRequest,
    member: NamedDependency[Shopper],
    data: Annotated[ErasureForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Forget a member for good, and sign them out."""
    if data.sure != "yes":
        return _me(request, member, refusal=SayItTwice())
    (outcome,) = run(
        request,
        lambda conn, now: membership.forget(conn, [member.member_id], now=now, actor=member.actor),
    )
    if isinstance(outcome, Refusal):
        return _me(request, member, refusal=outcome)
    answer = go(SHOP)
    answer.cookies = [member_cookie("", is_secure=edge_of(request).settings.is_secure)]
    return answer
