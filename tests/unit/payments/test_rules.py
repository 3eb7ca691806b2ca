from datetime import datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import PaymentId
from loopline.kernel.refusals import Refusal
from loopline.payments import (
    AmountNotPositive,
    CashGateway,
    Confirmation,
    ExceptionKind,
    ForNothing,
    Intent,
    IntentKind,
    IntentState,
    NewPayment,
    NewRefund,
    NotPayable,
    Payment,
    RefundAboveTaken,
    RefundPart,
    Report,
    confirmed,
    send,
)
from loopline.payments.rules import content_hash, fault_of, next_step, next_try, plan_refunds
from tests.make.payments import BRAND, DEALER, NOON, intent, order_id, payment, refund, return_id

LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("item", "refusal"),
    [
        (payment(0), AmountNotPositive(amount_minor=0)),
        (payment(-1), AmountNotPositive(amount_minor=-1)),
        (refund(1 << 62), AmountNotPositive(amount_minor=1 << 62)),
        (payment(currency="gbp"), NotPayable(field="currency")),
        (payment(currency="GB1"), NotPayable(field="currency")),
        (payment(method=""), NotPayable(field="method")),
        (payment(method="a\0"), NotPayable(field="method")),
        (intent(gateway="\ud800"), NotPayable(field="method")),
        (payment(key="k" * 201), NotPayable(field="key")),
        (refund(1, order=None), ForNothing()),
        (refund(1, order=None, return_id=return_id(1)), ForNothing()),
        (refund(1, order=None, method="cash"), ForNothing()),
        (intent(order_id=None, return_id=return_id(1)), ForNothing()),
        (payment(), None),
        (refund(1), None),
        (refund(1, order=None, return_id=return_id(1), method="cash"), None),
        (intent(kind=IntentKind.REFUND, order_id=None, return_id=return_id(1)), None),
    ],
)
def test_what_is_no_movement_of_money_is_refused(
    item: NewPayment | NewRefund | Intent, refusal: Refusal | None
):
    assert fault_of(item) == refusal


def test_the_same_money_said_otherwise_has_the_same_hash():
    said = payment(key="a")
    again = msgspec.structs.replace(
        payment(key="b"), taken_at=said.taken_at.astimezone(timezone(timedelta(hours=8)))
    )
    assert content_hash(said) == content_hash(again)
    # Whose drawer it was says nothing, so that what was recorded before anybody kept it is still the same.
    for item in (said, refund(1)):
        assert content_hash(msgspec.structs.replace(item, drawer_entity_id=DEALER)) == content_hash(item)
    for other in (
        payment(1001),
        payment(order=2),
        payment(minutes=1),
        payment(method="card"),
        payment(entity_id=DEALER),
    ):
        assert content_hash(other) != content_hash(said)


def kept(
    number: int, amount_minor: int, *, minutes: int = 0, refunded_minor: int = 0, order: int = 1
) -> Payment:
    new = payment(amount_minor, order=order, minutes=minutes)
    return Payment(
        id=PaymentId(UUID(int=number)),
        order_id=new.order_id,
        method=new.method,
        entity_id=new.entity_id,
        currency=new.currency,
        amount_minor=amount_minor,
        refunded_minor=refunded_minor,
        taken_at=new.taken_at,
    )


def part(number: int, amount_minor: int) -> RefundPart:
    return RefundPart(payment_id=kept(number, 1).id, amount_minor=amount_minor)


def above(amount_minor: int, left_minor: int, *, order: int = 1) -> RefundAboveTaken:
    return RefundAboveTaken(
        order_id=order_id(order), currency="GBP", amount_minor=amount_minor, left_minor=left_minor
    )


def test_money_goes_back_from_the_latest_payment_first():
    payments = [kept(1, 500), kept(2, 300, minutes=1), kept(3, 900, order=2)]
    refunds = [refund(200), refund(301), refund(300), refund(299), refund(1), refund(1, order=3)]
    assert plan_refunds(refunds, payments=payments) == [
        (part(2, 200),),
        (part(2, 100), part(1, 201)),
        above(300, 299),
        (part(1, 299),),
        above(1, 0),
        above(1, 0, order=3),
    ]


def test_what_was_given_back_before_counts():
    assert plan_refunds([refund(401)], payments=[kept(1, 1000, refunded_minor=600)]) == [above(401, 400)]
    assert plan_refunds([refund(400)], payments=[kept(1, 1000, refunded_minor=600)]) == [(part(1, 400),)]


def test_one_companys_money_does_not_pay_anothers_refund():
    plan = plan_refunds([refund(1, entity_id=DEALER), refund(1, currency="CNY")], payments=[kept(1, 1000)])
    assert [type(outcome) for outcome in plan] == [RefundAboveTaken, RefundAboveTaken]
    assert [outcome.left_minor for outcome in plan if isinstance(outcome, RefundAboveTaken)] == [0, 0]


def test_a_blind_refund_has_no_parts():
    blind = refund(5, order=None, return_id=return_id(1), method="cash")
    assert plan_refunds([blind], payments=[]) == [()]


def report(asked: Intent, state: IntentState, amount_minor: int | None = None) -> Report:
    return Report(intent_id=asked.id, state=state, at=LATER, amount_minor=amount_minor)


