-- Feeds: dealers' own systems say how many units there are, and we make movements of it.

alter table stock.movement drop constraint movement_reason_known;
alter table stock.movement add constraint movement_reason_known check (reason in (
  'opening', 'receipt', 'sale', 'returned', 'count', 'damage', 'expiry', 'recall', 'scrap', 'transfer_in',
  'transfer_out', 'adjustment', 'not_found', 'regraded', 'stated',
  'allocated', 'allocation_released', 'handed_over', 'safety_set', 'doubt_set'
));

-- What is kept back because it is in doubt: a part of the leaf's safety, recorded apart from what people set. `wanted` is
-- more than `units` where promises stood in the way.
create table stock.doubt (
  leaf_id uuid not null references stock.node,
  sku_id uuid not null,
  units bigint not null,
  wanted bigint not null,
  primary key (leaf_id, sku_id),
  constraint doubt_not_negative check (units >= 0),
  constraint doubt_within_wanted check (wanted >= units)
) with (fillfactor = 70);
create index doubt_short on stock.doubt (leaf_id, sku_id) where units < wanted;

create schema feeds;

-- A sender of snapshots about the goods of one leaf. Its counts are ours to judge by: what proved right and wrong.
create table feeds.feed (
  id uuid primary key,
  code text not null,
  leaf_id uuid not null,
  site_id uuid not null,
  kind text not null,
  interval_minutes integer not null,
  stale_after integer not null,
  made_at timestamptz not null,
  heard_as_at timestamptz,
  heard_at timestamptz,
  usual_hundredths bigint not null default 0,
  statements bigint not null default 0,
  doubt_percent integer not null default 0,
  constraint feed_code_once unique (code),
  constraint leaf_has_one_feed unique (leaf_id),
  constraint feed_kind_known check (kind in ('on_hand', 'available')),
  constraint feed_is_expected check (interval_minutes between 1 and 10080 and stale_after between 2 and 100),
  constraint feed_is_heard_at_a_moment check ((heard_as_at is null) = (heard_at is null)),
  constraint feed_doubt_is_a_share check (doubt_percent between 0 and 100)
);
create index feed_by_site on feeds.feed (site_id);

-- A snapshot as it came, under the sender's own number.
create table feeds.snapshot (
  id uuid primary key,
  feed_id uuid not null references feeds.feed,
  number text not null,
  content_hash bytea not null,
  as_at timestamptz not null,
  heard_at timestamptz not null,
  whole boolean not null,
  named integer not null,
  applied integer not null,
  unchanged integer not null,
  outdated integer not null,
  doubted integer not null,
  constraint snapshot_number_once unique (feed_id, number)
);
create index snapshot_by_feed on feeds.snapshot (feed_id, id);
create index snapshot_by_age on feeds.snapshot (heard_at, id);

-- What a snapshot said of a SKU, where that was not just what we knew.
create table feeds.statement (
  snapshot_id uuid not null references feeds.snapshot on delete cascade,
  sku_id uuid not null,
  units bigint not null,
  ours bigint,
  outcome text not null,
  primary key (snapshot_id, sku_id),
  constraint statement_outcome_known check (outcome in ('applied', 'outdated', 'doubted'))
);

-- The newest statement that our books follow, per SKU. Movements with ids from `later_from` on happened after it.
create table feeds.stated (
  feed_id uuid not null references feeds.feed,
  leaf_id uuid not null,
  sku_id uuid not null,
  as_at timestamptz not null,
  later_from uuid not null,
  units bigint not null,
  most_units bigint not null,
  primary key (leaf_id, sku_id),
  constraint stated_most_is_most check (units >= 0 and most_units >= units)
) with (fillfactor = 70);
create index stated_by_feed on feeds.stated (feed_id, sku_id);

-- A statement that does not look right and waits for a person. At most one is open per SKU: the newest.
create table feeds.suspicion (
  id uuid primary key,
  feed_id uuid not null references feeds.feed,
  leaf_id uuid not null,
  sku_id uuid not null,
  as_at timestamptz not null,
  units bigint not null,
  ours bigint not null,
  why text not null,
  raised_at timestamptz not null,
  state text not null,
  ended_at timestamptz,
  ended_by text,
  constraint suspicion_why_known check (why in ('leap', 'collapse', 'all_gone', 'all_multiplied')),
  constraint suspicion_state_known check (state in ('open', 'accepted', 'rejected', 'overtaken')),
  constraint suspicion_end_has_its_moment check ((state = 'open') = (ended_at is null))
);
create unique index one_open_suspicion on feeds.suspicion (leaf_id, sku_id) where state = 'open';
create index suspicion_by_feed on feeds.suspicion (feed_id, id);

-- What became of a feed's word, per day: units that were there when we came for them, and units that were not.
create table feeds.record (
  feed_id uuid not null references feeds.feed,
  day date not null,
  good bigint not null,
  bad bigint not null,
  primary key (feed_id, day),
  constraint record_counts check (good >= 0 and bad >= 0)
) with (fillfactor = 70);
