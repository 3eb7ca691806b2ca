-- name: latest_terms
-- The terms in force: the highest version. Locks nothing.
select
  version,
  terms,
  set_at,
  set_by,
  comment
from promises.terms
order by version desc
limit 1

-- name: insert_terms
-- Set new terms under the next version; two at once would draw the same, and the second is refused by the key.
insert into promises.terms (version, set_at, set_by, comment, terms)
select
  coalesce(max(version), 0) + 1,
  %(now)s::timestamptz,
  %(set_by)s::text,
  %(comment)s::text,
  %(terms)s::jsonb
from promises.terms
returning version

-- name: latest_learning
-- The newest version of what was learnt; 0 where nothing was. Locks nothing.
select coalesce(max(version), 0) as version
from promises.learning

-- name: paces_of
-- What was learnt in one version. Locks nothing.
select
  stage,
  site_id,
  band,
  minutes,
  observed,
  told
from promises.pace
where version = %(version)s::integer
order by stage, site_id nulls first, band nulls first

-- name: insert_learning
-- Begin a new version of what was learnt; two at once would draw the same, and the second is refused by the key.
insert into promises.learning (version, learnt_at, since, promises, kept)
select
  coalesce(max(version), 0) + 1,
  %(now)s::timestamptz,
  %(since)s::timestamptz,
  %(promises)s::integer,
  %(kept)s::integer
from promises.learning
returning version

-- name: insert_held_back
-- Write how what was learnt held for days it had not seen.
insert into promises.held_back (
  version, stage, since, aim_percent, observed, covered, minutes_mean, told_covered, told_minutes_mean
)
select
  %(version)s::integer,
  stage,
  since,
  aim_percent,
  observed,
  covered,
  minutes_mean,
  told_covered,
  told_minutes_mean
from unnest(
  %(stages)s::text[],
  %(since)s::timestamptz[],
  %(aim_percents)s::smallint[],
  %(observed)s::integer[],
  %(covered)s::integer[],
  %(minutes_means)s::integer[],
  %(told_covered)s::integer[],
  %(told_minutes_means)s::integer[]
) as held (stage, since, aim_percent, observed, covered, minutes_mean, told_covered, told_minutes_mean)

-- name: held_back_of
-- How what was learnt in one version held for days it had not seen, the stages in their order. Locks nothing.
select
  stage,
  since,
  aim_percent,
  observed,
  covered,
  minutes_mean,
  told_covered,
  told_minutes_mean
from promises.held_back
where version = %(version)s::integer
order by stage desc

-- name: insert_paces
-- Write what was learnt.
insert into promises.pace (version, stage, site_id, band, minutes, observed, told)
select
  %(version)s::integer,
  stage,
  site_id,
  band,
  minutes,
  observed,
  told
from unnest(
  %(stages)s::text[],
  %(site_ids)s::uuid[],
  %(bands)s::smallint[],
  %(minutes)s::integer[],
  %(observed)s::integer[],
  %(told)s::integer[]
) as pace (stage, site_id, band, minutes, observed, told)

-- name: insert_promises
-- Write new open promises. An order has one at a time: the unique key stands for it. Locks nothing but the new rows.
insert into promises.promise (
  id,
  order_id,
  kind,
  site_id,
  promised_at,
  due_at,
  first_due_at,
  starts_at,
  source_by,
  accept_by,
  hand_over_by,
  ready_minutes,
  lane_minutes,
  band,
  terms_version,
  pace_version,
  sourced_at,
  accepted_at,
  handed_over_at,
  by_site_id,
  look_at,
  state,
  replaces_id
)
select
  id,
  order_id,
  kind,
  site_id,
  promised_at,
  due_at,
  first_due_at,
  starts_at,
  source_by,
  accept_by,
  hand_over_by,
  ready_minutes,
  lane_minutes,
  band,
  terms_version,
  pace_version,
  sourced_at,
  accepted_at,
  handed_over_at,
  by_site_id,
  look_at,
  'open',
  replaces_id
from unnest(
  %(ids)s::uuid[],
  %(order_ids)s::uuid[],
  %(kinds)s::text[],
  %(site_ids)s::uuid[],
  %(promised_at)s::timestamptz[],
  %(due_at)s::timestamptz[],
  %(first_due_at)s::timestamptz[],
  %(starts_at)s::timestamptz[],
  %(source_by)s::timestamptz[],
  %(accept_by)s::timestamptz[],
  %(hand_over_by)s::timestamptz[],
  %(ready_minutes)s::integer[],
  %(lane_minutes)s::integer[],
  %(bands)s::smallint[],
  %(terms_versions)s::integer[],
  %(pace_versions)s::integer[],
  %(sourced_at)s::timestamptz[],
  %(accepted_at)s::timestamptz[],
  %(handed_over_at)s::timestamptz[],
  %(by_site_ids)s::uuid[],
  %(look_at)s::timestamptz[],
  %(replaces_ids)s::uuid[]
) as new (
  id, order_id, kind, site_id, promised_at, due_at, first_due_at, starts_at, source_by, accept_by, hand_over_by,
  ready_minutes, lane_minutes, band, terms_version, pace_version, sourced_at, accepted_at, handed_over_at, by_site_id,
  look_at, replaces_id
)
order by id

