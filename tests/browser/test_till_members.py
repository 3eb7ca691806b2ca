"""Members and whole carts at a till: what the screen shows is paid, whoever answers when, and without a network too."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from loopline import orders
from loopline.customers import MemberSession, begin_sessions, open_key_ring
from loopline.db import Database
from loopline.kernel.ids import MemberId, OrderId
from loopline.orders import Order
from loopline.pricing.promotions import AmountOff, Step, Threshold
from loopline.web.shop.shopper import MEMBER_COOKIE
from tests.browser.test_till import COAT, SCARF, Store, opened, says, scan
from tests.make.customers import member, phone, registered
from tests.make.shop import NOON
from tests.make.web import data_directory
from tests.process.test_promotions import in_force

pytestmark = pytest.mark.browser

OFF = 1_000
WHOLE = COAT + 2 * SCARF - OFF
QUOTES = "**/store/till/quote"


class Members(Store):
    """A store whose brand has a member, Anna, a threshold for everybody and a price for members."""

    anna: MemberId
    token: str

    def sold(self) -> list[Order]:
        with self.database.reading() as conn:
            ids = [
                OrderId(one)
                for (one,) in conn.execute("select order_id from orders.till_sale order by number")
            ]
            heads = {head.id: head for head in orders.orders_by_ids(conn, ids)}
            return [heads[one] for one in ids]

    def let_off(self) -> list[int]:
        """What promotions took off each sale, as its order keeps it."""
        found: list[int] = []
        for head in self.sold():
            with self.database.reading() as conn:
                stored = orders.quotes_by_orders(conn, [head.id])[head.id]
            taken = [discount for line in stored["lines"] for discount in line.get("discounts", ())]
            found.append(sum(discount["amount_minor"] for discount in taken))
        return found


@contextmanager
def with_members(database: Database, browser: Browser) -> Generator[Members, None, None]:
    with opened(database, browser) as plain:
        store = Members(database, plain.stage, plain.base, plain.clock, browser)
        ring = open_key_ring(data_directory() / "keys")
        with database.transaction() as conn:
            (store.anna,) = registered(conn, [member(phone(1), name="安娜")], keys=ring)
            (session,) = begin_sessions(conn, [store.anna], now=NOON)
            assert isinstance(session, MemberSession)
            store.token = session.token
            in_force(
                conn, "SPEND", Threshold(steps=(Step(from_minor=15_000, off_minor=OFF),)), name="满150减10"
            )
            in_force(conn, "HAT", AmountOff(amount_minor=99), sku_codes=("HAT",), members_only=True, group=2)
        yield store
        plain.complaints.extend(store.complaints)


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Members, None, None]:
    with with_members(database, browser) as store:
        yield store


def total(page: Page, minor: int) -> None:
    expect(page.locator("#till-total")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#till-total")).to_have_text(f"CN¥{minor / 100:,.2f}")


def add_member(page: Page, said: str) -> None:
    page.locator("#till-who").fill(said)
    page.locator("#till-who").press("Enter")


def ring(page: Page) -> None:
    page.locator("#till-ring").click()
    expect(page.locator("#till-done")).to_be_visible()


def with_the_server(page: Page, count: int = 1) -> None:
    expect(page.locator(".till-sale-sent")).to_have_count(count)


def kept(page: Page) -> str:
    """Everything that the till keeps of its sales."""
    return page.evaluate(
        """() => new Promise((done) => {
          const opening = indexedDB.open("loopline-till");
          opening.onsuccess = () => {
            const all = opening.result.transaction("sales").objectStore("sales").getAll();
            all.onsuccess = () => done(JSON.stringify(all.result));
          };
        })"""
    )


def test_a_member_pays_what_the_whole_cart_comes_to_and_scans_the_receipt(store: Members):
    page = store.sign_in(store.device().new_page())
    scan(page, "COAT", "SCARF", "SCARF")
    total(page, WHOLE)
    expect(page.locator("#till-cart li").first).to_contain_text("满150减10")
    scan(page, "HAT")
    total(page, WHOLE + 999)
    add_member(page, "13800000002")
    expect(page.locator("#till-said")).to_contain_text("Nobody is a member by that phone or code")
    expect(page.locator("#till-member")).to_be_hidden()
    add_member(page, "138 0000 0001")
    expect(page.locator("#till-member-name")).to_have_text("Member 安••")
    total(page, WHOLE + 900)
    ring(page)
    with_the_server(page)
    expect(page.locator(".till-receipt-code svg")).to_be_visible()
    (head,) = store.sold()
    assert (head.amount_minor, head.member_id, store.let_off()) == (WHOLE + 900, store.anna, [OFF + 99])
    assert store.books() == [(1, WHOLE + 900, WHOLE + 900)]
    link = page.locator(".till-receipt a").get_attribute("href")
    page.goto(f"{store.base}{link}")
    expect(page.get_by_text("Review it").first).to_be_visible()


def test_without_a_network_the_tills_own_prices_hold_and_the_member_is_found_later(store: Members):
    device = store.device()
    page = store.sign_in(device.new_page())
    device.set_offline(True)
    for said, number in (("13800000001", 1), ("13800000002", 2)):
        scan(page, "COAT", "SCARF", "SCARF")
        add_member(page, said)
        expect(page.locator("#till-said")).to_contain_text("is looked up when the sale is sent")
        expect(page.locator("#till-alone")).to_be_visible()
        total(page, WHOLE + OFF)
        ring(page)
        says(page, f"{number} not yet sent")
    assert "13800000001" in kept(page)
    device.set_offline(False)
    says(page, "All sent")
    assert [(head.amount_minor, head.member_id) for head in store.sold()] == [
        (WHOLE + OFF, store.anna),
        (WHOLE + OFF, None),
    ]
    assert store.let_off() == [0, 0]
    expect(page.locator(".till-sale").first).to_contain_text("Nobody is a member by •••0002")
    expect(page.locator(".till-sale").nth(1)).to_contain_text("Member •••0001")
    assert "1380000" not in kept(page)  # the server has it: this device needs it no more


def test_answers_of_a_cart_that_changed_are_nobodys_and_one_question_is_asked_at_a_time(store: Members):
    page = store.sign_in(store.device().new_page())
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(QUOTES, hold)
    with page.expect_request(QUOTES):
        scan(page, "COAT")
    scan(page, "SCARF", "SCARF")
    expect(page.locator("#till-ring")).to_be_disabled()
    expect(page.locator("#till-total")).to_have_attribute("aria-busy", "true")
    (first,) = held  # two changes more, and no question more
    with page.expect_request(QUOTES):
        first.continue_()
    expect(page.locator("#till-ring")).to_be_disabled()
    expect(page.locator("#till-cart s")).to_have_count(0)
    _, second = held
    assert '"SCARF","units":2' in (second.request.post_data or "")
    second.continue_()
    total(page, WHOLE)
    page.locator("#till-ring").click()
    with_the_server(page)
    assert (store.books(), len(held)) == ([(1, WHOLE, WHOLE)], 2)


def test_a_server_that_gives_no_price_keeps_nobody_from_paying(store: Members):
    page = store.sign_in(store.device().new_page())
    page.route(QUOTES, lambda route: route.abort())
    scan(page, "COAT", "SCARF", "SCARF")
    expect(page.locator("#till-alone")).to_be_visible()
    total(page, WHOLE + OFF)
    page.unroute(QUOTES)
    page.evaluate("dispatchEvent(new Event('online'))")
    total(page, WHOLE)
    page.locator("#till-park").click()
    expect(page.locator("#till-cart-card")).to_be_hidden()
    page.get_by_role("button", name="Take it up").click()
    total(page, WHOLE)
    ring(page)
    with_the_server(page)
    assert (store.books(), store.let_off()) == ([(1, WHOLE, WHOLE)], [OFF])


def test_a_member_is_set_aside_with_the_cart_and_may_be_taken_off_it(store: Members):
    page = store.sign_in(store.device().new_page())
    add_member(page, "13800000001")
    scan(page, "HAT")
    total(page, 900)
    page.locator("#till-park").click()
    expect(page.locator("#till-member")).to_be_hidden()
    page.get_by_role("button", name="Take it up").click()
    expect(page.locator("#till-member-name")).to_have_text("Member 安••")
    page.reload()
    page.wait_for_selector('#till[data-learnt="yes"]')
    total(page, 900)
    page.locator("#till-member-drop").click()
    total(page, 999)
    ring(page)
    with_the_server(page)
    assert [head.member_id for head in store.sold()] == [None]


def test_the_code_on_a_members_page_changes_and_is_scanned_like_goods(store: Members):
    phone_of_anna = store.device()
    phone_of_anna.add_cookies([{"name": MEMBER_COOKIE, "value": store.token, "url": store.base}])
    own = phone_of_anna.new_page()
    own.goto(f"{store.base}/me")
    own.get_by_role("link", name="My code").click()
    expect(own.locator(".collect-qr svg")).to_be_visible()
    first = own.locator("[data-code]").inner_text()
    store.clock.turn(timedelta(minutes=3))
    expect(own.locator("[data-code]")).not_to_have_text(first)
    page = store.sign_in(store.device().new_page())
    for code, is_known in ((first, False), (own.locator("[data-code]").inner_text(), True)):
        page.locator("#till-scan").fill(code.replace(" ", ""))
        page.locator("#till-scan").press("Enter")
        if not is_known:
            expect(page.locator("#till-said")).to_contain_text("Nobody is a member by that phone or code")
    expect(page.locator("#till-member-name")).to_have_text("Member 安••")
    assert page.locator("#till-unlisted").is_hidden()


def test_a_price_is_changed_to_less_than_what_the_whole_cart_was_told(store: Members):
    page = store.sign_in(store.device().new_page())
    scan(page, "COAT", "SCARF", "SCARF")
    total(page, WHOLE)
    each = COAT - 714  # its part of what the threshold takes off
    page.locator(".till-reprice").first.click()
    expect(page.locator("#till-change-name")).to_contain_text(f"CN¥{each / 100:,.2f}")
    page.locator("#till-change-why").select_option("damaged")
    for unit in ("110", f"{each / 100}"):
        page.locator("#till-change-unit").fill(unit)
        page.locator("#till-change .btn-primary").click()
        expect(page.locator("#till-change-said")).to_have_text("Type a price that is lower.")
    page.locator("#till-change-unit").fill("105")
    page.locator("#till-change .btn-primary").click()
    # What was typed is no part of the cart that the threshold looks at.
    total(page, 10_500 + 2 * SCARF)
