"""Payments over the API: a customer pays at the cashier, forged notifications move nothing, exceptions are settled."""

import threading
import time
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from loopline.channels.sandbox_pay import SandboxGateway, sandbox_settings
from loopline.channels.sandbox_pay.messages import Charge, ChargeState, Notification, Telling
from loopline.channels.standard_webhooks import new_secret, signed_headers
from loopline.db import Database
from loopline.jobs.gateways import put_to_gateways
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OrderStage
from loopline.org import Permission, Role
from loopline.payments import (
    intents_of_orders,
    last_open_exceptions,
    money_of_orders,
    open_exceptions,
)
from loopline.payments.model import ExceptionKind, NewException
from loopline.processes.place import Placed, place
from tests.make.api import PLENTY, make_key, role_key
from tests.make.loop import balances, pay_for
from tests.make.shop import NOON, Shop, ask, open_shop
from tests.make.web import DEMO, free_port, served, settings

TOTAL = 15_820


class Till:
    """The served brand, its sandbox, and somebody who calls both over HTTP."""

    def __init__(self, database: Database, shop: Shop, base: str, directory: Path) -> None:
        self.database = database
        self.shop = shop
        self.moment = [NOON]
        self.client = httpx.Client(base_url=base, trust_env=False, timeout=20)
        self.sandbox = sandbox_settings(directory, base)
        self.token = make_key(database, branch="HX")

    def order(self, number: str = "W-1", **fields: Any) -> OrderId:
        with self.database.transaction() as conn:
            draft = ask(self.shop, number, **({"hold_minutes": 30} | fields))
            (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=self.moment[0])
        assert isinstance(placed, Placed), placed
        return placed.order_id

    def call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        head = {"authorization": f"Bearer {token or self.token}"}
        return self.client.request(method, f"/api/v1{path}", headers=head, **options)

    def start(self, order_id: OrderId, **fields: Any) -> dict[str, Any]:
        answer = self.call("POST", f"/orders/{order_id}/payments", json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def money(self, order_id: OrderId) -> dict[str, Any]:
        answer = self.call("GET", f"/orders/{order_id}/payments")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tell(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        return self.client.post("/api/v1/payments/notifications/sandbox", content=body, headers=headers)

    def signed(self, body: bytes, *, secret: str | None = None, at: datetime | None = None) -> dict[str, str]:
        given = [secret or self.sandbox.webhook_secret]
        return signed_headers(given, body, message_id="msg_1", at=at or self.moment[0])

    def taken(self, order_id: OrderId) -> int:
        with self.database.reading() as conn:
            return sum(one.taken_minor for one in money_of_orders(conn, [order_id]))


@pytest.fixture
def till(database: Database, tmp_path: Path) -> Generator[Till, None, None]:
    with database.transaction() as conn:
        shop = open_shop(conn)
    moment = [NOON]
    web = settings(demo=DEMO, data_directory=tmp_path, rates=PLENTY)
    with served(database, web, clock=lambda: moment[0]) as base:
        made = Till(database, shop, base, tmp_path)
        made.moment = moment
        yield made
        made.client.close()


def until(till: Till, condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Let time pass until the sandbox, in a thread of its own, has brought something about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        till.moment[0] += timedelta(seconds=1)
        threading.Event().wait(0.02)


def told_paid(till: Till, order_id: OrderId, **changes: Any) -> bytes:
    """The notification that the sandbox would send of a payment."""
    with till.database.reading() as conn:
        (intent,) = intents_of_orders(conn, [order_id])
    charge = Charge(
        id="ch_1",
        number=intent.key,
        amount_minor=intent.amount_minor,
        currency=intent.currency,
        state=ChargeState.PAID,
        created_at=NOON,
        expires_at=NOON,
        changed_at=NOON,
        refunded_minor=0,
        cashier_path="/x",
    )
    charge = msgspec.structs.replace(charge, **changes)
    return msgspec.json.encode(Notification(type=Telling.CHARGE_PAID, timestamp=NOON, charge=charge))


# -------------------------------------------------------------------------------------------------------- journeys


def test_a_customer_pays_at_the_cashier_and_the_shop_hears_of_it(till: Till):
    order_id = till.order()
    started = till.start(order_id, return_to="/o/7K3Q-9XA")
    assert (started["amount_minor"], started["currency"], started["gateway"]) == (TOTAL, "CNY", "sandbox")
    assert datetime.fromisoformat(started["expires_at"]) == NOON + timedelta(minutes=29)
    assert started["pay_url"] == f"{till.client.base_url}{started['pay_path']}".replace(
        "//sandbox", "/sandbox"
    )
    again = till.start(order_id, return_to="/o/7K3Q-9XA")
    assert again == started
    page = till.client.get(started["pay_path"])
    assert page.status_code == 200
    assert "CN¥158.20" in page.text
    answer = till.client.post(started["pay_path"], data={"do": "pay", "return_to": "/o/7K3Q-9XA"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/o/7K3Q-9XA")
    until(till, lambda: till.taken(order_id) == TOTAL)
    told = till.money(order_id)
    assert (told["to_pay_minor"], told["pay_until"], told["currency"]) == (0, None, "CNY")
    (payment,) = told["payments"]
    assert (payment["method"], payment["amount_minor"], payment["refunded_minor"]) == ("sandbox", TOTAL, 0)
    (asked,) = told["asked"]
    assert (asked["kind"], asked["state"], asked["id"]) == ("capture", "done", started["id"])
    assert till.call("POST", f"/orders/{order_id}/payments", json={}).json()["code"] == "nothing_to_pay"


def test_the_cashier_page_is_guarded_like_every_page(till: Till):
    started = till.start(till.order())
    headers = till.client.get(started["pay_path"]).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert till.client.get("/sandbox/pay/cashier.css").status_code == 200


def test_an_order_is_named_by_its_number_too(till: Till):
    order_id = till.order()
    number = till.call("GET", f"/orders/{order_id}").json()["number"]
    assert till.call("GET", f"/orders/{number}/payments").json()["order_id"] == str(order_id)


def test_what_the_customer_turns_down_can_be_paid_anew(till: Till):
    order_id = till.order()
    first = till.start(order_id)
    till.client.post(first["pay_path"], data={"do": "cancel"})
    until(till, lambda: till.money(order_id)["asked"][0]["state"] == "failed")
    second = till.start(order_id)
    assert second["pay_path"] != first["pay_path"]
    assert till.taken(order_id) == 0


def test_money_goes_back_by_the_gateway_and_the_shop_hears_of_it(till: Till):
    order_id = till.order()
    charge = till.start(order_id)["pay_path"].rsplit("/", 1)[1]
    till.client.post(f"/sandbox/pay/v1/charges/{charge}/pay")
    until(till, lambda: till.taken(order_id) == TOTAL)
    assert till.call("POST", f"/orders/{order_id}/cancel", json={}).json()["refund_minor"] == TOTAL
    assert [one["state"] for one in till.money(order_id)["asked"]] == ["done", "written"]
    gateway = SandboxGateway(till.sandbox)
    assert put_to_gateways(till.database, {"sandbox": gateway}, till.moment[0]) == 1
    assert [one["state"] for one in till.money(order_id)["asked"]] == ["done", "waiting"]
    until(till, lambda: till.money(order_id)["asked"][1]["state"] == "done")
    (refund,) = till.money(order_id)["refunds"]
    assert refund["amount_minor"] == TOTAL
    with till.database.transaction() as conn:
        assert balances(conn) == {}


# ----------------------------------------------------------------------------------------------- what moves nothing


def assert_nothing_moved(till: Till, order_id: OrderId) -> None:
    assert till.taken(order_id) == 0
    with till.database.transaction() as conn:
        assert balances(conn) == {}
    assert till.money(order_id)["asked"][0]["state"] == "waiting"


def test_a_notification_that_is_not_signed_by_the_gateway_moves_nothing(till: Till):
    order_id = till.order()
    till.start(order_id)
    body = told_paid(till, order_id)
    for headers, code in (
        ({}, "signature_missing"),
        (till.signed(body, secret=new_secret()), "signature_wrong"),
        (till.signed(body + b" "), "signature_wrong"),
        (till.signed(body, at=NOON - timedelta(minutes=6)), "signature_stale"),
        (till.signed(body, at=NOON + timedelta(minutes=6)), "signature_stale"),
    ):
        answer = till.tell(body, headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert_nothing_moved(till, order_id)


def test_a_signed_notification_of_other_money_moves_nothing(till: Till):
    order_id = till.order()
    till.start(order_id)
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"number": "pay:nothing:0"}, 404, "number_not_known"),
        ({"amount_minor": 1}, 422, "notice_differs"),
        ({"currency": "USD"}, 422, "notice_differs"),
    ]
    for changes, status, code in wrong:
        body = told_paid(till, order_id, **changes)
        answer = till.tell(body, till.signed(body))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert_nothing_moved(till, order_id)
    with till.database.reading() as conn:
        assert [one.kind for one in last_open_exceptions(conn, limit=9)] == [ExceptionKind.AMOUNT_DIFFERS]


def test_an_older_state_and_the_same_again_move_nothing_more(till: Till):
    order_id = till.order()
    till.start(order_id)
    waiting = told_paid(till, order_id, state=ChargeState.WAITING)
    paid = told_paid(till, order_id)
    closed = told_paid(till, order_id, state=ChargeState.CLOSED)
    for body in (waiting, paid, paid, waiting, closed, paid):
        assert till.tell(body, till.signed(body)).status_code == 204
    assert till.taken(order_id) == TOTAL
    with till.database.transaction() as conn:
        assert balances(conn) == {"gateway": TOTAL, "customer_deposit": -TOTAL}


def test_a_notification_that_says_nothing_is_refused(till: Till):
    for body in (b"", b"{}", b"\xff\x00", b"[" * 5_000):
        answer = till.tell(body, till.signed(body))
        assert (answer.status_code, answer.json()["code"]) == (422, "notification_unreadable"), body


def test_a_notification_without_end_is_not_read(till: Till):
    assert till.tell(b"x" * 70_000, {}).status_code == 413


def test_an_unknown_gateway_is_not_listened_to(till: Till):
    answer = till.client.post("/api/v1/payments/notifications/nobody", content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (404, "gateway_unknown")
    order_id = till.order()
    answer = till.call("POST", f"/orders/{order_id}/payments", json={"gateway": "nobody"})
    assert (answer.status_code, answer.json()["code"]) == (404, "gateway_unknown")
    with till.database.reading() as conn:
        assert intents_of_orders(conn, [order_id]) == []


def test_a_gateway_that_is_away_loses_nothing_and_is_found_when_it_is_back(
    database: Database, tmp_path: Path
):
    with database.transaction() as conn:
        shop = open_shop(conn)
    web = settings(
        demo=DEMO, data_directory=tmp_path, rates=PLENTY, public_url=f"http://127.0.0.1:{free_port()}"
    )
    moment = [NOON]
    with served(database, web, clock=lambda: moment[0]) as base:
        till = Till(database, shop, base, tmp_path)
        order_id = till.order()
        answer = till.call("POST", f"/orders/{order_id}/payments", json={})
        assert (answer.status_code, answer.json()["code"]) == (503, "gateway_away")
        assert_nothing_moved(till, order_id)
        back = SandboxGateway(sandbox_settings(tmp_path, base))
        moment[0] += timedelta(minutes=2)
        assert put_to_gateways(database, {"sandbox": back}, moment[0]) == 1
        (asked,) = till.money(order_id)["asked"]
        assert asked["state"] == "waiting"
        charge = asked["reference"]
        assert till.client.post(f"/sandbox/pay/v1/charges/{charge}/pay").status_code == 200
        moment[0] += timedelta(minutes=2)
        assert put_to_gateways(database, {"sandbox": back}, moment[0]) == 1
        assert till.taken(order_id) == TOTAL
        till.client.close()


# ------------------------------------------------------------------------------------------------------ whose it is


def test_money_of_another_branch_is_neither_seen_nor_moved(till: Till):
    order_id = till.order()
    elsewhere = make_key(till.database, branch="DEALER")
    for method in ("GET", "POST"):
        answer = till.call(method, f"/orders/{order_id}/payments", token=elsewhere, content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_thing")
    paid = {"order_id": str(order_id), "method": "cash", "amount_minor": 5, "reference": "Z-1"}
    answer = till.call("POST", "/payments", token=elsewhere, json={"items": [paid]})
    assert [one["problem"]["code"] for one in answer.json()["outcomes"]] == ["no_such_thing"]
    assert till.taken(order_id) == 0
    with till.database.reading() as conn:
        assert intents_of_orders(conn, [order_id]) == []


def test_without_the_permission_or_without_a_token_nothing_is_done(till: Till):
    order_id = till.order()
    reader = make_key(till.database, branch="HX", permissions={Permission.PAYMENTS_READ})
    path = f"/orders/{order_id}/payments"
    assert till.call("GET", path, token=reader).status_code == 200
    answer = till.call("POST", path, token=reader, json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    for method in ("GET", "POST"):
        nobody = till.client.request(method, f"/api/v1{path}", content=b"{}")
        assert (nobody.status_code, nobody.json()["code"]) == (401, "sign_in_first")
    packer = role_key(till.database, Role.PACKER, branch="HX")
    assert till.call("POST", "/payments", token=packer, json={"items": []}).status_code in {400, 403}


# --------------------------------------------------------------------------------------------------- money by hand


def test_money_that_people_took_is_recorded_once(till: Till):
    order_id = till.order()
    part = {"order_id": str(order_id), "method": "cash", "amount_minor": 5_820, "reference": "Z-1"}
    rest = part | {"method": "bank_transfer", "amount_minor": 10_000, "reference": "B-1"}
    unknown = part | {"order_id": "00000000-0000-7000-8000-000000000000"}
    answer = till.call("POST", "/payments", json={"items": [part, part, rest, unknown]})
    assert answer.status_code == 200, answer.text
    outcomes = answer.json()["outcomes"]
    assert [one.get("value", {}).get("is_repeat") for one in outcomes] == [False, True, False, None]
    assert outcomes[3]["problem"]["code"] == "no_such_thing"
    other = till.call("POST", "/payments", json={"items": [part | {"amount_minor": 1}]})
    assert other.json()["outcomes"][0]["problem"]["code"] == "key_taken_by_other_content"
    assert till.taken(order_id) == TOTAL
    assert till.money(order_id)["to_pay_minor"] == 0


def test_money_that_makes_no_sense_is_refused_by_its_field(till: Till):
    order_id = till.order()
    item: dict[str, Any] = {
        "order_id": str(order_id),
        "method": "cash",
        "amount_minor": 5,
        "reference": "Z-1",
    }
    wrong: list[dict[str, Any]] = [
        {"amount_minor": 0},
        {"amount_minor": -5},
        {"amount_minor": 10**30},
        {"method": "sandbox"},
        {"reference": ""},
        {"reference": "a\0b"},
        {"order_id": "x"},
        {"more": 1},
        {"taken_at": "1999-01-01T00:00:00Z"},
    ]
    for changes in wrong:
        answer = till.call("POST", "/payments", json={"items": [item | changes]})
        assert answer.status_code == 400, answer.text
        (problem,) = answer.json()["errors"]
        assert problem["field"].endswith(next(iter(changes))), problem
    assert till.taken(order_id) == 0


# ------------------------------------------------------------------------------------------------------ exceptions


def test_disagreements_are_listed_by_branch_and_settled_with_a_note(till: Till):
    ours, others = till.order("W-1"), till.order("W-2", site_id=till.shop.sites["D"])
    exceptions = [
        NewException(kind=ExceptionKind.KEY_TAKEN, subject=f"s{number}", content={}, order_id=order_id)
        for number, order_id in enumerate((ours, others, ours))
    ]
    with till.database.transaction() as conn:
        open_exceptions(conn, exceptions, now=NOON)
    page = till.call("GET", "/payment-exceptions?limit=2").json()
    rest = till.call("GET", f"/payment-exceptions?limit=2&cursor={page['next_cursor']}").json()
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    found = [one["order_id"] for one in page["items"] + rest["items"]]
    assert sorted(found) == sorted([str(ours), str(others), str(ours)])
    dealer = make_key(till.database, branch="DEALER")
    (theirs,) = till.call("GET", "/payment-exceptions", token=dealer).json()["items"]
    assert theirs["order_id"] == str(others)
    mine = next(one for one in page["items"] + rest["items"] if one["order_id"] == str(ours))
    path = f"/payment-exceptions/{mine['id']}/close"
    assert till.call("POST", path, token=dealer, json={"note": "x"}).status_code == 404
    assert till.call("POST", path, json={"note": "   "}).status_code == 422
    assert till.call("POST", path, json={"note": "settled by transfer"}).json() == {"id": mine["id"]}
    assert till.call("POST", path, json={"note": "settled by transfer"}).status_code == 404
    with till.database.reading() as conn:
        assert len(last_open_exceptions(conn, limit=9)) == 2


def test_what_is_paid_by_hand_besides_goes_back_by_the_gateway(till: Till):
    order_id = till.order()
    charge = till.start(order_id)["pay_path"].rsplit("/", 1)[1]
    with till.database.transaction() as conn:
        placed = Placed(
            order_id=order_id,
            number="",
            stage=OrderStage.PLACED,
            amount_minor=TOTAL,
            currency="CNY",
            parked_units=0,
            pay_until=None,
        )
        pay_for(conn, till.shop, placed)
    till.client.post(f"/sandbox/pay/v1/charges/{charge}/pay")
    until(till, lambda: till.taken(order_id) == 2 * TOTAL)
    (back,) = [one for one in till.money(order_id)["asked"] if one["kind"] == "refund"]
    assert back["amount_minor"] == TOTAL
    assert till.money(order_id)["to_pay_minor"] == 0
