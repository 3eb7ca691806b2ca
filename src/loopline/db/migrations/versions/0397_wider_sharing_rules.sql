-- Rows of rules: where, in which campaign, whose goods, when; of what a percentage is, within which bounds; for each what
-- an amount is given.
alter table sharing.rule_row
  add column regions text[] not null default '{}',
  add column campaigns text[] not null default '{}',
  add column owners text[] not null default '{}',
  add column sold_from timestamptz,
  add column sold_until timestamptz,
  add column base text not null default 'net',
  add column floor_minor bigint,
  add column cap_minor bigint,
  add column per text not null default 'unit',
  drop constraint rule_row_role_known,
  add constraint rule_row_role_known check (
    role in (
      'brand', 'dealer', 'store', 'guide', 'shipping_site', 'streamer', 'platform', 'introducer', 'territory',
      'goods_owner', 'payment_fee', 'marketing_fund'
    )
  ),
  add constraint rule_row_base_known check (base in ('list', 'paid', 'net', 'margin')),
  add constraint rule_row_base_is_of_a_percentage check (base = 'net' or basis_points is not null),
  add constraint rule_row_per_known check (per in ('unit', 'parcel', 'order')),
  add constraint rule_row_per_is_of_an_amount check (per = 'unit' or amount_minor is not null),
  add constraint rule_row_bounds_are_of_a_percentage check (
    basis_points is not null or num_nonnulls(floor_minor, cap_minor) = 0
  ),
  add constraint rule_row_bounds_in_order check (floor_minor >= 0 and cap_minor >= coalesce(floor_minor, 0)),
  add constraint rule_row_time_in_order check (sold_from < sold_until);

-- Kinds of lines: all that conditions of rules may ask of a line but its moment. Named by a hash of what they are, so that
-- everybody who meets one writes the same row; `roles` and `party_ids` belong together.
create table sharing.line_kind (
  id uuid primary key,
  channel text not null,
  category text not null,
  delivery text not null,
  region text not null,
  campaign text not null,
  owner text not null,
  bound text[] not null,
  roles text[] not null,
  party_ids uuid[] not null,
  constraint line_kind_has_a_party_for_each_role check (cardinality(roles) = cardinality(party_ids))
);
revoke update, delete, truncate on sharing.line_kind from loopline_app;

-- What the rules looked at when a part was split, so that other rules can be tried on it. `facts` of what was sold: list,
-- paid, cost (-1: not known), then before, after and whole of its stretch in the parcel, then in the order (-1: none).
-- Null in parts that were split before this was kept.
alter table sharing.split
  add column kind_id uuid,
  add column placed_at timestamptz,
  add column sold_at timestamptz,
  add column facts bigint[],
  add constraint facts_are_whole check (num_nulls(kind_id, placed_at, sold_at, facts) in (0, 4)),
  add constraint facts_are_nine check (cardinality(facts) = 9);

-- Parts are written about in the order in which they are sold.
create index split_by_time on sharing.split using brin (sold_at);

-- A draft tried on what was sold in a span of time: what each party would have earned by it, beside what it earned.
create table sharing.trial (
  id uuid primary key,
  rule_set_id uuid not null references sharing.rule_set,
  asked_by uuid not null,
  asked_at timestamptz not null,
  sold_from timestamptz not null,
  sold_until timestamptz not null,
  done_parts bigint not null default 0,
  all_parts bigint,
  ended_at timestamptz,
  result jsonb,
  failure text,
  constraint trial_time_in_order check (sold_from < sold_until),
  constraint trial_ends_in_one_way check (
    (ended_at is null and num_nonnulls(result, failure) = 0)
    or (ended_at is not null and num_nonnulls(result, failure) = 1)
  )
);
create index trial_by_rule_set on sharing.trial (rule_set_id, asked_at);
create index trial_waiting on sharing.trial (asked_at) where ended_at is null;
grant select, insert, update on sharing.trial to loopline_app;
