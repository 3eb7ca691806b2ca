-- name: left_to_lend
-- What of SKUs nobody was promised at nodes by themselves: free less held, less what orders of channels there and below
-- wait for. One statement, so that it sees one moment: were what waits read apart, a unit that was given back and held
-- again in between would be lent although it is promised. May be negative. Locks nothing.
with waiting as (
    select above.node_id, line.sku_id, sum(line.parked) as units
    from orders.line as line
    join orders.order as head on head.id = line.order_id
    join orders.channel as channel on channel.code = head.channel
    join stock.node as node on node.id = channel.network_node_id
    cross join lateral unnest(node.path) as above (node_id)
    where line.parked > 0
        and line.sku_id = any (%(sku_ids)s::uuid[])
    group by above.node_id, line.sku_id
)
select
    need.node_id,
    need.sku_id,
    (
        coalesce(level.free, leaf.sellable, 0)
        - coalesce(level.held, leaf.held, 0)
        - coalesce(waiting.units, 0)
    )::bigint as units
from unnest(%(node_ids)s::uuid[]) as place (node_id)
cross join unnest(%(sku_ids)s::uuid[]) as goods (sku_id)
cross join lateral (select place.node_id, goods.sku_id) as need
left join stock.node_stock as level on level.node_id = need.node_id and level.sku_id = need.sku_id
left join stock.leaf_stock as leaf on leaf.leaf_id = need.node_id and leaf.sku_id = need.sku_id
left join waiting on waiting.node_id = need.node_id and waiting.sku_id = need.sku_id
order by need.sku_id, need.node_id
