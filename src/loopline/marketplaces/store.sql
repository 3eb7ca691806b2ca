-- Lock order of this room: terms by channel, loans by (channel, SKU), goods by SKU, steps by id, shipments by order.

-- name: marketplaces
-- The terms in force of every marketplace: a dozen rows.
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
where replaced_at is null
order by channel

-- name: lock_marketplaces
-- Lock the terms in force of some marketplaces, in order of their channels.
select channel, version, id
from marketplaces.marketplace
where channel = any(%(channels)s::text[]) and replaced_at is null
order by channel
for update

-- name: replace_marketplaces
-- End the terms in force of some marketplaces. The caller holds them.
update marketplaces.marketplace
set replaced_at = %(now)s::timestamptz
where channel = any(%(channels)s::text[]) and replaced_at is null

-- name: insert_marketplaces
-- Write new terms of marketplaces, in order of their channels.
insert into marketplaces.marketplace (
  id, channel, version, connector, is_on, weight, most_units, buffer_units, puts_back, ship_hours, alarm_hours,
  late_basis_points, late_least_minor, late_most_minor, test_prefixes, set_at, set_by, note
)
select
  id, channel, version, connector, is_on, weight, most_units, buffer_units, puts_back, ship_hours, alarm_hours,
  late_basis_points, late_least_minor, late_most_minor,
  array(select jsonb_array_elements_text(test_prefixes::jsonb)),
  %(now)s::timestamptz,
  %(actor)s::text,
  %(note)s::text
from unnest(
  %(ids)s::uuid[],
  %(channels)s::text[],
  %(versions)s::integer[],
  %(connectors)s::text[],
  %(on)s::boolean[],
  %(weights)s::integer[],
  %(most)s::bigint[],
  %(buffers)s::bigint[],
  %(put_back)s::boolean[],
  %(ship_hours)s::integer[],
  %(alarm_hours)s::integer[],
  %(late_basis_points)s::integer[],
  %(late_least)s::bigint[],
  %(late_most)s::bigint[],
  %(test_prefixes)s::text[]
) as made (
  id, channel, version, connector, is_on, weight, most_units, buffer_units, puts_back, ship_hours, alarm_hours,
  late_basis_points, late_least_minor, late_most_minor, test_prefixes
)
order by channel

-- name: goods_terms
-- The terms in force of some goods at marketplaces.
select
  channel,
  subject,
  subject_code,
  version,
  is_on,
  weight,
  most_units,
  buffer_units,
  set_at,
  set_by,
  note
from marketplaces.goods_terms
where replaced_at is null
order by channel, subject, subject_code

-- name: replace_goods_terms
-- End the terms in force of some goods, and say which version they were. The caller holds their marketplaces.
update marketplaces.goods_terms as terms
set replaced_at = %(now)s::timestamptz
from unnest(%(channels)s::text[], %(subjects)s::text[], %(subject_codes)s::text[]) as one (channel, subject, subject_code)
where
  terms.channel = one.channel
  and terms.subject = one.subject
  and terms.subject_code = one.subject_code
  and terms.replaced_at is null
returning terms.channel, terms.subject, terms.subject_code, terms.version

-- name: insert_goods_terms
-- Write new terms of goods. The caller holds their marketplaces.
insert into marketplaces.goods_terms (
  channel, subject, subject_code, version, is_on, weight, most_units, buffer_units, set_at, set_by, note
)
select
  channel, subject, subject_code, version, is_on, weight, most_units, buffer_units,
  %(now)s::timestamptz,
  %(actor)s::text,
  %(note)s::text
from unnest(
  %(channels)s::text[],
  %(subjects)s::text[],
  %(subject_codes)s::text[],
  %(versions)s::integer[],
  %(on)s::boolean[],
  %(weights)s::integer[],
  %(most)s::bigint[],
  %(buffers)s::bigint[]
) as made (channel, subject, subject_code, version, is_on, weight, most_units, buffer_units)
order by channel, subject, subject_code

-- name: mark_goods
-- Note that SKUs are to be looked at, in order of their ids.
insert into marketplaces.goods as goods (sku_id, is_changed)
select distinct sku_id, true
from unnest(%(sku_ids)s::uuid[]) as one (sku_id)
order by sku_id
on conflict (sku_id) do update set is_changed = true where not goods.is_changed

-- name: changed_goods
-- SKUs that are to be looked at, in order of their ids, locked so; those another looks at are passed by.
select sku_id, turn
from marketplaces.goods
where is_changed
order by sku_id
limit %(at_most)s::integer
for update skip locked

-- name: looked_at
-- Note with how much room SKUs were looked at. The caller holds them.
update marketplaces.goods as goods
set
  is_changed = false,
  turn = goods.turn + looked.turns,
  rooms = looked.rooms::bigint[]
from unnest(%(sku_ids)s::uuid[], %(turns)s::integer[], %(rooms)s::text[]) as looked (sku_id, turns, rooms)
where goods.sku_id = looked.sku_id

