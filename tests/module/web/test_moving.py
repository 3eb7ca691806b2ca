"""Receiving, sending and what happened to goods, over real HTTP: differences, repeats, bad input, scope."""

import re
from collections.abc import Generator

import httpx
import pytest

from loopline import stock
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import TransferId, uuid7
from loopline.stock.notes import NoteCause, notes_of_movements
from loopline.stock.transfers import transfer_lines
from tests.make.databases import database_from
from tests.make.shop import NOON
from tests.module.web.test_count import AS_PAGE, Shelves, opened

HIDDEN = re.compile(r'name="((?:due|id|over) [^"]+)" value="([^"]+)"')


@pytest.fixture(scope="module")
def shelves(server: EmbeddedServer, template: str) -> Generator[Shelves, None, None]:
    for database in database_from(server, template):
        with opened(database) as shelves:
            yield shelves


def level(shelves: Shelves, code: str, site: str = "S") -> tuple[int, int]:
    """Units on hand, and the unsellable ones among them."""
    with shelves.database.reading() as conn:
        rows = stock.stock_at_leaves(
            conn, [shelves.stage.shop.leaves[site]], sku_ids=[shelves.stage.shop.skus[code]]
        )
    return rows[0].on_hand, rows[0].unsellable


def post(browser: httpx.Client, path: str, form: dict[str, str]) -> httpx.Response:
    return browser.post(path, data=form | {"_csrf_token": browser.cookies["loopline_form"]}, headers=AS_PAGE)


def sent(shelves: Shelves, units: dict[str, str]) -> TransferId:
    """Send goods from the store to the warehouse by the page; twice, as a second touch does."""
    transfer_id = TransferId(uuid7(NOON))
    manager = shelves.signed_in("lin.manager")
    form = {"to": "W", "transfer_id": str(transfer_id)} | {
        f"units {code}": one for code, one in units.items()
    }
    for _ in range(2):
        assert post(manager, "/store/send/hand-over", form).status_code == 200
    return transfer_id


def warehouse(shelves: Shelves) -> httpx.Client:
    """Somebody of headquarters who works at the warehouse today."""
    browser = shelves.signed_in("shen.ops")
    browser.cookies.set("loopline_site", "W")
    return browser


def test_what_came_is_taken_in_with_what_is_missing_damaged_and_over(shelves: Shelves):
    here, there = level(shelves, "COAT"), level(shelves, "COAT", "W")
    hats = level(shelves, "HAT", "W")
    transfer_id = sent(shelves, {"COAT": "3", "HAT": "1"})
    assert level(shelves, "COAT") == (here[0] - 3, here[1])
    browser, path = warehouse(shelves), f"/store/receive/{transfer_id}"
    assert str(transfer_id) in browser.get("/store/receive", headers=AS_PAGE).text
    shown = dict(HIDDEN.findall(browser.get(path, headers=AS_PAGE).text))
    coat, hat = (f"{shelves.stage.shop.skus[code]}." for code in ("COAT", "HAT"))
    damaged = shown | {f"came {coat}": "1", f"damaged {coat}": "2"}
    assert post(browser, f"{path}/arrivals", damaged).status_code == 422
    assert post(browser, f"{path}/arrivals", shown).status_code == 422
    assert level(shelves, "COAT", "W") == there
    form = shown | {
        f"came {coat}": "2",
        f"damaged {coat}": "1",
        f"rest {coat}": "missing",
        f"came {hat}": "3",
    }
    for _ in range(2):  # touched twice
        assert post(browser, f"{path}/arrivals", form).status_code == 303
    assert level(shelves, "COAT", "W") == (there[0] + 2, there[1] + 1)
    assert level(shelves, "HAT", "W") == (hats[0] + 3, hats[1])
    with shelves.database.reading() as conn:
        lines = {one.sku_id: (one.sent, one.received, one.lost) for one in transfer_lines(conn, transfer_id)}
    skus = shelves.stage.shop.skus
    assert lines == {skus["COAT"]: (3, 2, 1), skus["HAT"]: (1, 1, 0)}
    assert str(transfer_id) not in browser.get("/store/receive", headers=AS_PAGE).text


