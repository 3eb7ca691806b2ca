"""Codes of customers' phones at the sandbox, over HTTP: paid at once, confirmed, denied; each for one charge, once."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from loopline.channels.sandbox_pay import Sandbox, SandboxGateway
from loopline.payments import CashGateway, CodeGateway, Intent, IntentState
from tests.make.payments import intent
from tests.make.sandbox import START, Merchant, SetClock, running_sandbox
from tests.module.channels.test_sandbox_gateway import back_of, pay

EXPIRY = START + timedelta(minutes=3)
PAYS, CONFIRMS, TOO_LITTLE = "134567890123456781", "134567890123456780", "284567890123456789"
ALIPAYS = "2845678901234567"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def merchant() -> Generator[Merchant, None, None]:
    made = Merchant()
    yield made
    made.stop()


@pytest.fixture
def sandbox(tmp_path: Path, clock: SetClock, merchant: Merchant) -> Generator[Sandbox, None, None]:
    with running_sandbox(tmp_path, clock, notify_url=merchant.url) as running:
        yield running


@pytest.fixture
def gateway(sandbox: Sandbox) -> SandboxGateway:
    return sandbox.gateway


def wanted(**fields: Any) -> Intent:
    stated: dict[str, Any] = {"gateway": "sandbox", "currency": "CNY", "expires_at": EXPIRY, "tries": 1}
    return intent(**(stated | fields))


def test_the_sandbox_takes_codes_and_cash_does_not(gateway: SandboxGateway):
    assert isinstance(gateway, CodeGateway)
    assert not isinstance(CashGateway(), CodeGateway)


@pytest.mark.parametrize("code", [PAYS, ALIPAYS])
def test_a_code_pays_once_however_often_it_is_asked(
    sandbox: Sandbox, gateway: SandboxGateway, merchant: Merchant, code: str
):
    asked = wanted()
    report = gateway.pay_by_code(asked, code, now=START)
    assert (report.state, report.amount_minor) == (IntentState.DONE, 1000)
    for again in (
        gateway.pay_by_code(asked, code, now=START),
        gateway.pay_by_code(asked, PAYS[::-1], now=START),
    ):
        assert (again.state, again.reference) == (IntentState.DONE, report.reference)
    assert gateway.ask(asked, now=START).reference == report.reference
    assert gateway.close(asked, now=START).state is IntentState.DONE  # too late: it is paid
    sandbox.notifier.step()
    assert merchant.received == []  # of codes nothing is told: the merchant asks
    other = gateway.pay_by_code(wanted(), code, now=START)
    assert (other.state, other.reason) == (
        IntentState.FAILED,
        "the code is unknown, was used, or has run out",
    )


def test_a_customer_who_confirms_is_asked_for(sandbox: Sandbox, gateway: SandboxGateway):
    asked = wanted()
    assert gateway.pay_by_code(asked, CONFIRMS, now=START).state is IntentState.WAITING
    waiting = gateway.ask(asked, now=START)
    assert waiting.state is IntentState.WAITING
    pay(sandbox, waiting)
    assert gateway.ask(asked, now=START).state is IntentState.DONE


def test_a_customer_who_does_not_confirm_pays_nothing(gateway: SandboxGateway, clock: SetClock):
    left, late = wanted(), wanted()
    for one in (left, late):
        assert gateway.pay_by_code(
            one, CONFIRMS if one is left else CONFIRMS[:-2] + "10", now=START
        ).state is (IntentState.WAITING)
    assert gateway.close(left, now=START).state is IntentState.FAILED
    clock.on(minutes=3)
    assert gateway.ask(late, now=clock()).state is IntentState.FAILED


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (TOO_LITTLE, "too little on the account"),
        ("1" * 17, "the code is unknown, was used, or has run out"),
        ("9" * 18, "the code is unknown, was used, or has run out"),
    ],
)
def test_a_code_that_pays_nothing_ends_its_charge(gateway: SandboxGateway, code: str, reason: str):
    asked = wanted()
    report = gateway.pay_by_code(asked, code, now=START)
    assert (report.state, report.reason) == (IntentState.FAILED, reason)
    assert gateway.pay_by_code(asked, PAYS, now=START).state is IntentState.FAILED
    assert gateway.pay_by_code(wanted(), PAYS, now=START).state is IntentState.DONE


def test_a_charge_that_was_called_off_before_its_code_came_is_paid_by_no_code(gateway: SandboxGateway):
    asked = wanted()
    assert gateway.capture(asked, now=START).state is IntentState.WAITING
    assert gateway.close(asked, now=START).state is IntentState.FAILED
    assert gateway.pay_by_code(asked, PAYS, now=START).state is IntentState.FAILED


def test_what_a_code_paid_goes_back_to_it(sandbox: Sandbox, gateway: SandboxGateway, clock: SetClock):
    asked = wanted()
    paid = gateway.pay_by_code(asked, PAYS, now=START)
    refund = back_of(asked, paid, 400)
    assert gateway.refund(refund, now=START).state is IntentState.WAITING
    clock.on(minutes=5)
    sandbox.book.settle(now=clock())
    assert gateway.ask(refund, now=clock()).state is IntentState.DONE
