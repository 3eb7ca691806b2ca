-- Lock order of this room: feeds by id. Whoever writes what a feed stated, or answers a suspicion of it, holds its row;
-- `stated` is moreover written only by a transaction that holds the stock row of the same leaf and SKU, so that it can be
-- read under that.

-- name: insert_feeds
-- Write new feeds; a code or a leaf that is taken makes none.
insert into feeds.feed (id, code, leaf_id, site_id, kind, interval_minutes, stale_after, made_at)
select
  id,
  code,
  leaf_id,
  site_id,
  kind,
  interval_minutes,
  stale_after,
  %(now)s::timestamptz
from unnest(
  %(ids)s::uuid[],
  %(codes)s::text[],
  %(leaf_ids)s::uuid[],
  %(site_ids)s::uuid[],
  %(kinds)s::text[],
  %(intervals)s::integer[],
  %(stale_afters)s::integer[]
) with ordinality as made (id, code, leaf_id, site_id, kind, interval_minutes, stale_after, place)
order by place
on conflict do nothing
returning id

-- name: codes_taken
-- Those of the given codes that name a feed.
select code from feeds.feed where code = any(%(codes)s::text[])

-- name: lock_feeds
-- Lock feeds by their codes or ids, in the order of their ids.
select
  id,
  code,
  leaf_id,
  site_id,
  kind,
  interval_minutes,
  stale_after,
  made_at,
  heard_as_at,
  heard_at,
  usual_hundredths,
  statements,
  doubt_percent
from feeds.feed
where code = any(%(codes)s::text[]) or id = any(%(ids)s::uuid[])
order by id
for update

-- name: lock_feed_round
-- Lock feeds after one, in the order of their ids, passing by those at work.
select
  id,
  code,
  leaf_id,
  site_id,
  kind,
  interval_minutes,
  stale_after,
  made_at,
  heard_as_at,
  heard_at,
  usual_hundredths,
  statements,
  doubt_percent
from feeds.feed
where id = any(%(ids)s::uuid[])
order by id
for update skip locked

-- name: snapshots_by_number
-- Snapshots that came under some numbers. The caller holds the feed.
select
  id,
  number,
  content_hash,
  as_at,
  named,
  applied,
  unchanged,
  outdated,
  doubted
from feeds.snapshot
where feed_id = %(feed_id)s::uuid and number = any(%(numbers)s::text[])

-- name: known
-- What our books follow of a feed, of some SKUs or of all. The caller holds the feed.
select
  sku_id,
  as_at,
  units,
  most_units
from feeds.stated
where feed_id = %(feed_id)s::uuid and (%(sku_ids)s::uuid[] is null or sku_id = any(%(sku_ids)s::uuid[]))
order by sku_id

-- name: insert_snapshot
-- Write a snapshot. The caller holds the feed.
insert into feeds.snapshot (
  id, feed_id, number, content_hash, as_at, heard_at, whole, named, applied, unchanged, outdated, doubted
)
values (
  %(id)s::uuid, %(feed_id)s::uuid, %(number)s::text, %(content_hash)s::bytea, %(as_at)s::timestamptz,
  %(now)s::timestamptz, %(whole)s::boolean, %(named)s::integer, %(applied)s::integer, %(unchanged)s::integer,
  %(outdated)s::integer, %(doubted)s::integer
)

-- name: copy_statements
-- Write what a snapshot said, where that is not just what was known.
copy feeds.statement (snapshot_id, sku_id, units, ours, outcome) from stdin

-- name: write_stated
-- Let our books follow newer statements; an older one changes nothing. The caller holds the feed and the stock rows.
insert into feeds.stated as stated (feed_id, leaf_id, sku_id, as_at, later_from, units, most_units)
select
  %(feed_id)s::uuid,
  %(leaf_id)s::uuid,
  sku_id,
  %(as_at)s::timestamptz,
  %(later_from)s::uuid,
  units,
  units
from unnest(%(sku_ids)s::uuid[], %(units)s::bigint[]) as one (sku_id, units)
on conflict (leaf_id, sku_id) do update
set
  as_at = excluded.as_at,
  later_from = excluded.later_from,
  units = excluded.units,
  most_units = greatest(stated.most_units, excluded.units)
where stated.as_at < excluded.as_at

