-- name: put_site_limits
-- Set how many tasks sites take on an ordinary day. Locks those rows in order of site.
insert into fulfilment.site_limit as known (
  site_id,
  tasks_per_day,
  set_at
)
select
  given.site_id,
  given.tasks_per_day,
  %(now)s::timestamptz
from unnest(
  %(site_ids)s::uuid[],
  %(tasks_per_day)s::integer[]
) as given (site_id, tasks_per_day)
order by
  given.site_id
on conflict (site_id) do update
set
  tasks_per_day = excluded.tasks_per_day,
  set_at = excluded.set_at;

-- name: put_day_limits
-- Set or clear the limits of single days, whatever a site said of its time that day. Locks those rows in order of (site, day).
insert into fulfilment.capacity as known (
  site_id,
  day,
  tasks_limit
)
select
  given.site_id,
  given.day,
  given.tasks_limit
from unnest(
  %(site_ids)s::uuid[],
  %(days)s::date[],
  %(tasks_limits)s::integer[]
) as given (site_id, day, tasks_limit)
order by
  given.site_id,
  given.day
on conflict (site_id, day) do update
set
  tasks_limit = excluded.tasks_limit,
  filled_limit = null,
  filled_at = null;

-- name: fill_days
-- Let sites' days take no more than they have (or, without a moment, those that were full so take work up to their limit
-- again); returns those days. Locks their rows in order of (site, day).
with locked as materialized (
  select
    capacity.site_id,
    capacity.day
  from fulfilment.capacity
  join unnest(
    %(site_ids)s::uuid[],
    %(days)s::date[]
  ) as given (site_id, day) on given.site_id = capacity.site_id and given.day = capacity.day
  where
    %(filled_at)s::timestamptz is not null
    or capacity.filled_limit is not null
  order by
    capacity.site_id,
    capacity.day
  for update of capacity
)
update fulfilment.capacity
set
  filled_limit = case when %(filled_at)s::timestamptz is not null then capacity.held + capacity.confirmed end,
  filled_at = %(filled_at)s::timestamptz
from locked
where
  capacity.site_id = locked.site_id
  and capacity.day = locked.day
returning
  capacity.site_id,
  capacity.day;

-- name: fix_limits
-- Let what sites say hold whatever is learnt (or, without a reason, let what is learnt lower it again); returns those
-- that say something. Locks those rows in order of site.
with given as materialized (
  select
    site_limit.site_id,
    fix.because
  from fulfilment.site_limit
  join unnest(
    %(site_ids)s::uuid[],
    %(because)s::text[]
  ) as fix (site_id, because) on fix.site_id = site_limit.site_id
  order by
    site_limit.site_id
  for update of site_limit
)
update fulfilment.site_limit
set
  fixed_at = case when given.because is not null then %(now)s::timestamptz end,
  fixed_by = case when given.because is not null then %(by)s::text end,
  fixed_because = given.because
from given
where
  site_limit.site_id = given.site_id
returning
  site_limit.site_id;

-- name: put_learnt_limits
-- Let lower limits than sites say hold. Locks those rows in order of site.
insert into fulfilment.learnt_limit (
  site_id,
  tasks_per_day,
  version,
  set_at
)
select
  given.site_id,
  given.tasks_per_day,
  given.version,
  %(now)s::timestamptz
from unnest(
  %(site_ids)s::uuid[],
  %(tasks_per_day)s::integer[],
  %(versions)s::integer[]
) as given (site_id, tasks_per_day, version)
order by
  given.site_id
on conflict (site_id) do update
set
  tasks_per_day = excluded.tasks_per_day,
  version = excluded.version,
  set_at = excluded.set_at;

-- name: drop_learnt_limits
-- Let what sites say hold again. Locks those rows.
delete from fulfilment.learnt_limit
where
  site_id = any(%(site_ids)s::uuid[]);

