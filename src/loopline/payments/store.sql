-- name: insert_payments
-- Record payments, in the order of their keys; one whose key or id is there is left alone and not returned. Locks the
-- rows it makes; waits for rivals with the same key.
insert into payments.payment (
    id, key, content_hash, order_id, method, entity_id, currency, amount_minor, taken_at, intent_id,
    carried_from, carried_intent_id, drawer_entity_id, recorded_at
)
select
    id,
    key,
    content_hash,
    order_id,
    method,
    entity_id,
    currency,
    amount_minor,
    taken_at,
    intent_id,
    carried_from,
    carried_intent_id,
    drawer_entity_id,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(keys)s::text[],
    %(content_hashes)s::bytea[],
    %(order_ids)s::uuid[],
    %(methods)s::text[],
    %(entity_ids)s::uuid[],
    %(currencies)s::text[],
    %(amounts_minor)s::bigint[],
    %(taken_at)s::timestamptz[],
    %(intent_ids)s::uuid[],
    %(carried_froms)s::uuid[],
    %(carried_intent_ids)s::uuid[],
    %(drawer_entity_ids)s::uuid[]
) as taken (
    id, key, content_hash, order_id, method, entity_id, currency, amount_minor, taken_at, intent_id, carried_from,
    carried_intent_id, drawer_entity_id
)
order by key collate "C"
on conflict do nothing
returning key

-- name: payments_by_keys
-- What keys of payments stand for. Locks nothing.
select
    id,
    key,
    content_hash
from payments.payment
where key = any (%(keys)s::text[])

-- name: lock_payments_of_orders
-- The payments of orders, locked in the order of their ids: refunds of an order are decided one after the other.
select
    id,
    order_id,
    method,
    entity_id,
    currency,
    amount_minor,
    refunded_minor,
    taken_at,
    coalesce(intent_id, carried_intent_id) as intent_id
from payments.payment
where order_id = any (%(order_ids)s::uuid[])
order by id
for no key update

-- name: payments_by_intents
-- The payments that captures became, and those that were carried over from them, by order. Locks nothing.
select
    order_id,
    coalesce(intent_id, carried_intent_id) as intent_id,
    min(id::text)::uuid as id
from payments.payment
where intent_id = any (%(intent_ids)s::uuid[])
    or carried_intent_id = any (%(intent_ids)s::uuid[])
group by order_id, coalesce(intent_id, carried_intent_id)
order by order_id, coalesce(intent_id, carried_intent_id)

-- name: refunds_by_keys
-- What keys of refunds stand for. Locks nothing.
select
    id,
    key,
    content_hash
from payments.refund
where key = any (%(keys)s::text[])

-- name: insert_refunds
-- Record refunds, in the order of their keys; one whose key or id is there is left alone and not returned. Locks the
-- rows it makes.
insert into payments.refund (
    id, key, content_hash, order_id, return_id, method, entity_id, currency, amount_minor, refunded_at,
    drawer_entity_id, recorded_at
)
select
    id,
    key,
    content_hash,
    order_id,
    return_id,
    method,
    entity_id,
    currency,
    amount_minor,
    refunded_at,
    drawer_entity_id,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(keys)s::text[],
    %(content_hashes)s::bytea[],
    %(order_ids)s::uuid[],
    %(return_ids)s::uuid[],
    %(methods)s::text[],
    %(entity_ids)s::uuid[],
    %(currencies)s::text[],
    %(amounts_minor)s::bigint[],
    %(refunded_at)s::timestamptz[],
    %(drawer_entity_ids)s::uuid[]
) as given (
    id, key, content_hash, order_id, return_id, method, entity_id, currency, amount_minor, refunded_at,
    drawer_entity_id
)
order by key collate "C"
on conflict do nothing
returning key

-- name: insert_refund_parts
-- Write the parts of refunds. Locks only the rows it makes; the caller holds the payments.
insert into payments.refund_part (refund_id, payment_id, amount_minor)
select
    refund_id,
    payment_id,
    amount_minor
from unnest(%(refund_ids)s::uuid[], %(payment_ids)s::uuid[], %(amounts_minor)s::bigint[])
    as part (refund_id, payment_id, amount_minor)

-- name: add_refunded
-- Count what was given back; the constraint `refunded_within_taken` guards it. The caller holds the payments.
update payments.payment as payment
set refunded_minor = payment.refunded_minor + part.amount_minor
from (
    select
        payment_id,
        sum(amount_minor)::bigint as amount_minor
    from unnest(%(payment_ids)s::uuid[], %(amounts_minor)s::bigint[]) as given (payment_id, amount_minor)
    group by payment_id
) as part
where payment.id = part.payment_id

-- name: insert_intents
-- Write intents, in the order of their keys; one whose key or id is there is left alone and not returned. Locks the
-- rows it makes.
insert into payments.intent (
    id, key, content_hash, kind, gateway, order_id, return_id, of_intent_id, entity_id, currency, amount_minor, state,
    expires_at, written_at, next_try_at
)
select
    id,
    key,
    content_hash,
    kind,
    gateway,
    order_id,
    return_id,
    of_intent_id,
    entity_id,
    currency,
    amount_minor,
    'written',
    expires_at,
    %(now)s::timestamptz,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(keys)s::text[],
    %(content_hashes)s::bytea[],
    %(kinds)s::text[],
    %(gateways)s::text[],
    %(order_ids)s::uuid[],
    %(return_ids)s::uuid[],
    %(of_intent_ids)s::uuid[],
    %(entity_ids)s::uuid[],
    %(currencies)s::text[],
    %(amounts_minor)s::bigint[],
    %(expires_at)s::timestamptz[]
) as wanted (
    id, key, content_hash, kind, gateway, order_id, return_id, of_intent_id, entity_id, currency, amount_minor,
    expires_at
)
order by key collate "C"
on conflict do nothing
returning key

