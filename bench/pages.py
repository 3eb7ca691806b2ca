"""`pages`: how long a phone waits for a page the first time, four times slower than here, at 1.6 Mbit/s."""

from typing import Any

import msgspec
from playwright.sync_api import Browser, StorageState, sync_playwright

from bench.workplace import new_database
from tests.browser.conftest import ARGUMENTS, chromium
from tests.make.first_load import FirstLoad, first_load
from tests.make.store import DEMO, Clock, offer, open_store
from tests.make.web import served, settings

LATENCIES = (0, 150)
"""Round trips in milliseconds: none, and those of a slow mobile network."""
PATHS = ("/store", "/store/stock", "/store/returns", "/store/till", "/store/count", "/earned")
_TIMES = 3


def report() -> dict[str, Any]:
    """Load the pages of a store's phone, each three times by a browser that knows nothing; the middle one counts."""
    path = chromium()
    assert path is not None, "no Chromium here"
    with new_database() as database, sync_playwright() as playwright:
        with database.transaction() as conn:
            stage = open_store(conn)
            task_id = offer(conn, stage, "F-1")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with served(database, settings(demo=DEMO), clock=Clock()) as base:
            signed_in = _signed_in(browser, base)
            paths = [*PATHS, f"/store/tasks/{task_id}"]
            slow = {
                latency: [_middle(browser, base, one, signed_in, latency) for one in paths]
                for latency in LATENCIES
            }
        browser.close()
    return {
        "bytes_most": max(one.bytes for one in slow[0]),
        **{
            f"usable_ms_most_at_{latency}_ms": max(one.usable_ms for one in loads)
            for latency, loads in slow.items()
        },
        **{
            f"seen_ms_most_at_{latency}_ms": max(one.seen_ms for one in loads)
            for latency, loads in slow.items()
        },
        "pages": [msgspec.to_builtins(one) for loads in slow.values() for one in loads],
    }


def _signed_in(browser: Browser, base: str) -> StorageState:
    page = browser.new_page()
    page.goto(base)
    page.get_by_role("button", name="林晓梅").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page.context.storage_state()


def _middle(browser: Browser, base: str, path: str, signed_in: StorageState, latency: int) -> FirstLoad:
    loads = [first_load(browser, base, path, signed_in=signed_in, latency_ms=latency) for _ in range(_TIMES)]
    return sorted(loads, key=lambda one: one.usable_ms)[_TIMES // 2]
