"""One function per statement of `store.sql`."""

from collections.abc import Sequence
from datetime import datetime

from loopline.db import Conn, execute, fetch, fetch_values, statements
from loopline.kernel.ids import DeliveryId, OrgUnitId, SubscriptionId
from loopline.kernel.scope import Scope
from loopline.webhooks.model import (
    ClaimedDelivery,
    Delivery,
    DeliveryResult,
    DeliveryState,
    NewSubscription,
    Replay,
    Subscription,
    SubscriptionChange,
    Wanted,
)
from loopline.webhooks.rules import NextStep

SQL = statements(__file__)


def insert_subscriptions(
    conn: Conn, rows: Sequence[tuple[SubscriptionId, NewSubscription]], *, now: datetime
) -> int:
    return execute(
        conn,
        SQL["insert_subscriptions"],
        ids=[made for made, _ in rows],
        names=[one.name for _, one in rows],
        urls=[one.url for _, one in rows],
        branch_ids=[one.branch_id for _, one in rows],
        types=[" ".join(sorted(one.types)) for _, one in rows],
        now=now,
    )


def lock_subscriptions(conn: Conn, ids: Sequence[SubscriptionId]) -> dict[SubscriptionId, Subscription]:
    return {one.id: one for one in fetch(conn, SQL["lock_subscriptions"], Subscription, ids=list(ids))}


def change_subscriptions(conn: Conn, changes: Sequence[SubscriptionChange], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["change_subscriptions"],
        ids=[one.subscription_id for one in changes],
        states=[str(one.state) if one.state else None for one in changes],
        renewals=[one.renew_secret for one in changes],
        now=now,
    )


def delete_subscriptions(conn: Conn, ids: Sequence[SubscriptionId]) -> int:
    return execute(conn, SQL["delete_subscriptions"], ids=list(ids))


def active_subscriptions(conn: Conn) -> list[Subscription]:
    return fetch(conn, SQL["active_subscriptions"], Subscription)


def subscriptions_by_id(conn: Conn, ids: Sequence[SubscriptionId], *, scope: Scope) -> list[Subscription]:
    return fetch(conn, SQL["subscriptions_by_id"], Subscription, ids=list(ids), branch_ids=_branches(scope))


def subscriptions_at(
    conn: Conn, *, scope: Scope, after: SubscriptionId | None, limit: int
) -> list[Subscription]:
    return fetch(
        conn,
        SQL["subscriptions_at"],
        Subscription,
        branch_ids=_branches(scope),
        after=after,
        at_most=limit,
    )


def _branches(scope: Scope) -> list[OrgUnitId] | None:
    return None if scope.everything else list(scope.org_units)


def insert_deliveries(
    conn: Conn, ids: Sequence[DeliveryId], wanted: Sequence[Wanted], *, now: datetime
) -> int:
    return execute(
        conn,
        SQL["insert_deliveries"],
        ids=list(ids),
        subscription_ids=[one.subscription_id for one in wanted],
        event_ids=[one.event_id for one in wanted],
        types=[one.type for one in wanted],
        bodies=[one.body for one in wanted],
        now=now,
    )


def claim_due(conn: Conn, *, limit: int, now: datetime, lease_until: datetime) -> list[ClaimedDelivery]:
    return fetch(conn, SQL["claim_due"], ClaimedDelivery, at_most=limit, now=now, lease_until=lease_until)


def write_results(conn: Conn, steps: Sequence[tuple[DeliveryResult, NextStep]]) -> int:
    return execute(
        conn,
        SQL["write_results"],
        ids=[result.delivery_id for result, _ in steps],
        tries=[result.tries for result, _ in steps],
        states=[str(step.state) for _, step in steps],
        nexts=[step.next_try_at for _, step in steps],
        statuses=[result.status for result, _ in steps],
        errors=[step.error for _, step in steps],
        moments=[result.at for result, _ in steps],
    )


def mark_subscriptions(conn: Conn, *, at: datetime, deliveries: Sequence[DeliveryId]) -> int:
    return execute(conn, SQL["mark_subscriptions"], at=at, delivery_ids=list(deliveries))


def stop_subscriptions(conn: Conn, *, gone: Sequence[DeliveryId], failing_before: datetime) -> int:
    return execute(conn, SQL["stop_subscriptions"], gone=list(gone), failing_before=failing_before)


def requeue(conn: Conn, replay: Replay, *, now: datetime) -> int:
    return len(
        fetch_values(
            conn,
            SQL["requeue"],
            subscription_id=replay.subscription_id,
            since=replay.since,
            event_ids=None if replay.event_ids is None else list(replay.event_ids),
            now=now,
        )
    )


def deliveries_of(
    conn: Conn,
    subscription_id: SubscriptionId,
    *,
    state: DeliveryState | None,
    before: DeliveryId | None,
    limit: int,
) -> list[Delivery]:
    return fetch(
        conn,
        SQL["deliveries_of"],
        Delivery,
        subscription_id=subscription_id,
        state=str(state) if state else None,
        before=before,
        at_most=limit,
    )


def sweep_deliveries(conn: Conn, *, before: datetime, limit: int) -> int:
    return execute(conn, SQL["sweep_deliveries"], before=before, at_most=limit)
