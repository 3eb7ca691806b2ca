"""WCAG 2.2 AA: axe finds nothing to say of any page, light and dark, on a phone and at a desk.

Which pages there are is asked of the application, and who opens each of `tests/make/rights.txt`. One brand serves all.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page

from loopline import org
from loopline.db.embedded import EmbeddedServer
from loopline.org import Permission, Role
from loopline.web.app import create_app
from loopline.web.languages import languages
from loopline.web.statements.files import Order, spelt_for_paper
from loopline.web.vendor import FILES
from tests.make.addresses import addresses_of
from tests.make.databases import database_from
from tests.make.rights import Mark, Rule, rules_by_address
from tests.make.shop import NOON
from tests.make.store import DEMO
from tests.make.two_branches import Branches, two_branches
from tests.make.web import settings

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (390, 1440)
SCHEMES = ("light", "dark")
SHARES = 4
IN_ENGLISH = {"/hq/board", "/hq/payouts", "/live/desk", "/shop", "/sign-in", "/store"}
_MONEY = {
    Permission.BILLS_READ,
    Permission.CLOSES_READ,
    Permission.EARNINGS_READ,
    Permission.LEDGER_READ,
    Permission.PAYOUTS_READ,
}
# Their scripts fetch what they show.
FILLED_LATER = {"/store/count", "/store/round", "/store/till"}
# What folds open in its place is part of the page; sheets that lie over it are opened for themselves.
UNFOLD = "() => document.querySelectorAll('details:not(.menu, .sites, .way-group)').forEach(one => (one.open = true))"
SETTLE = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
LOOK = "([within, rules]) => axe.run(within, {runOnly: rules, resultTypes: ['violations']})"
# All that a scheme decides.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
PICTURES = os.environ.get("LOOPLINE_PICTURES")


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A page, and the cookie of who opens it."""

    path: str
    cookie: tuple[str, str] | None = None


