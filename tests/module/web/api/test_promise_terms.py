"""The terms of promises over the API: read by branches, set for the whole brand, in force for what is asked next."""

from datetime import datetime
from typing import Any, cast

from loopline.org import Permission, Role
from loopline.web.edge import Edge
from tests.make.api import House
from tests.make.shop import NOON

KEPT_BY_THE_HOUSE = ("version", "set_at", "set_by")
COLLECTED = {
    "channel": "web",
    "lines": [{"sku_code": "COAT", "units": 1}],
    "kinds": ["collect"],
    "site_codes": ["S"],
}


def standing(api: Any) -> dict[str, Any]:
    told = api.get("/promise-terms")
    return {name: value for name, value in told.items() if name not in KEPT_BY_THE_HOUSE}


def test_terms_that_are_set_are_in_force_for_what_is_asked_next(house: House):
    api = house.api()
    before = api.get("/promise-terms")
    assert (before["version"], before["set_at"], before["store_ready_minutes"]) == (0, None, 120)
    (told,) = api.granted("/promises", COLLECTED)
    assert told["options"][0]["due_at"] == "2026-03-02T06:15:00Z"

    wanted = standing(api) | {"store_ready_minutes": 240, "comment": "one is on holiday"}
    (made,) = api.granted("/promise-terms", wanted)
    assert (made["version"], datetime.fromisoformat(made["set_at"])) == (1, NOON)
    assert {name: made[name] for name in wanted} == wanted
    assert api.get("/promise-terms") == made
    cast("Edge", cast("Any", house.client).app.state["edge"]).promises.caught_up()
    (told,) = api.granted("/promises", COLLECTED)
    assert told["options"][0]["due_at"] == "2026-03-02T08:15:00Z"


def test_of_many_terms_each_has_its_version_and_what_is_not_usable_is_refused_alone(house: House):
    api = house.api()
    wanted = standing(api) | {"comment": "tried"}
    outcomes = api.post(
        "/promise-terms",
        wanted | {"quantile_percent": 80},
        wanted | {"bands": [{"kilometres_most": 50, "minutes": 60}, {"kilometres_most": 50, "minutes": 90}]},
        wanted | {"horizon_days": 0},
        wanted | {"quantile_percent": 95},
    )
    assert [one.get("problem", {}).get("code") for one in outcomes] == [
        None, "terms_not_usable", "terms_not_usable", None,
    ]  # fmt: skip
    assert [one["value"]["version"] for one in outcomes if "value" in one] == [1, 2]
    assert api.get("/promise-terms")["quantile_percent"] == 95


def test_a_branch_reads_terms_and_sets_none(house: House):
    wanted = standing(house.api()) | {"comment": "mine"}
    dealer = house.api(branch="DEALER", permissions=[Permission.SOURCING_READ, Permission.SOURCING_WRITE])
    assert dealer.get("/promise-terms")["version"] == 0
    refused = dealer.ask("POST", "/promise-terms", json={"items": [wanted]})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_in_your_branch")
    guide = house.as_role(Role.GUIDE, branch="DEALER").ask("GET", "/promise-terms")
    assert (guide.status_code, guide.json()["code"]) == (403, "not_allowed")
    nobody = house.nobody().ask("GET", "/promise-terms")
    assert nobody.status_code == 401
    assert house.api().get("/promise-terms")["version"] == 0


def test_terms_are_read_strictly(house: House):
    api = house.api()
    whole = standing(api) | {"comment": "x"}
    changes: tuple[dict[str, Any], ...] = (
        {"comment": ""},
        {"quantile_percent": 101},
        {"bands": []},
        {"whim": 1},
    )
    for changed in changes:
        told = api.ask("POST", "/promise-terms", json={"items": [whole | changed]})
        assert told.status_code == 400, changed
    del whole["stores_shown"]
    told = api.ask("POST", "/promise-terms", json={"items": [whole]})
    assert told.status_code == 400
