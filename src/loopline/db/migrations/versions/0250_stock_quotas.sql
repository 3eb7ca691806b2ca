-- Quotas: units of a SKU set aside at a node in the name of an event. What remains of one counts in what is held there
-- and above, like a hold; orders of the event draw from it. Rows are protected by the rows of their level.

create table stock.quota (
  id uuid primary key,
  kind text not null,
  code text not null,
  node_id uuid not null,
  sku_id uuid not null,
  -- Every unit that was ever set aside, and where it is now: four places that make up the whole.
  set_aside bigint not null,
  remaining bigint not null,
  drawn bigint not null default 0,
  used bigint not null default 0,
  returned bigint not null default 0,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  reserve_id uuid references stock.quota,
  then_free boolean not null,
  opened_at timestamptz not null,
  ended_at timestamptz,
  constraint quota_kind_known check (kind in ('live_room', 'channel', 'event')),
  constraint quota_adds_up check (set_aside = remaining + drawn + used + returned),
  constraint quota_remaining_not_negative check (remaining >= 0),
  constraint quota_drawn_not_negative check (drawn >= 0),
  constraint quota_used_not_negative check (used >= 0),
  constraint quota_returned_not_negative check (returned >= 0),
  constraint quota_ends_after_start check (ends_at > starts_at),
  constraint quota_is_not_its_reserve check (reserve_id <> id),
  constraint quota_that_ended_has_nothing check (ended_at is null or (remaining = 0 and drawn = 0))
)
with (fillfactor = 70);
create unique index one_open_quota on stock.quota (sku_id, node_id, kind, code) where ended_at is null;
create index quota_by_end on stock.quota (ends_at, id) where ended_at is null;
create index quota_by_name on stock.quota (kind, code, id);
create index quota_by_reserve on stock.quota (reserve_id) where reserve_id is not null;
revoke delete on stock.quota from loopline_app;

-- Units of a line's hold that were drawn from an open quota, to go back to it.
create table stock.quota_draw (
  line_id uuid not null,
  quota_id uuid not null references stock.quota,
  units bigint not null,
  -- Drawn as another quota's reserve: goes back before what was drawn from the event's own.
  is_reserve boolean not null,
  primary key (line_id, quota_id),
  constraint draw_has_units check (units > 0)
)
with (fillfactor = 90);
create index draw_by_quota on stock.quota_draw (quota_id);

-- How many open quotas lie at a level: read with the row that is locked anyway, so that a batch which no quota
-- concerns asks nothing more.
alter table stock.node_stock
  add column quotas integer not null default 0,
  add constraint node_quotas_not_negative check (quotas >= 0);
alter table stock.leaf_stock
  add column quotas integer not null default 0,
  add constraint leaf_quotas_not_negative check (quotas >= 0);
