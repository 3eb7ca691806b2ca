-- name: suspicion_newer_than_stated
-- An open suspicion speaks of a later moment than the statement our books follow. Repair: it is overtaken.
select
  format('leaf %%s, SKU %%s', suspicion.leaf_id, suspicion.sku_id) as subject,
  format('open of %%s', suspicion.as_at) as found,
  format('later than %%s', stated.as_at) as expected,
  format(
    'update feeds.suspicion set state = ''overtaken'', ended_at = now() where id = %%L', suspicion.id
  ) as repair
from feeds.suspicion as suspicion
join feeds.stated as stated on stated.leaf_id = suspicion.leaf_id and stated.sku_id = suspicion.sku_id
where suspicion.state = 'open' and suspicion.as_at <= stated.as_at
order by suspicion.id

-- name: stated_at_its_feeds_leaf
-- What is stated lies at its feed's leaf. Repair: it goes where its feed is.
select
  format('leaf %%s, SKU %%s', stated.leaf_id, stated.sku_id) as subject,
  stated.leaf_id::text as found,
  feed.leaf_id::text as expected,
  format(
    'update feeds.stated set leaf_id = %%L where leaf_id = %%L and sku_id = %%L',
    feed.leaf_id, stated.leaf_id, stated.sku_id
  ) as repair
from feeds.stated as stated
join feeds.feed as feed on feed.id = stated.feed_id
where feed.leaf_id <> stated.leaf_id
order by stated.leaf_id, stated.sku_id

-- name: snapshot_counts_add_up
-- A snapshot's statements are applied, unchanged, outdated or doubted, and those kept are as many. Repair: count anew.
with kept as (
  select
    snapshot.id,
    count(*) filter (where one.outcome = 'applied') as applied,
    count(*) filter (where one.outcome = 'outdated') as outdated,
    count(*) filter (where one.outcome = 'doubted') as doubted
  from feeds.snapshot as snapshot
  left join feeds.statement as one on one.snapshot_id = snapshot.id
  group by snapshot.id
)
select
  format('snapshot %%s', snapshot.id) as subject,
  format('%%s = %%s + %%s + %%s + %%s', snapshot.named, snapshot.applied, snapshot.unchanged, snapshot.outdated,
    snapshot.doubted) as found,
  format('%%s applied, %%s outdated, %%s doubted', kept.applied, kept.outdated, kept.doubted) as expected,
  format(
    'update feeds.snapshot set applied = %%s, outdated = %%s, doubted = %%s, named = unchanged + %%s where id = %%L',
    kept.applied, kept.outdated, kept.doubted, kept.applied + kept.outdated + kept.doubted, snapshot.id
  ) as repair
from feeds.snapshot as snapshot
join kept on kept.id = snapshot.id
where
  (snapshot.applied, snapshot.outdated, snapshot.doubted) is distinct from
  (kept.applied, kept.outdated, kept.doubted)
  or snapshot.named <> snapshot.applied + snapshot.unchanged + snapshot.outdated + snapshot.doubted
order by snapshot.id