@pytest.mark.parametrize(
    ("state", "reported", "amount_minor", "becomes", "exception"),
    [
        (IntentState.WRITTEN, IntentState.WAITING, None, IntentState.WAITING, None),
        (IntentState.WRITTEN, IntentState.DONE, None, IntentState.DONE, None),
        (IntentState.WRITTEN, IntentState.DONE, 1000, IntentState.DONE, None),
        (IntentState.WAITING, IntentState.FAILED, None, IntentState.FAILED, None),
        (IntentState.WAITING, IntentState.WRITTEN, None, None, None),
        (IntentState.WAITING, IntentState.DONE, 999, IntentState.DONE, ExceptionKind.AMOUNT_DIFFERS),
        (IntentState.DONE, IntentState.DONE, 1000, None, None),
        (IntentState.DONE, IntentState.WAITING, None, None, None),
        (IntentState.FAILED, IntentState.FAILED, None, None, None),
        (IntentState.DONE, IntentState.FAILED, None, None, ExceptionKind.REPORTS_CONTRADICT),
        (IntentState.FAILED, IntentState.DONE, 1000, IntentState.DONE, ExceptionKind.REPORTS_CONTRADICT),
        (IntentState.FAILED, IntentState.WAITING, None, None, None),
    ],
)
def test_reports_may_come_in_any_order(
    state: IntentState,
    reported: IntentState,
    amount_minor: int | None,
    becomes: IntentState | None,
    exception: ExceptionKind | None,
):
    asked = intent()
    step = next_step(asked, state=state, report=report(asked, reported, amount_minor))
    assert step.state == becomes
    assert (step.exception.kind if step.exception else None) == exception
    if becomes is IntentState.DONE:
        assert step.amount_minor == (1000 if amount_minor is None else amount_minor)


def test_a_refund_that_fails_is_still_owed():
    asked = intent(kind=IntentKind.REFUND)
    step = next_step(asked, state=IntentState.WAITING, report=report(asked, IntentState.FAILED))
    assert step.state is IntentState.FAILED
    assert step.exception is not None
    assert (step.exception.kind, step.exception.expected_minor, step.exception.found_minor) == (
        ExceptionKind.REFUND_FAILED,
        1000,
        0,
    )


def test_money_goes_back_by_the_payment_that_is_named():
    payments = [kept(1, 500), kept(2, 300, minutes=1)]
    named = refund(400, payment_id=kept(1, 1).id)
    assert plan_refunds([named, refund(301), named], payments=payments) == [
        (part(1, 400),),
        (part(2, 300), part(1, 1)),
        above(400, 99),
    ]


def test_a_gateway_is_asked_less_and_less_often_but_at_the_expiry():
    waits = [(next_try(tries=tries, now=NOON, expires_at=None) - NOON).seconds // 60 for tries in range(9)]
    assert waits == [0, 1, 2, 5, 10, 30, 60, 120, 120]
    soon = NOON + timedelta(minutes=3)
    assert next_try(tries=9, now=NOON, expires_at=soon) == soon
    for tries in (1, 9):
        assert next_try(tries=tries, now=NOON, expires_at=NOON) == NOON + timedelta(seconds=10)
    long_ago = NOON - timedelta(minutes=15)
    assert next_try(tries=9, now=NOON, expires_at=long_ago) == NOON + timedelta(minutes=120)


def test_cash_waits_for_a_person_who_saw_it():
    cash = CashGateway()
    asked = intent(tries=1)
    assert send(cash, asked, now=NOON) == Report(intent_id=asked.id, state=IntentState.WAITING, at=NOON)
    seen = Confirmation(person="person:7", amount_minor=1000, at=LATER, reference="Z-12")
    assert confirmed(asked, seen) == Report(
        intent_id=asked.id,
        state=IntentState.DONE,
        at=LATER,
        amount_minor=1000,
        reference="Z-12",
        reason="confirmed by person:7",
    )


def test_cash_cannot_be_reserved_and_is_not_waited_for_beyond_its_expiry():
    cash = CashGateway("bank_transfer")
    reserved = send(cash, intent(kind=IntentKind.AUTHORISE, tries=1), now=NOON)
    assert (reserved.state, reserved.reason) == (IntentState.FAILED, "bank_transfer cannot be reserved")
    late = send(cash, intent(tries=3, expires_at=NOON), now=NOON)
    assert (late.state, late.reason) == (IntentState.FAILED, "nobody paid in time")
    assert send(cash, intent(tries=3, expires_at=LATER), now=NOON).state is IntentState.WAITING
    owed = send(cash, intent(kind=IntentKind.REFUND, tries=3, expires_at=NOON), now=NOON)
    assert owed.state is IntentState.WAITING, "what is owed to a customer does not lapse"


def test_a_gateway_is_asked_to_do_a_thing_once():
    class Recorder(CashGateway):
        def __init__(self) -> None:
            super().__init__("recorder")
            self.calls: list[str] = []

        def capture(self, intent: Intent, *, now: datetime) -> Report:
            self.calls.append("capture")
            return super().capture(intent, now=now)

        def refund(self, intent: Intent, *, now: datetime) -> Report:
            self.calls.append("refund")
            return super().refund(intent, now=now)

        def ask(self, intent: Intent, *, now: datetime) -> Report:
            self.calls.append("ask")
            return super().ask(intent, now=now)

    recorder = Recorder()
    for tries in (1, 2, 3):
        send(recorder, intent(tries=tries), now=NOON)
    send(recorder, intent(kind=IntentKind.REFUND, tries=1, entity_id=BRAND), now=NOON)
    assert recorder.calls == ["capture", "ask", "ask", "ask", "refund", "ask"], "cash asks itself after each"
