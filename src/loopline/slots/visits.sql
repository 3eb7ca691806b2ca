-- name: visits_of_orders
-- The visits of orders, by order and number. Locks nothing.
select
    order_id,
    number,
    site_id,
    by,
    taken_at,
    set_out_at,
    ended_at,
    outcome,
    reason,
    proof,
    signed_by
from slots.visit
where order_id = any(%(order_ids)s::uuid[])
order by
    order_id,
    number;

-- name: write_visits
-- Write visits as they stand, new ones too. Locks them; the caller has locked the bookings of their orders.
insert into slots.visit (
    order_id, number, site_id, by, taken_at, set_out_at, ended_at, outcome, reason, proof, signed_by
)
select
    given.order_id,
    given.number,
    given.site_id,
    given.by,
    given.taken_at,
    given.set_out_at,
    given.ended_at,
    given.outcome,
    given.reason,
    given.proof,
    given.signed_by
from jsonb_to_recordset(%(visits)s::jsonb) as given (
    order_id uuid,
    number smallint,
    site_id uuid,
    by text,
    taken_at timestamptz,
    set_out_at timestamptz,
    ended_at timestamptz,
    outcome text,
    reason text,
    proof text,
    signed_by text
)
order by
    given.order_id,
    given.number
on conflict (order_id, number) do update
set
    by = excluded.by,
    taken_at = excluded.taken_at,
    set_out_at = excluded.set_out_at,
    ended_at = excluded.ended_at,
    outcome = excluded.outcome,
    reason = excluded.reason,
    proof = excluded.proof,
    signed_by = excluded.signed_by;

-- name: end_called_off
-- End the visits under way of orders that were called off. Locks them; the caller has locked their bookings.
update slots.visit
set
    ended_at = %(now)s::timestamptz,
    outcome = 'called_off'
where order_id = any(%(order_ids)s::uuid[]) and ended_at is null;

-- name: forget_signatures
-- Forget who signed for orders. Locks their visits.
update slots.visit
set signed_by = null
where order_id = any(%(order_ids)s::uuid[]) and signed_by is not null;

-- name: code_failures
-- The wrong codes that were said of orders. The caller has locked the bookings, which guards them.
select
    order_id,
    failures,
    last_at,
    locked_until
from slots.code_failure
where order_id = any(%(order_ids)s::uuid[]);

-- name: write_code_failures
-- Write how many wrong codes were said of orders. Locks the rows; the caller has locked the bookings of their orders.
insert into slots.code_failure (order_id, failures, last_at, locked_until)
select
    counted.order_id,
    counted.failures,
    %(now)s::timestamptz,
    counted.locked_until
from unnest(%(order_ids)s::uuid[], %(failures)s::integer[], %(locked_until)s::timestamptz[])
    as counted (order_id, failures, locked_until)
order by counted.order_id
on conflict (order_id) do update
set
    failures = excluded.failures,
    last_at = excluded.last_at,
    locked_until = excluded.locked_until;

-- name: forget_code_failures
-- Forget the wrong codes of orders whose right one was said. Locks the rows; the caller has locked their bookings.
delete from slots.code_failure
where order_id = any(%(order_ids)s::uuid[]);
