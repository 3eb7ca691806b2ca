"""A wallet at the till: a code is scanned once, and the screen says what became of it, whatever happens to the page."""

from collections.abc import Generator

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from loopline.channels.sandbox_pay import SandboxGateway, sandbox_settings
from loopline.db import Database
from loopline.payments import IntentState, intents_by_numbers
from tests.browser.test_till import COAT, Store, opened, scan
from tests.make.web import data_directory
from tests.module.channels.test_sandbox_codes import CONFIRMS, PAYS, TOO_LITTLE

pytestmark = pytest.mark.browser

WALLET = "**/store/till/wallet"


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Store, None, None]:
    with opened(database, browser) as store:
        yield store


def code(pattern: str, place: int) -> str:
    """A code of its own: the sandbox's book is that of all tests of this process."""
    return f"{pattern[:6]}{place:011}{pattern[-1]}"


def take(page: Page, scanned: str) -> None:
    scan(page, "COAT")
    page.get_by_label("Wallet").check()
    page.locator("#till-wallet").fill(scanned)
    page.locator("#till-ring").click()


def paying(page: Page, text: str) -> None:
    expect(page.locator("#till-paying-list")).to_contain_text(text)


def confirm(store: Store) -> None:
    """The customer types the password on the phone."""
    gateway = SandboxGateway(sandbox_settings(data_directory(), store.base))
    with store.database.reading() as conn:
        (key,) = conn.execute("select key from payments.intent where state = 'waiting'").fetchone() or ("",)
        standing = intents_by_numbers(conn, [key])[key]
    assert standing.state is IntentState.WAITING
    report = gateway.ask(standing.intent(), now=store.clock())
    url = f"{store.base}/sandbox/pay/v1/charges/{report.reference}/pay"
    assert httpx.post(url, trust_env=False).status_code == 200
    gateway.close_connections()


def test_a_code_pays_and_the_receipt_is_there(store: Store):
    page = store.sign_in(store.device().new_page())
    take(page, "1234")
    expect(page.locator("#till-said")).to_contain_text("Scan the payment code")
    page.locator("#till-wallet").fill(code(PAYS, 101))
    page.locator("#till-ring").click()
    expect(page.locator("#till-done")).to_contain_text("Done")
    expect(page.locator(".till-receipt-code svg")).to_be_visible()
    expect(page.locator("#till-paying")).to_be_hidden()
    assert store.books() == [(1, COAT, COAT)]


def test_a_page_that_is_closed_while_the_customer_confirms_asks_on(store: Store):
    device = store.device()
    page = store.sign_in(device.new_page())
    take(page, code(CONFIRMS, 102))
    paying(page, "The customer has to confirm on their phone.")
    page.close()
    page = store.open(device.new_page())
    paying(page, "The customer has to confirm on their phone.")
    assert store.books() == []
    confirm(store)
    expect(page.locator("#till-done")).to_contain_text("Done")
    assert store.books() == [(1, COAT, COAT)]


def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_taken_twice(store: Store):
    page = store.sign_in(store.device().new_page())
    lost: list[Route] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route)
        route.fetch()  # the server has it, and has taken the money
        route.abort()

    page.route(WALLET, lose)
    take(page, code(PAYS, 103))
    paying(page, "There is no answer")
    expect(page.locator("#till-done")).to_contain_text("Done")
    assert store.books() == [(1, COAT, COAT)]


def test_what_was_not_paid_is_paid_by_another_code_by_hand_or_not_at_all(store: Store):
    page = store.sign_in(store.device().new_page())
    take(page, code(TOO_LITTLE, 104))
    paying(page, "The wallet has not paid")
    page.locator(".till-again-code").fill(code(CONFIRMS, 105))
    page.get_by_role("button", name="Pay by this code").click()
    paying(page, "The customer has to confirm on their phone.")
    page.get_by_role("button", name="Call it off").click()
    paying(page, "The wallet has not paid")
    page.get_by_role("button", name="Paid in cash").click()
    expect(page.locator(".till-sale-sent")).to_have_count(1)
    assert store.books() == [(1, COAT, COAT)]
    take(page, code(TOO_LITTLE, 106))
    paying(page, "The wallet has not paid")
    page.get_by_role("button", name="Back into the cart").click()
    expect(page.locator("#till-paying")).to_be_hidden()
    expect(page.locator("#till-cart li")).to_have_count(1)
    page.locator("#till-wallet").fill(code(PAYS, 107))
    page.locator("#till-ring").click()
    expect(page.locator(".till-sale-sent")).to_have_count(2)
    assert [(amount, paid) for _, amount, paid in store.books()] == [(COAT, COAT)] * 2


def test_without_a_network_no_wallet_is_asked(store: Store):
    device = store.device()
    page = store.sign_in(device.new_page())
    device.set_offline(True)
    take(page, code(PAYS, 108))
    expect(page.locator("#till-said")).to_contain_text("Without a network no wallet can pay")
    expect(page.locator("#till-cart li")).to_have_count(1)


def test_what_a_wallet_paid_keeps_its_id_however_old_it_is(store: Store):
    page = store.sign_in(store.device().new_page())
    take(page, code(PAYS, 401))
    expect(page.locator("#till-done")).to_contain_text("Done")
    made = """(method) => new Promise((done) => {
      const opening = indexedDB.open("loopline-till");
      opening.onsuccess = async () => {
        const sales = opening.result.transaction("sales", "readwrite").objectStore("sales");
        const all = await new Promise((got) => { sales.getAll().onsuccess = (event) => got(event.target.result); });
        const [sale] = all;
        sale.said.payments[0].method = method;
        sales.put({ ...sale, state: "attention", reason: { code: "order_id_outside_window", title: "too old" } });
        sales.transaction.oncomplete = () => { opening.result.close(); done(sale.said.id); };
      };
    })"""
    for method, offered in (("wallet", "Send it again"), ("cash", "Book it as of now")):
        page.evaluate(made, method)
        page.reload()
        card = page.locator(".till-sale-attention")
        expect(card.get_by_role("button", name=offered)).to_be_visible()
        expect(card.get_by_role("button")).to_have_count(2)
