"""For members themselves: signing in by phone, their addresses, orders, consents and data, being forgotten.

A member calls with the token of a session; nobody calls for another.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, delete, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import customers, orders
from loopline.customers import (
    AddressAdded,
    CodeAsk,
    NewAddress,
    NewDelivery,
    Recipient,
    masked_phone,
)
from loopline.db import Conn
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.refusals import Refusal, Refused
from loopline.orders import Delivery, Order, OrderStage
from loopline.org import Permission
from loopline.processes import membership
from loopline.web.api.answers import PROBLEMS, AnyRequest, answered, commanded, granted, read, run
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.members import ConsentKept, ConsentTold, OwnConsentAsk, consents_told, own_changes
from loopline.web.api.order_view import find_order
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told
from loopline.web.api.types import Country
from loopline.web.edge import edge_of, language_of
from loopline.web.peers import peer_of
from loopline.web.shop.signing_in import Attempt, CodeSent, begin_session, send_code

_TAG = "me"
Phone = Annotated[str, Meta(min_length=1, max_length=40, description="As typed; +86 may be left out.")]
OrderName = Annotated[
    str, Meta(description="The order's id, or the number people read aloud, such as 7K3Q-9XA.")
]


class CodeWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to send a code."""

    phone: Phone
    country: Country = "CN"


class CodeOnItsWay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code was sent, whether or not the phone is known. `demo_code` is told where phones are made up."""

    expires_in_seconds: int
    demo_code: str | None = None


class MemberSignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code that came. `visitor` is whom the browser was known as: what it scanned becomes the member's."""

    phone: Phone
    code: Annotated[str, Meta(min_length=1, max_length=20)]
    country: Country = "CN"
    visitor: UUID | None = None

    def __repr__(self) -> str:
        return "MemberSignIn(…)"


class MemberSessionBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A session of thirty days. Send `token` as Authorization: Bearer; it is shown this once."""

    token: str
    member_id: MemberId
    expires_at: datetime
    is_new: bool


class MemberTold(msgspec.Struct, frozen=True, kw_only=True):
    """Who the member is: phones masked."""

    member_id: MemberId
    phones: list[str]


class RecipientAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets the goods, and where. `region_code` is a code of GB/T 2260."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    phone: Phone
    region_code: Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)")]
    street: Annotated[str, Meta(min_length=1, max_length=200)]

    def recipient(self) -> Recipient:
        """The same, for the room."""
        return Recipient(name=self.name, phone=self.phone, region_code=self.region_code, street=self.street)


class AddressAsk(RecipientAsk, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to keep; a member's first one is the default anyway."""

    is_default: bool = False


class AddressTold(msgspec.Struct, frozen=True, kw_only=True):
    """An address as its member sees it."""

    id: UUID
    name: str
    phone: str
    region_code: str
    street: str
    is_default: bool


class AddressesTold(msgspec.Struct, frozen=True, kw_only=True):
    """A member's addresses, the default first."""

    items: list[AddressTold]


class OwnOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order of one's own; GET /orders/{number} tells all of it."""

    id: OrderId
    number: str
    channel: str
    placed_at: datetime
    stage: OrderStage
    delivery: Delivery
    currency: str
    amount_minor: int
    units: int
    pay_until: datetime | None


class DeliverySaid(msgspec.Struct, frozen=True, kw_only=True):
    """Where the order goes is known; said before, it stays as it was (`is_new` false)."""

    order_id: OrderId
    is_new: bool


def _counted_address(request: AnyRequest, caller: Caller) -> str:
    """The internet address that codes and tries count for; none where a shop's own program asks for its customers."""
    members = caller.branches.get(Permission.MEMBERS_WRITE)
    speaks_for_all = caller.kind is CallerKind.KEY and members is not None and members.everything
    return "" if speaks_for_all else peer_of(request)


