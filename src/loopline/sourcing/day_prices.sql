-- name: insert_day_prices
-- Write what a day came to under the next number, unless that day is priced already. Locks the new row.
insert into sourcing.day_prices (
  version,
  day,
  currency,
  learnt_at,
  learnt_by,
  solver,
  profile_version,
  first_order_id,
  last_order_id,
  orders,
  sites,
  unfilled_units,
  cost_minor,
  bound_minor
)
select
  coalesce(max(version), 0) + 1,
  %(day)s::date,
  %(currency)s::text,
  %(now)s::timestamptz,
  %(by)s::text,
  %(solver)s::text,
  %(profile_version)s::integer,
  %(first_order_id)s::uuid,
  %(last_order_id)s::uuid,
  %(orders)s::integer,
  %(sites)s::integer,
  %(unfilled_units)s::integer,
  %(cost_minor)s::bigint,
  %(bound_minor)s::bigint
from sourcing.day_prices
on conflict do nothing
returning version;

-- name: copy_day_price_skus
-- Keep which SKUs a day says enough of. Locks nothing but the new rows.
copy sourcing.day_price_sku (version, sku_id, asked_units) from stdin;

-- name: copy_day_prices
-- Keep the prices of a day. Locks nothing but the new rows.
copy sourcing.day_price (version, site_id, sku_id, category, price_minor) from stdin;

-- name: priced_currencies
-- In which currencies a day is priced. Locks nothing.
select currency
from sourcing.day_prices
where
  day = %(day)s::date
order by
  currency;

-- name: day_prices_before
-- The priced days of a currency in the days before one, the latest first. Locks nothing.
select
  version,
  day,
  currency,
  learnt_at,
  learnt_by,
  solver,
  profile_version,
  first_order_id,
  last_order_id,
  orders,
  sites,
  unfilled_units,
  cost_minor,
  bound_minor
from sourcing.day_prices
where
  currency = %(currency)s::text
  and day < %(day)s::date
  and day >= %(day)s::date - %(days_most)s::integer
order by
  day desc;

-- name: last_day_prices
-- The days priced last, the latest first. Locks nothing.
select
  version,
  day,
  currency,
  learnt_at,
  learnt_by,
  solver,
  profile_version,
  first_order_id,
  last_order_id,
  orders,
  sites,
  unfilled_units,
  cost_minor,
  bound_minor
from sourcing.day_prices
order by
  day desc,
  version desc
limit %(limit)s::integer;

-- name: well_known_skus
-- Those of some SKUs of which a day says enough. Locks nothing.
select sku_id
from sourcing.day_price_sku
where
  version = %(version)s::integer
  and sku_id = any(%(sku_ids)s::uuid[])
order by
  sku_id;

-- name: prices_of_day
-- What a day's units of some SKUs and of thin goods of some categories were worth, by site. Locks nothing.
select
  site_id,
  sku_id,
  category,
  price_minor
from sourcing.day_price
where
  version = %(version)s::integer
  and (sku_id = any(%(sku_ids)s::uuid[]) or category = any(%(categories)s::text[]))
order by
  site_id,
  sku_id,
  category;

-- name: parcel_prices_of_day
-- What a day's parcels were worth, by site. Locks nothing.
select
  site_id,
  sku_id,
  category,
  price_minor
from sourcing.day_price
where
  version = %(version)s::integer
  and sku_id is null
  and category is null
order by
  site_id;

-- name: sweep_day_prices
-- Forget prices of days learnt before a moment, at most so many; what the days came to stays. Locks those rows.
delete from sourcing.day_price
where
  ctid in (
    select price.ctid
    from sourcing.day_price as price
    join sourcing.day_prices as head on head.version = price.version
    where
      head.learnt_at < %(before)s::timestamptz
    limit %(limit)s::integer
  );

-- name: sweep_day_price_skus
-- Forget which SKUs such days said enough of, once their prices are gone, at most so many. Locks those rows.
delete from sourcing.day_price_sku
where
  ctid in (
    select known.ctid
    from sourcing.day_price_sku as known
    join sourcing.day_prices as head on head.version = known.version
    where
      head.learnt_at < %(before)s::timestamptz
    limit %(limit)s::integer
  );