def test_another_stores_goods_are_neither_sent_nor_taken_in_nor_changed(shelves: Shelves):
    transfer_id = sent(shelves, {"HAT": "1"})
    before = level(shelves, "HAT"), level(shelves, "HAT", "W"), level(shelves, "HAT", "D")
    stranger = shelves.signed_in("sun.manager")
    stranger.cookies.set("loopline_site", "S")  # not theirs: they stay where they are
    assert stranger.get(f"/store/receive/{transfer_id}", headers=AS_PAGE).status_code == 404
    assert post(stranger, f"/store/receive/{transfer_id}/arrivals", {}).status_code == 404
    form = {"to": "W", "transfer_id": str(uuid7(NOON)), "units HAT": "1"}
    assert post(stranger, "/store/send/hand-over", form).status_code == 409  # of another company
    for name in ("wu.packer", "zhou.guide"):
        browser = shelves.signed_in(name)
        for path in ("/store/receive", "/store/send", "/store/send/row?code=HAT", "/store/goods/HAT"):
            assert browser.get(path, headers=AS_PAGE).status_code == 403
        assert post(browser, "/store/send/hand-over", form).status_code == 403
        change = {"change": "not_found", "units": "1", "id": str(uuid7(NOON))}
        assert post(browser, "/store/goods/HAT/changes", change).status_code == 403
    assert (level(shelves, "HAT"), level(shelves, "HAT", "W"), level(shelves, "HAT", "D")) == before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"units HAT": "0"}, 422),
        ({"units NONE": "1"}, 422),
        ({"units HAT": "1", "to": "MOON"}, 422),
        ({"units HAT": "1", "transfer_id": "7"}, 422),
        ({"units HAT": "999999"}, 409),
    ],
)
def test_what_cannot_be_sent_stays(shelves: Shelves, change: dict[str, str], status: int):
    before = level(shelves, "HAT")
    form = {"to": "W", "transfer_id": str(uuid7(NOON))} | change
    assert post(shelves.signed_in("lin.manager"), "/store/send/hand-over", form).status_code == status
    assert level(shelves, "HAT") == before


@pytest.mark.parametrize(
    ("change", "note", "moves", "cause"),
    [
        ("damaged", "", (0, 2), NoteCause.DAMAGED),
        ("worn", "", (0, 2), NoteCause.DISPLAY),
        ("found", "behind the stove", (2, 0), None),
        ("not_found", "", (-2, 0), None),
        ("scrapped", "torn", (-2, -2), None),
        ("delivered", "", (2, 0), None),
    ],
)
def test_what_happened_to_goods_is_in_the_books_once(
    shelves: Shelves, change: str, note: str, moves: tuple[int, int], cause: NoteCause | None
):
    before = level(shelves, "COAT")
    fact_id = uuid7(NOON)
    manager = shelves.signed_in("lin.manager")
    form = {"change": change, "units": "2", "note": note, "id": str(fact_id)}
    for _ in range(2):
        assert post(manager, "/store/goods/COAT/changes", form).status_code == 303
    assert level(shelves, "COAT") == (before[0] + moves[0], before[1] + moves[1])
    with shelves.database.reading() as conn:
        said = notes_of_movements(conn, [fact_id]).get(fact_id)
    assert (said.cause if said else None, (said.note if said else None) or "") == (cause, note)


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("COAT", {"change": "eaten"}, 422),
        ("COAT", {"units": "-1"}, 422),
        ("COAT", {"id": "7"}, 422),
        ("COAT", {"change": "found"}, 422),  # and nobody says how
        ("SCARF", {"change": "delivered"}, 422),  # kept in batches, and none is named
        ("NONE", {}, 404),
    ],
)
def test_what_is_not_said_well_changes_nothing(
    shelves: Shelves, path: str, change: dict[str, str], status: int
):
    before = level(shelves, "COAT"), level(shelves, "SCARF")
    form = {"change": "not_found", "units": "1", "note": "", "id": str(uuid7(NOON))} | change
    assert post(shelves.signed_in("lin.manager"), f"/store/goods/{path}/changes", form).status_code == status
    assert (level(shelves, "COAT"), level(shelves, "SCARF")) == before


def test_a_delivery_of_goods_kept_in_batches_names_its_batch(shelves: Shelves):
    before = level(shelves, "SCARF")
    form = {"change": "delivered", "units": "4", "lot": "B-7", "expires_on": "", "id": str(uuid7(NOON))}
    assert post(shelves.signed_in("lin.manager"), "/store/goods/SCARF/changes", form).status_code == 303
    assert level(shelves, "SCARF") == (before[0] + 4, before[1])
