"""A task through a network that comes and goes: kept ahead, worked off without one, sent once."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import (
    AcceptTask,
    CheckTask,
    HandOverTask,
    PackTask,
    PickTask,
    TaskState,
)
from loopline.kernel.ids import TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch, fulfil
from tests.make.loop import subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, stock_up
from tests.make.store import DEMO, Clock, Stage, offer, offer_to_collect, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

SHOTS = os.environ.get("LOOPLINE_SHOTS")
KEPT = """async () => (await indexedDB.databases()).length && await new Promise((done) => {
    const asked = indexedDB.open('loopline-tasks');
    asked.onsuccess = () => {
        const all = asked.result.transaction('kept').objectStore('kept').getAll();
        all.onsuccess = () => { asked.result.close(); done(all.result); };
    };
})"""
HOLDS = f"""async ([wanted, patience]) => {{
    const kept = async () => Object.fromEntries((await ({KEPT})()).map((one) => [one.task_id, one.state]));
    const isSo = (one) => JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(wanted).sort());
    const until = performance.now() + patience;
    for (;;) {{
        const now = await kept();
        if (isSo(now) || performance.now() > until) return now;
        await new Promise(requestAnimationFrame);
    }}
}}"""
STEPS = ["task_accepted", "picking_started", "goods_checked", "parcel_packed"]


class Site:
    """A served store with two tasks that are offered, one to send and one to be collected."""

    def __init__(
        self, database: Database, stage: Stage, tasks: tuple[TaskId, TaskId], base: str, browser: Browser
    ) -> None:
        self.database = database
        self.stage = stage
        self.to_send, self.to_collect = tasks
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def device(self, *, locale: str = "en-GB") -> BrowserContext:
        context = self._browser.new_context(locale=locale, viewport={"width": 390, "height": 844})
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context

    def sign_in(self, device: BrowserContext, name: str = "周可") -> Page:
        """Open Today, and wait until it and its tasks are kept."""
        page = device.new_page()
        page.goto(f"{self.base}/sign-in?next=/store")
        page.get_by_role("button", name=name).click()
        page.wait_for_selector('#step-outbox[data-kept="yes"]', state="attached")
        return page

    def path(self, task_id: TaskId) -> str:
        return f"{self.base}/store/tasks/{task_id}"

    def state(self, task_id: TaskId) -> TaskState:
        with self.database.reading() as conn:
            return fulfilment.tasks_by_id(conn, [task_id])[0].state

    def steps(self, task_id: TaskId) -> list[str]:
        """The steps of a task's order that the log tells, in order."""
        with self.database.reading() as conn:
            order_id = fulfilment.tasks_by_id(conn, [task_id])[0].order_id
            return [one for one in subject_types(conn, order_id) if one in STEPS]


@pytest.fixture
def site(database: Database, browser: Browser) -> Generator[Site]:
    with database.transaction() as conn:
        stage = open_store(conn)
        stock_up(conn, stage.shop, {("S", "COAT"): 40, ("S", "SCARF"): 40})
        tasks = (offer(conn, stage, "K-1"), offer_to_collect(conn, stage, "K-2"))
    with served(database, settings(demo=DEMO), clock=Clock(NOON)) as base:
        site = Site(database, stage, tasks, base, browser)
        yield site
        for context in list(browser.contexts):
            context.close()
    assert site.complaints == []


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"kept-{name}.png", full_page=True)


def pulse(page: Page, count: int) -> None:
    expect(page.locator("#step-pulse")).to_have_text(f"{count} not yet sent")


def holds(page: Page, wanted: dict[TaskId, str]) -> None:
    """Wait until the phone keeps these tasks, as they stand so, and no other."""
    told = {str(task_id): state for task_id, state in wanted.items()}
    assert page.evaluate(HOLDS, [told, 20_000]) == told


def tick_all(page: Page) -> None:
    for box in page.locator(".tick-box").all():
        box.check()


def work_off(page: Page, steps: int = 4) -> None:
    """Touch through a task that is offered, as far as packed."""
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Start picking").click()
    expect(page.get_by_role("heading", name="Fetch and tick")).to_be_visible()
    tick_all(page)
    page.get_by_role("button", name="All there, all well").click()
    if steps == 4:
        page.get_by_role("button", name="Packed and labelled").click()


def test_a_task_is_worked_off_without_a_network_and_each_step_is_done_once(site: Site):
    device = site.device()
    page = site.sign_in(device)
    device.set_offline(True)
    page.goto(f"{site.base}/store")
    expect(page.locator(".task-number")).to_have_count(2)
    shot(page, "today")
    page.locator(f'a[href="/store/tasks/{site.to_send}"]').click()
    expect(page.get_by_text("Without a network: addresses and labels come")).to_be_visible()
    work_off(page)
    pulse(page, 4)
    shot(page, "packed")
    # A reload, and the phone still knows what it did.
    page.reload()
    pulse(page, 4)
    expect(page.locator("#step-page")).to_have_attribute("data-state", "packed")
    assert (site.state(site.to_send), site.steps(site.to_send)) == (TaskState.OFFERED, [])
    device.set_offline(False)
    expect(page.get_by_role("button", name="Given to the carrier")).to_be_visible()
    expect(page.locator("#step-pulse")).to_be_hidden()
    assert site.state(site.to_send) is TaskState.PACKED
    assert site.steps(site.to_send) == STEPS


