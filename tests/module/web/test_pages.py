"""The web edge over real HTTP: signing in and out, forms that cannot be forged, who sees which board, the stream."""

import asyncio
import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import msgspec
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import SiteId
from tests.make.databases import database_from
from tests.make.insight import line
from tests.make.org import PASSWORD
from tests.make.web import DEMO, NOW, furnish, sell, served, settings

PAGE = {"accept": "text/html", "accept-language": "en"}
TOKEN = re.compile(r'name="_csrf_token" value="([0-9a-f]+)"')


class Shop(msgspec.Struct, frozen=True):
    """A served brand: its database, its sites, its address, the browsers that are open."""

    database: Database
    sites: dict[str, SiteId]
    base: str
    browsers: ExitStack

    def browser(self, **headers: str) -> httpx.Client:
        return self.browsers.enter_context(httpx.Client(base_url=self.base, headers={**PAGE, **headers}))

    def signed_in(self, name: str, **headers: str) -> httpx.Client:
        browser = self.browser(**headers)
        answer = sign_in(browser, name, PASSWORD)
        assert answer.status_code == 303, answer.text
        return browser


@contextmanager
def opened(database: Database) -> Generator[Shop, None, None]:
    with database.transaction() as conn:
        sites = furnish(conn)
    with served(database, settings(demo=DEMO), clock=lambda: NOW) as base, ExitStack() as browsers:
        yield Shop(database, sites, base, browsers)


@pytest.fixture(scope="module")
def shop(server: EmbeddedServer, template: str) -> Generator[Shop, None, None]:
    """A brand that has sold nothing, for tests that leave no trace another would see."""
    with contextmanager(database_from)(server, template) as database, opened(database) as shop:
        yield shop


@pytest.fixture
def selling_shop(database: Database) -> Generator[Shop, None, None]:
    """A brand of the test's own, which may sell."""
    with opened(database) as shop:
        yield shop


def token_in(page: httpx.Response) -> str:
    found = TOKEN.search(page.text)
    assert found is not None
    return found.group(1)


def sign_in(browser: httpx.Client, name: str, password: str, *, path: str = "/sign-in") -> httpx.Response:
    token = token_in(browser.get(path))
    target = httpx.URL(path).params.get("next", "")
    form = {"_csrf_token": token, "sign_in_name": name, "password": password, "next": target}
    return browser.post("/sign-in", data=form)


def stream_events(lines: Any) -> Generator[tuple[str, str], None, None]:
    name = ""
    for one in lines:
        if one.startswith("event: "):
            name = one.removeprefix("event: ")
        elif one.startswith("data: "):
            yield name, one.removeprefix("data: ")


def test_who_is_not_signed_in_is_led_to_the_sign_in_page_and_back(shop: Shop):
    browser = shop.browser()
    led = browser.get("/hq/board?currency=CNY")
    assert (led.status_code, led.headers["location"]) == (302, "/sign-in?next=%2Fhq%2Fboard%3Fcurrency%3DCNY")
    back = sign_in(browser, "wang.hq", PASSWORD, path=led.headers["location"])
    assert (back.status_code, back.headers["location"]) == (303, "/hq/board?currency=CNY")
    assert browser.get("/hq/board?currency=CNY").status_code == 200


def test_whoever_takes_anything_is_led_to_the_first_page(shop: Shop):
    probe = shop.browser(accept="*/*")
    probe.follow_redirects = True
    answer = probe.get("/")
    assert (answer.status_code, answer.url.path) == (200, "/sign-in")


