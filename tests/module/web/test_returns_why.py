"""Why goods come back over real HTTP: what each role sees, what the address keeps, where numbers lead, the sheet."""

import io
import re
from collections.abc import Generator
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from
from tests.make.judged import LATER, Judged, open_judged
from tests.make.web import DEMO, served, settings
from tests.module.web.test_store import post
from tests.module.web.test_supply import signed_in

PAGE = "/hq/returns-why"
LINES = f"{PAGE}/lines"
EVIL = "=1+1 'evil' <b>"
# What a till sold had no freight; taking one back is two yuan of work, and nobody stated what coats cost.
COST = "CN¥2.00 freight CN¥0.00, handling CN¥2.00, lost worth CN¥0.00"
GIVEN_BACK: dict[str, int] = {}
"""By number, what others than the brand had earned of an order, and gave back with its coat."""


@pytest.fixture(scope="module")
def judged(server: EmbeddedServer, template: str) -> Generator[tuple[str, Judged], None, None]:
    """The brand some days on, served, with a coat whose name would run in a spreadsheet; nobody writes to it."""
    for database in database_from(server, template):
        found = open_judged(database)
        with database.transaction() as conn:
            conn.execute("update catalogue.sku set name = %s where code = 'COAT'", (EVIL,))
            for number in ("D-1", "S-1"):
                (GIVEN_BACK[number],) = conn.execute(
                    "select sum(cancelled_minor + clawed_back_minor)::bigint from sharing.published_shares"
                    " where order_id = %s and role <> 'brand'",
                    (found.order_ids[number],),
                ).fetchone() or (0,)
                assert GIVEN_BACK[number] > 0
        with served(database, settings(demo=DEMO), clock=lambda: LATER) as base:
            yield base, found


@pytest.fixture
def base(judged: tuple[str, Judged]) -> str:
    return judged[0]


def text(base: str, name: str, path: str) -> str:
    with signed_in(base, name) as browser:
        answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def given_back(number: str) -> str:
    return f"CN¥{GIVEN_BACK[number] / 100:.2f}"


def rows(page: str) -> dict[str, list[str]]:
    """What each row says: pieces, share, paid back, not on sale again, cost, given back."""
    if "<tbody>" not in page:
        return {}
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    found: dict[str, list[str]] = {}
    for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL):
        (name,) = re.findall(r"<td><b>(.*?)</b>", row)
        said = re.sub(r'<span class="load-word">.*?</span>', "", row)
        cells: list[str] = re.findall(r'<td class="number">(.*?)</td>', said, re.DOTALL)
        found[name] = [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in cells]
    return found


def test_returns_are_told_apart_and_each_number_leads_to_them(base: str, judged: tuple[str, Judged]):
    page = text(base, "wang.hq", PAGE)
    assert rows(page) == {
        "Defective": ["1", "16.67 %", "CN¥113.00", "0", COST, given_back("D-1")],
        "Not wanted any more": ["1", "16.67 %", "CN¥113.00", "0", COST, given_back("S-1")],
    }
    assert rows(text(base, "wang.hq", f"{PAGE}?by=site")) == {
        "D": ["1", "25.00 %", "CN¥113.00", "0", COST, given_back("D-1")],
        "S": ["1", "100.00 %", "CN¥113.00", "0", COST, given_back("S-1")],
    }
    link = re.findall(r'href="(/hq/returns-why/lines\?key=defect[^"]*)"', page)[0]
    lines = text(base, "wang.hq", link.replace("&amp;", "&"))
    assert re.findall(r'href="/hq/orders/([^"]+)"', lines) == [judged[1].numbers["D-1"]]
    assert "Reason: Defective" in lines


def test_everyone_sees_what_the_own_branch_sent(base: str):
    assert set(rows(text(base, "chen.dealer", f"{PAGE}?by=site"))) == {"D"}
    assert set(rows(text(base, "zhao.manager", f"{PAGE}?by=site"))) == {"S"}
    lines = text(base, "chen.dealer", LINES)
    # It was brought to a store of another branch.
    assert lines.count("<li>") == 1
    assert "brought to another branch" in lines
    with signed_in(base, "chen.dealer") as browser:
        for path in (PAGE, LINES, f"{PAGE}.xlsx"):
            assert browser.get(f"{path}?branch=EAST").status_code == 404
    with signed_in(base, "li.guide") as browser:
        for path in (PAGE, LINES, f"{PAGE}.xlsx"):
            assert browser.get(path).status_code == 403


