"""Sheets of counts against the books: a count a site, as of the moments seen; whole, once, and within the branch."""

import hashlib
from datetime import datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from loopline import stock
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes import count
from loopline.processes.count_sheet import CountSheet, SiteCounted, take_count_sheet
from loopline.processes.place import Placed, place
from loopline.stock import CountEnd, CountFacts
from loopline.stock.count_sheets import CountedRow, CountSheetWrong, CountWhy
from tests.make.shop import NOON, Shop, lines, open_shop, till_sale

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def sheet(*rows: tuple[str, str, int], counted_at: datetime = NOON, is_whole: bool = False) -> CountSheet:
    counted = tuple(
        CountedRow(line=line, site_code=site, sku_code=sku, units=units)
        for line, (site, sku, units) in enumerate(rows, start=2)
    )
    said = hashlib.sha256(repr(rows).encode()).digest()
    return CountSheet(content_hash=said, rows=counted, counted_at=counted_at, is_whole=is_whole)


def taken(conn: Conn, asked: CountSheet, scope: Scope = WHOLE_BRAND) -> list[SiteCounted]:
    outcome = take_count_sheet(conn, asked, scope=scope, now=LATER, actor="test")
    assert isinstance(outcome, list), outcome
    return outcome


def on_hand(conn: Conn, shop: Shop, site: str) -> dict[str, int]:
    names = {sku_id: code for code, sku_id in shop.skus.items()}
    return {names[one.sku_id]: one.on_hand for one in stock.stock_at_leaves(conn, [shop.leaves[site]])}


def post(conn: Conn, one: SiteCounted) -> CountFacts:
    (ended,) = count.end(conn, [CountEnd(count_id=one.count_id)], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(ended, CountFacts)
    return ended


def test_a_sheet_becomes_a_count_of_each_site_and_what_was_sold_since_stays_sold(conn: Conn, shop: Shop):
    before = on_hand(conn, shop, "S")
    (sold,) = place(
        conn,
        [
            till_sale(
                shop, "T-1", lines=lines(shop, ("HAT", 2), stated=True), placed_at=NOON + timedelta(minutes=1)
            )
        ],
        scope=WHOLE_BRAND,
        now=NOON + timedelta(minutes=1),
    )
    assert isinstance(sold, Placed)
    counts = taken(
        conn, sheet(("S", "HAT", before["HAT"] - 3), ("S", "COAT", before["COAT"]), ("W", "HAT", 1))
    )
    assert [(one.site_code, one.rows, one.absent) for one in counts] == [("S", 2, 0), ("W", 1, 0)]
    assert on_hand(conn, shop, "S")["HAT"] == before["HAT"] - 2  # nothing moved yet
    ended = post(conn, counts[0])
    assert [fact.on_hand for fact in ended.facts] == [-3]
    assert on_hand(conn, shop, "S") == {**before, "HAT": before["HAT"] - 5}


def test_of_a_whole_sheet_what_is_not_on_it_counts_as_none(conn: Conn, shop: Shop):
    before = on_hand(conn, shop, "S")
    (counted,) = taken(conn, sheet(("S", "HAT", before["HAT"]), is_whole=True))
    assert counted.absent == len([units for units in before.values() if units]) - 1
    post(conn, counted)
    assert {code for code, units in on_hand(conn, shop, "S").items() if units} == {"HAT"}


def test_the_same_sheet_again_is_the_same_counts(conn: Conn, shop: Shop):
    asked = sheet(("S", "HAT", 1))
    assert taken(conn, asked) == taken(conn, asked)
    other = taken(conn, sheet(("S", "HAT", 1), counted_at=NOON - timedelta(minutes=1)))
    assert other[0].count_id != taken(conn, asked)[0].count_id


def test_a_form_that_is_sent_twice_without_a_moment_is_the_same_counts(conn: Conn, shop: Shop):
    first = msgspec.structs.replace(sheet(("S", "HAT", 1)), asked_at=NOON)
    again = msgspec.structs.replace(first, counted_at=NOON + timedelta(seconds=1))
    assert taken(conn, first) == taken(conn, again)


@pytest.mark.parametrize(
    ("rows", "column", "why"),
    [
        ((("S", "HAT", 1), ("X", "HAT", 1)), "site_code", CountWhy.SITE_UNKNOWN),
        ((("S", "HAT", 1), ("S", "WIG", 1)), "sku_code", CountWhy.SKU_UNKNOWN),
        ((("S", "HAT", 1), ("S", "HAT", 2)), "sku_code", CountWhy.TWICE),
    ],
)
def test_one_wrong_row_refuses_all_of_it(
    conn: Conn, shop: Shop, rows: tuple[tuple[str, str, int], ...], column: str, why: CountWhy
):
    refused = take_count_sheet(conn, sheet(*rows), scope=WHOLE_BRAND, now=LATER, actor="test")
    assert isinstance(refused, CountSheetWrong)
    assert (refused.line, refused.column, refused.why, refused.more) == (3, column, why, 0)
    assert opened(conn, shop) == []


def test_what_lies_ahead_is_refused(conn: Conn, shop: Shop):
    asked = sheet(("S", "HAT", 1), counted_at=LATER + timedelta(seconds=1))
    refused = take_count_sheet(conn, asked, scope=WHOLE_BRAND, now=LATER, actor="test")
    assert isinstance(refused, CountSheetWrong)
    assert refused.why is CountWhy.AHEAD


def test_a_site_of_another_branch_is_none(conn: Conn, shop: Shop):
    scope = Scope(sites=frozenset({shop.sites["S"]}))
    refused: list[SiteCounted] | Refusal = take_count_sheet(
        conn, sheet(("S", "HAT", 1), ("D", "HAT", 1)), scope=scope, now=LATER, actor="test"
    )
    assert isinstance(refused, CountSheetWrong)
    assert (refused.value, refused.why) == ("D", CountWhy.SITE_UNKNOWN)
    assert len(taken(conn, sheet(("S", "HAT", 1)), scope)) == 1


def test_moments_are_those_of_the_sites_clock(conn: Conn, shop: Shop):
    before = on_hand(conn, shop, "S")
    seen_at = datetime(2026, 3, 2, 12, 30)  # noqa: DTZ001 - in Shanghai, half an hour after noon in UTC+8
    row = CountedRow(line=2, site_code="S", sku_code="HAT", units=before["HAT"], seen_at=seen_at)
    (one,) = taken(conn, replace(sheet(), rows=(row,)))
    (line,) = stock.count_lines(conn, [one.count_id])
    assert line.counted_at == NOON + timedelta(minutes=30)


def opened(conn: Conn, shop: Shop) -> list[object]:
    return list(stock.counts_page(conn, list(shop.leaves.values()), only_open=True, before=None, at_most=10))