@pytest.fixture(scope="module")
def branches(server: EmbeddedServer, template: str) -> Generator[Branches, None, None]:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `make setup`")
    with (
        contextmanager(database_from)(server, template) as database,
        two_branches(database, demo=DEMO) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def pages(branches: Branches) -> list[Opened]:
    """Every address that answers somebody with a whole page, and what is not there."""
    rules = rules_by_address()
    found = [Opened(path="/nowhere"), *_of_others(branches)]
    with httpx.Client(base_url=branches.base, timeout=60) as client:
        for address in addresses_of(create_app(branches.database, settings())):
            if address.method != "GET" or address.is_api or address.path.endswith("/stream"):
                continue
            opened = Opened(
                path=address.filled(branches.names), cookie=_cookie(rules[address.name], branches)
            )
            cookie = "=".join(opened.cookie) if opened.cookie else ""
            answer = client.get(opened.path, headers={"accept": "text/html", "cookie": cookie})
            if answer.status_code == 200 and answer.text.startswith("<!doctype html>"):
                found.append(opened)
    return found


def _of_others(branches: Branches) -> list[Opened]:
    """What a dealer and a member see of pages that others open too, or that want to be asked for something."""
    dealer, member = ("loopline_session", branches.home[Role.DEALER]), ("loopline_member", branches.member)
    paths = {
        dealer: ("/hq/board", "/hq/sourcing", "/earned"),
        member: ("/p/COAT?sku=COAT", "/checkout?sku=COAT"),
    }
    return [Opened(path=path, cookie=cookie) for cookie, of in paths.items() for path in of]


def _cookie(rule: Rule, branches: Branches) -> tuple[str, str] | None:
    """Of whoever opens it; finance comes first where it does what others only read."""
    if rule.for_anybody:
        return None
    by = (Role.FINANCE, Role.HQ_OPERATIONS) if _MONEY & rule.needs else (Role.HQ_OPERATIONS,)
    for role in (*by, Role.STORE_MANAGER):
        if rule.of_role(role) is not Mark.REFUSED:
            return "loopline_session", branches.home[role]
    return "loopline_member", branches.member


@contextmanager
def opened_page(browser: Browser, branches: Branches, opened: Opened) -> Generator[Page]:
    """A page as it stands, in a browser that moves nothing."""
    locale = "en-GB" if opened.path in IN_ENGLISH else "zh-CN"
    context = browser.new_context(locale=locale, reduced_motion="reduce", service_workers="block")
    if opened.cookie:
        name, value = opened.cookie
        context.add_cookies([{"name": name, "value": value, "url": branches.base}])
    page = context.new_page()
    page.goto(f"{branches.base}{opened.path}")
    if opened.path in FILLED_LATER:
        page.wait_for_load_state("networkidle")
    page.evaluate(UNFOLD)
    yield page
    context.close()


def violations(page: Page, name: str, *, within: str = "html") -> list[str]:
    """What axe says of a page, or of a part of it, in both widths and both schemes."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(SETTLE)
            if PICTURES:
                file = f"{name.strip('/').replace('/', '-').partition('?')[0]}-{width}-{scheme}.png"
                page.screenshot(path=Path(PICTURES) / file, full_page=True)
            rules = STANDARD if scheme == "light" else OF_COLOURS
            said: dict[str, Any] = page.evaluate(LOOK, [within, rules])
            found += [
                f"{name} at {width}, {scheme}: {one['id']}: {node['target']} {node['failureSummary']}"
                for one in said["violations"]
                for node in one["nodes"]
            ]
    return found


@pytest.mark.parametrize("share", range(SHARES))
def test_axe_finds_nothing_to_say_of_any_page(
    branches: Branches, browser: Browser, pages: list[Opened], share: int
):
    assert len(pages) > 60
    found: list[str] = []
    for opened in pages[share::SHARES]:
        with opened_page(browser, branches, opened) as page:
            found += violations(page, opened.path)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_to_say_of_a_task_on_its_way(branches: Branches, browser: Browser):
    path, token = f"/store/tasks/{branches.names['task_id']}", branches.home[Role.STORE_MANAGER]
    found: list[str] = []
    with httpx.Client(base_url=f"{branches.base}/api/v1", timeout=60) as client:
        for step in ("accept", "pick", "check", "pack", "hand-over"):
            item = {"task_id": branches.names["task_id"]}
            headers = {"authorization": f"Bearer {token}"}
            done = client.post(f"/tasks/{step}", json={"items": [item]}, headers=headers)
            assert "value" in done.json()["outcomes"][0], done.text
            opened = Opened(path=path, cookie=("loopline_session", token))
            with opened_page(browser, branches, opened) as page:
                found += violations(page, f"{path} after {step}")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_to_say_of_a_promotion_that_was_tried(branches: Branches, browser: Browser):
    token = branches.home[Role.HQ_OPERATIONS]
    draft = {
        "code": "TEN",
        "name": "九折",
        "currency": "CNY",
        "effect": {"kind": "percentage", "basis_points": 1_000},
        "comment": "双十二",
    }
    with httpx.Client(base_url=f"{branches.base}/api/v1", timeout=60) as client:
        headers = {"authorization": f"Bearer {token}"}
        saved = client.post("/promotions", json={"items": [draft]}, headers=headers)
        assert "value" in saved.json()["outcomes"][0], saved.text
    opened = Opened(path="/hq/promotions", cookie=("loopline_session", token))
    with opened_page(browser, branches, opened) as page:
        page.locator("form[action='/hq/promotions/try'] button").click()
        page.locator("#tried").wait_for()
        found = violations(page, "/hq/promotions with a try")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_to_say_of_a_statement_on_paper(branches: Branches, browser: Browser):
    with branches.database.reading() as conn:
        (party,) = [one for one in org.branch_parties(conn) if one.code == "STORE-D"]
        days = (NOON.date(), (NOON + timedelta(days=1)).date())
        order = Order(party=party, days=days, zone="Asia/Shanghai", language=languages()["zh"])
        spelt = spelt_for_paper(conn, order)
    page = browser.new_page()
    page.set_content(spelt)
    found = violations(page, "a statement on paper")
    page.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("sheet", ["details.menu", "details.sites"])
def test_axe_finds_nothing_to_say_of_a_sheet_that_lies_over_a_page(
    branches: Branches, browser: Browser, sheet: str
):
    opened = Opened(path="/store", cookie=("loopline_session", branches.home[Role.HQ_OPERATIONS]))
    with opened_page(browser, branches, opened) as page:
        page.set_viewport_size({"width": WIDTHS[0], "height": 844})
        page.locator(f"{sheet} > summary").click()
        found = violations(page, f"/store under {sheet}", within=sheet)
    assert not found, "\n".join(found)


def test_axe_is_no_part_of_what_browsers_are_given():
    assert not [source for source in FILES if source.startswith("axe-core")]
