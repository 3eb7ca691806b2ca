"""Orders over the API: placed once whatever is sent, seen by whom they concern, called off while that is possible."""

from typing import Any

import pytest

from loopline import orders, stock
from loopline.org import Permission, Role
from tests.make.api import House


def order(number: str, **fields: Any) -> dict[str, Any]:
    """One coat and two scarves, asked for by the web shop, to be delivered in Shanghai."""
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": "ask",
        "region_code": "310100",
        "lines": [{"sku_code": "COAT", "units": 1}, {"sku_code": "SCARF", "units": 2}],
    }
    return stated | fields


def till_sale(number: str, *, site: str = "S", **fields: Any) -> dict[str, Any]:
    """A till's fact: one coat carried out of a store."""
    stated: dict[str, Any] = {
        "channel": "till",
        "external_number": number,
        "kind": "fact",
        "site_code": site,
        "delivery": "carried_out",
        "lines": [{"sku_code": "COAT", "units": 1, "stated_unit_minor": 11_000}],
    }
    return stated | fields


def held(house: House, sku: str) -> int:
    with house.database.reading() as conn:
        (found,) = stock.free_at_nodes(conn, [house.shop.network], [house.shop.skus[sku]])
        return found.held


def test_an_order_is_placed_once_and_the_same_message_is_it_again(house: House):
    api = house.api()
    first = api.ask("POST", "/orders", json=order("W-1"))
    assert first.status_code == 201, first.text
    told = first.json()
    assert (told["amount_minor"], told["currency"], told["stage"]) == (15_820, "CNY", "placed")
    assert (told["collect"], told["receipt_code"], told["is_repeat"]) == (None, None, False)
    again = api.ask("POST", "/orders", json=order("W-1", lines=order("")["lines"][::-1]))
    assert again.status_code == 200
    assert again.json() == told | {"is_repeat": True}
    assert held(house, "COAT") == 1


def test_what_was_filled_in_makes_a_repeat_no_conflict(house: House):
    api = house.api()
    first = api.ask("POST", "/orders", json=order("W-1"))
    house.moment[0] = house.moment[0].replace(hour=9)
    again = api.ask("POST", "/orders", json=order("W-1"))
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


def test_other_content_under_the_number_is_refused_and_kept(house: House):
    api = house.api()
    api.ask("POST", "/orders", json=order("W-1"))
    other = api.ask("POST", "/orders", json=order("W-1", lines=[{"sku_code": "HAT", "units": 1}]))
    assert (other.status_code, other.json()["code"]) == (409, "number_taken_by_other_content")
    assert held(house, "HAT") == 0
    with house.database.reading() as conn:
        (kept,) = orders.last_conflicts(conn, limit=5)
    assert kept.content.lines[0].code == "HAT"


def test_which_order_has_a_number_is_told_to_those_who_see_that_order(house: House):
    sold = house.api().ask("POST", "/orders", json=till_sale("T-1")).json()
    dealer = house.as_role(Role.STORE_MANAGER, branch="U-D")
    other = dealer.ask("POST", "/orders", json=till_sale("T-1", site="D"))
    assert (other.status_code, other.json()["code"]) == (409, "number_taken")
    assert sold["id"] not in other.text
    own = house.as_role(Role.STORE_MANAGER, branch="U-S")
    told = own.ask("POST", "/orders", json=till_sale("T-1", lines=[{"sku_code": "HAT", "units": 1}]))
    assert (told.json()["code"], told.json()["fields"]["order_id"]) == (
        "number_taken_by_other_content",
        sold["id"],
    )


def test_a_batch_has_an_outcome_for_each_order(house: House):
    codes = [
        one.get("problem", {}).get("code")
        for one in house.api().post(
            "/orders/batch",
            order("W-1"),
            order("W-2", lines=[{"sku_code": "GHOST", "units": 1}]),
            order("W-3", lines=[{"sku_code": "HAT", "units": 31}]),
            order("W-1"),
            order("W-4", region_code="999999"),
            order("W-5", region_code=None),
            order("W-6", site_code="NOWHERE"),
            order("W-7", seller_code="NOBODY"),
            order("W-8", guide_code="DEALER"),
            order("W-9", member_id="018f0000-0000-7000-8000-000000000000"),
        )
    ]
    assert codes == [
        None,
        "unknown_sku",
        "not_enough_free",
        None,
        "unknown_region",
        "needs_destination",
        "unknown_site",
        "unknown_seller",
        "unknown_party",
        "member_unknown",
    ]
    assert (held(house, "COAT"), held(house, "HAT")) == (1, 0)


