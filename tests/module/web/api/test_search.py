"""Lists over the API: orders and products by text and filter, within a branch; what happened, and why this site."""

from collections.abc import Generator

import msgspec
import pytest
from litestar.testing import TestClient

from loopline.customers.keys import open_key_ring
from loopline.db.embedded import EmbeddedServer
from loopline.fulfilment.events import TasksOffered
from loopline.kernel.events import event, read
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org import Permission, Role
from loopline.processes.look_up import order_story
from loopline.web.app import create_app
from loopline.web.hq.order_timeline import moments_of
from loopline.web.hq.order_view import eyes_on
from loopline.web.languages import languages
from tests.make.api import PLENTY, Api, House
from tests.make.databases import database_from
from tests.make.desk import Day, a_day
from tests.make.shop import NOON
from tests.make.web import settings

ALL = ["W-2", "W-1", "W-3", "W-4", "W-5", "T-1", "T-2"]


class Desk:
    """A brand in the middle of its day, with its API."""

    def __init__(self, house: House, day: Day) -> None:
        self.house = house
        self.day = day
        self.hq = house.api()


@pytest.fixture(scope="module")
def desk(server: EmbeddedServer, template: str) -> Generator[Desk, None, None]:
    """Served once; nothing here changes it."""
    for database in database_from(server, template):
        web = settings(rates=PLENTY)
        day = a_day(database, open_key_ring(web.keys_directory))
        app = create_app(database, web, clock=lambda: NOON)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Desk(House(database, day.shop, client, [NOON]), day)


def found(api: Api, **query: object) -> set[str]:
    return {one["external_number"] for one in api.get("/orders", **query)["items"]}


def test_an_order_is_listed_with_what_is_known_of_it(desk: Desk):
    (one,) = desk.hq.get("/orders", text="W-1")["items"]
    assert one == {
        "id": str(desk.day.id("W-1")),
        "number": desk.day.number("W-1"),
        "channel": "web",
        "external_number": "W-1",
        "kind": "ask",
        "delivery": "deliver",
        "stage": "handed_over",
        "placed_at": "2026-03-02T04:00:00Z",
        "site_code": None,
        "sending_site_codes": ["W"],
        "goods": ["Coat", "Scarf"],
        "lines": 2,
        "units": 3,
        "currency": "CNY",
        "amount_minor": 15_820,
        "taken_minor": 15_820,
        "refunded_minor": 2_260,
        "member_id": one["member_id"],
    }
    assert one["member_id"] is not None


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, set(ALL)),
        ({"text": "coat"}, {"W-1", "W-3", "T-1", "T-2"}),
        ({"text": "coat scarf"}, {"W-1", "T-1", "T-2"}),
        ({"stage": "parked"}, {"W-4"}),
        ({"stage": ["parked", "accepted"]}, {"W-4", "W-2"}),
        ({"channel": "till"}, {"T-1", "T-2"}),
        ({"site_code": "D"}, {"T-2", "W-4", "W-5"}),
        ({"site_code": "NOWHERE"}, set[str]()),
        ({"placed_from": "2026-03-02T04:00:00Z", "placed_until": "2026-03-02T04:20:00Z"}, {"W-1", "W-3", "W-4", "W-5"}),
        ({"text": "8000"}, {"W-1"}),
        ({"text": "+86 138-0013-8000"}, {"W-1"}),
        ({"text": "138001380"}, set[str]()),
        ({"text": "!?"}, set[str]()),
    ],
)  # fmt: skip
def test_orders_are_found_and_narrowed(desk: Desk, query: dict[str, object], numbers: set[str]):
    assert found(desk.hq, **query) == numbers


def test_a_number_is_found_however_it_is_typed(desk: Desk):
    typed = desk.day.number("W-3").replace("-", "").lower()
    assert found(desk.hq, text=typed) == {"W-3"}


def test_pages_follow_one_another(desk: Desk):
    pages = list(desk.hq.pages("/orders", limit=3))
    assert [len(page) for page in pages] == [3, 3, 1]
    numbers = [one["external_number"] for page in pages for one in page]
    assert set(numbers) == set(ALL)
    assert [one["placed_at"] for page in pages for one in page] == sorted(
        (one["placed_at"] for page in pages for one in page), reverse=True
    )


def test_a_branch_finds_what_it_sells_or_sends_and_no_price_of_what_it_only_sends(desk: Desk):
    dealer = desk.house.as_role(Role.DEALER, branch="DEALER")
    listed = {one["external_number"]: one for one in dealer.get("/orders")["items"]}
    assert set(listed) == {"T-2", "W-4", "W-5"}
    assert listed["T-2"]["amount_minor"] == 15_820
    sent = listed["W-4"]
    hidden = ("amount_minor", "taken_minor", "refunded_minor", "member_id", "units")
    assert [sent[field] for field in hidden] == [None, None, None, None, None]
    assert sent["sending_site_codes"] == ["D"]
    assert found(desk.house.as_role(Role.DEALER, branch="DEALER"), site_code="S") == {"W-4", "W-5"}


