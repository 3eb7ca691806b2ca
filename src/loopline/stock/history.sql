-- What became of a SKU: where its units are, what moved them, how many there were day by day. Nothing here locks.

-- name: levels_of_sku
-- A SKU at every leaf of some sites (null: of all), by site and owner; with what is held of it anywhere.
select
  level.leaf_id,
  leaf.site_id,
  leaf.owner_id,
  leaf.name,
  level.on_hand,
  level.allocated,
  level.unsellable,
  level.safety,
  level.held,
  level.sellable,
  level.missing,
  (
    select coalesce(sum(hold.units), 0)::bigint
    from stock.hold as hold
    where hold.sku_id = %(sku_id)s::uuid
  ) as held_anywhere
from stock.leaf_stock as level
join stock.node as leaf on leaf.id = level.leaf_id
where
  level.sku_id = %(sku_id)s::uuid
  and (%(site_ids)s::uuid[] is null or leaf.site_id = any(%(site_ids)s::uuid[]))
order by leaf.site_id, leaf.owner_id

-- name: levels_page
-- SKUs (null: all) at leaves of some sites (null: of all), by SKU and leaf, those after one: all there are, or those of
-- which units are missing, are kept back, or are asked to be counted. Locks nothing.
select
  level.sku_id,
  level.leaf_id,
  leaf.site_id,
  leaf.owner_id,
  leaf.name,
  level.on_hand,
  level.allocated,
  level.safety,
  level.sellable,
  level.missing,
  asked.asked_at,
  asked.asked_by,
  asked.note
from stock.leaf_stock as level
join stock.node as leaf on leaf.id = level.leaf_id
left join stock.asked_count as asked
  on asked.leaf_id = level.leaf_id
  and asked.sku_id = level.sku_id
  and asked.ended_at is null
where
  (%(sku_ids)s::uuid[] is null or level.sku_id = any(%(sku_ids)s::uuid[]))
  and (%(site_ids)s::uuid[] is null or leaf.site_id = any(%(site_ids)s::uuid[]))
  and (
    %(after_sku)s::uuid is null
    or (level.sku_id, level.leaf_id) > (%(after_sku)s::uuid, %(after_leaf)s::uuid)
  )
  and (
    %(which)s::text is null
    or (%(which)s::text = 'missing' and level.missing > 0)
    or (%(which)s::text = 'kept_back' and level.safety > 0)
    or (%(which)s::text = 'asked' and asked.id is not null)
  )
order by level.sku_id, level.leaf_id
limit %(at_most)s::bigint

-- name: movements_of_sku
-- Movements of a SKU at some sites (null: all), the latest first, those before one; each with the units on hand after
-- it: those of now, less all that moved later at that leaf. Of a later page all that is newer is summed: an index scan.
with shown as (
  select
    movement.id,
    movement.at,
    movement.leaf_id,
    leaf.site_id,
    leaf.name as place,
    movement.reason,
    movement.on_hand,
    movement.allocated,
    movement.unsellable,
    movement.safety,
    movement.reference
  from stock.movement as movement
  join stock.node as leaf on leaf.id = movement.leaf_id
  where
    movement.sku_id = %(sku_id)s::uuid
    and (%(site_ids)s::uuid[] is null or leaf.site_id = any(%(site_ids)s::uuid[]))
    and (%(reasons)s::text[] is null or movement.reason = any(%(reasons)s::text[]))
    and (%(since)s::timestamptz is null or movement.at >= %(since)s::timestamptz)
    and (
      %(before_at)s::timestamptz is null
      or (movement.at, movement.id) < (%(before_at)s::timestamptz, %(before_id)s::uuid)
    )
  order by movement.at desc, movement.id desc
  limit %(at_most)s::bigint
), counted as (
  select
    movement.id,
    sum(movement.on_hand) over (
      partition by movement.leaf_id
      order by movement.at desc, movement.id desc
      rows between unbounded preceding and current row
    ) as moved_since
  from stock.movement as movement
  where
    movement.sku_id = %(sku_id)s::uuid
    and (movement.at, movement.id) >= (select at, id from shown order by at, id limit 1)
)
select
  shown.id as movement_id,
  shown.at,
  shown.leaf_id,
  shown.site_id,
  shown.place,
  shown.reason,
  shown.on_hand,
  shown.allocated,
  shown.unsellable,
  shown.safety,
  shown.reference,
  (level.on_hand - counted.moved_since + shown.on_hand)::bigint as on_hand_after
