-- name: sold_by_day
-- Goods sold in a currency since a moment, by category, the days of a zone on which they were handed over and until which
-- they may come back, and whether a company sold them itself. What was committed after a cut is left out, and so
-- are parts on their way: nothing was earned by them yet.
select
    coalesce(product.category, '') as category,
    (sale.at at time zone %(zone)s::text)::date as day,
    ((split.due_at - interval '1 microsecond') at time zone %(zone)s::text)::date as until,
    split.entity_id = %(entity_id)s::uuid as is_own,
    sum(split.units)::bigint as units,
    sum(split.base_minor)::bigint as net_minor,
    -- The third fact of a split is what the goods cost who sells them, -1 where that is not known; goods of another
    -- company go back to it, and are no asset of the seller's.
    coalesce(sum(greatest(split.facts[3], 0)) filter (where kind.owner = company.code), 0)::bigint as cost_minor
from ledger.entry as sale
join ledger.entry_part as part on part.entry_id = sale.id and part.currency = %(currency)s::text
join sharing.split as split on split.part_id = part.part_id and split.order_id = sale.subject
join orders.line as line on line.order_id = split.order_id and line.line_id = split.line_id
left join catalogue.sku as sku on sku.id = line.sku_id
left join catalogue.product as product on product.id = sku.product_id
left join sharing.line_kind as kind on kind.id = split.kind_id
left join org.entity as company on company.id = split.entity_id
left join unnest(%(on_way)s::uuid[]) as way (part_id) on way.part_id = split.part_id
where sale.kind = 'sale'
    and sale.at >= %(since)s::timestamptz
    and sale.at < %(end)s::timestamptz
    and sale.cut < %(before_cut)s::integer
    and split.due_at > sale.at
    and way.part_id is null
group by 1, 2, 3, 4
order by 1, 2, 3, 4;

-- name: came_back_by_day
-- What of the same goods came back, by the day of its entry too: the growth of the proportion that each step took.
select
    coalesce(product.category, '') as category,
    (sale.at at time zone %(zone)s::text)::date as day,
    ((split.due_at - interval '1 microsecond') at time zone %(zone)s::text)::date as until,
    split.entity_id = %(entity_id)s::uuid as is_own,
    (back.at at time zone %(zone)s::text)::date as back_on,
    sum(step.units)::bigint as units,
    sum(
        round(split.base_minor::numeric * (step.units_before + step.units) / split.units)
        - round(split.base_minor::numeric * step.units_before / split.units)
    )::bigint as net_minor
from ledger.entry as sale
join ledger.reversal as step on step.of_entry_id = sale.id
join ledger.entry as back on back.id = step.entry_id
join sharing.split as split on split.part_id = step.part_id and split.order_id = sale.subject
join orders.line as line on line.order_id = split.order_id and line.line_id = split.line_id
left join catalogue.sku as sku on sku.id = line.sku_id
left join catalogue.product as product on product.id = sku.product_id
left join unnest(%(on_way)s::uuid[]) as way (part_id) on way.part_id = split.part_id
where sale.kind = 'sale'
    and split.currency = %(currency)s::text
    and sale.at >= %(since)s::timestamptz
    and sale.at < %(end)s::timestamptz
    and sale.cut < %(before_cut)s::integer
    and back.at < %(end)s::timestamptz
    and back.cut < %(before_cut)s::integer
    and split.due_at > sale.at
    and way.part_id is null
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5;
