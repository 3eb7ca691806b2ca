-- name: name_outlets
-- Make the outlets that sell for the first time; their zone is their site's, or the brand's for what has no site.
-- Locks only the new rows, in the order of their keys. Run before name_series.
insert into insight.outlet (site_id, channel, currency, zone)
select
  given.site_id,
  given.channel,
  given.currency,
  coalesce(site.time_zone, brand.time_zone, 'UTC')
from (
  select distinct site_id, channel, currency
  from unnest(%(site_ids)s::uuid[], %(channels)s::text[], %(currencies)s::text[]) as record (site_id, channel, currency)
) as given
left join org.published_site as site on site.id = given.site_id
left join (
  select min(time_zone) as time_zone
  from org.published_unit
  where kind = 'brand'
) as brand on true
where not exists (
  select from insight.outlet
  where outlet.site_id = given.site_id
    and outlet.channel = given.channel
    and outlet.currency = given.currency
)
order by given.site_id, given.channel, given.currency
on conflict on constraint outlet_is_named_once do nothing

-- name: name_series
-- Make the series that sell for the first time. Locks only the new rows, in the order of their keys.
insert into insight.series (outlet_id, sku_id, line_kind)
select given.outlet_id, given.sku_id, given.line_kind
from (
  select distinct outlet.outlet_id, line.sku_id, line.line_kind
  from unnest(%(line_records)s::integer[], %(line_sku_ids)s::uuid[], %(line_kinds)s::text[])
    as line (record, sku_id, line_kind)
  join unnest(%(site_ids)s::uuid[], %(channels)s::text[], %(currencies)s::text[])
    with ordinality as record (site_id, channel, currency, number) on record.number = line.record + 1
  join insight.outlet as outlet
    on outlet.site_id = record.site_id
    and outlet.channel = record.channel
    and outlet.currency = record.currency
) as given
where not exists (
  select from insight.series
  where series.outlet_id = given.outlet_id
    and series.sku_id = given.sku_id
    and series.line_kind = given.line_kind
)
order by given.outlet_id, given.sku_id, given.line_kind
on conflict on constraint series_is_named_once do nothing