def test_nobody_finds_an_order_by_a_member_they_may_not_read(desk: Desk):
    reader = desk.house.api(permissions=[Permission.ORDERS_READ])
    assert found(reader, text="8000") == set()
    (one,) = reader.get("/orders", text="W-1")["items"]
    assert one["member_id"] is None
    answer = reader.ask("GET", "/orders", params={"member_id": str(desk.day.id("W-1"))})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    branch = desk.house.api(branch="DEALER")
    assert found(branch, text="8000") == set()


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/orders", {"cursor": "bm90IG91cnM"}, 400),
        ("/orders", {"stage": "nowhere"}, 400),
        ("/orders", {"limit": 0}, 400),
        ("/orders", {"text": "x" * 201}, 400),
        ("/orders", {"member_id": "7"}, 400),
        ("/orders", {"placed_from": "yesterday"}, 400),
        ("/orders", {"text": "\x00"}, 200),
        ("/products", {"text": "\x00"}, 200),
        ("/orders/0000-000/timeline", {}, 404),
        ("/orders/00000000-0000-0000-0000-000000000000/explanation", {}, 404),
    ],
)
def test_what_cannot_be_read_is_refused(desk: Desk, path: str, query: dict[str, object], status: int):
    assert desk.hq.ask("GET", path, params=query).status_code == status


@pytest.mark.parametrize("path", ["/orders", "/products", "/orders/x/timeline", "/orders/x/explanation"])
def test_nobody_and_whoever_may_not_read_sees_nothing(desk: Desk, path: str):
    assert desk.house.nobody().ask("GET", path).status_code == 401
    other = desk.house.api(permissions=[Permission.BOARDS_READ])
    assert other.ask("GET", path).status_code == 403


def test_products_come_with_their_skus(desk: Desk):
    (one,) = desk.hq.get("/products", text="sca")["items"]
    assert one == {
        "id": one["id"],
        "code": "SCARF",
        "name": "Scarf",
        "category": None,
        "season": None,
        "is_active": True,
        "skus": [
            {"id": str(desk.day.shop.skus["SCARF"]), "code": "SCARF", "name": "Scarf", "gtin": None, "is_active": True}
        ],
    }  # fmt: skip
    assert [len(page) for page in desk.hq.pages("/products", limit=2)] == [2, 1]


def test_the_timeline_says_what_happened(desk: Desk):
    told = desk.hq.get(f"/orders/{desk.day.number('W-1')}/timeline")
    assert told["order_id"] == str(desk.day.id("W-1"))
    assert [one["type"] for one in reversed(told["entries"])] == [
        "order_placed", "payment_taken", "order_sourced", "tasks_offered", "task_refused", "order_sourced",
        "tasks_offered", "task_accepted", "picking_started", "goods_checked", "parcel_packed", "parcel_handed_over",
        "order_settled", "return_opened",
    ]  # fmt: skip
    refused = next(one for one in told["entries"] if one["type"] == "task_refused")
    assert (refused["said"], refused["detail"]) == (
        "Work refused, sourced again",
        "静安店 · Not found · Coat × 1, Scarf × 2",
    )
    chinese = desk.hq.ask(
        "GET", f"/orders/{desk.day.number('W-1')}/timeline", headers={"accept-language": "zh"}
    ).json()
    assert chinese["entries"][-1]["said"] == "新订单"


def test_a_site_that_only_sends_is_told_of_its_own_work_alone(desk: Desk):
    dealer = desk.house.as_role(Role.DEALER, branch="DEALER")
    entries = dealer.get(f"/orders/{desk.day.number('W-4')}/timeline")["entries"]
    assert [(one["type"], one["detail"]) for one in entries] == [
        ("tasks_offered", "杭州湖滨店 until 2 Mar 16:40"),
        ("order_placed", "Web shop"),
    ]
    answer = dealer.ask("GET", f"/orders/{desk.day.number('W-4')}/explanation")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_your_branch")
    for other in ("W-1", "T-1"):
        assert dealer.ask("GET", f"/orders/{desk.day.number(other)}/timeline").status_code == 404


def test_offers_to_others_are_told_to_no_sender(desk: Desk):
    with desk.house.database.reading() as conn:
        story = order_story(conn, desk.day.id("W-4"))
    assert story is not None
    sites = desk.day.shop.sites
    offered = next(one for one in story.events if one.type == "tasks_offered")
    told = read(offered, TasksOffered)
    to_others = msgspec.structs.replace(
        told, tasks=tuple(task for task in told.tasks if task.site_id != sites["D"])
    )
    story = msgspec.structs.replace(story, events=(event(to_others, subject=story.order.id, at=NOON),))
    branches = {Permission.ORDERS_READ: Scope(sites=frozenset({sites["D"]}))}
    dealer = eyes_on(branches, selling=None, sending=[sites["D"]])
    brand = eyes_on({Permission.ORDERS_READ: WHOLE_BRAND}, selling=None, sending=[])
    assert dealer is not None
    assert brand is not None
    english = languages()["en"]
    assert [len(moments_of(story, eyes, english)) for eyes in (dealer, brand)] == [0, 1]


def test_the_explanation_names_every_site_and_what_decided_the_price(desk: Desk):
    told = desk.hq.get(f"/orders/{desk.day.id('W-1')}/explanation")
    second, first = told["choices"]
    assert ([one["site_code"] for one in first["chosen"]], first["method"]) == (["S"], "exact")
    assert [one["site_code"] for one in second["chosen"]] == ["W"]
    assert {one["site_code"]: one["reason"] for one in second["eliminated"]} == {
        "S": "excluded",
        "D": "dearer",
    }
    (parcel,) = second["chosen"]
    terms = ("handling_minor", "distance_minor", "weight_minor")
    assert sum(parcel[term] for term in terms) == second["cost_minor"]
    assert [(one["code"], one["decided_by"], one["price_list_code"]) for one in told["prices"]] == [
        ("COAT", "base", "BASE"),
        ("SCARF", "base", "BASE"),
    ]
    store = desk.house.as_role(Role.STORE_MANAGER, branch="U-S").get(
        f"/orders/{desk.day.id('T-1')}/explanation"
    )
    assert (store["choices"], len(store["prices"])) == ([], 2)
