-- How waves are decided: versions of settings, drafted, tried on a past period and published with a comment.
create table sourcing.profile (
  version integer primary key,
  based_on integer references sourcing.profile (version),
  state text not null,
  settings jsonb not null,
  comment text,
  written_at timestamptz not null,
  written_by text not null,
  published_at timestamptz,
  published_by text,
  constraint profile_version_positive check (version > 0),
  constraint profile_state_known check (state in ('draft', 'published', 'dropped')),
  constraint published_profile_says_when_and_why check (
    (state = 'published') = (published_at is not null and published_by is not null and comment is not null)
  ),
  constraint profile_comment_says_something check (btrim(comment) <> '')
);

create index profile_in_force on sourcing.profile (published_at desc) where state = 'published';

-- What a region or a dealer set for its sites, of the settings that the profile in force leaves open.
create table sourcing.override (
  unit_id uuid not null,
  setting text not null,
  value bigint not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (unit_id, setting)
);

-- What became of a draft on a past period.
create table sourcing.trial (
  id uuid primary key,
  version integer not null references sourcing.profile (version),
  against integer references sourcing.profile (version),
  from_day date not null,
  until_day date not null,
  asked_at timestamptz not null,
  asked_by text not null,
  done_days integer not null default 0,
  report jsonb,
  failure text,
  ended_at timestamptz,
  constraint trial_days_in_order check (from_day <= until_day),
  constraint ended_trial_says_how check ((ended_at is null) = (report is null and failure is null))
);

create index trial_by_version on sourcing.trial (version, asked_at desc);
create index trial_not_ended on sourcing.trial (asked_at) where ended_at is null;

-- What a wave came to, whole; null in waves that were decided order by order.
alter table sourcing.wave
  add column profile_version integer references sourcing.profile (version),
  add column orders integer,
  add column parcels integer,
  add column unfilled_units integer,
  add column cost_minor bigint,
  add column bound_minor bigint,
  add column seconds double precision,
  add column terms jsonb;

create index wave_by_time on sourcing.wave (decided_at desc);

-- What one more unit of a SKU at a site, or one more parcel of it (no SKU), would have saved a wave; those of zero are not
-- kept, and none of waves of long ago.
create table sourcing.wave_price (
  wave_id uuid not null references sourcing.wave (id),
  site_id uuid not null,
  sku_id uuid,
  price_minor bigint not null,
  constraint price_is_positive check (price_minor > 0)
);

create unique index wave_price_once on sourcing.wave_price (wave_id, site_id, sku_id) nulls not distinct;

alter table sourcing.decision
  drop constraint decision_method_known,
  add constraint decision_method_known check (method in ('exact', 'greedy', 'optimised'));

grant select, insert, update on sourcing.profile to loopline_app;
grant select, insert, update, delete on sourcing.override to loopline_app;
grant select, insert, update on sourcing.trial to loopline_app;
grant select, insert, delete on sourcing.wave_price to loopline_app;
