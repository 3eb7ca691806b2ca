"""Members over the API: in by phone, addresses, orders, consents, their data, being forgotten; nobody for another."""

import pytest

from loopline.channels.text_messages import ShownOnThePage
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from tests.make.api import PLENTY, Api, House, served_house
from tests.make.web import DEMO, settings
from tests.module.web.api.test_tasks import source, work_through

PHONE = "13800001234"
HOME = {"name": "李雷", "phone": PHONE, "region_code": "310100", "street": "愚园路 12 号"}


@pytest.fixture
def house(database: Database):
    """The small shop as a demo: codes are told."""
    with served_house(database, web=settings(rates=PLENTY, demo=DEMO)) as house:
        yield house


def sign_in(house: House, phone: str = PHONE) -> Api:
    api = house.nobody()
    sent = api.ask("POST", "/sign-in-codes", json={"phone": phone})
    assert sent.status_code == 202
    begun = api.ask("POST", "/member-sessions", json={"phone": phone, "code": sent.json()["demo_code"]})
    assert begun.status_code == 201, begun.text
    return Api(house.client, begun.json()["token"])


def test_a_phone_and_its_code_open_a_session(house: House):
    api = sign_in(house)
    assert api.get("/me/member")["phones"] == ["+86•••1234"]
    (told,) = [
        house.api().ask("POST", "/members/find", json={"phone": PHONE, "purpose": "a call"}).json()["items"]
    ]
    assert [one["member_id"] for one in told] == [api.get("/me/member")["member_id"]]


def test_a_wrong_code_is_401_and_the_sixth_code_of_a_minute_429(house: House):
    api = house.nobody()
    code = api.ask("POST", "/sign-in-codes", json={"phone": PHONE}).json()["demo_code"]
    wrong = f"{(int(code) + 1) % 10**6:06}"
    answer = api.ask("POST", "/member-sessions", json={"phone": PHONE, "code": wrong})
    assert (answer.status_code, answer.json()["code"]) == (401, "code_wrong")
    again = api.ask("POST", "/sign-in-codes", json={"phone": PHONE})
    assert (again.status_code, again.json()["code"]) == (429, "too_many_codes")
    assert api.ask("POST", "/sign-in-codes", json={"phone": "12"}).status_code == 422


def test_without_a_demo_no_code_is_told_and_what_is_not_sent_is_said(database: Database):
    with served_house(database, web=settings(rates=PLENTY)) as house:
        answer = house.nobody().ask("POST", "/sign-in-codes", json={"phone": PHONE})
        assert (answer.status_code, answer.json()["code"]) == (503, "code_not_sent")
        assert "demo_code" not in answer.json()
    assert ShownOnThePage.are_shown_on_the_page is True


def test_signing_out_ends_the_session(house: House):
    api = sign_in(house)
    assert api.ask("DELETE", "/member-sessions/current").status_code == 204
    assert api.ask("GET", "/me/member").status_code == 401


def test_addresses_are_kept_chosen_and_deleted(house: House):
    api = sign_in(house)
    first = api.ask("POST", "/me/addresses", json=HOME).json()["address_id"]
    second = api.ask("POST", "/me/addresses", json=HOME | {"street": "南京西路 1 号"}).json()["address_id"]
    assert api.ask("POST", f"/me/addresses/{second}/default").status_code == 204
    found = api.get("/me/addresses")["items"]
    assert [(one["id"], one["is_default"]) for one in found] == [(second, True), (first, False)]
    assert found[0]["phone"] == "+8613800001234"
    assert api.ask("DELETE", f"/me/addresses/{second}").status_code == 204
    assert [one["id"] for one in api.get("/me/addresses")["items"]] == [first]
    refused = api.ask("POST", "/me/addresses", json=HOME | {"phone": "12"})
    assert (refused.status_code, refused.json()["code"]) == (422, "address_not_valid")


def test_nobody_touches_anothers_address(house: House):
    address_id = sign_in(house).ask("POST", "/me/addresses", json=HOME).json()["address_id"]
    other = sign_in(house, "13900009999")
    assert other.ask("DELETE", f"/me/addresses/{address_id}").status_code == 404
    assert other.ask("POST", f"/me/addresses/{address_id}/default").status_code == 404
    assert other.get("/me/addresses")["items"] == []


@pytest.mark.parametrize("path", ["/me/member", "/me/addresses", "/me/orders", "/me/consents", "/me/data"])
def test_staff_and_strangers_are_no_member(house: House, path: str):
    assert house.nobody().ask("GET", path).status_code == 401
    assert house.api().ask("GET", path).status_code == 403