-- name: mark_heard
-- Note that a feed was heard, and what was learnt of it. The caller holds the feed.
update feeds.feed
set
  heard_as_at = greatest(heard_as_at, %(as_at)s::timestamptz),
  heard_at = %(now)s::timestamptz,
  usual_hundredths = %(usual_hundredths)s::bigint,
  statements = %(statements)s::bigint
where id = %(feed_id)s::uuid

-- name: mark_doubt
-- Note which share of what a feed stated is kept back. The caller holds the feed.
update feeds.feed set doubt_percent = %(percent)s::integer where id = %(feed_id)s::uuid

-- name: stated_at
-- When the statement speaks that our books follow, of SKUs at leaves: its moment, and the first id of what happened
-- later. The caller holds their stock rows.
select
  stated.leaf_id,
  stated.sku_id,
  stated.as_at,
  stated.later_from
from unnest(%(leaf_ids)s::uuid[], %(sku_ids)s::uuid[]) as wanted (leaf_id, sku_id)
join feeds.stated as stated on stated.leaf_id = wanted.leaf_id and stated.sku_id = wanted.sku_id

-- name: end_suspicions
-- End open suspicions that newer statements of the same SKUs have overtaken. The caller holds the feed.
update feeds.suspicion
set
  state = 'overtaken',
  ended_at = %(now)s::timestamptz
where
  feed_id = %(feed_id)s::uuid
  and sku_id = any(%(sku_ids)s::uuid[])
  and state = 'open'
  and as_at <= %(as_at)s::timestamptz

-- name: insert_suspicions
-- Raise suspicions, where none is open of the SKU: one that stays open is newer. The caller holds the feed.
insert into feeds.suspicion (id, feed_id, leaf_id, sku_id, as_at, units, ours, why, raised_at, state)
select
  id,
  %(feed_id)s::uuid,
  %(leaf_id)s::uuid,
  sku_id,
  %(as_at)s::timestamptz,
  units,
  ours,
  why,
  %(now)s::timestamptz,
  'open'
from unnest(
  %(ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(units)s::bigint[],
  %(ours)s::bigint[],
  %(whys)s::text[]
) as raised (id, sku_id, units, ours, why)
on conflict (leaf_id, sku_id) where state = 'open' do nothing
returning id

-- name: suspicions
-- Suspicions by their ids. What they say never changes but for their end, for which the caller holds the feed.
select
  id,
  feed_id,
  leaf_id,
  sku_id,
  as_at,
  units,
  ours,
  why,
  raised_at,
  state,
  ended_at,
  ended_by
from feeds.suspicion
where id = any(%(ids)s::uuid[])
order by id

-- name: answer_suspicions
-- End suspicions as a person says. The caller holds their feeds.
update feeds.suspicion
set
  state = answer.state,
  ended_at = %(now)s::timestamptz,
  ended_by = %(actor)s::text
from unnest(%(ids)s::uuid[], %(states)s::text[]) as answer (id, state)
where suspicion.id = answer.id and suspicion.state = 'open'

-- name: suspected
-- By how many units open suspicions would take goods away, per SKU. The caller holds the feed.
select
  sku_id,
  greatest(0, ours - units) as units
from feeds.suspicion
where feed_id = %(feed_id)s::uuid and state = 'open'

-- name: add_record
-- Add to what proved right and wrong of feeds, by the day; feeds that are not there are left out. Locks these rows in
-- the order of feed and day.
insert into feeds.record as record (feed_id, day, good, bad)
select
  feed_id,
  day,
  sum(good)::bigint,
  sum(bad)::bigint
from unnest(%(feed_ids)s::uuid[], %(days)s::date[], %(goods)s::bigint[], %(bads)s::bigint[])
  as proof (feed_id, day, good, bad)
group by feed_id, day
order by feed_id, day
on conflict (feed_id, day) do update
set
  good = record.good + excluded.good,
  bad = record.bad + excluded.bad

-- name: sweep_snapshots
-- Forget snapshots that are over, the oldest first. What our books follow, suspicions and records stay.
delete from feeds.snapshot
where id in (
  select id
  from feeds.snapshot
  where heard_at < %(before)s::timestamptz
  order by heard_at, id
  limit %(at_most)s::bigint
  for update skip locked
)
