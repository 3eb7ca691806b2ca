"""Invoices by the API and in the shop: asked for within one's branch or for one's own order, told, nothing believed."""

import re
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from loopline import org
from loopline.channels.invoicing import invoice_platform
from loopline.customers.keys import open_key_ring
from loopline.customers.sessions import MemberSession, begin_sessions
from loopline.db import Database
from loopline.jobs.invoices import make_out_invoices
from loopline.orders import Order
from loopline.org import Role
from tests.make.customers import member, phone, registered
from tests.make.nuonuo import BUYER_TAX_NUMBER, SELLER_TAX_NUMBER
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import Shop, ask, open_shop
from tests.make.web import DEMO, data_directory, served, settings
from tests.module.web.api.test_payouts import client
from tests.process.test_take_back import LATER, MEMBER, sell

NOTICES = "/api/v1/invoices/notifications/nuonuo"
PEOPLE = (
    ("gu.finance", "HX", Role.FINANCE),
    ("tang.service", "HX", Role.CUSTOMER_SERVICE),
    ("chen.dealer", "DEALER", Role.DEALER),
    ("zhou.guide", "U-S", Role.GUIDE),
)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(LATER)


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        found = open_shop(conn)
        conn.execute("update org.entity set tax_number = %s where code = 'BRAND-CO'", [SELLER_TAX_NUMBER])
        ids = [add_person(conn, name, at=unit, role=role) for name, unit, role in PEOPLE]
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=LATER))
    return found


@pytest.fixture
def order(database: Database, shop: Shop) -> Order:
    with database.transaction() as conn:
        return sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))


@pytest.fixture
def base(database: Database, shop: Shop, clock: SetClock) -> Generator[str, None, None]:
    with served(database, settings(demo=DEMO), clock=clock) as address:
        yield address


def wish(order: Order, **changes: str) -> dict[str, object]:
    asked = {
        "order_number": order.number,
        "buyer_kind": "company",
        "title": "深圳某某贸易有限公司",
        "tax_number": BUYER_TAX_NUMBER,
    }
    return {"items": [asked | changes]}


def problem(answer: httpx.Response) -> str:
    (outcome,) = answer.json()["outcomes"]
    return str(outcome["problem"]["code"])


def test_customer_service_asks_and_finance_sees_what_was_issued(
    base: str, database: Database, order: Order, clock: SetClock
):
    with client(base, "gu.finance") as finance, client(base, "tang.service") as service:
        code = {"items": [{"kind": "goods", "goods_code": "1040201010000000000"}]}
        assert "value" in finance.post("/invoices/goods-codes", json=code).json()["outcomes"][0]
        wrong = {"items": [{"kind": "goods", "goods_code": "104"}]}
        assert problem(finance.post("/invoices/goods-codes", json=wrong)) == "goods_code_not_usable"
        assert problem(service.post("/invoices", json=wish(order, tax_number="1"))) == "buyer_not_usable"
        assert problem(service.post("/invoices", json=wish(order, order_number="none"))) == "no_such_thing"
        (asked,) = service.post("/invoices", json=wish(order)).json()["outcomes"]
        assert len(asked["value"]["wish_ids"]) == 1
        assert finance.get("/invoices").json()["items"] == []
        platform = invoice_platform(data_directory(), Path("none"), sandbox_at=base)
        assert platform is not None
        for _ in range(4):
            make_out_invoices(database, platform, clock())
            clock.on(minutes=5)
        (shown,) = finance.get("/invoices", params={"state": "issued"}).json()["items"]
    assert (shown["order_number"], shown["entity_code"], shown["kind"]) == (order.number, "BRAND-CO", "blue")
    assert (shown["net_minor"], shown["tax_minor"], shown["title"]) == (14_000, 1_820, "深圳某某贸易有限公司")
    assert len(shown["fiscal_number"]) == 20


def test_nobody_invoices_for_a_seller_of_another_branch(base: str, order: Order):
    code = {"items": [{"kind": "goods", "goods_code": "1040201010000000000"}]}
    with client(base, "chen.dealer") as dealer, client(base, "zhou.guide") as guide:
        assert problem(dealer.post("/invoices", json=wish(order))) == "nothing_to_invoice"
        assert dealer.get("/invoices").json()["items"] == []
        assert problem(dealer.post("/invoices/goods-codes", json=code)) == "goods_codes_are_the_brands"
        assert guide.post("/invoices", json=wish(order)).status_code == 403
        assert guide.get("/invoices").status_code == 403


def test_a_notification_is_read_and_not_believed(base: str):
    def status(body: bytes, path: str = NOTICES) -> int:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return httpx.post(f"{base}{path}", content=body, headers=headers, trust_env=False).status_code

    assert status(b"operater=callback&orderno=AAAAAAAAAAAAAAAAAAAA") == 204
    assert status(b"operater=callback") == 422
    assert status(b"orderno=A&orderno=B") == 422
    assert status(b"orderno=A", NOTICES.replace("nuonuo", "other")) == 404


