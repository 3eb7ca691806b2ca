"""Marketplaces over the API: terms as sent, once per message, for the whole brand alone; loans and write-offs."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import pytest

from loopline.db import Database
from loopline.org import Permission, Role
from tests.make.api import Api, House, served_house
from tests.make.marketplaces import follow, sell_through
from tests.make.sandbox import SetClock
from tests.make.shop import NOON

FULL: dict[str, Any] = {
    "channel": "jd",
    "connector": "jd-open",
    "is_on": True,
    "weight": 3,
    "most_units": 40,
    "buffer_units": 2,
    "puts_back": False,
    "ship_hours": 48,
    "alarm_hours": 4,
    "late_basis_points": 525,
    "late_least_minor": 100,
    "late_most_minor": 9_000,
    "test_prefixes": ["BD-", "补单"],
    "note": "Autumn",
}
GOODS: dict[str, Any] = {"channel": "jd", "subject": "sku", "subject_code": "COAT"}


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    """A brand that sells ten coats, scarves and hats of three sites through three marketplaces of 5, 2 and 1 parts."""
    with served_house(database) as house:
        with database.transaction() as conn:
            sell_through(conn, house.shop)
        yield house


def terms(api: Api) -> dict[str, dict[str, Any]]:
    return {one["channel"]: one for one in api.get("/marketplaces")["marketplaces"]}


def loans(api: Api) -> dict[tuple[str, str], int]:
    return {(one["channel"], one["sku_code"]): one["units"] for one in api.get("/marketplaces")["loans"]}


def versions(house: House) -> int:
    """How many versions of terms there ever were, of marketplaces and of goods."""
    with house.database.reading() as conn:
        row = conn.execute(
            "select (select count(*) from marketplaces.marketplace) + (select count(*) from marketplaces.goods_terms)"
        ).fetchone()
    assert row is not None
    return row[0]


def told_of(house: House, type_name: str) -> int:
    with house.database.reading() as conn:
        row = conn.execute("select count(*) from log.event where type = %s", [type_name]).fetchone()
    assert row is not None
    return row[0]


def test_terms_come_back_as_they_were_sent(house: House):
    api = house.api()
    (told,) = api.granted("/marketplaces", FULL)
    assert {name: told[name] for name in FULL} == FULL
    assert (told["version"], datetime.fromisoformat(told["set_at"])) == (2, NOON)
    assert told["set_by"].startswith("key:")
    assert terms(api)["jd"] == told
    # What is left out is as if nothing had ever been set, and not as it stood before.
    (plain,) = api.granted("/marketplaces", {"channel": "jd"})
    assert (plain["version"], plain["weight"], plain["test_prefixes"], plain["ship_hours"]) == (
        3,
        1,
        [],
        None,
    )
    assert [one["version"] for one in terms(api).values()] == [1, 3, 1]


def test_the_same_message_is_answered_again_and_sets_nothing_twice(house: House):
    api, before = house.api(), versions(house)
    key = {"headers": {"idempotency-key": "terms-1"}}
    first = api.ask("POST", "/marketplaces", json={"items": [FULL]}, **key)
    again = api.ask("POST", "/marketplaces", json={"items": [FULL]}, **key)
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert (versions(house), told_of(house, "marketplace_terms_set")) == (before + 1, 4)
    other = api.ask("POST", "/marketplaces", json={"items": [FULL | {"weight": 9}]}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_taken")
    assert terms(api)["jd"]["weight"] == 3


def test_who_looked_at_other_terms_changes_nothing(house: House):
    api = house.api()
    assert api.granted("/marketplaces", FULL | {"version": 1})[0]["version"] == 2
    (found,) = api.post("/marketplaces", FULL | {"version": 1, "weight": 9})
    assert found["problem"]["code"] == "terms_changed_meanwhile"
    assert found["problem"]["fields"] == {"channel": "jd", "version": 2}
    assert terms(api)["jd"]["weight"] == 3
    # Nought is: there were none.
    assert api.refused("/marketplaces", FULL | {"version": 0}) == ["terms_changed_meanwhile"]
    assert api.granted("/marketplaces", {"channel": "web", "version": 0})[0]["version"] == 1


def test_of_one_channel_the_last_word_counts_and_one_wrong_item_spoils_no_other(house: House):
    api = house.api()
    found = api.post(
        "/marketplaces",
        {"channel": "jd", "weight": 7},
        {"channel": "ghost"},
        {"channel": "jd", "weight": 8},
        {"channel": "tmall", "late_least_minor": 500, "late_most_minor": 499},
        {"channel": "douyin", "weight": 0},
    )
    codes = [one.get("problem", {}).get("code") for one in found]
    assert codes == [None, "channel_has_no_goods", None, "penalty_most_below_least", None]
    assert found[1]["problem"]["fields"]["field"] == "channel"
    assert found[3]["problem"]["fields"] == {
        "channel": "tmall",
        "least_minor": 500,
        "most_minor": 499,
        "field": "late_most_minor",
    }
    assert {code: (one["weight"], one["version"]) for code, one in terms(api).items()} == {
        "douyin": (0, 2),
        "jd": (8, 2),
        "tmall": (5, 1),
    }


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"weight": -1}, "weight", "at least 0 is wanted"),
        ({"weight": 1_000_001}, "weight", "at most 1000000 is wanted"),
        ({"weight": "2"}, "weight", "int is wanted, not str"),
        ({"most_units": -1}, "most_units", "at least 0 is wanted"),
        ({"buffer_units": 1.5}, "buffer_units", "int is wanted, not float"),
        ({"ship_hours": 0}, "ship_hours", "at least 1 is wanted"),
        ({"alarm_hours": 8_761}, "alarm_hours", "at most 8760 is wanted"),
        ({"late_basis_points": 10_001}, "late_basis_points", "at most 10000 is wanted"),
        ({"test_prefixes": [""]}, "test_prefixes[0]", "at least 1 are wanted"),
        ({"test_prefixes": ["x"] * 21}, "test_prefixes", "at most 20 are wanted"),
        ({"test_prefixes": ["B\0"]}, "test_prefixes[0]", "it holds a character that cannot be kept (NUL)"),
        ({"channel": ""}, "channel", "at least 1 are wanted"),
        ({"colour": "red"}, "colour", "colour is not known here"),
    ],
)
def test_what_cannot_be_read_names_its_field_and_why(
    house: House, change: dict[str, Any], field: str, reason: str
):
    api, before = house.api(), versions(house)
    answer = api.ask("POST", "/marketplaces", json={"items": [FULL | change]})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")
    (wrong,) = answer.json()["errors"]
    place = f"items[0].{field}" if field else ""
    assert (wrong["field"], wrong["reason"]) == (place, reason)
    assert versions(house) == before


def test_terms_of_goods_go_before_and_name_goods_there_are(house: House):
    api = house.api()
    follow(house.database, SetClock(NOON))
    before = loans(api)
    assert before == {
        (channel, sku): units
        for sku in ("COAT", "SCARF", "HAT")
        for channel, units in (("tmall", 19), ("jd", 7), ("douyin", 4))
    }
    found = api.post(
        "/marketplaces/goods",
        GOODS | {"most_units": 1},
        GOODS | {"subject_code": "GHOST"},
        GOODS | {"subject": "category", "subject_code": "Ghosts"},
        GOODS | {"channel": "web"},
        GOODS | {"is_on": False, "note": "No coats there"},
    )
    assert [one.get("problem", {}).get("code") for one in found] == [
        None,
        "sku_not_known",
        "category_unknown",
        "marketplace_unknown",
        None,
    ]
    fields = [one["problem"]["fields"]["field"] for one in found if "problem" in one]
    assert fields == ["subject_code", "subject_code", "channel"]
    assert found[4]["value"] == {
        "channel": "jd",
        "subject": "sku",
        "subject_code": "COAT",
        "is_on": False,
    }
    assert told_of(house, "marketplace_goods_terms_set") == 1
    follow(house.database, SetClock(NOON))
    asked = [one for one in api.get("/marketplaces")["loans"] if one["asked_back"]]
    assert [(one["channel"], one["sku_code"], one["asked_back"]) for one in asked] == [("jd", "COAT", 7)]


def test_what_a_marketplace_does_not_have_is_written_off_with_a_note(house: House):
    api = house.api()
    follow(house.database, SetClock(NOON))
    off = {"channel": "jd", "sku_code": "COAT", "units": 2, "note": "Seen on its shelf"}
    key = {"headers": {"idempotency-key": "off-1"}}
    first = api.ask("POST", "/marketplaces/write-offs", json={"items": [off]}, **key)
    again = api.ask("POST", "/marketplaces/write-offs", json={"items": [off]}, **key)
    assert (
        first.json()
        == again.json()
        == {"outcomes": [{"value": {"channel": "jd", "sku_code": "COAT", "units": 2}}]}
    )
    assert loans(api)["jd", "COAT"] == 5
    found = api.post(
        "/marketplaces/write-offs",
        off | {"units": 6},
        off | {"note": " "},
        off | {"sku_code": "GHOST"},
        off | {"channel": "web"},
        off | {"units": 5},
        off | {"units": 1},
    )
    assert [one.get("problem", {}).get("code") for one in found] == [
        "nothing_lent",
        "write_off_needs_note",
        "sku_not_known",
        "nothing_lent",
        None,
        "nothing_lent",
    ]
    assert found[0]["problem"]["fields"]["units"] == 5
    assert ("jd", "COAT") not in loans(api)
    with house.database.reading() as conn:
        notes = conn.execute(
            "select units, note from marketplaces.entry where cause = 'written_off' order by id"
        ).fetchall()
    assert [(units, note.partition(": ")[2]) for units, note in notes] == [
        (-2, "Seen on its shelf"),
        (-5, "Seen on its shelf"),
    ]


def test_a_branch_sees_nothing_of_it_and_sets_nothing(house: House):
    follow(house.database, SetClock(NOON))
    before, lent = versions(house), loans(house.api())
    for branch in ("U-S", "DEALER"):
        api = house.api(branch=branch)
        assert api.get("/marketplaces") == {"marketplaces": [], "loans": []}
        assert api.refused("/marketplaces", FULL, {"channel": "ghost"}) == ["not_in_your_branch"] * 2
        assert api.refused("/marketplaces/goods", GOODS) == ["not_in_your_branch"]
        off = {"channel": "jd", "sku_code": "COAT", "units": 1, "note": "gone"}
        assert api.refused("/marketplaces/write-offs", off) == ["not_in_your_branch"]
    assert (versions(house), loans(house.api())) == (before, lent)


@pytest.mark.parametrize("path", ["/marketplaces", "/marketplaces/goods", "/marketplaces/write-offs"])
def test_who_may_read_stock_alone_sets_nothing(house: House, path: str):
    reader = house.api(permissions=[Permission.STOCK_READ])
    assert len(reader.get("/marketplaces")["marketplaces"]) == 3
    items = {
        "/marketplaces": FULL,
        "/marketplaces/goods": GOODS,
        "/marketplaces/write-offs": {"channel": "jd", "sku_code": "COAT", "units": 1, "note": "gone"},
    }
    answer = reader.ask("POST", path, json={"items": [items[path]]})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert house.nobody().ask("POST", path, json={"items": [items[path]]}).status_code == 401
    assert house.as_role(Role.PACKER, branch="U-S").ask("POST", path, json={"items": []}).status_code in {
        400,
        403,
    }
