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

-- name: dealings
-- How each marketplace with terms stands, in order of their channels.
select
  terms.channel,
  coalesce(lent.skus, 0) as skus,
  coalesce(lent.units, 0) as units,
  coalesce(lent.asked_back, 0) as asked_back,
  coalesce(lent.beyond, 0) as beyond,
  coalesce(waiting.steps, 0) as unanswered,
  waiting.since as waiting_since,
  coalesce(waiting.tries, 0) as tries,
  (select max(step.answered_at) from marketplaces.step as step
   where step.channel = terms.channel and step.answered_at is not null) as answered_at,
  coalesce(answered.steps, 0) as answered,
  answered.half,
  answered.most,
  coalesce(shipping.open, 0) as open,
  coalesce(shipping.near, 0) as near,
  coalesce(shipping.overdue, 0) as overdue,
  coalesce(missed.orders, 0) as missed,
  coalesce(test.orders, 0) as tests
from marketplaces.marketplace as terms
left join (
  select
    channel,
    count(*) filter (where units > 0) as skus,
    sum(units)::bigint as units,
    sum(asked_back)::bigint as asked_back,
    sum(beyond)::bigint as beyond
  from marketplaces.loan
  group by channel
) as lent using (channel)
left join (
  select channel, count(*) as steps, min(made_at) as since, max(tries) as tries
  from marketplaces.step
  where next_try_at is not null
  group by channel
) as waiting using (channel)
left join (
  select
    channel,
    count(*) as steps,
    percentile_disc(0.5) within group (order by answered_at - made_at) as half,
    percentile_disc(0.99) within group (order by answered_at - made_at) as most
  from marketplaces.step
  where answered_at >= %(lately)s::timestamptz
  group by channel
) as answered using (channel)
left join (
  select
    channel,
    count(*) as open,
    count(*) filter (
      where alarm_at <= %(now)s::timestamptz and ship_by >= %(now)s::timestamptz
    ) as near,
    count(*) filter (where ship_by < %(now)s::timestamptz) as overdue
  from marketplaces.shipment
  where ended_at is null and ship_by is not null
  group by channel
) as shipping using (channel)
left join (
  select channel, count(*) as orders
  from marketplaces.shipment
  where missed_at >= %(since)s::timestamptz
  group by channel
) as missed using (channel)
left join (
  select channel, count(*) as orders
  from marketplaces.test_order
  where received_at >= %(since)s::timestamptz
  group by channel
) as test using (channel)
where terms.replaced_at is null
order by terms.channel

-- name: told_page
-- What marketplaces were told, the latest first, with their answers.
select
  id,
  channel,
  sku_id,
  units,
  made_at,
  tries,
  answered_at,
  moved,
  why
from marketplaces.step
where %(channel)s::text is null or channel = %(channel)s::text
order by id desc
limit %(at_most)s::integer

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
where %(channel)s::text is null or channel = %(channel)s::text
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
  and (%(channel)s::text is null or channel = %(channel)s::text)
order by ship_by, order_id
limit %(at_most)s::integer

-- name: missed_page
-- Orders that were missed since a moment, the latest first.
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
where missed_at >= %(since)s::timestamptz
  and (%(channel)s::text is null or channel = %(channel)s::text)
order by missed_at desc, order_id
limit %(at_most)s::integer

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
where %(channel)s::text is null or test_order.channel = %(channel)s::text
order by test_order.id desc
limit %(at_most)s::integer
