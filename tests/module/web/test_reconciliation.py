"""Reconciliation over real HTTP: a bill is uploaded, its differences are looked at and settled, and exported."""

import io
import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import httpx
import msgspec
import pytest
from openpyxl import load_workbook

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import PaymentId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import NewPassword, Role, set_passwords
from loopline.payments import NewPayment
from loopline.processes.pay import take_payments
from loopline.processes.place import Placed, place
from tests.make.bills import DAY, Paid, wechat_bill
from tests.make.databases import database_from
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, till_sale
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, TOKEN, post

HOME = "/hq/reconciliation"
SOURCE = {
    "code": "WX", "name": "微信支付 WeChat Pay", "entity": "BRAND-CO", "currency": "CNY", "kind": "gateway",
    "layout": "wechat_pay", "account": "gateway", "zone": "Asia/Shanghai", "methods": "wechat", "grace_days": "0",
}  # fmt: skip
CONTENT = wechat_bill([Paid("N1", 10_000), Paid("N2", 4_000, fee=0), Paid("N3", 700, fee=0)])


class House(msgspec.Struct, frozen=True):
    """A served brand that took money by WeChat Pay."""

    database: Database
    base: str
    browsers: ExitStack

    def signed_in(self, name: str, *, base: str = "") -> httpx.Client:
        client = httpx.Client(base_url=base or self.base, headers=PAGE, timeout=30)
        browser = self.browsers.enter_context(client)
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser


@pytest.fixture
def house(server: EmbeddedServer, template: str) -> Generator[House, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
            dealer = add_person(conn, "fang.dealer", at="DEALER", role=Role.FINANCE)
            succeeded(
                set_passwords(conn, [NewPassword(person_id=dealer, password=PASSWORD)], by=None, now=NOON)
            )
            for number, amount in (("N1", 10_000), ("N2", 5_000)):
                (placed,) = place(conn, [till_sale(stage.shop, number)], scope=WHOLE_BRAND, now=NOON)
                assert isinstance(placed, Placed), placed
                payment = NewPayment(
                    id=PaymentId(uuid7(NOON)),
                    key=f"wechat:{placed.order_id}:{number}",
                    order_id=placed.order_id,
                    method="wechat",
                    entity_id=stage.shop.brand_entity,
                    currency="CNY",
                    amount_minor=amount,
                    taken_at=NOON,
                )
                succeeded(take_payments(conn, [payment], now=NOON))
        with served(database, settings(demo=DEMO), clock=lambda: NOON) as base, ExitStack() as browsers:
            yield House(database, base, browsers)


def upload(browser: httpx.Client, content: bytes, *, name: str = "bill.csv", source: str = "WX") -> str:
    """Upload a file; returns the page it led to."""
    found = TOKEN.search(browser.get(f"{HOME}/sources").text)
    assert found is not None
    answer = browser.post(
        f"{HOME}/bills",
        data={"_csrf_token": found.group(1), "source": source},
        files={"file": (name, content, "text/csv")},
    )
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["location"]).text


def with_bill(house: House) -> httpx.Client:
    """Take the bill in, by finance, who goes on from there."""
    browser = house.signed_in("gu.finance")
    post(browser, f"{HOME}/sources/save", SOURCE, page=f"{HOME}/sources")
    upload(browser, CONTENT)
    return browser


def test_a_bill_is_uploaded_and_its_differences_are_settled(house: House):
    browser = house.signed_in("gu.finance")
    assert "Name a source" in browser.get(HOME).text
    saved = post(browser, f"{HOME}/sources/save", SOURCE, page=f"{HOME}/sources")
    assert "done=Saved" in saved.headers["location"]
    broken = upload(browser, CONTENT.replace(b"`40.00", b"`4O.00"))
    assert "Line 3, column 订单金额: it is no amount (&#34;4O.00&#34;)." in broken
    page = upload(browser, CONTENT)
    assert "3 lines taken in: 1 matched, 3 differences opened, 0 closed." in page
    assert "taken in before" in upload(browser, CONTENT, name="again.csv")
    for word in ("Another amount", "Not in our books", "Fee kept"):
        assert word in page
    links = re.findall(rf'href="({HOME}/[0-9a-f-]{{36}})"', page)
    assert len(links) == 3
    other = next(link for link in links if "Another amount" in browser.get(link).text)
    case = browser.get(other).text
    for word in ("bill.csv", "Line of the file", "¥40.00", "¥50.00", "/hq/orders/", "Order"):
        assert word in case, word
    settled = {
        "difference": other.rpartition("/")[2],
        "action": "explain",
        "note": "agreed by phone",
        "back": "case",
    }
    after = browser.get(post(browser, f"{HOME}/work", settled, page=HOME).headers["location"]).text
    assert "agreed by phone" in after
    assert "Open again" in after
    fee = next(link for link in links if "Fee kept" in browser.get(link).text.split("</h1>")[0])
    corrected = {
        "difference": fee.rpartition("/")[2], "action": "correct", "note": "fees", "correction": "fee", "back": "case",
    }  # fmt: skip
    assert (
        "Corrected by entry"
        in browser.get(post(browser, f"{HOME}/work", corrected, page=HOME).headers["location"]).text
    )
    assert browser.get(f"{HOME}/days").json()["matched"] == [2]


def test_the_days_offered_to_be_compared_again_are_yesterday_where_the_source_is(house: House):
    late = NOON.replace(hour=17)  # the 3rd in Shanghai, still the 2nd in Coordinated Universal Time
    with served(house.database, settings(demo=DEMO), clock=lambda: late) as base:
        browser = house.signed_in("gu.finance", base=base)
        for code, zone in (("NY", "America/New_York"), ("WX", "Asia/Shanghai")):
            saved = SOURCE | {"code": code, "zone": zone}
            post(browser, f"{HOME}/sources/save", saved, page=f"{HOME}/sources")
        offered = [
            re.findall(
                r'name="(?:first|last)_day" value="([^"]+)"', browser.get(f"{HOME}?source={code}").text
            )
            for code in ("WX", "NY", "")
        ]
    assert offered == [["2026-03-02"] * 2, ["2026-03-01"] * 2, ["2026-03-01"] * 2]


def test_what_is_seen_is_exported(house: House):
    browser = with_bill(house)
    answer = browser.get(f"{HOME}/export.xlsx?kind=missing_ours")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.values)
    assert rows[0][:4] == ("Class", "State", "Source", "Number")
    assert [(row[0], row[3], row[4], row[6]) for row in rows[1:]] == [
        ("Not in our books", "N3", DAY.isoformat(), "CN¥7.00")
    ]


def test_others_see_nothing_of_it(house: House):
    finance = with_bill(house)
    dealer = house.signed_in("fang.dealer")
    page = dealer.get(HOME).text
    assert "N3" not in page
    assert "WeChat" not in page
    assert "There is no source of bills WX" in upload(dealer, CONTENT)
    link = re.findall(rf'href="({HOME}/[0-9a-f-]{{36}})"', finance.get(HOME).text)[0]
    assert dealer.get(link).status_code == 404
    guide = house.signed_in("zhou.guide")
    assert guide.get(HOME).status_code == 403
    assert HOME not in guide.get("/store").text
    operations = house.signed_in("shen.ops")
    assert 'action="/hq/reconciliation/work"' in operations.get(HOME).text
    assert 'value="correct"' not in operations.get(HOME).text
