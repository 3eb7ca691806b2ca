-- name: returned_groups
-- What came back in a stretch of time by one dimension, and all of it under the key null. A grade has its part of a line: what
-- is not graded yet stands under no grade. Of a line that was paid back in parts each unit has the same part of the
-- money, rounded by key. What it cost: its part of the parcel that it was sent in, as its site was chosen, and of its way
-- back; its part of that parcel's handling, and of what the site that took the return in pays for handling one; of what goods had cost, so
-- many per cent as are lost where their grade sends them; and what parties had earned of the sale. Locks nothing.
with line as materialized (
  select
    line.return_line_id,
    line.return_id,
    line.channel,
    line.external_number,
    line.at,
    line.site_id as taken_site_id,
    sent.sent_site_id,
    sent.packer_id,
    line.sku_id,
    line.code,
    lots.batch,
    sale.order_id,
    line.reason,
    line.units - case line.blind_state when 'refused' then line.blind_units else 0 end as units,
    case line.blind_state when 'refused' then 0 else line.blind_units end as blind_units,
    line.currency,
    (
      coalesce(sale.minor, 0)
      + case line.blind_state when 'accepted' then line.blind_units * line.blind_refund_unit_minor else 0 end
    )::bigint as refund_minor,
    line.graded_units,
    line.matched_units,
    sale.line_id
  from returns.published_lines as line
  left join lateral (
    select
      (array_agg(match.order_id order by match.position))[1] as order_id,
      (array_agg(match.line_id order by match.position))[1] as line_id,
      sum(match.units * coalesce(line.stated_unit_minor, match.sold_unit_minor)) as minor
    from returns.published_matches as match
    where match.return_line_id = line.return_line_id
  ) as sale on true
  left join insight.judged_line as sent
    on sent.order_id = sale.order_id
    and sent.line_id = sale.line_id
  left join lateral (
    select case count(distinct went.batch) when 1 then min(went.batch) end as batch
    from stock.published_lots_sent as went
    where went.line_id = sale.line_id
  ) as lots on true
  where line.at >= %(start)s::timestamptz
    and line.at < %(end)s::timestamptz
    and (line.blind_state <> 'refused' or line.matched_units > 0)
    and (
      %(sites)s::uuid[] is null
      or coalesce(sent.sent_site_id, line.site_id) = any(%(sites)s::uuid[])
    )
),
cost as materialized (
  select
    line.return_line_id,
    coalesce(sending.freight_minor * least(line.matched_units, sending.units) / sending.units, 0)
      + coalesce(way.cost_minor * line.units::numeric / whole.units, 0) as freight,
    coalesce(sending.handling_minor * least(line.matched_units, sending.units) / sending.units, 0)
      + coalesce(here.handling_minor * line.units::numeric / whole.units, 0) as handling,
    goods.unit_minor,
    coalesce(taken.minor * least(line.matched_units, taken.units) / taken.units, 0) as unearned
  from line
  left join lateral (
    select
      sum(parcel.units) as units,
      sum(parcel.freight_minor) as freight_minor,
      sum(parcel.handling_minor) as handling_minor
    from sourcing.published_parcels as parcel
    where parcel.order_id = line.order_id
      and parcel.site_id = line.sent_site_id
      and parcel.currency = line.currency
    group by parcel.wave_id
    having sum(parcel.units) > 0
    order by parcel.wave_id desc
    limit 1
  ) as sending on true
  left join returns.published_ways as way
    on way.return_id = line.return_id
    and way.currency = line.currency
  left join sourcing.published_handling as here
    on here.site_id = line.taken_site_id
    and here.currency = line.currency
  left join lateral (
    select sum(sister.units) as units
    from returns.published_lines as sister
    where sister.return_id = line.return_id
  ) as whole on true
  left join lateral (
    select case when count(*) = count(goods.cost_minor) then sum(goods.cost_minor) / sum(goods.units) end as unit_minor
    from sharing.published_goods_costs as goods
    where goods.line_id = line.line_id
      and goods.currency = line.currency
  ) as goods on true
  left join lateral (
    select
      sum(unearned.minor) as minor,
      sum(unearned.units) as units
    from sharing.published_unearned as unearned
    where unearned.line_id = line.line_id
      and unearned.currency = line.currency
    having sum(unearned.units) > 0
  ) as taken on true
  where line.currency = %(currency)s::text
),
part as (
  select line.return_line_id, grading.grade, grading.units, grading.units as graded, (
    case grading.disposition when 'restock' then 0 else grading.units end
  ) as unsold, coalesce(losing.percent, 0) as percent
  from line
  join returns.published_gradings as grading on grading.return_line_id = line.return_line_id
  left join unnest(%(dispositions)s::text[], %(percents)s::integer[]) as losing (disposition, percent)
    on losing.disposition = grading.disposition
  union all
  select line.return_line_id, null, line.units - line.graded_units, 0, 0, 0
  from line
  where line.units > line.graded_units
),
counted as (
  select
    coalesce(
    case %(dimension)s::text
      when 'site' then line.sent_site_id::text
      when 'packer' then line.packer_id::text
      when 'sku' then line.sku_id::text
      when 'batch' then line.batch
      when 'reason' then line.reason
      when 'grade' then part.grade
    end, '') as key,
    line.return_line_id,
    part.units,
    part.graded,
    part.unsold,
    case when line.order_id is null then part.units else 0 end as blind,
    case when line.currency = %(currency)s::text and line.units > 0
      then line.refund_minor * part.units / line.units::numeric else 0 end as refund,
    case when line.currency = %(currency)s::text and line.units > 0
      then line.refund_minor * part.unsold / line.units::numeric else 0 end as unsold_refund,
    cost.freight * part.units / nullif(line.units, 0) as freight,
    cost.handling * part.units / nullif(line.units, 0) as handling,
    cost.unit_minor * part.units * part.percent / 100 as loss,
    case when part.percent > 0 and cost.return_line_id is not null and cost.unit_minor is null
      then part.units else 0 end as uncosted,
    cost.unearned * part.units / nullif(line.units, 0) as unearned
  from line
  join part on part.return_line_id = line.return_line_id
  left join cost on cost.return_line_id = line.return_line_id
)
select
  key,
  count(distinct return_line_id) as lines,
  coalesce(sum(units), 0)::bigint as units,
  coalesce(sum(blind), 0)::bigint as blind_units,
  coalesce(round(sum(refund)), 0)::bigint as refund_minor,
  coalesce(sum(graded), 0)::bigint as graded_units,
  coalesce(sum(unsold), 0)::bigint as unsold_units,
  coalesce(round(sum(unsold_refund)), 0)::bigint as unsold_minor,
  coalesce(round(sum(freight)), 0)::bigint as freight_minor,
  coalesce(round(sum(handling)), 0)::bigint as handling_minor,
  coalesce(round(sum(loss)), 0)::bigint as loss_minor,
  coalesce(sum(uncosted), 0)::bigint as uncosted_units,
  coalesce(round(sum(unearned)), 0)::bigint as unearned_minor
