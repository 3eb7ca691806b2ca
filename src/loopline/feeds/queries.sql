-- name: feeds_by_ids
-- Feeds by their ids, in that order.
select
  id, code, leaf_id, site_id, kind, interval_minutes, stale_after, made_at, heard_as_at, heard_at,
  usual_hundredths, statements, doubt_percent
from feeds.feed
where id = any(%(ids)s::uuid[])
order by id

-- name: feeds_at
-- The feeds of some sites, or of all, by their codes.
select
  id, code, leaf_id, site_id, kind, interval_minutes, stale_after, made_at, heard_as_at, heard_at,
  usual_hundredths, statements, doubt_percent
from feeds.feed
where %(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[])
order by code

-- name: records
-- What proved right and wrong of feeds since a day; feeds of which nothing did are left out.
select
  feed_id,
  sum(good)::bigint as good,
  sum(bad)::bigint as bad
from feeds.record
where feed_id = any(%(feed_ids)s::uuid[]) and day >= %(since)s::date
group by feed_id
order by feed_id

-- name: last_snapshots
-- The newest snapshot of each feed, and by how many units in all it differed from our books.
select
  feed.id as feed_id,
  newest.number,
  newest.as_at,
  newest.named,
  newest.applied,
  newest.outdated,
  newest.doubted,
  coalesce((
    select sum(abs(one.units - one.ours))::bigint
    from feeds.statement as one
    where one.snapshot_id = newest.id and one.outcome <> 'outdated'
  ), 0) as difference_units
from feeds.feed as feed
cross join lateral (
  select
    id, number, as_at, named, applied, outdated, doubted
  from feeds.snapshot
  where feed_id = feed.id
  order by id desc
  limit 1
) as newest
where feed.id = any(%(feed_ids)s::uuid[])
order by feed.id

-- name: open_suspicions
-- What waits for a person of some feeds, the oldest first.
select
  id, feed_id, leaf_id, sku_id, as_at, units, ours, why, raised_at, state, ended_at, ended_by
from feeds.suspicion
where feed_id = any(%(feed_ids)s::uuid[]) and state = 'open'
order by raised_at, id
limit %(at_most)s::bigint
