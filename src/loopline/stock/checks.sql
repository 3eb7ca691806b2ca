-- name: leaf_equals_movements
-- Each leaf row equals the sum of its movements.
with ledger as (
  select
    leaf_id,
    sku_id,
    sum(on_hand)::bigint as on_hand,
    sum(allocated)::bigint as allocated,
    sum(unsellable)::bigint as unsellable,
    sum(safety)::bigint as safety
  from stock.movement
  group by leaf_id, sku_id
)
select
  format('leaf %%s, SKU %%s', leaf_id, sku_id) as subject,
  case
    when leaf.on_hand is null then 'no row'
    else format('on_hand %%s, allocated %%s, unsellable %%s, safety %%s',
      leaf.on_hand, leaf.allocated, leaf.unsellable, leaf.safety)
  end as found,
  format('on_hand %%s, allocated %%s, unsellable %%s, safety %%s',
    coalesce(ledger.on_hand, 0), coalesce(ledger.allocated, 0),
    coalesce(ledger.unsellable, 0), coalesce(ledger.safety, 0)) as expected,
  format(
    'insert into stock.leaf_stock as leaf (leaf_id, sku_id, on_hand, allocated, unsellable, safety, short) '
    'values (%%L, %%L, %%s, %%s, %%s, %%s, %%s) on conflict (sku_id, leaf_id) do update set '
    'on_hand = excluded.on_hand, allocated = excluded.allocated, unsellable = excluded.unsellable, '
    'safety = excluded.safety, short = excluded.short, overheld = greatest(0, leaf.held - greatest(0, '
    'excluded.on_hand - excluded.allocated - excluded.unsellable - excluded.safety))',
    leaf_id, sku_id, coalesce(ledger.on_hand, 0), coalesce(ledger.allocated, 0), coalesce(ledger.unsellable, 0),
    coalesce(ledger.safety, 0),
    greatest(0, coalesce(ledger.allocated, 0) + coalesce(ledger.unsellable, 0) - coalesce(ledger.on_hand, 0))
  ) as repair
from stock.leaf_stock as leaf
full join ledger using (leaf_id, sku_id)
where
  (leaf.on_hand, leaf.allocated, leaf.unsellable, leaf.safety)
  is distinct from (ledger.on_hand, ledger.allocated, ledger.unsellable, ledger.safety)
  and not (ledger.on_hand is null and (leaf.on_hand, leaf.allocated, leaf.unsellable, leaf.safety) = (0, 0, 0, 0))
order by leaf_id, sku_id

-- name: leaf_allocated_equals_allocations
-- What is allocated at a leaf equals its open allocations. The repair posts the difference as a movement.
with tied as (
  select
    leaf_id,
    sku_id,
    sum(units)::bigint as units
  from stock.allocation
  group by leaf_id, sku_id
)
select
  format('leaf %%s, SKU %%s', leaf_id, sku_id) as subject,
  coalesce(leaf.allocated, 0)::text as found,
  coalesce(tied.units, 0)::text as expected,
  format(
    'with posted as (insert into stock.movement (id, at, leaf_id, sku_id, reason, on_hand, allocated, unsellable, '
    'safety) values (gen_random_uuid(), now(), %%1$L, %%2$L, ''adjustment'', 0, %%3$s, 0, 0) returning 1) '
    'update stock.leaf_stock set allocated = allocated + %%3$s, '
    'short = greatest(0, allocated + %%3$s + unsellable - on_hand), '
    'overheld = greatest(0, held - greatest(0, on_hand - allocated - %%3$s - unsellable - safety)) '
    'where leaf_id = %%1$L and sku_id = %%2$L and exists (select from posted)',
    leaf_id, sku_id, coalesce(tied.units, 0) - coalesce(leaf.allocated, 0)
  ) as repair
from stock.leaf_stock as leaf
full join tied using (leaf_id, sku_id)
where coalesce(leaf.allocated, 0) <> coalesce(tied.units, 0)
order by leaf_id, sku_id

