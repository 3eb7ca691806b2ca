"""Reconciliation as finance sees it: a file's way is told, differences are chosen and settled, both sides compared."""

import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import bills
from loopline.bills import NewSource, ReadBill, Source, read_bill
from loopline.db import Conn, Database
from loopline.kernel.ids import PaymentId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments import NewPayment
from loopline.processes.pay import take_payments
from loopline.processes.place import Placed, place
from loopline.processes.reconcile.running import compare, look, write_down
from loopline.processes.reconcile.working import keep_sources, source_in, take_in_bill
from tests.make.bills import DAY, Paid, new_source, wechat_bill
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, till_sale
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

HOME = "/hq/reconciliation"
NOW = NOON + timedelta(days=9)
PICTURES = os.environ.get("LOOPLINE_PICTURES")


class House:
    """A served brand with some days of bills, and a browser that collects what pages complain about."""

    def __init__(self, database: Database, base: str, browser: Browser) -> None:
        self.database = database
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def signed_in(self, *, width: int = 1440, locale: str = "en-GB", scheme: str = "light") -> Page:
        context = self._browser.new_context(
            locale=locale,
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}{HOME}")
        page.get_by_role("button", name="顾明远").click()
        page.wait_for_url(f"**{HOME}")
        return page


def pay(conn: Conn, shop: Shop, number: str, amount: int, day: int) -> None:
    at = NOON + timedelta(days=day)
    (placed,) = place(conn, [till_sale(shop, number, placed_at=at)], scope=WHOLE_BRAND, now=at)
    assert isinstance(placed, Placed), placed
    payment = NewPayment(
        id=PaymentId(uuid7(at)),
        key=f"wechat:{placed.order_id}:{number}",
        order_id=placed.order_id,
        method="wechat",
        entity_id=shop.brand_entity,
        currency="CNY",
        amount_minor=amount,
        taken_at=at,
    )
    succeeded(take_payments(conn, [payment], now=at))


def furnish(conn: Conn) -> None:
    """Eight days of a gateway: most agrees; some is missing, twice, short, of another amount, or may still come."""
    shop = open_store(conn).shop
    new: NewSource = new_source(entity_id=shop.brand_entity)
    (kept,) = succeeded(keep_sources(conn, [new], scope=WHOLE_BRAND, by="test", now=NOON))
    numbers = iter(range(4_200_000_000_202_603, 4_200_000_000_999_999))
    for day in range(8):
        on = DAY + timedelta(days=day)
        paid: list[Paid] = []
        for place_of in range(12):
            number, amount = str(next(numbers)), 8_000 + 1_377 * place_of
            if place_of != 3:
                pay(conn, shop, number, amount, day)
            if place_of != 5 or day % 3:
                told = amount - (500 if place_of == 7 and day % 4 == 1 else 0)
                paid.append(Paid(number, told, ours=f"7K3Q-{day}{place_of}", day=on))
        if day == 2:
            paid.append(Paid(paid[0].number, paid[0].amount, day=on))
        if day == 4:
            paid.append(Paid(paid[1].number, 2_000, refund="50300000001", day=on))
        read = read_bill(wechat_bill(paid), file_name=f"1900000000All{on:%Y-%m-%d}.csv", source=kept)
        assert isinstance(read, ReadBill), read
        at = NOON + timedelta(days=day + 1)
        take_in_bill(conn, kept, read, by="test", now=at)
        source = source_in(conn, kept.code, scope=WHOLE_BRAND)
        assert isinstance(source, Source)
        assert write_down(conn, source, compare(look(conn, source, on, on, now=at)), by="test", now=at)


@pytest.fixture
def house(database: Database, browser: Browser) -> Generator[House, None, None]:
    with database.transaction() as conn:
        furnish(conn)
    with served(database, settings(demo=DEMO), clock=Clock(NOW)) as base:
        made = House(database, base, browser)
        yield made
        assert made.complaints == []


def picture(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "locale"), [(1440, "en-GB"), (390, "zh-CN"), (390, "en-GB"), (1440, "zh-CN")]
)
def test_it_fits_and_a_file_is_taken_in_and_a_difference_settled(
    house: House, tmp_path: Path, width: int, locale: str
):
    page = house.signed_in(width=width, locale=locale)
    page.wait_for_selector("#chart svg")
    picture(page, f"queue-{width}-{locale}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    file = tmp_path / "late.csv"
    file.write_bytes(wechat_bill([Paid("4299", 1_234, day=DAY + timedelta(days=8))]))
    page.set_input_files("#file", file)
    page.locator("#upload button").click()
    page.wait_for_url("**done=*")
    expect(page.get_by_role("status").first).to_contain_text("1")
    page.locator("input[name=difference]").first.check()
    expect(page.locator("#chosen")).to_have_text("1")
    page.locator("input[name=note]").fill("told on the phone")
    page.locator("button[value=tell]").click()
    page.wait_for_url("**done=*")
    page.locator(".bill-number a").first.click()
    page.wait_for_selector(".bill-sides")
    picture(page, f"case-{width}-{locale}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(".bill-steps")).to_contain_text("told on the phone")
    page.goto(f"{house.base}{HOME}/sources?code=WX")
    picture(page, f"sources-{width}-{locale}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    with house.database.reading() as conn:
        (source,) = bills.sources_of(conn, None)
        assert len(bills.last_bills(conn, [source.id], at_most=20)) == 9
