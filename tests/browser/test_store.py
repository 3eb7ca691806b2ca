"""A store manager's day on a phone, as a person sees it: every page in both languages, light and dark, one thumb."""

from collections.abc import Generator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.kernel.ids import TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.claim import claim
from loopline.processes.place import place
from loopline.web.collection import collection_code
from tests.make.calls import claiming, wave_of_calls
from tests.make.org import succeeded
from tests.make.shop import NOON, ask, stock_up
from tests.make.store import (
    DEMO,
    Clock,
    Stage,
    buy_live,
    offer,
    offer_to_collect,
    open_store,
    plan_show,
    settle,
)
from tests.make.web import SECRET, served, settings

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
WIDTHS = [390, 1440]
LOCALES = ["en-GB", "zh-CN"]


class Site:
    """A served brand with offered work, and a browser that collects what pages complain about."""

    def __init__(self, database: Database, stage: Stage, base: str, browser: Browser) -> None:
        self.database = database
        self.stage = stage
        self.base = base
        self.clock = Clock()
        self.complaints: list[str] = []
        self._browser = browser

    def signed_in(self, name: str, *, width: int = 390, locale: str = "en-GB", scheme: str = "light") -> Page:
        context = self._browser.new_context(
            locale=locale,
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        page.on("console", lambda said: self._note(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.goto(self.base)
        page.get_by_role("button", name=name).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def _note(self, complaint: str) -> None:
        # A page that says what was refused has the refusal's status; browsers count that as an error.
        if "status of 4" not in complaint:
            self.complaints.append(complaint)

    def offer(self, number: str) -> TaskId:
        with self.database.transaction() as conn:
            return offer(conn, self.stage, number)

    def state(self, task_id: TaskId) -> TaskState:
        with self.database.reading() as conn:
            return fulfilment.tasks_by_id(conn, [task_id])[0].state


@pytest.fixture
def site(database: Database, browser: Browser) -> Generator[Site, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
        stock_up(conn, stage.shop, {("S", "COAT"): 40, ("S", "SCARF"): 40})
    site = Site(database, stage, "", browser)
    with served(database, settings(demo=DEMO), clock=site.clock) as base:
        site.base = base
        yield site
        for context in list(browser.contexts):
            context.close()
    assert site.complaints == []


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def low_targets(page: Page) -> list[str]:
    """What can be touched and is lower than a thumb needs; links within a sentence are left out."""
    return page.evaluate(
        """() => [...document.querySelectorAll('main button, main .btn, main select, .tab, .tick, .reason')]
            .filter((one) => one.checkVisibility())
            .filter((one) => one.getBoundingClientRect().height < 43.5)
            .map((one) => one.className + ' ' + one.getBoundingClientRect().height)"""
    )


def test_a_store_manager_works_a_task_through_with_a_scanner(site: Site):
    page = site.signed_in("林晓梅")
    expect(page.get_by_text("Nothing to do just now")).to_be_visible()
    task_id = site.offer("W-1")  # shows by itself
    card = page.locator(f'[data-item="{task_id}"]')
    expect(card).to_contain_text("+CN¥7.00")
    expect(card.locator(".until")).to_have_text("3:59:59", timeout=15_000)
    card.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Start picking").click()
    scan = page.get_by_placeholder("Scan or type a code")
    for code, said in (
        ("6901234567892", "双面羊绒大衣 1 / 1"),
        ("scarf", "羊毛围巾 1 / 2"),
        ("HAT", "HAT is not in this task"),
        ("SCARF", "羊毛围巾 2 / 2"),
        ("SCARF", "SCARF: all units are there already"),
    ):
        scan.fill(code)
        scan.press("Enter")
        expect(page.locator(".scan-said")).to_have_text(said)
    page.reload()  # what was ticked stays ticked
    assert page.locator('[name="have"]:checked').count() == 2
    done = page.get_by_role("button", name="All there, all well")
    done.click()
    expect(page.get_by_role("alert")).to_contain_text("Look at every point")
    for point in page.locator('[name="looked"]').all():
        point.check()
    done.click()
    page.get_by_role("button", name="Packed and labelled").click()
    expect(page.get_by_role("button", name="Given to the carrier")).to_be_visible()
    page.get_by_label("The carrier's number").fill("SF1234567890")
    page.get_by_role("button", name="Given to the carrier").dblclick()
    expect(page.get_by_text("Done. It is on its way.")).to_be_visible()
    expect(page.get_by_text("Going into the books")).to_be_visible()
    with site.database.transaction() as conn:
        settle(conn)
    expect(page.get_by_text("In the books. Yours for good from 1 Apr")).to_be_visible()
    assert site.state(task_id) is TaskState.HANDED_OVER
    page.get_by_role("link", name="Earned").last.click()
    expect(page.get_by_text("5 % of CN¥100.00 net, for sending the goods")).to_be_visible()


def test_an_offer_is_refused_with_a_reason(site: Site):
    task_id = site.offer("W-1")
    page = site.signed_in("林晓梅")
    page.locator(f'[data-item="{task_id}"] a').click()
    page.get_by_text("Refuse it, in whole or in part").click()
    page.get_by_text("Fewer there than the system says").click()
    for line, there in zip(page.locator(".recount input").all(), ("0", "1"), strict=True):
        line.fill(there)
    page.get_by_role("button", name="Give it back").click()
    expect(page.get_by_text("Thank you for saying so.")).to_be_visible()
    assert site.state(task_id) is TaskState.REFUSED
    with site.database.reading() as conn:
        counted = conn.execute(
            "select sum(on_hand) from stock.leaf_stock where leaf_id = %s and sku_id = any(%s)",
            (site.stage.shop.leaves["S"], [site.stage.shop.skus[one] for one in ("COAT", "SCARF")]),
        ).fetchone()
    assert counted == (1,)
    page.get_by_role("link", name="Today").last.click()
    expect(page.get_by_text("Nothing to do just now")).to_be_visible()


def test_a_parcel_is_collected_with_its_code(site: Site):
    with site.database.transaction() as conn:
        task_id = offer_to_collect(conn, site.stage, "C-1")
    page = site.signed_in("吴大力")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Start picking").click()
    expect(page.get_by_role("heading", name="Fetch and tick")).to_be_visible()
    for box in page.locator(".tick-box").all():
        box.check()
    page.get_by_role("button", name="All there, all well").click()
    page.get_by_role("button", name="Packed and labelled").click()
    page.get_by_role("link", name="The customer is here").click()
    code = collection_code(task_id, secret=SECRET)
    assert code not in page.content()
    page.get_by_label("The code the customer shows").fill(f"{code[:4].lower()} {code[4:]}")
    page.get_by_role("button", name="Find the parcel").click()
    page.get_by_role("button", name="Given to the customer").click()
    expect(page.get_by_text("Done. The customer has it.")).to_be_visible()
    assert site.state(task_id) is TaskState.HANDED_OVER


def test_a_show_moves_while_one_looks(site: Site):
    with site.database.transaction() as conn:
        room = plan_show(conn)
    page = site.signed_in("阿岚")
    page.get_by_role("button", name="Go live").click()
    expect(page.get_by_text("On air")).to_be_visible()
    with site.database.transaction() as conn:
        for number in range(3):
            buy_live(conn, site.stage, room, f"L-{number}")
    expect(page.locator('[data-key="orders"]')).to_have_text("3")
    expect(page.locator('[data-key="share"]')).to_have_text("CN¥42.00")
    page.get_by_role("button", name="End the show").click()
    expect(page.get_by_role("button", name="Go live again")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_fits_its_screen_and_a_thumb(site: Site, width: int, locale: str):
    first, second = site.offer("W-1"), site.offer("W-2")
    with site.database.transaction() as conn:
        collected = offer_to_collect(conn, site.stage, "C-1")
        plan_show(conn)
    page = site.signed_in("林晓梅", width=width, locale=locale, scheme="dark" if width == 390 else "light")
    paths = ["/store", f"/store/tasks/{first}", f"/store/tasks/{collected}", "/store/collect"]
    for path in (*paths, "/store/collect?code=WRONG", "/store/stock?q=coat", "/store/stock", "/earned"):
        page.goto(site.base + path)
        assert (path, fits(page)) == (path, True)
        assert (path, low_targets(page)) == (path, [])
    page.goto(f"{site.base}/store/tasks/{second}")
    for state in ("accepted", "picking"):
        page.locator(".act button").click()
        expect(page.locator("#step-page")).to_have_attribute("data-state", state)
    page.locator(".refuse summary").click()
    page.locator('[value="count_differs"]').check()
    assert (fits(page), low_targets(page)) == (True, [])
    live = site.signed_in("阿岚", width=width, locale=locale)
    assert fits(live)
    if width == 390:
        live.locator(".menu summary").click()
        assert fits(live)
        expect(live.locator(".menu-way").first).to_be_visible()


def test_an_offer_that_ran_out_says_so(site: Site):
    task_id = site.offer("W-1")
    page = site.signed_in("周可")
    page.locator(f'[data-item="{task_id}"] a').click()
    page.wait_for_url(f"**/store/tasks/{task_id}")  # Today has a button that is called so, too
    site.clock.turn(timedelta(hours=5))
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("alert")).to_contain_text("The time to accept ran out")
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    assert site.state(task_id) is TaskState.OFFERED


def test_a_call_shows_by_itself_and_who_is_slower_is_told(site: Site):
    page, rival = site.signed_in("林晓梅"), site.signed_in("孙倩", width=1440, locale="zh-CN")
    expect(page.get_by_text("Nothing to do just now")).to_be_visible()
    with site.database.transaction() as conn:
        for number in ("W-1", "W-2"):
            succeeded(place(conn, [ask(site.stage.shop, number)], scope=WHOLE_BRAND, now=NOON))
        first, second = wave_of_calls(conn, site.stage.shop).calls
    card, theirs = (one.locator(f'[data-item="{first}"]') for one in (page, rival))
    expect(card).to_contain_text("nearest of 3 asked: 4 km")
    expect(card.locator(".until")).to_have_text("3:59:59", timeout=15_000)
    expect(theirs).to_contain_text("本店货齐，距顾客 165 公里；共有 3 家可抢")
    assert fits(page)
    assert fits(rival)
    assert low_targets(page) == []
    page.route("**/store/now", lambda route: route.fulfill(status=204))  # a phone that has not heard yet
    with site.database.transaction() as conn:
        succeeded(claim(conn, [claiming(site.stage.shop, first, "D")], scope=WHOLE_BRAND, now=NOON))
    theirs.wait_for(state="detached")
    card.get_by_role("button", name="Claim it").click()
    expect(page.get_by_role("alert")).to_have_text("Another store was quicker. Nothing was booked for yours.")
    page.locator(f'[data-item="{second}"]').get_by_role("button", name="Claim it").click()
    expect(page.get_by_role("button", name="Start picking")).to_be_visible()
