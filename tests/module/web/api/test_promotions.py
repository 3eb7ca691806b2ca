"""Promotions over the API: written, tried, published and ended by a branch for its places; who agreed to bear them."""

from datetime import timedelta
from typing import Any

from loopline.org import Permission
from tests.make.api import House
from tests.make.shop import NOON

PRICES = [Permission.PRICES_READ, Permission.PRICES_WRITE]
LATER = (NOON + timedelta(days=1)).isoformat()


def draft(code: str, **fields: Any) -> dict[str, Any]:
    """A tenth off in yuan, borne by the seller."""
    stated: dict[str, Any] = {
        "code": code,
        "name": "Ten off",
        "currency": "CNY",
        "effect": {"kind": "percentage", "basis_points": 1_000},
        "comment": "a test",
    }
    return stated | fields


def cart(**fields: Any) -> dict[str, Any]:
    asked = {
        "currency": "CNY",
        "country": "CN",
        "channel": "web",
        "lines": [{"sku_code": "COAT", "units": 2}],
    }
    return asked | fields


def test_a_promotion_is_written_tried_published_quoted_and_ended(house: House):
    api = house.api()
    (saved,) = api.granted("/promotions", draft("TEN", sku_codes=["COAT"], channels=["web"]))
    assert (saved["state"], saved["version"], saved["sku_codes"]) == ("draft", 1, ["COAT"])
    assert saved["funders"] == [{"bearer": "seller", "basis_points": 10_000, "party_code": None}]
    told = {"code": "TEN", "saved_at": saved["saved_at"]}
    assert api.refused("/promotions/publish", told) == ["promotion_not_tried"]
    (tried,) = api.granted("/promotions/try", {"code": "TEN"})
    assert (tried["orders"], tried["touched"], tried["borne"]) == (0, 0, {})
    (published,) = api.granted("/promotions/publish", told)
    assert published["state"] == "published"
    assert api.refused("/promotions/publish", told) == ["nothing_to_publish"]
    (quote,) = api.granted("/quotes", cart())
    (line,) = quote["lines"]
    assert (line["list_unit_minor"], line["unit_minor"], line["amount_minor"]) == (11_300, 10_170, 20_340)
    assert line["discounts"] == [
        {"promotion_id": saved["id"], "code": "TEN", "name": "Ten off", "amount_minor": 2_260}
    ]
    why = api.ask("POST", "/quotes/explanations", json={"cart": cart(), "position": 0}).json()
    assert [one["code"] for one in why["line"]["discounts"]] == ["TEN"]
    assert [one["standing"] for one in why["candidates"]] == ["decides"]
    (elsewhere,) = api.granted("/quotes", cart(channel="till"))
    assert elsewhere["amount_minor"] == 22_600
    house.moment[0] += timedelta(minutes=1)
    (ended,) = api.granted("/promotions/end", {"code": "TEN"})
    assert ended["code"] == "TEN"
    (over,) = api.granted("/quotes", cart())
    assert over["amount_minor"] == 22_600
    assert api.refused("/promotions/end", {"code": "TEN", "valid_until": LATER}) == ["after_list_ends"]


def test_what_cannot_be_saved_is_refused_alone(house: House):
    codes = [
        one.get("problem", {}).get("code")
        for one in house.api().post(
            "/promotions",
            draft("A"),
            draft("B", effect={"kind": "threshold"}),
            draft("F", effect={"kind": "price"}),
            draft("C", funders=[{"bearer": "brand", "basis_points": 9_000}]),
            draft("D", sku_codes=["GHOST"]),
            draft("E", funders=[{"bearer": "party", "basis_points": 10_000, "party_code": "GHOST"}]),
            draft("G", channels=["web", "GHOST"]),
            draft("H", categories=["GHOST"]),
        )
    ]
    assert codes == [
        None,
        "promotion_not_usable",
        "promotion_not_usable",
        "funders_do_not_add_up",
        "unknown_code",
        "unknown_code",
        "unknown_code",
        "unknown_code",
    ]


def test_a_category_is_named_as_the_catalogue_spells_it(house: House):
    api = house.api()
    bags = {"code": "BAG", "name": "Bag", "category": "箱包 Bags"}
    api.granted("/products", bags)
    api.granted("/skus", {"code": "BAG-1", "product_code": "BAG", "name": "Bag", "tax_class": "standard"})
    (saved,) = api.granted("/promotions", draft("BAGS", categories=["箱包 Bags"]))
    assert saved["categories"] == ["箱包 Bags"]
    (batch,) = api.granted("/coupon-batches", draft("BAGS", categories=["箱包 Bags"], total=1, days=7))
    assert batch["categories"] == ["箱包 Bags"]