-- name: open_days
-- Make the rows of days not yet used, for sites that have an ordinary limit. Locks new rows only, in order of (site, day).
insert into fulfilment.capacity (
  site_id,
  day
)
select
  given.site_id,
  given.day
from unnest(
  %(site_ids)s::uuid[],
  %(days)s::date[]
) as given (site_id, day)
join fulfilment.site_limit on site_limit.site_id = given.site_id
order by
  given.site_id,
  given.day
on conflict (site_id, day) do nothing;

-- name: lock_capacity
-- What sites' days have left. Locks the rows of these days in order of (site, day).
select
  capacity.site_id,
  capacity.day,
  least(
    coalesce(capacity.tasks_limit, least(site_limit.tasks_per_day, learnt_limit.tasks_per_day)), capacity.filled_limit
  ) as tasks_limit,
  capacity.held,
  capacity.confirmed,
  capacity.filled_at
from fulfilment.capacity
join unnest(
  %(site_ids)s::uuid[],
  %(days)s::date[]
) as given (site_id, day) on given.site_id = capacity.site_id and given.day = capacity.day
left join fulfilment.site_limit on site_limit.site_id = capacity.site_id
left join fulfilment.learnt_limit on learnt_limit.site_id = site_limit.site_id
where
  coalesce(capacity.tasks_limit, site_limit.tasks_per_day) is not null
order by
  capacity.site_id,
  capacity.day
for update of capacity;

-- name: move_capacity
-- Add signed changes to sites' days. Locks those rows in order of (site, day), then changes them.
with locked as materialized (
  select
    capacity.site_id,
    capacity.day,
    move.held,
    move.confirmed
  from fulfilment.capacity
  join unnest(
    %(site_ids)s::uuid[],
    %(days)s::date[],
    %(held)s::integer[],
    %(confirmed)s::integer[]
  ) as move (site_id, day, held, confirmed) on move.site_id = capacity.site_id and move.day = capacity.day
  order by
    capacity.site_id,
    capacity.day
  for update of capacity
)
update fulfilment.capacity
set
  held = capacity.held + locked.held,
  confirmed = capacity.confirmed + locked.confirmed
from locked
where
  capacity.site_id = locked.site_id
  and capacity.day = locked.day;

-- name: read_capacity
-- What sites' days have left, days not yet used included; sites that take nothing are left out. Locks nothing.
select
  given.site_id,
  %(day)s::date as day,
  least(
    coalesce(capacity.tasks_limit, least(site_limit.tasks_per_day, learnt_limit.tasks_per_day)), capacity.filled_limit
  ) as tasks_limit,
  coalesce(capacity.held, 0) as held,
  coalesce(capacity.confirmed, 0) as confirmed,
  capacity.filled_at
from unnest(%(site_ids)s::uuid[]) as given (site_id)
left join fulfilment.site_limit on site_limit.site_id = given.site_id
left join fulfilment.learnt_limit on learnt_limit.site_id = site_limit.site_id
left join fulfilment.capacity on capacity.site_id = given.site_id and capacity.day = %(day)s::date
where
  coalesce(capacity.tasks_limit, site_limit.tasks_per_day) is not null
order by
  given.site_id;

-- name: work_of_sites
-- How many tasks sites were offered or took on some days; sites without any are left out. Locks nothing.
select
  site_id,
  sum(held + confirmed)::bigint as tasks
from fulfilment.capacity
where
  day between %(from_day)s::date and %(until_day)s::date
group by
  site_id
having
  sum(held + confirmed) > 0;

-- name: copy_tasks
-- Write new tasks. Locks nothing but the new rows.
copy fulfilment.task (
  id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  temperature_class
) from stdin;

-- name: copy_lines
-- Write the lines of new tasks. Locks nothing but the new rows.
copy fulfilment.task_line (
  task_id,
  allocation_id,
  line_id,
  leaf_id,
  sku_id,
  units
) from stdin;

