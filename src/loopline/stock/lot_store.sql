-- Lots at leaves. A row of `leaf_lot` and the plans of a leaf are locked by the row of their leaf in `leaf_stock`;
-- a lot's own row is locked, shared by whoever names it and alone by whoever recalls it, before any level.

-- name: share_lots
-- Keep lots from being recalled until the transaction ends, in order of id.
select id
from stock.lot
where id = any(%(lot_ids)s::uuid[])
order by id
for share

-- name: lots_at_leaves
-- The lots that lie at leaves, and those named even where nothing of them does. The caller holds the leaves' rows.
select
  (%(places)s::int[])[wanted.number] as place,
  lot.id,
  lot.code,
  lot.id = lot.sku_id as is_unnamed,
  lot.is_serial,
  level.sell_until,
  level.units,
  level.damaged,
  level.planned,
  level.is_recalled,
  level.is_expired
from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) with ordinality as wanted (leaf_id, sku_id, number)
join stock.leaf_lot as level on level.sku_id = wanted.sku_id and level.leaf_id = wanted.leaf_id
join stock.lot as lot on lot.id = level.lot_id
where
  level.units <> 0
  or level.damaged <> 0
  or level.planned <> 0
  or lot.id = lot.sku_id
  or lot.id = any(%(lot_ids)s::uuid[])

-- name: named_lots
-- Lots that facts name, with the last day on which they are sold, and where a serial-numbered unit of theirs lies.
select
  lot.id,
  lot.sku_id,
  lot.code,
  lot.is_serial,
  lot.expires_on - coalesce(shelf_life.days_before_expiry, 0)::int as sell_until,
  lot.recalled_at is not null as is_recalled,
  place.leaf_id
from stock.lot as lot
left join stock.shelf_life as shelf_life on shelf_life.sku_id = lot.sku_id
left join stock.leaf_lot as place on place.lot_id = lot.id and place.is_serial and place.units > 0
where lot.id = any(%(lot_ids)s::uuid[])

-- name: plans_at_leaves
-- From which lots the allocations of leaves are to be taken. The caller holds the leaves' rows.
select
  (%(places)s::int[])[wanted.number] as place,
  plan.allocation_id,
  plan.lot_id,
  plan.units
from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) with ordinality as wanted (leaf_id, sku_id, number)
join stock.lot_plan as plan on plan.sku_id = wanted.sku_id and plan.leaf_id = wanted.leaf_id

-- name: allocations_at_leaves
-- The open allocations of leaves that come to be kept in lots. The caller holds the leaves' rows.
select
  (%(places)s::int[])[wanted.number] as place,
  allocation.id,
  allocation.units
from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) with ordinality as wanted (leaf_id, sku_id, number)
join stock.allocation as allocation on allocation.sku_id = wanted.sku_id and allocation.leaf_id = wanted.leaf_id

-- name: make_unnamed_lots
-- Make the unnamed lots of SKUs that come to be kept in lots.
insert into stock.lot (id, sku_id, code, batch)
select sku_id, sku_id, '', ''
from unnest(%(sku_ids)s::uuid[]) as kept (sku_id)
order by sku_id
on conflict do nothing

-- name: keep_leaves_in_lots
-- Say of leaves that they are kept in lots. The caller holds their rows.
update stock.leaf_stock as leaf
set in_lots = true
from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) as kept (leaf_id, sku_id)
where leaf.sku_id = kept.sku_id and leaf.leaf_id = kept.leaf_id

-- name: make_leaf_lots
-- Make the rows of lots that come to a leaf for the first time. The caller holds the leaves' rows.
insert into stock.leaf_lot (leaf_id, sku_id, lot_id, is_serial, sell_until)
select leaf_id, sku_id, lot_id, is_serial, sell_until
from unnest(
  %(leaf_ids)s::uuid[], %(sku_ids)s::uuid[], %(lot_ids)s::uuid[], %(is_serial)s::boolean[], %(sell_until)s::date[]
) as made (leaf_id, sku_id, lot_id, is_serial, sell_until)
on conflict do nothing

-- name: change_leaf_lots
-- Change what lies in lots, by differences. The caller holds the leaves' rows.
update stock.leaf_lot as level
set
  units = level.units + change.units,
  damaged = level.damaged + change.damaged,
  planned = level.planned + change.planned,
  is_recalled = change.is_recalled,
  is_expired = change.is_expired
from unnest(
  %(leaf_ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(lot_ids)s::uuid[],
  %(units)s::bigint[],
  %(damaged)s::bigint[],
  %(planned)s::bigint[],
  %(is_recalled)s::boolean[],
  %(is_expired)s::boolean[]
) as change (leaf_id, sku_id, lot_id, units, damaged, planned, is_recalled, is_expired)
where level.sku_id = change.sku_id and level.leaf_id = change.leaf_id and level.lot_id = change.lot_id

-- name: change_plans
-- Change plans by differences, and drop those that are used up. The caller holds the leaves' rows.
with change as materialized (
  select allocation_id, lot_id, leaf_id, sku_id, before, units
  from unnest(
    %(allocation_ids)s::uuid[],
    %(lot_ids)s::uuid[],
    %(leaf_ids)s::uuid[],
    %(sku_ids)s::uuid[],
    %(before)s::bigint[],
    %(units)s::bigint[]
  ) as change (allocation_id, lot_id, leaf_id, sku_id, before, units)
), ended as (
  delete from stock.lot_plan as plan
  using change
  where
    plan.allocation_id = change.allocation_id
    and plan.lot_id = change.lot_id
    and plan.units = change.before
    and change.before = -change.units
  returning 1
), changed as (
  update stock.lot_plan as plan
  set units = plan.units + change.units
  from change
  where
    plan.allocation_id = change.allocation_id
    and plan.lot_id = change.lot_id
    and change.before > 0
    and change.before + change.units > 0
  returning 1
), made as (
  insert into stock.lot_plan (allocation_id, lot_id, leaf_id, sku_id, units)
  select allocation_id, lot_id, leaf_id, sku_id, units
  from change
  where before = 0
  returning 1
)
select (select count(*) from ended) + (select count(*) from changed) + (select count(*) from made)

-- name: write_lot_movements
-- Write what movements did to lots.
insert into stock.lot_movement (
  movement_id, lot_id, leaf_id, sku_id, units, unsellable, gone, order_id, line_id, at
)
select movement_id, lot_id, leaf_id, sku_id, units, unsellable, gone, order_id, line_id, %(now)s::timestamptz
from unnest(
  %(movement_ids)s::uuid[],
  %(lot_ids)s::uuid[],
  %(leaf_ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(units)s::bigint[],
  %(unsellable)s::bigint[],
  %(gone)s::bigint[],
  %(order_ids)s::uuid[],
  %(line_ids)s::uuid[]
) as step (movement_id, lot_id, leaf_id, sku_id, units, unsellable, gone, order_id, line_id)
