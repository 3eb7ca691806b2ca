"""Webhooks: subscribe to what happens, look at what was told, have it told again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from loopline import org, webhooks
from loopline.db import Conn
from loopline.kernel.ids import DeliveryId, EventId, SubscriptionId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.processes.publish import PUBLISHED_TYPES, replay
from loopline.web.api.answers import AnyRequest, commanded, granted, read, refuse_to_keep_secrets
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Page, Paging, page_of, posted, told
from loopline.web.api.types import Code, Moment, Name
from loopline.web.edge import edge_of
from loopline.webhooks import (
    Admission,
    Delivery,
    DeliveryState,
    NewSubscription,
    Replay,
    Subscription,
    SubscriptionChange,
    SubscriptionState,
)

_TAG = "webhooks"
_MAY = Permission.WEBHOOKS_WRITE
_EVENTS_MAX = 1_000

EventType = Annotated[str, Meta(pattern=r"^(\*|[a-z][a-z0-9_]{0,63})$(?!\n)", examples=["order_placed"])]
StateAsked = Annotated[
    DeliveryState | None, QueryParameter(name="state", description="Only deliveries that stand so.")
]


class SubscriptionAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell an address of events of some types (`*`: all) that happen in the branch of a unit."""

    name: Name
    url: Annotated[str, Meta(min_length=1, max_length=2_000, examples=["https://example.com/loopline"])]
    unit_code: Code
    types: Annotated[list[EventType], Meta(min_length=1, max_length=100)]


