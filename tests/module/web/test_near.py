"""Stock near somebody over real HTTP: by a typed address, by a browser's place, kept for the visit."""

import re
from collections.abc import Generator

import httpx
import pytest

from loopline.db import Database
from tests.make.shopfront import SHOPPING, open_shopfront
from tests.make.web import DEMO, served, settings

PAGE = {"accept": "text/html", "accept-language": "en"}
STORES = re.compile(r'<li><a href="/s/([A-Z]+)">')


@pytest.fixture
def phone(database: Database) -> Generator[httpx.Client]:
    with database.transaction() as conn:
        open_shopfront(conn)
    with (
        served(database, settings(demo=DEMO), clock=lambda: SHOPPING) as base,
        httpx.Client(base_url=base, headers=PAGE, timeout=60) as client,
    ):
        yield client


def stores(text: str) -> list[str]:
    return STORES.findall(text)


def test_the_nearest_store_comes_first_and_stays_so_for_the_visit(phone: httpx.Client):
    here = phone.get("/p/LZ045", params={"near": "杭州西湖区"}).text
    assert stores(here)[0] == "D"
    assert " km" in here
    assert "Near Hangzhou" in here
    assert stores(phone.get("/p/LZ001").text)[0] == "D"
    there = phone.get("/p/LZ045", params={"near": "31.2304,121.4737"}).text
    assert stores(there)[0] == "S"
    assert "Near your place" in there
    assert stores(phone.get("/p/LZ001").text)[0] == "S"
    assert phone.cookies["loopline_near"] == "31.23_121.47"  # no more exactly than that


def test_a_place_that_is_not_known_says_so_and_changes_nothing(phone: httpx.Client):
    first = stores(phone.get("/p/LZ045", params={"near": "Hangzhou"}).text)
    odd = phone.get("/p/LZ045", params={"near": 'Narnia "><b>'})
    assert (odd.status_code, stores(odd.text)) == (200, first)
    assert "We do not know this place" in odd.text
    assert "<b>" not in odd.text.split('id="near"')[1].split(">")[0]


def test_only_a_products_page_may_ask_where_somebody_is(phone: httpx.Client):
    assert "geolocation=(self)" in phone.get("/p/LZ045").headers["permissions-policy"]
    for path in ("/shop", "/me/sign-in", "/sign-in"):
        assert "geolocation=()" in phone.get(path).headers["permissions-policy"]
