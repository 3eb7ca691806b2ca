-- name: insert_exchange
-- Write an exchange, unless its number is there; waits for a rival that writes the same.
insert into returns.exchange (id, content_hash, order_id, currency, asked_at, asked_by)
values (
  %(id)s::uuid,
  %(content_hash)s::bytea,
  %(order_id)s::uuid,
  %(currency)s::text,
  %(now)s::timestamptz,
  %(asked_by)s::text
)
on conflict on constraint exchange_pkey do nothing
returning id;

-- name: name_new_order
-- Name the order that takes the place of what comes back. Locks the exchange.
update returns.exchange
set new_order_id = %(new_order_id)s::uuid
where id = %(id)s::uuid and new_order_id is null;

-- name: end_exchange
-- Say that the goods of an exchange are here, once. Locks the exchange.
update returns.exchange
set
  credit_minor = %(credit_minor)s::bigint,
  done_at = %(now)s::timestamptz
where id = %(id)s::uuid and done_at is null;

-- name: exchanges_by_id
-- These exchanges. Locks nothing.
select
  id,
  content_hash,
  order_id,
  new_order_id,
  currency,
  credit_minor,
  asked_at,
  asked_by,
  done_at
from returns.exchange
where id = any(%(ids)s::uuid[])
order by id;

-- name: exchanges_of_orders
-- Exchanges of which these are the old order or the new, the earliest first. Locks nothing.
select
  id,
  content_hash,
  order_id,
  new_order_id,
  currency,
  credit_minor,
  asked_at,
  asked_by,
  done_at
from returns.exchange
where order_id = any(%(order_ids)s::uuid[])
  or new_order_id = any(%(order_ids)s::uuid[])
order by
  asked_at,
  id;
