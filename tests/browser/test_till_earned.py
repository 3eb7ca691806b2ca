"""What a sale earns who rang it up: on their screen as soon as the server has it, and on nobody else's."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from loopline.db import Database
from tests.browser.test_till import opened, ring_up, says

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("LOOPLINE_PICTURES")
WORDS = {"en-GB": ("CN¥3.00", "All sent", "林晓梅"), "zh-CN": ("¥3.00", "已全部上传", "林晓梅")}


@pytest.mark.parametrize("locale", list(WORDS))
def test_a_guide_sees_at_once_what_a_sale_earns(database: Database, browser: Browser, locale: str):
    earned, sent, manager = WORDS[locale]
    with opened(database, browser) as store:
        for width in (390, 1440):
            device = store.device(width=width, locale=locale)
            page = store.sign_in(device.new_page())
            told = page.locator(".till-earned")
            device.set_offline(True)
            ring_up(page, "COAT")
            expect(told).to_be_hidden()  # nothing is known of it yet
            device.set_offline(False)
            says(page, sent)
            expect(told).to_be_visible()
            expect(told).to_contain_text(earned)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"till-earned-{width}-{locale}.png", full_page=True)
            other = store.sign_in(store.device(width=width, locale=locale).new_page(), manager)
            ring_up(other, "COAT")
            says(other, sent)
            expect(other.locator(".till-receipt")).to_be_visible()
            expect(other.locator(".till-earned")).to_be_hidden()
