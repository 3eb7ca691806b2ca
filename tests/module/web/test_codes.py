"""Scan landing and the sheet of codes, over real HTTP: what a phone's camera opens, what a store prints."""

import re
from collections.abc import Generator
from contextlib import ExitStack
from http.cookies import Morsel, SimpleCookie
from uuid import UUID

import httpx
import msgspec
import pytest

from loopline import customers
from loopline.db import Database
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.touch import WantedTouchpoint, retire_touchpoints
from loopline.touchpoints import TouchpointKind
from loopline.web.touch.landing import channel_of
from loopline.web.touch.sheet import Place, WantedCodes, missing, spelt
from tests.make.org import PASSWORD, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.store import DEMO, dress_up, open_store
from tests.make.touchpoints import code_of, member_of
from tests.make.web import served, settings
from tests.module.web.test_pages import PAGE, sign_in, token_in

CODE = re.compile(r'class="code-spelt">([0-9A-Z-]+)<')
GTIN = "06901234567892"
WECHAT = "Mozilla/5.0 (iPhone) AppleWebKit/605 MicroMessenger/8.0.49"


class Brand(msgspec.Struct, frozen=True):
    """A served brand, and its browsers."""

    database: Database
    base: str
    browsers: ExitStack

    def phone(self, **headers: str) -> httpx.Client:
        return self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE | headers))

    def staff(self, name: str) -> httpx.Client:
        browser = self.phone()
        assert sign_in(browser, name, PASSWORD).status_code == 303
        return browser

    def code(self, kind: TouchpointKind, **names: str) -> str:
        with self.database.transaction() as conn:
            return code_of(conn, kind, **names)

    def member(self) -> MemberId:
        with self.database.transaction() as conn:
            return member_of(conn)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.database.reading() as conn:
            return conn.execute(statement.encode()).fetchall()


@pytest.fixture
def brand(database: Database) -> Generator[Brand, None, None]:
    """A brand to scan at."""
    with database.transaction() as conn:
        open_shop(conn, units=0)
        dress_up(conn)
    yield from opened(database)


@pytest.fixture
def staffed(database: Database) -> Generator[Brand, None, None]:
    """A brand with people who sign in; their passwords take a second to set."""
    with database.transaction() as conn:
        open_store(conn)
    yield from opened(database)


def opened(database: Database) -> Generator[Brand, None, None]:
    web = settings(demo=DEMO, public_url="https://shop.example/")
    with served(database, web, clock=lambda: NOON) as base, ExitStack() as browsers:
        yield Brand(database, base, browsers)


# ---- landing


def visitor_in(answer: httpx.Response) -> Morsel[str]:
    """The cookie by which a browser is known again."""
    jars = [SimpleCookie(one) for one in answer.headers.get_list("set-cookie")]
    return next(jar["loopline_visitor"] for jar in jars if "loopline_visitor" in jar)


def test_a_scan_leads_to_its_page_and_the_browser_is_known_again(brand: Brand):
    code = brand.code(TouchpointKind.SHELF, site_code="S", product_code="COAT")
    phone = brand.phone(**{"user-agent": WECHAT})
    answer = phone.get(f"/t/{code}")
    assert (answer.status_code, answer.headers["location"]) == (302, "/p/COAT?site=S")
    assert answer.headers["cache-control"] == "no-store"
    cookie = visitor_in(answer)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    visitor = UUID(cookie.value)
    assert visitor.version == 4
    again = phone.get(f"/t/{code.lower()}")
    assert visitor_in(again).value == str(visitor)
    # A page loaded twice is one scan, and nothing but the random id and the kind of browser is kept.
    assert brand.rows("select visitor, member_id, channel from touchpoints.scan") == [
        (visitor, None, "wechat")
    ]


def test_a_member_scans_in_the_own_name(brand: Brand):
    member_id = brand.member()
    with brand.database.transaction() as conn:
        (session,) = succeeded(customers.begin_sessions(conn, [member_id], now=NOON))
    phone = brand.phone()
    phone.cookies.set("loopline_member", session.token)
    assert phone.get(f"/t/{brand.code(TouchpointKind.STORE, site_code='S')}").headers["location"] == "/s/S"
    assert brand.rows("select member_id, channel from touchpoints.scan") == [(member_id, "browser")]
    assert brand.rows("select role from customers.binding") == [("store",)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_forged_or_retired_code_says_what_to_do_next(brand: Brand, language: str):
    phone = brand.phone(**{"accept-language": language})
    unknown = phone.get("/t/0000000000")
    assert unknown.status_code == 404
    assert "/shop" in unknown.text
    code = brand.code(TouchpointKind.STORE, site_code="S")
    with brand.database.transaction() as conn:
        succeeded(retire_touchpoints(conn, [code], scope=WHOLE_BRAND, now=NOON))
    gone = phone.get(f"/t/{code}")
    assert gone.status_code == 410
    words = {"en": "This code is no longer in use", "zh": "这个码已停用"}[language]
    assert words in gone.text
    for strange in ("/t/%00", "/t/" + "x" * 3_000, "/t/%E4%B8%AD"):
        assert phone.get(strange).status_code == 404
    assert "loopline_visitor" not in unknown.headers.get("set-cookie", "")
    assert brand.rows("select count(*) from touchpoints.scan") == [(0,)]


def test_a_cookie_that_is_no_id_is_nobody(brand: Brand):
    phone = brand.phone()
    phone.cookies.set("loopline_visitor", "'; drop table")
    answer = phone.get(f"/t/{brand.code(TouchpointKind.STORE, site_code='S')}")
    assert UUID(visitor_in(answer).value).version == 4


def test_a_digital_link_leads_to_its_product_whatever_stands_behind_it(brand: Brand):
    phone = brand.phone()
    for path in (
        f"/01/{GTIN}",
        f"/01/{GTIN[1:]}",
        f"/01/{GTIN}/10/LOT-7/21/S%2F1",
        f"/01/{GTIN}?17=280229&linkType=gs1:pip",
    ):
        answer = phone.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, "/p/COAT?sku=COAT"), path
    assert brand.rows("select kind, gtin from touchpoints.touchpoint") == [("product", GTIN)]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/01/{GTIN[:-1]}3", 400),
        (f"/01/{GTIN}/10/", 400),
        (f"/01/{GTIN}/21/A/10/B", 400),
        (f"/01/{GTIN}?17=280230", 400),
        (f"/01/{GTIN}/10/%ff", 400),
        ("/01/09520123456788", 404),
    ],
)
def test_a_digital_link_that_is_none_is_refused(brand: Brand, path: str, status: int):
    assert brand.phone().get(path).status_code == status
    assert brand.rows("select count(*) from touchpoints.touchpoint") == [(0,)]


