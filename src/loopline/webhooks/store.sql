-- name: insert_subscriptions
-- Write new subscriptions. Locks nothing but the new rows.
insert into webhooks.subscription (id, name, url, branch_id, types, state, secret_version, made_at)
select
    new.id,
    new.name,
    new.url,
    new.branch_id,
    string_to_array(new.types, ' '),
    'active',
    1,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(names)s::text[],
    %(urls)s::text[],
    %(branch_ids)s::uuid[],
    %(types)s::text[]
) as new (id, name, url, branch_id, types);

-- name: lock_subscriptions
-- Subscriptions by id. Locks them in that order.
select
    subscription.id,
    subscription.name,
    subscription.url,
    subscription.branch_id,
    subscription.types,
    subscription.state,
    subscription.secret_version,
    subscription.secret_renewed_at,
    subscription.made_at,
    subscription.failing_since,
    subscription.stopped_because
from webhooks.subscription
where subscription.id = any(%(ids)s::uuid[])
order by subscription.id
for update;

-- name: change_subscriptions
-- Write new states and versions of secrets; whoever resumes begins with a clean record. The caller holds the rows.
update webhooks.subscription
set
    state = coalesce(change.state, subscription.state),
    failing_since = case when change.state = 'active' then null else subscription.failing_since end,
    stopped_because = case when change.state = 'active' then null else subscription.stopped_because end,
    secret_version = subscription.secret_version + case when change.renewal then 1 else 0 end,
    secret_renewed_at = case when change.renewal then %(now)s::timestamptz else subscription.secret_renewed_at end
from unnest(%(ids)s::uuid[], %(states)s::text[], %(renewals)s::boolean[]) as change (id, state, renewal)
where subscription.id = change.id;

-- name: delete_subscriptions
-- Delete subscriptions with what they were told. The caller holds the rows.
delete from webhooks.subscription
where subscription.id = any(%(ids)s::uuid[]);

-- name: active_subscriptions
-- Every active subscription, by id. Locks nothing.
select
    subscription.id,
    subscription.name,
    subscription.url,
    subscription.branch_id,
    subscription.types,
    subscription.state,
    subscription.secret_version,
    subscription.secret_renewed_at,
    subscription.made_at,
    subscription.failing_since,
    subscription.stopped_because
from webhooks.subscription
where subscription.state = 'active'
order by subscription.id;

-- name: subscriptions_by_id
-- Subscriptions at units, by id. Locks nothing.
select
    subscription.id,
    subscription.name,
    subscription.url,
    subscription.branch_id,
    subscription.types,
    subscription.state,
    subscription.secret_version,
    subscription.secret_renewed_at,
    subscription.made_at,
    subscription.failing_since,
    subscription.stopped_because
from webhooks.subscription
where subscription.id = any(%(ids)s::uuid[])
  and (%(branch_ids)s::uuid[] is null or subscription.branch_id = any(%(branch_ids)s::uuid[]))
order by subscription.id;

-- name: subscriptions_at
-- The subscriptions at units, or all, by id. Locks nothing.
select
    subscription.id,
    subscription.name,
    subscription.url,
    subscription.branch_id,
    subscription.types,
    subscription.state,
    subscription.secret_version,
    subscription.secret_renewed_at,
    subscription.made_at,
    subscription.failing_since,
    subscription.stopped_because
from webhooks.subscription
where (%(branch_ids)s::uuid[] is null or subscription.branch_id = any(%(branch_ids)s::uuid[]))
  and (%(after)s::uuid is null or subscription.id > %(after)s::uuid)
order by subscription.id
limit %(at_most)s::bigint;

-- name: insert_deliveries
-- Put events down, due at once; an event a subscription was told of stays as it is. Locks nothing but the new rows.
insert into webhooks.delivery (id, subscription_id, event_id, type, body, state, next_try_at, made_at)
select
    new.id,
    new.subscription_id,
    new.event_id,
    new.type,
    new.body,
    'waiting',
    %(now)s::timestamptz,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(subscription_ids)s::uuid[],
    %(event_ids)s::uuid[],
    %(types)s::text[],
    %(bodies)s::text[]
) as new (id, subscription_id, event_id, type, body)
join webhooks.subscription on subscription.id = new.subscription_id
on conflict on constraint event_is_told_once do nothing;

-- name: claim_due
-- Lease what is due for active subscriptions, the longest due first. Locks the deliveries, passing by those held.
with due as (
    select
        delivery.id,
        subscription.url,
        subscription.secret_version,
        subscription.secret_renewed_at
    from webhooks.delivery
    join webhooks.subscription on subscription.id = delivery.subscription_id
    where delivery.state = 'waiting'
      and delivery.next_try_at <= %(now)s::timestamptz
      and subscription.state = 'active'
    order by delivery.next_try_at, delivery.id
    limit %(at_most)s::bigint
    for update of delivery skip locked
)
update webhooks.delivery
set
    tries = delivery.tries + 1,
    next_try_at = %(lease_until)s::timestamptz
