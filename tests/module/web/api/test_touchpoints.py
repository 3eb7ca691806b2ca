"""Touchpoints over the API: made in one's branch, scanned by anybody, counted once, credited to orders."""

from typing import Any
from uuid import uuid4

import pytest

from loopline import customers, org
from loopline.kernel.ids import MemberId
from loopline.org import NewParty, PartyKind, Permission, Role
from tests.make.api import Api, House
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.make.touchpoints import member_of
from tests.module.web.api.test_orders import order, till_sale

VISITOR = "3f0e6a52-6a53-4c55-9d0e-7a4a5f6f1c01"


def scan(code: str, **fields: Any) -> dict[str, Any]:
    return {"code": code, "visitor": VISITOR} | fields


def code_of(house: House, kind: str, **names: Any) -> str:
    (made,) = house.api().granted("/touchpoints", {"kind": kind} | names)
    return made["code"]


def a_member(house: House, number: int = 1) -> MemberId:
    with house.database.transaction() as conn:
        return member_of(conn, number)


def member_api(house: House, member_id: MemberId) -> Api:
    with house.database.transaction() as conn:
        (session,) = succeeded(customers.begin_sessions(conn, [member_id], now=house.moment[0]))
    return Api(house.client, session.token)


def a_streamer(house: House) -> None:
    party = NewParty(code="LIVE", kind=PartyKind.STREAMER, name="小播", unit_code="HX")
    with house.database.transaction() as conn:
        succeeded(org.add_parties(conn, [party], by=None, now=NOON))


def scans_in(house: House) -> int:
    with house.database.reading() as conn:
        row = conn.execute("select count(*) from touchpoints.scan").fetchone()
        assert row is not None
        return row[0]


def test_codes_are_made_listed_drawn_and_retired(house: House):
    api = house.api()
    made = api.granted(
        "/touchpoints",
        {"kind": "store", "site_code": "S", "label": "门口"},
        {"kind": "shelf", "site_code": "S", "sku_code": "COAT"},
        {"kind": "guide", "party_code": "GUIDE"},
    )
    listed = api.get("/touchpoints")["items"]
    assert [(one["code"], one["leads_to"], one["scans"]) for one in listed] == [
        (made[2]["code"], "/g/GUIDE", 0),
        (made[1]["code"], "/p/COAT?site=S&sku=COAT", 0),
        (made[0]["code"], "/s/S", 0),
    ]
    assert [[one["code"] for one in page] for page in api.pages("/touchpoints", limit=2)] == [
        [made[2]["code"], made[1]["code"]],
        [made[0]["code"]],
    ]
    assert [one["code"] for one in api.get("/touchpoints", kind="guide")["items"]] == [made[2]["code"]]
    assert len(api.get("/touchpoints", site_code="S")["items"]) == 2
    drawn = house.nobody().ask("GET", f"/touchpoints/{made[0]['code']}/qr.svg")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert drawn.text.startswith("<svg")
    assert made[0]["url"].endswith(f"/t/{made[0]['code']}")
    api.granted("/touchpoints/retire", {"code": made[0]["code"]})
    assert house.nobody().refused("/scans", scan(made[0]["code"])) == ["touchpoint_gone"]


