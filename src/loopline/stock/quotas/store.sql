-- A quota and what is drawn from it are locked by the row of the quota's level: whoever reads them to decide, makes,
-- changes or ends them holds that row (and all above it). Levels whose `quotas` is 0 have none, and are not asked about.

-- name: open_quotas_at
-- The open quotas of levels. The caller holds the rows of these.
select
  quota.id,
  quota.kind,
  quota.code,
  quota.node_id,
  quota.sku_id,
  quota.starts_at,
  quota.ends_at,
  quota.reserve_id,
  quota.then_free,
  quota.remaining,
  quota.drawn,
  quota.used,
  quota.returned
from unnest(%(node_ids)s::uuid[], %(sku_ids)s::uuid[]) as level (node_id, sku_id)
join stock.quota as quota
  on quota.sku_id = level.sku_id and quota.node_id = level.node_id and quota.ended_at is null
order by quota.id

-- name: draws_of_lines
-- What lines' holds have drawn, each with its quota. The caller holds the rows of their levels.
select
  draw.line_id,
  draw.is_reserve,
  draw.units,
  quota.id,
  quota.kind,
  quota.code,
  quota.node_id,
  quota.sku_id,
  quota.starts_at,
  quota.ends_at,
  quota.reserve_id,
  quota.then_free,
  quota.remaining,
  quota.drawn,
  quota.used,
  quota.returned
from stock.quota_draw as draw
join stock.quota as quota on quota.id = draw.quota_id
where draw.line_id = any(%(line_ids)s::uuid[])
order by draw.line_id, quota.id

-- name: quota_levels
-- Where quotas lie, to be locked; that never changes. Locks nothing itself.
select distinct
  node_id,
  sku_id
from stock.quota
where id = any(%(ids)s::uuid[])

-- name: due_quotas
-- Open quotas whose time is over, those that ended first. Locks nothing: they are read again when their levels are held.
select
  id,
  node_id,
  sku_id
from stock.quota
where ended_at is null and ends_at <= %(now)s::timestamptz
order by ends_at, id
limit %(limit)s::bigint

-- name: open_quotas_of_events
-- Open quotas of events. Locks nothing: they are read again when their levels are held.
select
  quota.id,
  quota.node_id,
  quota.sku_id
from unnest(%(kinds)s::text[], %(codes)s::text[]) as event (kind, code)
join stock.quota as quota on quota.kind = event.kind and quota.code = event.code and quota.ended_at is null
order by quota.id

-- name: write_quotas
-- Write what a batch decided about quotas, as one statement: quotas that are made, change or end, what is drawn from
-- them, and how many of them their levels count. The caller holds the rows of all levels it names. Units are
-- differences. What was drawn from a quota that ends is forgotten: it is the orders' own from then on.
with made as (
  insert into stock.quota (
    id, kind, code, node_id, sku_id, set_aside, remaining, starts_at, ends_at, reserve_id, then_free, opened_at
  )
  select id, kind, code, node_id, sku_id, units, units, starts_at, ends_at, reserve_id, then_free, %(now)s::timestamptz
  from unnest(
    %(made_ids)s::uuid[],
    %(made_kinds)s::text[],
    %(made_codes)s::text[],
    %(made_node_ids)s::uuid[],
    %(made_sku_ids)s::uuid[],
    %(made_units)s::bigint[],
    %(made_starts_at)s::timestamptz[],
    %(made_ends_at)s::timestamptz[],
    %(made_reserve_ids)s::uuid[],
    %(made_then_free)s::boolean[]
  ) as new (id, kind, code, node_id, sku_id, units, starts_at, ends_at, reserve_id, then_free)
  returning 1
), changed as (
  update stock.quota
  set
    set_aside = quota.set_aside + change.remaining + change.drawn + change.used + change.returned,
    remaining = quota.remaining + change.remaining,
    drawn = quota.drawn + change.drawn,
    used = quota.used + change.used,
    returned = quota.returned + change.returned,
    starts_at = change.starts_at,
    ends_at = change.ends_at,
    reserve_id = change.reserve_id,
    then_free = change.then_free,
    ended_at = change.ended_at
  from unnest(
    %(ids)s::uuid[],
    %(remaining)s::bigint[],
    %(drawn)s::bigint[],
    %(used)s::bigint[],
    %(returned)s::bigint[],
    %(starts_at)s::timestamptz[],
    %(ends_at)s::timestamptz[],
    %(reserve_ids)s::uuid[],
    %(then_free)s::boolean[],
    %(ended_at)s::timestamptz[]
  ) as change (
    id, remaining, drawn, used, returned, starts_at, ends_at, reserve_id, then_free, ended_at
  )
  where quota.id = change.id and quota.ended_at is null
  returning 1
), draw_added as (
  insert into stock.quota_draw as draw (line_id, quota_id, units, is_reserve)
  select line_id, quota_id, units, is_reserve
  from unnest(
    %(added_line_ids)s::uuid[],
    %(added_quota_ids)s::uuid[],
    %(added_units)s::bigint[],
    %(added_is_reserve)s::boolean[]
  ) as added (line_id, quota_id, units, is_reserve)
  on conflict (line_id, quota_id) do update set units = draw.units + excluded.units
  returning 1
), draw_lowered as (
  update stock.quota_draw as draw
  set units = draw.units - lowered.units
  from unnest(
    %(lowered_line_ids)s::uuid[],
    %(lowered_quota_ids)s::uuid[],
    %(lowered_units)s::bigint[]
  ) as lowered (line_id, quota_id, units)
  where draw.line_id = lowered.line_id and draw.quota_id = lowered.quota_id
  returning 1
), draw_ended as (
  delete from stock.quota_draw as draw
  using unnest(
    %(ended_line_ids)s::uuid[],
    %(ended_quota_ids)s::uuid[],
    %(ended_units)s::bigint[]
  ) as ended (line_id, quota_id, units)
  where draw.line_id = ended.line_id and draw.quota_id = ended.quota_id and draw.units = ended.units
  returning 1
), forgotten as (
  delete from stock.quota_draw
  where quota_id = any(%(over_ids)s::uuid[])
  returning 1
), node_counted as (
  update stock.node_stock as level
  set quotas = level.quotas + count.change
  from unnest(%(node_ids)s::uuid[], %(node_sku_ids)s::uuid[], %(node_changes)s::int[])
    as count (node_id, sku_id, change)
  where level.node_id = count.node_id and level.sku_id = count.sku_id
  returning 1
), leaf_counted as (
  update stock.leaf_stock as level
  set quotas = level.quotas + count.change
  from unnest(%(leaf_ids)s::uuid[], %(leaf_sku_ids)s::uuid[], %(leaf_changes)s::int[])
    as count (leaf_id, sku_id, change)
  where level.leaf_id = count.leaf_id and level.sku_id = count.sku_id
  returning 1
)
select
  (select count(*) from made) + (select count(*) from changed) as quotas,
  (select count(*) from draw_added)
    + (select count(*) from draw_lowered)
    + (select count(*) from draw_ended) as draws,
  (select count(*) from node_counted) + (select count(*) from leaf_counted) as levels,
  (select count(*) from forgotten) as forgotten