def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_is_done_twice(site: Site):
    device = site.device()
    page = site.sign_in(device)
    page.goto(site.path(site.to_send))
    lost: list[str] = []

    def lose(route: Route) -> None:
        """Let the server hear it, and nobody its answer: once."""
        if lost:
            route.continue_()
            return
        lost.append(str(route.request.post_data))
        route.fetch()
        route.abort()

    page.wait_for_selector('#step-outbox[data-kept="yes"]', state="attached")
    page.route("**/store/tasks/steps", lose)
    page.get_by_role("button", name="Accept").click()
    pulse(page, 1)
    assert (len(lost), site.state(site.to_send)) == (1, TaskState.ACCEPTED)
    page.get_by_role("button", name="Start picking").click()
    expect(page.get_by_role("heading", name="Fetch and tick")).to_be_visible()
    expect(page.locator("#step-pulse")).to_be_hidden()
    assert site.steps(site.to_send) == STEPS[:2]


def test_two_tabs_that_come_back_send_each_step_once(site: Site):
    device = site.device()
    page = site.sign_in(device)
    other = device.new_page()
    other.goto(site.path(site.to_collect))
    other.wait_for_selector('#step-outbox[data-ready="yes"]', state="attached")
    device.set_offline(True)
    page.goto(site.path(site.to_collect))
    work_off(page, steps=3)
    pulse(page, 3)
    # What its customer shows is a code of the server's: packing it is kept, and goes on then.
    page.get_by_role("button", name="Packed and labelled").click()
    expect(page.get_by_text("the task goes on then")).to_be_visible()
    pulse(page, 4)
    device.set_offline(False)
    expect(page.get_by_text("Waiting for the customer")).to_be_visible()
    assert site.steps(site.to_collect) == STEPS


def test_what_the_server_refuses_holds_up_its_task_alone_until_it_is_thrown_away(site: Site):
    device = site.device()
    page = site.sign_in(device)
    device.set_offline(True)
    page.goto(site.path(site.to_send))
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Start picking").click()
    pulse(page, 2)
    page.goto(site.path(site.to_collect))
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("button", name="Start picking")).to_be_visible()
    pulse(page, 3)
    # A colleague was faster, and fetches it already.
    with site.database.transaction() as conn:
        rival = site.stage.people["lin.manager"]
        accept = AcceptTask(task_id=site.to_send, by=rival)
        succeeded(dispatch.accept(conn, [accept], scope=WHOLE_BRAND, now=NOON))
    device.set_offline(False)
    expect(page.locator("#step-refused")).to_contain_text("Accept was not taken in")
    pulse(page, 2)
    shot(page, "refused")
    assert site.steps(site.to_collect) == STEPS[:1]
    assert site.steps(site.to_send) == STEPS[:1]  # nobody picks what a colleague has
    page.get_by_role("button", name="Throw away what waits of this task").click()
    expect(page.locator("#step-pulse")).to_be_hidden()
    with site.database.transaction() as conn:
        succeeded(fulfil.pick(conn, [PickTask(task_id=site.to_send)], scope=WHOLE_BRAND, now=NOON))
    assert site.steps(site.to_send) == STEPS[:2]


def test_a_phone_keeps_no_customer_and_nothing_of_whoever_was_there_before(site: Site):
    device = site.device()
    page = site.sign_in(device)
    page.goto(site.path(site.to_send))
    page.wait_for_selector('#step-outbox[data-kept="yes"]', state="attached")
    tasks = page.evaluate(KEPT)
    assert {one["task_id"] for one in tasks} == {str(site.to_send), str(site.to_collect)}
    html = " ".join(one["html"] for task in tasks for one in task["pages"])
    assert 'name="_csrf_token" value=""' in html
    assert 'name="_csrf_token" value="0' not in html
    other = device.new_page()
    device.clear_cookies()
    other.goto(f"{site.base}/sign-in?next=/earned")
    other.get_by_role("button", name="孙倩").click()
    other.wait_for_url("**/earned")
    other.goto(f"{site.base}/store")
    other.wait_for_selector('#step-outbox[data-kept="yes"]', state="attached")
    assert other.evaluate(KEPT) == []


def test_what_is_kept_follows_what_is_done_elsewhere(site: Site):
    page = site.sign_in(site.device())
    holds(page, {site.to_send: "offered", site.to_collect: "offered"})
    tasks = (site.to_send, site.to_collect)
    with site.database.transaction() as conn:
        accepts = [AcceptTask(task_id=one) for one in tasks]
        succeeded(dispatch.accept(conn, accepts, scope=WHOLE_BRAND, now=NOON))
        succeeded(fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
    holds(page, {site.to_send: "picking", site.to_collect: "picking"})
    with site.database.transaction() as conn:
        task_id = site.to_send
        succeeded(fulfil.check(conn, [CheckTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
        succeeded(fulfil.pack(conn, [PackTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
        succeeded(fulfil.hand_over(conn, [HandOverTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    holds(page, {site.to_collect: "picking"})


def test_a_step_that_is_refused_at_once_is_said_at_once_and_waits_for_nobody(site: Site):
    device = site.device()
    page = site.sign_in(device)
    page.goto(site.path(site.to_send))
    work_off(page)
    expect(page.get_by_role("button", name="Given to the carrier")).to_be_visible()
    page.get_by_label("The carrier's number, if there is one").fill("!!")
    page.get_by_role("button", name="Given to the carrier").click()
    expect(page.locator("#step-said")).to_be_visible()
    expect(page.locator("#step-pulse")).to_be_hidden()
    expect(page.get_by_label("The carrier's number, if there is one")).to_have_value("!!")
    page.get_by_label("The carrier's number, if there is one").fill("YT123")
    page.get_by_role("button", name="Given to the carrier").click()
    expect(page.get_by_text("Done. It is on its way.")).to_be_visible()
