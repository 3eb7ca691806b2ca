"""Pay for waiting over real HTTP: the offer says how much and why, and so do the books; who refused sees none of it."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import msgspec
import pytest

from loopline import orders
from loopline.db import Conn, Database
from loopline.db.embedded import EmbeddedServer
from loopline.fulfilment.model import RefusalReason, RefuseTask
from loopline.kernel.ids import CallId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch
from loopline.processes.claim import Claimed, claim
from loopline.sourcing import profiles
from loopline.sourcing.settings import Profile, Publication, Settings
from loopline.sourcing.waiting_pay import PayForWaiting
from tests.make.api import make_key
from tests.make.calls import claiming, wave_of_calls
from tests.make.databases import database_from
from tests.make.loop import work_off
from tests.make.org import PASSWORD, succeeded
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, Stage, offer, open_store, settle
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

LATER = NOON + timedelta(minutes=40)
WHY = "Of it CN¥3.00 because it waits since 2 Mar 12:00"
SHARE = "On top, for sending what waited since 2 Mar 12:00 and came back 1×"


class Site(msgspec.Struct, frozen=True):
    """A served brand with a call that pays more, since a store refused it."""

    database: Database
    stage: Stage
    call_id: CallId
    base: str
    browsers: ExitStack

    def signed_in(self, name: str, *, language: str = "en") -> httpx.Client:
        headers = {**PAGE, "accept-language": language}
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=headers, timeout=60))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser


def call_after_refusal(conn: Conn, stage: Stage) -> CallId:
    """Let a profile pay 3.00 a round, the nearest store refuse, and the work be put to the others."""
    rule = PayForWaiting(round_minor=300, most_minor=900)
    draft = profiles.draft_profile(conn, Settings(waiting_pay=rule), based_on=None, by="hq", now=NOON)
    assert isinstance(draft, Profile)
    wish = Publication(version=draft.version, comment="hot items", by="hq")
    assert isinstance(profiles.publish_profile(conn, wish, now=NOON, site_ids=[]), Profile)
    first = offer(conn, stage, "W-1")
    refusal = RefuseTask(command_id=uuid7(NOON), task_id=first, reason=RefusalReason.NO_CAPACITY)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    (call_id,) = wave_of_calls(conn, stage.shop, at=LATER).calls
    return call_id


@pytest.fixture(scope="module")
def site(server: EmbeddedServer, template: str) -> Generator[Site, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
            call_id = call_after_refusal(conn, stage)
        with served(database, settings(demo=DEMO), clock=Clock(LATER)) as base, ExitStack() as browsers:
            yield Site(database, stage, call_id, base, browsers)


def test_the_offer_says_how_much_and_why_before_it_is_taken(site: Site):
    page = site.signed_in("sun.manager").get("/store").text
    assert ("+CN¥10.00" in page, WHY in page) == (True, True)
    chinese = site.signed_in("sun.manager", language="zh").get("/store").text
    assert "为等待加价：该单自" in chinese
    assert WHY not in site.signed_in("lin.manager").get("/store").text  # that store refused it
    token = make_key(site.database, branch="HX")
    with httpx.Client(base_url=f"{site.base}/api/v1", headers={"authorization": f"Bearer {token}"}) as api:
        (told,) = api.get("/calls").json()["items"]
    pays = {
        one["site_code"]: (one["pays_minor"], one["waiting_minor"], one["waits_since"])
        for one in told["sites"]
    }
    assert pays == {"W": (1_000, 300, "2026-03-02T04:00:00Z"), "D": (1_000, 300, "2026-03-02T04:00:00Z")}


def test_once_sent_the_books_of_the_site_and_of_the_brand_say_the_same(site: Site):
    with site.database.transaction() as conn:
        (won,) = claim(conn, [claiming(site.stage.shop, site.call_id, "D")], scope=WHOLE_BRAND, now=LATER)
        assert isinstance(won, Claimed), won
    page = site.signed_in("sun.manager").get(f"/store/tasks/{won.task_id}").text
    assert ("+CN¥10.00" in page, WHY in page) == (True, True)
    with site.database.transaction() as conn:
        work_off(conn, [won.task_id], now=LATER)
        settle(conn)
    days = {"from": NOON.date().isoformat(), "to": NOON.date().isoformat()}
    sun, gu = site.signed_in("sun.manager"), site.signed_in("gu.finance")
    earned = sun.get("/earned").text
    assert (earned.count(SHARE), earned.count("Pay for waiting · profile 1")) == (
        2,
        2,
    )  # a coat, and two scarves
    statement = gu.get("/hq/statements/STORE-D", params=days).text
    assert (statement.count(SHARE), statement.count("Pay for waiting · profile 1")) == (2, 2)
    assert SHARE not in gu.get("/hq/statements/BRAND", params=days).text
    with site.database.reading() as conn:
        head = orders.order_by_id(conn, won.order_id)
    assert head is not None
    order = gu.get(f"/hq/orders/{head.number}").text
    assert (SHARE in order, "Pay for waiting · profile 1" in order) == (True, True)
    assert "Up to CN¥3.00 on top: it waited since 2 Mar 12:00 and came back 1×" in order
    workbook = gu.get("/hq/statements/STORE-D/file/xlsx", params=days)
    assert workbook.status_code == 200
    token = make_key(site.database, branch="HX")
    with httpx.Client(base_url=f"{site.base}/api/v1", headers={"authorization": f"Bearer {token}"}) as api:
        shares = api.get("/parties/STORE-D/shares").json()["items"]
    on_top = [one for one in shares if one["profile_version"] is not None]
    assert sorted((one["amount_minor"], one["rule_row"], one["waited_since"]) for one in on_top) == [
        (86, 0, "2026-03-02T04:00:00Z"),
        (214, 0, "2026-03-02T04:00:00Z"),
    ]