from shown
join counted on counted.id = shown.id
join stock.leaf_stock as level on level.leaf_id = shown.leaf_id and level.sku_id = %(sku_id)s::uuid
order by shown.at desc, shown.id desc

-- name: on_hand_by_day
-- The units on hand of a SKU at some sites (null: all) at the end of each of the last days, the first day first; days
-- are cut in the zone given.
with leaf as (
  select id
  from stock.node
  where kind = 'leaf' and (%(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[]))
), now as (
  select coalesce(sum(level.on_hand), 0) as units
  from stock.leaf_stock as level
  join leaf on leaf.id = level.leaf_id
  where level.sku_id = %(sku_id)s::uuid
), moved as (
  select
    (movement.at at time zone %(zone)s::text)::date as day,
    sum(movement.on_hand) as units
  from stock.movement as movement
  join leaf on leaf.id = movement.leaf_id
  where
    movement.sku_id = %(sku_id)s::uuid
    and movement.at >= (%(first_day)s::date::timestamp at time zone %(zone)s::text)
  group by 1
)
select
  told.day::date as day,
  (now.units - coalesce((select sum(moved.units) from moved where moved.day > told.day::date), 0))::bigint as on_hand
from generate_series(%(first_day)s::date::timestamp, %(last_day)s::date::timestamp, interval '1 day') as told (day)
cross join now
order by told.day

-- name: totals_of_skus
-- SKUs over all leaves of some sites (null: of all), in the order of their ids; those without stock are left out.
select
  level.sku_id,
  sum(level.on_hand)::bigint as on_hand,
  sum(level.allocated)::bigint as allocated,
  sum(level.sellable)::bigint as sellable,
  sum(level.missing)::bigint as missing,
  count(distinct leaf.site_id) filter (where level.on_hand > 0) as sites
from stock.leaf_stock as level
join stock.node as leaf on leaf.id = level.leaf_id
where
  level.sku_id = any(%(sku_ids)s::uuid[])
  and (%(site_ids)s::uuid[] is null or leaf.site_id = any(%(site_ids)s::uuid[]))
group by level.sku_id
order by level.sku_id

-- name: skus_moved_last
-- The SKUs that moved last at some sites (null: anywhere), the latest first: of the newest movements, so many looked at.
select newest.sku_id
from (
  select
    movement.sku_id,
    movement.leaf_id,
    movement.id
  from stock.movement as movement
  order by movement.id desc
  limit %(looked_at)s::bigint
) as newest
join stock.node as leaf on leaf.id = newest.leaf_id
where %(site_ids)s::uuid[] is null or leaf.site_id = any(%(site_ids)s::uuid[])
group by newest.sku_id
order by max(newest.id::text) desc
limit %(at_most)s::bigint

-- name: flow_of_skus
-- What came to leaves since one moment, and what their shelves sold since another, of leaves where either is not zero.
select
  leaf.site_id,
  movement.sku_id,
  coalesce(
    sum(movement.on_hand) filter (
      where movement.at >= %(came_since)s::timestamptz
        and movement.on_hand > 0
        and movement.reason in ('opening', 'receipt', 'transfer_in', 'returned')
    ),
    0
  )::bigint as came,
  coalesce(
    -sum(movement.on_hand) filter (where movement.at >= %(sold_since)s::timestamptz and movement.reason = 'sale'), 0
  )::bigint as sold
from stock.movement as movement
join stock.node as leaf on leaf.id = movement.leaf_id
where movement.sku_id = any(%(sku_ids)s::uuid[])
  and movement.at >= least(%(came_since)s::timestamptz, %(sold_since)s::timestamptz)
group by leaf.site_id, movement.sku_id

-- name: sellable_in
-- What leaves had of SKUs in a period and could be sold: on hand less unsellable when it began (of now, less all that moved
-- since), and what came in it. Leaves with nothing are left out.
select
  level.leaf_id,
  level.sku_id,
  (
    level.on_hand
    - level.unsellable
    - coalesce(sum(movement.on_hand - movement.unsellable), 0)
    + coalesce(
      sum(movement.on_hand) filter (
        where movement.at < %(until)s::timestamptz
          and movement.on_hand > 0
          and movement.reason in ('opening', 'receipt', 'transfer_in', 'returned')
      ),
      0
    )
  )::bigint as sellable
from stock.leaf_stock as level
left join stock.movement as movement
  on movement.sku_id = level.sku_id
  and movement.leaf_id = level.leaf_id
  and movement.at >= %(since)s::timestamptz
where level.sku_id = any(%(sku_ids)s::uuid[])
group by level.leaf_id, level.sku_id, level.on_hand, level.unsellable
