-- A day solved as one problem, when it was over: from which orders, how near to the best, and by whom. Each day once.
create table sourcing.day_prices (
  version integer primary key,
  day date not null,
  currency text not null,
  learnt_at timestamptz not null,
  learnt_by text not null,
  solver text not null,
  profile_version integer references sourcing.profile (version),
  first_order_id uuid not null,
  last_order_id uuid not null,
  orders integer not null,
  sites integer not null,
  unfilled_units integer not null,
  cost_minor bigint not null,
  bound_minor bigint not null,
  constraint day_is_priced_once unique (day, currency),
  constraint day_prices_version_positive check (version > 0),
  constraint priced_day_had_orders check (orders > 0)
);

-- SKUs of which the day asked enough units to say what each is worth; others are worth what their category is.
create table sourcing.day_price_sku (
  version integer not null references sourcing.day_prices (version),
  sku_id uuid not null,
  asked_units bigint not null,
  primary key (version, sku_id)
);

-- What one more unit of a SKU, or of thin goods of a category, or one more parcel (neither) at a site would have saved the
-- day; those of zero are not kept, and none of long ago.
create table sourcing.day_price (
  version integer not null references sourcing.day_prices (version),
  site_id uuid not null,
  sku_id uuid,
  category text,
  price_minor bigint not null,
  constraint day_price_is_positive check (price_minor > 0),
  constraint day_price_is_of_one_thing check (sku_id is null or category is null)
);

create unique index day_price_once on sourcing.day_price (version, sku_id, category, site_id) nulls not distinct;

alter table sourcing.wave add column day_prices_version integer references sourcing.day_prices (version);

grant select, insert on sourcing.day_prices to loopline_app;
grant select, insert, delete on sourcing.day_price_sku to loopline_app;
grant select, insert, delete on sourcing.day_price to loopline_app;
