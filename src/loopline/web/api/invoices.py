"""Invoices: who wants an order invoiced to whom, what was made out for it, and what the platform tells."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_204_NO_CONTENT
from msgspec import Meta

from loopline import orders
from loopline.db import Conn
from loopline.invoices import (
    BuyerKind,
    CodeKind,
    CreditReason,
    Document,
    DocumentId,
    DocumentKind,
    DocumentState,
    GoodsCode,
    WishId,
)
from loopline.invoices import queries as invoices_queries
from loopline.invoices.rules import named_buyer
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.processes.invoice import (
    WishAsk,
    hear_invoice_notices,
    sellers_in,
    set_goods_codes,
    wish_invoices,
)
from loopline.web.api.answers import PROBLEMS, AnyRequest, read, run
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told
from loopline.web.edge import edge_of

_TAG = "invoices"
_NOTICE_BYTES_MAX = 65_536
NUONUO = "nuonuo"

States = Annotated[
    list[DocumentState] | None,
    QueryParameter(name="state", description="Only these states; repeat it for more.", max_items=3),
]


class InvoiceAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Invoice an order to a buyer, by every seller of it that you act for. A company states title and tax number."""

    order_number: Annotated[str, Meta(min_length=1, max_length=40)]
    buyer_kind: BuyerKind
    title: Annotated[str, Meta(max_length=200)] = ""
    tax_number: Annotated[str, Meta(max_length=40)] = ""


class WishTold(msgspec.Struct, frozen=True, kw_only=True):
    """The wishes that stand for an order, one for each seller."""

    wish_ids: tuple[WishId, ...]


class InvoiceTold(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or a credit note; a credit note's amounts are negative, and `of` is the number it takes back."""

    id: DocumentId
    order_number: str
    entity_code: str
    kind: DocumentKind
    reason: CreditReason | None
    of: str | None
    buyer_kind: BuyerKind
    title: str
    tax_number: str
    currency: str
    net_minor: int
    tax_minor: int
    state: DocumentState
    fiscal_number: str | None
    file_url: str | None
    written_at: datetime
    ended_at: datetime | None
    note: str | None


class GoodsCodeAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tax authority's code, of 19 digits, for a category of goods or charges; an empty one is all others."""

    kind: CodeKind
    category: Annotated[str, Meta(max_length=100)] = ""
    goods_code: Annotated[str, Meta(max_length=40)]


class GoodsCodeTold(msgspec.Struct, frozen=True, kw_only=True):
    """A code as it is kept."""

    kind: CodeKind
    category: str
    goods_code: str


@posted("/invoices", tag=_TAG, name="wish_invoices", gives=Outcomes[WishTold])
def wish_many(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[InvoiceAsk]]
) -> Response[bytes]:
    """Ask for orders to be invoiced. They are made out once nothing of an order is under way, and credited on returns.

    The same again changes nothing; another buyer gets an invoice of its own, and the first one is credited.
    """
    scope = caller.scope(Permission.INVOICES_WRITE)

    def decide(conn: Conn, now: datetime) -> list[WishTold | Refusal]:
        known = orders.orders_by_numbers(conn, {one.order_number for one in data.items})
        asks: list[WishAsk | Refusal] = []
        for one in data.items:
            head = known.get(one.order_number)
            buyer = named_buyer(one.buyer_kind, title=one.title, tax_number=one.tax_number)
            if head is None:
                asks.append(NoSuchThing(noun="order", value=one.order_number))
            elif isinstance(buyer, Refusal):
                asks.append(buyer)
            else:
                asks.append(WishAsk(order_id=head.id, buyer=buyer))
        found = merged(asks, lambda fit: wish_invoices(conn, fit, scope=scope, by=caller.actor, now=now))
        return [one if isinstance(one, Refusal) else WishTold(wish_ids=one) for one in found]

    return decided(request, caller, data, decide)


