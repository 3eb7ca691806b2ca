"""The livestream desk over real HTTP: going live, the counters, ending, giving a show again, and who may."""

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import msgspec
import pytest

from loopline import touchpoints
from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.quotas import WantedQuota, open_quotas
from loopline.stock import QuotaKind
from tests.make.org import PASSWORD, succeeded
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, Stage, buy_live, open_store, plan_show
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post


class Studio(msgspec.Struct, frozen=True):
    """A served brand with a show that is planned."""

    database: Database
    stage: Stage
    base: str
    clock: Clock
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser

    def rooms(self) -> list[touchpoints.LiveRoom]:
        with self.database.reading() as conn:
            return touchpoints.live_rooms_page(conn, is_live=None, before=None, limit=10)


@contextmanager
def opened(database: Database) -> Generator[Studio, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
    clock = Clock()
    with served(database, settings(demo=DEMO), clock=clock) as base, ExitStack() as browsers:
        yield Studio(database, stage, base, clock, browsers)


@pytest.fixture
def studio(database: Database) -> Generator[Studio, None, None]:
    with opened(database) as studio:
        yield studio


def figures(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-key="([\w-]+)">([^<]+)<', page))


def test_a_show_runs_from_a_touch_to_the_end_with_its_counters(studio: Studio):
    with studio.database.transaction() as conn:
        room = plan_show(conn)
    alan = studio.signed_in("alan.live")
    assert ("Go live" in (page := alan.get("/live/desk").text), "On air" in page) == (True, False)
    started = post(alan, "/live/desk/start", {"code": "SHOW"}, page="/live/desk")
    assert started.headers["location"] == "/live/desk?code=SHOW"
    assert [one.is_live for one in studio.rooms()] == [True]
    assert post(alan, "/live/desk/start", {"code": "SHOW"}, page="/live/desk").status_code == 303
    with studio.database.transaction() as conn:
        for number in range(3):
            buy_live(conn, studio.stage, room, f"L-{number}")
    told = figures(alan.get("/live/desk/now").text)
    # 158.20 each with 18.20 of tax: a tenth of three times 140.00. Of ten coats and scarves at each of three sites.
    assert told == {
        "orders": "3",
        "units": "9",
        "amount": "CN¥474.60",
        "share": "CN¥42.00",
        "sold-COAT": "3",
        "left-COAT": "27",
        "sold-SCARF": "6",
        "left-SCARF": "24",
    }
    studio.clock.turn(timedelta(minutes=20))
    ended = post(alan, "/live/desk/end", {"code": "SHOW"}, page="/live/desk")
    assert ended.status_code == 303
    assert "it took 20 min" in alan.get("/live/desk").text


def test_the_desk_shows_what_is_set_aside_for_the_show_in_both_languages(studio: Studio):
    """Five coats and no more; four scarves, then what is free. HQ sees what the streamer sees."""
    with studio.database.transaction() as conn:
        room = plan_show(conn)
        coats, scarves = (
            WantedQuota(
                kind=QuotaKind.LIVE_ROOM,
                code="SHOW",
                sku_code=sku,
                units=units,
                ends_at=NOON + timedelta(hours=1),
                then_free=then_free,
            )
            for sku, units, then_free in (("COAT", 5, False), ("SCARF", 4, True))
        )
        succeeded(open_quotas(conn, [coats, scarves], scope=WHOLE_BRAND, now=NOON))
    alan, shen = studio.signed_in("alan.live"), studio.signed_in("shen.ops")
    post(alan, "/live/desk/start", {"code": "SHOW"}, page="/live/desk")
    with studio.database.transaction() as conn:
        for number in range(3):
            buy_live(conn, studio.stage, room, f"L-{number}")
    quotas = {
        "set-aside-COAT": "5",
        "drawn-COAT": "3",
        "quota-left-COAT": "2",
        "set-aside-SCARF": "4",
        "drawn-SCARF": "4",
        "quota-left-SCARF": "0",
        "left-COAT": "2",
        "left-SCARF": "24",
    }
    for browser in (alan, shen):
        page = browser.get("/live/desk").text
        assert figures(page).items() >= quotas.items()
        assert [word in page for word in ("Set aside for this show", "Quota", "Drawn", "Left")] == [True] * 4
    chinese = alan.get("/live/desk", headers={"accept-language": "zh-CN"}).text
    assert figures(chinese).items() >= quotas.items()
    assert [word in chinese for word in ("本场专供额度", "专供额度", "已领用", "剩余")] == [True] * 4
    post(alan, "/live/desk/end", {"code": "SHOW"}, page="/live/desk")
    over = alan.get("/live/desk?code=SHOW").text
    assert figures(over).items() >= {"set-aside-COAT": "3", "drawn-COAT": "3", "quota-left-COAT": "0"}.items()
    assert "2 given back" in over


def test_what_customers_see_of_a_show_is_what_is_set_aside_for_it(studio: Studio):
    """Everything is set aside for the show: the shop is sold out, the show is not."""
    with studio.database.transaction() as conn:
        plan_show(conn)
        quota = WantedQuota(
            kind=QuotaKind.LIVE_ROOM,
            code="SHOW",
            sku_code="COAT",
            units=30,
            ends_at=NOON + timedelta(hours=1),
        )
        succeeded(open_quotas(conn, [quota], scope=WHOLE_BRAND, now=NOON))
    post(studio.signed_in("alan.live"), "/live/desk/start", {"code": "SHOW"}, page="/live/desk")
    with httpx.Client(base_url=studio.base, headers=PAGE) as visitor:
        assert "Sold out" in visitor.get("/p/COAT").text
        assert "Sold out" not in visitor.get("/p/COAT?live=SHOW").text


def test_hq_starts_a_livestream_from_the_board_and_again_when_it_is_over(studio: Studio):
    shen = studio.signed_in("shen.ops")
    assert "Start a livestream" not in shen.get("/hq/board").text
    with studio.database.transaction() as conn:
        plan_show(conn)
    board = shen.get("/hq/board").text
    assert ("Start a livestream" in board, "On air" in board) == (True, False)
    back = {"back": "/hq/board"}
    assert post(shen, "/live/desk/start", back, page="/hq/board").headers["location"] == "/hq/board"
    board = shen.get("/hq/board").text
    assert ("Start a livestream" in board, "On air: 阿岚的直播间" in board) == (False, True)
    assert post(shen, "/live/desk/end", {"code": "SHOW"}, page="/live/desk").status_code == 303
    studio.clock.turn(timedelta(minutes=1))
    assert post(shen, "/live/desk/start", back, page="/hq/board").status_code == 303
    assert [(one.code, one.is_live, one.sku_codes) for one in studio.rooms()] == [
        ("SHOW-0302040100", True, ("COAT", "SCARF")),
        ("SHOW", False, ("COAT", "SCARF")),
    ]
    assert "Start a livestream" not in studio.signed_in("gu.finance").get("/hq/board").text


def test_without_a_show_nothing_starts_and_nobody_else_may(studio: Studio):
    alan = studio.signed_in("alan.live")
    assert "No show yet" in alan.get("/live/desk").text
    counters = alan.get("/live/desk/now")
    assert (counters.status_code, counters.text.strip()) == (200, "")
    none = post(alan, "/live/desk/start", {}, page="/live/desk")
    assert (none.status_code, "plan one first" in none.text) == (409, True)
    with studio.database.transaction() as conn:
        plan_show(conn)
    lin = studio.signed_in("lin.manager")
    for path in ("/live/desk/start", "/live/desk/end"):
        assert post(lin, path, {"code": "SHOW"}, page="/store/collect").status_code == 403
    unknown = post(alan, "/live/desk/end", {"code": "NONE"}, page="/live/desk")
    assert unknown.status_code == 404
    early = post(alan, "/live/desk/end", {"code": "SHOW"}, page="/live/desk")
    assert early.status_code == 409
    assert [one.started_at for one in studio.rooms()] == [None]
