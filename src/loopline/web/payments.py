"""Start a payment: the intent in one transaction, the gateway outside any, what it said in another."""

from urllib.parse import urlencode

import msgspec
import structlog

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal, Refused
from loopline.payments import CodeGateway, Gateway, Intent, IntentId, IntentState, Report, intents_by_ids
from loopline.processes.checkout import NothingToPay, ask_payment
from loopline.processes.pay import apply_gateway_reports
from loopline.web.edge import Edge
from loopline.web.paths import HOME, safe_path

SANDBOX = "sandbox"
_logger = structlog.get_logger(__name__)


class GatewayUnknown(Refusal, frozen=True, kw_only=True):
    """There is no way to pay named {gateway}."""

    gateway: str
    field: str = "gateway"


class GatewayAway(Refusal, frozen=True, kw_only=True):
    """The payment service does not answer just now. Nothing was taken and nothing is lost: try again in a moment."""

    gateway: str


class PaymentStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that waits for the customer at `pay_path`, until `expires_at`."""

    intent: Intent
    pay_path: str


def code_gateways(edge: Edge) -> list[str]:
    """Return the names of the gateways that take the codes of wallets, as they are set up here."""
    return sorted(name for name, gateway in edge.gateways.items() if isinstance(gateway, CodeGateway))


def start_payment(
    edge: Edge, order_id: OrderId, *, gateway: str = SANDBOX, return_to: str | None = None
) -> PaymentStarted:
    """Ask a gateway to take what is still to pay for an order; where somebody did before, it is that payment again.

    `return_to` is the page of ours that the gateway leads back to. Raises Refused where nothing is to be paid, or
    not any more: what the gateway says it has taken meanwhile is recorded first. Raises Refused too where the gateway
    does not answer: then the intent stands, and is put to it again by the next round.
    """
    chosen = edge.gateways.get(gateway)
    if chosen is None:
        raise Refused(GatewayUnknown(gateway=gateway))
    with edge.database.transaction() as conn:
        intent = _written(conn, edge, order_id, gateway)
    report = _captured(chosen, intent, edge)
    with edge.database.transaction() as conn:
        apply_gateway_reports(conn, [report], now=edge.clock())
        head = orders.order_by_id(conn, order_id)
    if report.state is IntentState.DONE and head is not None:
        raise Refused(NothingToPay(number=head.number))
    if report.state is not IntentState.WAITING or report.pay_path is None:
        _logger.warning("payment_not_started", gateway=gateway, state=report.state, reason=report.reason)
        raise Refused(GatewayAway(gateway=gateway))
    return PaymentStarted(intent=intent, pay_path=_leading_back(report.pay_path, return_to))


def _written(conn: Conn, edge: Edge, order_id: OrderId, gateway: str) -> Intent:
    (outcome,) = ask_payment(conn, [order_id], gateway=gateway, now=edge.clock())
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    intent_id: IntentId = outcome.intent_id
    return intents_by_ids(conn, [intent_id])[intent_id].intent()


def _captured(gateway: Gateway, intent: Intent, edge: Edge) -> Report:
    """Ask whatever was asked before: a gateway takes the same number for the same payment."""
    try:
        return gateway.capture(intent, now=edge.clock())
    except Exception as error:
        _logger.exception("gateway_broke", gateway=gateway.name, intent=str(intent.id))
        raise Refused(GatewayAway(gateway=gateway.name)) from error


def _leading_back(pay_path: str, return_to: str | None) -> str:
    """Say where the cashier leads back to, if that is a page of ours."""
    if return_to is None or (safe_path(return_to) == HOME and return_to != HOME):
        return pay_path
    return f"{pay_path}?{urlencode({'return_to': return_to})}"
