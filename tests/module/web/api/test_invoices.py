"""Invoices by the API and in the shop: asked for within one's branch or for one's own order, told, nothing believed."""

from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from loopline import org
from loopline.channels.invoicing import invoice_platform
from loopline.db import Database
from loopline.jobs.invoices import make_out_invoices
from loopline.orders import Order
from loopline.org import Role
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
