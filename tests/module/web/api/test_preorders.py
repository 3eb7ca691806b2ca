"""Pre-orders from outside: opened, listed, ordered ahead, promised with their day, changed, closed; who may."""

from typing import Any, cast

from loopline.org import Permission, Role
from loopline.processes.expect import expect
from loopline.web.edge import Edge
from tests.make.api import House
from tests.make.shop import NOON
from tests.module.web.api.test_orders import order

TENTH, TWELFTH = "2026-03-10", "2026-03-12"
MANY = [{"sku_code": "COAT", "units": 33}]  # thirty are there
ASK: dict[str, Any] = {
    "channel": "web",
    "lines": MANY,
    "kinds": ["deliver"],
    "destination": {"longitude": 121.1, "latitude": 31.1},
}


def wish(**fields: Any) -> dict[str, Any]:
    return {"sku_code": "COAT", "allowance": 5, "ships_on": TENTH} | fields


def test_it_is_opened_ordered_ahead_and_seen_with_its_day_everywhere(house: House):
    api = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    sender = house.api()
    assert sender.refused("/orders/batch", order("W-0", lines=MANY)) == ["not_enough_free"]
    (said,) = api.granted("/preorders", wish(per_order=4))
    assert (said["is_open"], said["sold_units"], said["left_units"], said["per_order"]) == (True, 0, 5, 4)
    assert api.granted("/preorders", wish(per_order=4)) == [said]
    (taken,) = sender.granted("/orders/batch", order("W-1", lines=MANY))
    assert taken["parked_units"] == 3
    (line,) = api.get(f"/orders/{taken['number']}")["lines"]
    assert (line["held"], line["parked"], line["parked_for"], line["expected_on"]) == (
        30,
        3,
        "pre_order",
        TENTH,
    )
    # The same message again is the same order.
    assert sender.granted("/orders/batch", order("W-1", lines=MANY))[0]["number"] == taken["number"]
    (listed,) = api.get("/preorders")["items"]
    assert (listed["sold_units"], listed["waiting_units"], listed["left_units"]) == (3, 3, 2)
    (changed,) = api.granted("/preorders", wish(allowance=2, ships_on=TWELFTH))
    assert (changed["id"], changed["above_units"], changed["left_units"]) == (said["id"], 1, 0)
    assert api.get(f"/orders/{taken['number']}")["lines"][0]["expected_on"] == TWELFTH
    (closed,) = api.granted("/preorders/close", {"sku_code": "COAT"})
    assert (closed["is_open"], closed["waiting_units"]) == (False, 3)
    assert api.refused("/preorders/close", {"sku_code": "HAT"}) == ["preorder_unknown"]


def test_a_promise_says_from_which_day_it_ships_instead_of_sold_out(house: House):
    api = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    public = house.nobody()
    (told,) = public.granted("/promises", ASK)
    assert (told["not_thus"][0]["why"], told["lacking"][0]["pre_order_ships_on"]) == ("no_stock", None)
    api.granted("/preorders", wish(per_order=4))
    cast("Edge", cast("Any", house.client).app.state["edge"]).promises.caught_up()
    (told,) = public.granted("/promises", ASK)
    assert (told["not_thus"][0]["why"], told["lacking"][0]["pre_order_ships_on"]) == ("pre_order", TENTH)
    # More than one order may have is sold out.
    (told,) = public.granted("/promises", ASK | {"lines": [{"sku_code": "COAT", "units": 35}]})
    assert told["not_thus"][0]["why"] == "no_stock"


def test_only_who_has_the_whole_brand_opens_lists_and_closes_it(house: House):
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    for path, item in (("/preorders", wish()), ("/preorders/close", {"sku_code": "COAT"})):
        assert dealer.ask("POST", path, json={"items": [item]}).status_code == 403
    assert dealer.ask("GET", "/preorders").status_code == 403
    reader = house.api(permissions=[Permission.STOCK_READ])
    assert reader.ask("POST", "/preorders", json={"items": [wish()]}).status_code == 403
    assert reader.get("/preorders")["items"] == []


def test_what_cannot_be_read_is_refused_whole_and_what_cannot_be_each_by_itself(house: House):
    api = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    for wrong in ({"allowance": -1}, {"ships_on": "soon"}, {"per_order": 0}, {"deposit": 5}):
        answer = api.ask("POST", "/preorders", json={"items": [wish() | wrong]})
        assert answer.status_code == 400, wrong
    assert api.refused("/preorders", wish(sku_code="NOPE"), wish(ships_on="2026-03-01")) == [
        "preorder_sku_unknown",
        "preorder_day_not_usable",
    ]
    with house.database.transaction() as conn:
        assert expect(conn, now=NOON) == 0