-- name: add_sales
-- Add a batch to the sales by minute, hour and day. Locks the rows it moves, in the order of (time, series).
with record as materialized (
  select
    record.number,
    record.measure,
    date_trunc('minute', record.at) as minute,
    outlet.outlet_id,
    outlet.zone
  from unnest(
      %(site_ids)s::uuid[], %(channels)s::text[], %(currencies)s::text[], %(at)s::timestamptz[], %(measures)s::text[]
    ) with ordinality as record (site_id, channel, currency, at, measure, number)
  join insight.outlet as outlet
    on outlet.site_id = record.site_id
    and outlet.channel = record.channel
    and outlet.currency = record.currency
),
sale as materialized (
  select
    record.minute,
    record.zone,
    series.series_id,
    coalesce(sum(line.amount_minor) filter (where record.measure = 'sold'), 0)::bigint as sold_minor,
    coalesce(sum(line.amount_minor) filter (where record.measure = 'cancelled'), 0)::bigint as cancelled_minor,
    coalesce(sum(line.amount_minor) filter (where record.measure = 'returned'), 0)::bigint as returned_minor,
    coalesce(sum(line.amount_minor) filter (where record.measure = 'adjusted'), 0)::bigint as adjusted_minor,
    coalesce(sum(line.units) filter (where record.measure = 'sold'), 0)::bigint as sold_units,
    coalesce(sum(line.units) filter (where record.measure = 'cancelled'), 0)::bigint as cancelled_units,
    coalesce(sum(line.units) filter (where record.measure = 'returned'), 0)::bigint as returned_units
  from unnest(
      %(line_records)s::integer[],
      %(line_sku_ids)s::uuid[],
      %(line_kinds)s::text[],
      %(line_amounts)s::bigint[],
      %(line_units)s::bigint[]
    ) as line (record, sku_id, line_kind, amount_minor, units)
  join record on record.number = line.record + 1
  join insight.series as series
    on series.outlet_id = record.outlet_id
    and series.sku_id = line.sku_id
    and series.line_kind = line.line_kind
  group by record.minute, record.zone, series.series_id
),
minutes as (
  insert into insight.sales_by_minute as present (
    minute, series_id, sold_minor, cancelled_minor, returned_minor, adjusted_minor, sold_units,
    cancelled_units, returned_units
  )
  select minute, series_id, sold_minor, cancelled_minor, returned_minor, adjusted_minor, sold_units,
    cancelled_units, returned_units
  from sale
  order by minute, series_id
  on conflict on constraint sales_by_minute_pkey do update set
    sold_minor = present.sold_minor + excluded.sold_minor,
    cancelled_minor = present.cancelled_minor + excluded.cancelled_minor,
    returned_minor = present.returned_minor + excluded.returned_minor,
    adjusted_minor = present.adjusted_minor + excluded.adjusted_minor,
    sold_units = present.sold_units + excluded.sold_units,
    cancelled_units = present.cancelled_units + excluded.cancelled_units,
    returned_units = present.returned_units + excluded.returned_units
),
hours as (
  insert into insight.sales_by_hour as present (
    hour, series_id, sold_minor, cancelled_minor, returned_minor, adjusted_minor, sold_units,
    cancelled_units, returned_units
  )
  select
    date_trunc('hour', minute, zone) as hour,
    series_id,
    sum(sold_minor),
    sum(cancelled_minor),
    sum(returned_minor),
    sum(adjusted_minor),
    sum(sold_units),
    sum(cancelled_units),
    sum(returned_units)
  from sale
  group by date_trunc('hour', minute, zone), series_id
  order by date_trunc('hour', minute, zone), series_id
  on conflict on constraint sales_by_hour_pkey do update set
    sold_minor = present.sold_minor + excluded.sold_minor,
    cancelled_minor = present.cancelled_minor + excluded.cancelled_minor,
    returned_minor = present.returned_minor + excluded.returned_minor,
    adjusted_minor = present.adjusted_minor + excluded.adjusted_minor,
    sold_units = present.sold_units + excluded.sold_units,
    cancelled_units = present.cancelled_units + excluded.cancelled_units,
    returned_units = present.returned_units + excluded.returned_units
)
insert into insight.sales_by_day as present (
  day, series_id, sold_minor, cancelled_minor, returned_minor, adjusted_minor, sold_units,
    cancelled_units, returned_units
)
select
  (minute at time zone zone)::date as day,
  series_id,
  sum(sold_minor),
  sum(cancelled_minor),
  sum(returned_minor),
  sum(adjusted_minor),
  sum(sold_units),
  sum(cancelled_units),
  sum(returned_units)
from sale
group by (minute at time zone zone)::date, series_id
order by (minute at time zone zone)::date, series_id
on conflict on constraint sales_by_day_pkey do update set
  sold_minor = present.sold_minor + excluded.sold_minor,
  cancelled_minor = present.cancelled_minor + excluded.cancelled_minor,
  returned_minor = present.returned_minor + excluded.returned_minor,
  adjusted_minor = present.adjusted_minor + excluded.adjusted_minor,
  sold_units = present.sold_units + excluded.sold_units,
  cancelled_units = present.cancelled_units + excluded.cancelled_units,
  returned_units = present.returned_units + excluded.returned_units

