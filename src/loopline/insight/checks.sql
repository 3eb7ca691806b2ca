-- name: sales_equal_orders
-- Days, series and measures in which the boards' sales differ from what orders say was placed. Locks nothing.
select
    concat_ws(' ', coalesce(board.day, placed.day), coalesce(board.channel, placed.channel),
        'site', coalesce(board.site_id, placed.site_id), 'sku', coalesce(board.sku_id, placed.sku_id),
        coalesce(board.line_kind, placed.line_kind), coalesce(board.currency, placed.currency)) as subject,
    concat(coalesce(board.sold_minor, 0), ' minor, ', coalesce(board.sold_units, 0), ' units') as found,
    concat(coalesce(placed.sold_minor, 0), ' minor, ', coalesce(placed.sold_units, 0), ' units') as expected,
    'loopline boards rebuild' as repair
from (
    select
        sale.day,
        outlet.site_id,
        outlet.channel,
        outlet.currency,
        series.sku_id,
        series.line_kind,
        sum(sale.sold_minor) as sold_minor,
        sum(sale.sold_units) as sold_units
    from insight.sales_by_day as sale
    join insight.series on series.series_id = sale.series_id
    join insight.outlet on outlet.outlet_id = series.outlet_id
    group by sale.day, outlet.site_id, outlet.channel, outlet.currency, series.sku_id, series.line_kind
    having sum(sale.sold_minor) <> 0 or sum(sale.sold_units) <> 0
) as board
full join (
    select
        (line.placed_at at time zone coalesce(outlet.zone, 'UTC'))::date as day,
        coalesce(line.site_id, '00000000-0000-0000-0000-000000000000') as site_id,
        line.channel,
        line.currency,
        coalesce(line.sku_id, '00000000-0000-0000-0000-000000000000') as sku_id,
        line.kind as line_kind,
        sum(line.amount_minor) as sold_minor,
        sum(case when line.kind = 'goods' then line.units else 0 end) as sold_units
    from orders.published_lines as line
    left join insight.outlet
        on outlet.site_id = coalesce(line.site_id, '00000000-0000-0000-0000-000000000000')
        and outlet.channel = line.channel
        and outlet.currency = line.currency
    group by 1, 2, 3, 4, 5, 6
    having sum(line.amount_minor) <> 0 or sum(case when line.kind = 'goods' then line.units else 0 end) <> 0
) as placed
    on placed.day = board.day
    and placed.site_id = board.site_id
    and placed.channel = board.channel
    and placed.currency = board.currency
    and placed.sku_id = board.sku_id
    and placed.line_kind = board.line_kind
where (board.sold_minor, board.sold_units) is distinct from (placed.sold_minor, placed.sold_units)
order by subject

-- name: sales_spans_agree
-- Series whose minutes, hours and days do not add up to the same. Locks nothing.
select
    concat('series ', span.series_id) as subject,
    concat_ws(', ',
        'minutes ' || max(span.total::text) filter (where span.name = 'minute'),
        'hours ' || max(span.total::text) filter (where span.name = 'hour')) as found,
    concat('days ', max(span.total::text) filter (where span.name = 'day')) as expected,
    'loopline boards rebuild' as repair
from (
    select
        'minute' as name,
        series_id,
        row(sum(sold_minor), sum(cancelled_minor), sum(returned_minor), sum(adjusted_minor), sum(sold_units), sum(cancelled_units), sum(returned_units)) as total
    from insight.sales_by_minute
    group by series_id
    union all
    select
        'hour' as name,
        series_id,
        row(sum(sold_minor), sum(cancelled_minor), sum(returned_minor), sum(adjusted_minor), sum(sold_units), sum(cancelled_units), sum(returned_units)) as total
    from insight.sales_by_hour
    group by series_id
    union all
    select
        'day' as name,
        series_id,
        row(sum(sold_minor), sum(cancelled_minor), sum(returned_minor), sum(adjusted_minor), sum(sold_units), sum(cancelled_units), sum(returned_units)) as total
    from insight.sales_by_day
    group by series_id
) as span
group by span.series_id
having count(*) <> 3 or count(distinct span.total::text) <> 1
order by span.series_id

