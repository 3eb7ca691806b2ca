"""Orders under a number that a marketplace declares as a test: refused on every way in that places at once."""

import json
from collections.abc import Generator
from typing import Any

import pytest

from loopline import marketplaces
from loopline.db import Database
from loopline.inbox import MessageState
from loopline.kernel.scope import WHOLE_BRAND
from loopline.marketplaces import MarketplaceTerms
from loopline.org import Role
from loopline.processes import lend
from loopline.web.lane import OrderLane
from tests.make.api import House, served_house
from tests.make.marketplaces import BY_HQ, sell_through
from tests.make.org import succeeded
from tests.make.shop import NOON

PREFIX = "BD-"


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    """A brand that sells through marketplaces, of which each declares what begins with BD- as a test."""
    with served_house(database) as house:
        with database.transaction() as conn:
            sell_through(conn, house.shop, test_prefixes=(PREFIX,))
        yield house


def order(number: str, **fields: Any) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "channel": "jd",
        "external_number": number,
        "kind": "ask",
        "region_code": "310100",
        "lines": [{"sku_code": "COAT", "units": 1}],
    }
    return stated | fields


def standing(house: House) -> tuple[int, int, int]:
    """How many orders there are, events of orders, units held where marketplaces sell from."""
    with house.database.reading() as conn:
        row = conn.execute(
            "select (select count(*) from orders.order), (select count(*) from log.event where type like 'order%%'),"
            " (select coalesce(sum(held), 0)::int from stock.node_stock where node_id = %s)",
            [house.shop.network],
        ).fetchone()
    assert row is not None
    return row


def declare(house: House, channel: str, *prefixes: str) -> None:
    terms = MarketplaceTerms(channel=channel, test_prefixes=prefixes)
    with house.database.transaction() as conn:
        succeeded(lend.set_terms(conn, [terms], scope=WHOLE_BRAND, by=BY_HQ, now=NOON))


def problem(answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return answer["code"], answer["fields"]


def refused(number: str) -> tuple[str, dict[str, Any]]:
    fields = {"channel": "jd", "external_number": number, "field": "external_number"}
    return "declared_as_test", fields


def test_a_single_order_is_refused_with_its_field_the_short_way_and_the_long(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    ways: list[int] = []
    answer = OrderLane._answer

    def watched(self: OrderLane, *given: Any) -> Any:
        found = answer(self, *given)
        ways.append(found[0])
        return found

    monkeypatch.setattr(OrderLane, "_answer", watched)
    monkeypatch.setattr("loopline.web.api.caller._KNOWN_SECONDS", 3_600.0)
    api = house.api()
    long = api.ask("POST", "/orders", json=order("BD-1"))
    short = api.ask("POST", "/orders", json=order("BD-1"))
    assert ways == [422]
    assert (long.status_code, problem(long.json())) == (422, refused("BD-1"))
    assert (short.status_code, problem(short.json())) == (422, refused("BD-1"))
    said = api.ask("POST", "/orders", json=order("BD-1"), headers={"accept-language": "zh"}).json()
    assert "测试" in said["title"]
    assert standing(house) == (0, 0, 0)


def test_a_batch_and_a_bulk_refuse_their_tests_alone(house: House):
    api = house.api()
    sent_ones = [order("BD-1"), order("J-1"), order("BD-2", lines=[{"sku_code": "GHOST", "units": 1}])]
    found = api.post("/orders/batch", *sent_ones)
    assert [one.get("problem", {}).get("code") for one in found] == [
        "declared_as_test",
        None,
        "declared_as_test",
    ]
    body = b"\n".join(json.dumps(one).encode() for one in (order("BD-3"), order("J-2"), order("bd-4")))
    answer = api.ask("POST", "/orders/bulk", content=body, headers={"content-type": "application/x-ndjson"})
    lines = [json.loads(one) for one in answer.text.splitlines()]
    assert [(one["line"], one.get("problem", {}).get("code")) for one in lines] == [
        (1, "declared_as_test"),
        (2, None),
        (3, None),
    ]
    assert problem(lines[0]["problem"]) == refused("BD-3")
    assert standing(house) == (3, 3, 3)


def test_a_fact_is_refused_and_what_a_till_rings_up_in_its_own_channel_is_not(house: House):
    fact = order(
        "BD-1",
        kind="fact",
        site_code="S",
        delivery="carried_out",
        lines=[{"sku_code": "COAT", "units": 1, "stated_unit_minor": 100}],
    )
    api = house.api()
    assert problem(api.ask("POST", "/orders", json=fact).json()) == refused("BD-1")
    assert standing(house) == (0, 0, 0)
    # The channel says whose number it is: no other channel's numbers are tests by these terms.
    assert api.ask("POST", "/orders", json=fact | {"channel": "till"}).status_code == 201


def test_as_a_message_it_is_kept_apart_and_posted_it_is_still_no_order(house: House):
    api = house.api()
    message = {"id": "m-1", "channel": "jd", "kind": "created", "external_number": "BD-1"}
    body = {key: order("BD-1")[key] for key in ("kind", "region_code", "lines")}
    answer = api.ask("POST", "/messages/batch", json={"items": [message | {"order": body}]})
    (taken,) = answer.json()["outcomes"]
    assert taken["value"]["message"]["state"] == MessageState.APPLIED
    assert problem(api.ask("POST", "/orders", json=order("BD-1")).json()) == refused("BD-1")
    with house.database.reading() as conn:
        (kept,) = marketplaces.test_orders_page(conn, channel=None, at_most=9)
    assert (kept.external_number, kept.units) == ("BD-1", 1)
    assert standing(house) == (0, 0, 0)


def test_terms_count_from_the_next_order_on_and_change_no_order_that_is_one(house: House):
    api = house.api()
    declare(house, "jd")
    first = api.ask("POST", "/orders", json=order("BD-1"))
    assert first.status_code == 201
    declare(house, "jd", PREFIX)
    again = api.ask("POST", "/orders", json=order("BD-1"))
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    other = api.ask("POST", "/orders", json=order("BD-1", lines=[{"sku_code": "HAT", "units": 1}]))
    assert (other.status_code, other.json()["code"]) == (409, "number_taken_by_other_content")
    assert problem(api.ask("POST", "/orders", json=order("BD-2")).json()) == refused("BD-2")
    declare(house, "jd", "TEST")
    assert api.ask("POST", "/orders", json=order("BD-2")).status_code == 201
    assert standing(house) == (2, 2, 2)


def test_a_branch_that_may_not_place_it_is_not_told_what_the_terms_are(house: House):
    clerk = house.as_role(Role.STORE_MANAGER, branch="U-S")
    answers = [clerk.ask("POST", "/orders", json=order(number)) for number in ("BD-1", "J-1")]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(403, "not_in_your_branch")] * 2
