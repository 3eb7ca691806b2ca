"""Bulk work on stock by site, over real HTTP: kept back, asked to be counted, undone; nothing of others' branches."""

import re
from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from loopline.db import Database
from loopline.kernel.ids import uuid7
from loopline.processes import replenish
from loopline.processes.replenish import Count
from loopline.stock import SafetySetting
from tests.make.brand_desk import AS_PROGRAM, Brand, opened_brand, said
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.make.store import Clock

ROWS = "/hq/stock-rows"


@pytest.fixture
def brand(database: Database) -> Generator[Brand, None, None]:
    with opened_brand(database) as brand:
        yield brand


def done(browser: httpx.Client, act: str, rows: Sequence[str], **fields: Any) -> list[str]:
    """Do one thing with rows; returns what the page says became of each."""
    form = {"_csrf_token": browser.cookies["loopline_form"], "row": list(rows), **fields}
    answer = browser.post(f"{ROWS}/{act}", data=form)
    assert answer.status_code == 200, answer.text[:500]
    return said(answer.text)


def test_units_are_kept_back_of_many_at_once_and_each_row_says_what_became_of_it(brand: Brand):
    ops = brand.signed_in("shen.ops")
    rows = [brand.row("S", "COAT"), brand.row("D", "COAT"), "nonsense", f"{uuid7(NOON)} {uuid7(NOON)}"]
    assert done(ops, "keep-back", rows, units="3") == [
        "双面羊绒大衣 S Keeps back 3; before it were 0.",
        "双面羊绒大衣 D Keeps back 3; before it were 0.",
        "Not in your branch There is no leaf {}.".format(rows[3].partition(" ")[0]),
    ]
    assert (brand.safety("S", "COAT"), brand.safety("D", "COAT"), brand.safety("W", "COAT")) == (3, 3, 0)
    told = brand.events("safety_changed")
    assert [msgspec.json.decode(one.data)["units_before"] for one in told] == [0, 0]
    assert {one.actor for one in told} == {f"person:{brand.stage.people['shen.ops']}"}


def test_another_branch_cannot_be_forged_into_the_form(brand: Brand):
    manager = brand.signed_in("lin.manager")  # of S alone
    forged = [brand.row("S", "HAT"), brand.row("D", "HAT")]
    theirs = "Not in your branch This belongs to another branch than yours."
    assert done(manager, "keep-back", forged, units="2") == ["Hat S Keeps back 2; before it were 0.", theirs]
    assert (brand.safety("S", "HAT"), brand.safety("D", "HAT")) == (2, 0)
    assert done(manager, "count", forged, note="gap") == [
        "Hat S Asked to be counted: it stands on the phone of the site.",
        theirs,
    ]
    assert brand.asked() == [("S", "HAT")]
    ops = brand.signed_in("shen.ops")
    done(ops, "count", [brand.row("D", "HAT")])
    assert done(manager, "count/undo", [brand.row("D", "HAT")]) == [theirs]
    assert done(manager, "keep-back/undo", [], set=f"{brand.row('D', 'HAT')} 5:0") == [theirs]
    assert (brand.asked(), brand.safety("D", "HAT")) == ([("D", "HAT"), ("S", "HAT")], 0)
    assert "data-item" not in manager.get(f"{ROWS}?site=D").text
    assert brand.row("D", "HAT") not in manager.get(f"{ROWS}?q=HAT").text
    assert brand.row("S", "HAT") in manager.get(f"{ROWS}?q=HAT").text


def test_guides_choose_nothing(brand: Brand):
    guide = brand.signed_in("zhou.guide")
    form = {"_csrf_token": guide.cookies["loopline_form"], "row": brand.row("S", "HAT"), "units": "1"}
    assert guide.post(f"{ROWS}/keep-back", data=form).status_code == 403
    assert guide.post(f"{ROWS}/count", data=form).status_code == 403
    assert (brand.safety("S", "HAT"), brand.asked()) == (0, [])


def test_what_is_no_number_of_units_sets_nothing(brand: Brand):
    ops = brand.signed_in("shen.ops")
    for units in ("", "-1", "1.5", "many", "1000001", "1234567890"):
        assert done(ops, "keep-back", [brand.row("S", "HAT")], units=units) == [
            "Hat S Say a whole number of units, 0 or more."
        ]
    assert brand.safety("S", "HAT") == 0


def test_keeping_back_is_undone_unless_somebody_set_it_since(brand: Brand):
    ops = brand.signed_in("shen.ops")
    shop = brand.stage.shop
    done(ops, "keep-back", [brand.row("S", "HAT")], units="1")
    rows = [brand.row("S", "HAT"), brand.row("D", "HAT")]
    form = {"_csrf_token": ops.cookies["loopline_form"], "row": rows, "units": "4"}
    marks = re.findall(r'name="set" value="([^"]+)"', ops.post(f"{ROWS}/keep-back", data=form).text)
    assert marks == [f"{rows[0]} 1:4", f"{rows[1]} 0:4"]
    with brand.database.transaction() as conn:
        other = SafetySetting(leaf_id=shop.leaves["D"], sku_id=shop.skus["HAT"], units=7)
        succeeded(replenish.keep_back(conn, [other], now=NOON))
    assert done(ops, "keep-back/undo", [], set=marks) == [
        "Hat S Keeps back 1; before it were 4.",
        "Hat D Somebody else has set since what is kept back here, to 7 units: it stays as it is.",
    ]
    assert (brand.safety("S", "HAT"), brand.safety("D", "HAT")) == (1, 7)


