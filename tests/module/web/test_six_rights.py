"""The six rights over real HTTP: what each role sees of them, by page and by program, and where each number leads."""

import re
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from
from tests.make.judged import LATER, SOLD_ON, Judged, open_judged
from tests.make.web import DEMO, served, settings
from tests.module.web.test_supply import client, signed_in

PAGE = "/hq/rights"
LINES = f"{PAGE}/lines"


@pytest.fixture(scope="module")
def judged(server: EmbeddedServer, template: str) -> Generator[tuple[str, Judged], None, None]:
    """The brand some days on, served; nobody writes to it."""
    for database in database_from(server, template):
        found = open_judged(database)
        with served(database, settings(demo=DEMO), clock=lambda: LATER) as base:
            yield base, found


@pytest.fixture
def base(judged: tuple[str, Judged]) -> str:
    return judged[0]


@pytest.fixture
def numbers(judged: tuple[str, Judged]) -> dict[str, str]:
    return judged[1].numbers


def got(base: str, name: str, path: str) -> httpx.Response:
    with signed_in(base, name) as browser:
        return browser.get(path)


def rows(page: str) -> dict[str, list[str]]:
    """The scores of each row: goods, time, place, person, price, customer, all six."""
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    found: dict[str, list[str]] = {}
    for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL):
        (name,) = re.findall(r"<td><b>(.*?)</b>", row)
        said = re.sub(r'<span class="load-word">.*?</span>', "", row)
        cells: list[str] = re.findall(r'<td class="number[^"]*">(.*?)</td>', said, re.DOTALL)
        found[name] = [re.sub(r"<[^>]+>", "", one).strip() for one in cells]
    return found


def listed(page: str) -> list[str]:
    return re.findall(r'<a href="/hq/orders/([^"]+)"', page)