-- name: intents_by_keys
-- What keys of intents stand for. Locks nothing.
select
    id,
    key,
    content_hash
from payments.intent
where key = any (%(keys)s::text[])

-- name: open_refund_intents
-- Refunds of orders that are on their way, in the order they were written. Locks nothing: the caller holds the orders'
-- payments, as everybody does who writes a refund.
select
    id,
    key,
    kind,
    gateway,
    entity_id,
    currency,
    amount_minor,
    order_id,
    return_id,
    of_intent_id,
    expires_at,
    reference,
    tries,
    state
from payments.intent
where order_id = any (%(order_ids)s::uuid[])
    and kind = 'refund'
    and state in ('written', 'waiting')
order by written_at, id

-- name: claim_intents
-- Take intents that are due to be put to their gateway, those that wait longest first; the next try is put off at once,
-- so that a job that dies here is followed by another. Locks them; passes by those that another job holds.
with due as (
    select
        id,
        of_intent_id
    from payments.intent
    where next_try_at <= %(now)s::timestamptz
        and gateway = any (%(gateways)s::text[])
    order by next_try_at, id
    limit %(limit)s::integer
    for no key update skip locked
)
update payments.intent as intent
set
    tries = intent.tries + 1,
    next_try_at = %(lease_until)s::timestamptz
from due
left join payments.intent as origin on origin.id = due.of_intent_id
where intent.id = due.id
returning
    intent.id,
    intent.key,
    intent.kind,
    intent.gateway,
    intent.entity_id,
    intent.currency,
    intent.amount_minor,
    intent.order_id,
    intent.return_id,
    intent.of_intent_id,
    intent.expires_at,
    intent.reference,
    origin.reference as of_reference,
    intent.tries

-- name: lock_intents
-- Intents and their states, locked in the order of their ids.
select
    id,
    key,
    kind,
    gateway,
    entity_id,
    currency,
    amount_minor,
    order_id,
    return_id,
    of_intent_id,
    expires_at,
    reference,
    tries,
    state
from payments.intent
where id = any (%(intent_ids)s::uuid[])
order by id
for no key update

-- name: change_intents
-- Write what became of intents. The caller holds them.
update payments.intent as intent
set
    state = changed.state,
    reference = coalesce(changed.reference, intent.reference),
    reason = coalesce(changed.reason, intent.reason),
    next_try_at = changed.next_try_at,
    finished_at = changed.finished_at
from unnest(
    %(ids)s::uuid[],
    %(states)s::text[],
    %(reference_texts)s::text[],
    %(reasons)s::text[],
    %(next_try_at)s::timestamptz[],
    %(finished_at)s::timestamptz[]
) as changed (id, state, reference, reason, next_try_at, finished_at)
where intent.id = changed.id

-- name: hasten_intents
-- Let open intents be put to their gateway as soon as somebody claims them, in the order of their ids; locks them.
with theirs as (
    select id
    from payments.intent
    where id = any (%(intent_ids)s::uuid[])
        and next_try_at > %(now)s::timestamptz
    order by id
    for no key update
)
update payments.intent as intent
set next_try_at = %(now)s::timestamptz
from theirs
where intent.id = theirs.id

-- name: open_exceptions
-- Keep disagreements; one that is open already is counted and shows what was found last. In the order of kind and
-- subject; locks the rows it makes or counts up.
insert into payments.exception as known (
    id, kind, subject, order_id, currency, expected_minor, found_minor, content, opened_at, last_seen_at
)
select
    id,
    kind,
    subject,
    order_id,
    currency,
    expected_minor,
    found_minor,
    content::jsonb,
    %(now)s::timestamptz,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(kinds)s::text[],
    %(subjects)s::text[],
    %(order_ids)s::uuid[],
    %(currencies)s::text[],
    %(expected_minor)s::bigint[],
    %(found_minor)s::bigint[],
    %(contents)s::text[]
) as seen (id, kind, subject, order_id, currency, expected_minor, found_minor, content)
order by kind collate "C", subject collate "C"
on conflict (kind, subject) where closed_at is null do update
set
    times = known.times + 1,
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
    expected_minor = excluded.expected_minor,
    found_minor = excluded.found_minor,
    content = excluded.content
returning id

-- name: close_exceptions
-- Close exceptions that are open, in the order of their ids; locks them.
with theirs as (
    select
        exception.id,
        closing.closed_by,
        closing.note
    from unnest(%(exception_ids)s::uuid[], %(closed_by)s::text[], %(notes)s::text[]) as closing (id, closed_by, note)
    join payments.exception as exception on exception.id = closing.id
    where exception.closed_at is null
    order by exception.id
    for no key update of exception
)
update payments.exception as exception
set
    closed_at = %(now)s::timestamptz,
    closed_by = theirs.closed_by,
    note = theirs.note
from theirs
where exception.id = theirs.id
returning exception.id