def order(api: Api, number: str) -> str:
    asked = {
        "channel": "web",
        "external_number": number,
        "kind": "ask",
        "region_code": "310100",
        "lines": [{"sku_code": "COAT", "units": 1}],
    }
    answer = api.ask("POST", "/orders", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()["number"]


def test_orders_of_ones_own_are_listed_page_by_page(house: House):
    api, other = sign_in(house), sign_in(house, "13900009999")
    numbers = [order(api, f"M-{place}") for place in range(3)]
    order(other, "M-9")
    pages = list(api.pages("/me/orders", limit=2))
    assert [[one["number"] for one in page] for page in pages] == [numbers[:0:-1], numbers[:1]]


def test_where_an_order_goes_is_said_once_by_its_member(house: House):
    api, other = sign_in(house), sign_in(house, "13900009999")
    number = order(api, "M-1")
    assert other.ask("POST", f"/orders/{number}/recipient", json=HOME).status_code == 404
    said = api.ask("POST", f"/orders/{number}/recipient", json=HOME)
    assert (said.status_code, said.json()["is_new"]) == (200, True)
    again = api.ask("POST", f"/orders/{number}/recipient", json=HOME | {"street": "elsewhere"})
    assert again.json()["is_new"] is False
    data = api.get("/me/data")
    assert [one["recipient"]["street"] for one in data["orders"]] == [HOME["street"]]


def test_a_yes_and_a_no_are_kept_and_the_latest_stands(house: House):
    api = sign_in(house)
    asked = {"purpose": "marketing", "channel": "sms", "granted": True}
    assert api.granted("/me/consents", asked) == [{"in_force": True}]
    assert api.refused("/me/consents", asked | {"receiver_code": "GHOST"}) == ["no_such_thing"]
    (told,) = api.get("/me/consents")
    assert (told["receiver_code"], told["granted"], told["source"]) == ("BRAND", True, "member")


def test_ones_data_are_taken_and_being_forgotten_leaves_the_books(house: House):
    api = sign_in(house)
    api.ask("POST", "/me/addresses", json=HOME)
    number = order(api, "M-1")
    data = api.get("/me/data")
    assert data["personal"]["identities"] == [{"kind": "phone", "value": "+8613800001234"}]
    assert [one["street"] for one in data["addresses"]] == [HOME["street"]]
    assert [one["purpose"] for one in data["opened_by"]] == ["the member's own copy"]
    assert api.ask("POST", f"/orders/{number}/cancel", json={}).status_code == 200
    assert api.ask("DELETE", "/me/data").status_code == 204
    assert api.ask("GET", "/me/member").status_code == 401
    with house.database.reading() as conn:
        counts = conn.execute(
            "select (select count(*) from orders.order), (select count(*) from customers.identity),"
            " (select count(*) from customers.address), (select count(*) from orders.order where latitude is not null)"
        ).fetchone()
        told = conn.execute(
            "select type from log.event where type like 'member%' order by position"
        ).fetchall()
    assert counts == (1, 0, 0, 0)
    assert told == [("member_registered",), ("member_erased",)]


def test_nobody_is_forgotten_while_their_goods_are_on_the_way(house: House):
    api, staff = sign_in(house), house.api()
    number = order(api, "M-1")
    api.ask("POST", f"/orders/{number}/recipient", json=HOME)
    head = api.get(f"/orders/{number}")
    paid = {"order_id": head["id"], "method": "cash", "amount_minor": head["amount_minor"], "reference": "X"}
    staff.granted("/payments", paid)
    source(house)
    chinese = {"accept-language": "zh"}
    for headers, said in (({}, f"Order {number} is still open"), (chinese, f"订单 {number} 还没有完成")):
        refused = api.ask("DELETE", "/me/data", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "order_under_way")
        assert refused.json()["title"].startswith(said)
    assert api.get("/me/data")["orders"][0]["recipient"]["street"] == HOME["street"]
    for task in staff.get("/tasks")["items"]:
        work_through(staff, task["id"], "accept", "pick", "check", "pack", "hand-over")
    catch_up(house.database, FOLLOWERS, now=house.moment[0])
    wish = {"order": number, "lines": [{"sku_code": "COAT", "units": 1}]}
    (announced,) = api.granted("/returns", wish)
    refused = api.ask("DELETE", "/me/data")
    assert (refused.status_code, refused.json()["code"]) == (409, "return_under_way")
    api.ask("POST", f"/returns/{announced['id']}/withdraw")
    assert api.ask("DELETE", "/me/data").status_code == 204
    assert api.ask("GET", "/me/member").status_code == 401
