"""Payments: money taken for orders and given back, through one port to every gateway.

Purpose: `record_payments` and `record_refunds` keep money that moved, as facts. Where a gateway has to be asked,
`write_intents` says so in the transaction that wants it, a job claims (`claim_intents`), asks (`send`) and brings
back a report (`apply_reports`). Cash and bank transfer are a gateway whose machine is a person (`confirmed`). Where
money and orders disagree an exception is open until somebody settles it.

Invariants:
- a key is one payment, refund or intent: the same content again is a repeat, other content is refused and kept;
- never more is given back of a payment than it took (a named constraint), nor of an order than was taken for it less
  what was given back and what is on its way; it goes back to the company and by the way it came: what a gateway took,
  by a refund of that very charge;
- money that moved is recorded whatever else is wrong, with an exception that says what is; a refund that fails is
  still owed, and an exception too;
- no gateway is called inside a transaction.

Lock order: intents by id, then orders' payments by id, then new rows by key, then exceptions by (kind, subject).
"""

from loopline.payments.cash import BANK_TRANSFER, CASH, CashGateway, Confirmation, confirmed
from loopline.payments.checks import CHECKS
from loopline.payments.events import MoneyRefunded, MoneyTaken, PaymentExceptionOpened
from loopline.payments.intents import (
    Applied,
    IntentRepeat,
    IntentWritten,
    apply_reports,
    claim_intents,
    hasten_intents,
    plan_ways,
    write_intents,
)
from loopline.payments.model import (
    Closing,
    ExceptionId,
    ExceptionKind,
    IntentId,
    KeptRefund,
    NewException,
    NewPayment,
    NewRefund,
    OrderMoney,
    Payment,
    PaymentException,
    PaymentRepeat,
    Refunded,
    RefundId,
    RefundPart,
    RefundRepeat,
    Taken,
    Way,
)
from loopline.payments.port import CodeGateway, Gateway, Intent, IntentKind, IntentState, Notice, Report, send
from loopline.payments.queries import (
    MovedAsk,
    MovedMoney,
    exceptions_by_ids,
    given_back_between,
    intents_by_ids,
    intents_by_numbers,
    intents_of_orders,
    last_open_exceptions,
    money_of_orders,
    open_exceptions_after,
    open_exceptions_of_orders,
    orders_awaiting_gateway,
    payments_of_orders,
    refunds_of_orders,
    taken_between,
)
from loopline.payments.refusals import (
    AmountNotPositive,
    ClosingNeedsANote,
    ExceptionNotOpen,
    ForNothing,
    IdTaken,
    IntentContradicted,
    IntentUnknown,
    KeyTakenByOtherContent,
    NotificationNotExpected,
    NotPayable,
    RefundAboveTaken,
)
from loopline.payments.rules import URGENT, amount_differs
from loopline.payments.service import close_exceptions, open_exceptions, record_payments, record_refunds
from loopline.payments.store import StandingIntent

__all__ = [
    "BANK_TRANSFER",
    "CASH",
    "CHECKS",
    "URGENT",
    "AmountNotPositive",
    "Applied",
    "CashGateway",
    "Closing",
    "ClosingNeedsANote",
    "CodeGateway",
    "Confirmation",
    "ExceptionId",
    "ExceptionKind",
    "ExceptionNotOpen",
    "ForNothing",
    "Gateway",
    "IdTaken",
    "Intent",
    "IntentContradicted",
    "IntentId",
    "IntentKind",
    "IntentRepeat",
    "IntentState",
    "IntentUnknown",
    "IntentWritten",
    "KeptRefund",
    "KeyTakenByOtherContent",
    "MoneyRefunded",
    "MoneyTaken",
    "MovedAsk",
    "MovedMoney",
    "NewException",
    "NewPayment",
    "NewRefund",
    "NotPayable",
    "Notice",
    "NotificationNotExpected",
    "OrderMoney",
    "Payment",
    "PaymentException",
    "PaymentExceptionOpened",
    "PaymentRepeat",
    "RefundAboveTaken",
    "RefundId",
    "RefundPart",
    "RefundRepeat",
    "Refunded",
    "Report",
    "StandingIntent",
    "Taken",
    "Way",
    "amount_differs",
    "apply_reports",
    "claim_intents",
    "close_exceptions",
    "confirmed",
    "exceptions_by_ids",
    "given_back_between",
    "hasten_intents",
    "intents_by_ids",
    "intents_by_numbers",
    "intents_of_orders",
    "last_open_exceptions",
    "money_of_orders",
    "open_exceptions",
    "open_exceptions_after",
    "open_exceptions_of_orders",
    "orders_awaiting_gateway",
    "payments_of_orders",
    "plan_ways",
    "record_payments",
    "record_refunds",
    "refunds_of_orders",
    "send",
    "taken_between",
    "write_intents",
]
