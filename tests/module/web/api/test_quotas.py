"""Quotas over the API: set aside, listed, changed, ended; each branch its own; refusals that name the field."""

from datetime import timedelta
from typing import Any

from loopline import stock
from loopline.orders import ChannelTerms, put_channels
from loopline.org import Role
from tests.make.api import House
from tests.make.shop import NOON
from tests.module.web.api.test_orders import order
from tests.module.web.api.test_shows import SHOW, add_streamer
from tests.module.web.api.test_touchpoints import a_member, member_api

HOUR = timedelta(hours=1)
ENDS = (NOON + HOUR).isoformat().replace("+00:00", "Z")
WANTED = {"kind": "live_room", "code": "SHOW-1", "sku_code": "COAT", "units": 4, "ends_at": ENDS}


def plan(house: House) -> str:
    """Put a show of coats on air; returns its touchpoint's code."""
    add_streamer(house, "STREAMER-A")
    with house.database.transaction() as conn:
        terms = ChannelTerms(
            code="livestream", name="Live", network_node_id=house.shop.network, time_zone="Asia/Shanghai"
        )
        put_channels(conn, [terms])
    (room,) = house.api().granted("/live-rooms", SHOW)
    assert house.api().ask("POST", "/live-rooms/SHOW-1/start").status_code == 200
    return room["touchpoint_code"]


def left_to_all(house: House) -> int:
    with house.database.reading() as conn:
        (found,) = stock.free_at_nodes(conn, [house.shop.network], [house.shop.skus["COAT"]])
        return found.room


def test_a_quota_from_its_opening_to_its_end(house: House):
    touch = plan(house)
    api = house.api()
    (opened,) = api.granted("/stock/quotas", WANTED)
    assert {key: opened[key] for key in ("units", "drawn", "left", "returned", "ends_at", "site_code")} == {
        "units": 4,
        "drawn": 0,
        "left": 4,
        "returned": 0,
        "ends_at": ENDS,
        "site_code": None,
    }
    assert api.granted("/stock/quotas", WANTED | {"starts_at": opened["starts_at"]}) == [opened]
    assert api.refused("/stock/quotas", WANTED | {"units": 5}) == ["quota_taken"]
    assert left_to_all(house) == 26
    member = member_api(house, a_member(house, 1))
    coats = [{"sku_code": "COAT", "units": 3}]
    bought = order("L-1", channel="livestream", lines=coats, touch={"touchpoint_code": touch})
    assert member.ask("POST", "/orders", json=bought).status_code == 201
    again = member.ask("POST", "/orders", json=bought | {"external_number": "L-2"})
    assert (again.status_code, again.json()["code"]) == (409, "quota_sold_out")
    assert (again.json()["fields"]["asked"], again.json()["fields"]["left"]) == (3, 1)
    assert left_to_all(house) == 26
    (told,) = api.get("/stock/quotas", code="SHOW-1", is_open=True)["items"]
    assert (told["id"], told["units"], told["drawn"], told["left"]) == (opened["id"], 4, 3, 1)
    change = {"id": opened["id"], "units": 6, "then_free": True}
    (larger,) = api.granted("/stock/quotas/changes", change)
    assert (larger["units"], larger["left"], larger["then_free"]) == (6, 3, True)
    assert api.refused("/stock/quotas/changes", change | {"units": 2}) == ["quota_too_small"]
    (ended,) = api.granted("/stock/quotas/ends", {"id": opened["id"]})
    assert (ended["units"], ended["drawn"], ended["left"], ended["returned"]) == (3, 3, 0, 3)
    assert ended["ended_at"] is not None
    assert api.refused("/stock/quotas/changes", change) == ["quota_has_ended"]
    assert left_to_all(house) == 27
    assert api.get("/stock/quotas", is_open=True)["items"] == []
    (told,) = api.get("/stock/quotas", code="SHOW-1")["items"]
    assert told == ended


def test_what_cannot_be_set_aside_names_its_field_and_sets_nothing_aside(house: House):
    plan(house)
    ghosts: list[tuple[dict[str, Any], str, str]] = [
        ({"code": "GHOST"}, "event_unknown", "code"),
        ({"sku_code": "GHOST"}, "sku_unknown", "sku_code"),
        ({"site_code": "GHOST"}, "quota_needs_place", "site_code"),
        ({"units": 31}, "quota_too_large", "units"),
        ({"ends_at": "2026-03-01T00:00:00Z"}, "quota_without_time", "ends_at"),
        ({"reserve_code": "GHOST"}, "reserve_unknown", "reserve_code"),
    ]
    found = house.api().post("/stock/quotas", *(WANTED | said for said, _, _ in ghosts))
    problems = [(one["problem"]["code"], one["problem"]["fields"]["field"]) for one in found]
    assert problems == [(code, field) for _, code, field in ghosts]
    assert left_to_all(house) == 30
    assert house.api().get("/stock/quotas")["items"] == []
    unknown = house.shop.manager  # an id that is no quota's
    assert house.api().refused("/stock/quotas/ends", {"id": str(unknown)}) == ["quota_unknown"]


def test_a_branch_sees_and_sets_aside_its_own_alone(house: House):
    plan(house)
    brand, dealer = house.api(), house.api(branch="DEALER")
    (of_brand,) = brand.granted("/stock/quotas", WANTED)
    assert dealer.refused("/stock/quotas", WANTED, WANTED | {"site_code": "S"}) == ["not_in_your_branch"] * 2
    (own,) = dealer.granted("/stock/quotas", WANTED | {"site_code": "D"})
    assert own["site_code"] == "D"
    for path, fields in (("/stock/quotas/changes", {"units": 1}), ("/stock/quotas/ends", {})):
        assert dealer.refused(path, {"id": of_brand["id"]} | fields) == ["not_in_your_branch"]
    assert [one["id"] for one in dealer.get("/stock/quotas")["items"]] == [own["id"]]
    page = brand.get("/stock/quotas", limit=1)
    rest = brand.get("/stock/quotas", limit=1, cursor=page["next_cursor"])
    shown = [one["id"] for one in [*page["items"], *rest["items"]]]
    assert (shown, rest["next_cursor"]) == (sorted([own["id"], of_brand["id"]], reverse=True), None)
    assert left_to_all(house) == 22
    packer = house.as_role(Role.PACKER, branch="HX")
    assert packer.ask("POST", "/stock/quotas", json={"items": [WANTED]}).status_code == 403


def test_a_window_shows_what_is_set_aside_for_it_and_to_others_the_rest(house: House):
    plan(house)
    api = house.api()
    api.granted("/stock/quotas", WANTED | {"kind": "channel", "code": "web", "units": 24})

    def deliverable(channel: str) -> int:
        (found,) = api.get("/availability", sku_code="COAT", channel=channel)["deliverable"]
        return found["units"]

    assert (deliverable("web"), deliverable("livestream")) == (24, 6)
