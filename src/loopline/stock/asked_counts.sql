-- Goods that somebody asked a site to count. Rows are locked by id: of a count after its session and before any level; of a
-- number told by itself after its levels. Both hold the turn of giving goods to those who wait.

-- name: ask_counts
-- Ask leaves to count SKUs that they have, or once had; what is asked already stays as it was asked.
insert into stock.asked_count (id, leaf_id, sku_id, note, asked_at, asked_by)
select
  asked.id,
  asked.leaf_id,
  asked.sku_id,
  asked.note,
  %(now)s::timestamptz,
  %(by)s::text
from unnest(%(ids)s::uuid[], %(leaf_ids)s::uuid[], %(sku_ids)s::uuid[], %(notes)s::text[])
  as asked (id, leaf_id, sku_id, note)
join stock.leaf_stock as level on level.leaf_id = asked.leaf_id and level.sku_id = asked.sku_id
order by asked.leaf_id, asked.sku_id
on conflict (leaf_id, sku_id) where ended_at is null do nothing

-- name: open_asked_of_goods
-- What is asked and not yet counted of these goods, each as it was asked first. Locks nothing.
select
  asked.id,
  asked.leaf_id,
  asked.sku_id,
  asked.note,
  asked.asked_at,
  asked.asked_by
from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) as wanted (leaf_id, sku_id)
join stock.asked_count as asked
  on asked.leaf_id = wanted.leaf_id
  and asked.sku_id = wanted.sku_id
  and asked.ended_at is null
order by asked.leaf_id, asked.sku_id

-- name: open_asked_at_leaves
-- What is asked and not yet counted at leaves, what was asked first before the others. Locks nothing.
select
  id,
  leaf_id,
  sku_id,
  note,
  asked_at,
  asked_by
from stock.asked_count
where leaf_id = any(%(leaf_ids)s::uuid[]) and ended_at is null
order by asked_at, id
limit %(at_most)s::bigint

-- name: withdraw_asked
-- Take back what was asked and not yet counted. Locks those rows, by id.
with going as (
  select asked.id
  from stock.asked_count as asked
  join unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) as back (leaf_id, sku_id)
    on back.leaf_id = asked.leaf_id
    and back.sku_id = asked.sku_id
  where asked.ended_at is null
  order by asked.id
  for update of asked
)
update stock.asked_count as asked
set
  ended_at = %(now)s::timestamptz,
  how_ended = 'withdrawn',
  ended_by = %(by)s::text
from going
where asked.id = going.id
returning asked.id, asked.leaf_id, asked.sku_id, asked.note, asked.asked_at, asked.asked_by

-- name: meet_asked
-- End what was asked of goods that were looked at since, by a count that is posted (null: by a number told by itself).
-- Locks those rows, by id.
with going as (
  select
    asked.id,
    looked.count_id
  from stock.asked_count as asked
  join unnest(
    %(leaf_ids)s::uuid[],
    %(sku_ids)s::uuid[],
    %(looked_at)s::timestamptz[],
    %(count_ids)s::uuid[]
  ) as looked (leaf_id, sku_id, at, count_id)
    on looked.leaf_id = asked.leaf_id
    and looked.sku_id = asked.sku_id
    and looked.at >= asked.asked_at
  where asked.ended_at is null
  order by asked.id
  for update of asked
)
update stock.asked_count as asked
set
  ended_at = %(now)s::timestamptz,
  how_ended = 'counted',
  count_id = going.count_id
from going
where asked.id = going.id
