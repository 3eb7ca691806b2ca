-- name: shelves
-- What may be promised of SKUs at sites, of some of either or of all (null), pairs with nothing left out: what their
-- leaves can sell and have not promised, no more than is left of it at the node above; and of that the part of the leaf
-- that the site sells from, its first. Locks nothing.
with leaf as (
  select
    id,
    parent_id,
    site_id,
    id = first_value(id) over (partition by site_id order by id) as is_selling
  from stock.node
  where kind = 'leaf' and (%(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[]))
), shelf as (
  select
    leaf.site_id,
    leaf.parent_id,
    level.sku_id,
    sum(level.sellable - level.held) as units,
    coalesce(sum(level.sellable - level.held) filter (where leaf.is_selling), 0) as selling
  from stock.leaf_stock as level
  join leaf on leaf.id = level.leaf_id
  where
    (%(sku_ids)s::uuid[] is null or level.sku_id = any(%(sku_ids)s::uuid[]))
    and level.sellable > level.held
  group by leaf.site_id, leaf.parent_id, level.sku_id
)
select
  shelf.sku_id,
  shelf.site_id,
  sum(greatest(0, least(shelf.units, coalesce(above.free - above.held, shelf.units))))::bigint as units,
  sum(greatest(0, least(shelf.selling, coalesce(above.free - above.held, shelf.selling))))::bigint as selling
from shelf
left join stock.node_stock as above on above.node_id = shelf.parent_id and above.sku_id = shelf.sku_id
group by shelf.sku_id, shelf.site_id
order by shelf.sku_id, shelf.site_id

-- name: levels_above
-- What is free and held of SKUs, of some or of all (null), at nodes above sites. Locks nothing.
select
  level.sku_id,
  level.node_id,
  level.free - level.held as room
from stock.node_stock as level
join stock.node as node on node.id = level.node_id
where
  node.kind in ('brand', 'network')
  and (%(sku_ids)s::uuid[] is null or level.sku_id = any(%(sku_ids)s::uuid[]))
order by level.sku_id, node.depth

-- name: open_quotas_of
-- The open quotas of SKUs, of some or of all (null), with what is left of the reserve they name. Locks nothing.
select
  quota.sku_id,
  quota.node_id,
  quota.kind,
  quota.code,
  quota.remaining,
  coalesce(reserve.remaining, 0) as reserve,
  quota.then_free,
  quota.starts_at,
  quota.ends_at
from stock.quota as quota
left join stock.quota as reserve on reserve.id = quota.reserve_id and reserve.ended_at is null
where
  quota.ended_at is null
  and (%(sku_ids)s::uuid[] is null or quota.sku_id = any(%(sku_ids)s::uuid[]))
order by quota.sku_id, quota.id