-- name: lock_open_of_orders
-- The open promises of orders. Locks them in order of id.
select
  id,
  order_id,
  kind,
  site_id,
  promised_at,
  due_at,
  first_due_at,
  starts_at,
  source_by,
  accept_by,
  hand_over_by,
  ready_minutes,
  lane_minutes,
  band,
  terms_version,
  pace_version,
  sourced_at,
  accepted_at,
  handed_over_at,
  arrived_at,
  by_site_id,
  risk,
  risk_at,
  look_at,
  state,
  ended_at,
  replaces_id
from promises.promise
where order_id = any(%(order_ids)s::uuid[]) and state = 'open'
order by id
for update

-- name: lock_due
-- Open promises that are to be looked at, those due longest first. Locks them, passing over what somebody holds: that is
-- looked at already.
select
  id,
  order_id,
  kind,
  site_id,
  promised_at,
  due_at,
  first_due_at,
  starts_at,
  source_by,
  accept_by,
  hand_over_by,
  ready_minutes,
  lane_minutes,
  band,
  terms_version,
  pace_version,
  sourced_at,
  accepted_at,
  handed_over_at,
  arrived_at,
  by_site_id,
  risk,
  risk_at,
  look_at,
  state,
  ended_at,
  replaces_id
from promises.promise
where look_at <= %(now)s::timestamptz
order by look_at, id
limit %(limit)s::bigint
for update skip locked

-- name: write_promises
-- Write where promises stand. The caller has locked them.
update promises.promise
set
  sourced_at = given.sourced_at,
  accepted_at = given.accepted_at,
  handed_over_at = given.handed_over_at,
  arrived_at = given.arrived_at,
  by_site_id = given.by_site_id,
  risk = given.risk,
  risk_at = given.risk_at,
  look_at = given.look_at,
  state = given.state,
  ended_at = given.ended_at
from unnest(
  %(ids)s::uuid[],
  %(sourced_at)s::timestamptz[],
  %(accepted_at)s::timestamptz[],
  %(handed_over_at)s::timestamptz[],
  %(arrived_at)s::timestamptz[],
  %(by_site_ids)s::uuid[],
  %(risks)s::text[],
  %(risk_at)s::timestamptz[],
  %(look_at)s::timestamptz[],
  %(states)s::text[],
  %(ended_at)s::timestamptz[]
) as given (
  id, sourced_at, accepted_at, handed_over_at, arrived_at, by_site_id, risk, risk_at, look_at, state, ended_at
)
where promise.id = given.id

-- name: promises_of_orders
-- All promises of orders, by order, the first one first. Locks nothing.
select
  id,
  order_id,
  kind,
  site_id,
  promised_at,
  due_at,
  first_due_at,
  starts_at,
  source_by,
  accept_by,
  hand_over_by,
  ready_minutes,
  lane_minutes,
  band,
  terms_version,
  pace_version,
  sourced_at,
  accepted_at,
  handed_over_at,
  arrived_at,
  by_site_id,
  risk,
  risk_at,
  look_at,
  state,
  ended_at,
  replaces_id
from promises.promise
where order_id = any(%(order_ids)s::uuid[])
order by order_id, promised_at, id

-- name: first_due
-- Until when orders were first promised at their customers' doors; orders promised otherwise or not at all are left out.
-- Locks nothing.
select distinct on (order_id)
  order_id,
  due_at
from promises.promise
where
  order_id = any(%(order_ids)s::uuid[])
  and kind = any(%(kinds)s::text[])
order by
  order_id,
  promised_at,
  id

-- name: watch_list
-- Promises that somebody should know of: open and at risk, broken or promised anew since a moment; of some sites or of
-- all; the most pressing first, then the latest. Locks nothing.
select
  id,
  order_id,
  kind,
  site_id,
  promised_at,
  due_at,
  first_due_at,
  starts_at,
  source_by,
  accept_by,
  hand_over_by,
  ready_minutes,
  lane_minutes,
  band,
  terms_version,
  pace_version,
  sourced_at,
  accepted_at,
  handed_over_at,
  arrived_at,
  by_site_id,
  risk,
  risk_at,
  look_at,
  state,
  ended_at,
  replaces_id
