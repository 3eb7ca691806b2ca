"""Orders in bulk: each line is answered with its number; what cannot be read or done refuses itself alone."""

import json
from typing import Any

import httpx

from loopline.org import Permission
from loopline.web.api.orders_bulk import LINE_BYTES_MAX, LINES_AT_ONCE
from tests.make.api import Api, House

NDJSON = {"content-type": "application/x-ndjson"}


def ask(number: str, **fields: Any) -> bytes:
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": "ask",
        "region_code": "310100",
        "lines": [{"sku_code": "HAT", "units": 1}],
    }
    return json.dumps(stated | fields).encode()


def send(api: Api, *lines: bytes, **headers: str) -> httpx.Response:
    return api.ask("POST", "/orders/bulk", content=b"\n".join(lines), headers=NDJSON | headers)


def told(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def orders_written(house: House) -> int:
    with house.database.reading() as conn:
        row = conn.execute("select count(*) from orders.order").fetchone()
    assert row is not None
    return int(row[0])


def test_one_bad_line_refuses_only_itself(house: House):
    found = told(
        send(
            house.api(),
            ask("1"),
            b"{",
            b"",
            ask("2", lines=[{"sku_code": "HAT", "units": 0}]),
            ask("3", lines=[{"sku_code": "NOTHING", "units": 1}]),
            ask("1"),
            ask("4", lines=[{"sku_code": "HAT", "units": 1_000}]),
            ask("5"),
            b"",
            **{"accept-language": "zh"},
        )
    )
    assert [one["line"] for one in found] == [1, 2, 4, 5, 6, 7, 8]
    assert [one["problem"]["code"] if "problem" in one else one["value"]["is_repeat"] for one in found] == [
        False,
        "bad_input",
        "bad_input",
        "unknown_sku",
        True,
        "not_enough_free",
        False,
    ]
    (wrong,) = found[2]["problem"]["errors"]
    assert (wrong["field"], wrong["reason"]) == ("lines[0].units", "不得小于 1")
    assert found[3]["problem"]["fields"] == {"line": 1, "sku_code": "NOTHING"}
    assert orders_written(house) == 2


def test_many_batches_are_answered_in_order_and_sent_again_they_are_the_same_orders(house: House):
    api = house.api()
    lines = [ask(str(number), lines=[{"sku_code": "HAT", "units": 1}]) for number in range(LINES_AT_ONCE + 3)]
    found = told(send(api, *lines))
    assert [one["line"] for one in found] == list(range(1, LINES_AT_ONCE + 4))
    granted = [one["value"]["external_number"] for one in found if "value" in one]
    assert granted == [str(number) for number in range(30)]  # ten hats at each of three sites
    again = told(send(api, *lines))
    assert [one["value"] for one in again if "value" in one] == [
        one["value"] | {"is_repeat": True} for one in found if "value" in one
    ]
    assert orders_written(house) == 30


def test_a_line_too_long_is_refused_and_the_next_one_placed(house: House):
    long = b'{"channel": "' + b"x" * (LINE_BYTES_MAX + 10) + b'"}'
    found = told(send(house.api(), long, ask("1"), long))
    assert [(one["line"], "problem" in one) for one in found] == [(1, True), (2, False), (3, True)]
    assert str(LINE_BYTES_MAX) in found[0]["problem"]["detail"]
    assert orders_written(house) == 1


def test_an_order_that_no_column_holds_fails_alone(house: House):
    poison = ask(
        "2",
        channel="till",
        kind="fact",
        site_code="S",
        delivery="carried_out",
        lines=[{"sku_code": "HAT", "units": 1_000_000_000, "stated_unit_minor": 10**10}],
    )
    found = told(send(house.api(), ask("1"), poison, ask("3")))
    assert ["problem" in one for one in found] == [False, True, False]
    assert orders_written(house) == 2


def test_who_may_not_is_refused_before_a_line_is_read(house: House):
    assert send(house.nobody(), ask("1")).status_code == 401
    assert send(house.api(permissions=[Permission.ORDERS_READ]), ask("1")).status_code == 403
    answer = house.api().ask("POST", "/orders/bulk", content=ask("1"))
    assert answer.status_code == 415
    elsewhere = told(send(house.api(branch="DEALER"), ask("1")))
    assert [one["problem"]["code"] for one in elsewhere] == ["not_in_your_branch"]
    assert orders_written(house) == 0
