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
-- Write what was counted beside what the books said at its moment; of two looks at a thing the later one stays.
-- What the books say is read by this very statement: movements that are committed are in it, others come later. Of a
-- look that is told late, what happened since (by the moment in a movement's id) is taken out again.
insert into stock.count_line as line (id, count_id, sku_id, units, expected, counted_at, counted_by)
select
  seen.id,
  seen.count_id,
  seen.sku_id,
  seen.units,
  coalesce(level.on_hand, 0) - coalesce(since.on_hand, 0),
  seen.at,
  %(by)s::text
from unnest(
  %(ids)s::uuid[],
  %(count_ids)s::uuid[],
  %(leaf_ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(units)s::bigint[],
  %(seen_at)s::timestamptz[],
  %(after)s::uuid[]
) as seen (id, count_id, leaf_id, sku_id, units, at, after)
left join stock.leaf_stock as level on level.sku_id = seen.sku_id and level.leaf_id = seen.leaf_id
left join lateral (
  select sum(movement.on_hand)::bigint as on_hand
  from stock.movement as movement
  where
    movement.sku_id = seen.sku_id
    and movement.leaf_id = seen.leaf_id
    and movement.at >= seen.at
    and movement.id >= seen.after
) as since on seen.after is not null
order by seen.count_id, seen.sku_id
on conflict on constraint count_line_once do update set
  (id, units, expected, counted_at, counted_by) = (
    select
      look.id,
      look.units,
      look.expected,
      look.counted_at,
      look.counted_by
    from (
      values
        (excluded.id, excluded.units, excluded.expected, excluded.counted_at, excluded.counted_by, 1),
        (line.id, line.units, line.expected, line.counted_at, line.counted_by, 2)
    ) as look (id, units, expected, counted_at, counted_by, place)
    order by look.counted_at desc, look.place
    limit 1
  )
returning count_id, sku_id, units, expected

-- name: delete_lines
-- Take back what was counted, unless it was counted again since. The caller holds the sessions' rows.
delete from stock.count_line as line
using unnest(%(count_ids)s::uuid[], %(sku_ids)s::uuid[], %(seen_at)s::timestamptz[])
  as back (count_id, sku_id, seen_at)
where line.count_id = back.count_id and line.sku_id = back.sku_id and line.counted_at <= back.seen_at

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
  line.counted_at,
  line.counted_by
from stock.count_line as line
join stock.count_session as session on session.id = line.count_id
where line.count_id = any(%(count_ids)s::uuid[])
order by line.count_id, line.sku_id, line.lot_id

-- name: lines_counted_elsewhere
-- Lines of counts whose things another count, posted since they were looked at, was of, too; `is_older`: it looked later.
-- The caller holds the sessions' rows and the turn, so that no other count of them is posted meanwhile.
select
  line.id,
  line.counted_at,
  bool_or(look.counted_at >= line.counted_at) as is_older
from stock.count_line as line
join stock.count_session as session on session.id = line.count_id
join stock.count_session as posted
  on posted.leaf_id = session.leaf_id
  and posted.id <> session.id
  and posted.how_ended = 'posted'
  and posted.ended_at >= line.counted_at
join stock.count_line as look on look.count_id = posted.id and look.sku_id = line.sku_id
where line.count_id = any(%(count_ids)s::uuid[])
group by line.id

-- name: renew_lines
-- Say anew what the books said at the moment of looks: what they say now less all that happened since, by the moment in
-- a movement's id. A look that is older than another count's no longer differs.
update stock.count_line as line
set expected = case when renewed.is_older then line.units else coalesce(level.on_hand, 0) - coalesce(since.on_hand, 0) end
from unnest(%(ids)s::uuid[], %(after)s::uuid[], %(is_older)s::boolean[]) as renewed (id, after, is_older)
join stock.count_line as looked on looked.id = renewed.id
join stock.count_session as session on session.id = looked.count_id
left join stock.leaf_stock as level on level.sku_id = looked.sku_id and level.leaf_id = session.leaf_id
left join lateral (
  select sum(movement.on_hand)::bigint as on_hand
  from stock.movement as movement
  where
    movement.sku_id = looked.sku_id
    and movement.leaf_id = session.leaf_id
    and movement.at >= looked.counted_at
    and movement.id >= renewed.after
) as since on true
where line.id = renewed.id

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
  and (%(how_ended)s::text is null or how_ended = %(how_ended)s::text)
  and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc
limit %(at_most)s::bigint

-- name: sums_of_counts
-- What counts come to: things looked at, those that differ from the books, units that are missing and too many.
select
  count_id,
  count(*) as lines,
  count(*) filter (where units <> expected) as differing,
  coalesce(sum(expected - units) filter (where units < expected), 0)::bigint as short,
  coalesce(sum(units - expected) filter (where units > expected), 0)::bigint as over
from stock.count_line
where count_id = any(%(count_ids)s::uuid[])
group by count_id

-- name: count_leaves
-- Where counts are taken. Locks nothing.
select
  id,
  leaf_id
from stock.count_session
where id = any(%(count_ids)s::uuid[])

-- name: count_by_id
-- A count session. Locks nothing.
select
  id as count_id,
  leaf_id,
  opened_at,
  opened_by,
  ended_at,
  how_ended
from stock.count_session
where id = %(count_id)s::uuid
