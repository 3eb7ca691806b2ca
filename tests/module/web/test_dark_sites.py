"""Dark sites over real HTTP: who opens a page is seen at work; HQ reads what went dark, why, and what stays there."""

from collections.abc import Generator
from datetime import datetime, timedelta

import httpx
import pytest

from loopline.db import Database
from loopline.fulfilment.dark import dark_sites, signs_of_sites
from loopline.kernel.ids import TaskId
from loopline.org import NewPassword, Role, set_passwords
from loopline.processes.go_dark import watch_sites
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON
from tests.make.store import offer
from tests.module.web.test_store import PAGE, Site, opened, post, step

SILENT = timedelta(minutes=30)


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def signed_in(site: Site, name: str) -> httpx.Client:
    browser = site.browsers.enter_context(httpx.Client(base_url=site.base, headers=PAGE, timeout=60))
    form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
    assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
    return browser


def seen_at(site: Site) -> datetime | None:
    """When somebody was last at work at the store, where work waits."""
    with site.database.reading() as conn:
        (signs,) = signs_of_sites(conn, since=NOON - SILENT)
    assert signs.site_id == site.stage.shop.sites["S"]
    return signs.last_life_at


def offered(site: Site, number: str) -> TaskId:
    with site.database.transaction() as conn:
        return offer(conn, site.stage, number)


def watch(site: Site) -> None:
    with site.database.transaction() as conn:
        watch_sites(conn, now=site.clock.now, limit=10)


def monitor(browser: httpx.Client, *, language: str = "en") -> str:
    return browser.get("/hq/sourcing", headers={**PAGE, "accept-language": language}).text


def test_who_opens_a_page_is_seen_and_a_page_that_asks_again_is_not(site: Site):
    offered(site, "W-1")
    hq = signed_in(site, "shen.ops")
    assert hq.get("/store").status_code == 200
    assert seen_at(site) is None  # whoever sees all stores is at work at none
    browser = signed_in(site, "lin.manager")
    assert browser.get("/store/now", headers={"hx-request": "true"}).status_code == 200
    assert browser.get("/store/now", headers={"accept": "*/*"}).status_code == 200
    assert seen_at(site) is None
    assert browser.get("/store").status_code == 200
    assert seen_at(site) == NOON
    site.clock.turn(timedelta(seconds=59))
    browser.get("/store")
    assert seen_at(site) == NOON  # once a minute
    site.clock.turn(timedelta(seconds=1))
    browser.get("/store")
    assert seen_at(site) == NOON + timedelta(minutes=1)


def test_who_looks_at_several_stores_is_at_work_where_something_is_done(site: Site):
    with site.database.transaction() as conn:
        region = add_person(conn, "feng.region", at="EAST", role=Role.HQ_OPERATIONS)
        new = [NewPassword(person_id=region, password=PASSWORD)]
        succeeded(set_passwords(conn, new, by=None, now=NOON))
    begun = offered(site, "W-1")
    browser = signed_in(site, "feng.region")
    chosen = {"code": "S", "back": "/store"}
    for _ in range(2):  # the second time the store is the one that is left
        assert post(browser, "/store/site", chosen, page="/store").status_code == 303
    shown = browser.get(f"/store/tasks/{begun}")
    assert (shown.status_code, seen_at(site)) == (200, None)
    site.clock.turn(timedelta(minutes=1))
    assert step(browser, begun, "accept").status_code == 303
    with site.database.reading() as conn:
        (signs,) = signs_of_sites(conn, since=NOON - SILENT)
    assert signs.seen_at == site.clock.now


def test_a_sign_of_life_that_cannot_be_kept_fails_no_page(site: Site):
    offered(site, "W-1")
    browser = signed_in(site, "lin.manager")
    with site.database.owner_transaction() as conn:
        conn.execute("revoke insert, update on fulfilment.site_seen from loopline_app")
    assert browser.get("/store").status_code == 200
    assert seen_at(site) is None
    with site.database.owner_transaction() as conn:
        conn.execute("grant insert, update on fulfilment.site_seen to loopline_app")
    site.clock.turn(timedelta(minutes=1))
    assert browser.get("/store").status_code == 200
    assert seen_at(site) == site.clock.now


def test_hq_reads_what_went_dark_and_a_page_of_the_store_ends_it(site: Site):
    browser = signed_in(site, "lin.manager")
    begun = offered(site, "W-1")
    assert step(browser, begun, "accept").status_code == 303
    assert step(browser, begun, "pick").status_code == 303
    offered(site, "W-2")
    site.clock.turn(SILENT)
    hq = signed_in(site, "shen.ops")
    assert 'data-key="dark-sites"' not in monitor(hq)
    watch(site)
    said = monitor(hq)
    assert "no sign of life for 30 min while work waited" in said
    assert "tasks gone elsewhere: 1" in said
    assert "tasks that stay there: 1, of them begun: 1. See to them." in said
    assert 'data-key="dark-sites"' not in monitor(signed_in(site, "kong.dealer"))
    assert "30 分钟" in monitor(hq, language="zh")
    site.clock.turn(timedelta(minutes=1))
    assert browser.get("/store").status_code == 200
    watch(site)
    with site.database.reading() as conn:
        assert dark_sites(conn) == {}
    assert 'data-key="dark-sites"' not in monitor(hq)
