-- name: signs_of_sites
-- What sites show where work waits that nobody began, that let offers lapse since a moment, or that are dark. Locks nothing.
with waiting as (
  select
    site_id,
    min(coalesce(accepted_at, offered_at)) as since
  from fulfilment.task
  where
    state in ('offered', 'accepted')
    and (state = 'offered' or kind = 'deliver')
  group by
    site_id
),
lapsed as (
  select
    site_id,
    array_agg(ended_at order by ended_at) as moments
  from fulfilment.task
  where
    state = 'lapsed'
    and ended_at > %(since)s::timestamptz
  group by
    site_id
),
dark as (
  select
    site_id,
    since,
    last_life_at
  from fulfilment.dark_site
  where
    ended_at is null
),
asked as (
  select site_id from waiting
  union
  select site_id from lapsed
  union
  select site_id from dark
)
select
  asked.site_id,
  waiting.since as waits_since,
  coalesce(lapsed.moments, '{}') as lapsed_at,
  greatest(site_seen.seen_at, life.at, lit.at) as last_life_at,
  site_seen.seen_at,
  dark.since as dark_since,
  dark.last_life_at as dark_life_at
from asked
left join waiting on waiting.site_id = asked.site_id
left join lapsed on lapsed.site_id = asked.site_id
left join dark on dark.site_id = asked.site_id
left join fulfilment.site_seen on site_seen.site_id = asked.site_id
left join lateral (
  select
    max(ended_at) as at
  from fulfilment.dark_site
  where
    dark_site.site_id = asked.site_id
) as lit on true
left join lateral (
  select
    max(act.at) as at
  from (
    select
      greatest(task.accepted_at, task.picked_at, task.checked_at, task.packed_at) as at
    from fulfilment.task
    where
      task.site_id = asked.site_id
      and task.state in ('offered', 'accepted', 'picking', 'checked', 'packed')
    union all
    select
      withdrawal.at
    from fulfilment.task
    join fulfilment.withdrawal on withdrawal.task_id = task.id
    where
      task.site_id = asked.site_id
      and task.state in ('offered', 'accepted', 'picking', 'checked', 'packed')
      and withdrawal.cause = 'refused'
    union all
    select
      greatest(
        task.accepted_at,
        task.picked_at,
        task.checked_at,
        task.packed_at,
        case when task.state in ('refused', 'handed_over') then task.ended_at end
      )
    from fulfilment.task
    where
      task.site_id = asked.site_id
      and task.ended_at > %(since)s::timestamptz
  ) as act (at)
) as life on true
order by
  asked.site_id;

-- name: waiting_tasks
-- Tasks that sites have not begun, by id. Locks nothing.
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
  and state in ('offered', 'accepted')
order by
  id
limit %(limit)s::integer;

-- name: begin_dark
-- Keep that sites are dark; those that are already stay as they are. Locks nothing but the new rows.
insert into fulfilment.dark_site (
  site_id,
  since,
  why,
  lapsed,
  silent_minutes,
  last_life_at
)
select
  found.site_id,
  found.since,
  found.why,
  found.lapsed,
  found.silent_minutes,
  found.last_life_at
from unnest(
  %(site_ids)s::uuid[],
  %(sinces)s::timestamptz[],
  %(whys)s::text[],
  %(lapsed)s::integer[],
  %(silent_minutes)s::integer[],
  %(last_life_at)s::timestamptz[]
) as found (site_id, since, why, lapsed, silent_minutes, last_life_at)
order by
  found.site_id
on conflict do nothing;

-- name: end_dark
-- Keep that sites are dark no more. Locks their rows by site.
with dark as materialized (
  select
    site_id,
    since
  from fulfilment.dark_site
  where
    site_id = any(%(site_ids)s::uuid[])
    and ended_at is null
  order by
    site_id
  for update
)
update fulfilment.dark_site
set
  ended_at = greatest(dark.since, %(now)s::timestamptz)
from dark
where
  dark_site.site_id = dark.site_id
  and dark_site.since = dark.since;

-- name: note_moved
-- Count tasks that went elsewhere from dark sites. Locks their rows by site.
with dark as materialized (
  select
    dark_site.site_id,
    dark_site.since,
    moved.tasks
  from fulfilment.dark_site
  join unnest(
    %(site_ids)s::uuid[],
    %(counts)s::integer[]
  ) as moved (site_id, tasks) on moved.site_id = dark_site.site_id
  where
    dark_site.ended_at is null
  order by
    dark_site.site_id
  for update of dark_site
)
update fulfilment.dark_site
set
  moved_tasks = dark_site.moved_tasks + dark.tasks
from dark
where
  dark_site.site_id = dark.site_id
  and dark_site.since = dark.since;

-- name: dark_sites
-- The sites that are dark, by id. Locks nothing.
select
  site_id,
  since,
  why,
  lapsed,
  silent_minutes,
  last_life_at,
  moved_tasks
from fulfilment.dark_site
where
  ended_at is null
order by
  site_id;

-- name: dark_work
-- The sites that are dark, with their open tasks and how many of these are begun; dark for longest first. Locks nothing.
select
  dark_site.site_id,
  dark_site.since,
  dark_site.why,
  dark_site.lapsed,
  dark_site.silent_minutes,
  dark_site.last_life_at,
  dark_site.moved_tasks,
  kept.open_tasks,
  kept.begun_tasks
from fulfilment.dark_site
cross join lateral (
  select
    count(*) as open_tasks,
    count(*) filter (where task.state in ('picking', 'checked', 'packed')) as begun_tasks
  from fulfilment.task
  where
    task.site_id = dark_site.site_id
    and task.state in ('offered', 'accepted', 'picking', 'checked', 'packed')
) as kept
where
  dark_site.ended_at is null
order by
  dark_site.since,
  dark_site.site_id;

-- name: note_seen
-- Keep when somebody was last at work at a site. Locks its row.
insert into fulfilment.site_seen as known (
  site_id,
  seen_at
)
values (
  %(site_id)s::uuid,
  %(now)s::timestamptz
)
on conflict (site_id) do update
set
  seen_at = excluded.seen_at
where
  known.seen_at < excluded.seen_at;
