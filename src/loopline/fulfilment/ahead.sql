-- name: ordinary_limits
-- How many tasks sites are given on ordinary days: what they say, or less where that was learnt. Locks nothing.
select
  site_limit.site_id,
  least(site_limit.tasks_per_day, learnt_limit.tasks_per_day) as tasks_per_day
from fulfilment.site_limit
left join fulfilment.learnt_limit on learnt_limit.site_id = site_limit.site_id
order by site_limit.site_id

-- name: days_ahead
-- Sites' days from one on that have something to say, of some sites or of all (null): a limit of their own, or tasks.
-- Locks nothing.
select
  site_id,
  day,
  tasks_limit,
  held + confirmed as tasks,
  filled_limit
from fulfilment.capacity
where
  day >= %(since)s::date
  and (%(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[]))
order by site_id, day