-- name: takings_equal_sales
-- Days and outlets whose takings differ from the sum of their sales. Locks nothing.
select
    concat_ws(' ', coalesce(taking.day, sale.day), 'outlet', coalesce(taking.outlet_id, sale.outlet_id)) as subject,
    concat(taking.sold_minor, ', ', taking.cancelled_minor, ', ', taking.returned_minor, ', ', taking.adjusted_minor, ' minor, ',
        taking.sold_units, ', ', taking.cancelled_units, ', ', taking.returned_units, ' units') as found,
    concat(sale.sold_minor, ', ', sale.cancelled_minor, ', ', sale.returned_minor, ', ', sale.adjusted_minor, ' minor, ', sale.sold_units,
        ', ', sale.cancelled_units, ', ', sale.returned_units, ' units') as expected,
    'loopline boards rebuild' as repair
from insight.takings_by_day as taking
full join (
    select
        sale.day,
        series.outlet_id,
        sum(sale.sold_minor)::bigint as sold_minor,
        sum(sale.cancelled_minor)::bigint as cancelled_minor,
        sum(sale.returned_minor)::bigint as returned_minor,
        sum(sale.adjusted_minor)::bigint as adjusted_minor,
        sum(sale.sold_units)::bigint as sold_units,
        sum(sale.cancelled_units)::bigint as cancelled_units,
        sum(sale.returned_units)::bigint as returned_units
    from insight.sales_by_day as sale
    join insight.series on series.series_id = sale.series_id
    group by sale.day, series.outlet_id
) as sale on sale.day = taking.day and sale.outlet_id = taking.outlet_id
where (taking.sold_minor, taking.cancelled_minor, taking.returned_minor, taking.adjusted_minor, taking.sold_units, taking.cancelled_units,
        taking.returned_units)
    is distinct from
    (sale.sold_minor, sale.cancelled_minor, sale.returned_minor, sale.adjusted_minor, sale.sold_units, sale.cancelled_units,
        sale.returned_units)
order by subject

-- name: takings_spans_agree
-- Outlets whose minutes, hours and days do not add up to the same. Locks nothing.
select
    concat('outlet ', span.outlet_id) as subject,
    concat_ws(', ',
        'minutes ' || max(span.total::text) filter (where span.name = 'minute'),
        'hours ' || max(span.total::text) filter (where span.name = 'hour')) as found,
    concat('days ', max(span.total::text) filter (where span.name = 'day')) as expected,
    'loopline boards rebuild' as repair
from (
    select
        'minute' as name,
        outlet_id,
        row(sum(orders), sum(sold_minor), sum(cancelled_minor), sum(returned_minor), sum(adjusted_minor), sum(sold_units),
            sum(cancelled_units), sum(returned_units)) as total
    from insight.takings_by_minute
    group by outlet_id
    union all
    select
        'hour' as name,
        outlet_id,
        row(sum(orders), sum(sold_minor), sum(cancelled_minor), sum(returned_minor), sum(adjusted_minor), sum(sold_units),
            sum(cancelled_units), sum(returned_units)) as total
    from insight.takings_by_hour
    group by outlet_id
    union all
    select
        'day' as name,
        outlet_id,
        row(sum(orders), sum(sold_minor), sum(cancelled_minor), sum(returned_minor), sum(adjusted_minor), sum(sold_units),
            sum(cancelled_units), sum(returned_units)) as total
    from insight.takings_by_day
    group by outlet_id
) as span
group by span.outlet_id
having count(*) <> 3 or count(distinct span.total::text) <> 1
order by span.outlet_id

-- name: order_counts_equal_orders
-- Days and outlets whose number of orders differs from the orders placed there. Locks nothing.
select
    concat_ws(' ', coalesce(board.day, placed.day), coalesce(board.channel, placed.channel), 'site',
        coalesce(board.site_id, placed.site_id), coalesce(board.currency, placed.currency)) as subject,
    concat(coalesce(board.orders, 0), ' orders') as found,
    concat(coalesce(placed.orders, 0), ' orders') as expected,
    'loopline boards rebuild' as repair