-- name: missing_equals_shortfalls
-- What a leaf misses equals its open shortfall.
with open as (
  select
    node_id as leaf_id,
    sku_id,
    units
  from stock.shortfall
  where closed_at is null and kind = 'missing'
)
select
  format('leaf %%s, SKU %%s', leaf_id, sku_id) as subject,
  coalesce(open.units, 0)::text as found,
  coalesce(leaf.missing, 0)::text as expected,
  case
    when coalesce(leaf.missing, 0) = 0 then format(
      'update stock.shortfall set units = 0, closed_at = now(), changed_at = now() '
      'where node_id = %%L and sku_id = %%L and kind = ''missing'' and closed_at is null', leaf_id, sku_id)
    else format(
      'insert into stock.shortfall as open (id, kind, node_id, sku_id, units, units_most, opened_at, changed_at) '
      'values (gen_random_uuid(), ''missing'', %%1$L, %%2$L, %%3$s, %%3$s, now(), now()) '
      'on conflict (node_id, sku_id, kind) where closed_at is null do update set units = excluded.units, '
      'units_most = greatest(open.units_most, excluded.units), changed_at = now()', leaf_id, sku_id, leaf.missing)
  end as repair
from stock.leaf_stock as leaf
full join open using (leaf_id, sku_id)
where coalesce(leaf.missing, 0) <> coalesce(open.units, 0)
order by leaf_id, sku_id

-- name: node_free_equals_leaves
-- What is free at a node equals what the leaves below it can sell.
with below as (
  select
    step.node_id,
    leaf.sku_id,
    sum(leaf.sellable)::bigint as units
  from stock.leaf_stock as leaf
  join stock.node as node on node.id = leaf.leaf_id
  cross join unnest(node.path) as step (node_id)
  where step.node_id <> leaf.leaf_id
  group by step.node_id, leaf.sku_id
)
select
  format('node %%s, SKU %%s', node_id, sku_id) as subject,
  case when node.free is null then 'no row' else node.free::text end as found,
  coalesce(below.units, 0)::text as expected,
  format(
    'insert into stock.node_stock as node (node_id, sku_id, free) values (%%1$L, %%2$L, %%3$s) '
    'on conflict (sku_id, node_id) do update set free = %%3$s, overheld = greatest(0, node.held - %%3$s)',
    node_id, sku_id, coalesce(below.units, 0)
  ) as repair
from stock.node_stock as node
full join below using (node_id, sku_id)
where coalesce(node.free, 0) <> coalesce(below.units, 0)
order by node_id, sku_id

-- name: held_equals_holds
-- What is held at a node or leaf equals the open holds in its subtree and what remains of open quotas there.
with level as (
  select node_id, sku_id, held, false as is_leaf from stock.node_stock
  union all
  select leaf_id, sku_id, held, true from stock.leaf_stock
), promise as (
  select node_id, sku_id, units from stock.hold
  union all
  select node_id, sku_id, remaining from stock.quota where ended_at is null
), below as (
  select
    step.node_id,
    promise.sku_id,
    sum(promise.units)::bigint as units
  from promise
  join stock.node as node on node.id = promise.node_id
  cross join unnest(node.path) as step (node_id)
  group by step.node_id, promise.sku_id
)
select
  format('node %%s, SKU %%s', node_id, sku_id) as subject,
  case when level.held is null then 'no row' else level.held::text end as found,
  coalesce(below.units, 0)::text as expected,
  case
    when level.is_leaf then format(
      'update stock.leaf_stock set held = %%3$s, overheld = greatest(0, %%3$s - sellable) '
      'where leaf_id = %%1$L and sku_id = %%2$L', node_id, sku_id, coalesce(below.units, 0))
    else format(
      'insert into stock.node_stock as node (node_id, sku_id, held, overheld) values (%%1$L, %%2$L, %%3$s, %%3$s) '
      'on conflict (sku_id, node_id) do update set held = %%3$s, overheld = greatest(0, %%3$s - node.free)',
      node_id, sku_id, coalesce(below.units, 0))
  end as repair
