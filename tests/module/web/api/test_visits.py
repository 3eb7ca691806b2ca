"""Fitting at home from outside: what is promised of it, ordered, and said by whoever goes there."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline.catalogue import Fitting
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.org import Role
from loopline.processes.source import source_wave
from loopline.web.collection import visit_code
from tests.make.api import House
from tests.make.hours import fitted
from tests.make.loop import pack_up
from tests.make.shop import NOON
from tests.make.web import SECRET

HERE = {"longitude": 121.5, "latitude": 31.2}
HOURS: dict[str, Any] = {"places": 1, "kilometres_most": 8, "fees": [{"kilometres_most": 8, "minor": 5_000}]}
CART: dict[str, Any] = {
    "channel": "web",
    "lines": [{"sku_code": "COAT", "units": 1}],
    "kinds": ["fitting"],
    "destination": HERE,
}
ORDER: dict[str, Any] = {
    "channel": "web",
    "kind": "ask",
    "delivery": "fitting",
    "site_code": "S",
    "lines": [{"sku_code": "COAT", "units": 1}],
    "destination": HERE,
}


def offered(house: House, fitting: str = "offered", **hours: Any) -> None:
    wish = {"unit_code": "U-S", "way": "at_home", "hours": HOURS | hours, "comment": "try"}
    house.as_role(Role.HQ_OPERATIONS, branch="HX").granted("/site-hours", wish)

    with house.database.transaction() as conn:
        fitted(conn, fitting=Fitting(fitting))


def wrong_code(order_id: str) -> str:
    code = int(visit_code(OrderId(UUID(order_id)), secret=SECRET))
    return f"{(code + 1) % 1_000_000:06d}"


def asked(house: House, **fields: Any) -> dict[str, Any]:
    (told,) = house.api().granted("/promises", CART | fields)
    return told


def why(told: dict[str, Any]) -> dict[str, str]:
    return {one["kind"]: one["why"] for one in told["not_thus"]}


EVERY = ("deliver", "collect", "courier", "fitting")


@pytest.mark.parametrize(
    ("fitting", "ways", "misses"),
    [
        ("none", {"deliver", "collect"}, {"courier": "too_far", "fitting": "not_fitted"}),
        ("offered", {"deliver", "collect", "fitting"}, {"courier": "too_far"}),
        ("needed", {"fitting"}, dict.fromkeys(EVERY[:3], "needs_fitting")),
    ],
)
def test_goods_have_a_fitter_where_their_care_says_so_and_in_the_way_that_it_says(
    house: House, fitting: str, ways: set[str], misses: dict[str, str]
):
    offered(house, fitting)
    told = asked(house, kinds=EVERY)
    assert {one["kind"] for one in told["options"]} == ways
    assert why(told) == misses
    bare = ORDER | {"external_number": "F-0", "delivery": "deliver", "site_code": None}
    placed = house.api().ask("POST", "/orders", json=bare)
    assert placed.json().get("code") == ("needs_fitting" if fitting == "needed" else None)


def test_an_address_too_far_is_told_which_stores_are_nearest(house: House):
    offered(house)
    (far,) = asked(house, destination={"longitude": 121.2, "latitude": 31.2})["not_thus"]
    (near,) = far["nearest"]
    assert (far["why"], near["site_code"], near["reaches_kilometres"]) == ("too_far", "S", 8)
    assert near["kilometres"] > 8
    wish = {"unit_code": "U-S", "way": "at_home", "hours": HOURS | {"region_codes": ["3"]}, "comment": "x"}
    (odd,) = house.as_role(Role.HQ_OPERATIONS, branch="HX").post("/site-hours", wish)
    assert odd["problem"]["code"] == "regions_not_usable"


@pytest.mark.parametrize(("regions", "goes"), [(["330100"], False), (["31"], True)])
def test_a_fitter_goes_into_the_regions_that_are_named(house: House, regions: list[str], *, goes: bool):
    offered(house, region_codes=regions)
    assert why(asked(house)) == ({} if goes else {"fitting": "too_far"})


def placed(house: House, number: str = "F-1") -> str:
    (option,) = asked(house)["options"]
    assert (option["site_code"], option["charge_minor"]) == ("S", 5_000)
    assert (option["starts_at"], option["due_at"]) == ("2026-03-02T08:00:00Z", "2026-03-02T10:00:00Z")
    order = ORDER | {"external_number": number, "promise": option["promise"]}
    made = house.api().ask("POST", "/orders", json=order)
    assert (made.status_code, made.json()["amount_minor"]) == (201, 16_300), made.text
    # A promise is of its store and its way.
    for other in ({"site_code": "D"}, {"delivery": "courier"}):
        refused = house.api().ask("POST", "/orders", json=order | {"external_number": "X"} | other)
        assert refused.json()["code"] == "promise_not_ours", other
    return made.json()["id"]


def test_what_a_delivery_must_ship_from_says_nothing_of_a_fitter(house: House):
    offered(house)
    (option,) = asked(house, ship_from=["S"])["options"]
    order = ORDER | {"external_number": "F-9", "promise": option["promise"]}
    made = house.api().ask("POST", "/orders", json=order)
    assert made.status_code == 201, made.text
    refused = house.api().ask("POST", "/orders", json=order | {"external_number": "F-8", "ship_from": ["S"]})
    assert refused.status_code in {400, 409, 422}, refused.text


def pack(conn: Conn) -> str:
    (task_id,) = source_wave(conn, now=NOON).tasks
    pack_up(conn, [task_id], now=NOON)
    return str(task_id)


def test_a_visit_is_taken_on_set_out_on_and_done_by_the_customers_code(house: House):
    offered(house)
    order_id = placed(house)
    with house.database.transaction() as conn:
        task_id = pack(conn)
    hq = house.api()
    # It goes with nobody else.
    (refused,) = hq.post("/tasks/hand-over", {"task_id": task_id})
    assert refused["problem"]["code"] == "goes_with_fitter"
    (planned,) = hq.get("/visits", site_code="S")["items"]
    assert (planned["order_id"], planned["starts_at"], planned["last"]) == (
        order_id,
        "2026-03-02T08:00:00Z",
        None,
    )
    visit = {"order_id": order_id}
    (early,) = hq.post("/visits/set-out", visit)
    assert early["problem"]["code"] == "not_taken_on"
    hq.granted("/visits/take", visit | {"who_comes": "吴师傅"})
    (gone,) = hq.granted("/visits/set-out", visit)
    assert gone["set_out_at"] is not None
    code = visit_code(OrderId(UUID(order_id)), secret=SECRET)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    (no,) = hq.post("/visits/done", visit | {"visit_code": wrong})
    assert no["problem"]["code"] == "visit_code_wrong"
    first, second = hq.post("/visits/done", visit | {"visit_code": wrong}, visit | {"visit_code": code})
    assert (first["problem"]["code"], second["problem"]["code"]) == ("visit_code_wrong", "visit_named_twice")
    for _ in range(2):
        hq.post("/visits/done", visit | {"visit_code": wrong})
    (locked,) = hq.post("/visits/done", visit | {"visit_code": wrong})
    assert (locked["problem"]["code"], locked["problem"]["status"]) == ("visit_code_locked", 429)
    (locked,) = hq.post("/visits/done", visit | {"visit_code": code})
    assert locked["problem"]["code"] == "visit_code_locked"
    house.moment[0] += timedelta(minutes=15)
    (unsigned,) = hq.post("/visits/done", visit | {"signed_by": "王芳"})
    assert unsigned["problem"]["code"] == "photo_after_signing"
    (done,) = hq.granted("/visits/done", visit | {"visit_code": code})
    assert (done["outcome"], done["proof"]) == ("done", "code")
    assert hq.get(f"/tasks/{task_id}")["state"] == "handed_over"
    (planned,) = hq.get("/visits")["items"]
    assert (planned["who_comes"], planned["last"]["outcome"]) == ("吴师傅", "done")


def test_what_is_not_done_says_why_and_another_branch_says_nothing(house: House):
    offered(house)
    order_id = placed(house)
    with house.database.transaction() as conn:
        pack(conn)
    visit = {"order_id": order_id}
    elsewhere = house.as_role(Role.DEALER, branch="DEALER")
    assert elsewhere.get("/visits")["items"] == []
    assert elsewhere.ask("GET", "/visits", params={"site_code": "S"}).status_code == 404
    for path, body in (
        ("take", {}),
        ("set-out", {}),
        ("not-done", {"reason": "nobody_home"}),
        ("done", {"visit_code": visit_code(OrderId(UUID(order_id)), secret=SECRET)}),
        # Whether a code is the right one is another branch's, too.
        ("done", {"visit_code": wrong_code(order_id)}),
    ):
        (refused,) = elsewhere.post(f"/visits/{path}", visit | body)
        assert (refused["problem"]["status"], refused["problem"]["code"]) == (404, "no_visit_to_make"), path
    hq = house.api()
    hq.granted("/visits/take", visit)
    hq.granted("/visits/set-out", visit)
    (ended,) = hq.granted("/visits/not-done", visit | {"reason": "does_not_fit"})
    assert (ended["outcome"], ended["reason"]) == ("not_done", "does_not_fit")
    with house.database.reading() as conn:
        row = conn.execute("select stage from orders.order where id = %s", (order_id,)).fetchone()
    assert row == ("cancelled",)


def test_the_catalogue_says_what_is_fitted(house: House):
    hq = house.api()
    sku = {
        "code": "STOVE",
        "product_code": "COAT",
        "name": "Stove",
        "tax_class": "standard",
        "care": {"fitting": "needed"},
    }
    hq.granted("/skus", sku)
    told = next(one for one in hq.get("/skus")["items"] if one["code"] == "STOVE")
    assert told["care"]["fitting"] == "needed"