def test_a_till_sells_at_its_own_site_alone(house: House):
    till = house.as_role(Role.GUIDE, branch="U-S")
    sold = till.ask("POST", "/orders", json=till_sale("T-1"))
    assert (sold.status_code, sold.json()["amount_minor"]) == (201, 11_000)
    elsewhere = till.ask("POST", "/orders", json=till_sale("T-2", site="D"))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "not_in_your_branch")
    whole_brand = till.ask("POST", "/orders", json=order("W-1"))
    assert (whole_brand.status_code, whole_brand.json()["code"]) == (403, "not_in_your_branch")
    nowhere = till.ask("POST", "/orders", json=till_sale("T-3", site_code=None))
    assert nowhere.json()["code"] == "needs_site"


def test_an_order_is_seen_by_whom_it_concerns(house: House):
    api = house.api()
    placed = api.ask("POST", "/orders", json=order("W-1", site_code="S", guide_code="GUIDE")).json()
    told = api.get(f"/orders/{placed['id']}")
    assert told == api.get(f"/orders/{placed['number'].lower()}")
    assert [(line["code"], line["state"], line["held"]) for line in told["lines"]] == [
        ("COAT", "held", 1),
        ("SCARF", "held", 2),
    ]
    assert (told["site_code"], told["seller_code"], told["guide_code"]) == ("S", "BRAND-CO", "GUIDE")
    at_store = house.as_role(Role.STORE_MANAGER, branch="U-S").get(f"/orders/{placed['id']}")
    assert at_store["amount_minor"] == 15_820
    at_dealer = house.as_role(Role.DEALER, branch="DEALER").ask("GET", f"/orders/{placed['id']}")
    assert (at_dealer.status_code, at_dealer.json()["code"]) == (404, "no_such_thing")
    for unknown in ("018f0000-0000-7000-8000-000000000000", "1234567", "nonsense", "%00", "7K3Q-9XA"):
        assert api.ask("GET", f"/orders/{unknown}").status_code == 404


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"channel": "w\u0000b"}, "channel"),
        ({"external_number": "\u0000"}, "external_number"),
        ({"external_number": ""}, "external_number"),
        ({"lines": []}, "lines"),
        ({"lines": [{"sku_code": "COAT", "units": 0}]}, "lines[0].units"),
        ({"lines": [{"sku_code": "COAT", "units": 10**30}]}, "lines[0].units"),
        ({"lines": [{"sku_code": "COAT", "units": 1, "colour": "red"}]}, "lines[0].colour"),
        ({"placed_at": "1999-01-01T00:00:00Z"}, "placed_at"),
        ({"placed_at": "2026-03-02T04:00:00"}, "placed_at"),
        ({"destination": {"longitude": 181, "latitude": 0}}, "destination.longitude"),
        ({"kind": "wish"}, "kind"),
        ({"ghost": 1}, "ghost"),
    ],
)
def test_what_cannot_be_read_is_named(house: House, said: dict[str, Any], field: str):
    answer = house.api().ask("POST", "/orders", json=order("W-1", **said))
    assert answer.status_code == 400, answer.text
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_a_key_gives_the_first_answer_again(house: House):
    api = house.api()
    headers = {"Idempotency-Key": "k-1"}
    first = api.ask("POST", "/orders", json=order("W-1"), headers=headers)
    again = api.ask("POST", "/orders", json=order("W-1"), headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    other = api.ask("POST", "/orders", json=order("W-2"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_taken")
    assert held(house, "COAT") == 1


def test_a_refusal_is_kept_under_no_key(house: House):
    api = house.api()
    headers = {"Idempotency-Key": "k-1"}
    refused = api.ask("POST", "/orders", json=order("W-1", region_code="999999"), headers=headers)
    assert refused.status_code == 409
    assert api.ask("POST", "/orders", json=order("W-1"), headers=headers).status_code == 201


def test_a_key_of_a_batch_counts_for_each_order(house: House):
    api = house.api()
    headers = {"Idempotency-Key": "k-1"}
    bad = order("W-2", region_code="999999")
    first = api.post("/orders/batch", order("W-1"), bad, headers=headers)
    again = api.post("/orders/batch", order("W-1"), order("W-2"), headers=headers)
    assert again[0] == first[0]
    assert [one["problem"]["code"] for one in (first[1],)] == ["unknown_region"]
    assert again[1]["value"]["is_repeat"] is False
    other = api.post("/orders/batch", order("W-3"), headers=headers)
    assert other[0]["problem"]["code"] == "idempotency_key_taken"


def test_an_order_is_called_off_whole_or_in_part(house: House):
    api = house.api()
    placed = api.ask("POST", "/orders", json=order("W-1")).json()
    line_ids = {line["code"]: line["line_id"] for line in api.get(f"/orders/{placed['id']}")["lines"]}
    path = f"/orders/{placed['id']}/cancel"
    part = api.ask("POST", path, json={"lines": [{"line_id": line_ids["SCARF"], "units": 1}]})
    assert (part.status_code, part.json()["stage"], part.json()["refund_minor"]) == (200, "placed", 0)
    assert (held(house, "COAT"), held(house, "SCARF")) == (1, 1)
    whole = api.ask("POST", path, json={})
    assert (whole.json()["stage"], len(whole.json()["lines"])) == ("cancelled", 2)
    assert (held(house, "COAT"), held(house, "SCARF")) == (0, 0)
    again = api.ask("POST", path, json={})
    assert (again.status_code, again.json()["lines"], again.json()["stage"]) == (200, [], "cancelled")
    reader = house.api(permissions=[Permission.ORDERS_READ])
    assert reader.ask("POST", path, json={}).json()["code"] == "not_allowed"
    sold = api.ask("POST", "/orders", json=till_sale("T-1")).json()
    gone = api.ask("POST", f"/orders/{sold['id']}/cancel", json={})
    assert (gone.status_code, gone.json()["code"]) == (409, "nothing_to_cancel")


def test_an_order_ships_from_the_sites_it_names_until_customer_service_says_otherwise(house: House):
    api = house.api()
    placed = api.ask("POST", "/orders", json=order("W-1", ship_from=["W", "D"])).json()
    path = f"/orders/{placed['number']}"
    assert api.get(path)["ship_from"] == ["D", "W"]
    said = api.ask("POST", f"{path}/ship-from", json={"ship_from": ["S"]})
    assert (said.status_code, said.json()) == (
        200,
        {"id": placed["id"], "ship_from": ["S"], "changed": True},
    )
    assert api.ask("POST", f"{path}/ship-from", json={}).json()["ship_from"] == []
    assert api.get(path)["ship_from"] == []
    unknown = api.ask("POST", "/orders", json=order("W-2", ship_from=["NOPE"]))
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_ship_from")
    nobodys = api.ask("POST", "/orders/00000000-0000-7000-8000-000000000000/ship-from", json={})
    assert (nobodys.status_code, nobodys.json()["code"]) == (404, "no_such_thing")


def test_who_reads_or_has_another_branch_names_no_sites(house: House):
    placed = house.api().ask("POST", "/orders", json=order("W-1")).json()
    path = f"/orders/{placed['id']}/ship-from"
    reader = house.api(permissions=[Permission.ORDERS_READ])
    assert reader.ask("POST", path, json={"ship_from": ["S"]}).json()["code"] == "not_allowed"
    dealer = house.as_role(Role.CUSTOMER_SERVICE, branch="DEALER")
    assert dealer.ask("POST", path, json={"ship_from": ["D"]}).status_code == 404
    assert house.api().get(f"/orders/{placed['id']}")["ship_from"] == []
