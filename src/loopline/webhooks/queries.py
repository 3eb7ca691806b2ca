"""Reads: who is subscribed, and what they were told."""

from collections.abc import Sequence

from loopline.db import Conn
from loopline.kernel.ids import DeliveryId, SubscriptionId
from loopline.kernel.scope import Scope
from loopline.webhooks import store
from loopline.webhooks.model import Delivery, DeliveryState, Subscription


def active_subscriptions(conn: Conn) -> list[Subscription]:
    """Return whoever is told what happens now."""
    return store.active_subscriptions(conn)


def subscriptions_by_id(conn: Conn, ids: Sequence[SubscriptionId], *, scope: Scope) -> list[Subscription]:
    """Return subscriptions in scope, in the order of their ids; others are left out."""
    return store.subscriptions_by_id(conn, ids, scope=scope)


def subscriptions_at(
    conn: Conn, *, scope: Scope, after: SubscriptionId | None, limit: int
) -> list[Subscription]:
    """Return the subscriptions in scope, in the order in which they were made."""
    return store.subscriptions_at(conn, scope=scope, after=after, limit=limit)


def deliveries_of(
    conn: Conn,
    subscription_id: SubscriptionId,
    *,
    state: DeliveryState | None,
    before: DeliveryId | None,
    limit: int,
) -> list[Delivery]:
    """Return what a subscription was or will be told, the newest first. Whoever asks has seen that it is in scope."""
    return store.deliveries_of(conn, subscription_id, state=state, before=before, limit=limit)
