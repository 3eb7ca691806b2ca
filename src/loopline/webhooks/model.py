"""The records of webhooks: who wants to be told of what, and what became of telling them."""

from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.kernel.ids import DeliveryId, EventId, OrgUnitId, SubscriptionId
from loopline.kernel.scope import Scope

EVERY_TYPE = "*"


class SubscriptionState(StrEnum):
    """Active: told. Paused by somebody, or stopped because it did not listen: what happens meanwhile is not kept."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class DeliveryState(StrEnum):
    """Waiting for its first or next try; delivered; given up after the last."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class NewSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """Tell an address of events of some types (`*`: of all) that happen at a branch."""

    name: str
    url: str
    branch_id: OrgUnitId
    types: frozenset[str]


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """What a new subscription is judged by. `allows_local` lets a sandbox on this machine be told, over http."""

    scope: Scope
    known_types: frozenset[str]
    allows_local: bool = False


class SubscriptionAdded(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that begins now."""

    subscription_id: SubscriptionId


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as it stands. Until a day after `secret_renewed_at` messages carry the old signature too."""

    id: SubscriptionId
    name: str
    url: str
    branch_id: OrgUnitId
    types: frozenset[str]
    state: SubscriptionState
    secret_version: int
    secret_renewed_at: datetime | None
    made_at: datetime
    failing_since: datetime | None
    stopped_because: str | None

    def wants(self, event_type: str) -> bool:
        """Tell whether events of a type are told."""
        return EVERY_TYPE in self.types or event_type in self.types


class SubscriptionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does to a subscription: another state, or another secret."""

    subscription_id: SubscriptionId
    state: SubscriptionState | None = None
    renew_secret: bool = False
    delete: bool = False


class SubscriptionChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made, and the version of the secret after it."""

    subscription_id: SubscriptionId
    secret_version: int


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What to tell a subscription again: what was put down since a moment, or certain events; neither: everything."""

    subscription_id: SubscriptionId
    since: datetime | None = None
    event_ids: tuple[EventId, ...] | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An event for one subscription: the body is the CloudEvent as it will be sent, every time."""

    subscription_id: SubscriptionId
    event_id: EventId
    type: str
    body: str


class ClaimedDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery to try now: where to, what, and with which versions of the secret to sign it."""

    id: DeliveryId
    subscription_id: SubscriptionId
    event_id: EventId
    url: str
    body: str
    tries: int
    secret_version: int
    secret_renewed_at: datetime | None


class DeliveryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a try: the HTTP status, or the error that kept it from one.

    `retry_after` is until when the subscriber asked to be left alone; `tries` is the claim's, so that a result that
    comes after a later claim changes nothing.
    """

    delivery_id: DeliveryId
    tries: int
    at: datetime
    status: int | None = None
    error: str | None = None
    retry_after: datetime | None = None

    @property
    def is_delivered(self) -> bool:
        """Tell whether the subscriber took it: any status from 200 to 299."""
        return self.status is not None and 200 <= self.status < 300


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as it stands."""

    id: DeliveryId
    subscription_id: SubscriptionId
    event_id: EventId
    type: str
    state: DeliveryState
    tries: int
    next_try_at: datetime | None
    last_status: int | None
    last_error: str | None
    made_at: datetime
    delivered_at: datetime | None
