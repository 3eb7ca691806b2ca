"""Ten orders picked in one round on a phone: a lost network, a reload, one thing that is not there, another's hands."""

import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from loopline import orders, stock
from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.labels import labels_of_tasks
from loopline.fulfilment.model import AcceptTask, TaskState
from loopline.kernel.ids import TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch
from loopline.stock.places import ShelfPlace, set_shelf_places
from loopline.web.labels.content import LabelText
from loopline.web.labels.pdf import labels_pdf
from loopline.web.languages import languages
from tests.make.org import succeeded
from tests.make.shop import NOON, lines, stock_up
from tests.make.store import DEMO, Clock, Stage, offer, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
# Box by box, the most urgent first: 3 coats, 8 scarves and 5 hats in all.
WANTED = (
    (("COAT", 1), ("SCARF", 2)),
    (("SCARF", 1),),
    (("HAT", 1),),
    (("COAT", 1),),
    (("SCARF", 2), ("HAT", 1)),
    (("HAT", 1),),
    (("SCARF", 1),),
    (("COAT", 1), ("HAT", 1)),
    (("SCARF", 1),),
    (("SCARF", 1), ("HAT", 1)),
)


class Site:
    """A served store with ten accepted tasks."""

    def __init__(
        self, database: Database, stage: Stage, tasks: list[TaskId], base: str, browser: Browser
    ) -> None:
        self.database = database
        self.stage = stage
        self.tasks = tasks
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def device(self, *, width: int = 390, locale: str = "en-GB") -> BrowserContext:
        context = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context

    def sign_in(self, page: Page, name: str, path: str) -> Page:
        page.goto(f"{self.base}/sign-in?next={path}")
        page.get_by_role("button", name=name).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def states(self) -> list[TaskState]:
        with self.database.reading() as conn:
            found = {task.task_id: task.state for task in fulfilment.tasks_by_id(conn, self.tasks)}
        return [found[task_id] for task_id in self.tasks]

    def shelf(self) -> dict[str, tuple[int, int, int]]:
        """On hand, allocated and unsellable of each SKU at the store."""
        codes = {sku_id: code for code, sku_id in self.stage.shop.skus.items()}
        with self.database.reading() as conn:
            rows = stock.stock_at_leaves(conn, [self.stage.shop.leaves["S"]])
        return {codes[row.sku_id]: (row.on_hand, row.allocated, row.unsellable) for row in rows}

    def lines(self, task_id: TaskId) -> list[tuple[str, int, int, int, int]]:
        """Of each line of a task's order: SKU, ordered, held, allocated, handed over."""
        codes = {sku_id: code for code, sku_id in self.stage.shop.skus.items()}
        with self.database.reading() as conn:
            (task,) = fulfilment.tasks_by_id(conn, [task_id])
            found = orders.lines_by_orders(conn, [task.order_id])
        return [
            (codes[line.sku_id], line.units, line.held, line.allocated, line.handed_over)
            for line in found
            if line.sku_id is not None and line.sku_id in codes
        ]