from (
    select taking.day, outlet.site_id, outlet.channel, outlet.currency, taking.orders
    from insight.takings_by_day as taking
    join insight.outlet on outlet.outlet_id = taking.outlet_id
    where taking.orders <> 0
) as board
full join (
    select
        (head.placed_at at time zone coalesce(outlet.zone, 'UTC'))::date as day,
        coalesce(head.site_id, '00000000-0000-0000-0000-000000000000') as site_id,
        head.channel,
        head.currency,
        count(*) as orders
    from orders.published_orders as head
    left join insight.outlet
        on outlet.site_id = coalesce(head.site_id, '00000000-0000-0000-0000-000000000000')
        and outlet.channel = head.channel
        and outlet.currency = head.currency
    group by 1, 2, 3, 4
) as placed
    on placed.day = board.day
    and placed.site_id = board.site_id
    and placed.channel = board.channel
    and placed.currency = board.currency
where board.orders is distinct from placed.orders
order by subject

-- name: stages_equal_orders
-- Sites and stages whose count of orders differs from the orders that stand there. Locks nothing.
select
    concat_ws(' ', 'site', coalesce(board.site_id, standing.site_id), coalesce(board.stage, standing.stage)) as subject,
    concat(coalesce(board.orders, 0), ' orders') as found,
    concat(coalesce(standing.orders, 0), ' orders') as expected,
    'loopline boards rebuild' as repair
from (
    select site_id, stage, orders
    from insight.stage_count
    where orders <> 0
) as board
full join (
    select coalesce(site_id, '00000000-0000-0000-0000-000000000000') as site_id, stage, count(*) as orders
    from orders.published_orders
    group by 1, 2
) as standing on standing.site_id = board.site_id and standing.stage = board.stage
where board.orders is distinct from standing.orders
order by subject

-- name: cancellations_equal_orders
-- Outlets and SKUs whose cancelled units differ from what orders say was cancelled. Locks nothing.
select
    concat_ws(' ', coalesce(board.channel, cancelled.channel), 'site', coalesce(board.site_id, cancelled.site_id),
        'sku', coalesce(board.sku_id, cancelled.sku_id), coalesce(board.currency, cancelled.currency)) as subject,
    concat(coalesce(board.units, 0), ' units') as found,
    concat(coalesce(cancelled.units, 0), ' units') as expected,
    'loopline boards rebuild' as repair
from (
    select outlet.site_id, outlet.channel, outlet.currency, series.sku_id, -sum(sale.cancelled_units) as units
    from insight.sales_by_day as sale
    join insight.series on series.series_id = sale.series_id
    join insight.outlet on outlet.outlet_id = series.outlet_id
    group by outlet.site_id, outlet.channel, outlet.currency, series.sku_id
    having sum(sale.cancelled_units) <> 0
) as board
full join (
    select
        coalesce(line.site_id, '00000000-0000-0000-0000-000000000000') as site_id,
        line.channel,
        line.currency,
        line.sku_id,
        sum(line.cancelled) as units
    from orders.published_lines as line
    where line.kind = 'goods'
        and line.cancelled > 0
    group by 1, 2, 3, 4
) as cancelled
    on cancelled.site_id = board.site_id
    and cancelled.channel = board.channel
    and cancelled.currency = board.currency
    and cancelled.sku_id = board.sku_id
where board.units is distinct from cancelled.units
order by subject

-- name: rights_equal_judged_lines
-- Days, sides, sites and rights whose sums differ from the lines that were judged. Locks nothing.
with counted as (
    select
        line.day,
        counted.side,
        case when counted.side = 'sent' and marked."right" = 'place' then line.place_site_id else counted.site_id end
            as site_id,
        marked."right",
        marked.mark,
        case marked."right" when 'units' then line.units else 1 end as number
    from insight.judged_line as line
    cross join lateral (values ('sent', line.sent_site_id), ('sold', line.sold_site_id)) as counted (side, site_id)
    cross join lateral (
        values ('line', 'kept'), ('units', 'kept'), ('goods', line.goods), ('time', line.time), ('place', line.place),
            ('person', line.person), ('price', line.price), ('customer', line.customer)
    ) as marked ("right", mark)
    where marked.mark is not null
),
anew as (
    select
        day,
        side,
        site_id,
        "right",
        sum(number) as known,
        coalesce(sum(number) filter (where mark = 'kept'), 0) as kept
    from counted
    group by day, side, site_id, "right"
    having sum(number) <> 0
),
summed as (
    select sums.day, sums.side, sums.site_id, told."right", told.known, told.kept
    from insight.rights_by_day as sums
    cross join lateral (
        values ('line', lines, lines), ('units', units, units), ('goods', goods_known, goods_kept), ('time', time_known, time_kept),
            ('place', place_known, place_kept), ('person', person_known, person_kept),
            ('price', price_known, price_kept), ('customer', customer_known, customer_kept)
    ) as told ("right", known, kept)
    where told.known <> 0
)
select
    concat_ws(' ', coalesce(summed.day, anew.day), coalesce(summed.side, anew.side), 'site',
        coalesce(summed.site_id, anew.site_id), coalesce(summed."right", anew."right")) as subject,
    concat(coalesce(summed.kept, 0), ' kept of ', coalesce(summed.known, 0)) as found,
    concat(coalesce(anew.kept, 0), ' kept of ', coalesce(anew.known, 0)) as expected,
    'loopline boards rebuild' as repair
