"""A member orders in the own name, at our price, where members may; and sees, cancels and is told of nobody else's."""

from typing import Any

import pytest

from tests.make.api import House
from tests.module.web.api.test_orders import held, order
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
