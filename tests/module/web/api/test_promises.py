"""What can be promised over the API: who sees what of it, and that it is sealed."""

from datetime import datetime, timedelta
from typing import Any

from loopline.org import Role
from loopline.promises import PromiseKind
from loopline.web.promising.tokens import PromiseNotOurs, PromiseTooOld, SaidPromise, ends_of, seal, unseal
from tests.make.api import House
from tests.make.shop import NOON
from tests.make.web import SECRET
from tests.module.web.api.test_orders import order

ASK: dict[str, Any] = {
    "channel": "web",
    "lines": [{"sku_code": "COAT", "units": 1}],
    "kinds": ["deliver"],
    # At the warehouse's door: it is what serves this.
    "destination": {"longitude": 121.1, "latitude": 31.1},
}


def test_a_warehouse_and_what_it_costs_are_told_to_colleagues_alone(house: House):
    def told(api: Any) -> dict[str, Any]:
        (value,) = api.granted("/promises", ASK)
        (option,) = value["options"]
        return option

    brand = told(house.api())
    assert (brand["site_code"], brand["from_site_codes"], brand["weight_minor"]) == ("W", ["W"], 200)
    # The dealer sees its own branch, which the warehouse is no part of.
    dealer = told(house.as_role(Role.DEALER, branch="DEALER"))
    public = told(house.nobody())
    for one in (dealer, public):
        assert (one["site_code"], one["from_site_codes"], one["weight_minor"]) == (None, [], None)
        assert (one["due_at"], one["parcels"], one["charge_minor"]) == (brand["due_at"], 1, 0)


def test_how_many_there_are_is_told_exactly_to_colleagues_alone(house: House):
    many = ASK | {"lines": [{"sku_code": "COAT", "units": 31}]}
    ((exact,), (capped,)) = (
        api.granted("/promises", many)[0]["lacking"] for api in (house.api(), house.nobody())
    )
    assert exact == {"sku_code": "COAT", "units": 30, "is_capped": False, "pre_order_ships_on": None}
    assert capped == {"sku_code": "COAT", "units": 10, "is_capped": True, "pre_order_ships_on": None}


def test_each_ask_has_its_own_outcome(house: House):
    outcomes = house.nobody().post(
        "/promises", ASK, ASK | {"channel": "nowhere"}, ASK | {"lines": [{"sku_code": "NOTHING"}]}, ASK
    )
    assert [one.get("problem", {}).get("code") for one in outcomes] == [
        None, "no_such_thing", "no_such_thing", None,
    ]  # fmt: skip


def test_a_seal_opens_for_what_was_said_within_an_hour_and_for_nothing_else():
    said = SaidPromise(
        kind=PromiseKind.DELIVER,
        site_id=None,
        due=int(NOON.timestamp()) + 86_400,
        starts=None,
        ready_minutes=120,
        lane_minutes=1_440,
        band=0,
        terms_version=0,
        pace_version=0,
        said=int(NOON.timestamp()),
        asked=b"12345678",
    )
    token = _sealed(said, SECRET)
    assert unseal(token, SECRET, now=NOON) == said
    for wrong in ("", "x", "é", token[:-3], token[:-1] + ("A" if token[-1] != "A" else "B"), "A" * 400):
        assert unseal(wrong, SECRET, now=NOON) == PromiseNotOurs(), wrong
    assert unseal(token, SECRET + "other", now=NOON) == PromiseNotOurs()
    from_then_on = NOON.replace(hour=5, minute=0, second=1)
    assert unseal(token, SECRET, now=from_then_on) == PromiseTooOld()
    assert unseal(token, SECRET, now=NOON.replace(hour=3)) == PromiseTooOld()


def test_an_order_is_kept_to_the_promise_it_was_shown_and_to_no_other(house: House):
    api = house.api()
    asked = {"channel": "web", "region_code": "310100", "lines": order("")["lines"], "kinds": ["deliver"]}
    (told,) = api.granted("/promises", asked)
    (option,) = told["options"]
    token = option["promise"]
    forged = _sealed(_opened(token), SECRET + "other")
    for number, shown, changed, code in (
        ("W-2", forged, {}, "promise_not_ours"),
        ("W-3", token, {"lines": [{"sku_code": "COAT", "units": 1}]}, "promise_not_ours"),
        ("W-4", token, {"region_code": "330100"}, "promise_not_ours"),
        ("W-5", token, {"delivery": "collect", "site_code": "S", "region_code": None}, "promise_not_ours"),
    ):
        refused = api.ask("POST", "/orders", json=order(number, promise=shown, **changed))
        assert (refused.status_code, refused.json()["code"]) == (422, code), number
    backwards = order("W-1", promise=token) | {"lines": list(reversed(order("")["lines"]))}
    placed = api.ask("POST", "/orders", json=backwards)
    assert placed.status_code == 201, placed.text
    house.moment[0] = NOON + timedelta(hours=1, seconds=1)
    late = api.ask("POST", "/orders", json=order("W-6", promise=token))
    assert (late.status_code, late.json()["code"]) == (422, "promise_too_old")
    with house.database.reading() as conn:
        kept = conn.execute("select order_id::text, kind, due_at from promises.promise").fetchall()
        orders = conn.execute("select count(*) from orders.order").fetchone()
    assert kept == [(placed.json()["id"], "deliver", datetime.fromisoformat(option["due_at"]))]
    assert orders == (1,)


def _sealed(said: SaidPromise, secret: str) -> str:
    return seal(ends_of(said), secret, said=said.said, asked=said.asked)


def _opened(token: str) -> SaidPromise:
    said = unseal(token, SECRET, now=NOON)
    assert isinstance(said, SaidPromise)
    return said
