"""What can be promised over the API: who sees what of it, and that it is sealed."""

from typing import Any

from loopline.org import Role
from loopline.promises import PromiseKind
from loopline.web.promising.tokens import PromiseNotOurs, PromiseTooOld, SaidPromise, seal, unseal
from tests.make.api import House
from tests.make.shop import NOON
from tests.make.web import SECRET

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
    assert exact == {"sku_code": "COAT", "units": 30, "is_capped": False}
    assert capped == {"sku_code": "COAT", "units": 10, "is_capped": True}


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
    token = seal(said, SECRET)
    assert unseal(token, SECRET, now=NOON) == said
    for wrong in ("", "x", "é", token[:-3], token[:-1] + ("A" if token[-1] != "A" else "B"), "A" * 400):
        assert unseal(wrong, SECRET, now=NOON) == PromiseNotOurs(), wrong
    assert unseal(token, SECRET + "other", now=NOON) == PromiseNotOurs()
    from_then_on = NOON.replace(hour=5, minute=0, second=1)
    assert unseal(token, SECRET, now=from_then_on) == PromiseTooOld()
    assert unseal(token, SECRET, now=NOON.replace(hour=3)) == PromiseTooOld()
