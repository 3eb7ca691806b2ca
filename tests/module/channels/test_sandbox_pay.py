"""The sandbox over HTTP: charges once, expiry, refunds later, signed tellings that repeat and overtake, a restart."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
import pytest

from loopline.channels.sandbox_pay import Manners, Sandbox, SandboxSettings, sandbox_app, sandbox_settings
from loopline.channels.sandbox_pay.messages import Notification
from loopline.channels.standard_webhooks import verify
from tests.make.sandbox import (
    KEY,
    SECRET,
    START,
    Merchant,
    SetClock,
    free_port,
    listening,
    running_sandbox,
    settings,
)


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


class Caller:
    """Calls a sandbox, with the merchant's key unless another is given."""

    def __init__(self, sandbox: Sandbox, key: str | None = KEY) -> None:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        self._client = httpx.Client(base_url=sandbox.settings.base_url, headers=headers, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self._client.post(path, json={} if body is None else body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, status: int = 200) -> Any:
        answer = self._client.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def charge(
        self, number: str = "pay:1:0", amount_minor: int = 1_000, status: int = 201, minutes: int = 30
    ) -> Any:
        expires_at = (START + timedelta(minutes=minutes)).isoformat()
        body = {"number": number, "amount_minor": amount_minor, "currency": "CNY", "expires_at": expires_at}
        return self.post("/v1/charges", body, status)

    def paid(self, number: str = "pay:1:0", amount_minor: int = 1_000) -> Any:
        return self.post(f"/v1/charges/{self.charge(number, amount_minor)['id']}/pay")


@pytest.fixture
def caller(sandbox: Sandbox) -> Generator[Caller, None, None]:
    with Caller(sandbox) as made:
        yield made


def heard(merchant: Merchant, clock: SetClock) -> list[Notification]:
    """What the merchant heard, each signed by the sandbox within the tolerance."""
    found: list[Notification] = []
    for one in merchant.received:
        said = verify([SECRET], one.body, headers=one.headers, now=clock())
        assert isinstance(said, str), said
        found.append(msgspec.json.decode(one.body, type=Notification))
    return found


def types(merchant: Merchant, clock: SetClock) -> list[str]:
    return [one.type.value for one in heard(merchant, clock)]


# ---------------------------------------------------------------------------------------------------------- charges


def test_a_charge_is_made_once_per_number(caller: Caller):
    first = caller.charge()
    assert (first["state"], first["amount_minor"], first["number"]) == ("waiting", 1_000, "pay:1:0")
    assert first["cashier_path"] == f"/cashier/{first['id']}"
    assert caller.charge() == first
    assert caller.charge(amount_minor=999, status=409)["code"] == "number_taken"
    assert caller.get("/v1/numbers/pay:1:0") == first
    assert caller.get("/v1/numbers/pay:2:0", 404)["code"] == "unknown"


def test_a_charge_is_paid_once_and_told(
    sandbox: Sandbox, caller: Caller, merchant: Merchant, clock: SetClock
):
    charge = caller.charge()
    paid = caller.post(f"/v1/charges/{charge['id']}/pay")
    assert (paid["state"], paid["amount_minor"]) == ("paid", 1_000)
    assert caller.post(f"/v1/charges/{charge['id']}/pay") == paid
    assert caller.post("/v1/numbers/pay:1:0/close") == paid, "what is paid stays paid"
    assert sandbox.notifier.step() == 1
    assert sandbox.notifier.step() == 0
    (told,) = heard(merchant, clock)
    assert told.charge is not None
    assert (told.type, told.charge.number, told.charge.amount_minor) == ("charge.paid", "pay:1:0", 1_000)


def test_what_was_closed_cannot_be_paid(
    sandbox: Sandbox, caller: Caller, merchant: Merchant, clock: SetClock
):
    charge = caller.charge()
    assert caller.post("/v1/numbers/pay:1:0/close")["state"] == "closed"
    assert caller.post(f"/v1/charges/{charge['id']}/pay", status=409)["code"] == "closed"
    assert caller.charge()["state"] == "closed"
    sandbox.notifier.step()
    assert types(merchant, clock) == ["charge.closed"]


def test_a_charge_runs_out_at_its_moment(
    sandbox: Sandbox, caller: Caller, merchant: Merchant, clock: SetClock
):
    early, late = caller.charge("pay:1:0"), caller.charge("pay:2:0")
    clock.now = START + timedelta(minutes=30) - timedelta(milliseconds=1)
    assert caller.post(f"/v1/charges/{early['id']}/pay")["state"] == "paid"
    clock.now = START + timedelta(minutes=30)
    assert caller.post(f"/v1/charges/{late['id']}/pay", status=410)["code"] == "expired"
    assert caller.get("/v1/numbers/pay:2:0")["reason"] == "expired"
    assert caller.charge("pay:3:0", status=410)["code"] == "expired", "too late to begin"
    sandbox.notifier.step()
    assert sorted(types(merchant, clock)) == ["charge.closed", "charge.paid"]


def test_what_nobody_looks_at_runs_out_too(
    sandbox: Sandbox, caller: Caller, merchant: Merchant, clock: SetClock
):
    caller.charge()
    clock.on(minutes=30)
    sandbox.notifier.step()
    assert types(merchant, clock) == ["charge.closed"]


@pytest.mark.parametrize("key", [None, "another", f"{KEY}x"])
def test_the_merchants_calls_need_its_key(sandbox: Sandbox, caller: Caller, key: str | None):
    caller.charge()
    with Caller(sandbox, key) as stranger:
        assert stranger.charge("pay:9:0", status=401)["code"] == "no_key"
        for path in ("/v1/numbers/pay:1:0", "/v1/refunds/r"):
            assert stranger.get(path, 401)["code"] == "no_key"
        for path in ("/v1/numbers/pay:1:0/close", "/v1/charges/x/refunds"):
            assert stranger.post(path, status=401)["code"] == "no_key"
    assert caller.get("/v1/numbers/pay:9:0", 404)["code"] == "unknown"
    assert caller.get("/v1/numbers/pay:1:0")["state"] == "waiting"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"amount_minor": 10**14},
        {"amount_minor": "1000"},
        {"currency": "cny"},
        {"number": ""},
        {"number": "a\0b"},
        {"expires_at": "2026-03-02T05:00:00"},
        {"more": 1},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(caller: Caller, changes: dict[str, object]):
    body = {"number": "pay:7:0", "amount_minor": 1, "currency": "CNY", "expires_at": "2026-03-02T05:00:00Z"}
    assert caller.post("/v1/charges", body | changes, 400)["code"] == "bad_request"
    assert caller.get("/v1/numbers/pay:7:0", 404)["code"] == "unknown"


