-- Lock order of this room, in every transaction: the tree, node rows root first by (depth, node_id, sku_id), leaf rows
-- by (leaf_id, sku_id). Holds and allocations are locked by these: whoever makes, changes or ends a hold holds the rows
-- of its node and of all above; whoever does so with an allocation holds the row of its leaf. They are read after that.

-- name: hold_tree
-- Keep the tree as it is until the transaction ends. A shared advisory lock; taken before any path is read.
select pg_advisory_xact_lock_shared(%(key)s::bigint)

-- name: hold_tree_alone
-- Keep everyone who promises away from the tree until the transaction ends, to move a leaf in it.
select pg_advisory_xact_lock(%(key)s::bigint)

-- name: paths
-- The ways from the root to the given nodes. Locks nothing: the caller holds the tree.
select
  id,
  kind = 'leaf' as is_leaf,
  path
from stock.node
where id = any(%(node_ids)s::uuid[])

-- name: nodes
-- The given nodes, and any leaf of the given sites and owners. Locks nothing.
select
  id,
  kind,
  name,
  parent_id,
  path,
  site_id,
  owner_id
from stock.node
where
  id = any(%(node_ids)s::uuid[])
  or (kind = 'leaf' and (site_id, owner_id) in (select * from unnest(%(site_ids)s::uuid[], %(owner_ids)s::uuid[])))
order by depth, id

-- name: copy_nodes
-- Write new nodes, parents before their children.
copy stock.node (id, kind, name, parent_id, path, site_id, owner_id) from stdin

-- name: make_levels
-- Make the rows of leaves that are not there, and those of the nodes above them; a leaf's row is never there without
-- them. In the order in which rows are locked, so that batches that make the same rows wait the same way round.
with absent as (
  select
    (%(node_ids)s::uuid[])[need.node] as leaf_id,
    (%(sku_ids)s::uuid[])[need.sku] as sku_id
  from unnest(%(nodes)s::int[], %(skus)s::int[]) as need (node, sku)
  left join stock.leaf_stock as present
    on present.sku_id = (%(sku_ids)s::uuid[])[need.sku] and present.leaf_id = (%(node_ids)s::uuid[])[need.node]
  where present.leaf_id is null
), node_rows as (
  insert into stock.node_stock (node_id, sku_id)
  select
    step.node_id,
    absent.sku_id
  from absent
  join stock.node as leaf on leaf.id = absent.leaf_id
  cross join unnest(leaf.path) with ordinality as step (node_id, depth)
  where step.node_id <> absent.leaf_id
  group by step.node_id, absent.sku_id, step.depth
  order by step.depth, step.node_id, absent.sku_id
  on conflict do nothing
  returning 1
)
insert into stock.leaf_stock (leaf_id, sku_id)
select
  leaf_id,
  sku_id
from absent
where (select count(*) from node_rows) >= 0 -- node rows first: reading the count runs that part to its end
order by leaf_id, sku_id
on conflict do nothing

-- name: make_node_levels
-- Make rows of nodes that are not there, root first, for leaves that come to hang below them. The caller holds the
-- tree alone.
insert into stock.node_stock (node_id, sku_id)
select
  (%(node_ids)s::uuid[])[wanted.node],
  (%(sku_ids)s::uuid[])[wanted.sku]
from unnest(%(nodes)s::int[], %(skus)s::int[]) with ordinality as wanted (node, sku, place)
order by wanted.place
on conflict do nothing

-- name: hold_levels
-- Where lines hold what, to be locked. Locks nothing itself.
select distinct
  node_id,
  sku_id
from stock.hold
where line_id = any(%(line_ids)s::uuid[])

-- name: holds
-- The open holds of lines. The caller holds the rows of their levels.
select
  line_id,
  order_id,
  node_id,
  sku_id,
  units,
  expires_at
from stock.hold
where line_id = any(%(line_ids)s::uuid[])

-- name: expired_holds
-- The holds that ran out first. Locks nothing: they are read again when their levels are held.
select
  line_id,
  order_id,
  node_id,
  sku_id,
  units,
  expires_at
from stock.hold
where expires_at <= %(now)s::timestamptz
  and order_id <> all(%(kept_order_ids)s::uuid[])
order by expires_at, line_id
limit %(limit)s::bigint

-- name: allocation_leaves
-- The leaves and SKUs of open allocations, to be locked. Locks nothing itself.
select distinct
  leaf_id,
  sku_id
