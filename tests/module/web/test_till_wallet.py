"""Wallets at the till over real HTTP, against the sandbox: paid with the order, never twice, and known in the end."""

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from loopline import orders, payments
from loopline.channels.sandbox_pay import SandboxGateway, sandbox_settings
from loopline.channels.till import Method, Sale, SalePayment
from loopline.db import Database
from loopline.jobs.gateways import put_to_gateways
from loopline.kernel.ids import OrderId, PersonId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments import IntentState, intents_of_orders, last_open_exceptions
from loopline.payments.shifts import MoveKind
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.follow import FOLLOWERS
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from tests.make.loop import follow
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.till import line, sale
from tests.make.web import served, settings
from tests.module.channels.test_sandbox_codes import CONFIRMS, PAYS, TOO_LITTLE
from tests.module.web.test_till import AS_PROGRAM, sign_in

TOTAL = 15_820


class Wallets(msgspec.Struct):
    """A served till with the sandbox beside it."""

    database: Database
    stage: Stage
    base: str
    clock: Clock
    gateway: SandboxGateway
    browser: httpx.Client
    token: str = ""

    def sale(self, number: int = 1, **fields: Any) -> Sale:
        paid = (SalePayment(method=Method.WALLET, amount_minor=TOTAL),)
        return sale(self.stage.people["zhou.guide"], number, **({"payments": paid} | fields))

    def put(self, said: Sale, attempt: str, act: str, code: str | None = None) -> httpx.Response:
        body = {"sale": said, "attempt_id": attempt, "act": act} | ({"code": code} if code else {})
        head = {"content-type": "application/json", "x-csrftoken": self.token}
        return self.browser.post("/store/till/wallet", content=msgspec.json.encode(body), headers=head)

    def told(self, said: Sale, attempt: str, act: str, code: str | None = None) -> dict[str, Any]:
        answer = self.put(said, attempt, act, code)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, said: Sale) -> dict[str, Any]:
        head = {"content-type": "application/json", "x-csrftoken": self.token}
        body = msgspec.json.encode({"sales": [said]})
        return self.browser.post("/store/till/sales", content=body, headers=head).json()["outcomes"][0]

    def confirm(self, said: Sale) -> None:
        """The customer types the password."""
        with self.database.reading() as conn:
            waiting = [
                one for one in intents_of_orders(conn, [OrderId(said.id)]) if one.state is IntentState.WAITING
            ]
        report = self.gateway.ask(waiting[-1].intent(), now=self.clock())
        url = f"{self.base}/sandbox/pay/v1/charges/{report.reference}/pay"
        assert httpx.post(url, trust_env=False).status_code == 200

    def money(self, said: Sale) -> list[tuple[str, int]]:
        with self.database.reading() as conn:
            found = payments.payments_of_orders(conn, [OrderId(said.id)])
        return [(one.method, one.amount_minor) for one in found]

    def is_order(self, said: Sale) -> bool:
        with self.database.reading() as conn:
            return orders.order_by_id(conn, OrderId(said.id)) is not None

    def open_exceptions(self) -> int:
        with self.database.reading() as conn:
            return len(last_open_exceptions(conn, limit=9))

    def jobs(self) -> None:
        put_to_gateways(self.database, {self.gateway.name: self.gateway}, self.clock())

    def sound(self) -> None:
        with self.database.transaction() as conn:
            for one in FOLLOWERS:
                follow(conn, one)
            wrong = {
                one.name: one.findings
                for one in examine(conn).checks
                if not one.ok and one.invariant != FOLLOWS_THE_LOG
            }
        assert wrong == {}


