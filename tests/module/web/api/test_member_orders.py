"""A member orders in the own name, at our price, where members may; and sees, cancels and is told of nobody else's."""

import re
from datetime import timedelta
from typing import Any

import pytest

from loopline.orders import ChannelTerms, put_channels
from loopline.processes.promise import run_out
from tests.make.api import House
from tests.make.shop import NOON
from tests.module.web.api.test_orders import held, order
from tests.module.web.api.test_shows import SHOW, add_streamer
from tests.module.web.api.test_touchpoints import a_member, member_api


def test_a_member_orders_in_the_own_name(house: House):
    member_id = a_member(house, 1)
    me = member_api(house, member_id)
    placed = me.ask("POST", "/orders", json=order("M-1"))
    assert placed.status_code == 201, placed.text
    told = me.get(f"/orders/{placed.json()['number']}")
    assert (told["member_id"], told["amount_minor"], told["guide_code"]) == (str(member_id), 15_820, None)
    again = me.ask("POST", "/orders", json=order("M-1", member_id=str(member_id)))
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    other = member_api(house, a_member(house, 2))
    assert other.ask("GET", f"/orders/{told['id']}").status_code == 404
    assert other.ask("POST", f"/orders/{told['id']}/cancel", json={}).status_code == 404
    taken = other.ask("POST", "/orders", json=order("M-1"))
    assert (taken.status_code, taken.json()["code"]) == (409, "number_taken")
    assert told["id"] not in taken.text
    assert held(house, "COAT") == 1
    called_off = me.ask("POST", f"/orders/{told['id']}/cancel", json={})
    assert (called_off.status_code, called_off.json()["stage"]) == (200, "cancelled")
    assert held(house, "COAT") == 0


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "fact", "site_code": "S"}, "kind"),
        ({"channel": "till"}, "channel"),
        ({"delivery": "carried_out", "site_code": "S"}, "delivery"),
        ({"member_id": "018f0000-0000-7000-8000-000000000000"}, "member_id"),
        ({"placed_at": "2026-03-01T00:00:00Z"}, "placed_at"),
        ({"hold_minutes": 10_000}, "hold_minutes"),
        ({"seller_code": "DEALER-CO"}, "seller_code"),
        ({"guide_code": "GUIDE"}, "guide_code"),
        ({"dealer_code": "DEALER"}, "dealer_code"),
        ({"lines": [{"sku_code": "COAT", "units": 1, "stated_unit_minor": 1}]}, "lines[0].stated_unit_minor"),
        ({"lines": [{"sku_code": "FEE", "units": 1, "kind": "charge"}]}, "lines[0].kind"),
        ({"on_shortage": "park"}, "on_shortage"),
    ],
)
def test_what_is_the_shops_to_say_a_member_does_not(house: House, said: dict[str, Any], field: str):
    me = member_api(house, a_member(house, 1))
    answer = me.ask("POST", "/orders", json=order("M-1", **said))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_for_members")
    assert answer.json()["fields"]["field"] == field
    assert held(house, "COAT") == 0


def test_nobody_orders_without_a_name(house: House):
    answer = house.nobody().ask("POST", "/orders", json=order("M-1"))
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_first")
    assert held(house, "COAT") == 0


def test_a_member_works_on_no_tasks_and_reads_none(house: House):
    me = member_api(house, a_member(house, 1))
    assert me.ask("GET", "/tasks").status_code == 403
    ghost = {"items": [{"task_id": "019cac0f-2680-7292-9e7e-f95526846d60"}]}
    assert me.ask("POST", "/tasks/accept", json=ghost).status_code == 403
    receive = {"items": [{"return_id": "019cac0f-2680-7292-9e7e-f95526846d60", "site_code": "S"}]}
    assert me.ask("POST", "/returns/receive", json=receive).status_code == 403


HAT = {"sku_code": "HAT", "units": 1}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([{"sku_code": "COAT", "units": 100}], "too_many_units"),
        ([HAT] * 21, "too_many_lines"),
        ([{"sku_code": "COAT", "units": 99}], "not_enough_free"),
    ],
)
def test_a_member_asks_for_no_more_than_a_household(house: House, lines: list[dict[str, Any]], code: str):
    me = member_api(house, a_member(house, 1))
    answer = me.ask("POST", "/orders", json=order("M-1", lines=lines))
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert held(house, "COAT") == held(house, "HAT") == 0
    assert house.api().ask("POST", "/orders", json=order("B-1", lines=[HAT] * 21)).status_code == 201