from level
full join below using (node_id, sku_id)
where coalesce(level.held, 0) <> coalesce(below.units, 0)
order by node_id, sku_id

-- name: draws_lie_in_holds
-- What a line has drawn lies in its hold: of the same SKU, at the quota's node or below, no more than is held. The
-- repair forgets what was drawn, which the next check then finds.
select
  format('draws of line %%s', draw.line_id) as subject,
  format('%%s units', draw.units) as found,
  case when hold.line_id is null then 'no hold' else format('at most %%s units', hold.units) end as expected,
  format('delete from stock.quota_draw where line_id = %%L', draw.line_id) as repair
from (
  select
    draw.line_id,
    sum(draw.units)::bigint as units,
    array_agg(distinct quota.sku_id) as sku_ids,
    array_agg(distinct quota.node_id) as node_ids
  from stock.quota_draw as draw
  join stock.quota as quota on quota.id = draw.quota_id
  group by draw.line_id
) as draw
left join stock.hold as hold on hold.line_id = draw.line_id
left join stock.node as node on node.id = hold.node_id
where hold.line_id is null
  or hold.units < draw.units
  or draw.sku_ids <> array[hold.sku_id]
  or not draw.node_ids <@ node.path
order by draw.line_id

-- name: quota_adds_up
-- What open quotas say is drawn equals what lines have drawn from them, and no line draws from one that ended. The
-- repair counts the difference as used: the units went to orders, whose holds are true.
with draw as (
  select
    quota_id,
    sum(units)::bigint as units
  from stock.quota_draw
  group by quota_id
)
select
  format('quota %%s, drawn', quota.id) as subject,
  quota.drawn::text as found,
  coalesce(draw.units, 0)::text as expected,
  case
    when quota.ended_at is not null then format('delete from stock.quota_draw where quota_id = %%L', quota.id)
    else format(
      'update stock.quota set drawn = %%2$s, used = greatest(0, used + drawn - %%2$s), '
      'set_aside = remaining + returned + %%2$s + greatest(0, used + drawn - %%2$s) where id = %%1$L',
      quota.id, coalesce(draw.units, 0))
  end as repair
from stock.quota as quota
left join draw on draw.quota_id = quota.id
where quota.drawn <> coalesce(draw.units, 0)
order by quota.id

-- name: levels_count_quotas
-- Every level counts the open quotas that lie at it: one that counts too few would let orders pass them by.
with level as (
  select node_id, sku_id, quotas, false as is_leaf from stock.node_stock
  union all
  select leaf_id, sku_id, quotas, true from stock.leaf_stock
), open as (
  select
    node_id,
    sku_id,
    count(*)::integer as quotas
  from stock.quota
  where ended_at is null
  group by node_id, sku_id
)
select
  format('quotas at node %%s, SKU %%s', node_id, sku_id) as subject,
  case when level.quotas is null then 'no row' else level.quotas::text end as found,
  coalesce(open.quotas, 0)::text as expected,
  case
    when level.is_leaf then format(
      'update stock.leaf_stock set quotas = %%3$s where leaf_id = %%1$L and sku_id = %%2$L',
      node_id, sku_id, coalesce(open.quotas, 0))
    else format(
      'insert into stock.node_stock (node_id, sku_id, quotas) values (%%1$L, %%2$L, %%3$s) '
      'on conflict (sku_id, node_id) do update set quotas = excluded.quotas',
      node_id, sku_id, coalesce(open.quotas, 0))
  end as repair
from level
full join open using (node_id, sku_id)
where coalesce(level.quotas, 0) <> coalesce(open.quotas, 0)
order by node_id, sku_id

