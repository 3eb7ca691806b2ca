"""Couriers and appointments from outside: set for one's own units, asked for, ordered, moved, handed to a rider."""

from typing import Any

from loopline.kernel.ids import TaskId
from loopline.org import Role
from loopline.processes.source import source_wave
from loopline.web.collection import rider_code
from tests.make.api import House
from tests.make.loop import pack_up
from tests.make.shop import NOON
from tests.make.web import SECRET

PATH = "/site-hours"
HOURS: dict[str, Any] = {
    "places": 1,
    "kilometres_most": 8,
    "fees": [{"kilometres_most": 3, "minor": 500}, {"kilometres_most": 8, "minor": 900}],
}
CART: dict[str, Any] = {
    "channel": "web",
    "lines": [{"sku_code": "COAT", "units": 1}],
    "kinds": ["courier"],
    "destination": {"longitude": 121.5, "latitude": 31.2},
}
ORDER: dict[str, Any] = {
    "channel": "web",
    "kind": "ask",
    "delivery": "courier",
    "site_code": "S",
    "lines": [{"sku_code": "COAT", "units": 1}],
    "destination": {"longitude": 121.5, "latitude": 31.2},
}


def wish(unit: str, way: str = "courier", **fields: Any) -> dict[str, Any]:
    return {"unit_code": unit, "way": way, "hours": HOURS | fields, "comment": "try"}


def test_a_unit_says_what_holds_for_the_stores_below_it_until_one_says_otherwise(house: House):
    hq = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    hq.granted(PATH, wish("HX", places=3), wish("DEALER", places=7))
    found = {
        one["unit_code"]: (one["hours"]["places"], one["decided_by"])
        for one in hq.get(PATH)["items"]
        if one["way"] == "courier"
    }
    assert found == {
        "HX": (3, "HX"),
        "EAST": (3, "HX"),
        "U-S": (3, "HX"),
        "DEALER": (7, "DEALER"),
        "U-D": (7, "DEALER"),
    }
    hq.granted(PATH, {"unit_code": "DEALER", "way": "courier", "hours": None, "comment": "no more"})
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    told = [one for one in dealer.get(PATH)["items"] if one["way"] == "courier"]
    assert [(one["unit_code"], one["decided_by"]) for one in told] == [("DEALER", "HX"), ("U-D", "HX")]
    assert [one["hours"] for one in dealer.get(PATH)["items"] if one["way"] == "in_store"] == [None, None]


def test_a_dealer_sets_its_own_units_and_no_others(house: House):
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    mine, theirs, nobodys = dealer.post(PATH, wish("U-D"), wish("U-S"), wish("X"))
    assert mine["value"]["unit_code"] == "U-D"
    assert [one["problem"]["code"] for one in (theirs, nobodys)] == ["terms_unit_unknown"] * 2
    (odd,) = dealer.post(PATH, wish("U-D", opens_minute=1_200, closes_minute=1_210))
    assert odd["problem"]["code"] == "way_not_usable"
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    assert auditor.ask("POST", PATH, json={"items": [wish("U-S")]}).status_code == 403


def asked(house: House, **fields: Any) -> dict[str, Any]:
    (told,) = house.api().granted("/promises", CART | fields)
    (option,) = told["options"]
    return option


def test_a_courier_is_promised_ordered_and_moved(house: House):
    hq = house.api()
    hq.granted(PATH, wish("U-S"))
    option = asked(house)
    assert (option["site_code"], option["charge_minor"]) == ("S", 900)
    assert (option["starts_at"], option["ends_at"], option["due_at"]) == (
        "2026-03-02T06:00:00Z",
        "2026-03-02T08:00:00Z",
        "2026-03-02T08:00:00Z",
    )
    order = ORDER | {"external_number": "C-1", "promise": option["promise"]}
    placed = hq.ask("POST", "/orders", json=order)
    assert placed.status_code == 201, placed.text
    assert placed.json()["amount_minor"] == 12_200
    # The same message is the same order, with another promise too; another order finds the place taken.
    again = hq.ask("POST", "/orders", json=order)
    assert (again.status_code, again.json()["is_repeat"]) == (200, True)
    taken = hq.ask("POST", "/orders", json=order | {"external_number": "C-2"})
    assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
    # A promise is of its store and its way: nothing else can be ordered by it.
    for other in ({"site_code": "D"}, {"delivery": "deliver"}, {"delivery": "collect"}):
        refused = hq.ask("POST", "/orders", json=order | {"external_number": "C-3"} | other)
        assert refused.json()["code"] == "promise_not_ours", other
    bare = hq.ask("POST", "/orders", json=ORDER | {"external_number": "C-4"})
    assert (bare.status_code, bare.json()["code"]) == (409, "needs_slot")
    order_id = placed.json()["id"]
    (moved,) = hq.granted("/orders/hours", {"order_id": order_id, "starts_at": "2026-03-02T10:00:00Z"})
    assert (moved["starts_at"], moved["ends_at"]) == ("2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z")
    (full,) = hq.post("/orders/hours", {"order_id": order_id, "starts_at": "2026-03-02T10:01:00Z"})
    assert full["problem"]["code"] == "hour_not_free"
    elsewhere = house.as_role(Role.DEALER, branch="DEALER")
    (not_theirs,) = elsewhere.post(
        "/orders/hours", {"order_id": order_id, "starts_at": "2026-03-02T06:00:00Z"}
    )
    assert not_theirs["problem"]["code"] == "not_in_your_branch"


def test_a_rider_gets_the_parcel_whose_code_they_say(house: House):
    hq = house.api()
    hq.granted(PATH, wish("U-S"))
    order = ORDER | {"external_number": "C-1", "promise": asked(house)["promise"]}
    placed = hq.ask("POST", "/orders", json=order).json()
    with house.database.transaction() as conn:
        (task_id,) = source_wave(conn, now=NOON).tasks
        pack_up(conn, [task_id], now=NOON)
    code = rider_code(TaskId(task_id), secret=SECRET)
    wrong = f"{(int(code) + 1) % 10_000:04d}"
    for said in ({}, {"rider_code": wrong}):
        (refused,) = hq.post("/tasks/hand-over", {"task_id": str(task_id)} | said)
        assert refused["problem"]["code"] == "rider_code_wrong"
    # Of another branch's parcel nobody is told whether a code is the right one.
    dealer = house.api(branch="DEALER")
    for said in ({}, {"rider_code": wrong}, {"rider_code": code}):
        (refused,) = dealer.post("/tasks/hand-over", {"task_id": str(task_id)} | said)
        assert (refused["problem"]["code"], refused["problem"]["status"]) == ("not_in_your_branch", 403)
    given = {"task_id": str(task_id), "rider_code": code, "carrier": "闪送"}
    (done,) = hq.granted("/tasks/hand-over", given)
    assert done["state"] == "handed_over"
    # Said again, with whatever code, it is done.
    (again,) = hq.granted("/tasks/hand-over", {"task_id": str(task_id)})
    assert again["state"] == "handed_over"
    with house.database.reading() as conn:
        row = conn.execute(
            "select carrier from slots.booking where order_id = %s", (placed["id"],)
        ).fetchone()
    assert row == ("闪送",)
