-- name: leaves
-- Every leaf, by its id.
select
  id,
  kind,
  name,
  parent_id,
  path,
  site_id,
  owner_id
from stock.node
where kind = 'leaf'
order by id

-- name: nodes_by_ids
-- The given nodes, parents before children.
select
  id,
  kind,
  name,
  parent_id,
  path,
  site_id,
  owner_id
from stock.node
where id = any(%(node_ids)s::uuid[])
order by depth, id

-- name: sellable_at_leaves
-- What may be allocated of SKUs at leaves, capped by what is not promised to others at the leaf and at the nodes
-- between it and the node a hold lies at; without such a node, at the leaf and its site. One row per leaf: the places
-- of its SKUs in the list given, in no order, and the units of each.
with way as (
  select
    leaf.id as leaf_id,
    step.node_id,
    step.place,
    array_position(leaf.path, %(under)s::uuid) as under_place
  from stock.node as leaf
  cross join unnest(leaf.path) with ordinality as step (node_id, place)
  where leaf.kind = 'leaf' and (%(under)s::uuid is null or %(under)s::uuid = any(leaf.path))
), cap as (
  select
    way.leaf_id,
    way.node_id
  from way
  join stock.node as node on node.id = way.node_id
  where case when way.under_place is null then node.kind in ('site', 'leaf') else way.place > way.under_place end
), wanted as (
  select
    sku_id,
    place
  from unnest(%(sku_ids)s::uuid[]) with ordinality as wanted (sku_id, place)
), room as (
  select
    cap.leaf_id,
    wanted.place,
    min(level.free - level.held) as units
  from wanted
  join stock.node_stock as level on level.sku_id = wanted.sku_id
  join cap on cap.node_id = level.node_id
  group by cap.leaf_id, wanted.place
), sellable as (
  select
    level.leaf_id,
    wanted.place,
    least(
      level.sellable - case when cap.node_id is null then 0 else level.held end,
      coalesce(room.units, level.sellable)
    ) as units
  from wanted
  join stock.leaf_stock as level on level.sku_id = wanted.sku_id
  left join cap on cap.leaf_id = level.leaf_id and cap.node_id = level.leaf_id
  left join room on room.leaf_id = level.leaf_id and room.place = wanted.place
  where level.sellable > 0 and level.leaf_id in (select leaf_id from way)
)
select
  found.leaf_id,
  leaf.site_id,
  leaf.owner_id,
  found.places,
  found.units
from (
  select
    leaf_id,
    array_agg(place) as places,
    array_agg(units) as units
  from sellable
  where units > 0
  group by leaf_id
) as found
join stock.node as leaf on leaf.id = found.leaf_id
order by found.leaf_id

-- name: free_at_nodes
-- Free and held units of SKUs at nodes, and what may still be promised there: the least room there and above.
select
  need.node_id,
  need.sku_id,
  coalesce(level.free, leaf.sellable, 0) as free,
  coalesce(level.held, leaf.held, 0) as held,
  greatest(0, least(coalesce(leaf.sellable - leaf.held, above.room, 0), above.room)) as room,
  coalesce(leaf.quotas, 0) + coalesce(above.quotas, 0) as quotas
from unnest(%(node_ids)s::uuid[], %(sku_ids)s::uuid[]) with ordinality as need (node_id, sku_id, place)
join stock.node as node on node.id = need.node_id
left join stock.node_stock as level on level.node_id = need.node_id and level.sku_id = need.sku_id
left join stock.leaf_stock as leaf on leaf.leaf_id = need.node_id and leaf.sku_id = need.sku_id
cross join lateral (
  select
    min(upper.free - upper.held) as room,
    sum(upper.quotas)::integer as quotas
  from stock.node_stock as upper
  where upper.node_id = any(node.path) and upper.sku_id = need.sku_id
) as above
order by need.place

-- name: skus_at_nodes
-- SKUs after one that are or were promised at some nodes, in order of their ids.
select sku_id
from (
  select sku_id from stock.node_stock
  where node_id = any(%(node_ids)s::uuid[]) and (%(after)s::uuid is null or sku_id > %(after)s::uuid)
  union
  select sku_id from stock.leaf_stock
  where leaf_id = any(%(node_ids)s::uuid[]) and (%(after)s::uuid is null or sku_id > %(after)s::uuid)
) as known
order by sku_id
limit %(at_most)s::integer

-- name: stock_at_leaves
-- The rows of the given leaves, of all SKUs or of those given, by leaf and SKU.
select
  leaf.leaf_id,
  leaf.sku_id,
  leaf.on_hand,
  leaf.allocated,
  leaf.unsellable,
  leaf.safety - coalesce(doubt.units, 0) as safety,
  coalesce(doubt.units, 0) as doubted,
  leaf.held,
  leaf.sellable,
  leaf.missing
from stock.leaf_stock as leaf
left join stock.doubt as doubt on doubt.leaf_id = leaf.leaf_id and doubt.sku_id = leaf.sku_id
where
  leaf.leaf_id = any(%(leaf_ids)s::uuid[])
  and (%(sku_ids)s::uuid[] is null or leaf.sku_id = any(%(sku_ids)s::uuid[]))
