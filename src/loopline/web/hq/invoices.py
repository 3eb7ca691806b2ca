"""Invoices for finance and customer service: what is invoiced beside what the books say, what stands in the way, and
whom an order is invoiced to.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import orders
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.invoices import (
    BuyerKind,
    CodeKind,
    Document,
    DocumentKind,
    DocumentState,
    GoodsCode,
    Wish,
    WishId,
)
from loopline.invoices import queries as invoices_queries
from loopline.invoices.rules import named_buyer
from loopline.kernel.ids import EntityId, OrderId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.org import Entity, Permission
from loopline.org.queries import entities_by_id
from loopline.processes.invoice import (
    GoodsCodesAreTheBrands,
    NothingToInvoice,
    SellerBooks,
    WishAsk,
    books_and_invoices,
    sellers_in,
    set_goods_codes,
    try_wishes_again,
    wish_invoices,
)
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.payouts import actor_of
from loopline.web.invoice_words import KIND_WORDS, REASON_WORDS, STATE_WORDS, note_words, stop_words
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.problems import status_of

INVOICES = "/hq/invoices"
_SHOWN = 100
_TEXT_MOST = 200
_NUMBER_MOST = 40
_NO_ORDER = OrderId(UUID(int=0))
_FormRequest = Request[Any, Any, State]
_LISTS: Mapping[str, tuple[str, tuple[DocumentState, ...]]] = {
    "all": (marked("All"), tuple(DocumentState)),
    "open": (marked("Asked for"), (DocumentState.OPEN,)),
    "issued": (marked("Issued"), (DocumentState.ISSUED,)),
    "failed": (marked("Not accepted"), (DocumentState.FAILED,)),
}
_DONE_WORDS = {
    "wish": marked("Asked for: it is made out once nothing of the order is under way."),
    "again": marked("It is tried again."),
    "code": marked("The code is kept."),
}


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment; of a branch only its sellers."""

    books: list[SellerBooks]
    documents: list[Document]
    stopped: list[Wish]
    wishes: Mapping[WishId, Wish]
    heads: Mapping[OrderId, Order]
    companies: Mapping[EntityId, Entity]
    codes: list[GoodsCode]
    zone: str


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which invoices the page is to show: those of one order where a number is given. And what was done or refused by
    now; what was refused stays `typed`.
    """

    number: str = ""
    chosen: str = "all"
    done: str = ""
    refusal: Refusal | None = None
    typed: Mapping[str, str] = {}


class BooksRow(msgspec.Struct, frozen=True, kw_only=True):
    """A seller's books beside its invoices."""

    seller: str
    booked: str
    booked_tax: str
    invoiced: str
    invoiced_tax: str
    difference: str
    difference_tax: str
    about: str


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document, written down."""

    kind: str
    is_red: bool
    state: str
    tone: str
    fiscal_number: str
    file_url: str
    order_number: str
    seller: str
    buyer: str
    amount: str
    tax: str
    at: str
    why: str


class StoppedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A wish in whose way something stands."""

    id: str
    order_number: str
    seller: str
    buyer: str
    why: str