FIELDS = {"kind": "company", "title": "深圳某某贸易有限公司", "tax_number": BUYER_TAX_NUMBER}


def browser(base: str, cookie: str, token: str) -> httpx.Client:
    """A browser in which somebody is signed in."""
    headers = {"accept-language": "en"}
    return httpx.Client(base_url=base, cookies={cookie: token}, headers=headers, trust_env=False)


def posted(who: httpx.Client, shown: str, to: str, **fields: str) -> httpx.Response:
    """Fill a form of the page that is shown in, and send it."""
    token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', who.get(shown).text)
    assert token is not None
    return who.post(to, data={"_csrf_token": token.group(1), **fields})


@pytest.fixture
def own(database: Database, shop: Shop, base: str) -> Generator[tuple[httpx.Client, str], None, None]:
    """A member's browser, and the page of the invoice of an order of theirs."""
    with database.transaction() as conn:
        keys = open_key_ring(data_directory() / "keys")
        (member_id,) = registered(conn, [member(phone(7))], keys=keys)
        order = sell(conn, shop, ask(shop, "W-2", member_id=member_id))
        (session,) = begin_sessions(conn, [member_id], now=LATER)
        assert isinstance(session, MemberSession)
    with browser(base, "loopline_member", session.token) as who:
        yield who, f"/o/{order.number}/invoice"


def test_a_member_is_told_in_plain_words_what_is_wrong(own: tuple[httpx.Client, str]):
    who, path = own
    for fields in (FIELDS | {"title": ""}, FIELDS | {"tax_number": "1"}):
        answer = posted(who, path, path, **fields)
        assert answer.status_code == 422
        assert "The name of the company is missing or too long, or its tax number is mistyped" in answer.text
        (said,) = re.findall(r'role="alert">([^<]*)<', answer.text)
        assert "tax_number" not in said


@pytest.mark.parametrize("stopped", ["goods_code_missing", "seller_has_no_tax_number", "platform_refused"])
def test_what_we_have_to_mend_is_not_blamed_on_the_member(
    database: Database, own: tuple[httpx.Client, str], stopped: str
):
    who, path = own
    assert posted(who, path, path, **FIELDS).status_code == 303
    waits, ours, theirs = "as soon as you have everything", "We are seeing to it.", "Check the name"
    shown = who.get(path).text
    assert (waits in shown, ours in shown, theirs in shown) == (True, False, False)
    with database.transaction() as conn:
        conn.execute("update invoices.wish set look_at = null, stopped = %s", [stopped])
    shown = who.get(path).text
    assert (waits in shown, ours in shown, theirs in shown) == (False, True, False)


def test_a_company_that_the_authority_refused_is_said_to_be_wrong(
    database: Database, own: tuple[httpx.Client, str]
):
    who, path = own
    assert posted(who, path, path, **FIELDS).status_code == 303
    with database.transaction() as conn:
        conn.execute("update invoices.wish set look_at = null, stopped = 'platform_refused'")
        conn.execute(
            "insert into invoices.document (id, wish_id, kind, number, buyer_kind, buyer_title, buyer_tax_number,"
            " net_minor, tax_minor, state, written_at, ended_at) select gen_random_uuid(), id, 'blue',"
            " repeat('A', 20), buyer_kind, buyer_title, buyer_tax_number, 1, 0, 'failed', now(), now()"
            " from invoices.wish"
        )
    shown = who.get(path).text
    assert "Check the name" in shown
    assert "We are seeing to it." not in shown
    assert posted(who, path, path, kind="person").status_code == 303
    with database.transaction() as conn:
        conn.execute("update invoices.wish set look_at = null, stopped = 'goods_code_missing'")
    shown = who.get(path).text
    assert "Check the name" not in shown
    assert "We are seeing to it." in shown


def test_what_was_refused_stays_typed_and_out_of_the_address(base: str, order: Order):
    asked = {"sign_in_name": "gu.finance", "password": PASSWORD}
    token = httpx.post(f"{base}/api/v1/sessions", json=asked, trust_env=False).json()["token"]
    with browser(base, "loopline_session", token) as finance:
        wrong = FIELDS | {"order": order.number, "tax_number": BUYER_TAX_NUMBER[:-1] + "0"}
        answer = posted(finance, "/hq/invoices", "/hq/invoices/wish", **wrong)
        assert (answer.status_code, "location" in answer.headers) == (422, False)
        assert 'role="alert"' in answer.text
        for typed in (wrong["title"], wrong["tax_number"], order.number):
            assert f'value="{typed}"' in answer.text
        assert f"Invoices of order {order.number}" in answer.text
        for href in re.findall(r'(?:href|action|value)="(/[^"]*)"', answer.text):
            assert wrong["tax_number"] not in href
            assert "/hq/invoices/wish?" not in href
        right = posted(finance, "/hq/invoices", "/hq/invoices/wish", **FIELDS, order=order.number)
        assert right.status_code == 303
        assert right.headers["location"].startswith(f"/hq/invoices?order={order.number}&done=Asked+for")
