"""Transfers and counts over the API: one outcome per item, once per id, each branch its own."""

from uuid import uuid4

from loopline import stock
from loopline.db import log
from loopline.kernel.ids import uuid7
from loopline.org import Role
from tests.make.api import House
from tests.make.shop import NOON


def on_hand(house: House, site: str, sku: str = "COAT") -> int:
    with house.database.reading() as conn:
        (row,) = stock.stock_at_leaves(conn, [house.shop.leaves[site]], sku_ids=[house.shop.skus[sku]])
        return row.on_hand


def movements(house: House) -> int:
    with house.database.reading() as conn:
        return stock.movement_count(conn)


def types_of(house: House, *, limit: int) -> list[str]:
    with house.database.reading() as conn:
        return [one.type for one in log.read_latest(conn, limit=limit)]


def test_goods_are_sent_and_come_in_parts(house: House):
    api = house.api()
    transfer = {
        "id": str(uuid7(NOON)),
        "from_site_code": "W",
        "to_site_code": "S",
        "lines": [{"sku_code": "coat", "units": 6}, {"sku_code": "HAT", "units": 1}],
    }
    assert api.granted("/stock/transfers", transfer) == [{"id": transfer["id"], "is_repeat": False}]
    assert api.granted("/stock/transfers", transfer) == [{"id": transfer["id"], "is_repeat": True}]
    assert (on_hand(house, "W"), on_hand(house, "S")) == (4, 10)
    came = {"id": str(uuid7(NOON)), "transfer_id": transfer["id"], "sku_code": "COAT"}
    lost = came | {"id": str(uuid7(NOON)), "lost": 1, "reason": "broken"}
    came |= {"received": 3, "unsellable": 1}
    kept = api.granted("/stock/transfers/arrivals", came, lost)
    assert [(one["sku_code"], one["in_transit"], one["is_repeat"]) for one in kept] == [
        ("COAT", 3, False),
        ("COAT", 2, False),
    ]
    assert types_of(house, limit=3) == ["goods_arrived", "goods_arrived", "goods_sent"]
    assert api.granted("/stock/transfers/arrivals", came)[0]["is_repeat"] is True
    assert on_hand(house, "S") == 13
    listed = [line for page in api.pages("/stock/transfers", site_code=["S"], limit=1) for line in page]
    assert sorted((one["sku_code"], one["sent"], one["received"], one["lost"]) for one in listed) == [
        ("COAT", 6, 3, 1),
        ("HAT", 1, 0, 0),
    ]
    assert {(one["from_site_code"], one["to_site_code"]) for one in listed} == {("W", "S")}


def test_transfers_that_cannot_be_move_nothing(house: House):
    api = house.api()
    before = movements(house)
    good = {"from_site_code": "W", "to_site_code": "S", "lines": [{"sku_code": "COAT", "units": 1}]}
    assert api.refused(
        "/stock/transfers",
        good | {"from_site_code": "GHOST"},
        good | {"to_site_code": "GHOST"},
        good | {"to_site_code": "D"},
        good | {"to_site_code": "W"},
        good | {"lines": [{"sku_code": "GHOST", "units": 1}]},
        good | {"lines": [{"sku_code": "COAT", "units": 11}]},
        good | {"id": str(uuid4())},
    ) == [
        "no_such_thing",
        "no_such_thing",
        "no_such_thing",
        "transfer_not_within_owner",
        "no_such_thing",
        "not_so_many_to_send",
        "id_not_of_its_time",
    ]
    arrival = {"transfer_id": str(uuid7(NOON)), "sku_code": "COAT", "received": 1}
    assert api.refused(
        "/stock/transfers/arrivals", arrival, arrival | {"sku_code": "GHOST"}, arrival | {"id": str(uuid4())}
    ) == ["transfer_unknown", "no_such_thing", "id_not_of_its_time"]
    assert movements(house) == before