# ---------------------------------------------------------------------------------------------------------- refunds


@pytest.fixture
def slow(tmp_path: Path, clock: SetClock, merchant: Merchant) -> Generator[Sandbox, None, None]:
    """A sandbox whose refunds take a minute."""
    manners = Manners(usual_seconds=0, late_chance=0, twice_chance=0, refund_seconds=60)
    with running_sandbox(tmp_path, clock, notify_url=merchant.url, manners=manners) as running:
        yield running


def test_a_refund_is_accepted_now_and_done_later(slow: Sandbox, merchant: Merchant, clock: SetClock):
    with Caller(slow) as caller:
        charge = caller.paid()
        path = f"/v1/charges/{charge['id']}/refunds"
        first = caller.post(path, {"number": "refund:1", "amount_minor": 400}, 202)
        assert (first["state"], first["charge_number"], first["amount_minor"]) == ("accepted", "pay:1:0", 400)
        assert caller.post(path, {"number": "refund:1", "amount_minor": 400}, 202) == first
        assert caller.post(path, {"number": "refund:1", "amount_minor": 401}, 409)["code"] == "number_taken"
        assert caller.post(path, {"number": "refund:2", "amount_minor": 601}, 409)["code"] == "above_paid"
        caller.post(path, {"number": "refund:3", "amount_minor": 600}, 202)
        slow.notifier.step()
        assert types(merchant, clock) == ["charge.paid"]
        clock.on(seconds=59)
        slow.notifier.step()
        assert caller.get("/v1/refunds/refund:1")["state"] == "accepted"
        clock.on(seconds=1)
        slow.notifier.step()
        assert caller.get("/v1/refunds/refund:1")["state"] == "done"
        assert types(merchant, clock)[1:] == ["refund.done", "refund.done"]


def test_what_was_not_paid_is_not_given_back(caller: Caller):
    charge = caller.charge()
    path = f"/v1/charges/{charge['id']}/refunds"
    assert caller.post(path, {"number": "refund:1", "amount_minor": 1}, 409)["code"] == "not_paid"
    assert (
        caller.post("/v1/charges/ch_x/refunds", {"number": "refund:1", "amount_minor": 1}, 404)["code"]
        == "unknown"
    )
    assert caller.get("/v1/refunds/refund:1", 404)["code"] == "unknown"


# -------------------------------------------------------------------------------------------------------- telling


