"""Exchanges over the API: at a counter, and announced by members; twice is once, and nobody else's."""

from typing import Any

from loopline import catalogue
from loopline.catalogue import NewSku
from loopline.kernel.ids import uuid7
from loopline.org import Role
from loopline.processes.index import write_down_products
from tests.make.api import Api, House
from tests.make.org import succeeded
from tests.make.shop import NOON, OPENED, PRICES, stock_up
from tests.module.web.api.test_returns import assert_sound, bought, sold_at_till
from tests.module.web.api.test_touchpoints import a_member, member_api


def another_size(house: House) -> None:
    new = NewSku(code="COAT-L", product_code="COAT", name="Coat L", tax_class="standard")
    with house.database.transaction() as conn:
        (added,) = succeeded(catalogue.add_skus(conn, [new], now=OPENED))
        house.shop.skus["COAT-L"] = added.sku_id
        skus = catalogue.skus_by_code(conn, ["COAT-L"])
        write_down_products(conn, [skus["COAT-L"].product_id])  # as the follower would
        stock_up(conn, house.shop, {("S", "COAT-L"): 3, ("W", "COAT-L"): 3})


def asked(order: dict[str, Any], **fields: Any) -> dict[str, Any]:
    line = next(one for one in order["lines"] if one["code"] == "COAT")
    back = {"line_id": line["line_id"], "units": 1, "reason": "size"} | fields.pop("line", {})
    return {"id": str(uuid7(NOON)), "order": order["number"], "back": [back]} | fields


def sent(api: Api, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = api.ask("POST", "/exchanges", json=body)
    return answer.status_code, answer.json()


def test_a_counter_exchanges_once_and_another_store_s_staff_does_not(house: House):
    another_size(house)
    placed = sold_at_till(house)
    sold = house.api().get(f"/orders/{placed['id']}")
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    body = asked(
        sold, site_code="S", out=[{"sku_code": "COAT-L", "units": 1}, {"sku_code": "HAT", "units": 1}]
    )
    other = house.as_role(Role.STORE_MANAGER, branch="U-D")
    assert sent(other, body)[0] == 404
    assert sent(house.as_role(Role.PACKER, branch="U-S"), body)[0] == 403
    status, done = sent(store, body)
    assert (status, done["is_repeat"], done["id"]) == (200, False, body["id"])
    status, again = sent(store, body)
    assert (status, again) == (200, done | {"is_repeat": True, "paid_minor": 0, "given_back_minor": 0})
    status, refused = sent(store, body | {"out": [{"sku_code": "HAT", "units": 1}]})
    assert (status, refused["code"]) == (409, "exchange_number_taken")
    told = store.get(f"/returns/{body['id']}")
    assert told["state"] == "received"
    new = house.api().get(f"/orders/{done['new_order_id']}")
    assert [(line["code"], line["unit_minor"]) for line in new["lines"]] == [
        ("COAT-L", 11_000),
        ("HAT", PRICES["HAT"]),
    ]
    assert_sound(house)


def test_a_member_has_another_size_held_and_somebody_else_s_order_is_none(house: House):
    another_size(house)
    member_id = a_member(house)
    api, order = member_api(house, member_id), bought(house, member_id)
    body = asked(order, line={"sku_code": "COAT-L"})
    stranger = member_api(house, a_member(house, 2))
    assert sent(stranger, body)[0] == 404
    status, done = sent(api, body)
    assert status == 200, done
    assert sent(api, body)[1]["is_repeat"] is True
    status, refused = sent(api, asked(order, line={"sku_code": "HAT"}))
    assert (status, refused["code"]) == (409, "not_the_same_product")
    before = api.get(f"/orders/{done['new_order_id']}")
    assert before["amount_minor"] == PRICES["COAT"]
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    store.granted("/returns/receive", {"return_id": done["id"], "site_code": "S"})
    with house.database.reading() as conn:
        rows = conn.execute(
            "select order_id, amount_minor, carried_from is not null from payments.payment order by recorded_at"
        ).fetchall()
    assert [row[1:] for row in rows] == [(order["amount_minor"], False), (PRICES["COAT"], True)]
    assert str(rows[1][0]) == done["new_order_id"]
    assert_sound(house)