-- name: overheld_equals_shortfalls
-- What a node or leaf holds beyond what is free there equals its open shortfall.
with level as (
  select node_id, sku_id, greatest(0, held - free) as over from stock.node_stock
  union all
  select leaf_id, sku_id, greatest(0, held - sellable) from stock.leaf_stock
), open as (
  select
    node_id,
    sku_id,
    units
  from stock.shortfall
  where closed_at is null and kind = 'overheld'
)
select
  format('node %%s, SKU %%s', node_id, sku_id) as subject,
  coalesce(open.units, 0)::text as found,
  coalesce(level.over, 0)::text as expected,
  case
    when coalesce(level.over, 0) = 0 then format(
      'update stock.shortfall set units = 0, closed_at = now(), changed_at = now() '
      'where node_id = %%L and sku_id = %%L and kind = ''overheld'' and closed_at is null', node_id, sku_id)
    else format(
      'insert into stock.shortfall as open (id, kind, node_id, sku_id, units, units_most, opened_at, changed_at) '
      'values (gen_random_uuid(), ''overheld'', %%1$L, %%2$L, %%3$s, %%3$s, now(), now()) '
      'on conflict (node_id, sku_id, kind) where closed_at is null do update set units = excluded.units, '
      'units_most = greatest(open.units_most, excluded.units), changed_at = now()', node_id, sku_id, level.over)
  end as repair
from level
full join open using (node_id, sku_id)
where coalesce(level.over, 0) <> coalesce(open.units, 0)
order by node_id, sku_id

-- name: node_path_passes_parents
-- The way to a node is its parent's way and the node.
select
  format('node %%s', node.id) as subject,
  node.path::text as found,
  (coalesce(parent.path, '{}') || node.id)::text as expected,
  format('update stock.node set path = %%L where id = %%L', coalesce(parent.path, '{}') || node.id, node.id) as repair
from stock.node as node
left join stock.node as parent on parent.id = node.parent_id
where node.path <> coalesce(parent.path, '{}') || node.id
order by node.depth, node.id

-- name: promises_lie_in_tree
-- Every hold and open quota lies at a node that is there; every allocation at a leaf that lies under the node its hold lay at.
select
  format('hold of line %%s', hold.line_id) as subject,
  format('node %%s', hold.node_id) as found,
  'a node of the tree' as expected,
  format('delete from stock.hold where line_id = %%L', hold.line_id) as repair
from stock.hold as hold
where not exists (select from stock.node as node where node.id = hold.node_id)
union all
select
  format('quota %%s', quota.id),
  format('node %%s', quota.node_id),
  'a node of the tree',
  format(
    'with gone as (delete from stock.quota_draw where quota_id = %%1$L) update stock.quota set ended_at = now(), '
    'returned = returned + remaining, used = used + drawn, remaining = 0, drawn = 0 where id = %%1$L', quota.id)
from stock.quota as quota
where quota.ended_at is null and not exists (select from stock.node as node where node.id = quota.node_id)
union all
select
  format('allocation %%s', allocation.id),
  format('leaf %%s, held at %%s', allocation.leaf_id, allocation.hold_node_id),
  'a leaf under the node of its hold',
  case
    when leaf.id is null then format('delete from stock.allocation where id = %%L', allocation.id)
    else format('update stock.allocation set hold_node_id = leaf_id where id = %%L', allocation.id)
  end
from stock.allocation as allocation
left join stock.node as leaf on leaf.id = allocation.leaf_id and leaf.kind = 'leaf'
where leaf.id is null or not allocation.hold_node_id = any(leaf.path)
order by subject

-- name: guards_stand
-- The constraints that keep promises from being oversold are in force.
select
  guard.name as subject,
  case when present.conname is null then 'no such constraint' else 'not validated' end as found,
  'in force' as expected,
  case
    when present.conname is null
      then format('alter table %%s add constraint %%I check (%%s)', guard.relation, guard.name, guard.rule)
    else format('alter table %%s validate constraint %%I', guard.relation, guard.name)
  end as repair