-- name: copy_withdrawals
-- Write what commands took out of tasks. Locks nothing but the new rows.
copy fulfilment.withdrawal (
  id,
  allocation_id,
  task_id,
  cause,
  reason,
  units,
  counted_units,
  withdrawn_by,
  at,
  ends_task
) from stdin;

-- name: lock_tasks
-- Tasks by id. Locks them in order of id.
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash,
  temperature_class
from fulfilment.task
where
  id = any(%(task_ids)s::uuid[])
order by
  id
for update;

-- name: lock_due_offers
-- Offered tasks whose deadline has come, the longest due first. Locks them, passing over those that somebody holds:
-- one that is being accepted now is no longer due.
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash,
  temperature_class
from fulfilment.task
where
  state = 'offered'
  and deadline <= %(now)s::timestamptz
order by
  deadline,
  id
limit %(limit)s::integer
for update skip locked;

-- name: lock_due_waiting
-- Parcels that wait to be collected beyond their deadline, the longest due first. Locks their tasks, passing over those
-- that somebody holds: one that is being handed over now is no longer waiting.
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash,
  temperature_class
from fulfilment.task
where
  state = 'packed'
  and kind = 'collect'
  and collect_by <= %(now)s::timestamptz
order by
  collect_by,
  id
limit %(limit)s::integer
for update skip locked;

-- name: lock_tasks_by_code
-- Tasks whose parcels have these codes. Locks them in order of id.
select
  task.id as task_id,
  task.order_id,
  task.site_id,
  task.kind,
  task.day,
  task.state,
  task.offered_at,
  task.deadline,
  task.accepted_by,
  task.accepted_at,
  task.picked_at,
  task.checked_at,
  task.packed_at,
  task.ended_at,
  task.collect_by,
  task.code_hash,
  task.temperature_class
from fulfilment.task
join unnest(
  %(site_ids)s::uuid[],
  %(code_hashes)s::bytea[]
) as given (site_id, code_hash) on given.site_id = task.site_id and given.code_hash = task.code_hash
order by
  task.id
for update of task;

-- name: read_taken_codes
-- Which of these codes belong to a parcel already, at its site. Locks nothing.
select
  task.site_id,
  task.code_hash
from fulfilment.task
join unnest(
  %(site_ids)s::uuid[],
  %(code_hashes)s::bytea[]
) as given (site_id, code_hash) on given.site_id = task.site_id and given.code_hash = task.code_hash
order by
  task.site_id,
  task.code_hash;

-- name: write_tasks
-- Write the state of tasks. The caller has locked them.
update fulfilment.task
set
  state = given.state,
  accepted_by = given.accepted_by,
  accepted_at = given.accepted_at,
  picked_at = given.picked_at,
  checked_at = given.checked_at,
  packed_at = given.packed_at,
  ended_at = given.ended_at,
  collect_by = given.collect_by,
  code_hash = given.code_hash
from unnest(
  %(task_ids)s::uuid[],
  %(states)s::text[],
  %(accepted_by)s::uuid[],
  %(accepted_at)s::timestamptz[],
  %(picked_at)s::timestamptz[],
  %(checked_at)s::timestamptz[],
  %(packed_at)s::timestamptz[],
  %(ended_at)s::timestamptz[],
  %(collect_by)s::timestamptz[],
  %(code_hashes)s::bytea[]
) as given (
  id,
  state,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash
)
where
  task.id = given.id;

-- name: write_lines
-- Write what was taken out of lines. The caller has locked their tasks, and no line changes without its task locked.
update fulfilment.task_line
set
  refused_units = given.refused_units,
  cancelled_units = given.cancelled_units
from unnest(
  %(task_ids)s::uuid[],
  %(allocation_ids)s::uuid[],
  %(refused_units)s::integer[],
  %(cancelled_units)s::integer[]
) as given (task_id, allocation_id, refused_units, cancelled_units)
where
  task_line.task_id = given.task_id
  and task_line.allocation_id = given.allocation_id;

