"""Webhooks over real HTTP: what happened is put down, signed, sent, tried again, replayed; nobody hears of others."""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from loopline import webhooks
from loopline.channels.standard_webhooks import verify
from loopline.channels.webhooks_out import SecretBook, Sender
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.webhooks import tell_subscribers
from loopline.kernel.ids import SubscriptionId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.org import units_by_code
from loopline.processes.place import Placed, place
from loopline.processes.publish import FOLLOWERS, PUBLISHED_TYPES, replay
from loopline.webhooks import (
    AddressNotAllowed,
    Admission,
    DeliveryState,
    NewSubscription,
    Replay,
    SubscriptionChange,
    SubscriptionState,
    UnknownEventType,
    UnknownSubscription,
)
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, open_shop, till_sale

EVERYTHING = Admission(scope=WHOLE_BRAND, known_types=PUBLISHED_TYPES, allows_local=True)


class Receiver:
    """A subscriber's server: it answers as told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.received: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 204)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class names it
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{cast('tuple[str, int]', self._server.server_address)[1]}/hook"

    @contextmanager
    def listening(self) -> Generator["Receiver", None, None]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.received]


@pytest.fixture
def receiver() -> Generator[Receiver, None, None]:
    with Receiver().listening() as made:
        yield made


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        return open_shop(conn)


@pytest.fixture
def book(tmp_path: Path) -> SecretBook:
    return SecretBook(tmp_path)


def subscribe(
    database: Database, url: str, *types: str, branch: str = "HX", admission: Admission = EVERYTHING
) -> SubscriptionId:
    with database.transaction() as conn:
        unit = units_by_code(conn, [branch])[branch]
        new = NewSubscription(name="till", url=url, branch_id=unit.id, types=frozenset(types or ("*",)))
        (added,) = succeeded(webhooks.add_subscriptions(conn, [new], admission=admission, now=NOON))
        return added.subscription_id


def sell(database: Database, shop: Shop, number: str, *, site: str = "S") -> None:
    with database.transaction() as conn:
        (placed,) = place(conn, [till_sale(shop, number, site=site)], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)


def tell(database: Database, book: SecretBook, *, at: datetime = NOON) -> int:
    catch_up(database, FOLLOWERS, now=NOON)
    return tell_subscribers(database, Sender(book, clock=lambda: at, allows_local=True), now=at)


def deliveries(database: Database, subscription_id: SubscriptionId) -> list[webhooks.Delivery]:
    with database.reading() as conn:
        return webhooks.deliveries_of(conn, subscription_id, state=None, before=None, limit=100)


def test_a_sale_is_told_signed_and_once(database: Database, shop: Shop, receiver: Receiver, book: SecretBook):
    subscription = subscribe(database, receiver.url, "order_placed")
    sell(database, shop, "T-1")
    assert tell(database, book) == 1
    assert tell(database, book) == 0
    ((headers, body),) = receiver.received
    message_id = verify([book.secret(subscription, 1)], body, headers=headers, now=NOON)
    said = json.loads(body)
    assert message_id == said["id"]
    assert (said["type"], headers["content-type"]) == (
        "loopline.order_placed.v1",
        "application/cloudevents+json; charset=utf-8",
    )
    assert said["data"]["channel"] == "till"
    assert isinstance(verify([book.secret(subscription, 2)], body, headers=headers, now=NOON), Refusal)
    (delivery,) = deliveries(database, subscription)
    assert (delivery.state, delivery.tries, delivery.last_status) == (DeliveryState.DELIVERED, 1, 204)


def test_what_fails_is_tried_again_with_the_same_body_until_it_is_taken(
    database: Database, shop: Shop, receiver: Receiver, book: SecretBook
):
    subscription = subscribe(database, receiver.url, "order_placed")
    receiver.statuses = [500, 302]
    sell(database, shop, "T-1")
    assert tell(database, book) == 1
    (waiting,) = deliveries(database, subscription)
    assert (waiting.state, waiting.last_status, waiting.last_error) == (
        DeliveryState.WAITING,
        500,
        "HTTP 500",
    )
    assert tell(database, book, at=NOON + timedelta(seconds=4)) == 0
    assert tell(database, book, at=NOON + timedelta(seconds=6)) == 1
    assert tell(database, book, at=NOON + timedelta(minutes=6)) == 1
    assert [body for _, body in receiver.received] == [receiver.received[0][1]] * 3
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    (done,) = deliveries(database, subscription)
    assert (done.state, done.tries, done.delivered_at) == (
        DeliveryState.DELIVERED,
        3,
        NOON + timedelta(minutes=6),
    )


def test_nobody_at_the_address_is_a_failure_like_any_other(database: Database, shop: Shop, book: SecretBook):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subscription = subscribe(database, f"http://127.0.0.1:{port}/", "order_placed")
    sell(database, shop, "T-1")
    assert tell(database, book) == 1
    (waiting,) = deliveries(database, subscription)
    assert (waiting.state, waiting.last_status) == (DeliveryState.WAITING, None)
    assert waiting.last_error


def test_a_job_that_died_after_its_claim_is_followed_by_another_try(
    database: Database, shop: Shop, receiver: Receiver, book: SecretBook
):
    subscription = subscribe(database, receiver.url, "order_placed")
    sell(database, shop, "T-1")
    catch_up(database, FOLLOWERS, now=NOON)
    with database.transaction() as conn:
        (claimed,) = webhooks.claim_due(conn, limit=10, now=NOON)
    assert tell(database, book, at=NOON + timedelta(seconds=59)) == 0
    assert tell(database, book, at=NOON + timedelta(seconds=61)) == 1
    late = webhooks.DeliveryResult(delivery_id=claimed.id, tries=claimed.tries, at=NOON, status=500)
    with database.transaction() as conn:
        webhooks.record_results(conn, [late])
    (done,) = deliveries(database, subscription)
    assert (done.state, done.tries) == (DeliveryState.DELIVERED, 2)


def test_a_branch_hears_of_its_own_sites_alone(
    database: Database, shop: Shop, receiver: Receiver, book: SecretBook
):
    subscription = subscribe(database, receiver.url, branch="DEALER")
    sell(database, shop, "T-1", site="S")
    sell(database, shop, "T-2", site="D")
    with database.transaction() as conn:
        place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
    tell(database, book)
    heard = [json.loads(body) for _, body in receiver.received]
    assert {one["data"]["site_id"] for one in heard} == {str(shop.sites["D"])}
    assert len(deliveries(database, subscription)) == len(heard) == 1


def test_a_subscriber_that_is_gone_is_told_no_more_until_resumed(
    database: Database, shop: Shop, receiver: Receiver, book: SecretBook
):
    subscription = subscribe(database, receiver.url, "order_placed")
    receiver.statuses = [410]
    sell(database, shop, "T-1")
    tell(database, book)
    assert _state(database, subscription) == (SubscriptionState.STOPPED, "gone")
    sell(database, shop, "T-2")
    assert tell(database, book) == 0
    with database.transaction() as conn:
        asked = Replay(subscription_id=subscription, since=NOON - timedelta(hours=1))
        done = replay(conn, asked, after=0, scope=WHOLE_BRAND, now=NOON)
    assert not isinstance(done, Refusal)
    assert (done.events, done.last_position) == (2, None)
    assert tell(database, book) == 2
    assert _state(database, subscription) == (SubscriptionState.ACTIVE, None)
    assert receiver.types == ["loopline.order_placed.v1"] * 3
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 2


def test_who_fails_for_five_days_is_stopped(
    database: Database, shop: Shop, receiver: Receiver, book: SecretBook
):
    subscription = subscribe(database, receiver.url, "order_placed")
    receiver.statuses = [500, 500]
    sell(database, shop, "T-1")
    tell(database, book)
    assert _state(database, subscription)[0] is SubscriptionState.ACTIVE
    tell(database, book, at=NOON + timedelta(days=5, seconds=1))
    assert _state(database, subscription) == (SubscriptionState.STOPPED, "failing")


def test_a_renewed_secret_and_the_one_before_both_sign_for_a_day(
    database: Database, shop: Shop, receiver: Receiver, book: SecretBook
):
    subscription = subscribe(database, receiver.url, "order_placed")
    change = SubscriptionChange(subscription_id=subscription, renew_secret=True)
    with database.transaction() as conn:
        (changed,) = succeeded(webhooks.change_subscriptions(conn, [change], scope=WHOLE_BRAND, now=NOON))
    assert changed.secret_version == 2
    sell(database, shop, "T-1")
    tell(database, book)
    ((headers, body),) = receiver.received
    for version in (1, 2):
        assert isinstance(verify([book.secret(subscription, version)], body, headers=headers, now=NOON), str)
    later = NOON + timedelta(days=1)
    assert book.signing(subscription, 2, renewed_at=NOON, now=later) == [book.secret(subscription, 2)]


def test_subscriptions_are_refused_by_name_and_nothing_is_written(database: Database, shop: Shop):
    with database.transaction() as conn:
        units = {code: unit.id for code, unit in units_by_code(conn, ["HX", "DEALER"]).items()}
        admission = Admission(
            scope=Scope(org_units=frozenset({units["DEALER"]})), known_types=PUBLISHED_TYPES
        )

        def new(**changes: Any) -> NewSubscription:
            fields: dict[str, Any] = {
                "name": "x",
                "url": "https://example.com/",
                "branch_id": units["DEALER"],
                "types": frozenset({"*"}),
            }
            return NewSubscription(**(fields | changes))

        outcomes = webhooks.add_subscriptions(
            conn,
            [
                new(branch_id=units["HX"]),
                new(url="https://127.0.0.1/"),
                new(types=frozenset({"order_placed", "moon_landed"})),
                new(),
            ],
            admission=admission,
            now=NOON,
        )
        assert outcomes[:3] == [
            NotInYourBranch(subject="x"),
            AddressNotAllowed(url="https://127.0.0.1/"),
            UnknownEventType(event_type="moon_landed"),
        ]
        assert len(webhooks.subscriptions_at(conn, scope=WHOLE_BRAND, after=None, limit=10)) == 1


def test_what_is_not_in_your_branch_cannot_be_changed_or_replayed(
    database: Database, shop: Shop, receiver: Receiver
):
    subscription = subscribe(database, receiver.url, "order_placed")
    nowhere = Scope()
    change = SubscriptionChange(subscription_id=subscription, delete=True)
    with database.transaction() as conn:
        unknown = UnknownSubscription(subscription_id=subscription)
        assert webhooks.change_subscriptions(conn, [change], scope=nowhere, now=NOON) == [unknown]
        asked = Replay(subscription_id=subscription)
        assert replay(conn, asked, after=0, scope=nowhere, now=NOON) == unknown
    assert _state(database, subscription)[0] is SubscriptionState.ACTIVE


def test_a_name_that_leads_inside_is_not_followed(
    database: Database, shop: Shop, receiver: Receiver, book: SecretBook
):
    """What was allowed when it was written may resolve to another place when it is sent to."""
    subscription = subscribe(database, receiver.url.replace("127.0.0.1", "localhost"), "order_placed")
    sell(database, shop, "T-1")
    catch_up(database, FOLLOWERS, now=NOON)
    assert tell_subscribers(database, Sender(book, clock=lambda: NOON), now=NOON) == 1
    assert receiver.received == []
    (waiting,) = deliveries(database, subscription)
    assert waiting.last_error == "nothing is sent to this address"


def _state(database: Database, subscription_id: SubscriptionId) -> tuple[SubscriptionState, str | None]:
    with database.reading() as conn:
        (found,) = webhooks.subscriptions_by_id(conn, [subscription_id], scope=WHOLE_BRAND)
    return found.state, found.stopped_because
