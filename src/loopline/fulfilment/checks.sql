-- name: capacity_equals_its_tasks
-- Sites' days whose held or confirmed is not the number of tasks that use them. Locks nothing.
with used as (
  select
    site_id,
    day,
    count(*) filter (where state = 'offered') as held,
    count(*) filter (
      where state in ('accepted', 'picking', 'checked', 'packed', 'handed_over', 'not_collected')
    ) as confirmed
  from fulfilment.task
  group by
    site_id,
    day
)
select
  'site ' || coalesce(capacity.site_id, used.site_id) || ' on ' || coalesce(capacity.day, used.day) as subject,
  format('%%s held, %%s confirmed', coalesce(capacity.held, 0), coalesce(capacity.confirmed, 0)) as found,
  format('%%s held, %%s confirmed', coalesce(used.held, 0), coalesce(used.confirmed, 0)) as expected,
  format(
    'insert into fulfilment.capacity (site_id, day, held, confirmed) values (%%L, %%L, %%s, %%s)'
    ' on conflict (site_id, day) do update set held = excluded.held, confirmed = excluded.confirmed',
    coalesce(capacity.site_id, used.site_id),
    coalesce(capacity.day, used.day),
    coalesce(used.held, 0),
    coalesce(used.confirmed, 0)
  ) as repair
from fulfilment.capacity
full join used on used.site_id = capacity.site_id and used.day = capacity.day
where
  (coalesce(capacity.held, 0), coalesce(capacity.confirmed, 0))
  is distinct from (coalesce(used.held, 0), coalesce(used.confirmed, 0))
order by
  1;

-- name: withdrawn_units_equal_records
-- Task lines whose refused or cancelled units are not the sum of what commands took out of them. Locks nothing.
with taken as (
  select
    task_id,
    allocation_id,
    coalesce(sum(units) filter (where cause = 'refused'), 0) as refused_units,
    coalesce(sum(units) filter (where cause = 'cancelled'), 0) as cancelled_units
  from fulfilment.withdrawal
  group by
    task_id,
    allocation_id
)
select
  coalesce(task_line.allocation_id, taken.allocation_id)::text as subject,
  format('%%s refused, %%s cancelled', task_line.refused_units, task_line.cancelled_units) as found,
  format(
    '%%s refused, %%s cancelled',
    coalesce(taken.refused_units, 0),
    coalesce(taken.cancelled_units, 0)
  ) as expected,
  format(
    'update fulfilment.task_line set refused_units = %%s, cancelled_units = %%s'
    ' where task_id = %%L and allocation_id = %%L',
    coalesce(taken.refused_units, 0),
    coalesce(taken.cancelled_units, 0),
    coalesce(task_line.task_id, taken.task_id),
    coalesce(task_line.allocation_id, taken.allocation_id)
  ) as repair
from fulfilment.task_line
full join taken on taken.task_id = task_line.task_id and taken.allocation_id = task_line.allocation_id
where
  (task_line.refused_units, task_line.cancelled_units)
  is distinct from (coalesce(taken.refused_units, 0)::integer, coalesce(taken.cancelled_units, 0)::integer)
order by
  1;

-- name: open_task_has_units_left
-- Tasks that stand open or were handed over with no units left in them. Locks nothing.
select
  task.id::text as subject,
  task.state || ' with no units left' as found,
  'cancelled, or units left' as expected,
  format('update fulfilment.task set state = ''cancelled'', ended_at = coalesce(ended_at, now()) where id = %%L', task.id)
    as repair
from fulfilment.task
left join lateral (
  select sum(task_line.units - task_line.refused_units - task_line.cancelled_units) as left_units
  from fulfilment.task_line
  where
    task_line.task_id = task.id
) as line on true
where
  task.state not in ('refused', 'cancelled')
  and coalesce(line.left_units, 0) = 0
order by
  task.id;

-- name: withdrawn_task_has_none_left
-- Tasks that were refused or cancelled as a whole and still have units in them. Locks nothing.
select
  task.id::text as subject,
  format('%%s with %%s units left', task.state, sum(task_line.units - task_line.refused_units - task_line.cancelled_units))
    as found,
  'no units left' as expected,
  format(
    'insert into fulfilment.withdrawal (id, allocation_id, task_id, cause, units, at, ends_task)'
    ' select gen_random_uuid(), allocation_id, task_id, ''cancelled'', units - refused_units - cancelled_units,'
    ' now(), true from fulfilment.task_line where task_id = %%L and units > refused_units + cancelled_units;'
    ' update fulfilment.task_line set cancelled_units = units - refused_units where task_id = %%L',
    task.id,
    task.id
  ) as repair
