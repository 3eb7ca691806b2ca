-- name: quotas_by_ids
-- The given quotas. Locks nothing.
select
  id,
  kind,
  code,
  node_id,
  sku_id,
  set_aside,
  remaining,
  drawn,
  used,
  returned,
  starts_at,
  ends_at,
  reserve_id,
  then_free,
  ended_at
from stock.quota
where id = any(%(ids)s::uuid[])
order by id

-- name: quotas_of_events
-- All quotas of events, those that ended too, in the order in which they were opened. Locks nothing.
select
  quota.id,
  quota.kind,
  quota.code,
  quota.node_id,
  quota.sku_id,
  quota.set_aside,
  quota.remaining,
  quota.drawn,
  quota.used,
  quota.returned,
  quota.starts_at,
  quota.ends_at,
  quota.reserve_id,
  quota.then_free,
  quota.ended_at
from unnest(%(kinds)s::text[], %(codes)s::text[]) as event (kind, code)
join stock.quota as quota on quota.kind = event.kind and quota.code = event.code
order by quota.id

-- name: quotas_page
-- Quotas, the newest first, from an id on: of some nodes or of all, of events with one code or of any, open or
-- ended or both, at most so many. Locks nothing.
select
  id,
  kind,
  code,
  node_id,
  sku_id,
  set_aside,
  remaining,
  drawn,
  used,
  returned,
  starts_at,
  ends_at,
  reserve_id,
  then_free,
  ended_at
from stock.quota
where
  (%(before)s::uuid is null or id < %(before)s::uuid)
  and (%(node_ids)s::uuid[] is null or node_id = any(%(node_ids)s::uuid[]))
  and (%(code)s::text is null or code = %(code)s::text)
  and (%(is_open)s::boolean is null or (ended_at is null) = %(is_open)s::boolean)
order by id desc
limit %(at_most)s::bigint

-- name: quotas_above
-- The open quotas that orders of events may draw from now, at a node or above it, and the open quotas those name as
-- their reserve; by SKU, the nearest to the node first. Locks nothing.
select
  quota.sku_id,
  quota.kind,
  quota.code,
  quota.remaining,
  coalesce(reserve.remaining, 0) as reserve_remaining,
  quota.then_free
from stock.node as held
cross join unnest(held.path) as step (node_id)
join stock.quota as quota
  on quota.node_id = step.node_id and quota.sku_id = any(%(sku_ids)s::uuid[]) and quota.ended_at is null
join unnest(%(kinds)s::text[], %(codes)s::text[]) as event (kind, code)
  on event.kind = quota.kind and event.code = quota.code
left join stock.quota as reserve on reserve.id = quota.reserve_id and reserve.ended_at is null
where
  held.id = %(node_id)s::uuid
  and quota.starts_at <= %(now)s::timestamptz
  and quota.ends_at > %(now)s::timestamptz
order by quota.sku_id, array_position(held.path, step.node_id) desc, quota.id