from (
  values
    ('stock.leaf_stock', 'leaf_missing_is_short', 'short = missing'),
    ('stock.leaf_stock', 'leaf_held_within_sellable', 'overheld = greatest(0, held - sellable)'),
    ('stock.node_stock', 'node_held_within_free', 'overheld = greatest(0, held - free)'),
    ('stock.node_stock', 'node_free_not_negative', 'free >= 0'),
    ('stock.node_stock', 'node_held_not_negative', 'held >= 0'),
    ('stock.leaf_stock', 'leaf_held_not_negative', 'held >= 0'),
    ('stock.leaf_stock', 'leaf_allocated_not_negative', 'allocated >= 0'),
    ('stock.quota', 'quota_adds_up', 'set_aside = remaining + drawn + used + returned'),
    ('stock.quota', 'quota_remaining_not_negative', 'remaining >= 0'),
    ('stock.quota', 'quota_that_ended_has_nothing', 'ended_at is null or (remaining = 0 and drawn = 0)')
) as guard (relation, name, rule)
left join pg_constraint as present
  on present.conrelid = guard.relation::regclass and present.conname = guard.name
where present.conname is null or not present.convalidated
order by guard.name

-- name: transfer_equals_arrivals
-- Of every line of a transfer: what was sent = received + in transit + lost, and received and lost are what was said.
with said as (
  select
    transfer_id,
    sku_id,
    lot_id,
    sum(received)::bigint as received,
    sum(lost)::bigint as lost
  from stock.transfer_arrival
  group by transfer_id, sku_id, lot_id
)
select
  format('transfer %%s, SKU %%s', line.transfer_id, line.sku_id) as subject,
  format('received %%s, lost %%s of %%s', line.received, line.lost, line.sent) as found,
  format('received %%s, lost %%s', coalesce(said.received, 0), coalesce(said.lost, 0)) as expected,
  format(
    'update stock.transfer_line set received = %%s, lost = %%s where transfer_id = %%L and sku_id = %%L '
    'and lot_id is not distinct from %%L',
    coalesce(said.received, 0), coalesce(said.lost, 0), line.transfer_id, line.sku_id, line.lot_id
  ) as repair
from stock.transfer_line as line
left join said
  on said.transfer_id = line.transfer_id and said.sku_id = line.sku_id and said.lot_id is not distinct from line.lot_id
where (line.received, line.lost) is distinct from (coalesce(said.received, 0), coalesce(said.lost, 0))
order by line.transfer_id, line.sku_id

-- name: transfer_equals_movements
-- What transfers sent and what came of them are movements of their leaves. The repair posts the difference, and what
-- it frees or takes from promises is found by the checks after this one.
with said as (
  select
    line.transfer_id,
    line.sku_id,
    way.leaf_id,
    way.reason,
    sum(way.units)::bigint as units
  from stock.transfer_line as line
  join stock.transfer as transfer on transfer.id = line.transfer_id
  cross join lateral (
    values
      (transfer.from_leaf_id, 'transfer_out', -line.sent),
      (transfer.to_leaf_id, 'transfer_in', line.received)
  ) as way (leaf_id, reason, units)
  group by line.transfer_id, line.sku_id, way.leaf_id, way.reason
), moved as (
  select
    reference as transfer_id,
    sku_id,
    leaf_id,
    reason,
    sum(on_hand)::bigint as units
  from stock.movement
  where reason in ('transfer_out', 'transfer_in') and reference in (select id from stock.transfer)
  group by reference, sku_id, leaf_id, reason
)
select
  format('transfer %%s, SKU %%s, %%s', transfer_id, sku_id, reason) as subject,
  coalesce(moved.units, 0)::text as found,
  coalesce(said.units, 0)::text as expected,
  format(
    'with posted as (insert into stock.movement (id, at, leaf_id, sku_id, reason, on_hand, allocated, unsellable, '
    'safety, reference) values (gen_random_uuid(), now(), %%1$L, %%2$L, %%3$L, %%4$s, 0, 0, 0, %%5$L) returning 1) '
    'update stock.leaf_stock set on_hand = on_hand + %%4$s, '
    'short = greatest(0, allocated + unsellable - on_hand - %%4$s), '
    'overheld = greatest(0, held - greatest(0, on_hand + %%4$s - allocated - unsellable - safety)) '
    'where leaf_id = %%1$L and sku_id = %%2$L and exists (select from posted)',
    leaf_id, sku_id, reason, coalesce(said.units, 0) - coalesce(moved.units, 0), transfer_id
  ) as repair
