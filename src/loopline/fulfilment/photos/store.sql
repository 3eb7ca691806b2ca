-- name: photo_rules
-- What asks for a photo. Locks nothing.
select
  cause,
  category,
  demand,
  from_minor,
  set_at,
  set_by
from fulfilment.photo_rule
order by
  cause,
  category nulls first

-- name: set_photo_rules
-- Say what causes ask for; a later word replaces an earlier one. Locks the rows it changes, in order of cause and category.
insert into fulfilment.photo_rule (cause, category, demand, from_minor, set_at, set_by)
select given.cause, given.category, given.demand, given.from_minor, %(now)s::timestamptz, %(by)s::text
from unnest(%(causes)s::text[], %(categories)s::text[], %(demands)s::text[], %(from_minors)s::bigint[])
  as given (cause, category, demand, from_minor)
order by given.cause, given.category
on conflict on constraint photo_rule_key do update
set
  demand = excluded.demand,
  from_minor = excluded.from_minor,
  set_at = excluded.set_at,
  set_by = excluded.set_by

-- name: drop_photo_rules
-- Forget what was said of categories. Locks the rows it deletes.
delete from fulfilment.photo_rule
using unnest(%(causes)s::text[], %(categories)s::text[]) as given (cause, category)
where
  photo_rule.cause = given.cause
  and photo_rule.category = given.category

-- name: insert_points
-- Keep which photos are asked of lines; the first word stands. The caller has locked their tasks.
insert into fulfilment.photo_point (task_id, allocation_id, causes, demand)
select given.task_id, given.allocation_id, string_to_array(given.causes, ' '), given.demand
from unnest(%(task_ids)s::uuid[], %(allocation_ids)s::uuid[], %(causes)s::text[], %(demands)s::text[])
  as given (task_id, allocation_id, causes, demand)
order by given.task_id, given.allocation_id
on conflict on constraint photo_point_key do nothing

-- name: points_of_tasks
-- The photos that were asked of lines of tasks. Locks nothing.
select
  task_id,
  allocation_id,
  causes,
  demand,
  waived_reason,
  waived_by,
  waived_at
from fulfilment.photo_point
where
  task_id = any(%(task_ids)s::uuid[])
order by
  task_id,
  allocation_id

-- name: lacking_tasks
-- Tasks of which goods are left that need a photo and have neither one nor a reason why there is none. Locks nothing.
select distinct photo_point.task_id
from fulfilment.photo_point
join fulfilment.task_line
  on task_line.task_id = photo_point.task_id
  and task_line.allocation_id = photo_point.allocation_id
where
  photo_point.task_id = any(%(task_ids)s::uuid[])
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

-- name: waive_points
-- Keep why there is no photo of lines; the later word stands. The caller has locked their tasks.
update fulfilment.photo_point
set
  waived_reason = given.reason,
  waived_by = given.waived_by,
  waived_at = %(now)s::timestamptz
from unnest(%(task_ids)s::uuid[], %(allocation_ids)s::uuid[], %(reasons)s::text[], %(waived_by)s::text[])
  as given (task_id, allocation_id, reason, waived_by)
where
  photo_point.task_id = given.task_id
  and photo_point.allocation_id = given.allocation_id

-- name: insert_photos
-- Keep photos of lines. The caller has locked their tasks and knows that the ids are new.
insert into fulfilment.photo (
  id, task_id, allocation_id, taken_at, taken_by, kept_at, media_type, width, height, sent_hash, content
)
select
  given.id,
  given.task_id,
  given.allocation_id,
  given.taken_at,
  given.taken_by,
  %(now)s::timestamptz,
  given.media_type,
  given.width,
  given.height,
  given.sent_hash,
  given.content
from unnest(
  %(ids)s::uuid[],
  %(task_ids)s::uuid[],
  %(allocation_ids)s::uuid[],
  %(taken_at)s::timestamptz[],
  %(taken_by)s::text[],
  %(media_types)s::text[],
  %(widths)s::integer[],
  %(heights)s::integer[],
  %(sent_hashes)s::bytea[],
  %(contents)s::bytea[]
) as given (
  id, task_id, allocation_id, taken_at, taken_by, media_type, width, height, sent_hash, content
)
order by given.id

-- name: sent_hashes
-- What was sent under ids, by the hash of it, and of which lines it is. Locks nothing.
select
  id,
  task_id,
  allocation_id,
  sent_hash
from fulfilment.photo
where
  id = any(%(ids)s::uuid[])

-- name: photos_of_tasks
-- The photos of tasks without their content, in the order in which they were taken. Locks nothing.
select
  id,
  task_id,
  allocation_id,
  taken_at,
  taken_by,
  kept_at,
  width,
  height,
  forgotten_at is not null as is_forgotten
from fulfilment.photo
where
  task_id = any(%(task_ids)s::uuid[])
order by
  taken_at,
  id

-- name: photo_content
-- What a photo shows; one that was forgotten shows nothing. Locks nothing.
select
  task_id,
  media_type,
  content
from fulfilment.photo
where
  id = %(id)s::uuid
  and content is not null

-- name: forget_old
-- Let go of what photos show whose time is over, the oldest first. Locks those it changes; passes over what others hold.
update fulfilment.photo
set
  content = null,
  forgotten_at = %(now)s::timestamptz
where
  id in (
    select id
    from fulfilment.photo
    where
      content is not null
      and kept_at < %(before)s::timestamptz
    order by kept_at, id
    limit %(limit)s::bigint
    for update skip locked
  )

-- name: forget_of_orders
-- Let go of what photos of orders show. Locks those it changes.
update fulfilment.photo
set
  content = null,
  forgotten_at = %(now)s::timestamptz
from fulfilment.task
where
  task.id = photo.task_id
  and task.order_id = any(%(order_ids)s::uuid[])
  and photo.content is not null

-- name: photos_lately
-- Of how many lines of parcels that left sites since a moment a photo was needed, of how many there is one, and of how many
-- there is none for which reason; `sites` null: of all sites. Of tasks before `first_task` nothing is read. Locks nothing.
select
  photo_point.demand,
  case when photo.has_one then null else photo_point.waived_reason end as why_none,
  photo.has_one,
  count(*) as lines
from fulfilment.photo_point
join fulfilment.task on task.id = photo_point.task_id
cross join lateral (
  select
    exists (
      select
      from fulfilment.photo
      where
        photo.task_id = photo_point.task_id
        and photo.allocation_id = photo_point.allocation_id
    ) as has_one
) as photo
where
  photo_point.task_id >= %(first_task)s::uuid
  and task.state = 'handed_over'
  and task.ended_at >= %(since)s::timestamptz
  and (%(sites)s::uuid[] is null or task.site_id = any(%(sites)s::uuid[]))
group by
  1,
  2,
  3
order by
  1,
  3 desc,
  2
