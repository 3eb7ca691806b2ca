"""The store's phone as an app: Chromium says whether it would install it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from loopline.db import Database
from tests.browser.conftest import ARGUMENTS, chromium
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser


def test_a_phone_can_install_the_store(database: Database, browser: Browser, tmp_path: Path):
    with database.transaction() as conn:
        open_store(conn)
    with served(database, settings(demo=DEMO)) as base:
        # A browser of its own: one that keeps nothing installs nothing.
        phone = browser.browser_type.launch_persistent_context(
            tmp_path,
            executable_path=chromium(),
            args=ARGUMENTS,
            locale="zh-CN",
            viewport={"width": 390, "height": 844},
        )
        page = phone.new_page()
        page.goto(f"{base}/sign-in?next=/store")
        page.get_by_role("button", name="周可").click()
        page.wait_for_selector("#today")
        session: Any = phone.new_cdp_session(page)
        told = session.send("Page.getAppManifest")
        assert (told["errors"], told["manifest"]["name"]) == ([], "环线门店")
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        phone.close()