def test_a_program_that_is_not_signed_in_is_told_so(shop: Shop):
    answer = httpx.get(f"{shop.base}/hq/board/now", headers={"accept": "application/json"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"status": 401, "title": "Sign in first."}


def test_the_session_is_kept_from_scripts_and_other_sites(shop: Shop):
    browser = shop.browser()
    answer = sign_in(browser, "wang.hq", PASSWORD)
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("loopline_session=")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_cookies_are_for_https_alone_where_people_come_over_https(shop: Shop):
    with served(shop.database, settings(is_secure=True), clock=lambda: NOW) as base:
        page = httpx.get(f"{base}/sign-in", headers=PAGE)
        assert "Secure" in page.headers["set-cookie"]
        assert page.headers["strict-transport-security"] == "max-age=31536000"


def test_a_wrong_password_is_refused_in_the_persons_language(shop: Shop):
    browser = shop.browser(**{"accept-language": "zh-CN"})
    answer = sign_in(browser, "wang.hq", "wrong password")
    assert answer.status_code == 401
    assert "登录名或密码不正确。" in answer.text
    assert 'value="wang.hq"' in answer.text
    assert "wrong password" not in answer.text
    assert browser.get("/hq/board").status_code == 302


def test_too_many_failures_lock_the_name_and_are_counted_though_refused(shop: Shop):
    browser = shop.browser()
    statuses = [sign_in(browser, "li.store", "wrong password").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 401, 429]
    assert sign_in(browser, "li.store", PASSWORD).status_code == 429


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/language"])
def test_a_form_without_our_token_is_refused(shop: Shop, path: str):
    browser = shop.signed_in("wang.hq")
    forged = browser.post(path, data={"sign_in_name": "wang.hq", "password": PASSWORD, "language": "zh"})
    assert forged.status_code == 403
    assert browser.get("/hq/board").status_code == 200
    assert "language" not in browser.cookies


def test_signing_out_ends_the_session_in_the_database_too(shop: Shop):
    browser = shop.signed_in("wang.hq")
    kept = browser.cookies["loopline_session"]
    token = token_in(browser.get("/hq/board"))
    assert browser.post("/sign-out", data={"_csrf_token": token}).headers["location"] == "/sign-in"
    stolen = httpx.get(f"{shop.base}/hq/board", headers=PAGE, cookies={"loopline_session": kept})
    assert stolen.status_code == 302


def test_the_language_chosen_is_kept(shop: Shop):
    browser = shop.browser()
    page = browser.get("/sign-in")
    assert '<html lang="en-GB">' in page.text
    form = {"_csrf_token": token_in(page), "language": "zh", "back": "/sign-in?next=%2Fhq%2Fboard"}
    assert browser.post("/language", data=form).headers["location"] == "/sign-in?next=%2Fhq%2Fboard"
    assert '<html lang="zh-CN">' in browser.get("/sign-in").text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_nobody_is_led_away_from_us(shop: Shop, target: str):
    browser = shop.browser()
    token = token_in(browser.get("/sign-in"))
    form = {"_csrf_token": token, "sign_in_name": "wang.hq", "password": PASSWORD, "next": target}
    assert browser.post("/sign-in", data=form).headers["location"] == "/hq/board"


def test_the_demos_people_are_listed_by_role_and_only_in_a_demo(shop: Shop, database: Database):
    page = shop.browser().get("/sign-in").text
    assert [
        page.index(word) for word in ("HQ operations", "王芳", "Store manager", "李强", "Guide", "赵敏")
    ] == sorted(
        page.index(word) for word in ("HQ operations", "王芳", "Store manager", "李强", "Guide", "赵敏")
    )
    with served(database, settings(), clock=lambda: NOW) as base:
        assert "王芳" not in httpx.get(f"{base}/sign-in", headers=PAGE).text


def test_headquarters_see_everything_and_a_store_itself(selling_shop: Shop):
    with selling_shop.database.transaction() as conn:
        sell(conn, line(amount_minor=100), site=selling_shop.sites["S-01"], channel="till")
        sell(conn, line(amount_minor=2000), site=selling_shop.sites["S-02"], channel="till")
        sell(conn, line(amount_minor=30000))
    whole = selling_shop.signed_in("wang.hq").get("/hq/board/now").json()
    store = selling_shop.signed_in("li.store").get("/hq/board/now").json()
    assert "¥321.00" in whole["panels"]["figures"]
    assert "¥1.00" in store["panels"]["figures"]
    assert "徐汇店" in whole["panels"]["sites"]
    assert "徐汇店" not in store["panels"]["sites"]
    assert "徐汇店" not in store["panels"]["happenings"]


def test_a_guide_has_no_board_and_is_told_so(shop: Shop):
    guide = shop.signed_in("zhao.guide")
    page = guide.get("/hq/board")
    assert page.status_code == 403
    assert "None of your roles comes with a board." in page.text
    told = guide.get("/hq/board/now", headers={"accept": "application/json"})
    assert told.json() == {
        "status": 403,
        "type": "urn:loopline:refusal:no_board_for_you",
        "title": "None of your roles comes with a board.",
        "code": "no_board_for_you",
    }
    assert guide.get("/hq/board/stream", headers={"accept": "text/event-stream"}).status_code == 403


def test_the_surge_is_for_who_sees_the_whole_brand(selling_shop: Shop):
    for name in ("li.store", "zhao.guide"):
        browser = selling_shop.signed_in(name)
        for path in ("/hq/surge", "/hq/surge/now", "/hq/surge/stream"):
            assert browser.get(path).status_code == 403
        assert "/hq/surge" not in browser.get("/hq/board").text


def test_headquarters_find_the_surge_beside_the_board(shop: Shop):
    browser = shop.signed_in("wang.hq")
    assert 'href="/hq/surge"' in browser.get("/hq/board").text
    assert "Nothing burns." in browser.get("/hq/surge").text
    assert browser.get("/hq/surge/now").json()["chart"]["accepted"] == [0] * 300


def test_a_sale_moves_the_stream_within_a_second(selling_shop: Shop):
    browser = selling_shop.signed_in("wang.hq")
    with browser.stream(
        "GET", "/hq/board/stream", headers={"accept": "text/event-stream"}, timeout=10
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = stream_events(answer.iter_lines())
        first = next(data for name, data in events if name == "board")
        assert msgspec.json.decode(first)["is_empty"] is True
        with selling_shop.database.transaction() as conn:
            sell(conn, line(amount_minor=4242))
        moved = next(data for name, data in events if name == "board")
        assert "¥42.42" in msgspec.json.decode(moved)["panels"]["figures"]


def test_a_quiet_stream_has_a_heartbeat(shop: Shop):
    browser = shop.signed_in("wang.hq")
    with browser.stream(
        "GET", "/hq/board/stream", headers={"accept": "text/event-stream"}, timeout=10
    ) as answer:
        names = [
            name
            for name, _ in zip(
                (name for name, _ in stream_events(answer.iter_lines())), range(3), strict=False
            )
        ]
    assert names[0] == "open"
    assert "beat" in names


def test_more_people_watch_than_a_server_of_defaults_would_let_in(shop: Shop):
    session = shop.signed_in("wang.hq").cookies["loopline_session"]
    assert asyncio.run(_watch(shop.base, session, people=150)) == 150


async def _watch(base: str, session: str, *, people: int) -> int:
    """Open streams side by side; returns how many got a board while all the others were open."""
    everybody = asyncio.Barrier(people)

    async def one(browser: httpx.AsyncClient) -> bool:
        async with browser.stream("GET", "/hq/board/stream") as answer:
            async for said in answer.aiter_lines():
                if said.startswith("data: {"):
                    await everybody.wait()
                    return True
        return False

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=base, cookies={"loopline_session": session}, limits=limits
    ) as browser:
        return sum(await asyncio.wait_for(asyncio.gather(*(one(browser) for _ in range(people))), timeout=30))


def test_every_answer_is_protected(shop: Shop):
    browser = shop.browser()
    for path, status in (
        ("/sign-in", 200),
        ("/nowhere", 404),
        ("/static/loopline.css", 200),
        ("/healthz", 200),
    ):
        answer = browser.get(path)
        assert answer.status_code == status
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


def test_pages_have_no_script_or_style_that_the_policy_forbids(selling_shop: Shop):
    with selling_shop.database.transaction() as conn:
        sell(conn, line(amount_minor=100), site=selling_shop.sites["S-01"])
    for page in (selling_shop.browser().get("/sign-in"), selling_shop.signed_in("wang.hq").get("/hq/board")):
        assert " style=" not in page.text
        assert " onclick=" not in page.text
        assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page.text) == []


