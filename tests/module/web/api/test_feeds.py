"""Feeds over the API: registered, heard as JSON and as CSV, answered for; each within one's branch."""

from datetime import timedelta

from loopline import stock
from loopline.org import Permission, Role
from tests.make.api import Api, House
from tests.make.shop import NOON

FEED = {"code": "ERP-D", "site_code": "D", "kind": "on_hand", "interval_minutes": 15}
AS_AT = NOON.isoformat()


def on_hand(house: House, sku: str) -> int:
    with house.database.reading() as conn:
        (row,) = stock.stock_at_leaves(conn, [house.shop.leaves["D"]], sku_ids=[house.shop.skus[sku]])
        return row.on_hand


def say(api: Api, number: str, *, as_at: str = AS_AT, whole: bool = False, **units: int) -> dict[str, object]:
    items = [{"sku_code": sku, "units": stated} for sku, stated in units.items()]
    said = {"feed_code": "ERP-D", "number": number, "as_at": as_at, "whole": whole, "items": items}
    answer = api.ask("POST", "/stock/snapshots", json=said)
    found: dict[str, object] = answer.json()
    return found | {"status_code": answer.status_code}


def test_a_feed_is_registered_once_for_goods_of_ones_branch(house: House):
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    assert dealer.granted("/stock/feeds", FEED) == [
        {
            "code": "ERP-D",
            "site_code": "D",
            "kind": "on_hand",
            "interval_minutes": 15,
            "stale_after": 4,
            "heard_as_at": None,
            "intervals_old": 0,
            "trust_percent": 90,
            "doubt_percent": 0,
            "is_stale": False,
        }
    ]
    assert dealer.refused(
        "/stock/feeds", FEED, FEED | {"code": "ERP-2"}, FEED | {"code": "ERP-S", "site_code": "S"}
    ) == ["feed_taken", "leaf_already_fed", "not_in_your_branch"]
    assert [one["code"] for one in dealer.get("/stock/feeds")["items"]] == ["ERP-D"]
    manager = house.as_role(Role.STORE_MANAGER, branch="U-S")
    assert manager.get("/stock/feeds")["items"] == []


def test_a_system_states_with_a_key_that_may_do_nothing_else(house: House):
    house.api().granted("/stock/feeds", FEED)
    system = house.api(branch="DEALER", permissions={Permission.FEEDS_WRITE})
    taken = say(system, "N-1", HAT=12, COAT=10, GHOST=3)
    assert taken | {"id": ""} == {
        "status_code": 200,
        "id": "",
        "as_at": "2026-03-02T04:00:00Z",
        "is_repeat": False,
        "named": 2,
        "applied": 1,
        "unchanged": 1,
        "outdated": 0,
        "doubted": 0,
        "unknown_sku_codes": ["GHOST"],
    }
    assert say(system, "N-1", HAT=12, COAT=10, GHOST=3)["is_repeat"] is True
    assert on_hand(house, "HAT") == 12
    fact = {"site_code": "D", "sku_code": "HAT", "reason": "receipt", "on_hand": 1}
    assert system.ask("POST", "/stock/facts", json={"items": [fact]}).status_code == 403
    other = house.api(branch="U-S", permissions={Permission.FEEDS_WRITE})
    refused = say(other, "N-2", HAT=1)
    assert (refused["status_code"], refused["code"]) == (404, "feed_unknown")
    assert on_hand(house, "HAT") == 12


def test_a_file_states_the_same(house: House):
    api = house.api()
    api.granted("/stock/feeds", FEED)
    where = {"feed_code": "ERP-D", "number": "F-1", "as_at": AS_AT, "covers": "part"}
    answer = api.ask(
        "POST", "/stock/snapshots/csv", params=where, content=b"sku_code,units\nHAT,8\n\nCOAT, 11\n"
    )
    assert (answer.status_code, answer.json()["applied"]) == (200, 2)
    assert (on_hand(house, "HAT"), on_hand(house, "COAT")) == (8, 11)
    bad = api.ask(
        "POST", "/stock/snapshots/csv", params=where | {"number": "F-2"}, content=b"HAT,8\nCOAT,-1\n"
    )
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (400, "line 2")
    assert (on_hand(house, "HAT"), on_hand(house, "COAT")) == (8, 11)


def test_a_suspicion_waits_for_whoever_may_answer(house: House):
    api = house.api()
    api.granted("/stock/feeds", FEED)
    say(api, "N-1", HAT=10)
    later = (NOON + timedelta(minutes=1)).isoformat()
    house.moment[0] = NOON + timedelta(minutes=2)
    assert say(api, "N-2", as_at=later, HAT=99)["doubted"] == 1
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    (waiting,) = dealer.get("/stock/suspicions")["items"]
    assert (waiting["sku_code"], waiting["units"], waiting["our_units"], waiting["why"]) == (
        "HAT",
        99,
        10,
        "leap",
    )
    elsewhere = house.as_role(Role.STORE_MANAGER, branch="U-S")
    assert elsewhere.get("/stock/suspicions")["items"] == []
    said = {"id": waiting["id"], "answer": "accept"}
    assert (
        elsewhere.ask("POST", "/stock/suspicions/answers", json=said).json()["code"] == "not_in_your_branch"
    )
    assert on_hand(house, "HAT") == 10
    assert dealer.ask("POST", "/stock/suspicions/answers", json=said).json() == said | {"change": 89}
    assert on_hand(house, "HAT") == 99
