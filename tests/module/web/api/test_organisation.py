"""The organisation, its people and its keys over the API: a key builds within its branch and gives nothing away."""

from datetime import timedelta
from typing import Any

from loopline import org
from loopline.org import NewPassword, Permission
from tests.make.api import Api, House
from tests.make.org import PASSWORD, succeeded
from tests.make.shop import NOON

STORE: dict[str, Any] = {
    "kind": "store",
    "name": "New store",
    "time_zone": "Asia/Shanghai",
    "country": "CN",
    "region_code": "310000",
    "coordinates": {"longitude": 121.4, "latitude": 31.2},
    "hours": [{"weekday": 1, "opens_minute": 600, "closes_minute": 1320}],
}
BUILDING = [Permission.ORG_READ, Permission.ORG_WRITE]


def codes(outcomes: list[dict[str, Any]]) -> list[str | None]:
    return [one.get("problem", {}).get("code") for one in outcomes]


def test_a_branch_is_built_from_unit_to_site(house: House):
    api = house.api()
    units = api.granted(
        "/units",
        STORE | {"code": "SOUTH", "kind": "region", "parent_code": "HX", "coordinates": None},
        STORE | {"code": "U-N", "parent_code": "SOUTH"},
    )
    assert [one["is_new"] for one in units] == [True, True]
    (unit,) = api.get("/units", code="U-N")["items"]
    assert unit["path"][-2:] == [units[0]["id"], units[1]["id"]]
    assert unit["coordinates"] == {"longitude": 121.4, "latitude": 31.2}
    site = {"code": "N", "name": "New", "unit_code": "U-N", "entity_code": "BRAND-CO"}
    assert [one["is_new"] for one in api.granted("/sites", site)] == [True]
    assert [one["is_new"] for one in api.granted("/sites", site)] == [False]
    (told,) = api.get("/sites", code="N")["items"]
    assert (told["unit_code"], told["entity_code"], told["unit_kind"]) == ("U-N", "BRAND-CO", "store")
    company = {"code": "CO-2", "kind": "dealer_company", "name": "Two", "unit_code": "SOUTH"}
    api.granted("/entities", company | {"country": "CN", "currency": "CNY"})
    api.granted("/parties", {"code": "STORE-N", "kind": "store", "name": "N", "unit_code": "U-N"})
    assert [one["unit_code"] for one in api.get("/entities", code="CO-2")["items"]] == ["SOUTH"]
    assert [one["kind"] for one in api.get("/parties", code="STORE-N")["items"]] == ["store"]


def test_a_key_builds_within_its_branch(house: House):
    dealer = house.api(branch="DEALER", permissions=BUILDING)
    outcomes = dealer.post(
        "/units",
        STORE | {"code": "D-2", "parent_code": "DEALER"},
        STORE | {"code": "D-3", "parent_code": "EAST"},
        STORE | {"code": "D-4", "parent_code": None, "kind": "brand"},
        STORE | {"code": "W-9", "kind": "warehouse", "parent_code": "D-2"},
        # Naming what stands elsewhere does not bring it inside.
        STORE | {"code": "U-S", "parent_code": "DEALER"},
        STORE | {"code": "W-8", "kind": "warehouse", "parent_code": "U-S"},
    )
    assert codes(outcomes) == [
        None,
        "not_in_your_branch",
        "not_in_your_branch",
        None,
        "code_taken",
        "not_in_your_branch",
    ]
    assert [unit["code"] for unit in dealer.get("/units")["items"]] == ["D-2", "DEALER", "U-D", "W-9"]
    site = {"name": "x", "entity_code": "DEALER-CO"}
    assert codes(
        dealer.post(
            "/sites", site | {"code": "X", "unit_code": "U-S"}, site | {"code": "Y", "unit_code": "D-2"}
        )
    ) == ["not_in_your_branch", None]
    party = {"kind": "store", "name": "x"}
    assert dealer.refused("/parties", party | {"code": "P", "unit_code": "HX"}) == ["not_in_your_branch"]
    company = {"code": "C", "kind": "platform", "name": "C", "country": "CN", "currency": "CNY"}
    assert dealer.refused("/entities", company | {"unit_code": "HX"}) == ["not_in_your_branch"]
    assert [one["code"] for one in dealer.get("/sites")["items"]] == ["D", "Y"]
    assert [one["code"] for one in dealer.get("/parties")["items"]] == ["DEALER", "STORE-D"]
    assert [one["code"] for one in dealer.get("/entities")["items"]] == ["DEALER-CO"]


