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
    taken_at
from payments.payment
where order_id = any (%(order_ids)s::uuid[])
order by order_id, taken_at, id

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
