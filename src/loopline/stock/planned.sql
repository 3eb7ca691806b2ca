-- name: copy_holds
-- Write new holds. Locks only the rows it makes.
copy stock.hold (line_id, order_id, node_id, sku_id, units, expires_at) from stdin

-- name: settle
-- Hold more units at nodes, as long as there is room for them: one that has none is left as it is, and the caller
-- counts. Locks the rows of the roots by (node_id, sku_id), the order of the places the caller gave them; they stand for
-- those of the nodes below, which nobody changes without them. The rows are looked at again as they are written, at
-- their newest, for they are locked by then.
with change as materialized (
  select
    (%(node_ids)s::uuid[])[place.node] as node_id,
    (%(sku_ids)s::uuid[])[place.sku] as sku_id,
    place.held
  from unnest(%(nodes)s::int[], %(skus)s::int[], %(held)s::bigint[]) as place (node, sku, held)
), locked as materialized (
  select root.sku_id
  from unnest(%(root_nodes)s::int[], %(root_skus)s::int[]) with ordinality as place (node, sku, place)
  join stock.node_stock as root
    on root.sku_id = (%(sku_ids)s::uuid[])[place.sku] and root.node_id = (%(node_ids)s::uuid[])[place.node]
  order by place.place
  for update of root
)
update stock.node_stock as level
set held = level.held + change.held
from change
where
  (select count(*) from locked) > 0
  and level.sku_id = change.sku_id
  and level.node_id = change.node_id
  and level.held + change.held <= level.free
