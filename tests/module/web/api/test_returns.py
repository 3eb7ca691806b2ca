"""Returns over the API: at a counter at once, by parcel when it is here; a member announces, a store receives."""

from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from loopline import org
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import MemberId, ReturnId
from loopline.org import NewPassword, Permission, Role
from loopline.processes.doctor import examine
from loopline.returns import ways
from loopline.returns.photos import photos_of_returns
from loopline.stock import stock_at_leaves
from tests.make.api import Api, House
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.photos import photo
from tests.make.shop import NOON
from tests.module.web.api.test_orders import order, till_sale
from tests.module.web.api.test_tasks import source, work_through
from tests.module.web.api.test_touchpoints import a_member, member_api


def sold_at_till(house: House, number: str = "T-1", **fields: Any) -> dict[str, Any]:
    answer = house.api().ask("POST", "/orders", json=till_sale(number, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


def bought(house: House, member_id: MemberId, number: str = "W-1") -> dict[str, Any]:
    """An order of a member that was paid and handed over to the carrier, as it stands."""
    answer = member_api(house, member_id).ask("POST", "/orders", json=order(number))
    assert answer.status_code == 201, answer.text
    api, placed = house.api(), answer.json()
    paid = {
        "order_id": placed["id"],
        "method": "cash",
        "amount_minor": placed["amount_minor"],
        "reference": number,
    }
    api.granted("/payments", paid)
    source(house)
    for task in api.get("/tasks")["items"]:
        work_through(api, task["id"], "accept", "pick", "check", "pack", "hand-over")
    return api.get(f"/orders/{answer.json()['id']}")


def on_hand(house: House, site: str, sku: str) -> tuple[int, int]:
    with house.database.reading() as conn:
        rows = stock_at_leaves(conn, [house.shop.leaves[site]], sku_ids=[house.shop.skus[sku]])
    return rows[0].on_hand, rows[0].unsellable


def shares(house: House) -> int:
    with house.database.reading() as conn:
        row = conn.execute(
            "select coalesce(sum(amount_minor - cancelled_minor), 0)::bigint from sharing.share"
        ).fetchone()
    assert row is not None
    return row[0]


def assert_sound(house: House) -> None:
    catch_up(house.database, FOLLOWERS, now=house.moment[0])
    with house.database.reading() as conn:
        report = examine(conn)
    # What the made-up shop never paid is owed still.
    assert [one.name for one in report.checks if not one.ok] in ([], ["order_money_agrees"])


def test_at_a_counter_goods_and_money_go_back_at_once(house: House):
    sold = sold_at_till(house)
    catch_up(house.database, FOLLOWERS, now=house.moment[0])
    assert shares(house) > 0
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    back = {"order": sold["number"], "site_code": "S", "lines": [{"sku_code": "COAT", "units": 1}]}
    (done,) = store.granted("/returns", back | {"external_number": "R-1"})
    assert (done["state"], done["refund_minor"], done["is_repeat"]) == ("received", 11_000, False)
    (again,) = store.granted("/returns", back | {"external_number": "R-1"})
    assert again == done | {"is_repeat": True}
    assert shares(house) == 0
    told = store.get(f"/returns/{done['id']}")
    assert (told["order_number"], told["site_code"], told["lines"][0]["received_units"]) == (
        sold["number"],
        "S",
        1,
    )
    assert [one["id"] for one in store.get("/returns", order=sold["id"])["items"]] == [done["id"]]
    grade = {
        "id": "019cac0f-2680-7292-9e7e-f95526846d60",
        "return_line_id": told["lines"][0]["return_line_id"],
        "units": 1,
        "grade": "as_new",
    }
    answer = store.ask("POST", "/returns/grade", json={"site_code": "S", "items": [grade, grade]})
    first, second = (one["value"] for one in answer.json()["outcomes"])
    assert (first["disposition"], first["is_repeat"], second["is_repeat"]) == ("restock", False, True)
    assert on_hand(house, "S", "COAT") == (10, 0)
    assert store.get(f"/returns/{done['id']}")["state"] == "graded"
    assert_sound(house)


def test_what_a_receipt_says_was_bought_comes_back_without_its_order(house: House):
    sold = sold_at_till(house)
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    back = {
        "receipt_code": sold["receipt_code"],
        "site_code": "S",
        "lines": [{"sku_code": "COAT", "units": 1, "reason": "defect"}],
    }
    (done,) = store.granted("/returns", back)
    assert (done["refund_minor"], done["waiting_units"]) == (11_000, 0)
    assert store.refused("/returns", back | {"receipt_code": "nothing"}) == ["no_such_thing"]


def test_without_a_sale_an_ask_waits_and_a_fact_was_paid(house: House):
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    line = {"sku_code": "COAT", "units": 2, "stated_unit_minor": 5_000}
    asked, fact = store.granted(
        "/returns",
        {"site_code": "S", "lines": [line]},
        {"site_code": "S", "lines": [line], "kind": "fact"},
    )
    assert (asked["refund_minor"], asked["waiting_units"]) == (0, 2)
    assert (fact["refund_minor"], fact["waiting_units"]) == (10_000, 0)


def test_what_waits_is_listed_and_decided_once_by_who_may(house: House):
    hq, manager, guide = (
        house.api(),
        house.as_role(Role.STORE_MANAGER, branch="U-S"),
        house.as_role(Role.GUIDE, branch="U-S"),
    )
    elsewhere = house.as_role(Role.STORE_MANAGER, branch="U-D")
    asked = {"external_number": "B-1", "site_code": "S", "lines": [{"sku_code": "COAT", "units": 2}]}
    (done,) = guide.granted("/returns", asked)
    (waits,) = manager.get("/returns/waiting", site="S")["items"]
    assert (waits["return_id"], waits["code"], waits["units"]) == (done["id"], "COAT", 2)
    assert elsewhere.ask("GET", "/returns/waiting", params={"site": "S"}).status_code == 404
    word = {
        "return_line_id": waits["return_line_id"],
        "is_accepted": True,
        "refund_unit_minor": 5_990,
        "reason": "Ours.",
    }
    assert guide.ask("POST", "/returns/decide", json={"items": [word]}).status_code == 403
    assert elsewhere.refused("/returns/decide", word) == ["return_line_unknown"]
    assert manager.granted("/returns/decide", word) == [
        {
            "return_line_id": waits["return_line_id"],
            "state": "accepted",
            "units": 2,
            "refund_minor": 11_980,
        }
    ]
    assert hq.refused("/returns/decide", word) == ["nothing_blind_to_decide"]
    assert manager.get("/returns/waiting", site="S")["items"] == []
    assert manager.get(f"/returns/{done['id']}")["refund_minor"] == 11_980
    assert_sound(house)


def test_a_member_announces_and_the_money_goes_back_when_it_is_here(house: House):
    member_id, other = a_member(house, 1), a_member(house, 2)
    sold = bought(house, member_id)
    catch_up(house.database, FOLLOWERS, now=house.moment[0])
    earned = shares(house)
    me = member_api(house, member_id)
    lines = [{"line_id": line["line_id"], "units": line["units"]} for line in sold["lines"]]
    wish = {"order": sold["number"], "external_number": "A-1", "lines": lines}
    (announced,) = me.granted("/returns", wish)
    assert (announced["state"], announced["refund_minor"]) == ("announced", None)
    assert me.granted("/returns", wish) == [announced | {"is_repeat": True}]
    assert (shares(house), me.get(f"/orders/{sold['id']}")["stage"]) == (earned, "handed_over")
    assert member_api(house, other).ask("GET", f"/returns/{announced['id']}").status_code == 404
    assert member_api(house, other).refused("/returns", wish | {"external_number": "A-2"}) == [
        "no_such_thing"
    ]
    # Anywhere: the dealer's store sold nothing of it.
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    told = dealer.get(f"/returns/{announced['id']}")
    assert (told["state"], told["member_id"]) == ("announced", None)
    assert [one["member_id"] for one in dealer.get("/returns", order=sold["number"])["items"]] == [None]
    reader = house.api(branch="DEALER", permissions=[Permission.RETURNS_READ])
    assert reader.get("/returns", order=sold["number"])["items"] == []
    rival = house.as_role(Role.DEALER, branch="DEALER")
    assert rival.ask("POST", f"/returns/{announced['id']}/withdraw").json()["code"] == "not_in_your_branch"
    assert house.api().get(f"/returns/{announced['id']}")["member_id"] == str(member_id)
    (done,) = dealer.granted("/returns/receive", {"return_id": announced["id"], "site_code": "D"})
    assert (done["id"], done["state"], done["refund_minor"]) == (announced["id"], "received", 15_820)
    assert (shares(house), me.get(f"/orders/{sold['id']}")["stage"]) == (0, "returned")
    (again,) = dealer.granted("/returns/receive", {"return_id": announced["id"], "site_code": "D"})
    assert again["is_repeat"] is True
    late = house.as_role(Role.GUIDE, branch="U-W").ask("POST", f"/returns/{announced['id']}/withdraw")
    assert (late.status_code, late.json()["code"]) == (404, "return_not_announced")
    stranger = member_api(house, other).ask("POST", f"/returns/{announced['id']}/withdraw")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "return_not_announced")
    assert me.get(f"/orders/{sold['id']}")["return_ids"] == [announced["id"]]
    assert_sound(house)


def test_a_member_chooses_a_way_back_and_says_under_which_number(house: House):
    member_id, other = a_member(house, 1), a_member(house, 2)
    sold = bought(house, member_id)
    me, stranger = member_api(house, member_id), member_api(house, other)
    assert me.get("/return-ways")["items"] == [
        {"way": "store", "is_offered": True},
        {"way": "courier", "is_offered": False},
        {"way": "parcel", "is_offered": True},
    ]
    wish = {"order": sold["number"], "lines": [{"sku_code": "SCARF", "units": 1}]}
    assert me.refused("/returns", wish | {"way": "courier"}) == ["way_not_offered"]
    assert me.get("/returns", order=sold["number"])["items"] == []
    by_parcel = wish | {"external_number": "A-1", "way": "parcel"}
    (announced,) = me.granted("/returns", by_parcel)
    way = announced["way"]
    assert (way["way"], len(way["code"]), way["tracking_number"]) == ("parcel", 13, None)
    assert me.granted("/returns", by_parcel | {"way": "store"})[0]["way"] == way  # the first word stands
    sent = f"/returns/{announced['id']}/sent"
    assert stranger.ask("POST", sent, json={"tracking_number": "SF9"}).status_code == 404
    assert me.ask("POST", sent, json={}).json()["code"] == "parcel_number_unclear"
    for number in ("sf1001", "SF1002"):
        answer = me.ask("POST", sent, json={"tracking_number": number})
        assert (answer.status_code, answer.json()["tracking_number"]) == (200, number.upper())
    told = house.api().get(f"/returns/{announced['id']}")["way"]
    assert told == way | {"tracking_number": "SF1002", "sent_at": told["sent_at"]}
    (open_way,) = me.granted("/returns", wish | {"external_number": "A-2"})
    assert open_way["way"] is None
    nowhere = me.ask("POST", f"/returns/{open_way['id']}/sent", json={"tracking_number": "SF1"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "nothing_on_its_way")


def test_what_a_courier_fetched_is_said_by_the_site_that_waits_alone(house: House):
    with house.database.transaction() as conn:
        courier = ways.WayTerms(way=ways.Way.COURIER, is_offered=True, cost_minor=1_500)
        succeeded(ways.set_ways(conn, [courier], by="test", now=NOON))
    member_id = a_member(house, 1)
    sold = bought(house, member_id)
    wish = {"order": sold["number"], "lines": [{"sku_code": "SCARF", "units": 1}], "way": "courier"}
    (announced,) = member_api(house, member_id).granted("/returns", wish)
    sent = f"/returns/{announced['id']}/sent"
    waiting = announced["way"]["site_code"]
    other = house.api(branch="DEALER" if waiting != "D" else "U-W", permissions=[Permission.RETURNS_WRITE])
    assert other.ask("POST", sent, json={}).json()["code"] == "not_in_your_branch"
    numbered = house.api().ask("POST", sent, json={"tracking_number": "SF1"})
    assert (numbered.status_code, numbered.json()["code"]) == (422, "of_members_alone")
    fetched = house.api().ask("POST", sent, json={})
    assert (fetched.status_code, fetched.json()["sent_at"] is not None) == (200, True)
    at_a_counter = {"lines": [{"sku_code": "SCARF", "units": 1}], "site_code": "S", "way": "store"}
    assert house.api().refused("/returns", at_a_counter) == ["of_members_alone"]


def test_members_show_what_they_announced_and_sites_what_they_took_in(house: House):
    member_id, other = a_member(house, 1), a_member(house, 2)
    sold = bought(house, member_id)
    me = member_api(house, member_id)
    line_id = next(one["line_id"] for one in sold["lines"] if one["code"] == "SCARF")
    wish = {"order": sold["number"], "lines": [{"line_id": line_id, "units": 1}]}
    (announced,) = me.granted("/returns", wish)
    photos = f"/returns/{announced['id']}/photos"
    torn, whole = (b64encode(photo(colour=colour)).decode() for colour in ("red", "blue"))
    (kept,) = me.granted(photos, {"content": torn, "line_id": line_id})
    assert me.granted(photos, {"content": torn, "line_id": line_id}) == [kept | {"is_repeat": True}]
    coat = next(one["line_id"] for one in sold["lines"] if one["code"] == "COAT")
    assert me.refused(photos, {"content": whole, "line_id": coat}, {"content": "aGVsbG8="}) == [
        "unknown_order_line",
        "photo_unreadable",
    ]
    asked = {"items": [{"content": whole}]}
    for nobody in (member_api(house, other), house.api()):  # not theirs; not here yet
        assert nobody.ask("POST", photos, json=asked).status_code == 404
    house.api().granted("/returns/receive", {"return_id": announced["id"], "site_code": "D"})
    elsewhere = house.api(branch="U-W", permissions=[Permission.RETURNS_WRITE])
    assert elsewhere.ask("POST", photos, json=asked).status_code == 404
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    (theirs,) = dealer.granted(photos, {"content": whole, "line_id": line_id})
    with house.database.reading() as conn:
        found = photos_of_returns(conn, [ReturnId(UUID(announced["id"]))])
    assert {(str(one.id), one.by_customer, str(one.line_id)) for one in found} == {
        (kept["photo_id"], True, line_id),
        (theirs["photo_id"], False, line_id),
    }


def test_a_member_says_what_comes_back_and_nothing_else(house: House):
    member_id = a_member(house, 1)
    sold = bought(house, member_id)
    me = member_api(house, member_id)
    line = {"line_id": sold["lines"][0]["line_id"], "units": 1}
    wish = {"order": sold["id"], "lines": [line]}
    assert me.refused(
        "/returns",
        wish | {"site_code": "S"},
        wish | {"kind": "fact"},
        wish | {"channel": "till"},
        wish | {"member_id": str(member_id)},
        wish | {"lines": [line | {"stated_unit_minor": 99_999}]},
        wish | {"order": None},
        wish | {"lines": [{"units": 1}]},
        wish | {"lines": [line | {"units": 2}]},
    ) == [
        "not_for_members",
        "not_for_members",
        "not_for_members",
        "not_for_members",
        "not_for_members",
        "needs_order",
        "names_no_goods",
        "announces_too_much",
    ]
    assert me.get("/returns", order=sold["id"])["items"] == []
    by_code = {"order": sold["id"], "lines": [{"sku_code": "SCARF", "units": 2}]}
    (announced,) = me.granted("/returns", by_code)
    withdrawn = me.ask("POST", f"/returns/{announced['id']}/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    assert me.granted("/returns", by_code)[0]["id"] != announced["id"]


def test_what_a_channel_paid_back_is_received_when_it_comes(house: House):
    sold = sold_at_till(house)
    api = house.api()
    (opened,) = api.granted(
        "/returns",
        {
            "channel": "market",
            "external_number": "M-1",
            "kind": "fact",
            "order": sold["id"],
            "site_code": "W",
            "is_received": False,
            "lines": [{"sku_code": "COAT", "units": 1, "stated_unit_minor": 11_000}],
        },
    )
    assert (opened["state"], opened["refund_minor"]) == ("opened", 11_000)
    told = api.get(f"/returns/{opened['id']}")
    line_id = told["lines"][0]["return_line_id"]
    arrived = {"return_id": opened["id"], "site_code": "W"}
    too_much = arrived | {"lines": [{"return_line_id": line_id, "units": 2}]}
    assert api.refused("/returns/receive", too_much) == ["receives_too_much"]
    assert api.granted("/returns/receive", arrived)[0]["state"] == "received"
    assert api.granted("/returns/receive", arrived)[0]["is_repeat"] is True


def test_nobody_takes_back_outside_the_own_sites(house: House):
    sold = sold_at_till(house)
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    back = {"order": sold["id"], "site_code": "S", "lines": [{"sku_code": "COAT", "units": 1}]}
    assert dealer.refused("/returns", back) == ["not_in_your_branch"]
    (done,) = house.api().granted("/returns", back)
    assert dealer.ask("GET", f"/returns/{done['id']}").status_code == 404
    arrived = {"return_id": done["id"], "site_code": "S"}
    assert dealer.refused("/returns/receive", arrived) == ["not_in_your_branch"]
    line_id = house.api().get(f"/returns/{done['id']}")["lines"][0]["return_line_id"]
    grade = {"return_line_id": line_id, "units": 1, "grade": "as_new"}
    graded = dealer.ask("POST", "/returns/grade", json={"site_code": "S", "items": [grade]})
    assert graded.json()["outcomes"][0]["problem"]["code"] == "not_in_your_branch"
    reader = house.api(permissions=[Permission.RETURNS_READ])
    assert reader.ask("POST", "/returns", json={"items": [back]}).json()["code"] == "not_allowed"
    for unknown in (
        {"return_id": "019cac0f-2680-7292-9e7e-f95526846d60", "site_code": "S"},
        {"return_id": done["id"], "site_code": "NOWHERE"},
    ):
        assert house.api().refused("/returns/receive", unknown) == ["no_such_thing"]


def test_a_tills_number_does_not_block_what_a_member_announced(house: House):
    sold = bought(house, a_member(house, 1))
    me, staff = member_api(house, MemberId(UUID(sold["member_id"]))), house.api()
    wish = {"order": sold["number"], "external_number": "A-1", "lines": [{"sku_code": "COAT", "units": 1}]}
    (announced,) = me.granted("/returns", wish)
    line = {"sku_code": "COAT", "units": 1}
    for number in ("A-1", str(announced["id"])):
        staff.granted(
            "/returns", {"channel": "web", "external_number": number, "site_code": "S", "lines": [line]}
        )
    ours = {"channel": "web", "external_number": f"announced:{announced['id']}", "site_code": "S"}
    assert staff.refused("/returns", ours | {"lines": [line]}) == ["number_is_ours"]
    (done,) = staff.granted("/returns/receive", {"return_id": announced["id"], "site_code": "S"})
    assert (done["id"], done["state"]) == (announced["id"], "received")
    told = me.get(f"/returns/{announced['id']}")
    assert (told["channel"], told["external_number"]) == ("web", "A-1")


def test_an_ask_is_of_now_and_only_a_fact_says_when(house: House):
    sold = sold_at_till(house)
    catch_up(house.database, FOLLOWERS, now=house.moment[0])
    start = house.moment[0]
    house.moment[0] = start + timedelta(days=200)
    guide = house.as_role(Role.GUIDE, branch="U-S")
    back = {"order": sold["number"], "site_code": "S", "lines": [{"sku_code": "COAT", "units": 1}]}
    early = (start + timedelta(days=1)).isoformat()
    assert guide.refused("/returns", back, back | {"at": early}, back | {"at": early, "kind": "fact"}) == [
        "return_window_ended",
        "ask_is_of_now",
        "too_far_from_now",
    ]
    lately = house.moment[0] - timedelta(days=60)
    ahead = back | {"kind": "fact", "at": (house.moment[0] + timedelta(days=61)).isoformat()}
    assert guide.refused("/returns", ahead) == ["too_far_from_now"]
    (done,) = guide.granted("/returns", back | {"kind": "fact", "at": lately.isoformat()})
    told = house.api().get(f"/returns/{done['id']}")
    assert datetime.fromisoformat(told["at"]) == lately


def test_a_person_pays_nothing_out_and_a_key_no_sum_without_bound(house: House):
    with house.database.transaction() as conn:
        password = NewPassword(
            person_id=add_person(conn, "gina", at="U-S", role=Role.GUIDE), password=PASSWORD
        )
        succeeded(org.set_passwords(conn, [password], by=None, now=NOON))
    begun = house.nobody().ask("POST", "/sessions", json={"sign_in_name": "gina", "password": PASSWORD})
    assert begun.status_code == 201, begun.text
    person, key = Api(house.client, begun.json()["token"]), house.as_role(Role.GUIDE, branch="U-S")
    stated = {"site_code": "S", "lines": [{"sku_code": "COAT", "units": 1, "stated_unit_minor": 500}]}
    plain = {"site_code": "S", "lines": [{"sku_code": "COAT", "units": 1}]}
    refused = person.post(
        "/returns",
        stated,
        plain | {"kind": "fact"},
        plain | {"at": house.moment[0].isoformat()},
    )
    assert [(one["problem"]["code"], one["problem"]["fields"]["field"]) for one in refused] == [
        ("for_keys_alone", "lines[0].stated_unit_minor"),
        ("for_keys_alone", "kind"),
        ("for_keys_alone", "at"),
    ]
    assert person.granted("/returns", plain)[0]["waiting_units"] == 1
    much = {"sku_code": "COAT", "units": 1_000, "stated_unit_minor": 10**10}
    fact = {"site_code": "S", "kind": "fact"}
    over = fact | {"lines": [much, {"sku_code": "COAT", "units": 1, "stated_unit_minor": 1}]}
    assert key.refused("/returns", over) == ["pays_out_too_much"]
    assert key.granted("/returns", fact | {"lines": [much]})[0]["refund_minor"] == 10**13


def test_a_return_is_paid_in_the_currency_of_its_order(house: House):
    sold, api = sold_at_till(house), house.api()
    back = {"order": sold["number"], "site_code": "S", "lines": [{"sku_code": "COAT", "units": 1}]}
    (refused,) = api.post("/returns", back | {"currency": "USD"})
    assert (refused["problem"]["status"], refused["problem"]["code"]) == (422, "currency_not_of_order")
    assert refused["problem"]["fields"] == {"field": "currency", "currency": "CNY"}
    assert api.granted("/returns", back | {"currency": "CNY"})[0]["refund_minor"] == 11_000
    # Whatever the member bought was paid in yuan, too.
    member_id = str(a_member(house, 1))
    sold_at_till(house, "T-2", member_id=member_id)
    loose = {"member_id": member_id, "site_code": "S", "lines": back["lines"]}
    dollars, yuan = api.granted("/returns", loose | {"currency": "USD"}, loose)
    assert (dollars["waiting_units"], yuan["refund_minor"]) == (1, 11_000)
