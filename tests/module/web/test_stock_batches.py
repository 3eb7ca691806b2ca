"""Batches at a desk, over real HTTP: several locked and released at every site at once, and by whom."""

import re
from collections.abc import Generator
from datetime import date

import httpx
import pytest

from loopline.db import Database
from loopline.kernel.ids import uuid7
from loopline.processes.replenish import record_goods
from loopline.stock import Fact, MovementReason, lots
from loopline.stock.lots import Lot, NewLot
from tests.make.brand_desk import Brand, opened_brand, said
from tests.make.org import succeeded
from tests.make.shop import NOON

BATCHES = "/hq/stock-batches"


@pytest.fixture
def brand(database: Database) -> Generator[Brand, None, None]:
    with opened_brand(database) as brand:
        yield brand


@pytest.fixture
def kept(brand: Brand) -> Brand:
    """Two batches of scarves at S, one of them at D too."""
    shop = brand.stage.shop
    with brand.database.transaction() as conn:
        new = [
            NewLot(sku_id=shop.skus["SCARF"], code=code, expires_on=date(2026, month, 1))
            for code, month in (("B-1", 9), ("B-2", 12))
        ]
        made = [one for one in lots.name_lots(conn, new, now=NOON) if isinstance(one, Lot)]
        for site, lot in (("S", made[0]), ("D", made[0]), ("S", made[1])):
            came = Fact(
                id=uuid7(NOON),
                leaf_id=shop.leaves[site],
                sku_id=lot.sku_id,
                reason=MovementReason.RECEIPT,
                on_hand=4,
                lot_id=lot.id,
            )
            succeeded(record_goods(conn, [came], now=NOON))
    return brand


def act(browser: httpx.Client, what: str, brand: Brand, *batches: str, reason: str = "") -> httpx.Response:
    sku = brand.stage.shop.skus["SCARF"]
    form = {
        "_csrf_token": browser.cookies["loopline_form"],
        "batch": [f"{sku} {one}" for one in batches],
        "reason": reason,
    }
    return browser.post(f"{BATCHES}/{what}", data=form)


def locked(database: Database) -> set[str]:
    with database.reading() as conn:
        rows = conn.execute("select code from stock.lot where recalled_at is not null").fetchall()
    return {code for (code,) in rows}


def test_several_batches_are_locked_with_a_reason_and_released_again(kept: Brand):
    ops = kept.signed_in("shen.ops")
    answer = act(ops, "lock", kept, "B-1", "B-2", reason="loose threads")
    assert said(answer.text) == [
        "B-1 羊毛围巾 Locked: 8 may not be sold.",
        "B-2 羊毛围巾 Locked: 4 may not be sold.",
    ]
    assert locked(kept.database) == {"B-1", "B-2"}
    assert len(re.findall(r'name="batch" value="[^"]+ B-[12]"', answer.text)) == 2  # to undo it
    listed = ops.get(BATCHES).text
    assert "loose threads" in listed
    assert said(act(ops, "lock", kept, "B-1", reason="again").text) == ["B-1 羊毛围巾 It was locked already."]
    assert said(act(ops, "release", kept, "B-1", "B-9").text) == [
        "B-1 羊毛围巾 Released: 8 may be sold again.",
        "B-9 羊毛围巾 There are no lots like that.",
    ]
    assert locked(kept.database) == {"B-2"}
    assert said(act(ops, "release", kept, "B-1").text) == ["B-1 羊毛围巾 It was not locked."]
    assert [one.type for one in kept.events("lot_recalled", "lot_freed")] == [
        "lot_recalled",
        "lot_recalled",
        "lot_freed",
    ]


def test_nothing_is_locked_without_a_reason(kept: Brand):
    ops = kept.signed_in("shen.ops")
    assert said(act(ops, "lock", kept, "B-1", reason="  ").text) == [
        "B-1 羊毛围巾 Say why: whoever looks for these goods reads it."
    ]
    assert locked(kept.database) == set()


@pytest.mark.parametrize("name", ["lin.manager", "kong.dealer"])
def test_a_branch_reads_its_own_and_locks_nothing(kept: Brand, name: str):
    browser = kept.signed_in(name)
    page = browser.get(f"{BATCHES}?q=SCARF").text
    assert ("B-2" in page) is (name == "lin.manager")
    assert ">4<" in re.sub(r"<span class=\"stock-word\">[^<]*</span>", "", page)
    assert 'form="bulk"' not in page
    assert act(browser, "lock", kept, "B-1", reason="mine").status_code in {403, 404}
    assert act(browser, "release", kept, "B-1").status_code in {403, 404}
    assert locked(kept.database) == set()