def test_what_is_asked_stands_on_the_phone_and_is_done_by_the_count_that_is_posted(brand: Brand):
    ops, guide, manager = (brand.signed_in(name) for name in ("shen.ops", "zhou.guide", "lin.manager"))
    early = uuid7(NOON)
    assert send(guide, early, "HAT", at=brand.clock).status_code == 200  # looked at before anybody asked
    brand.clock.turn(timedelta(minutes=5))
    rows = [brand.row("S", "COAT"), brand.row("S", "HAT")]
    done(ops, "count", rows, note="gap on the shelf")
    assert done(ops, "count", rows[:1]) == ["双面羊绒大衣 S A count of it was asked for already."]
    book = guide.get("/store/count/book", headers=AS_PROGRAM).json()
    told = sorted((one["code"], one["by"], one["note"]) for one in book["asked"])
    assert told == [("COAT", "Shen.Ops", "gap on the shelf"), ("HAT", "Shen.Ops", "gap on the shelf")]
    assert re.search(r'data-key="to-count">2<', guide.get("/store").text)
    assert brand.row("S", "COAT") in ops.get(f"{ROWS}?which=asked").text
    assert brand.row("D", "COAT") not in ops.get(f"{ROWS}?which=asked").text
    post(manager, early)
    assert brand.asked() == [("S", "COAT"), ("S", "HAT")]
    brand.clock.turn(timedelta(minutes=5))
    dropped, posted = uuid7(brand.clock()), uuid7(brand.clock())
    send(guide, dropped, "COAT", at=brand.clock)
    post(manager, dropped, drops="yes")
    assert brand.asked() == [("S", "COAT"), ("S", "HAT")]
    send(guide, posted, "COAT", at=brand.clock)
    post(manager, posted)
    assert brand.asked() == [("S", "HAT")]
    assert len(brand.events("count_asked")) == 2


def test_a_number_told_by_itself_does_what_was_asked_too(brand: Brand):
    ops, shop = brand.signed_in("shen.ops"), brand.stage.shop
    done(ops, "count", [brand.row("S", "HAT"), brand.row("D", "HAT")])
    with brand.database.transaction() as conn:
        wanted = [Count(leaf_id=shop.leaves["S"], sku_id=shop.skus["HAT"], units=10)]
        succeeded(replenish.count_goods(conn, wanted, now=NOON))
    assert brand.asked() == [("D", "HAT")]


def test_asking_is_taken_back_once(brand: Brand):
    ops, row = brand.signed_in("shen.ops"), brand.row("S", "HAT")
    done(ops, "count", [row])
    assert done(ops, "count/undo", [row]) == ["Hat S Not asked to be counted any more."]
    assert brand.asked() == []
    assert done(ops, "count/undo", [row]) == [
        "Hat S Nobody asked for a count of these goods, or they were counted meanwhile."
    ]
    assert done(ops, "count", [row]) == ["Hat S Asked to be counted: it stands on the phone of the site."]
    assert len(brand.events("count_ask_withdrawn")) == 1


def test_goods_that_never_were_there_are_not_asked_for(brand: Brand):
    ops = brand.signed_in("shen.ops")
    nothing = f"{brand.stage.shop.leaves['D']} {uuid7(NOON)}"
    (told,) = done(ops, "count", [nothing])
    assert told.endswith("D There is nothing to count: these goods have never been at that place.")
    assert brand.asked() == []


def test_nothing_chosen_says_what_to_do(brand: Brand):
    ops = brand.signed_in("shen.ops")
    assert done(ops, "count", []) == []
    form = {"_csrf_token": ops.cookies["loopline_form"], "back": "https://elsewhere.example/"}
    page = ops.post(f"{ROWS}/count", data=form).text
    assert "Choose rows in the list first." in page
    assert "elsewhere.example" not in page


def send(browser: httpx.Client, count_id: object, code: str, *, at: Clock) -> httpx.Response:
    token = browser.get("/store/count/token", headers=AS_PROGRAM).json()["token"]
    look = {"sku_code": code, "units": 10, "seen_at": at().isoformat()}
    return browser.post(
        "/store/count/looks",
        content=msgspec.json.encode({"count_id": count_id, "site_code": "S", "looks": [look]}),
        headers=AS_PROGRAM | {"content-type": "application/json", "x-csrftoken": token},
    )


def post(browser: httpx.Client, count_id: object, **form: str) -> None:
    page = browser.get(f"/store/count/{count_id}").text
    mark = re.search(r'name="mark" value="([0-9a-f]+)"', page)
    fields = {"_csrf_token": browser.cookies["loopline_form"], "mark": mark.group(1) if mark else "", **form}
    assert browser.post(f"/store/count/{count_id}/end", data=fields).status_code == 303
