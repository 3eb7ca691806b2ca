"""The camera as a scanner: codes held before it are read by ZXing, the real one, and typed as a hand scanner types."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import segno
from playwright.sync_api import Browser, expect

from loopline import orders
from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import AcceptTask, CheckTask, PackTask, PickTask
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch, fulfil
from loopline.web.collection import collection_code
from tests.browser.conftest import ARGUMENTS, chromium
from tests.make.org import succeeded
from tests.make.photos import photo
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, offer, offer_to_collect, open_store
from tests.make.video import write_qr_video, write_video
from tests.make.web import SECRET, served, settings

pytestmark = pytest.mark.browser

COAT = "6901234567892"


HAS_READER = """async (patience) => {
    const until = performance.now() + patience;
    for (;;) {
        const { length } = await (await caches.open('loopline-camera')).keys();
        if (length > 0 || performance.now() > until) return length;
        await new Promise(requestAnimationFrame);
    }
}"""


@contextmanager
def seeing(browser: Browser, video: Path) -> Generator[Browser]:
    """A browser whose camera sees the video."""
    running = browser.browser_type.launch(
        executable_path=chromium(),
        args=[
            *ARGUMENTS,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        ],
    )
    yield running
    running.close()


def test_what_is_held_before_the_camera_is_counted_once(database: Database, browser: Browser, tmp_path: Path):
    video = tmp_path / "bars.y4m"
    write_video(video, COAT)
    with database.transaction() as conn:
        open_store(conn)
    with served(database, settings(demo=DEMO)) as base, seeing(browser, video) as running:
        page = running.new_page(locale="en-GB", viewport={"width": 390, "height": 844})
        page.goto(f"{base}/sign-in?next=/store/count")
        page.get_by_role("button", name="周可").click()
        page.wait_for_selector('#count[data-learnt="yes"]')
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("button", name="Camera").click()
        expect(page.locator("#count-last-name")).to_have_text("双面羊绒大衣", timeout=30_000)
        expect(page.locator("#count-number")).to_have_text("1")


def test_the_code_a_customer_holds_before_the_camera_finds_the_parcel(
    database: Database, browser: Browser, tmp_path: Path
):
    with database.transaction() as conn:
        stage = open_store(conn)
        task_id = offer_to_collect(conn, stage, "C-1")
        other = offer_to_collect(conn, stage, "C-2")
        tasks = [task_id, other]
        succeeded(
            dispatch.accept(conn, [AcceptTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON)
        )
        succeeded(fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
        succeeded(fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
        packs = [
            PackTask(
                task_id=one,
                code=collection_code(one, secret=SECRET),
                collect_by=NOON + timedelta(days=7),
            )
            for one in tasks
        ]
        succeeded(fulfil.pack(conn, packs, scope=WHOLE_BRAND, now=NOON))
        head = orders.order_by_id(conn, fulfilment.tasks_by_id(conn, [task_id])[0].order_id)
        assert head is not None
    video = tmp_path / "qr.y4m"
    write_qr_video(video, collection_code(task_id, secret=SECRET))
    asked: list[str] = []
    with served(database, settings(demo=DEMO), clock=Clock()) as base, seeing(browser, video) as running:
        page = running.new_page(locale="en-GB", viewport={"width": 390, "height": 844})
        page.on("request", lambda one: asked.append(one.url))
        page.goto(f"{base}/sign-in?next=/store/collect")
        page.get_by_role("button", name="林晓梅").click()
        expect(page.locator(".task-number")).to_have_count(2)
        camera = page.get_by_role("button", name="Camera")
        expect(camera).to_be_visible()
        assert not [one for one in asked if "zxing" in one]
        camera.click()
        expect(page.locator(".parcel-number")).to_have_text(head.number, timeout=30_000)
        page.get_by_role("button", name="Given to the customer").click()
        expect(page.get_by_text("The customer has it")).to_be_visible()


def test_the_till_scans_goods_and_a_task_ticks_what_is_fetched(
    database: Database, browser: Browser, tmp_path: Path
):
    video = tmp_path / "bars.y4m"
    write_video(video, COAT)
    with database.transaction() as conn:
        stage = open_store(conn)
        task_id = offer(conn, stage, "P-1")
        accept = AcceptTask(task_id=task_id, by=stage.people["lin.manager"])
        succeeded(dispatch.accept(conn, [accept], scope=WHOLE_BRAND, now=NOON))
        succeeded(fulfil.pick(conn, [PickTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    asked: list[str] = []
    with served(database, settings(demo=DEMO), clock=Clock()) as base, seeing(browser, video) as running:
        page = running.new_page(locale="en-GB", viewport={"width": 390, "height": 844})
        page.on("request", lambda one: asked.append(one.url))
        page.goto(f"{base}/sign-in?next=/store/till")
        page.get_by_role("button", name="林晓梅").click()
        page.wait_for_selector('#till[data-kept="yes"]')
        assert not [one for one in asked if "zxing" in one]
        page.locator('[data-camera="till-scan"]').click()
        expect(page.locator("#till-cart .till-line")).to_have_count(1, timeout=30_000)
        expect(page.locator("#till-cart b").first).to_have_text("双面羊绒大衣")
        page.get_by_role("button", name="Close the camera").click()
        assert [one for one in asked if "zxing" in one]
        assert page.evaluate(HAS_READER, 20_000) == 2  # the script and its program
        page.goto(f"{base}/store/tasks/{task_id}")
        page.wait_for_selector('#step-outbox[data-kept="yes"]', state="attached")
        # The camera was used on this phone: it reads there without a network, too.
        page.context.set_offline(True)
        page.reload()
        expect(page.get_by_text("Without a network: addresses and labels come")).to_be_visible()
        page.locator('[data-camera="scan"]').click()
        expect(page.locator(".tick-box:checked")).to_have_count(1, timeout=30_000)


def test_where_no_page_may_look_a_picture_of_the_code_is_taken_and_read(
    database: Database, browser: Browser, tmp_path: Path
):
    picture = tmp_path / "code.png"
    with database.transaction() as conn:
        stage = open_store(conn)
        task_id = offer_to_collect(conn, stage, "C-1")
        succeeded(dispatch.accept(conn, [AcceptTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
        succeeded(fulfil.pick(conn, [PickTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
        succeeded(fulfil.check(conn, [CheckTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
        code = collection_code(task_id, secret=SECRET)
        pack = PackTask(task_id=task_id, code=code, collect_by=NOON + timedelta(days=7))
        succeeded(fulfil.pack(conn, [pack], scope=WHOLE_BRAND, now=NOON))
    segno.make(code, error="m", micro=False).save(str(picture), scale=12, border=4)
    nothing = tmp_path / "nothing.png"
    nothing.write_bytes(photo(form="PNG"))
    with served(database, settings(demo=DEMO), clock=Clock()) as base:
        page = browser.new_page(locale="en-GB", viewport={"width": 390, "height": 844})
        # WeChat's browser gives pages no camera.
        page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
        page.goto(f"{base}/sign-in?next=/store/collect")
        page.get_by_role("button", name="林晓梅").click()
        for shown in (nothing, picture):
            with page.expect_file_chooser() as chooser:
                page.get_by_role("button", name="Picture of the code").click()
            assert not chooser.value.is_multiple()
            chooser.value.set_files(shown)
            if shown == nothing:
                expect(page.get_by_text("No code can be read in this picture")).to_be_visible(timeout=30_000)
        expect(page.locator(".parcel-number")).to_have_text(re.compile(r"\w+"), timeout=30_000)
        page.close()
