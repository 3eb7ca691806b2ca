"""Stored value at the till over real HTTP: by phone up to a limit, by the code on one's page, and never twice."""

from collections.abc import Generator
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from loopline.channels.till import Sale
from loopline.customers import KeyRing, open_key_ring
from loopline.db import Database
from loopline.kernel.ids import MemberId, OrderId
from loopline.orders import orders_by_ids
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.follow import FOLLOWERS
from tests.make.customers import member, phone, registered, shown_code
from tests.make.loop import follow
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.stored_value import offered, sale_by_value, topped_up, value_of
from tests.make.web import data_directory, served, settings
from tests.module.web.test_till import AS_PROGRAM, sign_in

TOTAL = 15_820
PHONE = "13800000001"


class Counter(msgspec.Struct):
    """A served till, and a member with stored value."""

    database: Database
    stage: Stage
    clock: Clock
    browser: httpx.Client
    anna: MemberId
    ring: KeyRing
    token: str = ""

    def sale(self, number: int = 1, **fields: Any) -> Sale:
        return sale_by_value(self.stage.people["zhou.guide"], number, **({"value": TOTAL} | fields))

    def put(self, said: Sale, attempt: str, act: str, code: str | None = None) -> httpx.Response:
        body = {"sale": said, "attempt_id": attempt, "act": act} | ({"code": code} if code else {})
        head = {"content-type": "application/json", "x-csrftoken": self.token}
        return self.browser.post("/store/till/stored-value", content=msgspec.json.encode(body), headers=head)

    def told(self, said: Sale, attempt: str, act: str, code: str | None = None) -> dict[str, Any]:
        answer = self.put(said, attempt, act, code)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def shown_code(self) -> str:
        with self.database.transaction() as conn:
            return shown_code(conn, self.anna, keys=self.ring, now=self.clock()).code

    def value(self) -> tuple[int, int]:
        with self.database.reading() as conn:
            return value_of(conn, self.anna)

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
def till(database: Database) -> Generator[Counter, None, None]:
    ring = open_key_ring(data_directory() / "keys")
    with database.transaction() as conn:
        stage = open_store(conn)
        (anna,) = registered(conn, [member(phone(1))], keys=ring)
        offered(conn, stage.shop.brand_entity, unproven_minor=5_000)
        topped_up(conn, anna, stage.shop.brand_entity, 30_000)
    clock = Clock()
    with (
        served(database, settings(demo=DEMO), clock=clock) as base,
        httpx.Client(base_url=base, headers=AS_PROGRAM, timeout=60) as browser,
    ):
        sign_in(browser, "zhou.guide")
        made = Counter(database, stage, clock, browser, anna, ring)
        made.token = browser.get("/store/till/token").json()["token"]
        yield made


def attempt() -> str:
    return str(uuid4())


def test_the_code_on_the_members_page_pays_and_says_what_is_left(till: Counter):
    said, one = till.sale(), attempt()
    told = till.told(said, one, "pay", till.shown_code())
    assert (told["state"], told["sale"]["value"]["id"]) == ("paid", str(said.id))
    assert "191.80" in told["left"]
    assert till.value() == (16_440, 2_740)
    with till.database.reading() as conn:
        (head,) = orders_by_ids(conn, [OrderId(said.id)])
    assert head.member_id == till.anna
    for act, code in (("pay", till.shown_code()), ("ask", None), ("cancel", None)):
        again = till.told(said, one, act, code)
        assert (again["state"], again["sale"]["value"]["is_repeat"]) == ("paid", True)
    other = till.put(said, attempt(), "pay", till.shown_code())
    assert (other.status_code, other.json()["code"]) == (409, "still_being_paid")
    assert till.value() == (16_440, 2_740)
    till.sound()


def test_a_phone_pays_up_to_the_limit_and_nothing_is_left_of_what_is_refused(till: Counter):
    said, one = till.sale(), attempt()
    refused = till.put(said, one, "pay", PHONE)
    assert (refused.status_code, refused.json()["code"]) == (409, "code_for_stored_value")
    nobody = till.put(said, one, "pay", "13900000009")
    assert nobody.status_code == 404
    assert till.value() == (30_000, 5_000)
    with till.database.reading() as conn:
        assert orders_by_ids(conn, [OrderId(said.id)]) == []
        assert conn.execute("select count(*) from payments.intent").fetchone() == (0,)
    assert till.told(said, one, "ask") == {"state": "not_paid"}
    late = till.put(said, one, "pay", till.shown_code())  # what was given up comes too late
    assert (late.status_code, late.json()["code"]) == (409, "not_paid_by_stored_value")
    part = till.sale(2, value=5_000, cash=TOTAL - 5_000)
    assert till.told(part, attempt(), "pay", PHONE)["state"] == "paid"
    assert till.told(said, attempt(), "pay", till.shown_code())["state"] == "paid"
    till.sound()


def test_more_than_is_there_is_refused_and_the_till_may_ask_again(till: Counter):
    for number in (1, 2):
        assert till.told(till.sale(number), attempt(), "pay", till.shown_code())["state"] == "paid"
    said = till.sale(3)
    short = till.put(said, attempt(), "pay", till.shown_code())
    assert (short.status_code, short.json()["code"]) == (409, "stored_value_short")
    rest = 35_000 - 2 * TOTAL
    part = till.sale(3, value=rest, cash=TOTAL - rest)
    assert till.told(part, attempt(), "pay", till.shown_code())["state"] == "paid"
    assert till.value() == (0, 0)
    till.sound()


def test_who_may_not_sell_there_is_refused(till: Counter):
    for name in ("sun.manager", "gu.finance"):
        till.browser.cookies.clear()
        sign_in(till.browser, name)
        till.token = till.browser.get("/store/till/token").json().get("token", till.token)
        assert till.put(till.sale(), attempt(), "pay", till.shown_code()).status_code in {403, 404}
    assert till.value() == (30_000, 5_000)