from promises.promise
where
  case %(list)s::text
    when 'at_risk' then state = 'open' and risk is not null
    when 'broken' then state = 'broken' and ended_at >= %(since)s::timestamptz
    when 'renewed' then replaces_id is not null and promised_at >= %(since)s::timestamptz
    else state = 'open'
  end
  and (
    %(site_ids)s::uuid[] is null
    or coalesce(by_site_id, site_id) = any(%(site_ids)s::uuid[])
  )
order by
  case when state = 'open' then due_at end nulls last,
  ended_at desc,
  id
limit %(at_most)s::bigint

-- name: late_now
-- Open promises that missed a milestone, and of these the ones whose time is over; of some sites or of all. Reads the late
-- ones and those that are looked at until `looked_at_until`: what is due and missed nothing yet is with its carrier, or is
-- looked at by then. Locks nothing.
with late as (
  select due_at, coalesce(by_site_id, site_id) as at_site_id
  from promises.promise
  where state = 'open' and risk is not null
  union all
  select due_at, coalesce(by_site_id, site_id)
  from promises.promise
  where
    state = 'open'
    and risk is null
    and handed_over_at is not null
    and due_at <= %(now)s::timestamptz
  union all
  select due_at, coalesce(by_site_id, site_id)
  from promises.promise
  where
    state = 'open'
    and risk is null
    and handed_over_at is null
    and look_at <= %(looked_at_until)s::timestamptz
    and due_at <= %(now)s::timestamptz
)
select
  count(*) as late,
  count(*) filter (where due_at <= %(now)s::timestamptz) as overdue
from late
where
  %(site_ids)s::uuid[] is null
  or at_site_id = any(%(site_ids)s::uuid[])

-- name: record
-- How promises given since a moment were kept: by their orders, whose fact is held against what was said first. Of some
-- sites or of all. Locks nothing.
with ended as (
  select
    order_id,
    first_due_at,
    state,
    risk,
    replaces_id,
    coalesce(case when kind in ('deliver', 'courier', 'fitting') then arrived_at else handed_over_at end, ended_at) as fact_at,
    row_number() over (partition by order_id order by promised_at desc, id desc) as place,
    bool_or(replaces_id is not null) over (partition by order_id) as is_renewed,
    min(promised_at) over (partition by order_id) as begun_at
  from promises.promise
  where
    %(site_ids)s::uuid[] is null
    or coalesce(by_site_id, site_id) = any(%(site_ids)s::uuid[])
), latest as (
  select
    state,
    risk,
    is_renewed,
    fact_at,
    first_due_at
  from ended
  where place = 1 and begun_at >= %(since)s::timestamptz
)
select
  count(*) filter (where state in ('kept', 'broken')) as promises,
  count(*) filter (where state = 'kept' and fact_at <= first_due_at) as kept,
  count(*) filter (where is_renewed) as replaced,
  count(*) filter (where state = 'untold') as untold,
  count(*) filter (where state = 'open') as open,
  count(*) filter (where state = 'open' and risk is not null) as at_risk,
  coalesce(
    round(avg(extract(epoch from fact_at - first_due_at) / 60) filter (
      where state in ('kept', 'broken') and fact_at > first_due_at
    )),
    0
  )::bigint as late_minutes_mean
from latest

-- name: kept_by_day
-- Of orders first promised since a moment whose fact is known: how many were kept to what was said first, by the day it
-- was due; a midnight is the end of the day before. Of some sites or of all. Locks nothing.
with first_ones as (
  select order_id
  from promises.promise
  where replaces_id is null and promised_at >= %(since)s::timestamptz
), latest as (
  select distinct on (promise.order_id)
    coalesce(promise.by_site_id, promise.site_id) as site_id,
    promise.state,
    promise.risk,
    promise.first_due_at,
    coalesce(
      case when promise.kind in ('deliver', 'courier', 'fitting') then promise.arrived_at else promise.handed_over_at end,
      promise.ended_at
    ) as fact_at
  from promises.promise as promise
  join first_ones on first_ones.order_id = promise.order_id
  order by promise.order_id, promise.promised_at desc, promise.id desc
)
select
  ((first_due_at - interval '1 microsecond') at time zone %(zone)s::text)::date as day,
  count(*) as promises,
  count(*) filter (where state = 'kept' and fact_at <= first_due_at) as kept
from latest
where
  state in ('kept', 'broken')
  and (%(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[]))
group by day
order by day

