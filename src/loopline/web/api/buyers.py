"""Buyers of marketplaces: masked for whoever sees the order, opened for a purpose by name, and the log of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from loopline import buyers
from loopline.buyers import (
    BuyerNotSealed,
    Opening,
    OpeningId,
    OpeningOutcome,
    OpeningPurpose,
    OpeningsAsk,
    Sealing,
)
from loopline.channels.opening import AT_ONCE_MAX, BuyerOpener, Opened
from loopline.db import Conn
from loopline.kernel.ids import OrderId, PersonId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.open_buyers import WantedOpenings, WhoOpens, purposes_open_to
from loopline.web.api.answers import AnyRequest, answered, outcomes, read, refuse_to_keep_secrets
from loopline.web.api.caller import Caller, CallerKind, SignInFirst
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.order_view import visible_order
from loopline.web.api.orders import OrderName
from loopline.web.api.refusals import NoSuchThing, NotByKey
from loopline.web.api.shapes import Outcome, Outcomes, Page, Paging, page_of, posted, told
from loopline.web.edge import edge_of
from loopline.web.marketplaces import platforms_of

_TAG = "buyers"

OfPerson = Annotated[
    UUID | None, QueryParameter(name="person_id", description="Only what this person opened.")
]
OfOrder = Annotated[UUID | None, QueryParameter(name="order_id", description="Only of this order.")]


class BuyerTold(msgspec.Struct, frozen=True, kw_only=True):
    """An order's buyer as the platform lets everybody see them; `purposes` are those for which you may open more."""

    order_id: OrderId
    platform: str
    masked_name: str
    masked_phone: str
    masked_address: str
    sealed_at: datetime
    renewals: int
    forgotten_at: datetime | None
    purposes: list[OpeningPurpose]


class OpenBuyersAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Orders whose buyers are to be opened, and what for."""

    order_ids: Annotated[list[UUID], Meta(min_length=1, max_length=AT_ONCE_MAX)]
    purpose: OpeningPurpose


class BuyerOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer in the open: for this purpose, now. `opening_id` is the line of the log. Keep nothing of it."""

    order_id: OrderId
    opening_id: OpeningId
    name: str
    phone: str
    address: str

    def __repr__(self) -> str:
        return f"BuyerOpened(opening_id={self.opening_id})"


class OpeningTold(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log. `refused` is our own no, `outcome` the platform's answer; neither: nobody knows more."""

    id: OpeningId
    at: datetime
    person_id: PersonId
    order_id: OrderId
    purpose: OpeningPurpose
    platform: str | None
    refused: str | None
    outcome: OpeningOutcome | None
    reason: str | None
    ended_at: datetime | None


@told("/orders/{order:str}/buyer", tag=_TAG, name="get_buyer")
def get_buyer(request: AnyRequest, caller: NamedDependency[Caller], order: OrderName) -> BuyerTold:
    """Read an order's buyer as its marketplace masks one, if you sold the order or have its parcel in hand."""
    caller.scope(Permission.ORDERS_READ)

    def find(conn: Conn, _: datetime) -> BuyerTold:
        head, tasks = visible_order(conn, caller, order)
        who = _who(caller)
        purposes = purposes_open_to(head, tasks, who) if who is not None else []
        knows_buyers = caller.branches.get(Permission.MEMBERS_READ, Scope())
        if not purposes and not knows_buyers.covers_site(head.site_id):
            raise Refused(NoSuchThing(noun="buyer", value=order))
        sealing = buyers.sealings_of_orders(conn, [head.id]).get(head.id)
        if sealing is None:
            raise Refused(BuyerNotSealed(order_id=head.id))
        return _buyer_told(sealing, purposes)

    return read(request, find)


def _buyer_told(sealing: Sealing, purposes: list[OpeningPurpose]) -> BuyerTold:
    return BuyerTold(
        order_id=sealing.order_id,
        platform=sealing.platform,
        masked_name=sealing.masked_name,
        masked_phone=sealing.masked_phone,
        masked_address=sealing.masked_address,
        sealed_at=sealing.sealed_at,
        renewals=sealing.renewals,
        forgotten_at=sealing.forgotten_at,
        purposes=purposes if sealing.forgotten_at is None else [],
    )


@posted("/buyers/open", tag=_TAG, name="open_buyers", gives=Outcomes[BuyerOpened])
def open_buyers(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[OpenBuyersAsk]
) -> Response[bytes]:
    """Open buyers of up to fifty orders, for one purpose. For people signed in; each line is in the log before.

    The answer is never kept: leave the Idempotency-Key out.
    """
    who = _who(caller)
    if who is None:
        raise Refused(SignInFirst() if caller.kind is CallerKind.NOBODY else NotByKey())
    refuse_to_keep_secrets(request)
    wanted = WantedOpenings(order_ids=tuple(OrderId(one) for one in data.order_ids), purpose=data.purpose)
    found = opener_of(request).open_buyers(wanted, who)
    results = [one if isinstance(one, Refusal) else _opened_told(one) for one in found]
    return answered(Outcomes[BuyerOpened](outcomes=outcomes(Outcome[BuyerOpened], results, request)))


def _opened_told(one: Opened) -> BuyerOpened:
    return BuyerOpened(
        order_id=one.order_id,
        opening_id=one.opening_id,
        name=one.buyer.name,
        phone=one.buyer.phone,
        address=one.buyer.address,
    )


@told("/openings", tag=_TAG, name="list_openings")
def list_openings(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    of_person: OfPerson = None,
    of_order: OfOrder = None,
) -> Page[OpeningTold]:
    """List who opened which buyer's data, when and what for, the latest first; the refused are there too."""
    scope = caller.scope(Permission.OPENINGS_READ)
    after = asked.after(UUID)
    ask = OpeningsAsk(
        person_id=PersonId(of_person) if of_person else None,
        order_id=OrderId(of_order) if of_order else None,
        before=OpeningId(after[0]) if after else None,
        limit=asked.at_most,
    )
    found = read(request, lambda conn, _: buyers.find_openings(conn, ask, scope=scope))
    return page_of(found, asked, told=_opening_told, cursor=lambda one: encode_cursor(one.id))


def _opening_told(one: Opening) -> OpeningTold:
    return OpeningTold(
        id=one.id,
        at=one.at,
        person_id=one.person_id,
        order_id=one.order_id,
        purpose=one.purpose,
        platform=one.platform,
        refused=one.refused,
        outcome=one.outcome,
        reason=one.reason,
        ended_at=one.ended_at,
    )


def opener_of(request: AnyRequest) -> BuyerOpener:
    """Return what opens buyers for this process."""
    edge = edge_of(request)
    return BuyerOpener(edge.database, platforms_of(request), clock=edge.clock)


def _who(caller: Caller) -> WhoOpens | None:
    if caller.person_id is None:
        return None
    return WhoOpens(person_id=caller.person_id, branches=caller.branches)


BUYER_HANDLERS = [get_buyer, open_buyers, list_openings]
