-- Counts that take a while. A session's row is locked before its lines, and both before any level.

-- name: known_counts
-- Count sessions, locked by id: entering, posting and dropping wait for each other.
select
  id,
  leaf_id,
  ended_at is not null as is_ended
from stock.count_session
where id = any(%(count_ids)s::uuid[])
order by id
for update

-- name: open_counts
-- Begin counts of leaves that there are. An id that is there already is left as it is.
insert into stock.count_session (id, leaf_id, opened_at, opened_by)
select opened.id, opened.leaf_id, %(now)s::timestamptz, %(by)s::text
from unnest(%(ids)s::uuid[], %(leaf_ids)s::uuid[]) as opened (id, leaf_id)
join stock.node as leaf on leaf.id = opened.leaf_id and leaf.kind = 'leaf'
order by opened.id
on conflict (id) do nothing

-- name: enter_lines
-- Write what was counted beside what the books say at this moment; a later look at a thing replaces the earlier one.
-- What the books say is read by this very statement: movements that are committed are in it, others come later.
insert into stock.count_line as line (id, count_id, sku_id, units, expected, counted_at, counted_by)
select
  seen.id,
  seen.count_id,
  seen.sku_id,
  seen.units,
  coalesce(level.on_hand, 0),
  %(now)s::timestamptz,
  %(by)s::text
from unnest(%(ids)s::uuid[], %(count_ids)s::uuid[], %(leaf_ids)s::uuid[], %(sku_ids)s::uuid[], %(units)s::bigint[])
  as seen (id, count_id, leaf_id, sku_id, units)
left join stock.leaf_stock as level on level.sku_id = seen.sku_id and level.leaf_id = seen.leaf_id
order by seen.count_id, seen.sku_id
on conflict on constraint count_line_once do update set
  id = excluded.id,
  units = excluded.units,
  expected = excluded.expected,
  counted_at = excluded.counted_at,
  counted_by = excluded.counted_by
returning count_id, sku_id, units, expected

-- name: lines_of_counts
-- What was counted in sessions. The caller holds the sessions' rows, or only looks.
select
  line.id,
  line.count_id,
  session.leaf_id,
  line.sku_id,
  line.lot_id,
  line.units,
  line.expected,
  line.counted_at
from stock.count_line as line
join stock.count_session as session on session.id = line.count_id
where line.count_id = any(%(count_ids)s::uuid[])
order by line.count_id, line.sku_id, line.lot_id

-- name: end_counts
-- End sessions, posted or dropped. The caller holds their rows.
update stock.count_session as session
set
  ended_at = %(now)s::timestamptz,
  how_ended = ending.how
from unnest(%(count_ids)s::uuid[], %(how)s::text[]) as ending (count_id, how)
where session.id = ending.count_id and session.ended_at is null

-- name: counts_page
-- Count sessions of leaves, the latest first, those before one; of all, or of those still open.
select
  id as count_id,
  leaf_id,
  opened_at,
  opened_by,
  ended_at,
  how_ended
from stock.count_session
where
  leaf_id = any(%(leaf_ids)s::uuid[])
  and (ended_at is null or not %(only_open)s::boolean)
  and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc
limit %(at_most)s::bigint

-- name: count_leaves
-- Where counts are taken. Locks nothing.
select
  id,
  leaf_id
from stock.count_session
where id = any(%(count_ids)s::uuid[])
