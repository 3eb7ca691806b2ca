"""What an event looks like outside, when it is tried again, and where nothing is ever sent."""

import ipaddress
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from loopline.kernel.events import EventBody, event
from loopline.kernel.ids import DeliveryId
from loopline.webhooks.model import DeliveryResult, DeliveryState
from loopline.webhooks.rules import PAUSES, address_problem, cloud_event, may_be_sent_to, next_step

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
EVEN = DeliveryId(UUID(int=1_000))  # whose id pulls its tries apart by nothing


class LampLit(EventBody, frozen=True, kw_only=True):
    """A lamp was lit."""

    lamp: str


def result(**fields: object) -> DeliveryResult:
    return DeliveryResult(**({"delivery_id": EVEN, "tries": 1, "at": NOW} | fields))  # pyright: ignore[reportArgumentType]


def test_an_event_is_a_cloud_event_of_version_one():
    told = event(LampLit(lamp="灯"), subject=UUID(int=7), at=NOW)
    assert json.loads(cloud_event(told)) == {
        "specversion": "1.0",
        "id": str(told.id),
        "source": "/loopline",
        "type": "loopline.lamp_lit.v1",
        "subject": str(UUID(int=7)),
        "time": "2026-03-02T04:00:00Z",
        "datacontenttype": "application/json",
        "data": {"lamp": "灯"},
    }


@pytest.mark.parametrize("status", [200, 204, 299])
def test_any_success_is_delivered(status: int):
    step = next_step(result(status=status))
    assert (step.state, step.next_try_at, step.error, step.stops) == (
        DeliveryState.DELIVERED,
        None,
        None,
        False,
    )


def test_tries_grow_apart_and_end_after_the_tenth():
    waits = [next_step(result(tries=tries, status=500)).next_try_at for tries in range(1, 11)]
    assert [at - NOW for at in waits if at is not None] == list(PAUSES)
    assert waits[9] is None
    assert next_step(result(tries=10, status=500)).state is DeliveryState.GIVEN_UP
    assert sum(PAUSES, timedelta()) == timedelta(days=3, hours=3, minutes=35, seconds=5)


def test_tries_of_different_deliveries_are_pulled_apart_by_at_most_a_tenth():
    late = next_step(result(delivery_id=DeliveryId(UUID(int=999)), tries=2, status=500)).next_try_at
    assert late == NOW + timedelta(seconds=300 + 30 * 0.999)


def test_who_is_gone_is_stopped_and_who_asks_for_time_gets_it():
    gone = next_step(result(status=410))
    assert (gone.state, gone.stops) == (DeliveryState.GIVEN_UP, True)
    later = next_step(result(status=429, retry_after=NOW + timedelta(minutes=7)))
    assert (later.state, later.next_try_at) == (DeliveryState.WAITING, NOW + timedelta(minutes=7))
    endless = next_step(result(status=503, retry_after=NOW + timedelta(days=90)))
    assert endless.next_try_at == NOW + timedelta(days=1)
    sooner = next_step(result(tries=3, status=503, retry_after=NOW + timedelta(seconds=1)))
    assert sooner.next_try_at == NOW + PAUSES[2]


def test_a_redirect_is_no_success():
    assert next_step(result(status=302)).error == "HTTP 302"


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("https://example.com/hook", False),
        ("https://example.com:8443/hook?a=b", False),
        ("http://example.com/hook", True),
        ("https://user:secret@example.com/", True),
        ("https://localhost/", True),
        ("https://intranet/", True),
        ("https://127.0.0.1/", True),
        ("https://10.1.2.3/", True),
        ("https://169.254.169.254/latest/meta-data", True),
        ("https://[::1]/", True),
        ("https://[::ffff:10.0.0.1]/", True),
        ("https://[fe80::1]/", True),
        ("https://224.0.0.1/", True),
        ("https://8.8.8.8/", False),
        ("https://", True),
        ("https://example.com:99999/", True),
        ("https://exa mple.com/", True),
        ("ftp://example.com/", True),
        ("https://example.com/\n", True),
    ],
)
def test_nothing_is_sent_inside(url: str, is_refused: bool):
    assert address_problem(url, allows_local=False) is is_refused


def test_a_sandbox_may_be_told_on_this_machine_and_nowhere_else_inside():
    assert not address_problem("http://127.0.0.1:9000/hook", allows_local=True)
    assert not address_problem("http://localhost:9000/hook", allows_local=True)
    assert address_problem("http://10.0.0.1/hook", allows_local=True)
    assert not may_be_sent_to(ipaddress.ip_address("192.168.1.1"), allows_local=True)
