"""Profiles of sourcing from outside: who may do what, drafts that say what is wrong, trials, publishing, overrides."""

from datetime import timedelta
from typing import Any

import pytest

from loopline import orders
from loopline.jobs.trials import run_next_trial
from loopline.jobs.waves import source_waves
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.processes.place import Placed, place
from loopline.sourcing import profiles
from loopline.sourcing.optimise import Optimiser
from tests.make.api import House
from tests.make.shop import NOON, ask, lines

SOLVER = Optimiser(work=20)
DEAR = {"weights": {"split_minor": 900}}
OPEN = {"open_to_units": ["ageing_credit_minor", "answer_minutes"]}
TODAY = NOON.date().isoformat()


def hq(house: House) -> Any:
    return house.as_role(Role.HQ_OPERATIONS, branch="HX")


def published(house: House, settings: dict[str, Any]) -> int:
    api = hq(house)
    (draft,) = api.granted("/sourcing-profiles", {"settings": settings})
    api.granted("/sourcing-profiles/publish", {"version": draft["version"], "comment": "Tried."})
    return int(draft["version"])


def order_of_three_coats(house: House) -> None:
    drafts = [ask(house.shop, "P-1", lines=lines(house.shop, ("COAT", 3)))]
    with house.database.transaction() as conn:
        assert all(isinstance(one, Placed) for one in place(conn, drafts, scope=WHOLE_BRAND, now=NOON))


def test_a_draft_is_changed_told_what_is_wrong_and_published(house: House):
    api = hq(house)
    group = {"name": "North", "site_codes": ["S", "W"], "parcel_minor": -50, "handling_minor": 20}
    wrong = {"limits": {"parcels_most": 0}, "groups": [group]}
    first, second = api.granted("/sourcing-profiles", {"settings": wrong}, {"settings": DEAR, "based_on": 1})
    assert first == {
        "version": 1,
        "problems": ["limits.parcels_most is 0, and must be between 1 and 8."],
    }
    assert second == {"version": 2, "problems": []}
    assert api.refused("/sourcing-profiles/publish", {"version": 1, "comment": "x"}) == [
        "setting_out_of_range"
    ]
    mended = {"limits": {"parcels_most": 2}, "groups": [group]}
    assert api.granted("/sourcing-profiles", {"version": 1, "settings": mended})[0]["problems"] == []
    assert api.refused("/sourcing-profiles/publish", {"version": 1, "comment": " "}) == ["comment_missing"]
    done = api.granted("/sourcing-profiles/publish", {"version": 1, "comment": "Two parcels."})
    assert done == [{"version": 1, "woken_orders": 0}]
    shown = api.get("/sourcing-profiles/1")
    assert (shown["state"], shown["is_in_force"], shown["comment"]) == ("published", True, "Two parcels.")
    assert shown["settings"]["groups"] == [group | {"is_fallback": False}]
    assert shown["settings"]["limits"]["parcels_most"] == 2
    assert api.refused(
        "/sourcing-profiles",
        {"version": 1, "settings": DEAR},
        {"version": 9, "settings": DEAR},
        {"based_on": 9, "settings": DEAR},
        {"settings": {"groups": [group | {"site_codes": ["NOPE"]}]}},
    ) == ["profile_not_adraft", "profile_unknown", "profile_unknown", "no_such_thing"]
    assert api.granted("/sourcing-profiles/drop", {"version": 2}) == [{"version": 2}]
    assert api.refused("/sourcing-profiles/drop", {"version": 2}) == ["profile_not_adraft"]
    assert [[one["version"] for one in page] for page in api.pages("/sourcing-profiles", limit=1)] == [
        [2],
        [1],
    ]


def test_publishing_wakes_what_waits_for_other_limits(house: House):
    published(house, {"weights": {"unfilled_unit_minor": 1}})  # no parcel is worth its cost
    order_of_three_coats(house)
    source_waves(house.database, NOON, solver=SOLVER)
    api = hq(house)
    (draft,) = api.granted("/sourcing-profiles", {"settings": {}})
    done = api.granted("/sourcing-profiles/publish", {"version": draft["version"], "comment": "Send."})
    assert done == [{"version": 2, "woken_orders": 1}]


