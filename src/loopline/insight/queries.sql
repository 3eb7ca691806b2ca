-- name: latest_minute
-- The last minute in which anything was sold, returned or adjusted anywhere; null while nothing ever was.
select max(minute) as minute
from insight.takings_by_minute

-- name: board_setting
-- The zone and the currency of the brand (of its first root and of the first company at it, null where there is none),
-- the currencies anything was ever sold in, by name, and the last minute as `latest_minute` tells it.
select
    (select time_zone from org.published_unit where kind = 'brand' order by code limit 1) as zone,
    (select currency from org.published_entity where kind = 'brand_company' order by code limit 1) as currency,
    array(select distinct currency from insight.outlet order by currency) as currencies,
    (select max(minute) from insight.takings_by_minute) as latest

-- name: day_takings
-- The takings of one business day, each outlet's day cut in its own zone.
select
    coalesce(sum(taking.sold_minor), 0)::bigint as sold_minor,
    coalesce(sum(taking.cancelled_minor), 0)::bigint as cancelled_minor,
    coalesce(sum(taking.returned_minor), 0)::bigint as returned_minor,
    coalesce(sum(taking.adjusted_minor), 0)::bigint as adjusted_minor,
    coalesce(sum(taking.sold_units), 0)::bigint as sold_units,
    coalesce(sum(taking.cancelled_units), 0)::bigint as cancelled_units,
    coalesce(sum(taking.returned_units), 0)::bigint as returned_units,
    coalesce(sum(taking.orders), 0)::bigint as orders
from insight.takings_by_day as taking
join insight.outlet on outlet.outlet_id = taking.outlet_id
where taking.day = %(day)s::date
    and outlet.currency = %(currency)s::text
    and (%(sites)s::uuid[] is null or outlet.site_id = any(%(sites)s::uuid[]))

-- name: total_takings
-- Everything ever taken in a currency.
select
    coalesce(sum(taking.sold_minor), 0)::bigint as sold_minor,
    coalesce(sum(taking.cancelled_minor), 0)::bigint as cancelled_minor,
    coalesce(sum(taking.returned_minor), 0)::bigint as returned_minor,
    coalesce(sum(taking.adjusted_minor), 0)::bigint as adjusted_minor,
    coalesce(sum(taking.sold_units), 0)::bigint as sold_units,
    coalesce(sum(taking.cancelled_units), 0)::bigint as cancelled_units,
    coalesce(sum(taking.returned_units), 0)::bigint as returned_units,
    coalesce(sum(taking.orders), 0)::bigint as orders
from insight.takings_by_day as taking
join insight.outlet on outlet.outlet_id = taking.outlet_id
where outlet.currency = %(currency)s::text

-- name: span_takings
-- The takings from one moment, included, to another, excluded, both at full minutes.
select
    coalesce(sum(taking.sold_minor), 0)::bigint as sold_minor,
    coalesce(sum(taking.cancelled_minor), 0)::bigint as cancelled_minor,
    coalesce(sum(taking.returned_minor), 0)::bigint as returned_minor,
    coalesce(sum(taking.adjusted_minor), 0)::bigint as adjusted_minor,
    coalesce(sum(taking.sold_units), 0)::bigint as sold_units,
    coalesce(sum(taking.cancelled_units), 0)::bigint as cancelled_units,
    coalesce(sum(taking.returned_units), 0)::bigint as returned_units,
    coalesce(sum(taking.orders), 0)::bigint as orders
from insight.takings_by_minute as taking
join insight.outlet on outlet.outlet_id = taking.outlet_id
where taking.minute >= %(start)s::timestamptz
    and taking.minute < %(end)s::timestamptz
    and outlet.currency = %(currency)s::text
    and (%(sites)s::uuid[] is null or outlet.site_id = any(%(sites)s::uuid[]))

-- name: minute_points
-- Net takings of each channel in every minute of a span that has any, in order.
select
    taking.minute as start,
    outlet.channel,
    sum(taking.sold_minor + taking.cancelled_minor + taking.returned_minor + taking.adjusted_minor)::bigint as net_minor,
    sum(taking.sold_units + taking.cancelled_units + taking.returned_units)::bigint as units
from insight.takings_by_minute as taking
join insight.outlet on outlet.outlet_id = taking.outlet_id
where taking.minute >= %(start)s::timestamptz
    and taking.minute < %(end)s::timestamptz
    and outlet.currency = %(currency)s::text
    and (%(sites)s::uuid[] is null or outlet.site_id = any(%(sites)s::uuid[]))
group by taking.minute, outlet.channel
order by taking.minute, outlet.channel

-- name: hour_points
-- Net takings of each channel in every hour of a span that has any, in order.
select
    taking.hour as start,
    outlet.channel,
    sum(taking.sold_minor + taking.cancelled_minor + taking.returned_minor + taking.adjusted_minor)::bigint as net_minor,
    sum(taking.sold_units + taking.cancelled_units + taking.returned_units)::bigint as units