from stock.allocation
where id = any(%(allocation_ids)s::uuid[])

-- name: allocation_levels
-- The leaves of open allocations, the nodes they were held at, and the nodes their lines hold at now, to be locked.
-- Locks nothing itself.
select
  leaf_id,
  sku_id
from stock.allocation
where id = any(%(allocation_ids)s::uuid[])
union
select
  hold_node_id,
  sku_id
from stock.allocation
where id = any(%(allocation_ids)s::uuid[])
union
select
  hold.node_id,
  hold.sku_id
from stock.allocation
join stock.hold on hold.line_id = allocation.line_id
where allocation.id = any(%(allocation_ids)s::uuid[])

-- name: allocations
-- Open allocations. The caller holds the rows of their leaves.
select
  id,
  order_id,
  line_id,
  hold_node_id,
  leaf_id,
  sku_id,
  units
from stock.allocation
where id = any(%(allocation_ids)s::uuid[])

-- name: lock_node_stock
-- Lock rows of nodes root first by (depth, node_id, sku_id): the order of the places the caller gave them.
select
  wanted.place,
  level.free,
  level.held,
  level.overheld,
  level.quotas
from unnest(%(nodes)s::int[], %(skus)s::int[]) with ordinality as wanted (node, sku, place)
join stock.node_stock as level
  on level.sku_id = (%(sku_ids)s::uuid[])[wanted.sku] and level.node_id = (%(node_ids)s::uuid[])[wanted.node]
order by wanted.place
for update of level

-- name: read_node_stock
-- Read rows of nodes by the places the caller gave them. Locks nothing.
select
  wanted.place,
  level.free,
  level.held,
  level.overheld,
  level.quotas
from unnest(%(nodes)s::int[], %(skus)s::int[]) with ordinality as wanted (node, sku, place)
join stock.node_stock as level
  on level.sku_id = (%(sku_ids)s::uuid[])[wanted.sku] and level.node_id = (%(node_ids)s::uuid[])[wanted.node]

-- name: lock_leaf_stock
-- Lock rows of leaves by (leaf_id, sku_id): the order of the places the caller gave them.
select
  wanted.place,
  level.on_hand,
  level.allocated,
  level.unsellable,
  level.safety,
  level.held,
  level.short,
  level.overheld,
  level.sellable,
  level.in_lots,
  level.quotas
from unnest(%(nodes)s::int[], %(skus)s::int[]) with ordinality as wanted (node, sku, place)
join stock.leaf_stock as level
  on level.sku_id = (%(sku_ids)s::uuid[])[wanted.sku] and level.leaf_id = (%(node_ids)s::uuid[])[wanted.node]
order by wanted.place
for update of level

-- name: skus_of_leaves
-- Every SKU that has a row at the given leaves. Locks nothing.
select
  leaf_id,
  sku_id
from stock.leaf_stock
where leaf_id = any(%(leaf_ids)s::uuid[])

-- name: facts_recorded
-- Those of the given facts that are recorded already. The caller holds their leaf rows, so that a rival's are seen.
select
  id,
  leaf_id,
  sku_id,
  reason,
  on_hand,
  unsellable,
  reference
from stock.movement
where id = any(%(ids)s::uuid[])

-- name: doubts
-- What is kept back in doubt of SKUs at leaves. The caller holds the leaves' rows.
select
  doubt.leaf_id,
  doubt.sku_id,
  doubt.units
from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) as wanted (leaf_id, sku_id)
join stock.doubt as doubt on doubt.leaf_id = wanted.leaf_id and doubt.sku_id = wanted.sku_id

-- name: make_doubts
-- Make the rows of doubts that are not there. The caller holds the leaves' rows.
insert into stock.doubt (leaf_id, sku_id, units, wanted)
select
  leaf_id,
  sku_id,
  0,
  0
from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) as step (leaf_id, sku_id)
on conflict do nothing

-- name: write_doubts
-- Write what is kept back in doubt now, by the differences decided on. The caller holds the leaves' rows.
update stock.doubt
set
  units = doubt.units + step.change,
  wanted = step.wanted