def test_what_is_not_answered_well_is_told_again_and_signed_anew(
    sandbox: Sandbox, caller: Caller, merchant: Merchant, clock: SetClock
):
    merchant.statuses = [500, 302, 429, 204]
    caller.paid()
    waits: list[float] = []
    for _ in range(4):
        sandbox.notifier.step()
        before = clock()
        due = sandbox.book.next_due()
        if due is not None and len(waits) < 3:
            waits.append((due - before).total_seconds())
            clock.now = due
    assert waits == [1, 2, 5]
    assert len(merchant.received) == 4
    assert len({one.headers["webhook-id"] for one in merchant.received}) == 1
    assert len({one.headers["webhook-timestamp"] for one in merchant.received}) == 4
    assert len({one.headers["webhook-signature"] for one in merchant.received}) == 4
    clock.on(minutes=60)
    assert sandbox.notifier.step() == 0, "what arrived is not told again"


def test_a_merchant_that_is_away_hears_when_it_is_back(tmp_path: Path, clock: SetClock):
    port = free_port()
    with running_sandbox(tmp_path, clock, notify_url=f"http://127.0.0.1:{port}/x") as sandbox:
        with Caller(sandbox) as caller:
            caller.paid()
        assert sandbox.notifier.step() == 0
        assert sandbox.book.next_due() == START + timedelta(seconds=1)


def test_after_half_a_day_it_is_given_up(
    sandbox: Sandbox, caller: Caller, merchant: Merchant, clock: SetClock
):
    merchant.statuses = [500] * 100
    caller.paid()
    while (due := sandbox.book.next_due()) is not None:
        clock.now = max(clock.now, due)
        sandbox.notifier.step()
    assert len(merchant.received) == 13
    assert timedelta(hours=4) < clock() - START < timedelta(hours=6)


def test_by_its_seed_some_come_twice_late_and_in_another_order(
    tmp_path: Path, clock: SetClock, merchant: Merchant
):
    """Every one comes at last; the same seed tells in the same order."""
    manners = Manners(seed=7, late_chance=0.3, late_seconds=60, twice_chance=0.3)
    orders: list[list[str]] = []
    for run in ("a", "b"):
        merchant.received.clear()
        clock.now = START
        with running_sandbox(tmp_path / run, clock, notify_url=merchant.url, manners=manners) as sandbox:
            with Caller(sandbox) as caller:
                for number in range(40):
                    caller.paid(f"pay:{number}:0")
            while (due := sandbox.book.next_due()) is not None:
                clock.now = max(clock.now, due)
                sandbox.notifier.step()
        told = [msgspec.json.decode(one.body, type=Notification) for one in merchant.received]
        orders.append([one.charge.number for one in told if one.charge])
    assert orders[0] == orders[1]
    asked = [f"pay:{number}:0" for number in range(40)]
    assert sorted(set(orders[0])) == sorted(asked)
    assert len(orders[0]) > 45, "some came twice"
    firsts = list(dict.fromkeys(orders[0]))
    assert firsts != asked, "some overtook others"
    assert clock() - START > timedelta(seconds=30), "some came late"


# ---------------------------------------------------------------------------------------------------- restart, page


def test_a_restart_finds_everything_and_tells_what_was_not_told(
    tmp_path: Path, clock: SetClock, merchant: Merchant
):
    with running_sandbox(tmp_path, clock, notify_url=merchant.url) as before, Caller(before) as caller:
        waiting, paid = caller.charge("pay:1:0"), caller.paid("pay:2:0")
    assert merchant.received == []
    with running_sandbox(tmp_path, clock, notify_url=merchant.url) as after, Caller(after) as caller:
        assert caller.get("/v1/numbers/pay:1:0") == waiting
        assert caller.get("/v1/numbers/pay:2:0") == paid
        after.notifier.step()
    assert types(merchant, clock) == ["charge.paid"]


def test_two_that_keep_one_book_tell_each_thing_once(tmp_path: Path, clock: SetClock, merchant: Merchant):
    with (
        running_sandbox(tmp_path, clock, notify_url=merchant.url) as one,
        running_sandbox(tmp_path, clock, notify_url=merchant.url) as other,
        Caller(one) as caller,
        Caller(other) as second,
    ):
        for number in range(5):
            caller.paid(f"pay:{number}:0")
            second.paid(f"pay:1{number}:0")
        told = one.notifier.step() + other.notifier.step()
    assert told == 10
    assert len({item.headers["webhook-id"] for item in merchant.received}) == 10