class SubscriptionTold(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as it stands."""

    id: SubscriptionId
    name: str
    url: str
    types: list[str]
    state: SubscriptionState
    secret_version: int
    made_at: datetime
    failing_since: datetime | None
    stopped_because: str | None


class SubscriptionSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription and its secret, with which messages are signed (Standard Webhooks)."""

    id: SubscriptionId
    secret: str


class SubscriptionDone(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made."""

    id: SubscriptionId


class EventTypes(msgspec.Struct, frozen=True, kw_only=True):
    """What can be subscribed to."""

    types: list[str]


class ReplayAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to tell again: what happened since a moment, or certain events. `after` is the last answer's."""

    since: Moment | None = None
    event_ids: Annotated[list[EventId], Meta(min_length=1, max_length=_EVENTS_MAX)] | None = None
    after: Annotated[int, Meta(ge=0, le=2**53)] = 0


class ReplayTold(msgspec.Struct, frozen=True, kw_only=True):
    """How many events are told again; `after` asks for those that follow, null when that was all."""

    events: int
    after: int | None


@told("/webhooks/event-types", tag=_TAG, name="list_event_types")
def list_event_types(caller: NamedDependency[Caller]) -> EventTypes:
    """List the types of events that can be subscribed to."""
    caller.scope(_MAY)
    return EventTypes(types=sorted(PUBLISHED_TYPES))


@posted("/webhooks/subscriptions", tag=_TAG, name="subscribe", gives=SubscriptionSecret, status=201)
def subscribe(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[SubscriptionAsk]
) -> Response[bytes]:
    """Subscribe from now on. The answer holds the secret with which messages are signed, and is never kept.

    That is why an Idempotency-Key is refused here.
    """
    refuse_to_keep_secrets(request)
    admission = Admission(
        scope=caller.scope(_MAY),
        known_types=PUBLISHED_TYPES,
        allows_local=edge_of(request).settings.demo is not None,
    )

    def work(conn: Conn, now: datetime) -> SubscriptionSecret:
        unit = org.units_by_code(conn, [data.unit_code]).get(data.unit_code)
        if unit is None:
            raise Refused(NotInYourBranch(subject=data.unit_code))
        new = NewSubscription(name=data.name, url=data.url, branch_id=unit.id, types=frozenset(data.types))
        (outcome,) = webhooks.add_subscriptions(conn, [new], admission=admission, now=now)
        return _secret(request, granted(outcome).subscription_id, 1)

    return commanded(request, caller, data, work, status=201)


@told("/webhooks/subscriptions", tag=_TAG, name="list_subscriptions")
def list_subscriptions(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[SubscriptionTold]:
    """List the subscriptions of your branch, the oldest first."""
    scope = caller.scope(_MAY)
    after = asked.after(UUID)
    found = read(
        request,
        lambda conn, _: webhooks.subscriptions_at(
            conn, scope=scope, after=SubscriptionId(after[0]) if after else None, limit=asked.at_most
        ),
    )
    return page_of(found, asked, told=_told, cursor=lambda one: encode_cursor(one.id))


@posted(
    "/webhooks/subscriptions/{subscription_id:uuid}/pause",
    tag=_TAG,
    name="pause_subscription",
    gives=SubscriptionDone,
)
def pause_subscription(
    request: AnyRequest, caller: NamedDependency[Caller], subscription_id: FromPath[SubscriptionId]
) -> Response[bytes]:
    """Tell nothing more until it is resumed; what happens meanwhile can be replayed."""
    return _change(
        request,
        caller,
        SubscriptionChange(subscription_id=subscription_id, state=SubscriptionState.PAUSED),
    )


@posted(
    "/webhooks/subscriptions/{subscription_id:uuid}/resume",
    tag=_TAG,
    name="resume_subscription",
    gives=SubscriptionDone,
)
def resume_subscription(
    request: AnyRequest, caller: NamedDependency[Caller], subscription_id: FromPath[SubscriptionId]
) -> Response[bytes]:
    """Tell again what happens from now on, after a pause or a stop."""
    return _change(
        request,
        caller,
        SubscriptionChange(subscription_id=subscription_id, state=SubscriptionState.ACTIVE),
    )


@posted(
    "/webhooks/subscriptions/{subscription_id:uuid}/delete",
    tag=_TAG,
    name="delete_subscription",
    gives=SubscriptionDone,
)
def delete_subscription(
    request: AnyRequest, caller: NamedDependency[Caller], subscription_id: FromPath[SubscriptionId]
) -> Response[bytes]:
    """Forget a subscription, with all it was told."""
    return _change(request, caller, SubscriptionChange(subscription_id=subscription_id, delete=True))


@posted(
    "/webhooks/subscriptions/{subscription_id:uuid}/renew-secret",
    tag=_TAG,
    name="renew_subscription_secret",
    gives=SubscriptionSecret,
)
def renew_secret(
    request: AnyRequest, caller: NamedDependency[Caller], subscription_id: FromPath[SubscriptionId]
) -> Response[bytes]:
    """Make a new secret. For a day messages are signed with the old one too. Takes no Idempotency-Key, as above."""
    refuse_to_keep_secrets(request)
    scope = caller.scope(_MAY)
    change = SubscriptionChange(subscription_id=subscription_id, renew_secret=True)

    def work(conn: Conn, now: datetime) -> SubscriptionSecret:
        (outcome,) = webhooks.change_subscriptions(conn, [change], scope=scope, now=now)
        return _secret(request, subscription_id, granted(outcome).secret_version)

    return commanded(request, caller, None, work)


@told("/webhooks/subscriptions/{subscription_id:uuid}/deliveries", tag=_TAG, name="list_deliveries")
def list_deliveries(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    subscription_id: FromPath[SubscriptionId],
    in_state: StateAsked = None,
) -> Page[Delivery]:
    """List what a subscription was told, the newest first."""
    scope = caller.scope(_MAY)
    before = asked.after(UUID)

    def find(conn: Conn, _: datetime) -> list[Delivery]:
        if not webhooks.subscriptions_by_id(conn, [subscription_id], scope=scope):
            raise Refused(webhooks.UnknownSubscription(subscription_id=subscription_id))
        return webhooks.deliveries_of(
            conn,
            subscription_id,
            state=in_state,
            before=DeliveryId(before[0]) if before else None,
            limit=asked.at_most,
        )

    return page_of(read(request, find), asked, told=lambda one: one, cursor=lambda one: encode_cursor(one.id))


@posted(
    "/webhooks/subscriptions/{subscription_id:uuid}/replay",
    tag=_TAG,
    name="replay_subscription",
    gives=ReplayTold,
)
def replay_subscription(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    subscription_id: FromPath[SubscriptionId],
    data: JSONBody[ReplayAsk],
) -> Response[bytes]:
    """Tell again. Ids and bodies are those of the first time, so that a receiver knows what it has."""
    scope = caller.scope(_MAY)
    asked = Replay(
        subscription_id=subscription_id,
        since=data.since,
        event_ids=None if data.event_ids is None else tuple(data.event_ids),
    )

    def work(conn: Conn, now: datetime) -> ReplayTold:
        done = granted(replay(conn, asked, after=data.after, scope=scope, now=now))
        return ReplayTold(events=done.events, after=done.last_position)

    return commanded(request, caller, data, work)


def _change(request: AnyRequest, caller: Caller, change: SubscriptionChange) -> Response[bytes]:
    scope = caller.scope(_MAY)

    def work(conn: Conn, now: datetime) -> SubscriptionDone:
        (outcome,) = webhooks.change_subscriptions(conn, [change], scope=scope, now=now)
        return SubscriptionDone(id=granted(outcome).subscription_id)

    return commanded(request, caller, None, work)


def _secret(request: AnyRequest, subscription_id: SubscriptionId, version: int) -> SubscriptionSecret:
    secret = edge_of(request).webhook_secrets.secret(subscription_id, version)
    return SubscriptionSecret(id=subscription_id, secret=secret)


def _told(one: Subscription) -> SubscriptionTold:
    return SubscriptionTold(
        id=one.id,
        name=one.name,
        url=one.url,
        types=sorted(one.types),
        state=one.state,
        secret_version=one.secret_version,
        made_at=one.made_at,
        failing_since=one.failing_since,
        stopped_because=one.stopped_because,
    )


WEBHOOK_HANDLERS = [
    list_event_types,
    subscribe,
    list_subscriptions,
    pause_subscription,
    resume_subscription,
    delete_subscription,
    renew_secret,
    list_deliveries,
    replay_subscription,
]