from said
full join moved using (transfer_id, sku_id, leaf_id, reason)
where coalesce(said.units, 0) <> coalesce(moved.units, 0)
order by transfer_id, sku_id, reason

-- name: lots_sum_to_leaf
-- The lots of a leaf that is kept in them sum to its units on hand and its unsellable ones; no other leaf has lots. The
-- repair gives the difference to the unnamed lot, or takes it from there.
with held as (
  select
    leaf_id,
    sku_id,
    sum(units)::bigint as units,
    sum(unsellable)::bigint as unsellable
  from stock.leaf_lot
  group by leaf_id, sku_id
)
select
  format('leaf %%s, SKU %%s', leaf_id, sku_id) as subject,
  format('%%s in lots, %%s unsellable', coalesce(held.units, 0), coalesce(held.unsellable, 0)) as found,
  format('%%s, %%s unsellable', coalesce(leaf.on_hand, 0), coalesce(leaf.unsellable, 0)) as expected,
  format(
    'with named as (insert into stock.lot (id, sku_id, code, batch) values (%%2$L, %%2$L, '''', '''') '
    'on conflict do nothing), kept as (update stock.leaf_stock set in_lots = true where leaf_id = %%1$L '
    'and sku_id = %%2$L), moved as (insert into stock.lot_movement (movement_id, lot_id, leaf_id, sku_id, units, '
    'unsellable, gone, at) values (gen_random_uuid(), %%2$L, %%1$L, %%2$L, %%3$s, %%4$s, 0, now())) '
    'insert into stock.leaf_lot as level (leaf_id, sku_id, lot_id, units, damaged) '
    'values (%%1$L, %%2$L, %%2$L, %%3$s, greatest(0, %%4$s)) on conflict (sku_id, leaf_id, lot_id) do update set '
    'units = level.units + %%3$s, damaged = level.damaged + %%4$s',
    leaf_id, sku_id,
    coalesce(leaf.on_hand, 0) - coalesce(held.units, 0), coalesce(leaf.unsellable, 0) - coalesce(held.unsellable, 0)
  ) as repair
from stock.leaf_stock as leaf
full join held using (leaf_id, sku_id)
where
  (coalesce(leaf.in_lots, false) or held.units is not null)
  and (
    not coalesce(leaf.in_lots, false)
    or (coalesce(leaf.on_hand, 0), coalesce(leaf.unsellable, 0))
      <> (coalesce(held.units, 0), coalesce(held.unsellable, 0))
  )
order by leaf_id, sku_id

-- name: lot_equals_movements
-- What lies in each lot at each leaf is the sum of what movements did to it. The repair writes the difference down.
with ledger as (
  select
    leaf_id,
    sku_id,
    lot_id,
    sum(units)::bigint as units,
    sum(unsellable)::bigint as unsellable
  from stock.lot_movement
  group by leaf_id, sku_id, lot_id
)
select
  format('leaf %%s, lot %%s', leaf_id, lot_id) as subject,
  format('%%s, %%s unsellable', coalesce(level.units, 0), coalesce(level.unsellable, 0)) as found,
  format('%%s, %%s unsellable', coalesce(ledger.units, 0), coalesce(ledger.unsellable, 0)) as expected,
  format(
    'insert into stock.lot_movement (movement_id, lot_id, leaf_id, sku_id, units, unsellable, gone, at) '
    'values (gen_random_uuid(), %%L, %%L, %%L, %%s, %%s, 0, now())',
    lot_id, leaf_id, sku_id,
    coalesce(level.units, 0) - coalesce(ledger.units, 0), coalesce(level.unsellable, 0) - coalesce(ledger.unsellable, 0)
  ) as repair