from counted
group by grouping sets ((key), ())
order by key nulls first

-- name: sent_units
-- Units handed over in some days by site, and all of them under the key null; from the sums. Locks nothing.
select site_id::text as key, coalesce(sum(units), 0)::bigint as units
from insight.rights_by_day
where day between %(first)s::date and %(last)s::date
  and side = 'sent'
  and (%(sites)s::uuid[] is null or site_id = any(%(sites)s::uuid[]))
group by grouping sets ((site_id), ())

-- name: sent_units_by_packer
-- Units handed over in some days by packer, from the sums. Locks nothing.
select packer_id::text as key, sum(units)::bigint as units
from insight.handed_over_by_packer
where day between %(first)s::date and %(last)s::date
  and (%(sites)s::uuid[] is null or sent_site_id = any(%(sites)s::uuid[]))
group by packer_id

-- name: sent_units_by_sku
-- Units handed over in some days by SKU, of the whole brand: from the sums. Locks nothing.
select sku_id::text as key, sum(units)::bigint as units
from insight.handed_over_by_sku
where day between %(first)s::date and %(last)s::date
group by sku_id

-- name: sent_units_by_sku_at_sites
-- The same of some sites: from the index of their lines. Locks nothing.
select line.sku_id::text as key, sum(line.units)::bigint as units
from insight.judged_line as line
where line.sent_site_id = any(%(sites)s::uuid[])
  and line.day between %(first)s::date and %(last)s::date
