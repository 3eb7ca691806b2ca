"""Publish: what happened is put down for whoever subscribed to it, following the log.

A subscription at the top of the tree hears every published type. One below hears only what names one of its sites as
the place where it happened: a dealer is told of the own stores' orders, tasks and returns, and of nobody else's.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import org, webhooks
from loopline.catalogue.events import ProductWritten
from loopline.db import Conn, log
from loopline.db.followers import Follower
from loopline.fulfilment.events import (
    CallClaimed,
    CallEnded,
    CallsOpened,
    GoodsChecked,
    ParcelHandedOver,
    ParcelNotCollected,
    ParcelPacked,
    PickingStarted,
    TaskAccepted,
    TaskCancelled,
    TaskLapsed,
    TaskRefused,
    TasksOffered,
)
from loopline.kernel.events import Event, EventBody
from loopline.kernel.ids import SiteId, SubscriptionId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders.events import (
    GoodsDated,
    GoodsOverdue,
    LinesCancelled,
    LinesParked,
    LinesUnparked,
    NumberConflicted,
    OrderPlaced,
    SourcingPutOff,
)
from loopline.processes.pay import PaymentTaken
from loopline.processes.settle import OrderSettled
from loopline.processes.take_back.telling import SalesReturned
from loopline.returns.events import ReturnGraded, ReturnOpened, ReturnReceived
from loopline.sharing.events import RuleSetPublished, SharesClawedBack, SharesReleased
from loopline.sourcing.events import OrderSourced
from loopline.stock.events import HoldExpired, ShortfallClosed, ShortfallOpened, StockCorrected
from loopline.webhooks import Replay, Subscription, Wanted

PUBLISHED: tuple[type[EventBody], ...] = (
    CallClaimed,
    CallEnded,
    CallsOpened,
    GoodsChecked,
    GoodsDated,
    GoodsOverdue,
    HoldExpired,
    LinesCancelled,
    LinesParked,
    LinesUnparked,
    NumberConflicted,
    OrderPlaced,
    OrderSettled,
    OrderSourced,
    ParcelHandedOver,
    ParcelNotCollected,
    ParcelPacked,
    PaymentTaken,
    PickingStarted,
    ProductWritten,
    ReturnGraded,
    ReturnOpened,
    ReturnReceived,
    RuleSetPublished,
    SalesReturned,
    SharesClawedBack,
    SharesReleased,
    ShortfallClosed,
    ShortfallOpened,
    SourcingPutOff,
    StockCorrected,
    TaskAccepted,
    TaskCancelled,
    TaskLapsed,
    TaskRefused,
    TasksOffered,
)
PUBLISHED_TYPES = frozenset(body.type_name() for body in PUBLISHED)
"""The types somebody outside may subscribe to: a name here is a promise, and stays."""
REPLAYED_AT_ONCE = 1_000


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event says that it happened; the rest of it is not decoded."""

    site_id: SiteId | None = None


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many events are told again; `last_position` is where the log was left, None when its end was reached."""

    events: int
    last_position: int | None


_decode_place = msgspec.json.Decoder(_Place).decode


def publish(conn: Conn, events: Sequence[Event]) -> None:
    """Put events down for every active subscription that wants them and may hear of them."""
    subscriptions = webhooks.active_subscriptions(conn)
    if subscriptions and events:
        wanted = _wanted(conn, subscriptions, events)
        webhooks.write_deliveries(conn, wanted, now=max(told.at for told in events))


def replay(conn: Conn, asked: Replay, *, after: int, scope: Scope, now: datetime) -> Replayed | Refusal:
    """Tell a subscription again what was put down for it since a moment, and what happened while it was not told.

    Looks at 1,000 events of the log after a position; `last_position` says where to go on.
    """
    outcome = webhooks.replay_deliveries(conn, asked, scope=scope, now=now) if after == 0 else 0
    if isinstance(outcome, Refusal):
        return outcome
    found = webhooks.subscriptions_by_id(conn, [asked.subscription_id], scope=scope)
    if not found:
        return webhooks.UnknownSubscription(subscription_id=SubscriptionId(asked.subscription_id))
    if asked.since is None or asked.event_ids is not None:
        return Replayed(events=outcome, last_position=None)
    stretch = log.Stretch(since=asked.since, after=after, follower=FOLLOWER_NAME)
    missed = log.read_stretch(conn, stretch, types=PUBLISHED_TYPES, limit=REPLAYED_AT_ONCE)
    new = webhooks.write_deliveries(conn, _wanted(conn, found, missed), now=now) if missed else 0
    is_through = len(missed) < REPLAYED_AT_ONCE
    return Replayed(events=outcome + new, last_position=None if is_through else missed[-1].position)


def _wanted(conn: Conn, subscriptions: Sequence[Subscription], events: Sequence[Event]) -> list[Wanted]:
    scopes = {
        branch_id: org.branch_scope(conn, branch_id)  # as many as there are branches with subscriptions
        for branch_id in sorted({one.branch_id for one in subscriptions})
    }
    places = {told.id: _decode_place(told.data).site_id for told in events}
    bodies: dict[object, str] = {}
    wanted: list[Wanted] = []
    for told in events:
        for one in subscriptions:
            if not one.wants(told.type) or not scopes[one.branch_id].covers_site(places[told.id]):
                continue
            body = bodies.get(told.id)
            if body is None:
                body = bodies[told.id] = webhooks.cloud_event(told)
            wanted.append(Wanted(subscription_id=one.id, event_id=told.id, type=told.type, body=body))
    return wanted


FOLLOWER_NAME = "webhooks"
FOLLOWERS: tuple[Follower, ...] = (Follower(name=FOLLOWER_NAME, types=PUBLISHED_TYPES, apply=publish),)
