-- name: loans_page
-- What marketplaces are lent, those that sold beyond it first, then the largest.
select
  channel,
  sku_id,
  units,
  beyond,
  asked_back,
  is_empty,
  refused_until,
  refused_why
from marketplaces.loan
where (units > 0 or beyond > 0 or refused_until is not null)
  and (%(channel)s::text is null or channel = %(channel)s::text)
order by beyond desc, units desc, channel, sku_id
limit %(at_most)s::integer

-- name: lent_in_all
-- How much each marketplace is lent in all, of how many SKUs, how much is asked back and was sold beyond.
select
  channel,
  count(*) filter (where units > 0) as skus,
  coalesce(sum(units), 0)::bigint as units,
  coalesce(sum(asked_back), 0)::bigint as asked_back,
  coalesce(sum(beyond), 0)::bigint as beyond
from marketplaces.loan
group by channel
order by channel

-- name: unanswered
-- How many steps each marketplace has not answered, and since when.
select
  channel,
  count(*) as steps,
  min(made_at) as since,
  max(tries) as tries
from marketplaces.step
where next_try_at is not null
group by channel
order by channel

-- name: answered_lately
-- How long the steps of each marketplace took that were answered since a moment, in milliseconds: half of them, and 99
-- of 100.
select
  channel,
  count(*) as steps,
  coalesce(percentile_disc(0.5) within group (order by answered_at - made_at), interval '0') as half,
  coalesce(percentile_disc(0.99) within group (order by answered_at - made_at), interval '0') as most
from marketplaces.step
where answered_at >= %(since)s::timestamptz
group by channel
order by channel

-- name: versions
-- The latest versions of the terms of marketplaces, the newest first.
select
  id,
  channel,
  version,
  connector,
  is_on,
  weight,
  most_units,
  buffer_units,
  puts_back,
  ship_hours,
  alarm_hours,
  late_basis_points,
  late_least_minor,
  late_most_minor,
  test_prefixes,
  set_at,
  set_by,
  note
from marketplaces.marketplace
order by set_at desc, channel, version desc
limit %(at_most)s::integer

-- name: shipments_at_risk
-- Open orders with a time to ship by, the most urgent first, up to a moment.
select
  order_id,
  channel,
  placed_at,
  stated_by,
  ship_by,
  handed_over_at,
  ended_at,
  missed_at
from marketplaces.shipment
where ended_at is null and ship_by is not null and ship_by <= %(until)s::timestamptz
order by ship_by, order_id
limit %(at_most)s::integer

-- name: lateness
-- Per marketplace how many orders are to be shipped, how many of them are late, and how many were missed since a moment.
select
  coalesce(waiting.channel, missed.channel) as channel,
  coalesce(waiting.orders, 0) as open,
  coalesce(waiting.overdue, 0) as overdue,
  coalesce(missed.orders, 0) as missed
from (
  select
    channel,
    count(*) as orders,
    count(*) filter (where ship_by < %(now)s::timestamptz) as overdue
  from marketplaces.shipment
  where ended_at is null and ship_by is not null
  group by channel
) as waiting
full join (
  select channel, count(*) as orders
  from marketplaces.shipment
  where missed_at >= %(since)s::timestamptz
  group by channel
) as missed on missed.channel = waiting.channel
order by channel

-- name: test_orders_page
-- Test orders, the latest first.
select
  test_order.id,
  test_order.channel,
  test_order.external_number,
  test_order.because,
  test_order.placed_at,
  test_order.received_at,
  test_order.paid_at,
  test_order.paid_minor,
  test_order.currency,
  test_order.cancelled_at,
  (select coalesce(sum(line.units), 0)::bigint from marketplaces.test_line as line
   where line.test_order_id = test_order.id) as units
from marketplaces.test_order as test_order
order by test_order.id desc
limit %(at_most)s::integer
