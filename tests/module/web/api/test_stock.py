"""Stock over the API: facts stand and are told once, counts agree, safety closes, a branch sees and moves its own."""

from uuid import uuid4

from loopline import stock
from loopline.db import log
from loopline.kernel.ids import uuid7
from loopline.org import Role
from tests.make.api import House
from tests.make.shop import NOON


def on_hand(house: House, site: str, sku: str) -> int:
    with house.database.reading() as conn:
        (row,) = stock.stock_at_leaves(conn, [house.shop.leaves[site]], sku_ids=[house.shop.skus[sku]])
        return row.on_hand


def movements(house: House) -> int:
    with house.database.reading() as conn:
        return stock.movement_count(conn)


def test_a_receipt_is_recorded_once(house: House):
    api = house.api()
    before = movements(house)
    fact = {
        "id": str(uuid7(NOON)),
        "site_code": "S",
        "sku_code": "coat",
        "reason": "receipt",
        "on_hand": 5,
    }
    assert api.granted("/stock/facts", fact) == [
        {"id": fact["id"], "is_repeat": False, "opened_shortfall": False}
    ]
    assert api.granted("/stock/facts", fact)[0]["is_repeat"] is True
    assert on_hand(house, "S", "COAT") == 15
    assert movements(house) == before + 1
    assert api.refused("/stock/facts", fact | {"on_hand": 6}) == ["fact_id_taken"]
    assert on_hand(house, "S", "COAT") == 15


def test_who_did_it_stands_in_the_log(house: House):
    house.api().granted(
        "/stock/facts", {"site_code": "S", "sku_code": "COAT", "reason": "damage", "unsellable": 1}
    )
    with house.database.reading() as conn:
        (last,) = log.read_latest(conn, limit=1)
    assert (last.type, last.actor.split(":")[0]) == ("stock_corrected", "key")


def test_what_is_named_wrongly_moves_nothing(house: House):
    api = house.api()
    before = movements(house)
    good = {"site_code": "S", "sku_code": "COAT", "reason": "receipt", "on_hand": 1}
    assert api.refused(
        "/stock/facts",
        good | {"site_code": "GHOST"},
        good | {"sku_code": "GHOST"},
        good | {"owner_code": "DEALER-CO"},
        good | {"id": str(uuid4())},
        good | {"on_hand": 0},
        good | {"on_hand": 0, "unsellable": -1},
    ) == [
        "no_such_thing",
        "no_such_thing",
        "no_such_thing",
        "id_not_of_its_time",
        "fact_moves_nothing",
        "unsellable_below_zero",
    ]
    assert movements(house) == before


def test_a_count_makes_the_books_agree(house: House):
    api = house.api()
    before = movements(house)
    assert api.granted(
        "/stock/counts",
        {"site_code": "S", "sku_code": "COAT", "units": 7},
        {"site_code": "S", "sku_code": "HAT", "units": 10},
        {"site_code": "S", "sku_code": "COAT", "units": 8},
    ) == [
        {"site_code": "S", "sku_code": "COAT", "units_before": 10, "units": 7},
        {"site_code": "S", "sku_code": "HAT", "units_before": 10, "units": 10},
        {"site_code": "S", "sku_code": "COAT", "units_before": 7, "units": 8},
    ]
    assert on_hand(house, "S", "COAT") == 8
    assert movements(house) == before + 2


def test_safety_keeps_units_back(house: House):
    api = house.api()
    assert api.granted("/stock/safety", {"site_code": "S", "sku_code": "COAT", "units": 4}) == [
        {"site_code": "S", "sku_code": "COAT", "units_before": 0, "units": 4}
    ]
    (row,) = api.get("/stock", site_code="S", sku_code="COAT")["items"]
    assert row == {
        "site_code": "S",
        "owner_code": "BRAND-CO",
        "sku_code": "COAT",
        "on_hand": 10,
        "allocated": 0,
        "unsellable": 0,
        "safety": 4,
        "doubted": 0,
        "held": 0,
        "sellable": 6,
        "missing": 0,
    }


def test_a_branch_sees_and_moves_its_own(house: House):
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    fact = {"site_code": "D", "sku_code": "COAT", "reason": "receipt", "on_hand": 1}
    outcomes = dealer.post("/stock/facts", fact, fact | {"site_code": "S"}, fact | {"site_code": "GHOST"})
    assert [one.get("problem", {}).get("code") for one in outcomes] == [
        None,
        "not_in_your_branch",
        "not_in_your_branch",
    ]
    assert (on_hand(house, "D", "COAT"), on_hand(house, "S", "COAT")) == (11, 10)
    assert {row["site_code"] for row in dealer.get("/stock", site_code=["D", "S", "W"])["items"]} == {"D"}
    for path in ("/stock/counts", "/stock/safety"):
        item = {"site_code": "S", "sku_code": "COAT", "units": 0}
        assert dealer.refused(path, item) == ["not_in_your_branch"]
    packer = house.as_role(Role.PACKER, branch="DEALER")
    answer = packer.ask("POST", "/stock/facts", json={"items": [fact]})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert packer.get("/stock", site_code="S")["items"] == []


def test_stock_is_read_page_by_page(house: House):
    pages = list(house.api().pages("/stock", site_code=["S", "W"], limit=4))
    assert [len(page) for page in pages] == [4, 2]
    assert len({(row["site_code"], row["sku_code"]) for page in pages for row in page}) == 6


def test_the_tree_is_built_and_listed(house: House):
    api = house.api()
    root, network = str(uuid7(NOON)), str(uuid7(NOON))
    made = api.granted(
        "/stock/nodes",
        {"id": root, "kind": "brand", "name": "Second brand"},
        {"id": network, "kind": "network", "name": "Network", "parent_id": root},
        {"kind": "site", "name": "S", "parent_id": network, "site_code": "S"},
    )
    assert made[2]["path"] == [root, network, made[2]["id"]]
    assert (made[2]["site_code"], made[2]["owner_code"]) == ("S", None)
    twin = {
        "kind": "leaf",
        "name": "S",
        "parent_id": made[2]["id"],
        "site_code": "S",
        "owner_code": "BRAND-CO",
    }
    assert api.refused("/stock/nodes", twin) == ["node_taken"]
    listed = [node for page in api.pages("/stock/nodes", limit=3) for node in page]
    assert len(listed) == 8 + 3
    answer = house.api(branch="DEALER").ask("GET", "/stock/nodes")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_your_branch")
