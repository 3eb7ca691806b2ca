create schema pricing;

-- An id of this moment (UUIDv7), for repairs by hand: of rows with one start the one with the highest id holds.
create function pricing.new_id() returns uuid language sql volatile as $$
    select (
        substr(moment.hex, 1, 8) || '-' || substr(moment.hex, 9, 4) || '-7fff-bfff-' || right(gen_random_uuid()::text, 12)
    )::uuid
    from (
        select lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') as hex
    ) as moment
$$;

-- A list applies where all its conditions hold; null asks for nothing. Conditions, currency and start never change:
-- what was quoted yesterday can be quoted again.
create table pricing.price_list (
    id uuid not null primary key,
    code text not null constraint price_list_code_is_unique unique
        constraint price_list_code_is_normal check (code = btrim(code) and code <> ''),
    name text not null,
    currency text not null constraint price_list_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    member_tier text,
    site_id uuid,
    org_unit_id uuid,
    channel text,
    priority integer not null,
    valid_from timestamptz not null,
    valid_until timestamptz,
    added_at timestamptz not null,
    constraint price_list_ends_after_its_start check (valid_until > valid_from)
);

-- Append-only: a price holds from its start until the next row of the same list and SKU; among rows with one start
-- the last one written holds. A null price ends the one before.
create table pricing.price (
    id uuid not null,
    price_list_id uuid not null constraint price_stands_in_a_list references pricing.price_list,
    sku_id uuid not null,
    unit_minor bigint constraint price_is_not_negative check (unit_minor >= 0),
    valid_from timestamptz not null,
    added_at timestamptz not null,
    primary key (price_list_id, sku_id, valid_from, id)
);
revoke update, delete on pricing.price from loopline_app;

-- Append-only as prices are. `valid_from` is a calendar day where the sale happens.
create table pricing.tax_rate (
    id uuid not null,
    tax_class text not null,
    country text not null constraint tax_rate_country_is_a_code check (country ~ '^[A-Z]{2}$'),
    valid_from date not null,
    rate_basis_points integer not null
        constraint tax_rate_is_a_share check (rate_basis_points between 0 and 10000),
    added_at timestamptz not null,
    primary key (country, tax_class, valid_from, id)
);
revoke update, delete on pricing.tax_rate from loopline_app;

-- When each price of a list holds: from `starts_at`, included, to `ends_at`, excluded; null means for good.
create view pricing.published_price with (security_invoker = true) as
select
    period.id,
    period.price_list_id,
    period.sku_id,
    period.unit_minor,
    list.currency,
    greatest(period.valid_from, list.valid_from) as starts_at,
    least(period.superseded_at, list.valid_until) as ends_at
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
) as period
join pricing.price_list as list on list.id = period.price_list_id
where period.unit_minor is not null
  and (least(period.superseded_at, list.valid_until) is null
       or least(period.superseded_at, list.valid_until) > greatest(period.valid_from, list.valid_from));
