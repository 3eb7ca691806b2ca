create schema sourcing;

-- What a parcel from a site costs. A site without a record ships nothing.
create table sourcing.site_cost (
  site_id uuid not null,
  currency text not null,
  handling_minor bigint not null,
  hundred_kilometres_minor bigint not null,
  kilogram_minor bigint not null,
  set_at timestamptz not null,
  constraint site_cost_key primary key (site_id, currency),
  constraint site_cost_not_negative check (
    handling_minor >= 0 and hundred_kilometres_minor >= 0 and kilogram_minor >= 0
  )
);

-- A wave that was decided. `site_ids`: the sites weighed; decisions speak of them by their position.
create table sourcing.wave (
  id uuid primary key,
  decided_at timestamptz not null,
  solver text not null,
  currency text not null,
  site_ids uuid[] not null
);
revoke update, delete, truncate on sourcing.wave from loopline_app;

-- What was decided for an order and why, one row per order and wave. No foreign key: the row is written once, in the
-- statement after its wave's, and doctor looks.
-- `parcels`: [[position of the site, units, handling, distance, weight], ...], costs in minor units.
-- `verdicts`: one letter per site; `prices_minor`: one price per site; both in the order of the wave's sites.
-- `unfilled`: [[line, sku, units, reason], ...] or null.
create table sourcing.decision (
  order_id uuid not null,
  wave_id uuid not null,
  method text not null,
  cost_minor bigint not null,
  verdicts text not null,
  prices_minor bigint[] not null,
  parcels jsonb not null,
  unfilled jsonb,
  constraint decision_key primary key (order_id, wave_id),
  constraint decision_method_known check (method in ('exact', 'greedy')),
  constraint every_verdict_has_its_price check (length(verdicts) = cardinality(prices_minor)),
  constraint every_parcel_has_its_site check (
    length(verdicts) - length(replace(verdicts, '*', '')) = jsonb_array_length(parcels)
  )
);
revoke update, delete, truncate on sourcing.decision from loopline_app;

create view sourcing.published_decisions with (security_invoker = true) as
select
  decision.order_id,
  decision.wave_id,
  wave.decided_at,
  wave.solver,
  wave.currency,
  decision.method,
  decision.cost_minor,
  jsonb_array_length(decision.parcels) as parcels,
  decision.unfilled is not null as is_short
from sourcing.decision
join sourcing.wave on wave.id = decision.wave_id;
