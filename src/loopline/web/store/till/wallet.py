"""A sale that the customer's wallet pays: the code on their phone is scanned, and the gateway is asked until it says.

The attempt is written down in one transaction, the gateway is asked outside any, and what it says is recorded in
another, with the sale: money and order come together. What is not known is asked for again, under the same attempt.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta

from loopline import org
from loopline.channels.till import Method, Sale, buyers_of, rung_up
from loopline.customers import KeyRing
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.payments import CodeGateway, IntentState, Report, StandingIntent, intents_by_ids
from loopline.payments.shifts import hold_tills
from loopline.processes.pay import apply_gateway_reports
from loopline.processes.pay_by_code import CodePayment, StillBeingPaid, attempt_to_pay
from loopline.processes.price_change import judge_prices
from loopline.processes.ring_up import RungUp, ring_up
from loopline.processes.take_in import OrderTaken
from loopline.web.api.answers import answered, run
from loopline.web.api.reading import decode
from loopline.web.api.shapes import Outcome
from loopline.web.edge import Visitor, WebRequest, edge_of
from loopline.web.payments import SANDBOX, GatewayUnknown
from loopline.web.store.till.counter import sending_scope
from loopline.web.store.till.earning import earned_at_once
from loopline.web.store.till.sales import SaleTold, sale_outcome

_logger = structlog.get_logger(__name__)
_FINAL = frozenset({IntentState.DONE, IntentState.FAILED})


class Act(StrEnum):
    """Pay by a code; ask what became of it; call it off."""

    PAY = "pay"
    ASK = "ask"
    CANCEL = "cancel"


class WalletAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sale, and one attempt to have it paid: the same attempt again asks for the same money."""

    sale: msgspec.Raw
    attempt_id: UUID
    act: Act
    code: Annotated[str, Meta(pattern=r"^[0-9]{16,24}$(?!\n)")] | None = None

    def __repr__(self) -> str:
        return f"WalletAsked(attempt_id={self.attempt_id}, act={self.act!r})"


class Paid(StrEnum):
    """Paid, with the order; nothing taken, for good; or waiting for the customer."""

    PAID = "paid"
    NOT_PAID = "not_paid"
    WAITING = "waiting"


class WalletTold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an attempt stands. Of one that is paid `sale` is the order, or why the sale is none though it is paid."""

    state: Paid
    sale: Outcome[SaleTold] | None = None


@post("/store/till/wallet", status_code=200, sync_to_thread=True)
def take_wallet(request: WebRequest, visitor: NamedDependency[Visitor], body: RawBody) -> Response[bytes]:
    """Have a sale paid by a wallet, ask how that stands, or call it off. The same again changes nothing."""
    sending_scope(visitor)
    asked: WalletAsked = decode(body, WalletAsked)
    sale: Sale = decode(bytes(asked.sale), Sale)
    gateway = edge_of(request).gateways.get(SANDBOX)
    if not isinstance(gateway, CodeGateway):
        raise Refused(GatewayUnknown(gateway=Method.WALLET.value))
    ring = edge_of(request).ring
    standing = run(request, lambda conn, now: _attempt(conn, visitor, sale, asked, ring=ring, now=now))
    if isinstance(standing, Refusal):
        raise Refused(standing)
    report = None if standing.state in _FINAL else _put(gateway, standing, asked, edge_of(request).clock())
    return answered(_recorded(request, visitor, sale, standing, report))


def _attempt(  # noqa: PLR0913 - a sale, its attempt, and who stands there by which keys
    conn: Conn, visitor: Visitor, sale: Sale, asked: WalletAsked, *, ring: KeyRing, now: datetime
) -> StandingIntent | Refusal:
    """Write the attempt down, or find it; what its prices forbid is said before a wallet is asked for money."""
    site, scope = org.sites_by_code(conn, [sale.site_code]).get(sale.site_code), sending_scope(visitor)
    if site is None or not scope.covers_site(site.id):
        return NotInYourBranch(subject=sale.site_code)
    (member_id,) = buyers_of(conn, [sale], ring=ring)
    told = rung_up(sale, now=now, member_id=member_id)
    if isinstance(told, Refusal):
        return told
    by_wallet = [one.amount_minor for one in sale.payments if one.method is Method.WALLET]
    wanted = CodePayment(
        attempt_id=asked.attempt_id,
        till_id=sale.till_id,
        order_id=OrderId(sale.id),
        entity_id=site.entity_id,
        currency=sale.currency,
        amount_minor=sum(by_wallet),
        gateway=SANDBOX,
    )
    if not by_wallet:
        return StillBeingPaid()  # it is said to be paid by something else
    is_wanted = asked.act is Act.PAY and asked.code is not None
    if is_wanted:
        hold_tills(conn, [sale.till_id])
        (judged,) = judge_prices(conn, [told], scope=scope, now=now)
        if isinstance(judged, Refusal):
            return judged
    return attempt_to_pay(conn, wanted, is_wanted=is_wanted, now=now)


def _put(gateway: CodeGateway, standing: StandingIntent, asked: WalletAsked, now: datetime) -> Report:
    """Put an attempt to its gateway; whatever goes wrong on the way leaves it waiting, to be asked for."""
    intent = standing.intent()
    try:
        if intent.expires_at is not None and intent.expires_at <= now:
            return gateway.close(intent, now=now)
        if asked.act is Act.PAY and asked.code is not None:
            return gateway.pay_by_code(intent, asked.code, now=now)
        if asked.act is Act.ASK:
            return gateway.ask(intent, now=now)
        made = gateway.capture(
            intent, now=now
        )  # so that there is something to close: a code on its way is too late
        return made if made.state in _FINAL else gateway.close(intent, now=now)
    except Exception:
        _logger.exception("gateway_broke", gateway=gateway.name, intent=str(intent.id))
        return Report(intent_id=intent.id, state=IntentState.WAITING, at=now, reason="the gateway broke")


def _recorded(
    request: WebRequest, visitor: Visitor, sale: Sale, standing: StandingIntent, report: Report | None
) -> WalletTold:
    """Record what the gateway says; what it took with its sale, in one transaction."""
    scope, person_id, ring = sending_scope(visitor), visitor.person.person_id, edge_of(request).ring
    is_paid = IntentState.DONE in {standing.state, report.state if report is not None else None}

    def work(conn: Conn, now: datetime) -> tuple[IntentState, OrderTaken | Refusal | None]:
        outcome: OrderTaken | Refusal | None = None
        hold_tills(conn, [sale.till_id])
        is_given_up = intents_by_ids(conn, [standing.id])[standing.id].state is IntentState.FAILED
        if is_paid and not is_given_up:
            (member_id,) = buyers_of(conn, [sale], ring=ring)
            told = rung_up(sale, now=now, member_id=member_id)
            assert isinstance(told, RungUp), "refused before it was asked for"
            (outcome,) = ring_up(conn, [told], scope=scope, sent_by=person_id, now=now, paid=report)
        elif report is not None:
            apply_gateway_reports(conn, [report], now=now)
        return intents_by_ids(conn, [standing.id])[standing.id].state, outcome

    state, outcome = run(request, work)
    if outcome is not None and state is IntentState.DONE:
        earned = earned_at_once(request, visitor, [(sale, outcome)])
        return WalletTold(state=Paid.PAID, sale=sale_outcome(request, outcome, earned))
    return WalletTold(state=Paid.NOT_PAID if state is IntentState.FAILED else Paid.WAITING)
