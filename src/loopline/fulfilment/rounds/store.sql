-- name: insert_round
-- Begin a round; the first word of its id stands. Locks nothing but the new row.
insert into fulfilment.round (id, site_id, picker_id, begun_at)
values (%(round_id)s::uuid, %(site_id)s::uuid, %(picker_id)s::uuid, %(now)s::timestamptz)
on conflict (id) do nothing

-- name: insert_round_tasks
-- Put tasks into the boxes of a round. The caller has locked the tasks and seen that no round has them.
insert into fulfilment.round_task (round_id, task_id, box)
select %(round_id)s::uuid, given.task_id, given.box
from unnest(%(task_ids)s::uuid[], %(boxes)s::integer[]) as given (task_id, box)
order by given.task_id

-- name: lock_round
-- A round by id. Locks it.
select
  id as round_id,
  site_id,
  picker_id,
  begun_at,
  taken_over_at
from fulfilment.round
where
  id = %(round_id)s::uuid
for update

-- name: read_round
-- A round by id. Locks nothing.
select
  id as round_id,
  site_id,
  picker_id,
  begun_at,
  taken_over_at
from fulfilment.round
where
  id = %(round_id)s::uuid

-- name: change_picker
-- Give a round to another picker. The caller has locked it.
update fulfilment.round
set
  picker_id = %(picker_id)s::uuid,
  taken_over_at = %(now)s::timestamptz
where
  id = %(round_id)s::uuid

-- name: read_round_tasks
-- The tasks in a round, by box; what was put back is left out. Locks nothing.
select
  round_id,
  task_id,
  box
from fulfilment.round_task
where
  round_id = %(round_id)s::uuid
  and left_at is null
order by
  box

-- name: read_rounds_of_tasks
-- The rounds in which tasks are picked; a task in none is left out. Locks nothing.
select
  round_id,
  task_id,
  box
from fulfilment.round_task
where
  task_id = any(%(task_ids)s::uuid[])
  and left_at is null
order by
  task_id

-- name: read_pickers_of_tasks
-- Who picks tasks in rounds; a task in none is left out. Locks nothing.
select
  round_task.task_id,
  round.id as round_id,
  round.picker_id
from fulfilment.round_task
join fulfilment.round on round.id = round_task.round_id
where
  round_task.task_id = any(%(task_ids)s::uuid[])
  and round_task.left_at is null
order by
  round_task.task_id

-- name: leave_round
-- Take tasks out of a round. The caller has locked it.
update fulfilment.round_task
set
  left_at = %(now)s::timestamptz
where
  round_id = %(round_id)s::uuid
  and task_id = any(%(task_ids)s::uuid[])
  and left_at is null

-- name: rounds_under_way
-- The rounds of a site of which a task is still to be picked or packed, or (`packed_too`) given to the carrier, the
-- latest first. Locks nothing.
select distinct
  round.id as round_id,
  round.site_id,
  round.picker_id,
  round.begun_at,
  round.taken_over_at
from fulfilment.task
join fulfilment.round_task on round_task.task_id = task.id and round_task.left_at is null
join fulfilment.round on round.id = round_task.round_id
where
  task.site_id = %(site_id)s::uuid
  and (
    task.state in ('accepted', 'picking', 'checked')
    or (%(packed_too)s::boolean and task.state = 'packed' and task.kind = 'deliver')
  )
order by
  round.id desc

-- name: tasks_to_choose
-- The accepted tasks of a site that are in no round. Locks nothing.
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
left join fulfilment.round_task on round_task.task_id = task.id and round_task.left_at is null
where
  task.site_id = %(site_id)s::uuid
  and task.state = 'accepted'
  and round_task.task_id is null
order by
  task.deadline,
  task.id
limit %(limit)s::integer

-- name: write_boxed
-- Keep what lies in boxes; what was seen later stands. The caller has locked the round.
insert into fulfilment.boxed as known (round_id, allocation_id, units, boxed_at, boxed_by)
select %(round_id)s::uuid, given.allocation_id, given.units, given.boxed_at, %(boxed_by)s::uuid
from unnest(
  %(allocation_ids)s::uuid[],
  %(units)s::integer[],
  %(moments)s::timestamptz[]
) as given (allocation_id, units, boxed_at)
order by given.allocation_id
on conflict (round_id, allocation_id) do update
set
  units = excluded.units,
  boxed_at = excluded.boxed_at,
  boxed_by = excluded.boxed_by
where
  known.boxed_at < excluded.boxed_at

-- name: read_boxed
-- What lies in the boxes of a round. Locks nothing.
select
  allocation_id,
  units,
  boxed_at
from fulfilment.boxed
where
  round_id = %(round_id)s::uuid
order by
  allocation_id

-- name: read_known_shorts
-- Which of these ids were said before. Locks nothing.
select id
from fulfilment.round_short
where
  id = any(%(ids)s::uuid[])
order by
  id

-- name: insert_shorts
-- Keep what was said to be missing. The caller has locked the round.
insert into fulfilment.round_short (id, round_id, sku_id, units, reason, said_at, said_by)
select given.id, %(round_id)s::uuid, given.sku_id, given.units, given.reason, %(now)s::timestamptz, %(said_by)s::uuid
from unnest(
  %(ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(units)s::integer[],
  %(reasons)s::text[]
) as given (id, sku_id, units, reason)
order by given.id