def test_days_narrow_it_and_the_address_keeps_them(base: str):
    page = text(base, "wang.hq", f"{PAGE}?from=2026-03-05&to=2026-03-05&sort=refund&by=reason")
    assert list(rows(page)) == ["Defective"]
    assert "from=2026-03-05&amp;to=2026-03-05&amp;by=sku&amp;sort=refund" in page
    assert rows(text(base, "wang.hq", f"{PAGE}?from=2026-03-06&to=2026-03-07")) == {}


@pytest.mark.parametrize("asked", ["by=site&key=x", "by=sku&key=x", "by=reason&key=x", "by=grade&key=x"])
def test_a_key_that_is_none_is_no_such_thing(base: str, asked: str):
    with signed_in(base, "wang.hq") as browser:
        assert browser.get(f"{LINES}?{asked}").status_code == 404
        assert browser.get(f"{LINES}?after=abc").status_code == 400


def sheet(base: str, name: str, query: str) -> list[tuple[Any, ...]]:
    with signed_in(base, name) as browser:
        answer = browser.get(f"{PAGE}.xlsx?{query}")
    assert "returns-sku-2026-02-" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    (found,) = book.worksheets
    assert {cell.data_type for row in found.iter_rows() for cell in row} <= {"s", "n"}
    return list(found.iter_rows(values_only=True))


def test_the_sheet_says_what_the_page_says_and_runs_nothing(base: str):
    head, *told = sheet(base, "wang.hq", "by=sku")
    assert head[0] == "Goods"
    earned = sum(GIVEN_BACK.values()) / 100
    assert told == [(f"{EVIL} · COAT", 2, 0, 5, 40, 226, 0, 0, 0, 0, 4, 0, 0, 4, earned)]
    assert [row[1] for row in sheet(base, "chen.dealer", "by=sku")[1:]] == [1]


def test_the_list_behind_a_number_comes_as_a_sheet_too(base: str, judged: tuple[str, Judged]):
    def told(name: str, query: str) -> list[tuple[Any, ...]]:
        with signed_in(base, name) as browser:
            answer = browser.get(f"{LINES}.xlsx?{query}")
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        (found,) = book.worksheets
        assert {cell.data_type for row in found.iter_rows() for cell in row} <= {"s", "n", "d"}
        return list(found.iter_rows(values_only=True))

    assert 'href="/hq/returns-why/lines.xlsx?by=reason&amp;key=defect"' in text(
        base, "wang.hq", f"{LINES}?by=reason&key=defect"
    )
    head, row = told("wang.hq", "by=reason&key=defect")
    assert head[0] == "Came back (Asia/Shanghai)"
    assert isinstance(row[0], datetime)
    assert row[3:6] == (judged[1].numbers["D-1"], EVIL, "COAT")
    assert (row[7], row[8], row[9], row[13], row[14]) == (1, 0, "Defective", "CNY", 113)
    assert len(told("wang.hq", "")) == 3
    assert len(told("chen.dealer", "")) == 2
    with signed_in(base, "chen.dealer") as browser:
        assert browser.get(f"{LINES}.xlsx?branch=EAST").status_code == 404
    with signed_in(base, "li.guide") as browser:
        assert browser.get(f"{LINES}.xlsx").status_code == 403


def test_the_brand_says_what_goods_lose_and_what_is_no_per_cent_stays_typed(base: str):
    page, said = f"{PAGE}/losses", {"refurbish": "20", "outlet": "50", "supplier": "0", "scrap": "80"}
    with signed_in(base, "wang.hq") as browser:
        wrong = post(browser, page, said | {"outlet": "half"}, page=PAGE)
        assert (wrong.status_code, 'name="outlet"' in wrong.text, 'value="half"' in wrong.text) == (
            422,
            True,
            True,
        )
        assert post(browser, page, said, page=PAGE).status_code == 303
        assert re.findall(r'name="scrap"[^>]* value="(\d+)"', browser.get(PAGE).text) == ["80"]
    with signed_in(base, "chen.dealer") as browser:
        assert post(browser, page, said, page=PAGE).status_code == 403
        assert 'name="scrap"' not in browser.get(PAGE).text
