-- name: money_of_orders
-- What was taken for orders and given back, per company and currency. Locks nothing.
select
    order_id,
    entity_id,
    currency,
    sum(taken_minor)::bigint as taken_minor,
    sum(refunded_minor)::bigint as refunded_minor
from (
    select order_id, entity_id, currency, amount_minor as taken_minor, 0::bigint as refunded_minor
    from payments.payment
    where order_id = any (%(order_ids)s::uuid[])
    union all
    select order_id, entity_id, currency, 0::bigint, amount_minor
    from payments.refund
    where order_id = any (%(order_ids)s::uuid[])
) as money
group by order_id, entity_id, currency
order by order_id, entity_id, currency

-- name: payments_of_orders
-- The payments of orders, the earliest first. Locks nothing.
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
order by order_id, taken_at, id

-- name: refunds_of_orders
-- What was given back for orders, the earliest first. Locks nothing.
select
    id,
    order_id,
    return_id,
    method,
    entity_id,
    currency,
    amount_minor,
    refunded_at
from payments.refund
where order_id = any (%(order_ids)s::uuid[])
order by order_id, refunded_at, id

-- name: refunds_of_returns
-- What was given back for returns, the earliest first. Locks nothing.
select
    id,
    order_id,
    return_id,
    method,
    entity_id,
    currency,
    amount_minor,
    refunded_at
from payments.refund
where return_id = any (%(return_ids)s::uuid[])
order by return_id, refunded_at, id

-- name: given_at_counters
-- How much of these refunds was given by some methods: those of what it was taken by, or its own. Locks nothing.
select
    refund.id,
    sum(coalesce(part.amount_minor, refund.amount_minor))::bigint as amount_minor
from payments.refund as refund
left join payments.refund_part as part on part.refund_id = refund.id
left join payments.payment as payment on payment.id = part.payment_id
where refund.id = any(%(refund_ids)s::uuid[])
    and coalesce(payment.method, refund.method) = any(%(methods)s::text[])
group by refund.id
order by refund.id

-- name: payment_ids_by_keys
-- The payments that stand under keys. Locks nothing.
select id
from payments.payment
where key = any(%(keys)s::text[])

-- name: orders_awaiting_gateway
-- Orders whose capture ran out after a moment and was not answered yet. Locks nothing.
select distinct order_id
from payments.intent
where kind = 'capture'
    and state in ('written', 'waiting')
    and expires_at > %(since)s::timestamptz
    and expires_at <= %(now)s::timestamptz
order by order_id

-- name: open_exceptions_after
-- Exceptions that are open, the first opened first, after a place in that order. Locks nothing.
select
    id,
    kind,
    subject,
    content,
    order_id,
    currency,
    expected_minor,
    found_minor,
    opened_at,
    last_seen_at,
    times
from payments.exception
where closed_at is null
    and (%(after_at)s::timestamptz is null or (opened_at, id) > (%(after_at)s::timestamptz, %(after_id)s::uuid))
order by opened_at, id
limit %(limit)s::integer

-- name: open_exceptions_of_orders
-- Exceptions of orders that are open, the first opened first. Locks nothing.
select
    id,
    kind,
    subject,
    content,
    order_id,
    currency,
    expected_minor,
    found_minor,
    opened_at,
    last_seen_at,
    times
from payments.exception
where order_id = any (%(order_ids)s::uuid[])
    and closed_at is null
order by opened_at, id

-- name: exceptions_by_ids
-- Exceptions that are open, by id. Locks nothing.
select
    id,
    kind,
    subject,
    content,
    order_id,
    currency,
    expected_minor,
    found_minor,
    opened_at,
    last_seen_at,
    times
from payments.exception
where id = any (%(exception_ids)s::uuid[])
    and closed_at is null
order by id

-- name: last_open_exceptions
-- Exceptions that are open, the last seen first. Locks nothing.
select
    id,
    kind,
    subject,
    content,
    order_id,
    currency,
    expected_minor,
    found_minor,
    opened_at,
    last_seen_at,
    times
from payments.exception
where closed_at is null
order by last_seen_at desc, id desc
limit %(limit)s::integer

-- name: intents_of_orders
-- What gateways were asked for orders, the earliest first. Locks nothing.
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
order by order_id, written_at, id

-- name: intents_by_ids
-- What gateways were asked, by id. Locks nothing.
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

-- name: intents_by_numbers
-- What gateways were asked, by our number at the gateway. Locks nothing.
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
where key = any (%(keys)s::text[])
order by key collate "C"

-- name: taken_between
-- Money of a company that was taken by some ways between two moments, the second not included, with our number and the
-- gateway's own where a gateway was asked. Locks nothing.
select
    payment.id,
    payment.order_id,
    payment.key,
    payment.amount_minor,
    payment.taken_at as moved_at,
    intent.key as our_number,
    intent.reference as their_number
from payments.payment as payment
left join payments.intent as intent on intent.id = payment.intent_id
where payment.taken_at >= %(start)s::timestamptz
    and payment.taken_at < %(end)s::timestamptz
    and payment.entity_id = %(entity_id)s::uuid
    and payment.currency = %(currency)s::text
    and payment.method = any (%(methods)s::text[])
    and payment.carried_from is null
order by payment.taken_at, payment.id

-- name: given_back_between
-- Money of a company that was given back by some ways between two moments, the second not included: what a gateway was
-- asked to give back with its numbers, else the first payment that it came from. Locks nothing.
select
    refund.id,
    refund.order_id,
    refund.key,
    coalesce(part.amount_minor, refund.amount_minor) as amount_minor,
    refund.refunded_at as moved_at,
    intent.key as our_number,
    intent.reference as their_number,
    part.key as payment_key,
    capture.key as payment_number,
    capture.reference as payment_their_number
from payments.refund as refund
left join lateral (
    select
        sum(part.amount_minor)::bigint as amount_minor,
        min(payment.key) as key,
        min(payment.intent_id::text)::uuid as intent_id
    from payments.refund_part as part
    inner join payments.payment as payment on payment.id = part.payment_id
    where part.refund_id = refund.id and payment.method = any (%(methods)s::text[])
) as part on refund.order_id is not null
left join payments.intent as intent
    on intent.id = case when refund.key ~ '^intent:[0-9a-f-]{36}$' then substr(refund.key, 8)::uuid end
left join payments.intent as capture on capture.id = part.intent_id
where refund.refunded_at >= %(start)s::timestamptz
    and refund.refunded_at < %(end)s::timestamptz
    and refund.entity_id = %(entity_id)s::uuid
    and refund.currency = %(currency)s::text
    and (part.amount_minor is not null or refund.method = any (%(methods)s::text[]))
    and refund.method is distinct from 'exchange'
order by refund.refunded_at, refund.id