-- name: read_tasks
-- Tasks by id. Locks nothing.
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash,
  temperature_class
from fulfilment.task
where
  id = any(%(task_ids)s::uuid[])
order by
  id;

-- name: read_tasks_of_orders
-- All tasks of orders, in the order in which they were made. Locks nothing.
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash,
  temperature_class
from fulfilment.task
where
  order_id = any(%(order_ids)s::uuid[])
order by
  order_id,
  id;

-- name: read_movable_tasks
-- The tasks of some orders, those put to sites last: orders to be delivered of which every task stands in some states,
-- none was taken back, refused or claimed in part or whole, and no offer has run out. Locks nothing.
with movable as (
  select
    task.order_id
  from fulfilment.task as task
  where
    task.state in ('offered', 'accepted', 'picking', 'checked', 'packed')
    and task.state = any(%(states)s::text[])
    and task.kind = 'deliver'
    and task.order_id <> all(%(but)s::uuid[])
    and not exists (
      select
      from fulfilment.task as other
      where
        other.order_id = task.order_id
        and (
          other.state <> all(%(states)s::text[])
          or (other.state = 'offered' and other.deadline <= %(now)s::timestamptz)
          or exists (select from fulfilment.withdrawal where withdrawal.task_id = other.id)
          or exists (select from fulfilment.call where call.task_id = other.id)
        )
    )
  group by
    task.order_id
  order by
    max(task.offered_at) desc,
    task.order_id
  limit %(limit)s::integer
)
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash,
  temperature_class
from fulfilment.task
where
  order_id in (select order_id from movable)
order by
  order_id,
  id;

-- name: read_open_tasks
-- The open tasks of sites, the most urgent first. Locks nothing.
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash,
  temperature_class
from fulfilment.task
where
  site_id = any(%(site_ids)s::uuid[])
  and state in ('offered', 'accepted', 'picking', 'checked', 'packed')
order by
  deadline,
  id
limit %(limit)s::integer;

-- name: read_packed_allocations
-- The allocations of SKUs that lie packed at sites. Locks nothing.
select task_line.allocation_id
from fulfilment.task
join fulfilment.task_line on task_line.task_id = task.id
where
  task.site_id = any(%(site_ids)s::uuid[])
  and task.state = 'packed'
  and task_line.sku_id = any(%(sku_ids)s::uuid[]);

-- name: read_open_page
-- A page of open tasks of sites (null: of all), in one state (null: in any), the most urgent first. Locks nothing.
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_by,
  accepted_at,
  picked_at,
  checked_at,
  packed_at,
  ended_at,
  collect_by,
  code_hash,
  temperature_class
from fulfilment.task
where
  state in ('offered', 'accepted', 'picking', 'checked', 'packed')
  and (%(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[]))
  and (%(state)s::text is null or state = %(state)s::text)
  and (
    %(after_deadline)s::timestamptz is null
    or (deadline, id) > (%(after_deadline)s::timestamptz, %(after_id)s::uuid)
  )
order by
  deadline,
  id
limit %(limit)s::integer;

-- name: read_lines
-- The lines of tasks, by task. Locks nothing.
select
  task_id,
  allocation_id,
  line_id,
  leaf_id,
  sku_id,
  units,
  refused_units,
  cancelled_units
from fulfilment.task_line
where
  task_id = any(%(task_ids)s::uuid[])
order by
  task_id,
  allocation_id;

-- name: read_withdrawals
-- What commands took out of tasks, by command. Locks nothing.
select
  id as command_id,
  allocation_id,
  task_id,
  cause,
  reason,
  units,
  counted_units,
  withdrawn_by,
  at,
  ends_task
from fulfilment.withdrawal
where
  id = any(%(command_ids)s::uuid[])
order by
  id,
  allocation_id;

