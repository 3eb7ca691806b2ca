"""Photos on a phone: taken without a network, kept through a reload and another page, sent when the network is back."""

import io
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from loopline.db import Database
from loopline.fulfilment import photos
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.fulfilment.photos import Demand, PhotoCause, SetPhotoRule, set_photo_rules
from loopline.kernel.ids import TaskId
from tests.make.org import succeeded
from tests.make.photos import photo
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, offer, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"


class Site:
    """A served store whose coats need a photo, with one offered task."""

    def __init__(self, database: Database, task_id: TaskId, base: str, browser: Browser) -> None:
        self.database = database
        self.task_id = task_id
        self.base = base
        self._browser = browser

    def device(self, *, width: int = 390, locale: str = "en-GB") -> BrowserContext:
        return self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})

    def sign_in(self, page: Page, name: str, path: str) -> Page:
        page.goto(f"{self.base}/sign-in?next={path}")
        page.get_by_role("button", name=name).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    @property
    def path(self) -> str:
        return f"/store/tasks/{self.task_id}"

    @property
    def state(self) -> TaskState:
        with self.database.reading() as conn:
            return fulfilment.tasks_by_id(conn, [self.task_id])[0].state

    def kept(self) -> list[tuple[int, int]]:
        with self.database.reading() as conn:
            return [(one.width, one.height) for one in photos.photos_of_tasks(conn, [self.task_id])]


@pytest.fixture
def site(database: Database, browser: Browser) -> Generator[Site]:
    with database.transaction() as conn:
        stage = open_store(conn)
        rule = SetPhotoRule(
            cause=PhotoCause.HIGH_VALUE, category=None, demand=Demand.REQUIRED, from_minor=11_300
        )
        succeeded(set_photo_rules(conn, [rule], by="tests", now=NOON))
        task_id = offer(conn, stage, "W-1")
    with served(database, settings(demo=DEMO), clock=Clock(NOON + timedelta(minutes=1))) as base:
        yield Site(database, task_id, base, browser)
        for context in list(browser.contexts):
            context.close()


def begin(site: Site, page: Page) -> None:
    """Take the task, and begin to pick."""
    site.sign_in(page, "林晓梅", site.path)
    page.get_by_role("button", name="Accept", exact=False).first.click()
    page.get_by_role("button", name="Start picking", exact=False).first.click()
    expect(page.locator("#picking")).to_be_visible()
    expect(page.locator("#photo-outbox[data-ready]")).to_have_count(1)


def take(page: Page, name: str = "双面羊绒大衣") -> None:
    line = page.locator(".photo-line", has_text=name)
    line.locator("input[type=file]").set_input_files(
        {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo(3_200, 2_400)}
    )


