"""A store says that it has no time, and that it has time again: on its own page, at headquarters and by the API."""

import re
from collections.abc import Generator
from uuid import UUID

import httpx
import pytest

from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Capacity
from loopline.kernel.ids import TaskId
from loopline.kernel.times import business_day
from tests.make.api import make_key
from tests.make.shop import NOON
from tests.make.store import offer
from tests.module.web.test_store import Site, opened, post, step

CAPACITY = "/hq/sourcing/capacity"


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def day_of(site: Site, code: str = "S") -> Capacity:
    with site.database.reading() as conn:
        day = business_day(NOON, "Asia/Shanghai")
        return fulfilment.capacity_of_sites(conn, [site.stage.shop.sites[code]], day=day)[0]


def refused_for_want_of_time(site: Site, lin: httpx.Client) -> TaskId:
    with site.database.transaction() as conn:
        task_id = offer(conn, site.stage, "W-1")
    with site.database.reading() as conn:
        lines = fulfilment.lines_of_tasks(conn, [task_id])[task_id]
    units = {f"units_{line.allocation_id}": str(line.units) for line in lines}
    form = {"reason": "no_capacity", "command_id": str(UUID(int=9)), **units}
    assert step(lin, task_id, "refuse", **form).status_code == 303
    assert day_of(site).filled_at == NOON
    return task_id


def test_a_store_is_full_says_so_on_its_page_and_takes_work_again(site: Site):
    lin = site.signed_in("lin.manager")
    assert 'data-key="full"' not in lin.get("/store").text
    refused_for_want_of_time(site, lin)
    page = lin.get("/store").text
    assert "Full since 12:00: work was given back for want of time." in page
    assert re.search(r'data-key="left">0 <span class="quiet">/ 0<', page)
    answer = post(lin, "/store/day/again", {}, page="/store")
    assert (answer.status_code, answer.headers["location"]) == (303, "/store")
    assert (day_of(site).tasks_limit, day_of(site).filled_at) == (100, None)
    assert 'data-key="full"' not in lin.get("/store/now").text


def test_only_who_works_there_says_so(site: Site):
    refused_for_want_of_time(site, site.signed_in("lin.manager"))
    other = site.signed_in("sun.manager")
    assert 'data-key="full"' not in other.get("/store").text
    assert (
        post(other, "/store/day/again", {}, page="/store").status_code == 303
    )  # of their own store, which is not
    assert day_of(site).filled_at == NOON


def test_headquarters_sees_who_is_full_first_and_lets_it_take_work_again(site: Site):
    refused_for_want_of_time(site, site.signed_in("lin.manager"))
    hq, dealer = site.signed_in("shen.ops"), site.signed_in("kong.dealer")
    page = hq.get(CAPACITY).text
    assert re.findall(r'id="site-(\w)"', page)[0] == "S"
    assert page.count("Full today since 12:00: it gave work back for want of time") == 1
    assert page.count('value="again"') == 1
    assert "Full today" not in dealer.get(CAPACITY).text
    assert post(dealer, CAPACITY, {"site": "S", "act": "again"}, page=CAPACITY).status_code == 404
    assert day_of(site).filled_at == NOON
    assert post(hq, CAPACITY, {"site": "S", "act": "again"}, page=CAPACITY).status_code == 303
    assert day_of(site).filled_at is None
    assert "Full today" not in hq.get(CAPACITY).text


def test_programs_read_it_and_say_so_too(site: Site):
    refused_for_want_of_time(site, site.signed_in("lin.manager"))
    key = make_key(site.database, branch="HX")
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{site.base}/api/v1", headers=headers, timeout=60) as api:
        day = business_day(NOON, "Asia/Shanghai").isoformat()
        days = {one["site_code"]: one for one in api.get("/site-days", params={"day": day}).json()["items"]}
        assert (days["S"]["left"], days["S"]["tasks_limit"]) == (0, 0)
        assert days["S"]["filled_at"].startswith("2026-03-02T04:00:00")
        assert days["W"]["filled_at"] is None
        items = [{"site_code": "S"}, {"site_code": "NOPE"}]
        sent = {"idempotency-key": "again-1"}
        outcomes = api.post("/site-days/reopen", json={"items": items}, headers=sent).json()["outcomes"]
    assert outcomes[0] == {"value": {"site_code": "S", "day": day, "was_full": True}}
    assert outcomes[1]["problem"]["code"] == "site_not_yours"
    assert day_of(site).filled_at is None