def test_what_makes_no_sense_is_refused_alone(house: House):
    wrong_hours = [{"weekday": 1, "opens_minute": 900, "closes_minute": 900}]
    outcomes = house.api().post(
        "/units",
        STORE | {"code": "A", "parent_code": "EAST", "hours": wrong_hours},
        STORE | {"code": "B", "parent_code": "EAST", "time_zone": "Mars/Base"},
        STORE | {"code": "C", "parent_code": "U-S"},
        STORE | {"code": "E", "parent_code": "EAST"},
    )
    assert codes(outcomes) == ["hours_crossed", "unknown_time_zone", "wrong_place_in_tree", None]


def test_a_key_gives_no_role_that_may_do_more_than_itself(house: House):
    person = {"sign_in_name": "Mei", "name": "Mei", "unit_code": "U-D"}
    dealer = house.api(branch="DEALER", permissions=BUILDING)
    assert dealer.granted("/people", person)[0]["sign_in_name"] == "mei"
    assert dealer.refused("/people", person | {"sign_in_name": "lin", "unit_code": "HX"}) == [
        "not_in_your_branch"
    ]
    packer = {"sign_in_name": "mei", "role": "packer", "unit_code": "U-D"}
    assert dealer.refused("/roles", packer, packer | {"role": "hq_operations", "unit_code": "HX"}) == [
        "may_not_grant",
        "may_not_grant",
    ]
    everything = house.api(branch="DEALER")
    assert everything.granted("/roles", packer) == [packer | {"is_held": True, "is_changed": True}]
    assert everything.refused("/roles", packer | {"unit_code": "U-S"}) == ["may_not_grant"]
    assert everything.refused("/roles", packer | {"sign_in_name": "lin"}) == ["not_in_your_branch"]
    (mei,) = [one for one in everything.get("/people")["items"] if one["sign_in_name"] == "mei"]
    assert mei["roles"] == [{"role": "packer", "unit_code": "U-D"}]
    assert dealer.refused("/people/close", {"sign_in_name": "mei"}) == ["may_not_grant"]
    assert everything.granted("/roles/take", packer) == [packer | {"is_held": False, "is_changed": True}]
    assert everything.granted("/roles/take", packer)[0]["is_changed"] is False
    assert dealer.granted("/people/close", {"sign_in_name": "mei"}) == [{"sign_in_name": "mei"}]
    assert dealer.refused("/people/close", {"sign_in_name": "lin"}) == ["not_in_your_branch"]


def signed_in(house: House, name: str = "lin") -> Api:
    with house.database.transaction() as conn:
        person = org.people_by_name(conn, [name])[name]
        password = NewPassword(person_id=person.id, password=PASSWORD)
        succeeded(org.set_passwords(conn, [password], by=None, now=NOON))
    begun = house.nobody().ask("POST", "/sessions", json={"sign_in_name": name, "password": PASSWORD})
    assert begun.status_code == 201, begun.text
    return Api(house.client, begun.json()["token"])


