"""The gateway's contract, over HTTP: what it reports of each thing, and that no failure on the way loses an intent."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from loopline.channels.sandbox_pay import NotificationUnreadable, Sandbox, SandboxGateway
from loopline.channels.sandbox_pay.messages import Notification, Telling
from loopline.channels.standard_webhooks import (
    SignatureMissing,
    SignatureStale,
    SignatureWrong,
    new_secret,
    signed_headers,
)
from loopline.kernel.refusals import Refusal
from loopline.payments import (
    CashGateway,
    Intent,
    IntentKind,
    IntentState,
    Notice,
    NotificationNotExpected,
    Report,
    send,
)
from tests.make.payments import intent
from tests.make.sandbox import SECRET, START, Merchant, SetClock, free_port, running_sandbox, settings

EXPIRY = START + timedelta(minutes=30)


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


def pay(sandbox: Sandbox, report: Report) -> None:
    assert report.reference is not None
    path = f"{sandbox.settings.base_url}/v1/charges/{report.reference}/pay"
    assert httpx.post(path, trust_env=False).status_code == 200


def back_of(capture: Intent, report: Report, amount_minor: int = 1000, **fields: Any) -> Intent:
    return wanted(
        kind=IntentKind.REFUND,
        amount_minor=amount_minor,
        of_intent_id=capture.id,
        of_reference=report.reference,
        expires_at=None,
        **fields,
    )


def test_a_charge_waits_for_the_customer_who_is_shown_where_to_pay(gateway: SandboxGateway, clock: SetClock):
    asked = wanted()
    report = send(gateway, asked, now=clock())
    assert report == Report(
        intent_id=asked.id,
        state=IntentState.WAITING,
        at=START,
        amount_minor=1000,
        reference=report.reference,
        pay_path=f"/cashier/{report.reference}",
    )
    assert gateway.capture(asked, now=clock()) == report, "asked twice it is one"


def test_what_was_paid_is_reported_as_often_as_it_is_asked(
    gateway: SandboxGateway, sandbox: Sandbox, clock: SetClock
):
    asked = wanted()
    pay(sandbox, gateway.capture(asked, now=clock()))
    for report in (
        gateway.ask(asked, now=clock()),
        gateway.capture(asked, now=clock()),
        gateway.close(asked, now=clock()),
        send(gateway, msgspec.structs.replace(asked, tries=5), now=clock()),
    ):
        assert (report.state, report.amount_minor, report.pay_path) == (IntentState.DONE, 1000, None)


def test_what_nobody_paid_in_time_is_closed_and_stays_so(gateway: SandboxGateway, clock: SetClock):
    asked = wanted()
    gateway.capture(asked, now=clock())
    clock.now = EXPIRY
    report = send(gateway, asked, now=clock())
    assert (report.state, report.reason) == (IntentState.FAILED, "expired")
    assert gateway.capture(asked, now=clock()).state is IntentState.FAILED


def test_the_time_to_pay_ends_the_same_for_both(gateway: SandboxGateway, clock: SetClock):
    """A charge that never arrived cannot be made once it is given up."""
    asked = wanted()
    clock.now = EXPIRY
    report = send(gateway, asked, now=clock())
    assert (report.state, report.reason) == (IntentState.FAILED, "it never reached the gateway")
    late = gateway.capture(asked, now=clock())
    assert (late.state, late.reason) == (IntentState.FAILED, "expired: The time to pay is over.")


def test_what_never_arrived_is_made_when_it_is_asked_for(gateway: SandboxGateway, clock: SetClock):
    report = gateway.ask(wanted(tries=2), now=clock())
    assert report.state is IntentState.WAITING
    assert report.pay_path is not None


def test_money_goes_back_by_its_charge(gateway: SandboxGateway, sandbox: Sandbox, clock: SetClock):
    asked = wanted()
    charged = gateway.capture(asked, now=clock())
    pay(sandbox, charged)
    back = back_of(asked, charged, 400)
    accepted = send(gateway, back, now=clock())
    assert (accepted.state, accepted.amount_minor) == (IntentState.WAITING, 400)
    assert send(gateway, back, now=clock()) == accepted
    sandbox.notifier.step()
    done = send(gateway, msgspec.structs.replace(back, tries=2), now=clock())
    assert (done.state, done.amount_minor, done.reference) == (IntentState.DONE, 400, accepted.reference)
    assert gateway.close(back, now=clock()).state is IntentState.DONE
    above = gateway.refund(back_of(asked, charged, 601), now=clock())
    assert (above.state, above.reason) == (
        IntentState.FAILED,
        "above_paid: More than is left of what was paid.",
    )


def test_a_refund_that_never_arrived_is_made_when_it_is_asked_for(
    gateway: SandboxGateway, sandbox: Sandbox, clock: SetClock
):
    asked = wanted()
    charged = gateway.capture(asked, now=clock())
    pay(sandbox, charged)
    back = back_of(asked, charged, tries=4)
    assert gateway.ask(back, now=clock()).state is IntentState.WAITING
    sandbox.notifier.step()
    assert gateway.ask(back, now=clock()).state is IntentState.DONE


def test_what_the_sandbox_cannot_do_fails_at_once(gateway: SandboxGateway, clock: SetClock):
    reserved = send(gateway, wanted(kind=IntentKind.AUTHORISE), now=clock())
    endless = send(gateway, wanted(expires_at=None), now=clock())
    nothing = send(gateway, wanted(kind=IntentKind.REFUND, expires_at=None), now=clock())
    assert [one.state for one in (reserved, endless, nothing)] == [IntentState.FAILED] * 3


def test_the_number_with_another_amount_is_no_payment_of_ours(gateway: SandboxGateway, clock: SetClock):
    asked = wanted()
    gateway.capture(asked, now=clock())
    other = gateway.capture(msgspec.structs.replace(asked, amount_minor=5), now=clock())
    assert other.state is IntentState.FAILED
    differing = gateway.ask(msgspec.structs.replace(asked, currency="USD"), now=clock())
    assert (differing.state, differing.reason) == (IntentState.WAITING, "the answer is about another charge")


# ------------------------------------------------------------------------------------------------- what goes wrong


def everything(gateway: SandboxGateway, clock: SetClock) -> list[Report]:
    """Every call there is."""
    capture = wanted()
    back = wanted(kind=IntentKind.REFUND, expires_at=None, of_reference="ch_1")
    return [
        gateway.capture(capture, now=clock()),
        gateway.ask(capture, now=clock()),
        gateway.close(capture, now=clock()),
        gateway.refund(back, now=clock()),
        gateway.ask(back, now=clock()),
        gateway.close(back, now=clock()),
    ]


def test_a_gateway_that_is_away_leaves_everything_waiting(tmp_path: Path, clock: SetClock):
    gateway = SandboxGateway(settings(tmp_path, notify_url="http://127.0.0.1:9/x", port=free_port()))
    reports = everything(gateway, clock)
    assert [one.state for one in reports] == [IntentState.WAITING] * 6
    assert all("no answer" in (one.reason or "") for one in reports)
    gateway.close_connections()
    assert {one.state for one in everything(gateway, clock)} == {IntentState.WAITING}


CHARGE = b'{"id":"c","number":"n","amount_minor":1,"currency":"CNY","state":"paid","created_at":"2026-03-02T04:00:00Z"}'


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b"\xff\xfe"),
        (200, b'{"id":1}'),
        (200, CHARGE),
        (204, b""),
        (302, b"{}"),
        (401, b'{"code":"no_key","detail":"x"}'),
        (403, b"{}"),
        (429, b'{"code":"slow_down","detail":"x"}'),
        (500, b"oops"),
        (503, b'{"code":"away","detail":"x"}'),
    ],
)
def test_an_answer_that_makes_no_sense_leaves_everything_waiting(
    tmp_path: Path, clock: SetClock, status: int, body: bytes
):
    def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(status, content=body)

    made = settings(tmp_path, notify_url="http://127.0.0.1:9/x", port=9)
    gateway = SandboxGateway(made, transport=httpx.MockTransport(answer))
    assert {one.state for one in everything(gateway, clock)} == {IntentState.WAITING}


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), httpx.PoolTimeout("busy")]
)
def test_a_connection_that_breaks_leaves_everything_waiting(
    tmp_path: Path, clock: SetClock, error: httpx.HTTPError
):
    def cut(request: httpx.Request) -> httpx.Response:
        raise error

    made = settings(tmp_path, notify_url="http://127.0.0.1:9/x", port=9)
    gateway = SandboxGateway(made, transport=httpx.MockTransport(cut))
    assert {one.state for one in everything(gateway, clock)} == {IntentState.WAITING}


# ---------------------------------------------------------------------------------------------------- what it tells


def heard(gateway: SandboxGateway, merchant: Merchant, clock: SetClock) -> list[Notice | Refusal | None]:
    return [gateway.hear(one.headers, one.body, now=clock()) for one in merchant.received]


def test_what_is_told_is_believed_as_it_is_said(
    gateway: SandboxGateway, sandbox: Sandbox, merchant: Merchant, clock: SetClock
):
    asked = wanted()
    charged = gateway.capture(asked, now=clock())
    pay(sandbox, charged)
    back = back_of(asked, charged, 400)
    gateway.refund(back, now=clock())
    gone = wanted()
    gateway.capture(gone, now=clock())
    gateway.close(gone, now=clock())
    sandbox.notifier.step()
    notices = {one.key: one for one in heard(gateway, merchant, clock) if isinstance(one, Notice)}
    assert {key: (one.kind, one.state, one.amount_minor) for key, one in notices.items()} == {
        asked.key: (IntentKind.CAPTURE, IntentState.DONE, 1000),
        back.key: (IntentKind.REFUND, IntentState.DONE, 400),
        gone.key: (IntentKind.CAPTURE, IntentState.FAILED, 1000),
    }
    told = notices[asked.key]
    assert told.report(asked.id) == gateway.ask(asked, now=clock())


def test_nothing_forged_is_believed(
    gateway: SandboxGateway, sandbox: Sandbox, merchant: Merchant, clock: SetClock
):
    asked = wanted()
    pay(sandbox, gateway.capture(asked, now=clock()))
    sandbox.notifier.step()
    (genuine,) = merchant.received
    more = genuine.body.replace(b'"amount_minor":1000', b'"amount_minor":1')
    assert more != genuine.body
    strange = signed_headers([new_secret()], genuine.body, message_id="msg_1", at=clock())
    assert gateway.hear(genuine.headers, more, now=clock()) == SignatureWrong()
    assert gateway.hear(strange, genuine.body, now=clock()) == SignatureWrong()
    assert gateway.hear({}, genuine.body, now=clock()) == SignatureMissing(header="webhook-id")
    late = clock() + timedelta(minutes=6)
    assert gateway.hear(genuine.headers, genuine.body, now=late) == SignatureStale(minutes=5)
    assert isinstance(gateway.hear(genuine.headers, genuine.body, now=clock()), Notice)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"type":"charge.paid"}'])
def test_what_is_signed_and_says_nothing_is_refused(gateway: SandboxGateway, clock: SetClock, body: bytes):
    signed = signed_headers([SECRET], body, message_id="msg_1", at=clock())
    assert gateway.hear(signed, body, now=clock()) == NotificationUnreadable()
    empty = msgspec.json.encode(Notification(type=Telling.CHARGE_PAID, timestamp=clock()))
    signed = signed_headers([SECRET], empty, message_id="msg_1", at=clock())
    assert gateway.hear(signed, empty, now=clock()) == NotificationUnreadable()


def test_cash_tells_nothing_by_itself(clock: SetClock):
    assert CashGateway().hear({}, b"", now=clock()) == NotificationNotExpected(gateway="cash")