-- name: rooms_seen
-- With how much room SKUs were looked at last.
select sku_id, rooms
from marketplaces.goods
where sku_id = any(%(sku_ids)s::uuid[])

-- name: open_loans
-- Make the loans that are not there yet, of nothing, in order of (channel, SKU).
insert into marketplaces.loan (channel, sku_id, balance, asked_back)
select distinct channel, sku_id, 0, 0
from unnest(%(channels)s::text[], %(sku_ids)s::uuid[]) as one (channel, sku_id)
order by channel, sku_id
on conflict do nothing

-- name: lock_loans
-- Lock loans by (channel, SKU).
select
  loan.channel,
  loan.sku_id,
  loan.units,
  loan.beyond,
  loan.asked_back,
  loan.is_empty,
  loan.refused_until,
  loan.refused_why
from marketplaces.loan as loan
where (loan.channel, loan.sku_id) in (
  select channel, sku_id from unnest(%(channels)s::text[], %(sku_ids)s::uuid[]) as one (channel, sku_id)
)
order by loan.channel, loan.sku_id
for update

-- name: lock_loans_of_goods
-- Lock every loan of some SKUs, by (channel, SKU).
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
where sku_id = any(%(sku_ids)s::uuid[])
order by channel, sku_id
for update

-- name: move_loans
-- Change loans by deltas; the caller holds them. What a marketplace gets more of, it no longer is empty of.
update marketplaces.loan as loan
set
  balance = loan.balance + moved.units,
  is_empty = loan.is_empty and not moved.is_more
from (
  select channel, sku_id, sum(units)::bigint as units, bool_or(is_more) as is_more
  from unnest(%(channels)s::text[], %(sku_ids)s::uuid[], %(units)s::bigint[], %(more)s::boolean[])
    as one (channel, sku_id, units, is_more)
  group by channel, sku_id
) as moved
where loan.channel = moved.channel and loan.sku_id = moved.sku_id

-- name: copy_entries
-- Write why loans changed.
copy marketplaces.entry (id, channel, sku_id, units, cause, cause_id, at, note) from stdin

-- name: written_off_by
-- What these causes took off loans by a person's word. Locks nothing: the caller holds the loans.
select cause_id, channel, sku_id, units
from marketplaces.entry
where cause = 'written_off' and cause_id = any(%(cause_ids)s::uuid[])
order by id

-- name: ask_back
-- Count units that are asked back, or, negative, no longer are. The caller holds the loans.
update marketplaces.loan as loan
set asked_back = loan.asked_back + asked.units
from (
  select channel, sku_id, sum(units)::bigint as units
  from unnest(%(channels)s::text[], %(sku_ids)s::uuid[], %(units)s::bigint[]) as one (channel, sku_id, units)
  group by channel, sku_id
) as asked
where loan.channel = asked.channel and loan.sku_id = asked.sku_id

-- name: mark_loans
-- Note what an answer says of loans: that nothing is left there, or that they are not taken. The caller holds them.
update marketplaces.loan as loan
set
  is_empty = said.is_empty,
  refused_until = case when said.is_refused then %(refused_until)s::timestamptz end,
  refused_why = case when said.is_refused then said.why end
from unnest(
  %(channels)s::text[], %(sku_ids)s::uuid[], %(empty)s::boolean[], %(refused)s::boolean[], %(whys)s::text[]
) as said (channel, sku_id, is_empty, is_refused, why)
where loan.channel = said.channel and loan.sku_id = said.sku_id

-- name: copy_steps
-- Write steps to be put to marketplaces.
copy marketplaces.step (id, channel, sku_id, units, made_at, next_try_at) from stdin

-- name: due_steps
-- Steps to be put to their marketplaces, the longest due first, locked; those another puts there are passed by.
select id, channel, sku_id, units, tries
from marketplaces.step
where next_try_at <= %(now)s::timestamptz and channel = any(%(channels)s::text[])
order by next_try_at, id
limit %(at_most)s::integer
for update skip locked

-- name: claim_steps
-- Count a try, and when the next is due. The caller holds the steps.
update marketplaces.step as step
set
  tries = step.tries + 1,
  next_try_at = claimed.next_try_at
from unnest(%(ids)s::uuid[], %(next_try_ats)s::timestamptz[]) as claimed (id, next_try_at)
where step.id = claimed.id

-- name: lock_steps
-- Lock steps that are not answered yet, by id.
select id, channel, sku_id, units, tries
from marketplaces.step
where id = any(%(ids)s::uuid[]) and next_try_at is not null
order by id
for update

-- name: answer_steps
-- Close steps with how many units were moved. The caller holds them.
update marketplaces.step as step
set
  next_try_at = null,
  answered_at = %(now)s::timestamptz,
  moved = answer.moved,
  why = answer.why
from unnest(%(ids)s::uuid[], %(moved)s::bigint[], %(whys)s::text[]) as answer (id, moved, why)
where step.id = answer.id

