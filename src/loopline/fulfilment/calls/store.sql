-- name: copy_calls
-- Write new calls. Locks nothing but the new rows.
copy fulfilment.call (
  id,
  order_id,
  state,
  currency,
  opened_at,
  deadline,
  temperature_class
) from stdin;

-- name: copy_call_sites
-- Write whom new calls are put to. Locks nothing but the new rows.
copy fulfilment.call_site (
  call_id,
  site_id,
  metres,
  cost_minor
) from stdin;

-- name: copy_call_lines
-- Write what new calls are for. Locks nothing but the new rows.
copy fulfilment.call_line (
  call_id,
  line_id,
  sku_id,
  units
) from stdin;

-- name: lock_calls
-- Calls by id. Locks them in order of id.
select
  id as call_id,
  order_id,
  state,
  currency,
  opened_at,
  deadline,
  ended_at,
  site_id,
  claimed_by,
  task_id,
  temperature_class
from fulfilment.call
where
  id = any(%(call_ids)s::uuid[])
order by
  id
for update;

-- name: lock_calls_of_orders
-- The open calls of orders. Locks them in order of id, waiting for whoever claims one: that one is open no more.
select
  id as call_id,
  order_id,
  state,
  currency,
  opened_at,
  deadline,
  ended_at,
  site_id,
  claimed_by,
  task_id,
  temperature_class
from fulfilment.call
where
  order_id = any(%(order_ids)s::uuid[])
  and state = 'open'
order by
  id
for update;

-- name: end_calls
-- End calls that nobody claimed. The caller has locked them.
update fulfilment.call
set
  state = given.state,
  ended_at = %(now)s::timestamptz
from unnest(
  %(call_ids)s::uuid[],
  %(states)s::text[]
) as given (id, state)
where
  call.id = given.id
  and call.state = 'open';

-- name: write_claims
-- Write who claimed calls, and the tasks that came of it. The caller has locked them.
update fulfilment.call
set
  state = 'claimed',
  site_id = given.site_id,
  claimed_by = given.claimed_by,
  task_id = given.task_id,
  ended_at = given.ended_at
from unnest(
  %(call_ids)s::uuid[],
  %(site_ids)s::uuid[],
  %(claimed_by)s::uuid[],
  %(task_ids)s::uuid[],
  %(ended_at)s::timestamptz[]
) as given (id, site_id, claimed_by, task_id, ended_at)
where
  call.id = given.id
  and call.state = 'open';

-- name: read_calls
-- Calls by id. Locks nothing.
select
  id as call_id,
  order_id,
  state,
  currency,
  opened_at,
  deadline,
  ended_at,
  site_id,
  claimed_by,
  task_id,
  temperature_class
from fulfilment.call
where
  id = any(%(call_ids)s::uuid[])
order by
  id;

-- name: read_calls_of_orders
-- All calls of orders, in the order in which they were opened. Locks nothing.
select
  id as call_id,
  order_id,
  state,
  currency,
  opened_at,
  deadline,
  ended_at,
  site_id,
  claimed_by,
  task_id,
  temperature_class
from fulfilment.call
where
  order_id = any(%(order_ids)s::uuid[])
order by
  order_id,
  id;

-- name: read_open_calls
-- A page of the calls that some sites (null: any) may claim, the earliest deadline first. Locks nothing.
select
  id as call_id,
  order_id,
  state,
  currency,
  opened_at,
  deadline,
  ended_at,
  site_id,
  claimed_by,
  task_id,
  temperature_class
from fulfilment.call
where
  state = 'open'
  and deadline > %(now)s::timestamptz
  and (
    %(site_ids)s::uuid[] is null
    or exists (
      select
      from fulfilment.call_site
      where
        call_site.call_id = call.id
        and call_site.site_id = any(%(site_ids)s::uuid[])
    )
  )
  and (
    %(after_deadline)s::timestamptz is null
    or (deadline, id) > (%(after_deadline)s::timestamptz, %(after_id)s::uuid)
  )
order by
  deadline,
  id
limit %(limit)s::integer;

-- name: read_call_sites
-- Whom calls are put to, the cheapest first. Locks nothing.
select
  call_id,
  site_id,
  metres,
  cost_minor
from fulfilment.call_site
where
  call_id = any(%(call_ids)s::uuid[])
order by
  call_id,
  cost_minor,
  site_id;

-- name: read_call_lines
-- What calls are for. Locks nothing.
select
  call_id,
  line_id,
  sku_id,
  units
from fulfilment.call_line
where
  call_id = any(%(call_ids)s::uuid[])
order by
  call_id,
  line_id;