def test_a_version_is_tried_on_past_days_beside_what_is_in_force(house: House):
    against = published(house, DEAR)
    order_of_three_coats(house)
    api = hq(house)
    (draft,) = api.granted("/sourcing-profiles", {"settings": {}})
    days = {"version": draft["version"], "from_day": TODAY, "until_day": TODAY}
    backwards = days | {"from_day": (NOON + timedelta(days=1)).date().isoformat()}
    assert api.refused("/sourcing-profiles/try", backwards, days | {"version": 77}) == [
        "trial_days_wrong",
        "profile_unknown",
    ]
    (asked,) = api.granted("/sourcing-profiles/try", days)
    path = f"/sourcing-profiles/{draft['version']}/trials"
    (waiting,) = api.get(path)["items"]
    assert (waiting["id"], waiting["against"], waiting["report"]) == (asked["id"], against, None)
    assert run_next_trial(house.database, NOON, solver=SOLVER) == 1
    (ended,) = api.get(path)["items"]
    assert (ended["done_days"], ended["report"]["orders"], ended["report"]["after"]["parcels"]) == (1, 1, 1)


def test_a_dealer_reads_versions_writes_none_and_sees_no_trial(house: House):
    version = published(house, DEAR)
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    assert dealer.get(f"/sourcing-profiles/{version}")["is_in_force"] is True
    writes: list[tuple[str, dict[str, Any]]] = [
        ("/sourcing-profiles", {"settings": {}}),
        ("/sourcing-profiles/publish", {"version": version, "comment": "mine"}),
        ("/sourcing-profiles/drop", {"version": version}),
        ("/sourcing-profiles/try", {"version": version, "from_day": TODAY, "until_day": TODAY}),
    ]
    for path, item in writes:
        assert dealer.ask("POST", path, json={"items": [item]}).status_code == 403, path
    # What other dealers earn is in it.
    assert dealer.ask("GET", f"/sourcing-profiles/{version}/trials").status_code == 403
    assert hq(house).ask("GET", "/sourcing-profiles/99").status_code == 404
    guide = house.as_role(Role.GUIDE, branch="U-S")
    assert guide.ask("GET", "/sourcing-profiles").status_code == 403
    assert guide.ask("GET", "/sourcing-overrides").status_code == 403


def test_a_dealer_sets_what_is_left_open_for_its_own_sites_and_sees_who_decided(house: House):
    version = published(house, OPEN)
    dealer, api = house.as_role(Role.DEALER, branch="DEALER"), hq(house)
    api.granted("/sourcing-overrides", {"unit_code": "EAST", "setting": "ageing_credit_minor", "value": 40})
    credit = {"unit_code": "DEALER", "setting": "ageing_credit_minor", "value": 250}
    answer = credit | {"setting": "answer_minutes", "value": 60, "comment": "Open late."}
    assert dealer.granted("/sourcing-overrides", credit, answer) == [credit, answer]
    told = dealer.get("/sourcing-overrides")
    assert (told["profile_version"], told["open_to_units"]) == (version, OPEN["open_to_units"])
    # The region above is no unit of the dealer's, and none of its settings decides here any more.
    (first, _) = told["overrides"]
    kept = {"is_open": True, "set_at": first["set_at"], "set_by": first["set_by"]}
    assert str(first["set_by"]).startswith("key:")
    assert told["overrides"] == [credit | kept | {"comment": None}, answer | kept]
    (site,) = told["sites"]
    assert site["site_code"] == "D"
    assert {one["setting"]: (one["value"], one["decided_by"]) for one in site["settings"]} == {
        "ageing_credit_minor": (250, "DEALER"),
        "stockout_cost_minor": (0, None),
        "other_territory_minor": (0, None),
        "answer_minutes": (60, "DEALER"),
    }
    assert dealer.granted("/sourcing-overrides", credit | {"value": None}) == [credit | {"value": None}]
    (site,) = dealer.get("/sourcing-overrides")["sites"]
    assert site["settings"][0] == {
        "setting": "ageing_credit_minor",
        "value": 40,
        "decided_by": "EAST",
    }


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"unit_code": "EAST"}, "unit_not_yours"),
        ({"unit_code": "NOPE"}, "unit_not_yours"),
        ({"unit_code": "U-D"}, "unit_sets_nothing"),
        ({"setting": "stockout_cost_minor"}, "setting_not_open"),
        ({"value": -1}, "setting_out_of_range"),
    ],
)
def test_what_is_not_left_open_or_not_theirs_is_refused_and_nothing_is_set(
    house: House, item: dict[str, Any], code: str
):
    published(house, OPEN)
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    wanted = {"unit_code": "DEALER", "setting": "answer_minutes", "value": 60} | item
    assert dealer.refused("/sourcing-overrides", wanted) == [code]
    with house.database.reading() as conn:
        assert profiles.overrides(conn) == []


