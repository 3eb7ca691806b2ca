"""Prices over the API: nothing takes effect in the past, a branch prices its own places and no other."""

from datetime import timedelta

from loopline.org import Permission
from tests.make.api import House
from tests.make.shop import NOON

PRICES = [Permission.PRICES_READ, Permission.PRICES_WRITE]
LATER = (NOON + timedelta(days=1)).isoformat()


def test_a_list_is_priced_and_read_again(house: House):
    api = house.api()
    sale = {"code": "SALE", "name": "Sale", "currency": "CNY", "valid_from": LATER, "channel": "web"}
    (kept,) = api.granted("/price-lists", sale)
    assert (kept["code"], kept["is_new"]) == ("SALE", True)
    assert api.granted("/price-lists", sale)[0] == kept | {"is_new": False}
    (price,) = api.granted("/prices", {"price_list_code": "SALE", "sku_code": "COAT", "unit_minor": 9900})
    assert api.get("/prices", price_list_code="SALE")["items"] == [
        {"id": price["id"], "sku_code": "COAT", "unit_minor": 9900, "valid_from": "2026-03-03T04:00:00Z"}
    ]
    assert [one["code"] for one in api.get("/price-lists")["items"]] == ["BASE", "SALE"]


def test_a_list_from_now_on_is_the_same_list_a_moment_later(house: House):
    api = house.api()
    now = {"code": "NOW", "name": "Now", "currency": "CNY"}
    assert api.granted("/price-lists", now)[0]["is_new"] is True
    house.moment[0] += timedelta(minutes=1)
    assert api.granted("/price-lists", now)[0]["is_new"] is False


def test_what_cannot_be_priced_is_refused_alone(house: House):
    api = house.api()
    good = {"price_list_code": "BASE", "sku_code": "HAT", "unit_minor": 1000, "valid_from": LATER}
    outcomes = api.post(
        "/prices",
        good,
        good | {"price_list_code": "GHOST"},
        good | {"sku_code": "GHOST"},
        good | {"valid_from": "2026-03-01T00:00:00Z"},
    )
    assert [one.get("problem", {}).get("code") for one in outcomes] == [
        None,
        "no_such_thing",
        "no_such_thing",
        "takes_effect_in_the_past",
    ]
    assert len(api.get("/prices", price_list_code="BASE")["items"]) == 4


def test_a_branch_prices_its_own_places(house: House):
    dealer = house.api(branch="DEALER", permissions=PRICES)
    mine = {"code": "D-1", "name": "Dealer", "currency": "CNY", "site_code": "D"}
    outcomes = dealer.post(
        "/price-lists",
        mine,
        mine | {"code": "D-2", "site_code": None, "unit_code": "DEALER"},
        mine | {"code": "D-3", "site_code": "S"},
        mine | {"code": "D-4", "site_code": None},
    )
    assert [one.get("problem", {}).get("code") for one in outcomes] == [
        None,
        None,
        "not_in_your_branch",
        "not_in_your_branch",
    ]
    price = {"price_list_code": "D-1", "sku_code": "HAT", "unit_minor": 900}
    assert len(dealer.granted("/prices", price)) == 1
    assert dealer.refused("/prices", price | {"price_list_code": "BASE"}) == ["not_in_your_branch"]
    assert dealer.refused("/price-lists/end", {"code": "BASE", "valid_until": LATER}) == [
        "not_in_your_branch"
    ]
    assert [one["code"] for one in dealer.get("/price-lists")["items"]] == ["BASE", "D-1", "D-2"]
    beside = house.api(branch="U-S", permissions=PRICES)
    assert [one["code"] for one in beside.get("/price-lists")["items"]] == ["BASE"]
    assert beside.ask("GET", "/prices", params={"price_list_code": "D-1"}).status_code == 404
    answer = dealer.ask(
        "POST",
        "/tax-rates",
        json={
            "items": [
                {
                    "tax_class": "standard",
                    "country": "CN",
                    "valid_from": "2027-01-01",
                    "rate_basis_points": 0,
                }
            ]
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_your_branch")


def test_a_list_ends_and_never_later(house: House):
    api = house.api()
    assert api.granted("/price-lists/end", {"code": "BASE", "valid_until": LATER})[0]["code"] == "BASE"
    later = (NOON + timedelta(days=2)).isoformat()
    assert api.refused("/price-lists/end", {"code": "BASE", "valid_until": later}) == ["after_list_ends"]
    assert api.get("/price-lists", code="BASE")["items"][0]["valid_until"] == "2026-03-03T04:00:00Z"


def test_tax_rates_are_set_by_class_and_country(house: House):
    api = house.api()
    rate = {"tax_class": "standard", "country": "DE", "valid_from": "2026-01-01", "rate_basis_points": 1900}
    assert api.granted("/tax-rates", rate)[0]["is_new"] is True
    assert api.granted("/tax-rates", rate)[0]["is_new"] is False
    assert api.refused("/tax-rates", rate | {"tax_class": "ghost"}, rate | {"rate_basis_points": 700}) == [
        "no_such_thing",
        "tax_rate_in_the_past",
    ]
    everywhere = {"entity_code": None, "region": None}
    assert api.get("/tax-rates", country="DE")["items"] == [rate | everywhere]
    special = rate | {
        "valid_from": "2027-02-01",
        "entity_code": "BRAND-CO",
        "region": "31",
        "rate_basis_points": 700,
    }
    assert api.refused("/tax-rates", special | {"entity_code": "GHOST"}) == ["no_such_thing"]
    assert api.granted("/tax-rates", special)[0]["is_new"] is True
    assert api.get("/tax-rates", country="DE")["items"] == [rate | everywhere, special]
