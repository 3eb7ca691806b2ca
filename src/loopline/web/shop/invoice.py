"""The invoice of a member's own order: to whom it is made out, and what was made out so far."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Template

from loopline.db import Conn
from loopline.invoices import BuyerKind, Document, DocumentKind, DocumentState, Stop, Wish
from loopline.invoices import queries as invoices_queries
from loopline.invoices.rules import named_buyer
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.processes.invoice import WishAsk, wish_invoices
from loopline.web.api.answers import run
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.invoice_words import KIND_WORDS, STATE_WORDS
from loopline.web.languages import Language
from loopline.web.problems import status_of
from loopline.web.shop.frame import go, nothing_here, shop_page
from loopline.web.shop.order import NO_SUCH_ORDER, NO_SUCH_ORDER_ADVICE, own_order
from loopline.web.shop.shopper import Shopper


class BuyerForm(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an order is invoiced to."""

    kind: str = ""
    title: str = ""
    tax_number: str = ""


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A document, written down."""

    kind: str
    state: str
    is_issued: bool
    number: str
    amount: str
    file_url: str


@get("/o/{number:str}/invoice", sync_to_thread=True)
def show_invoice(request: WebRequest, number: FromPath[str], member: NamedDependency[Shopper]) -> Template:
    """Show what of an order is invoiced, and to whom it is to be."""
    return _page(request, number, member)


def _page(
    request: WebRequest,
    number: str,
    member: Shopper,
    *,
    refusal: Refusal | None = None,
    form: BuyerForm | None = None,
) -> Template:
    language = language_of(request)
    with edge_of(request).database.reading() as conn:
        head = own_order(conn, number, member.member_id)
        wishes = invoices_queries.wishes_of_orders(conn, [head.id]) if head else []
        found = invoices_queries.documents_of_wishes(conn, [one.id for one in wishes])
    if head is None:
        return nothing_here(request, shopper=member, title=NO_SUCH_ORDER, advice=NO_SUCH_ORDER_ADVICE)
    rows = [
        _row(document, one, language)
        for one in wishes
        for document in found.get(one.id, [])
        if document.state is not DocumentState.FAILED
    ]
    return shop_page(
        request,
        "invoice.html",
        shopper=member,
        status=status_of(refusal) if refusal else 200,
        back=f"/o/{head.number}",
        tab="orders",
        head=head,
        rows=rows,
        is_wished=bool(wishes),
        is_stopped=any(one.stopped is not None for one in wishes),
        is_refused=any(_is_buyer_refused(one, found.get(one.id, [])) for one in wishes),
        form=form or _form_of(wishes),
        refusal=language.refusal(refusal) if refusal else None,
    )


def _form_of(wishes: list[Wish]) -> BuyerForm:
    if not wishes:
        return BuyerForm(kind=BuyerKind.PERSON.value)
    buyer = wishes[0].buyer
    is_company = buyer.kind is BuyerKind.COMPANY
    return BuyerForm(
        kind=buyer.kind.value, title=buyer.title if is_company else "", tax_number=buyer.tax_number
    )


def _is_buyer_refused(wish: Wish, documents: list[Document]) -> bool:
    """Whether the tax authority would not take the very company that is named; all else that stops is ours to mend."""
    if wish.stopped is not Stop.PLATFORM_REFUSED or wish.buyer.kind is not BuyerKind.COMPANY or not documents:
        return False
    last = documents[-1]
    return last.state is DocumentState.FAILED and last.kind is DocumentKind.BLUE and last.buyer == wish.buyer


def _row(document: Document, wish: Wish, language: Language) -> _Row:
    return _Row(
        kind=language.say(KIND_WORDS[document.kind]),
        state=language.say(STATE_WORDS[document.state]),
        is_issued=document.state is DocumentState.ISSUED,
        number=document.fiscal_number or "",
        amount=language.money(document.gross_minor, wish.currency),
        file_url=document.file_url or "",
    )


@post("/o/{number:str}/invoice", sync_to_thread=True)
def wish_invoice(
    request: WebRequest,
    number: FromPath[str],
    member: NamedDependency[Shopper],
    data: Annotated[BuyerForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Ask for an order to be invoiced, or to be invoiced to somebody else."""
    edge = edge_of(request)
    with edge.database.reading() as conn:
        head = own_order(conn, number, member.member_id)
    if head is None:
        return nothing_here(request, shopper=member, title=NO_SUCH_ORDER, advice=NO_SUCH_ORDER_ADVICE)
    is_company = data.kind == BuyerKind.COMPANY.value
    buyer = named_buyer(
        BuyerKind.COMPANY if is_company else BuyerKind.PERSON, title=data.title, tax_number=data.tax_number
    )
    if isinstance(buyer, Refusal):
        return _page(request, number, member, refusal=buyer, form=data)
    asked = WishAsk(order_id=head.id, buyer=buyer, by_member=member.member_id)

    def work(conn: Conn, now: datetime) -> None:
        (outcome,) = wish_invoices(conn, [asked], scope=Scope(), by=member.actor, now=now)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    try:
        run(request, work)
    except Refused as refused:
        return _page(request, number, member, refusal=refused.refusal, form=data)
    return go(f"/o/{head.number}/invoice")
