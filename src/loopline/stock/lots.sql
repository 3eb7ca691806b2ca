-- Lots as such: naming, recalling, expiring, and who got them.

-- name: make_lots
-- Make lots that are not there. Whoever names one holds it (shared) from then on.
insert into stock.lot (id, sku_id, code, batch, is_serial, made_on, expires_on)
select id, sku_id, code, batch, is_serial, made_on, expires_on
from unnest(
  %(ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(codes)s::text[],
  %(batches)s::text[],
  %(is_serial)s::boolean[],
  %(made_on)s::date[],
  %(expires_on)s::date[]
) as made (id, sku_id, code, batch, is_serial, made_on, expires_on)
order by sku_id, code
on conflict (sku_id, code) do nothing

-- name: lots_by_code
-- Lots by SKU and code. Locks nothing.
select
  lot.id,
  lot.sku_id,
  lot.code,
  lot.batch,
  lot.is_serial,
  lot.made_on,
  lot.expires_on,
  lot.recalled_at,
  lot.recall_reason
from unnest(%(sku_ids)s::uuid[], %(codes)s::text[]) as wanted (sku_id, code)
join stock.lot as lot on lot.sku_id = wanted.sku_id and lot.code = wanted.code

-- name: skus_kept_by_unit
-- SKUs of which there is a unit with a serial number of its own. Locks nothing.
select wanted.sku_id
from unnest(%(sku_ids)s::uuid[]) as wanted (sku_id)
where exists (
  select
  from stock.lot as lot
  where lot.sku_id = wanted.sku_id
    and lot.is_serial
)

-- name: lots_named
-- The batches and units that have a code, of whatever SKU: where there are units of them, and to which order a unit went
-- last. Locks nothing.
select
  lot.id,
  lot.sku_id,
  lot.code,
  lot.is_serial,
  array(
    select distinct leaf.site_id
    from stock.leaf_lot as kept
    join stock.node as leaf on leaf.id = kept.leaf_id
    where kept.lot_id = lot.id
      and kept.units > 0
      and leaf.site_id is not null
    order by leaf.site_id
  ) as site_ids,
  case when lot.is_serial then (
    select moved.order_id
    from stock.lot_movement as moved
    where moved.lot_id = lot.id
    order by moved.at desc, moved.movement_id desc
    limit 1
  ) end as order_id
from stock.lot
where lot.code = any(%(spellings)s::text[])
order by lot.sku_id
limit %(at_most)s::integer

-- name: lots_by_id
-- Lots by their ids. Locks nothing.
select
  id,
  sku_id,
  code,
  batch,
  is_serial,
  made_on,
  expires_on,
  recalled_at,
  recall_reason
from stock.lot
where id = any(%(lot_ids)s::uuid[])
order by id

-- name: lots_made
-- The named lots of a SKU that are of a batch, or were made between two days, both included. Locks nothing.
select
  id,
  sku_id,
  code,
  batch,
  is_serial,
  made_on,
  expires_on,
  recalled_at,
  recall_reason
from stock.lot
where
  sku_id = %(sku_id)s::uuid
  and code <> ''
  and (%(batch)s::text is null or batch = %(batch)s::text)
  and (%(made_from)s::date is null or made_on >= %(made_from)s::date)
  and (%(made_until)s::date is null or made_on <= %(made_until)s::date)
order by id

-- name: batches_listed
-- Batches of SKUs (null: all) with what lies of them at some sites (null: all), those of which something is left before
-- the others, and of these those that expire first; only those of which something is left or is recalled, or only the
-- recalled ones. Locks nothing.
select
  lot.sku_id,
  lot.batch,
  min(lot.expires_on) as expires_on,
  max(lot.recalled_at) as recalled_at,
  max(lot.recall_reason) as recall_reason,
  sum(level.units)::bigint as units,
  sum(level.planned)::bigint as planned,
  count(distinct leaf.site_id) filter (where level.units > 0) as sites
from stock.lot as lot
join stock.leaf_lot as level on level.lot_id = lot.id
join stock.node as leaf on leaf.id = level.leaf_id
where
  lot.code <> ''
  and (%(sku_ids)s::uuid[] is null or lot.sku_id = any(%(sku_ids)s::uuid[]))
  and (%(site_ids)s::uuid[] is null or leaf.site_id = any(%(site_ids)s::uuid[]))
  and (lot.recalled_at is not null or not %(only_recalled)s::boolean)
group by lot.sku_id, lot.batch
having sum(level.units) > 0 or max(lot.recalled_at) is not null
order by sum(level.units) = 0, min(lot.expires_on), lot.sku_id, lot.batch
limit %(at_most)s::bigint

-- name: lock_lots
-- Lock lots alone, in order of id: nobody brings one of them to another leaf meanwhile.
select
  id,
  recalled_at is not null as is_recalled
from stock.lot
where id = any(%(lot_ids)s::uuid[])
order by id
for update

-- name: leaves_of_lots
-- Where lots have rows. The caller holds the lots alone, so that no row is added.
select distinct
  leaf_id,
  sku_id
from stock.leaf_lot
where lot_id = any(%(lot_ids)s::uuid[])

-- name: set_recalls
-- Recall lots, or lift a recall. The caller holds them.
update stock.lot
set
  recalled_at = case when change.reason is null then null else %(now)s::timestamptz end,
  recall_reason = change.reason
from unnest(%(lot_ids)s::uuid[], %(reasons)s::text[]) as change (lot_id, reason)
where lot.id = change.lot_id

-- name: plans_of_lots
-- Which allocations are to be taken from lots. Locks nothing: true while the rows of their leaves are held.
select
  plan.lot_id,
  plan.allocation_id,
  allocation.order_id,
  allocation.line_id,
  plan.leaf_id,
  plan.sku_id,
  plan.units
from stock.lot_plan as plan
join stock.allocation as allocation on allocation.id = plan.allocation_id
where plan.lot_id = any(%(lot_ids)s::uuid[])
order by plan.lot_id, plan.allocation_id

-- name: plans_of_allocations
-- From which lots allocations are to be taken, first expired first. Locks nothing.
select
  plan.allocation_id,
  plan.lot_id,
  lot.code,
  lot.expires_on,
  plan.units
from stock.lot_plan as plan
join stock.lot as lot on lot.id = plan.lot_id
where plan.allocation_id = any(%(allocation_ids)s::uuid[])
order by plan.allocation_id, lot.code = '', lot.expires_on nulls last, lot.code

-- name: lots_to_expire
-- What lies in lots whose last day of sale is before a day, the longest past first. Locks nothing.
select
  leaf_id,
  sku_id,
  lot_id,
  sell_until
from stock.leaf_lot
where units > 0 and not is_expired and sell_until < %(day)s::date
order by sell_until, leaf_id, lot_id
limit %(at_most)s::bigint

-- name: set_shelf_lives
-- Say how many days before it expires goods of SKUs are no longer sold.
insert into stock.shelf_life (sku_id, days_before_expiry)
select sku_id, days
from unnest(%(sku_ids)s::uuid[], %(days)s::int[]) as said (sku_id, days)
order by sku_id
on conflict (sku_id) do update set days_before_expiry = excluded.days_before_expiry

-- name: set_last_days
-- Apply shelf lives to what lies there already; what has expired stays so.
update stock.leaf_lot as level
set sell_until = lot.expires_on - said.days
from unnest(%(sku_ids)s::uuid[], %(days)s::int[]) as said (sku_id, days)
join stock.lot as lot on lot.sku_id = said.sku_id
where level.lot_id = lot.id and not level.is_expired

-- name: lots_at
-- What lies in which lot at leaves, of SKUs or of all, by leaf, SKU and what expires first; those after one.
select
  level.leaf_id,
  level.sku_id,
  level.lot_id,
  lot.code,
  lot.batch,
  lot.expires_on,
  level.sell_until,
  level.units,
  level.planned,
  level.unsellable,
  level.is_recalled,
  level.is_expired
from stock.leaf_lot as level
join stock.lot as lot on lot.id = level.lot_id
where
  level.leaf_id = any(%(leaf_ids)s::uuid[])
  and (%(sku_ids)s::uuid[] is null or level.sku_id = any(%(sku_ids)s::uuid[]))
  and (level.units <> 0 or level.unsellable <> 0 or level.planned <> 0)
  and (
    %(after_leaf)s::uuid is null
    or (level.leaf_id, level.sku_id, level.lot_id) > (%(after_leaf)s::uuid, %(after_sku)s::uuid, %(after_lot)s::uuid)
  )
order by level.leaf_id, level.sku_id, level.lot_id
limit %(at_most)s::bigint

-- name: who_got
-- Which orders got units of a lot, in the order in which they left; those after one.
select
  movement_id,
  leaf_id,
  order_id,
  line_id,
  gone as units,
  at
from stock.lot_movement
where
  lot_id = any(%(lot_ids)s::uuid[])
  and gone > 0
  and (%(after_at)s::timestamptz is null or (at, movement_id) > (%(after_at)s::timestamptz, %(after_id)s::uuid))
order by at, movement_id
limit %(at_most)s::bigint

-- name: orders_that_got
-- Which orders got units that a code names, as the number of a unit or as a batch, of one SKU or (null) of any: of each
-- unit or batch the latest to leave, with the line. Units that were returned and went out again are at the later order.
-- Locks nothing.
select
  lot.sku_id,
  lot.code = any(%(spellings)s::text[]) and lot.is_serial as is_unit,
  went.order_id,
  went.line_id,
  went.at
from (
  select named.id
  from stock.lot as named
  where named.code = any(%(spellings)s::text[])
    and (%(sku_id)s::uuid is null or named.sku_id = %(sku_id)s::uuid)
  union
  select of_batch.id
  from stock.lot as of_batch
  where of_batch.sku_id = %(sku_id)s::uuid
    and of_batch.batch = any(%(spellings)s::text[])
) as found
join stock.lot on lot.id = found.id
cross join lateral (
  select
    moved.order_id,
    moved.line_id,
    moved.at,
    moved.movement_id
  from stock.lot_movement as moved
  where moved.lot_id = found.id
    and moved.gone > 0
  order by moved.at desc, moved.movement_id desc
  limit case when lot.is_serial then 1 else %(at_most)s::bigint end
) as went
order by went.at desc, went.movement_id desc
limit %(at_most)s::bigint

-- name: lots_of_lines
-- The lots that lines got, those that are recalled first, then what expires first.
select
  step.line_id,
  step.lot_id
from stock.lot_movement as step
join stock.lot as lot on lot.id = step.lot_id
where step.line_id = any(%(line_ids)s::uuid[]) and step.gone > 0
order by step.line_id, lot.recalled_at is null, lot.code = '', lot.expires_on nulls last, lot.code

-- name: lots_at_leaves_of
-- What lies in given lots at given leaves, pair by pair. Locks nothing.
select
  level.leaf_id,
  level.lot_id,
  level.is_recalled or level.is_expired as is_locked
from stock.leaf_lot as level
where level.lot_id = any(%(lot_ids)s::uuid[]) and level.leaf_id = any(%(leaf_ids)s::uuid[])
