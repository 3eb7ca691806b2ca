-- name: what_came_back
-- What of orders was put to sites and came back, a row for each line, in the order of asking. Locks nothing.
select
  task.order_id,
  task_line.line_id,
  task.id as work_id,
  task.offered_at as asked_at,
  array[task.site_id] as site_ids,
  false as was_called
from fulfilment.task as task
join fulfilment.task_line as task_line on task_line.task_id = task.id
where
  task.order_id = any(%(order_ids)s::uuid[])
  and task.kind = 'deliver'
  and (task.state = 'lapsed' or task_line.refused_units > 0)
union
select
  call.order_id,
  call_line.line_id,
  call.id as work_id,
  call.opened_at as asked_at,
  array(
    select call_site.site_id
    from fulfilment.call_site as call_site
    where call_site.call_id = call.id
    order by call_site.site_id
  ) as site_ids,
  true as was_called
from fulfilment.call as call
join fulfilment.call_line as call_line on call_line.call_id = call.id
where
  call.order_id = any(%(order_ids)s::uuid[])
  and call.state = 'lapsed'
order by
  asked_at,
  work_id,
  line_id;

-- name: add_waiting_pay
-- Keep what new tasks and calls pay sites on top. Locks nothing but the new rows.
insert into fulfilment.waiting_pay (
  work_id,
  site_id,
  order_id,
  profile_version,
  since,
  rounds,
  extra_minor,
  most_percent,
  fixed_at
)
select
  given.work_id,
  given.site_id,
  given.order_id,
  given.profile_version,
  given.since,
  given.rounds,
  given.extra_minor,
  given.most_percent,
  %(now)s::timestamptz
from unnest(
  %(work_ids)s::uuid[],
  %(site_ids)s::uuid[],
  %(order_ids)s::uuid[],
  %(profile_versions)s::integer[],
  %(sinces)s::timestamptz[],
  %(rounds)s::smallint[],
  %(extras_minor)s::bigint[],
  %(most_percents)s::integer[]
) as given (work_id, site_id, order_id, profile_version, since, rounds, extra_minor, most_percent)
order by
  given.work_id,
  given.site_id;

-- name: carry_waiting_pay
-- Let tasks that came of calls pay what the call did to the site that claimed it. Locks nothing but the new rows.
insert into fulfilment.waiting_pay (
  work_id,
  site_id,
  order_id,
  profile_version,
  since,
  rounds,
  extra_minor,
  most_percent,
  fixed_at
)
select
  given.task_id,
  pay.site_id,
  pay.order_id,
  pay.profile_version,
  pay.since,
  pay.rounds,
  pay.extra_minor,
  pay.most_percent,
  pay.fixed_at
from unnest(
  %(call_ids)s::uuid[],
  %(task_ids)s::uuid[],
  %(site_ids)s::uuid[]
) as given (call_id, task_id, site_id)
join fulfilment.waiting_pay as pay on pay.work_id = given.call_id and pay.site_id = given.site_id
order by
  given.task_id;

-- name: waiting_pay_of
-- What tasks and calls pay sites on top, and why. Locks nothing.
select
  work_id,
  site_id,
  order_id,
  profile_version,
  since,
  rounds,
  extra_minor,
  most_percent
from fulfilment.waiting_pay
where
  work_id = any(%(work_ids)s::uuid[])
order by
  work_id,
  site_id;