def test_a_store_sees_its_own_codes_and_counts_and_no_others(house: House):
    mine, theirs = code_of(house, "store", site_code="S"), code_of(house, "store", site_code="D")
    poster = code_of(house, "poster", product_code="COAT")
    for code in (mine, theirs, poster):
        house.nobody().granted("/scans", scan(code), scan(code, visitor=str(uuid4())))
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    assert [(one["code"], one["scans"]) for one in store.get("/touchpoints")["items"]] == [(mine, 2)]
    assert store.get(f"/touchpoints/{mine}/scan-days")["days"] == [
        {"day": "2026-03-02", "scans": 2, "scans_of_members": 0}
    ]
    for path in (f"/touchpoints/{theirs}", f"/touchpoints/{theirs}/scan-days", f"/touchpoints/{poster}"):
        assert store.ask("GET", path).status_code == 404
    assert store.ask("GET", "/touchpoints", params={"site_code": "D"}).status_code == 404
    assert store.refused("/touchpoints", {"kind": "store", "site_code": "D"}) == ["not_in_your_branch"]
    assert store.refused("/touchpoints", {"kind": "poster", "product_code": "COAT"}) == ["not_in_your_branch"]
    assert store.refused("/touchpoints/retire", {"code": theirs}) == ["not_in_your_branch"]
    assert len(house.api().get("/touchpoints")["items"]) == 3
    rule = {"kind": "store", "role": "store", "protection_days": 1, "may_take_over": True}
    assert store.ask("POST", "/binding-rules", json={"items": [rule]}).status_code == 403
    for path in ("/touchpoints", "/touch-rules"):
        assert house.nobody().ask("GET", path).status_code == 401
        assert house.api(permissions={Permission.ORDERS_READ}).ask("GET", path).status_code == 403