-- name: add_takings
-- Add a batch to the takings by minute, hour and day. Locks the rows it moves, in the order of (time, outlet).
with taking as materialized (
  select
    date_trunc('minute', record.at) as minute,
    outlet.zone,
    outlet.outlet_id,
    sum(record.orders)::bigint as orders,
    coalesce(sum(record.amount_minor) filter (where record.measure = 'sold'), 0)::bigint as sold_minor,
    coalesce(sum(record.amount_minor) filter (where record.measure = 'cancelled'), 0)::bigint as cancelled_minor,
    coalesce(sum(record.amount_minor) filter (where record.measure = 'returned'), 0)::bigint as returned_minor,
    coalesce(sum(record.amount_minor) filter (where record.measure = 'adjusted'), 0)::bigint as adjusted_minor,
    coalesce(sum(record.units) filter (where record.measure = 'sold'), 0)::bigint as sold_units,
    coalesce(sum(record.units) filter (where record.measure = 'cancelled'), 0)::bigint as cancelled_units,
    coalesce(sum(record.units) filter (where record.measure = 'returned'), 0)::bigint as returned_units
  from unnest(
      %(site_ids)s::uuid[],
      %(channels)s::text[],
      %(currencies)s::text[],
      %(at)s::timestamptz[],
      %(measures)s::text[],
      %(orders)s::bigint[],
      %(amounts)s::bigint[],
      %(units)s::bigint[]
    ) as record (site_id, channel, currency, at, measure, orders, amount_minor, units)
  join insight.outlet as outlet
    on outlet.site_id = record.site_id
    and outlet.channel = record.channel
    and outlet.currency = record.currency
  group by date_trunc('minute', record.at), outlet.zone, outlet.outlet_id
),
minutes as (
  insert into insight.takings_by_minute as present (
    minute, outlet_id, orders, sold_minor, cancelled_minor, returned_minor, adjusted_minor, sold_units,
    cancelled_units, returned_units
  )
  select minute, outlet_id, orders, sold_minor, cancelled_minor, returned_minor, adjusted_minor, sold_units,
    cancelled_units, returned_units
  from taking
  order by minute, outlet_id
  on conflict on constraint takings_by_minute_pkey do update set
    orders = present.orders + excluded.orders,
    sold_minor = present.sold_minor + excluded.sold_minor,
    cancelled_minor = present.cancelled_minor + excluded.cancelled_minor,
    returned_minor = present.returned_minor + excluded.returned_minor,
    adjusted_minor = present.adjusted_minor + excluded.adjusted_minor,
    sold_units = present.sold_units + excluded.sold_units,
    cancelled_units = present.cancelled_units + excluded.cancelled_units,
    returned_units = present.returned_units + excluded.returned_units
),
hours as (
  insert into insight.takings_by_hour as present (
    hour, outlet_id, orders, sold_minor, cancelled_minor, returned_minor, adjusted_minor, sold_units,
    cancelled_units, returned_units
  )
  select
    date_trunc('hour', minute, zone) as hour,
    outlet_id,
    sum(orders),
    sum(sold_minor),
    sum(cancelled_minor),
    sum(returned_minor),
    sum(adjusted_minor),
    sum(sold_units),
    sum(cancelled_units),
    sum(returned_units)
  from taking
  group by date_trunc('hour', minute, zone), outlet_id
  order by date_trunc('hour', minute, zone), outlet_id
  on conflict on constraint takings_by_hour_pkey do update set
    orders = present.orders + excluded.orders,
    sold_minor = present.sold_minor + excluded.sold_minor,
    cancelled_minor = present.cancelled_minor + excluded.cancelled_minor,
    returned_minor = present.returned_minor + excluded.returned_minor,
    adjusted_minor = present.adjusted_minor + excluded.adjusted_minor,
    sold_units = present.sold_units + excluded.sold_units,
    cancelled_units = present.cancelled_units + excluded.cancelled_units,
    returned_units = present.returned_units + excluded.returned_units
)
insert into insight.takings_by_day as present (
  day, outlet_id, orders, sold_minor, cancelled_minor, returned_minor, adjusted_minor, sold_units,
    cancelled_units, returned_units
)
select
  (minute at time zone zone)::date as day,
  outlet_id,
  sum(orders),
  sum(sold_minor),
  sum(cancelled_minor),
  sum(returned_minor),
  sum(adjusted_minor),
  sum(sold_units),
  sum(cancelled_units),
  sum(returned_units)