@get(INVOICES, sync_to_thread=True)
def show_invoices(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the invoices of somebody's branch, or those of one order that the address names."""
    chosen = request.query_params.get("list", "")
    asked = _Asked(
        number=request.query_params.get("order", "").strip()[:_NUMBER_MOST],
        chosen=chosen if chosen in _LISTS else "all",
        done=told(request).done,
    )
    return _page(request, visitor, asked)


def _page(request: WebRequest, visitor: Visitor, asked: _Asked) -> Template:
    scope, number, refusal = visitor.scope_of(Permission.INVOICES_READ), asked.number, asked.refusal
    found = read(request, lambda conn, _: _find(conn, asked.chosen, number, scope=scope))
    language = language_of(request)
    is_writer = visitor.may(Permission.INVOICES_WRITE)
    return page(
        request,
        "hq/invoices.html",
        status=status_of(refusal) if refusal else 200,
        visitor=visitor,
        path=INVOICES,
        here=f"{INVOICES}?{urlencode({'order': number})}" if refusal and number else INVOICES,
        books=[_books_row(one, found, language) for one in found.books],
        lists=[(key, language.say(word), key == asked.chosen) for key, (word, _) in _LISTS.items()],
        rows=[_document_row(one, found, language) for one in found.documents],
        stopped=[_stopped_row(one, found, language) for one in found.stopped],
        codes=[(one.kind.value, one.category, one.goods_code) for one in found.codes],
        number=number,
        may_write=is_writer,
        may_set_codes=is_writer and visitor.scope_of(Permission.INVOICES_WRITE).everything,
        done=asked.done,
        problem=language.refusal(refusal) if refusal else "",
        said=asked.typed or {"order": number},
    )


def _find(conn: Conn, chosen: str, number: str, *, scope: Scope) -> _Found:
    entities = sellers_in(conn, scope)
    order = orders.orders_by_numbers(conn, [number]).get(number) if number else None
    if number:
        of_order = invoices_queries.wishes_of_orders(conn, [order.id] if order else [], entities=entities)
        found = invoices_queries.documents_of_wishes(conn, [one.id for one in of_order])
        documents = [document for one in of_order for document in reversed(found.get(one.id, []))]
        stopped = [one for one in of_order if one.stopped is not None]
    else:
        states = _LISTS[chosen][1]
        documents = invoices_queries.find_documents(conn, states, entities=entities, limit=_SHOWN)
        stopped = invoices_queries.wishes_stopped(conn, entities=entities, limit=_SHOWN)
    wishes = invoices_queries.wishes_by_ids(conn, {one.wish_id for one in documents})
    wishes |= {one.id: one for one in stopped}
    books = [] if number else books_and_invoices(conn, scope=scope)
    return _Found(
        books=books,
        documents=documents,
        stopped=stopped,
        wishes=wishes,
        heads={
            one.id: one for one in orders.orders_by_ids(conn, list({one.order_id for one in wishes.values()}))
        },
        companies=entities_by_id(
            conn, {one.entity_id for one in wishes.values()} | {one.entity_id for one in books}
        ),
        codes=invoices_queries.goods_codes(conn),
        zone=board_setting(conn).zone,
    )


def _books_row(one: SellerBooks, found: _Found, language: Language) -> BooksRow:
    def money(minor: int) -> str:
        return language.money(minor, one.currency)

    about = language.say(
        "{blue} invoices, {red} credit notes, {open} asked for", blue=one.blue, red=one.red, open=one.open
    )
    return BooksRow(
        seller=language.called(found.companies[one.entity_id].name),
        booked=money(one.booked_net_minor),
        booked_tax=money(one.booked_tax_minor),
        invoiced=money(one.invoiced_net_minor),
        invoiced_tax=money(one.invoiced_tax_minor),
        difference=money(one.difference_net_minor),
        difference_tax=money(one.difference_tax_minor),
        about=about,
    )


def _document_row(one: Document, found: _Found, language: Language) -> DocumentRow:
    wish = found.wishes[one.wish_id]
    tones = {DocumentState.OPEN: "warn", DocumentState.ISSUED: "good", DocumentState.FAILED: "bad"}
    at = one.ended_at or one.written_at
    reason = language.say(REASON_WORDS[one.reason]) if one.reason is not None else ""
    return DocumentRow(
        kind=language.say(KIND_WORDS[one.kind]),
        is_red=one.kind is DocumentKind.RED,
        state=language.say(STATE_WORDS[one.state]),
        tone=tones[one.state],
        fiscal_number=one.fiscal_number or "",
        file_url=one.file_url or "",
        order_number=found.heads[wish.order_id].number,
        seller=language.called(found.companies[wish.entity_id].name),
        buyer=f"{one.buyer.title} {one.buyer.tax_number}".strip(),
        amount=language.money(one.gross_minor, wish.currency),
        tax=language.say("tax {amount}", amount=language.money(one.tax_minor, wish.currency)),
        at=language.clock_of_day(at, found.zone),
        why=" · ".join(part for part in (reason, note_words(language, one)) if part),
    )


def _stopped_row(one: Wish, found: _Found, language: Language) -> StoppedRow:
    assert one.stopped is not None
    return StoppedRow(
        id=str(one.id),
        order_number=found.heads[one.order_id].number,
        seller=language.called(found.companies[one.entity_id].name),
        buyer=f"{one.buyer.title} {one.buyer.tax_number}".strip(),
        why=stop_words(language, one.stopped, one.note),
    )


@post(INVOICES + "/wish")
async def wish_one(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Ask for an order to be invoiced, or to be invoiced to somebody else."""
    form = await request.form()
    said = {name: str(form.get(name, "")).strip()[:_TEXT_MOST] for name in ("order", "title", "tax_number")}
    is_company = str(form.get("kind", "")) == BuyerKind.COMPANY.value
    kind = BuyerKind.COMPANY if is_company else BuyerKind.PERSON
    scope, by = visitor.scope_of(Permission.INVOICES_WRITE), actor_of(visitor)

    def work(conn: Conn, now: datetime) -> Sequence[object]:
        buyer = named_buyer(kind, title=said["title"], tax_number=said["tax_number"])
        if isinstance(buyer, Refusal):
            return [buyer]
        head = orders.orders_by_numbers(conn, [said["order"]]).get(said["order"])
        if head is None:
            return [NothingToInvoice(order_id=_NO_ORDER)]
        asked = WishAsk(order_id=head.id, buyer=buyer)
        return wish_invoices(conn, [asked], scope=scope, by=by, now=now)

    return await _decided(request, visitor, "wish", work, said | {"kind": kind.value})


@post(INVOICES + "/wishes/{wish_id:uuid}/again")
async def try_one_again(
    request: _FormRequest, visitor: NamedDependency[Visitor], wish_id: FromPath[UUID]
) -> Response[Any]:
    """Try again to make out what something stood in the way of."""
    scope = visitor.scope_of(Permission.INVOICES_WRITE)
    return await _decided(
        request,
        visitor,
        "again",
        lambda conn, now: try_wishes_again(conn, [WishId(wish_id)], scope=scope, now=now),
        {},
    )


@post(INVOICES + "/codes")
async def set_one_code(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Set the tax authority's code for a category."""
    form = await request.form()
    is_charge = str(form.get("kind", "")) == CodeKind.CHARGE.value
    code = GoodsCode(
        kind=CodeKind.CHARGE if is_charge else CodeKind.GOODS,
        category=str(form.get("category", "")).strip()[:_TEXT_MOST],
        goods_code=str(form.get("goods_code", "")).strip()[:_TEXT_MOST],
    )
    scope, by = visitor.scope_of(Permission.INVOICES_WRITE), actor_of(visitor)
    if not scope.everything:
        raise Refused(GoodsCodesAreTheBrands())
    return await _decided(
        request,
        visitor,
        "code",
        lambda conn, now: set_goods_codes(conn, [code], scope=scope, by=by, now=now),
        {},
    )


async def _decided(
    request: _FormRequest,
    visitor: Visitor,
    what: str,
    decide: Callable[[Conn, datetime], Sequence[object]],
    typed: Mapping[str, str],
) -> Response[Any]:
    """Do it, and go back to the page, which says what was done. What was refused stays typed, and out of addresses."""
    outcomes = await asyncio.to_thread(run, request, decide)
    refused = next((one for one in outcomes if isinstance(one, Refusal)), None)
    number = typed.get("order", "")
    if refused is not None:
        asked = _Asked(number=number[:_NUMBER_MOST], refusal=refused, typed=typed)
        return await asyncio.to_thread(_page, request, visitor, asked)
    of_order = {"order": number} if number else {}
    return telling(request, INVOICES, **of_order, done=language_of(request).say(_DONE_WORDS[what]))


INVOICE_PAGES = [show_invoices, wish_one, try_one_again, set_one_code]
