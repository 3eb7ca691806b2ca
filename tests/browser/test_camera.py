"""The camera as a scanner: bars held before it are read by ZXing, the real one, and typed as a hand scanner types."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from loopline.db import Database
from tests.browser.conftest import ARGUMENTS, chromium
from tests.make.store import DEMO, open_store
from tests.make.video import write_video
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

COAT = "6901234567892"


def test_what_is_held_before_the_camera_is_counted_once(database: Database, browser: Browser, tmp_path: Path):
    video = tmp_path / "bars.y4m"
    write_video(video, COAT)
    with database.transaction() as conn:
        open_store(conn)
    seeing = browser.browser_type.launch(
        executable_path=chromium(),
        args=[
            *ARGUMENTS,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        ],
    )
    with served(database, settings(demo=DEMO)) as base:
        page = seeing.new_page(locale="en-GB", viewport={"width": 390, "height": 844})
        page.goto(f"{base}/sign-in?next=/store/count")
        page.get_by_role("button", name="周可").click()
        page.wait_for_selector('#count[data-learnt="yes"]')
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("button", name="Camera").click()
        expect(page.locator("#count-last-name")).to_have_text("双面羊绒大衣", timeout=30_000)
        expect(page.locator("#count-number")).to_have_text("1")
        seeing.close()