@post(
    "/sign-in-codes",
    tags=[_TAG],
    operation_id="send_sign_in_code",
    status_code=202,
    sync_to_thread=True,
    security=[{}],
    responses={
        **PROBLEMS,
        202: ResponseSpec(data_container=CodeOnItsWay, description="On its way.", generate_examples=False),
    },
)
def send_sign_in_code(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    data: JSONBody[CodeWanted],
) -> Response[bytes]:
    """Send a code to a phone. One a minute and ten a day; it is good for five minutes and five tries."""
    ask = CodeAsk(phone=data.phone, address=_counted_address(request, caller), country=data.country)
    sent: CodeSent = granted(send_code(edge_of(request), ask, language=language_of(request)))
    return answered(
        CodeOnItsWay(expires_in_seconds=sent.expires_in_seconds, demo_code=sent.shown_code), status=202
    )


@post(
    "/member-sessions",
    tags=[_TAG],
    operation_id="begin_member_session",
    status_code=201,
    sync_to_thread=True,
    security=[{}],
    responses={
        **PROBLEMS,
        201: ResponseSpec(data_container=MemberSessionBegun, description="Begun.", generate_examples=False),
    },
)
def begin_member_session(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    data: JSONBody[MemberSignIn],
) -> Response[bytes]:
    """Sign a member in with the code that came; whoever comes for the first time is a member with it."""
    attempt = Attempt(
        phone=data.phone,
        code=data.code,
        address=_counted_address(request, caller),
        country=data.country,
        visitor=data.visitor,
    )
    begun = granted(begin_session(edge_of(request), attempt))
    return answered(
        MemberSessionBegun(
            token=begun.token, member_id=begun.member_id, expires_at=begun.expires_at, is_new=begun.is_new
        ),
        status=201,
    )