from summed
full join anew
    on anew.day = summed.day
    and anew.side = summed.side
    and anew.site_id = summed.site_id
    and anew."right" = summed."right"
where (summed.known, summed.kept) is distinct from (anew.known, anew.kept)
order by subject

-- name: causes_equal_judged_lines
-- Days, sides, sites and causes whose number differs from the lines that were judged so. Locks nothing.
with counted as (
    select
        line.day,
        counted.side,
        case when counted.side = 'sent' and marked."right" = 'place' then line.place_site_id else counted.site_id end
            as site_id,
        marked."right",
        marked.mark
    from insight.judged_line as line
    cross join lateral (values ('sent', line.sent_site_id), ('sold', line.sold_site_id)) as counted (side, site_id)
    cross join lateral (
        values ('line', 'kept'), ('goods', line.goods), ('time', line.time), ('place', line.place),
            ('person', line.person), ('price', line.price), ('customer', line.customer)
    ) as marked ("right", mark)
    where marked.mark is not null
),
anew as (
    select day, side, site_id, mark as cause, count(*) as lines
    from counted
    where mark <> 'kept'
    group by day, side, site_id, mark
)
select
    concat_ws(' ', coalesce(summed.day, anew.day), coalesce(summed.side, anew.side), 'site',
        coalesce(summed.site_id, anew.site_id), coalesce(summed.cause, anew.cause)) as subject,
    concat(coalesce(summed.lines, 0), ' lines') as found,
    concat(coalesce(anew.lines, 0), ' lines') as expected,
    'loopline boards rebuild' as repair
from (select day, side, site_id, cause, lines from insight.broken_by_day where lines <> 0) as summed
full join anew
    on anew.day = summed.day
    and anew.side = summed.side
    and anew.site_id = summed.site_id
    and anew.cause = summed.cause
where summed.lines is distinct from anew.lines
order by subject

-- name: handed_over_equals_judged_lines
-- Days with a SKU or a packer whose units handed over differ from the lines that were judged. Locks nothing.
with anew as (
    select line.day, keyed.kind, keyed.key, sum(line.units) as units
    from insight.judged_line as line
    cross join lateral (
        values ('SKU', line.sku_id::text), ('packer', concat_ws(' at ', line.packer_id, line.sent_site_id))
    ) as keyed (kind, key)
    where keyed.kind = 'SKU' or line.packer_id is not null
    group by line.day, keyed.kind, keyed.key
    having sum(line.units) <> 0
),
summed as (
    select day, 'SKU' as kind, sku_id::text as key, units
    from insight.handed_over_by_sku
    where units <> 0
    union all
    select day, 'packer', concat_ws(' at ', packer_id, sent_site_id), units
    from insight.handed_over_by_packer
    where units <> 0
)
select
    concat_ws(' ', coalesce(summed.day, anew.day), coalesce(summed.kind, anew.kind), coalesce(summed.key, anew.key)) as subject,
    concat(coalesce(summed.units, 0), ' units') as found,
    concat(coalesce(anew.units, 0), ' units') as expected,
    'loopline boards rebuild' as repair
from summed
full join anew
    on anew.day = summed.day
    and anew.kind = summed.kind
    and anew.key = summed.key
where summed.units is distinct from anew.units
order by subject