order by leaf.leaf_id, leaf.sku_id

-- name: open_shortfalls
-- Open shortfalls, the oldest first.
select
  id as shortfall_id,
  kind,
  node_id,
  sku_id,
  units,
  units_most,
  opened_at
from stock.shortfall
where closed_at is null
order by opened_at, id
limit %(limit)s::bigint

-- name: broken_allocations
-- The latest allocations of each leaf that misses units, until what is missing is covered; of the oldest shortfalls.
-- Allocations that are kept are not looked at.
with missing as (
  select
    node_id as leaf_id,
    sku_id,
    units,
    opened_at
  from stock.shortfall
  where closed_at is null and kind = 'missing'
), claim as (
  select
    allocation.id,
    allocation.order_id,
    allocation.line_id,
    allocation.leaf_id,
    allocation.sku_id,
    allocation.units,
    missing.opened_at,
    missing.units as missing_units,
    sum(allocation.units) over (
      partition by allocation.leaf_id, allocation.sku_id order by allocation.id desc
    ) - allocation.units as covered_units
  from missing
  join stock.allocation as allocation
    on allocation.sku_id = missing.sku_id and allocation.leaf_id = missing.leaf_id
  where allocation.id <> all(%(kept)s::uuid[])
)
select
  id as allocation_id,
  order_id,
  line_id,
  leaf_id,
  sku_id,
  least(units, missing_units - covered_units)::bigint as units
from claim
where covered_units < missing_units
order by opened_at, id
limit %(limit)s::bigint

-- name: overheld_nodes
-- Nodes that hold more of a SKU than is free there, those of the oldest shortfalls first.
select
  shortfall.node_id,
  shortfall.sku_id,
  node.depth,
  shortfall.units
from stock.shortfall
join stock.node as node on node.id = shortfall.node_id
where shortfall.closed_at is null and shortfall.kind = 'overheld'
order by shortfall.opened_at, shortfall.id
limit %(limit)s::bigint

-- name: quotas_below
-- The open quotas in the subtrees of the given nodes that have units left, those that start last first.
select distinct
  quota.id,
  quota.sku_id,
  quota.remaining as units,
  node.path,
  quota.starts_at
from unnest(%(node_ids)s::uuid[], %(sku_ids)s::uuid[]) as over (node_id, sku_id)
join stock.quota as quota on quota.sku_id = over.sku_id and quota.ended_at is null and quota.remaining > 0
join stock.node as node on node.id = quota.node_id and over.node_id = any(node.path)
order by quota.starts_at desc, quota.id desc

-- name: latest_holds_below
-- For each of the given nodes the latest holds in its subtree, as many as cover the units given; latest first.
with claim as (
  select
    hold.line_id,
    hold.order_id,
    hold.sku_id,
    hold.units,
    node.path,
    over.units as over_units,
    sum(hold.units) over (
      partition by over.node_id, over.sku_id order by hold.line_id desc
    ) - hold.units as covered_units
  from unnest(%(node_ids)s::uuid[], %(sku_ids)s::uuid[], %(units)s::bigint[]) as over (node_id, sku_id, units)
  join stock.hold as hold on hold.sku_id = over.sku_id
  join stock.node as node on node.id = hold.node_id and over.node_id = any(node.path)
)
select distinct
  line_id,
  order_id,
  sku_id,
  units,
  path
from claim
where covered_units < over_units
order by line_id desc

-- name: holds_of_lines
-- The open holds of lines, by line.
select
  line_id,
  order_id,
  node_id,
  sku_id,
  units,
  expires_at
from stock.hold
where line_id = any(%(line_ids)s::uuid[])
order by line_id

-- name: next_expiry
-- When the next hold runs out after a moment (null: the first there is). Locks nothing.
select expires_at
from stock.hold
where expires_at is not null
  and expires_at > coalesce(%(after)s::timestamptz, '-infinity')
order by expires_at, line_id
limit 1

-- name: stock_counts
-- How many rows there are of what the replay reports.
select
  (select count(*) from stock.movement) as movements,
  (select count(*) from stock.hold) as open_holds,
  (select count(*) from stock.allocation) as open_allocations,
  (select count(*) from stock.shortfall) as shortfalls,
  (select count(*) from stock.shortfall where closed_at is null) as open_shortfalls

-- name: nodes_page
-- Nodes in the order of their ids, after one, at most so many.
select
  id,
  kind,
  name,
  parent_id,
  path,
  site_id,
  owner_id
from stock.node
where %(after)s::uuid is null or id > %(after)s::uuid
order by id
limit %(at_most)s::bigint

-- name: leaves_of_sites
-- The leaves of sites, by site and owner.
select
  id,
  kind,
  name,
  parent_id,
  path,
  site_id,
  owner_id
from stock.node
where kind = 'leaf' and site_id = any(%(site_ids)s::uuid[])
order by site_id, owner_id

