-- How placing goes, second by second and process by process.

-- name: write_placing
-- Write seconds of one process, each as it stands. Locks that process's rows alone, by second.
insert into insight.placing as placed (second, process_id, accepted, repeated, latencies, waiting)
select
  told.second,
  %(process_id)s::uuid,
  told.accepted,
  told.repeated,
  string_to_array(told.latencies, ' ')::bigint[],
  told.waiting
from unnest(
  %(seconds)s::timestamptz[], %(accepted)s::bigint[], %(repeated)s::bigint[], %(latencies)s::text[], %(waiting)s::bigint[]
) as told (second, accepted, repeated, latencies, waiting)
order by told.second
on conflict (second, process_id) do update set
  accepted = excluded.accepted,
  repeated = excluded.repeated,
  latencies = excluded.latencies,
  waiting = excluded.waiting

-- name: write_placing_refused
-- Write refusals of seconds of one process, which were written before, each as it stands.
insert into insight.placing_refused as refused (second, process_id, code, orders)
select
  told.second,
  %(process_id)s::uuid,
  told.code,
  told.orders
from unnest(%(seconds)s::timestamptz[], %(codes)s::text[], %(orders)s::bigint[]) as told (second, code, orders)
order by told.second, told.code
on conflict (second, process_id, code) do update set orders = excluded.orders

-- name: sweep_placing
-- Forget what is older, with its refusals; passes over what somebody writes at this moment.
delete from insight.placing as placed
using (
  select
    second,
    process_id
  from insight.placing
  where second < %(before)s::timestamptz
  order by second, process_id
  limit %(limit)s::bigint
  for update skip locked
) as old
where placed.second = old.second and placed.process_id = old.process_id

-- name: placing_by_second
-- What all processes together placed in each second of a span; seconds in which nobody asked are left out.
select
  placed.second,
  sum(placed.accepted)::bigint as accepted,
  sum(placed.repeated)::bigint as repeated,
  coalesce(sum(refused.orders), 0)::bigint as refused,
  sum(placed.waiting)::bigint as waiting
from insight.placing as placed
left join lateral (
  select sum(orders) as orders
  from insight.placing_refused as one
  where one.second = placed.second and one.process_id = placed.process_id
) as refused on true
where placed.second >= %(start)s::timestamptz and placed.second < %(end)s::timestamptz
group by placed.second
order by placed.second

-- name: placing_latencies
-- How many orders of a span were answered within each step, from the quickest; nothing where there were none.
select sum(one.orders)::bigint as orders
from insight.placing as placed
cross join unnest(placed.latencies) with ordinality as one (orders, step)
where placed.second >= %(start)s::timestamptz and placed.second < %(end)s::timestamptz
group by one.step
order by one.step

-- name: placing_refusals
-- Why orders of a span were refused, the most frequent reason first.
select
  code,
  sum(orders)::bigint as orders
from insight.placing_refused
where second >= %(start)s::timestamptz and second < %(end)s::timestamptz
group by code
order by sum(orders) desc, code
