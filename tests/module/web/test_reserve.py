"""Reserving elsewhere over real HTTP: a guide holds goods at another store, which sees it, and ends it there."""

import re
from collections.abc import Generator
from contextlib import ExitStack

import httpx
import pytest

from loopline.customers import open_key_ring
from loopline.db import Database
from loopline.stock import sellable_at_sites
from tests.make.customers import member, phone, registered
from tests.make.org import PASSWORD
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.web import data_directory, served, settings
from tests.module.web.test_store import PAGE, post


class House:
    """A served brand with two stores, and a member with a phone."""

    def __init__(self, database: Database, stage: Stage, base: str, browsers: ExitStack) -> None:
        self.database = database
        self.stage = stage
        self._base = base
        self._browsers = browsers

    def signed_in(self, name: str) -> httpx.Client:
        browser = self._browsers.enter_context(httpx.Client(base_url=self._base, headers=PAGE, timeout=60))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser

    @property
    def free(self) -> int:
        """Coats that the store in Hangzhou may sell."""
        shop = self.stage.shop
        with self.database.reading() as conn:
            found = sellable_at_sites(conn, [shop.skus["COAT"]], at_most=100)
        return sum(one.units for one in found if one.site_id == shop.sites["D"])


@pytest.fixture
def house(database: Database) -> Generator[House]:
    with database.transaction() as conn:
        stage = open_store(conn)
        registered(conn, [member(phone(1))], keys=open_key_ring(data_directory() / "keys"))
    with served(database, settings(demo=DEMO), clock=Clock(NOON)) as base, ExitStack() as browsers:
        yield House(database, stage, base, browsers)


def reserve(browser: httpx.Client, **fields: str) -> httpx.Response:
    page = "/store/reserve?sku=COAT&site=D"
    found = re.search(r'name="reserve_id" value="([0-9a-f-]{36})"', browser.get(page).text)
    assert found is not None
    form = {
        "sku": "COAT",
        "site": "D",
        "said": phone(1).value,
        "units": "2",
        "hours": "4",
        "reserve_id": found.group(1),
    }
    return post(browser, "/store/reserve/keep", form | fields, page=page)


def test_a_guide_reserves_and_the_other_store_sees_it_and_ends_it(house: House):
    guide, there = house.signed_in("zhou.guide"), house.signed_in("sun.manager")
    before = house.free
    assert "/store/reserve?sku=COAT&amp;site=D" in guide.get("/store/stock?q=COAT").text
    answer = reserve(guide)
    assert answer.status_code == 303
    assert house.free == before - 2
    told = guide.get(answer.headers["location"]).text
    assert "Reserved until" in told
    assert "Reserved from here elsewhere" in told
    assert "The customer is here" not in told
    assert "Reserved for customers" in there.get("/store").text
    assert "Reserved for customers" not in guide.get("/store").text
    page = there.get("/store/reserved").text
    assert "Lies here for customers" in page
    assert phone(1).value not in page
    path = re.search(r'action="(/store/reserved/[0-9a-f-]{36}/end)"', page)
    assert path is not None
    stranger = house.signed_in("wu.packer")
    assert post(stranger, path.group(1), {"as": "sold"}, page="/store").status_code == 403
    ended = post(there, path.group(1), {"as": "sold"}, page="/store/reserved")
    assert (ended.status_code, house.free) == (303, before)
    assert "Nothing is reserved" in there.get("/store/reserved").text


def test_who_is_nobody_or_too_many_are_refused_and_what_was_typed_is_there(house: House):
    guide, before = house.signed_in("zhou.guide"), house.free
    unknown = reserve(guide, said="13911112222")
    page = guide.get(unknown.headers["location"]).text
    assert "Nobody is a member by that phone or code" in page
    assert 'value="13911112222"' in page
    many = reserve(guide, units="99")
    assert "Reserve 1 to 5 units" in guide.get(many.headers["location"]).text
    assert house.free == before


def test_whoever_may_place_no_orders_reserves_nothing(house: House):
    packer = house.signed_in("wu.packer")
    assert packer.get("/store/reserve?sku=COAT&site=D").status_code == 403
    assert "/store/reserve?" not in packer.get("/store/stock?q=COAT").text
    assert house.signed_in("zhou.guide").get("/store/reserve?sku=NOTHING&site=D").status_code == 404
