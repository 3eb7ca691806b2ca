"""A Chromium to look with: the system's, headless; skipped with a sentence where there is none."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The path of a Chromium: the one LOOPLINE_CHROMIUM names, else the system's."""
    named = os.environ.get("LOOPLINE_CHROMIUM")
    if named:
        return named
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@contextmanager
def launched() -> Generator[Browser]:
    """Let a Chromium run; skips with a sentence where there is none to run, or nothing for it to show."""
    path = chromium()
    if path is None:
        pytest.skip(
            "no Chromium here: install chromium or name one in LOOPLINE_CHROMIUM to run the browser tests"
        )
    vendor = Path(__file__).parents[2] / "src/loopline/web/static/vendor/tabler.min.css"
    if not vendor.is_file():
        pytest.skip("the browser packages are not installed: run `make setup`")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser() -> Generator[Browser, None, None]:
    with launched() as running:
        yield running
