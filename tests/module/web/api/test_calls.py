"""Calls over the API: listed to those they are put to, claimed by the first; nothing outside the own sites."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from loopline.fulfilment.calls import CallState
from loopline.kernel.ids import CallId
from loopline.org import Role
from tests.make.api import House
from tests.make.calls import call_of, wave_of_calls
from tests.make.shop import NOON
from tests.module.web.api.test_orders import order


def called(house: House, *numbers: str, **fields: Any) -> list[str]:
    """Orders of one coat each, put to all three sites."""
    for number in numbers:
        lines = [{"sku_code": "COAT", "units": 1}]
        answer = house.api().ask("POST", "/orders", json=order(number, lines=lines, **fields))
        assert answer.status_code == 201, answer.text
    with house.database.transaction() as conn:
        return [str(one) for one in wave_of_calls(conn, house.shop, at=house.moment[0]).calls]


def state(house: House, call_id: str) -> CallState:
    with house.database.reading() as conn:
        return call_of(conn, CallId(UUID(call_id))).state


def test_a_call_is_told_to_each_site_with_what_it_pays_there(house: House):
    (call_id,) = called(house, "W-1")
    (whole,) = house.api().get("/calls")["items"]
    assert (whole["id"], whole["asked"], whole["deadline"]) == (call_id, 3, "2026-03-02T08:00:00Z")
    # Five hundredths of 100.00 net, at whichever site sends it; the dealer's store has a party of its own.
    assert {one["site_code"]: one["pays_minor"] for one in whole["sites"]} == {"S": 500, "W": 500, "D": 500}
    assert [one["metres"] for one in whole["sites"]] == sorted(one["metres"] for one in whole["sites"])
    assert whole["lines"] == [{"sku_code": "COAT", "name": "Coat", "units": 1}]
    (own,) = house.as_role(Role.STORE_MANAGER, branch="U-S").get("/calls")["items"]
    assert (own["asked"], [one["site_code"] for one in own["sites"]]) == (3, ["S"])


def test_the_first_claim_gets_the_task_and_the_second_is_told(house: House):
    (call_id,) = called(house, "W-1")
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    dealer = house.as_role(Role.STORE_MANAGER, branch="U-D")
    (done,) = dealer.granted("/calls/claim", {"call_id": call_id, "site_code": "D"})
    assert (done["call_id"], done["site_code"], done["is_repeat"]) == (call_id, "D", False)
    assert store.refused("/calls/claim", {"call_id": call_id, "site_code": "S"}) == ["claimed_by_another"]
    (again,) = dealer.granted("/calls/claim", {"call_id": call_id, "site_code": "D"})
    assert (again["task_id"], again["is_repeat"]) == (done["task_id"], True)
    task = dealer.get(f"/tasks/{done['task_id']}")
    assert (task["state"], task["site_code"], task["order_id"]) == ("accepted", "D", done["order_id"])
    assert [one.get("/calls")["items"] for one in (store, dealer, house.api())] == [[], [], []]


def test_a_branch_sees_and_claims_what_is_put_to_its_sites_alone(house: House):
    (call_id,) = called(house, "W-1")
    claim = {"call_id": call_id, "site_code": "S"}
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    assert [one["site_code"] for one in dealer.get("/calls")["items"][0]["sites"]] == ["D"]
    assert dealer.ask("GET", "/calls", params={"site_code": "S"}).status_code == 404
    assert dealer.refused("/calls/claim", claim) == ["not_in_your_branch"]
    assert dealer.refused("/calls/claim", {**claim, "site_code": "NONE"}) == ["no_such_thing"]
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    answer = auditor.ask("POST", "/calls/claim", json={"items": [claim]})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert house.nobody().ask("GET", "/calls").status_code == 401
    assert state(house, call_id) is CallState.OPEN


def test_a_call_that_was_not_put_to_a_site_is_not_there_for_it(house: House):
    answer = house.api().ask("POST", "/orders", json=order("W-1", lines=[{"sku_code": "COAT", "units": 1}]))
    assert answer.status_code == 201
    with house.database.transaction() as conn:
        conn.execute("delete from sourcing.site_cost where site_id = %s", (house.shop.sites["D"],))
        (call_id,) = wave_of_calls(conn, house.shop).calls
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    assert dealer.get("/calls")["items"] == []
    assert dealer.refused("/calls/claim", {"call_id": str(call_id), "site_code": "D"}) == ["unknown_call"]
    assert state(house, str(call_id)) is CallState.OPEN


def test_calls_come_page_by_page_until_their_deadline(house: House):
    made = called(house, "W-1", "W-2", "W-3")
    pages = [[one["id"] for one in page] for page in house.api().pages("/calls", limit=2)]
    assert [len(page) for page in pages] == [2, 1]
    assert sorted(one for page in pages for one in page) == sorted(made)
    house.moment[0] = NOON + timedelta(hours=4)
    assert house.api().get("/calls")["items"] == []
    assert house.api().refused("/calls/claim", {"call_id": made[0], "site_code": "S"}) == ["call_is_over"]


def test_a_claim_counts_until_the_last_second(house: House):
    (call_id,) = called(house, "W-1")
    house.moment[0] = NOON + timedelta(hours=3, minutes=59, seconds=59)
    house.api().granted("/calls/claim", {"call_id": call_id, "site_code": "W"})
