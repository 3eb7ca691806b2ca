"""Commands: subscribe, put events down, claim what is due, write what became of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from loopline.db import Conn
from loopline.kernel.ids import DeliveryId, SubscriptionId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.webhooks import rules, store
from loopline.webhooks.model import (
    EVERY_TYPE,
    Admission,
    ClaimedDelivery,
    DeliveryResult,
    NewSubscription,
    Replay,
    SubscriptionAdded,
    SubscriptionChange,
    SubscriptionChanged,
    SubscriptionState,
    Wanted,
)
from loopline.webhooks.refusals import AddressNotAllowed, UnknownEventType, UnknownSubscription

LEASE = timedelta(minutes=1)
KEPT_FOR = timedelta(days=30)


def add_subscriptions(
    conn: Conn,
    new: Sequence[NewSubscription],
    *,
    admission: Admission,
    now: datetime,
) -> list[SubscriptionAdded | Refusal]:
    """Subscribe, from now on. The branch lies in scope; the address is of the open internet."""
    outcomes: list[SubscriptionAdded | Refusal] = []
    rows: list[tuple[SubscriptionId, NewSubscription]] = []
    for one, made in zip(new, uuid7s(now, len(new)), strict=True):
        refused = _refusal_of(one, admission)
        if refused is not None:
            outcomes.append(refused)
            continue
        rows.append((SubscriptionId(made), one))
        outcomes.append(SubscriptionAdded(subscription_id=SubscriptionId(made)))
    store.insert_subscriptions(conn, rows, now=now)
    return outcomes


def _refusal_of(one: NewSubscription, admission: Admission) -> Refusal | None:
    if not (admission.scope.everything or one.branch_id in admission.scope.org_units):
        return NotInYourBranch(subject=one.name)
    if rules.address_problem(one.url, allows_local=admission.allows_local):
        return AddressNotAllowed(url=one.url)
    unknown = sorted(one.types - admission.known_types - {EVERY_TYPE})
    return UnknownEventType(event_type=unknown[0]) if unknown else None


def change_subscriptions(
    conn: Conn, changes: Sequence[SubscriptionChange], *, scope: Scope, now: datetime
) -> list[SubscriptionChanged | Refusal]:
    """Pause, resume, renew the secret of, or delete subscriptions in scope. Locks them by id.

    A subscription that is resumed is told what happens from then on; what it missed is replayed when asked for.
    """
    standing = store.lock_subscriptions(conn, [one.subscription_id for one in changes])
    outcomes: list[SubscriptionChanged | Refusal] = []
    for change in changes:
        found = standing.get(change.subscription_id)
        if found is None or not (scope.everything or found.branch_id in scope.org_units):
            outcomes.append(UnknownSubscription(subscription_id=change.subscription_id))
            continue
        version = found.secret_version + (1 if change.renew_secret else 0)
        outcomes.append(SubscriptionChanged(subscription_id=found.id, secret_version=version))
    granted = [
        change
        for change, outcome in zip(changes, outcomes, strict=True)
        if isinstance(outcome, SubscriptionChanged)
    ]
    store.change_subscriptions(conn, [one for one in granted if not one.delete], now=now)
    store.delete_subscriptions(conn, [one.subscription_id for one in granted if one.delete])
    return outcomes


def write_deliveries(conn: Conn, wanted: Sequence[Wanted], *, now: datetime) -> int:
    """Put events down for their subscribers, due at once; what was put down before stays as it is."""
    ids = [DeliveryId(made) for made in uuid7s(now, len(wanted))]
    return store.insert_deliveries(conn, ids, wanted, now=now) if wanted else 0


def claim_due(conn: Conn, *, limit: int, now: datetime) -> list[ClaimedDelivery]:
    """Take deliveries that are due, the longest due first; commit, send, then `record_results`.

    A claim holds for a minute: what nobody reported by then is tried again. Passes by what another job holds.
    """
    return store.claim_due(conn, limit=limit, now=now, lease_until=now + LEASE)


def record_results(conn: Conn, results: Sequence[DeliveryResult]) -> int:
    """Write what became of tries; a result older than the last claim changes nothing. Returns how many were delivered.

    A subscription that says 410, or has failed for five days with nothing delivered, is stopped.
    """
    if not results:
        return 0
    steps = [(result, rules.next_step(result)) for result in results]
    store.write_results(conn, steps)
    store.mark_subscriptions(
        conn, at=max(result.at for result in results), deliveries=[r.delivery_id for r in results]
    )
    gone = [result.delivery_id for result, step in steps if step.stops]
    at = max(result.at for result in results)
    store.stop_subscriptions(conn, gone=gone, failing_before=at - rules.FAILS_FOR_MOST)
    return sum(1 for result in results if result.is_delivered)


def replay_deliveries(
    conn: Conn,
    replay: Replay,
    *,
    scope: Scope,
    now: datetime,
) -> int | Refusal:
    """Send again what was put down since a moment, or certain events; returns how many. Same ids, same bodies."""
    subscription_id = replay.subscription_id
    found = store.lock_subscriptions(conn, [subscription_id]).get(subscription_id)
    if found is None or not (scope.everything or found.branch_id in scope.org_units):
        return UnknownSubscription(subscription_id=subscription_id)
    if found.state is not SubscriptionState.ACTIVE:
        store.change_subscriptions(
            conn,
            [SubscriptionChange(subscription_id=subscription_id, state=SubscriptionState.ACTIVE)],
            now=now,
        )
    return store.requeue(conn, replay, now=now)


def sweep_deliveries(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget deliveries of more than a month ago that no longer wait; returns how many."""
    return store.sweep_deliveries(conn, before=now - KEPT_FOR, limit=limit)