from insight.takings_by_hour as taking
join insight.outlet on outlet.outlet_id = taking.outlet_id
where taking.hour >= %(start)s::timestamptz
    and taking.hour < %(end)s::timestamptz
    and outlet.currency = %(currency)s::text
    and (%(sites)s::uuid[] is null or outlet.site_id = any(%(sites)s::uuid[]))
group by taking.hour, outlet.channel
order by taking.hour, outlet.channel

-- name: day_points
-- Net takings of each channel in every day of a span (last day included) that has any, in order.
select
    taking.day as start,
    outlet.channel,
    sum(taking.sold_minor + taking.cancelled_minor + taking.returned_minor + taking.adjusted_minor)::bigint as net_minor,
    sum(taking.sold_units + taking.cancelled_units + taking.returned_units)::bigint as units
from insight.takings_by_day as taking
join insight.outlet on outlet.outlet_id = taking.outlet_id
where taking.day between %(first)s::date and %(last)s::date
    and outlet.currency = %(currency)s::text
    and (%(sites)s::uuid[] is null or outlet.site_id = any(%(sites)s::uuid[]))
group by taking.day, outlet.channel
order by taking.day, outlet.channel

-- name: sku_ranking
-- The SKUs that brought most on a day, by net amount; goods only.
select
    ranked.sku_id,
    coalesce(sku.code, ranked.sku_id::text) as code,
    coalesce(sku.name, '') as name,
    ranked.net_minor,
    ranked.units
from (
    select
        series.sku_id,
        sum(sale.sold_minor + sale.cancelled_minor + sale.returned_minor + sale.adjusted_minor)::bigint as net_minor,
        sum(sale.sold_units + sale.cancelled_units + sale.returned_units)::bigint as units
    from insight.sales_by_day as sale
    join insight.series on series.series_id = sale.series_id
    join insight.outlet on outlet.outlet_id = series.outlet_id
    where sale.day = %(day)s::date
        and series.line_kind = 'goods'
        and outlet.currency = %(currency)s::text
        and (%(sites)s::uuid[] is null or outlet.site_id = any(%(sites)s::uuid[]))
    group by series.sku_id
    order by net_minor desc, series.sku_id
    limit %(limit)s::bigint
) as ranked
left join catalogue.published_sku as sku on sku.id = ranked.sku_id
order by ranked.net_minor desc, ranked.sku_id

-- name: site_ranking
-- The places that took most on a day, by net amount; what has no site stands under its channel.
select
    nullif(ranked.site_id, '00000000-0000-0000-0000-000000000000') as site_id,
    site.code,
    site.name,
    ranked.channel,
    ranked.net_minor,
    ranked.units,
    ranked.orders
from (
    select
        outlet.site_id,
        case when outlet.site_id = '00000000-0000-0000-0000-000000000000' then outlet.channel else '' end as channel,
        sum(taking.sold_minor + taking.cancelled_minor + taking.returned_minor + taking.adjusted_minor)::bigint as net_minor,
        sum(taking.sold_units + taking.cancelled_units + taking.returned_units)::bigint as units,
        sum(taking.orders)::bigint as orders
    from insight.takings_by_day as taking
    join insight.outlet on outlet.outlet_id = taking.outlet_id
    where taking.day = %(day)s::date
        and outlet.currency = %(currency)s::text
        and (%(sites)s::uuid[] is null or outlet.site_id = any(%(sites)s::uuid[]))
    group by 1, 2
    order by net_minor desc, outlet.site_id, channel
    limit %(limit)s::bigint
) as ranked
left join org.published_site as site on site.id = ranked.site_id
order by ranked.net_minor desc, ranked.site_id, ranked.channel

-- name: stage_counts
-- How many orders stand at each stage, in the order of the stages' names.
select stage, sum(orders)::bigint as orders
from insight.stage_count
where %(sites)s::uuid[] is null or site_id = any(%(sites)s::uuid[])
group by stage
order by stage

-- name: happenings
-- The newest happenings, newest first. Where there are more than fit, at most so many of one type come first, so that no
-- busy type hides the others.
select
    shown.position,
    shown.type,
    shown.at,
    shown.subject,
    nullif(shown.site_id, '00000000-0000-0000-0000-000000000000') as site_id,
    site.name as site_name,
    shown.channel,
    shown.currency,
    shown.amount_minor,
    shown.units
from (
    select aged.*
    from (
        select happening.*, row_number() over (partition by type order by position desc) as age
        from insight.happening
        where %(sites)s::uuid[] is null or site_id = any(%(sites)s::uuid[])
    ) as aged
    order by aged.age > %(of_one_type)s::bigint, aged.position desc
    limit %(limit)s::bigint
) as shown
left join org.published_site as site on site.id = shown.site_id
order by shown.position desc
