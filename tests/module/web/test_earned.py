"""What was earned, over real HTTP: who sees whose, why each share, what a return took back, page by page."""

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import msgspec
import pytest

from loopline.db import Conn
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits
from loopline.processes.place import Placed, place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from loopline.processes.source import source_wave
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from tests.make.databases import database_from
from tests.make.loop import pay_for, work_off
from tests.make.org import PASSWORD
from tests.make.shop import NOON, PRICES, ask, stock_up
from tests.make.store import DEMO, Clock, Stage, open_store, settle
from tests.make.touchpoints import member_of
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

ORDERS = 17  # of two lines each: more than a page of parts


class Books(msgspec.Struct, frozen=True):
    """A served brand that sold a little, and had a coat back."""

    stage: Stage
    base: str
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser


def sell(conn: Conn, stage: Stage) -> None:
    """Sell coats and scarves the guide brought, one a minute; the last buyer brings the coat back."""
    stock_up(conn, stage.shop, {("S", "COAT"): 50, ("S", "SCARF"): 50}, at=NOON)
    member_id = member_of(conn)
    for number in range(ORDERS):
        at = NOON + timedelta(minutes=number)
        draft = ask(
            stage.shop,
            f"W-{number:02}",
            placed_at=at,
            member_id=member_id,
            credits=Credits(guide_id=stage.guide),
        )
        (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=at)
        assert isinstance(placed, Placed), placed
        pay_for(conn, stage.shop, placed, at=at)
    work_off(conn, source_wave(conn, now=NOON + timedelta(hours=1)).tasks, now=NOON + timedelta(hours=1))
    settle(conn)
    at = NOON + timedelta(hours=2)
    coat = NewReturnLine(
        code="COAT", sku_id=stage.shop.skus["COAT"], units=1, stated_unit_minor=PRICES["COAT"]
    )
    back = NewReturn(
        channel="till",
        external_number="R-77",
        kind=ReturnKind.FACT,
        at=at,
        site_id=stage.shop.sites["S"],
        currency="CNY",
        member_id=member_id,
        lines=(coat,),
    )
    (outcome,) = take_back(conn, [back], scope=WHOLE_BRAND, now=at)
    assert isinstance(outcome, TakenBack), outcome


@pytest.fixture(scope="module")
def books(server: EmbeddedServer, template: str) -> Generator[Books, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
            sell(conn, stage)
        clock = Clock(NOON + timedelta(hours=3))
        with served(database, settings(demo=DEMO), clock=clock) as base, ExitStack() as browsers:
            yield Books(stage, base, browsers)


def figures(page: str) -> dict[str, str]:
    return {key.removesuffix("-1"): said for key, said in re.findall(r'data-key="([a-z]+-1)">([^<]+)<', page)}


def test_a_guide_sees_the_own_shares_with_why(books: Books):
    page = books.signed_in("zhou.guide").get("/earned").text
    # 17 times 3.00 and 1.20, less the 3.00 of the coat that came back.
    assert figures(page) == {
        "today": "CN¥68.40",
        "pending": "CN¥68.40",
        "due": "CN¥0.00",
        "taken": "CN¥3.00",
    }
    assert page.count("3 % of CN¥100.00 net, for bringing and serving the customer") == 15
    assert page.count("rules version 2, row 4") == 30
    assert page.count("pending, for good from 1 Apr") == 29
    assert page.count('The return of 2 Mar took it back: ×1 <span class="quiet">R-77</span>') == 1
    assert 'name="party"' not in page


def test_the_next_page_begins_where_the_last_ended(books: Books):
    zhou = books.signed_in("zhou.guide")
    first = zhou.get("/earned").text
    more = re.search(r'href="(/earned\?[^"]*after=[^"]+)"', first)
    assert more is not None
    rest = zhou.get(more.group(1).replace("&amp;", "&")).text
    numbers = [re.findall(r'href="/hq/orders/(\w{4}-\w{3})"', page) for page in (first, rest)]
    assert [len(of_page) for of_page in numbers] == [30, 4]
    assert len(set(numbers[0]) | set(numbers[1])) == ORDERS
    assert ("Earlier" in first, "Earlier" in rest, "To the latest" in rest) == (True, False, True)
    assert zhou.get("/earned", params={"after": "forged"}).status_code == 400


def test_nobody_sees_the_earnings_of_another_branch(books: Books):
    lin = books.signed_in("lin.manager")
    page = lin.get("/earned").text
    assert re.findall(r'<option value="([^"]+)"', page) == ["STORE-S", "GUIDE", "GUIDE-ZHOU"]
    assert figures(page)["pending"] == "CN¥114.00"
    # The code of another's party reads as none.
    assert figures(lin.get("/earned", params={"party": "BRAND"}).text)["pending"] == "CN¥114.00"
    assert figures(lin.get("/earned/now", params={"party": "BRAND"}).text)["pending"] == "CN¥114.00"
    kong = books.signed_in("kong.dealer").get("/earned").text
    assert re.findall(r'<option value="([^"]+)"', kong) == ["DEALER", "STORE-D"]
    assert "Nothing earned here yet" in kong
    zhou = books.signed_in("zhou.guide").get("/earned", params={"party": "STORE-S"}).text
    assert figures(zhou)["pending"] == "CN¥68.40"


def test_finance_sees_every_party_and_the_brands_remainder(books: Books):
    gu = books.signed_in("gu.finance")
    page = gu.get("/earned").text
    assert re.findall(r'<option value="([^"]+)"', page)[:4] == ["BRAND", "DEALER", "STORE-D", "STORE-S"]
    assert page.count("What the others leave of CN¥100.00 net, as the brand") == 15
    shipped = gu.get("/earned", params={"party": "STORE-S"}).text
    assert shipped.count("5 % of CN¥40.00 net, for sending the goods") == 15
    assert "(only for: Web shop)" in shipped


def test_a_streamer_without_sales_is_told_what_will_show(books: Books):
    page = books.signed_in("alan.live").get("/earned").text
    assert ("Nothing earned here yet" in page, 'class="tabs"' in page) == (True, False)


def test_what_is_due_is_said_and_what_comes_back_after_it_is_clawed_back(
    server: EmbeddedServer, template: str
):
    with contextmanager(database_from)(server, template) as database:
        later = NOON + RETURN_WINDOW_DEFAULT + timedelta(days=1)
        with database.transaction() as conn:
            stage = open_store(conn)
            sell(conn, stage)
            assert release_due(conn, now=later, limit=1_000) == 2 * ORDERS
        with served(database, settings(demo=DEMO), clock=Clock(later)) as base, ExitStack() as browsers:
            page = Books(stage, base, browsers).signed_in("zhou.guide").get("/earned").text
    assert figures(page) == {
        "today": "CN¥0.00",
        "pending": "CN¥0.00",
        "due": "CN¥68.40",
        "taken": "CN¥0.00",
    }
    assert page.count("due, since 1 Apr") == 29
