"""Webhooks: other systems are told what happened here, as CloudEvents signed by Standard Webhooks.

Purpose: `write_deliveries` puts events down for whoever subscribed, in the transaction of a follower of the log; a job
claims what is due (`claim_due`), sends it outside any transaction, and brings back what became of it
(`record_results`). What fails is tried again for three days and a half, ever more slowly, then given up; it can be
replayed. A subscriber that answers 410, or fails for five days, is told nothing more until somebody resumes it.

Invariants:
- an event is told to a subscription once, whatever is applied twice; every try has the same id and the same body;
- a subscription below the top of the tree hears of its own sites alone;
- no secret is kept: it is reckoned from a key outside the database;
- nothing is sent inside a transaction.

Locks: subscriptions by id, then deliveries by (next try, id), passing by those that another process holds.
"""

from loopline.webhooks.checks import CHECKS
from loopline.webhooks.model import (
    EVERY_TYPE,
    Admission,
    ClaimedDelivery,
    Delivery,
    DeliveryResult,
    DeliveryState,
    NewSubscription,
    Replay,
    Subscription,
    SubscriptionAdded,
    SubscriptionChange,
    SubscriptionChanged,
    SubscriptionState,
    Wanted,
)
from loopline.webhooks.queries import (
    active_subscriptions,
    deliveries_of,
    subscriptions_at,
    subscriptions_by_id,
)
from loopline.webhooks.refusals import (
    AddressNotAllowed,
    UnknownEventType,
    UnknownSubscription,
)
from loopline.webhooks.rules import address_problem, cloud_event
from loopline.webhooks.service import (
    add_subscriptions,
    change_subscriptions,
    claim_due,
    record_results,
    replay_deliveries,
    sweep_deliveries,
    write_deliveries,
)

__all__ = [
    "CHECKS",
    "EVERY_TYPE",
    "AddressNotAllowed",
    "Admission",
    "ClaimedDelivery",
    "Delivery",
    "DeliveryResult",
    "DeliveryState",
    "NewSubscription",
    "Replay",
    "Subscription",
    "SubscriptionAdded",
    "SubscriptionChange",
    "SubscriptionChanged",
    "SubscriptionState",
    "UnknownEventType",
    "UnknownSubscription",
    "Wanted",
    "active_subscriptions",
    "add_subscriptions",
    "address_problem",
    "change_subscriptions",
    "claim_due",
    "cloud_event",
    "deliveries_of",
    "record_results",
    "replay_deliveries",
    "subscriptions_at",
    "subscriptions_by_id",
    "sweep_deliveries",
    "write_deliveries",
]
