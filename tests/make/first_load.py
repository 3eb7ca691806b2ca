"""How heavy a page is and how long it takes the first time, on a slow phone at a slow network, as Chromium sees it."""

from typing import Any

import msgspec
from playwright.sync_api import Browser, Page, StorageState

PHONE: Any = {"width": 390, "height": 844}
SLOW_CPU = 4
SLOW_BITS_PER_SECOND = 1_600_000
_FIRST_SEEN = """() => new Promise(seen => new PerformanceObserver(
  (list, watcher) => { watcher.disconnect(); seen(list.getEntries().at(-1).startTime); }
).observe({type: 'largest-contentful-paint', buffered: true}))"""
_LOADED = "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


class FirstLoad(msgspec.Struct, frozen=True, kw_only=True):
    """A page loaded by a browser that had nothing of it. `bytes`: as they came over the wire, headers too.

    `seen_ms`: until its largest part was painted; `usable_ms`: until its scripts have run and it answers a touch. Both
    since the address was asked for.
    """

    path: str
    bytes: int
    files: int
    seen_ms: int
    usable_ms: int


def first_load(
    browser: Browser,
    base: str,
    path: str,
    *,
    signed_in: StorageState | None = None,
    latency_ms: int | None = None,
) -> FirstLoad:
    """Load a page in a new context; with `latency_ms` on a slow phone at a slow network of that round trip."""
    context = browser.new_context(viewport=PHONE, storage_state=signed_in, locale="zh-CN")
    try:
        page = context.new_page()
        weights = _weighed(page, latency_ms)
        answer = page.goto(f"{base}{path}", wait_until="load")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        assert page.url == f"{base}{path}", page.url
        return FirstLoad(
            path=path,
            bytes=sum(weights),
            files=len(weights),
            seen_ms=round(page.evaluate(_FIRST_SEEN)),
            usable_ms=round(page.evaluate(_LOADED)),
        )
    finally:
        context.close()


def _weighed(page: Page, latency_ms: int | None) -> list[int]:
    """What each file weighed, filled in as it comes."""
    weights: list[int] = []
    session: Any = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def weigh(done: dict[str, float]) -> None:
        weights.append(round(done["encodedDataLength"]))

    session.on("Network.loadingFinished", weigh)
    if latency_ms is not None:
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": latency_ms,
                "downloadThroughput": SLOW_BITS_PER_SECOND / 8,
                "uploadThroughput": SLOW_BITS_PER_SECOND / 8,
            },
        )
    return weights