-- name: kept_by_site
-- How orders first promised since a moment were kept, by the site that serves them: of some sites or of all; the worst
-- first, by how many were not kept. Locks nothing.
with first_ones as (
  select order_id
  from promises.promise
  where replaces_id is null and promised_at >= %(since)s::timestamptz
), latest as (
  select distinct on (promise.order_id)
    coalesce(promise.by_site_id, promise.site_id) as site_id,
    promise.state,
    promise.risk,
    promise.first_due_at,
    coalesce(
      case when promise.kind in ('deliver', 'courier', 'fitting') then promise.arrived_at else promise.handed_over_at end,
      promise.ended_at
    ) as fact_at
  from promises.promise as promise
  join first_ones on first_ones.order_id = promise.order_id
  order by promise.order_id, promise.promised_at desc, promise.id desc
)
select
  site_id,
  count(*) filter (where state in ('kept', 'broken')) as promises,
  count(*) filter (where state = 'kept' and fact_at <= first_due_at) as kept,
  count(*) filter (where state = 'open') as open,
  count(*) filter (where state = 'open' and risk is not null) as at_risk,
  coalesce(
    round(avg(extract(epoch from fact_at - first_due_at) / 60) filter (
      where state in ('kept', 'broken') and fact_at > first_due_at
    )),
    0
  )::bigint as late_minutes_mean
from latest
where
  site_id is not null
  and (%(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[]))
group by site_id
order by
  count(*) filter (where state in ('kept', 'broken'))
  - count(*) filter (where state = 'kept' and fact_at <= first_due_at) desc,
  site_id

-- name: kept_by_kind
-- How orders first promised since a moment were kept, by the way that was promised: of some sites or of all. Locks
-- nothing.
with first_ones as (
  select order_id
  from promises.promise
  where replaces_id is null and promised_at >= %(since)s::timestamptz
), latest as (
  select distinct on (promise.order_id)
    promise.kind,
    coalesce(promise.by_site_id, promise.site_id) as site_id,
    promise.state,
    promise.risk,
    promise.first_due_at,
    coalesce(
      case when promise.kind in ('deliver', 'courier', 'fitting') then promise.arrived_at else promise.handed_over_at end,
      promise.ended_at
    ) as fact_at
  from promises.promise as promise
  join first_ones on first_ones.order_id = promise.order_id
  order by promise.order_id, promise.promised_at desc, promise.id desc
)
select
  kind,
  count(*) filter (where state in ('kept', 'broken')) as promises,
  count(*) filter (where state = 'kept' and fact_at <= first_due_at) as kept,
  count(*) filter (where state = 'open') as open,
  count(*) filter (where state = 'open' and risk is not null) as at_risk,
  coalesce(
    round(avg(extract(epoch from fact_at - first_due_at) / 60) filter (
      where state in ('kept', 'broken') and fact_at > first_due_at
    )),
    0
  )::bigint as late_minutes_mean
from latest
where %(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[])
group by kind
order by kind

-- name: last_learnt
-- What was learnt last, and how promises had been kept until then. Locks nothing.
select
  version,
  learnt_at,
  since,
  promises,
  kept
from promises.learning
order by version desc
limit 1

-- name: taught_since
-- The last promise of each order whose goods left since a moment, with when the order was promised first: what it
-- observed. Locks nothing.
select distinct on (order_id)
  id,
  order_id,
  kind,
  site_id,
  min(promised_at) over (partition by order_id) as promised_at,
  due_at,
  first_due_at,
  starts_at,
  source_by,
  accept_by,
  hand_over_by,
  ready_minutes,
  lane_minutes,
  band,
  terms_version,
  pace_version,
  sourced_at,
  accepted_at,
  handed_over_at,
  arrived_at,
  by_site_id,
  risk,
  risk_at,
  look_at,
  state,
  ended_at,
  replaces_id
from promises.promise as promise
where exists (
  select
  from promises.promise as left_one
  where left_one.order_id = promise.order_id and left_one.handed_over_at >= %(since)s::timestamptz
)
order by order_id, promise.promised_at desc, id desc

-- name: insert_arrivals
-- Note parcels that arrived; the first word stands. Locks the new rows in order of task.
insert into promises.arrival (task_id, order_id, arrived_at, told_at, told_by)
select
  task_id,
  order_id,
  arrived_at,
  %(now)s::timestamptz,
  %(told_by)s::text
from unnest(
  %(task_ids)s::uuid[],
  %(order_ids)s::uuid[],
  %(arrived_at)s::timestamptz[]
) as told (task_id, order_id, arrived_at)
order by task_id
on conflict (task_id) do nothing
returning task_id

-- name: arrivals_of_orders
-- The parcels of orders that arrived. Locks nothing.
select
  task_id,
  order_id,
  arrived_at
from promises.arrival
where order_id = any(%(order_ids)s::uuid[])
order by task_id
