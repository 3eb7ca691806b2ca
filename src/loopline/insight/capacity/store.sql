-- name: days_worked
-- What sites that say how much they do finished on days from one to another, both included, by the day of their zone, and
-- what they had taken before four in the afternoon, that day or the day before, and left. Locks nothing.
with taken as (
  select
    task.site_id,
    task.accepted_at at time zone site.time_zone as taken_at,
    case
      when task.kind = 'collect' then task.packed_at
      when task.state = 'handed_over' then task.ended_at
    end at time zone site.time_zone as done_at,
    case
      when task.state in ('refused', 'lapsed', 'cancelled') then task.ended_at
    end at time zone site.time_zone as gone_at
  from fulfilment.published_tasks as task
  join org.published_site as site on site.id = task.site_id
  where
    task.accepted_at is not null
    and task.day between %(first_day)s::date - 14 and %(last_day)s::date + 1
),
told as (
  select
    taken.site_id,
    taken.done_at::date as day,
    1 as done,
    0 as left_over
  from taken
  where taken.done_at is not null
  union all
  select
    taken.site_id,
    ahead.day,
    0,
    1
  from taken
  cross join lateral (
    select taken.taken_at::date + later.days as day
    from (values (0), (1)) as later (days)
  ) as ahead
  where
    taken.taken_at < ahead.day + interval '16 hours'
    and (taken.done_at is null or taken.done_at >= ahead.day + interval '1 day')
    and (taken.gone_at is null or taken.gone_at >= ahead.day + interval '1 day')
)
select
  told.site_id,
  site_limit.tasks_per_day as stated_per_day,
  told.day,
  sum(told.done)::integer as done,
  sum(told.left_over)::integer as left_over
from told
join fulfilment.published_site_limits as site_limit on site_limit.site_id = told.site_id
where told.day between %(first_day)s::date and %(last_day)s::date
group by
  told.site_id,
  site_limit.tasks_per_day,
  told.day
order by
  told.site_id,
  told.day

-- name: add_version
-- Write a version. Locks the new row.
insert into insight.capacity_version (learnt_at, first_day, last_day, held_back_from)
values (
  %(learnt_at)s::timestamptz,
  %(first_day)s::date,
  %(last_day)s::date,
  %(held_back_from)s::date
)
returning version

-- name: add_sites
-- Write what a version knows of its sites. Locks the new rows, in order of site.
insert into insight.capacity_site (
  version,
  site_id,
  stated_per_day,
  learnt_per_day,
  days,
  full_days,
  held_back_days,
  stated_error,
  learnt_error,
  better_by_error,
  verdict
)
select
  %(version)s::integer,
  given.site_id,
  given.stated_per_day,
  given.learnt_per_day,
  given.days,
  given.full_days,
  given.held_back_days,
  given.stated_error,
  given.learnt_error,
  given.better_by_error,
  given.verdict
from unnest(
  %(site_ids)s::uuid[],
  %(stated)s::integer[],
  %(learnt)s::integer[],
  %(days)s::integer[],
  %(full_days)s::integer[],
  %(held_back_days)s::integer[],
  %(stated_errors)s::double precision[],
  %(learnt_errors)s::double precision[],
  %(better_by_errors)s::double precision[],
  %(verdicts)s::text[]
) as given (
  site_id,
  stated_per_day,
  learnt_per_day,
  days,
  full_days,
  held_back_days,
  stated_error,
  learnt_error,
  better_by_error,
  verdict
)
order by given.site_id

-- name: forget_sites
-- Forget what versions long since replaced knew of their sites. Locks those rows.
delete from insight.capacity_site
where version < %(before)s::integer

-- name: newest_version
-- The version that was learnt last. Locks nothing.
select
  version,
  learnt_at,
  first_day,
  last_day,
  held_back_from
from insight.capacity_version
order by version desc
limit 1

-- name: sites_of_version
-- What a version knows of its sites, as it was learnt. Locks nothing.
select
  site_id,
  stated_per_day,
  learnt_per_day as per_day,
  days,
  full_days,
  held_back_days,
  stated_error,
  learnt_error,
  better_by_error,
  verdict
from insight.capacity_site
where version = %(version)s::integer
order by site_id

-- name: standing
-- What sites (null: all) say, what the last version knows of them, and what holds. Locks nothing.
select
  site_limit.site_id,
  site_limit.tasks_per_day as stated_per_day,
  site_limit.learnt_per_day as lowered_to,
  site_limit.fixed_at,
  site_limit.fixed_by,
  site_limit.fixed_because,
  known.version,
  newest.first_day,
  newest.last_day,
  known.learnt_per_day,
  known.days,
  known.full_days,
  known.held_back_days,
  known.stated_error,
  known.learnt_error,
  known.verdict
from fulfilment.published_site_limits as site_limit
left join (
  select
    version,
    first_day,
    last_day
  from insight.capacity_version
  order by version desc
  limit 1
) as newest on true
left join insight.capacity_site as known on known.version = newest.version and known.site_id = site_limit.site_id
where %(site_ids)s::uuid[] is null or site_limit.site_id = any(%(site_ids)s::uuid[])
order by site_limit.site_id
