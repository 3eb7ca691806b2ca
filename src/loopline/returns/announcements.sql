-- name: take_orders
-- Announce returns of these orders alone, one transaction at a time, until it ends. Locks no rows: an order without an
-- announcement has none to lock.
select pg_advisory_xact_lock(hashtextextended('returns.announce:' || wanted.order_id, 0))
from (
  select distinct order_id
  from unnest(%(order_ids)s::uuid[]) as given (order_id)
  order by order_id
) as wanted;

-- name: announced_by_number
-- What was announced under these numbers, or is a return already.
select
  standing.id,
  standing.channel,
  standing.external_number,
  standing.content_hash
from unnest(%(channels)s::text[], %(external_numbers)s::text[]) as wanted (channel, external_number)
join returns.announced as standing
  on standing.channel = wanted.channel and standing.external_number = wanted.external_number;

-- name: units_announced
-- How many units of lines of orders are announced and not here yet.
select
  announced_line.line_id,
  sum(announced_line.units)::bigint as units
from returns.announced_line as announced_line
join returns.announced as announced on announced.id = announced_line.announced_id
where announced_line.line_id = any(%(line_ids)s::uuid[])
  and announced.ended_at is null
group by announced_line.line_id;

-- name: copy_announced
-- Write announced returns; a rival's same number is an error, to be tried again.
copy returns.announced (
  id, channel, external_number, content_hash, order_id, member_id, announced_at
) from stdin;

-- name: copy_announced_lines
-- Write the lines of announced returns.
copy returns.announced_line (announced_id, position, line_id, code, sku_id, units, reason) from stdin;

-- name: lock_announced
-- Lock announced returns, by id.
select announced.id
from returns.announced as announced
where announced.id = any(%(return_ids)s::uuid[])
order by announced.id
for update;

-- name: announced_by_id
-- Announced returns with their lines, by id. Locks nothing.
select
  announced.id,
  announced.channel,
  announced.external_number,
  announced.order_id,
  announced.member_id,
  announced.announced_at,
  announced.ended_at,
  announced.how_ended,
  (
    select
      jsonb_agg(
        jsonb_build_object(
          'line_id', announced_line.line_id,
          'code', announced_line.code,
          'sku_id', announced_line.sku_id,
          'units', announced_line.units,
          'reason', announced_line.reason
        )
        order by announced_line.position
      )
    from returns.announced_line as announced_line
    where announced_line.announced_id = announced.id
  ) as lines
from returns.announced as announced
where announced.id = any(%(return_ids)s::uuid[])
order by announced.id;

-- name: announced_of_orders
-- The ids of what was announced of orders, the oldest first.
select announced.id
from returns.announced as announced
where announced.order_id = any(%(order_ids)s::uuid[])
order by announced.announced_at, announced.id;

-- name: members_sending_back
-- Which members have a return under way: announced and not here yet, or with units that wait for a person's decision.
-- Locks nothing.
select wanted.member_id
from unnest(%(member_ids)s::uuid[]) as wanted (member_id)
where exists (
    select
    from returns.announced as announced
    where announced.member_id = wanted.member_id
      and announced.ended_at is null
  )
  or exists (
    select
    from returns.return as return
    join returns.return_line as return_line on return_line.return_id = return.id
    where return.member_id = wanted.member_id
      and return_line.blind_state = 'waiting'
  );

-- name: end_announced
-- End announcements that the caller holds; their goods are awaited no more. Locks their ways.
with ended as (
  update returns.announced as announced
  set
    ended_at = %(now)s::timestamptz,
    how_ended = %(how)s::text
  where announced.id = any(%(return_ids)s::uuid[])
    and announced.ended_at is null
  returning announced.id
)
update returns.announced_way as way
set is_awaited = false
from ended
where way.announced_id = ended.id;