def test_the_notifier_tells_beside_a_server_without_being_asked(tmp_path: Path, merchant: Merchant):
    def now() -> datetime:
        return datetime.now(UTC)

    port = free_port()
    made = settings(tmp_path, notify_url=merchant.url, port=port)
    with listening(sandbox_app(made, clock=now), port) as base:
        body = {
            "number": "pay:1:0",
            "amount_minor": 5,
            "currency": "CNY",
            "expires_at": (now() + timedelta(minutes=5)).isoformat(),
        }
        head = {"authorization": f"Bearer {KEY}"}
        charge = httpx.post(f"{base}/v1/charges", json=body, headers=head, trust_env=False).json()
        httpx.post(f"{base}/v1/charges/{charge['id']}/pay", trust_env=False)
        assert merchant.heard_something.wait(20)
    assert len(merchant.received) == 1


CHINESE = {"accept-language": "zh-CN,zh;q=0.9"}


@pytest.fixture
def browser(sandbox: Sandbox) -> Generator[httpx.Client, None, None]:
    with httpx.Client(base_url=sandbox.settings.base_url, trust_env=False) as client:
        yield client


def test_people_pay_at_the_cashier_in_their_language(browser: httpx.Client, caller: Caller):
    charge = caller.charge(amount_minor=15_820)
    path = charge["cashier_path"]
    english = browser.get(path, params={"return_to": "/o/7K3Q-9XA"})
    assert english.status_code == 200
    assert "CN¥158.20" in english.text
    assert 'value="/o/7K3Q-9XA"' in english.text
    chinese = browser.get(path, headers=CHINESE)
    assert "支付 ¥158.20" in chinese.text
    assert 'lang="zh-Hans"' in chinese.text
    assert browser.get(path, headers={**CHINESE, "cookie": "language=en"}).text.count("Do not pay") == 1
    answer = browser.post(path, data={"do": "pay", "return_to": "/o/7K3Q-9XA"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/o/7K3Q-9XA")
    assert caller.get("/v1/numbers/pay:1:0")["state"] == "paid"
    after = browser.get(path, headers=CHINESE)
    assert "支付成功" in after.text
    assert "<button" not in after.text


def test_people_may_turn_away(browser: httpx.Client, caller: Caller):
    path = caller.charge()["cashier_path"]
    answer = browser.post(path, data={"do": "cancel"})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "Nothing was taken" in browser.get(path).text
    assert caller.get("/v1/numbers/pay:1:0")["state"] == "closed"


def test_a_late_touch_pays_nothing(browser: httpx.Client, caller: Caller, clock: SetClock):
    path = caller.charge()["cashier_path"]
    clock.on(minutes=31)
    assert browser.post(path, data={"do": "pay"}).status_code == 303
    assert "The time to pay is over" in browser.get(path).text


def test_an_unknown_payment_says_so(browser: httpx.Client):
    for answer in (browser.get("/cashier/ch_none"), browser.post("/cashier/ch_none", data={"do": "pay"})):
        assert answer.status_code == 404
        assert "There is no such payment" in answer.text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "x"]
)
def test_the_cashier_leads_nowhere_else(browser: httpx.Client, caller: Caller, elsewhere: str):
    path = caller.charge()["cashier_path"]
    assert "evil" not in browser.get(path, params={"return_to": elsewhere}).text
    answer = browser.post(path, data={"do": "pay", "return_to": elsewhere})
    assert answer.headers["location"] == path


def test_the_page_has_no_script_and_lets_none_in(browser: httpx.Client, caller: Caller):
    path = caller.charge()["cashier_path"]
    answer = browser.get(path, params={"return_to": '/"><script>alert(1)</script>'})
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    style = browser.get("/cashier.css")
    assert (style.status_code, style.headers["content-type"].split(";")[0]) == (200, "text/css")


def test_settings_are_kept_beside_the_data(tmp_path: Path):
    first = sandbox_settings(tmp_path / "data", "http://127.0.0.1:8000/")
    again: SandboxSettings = sandbox_settings(tmp_path / "data", "http://127.0.0.1:8000")
    assert first == again
    assert first.notify_url == "http://127.0.0.1:8000/api/v1/payments/notifications/sandbox"
    assert first.base_url == "http://127.0.0.1:8000/sandbox/pay"
    assert first.merchant_key not in repr(first)
    assert first.webhook_secret not in repr(first)
    (kept,) = list((tmp_path / "data").glob("*.secrets"))
    assert kept.stat().st_mode & 0o077 == 0
    assert (
        sandbox_settings(tmp_path / "other", "http://127.0.0.1:8000").webhook_secret != first.webhook_secret
    )