def test_a_branch_sends_and_receives_its_own(house: House):
    sent = {"from_site_code": "W", "to_site_code": "S", "lines": [{"sku_code": "COAT", "units": 2}]}
    (transfer,) = house.api().granted("/stock/transfers", sent)
    before = movements(house)
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    assert dealer.refused("/stock/transfers", sent) == ["not_in_your_branch"]
    arrival = {"transfer_id": transfer["id"], "sku_code": "COAT", "received": 1}
    ghost = arrival | {"transfer_id": str(uuid7(NOON))}
    assert dealer.refused("/stock/transfers/arrivals", arrival, ghost) == ["not_in_your_branch"] * 2
    assert dealer.get("/stock/transfers", site_code=["W", "S", "D"])["items"] == []
    packer = house.as_role(Role.PACKER, branch="DEALER")
    for path, item in (("/stock/transfers", sent), ("/stock/transfers/arrivals", arrival)):
        answer = packer.ask("POST", path, json={"items": [item]})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert movements(house) == before


def test_a_count_is_entered_look_by_look_and_posted(house: House):
    api = house.api()
    (count,) = api.granted("/stock/count-sessions", {"site_code": "S"})
    assert api.granted(
        "/stock/count-sessions/looks",
        {"count_id": count["id"], "sku_code": "coat", "units": 7},
        {"count_id": count["id"], "sku_code": "HAT", "units": 10},
    ) == [
        {"count_id": count["id"], "sku_code": "COAT", "units": 7, "expected": 10},
        {"count_id": count["id"], "sku_code": "HAT", "units": 10, "expected": 10},
    ]
    # Two come while people count.
    api.granted("/stock/facts", {"site_code": "S", "sku_code": "COAT", "reason": "receipt", "on_hand": 2})
    looked = [
        line
        for page in api.pages("/stock/count-sessions/looks", count_id=count["id"], limit=1)
        for line in page
    ]
    (ended,) = api.granted("/stock/count-sessions/ends", {"count_id": count["id"]})
    assert (ended["is_posted"], ended["lines"]) == (True, looked)
    assert sorted((one["sku_code"], one["difference"]) for one in looked) == [("COAT", -3), ("HAT", 0)]
    assert (on_hand(house, "S"), on_hand(house, "S", "HAT")) == (9, 10)
    assert types_of(house, limit=2) == ["count_posted", "stock_corrected"]
    assert api.refused("/stock/count-sessions/ends", {"count_id": count["id"]}) == ["count_ended"]
    assert api.get("/stock/count-sessions", site_code=["S"])["items"] == []
    (listed,) = api.get("/stock/count-sessions", site_code=["S"], only_open=False)["items"]
    assert (listed["id"], listed["site_code"], listed["how_ended"]) == (count["id"], "S", "posted")


def test_a_branch_counts_its_own(house: House):
    (count,) = house.api().granted("/stock/count-sessions", {"site_code": "S"})
    before = movements(house)
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    ghost = {"count_id": str(uuid7(NOON))}
    assert dealer.refused("/stock/count-sessions", {"site_code": "S"}, {"site_code": "GHOST"}) == [
        "not_in_your_branch",
        "not_in_your_branch",
    ]
    for path, fields in (
        ("/stock/count-sessions/looks", {"sku_code": "COAT", "units": 1}),
        ("/stock/count-sessions/ends", {}),
    ):
        mine = {"count_id": count["id"]}
        assert dealer.refused(path, mine | fields, ghost | fields) == ["not_in_your_branch"] * 2
        assert house.api().refused(path, ghost | fields) == ["count_unknown"]
    assert dealer.get("/stock/count-sessions", site_code=["S"])["items"] == []
    assert dealer.get("/stock/count-sessions/looks", count_id=count["id"])["items"] == []
    assert house.api().refused(
        "/stock/count-sessions",
        {"site_code": "GHOST"},
        {"site_code": "S", "owner_code": "DEALER-CO"},
        {"site_code": "S", "id": str(uuid4())},
    ) == ["no_such_thing", "no_such_thing", "id_not_of_its_time"]
    assert movements(house) == before
