"""What a customer sees and does: from a scanned code to goods in hand, a review, and goods that go back.

Stores work through processes here, as their pages do. LOOPLINE_SHOTS names a folder to keep pictures of every page in.
"""

import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from loopline import orders
from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import AcceptTask, CheckTask, CollectParcel, PackTask, PickTask
from loopline.kernel.ids import OrderId, TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.queries import balances_of_parties
from loopline.orders import Order
from loopline.processes import dispatch, fulfil
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import place
from loopline.processes.source import source_wave
from loopline.processes.touch import issue_receipts
from loopline.touchpoints import TouchpointKind
from loopline.web.collection import collection_code
from loopline.web.edge import system_clock
from tests.make.cold import FROZEN, chill
from tests.make.loop import follow, work_off
from tests.make.org import succeeded
from tests.make.shop import Shop, lines, till_sale
from tests.make.shopfront import SHOPPING, open_shopfront
from tests.make.touchpoints import code_of
from tests.make.web import DEMO, SECRET, served, settings

pytestmark = pytest.mark.browser

WIDTHS = [390, 1440]
LOCALES = ["en-GB", "zh-CN"]
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
PHONE = "13800001234"
SHOTS = os.environ.get("LOOPLINE_SHOTS")


class Clock:
    """Runs on from a day in March, and can be put forward."""

    def __init__(self) -> None:
        self.ahead = SHOPPING - system_clock()

    def __call__(self) -> datetime:
        return system_clock() + self.ahead

    def forward(self, **by: float) -> None:
        self.ahead += timedelta(**by)


class Shopfront:
    """A served shop, and browsers that collect what pages complain about."""

    def __init__(self, database: Database, shop: Shop, browser: Browser, clock: Clock) -> None:
        self.database = database
        self.shop = shop
        self.clock = clock
        self.base = ""
        self.complaints: list[str] = []
        self._browser = browser

    def context(self, *, width: int = 390, locale: str = "en-GB", scripts: bool = True) -> BrowserContext:
        return self._browser.new_context(
            locale=locale, viewport={"width": width, "height": 844}, java_script_enabled=scripts
        )

    def page(self, *, width: int = 390, locale: str = "en-GB", scripts: bool = True) -> Page:
        page = self.context(width=width, locale=locale, scripts=scripts).new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def sign_in(self, page: Page, phone: str = PHONE) -> None:
        page.locator("input[name=phone]").fill(phone)
        page.locator("form[action='/me/sign-in/code'] .button-main").click()
        page.locator("input[name=code]").fill(page.locator(".demo-code b").inner_text())
        page.locator("form[action='/me/sign-in/begin'] .button-main").click()

    def member_page(self, *, phone: str = PHONE, **look: object) -> Page:
        page = self.page(**look)  # pyright: ignore[reportArgumentType]
        page.goto(f"{self.base}/me")
        self.sign_in(page, phone)
        page.wait_for_url(f"{self.base}/me")
        return page

    def order(self, page: Page) -> Order:
        number = page.url.removeprefix(f"{self.base}/o/")
        with self.database.reading() as conn:
            found = orders.order_by_number(conn, number)
        assert isinstance(found, Order), number
        return found

    def send(self, order_id: OrderId) -> None:
        """Let a site take the order and give it to the carrier."""
        with self.database.transaction() as conn:
            tasks = source_wave(conn, now=self.clock()).tasks
            assert len(tasks) == 1
            work_off(conn, tasks, now=self.clock())
            follow(conn, SETTLE)
            assert [one.order_id for one in fulfilment.tasks_by_id(conn, tasks)] == [order_id]

    def pack(self, order_id: OrderId) -> TaskId:
        """Let a store make an order ready to be collected."""
        now = self.clock()
        with self.database.transaction() as conn:
            source_wave(conn, now=now)
            (task,) = fulfilment.tasks_of_orders(conn, [order_id])
            one = task.task_id
            succeeded(dispatch.accept(conn, [AcceptTask(task_id=one)], scope=WHOLE_BRAND, now=now))
            succeeded(fulfil.pick(conn, [PickTask(task_id=one)], scope=WHOLE_BRAND, now=now))
            succeeded(fulfil.check(conn, [CheckTask(task_id=one)], scope=WHOLE_BRAND, now=now))
            code = collection_code(one, secret=SECRET)
            packed = PackTask(task_id=one, code=code, collect_by=now + timedelta(days=7))
            succeeded(fulfil.pack(conn, [packed], scope=WHOLE_BRAND, now=now))
        return one

    def owed_to(self, party: str) -> int:
        """What the books owe a party, pending and due together."""
        with self.database.reading() as conn:
            return -sum(one.balance_minor for one in balances_of_parties(conn, [self.shop.parties[party]]))

    def collect(self, code: str) -> None:
        now = self.clock()
        with self.database.transaction() as conn:
            given = CollectParcel(site_id=self.shop.sites["S"], code=code)
            succeeded(fulfil.collect(conn, [given], scope=WHOLE_BRAND, now=now))
            follow(conn, SETTLE)


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront, None, None]:
    with database.transaction() as conn:
        shop = open_shopfront(conn)
    with opened(database, shop, browser) as front:
        yield front