@pytest.fixture
def till(database: Database, tmp_path: Path) -> Generator[Wallets, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
    clock = Clock()
    with (
        served(database, settings(demo=DEMO, data_directory=tmp_path), clock=clock) as base,
        httpx.Client(base_url=base, headers=AS_PROGRAM, timeout=60) as browser,
    ):
        sign_in(browser, "zhou.guide")
        gateway = SandboxGateway(sandbox_settings(tmp_path, base))
        made = Wallets(database, stage, base, clock, gateway, browser)
        made.token = browser.get("/store/till/token").json()["token"]
        yield made
        gateway.close_connections()


def attempt() -> str:
    return str(uuid4())


def test_a_code_pays_and_the_order_is_there_with_its_money(till: Wallets):
    said, one = till.sale(), attempt()
    told = till.told(said, one, "pay", PAYS)
    assert (told["state"], told["sale"]["value"]["id"]) == ("paid", str(said.id))
    assert till.money(said) == [("sandbox", TOTAL)]
    for act, code in (("pay", PAYS), ("ask", None), ("cancel", None)):
        again = till.told(said, one, act, code)
        assert (again["state"], again["sale"]["value"]["is_repeat"]) == ("paid", True)
    assert till.send(said)["value"]["is_repeat"] is True
    assert (till.put(said, attempt(), "pay", PAYS[:-1] + "2").json()["code"]) == "still_being_paid"
    assert (till.money(said), till.open_exceptions()) == ([("sandbox", TOTAL)], 0)
    with till.database.reading() as conn:
        moved = conn.execute("select kind, method, amount_minor from payments.till_move").fetchall()
    assert moved == [(MoveKind.SALE.value, "sandbox", TOTAL)]
    till.sound()


def test_a_customer_who_confirms_is_waited_for_and_nothing_else_is_taken_meanwhile(till: Wallets):
    said, one = till.sale(), attempt()
    assert till.told(said, one, "pay", CONFIRMS) == {"state": "waiting"}
    assert till.told(said, one, "ask") == {"state": "waiting"}
    other = till.put(said, attempt(), "pay", PAYS)
    assert (other.status_code, other.json()["code"]) == (409, "still_being_paid")
    assert till.send(said)["problem"]["code"] == "not_paid_by_wallet"
    assert not till.is_order(said)
    till.confirm(said)
    assert till.told(said, one, "ask")["state"] == "paid"
    assert (till.money(said), till.open_exceptions()) == ([("sandbox", TOTAL)], 0)
    till.sound()


def test_what_is_called_off_is_paid_by_another_code_or_by_hand(till: Wallets):
    said, first = till.sale(), attempt()
    assert till.told(said, first, "pay", CONFIRMS) == {"state": "waiting"}
    assert till.told(said, first, "cancel") == {"state": "not_paid"}
    assert till.told(said, first, "pay", PAYS) == {"state": "not_paid"}  # an attempt ends for good
    assert till.told(said, attempt(), "pay", TOO_LITTLE) == {"state": "not_paid"}
    assert (till.money(said), till.is_order(said)) == ([], False)
    by_cash = msgspec.structs.replace(said, payments=(SalePayment(method=Method.CASH, amount_minor=TOTAL),))
    assert till.send(by_cash)["value"]["is_repeat"] is False
    assert till.money(said) == [("cash", TOTAL)]
    late = till.put(said, attempt(), "pay", PAYS)
    assert (late.status_code, late.json()["code"]) == (409, "still_being_paid")
    till.sound()


def test_a_customer_who_confirmed_as_it_was_called_off_has_paid(till: Wallets):
    said, one = till.sale(), attempt()
    assert till.told(said, one, "pay", CONFIRMS) == {"state": "waiting"}
    till.confirm(said)
    assert till.told(said, one, "cancel")["state"] == "paid"
    assert till.money(said) == [("sandbox", TOTAL)]


@pytest.mark.parametrize("act", ["ask", "cancel"])
def test_an_attempt_that_never_arrived_is_not_paid_and_comes_too_late(till: Wallets, act: str):
    said, one = till.sale(), attempt()
    assert till.told(said, one, act) == {"state": "not_paid"}
    assert till.told(said, one, "pay", PAYS) == {"state": "not_paid"}
    assert till.told(said, attempt(), "pay", PAYS)["state"] == "paid"


def test_a_till_that_dies_finds_what_was_paid_and_one_that_stays_away_leaves_it_to_people(till: Wallets):
    said, one = till.sale(1), attempt()
    left, other = till.sale(2), attempt()
    for each, number, code in ((said, one, CONFIRMS), (left, other, CONFIRMS[:-2] + "10")):
        assert till.told(each, number, "pay", code) == {"state": "waiting"}
        till.confirm(each)
    till.clock.turn(timedelta(minutes=2))
    till.jobs()
    assert [till.money(each) for each in (said, left)] == [[("sandbox", TOTAL)]] * 2
    assert till.open_exceptions() == 2  # paid, and no order
    assert till.told(said, one, "ask")["state"] == "paid"
    assert (till.is_order(said), till.is_order(left), till.open_exceptions()) == (True, False, 1)


def test_time_that_runs_out_takes_nothing(till: Wallets):
    said, one = till.sale(), attempt()
    assert till.told(said, one, "pay", CONFIRMS) == {"state": "waiting"}
    till.clock.turn(timedelta(minutes=4))
    assert till.told(said, one, "ask") == {"state": "not_paid"}
    assert till.told(said, attempt(), "pay", PAYS)["state"] == "paid"


def test_a_sale_that_is_refused_though_it_is_paid_is_said_so_and_goes_through_once_it_is_right(till: Wallets):
    wrong = (line("COATX", unit_minor=TOTAL),)
    said, one = till.sale(lines=wrong), attempt()
    told = till.told(said, one, "pay", PAYS)
    assert (told["state"], told["sale"]["problem"]["code"]) == ("paid", "unknown_sku")
    assert (till.money(said), till.is_order(said), till.open_exceptions()) == ([("sandbox", TOTAL)], False, 1)
    right = msgspec.structs.replace(said, lines=(line("COAT", unit_minor=TOTAL),))
    assert "value" in till.send(right)
    assert (till.money(said), till.open_exceptions()) == ([("sandbox", TOTAL)], 0)
    till.sound()


def test_a_price_that_nobody_allowed_is_refused_before_a_wallet_is_asked(till: Wallets):
    low = (line("COAT", unit_minor=5_000),)
    paid = (SalePayment(method=Method.WALLET, amount_minor=5_000),)
    said, one = till.sale(lines=low, payments=paid), attempt()
    assert till.put(said, one, "pay", PAYS).json()["code"] == "price_not_allowed"
    assert till.told(said, one, "ask") == {"state": "not_paid"}
    assert (till.money(said), till.is_order(said), till.open_exceptions()) == ([], False, 0)


def test_six_who_pay_one_sale_at_once_take_its_money_once(till: Wallets):
    said = till.sale()
    barrier = threading.Barrier(6)

    def pay(place: int) -> str:
        barrier.wait()
        answer = till.put(said, attempt(), "pay", f"1345678901234567{place}1").json()
        return answer.get("state") or answer["code"]

    with ThreadPoolExecutor(6) as pool:
        said_back = sorted(pool.map(pay, range(6)))
    assert said_back == ["paid", *["still_being_paid"] * 5]
    assert till.money(said) == [("sandbox", TOTAL)]
    till.sound()


def test_what_a_wallet_paid_goes_back_to_it(till: Wallets):
    said = till.sale()
    till.told(said, attempt(), "pay", PAYS)
    asked = NewReturn(
        channel="counter",
        external_number="R-1",
        kind=ReturnKind.ASK,
        at=NOON,
        site_id=till.stage.shop.sites["S"],
        currency="CNY",
        order_id=OrderId(said.id),
        lines=(NewReturnLine(code="COAT", sku_id=till.stage.shop.skus["COAT"], units=1),),
    )
    with till.database.transaction() as conn:
        for one in FOLLOWERS:
            follow(conn, one)
        (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, TakenBack), outcome
    till.jobs()
    with till.database.reading() as conn:
        back = [one for one in intents_of_orders(conn, [OrderId(said.id)]) if one.kind.value == "refund"]
    (one,) = back
    assert (one.gateway, one.amount_minor, one.state) == ("sandbox", 11_300, IntentState.WAITING)
    assert (one.reference or "").startswith("re_")  # the gateway has accepted it, of the very charge


def test_another_stores_sale_is_paid_by_nobody_here(till: Wallets):
    theirs = till.sale(site_code="D")
    answer = till.put(theirs, attempt(), "pay", PAYS)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_your_branch")
    nobody = till.sale(rung_up_by=PersonId(uuid4()), site_code="NO")
    assert till.put(nobody, attempt(), "pay", PAYS).status_code == 403
    with till.database.reading() as conn:
        assert conn.execute("select count(*) from payments.intent").fetchone() == (0,)


@pytest.mark.parametrize("code", ["1234", "13456789012345678x", "1" * 25])
def test_what_is_no_code_is_put_to_no_wallet(till: Wallets, code: str):
    assert till.put(till.sale(), attempt(), "pay", code).status_code == 400