def test_a_members_order_has_a_time_to_pay_where_its_channel_has_none(house: House):
    mine = member_api(house, a_member(house, 1)).ask("POST", "/orders", json=order("M-1")).json()
    assert mine["pay_until"] == NOON.replace(minute=15).isoformat().replace("+00:00", "Z")
    assert house.api().ask("POST", "/orders", json=order("B-1")).json()["pay_until"] is None


def test_few_orders_of_a_member_wait_to_be_paid_at_once(house: House):
    me = member_api(house, a_member(house, 1))
    made = [me.ask("POST", "/orders", json=order(f"M-{number}", lines=[HAT])) for number in range(5)]
    assert [one.status_code for one in made] == [201] * 5
    sixth = order("M-6", lines=[HAT])
    answer = me.ask("POST", "/orders", json=sixth)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_unpaid")
    assert answer.json()["fields"] == {"most": 5, "minutes": 15, "cap": "member"}
    assert held(house, "HAT") == 5
    again = me.ask("POST", "/orders", json=order("M-0", lines=[HAT]))
    assert (again.status_code, again.json()["id"]) == (200, made[0].json()["id"])
    other = member_api(house, a_member(house, 2))
    assert other.ask("POST", "/orders", json=order("O-1", lines=[HAT])).status_code == 201
    paid = {"order_id": made[0].json()["id"], "method": "cash", "amount_minor": 999, "reference": "1"}
    house.api().granted("/payments", paid)
    assert me.ask("POST", "/orders", json=sixth).status_code == 201


def test_what_is_collected_is_collected_at_a_store(house: House):
    me = member_api(house, a_member(house, 1))
    for api in (me, house.api()):
        asked = order("M-1", delivery="collect", site_code="W", region_code=None)
        answer = api.ask("POST", "/orders", json=asked)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_collected_there")
        assert answer.json()["fields"] == {"site_code": "W", "field": "site_code"}
    assert held(house, "COAT") == 0
    assert me.ask("POST", "/orders", json=asked | {"site_code": "S"}).status_code == 201


def test_a_member_buys_out_of_a_show_what_it_shows_while_it_is_on_air(house: House):
    with house.database.transaction() as conn:
        terms = ChannelTerms(
            code="livestream", name="Live", network_node_id=house.shop.network, time_zone="Asia/Shanghai"
        )
        put_channels(conn, [terms])
    add_streamer(house, "STREAMER-A")
    brand, me = house.api(), member_api(house, a_member(house, 1))
    (room,) = brand.granted("/live-rooms", SHOW)
    touch = {"touchpoint_code": brand.get("/live-rooms/SHOW-1")["touchpoint_code"]}
    (shelf,) = brand.granted("/touchpoints", {"kind": "store", "site_code": "S"})
    assert room["code"] == "SHOW-1"
    coat = order("L-1", channel="livestream", lines=[{"sku_code": "COAT", "units": 1}])

    def refused(asked: dict[str, Any]) -> str:
        answer = me.ask("POST", "/orders", json=asked)
        assert answer.status_code == 409, answer.text
        return answer.json()["code"]

    assert refused(coat | {"touch": touch}) == "not_on_air"
    assert brand.ask("POST", "/live-rooms/SHOW-1/start").status_code == 200
    assert refused(coat) == "not_on_air"
    assert refused(coat | {"touch": {"touchpoint_code": shelf["code"]}}) == "not_on_air"
    assert refused(coat | {"touch": touch, "lines": [HAT]}) == "not_in_the_show"
    assert held(house, "COAT") == held(house, "HAT") == 0
    made = me.ask("POST", "/orders", json=coat | {"touch": touch})
    assert made.status_code == 201, made.text
    assert brand.ask("POST", "/live-rooms/SHOW-1/end").status_code == 200
    again = me.ask("POST", "/orders", json=coat | {"touch": touch})
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert refused(coat | {"touch": touch, "external_number": "L-2"}) == "not_on_air"


def test_whoever_watches_the_house_sees_how_late_it_is_with_what_ran_out(house: House):
    def overdue() -> float:
        (said,) = re.findall(
            r"^loopline_holds_overdue_seconds (\S+)$", house.client.get("/metrics").text, re.MULTILINE
        )
        return float(said)

    assert overdue() == 0
    assert house.api().ask("POST", "/orders", json=order("B-1", hold_minutes=30)).status_code == 201
    house.moment[0] = NOON + timedelta(minutes=30)
    assert overdue() == 0
    house.moment[0] += timedelta(seconds=7)
    assert overdue() == 7
    with house.database.transaction() as conn:
        assert run_out(conn, now=house.moment[0], limit=10).holds == 2
    assert overdue() == 0