@contextmanager
def opened(database: Database, shop: Shop, browser: Browser) -> Generator[Shopfront, None, None]:
    clock = Clock()
    front = Shopfront(database, shop, browser, clock)
    with served(database, settings(demo=DEMO), clock=clock) as base:
        front.base = base
        yield front
        for context in list(browser.contexts):
            context.close()
    assert front.complaints == []


def look(page: Page, name: str) -> None:
    """Every page fits its screen; and is kept as a picture where somebody wants to see it."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    if SHOTS:
        size = page.viewport_size or {"width": 0}
        language = page.evaluate("document.documentElement.lang")[:2]
        page.screenshot(path=Path(SHOTS) / f"shop-{name}-{language}-{size['width']}.png", full_page=True)


def state(page: Page, standing: str) -> None:
    expect(page.locator(f"[data-standing={standing}]")).to_be_visible(timeout=15_000)


def fill_address(page: Page) -> None:
    page.locator("input[name=recipient]").fill("李雷")
    page.locator("input[name=phone]").fill(PHONE)
    page.locator("select[name=region_code]").select_option("310100")
    page.locator("input[name=street]").fill("愚园路 12 号 301 室")


def pay(page: Page) -> None:
    page.wait_for_url(re.compile(r"/sandbox/pay/cashier/"))
    page.locator("button[value=pay]").click()
    page.wait_for_url(re.compile(r"/o/|/sandbox/"))
    if "/sandbox/" in page.url:
        page.locator("a.back").click()
    page.wait_for_url(re.compile(r"/o/"))


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_scan_buy_receive_review_and_return(front: Shopfront, width: int, locale: str):
    with front.database.transaction() as conn:
        code = code_of(conn, TouchpointKind.SAMPLE, site_code="S", product_code="LZ001")
        guide_code = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE")
    page = front.page(width=width, locale=locale)
    page.goto(f"{front.base}/t/{guide_code}")
    look(page, "guide")
    page.goto(f"{front.base}/t/{code}")
    page.wait_for_url(f"{front.base}/p/LZ001?site=S")
    expect(page.locator(".person")).to_be_visible()
    look(page, "product")
    page.locator(".chip", has_text=re.compile("Pink|粉色")).click()
    page.locator(".chip-size", has_text=re.compile("^M$")).click()
    expect(page.locator(".bar-words")).to_contain_text(re.compile("Pink · M|粉色 · M"))
    page.locator(".bar .button-main").click()
    look(page, "checkout-unknown")
    front.sign_in(page)
    page.wait_for_url(re.compile("/checkout"))
    fill_address(page)
    look(page, "checkout")
    page.locator(".bar .button-main").click()
    page.wait_for_url(re.compile("/sandbox/pay/cashier/"))
    look(page, "cashier")
    pay(page)
    state(page, "paid")
    look(page, "order-paid")
    order = front.order(page)
    assert (order.units, order.amount_minor, order.guide_id) == (1, 39_900, front.shop.parties["GUIDE"])
    front.send(order.id)
    page.reload()
    state(page, "sent")
    look(page, "order-sent")
    # 399.00 with 45.90 of tax: 353.10 are shared; 3 % are the guide's.
    assert front.owed_to("GUIDE") == 1_059
    review_and_return(page)
    assert front.owed_to("GUIDE") == 0
    page.goto(f"{front.base}/p/LZ001")
    expect(page.locator(".review", has_text="面料很舒服")).to_be_visible()
    look(page, "product-reviewed")
    page.goto(f"{front.base}/me/orders")
    look(page, "orders")


@pytest.mark.parametrize(("width", "locale"), [(390, "en-GB"), (1440, "zh-CN")])
def test_another_size_is_held_at_once_and_is_theirs_when_the_old_one_is_back(
    front: Shopfront, width: int, locale: str
):
    page = front.member_page(width=width, locale=locale)
    page.goto(f"{front.base}/checkout?sku=LZ001-BM&how=collect&site=S")
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    old = front.order(page)
    front.collect(collection_code(front.pack(old.id), secret=SECRET))
    page.reload()
    page.locator("summary", has_text=re.compile("Exchange for another|换尺码")).click()
    page.locator("select[name^=to_]").select_option("LZ001-BL")
    look(page, "exchange")
    page.locator("form[action$='/exchange'] .button-main").click()
    expect(page.locator(".coming")).to_be_visible()
    look(page, "exchange-announced")
    page.locator("[data-exchange] a").click()
    state(page, "unpaid")
    new = front.order(page)
    assert (new.amount_minor, new.held, new.id != old.id) == (39_900, 1, True)
    expect(page.get_by_text(re.compile("Nothing is to be paid|无需另外付款"))).to_be_visible()
    expect(page.locator("form[action$='/pay']")).to_have_count(0)
    look(page, "exchange-held")
    page.goto(f"{front.base}/me/orders")
    held = page.locator(f"a[href='/o/{new.number}'] .state-word")
    expect(held).to_have_text(re.compile("Held for you|已为您保留"))
    page.goto(f"{front.base}/o/{new.number}")
    page.locator("[data-exchange] a").click()
    page.locator("form[action$='/arrive'] .button").click()
    state(page, "returned")
    look(page, "exchange-arrived")
    page.goto(f"{front.base}/o/{new.number}")
    state(page, "paid")
    look(page, "exchange-paid")
    with front.database.reading() as conn:
        refunds = conn.execute("select method, amount_minor from payments.refund").fetchall()
        assert refunds == [("exchange", 39_900)]  # and nothing was given back


def test_who_is_faster_than_the_network_gets_what_was_chosen(front: Shopfront):
    page = front.page()
    page.goto(f"{front.base}/p/LZ001?site=S")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/p/LZ001?sku=*", hold)
    page.locator(".chip", has_text="Pink").click()
    page.locator(".chip-size", has_text=re.compile("^M$")).click()
    page.locator(".bar .button-main").click()
    # One after the other: what M leads to is known once Pink is there.
    for turn, sku in enumerate(["LZ001-BS", "LZ001-BM"]):
        while len(waiting) == turn:
            page.wait_for_timeout(10)
        assert waiting[turn].request.url.endswith(f"?sku={sku}")
        waiting[turn].continue_()
    page.wait_for_url(re.compile(r"/checkout\?sku=LZ001-BM$"))
    page.wait_for_load_state("networkidle")  # nothing of the page is cut off in the middle when the test ends
    assert len(waiting) == 2


def review_and_return(page: Page) -> None:
    page.locator("summary", has_text=re.compile("How is it|用得怎么样")).click()
    page.locator(".rate label").first.click()
    page.locator("textarea[name=text]").first.fill("面料很舒服，颜色也好看。")
    look(page, "review")
    page.locator("form[action$='/review'] .button-main").first.click()
    expect(page.locator(".note-plain", has_text="面料很舒服")).to_be_visible()
    page.locator("summary", has_text=re.compile("Return something|申请退货")).click()
    look(page, "return")
    page.locator("form[action$='/return'] .button-main").click()
    expect(page.locator(".coming")).to_be_visible()
    look(page, "order-coming-back")
    page.locator("form[action$='/arrive'] .button").click()
    state(page, "returned")
    look(page, "order-returned")


def test_collect_with_the_code_on_the_phone(front: Shopfront):
    page = front.member_page(locale="zh-CN")
    page.goto(f"{front.base}/checkout?sku=LZ017-AM&how=collect&site=S")
    page.locator("input[name=site][value=S]").check()
    look(page, "checkout-collect")
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    order = front.order(page)
    front.pack(order.id)
    # The page moves by itself: nobody reloads it.
    state(page, "ready")
    look(page, "order-ready")
    code = page.locator("[data-code]").get_attribute("data-code")
    assert code is not None
    front.collect(code)
    state(page, "collected")
    look(page, "order-collected")


def test_pay_later_and_call_off(front: Shopfront):
    page = front.member_page()
    page.goto(f"{front.base}/checkout?sku=LZ045-A&how=collect&site=S")
    page.locator(".bar .button-main").click()
    page.wait_for_url(re.compile("/sandbox/pay/cashier/"))
    page.goto(f"{front.base}/me/orders")
    page.locator(".order-card").click()
    state(page, "unpaid")
    look(page, "order-unpaid")
    page.locator("form[action$='/pay'] .button-main").click()
    page.wait_for_url(re.compile("/sandbox/pay/cashier/"))
    page.go_back()
    page.locator("summary", has_text="Cancel the order").click()
    page.locator("form[action$='/cancel'] button").click()
    state(page, "cancelled")


def test_the_same_form_twice_is_one_order(front: Shopfront):
    page = front.member_page()
    page.goto(f"{front.base}/checkout?sku=LZ045-A&how=collect&site=S")
    fields = page.eval_on_selector("#buy", "form => Object.fromEntries(new FormData(form))")
    for _ in range(2):
        answer = page.request.post(
            f"{front.base}/checkout/place", form=fields | {"site": "S"}, max_redirects=0
        )
        assert answer.status == 303
    with front.database.reading() as conn:
        assert conn.execute("select count(*) from orders.order").fetchone() == (1,)
    other = fields | {"site": "D"}
    answer = page.request.post(f"{front.base}/checkout/place", form=other, max_redirects=0)
    assert (answer.status, answer.headers["location"].startswith("/o/")) == (303, True)


def test_what_is_sold_out_meanwhile_is_said_and_nothing_happens(front: Shopfront):
    page = front.member_page()
    page.goto(f"{front.base}/checkout?sku=LZ045-A&how=collect&site=S")
    page.evaluate(
        "document.querySelector('input[name=units]').value = '7';"
        " for (const one of document.querySelectorAll('input[name^=shown_]')) one.value = String(7 * Number(one.value))"
    )
    with page.expect_response(lambda answer: answer.url.endswith("/checkout/place")) as placed:
        page.locator(".bar .button-main").click()
    assert placed.value.status == 409
    expect(page.get_by_role("alert")).to_contain_text("Somebody else was faster")
    look(page, "sold-out")
    front.complaints.clear()  # the browser writes the 409 down
    with front.database.reading() as conn:
        assert conn.execute("select count(*) from orders.order").fetchone() == (0,)


def test_what_no_store_can_send_cold_is_not_sold_for_delivery(database: Database, browser: Browser):
    with database.transaction() as conn:
        shop = open_shopfront(conn)
        chill(conn, **{"LZ045-A": FROZEN})
    with opened(database, shop, browser) as front:
        page = front.member_page(locale="zh-CN")
        for _ in range(100):  # whoever asks first makes the desk of promises begin
            page.goto(f"{front.base}/checkout?sku=LZ045-A&how=deliver")
            if page.get_by_role("status").count():
                break
        expect(page.get_by_role("status")).to_contain_text("冷")
        look(page, "checkout-cold")
        fill_address(page)
        with page.expect_response(lambda answer: answer.url.endswith("/checkout/place")) as placed:
            page.locator(".bar .button-main").click()
        assert placed.value.status == 409
        expect(page.get_by_role("alert")).to_contain_text("冷")
        front.complaints.clear()  # the browser writes the 409 down
        with database.reading() as conn:
            assert conn.execute("select count(*) from orders.order").fetchone() == (0,)
        page.goto(
            f"{front.base}/checkout?sku=LZ045-A&how=collect&site=S"
        )  # carried away, it needs no cold parcel
        page.locator(".bar .button-main").click()
        pay(page)
        state(page, "paid")


def test_nobody_sees_anothers_order(front: Shopfront):
    page = front.member_page()
    page.goto(f"{front.base}/checkout?sku=LZ045-A&how=collect&site=S")
    page.locator(".bar .button-main").click()
    page.wait_for_url(re.compile("/sandbox/pay/cashier/"))
    page.goto(f"{front.base}/me/orders")
    path = page.locator(".order-card").get_attribute("href")
    stranger = front.member_page(phone="13900009999")
    for method, where in (
        ("get", path),
        ("get", f"{path}/now"),
        ("get", f"{path}/invoice"),
        ("get", "/o/7K3Q-9XA"),
    ):
        answer = getattr(stranger.request, method)(f"{front.base}{where}")
        assert answer.status == 404, where
        assert "LZ045" not in answer.text()
    token = stranger.locator("input[name=_csrf_token]").first.get_attribute("value") or ""
    for action in ("pay", "cancel", "return", "exchange", "review", "address", "invoice"):
        answer = stranger.request.post(f"{front.base}{path}/{action}", form={"_csrf_token": token})
        assert answer.status == 404, action
    nobody = front.page()
    nobody.goto(f"{front.base}{path}")
    assert nobody.url.startswith(f"{front.base}/me/sign-in?next=")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("width", WIDTHS)
def test_an_invoice_is_asked_for_a_company_whose_number_is_right(front: Shopfront, width: int, locale: str):
    page = front.member_page(width=width, locale=locale)
    page.goto(f"{front.base}/checkout?sku=LZ045-A&how=collect&site=S")
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    page.locator("a[href$='/invoice']").click()
    page.locator("input[value=company]").check()
    page.locator("input[name=title]").fill("深圳某某贸易有限公司")
    page.locator("input[name=tax_number]").fill("914403001922038217")
    page.locator("form[action$='/invoice'] .button-main").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("input[name=title]")).to_have_value("深圳某某贸易有限公司")
    front.complaints.clear()  # the browser writes the 422 down
    page.locator("input[name=tax_number]").fill("914403001922038216")
    page.locator("form[action$='/invoice'] .button-main").click()
    expect(page.locator("section.rows p.quiet")).to_be_visible()
    expect(page.locator("input[name=tax_number]")).to_have_value("914403001922038216")
    look(page, "invoice")


def test_a_receipt_opens_to_whoever_holds_it_and_lets_them_review(front: Shopfront):
    now = front.clock()
    with front.database.transaction() as conn:
        coat = lines(front.shop, ("COAT", 1), stated=True)
        sale = till_sale(front.shop, "T-1", lines=coat, placed_at=now)
        (placed,) = succeeded(place(conn, [sale], scope=WHOLE_BRAND, now=now))
        code = issue_receipts(conn, [placed.order_id], now=now)[placed.order_id]
    page = front.page(locale="zh-CN")
    page.goto(f"{front.base}/r/{code}")
    expect(page.locator(".receipt")).to_contain_text("113")
    look(page, "receipt")
    page.locator("summary", has_text="写评价").click()
    page.locator(".rate label").first.click()
    page.locator("textarea[name=text]").first.fill("大衣很暖和。")
    page.locator("form[action$='/review'] .button-main").first.click()
    expect(page.locator(".note-plain", has_text="大衣很暖和")).to_be_visible()
    page.locator(".join").click()
    front.sign_in(page)
    page.wait_for_url(f"{front.base}/r/{code}")
    expect(page.locator(".join")).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_fits_its_screen_in_both_languages(front: Shopfront, width: int, locale: str):
    page = front.page(width=width, locale=locale)
    for name, path in (
        ("front", "/shop"),
        ("found", "/shop?q=dress"),
        ("not-found", "/shop?q=zeppelin"),
        ("product-plain", "/p/LZ038"),
        ("store", "/s/S"),
        ("guide-plain", "/g/GUIDE"),
        ("sign-in", "/me/sign-in"),
    ):
        assert page.goto(f"{front.base}{path}") is not None
        look(page, name)
    front.sign_in(page)
    page.wait_for_url(f"{front.base}/me")
    look(page, "me")
    page.goto(f"{front.base}/me/orders")
    look(page, "orders-none")
    page.goto(f"{front.base}/checkout?sku=LZ038-AM")
    look(page, "checkout-new")
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.goto(f"{front.base}/p/LZ017")
    look(page, "dark-product")


def test_buying_needs_no_script(front: Shopfront):
    page = front.page(scripts=False)
    page.goto(f"{front.base}/p/LZ001?site=S")
    page.locator(".chip", has_text="Pink").click()
    page.locator(".bar .button-main").click()
    front.sign_in(page)
    page.wait_for_url(re.compile("/checkout"))
    fill_address(page)
    page.locator(".bar .button-main").click()
    pay(page)
    assert front.order(page).amount_minor == 39_900


def test_my_data_my_word_and_being_forgotten(front: Shopfront):
    page = front.member_page()
    page.locator("summary", has_text="Add an address").click()
    fill_address(page)
    page.locator("form[action='/me/addresses'] .button-main").click()
    expect(page.locator(".kept")).to_contain_text("愚园路 12 号 301 室")
    switch = page.get_by_role("switch", name="Offers by text message")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    look(page, "me-filled")
    taken = page.request.get(f"{front.base}/me/data.json").json()
    assert [one["street"] for one in taken["addresses"]] == ["愚园路 12 号 301 室"]
    assert [(one["purpose"], one["granted"]) for one in taken["consents"]] == [("marketing", True)]
    page.locator("summary", has_text="Forget me").click()
    page.locator("input[name=sure]").check()
    page.get_by_role("button", name="Forget me for good").click()
    page.wait_for_url(f"{front.base}/shop")
    with front.database.reading() as conn:
        left = conn.execute(
            "select (select count(*) from customers.identity) + (select count(*) from customers.address)"
            " + (select count(*) from customers.session)"
        ).fetchone()
    assert left == (0,)