from fulfilment.task
join fulfilment.task_line on task_line.task_id = task.id
where
  task.state in ('refused', 'cancelled')
group by
  task.id
having
  sum(task_line.units - task_line.refused_units - task_line.cancelled_units) > 0
order by
  task.id;

-- name: allocation_is_in_one_task
-- Allocations that two tasks, open or handed over, would both send. Locks nothing.
select
  task_line.allocation_id::text as subject,
  count(*) || ' tasks' as found,
  'one task' as expected,
  format(
    'insert into fulfilment.withdrawal (id, allocation_id, task_id, cause, units, at, ends_task)'
    ' select gen_random_uuid(), allocation_id, task_id, ''cancelled'', units - refused_units - cancelled_units,'
    ' now(), false from fulfilment.task_line where task_id = %%L and allocation_id = %%L;'
    ' update fulfilment.task_line set cancelled_units = units - refused_units'
    ' where task_id = %%L and allocation_id = %%L',
    (array_agg(task.id order by task.state = 'handed_over', task.id desc))[1],
    task_line.allocation_id,
    (array_agg(task.id order by task.state = 'handed_over', task.id desc))[1],
    task_line.allocation_id
  ) as repair
from fulfilment.task_line
join fulfilment.task on task.id = task_line.task_id
where
  task.state in ('offered', 'accepted', 'picking', 'checked', 'packed', 'handed_over')
  and task_line.units > task_line.refused_units + task_line.cancelled_units
group by
  task_line.allocation_id
having
  count(*) > 1
order by
  task_line.allocation_id;

-- name: task_line_has_its_task
-- Lines of tasks that are not there. Locks nothing.
select
  task_line.task_id::text as subject,
  count(*) || ' lines' as found,
  'the row of their task' as expected,
  format('delete from fulfilment.task_line where task_id = %%L', task_line.task_id) as repair
from fulfilment.task_line
left join fulfilment.task on task.id = task_line.task_id
where
  task.id is null
group by
  task_line.task_id
order by
  task_line.task_id;

-- name: claimed_call_has_its_task
-- Calls that a site claimed without a task of that order at that site. That a task is of one call, an index keeps.
-- Locks nothing.
select
  'call ' || call.id as subject,
  case
    when task.id is null then 'no task'
    else format('a task of order %%s at site %%s', task.order_id, task.site_id)
  end as found,
  format('a task of order %%s at site %%s', call.order_id, call.site_id) as expected,
  format(
    'update fulfilment.call set state = ''withdrawn'', site_id = null, task_id = null, claimed_by = null where id = %%L',
    call.id
  ) as repair
from fulfilment.call
left join fulfilment.task on task.id = call.task_id
where
  call.state = 'claimed'
  and (task.order_id, task.site_id) is distinct from (call.order_id, call.site_id)
order by
  call.id;

-- name: call_is_put_to_sites
-- Open calls that nobody may claim, or that are for nothing. Locks nothing.
select
  'call ' || call.id as subject,
  format('%%s sites, %%s lines', coalesce(sites.count, 0), coalesce(lines.count, 0)) as found,
  'sites and lines' as expected,
  format('update fulfilment.call set state = ''withdrawn'', ended_at = now() where id = %%L', call.id) as repair
from fulfilment.call
left join lateral (
  select count(*) as count
  from fulfilment.call_site
  where
    call_site.call_id = call.id
) as sites on true
left join lateral (
  select count(*) as count
  from fulfilment.call_line
  where
    call_line.call_id = call.id
) as lines on true
where
  call.state = 'open'
  and (sites.count = 0 or lines.count = 0)
order by
  call.id;