def test_a_scan_sent_twice_counts_once_and_a_forged_one_spoils_no_other(house: House):
    code = code_of(house, "store", site_code="S")
    first, forged, second, again = house.nobody().post(
        "/scans", scan(code), scan("0000000000"), scan(code, at="2026-03-02T03:00:00Z"), scan(code)
    )
    assert first["value"]["leads_to"] == "/s/S"
    assert forged["problem"]["code"] == "touchpoint_unknown"
    assert second["value"]["is_repeat"] is False
    assert (again["value"]["is_repeat"], again["value"]["scan_id"]) == (True, first["value"]["scan_id"])
    assert house.nobody().granted("/scans", scan(code))[0]["is_repeat"] is True
    assert scans_in(house) == 2
    too_old = house.nobody().refused("/scans", scan(code, at="2026-01-01T00:00:00Z"))
    assert too_old == ["scan_outside_window"]


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [scan("A")] * 51},
        {"items": [{"code": "A"}]},
        {"items": [scan("A", visitor="somebody")]},
        {"items": [scan("")]},
        {"items": [scan("A\x00")]},
        {"items": [scan("A", channel="carrier pigeon")]},
        {"items": [scan("A", at="yesterday")]},
        {"items": [scan("A", more=1)]},
    ],
)
def test_what_cannot_be_read_is_a_400_that_names_the_field(house: House, body: dict[str, Any]):
    answer = house.nobody().ask("POST", "/scans", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"]
    assert scans_in(house) == 0


def test_nobody_scans_in_another_members_name(house: House):
    code = code_of(house, "guide", party_code="GUIDE")
    member_id, other = a_member(house, 1), a_member(house, 2)
    named = scan(code, member_id=str(member_id))
    assert house.nobody().refused("/scans", named) == ["not_allowed"]
    assert member_api(house, other).refused("/scans", named) == ["not_allowed"]
    assert house.api(branch="U-S").refused("/scans", named) == ["not_allowed"]
    assert scans_in(house) == 0
    # A member needs no name, and the brand's own program may say one.
    member_api(house, member_id).granted("/scans", scan(code))
    house.api().granted("/scans", scan(code, member_id=str(other), visitor=str(uuid4())))
    with house.database.reading() as conn:
        bound = customers.bindings_of_members(conn, [member_id, other])
    assert [bound[one].guide_id for one in (member_id, other)] == [house.shop.parties["GUIDE"]] * 2


def test_an_order_that_names_its_visitor_is_credited_to_what_was_scanned(house: House):
    house.nobody().granted("/scans", scan(code_of(house, "guide", party_code="GUIDE")))
    placed = house.api().ask("POST", "/orders", json=order("W-1", touch={"visitor": VISITOR}))
    assert placed.status_code == 201, placed.text
    told = house.api().get(f"/orders/{placed.json()['id']}")
    with house.database.reading() as conn:
        row = conn.execute("select guide_id from orders.order").fetchone()
        evidence = conn.execute("select credits -> 0 ->> 'basis' from touchpoints.attribution").fetchone()
    assert (row, evidence) == ((house.shop.parties["GUIDE"],), ("touch",)), told
    # The same again is that order, whatever was scanned since.
    other = code_of(house, "poster", party_code="DEALER")
    house.nobody().granted("/scans", scan(other))
    again = house.api().ask("POST", "/orders", json=order("W-1", touch={"visitor": VISITOR}))
    assert again.status_code == 200


def test_rules_count_from_now_on_and_are_kept(house: House):
    api = house.api()
    before = api.get("/touch-rules")
    assert (len(before["binding"]), len(before["attribution"])) == (7, 3)
    rule = {"kind": "poster", "role": "dealer", "protection_days": 7, "may_take_over": False}
    (made,) = api.granted("/binding-rules", rule)
    assert made["effective_from"] == "2026-03-02T04:00:00Z"
    api.granted("/attribution-rules", {"role": "guide", "window_minutes": 60})
    after = api.get("/touch-rules")
    assert (len(after["binding"]), len(after["attribution"])) == (8, 4)
    wrong = rule | {"protection_days": 4_000}
    assert api.ask("POST", "/binding-rules", json={"items": [wrong]}).status_code == 400


def test_a_live_room_is_planned_started_watched_and_ended(house: House):
    a_streamer(house)
    api = house.api()
    show = {
        "code": "SHOW-1",
        "name": "春装上新",
        "streamer_code": "LIVE",
        "starts_at": "2026-03-02T12:00:00Z",
        "sku_codes": ["COAT", "HAT"],
    }
    (room,) = api.granted("/live-rooms", show)
    assert house.nobody().get("/live-rooms", is_live=True)["items"] == []
    started = api.ask("POST", "/live-rooms/SHOW-1/start")
    assert (started.status_code, started.json()["is_live"]) == (200, True)
    (shown,) = house.nobody().get("/live-rooms", is_live=True)["items"]
    assert (shown["streamer_name"], shown["sku_codes"]) == ("小播", ["COAT", "HAT"])
    assert not {"scans", "orders"} & shown.keys()
    assert house.nobody().granted("/scans", scan(room["touchpoint_code"]))[0]["leads_to"] == "/live/SHOW-1"
    placed = api.ask("POST", "/orders", json=order("L-1", touch={"touchpoint_code": room["touchpoint_code"]}))
    assert placed.status_code == 201, placed.text
    ended = api.ask("POST", "/live-rooms/SHOW-1/end").json()
    assert (ended["is_live"], ended["scans"], ended["orders"]) == (False, 1, 1)
    assert api.ask("POST", "/live-rooms/SHOW-1/start").json()["code"] == "live_room_has_ended"
    assert house.nobody().ask("POST", "/live-rooms/SHOW-1/start").status_code == 401
    assert house.nobody().ask("GET", "/live-rooms/NONE").status_code == 404
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    assert store.ask("POST", "/live-rooms/SHOW-1/end").status_code == 403
    marketing = house.as_role(Role.MARKETING, branch="U-S")
    assert marketing.refused("/live-rooms", show | {"code": "X"}) == ["not_in_your_branch"]
    assert marketing.ask("POST", "/live-rooms/SHOW-1/end").status_code == 404


def test_a_batch_under_one_key_makes_its_codes_once(house: House):
    api = house.api()
    headers = {"idempotency-key": "sheet 7"}
    first = api.post("/touchpoints", {"kind": "store", "site_code": "S"}, headers=headers)
    again = api.post("/touchpoints", {"kind": "store", "site_code": "S"}, headers=headers)
    assert first == again
    assert len(api.get("/touchpoints")["items"]) == 1


def test_a_till_sale_answers_with_its_receipt(house: House):
    placed = house.api().ask("POST", "/orders", json=till_sale("T-1"))
    receipt = placed.json()["receipt_code"]
    assert len(receipt) == 16
    assert house.nobody().granted("/scans", scan(receipt))[0]["leads_to"] == f"/r/{receipt}"
    # A receipt is nobody's to list.
    assert house.api().get("/touchpoints")["items"] == []
