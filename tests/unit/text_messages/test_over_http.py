"""The same promises for whoever sends: taken over, or NotSent; signed, and once more after a failure."""

from datetime import UTC, datetime

import httpx
import pytest

from loopline.channels.standard_webhooks import new_secret, verify
from loopline.channels.text_messages import (
    HttpTextMessages,
    NobodySends,
    NotSent,
    ShownOnThePage,
    TextMessage,
    text_messages_at,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = new_secret()
MESSAGE = TextMessage(key="k-1", phone="+8613800001234", text="123456 is your code.")


class Service:
    """Answers with the statuses given, one after the other; 0 breaks the connection."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status = self.statuses.pop(0)
        if not status:
            raise httpx.ConnectError("gone")
        return httpx.Response(status)

    def sender(self) -> HttpTextMessages:
        client = httpx.Client(transport=httpx.MockTransport(self))
        return HttpTextMessages("https://texts.example/send", SECRET, clock=lambda: NOON, client=client)


def test_a_message_is_signed_and_carries_its_key():
    service = Service(202)
    service.sender().send(MESSAGE)
    (request,) = service.requests
    assert request.content == b'{"to":"+8613800001234","text":"123456 is your code."}'
    assert verify([SECRET], request.content, headers=request.headers, now=NOON) == "k-1"


@pytest.mark.parametrize("first", [0, 503])
def test_a_failure_is_tried_once_more_under_the_same_key(first: int):
    service = Service(first, 200)
    service.sender().send(MESSAGE)
    assert [request.headers["webhook-id"] for request in service.requests] == ["k-1", "k-1"]


@pytest.mark.parametrize(("statuses", "asked"), [((0, 0), 2), ((500, 502), 2), ((400,), 1), ((302,), 1)])
def test_what_nobody_took_over_was_not_sent(statuses: tuple[int, ...], asked: int):
    service = Service(*statuses)
    with pytest.raises(NotSent):
        service.sender().send(MESSAGE)
    assert len(service.requests) == asked


def test_without_a_service_nothing_is_sent_and_the_demo_shows_it():
    with pytest.raises(NotSent):
        NobodySends().send(MESSAGE)
    ShownOnThePage().send(MESSAGE)
    assert (NobodySends.are_shown_on_the_page, ShownOnThePage.are_shown_on_the_page) == (False, True)


def test_a_message_does_not_show_what_it_says():
    assert "123456" not in repr(MESSAGE)
    assert "138" not in repr(MESSAGE)


def test_settings_come_together_or_not_at_all():
    url = "https://texts.example/send"
    assert isinstance(text_messages_at("", ""), NobodySends)
    assert isinstance(text_messages_at(url, SECRET), HttpTextMessages)
    for half in ((url, ""), ("", SECRET)):
        with pytest.raises(ValueError, match="together"):
            text_messages_at(*half)
    with pytest.raises(ValueError, match="secret"):
        text_messages_at(url, "whsec_short")