from taking
group by (minute at time zone zone)::date, outlet_id
order by (minute at time zone zone)::date, outlet_id
on conflict on constraint takings_by_day_pkey do update set
  orders = present.orders + excluded.orders,
  sold_minor = present.sold_minor + excluded.sold_minor,
  cancelled_minor = present.cancelled_minor + excluded.cancelled_minor,
  returned_minor = present.returned_minor + excluded.returned_minor,
  adjusted_minor = present.adjusted_minor + excluded.adjusted_minor,
  sold_units = present.sold_units + excluded.sold_units,
  cancelled_units = present.cancelled_units + excluded.cancelled_units,
  returned_units = present.returned_units + excluded.returned_units

-- name: add_happenings
-- Add happenings to the list; one that is there already stays. Locks only the new rows, in the order of the log.
insert into insight.happening (position, type, at, subject, site_id, channel, currency, amount_minor, units)
select position, type, at, subject, site_id, channel, currency, amount_minor, units
from unnest(
    %(positions)s::bigint[],
    %(types)s::text[],
    %(at)s::timestamptz[],
    %(subjects)s::uuid[],
    %(site_ids)s::uuid[],
    %(channels)s::text[],
    %(currencies)s::text[],
    %(amounts)s::bigint[],
    %(units)s::bigint[]
  ) as given (position, type, at, subject, site_id, channel, currency, amount_minor, units)
order by position
on conflict on constraint happening_pkey do nothing

-- name: forget_old_happenings
-- Drop what no board would show any more: all but the newest few of each type. Locks the rows it drops.
delete from insight.happening
using (
  select position, row_number() over (partition by type order by position desc) as age
  from insight.happening
) as aged
where aged.position = happening.position
  and aged.age > %(kept)s::bigint

-- name: move_stages
-- Read where these orders stand now and move the counts by what changed. A stage is read, not derived from the event: a
-- later change brings a later event, so the last one read is the one that stands. Locks the orders' rows in the order of
-- their ids, then the counts in the order of (site, stage); only one follower runs it.
with touched as materialized (
  select order_id, coalesce(site_id, '00000000-0000-0000-0000-000000000000') as site_id, stage
  from orders.published_orders
  where order_id = any(%(order_ids)s::uuid[])
),
before as materialized (
  select order_id, site_id, stage
  from insight.order_stage
  where order_id = any(%(order_ids)s::uuid[])
  order by order_id
  for update
),
written as (
  insert into insight.order_stage as present (order_id, site_id, stage)
  select order_id, site_id, stage
  from touched
  order by order_id
  on conflict on constraint order_stage_pkey do update set
    site_id = excluded.site_id,
    stage = excluded.stage
  where (present.site_id, present.stage) is distinct from (excluded.site_id, excluded.stage)
)
insert into insight.stage_count as present (site_id, stage, orders)
select site_id, stage, sum(orders)
from (
  select site_id, stage, 1 as orders
  from touched
  union all
  select before.site_id, before.stage, -1
  from before
  join touched on touched.order_id = before.order_id
) as change
group by site_id, stage
having sum(orders) <> 0
order by site_id, stage
on conflict on constraint stage_count_pkey do update set
  orders = present.orders + excluded.orders

-- name: empty_boards
-- Empty every board at once, to be written again from the log. Locks the boards against readers until the end of the
-- transaction.
truncate
  insight.outlet,
  insight.series,
  insight.sales_by_minute,
  insight.sales_by_hour,
  insight.sales_by_day,
  insight.takings_by_minute,
  insight.takings_by_hour,
  insight.takings_by_day,
  insight.order_stage,
  insight.stage_count,
  insight.happening,
  insight.judged_line,
  insight.rights_by_day,
  insight.broken_by_day,
  insight.handed_over_by_sku,
  insight.handed_over_by_packer