def test_of_two_wishes_for_one_the_last_holds(house: House):
    published(house, OPEN)
    api = hq(house)
    first = {"unit_code": "DEALER", "setting": "answer_minutes", "value": 60}
    api.granted("/sourcing-overrides", first, first | {"value": None})
    assert api.get("/sourcing-overrides")["overrides"] == []
    api.granted("/sourcing-overrides", first | {"value": None}, first | {"value": 90}, first)
    assert [one["value"] for one in api.get("/sourcing-overrides")["overrides"]] == [60]


def test_rules_of_what_must_ship_from_where_are_kept_checked_and_told(house: House):
    api = hq(house)
    group = {
        "name": "Depots",
        "site_codes": ["W"],
        "parcel_minor": 0,
        "handling_minor": 0,
        "is_fallback": False,
    }
    rule = {
        "name": "Coats",
        "product_codes": ["COAT"],
        "categories": [],
        "channels": [],
        "site_codes": ["D"],
        "groups": ["Depots"],
    }
    (draft,) = api.granted("/sourcing-profiles", {"settings": {"groups": [group], "ship_from": [rule]}})
    assert draft["problems"] == []
    told = api.get(f"/sourcing-profiles/{draft['version']}")["settings"]
    assert (told["ship_from"], told["groups"]) == ([rule], [group])
    (wrong,) = api.granted("/sourcing-profiles", {"settings": {"ship_from": [rule]}})
    assert wrong["problems"] == ["The rule Coats names the group Depots, and no group of sites is called so."]
    assert api.refused("/sourcing-profiles/publish", {"version": wrong["version"], "comment": "x"}) == [
        "ship_from_group_unknown"
    ]
    for field, value in (
        ("site_codes", "NOPE"),
        ("product_codes", "NOPE"),
        ("categories", "No such"),
        ("channels", "nope"),
    ):
        settings = {"groups": [group], "ship_from": [rule | {field: [value]}]}
        assert api.refused("/sourcing-profiles", {"settings": settings}) == ["no_such_thing"], field


def test_the_choice_says_why_the_nearer_store_was_not_named(house: House):
    rule = {"name": "Coats", "product_codes": ["COAT"], "site_codes": ["D"]}
    published(house, {"ship_from": [rule]})
    order_of_three_coats(house)
    source_waves(house.database, NOON, solver=SOLVER)
    with house.database.reading() as conn:
        (order_id,) = orders.order_ids_by_external_numbers(conn, [("web", "P-1")]).values()
    (choice,) = hq(house).get(f"/orders/{order_id}/explanation")["choices"]
    assert [one["site_code"] for one in choice["chosen"]] == ["D"]
    nearer = next(one for one in choice["eliminated"] if one["site_code"] == "S")
    assert (nearer["reason"], nearer["change"]) == ("not_named", "be_named")
    assert nearer["said"].startswith(
        "Were it one of the sites they must ship from, with all the goods, the order"
    )
