"""The short way of single orders answers as the application does: same status, same words, same headers."""

import json
import re
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from loopline.db import Database
from loopline.org import Permission
from loopline.web.api.caller import Rates
from loopline.web.api.limits import Rate
from loopline.web.lane import AvailabilityLane, OrderLane, PromiseLane
from tests.make.api import PLENTY, Api, House, served_house
from tests.make.web import settings

ASK: dict[str, Any] = {
    "channel": "web",
    "kind": "ask",
    "region_code": "310100",
    "lines": [{"sku_code": "COAT", "units": 1}, {"sku_code": "SCARF", "units": 2}],
}
# A cookie is unusual enough for the application.
LONG_WAY = {"cookie": "language=xx"}
# What is left of the rate differs from call to call; the short way compresses nothing.
NOT_COMPARED = {"ratelimit-remaining", "content-length", "content-encoding", "vary"}


@pytest.fixture(autouse=True)
def known_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, who called stays known for a test."""
    monkeypatch.setattr("loopline.web.api.caller._KNOWN_SECONDS", 3_600.0)


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    with served_house(database) as house:
        yield house


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The statuses that were answered the short way."""
    answered: list[int] = []
    answer = OrderLane._answer

    def watched(self: OrderLane, *given: Any) -> Any:
        found = answer(self, *given)
        answered.append(found[0])
        return found

    monkeypatch.setattr(OrderLane, "_answer", watched)
    return answered


def place(api: Api, number: str, *, long: bool = False, **fields: Any) -> httpx.Response:
    headers = {"accept-language": "zh"} | (LONG_WAY if long else {})
    return api.ask("POST", "/orders", json=ASK | {"external_number": number} | fields, headers=headers)


def known(house: House, **key: Any) -> Api:
    """Somebody who called a moment ago."""
    api = house.api(**key)
    assert api.ask("GET", "/orders/7K3Q-9XA").status_code in {403, 404}
    return api


def headers_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in NOT_COMPARED}


