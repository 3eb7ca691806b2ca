-- name: lock_prices
-- Lets one transaction at a time change prices; held to its end. Locks no row: quotes never wait for it.
select pg_advisory_xact_lock(hashtextextended('pricing.prices', 0));

-- name: lists_by_code
-- Price lists by their codes. Locks nothing.
select
    list.id,
    list.code,
    list.name,
    list.currency,
    list.valid_from,
    list.valid_until,
    list.priority,
    list.member_tier,
    list.site_id,
    list.org_unit_id,
    list.channel
from pricing.price_list as list
where list.code = any(%(codes)s::text[])
order by list.code;

-- name: lists_with_rivals
-- The price lists named, and every list with the same conditions, currency and priority. Locks nothing: the caller
-- holds the lock of prices.
select distinct
    list.id,
    list.code,
    list.name,
    list.currency,
    list.valid_from,
    list.valid_until,
    list.priority,
    list.member_tier,
    list.site_id,
    list.org_unit_id,
    list.channel
from pricing.price_list as named
join pricing.price_list as list
    on list.currency = named.currency
   and list.priority = named.priority
   and list.member_tier is not distinct from named.member_tier
   and list.site_id is not distinct from named.site_id
   and list.org_unit_id is not distinct from named.org_unit_id
   and list.channel is not distinct from named.channel
where named.id = any(%(price_list_ids)s::uuid[])
order by list.id;

-- name: lists_for_quotes
-- The lists that may apply to some carts: in force at some moment from the first to the last, and naming no condition
-- that none of the carts meets. Locks nothing.
select
    list.id,
    list.code,
    list.name,
    list.currency,
    list.valid_from,
    list.valid_until,
    list.priority,
    list.member_tier,
    list.site_id,
    list.org_unit_id,
    list.channel
from pricing.price_list as list
where list.currency = any(%(currencies)s::text[])
  and list.valid_from <= %(latest)s::timestamptz
  and (list.valid_until is null or list.valid_until > %(earliest)s::timestamptz)
  and (list.member_tier is null or list.member_tier = any(%(member_tiers)s::text[]))
  and (list.site_id is null or list.site_id = any(%(site_ids)s::uuid[]))
  and (list.org_unit_id is null or list.org_unit_id = any(%(org_unit_ids)s::uuid[]))
  and (list.channel is null or list.channel = any(%(channels)s::text[]))
order by list.id;

-- name: lists_of_currency
-- Every price list in a currency, whatever its time and conditions. Locks nothing.
select
    list.id,
    list.code,
    list.name,
    list.currency,
    list.valid_from,
    list.valid_until,
    list.priority,
    list.member_tier,
    list.site_id,
    list.org_unit_id,
    list.channel
from pricing.price_list as list
where list.currency = %(currency)s::text
order by list.code;

-- name: copy_lists
-- New price lists. The caller holds the lock of prices and has found their codes free.
copy pricing.price_list (
    id, code, name, currency, valid_from, valid_until, priority, member_tier, site_id, org_unit_id, channel, added_at
) from stdin;

-- name: end_lists
-- Give lists an end, never a later one than they had. The caller holds the lock of prices.
update pricing.price_list as list
set valid_until = least(list.valid_until, ending.valid_until)
from unnest(%(price_list_ids)s::uuid[], %(ends)s::timestamptz[]) as ending (price_list_id, valid_until)
where list.id = ending.price_list_id;

-- name: prices_within
-- The prices that some lists had for some SKUs at any moment from the first to the last, both included. Locks nothing.
select
    period.id,
    period.price_list_id,
    period.sku_id,
    period.unit_minor,
    period.valid_from
from (
    select
        price.id,
        price.price_list_id,
        price.sku_id,
        price.unit_minor,
        price.valid_from,
        lead(price.valid_from) over (
            partition by price.price_list_id, price.sku_id order by price.valid_from, price.id
        ) as superseded_at
    from pricing.price
    where price.price_list_id = any(%(price_list_ids)s::uuid[])
      and price.sku_id = any(%(sku_ids)s::uuid[])
      and price.valid_from <= %(latest)s::timestamptz
) as period
where period.superseded_at is null
   or period.superseded_at > %(earliest)s::timestamptz;