@pytest.mark.parametrize(
    ("agent", "channel"),
    [
        (WECHAT, "wechat"),
        (WECHAT + " miniProgram/wx123", "mini_program"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130", "browser"),
        ("", "browser"),
    ],
)
def test_the_channel_is_what_the_browser_says_it_is(agent: str, channel: str):
    assert channel_of(agent) == channel


# ---- the sheet


def made(browser: httpx.Client, **fields: object) -> httpx.Response:
    page = browser.get("/hq/codes", params={"site": str(fields["site"])})
    return browser.post("/hq/codes/make", data={"_csrf_token": token_in(page), **fields})


def test_a_store_makes_its_codes_prints_them_and_gets_no_second_ones(staffed: Brand):
    manager = staffed.staff("lin.manager")
    empty = manager.get("/hq/codes")
    assert empty.status_code == 200
    assert CODE.findall(empty.text) == []
    wanted = {"site": "S", "store": "on", "guide": ["GUIDE-ZHOU"], "product": ["COAT", "HAT"], "tables": "2"}
    answer = made(manager, **wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, "/hq/codes?site=S")
    sheet = manager.get("/hq/codes?site=S")
    codes = CODE.findall(sheet.text)
    assert len(codes) == 6
    assert sheet.text.count("<svg xmlns") == 6
    assert all(re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code) for code in codes)
    assert "周可" in sheet.text
    # Sent twice, the sheet is the same sheet.
    made(manager, **wanted)
    assert CODE.findall(manager.get("/hq/codes?site=S").text) == codes
    assert len(CODE.findall(manager.get("/hq/codes?site=S&kind=shelf").text)) == 2
    # What is printed is what a camera opens.
    kind = staffed.rows(f"select kind from touchpoints.touchpoint where code = '{codes[0].replace('-', '')}'")
    assert kind == [("store",)]
    assert staffed.phone().get(f"/t/{codes[0]}").headers["location"] == "/s/S"


def test_a_store_sees_and_makes_no_codes_of_others(staffed: Brand):
    staffed.code(TouchpointKind.STORE, site_code="D")
    manager = staffed.staff("lin.manager")
    page = {"accept": "text/html"}
    assert manager.get("/hq/codes?site=D", headers=page).status_code == 403
    assert 'value="D"' not in manager.get("/hq/codes").text
    token = token_in(manager.get("/hq/codes"))
    for form in (
        {"site": "D", "store": "on"},
        {"site": "S", "guide": "GUIDE-NONE"},
        {"site": "*", "product": "COAT"},
    ):
        answer = manager.post("/hq/codes/make", data={"_csrf_token": token, **form})
        assert answer.status_code in {403, 422}, form
    (code,) = staffed.rows("select code from touchpoints.touchpoint")[0]
    taken = manager.post("/hq/codes/retire", data={"_csrf_token": token, "site": "S", "code": str(code)})
    assert taken.status_code == 403
    assert staffed.rows("select count(*) from touchpoints.touchpoint where retired_at is null") == [(1,)]
    assert manager.post("/hq/codes/make", data={"site": "S", "store": "on"}).status_code == 403
    assert staffed.staff("wu.packer").get("/hq/codes", headers=page).status_code == 403
    # A guide may look, and is offered nothing to make.
    looked = staffed.staff("zhou.guide").get("/hq/codes")
    assert looked.status_code == 200
    assert "/hq/codes/make" not in looked.text


def test_hq_makes_codes_of_the_whole_brand_and_retires_them(staffed: Brand):
    hq = staffed.staff("shen.ops")
    assert made(hq, site="*", product=["COAT"]).status_code == 303
    page = hq.get("/hq/codes?site=*")
    (code,) = CODE.findall(page.text)
    assert staffed.rows("select kind, site_id from touchpoints.touchpoint") == [("product", None)]
    form = {"_csrf_token": token_in(page), "site": "*", "code": code.replace("-", "")}
    assert hq.post("/hq/codes/retire", data=form).status_code == 303
    assert CODE.findall(hq.get("/hq/codes?site=*").text) == []


def test_the_sheet_is_in_the_language_of_who_prints_it(staffed: Brand):
    manager = staffed.staff("lin.manager")
    made(manager, site="S", store="on")
    assert "门店" in manager.get("/hq/codes", headers={"accept-language": "zh"}).text
    assert ">Store<" in manager.get("/hq/codes").text


def test_only_what_is_missing_is_made():
    nowhere = Place(site=None, guides=())
    asked = WantedCodes(store=True, guides=(), products=("HAT",), tables=3)
    assert missing(asked, place=nowhere, standing=[]) == [
        WantedTouchpoint(kind=TouchpointKind.PRODUCT, product_code="HAT")
    ]
    assert spelt("7K3Q9XA2BC") == "7K3Q9-XA2BC"