from due
where delivery.id = due.id
returning
    delivery.id,
    delivery.subscription_id,
    delivery.event_id,
    due.url,
    delivery.body,
    delivery.tries,
    due.secret_version,
    due.secret_renewed_at;

-- name: write_results
-- Write what became of tries, where the claim still is the last one. Locks the deliveries by id.
with result as (
    select
        delivery.id,
        told.state,
        told.next_try_at,
        told.status,
        told.error,
        told.at
    from unnest(
        %(ids)s::uuid[],
        %(tries)s::bigint[],
        %(states)s::text[],
        %(nexts)s::timestamptz[],
        %(statuses)s::bigint[],
        %(errors)s::text[],
        %(moments)s::timestamptz[]
    ) as told (id, tries, state, next_try_at, status, error, at)
    join webhooks.delivery on delivery.id = told.id
        and delivery.tries = told.tries
        and delivery.state = 'waiting'
    order by delivery.id
    for update of delivery
)
update webhooks.delivery
set
    state = result.state,
    next_try_at = result.next_try_at,
    last_status = result.status,
    last_error = result.error,
    delivered_at = case when result.state = 'delivered' then result.at end
from result
where delivery.id = result.id;

-- name: mark_subscriptions
-- Keep since when a subscription fails: a delivery clears it, a failure sets it once. Locks the subscriptions by id.
with told as (
    select
        delivery.subscription_id as id,
        bool_or(delivery.state = 'delivered') as listens
    from webhooks.delivery
    where delivery.id = any(%(delivery_ids)s::uuid[])
    group by delivery.subscription_id
),
locked as (
    select
        subscription.id,
        told.listens
    from webhooks.subscription
    join told on told.id = subscription.id
    order by subscription.id
    for update of subscription
)
update webhooks.subscription
set failing_since = case when locked.listens then null else coalesce(subscription.failing_since, %(at)s::timestamptz) end
from locked
where subscription.id = locked.id;

-- name: stop_subscriptions
-- Stop whoever said 410 to one of the deliveries, or has failed since before a moment. Locks the subscriptions by id.
with deaf as (
    select
        subscription.id,
        exists (
            select
            from webhooks.delivery
            where delivery.subscription_id = subscription.id
              and delivery.id = any(%(gone)s::uuid[])
        ) as is_gone
    from webhooks.subscription
    where subscription.state = 'active'
      and (
        subscription.failing_since < %(failing_before)s::timestamptz
        or subscription.id in (
            select delivery.subscription_id
            from webhooks.delivery
            where delivery.id = any(%(gone)s::uuid[])
        )
      )
    order by subscription.id
    for update
)
update webhooks.subscription
set
    state = 'stopped',
    stopped_because = case when deaf.is_gone then 'gone' else 'failing' end
from deaf
where subscription.id = deaf.id;

-- name: requeue
-- Let deliveries wait again, as if never tried. Locks them by id.
with wanted as (
    select delivery.id
    from webhooks.delivery
    where delivery.subscription_id = %(subscription_id)s::uuid
      and (%(since)s::timestamptz is null or delivery.made_at >= %(since)s::timestamptz)
      and (%(event_ids)s::uuid[] is null or delivery.event_id = any(%(event_ids)s::uuid[]))
    order by delivery.id
    for update
)
update webhooks.delivery
set
    state = 'waiting',
    tries = 0,
    next_try_at = %(now)s::timestamptz,
    delivered_at = null
from wanted
where delivery.id = wanted.id
returning delivery.id;

-- name: deliveries_of
-- What a subscription was told, the newest first. Locks nothing.
select
    delivery.id,
    delivery.subscription_id,
    delivery.event_id,
    delivery.type,
    delivery.state,
    delivery.tries,
    delivery.next_try_at,
    delivery.last_status,
    delivery.last_error,
    delivery.made_at,
    delivery.delivered_at
from webhooks.delivery
where delivery.subscription_id = %(subscription_id)s::uuid
  and (%(state)s::text is null or delivery.state = %(state)s::text)
  and (%(before)s::uuid is null or delivery.id < %(before)s::uuid)
order by delivery.id desc
limit %(at_most)s::bigint;

-- name: sweep_deliveries
-- Forget old deliveries that no longer wait, the oldest first. Locks them, passing by those held.
with old as (
    select delivery.id
    from webhooks.delivery
    where delivery.made_at < %(before)s::timestamptz
      and delivery.state <> 'waiting'
    order by delivery.made_at, delivery.id
    limit %(at_most)s::bigint
    for update skip locked
)
delete from webhooks.delivery
using old
where delivery.id = old.id;