def test_a_person_signs_in_says_who_it_is_and_signs_out(house: House):
    lin = signed_in(house)
    me = lin.get("/me")
    assert (me["kind"], me["name"]) == ("person", "Lin")
    assert me["roles"] == [{"role": "hq_operations", "unit_code": "HX"}]
    permissions = {one["permission"]: one["is_whole_brand"] for one in me["permissions"]}
    assert permissions["org.write"] is True
    assert "payments.write" not in permissions
    assert lin.ask("DELETE", "/sessions").status_code == 204
    assert lin.ask("GET", "/me").status_code == 401
    key = house.api()
    assert key.get("/me")["kind"] == "key"
    assert key.ask("DELETE", "/sessions").status_code == 403


def test_five_failures_lock_a_name(house: House):
    signed_in(house)
    nobody = house.nobody()
    wrong = {"sign_in_name": "lin", "password": "not this one"}
    answers = [nobody.ask("POST", "/sessions", json=wrong) for _ in range(6)]
    assert [answer.json()["code"] for answer in answers] == [
        *["wrong_sign_in"] * 4,
        *["sign_in_locked"] * 2,
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 401, 429, 429]


def test_passwords_are_set_by_people_alone(house: House):
    ask = {"items": [{"sign_in_name": "lin", "password": "a longer one 9", "current": PASSWORD}]}
    assert house.api().ask("POST", "/people/passwords", json=ask).json()["code"] == "not_by_key"
    lin = signed_in(house)
    wrong = {"items": [{"sign_in_name": "lin", "password": "a longer one 9", "current": "no"}]}
    (refused,) = lin.ask("POST", "/people/passwords", json=wrong).json()["outcomes"]
    assert refused["problem"]["code"] == "wrong_sign_in"
    assert lin.get("/me")["name"] == "Lin"
    assert lin.ask("POST", "/people/passwords", json=ask).json()["outcomes"] == [
        {"value": {"sign_in_name": "lin"}}
    ]
    assert lin.ask("GET", "/me").status_code == 401


def test_a_key_is_shown_once_and_opens_nothing_once_revoked(house: House):
    maker = house.api(branch="EAST")
    asked = {"name": "till", "unit_code": "U-S", "permissions": ["stock.read"]}
    (made,) = maker.granted("/api-keys", asked)
    till = Api(house.client, made["token"])
    assert {row["site_code"] for row in till.get("/stock", site_code=["S", "W"])["items"]} == {"S"}
    listed = [one for one in maker.get("/api-keys")["items"] if one["id"] == made["id"]]
    assert listed[0] | {"made_at": "", "id": ""} == {
        "id": "",
        "name": "till",
        "unit_code": "U-S",
        "permissions": ["stock.read"],
        "made_by": None,
        "made_at": "",
        "expires_at": None,
        "revoked_at": None,
    }
    assert maker.granted("/api-keys/revoke", {"id": made["id"]}) == [{"id": made["id"]}]
    assert till.ask("GET", "/stock", params={"site_code": "S"}).status_code == 401


def test_a_key_gives_no_more_than_it_has(house: House):
    maker = house.api(branch="DEALER", permissions=[Permission.KEYS_WRITE, Permission.STOCK_READ])
    asked = {"name": "x", "unit_code": "U-D", "permissions": ["stock.read"]}
    past = (NOON - timedelta(days=1)).isoformat()
    assert codes(
        maker.post(
            "/api-keys",
            asked,
            asked | {"permissions": ["stock.read", "stock.write"]},
            asked | {"unit_code": "HX"},
            asked | {"unit_code": "GHOST"},
            asked | {"expires_at": past},
        )
    ) == [
        None,
        "api_key_beyond_your_rights",
        "not_in_your_branch",
        "not_in_your_branch",
        "api_key_expires_in_the_past",
    ]
    everybodys = house.api().get("/api-keys")["items"]
    of_brand = next(one["id"] for one in everybodys if one["unit_code"] == "HX")
    assert maker.refused("/api-keys/revoke", {"id": of_brand}) == ["not_in_your_branch"]
    assert {one["unit_code"] for one in maker.get("/api-keys")["items"]} == {"DEALER", "U-D"}