def test_what_was_changed_since_it_was_looked_at_is_not_published(house: House):
    api = house.api()
    (seen,) = api.granted("/promotions", draft("TEN"))
    house.moment[0] += timedelta(minutes=1)
    (changed,) = api.granted("/promotions", draft("TEN", effect={"kind": "amount", "amount_minor": 99_00}))
    api.granted("/promotions/try", {"code": "TEN"})
    ask = {"code": "TEN", "saved_at": seen["saved_at"]}
    assert api.refused("/promotions/publish", ask) == ["promotion_changed_meanwhile"]
    unseen = api.ask("POST", "/promotions/publish", json={"items": [{"code": "TEN"}]})
    assert (unseen.status_code, "saved_at" in unseen.text) == (400, True)
    (published,) = api.granted("/promotions/publish", ask | {"saved_at": changed["saved_at"]})
    assert (published["state"], published["effect"]["amount_minor"]) == ("published", 9_900)


def test_a_gift_is_told_taken_along_and_kept_in_the_order(house: House):
    api = house.api()
    effect = {"kind": "gift", "sku_code": "HAT", "from_units": 2}
    (saved,) = api.granted("/promotions", draft("HAT", sku_codes=["COAT"], effect=effect))
    assert {key: saved["effect"][key] for key in ("kind", "sku_code", "units", "from_units")} == effect | {
        "units": 1
    }
    api.granted("/promotions/try", {"code": "HAT"})
    api.granted("/promotions/publish", {"code": "HAT", "saved_at": saved["saved_at"]})
    (quote,) = api.granted("/quotes", cart())
    assert quote["gifts"] == [
        {"sku_code": "HAT", "units": 1, "promotion_id": saved["id"], "code": "HAT", "name": "Ten off"}
    ]
    lines = [{"sku_code": "COAT", "units": 2}, {"sku_code": "HAT", "units": 1, "is_gift": True}]
    (taken,) = api.granted("/quotes", cart(lines=lines))
    assert (taken["amount_minor"], taken["gifts"]) == (quote["amount_minor"], [])
    assert [line["is_gift"] for line in taken["lines"]] == [False, True]
    assert api.refused("/quotes", cart(lines=[*lines, lines[1]])) == ["gift_not_earned"]
    refused = api.refused(
        "/promotions", draft("G", effect={"kind": "gift", "sku_code": "GHOST", "from_units": 1})
    )
    assert refused == ["unknown_code"]


def test_who_bears_a_part_has_agreed_before(house: House):
    api = house.api()
    parts = [
        {"bearer": "dealer", "basis_points": 6_000},
        {"bearer": "seller", "basis_points": 4_000},
    ]
    (saved,) = api.granted("/promotions", draft("TEN", funders=parts))
    api.granted("/promotions/try", {"code": "TEN"})
    told = {"code": "TEN", "saved_at": saved["saved_at"]}
    assert api.refused("/promotions/publish", told) == ["never_agreed_to_fund"]
    agreement = {
        "party_code": "DEALER",
        "currency": "CNY",
        "most_basis_points": 6_000,
        "comment": "by letter",
    }
    (kept,) = api.granted("/funding-agreements", agreement)
    assert api.get("/funding-agreements") == [kept]
    assert api.refused("/funding-agreements", agreement | {"party_code": "GHOST"}) == ["unknown_code"]
    yesterday = {"valid_from": (NOON - timedelta(days=1)).isoformat()}
    assert api.refused("/funding-agreements", agreement | yesterday) == ["takes_effect_in_the_past"]
    assert api.granted("/promotions/publish", told)[0]["funders"][0]["bearer"] == "dealer"


def test_a_branch_writes_for_its_own_places_and_sees_no_other(house: House):
    dealer = house.api(branch="DEALER", permissions=PRICES)
    outcomes = dealer.post(
        "/promotions",
        draft("MINE", site_code="D"),
        draft("OUR-UNIT", unit_code="DEALER"),
        draft("THEIRS", site_code="S"),
        draft("ALL"),
    )
    assert [one.get("problem", {}).get("code") for one in outcomes] == [
        None,
        None,
        "not_in_your_branch",
        "not_in_your_branch",
    ]
    house.api().granted("/promotions", draft("ALL"), draft("THEIRS", site_code="S"))
    for path in ("/promotions/try", "/promotions/publish"):
        seen = {"saved_at": NOON.isoformat()} if path.endswith("publish") else {}
        asked = [{"code": code} | seen for code in ("THEIRS", "ALL")]
        assert dealer.refused(path, *asked) == ["not_in_your_branch"] * 2
    assert [one["code"] for one in dealer.get("/promotions")["items"]] == ["ALL", "MINE", "OUR-UNIT"]
    assert [one["code"] for page in dealer.pages("/promotions", limit=1) for one in page] == [
        "ALL",
        "MINE",
        "OUR-UNIT",
    ]
    answer = dealer.ask("GET", "/funding-agreements")
    assert answer.status_code == 403