-- name: insert_shipments
-- Note that orders of marketplaces are to be shipped; one that is known gets what was stated for it.
insert into marketplaces.shipment as shipment (order_id, channel, placed_at, stated_by, ship_by, alarm_at)
select order_id, channel, placed_at, stated_by, stated_by, alarm_at
from unnest(
  %(order_ids)s::uuid[], %(channels)s::text[], %(placed_ats)s::timestamptz[], %(stated_bys)s::timestamptz[],
  %(alarm_ats)s::timestamptz[]
) as made (order_id, channel, placed_at, stated_by, alarm_at)
order by order_id
on conflict (order_id) do update
set
  stated_by = excluded.stated_by,
  ship_by = excluded.ship_by,
  alarm_at = excluded.alarm_at
where excluded.stated_by is not null and shipment.stated_by is null

-- name: lock_shipments
-- Lock the shipments of orders, by order.
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
where order_id = any(%(order_ids)s::uuid[])
order by order_id
for update

-- name: move_shipments
-- Note what became of orders; a moment that is not given stays, and an order that is wanted again is open again. The
-- caller holds them.
update marketplaces.shipment as shipment
set
  ship_by = coalesce(shipment.ship_by, state.ship_by),
  alarm_at = coalesce(shipment.alarm_at, state.alarm_at),
  handed_over_at = greatest(shipment.handed_over_at, state.handed_over_at),
  ended_at = state.ended_at
from unnest(
  %(order_ids)s::uuid[], %(ship_bys)s::timestamptz[], %(alarm_ats)s::timestamptz[],
  %(handed_over_ats)s::timestamptz[], %(ended_ats)s::timestamptz[]
) as state (order_id, ship_by, alarm_at, handed_over_at, ended_at)
where shipment.order_id = state.order_id

-- name: near_shipments
-- Orders that are to be shipped soon and are not, the most urgent first, locked; those at work are passed by.
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
where alarm_at <= %(now)s::timestamptz and ended_at is null and alarmed_at is null
order by alarm_at, order_id
limit %(at_most)s::integer
for update skip locked

-- name: alarm_shipments
-- Note that somebody was told. The caller holds them.
update marketplaces.shipment
set alarmed_at = %(now)s::timestamptz
where order_id = any(%(order_ids)s::uuid[])

-- name: overdue_shipments
-- Orders past their time that are not shipped and not counted as missed, locked; those at work are passed by.
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
where ship_by < %(now)s::timestamptz and ended_at is null and missed_at is null
order by ship_by, order_id
limit %(at_most)s::integer
for update skip locked

-- name: miss_shipments
-- Note that orders were not shipped in time. The caller holds them.
update marketplaces.shipment
set missed_at = ship_by
where order_id = any(%(order_ids)s::uuid[]) and missed_at is null

-- name: insert_test_orders
-- Write test orders; a number that is known stays what it is.
insert into marketplaces.test_order (id, channel, external_number, because, placed_at, received_at)
select id, channel, external_number, because, placed_at, %(now)s::timestamptz
from unnest(
  %(ids)s::uuid[], %(channels)s::text[], %(numbers)s::text[], %(becauses)s::text[], %(placed_ats)s::timestamptz[]
) as made (id, channel, external_number, because, placed_at)
order by channel, external_number
on conflict do nothing
returning id

-- name: copy_test_lines
-- Write the lines of test orders.
copy marketplaces.test_line (test_order_id, position, sku_code, sku_id, units) from stdin

-- name: lock_test_orders
-- Lock test orders of some numbers, by channel and number.
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
where (test_order.channel, test_order.external_number) in (
  select channel, external_number from unnest(%(channels)s::text[], %(numbers)s::text[]) as one (channel, external_number)
)
order by test_order.channel, test_order.external_number
for update

-- name: pay_test_orders
-- Note money of test orders that is no money of ours. The caller holds them.
update marketplaces.test_order as test_order
set
  paid_at = coalesce(test_order.paid_at, paid.at),
  paid_minor = test_order.paid_minor + paid.amount_minor,
  currency = coalesce(paid.currency, test_order.currency)
from unnest(
  %(ids)s::uuid[], %(ats)s::timestamptz[], %(amounts)s::bigint[], %(currencies)s::text[]
) as paid (id, at, amount_minor, currency)
where test_order.id = paid.id

-- name: cancel_test_orders
-- Note that test orders were called off. The caller holds them.
update marketplaces.test_order
set cancelled_at = %(now)s::timestamptz
where id = any(%(ids)s::uuid[]) and cancelled_at is null

-- name: test_goods
-- The goods of test orders that are goods of ours.
select test_order.channel, line.test_order_id, line.sku_id, sum(line.units)::bigint as units
from marketplaces.test_line as line
join marketplaces.test_order as test_order on test_order.id = line.test_order_id
where line.test_order_id = any(%(ids)s::uuid[]) and line.sku_id is not null
group by test_order.channel, line.test_order_id, line.sku_id
order by test_order.channel, line.sku_id, line.test_order_id
