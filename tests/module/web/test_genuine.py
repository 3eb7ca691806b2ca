"""The page of a single unit over real HTTP: opened by its code, telling of it and of nobody."""

import re
from collections.abc import Generator
from datetime import timedelta

import httpx
import pytest

from loopline.db import Database
from loopline.processes.recall import recall
from loopline.stock import lots
from loopline.stock.lots import LotChoice, NewLot
from loopline.touchpoints.units import GUESSES_AN_HOUR_MAX, PHONES_USUAL_MAX
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.web import served, settings

GTIN = "06901234567892"
UNIT = f"/01/{GTIN}/10/B-1/21/U-1"
PAGE = {"accept": "text/html", "accept-language": "en"}


class House:
    """A served shop whose coats are kept by unit."""

    def __init__(self, database: Database, stage: Stage, base: str) -> None:
        self.database = database
        self.stage = stage
        self._base = base

    def open(self, path: str, *, phone: httpx.Client | None = None, language: str = "en") -> httpx.Response:
        headers = PAGE | {"accept-language": language}
        if phone is not None:
            return phone.get(path, headers=headers)
        return httpx.get(self._base + path, headers=headers, timeout=60)

    def phone(self) -> httpx.Client:
        return httpx.Client(base_url=self._base, headers=PAGE, timeout=60)


@pytest.fixture
def house(database: Database) -> Generator[House]:
    with database.transaction() as conn:
        stage = open_store(conn)
        conn.execute("update catalogue.sku set gtin = %s where code = 'COAT'", (GTIN,))
        coat = stage.shop.skus["COAT"]
        new = [NewLot(sku_id=coat, code="U-1", batch="B-1", is_serial=True)]
        succeeded(lots.name_lots(conn, new, now=NOON))
    with served(database, settings(demo=DEMO), clock=Clock(NOON + timedelta(minutes=1))) as base:
        yield House(database, stage, base)


def test_the_first_scan_says_so_and_later_ones_say_since_when(house: House):
    with house.phone() as phone:
        answer = house.open(UNIT, phone=phone)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert "loopline_visitor" in answer.headers["set-cookie"]
        for said in ("<h1>Genuine</h1>", "You are the first to scan it.", ">U-1<", ">B-1<"):
            assert said in answer.text, said
    later = house.open(UNIT).text
    assert "First scanned on" in later
    assert re.search(r"data-scans>2 times, by 2 phones<", later)
    assert re.search(r"data-own>1<", later)
    assert "正品" in house.open(UNIT, language="zh-CN").text


def test_a_recall_and_many_phones_are_said_first(house: House):
    text = [house.open(UNIT).text for _ in range(PHONES_USUAL_MAX + 1)][-1]
    assert "Many phones scanned this code." in text
    assert "<h1>Genuine</h1>" not in text
    with house.database.transaction() as conn:
        choice = LotChoice(sku_id=house.stage.shop.skus["COAT"], batch="B-1")
        succeeded(recall(conn, [choice], reason="<dye 7>", now=NOON))
    text = house.open(UNIT).text
    assert "This batch is recalled." in text
    assert "dye" not in text


def test_guessing_ends_and_programs_hear_why(house: House):
    wrong = house.open(f"/01/{GTIN}/21/X-1")
    assert (wrong.status_code, "This code is none of ours" in wrong.text) == (404, True)
    for number in range(GUESSES_AN_HOUR_MAX - 1):
        assert house.open(f"/01/{GTIN}/21/Y-{number}").status_code == 404
    ended = house.open(UNIT)
    assert (ended.status_code, "Too many codes were tried from here" in ended.text) == (429, True)
    # The goods as such are shown all the same.
    assert house.open(f"/01/{GTIN}").status_code == 302