-- name: prices_of_skus
-- Every price that some lists ever had or will have for some SKUs. Locks nothing: the caller holds the lock of prices.
select
    price.id,
    price.price_list_id,
    price.sku_id,
    price.unit_minor,
    price.valid_from
from pricing.price
where price.price_list_id = any(%(price_list_ids)s::uuid[])
  and price.sku_id = any(%(sku_ids)s::uuid[])
order by price.price_list_id, price.sku_id, price.valid_from, price.id;

-- name: copy_prices
-- New prices. The caller holds the lock of prices.
copy pricing.price (id, price_list_id, sku_id, unit_minor, valid_from, added_at) from stdin;

-- name: tax_rates_of
-- The tax rates of countries, in the order in which they take effect. Locks nothing.
select
    rate.id,
    rate.tax_class,
    rate.country,
    rate.valid_from,
    rate.rate_basis_points,
    rate.seller_id,
    rate.region
from pricing.tax_rate as rate
where rate.country = any(%(countries)s::text[])
order by rate.country, rate.tax_class, rate.valid_from, rate.id;

-- name: copy_tax_rates
-- New tax rates. The caller holds the lock of prices.
copy pricing.tax_rate (id, tax_class, country, valid_from, rate_basis_points, added_at, seller_id, region) from stdin;

-- name: lists_of_prices
-- The lists that prices of these SKUs stand in, list by list, as prices are kept. Locks nothing.
select
    price.id,
    price.price_list_id
from pricing.price_list
cross join unnest(%(sku_ids)s::uuid[]) as asked (sku_id)
join pricing.price on price.price_list_id = price_list.id and price.sku_id = asked.sku_id
where price.id = any(%(price_ids)s::uuid[])
order by price.id;

-- name: lists_by_id
-- Price lists by their ids. Locks nothing.
select
    list.id,
    list.code,
    list.name,
    list.currency,
    list.valid_from,
    list.valid_until,
    list.priority,
    list.member_tier,
    list.site_id,
    list.org_unit_id,
    list.channel
from pricing.price_list as list
where list.id = any(%(price_list_ids)s::uuid[])
order by list.id;

-- name: lists_page
-- Price lists in the order of their codes, after a code, at most so many; of some places, or of all. A list that names
-- no place is everybody's. Locks nothing.
select
    list.id,
    list.code,
    list.name,
    list.currency,
    list.valid_from,
    list.valid_until,
    list.priority,
    list.member_tier,
    list.site_id,
    list.org_unit_id,
    list.channel
from pricing.price_list as list
where (
    %(everything)s::boolean
    or (list.site_id is null and list.org_unit_id is null)
    or list.site_id = any(%(site_ids)s::uuid[])
    or list.org_unit_id = any(%(org_unit_ids)s::uuid[])
  )
  and (%(codes)s::text[] is null or list.code = any(%(codes)s::text[]))
  and list.code > %(after)s::text
order by list.code
limit %(at_most)s::bigint;

-- name: prices_page
-- The prices of a list, past and future ones included, by SKU in the order in which they take effect, after one, at most
-- so many. Locks nothing.
select
    price.id,
    price.price_list_id,
    price.sku_id,
    price.unit_minor,
    price.valid_from
from pricing.price
where price.price_list_id = %(price_list_id)s::uuid
  and (%(sku_ids)s::uuid[] is null or price.sku_id = any(%(sku_ids)s::uuid[]))
  and (
    %(after_sku_id)s::uuid is null
    or (price.sku_id, price.valid_from, price.id)
        > (%(after_sku_id)s::uuid, %(after_valid_from)s::timestamptz, %(after_id)s::uuid)
  )
order by price.sku_id, price.valid_from, price.id
limit %(at_most)s::bigint;