@pytest.fixture
def site(database: Database, browser: Browser) -> Generator[Site, None, None]:
    clock = Clock()
    with database.transaction() as conn:
        stage = open_store(conn)
        stock_up(conn, stage.shop, {("S", code): 20 for code in stage.shop.skus})
        tasks = [
            offer(conn, stage, f"W-{place}", lines=lines(stage.shop, *wanted))
            for place, wanted in enumerate(WANTED, start=1)
        ]
        succeeded(
            dispatch.accept(conn, [AcceptTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON)
        )
        places = {"COAT": "A-10", "SCARF": "A-2"}
        wanted = [
            ShelfPlace(site_id=stage.shop.sites["S"], sku_id=stage.shop.skus[code], place=place)
            for code, place in places.items()
        ]
        succeeded(set_shelf_places(conn, wanted, now=NOON, by="tests"))
    with served(database, settings(demo=DEMO), clock=clock) as base:
        site = Site(database, stage, tasks, base, browser)
        yield site
        for context in list(browser.contexts):
            context.close()
    assert site.complaints == []


def picture(page: Page, name: str) -> None:
    """Keep what a page looks like, where somebody wants to look at it."""
    shown = os.environ.get("LOOPLINE_PICTURES")
    if shown:
        page.screenshot(path=f"{shown}/{name}.png", full_page=True)


def ready(page: Page, *, online: bool = True) -> None:
    page.wait_for_selector('#round[data-kept="yes"]' if online else '#round[data-ready="yes"]')


def scan(page: Page, *codes: str) -> None:
    """As a hand scanner does: it types the code and ends it with Enter."""
    for code in codes:
        page.locator("#round-scan").fill(code)
        page.locator("#round-scan").press("Enter")
        expect(page.locator("#round-scan")).to_have_value("")


def into(page: Page, code: str, boxes: list[int]) -> None:
    """Scan a SKU unit by unit, and see into which boxes it goes."""
    for box in boxes:
        scan(page, code)
        expect(page.locator("#round-into")).to_have_text(f"Into box {box}")
        page.evaluate("document.getElementById('round-into').textContent = ''")


def test_a_round_of_ten_with_one_refusal(site: Site):
    device = site.device()
    page = site.sign_in(device.new_page(), "吴大力", "/store")
    page.get_by_text("Several orders in one walk").click()
    ready(page)
    expect(page.locator("#round-waiting")).to_have_text("10 tasks wait to be picked together")
    picture(page, "round-begin")
    page.get_by_role("button", name="Begin").click()
    # The shelves in their order, numbers as numbers; what has no shelf comes last.
    expect(page.locator("#round-place")).to_have_text("A-2")
    expect(page.locator("#round-stops .round-row-place")).to_have_text(["A-2", "A-10", "–"])
    picture(page, "round-first-stop")
    assert site.states() == [TaskState.PICKING] * 10
    pick_without_a_network(site, device, page)
    miss_one_hat(site, page)
    check_pack_and_send(site, page)


def pick_without_a_network(site: Site, device: BrowserContext, page: Page) -> None:
    """Scarves and coats are scanned while there is no network, over a reload; each goes to the most urgent first."""
    into(page, "SCARF", [1, 1])
    expect(page.locator("#round-pulse")).to_have_text("All sent")
    device.set_offline(True)
    into(page, "scarf", [2, 5, 5])
    page.reload()  # the page itself opens without a network
    ready(page, online=False)
    expect(page.locator("#round-pulse")).to_have_text("2 not yet sent")
    into(page, "SCARF", [7, 9, 10])
    scan(page, "SCARF")
    expect(page.locator("#round-said")).to_contain_text("all units are in their boxes already")
    scan(page, "NONSENSE")
    expect(page.locator("#round-said")).to_contain_text("NONSENSE is not in this round")
    expect(page.locator("#round-place")).to_have_text("A-10")
    into(page, "6901234567892", [1, 4])
    page.locator("#round-undo").click()
    expect(page.locator("#round-said")).to_contain_text("Out of box 4 again")
    into(page, "COAT", [4, 8])
    device.set_offline(False)
    expect(page.locator("#round-pulse")).to_have_text("All sent")


def miss_one_hat(site: Site, page: Page) -> None:
    """Of five hats four are there: the order that leaves last goes short, and no other is touched."""
    assert site.shelf()["HAT"] == (30, 5, 0)
    expect(page.locator("#round-place")).to_have_text("No shelf is kept")
    into(page, "HAT", [3, 5, 6, 8])
    picture(page, "round-last-stop")
    page.get_by_role("button", name="Not there, or damaged").click()
    expect(page.locator("#round-pad-units")).to_have_value("1")
    page.get_by_label("Not found").check()
    picture(page, "round-missing")
    page.get_by_role("button", name="Give it back").click()
    expect(page.locator("#round-said")).to_contain_text("Box 10 goes short")
    expect(page.locator("#round-all-in")).to_be_visible()
    picture(page, "round-boxes")
    assert site.shelf()["HAT"] == (29, 4, 0)
    assert site.states() == [TaskState.PICKING] * 10
    # The hat of box 10 waits for another site, its scarf is still to be sent from here.
    assert site.lines(site.tasks[9]) == [("SCARF", 1, 0, 1, 0), ("HAT", 1, 1, 0, 0)]
    assert site.lines(site.tasks[7]) == [("COAT", 1, 0, 1, 0), ("HAT", 1, 0, 1, 0)]


def check_pack_and_send(site: Site, page: Page) -> None:
    """Each box goes on to be checked and packed; labels are printed for all, and all are given away together."""
    for box in range(1, 11):
        page.locator(f'[data-box="{box}"]').get_by_role("link", name="Check and pack").click()
        expect(page.get_by_role("link", name=f"← Box {box}")).to_be_visible()
        boxed = page.locator('[name="have"]')
        assert boxed.count() == boxed.and_(page.locator(":checked")).count() > 0
        for point in page.locator('[name="looked"]').all():
            point.check()
        if box == 1:
            picture(page, "round-check")
        page.get_by_role("button", name="All there, all well").click()
        packed = page.get_by_role("button", name="Packed and labelled")
        expect(packed).to_be_visible()
        if box == 1:
            picture(page, "round-pack")
        packed.click()
        expect(packed).to_have_count(0)
        page.get_by_role("link", name=f"← Box {box}").click()
        ready(page)
    assert site.states() == [TaskState.PACKED] * 10
    picture(page, "round-packed")
    with page.expect_download() as got:
        page.get_by_role("button", name="For a label printer (ZPL)").click()
    zpl = got.value.path().read_text()
    assert zpl.count("^XA") == 10
    page.get_by_role("button", name="All packed: given to the carrier").click()
    expect(page.locator("#round-nothing")).to_be_visible()
    assert site.states() == [TaskState.HANDED_OVER] * 10
    assert site.shelf() == {"COAT": (27, 0, 0), "SCARF": (22, 0, 0), "HAT": (25, 0, 0)}
    assert site.lines(site.tasks[9]) == [("SCARF", 1, 0, 0, 1), ("HAT", 1, 1, 0, 0)]
    assert site.lines(site.tasks[0]) == [("COAT", 1, 0, 0, 1), ("SCARF", 2, 0, 0, 2)]
    with site.database.reading() as conn:
        labels = labels_of_tasks(conn, site.tasks)
    assert sorted(one.prints for one in labels.values()) == [1] * 10
    assert all(one.number in zpl for one in labels.values())


def test_a_colleague_goes_on_where_a_phone_went_dead(site: Site):
    dead = site.device()
    page = site.sign_in(dead.new_page(), "吴大力", "/store/round")
    ready(page)
    page.get_by_role("button", name="Begin").click()
    into(page, "SCARF", [1, 1, 2])
    expect(page.locator("#round-pulse")).to_have_text("All sent")
    dead.set_offline(True)
    into(page, "SCARF", [5])
    guide = site.sign_in(site.device().new_page(), "周可", "/store/round")
    ready(guide)
    expect(guide.locator("#round-others")).to_contain_text("Wu.Packer")
    picture(guide, "round-others")
    guide.get_by_role("button", name="Take it over").click()
    expect(guide.locator("#round-place")).to_have_text("A-2")
    expect(guide.locator("#round-units")).to_have_text("×5")
    into(guide, "SCARF", [5])
    expect(guide.locator("#round-pulse")).to_have_text("All sent")
    dead.set_offline(False)  # what the first phone still knows is refused, and it says so
    expect(page.locator("#round-taken")).to_be_visible()
    expect(page.locator("#round-taken-lost")).to_be_visible()
    expect(page.locator("#round-others")).to_contain_text("Zhou.Guide")
    guide.get_by_role("button", name="Put the rest back").click()
    guide.locator("#round-sure").get_by_role("button", name="Put the rest back").click()
    expect(guide.locator("#round-waiting")).to_have_text("10 tasks wait to be picked together")
    assert site.states() == [TaskState.ACCEPTED] * 10


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_round_fits_and_can_be_touched(site: Site, width: int, locale: str):
    page = site.sign_in(site.device(width=width, locale=locale).new_page(), "吴大力", "/store/round")
    ready(page)
    picture(page, f"round-begin-{width}-{locale}")
    page.locator("#round-begin-form button").click()
    expect(page.locator("#round-place")).to_have_text("A-2")
    scan(page, "SCARF")
    expect(page.locator("#round-into")).to_be_visible()
    picture(page, f"round-{width}-{locale}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    low = page.evaluate(
        """() => [...document.querySelectorAll('main button, main .btn, main select, .tab, .reason')]
            .filter((one) => one.checkVisibility())
            .filter((one) => one.getBoundingClientRect().height < 43.5)
            .map((one) => one.id + ' ' + one.className)"""
    )
    assert low == []
    page.get_by_role("button", name="Not there, or damaged" if locale == "en-GB" else "缺货或损坏").click()
    page.evaluate(AXE.read_text())
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", rules
    )
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []


def test_a_scanner_reads_what_is_printed(site: Site):
    drawer = shutil.which("pdftoppm")
    if drawer is None:
        pytest.skip("no pdftoppm here: install poppler-utils to draw what is on a page")
    text = LabelText(
        barcode="YT8812340056789-A",
        number="P00001000017",
        order_number="K4XF-DXY",
        sender="静安店",
        name="陈念",
        phone="13800000007",
        address="上海市 武康路 99 号 2 室",
        marks=("易碎",),
        contents="3 件",
        note="",
    )
    pdf = labels_pdf([text], languages()["zh"])
    png = subprocess.run([drawer, "-r", "203", "-png"], input=pdf, capture_output=True, check=True).stdout
    page = site.sign_in(site.device().new_page(), "吴大力", "/store/round")
    ready(page)
    read = page.evaluate(
        """async (drawn) => {
            const camera = await import(document.querySelector('script[src*="camera"]').src);
            const { script, wasm } = document.querySelector('[data-camera]').dataset;
            const bytes = Uint8Array.from(atob(drawn), (one) => one.charCodeAt(0));
            const reads = await camera.zxingReader(script, wasm);
            return reads(await createImageBitmap(new Blob([bytes], { type: 'image/png' })));
        }""",
        b64encode(png).decode(),
    )
    assert read == [text.barcode, text.barcode]