from stock.leaf_lot as level
full join ledger using (leaf_id, sku_id, lot_id)
where (coalesce(level.units, 0), coalesce(level.unsellable, 0)) <> (coalesce(ledger.units, 0), coalesce(ledger.unsellable, 0))
order by leaf_id, lot_id

-- name: allocations_are_planned
-- Every allocation at a leaf that is kept in lots is planned, unit for unit, and no other is. The repair plans what
-- lacks from the unnamed lot, and drops plans of allocations that are no more.
with planned as (
  select
    allocation_id,
    sum(units)::bigint as units
  from stock.lot_plan
  group by allocation_id
), tied as (
  select
    allocation.id as allocation_id,
    allocation.leaf_id,
    allocation.sku_id,
    allocation.units
  from stock.allocation as allocation
  join stock.leaf_stock as leaf on leaf.sku_id = allocation.sku_id and leaf.leaf_id = allocation.leaf_id and leaf.in_lots
)
select
  format('allocation %%s', allocation_id) as subject,
  format('%%s planned', coalesce(planned.units, 0)) as found,
  coalesce(tied.units, 0)::text as expected,
  case
    when tied.units is null or planned.units > tied.units
      then format('delete from stock.lot_plan where allocation_id = %%L', allocation_id)
    else format(
      'insert into stock.lot_plan as plan (allocation_id, lot_id, leaf_id, sku_id, units) values '
      '(%%1$L, %%2$L, %%3$L, %%2$L, %%4$s) on conflict (allocation_id, lot_id) do update set units = plan.units + %%4$s',
      allocation_id, tied.sku_id, tied.leaf_id, tied.units - coalesce(planned.units, 0))
  end as repair
from planned
full join tied using (allocation_id)
where coalesce(planned.units, 0) <> coalesce(tied.units, 0)
order by allocation_id

-- name: planned_equals_plans
-- What is planned from each lot at each leaf equals the plans of the allocations there. The repair plans the difference
-- anew from the unnamed lot where a lot cannot give so many.
with plans as (
  select
    leaf_id,
    sku_id,
    lot_id,
    sum(units)::bigint as units
  from stock.lot_plan
  group by leaf_id, sku_id, lot_id
)
select
  format('leaf %%s, lot %%s', leaf_id, lot_id) as subject,
  coalesce(level.planned, 0)::text as found,
  coalesce(plans.units, 0)::text as expected,
  case
    when level.lot_id is null
      then format('delete from stock.lot_plan where leaf_id = %%L and lot_id = %%L', leaf_id, lot_id)
    when lot_id <> sku_id and coalesce(plans.units, 0) > level.units - level.unsellable
      then format(
        'with dropped as (delete from stock.lot_plan where leaf_id = %%1$L and lot_id = %%2$L returning 1) '
        'update stock.leaf_lot set planned = 0 where leaf_id = %%1$L and lot_id = %%2$L', leaf_id, lot_id)
    else format(
      'update stock.leaf_lot set planned = %%s where leaf_id = %%L and lot_id = %%L',
      coalesce(plans.units, 0), leaf_id, lot_id)
  end as repair
from stock.leaf_lot as level
full join plans using (leaf_id, sku_id, lot_id)
where coalesce(level.planned, 0) <> coalesce(plans.units, 0)
order by leaf_id, lot_id

