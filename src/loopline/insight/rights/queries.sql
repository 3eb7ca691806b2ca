-- name: rights_setting
-- The brand's zone, and the last day on which a line ended that was judged. Locks nothing.
select
  coalesce((select min(unit.time_zone) from org.published_unit as unit where unit.kind = 'brand'), 'UTC') as zone,
  (select max(day) from insight.judged_line) as latest

-- name: marks_by_site
-- The marks of some days by site, of some sites or of all, in the order of the sites' ids. Locks nothing.
select
  site_id,
  sum(lines)::bigint as lines,
  sum(units)::bigint as units,
  sum(goods_known)::bigint as goods_known,
  sum(goods_kept)::bigint as goods_kept,
  sum(time_known)::bigint as time_known,
  sum(time_kept)::bigint as time_kept,
  sum(place_known)::bigint as place_known,
  sum(place_kept)::bigint as place_kept,
  sum(person_known)::bigint as person_known,
  sum(person_kept)::bigint as person_kept,
  sum(price_known)::bigint as price_known,
  sum(price_kept)::bigint as price_kept,
  sum(customer_known)::bigint as customer_known,
  sum(customer_kept)::bigint as customer_kept
from insight.rights_by_day
where day between %(first)s::date and %(last)s::date
  and side = %(side)s::text
  and (%(sites)s::uuid[] is null or site_id = any(%(sites)s::uuid[]))
group by site_id
order by site_id

-- name: marks_by_day
-- The marks of some days by day, of some sites or of all. Locks nothing.
select
  day,
  sum(lines)::bigint as lines,
  sum(units)::bigint as units,
  sum(goods_known)::bigint as goods_known,
  sum(goods_kept)::bigint as goods_kept,
  sum(time_known)::bigint as time_known,
  sum(time_kept)::bigint as time_kept,
  sum(place_known)::bigint as place_known,
  sum(place_kept)::bigint as place_kept,
  sum(person_known)::bigint as person_known,
  sum(person_kept)::bigint as person_kept,
  sum(price_known)::bigint as price_known,
  sum(price_kept)::bigint as price_kept,
  sum(customer_known)::bigint as customer_known,
  sum(customer_kept)::bigint as customer_kept
from insight.rights_by_day
where day between %(first)s::date and %(last)s::date
  and side = %(side)s::text
  and (%(sites)s::uuid[] is null or site_id = any(%(sites)s::uuid[]))
group by day
order by day

-- name: broken_causes
-- The causes of some days, of some sites or of all: the most frequent first. Locks nothing.
select cause, sum(lines)::bigint as lines
from insight.broken_by_day
where day between %(first)s::date and %(last)s::date
  and side = %(side)s::text
  and (%(sites)s::uuid[] is null or site_id = any(%(sites)s::uuid[]))
group by cause
having sum(lines) > 0
order by lines desc, cause

-- name: judged_lines
-- The judged lines of some days, the latest day first, then by order and line: those that kept a right, broke any or one,
-- or broke it by a cause; of the side's sites, where the right place counts to the site that kept or broke it. Reads one page
-- by the index of days. Locks nothing.
select
  order_id,
  line_id,
  sku_id,
  day,
  sent_site_id,
  place_site_id,
  sold_site_id,
  packer_id,
  units,
  goods,
  time,
  place,
  person,
  price,
  customer
from (
  select
    judged_line.*,
    case %(right)s::text
      when 'goods' then goods
      when 'time' then time
      when 'place' then place
      when 'person' then person
      when 'price' then price
      when 'customer' then customer
    end as mark
  from insight.judged_line
) as judged
where day between %(first)s::date and %(last)s::date
  and (
    %(sites)s::uuid[] is null
    or case
      when %(side)s::text = 'sold' then sold_site_id
      when %(right)s::text = 'place' then place_site_id
      else sent_site_id
    end = any(%(sites)s::uuid[])
  )
  and case %(mark)s::text
    when 'kept' then mark = 'kept'
    when 'broken' then broken > 0 and (%(right)s::text is null or mark <> 'kept')
    when 'known' then mark is not null
    when 'unknown' then mark is null
    else %(mark)s::text is null or (broken > 0 and mark = %(mark)s::text)
  end
  and (
    %(after_day)s::date is null
    or day < %(after_day)s::date
    or (day = %(after_day)s::date and (order_id, line_id) > (%(after_order)s::uuid, %(after_line)s::uuid))
  )
order by day desc, order_id, line_id
limit %(at_most)s::bigint

-- name: marks_of_order
-- The lines of an order as they were judged, by line. Locks nothing.
select
  order_id,
  line_id,
  sku_id,
  day,
  sent_site_id,
  place_site_id,
  sold_site_id,
  packer_id,
  units,
  goods,
  time,
  place,
  person,
  price,
  customer
from insight.judged_line
where order_id = %(order_id)s::uuid
order by line_id

-- name: orders_after
-- The next orders after one, in the order of their ids. Locks nothing.
select order_id
from orders.published_orders
where %(after)s::uuid is null or order_id > %(after)s::uuid
order by order_id
limit %(at_most)s::bigint

-- name: judged_of_orders
-- The lines of these orders as they were judged, by (order, line). Locks nothing.
select
  order_id,
  line_id,
  sku_id,
  day,
  sent_site_id,
  place_site_id,
  sold_site_id,
  packer_id,
  units,
  goods,
  time,
  place,
  person,
  price,
  customer
from insight.judged_line
where order_id = any(%(order_ids)s::uuid[])
order by order_id, line_id