@delete(
    "/member-sessions/current",
    tags=[_TAG],
    operation_id="end_member_session",
    status_code=204,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def end_member_session(request: AnyRequest, caller: NamedDependency[Caller]) -> None:
    """Sign out: the token opens nothing any more."""
    caller.member()
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    run(request, lambda conn, _: customers.end_session(conn, token))


@told("/me/member", tag=_TAG, name="show_member")
def show_member(request: AnyRequest, caller: NamedDependency[Caller]) -> MemberTold:
    """Tell a member who they are."""
    member_id, ring = caller.member(), edge_of(request).ring
    phones = read(request, lambda conn, _: customers.phones_of_member(conn, member_id, ring=ring))
    return MemberTold(member_id=member_id, phones=[masked_phone(phone) for phone in phones])


@told("/me/addresses", tag=_TAG, name="list_my_addresses")
def list_my_addresses(request: AnyRequest, caller: NamedDependency[Caller]) -> AddressesTold:
    """List one's own addresses, the default first."""
    member_id, ring = caller.member(), edge_of(request).ring
    found = read(request, lambda conn, _: customers.addresses_of_member(conn, member_id, ring=ring))
    return AddressesTold(
        items=[
            AddressTold(
                id=one.id,
                name=one.recipient.name,
                phone=one.recipient.phone,
                region_code=one.recipient.region_code,
                street=one.recipient.street,
                is_default=one.is_default,
            )
            for one in found
        ]
    )


@posted("/me/addresses", tag=_TAG, name="add_my_address", gives=AddressAdded, status=201)
def add_my_address(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[AddressAsk]
) -> Response[bytes]:
    """Keep an address; at most twenty."""
    member_id, ring = caller.member(), edge_of(request).ring
    new = NewAddress(member_id=member_id, recipient=data.recipient(), is_default=data.is_default)
    return commanded(
        request,
        caller,
        data,
        lambda conn, now: granted(customers.add_addresses(conn, [new], ring=ring, now=now)[0]),
        status=201,
    )


@post(
    "/me/addresses/{address_id:uuid}/default",
    tags=[_TAG],
    operation_id="choose_my_address",
    status_code=204,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def choose_my_address(
    request: AnyRequest, caller: NamedDependency[Caller], address_id: FromPath[UUID]
) -> None:
    """Let an address be the default."""
    member_id = caller.member()
    _demand(run(request, lambda conn, _: customers.make_default(conn, member_id, address_id)))


@delete(
    "/me/addresses/{address_id:uuid}",
    tags=[_TAG],
    operation_id="delete_my_address",
    status_code=204,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def delete_my_address(
    request: AnyRequest, caller: NamedDependency[Caller], address_id: FromPath[UUID]
) -> None:
    """Forget an address; where orders went is not touched."""
    member_id = caller.member()
    _demand(run(request, lambda conn, _: customers.delete_address(conn, member_id, address_id)))


def _demand(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)


@told("/me/orders", tag=_TAG, name="list_my_orders")
def list_my_orders(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[OwnOrder]:
    """List one's own orders, the latest first."""
    member_id = caller.member()
    after = asked.after(datetime, UUID)
    place = (after[0], OrderId(after[1])) if after else None
    found = read(
        request,
        lambda conn, _: orders.orders_of_member(conn, member_id, after=place, limit=asked.at_most),
    )
    return page_of(found, asked, told=_own_order, cursor=lambda head: encode_cursor(head.placed_at, head.id))


def _own_order(head: Order) -> OwnOrder:
    return OwnOrder(
        id=head.id,
        number=head.number,
        channel=head.channel,
        placed_at=head.placed_at,
        stage=head.stage,
        delivery=head.delivery,
        currency=head.currency,
        amount_minor=head.amount_minor,
        units=head.units,
        pay_until=head.pay_until,
    )


@posted("/orders/{order:str}/recipient", tag=_TAG, name="say_recipient", gives=DeliverySaid)
def say_recipient(
    request: AnyRequest, caller: NamedDependency[Caller], order: OrderName, data: JSONBody[RecipientAsk]
) -> Response[bytes]:
    """Say who gets an order of one's own, and where. Said once, it stays."""
    member_id, ring = caller.member(), edge_of(request).ring

    def work(conn: Conn, now: datetime) -> DeliverySaid:
        head = find_order(conn, order)
        if head is None or head.member_id != member_id:
            raise Refused(NoSuchThing(noun="order", value=order))
        new = NewDelivery(order_id=head.id, member_id=member_id, recipient=data.recipient())
        kept = granted(customers.keep_deliveries(conn, [new], ring=ring, now=now)[0])
        return DeliverySaid(order_id=kept.order_id, is_new=kept.is_new)

    return commanded(request, caller, data, work)


@told("/me/consents", tag=_TAG, name="list_my_consents")
def list_my_consents(request: AnyRequest, caller: NamedDependency[Caller]) -> list[ConsentTold]:
    """List everything one said, the latest first."""
    member_id = caller.member()
    return read(request, lambda conn, _: consents_told(conn, member_id))


@posted("/me/consents", tag=_TAG, name="state_my_consents", gives=Outcomes[ConsentKept])
def state_my_consents(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[OwnConsentAsk]]
) -> Response[bytes]:
    """Say yes or no; the latest word stands."""
    member_id = caller.member()

    def work(conn: Conn, now: datetime) -> Sequence[ConsentKept | Refusal]:
        return merged(
            own_changes(conn, data.items, member_id=member_id, now=now),
            lambda changes: [
                one if isinstance(one, Refusal) else ConsentKept(in_force=one.in_force)
                for one in membership.state_consents(conn, changes, now=now, actor=caller.actor)
            ],
        )

    return decided(request, caller, data, work)


@told("/me/data", tag=_TAG, name="take_my_data")
def take_my_data(request: AnyRequest, caller: NamedDependency[Caller]) -> membership.Export:
    """Take everything that is kept of one; that it was opened is written down."""
    member_id, ring = caller.member(), edge_of(request).ring
    return granted(
        run(request, lambda conn, now: membership.export_member(conn, member_id, ring=ring, now=now))
    )


@delete(
    "/me/data",
    tags=[_TAG],
    operation_id="forget_me",
    status_code=204,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def forget_me(request: AnyRequest, caller: NamedDependency[Caller]) -> None:
    """Be forgotten for good: what cannot be read again is not brought back. Orders stay in the books without one.

    Refused while an order is open or a return under way.
    """
    member_id = caller.member()
    run(
        request,
        lambda conn, now: granted(membership.forget(conn, [member_id], now=now, actor=caller.actor)[0]),
    )


ME_HANDLERS: list[Any] = [
    send_sign_in_code,
    begin_member_session,
    end_member_session,
    show_member,
    list_my_addresses,
    add_my_address,
    choose_my_address,
    delete_my_address,
    list_my_orders,
    say_recipient,
    list_my_consents,
    state_my_consents,
    take_my_data,
    forget_me,
]
