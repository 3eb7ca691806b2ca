"""What delivery costs from outside: set for one's own units, told with a promise, charged as it was told."""

from typing import Any

from loopline.org import Role
from tests.make.api import House
from tests.module.web.api.test_orders import order

PATH = "/freight"
TEMPLATE: dict[str, Any] = {
    "currency": "CNY",
    "fee_minor": 800,
    "free_from_minor": 15_000,
    "weighing": {"first_grams": 1_000, "step_grams": 500, "step_minor": 100, "grams_default": 300},
    "regions": [
        {"region_codes": ["65", "54"], "fee_minor": 2_000, "is_ever_free": False},
        {"region_codes": ["330100"], "is_delivered": False},
    ],
}
CART: dict[str, Any] = {
    "channel": "web",
    "lines": [{"sku_code": "COAT", "units": 1}],
    "kinds": ["deliver"],
    "region_code": "310100",
}


def wish(unit_code: str = "HX", **fields: Any) -> dict[str, Any]:
    return {"unit_code": unit_code, "template": TEMPLATE, "comment": "try"} | fields


def caught_up(house: Any) -> None:
    """Wait until promises know what was set."""
    house.client.app.state.edge.promises.caught_up()


def told(house: House, **fields: Any) -> tuple[int, int | None]:
    (value,) = house.nobody().granted("/promises", CART | fields)
    (option,) = value["options"]
    return option["charge_minor"], option["free_for_minor"]


def test_a_promise_says_what_delivery_costs(house: House):
    assert told(house) == (0, None)
    house.as_role(Role.HQ_OPERATIONS, branch="HX").granted(PATH, wish())
    caught_up(house)
    # Nobody said what the goods come to: it costs that at most.
    assert told(house) == (800, 15_000)
    assert told(house, goods_minor=14_999) == (800, 1)
    assert told(house, goods_minor=15_000) == (0, None)
    assert told(house, goods_minor=15_000, region_code="650100") == (2_000, None)
    # Four coats of 300 grams, as nobody weighed them: one further step.
    assert told(house, lines=[{"sku_code": "COAT", "units": 4}]) == (900, 15_000)
    (value,) = house.nobody().granted("/promises", CART | {"region_code": "330100"})
    assert (value["options"], value["not_thus"]) == (
        [],
        [{"kind": "deliver", "why": "not_delivered_there", "nearest": []}],
    )


def test_an_order_by_a_promise_is_charged_what_was_told_and_one_without_states_it(house: House):
    hq = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    hq.granted(PATH, wish())
    caught_up(house)
    api = house.api()
    cart = CART | {"lines": order("")["lines"]}
    (value,) = api.granted("/promises", cart)
    (option,) = value["options"]
    # The coat and the scarves come to 158.20: it was told without that, and is free.
    free = api.ask("POST", "/orders", json=order("W-1", promise=option["promise"]))
    assert (free.status_code, free.json()["amount_minor"]) == (201, 15_820)
    small = [{"sku_code": "COAT", "units": 1}]
    (value,) = api.granted("/promises", CART)
    token = value["options"][0]["promise"]
    paid = api.ask("POST", "/orders", json=order("W-2", lines=small, promise=token))
    assert (paid.status_code, paid.json()["amount_minor"]) == (201, 12_100)
    hq.granted(PATH, wish(template=TEMPLATE | {"fee_minor": 900}))
    moved = api.ask("POST", "/orders", json=order("W-3", lines=small, promise=token))
    assert (moved.status_code, moved.json()["code"]) == (409, "freight_moved")
    assert moved.json()["fields"] == {"shown_minor": 800, "now_minor": 900, "currency": "CNY"}
    # Whoever sells elsewhere states what delivery costs, or nothing, and is charged nothing more.
    plain = api.ask("POST", "/orders", json=order("W-4", lines=small))
    assert plain.json()["amount_minor"] == 11_300
    assert api.ask("POST", "/orders", json=order("W-5", lines=small, region_code="330100")).status_code == 201


def test_what_goods_come_to_cannot_be_made_up(house: House):
    house.as_role(Role.HQ_OPERATIONS, branch="HX").granted(PATH, wish())
    caught_up(house)
    api = house.api()
    (value,) = api.granted("/promises", CART | {"goods_minor": 99_999})
    (option,) = value["options"]
    assert option["charge_minor"] == 0
    asked = order("W-1", lines=CART["lines"], promise=option["promise"])
    refused = api.ask("POST", "/orders", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (409, "freight_moved")


def test_a_dealer_sets_its_own_where_the_brand_leaves_it_open(house: House):
    hq, dealer = house.as_role(Role.HQ_OPERATIONS, branch="HX"), house.as_role(Role.DEALER, branch="DEALER")
    hq.granted(PATH, wish())
    own = TEMPLATE | {"fee_minor": 300}
    (shut,) = dealer.post(PATH, wish("DEALER", template=own))
    assert shut["problem"]["code"] == "freight_not_open"
    hq.granted(PATH, wish(is_open=True))
    mine, theirs, brands, odd = dealer.post(
        PATH,
        wish("DEALER", template=own),
        wish("EAST"),
        wish("HX"),
        wish("DEALER", template=own | {"regions": [{"region_codes": ["310106"]}]}),
    )
    assert mine["value"]["template"]["fee_minor"] == 300
    assert [one["problem"]["code"] for one in (theirs, brands, odd)] == [
        "freight_unit_unknown", "freight_unit_unknown", "region_unknown",
    ]  # fmt: skip
    (seen,) = dealer.get(PATH)["items"]
    assert (seen["unit_code"], seen["template"]["fee_minor"], seen["decided_by"]) == ("DEALER", 300, "DEALER")
    found = {
        one["unit_code"]: (one["template"]["fee_minor"], one["decided_by"]) for one in hq.get(PATH)["items"]
    }
    assert found == {"HX": (800, "HX"), "EAST": (800, "HX"), "DEALER": (300, "DEALER")}
    hq.granted(PATH, wish(template=None, is_open=True), wish("DEALER", template=None))
    assert [one["template"] for one in hq.get(PATH)["items"]] == [None, None, None]
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    assert auditor.ask("POST", PATH, json={"items": [wish()]}).status_code == 403
