"""The made-up world as a client of the API, against a server that is not always there."""

import threading
from collections.abc import Callable

import httpx
import msgspec
import pytest

from loopline.simulator.brand.api import Api, Command, Fault, Stopped


def _api(answer: Callable[[httpx.Request], httpx.Response], stopping: threading.Event | None = None) -> Api:
    return Api("http://world", "llk_world", stopping=stopping, transport=httpx.MockTransport(answer))


def test_a_command_carries_its_key_and_is_asked_again_when_told_later() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            return httpx.Response(429, headers={"Retry-After": "0"})
        if len(seen) == 2:
            return httpx.Response(503, headers={"Retry-After": "0"})
        if len(seen) == 3:
            raise httpx.ConnectError("gone for a moment")
        return httpx.Response(201, json={"id": "1"})

    api = _api(answer)
    done = api.do(Command(path="/api/v1/orders", body={"a": 1}, key="deed"))
    assert (done.status, done.body, done.code) == (201, {"id": "1"}, "")
    assert {request.headers["Idempotency-Key"] for request in seen} == {"deed"}
    assert {request.headers["Authorization"] for request in seen} == {"Bearer llk_world"}
    assert (api.counts.requests, api.counts.asked_again) == (1, 3)


def test_a_refusal_is_an_answer_and_a_fault_is_none() -> None:
    refusing = _api(lambda _: httpx.Response(409, json={"code": "sold_out", "status": 409}))
    refused = refusing.do(Command(path="/x", body={}, key="k", token="llm_member"))
    assert (refused.is_good, refused.code) == (False, "sold_out")
    with pytest.raises(Fault):
        refusing.get("/x")
    with pytest.raises(Fault):
        _api(lambda _: httpx.Response(500, text="oh")).do(Command(path="/x", body={}, key="k"))


def test_a_long_list_goes_in_batches_and_every_item_has_its_answer() -> None:
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        items = msgspec.json.decode(request.content)["items"]
        sizes.append(len(items))
        outcomes = [
            {"problem": {"status": 409, "code": "odd"}} if item % 2 else {"value": item} for item in items
        ]
        return httpx.Response(200, json={"outcomes": outcomes})

    answers = _api(answer).batch("/things", list(range(1_001)), key="many")
    assert sizes == [500, 500, 1]
    assert [answer.body for answer in answers[::2]] == list(range(0, 1_001, 2))
    assert {answer.code for answer in answers[1::2]} == {"odd"}


def test_a_list_is_read_page_after_page() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        cursor = request.url.params.get("cursor")
        return httpx.Response(
            200, json={"items": [cursor or "first"], "next_cursor": "second" if cursor is None else None}
        )

    assert _api(answer).pages("/things") == ["first", "second"]


def test_a_world_told_to_stop_waits_for_nobody() -> None:
    stopping = threading.Event()

    def answer(_: httpx.Request) -> httpx.Response:
        stopping.set()
        return httpx.Response(503, headers={"Retry-After": "3600"})

    with pytest.raises(Stopped):
        _api(answer, stopping).get("/x")