def told(of: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    return {one["right"]: (one["known"], one["kept"]) for one in of}


def test_headquarters_see_every_site_and_dealers_their_own(base: str):
    with client(base, "wang.hq") as program:
        whole = program.get("/rights").json()
    assert (whole["total"]["lines"], whole["settled_until"]) == (7, "2026-02-28")
    assert told(whole["total"]["rights"]) == {
        "goods": (6, 5), "time": (1, 0), "place": (3, 2), "person": (0, 0), "price": (7, 6), "customer": (6, 4),
    }  # fmt: skip
    assert whole["total"]["score_basis_points"] == 7_391  # 17 of 23
    assert {one["cause"]: one["lines"] for one in whole["causes"]} == {
        "defect": 1, "below_ours": 1, "unwanted": 1, "refused_goods": 1, "late_ready": 1, "not_collected": 1,
    }  # fmt: skip
    by_site = {one["site_code"]: one for one in whole["sites"]}
    assert {code: one["lines"] for code, one in by_site.items()} == {"D": 4, "S": 2, "W": 1}
    # The refusal is the store's, which sent nothing of that line.
    assert told(by_site["S"]["rights"])["place"] == (2, 1)
    assert told(by_site["W"]["rights"])["place"] == (0, 0)
    with client(base, "chen.dealer") as program:
        own = program.get("/rights").json()
        by_sale = program.get("/rights", params={"side": "sold"}).json()
    assert [(one["site_code"], one["lines"]) for one in own["sites"]] == [("D", 4)]
    assert [(one["site_code"], one["lines"]) for one in by_sale["sites"]] == [("D", 3)]
    assert {one["cause"] for one in own["causes"]} == {"defect", "below_ours"}


def test_days_and_branches_narrow_what_is_told(base: str):
    with client(base, "wang.hq") as program:
        of_dealer = program.get("/rights", params={"branch": "DEALER"}).json()
        day_of_sale = program.get("/rights", params={"from": "2026-03-02", "to": "2026-03-02"}).json()
        day_before = program.get("/rights", params={"from": "2026-03-01", "to": "2026-03-01"}).json()
    assert [one["site_code"] for one in of_dealer["sites"]] == ["D"]
    assert [(one["day"], one["lines"], one["is_settled"]) for one in day_of_sale["days"]] == [
        ("2026-03-02", 6, False)
    ]
    assert (day_before["total"]["lines"], day_before["sites"], day_before["causes"]) == (0, [], [])


def test_nobody_reaches_into_another_branch(base: str):
    with client(base, "chen.dealer") as program:
        for path in ("/rights", "/rights/lines"):
            for asked in ({"branch": "EAST"}, {"branch": "U-S"}, {"site": "S"}, {"site": "-"}):
                answer = program.get(path, params=asked)
                assert (answer.status_code, answer.json()["code"]) == (404, "no_such_thing"), asked
        lines = program.get("/rights/lines").json()["items"]
    assert {one["sent_site_code"] for one in lines} == {"D"}
    assert {one["sold_site_code"] for one in lines} == {"D", None}
    for path in (PAGE, LINES, f"{PAGE}/days"):
        assert got(base, "chen.dealer", f"{path}?branch=EAST").status_code == 404
        assert got(base, "li.guide", path).status_code == 403
    with client(base, "li.guide") as program:
        assert program.get("/rights").status_code == 403
    # A store asked first sees its own refusal, whoever sent the line in the end.
    with client(base, "zhao.manager") as program:
        (refused,) = program.get("/rights/lines", params={"cause": "refused_goods"}).json()["items"]
    assert (refused["place_site_code"], refused["sent_site_code"]) == ("S", None)


def test_lines_come_in_pages_and_by_what_became_of_a_right(base: str, numbers: dict[str, str]):
    with client(base, "wang.hq") as program:
        whole = program.get("/rights/lines").json()
        pages: list[dict[str, Any]] = []
        cursor = None
        while True:
            asked = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            answer = program.get("/rights/lines", params=asked).json()
            pages += answer["items"]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        broken = program.get("/rights/lines", params={"right": "goods", "mark": "broken"}).json()["items"]
        unknown = program.get("/rights/lines", params={"right": "customer", "mark": "unknown"}).json()[
            "items"
        ]
        forged = program.get("/rights/lines", params={"cursor": "abc"})
    assert len(pages) == 7
    assert pages == whole["items"]
    assert [one["order_number"] for one in broken] == [numbers["D-1"]]
    assert [one["order_number"] for one in unknown] == [numbers["D-2"]]
    (defect,) = (one for one in broken[0]["marks"] if one["right"] == "goods")
    assert defect == {"right": "goods", "mark": "broken", "cause": "defect"}
    assert forged.status_code == 400


def test_the_page_ranks_stores_and_each_number_leads_to_its_orders(base: str, numbers: dict[str, str]):
    with signed_in(base, "wang.hq") as browser:
        page = browser.get(f"{PAGE}?from={SOLD_ON}&to={LATER.date()}").text
        assert list(rows(page)) == ["S", "D", "W"]
        assert rows(page)["S"] == ["100.00 %", "0.00 %", "50.00 %", "–", "100.00 %", "0.00 %", "50.00 %"]
        by_dealer = browser.get(f"{PAGE}?by=dealer").text
        assert set(rows(by_dealer)) == {"dealer DEALER", "The brand itself"}
        link = re.findall(r'data-cause="refused_goods">\s*<a href="([^"]+)"', page)[0].replace("&amp;", "&")
        found = browser.get(link)
        assert f"from={SOLD_ON}" in link
        assert listed(found.text) == [numbers["W-1"]]
        assert "Refused: the goods were not there" in found.text
        order = browser.get(f"/hq/orders/{numbers['W-1']}").text
        assert re.findall(r'right right-(\w+)" data-right="(\w+)"', order) == [
            ("kept", "goods"), ("unknown", "time"), ("broken", "place"), ("unknown", "person"), ("kept", "price"),
            ("kept", "customer"),
        ]  # fmt: skip
        days = browser.get(f"{PAGE}/days?from={SOLD_ON}&to={LATER.date()}").json()
    assert len(days["labels"]) == 13
    assert sum(days["broken"]) == 6
    assert days["shares"][0].endswith("may still change")


def test_who_only_sends_sees_goods_time_and_place_of_it(base: str, numbers: dict[str, str]):
    order = got(base, "chen.dealer", f"/hq/orders/{numbers['W-2']}").text
    assert re.findall(r'data-right="(\w+)"', order) == ["goods", "time", "place"]


def test_who_may_not_open_orders_is_not_led_to_them(base: str):
    page = got(base, "liu.marketing", LINES).text
    assert page.count('class="rights"') == 7
    assert listed(page) == []


def test_an_address_that_makes_no_sense_shows_what_is_usual(base: str):
    with signed_in(base, "wang.hq") as browser:
        usual = browser.get(PAGE).text
        odd = browser.get(f"{PAGE}?from=soon&to=9999-99-99&side=left&right=x&mark=y").text
        turned = browser.get(f"{PAGE}?from=2026-03-05&to=2026-03-01")
    assert rows(odd) == rows(usual)
    assert turned.status_code == 200


def test_the_boards_lead_to_the_six_rights(base: str):
    assert 'href="/hq/rights"' in got(base, "chen.dealer", "/hq/board").text
    assert 'href="/hq/surge"' not in got(base, "chen.dealer", PAGE).text
    assert 'href="/hq/surge"' in got(base, "wang.hq", PAGE).text
