-- name: restocks
-- The words that stand on what comes, of some SKUs (null: of all), with what came in there since. Reads of their movements
-- those of goods that came in alone. Locks nothing.
select
  stated.id,
  stated.sku_id,
  stated.site_id,
  stated.units,
  stated.expected_on,
  stated.note,
  stated.stated_at,
  stated.stated_by,
  received.units as came
from stock.restock as stated
cross join lateral (
  select coalesce(sum(movement.on_hand), 0)::bigint as units
  from stock.movement as movement
  join stock.node as leaf on leaf.id = movement.leaf_id
  where
    movement.sku_id = stated.sku_id
    and movement.at >= stated.stated_at
    and movement.on_hand > 0
    and movement.reason in ('receipt', 'transfer_in')
    and (
      movement.reason = 'receipt'
      or (movement.reason = 'transfer_in' and stated.site_id is not null)
    )
    and (stated.site_id is null or leaf.site_id = stated.site_id)
) as received
where
  stated.ended_at is null
  and (%(sku_ids)s::uuid[] is null or stated.sku_id = any(%(sku_ids)s::uuid[]))
order by stated.expected_on, stated.id

-- name: restocks_by_id
-- Words that stand, by id; what came since is not counted. Locks nothing.
select
  id,
  sku_id,
  site_id,
  units,
  expected_on,
  note,
  stated_at,
  stated_by,
  0::bigint as came
from stock.restock
where
  id = any(%(ids)s::uuid[])
  and ended_at is null
order by id

-- name: replace_restocks
-- End the words that stand of some SKUs at some places, for those that take their place. Locks them by (SKU, site).
with standing as (
  select stated.id
  from stock.restock as stated
  join unnest(%(sku_ids)s::uuid[], %(site_ids)s::uuid[]) as given (sku_id, site_id)
    on given.sku_id = stated.sku_id
    and given.site_id is not distinct from stated.site_id
  where stated.ended_at is null
  order by stated.sku_id, stated.site_id
  for update of stated
)
update stock.restock as stated
set
  ended_at = %(now)s::timestamptz,
  ended_by = %(by)s::text,
  how_ended = 'replaced'
from standing
where stated.id = standing.id

-- name: insert_restocks
-- Write words on what comes. Locks the rows it makes.
insert into stock.restock (id, sku_id, site_id, units, expected_on, note, stated_at, stated_by)
select id, sku_id, site_id, units, expected_on, note, %(now)s::timestamptz, %(by)s::text
from unnest(
  %(ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(site_ids)s::uuid[],
  %(units)s::bigint[],
  %(days)s::date[],
  %(notes)s::text[]
) as given (id, sku_id, site_id, units, expected_on, note)
order by sku_id, site_id

-- name: end_restocks
-- End words that stand. Locks their rows.
update stock.restock
set
  ended_at = %(now)s::timestamptz,
  ended_by = %(by)s::text,
  how_ended = %(how)s::text
where
  id = any(%(ids)s::uuid[])
  and ended_at is null

-- name: came_since
-- The units of SKUs that were received since a moment each; what moved between sites came before. Locks nothing.
select movement.sku_id, sum(movement.on_hand)::bigint as units
from unnest(%(sku_ids)s::uuid[], %(since)s::timestamptz[]) as asked (sku_id, since)
join stock.movement as movement
  on movement.sku_id = asked.sku_id
  and movement.at >= asked.since
where
  movement.on_hand > 0
  and movement.reason = 'receipt'
group by movement.sku_id
order by movement.sku_id

-- name: on_the_way
-- What is under way to sites, with the days that trips between the same two leaves took at most, of the last ten that arrived
-- whole, where that many tell. Locks nothing.
select
  line.sku_id,
  goal.site_id,
  line.in_transit as units,
  sent.sent_at,
  trips.days
from stock.transfer_line as line
join stock.transfer as sent on sent.id = line.transfer_id
join stock.node as goal on goal.id = sent.to_leaf_id
left join lateral (
  select max(trip.days)::integer as days
  from (
    select ceil(extract(epoch from max(arrival.at) - before.sent_at) / 86400) as days
    from stock.transfer as before
    join stock.transfer_arrival as arrival on arrival.transfer_id = before.id
    where
      before.from_leaf_id = sent.from_leaf_id
      and before.to_leaf_id = sent.to_leaf_id
      and not exists (
        select
        from stock.transfer_line as open_line
        where
          open_line.transfer_id = before.id
          and open_line.in_transit > 0
      )
    group by before.id
    order by before.sent_at desc
    limit 10
  ) as trip
  having count(*) >= %(trips_least)s::integer
) as trips on true
where
  line.sku_id = any(%(sku_ids)s::uuid[])
  and line.in_transit > 0
order by sent.sent_at, line.transfer_id, line.sku_id, goal.site_id