-- name: recalled_lots_are_locked
-- A lot is locked at every leaf exactly where it is recalled. The repair locks it there, or frees it, with its movement.
select
  format('leaf %%s, lot %%s', level.leaf_id, level.lot_id) as subject,
  case when level.is_recalled then 'locked' else 'free' end as found,
  case when lot.recalled_at is null then 'free' else 'locked' end as expected,
  format(
    'with posted as (insert into stock.movement (id, at, leaf_id, sku_id, reason, on_hand, allocated, unsellable, '
    'safety, reference) select gen_random_uuid(), now(), %%1$L, %%2$L, ''recall'', 0, 0, %%4$s, 0, %%3$L '
    'where %%4$s <> 0), told as (insert into stock.lot_movement (movement_id, lot_id, leaf_id, sku_id, units, '
    'unsellable, gone, at) select gen_random_uuid(), %%3$L, %%1$L, %%2$L, 0, %%4$s, 0, now() where %%4$s <> 0), '
    'unplanned as (delete from stock.lot_plan where leaf_id = %%1$L and lot_id = %%3$L), '
    'lot as (update stock.leaf_lot set is_recalled = %%5$L, planned = 0 where leaf_id = %%1$L and lot_id = %%3$L) '
    'update stock.leaf_stock set unsellable = unsellable + %%4$s, '
    'short = greatest(0, allocated + unsellable + %%4$s - on_hand), '
    'overheld = greatest(0, held - greatest(0, on_hand - allocated - unsellable - %%4$s - safety)) '
    'where leaf_id = %%1$L and sku_id = %%2$L',
    level.leaf_id, level.sku_id, level.lot_id,
    case
      when level.is_expired then 0
      when lot.recalled_at is null then level.damaged - level.units
      else level.units - level.damaged
    end,
    lot.recalled_at is not null
  ) as repair
from stock.leaf_lot as level
join stock.lot as lot on lot.id = level.lot_id
where level.is_recalled <> (lot.recalled_at is not null)
order by level.leaf_id, level.lot_id

-- name: doubt_equals_movements
-- What is kept back in doubt equals the movements that say so. The repair records what they say.
with ledger as (
  select
    leaf_id,
    sku_id,
    sum(safety)::bigint as units
  from stock.movement
  where reason = 'doubt_set'
  group by leaf_id, sku_id
)
select
  format('leaf %%s, SKU %%s', leaf_id, sku_id) as subject,
  coalesce(doubt.units, 0)::text as found,
  coalesce(ledger.units, 0)::text as expected,
  format(
    'insert into stock.doubt as doubt (leaf_id, sku_id, units, wanted) values (%%1$L, %%2$L, %%3$s, %%3$s) '
    'on conflict (leaf_id, sku_id) do update set units = excluded.units, '
    'wanted = greatest(doubt.wanted, excluded.units)',
    leaf_id, sku_id, coalesce(ledger.units, 0)
  ) as repair
from stock.doubt as doubt
full join ledger using (leaf_id, sku_id)
where coalesce(doubt.units, 0) <> coalesce(ledger.units, 0)
order by leaf_id, sku_id

-- name: notes_speak_of_movements
-- What people said is said of a movement that there is, by a cause that is known. The repair takes away what is said of
-- nothing, and keeps a cause that nobody knows as words.
select
  format('note of movement %%s', said.movement_id) as subject,
  case when movement.id is null then 'no such movement' else said.cause end as found,
  case when movement.id is null then 'a movement' else 'a known cause' end as expected,
  case
    when movement.id is null
      then format('delete from stock.movement_note where movement_id = %%L', said.movement_id)
    else format(
      'update stock.movement_note set cause = null, note = left(concat_ws('': '', cause, note), 200) '
      'where movement_id = %%L',
      said.movement_id
    )
  end as repair
from stock.movement_note as said
left join stock.movement as movement on movement.id = said.movement_id
where movement.id is null
  or said.cause not in ('sold_unbooked', 'misplaced', 'damaged', 'stolen', 'booked_wrongly', 'display')
order by said.movement_id
