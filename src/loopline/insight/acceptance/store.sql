-- name: offers_made
-- The offers of business days from one to another, both included, in order of being made, at most the latest so many:
-- what they were like, and what came of them. `ended`: when a place in the site's day became free again, if it did.
-- `answered`: null while the time to answer is not over (those who answer quickly mostly accept), where we took the offer
-- back before the site said anything, and of what a site claimed: nobody counts the sites that let it be. `rounds`: how
-- often work of the order had come back from others when it was offered; `extra_minor`: what it paid on top. Locks nothing.
select
  made.site_id,
  made.day,
  extract(hour from made.offered_at at time zone made.time_zone)::integer as hour,
  extract(isodow from made.offered_at at time zone made.time_zone)::integer as weekday,
  extract(epoch from made.offered_at)::double precision as offered,
  extract(epoch from case when made.state in ('refused', 'lapsed', 'cancelled') then made.ended_at end)::double precision as ended,
  extract(epoch from case
    when made.deadline > %(now)s::timestamptz or made.was_claimed then null
    when made.accepted_at is not null then made.accepted_at
    when made.state in ('refused', 'lapsed') then made.ended_at
  end)::double precision as answered,
  made.accepted_at is not null as accepted,
  made.kind = 'collect' as is_collected,
  (back.tasks + back.calls)::integer as rounds,
  coalesce(pay.extra_minor, 0)::bigint as extra_minor,
  coalesce(content.units, 0)::integer as units,
  coalesce(content.value_minor, 0)::bigint as value_minor,
  made.longitude::double precision as longitude,
  made.latitude::double precision as latitude,
  destination.longitude::double precision as to_longitude,
  destination.latitude::double precision as to_latitude
from (
  select
    task.task_id,
    task.order_id,
    task.site_id,
    task.day,
    task.kind,
    task.state,
    task.offered_at,
    task.deadline,
    task.accepted_at,
    task.ended_at,
    site.time_zone,
    site.longitude,
    site.latitude,
    call.task_id is not null as was_claimed
  from fulfilment.published_tasks as task
  join org.published_site as site on site.id = task.site_id
  left join fulfilment.published_calls as call on call.task_id = task.task_id
  where task.day between %(first_day)s::date and %(last_day)s::date
  order by task.offered_at desc, task.task_id desc
  limit %(most)s::bigint
) as made
left join lateral (
  select
    sum(part.units) as units,
    sum(line.amount_minor * part.units / line.units) as value_minor
  from fulfilment.published_task_lines as part
  join orders.published_lines as line on line.order_id = part.order_id and line.line_id = part.line_id
  where part.task_id = made.task_id and line.units > 0
) as content on true
left join fulfilment.published_waiting_pay as pay on pay.work_id = made.task_id and pay.site_id = made.site_id
cross join lateral (
  select
    (
      select count(*)
      from fulfilment.published_tasks as before
      where
        before.order_id = made.order_id
        and before.task_id <> made.task_id
        and before.kind = 'deliver'
        and (
          (before.state = 'lapsed' and before.ended_at <= made.offered_at)
          or exists (
            select 1
            from fulfilment.published_withdrawals as withdrawal
            where withdrawal.task_id = before.task_id and withdrawal.cause = 'refused' and withdrawal.at <= made.offered_at
          )
        )
    ) as tasks,
    (
      select count(*)
      from fulfilment.published_calls as before
      where before.order_id = made.order_id and before.state = 'lapsed' and before.ended_at <= made.offered_at
    ) as calls
) as back
left join orders.published_destinations as destination
  on destination.order_id = made.order_id and made.kind = 'deliver'
order by made.offered_at, made.task_id

-- name: add_version
-- Write a version. Locks the new row.
insert into insight.acceptance_version (
  learnt_at,
  first_day,
  last_day,
  held_back_from,
  offers,
  prior_probability,
  prior_offers,
  prior_minutes,
  trees,
  minute_trees,
  measures
)
values (
  %(learnt_at)s::timestamptz,
  %(first_day)s::date,
  %(last_day)s::date,
  %(held_back_from)s::date,
  %(offers)s::integer,
  %(prior_probability)s::double precision,
  %(prior_offers)s::double precision,
  %(prior_minutes)s::double precision,
  %(trees)s::text,
  %(minute_trees)s::text,
  %(measures)s::jsonb
)
returning version

-- name: add_sites
-- Write what a version knows of its sites. Locks the new rows, in order of site.
insert into insight.acceptance_site (
  version,
  site_id,
  offers,
  accepted,
  answered_minutes,
  kilometres,
  value_minor,
  units
)
select
  %(version)s::integer,
  given.site_id,
  given.offers,
  given.accepted,
  given.answered_minutes,
  given.kilometres,
  given.value_minor,
  given.units
from unnest(
  %(site_ids)s::uuid[],
  %(offers)s::integer[],
  %(accepted)s::integer[],
  %(answered_minutes)s::double precision[],
  %(kilometres)s::double precision[],
  %(values_minor)s::bigint[],
  %(units)s::double precision[]
) as given (site_id, offers, accepted, answered_minutes, kilometres, value_minor, units)
order by given.site_id

-- name: forget_sites
-- Forget what versions long since replaced knew of their sites; what they measured stays. Locks those rows.
delete from insight.acceptance_site
where version < %(before)s::integer

-- name: newest_version
-- The version that is in force, without its trees: the last one. Locks nothing.
select
  version,
  learnt_at,
  offers
from insight.acceptance_version
order by version desc
limit 1

-- name: version
-- A version, whole. Locks nothing.
select
  version,
  learnt_at,
  first_day,
  last_day,
  held_back_from,
  offers,
  prior_probability,
  prior_offers,
  prior_minutes,
  trees,
  minute_trees,
  measures
from insight.acceptance_version
where version = %(version)s::integer

-- name: sites_now
-- What a version knows of sites, and how many tasks of its day today each has open or done, in the order given; zeros and
-- nulls where it knows nothing. Locks nothing.
select
  site.id as site_id,
  site.time_zone,
  coalesce(known.offers, 0) as offers,
  coalesce(known.accepted, 0) as accepted,
  coalesce(known.answered_minutes, 0) as answered_minutes,
  known.kilometres,
  known.value_minor,
  known.units,
  coalesce(capacity.held + capacity.confirmed, 0) as load
from unnest(%(site_ids)s::uuid[]) with ordinality as asked (site_id, place)
join org.published_site as site on site.id = asked.site_id
left join insight.acceptance_site as known on known.version = %(version)s::integer and known.site_id = asked.site_id
left join fulfilment.published_capacity as capacity
  on capacity.site_id = asked.site_id
  and capacity.day = (%(now)s::timestamptz at time zone site.time_zone)::date
order by asked.place
