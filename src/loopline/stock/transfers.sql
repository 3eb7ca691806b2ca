-- Transfers. Their lines are locked by (transfer, SKU, lot) before any level: whoever takes goods in changes both.

-- name: known_transfers
-- Transfers that were sent before under the given ids, line by line. The caller holds the rows of their senders, so
-- that a rival's are seen. Locks nothing.
select
  transfer.id,
  transfer.from_leaf_id,
  transfer.to_leaf_id,
  line.sku_id,
  line.lot_id,
  line.sent
from stock.transfer as transfer
join stock.transfer_line as line on line.transfer_id = transfer.id
where transfer.id = any(%(transfer_ids)s::uuid[])
order by transfer.id, line.sku_id, line.lot_id

-- name: owners
-- Whose goods lie at leaves. Locks nothing.
select
  id,
  owner_id
from stock.node
where id = any(%(leaf_ids)s::uuid[]) and kind = 'leaf'

-- name: write_transfers
-- Write transfers that were sent. The caller holds the rows of what they send.
insert into stock.transfer (id, from_leaf_id, to_leaf_id, sent_at, sent_by)
select id, from_leaf_id, to_leaf_id, %(now)s::timestamptz, %(by)s::text
from unnest(%(ids)s::uuid[], %(from_leaf_ids)s::uuid[], %(to_leaf_ids)s::uuid[]) as sent (id, from_leaf_id, to_leaf_id)

-- name: write_transfer_lines
-- Write what they sent.
insert into stock.transfer_line (transfer_id, sku_id, lot_id, sent)
select transfer_id, sku_id, lot_id, units
from unnest(%(transfer_ids)s::uuid[], %(sku_ids)s::uuid[], %(lot_ids)s::uuid[], %(units)s::bigint[])
  as line (transfer_id, sku_id, lot_id, units)

-- name: lock_transfer_lines
-- Lock lines of transfers by (transfer, SKU, lot), with where they go.
select
  line.transfer_id,
  line.sku_id,
  line.lot_id,
  transfer.to_leaf_id,
  line.sent,
  line.received,
  line.lost
from stock.transfer_line as line
join stock.transfer as transfer on transfer.id = line.transfer_id
where line.transfer_id = any(%(transfer_ids)s::uuid[])
order by line.transfer_id, line.sku_id, line.lot_id
for update of line

-- name: known_arrivals
-- Arrivals that were recorded before under the given ids. The caller holds the lines of their transfers.
select
  id,
  transfer_id,
  sku_id,
  received,
  unsellable,
  lost,
  reason,
  lot_id
from stock.transfer_arrival
where id = any(%(ids)s::uuid[])

-- name: write_arrivals
-- Write what came and what will not, and count it on the lines it is of. The caller holds those lines.
with said as materialized (
  select id, transfer_id, sku_id, lot_id, received, unsellable, lost, reason
  from unnest(
    %(ids)s::uuid[],
    %(transfer_ids)s::uuid[],
    %(sku_ids)s::uuid[],
    %(lot_ids)s::uuid[],
    %(received)s::bigint[],
    %(unsellable)s::bigint[],
    %(lost)s::bigint[],
    %(reasons)s::text[]
  ) as said (id, transfer_id, sku_id, lot_id, received, unsellable, lost, reason)
), written as (
  insert into stock.transfer_arrival (id, transfer_id, sku_id, lot_id, received, unsellable, lost, reason, at, by)
  select id, transfer_id, sku_id, lot_id, received, unsellable, lost, reason, %(now)s::timestamptz, %(by)s::text
  from said
  returning 1
), counted as (
  select
    transfer_id,
    sku_id,
    lot_id,
    sum(received)::bigint as received,
    sum(lost)::bigint as lost
  from said
  group by transfer_id, sku_id, lot_id
)
update stock.transfer_line as line
set
  received = line.received + counted.received,
  lost = line.lost + counted.lost
from counted
where
  line.transfer_id = counted.transfer_id
  and line.sku_id = counted.sku_id
  and line.lot_id is not distinct from counted.lot_id
  and (select count(*) from written) > 0

-- name: transfers_page
-- Lines of transfers from or to leaves, the latest first, those before one; of all, or of those still under way.
select
  transfer.id as transfer_id,
  transfer.from_leaf_id,
  transfer.to_leaf_id,
  transfer.sent_at,
  line.sku_id,
  line.lot_id,
  line.sent,
  line.received,
  line.lost,
  line.in_transit
from stock.transfer as transfer
join stock.transfer_line as line on line.transfer_id = transfer.id
where
  (transfer.from_leaf_id = any(%(leaf_ids)s::uuid[]) or transfer.to_leaf_id = any(%(leaf_ids)s::uuid[]))
  and (line.in_transit > 0 or not %(only_under_way)s::boolean)
  and (
    %(before_transfer)s::uuid is null
    or (transfer.id, line.sku_id, coalesce(line.lot_id, line.sku_id))
      < (%(before_transfer)s::uuid, %(before_sku)s::uuid, %(before_lot)s::uuid)
  )
order by transfer.id desc, line.sku_id desc, coalesce(line.lot_id, line.sku_id) desc
limit %(at_most)s::bigint

-- name: in_transit
-- What is under way to leaves, SKU by SKU; of all SKUs, or of those given.
select
  transfer.to_leaf_id as leaf_id,
  line.sku_id,
  sum(line.in_transit)::bigint as units
from stock.transfer as transfer
join stock.transfer_line as line on line.transfer_id = transfer.id
where
  transfer.to_leaf_id = any(%(leaf_ids)s::uuid[])
  and line.in_transit > 0
  and (%(sku_ids)s::uuid[] is null or line.sku_id = any(%(sku_ids)s::uuid[]))
group by transfer.to_leaf_id, line.sku_id
order by transfer.to_leaf_id, line.sku_id

-- name: transfer_places
-- Where transfers go. Locks nothing.
select
  id,
  to_leaf_id
from stock.transfer
where id = any(%(transfer_ids)s::uuid[])

-- name: lines_of_transfer
-- A transfer, line by line, as it stands. Locks nothing.
select
  transfer.id as transfer_id,
  transfer.from_leaf_id,
  transfer.to_leaf_id,
  transfer.sent_at,
  line.sku_id,
  line.lot_id,
  line.sent,
  line.received,
  line.lost,
  line.in_transit
from stock.transfer as transfer
join stock.transfer_line as line on line.transfer_id = transfer.id
where transfer.id = %(transfer_id)s::uuid
order by line.sku_id, line.lot_id