def test_assets_may_be_kept_for_good_because_their_content_names_them(shop: Shop):
    page = shop.browser().get("/sign-in").text
    (address,) = re.findall(r'href="(/static/loopline\.css\?v=[0-9a-f]{12})"', page)
    asset = shop.browser().get(address)
    assert asset.status_code == 200
    assert "immutable" in asset.headers["cache-control"]


def test_health_and_metrics(shop: Shop):
    assert httpx.get(f"{shop.base}/healthz").json() == {"status": "ok"}
    shop.browser().get("/nowhere")
    told = httpx.get(f"{shop.base}/metrics").text
    assert 'loopline_http_requests_total{method="GET",route="/healthz",status="200"}' in told
    assert 'loopline_http_requests_total{method="GET",route="none",status="404"}' in told


def test_metrics_can_be_kept_to_oneself(shop: Shop):
    with served(shop.database, settings(shows_metrics=False), clock=lambda: NOW) as base:
        assert httpx.get(f"{base}/metrics").status_code == 404


def test_a_page_that_is_not_there_says_so(shop: Shop):
    page = shop.browser(**{"accept-language": "zh"}).get("/nowhere")
    assert page.status_code == 404
    assert "没有这个页面" in page.text
    assert httpx.get(f"{shop.base}/nowhere").headers["content-type"] == "application/problem+json"


def test_the_language_can_be_chosen_on_a_page_that_is_not_there(shop: Shop):
    browser = shop.browser()
    assert TOKEN.search(browser.get("/nowhere").text) is None  # nothing to sign a form with yet: no form
    browser.get("/sign-in")
    form = {"_csrf_token": token_in(browser.get("/nowhere")), "language": "zh", "back": "/nowhere"}
    assert browser.post("/language", data=form).headers["location"] == "/nowhere"
    assert "没有这个页面" in browser.get("/nowhere").text


def test_health_says_when_the_database_is_away(database: Database):
    with served(database, settings(), clock=lambda: NOW) as base:
        database.close()
        away = httpx.get(f"{base}/healthz", timeout=60)
        assert (away.status_code, away.json()) == (503, {"status": "database away"})
