"""What a till sends: sales, each placed or refused by itself; and those that somebody has to put right."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
import psycopg
import structlog
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta

from loopline.channels.till import Sale, buyers_of, rung_up
from loopline.channels.till.cases import hand_over
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.processes.ring_up import RungUp, ring_up
from loopline.processes.take_in import OrderTaken
from loopline.web.api.answers import answered, run
from loopline.web.api.reading import BadInput, decode
from loopline.web.api.shapes import Outcome, Outcomes
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.placing import refusal_of_failure
from loopline.web.problems import problem_of, problem_of_bad_input
from loopline.web.qr import address_of, qr_svg, receipt_path
from loopline.web.store.till.counter import sending_scope
from loopline.web.store.till.earning import earned_at_once

SALES_MAX = 50
_logger = structlog.get_logger(__name__)
_Result: TypeAlias = OrderTaken | Refusal | BadInput


class SalesSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sales of an outbox. Each is read by itself: one that cannot be read stops no other."""

    sales: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=SALES_MAX)]


class CaseHanded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A refused sale that is handed over for somebody to put right."""

    sale: msgspec.Raw


class SaleTold(msgspec.Struct, frozen=True, kw_only=True):
    """The order that a sale is, new or known before; `receipt_code` opens its receipt at `/r/…`.

    `receipt_drawing`: that address as an SVG, for the customer to scan. `is_of_member`: in a member's orders.
    `earned_minor`: what it earns who rang it up, told to nobody else; None to who earns nothing by selling.
    """

    id: OrderId
    number: str
    amount_minor: int
    receipt_code: str | None
    receipt_drawing: str
    is_of_member: bool
    is_repeat: bool
    earned_minor: int | None = None


@post("/store/till/sales", status_code=200, sync_to_thread=True)
def take_sales(request: WebRequest, visitor: NamedDependency[Visitor], body: RawBody) -> Response[bytes]:
    """Take the sales of an outbox in: one outcome each, in their order. All may come again at any time."""
    sending_scope(visitor)  # whoever may not sell is told so, however the sales are written
    asked: SalesSent = decode(body, SalesSent)
    sales = [_read(raw) for raw in asked.sales]
    readable = [sale for sale in sales if isinstance(sale, Sale)]
    placed = iter(_place(request, visitor, readable)) if readable else iter(())
    results = [sale if isinstance(sale, BadInput) else next(placed) for sale in sales]
    sold = [(sale, one) for sale, one in zip(sales, results, strict=True) if not isinstance(sale, BadInput)]
    earned = earned_at_once(request, visitor, sold)
    return answered(Outcomes[SaleTold](outcomes=[sale_outcome(request, one, earned) for one in results]))


def _read(raw: msgspec.Raw) -> Sale | BadInput:
    try:
        return decode(bytes(raw), Sale)
    except BadInput as unreadable:
        return unreadable


def _place(request: WebRequest, visitor: Visitor, sales: Sequence[Sale]) -> list[OrderTaken | Refusal]:
    """Place sales in one transaction; where that fails for a reason nobody foresaw, each in one of its own."""
    scope, person_id, ring = sending_scope(visitor), visitor.person.person_id, edge_of(request).ring

    def work(some: Sequence[Sale]) -> Callable[[Conn, datetime], list[OrderTaken | Refusal]]:
        def place(conn: Conn, now: datetime) -> list[OrderTaken | Refusal]:
            members = buyers_of(conn, some, ring=ring)
            translated = [
                rung_up(sale, now=now, member_id=member_id)
                for sale, member_id in zip(some, members, strict=True)
            ]
            going = [one for one in translated if isinstance(one, RungUp)]
            outcomes = iter(ring_up(conn, going, scope=scope, sent_by=person_id, now=now))
            return [one if isinstance(one, Refusal) else next(outcomes) for one in translated]

        return place

    try:
        return run(request, work(sales))
    except (Refused, psycopg.OperationalError):
        raise
    except Exception as failure:  # noqa: BLE001 - one bad sale must not keep the others from being sold
        _logger.warning("till_sales_failed_together", sales=len(sales), error=str(failure))
        return [_alone(lambda one=one: run(request, work([one]))) for one in sales]


def _alone(place: Callable[[], list[OrderTaken | Refusal]]) -> OrderTaken | Refusal:
    try:
        (outcome,) = place()
    except Exception as failure:  # noqa: BLE001 - said of this sale alone
        return refusal_of_failure(failure)
    return outcome


def sale_outcome(
    request: WebRequest, result: _Result, earned: Mapping[OrderId, int] | None = None
) -> Outcome[SaleTold]:
    """Spell what became of a sale; `earned` says what sales earn who rang them up."""
    language = language_of(request)
    if isinstance(result, BadInput):
        return Outcome(problem=problem_of_bad_input([result.problem(language)], language))
    if isinstance(result, Refusal):
        return Outcome(problem=problem_of(result, language))
    code = result.receipt_code
    return Outcome(
        value=SaleTold(
            id=result.order_id,
            number=result.number,
            amount_minor=result.amount_minor,
            receipt_code=result.receipt_code,
            receipt_drawing=qr_svg(address_of(request, receipt_path(code))).decode() if code else "",
            is_of_member=result.member_id is not None,
            is_repeat=result.is_repeat,
            earned_minor=(earned or {}).get(result.order_id),
        )
    )


@post("/store/till/cases", status_code=200, sync_to_thread=True)
def hand_case(request: WebRequest, visitor: NamedDependency[Visitor], body: RawBody) -> Response[bytes]:
    """Hand a refused sale over, to be put right by whoever may. One that can be placed after all is placed instead."""
    asked: CaseHanded = decode(body, CaseHanded)
    sale: Sale = decode(bytes(asked.sale), Sale)
    scope, person_id, ring = sending_scope(visitor), visitor.person.person_id, edge_of(request).ring
    outcome = run(
        request,
        lambda conn, now: hand_over(conn, sale, ring=ring, scope=scope, handed_by=person_id, now=now),
    )
    if isinstance(outcome, NotInYourBranch):
        raise Refused(outcome)
    return answered(sale_outcome(request, outcome))