from unnest(
  %(leaf_ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(changes)s::bigint[],
  %(wanted)s::bigint[]
) as step (leaf_id, sku_id, change, wanted)
where doubt.leaf_id = step.leaf_id and doubt.sku_id = step.sku_id

-- name: write_changes
-- Write what a batch decided, as one statement: movements and with them the leaves they move, what leaves and nodes
-- hold, holds and allocations that are made, changed or used up. The caller holds the rows of all levels it names. Every
-- number is a difference. Nodes and SKUs are named by their place in the lists given. Where `may_open` is false, what is recorded as short or overheld can only fall, and the
-- tables' constraints refuse the rest.
with move as materialized (
  select
    id,
    leaf,
    sku,
    reason,
    on_hand,
    allocated,
    unsellable,
    safety,
    reference
  from unnest(
    %(move_ids)s::uuid[],
    %(move_leaves)s::int[],
    %(move_skus)s::int[],
    %(move_reasons)s::text[],
    %(move_on_hand)s::bigint[],
    %(move_allocated)s::bigint[],
    %(move_unsellable)s::bigint[],
    %(move_safety)s::bigint[],
    %(move_references)s::uuid[]
  ) as move (id, leaf, sku, reason, on_hand, allocated, unsellable, safety, reference)
), moved as (
  insert into stock.movement (id, at, leaf_id, sku_id, reason, on_hand, allocated, unsellable, safety, reference)
  select
    id,
    %(now)s::timestamptz,
    (%(node_ids)s::uuid[])[leaf],
    (%(sku_ids)s::uuid[])[sku],
    reason,
    on_hand,
    allocated,
    unsellable,
    safety,
    reference
  from move
  returning 1
), leaf_change as (
  select
    leaf,
    sku,
    sum(on_hand)::bigint as on_hand,
    sum(allocated)::bigint as allocated,
    sum(unsellable)::bigint as unsellable,
    sum(safety)::bigint as safety,
    sum(held)::bigint as held,
    sum(short)::bigint as short,
    sum(overheld)::bigint as overheld
  from (
    select leaf, sku, on_hand, allocated, unsellable, safety, 0 as held, 0 as short, 0 as overheld from move
    union all
    select leaf, sku, 0, 0, 0, 0, held, short, overheld
    from unnest(
      %(promise_leaves)s::int[],
      %(promise_skus)s::int[],
      %(promise_held)s::bigint[],
      %(promise_short)s::bigint[],
      %(promise_overheld)s::bigint[]
    ) as promise (leaf, sku, held, short, overheld)
  ) as part
  group by leaf, sku
), leaf_written as (
  update stock.leaf_stock as leaf
  set
    on_hand = leaf.on_hand + change.on_hand,
    allocated = leaf.allocated + change.allocated,
    unsellable = leaf.unsellable + change.unsellable,
    safety = leaf.safety + change.safety,
    held = leaf.held + change.held,
    short = leaf.short + case when %(may_open)s::boolean then change.short else least(0, change.short) end,
    overheld = leaf.overheld
      + case when %(may_open)s::boolean then change.overheld else least(0, change.overheld) end
  from leaf_change as change
  where
    leaf.sku_id = (%(sku_ids)s::uuid[])[change.sku]
    and leaf.leaf_id = (%(node_ids)s::uuid[])[change.leaf]
  returning 1
), node_written as (
  update stock.node_stock as level
  set
    free = level.free + change.free,
    held = level.held + change.held,
    overheld = level.overheld
      + case when %(may_open)s::boolean then change.overheld else least(0, change.overheld) end
  from unnest(
    %(level_nodes)s::int[],
    %(level_skus)s::int[],
    %(level_free)s::bigint[],
    %(level_held)s::bigint[],
    %(level_overheld)s::bigint[]
  ) as change (node, sku, free, held, overheld)
  where
    level.sku_id = (%(sku_ids)s::uuid[])[change.sku]
    and level.node_id = (%(node_ids)s::uuid[])[change.node]
  returning 1
), hold_made as (
  insert into stock.hold (line_id, order_id, node_id, sku_id, units, expires_at)
  select line_id, order_id, node_id, sku_id, units, expires_at
  from unnest(
    %(made_hold_line_ids)s::uuid[],
    %(made_hold_order_ids)s::uuid[],
    %(made_hold_node_ids)s::uuid[],
    %(made_hold_sku_ids)s::uuid[],
    %(made_hold_units)s::bigint[],
    %(made_hold_expires_at)s::timestamptz[]
  ) as made (line_id, order_id, node_id, sku_id, units, expires_at)
  returning 1
), hold_changed as (
  update stock.hold
  set
    node_id = change.node_id,
    units = hold.units + change.units,
    expires_at = change.expires_at
  from unnest(
    %(changed_hold_line_ids)s::uuid[],
    %(changed_hold_node_ids)s::uuid[],
    %(changed_hold_units)s::bigint[],
    %(changed_hold_expires_at)s::timestamptz[]
  ) as change (line_id, node_id, units, expires_at)
  where hold.line_id = change.line_id
  returning 1
), hold_ended as (
  delete from stock.hold
  using unnest(%(ended_hold_line_ids)s::uuid[], %(ended_hold_units)s::bigint[]) as ended (line_id, units)
  where hold.line_id = ended.line_id and hold.units = ended.units
  returning 1
), allocation_made as (
  insert into stock.allocation (id, order_id, line_id, leaf_id, sku_id, hold_node_id, units)
  select id, order_id, line_id, leaf_id, sku_id, hold_node_id, units
  from unnest(
    %(made_allocation_ids)s::uuid[],
    %(made_allocation_order_ids)s::uuid[],
    %(made_allocation_line_ids)s::uuid[],
    %(made_allocation_leaf_ids)s::uuid[],
    %(made_allocation_sku_ids)s::uuid[],
    %(made_allocation_hold_node_ids)s::uuid[],
    %(made_allocation_units)s::bigint[]
  ) as made (id, order_id, line_id, leaf_id, sku_id, hold_node_id, units)
  returning 1
), allocation_changed as (
  update stock.allocation
  set units = allocation.units + change.units
  from unnest(%(changed_allocation_ids)s::uuid[], %(changed_allocation_units)s::bigint[]) as change (id, units)
  where allocation.id = change.id
  returning 1
), allocation_ended as (
  delete from stock.allocation
  using unnest(%(ended_allocation_ids)s::uuid[], %(ended_allocation_units)s::bigint[]) as ended (id, units)
  where allocation.id = ended.id and allocation.units = ended.units
  returning 1
)
select
  (select count(*) from moved) as movements,
  (select count(*) from leaf_change) as leaves_changed,
  (select count(*) from leaf_written) as leaves,
  (select count(*) from node_written) as nodes,
  (select count(*) from hold_made)
    + (select count(*) from hold_changed)
    + (select count(*) from hold_ended) as holds,
  (select count(*) from allocation_made)
    + (select count(*) from allocation_changed)
    + (select count(*) from allocation_ended) as allocations

-- name: raise_shortfalls
-- Open shortfalls, or grow the one that is open. The caller holds the rows of their nodes.
insert into stock.shortfall as shortfall (id, kind, node_id, sku_id, units, units_most, opened_at, changed_at)
select
  step.id,
  step.kind,
  step.node_id,
  step.sku_id,
  step.units,
  step.units,
  %(now)s::timestamptz,
  %(now)s::timestamptz
from unnest(
  %(ids)s::uuid[],
  %(kinds)s::text[],
  %(node_ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(units)s::bigint[]
) as step (id, kind, node_id, sku_id, units)
on conflict (node_id, sku_id, kind) where closed_at is null do update
set
  units = shortfall.units + excluded.units,
  units_most = greatest(shortfall.units_most, shortfall.units + excluded.units),
  changed_at = excluded.changed_at
returning id, kind, node_id, sku_id

-- name: lower_shortfalls
-- Shrink open shortfalls, and close those that are covered. The caller holds the rows of their nodes.
update stock.shortfall
set
  units = shortfall.units - step.units,
  changed_at = %(now)s::timestamptz,
  closed_at = case when shortfall.units = step.units then %(now)s::timestamptz end
from unnest(
  %(kinds)s::text[],
  %(node_ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(units)s::bigint[]
) as step (kind, node_id, sku_id, units)
where
  shortfall.node_id = step.node_id
  and shortfall.sku_id = step.sku_id
  and shortfall.kind = step.kind
  and shortfall.closed_at is null
returning shortfall.id, shortfall.kind, shortfall.node_id, shortfall.sku_id

-- name: move_leaves_in_tree
-- Give leaves new ways from the root, each told step by step. The caller holds the tree alone.
with way as (
  select
    leaf_id,
    array_agg(node_id order by place) as path
  from unnest(%(leaf_ids)s::uuid[], %(node_ids)s::uuid[]) with ordinality as step (leaf_id, node_id, place)
  group by leaf_id
)
update stock.node
set
  parent_id = way.path[cardinality(way.path) - 1],
  path = way.path
from way
where node.id = way.leaf_id
