"""Coupons over the API: batches of a branch, coupons given and claimed, and what they take off quotes and orders."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from loopline.db import Database
from loopline.org import Permission, Role
from tests.make.api import PLENTY, Api, House, served_house
from tests.make.shop import NOON
from tests.make.web import DEMO, settings
from tests.module.web.api.test_me import sign_in

SCOPED = [Permission.PRICES_READ, Permission.COUPONS_WRITE]


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    """The small shop as a demo: the codes that members sign in with are told."""
    with served_house(database, web=settings(rates=PLENTY, demo=DEMO)) as house:
        yield house


def draft(code: str, **fields: Any) -> dict[str, Any]:
    """Thirty yuan off for a week, borne by the seller."""
    stated: dict[str, Any] = {
        "code": code,
        "name": "Thirty off",
        "currency": "CNY",
        "effect": {"kind": "amount", "amount_minor": 3_000},
        "total": 10,
        "days": 7,
        "comment": "a test",
    }
    return stated | fields


def cart(**fields: Any) -> dict[str, Any]:
    asked = {
        "currency": "CNY",
        "country": "CN",
        "channel": "web",
        "lines": [{"sku_code": "COAT", "units": 1}],
    }
    return asked | fields


def order(number: str, **fields: Any) -> dict[str, Any]:
    stated = {
        "channel": "web",
        "external_number": number,
        "kind": "ask",
        "region_code": "310100",
        "lines": [{"sku_code": "COAT", "units": 1}],
    }
    return stated | fields


def published(api: Api, code: str, **fields: Any) -> dict[str, Any]:
    (saved,) = api.granted("/coupon-batches", draft(code, **fields))
    return api.granted("/coupon-batches/publish", as_told(saved))[0]


def as_told(saved: dict[str, Any]) -> dict[str, Any]:
    return {"code": saved["code"], "saved_at": saved["saved_at"]}


def problem(api: Api, path: str, **body: Any) -> str:
    answer = api.ask("POST", path, json=body)
    assert answer.status_code >= 400, answer.text
    return answer.json()["code"]


def test_a_batch_is_written_published_given_used_and_stopped(house: House):
    api = house.as_role(Role.MARKETING, branch="HX")
    (saved,) = api.granted("/coupon-batches", draft("C", sku_codes=["COAT"], channels=["web"]))
    assert (saved["state"], saved["sku_codes"], saved["given"]) == ("draft", ["COAT"], 0)
    assert saved["funders"] == [{"bearer": "seller", "basis_points": 10_000, "party_code": None}]
    assert api.refused("/coupons", {"batch_code": "C"}) == ["batch_not_published"]
    (stands,) = api.granted("/coupon-batches/publish", as_told(saved))
    assert stands["state"] == "published"
    assert api.refused("/coupon-batches", draft("C")) == ["batch_stands"]
    assert api.refused("/coupon-batches/publish", as_told(saved)) == ["nothing_to_publish"]
    first, second = api.granted("/coupons", {"batch_code": "C"}, {"batch_code": "C"})
    assert first["code"] != second["code"]
    assert first["valid_until"] == (NOON + timedelta(days=7)).isoformat().replace("+00:00", "Z")
    house_api = house.api()
    (quote,) = house_api.granted("/quotes", cart(coupons=[first["code"]]))
    (line,) = quote["lines"]
    assert (line["amount_minor"], quote["amount_minor"]) == (8_300, 8_300)
    assert line["discounts"] == [
        {"promotion_id": saved["id"], "code": "C", "name": "Thirty off", "amount_minor": 3_000}
    ]
    why = house_api.ask(
        "POST", "/quotes/explanations", json={"cart": cart(coupons=[first["code"]]), "position": 0}
    ).json()
    assert (why["line"], why["problem"]) == (line, None)
    ghost = house_api.ask(
        "POST", "/quotes/explanations", json={"cart": cart(coupons=["GHOST"]), "position": 0}
    )
    assert (ghost.json()["line"], ghost.json()["problem"]["code"]) == (None, "coupon_unknown")
    assert house_api.refused("/quotes", cart(coupons=["GHOST"])) == ["coupon_unknown"]
    placed = house_api.ask("POST", "/orders", json=order("W-1", coupons=[first["code"].lower()]))
    assert (placed.status_code, placed.json()["amount_minor"]) == (201, 8_300)
    again = house_api.ask("POST", "/orders", json=order("W-1", coupons=[first["code"].lower()]))
    assert (again.status_code, again.json()["is_repeat"]) == (200, True)
    assert problem(house_api, "/orders", **order("W-2", coupons=[first["code"]])) == "coupon_spent"
    (listed,) = api.get("/coupon-batches", code="C")["items"]
    figures = [listed[name] for name in ("given", "held", "spent", "off_minor", "brought_minor")]
    assert figures == [2, 0, 1, 3_000, 8_300]
    why = house_api.get(f"/orders/{placed.json()['id']}/explanation")
    assert "Thirty off" in str(why)
    (over,) = api.granted("/coupon-batches/stop", {"code": "C"})
    assert over["state"] == "stopped"
    assert api.refused("/coupons", {"batch_code": "C"}) == ["batch_stopped"]
    placed = house_api.ask("POST", "/orders", json=order("W-3", coupons=[second["code"]]))
    assert placed.json()["amount_minor"] == 8_300  # what was given stays good


def test_what_cannot_be_saved_is_refused_alone(house: House):
    codes = [
        one.get("problem", {}).get("code")
        for one in house.api().post(
            "/coupon-batches",
            draft("A", shared_code="WELCOME"),
            draft("B", effect={"kind": "percentage"}),
            draft("C", days=None),
            draft("D", sku_codes=["GHOST"]),
            draft("E", shared_code="welcome"),
            draft("F", funders=[{"bearer": "brand", "basis_points": 9_000}]),
        )
    ]
    assert codes == [
        None,
        "batch_not_usable",
        "batch_not_usable",
        "unknown_code",
        "shared_code_taken",
        "funders_do_not_add_up",
    ]


def test_a_branch_writes_and_gives_its_own_alone(house: House):
    brand, dealer = house.api(), house.api(branch="DEALER", permissions=SCOPED)
    published(brand, "ALL")
    published(brand, "S", site_code="S")
    assert (
        dealer.refused("/coupon-batches", draft("NEW"), draft("S", site_code="D"))
        == ["not_in_your_branch"] * 2
    )
    published(dealer, "D", site_code="D")
    for path in ("/coupon-batches/publish", "/coupon-batches/stop"):
        seen = {"saved_at": NOON.isoformat()} if path.endswith("publish") else {}
        asked = [{"code": code} | seen for code in ("ALL", "S")]
        assert dealer.refused(path, *asked) == ["not_in_your_branch"] * 2
    assert (
        dealer.refused("/coupons", {"batch_code": "ALL"}, {"batch_code": "S"}) == ["not_in_your_branch"] * 2
    )
    assert len(dealer.granted("/coupons", {"batch_code": "D"})) == 1
    seen = [one["code"] for one in dealer.get("/coupon-batches")["items"]]
    assert sorted(seen) == ["ALL", "D"]
    pages = [[one["code"] for one in page] for page in brand.pages("/coupon-batches", limit=1)]
    assert sorted(code for page in pages for code in page) == ["ALL", "D", "S"]
    reader = house.api(permissions=[Permission.PRICES_READ])
    for path in ("/coupon-batches", "/coupon-batches/publish", "/coupon-batches/stop", "/coupons"):
        body = {"items": [draft("X")] if path == "/coupon-batches" else [{"code": "ALL"}]}
        body = (
            {"items": [{"code": "ALL", "saved_at": NOON.isoformat()}]} if path.endswith("publish") else body
        )
        body = {"items": [{"batch_code": "ALL"}]} if path == "/coupons" else body
        assert reader.ask("POST", path, json=body).status_code == 403


def test_a_member_claims_and_uses_the_own_alone(house: House):
    api = house.api()
    published(api, "C", shared_code="WELCOME", total=2)
    anna, ben, eve = (sign_in(house, f"1380000000{number}") for number in (1, 2, 3))
    first = anna.ask("POST", "/me/coupons", json={"code": "wel-come"})
    assert first.status_code == 200, first.text
    coupon = first.json()
    assert (coupon["state"], coupon["name"], coupon["order_id"]) == ("free", "Thirty off", None)
    assert problem(anna, "/me/coupons", code="WELCOME") == "person_has_enough"
    assert problem(ben, "/me/coupons", code=coupon["code"]) == "coupon_not_yours"
    assert ben.ask("POST", "/me/coupons", json={"code": "WELCOME"}).status_code == 200
    assert problem(eve, "/me/coupons", code="WELCOME") == "batch_used_up"
    assert problem(eve, "/me/coupons", code="NOTHING") == "coupon_unknown"
    assert [len(one.get("/me/coupons")) for one in (anna, ben, eve)] == [1, 1, 0]
    mine = order("M-1", coupons=[coupon["code"]])
    assert problem(ben, "/orders", **mine) == "coupon_not_yours"
    (quote,) = anna.granted("/quotes", cart(coupons=[coupon["code"]]))
    assert quote["amount_minor"] == 8_300
    assert ben.refused("/quotes", cart(coupons=[coupon["code"]])) == ["coupon_not_yours"]
    placed = anna.ask("POST", "/orders", json=mine)
    assert placed.json()["amount_minor"] == 8_300
    (held,) = anna.get("/me/coupons")
    assert (held["state"], held["order_id"]) == ("held", placed.json()["id"])
    assert problem(anna, "/orders", **order("M-2", coupons=[coupon["code"]])) == "coupon_held"
    assert anna.ask("POST", f"/orders/{placed.json()['id']}/cancel", json={}).status_code == 200
    assert anna.get("/me/coupons")[0]["state"] == "free"


def test_a_coupon_is_given_to_members_that_are_there(house: House):
    api = house.api()
    published(api, "C")
    (who,) = api.granted("/members", {"identities": [{"kind": "card", "value": "77"}]})
    ghost = "00000000-0000-7000-8000-000000000009"
    asked = [{"batch_code": "C", "member_id": one} for one in (who["member_id"], who["member_id"], ghost)]
    found = api.post("/coupons", *asked, {"batch_code": "GHOST"})
    codes = [one.get("problem", {}).get("code") for one in found]
    assert codes == [None, "person_has_enough", "member_unknown", "batch_unknown"]


def test_what_was_changed_since_it_was_looked_at_is_not_published(house: House):
    api = house.api()
    (seen,) = api.granted("/coupon-batches", draft("C"))
    house.moment[0] += timedelta(minutes=1)
    (changed,) = api.granted("/coupon-batches", draft("C", total=9))
    assert api.refused("/coupon-batches/publish", as_told(seen)) == ["batch_changed_meanwhile"]
    assert api.get("/coupon-batches", code="C")["items"][0]["state"] == "draft"
    (published_now,) = api.granted("/coupon-batches/publish", as_told(changed))
    assert (published_now["state"], published_now["total"]) == ("published", 9)
    unseen = api.ask("POST", "/coupon-batches/publish", json={"items": [{"code": "C"}]})
    assert (unseen.status_code, "saved_at" in unseen.text) == (400, True)


def test_a_short_code_that_one_member_could_use_up_is_told(house: House):
    api = house.api()
    for code, shared, per_person, expected in (
        ("A", "SEVEN77", None, True),
        ("B", "EIGHT888", None, False),
        ("C", "FOUR", 1, False),
        ("D", None, None, False),
    ):
        (saved,) = api.granted(
            "/coupon-batches", draft(code, shared_code=shared, per_person=per_person, total=2)
        )
        assert saved["is_guessable"] is expected, code


def test_codes_that_lead_nowhere_are_few_and_close_the_way_for_right_ones(house: House):
    api = house.api()
    published(api, "C", shared_code="WELCOME", total=5)
    (draft_only,) = api.granted("/coupon-batches", draft("D", shared_code="NOTYET"))
    assert draft_only["state"] == "draft"
    anna, ben = sign_in(house, "13800000001"), sign_in(house, "13800000002")
    guesses = [f"GUESS{number}" for number in range(9)] + ["NOTYET"]
    assert [problem(anna, "/me/coupons", code=one) for one in guesses] == ["coupon_unknown"] * 10
    stopped = anna.ask("POST", "/me/coupons", json={"code": "WELCOME"})
    assert (stopped.status_code, stopped.json()["code"]) == (429, "too_many_tries")
    assert anna.get("/me/coupons") == []
    assert ben.ask("POST", "/me/coupons", json={"code": "WELCOME"}).status_code == 200
    house.moment[0] += timedelta(minutes=61)
    assert anna.ask("POST", "/me/coupons", json={"code": "WELCOME"}).status_code == 200