def check_and_pack(page: Page) -> None:
    for box in page.locator("#picking input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name="All there, all well").click()
    page.get_by_role("button", name="Packed and labelled").click()
    expect(page.get_by_role("button", name="Given to the carrier")).to_be_visible()


def test_a_photo_is_kept_without_a_network_and_sent_from_another_page(site: Site):
    context = site.device()
    page = context.new_page()
    begin(site, page)
    sent: list[int] = []
    page.on(
        "request",
        lambda request: (
            sent.append(len(request.post_data or "")) if request.url.endswith("/store/photos") else None
        ),
    )
    context.set_offline(True)
    take(page)
    line = page.locator(".photo-line", has_text="双面羊绒大衣")
    expect(line.locator(".photo-own[data-state=kept]")).to_have_count(1)
    expect(page.locator("#photo-waiting")).to_have_text(
        "One photo waits for the network. It is sent by itself."
    )
    expect(line.locator("[data-photo-mark]")).to_have_text("needed")
    assert site.kept() == []
    page.close()  # the phone went into the pocket

    context.set_offline(False)
    today = context.new_page()
    today.goto(f"{site.base}/store")
    expect(today.locator("#photo-waiting")).to_be_hidden()
    expect(today.locator("#photo-outbox[data-ready]")).to_have_count(1)
    assert site.kept() == [(1_600, 1_200)]
    today.goto(f"{site.base}{site.path}")
    shown = today.locator(".photo-line", has_text="双面羊绒大衣").locator(".photo-strip img")
    expect(shown).to_have_count(1)
    assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1_600
    check_and_pack(today)
    today.get_by_role("button", name="Given to the carrier").click()
    expect(today.locator("body")).to_contain_text("Going into the books")
    assert (site.state, site.kept()) == (TaskState.HANDED_OVER, [(1_600, 1_200)])


def test_what_is_taken_is_kept_while_another_is_on_its_way(site: Site):
    context = site.device()
    page = context.new_page()
    begin(site, page)
    on_their_way: list[Route] = []
    page.route("**/store/photos", lambda route: on_their_way.append(route))  # and never answered  # noqa: PLW0108 - playwright marks it
    for count in (1, 2):
        take(page)
        expect(page.locator(".photo-own[data-state=kept]")).to_have_count(count)
    assert len(on_their_way) == 1
    page.close()
    today = context.new_page()
    today.goto(f"{site.base}/store")
    expect(today.locator("#photo-outbox[data-ready]")).to_have_count(1)
    assert len(site.kept()) == 2


def test_what_is_sent_is_small_and_holds_no_place(site: Site):
    page = site.device().new_page()
    begin(site, page)
    with page.expect_request("**/store/photos") as asked:
        take(page)
    body: dict[str, str] = msgspec.json.decode(asked.value.post_data or "{}")
    assert body["task_id"] == str(site.task_id)
    content = page.evaluate("text => Array.from(atob(text), one => one.charCodeAt(0))", body["content"])
    with Image.open(io.BytesIO(bytes(content))) as picture:
        assert (picture.format, picture.size, dict(picture.getexif())) == ("WEBP", (1_600, 1_200), {})
    line = page.locator(".photo-line", has_text="双面羊绒大衣")
    expect(line.locator(".photo-own[data-state=sent]")).to_have_count(1)
    expect(line.locator("[data-photo-mark]")).to_have_text("✓")
    expect(line).not_to_have_attribute("data-lacking", "")
    assert site.kept() == [(1_600, 1_200)]


def test_without_a_photo_a_parcel_stays_until_somebody_says_why(site: Site):
    page = site.device().new_page()
    begin(site, page)
    check_and_pack(page)
    page.get_by_role("button", name="Given to the carrier").click()
    expect(page.get_by_role("alert")).to_contain_text("A photo of the goods is needed")
    assert site.state is TaskState.PACKED
    page.get_by_text("There can be no photo").click()
    page.get_by_label("Packed already").check()
    page.get_by_role("button", name="Keep the reason").click()
    expect(page.locator(".photo-card")).to_contain_text("No photo: Packed already")
    page.get_by_role("button", name="Given to the carrier").click()
    expect(page.locator("body")).to_contain_text("Going into the books")
    assert (site.state, site.kept()) == (TaskState.HANDED_OVER, [])


def test_what_is_no_picture_is_said_at_once(site: Site):
    page = site.device().new_page()
    begin(site, page)
    page.locator(".photo-line input[type=file]").first.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    )
    expect(page.locator("#photo-waiting")).to_have_text(
        "This photo cannot be read. Take it again with the camera."
    )
    assert site.kept() == []


def test_anybody_can_use_it(site: Site):
    page = site.device().new_page()
    begin(site, page)
    take(page)
    expect(page.locator(".photo-own[data-state=sent]")).to_have_count(1)
    page.evaluate(AXE.read_text())
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", rules
    )
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    low = page.evaluate(
        """() => [...document.querySelectorAll('#photos .btn, #photos summary')]
            .filter((one) => one.checkVisibility())
            .filter((one) => one.getBoundingClientRect().height < 43.5)
            .map((one) => one.className)"""
    )
    assert low == []