-- name: waiting_pay_follows_what_came_back
-- Pay for waiting that counts more rounds than work for the same lines had come back from before it was fixed, or that
-- waits from when none of that work was put to anybody. Locks nothing.
with works as (
  select
    task.order_id,
    task_line.line_id,
    task.id as work_id,
    task.offered_at as asked_at,
    task.kind = 'deliver' and (task.state = 'lapsed' or task_line.refused_units > 0) as came_back
  from fulfilment.task as task
  join fulfilment.task_line as task_line on task_line.task_id = task.id
  where task.order_id in (select waiting_pay.order_id from fulfilment.waiting_pay as waiting_pay)
  union all
  select
    call.order_id,
    call_line.line_id,
    call.id,
    call.opened_at,
    call.state = 'lapsed'
  from fulfilment.call as call
  join fulfilment.call_line as call_line on call_line.call_id = call.id
  where call.order_id in (select waiting_pay.order_id from fulfilment.waiting_pay as waiting_pay)
)
select
  'waiting pay of ' || pay.work_id || ' at site ' || pay.site_id as subject,
  pay.rounds || ' rounds since ' || pay.since as found,
  before.rounds || ' rounds' || coalesce(' since ' || before.since, '') as expected,
  'delete from fulfilment.waiting_pay where work_id = ' || quote_literal(pay.work_id) || ' and site_id = '
    || quote_literal(pay.site_id) as repair
from fulfilment.waiting_pay as pay
cross join lateral (
  select
    count(distinct earlier.work_id) as rounds,
    min(earlier.asked_at) as since,
    coalesce(bool_or(earlier.asked_at = pay.since), false) as has_begun
  from works as own
  join works as earlier
    on earlier.order_id = pay.order_id
    and earlier.line_id = own.line_id
    and earlier.came_back
    and earlier.asked_at < pay.fixed_at
  where own.work_id = pay.work_id
) as before
where pay.rounds > before.rounds or not before.has_begun
order by
  1;

-- name: round_picks_at_its_site
-- Tasks that are picked in a round of another site. Locks nothing.
select
  'task ' || task.id as subject,
  format('in round %%s of site %%s', round.id, round.site_id) as found,
  format('in a round of site %%s, or in none', task.site_id) as expected,
  format(
    'update fulfilment.round_task set left_at = now() where round_id = %%L and task_id = %%L',
    round.id,
    task.id
  ) as repair
from fulfilment.round_task
join fulfilment.round on round.id = round_task.round_id
join fulfilment.task on task.id = round_task.task_id
where
  round_task.left_at is null
  and task.site_id <> round.site_id
order by
  task.id;

-- name: sent_goods_have_their_photo
-- Goods that left though they needed a photo and had neither one nor a reason why there is none. Locks nothing.
select
  'task ' || photo_point.task_id || ' line ' || photo_point.allocation_id as subject,
  'handed over without a photo' as found,
  'a photo, or the reason why there is none' as expected,
  format(
    'update fulfilment.photo_point set demand = ''asked'' where task_id = %%L and allocation_id = %%L',
    photo_point.task_id,
    photo_point.allocation_id
  ) as repair
from fulfilment.photo_point
join fulfilment.task on task.id = photo_point.task_id
join fulfilment.task_line
  on task_line.task_id = photo_point.task_id
  and task_line.allocation_id = photo_point.allocation_id
where
  task.state = 'handed_over'
  and photo_point.demand = 'required'
  and photo_point.waived_reason is null
  and task_line.units > task_line.refused_units + task_line.cancelled_units
  and not exists (
    select
    from fulfilment.photo
    where
      photo.task_id = photo_point.task_id
      and photo.allocation_id = photo_point.allocation_id
  )
order by
  photo_point.task_id,
  photo_point.allocation_id;

-- name: photo_is_of_a_line
-- Photos, and wishes for one, of lines that no task has. Locks nothing.
select
  'task ' || stray.task_id || ' line ' || stray.allocation_id as subject,
  stray.what || ' of no line' as found,
  'of a line of the task' as expected,
  format(
    'delete from fulfilment.%%I where task_id = %%L and allocation_id = %%L',
    stray.what,
    stray.task_id,
    stray.allocation_id
  ) as repair
from (
  select 'photo' as what, task_id, allocation_id from fulfilment.photo
  union
  select 'photo_point' as what, task_id, allocation_id from fulfilment.photo_point
) as stray
where
  not exists (
    select
    from fulfilment.task_line
    where
      task_line.task_id = stray.task_id
      and task_line.allocation_id = stray.allocation_id
  )
order by
  1,
  2;