def _without_ids(told: dict[str, Any]) -> str:
    """An order that was refused had an id of its own each time."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", json.dumps(told, sort_keys=True))


def test_an_order_goes_the_short_way_once_its_caller_is_known(house: House, short: list[int]):
    api = house.api()
    assert [place(api, number).status_code for number in ("1", "2", "2")] == [201, 201, 200]
    assert short == [201, 200]


def test_both_ways_give_the_same_answers(house: House, short: list[int]):
    api = known(house)
    for number, fields, status in (
        ("1", {}, 201),
        ("1", {}, 200),
        ("1", {"region_code": "110100"}, 409),
        ("2", {"lines": [{"sku_code": "COAT", "units": 1_000}]}, 409),
        ("3", {"channel": "nowhere"}, 409),
    ):
        answers = [place(api, number, **fields, long=long) for long in (False, True)]
        if status == 201:
            answers[1] = place(api, "another", long=True)
        assert [answer.status_code for answer in answers] == [status, status], answers[0].text
        first, second = (answer.json() for answer in answers)
        if status == 201:
            assert set(first) == set(second)
            assert first["amount_minor"] == second["amount_minor"]
        else:
            assert _without_ids(first) == _without_ids(second)
        assert headers_of(answers[0]) == headers_of(answers[1])
    assert short == [201, 200, 409, 409, 409]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"channel": "web"}', {}, 400),
        (b"", {}, 400),
        (b"{}", {"content-type": "text/plain"}, 415),
        (b"x" * 1_100_000, {}, 400),
        (b"x" * 21_000_000, {}, 413),
    ],
)
def test_what_cannot_be_read_is_handed_on(
    house: House, short: list[int], content: bytes, headers: dict[str, str], status: int
):
    api = known(house)
    answer = api.ask(
        "POST", "/orders", content=content, headers={"content-type": "application/json"} | headers
    )
    assert answer.status_code == status, answer.text
    assert short == []


def test_an_idempotency_key_is_handed_on(house: House, short: list[int]):
    api = known(house)
    headers = {"idempotency-key": "one"}
    answers = [
        api.ask("POST", "/orders", json=ASK | {"external_number": "1"}, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert short == []


def test_who_may_not_is_refused_the_short_way_too(house: House, short: list[int]):
    api = known(house, permissions=[Permission.ORDERS_READ])
    assert place(api, "1").status_code == 403
    elsewhere = known(house, branch="DEALER")
    assert place(elsewhere, "2").status_code == 403
    assert short == [403, 403]
    with house.database.reading() as conn:
        assert conn.execute("select count(*) from orders.order").fetchone() == (0,)


def test_who_asks_too_much_is_told_when_to_come_again(database: Database, short: list[int]):
    rates = Rates(nobody=PLENTY.nobody, member=PLENTY.member, key=Rate(burst=2, per_second=0.01))
    with served_house(database, web=settings(rates=rates)) as house:
        api = known(house)
        assert place(api, "1").status_code == 201
        answer = place(api, "2")
        assert (answer.status_code, answer.headers["ratelimit-remaining"]) == (429, "0")
        assert int(answer.headers["retry-after"]) > 0
    assert short == [201]


def test_the_short_way_is_measured_like_the_long_one(house: House):
    api = known(house)
    place(api, "1")
    place(api, "2", long=True)
    said = house.client.get("/metrics").text
    assert 'loopline_http_requests_total{method="POST",route="/api/v1/orders",status="201"} 2.0' in said


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("sku_code=COAT", 200),
        ("sku_code=COAT&sku_code=SCARF&channel=web", 200),
        ("sku_code=SCARF&site_code=S&site_code=nowhere&channel=web", 200),
        ("sku_code=no-such", 200),
        ("sku_code=COAT&channel=nowhere", 404),
    ],
)
def test_both_ways_tell_the_same_of_what_can_be_had(
    house: House, monkeypatch: pytest.MonkeyPatch, query: str, status: int
):
    api = known(house)
    short: list[int] = []
    answer = AvailabilityLane._answer

    def watched(self: AvailabilityLane, *given: Any) -> Any:
        found = answer(self, *given)
        short.append(found[0])
        return found

    monkeypatch.setattr(AvailabilityLane, "_answer", watched)
    answers = [
        api.ask("GET", f"/availability?{query}", headers={"accept-language": "zh"} | way)
        for way in ({}, LONG_WAY)
    ]
    assert [one.status_code for one in answers] == [status, status]
    assert answers[0].json() == answers[1].json()
    assert headers_of(answers[0]) == headers_of(answers[1])
    assert short == [status]


@pytest.mark.parametrize(
    "query",
    ["", "sku_code=", "sku_code=%FF", "sku_code=a b", "sku_code=A&channel=x&channel=y", "sku_code=A&by=me"],
)
def test_what_is_asked_unusually_is_answered_by_the_application(
    house: House, monkeypatch: pytest.MonkeyPatch, query: str
):
    monkeypatch.setattr(AvailabilityLane, "_answer", None)
    told = known(house).ask("GET", f"/availability?{query}")
    assert told.status_code in {200, 400, 404}, told.text


CART: dict[str, Any] = {
    "channel": "web",
    "lines": [{"sku_code": "COAT", "units": 1}],
    "region_code": "310100",
}
PROMISED: list[dict[str, Any]] = [
    CART,
    CART | {"kinds": ["collect", "courier", "appointment"]},
    CART | {"lines": [{"sku_code": "COAT", "units": 40}]},
    CART | {"channel": "nowhere"},
    CART | {"region_code": "999999"},
]


def test_both_ways_tell_the_same_of_what_can_be_promised(house: House, monkeypatch: pytest.MonkeyPatch):
    api = known(house)
    short: list[int] = []
    answer = PromiseLane._answer

    def watched(self: PromiseLane, *given: Any) -> Any:
        found = answer(self, *given)
        short.append(found[0])
        return found

    monkeypatch.setattr(PromiseLane, "_answer", watched)
    # The first ask of a process waits, in the application, until its desk knows what there is.
    assert api.ask("POST", "/promises", json={"items": [CART]}).status_code == 200
    assert short == []
    answers = [
        api.ask("POST", "/promises", json={"items": PROMISED}, headers={"accept-language": "zh"} | way)
        for way in ({}, LONG_WAY)
    ]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert ["problem" in one for one in answers[0].json()["outcomes"]] == [False, False, False, True, True]
    assert headers_of(answers[0]) == headers_of(answers[1])
    assert short == [200]


NOT_TO_BE_READ: list[dict[str, Any]] = [
    {"items": []},
    {"items": [CART | {"lines": []}]},
    {"items": [CART | {"kinds": ["by_drone"]}]},
    {"items": [CART | {"whim": 1}]},
]


@pytest.mark.parametrize("asked", NOT_TO_BE_READ)
def test_promises_that_cannot_be_read_are_refused_by_the_application(
    house: House, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
):
    monkeypatch.setattr(PromiseLane, "_answer", None)
    told = known(house).ask("POST", "/promises", json=asked)
    assert told.status_code == 400, told.text