-- name: stock_page
-- The rows of leaves after one, by leaf and SKU, at most so many.
select
  leaf.leaf_id,
  leaf.sku_id,
  leaf.on_hand,
  leaf.allocated,
  leaf.unsellable,
  leaf.safety - coalesce(doubt.units, 0) as safety,
  coalesce(doubt.units, 0) as doubted,
  leaf.held,
  leaf.sellable,
  leaf.missing
from stock.leaf_stock as leaf
left join stock.doubt as doubt on doubt.leaf_id = leaf.leaf_id and doubt.sku_id = leaf.sku_id
where
  leaf.leaf_id = any(%(leaf_ids)s::uuid[])
  and (%(sku_ids)s::uuid[] is null or leaf.sku_id = any(%(sku_ids)s::uuid[]))
  and (
    %(after_leaf)s::uuid is null
    or (leaf.leaf_id, leaf.sku_id) > (%(after_leaf)s::uuid, %(after_sku)s::uuid)
  )
order by leaf.leaf_id, leaf.sku_id
limit %(at_most)s::bigint

-- name: sellable_at_sites
-- Units of SKUs that may be promised at sites (null: at any), sites with none left out: what their leaves can sell and
-- have not promised, no more than is left of it at the node above.
with leaf as (
  select
    id,
    parent_id,
    site_id
  from stock.node
  where kind = 'leaf' and (%(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[]))
), shelf as (
  select
    leaf.site_id,
    leaf.parent_id,
    level.sku_id,
    sum(greatest(0, level.sellable - level.held)) as units
  from stock.leaf_stock as level
  join leaf on leaf.id = level.leaf_id
  where level.sku_id = any(%(sku_ids)s::uuid[]) and level.sellable > level.held
  group by leaf.site_id, leaf.parent_id, level.sku_id
)
select
  shelf.site_id,
  shelf.sku_id,
  sum(greatest(0, least(shelf.units, coalesce(above.free - above.held, shelf.units))))::bigint as units
from shelf
left join stock.node_stock as above on above.node_id = shelf.parent_id and above.sku_id = shelf.sku_id
group by shelf.site_id, shelf.sku_id
having sum(greatest(0, least(shelf.units, coalesce(above.free - above.held, shelf.units)))) > 0
order by shelf.sku_id, shelf.site_id
limit %(at_most)s::bigint

-- name: levels_lately
-- What SKUs of leaves are now, and by how much they moved since a moment. A movement's id is a UUIDv7 of when it
-- happened, which may be long before we heard of it: those from `since_id` on happened later, and are found by the ids'
-- own order. Locks nothing: the caller holds the leaves' rows, so that what it reads stands.
with wanted as (
  select
    leaf_id,
    sku_id,
    place
  from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) with ordinality as wanted (leaf_id, sku_id, place)
), lately as (
  select
    move.leaf_id,
    move.sku_id,
    sum(move.on_hand)::bigint as on_hand,
    sum(move.allocated + move.unsellable)::bigint as bound
  from stock.movement as move
  join wanted on wanted.leaf_id = move.leaf_id and wanted.sku_id = move.sku_id
  where move.id >= %(since_id)s::uuid
  group by move.leaf_id, move.sku_id
)
select
  wanted.leaf_id,
  wanted.sku_id,
  coalesce(leaf.on_hand, 0) as on_hand,
  coalesce(leaf.allocated + leaf.unsellable, 0) as bound,
  coalesce(lately.on_hand, 0) as on_hand_since,
  coalesce(lately.bound, 0) as bound_since,
  coalesce(doubt.units, 0) as doubted,
  coalesce(doubt.wanted, 0) as doubt_wanted
from wanted
left join stock.leaf_stock as leaf on leaf.leaf_id = wanted.leaf_id and leaf.sku_id = wanted.sku_id
left join lately on lately.leaf_id = wanted.leaf_id and lately.sku_id = wanted.sku_id
left join stock.doubt as doubt on doubt.leaf_id = wanted.leaf_id and doubt.sku_id = wanted.sku_id
order by wanted.place

-- name: doubts_short
-- Doubts of which promises kept a part away, in the order in which their rows are locked.
select
  leaf_id,
  sku_id,
  wanted as units
from stock.doubt
where units < wanted
order by leaf_id, sku_id
limit %(limit)s::bigint

-- name: promise_ages
-- How many unpaid holds there are, the first line that has one, how many ran out already and since when; how many
-- shortfalls are open and since when.
select
  unpaid.holds as unpaid_holds,
  (
    select line_id
    from stock.hold
    where expires_at is not null
    order by line_id
    limit 1
  ) as first_line_id,
  unpaid.due as due_holds,
  unpaid.due_since,
  short.open as open_shortfalls,
  short.since as short_since
from (
  select
    count(*) as holds,
    count(*) filter (where expires_at <= %(now)s::timestamptz) as due,
    min(expires_at) filter (where expires_at <= %(now)s::timestamptz) as due_since
  from stock.hold
  where expires_at is not null
) as unpaid
cross join (
  select
    count(*) as open,
    min(opened_at) as since
  from stock.shortfall
  where closed_at is null
) as short