@told("/invoices", tag=_TAG, name="list_invoices")
def list_invoices(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    states: States = None,
) -> Page[InvoiceTold]:
    """List invoices and credit notes of legal entities of one's branch, the newest first."""
    scope = caller.scope(Permission.INVOICES_READ)
    after = asked.after(datetime, UUID)
    before = None if after is None else (after[0], DocumentId(after[1]))

    def find(conn: Conn, _: datetime) -> Page[InvoiceTold]:
        found = invoices_queries.find_documents(
            conn,
            states or list(DocumentState),
            entities=sellers_in(conn, scope),
            before=before,
            limit=asked.at_most,
        )
        written = _written(conn, found)
        return page_of(
            found,
            asked,
            told=lambda one: written[one.id],
            cursor=lambda one: encode_cursor(one.written_at, one.id),
        )

    return read(request, find)


def _written(conn: Conn, found: Sequence[Document]) -> Mapping[DocumentId, InvoiceTold]:
    wishes = invoices_queries.wishes_by_ids(conn, {one.wish_id for one in found})
    heads = {one.id: one for one in orders.orders_by_ids(conn, [one.order_id for one in wishes.values()])}
    entities = org_lists.entity_codes(conn, {one.entity_id for one in wishes.values()})
    blues = invoices_queries.documents_by_ids(conn, {one.of_id for one in found if one.of_id is not None})
    return {
        one.id: InvoiceTold(
            id=one.id,
            order_number=heads[wishes[one.wish_id].order_id].number,
            entity_code=entities[wishes[one.wish_id].entity_id],
            kind=one.kind,
            reason=one.reason,
            of=blues[one.of_id].fiscal_number if one.of_id is not None else None,
            buyer_kind=one.buyer.kind,
            title=one.buyer.title,
            tax_number=one.buyer.tax_number,
            currency=wishes[one.wish_id].currency,
            net_minor=one.net_minor,
            tax_minor=one.tax_minor,
            state=one.state,
            fiscal_number=one.fiscal_number,
            file_url=one.file_url,
            written_at=one.written_at,
            ended_at=one.ended_at,
            note=one.note,
        )
        for one in found
    }


@posted("/invoices/goods-codes", tag=_TAG, name="set_goods_codes", gives=Outcomes[GoodsCodeTold])
def set_codes(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[GoodsCodeAsk]]
) -> Response[bytes]:
    """Set the tax authority's codes of goods, for the whole brand; what waited for one is tried again."""
    scope = caller.scope(Permission.INVOICES_WRITE)

    def decide(conn: Conn, now: datetime) -> list[GoodsCodeTold | Refusal]:
        codes = [
            GoodsCode(kind=one.kind, category=one.category, goods_code=one.goods_code) for one in data.items
        ]
        found = set_goods_codes(conn, codes, scope=scope, by=caller.actor, now=now)
        return [
            one
            if isinstance(one, Refusal)
            else GoodsCodeTold(kind=one.kind, category=one.category, goods_code=one.goods_code)
            for one in found
        ]

    return decided(request, caller, data, decide)


@post(
    "/invoices/notifications/{gateway:str}",
    tags=[_TAG],
    operation_id="hear_invoice_notification",
    status_code=HTTP_204_NO_CONTENT,
    request_max_body_size=_NOTICE_BYTES_MAX,
    security=[{}],
    responses=dict(PROBLEMS),
)
async def hear_invoice_notification(request: AnyRequest, gateway: FromPath[str]) -> None:
    """Take in that a document ended, as a platform tells of its own accord. It is signed by nobody and proves nothing:
    the platform is asked next, where we wait for it at all.
    """
    await asyncio.to_thread(_hear, request, gateway, await request.body())


def _hear(request: AnyRequest, gateway: str, body: bytes) -> None:
    edge = edge_of(request)
    if gateway != NUONUO or edge.invoices is None:
        raise Refused(NoSuchThing(noun="platform", value=gateway))
    number = edge.invoices.hear({}, body)
    if isinstance(number, Refusal):
        raise Refused(number)
    run(request, lambda conn, now: hear_invoice_notices(conn, [number], now=now))


INVOICE_HANDLERS = [wish_many, list_invoices, set_codes, hear_invoice_notification]