-- name: read_sites_refused
-- For orders, the sites that refused some of their units or let a task lapse, since a moment or ever, and whether it was
-- for want of the goods every time. Locks nothing.
select
  task.order_id,
  task.site_id,
  bool_and(task.state <> 'lapsed' and withdrawal.reason <> 'no_capacity') as for_want_of_goods
from fulfilment.task
left join fulfilment.withdrawal
  on withdrawal.task_id = task.id
  and withdrawal.cause = 'refused'
  and withdrawal.at > coalesce(%(since)s::timestamptz, '-infinity')
where
  task.order_id = any(%(order_ids)s::uuid[])
  and (
    withdrawal.id is not null
    or (
      task.state = 'lapsed'
      and task.ended_at > coalesce(%(since)s::timestamptz, '-infinity')
    )
  )
group by
  task.order_id,
  task.site_id
order by
  task.order_id,
  task.site_id;

-- name: last_cold_offers
-- When sites were put their last work of each cold class. Locks nothing.
select
  site_id,
  temperature_class,
  max(offered_at) as offered_at
from fulfilment.task
where
  site_id = any(%(site_ids)s::uuid[])
  and temperature_class <> 'ambient'
group by
  site_id,
  temperature_class;

-- name: count_tasks
-- How many tasks stand in each state. Reads the whole table and locks nothing.
select
  state,
  count(*) as tasks
from fulfilment.task
group by
  state
order by
  state;

-- name: count_tasks_refused
-- How many tasks sites refused in whole or in part. Reads the whole table and locks nothing.
select
  count(distinct task_id) as tasks
from fulfilment.withdrawal
where
  cause = 'refused';

-- name: orders_of_allocations
-- The orders that allocations were made for, by the tasks they were given to; an allocation without a task is left out.
select distinct
  task_line.allocation_id,
  task.order_id
from fulfilment.task_line as task_line
join fulfilment.task as task on task.id = task_line.task_id
where task_line.allocation_id = any(%(allocation_ids)s::uuid[])

-- name: work_flow
-- How tasks made since an id stand, by site: not answered and of these soon too late, accepted, refused, lapsed, handed
-- over; the median time to accept. Reads the tasks made since. Locks nothing.
select
  site_id,
  count(*) as offered,
  count(*) filter (where state = 'offered') as unanswered,
  count(*) filter (where state = 'offered' and deadline < %(now)s::timestamptz + interval '30 minutes') as ending,
  count(*) filter (where accepted_at is not null) as accepted,
  count(*) filter (where state = 'refused') as refused,
  count(*) filter (where state = 'lapsed') as lapsed,
  count(*) filter (where state = 'handed_over') as handed_over,
  percentile_cont(0.5) within group (order by extract(epoch from accepted_at - offered_at))
    filter (where accepted_at is not null) as answer_seconds
from fulfilment.task
where
  id >= %(since_id)s::uuid
group by
  site_id
order by
  site_id;

-- name: insert_waybills
-- Keep by which numbers carriers know parcels; the first word of each stands. Locks nothing but the new rows.
insert into fulfilment.waybill (task_id, order_id, site_id, tracking_number, handed_over_at)
select task_id, order_id, site_id, tracking_number, handed_over_at
from unnest(
  %(task_ids)s::uuid[], %(order_ids)s::uuid[], %(site_ids)s::uuid[], %(tracking_numbers)s::text[],
  %(handed_over_at)s::timestamptz[]
) as parcel (task_id, order_id, site_id, tracking_number, handed_over_at)
order by task_id
on conflict (task_id) do nothing

-- name: waybills_between
-- Parcels of some sites that carriers took over between two moments, the second not included. Locks nothing.
select task_id, order_id, site_id, tracking_number, handed_over_at
from fulfilment.waybill
where handed_over_at >= %(start)s::timestamptz
  and handed_over_at < %(end)s::timestamptz
  and site_id = any (%(site_ids)s::uuid[])
order by handed_over_at, task_id
