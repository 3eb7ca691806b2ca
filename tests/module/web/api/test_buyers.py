"""Buyers over the API: sealed with the order in every way one comes, opened by people alone, and the log of it."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar.testing import TestClient

from loopline import org
from loopline.channels.sandbox_sealing import Market, SandboxMarket
from loopline.db.embedded import EmbeddedServer
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.labels import labels_of_tasks
from loopline.kernel.ids import OrderId
from loopline.org import Permission, Role
from loopline.web.app import create_app
from loopline.web.marketplaces import PLATFORMS_STATE
from tests.make.api import PLENTY, Api, House
from tests.make.buyers import ZHANG, put_in_hand, running_market, sealed_at, sealed_buyer
from tests.make.databases import database_from
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.web import settings
from tests.module.web.api.test_orders import order

PEOPLE = (
    ("zhou.guide", "U-S", Role.GUIDE),
    ("sun.manager", "U-D", Role.STORE_MANAGER),
    ("qian.service", "HX", Role.CUSTOMER_SERVICE),
    ("lu.audit", "HX", Role.AUDITOR),
    ("he.audit", "DEALER", Role.AUDITOR),
)


class Bureau(msgspec.Struct, frozen=True):
    """A served house with a marketplace, and people of several roles."""

    house: House
    market: Market
    people: dict[str, Any]

    def person(self, name: str) -> Api:
        nobody = self.house.nobody()
        answer = nobody.ask("POST", "/sessions", json={"sign_in_name": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return Api(self.house.client, answer.json()["token"])


@pytest.fixture(scope="module")
def bureau(server: EmbeddedServer, template: str) -> Generator[Bureau, None, None]:
    moment = [NOON]
    with (
        contextmanager(database_from)(server, template) as database,
        running_market(lambda: moment[0]) as market,
    ):
        with database.transaction() as conn:
            shop = open_shop(conn)
            people = {name: add_person(conn, name, at=at, role=role) for name, at, role in PEOPLE}
            new = [org.NewPassword(person_id=one, password=PASSWORD) for one in people.values()]
            succeeded(org.set_passwords(conn, new, by=None, now=NOON))
        platform = SandboxMarket(market.settings)
        app = create_app(database, settings(rates=PLENTY), clock=lambda: moment[0])
        app.state[PLATFORMS_STATE] = {platform.name: platform}
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Bureau(House(database, shop, client, moment), market, people)


def test_an_order_carries_its_sealed_buyer_one_by_one_and_in_bulk(house: House):
    api = house.api()
    first, newer = sealed_at(NOON), sealed_at(NOON + timedelta(minutes=1))
    one = api.ask("POST", "/orders", json=order("W-1", sealed_buyer=first))
    assert one.status_code == 201
    again = api.ask("POST", "/orders", json=order("W-1", sealed_buyer=newer))
    assert (again.status_code, again.json()["id"]) == (200, one.json()["id"])
    (batched,) = api.granted("/orders/batch", order("W-2", sealed_buyer=first))
    lines = b"\n".join(
        msgspec.json.encode(one)
        for one in (
            order("W-3", sealed_buyer=first),
            order("W-4", sealed_buyer=first | {"masked_phone": ZHANG["phone"]}),
            order("W-5", sealed_buyer={"platform": "tmall"}),
        )
    )
    bulk = api.ask("POST", "/orders/bulk", content=lines, headers={"content-type": "application/x-ndjson"})
    placed, shown, empty = (msgspec.json.decode(line) for line in bulk.text.splitlines())
    assert shown["problem"]["fields"] == {"field": "sealed_buyer.masked_phone"}
    assert empty["problem"]["code"] == "sealing_empty"
    for order_id, sealed, renewals in (
        (one.json()["id"], newer, 1),
        (batched["id"], first, 0),
        (placed["value"]["id"], first, 0),
    ):
        told = api.get(f"/orders/{order_id}/buyer")
        assert told == {
            "order_id": order_id,
            "platform": sealed["platform"],
            "masked_name": "张**",
            "masked_phone": "138****5678",
            "masked_address": sealed["masked_address"],
            "sealed_at": sealed["sealed_at"],
            "renewals": renewals,
            "forgotten_at": None,
            "purposes": [],
        }
    assert api.ask("GET", "/orders/W-1/buyer").status_code == 404
    finance = house.as_role(Role.FINANCE, branch="HX")
    assert finance.ask("GET", f"/orders/{batched['id']}/buyer").status_code == 404
    dealer = house.api(branch="DEALER")
    assert dealer.ask("GET", f"/orders/{batched['id']}/buyer").status_code == 404
    bare = api.ask("POST", "/orders", json=order("W-6")).json()["id"]
    assert api.ask("GET", f"/orders/{bare}/buyer").json()["code"] == "buyer_not_sealed"


def in_hand(bureau: Bureau, number: str) -> str:
    buyer = sealed_buyer(bureau.market)
    placed = bureau.house.api().ask("POST", "/orders", json=order(number, sealed_buyer=buyer))
    assert placed.status_code == 201, placed.text
    with bureau.house.database.transaction() as conn:
        put_in_hand(conn, bureau.people["zhou.guide"])
    found: str = placed.json()["id"]
    return found


def opened(api: Api, purpose: str, *order_ids: str, **options: Any) -> list[Any]:
    answer = api.ask("POST", "/buyers/open", json={"order_ids": order_ids, "purpose": purpose}, **options)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    return [
        one["problem"]["code"] if "problem" in one else {name: one["value"][name] for name in ZHANG}
        for one in answer.json()["outcomes"]
    ]


def test_people_open_what_their_work_needs_and_the_log_tells_it(bureau: Bureau):
    order_id = in_hand(bureau, "W-1")
    guide, service = bureau.person("zhou.guide"), bureau.person("qian.service")
    other, auditor = bureau.person("sun.manager"), bureau.person("lu.audit")
    assert guide.get(f"/orders/{order_id}/buyer")["purposes"] == ["ship_parcel", "print_label"]
    assert opened(guide, "ship_parcel", order_id, str(bureau.people["zhou.guide"])) == [
        ZHANG,
        "not_yours_to_open",
    ]
    assert opened(service, "customer_service_call", order_id) == [ZHANG]
    assert opened(service, "ship_parcel", order_id) == ["not_yours_to_open"]
    assert opened(other, "ship_parcel", order_id) == ["not_yours_to_open"]
    assert opened(auditor, "legal_request", order_id) == ["not_yours_to_open"]
    found = [one for page in auditor.pages("/openings", order_id=order_id, limit=2) for one in page]
    assert [(one["person_id"], one["purpose"], one["refused"], one["outcome"]) for one in found] == [
        (str(bureau.people["lu.audit"]), "legal_request", "not_yours_to_open", None),
        (str(bureau.people["sun.manager"]), "ship_parcel", "not_yours_to_open", None),
        (str(bureau.people["qian.service"]), "ship_parcel", "not_yours_to_open", None),
        (str(bureau.people["qian.service"]), "customer_service_call", None, "opened"),
        (str(bureau.people["zhou.guide"]), "ship_parcel", None, "opened"),
    ]
    of_guide = auditor.get("/openings", person_id=str(bureau.people["zhou.guide"]))["items"]
    assert [(one["purpose"], one["order_id"]) for one in of_guide] == [("ship_parcel", order_id)]
    assert auditor.get("/openings", order_id=str(bureau.people["lu.audit"]))["items"] == []
    # The branch of another sees nothing of it; who opens does not read the log.
    assert bureau.person("he.audit").get("/openings")["items"] == []
    for one in (guide, service):
        assert one.ask("GET", "/openings").status_code == 403


def test_a_key_opens_nothing_and_no_answer_is_ever_kept(bureau: Bureau):
    order_id = in_hand(bureau, "W-2")
    ask = {"order_ids": [order_id], "purpose": "ship_parcel"}
    key = bureau.house.api()
    assert key.ask("POST", "/buyers/open", json=ask).json()["code"] == "not_by_key"
    assert bureau.house.nobody().ask("POST", "/buyers/open", json=ask).status_code == 401
    guide = bureau.person("zhou.guide")
    kept = guide.ask("POST", "/buyers/open", json=ask, headers={"idempotency-key": "k"})
    assert (kept.status_code, kept.json()["code"]) == (422, "secret_once_per_key")
    many = guide.ask("POST", "/buyers/open", json=ask | {"order_ids": [order_id] * 51})
    assert many.status_code == 400
    assert guide.ask("POST", "/buyers/open", json=ask | {"purpose": "curiosity"}).status_code == 400
    reader = bureau.house.api(permissions=[Permission.OPENINGS_READ])
    assert reader.get("/openings", order_id=order_id)["items"] == []


def test_a_label_of_a_sealed_buyer_is_printed_by_a_person_and_written_down(bureau: Bureau):
    order_id = in_hand(bureau, "W-3")
    with bureau.house.database.reading() as conn:
        (task,) = fulfilment.tasks_of_orders(conn, [OrderId(UUID(order_id))])
    ask = {"items": [{"task_id": str(task.task_id)}], "form": "zpl"}
    by_key = bureau.house.api().ask("POST", "/tasks/labels", json=ask).json()
    assert (by_key["outcomes"][0]["problem"]["code"], by_key["content"]) == ("not_by_key", "")
    with bureau.house.database.reading() as conn:
        assert labels_of_tasks(conn, [task.task_id]) == {}
    said = bureau.person("zhou.guide").ask("POST", "/tasks/labels", json=ask).json()
    assert said["outcomes"][0]["value"]["prints"] == 1
    assert f"^FD{ZHANG['phone']}^FS" in said["content"]
    (line,) = bureau.person("lu.audit").get("/openings", order_id=order_id)["items"]
    assert (line["purpose"], line["outcome"], line["person_id"]) == (
        "print_label",
        "opened",
        str(bureau.people["zhou.guide"]),
    )