group by line.sku_id

-- name: sent_units_by_batch
-- Units handed over in some days by batch, as far as one was named. Locks nothing.
select went.batch as key, sum(went.units)::bigint as units
from stock.published_lots_sent as went
join insight.judged_line as line
  on line.order_id = went.order_id
  and line.line_id = went.line_id
where line.day between %(first)s::date and %(last)s::date
  and (%(sites)s::uuid[] is null or line.sent_site_id = any(%(sites)s::uuid[]))
group by went.batch

-- name: returned_lines
-- A page of the lines of returns behind a number, the latest first, then by line. Locks nothing.
with line as (
  select
    line.return_line_id,
    line.return_id,
    line.channel,
    line.external_number,
    line.at,
    line.site_id as taken_site_id,
    sent.sent_site_id,
    sent.packer_id,
    line.sku_id,
    line.code,
    lots.batch,
    sale.order_id,
    sale.line_id,
    line.reason,
    line.units - case line.blind_state when 'refused' then line.blind_units else 0 end as units,
    case line.blind_state when 'refused' then 0 else line.blind_units end as blind_units,
    line.currency,
    (
      coalesce(sale.minor, 0)
      + case line.blind_state when 'accepted' then line.blind_units * line.blind_refund_unit_minor else 0 end
    )::bigint as refund_minor,
    line.graded_units
  from returns.published_lines as line
  left join lateral (
    select
      (array_agg(match.order_id order by match.position))[1] as order_id,
      (array_agg(match.line_id order by match.position))[1] as line_id,
      sum(match.units * coalesce(line.stated_unit_minor, match.sold_unit_minor)) as minor
    from returns.published_matches as match
    where match.return_line_id = line.return_line_id
  ) as sale on true
  left join insight.judged_line as sent
    on sent.order_id = sale.order_id
    and sent.line_id = sale.line_id
  left join lateral (
    select case count(distinct went.batch) when 1 then min(went.batch) end as batch
    from stock.published_lots_sent as went
    where went.line_id = sale.line_id
  ) as lots on true
  where line.at >= %(start)s::timestamptz
    and line.at < %(end)s::timestamptz
    and (line.blind_state <> 'refused' or line.matched_units > 0)
    and (
      %(sites)s::uuid[] is null
      or coalesce(sent.sent_site_id, line.site_id) = any(%(sites)s::uuid[])
    )
)
select
  line.return_line_id,
  line.return_id,
  line.channel,
  line.external_number,
  line.at,
  line.taken_site_id,
  line.sent_site_id,
  line.packer_id,
  line.sku_id,
  line.code,
  line.batch,
  line.order_id,
  line.line_id,
  line.reason,
  line.units,
  line.blind_units,
  line.currency,
  line.refund_minor,
  coalesce(graded.grades, '') as graded
from line
left join lateral (
  select string_agg(distinct grading.grade, ',' order by grading.grade) as grades
  from returns.published_gradings as grading
  where grading.return_line_id = line.return_line_id
) as graded on true
where (
    %(key)s::text is null
    or case %(dimension)s::text
      when 'site' then coalesce(line.sent_site_id::text, '') = %(key)s::text
      when 'packer' then coalesce(line.packer_id::text, '') = %(key)s::text
      when 'sku' then coalesce(line.sku_id::text, '') = %(key)s::text
      when 'batch' then coalesce(line.batch, '') = %(key)s::text
      when 'reason' then line.reason = %(key)s::text
      when 'grade' then case %(key)s::text
        when '' then line.graded_units < line.units
        else %(key)s::text = any(string_to_array(graded.grades, ','))
      end
    end
  )
  and (
    %(after_at)s::timestamptz is null
    or (line.at, line.return_line_id) < (%(after_at)s::timestamptz, %(after_line)s::uuid)
  )
order by line.at desc, line.return_line_id desc
limit %(at_most)s::bigint
