-- Boards: what was sold, by SKU, site and channel, per minute, hour and day. Everything here follows the log and can be
-- rebuilt from it; nothing else in the house reads it to decide anything.
create schema insight;

-- A place that sells: a site, or none (web), through a channel, in a currency. The zone cuts its days; it is the site's
-- when the outlet first sold, so that a board once written stays written. The nil UUID stands for "no site", because a
-- join on a value is hashed and a join on null is not.
create table insight.outlet (
    outlet_id  integer generated always as identity,
    site_id    uuid not null,
    channel    text not null,
    currency   text not null,
    zone       text not null,
    constraint outlet_pkey primary key (outlet_id),
    constraint outlet_is_named_once unique (site_id, channel, currency)
);

-- What an outlet sells: a SKU, or (nil UUID) its charges or its vouchers. The wide key is spelt here once; the measures
-- carry four bytes of it.
create table insight.series (
    series_id  integer generated always as identity,
    outlet_id  integer not null,
    sku_id     uuid not null,
    line_kind  text not null,
    constraint series_pkey primary key (series_id),
    constraint series_of_an_outlet foreign key (outlet_id) references insight.outlet (outlet_id),
    constraint series_is_named_once unique (outlet_id, sku_id, line_kind)
);

-- Measures are signed: what was cancelled or came back is negative, so that their sum is net.
create table insight.sales_by_minute (
    minute          timestamptz not null,
    series_id       integer not null,
    sold_minor      bigint not null,
    cancelled_minor bigint not null,
    returned_minor  bigint not null,
    adjusted_minor  bigint not null,
    sold_units      bigint not null,
    cancelled_units bigint not null,
    returned_units  bigint not null,
    constraint sales_by_minute_pkey primary key (minute, series_id)
);

create table insight.sales_by_hour (
    hour            timestamptz not null,
    series_id       integer not null,
    sold_minor      bigint not null,
    cancelled_minor bigint not null,
    returned_minor  bigint not null,
    adjusted_minor  bigint not null,
    sold_units      bigint not null,
    cancelled_units bigint not null,
    returned_units  bigint not null,
    constraint sales_by_hour_pkey primary key (hour, series_id)
);

create table insight.sales_by_day (
    day             date not null,
    series_id       integer not null,
    sold_minor      bigint not null,
    cancelled_minor bigint not null,
    returned_minor  bigint not null,
    adjusted_minor  bigint not null,
    sold_units      bigint not null,
    cancelled_units bigint not null,
    returned_units  bigint not null,
    constraint sales_by_day_pkey primary key (day, series_id)
);

-- Takings: the same without the SKU, with the number of orders. What a live board sums every second.
create table insight.takings_by_minute (
    minute          timestamptz not null,
    outlet_id       integer not null,
    orders          bigint not null,
    sold_minor      bigint not null,
    cancelled_minor bigint not null,
    returned_minor  bigint not null,
    adjusted_minor  bigint not null,
    sold_units      bigint not null,
    cancelled_units bigint not null,
    returned_units  bigint not null,
    constraint takings_by_minute_pkey primary key (minute, outlet_id)
);

create table insight.takings_by_hour (
    hour            timestamptz not null,
    outlet_id       integer not null,
    orders          bigint not null,
    sold_minor      bigint not null,
    cancelled_minor bigint not null,
    returned_minor  bigint not null,
    adjusted_minor  bigint not null,
    sold_units      bigint not null,
    cancelled_units bigint not null,
    returned_units  bigint not null,
    constraint takings_by_hour_pkey primary key (hour, outlet_id)
);

create table insight.takings_by_day (
    day             date not null,
    outlet_id       integer not null,
    orders          bigint not null,
    sold_minor      bigint not null,
    cancelled_minor bigint not null,
    returned_minor  bigint not null,
    adjusted_minor  bigint not null,
    sold_units      bigint not null,
    cancelled_units bigint not null,
    returned_units  bigint not null,
    constraint takings_by_day_pkey primary key (day, outlet_id)
);

-- Where each order stands, and how many stand there: the counts move by what each batch of events changed.
create table insight.order_stage (
    order_id  uuid not null,
    site_id   uuid not null,
    stage     text not null,
    constraint order_stage_pkey primary key (order_id)
);

create table insight.stage_count (
    site_id  uuid not null,
    stage    text not null,
    orders   bigint not null,
    constraint stage_count_pkey primary key (site_id, stage)
);

-- The last happenings of each type, for the list that moves; a handful per type is kept.
create table insight.happening (
    position      bigint not null,
    type          text not null,
    at            timestamptz not null,
    subject       uuid not null,
    site_id       uuid not null,
    channel       text,
    currency      text,
    amount_minor  bigint,
    units         bigint,
    constraint happening_pkey primary key (position)
);

-- A rebuild empties the boards and follows the log again from its beginning.
grant truncate on all tables in schema insight to loopline_app;
