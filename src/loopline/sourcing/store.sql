-- name: put_site_costs
-- Set the cost records of sites, the later of two for the same site and currency winning. Locks those rows in order of
-- (site, currency).
insert into sourcing.site_cost as known (
  site_id,
  currency,
  handling_minor,
  hundred_kilometres_minor,
  kilogram_minor,
  set_at
)
select
  given.site_id,
  given.currency,
  given.handling_minor,
  given.hundred_kilometres_minor,
  given.kilogram_minor,
  %(now)s::timestamptz
from unnest(
  %(site_ids)s::uuid[],
  %(currencies)s::text[],
  %(handling_minor)s::bigint[],
  %(hundred_kilometres_minor)s::bigint[],
  %(kilogram_minor)s::bigint[]
) as given (site_id, currency, handling_minor, hundred_kilometres_minor, kilogram_minor)
order by
  given.site_id,
  given.currency
on conflict (site_id, currency) do update
set
  handling_minor = excluded.handling_minor,
  hundred_kilometres_minor = excluded.hundred_kilometres_minor,
  kilogram_minor = excluded.kilogram_minor,
  set_at = excluded.set_at;

-- name: read_site_costs
-- The cost records of sites in a currency. Locks nothing.
select
  site_id,
  currency,
  handling_minor,
  hundred_kilometres_minor,
  kilogram_minor
from sourcing.site_cost
where
  site_id = any(%(site_ids)s::uuid[])
  and currency = %(currency)s::text
order by
  site_id;

-- name: insert_wave
-- Write a wave unless it is known; touches no row where it is. Locks the new row.
insert into sourcing.wave (
  id,
  decided_at,
  solver,
  currency,
  site_ids,
  profile_version,
  orders,
  parcels,
  unfilled_units,
  cost_minor,
  bound_minor,
  seconds,
  terms,
  day_prices_version
)
values (
  %(wave_id)s::uuid,
  %(now)s::timestamptz,
  %(solver)s::text,
  %(currency)s::text,
  %(site_ids)s::uuid[],
  %(profile_version)s::integer,
  %(orders)s::integer,
  %(parcels)s::integer,
  %(unfilled_units)s::integer,
  %(cost_minor)s::bigint,
  %(bound_minor)s::bigint,
  %(seconds)s::double precision,
  %(terms)s::jsonb,
  %(day_prices_version)s::integer
)
on conflict (id) do nothing;

-- name: copy_prices
-- Keep the prices of a wave. Locks nothing but the new rows.
copy sourcing.wave_price (wave_id, site_id, sku_id, price_minor) from stdin;

-- name: sweep_prices
-- Forget prices of waves decided before a moment, at most so many. Locks those rows.
delete from sourcing.wave_price
where
  ctid in (
    select price.ctid
    from sourcing.wave_price as price
    join sourcing.wave on wave.id = price.wave_id
    where
      wave.decided_at < %(before)s::timestamptz
    limit %(limit)s::integer
  );

-- name: last_prices
-- The prices that were left by what was solved last as a whole in a currency: what is delivered and what is collected are
-- solved at one moment, apart. Locks nothing.
select
  site_id,
  sku_id,
  max(price_minor) as price_minor
from sourcing.wave_price
where
  wave_id in (
    select id
    from sourcing.wave
    where
      cost_minor is not null
      and currency = %(currency)s::text
      and decided_at = (
        select max(decided_at)
        from sourcing.wave
        where
          cost_minor is not null
          and currency = %(currency)s::text
      )
  )
group by
  site_id,
  sku_id
order by
  site_id,
  sku_id nulls first;

-- name: last_priced
-- The waves that left prices last in a currency. Locks nothing.
select id
from sourcing.wave
where
  cost_minor is not null
  and currency = %(currency)s::text
  and decided_at = (
    select max(decided_at)
    from sourcing.wave
    where
      cost_minor is not null
      and currency = %(currency)s::text
  )
order by id;

-- name: site_prices
-- What one more unit of any of some SKUs, and one more parcel, would have saved waves, by site. Locks nothing.
select
  wave_id,
  site_id,
  max(price_minor) filter (
    where
      sku_id = any(%(sku_ids)s::uuid[])
  ) as unit_minor,
  max(price_minor) filter (
    where
      sku_id is null
  ) as parcel_minor
from sourcing.wave_price
where
  wave_id = any(%(wave_ids)s::uuid[])
  and (
    sku_id is null
    or sku_id = any(%(sku_ids)s::uuid[])
  )
group by
  wave_id,
  site_id;

-- name: copy_decisions
-- Write the decisions of a new wave. Locks nothing but the new rows.
copy sourcing.decision (
  order_id,
  wave_id,
  method,
  cost_minor,
  verdicts,
  prices_minor,
  parcels,
  unfilled,
  overrides,
  parcel_classes,
  late_minor
) from stdin;

-- name: read_decisions
-- All decisions about orders, the latest first. Locks nothing.
select
  decision.order_id,
  decision.wave_id,
  wave.decided_at,
  wave.profile_version,
  wave.day_prices_version,
  wave.cost_minor as wave_cost_minor,
  wave.bound_minor as wave_bound_minor,
  wave.solver,
  wave.currency,
  wave.site_ids,
  decision.method,
  decision.cost_minor,
  decision.verdicts,
  decision.prices_minor,
  decision.parcels,
  decision.unfilled,
  decision.overrides,
  decision.parcel_classes,
  decision.late_minor
from sourcing.decision
join sourcing.wave on wave.id = decision.wave_id
where
  decision.order_id = any(%(order_ids)s::uuid[])
order by
  decision.order_id,
  decision.wave_id desc;

-- name: count_decisions
-- How orders were decided, for reports: decisions, parcels, decisions of more than one parcel, decisions with units
-- unfilled, decisions by a greedy cover. Reads the whole table and locks nothing.
select
  count(*) as decisions,
  coalesce(sum(jsonb_array_length(parcels)), 0)::bigint as parcels,
  count(*) filter (where jsonb_array_length(parcels) > 1) as split,
  count(*) filter (where unfilled is not null) as short,
  count(*) filter (where method = 'greedy') as greedy
from sourcing.decision;

-- name: last_waves
-- The waves decided last, the latest first. Locks nothing.
select
  id as wave_id,
  decided_at,
  solver,
  currency,
  cardinality(site_ids) as sites,
  profile_version,
  coalesce(orders, 0) as orders,
  coalesce(parcels, 0) as parcels,
  coalesce(unfilled_units, 0) as unfilled_units,
  cost_minor,
  bound_minor,
  seconds,
  terms
from sourcing.wave
where
  orders > 0
order by
  decided_at desc,
  id desc
limit %(limit)s::integer;
